//! A receipt as figures, for programs: what its paper says, unwritten.

use serde::Serialize;
use trivet_domain::checks::{Line, Order};
use trivet_domain::papers::{Figures, TaxPart};
use trivet_log::Id;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Stationery;
use crate::checks::view::LineModifierView;
use crate::time;

/// The receipt of a check.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Receipt)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReceiptView {
    id: Uuid,
    check_id: Uuid,
    order_ids: Vec<Uuid>,
    /// What people call the orders.
    order_numbers: Vec<String>,
    /// `dine_in`, `takeout` or `delivery`.
    order_type: String,
    table_numbers: Vec<String>,
    organization_name: String,
    location_name: String,
    address: String,
    phone: String,
    tax_id: String,
    served_by_name: String,
    /// Of the sale.
    time: String,
    /// The same as it stands on the paper.
    local_time: String,
    time_zone: String,
    /// ISO 4217.
    currency: String,
    currency_digits: u8,
    lines: Vec<ReceiptLineView>,
    /// Minor units, like all amounts.
    subtotal: i64,
    discount_amount: i64,
    taxes: Vec<ReceiptTaxView>,
    /// Added to the subtotal.
    tax_amount: i64,
    /// Contained in the subtotal.
    tax_included_amount: i64,
    total_amount: i64,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ReceiptLine)]
#[serde(rename_all = "camelCase")]
struct ReceiptLineView {
    order_number: String,
    item_name: String,
    quantity: i64,
    /// Thousandths of a piece, or grams.
    quantity_milli: i64,
    unit_price: i64,
    /// quantity × (unit price + modifiers).
    total_price: i64,
    modifications: Vec<LineModifierView>,
    special_instructions: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ReceiptTax)]
#[serde(rename_all = "camelCase")]
struct ReceiptTaxView {
    /// Parts per million.
    rate: u32,
    /// The prices contain it.
    included: bool,
    net_amount: i64,
    tax_amount: i64,
    gross_amount: i64,
}

pub(super) fn show(
    stationery: &Stationery,
    check: Id,
    figures: &Figures<'_>,
    served_by: &str,
    at_ms: i64,
) -> ReceiptView {
    let settings = &stationery.settings;
    let moment = stationery.moment(at_ms);
    ReceiptView {
        id: trivet_domain::papers::receipt_id(check).0,
        check_id: check.0,
        order_ids: figures.orders.iter().map(|order| order.id.0).collect(),
        order_numbers: super::numbers(figures),
        order_type: figures.orders.first().map_or("", |order| order.order_type.name()).to_owned(),
        table_numbers: super::tables(figures),
        organization_name: settings.organization_name.clone(),
        location_name: settings.location_name.clone(),
        address: settings.address.clone(),
        phone: settings.phone.clone(),
        tax_id: settings.tax_id.clone(),
        served_by_name: served_by.to_owned(),
        time: time::text(at_ms),
        local_time: format!("{} {}", moment.date, moment.time),
        time_zone: settings.time_zone.clone(),
        currency: settings.currency.clone(),
        currency_digits: settings.currency_digits,
        lines: figures.orders.iter().flat_map(|order| order.lines.iter().map(|line| line_of(order, line))).collect(),
        subtotal: figures.subtotal.0,
        discount_amount: figures.discount.0,
        taxes: figures.taxes.iter().map(tax).collect(),
        tax_amount: figures.tax.0,
        tax_included_amount: figures.tax_included.0,
        total_amount: figures.total.0,
    }
}

fn line_of(order: &Order, line: &Line) -> ReceiptLineView {
    let modifiers = line.modifiers().iter();
    ReceiptLineView {
        order_number: order.number.clone(),
        item_name: line.name.clone(),
        quantity: line.quantity.whole(),
        quantity_milli: line.quantity.0,
        unit_price: line.unit_price.0,
        total_price: line.total().0,
        modifications: modifiers
            .map(|modifier| LineModifierView {
                id: modifier.id.0,
                name: modifier.name.clone(),
                price: modifier.price.0,
            })
            .collect(),
        special_instructions: line.note.clone(),
    }
}

fn tax(part: &TaxPart) -> ReceiptTaxView {
    ReceiptTaxView {
        rate: part.rate.0,
        included: part.included,
        net_amount: part.net.0,
        tax_amount: part.tax.0,
        gross_amount: part.gross.0,
    }
}
