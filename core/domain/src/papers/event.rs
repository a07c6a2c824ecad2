//! The facts about papers. Body fields are numbered: only added, always optional, never renumbered.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use trivet_log::Id;

use crate::Event as AnyEvent;

crate::events! {
    0x0710 => PaperCopied,
    0x0711 => DrawerOpened,
}

impl From<Event> for AnyEvent {
    fn from(event: Event) -> AnyEvent {
        AnyEvent::Papers(event)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum PaperKind {
    #[n(0)]
    Ticket,
    #[n(1)]
    VoidSlip,
    #[n(2)]
    Receipt,
}

/// A person asked for a paper once more. Lies under the paper's check.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct PaperCopied {
    /// A ticket's id (of a void slip that of its ticket), or the receipt's.
    #[n(0)]
    pub paper: Id,
    #[n(1)]
    pub kind: PaperKind,
    #[n(2)]
    pub reason: String,
}

/// A cash drawer was opened by a person.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct DrawerOpened {
    /// The name of the box's drawer.
    #[n(0)]
    pub drawer: String,
    #[n(1)]
    pub reason: String,
    #[n(2)]
    pub check: Option<Id>,
}
