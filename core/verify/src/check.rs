//! The check itself: seal, certificates, checkpoints, chain, numbers, clock, commands, and what was seen before.

use std::collections::{BTreeMap, BTreeSet};

use minicbor::Decoder;

use crate::format::{Batch, Begin, Hash, Header, Id, Part, Seal, Stream, hex, is_signed, sha256};
use crate::{Asked, Finding, Report, Summary, time};

/// Where a record is this wrong, more says nothing more.
pub const MAX_FINDINGS: usize = 100;
const MAX_ENTRY_BYTES: usize = 64 * 1024;
const MINUTE_MS: i64 = 60_000;
/// So much later than its minute a reading may be written without being marked as late.
const LATE_MS: i64 = 10 * MINUTE_MS;
/// So far ahead of its writing a reading may lie: clocks of two devices differ.
const AHEAD_MS: i64 = 6 * MINUTE_MS;
const MINUTE_READ: u64 = 0x0610;
const READING_RECORDED: u64 = 0x0615;

/// How far the check has come in a stream.
struct Walk {
    stream: Stream,
    part: Part,
    key: Option<Vec<u8>>,
    seq: u64,
    /// None after a gap, until a signed checkpoint tells it again.
    chain: Option<Hash>,
    hlc: u64,
    closed: u64,
    /// Of a command that is not complete: its id, and the next entry's `rest`.
    open: Option<(Id, u64)>,
    /// The last minute was written late and did not say so. One alone is a clock that was set forward within it.
    stale: bool,
    summary: Summary,
}

struct Check<'a> {
    asked: &'a Asked,
    numbers: BTreeSet<u64>,
    begin: Option<Begin>,
    walks: BTreeMap<Stream, Walk>,
    /// Chains at the numbers that were seen before.
    at: BTreeMap<(Stream, u64), Hash>,
    report: Report,
}

pub fn verify(record: &[u8], asked: &Asked) -> Report {
    let (report, walks, at) = (Report::default(), BTreeMap::new(), BTreeMap::new());
    let numbers = asked.seen.iter().map(|(_, seq, _)| *seq).collect();
    let mut check = Check { asked, numbers, begin: None, walks, at, report };
    let mut d = Decoder::new(record);
    loop {
        let before = record.get(..d.position()).unwrap_or_default();
        match check.item(&mut d, before) {
            Ok(true) => {}
            Ok(false) if d.position() == record.len() => break,
            Ok(false) => break check.add("seal", None, 0, "the file goes on after its seal"),
            Err(_) => {
                let words = format!("from byte {} on this is no record: changed or cut off", before.len());
                break check.add("unreadable", None, 0, words);
            }
        }
    }
    check.end();
    check.report
}

impl Check<'_> {
    /// Reads an item; false at the last one.
    fn item(&mut self, d: &mut Decoder<'_>, before: &[u8]) -> Result<bool, minicbor::decode::Error> {
        let length = d.array()?;
        match (length, d.u8()?, self.begin.take()) {
            (Some(2), 0, None) => {
                let begin: Begin = d.decode()?;
                if begin.format != "trivet record 1" {
                    return Err(minicbor::decode::Error::message("another format"));
                }
                self.begin(&begin);
                self.begin = Some(begin);
            }
            (Some(2), number @ (1 | 2), Some(begin)) => {
                self.begin = Some(begin);
                match number {
                    1 => self.batch(&d.decode()?),
                    _ => d.skip()?,
                }
            }
            (Some(2), 3, Some(begin)) => {
                let seal: Seal = d.decode()?;
                let writer = begin.certificates.iter().find(|c| c.origin() == begin.writer && c.is_signed(&begin.root));
                let signed = [b"trivet record 1", &sha256(&[before])[..]];
                if !writer.is_some_and(|writer| is_signed(&writer.public_key, &signed, &seal.signature)) {
                    self.add("seal", None, 0, "the file was changed after it was written: its seal does not fit");
                }
                return Ok(false);
            }
            _ => return Err(minicbor::decode::Error::message("no item of a record")),
        }
        Ok(true)
    }

    fn add(&mut self, code: &'static str, stream: Option<Stream>, seq: u64, words: impl Into<String>) {
        let goes_on =
            |f: &Finding| seq > 0 && (f.last.saturating_add(1) == seq || matches!(code, "rolled-back" | "fork"));
        let findings = &mut self.report.findings;
        let is_full = findings.len() >= MAX_FINDINGS;
        match findings.iter_mut().rev().find(|f| f.code == code && f.stream == stream) {
            Some(before) if goes_on(before) => before.last = seq,
            _ if is_full => {}
            _ => findings.push(Finding { code, stream, first: seq, last: seq, words: words.into() }),
        }
    }

    fn begin(&mut self, begin: &Begin) {
        self.report.root = hex(&sha256(&[&begin.root])[..]);
        if self.asked.root.as_ref().is_some_and(|wanted| !self.report.root.starts_with(wanted)) {
            self.add("root", None, 0, "this is another organisation's root");
        }
        if begin.restored == Some(true) {
            self.add("fork", None, 0, "the box says that the relay holds another history of it: restored or cloned");
        }
        let mut keys: BTreeMap<Id, Vec<u8>> = BTreeMap::new();
        for c in &begin.certificates {
            if c.is_signed(&begin.root) && c.tenant == begin.tenant && (c.kind == 1 || c.location == begin.location) {
                keys.insert(c.origin(), c.public_key.to_vec());
                self.report.letters.insert(c.origin().into(), c.letter.clone());
            } else {
                self.add("certificate", None, 0, format!("that of box {} is not the root's for here", c.letter));
            }
        }
        let [from, to] = [begin.from, begin.to].map(|at| at.map_or_else(|| "…".into(), |at| time(at.cast_unsigned())));
        let (place, written) = (begin.place.as_deref().unwrap_or("?"), time(begin.written.cast_unsigned()));
        self.report.about = format!("{place}, from {from} to {to}, written {written} by {}", begin.software);
        for part in &begin.parts {
            let (stream, key) = (part.stream, keys.get(&part.stream.0));
            if key.is_none() {
                self.add("stranger", Some(stream), 0, "nobody certified the box that wrote this");
            }
            if self.walks.contains_key(&stream) || (stream.1 != begin.location && stream.1 != begin.tenant) {
                self.add("spliced", Some(stream), 0, "listed twice, or of another place");
            }
            for checkpoint in part.begin.iter().chain([&part.head]) {
                if key.is_some_and(|key| !checkpoint.is_signed(key, &stream)) {
                    self.add("signature", Some(stream), checkpoint.seq, "its box did not sign this checkpoint");
                }
            }
            let (seq, chain, closed) = part.begin.as_ref().map_or((0, stream.start(), 0), |c| (c.seq, c.chain, c.hlc));
            self.see(stream, seq, chain);
            self.see(stream, part.head.seq, part.head.chain);
            let (part, key, chain, summary) = (part.clone(), key.cloned(), Some(chain), Summary::default());
            let walk = Walk { stream, part, key, seq, chain, hlc: 0, closed, open: None, stale: false, summary };
            self.walks.insert(stream, walk);
        }
    }

    fn see(&mut self, stream: Stream, seq: u64, chain: Hash) {
        if self.numbers.contains(&seq) {
            self.at.insert((stream, seq), chain);
        }
    }

    fn batch(&mut self, batch: &Batch) {
        let (some, first) = (Some(batch.stream), batch.first);
        let Some(mut walk) = self.walks.remove(&batch.stream) else {
            return self.add("spliced", some, first, "entries of a stream that the record does not list");
        };
        let expected = walk.seq.saturating_add(1);
        if first > expected {
            self.add("gap", some, expected, format!("entries {expected} to {} are missing", first - 1));
            (walk.seq, walk.chain, walk.open) = (first - 1, None, None);
        }
        if first <= walk.seq {
            self.add("order", some, first, format!("comes after entry {}", walk.seq));
        } else {
            batch.entries.iter().for_each(|raw| self.entry(&mut walk, raw));
            self.close(&mut walk, batch);
        }
        self.walks.insert(batch.stream, walk);
    }

    /// Goes on by one entry, and says what does not fit.
    fn entry(&mut self, walk: &mut Walk, raw: &[u8]) {
        let (some, expected, open) = (Some(walk.stream), walk.seq.saturating_add(1), walk.open.take());
        walk.chain = walk.chain.map(|chain| sha256(&[&chain[..], &sha256(&[b"trivet entry 1", raw])[..]]));
        walk.chain.iter().for_each(|chain| self.see(walk.stream, expected, *chain));
        walk.seq = expected;
        walk.summary.entries += 1;
        let mut d = Decoder::new(raw);
        let Some(header) = d.decode::<Header>().ok().filter(|_| raw.len() <= MAX_ENTRY_BYTES) else {
            return self.add("entry", some, expected, "does not read");
        };
        if header.stream != walk.stream {
            let of = header.stream.name();
            return self.add("spliced", some, expected, format!("was written into another stream: {of}"));
        }
        if header.seq < expected {
            walk.seq = expected - 1;
            return self.add("order", some, header.seq, format!("comes after entry {}", expected - 1));
        }
        if header.seq > expected {
            walk.seq = header.seq;
            self.add("gap", some, expected, format!("entry {} stands in its place: dropped or moved", header.seq));
        } else if open.is_some_and(|open| open != (header.command, header.rest)) {
            self.add("command", some, expected, "the command before is not complete");
        }
        let ms = header.hlc >> 16;
        if header.hlc <= walk.hlc {
            self.add("clock", some, header.seq, format!("its clock, {}, does not go on from the last", time(ms)));
        }
        walk.hlc = walk.hlc.max(header.hlc);
        walk.open = header.rest.checked_sub(1).map(|rest| (header.command, rest));
        let (from, to) = walk.summary.period.unwrap_or((ms, ms));
        walk.summary.period = Some((from.min(ms), to.max(ms)));
        if let Some((of, late)) = told(header.kind, raw.get(d.position()..).unwrap_or_default()) {
            self.when(walk, &header, of, late);
        }
    }

    /// Compares the time that a reading tells of with the time at which it was written.
    fn when(&mut self, walk: &mut Walk, header: &Header, of: i64, late: bool) {
        let written = header.hlc >> 16;
        let behind = written.cast_signed().saturating_sub(of);
        let words = format!("tells of {}, was written {}", time(of.cast_unsigned()), time(written));
        let is_minute = header.kind == MINUTE_READ;
        let stale = is_minute && header.quality > 0 && behind > LATE_MS && !late;
        let goes_on = walk.stale;
        walk.stale = stale || (goes_on && !is_minute);
        if header.quality == 0 {
            walk.summary.unset += 1;
        } else if behind < -AHEAD_MS {
            self.add("future", Some(walk.stream), header.seq, words);
        } else if stale && goes_on {
            self.add("backdated", Some(walk.stream), header.seq, format!("the clock was set back: {words}"));
        } else if behind > LATE_MS || late {
            walk.summary.late += 1;
        }
    }

    /// Compares the entries with the checkpoint behind them.
    fn close(&mut self, walk: &mut Walk, batch: &Batch) {
        let (some, first, last, checkpoint) = (Some(walk.stream), batch.first, walk.seq, &batch.checkpoint);
        let signed = walk.key.as_ref().is_some_and(|key| checkpoint.is_signed(key, &walk.stream));
        if !signed {
            self.add("signature", some, checkpoint.seq, "its box did not sign this checkpoint");
        }
        if checkpoint.seq != last {
            let words = format!("that of entry {} closes entries {first} to {last}", checkpoint.seq);
            self.add("checkpoint", some, last, words);
        }
        if walk.chain.is_some_and(|chain| chain != checkpoint.chain) {
            let words = format!("entries {first} to {last} are not what was signed: one was changed, dropped or moved");
            self.add("chain", some, last, words);
        }
        if checkpoint.hlc < walk.hlc.max(walk.closed) {
            self.add("clock", some, checkpoint.seq, "a checkpoint is older than what it closes");
        }
        if walk.open.take().is_some() {
            self.add("command", some, last, "the entries end inside a command");
        }
        walk.closed = walk.closed.max(checkpoint.hlc);
        if signed && checkpoint.seq == last {
            walk.chain = Some(checkpoint.chain);
            self.report.heads.push((some, last, hex(&checkpoint.chain[..])));
        }
    }

    fn end(&mut self) {
        for (stream, walk) in std::mem::take(&mut self.walks) {
            let (some, seq, last, head) = (Some(stream), walk.seq, walk.part.last, &walk.part.head);
            if seq != last || last > head.seq {
                let words = format!("the record ends at {seq}, should end at {last}; the box holds {}", head.seq);
                self.add("cut", some, 0, words);
            } else if seq == head.seq && walk.chain.is_some_and(|chain| chain != head.chain) {
                self.add("fork", some, seq, "the box signed another chain for this entry");
            }
            let chain = walk.chain.map(|chain| hex(&chain[..])).unwrap_or_default();
            let begin = walk.part.begin.map(|c| (c.seq, c.hlc >> 16));
            let summary = Summary { begin, last: seq, chain, head: head.seq, held: walk.part.held, ..walk.summary };
            self.report.streams.insert(stream, summary);
        }
        for (stream, seq, chain) in &self.asked.seen {
            let is_meant = |of: &Stream| stream.is_none_or(|stream| stream == *of);
            let here: Vec<&Hash> =
                self.at.iter().filter(|((of, at), _)| at == seq && is_meant(of)).map(|(_, chain)| chain).collect();
            if here.iter().any(|here| hex(&here[..]).starts_with(chain)) {
                self.report.compared += 1;
            } else if !here.is_empty() {
                self.add("fork", *stream, *seq, "this is another history than the one that was seen before");
            } else if self.report.streams.iter().any(|(of, s)| is_meant(of) && s.head >= *seq) {
                self.report.not_compared += 1;
            } else {
                self.add("rolled-back", *stream, *seq, "was seen before and is gone: the record was rolled back");
            }
        }
    }
}

/// The field of a minute that says that it is late.
const LATE: u64 = 5;

/// The end of the time that a reading tells of, and whether it says itself that it is late.
fn told(kind: u64, body: &[u8]) -> Option<(i64, bool)> {
    let mut d = Decoder::new(body);
    let length = d.array().ok()??;
    if kind == READING_RECORDED {
        d.skip().and_then(|()| d.skip()).ok()?;
        return Some((d.i64().ok()?, false));
    }
    let end = (kind == MINUTE_READ).then(|| d.i64().ok())??.checked_add(1)?.checked_mul(MINUTE_MS)?;
    (1..length.min(LATE)).try_for_each(|_| d.skip()).ok()?;
    Some((end, length > LATE && d.datatype().ok()? != minicbor::data::Type::Null))
}
