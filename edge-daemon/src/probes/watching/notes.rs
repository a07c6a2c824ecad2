//! What the watch notices becomes facts, alerts and holds.

use trivet_domain::alerts::{self, BreachAlert, Raised};
use trivet_domain::haccp::{
    AlarmKind, BreachClosed, BreachOpened, Command, Excursion, Limit, NoData, Notice, ProbeLost, Rules, Scale,
    Severity, limit,
};
use trivet_domain::safety::{self, RecordKind, RecordOpened, record_about, severity};
use trivet_domain::{Command as AnyCommand, MilliCelsius, menu, policies};
use trivet_log::Id;
use trivet_modules::haccp::view;
use trivet_replica::sealing;

use super::{Open, Place, Seen, Watching};

impl Watching {
    pub(super) async fn note(&mut self, probe: Id, notice: Notice, seen: &Seen<'_>, late_ms: Option<i64>) {
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
                // Whoever is asked now has from now on to answer.
                let record = place.record(probe, breach, severity, (value, limit), self.app.wall.now_ms());
                return self.ask(Raised { late_ms, momentary: Some(true), ..raised }, Some(record)).await;
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
        let open = place.open.as_ref().filter(|_| of_food);
        let record = open.zip(at_limit).map(|(open, at)| place.record(probe, open.breach, severity, at, at_ms));
        self.ask(raised, record).await;
    }

    /// The record comes first: an alert waits for the answer only where somebody is asked.
    async fn ask(&self, raised: Raised, record: Option<AnyCommand>) {
        let is_asked = match record {
            Some(record) => self.send(record).await,
            None => false,
        };
        let needs_action = raised.needs_action.filter(|_| is_asked);
        self.raise(Raised { needs_action, ..raised }).await;
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
        let key = alerts::key_of(words(kind), probe);
        self.over(&key, at_ms).await;
        // Those that were closed before it was over: nobody is to be told of them again.
        let closed = self.app.read(move |view| trivet_modules::alerts::closed_early(view.conn, &key)).await;
        for alert in closed.unwrap_or_default() {
            self.send(AnyCommand::Alerts(alerts::Command::Return { alert, at_ms })).await;
        }
    }

    pub(super) async fn tell_of_battery(&self, probe: Id, percent: u8) {
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
}

impl Place {
    /// Three intervals without a value make it silent.
    pub(super) fn fresh_ms(&self) -> i64 {
        (3 * self.interval_ms).max(view::FRESH_MS)
    }

    /// Asks what became of the food.
    fn record(
        &self,
        probe: Id,
        breach: Id,
        severity: Severity,
        (value, limit): (MilliCelsius, Limit),
        asked_ms: i64,
    ) -> AnyCommand {
        let opened = RecordOpened {
            kind: RecordKind::Breach,
            severity,
            due_ms: severity::due_ms(severity, asked_ms),
            summary: format!("{}: {}", self.name, limit::shown(value, limit.scale, Some(limit))),
            about: Some(breach),
            control_point: self.control_point.clone(),
            plan_version: self.rules.plan,
            probe: Some(probe),
        };
        AnyCommand::Safety(safety::Command::OpenRecord { record: record_about(breach), opened })
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
pub(super) fn words(kind: AlarmKind) -> &'static str {
    match kind {
        AlarmKind::High | AlarmKind::HighHigh => "temperature_high",
        AlarmKind::Low => "temperature_low",
        AlarmKind::Rate => "temperature_rising",
        AlarmKind::Door => "door_open",
    }
}

pub(super) fn closed(excursion: &Excursion, peak_raw: Vec<u8>, end_raw: Option<Vec<u8>>) -> BreachClosed {
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
