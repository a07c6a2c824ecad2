//! Probes of this box: the lines, the broker and the subscriptions of its configuration. What they say goes to
//! [`watching`], which makes facts of it.

pub(crate) mod discovered;
pub(crate) mod lines;
mod reasons;
pub(crate) mod sensors;
mod watching;

use std::sync::Arc;

use anyhow::Context;
use tokio::sync::mpsc;
use trivet_domain::haccp::MAX_PROBES;
use trivet_drivers::probe::{self, InputState};
use trivet_replica::App;

use crate::config::Config;
use crate::devices::Devices;
use discovered::Board;
use lines::{Lines, MAX_WAITING};

/// What an input said.
pub(crate) enum Said {
    /// `line` names one whose samples are numbered, and acknowledged when they are in the record.
    Sample {
        line: Option<Arc<str>>,
        sample: probe::Sample,
    },
    Input {
        input: String,
        state: InputState,
    },
}

/// Opens the buses, the broker and the subscriptions of the configuration, and begins to watch.
pub(crate) fn start(app: &App, devices: &Devices, config: &Config) -> anyhow::Result<()> {
    anyhow::ensure!(config.probes.len() <= MAX_PROBES, "a box has at most {MAX_PROBES} probes");
    let (said, waiting) = mpsc::channel(MAX_WAITING);
    let lines = Lines::new(app, devices, said);
    let board = app.more.get::<Board>().cloned().unwrap_or_default();
    if let Some(mqtt) = &config.mqtt {
        let accounts = match &mqtt.broker_files {
            _ if mqtt.embedded => crate::broker::accounts(mqtt)?,
            Some(folder) => crate::broker::write(mqtt, folder).map(|_| Vec::new())?,
            None => Vec::new(),
        };
        let password = std::fs::read_to_string(&mqtt.password_file)
            .with_context(|| format!("cannot read {}", mqtt.password_file.display()))?;
        let password = password.trim().to_owned();
        devices.add("mqtt", "broker", &format!("{}:{}", mqtt.host, mqtt.port));
        let (subscriptions, reports) = lines.broker();
        let (wall, board) = (app.wall.clone(), board.clone());
        let client = crate::mqtt::Client { mqtt: mqtt.clone(), password, accounts, wall, board };
        if mqtt.discover && !mqtt.embedded {
            tokio::spawn(crate::mqtt::discover(client.clone()));
        }
        tokio::spawn(crate::mqtt::listen(client, subscriptions, reports));
    }
    for probe in &config.probes {
        lines.configure(&probe.input, &probe.address, probe.period_seconds)?;
    }
    lines.begin();
    board.serve(lines.clone());
    tokio::spawn(watching::watch(app.clone(), lines, waiting));
    Ok(())
}
