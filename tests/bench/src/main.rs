//! `cargo xtask bench [ID…]`: figures that anybody can take again, each beside a limit of the same machine in the same
//! run. Nothing here passes or fails.

#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value indexed by a missing name is null, and the rig then says so"
)]

mod banner;
mod catch_up;
mod direct;
mod figure;
mod first_byte;
mod ingest;
mod load;
mod machine;
mod month;
mod order;
mod paper_encode;
mod printers;
mod python;
mod readings;
mod receipt;
mod report;
mod wear;

use clap::Parser;

#[derive(Parser)]
struct Arguments {
    /// Which to run; all if none is named.
    ids: Vec<String>,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
    #[arg(long)]
    list: bool,
}

const BENCHMARKS: [(&str, &str); 10] = [
    ("P1", "an order over HTTP, durable, on a screen; as is and with +8 ms a sync"),
    ("B4", "catch-up of 100,000 entries into a fresh replica, checked and projected"),
    ("P2", "MQTT messages into the box, beside mosquitto with Node and SQLite"),
    ("P4", "a month's report of 864,000 readings, beside a table of rows and DuckDB"),
    ("P5", "what a day of readings writes to the device, and what a reading takes on disk"),
    ("haccp-pdf", "a year of twenty probes as an inspector's PDF"),
    ("banner", "a sample at the broker to the alarm painted on the kitchen's screen"),
    ("haccp-load", "150 probes, a sample a second each: memory and CPU of the box"),
    ("paper-encode", "a receipt from its blocks to a printer's bytes, beside other encoders"),
    (
        "paper-first-byte",
        "an order sent to the kitchen, to its ticket's first byte at one of six printers, one of them dead",
    ),
];

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    if arguments.list {
        BENCHMARKS.iter().for_each(|(id, what)| figure::say(&format!("{id}  {what}")));
        return Ok(());
    }
    for (id, _) in BENCHMARKS {
        if arguments.ids.is_empty() || arguments.ids.iter().any(|asked| asked.eq_ignore_ascii_case(id)) {
            let figures = match id {
                "P1" => order::run()?,
                "B4" => catch_up::run()?,
                "P2" => ingest::run()?,
                "P4" => month::run()?,
                "P5" => wear::run()?,
                "haccp-pdf" => report::run()?,
                "banner" => banner::run()?,
                "haccp-load" => load::run()?,
                "paper-encode" => paper_encode::run()?,
                _ => first_byte::run()?,
            };
            figures.iter().for_each(|figure| figure.say(arguments.json));
        }
    }
    Ok(())
}
