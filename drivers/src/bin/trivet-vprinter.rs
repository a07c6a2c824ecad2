//! `trivet-vprinter`: a virtual receipt printer on a TCP port or a PTY.

use clap::Parser;
use std::net::SocketAddr;
use std::path::PathBuf;
use tokio::signal::unix::{SignalKind, signal};
use trivet_drivers::virtual_printer::{FrontEnd, Options, Settings, VirtualPrinter};

/// A virtual receipt printer: speaks ESC/POS, prints into a folder, fails on request.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Listens for hosts here; port 0 takes a free one.
    #[arg(long, value_name = "ADDR:PORT", conflicts_with = "pty", required_unless_present = "pty")]
    tcp: Option<SocketAddr>,
    /// Opens a PTY and points this link at it.
    #[arg(long, value_name = "LINK")]
    pty: Option<PathBuf>,
    /// Speed of the PTY.
    #[arg(long, default_value_t = 115_200)]
    baud: u32,
    /// Papers fall into this folder.
    #[arg(long, value_name = "DIR")]
    paper: PathBuf,
    /// Page, state and faults over HTTP.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:0")]
    control: SocketAddr,
    /// Receive buffer in bytes [default: 65536 over TCP, 4096 over a PTY].
    #[arg(long)]
    buffer: Option<usize>,
    /// Speed of the paper.
    #[arg(long, default_value_t = 150)]
    mm_per_s: u32,
    /// Lists unknown commands in the state.
    #[arg(long)]
    strict: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let (front_end, buffer) = match (arguments.tcp, arguments.pty) {
        (Some(address), _) => (FrontEnd::Tcp(address), 64 * 1024),
        (None, Some(link)) => (FrontEnd::Pty { link, baud: arguments.baud.max(300) }, 4096),
        (None, None) => anyhow::bail!("give --tcp or --pty"),
    };
    let mut terminate = signal(SignalKind::terminate())?;
    let printer = VirtualPrinter::start(Options {
        front_end,
        control: arguments.control,
        paper: arguments.paper,
        settings: Settings {
            buffer_bytes: arguments.buffer.unwrap_or(buffer).max(16),
            mm_per_s: arguments.mm_per_s.max(1),
            strict: arguments.strict,
            ..Settings::default()
        },
    })
    .await?;
    announce(&printer);
    tokio::select! {
        _ = terminate.recv() => {}
        result = tokio::signal::ctrl_c() => result?,
    }
    printer.stop().await;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the one line by which whoever started it learns the addresses")]
fn announce(printer: &VirtualPrinter) {
    println!("{}", printer.announcement());
}
