//! A whole sensor: what it measures goes into the log, what the log holds goes to the box when the box asks for it.
//!
//! The box gives its time; the sensor answers with a hello; the box says from which number it wants the readings; then
//! they are sent one after the other, old and new, until the box has been silent for [`SILENCE_MS`]. The log forgets
//! only what the box acknowledged.

use embedded_hal::delay::DelayNs;
use embedded_hal::digital::{InputPin, OutputPin};
use embedded_io::{Read, ReadReady, Write, WriteReady};
use embedded_storage::nor_flash::NorFlash;
use trivet_wire::{Down, Fault, Frame, Hello, MAJOR, MINOR, Phase, ResetCause, Up};

use crate::line::OneWire;
use crate::link::Link;
use crate::log::{Entry, Log};
use crate::probes::{Probes, Step};
use crate::slots::Start;
use crate::update::Updater;

/// The box gives its time each ten seconds; after this it is taken to be away.
pub const SILENCE_MS: u64 = 30_000;
/// How long the lamp shows which sensor it is.
pub const IDENTIFY_MS: u64 = 10_000;
/// An image on trial that has not proved itself by then starts the board again.
pub const TRIAL_MS: u64 = 300_000;
/// A flash that does not take the word that the image stays is asked again after this: each time wears it.
const CONFIRM_EVERY_MS: u64 = 1_000;
const HELLO_EVERY_MS: u64 = 1_000;
/// The line has this long to carry the last frame before a restart.
const FAREWELL_MS: u64 = 300;
/// No start ends itself sooner. Where the box's time numbers starts by the second, two that follow each other so have two
/// numbers, though the line may carry that time up to half a second later to the one than to the other. A start that
/// gave a reading lasts longer anyhow.
const SHORTEST_MS: u64 = 1_500;
/// Frames in one poll.
const MOST_FRAMES: usize = 8;
const MOST_FAULTS: usize = 8;
const DEFAULT_PERIOD_S: u16 = 60;
const DEFAULT_RESOLUTION: u8 = 12;
/// 2020-01-01: a start counts its seconds from then, where nothing else numbers it.
const EPOCH_S: i64 = 1_577_836_800;

/// What a board knows of itself.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    /// At most 16 bytes.
    pub firmware: &'static str,
    /// At most 12 bytes.
    pub hardware: &'static str,
    pub serial: [u8; 8],
    /// Which start this is, if the board counts them. Otherwise the first time that the box gives numbers it.
    pub boot: Option<u32>,
    pub reset_cause: ResetCause,
    /// Whose signature on an image is right.
    pub key: Option<[u8; 32]>,
}

/// What a board does after a poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pulse {
    /// When to poll again, if no byte comes before.
    pub wake_ms: u64,
    /// The watchdog may be fed: measurements are made in their time.
    pub healthy: bool,
    /// The lamp shows which sensor this is.
    pub identify: bool,
    /// Start again, now.
    pub restart: bool,
}

pub struct Device<'a, P, D, S, F, const N: usize> {
    identity: Identity,
    probes: Probes<P, D>,
    log: &'a mut Log<N>,
    link: Link<S>,
    updater: Updater<F>,
    state: State,
}

struct State {
    boot: u32,
    /// Began to run, by the board's clock.
    begun_ms: u64,
    heard_ms: Option<u64>,
    hello_at_ms: u64,
    /// The number to be sent next, once the box has asked.
    cursor: Option<u32>,
    replaying: bool,
    end_due: bool,
    status_due: bool,
    faults: [Option<Fault>; MOST_FAULTS],
    overrun: u32,
    identify_until_ms: u64,
    /// The last time that a period ended.
    period_ended_ms: u64,
    measured: bool,
    /// An image on trial is confirmed then, or later.
    confirm_at_ms: u64,
    restart_at_ms: Option<u64>,
    battery_percent: Option<u8>,
}

impl<'a, P, D, S, F, const N: usize> Device<'a, P, D, S, F, N>
where
    P: InputPin + OutputPin,
    D: DelayNs,
    S: Read + ReadReady + Write + WriteReady,
    F: NorFlash,
{
    /// `start` is what [`crate::slots::start`] decided on the same flash.
    pub fn new(
        identity: Identity,
        line: OneWire<P, D>,
        log: &'a mut Log<N>,
        serial: S,
        flash: F,
        start: Start,
        now_ms: u64,
    ) -> Device<'a, P, D, S, F, N> {
        let mut state = State {
            boot: identity.boot.unwrap_or_default(),
            begun_ms: now_ms,
            heard_ms: None,
            hello_at_ms: now_ms,
            cursor: None,
            replaying: false,
            end_due: false,
            status_due: start.trial || start.rolled_back,
            faults: [None; MOST_FAULTS],
            overrun: 0,
            identify_until_ms: 0,
            period_ended_ms: now_ms,
            measured: false,
            confirm_at_ms: now_ms,
            restart_at_ms: None,
            battery_percent: None,
        };
        if start.rolled_back {
            state.tell(Fault::RolledBack);
        }
        Device {
            identity,
            probes: Probes::new(line, DEFAULT_PERIOD_S, DEFAULT_RESOLUTION, now_ms),
            log,
            link: Link::new(serial),
            updater: Updater::new(flash, identity.key, identity.hardware, start),
            state,
        }
    }

    /// To be called at [`Pulse::wake_ms`], and whenever bytes have come. `now_ms` never goes back.
    pub fn poll(&mut self, now_ms: u64, battery_percent: Option<u8>) -> Pulse {
        self.state.battery_percent = battery_percent;
        self.receive(now_ms);
        self.measure(now_ms);
        self.prove(now_ms);
        let more = self.send(now_ms);
        self.pulse(now_ms, more)
    }

    fn receive(&mut self, now_ms: u64) {
        let Device { identity: _, probes, log, link, updater, state } = self;
        link.receive(|message| {
            // Whatever the box says proves that it is there only if it is readable.
            state.heard_ms = Some(now_ms);
            match message {
                Down::Time { utc_ms, .. } => {
                    if state.boot == 0 {
                        let begun_ms = utc_ms.saturating_sub_unsigned(now_ms - state.begun_ms);
                        state.boot = u32::try_from(begun_ms.div_euclid(1_000) - EPOCH_S).unwrap_or(1).max(1);
                    }
                    state.hello_at_ms = now_ms;
                }
                Down::Ack { boot, upto } if boot == state.boot && boot != 0 => {
                    log.acknowledge(upto);
                }
                Down::Ack { .. } => {}
                Down::Replay { boot, from } if state.boot != 0 => {
                    let wanted = if boot == state.boot { from } else { 0 };
                    // A number that was not given yet is the one to come.
                    state.cursor = Some(wanted.clamp(log.oldest(), log.next()));
                    state.replaying = true;
                    state.end_due = true;
                }
                Down::Replay { .. } => {}
                Down::Config { period_s, resolution_bits } => {
                    if probes.configure(period_s, resolution_bits, now_ms) {
                        state.period_ended_ms = now_ms;
                        state.hello_at_ms = now_ms;
                    } else {
                        state.tell(Fault::ConfigRefused { period_s, resolution_bits });
                    }
                }
                Down::Identify => state.identify_until_ms = now_ms + IDENTIFY_MS,
                Down::Begin { manifest } => updater.begin(manifest),
                Down::Sign { signature } => updater.sign(signature),
                Down::Block { n, bytes } => updater.block(n, bytes),
                Down::Commit => {
                    updater.commit();
                    if updater.phase() == Phase::Committed {
                        let soonest = (now_ms + FAREWELL_MS).max(state.begun_ms + SHORTEST_MS);
                        state.restart_at_ms = state.restart_at_ms.or(Some(soonest));
                    }
                }
                Down::Abort => updater.abort(),
            }
            state.status_due |= matches!(
                message,
                Down::Begin { .. } | Down::Sign { .. } | Down::Block { .. } | Down::Commit | Down::Abort
            );
        });
        if state.heard_ms.is_none_or(|heard| now_ms.saturating_sub(heard) > SILENCE_MS) {
            state.heard_ms = None;
            state.cursor = None;
        }
    }

    fn measure(&mut self, now_ms: u64) {
        let Device { probes, log, state, .. } = self;
        if let Step::PeriodEnded = probes.poll(now_ms, |fault| state.tell(fault)) {
            state.period_ended_ms = now_ms;
            state.measured = true;
            let uptime_ms = now_ms - state.begun_ms;
            let mut overrun = 0;
            probes.take(
                |fault| state.tell(fault),
                |reading| {
                    let entry = Entry::new(uptime_ms, &reading.rom, reading.raw, reading.quality);
                    overrun += u32::from(log.push(entry));
                },
            );
            state.overrun = state.overrun.saturating_add(overrun);
            // What was overwritten cannot be sent any more.
            state.cursor = state.cursor.map(|cursor| cursor.max(log.oldest()));
        }
    }

    /// An image on trial has proved itself when it has measured and was heard by the box, and the flash has taken it.
    fn prove(&mut self, now_ms: u64) {
        let Device { updater, state, .. } = self;
        if !updater.is_trial() {
            return;
        }
        if now_ms - state.begun_ms > TRIAL_MS {
            state.restart_at_ms = Some(now_ms);
        } else if state.measured && state.cursor.is_some() && now_ms >= state.confirm_at_ms {
            state.confirm_at_ms = now_ms + CONFIRM_EVERY_MS;
            updater.confirm();
            state.status_due |= !updater.is_trial();
        }
    }

    /// Whether there is more to send at once.
    fn send(&mut self, now_ms: u64) -> bool {
        for _ in 0..MOST_FRAMES {
            if !self.link.is_free() {
                return true;
            }
            let Some(frame) = self.next_frame(now_ms) else { return false };
            self.link.send(frame);
        }
        true
    }

    fn next_frame(&mut self, now_ms: u64) -> Option<Frame> {
        let state = &mut self.state;
        let (boot, uptime_ms) = (state.boot, now_ms - state.begun_ms);
        if now_ms >= state.hello_at_ms {
            // Once the box was heard, its next time asks for the next hello.
            state.hello_at_ms = if state.heard_ms.is_some() && boot != 0 { u64::MAX } else { now_ms + HELLO_EVERY_MS };
            return Frame::up(&Up::Hello(self.hello(uptime_ms)));
        }
        if state.heard_ms.is_none() {
            state.hello_at_ms = state.hello_at_ms.min(now_ms + HELLO_EVERY_MS);
            return None;
        }
        if core::mem::take(&mut state.status_due) {
            let updater = &mut self.updater;
            let (phase, next_block) = (updater.phase(), updater.next_block());
            let (running, trial) = (updater.running(), updater.is_trial());
            updater.told();
            return Frame::up(&Up::UpdateStatus { phase, next_block, running, trial });
        }
        if let Some(fault) = state.next_fault() {
            return Frame::up(&Up::Fault { boot, uptime_ms, fault });
        }
        let cursor = state.cursor?;
        if core::mem::take(&mut state.replaying) {
            return Frame::up(&Up::Replaying { boot, from: cursor });
        }
        // What was acknowledged meanwhile is not sent any more.
        let cursor = cursor.max(self.log.oldest());
        if let Some(entry) = self.log.get(cursor) {
            state.cursor = Some(cursor + 1);
            let (raw, quality) = (entry.raw(), entry.quality());
            let (milli_c, _) = crate::ds18b20::decode(&raw);
            let (rom, uptime_ms) = (entry.rom(), entry.uptime_ms());
            return Frame::up(&Up::Sample { boot, seq: cursor, uptime_ms, rom, raw, milli_c, quality });
        }
        core::mem::take(&mut state.end_due).then(|| Frame::up(&Up::LogEnd { boot, next: cursor })).flatten()
    }

    fn hello(&self, uptime_ms: u64) -> Hello<'static> {
        Hello {
            major: MAJOR,
            minor: MINOR,
            firmware: self.identity.firmware,
            hardware: self.identity.hardware,
            serial: self.identity.serial,
            boot: self.state.boot,
            reset_cause: self.identity.reset_cause,
            uptime_ms,
            probes: self.probes.count(),
            log_len: self.log.len(),
            oldest: self.log.oldest(),
            next: self.log.next(),
            battery_percent: self.state.battery_percent,
            period_s: self.probes.period_s(),
            resolution_bits: self.probes.resolution_bits(),
            running: self.updater.running(),
            trial: self.updater.is_trial(),
            streaming: self.state.cursor.is_some(),
            damaged_frames: self.link.damaged(),
        }
    }

    fn pulse(&self, now_ms: u64, more: bool) -> Pulse {
        let state = &self.state;
        let hello = if state.hello_at_ms == u64::MAX { now_ms + HELLO_EVERY_MS } else { state.hello_at_ms };
        let late_ms = 3_000 * u64::from(self.probes.period_s()) + 10_000;
        Pulse {
            wake_ms: if more { now_ms + 1 } else { self.probes.wake_ms().min(hello).max(now_ms + 1) },
            healthy: now_ms - state.period_ended_ms < late_ms,
            identify: now_ms < state.identify_until_ms,
            restart: state.restart_at_ms.is_some_and(|at| now_ms >= at),
        }
    }
}

impl State {
    /// Of faults that wait, at most eight: the oldest goes.
    fn tell(&mut self, fault: Fault) {
        if let Some(free) = self.faults.iter_mut().find(|place| place.is_none()) {
            *free = Some(fault);
            return;
        }
        self.faults.rotate_left(1);
        if let Some(last) = self.faults.last_mut() {
            *last = Some(fault);
        }
    }

    fn next_fault(&mut self) -> Option<Fault> {
        let readings = core::mem::take(&mut self.overrun);
        if readings > 0 {
            return Some(Fault::LogOverrun { readings });
        }
        let next = self.faults.first_mut()?.take();
        self.faults.rotate_left(1);
        next
    }
}
