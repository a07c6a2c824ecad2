//! A piece of equipment, as far as alerts go: which probe is in it, when it is to be maintained next, and whether it is
//! out of service (ISA-18.2: then what happens to it is recorded and shown, but nobody is called).

use trivet_log::Id;

use crate::Refusal;
use crate::document::{Fields, Value};

pub const EQUIPMENT: u16 = 0x0802;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Equipment {
    pub name: String,
    /// The probe in it.
    pub probe: Option<Id>,
    /// Milliseconds since 1970.
    pub next_maintenance_ms: Option<i64>,
    /// Why it is out of service; None while it serves.
    pub out_of_service: Option<String>,
}

/// What is None stays; an inner None takes the value away.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EquipmentChange {
    pub name: Option<String>,
    pub probe: Option<Option<Id>>,
    pub next_maintenance_ms: Option<Option<i64>>,
    pub out_of_service: Option<Option<String>>,
}

impl Equipment {
    pub fn from_fields(fields: &Fields) -> Equipment {
        // Set apart on two boxes: the earlier maintenance. Taken out of service on one box only: it serves, so that
        // somebody is called.
        let maintenance = fields.all("next_maintenance").into_iter().filter_map(Value::integer).min();
        let serves = fields.all("out_of_service").contains(&&Value::Nothing);
        let why = fields.text("out_of_service").filter(|_| !serves);
        Equipment {
            name: fields.text("name").unwrap_or_default().to_owned(),
            probe: fields.text("probe").and_then(|text| text.parse().ok()),
            next_maintenance_ms: maintenance,
            out_of_service: why.map(str::to_owned),
        }
    }
}

pub(super) fn puts(change: &EquipmentChange, standing: Option<&Fields>) -> Result<Vec<(String, Value)>, Refusal> {
    if standing.is_none() && change.name.is_none() {
        return Err(Refusal::unknown("there is no such piece of equipment"));
    }
    if change.name.as_deref().is_some_and(|name| name.trim().is_empty() || name.chars().count() > 100) {
        return Err(Refusal::invalid("name", "1 to 100 characters"));
    }
    let why = change.out_of_service.as_ref().and_then(Option::as_deref);
    if why.is_some_and(|why| why.trim().is_empty() || why.chars().count() > super::MAX_WHY) {
        return Err(Refusal::invalid("outOfService", format!("why, in 1 to {} characters", super::MAX_WHY)));
    }
    let mut puts: Vec<(String, Value)> = Vec::new();
    puts.extend(change.name.as_deref().map(|name| ("name".to_owned(), name.into())));
    puts.extend(change.probe.map(|probe| ("probe".to_owned(), Value::from(probe.map(|id| id.to_string())))));
    puts.extend(change.next_maintenance_ms.map(|at| ("next_maintenance".to_owned(), Value::from(at))));
    puts.extend(change.out_of_service.clone().map(|why| ("out_of_service".to_owned(), Value::from(why))));
    Ok(puts)
}
