//! A paper of a made-up day, for the person who edits its layout: laid out by the code that lays out the real ones.

use trivet_domain::checks::{Check, Line, LineModifier, Order, OrderType, Status};
use trivet_domain::kitchen::{Board, Ticket};
use trivet_domain::papers::LayoutId;
use trivet_domain::{MilliCelsius, Money, Quantity, Stamp};
use trivet_log::{Hlc, Id, Lane, Origin, TimeQuality};
use trivet_paper::Paper;

use super::stationery::Stationery;
use super::{Label, label, receipt, ticket, void_slip};

/// 2 June 2026, 16:04 UTC: always the same, so that a preview changes only when its layout does.
const AT_MS: i64 = 1_780_416_240_000;
const DAY_MS: i64 = 86_400_000;

/// What the stationery's layout looks like, with the location's own name, language, currency and tax rates.
pub fn sample(stationery: &Stationery) -> Paper {
    let board = board(stationery);
    let for_ticket = |make: fn(&Stationery, &Board, &Ticket) -> Paper| {
        board.tickets.first().map(|ticket| make(stationery, &board, ticket)).unwrap_or_default()
    };
    match stationery.id {
        LayoutId::KitchenTicket => for_ticket(ticket),
        LayoutId::VoidSlip => for_ticket(void_slip),
        LayoutId::Receipt => receipt(stationery, &board.check, "Ann", AT_MS).unwrap_or_default(),
        LayoutId::PrepLabel => label(stationery, &prepared()),
        LayoutId::HaccpLabel => label(
            stationery,
            &Label {
                batch: "26-153-2".into(),
                temperature: Some(MilliCelsius(3_800)),
                note: "Cooled in 80 minutes".into(),
                ..prepared()
            },
        ),
    }
}

fn prepared() -> Label {
    Label {
        item: "Tomato sauce".into(),
        quantity: "2 kg".into(),
        made_at_ms: AT_MS,
        use_by_ms: Some(AT_MS + 3 * DAY_MS),
        who: "Ben".into(),
        note: "Contains celery".into(),
        ..Label::default()
    }
}

fn board(stationery: &Stationery) -> Board {
    let settings = &stationery.settings;
    let station = settings.stations.first().map_or("grill", |(id, _)| id);
    let rates: Vec<_> = settings.tax_rates.iter().map(|(_, rate)| *rate).collect();
    // Prices of the usual size: 12.50 of what has cents, 1,250 of what has not.
    let unit = 10_i64.pow(u32::from(settings.currency_digits.clamp(1, 9)) - 1);
    let unit = if settings.currency_digits == 0 { 10 } else { unit };
    let line = |place: u64, name: &str, pieces: u32, price: i64, extra: Option<(&str, i64)>, note: Option<&str>| Line {
        id: Id::NIL.derive("line", place),
        item: Id::NIL,
        name: name.to_owned(),
        quantity: Quantity::pieces(pieces),
        unit_price: Money(price * unit),
        tax_rate: rates
            .get(usize::try_from(place).unwrap_or_default() % rates.len().max(1))
            .copied()
            .unwrap_or_default(),
        station: Some(station.to_owned()),
        modifiers: extra
            .map(|(name, price)| vec![LineModifier { id: Id::NIL, name: name.to_owned(), price: Money(price * unit) }]),
        note: note.map(str::to_owned),
        preparation_minutes: None,
        recipe: None,
    };
    let lines = vec![
        line(0, "Burger", 2, 169, Some(("Extra cheese", 15)), Some("Nut allergy")),
        line(1, "Fries", 1, 49, None, Some("No salt")),
    ];
    let order = Order {
        id: Id::NIL,
        placed: Some(stamp()),
        number: "A12".into(),
        order_type: OrderType::DineIn,
        table: Some("7".into()),
        note: Some("Birthday: all together".into()),
        tax_included: settings.prices_include_tax,
        status: Status::Confirmed,
        updated_at_ms: AT_MS,
        lines,
        ..Order::default()
    };
    let ticket = Ticket {
        id: Id::NIL,
        order: order.id,
        station: station.to_owned(),
        lines: order.lines.iter().map(|line| line.id).collect(),
        received_at_ms: AT_MS,
        ..Ticket::default()
    };
    Board { check: Check { orders: vec![order], entries: 1 }, tickets: vec![ticket] }
}

fn stamp() -> Stamp {
    Stamp {
        origin: Origin::default(),
        lane: Lane::Orders,
        seq: 1,
        hlc: Hlc::from_ms(AT_MS.unsigned_abs()),
        quality: TimeQuality::Ntp,
        actor: Id::NIL,
        device: Id::NIL,
        command: Id::NIL,
    }
}
