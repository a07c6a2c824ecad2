//! What a box has to note by itself: checks that nobody answered, food whose time is over, cooling runs that are decided,
//! and the records that these call for. Read from the store each time, with ids that follow from what they are about:
//! a restart forgets nothing, and two boxes that note the same note it once.

use rusqlite::{Connection, OptionalExtension};
use trivet_domain::MilliCelsius;
use trivet_domain::haccp::{Limits, Severity, Verdict};
use trivet_domain::safety::cooling::{Sample, judge};
use trivet_domain::safety::{
    self, CheckKind, CheckMissed, Clock, Command, Cooling, CoolingEnded, CoolingVerdict, CoolingWarned, Doubt, Expiry,
    RecordKind, RecordOpened, Step, Timer, TimerExpired, WARN_MS, record_about, severity,
};
use trivet_log::Id;
use trivet_replica::View;

use super::view;
use crate::haccp::Samples;
use crate::haccp::minutes::minutes;
use crate::plans;

/// A check that was due longer ago than this is not found missed any more: the box was off, and its reader sees that.
const LOOK_BACK_MS: i64 = 26 * 3_600_000;
/// Food whose time is over is out of the way within this.
const DISCARD_WITHIN_MS: i64 = 30 * 60_000;
/// Of each sort at once; the rest follows.
const AT_ONCE: usize = 50;

/// Commands with their ids.
pub type Work = Vec<(Id, Command)>;

/// The clocks now. The system says which start its running time counts from (Linux: `random/boot_id`, `uptime`).
pub fn clock(wall_ms: i64) -> Clock {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let boot = read("/proc/sys/kernel/random/boot_id").trim().parse().ok();
    let up = read("/proc/uptime").split_whitespace().next().and_then(|seconds| seconds.parse::<f64>().ok());
    match (boot, up) {
        (Some(boot), Some(up)) => Clock { wall_ms, boot: Some(boot), up_ms: (up * 1_000.0) as i64 },
        _ => Clock { wall_ms, boot: None, up_ms: 0 },
    }
}

/// Of the food under time control: to be asked each second.
pub fn timers(view: &View<'_>, clock: &Clock) -> rusqlite::Result<Work> {
    let mut work = Vec::new();
    for id in view::open_timers(view.conn)? {
        let Some(timer) = view::timer_state(view.conn, id)? else { continue };
        work.extend(of_timer(id, &timer, latest(view, &timer), clock));
    }
    Ok(work)
}

fn latest(view: &View<'_>, timer: &Timer) -> Option<MilliCelsius> {
    let samples = view.more.get::<Samples>()?;
    let latest = samples.of(timer.started.what.probe?)?;
    latest.sample.ok().filter(|_| view.now_ms - latest.at_ms <= crate::haccp::view::FRESH_MS)
}

fn of_timer(id: Id, timer: &Timer, latest: Option<MilliCelsius>, clock: &Clock) -> Option<(Id, Command)> {
    if timer.expired.is_some() || timer.ended.is_some() {
        return None;
    }
    let expire = |why, value| {
        Some((id.derive("expired", 0), Command::ExpireTimer { timer: id, expired: TimerExpired { why, value } }))
    };
    let too_warm = timer.started.what.never_beyond.zip(latest).filter(|(limit, value)| !limit.holds(*value));
    match (timer.started.what.left_ms(clock), too_warm) {
        (_, Some((_, value))) => expire(Expiry::TooWarm, Some(value)),
        (..=0, None) => expire(Expiry::TimeUp, None),
        (..=WARN_MS, None) if !timer.warned => Some((id.derive("warned", 0), Command::WarnTimer { timer: id })),
        _ => None,
    }
}

/// All the rest: every few seconds, and after something was written.
pub fn others(view: &View<'_>, location: Id) -> rusqlite::Result<Work> {
    let mut work = missed(view, location)?;
    for id in view::running_cooling(view.conn)? {
        let Some(cooling) = view::cooling_state(view.conn, id)? else { continue };
        let samples = samples_of(view.conn, &cooling, view.now_ms)?;
        work.extend(of_cooling(id, &cooling, &samples, view.now_ms));
    }
    work.extend(records(view, location)?);
    Ok(work)
}

fn missed(view: &View<'_>, location: Id) -> rusqlite::Result<Work> {
    let due = plans::due(view.conn, location, view.now_ms - LOOK_BACK_MS, view.now_ms)?;
    let mut work = Vec::new();
    for due in due {
        let over = view.now_ms > due.due_ms + i64::from(due.check.grace_minutes) * 60_000;
        if !over || view::is_noted(view.conn, due.slot)? {
            continue;
        }
        let missed = CheckMissed {
            check: due.check.id,
            name: due.check.name,
            kind: due.check.kind,
            due_ms: due.due_ms,
            plan_version: Some(due.version),
        };
        let grace_minutes = due.check.grace_minutes;
        work.push((due.slot.derive("missed", 0), Command::MissCheck { slot: due.slot, missed, grace_minutes }));
    }
    Ok(work)
}

/// A run's samples: the minutes of its probe, each with its highest value and the time of its end, and those by hand.
/// What a sensor had kept, and sent later, is as good as what came at once.
pub fn samples_of(conn: &Connection, cooling: &Cooling, now_ms: i64) -> rusqlite::Result<Vec<Sample>> {
    let began_ms = cooling.started.what.began_ms;
    let recorded = match cooling.started.what.probe {
        Some(probe) => minutes(conn, probe, began_ms, now_ms)?,
        None => Vec::new(),
    };
    // Where no sample was due there is none; whether too long a time lies between two is judged with them.
    let recorded: Vec<_> = recorded.into_iter().filter(|at| !at.reading.is_between()).collect();
    let samples = recorded.chunk_by(|one, next| one.minute == next.minute).filter_map(|minute| {
        // With doubt in it, it is no better than one without data.
        let doubted = minute.iter().any(|at| at.reading.doubt.is_some());
        let value = minute.iter().filter_map(|at| at.reading.highest()).max().filter(|_| !doubted);
        Some(Sample { at_ms: (minute.first()?.minute + 1) * 60_000, value, by_hand: false })
    });
    Ok(cooling.with_measured(samples.filter(|sample| sample.at_ms <= now_ms).collect()))
}

fn of_cooling(id: Id, cooling: &Cooling, samples: &[Sample], now_ms: i64) -> Option<(Id, Command)> {
    let course = cooling.course();
    let progress = judge(&course, samples, now_ms);
    if let Some(ended) = progress.verdict {
        let ended = CoolingEnded { verdict: ended.verdict, at_ms: ended.at_ms, stage: ended.stage, doubt: ended.doubt };
        return Some((id.derive("ended", 0), Command::EndCooling { run: id, ended }));
    }
    let (stage, percent, forecast_ms) = progress.warning(&course, samples, now_ms)?;
    let known = cooling.warned.iter().any(|warned| warned.stage == stage && warned.percent >= percent);
    let place = u64::from(stage) * 100 + u64::from(percent);
    let warned = CoolingWarned { stage, percent, forecast_ms };
    (!known).then(|| (id.derive("warned", place), Command::WarnCooling { run: id, warned }))
}

fn records(view: &View<'_>, location: Id) -> rusqlite::Result<Work> {
    let conn = view.conn;
    let missing = |sql: &str, of: &str| -> rusqlite::Result<Vec<Id>> {
        let without = format!("NOT EXISTS(SELECT 1 FROM safety_record r WHERE r.about=s.id{of}) AND ?1 IS NOT NULL");
        let mut statement = conn.prepare_cached(&format!("{sql} AND {without} LIMIT {AT_ONCE}"))?;
        let late = view.now_ms - DISCARD_WITHIN_MS;
        statement.query_map([late], |row| row.get(0).map(Id::from_bytes))?.collect()
    };
    let wanted = |sql: &str| missing(sql, "");
    // What was closed before the correction says nothing of what stands now.
    let corrected = |sql: &str| missing(sql, " AND coalesce(r.closed_ms>=s.corrected_ms, 1)");
    let checks = corrected("SELECT s.id FROM safety_check s WHERE (s.missed=1 OR s.passed=0)")?;
    let cooling = wanted("SELECT s.id FROM safety_cooling s WHERE s.verdict<>'passed'")?;
    let mut timers = wanted("SELECT s.id FROM safety_timer s WHERE s.too_warm=1")?;
    let expired = "SELECT s.id FROM safety_timer s WHERE s.ended_ms IS NULL AND s.expired_ms<?1 AND s.too_warm=0";
    timers.extend(wanted(expired)?);
    let manual = "SELECT s.id FROM haccp_manual s WHERE coalesce(s.corrected_ms, s.entered_ms)>?1-86400000 AND (s.value>s.max OR s.value<s.min)";
    let manual = corrected(manual)?;
    let calibrations = wanted("SELECT s.id FROM safety_calibration s WHERE s.found_good=0")?;
    // The plan is long: it is read where something asks for it.
    if [&checks, &cooling, &timers, &manual, &calibrations].into_iter().all(Vec::is_empty) {
        return Ok(Vec::new());
    }
    let mut work = Vec::new();
    let mut open = |about: Id, opened: RecordOpened| {
        let record = record_of(conn, about)?;
        work.push((record, Command::OpenRecord { record, opened }));
        Ok::<(), rusqlite::Error>(())
    };
    let (version, plan) =
        plans::in_force(conn, location, view.now_ms)?.map(|(approval, plan)| (approval.version, plan)).unzip();
    // Whose corrective actions are offered.
    let at_step = |step: Step| {
        let mut points = plan.iter().flat_map(|plan| &plan.control_points);
        points.find(|point| point.step == step).map(|point| point.id.clone())
    };
    let of_check = |id: &str| plan.as_ref().and_then(|plan| plan.check(id)?.control_point.clone());
    let record = |kind, severity, summary: String, about: Id| RecordOpened {
        kind,
        severity,
        due_ms: severity::due_ms(severity, view.now_ms),
        summary,
        about: Some(about),
        control_point: None,
        plan_version: version,
        probe: None,
    };
    for id in checks {
        let Some(check) = view::check_state(conn, id)? else { continue };
        let (what, plan_version, named) = match (check.stands(), &check.missed) {
            (Some(done), _) if !done.passed => {
                let severity = if measures_food(done.kind) { Severity::High } else { Severity::Warn };
                let summary = format!("{}: not passed{}", done.name, about_product(done.product.as_deref()));
                (record(RecordKind::CheckFailed, severity, summary, id), done.plan_version, &done.check)
            }
            (_, Some(missed)) => {
                let severity = if measures_food(missed.what.kind) { Severity::High } else { Severity::Warn };
                let summary = format!("{}: not done in time", missed.what.name);
                (record(RecordKind::CheckMissed, severity, summary, id), missed.what.plan_version, &missed.what.check)
            }
            _ => continue,
        };
        open(id, RecordOpened { plan_version: plan_version.or(version), control_point: of_check(named), ..what })?;
    }
    for id in cooling {
        let Some(cooling) = view::cooling_state(conn, id)? else { continue };
        let Some(ended) = &cooling.ended else { continue };
        let summary = match ended.what.verdict {
            CoolingVerdict::Indeterminate => {
                let why = ended.what.doubt.map(doubt).unwrap_or_default();
                format!("{}: cooling cannot be shown ({why})", cooling.started.what.product)
            }
            _ => format!("{}: cooled too slowly", cooling.started.what.product),
        };
        let opened = record(RecordKind::Cooling, Severity::High, summary, id);
        open(
            id,
            RecordOpened {
                plan_version: cooling.started.what.plan_version.or(version),
                control_point: at_step(Step::Cool),
                probe: cooling.started.what.probe,
                ..opened
            },
        )?;
    }
    for id in timers {
        let Some(timer) = view::timer_state(conn, id)? else { continue };
        let too_warm = timer.expired.as_ref().is_some_and(|expired| expired.what.why == Expiry::TooWarm);
        let why = if too_warm { "became too warm" } else { "not discarded after its time" };
        let opened = record(RecordKind::Timer, Severity::High, format!("{}: {why}", timer.started.what.product), id);
        open(
            id,
            RecordOpened {
                plan_version: timer.started.what.plan_version.or(version),
                control_point: at_step(Step::TimeControl),
                ..opened
            },
        )?;
    }
    for id in manual {
        let Some(read) = crate::haccp::view::manual(conn, id)? else { continue };
        let limits = Limits { min: read.min_milli_c.map(MilliCelsius), max: read.max_milli_c.map(MilliCelsius) };
        let Some(value) = read.value_milli_c.map(MilliCelsius) else { continue };
        let (Verdict::Above(severity) | Verdict::Below(severity)) = limits.judge(value) else { continue };
        let summary = format!("{}: {value} by hand", read.sensor_name);
        let opened = record(RecordKind::Breach, severity, summary, id);
        open(id, RecordOpened { probe: Some(Id(read.sensor_id)), ..opened })?;
    }
    for id in calibrations {
        let Some(calibration) = view::calibration_state(conn, id)? else { continue };
        let worst = calibration.what.points.iter().map(|point| point.found).max_by_key(|found| found.unsigned_abs());
        let off = MilliCelsius(worst.unwrap_or(0));
        let summary = format!("a probe was {off} off: what it read since its last calibration is in doubt");
        let opened = record(RecordKind::Calibration, Severity::High, summary, id);
        open(id, RecordOpened { probe: Some(calibration.what.probe), ..opened })?;
    }
    Ok(work)
}

/// The first record about something, or another one about how it was corrected since.
fn record_of(conn: &Connection, about: Id) -> rusqlite::Result<Id> {
    let sql = "SELECT coalesce(
          (SELECT corrected_ms FROM safety_check WHERE id=?1), (SELECT corrected_ms FROM haccp_manual WHERE id=?1))
        FROM safety_record WHERE about=?1 LIMIT 1";
    let anew =
        conn.prepare_cached(sql)?.query_row([about.as_bytes()], |row| row.get::<_, Option<i64>>(0)).optional()?;
    let anew = anew.flatten().and_then(|ms| u64::try_from(ms).ok());
    Ok(anew.map_or_else(|| record_about(about), |ms| about.derive("safety record", ms)))
}

fn measures_food(kind: CheckKind) -> bool {
    !matches!(kind, CheckKind::Cleaning | CheckKind::Other)
}

fn about_product(product: Option<&str>) -> String {
    product.map(|product| format!(" ({product})")).unwrap_or_default()
}

fn doubt(doubt: Doubt) -> &'static str {
    match doubt {
        Doubt::Gap => "a gap in the readings",
        Doubt::Jump => "the probe was moved",
        Doubt::BadSamples => "too many readings without data",
        Doubt::ClockStep => "the clock was set back",
        Doubt::NoSamples => "nobody measured",
    }
}

/// The correction that a probe's raw readings take now.
pub fn correction(conn: &Connection, probe: Id) -> rusqlite::Result<safety::Correction> {
    let latest = view::calibrations_of(conn, Some(probe), 1)?.into_iter().next();
    Ok(latest.map(|(_, calibration)| calibration.what.correction()).unwrap_or_default())
}
