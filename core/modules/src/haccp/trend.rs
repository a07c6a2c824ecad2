//! The days of a unit, for the warning before it is warm (HAC-15).

use rusqlite::Connection;
use trivet_domain::MilliCelsius;
use trivet_domain::haccp::trend::{self, MOST_DAYS, UnitDay, Warning};
use trivet_domain::haccp::{HourReading, Part, Probe};
use trivet_domain::safety::{Effective, Plan};
use trivet_log::Id;

use super::counting::{MAX_BETWEEN, limits};
use super::minutes::{self, Figures};
use super::parts::{Change, changes, duty_of, is_wired};

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;
/// A day of which less is known has no mean.
const LEAST_MINUTES: i64 = 720;
/// A compressor that starts later than this after a defrost or a door does so of itself.
const ANSWERS_MS: i64 = 10 * MINUTE_MS;
/// Changes of a part in all days together; of more the newest.
const MOST_CHANGES: u32 = 70_000;

/// What a unit's days until yesterday (UTC) warn of, by the limits in force now.
pub fn warnings(
    conn: &Connection,
    id: Id,
    probe: &Probe,
    plan: Option<&Plan>,
    now_ms: i64,
) -> rusqlite::Result<Vec<Warning>> {
    Ok(trend::warnings(&days(conn, id, probe, now_ms)?, &limits(&Effective::of(plan, id, probe))))
}

/// The days before today, of [`MOST_DAYS`]; those of which nothing is known too. A day's mean is of all its minutes: a
/// defrost moves it by as much each day.
pub fn days(conn: &Connection, id: Id, probe: &Probe, now_ms: i64) -> rusqlite::Result<Vec<UnitDay>> {
    let today = now_ms.div_euclid(DAY_MS);
    let first = today - MOST_DAYS;
    let mut figures = minutes::days(conn, id, first..today)?;
    for (day, of) in figures.iter_mut().filter(|(_, of)| of.minutes < LEAST_MINUTES) {
        // One that reports less than once a minute knows of the others, too.
        let between = between(&minutes::minutes(conn, id, day * DAY_MS, (day + 1) * DAY_MS)?);
        if of.minutes + between < LEAST_MINUTES {
            of.minutes = 0;
        }
    }
    let of = |part| match is_wired(probe, part) {
        true => changes(conn, id, part, (first * DAY_MS, today * DAY_MS), MOST_CHANGES),
        false => Ok(Vec::new()),
    };
    let compressor = of(Part::Compressor)?;
    let mut ends = [closings(&of(Part::Door)?), closings(&of(Part::Defrost)?)].concat();
    ends.sort_unstable();
    let pull_downs = pull_downs(&ends, &compressor);
    let day = |day: i64| {
        let (from_ms, to_ms) = (day * DAY_MS, (day + 1) * DAY_MS);
        let start = compressor.partition_point(|(at_ms, _)| *at_ms < from_ms).saturating_sub(1);
        let end = compressor.partition_point(|(at_ms, _)| *at_ms < to_ms);
        let duty = duty_of(compressor.get(start..end).unwrap_or_default(), from_ms, to_ms);
        let known = figures.get(&day).filter(|figures| figures.minutes > 0);
        let of_day = pull_downs.iter().filter(|(at_ms, _)| (from_ms..to_ms).contains(at_ms));
        UnitDay {
            day,
            mean: known.and_then(Figures::mean).map(MilliCelsius),
            duty_percent: duty.map(|duty| duty.duty_percent),
            starts: duty.map(|duty| duty.starts),
            pull_down_minutes: of_day.map(|(_, minutes)| *minutes).max(),
        }
    };
    Ok((first..today).map(day).collect())
}

/// Minutes between two samples that lie no further apart than they may.
fn between(minutes: &[HourReading]) -> i64 {
    let (mut sum, mut last, mut looked) = (0, None::<i64>, None::<i64>);
    for minute in minutes.chunk_by(|one, next| one.minute == next.minute) {
        let Some(at) = minute.first().map(|at| at.minute) else { continue };
        let is_next = looked.replace(at) == Some(at - 1);
        last = last.filter(|_| is_next);
        if minute.iter().any(|at| at.reading.last.is_some()) {
            sum += last
                .map(|last| at - last)
                .filter(|apart| (1..=MAX_BETWEEN).contains(apart))
                .map_or(0, |apart| apart - 1);
            last = Some(at);
        } else if !minute.iter().all(|at| at.reading.is_between()) {
            last = None;
        }
    }
    sum
}

/// When a door was closed, or a defrost ended.
fn closings(changes: &[Change]) -> Vec<i64> {
    let pairs = changes.iter().zip(changes.iter().skip(1));
    let ended = pairs.filter(|((_, before), (_, now))| *before == Some(true) && *now == Some(false));
    ended.map(|(_, (at_ms, _))| *at_ms).collect()
}

/// Of each end of a door or a defrost whose compressor ran then or soon after: when it was, and how many minutes until
/// the compressor stopped. Where the door was open again meanwhile, the later end counts.
fn pull_downs(ends: &[i64], compressor: &[Change]) -> Vec<(i64, u32)> {
    let mut found = Vec::new();
    for (place, at_ms) in ends.iter().enumerate() {
        let next = compressor.partition_point(|(changed_ms, _)| changed_ms <= at_ms);
        let before = next.checked_sub(1).and_then(|place| compressor.get(place));
        let runs = before.is_some_and(|(_, on)| *on == Some(true));
        let mut later = compressor.iter().skip(next);
        let starts = |(on_ms, on): &Change| *on == Some(true) && on_ms - at_ms <= ANSWERS_MS;
        if !(runs || later.next().is_some_and(starts)) {
            continue;
        }
        let Some((stopped_ms, Some(false))) = later.find(|(_, on)| *on != Some(true)) else { continue };
        let again = ends.get(place + 1).is_some_and(|again| again < stopped_ms);
        if let Ok(minutes) = u32::try_from((stopped_ms - at_ms) / MINUTE_MS)
            && !again
        {
            found.push((*at_ms, minutes));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pull_down_lasts_from_the_door_to_the_compressor_s_stop() {
        let (on, off, lost) = (Some(true), Some(false), None);
        for (ends, compressor, expected) in [
            // It ran already; it started soon; it started of itself, much later.
            (vec![10], vec![(0, on), (25, off)], vec![(10, 15)]),
            (vec![10], vec![(0, off), (12, on), (40, off)], vec![(10, 30)]),
            (vec![10], vec![(0, off), (21, on), (40, off)], vec![]),
            // It has not stopped yet, or nobody knows whether it did.
            (vec![10], vec![(0, on)], vec![]),
            (vec![10], vec![(0, on), (20, lost), (30, off)], vec![]),
            // The box says again that it runs.
            (vec![10], vec![(0, on), (20, on), (30, off)], vec![(10, 20)]),
            // Open again: the later end.
            (vec![10, 20], vec![(0, on), (45, off)], vec![(20, 25)]),
            (vec![10], vec![], vec![]),
        ] {
            let ms = |minute: i64| minute * MINUTE_MS;
            let ends: Vec<i64> = ends.into_iter().map(ms).collect();
            let compressor: Vec<Change> = compressor.into_iter().map(|(minute, on)| (ms(minute), on)).collect();
            let expected: Vec<(i64, u32)> = expected.into_iter().map(|(minute, long)| (ms(minute), long)).collect();
            assert_eq!(pull_downs(&ends, &compressor), expected, "{ends:?} {compressor:?}");
        }
        assert_eq!(closings(&[(0, off), (1, on), (2, off), (3, lost), (4, off), (5, on), (6, lost)]), [2]);
    }
}
