//! The entry format, frozen: these bytes are what every box in the field has written. A failing line here means that
//! the change would fork every log; add a field as optional instead, never renumber.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use expect_test::expect;
use ring::signature::{Ed25519KeyPair, KeyPair};
use trivet_log::chain::Head;
use trivet_log::{
    Certificate, Checkpoint, Entry, Header, Hlc, Id, Lane, Origin, ReplicaKind, Seen, StreamId, TimeQuality,
};

fn key() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn entry() -> Entry {
    let origin = Origin::of(key().public_key().as_ref(), 1);
    let header = Header {
        stream: StreamId { origin, scope: Id::from_bytes([0x11; 16]), lane: Lane::Orders },
        seq: 1,
        hlc: Hlc::from_ms(1_790_000_000_000),
        quality: TimeQuality::Ntp,
        actor: Id::from_bytes([0x22; 16]),
        device: Id::from_bytes([0x33; 16]),
        command: Id::from_bytes([0x44; 16]),
        rest: 0,
        kind: 0x0301,
        version: 1,
        entity: Id::from_bytes([0x55; 16]),
        frontier: vec![Seen { seq: 300, origin: None }, Seen { seq: 2, origin: Some(Origin([0x66; 16])) }],
    };
    Entry::new(header, &[0x81, 0x05]).unwrap()
}

#[test]
fn an_entry() {
    expect!["8c83502665073f34b6b03cb9d24af9ebe697b8501111111111111111111111111111111100011b01a0c4506c0000000250222222222222222222222222222222225033333333333333333333333333333333504444444444444444444444444444444400190301015055555555555555555555555555555555828119012c820250666666666666666666666666666666668105"].assert_eq(&hex(entry().raw()));
}

#[test]
fn an_entry_reads_back_and_keeps_what_it_does_not_know() {
    let entry = entry();
    let back = Entry::parse(entry.raw().to_vec()).unwrap();
    assert_eq!(back, entry);
    // A later release adds field 12: the array grows from 12 (0x8c) to 13 (0x8d) elements.
    let mut newer = entry.raw().to_vec();
    newer[0] = 0x8d;
    let body = newer.split_off(newer.len() - 2);
    newer.extend([0x19, 0x12, 0x34]);
    newer.extend(body);
    let read = Entry::parse(newer.clone()).unwrap();
    assert_eq!((&read.header, read.body(), read.raw()), (&entry.header, entry.body(), newer.as_slice()));
}

#[test]
fn a_chain_and_its_checkpoint() {
    let entry = entry();
    let mut head = Head::start(entry.header.stream);
    expect!["55b3ca4b9d4f78b618c854c264ead7ae041fb58cdc0defe88f09901ac16b29ae"].assert_eq(&hex(&head.chain.0));
    head.advance(&entry);
    expect!["b0581781fa532dc78307ee17b2f19090acb94cf05c68df0be937a53bf237a210"].assert_eq(&hex(&head.chain.0));
    let checkpoint = Checkpoint::sign(&key(), &head.stream, head.seq, head.chain, entry.header.hlc);
    expect!["84015820b0581781fa532dc78307ee17b2f19090acb94cf05c68df0be937a53bf237a2101b01a0c4506c0000005840e9abdb4bc2997f7266276ff94c3777c179b6024406bf6a5118a602eec07a736758613947f11f9cf369e594bb7c7ddae7d1abb739a90d861f5249d09992f7b008"].assert_eq(&hex(&minicbor::to_vec(&checkpoint).unwrap()));
    assert!(checkpoint.is_signed_by(key().public_key().as_ref(), &head.stream));
}

#[test]
fn a_certificate() {
    let certificate = Certificate {
        tenant: Id::from_bytes([0x77; 16]),
        location: Id::from_bytes([0x11; 16]),
        kind: ReplicaKind::Box,
        letter: "A".into(),
        public_key: key().public_key().as_ref().to_vec(),
        incarnation: 1,
        signature: Vec::new(),
    }
    .signed(&key());
    expect!["87507777777777777777777777777777777750111111111111111111111111111111110061415820ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c01584008746bf88cd8eaa1e64aef0fa9b6bc7fe52a3972ad197e1493a686ef93ffbfadbed34d6993e9a9e528f2935d7461d6d3781c095c8c79b79d0f8be7eeeff8050b"].assert_eq(&hex(&minicbor::to_vec(&certificate).unwrap()));
    assert!(certificate.is_signed_by(key().public_key().as_ref()));
}
