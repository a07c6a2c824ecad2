//! The text of a 1-Wire sensor: no panic, and no temperature that the sensor cannot measure.

#![no_main]

use libfuzzer_sys::fuzz_target;
use trivet_drivers::probe::w1;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    for family in [0x10, 0x28] {
        let (value, raw) = w1::decode(family, &text);
        if let Ok(milli) = value {
            assert!((-55_000..=125_000).contains(&milli), "{milli}");
            assert_eq!(raw.as_slice().len(), 9);
        }
    }
    let _ = w1::family(&text);
});
