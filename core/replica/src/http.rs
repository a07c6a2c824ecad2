//! HTTP: problem details, bodies that name the field at fault, idempotency keys, and a server with limits.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Request};
use axum::http::{HeaderValue, StatusCode, header, request::Parts};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use futures_util::StreamExt;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tower::ServiceExt;
use trivet_domain::{Refusal, Why};
use trivet_log::Id;
use utoipa::ToSchema;

use crate::{App, Rejection};

/// A request body of the API.
pub const MAX_BODY_BYTES: usize = 256 * 1024;
/// Of a body that is too large, so much is read and thrown away before the connection is cut.
const MAX_DISCARDED_BYTES: usize = 16 * 1024 * 1024;
const BODY_WITHIN: Duration = Duration::from_secs(10);
pub const MAX_CONNECTIONS: usize = 512;
pub const MAX_CONNECTIONS_PER_ADDRESS: usize = 128;
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_HEADER_BYTES: usize = 16 * 1024;
/// From SIGTERM to the end of the last request.
const DRAIN: Duration = Duration::from_secs(2);

/// Problem details (RFC 9457).
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// `about:blank`: the status says it all.
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    pub detail: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
    /// The short text that some callers look for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Seconds to wait before a retry.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "retryAfter")]
    pub retry_after: Option<i64>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct FieldProblem {
    /// A path into the body: `items[2].quantity`.
    pub field: String,
    pub message: String,
}

impl Problem {
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Problem {
        Problem {
            kind: "about:blank".to_owned(),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            errors: Vec::new(),
            error: None,
            retry_after: None,
        }
    }

    #[must_use]
    pub fn field(mut self, field: impl Into<String>, message: impl Into<String>) -> Problem {
        self.errors.push(FieldProblem { field: field.into(), message: message.into() });
        self
    }

    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Problem {
        self.status = status.as_u16();
        self.title = status.canonical_reason().unwrap_or("Error").to_owned();
        self
    }

    pub fn unauthorized() -> Problem {
        Problem::new(StatusCode::UNAUTHORIZED, "log in and send the token as `Authorization: Bearer …`")
    }

    pub fn forbidden() -> Problem {
        let problem = Problem::new(StatusCode::FORBIDDEN, "Insufficient permissions");
        Problem { error: Some("Insufficient permissions".to_owned()), ..problem }
    }

    /// A value of the request is not what its field takes.
    pub fn invalid(field: impl Into<String>, text: impl Into<String>) -> Problem {
        Refusal::invalid(field, text).into()
    }

    pub fn not_found(what: &str) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, format!("there is no such {what}"))
    }

    /// Our own fault: the cause goes to the log, not to the caller.
    pub fn internal(cause: &dyn std::fmt::Display) -> Problem {
        tracing::error!(%cause, "a request failed");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the box failed to do this; its log says why")
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Problem {
        let status = match refusal.why {
            Why::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Why::Unknown => StatusCode::NOT_FOUND,
            Why::Conflict | Why::Full => StatusCode::CONFLICT,
            Why::Forbidden => return Problem::forbidden(),
        };
        let problem = Problem::new(status, refusal.to_string());
        match refusal.field {
            Some(field) => problem.field(field, refusal.text),
            None => problem,
        }
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Problem {
        match rejection {
            Rejection::Refused(refusal) => refusal.into(),
            Rejection::NotHeld => {
                let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, rejection.to_string());
                Problem { retry_after: Some(5), ..problem }
            }
            Rejection::Store(_) | Rejection::Closed(_) => Problem::internal(&rejection),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = self.retry_after;
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// Tells null (given) from missing, of a field with `#[serde(default, deserialize_with = "given")]`.
pub fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A JSON body. What does not parse answers 400, what parses to the wrong thing 422, both with the field.
pub struct Parsed<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Parsed<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, _: &S) -> Result<Parsed<T>, Problem> {
        let bytes = read_body(request.into_body(), MAX_BODY_BYTES).await?;
        let mut deserializer = serde_json::Deserializer::from_slice(&bytes);
        let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
            let field = error.path().to_string();
            let inner = error.into_inner();
            let status = match inner.classify() {
                serde_json::error::Category::Data => StatusCode::UNPROCESSABLE_ENTITY,
                _ => StatusCode::BAD_REQUEST,
            };
            Problem::new(status, format!("the body does not read: {inner}")).field(field, inner.to_string())
        })?;
        deserializer
            .end()
            .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, format!("after the body: {error}")))?;
        Ok(Parsed(value))
    }
}

/// A body that is no JSON, such as a picture.
pub struct Raw(pub Vec<u8>);

impl<S: Sync> FromRequest<S> for Raw {
    type Rejection = Problem;
    async fn from_request(request: Request, _: &S) -> Result<Raw, Problem> {
        read_body(request.into_body(), MAX_BODY_BYTES).await.map(Raw)
    }
}

/// As [`Raw`], with a limit of its own.
pub struct RawUpTo<const MOST: usize>(pub Vec<u8>);

impl<S: Sync, const MOST: usize> FromRequest<S> for RawUpTo<MOST> {
    type Rejection = Problem;
    async fn from_request(request: Request, _: &S) -> Result<RawUpTo<MOST>, Problem> {
        read_body(request.into_body(), MOST).await.map(RawUpTo)
    }
}

async fn read_body(body: Body, most: usize) -> Result<Vec<u8>, Problem> {
    let reading = tokio::time::timeout(BODY_WITHIN, read_whole(body, most)).await;
    reading.map_err(|_| Problem::new(StatusCode::REQUEST_TIMEOUT, "the body took too long"))?
}

/// Reads a body whole. One that is too large is read to its end and thrown away (up to a limit), so that the sender gets
/// the answer instead of a broken pipe.
async fn read_whole(body: Body, most: usize) -> Result<Vec<u8>, Problem> {
    let mut stream = body.into_data_stream();
    let (mut bytes, mut length) = (Vec::new(), 0usize);
    while let Some(chunk) = stream.next().await {
        let chunk =
            chunk.map_err(|error| Problem::new(StatusCode::BAD_REQUEST, format!("the body broke off: {error}")))?;
        length = length.saturating_add(chunk.len());
        if length > MAX_DISCARDED_BYTES {
            break;
        }
        if length <= most {
            bytes.extend_from_slice(&chunk);
        }
    }
    match length > most {
        true => Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, format!("a body of at most {most} bytes"))),
        false => Ok(bytes),
    }
}

/// The command's id: the `Idempotency-Key` header, or a new one. A key that is no UUID works on this replica only.
#[derive(Clone, Copy, Debug)]
pub struct Key(pub Id);

impl FromRequestParts<App> for Key {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Key, Problem> {
        let Some(value) = parts.headers.get("idempotency-key") else {
            return Ok(Key(crate::sealing::new_id(app.wall.now_ms())));
        };
        let text = value.to_str().unwrap_or_default();
        if text.is_empty() || text.len() > 255 {
            let problem = Problem::new(StatusCode::BAD_REQUEST, "an Idempotency-Key has 1 to 255 ASCII characters");
            return Err(problem.field("Idempotency-Key", "1 to 255 ASCII characters"));
        }
        // Two tablets that both count from 1 mean two things.
        let person = parts.extensions.get::<crate::Caller>().map(|caller| caller.person).unwrap_or_default();
        let name = format!("{person} {} {text}", parts.uri.path());
        Ok(Key(text.parse().unwrap_or_else(|_| Id::named(app.identity.origin(), &name))))
    }
}

/// Headers of every answer. Screens come from this server alone, and nothing of ours may be framed or guessed at.
pub async fn harden(request: Request, next: axum::middleware::Next) -> Response {
    let is_data = request.uri().path().starts_with("/api/");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (
            "content-security-policy",
            "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
        ),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if is_data {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// Serves until `stop`. `axum::serve` sets no timers, so a slow client could hold a connection for ever; here headers
/// have ten seconds, and connections a limit in all and per address.
pub async fn serve(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    let all = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let addresses: Arc<Mutex<HashMap<IpAddr, usize>>> = Arc::default();
    let graceful = hyper_util::server::graceful::GracefulShutdown::new();
    tokio::pin!(stop);
    loop {
        let (stream, peer) = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file handles, most likely: let some close.
                    tracing::warn!(%error, "accept");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            }
        };
        let Ok(permit) = all.clone().try_acquire_owned() else { continue };
        let Some(seat) = Seat::take(&addresses, peer.ip()) else { continue };
        drop(stream.set_nodelay(true));
        let service = router.clone().map_request(move |mut request: hyper::Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            request.map(Body::new)
        });
        let mut builder = Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).max_buf_size(MAX_HEADER_BYTES);
        let connection =
            builder.serve_connection_with_upgrades(TokioIo::new(stream), TowerToHyperService::new(service));
        let connection = graceful.watch(connection.into_owned());
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, %peer, "connection");
            }
            drop((permit, seat));
        });
    }
    drop(tokio::time::timeout(DRAIN, graceful.shutdown()).await);
}

/// A place among an address's connections.
struct Seat(Arc<Mutex<HashMap<IpAddr, usize>>>, IpAddr);

impl Seat {
    fn take(addresses: &Arc<Mutex<HashMap<IpAddr, usize>>>, address: IpAddr) -> Option<Seat> {
        let mut taken = addresses.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(address).or_default();
        if *count >= MAX_CONNECTIONS_PER_ADDRESS {
            return None;
        }
        *count += 1;
        Some(Seat(addresses.clone(), address))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.1) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.1);
            }
        }
    }
}

/// The address a request came from.
pub struct PeerAddress(pub IpAddr);

impl<S: Sync> FromRequestParts<S> for PeerAddress {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<PeerAddress, std::convert::Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        Ok(PeerAddress(peer.unwrap_or(IpAddr::from([0, 0, 0, 0]))))
    }
}
