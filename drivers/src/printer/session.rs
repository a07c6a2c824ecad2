//! One printer, as its owner talks to it: preflight, one attempt at a paper, and what became of it.
//!
//! What must stay true: `NotReady` means that not one byte of the paper was sent; `Printed` is said only when the
//! printer itself said so; whatever is not known is in doubt.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};

use super::escpos::{self, Frame};
use super::link::{Address, Link, open};
use super::profile::{Confirm, Profile};
use super::reply::{Reply, ReplyDecoder};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// On paper, by the printer's own word.
    Printed,
    /// Handed over; this model does not tell more.
    Sent,
    /// Nothing was sent.
    NotReady(String),
    /// The printer confirmed that it dropped the rest: what is on paper is incomplete.
    Cleared,
    /// Some, all or nothing of it is on paper.
    InDoubt(String),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// Nobody has asked yet, or it does not tell.
    #[default]
    Unknown,
    Ready,
    /// The port is open and the printer silent: it serves somebody else.
    Busy,
    /// Paper end, cover open, offline…: as it says.
    Attention(String),
    Down(String),
}

pub struct Session {
    address: Address,
    profile: Profile,
    link: Option<Box<dyn Link>>,
    decoder: ReplyDecoder,
    /// Replies of this attempt that were no answer to what was asked just then.
    seen: Vec<Reply>,
    pub status: Status,
}

const REPLY_WITHIN: Duration = Duration::from_secs(2);
/// Replies that are remembered of one attempt.
const MAX_SEEN: usize = 64;
/// A blocked write (a printer that takes nothing) ends the attempt.
const WRITE_WITHIN: Duration = Duration::from_secs(20);
/// Beyond the paper's own time.
const MARGIN: Duration = Duration::from_secs(5);
/// How long a printer that waits for paper keeps our data before the rest is revoked.
const PAUSED_WITHIN: Duration = Duration::from_secs(30);

impl Session {
    pub fn new(address: Address, profile: Profile) -> Session {
        Session {
            address,
            profile,
            link: None,
            decoder: ReplyDecoder::default(),
            seen: Vec::new(),
            status: Status::Unknown,
        }
    }

    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Asks the printer how it is. Opens the link if it is not.
    pub async fn check(&mut self) -> &Status {
        self.status = match self.preflight().await {
            Ok(()) => Status::Ready,
            Err(status) => status,
        };
        &self.status
    }

    /// One attempt. `id` marks its bytes: three characters that this printer has not seen for long.
    pub async fn print(&mut self, frames: &[Frame], id: [u8; 3]) -> Outcome {
        if let Err(status) = self.preflight().await {
            self.status = status.clone();
            return Outcome::NotReady(words(&status));
        }
        self.status = Status::Ready;
        self.seen.clear();
        let confirmed = self.profile.confirm == Confirm::ProcessId;
        let mark = |role: u8| [role, id[0], id[1], id[2]];
        let mut all = vec![escpos::prologue(&self.profile)];
        all.extend(confirmed.then(|| escpos::process_id(mark(b'S'))));
        all.extend(frames.iter().cloned());
        all.extend(confirmed.then(|| escpos::process_id(mark(b'E'))));
        let micrometres: u32 = all.iter().map(|frame| frame.micrometres).sum();
        for frame in &all {
            if let Err(error) = self.write(&frame.bytes).await {
                self.drop_link(&error);
                return Outcome::InDoubt(format!("the link broke while sending: {error}"));
            }
        }
        if !confirmed {
            return Outcome::Sent;
        }
        let takes = Duration::from_millis(u64::from(micrometres / u32::from(self.profile.mm_per_second.max(1))));
        self.wait_for(mark(b'E'), takes + MARGIN).await
    }

    async fn wait_for(&mut self, id: [u8; 4], within: Duration) -> Outcome {
        let mut deadline = Instant::now() + within;
        let paused_until = Instant::now() + PAUSED_WITHIN;
        loop {
            match self.read_until(deadline.min(Instant::now() + Duration::from_secs(1))).await {
                Ok(_) if self.seen.contains(&Reply::ProcessId(id)) => return Outcome::Printed,
                Ok(_) => {}
                Err(error) => {
                    self.drop_link(&error);
                    return Outcome::InDoubt(format!("the link broke before the printer confirmed: {error}"));
                }
            }
            // While it waits for paper or a closed cover it keeps our data and goes on by itself.
            let state = self.ask(4).await.and_then(|paper| attention(4, paper));
            let state = match state {
                Some(words) => Some(words),
                None => self.ask(2).await.and_then(|cause| attention(2, cause)),
            };
            match state {
                _ if self.seen.contains(&Reply::ProcessId(id)) => return Outcome::Printed,
                Some(words) if Instant::now() < paused_until => {
                    self.status = Status::Attention(words);
                    deadline = Instant::now() + within;
                }
                _ if Instant::now() >= deadline => return self.revoke(id).await,
                _ => {}
            }
            if self.link.is_none() {
                return Outcome::InDoubt("the link broke before the printer confirmed".to_owned());
            }
        }
    }

    /// Has the printer drop what it holds, so that it cannot come out later.
    async fn revoke(&mut self, id: [u8; 4]) -> Outcome {
        let doubt = Outcome::InDoubt("the printer did not confirm in time".to_owned());
        if self.write(&escpos::CLEAR).await.is_err() {
            return doubt;
        }
        let until = Instant::now() + REPLY_WITHIN;
        while Instant::now() < until {
            match self.read_until(until).await {
                // It may have come to its end just before it was told to stop.
                Ok(_) if self.seen.contains(&Reply::ProcessId(id)) => return Outcome::Printed,
                Ok(replies) if replies.contains(&Reply::Cleared) => return Outcome::Cleared,
                Ok(_) => {}
                Err(_) => break,
            }
        }
        doubt
    }

    /// Opens the link and asks until the printer says that it is ready. Nothing of a paper has been sent.
    async fn preflight(&mut self) -> Result<(), Status> {
        if self.link.is_none() {
            let link = open(&self.address).await.map_err(|error| Status::Down(format!("{}: {error}", self.address)))?;
            self.link = Some(link);
            self.decoder = ReplyDecoder::default();
        }
        self.drain().await?;
        if !self.profile.status {
            return Ok(());
        }
        // The causes before their effect: "paper end" tells a person more than "offline".
        for n in [2, 4, 1] {
            match self.ask(n).await {
                Some(byte) => {
                    if let Some(words) = attention(n, byte) {
                        return Err(Status::Attention(words));
                    }
                }
                None => {
                    // A fresh connection next time: this one may belong to a printer that was switched off.
                    self.link = None;
                    return Err(Status::Busy);
                }
            }
        }
        Ok(())
    }

    /// Replies carry no number, so only one question is open at a time and old replies are drained first.
    async fn ask(&mut self, n: u8) -> Option<u8> {
        self.write(&escpos::ask_status(n)).await.ok()?;
        let until = Instant::now() + REPLY_WITHIN;
        while Instant::now() < until {
            let replies = self.read_until(until).await.ok()?;
            if let Some(byte) = replies.iter().find_map(|reply| match reply {
                Reply::Status(byte) => Some(*byte),
                _ => None,
            }) {
                return Some(byte);
            }
        }
        None
    }

    async fn drain(&mut self) -> Result<(), Status> {
        loop {
            let now = Instant::now() + Duration::from_millis(1);
            match self.read_until(now).await {
                Ok(_) if Instant::now() >= now => return Ok(()),
                Ok(_) => {}
                Err(error) => {
                    self.drop_link(&error);
                    return Err(Status::Down(format!("{}: {error}", self.address)));
                }
            }
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        let link = self.link.as_mut().ok_or(std::io::ErrorKind::NotConnected)?;
        timeout(WRITE_WITHIN, async {
            link.write_all(bytes).await?;
            link.flush().await
        })
        .await
        .map_err(|_| std::io::Error::new(std::io::ErrorKind::TimedOut, "the printer takes no data"))?
    }

    /// The replies of the next read; none if the time is over.
    async fn read_until(&mut self, until: Instant) -> std::io::Result<Vec<Reply>> {
        let link = self.link.as_mut().ok_or(std::io::ErrorKind::NotConnected)?;
        let mut buffer = [0; 256];
        match timeout_at(until, link.read(&mut buffer)).await {
            Err(_) => Ok(Vec::new()),
            Ok(Ok(0)) => Err(std::io::ErrorKind::UnexpectedEof.into()),
            Ok(Ok(n)) => {
                let replies = self.decoder.feed(buffer.get(..n).unwrap_or_default());
                let others = replies.iter().filter(|reply| !matches!(reply, Reply::Status(_)));
                self.seen.extend(others.take(MAX_SEEN.saturating_sub(self.seen.len())));
                Ok(replies)
            }
            Ok(Err(error)) => Err(error),
        }
    }

    fn drop_link(&mut self, error: &std::io::Error) {
        self.link = None;
        self.status = Status::Down(error.to_string());
    }
}

/// What a status byte says that a person must see to (DLE EOT 1, 2 and 4 of the command reference).
fn attention(n: u8, byte: u8) -> Option<String> {
    let words = match n {
        1 if byte & 0x08 != 0 => "offline",
        2 if byte & 0x04 != 0 => "cover open",
        2 if byte & 0x20 != 0 => "paper end",
        2 if byte & 0x40 != 0 => "error",
        4 if byte & 0x60 != 0 => "paper end",
        _ => return None,
    };
    Some(words.to_owned())
}

fn words(status: &Status) -> String {
    match status {
        Status::Unknown | Status::Ready => String::new(),
        Status::Busy => "busy: it is connected and does not answer".to_owned(),
        Status::Attention(words) | Status::Down(words) => words.clone(),
    }
}
