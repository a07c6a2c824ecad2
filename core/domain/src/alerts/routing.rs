//! Who is told of what, and how long an alert waits before the next one is told: a document of the location.

use trivet_log::Id;

use super::event::Category;
use crate::document::{Fields, Value};
use crate::{Context, Refusal, Role};

pub const ROUTING: u16 = 0x0801;
/// 1 is the manager, 2 the owner.
pub const ESCALATION_LEVELS: u8 = 2;
const MINUTE_MS: i64 = 60_000;
const MAX_MINUTES: i64 = 24 * 60;

/// Under which a location keeps its routing.
pub fn routing_id(location: Id) -> Id {
    location.derive("alert routing", 0)
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct RoutingChange {
    pub sees: Vec<(Category, Role, bool)>,
    /// Minutes of each level; None leaves it.
    pub escalate_after_minutes: [Option<u16>; ESCALATION_LEVELS as usize],
}

#[derive(Clone, Debug, PartialEq)]
pub struct Routing {
    hidden: Vec<(Category, Role)>,
    /// The time to level 1, and from there to level 2.
    pub escalate_after_ms: [i64; ESCALATION_LEVELS as usize],
}

impl Default for Routing {
    fn default() -> Routing {
        Routing::from_fields(&Fields::default())
    }
}

impl Routing {
    pub fn from_fields(fields: &Fields) -> Routing {
        let pairs = Category::ALL.into_iter().flat_map(|category| Role::ALL.map(|role| (category, role)));
        let hidden = |(category, role): &(Category, Role)| {
            // Set apart on two boxes: whoever one of them shows it to sees it, until a person decides.
            let set: Vec<bool> = fields.all(&field(*category, *role)).into_iter().filter_map(Value::bool).collect();
            !(if set.is_empty() { by_default(*category, *role) } else { set.contains(&true) })
        };
        let minutes = |level: usize, usual: i64| {
            let set = fields.all(&escalation_field(level)).into_iter().filter_map(Value::integer).min();
            set.unwrap_or(usual).clamp(1, MAX_MINUTES) * MINUTE_MS
        };
        Routing { hidden: pairs.filter(hidden).collect(), escalate_after_ms: [minutes(1, 10), minutes(2, 20)] }
    }

    pub fn in_force(context: &dyn Context) -> Routing {
        let fields = context.document(ROUTING, routing_id(context.location()));
        fields.map(|fields| Routing::from_fields(&fields)).unwrap_or_default()
    }

    pub fn sees(&self, role: Role, category: Category) -> bool {
        !self.hidden.contains(&(category, role))
    }

    /// Who is told: at first (level 0) all who see the category, then the manager, then the owner. The owner sees all
    /// that the manager is told.
    pub fn is_told(&self, role: Role, category: Category, level: u8) -> bool {
        match level {
            0 => self.sees(role, category),
            1 => matches!(role, Role::Manager | Role::Owner),
            _ => role == Role::Owner,
        }
    }
}

/// A waiter is not told who tried which password, nor of the disk; whoever handles food is told of food.
fn by_default(category: Category, role: Role) -> bool {
    match category {
        Category::TemperatureViolation | Category::ComplianceViolation => true,
        Category::SensorOffline | Category::Maintenance => role != Role::Waiter,
        Category::Security => matches!(role, Role::Owner | Role::Manager | Role::Auditor),
    }
}

fn field(category: Category, role: Role) -> String {
    format!("sees.{}.{}", category.name(), role.name())
}

fn escalation_field(level: usize) -> String {
    format!("escalate.{level}.minutes")
}

pub(super) fn puts(change: &RoutingChange) -> Result<Vec<(String, Value)>, Refusal> {
    // Somebody must be told: an alert that nobody sees is none.
    if change.sees.iter().any(|(_, role, sees)| *role == Role::Owner && !sees) {
        return Err(Refusal::invalid("sees", "the owner is told of everything"));
    }
    let mut puts: Vec<(String, Value)> =
        change.sees.iter().map(|(category, role, sees)| (field(*category, *role), (*sees).into())).collect();
    for (at, minutes) in change.escalate_after_minutes.iter().enumerate() {
        let Some(minutes) = minutes.map(i64::from) else { continue };
        if !(1..=MAX_MINUTES).contains(&minutes) {
            return Err(Refusal::invalid("escalateAfterMinutes", format!("1 to {MAX_MINUTES}")));
        }
        puts.push((escalation_field(at + 1), minutes.into()));
    }
    Ok(puts)
}
