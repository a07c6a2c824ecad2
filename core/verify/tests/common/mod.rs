//! Boxes that write records with the log's real code, and what a dishonest hand does to these.

#![allow(dead_code, clippy::unwrap_used, reason = "a test may fail by panicking, and uses a part of this")]

use ring::signature::{Ed25519KeyPair, KeyPair};
use trivet_log::record::{Begin, FORMAT, Part, Writer};
use trivet_log::sync::Batch;
use trivet_log::{
    Certificate, Chain, Checkpoint, Clock, Entry, Header, Hlc, Id, Lane, Origin, ReplicaKind, StreamId, TimeQuality,
};

/// 1 October 2026, 06:00 UTC.
pub(crate) const START_MS: u64 = 1_790_834_400_000;
pub(crate) const MINUTE_MS: u64 = 60_000;
pub(crate) const TENANT: Id = Id::from_bytes([0x77; 16]);
pub(crate) const LOCATION: Id = Id::from_bytes([0x11; 16]);
pub(crate) const PROBE: Id = Id::from_bytes([0x50; 16]);

pub(crate) fn key(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
}

pub(crate) const ROOT: u8 = 1;

pub(crate) fn certificate(seed: u8, root: u8) -> Certificate {
    Certificate {
        tenant: TENANT,
        location: LOCATION,
        kind: ReplicaKind::Box,
        letter: char::from(b'A' + seed % 26).to_string(),
        public_key: key(seed).public_key().as_ref().to_vec(),
        incarnation: 1,
        signature: Vec::new(),
    }
    .signed(&key(root))
}

/// One stream of one box, as it grows.
#[derive(Clone)]
pub(crate) struct Stream {
    pub(crate) seed: u8,
    pub(crate) id: StreamId,
    pub(crate) clock: Clock,
    pub(crate) wall_ms: u64,
    pub(crate) entries: Vec<Entry>,
    /// After how many entries each commit ended, with its checkpoint.
    pub(crate) checkpoints: Vec<Checkpoint>,
}

impl Stream {
    pub(crate) fn new(seed: u8, lane: Lane) -> Stream {
        let origin = Origin::of(key(seed).public_key().as_ref(), 1);
        let id = StreamId { origin, scope: LOCATION, lane };
        let wall_ms = START_MS;
        Stream { seed, id, clock: Clock::default(), wall_ms, entries: Vec::new(), checkpoints: Vec::new() }
    }

    pub(crate) fn header(&mut self, kind: u16, rest: u16) -> Header {
        let seq = self.entries.len() as u64 + 1;
        let mut command = [self.seed; 16];
        let first = seq + u64::from(rest);
        command.iter_mut().zip(first.to_be_bytes()).for_each(|(to, from)| *to = from);
        Header {
            stream: self.id,
            seq,
            hlc: self.clock.tick(self.wall_ms),
            quality: TimeQuality::Ntp,
            actor: Id::NIL,
            device: Id::from_bytes(self.id.origin.0),
            command: Id::from_bytes(command),
            rest,
            kind,
            version: 1,
            entity: Id::from_bytes([0x55; 16]),
            frontier: Vec::new(),
        }
    }

    pub(crate) fn append(&mut self, header: Header, body: &[u8]) {
        self.entries.push(Entry::new(header, body).unwrap());
    }

    /// A minute's readings as docs/record-format.md has them, written at the minute's end by the box's wall clock.
    pub(crate) fn minute(&mut self, milli_celsius: i32) {
        self.wall_ms += MINUTE_MS;
        let minute = i64::try_from(self.wall_ms / MINUTE_MS).unwrap() - 1;
        let header = self.header(0x0610, 0);
        self.append(header, &minute_read(minute, milli_celsius, false));
        self.commit();
    }

    /// A command of `n` entries of some other kind.
    pub(crate) fn command(&mut self, n: u16) {
        for rest in (0..n).rev() {
            let header = self.header(0x0601, rest);
            self.append(header, &[0x81, 0x05]);
        }
        self.commit();
    }

    pub(crate) fn commit(&mut self) {
        let seq = self.entries.len() as u64;
        let chain = self.chain(seq);
        self.checkpoints.push(Checkpoint::sign(&key(self.seed), &self.id, seq, chain, self.clock.last()));
    }

    pub(crate) fn chain(&self, seq: u64) -> Chain {
        let upto = usize::try_from(seq).unwrap();
        self.entries.iter().take(upto).fold(Chain::start(&self.id), |chain, entry| chain.then(entry.raw()))
    }

    fn checkpoint_at_or_before(&self, seq: u64) -> Option<Checkpoint> {
        self.checkpoints.iter().rev().find(|c| c.seq <= seq).cloned()
    }
}

pub(crate) fn minute_read(minute: i64, milli_celsius: i32, late: bool) -> Vec<u8> {
    let reading = (milli_celsius, 60u16);
    let roster = [minicbor::bytes::ByteArray::from(*PROBE.as_bytes())];
    if late { cbor((minute, [reading], roster, (), (), true)) } else { cbor((minute, [reading], roster)) }
}

pub(crate) fn cbor<T: minicbor::Encode<()>>(value: T) -> Vec<u8> {
    minicbor::to_vec(value).unwrap()
}

/// A record before it is sealed: what a dishonest hand can reach.
#[derive(Clone)]
pub(crate) struct Draft {
    pub(crate) begin: Begin,
    pub(crate) batches: Vec<Batch>,
    pub(crate) sealer: u8,
}

impl Draft {
    /// `streams` from after a number on, in batches of up to `size` entries that end at checkpoints.
    pub(crate) fn of(streams: &[(&Stream, u64)], size: u64) -> Draft {
        let writer = streams.first().unwrap().0;
        let mut seeds: Vec<u8> = streams.iter().map(|(stream, _)| stream.seed).collect();
        seeds.dedup();
        let mut batches = Vec::new();
        let mut parts = Vec::new();
        for (stream, after) in streams {
            let begin = (*after > 0).then(|| stream.checkpoint_at_or_before(*after).unwrap());
            let mut at = begin.as_ref().map_or(0, |c| c.seq);
            let head = stream.checkpoints.last().unwrap().clone();
            parts.push(Part { stream: stream.id, begin, last: head.seq, head: head.clone(), held: Some(head.seq / 2) });
            while at < head.seq {
                let next = stream.checkpoints.iter().find(|c| c.seq > at).unwrap();
                let widest = stream.checkpoint_at_or_before(at + size).filter(|c| c.seq > at);
                let checkpoint = widest.unwrap_or_else(|| next.clone());
                let entries = stream.entries.iter().skip(usize::try_from(at).unwrap());
                let entries = entries.take(usize::try_from(checkpoint.seq - at).unwrap());
                let entries = entries.map(|entry| entry.raw().to_vec().into()).collect();
                batches.push(Batch { stream: stream.id, first: at + 1, entries, checkpoint: checkpoint.clone() });
                at = checkpoint.seq;
            }
        }
        let begin = Begin {
            format: FORMAT.into(),
            root_public_key: key(ROOT).public_key().as_ref().to_vec(),
            tenant: TENANT,
            location: LOCATION,
            from_ms: None,
            to_ms: None,
            written_ms: i64::try_from(writer.wall_ms).unwrap(),
            quality: TimeQuality::Ntp,
            software: "trivet 0.1.0".into(),
            writer: writer.id.origin,
            restored: None,
            place: Some("Testaurant".into()),
            time_zone: Some("Europe/Helsinki".into()),
            certificates: seeds.iter().map(|seed| certificate(*seed, ROOT)).collect(),
            parts,
        };
        Draft { begin, batches, sealer: writer.seed }
    }

    /// The bytes, sealed by the box that wrote them: a damage before it is one of its owner's hand.
    pub(crate) fn file(&self) -> Vec<u8> {
        let (mut writer, mut file) = Writer::begin(&self.begin);
        for batch in &self.batches {
            file.extend(writer.batch(batch));
        }
        file.extend(writer.name(PROBE, "Walk-in fridge"));
        file.extend(writer.seal(&key(self.sealer)));
        file
    }

    /// The first stream's only batch, under a chain and a head that its own box signed.
    pub(crate) fn sign_anew(&mut self) {
        let (batch, part) = (self.batches.first_mut().unwrap(), self.begin.parts.first_mut().unwrap());
        let chain = batch.entries.iter().fold(Chain::start(&batch.stream), |chain, raw| chain.then(raw));
        let seq = batch.first - 1 + batch.entries.len() as u64;
        batch.checkpoint = Checkpoint::sign(&key(self.sealer), &batch.stream, seq, chain, batch.checkpoint.hlc);
        (part.last, part.head) = (seq, batch.checkpoint.clone());
    }

    /// Where an entry lies: batch and place in it.
    pub(crate) fn place(&self, n: usize) -> (usize, usize) {
        let mut left = n;
        for (index, batch) in self.batches.iter().enumerate() {
            if left < batch.entries.len() {
                return (index, left);
            }
            left -= batch.entries.len();
        }
        panic!("the draft has fewer than {n} entries")
    }

    pub(crate) fn len(&self) -> usize {
        self.batches.iter().map(|batch| batch.entries.len()).sum()
    }
}

/// A box's readings: minutes and a longer command now and then.
pub(crate) fn readings(seed: u8, minutes: usize) -> Stream {
    let mut stream = Stream::new(seed, Lane::Readings);
    for n in 0..minutes {
        stream.minute(3_000 + i32::try_from(n).unwrap() * 7);
        if n % 5 == 2 {
            stream.command(3);
        }
    }
    stream
}

pub(crate) fn documents(seed: u8, commands: usize) -> Stream {
    let mut stream = Stream::new(seed, Lane::Documents);
    (0..commands).for_each(|_| stream.command(1));
    stream
}

pub(crate) fn hlc(ms: u64) -> Hlc {
    Hlc::from_ms(ms)
}
