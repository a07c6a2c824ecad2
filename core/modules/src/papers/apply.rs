//! A layout and figures become a paper. Pure: the same for the printer, the browser, a text and a PDF.

use std::collections::BTreeMap;

use trivet_domain::papers::language::is_allergy;
use trivet_domain::papers::{self, Element, Language, Layout, Lines, Size, Template};
use trivet_paper::{Align, Block, Cell, Paper, PictureId, Style, Symbology};

/// Characters of a bar code: more do not fit across a paper.
const MAX_BARCODE: usize = 48;

/// What there is to print. Amounts are written out.
#[derive(Clone, Debug, Default)]
pub struct Data {
    pub fields: BTreeMap<&'static str, String>,
    pub lines: Vec<Entry>,
    pub notes: Vec<String>,
    pub taxes: Vec<TaxRow>,
    pub totals: Vec<TotalRow>,
    pub logo: Option<PictureId>,
}

/// A line of an order.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// `- 2 x Burger` of what was taken back, `+` of what was added.
    pub mark: Option<char>,
    pub quantity: String,
    pub name: String,
    /// With the modifiers' prices in it.
    pub amount: String,
    /// With what each costs more, if it does.
    pub modifiers: Vec<(String, Option<String>)>,
    pub notes: Vec<String>,
}

#[derive(Clone, Debug)]
pub enum TaxRow {
    /// Contained in the prices.
    Included { rate: String, net: String, tax: String, gross: String },
    /// Added to them.
    Added { rate: String, tax: String },
}

#[derive(Clone, Debug)]
pub struct TotalRow {
    pub label: String,
    pub amount: String,
    /// What is to be paid.
    pub strong: bool,
}

pub fn apply(layout: &Layout, data: &Data, language: &Language) -> Paper {
    let mut page = Page { paper: Paper::default(), data, language };
    layout.elements.iter().for_each(|element| page.element(element));
    page.paper
}

/// Marks a paper that was printed before. Not a matter of the layout: no edit makes a copy look like the first.
#[must_use]
pub fn as_copy(paper: Paper, copies: usize, language: &Language) -> Paper {
    match copies {
        0 => paper,
        1 => headed(paper, language.word("copy").to_owned()),
        more => headed(paper, format!("{} {more}", language.word("copy"))),
    }
}

pub(super) fn headed(mut paper: Paper, words: String) -> Paper {
    let style = Style::LARGE.centred().reversed();
    paper.blocks.insert(0, Block::Text { text: words, style });
    paper
}

struct Page<'a> {
    paper: Paper,
    data: &'a Data,
    language: &'a Language,
}

impl Page<'_> {
    fn element(&mut self, element: &Element) {
        match element {
            Element::Logo => self.paper.blocks.extend(self.data.logo.map(Block::Picture)),
            Element::Text(text) => {
                let style = Style { bold: text.bold, reversed: text.reversed, ..of_size(text.size) };
                let style = Style { align: aligned(text.align), ..style };
                for line in self.fill(&text.text).iter().flat_map(|filled| filled.split('\n')) {
                    self.paper.text(line, style);
                }
            }
            Element::Columns { left, right, size, bold } => {
                let sides = [self.fill(left), self.fill(right)];
                let has_fields = left.fields().chain(right.fields()).next().is_some();
                let filled =
                    [left, right].into_iter().any(|side| side.fields().any(|field| !self.field(field).is_empty()));
                if filled || !has_fields {
                    let [left, right] = sides.map(Option::unwrap_or_default);
                    self.paper.columns(left, right, Style { bold: *bold, ..of_size(*size) });
                }
            }
            // Of two rules with nothing between them one is enough.
            Element::Rule if self.paper.blocks.last() == Some(&Block::Rule) => {}
            Element::Rule => drop(self.paper.rule()),
            Element::Feed { lines } => drop(self.paper.feed(*lines)),
            Element::Lines(lines) => {
                for entry in &self.data.lines {
                    self.entry(entry, *lines);
                }
            }
            Element::Notes { size } => {
                for note in &self.data.notes {
                    self.note(note, *size);
                }
            }
            Element::Taxes => self.taxes(),
            Element::Totals => {
                for row in &self.data.totals {
                    let style = if row.strong { Style::TALL.bold() } else { Style::NORMAL };
                    self.paper.columns(row.label.clone(), row.amount.clone(), style);
                }
            }
            Element::Qr { data, module } => {
                if let Some(data) = self.fill(data).filter(|data| !data.is_empty()) {
                    self.paper.blocks.push(Block::Qr { data, module: *module });
                }
            }
            Element::Barcode { data, height } => {
                let printable = |data: &String| {
                    (1..=MAX_BARCODE).contains(&data.len()) && data.bytes().all(|byte| (b' '..=b'~').contains(&byte))
                };
                if let Some(data) = self.fill(data).filter(printable) {
                    self.paper.blocks.push(Block::Barcode { symbology: Symbology::Code128, data, height: *height });
                }
            }
            Element::Buzz => self.paper.blocks.push(Block::Buzz),
            Element::Cut => drop(self.paper.cut()),
        }
    }

    fn field(&self, name: &str) -> &str {
        self.data.fields.get(name).map_or("", String::as_str)
    }

    fn fill(&self, template: &Template) -> Option<String> {
        let filled = template.fill(|name| self.field(name), |word| self.language.word(word))?;
        Some(filled.trim_end().to_owned())
    }

    fn entry(&mut self, entry: &Entry, lines: Lines) {
        let style = emphasised(lines.size);
        let mark = entry.mark.map(|mark| format!("{mark} ")).unwrap_or_default();
        let head = format!("{mark}{} x {}", entry.quantity, entry.name);
        match lines.prices {
            true => self.paper.columns(head, entry.amount.clone(), style),
            false => self.paper.text(head, style),
        };
        let below = smaller(lines.size);
        for (name, price) in entry.modifiers.iter().filter(|_| lines.modifiers) {
            let price = price.as_ref().filter(|_| lines.prices).map(|price| format!(" ({price})")).unwrap_or_default();
            self.paper.text(format!("   + {name}{price}"), emphasised(below));
        }
        for note in entry.notes.iter().filter(|_| lines.notes) {
            self.note(note, below);
        }
    }

    /// An allergy must not be overlooked.
    fn note(&mut self, note: &str, size: Size) {
        let style = of_size(size).bold();
        self.paper.text(format!(">> {note}"), if is_allergy(note) { style.reversed() } else { style });
    }

    fn taxes(&mut self) {
        let row = |cells: [&str; 4]| {
            let cell = |(place, text): (usize, &str)| Cell {
                text: text.to_owned(),
                width: if place == 0 { 8 } else { 0 },
                align: if place == 0 { Align::Left } else { Align::Right },
            };
            cells.into_iter().enumerate().map(cell).collect::<Vec<_>>()
        };
        let data = self.data;
        if data.taxes.iter().any(|tax| matches!(tax, TaxRow::Included { .. })) {
            let [vat, net, gross] = ["vat", "net", "gross"].map(|word| self.language.word(word));
            self.paper.row(row([vat, net, vat, gross]), Style::NORMAL);
        }
        for tax in &data.taxes {
            match tax {
                TaxRow::Included { rate, net, tax, gross } => {
                    self.paper.row(row([rate, net, tax, gross]), Style::NORMAL)
                }
                TaxRow::Added { rate, tax } => {
                    self.paper.columns(format!("{} {rate}", self.language.word("tax")), tax.clone(), Style::NORMAL)
                }
            };
        }
    }
}

fn of_size(size: Size) -> Style {
    let (wide, tall) = match size {
        Size::Normal => (1, 1),
        Size::Tall => (1, 2),
        Size::Large => (2, 2),
        Size::Huge => (3, 3),
    };
    Style { wide, tall, ..Style::NORMAL }
}

/// What was ordered is bold where it is large.
fn emphasised(size: Size) -> Style {
    Style { bold: size != Size::Normal, ..of_size(size) }
}

fn smaller(size: Size) -> Size {
    match size {
        Size::Huge => Size::Large,
        Size::Large | Size::Tall => Size::Tall,
        Size::Normal => Size::Normal,
    }
}

fn aligned(align: papers::Align) -> Align {
    match align {
        papers::Align::Left => Align::Left,
        papers::Align::Centre => Align::Centre,
        papers::Align::Right => Align::Right,
    }
}
