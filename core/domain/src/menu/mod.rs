//! The menu: one document an item. A price changed on two boxes is settled by the later edit and shown as a conflict.

use trivet_log::{Id, Lane};

use crate::document::{Conflict, DocumentEdit, Fields, Value};
use crate::settings::Settings;
use crate::{Context, Decision, Event, Money, Permission, Refusal};

pub const LANE: Lane = Lane::Documents;
pub const DOCUMENT: u16 = 0x0301;

/// Modifiers of one item.
pub const MAX_MODIFIERS: usize = 64;

#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    Create {
        item: Id,
        change: Change,
    },
    Change {
        item: Id,
        change: Change,
    },
    /// Takes the item off the menu for good. Orders that have it keep it.
    Retire {
        item: Id,
    },
    /// Takes the item off the menu for as long as something is wrong with what it is made of.
    Hold {
        item: Id,
        /// What is wrong: a breach, say. Each cause is released by itself.
        cause: Id,
        reason: String,
    },
    Release {
        item: Id,
        cause: Id,
    },
}

/// Why an item is not to be sold just now, whatever people have set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    pub cause: Id,
    pub reason: String,
}

/// Causes that may hold one item at once; further ones change nothing, for it is held already.
pub const MAX_HOLDS: usize = 16;

/// The fields to set; what is left out stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    pub name: Option<String>,
    pub description: Option<String>,
    pub category: Option<String>,
    pub price: Option<Money>,
    pub tax_class: Option<String>,
    /// The station that makes it; an empty text for what nobody cooks.
    pub station: Option<String>,
    pub is_available: Option<bool>,
    pub preparation_minutes: Option<u16>,
    pub image_url: Option<String>,
    pub dietary_info: Option<Vec<String>>,
    pub recipe_id: Option<Id>,
    /// The whole set: a modifier that is missing from it is taken away.
    pub modifiers: Option<Vec<Modifier>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modifier {
    pub id: Id,
    pub name: String,
    pub price: Money,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Item {
    pub name: String,
    pub description: String,
    pub category: String,
    pub price: Money,
    pub tax_class: String,
    pub station: String,
    pub is_available: bool,
    pub preparation_minutes: u16,
    pub image_url: String,
    pub dietary_info: Vec<String>,
    pub recipe_id: Option<Id>,
    pub modifiers: Vec<Modifier>,
    pub retired: bool,
    pub holds: Vec<Hold>,
    pub conflicts: Vec<Conflict>,
}

impl Item {
    pub fn may_be_sold(&self) -> bool {
        self.is_available && !self.retired && self.holds.is_empty()
    }

    pub fn from_fields(fields: &Fields) -> Item {
        let text = |field: &str| fields.text(field).unwrap_or_default().to_owned();
        let modifier = |key: String| {
            Some(Modifier {
                id: key.parse().ok()?,
                name: fields.text(&format!("modifier.{key}.name"))?.to_owned(),
                price: Money(fields.integer(&format!("modifier.{key}.price")).unwrap_or(0)),
            })
        };
        let mut keys = fields.keys("modifier", "name");
        keys.sort_by_key(|key| fields.integer(&format!("modifier.{key}.place")));
        Item {
            name: text("name"),
            description: text("description"),
            category: text("category"),
            price: Money(fields.integer("price").unwrap_or(0)),
            tax_class: text("tax_class"),
            station: text("station"),
            // Taken off on one box while another put it back: off, until a person decides.
            is_available: !fields.all("is_available").contains(&&Value::Bool(false)),
            preparation_minutes: fields.integer("preparation_minutes").and_then(|n| u16::try_from(n).ok()).unwrap_or(0),
            image_url: text("image_url"),
            dietary_info: text("dietary_info").split('\n').filter(|s| !s.is_empty()).map(str::to_owned).collect(),
            recipe_id: fields.text("recipe_id").and_then(|id| id.parse().ok()),
            modifiers: keys.into_iter().filter_map(modifier).collect(),
            retired: fields.all("retired").contains(&&Value::Bool(true)),
            holds: holds(fields),
            conflicts: fields.conflicts(),
        }
    }

    pub fn in_force(context: &dyn Context, id: Id) -> Option<Item> {
        context.document(DOCUMENT, id).map(|fields| Item::from_fields(&fields))
    }
}

impl Command {
    pub fn permission(&self) -> Permission {
        match self {
            Command::Hold { .. } | Command::Release { .. } => Permission::HaccpConfigure,
            _ => Permission::MenuWrite,
        }
    }

    pub fn subject(&self) -> Id {
        match self {
            Command::Create { item, .. }
            | Command::Change { item, .. }
            | Command::Retire { item }
            | Command::Hold { item, .. }
            | Command::Release { item, .. } => *item,
        }
    }
}

pub fn decide(standing: Option<&Fields>, command: &Command, context: &dyn Context) -> Decision {
    let exists = standing.is_some_and(|fields| !Item::from_fields(fields).retired);
    let (item, puts) = match command {
        Command::Create { item, change } => {
            if standing.is_some() {
                return Err(Refusal::conflict("this item exists already"));
            }
            for (field, missing) in [
                ("name", change.name.is_none()),
                ("category", change.category.is_none()),
                ("price", change.price.is_none()),
                ("taxClass", change.tax_class.is_none()),
            ] {
                if missing {
                    return Err(Refusal::invalid(field, "is required"));
                }
            }
            let mut change = change.clone();
            change.is_available.get_or_insert(true);
            change.station.get_or_insert_default();
            (item, puts(&change, standing, context)?)
        }
        Command::Change { item, change } => {
            if !exists {
                return Err(Refusal::unknown("there is no such menu item"));
            }
            (item, puts(change, standing, context)?)
        }
        Command::Retire { item } => {
            if standing.is_none() {
                return Err(Refusal::unknown("there is no such menu item"));
            }
            (item, vec![("retired".to_owned(), true.into())])
        }
        Command::Hold { item, cause, reason } => {
            if !exists {
                return Err(Refusal::unknown("there is no such menu item"));
            }
            let held = standing.map(holds).unwrap_or_default();
            if held.len() >= MAX_HOLDS || held.iter().any(|hold| hold.cause == *cause) {
                return Ok(Vec::new());
            }
            let reason: String = reason.chars().take(200).collect();
            (item, vec![(format!("hold.{cause}.reason"), reason.into())])
        }
        Command::Release { item, cause } => {
            let held = standing.map(holds).unwrap_or_default();
            if !held.iter().any(|hold| hold.cause == *cause) {
                return Ok(Vec::new());
            }
            (item, vec![(format!("hold.{cause}.reason"), Value::Nothing)])
        }
    };
    let edit = DocumentEdit::of(DOCUMENT, standing, puts);
    Ok(if edit.puts.is_empty() { Vec::new() } else { vec![(*item, Event::Document(edit))] })
}

/// Held on one box while another released it: held, until a person decides.
fn holds(fields: &Fields) -> Vec<Hold> {
    let hold = |field: &String| {
        let cause = field.strip_prefix("hold.")?.strip_suffix(".reason")?.parse().ok()?;
        let reason = fields.all(field).into_iter().rev().find_map(Value::text)?;
        Some(Hold { cause, reason: reason.to_owned() })
    };
    fields.0.keys().filter_map(hold).collect()
}

fn puts(change: &Change, standing: Option<&Fields>, context: &dyn Context) -> Result<Vec<(String, Value)>, Refusal> {
    let settings = Settings::in_force(context);
    let mut puts: Vec<(String, Value)> = Vec::new();
    for (field, json, value, longest) in [
        ("name", "name", &change.name, 255),
        ("description", "description", &change.description, 2_000),
        ("category", "category", &change.category, 100),
        ("tax_class", "taxClass", &change.tax_class, 50),
        ("station", "station", &change.station, 50),
        ("image_url", "imageUrl", &change.image_url, 500),
    ] {
        let Some(text) = value else { continue };
        if text.chars().count() > longest {
            return Err(Refusal::invalid(json, format!("at most {longest} characters")));
        }
        puts.push((field.to_owned(), text.as_str().into()));
    }
    if change.name.as_deref().is_some_and(|name| name.trim().is_empty()) {
        return Err(Refusal::invalid("name", "is empty"));
    }
    if let Some(class) = &change.tax_class
        && settings.tax_rate(class).is_none()
    {
        return Err(Refusal::invalid("taxClass", format!("this location has no tax class `{class}`")));
    }
    if let Some(station) = &change.station
        && !station.is_empty()
        && !settings.has_station(station)
    {
        return Err(Refusal::invalid("station", format!("this location has no station `{station}`")));
    }
    if let Some(price) = change.price {
        puts.push(("price".into(), checked_price("price", price)?.0.into()));
    }
    puts.extend(change.is_available.map(|yes| ("is_available".to_owned(), yes.into())));
    puts.extend(change.preparation_minutes.map(|m| ("preparation_minutes".to_owned(), i64::from(m).into())));
    puts.extend(change.dietary_info.as_ref().map(|info| ("dietary_info".to_owned(), info.join("\n").into())));
    puts.extend(change.recipe_id.map(|id| ("recipe_id".to_owned(), id.to_string().into())));
    if let Some(modifiers) = &change.modifiers {
        puts.extend(modifier_puts(modifiers, standing)?);
    }
    Ok(puts)
}

fn modifier_puts(modifiers: &[Modifier], standing: Option<&Fields>) -> Result<Vec<(String, Value)>, Refusal> {
    if modifiers.len() > MAX_MODIFIERS {
        return Err(Refusal::invalid("modifiers", format!("at most {MAX_MODIFIERS}")));
    }
    let mut puts = Vec::new();
    for old in standing.map(|fields| fields.keys("modifier", "name")).unwrap_or_default() {
        if !modifiers.iter().any(|modifier| modifier.id.to_string() == old) {
            puts.push((format!("modifier.{old}.name"), Value::Nothing));
        }
    }
    for (place, modifier) in modifiers.iter().enumerate() {
        if modifier.name.trim().is_empty() || modifier.name.chars().count() > 100 {
            return Err(Refusal::invalid(format!("modifiers[{place}].name"), "1 to 100 characters"));
        }
        let price = checked_price(&format!("modifiers[{place}].price"), modifier.price)?;
        puts.push((format!("modifier.{}.name", modifier.id), modifier.name.as_str().into()));
        puts.push((format!("modifier.{}.price", modifier.id), price.0.into()));
        puts.push((format!("modifier.{}.place", modifier.id), (place as i64).into()));
    }
    Ok(puts)
}

fn checked_price(field: &str, price: Money) -> Result<Money, Refusal> {
    if price < Money::ZERO || price > Money::MAX_PRICE {
        return Err(Refusal::invalid(field, format!("0 to {} minor units", Money::MAX_PRICE.0)));
    }
    Ok(price)
}

#[cfg(test)]
mod tests;
