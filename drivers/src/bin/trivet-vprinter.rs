//! `trivet-vprinter`: a virtual receipt or label printer on a TCP port, a PTY or a Unix socket.

use clap::{ArgGroup, Parser, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use trivet_drivers::virtual_printer::{FlowControl, FrontEnd, Language, Options, Settings, TwoByte, VirtualPrinter};

/// A virtual printer: speaks ESC/POS, Star Line Mode or ZPL II, prints into a folder, fails on request.
#[derive(Debug, Parser)]
#[command(version, group(ArgGroup::new("place").required(true).args(["tcp", "pty", "unix"])))]
struct Arguments {
    /// Listens for hosts here; port 0 takes a free one.
    #[arg(long, value_name = "ADDR:PORT")]
    tcp: Option<SocketAddr>,
    /// Opens a PTY and points this link at it.
    #[arg(long, value_name = "LINK")]
    pty: Option<PathBuf>,
    /// Listens on a Unix socket.
    #[arg(long, value_name = "PATH")]
    unix: Option<PathBuf>,
    /// Speed of the PTY.
    #[arg(long, default_value_t = 115_200)]
    baud: u32,
    /// Papers fall into this folder.
    #[arg(long, value_name = "DIR")]
    paper: PathBuf,
    /// Page, state and faults over HTTP.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:0")]
    control: SocketAddr,
    /// The command language: escpos, star or zpl.
    #[arg(long, default_value = "escpos")]
    language: Language,
    /// Width of the paper of a receipt printer.
    #[arg(long, value_enum, default_value = "80")]
    width: Width,
    /// Dots an inch; 180 goes with 512 dots across.
    #[arg(long, value_parser = clap::value_parser!(u32).range(100..=600))]
    dpi: Option<u32>,
    /// Length of a label in mm, until `^LL` says otherwise.
    #[arg(long, default_value_t = 50)]
    label_mm: u32,
    /// Receive buffer in bytes [default: 65536, over a PTY 4096].
    #[arg(long)]
    buffer: Option<usize>,
    /// How a full buffer is told to the host.
    #[arg(long, value_enum, default_value = "hold")]
    flow: Flow,
    /// Speed of the paper.
    #[arg(long, default_value_t = 150)]
    mm_per_s: u32,
    /// Two-byte characters of models for East Asia.
    #[arg(long, value_enum, default_value = "none")]
    two_byte: Characters,
    /// Closes a connection that sends nothing for so long.
    #[arg(long, value_name = "SECONDS")]
    idle_close: Option<u64>,
    /// Lists unknown commands in the state.
    #[arg(long)]
    strict: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Width {
    #[value(name = "58")]
    Narrow,
    #[value(name = "80")]
    Wide,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Flow {
    Hold,
    XonXoff,
    None,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Characters {
    None,
    Japanese,
    Chinese,
    Taiwanese,
    Korean,
}

impl Arguments {
    fn settings(&self) -> Settings {
        let usual = Settings::of(self.language);
        let usual = match (self.width, self.language) {
            (Width::Narrow, Language::EscPos | Language::Star) => usual.narrow(),
            _ => usual,
        };
        let width_dots = match self.dpi {
            Some(180) if usual.width_dots == 576 => 512,
            _ => usual.width_dots,
        };
        Settings {
            width_dots,
            dpi: self.dpi.unwrap_or(usual.dpi),
            label_mm: self.label_mm.clamp(1, 1000),
            buffer_bytes: self.buffer.unwrap_or(if self.pty.is_some() { 4096 } else { 64 * 1024 }).max(16),
            flow: match self.flow {
                Flow::Hold => FlowControl::Hold,
                Flow::XonXoff => FlowControl::XonXoff,
                Flow::None => FlowControl::None,
            },
            mm_per_s: self.mm_per_s.max(1),
            two_byte: match self.two_byte {
                Characters::None => TwoByte::None,
                Characters::Japanese => TwoByte::Japanese,
                Characters::Chinese => TwoByte::Chinese,
                Characters::Taiwanese => TwoByte::Taiwanese,
                Characters::Korean => TwoByte::Korean,
            },
            idle_close: self.idle_close.map(Duration::from_secs),
            strict: self.strict,
            ..usual
        }
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let settings = arguments.settings();
    let front_end = match (arguments.tcp, arguments.pty, arguments.unix) {
        (Some(address), ..) => FrontEnd::Tcp(address),
        (_, Some(link), _) => FrontEnd::Pty { link, baud: arguments.baud.max(300) },
        (_, _, Some(path)) => FrontEnd::Unix(path),
        (None, None, None) => anyhow::bail!("give --tcp, --pty or --unix"),
    };
    let mut terminate = signal(SignalKind::terminate())?;
    let options = Options { front_end, control: arguments.control, paper: arguments.paper, settings };
    let printer = VirtualPrinter::start(options).await?;
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
