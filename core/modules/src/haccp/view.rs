//! Temperatures as screens and answers see them.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use trivet_domain::haccp::{self, DOCUMENT, Doubt, HourReading, Limits, NoData, Probe, Reading, Verdict};
use trivet_domain::{MilliCelsius, safety};
use trivet_log::{Id, TimeQuality};
use trivet_replica::View;
use trivet_replica::store::log;
use utoipa::ToSchema;
use uuid::Uuid;

use super::minutes::{self, Figures, minutes};
use super::{Samples, counting, parts};
use crate::access::name_of;
use crate::menu::view::ConflictView;
use crate::plans;
use crate::time;

/// A sample is a current value for three of its probe's intervals, and for this at least.
pub const FRESH_MS: i64 = 15_000;
/// Of a probe of another box only the minutes arrive; the last is current this long.
pub const FRESH_MINUTE_MS: i64 = 150_000;

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Probe)]
#[serde(rename_all = "camelCase")]
pub struct ProbeView {
    pub id: Uuid,
    pub name: String,
    /// `fridge`, `freezer`, `hot_hold` or `ambient`.
    pub unit_kind: String,
    /// Thousandths of a degree Celsius, like all temperatures. Of limits set apart on two boxes the stricter.
    pub min_milli_c: Option<i32>,
    pub max_milli_c: Option<i32>,
    pub current: CurrentView,
    /// `ok`, `breach` or `no_data`.
    pub state: String,
    pub breach: Option<ProbeBreachView>,
    /// The input of the box that it is wired to.
    pub input: String,
    /// What else is known of it, by name: `equipment`, `place`, `model`, `serial_number`, and the inputs of its unit's
    /// `door`, `defrost` and `compressor`.
    pub details: BTreeMap<String, String>,
    /// How long a value may be beyond its limit before it alarms, where that is not what its kind of unit has.
    pub alarm_delay_seconds: Option<i64>,
    /// No longer in use; its record stays.
    pub retired: bool,
    /// What is kept there: categories of the menu, or ids of its items.
    pub stores: Vec<String>,
    /// Thousandths of a degree times minutes beyond the limit that it bears, where that is not the usual.
    pub hold_budget: Option<i64>,
    pub parts: Vec<PartView>,
    /// Rises with each edit.
    pub version: u64,
    pub conflicts: Vec<ConflictView>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ProbeCurrent)]
#[serde(rename_all = "camelCase")]
pub struct CurrentView {
    /// Missing when there is no data; then `reason` says why.
    pub milli_c: Option<i32>,
    /// `good`, `uncertain` or `no_data`.
    pub quality: String,
    pub reason: Option<String>,
    pub at: Option<String>,
    pub age_seconds: Option<i64>,
    pub battery_percent: Option<u8>,
}

/// A door, a defrost or a compressor as it was last heard of.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ProbePart)]
#[serde(rename_all = "camelCase")]
pub struct PartView {
    /// `door`, `defrost` or `compressor`.
    pub part: String,
    /// Open, or running. Missing: nobody knows; then `reason` says why.
    pub on: Option<bool>,
    pub reason: Option<String>,
    pub since: String,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ProbeBreach)]
#[serde(rename_all = "camelCase")]
pub struct ProbeBreachView {
    pub id: Uuid,
    pub opened_at: String,
    /// `high` or `low`.
    pub kind: String,
    pub peak_milli_c: i32,
    pub limit_milli_c: i32,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Breach)]
#[serde(rename_all = "camelCase")]
pub struct BreachView {
    pub id: Uuid,
    pub probe_id: Uuid,
    pub probe_name: String,
    pub kind: String,
    pub opened_at: String,
    pub closed_at: Option<String>,
    pub peak_milli_c: i32,
    pub peak_at: Option<String>,
    pub limit_milli_c: i32,
    /// The limit in the unit of its rule.
    pub rule: Option<RuleView>,
    /// How long good samples showed it beyond the limit.
    pub beyond_seconds: Option<i64>,
    /// `defrost` or `door`: what went on meanwhile.
    pub cause: Option<String>,
    /// It was found so much later, in samples that a device had kept.
    pub late_seconds: Option<i64>,
    /// The version of the HACCP plan that was in force.
    pub plan_version: Option<u32>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = LimitRule)]
#[serde(rename_all = "camelCase")]
pub struct RuleView {
    /// Thousandths of a degree of the scale.
    pub milli: i32,
    /// `C` or `F`.
    pub scale: String,
    /// `at_most`, `at_least`, `more_than` or `less_than`.
    pub bound: String,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = HistoryPoint)]
#[serde(rename_all = "camelCase")]
pub struct PointView {
    /// Since 1970.
    #[serde(skip)]
    pub minute: i64,
    pub at: String,
    pub last: Option<i32>,
    pub min: Option<i32>,
    pub max: Option<i32>,
    pub mean: Option<i32>,
    /// Samples in the minute.
    pub n: u16,
    /// Samples that came after the minute's own reading; they stand beside it.
    pub late: bool,
    /// `good`, `uncertain` or `no_data`.
    pub quality: String,
    /// `between`: none was due, the probe reports less than once a minute.
    pub reason: Option<String>,
    /// What stood behind the clock.
    pub time_quality: TimeQualityView,
}

/// What a probe's minutes of a day (UTC) add up to; the hour that goes on is not in it yet.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = HistoryDay)]
#[serde(rename_all = "camelCase")]
pub struct DayView {
    /// As `2026-11-21`.
    pub day: String,
    /// Minutes with a value.
    pub minutes: i64,
    /// Minutes that were recorded without one. What is missing of 1,440 was not recorded at all.
    pub missing: i64,
    pub min: Option<i32>,
    pub max: Option<i32>,
    pub mean: Option<i32>,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = TimeQuality)]
#[serde(rename_all = "snake_case")]
pub enum TimeQualityView {
    Unset,
    Rtc,
    Synchronised,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Temperature)]
#[serde(rename_all = "camelCase")]
pub struct ManualView {
    pub id: Uuid,
    pub sensor_id: Uuid,
    pub sensor_name: String,
    /// What stands; missing: it was taken back.
    pub value_milli_c: Option<i32>,
    /// `C` or `F`, as it was given; missing where an earlier release recorded it.
    pub unit: Option<String>,
    pub measured_at: String,
    /// When it was entered, by the box's clock.
    pub entered_at: String,
    pub source: String,
    pub recorded_by: Option<String>,
    pub min_milli_c: Option<i32>,
    pub max_milli_c: Option<i32>,
    /// By the limits in force when it was measured: those of plan and probe, the stricter of each side. Missing where
    /// nothing stands.
    pub compliant: Option<bool>,
    /// `warn`, `high` or `critical`; none within the limits.
    pub severity: Option<String>,
    /// The first one first.
    pub corrections: Vec<CorrectionView>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = TemperatureCorrection)]
#[serde(rename_all = "camelCase")]
pub struct CorrectionView {
    pub at: String,
    pub by: Option<String>,
    pub why: String,
    /// What stood until then.
    pub before_milli_c: Option<i32>,
}

pub fn probes(view: &View<'_>) -> rusqlite::Result<Vec<ProbeView>> {
    let mut statement = view.conn.prepare_cached("SELECT id FROM haccp_probe ORDER BY name, id")?;
    let ids = statement.query_map([], |row| row.get(0).map(Id::from_bytes))?.collect::<rusqlite::Result<Vec<Id>>>()?;
    shown(view, ids)
}

/// What a probe goes by at a moment; nothing of one that is not known.
pub(super) fn limits_at(conn: &Connection, location: Id, probe: Id, at_ms: i64) -> rusqlite::Result<Limits> {
    Ok(effective_at(conn, location, probe, at_ms)?.map(|effective| counting::limits(&effective)).unwrap_or_default())
}

/// Minutes from one sample to the next that are no gap.
pub(super) fn max_between(conn: &Connection, location: Id, probe: Id, at_ms: i64) -> rusqlite::Result<i64> {
    let effective = effective_at(conn, location, probe, at_ms)?;
    Ok(effective.map_or(counting::MAX_BETWEEN, |effective| i64::from(effective.max_gap_minutes)))
}

fn effective_at(conn: &Connection, location: Id, probe: Id, at_ms: i64) -> rusqlite::Result<Option<safety::Effective>> {
    let fields = log::fields(conn, probe)?.filter(|(kind, _)| *kind == DOCUMENT);
    let Some(known) = fields.map(|(_, fields)| Probe::from_fields(&fields)) else { return Ok(None) };
    let plan = plans::in_force(conn, location, at_ms)?.map(|(_, plan)| plan);
    Ok(Some(safety::Effective::of(plan.as_ref(), probe, &known)))
}

/// The documents of the probes that are in use, by name.
pub fn in_use(conn: &Connection) -> rusqlite::Result<Vec<(Id, Probe)>> {
    let mut statement = conn.prepare_cached("SELECT id FROM haccp_probe WHERE retired=0 ORDER BY name, id")?;
    let ids = statement.query_map([], |row| row.get(0).map(Id::from_bytes))?.collect::<rusqlite::Result<Vec<Id>>>()?;
    let mut probes = Vec::new();
    for id in ids {
        let fields = log::fields(conn, id)?.filter(|(kind, _)| *kind == DOCUMENT);
        probes.extend(fields.map(|(_, fields)| (id, Probe::from_fields(&fields))));
    }
    Ok(probes)
}

pub fn probe(view: &View<'_>, id: Id) -> rusqlite::Result<Option<ProbeView>> {
    Ok(shown(view, vec![id])?.pop())
}

/// Those of the ids that are probes.
pub fn shown(view: &View<'_>, ids: Vec<Id>) -> rusqlite::Result<Vec<ProbeView>> {
    let mut newest = None;
    ids.into_iter().filter_map(|id| one(view, id, &mut newest).transpose()).collect()
}

/// The newest minutes of all probes: read once, and only for a probe that no sample of this box tells of.
type Newest = Option<BTreeMap<Id, HourReading>>;

fn one(view: &View<'_>, id: Id, newest: &mut Newest) -> rusqlite::Result<Option<ProbeView>> {
    let Some((_, fields)) = log::fields(view.conn, id)?.filter(|(kind, _)| *kind == DOCUMENT) else { return Ok(None) };
    let probe = Probe::from_fields(&fields);
    let current = current(view, id, newest)?;
    let breach = open_breach(view.conn, id)?;
    let state = match (current.milli_c, &breach) {
        (_, Some(_)) => "breach",
        (None, None) => "no_data",
        (Some(_), None) => "ok",
    };
    Ok(Some(ProbeView {
        id: id.0,
        name: probe.name,
        unit_kind: probe.unit_kind.name().to_owned(),
        min_milli_c: probe.limits.min.map(|limit| limit.0),
        max_milli_c: probe.limits.max.map(|limit| limit.0),
        current,
        state: state.to_owned(),
        breach,
        version: fields.version(),
        conflicts: probe.conflicts.into_iter().map(ConflictView::from).collect(),
        input: probe.input,
        details: probe.details.into_iter().collect(),
        alarm_delay_seconds: probe.alarm_delay_ms.map(|ms| ms / 1_000),
        retired: probe.retired,
        stores: probe.stores,
        hold_budget: probe.hold_budget,
        parts: parts::latest(view.conn, id)?,
    }))
}

fn current(view: &View<'_>, probe: Id, newest: &mut Newest) -> rusqlite::Result<CurrentView> {
    let show = |milli: Option<MilliCelsius>, (quality, reason): (&str, Option<&str>), at_ms: i64| CurrentView {
        milli_c: milli.map(|milli| milli.0),
        quality: quality.to_owned(),
        reason: reason.map(str::to_owned),
        at: Some(time::text(at_ms)),
        age_seconds: Some((view.now_ms - at_ms).max(0) / 1_000),
        battery_percent: None,
    };
    let nothing = |why| ("no_data", Some(why));
    if let Some(latest) = view.more.get::<Samples>().and_then(|samples| samples.of(probe)) {
        let shown = match latest.sample {
            _ if view.now_ms - latest.at_ms > latest.fresh_ms => show(None, nothing("silent"), latest.at_ms),
            Ok(value) => show(Some(value), quality(Some(value), latest.doubt, None), latest.at_ms),
            Err(reason) => show(None, nothing(reason.name()), latest.at_ms),
        };
        return Ok(CurrentView { battery_percent: latest.battery_percent, ..shown });
    }
    let newest = match newest {
        Some(newest) => newest,
        None => newest.insert(minutes::newest(view.conn)?),
    };
    let last = newest.get(&probe).map(|at| (at.minute.saturating_mul(60_000), &at.reading));
    Ok(match last {
        None => CurrentView {
            milli_c: None,
            quality: "no_data".to_owned(),
            reason: Some("nothing received yet".to_owned()),
            at: None,
            age_seconds: None,
            battery_percent: None,
        },
        Some((at_ms, _)) if view.now_ms - at_ms > FRESH_MINUTE_MS => show(None, nothing("silent"), at_ms),
        Some((at_ms, reading)) => show(reading.last, quality_of(reading), at_ms),
    })
}

/// Of a minute of a history: no sample was due.
pub(super) const BETWEEN: &str = "between";

/// Of a minute: what its value is worth, and why it is no better or what else there was in it.
fn quality_of(reading: &Reading) -> (&'static str, Option<&'static str>) {
    quality(reading.last, reading.doubt, reading.no_data)
}

fn quality(
    value: Option<MilliCelsius>,
    doubt: Option<Doubt>,
    no_data: Option<NoData>,
) -> (&'static str, Option<&'static str>) {
    let quality = match (value, doubt) {
        (None, _) => "no_data",
        (Some(_), Some(_)) => "uncertain",
        (Some(_), None) => "good",
    };
    (quality, doubt.map(Doubt::name).or(no_data.map(NoData::name)))
}

/// One point a minute. A minute without any fact is shown as such: the box was off, or the fact has not arrived.
pub fn history(conn: &Connection, probe: Id, from_ms: i64, to_ms: i64) -> rusqlite::Result<Vec<PointView>> {
    let known = minutes(conn, probe, from_ms, to_ms)?;
    let mut points: Vec<PointView> = Vec::with_capacity(known.len());
    let mut expected = None;
    for at in known {
        let at_ms = at.minute * 60_000;
        if let Some(gap_from) = expected.filter(|expected| at_ms > *expected) {
            points.push(gap(gap_from));
            if at_ms - gap_from > 60_000 {
                points.push(gap(at_ms - 60_000));
            }
        }
        expected = Some(at_ms + 60_000);
        points.push(point(at_ms, &at));
    }
    Ok(points)
}

/// The days that a span of time touches.
pub fn days(conn: &Connection, probe: Id, from_ms: i64, to_ms: i64) -> rusqlite::Result<Vec<DayView>> {
    const DAY_MS: i64 = 86_400_000;
    let days = minutes::days(conn, probe, from_ms.div_euclid(DAY_MS)..(to_ms - 1).div_euclid(DAY_MS) + 1)?;
    let shown = |(day, figures): (i64, Figures)| DayView {
        day: time::text(day * DAY_MS).chars().take_while(|c| *c != 'T').collect(),
        minutes: figures.minutes,
        missing: figures.missing,
        min: figures.lowest,
        max: figures.highest,
        mean: figures.mean(),
    };
    Ok(days.into_iter().map(shown).collect())
}

fn gap(at_ms: i64) -> PointView {
    PointView {
        minute: at_ms.div_euclid(60_000),
        at: time::text(at_ms),
        last: None,
        min: None,
        max: None,
        n: 0,
        quality: "no_data".to_owned(),
        mean: None,
        late: false,
        reason: Some("no record".to_owned()),
        time_quality: TimeQualityView::Unset,
    }
}

fn point(at_ms: i64, HourReading { minute, reading, quality, late }: &HourReading) -> PointView {
    let milli = |value: Option<MilliCelsius>| value.map(|milli| milli.0);
    let (worth, reason) = if reading.is_between() { ("no_data", Some(BETWEEN)) } else { quality_of(reading) };
    PointView {
        minute: *minute,
        at: time::text(at_ms),
        last: milli(reading.last),
        min: milli(reading.lowest()),
        max: milli(reading.highest()),
        n: reading.samples.unwrap_or(0),
        mean: milli(reading.mean()),
        late: *late,
        quality: worth.to_owned(),
        reason: reason.map(str::to_owned),
        time_quality: match quality {
            TimeQuality::Unset => TimeQualityView::Unset,
            TimeQuality::Rtc => TimeQualityView::Rtc,
            TimeQuality::Ntp | TimeQuality::Relay => TimeQualityView::Synchronised,
        },
    }
}

const BREACH: &str = "SELECT b.id, b.probe, coalesce(p.name, ''), b.kind, b.opened_ms, b.closed_ms, b.peak, b.limit_value, \
    b.peak_ms, b.beyond_ms, b.cause, b.late_ms, b.plan, b.rule_milli, b.rule_scale, b.rule_bound \
    FROM haccp_breach b LEFT JOIN haccp_probe p ON p.id=b.probe";

pub fn breach(conn: &Connection, id: Id) -> rusqlite::Result<Option<BreachView>> {
    let mut statement = conn.prepare_cached(&format!("{BREACH} WHERE b.id=?1"))?;
    statement.query_row([id.as_bytes()], breach_from_row).optional()
}

/// The newest 500.
pub fn breaches(conn: &Connection, open_only: bool) -> rusqlite::Result<Vec<BreachView>> {
    let which = if open_only { "WHERE b.closed_ms IS NULL" } else { "" };
    let mut statement = conn.prepare_cached(&format!("{BREACH} {which} ORDER BY b.id DESC LIMIT 500"))?;
    statement.query_map([], breach_from_row)?.collect()
}

/// Whether a corrective action was written in a compliance record about it.
pub(super) fn is_dealt_with(conn: &Connection, breach: Id) -> rusqlite::Result<bool> {
    let mut statement = conn.prepare_cached("SELECT id FROM safety_record WHERE about=?1")?;
    for record in statement.query_map([breach.as_bytes()], |row| row.get(0).map(Id::from_bytes))? {
        if let safety::State::Record(record) = safety::fold(&log::facts_of(conn, record?)?)
            && !record.actions.is_empty()
        {
            return Ok(true);
        }
    }
    Ok(false)
}

fn open_breach(conn: &Connection, probe: Id) -> rusqlite::Result<Option<ProbeBreachView>> {
    let which = "WHERE b.probe=?1 AND b.closed_ms IS NULL ORDER BY b.id DESC LIMIT 1";
    let mut statement = conn.prepare_cached(&format!("{BREACH} {which}"))?;
    let breach = statement.query_row([probe.as_bytes()], breach_from_row).optional()?;
    Ok(breach.map(|breach| ProbeBreachView {
        id: breach.id,
        opened_at: breach.opened_at,
        kind: breach.kind,
        peak_milli_c: breach.peak_milli_c,
        limit_milli_c: breach.limit_milli_c,
    }))
}

fn breach_from_row(row: &Row<'_>) -> rusqlite::Result<BreachView> {
    Ok(BreachView {
        id: Uuid::from_bytes(row.get(0)?),
        probe_id: Uuid::from_bytes(row.get(1)?),
        probe_name: row.get(2)?,
        kind: row.get(3)?,
        opened_at: time::text(row.get(4)?),
        closed_at: row.get::<_, Option<i64>>(5)?.map(time::text),
        peak_milli_c: row.get(6)?,
        limit_milli_c: row.get(7)?,
        peak_at: row.get::<_, Option<i64>>(8)?.map(time::text),
        beyond_seconds: row.get::<_, Option<i64>>(9)?.map(|ms| ms / 1_000),
        cause: row.get(10)?,
        late_seconds: row.get::<_, Option<i64>>(11)?.map(|ms| ms / 1_000),
        plan_version: row.get(12)?,
        rule: match row.get(13)? {
            Some(milli) => Some(RuleView { milli, scale: row.get(14)?, bound: row.get(15)? }),
            None => None,
        },
    })
}

/// The probes whose card a subject's change touches.
pub(super) fn probes_of(conn: &Connection, subject: Id) -> rusqlite::Result<Vec<Id>> {
    let sql = "SELECT id FROM haccp_probe WHERE id=?1 UNION SELECT probe FROM haccp_breach WHERE id=?1
        UNION SELECT probe FROM haccp_outage WHERE id=?1";
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map([subject.as_bytes()], |row| row.get(0).map(Id::from_bytes))?;
    let mut probes: Vec<Id> = rows.collect::<rusqlite::Result<_>>()?;
    if probes.is_empty() {
        probes = minutes::probes_of(conn, subject)?;
    }
    Ok(probes)
}

/// Which readings given by people a list holds.
#[derive(Clone, Debug, Default)]
pub struct ManualFilter {
    pub probe: Option<Id>,
    pub from_ms: Option<i64>,
    pub to_ms: Option<i64>,
    pub compliant: Option<bool>,
    pub severity: Option<String>,
    pub after: Option<Id>,
    pub limit: usize,
}

const MANUAL: &str = "SELECT m.id, m.probe, coalesce(p.name, ''), m.value, m.measured_ms, m.entered_ms, m.source, w.name, \
    m.min, m.max, m.scale, m.corrected_ms IS NOT NULL FROM haccp_manual m LEFT JOIN haccp_probe p ON p.id=m.probe \
    LEFT JOIN access_person w ON w.id=m.person";

pub fn manual(conn: &Connection, id: Id) -> rusqlite::Result<Option<ManualView>> {
    let mut statement = conn.prepare_cached(&format!("{MANUAL} WHERE m.id=?1"))?;
    statement.query_row([id.as_bytes()], |row| manual_from_row(conn, row)).optional()
}

/// The newest first.
pub fn manuals(conn: &Connection, filter: &ManualFilter) -> rusqlite::Result<Vec<ManualView>> {
    let which =
        "WHERE (?1 IS NULL OR m.probe=?1) AND (?2 IS NULL OR m.measured_ms>=?2) AND (?3 IS NULL OR m.measured_ms<?3)
        AND (?4 IS NULL OR m.id<?4) ORDER BY m.id DESC";
    let mut statement = conn.prepare_cached(&format!("{MANUAL} {which}"))?;
    let rows = statement.query_map(
        params![
            filter.probe.as_ref().map(Id::as_bytes),
            filter.from_ms,
            filter.to_ms,
            filter.after.as_ref().map(Id::as_bytes)
        ],
        |row| manual_from_row(conn, row),
    )?;
    let wanted = |row: &rusqlite::Result<ManualView>| {
        row.as_ref().map_or(true, |manual| {
            filter.compliant.is_none_or(|compliant| manual.compliant == Some(compliant))
                && filter.severity.as_ref().is_none_or(|severity| manual.severity.as_ref() == Some(severity))
        })
    };
    rows.filter(wanted).take(filter.limit).collect()
}

fn manual_from_row(conn: &Connection, row: &Row<'_>) -> rusqlite::Result<ManualView> {
    let value: Option<i32> = row.get(3)?;
    let id = Id::from_bytes(row.get(0)?);
    let (min, max): (Option<i32>, Option<i32>) = (row.get(8)?, row.get(9)?);
    let limits = Limits { min: min.map(MilliCelsius), max: max.map(MilliCelsius) };
    let severity = match value.map(|value| limits.judge(MilliCelsius(value))) {
        None | Some(Verdict::Within) => None,
        Some(Verdict::Above(severity) | Verdict::Below(severity)) => Some(severity.name().to_owned()),
    };
    let corrections = if row.get(11)? { corrections(conn, id)? } else { Vec::new() };
    Ok(ManualView {
        id: id.0,
        sensor_id: Uuid::from_bytes(row.get(1)?),
        sensor_name: row.get(2)?,
        value_milli_c: value,
        unit: row.get(10)?,
        measured_at: time::text(row.get(4)?),
        entered_at: time::text(row.get(5)?),
        source: row.get(6)?,
        recorded_by: row.get(7)?,
        min_milli_c: min,
        max_milli_c: max,
        compliant: value.map(|_| severity.is_none()),
        severity,
        corrections,
    })
}

fn corrections(conn: &Connection, reading: Id) -> rusqlite::Result<Vec<CorrectionView>> {
    let haccp::State::Manual(manual) = haccp::fold(&log::facts_of(conn, reading)?) else { return Ok(Vec::new()) };
    let mut before = Some(manual.recorded.value);
    let mut shown = Vec::new();
    for correction in manual.corrections {
        shown.push(CorrectionView {
            at: time::text(correction.at_ms),
            by: name_of(conn, correction.by)?,
            why: correction.corrected.why,
            before_milli_c: before.map(|milli| milli.0),
        });
        before = correction.corrected.value;
    }
    Ok(shown)
}
