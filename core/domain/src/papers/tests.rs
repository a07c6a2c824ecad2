use trivet_log::Id;

use super::*;
use crate::checks::{self, OrderType, PlaceOrder, Status, WantedLine};
use crate::kitchen;
use crate::testing::{BURGER, COLA, Kitchen, id};
use crate::{Command as AnyCommand, Context, Quantity, Refusal, Role, Why};

const CHECK: Id = Id::from_bytes([0x0c; 16]);
const ORDER: Id = Id::from_bytes([0x0d; 16]);

fn run(kitchen: &mut Kitchen, command: Command) -> Result<usize, Refusal> {
    kitchen.run(&AnyCommand::Papers(command))
}

fn change(layout: LayoutId, elements: &str) -> Command {
    Command::ChangeLayout { location: id(0), layout, elements: elements.to_owned() }
}

fn with_tickets() -> Kitchen {
    let mut kitchen = Kitchen::open();
    let line = |item| WantedLine {
        item,
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
        lines: vec![line(BURGER), line(COLA)],
        expected_total: None,
    };
    kitchen.run(&AnyCommand::Checks(checks::Command::PlaceOrder(place))).unwrap();
    kitchen.run(&AnyCommand::Kitchen(kitchen::Command::Send { check: CHECK, order: ORDER })).unwrap();
    kitchen
}

fn cancel(kitchen: &mut Kitchen) {
    let cancel = checks::Command::MoveOrder { check: CHECK, order: ORDER, to: Status::Cancelled };
    kitchen.run(&AnyCommand::Checks(cancel)).unwrap();
}

#[test]
fn what_the_release_brings_passes_its_own_rules() {
    for id in LayoutId::ALL {
        let form = id.form();
        assert_eq!(validate(id, &form.default.to_json()).as_ref(), Ok(&form.default), "{}", id.name());
        assert_eq!(id.name().parse(), Ok(id));
        for field in &form.fields {
            assert!(!field.example.is_empty() && !field.description.is_empty(), "{}: {}", id.name(), field.name);
        }
    }
}

/// A refusal names the place.
#[test]
fn layouts_that_are_refused() {
    let label = LayoutId::PrepLabel;
    let many = format!("[{}]", vec![r#"{"kind":"rule"}"#; 65].join(","));
    let long = format!(r#"[{{"kind":"text","text":"{}"}}]"#, "x".repeat(501));
    let large = format!("[{}]", " ".repeat(MAX_LAYOUT));
    for (layout, elements, field) in [
        (label, "[", "elements"),
        (label, "{}", "elements"),
        (label, "[]", "elements"),
        (label, many.as_str(), "elements"),
        (label, large.as_str(), "elements"),
        (label, r#"[1]"#, "elements[0]"),
        (label, r#"[{"kind":"rule"},{"kind":"picture"}]"#, "elements[1].kind"),
        (label, r#"[{"text":"x"}]"#, "elements[0].kind"),
        (label, r#"[{"kind":"totals"}]"#, "elements[0].kind"),
        (label, r#"[{"kind":"logo"},{"kind":"logo"}]"#, "elements[1].kind"),
        (label, r#"[{"kind":"rule","size":"tall"}]"#, "elements[0].size"),
        (label, r#"[{"kind":"text"}]"#, "elements[0].text"),
        (label, r#"[{"kind":"text","text":"{tabel}"}]"#, "elements[0].text"),
        (label, r#"[{"kind":"text","text":"{item"}]"#, "elements[0].text"),
        (label, r#"[{"kind":"text","text":"{words.tabel}"}]"#, "elements[0].text"),
        (label, long.as_str(), "elements[0].text"),
        (label, r#"[{"kind":"text","text":"x","size":"giant"}]"#, "elements[0].size"),
        (label, r#"[{"kind":"text","text":"x","align":"middle"}]"#, "elements[0].align"),
        (label, r#"[{"kind":"text","text":"x","bold":1}]"#, "elements[0].bold"),
        (label, r#"[{"kind":"columns","left":"x"}]"#, "elements[0].right"),
        (label, r#"[{"kind":"feed","lines":21}]"#, "elements[0].lines"),
        (label, r#"[{"kind":"qr","data":"{item}","module":0}]"#, "elements[0].module"),
        (label, r#"[{"kind":"barcode","data":"{item}","height":-1}]"#, "elements[0].height"),
        (LayoutId::KitchenTicket, r#"[{"kind":"rule"}]"#, "elements"),
        (LayoutId::KitchenTicket, r#"[{"kind":"lines","notes":true}]"#, "elements"),
        (LayoutId::KitchenTicket, r#"[{"kind":"rule"},{"kind":"lines"},{"kind":"notes"}]"#, "elements[1].notes"),
        (LayoutId::Receipt, r#"[{"kind":"lines"},{"kind":"totals"}]"#, "elements[0].prices"),
        (LayoutId::Receipt, r#"[{"kind":"lines","prices":true}]"#, "elements"),
        (LayoutId::VoidSlip, r#"[{"kind":"text","text":"VOID"}]"#, "elements"),
    ] {
        let refusal = validate(layout, elements).unwrap_err();
        assert_eq!((refusal.why, refusal.field.as_deref()), (Why::Invalid, Some(field)), "{elements}: {refusal}");
    }
}

#[test]
fn what_is_left_out_has_a_usual_value() {
    let layout =
        validate(LayoutId::PrepLabel, r#"[{"kind":"text","text":"{item}","bold":null},{"kind":"feed"}]"#).unwrap();
    let stored = r#"[{"kind":"text","text":"{item}","size":"normal","align":"left","bold":false,"reversed":false},{"kind":"feed","lines":1}]"#;
    assert_eq!(layout.to_json(), stored);
}

#[test]
fn a_layout_is_changed_and_goes_back() {
    let mut kitchen = Kitchen::open();
    let changed = |kitchen: &Kitchen, layout| {
        let fields = kitchen.document(LAYOUT, layout_document(id(0), layout));
        fields.and_then(|fields| Layout::from_fields(layout, &fields))
    };
    let other = r#"[{"kind":"text","text":"{item}","size":"huge"}]"#;
    assert_eq!(run(&mut kitchen, change(LayoutId::PrepLabel, other)).unwrap(), 1);
    assert_eq!(run(&mut kitchen, change(LayoutId::PrepLabel, other)).unwrap(), 0, "nothing is written twice");
    assert_eq!(changed(&kitchen, LayoutId::PrepLabel).unwrap().elements.len(), 1);
    assert_eq!(changed(&kitchen, LayoutId::Receipt), None);
    run(&mut kitchen, Command::ResetLayout { location: id(0), layout: LayoutId::PrepLabel }).unwrap();
    assert_eq!(changed(&kitchen, LayoutId::PrepLabel), None);
}

#[test]
fn the_logo_is_whole_rows_of_dots() {
    let mut kitchen = Kitchen::open();
    let logo = |width, bytes| Command::ChangeLogo { location: id(0), logo: Logo { width, packed: vec![0xff; bytes] } };
    for (width, bytes) in [(0, 1), (577, 73), (16, 0), (16, 3), (8, MAX_LOGO + 1)] {
        assert_eq!(run(&mut kitchen, logo(width, bytes)).unwrap_err().why, Why::Invalid, "{width}, {bytes}");
    }
    run(&mut kitchen, logo(12, 4)).unwrap();
    let fields = |kitchen: &Kitchen| kitchen.document(LOGO, logo_document(id(0))).unwrap();
    assert_eq!(Logo::from_fields(&fields(&kitchen)), Some(Logo { width: 12, packed: vec![0xff; 4] }));
    run(&mut kitchen, Command::RemoveLogo { location: id(0) }).unwrap();
    assert_eq!(Logo::from_fields(&fields(&kitchen)), None);
}

#[test]
fn a_copy_is_of_a_paper_that_is_there() {
    let mut kitchen = with_tickets();
    let grill = ORDER.derive("ticket:grill", 0);
    let copy = |kind, paper| Command::Copy { check: CHECK, kind, paper, reason: "jam".into() };
    assert_eq!(run(&mut kitchen, copy(PaperKind::Ticket, grill)).unwrap(), 1);
    assert_eq!(run(&mut kitchen, copy(PaperKind::Ticket, grill)).unwrap(), 1, "a second copy is a second fact");
    assert_eq!(run(&mut kitchen, copy(PaperKind::Receipt, receipt_id(CHECK))).unwrap(), 1);
    let no_reason = Command::Copy { check: CHECK, kind: PaperKind::Ticket, paper: grill, reason: " ".into() };
    for (command, why) in [
        (copy(PaperKind::Ticket, id(9)), Why::Unknown),
        (copy(PaperKind::VoidSlip, grill), Why::Conflict),
        (copy(PaperKind::Receipt, grill), Why::Unknown),
        (no_reason, Why::Invalid),
    ] {
        assert_eq!(run(&mut kitchen, command.clone()).unwrap_err().why, why, "{command:?}");
    }
    let papers = fold(kitchen.history(CHECK));
    assert_eq!(papers.copies_of(PaperKind::Ticket, grill).count(), 2);
    assert_eq!(papers.copies_of(PaperKind::Receipt, receipt_id(CHECK)).count(), 1);
    cancel(&mut kitchen);
    assert_eq!(run(&mut kitchen, copy(PaperKind::VoidSlip, grill)).unwrap(), 1);
    assert_eq!(run(&mut kitchen, copy(PaperKind::Receipt, receipt_id(CHECK))).unwrap_err().why, Why::Conflict);
}

#[test]
fn a_drawer_is_opened_for_a_reason() {
    let mut kitchen = with_tickets();
    let open = |opening, drawer: &str, reason: &str| Command::OpenDrawer {
        opening,
        drawer: drawer.into(),
        reason: reason.into(),
        check: None,
    };
    assert_eq!(run(&mut kitchen, open(id(9), "till", "change for a guest")).unwrap(), 1);
    assert_eq!(fold(kitchen.history(id(9))).opened.unwrap().1.drawer, "till");
    for (command, why) in [
        (open(id(8), "till", ""), Why::Invalid),
        (open(id(8), "", "change"), Why::Invalid),
        (open(id(8), "till", &"x".repeat(201)), Why::Invalid),
        (open(CHECK, "till", "change"), Why::Conflict),
    ] {
        assert_eq!(run(&mut kitchen, command.clone()).unwrap_err().why, why, "{command:?}");
    }
}

#[test]
fn who_may() {
    let ticket = Command::Copy { check: CHECK, kind: PaperKind::Ticket, paper: id(1), reason: String::new() };
    let receipt = Command::Copy { check: CHECK, kind: PaperKind::Receipt, paper: id(1), reason: String::new() };
    let drawer = Command::OpenDrawer { opening: id(1), drawer: String::new(), reason: String::new(), check: None };
    let logo = Command::RemoveLogo { location: id(0) };
    for (command, may) in [
        (ticket, vec![Role::Owner, Role::Manager, Role::Waiter, Role::Cook]),
        (receipt, vec![Role::Owner, Role::Manager, Role::Waiter]),
        (drawer, vec![Role::Owner, Role::Manager, Role::Waiter]),
        (logo, vec![Role::Owner, Role::Manager]),
    ] {
        let allowed: Vec<Role> = Role::ALL.into_iter().filter(|role| role.may(command.permission())).collect();
        assert_eq!(allowed, may, "{command:?}");
    }
}
