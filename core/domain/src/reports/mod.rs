//! Saved reports: what somebody wants to read again, and how often the box makes it by itself. One document each.

use trivet_log::{Id, Lane};

use crate::document::{DocumentEdit, Fields, Value};
use crate::{Decision, Event, Permission, Refusal};

pub const LANE: Lane = Lane::Documents;
pub const DOCUMENT: u16 = 0x0a01;
/// Units that a saved report names, and files that are kept of it.
pub const MAX_UNITS: usize = 150;
pub const MAX_KEPT: i64 = 400;
/// Characters of its list of sections.
const MAX_SECTIONS: usize = 300;
/// Characters of its list of columns, and of its list of filters.
const MAX_PICKS: usize = 4_000;

#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    Save { report: Id, change: Change },
}

/// The fields to set; what is left out stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    pub name: Option<String>,
    /// All, if it is empty.
    pub units: Option<Vec<Id>>,
    /// All, if it is empty.
    pub sections: Option<Vec<String>>,
    /// Columns, `table.column`; all, if it is empty.
    pub fields: Option<Vec<String>>,
    /// A column and what stands in the lines that are shown.
    pub filters: Option<Vec<(String, String)>>,
    /// `C` or `F`; empty: that of the plan's limits.
    pub scale: Option<String>,
    pub every: Option<Every>,
    pub keep: Option<i64>,
    pub retired: Option<bool>,
}

/// How often the box makes it: for the day, the week from Monday on, the month that is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Every {
    #[default]
    Never,
    Day,
    Week,
    Month,
}

impl Every {
    pub const ALL: [Every; 4] = [Every::Never, Every::Day, Every::Week, Every::Month];

    pub fn name(self) -> &'static str {
        match self {
            Every::Never => "never",
            Every::Day => "day",
            Every::Week => "week",
            Every::Month => "month",
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Saved {
    pub name: String,
    pub units: Vec<Id>,
    pub sections: Vec<String>,
    pub fields: Vec<String>,
    pub filters: Vec<(String, String)>,
    pub scale: String,
    pub every: Every,
    /// Files of each form that a box keeps; the oldest go.
    pub keep: i64,
    pub retired: bool,
}

const KEPT: i64 = 24;

impl Saved {
    pub fn from_fields(fields: &Fields) -> Saved {
        let text = |field: &str| fields.text(field).unwrap_or_default();
        Saved {
            name: text("name").to_owned(),
            units: text("units").lines().filter_map(|id| id.parse().ok()).collect(),
            sections: text("sections").lines().map(str::to_owned).collect(),
            fields: text("fields").lines().map(str::to_owned).collect(),
            filters: text("filters").lines().filter_map(|line| line.split_once('=')).map(owned).collect(),
            scale: text("scale").to_owned(),
            every: Every::ALL.into_iter().find(|every| every.name() == text("every")).unwrap_or_default(),
            keep: fields.integer("keep").unwrap_or(KEPT).clamp(1, MAX_KEPT),
            retired: fields.bool("retired").unwrap_or(false),
        }
    }
}

fn owned((column, is): (&str, &str)) -> (String, String) {
    (column.to_owned(), is.to_owned())
}

impl Command {
    pub fn permission(&self) -> Permission {
        Permission::HaccpVerify
    }

    pub fn subject(&self) -> Id {
        match self {
            Command::Save { report, .. } => *report,
        }
    }
}

pub fn decide(standing: Option<&Fields>, command: &Command) -> Decision {
    let Command::Save { report, change } = command;
    if standing.is_none() && change.name.is_none() {
        return Err(Refusal::unknown("there is no such report"));
    }
    if change.name.as_deref().is_some_and(|name| name.trim().is_empty() || name.chars().count() > 100) {
        return Err(Refusal::invalid("name", "1 to 100 characters"));
    }
    if change.units.as_ref().is_some_and(|units| units.len() > MAX_UNITS) {
        return Err(Refusal::invalid("units", format!("at most {MAX_UNITS}")));
    }
    let sections = change.sections.as_ref().map(|sections| sections.join("\n"));
    if sections.as_ref().is_some_and(|sections| sections.len() > MAX_SECTIONS) {
        return Err(Refusal::invalid("sections", format!("at most {MAX_SECTIONS} characters")));
    }
    let fields = change.fields.as_ref().map(|fields| fields.join("\n"));
    let lines = |filters: &Vec<(String, String)>| {
        filters.iter().map(|(column, is)| format!("{column}={is}")).collect::<Vec<_>>().join("\n")
    };
    let filters = change.filters.as_ref().map(lines);
    for (name, text, parts) in [
        ("fields", &fields, change.fields.as_ref().map(Vec::len)),
        ("filters", &filters, change.filters.as_ref().map(Vec::len)),
    ] {
        let Some(text) = text else { continue };
        let whole = text.is_empty() || Some(text.lines().count()) == parts;
        if text.len() > MAX_PICKS || !whole {
            return Err(Refusal::invalid(name, format!("each in one line, at most {MAX_PICKS} characters")));
        }
    }
    if change.scale.as_deref().is_some_and(|scale| !matches!(scale, "" | "C" | "F")) {
        return Err(Refusal::invalid("scale", "`C`, `F` or nothing"));
    }
    if change.keep.is_some_and(|keep| !(1..=MAX_KEPT).contains(&keep)) {
        return Err(Refusal::invalid("keep", format!("1 to {MAX_KEPT}")));
    }
    let units = change.units.as_ref().map(|units| units.iter().map(Id::to_string).collect::<Vec<_>>().join("\n"));
    let texts = [
        ("name", change.name.clone()),
        ("units", units),
        ("sections", sections),
        ("fields", fields),
        ("filters", filters),
        ("scale", change.scale.clone()),
        ("every", change.every.map(|every| every.name().to_owned())),
    ];
    let mut puts: Vec<(String, Value)> = Vec::new();
    puts.extend(texts.into_iter().filter_map(|(field, text)| Some((field.to_owned(), text?.into()))));
    puts.extend(change.keep.map(|keep| ("keep".to_owned(), keep.into())));
    puts.extend(change.retired.map(|retired| ("retired".to_owned(), retired.into())));
    let edit = DocumentEdit::of(DOCUMENT, standing, puts);
    Ok(if edit.puts.is_empty() { Vec::new() } else { vec![(*report, Event::Document(edit))] })
}
