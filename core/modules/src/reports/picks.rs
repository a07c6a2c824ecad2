//! What of its tables a report shows: columns by name, and lines by what a cell says (AUD-09). The figures of the first
//! page are of all lines, and each table says what was left out of it.

use serde::{Deserialize, Serialize};
use trivet_replica::Problem;
use utoipa::ToSchema;

use super::table::{Column, Table};

/// A column that is in CSV files alone has this share of a page's width when somebody picks it.
const WEIGHT: u16 = 12;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picks {
    /// `table.column`. Of a table that is named only these are shown, in this order; others are whole.
    pub fields: Vec<String>,
    pub filters: Vec<Filter>,
}

/// Only lines whose cell is exactly this. Several of one column: any of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReportFilter)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// `table.column`.
    pub column: String,
    pub is: String,
}

impl Picks {
    /// As a query has them: `checks.name,checks.state` and `checks.state=missed;excursions.unit=Walk-in`.
    pub fn read(fields: Option<&str>, filters: Option<&str>) -> Result<Picks, Problem> {
        let parts = |text: Option<&str>, between: char| {
            let parts = text.unwrap_or_default().split(between).map(str::trim).filter(|part| !part.is_empty());
            parts.map(str::to_owned).collect::<Vec<String>>()
        };
        let filter = |part: String| {
            let (column, is) =
                part.split_once('=').ok_or_else(|| Problem::invalid("filters", "`table.column=text`"))?;
            Ok(Filter { column: column.to_owned(), is: is.to_owned() })
        };
        let filters = parts(filters, ';').into_iter().map(filter).collect::<Result<_, Problem>>()?;
        Ok(Picks { fields: parts(fields, ','), filters })
    }

    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.filters.is_empty()
    }

    /// Refuses a column that no table has.
    pub(super) fn check(&self, tables: &[Table]) -> Result<(), Problem> {
        let known = |name: &str| {
            let of = |table: &Table, column: &str| table.columns.iter().any(|known| known.id == column);
            name.split_once('.')
                .is_some_and(|(table, column)| tables.iter().any(|known| known.section == table && of(known, column)))
        };
        let unknown = |name: &str| format!("no table has a column `{name}`");
        if let Some(name) = self.fields.iter().find(|name| !known(name)) {
            return Err(Problem::invalid("fields", unknown(name)));
        }
        match self.filters.iter().find(|filter| !known(&filter.column)) {
            Some(filter) => Err(Problem::invalid("filters", unknown(&filter.column))),
            None => Ok(()),
        }
    }

    pub(super) fn apply(&self, table: &mut Table) {
        let place = |table: &Table, name: &str| {
            let column = name.strip_prefix(&table.section)?.strip_prefix('.')?;
            table.columns.iter().position(|known| known.id == column)
        };
        let mut notes: Vec<String> = table.note.take().into_iter().collect();
        let filters: Vec<(usize, &Filter)> =
            self.filters.iter().filter_map(|filter| Some((place(table, &filter.column)?, filter))).collect();
        if !filters.is_empty() {
            let all = table.rows.len();
            let holds = |row: &[String], at: usize| {
                filters.iter().any(|(of, filter)| *of == at && row.get(at).is_some_and(|cell| *cell == filter.is))
            };
            table.rows.retain(|row| filters.iter().all(|(at, _)| holds(row, *at)));
            let words =
                filters.iter().map(|(at, filter)| format!("{} is “{}”", head(table.columns.get(*at)), filter.is));
            let words = words.collect::<Vec<_>>().join(", ");
            notes.push(format!("Only lines where {words}: {} of {all}.", table.rows.len()));
            table.empty = format!("No line where {words}, of {all}.");
        }
        let picked: Vec<usize> = self.fields.iter().filter_map(|name| place(table, name)).collect();
        if !picked.is_empty() {
            let of = |at: &usize| table.columns.get(*at).cloned();
            let wide = |column: Column| Column { weight: column.weight.max(1), ..column };
            let columns: Vec<Column> = picked.iter().filter_map(of).map(named).map(wide).collect();
            for row in &mut table.rows {
                *row = picked.iter().map(|at| row.get(*at).cloned().unwrap_or_default()).collect();
            }
            notes.push(format!("{} of {} columns were picked.", columns.len(), table.columns.len()));
            table.columns = columns;
        }
        table.note = Some(notes.join(" ")).filter(|note| !note.is_empty());
    }
}

fn head(column: Option<&Column>) -> String {
    column.cloned().map(|column| named(column).head).unwrap_or_default()
}

/// A column that no page shows has no head of its own.
fn named(column: Column) -> Column {
    match (column.weight, column.head.is_empty()) {
        (0, _) | (_, true) => Column { head: column.id.replace('_', " "), weight: WEIGHT, ..column },
        _ => column,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let column = |id: &str, head: &str, weight| Column { id: id.into(), head: head.into(), weight, time: false };
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        Table {
            section: "checks".into(),
            title: "Checks".into(),
            columns: vec![column("name", "Check", 10), column("state", "State", 5), column("lot_number", "", 0)],
            rows: vec![row(["Soup", "missed", "1"]), row(["Fish", "on time", "2"]), row(["Rice", "late", "3"])],
            empty: "No check was due.".into(),
            note: None,
        }
    }

    #[test]
    fn columns_and_lines_are_picked_and_it_says_so() {
        for (fields, filters, heads, rows, note) in [
            ("", "", "Check State ", "Soup missed 1, Fish on time 2, Rice late 3", None),
            (
                "checks.state,checks.name",
                "",
                "State Check",
                "missed Soup, on time Fish, late Rice",
                Some("2 of 3 columns were picked."),
            ),
            ("checks.lot_number", "", "lot number", "1, 2, 3", Some("1 of 3 columns were picked.")),
            ("units.name", "units.name=Soup", "Check State ", "Soup missed 1, Fish on time 2, Rice late 3", None),
            ("", "checks.state=late", "Check State ", "Rice late 3", Some("Only lines where State is “late”: 1 of 3.")),
            (
                "",
                "checks.state=late; checks.state=missed",
                "Check State ",
                "Soup missed 1, Rice late 3",
                Some("Only lines where State is “late”, State is “missed”: 2 of 3."),
            ),
            (
                "checks.name",
                "checks.state=late;checks.name=Soup",
                "Check",
                "",
                Some("Only lines where State is “late”, Check is “Soup”: 0 of 3. 1 of 3 columns were picked."),
            ),
        ] {
            let mut table = table();
            Picks::read(Some(fields), Some(filters)).unwrap().apply(&mut table);
            let found: Vec<&str> = table.columns.iter().map(|column| column.head.as_str()).collect();
            assert_eq!(found.join(" "), heads, "{fields} {filters}");
            let found: Vec<String> = table.rows.iter().map(|row| row.join(" ")).collect();
            assert_eq!((found.join(", ").as_str(), table.note.as_deref()), (rows, note), "{fields} {filters}");
            assert!(fields.is_empty() || fields.starts_with("units") || table.columns.iter().all(|c| c.weight > 0));
        }
    }

    #[test]
    fn what_no_table_has_is_refused() {
        for (fields, filters, fine) in [
            ("checks.name", "checks.state=x", true),
            ("checks.nothing", "", false),
            ("name", "", false),
            ("", "units.name=x", false),
        ] {
            let picks = Picks::read(Some(fields), Some(filters)).unwrap();
            assert_eq!(picks.check(&[table()]).is_ok(), fine, "{fields} {filters}");
        }
        assert!(Picks::read(None, Some("checks.state")).is_err());
    }
}
