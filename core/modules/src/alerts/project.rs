//! An alert becomes one row, with what only a reader of the alert wants to know as JSON beside the columns that lists are
//! filtered by.

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use trivet_domain::alerts::{self, Alert, EQUIPMENT, Equipment, Event, Parameter};
use trivet_domain::{Event as AnyEvent, History};
use trivet_log::Id;
use trivet_replica::module::Projecting;

/// What stands in an alert's row as JSON: its whole history but for the words, whose facts do not change.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Detail {
    pub(super) words: String,
    pub(super) parameters: Vec<Parameter>,
    pub(super) at_ms: i64,
    pub(super) late_ms: Option<i64>,
    pub(super) place: Option<String>,
    pub(super) momentary: bool,
    pub(super) needs_action: bool,
    pub(super) times: u32,
    pub(super) activated_ms: i64,
    pub(super) lasts: bool,
    pub(super) returned_ms: Option<i64>,
    pub(super) acknowledged: bool,
    pub(super) acknowledgements: Vec<Word>,
    pub(super) shelved: Option<Word>,
    pub(super) suppressed: Option<String>,
    /// Level and time, of the alert as it stands.
    pub(super) escalations: Vec<(u8, i64)>,
    pub(super) closed: Option<Word>,
    pub(super) action: Option<Id>,
}

/// What a person did, when, and what they said.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Word {
    pub(super) by: Id,
    pub(super) at_ms: i64,
    pub(super) text: Option<String>,
}

pub(super) fn project(projecting: &Projecting<'_>, id: Id, history: &History) -> rusqlite::Result<()> {
    let conn = projecting.conn;
    if let Some(fields) = history.document_of(EQUIPMENT) {
        let equipment = Equipment::from_fields(fields);
        conn.prepare_cached("INSERT OR REPLACE INTO alerts_equipment VALUES(?1, ?2, ?3, ?4, ?5)")?.execute(params![
            id.as_bytes(),
            equipment.name,
            equipment.probe.as_ref().map(Id::as_bytes),
            equipment.next_maintenance_ms,
            equipment.out_of_service
        ])?;
        return Ok(());
    }
    let alert = alerts::fold(history);
    let (Some(raised), Some(severity)) = (&alert.raised, alert.severity) else { return Ok(()) };
    let news = match history.facts.last().map(|fact| &fact.event) {
        Some(AnyEvent::Alerts(Event::Raised(_))) => "raised",
        _ => "changed",
    };
    let detail = serde_json::to_string(&detail(&alert, raised)).unwrap_or_default();
    let sql = "INSERT OR REPLACE INTO alerts_alert VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    conn.prepare_cached(sql)?.execute(params![
        id.as_bytes(),
        raised.key,
        raised.category.name(),
        severity.name(),
        raised.about.as_bytes(),
        alert.origin.0,
        alert.first_raised_ms,
        alert.is_closed(),
        alert.level(),
        alert.shelved.as_ref().map(|shelved| shelved.until_ms),
        news,
        detail
    ])?;
    let mut insert = conn.prepare_cached("INSERT OR IGNORE INTO alerts_cause VALUES(?1, ?2)")?;
    alert.causes.iter().try_for_each(|cause| insert.execute([cause.as_bytes(), id.as_bytes()]).map(drop))?;
    notices(conn, id, &alert)
}

/// Rows of what was told, written anew: when an alert recurs, its first notice is of the last time.
fn notices(conn: &Connection, id: Id, alert: &Alert) -> rusqlite::Result<()> {
    conn.prepare_cached("DELETE FROM alerts_notice WHERE alert=?1")?.execute([id.as_bytes()])?;
    let mut insert = conn.prepare_cached("INSERT OR REPLACE INTO alerts_notice VALUES(?1, ?2, ?3, ?4, ?5)")?;
    let mut note = |level: u8, times: u32, at_ms: i64| {
        let notice = id.derive(&format!("notice:{level}"), u64::from(times));
        insert.execute(params![notice.as_bytes(), id.as_bytes(), level, times, at_ms]).map(drop)
    };
    // Of an alert that recurred only the last time is told of: the times before are in its count.
    note(0, alert.times, alert.activated_ms)?;
    alert.escalations.iter().try_for_each(|escalation| note(escalation.level, escalation.times, escalation.at_ms))
}

fn detail(alert: &Alert, raised: &alerts::Raised) -> Detail {
    let acknowledgement = |a: &alerts::Acknowledgement| Word { by: a.by, at_ms: a.at_ms, text: a.comment.clone() };
    let of_this = alert.escalations.iter().filter(|escalation| escalation.times == alert.times);
    Detail {
        words: raised.words.clone(),
        parameters: raised.parameters.clone(),
        at_ms: raised.at_ms,
        late_ms: raised.late_ms,
        place: raised.place.clone(),
        momentary: raised.momentary == Some(true),
        needs_action: alert.needs_action(),
        times: alert.times,
        activated_ms: alert.activated_ms,
        lasts: alert.lasts,
        returned_ms: alert.returned_at_ms,
        acknowledged: alert.is_acknowledged(),
        acknowledgements: alert.acknowledgements.iter().map(acknowledgement).collect(),
        shelved: alert.shelved.as_ref().map(|s| Word { by: s.by, at_ms: s.at_ms, text: Some(s.why.clone()) }),
        suppressed: alert.suppressed.map(|by| by.name().to_owned()),
        escalations: of_this.map(|escalation| (escalation.level, escalation.at_ms)).collect(),
        closed: alert.closed.as_ref().map(|c| Word { by: c.by, at_ms: c.at_ms, text: c.comment.clone() }),
        action: alert.closed.as_ref().and_then(|closed| closed.action),
    }
}
