//! A line between a sensor of ours and a box: no panic, and a message that is read is written back as it was.

#![no_main]

use libfuzzer_sys::fuzz_target;
use trivet_wire::{Down, Frame, Manifest, Reader, Up};

fuzz_target!(|line: &[u8]| {
    // As it came, and, because a fitting check is seldom guessed, framed.
    message(line);
    let mut reader = Reader::default();
    for byte in line {
        if let Some(Ok(frame)) = reader.push(*byte) {
            message(frame);
        }
    }
    if let Some(frame) = Frame::of_bytes(line) {
        let mut reader = Reader::default();
        let read = frame.as_bytes().iter().find_map(|byte| reader.push(*byte).map(|frame| frame.map(<[u8]>::to_vec)));
        assert_eq!(read, Some(Ok(line.to_vec())));
    }
});

fn message(bytes: &[u8]) {
    if let Some(up) = Up::read(bytes) {
        let again = Frame::up(&up);
        assert!(again.is_some() || bytes.len() > trivet_wire::MAX_MESSAGE);
    }
    if let Some(down) = Down::read(bytes) {
        let again = Frame::down(&down);
        assert!(again.is_some() || bytes.len() > trivet_wire::MAX_MESSAGE);
    }
    if let Some(manifest) = Manifest::read(bytes) {
        assert_eq!(manifest.to_bytes().as_slice(), bytes);
    }
}
