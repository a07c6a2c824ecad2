//! Minutes become facts: all probes' as one when the minute ends, and what came too late beside it.

use std::collections::BTreeMap;

use tokio::time::Instant;
use trivet_domain::haccp::{
    At, BreachClosed, Command, Kept, MAX_KEPT, Mark, Minute, NoData, Notice, ProbeMinute, Readings, Rules, Watch,
};
use trivet_drivers::probe::Source;
use trivet_log::Id;

use super::notes::closed;
use super::{LATE_AT_ONCE, LATE_WAITS, MAX_LATE, MINUTE_MS, Open, Place, Seen, Watching};

/// What a device had kept: watched apart, so that it does not mix with what is now.
#[derive(Default)]
pub(super) struct Late {
    watch: Watch,
    pub(super) open: Option<Open>,
    minutes: BTreeMap<i64, (Minute, Vec<Kept>)>,
    came: Option<Instant>,
}

impl Watching {
    /// What came over numbered lines up to the end of this minute is in the record.
    fn are_safe(&self, marks: Vec<Mark>) {
        for Mark { line, boot, seq } in marks {
            self.lines.is_safe(&line, Source { boot, seq });
        }
    }

    fn marks_of(&mut self, minute: i64) -> Vec<Mark> {
        let of = self.numbered.remove(&minute).unwrap_or_default().into_iter();
        of.map(|(line, source)| Mark { line: line.to_string(), boot: source.boot, seq: source.seq }).collect()
    }

    /// When the wall clock shows another minute: the readings of the one that ended, as one fact.
    pub(super) async fn turn_minute(&mut self) {
        let now = self.app.wall.now_ms().div_euclid(MINUTE_MS);
        if now == self.minute {
            return;
        }
        if self.places.is_empty() {
            self.minute = now;
            self.numbered.clear();
            return;
        }
        // What is late has the lower numbers: it is written first.
        self.write_late(true).await;
        let minute = std::mem::replace(&mut self.minute, now);
        let marks = self.marks_of(minute);
        let places: Vec<Id> = self.places.keys().copied().collect();
        let kept = std::mem::take(&mut self.kept).into_iter();
        let kept = kept.filter_map(|(id, kept)| {
            let place = places.iter().position(|known| *known == id)?;
            Some(Kept { place: u8::try_from(place).ok()?, ..kept })
        });
        let kept = kept.collect();
        let reading = |(id, place): (&Id, &mut Place)| ProbeMinute {
            probe: *id,
            calibration: place.calibration.id,
            reading: place.minute.close(NoData::Timeout),
        };
        let probes = self.places.iter_mut().map(reading).collect();
        let plan = self.places.values().find_map(|place| place.rules.plan);
        let readings = Readings { minute, probes, plan, late: false, kept, marks: marks.clone() };
        if self.submit(Command::RecordMinute(readings)).await {
            self.are_safe(marks);
        }
    }

    /// What came too late: a fact a minute, for those of whose minute nothing more is to be expected.
    pub(super) async fn write_late(&mut self, all: bool) {
        let mut minutes: BTreeMap<i64, Readings> = BTreeMap::new();
        let mut ended = Vec::new();
        for (id, place) in &mut self.places {
            let Some(came) = place.late.came else { continue };
            let over = came.elapsed() >= LATE_WAITS;
            let last = place.late.minutes.keys().next_back().copied();
            while let Some(entry) = place.late.minutes.first_entry() {
                if !over && !all && Some(*entry.key()) == last {
                    break;
                }
                let (minute, (mut of, kept)) = entry.remove_entry();
                let readings = minutes.entry(minute).or_insert_with(|| Readings {
                    minute,
                    late: true,
                    plan: place.rules.plan,
                    ..Readings::default()
                });
                let at = u8::try_from(readings.probes.len()).unwrap_or(u8::MAX);
                readings.kept.extend(kept.into_iter().map(|kept| Kept { place: at, ..kept }));
                let (calibration, reading) = (place.calibration.id, of.close(NoData::Timeout));
                readings.probes.push(ProbeMinute { probe: *id, calibration, reading });
            }
            if over {
                place.late.came = None;
                ended.extend(place.late.finish());
            }
        }
        // A number is safe with all those before it: not yet while a reading of this minute, or of an earlier one, waits.
        let waiting = self.places.values().filter_map(|place| place.late.minutes.keys().next().copied()).min();
        let mut marks = Vec::new();
        for (minute, readings) in &mut minutes {
            if waiting.is_none_or(|waiting| *minute < waiting) {
                readings.marks = self.marks_of(*minute);
                marks.extend(readings.marks.clone());
            }
        }
        let mut commands = minutes.into_values().map(Command::RecordMinute).peekable();
        let mut safe = true;
        while commands.peek().is_some() {
            let some: Vec<Command> = commands.by_ref().take(LATE_AT_ONCE).collect();
            let done = futures_util::future::join_all(some.into_iter().map(|command| self.submit(command))).await;
            safe &= done.into_iter().all(|done| done);
        }
        if safe {
            self.are_safe(marks);
        }
        for (breach, closed) in ended {
            self.submit(Command::CloseBreach { breach, closed }).await;
        }
    }
}

impl Late {
    pub(super) fn is_full(&self) -> bool {
        self.minutes.len() > MAX_LATE
    }

    pub(super) fn add(&mut self, minute: i64, seen: &Seen<'_>) {
        self.came = Some(Instant::now());
        let (of, bytes) = self.minutes.entry(minute).or_default();
        if of.add(seen.value, seen.doubt) && bytes.len() < MAX_KEPT {
            bytes.push(kept(seen));
        }
    }

    /// Nothing more of it is to be expected: its excursion, as it ended.
    pub(super) fn finish(&mut self) -> Option<(Id, BreachClosed)> {
        let (excursion, open) = self.watch.finish().zip(self.open.take())?;
        Some((open.breach, closed(&excursion, open.peak_raw, None)))
    }

    pub(super) fn look(&mut self, seen: Seen<'_>, rules: &Rules) -> Vec<Notice> {
        self.came = Some(Instant::now());
        // What was kept is counted by the device's own time.
        let at = At { running_ms: seen.at.wall_ms, ..seen.at };
        let notices = self.watch.look(at, seen.value, seen.doubt, rules);
        if let (Some(open), Some(excursion)) = (&mut self.open, self.watch.excursion())
            && excursion.peak_at_ms == seen.at.wall_ms
        {
            open.peak_raw = seen.raw.to_vec();
        }
        notices
    }
}

pub(super) fn kept(seen: &Seen<'_>) -> Kept {
    Kept {
        place: 0,
        at: u16::try_from(seen.at.wall_ms.rem_euclid(MINUTE_MS)).unwrap_or(0),
        no_data: seen.value.err(),
        doubt: seen.doubt,
        raw: seen.raw.to_vec(),
    }
}
