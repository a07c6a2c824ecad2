//! The serial line that the Modbus probes share.

use super::fleet::{Fault, Fleet};
use super::modbus::{LONGEST_FRAME, READ_REQUEST_BYTES, crc16, reply};
use super::noise::Noise;
use crate::virtual_printer::pty::{Pty, PtyLink};
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep_until};

/// Silence that ends a frame. 3.5 characters at 9600 baud are 4 ms; a PTY and a busy machine get more.
const SILENCE: Duration = Duration::from_millis(25);
/// A slave thinks for this long.
const TURNAROUND: Duration = Duration::from_millis(4);
/// Noise comes so long after a reply, before the master's next request.
const NOISE_AFTER: Duration = Duration::from_millis(30);
/// Replies under way; a master that asks on while all are late gets no more than these.
const MOST_WAITING: usize = 64;

/// Serves the line for good.
pub(super) async fn run(fleet: &Fleet, mut pty: Pty, link: PtyLink) {
    loop {
        if let Err(error) = serve(fleet, &mut pty, &link).await {
            tracing::warn!(%error, "modbus line");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

async fn serve(fleet: &Fleet, pty: &mut Pty, link: &PtyLink) -> io::Result<()> {
    let mut frame: Vec<u8> = Vec::new();
    let mut quiet_at: Option<Instant> = None;
    let mut waiting: Vec<(Instant, Vec<u8>)> = Vec::new();
    let mut noise = Noise::default();
    let mut housekeeping = tokio::time::interval(Duration::from_millis(200));
    housekeeping.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let far = Duration::from_secs(3600);
    loop {
        let now = Instant::now();
        waiting.sort_by_key(|(due, _)| *due);
        let due = waiting.first().map_or(now + far, |(due, _)| *due);
        let mut chunk = [0; LONGEST_FRAME];
        tokio::select! {
            count = pty.read(&mut chunk) => {
                frame.extend_from_slice(chunk.get(..count?).unwrap_or_default());
                quiet_at = Some(Instant::now() + SILENCE);
                // The usual request is recognised by its CRC and need not wait for the silence.
                while let Some((head, _)) = frame.split_at_checked(READ_REQUEST_BYTES) {
                    if !is_sealed(head) {
                        break;
                    }
                    let head = head.to_vec();
                    answer(fleet, &head, &mut waiting, &mut noise);
                    frame.drain(..READ_REQUEST_BYTES);
                }
                if frame.is_empty() || frame.len() > LONGEST_FRAME {
                    frame.clear();
                    quiet_at = None;
                }
            }
            () = sleep_until(quiet_at.unwrap_or(now + far)), if quiet_at.is_some() => {
                quiet_at = None;
                answer(fleet, &std::mem::take(&mut frame), &mut waiting, &mut noise);
            }
            () = sleep_until(due), if !waiting.is_empty() => {
                let (_, bytes) = waiting.remove(0);
                pty.write_all(&bytes).await?;
            }
            _ = housekeeping.tick() => link.forget_exclusive(),
        }
    }
}

fn is_sealed(frame: &[u8]) -> bool {
    frame.split_last_chunk::<2>().is_some_and(|(body, crc)| crc16(body) == u16::from_le_bytes(*crc))
}

fn answer(fleet: &Fleet, frame: &[u8], waiting: &mut Vec<(Instant, Vec<u8>)>, noise: &mut Noise) {
    let mut fault = Fault::None;
    let lookup = |unit| {
        fleet.with_unit(unit, |probe, now| {
            probe.count();
            fault = probe.fault();
            probe.bank(now)
        })
    };
    let Some(bytes) = reply(frame, lookup) else {
        return;
    };
    let Some(Spoiled { bytes, after, then_noise }) = spoil(bytes, frame, fault) else {
        return;
    };
    if waiting.len() >= MOST_WAITING {
        return;
    }
    let due = Instant::now() + TURNAROUND + after;
    waiting.push((due, bytes));
    if then_noise {
        waiting.push((due + NOISE_AFTER, noise.bytes(5)));
    }
}

/// A reply after its fault.
#[derive(Debug, PartialEq, Eq)]
struct Spoiled {
    bytes: Vec<u8>,
    after: Duration,
    then_noise: bool,
}

fn spoil(mut bytes: Vec<u8>, request: &[u8], fault: Fault) -> Option<Spoiled> {
    let mut after = Duration::ZERO;
    match fault {
        Fault::Silent => return None,
        Fault::Late(by) => after = by,
        Fault::Echo => bytes = [request, &bytes].concat(),
        Fault::Truncate => bytes.truncate(bytes.len().saturating_sub(3)),
        Fault::BadCrc => {
            if let Some(last) = bytes.last_mut() {
                *last ^= 0x55;
            }
        }
        _ => {}
    }
    Some(Spoiled { bytes, after, then_noise: fault == Fault::Noise })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_on_the_wire() {
        let good = vec![5, 3, 2, 0, 40, 0x49, 0x9a];
        let request = [5, 3, 0, 0, 0, 1, 0x85, 0x8e];
        for (fault, expected) in [
            (Fault::None, Some(good.clone())),
            (Fault::Silent, None),
            (Fault::Truncate, Some(vec![5, 3, 2, 0])),
            (Fault::BadCrc, Some(vec![5, 3, 2, 0, 40, 0x49, 0x9a ^ 0x55])),
            (Fault::Echo, Some([request.as_slice(), &good].concat())),
        ] {
            let got = spoil(good.clone(), &request, fault).map(|spoiled| spoiled.bytes);
            assert_eq!(got, expected, "{fault:?}");
        }
        let late = Fault::Late(Duration::from_millis(700));
        assert_eq!(spoil(good, &request, late).map(|spoiled| spoiled.after), Some(Duration::from_millis(700)));
    }
}
