//! Alerts as answers and screens see them.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use trivet_domain::Role;
use trivet_domain::alerts::{Alert, Category, ParameterValue, Routing, Status, fold, message};
use trivet_log::Id;
use trivet_replica::View;
use trivet_replica::store::log;
use utoipa::ToSchema;
use uuid::Uuid;

use super::project::{Detail, Word};
use crate::access::name_of;
use crate::{haccp, settings, time};

/// Open alerts in a picture; the newest.
pub const MAX_OPEN: usize = 500;

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Alert)]
#[serde(rename_all = "camelCase")]
pub struct AlertView {
    pub id: Uuid,
    /// `temperature_violation`, `compliance_violation`, `sensor_offline`, `security` or `maintenance`.
    pub category: String,
    /// `warn`, `high` or `critical`.
    pub severity: String,
    /// `active_unacknowledged`, `active_acknowledged`, `returned_unacknowledged`, `awaiting_action`, `shelved`,
    /// `suppressed`, `out_of_service` or `closed`.
    pub state: String,
    /// The probe, piece of equipment or person that it is about; nil for the box.
    pub about: Uuid,
    /// The name of that person, where they have one.
    pub about_name: Option<String>,
    /// The name of its words, and what they name.
    pub words: String,
    pub parameters: BTreeMap<String, ParameterView>,
    /// In the words of the house's language.
    pub message: String,
    /// When the condition began.
    pub at: String,
    /// When it was raised, first and last.
    pub raised_at: String,
    pub activated_at: String,
    /// It came to light so many seconds late.
    pub late_seconds: Option<i64>,
    pub place: Option<String>,
    /// How often it was raised since it was last closed.
    pub times: u32,
    /// The condition goes on.
    pub lasts: bool,
    pub returned_at: Option<String>,
    /// It closes only with the corrective action that was taken.
    pub needs_action: bool,
    pub acknowledgements: Vec<WordView>,
    pub shelved: Option<ShelvedView>,
    /// `defrost`, `door` or `maintenance`.
    pub suppressed_by: Option<String>,
    /// Why what it is about is out of service.
    pub out_of_service: Option<String>,
    /// Who was called: 0 those who see its category, 1 the manager, 2 the owner.
    pub level: u8,
    pub escalated_at: Option<String>,
    pub closed: Option<WordView>,
    /// The record of the corrective action.
    pub action: Option<Uuid>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = AlertParameter)]
#[serde(rename_all = "camelCase")]
pub struct ParameterView {
    /// `text`, `integer`, `temperature`, `time` or `word`.
    pub kind: String,
    /// A temperature in thousandths of a degree Celsius, a time as RFC 3339, a word by its name.
    #[schema(value_type = Object)]
    pub value: serde_json::Value,
}

/// What somebody did with an alert.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = AlertWord)]
#[serde(rename_all = "camelCase")]
pub struct WordView {
    pub by: Uuid,
    pub by_name: Option<String>,
    pub at: String,
    pub comment: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = AlertShelved)]
#[serde(rename_all = "camelCase")]
pub struct ShelvedView {
    pub until: String,
    pub by: Uuid,
    pub by_name: Option<String>,
    pub why: String,
}

impl AlertView {
    /// Whether a role may see it: by its category, or because it was called.
    pub fn is_for(&self, role: Role, routing: &Routing) -> bool {
        // A category of a later release is for who is told of everything.
        let Some(category) = Category::named(&self.category) else { return role == Role::Owner };
        (0..=self.level).any(|level| routing.is_told(role, category, level))
    }
}

struct Found {
    id: Id,
    category: String,
    severity: String,
    about: Id,
    raised_ms: i64,
    closed: bool,
    level: u8,
    shelved_until_ms: Option<i64>,
    detail: Detail,
    out_of_service: Option<String>,
}

const COLUMNS: &str = "a.id, a.category, a.severity, a.about, a.raised_ms, a.closed, a.level, a.shelved_until_ms, \
    a.detail, (SELECT out_of_service FROM alerts_equipment e WHERE (e.id=a.about OR e.probe=a.about) \
    AND e.out_of_service IS NOT NULL LIMIT 1)";

fn from_row(row: &Row<'_>) -> rusqlite::Result<Found> {
    let detail: String = row.get(8)?;
    Ok(Found {
        id: Id::from_bytes(row.get(0)?),
        category: row.get(1)?,
        severity: row.get(2)?,
        about: Id::from_bytes(row.get(3)?),
        raised_ms: row.get(4)?,
        closed: row.get(5)?,
        level: row.get(6)?,
        shelved_until_ms: row.get(7)?,
        detail: serde_json::from_str(&detail).unwrap_or_default(),
        out_of_service: row.get(9)?,
    })
}

impl Found {
    fn state(&self, now_ms: i64) -> Status {
        match (self.detail.lasts, self.detail.acknowledged) {
            _ if self.closed => Status::Closed,
            _ if self.out_of_service.is_some() => Status::OutOfService,
            _ if self.shelved_until_ms.is_some_and(|until| now_ms < until) => Status::Shelved,
            _ if self.detail.suppressed.is_some() => Status::Suppressed,
            (true, false) => Status::ActiveUnacknowledged,
            (true, true) => Status::ActiveAcknowledged,
            (false, false) => Status::ReturnedUnacknowledged,
            (false, true) => Status::AwaitingAction,
        }
    }

    fn show(self, view: &View<'_>, house: &House) -> rusqlite::Result<AlertView> {
        let (state, detail) = (self.state(view.now_ms), self.detail);
        let word = |word: Word| {
            let by_name = name_of(view.conn, word.by)?;
            Ok(WordView { by: word.by.0, by_name, at: time::text(word.at_ms), comment: word.text })
        };
        let shelved = match (detail.shelved, self.shelved_until_ms) {
            (Some(shelved), Some(until_ms)) => Some(ShelvedView {
                until: time::text(until_ms),
                by: shelved.by.0,
                by_name: name_of(view.conn, shelved.by)?,
                why: shelved.text.unwrap_or_default(),
            }),
            _ => None,
        };
        Ok(AlertView {
            id: self.id.0,
            category: self.category,
            severity: self.severity,
            state: state.name().to_owned(),
            about: self.about.0,
            about_name: name_of(view.conn, self.about)?,
            message: message(&house.language, &detail.words, &detail.parameters, |at| house.time(at)),
            words: detail.words,
            parameters: detail.parameters.into_iter().map(|one| (one.name, shown(one.value))).collect(),
            at: time::text(detail.at_ms),
            raised_at: time::text(self.raised_ms),
            activated_at: time::text(detail.activated_ms),
            late_seconds: detail.late_ms.map(|ms| ms / 1_000),
            place: detail.place,
            times: detail.times,
            lasts: detail.lasts,
            returned_at: detail.returned_ms.map(time::text),
            needs_action: detail.needs_action,
            acknowledgements: detail.acknowledgements.into_iter().map(word).collect::<rusqlite::Result<_>>()?,
            shelved,
            suppressed_by: detail.suppressed,
            out_of_service: self.out_of_service,
            level: self.level,
            escalated_at: detail.escalations.iter().map(|(_, at)| *at).max().map(time::text),
            closed: detail.closed.map(word).transpose()?,
            action: detail.action.map(|id| id.0),
        })
    }
}

/// In what words the house speaks.
struct House {
    language: String,
    time_zone: String,
}

impl House {
    fn of(conn: &Connection) -> rusqlite::Result<House> {
        let settings = settings::in_force(conn)?;
        Ok(House { language: settings.language, time_zone: settings.time_zone })
    }

    fn time(&self, at_ms: i64) -> String {
        time::local(at_ms, &self.time_zone).strftime("%Y-%m-%d %H:%M").to_string()
    }
}

fn shown(value: ParameterValue) -> ParameterView {
    let (kind, value) = match value {
        ParameterValue::Text(text) => ("text", text.into()),
        ParameterValue::Integer(number) => ("integer", number.into()),
        ParameterValue::Temperature(milli) => ("temperature", milli.0.into()),
        ParameterValue::Time(at_ms) => ("time", time::text(at_ms).into()),
        ParameterValue::Word(word) => ("word", word.into()),
    };
    ParameterView { kind: kind.to_owned(), value }
}

pub fn alert(view: &View<'_>, id: Id) -> rusqlite::Result<Option<AlertView>> {
    let mut statement = view.conn.prepare_cached(&format!("SELECT {COLUMNS} FROM alerts_alert a WHERE a.id=?1"))?;
    let found = statement.query_row([id.as_bytes()], from_row).optional()?;
    let house = House::of(view.conn)?;
    found.map(|found| found.show(view, &house)).transpose()
}

/// Those that a role sees and that are not closed, the newest first.
pub fn open(view: &View<'_>, role: Role) -> rusqlite::Result<Vec<AlertView>> {
    let filter = Filter { open: true, limit: MAX_OPEN, ..Filter::default() };
    list(view, role, &filter)
}

/// Which alerts a list holds.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub category: Option<String>,
    pub severity: Option<String>,
    pub state: Option<String>,
    pub open: bool,
    pub since_ms: Option<i64>,
    pub after: Option<Id>,
    pub limit: usize,
}

pub fn list(view: &View<'_>, role: Role, filter: &Filter) -> rusqlite::Result<Vec<AlertView>> {
    // In so many words, so that SQLite sees that the index of the open ones is enough.
    let open = if filter.open { "a.closed=0 AND" } else { "" };
    let which = "(?1 IS NULL OR a.category=?1) AND (?2 IS NULL OR a.severity=?2) AND (?3 IS NULL OR a.raised_ms>=?3)
        AND (?4 IS NULL OR (a.raised_ms, a.id) < (SELECT raised_ms, id FROM alerts_alert WHERE id=?4))";
    let sql = format!("SELECT {COLUMNS} FROM alerts_alert a WHERE {open} {which} ORDER BY a.raised_ms DESC, a.id DESC");
    let mut statement = view.conn.prepare_cached(&sql)?;
    let after = filter.after.as_ref().map(Id::as_bytes);
    let rows = statement.query_map(params![filter.category, filter.severity, filter.since_ms, after], from_row)?;
    let (house, routing) = (House::of(view.conn)?, super::routing(view.conn)?);
    let mut alerts = Vec::new();
    for found in rows {
        let found = found?;
        if filter.state.as_ref().is_some_and(|state| found.state(view.now_ms).name() != state) {
            continue;
        }
        let shown = found.show(view, &house)?;
        if shown.is_for(role, &routing) {
            alerts.push(shown);
        }
        if alerts.len() == filter.limit {
            break;
        }
    }
    Ok(alerts)
}

/// The alerts whose picture a subject changes, with what is new of each.
pub(super) fn touched_by(conn: &Connection, subject: Id) -> rusqlite::Result<Vec<(Id, String)>> {
    let sql = "SELECT id, news FROM alerts_alert WHERE id=?1 UNION
        SELECT a.id, '' FROM alerts_equipment e JOIN alerts_alert a ON a.about IN (e.id, e.probe)
        WHERE e.id=?1 AND a.closed=0";
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map([subject.as_bytes()], |row| Ok((Id::from_bytes(row.get(0)?), row.get(1)?)))?;
    rows.take(MAX_OPEN).collect()
}

/// An open alert as its history makes it, for timers.
pub struct Standing {
    pub id: Id,
    pub alert: Alert,
    pub out_of_service: bool,
}

/// The open alerts; past [`MAX_OPEN`] the newest.
pub fn standing(conn: &Connection) -> rusqlite::Result<Vec<Standing>> {
    let sql =
        format!("SELECT {COLUMNS} FROM alerts_alert a WHERE a.closed=0 ORDER BY a.raised_ms DESC LIMIT {MAX_OPEN}");
    let mut statement = conn.prepare_cached(&sql)?;
    let found = statement.query_map([], from_row)?.collect::<rusqlite::Result<Vec<_>>>()?;
    let stand = |found: Found| {
        let alert = fold(&log::facts_of(conn, found.id)?);
        Ok(Standing { id: found.id, alert, out_of_service: found.out_of_service.is_some() })
    };
    found.into_iter().map(stand).collect()
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Equipment)]
#[serde(rename_all = "camelCase")]
pub struct EquipmentView {
    pub id: Uuid,
    pub name: String,
    pub probe_id: Option<Uuid>,
    /// Of the probe in it, as it stands.
    #[schema(inline)]
    pub temperature: Option<haccp::view::CurrentView>,
    /// Of the last 24 hours, how much of the time its compressor ran; null where nobody knows.
    pub duty_percent: Option<u8>,
    /// How often it started in them.
    pub starts: Option<u32>,
    pub next_maintenance: Option<String>,
    /// Why it is out of service.
    pub out_of_service: Option<String>,
    /// `operational`, `maintenance_due` or `out_of_service`.
    pub status: String,
}

const DAY_MS: i64 = 86_400_000;

pub fn equipment(view: &View<'_>, only: Option<Id>) -> rusqlite::Result<Vec<EquipmentView>> {
    let sql = "SELECT id, name, probe, next_maintenance_ms, out_of_service FROM alerts_equipment
        WHERE ?1 IS NULL OR id=?1 ORDER BY name, id LIMIT 500";
    let mut statement = view.conn.prepare_cached(sql)?;
    let only = only.as_ref().map(Id::as_bytes);
    let rows = statement.query_map([only], |row| {
        let probe: Option<[u8; 16]> = row.get(2)?;
        Ok((
            Id::from_bytes(row.get(0)?),
            row.get::<_, String>(1)?,
            probe.map(Id::from_bytes),
            row.get::<_, Option<i64>>(3)?,
            row.get::<_, Option<String>>(4)?,
        ))
    })?;
    let mut all = Vec::new();
    for row in rows {
        let (id, name, probe, next_ms, out_of_service) = row?;
        let temperature = match probe {
            Some(probe) => haccp::view::probe(view, probe)?.map(|probe| probe.current),
            None => None,
        };
        let duty = match probe {
            Some(probe) => haccp::parts::duty(view.conn, probe, view.now_ms - DAY_MS, view.now_ms)?,
            None => None,
        };
        let status = match (&out_of_service, next_ms) {
            (Some(_), _) => "out_of_service",
            (None, Some(due)) if due <= view.now_ms => "maintenance_due",
            _ => "operational",
        };
        all.push(EquipmentView {
            id: id.0,
            name,
            probe_id: probe.map(|id| id.0),
            temperature,
            duty_percent: duty.map(|duty| duty.duty_percent),
            starts: duty.map(|duty| duty.starts),
            next_maintenance: next_ms.map(time::text),
            out_of_service,
            status: status.to_owned(),
        });
    }
    Ok(all)
}

/// How bad the open alert of a condition is, while the condition goes on.
pub fn lasting(conn: &Connection, key: &str) -> rusqlite::Result<Option<trivet_domain::alerts::Severity>> {
    let Some(id) = super::open_of_key(conn, key)? else { return Ok(None) };
    let alert = fold(&log::facts_of(conn, id)?);
    Ok(alert.severity.filter(|_| alert.lasts))
}

/// The severity of the last alert of a condition that lasts though the alert was closed.
pub fn lasting_though_closed(
    conn: &Connection,
    key: &str,
) -> rusqlite::Result<Option<trivet_domain::alerts::Severity>> {
    let Some(id) = super::closed_early(conn, key)?.first().copied() else { return Ok(None) };
    Ok(fold(&log::facts_of(conn, id)?).severity)
}
