//! Modbus RTU (Modbus over Serial Line V1.02): the question, and what its answer says. Pure.

use serde::Deserialize;

use super::{NoData, Value, plausible};

/// How a model of probe tells its temperature: a data file each, under `drivers/profiles`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    pub name: String,
    /// 3 (holding registers) or 4 (input registers).
    pub function: u8,
    pub register: u16,
    /// Thousandths of a degree a step.
    pub milli_per_step: i32,
    /// Raw values that mean "sensor open" or "shorted".
    #[serde(default)]
    pub sentinels: Vec<u16>,
}

const SHIPPED: [&str; 1] = [include_str!("../../profiles/modbus-generic.toml")];

impl Profile {
    pub fn named(name: &str) -> Option<Profile> {
        SHIPPED.iter().filter_map(|text| toml::from_str::<Profile>(text).ok()).find(|profile| profile.name == name)
    }
}

/// Asks a unit for its register.
pub fn request(unit: u8, profile: &Profile) -> Vec<u8> {
    let [high, low] = profile.register.to_be_bytes();
    let mut frame = vec![unit, profile.function, high, low, 0, 1];
    frame.extend(crc16(&frame).to_le_bytes());
    frame
}

/// An answer's length: address, function, byte count, one register, CRC.
pub const ANSWER_BYTES: usize = 7;
const EXCEPTION_BYTES: usize = 5;

/// Looks for the answer in what came after a question. None: it is not complete yet. Noise before it, and the echo
/// that two-wire adapters give, are passed over; only unit, function, length and CRC together make an answer.
pub fn find_answer(received: &[u8], unit: u8, profile: &Profile) -> Option<Value> {
    let asked = request(unit, profile);
    let received = received.strip_prefix(asked.as_slice()).unwrap_or(received);
    let at = |start: usize| {
        let rest = received.get(start..)?;
        answer(rest, unit, profile).or_else(|| exception(rest, unit, profile))
    };
    (0..received.len()).find_map(at)
}

fn answer(rest: &[u8], unit: u8, profile: &Profile) -> Option<Value> {
    let frame = rest.get(..ANSWER_BYTES)?;
    let [from, function, 2, high, low, ..] = *frame else { return None };
    if from != unit || function != profile.function || !crc_is_right(frame) {
        return None;
    }
    let raw = u16::from_be_bytes([high, low]);
    if profile.sentinels.contains(&raw) {
        return Some(Err(NoData::Sentinel));
    }
    Some(plausible(i64::from(raw.cast_signed()) * i64::from(profile.milli_per_step)))
}

fn exception(rest: &[u8], unit: u8, profile: &Profile) -> Option<Value> {
    let frame = rest.get(..EXCEPTION_BYTES)?;
    let [from, function, ..] = *frame else { return None };
    (from == unit && function == profile.function | 0x80 && crc_is_right(frame)).then_some(Err(NoData::DeviceFault))
}

fn crc_is_right(frame: &[u8]) -> bool {
    let (body, crc) = frame.split_at(frame.len().saturating_sub(2));
    crc == crc16(body).to_le_bytes()
}

/// CRC-16/MODBUS: polynomial 0x8005 reflected, initial value 0xffff.
pub fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xffff, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xa001 } else { crc >> 1 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(body: &[u8]) -> Vec<u8> {
        [body, &crc16(body).to_le_bytes()].concat()
    }

    #[test]
    fn answers_and_what_only_looks_like_one() {
        let profile = Profile::named("generic").unwrap();
        let good = frame(&[7, 4, 2, 0, 39]);
        let mut flipped = good.clone();
        flipped[4] ^= 1;
        let echo = request(7, &profile);
        for (name, received, expected) in [
            ("3.9 °C", good.clone(), Some(Ok(3_900))),
            ("-18.0 °C", frame(&[7, 4, 2, 0xff, 0x4c]), Some(Ok(-18_000))),
            ("noise before", [&[0xff, 7, 4][..], &good].concat(), Some(Ok(3_900))),
            ("an echo before", [&echo[..], &good].concat(), Some(Ok(3_900))),
            ("an echo alone", echo, None),
            ("cut short", good[..6].to_vec(), None),
            ("a flipped bit", flipped, None),
            ("another unit's", frame(&[8, 4, 2, 0, 39]), None),
            ("another function's", frame(&[7, 3, 2, 0, 39]), None),
            ("sensor open", frame(&[7, 4, 2, 0x80, 0]), Some(Err(NoData::Sentinel))),
            ("an exception", frame(&[7, 0x84, 2]), Some(Err(NoData::DeviceFault))),
            ("nonsense", frame(&[7, 4, 2, 0x7f, 0xff]), Some(Err(NoData::Implausible))),
        ] {
            assert_eq!(find_answer(&received, 7, &profile), expected, "{name}");
        }
    }

    #[test]
    fn the_crc_of_the_specification() {
        assert_eq!(crc16(&[0x02, 0x07]), 0x1241);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(received: Vec<u8>, unit: u8) {
            let _ = find_answer(&received, unit, &Profile::named("generic").unwrap());
        }
    }
}
