//! What may happen to a check.

use trivet_log::Id;

use super::event::{Line, LineModifier, OrderMoved, OrderPlaced};
use super::fold::{Check, Order};
use super::status::Status;
use super::{Command, MAX_HISTORY, MAX_LINES, MAX_NOTE, MAX_PIECES, PlaceOrder, WantedLine};
use crate::menu::Item;
use crate::settings::Settings;
use crate::{Context, Decision, Quantity, Refusal};

pub fn decide(check: &Check, command: &Command, context: &dyn Context) -> Decision {
    match command {
        Command::PlaceOrder(place) => place_order(check, place, context),
        Command::MoveOrder { check: id, order, to } => move_order(check, *id, *order, *to),
    }
}

fn place_order(check: &Check, place: &PlaceOrder, context: &dyn Context) -> Decision {
    if place.opens_check != check.orders.is_empty() {
        return Err(match place.opens_check {
            true => Refusal::conflict("this check exists already"),
            false => Refusal::unknown("there is no such check").at("checkId"),
        });
    }
    if check.entries >= MAX_HISTORY - 8 {
        return Err(Refusal::full(format!("a check holds {MAX_HISTORY} entries; open another one")));
    }
    if place.lines.is_empty() || place.lines.len() > MAX_LINES {
        return Err(Refusal::invalid("items", format!("an order has 1 to {MAX_LINES} lines")));
    }
    short_enough("tableNumber", place.table.as_deref(), 20)?;
    short_enough("specialInstructions", place.note.as_deref(), MAX_NOTE)?;
    let settings = Settings::in_force(context);
    let line = |(index, wanted): (usize, &WantedLine)| line(place.order, index, wanted, &settings, context);
    let lines = place.lines.iter().enumerate().map(line).collect::<Result<Vec<Line>, Refusal>>()?;
    let placed = OrderPlaced {
        order: place.order,
        number: format!("{}{}", context.letter(), context.next_number("order")),
        order_type: place.order_type,
        lines,
        table: place.table.clone(),
        customer: place.customer,
        note: place.note.clone(),
        tax_included: settings.prices_include_tax.then_some(true),
    };
    let total = Order { lines: placed.lines.clone(), tax_included: settings.prices_include_tax, ..Order::default() }
        .totals()
        .total;
    if place.expected_total.is_some_and(|expected| expected != total) {
        return Err(Refusal::conflict(format!("the total is {} by the menu in force", total.0)).at("totalAmount"));
    }
    Ok(vec![(place.check, placed.into())])
}

fn line(
    order: Id,
    index: usize,
    wanted: &WantedLine,
    settings: &Settings,
    context: &dyn Context,
) -> Result<Line, Refusal> {
    let field = |name: &str| format!("items[{index}].{name}");
    if wanted.quantity <= Quantity(0) || wanted.quantity > Quantity::pieces(MAX_PIECES) {
        return Err(Refusal::invalid(field("quantity"), format!("1 to {MAX_PIECES}")));
    }
    short_enough(&field("specialInstructions"), wanted.note.as_deref(), MAX_NOTE)?;
    let item = Item::in_force(context, wanted.item)
        .filter(|item| !item.retired)
        .ok_or_else(|| Refusal::invalid(field("menuItemId"), "there is no such item on the menu"))?;
    if let Some(hold) = item.holds.first() {
        let text = format!("`{}` is on hold: {}", item.name, hold.reason);
        return Err(Refusal::conflict(text).at(field("menuItemId")));
    }
    if !item.is_available {
        return Err(Refusal::conflict(format!("`{}` is not available", item.name)).at(field("menuItemId")));
    }
    if wanted.expected_unit_price.is_some_and(|expected| expected != item.price) {
        let text = format!("`{}` costs {} by the menu in force", item.name, item.price.0);
        return Err(Refusal::conflict(text).at(field("unitPrice")));
    }
    let tax_rate = settings.tax_rate(&item.tax_class).ok_or_else(|| {
        Refusal::conflict(format!("`{}` has tax class `{}`, which has no rate here", item.name, item.tax_class))
    })?;
    let modifier = |(place, id): (usize, &Id)| {
        let found = item.modifiers.iter().find(|modifier| modifier.id == *id);
        let found = found.ok_or_else(|| {
            Refusal::invalid(field(&format!("modifications[{place}]")), format!("`{}` has no such modifier", item.name))
        })?;
        Ok(LineModifier { id: found.id, name: found.name.clone(), price: found.price })
    };
    let modifiers = wanted.modifiers.iter().enumerate().map(modifier).collect::<Result<Vec<_>, Refusal>>()?;
    Ok(Line {
        id: order.derive("line", index as u64),
        item: wanted.item,
        name: item.name,
        quantity: wanted.quantity,
        unit_price: item.price,
        tax_rate,
        station: Some(item.station).filter(|station| !station.is_empty()),
        modifiers: Some(modifiers).filter(|list| !list.is_empty()),
        note: wanted.note.clone().filter(|note| !note.is_empty()),
        preparation_minutes: Some(item.preparation_minutes).filter(|minutes| *minutes > 0),
        recipe: item.recipe_id,
    })
}

fn move_order(check: &Check, check_id: Id, id: Id, to: Status) -> Decision {
    let order = check.order(id).ok_or_else(|| Refusal::unknown("there is no such order"))?;
    if order.status == to {
        return Ok(Vec::new());
    }
    if to == Status::Ready && order.status == Status::Preparing {
        return Err(Refusal::conflict("an order is ready when the kitchen has done each of its tickets"));
    }
    if !order.status.may_become(to) {
        return Err(Refusal::conflict(format!("an order that is {} cannot become {to}", order.status)));
    }
    Ok(vec![(check_id, OrderMoved { order: id, to }.into())])
}

fn short_enough(field: &str, text: Option<&str>, longest: usize) -> Result<(), Refusal> {
    match text {
        Some(text) if text.chars().count() > longest => {
            Err(Refusal::invalid(field, format!("at most {longest} characters")))
        }
        _ => Ok(()),
    }
}
