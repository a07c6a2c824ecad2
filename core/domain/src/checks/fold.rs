//! A check's history becomes its orders. Any set of entries folds; a step that the state machine does not allow where
//! it stands came from another box, is kept as a contradiction and named on every screen.

use trivet_log::Id;

use super::event::{Event, Line, OrderMoved, OrderPlaced, OrderType, TicketDone, TicketsMade};
use super::status::Status;
use crate::money::{tax_on_top, tax_within};
use crate::{Event as AnyEvent, Fact, History, Money, Stamp};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Check {
    /// In the order of placing.
    pub orders: Vec<Order>,
    pub entries: usize,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Order {
    pub id: Id,
    /// None while the entry that placed it has not arrived here.
    pub placed: Option<Stamp>,
    pub number: String,
    /// Numbers that other boxes gave to the same command: they find this order too.
    pub other_numbers: Vec<String>,
    pub order_type: OrderType,
    pub table: Option<String>,
    pub customer: Option<Id>,
    pub note: Option<String>,
    pub lines: Vec<Line>,
    pub tax_included: bool,
    pub status: Status,
    pub tickets: Vec<TicketMark>,
    /// Made once, even if no line has a station.
    pub sent: bool,
    pub ready_at_ms: Option<i64>,
    pub updated_at_ms: i64,
    /// Counts the facts that made it what it is.
    pub version: u32,
    pub contradictions: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TicketMark {
    pub id: Id,
    pub station: String,
    pub lines: Vec<Id>,
    /// Stays true when the ticket is recalled.
    pub done: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub subtotal: Money,
    pub discount: Money,
    /// Added to the subtotal.
    pub tax: Money,
    /// Contained in the subtotal, where prices include tax.
    pub tax_included: Money,
    pub total: Money,
}

pub fn fold(history: &History) -> Check {
    let mut check = Check::default();
    history.facts.iter().for_each(|fact| check.apply(fact));
    check
}

impl Check {
    pub fn order(&self, id: Id) -> Option<&Order> {
        self.orders.iter().find(|order| order.id == id && order.placed.is_some())
    }

    pub fn apply(&mut self, fact: &Fact) {
        self.entries += 1;
        let AnyEvent::Checks(event) = &fact.event else { return };
        match event {
            Event::OrderPlaced(placed) => self.place(placed, fact),
            _ if fact.twin => {}
            Event::OrderMoved(moved) => self.touch(moved.order, fact).go(moved, fact),
            Event::TicketsMade(made) => self.touch(made.order, fact).make_tickets(made),
            Event::TicketDone(done) => self.touch(done.order, fact).finish_ticket(done, fact),
        }
    }

    fn place(&mut self, placed: &OrderPlaced, fact: &Fact) {
        let order = self.touch(placed.order, fact);
        if order.placed.is_some() {
            order.other_numbers.push(placed.number.clone());
            return;
        }
        order.placed = Some(fact.stamp);
        order.number.clone_from(&placed.number);
        order.order_type = placed.order_type;
        order.table.clone_from(&placed.table);
        order.customer = placed.customer;
        order.note.clone_from(&placed.note);
        order.lines.clone_from(&placed.lines);
        order.tax_included = placed.tax_included.unwrap_or(false);
    }

    fn touch(&mut self, id: Id, fact: &Fact) -> &mut Order {
        let index = self.orders.iter().position(|order| order.id == id).unwrap_or_else(|| {
            self.orders.push(Order { id, ..Order::default() });
            self.orders.len() - 1
        });
        let order = self.orders.get_mut(index).expect("the index was just found or made");
        if !fact.twin {
            order.version += 1;
            order.updated_at_ms = fact.stamp.ms();
        }
        order
    }
}

impl Order {
    pub fn totals(&self) -> Totals {
        let subtotal: Money = self.lines.iter().map(Line::total).sum();
        let discount = Money::ZERO;
        let mut by_rate: Vec<(Money, crate::money::TaxRate)> = Vec::new();
        for line in &self.lines {
            match by_rate.iter_mut().find(|(_, rate)| *rate == line.tax_rate) {
                Some((sum, _)) => *sum = *sum + line.total(),
                None => by_rate.push((line.total(), line.tax_rate)),
            }
        }
        let (tax, tax_included) = match self.tax_included {
            true => (Money::ZERO, tax_within(by_rate)),
            false => (tax_on_top(by_rate), Money::ZERO),
        };
        Totals { subtotal, discount, tax, tax_included, total: subtotal - discount + tax }
    }

    /// now + the longest preparation: what a guest is told.
    pub fn estimated_ready_ms(&self) -> Option<i64> {
        let longest = self.lines.iter().filter_map(|line| line.preparation_minutes).max()?;
        Some(self.placed?.ms() + i64::from(longest) * 60_000)
    }

    fn go(&mut self, moved: &OrderMoved, fact: &Fact) {
        if self.status.may_become(moved.to) && moved.to != Status::Ready {
            self.status = moved.to;
            self.see_whether_ready(fact.stamp);
        } else if self.status != moved.to {
            self.contradict(moved.to.name(), fact.stamp);
        }
    }

    fn make_tickets(&mut self, made: &TicketsMade) {
        self.sent = true;
        for ticket in &made.tickets {
            match self.tickets.iter_mut().find(|known| known.id == ticket.id) {
                Some(known) => known.lines.clone_from(&ticket.lines),
                None => self.tickets.push(TicketMark {
                    id: ticket.id,
                    station: ticket.station.clone(),
                    lines: ticket.lines.clone(),
                    done: false,
                }),
            }
        }
    }

    fn finish_ticket(&mut self, done: &TicketDone, fact: &Fact) {
        match self.tickets.iter_mut().find(|ticket| ticket.id == done.ticket) {
            Some(ticket) => ticket.done = true,
            None => {
                self.tickets.push(TicketMark { id: done.ticket, station: String::new(), lines: Vec::new(), done: true })
            }
        }
        if self.status == Status::Cancelled {
            self.contradict("ticket done", fact.stamp);
        }
        self.see_whether_ready(fact.stamp);
    }

    /// `ready` has no event: it comes when each ticket has been done, whoever bumped it, and it stays.
    fn see_whether_ready(&mut self, stamp: Stamp) {
        let all_done = self.sent && self.tickets.iter().all(|ticket| ticket.done);
        if self.status == Status::Preparing && all_done {
            self.status = Status::Ready;
            self.ready_at_ms = Some(stamp.ms());
        }
    }

    fn contradict(&mut self, what: &str, stamp: Stamp) {
        self.contradictions
            .push(format!("{what} by entry {}/{} while the order was {}", stamp.origin, stamp.seq, self.status));
    }
}
