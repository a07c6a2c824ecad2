//! The receipt of a check: one for all its orders (PRN-01, PRN-02).

mod accept;
mod routes;
mod view;

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension};
use trivet_domain::Money;
use trivet_domain::checks::{Check, Line, Order};
use trivet_domain::papers::{self, Figures};
use trivet_paper::Paper;

pub(super) use routes::routes;

use super::apply::{Data, Entry, TaxRow, TotalRow, apply};
use super::stationery::Stationery;

/// By the layout [`super::LayoutId::Receipt`]. `served_by` are names; `at_ms` is the time of the sale. None if every
/// order of the check was cancelled.
pub fn receipt(stationery: &Stationery, check: &Check, served_by: &str, at_ms: i64) -> Option<Paper> {
    let figures = papers::receipt::figures(check)?;
    Some(apply(&stationery.layout, &data(stationery, &figures, served_by, at_ms), stationery.language))
}

/// The receipt of a check as this box's rows know who served and when; None if there is nothing to be paid.
pub fn receipt_in_force(conn: &Connection, check: &Check) -> rusqlite::Result<Option<Paper>> {
    let Some(figures) = papers::receipt::figures(check) else { return Ok(None) };
    let stationery = Stationery::in_force(conn, papers::LayoutId::Receipt)?;
    Ok(receipt(&stationery, check, &servers(conn, &figures)?, sold_at(&figures)))
}

/// Until a check has payments: when its last order was taken.
fn sold_at(figures: &Figures<'_>) -> i64 {
    figures.orders.iter().filter_map(|order| order.placed).map(|placed| placed.ms()).max().unwrap_or_default()
}

/// The names of those who took the orders, each once.
fn servers(conn: &Connection, figures: &Figures<'_>) -> rusqlite::Result<String> {
    let mut name = conn.prepare_cached("SELECT name FROM access_person WHERE id=?1")?;
    let mut names: Vec<String> = Vec::new();
    for placed in figures.orders.iter().filter_map(|order| order.placed) {
        let found: Option<String> = name.query_row([placed.actor.as_bytes()], |row| row.get(0)).optional()?;
        names.extend(found.filter(|found| !names.contains(found)));
    }
    Ok(names.join(", "))
}

fn data(stationery: &Stationery, figures: &Figures<'_>, served_by: &str, at_ms: i64) -> Data {
    let settings = &stationery.settings;
    let moment = stationery.moment(at_ms);
    let order_type = figures.orders.first().map(|order| stationery.word(order.order_type.name()));
    let fields = BTreeMap::from([
        ("organization", settings.organization_name.clone()),
        ("location", settings.location_name.clone()),
        ("address", settings.address.clone()),
        ("phone", settings.phone.clone()),
        ("tax_id", settings.tax_id.clone()),
        ("numbers", numbers(figures).join(", ")),
        ("order_type", order_type.unwrap_or_default().to_owned()),
        ("table", tables(figures).join(", ")),
        ("served_by", served_by.to_owned()),
        ("date", moment.date),
        ("time", moment.time),
        ("total", stationery.money(figures.total)),
        ("currency", settings.currency.clone()),
    ]);
    Data {
        fields,
        lines: figures.orders.iter().flat_map(|order| &order.lines).map(|line| entry(stationery, line)).collect(),
        notes: figures.orders.iter().filter_map(|order| order.note.clone()).collect(),
        taxes: taxes(stationery, figures),
        totals: totals(stationery, figures),
        logo: stationery.logo,
    }
}

fn entry(stationery: &Stationery, line: &Line) -> Entry {
    let price = |price: Money| (price != Money::ZERO).then(|| stationery.amount(price));
    Entry {
        mark: None,
        quantity: stationery.language.quantity(line.quantity),
        name: line.name.clone(),
        amount: stationery.amount(line.total()),
        modifiers: line.modifiers().iter().map(|modifier| (modifier.name.clone(), price(modifier.price))).collect(),
        notes: line.note.iter().cloned().collect(),
    }
}

fn taxes(stationery: &Stationery, figures: &Figures<'_>) -> Vec<TaxRow> {
    let row = |part: &papers::TaxPart| {
        let (rate, tax) = (stationery.language.percent(part.rate), stationery.amount(part.tax));
        match part.included {
            true => {
                TaxRow::Included { rate, net: stationery.amount(part.net), tax, gross: stationery.amount(part.gross) }
            }
            false => TaxRow::Added { rate, tax },
        }
    };
    figures.taxes.iter().map(row).collect()
}

/// The subtotal only where something comes between it and the total.
fn totals(stationery: &Stationery, figures: &Figures<'_>) -> Vec<TotalRow> {
    let row = |word: &str, amount: String, strong| TotalRow { label: stationery.word(word).to_owned(), amount, strong };
    let mut rows = Vec::new();
    if figures.subtotal != figures.total || figures.tax != Money::ZERO {
        rows.push(row("subtotal", stationery.amount(figures.subtotal), false));
    }
    if figures.discount != Money::ZERO {
        rows.push(row("discount", stationery.amount(-figures.discount), false));
    }
    if figures.tax != Money::ZERO {
        rows.push(row("tax", stationery.amount(figures.tax), false));
    }
    rows.push(row("total", stationery.money(figures.total), true));
    rows
}

fn numbers(figures: &Figures<'_>) -> Vec<String> {
    figures.orders.iter().map(|order| order.number.clone()).collect()
}

/// Each table once.
fn tables(figures: &Figures<'_>) -> Vec<String> {
    let mut tables: Vec<String> = Vec::new();
    for table in figures.orders.iter().filter_map(|order: &&Order| order.table.clone()) {
        if !tables.contains(&table) {
            tables.push(table);
        }
    }
    tables
}
