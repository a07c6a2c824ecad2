//! `trivet-probe-sim`: a sensor of ours that is not there, on a PTY. Commands come line by line on the standard input;
//! it ends with it.

use std::io::{BufRead, Write};
use std::path::PathBuf;

use clap::Parser;
use trivet_probe_sim::{Control, LineFault, Plan, SensorFault, Sim};

/// A sensor that measures a room that is not there, on a PTY, and fails on request.
///
/// Commands: `temperature SENSOR CELSIUS`, `sensor SENSOR none|unplugged|reset|starved|counterfeit|corrupt|zero`,
/// `line none|short|open`, `wire-noise PER_MILLION`, `serial-noise PER_MILLION`, `restart`.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Points this link at the PTY; without it, its path is the first line of the output.
    #[arg(long)]
    link: Option<PathBuf>,
    /// Sensors on the line, and their temperatures.
    #[arg(long, value_name = "CELSIUS", default_values = ["4"], allow_hyphen_values = true)]
    sensor: Vec<f64>,
    /// Number of the first start; without it the box's time numbers each.
    #[arg(long)]
    boot: Option<u32>,
    #[arg(long)]
    battery: Option<u8>,
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> std::io::Result<()> {
    let arguments = Arguments::parse();
    let serials = (1..).map(|n: u64| arguments.seed << 16 | n);
    let sensors = serials.zip(arguments.sensor.iter().map(|celsius| milli(*celsius))).collect();
    let mut serial = *b"sim-\0\0\0\0";
    for (to, from) in serial.iter_mut().skip(4).zip((arguments.seed as u32).to_be_bytes()) {
        *to = from;
    }
    let (boot, battery_percent, seed) = (arguments.boot, arguments.battery, arguments.seed);
    let sim = Sim::open(Plan { serial, sensors, boot, battery_percent, by_hand: false, seed })?;
    match &arguments.link {
        Some(link) => {
            if link.symlink_metadata().is_ok_and(|found| found.is_symlink()) {
                std::fs::remove_file(link)?;
            }
            std::os::unix::fs::symlink(&sim.path, link)?;
        }
        None => {
            let mut out = std::io::stdout();
            writeln!(out, "{}", sim.path.display())?;
            out.flush()?;
        }
    }
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        match command(&line) {
            Some(control) => sim.control(control),
            None if line.trim().is_empty() => {}
            None => writeln!(std::io::stderr(), "`{line}` is no command: see --help")?,
        }
    }
    if let Some(link) = &arguments.link {
        std::fs::remove_file(link)?;
    }
    Ok(())
}

fn milli(celsius: f64) -> i32 {
    (celsius * 1_000.0) as i32
}

fn command(line: &str) -> Option<Control> {
    let words: Vec<&str> = line.split_whitespace().collect();
    Some(match words.as_slice() {
        ["temperature", sensor, celsius] => {
            Control::Temperature { sensor: sensor.parse().ok()?, milli_c: milli(celsius.parse().ok()?) }
        }
        ["sensor", sensor, fault] => Control::Sensor { sensor: sensor.parse().ok()?, fault: sensor_fault(fault)? },
        ["line", "none"] => Control::Line(LineFault::None),
        ["line", "short"] => Control::Line(LineFault::Short),
        ["line", "open"] => Control::Line(LineFault::Open),
        ["wire-noise", per_million] => Control::WireNoise(per_million.parse().ok()?),
        ["serial-noise", per_million] => Control::SerialNoise(per_million.parse().ok()?),
        ["restart"] => Control::Restart,
        _ => return None,
    })
}

fn sensor_fault(name: &str) -> Option<SensorFault> {
    Some(match name {
        "none" => SensorFault::None,
        "unplugged" => SensorFault::Unplugged,
        "reset" => SensorFault::PowerOnReset,
        "starved" => SensorFault::Starved,
        "counterfeit" => SensorFault::Counterfeit,
        "corrupt" => SensorFault::Corrupt,
        "zero" => SensorFault::Zero,
        _ => return None,
    })
}
