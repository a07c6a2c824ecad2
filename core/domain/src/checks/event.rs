//! The facts of a check. Body fields are numbered: only added, always optional, never renumbered.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use trivet_log::Id;

use super::Status;
use crate::money::TaxRate;
use crate::{Event as AnyEvent, Money, Quantity};

crate::events! {
    0x0401 => OrderPlaced,
    0x0402 => OrderMoved,
    0x0403 => TicketsMade,
    0x0404 => TicketDone,
}

impl From<Event> for AnyEvent {
    fn from(event: Event) -> AnyEvent {
        AnyEvent::Checks(event)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum OrderType {
    #[default]
    #[n(0)]
    DineIn,
    #[n(1)]
    Takeout,
    #[n(2)]
    Delivery,
}

impl OrderType {
    pub fn name(self) -> &'static str {
        match self {
            OrderType::DineIn => "dine_in",
            OrderType::Takeout => "takeout",
            OrderType::Delivery => "delivery",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct OrderPlaced {
    #[n(0)]
    pub order: Id,
    /// Given to people; not an identity.
    #[n(1)]
    pub number: String,
    #[n(2)]
    pub order_type: OrderType,
    #[n(3)]
    pub lines: Vec<Line>,
    #[n(4)]
    pub table: Option<String>,
    #[n(5)]
    pub customer: Option<Id>,
    #[n(6)]
    pub note: Option<String>,
    /// True where the prices contain the tax.
    #[n(7)]
    pub tax_included: Option<bool>,
}

/// A line as sold: name, price and tax rate of that moment.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Line {
    #[n(0)]
    pub id: Id,
    #[n(1)]
    pub item: Id,
    #[n(2)]
    pub name: String,
    #[n(3)]
    pub quantity: Quantity,
    #[n(4)]
    pub unit_price: Money,
    #[n(5)]
    pub tax_rate: TaxRate,
    #[n(6)]
    pub station: Option<String>,
    #[n(7)]
    pub modifiers: Option<Vec<LineModifier>>,
    #[n(8)]
    pub note: Option<String>,
    #[n(9)]
    pub preparation_minutes: Option<u16>,
    #[n(10)]
    pub recipe: Option<Id>,
}

impl Line {
    pub fn modifiers(&self) -> &[LineModifier] {
        self.modifiers.as_deref().unwrap_or_default()
    }

    /// quantity × (unit price + the modifiers' prices), exactly.
    pub fn total(&self) -> Money {
        (self.unit_price + self.modifiers().iter().map(|m| m.price).sum()).times(self.quantity)
    }
}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct LineModifier {
    #[n(0)]
    pub id: Id,
    #[n(1)]
    pub name: String,
    #[n(2)]
    pub price: Money,
}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct OrderMoved {
    #[n(0)]
    pub order: Id,
    #[n(1)]
    pub to: Status,
}

/// Which tickets an order has. Appended by the kitchen.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct TicketsMade {
    #[n(0)]
    pub order: Id,
    #[n(1)]
    pub tickets: Vec<TicketMade>,
}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct TicketMade {
    /// Derived from order and station, so that two boxes make the same one.
    #[n(0)]
    pub id: Id,
    #[n(1)]
    pub station: String,
    #[n(2)]
    pub lines: Vec<Id>,
}

/// A ticket was done, once at least. Appended by the kitchen.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct TicketDone {
    #[n(0)]
    pub order: Id,
    #[n(1)]
    pub ticket: Id,
}
