//! A check's fold becomes rows: one an order, one a line.

use rusqlite::{Connection, params};
use serde_json::json;
use trivet_domain::checks::{Line, Order};
use trivet_domain::{History, kitchen};
use trivet_log::Id;
use trivet_replica::module::Projecting;

pub(super) fn project(projecting: &Projecting<'_>, check_id: Id, history: &History) -> rusqlite::Result<()> {
    let board = kitchen::fold(history);
    for order in board.check.orders.iter().filter(|order| order.placed.is_some()) {
        write_order(projecting.conn, check_id, order, board.is_recalled(order.id))?;
        for (place, line) in order.lines.iter().enumerate() {
            write_line(projecting.conn, order.id, place, line)?;
        }
        // Another box's set of lines may have come first since.
        let gone = "DELETE FROM checks_line WHERE order_id=?1 AND place>=?2";
        projecting.conn.prepare_cached(gone)?.execute(params![order.id.as_bytes(), order.lines.len() as i64])?;
    }
    Ok(())
}

fn write_order(conn: &Connection, check_id: Id, order: &Order, recalled: bool) -> rusqlite::Result<()> {
    let Some(placed) = order.placed else { return Ok(()) };
    let totals = order.totals();
    let sql = "INSERT OR REPLACE INTO checks_order VALUES(
        ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23)";
    conn.prepare_cached(sql)?.execute(params![
        order.id.as_bytes(),
        check_id.as_bytes(),
        order.number,
        order.other_numbers.join(" "),
        order.order_type.name(),
        order.status.name(),
        order.table,
        order.customer.as_ref().map(Id::as_bytes),
        order.note,
        totals.subtotal.0,
        totals.discount.0,
        totals.tax.0,
        totals.tax_included.0,
        totals.total.0,
        placed.actor.as_bytes(),
        placed.ms(),
        order.updated_at_ms,
        order.estimated_ready_ms(),
        order.ready_at_ms,
        order.version,
        order.sent,
        recalled,
        json!(order.contradictions).to_string(),
    ])?;
    Ok(())
}

/// Lines never change once placed, so most of these find their row as it is and dirty no page.
fn write_line(conn: &Connection, order: Id, place: usize, line: &Line) -> rusqlite::Result<()> {
    let modifiers = line.modifiers().iter().map(|m| json!({"id": m.id, "name": m.name, "price": m.price}));
    let sql = "INSERT INTO checks_line VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
        ON CONFLICT DO UPDATE SET id=excluded.id, item=excluded.item, recipe=excluded.recipe, name=excluded.name,
          quantity=excluded.quantity, unit_price=excluded.unit_price, total=excluded.total,
          modifiers=excluded.modifiers, note=excluded.note, station=excluded.station
        WHERE (id, item, recipe, name, quantity, unit_price, total, modifiers, note, station) IS NOT
          (excluded.id, excluded.item, excluded.recipe, excluded.name, excluded.quantity, excluded.unit_price,
           excluded.total, excluded.modifiers, excluded.note, excluded.station)";
    conn.prepare_cached(sql)?.execute(params![
        order.as_bytes(),
        place as i64,
        line.id.as_bytes(),
        line.item.as_bytes(),
        line.recipe.as_ref().map(Id::as_bytes),
        line.name,
        line.quantity.0,
        line.unit_price.0,
        line.total().0,
        serde_json::Value::from(modifiers.collect::<Vec<_>>()).to_string(),
        line.note,
        line.station,
    ])?;
    Ok(())
}
