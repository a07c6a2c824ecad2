//! A refusal answers a person, in words that they can act on. It is not an error: nothing failed, nothing changed.

use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The request itself is wrong; `field` says where.
    Invalid,
    /// There is no such thing.
    Unknown,
    /// The thing's state does not allow it.
    Conflict,
    /// A limit is reached.
    Full,
    /// The person may not.
    Forbidden,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub why: Why,
    /// The field of the request that is at fault, as a path: `items[2].quantity`.
    pub field: Option<String>,
    pub text: String,
}

impl Refusal {
    pub fn invalid(field: impl Into<String>, text: impl Into<String>) -> Refusal {
        Refusal { why: Why::Invalid, field: Some(field.into()), text: text.into() }
    }
    pub fn unknown(text: impl Into<String>) -> Refusal {
        Refusal { why: Why::Unknown, field: None, text: text.into() }
    }
    pub fn conflict(text: impl Into<String>) -> Refusal {
        Refusal { why: Why::Conflict, field: None, text: text.into() }
    }
    pub fn full(text: impl Into<String>) -> Refusal {
        Refusal { why: Why::Full, field: None, text: text.into() }
    }
    pub fn forbidden(text: impl Into<String>) -> Refusal {
        Refusal { why: Why::Forbidden, field: None, text: text.into() }
    }
    #[must_use]
    pub fn at(mut self, field: impl Into<String>) -> Refusal {
        self.field = Some(field.into());
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "{field}: {}", self.text),
            None => f.write_str(&self.text),
        }
    }
}
