//! A [`Sheet`] as a PDF: landscape A4, text that can be searched, tables that go on over pages under the same heads. It
//! is drawn by a process of its own (`trivet report-pdf`), which has this module and no store.

mod chart;
mod page;

use super::sheet::{Block, Sheet};
use super::table::Table;
use crate::papers::pdf::font::{Face, Fonts};
use page::{BOTTOM, LEFT, Pages, TOP, WIDTH};

const BODY: f32 = 9.0;
const SMALL: f32 = 6.8;
const LEADING: f32 = 1.25;
/// Lines of one cell; a longer text is cut, and stands whole in the CSV file.
const MOST_LINES: usize = 40;

/// None if the font DejaVu Sans is not installed, or does not read.
pub fn draw(sheet: &Sheet) -> Option<Vec<u8>> {
    let fonts = Fonts::proportional()?;
    let faces = [Face::of(&fonts.regular)?, Face::of(&fonts.bold)?];
    let mut pages = Pages::new(faces);
    let mut blocks = sheet.blocks.iter().peekable();
    while let Some(block) = blocks.next() {
        match block {
            Block::Chart(left) => {
                let right = blocks.next_if(|next| matches!(next, Block::Chart(_)));
                let height = chart::HEIGHT + 16.0;
                pages.need(height);
                let top = pages.y;
                chart::draw(&mut pages, left, LEFT, top);
                if let Some(Block::Chart(right)) = right {
                    chart::draw(&mut pages, right, LEFT + WIDTH / 2.0 + 8.0, top);
                }
                pages.y = top - height;
            }
            block => one(&mut pages, block),
        }
    }
    if pages.missing() > 0 {
        let text = "A box in place of a letter: this document's font has no such letter. The CSV file has the text.";
        pages.paragraph(text, SMALL, false);
    }
    Some(pages.finish(sheet))
}

fn one(pages: &mut Pages<'_>, block: &Block) {
    match block {
        Block::Title { text, below } => {
            pages.need(40.0);
            pages.y -= 18.0;
            let y = pages.y;
            pages.text(LEFT, y, 17.0, true, text);
            pages.y -= 14.0;
            let y = pages.y;
            pages.text(LEFT, y, 10.0, false, below);
            pages.y -= 10.0;
        }
        Block::Banner { state, head, text } => banner(pages, state, head, text),
        Block::Heading(text) => {
            pages.need(48.0);
            pages.y -= 22.0;
            let y = pages.y;
            pages.text(LEFT, y, 12.0, true, text);
            pages.y -= 6.0;
        }
        Block::Text(text) => pages.paragraph(text, BODY, false),
        Block::Pairs(pairs) => {
            for (name, value) in pairs {
                let lines = pages.wrap(value, WIDTH - 110.0, BODY, false);
                pages.need(lines.len() as f32 * BODY * LEADING + 2.0);
                let top = pages.y - BODY;
                pages.text(LEFT, top, BODY, true, name);
                for (n, line) in lines.iter().enumerate() {
                    pages.text(LEFT + 110.0, top - n as f32 * BODY * LEADING, BODY, false, line);
                }
                pages.y -= lines.len().max(1) as f32 * BODY * LEADING + 1.0;
            }
            pages.y -= 4.0;
        }
        Block::Figures(figures) => {
            pages.need(46.0);
            let each = WIDTH / figures.len().max(1) as f32;
            let top = pages.y;
            for (n, (figure, of)) in figures.iter().enumerate() {
                let left = LEFT + n as f32 * each;
                pages.text(left, top - 20.0, 17.0, true, figure);
                pages.text(left, top - 32.0, 7.5, false, of);
            }
            pages.y -= 42.0;
        }
        Block::List { head, lines, empty } => {
            pages.need(34.0);
            pages.y -= 14.0;
            let y = pages.y;
            pages.text(LEFT, y, 10.0, true, head);
            pages.y -= 3.0;
            if lines.is_empty() {
                pages.paragraph(empty, BODY, false);
            }
            for line in lines {
                pages.paragraph(&format!("• {line}"), BODY, false);
            }
        }
        Block::Table(table) => draw_table(pages, table),
        Block::Code { data, text } => code(pages, data, text),
        Block::NewPage => pages.turn(),
        Block::Chart(_) => {}
    }
}

/// The look says how it stands, and so do the words: a page is printed in black as well.
fn banner(pages: &mut Pages<'_>, state: &str, head: &str, text: &str) {
    let lines = pages.wrap(text, WIDTH - 24.0, 10.5, false);
    let height = 30.0 + lines.len() as f32 * 13.0;
    pages.need(height + 10.0);
    let (fill, frame): ([f32; 3], f32) = match state {
        "clear" => ([0.88, 0.96, 0.88], 0.8),
        "gaps" => ([0.99, 0.97, 0.85], 1.2),
        "deviations" => ([0.99, 0.93, 0.82], 1.6),
        "open" => ([0.99, 0.88, 0.86], 2.4),
        _ => ([1.0, 1.0, 1.0], 3.0),
    };
    let top = pages.y - 4.0;
    pages.frame(LEFT, top - height, WIDTH, height, fill, frame, state == "no_data");
    pages.text(LEFT + 12.0, top - 20.0, 14.0, true, head);
    for (n, line) in lines.iter().enumerate() {
        pages.text(LEFT + 12.0, top - 35.0 - n as f32 * 13.0, 10.5, false, line);
    }
    pages.y = top - height - 8.0;
}

struct Columns {
    /// Which cells of a row are shown, where they begin, how wide they are, whether they are times.
    shown: Vec<(usize, f32, f32, bool)>,
}

impl Columns {
    fn of(table: &Table) -> Columns {
        let all: f32 = table.columns.iter().map(|column| f32::from(column.weight)).sum::<f32>().max(1.0);
        let mut left = LEFT;
        let mut shown = Vec::new();
        for (place, column) in table.columns.iter().enumerate().filter(|(_, column)| column.weight > 0) {
            let width = f32::from(column.weight) / all * WIDTH;
            shown.push((place, left, width - 5.0, column.time));
            left += width;
        }
        Columns { shown }
    }

    /// The lines of each shown cell.
    fn cells<'c>(
        &self,
        pages: &Pages<'_>,
        bold: bool,
        cell: impl Fn(usize) -> &'c str,
    ) -> (Vec<(f32, Vec<String>)>, f32) {
        let lines = |&(place, left, width, time): &(usize, f32, f32, bool)| {
            let text = cell(place);
            let time = time && !bold && text.as_bytes().get(10) == Some(&b'T');
            let text = if time { super::answer::day(text) } else { text.to_owned() };
            let mut lines = pages.wrap(&text, width, SMALL, bold);
            if lines.len() > MOST_LINES {
                lines.truncate(MOST_LINES - 1);
                lines.push("…".to_owned());
            }
            (left, lines)
        };
        let cells: Vec<(f32, Vec<String>)> = self.shown.iter().map(lines).collect();
        let most = cells.iter().map(|(_, lines)| lines.len()).max().unwrap_or(1).max(1);
        (cells, most as f32 * SMALL * LEADING + 4.0)
    }
}

fn draw_cells(pages: &mut Pages<'_>, cells: &[(f32, Vec<String>)], height: f32, bold: bool) {
    let top = pages.y - SMALL - 1.5;
    for (left, lines) in cells {
        for (n, line) in lines.iter().enumerate() {
            pages.text(*left, top - n as f32 * SMALL * LEADING, SMALL, bold, line);
        }
    }
    pages.y -= height;
    let (y, grey) = (pages.y, if bold { 0.2 } else { 0.8 });
    pages.rule(LEFT, y, WIDTH, grey);
}

fn draw_table(pages: &mut Pages<'_>, table: &Table) {
    let columns = Columns::of(table);
    let head = columns.cells(pages, true, |place| table.columns.get(place).map_or("", |column| &column.head));
    pages.need(62.0 + head.1);
    pages.y -= 22.0;
    let y = pages.y;
    pages.text(LEFT, y, 12.0, true, &table.title);
    pages.y -= 8.0;
    if table.rows.is_empty() {
        pages.paragraph(&table.empty, BODY, false);
        return;
    }
    draw_cells(pages, &head.0, head.1, true);
    for row in &table.rows {
        let (cells, height) = columns.cells(pages, false, |place| row.get(place).map_or("", String::as_str));
        if pages.y - height < BOTTOM {
            pages.turn();
            let y = pages.y - 8.0;
            pages.text(LEFT, y, 8.0, false, &format!("{} (continued)", table.title));
            pages.y -= 14.0;
            draw_cells(pages, &head.0, head.1, true);
        }
        draw_cells(pages, &cells, height, false);
    }
    if let Some(note) = &table.note {
        pages.paragraph(note, BODY, true);
    }
}

fn code(pages: &mut Pages<'_>, data: &str, text: &[String]) {
    const SIDE: f32 = 120.0;
    pages.need(SIDE + 10.0);
    let top = pages.y - 4.0;
    if let Ok(code) = qrcodegen::QrCode::encode_text(data, qrcodegen::QrCodeEcc::Medium) {
        // Four modules of white around it (ISO/IEC 18004).
        let module = SIDE / (code.size() + 8) as f32;
        for y in 0..code.size() {
            for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
                let (left, below) = (LEFT + (x + 4) as f32 * module, top - (y + 5) as f32 * module);
                pages.black(left, below, module, module);
            }
        }
    }
    let mut y = top - 10.0;
    for paragraph in text {
        for line in pages.wrap(paragraph, WIDTH - SIDE - 12.0, 8.0, false) {
            pages.text(LEFT + SIDE + 12.0, y, 8.0, false, &line);
            y -= 10.0;
        }
        y -= 3.0;
    }
    pages.y = y.min(top - SIDE);
}

const _: () = assert!(TOP > BOTTOM);
