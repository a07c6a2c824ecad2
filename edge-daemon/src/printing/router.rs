//! Which printer prints a station: the first in its list, and another while that one cannot. Decides from what the
//! spool and the printers say, nothing else.

use std::collections::BTreeMap;
use std::time::Duration;

use super::spool::Standing;

/// A printer that cannot print for so long loses its stations' papers to the next.
const AFTER: Duration = Duration::from_secs(12);
/// A printer gets its stations back once it has been well for so long.
const WELL_FOR: Duration = Duration::from_secs(60);

/// How a printer has been, as of now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Health {
    Well(Duration),
    Unwell(Duration),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Papers that wait go along, in their order.
    FailOver { station: String, from: String, to: String },
    /// New papers only.
    FailBack { station: String, to: String },
}

pub(super) fn steps(standings: &[Standing], health: &BTreeMap<String, Health>) -> Vec<Step> {
    let well = |printer: &String| matches!(health.get(printer), Some(Health::Well(_)));
    let mut steps = Vec::new();
    for standing in standings {
        let gone = matches!(health.get(&standing.active), Some(Health::Unwell(since)) if *since >= AFTER);
        if gone && let Some(to) = standing.printers.iter().find(|printer| **printer != standing.active && well(printer))
        {
            let (station, from) = (standing.station.clone(), standing.active.clone());
            steps.push(Step::FailOver { station, from, to: to.clone() });
        } else if let Some(first) = standing.printers.first()
            && *first != standing.active
            && matches!(health.get(first), Some(Health::Well(since)) if *since >= WELL_FOR)
            // A station's papers come out in their order: those that wait elsewhere come first.
            && !standing.unfinished
        {
            steps.push(Step::FailBack { station: standing.station.clone(), to: first.clone() });
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_prints_a_station() {
        let (well, unwell) = (|s| Health::Well(Duration::from_secs(s)), |s| Health::Unwell(Duration::from_secs(s)));
        let over = |from: &str, to: &str| Step::FailOver { station: "grill".into(), from: from.into(), to: to.into() };
        let back = |to: &str| Step::FailBack { station: "grill".into(), to: to.into() };
        for (active, unfinished, hot, bar, expected) in [
            ("hot", true, well(5), well(5), vec![]),
            ("hot", true, unwell(5), well(5), vec![]),
            ("hot", true, unwell(12), well(5), vec![over("hot", "bar")]),
            ("hot", false, unwell(12), well(5), vec![over("hot", "bar")]),
            ("hot", true, unwell(99), unwell(99), vec![]),
            ("bar", true, well(59), well(99), vec![]),
            ("bar", true, well(60), well(99), vec![]),
            ("bar", false, well(60), well(99), vec![back("hot")]),
            ("bar", true, well(60), unwell(12), vec![over("bar", "hot")]),
        ] {
            let printers = vec!["hot".to_owned(), "bar".to_owned()];
            let standing = Standing { station: "grill".into(), printers, active: active.into(), unfinished };
            let health = [("hot".to_owned(), hot), ("bar".to_owned(), bar)].into();
            assert_eq!(steps(&[standing], &health), expected, "{active} {unfinished} {hot:?} {bar:?}");
        }
    }
}
