//! The units of a report, minute by minute, and the score.

use std::collections::HashMap;

use trivet_domain::haccp::{self, Probe};
use trivet_domain::safety;
use trivet_domain::safety::score::Share;
use trivet_log::Id;
use trivet_replica::store::log;

use super::Gathering;
use crate::haccp::minutes;
use crate::reports::model::{Part, Score, Unit};
use crate::reports::site::limit_words;
use crate::reports::units::{Clock, Counting, Countings, Slots, Standing, hours_about};
use crate::safety as safety_module;

const MINUTE_MS: i64 = 60_000;

impl Gathering<'_> {
    fn probes(&self) -> rusqlite::Result<Vec<(Id, Probe)>> {
        let mut statement = self.view.conn.prepare_cached("SELECT id FROM haccp_probe ORDER BY name, id")?;
        let ids = statement.query_map([], |row| row.get(0).map(Id::from_bytes))?;
        let mut probes = Vec::new();
        for id in ids.collect::<rusqlite::Result<Vec<Id>>>()? {
            if self.asked.units.as_ref().is_some_and(|units| !units.contains(&id)) {
                continue;
            }
            let fields = log::fields(self.conn(), id)?.filter(|(kind, _)| *kind == haccp::DOCUMENT);
            probes.extend(fields.map(|(_, fields)| (id, Probe::from_fields(&fields))));
        }
        Ok(probes)
    }

    pub(super) fn units(&mut self, until_ms: i64) -> rusqlite::Result<(Vec<Unit>, Clock)> {
        let from = -(-self.asked.from_ms).div_euclid(MINUTE_MS);
        let end = until_ms.div_euclid(MINUTE_MS).max(from);
        let slots = Slots::of(&self.site, from, self.asked.to_ms.div_euclid(MINUTE_MS).max(from + 1));
        let probes = self.probes()?;
        let mut countings = Countings::new();
        for (id, probe) in &probes {
            let standing = Standing::timeline(&self.approvals, *id, probe, self.span());
            let first = minutes::first_day(self.conn(), *id)?.map(|day| day * 1_440);
            countings.insert(*id, Counting::new(standing, from, end, &slots, first));
        }
        let mut clock = Clock::default();
        minutes::visit(self.conn(), hours_about(from, end), |hour, probe, readings| {
            if let Some(counting) = countings.get_mut(&probe) {
                counting.add(readings, &slots);
                clock.add(hour, readings, &(from..end));
            }
        })?;
        let breaches = self.breaches_by_probe()?;
        let mut units = Vec::new();
        for (id, probe) in probes {
            let Some(mut counting) = countings.remove(&id) else { continue };
            counting.finish();
            // A unit that is no longer in use is in the report of a time in which it was.
            if probe.retired && counting.known == 0 {
                continue;
            }
            self.names.insert(id, probe.name.clone());
            units.push(self.unit(id, probe, &counting, &slots, (from, end), breaches.get(&id).copied().unwrap_or(0)));
        }
        Ok((units, clock))
    }

    fn unit(
        &self,
        id: Id,
        probe: Probe,
        counting: &Counting,
        slots: &Slots,
        (from, end): (i64, i64),
        excursions: u64,
    ) -> Unit {
        let standing = counting.last_standing();
        let limits = standing.map(|standing| standing.limits).unwrap_or_default();
        let judged = |milli: Option<i32>| milli.map(|milli| self.site.judged(milli, limits));
        let clause = |source: &safety::Source| {
            let unconfirmed = if source.confirmed { "" } else { ", not confirmed" };
            let words = format!("{} {}", source.clause, source.edition);
            format!("{}{unconfirmed}", words.trim_end())
        };
        let rule = |rule: &safety::Rule| format!("{} ({})", limit_words(rule.limit), clause(&rule.source));
        Unit {
            probe_id: id.0,
            name: probe.name,
            kind: probe.unit_kind.name().to_owned(),
            retired: probe.retired,
            limits: standing.map(|standing| standing.rules.iter().map(rule).collect()).unwrap_or_default(),
            lowest: judged(counting.lowest),
            highest: judged(counting.highest),
            mean: judged(counting.mean()),
            within: Part::of(counting.known - counting.beyond, counting.known),
            coverage: Part::of(counting.known, (end - from).unsigned_abs()),
            beyond_minutes: counting.beyond,
            excursions,
            gaps: counting.gaps(&self.site),
            more_gaps: counting.more_gaps,
            more_gap_minutes: counting.more_gap_minutes,
            late_minutes: counting.late,
            between_minutes: counting.between,
            doubted_minutes: counting.doubted,
            unset_clock_minutes: counting.unset,
            bands: counting.bands(&self.site, slots),
            places: u32::try_from(slots.count()).unwrap_or(u32::MAX),
            upper: limits.max.map(|limit| limit.0),
            lower: limits.min.map(|limit| limit.0),
        }
    }

    fn breaches_by_probe(&self) -> rusqlite::Result<HashMap<Id, u64>> {
        let sql = "SELECT probe, count(*) FROM haccp_breach
            WHERE opened_ms<?2 AND (closed_ms IS NULL OR closed_ms>=?1) GROUP BY probe";
        let mut statement = self.view.conn.prepare_cached(sql)?;
        let (from, to) = self.span();
        let count = |row: &rusqlite::Row<'_>| Ok((Id::from_bytes(row.get(0)?), row.get::<_, i64>(1)?.unsigned_abs()));
        statement.query_map([from, to], count)?.collect()
    }

    pub(super) fn score(&self, location: Id, within: &Part, coverage: &Part) -> rusqlite::Result<Score> {
        let share = |part: &Part| Share::new(part.part, part.of);
        let shares = (share(within), share(coverage));
        let figures = safety_module::of_readings(self.view, location, self.span(), shares)?;
        let part = |share: safety_module::ShareView| Part::of(share.part, share.of);
        Ok(Score {
            score: figures.score.map(|score| format!("{}.{:02}", score / 100, score % 100)),
            formula: "100 × (0.6 × readings in range + 0.2 × corrections closed in time + 0.1 × calibrations valid \
                      + 0.1 × sensors online); calibrations and sensors are those of now"
                .to_owned(),
            readings_in_range: part(figures.readings_in_range),
            corrections_in_time: part(figures.corrections_in_time),
            calibrations_valid: part(figures.calibrations_valid),
            sensors_online: part(figures.sensors_online),
            open_violations: figures.open_violations,
            overdue_corrections: figures.overdue_corrections,
            calibrations_due: figures.calibrations_due,
        })
    }
}
