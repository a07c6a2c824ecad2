//! A ticket on paper: large type, what the guest wants differently in bold, allergies in white on black.

use trivet_domain::checks::{Line, Order, OrderType};
use trivet_domain::kitchen::{Board, Ticket};
use trivet_domain::settings::Settings;
use trivet_paper::{Paper, Style};

use crate::time;

pub fn ticket(board: &Board, ticket: &Ticket, settings: &Settings) -> Paper {
    let mut paper = Paper::default();
    let Some(order) = board.order_of(ticket) else { return paper };
    let station = settings.stations.iter().find(|(id, _)| *id == ticket.station).map(|(_, name)| name.as_str());
    paper.text(station.unwrap_or(&ticket.station).to_uppercase(), Style::LARGE.centred());
    let place = where_to(order);
    let at = time::hour_and_minute(ticket.received_at_ms, &settings.time_zone);
    paper.columns(order.number.clone(), place, Style::LARGE);
    paper.columns(kind_of(order.order_type), at, Style::TALL);
    paper.rule();
    for line in board.lines_of(ticket) {
        line_of(&mut paper, line);
    }
    if let Some(note) = &order.note {
        paper.rule();
        instruction(&mut paper, note);
    }
    paper.rule().feed(1).cut();
    paper
}

fn where_to(order: &Order) -> String {
    order.table.as_ref().map(|table| format!("T {table}")).unwrap_or_default()
}

fn kind_of(order_type: OrderType) -> &'static str {
    match order_type {
        OrderType::DineIn => "Dine in",
        OrderType::Takeout => "TAKEOUT",
        OrderType::Delivery => "DELIVERY",
    }
}

fn line_of(paper: &mut Paper, line: &Line) {
    paper.text(format!("{} x {}", line.quantity.whole(), line.name), Style::LARGE);
    for modifier in line.modifiers() {
        paper.text(format!("   + {}", modifier.name), Style::TALL.bold());
    }
    if let Some(note) = &line.note {
        instruction(paper, note);
    }
}

/// An allergy must not be overlooked.
fn instruction(paper: &mut Paper, note: &str) {
    let style = if is_allergy(note) { Style::TALL.bold().reversed() } else { Style::TALL.bold() };
    paper.text(format!(">> {note}"), style);
}

fn is_allergy(note: &str) -> bool {
    let note = note.to_lowercase();
    ["allerg", "celiac", "coeliac", "anaphyla", "keliak"].iter().any(|sign| note.contains(sign))
}
