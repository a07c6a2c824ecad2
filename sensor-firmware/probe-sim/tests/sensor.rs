//! A whole sensor in a time of its own: what it measures, keeps and tells, while its line, its sensors and the box fail.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash};
use proptest::prelude::*;
use trivet_probe_core::{Device, Identity, Log, NoFlash, OneWire, Pulse, Start, slots};
use trivet_probe_sim::serial::Pipe;
use trivet_probe_sim::{Line, LineFault, Pin, RamFlash, Sensor, SensorFault, Wait};
use trivet_wire::{Down, Fault, Frame, Quality, Reader, ResetCause, Slot, Up};

const IDENTITY: Identity = Identity {
    firmware: "0.1.0",
    hardware: "sim",
    serial: [1; 8],
    boot: Some(7),
    reset_cause: ResetCause::Power,
    key: None,
};
const START: Start = Start { running: Slot::A, trial: false, rolled_back: false };

#[derive(Clone, Debug, PartialEq)]
struct Taken {
    seq: u32,
    sensor: u8,
    milli_c: Option<i32>,
    quality: Quality,
    uptime_ms: u64,
}

#[derive(Default)]
struct Heard {
    samples: Vec<Taken>,
    faults: Vec<Fault>,
    hellos: u32,
    ends: Vec<u32>,
    replaying: Vec<u32>,
}

/// A device, the line below it and the box above it.
struct Rig<'a, F = NoFlash> {
    line: &'a RefCell<Line>,
    pipe: &'a Pipe,
    device: Device<'a, Pin<'a>, Wait<'a>, &'a Pipe, F, 64>,
    reader: Reader,
    heard: Heard,
    pulse: Pulse,
}

impl<F: NorFlash> Rig<'_, F> {
    fn say(&mut self, message: &Down<'_>) {
        self.pipe.to_sensor.borrow_mut().extend(Frame::down(message).unwrap().as_bytes());
    }

    /// Lets the device live for so long, and the box listen.
    fn run(&mut self, ms: u64) {
        let until = self.line.borrow().now_ms() + ms;
        loop {
            let now = self.line.borrow().now_ms();
            if now >= until {
                return;
            }
            self.pulse = self.device.poll(now, Some(90));
            self.listen();
            self.line.borrow_mut().wait_until_ms(self.pulse.wake_ms.min(until));
        }
    }

    /// The same, with a box that gives its time.
    fn attended(&mut self, ms: u64) {
        for _ in 0..ms / 10_000 {
            self.say(&Down::Time { utc_ms: 1_790_000_000_000, err_ms: 20 });
            self.run(10_000);
        }
    }

    fn listen(&mut self) {
        let bytes: Vec<u8> = self.pipe.to_box.borrow_mut().drain(..).collect();
        let heard = &mut self.heard;
        for byte in bytes {
            let Some(frame) = self.reader.push(byte) else { continue };
            match Up::read(frame.unwrap()).unwrap() {
                Up::Hello(_) => heard.hellos += 1,
                Up::Sample { boot, seq, uptime_ms, rom, milli_c, quality, .. } => {
                    assert_eq!(boot, 7);
                    heard.samples.push(Taken { seq, sensor: rom[1], milli_c, quality, uptime_ms });
                }
                Up::Fault { fault, .. } => heard.faults.push(fault),
                Up::LogEnd { next, .. } => heard.ends.push(next),
                Up::Replaying { from, .. } => heard.replaying.push(from),
                Up::UpdateStatus { .. } => {}
            }
        }
    }

    /// The box comes: it gives its time, and asks from a number on.
    fn greet(&mut self, from: u32) {
        self.say(&Down::Time { utc_ms: 1_790_000_000_000, err_ms: 20 });
        self.say(&Down::Replay { boot: 7, from });
        self.run(50);
    }

    fn sensor(&self, at: usize, change: impl FnOnce(&mut Sensor)) {
        change(self.line.borrow_mut().sensors[at].as_mut().unwrap());
    }

    fn seqs(&self) -> Vec<u32> {
        self.heard.samples.iter().map(|sample| sample.seq).collect()
    }
}

fn rig<'a, F: NorFlash>(
    line: &'a RefCell<Line>,
    pipe: &'a Pipe,
    log: &'a mut Log<64>,
    flash: F,
    start: Start,
) -> Rig<'a, F> {
    let device = Device::new(IDENTITY, OneWire::new(Pin(line), Wait(line)), log, pipe, flash, start, 0);
    let pulse = Pulse { wake_ms: 0, healthy: true, identify: false, restart: false };
    Rig { line, pipe, device, reader: Reader::default(), heard: Heard::default(), pulse }
}

#[track_caller]
fn with(sensors: &[i32], check: impl FnOnce(&mut Rig<'_>)) {
    let line = RefCell::new(Line::new(5));
    for (at, milli_c) in (1_u64..).zip(sensors) {
        // Numbers that fork early and late in the search.
        line.borrow_mut().plug(Sensor::new(at * 0x4000_0000_0001, *milli_c));
    }
    let pipe = Pipe::default();
    let mut log = Log::<64>::new();
    let mut rig = rig(&line, &pipe, &mut log, NoFlash, START);
    check(&mut rig);
    assert_eq!(rig.line.borrow().violations(), 0, "times that no DS18B20 is bound to understand");
}

#[test]
fn each_sensor_gives_a_reading_a_minute() {
    with(&[4_000, -18_500, 63_000, 2_500], |rig| {
        rig.greet(1);
        rig.attended(190_000);
        assert_eq!(rig.seqs(), (1..=12).collect::<Vec<_>>());
        let mut first: Vec<_> = rig.heard.samples.iter().take(4).map(|sample| sample.milli_c.unwrap()).collect();
        first.sort_unstable();
        assert_eq!(first, [-18_500, 2_500, 4_000, 63_000]);
        assert!(rig.heard.samples.iter().all(|sample| sample.quality == Quality::Good));
        assert!(rig.pulse.healthy);
    });
}

#[test]
fn what_a_sensor_lacks_is_a_reason_and_never_a_temperature() {
    use SensorFault::{Corrupt, PowerOnReset, Starved, Unplugged, Zero};
    for (fault, expected) in [
        (Unplugged, Quality::Disconnected),
        (PowerOnReset, Quality::PowerOnReset),
        (Starved, Quality::InsufficientPower),
        (Corrupt, Quality::Crc),
        (Zero, Quality::AllZero),
    ] {
        with(&[4_000, 5_000], |rig| {
            rig.greet(1);
            rig.attended(60_000);
            rig.sensor(0, |sensor| sensor.fault = fault);
            rig.attended(120_000);
            rig.sensor(0, |sensor| sensor.fault = SensorFault::None);
            rig.attended(70_000);
            let of = |sensor| rig.heard.samples.iter().filter(move |sample| sample.sensor == sensor);
            let seen: Vec<_> = of(1).map(|sample| (sample.milli_c, sample.quality)).collect();
            // The period in which it broke began well, and that counts.
            let good = (Some(4_000), Quality::Good);
            assert!(seen.contains(&(None, expected)), "{seen:?}");
            assert!(seen.iter().all(|seen| [good, (None, expected)].contains(seen)), "{seen:?}");
            assert_eq!((seen.first(), seen.last()), (Some(&good), Some(&good)));
            assert!(of(2).all(|sample| sample.milli_c == Some(5_000)), "the other sensor was disturbed");
        });
    }
}

#[test]
fn a_counterfeit_gives_its_temperature_and_is_named() {
    with(&[4_000], |rig| {
        rig.sensor(0, |sensor| sensor.fault = SensorFault::Counterfeit);
        rig.greet(1);
        rig.attended(70_000);
        let seen = &rig.heard.samples[0];
        assert_eq!((seen.milli_c, seen.quality), (Some(4_000), Quality::Counterfeit));
    });
}

#[test]
fn a_broken_line_is_told_once_and_so_is_its_repair() {
    for (fault, told, quality) in [
        (LineFault::Short, Fault::LineShort, Quality::Short),
        (LineFault::Open, Fault::LineEmpty, Quality::Disconnected),
    ] {
        with(&[4_000], |rig| {
            rig.greet(1);
            rig.attended(60_000);
            rig.heard.faults.clear();
            rig.line.borrow_mut().fault = fault;
            rig.attended(120_000);
            rig.line.borrow_mut().fault = LineFault::None;
            rig.attended(130_000);
            let of_line = |fault: &&Fault| !matches!(fault, Fault::ProbeLost { .. } | Fault::ProbeFound { .. });
            let line: Vec<_> = rig.heard.faults.iter().filter(of_line).collect();
            assert_eq!(line, [&told, &Fault::LineRecovered]);
            assert!(rig.heard.samples.iter().any(|sample| sample.quality == quality && sample.milli_c.is_none()));
            assert_eq!(rig.heard.samples.last().unwrap().milli_c, Some(4_000));
            assert!(rig.pulse.healthy, "a broken line is no reason to start again");
        });
    }
}

#[test]
fn noise_on_the_wire_makes_no_temperature_of_its_own() {
    with(&[4_000, 5_000], |rig| {
        rig.greet(1);
        rig.attended(60_000);
        rig.line.borrow_mut().noise_per_million = 2_000;
        rig.attended(2_000_000);
        let wrong: Vec<_> =
            rig.heard.samples.iter().filter(|sample| !matches!(sample.milli_c, Some(4_000 | 5_000) | None)).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
        assert!(rig.heard.samples.len() > 50);
    });
}

#[test]
fn nothing_is_lost_while_the_box_is_away() {
    with(&[4_000], |rig| {
        rig.run(1_810_000);
        assert!(rig.heard.samples.is_empty(), "readings went to nobody");
        assert!(rig.heard.hellos >= 1_000, "it stopped calling");
        rig.greet(1);
        rig.run(1_000);
        assert_eq!(rig.seqs(), (1..=30).collect::<Vec<_>>());
        assert_eq!((&rig.heard.replaying[..], &rig.heard.ends[..]), (&[1][..], &[31][..]));
        // A reading is made when its period's last measurement is.
        assert_eq!(rig.heard.samples.last().map(|sample| sample.uptime_ms / 60_000), Some(29));
    });
}

#[test]
fn only_what_was_acknowledged_is_forgotten() {
    with(&[4_000], |rig| {
        rig.greet(1);
        rig.attended(600_000);
        rig.say(&Down::Ack { boot: 6, upto: 9 });
        rig.say(&Down::Ack { boot: 7, upto: 4 });
        rig.say(&Down::Ack { boot: 7, upto: 4_000 });
        rig.heard.samples.clear();
        rig.greet(1);
        assert_eq!(rig.seqs(), (5..=10).collect::<Vec<_>>());
        assert_eq!(rig.heard.replaying.last(), Some(&5), "it did not say where it begins");
    });
}

#[test]
fn a_full_log_loses_the_oldest_and_says_how_many() {
    with(&[4_000], |rig| {
        rig.run(70 * 60_000 + 2_000);
        rig.greet(1);
        rig.run(1_000);
        assert_eq!(rig.heard.replaying, [7]);
        assert_eq!(rig.seqs(), (7..=70).collect::<Vec<_>>());
        assert!(rig.heard.faults.contains(&Fault::LogOverrun { readings: 6 }));
    });
}

#[test]
fn a_box_that_falls_silent_is_no_longer_sent_to() {
    with(&[4_000], |rig| {
        rig.greet(1);
        rig.attended(60_000);
        let before = rig.seqs();
        rig.run(300_000);
        assert_eq!(rig.seqs(), before);
        rig.greet(before.len() as u32 + 1);
        assert_eq!(rig.seqs().len(), before.len() + 5);
    });
}

#[test]
fn a_configuration_holds_or_is_refused() {
    with(&[4_070], |rig| {
        rig.greet(1);
        rig.say(&Down::Config { period_s: 2, resolution_bits: 9 });
        rig.run(21_000);
        assert_eq!(rig.heard.samples.len(), 10);
        // The first conversion was still of twelve bits.
        assert_eq!(rig.heard.samples.last().unwrap().milli_c, Some(4_000));
        for (period_s, resolution_bits) in [(0, 12), (3_601, 12), (60, 8), (60, 13)] {
            rig.say(&Down::Config { period_s, resolution_bits });
            rig.run(100);
            assert_eq!(rig.heard.faults.last(), Some(&Fault::ConfigRefused { period_s, resolution_bits }));
        }
        let before = rig.heard.samples.len();
        rig.attended(10_000);
        assert_eq!(rig.heard.samples.len(), before + 5);
    });
}

#[test]
fn a_sensor_that_is_identified_shows_it_for_a_while() {
    with(&[4_000], |rig| {
        rig.greet(1);
        rig.say(&Down::Identify);
        rig.run(100);
        assert!(rig.pulse.identify);
        rig.run(12_000);
        assert!(!rig.pulse.identify);
    });
}

#[test]
fn five_sensors_on_a_board_for_four_are_told() {
    with(&[1_000, 2_000, 3_000, 4_000, 5_000], |rig| {
        rig.greet(1);
        rig.attended(60_000);
        assert!(rig.heard.faults.contains(&Fault::TooManyProbes { most: 4 }));
        assert_eq!(rig.heard.samples.len(), 4);
    });
}

/// Memory that can no longer be erased.
struct Worn<'a> {
    flash: RamFlash<'a>,
    erases: &'a Cell<u32>,
}

impl ErrorType for Worn<'_> {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for Worn<'_> {
    const READ_SIZE: usize = 1;
    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        self.flash.read(offset, bytes)
    }
    fn capacity(&self) -> usize {
        self.flash.capacity()
    }
}

impl NorFlash for Worn<'_> {
    const WRITE_SIZE: usize = <RamFlash<'static> as NorFlash>::WRITE_SIZE;
    const ERASE_SIZE: usize = <RamFlash<'static> as NorFlash>::ERASE_SIZE;
    fn erase(&mut self, _: u32, _: u32) -> Result<(), NorFlashErrorKind> {
        self.erases.set(self.erases.get() + 1);
        Err(NorFlashErrorKind::Other)
    }
    fn write(&mut self, _: u32, _: &[u8]) -> Result<(), NorFlashErrorKind> {
        Err(NorFlashErrorKind::Other)
    }
}

#[test]
fn a_trial_that_the_memory_does_not_confirm_ends_and_wears_it_slowly() {
    let line = RefCell::new(Line::new(5));
    line.borrow_mut().plug(Sensor::new(0x4000_0000_0001, 4_000));
    let (pipe, mut log, erases) = (Pipe::default(), Log::<64>::new(), Cell::new(0));
    let mut memory = vec![0xff; 18 * 1_024];
    slots::try_out(&mut RamFlash::new(&mut memory), Slot::B).unwrap();
    let start = slots::start(&mut RamFlash::new(&mut memory)).unwrap();
    let flash = Worn { flash: RamFlash::new(&mut memory), erases: &erases };
    let mut rig = rig(&line, &pipe, &mut log, flash, start);
    rig.greet(1);
    rig.attended(290_000);
    assert!((100..300).contains(&erases.get()), "{} tries", erases.get());
    assert!(!rig.pulse.restart);
    rig.attended(20_000);
    assert!(rig.pulse.restart);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// However the box comes, asks, acknowledges and goes: what it did not acknowledge comes again, with the same
    /// numbers and the same values.
    #[test]
    fn a_number_stands_for_one_reading(visits in prop::collection::vec((1_u64..200_000, 0_u32..40, prop::option::of(0_u32..40)), 1..12)) {
        with(&[4_000], |rig| {
            let mut known: BTreeMap<u32, Taken> = BTreeMap::new();
            let mut acknowledged = 0;
            for (away_ms, from, ack) in &visits {
                rig.run(*away_ms);
                rig.sensor(0, |sensor| sensor.milli_c += 500);
                rig.heard.samples.clear();
                rig.greet(*from);
                rig.run(2_000);
                for sample in &rig.heard.samples {
                    assert!(sample.seq > acknowledged);
                    let before = known.insert(sample.seq, sample.clone());
                    assert!(before.is_none_or(|before| before == *sample));
                }
                if let Some(upto) = ack.filter(|upto| known.contains_key(upto)) {
                    rig.say(&Down::Ack { boot: 7, upto });
                    rig.run(10);
                    acknowledged = acknowledged.max(upto);
                }
            }
            rig.heard.samples.clear();
            rig.greet(0);
            rig.run(2_000);
            let last = rig.seqs().last().copied().unwrap_or(acknowledged);
            assert_eq!(rig.seqs(), (acknowledged + 1..=last).collect::<Vec<_>>());
        });
    }

    #[test]
    fn noise_from_the_box_stops_nothing(noise in prop::collection::vec(any::<u8>(), 0..2_000)) {
        with(&[4_000], |rig| {
            rig.pipe.to_sensor.borrow_mut().extend(&noise);
            rig.pipe.to_sensor.borrow_mut().push_back(0);
            rig.run(65_000);
            rig.greet(1);
            assert_eq!(rig.seqs(), [1]);
        });
    }
}
