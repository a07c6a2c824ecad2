//! An order as screens and answers see it: two statements, whatever it holds.

use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};
use serde::{Deserialize, Serialize};
use trivet_domain::Quantity;
use trivet_log::Id;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::time;

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Order)]
#[serde(rename_all = "camelCase")]
pub struct OrderView {
    pub id: Uuid,
    pub organization_id: Uuid,
    pub check_id: Uuid,
    /// What people call it. It begins with the letter of the box that took it.
    pub order_number: String,
    /// `dine_in`, `takeout` or `delivery`.
    pub order_type: String,
    /// `new`, `pending`, `confirmed`, `preparing`, `ready`, `completed` or `cancelled`.
    pub status: String,
    pub table_number: Option<String>,
    pub customer_id: Option<Uuid>,
    /// Minor units, like all amounts.
    pub subtotal: i64,
    /// Added to the subtotal.
    pub tax_amount: i64,
    /// Contained in the subtotal, where prices include tax.
    pub tax_included_amount: i64,
    pub discount_amount: i64,
    pub total_amount: i64,
    pub payment_status: String,
    pub special_instructions: Option<String>,
    pub estimated_ready_time: Option<String>,
    pub actual_ready_time: Option<String>,
    pub served_by: Uuid,
    pub served_by_name: Option<String>,
    pub created_at: String,
    pub updated_at: String,
    pub version: u32,
    /// A ticket was taken back from the pass and is being done again.
    pub recalled: bool,
    pub items: Vec<OrderLineView>,
    /// Steps that two boxes took against each other, for a person to settle.
    pub contradictions: Vec<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = OrderLine)]
#[serde(rename_all = "camelCase")]
pub struct OrderLineView {
    pub id: Uuid,
    pub menu_item_id: Uuid,
    pub recipe_id: Option<Uuid>,
    pub item_name: String,
    /// Whole pieces; see `quantityMilli` for goods that are weighed.
    pub quantity: i64,
    /// Thousandths of a piece, or grams.
    pub quantity_milli: i64,
    pub unit_price: i64,
    /// quantity × (unit price + modifiers).
    pub total_price: i64,
    pub modifications: Vec<LineModifierView>,
    pub special_instructions: Option<String>,
    pub station: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = OrderModification)]
pub struct LineModifierView {
    pub id: Uuid,
    pub name: String,
    pub price: i64,
}

/// What a list is narrowed by.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub status: Option<String>,
    /// Part of the number, the table or an item's name.
    pub search: Option<String>,
    pub from_ms: Option<i64>,
    pub to_ms: Option<i64>,
    /// The id after which the page begins: ids are in the order of time, the newest first.
    pub after: Option<Id>,
    pub limit: u32,
}

const COLUMNS: &str = "o.id, o.check_id, o.number, o.order_type, o.status, o.table_number, o.customer, o.note, o.subtotal, \
    o.discount, o.tax, o.tax_included, o.total, o.served_by, p.name, o.created_ms, o.updated_ms, o.estimated_ms, \
    o.ready_ms, o.version, o.recalled, o.contradictions, \
    (SELECT value FROM meta WHERE key='tenant') \
    FROM checks_order o LEFT JOIN access_person p ON p.id=o.served_by";

pub fn order(conn: &Connection, id: Id) -> rusqlite::Result<Option<OrderView>> {
    Ok(select(conn, "WHERE o.id=?1", &[&id.as_bytes()])?.pop())
}

pub fn of_check(conn: &Connection, check: Id) -> rusqlite::Result<Vec<OrderView>> {
    select(conn, "WHERE o.check_id=?1 ORDER BY o.id", &[&check.as_bytes()])
}

/// Orders that are not finished, the oldest first.
pub fn open(conn: &Connection) -> rusqlite::Result<Vec<OrderView>> {
    select(conn, "WHERE o.status NOT IN ('completed', 'cancelled') ORDER BY o.id LIMIT 500", &[])
}

pub fn list(conn: &Connection, filter: &Filter) -> rusqlite::Result<Vec<OrderView>> {
    let mut sql = "WHERE 1".to_owned();
    let mut values: Vec<Box<dyn ToSql>> = Vec::new();
    let mut narrow = |condition: &str, value: Box<dyn ToSql>| {
        values.push(value);
        sql.push_str(&format!(" AND {}", condition.replace('?', &format!("?{}", values.len()))));
    };
    if let Some(status) = &filter.status {
        narrow("o.status=?", Box::new(status.clone()));
    }
    if let Some(text) = &filter.search {
        let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        narrow(
            "(o.number LIKE ? ESCAPE '\\' OR o.other_numbers LIKE ? ESCAPE '\\' OR o.table_number LIKE ? ESCAPE '\\' OR \
             EXISTS(SELECT 1 FROM checks_line l WHERE l.order_id=o.id AND l.name LIKE ? ESCAPE '\\'))",
            Box::new(format!("%{escaped}%")),
        );
    }
    if let Some(from) = filter.from_ms {
        narrow("o.created_ms>=?", Box::new(from));
    }
    if let Some(to) = filter.to_ms {
        narrow("o.created_ms<?", Box::new(to));
    }
    if let Some(after) = filter.after {
        narrow("o.id<?", Box::new(*after.as_bytes()));
    }
    sql.push_str(&format!(" ORDER BY o.id DESC LIMIT {}", filter.limit));
    let values: Vec<&dyn ToSql> = values.iter().map(AsRef::as_ref).collect();
    select(conn, &sql, &values)
}

/// The check that an order is on.
pub fn check_of(conn: &Connection, order: Id) -> rusqlite::Result<Option<Id>> {
    let sql = "SELECT check_id FROM checks_order WHERE id=?1";
    conn.query_row(sql, [order.as_bytes()], |row| row.get(0).map(Id::from_bytes)).optional()
}

fn select(conn: &Connection, which: &str, values: &[&dyn ToSql]) -> rusqlite::Result<Vec<OrderView>> {
    let mut statement = conn.prepare_cached(&format!("SELECT {COLUMNS} {which}"))?;
    let mut orders = statement.query_map(values, from_row)?.collect::<rusqlite::Result<Vec<OrderView>>>()?;
    // One statement for the lines of all of them.
    let ids: Vec<String> = orders.iter().map(|order| format!("x'{}'", order.id.simple())).collect();
    let sql = format!(
        "SELECT order_id, id, item, recipe, name, quantity, unit_price, total, modifiers, note, station FROM checks_line
         WHERE order_id IN ({}) ORDER BY order_id, place",
        ids.join(",")
    );
    let mut statement = if orders.len() == 1 {
        conn.prepare_cached(&sql.replace(&ids.join(","), "?1"))?
    } else {
        conn.prepare_cached(&sql)?
    };
    let one = orders.first().map(|order| *order.id.as_bytes());
    let mut rows = match (orders.len(), one) {
        (1, Some(id)) => statement.query(params![id])?,
        _ => statement.query([])?,
    };
    while let Some(row) = rows.next()? {
        let order_id = Uuid::from_bytes(row.get(0)?);
        if let Some(order) = orders.iter_mut().find(|order| order.id == order_id) {
            order.items.push(line_from_row(row)?);
        }
    }
    Ok(orders)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<OrderView> {
    let time = |index| row.get::<_, Option<i64>>(index).map(|ms| ms.map(time::text));
    let contradictions: String = row.get(21)?;
    Ok(OrderView {
        id: Uuid::from_bytes(row.get(0)?),
        check_id: Uuid::from_bytes(row.get(1)?),
        order_number: row.get(2)?,
        order_type: row.get(3)?,
        status: row.get(4)?,
        table_number: row.get(5)?,
        customer_id: row.get::<_, Option<[u8; 16]>>(6)?.map(Uuid::from_bytes),
        special_instructions: row.get(7)?,
        subtotal: row.get(8)?,
        discount_amount: row.get(9)?,
        tax_amount: row.get(10)?,
        tax_included_amount: row.get(11)?,
        total_amount: row.get(12)?,
        payment_status: "pending".to_owned(),
        served_by: Uuid::from_bytes(row.get(13)?),
        served_by_name: row.get(14)?,
        created_at: time(15)?.unwrap_or_default(),
        updated_at: time(16)?.unwrap_or_default(),
        estimated_ready_time: time(17)?,
        actual_ready_time: time(18)?,
        version: row.get(19)?,
        recalled: row.get(20)?,
        contradictions: serde_json::from_str(&contradictions).unwrap_or_default(),
        organization_id: row.get::<_, Option<[u8; 16]>>(22)?.map(Uuid::from_bytes).unwrap_or_default(),
        items: Vec::new(),
    })
}

fn line_from_row(row: &Row<'_>) -> rusqlite::Result<OrderLineView> {
    let modifiers: String = row.get(8)?;
    Ok(OrderLineView {
        id: Uuid::from_bytes(row.get(1)?),
        menu_item_id: Uuid::from_bytes(row.get(2)?),
        recipe_id: row.get::<_, Option<[u8; 16]>>(3)?.map(Uuid::from_bytes),
        item_name: row.get(4)?,
        quantity: Quantity(row.get(5)?).whole(),
        quantity_milli: row.get(5)?,
        unit_price: row.get(6)?,
        total_price: row.get(7)?,
        modifications: serde_json::from_str(&modifiers).unwrap_or_default(),
        special_instructions: row.get(9)?,
        station: row.get(10)?,
    })
}
