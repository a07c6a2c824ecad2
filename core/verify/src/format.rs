//! The bytes of a record, by docs/record-format.md.

use minicbor::bytes::{ByteArray, ByteVec};
use minicbor::{Decode, Encode};
use ring::digest::{Context, SHA256};
use ring::signature::{ED25519, UnparsedPublicKey};

pub(crate) type Id = ByteArray<16>;
pub(crate) type Hash = ByteArray<32>;

/// Structures as the page lists them: a field's number is its index in the array.
macro_rules! structures {
    ($($name:ident [$($n:tt $field:ident: $type:ty),+])+) => {
        $(#[derive(Clone, Decode, Encode)]
        pub(crate) struct $name { $(#[n($n)] pub(crate) $field: $type),+ })+
    };
}

structures! {
    Checkpoint [0 seq: u64, 1 chain: Hash, 2 hlc: u64, 3 signature: ByteVec]
    Certificate [
        0 tenant: Id, 1 location: Id, 2 kind: u8, 3 letter: String, 4 public_key: ByteVec, 5 incarnation: u32,
        6 signature: ByteVec
    ]
    Header [0 stream: Stream, 1 seq: u64, 2 hlc: u64, 3 quality: u64, 6 command: Id, 7 rest: u64, 8 kind: u64]
    Begin [
        0 format: String, 1 root: ByteVec, 2 tenant: Id, 3 location: Id, 4 from: Option<i64>, 5 to: Option<i64>,
        6 written: i64, 8 software: String, 9 writer: Id, 10 restored: Option<bool>, 11 place: Option<String>,
        13 certificates: Vec<Certificate>, 14 parts: Vec<Part>
    ]
    Part [0 stream: Stream, 1 begin: Option<Checkpoint>, 2 last: u64, 3 head: Checkpoint, 4 held: Option<u64>]
    Batch [0 stream: Stream, 1 first: u64, 2 entries: Vec<ByteVec>, 3 checkpoint: Checkpoint]
    Seal [0 signature: ByteVec]
}

/// Origin, scope and lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Decode, Encode)]
pub struct Stream(#[n(0)] pub(crate) Id, #[n(1)] pub(crate) Id, #[n(2)] pub(crate) u8);

impl Stream {
    pub(crate) fn start(&self) -> Hash {
        sha256(&[b"trivet stream 1", &cbor(self)])
    }

    /// `origin/scope/lane`: an entry's name without its number.
    pub fn name(&self) -> String {
        let mut scope = hex(&self.1[..]);
        [8, 13, 18, 23].iter().for_each(|at| scope.insert(*at, '-'));
        format!("{}/{scope}/{}", hex(&self.0[..]), self.2)
    }

    pub(crate) fn named(name: &str) -> Option<Stream> {
        let mut parts = name.split('/');
        let mut id =
            || u128::from_str_radix(&parts.next()?.replace('-', ""), 16).ok().map(|id| id.to_be_bytes().into());
        Some(Stream(id()?, id()?, parts.next()?.parse().ok()?))
    }
}

impl Checkpoint {
    pub(crate) fn is_signed(&self, key: &[u8], stream: &Stream) -> bool {
        let (seq, hlc) = (self.seq.to_be_bytes(), self.hlc.to_be_bytes());
        is_signed(key, &[b"trivet checkpoint 1", &cbor(stream)[..], &seq, &self.chain[..], &hlc], &self.signature)
    }
}

impl Certificate {
    pub(crate) fn origin(&self) -> Id {
        let hash = sha256(&[&self.public_key, &self.incarnation.to_be_bytes()]);
        hash.first_chunk::<16>().copied().unwrap_or_default().into()
    }

    pub(crate) fn is_signed(&self, root: &[u8]) -> bool {
        let unsigned = Certificate { signature: Vec::new().into(), ..self.clone() };
        is_signed(root, &[b"trivet certificate 1", &cbor(&unsigned)], &self.signature)
    }
}

fn cbor(value: &impl Encode<()>) -> Vec<u8> {
    minicbor::to_vec(value).unwrap_or_default()
}

pub(crate) fn sha256(parts: &[&[u8]]) -> Hash {
    let mut context = Context::new(&SHA256);
    parts.iter().for_each(|part| context.update(part));
    context.finish().as_ref().first_chunk::<32>().copied().unwrap_or_default().into()
}

pub(crate) fn is_signed(key: &[u8], parts: &[&[u8]], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, key).verify(&parts.concat(), signature).is_ok()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
