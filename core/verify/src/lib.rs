//! Checks an exported record of a box: certificate, seal, checkpoints, chain, numbers, clock, complete commands, and
//! that it goes on from what was seen before. Written from docs/record-format.md; it shares no code with the rest.

mod check;
mod format;

use std::collections::BTreeMap;

pub use check::{MAX_FINDINGS, verify};
pub use format::Stream;

const USAGE: &str = "usage: verify FILE [--root FINGERPRINT] [--seen FILE | --seen [ORIGIN/SCOPE/LANE/]SEQ:CHAIN]…";

/// What the checker knows beside the file.
#[derive(Default)]
pub struct Asked {
    /// How the root's fingerprint must begin.
    pub root: Option<String>,
    pub seen: Vec<Seen>,
}

/// Stream (any, if None), number, and how the chain there begins.
pub type Seen = (Option<Stream>, u64, String);

/// What is wrong, and in which entries: 0 where none is meant.
#[derive(Clone, Debug)]
pub struct Finding {
    pub code: &'static str,
    pub stream: Option<Stream>,
    pub first: u64,
    pub last: u64,
    pub words: String,
}

/// A stream, as far as the record has it.
#[derive(Debug, Default)]
pub struct Summary {
    /// Number and time of the checkpoint that it begins after.
    pub begin: Option<(u64, u64)>,
    pub last: u64,
    pub chain: String,
    /// How far the box had come when it wrote the file; how far another holds the stream, as the box says.
    pub head: u64,
    pub held: Option<u64>,
    pub entries: u64,
    pub period: Option<(u64, u64)>,
    /// Readings written with a clock that nobody had set; those written well after their time.
    pub unset: u64,
    pub late: u64,
}

#[derive(Debug, Default)]
pub struct Report {
    pub findings: Vec<Finding>,
    pub streams: BTreeMap<Stream, Summary>,
    /// Places whose chain is signed: what a later record is compared with.
    pub heads: Vec<Seen>,
    pub root: String,
    pub about: String,
    pub letters: BTreeMap<[u8; 16], String>,
    pub compared: usize,
    pub not_compared: usize,
}

impl Report {
    /// One finding a line: code, stream, first and last entry. The script gives the same.
    pub fn codes(&self) -> String {
        let stream = |f: &Finding| f.stream.map_or_else(|| "-".to_owned(), |stream| stream.name());
        self.findings.iter().map(|f| format!("{} {} {} {}\n", f.code, stream(f), f.first, f.last)).collect()
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(to, "record of {}", self.about)?;
        writeln!(to, "root fingerprint {}: is it this organisation's?", self.root)?;
        for (stream, s) in &self.streams {
            let letter = self.letters.get(&stream.0[..]).map_or("?", String::as_str);
            let lane = ["orders", "readings", "documents", "audit", "blobs"].get(usize::from(stream.2)).unwrap_or(&"?");
            let (from, until) = s.period.map_or_else(Default::default, |(from, until)| (time(from), time(until)));
            writeln!(to, "{lane} of box {letter}: {} entries, written from {from} to {until}", s.entries)?;
            if let Some((seq, at)) = s.begin {
                writeln!(to, "  begins after the checkpoint of entry {seq}, {}", time(at))?;
            }
            match s.held {
                Some(held) => writeln!(to, "  witnessed until entry {}, as the box says", held.min(s.last))?,
                None => writeln!(to, "  not witnessed: nobody else is known to hold these entries")?,
            }
            if s.unset + s.late > 0 {
                writeln!(to, "  readings written late: {}, without a set clock: {}", s.late, s.unset)?;
            }
            writeln!(to, "  fingerprint {}/{}:{}", stream.name(), s.last, s.chain)?;
        }
        if self.compared + self.not_compared > 0 {
            writeln!(to, "as seen before: {} places; outside of this record: {}", self.compared, self.not_compared)?;
        }
        for f in &self.findings {
            let stream = f.stream.map(|stream| format!(" {}", stream.name())).unwrap_or_default();
            let entries = if f.last > f.first { format!("{} to {}", f.first, f.last) } else { f.first.to_string() };
            let entries = if f.last > 0 { format!(" entry {entries}") } else { String::new() };
            writeln!(to, "WRONG ({}){stream}{entries}: {}", f.code, f.words)?;
        }
        match self.findings.len() {
            0 => writeln!(to, "GOOD: this is what the boxes wrote, whole and in order"),
            n => writeln!(to, "NOT GOOD, findings: {n}"),
        }
    }
}

/// The command: its output, and 0 for a good record, 1 for one that is not, 2 where there was nothing to check.
pub fn run(arguments: impl IntoIterator<Item = String>) -> (String, u8) {
    match try_run(arguments) {
        Ok(report) => (report.to_string(), u8::from(!report.findings.is_empty())),
        Err(error) => (error + "\n", 2),
    }
}

fn try_run(arguments: impl IntoIterator<Item = String>) -> Result<Report, String> {
    let mut arguments = arguments.into_iter();
    let (mut file, mut asked) = (None, Asked::default());
    let read = |path: &str| std::fs::read(path).map_err(|error| format!("cannot read {path}: {error}"));
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--root" => asked.root = Some(hex_of(&arguments.next().ok_or(USAGE)?)?),
            "--seen" => {
                let seen = arguments.next().ok_or(USAGE)?;
                match printed(&seen) {
                    Some(place) => asked.seen.push(place?),
                    None => asked.seen.extend(verify(&read(&seen)?, &Asked::default()).heads),
                }
                if asked.seen.is_empty() {
                    return Err(format!("{seen} holds no signed checkpoint to compare with"));
                }
            }
            _ if argument.starts_with('-') || file.is_some() => return Err(USAGE.to_owned()),
            _ => file = Some(argument),
        }
    }
    Ok(verify(&read(&file.ok_or(USAGE)?)?, &asked))
}

/// `[ORIGIN/SCOPE/LANE/]SEQ:CHAIN`, as a report prints it; None for what is no such thing but a file.
fn printed(text: &str) -> Option<Result<Seen, String>> {
    let (place, chain) = text.rsplit_once(':')?;
    let (stream, seq) = place.rsplit_once('/').map_or((None, place), |(stream, seq)| (Some(stream), seq));
    let seq = seq.parse().ok()?;
    let stream = stream.map(|name| Stream::named(name).ok_or_else(|| format!("{name} names no stream")));
    Some(stream.transpose().and_then(|stream| Ok((stream, seq, hex_of(chain)?))))
}

/// At least 8 bytes in hexadecimal: fewer could be met by trying.
fn hex_of(text: &str) -> Result<String, String> {
    let digits = text.replace([' ', '-'], "").to_lowercase();
    let is_hex = digits.len() >= 16 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    is_hex.then_some(digits).ok_or_else(|| format!("{text}: a fingerprint has at least 16 hexadecimal digits"))
}

/// RFC 3339 in UTC, to the second.
pub(crate) fn time(ms: u64) -> String {
    // Days since 1 March of the year 0, in eras of 400 years.
    let (days, second) = (ms / 86_400_000 + 719_468, ms / 1_000 % 86_400);
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let (day, month_of_year) = (of_year - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    let year = year + era * 400 + u64::from(month_of_year < 3);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month_of_year:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}
