//! Real-time commands: they act when the byte is *received*, not when the receive buffer reaches it.
//!
//! The scanner therefore sees every byte as it comes in, raster data included (ESC/POS reference, "Real-time
//! commands: processed on receipt; the same sequence inside other data is executed as well"). The bytes also go
//! into the receive buffer, so a command injected into an image is executed *and* corrupts the image, as it
//! does on paper.

const DLE: u8 = 0x10;
const EOT: u8 = 0x04;
const ENQ: u8 = 0x05;
const DC4: u8 = 0x14;

/// A command that is executed on receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RealTime {
    /// `DLE EOT n`, n = 1 to 4: transmit a status byte.
    Status(u8),
    /// `DLE ENQ 1`: recover from an error and resume at the line where it happened.
    Resume,
    /// `DLE ENQ 2`: recover from an error after clearing the buffers.
    ClearAndRecover,
    /// `DLE DC4 1 m t`: pulse on drawer pin 2 (m = 0) or 5 (m = 1) for t × 100 ms.
    Pulse { connector: u8, on_ms: u32 },
    /// `DLE DC4 2 1 8`: the power-off sequence.
    PowerOff,
    /// `DLE DC4 8 1 3 20 1 6 2 8`: clear all buffers and answer `37 25 00`.
    ClearBuffers,
}

/// Finds real-time commands in a stream of bytes. Holds at most nine bytes.
#[derive(Debug, Default)]
pub struct Scanner {
    seen: Vec<u8>,
}

impl Scanner {
    /// Takes the next received byte.
    pub fn push(&mut self, byte: u8) -> Option<RealTime> {
        self.seen.push(byte);
        match look(&self.seen) {
            Look::Prefix => None,
            Look::Complete(command) => {
                self.seen.clear();
                Some(command)
            }
            // No command starts inside another's tail, so only the last byte can begin a new one.
            Look::Nothing => {
                self.seen.clear();
                if byte == DLE {
                    self.seen.push(byte);
                }
                None
            }
        }
    }

    /// Forgets a half-seen command, as a power cycle does.
    pub fn reset(&mut self) {
        self.seen.clear();
    }
}

enum Look {
    Prefix,
    Complete(RealTime),
    Nothing,
}

const CLEAR_TAIL: [u8; 7] = [1, 3, 20, 1, 6, 2, 8];

fn look(seen: &[u8]) -> Look {
    match seen {
        [DLE] | [DLE, EOT | ENQ | DC4] => Look::Prefix,
        [DLE, EOT, n @ 1..=4] => Look::Complete(RealTime::Status(*n)),
        [DLE, ENQ, 1] => Look::Complete(RealTime::Resume),
        [DLE, ENQ, 2] => Look::Complete(RealTime::ClearAndRecover),
        [DLE, DC4, 1 | 2] | [DLE, DC4, 1, 0 | 1] | [DLE, DC4, 2, 1] => Look::Prefix,
        [DLE, DC4, 1, connector @ (0 | 1), t @ 1..=8] => {
            Look::Complete(RealTime::Pulse { connector: *connector, on_ms: u32::from(*t) * 100 })
        }
        [DLE, DC4, 2, 1, 8] => Look::Complete(RealTime::PowerOff),
        [DLE, DC4, 8, tail @ ..] if tail == CLEAR_TAIL => Look::Complete(RealTime::ClearBuffers),
        [DLE, DC4, 8, tail @ ..] if CLEAR_TAIL.starts_with(tail) => Look::Prefix,
        _ => Look::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(bytes: &[u8]) -> Vec<RealTime> {
        let mut scanner = Scanner::default();
        bytes.iter().filter_map(|b| scanner.push(*b)).collect()
    }

    #[test]
    fn commands_are_found_amid_data() {
        assert_eq!(found(b"ab\x10\x04\x01cd"), [RealTime::Status(1)]);
        assert_eq!(found(b"\x10\x10\x04\x04"), [RealTime::Status(4)]);
        assert_eq!(found(b"\x10\x04\x10\x05\x02"), [RealTime::ClearAndRecover]);
        assert_eq!(found(b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"), [RealTime::ClearBuffers]);
        assert_eq!(found(b"\x10\x14\x01\x01\x02"), [RealTime::Pulse { connector: 1, on_ms: 200 }]);
        assert_eq!(found(b"\x10\x14\x01\x01\x09\x10\x04\x09\x10\x05\x00"), []);
    }
}
