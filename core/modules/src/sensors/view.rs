//! Sensors, images and updates as screens and answers see them: rows say which, the log says what.

use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;
use trivet_domain::sensors::{self, Stamped, State, Update, hex};
use trivet_log::Id;
use trivet_replica::View;
use trivet_replica::store::log;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Live, LiveSensor};
use crate::access::name_of;
use crate::time;

/// Of each list.
const MOST: i64 = 200;

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Sensor)]
#[serde(rename_all = "camelCase")]
pub struct SensorView {
    pub id: Uuid,
    /// Eight bytes in hexadecimal digits.
    pub serial: String,
    /// Where it was plugged in last.
    pub line: String,
    /// The board's model.
    pub hardware: String,
    pub firmware: String,
    /// `power`, `watchdog`, `software`, …: why it started last.
    pub reset_cause: String,
    pub started_at: Option<String>,
    pub first_seen_at: String,
    pub starts: u32,
    /// Readings that it had to overwrite before a box could fetch them.
    pub lost_readings: u64,
    pub lost_at: Option<String>,
    /// Null if it is not wired to the box that answers, or was not heard since that box started.
    pub live: Option<LiveSensor>,
    /// The last one.
    pub update: Option<UpdateView>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SensorUpdate)]
#[serde(rename_all = "camelCase")]
pub struct UpdateView {
    pub id: Uuid,
    #[serde(skip)]
    pub sensor: Uuid,
    pub from: String,
    pub version: String,
    /// The slot that the new image is for: `a` or `b`.
    #[serde(skip)]
    pub slot: sensors::Slot,
    pub started_at: String,
    pub started_by: Option<String>,
    /// `under_way`, `done`, `refused`, `rolled_back` or `interrupted`.
    pub state: &'static str,
    pub detail: Option<String>,
    pub ended_at: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = FirmwareImage)]
#[serde(rename_all = "camelCase")]
pub struct ImageView {
    pub id: Uuid,
    pub sha256: String,
    /// The board's model.
    pub hardware: String,
    pub version: String,
    /// The slot that it is linked for: `a` or `b`. A sensor takes the one for the slot that it does not run from.
    pub slot: &'static str,
    /// Bytes.
    pub length: u32,
    pub registered_at: String,
    pub registered_by: Option<String>,
}

fn state(conn: &Connection, id: Id) -> rusqlite::Result<State> {
    Ok(sensors::fold(&log::facts_of(conn, id)?))
}

fn ids(conn: &Connection, sql: &str) -> rusqlite::Result<Vec<Id>> {
    conn.prepare_cached(sql)?.query_map([MOST], |row| row.get(0).map(Id::from_bytes))?.collect()
}

pub(super) fn sensors(view: &View<'_>) -> rusqlite::Result<Vec<SensorView>> {
    let ids = ids(view.conn, "SELECT id FROM sensors_device ORDER BY serial, id LIMIT ?1")?;
    ids.into_iter().filter_map(|id| sensor(view, id).transpose()).collect()
}

pub fn sensor(view: &View<'_>, id: Id) -> rusqlite::Result<Option<SensorView>> {
    let State::Sensor(sensor) = state(view.conn, id)? else { return Ok(None) };
    let sql = "SELECT id FROM sensors_update WHERE sensor=?1 ORDER BY at_ms DESC, id DESC LIMIT 1";
    let last = view.conn.prepare_cached(sql)?.query_row([id.as_bytes()], |row| row.get(0).map(Id::from_bytes));
    let update = last.optional()?.map(|id| update(view.conn, id)).transpose()?.flatten();
    let (started_at, seen) = sensor.seen.map(|seen| (time::text(seen.at_ms), seen.what)).unzip();
    let text = |of: fn(&sensors::SensorSeen) -> &String| seen.as_ref().map(of).cloned().unwrap_or_default();
    Ok(Some(SensorView {
        id: id.0,
        serial: text(|seen| &seen.serial),
        line: text(|seen| &seen.line),
        hardware: text(|seen| &seen.hardware),
        firmware: text(|seen| &seen.firmware),
        reset_cause: text(|seen| &seen.reset_cause),
        started_at,
        first_seen_at: time::text(sensor.first_ms),
        starts: sensor.starts,
        lost_readings: sensor.lost,
        lost_at: sensor.lost_ms.map(time::text),
        live: view.more.get::<Live>().and_then(|live| live.of(id)),
        update,
    }))
}

pub fn update(conn: &Connection, id: Id) -> rusqlite::Result<Option<UpdateView>> {
    let State::Update(update) = state(conn, id)? else { return Ok(None) };
    show(conn, id, update).map(Some)
}

/// The update of a sensor that has no end yet.
pub fn open_update(conn: &Connection, sensor: Id) -> rusqlite::Result<Option<UpdateView>> {
    let sql = "SELECT id FROM sensors_update WHERE sensor=?1 AND ended=0 ORDER BY at_ms DESC, id DESC LIMIT 1";
    let found = conn.prepare_cached(sql)?.query_row([sensor.as_bytes()], |row| row.get(0).map(Id::from_bytes));
    found.optional()?.map(|id| update(conn, id)).transpose().map(Option::flatten)
}

fn show(conn: &Connection, id: Id, update: Update) -> rusqlite::Result<UpdateView> {
    let Stamped { at_ms, by, what } = update.started;
    let (ended_at, ended) = update.ended.map(|ended| (time::text(ended.at_ms), ended.what)).unzip();
    Ok(UpdateView {
        id: id.0,
        sensor: what.sensor.0,
        from: what.from,
        version: what.version,
        slot: what.slot,
        started_at: time::text(at_ms),
        started_by: name_of(conn, by)?,
        state: ended.as_ref().map_or("under_way", |ended| ended.outcome.name()),
        detail: ended.and_then(|ended| ended.detail),
        ended_at,
    })
}

pub fn images(conn: &Connection) -> rusqlite::Result<Vec<ImageView>> {
    let ids = ids(conn, "SELECT id FROM sensors_image ORDER BY at_ms DESC, id DESC LIMIT ?1")?;
    ids.into_iter().filter_map(|id| image(conn, id).transpose()).collect()
}

pub fn image(conn: &Connection, id: Id) -> rusqlite::Result<Option<ImageView>> {
    let State::Image(Stamped { at_ms, by, what }) = state(conn, id)? else { return Ok(None) };
    Ok(Some(ImageView {
        id: id.0,
        sha256: hex(&*what.sha256),
        hardware: what.hardware,
        version: what.version,
        slot: what.slot.name(),
        length: what.length,
        registered_at: time::text(at_ms),
        registered_by: name_of(conn, by)?,
    }))
}
