//! Serving the screens that a binary carries in itself.

use std::borrow::Cow;

use axum::Router;
use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use trivet_replica::{App, Problem};

/// Gives a file and its media type.
pub type Files = fn(&str) -> Option<(Cow<'static, [u8]>, &'static str)>;

/// `/` leads to `home`.
pub fn routes(files: Files, home: &'static str) -> Router<App> {
    Router::new()
        .route("/", get(move || async move { Redirect::temporary(home) }))
        .route("/screens", get(|| async { Redirect::permanent("/screens/") }))
        .route("/screens/", get(move || async move { file(files, "") }))
        .route("/screens/{*path}", get(move |Path(path): Path<String>| async move { file(files, &path) }))
}

fn file(files: Files, path: &str) -> Response {
    match files(path) {
        Some((bytes, media_type)) => {
            // Vite names assets by their content; pages are asked for anew.
            let cache = if path.contains("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
            ([(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, cache)], bytes.into_owned()).into_response()
        }
        None => Problem::not_found("page").into_response(),
    }
}
