//! Alerts: what somebody must know and do something about, of five categories, with the life cycle of ISA-18.2.
//!
//! An alert is a condition that somebody was told of, not the condition itself: a fridge's breach is a fact of
//! [`crate::haccp`] and goes on whatever becomes of its alert. Facts hold a key of the words and their parameters, so
//! that screens and papers say them in their own language.
//!
//! One condition has at most one open alert: its [`Raised::key`] names the condition, and the id of a new alert is
//! derived from the fact that caused it ([`id_of`]), so that two boxes that see the same fact raise the same alert.
//! Two boxes that acknowledge apart give one alert with both names on it.

mod decide;
mod equipment;
mod event;
mod fold;
mod raise;
mod routing;
#[cfg(test)]
mod tests;
mod words;

use trivet_log::{Id, Lane};

pub use decide::decide;
pub use equipment::{EQUIPMENT, Equipment, EquipmentChange};
pub use event::{
    AlertAcknowledged, AlertChanged, AlertClosed, AlertEscalated, AlertReturned, AlertShelved, AlertSuppressed,
    AlertUnshelved, Category, Event, Parameter, ParameterValue, Raised, Severity, Suppression,
};
pub use fold::{Acknowledgement, Alert, Closed, Escalation, Shelved, Status, fold};
pub use raise::*;
pub use routing::{ESCALATION_LEVELS, ROUTING, Routing, RoutingChange, routing_id};
pub use words::message;

use crate::Permission;

pub const LANE: Lane = Lane::Readings;
pub const DOCUMENTS: &[u16] = &[ROUTING, EQUIPMENT];

/// Entries of an alert's history; past it a recurrence joins the alert that stands, and nothing is lost that changes it.
pub const MAX_HISTORY: usize = 500;
/// Of these, people's: acknowledgements, comments, shelvings.
pub const MAX_BY_PEOPLE: usize = 300;
pub const MAX_COMMENT: usize = 500;
pub const MAX_WHY: usize = 200;
pub const MAX_PARAMETERS: usize = 16;
/// Characters of a key, of a parameter's text, of a place.
pub const MAX_TEXT: usize = 200;
/// Nobody shelves an alert for longer; after that it is shown again.
pub const MAX_SHELVED_MS: i64 = 24 * 3_600_000;
/// Of what lasts though its alert was closed people are told again after this: an emptied fridge is not to ring all
/// evening, and a full one is heard well within the four hours that food may be without temperature control.
pub const AGAIN_MS: i64 = 60 * 60_000;

#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// `alert` is [`id_of`] the key and the cause; or an open alert of the same key, which then recurs.
    Raise {
        alert: Id,
        raised: Raised,
    },
    /// It has become worse, or less bad.
    Change {
        alert: Id,
        severity: Severity,
    },
    Acknowledge {
        alert: Id,
        comment: Option<String>,
    },
    /// The condition is over.
    Return {
        alert: Id,
        at_ms: i64,
    },
    Shelve {
        alert: Id,
        until_ms: i64,
        why: String,
    },
    Unshelve {
        alert: Id,
    },
    /// `action` is the record of the corrective action, without which an alert that needs one does not close. With a
    /// `cause` nothing closes but what that has raised last: a condition that came back goes on.
    Close {
        alert: Id,
        comment: Option<String>,
        action: Option<Id>,
        cause: Option<Id>,
    },
    /// Nobody acknowledged it in time: 1 is the manager, 2 the owner.
    Escalate {
        alert: Id,
        level: u8,
    },
    Route {
        location: Id,
        change: RoutingChange,
    },
    ChangeEquipment {
        equipment: Id,
        change: EquipmentChange,
    },
}

/// The alert that a cause opens. The same on every box.
pub fn id_of(key: &str, cause: Id) -> Id {
    cause.derive(&format!("alert:{key}"), 0)
}

/// What a condition is called: one open alert at most for each.
pub fn key_of(kind: &str, about: Id) -> String {
    format!("{kind}:{about}")
}

impl Command {
    pub fn permission(&self) -> Permission {
        match self {
            Command::Acknowledge { .. } => Permission::AlertsAcknowledge,
            _ => Permission::AlertsManage,
        }
    }

    pub fn subject(&self) -> Id {
        match self {
            Command::Raise { alert, .. }
            | Command::Change { alert, .. }
            | Command::Acknowledge { alert, .. }
            | Command::Return { alert, .. }
            | Command::Shelve { alert, .. }
            | Command::Unshelve { alert }
            | Command::Close { alert, .. }
            | Command::Escalate { alert, .. } => *alert,
            Command::Route { location, .. } => routing_id(*location),
            Command::ChangeEquipment { equipment, .. } => *equipment,
        }
    }
}
