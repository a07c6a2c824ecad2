//! A 1-Wire line with sensors that are not there, in a time of its own, and whole sensors of ours upon it.
//!
//! The line shares no code with the firmware: it watches the pin's edges as a DS18B20 does, and counts times that no
//! DS18B20 is bound to understand. With `std` a sensor runs in a thread and speaks on a PTY.

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

pub mod flash;
pub mod image;
pub mod line;
pub mod noise;
pub mod sensor;
#[cfg(feature = "std")]
pub mod serial;
#[cfg(feature = "std")]
pub mod sim;

pub use flash::RamFlash;
pub use line::{Line, LineFault, Pin, Wait};
pub use sensor::{Sensor, SensorFault};
#[cfg(feature = "std")]
pub use sim::{Control, Plan, Sim};
