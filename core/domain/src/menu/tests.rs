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

#[test]
fn what_is_on_hold_is_not_sold_until_each_cause_is_released() {
    let mut kitchen = Kitchen::open();
    let hold = |cause: u8| Command::Hold { item: BURGER, cause: id(cause), reason: "Cold store: 9.2 °C".into() };
    assert_eq!(run(&mut kitchen, hold(70)).unwrap(), 1);
    assert_eq!(run(&mut kitchen, hold(70)).unwrap(), 0, "once a cause");
    run(&mut kitchen, hold(71)).unwrap();
    run(&mut kitchen, Command::Release { item: BURGER, cause: id(70) }).unwrap();
    let item = Item::in_force(&kitchen, BURGER).unwrap();
    assert_eq!((item.may_be_sold(), item.is_available, item.holds.len()), (false, true, 1));
    run(&mut kitchen, Command::Release { item: BURGER, cause: id(71) }).unwrap();
    assert!(Item::in_force(&kitchen, BURGER).unwrap().may_be_sold());
    let held = apart(&format!("hold.{}.reason", id(70)), &[(Value::Nothing, 20), ("warm".into(), 10)]);
    assert_eq!(Item::from_fields(&held).holds.len(), 1, "released on one box only");
}
