//! Temperature probes without a fridge: Modbus RTU slaves on a PTY, 1-Wire sensors in a folder and publishers on a
//! broker, failing on request.
//!
//! A product and the rig of our own tests, sharing no code with the decoders that they check. What is sent is
//! computed without I/O ([`modbus`], [`shapes`], [`temperature`]); what must stay true is that clients and brokers
//! may come and go as they like.

mod bus;
mod fleet;
pub mod modbus;
mod mqtt;
mod noise;
pub mod shapes;
pub mod temperature;
#[cfg(test)]
mod tests;
pub mod w1;

pub use fleet::{Fault, Fleet, Kind, Probe};
pub use mqtt::Broker;
pub use shapes::Convention;

use crate::virtual_printer::http::{self, Request, Response};
use crate::virtual_printer::pty;
use anyhow::Context;
use serde_json::{Map, Value, json};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// A probe on the serial line.
#[derive(Clone, Debug)]
pub struct Unit {
    /// Modbus address, 1 to 247.
    pub id: u8,
    /// Its name.
    pub name: String,
    /// Set point in °C.
    pub start_c: f64,
}

/// A 1-Wire sensor.
#[derive(Clone, Debug)]
pub struct Sensor {
    /// Its name in sysfs: family and serial number.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Set point in °C.
    pub start_c: f64,
}

/// A probe on the broker.
#[derive(Clone, Debug)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// The topic, with or without the parts that the convention prescribes.
    pub topic: String,
    /// The convention.
    pub convention: Convention,
    /// Set point in °C.
    pub start_c: f64,
}

/// How to start probes.
#[derive(Clone, Debug)]
pub struct Options {
    /// Link to the PTY and its nominal speed, if there are units.
    pub modbus: Option<(PathBuf, u32)>,
    /// The probes on it.
    pub units: Vec<Unit>,
    /// The folder that stands for `/sys/bus/w1/devices`, if there are sensors.
    pub w1: Option<PathBuf>,
    /// The sensors in it.
    pub sensors: Vec<Sensor>,
    /// The broker, if there are topics.
    pub broker: Option<Broker>,
    /// The probes on it.
    pub topics: Vec<Topic>,
    /// Time between two messages.
    pub period: Duration,
    /// The control address; port 0 takes a free one.
    pub control: SocketAddr,
}

/// Running probes. They stop when dropped.
#[derive(Debug)]
pub struct VirtualProbes {
    fleet: Arc<Fleet>,
    control: String,
    tasks: JoinSet<()>,
}

impl VirtualProbes {
    /// Starts them; when this returns, a master can ask. The broker may come later.
    ///
    /// # Errors
    /// When the PTY cannot be opened, the control address not be bound, or names or units are used twice.
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        let probes = probes(&options);
        refuse_doubles(&probes)?;
        let control =
            TcpListener::bind(options.control).await.with_context(|| format!("control address {}", options.control))?;
        let control_url = format!("http://{}", control.local_addr()?);
        let fleet = Arc::new(Fleet::new(probes));
        let mut tasks = JoinSet::new();
        if let Some((link, _)) = &options.modbus {
            let (line, held) = pty::open(link).with_context(|| format!("serial line {}", link.display()))?;
            let fleet = fleet.clone();
            tasks.spawn(async move { bus::run(&fleet, line, held).await });
        }
        if let Some(folder) = &options.w1 {
            std::fs::create_dir_all(folder).with_context(|| format!("1-Wire folder {}", folder.display()))?;
            let (fleet, folder) = (fleet.clone(), folder.clone());
            let period = options.period.max(Duration::from_millis(1));
            tasks.spawn(async move { w1::run(&fleet, &folder, period).await });
        }
        if let Some(broker) = &options.broker {
            for topic in &options.topics {
                let (fleet, broker) = (fleet.clone(), broker.clone());
                let publisher = mqtt::Publisher {
                    name: topic.name.clone(),
                    topic: topic.convention.value_topic(&topic.topic),
                    convention: topic.convention,
                    period: options.period.max(Duration::from_millis(1)),
                };
                tasks.spawn(async move { mqtt::run(&fleet, &broker, &publisher).await });
            }
        }
        let controlled = fleet.clone();
        tasks.spawn(http::serve(control, move |request| answer(&controlled, request)));
        Ok(Self { fleet, control: control_url, tasks })
    }

    /// `http://HOST:PORT`.
    pub fn control_url(&self) -> &str {
        &self.control
    }

    /// What `POST` on the control address does; returns the state after it.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the order.
    pub fn order(&self, body: &Value) -> Result<Value, String> {
        self.fleet.order(body)
    }

    /// What `GET` on the control address answers.
    pub fn state(&self) -> Value {
        self.fleet.state()
    }

    /// The line that the binary prints at its start.
    pub fn announcement(&self) -> Value {
        let probes: Map<String, Value> = self
            .fleet
            .probes()
            .iter()
            .map(|probe| {
                (
                    probe.name.clone(),
                    json!({"kind": probe.kind.name(), "address": probe.address, "control": self.control}),
                )
            })
            .collect();
        json!({"kind": "probes", "probes": probes, "control": self.control})
    }

    /// Stops them and waits until their addresses are free again.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

fn probes(options: &Options) -> Vec<Probe> {
    let units = options.modbus.iter().flat_map(|(link, baud)| {
        options.units.iter().map(move |unit| {
            let address = format!("modbus:{}@{baud},{}", link.display(), unit.id);
            Probe::new(unit.name.clone(), Kind::Modbus(unit.id), address, unit.start_c)
        })
    });
    let topics = options.topics.iter().map(|topic| {
        let address = topic.convention.address(&topic.name, &topic.convention.value_topic(&topic.topic));
        Probe::new(topic.name.clone(), Kind::Mqtt, address, topic.start_c)
    });
    let sensors = options.w1.iter().flat_map(|folder| {
        options.sensors.iter().map(move |sensor| {
            let address = format!("w1:{}@{}", sensor.id, folder.display());
            Probe::new(sensor.name.clone(), Kind::OneWire(sensor.id.clone()), address, sensor.start_c)
        })
    });
    units.chain(sensors).chain(topics).collect()
}

fn refuse_doubles(probes: &[Probe]) -> anyhow::Result<()> {
    for (at, probe) in probes.iter().enumerate() {
        for other in probes.iter().skip(at + 1) {
            anyhow::ensure!(probe.name != other.name, "two probes are called {}", probe.name);
            anyhow::ensure!(
                probe.kind == Kind::Mqtt || probe.kind != other.kind,
                "{} and {} have the same unit",
                probe.name,
                other.name
            );
        }
    }
    Ok(())
}

fn answer(fleet: &Fleet, request: &Request) -> Response {
    match request.method.as_str() {
        "POST" => match request.json().and_then(|body| fleet.order(&body)) {
            Ok(state) => Response::json(&state),
            Err(text) => Response::refusal(400, &text),
        },
        "GET" | "HEAD" => Response::json(&fleet.state()),
        _ => Response::refusal(405, "GET and POST only"),
    }
}
