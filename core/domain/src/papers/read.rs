//! Reading a layout's JSON. A refusal names the place: `elements[3].text`.

use serde_json::{Map, Value};

use super::language::Language;
use super::layout::{Align, Element, Field, Layout, LayoutId, Lines, Size, Text};
use super::template::Template;
use super::{MAX_ELEMENTS, MAX_LAYOUT, MAX_TEXT};
use crate::Refusal;

const KINDS: &str = "logo, text, columns, rule, feed, lines, notes, taxes, totals, qr, barcode, buzz, cut";
/// An element that would print the same figures twice.
const ONCE: [&str; 5] = ["logo", "lines", "notes", "taxes", "totals"];
const HELD: [&str; 4] = ["lines", "notes", "taxes", "totals"];

pub(super) fn json(text: &str) -> Result<Value, Refusal> {
    if text.len() > MAX_LAYOUT {
        return Err(Refusal::invalid("elements", format!("at most {MAX_LAYOUT} bytes")));
    }
    serde_json::from_str(text).map_err(|error| Refusal::invalid("elements", format!("not JSON: {error}")))
}

pub(super) fn layout(id: LayoutId, holds: &[String], fields: &[Field], elements: &Value) -> Result<Layout, Refusal> {
    let list = elements.as_array().ok_or_else(|| Refusal::invalid("elements", "a list of elements"))?;
    if list.is_empty() || list.len() > MAX_ELEMENTS {
        return Err(Refusal::invalid("elements", format!("1 to {MAX_ELEMENTS} elements")));
    }
    let mut seen = Vec::new();
    let mut read = Vec::with_capacity(list.len());
    for (index, value) in list.iter().enumerate() {
        let at = format!("elements[{index}]");
        let object = value.as_object().ok_or_else(|| Refusal::invalid(&at, "an object with a `kind`"))?;
        let mut reader = Reader { at, object, taken: vec!["kind"], fields };
        let kind = reader.kind(holds)?;
        if ONCE.contains(&kind) && seen.contains(&kind) {
            return Err(Refusal::invalid(reader.path("kind"), format!("`{kind}` stands once on a paper")));
        }
        seen.push(kind);
        read.push(reader.element(kind)?);
        reader.finish()?;
    }
    let layout = Layout { elements: read };
    must_hold(id, &layout)?;
    Ok(layout)
}

/// What a paper is for cannot be edited away: a cook sees what a guest asked for, a guest what there is to pay.
fn must_hold(id: LayoutId, layout: &Layout) -> Result<(), Refusal> {
    let lines = layout.elements.iter().enumerate().find_map(|(index, element)| match element {
        Element::Lines(lines) => Some((index, lines)),
        _ => None,
    });
    let missing = |what: &str| Err(Refusal::invalid("elements", format!("this paper needs the element `{what}`")));
    let needs_lines = matches!(id, LayoutId::KitchenTicket | LayoutId::VoidSlip | LayoutId::Receipt);
    let Some((index, lines)) = lines else {
        return if needs_lines { missing("lines") } else { Ok(()) };
    };
    let must = |field: &str, yes: bool| match yes {
        true => Ok(()),
        false => Err(Refusal::invalid(format!("elements[{index}].{field}"), "must be true on this paper")),
    };
    match id {
        LayoutId::KitchenTicket => {
            must("modifiers", lines.modifiers)?;
            must("notes", lines.notes)?;
            match layout.elements.iter().any(|element| matches!(element, Element::Notes { .. })) {
                true => Ok(()),
                false => missing("notes"),
            }
        }
        LayoutId::Receipt => {
            must("prices", lines.prices)?;
            if layout.elements.contains(&Element::Totals) { Ok(()) } else { missing("totals") }
        }
        _ => Ok(()),
    }
}

/// One element's object; what was not asked for is refused at the end.
struct Reader<'a> {
    at: String,
    object: &'a Map<String, Value>,
    taken: Vec<&'static str>,
    fields: &'a [Field],
}

impl<'a> Reader<'a> {
    fn path(&self, name: &str) -> String {
        format!("{}.{name}", self.at)
    }

    fn kind(&self, holds: &[String]) -> Result<&'a str, Refusal> {
        let kind = self.object.get("kind").and_then(Value::as_str);
        let kind = kind.ok_or_else(|| Refusal::invalid(self.path("kind"), format!("one of {KINDS}")))?;
        if HELD.contains(&kind) && !holds.iter().any(|held| held == kind) {
            return Err(Refusal::invalid(self.path("kind"), format!("this paper has no {kind}")));
        }
        Ok(kind)
    }

    fn element(&mut self, kind: &str) -> Result<Element, Refusal> {
        Ok(match kind {
            "logo" => Element::Logo,
            "text" => Element::Text(Text {
                text: self.template("text")?,
                size: self.size()?,
                align: self.align()?,
                bold: self.flag("bold", false)?,
                reversed: self.flag("reversed", false)?,
            }),
            "columns" => Element::Columns {
                left: self.template("left")?,
                right: self.template("right")?,
                size: self.size()?,
                bold: self.flag("bold", false)?,
            },
            "rule" => Element::Rule,
            "feed" => Element::Feed { lines: self.number("lines", 1, 20, 1)? },
            "lines" => Element::Lines(Lines {
                size: self.size()?,
                prices: self.flag("prices", false)?,
                modifiers: self.flag("modifiers", true)?,
                notes: self.flag("notes", false)?,
            }),
            "notes" => Element::Notes { size: self.size()? },
            "taxes" => Element::Taxes,
            "totals" => Element::Totals,
            "qr" => Element::Qr { data: self.template("data")?, module: self.number("module", 1, 16, 6)? },
            "barcode" => Element::Barcode { data: self.template("data")?, height: self.number("height", 16, 240, 60)? },
            "buzz" => Element::Buzz,
            "cut" => Element::Cut,
            other => {
                return Err(Refusal::invalid(self.path("kind"), format!("`{other}` is none of {KINDS}")));
            }
        })
    }

    /// `null` is as if it were left out.
    fn take(&mut self, name: &'static str) -> Option<&'a Value> {
        self.taken.push(name);
        self.object.get(name).filter(|value| !value.is_null())
    }

    fn template(&mut self, name: &'static str) -> Result<Template, Refusal> {
        let path = self.path(name);
        let text = self.take(name).and_then(Value::as_str).ok_or_else(|| Refusal::invalid(&path, "a text"))?;
        if text.chars().count() > MAX_TEXT {
            return Err(Refusal::invalid(path, format!("at most {MAX_TEXT} characters")));
        }
        let template = Template::parse(text).map_err(|error| Refusal::invalid(&path, error))?;
        let unknown = template.fields().find(|field| !self.fields.iter().any(|known| known.name == *field));
        if let Some(unknown) = unknown {
            let known: Vec<&str> = self.fields.iter().map(|field| field.name.as_str()).collect();
            let text = format!("`{{{unknown}}}` is no field of this paper; it has {}", known.join(", "));
            return Err(Refusal::invalid(path, text));
        }
        if let Some(unknown) = template.words().find(|word| Language::english().find(word).is_none()) {
            return Err(Refusal::invalid(path, format!("`{{words.{unknown}}}`: there is no such word")));
        }
        Ok(template)
    }

    fn flag(&mut self, name: &'static str, otherwise: bool) -> Result<bool, Refusal> {
        match self.take(name) {
            None => Ok(otherwise),
            Some(value) => value.as_bool().ok_or_else(|| Refusal::invalid(self.path(name), "true or false")),
        }
    }

    fn number(&mut self, name: &'static str, least: u8, most: u8, otherwise: u8) -> Result<u8, Refusal> {
        let Some(value) = self.take(name) else { return Ok(otherwise) };
        let number = value.as_u64().and_then(|number| u8::try_from(number).ok());
        number
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| Refusal::invalid(self.path(name), format!("{least} to {most}")))
    }

    fn size(&mut self) -> Result<Size, Refusal> {
        self.choice(
            "size",
            &[("normal", Size::Normal), ("tall", Size::Tall), ("large", Size::Large), ("huge", Size::Huge)],
        )
    }

    fn align(&mut self) -> Result<Align, Refusal> {
        self.choice("align", &[("left", Align::Left), ("centre", Align::Centre), ("right", Align::Right)])
    }

    /// The first is taken if nothing is said.
    fn choice<T: Copy + Default>(&mut self, name: &'static str, choices: &[(&str, T)]) -> Result<T, Refusal> {
        let Some(value) = self.take(name) else { return Ok(T::default()) };
        let chosen = choices.iter().find(|(text, _)| value.as_str() == Some(text));
        chosen.map(|(_, choice)| *choice).ok_or_else(|| {
            let names: Vec<&str> = choices.iter().map(|(text, _)| *text).collect();
            Refusal::invalid(self.path(name), format!("one of {}", names.join(", ")))
        })
    }

    fn finish(self) -> Result<(), Refusal> {
        match self.object.keys().find(|key| !self.taken.contains(&key.as_str())) {
            Some(unknown) => Err(Refusal::invalid(self.path(unknown), "an element of this kind has no such setting")),
            None => Ok(()),
        }
    }
}
