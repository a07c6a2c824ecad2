//! `trivet-dashboard`: a replica without devices, for managers. Disposable: its key and certificate are in a file of
//! their own, everything else comes back from the relay. It answers an edit only when the relay holds it.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use axum::Router;
use axum::http::Extensions;
use clap::{Parser, Subcommand};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use trivet_log::ReplicaKind;
use trivet_modules::screens;
use trivet_replica::{App, Config, Identity, Wall, enrol, http, sync};

#[derive(Parser)]
#[command(name = "trivet-dashboard", version, about = "The managers' view of a Trivet tenant")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves until SIGTERM.
    Run {
        #[arg(long)]
        data: PathBuf,
        #[arg(long)]
        relay: String,
        #[arg(long, default_value = "127.0.0.1:3200")]
        listen: SocketAddr,
    },
    /// Enrols this dashboard with a one-time code made at the first box.
    Enrol {
        #[arg(long)]
        data: PathBuf,
        #[arg(long)]
        relay: String,
        #[arg(long)]
        code: String,
    },
}

fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into()))
        .with_writer(std::io::stderr)
        .init();
    match Arguments::parse().command {
        Command::Enrol { data, relay, code } => enrol::enrol(&data, &relay, &code, ReplicaKind::Dashboard),
        Command::Run { data, relay, listen } => {
            let identity = Identity::load(&data)?;
            let identity = identity.with_context(|| format!("{} holds no replica: enrol first", data.display()))?;
            let app = App::open(Config {
                data,
                identity,
                modules: trivet_modules::all(),
                wall: Wall::default(),
                version: env!("CARGO_PKG_VERSION"),
                more: Extensions::new(),
            })?;
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
            runtime.block_on(serve(app, relay, listen))
        }
    }
}

async fn serve(app: App, relay: String, listen: SocketAddr) -> anyhow::Result<()> {
    let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    tokio::spawn(sync::run(app.clone(), relay));
    tracing::info!(address = %listener.local_addr()?, "serving");
    let pages: Router<App> = screens::routes(trivet_screens::file, "/screens/dashboard/");
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = async move {
        tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
    };
    http::serve(listener, trivet_modules::api::router(app, pages), stop).await;
    Ok(())
}
