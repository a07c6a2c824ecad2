//! A report put together from tables and histories. It reads and decides nothing; what a list would hold beyond
//! [`MOST`] lines is counted.

use std::collections::{BTreeSet, HashMap, HashSet};

use rusqlite::{Connection, params};
use trivet_domain::haccp::{Bound, Limit, Probe, Scale};
use trivet_domain::safety::score::Share;
use trivet_domain::safety::{self, Approval, Plan};
use trivet_domain::{MilliCelsius, Value, haccp, settings as settings_domain};
use trivet_log::{Id, Lane};
use trivet_replica::store::log;
use trivet_replica::{Identity, View};
use uuid::Uuid;

use super::answer;
use super::model::*;
use super::site::{Site, limit_words};
use super::units::{Clock, Counting, Countings, Slots, Standing};
use crate::access::name_of;
use crate::haccp::minutes;
use crate::haccp::view::{ManualFilter, manuals};
use crate::safety::{plans, view};
use crate::{safety as safety_module, settings, time};

/// Lines of a list.
pub const MOST: usize = 5_000;
const MINUTE_MS: i64 = 60_000;
/// A minute's fact is written when it is over: one that is younger is not missing yet.
const SETTLES_MS: i64 = 90_000;

pub const SECTIONS: [&str; 12] = [
    "plan",
    "units",
    "excursions",
    "records",
    "readings",
    "checks",
    "cooling",
    "timers",
    "calibrations",
    "faults",
    "amendments",
    "reviews",
];

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    pub from_ms: i64,
    pub to_ms: i64,
    /// Probes; none: all.
    pub units: Option<Vec<Id>>,
    /// Of [`SECTIONS`]. What the first page says is always there.
    pub sections: BTreeSet<String>,
    /// The scale of the plan's limits where it is left out.
    pub scale: Option<Scale>,
}

impl Asked {
    pub fn all(from_ms: i64, to_ms: i64) -> Asked {
        let sections = SECTIONS.iter().map(ToString::to_string).collect();
        Asked { from_ms, to_ms, units: None, sections, scale: None }
    }

    fn wants(&self, section: &str) -> bool {
        self.sections.contains(section)
    }
}

pub fn report(view: &View<'_>, identity: &Identity, version: &str, asked: &Asked) -> rusqlite::Result<Report> {
    let conn = view.conn;
    let location = identity.certificate.location;
    let settings = settings::in_force(conn)?;
    let approvals = plans::approvals(conn, location)?;
    let zone = jiff::tz::TimeZone::get(&settings.time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let standing = safety::in_force(&approvals, asked.to_ms.min(view.now_ms)).and_then(Approval::plan);
    let site = Site { zone, scale: asked.scale.unwrap_or_else(|| scale_of(standing.as_ref())) };
    let mut gathering = Gathering { view, asked, site, approvals, left_out: Vec::new(), names: HashMap::new() };
    let until_ms = asked.to_ms.min(view.now_ms - SETTLES_MS).max(asked.from_ms);
    let (units, clock) = gathering.units(until_ms)?;
    let total = |count: fn(&Part) -> u64, of: fn(&Unit) -> &Part| units.iter().map(|unit| count(of(unit))).sum();
    let within = Part::of(total(|part| part.part, |unit| &unit.within), total(|part| part.of, |unit| &unit.within));
    let coverage =
        Part::of(total(|part| part.part, |unit| &unit.coverage), total(|part| part.of, |unit| &unit.coverage));
    let score = gathering.score(location, &within, &coverage)?;
    let excursions = gathering.excursions()?;
    let checks = gathering.checks()?;
    let records = gathering.records(&excursions)?;
    let calibrations = gathering.calibrations()?;
    let (cooling, timers) = (gathering.cooling()?, gathering.timers()?);
    let mut report = Report {
        establishment: Establishment {
            organization: settings.organization_name.clone(),
            location: settings.location_name.clone(),
            address: settings.address.clone(),
            phone: settings.phone.clone(),
            box_id: identity.origin().to_string(),
            box_letter: identity.certificate.letter.clone(),
            version: version.to_owned(),
        },
        from: gathering.site.time(asked.from_ms),
        to: gathering.site.time(asked.to_ms),
        until: gathering.site.time(until_ms),
        time_zone: gathering.site.zone.iana_name().unwrap_or("UTC").to_owned(),
        scale: match gathering.site.scale {
            Scale::Celsius => "C".to_owned(),
            Scale::Fahrenheit => "F".to_owned(),
        },
        made_at: gathering.site.time(view.now_ms),
        answer: answer::nothing(within, coverage),
        score,
        plans: gathering.plans()?,
        readings: gathering.readings()?,
        faults: gathering.faults()?,
        amendments: gathering.amendments(location)?,
        reviews: gathering.reviews()?,
        seal: seal(conn, identity)?,
        sections: asked.sections.iter().cloned().collect(),
        left_out: Vec::new(),
        clock: clock.notes(&gathering.site),
        units,
        excursions,
        records,
        checks,
        cooling,
        timers,
        calibrations,
    };
    report.left_out = gathering.left_out;
    report.answer = answer::of(&report, &gathering.site);
    // What the first page needed and nobody asked for.
    macro_rules! drop_unasked {
        ($($field:ident),+) => { $(if !asked.wants(stringify!($field)) { report.$field.clear(); })+ };
    }
    drop_unasked!(excursions, records, checks, calibrations, cooling, timers, reviews);
    if !asked.wants("plan") {
        report.plans.clear();
    }
    if !asked.wants("units") {
        report.units.clear();
    }
    report.left_out.retain(|left| asked.wants(&left.section));
    Ok(report)
}

/// A plan in Fahrenheit is read by people who have thermometers in Fahrenheit.
fn scale_of(plan: Option<&Plan>) -> Scale {
    let limits = plan.into_iter().flat_map(|plan| &plan.control_points).flat_map(|point| &point.limits);
    let (f, c): (Vec<Scale>, Vec<Scale>) =
        limits.map(|rule| rule.limit.scale).partition(|scale| *scale == Scale::Fahrenheit);
    if f.len() > c.len() { Scale::Fahrenheit } else { Scale::Celsius }
}

fn seal(conn: &Connection, identity: &Identity) -> rusqlite::Result<Seal> {
    let own = |head: &trivet_log::chain::Head| {
        head.stream.origin == identity.origin() && head.stream.scope == identity.certificate.location && head.seq > 0
    };
    let mut heads: Vec<_> = log::heads(conn)?.into_iter().map(|(_, head)| head).filter(own).collect();
    heads.sort_by_key(|head| (head.stream.lane != Lane::Readings, head.stream.lane.number()));
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let name = |head: &trivet_log::chain::Head| {
        let (stream, chain) = (head.stream, hex(&head.chain.0));
        format!("{}/{}/{}/{}:{chain}", stream.origin, stream.scope, stream.lane.number(), head.seq)
    };
    let readings = heads.first().filter(|head| head.stream.lane == Lane::Readings);
    let short =
        |head: &trivet_log::chain::Head| format!("{}:{}", head.seq, hex(head.chain.0.get(..8).unwrap_or_default()));
    Ok(Seal { checkpoints: heads.iter().map(name).collect(), fingerprint: readings.map(short) })
}

struct Gathering<'a> {
    view: &'a View<'a>,
    asked: &'a Asked,
    site: Site,
    approvals: Vec<Approval>,
    left_out: Vec<LeftOut>,
    /// Of the units of the report.
    names: HashMap<Id, String>,
}

impl Gathering<'_> {
    fn conn(&self) -> &Connection {
        self.view.conn
    }

    fn span(&self) -> (i64, i64) {
        (self.asked.from_ms, self.asked.to_ms)
    }

    /// The first lines of a query of ids over the period, and how many more there are.
    fn ids(&mut self, section: &str, sql: &str) -> rusqlite::Result<Vec<Id>> {
        let (from, to) = self.span();
        let mut statement = self.view.conn.prepare_cached(sql)?;
        let mut rows = statement.query(params![from, to])?;
        let (mut ids, mut more) = (Vec::new(), 0);
        while let Some(row) = rows.next()? {
            match ids.len() < MOST {
                true => ids.push(Id::from_bytes(row.get(0)?)),
                false => more += 1,
            }
        }
        self.leave_out(section, more);
        Ok(ids)
    }

    fn leave_out(&mut self, section: &str, rows: u64) {
        if rows > 0 {
            self.left_out.push(LeftOut { section: section.to_owned(), rows });
        }
    }

    fn is_wanted(&self, probe: Option<Uuid>) -> bool {
        match (&self.asked.units, probe) {
            (Some(_), Some(probe)) => self.names.contains_key(&Id(probe)),
            _ => true,
        }
    }

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

    fn units(&mut self, until_ms: i64) -> rusqlite::Result<(Vec<Unit>, Clock)> {
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
        minutes::visit(self.conn(), from.div_euclid(60)..(end + 59).div_euclid(60), |hour, probe, readings| {
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
            format!("{} {}{unconfirmed}", source.clause, source.edition).replace(" ,", ",")
        };
        let rule = |rule: &safety::Rule| format!("{} ({})", limit_words(rule.limit), clause(&rule.source));
        let mut words: Vec<String> =
            standing.map(|standing| standing.rules.iter().map(rule).collect()).unwrap_or_default();
        if words.is_empty() {
            let own = [limits.min.map(Limit::at_least), limits.max.map(Limit::at_most)];
            let own = own.into_iter().flatten().map(|limit| format!("{} (set for this unit)", limit_words(limit)));
            words.extend(own);
        }
        Unit {
            probe_id: id.0,
            name: probe.name,
            kind: probe.unit_kind.name().to_owned(),
            retired: probe.retired,
            limits: words,
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

    fn score(&self, location: Id, within: &Part, coverage: &Part) -> rusqlite::Result<Score> {
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

    fn plans(&self) -> rusqlite::Result<Vec<PlanLine>> {
        let (from, to) = self.span();
        let mut lines = Vec::new();
        for approval in &self.approvals {
            let first = safety::in_force(&self.approvals, from).is_some_and(|one| one.id == approval.id);
            let began = (from..to).contains(&approval.from_ms)
                && safety::in_force(&self.approvals, approval.from_ms).is_some_and(|one| one.id == approval.id);
            let Some(plan) = approval.plan().filter(|_| first || began) else { continue };
            let limits: Vec<LimitLine> = plan.control_points.iter().flat_map(limits_of).collect();
            lines.push(PlanLine {
                version: approval.version,
                name: plan.name,
                jurisdiction: plan.jurisdiction.code,
                edition: plan.jurisdiction.edition,
                from: self.site.time(approval.from_ms),
                approved_at: self.site.time(approval.at_ms),
                approved_by: self.person(approval.by)?,
                unconfirmed: limits.iter().filter(|limit| !limit.confirmed).count() as u64,
                limits,
            });
        }
        Ok(lines)
    }

    fn person(&self, id: Id) -> rusqlite::Result<String> {
        Ok(match id {
            Id::NIL => "the box".to_owned(),
            id => name_of(self.conn(), id)?.unwrap_or_else(|| "name not held here".to_owned()),
        })
    }

    fn excursions(&mut self) -> rusqlite::Result<Vec<Excursion>> {
        let sql = "SELECT id FROM haccp_breach
            WHERE opened_ms<?2 AND (closed_ms IS NULL OR closed_ms>=?1) ORDER BY opened_ms, id";
        let ids = self.ids("excursions", sql)?;
        let alarmed = self.alarmed()?;
        let mut lines = Vec::new();
        for id in ids {
            let Some(breach) = crate::haccp::view::breach(self.conn(), id)? else { continue };
            let Some(unit) = self.names.get(&Id(breach.probe_id)).cloned() else { continue };
            let rule = breach.rule.as_ref().and_then(limit_of);
            let limit = rule.unwrap_or(match breach.kind.as_str() {
                "low" => Limit::at_least(MilliCelsius(breach.limit_milli_c)),
                _ => Limit::at_most(MilliCelsius(breach.limit_milli_c)),
            });
            let ms = |text: &str| time::parse(text).unwrap_or_default();
            let about = "SELECT id FROM safety_record WHERE about=?1 ORDER BY opened_ms, id LIMIT 1";
            let mut statement = self.view.conn.prepare_cached(about)?;
            let record = statement.query_map([id.as_bytes()], |row| row.get(0).map(Id::from_bytes))?.next();
            let record = record.transpose()?.map(|record| self.record(record)).transpose()?.flatten();
            lines.push(Excursion {
                id: breach.id,
                probe_id: breach.probe_id,
                unit,
                start: self.site.retime(&breach.opened_at),
                end: breach.closed_at.as_deref().map(|at| self.site.retime(at)),
                peak: self.site.temperature(breach.peak_milli_c, Some(limit)),
                peak_at: breach.peak_at.as_deref().map(|at| self.site.retime(at)),
                limit: limit_words(limit),
                beyond_minutes: breach.beyond_seconds.map(|seconds| (seconds.unsigned_abs()).div_ceil(60)),
                cause: breach.cause,
                alarmed: alarmed.contains(&id),
                late_minutes: breach.late_seconds.map(|seconds| seconds.unsigned_abs() / 60),
                plan_version: breach.plan_version,
                start_ms: ms(&breach.opened_at),
                end_ms: breach.closed_at.as_deref().map_or(self.view.now_ms, ms),
                kind: breach.kind,
                record,
            });
        }
        Ok(lines)
    }

    /// Excursions that somebody was called about.
    fn alarmed(&self) -> rusqlite::Result<HashSet<Id>> {
        const DAY: i64 = 86_400_000;
        let sql = "SELECT about FROM alerts_alert WHERE raised_ms BETWEEN ?1 AND ?2";
        let mut statement = self.view.conn.prepare_cached(sql)?;
        let (from, to) = self.span();
        let about = |row: &rusqlite::Row<'_>| row.get(0).map(Id::from_bytes);
        // An excursion of the day before may reach into the period.
        statement.query_map([from - DAY, to + DAY], about)?.collect()
    }

    fn record(&self, id: Id) -> rusqlite::Result<Option<RecordLine>> {
        let Some(record) = view::record(self.conn(), id, self.view.now_ms)? else { return Ok(None) };
        let action = |action: view::ActionView| ActionLine {
            text: action.text,
            food: action.product_milli_c.map(|milli| self.site.temperature(milli, None)),
            disposition: action.disposition,
            quantity: action.quantity,
            cause: action.cause,
            note: action.note,
            at: self.site.retime(&action.at),
            by: action.by.unwrap_or_else(|| "the box".to_owned()),
        };
        Ok(Some(RecordLine {
            id: record.id,
            kind: record.kind,
            severity: record.severity,
            summary: record.summary,
            opened_at: self.site.retime(&record.opened_at),
            due_at: self.site.retime(&record.due_at),
            overdue: record.overdue,
            actions: record.actions.into_iter().map(action).collect(),
            closed_at: record.closed_at.as_deref().map(|at| self.site.retime(at)),
            closed_by: record.closed_by,
            verified_at: record.verified_at.as_deref().map(|at| self.site.retime(at)),
            verified_by: record.verified_by,
        }))
    }

    fn records(&mut self, excursions: &[Excursion]) -> rusqlite::Result<Vec<RecordLine>> {
        let shown: HashSet<Uuid> =
            excursions.iter().filter_map(|excursion| excursion.record.as_ref()).map(|record| record.id).collect();
        let sql = "SELECT id FROM safety_record
            WHERE opened_ms<?2 AND (closed_ms IS NULL OR closed_ms>=?1) ORDER BY opened_ms, id";
        let mut lines = Vec::new();
        for id in self.ids("records", sql)? {
            let probe = view::record(self.conn(), id, self.view.now_ms)?.and_then(|record| record.probe_id);
            if !shown.contains(&id.0) && self.is_wanted(probe) {
                lines.extend(self.record(id)?);
            }
        }
        Ok(lines)
    }

    fn readings(&mut self) -> rusqlite::Result<Vec<ReadingLine>> {
        if !self.asked.wants("readings") {
            return Ok(Vec::new());
        }
        let (from, to) = self.span();
        let filter = ManualFilter { from_ms: Some(from), to_ms: Some(to), limit: MOST + 1, ..ManualFilter::default() };
        let mut found = manuals(self.conn(), &filter)?;
        if found.len() > MOST {
            found.truncate(MOST);
            let sql = "SELECT count(*) FROM haccp_manual WHERE measured_ms>=?1 AND measured_ms<?2";
            let all: i64 = self.conn().prepare_cached(sql)?.query_row([from, to], |row| row.get(0))?;
            self.leave_out("readings", all.unsigned_abs() - MOST as u64);
        }
        found.retain(|reading| self.is_wanted(Some(reading.sensor_id)));
        found.sort_by(|a, b| a.measured_at.cmp(&b.measured_at));
        let line = |reading: crate::haccp::view::ManualView| {
            let limits = haccp::Limits {
                min: reading.min_milli_c.map(MilliCelsius),
                max: reading.max_milli_c.map(MilliCelsius),
            };
            ReadingLine {
                unit: reading.sensor_name,
                value: self.site.judged(reading.value_milli_c, limits),
                measured_at: self.site.retime(&reading.measured_at),
                entered_at: self.site.retime(&reading.entered_at),
                by: reading.recorded_by.unwrap_or_else(|| "the box".to_owned()),
                source: reading.source,
                compliant: reading.compliant,
            }
        };
        Ok(found.into_iter().map(line).collect())
    }

    fn checks(&mut self) -> rusqlite::Result<Vec<CheckLine>> {
        let sql = "SELECT id FROM safety_check
            WHERE coalesce(due_ms, at_ms)>=?1 AND coalesce(due_ms, at_ms)<?2 ORDER BY coalesce(due_ms, at_ms), id";
        let mut lines = Vec::new();
        for id in self.ids("checks", sql)? {
            let Some(check) = view::check(self.conn(), id)? else { continue };
            let missed = check.punctual == "missed";
            lines.push(CheckLine {
                found: self.found(&check),
                name: check.name,
                kind: check.kind.replace('_', " "),
                due_at: check.due_at.as_deref().map(|at| self.site.retime(at)),
                entered_at: check.entered_at.as_deref().map(|at| self.site.retime(at)),
                by: if missed { String::new() } else { check.by.unwrap_or_else(|| "the box".to_owned()) },
                punctual: check.punctual,
                passed: check.passed,
            });
        }
        Ok(lines)
    }

    fn found(&self, check: &view::CheckView) -> String {
        let value = |value: &view::CheckValueView| {
            let limit = limit_of_view(&value.limit);
            let shown = self.site.temperature(value.milli_c, limit);
            let within = if value.within { "" } else { ": not met" };
            let held = value
                .needed_seconds
                .map(|needed| format!(", held {} s of {needed}", value.held_seconds.unwrap_or_default()));
            let took = value.allowed_minutes.map(|allowed| match value.took_minutes {
                Some(took) => format!(", in {took} min of {allowed}"),
                None => format!(", within {allowed} min not said"),
            });
            let limit = limit.map(limit_words).unwrap_or_default();
            let (held, took) = (held.unwrap_or_default(), took.unwrap_or_default());
            format!("{} ({limit}{held}{took}{within})", self.site.degrees(&shown))
        };
        let answer = |answer: &view::CheckAnswerView| match (answer.yes, &answer.text) {
            (Some(yes), _) => format!("{}: {}", answer.ask, if yes { "yes" } else { "no" }),
            (None, Some(text)) => format!("{}: {text}", answer.ask),
            (None, None) => answer.ask.clone(),
        };
        let named = |name: &str, text: &Option<String>| text.as_ref().map(|text| format!("{name} {text}"));
        let mut parts: Vec<String> = check.values.iter().map(value).collect();
        parts.extend(check.answers.iter().map(answer));
        parts.extend(check.product.clone());
        parts.extend(named("from", &check.supplier));
        parts.extend(named("lot", &check.lot));
        parts.extend(check.accepted.map(|yes| if yes { "accepted".to_owned() } else { "rejected".to_owned() }));
        parts.extend(check.note.clone());
        parts.join("; ")
    }

    fn cooling(&mut self) -> rusqlite::Result<Vec<CoolingLine>> {
        let sql = "SELECT id FROM safety_cooling WHERE at_ms>=?1 AND at_ms<?2 ORDER BY at_ms, id";
        let mut lines = Vec::new();
        if !self.asked.wants("cooling") {
            return Ok(lines);
        }
        for id in self.ids("cooling", sql)? {
            let Some(run) = view::cooling(self.conn(), id, self.view.now_ms)? else { continue };
            if !self.is_wanted(run.probe_id) {
                continue;
            }
            let stage = |stage: &view::StageView| {
                let limit = limit_of_view(&stage.to).map(limit_words).unwrap_or_default();
                let passed = stage.passed_at.as_deref().map(|at| format!("passed {}", self.site.retime(at)));
                let passed = passed.unwrap_or_else(|| "not passed".to_owned());
                format!("{limit} within {} min: {passed}", stage.within_minutes)
            };
            lines.push(CoolingLine {
                stages: run.stages.iter().map(stage).collect::<Vec<_>>().join("; "),
                product: run.product,
                lot: run.lot,
                rule: run.rule,
                began_at: self.site.retime(&run.began_at),
                by: run.started_by.unwrap_or_else(|| "the box".to_owned()),
                state: match run.doubt.filter(|_| run.state == "indeterminate") {
                    Some(doubt) => format!("{} ({})", run.state, doubt.replace('_', " ")),
                    None => run.state,
                },
                outcome: run.outcome,
                settled_by: run.settled_by,
            });
        }
        Ok(lines)
    }

    fn timers(&mut self) -> rusqlite::Result<Vec<TimerLine>> {
        let sql = "SELECT id FROM safety_timer WHERE at_ms>=?1 AND at_ms<?2 ORDER BY at_ms, id";
        let clock = safety_module::work::clock(self.view.now_ms);
        let mut lines = Vec::new();
        if !self.asked.wants("timers") {
            return Ok(lines);
        }
        for id in self.ids("timers", sql)? {
            let Some(timer) = view::timer(self.conn(), id, &clock)? else { continue };
            lines.push(TimerLine {
                product: timer.product,
                lot: timer.lot,
                quantity: timer.quantity,
                rule: timer.rule,
                start: self.site.temperature(timer.start_milli_c, None),
                started_at: self.site.retime(&timer.started_at),
                by: timer.started_by.unwrap_or_else(|| "the box".to_owned()),
                deadline: self.site.retime(&timer.deadline),
                state: timer.state,
                expired: timer.expired.map(|why| why.replace('_', " ")),
                ended_by: timer.ended_by,
            });
        }
        Ok(lines)
    }

    /// Of each unit the calibrations of the period; the newest one also when it is older.
    fn calibrations(&mut self) -> rusqlite::Result<Vec<CalibrationLine>> {
        let plan = safety::in_force(&self.approvals, self.view.now_ms).and_then(Approval::plan);
        let warn_days = plan.map_or(14, |plan| plan.calibration.warn_days);
        let states = view::calibration_states(self.conn(), warn_days, self.view.now_ms)?;
        let sql = "SELECT id FROM safety_calibration WHERE at_ms>=?1 AND at_ms<?2 ORDER BY at_ms DESC, id DESC";
        let mut of_period: HashMap<Uuid, Vec<view::CalibrationView>> = HashMap::new();
        for id in self.ids("calibrations", sql)? {
            let calibration = view::calibration(self.conn(), id, self.view.now_ms)?;
            calibration.into_iter().for_each(|one| of_period.entry(one.probe_id).or_default().push(one));
        }
        let mut lines = Vec::new();
        for state in states {
            let Some(unit) = self.names.get(&Id(state.probe_id)).cloned() else { continue };
            let known = of_period.remove(&state.probe_id).unwrap_or_default();
            let newest = state.last.filter(|last| known.iter().all(|one| one.id != last.id));
            let older: Vec<view::CalibrationView> = newest.into_iter().chain(known).collect();
            let nothing = CalibrationLine {
                unit,
                state: Some(state.state),
                at: None,
                by: None,
                method: None,
                reference: None,
                as_found: None,
                as_left: None,
                next_due: None,
                in_doubt: None,
            };
            if older.is_empty() {
                lines.push(nothing.clone());
            }
            for (place, one) in older.into_iter().enumerate() {
                let errors = |of: fn(&view::PointView) -> i32, good: bool| {
                    let errors: Vec<String> = one.points.iter().map(|point| kelvin(of(point))).collect();
                    format!("{}{}", errors.join(", "), if good { "" } else { " beyond tolerance" })
                };
                let doubt = one.in_doubt.as_ref().map(|doubt| {
                    let from = doubt.from.as_deref().map_or_else(|| "ever".to_owned(), |at| self.site.retime(at));
                    format!("{from} to {}", self.site.retime(&doubt.to))
                });
                lines.push(CalibrationLine {
                    state: nothing.state.clone().filter(|_| place == 0),
                    at: Some(self.site.retime(&one.at)),
                    as_found: Some(errors(|point| point.found_milli, one.found_good)),
                    as_left: Some(errors(|point| point.left_milli, one.left_good)),
                    next_due: Some(self.site.retime(&one.due_at)),
                    by: Some(one.by.unwrap_or_else(|| "the box".to_owned())),
                    method: Some(one.method.replace('_', " ")),
                    reference: Some(one.reference),
                    in_doubt: doubt,
                    ..nothing.clone()
                });
            }
        }
        Ok(lines)
    }

    fn faults(&mut self) -> rusqlite::Result<Vec<FaultLine>> {
        if !self.asked.wants("faults") {
            return Ok(Vec::new());
        }
        let sql = "SELECT probe, reason, lost_ms, returned_ms FROM haccp_outage
            WHERE lost_ms<?2 AND (returned_ms IS NULL OR returned_ms>=?1) ORDER BY lost_ms, id";
        let (from, to) = self.span();
        let mut statement = self.view.conn.prepare_cached(sql)?;
        let mut rows = statement.query([from, to])?;
        let (mut lines, mut more) = (Vec::new(), 0);
        while let Some(row) = rows.next()? {
            let Some(unit) = self.names.get(&Id::from_bytes(row.get(0)?)) else { continue };
            if lines.len() == MOST {
                more += 1;
                continue;
            }
            let (lost, returned): (i64, Option<i64>) = (row.get(2)?, row.get(3)?);
            lines.push(FaultLine {
                unit: unit.clone(),
                reason: row.get::<_, String>(1)?.replace('_', " "),
                lost_at: self.site.time(lost),
                returned_at: returned.map(|at| self.site.time(at)),
                minutes: returned.map(|at| ((at - lost).max(0).unsigned_abs()).div_ceil(60_000)),
            });
        }
        drop(rows);
        self.leave_out("faults", more);
        Ok(lines)
    }

    fn amendments(&mut self, location: Id) -> rusqlite::Result<Vec<Amendment>> {
        let mut lines: Vec<(i64, Amendment)> = Vec::new();
        if !self.asked.wants("amendments") {
            return Ok(Vec::new());
        }
        let (from, to) = self.span();
        let documents = self.names.iter().map(|(id, name)| (*id, haccp::DOCUMENT, name.clone()));
        let documents: Vec<_> =
            documents.chain([(location, settings_domain::DOCUMENT, "settings".to_owned())]).collect();
        for (id, kind, what) in documents {
            for edit in log::edits(self.conn(), id, kind, from, to)? {
                let by = self.person(edit.by)?;
                lines.extend(edit.changes.into_iter().map(|(field, before, after)| {
                    let amendment = Amendment {
                        at: self.site.time(edit.at_ms),
                        by: by.clone(),
                        what: what.clone(),
                        before: self.values(&field, &before),
                        after: self.values(&field, &after),
                        field: field.replace('_', " "),
                    };
                    (edit.at_ms, amendment)
                }));
            }
        }
        for approval in self.approvals.iter().filter(|approval| (from..to).contains(&approval.at_ms)) {
            let amendment = Amendment {
                at: self.site.time(approval.at_ms),
                by: self.person(approval.by)?,
                what: "HACCP plan".to_owned(),
                field: "version approved".to_owned(),
                before: String::new(),
                after: format!("version {} from {}", approval.version, self.site.time(approval.from_ms)),
            };
            lines.push((approval.at_ms, amendment));
        }
        lines.sort_by_key(|(at_ms, _)| *at_ms);
        let more = lines.len().saturating_sub(MOST);
        lines.truncate(MOST);
        self.leave_out("amendments", more as u64);
        Ok(lines.into_iter().map(|(_, amendment)| amendment).collect())
    }

    /// Values that stand side by side were written apart.
    fn values(&self, field: &str, values: &[Value]) -> String {
        let shown = |value: &Value| match value {
            Value::Nothing => String::new(),
            Value::Text(text) => text.clone(),
            Value::Integer(number) if matches!(field, "min" | "max") => {
                let milli = i32::try_from(*number).unwrap_or_default();
                self.site.degrees(&self.site.temperature(milli, None))
            }
            Value::Integer(number) => number.to_string(),
            Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
            Value::Bytes(bytes) => format!("{} bytes", bytes.len()),
        };
        values.iter().map(shown).collect::<Vec<_>>().join(" / ")
    }

    fn reviews(&mut self) -> rusqlite::Result<Vec<Review>> {
        let mut lines = Vec::new();
        let (from, to) = self.span();
        let sql = "SELECT id FROM safety_review WHERE at_ms>=?1 AND ?2 IS NOT NULL ORDER BY at_ms, id";
        for id in self.ids("reviews", sql)? {
            let Some(review) = view::review(self.conn(), id)? else { continue };
            let span = (time::parse(&review.from).unwrap_or_default(), time::parse(&review.to).unwrap_or_default());
            if span.0 < to && span.1 > from {
                lines.push(Review {
                    name: review.by.unwrap_or_else(|| "name not held here".to_owned()),
                    meaning: review.meaning,
                    note: review.note,
                    at: self.site.retime(&review.at),
                    from: self.site.time(span.0),
                    to: self.site.time(span.1),
                    whole: span.0 <= from && span.1 >= to,
                });
            }
        }
        Ok(lines)
    }
}

fn limits_of(point: &safety::ControlPoint) -> impl Iterator<Item = LimitLine> {
    let kind = match point.kind {
        safety::ControlKind::Ccp => "ccp",
        safety::ControlKind::Oprp => "oprp",
        safety::ControlKind::Prp => "prp",
    };
    point.limits.iter().map(move |rule| {
        let held = rule.hold_seconds.map(|seconds| format!(" for {seconds} s")).unwrap_or_default();
        let within = rule.within_minutes.map(|minutes| format!(" within {minutes} min")).unwrap_or_default();
        LimitLine {
            control_point: point.name.clone(),
            kind: kind.to_owned(),
            name: rule.name.clone(),
            limit: format!("{}{held}{within}", limit_words(rule.limit)),
            clause: rule.source.clause.clone(),
            edition: rule.source.edition.clone(),
            confirmed: rule.source.confirmed,
        }
    })
}

fn limit(bound: &str, milli: i32, scale: &str) -> Option<Limit> {
    let bound = match bound {
        "at_most" => Bound::AtMost,
        "at_least" => Bound::AtLeast,
        "more_than" => Bound::MoreThan,
        "less_than" => Bound::LessThan,
        _ => return None,
    };
    let scale = if scale == "F" { Scale::Fahrenheit } else { Scale::Celsius };
    Some(Limit { bound, milli, scale })
}

fn limit_of(rule: &crate::haccp::view::RuleView) -> Option<Limit> {
    limit(&rule.bound, rule.milli, &rule.scale)
}

fn limit_of_view(view: &view::LimitView) -> Option<Limit> {
    limit(&view.bound, view.milli, &view.scale)
}

/// An error of a probe, rounded away from zero: 1.01 is not shown as 1.0.
fn kelvin(milli: i32) -> String {
    let hundredths = milli.unsigned_abs().div_ceil(10);
    format!("{}{}.{:02} °C", if milli < 0 { "-" } else { "+" }, hundredths / 100, hundredths % 100)
}
