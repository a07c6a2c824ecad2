//! One serial line of Modbus units: one task owns the port, asks one unit at a time and takes only its answer.
//!
//! RTU answers carry no number, so a late one looks like the next unit's: before each question the line is drained,
//! and after a timeout it is left quiet. A dead unit is asked less often, so that it does not starve the others.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_serial::{SerialPortBuilderExt, SerialStream};

use super::modbus::{Profile, find_answer, request};
use super::{NoData, Report, Sample, Value};

#[derive(Clone, Debug)]
pub struct Unit {
    pub input: String,
    pub unit: u8,
    pub profile: Profile,
}

#[derive(Clone, Debug)]
pub struct Bus {
    pub path: String,
    pub baud: u32,
    pub units: Vec<Unit>,
    /// Each unit is asked once in this time.
    pub period: Duration,
}

const ANSWER_WITHIN: Duration = Duration::from_millis(300);
/// After a timeout: the longest that a slow unit may still take.
const QUIET: Duration = Duration::from_millis(200);
const TRIES: usize = 3;
/// A unit that failed this often in a row is asked with one try, every few rounds.
const DEAD_AFTER: u32 = 3;
const ASK_DEAD_EVERY: u32 = 5;
const MAX_ANSWER: usize = 512;

/// Runs for as long as somebody listens. A full channel drops the sample: the next one comes within seconds.
pub async fn run(bus: Bus, reports: mpsc::Sender<Report>) {
    let mut failures: Vec<u32> = vec![0; bus.units.len()];
    let mut round: u32 = 0;
    let mut port: Option<SerialStream> = None;
    while !reports.is_closed() {
        let until = Instant::now() + bus.period;
        if port.is_none() {
            let opened = tokio_serial::new(&bus.path, bus.baud).open_native_async();
            let line = opened.as_ref().map(drop).map_err(|error| format!("{}: {error}", bus.path));
            drop(reports.try_send(Report::Line(line)));
            port = opened.ok();
        }
        for (unit, failed) in bus.units.iter().zip(&mut failures) {
            let dead = *failed >= DEAD_AFTER;
            if dead && !round.is_multiple_of(ASK_DEAD_EVERY) {
                continue;
            }
            let value = match &mut port {
                Some(open) => match ask(open, bus.baud, unit, if dead { 1 } else { TRIES }).await {
                    Ok(value) => value,
                    Err(error) => {
                        drop(reports.try_send(Report::Line(Err(format!("{}: {error}", bus.path)))));
                        port = None;
                        Err(NoData::Offline)
                    }
                },
                None => Err(NoData::Offline),
            };
            *failed = if value.is_ok() { 0 } else { failed.saturating_add(1) };
            drop(reports.try_send(Report::Sample(Sample::new(&unit.input, value))));
        }
        round = round.wrapping_add(1);
        tokio::time::sleep_until(until).await;
    }
}

async fn ask(port: &mut SerialStream, baud: u32, unit: &Unit, tries: usize) -> std::io::Result<Value> {
    let mut value = Err(NoData::Timeout);
    for _ in 0..tries {
        drain(port).await?;
        sleep(silence(baud)).await;
        port.write_all(&request(unit.unit, &unit.profile)).await?;
        value = answer(port, unit).await?;
        if value != Err(NoData::Timeout) && value != Err(NoData::Malformed) {
            return Ok(value);
        }
        sleep(QUIET).await;
    }
    Ok(value)
}

async fn answer(port: &mut SerialStream, unit: &Unit) -> std::io::Result<Value> {
    let until = Instant::now() + ANSWER_WITHIN;
    let mut received = Vec::new();
    let mut buffer = [0; 64];
    loop {
        match timeout_at(until, port.read(&mut buffer)).await {
            // Something came, but no answer of this unit: noise, or a cut frame.
            Err(_) => return Ok(Err(if received.is_empty() { NoData::Timeout } else { NoData::Malformed })),
            Ok(Ok(0)) => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            Ok(Ok(n)) => received.extend_from_slice(buffer.get(..n).unwrap_or_default()),
            Ok(Err(error)) => return Err(error),
        }
        if let Some(value) = find_answer(&received, unit.unit, &unit.profile) {
            return Ok(value);
        }
        if received.len() > MAX_ANSWER {
            return Ok(Err(NoData::Malformed));
        }
    }
}

async fn drain(port: &mut SerialStream) -> std::io::Result<()> {
    let mut buffer = [0; 256];
    while let Ok(read) = timeout_at(Instant::now() + Duration::from_millis(1), port.read(&mut buffer)).await {
        if read? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}

/// 3.5 characters of 11 bits, at least 1.75 ms (Modbus over Serial Line V1.02, 2.5.1.1).
fn silence(baud: u32) -> Duration {
    let micros = 3_500_000 * 11 / u64::from(baud.max(1));
    Duration::from_micros(micros.max(1_750))
}
