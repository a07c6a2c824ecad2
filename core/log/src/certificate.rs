//! Who may write: the tenant's root certifies each replica's key.

use minicbor::{Decode, Encode};
use ring::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};

use crate::entry::encode;
use crate::id::{Id, Origin};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum ReplicaKind {
    #[n(0)]
    Box,
    /// A replica without devices, in the cloud; it receives every location of its tenant.
    #[n(1)]
    Dashboard,
}

/// "This key writes for this tenant", signed by the tenant's root (Ed25519).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Certificate {
    #[n(0)]
    pub tenant: Id,
    #[n(1)]
    pub location: Id,
    #[n(2)]
    pub kind: ReplicaKind,
    /// What order numbers of this replica begin with; unique in the tenant.
    #[n(3)]
    pub letter: String,
    #[n(4)]
    #[cbor(with = "minicbor::bytes")]
    pub public_key: Vec<u8>,
    #[n(5)]
    pub incarnation: u32,
    #[n(6)]
    #[cbor(with = "minicbor::bytes")]
    pub signature: Vec<u8>,
}

impl Certificate {
    pub fn origin(&self) -> Origin {
        Origin::of(&self.public_key, self.incarnation)
    }

    /// Signs what `self` says; a signature that it already has is replaced.
    #[must_use]
    pub fn signed(mut self, root: &Ed25519KeyPair) -> Certificate {
        self.signature = root.sign(&self.signed_bytes()).as_ref().to_vec();
        self
    }

    pub fn is_signed_by(&self, root_public_key: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, root_public_key).verify(&self.signed_bytes(), &self.signature).is_ok()
    }

    /// May this replica hold what is kept for `scope`?
    pub fn may_read(&self, scope: Id) -> bool {
        self.kind == ReplicaKind::Dashboard || scope == self.tenant || scope == self.location
    }

    fn signed_bytes(&self) -> Vec<u8> {
        let mut bytes = b"trivet certificate 1".to_vec();
        bytes.extend(encode(&Certificate { signature: Vec::new(), ..self.clone() }));
        bytes
    }
}
