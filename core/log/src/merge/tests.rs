use proptest::prelude::*;

use super::*;
use crate::clock::{Hlc, TimeQuality};
use crate::entry::{Lane, StreamId};

fn header(origin: u8, seq: u64, hlc: u64, command: u8, seen: &[(u8, u64)]) -> Header {
    Header {
        stream: StreamId { origin: Origin([origin; 16]), scope: Id::NIL, lane: Lane::Orders },
        seq,
        hlc: Hlc::from_ms(hlc),
        quality: TimeQuality::Ntp,
        actor: Id::NIL,
        device: Id::NIL,
        command: Id::from_bytes([command; 16]),
        rest: 0,
        kind: 1,
        version: 1,
        entity: Id::NIL,
        frontier: seen.iter().map(|&(o, seq)| Seen { seq, origin: (o != origin).then_some(Origin([o; 16])) }).collect(),
    }
}

fn sequence(headers: &[Header]) -> Vec<(u8, u64, bool)> {
    let refs: Vec<&Header> = headers.iter().collect();
    order(&refs)
        .into_iter()
        .map(|placed| (refs[placed.index].stream.origin.0[0], refs[placed.index].seq, placed.twin))
        .collect()
}

#[test]
fn a_cause_comes_first_though_its_clock_is_ahead() {
    let placed = header(1, 1, 9_000, 1, &[]);
    let bumped = header(2, 1, 10, 2, &[(1, 1)]);
    assert_eq!(sequence(&[bumped, placed]), [(1, 1, false), (2, 1, false)]);
}

#[test]
fn the_second_box_to_run_a_command_is_kept_as_a_twin() {
    let first = header(1, 4, 100, 7, &[]);
    let second = header(2, 9, 101, 7, &[]);
    assert_eq!(sequence(&[second, first]), [(1, 4, false), (2, 9, true)]);
}

#[test]
fn the_frontier_names_only_what_nobody_has_seen() {
    let a = header(1, 1, 100, 1, &[]);
    let b = header(2, 5, 101, 2, &[(1, 1)]);
    let c = header(3, 2, 90, 3, &[]);
    let seen = frontier(&[&a, &b, &c], Origin([2; 16]));
    assert_eq!(seen, [Seen { seq: 5, origin: None }, Seen { seq: 2, origin: Some(Origin([3; 16])) }]);
}

#[test]
fn a_frontier_that_lies_loses_nothing() {
    let a = header(1, 1, 100, 1, &[(2, 1)]);
    let b = header(2, 1, 100, 2, &[(1, 1)]);
    assert_eq!(sequence(&[b, a]).len(), 2);
}

proptest! {
    /// Any subset of any history, in any order of arrival, folds in one order; and every known cause precedes.
    #[test]
    fn the_order_depends_on_the_set_alone(
        plan in proptest::collection::vec((0u8..3, 0u64..50, 0u8..9, any::<u32>(), any::<bool>()), 0..24),
        shuffle in any::<u64>(),
    ) {
        let mut heads = [0u64; 3];
        let mut all: Vec<Header> = Vec::new();
        let mut kept: Vec<Header> = Vec::new();
        for (origin, hlc, command, sees, keep) in plan {
            let seen: Vec<(u8, u64)> = (0..3u8)
                .filter(|o| heads[usize::from(*o)] > 0 && (*o == origin || sees & (1 << o) != 0))
                .map(|o| (o, heads[usize::from(o)]))
                .collect();
            heads[usize::from(origin)] += 1;
            let entry = header(origin, heads[usize::from(origin)], hlc, command, &seen);
            if keep { kept.push(entry.clone()); }
            all.push(entry);
        }
        for set in [all, kept] {
            let straight = sequence(&set);
            let mut other = set.clone();
            other.sort_by_key(|h| (shuffle ^ h.seq).wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(u64::from(h.stream.origin.0[0])));
            prop_assert_eq!(&straight, &sequence(&other));
            let place = |o: u8, s: u64| straight.iter().position(|(a, b, _)| *a == o && *b == s);
            for entry in &set {
                for seen in entry.seen() {
                    let (cause, effect) = (place(seen.origin.0[0], seen.seq), place(entry.stream.origin.0[0], entry.seq));
                    prop_assert!(cause.is_none() || cause < effect);
                }
            }
        }
    }
}
