//! Putting the box together, and taking it down.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use axum::http::Extensions;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use trivet_modules::haccp::Samples;
use trivet_modules::haccp::record::{self, Export};
use trivet_modules::health::{Part, Parts};
use trivet_modules::kitchen::PaperState;
use trivet_modules::safety::PrintLabel;
use trivet_replica::{App, Config as ReplicaConfig, Identity, Module, Wall, http, store, sync};

use crate::config::Config;
use crate::devices::Devices;
use crate::printing::Printers;
use crate::scales::{self, Scales};
use crate::{alerts, printing, probes, reports, safety, status};

/// What a box is made of: the shared modules, and its own.
pub(crate) fn modules() -> Vec<Module> {
    let mut modules = trivet_modules::all();
    modules.extend([
        printing::MODULE,
        probes::discovered::MODULE,
        probes::sensors::MODULE,
        scales::MODULE,
        alerts::MODULE,
        reports::MODULE,
        status::MODULE,
    ]);
    modules
}

pub(crate) fn run(config: Config) -> anyhow::Result<()> {
    let identity = load(&config.data)?;
    let wall = Wall::default();
    wall.step(config.clock_offset_ms);
    let (devices, printers) = (Devices::default(), Printers::default());
    let app = App::open(ReplicaConfig {
        data: config.data.clone(),
        identity,
        modules: modules(),
        wall,
        version: env!("CARGO_PKG_VERSION"),
        more: extensions(&config, &devices, &printers)?,
    })?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).max_blocking_threads(16).enable_all().build()?;
    runtime.block_on(serve(app, config, devices, printers))
}

async fn serve(app: App, config: Config, devices: Devices, printers: Printers) -> anyhow::Result<()> {
    let listener = TcpListener::bind(config.http).await.with_context(|| format!("cannot listen on {}", config.http))?;
    printing::start(&app, &devices, &printers, &config).await?;
    if let Some(scales) = app.more.get::<Scales>() {
        scales::start(&app, &devices, scales, &config.scales);
    }
    probes::start(&app, &devices, &config)?;
    alerts::start(&app, &devices, &config)?;
    safety::start(&app);
    reports::start(&app);
    if let Some(relay) = &config.relay {
        tokio::spawn(sync::run(app.clone(), relay.clone()));
    }
    tracing::info!(address = %listener.local_addr()?, "serving");
    let router = trivet_modules::api::router(app, trivet_modules::screens::routes(trivet_screens::file, "/screens/"));
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = async move {
        tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
        tracing::info!("stopping");
    };
    http::serve(listener, router, stop).await;
    Ok(())
}

fn extensions(config: &Config, devices: &Devices, printers: &Printers) -> anyhow::Result<Extensions> {
    let mut more = Extensions::new();
    more.insert(Samples::default());
    more.insert(reports::desk());
    more.insert(PaperState(printing::paper_state));
    more.insert(PrintLabel(Arc::new(|app, key, label| Box::pin(printing::queue_label(app, key, label)))));
    more.insert(status::Name(config.name.clone()));
    more.insert(devices.clone());
    more.insert(probes::discovered::Board::default());
    more.insert(trivet_modules::sensors::Live::default());
    more.insert(probes::sensors::FirmwareKey(config.firmware_key.as_deref().map(probes::sensors::key).transpose()?));
    more.insert(printers.clone());
    let scales = Scales::default();
    more.insert(scales.weights());
    more.insert(scales);
    let devices = devices.clone();
    more.insert(Parts(Arc::new(move || {
        let part = |kind: &str, name: &'static str| {
            let ours: Vec<_> = devices.all().into_iter().filter(|device| device.kind == kind).collect();
            let unwell: Vec<_> =
                ours.iter().filter(|device| !matches!(device.state.as_str(), "up" | "unknown")).collect();
            let words = unwell.iter().map(|device| format!("{}: {} {}", device.name, device.state, device.detail));
            Part { name, well: unwell.is_empty(), detail: words.collect::<Vec<_>>().join("; ") }
        };
        vec![part("printer", "printer"), part("mqtt", "mqtt"), part("probe_bus", "probes")]
    })));
    Ok(more)
}

fn load(data: &Path) -> anyhow::Result<Identity> {
    let identity = Identity::load(data)?;
    identity.with_context(|| format!("{} holds no replica: `trivet provision` or `trivet enrol` first", data.display()))
}

pub(crate) fn rebuild(data: &Path) -> anyhow::Result<()> {
    let identity = load(data)?;
    let mut conn = store::connect(&data.join("trivet.db"), false)?;
    store::rebuild::rebuild_all(&mut conn, &identity, &modules())?;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the dump is what this command is for")]
pub(crate) fn dump(data: &Path) -> anyhow::Result<()> {
    let conn = store::connect(&data.join("trivet.db"), true)?;
    print!("{}", store::rebuild::dump(&conn, &modules())?);
    Ok(())
}

/// The file is whole under its name, or not there.
pub(crate) fn export(data: &Path, from: Option<&str>, to: Option<&str>, html: bool, out: &Path) -> anyhow::Result<()> {
    let identity = load(data)?;
    let conn = store::connect(&data.join("trivet.db"), true)?;
    let mut part = out.as_os_str().to_owned();
    part.push(".part");
    let file = std::fs::File::create(&part).with_context(|| format!("cannot write {}", out.display()))?;
    let mut file = std::io::BufWriter::new(file);
    let now_ms = Wall::default().now_ms();
    record::export(&conn, identity, &Export { from, to, html, now_ms, version: env!("CARGO_PKG_VERSION") }, &mut file)?;
    file.into_inner()?.sync_all()?;
    std::fs::rename(&part, out).with_context(|| format!("cannot write {}", out.display()))
}

#[expect(clippy::print_stdout, reason = "the description is what this command is for")]
pub(crate) fn openapi() -> anyhow::Result<()> {
    print!("{}", trivet_modules::api::openapi(&modules(), env!("CARGO_PKG_VERSION")));
    Ok(())
}
