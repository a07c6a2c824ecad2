//! What a chart of a probe shows beside its minutes: where there is no data and why, what its door and its defrost did,
//! and fewer points for a longer time. A gap is never thinned away.

use std::collections::HashMap;

use rusqlite::Connection;
use serde::Serialize;
use trivet_domain::haccp::Part;
use trivet_log::Id;
use utoipa::ToSchema;

use super::parts::{self, Change};
use super::view::{BETWEEN, PointView};
use crate::time;

const MINUTE_MS: i64 = 60_000;

/// A time without data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = HistoryGap)]
pub(super) struct GapView {
    pub from: String,
    pub to: String,
    pub reason: Option<String>,
}

/// A door that was open, a defrost or a compressor that ran.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = HistoryMark)]
pub(super) struct MarkView {
    /// `door`, `defrost` or `compressor`.
    pub part: String,
    pub from: String,
    /// Missing: it goes on.
    pub to: Option<String>,
}

/// The times without a value from `from_ms` until before `to_ms`; a change of reason begins another. The minute that
/// runs and the one before it, whose fact may be on its way, are no gap; what lies between two samples of a probe that
/// reports less often is one if they are further apart than `max_between`, or if it lies beside another gap.
pub(super) fn gaps(points: &[PointView], from_ms: i64, to_ms: i64, now_ms: i64, max_between: i64) -> Vec<GapView> {
    let first = from_ms.div_euclid(MINUTE_MS) + i64::from(from_ms.rem_euclid(MINUTE_MS) != 0);
    let end = (to_ms.min(now_ms - MINUTE_MS)).div_euclid(MINUTE_MS);
    let mut found: Vec<(i64, i64, Option<String>)> = Vec::new();
    let mut add = |from: i64, to: i64, reason: Option<String>| match found.last_mut() {
        Some(open) if open.1 >= from && open.2 == reason => open.1 = open.1.max(to),
        _ if to > from => found.push((from, to, reason)),
        _ => {}
    };
    let nothing = || Some("no record".to_owned());
    let mut expected = first;
    // What came late stands beside its minute: that minute is no gap, whichever of the two is met first.
    let mut known: HashMap<i64, &PointView> = HashMap::new();
    for point in points {
        let better = known.get(&point.minute).is_none_or(|before| before.last.is_none());
        if better {
            known.insert(point.minute, point);
        }
    }
    for minute in points.iter().map(|point| point.minute) {
        let Some(point) = known.remove(&minute) else { continue };
        if minute > expected {
            add(expected, minute, nothing());
        }
        if point.last.is_none() {
            add(minute, minute + 1, point.reason.clone());
        }
        expected = expected.max(minute + 1);
    }
    if end > expected {
        add(expected, end, nothing());
    }
    let touches = |place: usize, at: i64| found.get(place).is_some_and(|(from, to, _)| *from == at || *to == at);
    let is_gap = |(place, (from, to, reason)): (usize, &(i64, i64, Option<String>))| {
        let beside = touches(place.wrapping_sub(1), *from) || touches(place + 1, *to);
        reason.as_deref() != Some(BETWEEN) || to - from >= max_between || beside
    };
    let kept: Vec<bool> = found.iter().enumerate().map(is_gap).collect();
    let mut kept = kept.into_iter();
    found.retain(|_| kept.next().unwrap_or(true));
    let named = |reason: Option<String>| match reason.as_deref() {
        Some(BETWEEN) => Some("timeout".to_owned()),
        _ => reason,
    };
    let show = |(from, to, reason)| GapView {
        from: time::text(from * MINUTE_MS),
        to: time::text(to * MINUTE_MS),
        reason: named(reason),
    };
    found.into_iter().map(show).collect()
}

/// One point for each `step` minutes: the lowest, the highest and the last of those that hold a value, and the worst of
/// what is said of them.
pub(super) fn thinned(points: Vec<PointView>, step: i64) -> Vec<PointView> {
    if step <= 1 {
        return points;
    }
    let mut thin: Vec<(i64, i64, PointView)> = Vec::new();
    for point in points {
        let place = point.minute.div_euclid(step);
        match thin.last_mut() {
            Some((known, minutes, into)) if *known == place => {
                merge(into, &point, *minutes);
                *minutes += i64::from(point.last.is_some());
            }
            _ => {
                let minutes = i64::from(point.last.is_some());
                let minute = place * step;
                thin.push((place, minutes, PointView { minute, at: time::text(minute * MINUTE_MS), ..point }));
            }
        }
    }
    thin.into_iter().map(|(_, _, point)| point).collect()
}

fn merge(into: &mut PointView, point: &PointView, minutes: i64) {
    let either = |a: Option<i32>, b: Option<i32>, pick: fn(i32, i32) -> i32| match (a, b) {
        (Some(a), Some(b)) => Some(pick(a, b)),
        (a, b) => a.or(b),
    };
    into.mean = match (into.mean, point.mean) {
        (Some(a), Some(b)) => {
            let mean = (i64::from(a) * minutes + i64::from(b)) / (minutes + 1);
            Some(i32::try_from(mean).unwrap_or(a))
        }
        (a, b) => a.or(b),
    };
    into.min = either(into.min, point.min, i32::min);
    into.max = either(into.max, point.max, i32::max);
    into.n = into.n.saturating_add(point.n);
    into.late |= point.late;
    if point.last.is_some() {
        into.last = point.last;
        if into.quality == "no_data" {
            (into.quality, into.reason) = (point.quality.clone(), point.reason.clone());
        }
    }
    if point.quality == "uncertain" {
        (into.quality, into.reason) = (point.quality.clone(), point.reason.clone());
    }
}

/// When a part was open or ran, from the last that was heard of it before the span.
pub(super) fn marks(conn: &Connection, probe: Id, from_ms: i64, to_ms: i64) -> rusqlite::Result<Vec<MarkView>> {
    let mut marks = Vec::new();
    for part in Part::ALL {
        let changes = parts::changes(conn, probe, part, (from_ms, to_ms), parts::MOST_CHANGES)?;
        marks.extend(marks_of(part, &changes, from_ms));
    }
    Ok(marks)
}

fn marks_of(part: Part, changes: &[Change], from_ms: i64) -> Vec<MarkView> {
    let mut marks: Vec<MarkView> = Vec::new();
    let mut since: Option<i64> = None;
    let mark = |from_ms: i64, to_ms: Option<i64>| MarkView {
        part: part.name().to_owned(),
        from: time::text(from_ms),
        to: to_ms.map(time::text),
    };
    for (at_ms, on) in changes {
        match (since, on) {
            (None, Some(true)) => since = Some((*at_ms).max(from_ms)),
            (Some(began_ms), Some(false) | None) => {
                marks.push(mark(began_ms, Some(*at_ms)));
                since = None;
            }
            _ => {}
        }
    }
    marks.extend(since.map(|began_ms| mark(began_ms, None)));
    marks
}

#[cfg(test)]
mod tests {
    use super::super::view::TimeQualityView;
    use super::*;

    fn point(minute: i64, last: Option<i32>, reason: Option<&str>) -> PointView {
        PointView {
            minute,
            at: time::text(minute * MINUTE_MS),
            last,
            min: last.map(|last| last - 10),
            max: last.map(|last| last + 10),
            mean: last,
            n: 60,
            late: false,
            quality: if last.is_some() { "good" } else { "no_data" }.to_owned(),
            reason: reason.map(str::to_owned),
            time_quality: TimeQualityView::Rtc,
        }
    }

    fn minutes(points: &[PointView], from: i64, to: i64, now: i64) -> Vec<(i64, i64, String)> {
        let at = |text: &str| time::parse(text).unwrap() / MINUTE_MS;
        let gaps = gaps(points, from * MINUTE_MS, to * MINUTE_MS, now * MINUTE_MS, 15);
        gaps.into_iter().map(|gap| (at(&gap.from), at(&gap.to), gap.reason.unwrap_or_default())).collect()
    }

    #[test]
    fn what_is_not_there_is_a_gap_with_its_reason() {
        let gap = |from, to, reason: &str| (from, to, reason.to_owned());
        let points = [
            point(102, Some(3_000), None),
            point(103, None, Some("timeout")),
            point(104, None, Some("timeout")),
            point(105, None, Some("offline")),
            point(108, Some(3_000), None),
        ];
        let expected = [
            gap(100, 102, "no record"),
            gap(103, 105, "timeout"),
            gap(105, 106, "offline"),
            gap(106, 108, "no record"),
        ];
        // The minute that runs and the one before it may still come.
        assert_eq!(minutes(&points, 100, 120, 110), expected);
        let more = [&expected[..], &[gap(109, 114, "no record")]].concat();
        assert_eq!(minutes(&points, 100, 120, 115), more);
        assert_eq!(minutes(&[], 100, 120, 200), [gap(100, 120, "no record")]);
        // What came late fills its minute.
        let late = [point(100, None, Some("timeout")), PointView { late: true, ..point(100, Some(3_000), None) }];
        assert_eq!(minutes(&late, 100, 101, 200), []);
        // No sample was due; for longer than two samples may lie apart.
        let slow = |minutes: i64| -> Vec<PointView> {
            let between = (101..100 + minutes).map(|minute| point(minute, None, Some(BETWEEN)));
            [point(100, Some(3_000), None), point(100 + minutes, Some(3_000), None)]
                .into_iter()
                .chain(between)
                .collect()
        };
        let sorted = |mut points: Vec<PointView>| {
            points.sort_by_key(|point| point.minute);
            points
        };
        assert_eq!(minutes(&sorted(slow(15)), 100, 116, 200), []);
        assert_eq!(minutes(&sorted(slow(16)), 100, 117, 200), [gap(101, 116, "timeout")]);
        // It was not between two samples after all: the device went.
        let gone = [point(100, Some(3_000), None), point(101, None, Some(BETWEEN)), point(102, None, Some("offline"))];
        assert_eq!(minutes(&gone, 100, 103, 200), [gap(101, 102, "timeout"), gap(102, 103, "offline")]);
    }

    #[test]
    fn fewer_points_keep_the_lowest_the_highest_and_the_worst() {
        let uncertain = PointView { quality: "uncertain".to_owned(), ..point(16, Some(9_000), Some("frozen")) };
        let points = vec![
            point(14, Some(1_000), None),
            point(15, Some(3_000), None),
            uncertain,
            point(17, None, Some("timeout")),
            point(18, Some(6_000), None),
            point(30, None, Some("timeout")),
        ];
        let thin = thinned(points, 15);
        let shown: Vec<_> =
            thin.iter().map(|p| (time::parse(&p.at).unwrap() / MINUTE_MS, p.min, p.max, p.last)).collect();
        assert_eq!(
            shown,
            [
                (0, Some(990), Some(1_010), Some(1_000)),
                (15, Some(2_990), Some(9_010), Some(6_000)),
                (30, None, None, None)
            ]
        );
        let mid = thin.get(1).unwrap();
        assert_eq!((mid.mean, mid.quality.as_str(), mid.n), (Some(6_000), "uncertain", 240));
    }

    #[test]
    fn a_mark_begins_once_and_ends_when_it_is_closed_or_nobody_knows() {
        let (on, off, lost) = (Some(true), Some(false), None);
        let at = |text: &str| time::parse(text).unwrap();
        for (changes, expected) in [
            (vec![], vec![]),
            (vec![(100, on), (300, off), (400, on)], vec![(200, Some(300)), (400, None)]),
            (vec![(100, on), (250, on), (300, lost), (350, off)], vec![(200, Some(300))]),
            (vec![(100, off), (300, off)], vec![]),
        ] {
            let marks = marks_of(Part::Door, &changes, 200);
            let found: Vec<_> = marks.iter().map(|mark| (at(&mark.from), mark.to.as_deref().map(at))).collect();
            assert_eq!(found, expected, "{changes:?}");
        }
    }
}
