//! A box with the real rules and the real log, and a vector for a disk. What it has written and not committed is gone
//! with a crash, as is every connection.

use std::collections::BTreeMap;

use ring::signature::{Ed25519KeyPair, KeyPair};
use trivet_domain::checks::{self, OrderType, PlaceOrder, WantedLine};
use trivet_domain::document::{Fields, Value, Written};
use trivet_domain::{Command, Context, Event, Fact, History, Quantity, Stamp, decide, haccp, kitchen, menu, settings};
use trivet_log::chain::Head;
use trivet_log::sync::{Batch, Peer, check_batch};
use trivet_log::{
    Certificate, Checkpoint, Clock, Entry, Header, Hlc, Id, Lane, Origin, ReplicaKind, StreamId, TimeQuality, merge,
};

use super::rng::Rng;

const BURGER: Id = Id::from_bytes([0xb1; 16]);
const LOCATION: Id = Id::from_bytes([0x10; 16]);

/// What survives the plug.
#[derive(Clone, Default)]
struct Disk {
    entries: Vec<Entry>,
    heads: BTreeMap<StreamId, Head>,
    checkpoints: BTreeMap<(StreamId, u64), Checkpoint>,
    numbers: u64,
}

pub(super) struct Replica {
    pub(super) index: usize,
    key: Ed25519KeyPair,
    certificate: Certificate,
    keys: BTreeMap<Origin, Vec<u8>>,
    disk: Disk,
    /// Lost with a crash.
    clock: Clock,
    uncommitted: Option<Disk>,
    pub(super) peers: BTreeMap<usize, Peer>,
    clock_off_ms: i64,
    quality: TimeQuality,
}

impl Replica {
    pub(super) fn new(index: usize, rng: &mut Rng) -> Replica {
        let key = Ed25519KeyPair::from_seed_unchecked(&rng.bytes::<32>()).expect("a seed of 32 bytes");
        let certificate = Certificate {
            tenant: Id::NIL,
            location: LOCATION,
            kind: ReplicaKind::Box,
            letter: char::from(b'A' + index as u8).to_string(),
            public_key: key.public_key().as_ref().to_vec(),
            incarnation: 1,
            signature: Vec::new(),
        };
        Replica {
            index,
            key,
            certificate,
            keys: BTreeMap::new(),
            disk: Disk::default(),
            clock: Clock::default(),
            uncommitted: None,
            peers: BTreeMap::new(),
            clock_off_ms: 0,
            quality: if rng.below(3) == 0 { TimeQuality::Unset } else { TimeQuality::Ntp },
        }
    }

    pub(super) fn certificate(&self) -> Certificate {
        self.certificate.clone()
    }

    pub(super) fn introduce(&mut self, certificates: &[Certificate]) {
        self.keys = certificates.iter().map(|c| (c.origin(), c.public_key.clone())).collect();
    }

    fn origin(&self) -> Origin {
        self.certificate.origin()
    }

    /// Somebody does something; gives the order that was acknowledged.
    pub(super) fn act(&mut self, rng: &mut Rng, now_ms: u64, sabotage: bool) -> Option<Id> {
        let wall = now_ms.saturating_add_signed(self.clock_off_ms);
        let orders = self.orders();
        let pick = orders.get(rng.below(orders.len().max(1) as u64) as usize).copied();
        let key = Id::at(now_ms, rng.bytes());
        let (command, placed) = match (rng.below(6), pick) {
            (0..=2, _) | (_, None) => {
                let check = key.derive("check", 0);
                (Command::Checks(checks::Command::PlaceOrder(order(check, key))), Some(key))
            }
            (3, Some((order, check))) => (Command::Kitchen(kitchen::Command::Send { check, order }), None),
            (4, Some((order, check))) => {
                let which = kitchen::Which::Order(order);
                let to = *kitchen::TicketStatus::ALL.get(rng.below(6) as usize)?;
                (Command::Kitchen(kitchen::Command::Advance { check, which, to }), None)
            }
            (_, Some(_)) => {
                let reading = haccp::Reading { last: Some(trivet_domain::MilliCelsius(4_000)), ..Default::default() };
                let minute = (wall / 60_000).cast_signed();
                let probes = vec![haccp::ProbeMinute { probe: BURGER, calibration: None, reading }];
                let readings = haccp::Readings { minute, probes, ..haccp::Readings::default() };
                (Command::Haccp(haccp::Command::RecordMinute(readings)), None)
            }
        };
        let before = self.disk.clone();
        self.append(&command, key, wall)?;
        if sabotage && rng.below(4) == 0 {
            // Answered before the commit, and the plug is pulled right then.
            self.disk = before;
            self.crash();
            return placed;
        }
        if rng.below(12) == 0 {
            // The plug is pulled between the append and the commit: nobody was answered.
            self.disk = before;
            self.crash();
            return None;
        }
        placed
    }

    fn append(&mut self, command: &Command, key: Id, wall: u64) -> Option<()> {
        let subject = command.subject(self.origin());
        let before: Vec<Entry> = self.disk.entries.iter().filter(|e| e.header.entity == subject).cloned().collect();
        let history = history(&before);
        let world = World {
            letter: self.certificate.letter.clone(),
            origin: self.origin(),
            number: self.disk.numbers + 1,
            now: wall,
        };
        let events = decide(&history, command, &world).ok()?;
        let last = events.len().checked_sub(1)?;
        if placed(command) {
            self.disk.numbers += 1;
        }
        let mut entries = before;
        for (index, (entity, event)) in events.into_iter().enumerate() {
            let lane = if matches!(event, Event::Haccp(_)) { Lane::Readings } else { Lane::Orders };
            let stream = StreamId { origin: self.origin(), scope: LOCATION, lane };
            let head = *self.disk.heads.entry(stream).or_insert(Head::start(stream));
            let headers: Vec<&Header> = entries.iter().map(|entry| &entry.header).collect();
            let header = Header {
                stream,
                seq: head.seq + 1,
                hlc: self.clock.tick(wall),
                quality: self.quality,
                actor: Id::NIL,
                device: Id::NIL,
                command: key,
                rest: (last - index) as u16,
                kind: event.kind(),
                version: 1,
                entity,
                frontier: merge::frontier(&headers, self.origin()),
            };
            let entry = Entry::new(header, &event.encode()?).ok()?;
            let mut head = head;
            head.advance(&entry);
            self.disk.heads.insert(stream, head);
            self.disk.entries.push(entry.clone());
            entries.push(entry);
        }
        for (stream, head) in self.disk.heads.clone() {
            if stream.origin == self.origin() && !self.disk.checkpoints.contains_key(&(stream, head.seq)) {
                let checkpoint = Checkpoint::sign(&self.key, &stream, head.seq, head.chain, self.clock.last());
                self.disk.checkpoints.insert((stream, head.seq), checkpoint);
            }
        }
        Some(())
    }

    /// Everything but the disk is gone.
    pub(super) fn crash(&mut self) {
        self.uncommitted = None;
        self.peers.clear();
        let own = self.disk.entries.iter().filter(|entry| entry.header.stream.origin == self.certificate.origin());
        self.clock = Clock::resume(own.map(|entry| entry.header.hlc).max().unwrap_or_default());
    }

    pub(super) fn step_clock(&mut self, rng: &mut Rng) {
        let ten_years = 10 * 365 * 24 * 3_600_000u64;
        self.clock_off_ms = match rng.below(4) {
            0 => 0,
            1 => (rng.below(ten_years)).cast_signed(),
            2 => -(rng.below(ten_years)).cast_signed(),
            _ => rng.below(7_200_000).cast_signed() - 3_600_000,
        };
    }

    pub(super) fn batch_after(&self, stream: &StreamId, after: u64, rng: &mut Rng) -> Option<Batch> {
        let places: Vec<u64> =
            self.disk.checkpoints.range((*stream, after + 1)..=(*stream, u64::MAX)).map(|((_, seq), _)| *seq).collect();
        let seq = *places.get(rng.below(places.len() as u64) as usize)?;
        let checkpoint = self.disk.checkpoints.get(&(*stream, seq))?.clone();
        let of_stream = self.disk.entries.iter().filter(|entry| entry.header.stream == *stream);
        let mut entries: Vec<&Entry> =
            of_stream.filter(|entry| entry.header.seq > after && entry.header.seq <= seq).collect();
        entries.sort_by_key(|entry| entry.header.seq);
        let entries = entries.into_iter().map(|entry| entry.raw().to_vec().into()).collect();
        Some(Batch { stream: *stream, first: after + 1, entries, checkpoint })
    }

    /// Stores another box's batch; gives how far its stream is held then.
    pub(super) fn store(&mut self, batch: &Batch, now_ms: u64) -> Result<u64, String> {
        let held = self.disk.heads.get(&batch.stream).copied().unwrap_or(Head::start(batch.stream));
        let key = self.keys.get(&batch.stream.origin).ok_or("a stranger's batch")?;
        match check_batch(&held, batch, key) {
            Ok((entries, head)) => {
                if !entries.is_empty() {
                    self.disk.entries.extend(entries);
                    self.disk.heads.insert(batch.stream, head);
                    self.disk.checkpoints.insert((batch.stream, head.seq), batch.checkpoint.clone());
                    let wall = now_ms.saturating_add_signed(self.clock_off_ms);
                    self.clock.receive(batch.checkpoint.hlc, wall, self.quality);
                }
                Ok(head.seq.max(held.seq))
            }
            Err(trivet_log::sync::Fault::Gap { .. }) => Ok(held.seq),
            Err(fault) => Err(fault.to_string()),
        }
    }

    pub(super) fn heads(&self) -> Vec<Head> {
        self.disk.heads.values().filter(|head| head.seq > 0).copied().collect()
    }

    /// Each subject with its history in the fold's order.
    pub(super) fn folded(&self) -> BTreeMap<Id, (checks::Check, kitchen::Board, haccp::State)> {
        let mut subjects: BTreeMap<Id, Vec<Entry>> = BTreeMap::new();
        for entry in &self.disk.entries {
            subjects.entry(entry.header.entity).or_default().push(entry.clone());
        }
        let fold = |(id, entries): (Id, Vec<Entry>)| {
            let history = history(&entries);
            (id, (checks::fold(&history), kitchen::fold(&history), haccp::fold(&history)))
        };
        subjects.into_iter().map(fold).collect()
    }

    /// Orders with their checks.
    pub(super) fn orders(&self) -> Vec<(Id, Id)> {
        let checks = self.folded().into_iter();
        checks.flat_map(|(check, (state, ..))| state.orders.into_iter().map(move |order| (order.id, check))).collect()
    }

    /// Own stamps per lane, in the order of writing.
    pub(super) fn stamps(&self) -> Vec<(Origin, Hlc)> {
        let own = self.disk.entries.iter().filter(|entry| entry.header.stream.origin == self.origin());
        own.map(|entry| (entry.header.stream.origin, entry.header.hlc)).collect()
    }

    pub(super) fn check_chains(&self) -> Result<(), String> {
        for head in self.heads() {
            let mut walked = Head::start(head.stream);
            let mut entries: Vec<&Entry> =
                self.disk.entries.iter().filter(|e| e.header.stream == head.stream).collect();
            entries.sort_by_key(|entry| entry.header.seq);
            for entry in entries {
                if entry.header.seq != walked.seq + 1 {
                    return Err(format!("{:?}: number {} after {}", head.stream, entry.header.seq, walked.seq));
                }
                walked.advance(entry);
            }
            if walked != head {
                return Err(format!("{:?}: the chain does not lead to the head", head.stream));
            }
        }
        Ok(())
    }
}

fn placed(command: &Command) -> bool {
    matches!(command, Command::Checks(checks::Command::PlaceOrder(_)))
}

fn history(entries: &[Entry]) -> History {
    let headers: Vec<&Header> = entries.iter().map(|entry| &entry.header).collect();
    let mut history = History::default();
    for at in merge::order(&headers) {
        let Some(entry) = entries.get(at.index) else { continue };
        if let Some(event) = Event::decode(entry.header.kind, entry.body()) {
            history.facts.push(Fact { stamp: Stamp::of(&entry.header), event, twin: at.twin });
        }
    }
    history
}

fn order(check: Id, order: Id) -> PlaceOrder {
    PlaceOrder {
        check,
        opens_check: true,
        order,
        order_type: OrderType::DineIn,
        table: None,
        customer: None,
        note: None,
        lines: vec![WantedLine {
            item: BURGER,
            quantity: Quantity::pieces(1),
            modifiers: Vec::new(),
            note: None,
            expected_unit_price: None,
        }],
        expected_total: None,
    }
}

/// A menu of one item that nobody edits.
struct World {
    letter: String,
    origin: Origin,
    number: u64,
    now: u64,
}

impl Context for World {
    fn now_ms(&self) -> i64 {
        self.now.cast_signed()
    }
    fn origin(&self) -> Origin {
        self.origin
    }
    fn location(&self) -> Id {
        LOCATION
    }
    fn letter(&self) -> String {
        self.letter.clone()
    }
    fn document(&self, kind: u16, _: Id) -> Option<Fields> {
        let values: &[(&str, Value)] = match kind {
            settings::DOCUMENT => {
                &[("tax.food.ppm", Value::Integer(100_000)), ("station.grill.name", Value::Text(String::new()))]
            }
            menu::DOCUMENT => &[("price", Value::Integer(1_000))],
            _ => return None,
        };
        let written = |value: Value| vec![Written { value, hlc: Hlc::default(), by: Id::NIL }];
        let mut fields: BTreeMap<String, Vec<Written>> =
            values.iter().map(|(field, value)| ((*field).to_owned(), written(value.clone()))).collect();
        if kind == menu::DOCUMENT {
            for (field, text) in [("name", "Burger"), ("tax_class", "food"), ("station", "grill")] {
                fields.insert(field.to_owned(), written(text.into()));
            }
        }
        Some(Fields(fields))
    }
    fn next_number(&self, _: &str) -> u64 {
        self.number
    }
}
