//! What a printer sends back. Replies tell themselves apart by fixed bits: `0xx1xx10` answers `DLE EOT`, `37 22 d1 d2
//! d3 d4 00` is a process id, `37 25 00` says that the buffers were cleared. Anything else is passed over byte by
//! byte. Pure, of bounded memory.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    Status(u8),
    ProcessId([u8; 4]),
    Cleared,
}

#[derive(Debug, Default)]
pub struct ReplyDecoder {
    held: Vec<u8>,
}

/// The longest that is waited for: an id of four bytes in its frame.
const LONGEST: usize = 7;

impl ReplyDecoder {
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Reply> {
        let mut replies = Vec::new();
        for byte in bytes {
            self.held.push(*byte);
            while let Some((taken, reply)) = self.next() {
                self.held.drain(..taken);
                replies.extend(reply);
            }
        }
        replies
    }

    /// How many bytes are done with, and what they said. None: more is needed.
    fn next(&self) -> Option<(usize, Option<Reply>)> {
        match self.held.as_slice() {
            [] => None,
            [0x37, 0x22, d1, d2, d3, d4, 0x00, ..] => Some((7, Some(Reply::ProcessId([*d1, *d2, *d3, *d4])))),
            [0x37, 0x25, 0x00, ..] => Some((3, Some(Reply::Cleared))),
            [0x37] | [0x37, 0x25] => None,
            [0x37, 0x22, rest @ ..]
                if rest.len() + 2 < LONGEST && rest.iter().take(4).all(|b| (0x20..=0x7e).contains(b)) =>
            {
                None
            }
            [byte, ..] if byte & 0b1001_0011 == 0b0001_0010 => Some((1, Some(Reply::Status(*byte)))),
            _ => Some((1, None)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_told_apart_through_noise() {
        for (bytes, expected) in [
            (&b"\x12"[..], vec![Reply::Status(0x12)]),
            (b"\xff\x37\x22E001\x00\x37\x25\x00", vec![Reply::ProcessId(*b"E001"), Reply::Cleared]),
            (b"\x37\x22\x01\x37\x22S00a\x00", vec![Reply::ProcessId(*b"S00a")]),
            (b"\x10\x00\x00\x00", vec![]),
        ] {
            assert_eq!(ReplyDecoder::default().feed(bytes), expected, "{bytes:x?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_leave_no_more_than_one_reply_behind(bytes: Vec<u8>) {
            let mut decoder = ReplyDecoder::default();
            decoder.feed(&bytes);
            assert!(decoder.held.len() < LONGEST);
        }
    }
}
