//! A check's history, as the kitchen sees it.

use trivet_log::Id;

use super::{Event, TicketStatus};
use crate::checks::{self, Check, Line, Order, Status};
use crate::{Event as AnyEvent, Fact, History};

/// One check's tickets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Board {
    pub check: Check,
    pub tickets: Vec<Ticket>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ticket {
    pub id: Id,
    pub order: Id,
    pub station: String,
    pub lines: Vec<Id>,
    /// As far as the kitchen alone tells; see [`Board::status`].
    pub progress: TicketStatus,
    pub received_at_ms: i64,
    pub started_at_ms: Option<i64>,
    pub completed_at_ms: Option<i64>,
    /// Who started it.
    pub chef: Option<Id>,
    pub recalled: bool,
}

pub fn fold(history: &History) -> Board {
    let mut board = Board::default();
    history.facts.iter().for_each(|fact| board.apply(fact));
    board
}

impl Board {
    pub fn ticket(&self, id: Id) -> Option<&Ticket> {
        self.tickets.iter().find(|ticket| ticket.id == id)
    }

    pub fn order_of(&self, ticket: &Ticket) -> Option<&Order> {
        self.check.order(ticket.order)
    }

    pub fn lines_of<'a>(&'a self, ticket: &'a Ticket) -> impl Iterator<Item = &'a Line> {
        let lines = self.order_of(ticket).map(|order| order.lines.as_slice()).unwrap_or_default();
        lines.iter().filter(|line| ticket.lines.contains(&line.id))
    }

    /// The kitchen's progress, unless the order's end overrules it.
    pub fn status(&self, ticket: &Ticket) -> TicketStatus {
        match self.order_of(ticket).map(|order| order.status) {
            Some(Status::Cancelled) => TicketStatus::Cancelled,
            Some(Status::Completed) => TicketStatus::Served,
            _ => ticket.progress,
        }
    }

    /// Has a ticket of this order been taken back and not been done again?
    pub fn is_recalled(&self, order: Id) -> bool {
        self.tickets.iter().any(|ticket| ticket.order == order && ticket.recalled)
    }

    pub fn apply(&mut self, fact: &Fact) {
        self.check.apply(fact);
        if fact.twin {
            return;
        }
        let at = fact.stamp.ms();
        match &fact.event {
            AnyEvent::Checks(checks::Event::TicketsMade(made)) => {
                for ticket in &made.tickets {
                    let known = self.touch(ticket.id);
                    known.order = made.order;
                    known.station.clone_from(&ticket.station);
                    known.lines.clone_from(&ticket.lines);
                    if known.received_at_ms == 0 {
                        known.received_at_ms = at;
                    }
                }
            }
            AnyEvent::Checks(checks::Event::TicketDone(done)) => {
                let ticket = self.touch(done.ticket);
                ticket.order = done.order;
                ticket.progress = TicketStatus::Ready;
                ticket.completed_at_ms = Some(at);
                ticket.recalled = false;
            }
            AnyEvent::Kitchen(Event::TicketAdvanced(advanced)) => {
                let ticket = self.touch(advanced.ticket);
                // Two cooks apart: the ticket that one of them has done stays done.
                if ticket.progress != TicketStatus::Ready {
                    ticket.progress = advanced.to;
                }
                ticket.started_at_ms.get_or_insert(at);
                ticket.chef.get_or_insert(fact.stamp.actor);
            }
            AnyEvent::Kitchen(Event::TicketRecalled(recalled)) => {
                let ticket = self.touch(recalled.ticket);
                ticket.progress = TicketStatus::Preparing;
                ticket.completed_at_ms = None;
                ticket.recalled = true;
            }
            _ => {}
        }
    }

    fn touch(&mut self, id: Id) -> &mut Ticket {
        let index = self.tickets.iter().position(|ticket| ticket.id == id).unwrap_or_else(|| {
            self.tickets.push(Ticket { id, ..Ticket::default() });
            self.tickets.len() - 1
        });
        self.tickets.get_mut(index).expect("the index was just found or made")
    }
}
