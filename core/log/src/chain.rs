//! The chain of a stream, and the signed checkpoints that vouch for it.
//!
//! `chain(0) = SHA-256("trivet stream 1" ‖ CBOR(stream))`, `chain(n) = SHA-256(chain(n−1) ‖ SHA-256("trivet entry 1" ‖ entry))`.
//! The chain is recomputed, never stored per entry. A checkpoint signs it once per committed batch, because a
//! signature per entry costs ninety times the rest of the work.

use minicbor::{Decode, Encode};
use ring::digest::{Context, SHA256};
use ring::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};

use crate::clock::Hlc;
use crate::entry::{Entry, StreamId, encode};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Chain(
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub [u8; 32],
);

impl Chain {
    pub fn start(stream: &StreamId) -> Chain {
        hash(&[b"trivet stream 1", &encode(stream)])
    }

    #[must_use]
    pub fn then(&self, raw: &[u8]) -> Chain {
        let entry = hash(&[b"trivet entry 1", raw]);
        hash(&[&self.0, &entry.0])
    }
}

fn hash(parts: &[&[u8]]) -> Chain {
    let mut context = Context::new(&SHA256);
    parts.iter().for_each(|part| context.update(part));
    Chain(context.finish().as_ref().try_into().expect("SHA-256 gives 32 bytes"))
}

/// "This stream reached `seq`, its chain was `chain`", signed by the stream's origin. Only what a checkpoint covers
/// is ever shipped.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Checkpoint {
    #[n(0)]
    pub seq: u64,
    #[n(1)]
    pub chain: Chain,
    #[n(2)]
    pub hlc: Hlc,
    /// Ed25519 (RFC 8032), 64 bytes.
    #[n(3)]
    #[cbor(with = "minicbor::bytes")]
    pub signature: Vec<u8>,
}

impl Checkpoint {
    pub fn sign(key: &Ed25519KeyPair, stream: &StreamId, seq: u64, chain: Chain, hlc: Hlc) -> Checkpoint {
        let signature = key.sign(&signed_bytes(stream, seq, &chain, hlc)).as_ref().to_vec();
        Checkpoint { seq, chain, hlc, signature }
    }

    pub fn is_signed_by(&self, public_key: &[u8], stream: &StreamId) -> bool {
        let signed = signed_bytes(stream, self.seq, &self.chain, self.hlc);
        UnparsedPublicKey::new(&ED25519, public_key).verify(&signed, &self.signature).is_ok()
    }
}

fn signed_bytes(stream: &StreamId, seq: u64, chain: &Chain, hlc: Hlc) -> Vec<u8> {
    let mut bytes = b"trivet checkpoint 1".to_vec();
    bytes.extend(encode(stream));
    bytes.extend(seq.to_be_bytes());
    bytes.extend(chain.0);
    bytes.extend(hlc.0.to_be_bytes());
    bytes
}

/// How far a stream has come, on one replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Head {
    #[n(0)]
    pub stream: StreamId,
    #[n(1)]
    pub seq: u64,
    #[n(2)]
    pub chain: Chain,
}

impl Head {
    pub fn start(stream: StreamId) -> Head {
        Head { stream, seq: 0, chain: Chain::start(&stream) }
    }

    pub fn advance(&mut self, entry: &Entry) {
        self.seq = entry.header.seq;
        self.chain = self.chain.then(entry.raw());
    }
}
