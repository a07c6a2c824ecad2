//! Printers that answer at once and note when a paper begins, so that what is left is the box's own time. One may be
//! dead: it takes connections and says nothing. Commands: Epson, "ESC/POS Command Reference".

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// A paper, from its `ESC @` on.
#[derive(Clone)]
pub(crate) struct Paper {
    pub(crate) begun: Instant,
    /// Its characters without the commands, as Latin-1.
    pub(crate) text: String,
}

pub(crate) struct Printer {
    /// As a box's configuration has it.
    pub(crate) address: String,
    papers: Arc<Mutex<Vec<Paper>>>,
    over: Arc<AtomicBool>,
}

impl Printer {
    pub(crate) fn open(dead: bool) -> io::Result<Printer> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = format!("tcp:{}", listener.local_addr()?);
        let (papers, over) = (Arc::<Mutex<Vec<Paper>>>::default(), Arc::<AtomicBool>::default());
        let (noted, closed) = (papers.clone(), over.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if closed.load(Ordering::Relaxed) {
                    return;
                }
                let papers = noted.clone();
                // It ends with the connection.
                std::thread::spawn(move || drop(serve(stream, dead, &papers)));
            }
        });
        Ok(Printer { address, papers, over })
    }

    pub(crate) fn papers(&self) -> Vec<Paper> {
        self.papers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many papers have begun.
    pub(crate) fn count(&self) -> usize {
        self.papers.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl Drop for Printer {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // Wakes the listener.
        drop(TcpStream::connect(self.address.trim_start_matches("tcp:")));
    }
}

fn serve(mut stream: TcpStream, dead: bool, papers: &Mutex<Vec<Paper>>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut held = Vec::new();
    let mut buffer = [0; 4_096];
    loop {
        let read = stream.read(&mut buffer)?;
        let now = Instant::now();
        if read == 0 {
            return Ok(());
        }
        if dead {
            continue;
        }
        // Holds one command at most beside what was just read.
        held.extend_from_slice(buffer.get(..read).unwrap_or_default());
        let mut answer = Vec::new();
        {
            let mut papers = papers.lock().unwrap_or_else(PoisonError::into_inner);
            while let Some((length, word)) = first(&held) {
                held.drain(..length.min(held.len()));
                match word {
                    Word::Begin => papers.push(Paper { begun: now, text: String::new() }),
                    Word::Text(byte) => papers.iter_mut().rev().take(1).for_each(|p| p.text.push(char::from(byte))),
                    // All four bytes are well with the fixed bits alone.
                    Word::Status => answer.push(0x12),
                    Word::Id([a, b, c, d]) => answer.extend([0x37, 0x22, a, b, c, d, 0]),
                    Word::Clear => answer.extend([0x37, 0x25, 0]),
                    Word::Other => {}
                }
            }
        }
        stream.write_all(&answer)?;
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Word {
    /// `ESC @`.
    Begin,
    Text(u8),
    /// `DLE EOT n`.
    Status,
    /// `GS ( H` function 48.
    Id([u8; 4]),
    /// `DLE DC4 8`.
    Clear,
    Other,
}

/// What stands first, and its length. None: more bytes are needed.
fn first(bytes: &[u8]) -> Option<(usize, Word)> {
    Some(match bytes {
        [] => return None,
        [0x10, 0x04, _, ..] => (3, Word::Status),
        [0x10, 0x14, 0x08, ..] => (bytes.len() >= 10).then_some((10, Word::Clear))?,
        [0x1d, b'(', function, low, high, rest @ ..] => {
            let body = rest.get(..usize::from(u16::from_le_bytes([*low, *high])))?;
            let word = match body {
                [48, 48, a, b, c, d] if *function == b'H' => Word::Id([*a, *b, *c, *d]),
                _ => Word::Other,
            };
            (body.len() + 5, word)
        }
        [0x1b, b'@', ..] => (2, Word::Begin),
        [0x1c, _, ..] => (2, Word::Other),
        [0x1d, b'V', _, _, ..] => (4, Word::Other),
        [0x1b, b'E' | b'a' | b'd' | b't', _, ..] | [0x1d, b'!' | b'B' | b'a', _, ..] => (3, Word::Other),
        [0x10 | 0x1b | 0x1c | 0x1d, ..] if bytes.len() < 5 => return None,
        [0x10 | 0x1b | 0x1c | 0x1d, ..] => (1, Word::Other),
        [byte, ..] => (1, Word::Text(*byte)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_what_is_half_said() {
        for (bytes, expected) in [
            (&b"\x1b@\x1c."[..], Some((2, Word::Begin))),
            (b"\x10\x04\x02", Some((3, Word::Status))),
            (b"\x10\x14\x08\x01\x03\x14\x01\x06\x02", None),
            (b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08", Some((10, Word::Clear))),
            (b"\x1d(H\x06\x0000S!!", None),
            (b"\x1d(H\x06\x0000S!!#", Some((11, Word::Id(*b"S!!#")))),
            (b"\x1dVB", None),
            (b"\x1dVB\x00", Some((4, Word::Other))),
            (b"A1", Some((1, Word::Text(b'A')))),
        ] {
            assert_eq!(first(bytes), expected, "{bytes:x?}");
        }
    }
}
