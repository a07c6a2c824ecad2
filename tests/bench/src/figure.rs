//! A figure, with what it is measured against.

use serde_json::json;

pub(crate) struct Figure {
    pub(crate) id: &'static str,
    pub(crate) figure: String,
    pub(crate) unit: &'static str,
    /// One a round.
    pub(crate) rounds: Vec<f64>,
    /// What the machine allows, measured in the same run.
    pub(crate) limit: Option<f64>,
    pub(crate) peer: Option<f64>,
    pub(crate) larger_is_better: bool,
}

impl Figure {
    pub(crate) fn median(&self) -> f64 {
        median(&self.rounds)
    }

    fn ratio(&self, other: Option<f64>) -> Option<f64> {
        let other = other.filter(|other| *other > 0.0)?;
        Some(if self.larger_is_better { self.median() / other } else { other / self.median() })
    }

    pub(crate) fn say(&self, as_json: bool) {
        let least = self.rounds.iter().copied().fold(f64::INFINITY, f64::min);
        let most = self.rounds.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (to_limit, to_peer) = (self.ratio(self.limit), self.ratio(self.peer));
        if as_json {
            let line = json!({"id": self.id, "figure": self.figure, "unit": self.unit, "limit": self.limit,
                "peer": self.peer, "ratio_to_limit": to_limit, "ratio_to_peer": to_peer,
                "min": least, "median": self.median(), "max": most});
            return say(&line.to_string());
        }
        let against = |name: &str, value: Option<f64>, ratio: Option<f64>| match (value, ratio) {
            (Some(value), Some(ratio)) => format!("  {name} {value:.2} (ratio {ratio:.2})"),
            _ => String::new(),
        };
        let limit = against("limit", self.limit, to_limit);
        let peer = against("peer", self.peer, to_peer);
        let (id, figure, unit, median) = (self.id, &self.figure, self.unit, self.median());
        say(&format!("{id}  {figure:<38} {median:>10.2} {unit:<10} [{least:.2} – {most:.2}]{limit}{peer}"));
    }
}

pub(crate) fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

pub(crate) fn quantile(values: &[f64], q: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let index = ((sorted.len().max(1) - 1) as f64 * q).round() as usize;
    sorted.get(index).copied().unwrap_or(f64::NAN)
}

#[expect(clippy::print_stdout, reason = "the figures are what this program is for")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}
