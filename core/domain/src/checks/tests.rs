use proptest::prelude::*;
use trivet_log::{Hlc, Id, Lane, Origin, TimeQuality};

use super::*;
use crate::testing::{BEER, BURGER, CHEESE, COLA, Kitchen, id};
use crate::{Command as AnyCommand, Event as AnyEvent, Fact, History, Stamp, Why};

const CHECK: Id = Id::from_bytes([0x0c; 16]);
const ORDER: Id = Id::from_bytes([0x0d; 16]);

fn wanted(item: Id, pieces: u32) -> WantedLine {
    WantedLine { item, quantity: Quantity::pieces(pieces), modifiers: vec![], note: None, expected_unit_price: None }
}

fn order(lines: Vec<WantedLine>) -> PlaceOrder {
    PlaceOrder {
        check: CHECK,
        opens_check: true,
        order: ORDER,
        order_type: OrderType::DineIn,
        table: Some("7".into()),
        customer: None,
        note: None,
        lines,
        expected_total: None,
    }
}

fn place(kitchen: &mut Kitchen, place: PlaceOrder) -> Result<usize, crate::Refusal> {
    kitchen.run(&AnyCommand::Checks(Command::PlaceOrder(place)))
}

fn folded(kitchen: &Kitchen) -> Check {
    fold(kitchen.history(CHECK))
}

#[test]
fn all_pairs_of_states() {
    use Status::*;
    let allowed = [
        (New, Pending),
        (New, Cancelled),
        (Pending, Confirmed),
        (Pending, Cancelled),
        (Confirmed, Preparing),
        (Confirmed, Cancelled),
        (Preparing, Ready),
        (Preparing, Cancelled),
        (Ready, Completed),
    ];
    for from in Status::ALL {
        for to in Status::ALL {
            assert_eq!(from.may_become(to), allowed.contains(&(from, to)), "{from} -> {to}");
        }
        assert_eq!(from.is_final(), !allowed.iter().any(|(start, _)| *start == from));
    }
}

#[test]
fn a_status_that_nobody_knows_is_shown_as_pending_and_never_written() {
    assert_eq!(Status::read_leniently("flambéed"), Status::Pending);
    assert!("flambéed".parse::<Status>().is_err());
}

#[test]
fn an_order_is_priced_by_the_menu_in_force() {
    let mut kitchen = Kitchen::open();
    let cheese = WantedLine { modifiers: vec![CHEESE], ..wanted(BURGER, 2) };
    place(&mut kitchen, order(vec![cheese, wanted(BEER, 1)])).unwrap();
    let check = folded(&kitchen);
    let placed = check.order(ORDER).unwrap();
    // 2 × (10.00 + 0.50) at 10 %, 5.00 at 25 %.
    let totals = placed.totals();
    assert_eq!((totals.subtotal.0, totals.tax.0, totals.total.0), (2_600, 335, 2_935));
    assert_eq!((placed.number.as_str(), placed.status), ("A1", Status::New));
    assert_eq!(placed.estimated_ready_ms(), Some(placed.placed.unwrap().ms() + 12 * 60_000));
}

#[test]
fn what_is_refused() {
    let mut kitchen = Kitchen::open();
    let taken_off = crate::menu::Change { is_available: Some(false), ..crate::menu::Change::default() };
    kitchen.run(&AnyCommand::Menu(crate::menu::Command::Change { item: COLA, change: taken_off })).unwrap();
    let long = "x".repeat(MAX_NOTE + 1);
    for (name, place_order, why, field) in [
        ("no lines", order(vec![]), Why::Invalid, "items"),
        ("none of it", order(vec![wanted(BURGER, 0)]), Why::Invalid, "items[0].quantity"),
        ("too many", order(vec![wanted(BURGER, MAX_PIECES + 1)]), Why::Invalid, "items[0].quantity"),
        ("an unknown item", order(vec![wanted(BURGER, 1), wanted(id(9), 1)]), Why::Invalid, "items[1].menuItemId"),
        ("an item that is off", order(vec![wanted(COLA, 1)]), Why::Conflict, "items[0].menuItemId"),
        (
            "another item's modifier",
            order(vec![WantedLine { modifiers: vec![id(8)], ..wanted(BURGER, 1) }]),
            Why::Invalid,
            "items[0].modifications[0]",
        ),
        (
            "another price",
            order(vec![WantedLine { expected_unit_price: Some(Money(0)), ..wanted(BURGER, 1) }]),
            Why::Conflict,
            "items[0].unitPrice",
        ),
        (
            "another total",
            PlaceOrder { expected_total: Some(Money(0)), ..order(vec![wanted(BURGER, 1)]) },
            Why::Conflict,
            "totalAmount",
        ),
        (
            "a table's name as long as a novel",
            PlaceOrder { table: Some("t".repeat(21)), ..order(vec![wanted(BURGER, 1)]) },
            Why::Invalid,
            "tableNumber",
        ),
        (
            "a long note",
            PlaceOrder { note: Some(long), ..order(vec![wanted(BURGER, 1)]) },
            Why::Invalid,
            "specialInstructions",
        ),
        (
            "a check that is not there",
            PlaceOrder { opens_check: false, ..order(vec![wanted(BURGER, 1)]) },
            Why::Unknown,
            "checkId",
        ),
    ] {
        let refusal = place(&mut kitchen, place_order).expect_err(name);
        assert_eq!((refusal.why, refusal.field.as_deref()), (why, Some(field)), "{name}");
        assert!(!kitchen.histories.contains_key(&CHECK), "{name} changed something");
    }
}

#[test]
fn a_second_round_joins_the_check() {
    let mut kitchen = Kitchen::open();
    place(&mut kitchen, order(vec![wanted(BURGER, 1)])).unwrap();
    let second = PlaceOrder { order: id(0x0e), opens_check: false, ..order(vec![wanted(BEER, 2)]) };
    place(&mut kitchen, second).unwrap();
    let numbers: Vec<String> = folded(&kitchen).orders.iter().map(|order| order.number.clone()).collect();
    assert_eq!(numbers, ["A1", "A2"]);
}

#[test]
fn steps_outside_the_machine_are_refused_and_change_nothing() {
    let mut kitchen = Kitchen::open();
    place(&mut kitchen, order(vec![wanted(BURGER, 1)])).unwrap();
    let step = |to| AnyCommand::Checks(Command::MoveOrder { check: CHECK, order: ORDER, to });
    for to in [Status::Confirmed, Status::Preparing, Status::Ready, Status::Completed] {
        assert_eq!(kitchen.run(&step(to)).unwrap_err().why, Why::Conflict, "new -> {to}");
    }
    assert_eq!(kitchen.run(&step(Status::New)).unwrap(), 0);
    kitchen.run(&step(Status::Cancelled)).unwrap();
    for to in Status::ALL.into_iter().filter(|to| *to != Status::Cancelled) {
        assert_eq!(kitchen.run(&step(to)).unwrap_err().why, Why::Conflict, "cancelled -> {to}");
    }
}

fn fact(origin: u8, seq: u64, command: u8, event: impl Into<AnyEvent>) -> Fact {
    let stamp = Stamp {
        origin: Origin([origin; 16]),
        lane: Lane::Orders,
        seq,
        hlc: Hlc::from_ms(seq),
        quality: TimeQuality::Ntp,
        actor: Id::NIL,
        device: Id::NIL,
        command: id(command),
    };
    Fact { stamp, event: event.into(), twin: false }
}

#[test]
fn served_on_one_box_and_cancelled_on_another_is_shown_with_both() {
    let mut kitchen = Kitchen::open();
    place(&mut kitchen, order(vec![wanted(BEER, 1)])).unwrap();
    let mut history = kitchen.history(CHECK).clone();
    history.facts.push(fact(1, 50, 1, OrderMoved { order: ORDER, to: Status::Cancelled }));
    history.facts.push(fact(2, 60, 2, OrderMoved { order: ORDER, to: Status::Pending }));
    let check = fold(&history);
    let folded = check.order(ORDER).unwrap();
    assert_eq!(folded.status, Status::Cancelled);
    assert_eq!(folded.contradictions.len(), 1);
    assert!(folded.contradictions[0].starts_with("pending by entry 02"), "{:?}", folded.contradictions);
}

#[test]
fn both_numbers_of_a_twin_find_the_order() {
    let mut kitchen = Kitchen::open();
    place(&mut kitchen, order(vec![wanted(BEER, 1)])).unwrap();
    let mut history = kitchen.history(CHECK).clone();
    let mut twin = history.facts[0].clone();
    twin.twin = true;
    if let AnyEvent::Checks(Event::OrderPlaced(placed)) = &mut twin.event {
        placed.number = "B1".into();
        placed.lines.clear();
    }
    history.facts.push(twin);
    let check = fold(&history);
    let order = check.order(ORDER).unwrap();
    assert_eq!((order.number.as_str(), order.other_numbers.join(" ").as_str(), order.lines.len()), ("A1", "B1", 1));
}

fn any_event() -> impl Strategy<Value = AnyEvent> {
    let status = prop::sample::select(Status::ALL.to_vec());
    let line = || Line {
        id: id(1),
        item: BURGER,
        name: "Burger".into(),
        quantity: Quantity::pieces(1),
        unit_price: Money(1_000),
        tax_rate: crate::money::TaxRate(100_000),
        station: Some("grill".into()),
        modifiers: None,
        note: None,
        preparation_minutes: None,
        recipe: None,
    };
    prop_oneof![
        (0u8..3).prop_map(move |n| {
            OrderPlaced {
                order: id(n),
                number: format!("A{n}"),
                order_type: OrderType::DineIn,
                lines: vec![line()],
                table: None,
                customer: None,
                note: None,
                tax_included: None,
            }
            .into()
        }),
        (0u8..3, status).prop_map(|(n, to)| OrderMoved { order: id(n), to }.into()),
        (0u8..3).prop_map(|n| {
            let ticket = TicketMade { id: id(n + 10), station: "grill".into(), lines: vec![id(1)] };
            TicketsMade { order: id(n), tickets: vec![ticket] }.into()
        }),
        (0u8..3).prop_map(|n| TicketDone { order: id(n), ticket: id(n + 10) }.into()),
        (0u8..3).prop_map(|n| crate::kitchen::TicketRecalled { ticket: id(n + 10) }.into()),
    ]
}

proptest! {
    /// Any facts in any order fold; a body survives its bytes; nothing of the past is taken back by what follows.
    #[test]
    fn anything_folds(events in proptest::collection::vec(any_event(), 0..40)) {
        let mut history = History::default();
        let mut served = 0;
        for (n, event) in events.into_iter().enumerate() {
            let bytes = event.encode().unwrap();
            prop_assert_eq!(AnyEvent::decode(event.kind(), &bytes), Some(event.clone()));
            history.facts.push(fact(1, n as u64 + 1, 0, event));
            let board = crate::kitchen::fold(&history);
            prop_assert_eq!(&board.check, &fold(&history));
            let now = board.check.orders.iter().filter(|order| order.status == Status::Completed).count();
            prop_assert!(now >= served);
            served = now;
        }
    }
}
