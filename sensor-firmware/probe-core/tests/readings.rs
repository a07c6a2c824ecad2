//! What bytes mean, which of several is told, and what the log keeps.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

use proptest::prelude::*;
use trivet_probe_core::ds18b20::{crc8, decode};
use trivet_probe_core::filter::Period;
use trivet_probe_core::log::{Entry, Log};
use trivet_wire::Quality::{self, *};

fn scratchpad(sixteenths: i16, config: u8, five: u8, six: u8, seven: u8) -> [u8; 9] {
    let [low, high] = sixteenths.to_le_bytes();
    let mut raw = [low, high, 0x4b, 0x46, config, five, six, seven, 0];
    raw[8] = crc8(&raw[..8]);
    raw
}

fn measured(sixteenths: i16) -> [u8; 9] {
    scratchpad(sixteenths, 0x7f, 0xff, 0x10 - (sixteenths as u8 & 0x0f), 0x10)
}

#[test]
fn a_scratchpad_is_a_temperature_or_a_reason() {
    // Temperatures: data sheet, table 1.
    for (raw, expected) in [
        (measured(0x07d0), (Some(125_000), Good)),
        (measured(0x0550), (Some(85_000), Good)),
        (measured(0x0191), (Some(25_063), Good)),
        (measured(0x00a2), (Some(10_125), Good)),
        (measured(0x0008), (Some(500), Good)),
        (measured(0), (Some(0), Good)),
        (measured(-8), (Some(-500), Good)),
        (measured(-1), (Some(-62), Good)),
        (measured(-162), (Some(-10_125), Good)),
        (measured(-880), (Some(-55_000), Good)),
        (measured(-881), (None, Range)),
        (measured(0x07d1), (None, Range)),
        // Nine bits: the lowest three mean nothing.
        (scratchpad(0x0197, 0x1f, 0xff, 0x09, 0x10), (Some(25_000), Good)),
        (scratchpad(0x0550, 0x7f, 0xff, 0x0c, 0x10), (None, PowerOnReset)),
        (scratchpad(0x07ff, 0x7f, 0xff, 0x0c, 0x10), (None, InsufficientPower)),
        (scratchpad(0x0191, 0x7f, 0x00, 0x0f, 0x66), (Some(25_063), Counterfeit)),
        ([0xff; 9], (None, Disconnected)),
        ([0; 9], (None, AllZero)),
        ([0x91, 0x01, 0x4b, 0x46, 0x7f, 0xff, 0x0f, 0x10, 0x00], (None, Crc)),
    ] {
        assert_eq!(decode(&raw), expected, "{raw:02x?}");
    }
}

#[test]
fn one_wrong_value_does_not_move_a_period() {
    #[track_caller]
    fn check(raws: &[[u8; 9]], expected: Option<([u8; 9], Quality)>) {
        let mut period = Period::default();
        raws.iter().for_each(|raw| period.add(*raw));
        assert_eq!(period.end(), expected);
    }
    let (low, middle, high) = (measured(64), measured(65), measured(2_000));
    check(&[], None);
    check(&[high, low, middle], Some((middle, Good)));
    check(&[middle, high, low, middle, middle], Some((middle, Good)));
    check(&[[0xff; 9], middle, [0xff; 9]], Some((middle, Good)));
    check(&[[0; 9], [0xff; 9]], Some(([0xff; 9], Disconnected)));
}

const ROM: [u8; 8] = [0x28, 1, 2, 3, 4, 5, 6, 0];

fn entry(n: u64) -> Entry {
    Entry::new(n * 1_000, &ROM, measured(64), Good)
}

#[test]
fn a_day_of_one_sensor_is_as_long_as_is_said() {
    assert_eq!(size_of::<Entry>(), 20);
    assert_eq!(size_of::<Log<{ trivet_probe_core::PER_DAY }>>(), 28_808);
    assert_eq!(entry(0).rom()[..7], ROM[..7]);
    assert_eq!(crc8(&entry(0).rom()), 0);
}

#[derive(Clone, Debug)]
enum Step {
    Push,
    Acknowledge(u32),
}

proptest! {
    #[test]
    fn the_median_is_one_of_what_was_measured(values in prop::collection::vec(-880_i16..=2_000, 1..=5)) {
        let mut period = Period::default();
        values.iter().for_each(|value| period.add(measured(*value)));
        let mut sorted = values.clone();
        sorted.sort_unstable();
        prop_assert_eq!(period.end(), Some((measured(sorted[(sorted.len() - 1) / 2]), Good)));
    }

    /// Against a plain list: nothing goes but what was acknowledged or overwritten, and what is overwritten is counted.
    #[test]
    fn the_log_loses_nothing_silently(steps in prop::collection::vec(
        prop_oneof![3 => Just(Step::Push), 1 => (0_u32..80).prop_map(Step::Acknowledge)], 0..200))
    {
        let mut log = Log::<8>::new();
        let mut expected = std::collections::VecDeque::new();
        let (mut next, mut lost, mut expected_lost) = (1, 0, 0);
        for step in steps {
            match step {
                Step::Push => {
                    lost += u32::from(log.push(entry(u64::from(next))));
                    expected.push_back(next);
                    next += 1;
                    if expected.len() > 8 {
                        expected.pop_front();
                        expected_lost += 1;
                    }
                }
                Step::Acknowledge(upto) => {
                    log.acknowledge(upto);
                    if upto < next {
                        expected.retain(|seq| *seq > upto);
                    }
                }
            }
            prop_assert_eq!((log.next(), log.len() as usize, lost), (next, expected.len(), expected_lost));
            for seq in 0..next + 2 {
                let kept = log.get(seq).map(|entry| entry.uptime_ms() / 1_000);
                prop_assert_eq!(kept, expected.contains(&seq).then_some(u64::from(seq)), "number {}", seq);
            }
        }
    }
}
