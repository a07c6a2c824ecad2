//! What travels stays as it is: golden bytes; and whatever a line does to them, no other message comes out.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

use expect_test::{Expect, expect};
use proptest::prelude::*;
use trivet_wire::frame::crc;
use trivet_wire::{
    Damage, Down, Fault, Frame, Hello, MAX_FRAME, MAX_MESSAGE, Manifest, Phase, Quality, Reader, Rejected, ResetCause,
    Slot, Up,
};

const ROM: [u8; 8] = [0x28, 0xff, 0x64, 0x1e, 0x00, 0x16, 0x03, 0x9c];
const RAW: [u8; 9] = [0x91, 0x01, 0x4b, 0x46, 0x7f, 0xff, 0x0c, 0x10, 0x25];

fn hello() -> Hello<'static> {
    Hello {
        major: 1,
        minor: 0,
        firmware: "0.1.0",
        hardware: "rp2040",
        serial: [1, 2, 3, 4, 5, 6, 7, 8],
        boot: 300,
        reset_cause: ResetCause::Power,
        uptime_ms: 1_000,
        probes: 2,
        log_len: 5,
        oldest: 7,
        next: 12,
        battery_percent: Some(80),
        period_s: 60,
        resolution_bits: 12,
        running: Slot::A,
        trial: false,
        streaming: true,
        damaged_frames: 3,
    }
}

fn sample() -> Up<'static> {
    let (boot, seq, uptime_ms) = (300, 7, 420_000);
    Up::Sample { boot, seq, uptime_ms, rom: ROM, raw: RAW, milli_c: Some(25_062), quality: Quality::Good }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn read(line: &[u8]) -> Vec<Result<Vec<u8>, Damage>> {
    let mut reader = Reader::default();
    line.iter().filter_map(|byte| reader.push(*byte).map(|frame| frame.map(<[u8]>::to_vec))).collect()
}

#[track_caller]
fn up(message: &Up<'_>, golden: Expect) {
    let frame = Frame::up(message).unwrap();
    golden.assert_eq(&hex(frame.as_bytes()));
    let messages = read(frame.as_bytes());
    assert_eq!(messages.len(), 1);
    assert_eq!(Up::read(messages[0].as_deref().unwrap()).as_ref(), Some(message));
}

#[track_caller]
fn down(message: &Down<'_>, golden: Expect) {
    let frame = Frame::down(message).unwrap();
    golden.assert_eq(&hex(frame.as_bytes()));
    let messages = read(frame.as_bytes());
    assert_eq!(messages.len(), 1);
    assert_eq!(Down::read(messages[0].as_deref().unwrap()).as_ref(), Some(message));
}

#[test]
fn the_check_is_that_of_x_25() {
    // The catalogue's check value (reveng.sourceforge.io, CRC-16/IBM-SDLC).
    assert_eq!(crc(b"123456789"), 0x906e);
}

#[test]
fn what_goes_up_is_as_it_was() {
    up(
        &Up::Hello(hello()),
        expect!["0102012305302e312e30067270323034300102030405060708ac0201e8070205070c01503c0c01050103454100"],
    );
    up(&sample(), expect!["0c01ac0207a0d11928ff641e1116039c91014b467fff0c102501cc87030394c500"]);
    let (boot, seq, uptime_ms) = (300, 8, 480_000);
    let raw = [0xff; 9];
    up(
        &Up::Sample { boot, seq, uptime_ms, rom: ROM, raw, milli_c: None, quality: Quality::Disconnected },
        expect!["0c01ac020880a61d28ff641e0d16039cffffffffffffffffff0405925400"],
    );
    up(&Up::Fault { boot, uptime_ms, fault: Fault::LineShort }, expect!["0702ac0280a61d03fccd00"]);
    up(
        &Up::Fault { boot, uptime_ms, fault: Fault::ProbeLost { rom: ROM } },
        expect!["0c02ac0280a61d0428ff641e0616039cf6db00"],
    );
    up(
        &Up::Fault { boot, uptime_ms, fault: Fault::LogOverrun { readings: 1_440 } },
        expect!["0b02ac0280a61d06a00bf30100"],
    );
    up(&Up::Replaying { boot, from: 7 }, expect!["0703ac0207683400"]);
    up(&Up::LogEnd { boot, next: 12 }, expect!["0704ac020c9add00"]);
    let phase = Phase::Refused(Rejected::Signature);
    up(&Up::UpdateStatus { phase, next_block: 0, running: Slot::B, trial: true }, expect!["040504050501011ea800"]);
}

#[test]
fn what_goes_down_is_as_it_was() {
    down(&Down::Time { utc_ms: 1_790_000_000_000, err_ms: 50 }, expect!["010a80b083c5986832b4f300"]);
    down(&Down::Ack { boot: 300, upto: 11 }, expect!["0701ac020b72c700"]);
    down(&Down::Replay { boot: 300, from: 8 }, expect!["0702ac020824d000"]);
    down(&Down::Config { period_s: 60, resolution_bits: 12 }, expect!["06033c0cc6fc00"]);
    down(&Down::Identify, expect!["04045cb600"]);
    let manifest = manifest().to_bytes();
    down(
        &Down::Begin { manifest: &manifest },
        expect![
            "0d0539545646317270323034300101010101010102010470110124010707070707070707070707070707070707070707070707070707070707070707745f00"
        ],
    );
    down(
        &Down::Sign { signature: &[0xa5; 64] },
        expect![
            "450640a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5200300"
        ],
    );
    down(
        &Down::Block { n: 4_095, bytes: &[0x5a; 64] },
        expect![
            "4707ff1f405a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a33ba00"
        ],
    );
    down(&Down::Commit, expect!["0408307c00"]);
    down(&Down::Abort, expect!["0409b96d00"]);
}

fn manifest() -> Manifest {
    let hardware = Manifest::hardware_of("rp2040").unwrap();
    Manifest { hardware, version: 0x0001_0000, length: 70_000, slot: Slot::B, sha256: [7; 32] }
}

#[test]
fn a_manifest_reads_back_and_another_does_not() {
    let bytes = manifest().to_bytes();
    assert_eq!(Manifest::read(&bytes), Some(manifest()));
    assert_eq!(manifest().blocks(), 1_094);
    assert_eq!(Manifest::read(&bytes[..56]), None);
    assert_eq!(Manifest::read(&[&bytes[..], &[0]].concat()), None);
    for (at, value) in [(0, b'X'), (24, 2), (23, 0xff)] {
        let mut other = bytes;
        other[at] = value;
        assert_eq!(Manifest::read(&other), None, "byte {at}");
    }
}

#[test]
fn a_hello_of_any_version_says_which() {
    assert_eq!(Up::major_of(&[0, 9, 1, 2, 3]), Some(9));
    assert_eq!(Up::major_of(&[1, 9]), None);
}

#[test]
fn the_longest_messages_fit_and_longer_ones_are_refused() {
    let firmware = "f".repeat(16);
    let hardware = "h".repeat(12);
    let longest = Hello {
        firmware: &firmware,
        hardware: &hardware,
        boot: u32::MAX,
        uptime_ms: u64::MAX >> 8,
        log_len: u32::MAX,
        oldest: u32::MAX,
        next: u32::MAX,
        period_s: u16::MAX,
        damaged_frames: u32::MAX,
        ..hello()
    };
    assert!(Frame::up(&Up::Hello(longest)).is_some());
    assert!(Frame::down(&Down::Block { n: u32::MAX, bytes: &[0; 65] }).is_some());
    assert!(Frame::down(&Down::Block { n: 0, bytes: &[0; 100] }).is_none());
    assert_eq!(Frame::of_bytes(&[0; MAX_MESSAGE]).map(|frame| frame.as_bytes().len()), Some(MAX_FRAME));
    assert!(Frame::of_bytes(&[1; MAX_MESSAGE + 1]).is_none());
}

#[test]
fn a_reader_finds_its_place_at_the_next_zero() {
    let good = Frame::up(&sample()).unwrap();
    let good = good.as_bytes();
    let half = &good[good.len() / 2..];
    let long = [1; 300];
    let line = [half, good, &long[..], &[0], &[0, 0], good, &good[..10], &[0], good].concat();
    let frames = read(&line);
    let right = frames.iter().filter(|frame| frame.as_deref().ok().and_then(Up::read) == Some(sample())).count();
    assert_eq!(right, 3);
    assert_eq!(frames.len(), 6);
    assert_eq!(frames[2], Err(Damage::Long));
}

/// The check finds each single error in what it is over; an error in the stuffing moves several bytes, so every bit is tried.
#[test]
fn no_frame_with_a_flipped_bit_passes() {
    let up = [Up::Hello(hello()), sample(), Up::LogEnd { boot: 300, next: 12 }];
    for frame in up.iter().map(|message| Frame::up(message).unwrap()) {
        for at in 0..frame.as_bytes().len() {
            for bit in 0..8 {
                let mut line = frame.as_bytes().to_vec();
                line[at] ^= 1 << bit;
                line.push(0);
                assert!(read(&line).iter().all(Result::is_err), "byte {at}, bit {bit}");
            }
        }
    }
}

proptest! {
    #[test]
    fn what_is_framed_comes_out_again(messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..=MAX_MESSAGE), 0..8)) {
        let mut line = Vec::new();
        for message in &messages {
            let frame = Frame::of_bytes(message).unwrap();
            prop_assert!(frame.as_bytes().len() <= MAX_FRAME);
            prop_assert_eq!(frame.as_bytes().iter().position(|byte| *byte == 0), Some(frame.as_bytes().len() - 1));
            line.extend_from_slice(frame.as_bytes());
        }
        let frames: Vec<Vec<u8>> = read(&line).into_iter().map(Result::unwrap).collect();
        prop_assert_eq!(frames, messages);
    }

    #[test]
    fn noise_breaks_nothing(noise in prop::collection::vec(any::<u8>(), 0..600)) {
        for frame in read(&noise).into_iter().flatten() {
            let _ = (Up::read(&frame), Down::read(&frame), Up::major_of(&frame), Manifest::read(&frame));
        }
        // Whatever was heard before, the frame after a zero is read.
        let good = Frame::up(&sample()).unwrap();
        let line = [&noise[..], &[0], good.as_bytes()].concat();
        let last = read(&line).pop().unwrap().unwrap();
        prop_assert_eq!(Up::read(&last), Some(sample()));
    }
}
