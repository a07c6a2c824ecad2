//! The control address: a page that shows the papers, the state as JSON, and faults by `POST`.

use super::fault::Fault;
use super::files::paper_numbers;
use super::http::{Request, Response};
use super::service::Shared;
use serde_json::{Value, json};
use std::path::Path;

const PAGE: &str = include_str!("page.html");
const SCRIPT: &str = include_str!("page.js");
const LOOK: &str = include_str!("page.css");
/// Papers that the state names; older ones stay in the folder.
const MOST_NAMED: usize = 50;

/// Answers one request.
pub(super) fn answer(shared: &Shared, folder: &Path, request: &Request) -> Response {
    match (request.method.as_str(), request.path.as_str()) {
        ("POST", _) => match request.json().and_then(|body| Fault::from_json(&body)) {
            Ok(fault) => Response::json(&with_papers(shared.order(fault), folder)),
            Err(text) => Response::refusal(400, &text),
        },
        ("GET" | "HEAD", "/page.js") => Response::ok("text/javascript; charset=utf-8", SCRIPT),
        ("GET" | "HEAD", "/page.css") => Response::ok("text/css; charset=utf-8", LOOK),
        ("GET" | "HEAD", "/slot.png") => Response::ok("image/png", shared.paper_in_slot().png()),
        ("GET" | "HEAD", "/") if request.wants_page() => Response::ok("text/html; charset=utf-8", PAGE),
        ("GET" | "HEAD", "/" | "/state") => Response::json(&with_papers(shared.state(), folder)),
        ("GET" | "HEAD", path) => match path.strip_prefix("/papers/") {
            Some(name) => paper(folder, name),
            None => Response::refusal(
                404,
                "there is a page at /, the state at /state, papers at /papers/NNNN.png and what is in the slot at \
                 /slot.png",
            ),
        },
        _ => Response::refusal(405, "GET and POST only"),
    }
}

fn with_papers(mut state: Value, folder: &Path) -> Value {
    let numbers = paper_numbers(folder).unwrap_or_default();
    if let Some(fields) = state.as_object_mut() {
        // The count is of papers that lie in the folder, so that who sees it can read them.
        fields.insert("papers".into(), json!(numbers.len()));
        let named: Vec<String> = numbers.iter().take(MOST_NAMED).map(|number| format!("{number:04}")).collect();
        fields.insert("latest".into(), json!(named));
    }
    state
}

/// A paper's file. Only digits and known endings: the name never leaves the folder.
fn paper(folder: &Path, name: &str) -> Response {
    let kind = name.split_once('.').and_then(|(number, kind)| {
        let plain = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        match kind {
            "png" if plain => Some("image/png"),
            "txt" if plain => Some("text/plain; charset=utf-8"),
            "jsonl" if plain => Some("application/x-ndjson"),
            "bin" if plain => Some("application/octet-stream"),
            _ => None,
        }
    });
    match kind.map(|kind| (kind, std::fs::read(folder.join(name)))) {
        Some((kind, Ok(bytes))) => Response::ok(kind, bytes),
        _ => Response::refusal(404, "no such paper"),
    }
}
