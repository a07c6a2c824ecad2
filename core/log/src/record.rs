//! A record: streams in a file, for whoever checks them without us (docs/record-format.md, "Bundle").
//!
//! Items of CBOR one after the other: what the file holds, its batches, names, and a seal over all that came before.

use minicbor::{Decode, Encode};
use ring::digest::{Context, SHA256};
use ring::signature::Ed25519KeyPair;

use crate::certificate::Certificate;
use crate::chain::Checkpoint;
use crate::clock::TimeQuality;
use crate::entry::{StreamId, encode};
use crate::id::{Id, Origin};
use crate::sync::Batch;

pub const FORMAT: &str = "trivet record 1";

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Begin {
    #[n(0)]
    pub format: String,
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub root_public_key: Vec<u8>,
    #[n(2)]
    pub tenant: Id,
    #[n(3)]
    pub location: Id,
    /// The period that was asked for; None is "from the first entry", "to the newest".
    #[n(4)]
    pub from_ms: Option<i64>,
    #[n(5)]
    pub to_ms: Option<i64>,
    #[n(6)]
    pub written_ms: i64,
    #[n(7)]
    pub quality: TimeQuality,
    #[n(8)]
    pub software: String,
    /// The replica that wrote the file and sealed it.
    #[n(9)]
    pub writer: Origin,
    /// The relay holds another history of the writer: it was restored or cloned.
    #[n(10)]
    pub restored: Option<bool>,
    #[n(11)]
    pub place: Option<String>,
    /// IANA name.
    #[n(12)]
    pub time_zone: Option<String>,
    #[n(13)]
    pub certificates: Vec<Certificate>,
    #[n(14)]
    pub parts: Vec<Part>,
}

/// A stream, as far as the file holds it.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Part {
    #[n(0)]
    pub stream: StreamId,
    /// The entries follow this checkpoint; None is the first entry.
    #[n(1)]
    pub begin: Option<Checkpoint>,
    /// The number of the last entry in the file.
    #[n(2)]
    pub last: u64,
    /// How far the writer holds the stream.
    #[n(3)]
    pub head: Checkpoint,
    /// How far another replica or the relay holds it, as the writer knows.
    #[n(4)]
    pub held: Option<u64>,
}

#[derive(Encode)]
struct Name<'a>(#[n(0)] Id, #[n(1)] &'a str);

#[derive(Encode)]
struct Seal(
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    Vec<u8>,
);

/// Makes the items' bytes, and goes on with the digest that the seal signs.
pub struct Writer {
    digest: Context,
}

impl Writer {
    pub fn begin(begin: &Begin) -> (Writer, Vec<u8>) {
        let mut writer = Writer { digest: Context::new(&SHA256) };
        let bytes = writer.item(0, begin);
        (writer, bytes)
    }

    pub fn batch(&mut self, batch: &Batch) -> Vec<u8> {
        self.item(1, batch)
    }

    /// What the writer calls something that the entries name by its id: for readers, proven by nothing.
    pub fn name(&mut self, id: Id, name: &str) -> Vec<u8> {
        self.item(2, &Name(id, name))
    }

    /// The last item, signed by the replica that `Begin` names.
    pub fn seal(self, key: &Ed25519KeyPair) -> Vec<u8> {
        let digest = self.digest.finish();
        let signature = key.sign(&[FORMAT.as_bytes(), digest.as_ref()].concat()).as_ref().to_vec();
        [vec![0x82, 3], encode(&Seal(signature))].concat()
    }

    fn item<T: Encode<()>>(&mut self, number: u8, fields: &T) -> Vec<u8> {
        let bytes = [vec![0x82, number], encode(fields)].concat();
        self.digest.update(&bytes);
        bytes
    }
}
