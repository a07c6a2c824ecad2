//! Sensors of our own firmware on a serial line, `serial:PATH[@BAUD]`: one task owns the line.
//!
//! A sensor numbers its readings and keeps each until it is acknowledged, so the box asks from where it stopped, takes
//! each number once and in order, and asks again where one is missing. It acknowledges only when it is told to: when
//! the readings are safe. A full channel of reports stops the reading of the line, never drops a sample; the sensor
//! keeps them.

mod image;
mod talk;
#[cfg(test)]
mod tests;
mod update;

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tokio_serial::{SerialPortBuilderExt, SerialStream};
pub use trivet_wire::{Fault, ResetCause, Rom, Slot};

use super::{Sample, Source};
pub use image::Image;
use talk::Talk;

/// A line that broke, or was not there, is opened again after this.
const REOPEN_AFTER: Duration = Duration::from_secs(2);
/// A sensor takes what is written to it within this.
const TAKES_WITHIN: Duration = Duration::from_secs(2);
const TICK: Duration = Duration::from_millis(100);
/// Reports that wait for a full channel before the line is read no more.
const MOST_WAITING: usize = 64;

/// What the box knows of a line before it is opened.
#[derive(Clone)]
pub struct Line {
    pub path: String,
    pub baud: u32,
    /// Of the readings: 1 to 3,600 s.
    pub period_s: u16,
    /// 9 to 12.
    pub resolution_bits: u8,
    /// Inputs of sensors that have a name; others are called as the kernel calls them, `28-0316a2793b21`.
    pub names: BTreeMap<Rom, String>,
    /// The last reading of this line that is safe.
    pub since: Option<Source>,
    /// Milliseconds since 1970, now.
    pub wall: Arc<dyn Fn() -> i64 + Send + Sync>,
}

/// What a line tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// In the order of their numbers, each once.
    Sample(Sample),
    Line(Result<(), String>),
    /// After the line was opened, and when the device started again or has something new to say of itself.
    Device(Device),
    Fault(Fault),
    /// These readings, first and last number, were overwritten before they could be fetched.
    Lost {
        boot: u32,
        first: u32,
        last: u32,
    },
    /// A chip that does not keep to the data sheet; once for each, of each start of the device.
    Counterfeit {
        input: String,
    },
    /// What the line has cost so far; told when it has changed.
    Counts(Counts),
    Update(Progress),
}

/// What a device says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    pub serial: [u8; 8],
    pub firmware: String,
    pub hardware: String,
    pub boot: u32,
    pub reset_cause: ResetCause,
    pub probes: u8,
    pub battery_percent: Option<u8>,
    pub running: Slot,
    pub trial: bool,
}

/// Since the task began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Frames that were dropped because their check, their length or their message was wrong.
    pub damaged: u64,
    /// Readings that came again.
    pub duplicates: u64,
    /// Times that a reading was missing and asked for again.
    pub missed: u64,
    /// Readings whose bytes do not say what the device says; none of them was taken for a temperature.
    pub contradicted: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    Sending {
        blocks: u32,
        of: u32,
    },
    /// All was sent and is right; the device starts again.
    Restarting,
    /// It runs, and proves itself.
    Trial,
    Done {
        firmware: String,
    },
    /// Nothing has changed.
    Refused(String),
    /// Nothing has changed: it was called off.
    Cancelled,
    /// The former firmware runs again.
    RolledBack,
}

#[derive(Clone, Debug)]
pub enum LineCommand {
    /// All readings up to this are safe.
    Ack(Source),
    Configure {
        period_s: u16,
        resolution_bits: u8,
    },
    /// The device's lamp shows which one it is.
    Identify,
    /// Of the images for both slots, the one for the slot that does not run is sent.
    Update(Vec<Arc<Image>>),
    /// Ends an update that has not been sent whole yet.
    CancelUpdate,
}

/// The number of a chip that is called as the kernel calls it: `28-0316a2793b21`.
pub fn rom(name: &str) -> Option<Rom> {
    let (family, serial) = name.split_once('-')?;
    let (family, serial) = (u8::from_str_radix(family, 16).ok()?, u64::from_str_radix(serial, 16).ok()?);
    let [a, b, c, d, e, f, 0, 0] = serial.to_le_bytes() else { return None };
    let body = [family, a, b, c, d, e, f];
    Some([family, a, b, c, d, e, f, super::w1::crc8(&body)]).filter(|rom| talk::name(*rom) == name)
}

/// Path and speed of `serial:PATH[@BAUD]`.
pub fn address(text: &str) -> Result<(String, u32), String> {
    let wrong = || format!("`{text}` is no address of a sensor: serial:PATH[@BAUD]");
    let rest = text.strip_prefix("serial:").filter(|rest| !rest.is_empty()).ok_or_else(wrong)?;
    match rest.rsplit_once('@') {
        Some((path, baud)) if !path.is_empty() => {
            let baud = baud.parse().ok().filter(|baud| *baud > 0).ok_or_else(wrong)?;
            Ok((path.to_owned(), baud))
        }
        Some(_) => Err(wrong()),
        None => Ok((rest.to_owned(), trivet_wire::BAUD)),
    }
}

/// Runs for as long as somebody listens.
pub async fn run(line: Line, reports: mpsc::Sender<Report>, mut commands: mpsc::Receiver<LineCommand>) {
    let (path, baud) = (line.path.clone(), line.baud);
    let mut talk = Talk::new(line);
    while !reports.is_closed() {
        let opened = tokio_serial::new(&path, baud).open_native_async().map_err(std::io::Error::from);
        let why = match opened {
            Ok(port) => {
                talk.opened(Instant::now());
                match caught(serve(port, &mut talk, &reports, &mut commands)).await {
                    Ok(()) => return,
                    Err(error) => error,
                }
            }
            Err(error) => error,
        };
        talk.closed(format!("{path}: {why}"));
        talk.deliver(&reports).await;
        tokio::time::sleep(REOPEN_AFTER).await;
    }
}

/// A panic over what a sensor said is a broken line: it is told, and the line opened again.
async fn caught(serving: impl Future<Output = std::io::Result<()>>) -> std::io::Result<()> {
    let mut serving = pin!(serving);
    let broken = || Err(std::io::Error::other("this box could not make out what the sensor said"));
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| serving.as_mut().poll(context)));
        polled.unwrap_or_else(|_| Poll::Ready(broken()))
    })
    .await
}

/// Until the line breaks, or nobody listens any more.
async fn serve(
    mut port: SerialStream,
    talk: &mut Talk,
    reports: &mpsc::Sender<Report>,
    commands: &mut mpsc::Receiver<LineCommand>,
) -> std::io::Result<()> {
    let mut tick = tokio::time::interval(TICK);
    let mut commanded = true;
    let mut bytes = [0; 512];
    loop {
        tokio::select! {
            permit = reports.reserve(), if talk.has_reports() => match (permit, talk.next_report()) {
                (Ok(permit), Some(report)) => permit.send(report),
                (Ok(_), None) => {}
                (Err(_), _) => return Ok(()),
            },
            read = port.read(&mut bytes), if talk.waiting() < MOST_WAITING => match read? {
                0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
                read => talk.heard(bytes.get(..read).unwrap_or_default(), Instant::now()),
            },
            command = commands.recv(), if commanded => match command {
                Some(command) => talk.command(command, Instant::now()),
                None => commanded = false,
            },
            _ = tick.tick() => talk.tick(Instant::now()),
            () = reports.closed() => return Ok(()),
        }
        while let Some(frame) = talk.next_frame() {
            let written = timeout(TAKES_WITHIN, port.write_all(frame.as_bytes())).await;
            written.map_err(|_| std::io::Error::other("it takes no bytes"))??;
        }
    }
}
