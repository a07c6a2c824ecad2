//! Food safety's subjects become rows to find them by; what they hold is folded from the log when somebody looks.

use rusqlite::params;
use trivet_domain::History;
use trivet_domain::safety::{self, CoolingVerdict, Expiry, Punctual, State};
use trivet_log::Id;
use trivet_replica::module::Projecting;

pub(super) fn project(projecting: &Projecting<'_>, id: Id, history: &History) -> rusqlite::Result<()> {
    let conn = projecting.conn;
    match safety::fold(history) {
        State::Nothing => Ok(()),
        State::Plans(_) => {
            conn.prepare_cached("INSERT OR REPLACE INTO safety_plan VALUES(?1)")?.execute([id.as_bytes()])?;
            Ok(())
        }
        State::Check(check) => {
            let done = check.done.as_ref();
            let missed = check.missed.as_ref();
            let due = done.and_then(|done| done.what.due_ms).or(missed.map(|missed| missed.what.due_ms));
            let at_ms = done.map(|done| done.at_ms).or(missed.map(|missed| missed.at_ms));
            let sql = "INSERT OR REPLACE INTO safety_check VALUES(?1, ?2, ?3, ?4, ?5, ?6)";
            conn.prepare_cached(sql)?.execute(params![
                id.as_bytes(),
                due,
                at_ms.unwrap_or_default(),
                check.was_missed() || check.punctual() == Punctual::Missed,
                check.stands().is_none_or(|done| done.passed),
                check.corrections.last().map(|last| last.at_ms),
            ])?;
            Ok(())
        }
        State::Cooling(cooling) => {
            let verdict = cooling.ended.as_ref().map(|ended| verdict(ended.what.verdict));
            let sql = "INSERT OR REPLACE INTO safety_cooling VALUES(?1, ?2, ?3, ?4)";
            conn.prepare_cached(sql)?.execute(params![
                id.as_bytes(),
                cooling.started.at_ms,
                verdict,
                cooling.settled.is_some(),
            ])?;
            Ok(())
        }
        State::Timer(timer) => {
            let too_warm = timer.expired.as_ref().is_some_and(|expired| expired.what.why == Expiry::TooWarm);
            // A box that was off learns late of what was over long before.
            let over = |expired: &safety::Entered<safety::TimerExpired>| match expired.what.why {
                Expiry::TimeUp => expired.at_ms.min(timer.started.what.deadline_ms()),
                Expiry::TooWarm => expired.at_ms,
            };
            let sql = "INSERT OR REPLACE INTO safety_timer VALUES(?1, ?2, ?3, ?4, ?5)";
            conn.prepare_cached(sql)?.execute(params![
                id.as_bytes(),
                timer.started.at_ms,
                timer.expired.as_ref().map(over),
                too_warm,
                timer.ended.as_ref().map(|ended| ended.at_ms),
            ])?;
            Ok(())
        }
        State::Calibration(calibration) => {
            let sql = "INSERT OR REPLACE INTO safety_calibration VALUES(?1, ?2, ?3, ?4, ?5, ?6)";
            conn.prepare_cached(sql)?.execute(params![
                id.as_bytes(),
                calibration.what.probe.as_bytes(),
                calibration.at_ms,
                calibration.what.due_ms,
                calibration.what.found_good(),
                calibration.what.left_good(),
            ])?;
            Ok(())
        }
        State::Record(record) => {
            let sql = "INSERT OR REPLACE INTO safety_record VALUES(?1, ?2, ?3, ?4, ?5)";
            conn.prepare_cached(sql)?.execute(params![
                id.as_bytes(),
                record.opened.what.about.as_ref().map(Id::as_bytes),
                record.opened.at_ms,
                record.opened.what.due_ms,
                record.closed.map(|(at_ms, _)| at_ms),
            ])?;
            Ok(())
        }
        State::Review(review) => {
            let sql = "INSERT OR REPLACE INTO safety_review VALUES(?1, ?2)";
            conn.prepare_cached(sql)?.execute(params![id.as_bytes(), review.at_ms])?;
            Ok(())
        }
    }
}

fn verdict(verdict: CoolingVerdict) -> &'static str {
    match verdict {
        CoolingVerdict::Passed => "passed",
        CoolingVerdict::Failed => "failed",
        CoolingVerdict::Indeterminate => "indeterminate",
    }
}
