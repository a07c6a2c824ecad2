//! `trivet`: the box. One daemon takes orders, drives screens, printers and probes, keeps the log and syncs.

mod alerts;
mod broker;
mod config;
mod devices;
mod files;
mod mqtt;
mod printing;
mod probes;
mod provision;
mod reports;
mod run;
mod safety;
mod scales;
mod status;

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "trivet", version, about = "The box of a Trivet restaurant")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves the restaurant until SIGTERM.
    Run {
        #[arg(long, default_value = "/etc/trivet/box.toml")]
        config: PathBuf,
    },
    /// Sets up the first box of a new tenant from a file (settings, people, menu, probes), or from `-`.
    Provision {
        #[arg(long)]
        data: PathBuf,
        #[arg(long)]
        file: PathBuf,
    },
    /// Makes this box's tenant known to a relay, with the relay operator's invitation.
    Claim {
        #[arg(long)]
        data: PathBuf,
        #[arg(long)]
        relay: String,
        #[arg(long)]
        invitation: String,
    },
    /// Enrols this box at a location that has one already, with a one-time code made there.
    Enrol {
        #[arg(long)]
        data: PathBuf,
        #[arg(long)]
        relay: String,
        #[arg(long)]
        code: String,
    },
    /// Writes all projections again from the log. The daemon must be stopped.
    Rebuild {
        #[arg(long)]
        data: PathBuf,
    },
    /// Prints all projections in a canonical form, to compare two replicas.
    Dump {
        #[arg(long)]
        data: PathBuf,
    },
    /// Writes mosquitto's password, ACL and configuration files from the configuration's [mqtt].
    BrokerFiles {
        #[arg(long, default_value = "/etc/trivet/box.toml")]
        config: PathBuf,
        #[arg(long)]
        out: PathBuf,
    },
    /// Writes the record of temperatures for an inspector. The daemon may be running.
    Export {
        #[arg(long)]
        data: PathBuf,
        /// RFC 3339; the first entry (of a page: 31 days before the end) if left out.
        #[arg(long)]
        from: Option<String>,
        /// RFC 3339; the newest entry if left out.
        #[arg(long)]
        to: Option<String>,
        /// A page that checks and shows the record, instead of the record alone.
        #[arg(long)]
        html: bool,
        #[arg(long)]
        out: PathBuf,
    },
    /// Checks a record: FILE [--root FINGERPRINT] [--seen FILE | --seen [ORIGIN/SCOPE/LANE/]SEQ:CHAIN]…
    Verify {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        arguments: Vec<String>,
    },
    /// Draws the PDF of a report: its sheet comes from the daemon on stdin, the PDF goes to stdout.
    #[command(hide = true)]
    ReportPdf,
    /// Prints the description of the API.
    Openapi,
}

fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into()))
        .with_writer(std::io::stderr)
        .init();
    match Arguments::parse().command {
        Command::Run { config } => run::run(config::Config::load(&config)?),
        Command::Provision { data, file } => provision::provision(&data, &file),
        Command::Claim { data, relay, invitation } => trivet_replica::enrol::claim(&data, &relay, &invitation),
        Command::Enrol { data, relay, code } => {
            trivet_replica::enrol::enrol(&data, &relay, &code, trivet_log::ReplicaKind::Box)
        }
        Command::Rebuild { data } => run::rebuild(&data),
        Command::Dump { data } => run::dump(&data),
        Command::BrokerFiles { config, out } => {
            let mqtt = config::Config::load(&config)?.mqtt.context("the configuration has no [mqtt]")?;
            broker::write(&mqtt, &out).map(drop)
        }
        Command::Export { data, from, to, html, out } => run::export(&data, from.as_deref(), to.as_deref(), html, &out),
        Command::Verify { arguments } => {
            let (text, code) = trivet_verify::run(arguments);
            std::io::stdout().write_all(text.as_bytes())?;
            std::process::exit(code.into())
        }
        Command::ReportPdf => reports::report_pdf(),
        Command::Openapi => run::openapi(),
    }
}
