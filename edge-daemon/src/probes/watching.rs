//! From samples to facts: each sample is watched against its probe's limits at once; each minute of all probes is one
//! fact, and what came too late for its minute is another beside it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension};
use tokio::sync::mpsc;
use tokio::time::Instant;
use trivet_domain::alerts::{self, BreachAlert, Raised};
use trivet_domain::haccp::{
    AlarmKind, At, BreachClosed, BreachKind, BreachOpened, Command, DOCUMENT, Doubt, Excursion, Kept, Limit, MAX_KEPT,
    Mark, Minute, NoData, Notice, Part, PartChanged, Probe, ProbeLost, ProbeMinute, Readings, Rules, Scale, Severity,
    Tier, Watch, limit,
};
use trivet_domain::safety::{
    ControlKind, Correction, Defrost, Effective, RecordKind, RecordOpened, SecondLimit, record_about, severity,
};
use trivet_domain::{Command as AnyCommand, MilliCelsius, menu, policies};
use trivet_drivers::probe::{self, InputState, Source};
use trivet_log::Id;
use trivet_modules::haccp::{Latest, Samples, view};
use trivet_modules::safety;
use trivet_replica::store::log;
use trivet_replica::{Actor, App, Draft, sealing};

use super::Said;
use super::lines::Lines;

const TICK: Duration = Duration::from_millis(250);
const MINUTE_MS: i64 = 60_000;
/// A sample's own time is believed up to this far ahead of the box's clock.
const AHEAD_MS: i64 = 2_000;
/// A late minute is written when nothing more of it came for this long, or when a later one has begun.
const LATE_WAITS: Duration = Duration::from_secs(5);
/// So many late minutes of a probe are gathered at once; then they are written.
const MAX_LATE: usize = 256;
/// So many facts of late minutes are handed to the writer before the next sample is looked at.
const LATE_AT_ONCE: usize = 64;
/// What is kept in a place bears so much where nobody says otherwise: a degree for four hours, in thousandths of a degree
/// times minutes.
const HOLD_BUDGET: i64 = 240_000;
/// How often a probe gives a value is learnt; until then it is believed to be this often, and never more seldom than
/// the other.
const FIRST_INTERVAL_MS: i64 = 60_000;
const MAX_INTERVAL_MS: i64 = 15 * 60_000;
/// What is taken from the queue at once.
const AT_ONCE: usize = 256;

struct Watching {
    app: App,
    actor: Actor,
    /// What this box is wired to; other probes of the location are other boxes'.
    lines: Lines,
    /// What an input belongs to: a probe, or a part of a probe's unit.
    wired: HashMap<String, Vec<(Id, Option<Part>)>>,
    places: BTreeMap<Id, Place>,
    minute: i64,
    kept: Vec<(Id, Kept)>,
    /// By minute: the last number that came over each line that has numbers.
    numbered: BTreeMap<i64, HashMap<Arc<str>, Source>>,
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
    battery: Option<alerts::Severity>,
    minute: Minute,
    late: Late,
    open: Option<Open>,
    outage: Option<Id>,
    parts: HashMap<Part, Option<bool>>,
    /// When it last gave a value, and about how often it does.
    heard_ms: i64,
    interval_ms: i64,
    /// Its card is to be shown anew.
    news: bool,
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

/// What a device had kept: watched apart, so that it does not mix with what is now.
#[derive(Default)]
struct Late {
    watch: Watch,
    open: Option<Open>,
    minutes: BTreeMap<i64, (Minute, Vec<Kept>)>,
    came: Option<Instant>,
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
    let mut grown = app.store.grown();
    let mut watching = Watching {
        actor: Actor::the_box(Id::from_bytes(app.identity.origin().0)),
        minute: app.wall.now_ms().div_euclid(MINUTE_MS),
        app,
        lines,
        wired: HashMap::new(),
        places: BTreeMap::new(),
        kept: Vec::new(),
        numbered: BTreeMap::new(),
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
                    if grown.has_changed().unwrap_or(false) {
                        grown.mark_unchanged();
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
    /// Reads the probes' documents; of a probe that it did not know also what was open when the box stopped.
    async fn learn(&mut self) {
        let location = self.app.identity.certificate.location;
        let read = self.app.read(move |view| {
            let plan = safety::plans::in_force(view.conn, location, view.now_ms)?;
            Ok((plan.map(|(approval, plan)| (approval.version, plan)), known(view.conn)?))
        });
        let read = match read.await {
            Ok(read) => read,
            Err(problem) => return tracing::error!(detail = problem.detail, "reading the probes"),
        };
        let now = self.app.wall.now_ms();
        self.wired.clear();
        let mut gone: Vec<Id> = self.places.keys().copied().collect();
        let (plan, read) = read;
        let version = plan.as_ref().map(|(version, _)| *version);
        for Known { id, probe, breach, outage, calibration, alarms } in read {
            if probe.retired || !self.lines.start_input(&probe.input) {
                continue;
            }
            gone.retain(|known| *known != id);
            self.wired.entry(probe.input.clone()).or_default().push((id, None));
            for part in Part::ALL {
                if let Some(input) = probe.part(part).filter(|input| self.lines.start_input(input)) {
                    self.wired.entry(input.to_owned()).or_default().push((id, Some(part)));
                }
            }
            let place = self.places.entry(id).or_insert_with(|| {
                let active: Vec<_> = alarms.iter().map(|(kind, _, severity)| (*kind, *severity)).collect();
                let excursion = breach.map(|(_, kind, at_ms, peak)| Excursion::resume(kind, at_ms, peak));
                Place {
                    watch: Watch::resume(excursion, outage.is_some(), &active),
                    alarms: Alarms {
                        active: active.into_iter().map(|(kind, _)| kind).collect(),
                        told: alarms.into_iter().map(|(_, words, severity)| (words, severity)).collect(),
                    },
                    open: breach.map(|(breach, ..)| Open { breach, peak_raw: Vec::new() }),
                    outage,
                    heard_ms: now,
                    interval_ms: FIRST_INTERVAL_MS,
                    ..Place::default()
                }
            });
            let effective = Effective::of(plan.as_ref().map(|(_, plan)| plan), id, probe.unit_kind);
            place.rules = rules(&probe, &effective, version);
            place.critical = effective.kind == Some(ControlKind::Ccp);
            place.control_point = effective.control_point;
            place.calibration = calibration;
            (place.name, place.input, place.stores) = (probe.name, probe.input, probe.stores);
            if let Some(hold) = effective.hold {
                place.stores.extend(hold.categories);
                place.stores.extend(hold.items.iter().map(Id::to_string));
            }
        }
        for id in gone {
            self.places.remove(&id);
        }
    }

    fn at(&self, wall_ms: i64) -> At {
        let running_ms = i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX);
        At { wall_ms, running_ms }
    }

    async fn sample(&mut self, line: Option<&Arc<str>>, sample: &probe::Sample) {
        self.turn_minute().await;
        let wired = self.wired.get(&sample.input).cloned().unwrap_or_default();
        let mut minute = None;
        for (id, part) in wired {
            if part.is_none() {
                minute = minute.or(self.look(id, sample).await);
            }
        }
        // Numbers rise: what came before this one is in this minute, in an earlier one, or nobody's.
        if let (Some(line), Some(source)) = (line, sample.source) {
            let minute = minute.unwrap_or(self.minute);
            self.numbered.entry(minute).or_default().insert(line.clone(), source);
        }
    }

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

    /// Gives the minute that the sample belongs to.
    async fn look(&mut self, id: Id, sample: &probe::Sample) -> Option<i64> {
        let now = self.app.wall.now_ms();
        // A device's own time counts where it has one that can be: a clock ahead is none.
        let taken = sample.taken_ms.filter(|taken| *taken <= now + AHEAD_MS).map_or(now, |taken| taken.min(now));
        let at = self.at(taken);
        let minute = taken.div_euclid(MINUTE_MS);
        let place = self.places.get_mut(&id)?;
        let value = sample.value.map(|raw| place.calibration.correction.apply(MilliCelsius(raw))).map_err(reason);
        let overdue = place.calibration.due_ms.is_some_and(|due_ms| taken > due_ms);
        let doubt = sample.doubt.and_then(doubt).or(overdue.then_some(Doubt::CalibrationOverdue));
        let seen = Seen { value, doubt, at, raw: sample.raw.as_slice() };
        if minute < self.minute {
            let notices = place.late.look(seen, &place.rules);
            for notice in notices {
                self.note(id, notice, &seen, Some(now - taken)).await;
            }
            if self.places.get(&id).is_some_and(|place| place.late.minutes.len() > MAX_LATE) {
                self.write_late(true).await;
            }
            return Some(minute);
        }
        if place.minute.add(seen.value, seen.doubt) && self.kept.len() < MAX_KEPT {
            self.kept.push((id, kept(&seen)));
        }
        place.news = true;
        if value.is_ok() || place.heard_ms == 0 {
            place.interval_ms = (now - place.heard_ms).clamp(place.interval_ms * 3 / 4, MAX_INTERVAL_MS);
            place.heard_ms = now;
        }
        let fresh_ms = place.fresh_ms();
        if let Some(samples) = self.app.more.get::<Samples>() {
            samples.put(
                id,
                Latest {
                    sample: value,
                    doubt: seen.doubt,
                    at_ms: taken,
                    fresh_ms,
                    battery_percent: sample.battery_percent,
                },
            );
        }
        let notices = place.watch.look(seen.at, seen.value, seen.doubt, &place.rules);
        if let (Some(open), Some(excursion)) = (&mut place.open, place.watch.excursion())
            && excursion.peak_at_ms == seen.at.wall_ms
        {
            open.peak_raw = seen.raw.to_vec();
        }
        let battery = sample.battery_percent.filter(|percent| {
            let severity = alerts::battery_severity(*percent);
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
            (now.saturating_sub(place.heard_ms) > place.fresh_ms()).then(|| (*id, place.input.clone()))
        };
        let missing: Vec<(Id, String)> = self.places.iter().filter_map(silent).collect();
        for (id, input) in missing {
            self.look(id, &probe::Sample::new(input, Err(probe::NoData::Timeout))).await;
        }
    }

    /// A door, a defrost, a compressor.
    async fn part(&mut self, input: &str, state: InputState) {
        let at = self.at(self.app.wall.now_ms());
        let (on, no_data) = match state {
            InputState::Open | InputState::On => (Some(true), None),
            InputState::Closed | InputState::Off => (Some(false), None),
            InputState::Unknown(why) => (None, Some(reason(why))),
        };
        let wired = self.wired.get(input).cloned().unwrap_or_default();
        for (probe, part) in wired.into_iter().filter_map(|(probe, part)| Some((probe, part?))) {
            let Some(place) = self.places.get_mut(&probe) else { continue };
            if place.parts.insert(part, on) == Some(on) {
                continue;
            }
            place.watch.part(at, part, on);
            place.news = true;
            self.submit(Command::ChangePart(PartChanged { probe, part, on, no_data, at_ms: at.wall_ms })).await;
        }
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

    async fn note(&mut self, probe: Id, notice: Notice, seen: &Seen<'_>, late_ms: Option<i64>) {
        let new = sealing::new_id(self.app.wall.now_ms());
        let Some(place) = self.places.get_mut(&probe) else { return };
        let raw = Some(seen.raw.to_vec()).filter(|raw| !raw.is_empty());
        let open = if late_ms.is_some() { &mut place.late.open } else { &mut place.open };
        let command = match notice {
            Notice::Opened { kind, value, limit } => {
                *open = Some(Open { breach: new, peak_raw: seen.raw.to_vec() });
                let opened = BreachOpened {
                    probe,
                    kind,
                    value,
                    limit: limit.celsius(),
                    at_ms: seen.at.wall_ms,
                    rule: Some(limit),
                    plan: place.rules.plan,
                    raw,
                    late_ms,
                };
                Command::OpenBreach { breach: new, opened }
            }
            Notice::Closed(excursion) => match open.take() {
                Some(open) => {
                    Command::CloseBreach { breach: open.breach, closed: closed(&excursion, open.peak_raw, raw) }
                }
                None => return,
            },
            // Of what a device had kept the excursions are news, and that one would have alarmed.
            Notice::Alarm { kind, severity, value: Some(value), limit: Some(limit) } if late_ms.is_some() => {
                let Some(breach) = open.as_ref().map(|open| open.breach) else { return };
                let raised = place.raised(probe, breach, kind, severity, (value, limit), seen.at.wall_ms);
                return self.raise(Raised { late_ms, momentary: Some(true), ..raised }).await;
            }
            _ if late_ms.is_some() => return,
            Notice::Lost(_) | Notice::Faulty(_) => {
                place.outage = Some(new);
                let reason = match notice {
                    Notice::Lost(reason) => reason,
                    _ => NoData::DeviceFault,
                };
                Command::LoseProbe { outage: new, lost: ProbeLost { probe, reason } }
            }
            Notice::Returned => match place.outage.take() {
                Some(outage) => Command::ReturnProbe { outage },
                None => return,
            },
            Notice::Spent { .. } => {
                if let Some(open) = &place.open {
                    let (breach, stores) = (open.breach, place.stores.clone());
                    let reason = format!("{}: {}", place.name, shown(seen, &place.rules));
                    self.hold(breach, stores, reason).await;
                }
                return;
            }
            Notice::Alarm { kind, severity, value, limit } => {
                return self.alarm(probe, kind, severity, value.zip(limit), seen.at.wall_ms).await;
            }
            Notice::Worse { kind, severity } => return self.worse(probe, kind, severity).await,
            Notice::Calm { kind } => return self.calm(probe, kind, seen.at.wall_ms).await,
        };
        self.submit(command).await;
    }

    /// People are told; and of food beyond its limit a record is opened, which asks what became of it.
    async fn alarm(
        &mut self,
        probe: Id,
        kind: AlarmKind,
        severity: Severity,
        at_limit: Option<(MilliCelsius, Limit)>,
        at_ms: i64,
    ) {
        let Some(place) = self.places.get_mut(&probe) else { return };
        place.alarms.active.insert(kind);
        let words = words(kind);
        if place.alarms.told.contains_key(words) {
            return self.worse(probe, kind, severity).await;
        }
        place.alarms.told.insert(words, severity);
        let cause = sealing::new_id(self.app.wall.now_ms());
        let raised = match (kind, at_limit) {
            (AlarmKind::Door, _) | (_, None) => alerts::raise_for_door(cause, probe, &place.name, at_ms),
            (AlarmKind::Rate, Some((value, _))) => alerts::raise_for_rise(cause, probe, &place.name, value, at_ms),
            (_, Some(at_limit)) => {
                let breach = place.open.as_ref().map_or(cause, |open| open.breach);
                place.raised(probe, breach, kind, severity, at_limit, at_ms)
            }
        };
        let of_food = matches!(kind, AlarmKind::High | AlarmKind::HighHigh | AlarmKind::Low);
        let record = place.open.as_ref().filter(|_| of_food).zip(at_limit).map(|(open, (value, limit))| {
            let opened = RecordOpened {
                kind: RecordKind::Breach,
                severity,
                due_ms: severity::due_ms(severity, at_ms),
                summary: format!("{}: {}", place.name, limit::shown(value, limit.scale, Some(limit))),
                about: Some(open.breach),
                control_point: place.control_point.clone(),
                plan_version: place.rules.plan,
                probe: Some(probe),
            };
            (record_about(open.breach), opened)
        });
        self.raise(raised).await;
        if let Some((record, opened)) = record {
            self.send(AnyCommand::Safety(trivet_domain::safety::Command::OpenRecord { record, opened })).await;
        }
    }

    async fn worse(&mut self, probe: Id, kind: AlarmKind, severity: Severity) {
        let Some(place) = self.places.get_mut(&probe) else { return };
        let told = place.alarms.told.entry(words(kind)).or_insert(Severity::Warn);
        if *told >= severity {
            return;
        }
        *told = severity;
        let key = alerts::key_of(words(kind), probe);
        let open = self.app.read(move |view| trivet_modules::alerts::open_of_key(view.conn, &key)).await;
        if let Ok(Some(alert)) = open {
            let severity = policies::severity(severity);
            self.send(AnyCommand::Alerts(alerts::Command::Change { alert, severity })).await;
        }
    }

    async fn calm(&mut self, probe: Id, kind: AlarmKind, at_ms: i64) {
        let Some(place) = self.places.get_mut(&probe) else { return };
        place.alarms.active.remove(&kind);
        if place.alarms.active.iter().any(|active| words(*active) == words(kind)) {
            return;
        }
        place.alarms.told.remove(words(kind));
        self.over(&alerts::key_of(words(kind), probe), at_ms).await;
    }

    async fn tell_of_battery(&self, probe: Id, percent: u8) {
        let now = self.app.wall.now_ms();
        let Some(place) = self.places.get(&probe) else { return };
        match alerts::raise_battery(sealing::new_id(now), probe, &place.name, percent, now) {
            Some(raised) => self.raise(raised).await,
            None => self.over(&alerts::key_of("battery_low", probe), now).await,
        }
    }

    async fn raise(&self, raised: Raised) {
        if let Err(error) = trivet_modules::alerts::raise(&self.app, self.actor, raised).await {
            tracing::error!(%error, "an alert was not raised");
        }
    }

    async fn over(&self, key: &str, at_ms: i64) {
        let new = sealing::new_id(self.app.wall.now_ms());
        if let Err(error) = trivet_modules::alerts::return_of_key(&self.app, self.actor, key, at_ms, new).await {
            tracing::error!(%error, "an alert was not ended");
        }
    }

    /// The policy from fridge to menu: what needs what is kept there is not sold until somebody has looked at it.
    async fn hold(&self, cause: Id, stores: Vec<String>, reason: String) {
        let items = self.app.read(move |view| trivet_modules::menu::kept_in(view.conn, &stores)).await;
        let items = items.unwrap_or_else(|problem| {
            tracing::error!(detail = problem.detail, "reading what is kept in a place");
            Vec::new()
        });
        let hold = |item| menu::Command::Hold { item, cause, reason: reason.clone() };
        let commands = items.into_iter().map(hold).map(AnyCommand::Menu);
        futures_util::future::join_all(commands.map(|command| self.send(command))).await;
    }

    /// When the wall clock shows another minute: the readings of the one that ended, as one fact.
    async fn turn_minute(&mut self) {
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
    async fn write_late(&mut self, all: bool) {
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
                ended.extend(place.late.watch.finish().zip(place.late.open.take()));
            }
        }
        let mut marks = Vec::new();
        for (minute, readings) in &mut minutes {
            readings.marks = self.marks_of(*minute);
            marks.extend(readings.marks.clone());
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
        for (excursion, open) in ended {
            let closed = closed(&excursion, open.peak_raw, None);
            self.submit(Command::CloseBreach { breach: open.breach, closed }).await;
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
        let shown = self.app.read(move |view| {
            ids.into_iter().filter_map(|id| view::probe(view, id).transpose()).collect::<rusqlite::Result<Vec<_>>>()
        });
        for probe in shown.await.unwrap_or_default() {
            self.app.hub.tell(&Draft::new("admin", "haccp:probe:updated", &probe));
        }
    }
}

impl Late {
    fn look(&mut self, seen: Seen<'_>, rules: &Rules) -> Vec<Notice> {
        self.came = Some(Instant::now());
        let minute = seen.at.wall_ms.div_euclid(MINUTE_MS);
        let (of, bytes) = self.minutes.entry(minute).or_default();
        if of.add(seen.value, seen.doubt) && bytes.len() < MAX_KEPT {
            bytes.push(kept(&seen));
        }
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

impl Place {
    /// Three intervals without a value make it silent.
    fn fresh_ms(&self) -> i64 {
        (3 * self.interval_ms).max(view::FRESH_MS)
    }

    fn raised(
        &self,
        probe: Id,
        breach: Id,
        kind: AlarmKind,
        severity: Severity,
        (value, limit): (MilliCelsius, Limit),
        at_ms: i64,
    ) -> Raised {
        alerts::raise_for_breach(&BreachAlert {
            breach,
            probe,
            name: &self.name,
            too_warm: kind != AlarmKind::Low,
            value,
            limit: limit.celsius(),
            severity: policies::severity(severity),
            at_ms,
            late_ms: None,
            needs_action: self.critical,
        })
    }
}

/// Both limits above have the same words: it is one condition that became worse.
fn words(kind: AlarmKind) -> &'static str {
    match kind {
        AlarmKind::High | AlarmKind::HighHigh => "temperature_high",
        AlarmKind::Low => "temperature_low",
        AlarmKind::Rate => "temperature_rising",
        AlarmKind::Door => "door_open",
    }
}

/// What a probe is watched by: the plan's control point where there is one, and the stricter of its limit and the
/// probe's own; else the probe's own limits and what is usual for its kind of unit.
fn rules(probe: &Probe, effective: &Effective, plan: Option<u32>) -> Rules {
    const MINUTE: i64 = MINUTE_MS;
    let usual = Rules::of(probe.unit_kind, &probe.limits, probe.alarm_delay_ms);
    let budget = (!probe.stores.is_empty()).then(|| probe.hold_budget.unwrap_or(HOLD_BUDGET));
    if effective.control_point.is_none() {
        return Rules { budget, plan, ..usual };
    }
    let alarm = &effective.alarm;
    let delay_ms = probe.alarm_delay_ms.unwrap_or(i64::from(alarm.delay_minutes) * MINUTE);
    let of_plan = effective.rules.iter().map(|rule| rule.limit);
    let strictest = |upper: bool, own: Option<Limit>| {
        let limits = of_plan.clone().chain(own).filter(|limit| limit.is_upper() == upper);
        let by = |limit: &Limit| if upper { limit.celsius().0 } else { -limit.celsius().0 };
        limits.min_by_key(by).map(|limit| Tier { limit, delay_ms })
    };
    let second = |second: Option<SecondLimit>| {
        second.map(|second| Tier { limit: second.limit, delay_ms: i64::from(second.delay_minutes) * MINUTE })
    };
    let high = strictest(true, probe.limits.max.map(Limit::at_most));
    let hold_after = effective.hold.as_ref().and_then(|hold| {
        let limit = hold.beyond.or(high.map(|tier| tier.limit))?;
        Some(Tier { limit, delay_ms: i64::from(hold.budget_minutes) * MINUTE })
    });
    let defrost = alarm.defrost.unwrap_or(Defrost { mute_minutes: 0, recovery_minutes: 0, per_day: 0 });
    Rules {
        high,
        low: strictest(false, probe.limits.min.map(Limit::at_least)),
        high_high: second(alarm.far).filter(|tier| tier.limit.is_upper()),
        low_alarm: second(alarm.other_side).filter(|tier| !tier.limit.is_upper()),
        deadband: alarm.deadband_milli.into(),
        rate: alarm.rate.map(|rate| rate.milli_per_minute.into()),
        door_ms: alarm.door_minutes.map_or(usual.door_ms, |minutes| i64::from(minutes) * MINUTE),
        defrost_ms: i64::from(defrost.mute_minutes) * MINUTE,
        recovery_ms: i64::from(defrost.recovery_minutes) * MINUTE,
        defrosts_a_day: defrost.per_day.into(),
        budget,
        hold_after,
        plan,
        ..usual
    }
}

fn kept(seen: &Seen<'_>) -> Kept {
    Kept {
        place: 0,
        at: u16::try_from(seen.at.wall_ms.rem_euclid(MINUTE_MS)).unwrap_or(0),
        no_data: seen.value.err(),
        doubt: seen.doubt,
        raw: seen.raw.to_vec(),
    }
}

fn closed(excursion: &Excursion, peak_raw: Vec<u8>, end_raw: Option<Vec<u8>>) -> BreachClosed {
    BreachClosed {
        peak: excursion.peak,
        at_ms: excursion.last_ms,
        peak_at_ms: Some(excursion.peak_at_ms),
        beyond_ms: Some(excursion.beyond_ms),
        peak_raw: Some(peak_raw).filter(|raw| !raw.is_empty()),
        end_raw,
        cause: excursion.cause,
    }
}

/// A value as people read it, rounded toward the violation.
fn shown(seen: &Seen<'_>, rules: &Rules) -> String {
    let limit = rules.high.or(rules.low).map(|tier| tier.limit);
    let scale = limit.map_or(Scale::Celsius, |limit| limit.scale);
    seen.value.map_or_else(|reason| reason.name().to_owned(), |value| limit::shown(value, scale, limit))
}

struct Known {
    id: Id,
    probe: Probe,
    /// The breach that goes on, when it opened and its peak.
    breach: Option<(Id, BreachKind, i64, MilliCelsius)>,
    outage: Option<Id>,
    calibration: Calibration,
    /// What was told of and is not over, with the name of its words.
    alarms: Vec<(AlarmKind, &'static str, Severity)>,
}

fn known(conn: &Connection) -> rusqlite::Result<Vec<Known>> {
    let mut statement = conn.prepare_cached("SELECT id FROM haccp_probe WHERE input<>''")?;
    let ids = statement.query_map([], |row| row.get(0).map(Id::from_bytes))?;
    let mut probes = Vec::new();
    for id in ids {
        let id = id?;
        let fields = log::fields(conn, id)?.filter(|(kind, _)| *kind == DOCUMENT);
        let Some(probe) = fields.map(|(_, fields)| Probe::from_fields(&fields)) else { continue };
        let sql = "SELECT id, kind, opened_ms, peak FROM haccp_breach WHERE probe=?1 AND closed_ms IS NULL ORDER BY id DESC LIMIT 1";
        let breach = conn.query_row(sql, [id.as_bytes()], |row| {
            let kind: String = row.get(1)?;
            let kind = if kind == "low" { BreachKind::Low } else { BreachKind::High };
            Ok((Id::from_bytes(row.get(0)?), kind, row.get(2)?, MilliCelsius(row.get(3)?)))
        });
        let sql = "SELECT id FROM haccp_outage WHERE probe=?1 AND returned_ms IS NULL ORDER BY id DESC LIMIT 1";
        let outage = conn.query_row(sql, [id.as_bytes()], |row| row.get(0).map(Id::from_bytes));
        let (breach, outage) = (breach.optional()?, outage.optional()?);
        let (calibration, alarms) = (calibration(conn, id)?, alarms(conn, id)?);
        probes.push(Known { id, probe, breach, outage, calibration, alarms });
    }
    Ok(probes)
}

fn calibration(conn: &Connection, probe: Id) -> rusqlite::Result<Calibration> {
    let sql = "SELECT id, due_ms FROM safety_calibration WHERE probe=?1 ORDER BY at_ms DESC, id DESC LIMIT 1";
    let latest = conn
        .prepare_cached(sql)?
        .query_row([probe.as_bytes()], |row| Ok((row.get(0).map(Id::from_bytes)?, row.get::<_, i64>(1)?)));
    let Some((id, due_ms)) = latest.optional()? else { return Ok(Calibration::default()) };
    let correction = safety::work::correction(conn, probe)?;
    Ok(Calibration { id: Some(id), correction, due_ms: Some(due_ms) })
}

/// Of alerts that stand: what the watch goes on from.
fn alarms(conn: &Connection, probe: Id) -> rusqlite::Result<Vec<(AlarmKind, &'static str, Severity)>> {
    let mut alarms = Vec::new();
    for kind in [AlarmKind::High, AlarmKind::Low, AlarmKind::Rate, AlarmKind::Door] {
        let key = alerts::key_of(words(kind), probe);
        let Some(severity) = trivet_modules::alerts::lasting(conn, &key)? else { continue };
        let severity = match severity {
            alerts::Severity::Warn => Severity::Warn,
            alerts::Severity::High => Severity::High,
            alerts::Severity::Critical => Severity::Critical,
        };
        alarms.push((kind, words(kind), severity));
    }
    Ok(alarms)
}

/// A value that waited is known by its time; everything else is said.
fn doubt(doubt: probe::Doubt) -> Option<Doubt> {
    match doubt {
        probe::Doubt::Frozen => Some(Doubt::Frozen),
        probe::Doubt::RateImplausible => Some(Doubt::RateImplausible),
        probe::Doubt::WarmUp => Some(Doubt::WarmUp),
        probe::Doubt::OutOfOrder => Some(Doubt::OutOfOrder),
        probe::Doubt::Late => None,
    }
}

pub(super) fn reason(reason: probe::NoData) -> NoData {
    match reason {
        probe::NoData::Timeout => NoData::Timeout,
        probe::NoData::Malformed => NoData::Malformed,
        probe::NoData::Sentinel => NoData::Sentinel,
        probe::NoData::Implausible => NoData::Implausible,
        probe::NoData::NotANumber => NoData::NotANumber,
        probe::NoData::StaleRetained => NoData::StaleRetained,
        probe::NoData::StaleDevice => NoData::StaleDevice,
        probe::NoData::Offline => NoData::Offline,
        probe::NoData::DeviceFault => NoData::DeviceFault,
        probe::NoData::Missing => NoData::Missing,
        probe::NoData::Crc => NoData::Crc,
        probe::NoData::PowerOnReset => NoData::PowerOnReset,
        probe::NoData::InsufficientPower => NoData::InsufficientPower,
        probe::NoData::Disconnected => NoData::Disconnected,
        probe::NoData::AllZero => NoData::AllZero,
        probe::NoData::UnitMissing => NoData::UnitMissing,
        probe::NoData::LateReply => NoData::LateReply,
        probe::NoData::BusEcho => NoData::BusEcho,
        probe::NoData::FutureTime => NoData::FutureTime,
        probe::NoData::OutOfRange => NoData::OutOfRange,
    }
}
