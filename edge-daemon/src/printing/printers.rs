//! The printers of this box, and how each is by its own word.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use rusqlite::Connection;
use serde::Serialize;
use tokio::sync::watch;
use trivet_drivers::printer::{
    Address, Confirm, Cover, Cutting, DrawerPin, Language, LinkState, Paper, PrinterState, Profile, Reports,
};
use trivet_modules::time;
use utoipa::ToSchema;

use super::router::Health;
use super::spool;

/// Shared by the actors, which write, and by everybody who asks.
#[derive(Clone, Default)]
pub(crate) struct Printers(Arc<Shared>);

#[derive(Default)]
struct Shared {
    known: Mutex<BTreeMap<String, Printer>>,
    /// Rises when the spool or a printer changed in a way that no entry of the log tells.
    stirred: watch::Sender<u64>,
}

#[derive(Clone)]
pub(super) struct Printer {
    pub(super) address: Address,
    pub(super) profile: Profile,
    pub(super) stations: Vec<String>,
    pub(super) backs: Vec<String>,
    state: PrinterState,
    last_heard_ms: Option<i64>,
    /// Since when it is well, or is not.
    since: Instant,
    well: bool,
}

impl Printers {
    pub(super) fn add(&self, name: &str, address: Address, profile: Profile, stations: &[String], backs: &[String]) {
        let printer = Printer {
            address,
            profile,
            stations: stations.to_vec(),
            backs: backs.to_vec(),
            state: PrinterState::default(),
            last_heard_ms: None,
            since: Instant::now(),
            well: false,
        };
        self.locked().insert(name.to_owned(), printer);
    }

    /// A printer's new state. True if it says something new.
    pub(super) fn set(&self, name: &str, state: &PrinterState, now_ms: i64) -> bool {
        let mut known = self.locked();
        let Some(printer) = known.get_mut(name) else { return false };
        if state.link == LinkState::Up {
            printer.last_heard_ms = Some(now_ms);
        }
        let well = state.link == LinkState::Up && state.trouble().is_none();
        if well != printer.well {
            (printer.well, printer.since) = (well, Instant::now());
        }
        let changed = printer.state != *state;
        printer.state = state.clone();
        drop(known);
        if changed {
            self.stir();
        }
        changed
    }

    pub(super) fn get(&self, name: &str) -> Option<Printer> {
        self.locked().get(name).cloned()
    }

    pub(super) fn all(&self) -> Vec<(String, Printer)> {
        self.locked().iter().map(|(name, printer)| (name.clone(), printer.clone())).collect()
    }

    pub(super) fn health(&self) -> BTreeMap<String, Health> {
        let health = |printer: &Printer| {
            let since = printer.since.elapsed();
            if printer.well { Health::Well(since) } else { Health::Unwell(since) }
        };
        self.locked().iter().map(|(name, printer)| (name.clone(), health(printer))).collect()
    }

    /// Wakes the actors and the router.
    pub(super) fn stir(&self) {
        self.0.stirred.send_modify(|n| *n += 1);
    }

    pub(super) fn stirred(&self) -> watch::Receiver<u64> {
        self.0.stirred.subscribe()
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Printer>> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What screens are told.
    pub(super) fn views(&self, conn: &Connection) -> rusqlite::Result<Vec<PrinterView>> {
        let waiting = spool::waiting(conn)?;
        let view = |(name, printer): (String, Printer)| {
            let waits = waiting.iter().find(|waiting| waiting.printer == name);
            PrinterView {
                waiting: waits.map_or(0, |waits| waits.waiting),
                held: waits.map_or(0, |waits| waits.held),
                oldest_at: waits.and_then(|waits| waits.oldest_ms).map(time::text),
                ..printer.view(name)
            }
        };
        Ok(self.all().into_iter().map(view).collect())
    }
}

/// A printer as screens see it. What it did not report is `unknown`, or null.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Printer)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PrinterView {
    name: String,
    address: String,
    profile: String,
    /// `escpos`, `star` or `zpl`.
    language: &'static str,
    stations: Vec<String>,
    /// Stations that it prints while their own printer cannot.
    backs: Vec<String>,
    /// It says when a paper is printed; of others one knows only that it was sent.
    confirms: bool,
    /// `up`, `busy` (connected, silent), `down` or `unknown`.
    link: &'static str,
    online: Option<bool>,
    /// `open`, `closed` or `unknown`.
    cover: &'static str,
    /// `ok`, `near_end`, `end` or `unknown`.
    paper: &'static str,
    /// `ok`, `error` or `unknown`.
    cutter: &'static str,
    /// `open`, `closed` or `unknown`.
    drawer: &'static str,
    /// What keeps it from printing, in words; empty if nothing does.
    detail: String,
    last_heard: Option<String>,
    waiting: i64,
    /// Papers that a person decides on.
    held: i64,
    oldest_at: Option<String>,
}

impl PrinterView {
    /// What waits, to tell one queue from another.
    pub(super) fn queue(&self) -> String {
        format!("{} {} {}", self.name, self.waiting, self.held)
    }
}

impl Printer {
    pub(super) fn trouble(&self) -> Option<String> {
        self.state.trouble()
    }

    /// For the list of devices: its state in one word.
    pub(super) fn word(&self) -> &'static str {
        match self.state.link {
            LinkState::Unknown => "unknown",
            LinkState::Down => "down",
            LinkState::Busy => "busy",
            LinkState::Up if self.state.trouble().is_some() => "attention",
            LinkState::Up if self.profile.status == Reports::None => "unknown",
            LinkState::Up => "up",
        }
    }

    fn view(&self, name: String) -> PrinterView {
        let state = &self.state;
        PrinterView {
            name,
            address: self.address.to_string(),
            profile: self.profile.name.clone(),
            language: match self.profile.language {
                Language::Escpos => "escpos",
                Language::Star => "star",
                Language::Zpl => "zpl",
            },
            stations: self.stations.clone(),
            backs: self.backs.clone(),
            confirms: self.profile.confirm != Confirm::None,
            link: match state.link {
                LinkState::Unknown => "unknown",
                LinkState::Down => "down",
                LinkState::Busy => "busy",
                LinkState::Up => "up",
            },
            online: state.online,
            cover: match state.cover {
                Cover::Unknown => "unknown",
                Cover::Closed => "closed",
                Cover::Open => "open",
            },
            paper: match state.paper {
                Paper::Unknown => "unknown",
                Paper::Ok => "ok",
                Paper::NearEnd => "near_end",
                Paper::End => "end",
            },
            cutter: match state.cutter {
                Cutting::Unknown => "unknown",
                Cutting::Ok => "ok",
                Cutting::Error => "error",
            },
            drawer: match state.drawer_pin {
                DrawerPin::Unknown => "unknown",
                pin if (pin == DrawerPin::High) == self.profile.drawer.open_is_high => "open",
                _ => "closed",
            },
            detail: self.trouble().unwrap_or_default(),
            last_heard: self.last_heard_ms.map(time::text),
            waiting: 0,
            held: 0,
            oldest_at: None,
        }
    }
}
