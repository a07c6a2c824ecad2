use trivet_log::Id;

use super::*;
use crate::checks::{self, OrderType, PlaceOrder, Status, WantedLine};
use crate::testing::{BEER, BURGER, COLA, Kitchen, id};
use crate::{Command as AnyCommand, Quantity, Refusal, Why};

const CHECK: Id = Id::from_bytes([0x0c; 16]);
const ORDER: Id = Id::from_bytes([0x0d; 16]);

fn with_order(items: &[Id]) -> Kitchen {
    let mut kitchen = Kitchen::open();
    let line = |item: &Id| WantedLine {
        item: *item,
        quantity: Quantity::pieces(1),
        modifiers: vec![],
        note: None,
        expected_unit_price: None,
    };
    let place = PlaceOrder {
        check: CHECK,
        opens_check: true,
        order: ORDER,
        order_type: OrderType::DineIn,
        table: None,
        customer: None,
        note: None,
        lines: items.iter().map(line).collect(),
        expected_total: None,
    };
    kitchen.run(&AnyCommand::Checks(checks::Command::PlaceOrder(place))).unwrap();
    kitchen
}

fn run(kitchen: &mut Kitchen, command: Command) -> Result<usize, Refusal> {
    kitchen.run(&AnyCommand::Kitchen(command))
}

fn send(kitchen: &mut Kitchen) -> usize {
    run(kitchen, Command::Send { check: CHECK, order: ORDER }).unwrap()
}

fn advance(kitchen: &mut Kitchen, which: Which, to: TicketStatus) -> Result<usize, Refusal> {
    run(kitchen, Command::Advance { check: CHECK, which, to })
}

fn board(kitchen: &Kitchen) -> Board {
    fold(kitchen.history(CHECK))
}

fn order_status(kitchen: &Kitchen) -> Status {
    board(kitchen).check.order(ORDER).unwrap().status
}

fn ticket(station: &str) -> Which {
    Which::Ticket(ORDER.derive(&format!("ticket:{station}"), 0))
}

#[test]
fn an_order_has_one_ticket_a_station_and_is_sent_once() {
    let mut kitchen = with_order(&[BURGER, COLA, BURGER, BEER]);
    assert!(send(&mut kitchen) > 0);
    assert_eq!(send(&mut kitchen), 0, "a repeat writes nothing");
    let board = board(&kitchen);
    let tickets: Vec<(&str, usize)> =
        board.tickets.iter().map(|ticket| (ticket.station.as_str(), board.lines_of(ticket).count())).collect();
    assert_eq!(tickets, [("grill", 2), ("bar", 1)]);
    assert_eq!(order_status(&kitchen), Status::Confirmed);
}

#[test]
fn an_order_is_ready_when_each_ticket_has_been_done() {
    let mut kitchen = with_order(&[BURGER, COLA]);
    send(&mut kitchen);
    advance(&mut kitchen, ticket("grill"), TicketStatus::Preparing).unwrap();
    assert_eq!(advance(&mut kitchen, ticket("grill"), TicketStatus::Preparing).unwrap(), 0);
    assert_eq!(order_status(&kitchen), Status::Preparing);
    advance(&mut kitchen, ticket("grill"), TicketStatus::Ready).unwrap();
    assert_eq!(order_status(&kitchen), Status::Preparing);
    advance(&mut kitchen, ticket("bar"), TicketStatus::Ready).unwrap();
    assert_eq!(order_status(&kitchen), Status::Ready);
    let board = board(&kitchen);
    let grill = &board.tickets[0];
    assert!(grill.started_at_ms < grill.completed_at_ms && grill.started_at_ms.is_some());
    assert!(board.check.order(ORDER).unwrap().ready_at_ms.is_some());
}

#[test]
fn a_recall_reopens_the_ticket_alone() {
    let mut kitchen = with_order(&[BURGER, COLA]);
    send(&mut kitchen);
    advance(&mut kitchen, Which::Order(ORDER), TicketStatus::Ready).unwrap();
    run(&mut kitchen, Command::Recall { check: CHECK, which: ticket("grill") }).unwrap();
    assert_eq!(order_status(&kitchen), Status::Ready);
    let recalled = board(&kitchen);
    assert!(recalled.is_recalled(ORDER));
    assert_eq!(recalled.status(&recalled.tickets[0]), TicketStatus::Preparing);
    assert_eq!(recalled.status(&recalled.tickets[1]), TicketStatus::Ready);
    advance(&mut kitchen, ticket("grill"), TicketStatus::Ready).unwrap();
    assert!(!board(&kitchen).is_recalled(ORDER));
    assert_eq!(
        run(&mut kitchen, Command::Recall { check: CHECK, which: Which::Ticket(id(9)) }).unwrap_err().why,
        Why::Unknown
    );
}

#[test]
fn the_kitchen_s_route_takes_a_new_order_all_the_way() {
    let mut kitchen = with_order(&[BURGER]);
    advance(&mut kitchen, Which::Order(ORDER), TicketStatus::Preparing).unwrap();
    assert_eq!(order_status(&kitchen), Status::Preparing);
    advance(&mut kitchen, Which::Order(ORDER), TicketStatus::Ready).unwrap();
    advance(&mut kitchen, Which::Order(ORDER), TicketStatus::Served).unwrap();
    assert_eq!(order_status(&kitchen), Status::Completed);
    let refusal = advance(&mut kitchen, ticket("grill"), TicketStatus::Preparing).unwrap_err();
    assert_eq!(refusal.why, Why::Conflict);
}

#[test]
fn what_nobody_cooks_is_ready_without_a_ticket() {
    let mut kitchen = with_order(&[BEER]);
    send(&mut kitchen);
    assert!(board(&kitchen).tickets.is_empty());
    kitchen
        .run(&AnyCommand::Checks(checks::Command::MoveOrder { check: CHECK, order: ORDER, to: Status::Preparing }))
        .unwrap();
    assert_eq!(order_status(&kitchen), Status::Ready);
}

#[test]
fn a_cancelled_order_takes_its_tickets_off_the_board() {
    let mut kitchen = with_order(&[BURGER]);
    send(&mut kitchen);
    advance(&mut kitchen, Which::Order(ORDER), TicketStatus::Cancelled).unwrap();
    let board = board(&kitchen);
    assert_eq!(board.status(&board.tickets[0]), TicketStatus::Cancelled);
    assert_eq!(advance(&mut kitchen, ticket("grill"), TicketStatus::Ready).unwrap_err().why, Why::Conflict);
}
