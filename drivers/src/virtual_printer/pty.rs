//! A pseudo-terminal that behaves like a serial port at a stable address.
//!
//! The device's side holds the slave open too: without that, the master reads EIO between two clients and the
//! device would have to notice that they come and go.

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::pty::openpty;
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};
use nix::unistd::ttyname;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The device's end of the line.
#[derive(Debug)]
pub(crate) struct Pty {
    master: AsyncFd<File>,
}

/// The address: a symbolic link to the slave, removed when dropped. Keeps the slave open.
#[derive(Debug)]
pub(crate) struct PtyLink {
    link: PathBuf,
    slave: OwnedFd,
}

/// Opens a raw PTY and points `link` at its slave; a link that an earlier run left is replaced, a file is not.
pub(crate) fn open(link: &Path) -> io::Result<(Pty, PtyLink)> {
    let pair = openpty(None, None)?;
    let mut modes = tcgetattr(&pair.slave)?;
    cfmakeraw(&mut modes);
    tcsetattr(&pair.slave, SetArg::TCSANOW, &modes)?;
    let flags = OFlag::from_bits_truncate(fcntl(&pair.master, FcntlArg::F_GETFL)?);
    fcntl(&pair.master, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    if link.symlink_metadata().is_ok_and(|found| found.is_symlink()) {
        std::fs::remove_file(link)?;
    }
    if let Some(folder) = link.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    std::os::unix::fs::symlink(ttyname(&pair.slave)?, link)?;
    let pty = Pty { master: registered(File::from(pair.master))? };
    Ok((pty, PtyLink { link: link.to_owned(), slave: pair.slave }))
}

#[expect(deprecated, reason = "its successor is unsafe; a `File` that nobody replaces keeps one descriptor for life")]
fn registered(master: File) -> io::Result<AsyncFd<File>> {
    AsyncFd::new(master)
}

impl PtyLink {
    /// Ends a former client's claim to the line, or makes one that keeps further clients out. Serial libraries set
    /// TIOCEXCL; a real port forgets it at the last close, but here the slave is never closed, and the next client of
    /// an ordinary user would find it busy.
    pub(crate) fn set_exclusive(&self, exclusive: bool) {
        let done = if exclusive {
            rustix::termios::ioctl_tiocexcl(&self.slave)
        } else {
            rustix::termios::ioctl_tiocnxcl(&self.slave)
        };
        if let Err(error) = done {
            tracing::debug!(%error, link = %self.link.display(), "cannot change the exclusive mode");
        }
    }

    /// The same as `set_exclusive(false)`.
    pub(crate) fn forget_exclusive(&self) {
        self.set_exclusive(false);
    }
}

impl Drop for PtyLink {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.link) {
            tracing::debug!(%error, link = %self.link.display(), "cannot remove the link");
        }
    }
}

impl AsyncRead for Pty {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            let mut guard = ready!(self.master.poll_read_ready(context))?;
            let space = buffer.initialize_unfilled();
            match guard.try_io(|master| master.get_ref().read(space)) {
                Ok(Ok(count)) => {
                    buffer.advance(count);
                    return Poll::Ready(Ok(()));
                }
                Ok(Err(error)) => return Poll::Ready(Err(error)),
                Err(_would_block) => {}
            }
        }
    }
}

impl AsyncWrite for Pty {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            let mut guard = ready!(self.master.poll_write_ready(context))?;
            if let Ok(result) = guard.try_io(|master| master.get_ref().write(bytes)) {
                return Poll::Ready(result);
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
