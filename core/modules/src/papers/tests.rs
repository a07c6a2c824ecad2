use expect_test::{Expect, expect};
use proptest::prelude::*;
use trivet_domain::checks::{Check, Line, LineModifier, Order, OrderType, Status};
use trivet_domain::kitchen::{Board, Ticket};
use trivet_domain::money::TaxRate;
use trivet_domain::settings::Settings;
use trivet_domain::{Money, Quantity, Stamp};
use trivet_log::{Hlc, Id, Lane, Origin, TimeQuality};
use trivet_paper::{Block, Paper, PictureId, layout, to_text};

use super::*;
use trivet_domain::papers::Language;

/// 2 June 2026, 16:04 UTC.
const AT: i64 = 1_780_416_240_000;

fn settings(language: &str) -> Settings {
    Settings {
        organization_name: "Trivet Demo Oy".into(),
        location_name: "Trivet".into(),
        address: "Quay 1\n00100 Helsinki".into(),
        phone: "+358 9 123".into(),
        tax_id: "FI12345678".into(),
        currency: "EUR".into(),
        currency_digits: 2,
        time_zone: "Europe/Helsinki".into(),
        language: language.into(),
        prices_include_tax: true,
        tax_rates: vec![("food".into(), TaxRate(135_000)), ("wine".into(), TaxRate(255_000))],
        stations: vec![("grill".into(), "Grill".into())],
    }
}

fn id(n: u8) -> Id {
    Id::from_bytes([n; 16])
}

fn line(n: u8, name: &str, pieces: u32, price: i64, rate: u32) -> Line {
    Line {
        id: id(n),
        item: Id::NIL,
        name: name.into(),
        quantity: Quantity::pieces(pieces),
        unit_price: Money(price),
        tax_rate: TaxRate(rate),
        station: Some("grill".into()),
        modifiers: None,
        note: None,
        preparation_minutes: None,
        recipe: None,
    }
}

fn with(line: Line, modifier: &str, price: i64, note: Option<&str>) -> Line {
    let modifiers = vec![LineModifier { id: Id::NIL, name: modifier.into(), price: Money(price) }];
    Line { modifiers: Some(modifiers), note: note.map(str::to_owned), ..line }
}

fn order(n: u8, lines: Vec<Line>) -> Order {
    let stamp = Stamp {
        origin: Origin([1; 16]),
        lane: Lane::Orders,
        seq: 1,
        hlc: Hlc::from_ms(AT.unsigned_abs()),
        quality: TimeQuality::Ntp,
        actor: Id::NIL,
        device: Id::NIL,
        command: Id::NIL,
    };
    Order {
        id: id(n),
        placed: Some(stamp),
        number: format!("A{n}"),
        table: Some("7".into()),
        lines,
        tax_included: true,
        updated_at_ms: AT,
        ..Order::default()
    }
}

fn board(order: Order) -> Board {
    let ticket = Ticket {
        id: id(99),
        order: order.id,
        station: "grill".into(),
        lines: order.lines.iter().map(|line| line.id).collect(),
        received_at_ms: AT,
        ..Ticket::default()
    };
    Board { check: Check { orders: vec![order], entries: 1 }, tickets: vec![ticket] }
}

fn burgers() -> Order {
    let burger = with(line(1, "Burger", 2, 1_690, 135_000), "Extra cheese", 150, Some("NUT ALLERGY"));
    let fries = Line { note: Some("no salt".into()), ..line(2, "Fries", 1, 490, 135_000) };
    Order { note: Some("birthday".into()), ..order(12, vec![burger, fries]) }
}

/// As text, a line in white on black between black squares.
fn print(paper: &Paper, columns: usize) -> String {
    let mut text = String::new();
    for line in layout(paper, columns) {
        let reversed = matches!(&line, trivet_paper::Line::Text { style, .. } if style.reversed);
        let one = to_text(&[line]);
        match reversed {
            true => text.push_str(&format!("■{}■\n", one.trim_end_matches('\n'))),
            false => text.push_str(&one),
        }
    }
    text
}

fn check(paper: &Paper, columns: usize, expected: Expect) {
    expected.assert_eq(&print(paper, columns));
}

fn kitchen(language: &str) -> Stationery {
    Stationery::new(LayoutId::KitchenTicket, settings(language))
}

fn edited(id: LayoutId, language: &str, elements: &str) -> Stationery {
    Stationery { layout: validate(id, elements).unwrap(), ..Stationery::new(id, settings(language)) }
}

#[test]
fn a_kitchen_ticket() {
    let board = board(burgers());
    let paper = ticket(&kitchen("en"), &board, &board.tickets[0]);
    check(
        &paper,
        32,
        expect![[r#"
        ■    ALLERGY■
             GRILL
        A12          T 7
        Dine in                    19:04
        --------------------------------
        2 x Burger
           + Extra cheese
        ■>> NUT ALLERGY■
        1 x Fries
        >> no salt
        --------------------------------
        >> birthday
        --------------------------------

        ✂
    "#]],
    );
    check(
        &paper,
        48,
        expect![[r#"
        ■        ALLERGY■
                 GRILL
        A12                  T 7
        Dine in                                    19:04
        ------------------------------------------------
        2 x Burger
           + Extra cheese
        ■>> NUT ALLERGY■
        1 x Fries
        >> no salt
        ------------------------------------------------
        >> birthday
        ------------------------------------------------

        ✂
    "#]],
    );
    check(
        &as_copy(ticket(&kitchen("fi"), &board, &board.tickets[0]), 2, Language::of("fi")),
        32,
        expect![[r#"
        ■    KOPIO 2■
        ■    ALLERGIA■
             GRILL
        A12          P 7
        Paikan päällä              19.04
        --------------------------------
        2 x Burger
           + Extra cheese
        ■>> NUT ALLERGY■
        1 x Fries
        >> no salt
        --------------------------------
        >> birthday
        --------------------------------

        ✂
    "#]],
    );
}

#[test]
fn a_takeout_without_notes_has_no_empty_lines() {
    let takeout =
        Order { order_type: OrderType::Takeout, table: None, note: None, ..order(3, vec![line(1, "Fries", 1, 1, 0)]) };
    let board = board(takeout);
    check(
        &ticket(&kitchen("en"), &board, &board.tickets[0]),
        32,
        expect![[r#"
             GRILL
        A3
        TAKEOUT                    19:04
        --------------------------------
        1 x Fries
        --------------------------------

        ✂
    "#]],
    );
}

#[test]
fn a_void_slip_says_what_not_to_cook() {
    let board = board(Order { status: Status::Cancelled, ..burgers() });
    let stationery = Stationery::new(LayoutId::VoidSlip, settings("en"));
    check(
        &void_slip(&stationery, &board, &board.tickets[0]),
        32,
        expect![[r#"
        ■      VOID■
             GRILL
        A12          T 7
        Dine in                    19:04
        --------------------------------
        - 2 x Burger
           + Extra cheese
        - 1 x Fries
        --------------------------------

        ✂
    "#]],
    );
}

#[test]
fn changes_are_printed_alone() {
    let before = burgers().lines;
    let board_of = |lines: Vec<Line>| board(Order { lines, ..burgers() });
    let same = board_of(before.clone());
    assert_eq!(ticket_changes(&kitchen("en"), &same, &same.tickets[0], &before), None);
    let burger = Line { quantity: Quantity::pieces(3), ..before[0].clone() };
    let fries = Line { note: Some("much salt".into()), ..before[1].clone() };
    let after = board_of(vec![burger, fries, line(3, "Cola", 1, 300, 0)]);
    let paper = ticket_changes(&kitchen("en"), &after, &after.tickets[0], &before).unwrap();
    check(
        &paper,
        32,
        expect![[r#"
        ■     CHANGE■
        ■    ALLERGY■
             GRILL
        A12          T 7
        Dine in                    19:04
        --------------------------------
        + 1 x Burger
           + Extra cheese
        ■>> NUT ALLERGY■
        - 1 x Fries
        >> no salt
        + 1 x Fries
        >> much salt
        + 1 x Cola
        --------------------------------
        >> birthday
        --------------------------------

        ✂
    "#]],
    );
}

#[test]
fn a_receipt() {
    let wine = line(3, "Wine", 1, 950, 255_000);
    let orders = vec![burgers(), order(13, vec![wine, line(4, "Coffee", 2, 325, 135_000)])];
    let check_of_two = Check { orders, entries: 2 };
    let stationery = |language: &str| Stationery {
        logo: Some(PictureId([7; 32])),
        ..Stationery::new(LayoutId::Receipt, settings(language))
    };
    let paper = receipt(&stationery("en"), &check_of_two, "Ann", AT).unwrap();
    check(
        &paper,
        32,
        expect![[r#"
        [picture]
                     Trivet
                 Trivet Demo Oy
                     Quay 1
                 00100 Helsinki
                Tel. +358 9 123
               VAT no. FI12345678

        Receipt A12, A13
                        2 Jun 2026 19:04
        Dine in                  Table 7
        --------------------------------
        2 x Burger                 36.80
           + Extra cheese (1.50)
        1 x Fries                   4.90
        1 x Wine                    9.50
        2 x Coffee                  6.50
        --------------------------------
        Total                     €57.70
        --------------------------------
        VAT          Net     VAT   Gross
        13.5 %     42.47    5.73   48.20
        25.5 %      7.57    1.93    9.50

        Served by Ann
                   Thank you!


        ✂
    "#]],
    );
    check(
        &paper,
        48,
        expect![[r#"
        [picture]
                             Trivet
                         Trivet Demo Oy
                             Quay 1
                         00100 Helsinki
                        Tel. +358 9 123
                       VAT no. FI12345678

        Receipt A12, A13                2 Jun 2026 19:04
        Dine in                                  Table 7
        ------------------------------------------------
        2 x Burger                                 36.80
           + Extra cheese (1.50)
        1 x Fries                                   4.90
        1 x Wine                                    9.50
        2 x Coffee                                  6.50
        ------------------------------------------------
        Total                                     €57.70
        ------------------------------------------------
        VAT               Net          VAT        Gross
        13.5 %          42.47         5.73        48.20
        25.5 %           7.57         1.93         9.50

        Served by Ann
                           Thank you!


        ✂
    "#]],
    );
    check(
        &receipt(&stationery("fi"), &check_of_two, "", AT).unwrap(),
        42,
        expect![[r#"
        [picture]
                          Trivet
                      Trivet Demo Oy
                          Quay 1
                      00100 Helsinki
                     Puh. +358 9 123
                   Y-tunnus FI12345678

        Kuitti A12, A13             2.6.2026 19.04
        Paikan päällä                      Pöytä 7
        ------------------------------------------
        2 x Burger                           36,80
           + Extra cheese (1,50)
        1 x Fries                             4,90
        1 x Wine                              9,50
        2 x Coffee                            6,50
        ------------------------------------------
        Yhteensä                           57,70 €
        ------------------------------------------
        ALV         Veroton        ALV Verollinen
        13,5 %        42,47       5,73      48,20
        25,5 %         7,57       1,93       9,50

                    Kiitos käynnistä!


        ✂
    "#]],
    );
}

#[test]
fn a_receipt_with_tax_on_top() {
    let sold = Order {
        tax_included: false,
        ..order(1, vec![line(1, "Burger", 1, 1_299, 88_750), line(2, "Beer", 1, 700, 100_000)])
    };
    let settings = Settings {
        currency: "USD".into(),
        time_zone: "America/New_York".into(),
        prices_include_tax: false,
        ..settings("en-US")
    };
    let stationery = Stationery::new(LayoutId::Receipt, settings);
    let paper = receipt(&stationery, &Check { orders: vec![sold], entries: 1 }, "Ann", AT).unwrap();
    check(
        &paper,
        32,
        expect![[r#"
                     Trivet
                 Trivet Demo Oy
                     Quay 1
                 00100 Helsinki
                Tel. +358 9 123
               VAT no. FI12345678

        Receipt A1      2 Jun 2026 12:04
        Dine in                  Table 7
        --------------------------------
        1 x Burger                 12.99
        1 x Beer                    7.00
        --------------------------------
        Subtotal                   19.99
        Tax                         1.85
        Total                     $21.84
        --------------------------------
        Tax 8.875 %                 1.15
        Tax 10 %                    0.70

        Served by Ann
                   Thank you!


        ✂
    "#]],
    );
}

#[test]
fn labels() {
    let made = Label {
        item: "Tomato sauce".into(),
        quantity: "2 kg".into(),
        batch: "26-153-2".into(),
        temperature: Some(trivet_domain::MilliCelsius(-18_249)),
        made_at_ms: AT,
        use_by_ms: Some(AT + 3 * 86_400_000),
        who: "Ben".into(),
        note: String::new(),
    };
    check(
        &label(&Stationery::new(LayoutId::PrepLabel, settings("en")), &made),
        32,
        expect![[r#"
        Tomato sauce
        Made        Tue 2 Jun 2026 19:04
        Use by      Fri 5 Jun 2026 19:04
        2 kg                         Ben
        ✂
    "#]],
    );
    check(
        &label(&Stationery::new(LayoutId::HaccpLabel, settings("de")), &made),
        32,
        expect![[r#"
        ■             HACCP■
        Tomato sauce
        Charge 26-153-2             2 kg
        Temperatur              -18,2 °C
        Hergestellt  Di 02.06.2026 19:04
        Verbrauchen bis
                     Fr 05.06.2026 19:04
        Von                          Ben
        --------------------------------
        ✂
    "#]],
    );
    let little = Label { item: "Stock".into(), made_at_ms: AT, ..Label::default() };
    check(
        &label(&Stationery::new(LayoutId::HaccpLabel, settings("en")), &little),
        32,
        expect![[r#"
        ■             HACCP■
        Stock
        Made        Tue 2 Jun 2026 19:04
        --------------------------------
        ✂
    "#]],
    );
}

#[test]
fn every_element() {
    let elements = r#"[
        {"kind":"buzz"}, {"kind":"logo"}, {"kind":"rule"}, {"kind":"rule"},
        {"kind":"text","text":"{{{item}}} by {who}","size":"huge","align":"right","bold":true},
        {"kind":"text","text":"{note}"}, {"kind":"text","text":"{words.use_by}"},
        {"kind":"columns","left":"{batch}","right":"{temperature}"},
        {"kind":"columns","left":"left {batch}","right":"{quantity}"},
        {"kind":"qr","data":"https://trivet.example/{item}","module":4}, {"kind":"qr","data":"{batch}"},
        {"kind":"barcode","data":"{quantity}","height":80}, {"kind":"barcode","data":"{item}"},
        {"kind":"feed","lines":2}, {"kind":"cut"}]"#;
    let stationery = Stationery { logo: Some(PictureId([7; 32])), ..edited(LayoutId::HaccpLabel, "en", elements) };
    let paper = label(&stationery, &Label { item: "Käse".into(), quantity: "2 kg".into(), ..Label::default() });
    let buzzes = paper.blocks.iter().filter(|block| **block == Block::Buzz).count();
    assert_eq!(buzzes, 1);
    check(
        &paper,
        32,
        expect![[r#"
        [picture]
        --------------------------------
         {Käse} by
        Use by
                                    2 kg
        [QR https://trivet.example/Käse]
        [2 kg]


        ✂
    "#]],
    );
}

#[test]
fn every_layout_has_a_sample_in_every_language() {
    for language in ["en", "fi", "de", "fr", "es"] {
        for id in LayoutId::ALL {
            let text = print(&sample(&Stationery::new(id, settings(language))), 32);
            assert!(text.len() > 60 && !text.contains(['{', '}']), "{language} {}:\n{text}", id.name());
        }
    }
    let bare = Stationery::new(LayoutId::Receipt, Settings::default());
    assert!(print(&sample(&bare), 48).contains("Burger"), "of a location without settings too");
}

/// The figures in the right column, in minor units.
fn figures_of(text: &str) -> Vec<(String, i64)> {
    let figure = |line: &str| {
        let digits: String = line.rsplit("  ").next()?.chars().filter(|c| c.is_ascii_digit() || *c == '-').collect();
        Some((line.split("  ").next()?.trim().to_owned(), digits.parse().ok()?))
    };
    text.lines().filter_map(figure).collect()
}

proptest! {
    /// What a guest adds up on the paper is what is asked for.
    #[test]
    fn the_printed_lines_make_the_printed_total(
        lines in prop::collection::vec((1u32..20, 1i64..20_000, 0i64..500, 0u32..300_000), 1..12),
        tax_included in any::<bool>(),
        rounds in 1u8..3,
    ) {
        let dish = |(n, (pieces, price, extra, rate)): (usize, &(u32, i64, i64, u32))| {
            with(line(n as u8, "Dish", *pieces, *price, *rate), "Extra", *extra, None)
        };
        let order_of = |n| Order { tax_included, ..order(n, lines.iter().enumerate().map(dish).collect()) };
        let check = Check { orders: (0..rounds).map(order_of).collect(), entries: 1 };
        let elements = r#"[{"kind":"lines","prices":true},{"kind":"totals"}]"#;
        let paper = receipt(&edited(LayoutId::Receipt, "fi", elements), &check, "", AT).unwrap();
        let figures = figures_of(&print(&paper, 48));
        let of = |word: &str| figures.iter().filter(|(left, _)| left.ends_with(word)).map(|(_, amount)| amount).sum::<i64>();
        prop_assert_eq!(of("Dish") + of("Vero"), of("Yhteensä"));
        let total: Money = check.orders.iter().map(|order| order.totals().total).sum();
        prop_assert_eq!(of("Yhteensä"), total.0);
    }
}
