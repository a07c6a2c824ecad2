//! What is written once all is up: the contract for scripts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ready {
    pub edge_url: String,
    pub relay_url: Option<String>,
    pub dashboard_url: Option<String>,
    pub ca_file: Option<String>,
    pub mqtt: Broker,
    pub printers: BTreeMap<String, PrinterAddress>,
    pub probes: BTreeMap<String, ProbeAddress>,
    pub scales: BTreeMap<String, ProbeAddress>,
    pub users: BTreeMap<String, User>,
    pub data_dir: String,
    pub boxes: Vec<BoxAddress>,
    pub pids: BTreeMap<String, u32>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Broker {
    pub host: String,
    pub port: u16,
    pub user: String,
    pub password: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PrinterAddress {
    pub kind: String,
    pub address: String,
    /// The folder of papers; None for a real device.
    pub paper: Option<String>,
    pub control: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProbeAddress {
    pub kind: String,
    pub address: String,
    pub control: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct User {
    pub login: String,
    pub password: String,
    /// Takes over a screen that somebody has opened with their password.
    pub pin: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BoxAddress {
    pub url: String,
    pub data_dir: String,
    pub pid: u32,
}
