//! Food safety as screens and answers see it: rows say which, the log says what.

mod calibrations;
mod checks;
mod cooling;
mod plan;
mod records;
mod reviews;
mod timers;

use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use trivet_domain::safety::{self, Calibrated, Check, Cooling, Entered, Record, Reviewed, State, Timer};
use trivet_log::Id;
use trivet_replica::store::log;

pub use calibrations::*;
pub use checks::*;
pub use cooling::*;
pub use plan::*;
pub use records::*;
pub use reviews::*;
pub use timers::*;

/// Of each list.
pub const MOST: usize = 200;

/// The word by which an enumeration goes in JSON.
pub(super) fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn state(conn: &Connection, id: Id) -> rusqlite::Result<State> {
    Ok(safety::fold(&log::facts_of(conn, id)?))
}

macro_rules! states {
    ($($name:ident, $variant:ident => $type:ty;)+) => {$(
        pub(super) fn $name(conn: &Connection, id: Id) -> rusqlite::Result<Option<$type>> {
            Ok(match state(conn, id)? {
                State::$variant(found) => Some(found),
                _ => None,
            })
        }
    )+};
}

states! {
    check_state, Check => Check;
    cooling_state, Cooling => Cooling;
    timer_state, Timer => Timer;
    calibration_state, Calibration => Entered<Calibrated>;
    record_state, Record => Record;
    review_state, Review => Entered<Reviewed>;
}

fn ids(conn: &Connection, sql: &str, span: (i64, i64)) -> rusqlite::Result<Vec<Id>> {
    let mut statement = conn.prepare_cached(sql)?;
    statement.query_map(params![span.0, span.1], |row| row.get(0).map(Id::from_bytes))?.collect()
}

const EVER: (i64, i64) = (i64::MIN, i64::MAX);

/// Which of the tables a subject is in.
pub(super) fn sort_of(conn: &Connection, id: Id) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT 'plan' FROM safety_plan WHERE id=?1 UNION ALL SELECT 'check' FROM safety_check WHERE id=?1
        UNION ALL SELECT 'cooling' FROM safety_cooling WHERE id=?1 UNION ALL SELECT 'timer' FROM safety_timer WHERE id=?1
        UNION ALL SELECT 'calibration' FROM safety_calibration WHERE id=?1
        UNION ALL SELECT 'record' FROM safety_record WHERE id=?1 LIMIT 1";
    conn.prepare_cached(sql)?.query_row([id.as_bytes()], |row| row.get(0)).optional()
}
