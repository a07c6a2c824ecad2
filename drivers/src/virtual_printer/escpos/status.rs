//! The status bytes, with the fixed bits by which a host tells them apart.

use super::super::mechanism::{Mechanism, Trouble};

/// "DLE EOT n": every answer is `0xx1xx10`.
pub(super) fn real_time(mechanism: &Mechanism, n: u8) -> u8 {
    0x12 | match n {
        1 => bit(2, mechanism.drawer_open) | bit(3, mechanism.is_offline()) | bit(5, mechanism.is_recoverable()),
        2 => bit(2, mechanism.cover_open) | bit(5, mechanism.is_paper_out()) | bit(6, mechanism.trouble.is_some()),
        3 => errors(mechanism),
        _ => near_end_bits(mechanism.is_near_end(), 0x0c) | near_end_bits(mechanism.is_paper_out(), 0x60),
    }
}

/// Bit 2 mechanical, bit 3 cutter, bit 5 unrecoverable: the same in `DLE EOT 3` and the second byte of ASB.
fn errors(mechanism: &Mechanism) -> u8 {
    bit(2, mechanism.has(Trouble::Mechanical))
        | bit(3, mechanism.has(Trouble::Cutter))
        | bit(5, mechanism.has(Trouble::Unrecoverable))
}

/// "GS a": four bytes, `0xx1xx00` and three of `0xx0xxxx`.
pub(super) fn automatic(mechanism: &Mechanism) -> [u8; 4] {
    [
        0x10 | bit(2, mechanism.drawer_open) | bit(3, mechanism.is_offline()) | bit(5, mechanism.cover_open),
        errors(mechanism),
        paper(mechanism),
        0x0f,
    ]
}

/// Whether a change is one that the host asked for: "GS a n", bit 0 drawer, bit 1 online/offline, bit 2 error, bit 3
/// paper sensor.
pub(super) fn is_reported(asked: u8, before: [u8; 4], now: [u8; 4]) -> bool {
    let [a, b, c, _] = now;
    let [last_a, last_b, last_c, _] = before;
    let (a, b, c) = (a ^ last_a, b ^ last_b, c ^ last_c);
    (asked & 1 != 0 && a & 0x04 != 0)
        || (asked & 2 != 0 && a & 0x28 != 0)
        || (asked & 4 != 0 && b & 0x2c != 0)
        || (asked & 8 != 0 && c & 0x0f != 0)
}

fn paper(mechanism: &Mechanism) -> u8 {
    near_end_bits(mechanism.is_near_end(), 0x03) | near_end_bits(mechanism.is_paper_out(), 0x0c)
}

/// "GS r n", worked off in order: `0xx0xxxx`.
pub(super) fn transmitted(mechanism: &Mechanism, n: u8) -> Option<u8> {
    match n {
        1 | 49 => Some(paper(mechanism)),
        // Bit 0 is the level of pin 3: high with the drawer open on this model.
        2 | 50 => Some(bit(0, mechanism.drawer_open)),
        _ => None,
    }
}

/// "GS I n": one byte for 1 to 3, `5F text NUL` for 65 to 69.
pub(super) fn identity(n: u8) -> Option<Vec<u8>> {
    let text = match n {
        1 | 49 => return Some(vec![0x20]),
        // Type: bit 1 is the autocutter.
        2 | 50 => return Some(vec![0x02]),
        3 | 51 => return Some(vec![0x01]),
        65 => env!("CARGO_PKG_VERSION"),
        66 => "TRIVET",
        67 => "VIRTUAL-80",
        68 => "V0000001",
        69 => "",
        _ => return None,
    };
    Some(framed(text))
}

/// "GS g 2": lines fed (20 since reset, 148 for good) and autocuts (50, 178).
pub(super) fn counter(mechanism: &Mechanism, n: u8) -> Option<Vec<u8>> {
    let value = match n {
        20 => mechanism.lines_fed - mechanism.lines_fed_at_reset.min(mechanism.lines_fed),
        148 => mechanism.lines_fed,
        50 => mechanism.cuts - mechanism.cuts_at_reset.min(mechanism.cuts),
        178 => mechanism.cuts,
        _ => return None,
    };
    Some(framed(&value.to_string()))
}

/// "GS ( H" function 48.
pub(super) fn process_id([a, b, c, d]: [u8; 4]) -> Vec<u8> {
    vec![0x37, 0x22, a, b, c, d, 0x00]
}

/// The cause in an offline response: 40h with the bits of `DLE EOT 2`.
pub(super) fn offline_cause(mechanism: &Mechanism) -> u8 {
    0x40 | bit(2, mechanism.cover_open) | bit(5, mechanism.is_paper_out()) | bit(3, mechanism.trouble.is_some())
}

fn bit(number: u8, on: bool) -> u8 {
    u8::from(on) << number
}

fn near_end_bits(on: bool, mask: u8) -> u8 {
    if on { mask } else { 0 }
}

fn framed(text: &str) -> Vec<u8> {
    let mut bytes = vec![0x5f];
    bytes.extend_from_slice(text.as_bytes());
    bytes.push(0);
    bytes
}
