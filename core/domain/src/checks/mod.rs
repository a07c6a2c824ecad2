//! Checks: what guests owe. An order is one round of a check sent to the kitchen together, and alone has a status.
//!
//! The log's subject is the check. Prices, totals and tax come from the menu in force on this box, never from a
//! client: what a client sends is compared, and a difference is a refusal.

mod decide;
mod event;
mod fold;
pub mod status;
#[cfg(test)]
mod tests;

use trivet_log::{Id, Lane};

pub use decide::decide;
pub use event::{Event, Line, LineModifier, OrderMoved, OrderPlaced, OrderType, TicketDone, TicketMade, TicketsMade};
pub use fold::{Check, Order, TicketMark, Totals, fold};
pub use status::Status;

use crate::{Money, Permission, Quantity};

pub const LANE: Lane = Lane::Orders;

/// A check holds this many entries; then new lines are refused (payments never will be).
pub const MAX_HISTORY: usize = 4_096;
pub const MAX_LINES: usize = 200;
pub const MAX_PIECES: u32 = 999;
pub const MAX_NOTE: usize = 500;

#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    PlaceOrder(PlaceOrder),
    MoveOrder { check: Id, order: Id, to: Status },
}

#[derive(Clone, Debug, PartialEq)]
pub struct PlaceOrder {
    pub check: Id,
    /// False when the order is added to a check that is there.
    pub opens_check: bool,
    pub order: Id,
    pub order_type: OrderType,
    pub table: Option<String>,
    pub customer: Option<Id>,
    pub note: Option<String>,
    pub lines: Vec<WantedLine>,
    /// What the client thought the total would be.
    pub expected_total: Option<Money>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct WantedLine {
    pub item: Id,
    pub quantity: Quantity,
    pub modifiers: Vec<Id>,
    pub note: Option<String>,
    pub expected_unit_price: Option<Money>,
}

impl Command {
    pub fn permission(&self) -> Permission {
        match self {
            Command::PlaceOrder(_) => Permission::OrdersCreate,
            Command::MoveOrder { .. } => Permission::OrdersUpdate,
        }
    }

    pub fn subject(&self) -> Id {
        match self {
            Command::PlaceOrder(place) => place.check,
            Command::MoveOrder { check, .. } => *check,
        }
    }
}
