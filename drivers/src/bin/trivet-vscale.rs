//! `trivet-vscale`: a virtual scale on a PTY.

use clap::{Parser, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use trivet_drivers::virtual_scale::{Options, Protocol, Settings, Unit, VirtualScale};

/// A virtual scale: it weighs what it is told to and fails on request.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Opens a PTY and points this link at it.
    #[arg(long, value_name = "LINK")]
    pty: PathBuf,
    /// Speed that the address names; a PTY has none.
    #[arg(long, default_value_t = 9600)]
    baud: u32,
    /// Page, state and orders over HTTP.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:0")]
    control: SocketAddr,
    /// The language on the line: toledo-8217 or cas.
    #[arg(long, default_value = "toledo-8217")]
    protocol: Protocol,
    /// What it counts in.
    #[arg(long, value_enum, default_value = "kg")]
    unit: Counts,
    /// The most that it weighs, in grams.
    #[arg(long, default_value_t = 15_000, value_parser = clap::value_parser!(i64).range(1..=1_000_000))]
    capacity_g: i64,
    /// The step of its display, in grams.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(i64).range(1..=10_000))]
    division_g: i64,
    /// How long a new weight takes to come to rest.
    #[arg(long, default_value_t = 600)]
    settle_ms: u64,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Counts {
    Kg,
    Lb,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mut terminate = signal(SignalKind::terminate())?;
    let scale = VirtualScale::start(Options {
        link: arguments.pty,
        baud: arguments.baud,
        control: arguments.control,
        settings: Settings {
            protocol: arguments.protocol,
            unit: match arguments.unit {
                Counts::Kg => Unit::Kilogram,
                Counts::Lb => Unit::Pound,
            },
            capacity_mg: arguments.capacity_g * 1000,
            division_mg: arguments.division_g * 1000,
            settle: Duration::from_millis(arguments.settle_ms),
            ..Settings::default()
        },
    })
    .await?;
    announce(&scale);
    tokio::select! {
        _ = terminate.recv() => {}
        result = tokio::signal::ctrl_c() => result?,
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the one line by which whoever started it learns the addresses")]
fn announce(scale: &VirtualScale) {
    println!("{}", scale.announcement());
}
