//! From samples to facts: each sample is watched against its probe's limits at once; each minute of all probes is one
//! fact.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use anyhow::Context;
use rusqlite::OptionalExtension;
use tokio::sync::mpsc;
use trivet_domain::haccp::watch::{Notice, Sample as Watched};
use trivet_domain::haccp::{
    BreachClosed, BreachKind, BreachOpened, Command, DOCUMENT, Limits, MAX_PROBES, Minute, NoData, Probe, ProbeLost,
    Watch,
};
use trivet_domain::{Command as AnyCommand, MilliCelsius};
use trivet_drivers::probe::bus::{self, Bus, Unit};
use trivet_drivers::probe::{self, Address, Report, modbus, mqtt::Topic};
use trivet_log::Id;
use trivet_modules::haccp::{Latest, Samples, view};
use trivet_replica::store::log;
use trivet_replica::{Actor, App, Draft, sealing};

use crate::config::Config;
use crate::devices::Devices;

/// Samples that may wait; past it the newest is dropped, because another comes within seconds.
const MAX_WAITING: usize = 4_096;
/// How often each wired probe is asked.
const PERIOD: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(250);

/// Opens the buses, the broker and the subscriptions of the configuration, and begins to watch.
pub(crate) fn start(app: &App, devices: &Devices, config: &Config) -> anyhow::Result<()> {
    let mut buses: BTreeMap<String, Bus> = BTreeMap::new();
    let mut topics: Vec<(String, Topic)> = Vec::new();
    for probe in &config.probes {
        match probe.address.parse().map_err(anyhow::Error::msg)? {
            Address::Modbus { path, baud, unit, profile } => {
                let profile = modbus::Profile::named(&profile)
                    .with_context(|| format!("probe {}: there is no profile `{profile}`", probe.input))?;
                let bus = Bus { path: path.clone(), baud, units: Vec::new(), period: PERIOD };
                let bus = buses.entry(path).or_insert(bus);
                bus.units.push(Unit { input: probe.input.clone(), unit, profile });
            }
            Address::Mqtt { topic, convention } => topics.push((probe.input.clone(), Topic::new(topic, convention))),
        }
    }
    let (samples, waiting) = mpsc::channel(MAX_WAITING);
    for (path, bus) in buses {
        devices.add("probe_bus", &path, &format!("modbus:{path}@{}", bus.baud));
        let (reports, incoming) = mpsc::channel(MAX_WAITING);
        tokio::spawn(bus::run(bus, reports));
        tokio::spawn(sort(path, incoming, samples.clone(), devices.clone(), app.clone()));
    }
    anyhow::ensure!(
        topics.is_empty() || config.mqtt.is_some(),
        "a probe speaks MQTT, but the configuration has no [mqtt]"
    );
    if let Some(mqtt) = &config.mqtt {
        let password = std::fs::read_to_string(&mqtt.password_file)
            .with_context(|| format!("cannot read {}", mqtt.password_file.display()))?;
        let password = password.trim().to_owned();
        if mqtt.embedded {
            crate::mqtt::start_broker(mqtt, &password)?;
        }
        devices.add("mqtt", "broker", &format!("{}:{}", mqtt.host, mqtt.port));
        let (reports, incoming) = mpsc::channel(MAX_WAITING);
        tokio::spawn(crate::mqtt::listen(mqtt.clone(), password, topics, app.wall.clone(), reports));
        tokio::spawn(sort("broker".to_owned(), incoming, samples, devices.clone(), app.clone()));
    }
    anyhow::ensure!(config.probes.len() <= MAX_PROBES, "a box has at most {MAX_PROBES} probes");
    let inputs: Vec<String> = config.probes.iter().map(|probe| probe.input.clone()).collect();
    if !inputs.is_empty() {
        tokio::spawn(watch(app.clone(), inputs, waiting));
    }
    Ok(())
}

/// Parts what a line says of itself from what its probes say.
async fn sort(
    line: String,
    mut reports: mpsc::Receiver<Report>,
    samples: mpsc::Sender<probe::Sample>,
    devices: Devices,
    app: App,
) {
    while let Some(report) = reports.recv().await {
        match report {
            Report::Sample(sample) => {
                if sample.value.is_ok() {
                    devices.set(&line, "up", "", app.wall.now_ms());
                }
                drop(samples.try_send(sample));
            }
            // Nothing watches doors and contacts yet.
            Report::Input { .. } => drop(devices.set(&line, "up", "", app.wall.now_ms())),
            Report::Line(Ok(())) => drop(devices.set(&line, "up", "", app.wall.now_ms())),
            Report::Line(Err(error)) => drop(devices.set(&line, "down", &error, app.wall.now_ms())),
        }
    }
}

struct Watching {
    app: App,
    actor: Actor,
    /// What this box is wired to; other probes of the location are other boxes'.
    inputs: Vec<String>,
    /// By input: the probe and its limits.
    known: HashMap<String, (Id, Limits)>,
    watches: HashMap<Id, OneProbe>,
    minute: i64,
}

#[derive(Default)]
struct OneProbe {
    watch: Watch,
    minute: Minute,
    breach: Option<Id>,
    outage: Option<Id>,
    /// When it last gave a value.
    heard_ms: i64,
    /// Its card is to be shown anew.
    news: bool,
}

async fn watch(app: App, inputs: Vec<String>, mut samples: mpsc::Receiver<probe::Sample>) {
    let actor = Actor::the_box(Id::from_bytes(app.identity.origin().0));
    let minute = app.wall.now_ms().div_euclid(60_000);
    let mut watching =
        Watching { app: app.clone(), actor, inputs, known: HashMap::new(), watches: HashMap::new(), minute };
    let mut grown = app.store.grown();
    watching.learn().await;
    let mut tick = tokio::time::interval(TICK);
    let mut ticks: u64 = 0;
    loop {
        tokio::select! {
            sample = samples.recv() => match sample {
                Some(sample) => watching.look(sample).await,
                None => std::future::pending().await,
            },
            _ = tick.tick() => {
                ticks += 1;
                watching.turn_minute().await;
                if ticks.is_multiple_of(4) {
                    if grown.has_changed().unwrap_or(false) {
                        grown.mark_unchanged();
                        watching.learn().await;
                    }
                    watching.miss_the_silent().await;
                    watching.tell().await;
                }
            }
        }
    }
}

impl Watching {
    /// Reads the probes' documents; at the start also what was open when the box stopped.
    async fn learn(&mut self) {
        let read = self
            .app
            .read(|view| {
                let mut statement = view.conn.prepare_cached("SELECT id FROM haccp_probe WHERE input<>''")?;
                let ids = statement.query_map([], |row| row.get(0).map(Id::from_bytes))?;
                let mut probes = Vec::new();
                for id in ids {
                    let id = id?;
                    let fields = log::fields(view.conn, id)?.filter(|(kind, _)| *kind == DOCUMENT);
                    let Some(probe) = fields.map(|(_, fields)| Probe::from_fields(&fields)) else { continue };
                    let sql = "SELECT id, kind, peak FROM haccp_breach WHERE probe=?1 AND closed_ms IS NULL ORDER BY id DESC LIMIT 1";
                    let breach = view.conn.query_row(sql, [id.as_bytes()], |row| {
                        let kind: String = row.get(1)?;
                        let kind = if kind == "low" { BreachKind::Low } else { BreachKind::High };
                        Ok((Id::from_bytes(row.get(0)?), kind, MilliCelsius(row.get(2)?)))
                    });
                    let sql = "SELECT id FROM haccp_outage WHERE probe=?1 AND returned_ms IS NULL ORDER BY id DESC LIMIT 1";
                    let outage = view.conn.query_row(sql, [id.as_bytes()], |row| row.get(0).map(Id::from_bytes));
                    probes.push((probe.input, id, probe.limits, breach.optional()?, outage.optional()?));
                }
                Ok(probes)
            })
            .await;
        let probes = match read {
            Ok(probes) => probes,
            Err(problem) => return tracing::error!(detail = problem.detail, "reading the probes"),
        };
        let now = self.app.wall.now_ms();
        self.known.clear();
        for (input, id, limits, breach, outage) in probes {
            if !self.inputs.contains(&input) {
                continue;
            }
            self.known.insert(input, (id, limits));
            self.watches.entry(id).or_insert_with(|| OneProbe {
                watch: Watch::resume(breach.map(|(_, kind, peak)| (kind, peak)), outage.is_some()),
                breach: breach.map(|(id, _, _)| id),
                outage,
                heard_ms: now,
                ..OneProbe::default()
            });
        }
    }

    async fn look(&mut self, sample: probe::Sample) {
        let Some((id, limits)) = self.known.get(&sample.input).copied() else { return };
        let value: Watched = sample.value.map(MilliCelsius).map_err(reason);
        let at_ms = self.app.wall.now_ms();
        if let Some(samples) = self.app.more.get::<Samples>() {
            samples.put(id, Latest { sample: value, at_ms });
        }
        self.turn_minute().await;
        let watched = self.watches.entry(id).or_default();
        watched.minute.add(value);
        watched.news = true;
        if value.is_ok() || watched.heard_ms == 0 {
            watched.heard_ms = at_ms;
        }
        for notice in watched.watch.look(value, &limits) {
            self.note(id, notice, at_ms).await;
        }
    }

    /// A probe that sends nothing at all is missing all the same.
    async fn miss_the_silent(&mut self) {
        let now = self.app.wall.now_ms();
        let silent = |watched: &OneProbe| now.saturating_sub(watched.heard_ms) > view::FRESH_MS;
        let missing = self.known.iter().filter(|(_, (id, _))| self.watches.get(id).is_some_and(silent));
        let missing: Vec<String> = missing.map(|(input, _)| input.clone()).collect();
        for input in missing {
            self.look(probe::Sample::new(input, Err(probe::NoData::Timeout))).await;
        }
    }

    async fn note(&mut self, probe: Id, notice: Notice, at_ms: i64) {
        let new = sealing::new_id(at_ms);
        let Some(watched) = self.watches.get_mut(&probe) else { return };
        let command = match notice {
            Notice::Opened { kind, value, limit } => {
                watched.breach = Some(new);
                let opened = BreachOpened { probe, kind, value, limit, at_ms };
                Command::OpenBreach { breach: new, opened }
            }
            Notice::Closed { peak } => match watched.breach.take() {
                Some(breach) => Command::CloseBreach { breach, closed: BreachClosed { peak, at_ms } },
                None => return,
            },
            Notice::Lost(reason) => {
                watched.outage = Some(new);
                Command::LoseProbe { outage: new, lost: ProbeLost { probe, reason } }
            }
            Notice::Returned => match watched.outage.take() {
                Some(outage) => Command::ReturnProbe { outage },
                None => return,
            },
        };
        self.submit(command).await;
    }

    /// When the wall clock shows another minute: the readings of the one that ended, as one fact.
    async fn turn_minute(&mut self) {
        let now = self.app.wall.now_ms().div_euclid(60_000);
        if now == self.minute || self.known.is_empty() {
            self.minute = now;
            return;
        }
        let minute = std::mem::replace(&mut self.minute, now);
        let mut probes: Vec<Id> = self.known.values().map(|(id, _)| *id).collect();
        probes.sort();
        let readings = probes
            .into_iter()
            .map(|id| (id, self.watches.entry(id).or_default().minute.close(NoData::Timeout)))
            .collect();
        self.submit(Command::RecordMinute { minute, readings }).await;
    }

    async fn submit(&self, command: Command) {
        let id = sealing::new_id(self.app.wall.now_ms());
        if let Err(error) = self.app.submit(self.actor, id, AnyCommand::Haccp(command)).await {
            tracing::error!(%error, "a temperature fact was not recorded");
        }
    }

    /// Shows the cards of probes that sent something, once a second at most.
    async fn tell(&mut self) {
        let news = |(id, watched): (&Id, &mut OneProbe)| std::mem::take(&mut watched.news).then_some(*id);
        let ids: Vec<Id> = self.watches.iter_mut().filter_map(news).collect();
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

fn reason(reason: probe::NoData) -> NoData {
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
