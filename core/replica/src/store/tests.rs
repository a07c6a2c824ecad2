//! A store whose readings are packed answers as one whose readings are not.

use proptest::prelude::*;
use ring::signature::Ed25519KeyPair;
use rusqlite::Connection;
use trivet_log::chain::Head;
use trivet_log::{Checkpoint, Entry, Header, Hlc, Id, Lane, Origin, StreamId, TimeQuality};

use super::{log, segment};

fn stream(n: u8) -> StreamId {
    let lane = if n == 2 { Lane::Orders } else { Lane::Readings };
    StreamId { origin: Origin([n % 2 + 1; 16]), scope: Id::from_bytes([9; 16]), lane }
}

fn subject(n: u8) -> Id {
    Id::from_bytes([n; 16])
}

struct Plain {
    conn: Connection,
    heads: Vec<Head>,
    arrival: u64,
}

impl Plain {
    fn new() -> Plain {
        let mut conn = Connection::open_in_memory().unwrap();
        log::prepare(&mut conn).unwrap();
        Plain { conn, heads: (0..3).map(|n| Head::start(stream(n))).collect(), arrival: 0 }
    }

    /// One commit of so many entries.
    fn append(&mut self, which: u8, entity: u8, count: u8) {
        let stream = stream(which);
        let sid = log::sid(&self.conn, &stream).unwrap();
        let head = &mut self.heads[usize::from(which)];
        for rest in (0..count).rev() {
            let header = Header {
                stream,
                seq: head.seq + 1,
                hlc: Hlc(self.arrival),
                quality: TimeQuality::Ntp,
                actor: Id::NIL,
                device: Id::from_bytes(stream.origin.0),
                command: Id::at(self.arrival, [entity; 10]),
                rest: rest.into(),
                kind: 0x610,
                version: 1,
                entity: subject(entity),
                frontier: vec![],
            };
            let entry = Entry::new(header, &vec![entity; usize::from(entity) * 3]).unwrap();
            self.arrival += 1;
            log::insert(&self.conn, sid, self.arrival, &entry).unwrap();
            head.advance(&entry);
        }
        let key = Ed25519KeyPair::from_seed_unchecked(&[which + 1; 32]).unwrap();
        let checkpoint = Checkpoint::sign(&key, &stream, head.seq, head.chain, Hlc(self.arrival));
        log::save_checkpoint(&self.conn, sid, &stream, &checkpoint).unwrap();
    }

    fn answers(&self, places: &[u64]) -> Vec<String> {
        let conn = &self.conn;
        let mut said = vec![
            format!("{:?}", log::heads(conn).unwrap()),
            format!("{:?}", log::subjects(conn).unwrap()),
            log::last_arrival(conn).unwrap().to_string(),
        ];
        for entity in 0..8 {
            said.push(format!("{:?}", log::entries(conn, subject(entity)).unwrap()));
            said.push(format!("{:?}", log::entries_until(conn, subject(entity), self.arrival / 2).unwrap()));
        }
        for head in &self.heads {
            for place in places {
                said.push(format!("{:?}", log::batch_after(conn, &head.stream, *place).unwrap()));
                said.push(format!("{:?}", log::chain_at(conn, &head.stream, *place).unwrap()));
                said.push(format!("{:?}", log::range(conn, &head.stream, *place, place + 300).unwrap()));
            }
            let mut chain = Head::start(head.stream).chain;
            let all = log::range(conn, &head.stream, 0, u64::MAX >> 1).unwrap();
            all.iter().for_each(|raw| chain = chain.then(raw));
            assert_eq!((all.len() as u64, chain), (head.seq, head.chain));
        }
        said
    }

    fn count(&self, table: &str) -> i64 {
        self.conn.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn packing_changes_no_answer(
        commits in prop::collection::vec((0u8..3, 0u8..8, 1u8..9, 0u8..30), 50..260),
        places in prop::collection::vec(0u64..900, 1..8),
    ) {
        let (mut packed, mut loose) = (Plain::new(), Plain::new());
        for (which, entity, count, pack) in commits {
            packed.append(which, entity, count);
            loose.append(which, entity, count);
            if pack == 0 {
                segment::pack_one(&packed.conn).unwrap();
            }
        }
        while segment::pack_one(&packed.conn).unwrap() {}
        let full = |head: &&Head| segment::keeps(head.stream.lane) && head.seq + 1 >= segment::BLOCK;
        let blocks: u64 = packed.heads.iter().filter(full).map(|head| (head.seq + 1) / segment::BLOCK).sum();
        prop_assert_eq!(packed.count("segment").cast_unsigned(), blocks);
        prop_assert_eq!(loose.count("segment"), 0);
        prop_assert_eq!(packed.answers(&places), loose.answers(&places));
    }
}

#[test]
fn a_minute_costs_few_bytes() {
    let mut store = Plain::new();
    (0..600).for_each(|_| store.append(0, 7, 1));
    let bytes = |table: &str, column: &str| -> i64 {
        let sql = format!("SELECT sum(length({column})) FROM {table}");
        store.conn.query_row(&sql, [], |row| row.get(0)).unwrap()
    };
    let whole: usize = log::range(&store.conn, &stream(0), 0, 600).unwrap().iter().map(Vec::len).sum();
    assert!(bytes("tail", "entry") <= whole as i64 - 600 * 60, "what the stream says is not repeated");
    while segment::pack_one(&store.conn).unwrap() {}
    assert!(bytes("segment", "entries") * 8 < whole as i64);
    assert_eq!((store.count("tail"), store.count("part"), store.count("checkpoint")), (600 - 575, 10, 10));
}

/// Entries of readings lay among the others, and a stream's row said how far it is held.
#[test]
fn a_file_of_before_the_segments_is_brought_along() {
    let mut store = Plain::new();
    (0..100).for_each(|n| store.append(n % 3, n % 8, 2));
    let answers = store.answers(&[0, 7, 40]);
    for n in [0, 1] {
        let sid = log::sid(&store.conn, &stream(n)).unwrap();
        for (at, raw) in log::range(&store.conn, &stream(n), 0, 1_000).unwrap().into_iter().enumerate() {
            let entry = Entry::parse(raw).unwrap();
            let arrival: i64 = store
                .conn
                .query_row("SELECT arrival FROM tail WHERE place=?1", [(sid << 40) + at as i64 + 1], |row| row.get(0))
                .unwrap();
            store
                .conn
                .execute(
                    "INSERT INTO log(arrival, sid, seq, entity, entry) VALUES(?1, ?2, ?3, ?4, ?5)",
                    rusqlite::params![arrival, sid, at as i64 + 1, entry.header.entity.as_bytes(), entry.raw()],
                )
                .unwrap();
        }
    }
    let back = "DROP TABLE tail; DROP TABLE part; DROP TABLE segment;
        ALTER TABLE stream ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE stream ADD COLUMN chain BLOB NOT NULL DEFAULT x'00';";
    store.conn.execute_batch(back).unwrap();
    log::prepare(&mut store.conn).unwrap();
    assert_eq!(store.answers(&[0, 7, 40]), answers);
}
