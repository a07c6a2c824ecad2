//! A whole restaurant of real processes: the box, a relay with its dashboard, virtual printers and probes, a broker.
//! The demo, the scenarios and the benchmarks all open this one.

#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value indexed by a missing name is null, and the rig then says so"
)]

mod guest;
mod process;
mod ready;
mod restaurant;
pub mod shim;

pub use guest::{Answer, Guest, Live, new_key};
pub use process::{Binaries, Process, free_port, until};
pub use ready::{BoxAddress, Broker, PrinterAddress, ProbeAddress, Ready, User};
pub use restaurant::{Plan, Restaurant, Sensor};

/// A time in milliseconds since 1970, as the API takes it.
pub fn rfc3339(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).unwrap_or_default().to_string()
}
