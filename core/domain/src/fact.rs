//! What a fold reads: a subject's history in the one order, and the context that a decision may look at.

use trivet_log::{Header, Hlc, Id, Lane, Origin, TimeQuality};

use crate::Event;
use crate::document::Fields;

/// Who wrote a fact, when and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    pub origin: Origin,
    pub lane: Lane,
    pub seq: u64,
    pub hlc: Hlc,
    pub quality: TimeQuality,
    pub actor: Id,
    pub device: Id,
    pub command: Id,
}

impl Stamp {
    pub fn of(header: &Header) -> Stamp {
        Stamp {
            origin: header.stream.origin,
            lane: header.stream.lane,
            seq: header.seq,
            hlc: header.hlc,
            quality: header.quality,
            actor: header.actor,
            device: header.device,
            command: header.command,
        }
    }

    pub fn ms(&self) -> i64 {
        i64::try_from(self.hlc.ms()).unwrap_or(i64::MAX)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    pub stamp: Stamp,
    pub event: Event,
    /// Another box's entries for the same command came first.
    pub twin: bool,
}

/// A subject's facts in the fold's order; of a document, its fields with all their concurrent values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    pub facts: Vec<Fact>,
    pub document: Option<Fields>,
    /// The kind of that document.
    pub document_kind: u16,
    /// Entries whose kind or body this release does not read.
    pub unread: usize,
}

impl History {
    /// The document, if it is of this kind.
    pub fn document_of(&self, kind: u16) -> Option<&Fields> {
        self.document.as_ref().filter(|_| self.document_kind == kind)
    }

    pub fn is_empty(&self) -> bool {
        self.facts.is_empty() && self.document.is_none()
    }
}

/// What a decision may look at beside its subject. Read-only.
pub trait Context {
    fn now_ms(&self) -> i64;
    fn origin(&self) -> Origin;
    fn location(&self) -> Id;
    /// What numbers given to people begin with here.
    fn letter(&self) -> String;
    /// The document with this id, if it is of this kind.
    fn document(&self, kind: u16, id: Id) -> Option<Fields>;
    /// The next number of this box's own series; a decision that is refused uses none up.
    fn next_number(&self, series: &str) -> u64;
}
