//! A sensor of ours, less its board: DS18B20 on a 1-Wire line, filter, log, link to the box, update.
//!
//! No heap, no clock, no chip: pins, delays, the serial line and the flash are the traits of `embedded-hal`,
//! `embedded-io` and `embedded-storage`; the time is an argument of [`Device::poll`]. So a whole sensor runs on any
//! machine, and a board is glue. Nothing here panics, and nothing waits for the box: readings are taken and kept
//! whether or not somebody listens.

#![no_std]
#![forbid(unsafe_code)]

pub mod device;
pub mod ds18b20;
pub mod filter;
pub mod line;
pub mod link;
pub mod log;
pub mod probes;
pub mod slots;
pub mod update;

pub use device::{Device, Identity, Pulse};
pub use line::{LineError, OneWire};
pub use log::Log;
pub use slots::{NoFlash, Start};

/// Sensors on the 1-Wire line of one board.
pub const MAX_PROBES: usize = 4;
/// Readings of a sensor a day, at one a minute.
pub const PER_DAY: usize = 1_440;
