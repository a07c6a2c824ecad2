//! Identities: things have an [`Id`], replicas an [`Origin`].

use std::fmt;
use std::str::FromStr;

use minicbor::decode::{self, Decoder};
use minicbor::encode::{self, Encoder, Write};
use minicbor::{Decode, Encode};
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The identity of an order, a menu item, a probe, a command…: a UUID, made by whoever issues the command
/// (UUIDv7, RFC 9562) or derived from another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Id(pub Uuid);

impl Id {
    /// The id of the nobody who acts when a timer or a device does.
    pub const NIL: Id = Id(Uuid::nil());

    /// A UUIDv7 of this moment; the randomness is the caller's.
    pub fn at(unix_ms: u64, random: [u8; 10]) -> Id {
        Id(uuid::Builder::from_unix_timestamp_millis(unix_ms, &random).into_uuid())
    }

    pub const fn from_bytes(bytes: [u8; 16]) -> Id {
        Id(Uuid::from_bytes(bytes))
    }

    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// The id of what this one gives rise to: the same on every replica, and beside its parent in a time-ordered
    /// index, because it keeps the parent's leading timestamp.
    pub fn derive(&self, what: &str, place: u64) -> Id {
        let mut input = Vec::with_capacity(24 + what.len());
        input.extend_from_slice(self.0.as_bytes());
        input.extend_from_slice(&place.to_be_bytes());
        input.extend_from_slice(what.as_bytes());
        let hash = digest(&SHA256, &input);
        let mut bytes = *self.0.as_bytes();
        for (to, from) in bytes.iter_mut().zip(hash.as_ref()).skip(6) {
            *to = *from;
        }
        Id(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    /// The id that stands for a key which is no UUID, on one replica.
    pub fn named(origin: Origin, name: &str) -> Id {
        Id::from_bytes(origin.0).derive(name, 0)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Id {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Id, uuid::Error> {
        Uuid::parse_str(text).map(Id)
    }
}

/// A replica in one incarnation: a hash of its public key and the incarnation's number. A restored or cloned box
/// becomes a new origin, so that no number is ever used twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Origin(pub [u8; 16]);

impl Origin {
    pub fn of(public_key: &[u8], incarnation: u32) -> Origin {
        let mut input = public_key.to_vec();
        input.extend_from_slice(&incarnation.to_be_bytes());
        let hash = digest(&SHA256, &input);
        let mut bytes = [0; 16];
        for (to, from) in bytes.iter_mut().zip(hash.as_ref()) {
            *to = *from;
        }
        Origin(bytes)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Origin {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Origin, &'static str> {
        let id = Uuid::try_parse(text).map_err(|_| "an origin is 32 hexadecimal digits")?;
        Ok(Origin(*id.as_bytes()))
    }
}

fn sixteen(d: &mut Decoder<'_>) -> Result<[u8; 16], decode::Error> {
    let at = d.position();
    d.bytes()?.try_into().map_err(|_| decode::Error::message("expected 16 bytes").at(at))
}

impl<C> Encode<C> for Id {
    fn encode<W: Write>(&self, e: &mut Encoder<W>, _: &mut C) -> Result<(), encode::Error<W::Error>> {
        e.bytes(self.as_bytes())?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Id {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Id, decode::Error> {
        sixteen(d).map(Id::from_bytes)
    }
}

impl<C> Encode<C> for Origin {
    fn encode<W: Write>(&self, e: &mut Encoder<W>, _: &mut C) -> Result<(), encode::Error<W::Error>> {
        e.bytes(&self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Origin {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Origin, decode::Error> {
        sixteen(d).map(Origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_derived_id_is_stable_and_lies_beside_its_parent() {
        let order = Id::at(1_790_000_000_000, [7; 10]);
        let ticket = order.derive("ticket:grill", 0);
        assert_eq!(ticket, order.derive("ticket:grill", 0));
        assert_ne!(ticket, order.derive("ticket:grill", 1));
        assert_ne!(ticket, order.derive("ticket:bar", 0));
        assert_eq!(ticket.as_bytes()[..6], order.as_bytes()[..6]);
    }
}
