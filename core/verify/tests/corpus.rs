//! Damaged records, each with the verdict that it must get: `corpus/*.record` and `corpus/verdicts.txt`, which the
//! script on the self-verifying page is held to as well (`page/agree.mjs`). `UPDATE_EXPECT=1` writes them anew.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

mod common;

use std::path::Path;

use common::*;
use trivet_log::{Checkpoint, Lane};
use trivet_verify::{Asked, verify};

const A: u8 = 10;
const B: u8 = 11;

fn honest() -> Draft {
    let (a, docs, b) = (readings(A, 12), documents(A, 3), readings(B, 6));
    Draft::of(&[(&a, 0), (&docs, 0), (&b, 0)], 5)
}

fn changed(change: impl FnOnce(&mut Draft)) -> Vec<u8> {
    let mut draft = honest();
    change(&mut draft);
    draft.file()
}

/// The readings of a box whose clock did something, all signed as it signs.
fn clocked(change: impl FnOnce(&mut Stream)) -> Vec<u8> {
    let mut stream = readings(A, 6);
    change(&mut stream);
    stream.minute(4_000);
    stream.minute(4_100);
    Draft::of(&[(&stream, 0)], 5).file()
}

fn cases() -> Vec<(&'static str, Vec<u8>)> {
    let file = honest().file();
    let at = |part: usize| file.len() * part / 16;
    let flipped = |at: usize| {
        let mut file = file.clone();
        file[at] ^= 0x10;
        file
    };
    let (long, late) = (readings(A, 30), {
        let mut stream = readings(A, 4);
        stream.wall_ms += MINUTE_MS;
        let header = stream.header(0x0610, 0);
        let old = i64::try_from(START_MS / MINUTE_MS).unwrap() - 300;
        stream.append(header, &minute_read(old, 2_500, true));
        stream.commit();
        stream
    });
    let cut = |entries: usize| {
        let mut stream = readings(A, 12);
        stream.checkpoints.retain(|c| c.seq <= entries as u64);
        stream.entries.truncate(usize::try_from(stream.checkpoints.last().unwrap().seq).unwrap());
        stream
    };
    let mut cases: Vec<(&'static str, Vec<u8>)> = vec![
        ("good", file.clone()),
        ("good-from-a-checkpoint", Draft::of(&[(&long, 17)], 8).file()),
        ("good-late-readings-say-so", Draft::of(&[(&late, 0)], 8).file()),
        ("good-tail-dropped-unseen", Draft::of(&[(&cut(9), 0)], 5).file()),
        ("empty", Vec::new()),
        ("no-record", b"PK\x03\x04 this is some other file".to_vec()),
        ("flipped-in-the-list", flipped(at(1))),
        ("flipped-in-an-entry", flipped(at(8))),
        ("flipped-in-the-seal", flipped(file.len() - 20)),
        ("cut-in-the-middle", file[..at(9)].to_vec()),
        ("cut-before-the-seal", file[..file.len() - 69].to_vec()),
        ("more-after-the-seal", [&file[..], &[0x00]].concat()),
    ];
    let mut add = |name, change: &dyn Fn(&mut Draft)| cases.push((name, changed(change)));
    add("changed-temperature", &|d| {
        let raw = &mut d.batches[1].entries[2];
        let last = raw.len() - 20;
        raw[last] ^= 1;
    });
    add("changed-time-of-an-entry", &|d| d.batches[1].entries[2][43] ^= 0x01);
    add("changed-field-of-the-list", &|d| d.begin.parts[0].last -= 1);
    add("dropped-first", &|d| drop(d.batches[0].entries.remove(0)));
    add("dropped-middle", &|d| drop(d.batches[1].entries.remove(2)));
    add("dropped-last", &|d| drop(d.batches[3].entries.pop()));
    add("dropped-first-batch", &|d| drop(d.batches.remove(0)));
    add("dropped-middle-batch", &|d| drop(d.batches.remove(1)));
    add("dropped-last-batch", &|d| drop(d.batches.pop()));
    add("dropped-stream", &|d| d.batches.retain(|batch| batch.stream.lane != Lane::Documents));
    add("repeated-batch", &|d| d.batches.insert(2, d.batches[1].clone()));
    add("reordered-entries", &|d| d.batches[1].entries.swap(1, 2));
    add("reordered-batches", &|d| d.batches.swap(1, 2));
    add("spliced-entry", &|d| {
        let foreign = d.batches.last().unwrap().entries[0].clone();
        d.batches[1].entries[2] = foreign;
    });
    add("spliced-batch", &|d| {
        let stranger = readings(12, 3);
        d.batches.extend(Draft::of(&[(&stranger, 0)], 9).batches);
    });
    add("spliced-stream", &|d| {
        let stranger = readings(12, 3);
        let other = Draft::of(&[(&stranger, 0)], 9);
        d.batches.extend(other.batches);
        d.begin.parts.extend(other.begin.parts);
    });
    add("spliced-box-of-another-root", &|d| {
        let stranger = readings(12, 3);
        let other = Draft::of(&[(&stranger, 0)], 9);
        d.batches.extend(other.batches);
        d.begin.parts.extend(other.begin.parts);
        d.begin.certificates.push(certificate(12, 2));
    });
    add("another-root", &|d| {
        use ring::signature::KeyPair;
        d.begin.root_public_key = key(2).public_key().as_ref().to_vec();
    });
    add("old-checkpoint", &|d| d.batches[2].checkpoint = d.batches[1].checkpoint.clone());
    add("checkpoint-of-another-key", &|d| {
        let (stream, c) = (d.batches[1].stream, d.batches[1].checkpoint.clone());
        d.batches[1].checkpoint = Checkpoint::sign(&key(12), &stream, c.seq, c.chain, c.hlc);
    });
    add("rewritten-and-signed-by-another-key", &|d| {
        d.batches[1].entries[2][110] ^= 1;
        let stream = d.batches[1].stream;
        let chain = d.batches[..2].iter().flat_map(|batch| &batch.entries);
        let chain = chain.fold(trivet_log::Chain::start(&stream), |chain, raw| chain.then(raw));
        let c = d.batches[1].checkpoint.clone();
        d.batches[1].checkpoint = Checkpoint::sign(&key(12), &stream, c.seq, chain, c.hlc);
    });
    add("sealed-by-another-key", &|d| d.sealer = 12);
    add("another-head", &|d| {
        let part = &mut d.begin.parts[0];
        part.head = Checkpoint::sign(&key(A), &part.stream, part.head.seq, trivet_log::Chain([9; 32]), part.head.hlc);
    });
    add("restored-box", &|d| d.begin.restored = Some(true));
    add("another-format", &|d| d.begin.format = "trivet record 2".into());
    cases.push((
        "good-clock-set-forward-within-a-minute",
        clocked(|s| {
            let minute = i64::try_from(s.wall_ms / MINUTE_MS).unwrap();
            s.wall_ms += 200 * MINUTE_MS;
            let header = s.header(0x0610, 0);
            s.append(header, &minute_read(minute, 2_500, false));
            s.commit();
        }),
    ));
    cases.push(("backdated", clocked(|s| s.wall_ms -= 90 * MINUTE_MS)));
    cases.push((
        "in-the-future",
        clocked(|s| {
            let header = s.header(0x0610, 0);
            let ahead = i64::try_from(s.wall_ms / MINUTE_MS).unwrap() + 60;
            s.append(header, &minute_read(ahead, 2_500, false));
            s.commit();
        }),
    ));
    cases.push((
        "clock-falls",
        clocked(|s| {
            let mut header = s.header(0x0601, 0);
            header.hlc = hlc(START_MS + MINUTE_MS);
            s.append(header, &[0x80]);
            s.commit();
        }),
    ));
    cases.push((
        "cut-command",
        clocked(|s| {
            let header = s.header(0x0601, 2);
            s.append(header, &[0x80]);
            s.commit();
        }),
    ));
    let mut unread = Draft::of(&[(&readings(A, 3), 0)], 99);
    unread.batches[0].entries[2] = vec![0xff; 40].into();
    unread.sign_anew();
    cases.push(("unread-entry", unread.file()));
    cases
}

#[test]
fn every_damage_has_its_verdict() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut verdicts = String::new();
    let mut cases = cases();
    cases.sort_by_key(|(name, _)| *name);
    for (name, bytes) in &cases {
        let path = folder.join(name).with_extension("record");
        if update {
            std::fs::write(&path, bytes).unwrap();
        }
        assert!(std::fs::read(&path).unwrap() == *bytes, "{name} differs from {}", path.display());
        let report = verify(bytes, &Asked::default());
        assert_eq!(report.findings.is_empty(), name.starts_with("good"), "{name}: {report}");
        verdicts += &format!("{name}.record\n{}", report.codes());
    }
    let path = folder.join("verdicts.txt");
    if update {
        std::fs::write(&path, &verdicts).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), verdicts);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), cases.len() + 1, "a file that no case makes");
}
