use std::collections::{BTreeMap, BTreeSet};

use expect_test::expect;
use proptest::prelude::*;
use serde_json::Value;
use trivet_domain::Event;
use trivet_domain::checks::{Line, OrderMoved, OrderPlaced, OrderType, TicketDone, TicketMade, TicketsMade};
use trivet_domain::money::TaxRate;
use trivet_domain::{Fact, History, Money, Quantity, Stamp};
use trivet_log::{Entry, Header, Hlc, Lane, Origin, StreamId, TimeQuality, merge};
use trivet_replica::events;

use super::*;

const NOW: u64 = 1_790_000_000_000;
const ORGANIZATION: Id = Id::from_bytes([0x77; 16]);

fn id(n: u8) -> Id {
    Id::from_bytes([n; 16])
}

fn entry(origin: u8, seq: u64, ms: u64, command: u8, event: &Event) -> Entry {
    let header = Header {
        stream: StreamId { origin: Origin([origin; 16]), scope: id(0x10), lane: Lane::Orders },
        seq,
        hlc: Hlc::from_ms(ms),
        quality: TimeQuality::Ntp,
        actor: Id::NIL,
        device: Id::NIL,
        command: id(command),
        rest: 0,
        kind: event.kind(),
        version: 1,
        entity: id(0xcc),
        frontier: Vec::new(),
    };
    Entry::new(header, &event.encode().unwrap()).unwrap()
}

/// With a preparation of twelve minutes at the grill.
fn placed(order: Id) -> Event {
    let line = Line {
        id: id(1),
        item: id(2),
        name: "Burger".into(),
        quantity: Quantity::pieces(1),
        unit_price: Money(1_000),
        tax_rate: TaxRate(0),
        station: Some("grill".into()),
        modifiers: None,
        note: None,
        preparation_minutes: Some(12),
        recipe: None,
    };
    let (number, order_type, lines) = ("A1".into(), OrderType::DineIn, vec![line]);
    OrderPlaced { order, number, order_type, lines, table: None, customer: None, note: None, tax_included: None }.into()
}

fn moved(order: Id, to: Status) -> Event {
    OrderMoved { order, to }.into()
}

fn tickets(order: Id) -> Event {
    let ticket = TicketMade { id: order.derive("ticket:grill", 0), station: "grill".into(), lines: vec![id(1)] };
    TicketsMade { order, tickets: vec![ticket] }.into()
}

fn done(order: Id) -> Event {
    TicketDone { order, ticket: order.derive("ticket:grill", 0) }.into()
}

/// What is told when the last `new` of these have arrived.
fn told(entries: &[Entry], new: usize) -> Vec<Value> {
    events::of(&[&crate::kitchen::MODULE], ORGANIZATION, entries, new).into_iter().map(|draft| draft.data).collect()
}

fn statuses(events: &[Value]) -> Vec<&str> {
    events.iter().filter_map(|event| event["status"].as_str()).collect()
}

/// The bytes that programs of other people read: fields are only added.
#[test]
fn the_event_s_shape_is_frozen() {
    let order = id(5);
    let entries = [entry(1, 1, NOW, 1, &placed(order)), entry(1, 2, NOW + 61_500, 2, &moved(order, Status::Pending))];
    let drafts = events::of(&[&crate::kitchen::MODULE], ORGANIZATION, &entries, 2);
    let [draft] = &drafts[..] else { panic!("one event: {drafts:?}") };
    assert_eq!((draft.namespace, draft.kind), ("events", "kitchen.order.status_updated"));
    expect![[r#"
        {
          "id": "01010101010101010101010101010101/10101010-1010-1010-1010-101010101010/0/2",
          "organizationId": "77777777-7777-7777-7777-777777777777",
          "orderId": "05050505-0505-0505-0505-050505050505",
          "status": "pending",
          "estimatedReadyTime": "2026-09-21T14:25:20Z",
          "timestamp": "2026-09-21T14:14:21.5Z"
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&draft.data).unwrap());
}

#[test]
fn several_entries_in_one_commit_give_an_event_each_and_an_untouched_order_none() {
    let (order, other) = (id(5), id(6));
    let steps = [
        placed(other),
        placed(order),
        moved(other, Status::Pending),
        moved(order, Status::Pending),
        moved(order, Status::Confirmed),
        tickets(order),
        moved(order, Status::Preparing),
        done(order),
        done(order),
        moved(order, Status::Completed),
    ];
    let entries: Vec<Entry> =
        steps.iter().zip(1..).map(|(event, n)| entry(1, n, NOW + n, u8::try_from(n).unwrap(), event)).collect();
    let told = told(&entries, 7);
    assert_eq!(statuses(&told), ["pending", "confirmed", "preparing", "ready", "completed"]);
    let ids: BTreeSet<&str> = told.iter().filter_map(|event| event["id"].as_str()).collect();
    assert_eq!(ids.len(), 5);
    assert!(told.iter().all(|event| event["orderId"] == order.to_string()), "{told:?}");
}

#[test]
fn another_box_s_late_steps_are_told_only_where_they_change_something() {
    let order = id(5);
    let mut entries =
        vec![entry(1, 1, NOW, 1, &placed(order)), entry(1, 2, NOW + 2, 2, &moved(order, Status::Pending))];
    // The other box sent the same order to the kitchen, a moment earlier.
    entries.push(entry(2, 1, NOW + 1, 3, &moved(order, Status::Pending)));
    assert!(told(&entries, 1).is_empty(), "it is pending already");
    // It also cancelled it, while here it was confirmed.
    entries.push(entry(1, 3, NOW + 9, 4, &moved(order, Status::Confirmed)));
    entries.push(entry(2, 2, NOW + 5, 5, &moved(order, Status::Cancelled)));
    assert_eq!(statuses(&told(&entries, 1)), ["cancelled"]);
}

#[test]
fn steps_that_came_before_their_order_are_told_when_it_comes() {
    let order = id(5);
    let mut entries = vec![entry(2, 1, NOW + 5, 2, &moved(order, Status::Pending))];
    assert!(told(&entries, 1).is_empty());
    entries.push(entry(1, 1, NOW, 1, &placed(order)));
    assert_eq!(statuses(&told(&entries, 1)), ["pending"]);
}

/// What two boxes did with two orders: box, order, what, and the command (two boxes may have the same one).
fn doings() -> impl Strategy<Value = Vec<(u8, u8, u8, u8, u64)>> {
    prop::collection::vec((1..=2u8, 5..=6u8, 0..9u8, 0..20u8, 0..4u64), 1..40)
}

fn doing(order: Id, what: u8) -> Event {
    match what {
        0 | 1 => placed(order),
        2 => moved(order, Status::Pending),
        3 => moved(order, Status::Confirmed),
        4 => moved(order, Status::Preparing),
        5 => tickets(order),
        6 => done(order),
        7 => moved(order, Status::Completed),
        _ => moved(order, Status::Cancelled),
    }
}

/// The state of each order, by the fold of all.
fn folded(entries: &[Entry]) -> BTreeMap<String, &'static str> {
    let headers: Vec<&Header> = entries.iter().map(|entry| &entry.header).collect();
    let fact = |placed: merge::Placed| {
        let entry = &entries[placed.index];
        let event = Event::decode(entry.header.kind, entry.body()).unwrap();
        Fact { stamp: Stamp::of(&entry.header), event, twin: placed.twin }
    };
    let history = History { facts: merge::order(&headers).into_iter().map(fact).collect(), ..History::default() };
    let orders = checks::fold(&history).orders;
    let placed = orders.iter().filter(|order| order.placed.is_some());
    placed.map(|order| (order.id.to_string(), order.status.name())).collect()
}

proptest! {
    /// Whoever follows the events knows each order's status, however the entries arrive and are committed together.
    #[test]
    fn who_follows_the_events_knows_every_status(doings in doings(), commits in prop::collection::vec(1..6usize, 40)) {
        let (mut seqs, mut ms) = ([0u64; 3], NOW);
        let entries: Vec<Entry> = doings.iter().map(|(origin, order, what, command, pause)| {
            let seq = &mut seqs[usize::from(*origin)];
            *seq += 1;
            ms += pause;
            // The second box's clock is behind, so that its entries land between the first one's.
            entry(*origin, *seq, if *origin == 2 { ms - 5 } else { ms }, *command, &doing(id(*order), *what))
        }).collect();
        let mut known: BTreeMap<String, String> = BTreeMap::new();
        let mut seen = BTreeSet::new();
        let mut at = 0;
        for size in commits {
            let until = (at + size).min(entries.len());
            for event in told(&entries[..until], until - at) {
                let (order, status) = (event["orderId"].to_string(), event["status"].as_str().unwrap().to_owned());
                prop_assert!(seen.insert((event["id"].to_string(), order.clone())), "twice: {event}");
                prop_assert_ne!(known.get(&order).map_or("new", String::as_str), &status, "no change: {}", event);
                known.insert(order, status);
            }
            at = until;
        }
        for (order, status) in folded(&entries) {
            prop_assert_eq!(known.get(&format!("\"{order}\"")).map_or("new", String::as_str), status);
        }
    }
}
