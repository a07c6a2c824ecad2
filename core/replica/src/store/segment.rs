//! Where the entries of the readings lane lie: there are half a million a year and box, nearly alike, and nobody asks
//! for one of them alone. New ones are rows of `tail` under their stream and number; a full block of 64 numbers
//! becomes one compressed row of `segment`, whenever the writer has nothing else to do. `part` says in which blocks a
//! subject has entries. A block with a damaged row stays in `tail`, as it lies.
//!
//! This is storage, not format: what comes out are the bytes that the author wrote, to the last, so the chain, the
//! sync, the fold and the exports do not know the difference. A block moves in one transaction.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};
use trivet_log::entry::MAX_ENTRY_BYTES;
use trivet_log::{Entry, Id, Lane, StreamId};

pub(super) const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS tail(place INTEGER PRIMARY KEY, arrival INTEGER NOT NULL, entry BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS segment(place INTEGER PRIMARY KEY, last_arrival INTEGER NOT NULL, entries BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS part(entity BLOB NOT NULL, place INTEGER NOT NULL, PRIMARY KEY(entity, place)) WITHOUT ROWID;
";

/// Numbers of a block, from one multiple of this to before the next.
pub const BLOCK: u64 = 64;
const NUMBER_BITS: u32 = 40;

/// Whether a lane's entries are kept here.
pub(super) fn keeps(lane: Lane) -> bool {
    lane == Lane::Readings
}

/// A stream's number in this file above, an entry's number in the stream below.
fn place(sid: i64, seq: u64) -> i64 {
    (sid << NUMBER_BITS) | seq.min((1 << NUMBER_BITS) - 1).cast_signed()
}

fn block(place: i64) -> i64 {
    place & !(BLOCK.cast_signed() - 1)
}

/// The ids that nearly every header of a stream repeats.
type Known = [[u8; 16]; 3];

fn known(stream: &StreamId) -> Known {
    [stream.origin.0, *stream.scope.as_bytes(), [0; 16]]
}

fn known_of(conn: &Connection, sid: i64) -> rusqlite::Result<Known> {
    let mut statement = conn.prepare_cached("SELECT origin, scope FROM stream WHERE sid=?1")?;
    statement.query_row([sid], |row| Ok([row.get(0)?, row.get(1)?, [0; 16]]))
}

pub(super) fn insert(conn: &Connection, sid: i64, arrival: u64, entry: &Entry) -> rusqlite::Result<()> {
    let header = &entry.header;
    let squeezed = squeeze(&known(&header.stream), entry.raw());
    put(conn, place(sid, header.seq), arrival, header.entity.as_bytes(), &squeezed)
}

/// The same of a row of `log`, whose bytes need not be an entry: damaged ones stay what they are.
pub(super) fn bring(
    conn: &Connection,
    sid: i64,
    seq: u64,
    arrival: u64,
    entity: &[u8],
    raw: &[u8],
) -> rusqlite::Result<()> {
    put(conn, place(sid, seq), arrival, entity, &squeeze(&known_of(conn, sid)?, raw))
}

fn put(conn: &Connection, place: i64, arrival: u64, entity: &[u8], squeezed: &[u8]) -> rusqlite::Result<()> {
    conn.prepare_cached("INSERT INTO tail(place, arrival, entry) VALUES(?1, ?2, ?3)")?.execute(params![
        place,
        arrival.cast_signed(),
        squeezed
    ])?;
    conn.prepare_cached("INSERT OR IGNORE INTO part(entity, place) VALUES(?1, ?2)")?
        .execute(params![entity, block(place)])?;
    Ok(())
}

/// An entry as it lies here: its local arrival number and its author's bytes.
pub(super) type Kept = (u64, Vec<u8>);

/// Adds a subject's entries, in no particular order.
pub(super) fn of_subject(conn: &Connection, subject: Id, found: &mut Vec<(u64, Entry)>) -> rusqlite::Result<()> {
    let mut parts = conn.prepare_cached("SELECT place FROM part WHERE entity=?1")?;
    let parts = parts.query_map([subject.as_bytes()], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
    for part in parts {
        for (arrival, raw) in block_of(conn, part)? {
            match Entry::parse(raw) {
                Ok(entry) if entry.header.entity == subject => found.push((arrival, entry)),
                Ok(_) => {}
                Err(error) => tracing::error!(%subject, %error, "damaged entry"),
            }
        }
    }
    Ok(())
}

/// A stream's entries after a number and up to another, in their order.
pub(super) fn range(conn: &Connection, sid: i64, after: u64, to: u64) -> rusqlite::Result<Vec<Vec<u8>>> {
    let mut entries: Vec<(i64, Vec<u8>)> = Vec::new();
    if to <= after {
        return Ok(Vec::new());
    }
    let (first, last) = (place(sid, after + 1), place(sid, to));
    let sql = "SELECT place, entries FROM segment WHERE place BETWEEN ?1 AND ?2 ORDER BY place";
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query([block(first), last])?;
    while let Some(row) = rows.next()? {
        let start: i64 = row.get(0)?;
        // Number 0 is nobody's.
        let places = start.max(place(sid, 1))..;
        let kept = places.zip(unpacked(start, row.get_ref(1)?.as_blob()?));
        entries.extend(kept.filter(|(at, _)| (first..=last).contains(at)).map(|(at, (_, raw))| (at, raw)));
    }
    entries.extend(in_tail(conn, first, last)?.into_iter().map(|(at, (_, raw))| (at, raw)));
    // A block that could not be packed lies in the tail before later ones that were.
    entries.sort_by_key(|(at, _)| *at);
    Ok(entries.into_iter().map(|(_, raw)| raw).collect())
}

/// Places with what lies there. A row that does not expand is an empty entry: the chain check names it.
fn in_tail(conn: &Connection, first: i64, last: i64) -> rusqlite::Result<Vec<(i64, Kept)>> {
    let known = known_of(conn, first >> NUMBER_BITS)?;
    let sql = "SELECT place, arrival, entry FROM tail WHERE place BETWEEN ?1 AND ?2 ORDER BY place";
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query([first, last])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        let raw = expand(&known, row.get_ref(2)?.as_blob()?).unwrap_or_default();
        entries.push((row.get(0)?, (row.get::<_, i64>(1)?.cast_unsigned(), raw)));
    }
    Ok(entries)
}

fn block_of(conn: &Connection, place: i64) -> rusqlite::Result<Vec<Kept>> {
    let mut statement = conn.prepare_cached("SELECT entries FROM segment WHERE place=?1")?;
    let packed = statement.query_row([place], |row| Ok(unpacked(place, row.get_ref(0)?.as_blob()?))).optional()?;
    match packed {
        Some(entries) => Ok(entries),
        None => {
            let rows = in_tail(conn, place, place + BLOCK.cast_signed() - 1)?;
            Ok(rows.into_iter().map(|(_, kept)| kept).collect())
        }
    }
}

/// Unreadable bytes can only come of a damaged file: the chain check names the place, the fold goes on.
fn unpacked(place: i64, packed: &[u8]) -> Vec<Kept> {
    unpack(packed).unwrap_or_else(|| {
        tracing::error!(place, "damaged segment");
        Vec::new()
    })
}

/// The newest arrival among these entries. Within a stream arrivals rise with the numbers.
pub(super) fn last_arrival(conn: &Connection) -> rusqlite::Result<u64> {
    let sql = "SELECT max(max(coalesce(
          (SELECT arrival FROM tail WHERE place BETWEEN s.sid<<?2 AND ((s.sid+1)<<?2)-1
             ORDER BY place DESC LIMIT 1), 0), coalesce(
          (SELECT last_arrival FROM segment WHERE place BETWEEN s.sid<<?2 AND ((s.sid+1)<<?2)-1
             ORDER BY place DESC LIMIT 1), 0)))
        FROM stream s WHERE s.lane=?1";
    let last = conn
        .prepare_cached(sql)?
        .query_row([i64::from(Lane::Readings.number()), NUMBER_BITS.into()], |row| row.get::<_, Option<i64>>(0))?;
    Ok(last.unwrap_or(0).cast_unsigned())
}

/// The entries' subjects, for a rebuild.
pub(super) const SUBJECTS: &str = "SELECT entity FROM part";

/// Packs the oldest block in the tail that is full and whole. Gives whether there was one. The caller's transaction.
pub(super) fn pack_one(conn: &Connection) -> rusqlite::Result<bool> {
    let mut streams = conn.prepare_cached("SELECT sid FROM stream WHERE lane=?1")?;
    let streams = streams.query_map([Lane::Readings.number()], |row| row.get(0))?;
    for sid in streams.collect::<rusqlite::Result<Vec<i64>>>()? {
        let mut from = place(sid, 0);
        while let Some(first) = oldest_block(conn, from, place(sid + 1, 0))? {
            if pack_block(conn, first, first == place(sid, 0))? {
                return Ok(true);
            }
            from = first + BLOCK.cast_signed();
        }
    }
    Ok(false)
}

fn oldest_block(conn: &Connection, from: i64, to: i64) -> rusqlite::Result<Option<i64>> {
    let sql = "SELECT place FROM tail WHERE place>=?1 AND place<?2 ORDER BY place LIMIT 1";
    Ok(conn.prepare_cached(sql)?.query_row([from, to], |row| row.get(0)).optional()?.map(block))
}

/// False: it is not full yet, or a row of it does not expand. What its author wrote there is not thrown away.
fn pack_block(conn: &Connection, first: i64, is_first: bool) -> rusqlite::Result<bool> {
    let last = first + BLOCK.cast_signed() - 1;
    let entries: Vec<Kept> = in_tail(conn, first, last)?.into_iter().map(|(_, kept)| kept).collect();
    let full = BLOCK as usize - usize::from(is_first);
    if entries.len() != full || entries.iter().any(|(_, raw)| raw.is_empty()) {
        return Ok(false);
    }
    let arrival = entries.last().map_or(0, |(arrival, _)| arrival.cast_signed());
    conn.prepare_cached("INSERT INTO segment(place, last_arrival, entries) VALUES(?1, ?2, ?3)")?.execute(params![
        first,
        arrival,
        pack(&entries)
    ])?;
    conn.prepare_cached("DELETE FROM tail WHERE place BETWEEN ?1 AND ?2")?.execute([first, last])?;
    Ok(true)
}

/// A row's bytes: the author's, with the first ids in it that its stream is known by taken out. A byte says how many,
/// and one for each says how many bytes stand before it and which it is.
fn squeeze(known: &Known, raw: &[u8]) -> Vec<u8> {
    const MOST: usize = 15;
    let mut taken = Vec::new();
    let mut kept = Vec::with_capacity(raw.len());
    let mut rest = raw;
    let mut gap = 0u8;
    while let Some((byte, after)) = rest.split_first() {
        let id = after.first_chunk::<16>().filter(|_| *byte == 0x50 && taken.len() < MOST && gap < 64);
        match id.and_then(|id| known.iter().position(|known| known == id)) {
            Some(which) => {
                taken.push(gap | (which as u8) << 6);
                rest = after.get(16..).unwrap_or_default();
                gap = 0;
            }
            None => {
                kept.push(*byte);
                rest = after;
                gap = gap.saturating_add(1);
            }
        }
    }
    let mut squeezed = vec![taken.len() as u8];
    squeezed.extend(taken);
    squeezed.extend(kept);
    squeezed
}

fn expand(known: &Known, squeezed: &[u8]) -> Option<Vec<u8>> {
    let (count, rest) = squeezed.split_first()?;
    let (taken, mut rest) = rest.split_at_checked(usize::from(*count))?;
    let mut raw = Vec::with_capacity(rest.len() + 17 * taken.len());
    for place in taken {
        let (before, after) = rest.split_at_checked(usize::from(place & 63))?;
        raw.extend_from_slice(before);
        raw.push(0x50);
        raw.extend_from_slice(known.get(usize::from(place >> 6))?);
        rest = after;
    }
    raw.extend_from_slice(rest);
    Some(raw)
}

const MAX_PACKED: usize = BLOCK as usize * (MAX_ENTRY_BYTES + 20);
/// Of 10: a block takes a few milliseconds.
const EFFORT: u8 = 8;

/// Deflate over lengths, arrivals, and each entry's distance, byte by byte, from the latest before it that is as long:
/// of two minutes of the same probes most bytes are equal.
fn pack(entries: &[Kept]) -> Vec<u8> {
    let mut out = Vec::new();
    number(&mut out, entries.len() as u64);
    let mut before = 0;
    for (arrival, raw) in entries {
        number(&mut out, arrival.wrapping_sub(before));
        number(&mut out, raw.len() as u64);
        before = *arrival;
    }
    let mut alike: HashMap<usize, &[u8]> = HashMap::new();
    for (_, raw) in entries {
        match alike.insert(raw.len(), raw) {
            Some(like) => out.extend(raw.iter().zip(like).map(|(byte, like)| byte.wrapping_sub(*like))),
            None => out.extend_from_slice(raw),
        }
    }
    miniz_oxide::deflate::compress_to_vec(&out, EFFORT)
}

fn unpack(packed: &[u8]) -> Option<Vec<Kept>> {
    let plain = miniz_oxide::inflate::decompress_to_vec_with_limit(packed, MAX_PACKED).ok()?;
    let mut rest = plain.as_slice();
    let count = usize::try_from(take_number(&mut rest)?).ok().filter(|count| *count <= BLOCK as usize)?;
    let mut arrival = 0u64;
    let mut lengths = Vec::with_capacity(count);
    for _ in 0..count {
        arrival = arrival.wrapping_add(take_number(&mut rest)?);
        lengths.push((arrival, usize::try_from(take_number(&mut rest)?).ok()?));
    }
    let mut entries: Vec<Kept> = Vec::with_capacity(count);
    let mut alike: HashMap<usize, usize> = HashMap::new();
    for (index, (arrival, length)) in lengths.into_iter().enumerate() {
        let (apart, after) = rest.split_at_checked(length)?;
        let like = alike.insert(length, index).and_then(|index| entries.get(index));
        let raw = match like {
            Some((_, like)) => apart.iter().zip(like).map(|(byte, like)| byte.wrapping_add(*like)).collect(),
            None => apart.to_vec(),
        };
        entries.push((arrival, raw));
        rest = after;
    }
    rest.is_empty().then_some(entries)
}

fn number(out: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn take_number(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for place in (0..64).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        number |= u64::from(byte & 0x7f) << place;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use trivet_log::Origin;

    use super::super::log;
    use super::*;

    const KNOWN: Known = [[7; 16], [9; 16], [0; 16]];

    fn raw() -> impl Strategy<Value = Vec<u8>> {
        let id = prop_oneof![Just(KNOWN[0]), Just(KNOWN[1]), Just(KNOWN[2]), any::<[u8; 16]>()];
        let piece = prop_oneof![
            id.prop_map(|id| [&[0x50], &id[..]].concat()),
            prop::collection::vec(any::<u8>(), 0..80),
            Just(vec![0x50]),
        ];
        prop::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn a_row_comes_back_to_the_last_byte(raw in raw()) {
            prop_assert_eq!(expand(&KNOWN, &squeeze(&KNOWN, &raw)), Some(raw));
        }

        #[test]
        fn a_segment_comes_back_to_the_last_byte(
            entries in prop::collection::vec((any::<u64>(), raw()), 0..40), at: prop::sample::Index, with: u8,
        ) {
            let mut packed = pack(&entries);
            prop_assert_eq!(unpack(&packed), Some(entries));
            let at = at.index(packed.len());
            packed[at] = with;
            let _ = unpack(&packed);
        }

        #[test]
        fn noise_is_no_segment_and_no_row(noise: Vec<u8>) {
            let _ = (unpack(&noise), expand(&KNOWN, &noise));
        }
    }

    /// A stream of readings with so many rows that are no entries: the store does not look inside.
    fn rows(count: u64) -> (Connection, i64) {
        let mut conn = Connection::open_in_memory().unwrap();
        log::prepare(&mut conn).unwrap();
        let stream = StreamId { origin: Origin([1; 16]), scope: Id::from_bytes([9; 16]), lane: Lane::Readings };
        let sid = log::sid(&conn, &stream).unwrap();
        for seq in 1..=count {
            bring(&conn, sid, seq, seq, &[3; 16], &seq.to_le_bytes()).unwrap();
        }
        (conn, sid)
    }

    fn one(conn: &Connection, sql: &str) -> i64 {
        conn.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_damaged_row_stays_as_it_lies_and_holds_up_no_other_block() {
        let (conn, sid) = rows(4 * BLOCK - 1);
        conn.execute("UPDATE tail SET entry=x'ff' WHERE place=?1", [place(sid, BLOCK + 5)]).unwrap();
        while pack_one(&conn).unwrap() {}
        let of = |sql| one(&conn, sql);
        assert_eq!((of("SELECT count(*) FROM segment"), of("SELECT count(*) FROM tail")), (3, 64));
        assert_eq!(of("SELECT count(*) FROM tail WHERE entry=x'ff'"), 1);
        assert_eq!(last_arrival(&conn).unwrap(), 4 * BLOCK - 1, "though the tail ends before the segments");
        let entries = range(&conn, sid, 0, 1_000).unwrap();
        let seq = |raw: &Vec<u8>| raw.as_slice().try_into().map_or(0, u64::from_le_bytes);
        let seqs: Vec<u64> = entries.iter().map(seq).collect();
        let expected: Vec<u64> = (1..4 * BLOCK).map(|seq| if seq == BLOCK + 5 { 0 } else { seq }).collect();
        assert_eq!(seqs, expected);
    }

    #[test]
    fn what_is_no_entry_is_brought_along_from_before_the_segments() {
        let (mut conn, sid) = rows(0);
        for seq in 1..=3 {
            let sql = "INSERT INTO log(arrival, sid, seq, entity, entry) VALUES(?1, ?2, ?1, x'03', x'ffee')";
            conn.execute(sql, [seq, sid]).unwrap();
        }
        let before = "ALTER TABLE stream ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
            ALTER TABLE stream ADD COLUMN chain BLOB NOT NULL DEFAULT x'00';";
        conn.execute_batch(before).unwrap();
        log::prepare(&mut conn).unwrap();
        assert_eq!(one(&conn, "SELECT count(*) FROM log"), 0);
        assert_eq!(range(&conn, sid, 0, 9).unwrap(), [[0xff_u8, 0xee]; 3]);
    }

    #[test]
    fn a_header_loses_what_its_stream_says() {
        let header = [&[0x8c, 0x83, 0x50][..], &[7; 16], &[0x50], &[9; 16], &[1, 24, 99, 0x50], &[0; 16]].concat();
        assert_eq!(squeeze(&KNOWN, &header), [3, 2, 0x40, 0x80 | 3, 0x8c, 0x83, 1, 24, 99]);
    }
}
