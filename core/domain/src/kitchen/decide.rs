//! What the kitchen may do. Each step of the order behind a ticket runs through the order's own state machine.

use trivet_log::Id;

use super::{Board, Command, Ticket, TicketAdvanced, TicketRecalled, TicketStatus, Which};
use crate::checks::{Order, OrderMoved, Status, TicketDone, TicketMade, TicketsMade};
use crate::{Context, Decision, Event, Fact, Refusal, Stamp};

pub fn decide(board: &Board, command: &Command, context: &dyn Context) -> Decision {
    let check = command.subject();
    let mut draft = Draft { check, board: board.clone(), events: Vec::new(), at_ms: context.now_ms() };
    match command {
        Command::Send { order, .. } => draft.send(*order)?,
        Command::Advance { which, to, .. } => {
            if let Which::Order(order) = which {
                draft.send(*order)?;
            }
            draft.advance(*which, *to)?;
        }
        Command::Recall { which, .. } => draft.recall(*which)?,
    }
    Ok(draft.events)
}

/// The board as it will be: each event is folded as it is decided, so that the next step sees it.
struct Draft {
    check: Id,
    board: Board,
    events: Vec<(Id, Event)>,
    at_ms: i64,
}

impl Draft {
    fn push(&mut self, event: impl Into<Event>) {
        let event = event.into();
        let hlc = trivet_log::Hlc::from_ms(u64::try_from(self.at_ms).unwrap_or(0));
        let stamp = Stamp {
            origin: trivet_log::Origin::default(),
            lane: super::LANE,
            seq: 0,
            hlc,
            quality: trivet_log::TimeQuality::Unset,
            actor: Id::NIL,
            device: Id::NIL,
            command: Id::NIL,
        };
        self.board.apply(&Fact { stamp, event: event.clone(), twin: false });
        self.events.push((self.check, event));
    }

    fn order(&self, id: Id) -> Result<&Order, Refusal> {
        self.board.check.order(id).ok_or_else(|| Refusal::unknown("there is no such order"))
    }

    fn send(&mut self, id: Id) -> Result<(), Refusal> {
        let order = self.order(id)?;
        if order.sent {
            return Ok(());
        }
        let status = order.status;
        let way = status.way_to(Status::Confirmed).or_else(|| (status == Status::Preparing).then(Vec::new));
        let way =
            way.ok_or_else(|| Refusal::conflict(format!("an order that is {status} cannot go to the kitchen")))?;
        let made = TicketsMade { order: id, tickets: tickets_of(order) };
        for to in way {
            self.push(OrderMoved { order: id, to });
        }
        self.push(made);
        Ok(())
    }

    fn advance(&mut self, which: Which, to: TicketStatus) -> Result<(), Refusal> {
        let tickets = self.tickets(which)?;
        match to {
            TicketStatus::Served | TicketStatus::Cancelled => self.end_order(&tickets, which, to),
            TicketStatus::Received => match tickets.iter().all(|t| self.board.status(t) == TicketStatus::Received) {
                true => Ok(()),
                false => Err(Refusal::conflict("a ticket that was started does not become received again; recall it")),
            },
            TicketStatus::Preparing | TicketStatus::Cooking => {
                tickets.iter().try_for_each(|ticket| self.start(ticket, to))
            }
            TicketStatus::Ready => tickets.iter().try_for_each(|ticket| self.complete(ticket)),
        }
    }

    fn start(&mut self, ticket: &Ticket, to: TicketStatus) -> Result<(), Refusal> {
        self.must_be_open(ticket)?;
        let progress = ticket.progress;
        if progress == to || (progress == TicketStatus::Cooking && to == TicketStatus::Preparing) {
            return Ok(());
        }
        if progress == TicketStatus::Ready {
            return Err(Refusal::conflict("this ticket is done; recall it to work on it again"));
        }
        self.order_prepares(ticket.order)?;
        self.push(TicketAdvanced { ticket: ticket.id, to });
        Ok(())
    }

    fn complete(&mut self, ticket: &Ticket) -> Result<(), Refusal> {
        if ticket.progress == TicketStatus::Ready {
            return Ok(());
        }
        self.must_be_open(ticket)?;
        self.order_prepares(ticket.order)?;
        self.push(TicketDone { order: ticket.order, ticket: ticket.id });
        Ok(())
    }

    fn recall(&mut self, which: Which) -> Result<(), Refusal> {
        for ticket in self.tickets(which)? {
            self.must_be_open(&ticket)?;
            match ticket.progress {
                TicketStatus::Ready => self.push(TicketRecalled { ticket: ticket.id }),
                _ if ticket.recalled => {}
                _ => return Err(Refusal::conflict("only a ticket that is done can be recalled")),
            }
        }
        Ok(())
    }

    fn end_order(&mut self, tickets: &[Ticket], which: Which, to: TicketStatus) -> Result<(), Refusal> {
        let id = match (which, tickets) {
            (Which::Order(id), _) => id,
            (Which::Ticket(_), [ticket, ..]) => ticket.order,
            (Which::Ticket(_), []) => return Ok(()),
        };
        let to = if to == TicketStatus::Served { Status::Completed } else { Status::Cancelled };
        let status = self.order(id)?.status;
        if status == to {
            return Ok(());
        }
        if !status.may_become(to) {
            return Err(Refusal::conflict(format!("an order that is {status} cannot become {to}")));
        }
        self.push(OrderMoved { order: id, to });
        Ok(())
    }

    /// Walks the order to `preparing`, if it is not there or past it.
    fn order_prepares(&mut self, id: Id) -> Result<(), Refusal> {
        let way = self.order(id)?.status.way_to(Status::Preparing).unwrap_or_default();
        for to in way {
            self.push(OrderMoved { order: id, to });
        }
        Ok(())
    }

    fn tickets(&self, which: Which) -> Result<Vec<Ticket>, Refusal> {
        match which {
            Which::Ticket(id) => {
                let ticket = self.board.ticket(id).filter(|ticket| self.board.order_of(ticket).is_some());
                Ok(vec![ticket.cloned().ok_or_else(|| Refusal::unknown("there is no such ticket"))?])
            }
            Which::Order(id) => Ok(self.board.tickets.iter().filter(|ticket| ticket.order == id).cloned().collect()),
        }
    }

    fn must_be_open(&self, ticket: &Ticket) -> Result<(), Refusal> {
        let status = self.board.status(ticket);
        match status.is_open() {
            true => Ok(()),
            false => Err(Refusal::conflict(format!("this ticket is {}", status.name()))),
        }
    }
}

/// One ticket a station, in the order of the lines.
fn tickets_of(order: &Order) -> Vec<TicketMade> {
    let mut tickets: Vec<TicketMade> = Vec::new();
    for line in &order.lines {
        let Some(station) = &line.station else { continue };
        match tickets.iter_mut().find(|ticket| ticket.station == *station) {
            Some(ticket) => ticket.lines.push(line.id),
            None => tickets.push(TicketMade {
                id: order.id.derive(&format!("ticket:{station}"), 0),
                station: station.clone(),
                lines: vec![line.id],
            }),
        }
    }
    tickets
}
