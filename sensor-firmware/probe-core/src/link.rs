//! The line to the box: bytes in, frames out, never waiting. One frame is under way at a time.

use embedded_io::{Read, ReadReady, Write, WriteReady};
use trivet_wire::{Down, Frame, Reader};

/// Bytes read in one poll, so that a chattering line leaves time for measuring.
const MOST_READ: usize = 512;

pub struct Link<S> {
    serial: S,
    reader: Reader,
    frame: Frame,
    sent: usize,
    damaged: u32,
}

impl<S: Read + ReadReady + Write + WriteReady> Link<S> {
    pub fn new(serial: S) -> Link<S> {
        Link { serial, reader: Reader::default(), frame: Frame::EMPTY, sent: 0, damaged: 0 }
    }

    /// Frames that were dropped.
    pub fn damaged(&self) -> u32 {
        self.damaged
    }

    /// Hands over each message that has come whole. What cannot be read is counted and dropped.
    pub fn receive(&mut self, mut handle: impl FnMut(Down<'_>)) {
        for _ in 0..MOST_READ {
            let mut byte = [0];
            match self.serial.read_ready() {
                Ok(true) if self.serial.read(&mut byte).is_ok_and(|read| read == 1) => {}
                _ => return,
            }
            let [byte] = byte;
            match self.reader.push(byte) {
                None => {}
                Some(Ok(message)) => match Down::read(message) {
                    Some(message) => handle(message),
                    None => self.damaged = self.damaged.wrapping_add(1),
                },
                Some(Err(_)) => self.damaged = self.damaged.wrapping_add(1),
            }
        }
    }

    /// Whether the last frame has left, and another can be given.
    pub fn is_free(&mut self) -> bool {
        while let Some(rest) = self.frame.as_bytes().get(self.sent..).filter(|rest| !rest.is_empty()) {
            match self.serial.write_ready() {
                Ok(true) => match self.serial.write(rest) {
                    Ok(written) if written > 0 => self.sent += written,
                    _ => return false,
                },
                _ => return false,
            }
        }
        true
    }

    /// Sends after [`Link::is_free`] said yes.
    pub fn send(&mut self, frame: Frame) {
        self.frame = frame;
        self.sent = 0;
        self.is_free();
    }
}
