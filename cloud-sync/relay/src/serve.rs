//! The relay's few routes, and its listener.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path as UrlPath, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::{get, post};
use axum::{Json, Router};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;
use trivet_log::Certificate;

use crate::invitation;
use crate::peers::Peers;
use crate::store::Store;

/// A claim or a request for enrolment is a few hundred bytes.
const MAX_BODY: usize = 16 * 1024;
const MAX_UNPROVEN: usize = 64;
const MAX_CONNECTIONS: usize = 4_096;

pub(crate) struct Relay {
    store: Mutex<Store>,
    pub(crate) peers: Peers,
    /// Places of connections that have not proved who they are.
    pub(crate) unproven: Arc<Semaphore>,
}

impl Relay {
    /// Runs work on the store away from the async threads; one at a time, each its own commit.
    pub(crate) async fn with_store<T: Send + 'static>(
        self: &Arc<Relay>,
        work: impl FnOnce(&mut Store) -> T + Send + 'static,
    ) -> anyhow::Result<T> {
        let relay = self.clone();
        let worked = tokio::task::spawn_blocking(move || {
            let mut store = relay.store.lock().unwrap_or_else(PoisonError::into_inner);
            work(&mut store)
        });
        worked.await.context("the store panicked")
    }
}

pub(crate) async fn run(data: &Path, listen: SocketAddr) -> anyhow::Result<()> {
    let relay = Arc::new(Relay {
        store: Mutex::new(Store::open(data)?),
        peers: Peers::default(),
        unproven: Arc::new(Semaphore::new(MAX_UNPROVEN)),
    });
    let router = Router::new()
        .route("/health", get(health))
        .route("/v1/tenants", post(claim))
        .route("/v1/enrolments/{code_hash}", post(ask).get(answer))
        .route("/v1/sync", get(crate::socket::upgrade))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(relay);
    let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    tracing::info!(address = %listener.local_addr()?, "serving");
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let seats = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let (stream, _) = tokio::select! {
            _ = term.recv() => return Ok(()),
            _ = int.recv() => return Ok(()),
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "accept");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            }
        };
        let Ok(seat) = seats.clone().try_acquire_owned() else { continue };
        drop(stream.set_nodelay(true));
        let service = TowerToHyperService::new(router.clone());
        tokio::spawn(async move {
            let mut builder = Builder::new(TokioExecutor::new());
            builder
                .http1()
                .timer(TokioTimer::new())
                .header_read_timeout(Duration::from_secs(10))
                .max_buf_size(16 * 1024);
            let served = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).await;
            drop((served, seat));
        });
    }
}

async fn health(State(relay): State<Arc<Relay>>) -> Json<serde_json::Value> {
    Json(json!({"status": "healthy", "connected": relay.peers.count()}))
}

/// A first box brings its tenant, with the operator's invitation.
async fn claim(
    State(relay): State<Arc<Relay>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, (StatusCode, String)> {
    let refuse = |status: StatusCode, text: &str| (status, text.to_owned());
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let invitation = authorization
        .and_then(|text| text.strip_prefix("Invitation "))
        .ok_or_else(|| refuse(StatusCode::UNAUTHORIZED, "an invitation is needed"))?;
    let (certificate, root): (Certificate, minicbor::bytes::ByteVec) =
        minicbor::decode(&body).map_err(|_| refuse(StatusCode::BAD_REQUEST, "the claim does not read"))?;
    if !certificate.is_signed_by(&root) {
        return Err(refuse(StatusCode::BAD_REQUEST, "the certificate is not signed by this root"));
    }
    let hash = invitation::hash(invitation);
    let claimed = relay.with_store(move |store| store.claim(&hash, &root, &certificate)).await;
    match claimed {
        Ok(Ok(true)) => Ok(StatusCode::CREATED),
        Ok(Ok(false)) => Err(refuse(StatusCode::UNAUTHORIZED, "this invitation is unknown or used")),
        Ok(Err(error)) => {
            tracing::error!(%error, "claim");
            Err(refuse(StatusCode::INTERNAL_SERVER_ERROR, "the relay failed"))
        }
        Err(_) => Err(refuse(StatusCode::INTERNAL_SERVER_ERROR, "the relay failed")),
    }
}

/// An applicant leaves its request under a code's hash. It is the box that made the code that decides.
async fn ask(State(relay): State<Arc<Relay>>, UrlPath(code_hash): UrlPath<String>, body: Bytes) -> StatusCode {
    match relay.peers.ask(&code_hash, body.to_vec()) {
        true => StatusCode::ACCEPTED,
        false => StatusCode::NOT_FOUND,
    }
}

async fn answer(State(relay): State<Arc<Relay>>, UrlPath(code_hash): UrlPath<String>) -> (StatusCode, Vec<u8>) {
    match relay.peers.take_answer(&code_hash) {
        Some(Some(answer)) => (StatusCode::OK, answer),
        Some(None) => (StatusCode::NO_CONTENT, Vec::new()),
        None => (StatusCode::NOT_FOUND, Vec::new()),
    }
}
