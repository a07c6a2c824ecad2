//! A driver's words for what is wrong, in those of the record.

use trivet_domain::haccp::{Doubt, NoData};
use trivet_drivers::probe;

/// A value that waited is known by its time; everything else is said.
pub(super) fn doubt(doubt: probe::Doubt) -> Option<Doubt> {
    match doubt {
        probe::Doubt::Frozen => Some(Doubt::Frozen),
        probe::Doubt::RateImplausible => Some(Doubt::RateImplausible),
        probe::Doubt::WarmUp => Some(Doubt::WarmUp),
        probe::Doubt::OutOfOrder => Some(Doubt::OutOfOrder),
        probe::Doubt::Late => None,
    }
}

pub(super) fn reason(reason: probe::NoData) -> NoData {
    match reason {
        probe::NoData::Timeout => NoData::Timeout,
        probe::NoData::Malformed => NoData::Malformed,
        probe::NoData::Sentinel => NoData::Sentinel,
        probe::NoData::Implausible => NoData::Implausible,
        probe::NoData::NotANumber => NoData::NotANumber,
        probe::NoData::StaleRetained => NoData::StaleRetained,
        probe::NoData::StaleDevice => NoData::StaleDevice,
        probe::NoData::Offline => NoData::Offline,
        probe::NoData::DeviceFault => NoData::DeviceFault,
        probe::NoData::Missing => NoData::Missing,
        probe::NoData::Crc => NoData::Crc,
        probe::NoData::PowerOnReset => NoData::PowerOnReset,
        probe::NoData::InsufficientPower => NoData::InsufficientPower,
        probe::NoData::Disconnected => NoData::Disconnected,
        probe::NoData::AllZero => NoData::AllZero,
        probe::NoData::UnitMissing => NoData::UnitMissing,
        probe::NoData::LateReply => NoData::LateReply,
        probe::NoData::BusEcho => NoData::BusEcho,
        probe::NoData::FutureTime => NoData::FutureTime,
        probe::NoData::OutOfRange => NoData::OutOfRange,
    }
}
