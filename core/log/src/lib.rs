//! The log: what an entry is, how entries are numbered, chained, ordered, signed and exchanged.
//!
//! Pure: time, keys and storage are arguments. Nothing here knows a kind of entry or looks inside a body, so a
//! replica (or a relay) that does not know a kind still stores, checks, ships and counts it.
//!
//! In reading order: [`id`], [`clock`], [`entry`], [`chain`], [`certificate`], [`merge`], [`sync`],
//! [`record`].

pub mod certificate;
pub mod chain;
pub mod clock;
pub mod entry;
pub mod id;
pub mod merge;
pub mod record;
pub mod sync;

pub use certificate::{Certificate, ReplicaKind};
pub use chain::{Chain, Checkpoint};
pub use clock::{Clock, Hlc, TimeQuality};
pub use entry::{Entry, EntryRef, Header, Lane, Malformed, Seen, StreamId};
pub use id::{Id, Origin};
