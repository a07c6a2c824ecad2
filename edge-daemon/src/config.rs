//! What this box is wired to: one TOML file. What people edit is in the log, not here.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Deserialize;
use trivet_drivers::scale::Protocol;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) name: String,
    pub(crate) data: PathBuf,
    #[serde(default = "default_http")]
    pub(crate) http: SocketAddr,
    pub(crate) relay: Option<String>,
    pub(crate) mqtt: Option<Mqtt>,
    #[serde(default, rename = "printer")]
    pub(crate) printers: Vec<Printer>,
    #[serde(default, rename = "probe")]
    pub(crate) probes: Vec<Probe>,
    #[serde(default, rename = "scale")]
    pub(crate) scales: Vec<Scale>,
    /// The Ed25519 public key of whoever makes the sensors' firmware, as 64 hexadecimal digits. Without it no image is
    /// taken.
    pub(crate) firmware_key: Option<String>,
    #[serde(default)]
    pub(crate) alerts: Alerts,
    /// For rehearsals: sets this daemon's wall clock off by so much.
    #[serde(default)]
    pub(crate) clock_offset_ms: i64,
    /// For rehearsals: papers that may exist already are printed again without a word, so that whoever counts papers can
    /// see that doubles are found.
    #[serde(default)]
    pub(crate) rehearse_blind_resend: bool,
}

/// A broker: with `embedded`, the daemon's own (for a closed probe network); else the one at `host`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mqtt {
    #[serde(default)]
    pub(crate) embedded: bool,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) user: String,
    pub(crate) password_file: PathBuf,
    /// Looks on the broker for devices that could be adopted.
    #[serde(default = "yes")]
    pub(crate) discover: bool,
    /// Where mosquitto listens for devices, if not at `host`.
    pub(crate) listen: Option<String>,
    /// Where mosquitto's files are written at each start, as `trivet broker-files` does.
    pub(crate) broker_files: Option<PathBuf>,
    /// The devices that may use the broker, each with topics of its own.
    #[serde(default, rename = "account")]
    pub(crate) accounts: Vec<Account>,
}

/// A device's account on the broker.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Account {
    pub(crate) name: String,
    /// Topics and filters that it may write.
    #[serde(default)]
    pub(crate) publish: Vec<String>,
    /// Those that it may read: its commands.
    #[serde(default)]
    pub(crate) subscribe: Vec<String>,
}

fn yes() -> bool {
    true
}

/// When the box tells of itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Alerts {
    /// A device that has not been reached for so long, or a clock that nothing has set.
    pub(crate) device_down_seconds: u64,
    /// Less of the disk is free than this.
    pub(crate) disk_free_percent: u8,
}

impl Default for Alerts {
    fn default() -> Alerts {
        Alerts { device_down_seconds: 120, disk_free_percent: 10 }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Printer {
    pub(crate) name: String,
    pub(crate) address: String,
    #[serde(default = "default_profile")]
    pub(crate) profile: String,
    /// A profile of one's own, if it is not among those that come with the product.
    pub(crate) profile_file: Option<PathBuf>,
    /// Stations that it prints; `receipt` and `label` are stations too.
    #[serde(default)]
    pub(crate) stations: Vec<String>,
    /// Stations that it prints while their own printer cannot.
    #[serde(default)]
    pub(crate) backs: Vec<String>,
    /// Width and height of the labels that are in it.
    pub(crate) label_mm: Option<[u16; 2]>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Probe {
    /// The name by which a probe's document finds it.
    pub(crate) input: String,
    pub(crate) address: String,
    /// Of a sensor of our own: how often it measures, 1 to 3,600 s. One a minute keeps a day's readings in the sensor.
    pub(crate) period_seconds: Option<u16>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scale {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    #[serde(default = "default_baud")]
    pub(crate) baud: u32,
    pub(crate) protocol: Protocol,
}

fn default_baud() -> u32 {
    9_600
}

fn default_http() -> SocketAddr {
    ([127, 0, 0, 1], 3000).into()
}

fn default_profile() -> String {
    "epson-80".to_owned()
}

impl Config {
    pub(crate) fn load(path: &Path) -> anyhow::Result<Config> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("{} does not read", path.display()))
    }
}
