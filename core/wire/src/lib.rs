//! What a sensor of ours and a box say to each other over a serial line: messages, and the frames they travel in.
//!
//! Shared by the firmware and the box, and frozen: a message keeps its place in its enum, a field its place in its
//! message. New messages and new trailing fields raise [`MINOR`]; anything else raises [`MAJOR`], and then the two
//! sides refuse each other. No heap, no panic, no IO.

#![no_std]
#![forbid(unsafe_code)]

pub mod frame;
pub mod message;
pub mod update;

pub use frame::{Damage, Frame, MAX_FRAME, MAX_MESSAGE, Reader};
pub use message::{Down, Fault, Hello, Phase, Quality, Rejected, ResetCause, Rom, Scratchpad, Up};
pub use update::{Manifest, Slot};

/// Of the protocol. It stands first in a hello, whatever else a hello holds.
pub const MAJOR: u8 = 1;
pub const MINOR: u8 = 0;
/// Bits a second of a line without another setting: 8 data bits, no parity, one stop bit.
pub const BAUD: u32 = 115_200;
