//! What is said on a line, without the line: bytes and commands in, frames and reports out.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use trivet_wire::{Down, Frame, Hello, MAJOR, Quality, Reader, Rom, Scratchpad, Up};

use super::update::{Update, Wants};
use super::{Counts, Device, Line, LineCommand, MOST_WAITING, Report};
use crate::probe::{NoData, Raw, Sample, Source, Value, w1};

/// How often the box gives its time; a device takes it for gone after 30 s.
const TIME_EVERY: Duration = Duration::from_secs(10);
/// By how much the box's time may be wrong when it arrives: the way through the line.
const TIME_ERR_MS: u32 = 100;
/// A replay that has brought nothing after this is asked for again.
const ASK_AGAIN: Duration = Duration::from_secs(1);
/// A device that says nothing for so long is gone: it says hello in answer to each time.
const SILENT_AFTER: Duration = Duration::from_secs(25);
const COUNTS_EVERY: Duration = Duration::from_secs(5);

pub(super) struct Talk {
    line: Line,
    reader: Reader,
    frames: VecDeque<Frame>,
    reports: VecDeque<Report>,
    boot: Option<u32>,
    /// The number of the reading to come.
    next: u32,
    /// The device has readings from `next` on, as far as it said.
    announced: u32,
    /// Wall time of the device's start, by the last hello.
    started_ms: i64,
    told: Option<Device>,
    counterfeits: BTreeSet<Rom>,
    counts: Counts,
    counts_told: (Counts, Option<Instant>),
    /// No replay was asked for since the line was opened.
    fresh: bool,
    /// Another major version speaks.
    foreign: bool,
    asked: Option<Instant>,
    /// When the last reading was taken.
    progress: Option<Instant>,
    time_due: Option<Instant>,
    heard: Option<Instant>,
    line_told: Option<bool>,
    update: Update,
}

impl Talk {
    pub(super) fn new(line: Line) -> Talk {
        Talk {
            line,
            reader: Reader::default(),
            frames: VecDeque::new(),
            reports: VecDeque::new(),
            boot: None,
            next: 1,
            announced: 1,
            started_ms: 0,
            told: None,
            counterfeits: BTreeSet::new(),
            counts: Counts::default(),
            counts_told: (Counts::default(), None),
            fresh: true,
            foreign: false,
            asked: None,
            progress: None,
            time_due: None,
            heard: None,
            line_told: None,
            update: Update::default(),
        }
    }

    pub(super) fn opened(&mut self, now: Instant) {
        self.reader = Reader::default();
        self.frames.clear();
        (self.fresh, self.foreign, self.asked) = (true, false, None);
        self.heard = Some(now);
        self.give_time(now);
    }

    pub(super) fn closed(&mut self, why: String) {
        if self.line_told != Some(false) {
            self.line_told = Some(false);
            self.reports.push_back(Report::Line(Err(why)));
        }
    }

    pub(super) fn has_reports(&self) -> bool {
        !self.reports.is_empty()
    }

    pub(super) fn waiting(&self) -> usize {
        self.reports.len()
    }

    pub(super) fn next_report(&mut self) -> Option<Report> {
        self.reports.pop_front()
    }

    pub(super) fn next_frame(&mut self) -> Option<Frame> {
        self.frames.pop_front()
    }

    /// All that waits.
    pub(super) async fn deliver(&mut self, reports: &mpsc::Sender<Report>) {
        while let Some(report) = self.reports.pop_front() {
            if reports.send(report).await.is_err() {
                return;
            }
        }
    }

    fn say(&mut self, message: &Down<'_>) {
        self.frames.extend(Frame::down(message));
    }

    fn give_time(&mut self, now: Instant) {
        let utc_ms = (self.line.wall)();
        self.say(&Down::Time { utc_ms, err_ms: TIME_ERR_MS });
        self.time_due = Some(now + TIME_EVERY);
    }

    fn want(&mut self, wants: Wants) {
        self.frames.extend(wants.frame);
        self.reports.extend(wants.told.map(Report::Update));
    }

    pub(super) fn heard(&mut self, bytes: &[u8], now: Instant) {
        for byte in bytes {
            let message = match self.reader.push(*byte) {
                None => continue,
                Some(Ok(message)) => message.to_vec(),
                Some(Err(_)) => {
                    self.counts.damaged += 1;
                    continue;
                }
            };
            match (Up::major_of(&message), Up::read(&message)) {
                (Some(major), _) if major != MAJOR => self.refuse(major),
                (_, Some(up)) if !self.foreign || matches!(up, Up::Hello(_)) => {
                    self.heard = Some(now);
                    self.message(&up, now);
                }
                (_, Some(_)) => {}
                (_, None) => self.counts.damaged += 1,
            }
        }
    }

    fn refuse(&mut self, major: u8) {
        self.foreign = true;
        self.closed(format!(
            "{}: the sensor speaks version {major} of the protocol, this box version {MAJOR}: update the older one",
            self.line.path
        ));
    }

    fn message(&mut self, up: &Up<'_>, now: Instant) {
        match *up {
            Up::Hello(hello) => self.hello(&hello, now),
            Up::Sample { boot, .. } | Up::Replaying { boot, .. } | Up::LogEnd { boot, .. }
                if Some(boot) != self.boot => {}
            Up::Sample { boot, seq, uptime_ms, rom, raw, milli_c, quality } => {
                if seq < self.next {
                    self.counts.duplicates += 1;
                } else if seq > self.next {
                    self.announced = self.announced.max(seq.saturating_add(1));
                    self.counts.missed += u64::from(self.ask(now));
                } else {
                    self.next = seq.saturating_add(1);
                    (self.asked, self.progress) = (None, Some(now));
                    self.take(Source { boot, seq }, uptime_ms, rom, raw, (milli_c, quality));
                }
            }
            Up::Replaying { boot, from } if from > self.next => {
                let (first, last) = (self.next, from - 1);
                self.reports.push_back(Report::Lost { boot, first, last });
                self.next = from;
            }
            Up::Replaying { .. } => {}
            Up::LogEnd { next, .. } => {
                self.announced = next;
                if next > self.next {
                    self.counts.missed += u64::from(self.ask(now));
                }
            }
            Up::Fault { fault, .. } => self.reports.push_back(Report::Fault(fault)),
            Up::UpdateStatus { phase, next_block, .. } => {
                let wants = self.update.answered(phase, next_block, now);
                self.want(wants);
            }
        }
    }

    fn hello(&mut self, hello: &Hello<'_>, now: Instant) {
        self.foreign = false;
        if self.line_told != Some(true) {
            self.line_told = Some(true);
            self.reports.push_back(Report::Line(Ok(())));
        }
        if hello.boot == 0 {
            return self.give_time(now);
        }
        let restarted = self.boot.is_some_and(|boot| boot != hello.boot);
        if self.boot != Some(hello.boot) {
            self.begin(hello);
        }
        self.started_ms = (self.line.wall)().saturating_sub(i64::try_from(hello.uptime_ms).unwrap_or_default());
        self.announced = hello.next;
        self.tell(hello);
        let wants = self.update.runs(hello.running, hello.trial, restarted, hello.firmware);
        self.want(wants);
        let (period_s, resolution_bits) = (self.line.period_s, self.line.resolution_bits);
        if (hello.period_s, hello.resolution_bits) != (period_s, resolution_bits) {
            self.say(&Down::Config { period_s, resolution_bits });
        }
        if self.fresh || restarted || !hello.streaming {
            // Without our time a device that has just said hello by itself would not listen on.
            if !hello.streaming {
                self.give_time_if_late(now);
            }
            self.fresh = false;
            self.asked = None;
            self.ask(now);
        }
    }

    fn give_time_if_late(&mut self, now: Instant) {
        let just_given = self.time_due.is_some_and(|due| due > now + TIME_EVERY - ASK_AGAIN);
        if !just_given {
            self.give_time(now);
        }
    }

    /// The first hello of a start of the device.
    fn begin(&mut self, hello: &Hello<'_>) {
        self.boot = Some(hello.boot);
        self.counterfeits.clear();
        match self.line.since.filter(|since| since.boot == hello.boot) {
            Some(since) => {
                self.next = since.seq.saturating_add(1);
                self.say(&Down::Ack { boot: since.boot, upto: since.seq });
            }
            None => self.next = hello.oldest,
        }
    }

    fn tell(&mut self, hello: &Hello<'_>) {
        let device = Device {
            serial: hello.serial,
            firmware: hello.firmware.to_owned(),
            hardware: hello.hardware.to_owned(),
            boot: hello.boot,
            reset_cause: hello.reset_cause,
            probes: hello.probes,
            battery_percent: hello.battery_percent,
            running: hello.running,
            trial: hello.trial,
        };
        if self.told.as_ref() != Some(&device) {
            self.told = Some(device.clone());
            self.reports.push_back(Report::Device(device));
        }
    }

    /// From the first reading that is missing; not again while an answer may be under way.
    fn ask(&mut self, now: Instant) -> bool {
        let under_way = self.asked.is_some_and(|asked| now - asked < ASK_AGAIN);
        let Some(boot) = self.boot.filter(|_| !under_way) else { return false };
        self.asked = Some(now);
        self.say(&Down::Replay { boot, from: self.next });
        true
    }

    fn take(&mut self, source: Source, uptime_ms: u64, rom: Rom, raw: Scratchpad, said: (Option<i32>, Quality)) {
        let input = self.line.names.get(&rom).cloned().unwrap_or_else(|| name(rom));
        let value = self.judge(rom, raw, said);
        if said.1 == Quality::Counterfeit && self.counterfeits.insert(rom) {
            self.reports.push_back(Report::Counterfeit { input: input.clone() });
        }
        let taken_ms = i64::try_from(uptime_ms).ok().map(|uptime_ms| self.started_ms.saturating_add(uptime_ms));
        let battery_percent = self.told.as_ref().and_then(|device| device.battery_percent);
        self.reports.push_back(Report::Sample(Sample {
            raw: Raw::of(&raw),
            taken_ms,
            source: Some(source),
            battery_percent,
            ..Sample::new(input, value)
        }));
    }

    /// The bytes are decoded again: what they do not say is not taken.
    fn judge(&mut self, rom: Rom, raw: Scratchpad, (milli_c, quality): (Option<i32>, Quality)) -> Value {
        let family = rom.first().copied().unwrap_or_default();
        let ours = w1::of_bytes(family, raw);
        let why = match quality {
            Quality::Good | Quality::Counterfeit => match (ours, milli_c) {
                (Ok(ours), Some(theirs)) if ours == theirs => return Ok(ours),
                _ => {
                    self.counts.contradicted += 1;
                    return Err(NoData::Malformed);
                }
            },
            Quality::Crc => NoData::Crc,
            Quality::PowerOnReset => NoData::PowerOnReset,
            Quality::InsufficientPower => NoData::InsufficientPower,
            Quality::Disconnected => NoData::Disconnected,
            Quality::AllZero | Quality::Short => NoData::AllZero,
            Quality::Range => NoData::OutOfRange,
        };
        self.counts.contradicted += u64::from(ours.is_ok());
        Err(why)
    }

    pub(super) fn command(&mut self, command: LineCommand, now: Instant) {
        match command {
            LineCommand::Ack(source) => {
                if self.boot == Some(source.boot) {
                    self.line.since = Some(source);
                    self.say(&Down::Ack { boot: source.boot, upto: source.seq });
                }
            }
            LineCommand::Configure { period_s, resolution_bits } => {
                (self.line.period_s, self.line.resolution_bits) = (period_s, resolution_bits);
                self.say(&Down::Config { period_s, resolution_bits });
            }
            LineCommand::Identify => self.say(&Down::Identify),
            LineCommand::Update(images) => {
                let wants = match &self.told {
                    Some(device) => self.update.begin(&images, &device.hardware, device.running, now),
                    None => Wants::refused("no device has been heard on this line"),
                };
                self.want(wants);
            }
            LineCommand::CancelUpdate => {
                let wants = self.update.cancel();
                self.want(wants);
            }
        }
    }

    pub(super) fn tick(&mut self, now: Instant) {
        if self.time_due.is_none_or(|due| now >= due) && !self.foreign {
            self.give_time(now);
        }
        // The line is not read until these are taken, so that nothing is heard on it says nothing of the sensor.
        if self.reports.len() >= MOST_WAITING {
            self.heard = Some(now);
            return;
        }
        // While they come one after the other, none is missing.
        let stalled = self.progress.is_none_or(|progress| now - progress >= ASK_AGAIN);
        if self.announced > self.next && stalled && !self.fresh && !self.foreign {
            self.counts.missed += u64::from(self.ask(now));
        }
        if self.heard.is_some_and(|heard| now - heard >= SILENT_AFTER) && self.line_told != Some(false) {
            let why = format!("{}: nothing is heard of the sensor", self.line.path);
            self.closed(why);
        }
        let wants = self.update.tick(now);
        self.want(wants);
        let (told, at) = self.counts_told;
        if told != self.counts && at.is_none_or(|at| now - at >= COUNTS_EVERY) {
            self.counts_told = (self.counts, Some(now));
            self.reports.push_back(Report::Counts(self.counts));
        }
    }
}

/// As the kernel writes it: family, then the serial number from its highest byte.
pub(super) fn name(rom: Rom) -> String {
    let [family, a, b, c, d, e, f, _] = rom;
    format!("{family:02x}-{f:02x}{e:02x}{d:02x}{c:02x}{b:02x}{a:02x}")
}
