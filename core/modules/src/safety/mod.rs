//! Food safety: the HACCP plan, manual checks, cooling runs, food under time control, calibrations, compliance records.

mod compliance;
mod project;
mod routes;
pub mod view;
pub mod work;

use std::pin::Pin;
use std::sync::Arc;

use serde::Serialize;
use trivet_domain::{Permission, safety};
use trivet_log::Id;
use trivet_replica::module::{EMPTY, Reach, Read};
use trivet_replica::{App, Draft, Module, Problem, View};

pub use compliance::{ComplianceView, ShareView, compliance, of_readings};

use crate::papers::Label;

/// Prints a label by whatever printer the box has for them; a replica without printers has none.
#[derive(Clone)]
pub struct PrintLabel(pub Arc<Printing>);
pub type Printing = dyn Fn(App, Id, Label) -> Pin<Box<dyn Future<Output = Result<(), Problem>> + Send>> + Send + Sync;

const fn read(path: &'static str) -> Read {
    Read { path, permission: Permission::HaccpRead }
}

pub const MODULE: Module = Module {
    name: "safety",
    lane: safety::LANE,
    reach: Reach::Location,
    facts: safety::Event::KINDS,
    documents: &[safety::DOCUMENT],
    follows: &[safety::Event::KINDS, &[safety::DOCUMENT]],
    schema: include_str!("schema.sql"),
    tables: &[
        "safety_plan",
        "safety_check",
        "safety_cooling",
        "safety_timer",
        "safety_calibration",
        "safety_record",
        "safety_review",
    ],
    project: project::project,
    routes: routes::routes,
    reads: &[
        read("/api/v1/haccp/plan"),
        read("/api/v1/haccp/plan/presets"),
        read("/api/v1/haccp/plan/approvals/{id}"),
        read("/api/v1/haccp/checks"),
        read("/api/v1/haccp/cooling"),
        read("/api/v1/haccp/cooling/{id}"),
        read("/api/v1/haccp/timers"),
        read("/api/v1/haccp/calibrations"),
        read("/api/v1/haccp/calibrations/due"),
        read("/api/v1/haccp/records"),
        read("/api/v1/haccp/records/{id}"),
        read("/api/v1/haccp/people"),
        read("/api/v1/haccp/reviews"),
        read("/api/v1/haccp/compliance"),
    ],
    frames,
    status,
    ..EMPTY
};

/// In the namespace of the probes, whose screens show these too.
fn frames(view: &View<'_>, id: Id) -> rusqlite::Result<Vec<Draft>> {
    let conn = view.conn;
    let drafts = match view::sort_of(conn, id)?.as_deref() {
        Some("plan") => draft("haccp:plan:approved", Some(serde_json::json!({}))),
        Some("check") => draft("haccp:check:updated", view::check(conn, id)?),
        Some("cooling") => draft("haccp:cooling:updated", view::cooling(conn, id, view.now_ms)?),
        Some("timer") => draft("haccp:timer:updated", view::timer(conn, id, &work::clock(view.now_ms))?),
        Some("calibration") => draft("haccp:calibration:updated", view::calibration(conn, id, view.now_ms)?),
        Some("record") => draft("haccp:record:updated", view::record(conn, id, view.now_ms)?),
        _ => None,
    };
    Ok(drafts.into_iter().collect())
}

fn draft(kind: &'static str, shown: Option<impl Serialize>) -> Option<Draft> {
    shown.map(|shown| Draft::new("admin", kind, &shown))
}

fn status(view: &View<'_>, namespace: &str) -> rusqlite::Result<Option<serde_json::Value>> {
    if namespace != "admin" {
        return Ok(None);
    }
    let (now, clock) = (view.now_ms, work::clock(view.now_ms));
    let open = view::RecordFilter { open_only: true, span: (i64::MIN, i64::MAX) };
    // Of runs and timers those that go on: nothing begins in an empty span.
    let none = (i64::MAX, i64::MIN);
    Ok(Some(serde_json::json!({
        "records": view::records(view.conn, open, now)?,
        "cooling": view::cooling_runs(view.conn, none, now)?,
        "timers": view::timers(view.conn, none, &clock)?,
    })))
}
