//! `trivet-vprobe`: virtual temperature probes on a PTY (Modbus RTU), in a 1-Wire folder and on an MQTT broker.

use anyhow::Context;
use clap::Parser;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use trivet_drivers::virtual_probe::{Broker, Convention, Options, Sensor, Topic, Unit, VirtualProbes};

/// Virtual temperature probes: they measure a room that is not there and fail on request.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Opens a PTY for the units and points this link at it.
    #[arg(long, value_name = "LINK", requires = "unit")]
    modbus: Option<PathBuf>,
    /// A Modbus slave.
    #[arg(long, value_name = "ID=NAME:START_C", requires = "modbus", value_parser = unit, allow_hyphen_values = true)]
    unit: Vec<Unit>,
    /// Speed that the address names; a PTY has none.
    #[arg(long, default_value_t = 9600)]
    baud: u32,
    /// A folder in the place of /sys/bus/w1/devices.
    #[arg(long, value_name = "DIR", requires = "sensor")]
    w1: Option<PathBuf>,
    /// A 1-Wire sensor, named as in sysfs.
    #[arg(long, value_name = "ID=NAME:START_C", requires = "w1", value_parser = sensor, allow_hyphen_values = true)]
    sensor: Vec<Sensor>,
    /// The broker for the topics.
    #[arg(long, value_name = "HOST:PORT", requires = "topic")]
    mqtt: Option<String>,
    /// User on the broker.
    #[arg(long, requires = "mqtt")]
    mqtt_user: Option<String>,
    /// File with the password; without it, the environment's TRIVET_MQTT_PASSWORD.
    #[arg(long, value_name = "FILE", requires = "mqtt_user")]
    mqtt_password_file: Option<PathBuf>,
    /// A probe that publishes; conventions are plain, zigbee2mqtt, tasmota, esphome, shelly,
    /// rtl_433 and door.
    #[arg(long, value_name = "NAME=TOPIC:CONVENTION:START_C", requires = "mqtt", value_parser = topic)]
    topic: Vec<Topic>,
    /// Time between two messages.
    #[arg(long, default_value_t = 1000)]
    period_ms: u64,
    /// State and faults over HTTP.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:0")]
    control: SocketAddr,
}

fn unit(text: &str) -> Result<Unit, String> {
    let parts = text.split_once('=').and_then(|(id, rest)| Some((id, rest.rsplit_once(':')?)));
    let Some((id, (name, start_c))) = parts else {
        return Err("write ID=NAME:START_C, as in 5=walk-in:3".into());
    };
    let id = id.parse().ok().filter(|id| (1..=247).contains(id)).ok_or("the unit must be 1 to 247")?;
    Ok(Unit { id, name: name.to_owned(), start_c: celsius(start_c)? })
}

fn sensor(text: &str) -> Result<Sensor, String> {
    let parts = text.split_once('=').and_then(|(id, rest)| Some((id, rest.rsplit_once(':')?)));
    let Some((id, (name, start_c))) = parts else {
        return Err("write ID=NAME:START_C, as in 28-0316a2793b21=walk-in:3".into());
    };
    let is_id = id.len() == 15 && id.as_bytes().get(2) == Some(&b'-');
    if !is_id || !id.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit()) {
        return Err("a sensor is named as in 28-0316a2793b21".into());
    }
    Ok(Sensor { id: id.to_owned(), name: name.to_owned(), start_c: celsius(start_c)? })
}

fn topic(text: &str) -> Result<Topic, String> {
    let usage = || "write NAME=TOPIC:CONVENTION:START_C, as in bar=sensors/bar:plain:4".to_owned();
    let (name, rest) = text.split_once('=').ok_or_else(usage)?;
    let mut parts = rest.rsplitn(3, ':');
    let start_c = celsius(parts.next().ok_or_else(usage)?)?;
    let convention = parts.next().and_then(Convention::from_name).ok_or_else(usage)?;
    let topic = parts.next().ok_or_else(usage)?.to_owned();
    Ok(Topic { name: name.to_owned(), topic, convention, start_c })
}

fn celsius(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| format!("{text} is no temperature"))?;
    if (-273.0..=1000.0).contains(&value) { Ok(value) } else { Err(format!("{text} °C is out of range")) }
}

fn broker(arguments: &Arguments) -> anyhow::Result<Option<Broker>> {
    let Some(address) = &arguments.mqtt else {
        return Ok(None);
    };
    let (host, port) = address.rsplit_once(':').context("--mqtt needs HOST:PORT")?;
    let port = port.parse().with_context(|| format!("port of {address}"))?;
    let login = match &arguments.mqtt_user {
        None => None,
        Some(user) => Some((user.clone(), password(arguments)?)),
    };
    Ok(Some(Broker { host: host.trim_matches(['[', ']']).to_owned(), port, login }))
}

fn password(arguments: &Arguments) -> anyhow::Result<String> {
    match &arguments.mqtt_password_file {
        Some(file) => {
            let text = std::fs::read_to_string(file).with_context(|| format!("password file {}", file.display()))?;
            Ok(text.trim_end_matches(['\r', '\n']).to_owned())
        }
        None => std::env::var("TRIVET_MQTT_PASSWORD").context("give --mqtt-password-file or TRIVET_MQTT_PASSWORD"),
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    anyhow::ensure!(
        arguments.modbus.is_some() || arguments.w1.is_some() || arguments.mqtt.is_some(),
        "give --modbus with --unit, --w1 with --sensor, or --mqtt with --topic"
    );
    let mut terminate = signal(SignalKind::terminate())?;
    let broker = broker(&arguments)?;
    let probes = VirtualProbes::start(Options {
        modbus: arguments.modbus.map(|link| (link, arguments.baud)),
        units: arguments.unit,
        w1: arguments.w1,
        sensors: arguments.sensor,
        broker,
        topics: arguments.topic,
        period: Duration::from_millis(arguments.period_ms.max(1)),
        control: arguments.control,
    })
    .await?;
    announce(&probes);
    tokio::select! {
        _ = terminate.recv() => {}
        result = tokio::signal::ctrl_c() => result?,
    }
    probes.stop().await;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the one line by which whoever started it learns the addresses")]
fn announce(probes: &VirtualProbes) {
    println!("{}", probes.announcement());
}
