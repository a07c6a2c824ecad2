//! Star's status: automatic status of nine bytes, and ENQ and EOT in one byte each (Line Mode specification,
//! "Appendix 2 – Status Specifications").

use super::super::mechanism::{Mechanism, Trouble};

/// What the status tells besides the mechanism.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Etb {
    /// Counts to 31.
    pub(super) counter: u8,
    /// Bit 1 of the third byte: set by ETB until it was sent.
    pub(super) executed: bool,
}

/// Two header bytes (nine bytes in all, version 3) and seven of state; `0xx0xxx1`, then `0xx0xxx0`.
pub(super) fn automatic(m: &Mechanism, etb: Etb, overflow: bool) -> [u8; 9] {
    [
        0x23,
        0x06,
        bit(1, etb.executed) | bit(2, m.drawer_open) | bit(3, m.is_offline()) | bit(5, m.cover_open),
        bit(2, m.has(Trouble::Mechanical)) | bit(3, m.has(Trouble::Cutter)) | bit(5, m.has(Trouble::Unrecoverable)),
        bit(6, overflow),
        bit(2, m.is_near_end()) | bit(3, m.is_paper_out()),
        0,
        // Bits 0 to 2 of the counter lie at 1 to 3, bits 3 and 4 at 5 and 6.
        (etb.counter & 0x07) << 1 | (etb.counter & 0x18) << 2,
        0,
    ]
}

/// ENQ: `xxx0xxxx`.
pub(super) fn enq(m: &Mechanism, empty: bool) -> u8 {
    let other = m.cover_open || m.has(Trouble::Unrecoverable) || m.is_recoverable();
    bit(7, m.drawer_open) | bit(5, empty) | bit(3, m.is_paper_out()) | bit(2, other)
}

/// EOT: `xxx1xxx0`.
pub(super) fn eot(m: &Mechanism) -> u8 {
    0x10 | bit(3, m.is_paper_out()) | bit(2, m.is_near_end())
}

fn bit(number: u8, on: bool) -> u8 {
    u8::from(on) << number
}
