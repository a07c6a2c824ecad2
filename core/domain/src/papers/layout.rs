//! Layouts: what stands on a paper, from top to bottom, as data that a restaurant can edit.

use std::str::FromStr;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::read;
use super::template::Template;
use crate::Refusal;
use crate::document::Fields;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LayoutId {
    KitchenTicket,
    VoidSlip,
    Receipt,
    PrepLabel,
    HaccpLabel,
}

impl LayoutId {
    pub const ALL: [LayoutId; 5] =
        [LayoutId::KitchenTicket, LayoutId::VoidSlip, LayoutId::Receipt, LayoutId::PrepLabel, LayoutId::HaccpLabel];

    pub fn name(self) -> &'static str {
        match self {
            LayoutId::KitchenTicket => "kitchen_ticket",
            LayoutId::VoidSlip => "void_slip",
            LayoutId::Receipt => "receipt",
            LayoutId::PrepLabel => "prep_label",
            LayoutId::HaccpLabel => "haccp_label",
        }
    }

    /// What this paper may hold, and how it looks unless the restaurant has changed it.
    pub fn form(self) -> &'static Form {
        static FORMS: LazyLock<[Form; 5]> = LazyLock::new(|| LayoutId::ALL.map(Form::read));
        let [ticket, void_slip, receipt, prep, haccp] = &*FORMS;
        match self {
            LayoutId::KitchenTicket => ticket,
            LayoutId::VoidSlip => void_slip,
            LayoutId::Receipt => receipt,
            LayoutId::PrepLabel => prep,
            LayoutId::HaccpLabel => haccp,
        }
    }

    fn file(self) -> &'static str {
        match self {
            LayoutId::KitchenTicket => include_str!("layouts/kitchen_ticket.json"),
            LayoutId::VoidSlip => include_str!("layouts/void_slip.json"),
            LayoutId::Receipt => include_str!("layouts/receipt.json"),
            LayoutId::PrepLabel => include_str!("layouts/prep_label.json"),
            LayoutId::HaccpLabel => include_str!("layouts/haccp_label.json"),
        }
    }
}

impl FromStr for LayoutId {
    type Err = Refusal;
    fn from_str(text: &str) -> Result<LayoutId, Refusal> {
        let known = LayoutId::ALL.into_iter().find(|layout| layout.name() == text);
        known.ok_or_else(|| Refusal::unknown(format!("there is no layout `{text}`")))
    }
}

/// A kind of paper.
#[derive(Clone, Debug)]
pub struct Form {
    /// For the person who edits it.
    pub name: String,
    /// What may stand in braces.
    pub fields: Vec<Field>,
    /// Which of the elements `lines`, `notes`, `taxes` and `totals` it has figures for.
    pub holds: Vec<String>,
    pub default: Layout,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    pub name: String,
    pub description: String,
    pub example: String,
}

impl Form {
    fn read(id: LayoutId) -> Form {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            name: String,
            holds: Vec<String>,
            fields: Vec<Field>,
            elements: Value,
        }
        let file: File = serde_json::from_str(id.file()).expect("a file of this crate, read by its tests");
        let default = read::layout(id, &file.holds, &file.fields, &file.elements).expect("the same");
        Form { name: file.name, fields: file.fields, holds: file.holds, default }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Layout {
    pub elements: Vec<Element>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Element {
    Logo,
    /// Left out if it has fields and all of them are empty.
    Text(Text),
    /// A side is blank if it has fields and all of them are empty; left out by the fields of both.
    Columns {
        left: Template,
        right: Template,
        size: Size,
        bold: bool,
    },
    Rule,
    Feed {
        lines: u8,
    },
    /// What was ordered.
    Lines(Lines),
    /// What the guest asked for the whole order, allergies in white on black.
    Notes {
        size: Size,
    },
    /// The tax of each rate.
    Taxes,
    /// From the subtotal to what is to be paid.
    Totals,
    /// `module` is in dots.
    Qr {
        data: Template,
        module: u8,
    },
    /// Code 128; `height` is in dots.
    Barcode {
        data: Template,
        height: u8,
    },
    /// Calls the cook.
    Buzz,
    Cut,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Text {
    pub text: Template,
    pub size: Size,
    pub align: Align,
    pub bold: bool,
    pub reversed: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Lines {
    pub size: Size,
    pub prices: bool,
    pub modifiers: bool,
    pub notes: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Size {
    #[default]
    Normal,
    /// Twice as high.
    Tall,
    /// Twice as high and as wide: legible from the pass.
    Large,
    /// Three times.
    Huge,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Align {
    #[default]
    Left,
    Centre,
    Right,
}

/// Reads a layout as a person or a program sent it: a JSON list of elements.
pub fn validate(id: LayoutId, elements: &str) -> Result<Layout, Refusal> {
    let form = id.form();
    let elements = read::json(elements)?;
    read::layout(id, &form.holds, &form.fields, &elements)
}

pub(super) const FIELD: &str = "elements";

impl Layout {
    /// What the restaurant has made of it; None if it has not, or if this release does not read it.
    pub fn from_fields(id: LayoutId, fields: &Fields) -> Option<Layout> {
        validate(id, fields.text(FIELD)?).ok()
    }

    /// As it is stored: everything is spelled out.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a layout has nothing that JSON has not")
    }
}
