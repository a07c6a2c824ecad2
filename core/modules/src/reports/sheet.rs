//! What the process that draws a PDF is given: words and figures of pages, nothing of the store. It is written to its
//! input as JSON.

use serde::{Deserialize, Serialize};

use super::Report;
use super::answer::day;
use super::model::Unit;
use super::table::Table;

/// Bytes of a sheet as JSON.
pub const MAX_SHEET: usize = 64 * 1024 * 1024;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sheet {
    pub title: String,
    /// A language tag.
    pub language: String,
    /// At the foot of each page, before "page n of m".
    pub foot: String,
    pub blocks: Vec<Block>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Block {
    Title {
        text: String,
        below: String,
    },
    /// The answer: a sentence in a frame whose look says how it stands.
    Banner {
        state: String,
        head: String,
        text: String,
    },
    Heading(String),
    Text(String),
    /// Name and value, in two columns.
    Pairs(Vec<(String, String)>),
    /// Big figures side by side, each with what it is of.
    Figures(Vec<(String, String)>),
    List {
        head: String,
        lines: Vec<String>,
        empty: String,
    },
    Table(Table),
    Chart(Chart),
    Code {
        data: String,
        text: Vec<String>,
    },
    NewPage,
}

/// The lowest and highest value of each day (or hour); what is missing stays white.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Chart {
    pub title: String,
    pub note: String,
    /// Days or hours of the period.
    pub places: u32,
    /// Place, lowest, highest (thousandths of a degree of the chart's scale), whether any of it lay beyond a limit, how
    /// much of it is recorded, of a thousand.
    pub bands: Vec<(u32, i32, i32, bool, u16)>,
    /// Lines of the limits.
    pub limits: Vec<i32>,
    /// Words under the axis: from and to.
    pub ends: [String; 2],
    pub unit: String,
}

impl Report {
    pub fn sheet(&self, language: &str) -> Sheet {
        let place = &self.establishment;
        let mut blocks = vec![Block::Title {
            text: format!("HACCP record: {}", place.location),
            below: format!("{} to {} ({})", day(&self.from), day(&self.to), self.time_zone),
        }];
        blocks.extend(self.first_page());
        let tables = self.tables();
        let mut tables = tables.into_iter().skip(1).peekable();
        if tables.peek().is_some_and(|table| table.section == "units") {
            blocks.push(Block::NewPage);
            blocks.extend(tables.next().map(Block::Table));
            blocks.extend(self.units.iter().map(|unit| Block::Chart(self.chart(unit))));
        }
        for table in tables {
            let is_plan = table.section == "plan";
            blocks.push(Block::Table(table));
            if is_plan && !self.plans.is_empty() {
                blocks.push(self.plan_text());
            }
        }
        blocks.extend(self.proof());
        let fingerprint = self.seal.fingerprint.clone().unwrap_or_else(|| "none yet".to_owned());
        Sheet {
            title: format!("HACCP record, {}, {} to {}", place.location, day(&self.from), day(&self.to)),
            language: language.to_owned(),
            foot: format!("{} · made {} · record {fingerprint}", place.location, day(&self.made_at)),
            blocks,
        }
    }

    fn first_page(&self) -> Vec<Block> {
        let (answer, place) = (&self.answer, &self.establishment);
        let head = match answer.state.as_str() {
            "no_data" => "No data",
            "open" => "Something is open",
            "deviations" => "Deviations, all dealt with",
            "gaps" => "Good as far as it is recorded",
            _ => "Good, and fully recorded",
        };
        let percent = |part: &super::model::Part| part.percent.as_ref().map_or("none".to_owned(), |p| format!("{p} %"));
        let checks = answer.checks_on_time + answer.checks_late + answer.checks_missed;
        let version = self.plans.last().map_or_else(
            || "none approved".to_owned(),
            |plan| format!("{}, version {} ({} {})", plan.name, plan.version, plan.jurisdiction, plan.edition),
        );
        let pair = |name: &str, value: String| (name.to_owned(), value);
        let scale = if self.scale == "F" { "°F" } else { "°C" };
        let mut pairs = vec![
            pair(
                "Establishment",
                [&place.organization, &place.location].map(String::as_str).join(" ").trim().to_owned(),
            ),
            pair(
                "Address",
                [&place.address, &place.phone].map(|text| text.replace('\n', ", ")).join(" ").trim().to_owned(),
            ),
            pair("Period", format!("{} to {}, recorded until {}", day(&self.from), day(&self.to), day(&self.until))),
            pair("Site time", format!("{}; temperatures in {scale}, rounded toward the violation", self.time_zone)),
            pair("Plan in force", version),
            pair("Box", format!("{} ({}), software {}", place.box_letter, place.box_id, place.version)),
        ];
        pairs.retain(|(_, value)| !value.is_empty());
        let clock = &self.clock;
        let clock_note = match (&clock.first, &clock.last) {
            (Some(first), Some(last)) => format!(
                "{} minutes between {} and {} were written while nothing had set the box's clock: their times are not \
                 proven.",
                clock.unset_minutes,
                day(first),
                day(last)
            ),
            _ => "Every minute of the record was written with a clock that was set.".to_owned(),
        };
        let mut blocks = vec![
            Block::Banner { state: answer.state.clone(), head: head.to_owned(), text: answer.sentence.clone() },
            Block::Figures(vec![
                (percent(&answer.coverage), "coverage: minutes recorded".to_owned()),
                (percent(&answer.within), "of the recorded within limits".to_owned()),
                (answer.excursions.to_string(), "excursions".to_owned()),
                (format!("{} / {checks}", answer.checks_on_time), "checks on time".to_owned()),
                (self.score.score.clone().unwrap_or_else(|| "none".to_owned()), "score of 100".to_owned()),
            ]),
            Block::Pairs(pairs),
            Block::List {
                head: "Open items".to_owned(),
                lines: answer.open.clone(),
                empty: "Nothing is open.".to_owned(),
            },
            Block::List {
                head: "Worst events".to_owned(),
                lines: answer.worst.clone(),
                empty: format!(
                    "None is recorded; {} of the minutes are.",
                    answer.coverage.percent.as_ref().map_or("none".to_owned(), |p| format!("{p} %"))
                ),
            },
            Block::List {
                head: "Longest gaps in the record".to_owned(),
                lines: answer.gaps.clone(),
                empty: "No minute is missing.".to_owned(),
            },
        ];
        if answer.coverage.part > 0 {
            blocks.push(Block::Text(clock_note));
        }
        blocks.push(Block::Text(format!("Score: {}.", self.score.formula)));
        blocks
    }

    fn plan_text(&self) -> Block {
        let unconfirmed: u64 = self.plans.iter().map(|plan| plan.unconfirmed).sum();
        let line = |plan: &super::model::PlanLine| {
            let (name, version, by) = (&plan.name, plan.version, &plan.approved_by);
            format!(
                "Version {version} of “{name}” is in force from {}, approved by {by} {}.",
                day(&plan.from),
                day(&plan.approved_at)
            )
        };
        let mut lines: Vec<String> = self.plans.iter().map(line).collect();
        if unconfirmed > 0 {
            lines.push(format!(
                "{unconfirmed} limits are NOT CONFIRMED: nobody has compared them with the rule's text, or they are \
                 the operator's own targets."
            ));
        }
        Block::Text(lines.join(" "))
    }

    fn chart(&self, unit: &Unit) -> Chart {
        let fahrenheit = self.scale == "F";
        let scaled = |milli: i32| match fahrenheit {
            true => i32::try_from(i64::from(milli) * 9 / 5 + 32_000).unwrap_or(milli),
            false => milli,
        };
        let band = |band: &super::model::Band| {
            let (lowest, highest) = (scaled(band.lowest_milli_c), scaled(band.highest_milli_c));
            let recorded = u64::from(band.minutes) * 1_000 / u64::from(band.of_minutes.max(1));
            let recorded = u16::try_from(recorded.min(1_000)).unwrap_or(1_000);
            (band.place, lowest, highest, band.beyond_minutes > 0, recorded)
        };
        let percent = |part: &super::model::Part| part.percent.clone().unwrap_or_else(|| "–".to_owned());
        let between = match unit.between_minutes {
            0 => String::new(),
            minutes => format!(" ({minutes} minutes of it between two samples)"),
        };
        Chart {
            title: unit.name.clone(),
            note: format!(
                "coverage {} %{between}, within limits {} %, {} excursions",
                percent(&unit.coverage),
                percent(&unit.within),
                unit.excursions
            ),
            places: unit.places,
            bands: unit.bands.iter().map(band).collect(),
            limits: unit.lower.into_iter().chain(unit.upper).map(scaled).collect(),
            ends: [day(&self.from), day(&self.to)],
            unit: if fahrenheit { "°F" } else { "°C" }.to_owned(),
        }
    }

    fn proof(&self) -> Vec<Block> {
        let Some(checkpoint) = self.seal.checkpoints.first() else {
            return vec![Block::Heading("Proof".to_owned()), Block::Text("This box has no record yet.".to_owned())];
        };
        let mut text = vec![
            "The record that this report is made of is a chain: each entry is bound to all before it, and the box signs \
             where the chain stands. The code holds the place of the readings when this report was made."
                .to_owned(),
            "To check it later: export the record of the box (any period that ends after this report) and run \
             “trivet-verify FILE --seen CODE” with what the code says. It recomputes every entry and says whether \
             the record still goes on from this place. Whoever holds this page holds a witness that the box cannot \
             change."
                .to_owned(),
        ];
        text.extend(self.seal.checkpoints.iter().cloned());
        vec![
            Block::Heading("Proof: the last signed checkpoint".to_owned()),
            Block::Code { data: checkpoint.clone(), text },
        ]
    }
}
