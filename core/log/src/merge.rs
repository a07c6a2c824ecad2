//! The one order in which every replica folds a subject's entries: causes first, then (hlc, origin, seq).
//!
//! The order depends on the set alone, not on how it arrived. Wrong wall clocks cannot put an effect before its
//! cause, because causes come from the frontiers.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};

use crate::entry::{EntryRef, Header, Seen};
use crate::id::{Id, Origin};

/// Where an entry stands in the fold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Index into the slice that was given.
    pub index: usize,
    /// Another replica's entries for the same command came first: this one is kept, and folded as its twin.
    pub twin: bool,
}

/// The fold's order of one subject's entries.
pub fn order(headers: &[&Header]) -> Vec<Placed> {
    let sequence = if is_one_stream(headers) { by_number(headers) } else { causal(headers) };
    let mut first: HashMap<Id, Origin> = HashMap::with_capacity(headers.len());
    sequence
        .into_iter()
        .filter_map(|index| {
            let header = headers.get(index)?;
            let owner = *first.entry(header.command).or_insert(header.stream.origin);
            Some(Placed { index, twin: owner != header.stream.origin })
        })
        .collect()
}

/// The newest entries of a subject: what the next entry's frontier names.
pub fn frontier(headers: &[&Header], own: Origin) -> Vec<Seen> {
    let mut newest: BTreeMap<Origin, u64> = BTreeMap::new();
    for header in headers {
        let seq = newest.entry(header.stream.origin).or_default();
        *seq = header.seq.max(*seq);
    }
    let mut covered: BTreeMap<Origin, u64> = BTreeMap::new();
    for seen in headers.iter().flat_map(|header| header.seen()) {
        let seq = covered.entry(seen.origin).or_default();
        *seq = seen.seq.max(*seq);
    }
    newest
        .into_iter()
        .filter(|(origin, seq)| covered.get(origin).is_none_or(|seen| seen < seq))
        .map(|(origin, seq)| Seen { seq, origin: (origin != own).then_some(origin) })
        .collect()
}

fn is_one_stream(headers: &[&Header]) -> bool {
    headers.windows(2).all(|pair| matches!(pair, [a, b] if a.stream.origin == b.stream.origin))
}

fn by_number(headers: &[&Header]) -> Vec<usize> {
    let mut sequence: Vec<usize> = (0..headers.len()).collect();
    sequence.sort_by_key(|&index| headers.get(index).map(|header| header.seq));
    sequence
}

/// Kahn's algorithm over "seen by" and "before in the same stream", the smallest (hlc, origin, seq) first. A cause
/// that has not arrived is passed over: the fold never waits. Dishonest frontiers may name a cycle; its members come
/// last, by the same key, so that nothing is lost.
fn causal(headers: &[&Header]) -> Vec<usize> {
    let places: HashMap<EntryRef, usize> = headers.iter().enumerate().map(|(index, h)| (h.place(), index)).collect();
    let mut effects: Vec<Vec<usize>> = vec![Vec::new(); headers.len()];
    let mut causes: Vec<usize> = vec![0; headers.len()];
    let mut link = |cause: usize, effect: usize| {
        if let (Some(list), Some(count)) = (effects.get_mut(cause), causes.get_mut(effect))
            && cause != effect
        {
            list.push(effect);
            *count += 1;
        }
    };
    for (index, header) in headers.iter().enumerate() {
        header.seen().filter_map(|seen| places.get(&seen)).for_each(|&cause| link(cause, index));
    }
    for pair in by_stream(headers).windows(2) {
        if let [a, b] = *pair
            && headers.get(a).map(|h| h.stream.origin) == headers.get(b).map(|h| h.stream.origin)
        {
            link(a, b);
        }
    }
    let key = |index: usize| headers.get(index).map(|h| (h.hlc, h.stream.origin, h.seq));
    let mut ready: BinaryHeap<_> =
        (0..headers.len()).filter(|&i| causes.get(i) == Some(&0)).map(|i| Reverse((key(i), i))).collect();
    let mut sequence = Vec::with_capacity(headers.len());
    while let Some(Reverse((_, index))) = ready.pop() {
        sequence.push(index);
        for &effect in effects.get(index).into_iter().flatten() {
            if let Some(count) = causes.get_mut(effect) {
                *count -= 1;
                if *count == 0 {
                    ready.push(Reverse((key(effect), effect)));
                }
            }
        }
    }
    let mut left: Vec<usize> = (0..headers.len()).filter(|&i| causes.get(i).is_some_and(|count| *count > 0)).collect();
    left.sort_by_key(|&index| key(index));
    sequence.extend(left);
    sequence
}

fn by_stream(headers: &[&Header]) -> Vec<usize> {
    let mut sequence: Vec<usize> = (0..headers.len()).collect();
    sequence.sort_by_key(|&index| headers.get(index).map(|h| h.place()));
    sequence
}

#[cfg(test)]
mod tests;
