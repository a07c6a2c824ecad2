//! The lines of this box: serial buses, 1-Wire roots and the broker, and which inputs are wired to them. Inputs come
//! from the configuration by a name of their own, and from probes' documents by their address (adoption); those that
//! begin later begin their line anew.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use trivet_drivers::probe::bus::{self, Bus};
use trivet_drivers::probe::judge::Judge;
use trivet_drivers::probe::mqtt::Subscription;
use trivet_drivers::probe::own::{self, LineCommand, Rom};
use trivet_drivers::probe::w1::{self, Wire};
use trivet_drivers::probe::{Address, Report, Source, modbus};
use trivet_modules::sensors::Live;
use trivet_replica::App;

use super::{Said, sensors};
use crate::devices::Devices;

/// What may wait; past it a line is read no further.
pub(super) const MAX_WAITING: usize = 4_096;
/// How often each wired probe is asked.
const PERIOD: Duration = Duration::from_secs(1);
/// Our own sensors measure once in this time where the configuration does not say otherwise.
const OWN_PERIOD_S: u16 = 60;
/// Commands to a line that wait.
const MAX_COMMANDS: usize = 16;
/// Inputs of a box: its probes, each with a door, a defrost contact and a compressor.
pub(crate) const MAX_INPUTS: usize = 600;

#[derive(Clone)]
pub(crate) struct Lines(Arc<Mutex<Inner>>);

struct Inner {
    app: App,
    devices: Devices,
    said: mpsc::Sender<Said>,
    /// By input, its address; those of documents are named by it.
    inputs: BTreeMap<String, String>,
    /// Addresses of documents that could not be started, so that it is said once.
    refused: HashSet<String>,
    buses: BTreeMap<String, Line<Bus>>,
    wires: BTreeMap<PathBuf, Line<Wire>>,
    /// Lines of sensors of our own firmware, by path.
    owns: BTreeMap<String, OwnLine>,
    /// Of those, the last reading that is in the record.
    marks: HashMap<String, Source>,
    broker: Option<mpsc::Sender<Subscription>>,
}

struct OwnLine {
    baud: u32,
    period_s: u16,
    names: BTreeMap<Rom, String>,
    commands: Option<mpsc::Sender<LineCommand>>,
    task: Option<AbortHandle>,
    is_new: bool,
}

/// A line with the task that serves it now.
struct Line<T> {
    of: T,
    reports: mpsc::Sender<Report>,
    task: Option<AbortHandle>,
    /// Something was wired to it that the task does not know.
    is_new: bool,
}

impl Lines {
    pub(super) fn new(app: &App, devices: &Devices, said: mpsc::Sender<Said>) -> Lines {
        Lines(Arc::new(Mutex::new(Inner {
            app: app.clone(),
            devices: devices.clone(),
            said,
            inputs: BTreeMap::new(),
            refused: HashSet::new(),
            buses: BTreeMap::new(),
            wires: BTreeMap::new(),
            owns: BTreeMap::new(),
            marks: marks(app),
            broker: None,
        })))
    }

    fn with<T>(&self, action: impl FnOnce(&mut Inner) -> T) -> T {
        action(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A broker is there: what listens to it takes subscriptions from here.
    pub(super) fn broker(&self) -> (mpsc::Receiver<Subscription>, mpsc::Sender<Report>) {
        self.with(|inner| {
            let (subscriptions, taken) = mpsc::channel(MAX_INPUTS);
            inner.broker = Some(subscriptions);
            (taken, inner.listen("broker"))
        })
    }

    /// An input of the configuration; its line is begun by [`Lines::begin`].
    pub(super) fn configure(&self, input: &str, address: &str, period_s: Option<u16>) -> anyhow::Result<()> {
        self.with(|inner| inner.add(input, address, period_s)).with_context(|| format!("probe {input}"))
    }

    /// What came over this line up to this reading is in the record.
    pub(super) fn is_safe(&self, line: &str, source: Source) {
        self.with(|inner| {
            inner.marks.insert(line.to_owned(), source);
            if let Some(commands) = inner.owns.get(line).and_then(|own| own.commands.as_ref()) {
                // One that does not get through is made up for by the next.
                drop(commands.try_send(LineCommand::Ack(source)));
            }
        });
    }

    /// False if there is no such line of sensors of ours, or if it takes no more now.
    pub(super) fn command(&self, line: &str, command: LineCommand) -> bool {
        self.with(|inner| {
            let commands = inner.owns.get(line).and_then(|own| own.commands.as_ref());
            commands.is_some_and(|commands| commands.try_send(command).is_ok())
        })
    }

    /// Serves all lines that something was wired to since the last time.
    pub(super) fn begin(&self) {
        self.with(Inner::begin);
    }

    /// Whether this box has the input: by a name of its configuration, or by an address at which it can be begun. An
    /// address with `;box=` is for that box alone.
    pub(super) fn start_input(&self, input: &str) -> bool {
        self.with(|inner| {
            if inner.inputs.contains_key(input) {
                return true;
            }
            if !input.contains(':') {
                return false;
            }
            let (address, meant) = input.split_once(";box=").map_or((input, None), |(a, b)| (a, Some(b)));
            if meant.is_some_and(|meant| meant != tag(&inner.app)) {
                return false;
            }
            let begun = inner.at_hand(address).and_then(|()| inner.add(input, address, None));
            match &begun {
                Ok(()) => inner.begin(),
                // A sensor may be plugged in later: it is tried again, and said once.
                Err(error) if inner.refused.len() < MAX_INPUTS && inner.refused.insert(input.to_owned()) => {
                    tracing::warn!(input, error = format!("{error:#}"), "a probe's input cannot be begun here");
                }
                Err(_) => {}
            }
            begun.is_ok()
        })
    }

    /// By input, its address.
    pub(crate) fn inputs(&self) -> BTreeMap<String, String> {
        self.with(|inner| inner.inputs.clone())
    }

    /// The 1-Wire roots that inputs name, and the usual one.
    pub(crate) fn roots(&self) -> Vec<PathBuf> {
        let mut roots: Vec<PathBuf> = self.with(|inner| inner.wires.keys().cloned().collect());
        if !roots.iter().any(|root| root == Path::new(w1::ROOT)) {
            roots.push(PathBuf::from(w1::ROOT));
        }
        roots
    }
}

/// How an address says that it is this box's: the beginning of its origin.
pub(crate) fn tag(app: &App) -> String {
    app.identity.origin().to_string().chars().take(8).collect()
}

impl Inner {
    /// A document's address names what may be on another box: only what is here is begun.
    fn at_hand(&self, address: &str) -> anyhow::Result<()> {
        match address.parse().map_err(anyhow::Error::msg)? {
            Address::Modbus { path, .. } => ensure!(Path::new(&path).exists(), "there is no {path}"),
            Address::OneWire { root, id } => {
                let known = self.wires.contains_key(&root) || root == Path::new(w1::ROOT);
                ensure!(known, "{} is no 1-Wire root of this box", root.display());
                ensure!(root.join(&id).exists(), "there is no {id}");
            }
            Address::Own { path, .. } => ensure!(Path::new(&path).exists(), "there is no {path}"),
            Address::Mqtt(_) => ensure!(self.broker.is_some(), "this box has no broker"),
        }
        Ok(())
    }

    fn add(&mut self, input: &str, address: &str, period_s: Option<u16>) -> anyhow::Result<()> {
        ensure!(self.inputs.len() < MAX_INPUTS, "a box has at most {MAX_INPUTS} inputs");
        ensure!(!self.inputs.contains_key(input), "there are two inputs of this name");
        match address.parse().map_err(anyhow::Error::msg)? {
            Address::Modbus { path, baud, parity, unit, profile, channel } => {
                let known =
                    modbus::Profile::named(&profile).with_context(|| format!("there is no profile `{profile}`"))?;
                let channel = known.channel(channel.as_deref()).cloned();
                let channel = channel.with_context(|| format!("the profile `{profile}` has no such channel"))?;
                if !self.buses.contains_key(&path) {
                    self.devices.add("probe_bus", &path, &format!("modbus:{path}@{baud}"));
                    let reports = self.listen(&path);
                    let of = Bus { path: path.clone(), baud, parity, units: Vec::new(), period: PERIOD };
                    self.buses.insert(path.clone(), Line { of, reports, task: None, is_new: true });
                }
                let line = self.buses.get_mut(&path).context("the bus")?;
                line.of.wire(input, unit, &known, channel);
                line.is_new = true;
            }
            Address::OneWire { root, id } => {
                if !self.wires.contains_key(&root) {
                    let name = root.display().to_string();
                    self.devices.add("probe_bus", &name, &format!("w1:{name}"));
                    let reports = self.listen(&name);
                    let of = Wire { root: root.clone(), sensors: Vec::new(), period: PERIOD };
                    self.wires.insert(root.clone(), Line { of, reports, task: None, is_new: true });
                }
                let line = self.wires.get_mut(&root).context("the wire")?;
                line.of.sensors.push((input.to_owned(), id));
                line.is_new = true;
            }
            Address::Own { path, baud, rom } => {
                if !self.owns.contains_key(&path) {
                    self.devices.add("probe_bus", &path, &format!("serial:{path}@{baud}"));
                }
                let own = self.owns.entry(path).or_insert_with(|| OwnLine {
                    baud,
                    period_s: OWN_PERIOD_S,
                    names: BTreeMap::new(),
                    commands: None,
                    task: None,
                    is_new: true,
                });
                own.period_s = period_s.unwrap_or(own.period_s);
                own.names.insert(rom, input.to_owned());
                own.is_new = true;
            }
            Address::Mqtt(place) => {
                let Some(broker) = &self.broker else { bail!("it speaks MQTT, but the configuration has no [mqtt]") };
                broker.try_send(Subscription::new(input, *place)).ok().context("the broker's client takes no more")?;
            }
        }
        self.inputs.insert(input.to_owned(), address.to_owned());
        Ok(())
    }

    fn begin(&mut self) {
        for (path, own) in &mut self.owns {
            if !std::mem::take(&mut own.is_new) {
                continue;
            }
            if let Some(task) = own.task.take() {
                task.abort();
            }
            let wall = self.app.wall.clone();
            let line = own::Line {
                path: path.clone(),
                baud: own.baud,
                period_s: own.period_s,
                resolution_bits: 12,
                names: own.names.clone(),
                since: self.marks.get(path).copied(),
                wall: Arc::new(move || wall.now_ms()),
            };
            let (reports, incoming) = mpsc::channel(MAX_WAITING);
            let (commands, taken) = mpsc::channel(MAX_COMMANDS);
            own.commands = Some(commands);
            own.task = Some(tokio::spawn(own::run(line, reports, taken)).abort_handle());
            if let Some(live) = self.app.more.get::<Live>() {
                live.forget_updates(path);
            }
            let (said, devices, app) = (self.said.clone(), self.devices.clone(), self.app.clone());
            tokio::spawn(sensors::Line { name: path.as_str().into(), said, devices, app }.listen(incoming));
        }
        for line in self.buses.values_mut() {
            line.begin(|of, reports| tokio::spawn(bus::run(of, reports)).abort_handle());
        }
        for line in self.wires.values_mut() {
            line.begin(|of, reports| tokio::spawn(w1::run(of, reports)).abort_handle());
        }
    }

    fn listen(&self, line: &str) -> mpsc::Sender<Report> {
        let (reports, incoming) = mpsc::channel(MAX_WAITING);
        tokio::spawn(sort(line.to_owned(), incoming, self.said.clone(), self.devices.clone(), self.app.clone()));
        reports
    }
}

impl<T: Clone> Line<T> {
    /// Serves the line with what is wired to it now.
    fn begin(&mut self, run: impl FnOnce(T, mpsc::Sender<Report>) -> AbortHandle) {
        if !std::mem::take(&mut self.is_new) {
            return;
        }
        if let Some(task) = self.task.take() {
            task.abort();
        }
        self.task = Some(run(self.of.clone(), self.reports.clone()));
    }
}

/// Up to where the lines of this box are in its record.
fn marks(app: &App) -> HashMap<String, Source> {
    let known = app.store.read(|conn| trivet_modules::haccp::minutes::marks(conn, app.identity.origin()));
    let known = known.unwrap_or_else(|error| {
        tracing::error!(%error, "reading up to where sensors are in the record");
        Vec::new()
    });
    known.into_iter().map(|(line, boot, seq)| (line, Source { boot, seq })).collect()
}

/// Parts what a line says of itself from what its probes say, and doubts what cannot be.
async fn sort(line: String, mut reports: mpsc::Receiver<Report>, said: mpsc::Sender<Said>, devices: Devices, app: App) {
    let mut judges: HashMap<String, Judge> = HashMap::new();
    while let Some(report) = reports.recv().await {
        let now = app.wall.now_ms();
        match report {
            Report::Sample(mut sample) => {
                if sample.value.is_ok() {
                    devices.set(&line, "up", "", now);
                }
                match judges.get_mut(&sample.input) {
                    Some(judge) => judge.look(&mut sample, now),
                    None => judges.entry(sample.input.clone()).or_default().look(&mut sample, now),
                }
                drop(said.send(Said::Sample { line: None, sample }).await);
            }
            Report::Input { input, state } => {
                devices.set(&line, "up", "", now);
                drop(said.send(Said::Input { input, state }).await);
            }
            Report::Line(Ok(())) => drop(devices.set(&line, "up", "", now)),
            Report::Line(Err(error)) => drop(devices.set(&line, "down", &error, now)),
        }
    }
}
