//! A ticket as the kitchen's screens see it.

use rusqlite::{OptionalExtension, Row, ToSql};
use serde::Serialize;
use trivet_domain::Quantity;
use trivet_log::Id;
use trivet_replica::View;
use utoipa::ToSchema;
use uuid::Uuid;

use super::PaperState;
use crate::checks::view::LineModifierView;
use crate::time;

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Ticket)]
#[serde(rename_all = "camelCase")]
pub struct TicketView {
    pub id: Uuid,
    /// The order.
    pub customer_service_order_id: Uuid,
    pub check_id: Uuid,
    pub order_number: String,
    pub order_type: String,
    pub table_number: Option<String>,
    pub assigned_station: String,
    /// `received`, `preparing`, `cooking`, `ready`, `served` or `cancelled`.
    pub status: String,
    /// Higher first.
    pub priority: i64,
    pub recalled: bool,
    pub special_instructions: Option<String>,
    pub assigned_chef: Option<String>,
    pub received_at: String,
    pub started_at: Option<String>,
    pub completed_at: Option<String>,
    /// Minutes.
    pub estimated_prep_time: i64,
    /// Whole minutes from start to completion.
    pub actual_prep_time: Option<i64>,
    pub served_by_name: Option<String>,
    /// How its paper stands: `queued`, `sending`, `sent` (not confirmed), `printed`, `in_doubt` or `held`.
    pub paper: Option<String>,
    pub items: Vec<TicketItemView>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = TicketItem)]
#[serde(rename_all = "camelCase")]
pub struct TicketItemView {
    pub id: Uuid,
    pub recipe_id: Option<Uuid>,
    pub item_name: String,
    /// Whole pieces; see `quantityMilli` for goods that are weighed.
    pub quantity: i64,
    /// Thousandths of a piece, or grams.
    pub quantity_milli: i64,
    pub modifications: Vec<String>,
    pub special_instructions: Option<String>,
    pub status: String,
}

const COLUMNS: &str = "t.id, t.check_id, t.order_id, t.station, t.status, t.priority, t.recalled, c.name, t.received_ms, \
    t.started_ms, t.completed_ms, t.estimated_minutes, o.number, o.order_type, o.table_number, o.note, w.name \
    FROM kitchen_ticket t JOIN checks_order o ON o.id=t.order_id \
    LEFT JOIN access_person c ON c.id=t.chef LEFT JOIN access_person w ON w.id=o.served_by";

pub fn ticket(view: &View<'_>, id: Id) -> rusqlite::Result<Option<TicketView>> {
    Ok(select(view, "WHERE t.id=?1", &[&id.as_bytes()])?.pop())
}

pub fn of_check(view: &View<'_>, check: Id) -> rusqlite::Result<Vec<TicketView>> {
    select(view, "WHERE t.check_id=?1 ORDER BY t.received_ms, t.id", &[&check.as_bytes()])
}

pub fn of_order(view: &View<'_>, order: Id) -> rusqlite::Result<Vec<TicketView>> {
    select(view, "WHERE t.order_id=?1 ORDER BY t.id", &[&order.as_bytes()])
}

/// Tickets to work on: by priority, then age.
pub fn open(view: &View<'_>, station: Option<&str>) -> rusqlite::Result<Vec<TicketView>> {
    select(
        view,
        "WHERE t.status NOT IN ('served', 'cancelled') AND (?1 IS NULL OR t.station=?1)
         ORDER BY t.priority DESC, t.received_ms, t.id LIMIT 500",
        &[&station],
    )
}

/// A station with how many tickets are being worked on there.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StationLoad {
    pub id: String,
    pub name: String,
    pub current_load: i64,
}

pub fn stations(view: &View<'_>) -> rusqlite::Result<Vec<StationLoad>> {
    let sql = "SELECT count(*) FROM kitchen_ticket WHERE station=?1 AND status IN ('preparing', 'cooking')";
    let mut statement = view.conn.prepare_cached(sql)?;
    let settings = crate::settings::in_force(view.conn)?;
    let load = |(id, name): (String, String)| {
        let current_load = statement.query_row([&id], |row| row.get(0))?;
        Ok(StationLoad { id, name, current_load })
    };
    settings.stations.into_iter().map(load).collect()
}

/// The check that a ticket, or an order, is on; and whether the id is a ticket's.
pub fn check_of(view: &View<'_>, id: Id) -> rusqlite::Result<Option<(Id, bool)>> {
    let sql =
        "SELECT check_id, 1 FROM kitchen_ticket WHERE id=?1 UNION ALL SELECT check_id, 0 FROM checks_order WHERE id=?1";
    view.conn.query_row(sql, [id.as_bytes()], |row| Ok((Id::from_bytes(row.get(0)?), row.get(1)?))).optional()
}

fn select(view: &View<'_>, which: &str, values: &[&dyn ToSql]) -> rusqlite::Result<Vec<TicketView>> {
    let mut statement = view.conn.prepare_cached(&format!("SELECT {COLUMNS} {which}"))?;
    let mut tickets = statement.query_map(values, from_row)?.collect::<rusqlite::Result<Vec<TicketView>>>()?;
    let paper = view.more.get::<PaperState>();
    for ticket in &mut tickets {
        ticket.items = items(view, ticket)?;
        ticket.paper = match paper {
            Some(state) => (state.0)(view.conn, Id(ticket.id))?,
            None => None,
        };
    }
    Ok(tickets)
}

fn items(view: &View<'_>, ticket: &TicketView) -> rusqlite::Result<Vec<TicketItemView>> {
    let sql = "SELECT id, recipe, name, quantity, modifiers, note FROM checks_line WHERE order_id=?1 AND station=?2 ORDER BY place";
    let mut statement = view.conn.prepare_cached(sql)?;
    let status = match ticket.status.as_str() {
        "received" => "pending",
        other => other,
    };
    let rows = statement.query_map((ticket.customer_service_order_id.as_bytes(), &ticket.assigned_station), |row| {
        let modifiers: String = row.get(4)?;
        let modifiers: Vec<LineModifierView> = serde_json::from_str(&modifiers).unwrap_or_default();
        Ok(TicketItemView {
            id: Uuid::from_bytes(row.get(0)?),
            recipe_id: row.get::<_, Option<[u8; 16]>>(1)?.map(Uuid::from_bytes),
            item_name: row.get(2)?,
            quantity: Quantity(row.get(3)?).whole(),
            quantity_milli: row.get(3)?,
            modifications: modifiers.into_iter().map(|modifier| modifier.name).collect(),
            special_instructions: row.get(5)?,
            status: status.to_owned(),
        })
    })?;
    rows.collect()
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<TicketView> {
    let (started, completed): (Option<i64>, Option<i64>) = (row.get(9)?, row.get(10)?);
    let took = started.zip(completed).map(|(from, to)| (to - from).max(0) / 60_000);
    Ok(TicketView {
        id: Uuid::from_bytes(row.get(0)?),
        check_id: Uuid::from_bytes(row.get(1)?),
        customer_service_order_id: Uuid::from_bytes(row.get(2)?),
        assigned_station: row.get(3)?,
        status: row.get(4)?,
        priority: row.get(5)?,
        recalled: row.get(6)?,
        assigned_chef: row.get(7)?,
        received_at: time::text(row.get(8)?),
        started_at: started.map(time::text),
        completed_at: completed.map(time::text),
        estimated_prep_time: row.get(11)?,
        actual_prep_time: took,
        order_number: row.get(12)?,
        order_type: row.get(13)?,
        table_number: row.get(14)?,
        special_instructions: row.get(15)?,
        served_by_name: row.get(16)?,
        paper: None,
        items: Vec::new(),
    })
}
