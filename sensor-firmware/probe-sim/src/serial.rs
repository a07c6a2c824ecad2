//! Serial lines of a sensor on this machine: a PTY, and a pipe between two parts of a test.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;

use embedded_io::{ErrorType, Read, ReadReady, Write, WriteReady};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::openpty;
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};

use crate::noise::Noise;

/// The sensor's end of a PTY. The other end is held open too, so that clients may come and go.
pub struct Pty {
    master: File,
    slave: OwnedFd,
    read: VecDeque<u8>,
    noise: Noise,
    /// Of a million bytes in either direction, so many are changed, and as many lost.
    pub noise_per_million: u32,
}

impl Pty {
    pub fn open(seed: u64) -> io::Result<Pty> {
        let pair = openpty(None, None)?;
        let mut modes = tcgetattr(&pair.slave)?;
        cfmakeraw(&mut modes);
        tcsetattr(&pair.slave, SetArg::TCSANOW, &modes)?;
        let flags = OFlag::from_bits_truncate(fcntl(&pair.master, FcntlArg::F_GETFL)?);
        fcntl(&pair.master, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
        let (master, slave) = (File::from(pair.master), pair.slave);
        Ok(Pty { master, slave, read: VecDeque::new(), noise: Noise::new(seed), noise_per_million: 0 })
    }

    /// Where the box finds it.
    pub fn path(&self) -> io::Result<PathBuf> {
        Ok(nix::unistd::ttyname(&self.slave)?)
    }

    /// Until a byte comes, but no longer than this.
    pub fn wait(&self, most_ms: u16) -> io::Result<()> {
        if self.read.is_empty() {
            let mut wanted = [PollFd::new(self.master.as_fd(), PollFlags::POLLIN)];
            poll(&mut wanted, PollTimeout::from(most_ms))?;
        }
        // A real port forgets a client's claim to it at the client's end; the other end of this one never closes.
        let _ = rustix::termios::ioctl_tiocnxcl(&self.slave);
        Ok(())
    }

    /// A byte as it comes through the line.
    fn through(&mut self, byte: u8) -> Option<u8> {
        if self.noise.strikes(self.noise_per_million) {
            return None;
        }
        let flip = 1 << (self.noise.draw() >> 61);
        Some(if self.noise.strikes(self.noise_per_million) { byte ^ flip } else { byte })
    }
}

impl ErrorType for Pty {
    type Error = io::Error;
}

impl ReadReady for Pty {
    fn read_ready(&mut self) -> io::Result<bool> {
        if self.read.is_empty() {
            let mut bytes = [0; 512];
            let read = match self.master.read(&mut bytes) {
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
                Err(error) => return Err(error),
            };
            for byte in bytes.iter().take(read) {
                let through = self.through(*byte);
                self.read.extend(through);
            }
        }
        Ok(!self.read.is_empty())
    }
}

impl Read for Pty {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.read_ready()?;
        Ok(fill(bytes, &mut self.read))
    }
}

impl WriteReady for Pty {
    fn write_ready(&mut self) -> io::Result<bool> {
        let mut wanted = [PollFd::new(self.master.as_fd(), PollFlags::POLLOUT)];
        Ok(poll(&mut wanted, PollTimeout::ZERO)? > 0)
    }
}

impl Write for Pty {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.noise_per_million == 0 {
            return self.master.write(bytes);
        }
        // Byte by byte, so that a full line does not strike twice.
        let Some(byte) = bytes.first() else { return Ok(0) };
        if let Some(byte) = self.through(*byte) {
            self.master.write_all(&[byte])?;
        }
        Ok(1)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What two parts of a test say to each other.
#[derive(Default)]
pub struct Pipe {
    pub to_sensor: RefCell<VecDeque<u8>>,
    pub to_box: RefCell<VecDeque<u8>>,
}

/// What such a line holds before it takes no more.
const PIPE: usize = 256;

impl ErrorType for &Pipe {
    type Error = Infallible;
}

impl ReadReady for &Pipe {
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        Ok(!self.to_sensor.borrow().is_empty())
    }
}

impl Read for &Pipe {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Infallible> {
        Ok(fill(bytes, &mut self.to_sensor.borrow_mut()))
    }
}

impl WriteReady for &Pipe {
    fn write_ready(&mut self) -> Result<bool, Infallible> {
        Ok(self.to_box.borrow().len() < PIPE)
    }
}

impl Write for &Pipe {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        let mut line = self.to_box.borrow_mut();
        let room = PIPE.saturating_sub(line.len()).min(bytes.len());
        line.extend(bytes.iter().take(room));
        Ok(room)
    }
    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

fn fill(bytes: &mut [u8], from: &mut VecDeque<u8>) -> usize {
    let mut count = 0;
    for place in bytes {
        let Some(byte) = from.pop_front() else { break };
        *place = byte;
        count += 1;
    }
    count
}
