//! What a Modbus line carries: no panic, no answer but a whole one, and no temperature outside of a kitchen.

#![no_main]

use libfuzzer_sys::fuzz_target;
use trivet_drivers::probe::modbus::{Answers, Profile, Told, crc16};

fuzz_target!(|bytes: &[u8]| {
    let Some((pick, received)) = bytes.split_first() else { return };
    let profiles = Profile::shipped();
    let profile = &profiles[usize::from(*pick) % profiles.len()];
    let mut answers = Answers::default();
    for question in profile.questions(1, &profile.channels) {
        // A random checksum is never right: the same bytes are tried with theirs, too.
        let sealed = [received, &crc16(received).to_le_bytes()].concat();
        for received in [received, &sealed] {
            let _ = question.what_else(received);
            if let Some(Ok(data)) = question.find_answer(received) {
                assert!(!data.is_empty() && data.len() <= received.len());
                answers.add(question, data);
            }
        }
    }
    for channel in &profile.channels {
        if let Told::Value(Ok(milli), _) = profile.read(channel, &answers) {
            assert!((-90_000..=400_000).contains(&milli), "{milli}");
        }
    }
});
