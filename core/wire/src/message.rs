//! The messages, in postcard (<https://postcard.jamesmunns.com/wire-format>): a variant's number, then its fields in
//! their order; numbers as varints, bytes and texts behind their length.

use serde::{Deserialize, Serialize};

use crate::update::Slot;

/// The 64 bits of a sensor on a 1-Wire line, as they travel: family, serial number, CRC-8.
pub type Rom = [u8; 8];
/// What a DS18B20 holds (Maxim 19-7487, figure 8): temperature, alarms, configuration, three reserved bytes, CRC-8.
pub type Scratchpad = [u8; 9];

/// From the sensor to the box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Up<'a> {
    /// Who speaks: each second until the box gives its time, and then in answer to each time.
    #[serde(borrow)]
    Hello(Hello<'a>),
    /// A reading of a period: the median of what was measured in it. `milli_c` is what the sensor decoded itself.
    Sample { boot: u32, seq: u32, uptime_ms: u64, rom: Rom, raw: Scratchpad, milli_c: Option<i32>, quality: Quality },
    /// Something went wrong that is no reading.
    Fault { boot: u32, uptime_ms: u64, fault: Fault },
    /// Answers a replay: what follows begins here. Later than was asked for, if the log no longer had it.
    Replaying { boot: u32, from: u32 },
    /// All that the log holds has been sent. `next` is the number of the reading to come.
    LogEnd { boot: u32, next: u32 },
    /// In answer to each step of an update, and once after a start that has to do with one.
    UpdateStatus { phase: Phase, next_block: u32, running: Slot, trial: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello<'a> {
    /// First, in every version: see [`Up::major_of`].
    pub major: u8,
    pub minor: u8,
    /// The firmware's version, at most 16 bytes.
    pub firmware: &'a str,
    /// The board's model, at most 12 bytes: images for another are refused.
    pub hardware: &'a str,
    /// Of this board, unique among its kind.
    pub serial: [u8; 8],
    /// Which start of the device this is; 0 until it is known. Numbers of readings count anew with each.
    pub boot: u32,
    pub reset_cause: ResetCause,
    pub uptime_ms: u64,
    /// Sensors found on the 1-Wire line.
    pub probes: u8,
    /// Readings in the log that were not acknowledged, the number of the oldest of them and of the next to come.
    pub log_len: u32,
    pub oldest: u32,
    pub next: u32,
    pub battery_percent: Option<u8>,
    pub period_s: u16,
    pub resolution_bits: u8,
    pub running: Slot,
    /// The running image has not proved itself yet.
    pub trial: bool,
    /// Readings are sent as they are taken: a replay was asked for.
    pub streaming: bool,
    /// Frames from the box that were dropped since the start.
    pub damaged_frames: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResetCause {
    Unknown,
    Power,
    Pin,
    Watchdog,
    Software,
    BrownOut,
}

/// What a reading is worth. All but `Good` and `Counterfeit` come without a temperature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Quality {
    Good,
    /// A temperature, of a chip that does not keep its reserved bytes as the data sheet says.
    Counterfeit,
    /// The check of the scratchpad does not fit.
    Crc,
    /// 85 °C, and never converted.
    PowerOnReset,
    /// Too little power to convert.
    InsufficientPower,
    /// Nothing answers: all ones.
    Disconnected,
    /// All zeros, whose check fits.
    AllZero,
    /// The line hangs low.
    Short,
    /// Beyond what the chip can measure.
    Range,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Fault {
    /// The 1-Wire line hangs low.
    LineShort,
    /// No sensor is on the line.
    LineEmpty,
    LineRecovered,
    ProbeFound {
        rom: Rom,
    },
    ProbeLost {
        rom: Rom,
    },
    /// More sensors than this board has places for.
    TooManyProbes {
        most: u8,
    },
    /// The log was full: so many readings were overwritten before they were acknowledged.
    LogOverrun {
        readings: u32,
    },
    /// What was asked for cannot be; nothing has changed.
    ConfigRefused {
        period_s: u16,
        resolution_bits: u8,
    },
    /// The image that was on trial did not prove itself, and the former one runs again.
    RolledBack,
}

/// Where an update stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Phase {
    /// None is under way.
    Idle,
    /// The manifest came; the signature is awaited.
    Begun,
    /// The signature is right; blocks are awaited.
    Receiving,
    /// Whole and right: it runs on trial after the restart that follows at once.
    Committed,
    /// Refused; the running image and its slot are as they were.
    Refused(Rejected),
    /// On trial.
    Trial,
    /// The trial was passed: this image stays.
    Confirmed,
    /// The trial was not passed.
    RolledBack,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Rejected {
    /// This board cannot be updated, or holds no key.
    NoSlots,
    /// No manifest of ours.
    Manifest,
    /// For another board.
    Hardware,
    /// Linked for the slot that runs.
    WrongSlot,
    TooLong,
    Signature,
    /// A step that does not follow on the one before.
    Order,
    /// What arrived is not what was signed.
    Hash,
    /// The memory did not take it.
    Flash,
    /// The running image is itself on trial.
    OnTrial,
}

/// From the box to the sensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Down<'a> {
    /// Milliseconds since 1970, and by how much they may be wrong. Also the box's sign of life.
    Time { utc_ms: i64, err_ms: u32 },
    /// All readings of this start up to and with this number are safe, and may be forgotten.
    Ack { boot: u32, upto: u32 },
    /// Send from this number on, or from the oldest that there is, and then what comes.
    Replay { boot: u32, from: u32 },
    /// A reading each so many seconds, of so many bits (9 to 12).
    Config { period_s: u16, resolution_bits: u8 },
    /// Shows which one it is, by its lamp.
    Identify,
    /// Begins an update: [`crate::Manifest`] in its bytes.
    Begin { manifest: &'a [u8] },
    /// Of the manifest, Ed25519, 64 bytes. A manifest and its signature do not fit into one frame.
    Sign { signature: &'a [u8] },
    /// [`crate::update::BLOCK`] bytes of the image, the last block the rest.
    Block { n: u32, bytes: &'a [u8] },
    /// All blocks were sent.
    Commit,
    /// Ends an update without one.
    Abort,
}

impl<'a> Up<'a> {
    /// `None` if it is no message that this version knows.
    pub fn read(message: &'a [u8]) -> Option<Up<'a>> {
        postcard::from_bytes(message).ok()
    }

    /// The protocol's major number, if the message is a hello of any version.
    pub fn major_of(message: &[u8]) -> Option<u8> {
        match message {
            [0, major, ..] => Some(*major),
            _ => None,
        }
    }
}

impl<'a> Down<'a> {
    /// `None` if it is no message that this version knows.
    pub fn read(message: &'a [u8]) -> Option<Down<'a>> {
        postcard::from_bytes(message).ok()
    }
}
