//! Printing: a durable spool, an actor a printer, and a router between them.
//!
//! What must stay true: a ticket's job is committed with the ticket; an attempt is committed before its first byte; a
//! paper that may exist already is printed again only with "POSSIBLE DUPLICATE" on it; a drawer is opened at most once;
//! one dead printer delays no other and no request.

mod actor;
mod discover;
mod noted;
mod printers;
mod router;
mod routes;
mod sheets;
mod spool;

use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::{Value, json};
use trivet_domain::{Permission, checks, papers};
use trivet_drivers::printer::{Address, Profile, Session};
use trivet_replica::live::Draft;
use trivet_replica::module::{EMPTY, Read, View};
use trivet_replica::{App, Module};

pub(crate) use printers::Printers;
pub(crate) use routes::queue_label;
pub(crate) use spool::{paper_state, waiting};

use crate::config::{Config, Printer};
use crate::devices::Devices;
use actor::Actor;
use printers::PrinterView;
use router::Step;
use spool::Route;

pub(crate) const MODULE: Module = Module {
    name: "printing",
    follows: &[checks::Event::KINDS, papers::Event::KINDS],
    on_append: Some(noted::on_append),
    migrations: &[include_str!("schema.sql"), include_str!("schema_2.sql"), include_str!("schema_3.sql")],
    routes: routes::routes,
    reads: &[
        Read { path: "/api/v1/print-jobs", permission: Permission::KitchenRead },
        Read { path: "/api/v1/print-jobs/{id}/picture", permission: Permission::KitchenRead },
        Read { path: "/api/v1/printing/printers", permission: Permission::KitchenRead },
        Read { path: "/api/v1/printing/found", permission: Permission::BoxRead },
        Read { path: "/api/v1/printing/drawers/openings/{id}", permission: Permission::OrdersRead },
    ],
    status,
    ..EMPTY
};

/// Namespaces whose screens show how the printers are.
const SHOWN_IN: [&str; 2] = ["kitchen", "pos"];
/// A font of Chinese takes 20 MB, and a house may need it once a day.
const RELEASE_FONTS_EVERY: Duration = Duration::from_secs(60);
const ROUTE_EVERY: Duration = Duration::from_secs(1);

fn status(view: &View<'_>, namespace: &str) -> rusqlite::Result<Option<Value>> {
    let printers = view.more.get::<Printers>().filter(|_| SHOWN_IN.contains(&namespace));
    printers.map(|printers| Ok(json!({"printers": printers.views(view.conn)?}))).transpose()
}

/// Starts an actor for each printer of the configuration, and the router.
pub(crate) async fn start(app: &App, devices: &Devices, printers: &Printers, config: &Config) -> anyhow::Result<()> {
    let configured = &config.printers;
    let routes = routes_of(configured);
    let now = app.wall.now_ms();
    app.store.write(move |writing| spool::begin(writing.conn, &routes, now)).await??;
    let mut own = Vec::new();
    for printer in configured {
        let twice = configured.iter().filter(|other| other.name == printer.name).count() > 1;
        anyhow::ensure!(!twice && !printer.name.is_empty(), "printer `{}`: a name of its own", printer.name);
        if let Some(path) = &printer.profile_file {
            own.push(std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?);
        }
    }
    for printer in configured {
        let address: Address = printer.address.parse().map_err(anyhow::Error::msg)?;
        let mut profile = Profile::among(&printer.profile, &own)?;
        if let Some([width_mm, height_mm]) = printer.label_mm {
            let fits = (20..=200).contains(&width_mm) && (10..=400).contains(&height_mm);
            anyhow::ensure!(fits, "printer {}: label_mm is 20 to 200 by 10 to 400", printer.name);
            // 8 dots a millimetre.
            (profile.dots, profile.label_rows) = (width_mm * 8, height_mm * 8);
            profile.columns = u8::try_from(profile.dots / 12).unwrap_or(u8::MAX);
        }
        devices.add("printer", &printer.name, &printer.address);
        printers.add(&printer.name, address.clone(), profile.clone(), &printer.stations, &printer.backs);
        let session = Session::new(address, profile);
        tokio::spawn(report(app.clone(), devices.clone(), printers.clone(), printer.name.clone(), session.state()));
        tokio::spawn(Actor::new(app, printers, &printer.name, session, config.rehearse_blind_resend).run());
    }
    tokio::spawn(route(app.clone(), printers.clone()));
    Ok(())
}

/// A station's printers: those that list it, then those that back it, in the order of the configuration. And each
/// printer under its own name, for what is sent to it alone.
fn routes_of(configured: &[Printer]) -> Vec<Route> {
    let mut stations: Vec<&String> = configured.iter().flat_map(|p| p.stations.iter().chain(&p.backs)).collect();
    stations.sort();
    stations.dedup();
    let route = |station: &String| {
        let first = configured.iter().filter(|printer| printer.stations.contains(station));
        let then = configured.iter().filter(|printer| printer.backs.contains(station));
        Route { station: station.clone(), printers: first.chain(then).map(|printer| printer.name.clone()).collect() }
    };
    let own = configured
        .iter()
        .map(|printer| Route { station: format!("@{}", printer.name), printers: vec![printer.name.clone()] });
    stations.into_iter().map(route).chain(own).collect()
}

/// Passes on what a printer says of itself, while it prints too: to the list of devices, and to the screens.
async fn report(
    app: App,
    devices: Devices,
    printers: Printers,
    name: String,
    mut states: tokio::sync::watch::Receiver<trivet_drivers::printer::PrinterState>,
) {
    while states.changed().await.is_ok() {
        let state = states.borrow_and_update().clone();
        let now = app.wall.now_ms();
        if !printers.set(&name, &state, now) {
            continue;
        }
        if let Some(printer) = printers.get(&name) {
            devices.set(&name, printer.word(), &printer.trouble().unwrap_or_default(), now);
        }
        tell(&app, &views(&app, &printers).await);
    }
}

async fn views(app: &App, printers: &Printers) -> Vec<PrinterView> {
    let shown = printers.clone();
    app.read(move |view| shown.views(view.conn)).await.unwrap_or_default()
}

fn tell(app: &App, views: &[PrinterView]) {
    for namespace in SHOWN_IN {
        app.hub.tell(&Draft::new(namespace, "printing:status", &json!({"printers": views})));
    }
}

/// Gives stations to other printers and back, and tells the screens what waits.
async fn route(app: App, printers: Printers) {
    let mut stirred = printers.stirred();
    let mut told = String::new();
    let mut fonts_used_until = Instant::now() + RELEASE_FONTS_EVERY;
    loop {
        if Instant::now() > fonts_used_until {
            actor::release_fonts();
            fonts_used_until = Instant::now() + RELEASE_FONTS_EVERY;
        }
        drop(tokio::time::timeout(ROUTE_EVERY, stirred.changed()).await);
        let standings = app.read(|view| spool::standings(view.conn)).await.unwrap_or_default();
        for step in router::steps(&standings, &printers.health()) {
            tracing::warn!(?step, "a station changes its printer");
            let now = app.wall.now_ms();
            let done = app.store.write(move |writing| match step {
                Step::FailOver { station, from, to } => {
                    for check in spool::fail_over(writing.conn, &station, &from, &to, now)? {
                        writing.touch(check)?;
                    }
                    Ok(())
                }
                Step::FailBack { station, to } => spool::activate(writing.conn, &station, &to),
            });
            if !matches!(done.await, Ok(Ok(()))) {
                tracing::error!("a station's printer could not be changed");
            }
            printers.stir();
        }
        let views = views(&app, &printers).await;
        // When it was heard last changes each second, and is no news.
        let news = views.iter().map(PrinterView::queue).collect::<Vec<_>>().join(" ");
        if news != told {
            told = news;
            tell(&app, &views);
        }
    }
}
