//! `trivet-relay`: stores, checks, receipts and forwards. It knows no kind of entry and looks inside no body.

mod invitation;
mod peers;
mod serve;
mod socket;
mod store;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "trivet-relay", version, about = "Keeps and passes on the logs of Trivet boxes")]
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
        #[arg(long, default_value = "127.0.0.1:3100")]
        listen: SocketAddr,
    },
    /// Prints a one-time invitation with which one tenant can be claimed.
    Invite {
        #[arg(long)]
        data: PathBuf,
    },
}

fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into()))
        .with_writer(std::io::stderr)
        .init();
    match Arguments::parse().command {
        Command::Run { data, listen } => {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(serve::run(&data, listen))
        }
        Command::Invite { data } => invitation::invite(&data),
    }
}
