//! Whatever is done to a record, it is not called good. What this finds wrong is left in `target/verify` with its
//! verdicts, for the script to judge as well (`page/agree.mjs`).

#![expect(clippy::indexing_slicing, reason = "a test may fail by panicking")]

mod common;

use std::cell::RefCell;
use std::path::PathBuf;

use common::*;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};
use trivet_log::{Checkpoint, Lane};
use trivet_verify::{Asked, run, verify};

const A: u8 = 10;
const B: u8 = 11;

/// What is done to a record that its own box then seals, as its owner could.
#[derive(Clone, Debug)]
enum Damage {
    FlipInAnEntry(Index, Index, u8),
    DropEntry(Index),
    DropBatch(Index),
    RepeatBatch(Index),
    SwapEntries(Index, Index),
    SwapBatches(Index, Index),
    SpliceEntry(Index, Index),
    OldCheckpoint(Index),
    ForeignCheckpoint(Index),
    Backdate(u64),
    CutList(Index),
    AnotherRoot,
}

fn damage() -> impl Strategy<Value = Damage> {
    let index = any::<Index>;
    prop_oneof![
        (index(), index(), 1u8..).prop_map(|(entry, byte, bits)| Damage::FlipInAnEntry(entry, byte, bits)),
        index().prop_map(Damage::DropEntry),
        index().prop_map(Damage::DropBatch),
        index().prop_map(Damage::RepeatBatch),
        (index(), index()).prop_map(|(a, b)| Damage::SwapEntries(a, b)),
        (index(), index()).prop_map(|(a, b)| Damage::SwapBatches(a, b)),
        (index(), index()).prop_map(|(to, from)| Damage::SpliceEntry(to, from)),
        index().prop_map(Damage::OldCheckpoint),
        index().prop_map(Damage::ForeignCheckpoint),
        (14u64..5_000).prop_map(Damage::Backdate),
        index().prop_map(Damage::CutList),
        Just(Damage::AnotherRoot),
    ]
}

/// The damaged draft; None where this changes nothing.
fn damaged(a: &Stream, honest: &Draft, damage: &Damage, size: u64) -> Option<Draft> {
    let mut d = honest.clone();
    let place = |index: &Index| honest.place(index.index(honest.len()));
    let batch = |index: &Index| index.index(honest.batches.len());
    match damage {
        Damage::FlipInAnEntry(entry, byte, bits) => {
            let (batch, at) = place(entry);
            let raw = &mut d.batches[batch].entries[at];
            let byte = byte.index(raw.len());
            raw[byte] ^= bits;
        }
        Damage::DropEntry(entry) => {
            let (batch, at) = place(entry);
            d.batches[batch].entries.remove(at);
        }
        Damage::DropBatch(index) => drop(d.batches.remove(batch(index))),
        Damage::RepeatBatch(index) => d.batches.push(honest.batches[batch(index)].clone()),
        Damage::SwapEntries(a, b) => {
            let ((batch_a, at_a), (batch_b, at_b)) = (place(a), place(b));
            let entry = d.batches[batch_a].entries[at_a].clone();
            d.batches[batch_a].entries[at_a] = d.batches[batch_b].entries[at_b].clone();
            d.batches[batch_b].entries[at_b] = entry;
        }
        Damage::SwapBatches(a, b) => {
            d.batches.swap(batch(a), batch(b));
            // Of two streams, whichever comes first is no matter.
            let of = |batches: &[trivet_log::sync::Batch]| {
                let mut sorted = batches.to_vec();
                sorted.sort_by_key(|batch| batch.stream);
                sorted
            };
            if of(&d.batches) == of(&honest.batches) {
                return None;
            }
        }
        Damage::SpliceEntry(to, from) => {
            let ((to, at), (from, taken)) = (place(to), place(from));
            d.batches[to].entries.insert(at, honest.batches[from].entries[taken].clone());
        }
        Damage::OldCheckpoint(index) => {
            let index = batch(index);
            let old = honest.batches[index.checked_sub(1)?].checkpoint.clone();
            d.batches[index].checkpoint = old;
        }
        Damage::ForeignCheckpoint(index) => {
            let index = batch(index);
            let (stream, c) = (d.batches[index].stream, d.batches[index].checkpoint.clone());
            d.batches[index].checkpoint = Checkpoint::sign(&key(99), &stream, c.seq, c.chain, c.hlc);
        }
        Damage::Backdate(minutes) => {
            let mut stream = a.clone();
            stream.wall_ms -= minutes * MINUTE_MS;
            (0..3).for_each(|_| stream.minute(3_000));
            d = Draft::of(&[(&stream, 0)], size);
        }
        Damage::CutList(index) => {
            let parts = d.begin.parts.len();
            d.begin.parts.remove(index.index(parts));
        }
        Damage::AnotherRoot => {
            d.begin.certificates.iter_mut().for_each(|certificate| *certificate = certificate.clone().signed(&key(2)));
        }
    }
    (d.file() != honest.file()).then_some(d)
}

#[test]
fn no_damage_is_called_good() {
    let folder: PathBuf = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target"), PathBuf::from)
        .join("verify");
    drop(std::fs::remove_dir_all(&folder));
    std::fs::create_dir_all(&folder).unwrap();
    let (verdicts, kept) = (RefCell::new(String::new()), RefCell::new(0));
    // The script takes milliseconds for a signature: it gets the first of these.
    let keep = |bytes: &[u8], codes: String| {
        let mut kept = kept.borrow_mut();
        if *kept < 200 {
            *kept += 1;
            let name = format!("{:03}.record", *kept);
            std::fs::write(folder.join(&name), bytes).unwrap();
            *verdicts.borrow_mut() += &format!("{name}\n{codes}");
        }
    };
    let lengths = (4usize..24, 1usize..4, 1usize..12, 2u64..9, prop_oneof![Just(0u64), 1u64..4]);
    let mut runner = TestRunner::new(Config { cases: 400, failure_persistence: None, ..Config::default() });
    let strategy = (lengths, damage(), any::<Index>(), 1u8..);
    runner
        .run(&strategy, |((minutes, commands, others, size, after), damage, at, bits)| {
            let (a, docs, b) = (readings(A, minutes), documents(A, commands), readings(B, others));
            let honest = Draft::of(&[(&a, after), (&docs, 0), (&b, 0)], size);
            let file = honest.file();
            let report = verify(&file, &Asked::default());
            prop_assert!(report.findings.is_empty(), "an honest record: {report}");
            prop_assert_eq!(report.heads.len(), honest.batches.len());
            if let Some(damaged) = damaged(&a, &honest, &damage, size) {
                let bytes = damaged.file();
                let report = verify(&bytes, &Asked::default());
                keep(&bytes, report.codes());
                prop_assert!(!report.findings.is_empty(), "{:?} was not found: {}", damage, report);
            }
            // Any byte, by a hand that has no key.
            let mut bytes = file.clone();
            let at = at.index(bytes.len());
            bytes[at] ^= bits;
            let report = verify(&bytes, &Asked::default());
            keep(&bytes, report.codes());
            prop_assert!(!report.findings.is_empty(), "byte {at} ^ {bits:02x} was not found: {report}");
            let report = verify(&file[..at], &Asked::default());
            prop_assert!(!report.findings.is_empty(), "cut at {at}: {report}");
            Ok(())
        })
        .unwrap();
    std::fs::write(folder.join("verdicts.txt"), verdicts.take()).unwrap();
}

/// The tail that nobody else saw can be dropped by whoever has the box's key. An earlier record, or one fingerprint on
/// paper, shows it; so does another history at the same number.
#[test]
fn what_was_seen_before_shows_a_rollback_and_a_fork() {
    let folder = tempfile::tempdir().unwrap();
    let save = |name: &str, file: &Draft| {
        let path = folder.path().join(name);
        std::fs::write(&path, file.file()).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let full = readings(A, 12);
    let mut rolled_back = readings(A, 8);
    let earlier = save("earlier", &Draft::of(&[(&full, 0)], 5));
    let shorter = save("shorter", &Draft::of(&[(&rolled_back, 0)], 5));
    (0..9).for_each(|_| rolled_back.minute(1_000));
    let forked = save("forked", &Draft::of(&[(&rolled_back, 0)], 5));
    let mut later = full.clone();
    (0..9).for_each(|_| later.minute(3_300));
    let grown = save("grown", &Draft::of(&[(&later, 0)], 5));
    let month = save("month", &Draft::of(&[(&later, 14)], 5));
    let check = |arguments: &[&str]| run(arguments.iter().map(|argument| (*argument).to_owned()));

    let head = full.checkpoints.last().unwrap();
    let chain: String = head.chain.0.iter().map(|byte| format!("{byte:02x}")).collect();
    let printed = format!("{}:{}", head.seq, &chain[..16]);
    let full_print = format!("{}/{}/1/{}:{chain}", full.id.origin, full.id.scope, head.seq);
    for alone in [&shorter, &forked, &grown, &month] {
        assert_eq!(check(&[alone]).1, 0, "alone, nothing shows in {alone}");
    }
    for seen in [earlier.as_str(), &printed, &full_print] {
        let (text, code) = check(&[&shorter, "--seen", seen]);
        assert!(code == 1 && text.contains("WRONG (rolled-back)"), "{seen}: {text}");
        let (text, code) = check(&[&forked, "--seen", seen]);
        assert!(code == 1 && text.contains("WRONG (fork)"), "{seen}: {text}");
        let (text, code) = check(&[&grown, "--seen", seen]);
        assert!(code == 0 && text.contains("as seen before: "), "{seen}: {text}");
        assert_eq!(check(&[&month, "--seen", seen]).1, 0, "{seen}");
    }
    // A stream that was seen and is not there at all.
    let other = save("other", &Draft::of(&[(&documents(A, 3), 0)], 5));
    assert_eq!(check(&[&other, "--seen", &earlier]).1, 1);
    assert_eq!(full.id.lane, Lane::Readings);
}

#[test]
fn what_it_cannot_check_it_says() {
    let check = |arguments: &[&str]| run(arguments.iter().map(|argument| (*argument).to_owned()));
    let record = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/good.record");
    let root = check(&[record]).0.split("root fingerprint ").nth(1).unwrap()[..32].to_owned();
    assert_eq!(check(&[record, "--root", &root]).1, 0);
    assert_eq!(check(&[record, "--root", "0123456789abcdef"]).1, 1);
    for wrong in [
        &[][..],
        &["/nowhere"],
        &[record, "--root", "0123"],
        &[record, "--seen", "12:0123"],
        &[record, "--seen", "/nowhere"],
        &[record, "--seen", concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/empty.record")],
        &[record, "--wrong"],
        &[record, record],
    ] {
        let (text, code) = check(wrong);
        assert!(code == 2 && text.len() > 10, "{wrong:?}: {text}");
    }
}
