//! Where the entries of the readings lane lie: there are half a million a year and box, nearly alike, and nobody asks
//! for one of them alone. New ones are rows of `tail` under their stream and number; a full block of 64 numbers
//! becomes one compressed row of `segment`, whenever the writer has nothing else to do. `part` says in which blocks a
//! subject has entries.
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
    let place = place(sid, entry.header.seq);
    let squeezed = squeeze(&known(&entry.header.stream), entry.raw());
    conn.prepare_cached("INSERT INTO tail(place, arrival, entry) VALUES(?1, ?2, ?3)")?.execute(params![
        place,
        arrival.cast_signed(),
        squeezed
    ])?;
    conn.prepare_cached("INSERT OR IGNORE INTO part(entity, place) VALUES(?1, ?2)")?
        .execute(params![entry.header.entity.as_bytes(), block(place)])?;
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
    let mut entries = Vec::new();
    if to <= after {
        return Ok(entries);
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
        entries.extend(kept.filter(|(at, _)| (first..=last).contains(at)).map(|(_, (_, raw))| raw));
    }
    entries.extend(in_tail(conn, first, last)?.into_iter().map(|(_, raw)| raw));
    Ok(entries)
}

fn in_tail(conn: &Connection, first: i64, last: i64) -> rusqlite::Result<Vec<Kept>> {
    let known = known_of(conn, first >> NUMBER_BITS)?;
    let sql = "SELECT arrival, entry FROM tail WHERE place BETWEEN ?1 AND ?2 ORDER BY place";
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query([first, last])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        let raw = expand(&known, row.get_ref(1)?.as_blob()?).unwrap_or_default();
        entries.push((row.get::<_, i64>(0)?.cast_unsigned(), raw));
    }
    Ok(entries)
}

fn block_of(conn: &Connection, place: i64) -> rusqlite::Result<Vec<Kept>> {
    let mut statement = conn.prepare_cached("SELECT entries FROM segment WHERE place=?1")?;
    let packed = statement.query_row([place], |row| Ok(unpacked(place, row.get_ref(0)?.as_blob()?))).optional()?;
    match packed {
        Some(entries) => Ok(entries),
        None => in_tail(conn, place, place + BLOCK.cast_signed() - 1),
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
    let sql = "SELECT max(coalesce(
          (SELECT arrival FROM tail WHERE place BETWEEN s.sid<<?2 AND ((s.sid+1)<<?2)-1 ORDER BY place DESC LIMIT 1),
          (SELECT last_arrival FROM segment WHERE place BETWEEN s.sid<<?2 AND ((s.sid+1)<<?2)-1
             ORDER BY place DESC LIMIT 1), 0))
        FROM stream s WHERE s.lane=?1";
    let last = conn
        .prepare_cached(sql)?
        .query_row([i64::from(Lane::Readings.number()), NUMBER_BITS.into()], |row| row.get::<_, Option<i64>>(0))?;
    Ok(last.unwrap_or(0).cast_unsigned())
}

/// The entries' subjects, for a rebuild.
pub(super) const SUBJECTS: &str = "SELECT entity FROM part";

/// Packs the oldest full block that still lies in the tail. Gives whether there was one. The caller's transaction.
pub(super) fn pack_one(conn: &Connection) -> rusqlite::Result<bool> {
    let mut streams = conn.prepare_cached("SELECT sid FROM stream WHERE lane=?1")?;
    let streams = streams.query_map([Lane::Readings.number()], |row| row.get(0))?;
    for sid in streams.collect::<rusqlite::Result<Vec<i64>>>()? {
        let sql = "SELECT place FROM tail WHERE place>=?1 AND place<?2 ORDER BY place LIMIT 1";
        let oldest = conn.prepare_cached(sql)?.query_row([place(sid, 0), place(sid + 1, 0)], |row| row.get(0));
        let Some(first) = oldest.optional()?.map(block) else { continue };
        let last = first + BLOCK.cast_signed() - 1;
        let entries = in_tail(conn, first, last)?;
        let full = BLOCK as usize - usize::from(first == place(sid, 0));
        if entries.len() != full {
            continue;
        }
        let arrival = entries.last().map_or(0, |(arrival, _)| arrival.cast_signed());
        conn.prepare_cached("INSERT INTO segment(place, last_arrival, entries) VALUES(?1, ?2, ?3)")?
            .execute(params![first, arrival, pack(&entries)])?;
        conn.prepare_cached("DELETE FROM tail WHERE place BETWEEN ?1 AND ?2")?.execute([first, last])?;
        return Ok(true);
    }
    Ok(false)
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

    #[test]
    fn a_header_loses_what_its_stream_says() {
        let header = [&[0x8c, 0x83, 0x50][..], &[7; 16], &[0x50], &[9; 16], &[1, 24, 99, 0x50], &[0; 16]].concat();
        assert_eq!(squeeze(&KNOWN, &header), [3, 2, 0x40, 0x80 | 3, 0x8c, 0x83, 1, 24, 99]);
    }
}
