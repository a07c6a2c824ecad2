//! B4: a box that was away takes over 100,000 entries of two others: four fifths readings, one fifth orders. Signature,
//! chain, log and projections, 1,000 entries a transaction, synced each. The limit is the same rows put into a bare
//! table of the same shape, unchecked and unprojected.

use std::time::Instant;

use ring::signature::{Ed25519KeyPair, KeyPair};
use rusqlite::params;
use trivet_domain::checks::{Line, OrderMoved, OrderPlaced, OrderType, Status, TicketDone, TicketMade, TicketsMade};
use trivet_domain::haccp::{MinuteRead, Reading, hour_id};
use trivet_domain::money::TaxRate;
use trivet_domain::{Event, MilliCelsius, Money, Quantity};
use trivet_log::chain::Head;
use trivet_log::sync::Batch;
use trivet_log::{Certificate, Checkpoint, Entry, Header, Hlc, Id, Lane, Origin, ReplicaKind, StreamId, TimeQuality};
use trivet_replica::{App, Config, Identity, Wall};

use crate::figure::{Figure, median};

const ENTRIES: usize = 100_000;
const BATCH: usize = 1_000;
const PROBES: u8 = 16;
const ROUNDS: usize = 3;

pub(crate) fn run() -> anyhow::Result<Vec<Figure>> {
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let identity = Identity::found(1);
        let (certificates, batches) = history(&identity)?;
        bare.push(insert_bare(&batches)?);
        ours.push(catch_up(identity, certificates, batches)?);
    }
    Ok(vec![Figure {
        id: "B4",
        figure: "catch-up of 100,000 entries".to_owned(),
        unit: "entries/s",
        rounds: ours,
        limit: Some(median(&bare)),
        peer: None,
        larger_is_better: true,
    }])
}

fn catch_up(identity: Identity, certificates: Vec<Certificate>, batches: Vec<Batch>) -> anyhow::Result<f64> {
    let folder = tempfile::tempdir()?;
    let app = App::open(Config {
        data: folder.path().to_owned(),
        identity,
        modules: trivet_modules::all(),
        wall: Wall::default(),
        version: "bench",
        more: axum::http::Extensions::new(),
    })?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        app.store.write(move |writing| writing.introduce(&certificates, &[])).await??;
        let started = Instant::now();
        for batch in batches {
            app.store.write(move |writing| writing.merge(&batch)).await??;
        }
        Ok(ENTRIES as f64 / started.elapsed().as_secs_f64())
    })
}

fn insert_bare(batches: &[Batch]) -> anyhow::Result<f64> {
    let folder = tempfile::tempdir()?;
    let conn = trivet_replica::store::connect(&folder.path().join("bare.db"), false)?;
    conn.execute_batch(trivet_replica::store::log::SCHEMA)?;
    let started = Instant::now();
    for batch in batches {
        let tx = conn.unchecked_transaction()?;
        let mut insert = tx.prepare_cached("INSERT INTO log(sid, seq, entity, entry) VALUES(1, ?1, ?2, ?3)")?;
        let sid_free =
            batch.stream.origin.0[0] as i64 * 10_000_000 + i64::from(batch.stream.lane.number()) * 1_000_000_000;
        for (n, raw) in batch.entries.iter().enumerate() {
            let entity: &[u8] = raw.get(60..76).unwrap_or_default();
            insert.execute(params![sid_free + (batch.first as i64) + n as i64, entity, &raw[..]])?;
        }
        drop(insert);
        tx.commit()?;
    }
    Ok(ENTRIES as f64 / started.elapsed().as_secs_f64())
}

/// Two boxes' entries, in batches as they would be shipped.
fn history(tenant: &Identity) -> anyhow::Result<(Vec<Certificate>, Vec<Batch>)> {
    let root = tenant.root().ok_or_else(|| anyhow::anyhow!("a founder has the root"))?;
    let mut certificates = Vec::new();
    let mut batches = Vec::new();
    for n in 0..2u8 {
        let key = Ed25519KeyPair::from_seed_unchecked(&[n + 1; 32]).map_err(|_| anyhow::anyhow!("a seed"))?;
        let certificate = Certificate {
            tenant: tenant.certificate.tenant,
            location: tenant.certificate.location,
            kind: ReplicaKind::Box,
            letter: char::from(b'B' + n).to_string(),
            public_key: key.public_key().as_ref().to_vec(),
            incarnation: 1,
            signature: Vec::new(),
        }
        .signed(&root);
        let origin = certificate.origin();
        let scope = tenant.certificate.location;
        let readings = (0..ENTRIES / 2 * 4 / 5).map(|minute| reading(origin, minute as i64));
        batches.extend(stream(&key, StreamId { origin, scope, lane: Lane::Readings }, readings)?);
        let orders = (0..).flat_map(order).take(ENTRIES / 2 / 5);
        batches.extend(stream(&key, StreamId { origin, scope, lane: Lane::Orders }, orders)?);
        certificates.push(certificate);
    }
    Ok((certificates, batches))
}

fn stream(
    key: &Ed25519KeyPair,
    stream: StreamId,
    events: impl Iterator<Item = (Id, Id, Event)>,
) -> anyhow::Result<Vec<Batch>> {
    let mut head = Head::start(stream);
    let mut batches = Vec::new();
    let mut entries = Vec::new();
    for (entity, command, event) in events {
        let header = Header {
            stream,
            seq: head.seq + 1,
            hlc: Hlc(Hlc::from_ms(1_790_000_000_000).0 + head.seq),
            quality: TimeQuality::Ntp,
            actor: Id::from_bytes([7; 16]),
            device: Id::NIL,
            command,
            rest: 0,
            kind: event.kind(),
            version: 1,
            entity,
            frontier: Vec::new(),
        };
        let entry = Entry::new(header, &event.encode().unwrap_or_default())?;
        head.advance(&entry);
        entries.push(entry.raw().to_vec().into());
        if entries.len() == BATCH {
            let checkpoint = Checkpoint::sign(key, &stream, head.seq, head.chain, Hlc::from_ms(1_790_000_000_000));
            let first = head.seq + 1 - BATCH as u64;
            batches.push(Batch { stream, first, entries: std::mem::take(&mut entries), checkpoint });
        }
    }
    Ok(batches)
}

fn reading(origin: Origin, minute: i64) -> (Id, Id, Event) {
    let one = |n: u8| Reading {
        last: Some(MilliCelsius(3_500 + i32::from(n) * 40 + (minute % 17) as i32 * 30)),
        samples: Some(60),
        below: Some(120),
        above: Some(90),
        mean: Some(-15),
        ..Reading::default()
    };
    let roster = (minute % 60 == 0).then(|| (0..PROBES).map(|n| Id::from_bytes([n + 1; 16])).collect());
    let readings = (0..PROBES).map(one).collect();
    let read =
        MinuteRead { minute, readings, roster, calibrations: None, plan: None, late: None, kept: None, marks: None };
    (hour_id(origin, minute / 60), command(minute as u64), read.into())
}

/// One order's six entries.
fn order(n: u64) -> Vec<(Id, Id, Event)> {
    let id = command(1_000_000 + n);
    let check = id.derive("check", 0);
    let ticket = id.derive("ticket:grill", 0);
    let line = |place: u64| Line {
        id: id.derive("line", place),
        item: Id::from_bytes([9; 16]),
        name: "Burger".into(),
        quantity: Quantity(1_000),
        unit_price: Money(1_690),
        tax_rate: TaxRate(135_000),
        station: Some("grill".into()),
        modifiers: None,
        note: None,
        preparation_minutes: Some(12),
        recipe: None,
    };
    let placed = OrderPlaced {
        order: id,
        number: format!("B{n}"),
        order_type: OrderType::DineIn,
        lines: (0..3).map(line).collect(),
        table: Some("7".into()),
        customer: None,
        note: None,
        tax_included: Some(true),
    };
    let lines = (0..3).map(|place| id.derive("line", place)).collect();
    let made = TicketsMade { order: id, tickets: vec![TicketMade { id: ticket, station: "grill".into(), lines }] };
    let events: [Event; 6] = [
        placed.into(),
        OrderMoved { order: id, to: Status::Pending }.into(),
        OrderMoved { order: id, to: Status::Confirmed }.into(),
        made.into(),
        OrderMoved { order: id, to: Status::Preparing }.into(),
        TicketDone { order: id, ticket }.into(),
    ];
    events.into_iter().enumerate().map(|(k, event)| (check, id.derive("command", k as u64), event)).collect()
}

fn command(n: u64) -> Id {
    Id::at(1_790_000_000_000 + n, [3; 10])
}
