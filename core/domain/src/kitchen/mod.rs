//! The kitchen: a ticket is one order at one station.
//!
//! The kitchen folds the check's own history. Which tickets there are and which were done are `checks` events that it
//! appends; started, cooking and recalled are its own.

mod decide;
mod fold;
#[cfg(test)]
mod tests;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use trivet_log::{Id, Lane};

pub use decide::decide;
pub use fold::{Board, Ticket, fold};

use crate::{Event as AnyEvent, Permission};

pub const LANE: Lane = crate::checks::LANE;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum TicketStatus {
    #[default]
    #[n(0)]
    Received,
    #[n(1)]
    Preparing,
    #[n(2)]
    Cooking,
    #[n(3)]
    Ready,
    #[n(4)]
    Served,
    #[n(5)]
    Cancelled,
}

impl TicketStatus {
    pub const ALL: [TicketStatus; 6] = [
        TicketStatus::Received,
        TicketStatus::Preparing,
        TicketStatus::Cooking,
        TicketStatus::Ready,
        TicketStatus::Served,
        TicketStatus::Cancelled,
    ];

    pub fn name(self) -> &'static str {
        match self {
            TicketStatus::Received => "received",
            TicketStatus::Preparing => "preparing",
            TicketStatus::Cooking => "cooking",
            TicketStatus::Ready => "ready",
            TicketStatus::Served => "served",
            TicketStatus::Cancelled => "cancelled",
        }
    }

    pub fn is_open(self) -> bool {
        !matches!(self, TicketStatus::Served | TicketStatus::Cancelled)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    Ticket(Id),
    /// All tickets of this order, made if they are missing.
    Order(Id),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Makes the order's tickets, once; a repeat gives the same set.
    Send {
        check: Id,
        order: Id,
    },
    Advance {
        check: Id,
        which: Which,
        to: TicketStatus,
    },
    /// Takes a ticket back from the pass. The order stays ready and shows "recalled".
    Recall {
        check: Id,
        which: Which,
    },
}

crate::events! {
    0x0501 => TicketAdvanced,
    0x0502 => TicketRecalled,
}

impl From<Event> for AnyEvent {
    fn from(event: Event) -> AnyEvent {
        AnyEvent::Kitchen(event)
    }
}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct TicketAdvanced {
    #[n(0)]
    pub ticket: Id,
    /// Preparing or cooking.
    #[n(1)]
    pub to: TicketStatus,
}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct TicketRecalled {
    #[n(0)]
    pub ticket: Id,
}

impl Command {
    pub fn permission(&self) -> Permission {
        match self {
            Command::Send { .. } => Permission::OrdersCreate,
            Command::Advance { to: TicketStatus::Served | TicketStatus::Cancelled, .. } => Permission::OrdersUpdate,
            Command::Advance { .. } | Command::Recall { .. } => Permission::KitchenUpdateStatus,
        }
    }

    pub fn subject(&self) -> Id {
        match self {
            Command::Send { check, .. } | Command::Advance { check, .. } | Command::Recall { check, .. } => *check,
        }
    }
}
