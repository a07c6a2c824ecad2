//! Probes of this box: the lines, the broker and the subscriptions of its configuration. What they say goes to
//! [`watching`], which makes facts of it.

mod watching;

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::mpsc;
use trivet_domain::haccp::MAX_PROBES;
use trivet_drivers::probe::bus::{self, Bus, Unit};
use trivet_drivers::probe::{self, Address, InputState, Report, modbus, mqtt::Topic};
use trivet_replica::App;

use crate::config::Config;
use crate::devices::Devices;

/// What may wait; past it a line is read no further.
const MAX_WAITING: usize = 4_096;
/// How often each wired probe is asked.
const PERIOD: Duration = Duration::from_secs(1);

/// What an input said.
pub(crate) enum Said {
    Sample(probe::Sample),
    Input { input: String, state: InputState },
}

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
    let (said, waiting) = mpsc::channel(MAX_WAITING);
    for (path, bus) in buses {
        devices.add("probe_bus", &path, &format!("modbus:{path}@{}", bus.baud));
        let (reports, incoming) = mpsc::channel(MAX_WAITING);
        tokio::spawn(bus::run(bus, reports));
        tokio::spawn(sort(path, incoming, said.clone(), devices.clone(), app.clone()));
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
        tokio::spawn(sort("broker".to_owned(), incoming, said, devices.clone(), app.clone()));
    }
    anyhow::ensure!(config.probes.len() <= MAX_PROBES, "a box has at most {MAX_PROBES} probes");
    let inputs: Vec<String> = config.probes.iter().map(|probe| probe.input.clone()).collect();
    if !inputs.is_empty() {
        tokio::spawn(watching::watch(app.clone(), inputs, waiting));
    }
    Ok(())
}

/// Parts what a line says of itself from what its probes say.
async fn sort(line: String, mut reports: mpsc::Receiver<Report>, said: mpsc::Sender<Said>, devices: Devices, app: App) {
    while let Some(report) = reports.recv().await {
        match report {
            Report::Sample(sample) => {
                if sample.value.is_ok() {
                    devices.set(&line, "up", "", app.wall.now_ms());
                }
                drop(said.send(Said::Sample(sample)).await);
            }
            Report::Input { input, state } => {
                devices.set(&line, "up", "", app.wall.now_ms());
                drop(said.send(Said::Input { input, state }).await);
            }
            Report::Line(Ok(())) => drop(devices.set(&line, "up", "", app.wall.now_ms())),
            Report::Line(Err(error)) => drop(devices.set(&line, "down", &error, app.wall.now_ms())),
        }
    }
}
