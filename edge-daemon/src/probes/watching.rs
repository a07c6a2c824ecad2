//! From samples to facts: each sample is watched against its probe's limits at once; each minute of all probes is one
//! fact, and what came too late for its minute is another beside it.

mod known;
mod leaving;
mod minutes;
mod notes;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use trivet_domain::haccp::{
    self, AlarmKind, At, Command, Doubt, Kept, MAX_KEPT, MAX_PROBES, Minute, NoData, Notice, Part, PartChanged, Rules,
    Severity, Watch,
};
use trivet_domain::safety::{self, ControlKind, Correction, Effective};
use trivet_domain::{Command as AnyCommand, MilliCelsius, alerts};
use trivet_drivers::probe::{self, InputState, Source};
use trivet_log::Id;
use trivet_modules::haccp::{Latest, Samples, view};
use trivet_modules::plans;
use trivet_replica::{Actor, App, Draft, sealing};

use super::Said;
use super::lines::Lines;
use super::reasons::{doubt, reason};
use known::Known;
use minutes::{Late, kept};

const TICK: Duration = Duration::from_millis(250);
const MINUTE_MS: i64 = 60_000;
/// A sample's own time is believed up to this far ahead of the box's clock.
const AHEAD_MS: i64 = 2_000;
/// One that is so little behind counts as now: its way took that long.
const NEAR_MS: i64 = 5_000;
/// A device whose clock is behind by up to this says what is now, though its minutes are late ones.
const PRESENT_MS: i64 = 120_000;
/// A late minute is written when nothing more of it came for this long, or when a later one has begun.
const LATE_WAITS: Duration = Duration::from_secs(5);
/// So many late minutes of a probe are gathered at once; then they are written.
const MAX_LATE: usize = 256;
/// So many facts of late minutes are handed to the writer before the next sample is looked at.
const LATE_AT_ONCE: usize = 64;
/// How often a probe gives a value is learnt; until then it is believed to be this often, so that a new one that falls
/// silent is soon found out.
const FIRST_INTERVAL_MS: i64 = 60_000;
/// Sensors on Zigbee and LoRa report what changes, and without a change at least once an hour. One report may get lost.
const MAX_INTERVAL_MS: i64 = 2 * 60 * 60_000;
/// It is learnt from so many of the latest times between two values.
const GAPS: usize = 16;
/// A battery that was low is good again at this; when it is low, and how bad, is the alert's to say.
const GOOD_BATTERY_PERCENT: u8 = 25;
/// What is taken from the queue at once.
const AT_ONCE: usize = 256;
/// What makes the probes be read anew. The rest is a matter of time, and looked at each so many ticks: a plan comes into
/// force, a sensor is plugged in.
const LEARNS_OF: &[&[u16]] = &[&[haccp::DOCUMENT, safety::DOCUMENT], safety::Event::KINDS];
const LEARN_EVERY: u64 = 40;

/// A probe, and the part of its unit if the input is one's.
type Wired = (Id, Option<Part>);

struct Watching {
    app: App,
    actor: Actor,
    /// What this box is wired to; other probes of the location are other boxes'.
    lines: Lines,
    /// What an input belongs to: a probe, or a part of a probe's unit.
    wired: HashMap<String, Arc<[Wired]>>,
    places: BTreeMap<Id, Place>,
    /// There are more probes than a box has places, and it was said.
    crowded: bool,
    minute: i64,
    kept: Vec<(Id, Kept)>,
    /// By minute: the last number that came over each line that has numbers.
    numbered: BTreeMap<i64, HashMap<Arc<str>, Source>>,
    /// The last number that was taken of each such line: a line that is begun anew repeats what is not safe yet.
    taken: HashMap<Arc<str>, Source>,
    /// Units that are not watched any more and at which something goes on that another box began: since when.
    left_elsewhere: HashMap<Id, Instant>,
    started: Instant,
}

/// A place where it is measured, and the probe that it has now.
#[derive(Default)]
struct Place {
    name: String,
    input: String,
    /// What is kept there: categories and items of the menu.
    stores: Vec<String>,
    rules: Rules,
    /// The control point of the plan that it belongs to.
    control_point: Option<String>,
    critical: bool,
    calibration: Calibration,
    watch: Watch,
    alarms: Alarms,
    /// How bad its battery was called.
    battery: Option<alerts::Severity>,
    minute: Minute,
    late: Late,
    open: Option<Open>,
    outage: Option<Id>,
    parts: HashMap<Part, Option<bool>>,
    /// When it last gave a value, the latest times between two, and about how often it gives one.
    heard_ms: Option<i64>,
    gaps: VecDeque<i64>,
    interval_ms: i64,
    /// When it last said anything, if only that it has no value.
    said_ms: i64,
    /// Of when the newest value is.
    newest_ms: i64,
    /// Its card is to be shown anew.
    news: bool,
    /// Why it had no value, when it was last shown.
    no_value: Option<NoData>,
}

/// The last comparison of a probe with a reference.
#[derive(Default)]
struct Calibration {
    id: Option<Id>,
    correction: Correction,
    due_ms: Option<i64>,
}

/// What alarms, and what was told of it.
#[derive(Default)]
struct Alarms {
    active: BTreeSet<AlarmKind>,
    /// By the name of its words: how bad it was called.
    told: HashMap<&'static str, Severity>,
}

/// An excursion that goes on: its breach, and the bytes of its peak.
struct Open {
    breach: Id,
    peak_raw: Vec<u8>,
}

/// A sample as the rules see it.
#[derive(Clone, Copy)]
struct Seen<'a> {
    value: Result<MilliCelsius, NoData>,
    doubt: Option<Doubt>,
    at: At,
    raw: &'a [u8],
}

pub(super) async fn watch(app: App, lines: Lines, mut said: mpsc::Receiver<Said>) {
    let mut changed = app.store.grown_of(LEARNS_OF);
    let mut watching = Watching {
        actor: Actor::the_box(Id::from_bytes(app.identity.origin().0)),
        minute: app.wall.now_ms().div_euclid(MINUTE_MS),
        app,
        lines,
        wired: HashMap::new(),
        places: BTreeMap::new(),
        crowded: false,
        kept: Vec::new(),
        numbered: BTreeMap::new(),
        taken: HashMap::new(),
        left_elsewhere: HashMap::new(),
        started: Instant::now(),
    };
    watching.learn().await;
    let mut tick = tokio::time::interval(TICK);
    let mut ticks: u64 = 0;
    let mut waiting = Vec::with_capacity(AT_ONCE);
    loop {
        tokio::select! {
            taken = said.recv_many(&mut waiting, AT_ONCE) => {
                if taken == 0 {
                    std::future::pending::<()>().await;
                }
                for said in waiting.drain(..) {
                    match said {
                        Said::Sample { line, sample } => watching.sample(line.as_ref(), &sample).await,
                        Said::Input { input, state } => watching.part(&input, state).await,
                    }
                }
            }
            _ = tick.tick() => {
                ticks += 1;
                watching.turn_minute().await;
                if ticks.is_multiple_of(4) {
                    if changed.has_changed().unwrap_or(false) || ticks.is_multiple_of(LEARN_EVERY) {
                        changed.mark_unchanged();
                        watching.learn().await;
                    }
                    watching.miss_the_silent().await;
                    watching.look_at_the_time().await;
                    watching.write_late(false).await;
                    watching.tell().await;
                }
            }
        }
    }
}

impl Watching {
    /// Reads the probes' documents; of a probe that it did not know also what was open when the box stopped, and of
    /// units that are not in use any more what still is.
    async fn learn(&mut self) {
        let (location, here) = (self.app.identity.certificate.location, self.app.identity.origin());
        let watched: BTreeSet<Id> = self.places.keys().copied().collect();
        let read = self.app.read(move |view| {
            let plan = plans::in_force(view.conn, location, view.now_ms)?;
            let plan = plan.map(|(approval, plan)| (approval.version, plan));
            Ok((plan, known::known(view.conn, &watched)?, leaving::left(view.conn, here, view.now_ms)?))
        });
        let (plan, read, left) = match read.await {
            Ok(read) => read,
            Err(problem) => return tracing::error!(detail = problem.detail, "reading the probes"),
        };
        let now = self.app.wall.now_ms();
        let mut wired: HashMap<String, Vec<Wired>> = HashMap::new();
        let mut gone: BTreeSet<Id> = self.places.keys().copied().collect();
        let version = plan.as_ref().map(|(version, _)| *version);
        let mut crowded = false;
        let (mut changed_batteries, mut parts_gone) = (Vec::new(), Vec::new());
        for Known { id, probe, calibration, before } in read {
            if !self.places.contains_key(&id) && self.places.len() >= MAX_PROBES {
                crowded = true;
                continue;
            }
            if !self.lines.start_input(&probe.input) {
                continue;
            }
            gone.remove(&id);
            wired.entry(probe.input.clone()).or_default().push((id, None));
            for part in Part::ALL {
                if let Some(input) = probe.part(part).filter(|input| self.lines.start_input(input)) {
                    wired.entry(input.to_owned()).or_default().push((id, Some(part)));
                }
            }
            let place = self.places.entry(id).or_insert_with(|| Place::resume(before.unwrap_or_default(), now));
            let effective = Effective::of(plan.as_ref().map(|(_, plan)| plan), id, &probe);
            place.rules = effective.watched_by(&probe, version);
            place.critical = effective.kind == Some(ControlKind::Ccp);
            place.control_point = effective.control_point;
            place.calibration = calibration;
            if place.rewire(&probe.input, now) {
                changed_batteries.push(id);
            }
            let gone =
                Part::ALL.into_iter().filter(|part| probe.part(*part).is_none() && place.parts.contains_key(part));
            parts_gone.extend(gone.map(|part| (id, part)));
            (place.name, place.input, place.stores) = (probe.name, probe.input, probe.stores);
            if let Some(hold) = effective.hold {
                place.stores.extend(hold.categories);
                place.stores.extend(hold.items.iter().map(Id::to_string));
            }
        }
        self.wired = wired.into_iter().map(|(input, wired)| (input, wired.into())).collect();
        for id in changed_batteries {
            self.end_battery(id).await;
        }
        for (id, part) in parts_gone {
            self.part_of(id, part, None, Some(NoData::Disconnected)).await;
            self.places.get_mut(&id).and_then(|place| place.parts.remove(&part));
        }
        self.part_with(left, gone).await;
        if crowded && !std::mem::replace(&mut self.crowded, crowded) {
            tracing::error!("a box has at most {MAX_PROBES} probes: further ones are not watched");
        }
    }

    fn at(&self, wall_ms: i64) -> At {
        let running_ms = i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX);
        At { wall_ms, running_ms }
    }

    async fn sample(&mut self, line: Option<&Arc<str>>, sample: &probe::Sample) {
        self.turn_minute().await;
        let numbered = line.zip(sample.source);
        if let Some((line, source)) = numbered {
            let last = self.taken.insert(line.clone(), source);
            if let Some(last) = last.filter(|last| last.boot == source.boot && last.seq >= source.seq) {
                self.taken.insert(line.clone(), last);
                return;
            }
        }
        let wired = self.wired.get(&sample.input).cloned();
        let (mut minute, mut is_full) = (None, false);
        for (id, part) in wired.iter().flat_map(|wired| wired.iter()) {
            if part.is_none() {
                minute = minute.or(self.look(*id, sample, true).await);
                is_full |= self.places.get(id).is_some_and(|place| place.late.is_full());
            }
        }
        // Numbers rise: what came before this one is in this minute, in an earlier one, or nobody's.
        if let Some((line, source)) = numbered {
            let minute = minute.unwrap_or(self.minute);
            self.numbered.entry(minute).or_default().insert(line.clone(), source);
        }
        if is_full {
            self.write_late(true).await;
        }
    }

    /// Gives the minute that the sample belongs to. `said`: it came over a line, and is not the want of one.
    async fn look(&mut self, id: Id, sample: &probe::Sample, said: bool) -> Option<i64> {
        let now = self.app.wall.now_ms();
        // A device's own time counts where it has one that can be: a clock ahead is none.
        let own = sample.taken_ms.filter(|taken| *taken <= now + AHEAD_MS && now - *taken > NEAR_MS);
        let taken = own.unwrap_or(now);
        let at = self.at(taken);
        let minute = taken.div_euclid(MINUTE_MS);
        let place = self.places.get_mut(&id)?;
        let value = sample.value.map(|raw| place.calibration.correction.apply(MilliCelsius(raw))).map_err(reason);
        let overdue = place.calibration.due_ms.is_some_and(|due_ms| taken > due_ms);
        let doubt = sample.doubt.and_then(doubt).or(overdue.then_some(Doubt::CalibrationOverdue));
        let seen = Seen { value, doubt, at, raw: sample.raw.as_slice() };
        let is_late = minute < self.minute;
        if is_late {
            place.late.add(minute, &seen);
        } else if place.minute.add(seen.value, seen.doubt) && self.kept.len() < MAX_KEPT {
            self.kept.push((id, kept(&seen)));
        }
        let is_present = now - taken <= PRESENT_MS;
        if said && is_present {
            place.said_ms = now;
        }
        let is_overtaken = doubt == Some(Doubt::OutOfOrder) || own.is_some_and(|own| own < place.newest_ms.min(now));
        if !is_present || is_overtaken {
            // Of what goes on now the newer samples have told.
            if !is_present || place.open.is_none() {
                for notice in place.late.look(seen, &place.rules) {
                    self.note(id, notice, &seen, Some(now - taken)).await;
                }
            }
            return Some(minute);
        }
        if value.is_ok() {
            // The box's own word that nothing came has the box's time: a device whose clock is behind would lose to it.
            place.newest_ms = taken;
            place.hear(now);
        }
        let latest = Latest {
            sample: value,
            doubt: seen.doubt,
            at_ms: taken,
            fresh_ms: place.fresh_ms(),
            battery_percent: sample.battery_percent,
        };
        // What is said again for want of a value is no news.
        place.news |= said || place.no_value != value.err();
        place.no_value = value.err();
        if let Some(samples) = self.app.more.get::<Samples>() {
            samples.put(id, latest);
        }
        let notices = place.watch.look(seen.at, seen.value, seen.doubt, &place.rules);
        if let (Some(open), Some(excursion)) = (&mut place.open, place.watch.excursion())
            && excursion.peak_at_ms == seen.at.wall_ms
        {
            open.peak_raw = seen.raw.to_vec();
        }
        let battery = sample.battery_percent.filter(|percent| {
            let severity = battery(place.battery, *percent);
            std::mem::replace(&mut place.battery, severity) != severity
        });
        for notice in notices {
            self.note(id, notice, &seen, None).await;
        }
        if let Some(percent) = battery {
            self.tell_of_battery(id, percent).await;
        }
        Some(minute)
    }

    /// A probe that sends nothing at all is missing all the same.
    async fn miss_the_silent(&mut self) {
        let now = self.app.wall.now_ms();
        let silent = |(id, place): (&Id, &Place)| {
            (now.saturating_sub(place.said_ms) > place.fresh_ms()).then(|| (*id, place.input.clone()))
        };
        let missing: Vec<(Id, String)> = self.places.iter().filter_map(silent).collect();
        for (id, input) in missing {
            self.look(id, &probe::Sample::new(input, Err(probe::NoData::Timeout)), false).await;
        }
    }

    /// A door, a defrost, a compressor.
    async fn part(&mut self, input: &str, state: InputState) {
        let (on, no_data) = match state {
            InputState::Open | InputState::On => (Some(true), None),
            InputState::Closed | InputState::Off => (Some(false), None),
            InputState::Unknown(why) => (None, Some(reason(why))),
        };
        let wired = self.wired.get(input).cloned();
        let wired = wired.iter().flat_map(|wired| wired.iter());
        for (probe, part) in wired.filter_map(|(probe, part)| Some((*probe, (*part)?))) {
            self.part_of(probe, part, on, no_data).await;
        }
    }

    async fn part_of(&mut self, probe: Id, part: Part, on: Option<bool>, no_data: Option<NoData>) {
        let at = self.at(self.app.wall.now_ms());
        let Some(place) = self.places.get_mut(&probe) else { return };
        if place.parts.insert(part, on) == Some(on) {
            return;
        }
        place.watch.part(at, part, on);
        place.news = true;
        self.submit(Command::ChangePart(PartChanged { probe, part, on, no_data, at_ms: at.wall_ms })).await;
    }

    async fn look_at_the_time(&mut self) {
        let at = self.at(self.app.wall.now_ms());
        let tick = |(id, place): (&Id, &mut Place)| place.watch.tick(at, &place.rules).map(|notice| (*id, notice));
        let notices: Vec<(Id, Notice)> = self.places.iter_mut().filter_map(tick).collect();
        for (id, notice) in notices {
            let seen = Seen { value: Err(NoData::Timeout), doubt: None, at, raw: &[] };
            self.note(id, notice, &seen, None).await;
        }
    }

    async fn submit(&self, command: Command) -> bool {
        self.send(AnyCommand::Haccp(command)).await
    }

    /// True if it is in the record.
    async fn send(&self, command: AnyCommand) -> bool {
        let id = sealing::new_id(self.app.wall.now_ms());
        let done = self.app.submit(self.actor, id, command).await;
        if let Err(error) = &done {
            tracing::error!(%error, "a temperature fact was not recorded");
        }
        done.is_ok()
    }

    /// Shows the cards of probes that sent something, once a second at most.
    async fn tell(&mut self) {
        let news = |(id, place): (&Id, &mut Place)| std::mem::take(&mut place.news).then_some(*id);
        let ids: Vec<Id> = self.places.iter_mut().filter_map(news).collect();
        if ids.is_empty() {
            return;
        }
        for probe in self.app.read(move |view| view::shown(view, ids)).await.unwrap_or_default() {
            self.app.hub.tell(&Draft::new("admin", "haccp:probe:updated", &probe));
        }
    }
}

impl Place {
    /// It gave a value. The second longest of the latest times between two is its interval: one long silence teaches
    /// nothing. What was learnt is forgotten by a quarter with each value.
    fn hear(&mut self, now: i64) {
        let Some(before) = self.heard_ms.replace(now) else { return };
        if self.gaps.len() == GAPS {
            self.gaps.pop_front();
        }
        self.gaps.push_back((now - before).max(0));
        if self.gaps.len() > 1 {
            let two = |(longest, second): (i64, i64), gap: &i64| (longest.max(*gap), second.max(longest.min(*gap)));
            let (_, second) = self.gaps.iter().fold((0, 0), two);
            self.interval_ms = second.clamp(self.interval_ms * 3 / 4, MAX_INTERVAL_MS);
        }
    }

    /// If this is another input than it had: what was learnt of the old probe does not hold for the new one. What goes
    /// on at the unit goes on until the new one says otherwise. True if the old one's battery was told of.
    fn rewire(&mut self, input: &str, now: i64) -> bool {
        if self.input.is_empty() || self.input == input {
            return false;
        }
        (self.heard_ms, self.interval_ms, self.said_ms, self.newest_ms) = (None, FIRST_INTERVAL_MS, now, 0);
        self.gaps.clear();
        self.battery.take().is_some()
    }
}

/// How bad a battery is that was called so before. It does not get better until it is good again.
fn battery(told: Option<alerts::Severity>, percent: u8) -> Option<alerts::Severity> {
    if percent >= GOOD_BATTERY_PERCENT { None } else { alerts::battery_severity(percent).max(told) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: i64 = 3_600_000;

    /// What is learnt from these times between values.
    fn interval(gaps: &[i64]) -> i64 {
        let mut place = Place { interval_ms: FIRST_INTERVAL_MS, ..Place::default() };
        let mut now = 0;
        place.hear(now);
        for gap in gaps {
            now += gap;
            place.hear(now);
        }
        place.interval_ms
    }

    #[test]
    fn an_interval_is_learnt_from_times_that_come_again() {
        for (gaps, expected) in [
            (vec![], FIRST_INTERVAL_MS),
            (vec![HOUR_MS], FIRST_INTERVAL_MS),
            (vec![HOUR_MS, HOUR_MS + 1], HOUR_MS),
            // One that reports what changes, and each hour at least.
            (vec![HOUR_MS, 5_000, 5_000, HOUR_MS, 8_000, 3_000, 4_000], HOUR_MS),
            (vec![9 * HOUR_MS, 9 * HOUR_MS], MAX_INTERVAL_MS),
            // A clock that is set back.
            (vec![60_000, 60_000, -HOUR_MS, 60_000], 60_000),
        ] {
            assert_eq!(interval(&gaps), expected, "{gaps:?}");
        }
        let outage = [vec![60_000; 20], vec![9 * HOUR_MS], vec![60_000; 3]].concat();
        assert_eq!(interval(&outage), 60_000, "a long silence");
        let often = [vec![HOUR_MS; 2], vec![1_000; 50]].concat();
        assert_eq!(interval(&often), 1_000, "what is long ago is forgotten");
    }

    #[test]
    fn a_battery_is_good_again_only_when_it_is_well_above() {
        use alerts::Severity::{High, Warn};
        for (told, percent, expected) in [
            (None, 24, None),
            (None, 19, Some(Warn)),
            (Some(Warn), 24, Some(Warn)),
            (Some(Warn), 9, Some(High)),
            (Some(High), 15, Some(High)),
            (Some(High), 25, None),
        ] {
            assert_eq!(battery(told, percent), expected, "{told:?} {percent} %");
        }
    }
}
