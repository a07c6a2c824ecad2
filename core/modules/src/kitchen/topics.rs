//! What other programs are told of the kitchen (SYN-07); `docs/api/events.md` is their page.

use serde::Serialize;
use trivet_domain::checks::{self, Order, Status};
use trivet_log::Id;
use trivet_replica::Draft;
use trivet_replica::events::{Arrived, NAMESPACE};

use crate::time;

const STATUS_UPDATED: &str = "kitchen.order.status_updated";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StatusUpdated {
    id: String,
    organization_id: Id,
    order_id: Id,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_ready_time: Option<String>,
    /// When the entry was written, by its author's clock.
    timestamp: String,
}

/// An order whose status is another with this entry than without it. A late entry that changes only how the order
/// came to where it is gives none.
pub(super) fn events(arrived: &Arrived<'_>) -> Vec<Draft> {
    let (before, after) = (checks::fold(arrived.before), checks::fold(arrived.after));
    let was = |order: &Order| before.order(order.id).map_or(Status::New, |known| known.status);
    let moved = after.orders.iter().filter(|order| order.placed.is_some() && order.status != was(order));
    moved.map(|order| Draft::new(NAMESPACE, STATUS_UPDATED, &status_updated(arrived, order))).collect()
}

fn status_updated(arrived: &Arrived<'_>, order: &Order) -> StatusUpdated {
    StatusUpdated {
        id: arrived.header.name(),
        organization_id: arrived.organization,
        order_id: order.id,
        status: order.status.name(),
        estimated_ready_time: order.estimated_ready_ms().map(time::text),
        timestamp: time::text(i64::try_from(arrived.header.hlc.ms()).unwrap_or(i64::MAX)),
    }
}

#[cfg(test)]
mod tests;
