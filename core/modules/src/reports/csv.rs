//! A report as CSV (RFC 4180, UTF-8): one section, or all of them one below the other with a line of their name and an
//! empty line between. A text that a spreadsheet would take for a formula has an apostrophe before it.

use super::Report;
use super::table::Table;

pub const MEDIA_TYPE: &str = "text/csv; charset=utf-8; header=present";

/// None if there is no such section.
pub fn write(report: &Report, section: Option<&str>) -> Option<String> {
    let tables = report.tables();
    let Some(section) = section else {
        let parts: Vec<String> =
            tables.iter().map(|table| format!("{}\r\n{}", cell(&table.section), of(table))).collect();
        return Some(parts.join("\r\n"));
    };
    tables.iter().find(|table| table.section == section).map(of)
}

fn of(table: &Table) -> String {
    let mut text = line(table.columns.iter().map(|column| column.id.as_str()));
    table.rows.iter().for_each(|row| text.push_str(&line(row.iter().map(String::as_str))));
    if table.rows.is_empty() && !table.empty.is_empty() {
        // A file without lines would say nothing: what it means stands in its first cell.
        text.push_str(&line([table.empty.as_str()].into_iter()));
    }
    if let Some(note) = &table.note {
        text.push_str(&line([note.as_str()].into_iter()));
    }
    text
}

fn line<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    cells.map(cell).collect::<Vec<_>>().join(",") + "\r\n"
}

fn cell(text: &str) -> String {
    let text = if is_formula(text) { format!("'{text}") } else { text.to_owned() };
    match text.contains(['"', ',', '\r', '\n']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}

/// What spreadsheets take for a formula (OWASP, CSV Injection). A number is none.
fn is_formula(text: &str) -> bool {
    let is_number = text.strip_prefix(['-', '+']).is_some_and(|rest| {
        let digits = rest.split(" °").next().unwrap_or_default();
        !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit() || c == '.')
    });
    text.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_no_formula_and_comes_back_whole() {
        for (text, written) in [
            ("Fridge", "Fridge"),
            ("a,b", "\"a,b\""),
            ("5\" pan", "\"5\"\" pan\""),
            ("two\nlines", "\"two\nlines\""),
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-2+3", "'-2+3"),
            ("-18.0", "-18.0"),
            ("+0.30 °C", "+0.30 °C"),
            ("-cmd|' /C calc'!A0", "'-cmd|' /C calc'!A0"),
            ("\t=x", "'\t=x"),
        ] {
            assert_eq!(cell(text), written, "{text:?}");
        }
    }
}
