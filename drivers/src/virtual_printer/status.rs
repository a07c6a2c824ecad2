//! The status bytes, with the fixed bits by which a host tells them apart.

use super::machine::Machine;

impl Machine {
    /// "DLE EOT n": every answer is `0xx1xx10`.
    pub(super) fn real_time_status(&self, n: u8) -> u8 {
        let offline = self.is_offline();
        0x12 | match n {
            1 => bit(2, self.drawer_open) | bit(3, offline) | bit(5, self.cutter_error),
            2 => bit(2, self.standing.cover_open) | bit(5, self.is_paper_out()) | bit(6, self.cutter_error),
            3 => bit(3, self.cutter_error),
            _ => near_end_bits(self.is_near_end(), 0x0c) | near_end_bits(self.is_paper_out(), 0x60),
        }
    }

    /// "GS a": four bytes, `0xx1xx00` and three of `0xx0xxxx`.
    pub(super) fn status_bytes(&self) -> [u8; 4] {
        [
            0x10 | bit(2, self.drawer_open) | bit(3, self.is_offline()) | bit(5, self.standing.cover_open),
            bit(3, self.cutter_error),
            near_end_bits(self.is_near_end(), 0x03) | near_end_bits(self.is_paper_out(), 0x0c),
            0x0f,
        ]
    }

    /// "GS r n", worked off in order: `0xx0xxxx`.
    pub(super) fn transmitted_status(&self, n: u8) -> Option<u8> {
        match n {
            1 | 49 => Some(near_end_bits(self.is_near_end(), 0x03) | near_end_bits(self.is_paper_out(), 0x0c)),
            // Bit 0 is the level of pin 3: high with the drawer open on this model.
            2 | 50 => Some(bit(0, self.drawer_open)),
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

    /// "GS g 2": 20 and 148 are lines fed, 50 and 178 autocuts; each resettable and cumulative.
    pub(super) fn counter(&self, n: u8) -> Option<Vec<u8>> {
        let value = match n {
            20 | 148 => self.lines_fed,
            50 | 178 => self.cuts,
            _ => return None,
        };
        Some(framed(&value.to_string()))
    }

    /// The cause in an offline response: 40h with the bits of `DLE EOT 2`.
    pub(super) fn offline_cause(&self) -> u8 {
        0x40 | bit(2, self.standing.cover_open) | bit(5, self.is_paper_out()) | bit(3, self.cutter_error)
    }
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
