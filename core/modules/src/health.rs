//! `/health`, `/health/ready`, `/health/live`, `/healthz` (OBS-01, OBS-02): open to anyone, with the bare status; who
//! is logged in gets the parts.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};
use trivet_replica::App;
use utoipa_axum::router::OpenApiRouter;

use crate::time;

/// What a box adds: its devices, its broker. Each part is a name, whether it is well, and words.
#[derive(Clone)]
pub struct Parts(pub Arc<dyn Fn() -> Vec<Part> + Send + Sync>);

pub struct Part {
    pub name: &'static str,
    pub well: bool,
    pub detail: String,
}

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .route("/health", axum::routing::get(health))
        .route("/health/ready", axum::routing::get(ready))
        .route("/healthz", axum::routing::get(ready))
        .route("/health/live", axum::routing::get(|| async { Json(json!({"status": "live"})) }))
}

/// 503 until the store answers.
async fn ready(State(app): State<App>) -> (StatusCode, Json<Value>) {
    match app.read(|view| view.conn.query_row("SELECT 1", [], |_| Ok(()))).await {
        Ok(()) => (StatusCode::OK, Json(json!({"status": "ready"}))),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"status": "not ready"}))),
    }
}

/// The status follows the parts: `unhealthy` without a store, `degraded` with a device or the relay away.
async fn health(State(app): State<App>, headers: HeaderMap) -> (StatusCode, Json<Value>) {
    let store = app.read(|view| view.conn.query_row("SELECT 1", [], |_| Ok(()))).await.is_ok();
    let sync = app.sync.report();
    let mut parts = vec![
        Part { name: "database", well: store, detail: String::new() },
        Part { name: "websocket", well: true, detail: format!("at {}", app.hub.reached()) },
        Part {
            name: "sync",
            well: sync.relay_url.is_none() || sync.connected,
            detail: format!("{} entries not yet safe elsewhere", sync.unsent),
        },
    ];
    parts.extend(app.more.get::<Parts>().map(|parts| (parts.0)()).unwrap_or_default());
    let status = match (store, parts.iter().all(|part| part.well)) {
        (false, _) => "unhealthy",
        (true, false) => "degraded",
        (true, true) => "healthy",
    };
    let now = app.wall.now_ms();
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let known = bearer.and_then(|text| text.strip_prefix("Bearer ")).and_then(|token| app.auth.check(token, now));
    let mut body = json!({"status": status, "timestamp": time::text(now)});
    if let (Some(_), Some(body)) = (known, body.as_object_mut()) {
        for part in parts {
            let state = if part.well { "up" } else { "down" };
            body.insert(part.name.to_owned(), json!({"status": state, "detail": part.detail}));
        }
        body.insert("uptime".to_owned(), json!((now - app.started_ms) / 1_000));
        body.insert("memory".to_owned(), json!({"residentBytes": resident_bytes()}));
    }
    let code = if store { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, Json(body))
}

/// Of this process, from /proc/self/statm (proc(5)): the second field, in pages of 4 KiB.
pub fn resident_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    text.split_whitespace().nth(1)?.parse::<u64>().ok().map(|pages| pages * 4_096)
}
