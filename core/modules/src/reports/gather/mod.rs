//! A report put together from tables and histories. It reads and decides nothing; what a list would hold beyond
//! [`MOST`] lines is counted.

mod audit;
mod care;
mod deviations;
mod food;
mod units;

use std::collections::{BTreeSet, HashMap};

use rusqlite::{Connection, params};
use trivet_domain::haccp::Scale;
use trivet_domain::safety::{self, Approval, Plan};
use trivet_log::{Id, Lane};
use trivet_replica::store::log;
use trivet_replica::{Identity, View};
use uuid::Uuid;

use super::answer;
use super::model::{Establishment, LeftOut, Part, Report, Seal, Unit};
use super::picks::Picks;
use super::site::Site;
use crate::access::name_of;
use crate::haccp::counting::SETTLES_MS;
use crate::plans;
use crate::settings;

/// Lines of a list.
pub const MOST: usize = 5_000;

pub const SECTIONS: [&str; 13] = [
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
    "audit",
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
    pub picks: Picks,
}

impl Asked {
    pub fn all(from_ms: i64, to_ms: i64) -> Asked {
        let sections = SECTIONS.iter().map(ToString::to_string).collect();
        Asked { from_ms, to_ms, units: None, sections, scale: None, picks: Picks::default() }
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
    let (checks, counted) = gathering.checks()?;
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
        audit: Vec::new(),
        picks: asked.picks.clone(),
    };
    report.audit = audit::audit(&report);
    report.left_out = gathering.left_out;
    report.answer = answer::of(&report, counted, &gathering.site);
    // What the first page needed and nobody asked for.
    macro_rules! drop_unasked {
        ($($field:ident),+) => { $(if !asked.wants(stringify!($field)) { report.$field.clear(); })+ };
    }
    drop_unasked!(excursions, records, checks, calibrations, cooling, timers, reviews, audit);
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

    fn person(&self, id: Id) -> rusqlite::Result<String> {
        Ok(match id {
            Id::NIL => "the box".to_owned(),
            id => name_of(self.conn(), id)?.unwrap_or_else(|| "name not held here".to_owned()),
        })
    }
}
