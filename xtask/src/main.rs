//! The project's commands. `cargo xtask --help` lists them.

mod demo;
mod firmware;
mod fuzz;
mod steps;
mod test;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

#[derive(Parser)]
#[command(name = "xtask", about = "Trivet's own commands")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Opens a whole restaurant on this machine, to click in a browser.
    Demo(DemoArguments),
    /// Runs every test. `--fast` leaves out the browser and the real broker, and says so.
    Test {
        #[arg(long)]
        fast: bool,
        /// As for `firmware`.
        #[arg(long, env = "TRIVET_RUST_SRC")]
        rust_src: Option<PathBuf>,
    },
    /// Builds the sensor's boards, and runs the one that QEMU has.
    Firmware {
        /// For machines on which rustup can fetch no target: the standard library's source of exactly this compiler's
        /// version, a .tar.xz with `library` in it.
        #[arg(long, env = "TRIVET_RUST_SRC")]
        rust_src: Option<PathBuf>,
    },
    /// Runs the seeded simulation of three boxes; replays one schedule with `--seed`.
    Sim {
        #[arg(long, default_value_t = 3_000)]
        seeds: u64,
        #[arg(long)]
        seed: Option<u64>,
        #[arg(long)]
        release: bool,
    },
    /// Breaks printers, links and the box while tickets are printed, and counts the paper.
    Paper {
        #[arg(long, default_value_t = 200)]
        tickets: u64,
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// The control: a box that sends again without a word must be found out.
        #[arg(long)]
        blind: bool,
    },
    /// Takes figures with the release build; `--list` names the benchmarks.
    Bench {
        ids: Vec<String>,
        #[arg(long)]
        json: bool,
        #[arg(long)]
        list: bool,
    },
    /// Feeds random bytes to everything that reads bytes from outside.
    Fuzz {
        /// For each target.
        #[arg(long, default_value_t = 60)]
        seconds: u32,
    },
    /// Builds the screens (npm ci, types, vite build).
    Screens,
    /// Writes the golden descriptions of the API; with `--check` compares them.
    Openapi {
        #[arg(long)]
        check: bool,
    },
}

#[derive(Args, Clone, Debug)]
pub(crate) struct DemoArguments {
    /// Written once all is up.
    #[arg(long)]
    ready: Option<PathBuf>,
    /// Opens no browser.
    #[arg(long)]
    headless: bool,
    #[arg(long, default_value_t = 3000)]
    port_base: u16,
    /// NAME=tcp:HOST:PORT or NAME=serial:PATH@BAUD, with ,PROFILE: a real printer in a virtual one's place.
    #[arg(long)]
    printer: Vec<String>,
    /// NAME=modbus:PATH@BAUD,UNIT,PROFILE or NAME=mqtt:TOPIC,CONVENTION: a real probe in a virtual one's place.
    #[arg(long)]
    probe: Vec<String>,
    /// Plays a lunch service of so many orders a minute.
    #[arg(long)]
    rush: Option<u32>,
    #[arg(long, default_value_t = 1)]
    boxes: usize,
    /// The release build.
    #[arg(long)]
    release: bool,
}

fn main() -> anyhow::Result<()> {
    // Commands that scripts may call and that are still to come: they say so.
    let asked = std::env::args().nth(1).unwrap_or_default();
    if ["cuts", "rush", "image"].contains(&asked.as_str()) {
        eprintln!("cargo xtask {asked}: this project does not have this command yet");
        std::process::exit(2);
    }
    match Arguments::parse().command {
        Command::Demo(arguments) => demo::demo(&arguments),
        Command::Test { fast, rust_src } => test::test(fast, rust_src.as_deref()),
        Command::Firmware { rust_src } => firmware::firmware(rust_src.as_deref()).map(drop),
        Command::Sim { seeds, seed, release } => test::simulation(seeds, seed, release),
        Command::Paper { tickets, seed, blind } => test::paper(tickets, seed, blind),
        Command::Bench { ids, json, list } => test::bench(&ids, json, list),
        Command::Fuzz { seconds } => fuzz::fuzz(seconds),
        Command::Screens => steps::screens(),
        Command::Openapi { check } => steps::openapi(check),
    }
}
