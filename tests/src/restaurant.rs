//! Opening a restaurant: every part a process of its own, as it would be bought and plugged in.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use crate::guest::Guest;
use crate::process::{Binaries, Process, free_port, until};
use crate::ready::{BoxAddress, Broker, PrinterAddress, ProbeAddress, Ready, User};

/// What is opened.
#[derive(Clone, Debug)]
pub struct Plan {
    pub boxes: usize,
    /// A relay with its dashboard; always, with two boxes.
    pub relay: bool,
    pub devices: bool,
    /// Ports from here on; free ones if None.
    pub port_base: Option<u16>,
    /// A broker that runs already, instead of the embedded one.
    pub broker: Option<Broker>,
    /// `[[mqtt.account]]` tables: devices with accounts of their own on the embedded broker.
    pub accounts: String,
    /// Real devices in the place of virtual ones: name to address[,profile].
    pub printers: BTreeMap<String, String>,
    pub probes: BTreeMap<String, String>,
    /// A sensor of our own, on a serial line of the first box.
    pub sensor: Option<Sensor>,
    /// Printers of the caller's own beside these, each with one station: name, address and station.
    pub more_printers: Vec<(String, String, String)>,
    /// Sets the first box's clock off by so much.
    pub clock_offset_ms: i64,
    /// Environment of the boxes (a shim that delays syncs).
    pub box_environment: Vec<(String, String)>,
    /// The printer of the bar prints for the kitchen while the kitchen's cannot.
    pub backups: bool,
    /// The box sends again what it is not sure of, without a word: the control of tests that look for doubles.
    pub rehearse_blind: bool,
    /// How fast the virtual printers print, if not as fast as real ones.
    pub paper_mm_per_s: Option<u32>,
    /// Where the binaries are; beside the one that runs if None.
    pub bin_dir: Option<PathBuf>,
}

#[derive(Clone, Debug)]
pub enum Sensor {
    /// This image, in QEMU.
    Qemu(PathBuf),
    /// `trivet-probe-sim`, which can be updated. Images for it lie in the restaurant's folder: `firmware-0.2.0.tvf`,
    /// `firmware-0.3.0.tvf` that does not start, and `foreign.tvf` of another key.
    Simulated,
}

impl Sensor {
    /// The chip on its wire.
    fn chip(&self) -> &'static str {
        match self {
            Sensor::Qemu(_) => "28-03161e64ff01",
            Sensor::Simulated => "28-000000010001",
        }
    }
}

impl Default for Plan {
    fn default() -> Plan {
        Plan {
            boxes: 1,
            relay: true,
            devices: true,
            port_base: None,
            broker: None,
            accounts: String::new(),
            printers: BTreeMap::new(),
            probes: BTreeMap::new(),
            sensor: None,
            more_printers: Vec::new(),
            clock_offset_ms: 0,
            box_environment: Vec::new(),
            backups: false,
            rehearse_blind: false,
            paper_mm_per_s: None,
            bin_dir: None,
        }
    }
}

/// Name, language, stations, and the stations that it backs.
const PRINTERS: [(&str, &str, &[&str], &[&str]); 3] = [
    ("hot", "escpos", &["grill", "cold"], &["bar"]),
    ("bar", "escpos", &["bar", "receipt"], &["grill", "cold"]),
    ("labels", "zpl", &["label"], &[]),
];
const ROLES: [(&str, &str, &str); 5] = [
    ("owner", "Oona Owner", "owner"),
    ("manager", "Mikko Manager", "manager"),
    ("waiter", "Wilma Waiter", "waiter"),
    ("cook", "Kalle Cook", "cook"),
    ("auditor", "Aino Auditor", "auditor"),
];

pub struct Restaurant {
    pub ready: Ready,
    folder: PathBuf,
    pub processes: BTreeMap<String, Process>,
    environment: Vec<(String, String)>,
    binaries: Binaries,
    _temporary: Option<tempfile::TempDir>,
}

impl Restaurant {
    /// In a folder that is gone afterwards.
    pub fn open(plan: &Plan) -> anyhow::Result<Restaurant> {
        let temporary = tempfile::tempdir()?;
        let mut restaurant = Restaurant::open_in(temporary.path(), plan)?;
        restaurant._temporary = Some(temporary);
        Ok(restaurant)
    }

    /// In a fresh folder of the caller's.
    pub fn open_in(folder: &Path, plan: &Plan) -> anyhow::Result<Restaurant> {
        let mut opening = Opening {
            folder: folder.to_owned(),
            plan: plan.clone(),
            binaries: Binaries::find(plan.bin_dir.as_deref())?,
            next_port: plan.port_base,
            processes: BTreeMap::new(),
        };
        let ready = opening.open()?;
        Ok(Restaurant {
            ready,
            folder: folder.to_owned(),
            processes: opening.processes,
            environment: plan.box_environment.clone(),
            binaries: opening.binaries,
            _temporary: None,
        })
    }

    /// Where its files are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn process(&mut self, name: &str) -> &mut Process {
        self.processes.get_mut(name).expect("a process of this restaurant")
    }

    /// Somebody of a role, logged in at the first box.
    pub fn log_in(&self, role: &str) -> anyhow::Result<Guest> {
        self.log_in_at(&self.ready.edge_url, role)
    }

    pub fn log_in_at(&self, url: &str, role: &str) -> anyhow::Result<Guest> {
        let user = self.ready.users.get(role).with_context(|| format!("there is no {role}"))?;
        Guest::log_in(url, &user.login, &user.password)
    }

    /// Starts a process of the restaurant again, as it was started first.
    pub fn restart(&mut self, name: &str) -> anyhow::Result<()> {
        self.processes.remove(name);
        let (process, url) = match name {
            "relay" => {
                let url = self.ready.relay_url.clone().context("this restaurant has no relay")?;
                (start_relay(&self.binaries, &self.folder, &url)?, url)
            }
            "dashboard" => {
                let url = self.ready.dashboard_url.clone().context("this restaurant has no dashboard")?;
                let relay = self.ready.relay_url.clone().context("this restaurant has no relay")?;
                (start_dashboard(&self.binaries, &self.folder, &url, &relay)?, url)
            }
            name => {
                let config = self.folder.join(format!("{name}.toml"));
                let index: usize = name.trim_start_matches("box").parse::<usize>()? - 1;
                let url = self.ready.boxes.get(index).context("no such box")?.url.clone();
                (start_box(&self.binaries, &self.folder, name, &config, &self.environment)?, url)
            }
        };
        self.ready.pids.insert(name.to_owned(), process.pid());
        self.processes.insert(name.to_owned(), process);
        wait_until_healthy(&url, if name == "relay" { "/health" } else { "/health/ready" })
    }

    /// Leaves the folder where it is, for whoever looks into what went wrong.
    pub fn keep(&mut self) -> PathBuf {
        self._temporary.take().map_or_else(|| self.folder.clone(), tempfile::TempDir::keep)
    }

    /// The first box's clock is off by so much from its next start on.
    pub fn set_clock_offset(&self, offset_ms: i64) -> anyhow::Result<()> {
        let path = self.folder.join("box1.toml");
        let text = std::fs::read_to_string(&path)?;
        let line = |line: &str| match line.starts_with("clock_offset_ms") {
            true => format!("clock_offset_ms = {offset_ms}\n"),
            false => format!("{line}\n"),
        };
        Ok(std::fs::write(path, text.lines().map(line).collect::<String>())?)
    }

    /// Orders a fault, or ends it.
    pub fn fault(&self, control: &str, fault: &Value) -> anyhow::Result<()> {
        Guest::stranger(control).post("/", fault)?.expect_status(200).map(drop)
    }

    pub fn printer_fault(&self, printer: &str, fault: &str, value: Value) -> anyhow::Result<()> {
        let control = self.ready.printers.get(printer).and_then(|p| p.control.clone()).context("a virtual printer")?;
        self.fault(&control, &json!({"fault": fault, "value": value}))
    }

    pub fn probe_fault(&self, probe: &str, fault: &str, value: Value) -> anyhow::Result<()> {
        let control = self.ready.probes.get(probe).and_then(|p| p.control.clone()).context("a virtual probe")?;
        self.fault(&control, &json!({"probe": probe, "fault": fault, "value": value, "jump": true}))
    }

    /// The papers that have come out of a printer, as text.
    pub fn papers(&self, printer: &str) -> anyhow::Result<Vec<String>> {
        let folder = self.ready.printers.get(printer).and_then(|p| p.paper.clone()).context("a virtual printer")?;
        let mut files: Vec<PathBuf> = std::fs::read_dir(folder)?.filter_map(|file| Some(file.ok()?.path())).collect();
        files.retain(|path| path.extension().is_some_and(|ending| ending == "txt"));
        files.sort();
        files.into_iter().map(|path| Ok(std::fs::read_to_string(path)?)).collect()
    }

    /// Stops everything, the boxes first. True if each ended by itself.
    pub fn close(mut self) -> bool {
        let mut names: Vec<String> = self.processes.keys().cloned().collect();
        names.sort_by_key(|name| !name.starts_with("box"));
        let mut processes: Vec<Process> = names.iter().filter_map(|name| self.processes.remove(name)).collect();
        processes.iter().for_each(Process::ask_to_stop);
        processes.iter_mut().map(Process::stop).filter(|ended| !ended).count() == 0
    }
}

struct Opening {
    folder: PathBuf,
    binaries: Binaries,
    plan: Plan,
    next_port: Option<u16>,
    processes: BTreeMap<String, Process>,
}

impl Opening {
    fn open(&mut self) -> anyhow::Result<Ready> {
        std::fs::create_dir_all(&self.folder)?;
        let edge = self.address()?;
        let relay_url = format!("http://{}", self.address()?);
        let dashboard_url = format!("http://{}", self.address()?);
        let mqtt_port = self.port()?;
        let with_relay = self.plan.relay || self.plan.boxes > 1;
        let broker = self.plan.broker.clone().unwrap_or(Broker {
            host: "127.0.0.1".to_owned(),
            port: mqtt_port,
            user: "probes".to_owned(),
            password: random_word(20),
        });
        std::fs::write(self.folder.join("mqtt-password"), &broker.password)?;
        let users = self.provision()?;
        let data = self.folder.join("box1");
        if with_relay {
            let invitation = run(Command::new(self.binaries.path("trivet-relay")?)
                .arg("invite")
                .arg("--data")
                .arg(self.folder.join("relay")))?;
            self.keep(start_relay(&self.binaries, &self.folder, &relay_url)?);
            wait_until_healthy(&relay_url, "/health")?;
            run(Command::new(self.binaries.path("trivet")?)
                .args(["claim", "--relay", &relay_url, "--invitation", invitation.trim()])
                .arg("--data")
                .arg(&data))?;
        }
        let printers = self.printers()?;
        let probes = self.probes(&broker)?;
        let scales = self.scales()?;
        let relay = with_relay.then_some(relay_url.as_str());
        let config = self.config("box1", &edge, relay, Some(&broker), &printers, &probes)?;
        let first = start_box(&self.binaries, &self.folder, "box1", &config, &self.plan.box_environment)?;
        let edge_url = format!("http://{edge}");
        let mut boxes = vec![BoxAddress { url: edge_url.clone(), data_dir: text(&data), pid: first.pid() }];
        self.keep(first);
        wait_until_healthy(&edge_url, "/health/ready")?;
        if with_relay {
            let owner = users.get("owner").context("an owner")?;
            let owner = Guest::log_in(&edge_url, &owner.login, &owner.password)?;
            self.enrol("trivet-dashboard", "dashboard", &owner, &relay_url)?;
            self.keep(start_dashboard(&self.binaries, &self.folder, &dashboard_url, &relay_url)?);
            for n in 2..=self.plan.boxes {
                let name = format!("box{n}");
                self.enrol("trivet", &name, &owner, &relay_url)?;
                let address = self.address()?;
                let none = BTreeMap::new();
                let config = self.config(&name, &address, relay, None, &none, &BTreeMap::new())?;
                let process = start_box(&self.binaries, &self.folder, &name, &config, &self.plan.box_environment)?;
                let url = format!("http://{address}");
                boxes.push(BoxAddress {
                    url: url.clone(),
                    data_dir: text(&self.folder.join(&name)),
                    pid: process.pid(),
                });
                self.keep(process);
                wait_until_healthy(&url, "/health/ready")?;
            }
            wait_until_healthy(&dashboard_url, "/health/ready")?;
        }
        Ok(Ready {
            edge_url,
            relay_url: with_relay.then_some(relay_url),
            dashboard_url: with_relay.then_some(dashboard_url),
            ca_file: None,
            mqtt: broker,
            printers,
            probes,
            scales,
            users,
            data_dir: text(&data),
            boxes,
            pids: self.processes.iter().map(|(name, process)| (name.clone(), process.pid())).collect(),
        })
    }

    fn keep(&mut self, process: Process) {
        self.processes.insert(process.name.clone(), process);
    }

    fn port(&mut self) -> anyhow::Result<u16> {
        match &mut self.next_port {
            Some(next) => {
                *next += 1;
                Ok(*next - 1)
            }
            None => free_port(),
        }
    }

    fn address(&mut self) -> anyhow::Result<String> {
        Ok(format!("127.0.0.1:{}", self.port()?))
    }

    /// The first box's set-up, with new passwords and PINs.
    fn provision(&self) -> anyhow::Result<BTreeMap<String, User>> {
        let mut plan: Value = serde_json::from_str(include_str!("restaurant.json"))?;
        let mut users = BTreeMap::new();
        let mut people = Vec::new();
        for (login, name, role) in ROLES {
            let user = User { login: login.to_owned(), password: random_word(12), pin: random_pin() };
            let (password, pin) = (&user.password, &user.pin);
            people.push(json!({"name": name, "login": login, "role": role, "password": password, "pin": pin}));
            users.insert(role.to_owned(), user);
        }
        plan["people"] = Value::Array(people);
        if let Some(sensor) = &self.plan.sensor {
            // What QEMU's board simulates is never as cold as this.
            let max = if matches!(sensor, Sensor::Qemu(_)) { 1_000 } else { 5_000 };
            let probe = json!({"name": "Cold store", "unitKind": "fridge", "maxMilliC": max, "input": "cold-store",
                "alarmDelaySeconds": 0});
            plan["probes"].as_array_mut().context("probes")?.push(probe);
        }
        let file = self.folder.join("restaurant.json");
        std::fs::write(&file, plan.to_string())?;
        run(Command::new(self.binaries.path("trivet")?)
            .arg("provision")
            .arg("--data")
            .arg(self.folder.join("box1"))
            .arg("--file")
            .arg(&file))?;
        std::fs::remove_file(file)?;
        Ok(users)
    }

    fn printers(&mut self) -> anyhow::Result<BTreeMap<String, PrinterAddress>> {
        let mut printers = BTreeMap::new();
        if !self.plan.devices {
            return Ok(printers);
        }
        for (name, language, ..) in &PRINTERS {
            if let Some(real) = self.plan.printers.get(*name) {
                let address =
                    PrinterAddress { kind: "printer".to_owned(), address: real.clone(), paper: None, control: None };
                printers.insert((*name).to_owned(), address);
                continue;
            }
            let paper = self.folder.join("paper").join(name);
            let (tcp, control) = (self.address()?, self.address()?);
            let mut command = Command::new(self.binaries.path("trivet-vprinter")?);
            command.args(["--language", language, "--tcp", &tcp, "--control", &control, "--paper"]).arg(&paper);
            if let Some(speed) = self.plan.paper_mm_per_s {
                command.args(["--mm-per-s", &speed.to_string()]);
            }
            let (process, said) = Process::announced(&format!("printer-{name}"), &mut command, &self.folder)?;
            let field = |field: &str| said[field].as_str().map(str::to_owned);
            printers.insert(
                (*name).to_owned(),
                PrinterAddress {
                    kind: "printer".to_owned(),
                    address: field("address").context("a printer's address")?,
                    paper: Some(text(&paper)),
                    control: field("control"),
                },
            );
            self.keep(process);
        }
        Ok(printers)
    }

    fn probes(&mut self, broker: &Broker) -> anyhow::Result<BTreeMap<String, ProbeAddress>> {
        let mut probes = BTreeMap::new();
        if !self.plan.devices {
            return Ok(probes);
        }
        let control = self.address()?;
        let mut command = Command::new(self.binaries.path("trivet-vprobe")?);
        command.arg("--modbus").arg(self.folder.join("probe-bus")).args(["--control", &control]);
        for unit in ["1=walk-in:3.2", "2=grill-drawer:3.6", "3=freezer:-19.5", "4=bain-marie:64.0"] {
            command.args(["--unit", unit]);
        }
        command.args(["--mqtt", &format!("{}:{}", broker.host, broker.port), "--mqtt-user", &broker.user]);
        command.arg("--mqtt-password-file").arg(self.folder.join("mqtt-password"));
        command.args(["--topic", "bar-fridge=trivet/probe/bar-fridge:plain:4.1"]);
        command.args(["--topic", "dessert=zigbee2mqtt/dessert:zigbee2mqtt:4.4"]);
        let (process, said) = Process::announced("probes", &mut command, &self.folder)?;
        for (name, probe) in said["probes"].as_object().context("probes announce themselves")? {
            let field = |field: &str| probe[field].as_str().map(str::to_owned);
            probes.insert(
                name.clone(),
                ProbeAddress {
                    kind: field("kind").unwrap_or_default(),
                    address: field("address").context("a probe's address")?,
                    control: field("control"),
                },
            );
        }
        for (name, real) in &self.plan.probes {
            let kind = real.split(':').next().unwrap_or_default().to_owned();
            probes.insert(name.clone(), ProbeAddress { kind, address: real.clone(), control: None });
        }
        self.keep(process);
        if let Some(sensor) = self.plan.sensor.clone() {
            let path = match &sensor {
                Sensor::Qemu(image) => self.board(image)?,
                Sensor::Simulated => self.simulated()?,
            };
            let address = format!("serial:{path},{}", sensor.chip());
            probes.insert("cold-store".to_owned(), ProbeAddress { kind: "serial".to_owned(), address, control: None });
        }
        Ok(probes)
    }

    /// Starts the board; gives the path of its line.
    fn board(&mut self, image: &Path) -> anyhow::Result<String> {
        anyhow::ensure!(image.exists(), "{} is not built: `cargo xtask firmware` first", image.display());
        let mut command = Command::new("qemu-system-arm");
        command.args(["-cpu", "cortex-m3", "-machine", "lm3s6965evb", "-nographic", "-monitor", "none"]);
        let process = Process::start("sensor", command.args(["-serial", "pty", "-kernel"]).arg(image), &self.folder)?;
        let said = self.folder.join("sensor.log");
        let path = until(Duration::from_secs(20), || {
            let said = std::fs::read_to_string(&said)?;
            Ok(said.split_whitespace().find(|word| word.starts_with("/dev/pts/")).map(str::to_owned))
        });
        self.keep(process);
        path.context("QEMU names no line")
    }

    fn simulated(&mut self) -> anyhow::Result<String> {
        let program = self.binaries.path("trivet-probe-sim")?;
        for (file, version, more) in [
            ("firmware-0.2.0.tvf", "0.2.0", None),
            ("firmware-0.3.0.tvf", "0.3.0", Some("--image-broken")),
            ("foreign.tvf", "0.4.0", Some("--image-key-seed=7")),
        ] {
            let mut command = Command::new(&program);
            command.arg("--image").arg(self.folder.join(file)).args(["--image-version", version, "--image-slot", "b"]);
            run(command.args(more))?;
        }
        let link = self.folder.join("sensor");
        let mut command = Command::new(&program);
        command.arg("--link").arg(&link).args(["--sensor", "3.4", "--battery", "87"]);
        let process = Process::listening("sensor", &mut command, &self.folder)?;
        until(Duration::from_secs(20), || Ok(link.exists().then_some(())))?;
        self.keep(process);
        Ok(text(&link))
    }

    fn scales(&mut self) -> anyhow::Result<BTreeMap<String, ProbeAddress>> {
        if !self.plan.devices {
            return Ok(BTreeMap::new());
        }
        let control = self.address()?;
        let mut command = Command::new(self.binaries.path("trivet-vscale")?);
        command.arg("--pty").arg(self.folder.join("scale")).args(["--control", &control]);
        let (process, said) = Process::announced("scale", &mut command, &self.folder)?;
        let field = |field: &str| said[field].as_str().map(str::to_owned);
        let address = field("address").context("a scale's address")?;
        let scale = ProbeAddress { kind: "scale".to_owned(), address, control: field("control") };
        self.keep(process);
        Ok([("counter".to_owned(), scale)].into())
    }

    fn config(
        &self,
        name: &str,
        http: &str,
        relay: Option<&str>,
        broker: Option<&Broker>,
        printers: &BTreeMap<String, PrinterAddress>,
        probes: &BTreeMap<String, ProbeAddress>,
    ) -> anyhow::Result<PathBuf> {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let mut toml = String::new();
        writeln!(
            toml,
            "name = {}\ndata = {}\nhttp = {}",
            quoted(name),
            quoted(&text(&self.folder.join(name))),
            quoted(http)
        )?;
        if name == "box1" {
            writeln!(toml, "clock_offset_ms = {}", self.plan.clock_offset_ms)?;
            writeln!(toml, "rehearse_blind_resend = {}", self.plan.rehearse_blind)?;
            if matches!(self.plan.sensor, Some(Sensor::Simulated)) {
                let key = Command::new(self.binaries.path("trivet-probe-sim")?).arg("--public-key").output()?;
                writeln!(toml, "firmware_key = {}", quoted(String::from_utf8(key.stdout)?.trim()))?;
            }
        }
        if let Some(relay) = relay {
            writeln!(toml, "relay = {}", quoted(relay))?;
        }
        if let Some(broker) = broker {
            writeln!(
                toml,
                "[mqtt]\nembedded = {}\nhost = {}\nport = {}",
                self.plan.broker.is_none(),
                quoted(&broker.host),
                broker.port
            )?;
            writeln!(
                toml,
                "user = {}\npassword_file = {}",
                quoted(&broker.user),
                quoted(&text(&self.folder.join("mqtt-password")))
            )?;
            if !self.plan.accounts.is_empty() {
                let folder = quoted(&text(&self.folder.join("broker")));
                writeln!(toml, "broker_files = {folder}\n{}", self.plan.accounts)?;
            }
        }
        for (name, printer) in printers {
            let known = PRINTERS.iter().find(|(known, ..)| known == name);
            let (_, language, stations, backs) = known.context("a printer of this restaurant")?;
            let backs = if self.plan.backups { *backs } else { &[] };
            let usual = if *language == "zpl" { "zpl-203" } else { "epson-80" };
            let (address, profile) = printer.address.split_once(',').unwrap_or((&printer.address, usual));
            writeln!(
                toml,
                "[[printer]]\nname = {}\naddress = {}\nprofile = {}\nstations = {}\nbacks = {}",
                quoted(name),
                quoted(address),
                quoted(profile),
                json!(stations),
                json!(backs)
            )?;
        }
        let more: &[_] = if name == "box1" { &self.plan.more_printers } else { &[] };
        for (name, address, station) in more {
            let (name, address, stations) = (quoted(name), quoted(address), json!([station]));
            writeln!(toml, "[[printer]]\nname = {name}\naddress = {address}\nstations = {stations}")?;
        }
        if name == "box1" && self.plan.devices {
            let path = quoted(&text(&self.folder.join("scale")));
            writeln!(toml, "[[scale]]\nname = \"counter\"\npath = {path}\nprotocol = \"toledo\"")?;
        }
        for (name, probe) in probes {
            writeln!(toml, "[[probe]]\ninput = {}\naddress = {}", quoted(name), quoted(&probe.address))?;
            if probe.kind == "serial" {
                writeln!(toml, "period_seconds = 1")?;
            }
        }
        // Whatever else fills this machine's disk is no part of a story.
        writeln!(toml, "[alerts]\ndisk_free_percent = 0")?;
        let path = self.folder.join(format!("{name}.toml"));
        std::fs::write(&path, toml)?;
        Ok(path)
    }

    /// Makes a one-time code at the first box and enrols another replica with it.
    fn enrol(&self, program: &str, name: &str, owner: &Guest, relay: &str) -> anyhow::Result<()> {
        // The first box must have reached the relay.
        let code = until(Duration::from_secs(20), || {
            let answer = owner.post("/api/v1/replicas/enrolment-codes", &json!({}))?;
            Ok((answer.status == 201).then(|| answer.body["code"].as_str().unwrap_or_default().to_owned()))
        })
        .context("the first box has not reached the relay")?;
        // The offer travels while this starts; a request that comes first is asked again.
        until(Duration::from_secs(10), || {
            let data = self.folder.join(name);
            run(Command::new(self.binaries.path(program)?)
                .args(["enrol", "--relay", relay, "--code", &code])
                .arg("--data")
                .arg(data))
            .map(Some)
        })?;
        Ok(())
    }
}

fn start_box(
    binaries: &Binaries,
    folder: &Path,
    name: &str,
    config: &Path,
    environment: &[(String, String)],
) -> anyhow::Result<Process> {
    let mut command = Command::new(binaries.path("trivet")?);
    command.arg("run").arg("--config").arg(config).envs(environment.iter().cloned());
    Process::start(name, &mut command, folder)
}

fn start_relay(binaries: &Binaries, folder: &Path, url: &str) -> anyhow::Result<Process> {
    let mut command = Command::new(binaries.path("trivet-relay")?);
    command.arg("run").arg("--data").arg(folder.join("relay")).args(["--listen", url.trim_start_matches("http://")]);
    Process::start("relay", &mut command, folder)
}

fn start_dashboard(binaries: &Binaries, folder: &Path, url: &str, relay: &str) -> anyhow::Result<Process> {
    let mut command = Command::new(binaries.path("trivet-dashboard")?);
    command.arg("run").arg("--data").arg(folder.join("dashboard")).args(["--relay", relay]);
    command.args(["--listen", url.trim_start_matches("http://")]);
    Process::start("dashboard", &mut command, folder)
}

fn wait_until_healthy(url: &str, path: &str) -> anyhow::Result<()> {
    let stranger = Guest::stranger(url);
    until(Duration::from_secs(20), || Ok((stranger.get(path)?.status == 200).then_some(())))
        .with_context(|| format!("{url} does not become ready"))
}

fn run(command: &mut Command) -> anyhow::Result<String> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "{command:?} failed: {said}");
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn random_word(letters: usize) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz234567899";
    random_bytes(letters)
        .iter()
        .filter_map(|byte| ALPHABET.get(usize::from(byte % 32)))
        .map(|b| char::from(*b))
        .collect()
}

/// Six different digits in uneven steps: never one that is refused as easy.
fn random_pin() -> String {
    let mut pin: Vec<u8> = Vec::new();
    while pin.len() < 6 {
        pin.extend(random_bytes(1).iter().filter(|byte| **byte < 250).map(|byte| byte % 10));
        let even = matches!(pin[..], [.., a, b, c] if (b + 10 - a) % 10 == (c + 10 - b) % 10);
        let again = matches!(pin[..], [ref before @ .., last] if before.contains(&last));
        if even || again {
            pin.pop();
        }
    }
    pin.into_iter().map(|digit| char::from(b'0' + digit)).collect()
}

fn random_bytes(count: usize) -> Vec<u8> {
    let mut bytes = vec![0u8; count];
    ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut bytes)
        .expect("the system gives random bytes");
    bytes
}
