//! Sheets for the technician: is it the right printer, does it keep its columns, which characters does it have?

use trivet_domain::settings::Settings;
use trivet_drivers::printer::Profile;
use trivet_modules::time;
use trivet_paper::{Align, Cell, Paper, Style, Symbology};

/// What a technician can have printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Sheet {
    /// Name, place, sizes, a code of each kind.
    Test,
    /// Edges and columns.
    Alignment,
    /// Every character of every code page of the profile.
    CodePages,
}

pub(super) fn paper(sheet: Sheet, name: &str, profile: &Profile, settings: &Settings, now_ms: i64) -> Paper {
    let mut paper = Paper::default();
    paper.text(name.to_uppercase(), Style::LARGE.centred());
    paper.text(settings.location_name.clone(), Style::NORMAL.centred());
    paper
        .text(time::local(now_ms, &settings.time_zone).strftime("%Y-%m-%d %H:%M").to_string(), Style::NORMAL.centred())
        .rule();
    match sheet {
        Sheet::Test => test(&mut paper, profile),
        Sheet::Alignment => alignment(&mut paper, profile),
        Sheet::CodePages => code_pages(&mut paper, profile),
    }
    paper.feed(1).cut();
    paper
}

fn test(paper: &mut Paper, profile: &Profile) {
    paper.columns("profile", profile.name.clone(), Style::NORMAL);
    paper.columns("width", format!("{} characters, {} dots", profile.columns, profile.dots), Style::NORMAL);
    paper.text("Normal", Style::NORMAL).text("Bold", Style::NORMAL.bold());
    paper.text("Tall", Style::TALL).text("Large", Style::LARGE).text("White on black", Style::TALL.reversed());
    paper.text("àéîöüñçß €  Żółć  Борщ", Style::NORMAL);
    paper.text("شاي بالنعناع   刺身   ต้มยำ", Style::NORMAL);
    paper.qr("https://example.com/", 5);
    paper.barcode(Symbology::Code128, "TRIVET-1234", 60);
}

/// A ruler, the first and the last column, and a table: all three must stand under each other.
fn alignment(paper: &mut Paper, profile: &Profile) {
    let columns = usize::from(profile.columns);
    let ruler = |step: usize| -> String {
        (1..=columns).map(|n| if n % step == 0 { char::from(b'0' + (n / step % 10) as u8) } else { '.' }).collect()
    };
    paper.text(ruler(10), Style::NORMAL).text(ruler(1), Style::NORMAL);
    paper.text(format!("|{}|", " ".repeat(columns.saturating_sub(2))), Style::NORMAL);
    let cell = |text: &str, width, align| Cell { text: text.to_owned(), width, align };
    for (count, name, price) in [("1", "Left", "1.00"), ("10", "and right", "10.00"), ("100", "hold", "100.00")] {
        let cells = vec![cell(count, 4, Align::Right), cell(name, 0, Align::Left), cell(price, 9, Align::Right)];
        paper.row(cells, Style::NORMAL);
    }
    paper.text("centre", Style::NORMAL.centred());
    paper.columns("left", "right", Style::LARGE);
}

fn code_pages(paper: &mut Paper, profile: &Profile) {
    for (slot, page, characters) in profile.pages() {
        paper.text(format!("{slot}  {page}"), Style::NORMAL.bold());
        paper.text(characters, Style::NORMAL);
    }
}
