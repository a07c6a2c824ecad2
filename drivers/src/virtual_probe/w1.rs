//! 1-Wire sensors as the kernel shows them: a folder a sensor with the file `w1_slave`, written anew each second.
//!
//! From Linux' Documentation/w1/slaves/w1_therm.rst and the DS18B20's datasheet: nine bytes of scratchpad with their
//! checksum and a verdict, and the bytes of the last good read with the temperature that they mean.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use super::fleet::{Fault, Fleet, Kind};

/// What stands in `w1_slave`.
///
/// `old` is what the second line repeats of a read that failed.
pub fn text(celsius: f64, fault: Fault, old: f64) -> String {
    let register = |celsius: f64| {
        #[expect(clippy::cast_possible_truncation, reason = "clamped to what the sensor measures")]
        let sixteenths = (celsius * 16.0).round().clamp(-880.0, 2_000.0) as i16;
        sixteenths
    };
    let scratchpad = |register: i16, reserved: u8| {
        let [low, high] = register.to_le_bytes();
        [low, high, 0x4b, 0x46, 0x7f, 0xff, reserved, 0x10]
    };
    let whole = |bytes: [u8; 8]| {
        let hex: Vec<String> = bytes.iter().chain([&checksum(&bytes)]).map(|byte| format!("{byte:02x}")).collect();
        hex.join(" ")
    };
    let good = |celsius: f64| {
        let register = register(celsius);
        whole(scratchpad(register, (16 - register.rem_euclid(16)).to_le_bytes()[0]))
    };
    let (first, verdict, second) = match fault {
        Fault::Nan => (whole(scratchpad(0x0550, 0x0c)), "YES", 85_000),
        Fault::Sentinel => (whole(scratchpad(0x07ff, 0x0c)), "YES", 127_937),
        Fault::Silent => (["ff"; 9].join(" "), "NO", thousandths(old)),
        Fault::Noise => (["00"; 9].join(" "), "YES", 0),
        Fault::BadCrc => {
            let mut hex = good(celsius);
            hex.replace_range(..2, if hex.starts_with("55") { "aa" } else { "55" });
            (hex, "NO", thousandths(old))
        }
        _ => (good(celsius), "YES", thousandths(celsius)),
    };
    let crc = first.split(' ').next_back().unwrap_or_default().to_owned();
    let repeated = if verdict == "YES" { first.clone() } else { good(old) };
    let text = format!("{first} : crc={crc} {verdict}\n{repeated} t={second}\n");
    if fault == Fault::Truncate { text.get(..text.len() / 4).unwrap_or_default().to_owned() } else { text }
}

#[expect(clippy::cast_possible_truncation, reason = "a temperature")]
fn thousandths(celsius: f64) -> i32 {
    (celsius * 1_000.0) as i32
}

/// The checksum of 1-Wire: X⁸ + X⁵ + X⁴ + 1, bits from the lowest, over what stands before it.
fn checksum(bytes: &[u8]) -> u8 {
    let mut crc = 0u8;
    for byte in bytes {
        for bit in 0..8 {
            let feedback = (crc ^ (byte >> bit)) & 1;
            crc >>= 1;
            if feedback == 1 {
                crc ^= 0x8c;
            }
        }
    }
    crc
}

/// Writes the sensors' files for good.
pub(super) async fn run(fleet: &Fleet, folder: &Path, period: Duration) {
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let mut last: Vec<(String, f64)> = Vec::new();
    loop {
        ticks.tick().await;
        let now = fleet.now();
        let sensors: Vec<(String, f64, Fault)> = fleet
            .probes()
            .iter_mut()
            .filter_map(|probe| {
                let Kind::OneWire(id) = probe.kind.clone() else { return None };
                probe.count();
                Some((id, probe.celsius(now), probe.fault()))
            })
            .collect();
        for (id, celsius, fault) in sensors {
            let old = last.iter().find(|(known, _)| *known == id).map_or(celsius, |(_, old)| *old);
            if let Err(error) = show(&folder.join(&id), &text(celsius, fault, old), fault) {
                tracing::warn!(%error, id, "1-Wire folder");
            }
            if fault == Fault::None {
                last.retain(|(known, _)| *known != id);
                last.push((id, celsius));
            }
        }
    }
}

fn show(sensor: &Path, text: &str, fault: Fault) -> io::Result<()> {
    if fault == Fault::Gone {
        return if sensor.exists() { fs::remove_dir_all(sensor) } else { Ok(()) };
    }
    fs::create_dir_all(sensor)?;
    let part = sensor.join("w1_slave.part");
    fs::write(&part, text)?;
    fs::rename(part, sensor.join("w1_slave"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        // The first is in the kernel's documentation, but for the checksum's case.
        for (celsius, fault, expected) in [
            (23.125, Fault::None, "72 01 4b 46 7f ff 0e 10 57 : crc=57 YES\n72 01 4b 46 7f ff 0e 10 57 t=23125\n"),
            (23.125, Fault::Truncate, "72 01 4b 46 7f"),
            (4.0, Fault::Silent, "ff ff ff ff ff ff ff ff ff : crc=ff NO\n72 01 4b 46 7f ff 0e 10 57 t=23125\n"),
            (4.0, Fault::Noise, "00 00 00 00 00 00 00 00 00 : crc=00 YES\n00 00 00 00 00 00 00 00 00 t=0\n"),
        ] {
            let got = text(celsius, fault, 23.125);
            assert!(got.starts_with(expected), "{fault:?}: {got}");
        }
        assert!(text(4.0, Fault::BadCrc, 4.0).contains("NO\n"));
        assert!(text(4.0, Fault::Nan, 4.0).starts_with("50 05 4b 46 7f ff 0c 10"));
    }
}
