//! The kitchen's papers: a ticket, what changed on it, and a slip for what was cancelled.

use std::collections::BTreeMap;

use trivet_domain::Quantity;
use trivet_domain::checks::{Line, Order, OrderType};
use trivet_domain::kitchen::{Board, Ticket};
use trivet_domain::papers::language::is_allergy;
use trivet_paper::Paper;

use super::apply::{Data, Entry, apply, headed};
use super::stationery::Stationery;

/// A ticket; empty if its order has not arrived here. By the layout [`super::LayoutId::KitchenTicket`].
pub fn ticket(stationery: &Stationery, board: &Board, ticket: &Ticket) -> Paper {
    let Some(order) = board.order_of(ticket) else { return Paper::default() };
    let mut data = data(stationery, order, ticket, ticket.received_at_ms);
    data.lines = board.lines_of(ticket).map(|line| entry(stationery, line, None)).collect();
    allergy(stationery, &mut data);
    apply(&stationery.layout, &data, stationery.language)
}

/// What has changed since the ticket was printed with `before`, and nothing else; None if nothing has. By the same
/// layout, headed CHANGE.
pub fn ticket_changes(stationery: &Stationery, board: &Board, ticket: &Ticket, before: &[Line]) -> Option<Paper> {
    let order = board.order_of(ticket)?;
    let after: Vec<&Line> = board.lines_of(ticket).collect();
    let changes = changes(before, &after);
    if changes.is_empty() {
        return None;
    }
    let mut data = data(stationery, order, ticket, order.updated_at_ms);
    data.lines = changes.iter().map(|(mark, line)| entry(stationery, line, Some(*mark))).collect();
    allergy(stationery, &mut data);
    let paper = apply(&stationery.layout, &data, stationery.language);
    Some(headed(paper, stationery.word("change").to_owned()))
}

/// For a ticket whose order was cancelled, so that nobody goes on cooking it. By the layout [`super::LayoutId::VoidSlip`],
/// headed VOID whatever the layout says.
pub fn void_slip(stationery: &Stationery, board: &Board, ticket: &Ticket) -> Paper {
    let Some(order) = board.order_of(ticket) else { return Paper::default() };
    let mut data = data(stationery, order, ticket, order.updated_at_ms);
    data.lines = board.lines_of(ticket).map(|line| entry(stationery, line, Some('-'))).collect();
    let paper = apply(&stationery.layout, &data, stationery.language);
    headed(paper, stationery.word("void").to_owned())
}

fn data(stationery: &Stationery, order: &Order, ticket: &Ticket, at_ms: i64) -> Data {
    let settings = &stationery.settings;
    let station = settings.stations.iter().find(|(id, _)| *id == ticket.station).map(|(_, name)| name.as_str());
    let moment = stationery.moment(at_ms);
    let order_type = stationery.word(order.order_type.name());
    let fields = [
        ("station", station.unwrap_or(&ticket.station).to_uppercase()),
        ("number", order.number.clone()),
        ("table", order.table.clone().unwrap_or_default()),
        // What leaves the house is packed otherwise: it stands out.
        (
            "order_type",
            if order.order_type == OrderType::DineIn { order_type.to_owned() } else { order_type.to_uppercase() },
        ),
        ("date", moment.date),
        ("time", moment.time),
        ("location", settings.location_name.clone()),
    ];
    Data {
        fields: BTreeMap::from(fields),
        notes: order.note.iter().cloned().collect(),
        logo: stationery.logo,
        ..Data::default()
    }
}

/// Says on top that there is one.
fn allergy(stationery: &Stationery, data: &mut Data) {
    if data.lines.iter().flat_map(|line| &line.notes).chain(&data.notes).any(|note| is_allergy(note)) {
        data.fields.insert("allergy", stationery.word("allergy").to_owned());
    }
}

fn entry(stationery: &Stationery, line: &Line, mark: Option<char>) -> Entry {
    Entry {
        mark,
        quantity: stationery.language.quantity(line.quantity),
        name: line.name.clone(),
        amount: String::new(),
        modifiers: line.modifiers().iter().map(|modifier| (modifier.name.clone(), None)).collect(),
        notes: line.note.iter().cloned().collect(),
    }
}

/// Lines that came, went, or became more or fewer; one that is made otherwise goes and comes.
fn changes(before: &[Line], after: &[&Line]) -> Vec<(char, Line)> {
    let mut changes = Vec::new();
    for old in before {
        match after.iter().find(|line| line.id == old.id) {
            None => changes.push(('-', old.clone())),
            Some(new) if is_made_alike(old, new) => {
                let more = new.quantity.0 - old.quantity.0;
                if more != 0 {
                    let mark = if more > 0 { '+' } else { '-' };
                    changes.push((mark, Line { quantity: Quantity(more.abs()), ..old.clone() }));
                }
            }
            Some(new) => changes.extend([('-', old.clone()), ('+', (*new).clone())]),
        }
    }
    let came = after.iter().filter(|line| before.iter().all(|old| old.id != line.id));
    changes.extend(came.map(|line| ('+', (*line).clone())));
    changes
}

fn is_made_alike(old: &Line, new: &Line) -> bool {
    (&old.name, old.modifiers(), &old.note) == (&new.name, new.modifiers(), &new.note)
}
