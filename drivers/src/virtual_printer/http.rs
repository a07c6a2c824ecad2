//! Just enough HTTP/1.1 for a control address: one request a connection, 64 KB at most.

use serde_json::{Value, json};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Head and body together.
const LONGEST_REQUEST: usize = 64 * 1024;
/// Requests served at the same time; further connections wait.
const MOST_CONNECTIONS: usize = 32;
/// A client that is slower than this is dropped.
const PATIENCE: Duration = Duration::from_secs(10);

/// A request, as far as a control address needs it.
#[derive(Debug, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) accept: String,
    host: String,
    origin: String,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// Whether a browser asks for a page; scripts, which send no `Accept` or `*/*`, get the state.
    pub(crate) fn wants_page(&self) -> bool {
        self.accept.contains("text/html")
    }

    pub(crate) fn json(&self) -> Result<Value, String> {
        serde_json::from_slice(&self.body).map_err(|error| format!("the body is not JSON: {error}"))
    }

    /// A page of another site must not send orders through the visitor's browser.
    fn is_foreign(&self) -> bool {
        !self.origin.is_empty() && self.origin.split_once("://").is_none_or(|(_, host)| host != self.host)
    }
}

/// What goes back.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn ok(content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, content_type, body: body.into() }
    }

    pub(crate) fn json(value: &Value) -> Self {
        Self::ok("application/json", format!("{value}\n"))
    }

    pub(crate) fn refusal(status: u16, text: &str) -> Self {
        Self { status, content_type: "application/json", body: format!("{}\n", json!({"error": text})).into_bytes() }
    }
}

/// Serves until the task is dropped.
pub(crate) async fn serve(listener: TcpListener, answer: impl Fn(&Request) -> Response + Send + Sync + 'static) {
    let answer = Arc::new(answer);
    let slots = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let Ok(slot) = slots.clone().acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, _)) => {
                let answer = answer.clone();
                tokio::spawn(async move {
                    let done = timeout(PATIENCE, one_request(stream, answer.as_ref())).await;
                    if let Ok(Err(error)) = done {
                        tracing::debug!(%error, "control request");
                    }
                    drop(slot);
                });
            }
            // Out of descriptors, most likely: do not spin.
            Err(error) => {
                tracing::warn!(%error, "cannot accept a control connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn one_request(mut stream: TcpStream, answer: &(impl Fn(&Request) -> Response + Sync)) -> io::Result<()> {
    let response = match read_request(&mut stream).await? {
        Ok(request) if request.method == "POST" && request.is_foreign() => {
            Response::refusal(403, "orders from another site's page are refused")
        }
        Ok(request) => answer(&request),
        Err(refusal) => refusal,
    };
    let reason = match response.status {
        200 => "OK",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        413 => "Content Too Large",
        _ => "Error",
    };
    let head = format!(
        "HTTP/1.1 {} {reason}\r\ncontent-type: {}\r\ncontent-length: {}\r\nconnection: close\r\n\
         cache-control: no-store\r\nx-content-type-options: nosniff\r\n\
         content-security-policy: default-src 'self'; frame-ancestors 'none'\r\n\r\n",
        response.status,
        response.content_type,
        response.body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&response.body).await?;
    stream.shutdown().await
}

/// The outer error is the connection's, the inner one an answer to a bad request.
async fn read_request(stream: &mut TcpStream) -> io::Result<Result<Request, Response>> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        if bytes.len() >= LONGEST_REQUEST {
            return Ok(Err(Response::refusal(413, "the request is longer than 64 KB")));
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    };
    let body = bytes.split_off((head_end + 4).min(bytes.len()));
    let head = String::from_utf8_lossy(&bytes).into_owned();
    let (mut request, length) = match parse_head(&head) {
        Ok(parsed) => parsed,
        Err(text) => return Ok(Err(Response::refusal(400, text))),
    };
    if length > LONGEST_REQUEST {
        return Ok(Err(Response::refusal(413, "the request is longer than 64 KB")));
    }
    request.body = body;
    while request.body.len() < length {
        if stream.read_buf(&mut request.body).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    request.body.truncate(length);
    Ok(Ok(request))
}

fn parse_head(head: &str) -> Result<(Request, usize), &'static str> {
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split_whitespace();
    let mut request = Request {
        method: words.next().ok_or("no method")?.to_owned(),
        path: words.next().ok_or("no path")?.split('?').next().unwrap_or_default().to_owned(),
        ..Request::default()
    };
    let mut length = 0;
    for line in lines {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "accept" => value.clone_into(&mut request.accept),
            "host" => value.clone_into(&mut request.host),
            "origin" => value.clone_into(&mut request.origin),
            "content-length" => length = value.parse().map_err(|_| "content-length is not a number")?,
            "transfer-encoding" => {
                return Err("send a content-length; chunked bodies are not taken");
            }
            _ => {}
        }
    }
    Ok((request, length))
}
