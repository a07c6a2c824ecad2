use super::*;
use crate::testing::{BURGER, Kitchen, apart, id};
use crate::{Command as AnyCommand, Why};

fn run(kitchen: &mut Kitchen, command: Command) -> Result<usize, Refusal> {
    kitchen.run(&AnyCommand::Menu(command))
}

#[test]
fn only_what_was_changed_is_written() {
    let mut kitchen = Kitchen::open();
    let price =
        |price| Command::Change { item: BURGER, change: Change { price: Some(Money(price)), ..Change::default() } };
    assert_eq!(run(&mut kitchen, price(1_000)).unwrap(), 0);
    assert_eq!(run(&mut kitchen, price(1_100)).unwrap(), 1);
    let item = Item::in_force(&kitchen, BURGER).unwrap();
    assert_eq!((item.price, item.name.as_str(), item.modifiers.len()), (Money(1_100), "Burger", 1));
    let none = Change { modifiers: Some(vec![]), ..Change::default() };
    run(&mut kitchen, Command::Change { item: BURGER, change: none }).unwrap();
    assert!(Item::in_force(&kitchen, BURGER).unwrap().modifiers.is_empty());
}

#[test]
fn what_is_refused() {
    let mut kitchen = Kitchen::open();
    let change = |change| Command::Change { item: BURGER, change };
    for (command, why, field) in [
        (change(Change { price: Some(Money(-1)), ..Change::default() }), Why::Invalid, "price"),
        (change(Change { name: Some("x".repeat(256)), ..Change::default() }), Why::Invalid, "name"),
        (change(Change { name: Some(" ".into()), ..Change::default() }), Why::Invalid, "name"),
        (change(Change { tax_class: Some("luxury".into()), ..Change::default() }), Why::Invalid, "taxClass"),
        (change(Change { station: Some("moon".into()), ..Change::default() }), Why::Invalid, "station"),
        (Command::Create { item: id(5), change: Change::default() }, Why::Invalid, "name"),
    ] {
        let refusal = run(&mut kitchen, command).unwrap_err();
        assert_eq!((refusal.why, refusal.field.as_deref()), (why, Some(field)), "{refusal}");
    }
    let nobody = Command::Change { item: id(5), change: Change::default() };
    assert_eq!(run(&mut kitchen, nobody).unwrap_err().why, Why::Unknown);
}

#[test]
fn values_that_were_set_apart() {
    let prices = apart("price", &[(Value::Integer(900), 20), (Value::Integer(1_100), 10)]);
    let item = Item::from_fields(&prices);
    assert_eq!((item.price, item.conflicts.len()), (Money(900), 1), "the later edit is in force");
    let available = apart("is_available", &[(Value::Bool(true), 20), (Value::Bool(false), 10)]);
    assert!(!Item::from_fields(&available).is_available, "off until a person decides");
}

#[test]
fn an_item_that_is_retired_stays_away() {
    let mut kitchen = Kitchen::open();
    run(&mut kitchen, Command::Retire { item: BURGER }).unwrap();
    let back = Command::Change { item: BURGER, change: Change::default() };
    assert_eq!(run(&mut kitchen, back).unwrap_err().why, Why::Unknown);
}
