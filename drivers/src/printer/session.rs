//! One printer, as its owner talks to it: preflight, one attempt at a paper, and what became of it.
//!
//! What must stay true: `NotReady` means that not one byte of the paper was sent; `Printed` is said only when the
//! printer itself said so; whatever is not known is in doubt; nothing is sent while a command is half written.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

use super::job::Job;
use super::link::{Address, Link, open};
use super::profile::{Confirm, Language, Profile, Reports};
use super::reply::{Decoder, Reply, Zpl};
use super::state::{LinkState, PrinterState};
use super::{escpos, star, zpl};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// On paper, by the printer's own word; `cut` if it said that too.
    Printed { cut: bool },
    /// Handed over; this model does not tell more.
    Sent,
    /// Nothing was sent.
    NotReady(String),
    /// The printer confirmed that it dropped the rest: what is on paper is incomplete.
    Cleared,
    /// Some, all or nothing of it is on paper.
    InDoubt(String),
}

pub struct Session {
    address: Address,
    profile: Profile,
    link: Option<Wire>,
    decoder: Decoder,
    state: watch::Sender<PrinterState>,
    /// Ids that came back during this attempt.
    ids: Vec<[u8; 4]>,
    cleared: bool,
    /// Star's counter, as last reported.
    counter: Option<u8>,
    /// The number of the `DLE EOT` that is under way.
    asked: u8,
    answers: u32,
    /// An earlier paper was printed elsewhere: the first thing it hears is to drop what it holds.
    clear_first: bool,
    ready_at: Option<Instant>,
    /// Bytes of the last attempt that the link took.
    pub written: usize,
}

struct Wire {
    read: ReadHalf<Box<dyn Link>>,
    write: WriteHalf<Box<dyn Link>>,
}

const REPLY_WITHIN: Duration = Duration::from_secs(2);
/// A printer that takes nothing for so long, and does not say why, ends the attempt.
const STALLED_AFTER: Duration = Duration::from_secs(20);
/// Beyond the paper's own time.
const MARGIN: Duration = Duration::from_secs(5);
/// How long a printer that waits for paper keeps our data before the rest is revoked.
const PAUSED_WITHIN: Duration = Duration::from_secs(30);
/// The cutter's word after the paper's.
const CUT_WITHIN: Duration = Duration::from_secs(5);
/// While a paper is printed, the printer is asked this often how it is.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// A late word is waited for on a new link.
const LATE_WITHIN: Duration = Duration::from_secs(1);
/// An answer is believed for so long.
const READY_FOR: Duration = Duration::from_secs(1);
/// Ids that are remembered of one attempt.
const MAX_IDS: usize = 64;

impl Session {
    pub fn new(address: Address, profile: Profile) -> Session {
        Session {
            address,
            decoder: Decoder::new(profile.language),
            profile,
            link: None,
            state: watch::Sender::default(),
            ids: Vec::new(),
            cleared: false,
            counter: None,
            asked: 0,
            answers: 0,
            clear_first: false,
            ready_at: None,
            written: 0,
        }
    }

    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// How the printer is; changes are seen while a paper is being printed too.
    pub fn state(&self) -> watch::Receiver<PrinterState> {
        self.state.subscribe()
    }

    /// Has the printer drop what it holds before it gets anything else.
    pub fn clear_first(&mut self) {
        self.clear_first = self.profile.clear;
    }

    /// It has not been told yet.
    pub fn has_to_clear(&self) -> bool {
        self.clear_first
    }

    /// Asks the printer how it is. Opens the link if it is not.
    pub async fn check(&mut self) {
        drop(self.ready().await);
    }

    /// Listens until the printer says something by itself. Nothing is lost when it is given up on the way.
    pub async fn listen(&mut self) {
        if self.link.is_none() {
            return std::future::pending().await;
        }
        if let Err(error) = self.hear(None).await {
            self.hang_up(&error);
        }
    }

    /// Whether a paper could be sent now; Err: why not.
    pub async fn ready(&mut self) -> Result<(), String> {
        self.ready_at = None;
        self.preflight().await?;
        self.ready_at = Some(Instant::now());
        Ok(())
    }

    /// One attempt. `id` marks its bytes: three characters that this printer has not seen for long.
    pub async fn print(&mut self, job: &Job, id: [u8; 3]) -> Outcome {
        let just_asked = self.ready_at.take().is_some_and(|at| at.elapsed() < READY_FOR) && self.link.is_some();
        if !just_asked && let Err(why) = self.preflight().await {
            self.written = 0;
            return Outcome::NotReady(why);
        }
        self.written = 0;
        self.ids.clear();
        self.cleared = false;
        let counter = self.counter;
        match self.send(job, id).await {
            Ok(()) if self.profile.confirm == Confirm::None => Outcome::Sent,
            Ok(()) => self.confirm(job, id, counter).await,
            Err(error) => {
                self.hang_up(&error);
                if self.written == 0 {
                    return Outcome::NotReady(format!("{}: {error}", self.address));
                }
                self.after_break(id, &format!("the link broke while sending: {error}")).await
            }
        }
    }

    /// Opens a drawer, at most once: never tried again, whatever became of it.
    pub async fn pulse(&mut self, connector: u8) -> Outcome {
        if let Err(why) = self.preflight().await {
            return Outcome::NotReady(why);
        }
        let drawer = &self.profile.drawer;
        let bytes = match self.profile.language {
            Language::Escpos => escpos::pulse(connector, drawer.on_ms, drawer.off_ms),
            Language::Star => star::pulse(connector, drawer.on_ms, drawer.off_ms),
            Language::Zpl => return Outcome::NotReady("a label printer has no drawer".to_owned()),
        };
        match self.write(&bytes).await {
            Ok(()) => Outcome::Sent,
            Err(error) => {
                self.hang_up(&error);
                Outcome::InDoubt(error.to_string())
            }
        }
    }

    /// Puts bytes that are no paper to the printer (a logo for its memory).
    pub async fn configure(&mut self, bytes: &[u8]) -> Outcome {
        if let Err(why) = self.preflight().await {
            return Outcome::NotReady(why);
        }
        match self.write(bytes).await {
            Ok(()) => Outcome::Sent,
            Err(error) => {
                self.hang_up(&error);
                Outcome::InDoubt(error.to_string())
            }
        }
    }

    async fn send(&mut self, job: &Job, id: [u8; 3]) -> io::Result<()> {
        let ids = self.profile.confirm == Confirm::ProcessId;
        let counted = self.profile.confirm == Confirm::StarEtb;
        let (body, tail) = job.parts();
        for (n, frame) in body.enumerate() {
            self.write(frame).await?;
            // After the first frame, which initialises.
            if n == 0 && ids {
                self.write(&escpos::process_id(mark(b'S', id))).await?;
            }
        }
        if ids {
            self.write(&escpos::process_id(mark(b'E', id))).await?;
        } else if counted {
            self.write(&[star::ETB]).await?;
        }
        let mut cut = false;
        for frame in tail {
            self.write(frame).await?;
            cut = true;
        }
        if ids && cut {
            self.write(&escpos::process_id(mark(b'C', id))).await?;
        }
        Ok(())
    }

    async fn confirm(&mut self, job: &Job, id: [u8; 3], before: Option<u8>) -> Outcome {
        let speed = u32::from(self.profile.mm_per_second.max(1));
        let moving = Duration::from_millis(u64::from(job.micrometres() / speed));
        let sending =
            self.address.bytes_per_second().map_or(0, |rate| job.bytes().len() as u64 * 1_000 / u64::from(rate));
        let within = moving + Duration::from_millis(sending) + MARGIN;
        match self.wait_for(id, before, within).await {
            Ok(true) => {}
            Ok(false) => return self.revoke(id, before).await,
            Err(error) => {
                self.hang_up(&error);
                return self.after_break(id, &format!("the link broke before the printer confirmed: {error}")).await;
            }
        }
        // The paper can be read. Whether it was cut is worth a word, not a second copy.
        let until = Instant::now() + CUT_WITHIN;
        while self.profile.confirm == Confirm::ProcessId && !self.ids.contains(&mark(b'C', id)) {
            if Instant::now() >= until || self.hear(Some(until)).await.is_err() {
                return Outcome::Printed { cut: false };
            }
        }
        Outcome::Printed { cut: true }
    }

    fn is_confirmed(&self, id: [u8; 3], before: Option<u8>) -> bool {
        match self.profile.confirm {
            Confirm::ProcessId => self.ids.contains(&mark(b'E', id)) || self.ids.contains(&mark(b'C', id)),
            // One ETB was sent: the next number, of 32, and no other. A power cycle makes it 0.
            Confirm::StarEtb => before.zip(self.counter).is_some_and(|(before, now)| (before + 1) % 32 == now),
            Confirm::None => false,
        }
    }

    /// True once the paper is printed; false when the time is over. While it waits for paper or a closed cover the time
    /// stands still, up to a limit: the printer keeps the data and goes on by itself.
    async fn wait_for(&mut self, id: [u8; 3], before: Option<u8>, within: Duration) -> io::Result<bool> {
        let mut deadline = Instant::now() + within;
        let mut paused_until = Instant::now() + PAUSED_WITHIN;
        let mut paused = false;
        let mut ask_at = Instant::now() + ASK_EVERY;
        loop {
            if self.is_confirmed(id, before) {
                return Ok(true);
            }
            let now = Instant::now();
            if self.state.borrow().waits_for_a_person() {
                if !paused {
                    paused_until = now + PAUSED_WITHIN;
                }
                paused = true;
                deadline = now + within;
                if now >= paused_until {
                    return Ok(false);
                }
            } else {
                paused = false;
                if now >= deadline {
                    return Ok(false);
                }
            }
            if now >= ask_at {
                self.ask_in_passing().await?;
                ask_at = now + ASK_EVERY;
            }
            self.hear(Some(ask_at.min(deadline))).await?;
        }
    }

    /// Has the printer drop what it holds, so that it cannot come out later.
    async fn revoke(&mut self, id: [u8; 3], before: Option<u8>) -> Outcome {
        let doubt = Outcome::InDoubt("the printer did not confirm in time".to_owned());
        if !self.profile.clear || self.write(&escpos::CLEAR).await.is_err() {
            return doubt;
        }
        let until = Instant::now() + REPLY_WITHIN;
        loop {
            // It may have come to its end just before it was told to stop.
            if self.is_confirmed(id, before) {
                return Outcome::Printed { cut: self.ids.contains(&mark(b'C', id)) };
            }
            if self.cleared {
                return Outcome::Cleared;
            }
            if Instant::now() >= until || self.hear(Some(until)).await.is_err() {
                return doubt;
            }
        }
    }

    /// The link is gone with bytes on the way. On a new one a late word of the printer may still come; if none does, it
    /// is told to stop, so that the copy that follows is the only one that still grows.
    async fn after_break(&mut self, id: [u8; 3], why: &str) -> Outcome {
        let doubt = Outcome::InDoubt(why.to_owned());
        if self.connect().await.is_err() {
            self.clear_first();
            return doubt;
        }
        let until = Instant::now() + LATE_WITHIN;
        while Instant::now() < until && self.profile.confirm == Confirm::ProcessId {
            if self.is_confirmed(id, None) {
                return Outcome::Printed { cut: self.ids.contains(&mark(b'C', id)) };
            }
            if let Err(error) = self.hear(Some(until)).await {
                self.hang_up(&error);
                break;
            }
        }
        // Even a confirmed clear leaves the doubt: the paper may have been complete and the word of it lost.
        self.clear_first();
        doubt
    }

    /// Opens the link and asks until the printer says that it is ready. Nothing of a paper has been sent.
    async fn preflight(&mut self) -> Result<(), String> {
        let fresh = self.link.is_none();
        self.connect().await?;
        self.drain().await?;
        if self.clear_first {
            self.cleared = false;
            if self.write(&escpos::CLEAR).await.is_ok() {
                self.clear_first = false;
                let until = Instant::now() + REPLY_WITHIN;
                while !self.cleared && Instant::now() < until && self.hear(Some(until)).await.is_ok() {}
            }
        }
        if self.profile.status == Reports::None {
            let state = PrinterState { link: LinkState::Up, ..PrinterState::default() };
            self.state.send_if_modified(|known| replace(known, state));
            return Ok(());
        }
        if fresh && self.profile.status == Reports::Asb {
            let bytes: &[u8] = match self.profile.language {
                Language::Star => &star::REPORT_CHANGES,
                Language::Escpos | Language::Zpl => &escpos::REPORT_CHANGES,
            };
            if let Err(error) = self.write(bytes).await {
                self.hang_up(&error);
                return Err(format!("{}: {error}", self.address));
            }
        }
        for n in [2, 3, 4, 1] {
            if !self.ask(n).await {
                // A fresh connection next time: this one may belong to a printer that was switched off.
                self.link = None;
                let busy = PrinterState { link: LinkState::Busy, ..PrinterState::default() };
                let words = busy.trouble().unwrap_or_default();
                self.state.send_if_modified(|known| replace(known, busy));
                return Err(words);
            }
            if self.profile.language != Language::Escpos {
                break;
            }
        }
        let trouble = self.state.borrow().trouble();
        trouble.map_or(Ok(()), Err)
    }

    async fn connect(&mut self) -> Result<(), String> {
        if self.link.is_some() {
            return Ok(());
        }
        match open(&self.address).await {
            Ok(link) => {
                let (read, write) = tokio::io::split(link);
                self.link = Some(Wire { read, write });
                self.decoder = Decoder::new(self.profile.language);
                self.counter = None;
                Ok(())
            }
            Err(error) => {
                let why = format!("{}: {error}", self.address);
                self.state.send_if_modified(|known| replace(known, PrinterState::down(why.clone())));
                Err(why)
            }
        }
    }

    /// Replies carry no number, so only one question is open at a time, and old replies are read before it.
    async fn ask(&mut self, n: u8) -> bool {
        self.asked = n;
        let before = self.answers;
        if let Err(error) = self.write(question(self.profile.language, n).as_slice()).await {
            self.hang_up(&error);
            return false;
        }
        let until = Instant::now() + REPLY_WITHIN;
        while self.answers == before {
            if Instant::now() >= until {
                return false;
            }
            if let Err(error) = self.hear(Some(until)).await {
                self.hang_up(&error);
                return false;
            }
        }
        true
    }

    /// While a paper is printed: the answer is taken in when it comes.
    async fn ask_in_passing(&mut self) -> io::Result<()> {
        if self.profile.status == Reports::None {
            return Ok(());
        }
        // Alternately cover (2), errors (3) and paper (4); each is read before the next is asked.
        self.asked = match self.asked {
            4 => 2,
            2 => 3,
            _ => 4,
        };
        let bytes = question(self.profile.language, self.asked);
        self.write(bytes.as_slice()).await
    }

    async fn drain(&mut self) -> Result<(), String> {
        loop {
            let until = Instant::now() + Duration::from_millis(1);
            match self.hear(Some(until)).await {
                Ok(()) if Instant::now() >= until => return Ok(()),
                Ok(()) => {}
                Err(error) => {
                    self.hang_up(&error);
                    return Err(format!("{}: {error}", self.address));
                }
            }
        }
    }

    /// Writes one indivisible run of bytes. What the printer says meanwhile is heard: a printer that is out of paper
    /// takes nothing, and says so.
    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        let mut moved_at = Instant::now();
        while !rest.is_empty() {
            let patience = if self.state.borrow().waits_for_a_person() { PAUSED_WITHIN } else { STALLED_AFTER };
            let wire = self.link.as_mut().ok_or(io::ErrorKind::NotConnected)?;
            let mut buffer = [0; 256];
            tokio::select! {
                biased;
                written = wire.write.write(rest) => {
                    let written = written?;
                    if written == 0 {
                        return Err(io::ErrorKind::WriteZero.into());
                    }
                    self.written += written;
                    rest = rest.get(written..).unwrap_or_default();
                    moved_at = Instant::now();
                }
                read = wire.read.read(&mut buffer) => self.take_in(&buffer, read?)?,
                () = tokio::time::sleep_until(moved_at + patience) => {
                    return Err(io::Error::new(io::ErrorKind::TimedOut, "the printer takes no data"));
                }
            }
        }
        let wire = self.link.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        timeout(STALLED_AFTER, wire.write.flush()).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
    }

    /// Takes in what comes next, or returns when the time is over.
    async fn hear(&mut self, until: Option<Instant>) -> io::Result<()> {
        let wire = self.link.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        let mut buffer = [0; 256];
        let read = match until {
            Some(until) => match timeout_at(until, wire.read.read(&mut buffer)).await {
                Ok(read) => read?,
                Err(_) => return Ok(()),
            },
            None => wire.read.read(&mut buffer).await?,
        };
        self.take_in(&buffer, read)
    }

    fn take_in(&mut self, buffer: &[u8], read: usize) -> io::Result<()> {
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        for reply in self.decoder.feed(buffer.get(..read).unwrap_or_default()) {
            match &reply {
                Reply::ProcessId(id) if self.ids.len() < MAX_IDS => self.ids.push(*id),
                Reply::ProcessId(_) => {}
                Reply::Cleared => self.cleared = true,
                Reply::Star(star) => {
                    self.counter = Some(star.etb_counter);
                    self.answers += 1;
                }
                // The first line of `~HS` says nothing of the head: the second ends the answer.
                Reply::Status(_) | Reply::Zpl(Zpl::Second { .. }) => self.answers += 1,
                Reply::Automatic(_) | Reply::Zpl(Zpl::First { .. }) => {}
            }
            let asked = self.asked;
            self.state.send_if_modified(|known| {
                let mut learned = known.clone();
                learned.learn(&reply, asked);
                replace(known, learned)
            });
        }
        Ok(())
    }

    fn hang_up(&mut self, error: &io::Error) {
        self.link = None;
        let down = PrinterState::down(format!("{}: {error}", self.address));
        self.state.send_if_modified(|known| replace(known, down));
    }
}

fn replace(known: &mut PrinterState, learned: PrinterState) -> bool {
    let changed = *known != learned;
    *known = learned;
    changed
}

fn mark(role: u8, [a, b, c]: [u8; 3]) -> [u8; 4] {
    [role, a, b, c]
}

fn question(language: Language, n: u8) -> [u8; 3] {
    match language {
        Language::Escpos => escpos::ask_status(n),
        Language::Star => star::ASK_STATUS,
        Language::Zpl => zpl::ASK_STATUS,
    }
}
