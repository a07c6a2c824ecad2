//! `trivet-probe-sim`: a sensor of ours that is not there, on a PTY. Commands come line by line on the standard input;
//! it ends with it. It also writes the images that such a sensor is updated with.

use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};

use clap::Parser;
use trivet_probe_sim::image::{DEVELOPMENT_SEED, development_key, sign};
use trivet_probe_sim::sim::HARDWARE;
use trivet_probe_sim::{Control, LineFault, Plan, SensorFault, Sim};
use trivet_wire::Slot;

/// Nearly a slot of the simulation, so that an update takes its time.
const IMAGE_BYTES: usize = 8_000;

/// A sensor that measures a room that is not there, on a PTY, and fails on request.
///
/// Commands: `temperature SENSOR CELSIUS`, `sensor SENSOR none|unplugged|reset|starved|counterfeit|corrupt|zero`,
/// `line none|short|open`, `wire-noise PER_MILLION`, `serial-noise PER_MILLION`, `restart`.
///
/// With `--image` or `--public-key` there is no sensor: it writes what is asked for, and ends.
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
    /// Writes a firmware image for such a sensor to this file: manifest, signature, image.
    #[arg(long, value_name = "FILE")]
    image: Option<PathBuf>,
    /// What a sensor with the image says that it runs.
    #[arg(long, value_name = "MAJOR.MINOR.PATCH", default_value = "0.2.0", value_parser = version, requires = "image")]
    image_version: u32,
    /// The slot that the image is for: a sensor takes it while it runs from the other. A new one runs from `a`.
    #[arg(long, value_name = "a|b", default_value = "b", value_parser = slot, requires = "image")]
    image_slot: Slot,
    /// The image hangs at its start, so that the sensor goes back to the former one.
    #[arg(long, requires = "image")]
    image_broken: bool,
    /// Signs with a key made of this number instead of the development key: a box that trusts that one refuses it.
    #[arg(long, value_name = "NUMBER", requires = "image")]
    image_key_seed: Option<u8>,
    /// Prints the public key of the development key, 64 hexadecimal digits.
    #[arg(long)]
    public_key: bool,
}

fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    if arguments.public_key {
        let digits: String = development_key().iter().map(|byte| format!("{byte:02x}")).collect();
        writeln!(io::stdout(), "{digits}")?;
    }
    if let Some(path) = &arguments.image {
        write_image(path, &arguments)?;
    }
    if arguments.public_key || arguments.image.is_some() {
        return Ok(());
    }
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
            let mut out = io::stdout();
            writeln!(out, "{}", sim.path.display())?;
            out.flush()?;
        }
    }
    for line in io::stdin().lock().lines() {
        let line = line?;
        match command(&line) {
            Some(control) => sim.control(control),
            None if line.trim().is_empty() => {}
            None => writeln!(io::stderr(), "`{line}` is no command: see --help")?,
        }
    }
    if let Some(link) = &arguments.link {
        std::fs::remove_file(link)?;
    }
    Ok(())
}

fn write_image(path: &Path, arguments: &Arguments) -> io::Result<()> {
    let [major, minor, high, low] = arguments.image_version.to_be_bytes();
    let patch = u16::from_be_bytes([high, low]);
    let broken = if arguments.image_broken { "broken\n" } else { "" };
    let mut image = format!("firmware={major}.{minor}.{patch}\n{broken}").into_bytes();
    image.resize(IMAGE_BYTES, b'\n');
    let seed = arguments.image_key_seed.map_or(DEVELOPMENT_SEED, |number| [number; 32]);
    let (manifest, signature) = sign(seed, HARDWARE, arguments.image_version, arguments.image_slot, &image)
        .ok_or_else(|| io::Error::other("the model's name is too long for a manifest"))?;
    std::fs::write(path, [&manifest.to_bytes()[..], &signature[..], &image[..]].concat())
}

/// As a manifest has it: patch 16 bits, minor 8, major 8.
fn version(text: &str) -> Result<u32, String> {
    let numbers = || {
        let mut parts = text.split('.');
        let (major, minor, patch) = (parts.next()?, parts.next()?, parts.next()?);
        let [high, low] = patch.parse::<u16>().ok()?.to_be_bytes();
        let number = u32::from_be_bytes([major.parse().ok()?, minor.parse().ok()?, high, low]);
        parts.next().is_none().then_some(number)
    };
    numbers().ok_or_else(|| "a version is three numbers: 0.2.0".to_owned())
}

fn slot(text: &str) -> Result<Slot, String> {
    match text {
        "a" => Ok(Slot::A),
        "b" => Ok(Slot::B),
        _ => Err("a slot is a or b".to_owned()),
    }
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
