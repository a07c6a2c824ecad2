//! What a scale answers: no panic, and no weight but one that the display of a scale can show.

#![no_main]

use libfuzzer_sys::fuzz_target;
use trivet_drivers::scale::{Weighing, cas, toledo};

fuzz_target!(|answer: &[u8]| {
    for weighing in [toledo(answer), cas(answer)] {
        if let Ok(Weighing::Stable(grams)) = weighing {
            assert!((0..10_000_000).contains(&grams), "{grams} g");
        }
    }
});
