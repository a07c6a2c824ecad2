//! A frame: COBS(message ‖ CRC-16/X-25, low byte first) ‖ 0x00, at most [`MAX_FRAME`] bytes.
//!
//! COBS (S. Cheshire, M. Baker, "Consistent Overhead Byte Stuffing", 1999) leaves no zero inside, so a reader that
//! lost its place finds the next frame at the next zero.

use crate::message::{Down, Up};

/// Bytes of a frame on the line, its zero among them.
pub const MAX_FRAME: usize = 96;
/// Bytes of a message: a frame less its zero, its one byte of stuffing (a frame is shorter than 254) and its check.
pub const MAX_MESSAGE: usize = MAX_FRAME - 4;

/// Why a frame was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Damage {
    /// Longer than any frame.
    Long,
    /// The stuffing points beyond the end, or too little is left for a check.
    Cut,
    /// The check does not fit.
    Check,
}

/// A frame, ready to be sent.
#[derive(Clone, Copy)]
pub struct Frame {
    bytes: [u8; MAX_FRAME],
    length: u8,
}

impl Frame {
    pub const EMPTY: Frame = Frame { bytes: [0; MAX_FRAME], length: 0 };

    /// `None` if the message is longer than [`MAX_MESSAGE`].
    pub fn of_bytes(message: &[u8]) -> Option<Frame> {
        let mut plain = [0; MAX_FRAME];
        let length = message.len();
        if length > MAX_MESSAGE {
            return None;
        }
        plain.get_mut(..length)?.copy_from_slice(message);
        plain.get_mut(length..length + 2)?.copy_from_slice(&crc(message).to_le_bytes());
        let mut frame = Frame::EMPTY;
        let stuffed = stuff(plain.get(..length + 2)?, &mut frame.bytes)?;
        // The byte behind is still zero, and ends the frame.
        frame.length = u8::try_from(stuffed + 1).ok()?;
        Some(frame)
    }

    /// `None` if a text or a block in it makes it longer than [`MAX_MESSAGE`].
    pub fn up(message: &Up<'_>) -> Option<Frame> {
        let mut plain = [0; MAX_MESSAGE];
        Frame::of_bytes(postcard::to_slice(message, &mut plain).ok()?)
    }

    /// `None` if a block in it makes it longer than [`MAX_MESSAGE`].
    pub fn down(message: &Down<'_>) -> Option<Frame> {
        let mut plain = [0; MAX_MESSAGE];
        Frame::of_bytes(postcard::to_slice(message, &mut plain).ok()?)
    }

    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or_default()
    }
}

/// Puts frames together from what a line gives, byte by byte.
#[derive(Clone)]
pub struct Reader {
    bytes: [u8; MAX_FRAME],
    length: usize,
    /// What came is too long already: it is passed over until the next zero.
    lost: bool,
}

impl Default for Reader {
    fn default() -> Reader {
        Reader { bytes: [0; MAX_FRAME], length: 0, lost: false }
    }
}

impl Reader {
    /// The message of the frame that this byte ends, if it ends one. Zeros alone are nothing.
    pub fn push(&mut self, byte: u8) -> Option<Result<&[u8], Damage>> {
        if byte != 0 {
            match self.bytes.get_mut(self.length) {
                Some(place) if self.length < MAX_FRAME - 1 => {
                    *place = byte;
                    self.length += 1;
                }
                _ => self.lost = true,
            }
            return None;
        }
        let (length, lost) = (self.length, self.lost);
        self.length = 0;
        self.lost = false;
        if lost {
            return Some(Err(Damage::Long));
        }
        if length == 0 {
            return None;
        }
        Some(self.bytes.get_mut(..length).ok_or(Damage::Long).and_then(open))
    }
}

/// The message of a frame without its zero, unstuffed in place and checked.
fn open(frame: &mut [u8]) -> Result<&[u8], Damage> {
    let length = unstuff(frame).ok_or(Damage::Cut)?;
    let (message, check) = frame.get(..length).and_then(<[u8]>::split_last_chunk::<2>).ok_or(Damage::Cut)?;
    if crc(message).to_le_bytes() == *check { Ok(message) } else { Err(Damage::Check) }
}

/// The bytes written, without the zero; `None` if there is no room. Shorter than 254 bytes alone.
fn stuff(plain: &[u8], stuffed: &mut [u8]) -> Option<usize> {
    let (mut code_at, mut at) = (0, 1);
    for byte in plain {
        if *byte == 0 {
            *stuffed.get_mut(code_at)? = u8::try_from(at - code_at).ok()?;
            code_at = at;
        } else {
            *stuffed.get_mut(at)? = *byte;
        }
        at += 1;
    }
    *stuffed.get_mut(code_at)? = u8::try_from(at - code_at).ok()?;
    Some(at)
}

/// What it was before, shifted to the front; `None` where the stuffing leads beyond the end.
fn unstuff(bytes: &mut [u8]) -> Option<usize> {
    let (mut read, mut write) = (0, 0);
    while let Some(&code) = bytes.get(read) {
        let end = read + usize::from(code);
        if code == 0 || end > bytes.len() {
            return None;
        }
        bytes.copy_within(read + 1..end, write);
        write += usize::from(code) - 1;
        read = end;
        if read < bytes.len() && code < 0xff {
            *bytes.get_mut(write)? = 0;
            write += 1;
        }
    }
    Some(write)
}

/// CRC-16/X-25, also IBM-SDLC: polynomial 0x1021 reflected, begun and ended with all ones (ITU-T X.25, 2.2.7.4).
pub fn crc(bytes: &[u8]) -> u16 {
    let mut register = u16::MAX;
    for byte in bytes {
        register ^= u16::from(*byte);
        for _ in 0..8 {
            register = if register & 1 == 1 { (register >> 1) ^ 0x8408 } else { register >> 1 };
        }
    }
    !register
}
