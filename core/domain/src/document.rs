//! Documents: what people edit side by side. A document is a flat map of fields, each a register.
//!
//! Two people who set one field apart leave two values side by side. [`Fields`] keeps both; the noun that reads the
//! field settles them by its rule and shows the conflict. A nested thing has a path for a name: `modifier.<id>.price`.
//! No container is ever made while editing: two replicas that each made one would hide each other's.

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};
use trivet_log::{Hlc, Id};

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub enum Value {
    /// The field was taken away.
    #[n(0)]
    Nothing,
    #[n(1)]
    Text(#[n(0)] String),
    #[n(2)]
    Integer(#[n(0)] i64),
    #[n(3)]
    Bool(#[n(0)] bool),
    /// A picture, say; one edit stays below an entry's 64 KiB.
    #[n(4)]
    Bytes(
        #[n(0)]
        #[cbor(with = "minicbor::bytes")]
        Vec<u8>,
    ),
}

impl Value {
    pub fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
    pub fn integer(&self) -> Option<i64> {
        match self {
            Value::Integer(number) => Some(*number),
            _ => None,
        }
    }
    pub fn bool(&self) -> Option<bool> {
        match self {
            Value::Bool(yes) => Some(*yes),
            _ => None,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}
impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}
impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Integer(number)
    }
}
impl From<bool> for Value {
    fn from(yes: bool) -> Value {
        Value::Bool(yes)
    }
}
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Nothing, Into::into)
    }
}

/// A value with the stamp and the author of its edit.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Written {
    #[n(0)]
    pub value: Value,
    #[n(1)]
    pub hlc: Hlc,
    #[n(2)]
    pub by: Id,
}

/// A document's fields; several values where they were written apart and nobody has settled them since.
#[derive(Clone, Debug, Default, PartialEq, Encode, Decode)]
pub struct Fields(#[n(0)] pub BTreeMap<String, Vec<Written>>);

impl Fields {
    /// All standing values of a field, the latest last.
    pub fn all(&self, field: &str) -> Vec<&Value> {
        let mut written: Vec<&Written> = self.0.get(field).into_iter().flatten().collect();
        written.sort_by_key(|w| (w.hlc, w.by));
        written.into_iter().map(|w| &w.value).collect()
    }

    /// The latest value by the hybrid clock: the rule of fields that endanger nobody.
    pub fn latest(&self, field: &str) -> Option<&Value> {
        self.all(field).pop().filter(|value| **value != Value::Nothing)
    }

    pub fn text(&self, field: &str) -> Option<&str> {
        self.latest(field)?.text()
    }
    pub fn integer(&self, field: &str) -> Option<i64> {
        self.latest(field)?.integer()
    }
    pub fn bool(&self, field: &str) -> Option<bool> {
        self.latest(field)?.bool()
    }

    /// The middle part of every `prefix.<key>.suffix` that has a value.
    pub fn keys(&self, prefix: &str, suffix: &str) -> Vec<String> {
        let key = |field: &String| {
            let middle = field.strip_prefix(prefix)?.strip_prefix('.')?.strip_suffix(suffix)?.strip_suffix('.')?;
            self.latest(field).map(|_| middle.to_owned())
        };
        self.0.keys().filter_map(key).collect()
    }

    /// Rises with each edit and with each value that comes to stand beside another: a later picture is told from an
    /// earlier one by it.
    pub fn version(&self) -> u64 {
        let latest = self.0.values().flatten().map(|written| written.hlc.ms()).max().unwrap_or(0);
        let beside: usize = self.0.values().map(|values| values.len().saturating_sub(1)).sum();
        latest + beside as u64
    }

    /// Fields that hold several different values at once.
    pub fn conflicts(&self) -> Vec<Conflict> {
        let conflict = |(field, written): (&String, &Vec<Written>)| {
            let mut values: Vec<Value> = Vec::new();
            for value in written.iter().map(|w| &w.value) {
                if !values.contains(value) {
                    values.push(value.clone());
                }
            }
            (values.len() > 1).then(|| Conflict { field: field.clone(), values })
        };
        self.0.iter().filter_map(conflict).collect()
    }
}

/// Values that were written apart; the noun's rule says which one is in force until a person decides.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    pub field: String,
    pub values: Vec<Value>,
}

/// A targeted edit: only the fields that a person changed, so that nobody's other edit is undone.
#[derive(Clone, Debug, PartialEq)]
pub struct DocumentEdit {
    pub kind: u16,
    pub puts: Vec<(String, Value)>,
}

impl DocumentEdit {
    /// The puts that differ from what stands; a field in conflict is always written, which settles it.
    pub fn of(kind: u16, standing: Option<&Fields>, puts: Vec<(String, Value)>) -> DocumentEdit {
        let changes = |(field, value): &(String, Value)| match standing.map(|fields| fields.all(field)) {
            Some(values) => values.as_slice() != [value] && !(values.is_empty() && *value == Value::Nothing),
            None => *value != Value::Nothing,
        };
        DocumentEdit { kind, puts: puts.into_iter().filter(changes).collect() }
    }
}
