//! A restaurant's March by the real commands, with a change of clocks in it, and what its report says: every minute is
//! known or missing, nothing is called good that nobody saw.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt;
use trivet_domain::alerts::{self, BreachAlert};
use trivet_domain::haccp::{self, Bound, BreachClosed, BreachKind, BreachOpened, Cause, Limit, NoData, Reading, Scale};
use trivet_domain::safety::{self, AnswerKind, Answered, Ask, CheckKind, PlannedCheck, Schedule};
use trivet_domain::{Command, MilliCelsius, Proof, Rights, Role, settings};
use trivet_log::{Id, TimeQuality};
use trivet_modules::access::{NewPerson, add_person};
use trivet_modules::alerts::raise;
use trivet_modules::reports::{Asked, Desk, Report, Sheet, csv, pdf, report};
use trivet_modules::time;
use trivet_replica::store::log;
use trivet_replica::{Actor, App, Config, Identity, View, Wall};

const MINUTE: i64 = 60_000;
const FROM: &str = "2026-03-01T00:00:00+02:00";
const TO: &str = "2026-04-01T00:00:00+03:00";
/// 31 days, of which one has 23 hours.
const MINUTES: u64 = 31 * 1_440 - 60;

struct Restaurant {
    app: App,
    router: Router,
    _data: TempDir,
    keys: std::sync::atomic::AtomicU64,
}

fn at(text: &str) -> i64 {
    time::parse(text).unwrap()
}

fn id(n: u8) -> Id {
    Id::at(1_770_000_000_000 + u64::from(n), [n; 10])
}

const ANN: u8 = 1;
const MAX: u8 = 2;
const WALK_IN: u8 = 11;
const FISH: u8 = 12;

impl Restaurant {
    fn open() -> Restaurant {
        let data = tempfile::tempdir().unwrap();
        let mut more = axum::http::Extensions::new();
        // Drawn in this process here; the box has another for it.
        more.insert(Desk::new(Arc::new(|sheet| {
            Box::pin(async move {
                let sheet: Sheet = serde_json::from_slice(&sheet).unwrap();
                Ok(pdf::draw(&sheet).unwrap())
            })
        })));
        let app = App::open(Config {
            data: data.path().to_owned(),
            identity: Identity::found(1),
            modules: trivet_modules::all(),
            wall: Wall::default(),
            version: "test",
            more,
        })
        .unwrap();
        let router = trivet_modules::api::router(app.clone(), Router::new());
        Restaurant { app, router, _data: data, keys: 0.into() }
    }

    fn set_clock(&self, text: &str) {
        self.app.wall.step(at(text) - self.app.wall.now_ms());
    }

    fn key(&self) -> Id {
        let n = self.keys.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Id::at(1_780_000_000_000 + n, [7; 10])
    }

    fn the_box(&self) -> Actor {
        Actor::the_box(Id::from_bytes(self.app.identity.origin().0))
    }

    async fn submit(&self, actor: Actor, command: Command) {
        self.app.submit(actor, self.key(), command).await.unwrap();
    }

    async fn haccp(&self, command: haccp::Command) {
        self.submit(self.the_box(), Command::Haccp(command)).await;
    }

    async fn safety(&self, person: u8, command: safety::Command) {
        let role = if person == ANN { Role::Cook } else { Role::Manager };
        let rights = Some(Rights { role, proof: Proof::Password });
        self.submit(Actor { person: id(person), device: Id::NIL, rights }, Command::Safety(command)).await;
    }

    async fn set_up(&self) {
        self.set_clock("2026-02-20T10:00:00Z");
        let change = settings::Change {
            organization_name: Some("Trivet Oy".into()),
            location_name: Some("Harbour".into()),
            time_zone: Some("Europe/Helsinki".into()),
            language: Some("en".into()),
            ..settings::Change::default()
        };
        let location = self.app.identity.certificate.location;
        self.submit(self.the_box(), Command::Settings(settings::Command::Change { location, change })).await;
        for (n, name, role) in [(ANN, "Ann Cook", Role::Cook), (MAX, "Max Manager", Role::Manager)] {
            let (login, password) = (name.to_owned(), "secret".to_owned());
            let person = NewPerson { name: name.into(), login, role, password, pin: None };
            add_person(&self.app, self.the_box(), id(n), person).await.unwrap();
        }
        for (n, name) in [(WALK_IN, "Walk-in, \"cold\""), (FISH, "=Fish drawer")] {
            let change = haccp::Change {
                name: Some(name.into()),
                unit_kind: Some(haccp::UnitKind::Fridge),
                max: Some(Some(MilliCelsius(5_000))),
                ..haccp::Change::default()
            };
            self.haccp(haccp::Command::ChangeProbe { probe: id(n), change }).await;
        }
    }

    async fn approve_plan(&self) {
        let location = self.app.identity.certificate.location;
        let plan = safety::presets().remove(0).plan.to_json();
        self.safety(MAX, safety::Command::ChangePlan { location, plan }).await;
        let document = safety::plan_document(location);
        let draft_version = self.app.store.read(|conn| log::fields(conn, document)).unwrap().unwrap().1.version();
        let approve = safety::Command::ApprovePlan { location, draft_version, from_ms: None, note: None };
        self.safety(MAX, approve).await;
    }

    /// All minutes from one moment to another of which `of` knows something, many in one commit.
    async fn minutes(&self, from: &str, to: &str, late: bool, of: impl Fn(u8, i64) -> Option<Reading>) {
        let all: Vec<i64> = (at(from) / MINUTE..at(to) / MINUTE).collect();
        for some in all.chunks(120) {
            let mut under_way = tokio::task::JoinSet::new();
            for minute in some {
                let reading = |n: u8| {
                    Some(haccp::ProbeMinute { probe: id(n), calibration: None, reading: of(n, *minute * MINUTE)? })
                };
                let probes: Vec<_> = [WALK_IN, FISH].into_iter().filter_map(reading).collect();
                if probes.is_empty() {
                    continue;
                }
                let readings = haccp::Readings { minute: *minute, probes, late, ..haccp::Readings::default() };
                let command = Command::Haccp(haccp::Command::RecordMinute(readings));
                let (app, actor, key) = (self.app.clone(), self.the_box(), self.key());
                under_way.spawn(async move { app.submit(actor, key, command).await.unwrap() });
            }
            while let Some(done) = under_way.join_next().await {
                done.unwrap();
            }
        }
    }

    async fn excursion(&self, n: u8, (from, to): (&str, &str), peak: i32, cause: Option<Cause>) {
        self.set_clock(from);
        let rule = Limit { bound: Bound::AtMost, milli: 41_000, scale: Scale::Fahrenheit };
        let (probe, value, limit) = (id(11), MilliCelsius(peak), MilliCelsius(5_000));
        let opened = BreachOpened {
            probe: Id::at(0, [0; 10]),
            kind: BreachKind::High,
            value,
            limit,
            at_ms: at(from),
            rule: Some(rule),
            plan: Some(1),
            raw: None,
            late_ms: None,
        };
        let probe = if n < 30 { id(FISH) } else { probe };
        self.haccp(haccp::Command::OpenBreach { breach: id(n), opened: BreachOpened { probe, ..opened } }).await;
        self.set_clock(to);
        let closed = BreachClosed {
            peak: value,
            at_ms: at(to),
            peak_at_ms: Some(at(from)),
            beyond_ms: Some(at(to) - at(from)),
            peak_raw: None,
            end_raw: None,
            cause,
        };
        self.haccp(haccp::Command::CloseBreach { breach: id(n), closed }).await;
        let about = safety::RecordOpened {
            kind: safety::RecordKind::Breach,
            severity: haccp::Severity::High,
            due_ms: at(to) + 240 * MINUTE,
            summary: format!("Fish drawer was too warm ({n})"),
            about: Some(id(n)),
            control_point: Some("cold-holding".into()),
            plan_version: Some(1),
            probe: Some(probe),
        };
        let record = safety::record_about(id(n));
        self.submit(self.the_box(), Command::Safety(safety::Command::OpenRecord { record, opened: about })).await;
    }

    /// Somebody is called about an excursion.
    async fn call(&self, n: u8, from: &str) {
        let breach = BreachAlert {
            breach: id(n),
            probe: id(FISH),
            name: "Fish drawer",
            too_warm: true,
            value: MilliCelsius(7_000),
            limit: MilliCelsius(5_000),
            severity: alerts::Severity::High,
            at_ms: at(from),
            late_ms: None,
            needs_action: true,
        };
        raise(&self.app, self.the_box(), alerts::raise_for_breach(&breach)).await.unwrap();
    }

    async fn check(&self, due: &str, done: Option<&str>) {
        let location = self.app.identity.certificate.location;
        let planned = PlannedCheck {
            id: "close".into(),
            name: "Closing round".into(),
            kind: CheckKind::Other,
            control_point: None,
            schedule: Schedule::Times { at: vec!["14:00".into()], days: vec![] },
            grace_minutes: 30,
            role: None,
            asks: vec![Ask { id: "shut".into(), text: "Is everything shut?".into(), answer: AnswerKind::YesNo }],
        };
        let (slot, due_ms) = (safety::check_slot(location, "close", at(due)), at(due));
        let Some(done) = done else {
            self.app.wall.step(at(due) + 120 * MINUTE - self.app.wall.now_ms());
            let missed = safety::CheckMissed {
                check: planned.id,
                name: planned.name,
                kind: planned.kind,
                due_ms,
                plan_version: Some(1),
            };
            let command = safety::Command::MissCheck { slot, missed, grace_minutes: 30 };
            return self.submit(self.the_box(), Command::Safety(command)).await;
        };
        self.set_clock(done);
        let answered = Answered {
            values: vec![],
            answers: vec![safety::CheckAnswer { ask: "shut".into(), yes: Some(true), text: None }],
            product: None,
            supplier: None,
            lot: None,
            accepted: None,
            note: None,
        };
        let command = safety::Command::DoCheck {
            slot,
            planned: Box::new(planned),
            rules: vec![],
            due_ms: Some(due_ms),
            plan_version: Some(1),
            answered: Box::new(answered),
        };
        self.safety(ANN, command).await;
    }

    fn report(&self, asked: &Asked) -> Report {
        let view = |conn: &rusqlite::Connection| {
            let view = View { conn, more: &self.app.more, now_ms: self.app.wall.now_ms(), caller: None };
            report(&view, &self.app.identity, "test", asked)
        };
        self.app.store.read(view).unwrap()
    }

    async fn ask(&self, path: &str) -> (StatusCode, String, Vec<u8>) {
        let token = self.app.auth.token(id(MAX), Role::Manager, self.app.wall.now_ms());
        let request = Request::builder().method(Method::GET).uri(format!("/api/v1/haccp/{path}"));
        let request = request.header(header::AUTHORIZATION, format!("Bearer {token}")).body(Body::empty());
        let response = self.router.clone().oneshot(request.unwrap()).await.unwrap();
        let kind = response.headers().get(header::CONTENT_TYPE).map(|kind| kind.to_str().unwrap().to_owned());
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 64 << 20).await.unwrap();
        (status, kind.unwrap_or_default(), body.to_vec())
    }
}

fn good(milli: i32) -> Option<Reading> {
    Some(Reading { last: Some(MilliCelsius(milli)), samples: Some(60), ..Reading::default() })
}

fn within(at_ms: i64, from: &str, to: &str) -> bool {
    (at(from)..at(to)).contains(&at_ms)
}

/// The walk-in is steady; its probe is silent on the 15th, ten of those minutes come late. The fish drawer is too warm
/// twice. The box is off on the 18th for an hour and a half.
fn march(n: u8, ms: i64) -> Option<Reading> {
    if within(ms, "2026-03-18T10:00:00Z", "2026-03-18T11:30:00Z") {
        return None;
    }
    match n {
        WALK_IN if within(ms, "2026-03-15T00:00:00Z", "2026-03-15T06:00:00Z") => {
            Some(Reading { no_data: Some(NoData::Timeout), ..Reading::default() })
        }
        // A wave that does not touch the limit.
        WALK_IN => good(3_000 + i32::try_from(ms / MINUTE % 60).unwrap() * 10),
        _ if within(ms, "2026-03-10T12:00:00Z", "2026-03-10T12:45:00Z") => good(7_000),
        _ if within(ms, "2026-03-20T08:00:00Z", "2026-03-20T08:20:00Z") => good(9_020),
        _ => good(4_000),
    }
}

async fn march_of_a_restaurant() -> Restaurant {
    let restaurant = Restaurant::open();
    restaurant.set_up().await;
    restaurant.approve_plan().await;
    let (first, second) = (21, 22);
    restaurant.excursion(first, ("2026-03-10T12:00:00Z", "2026-03-10T12:45:00Z"), 7_000, None).await;
    restaurant.call(first, "2026-03-10T12:00:00Z").await;
    restaurant.set_clock("2026-03-10T13:00:00Z");
    let record = safety::record_about(id(first));
    let text = "Move the food to a unit that holds the limit and check its core";
    let choice = safety::Choice { id: "move".into(), text: text.into(), requires: vec![] };
    let action = safety::CorrectiveActionTaken {
        choice: "move".into(),
        text: text.into(),
        product_temperature: Some(MilliCelsius(4_900)),
        disposition: Some(safety::Disposition::Keep),
        quantity: Some("12 kg".into()),
        cause: Some("door left open, again".into()),
        note: None,
    };
    restaurant.safety(ANN, safety::Command::TakeAction { record, choice, action }).await;
    restaurant.safety(ANN, safety::Command::CloseRecord { record }).await;
    restaurant.set_clock("2026-03-11T08:00:00Z");
    restaurant.safety(MAX, safety::Command::VerifyRecord { record, note: None }).await;
    restaurant.check("2026-03-12T12:00:00Z", Some("2026-03-12T12:10:00Z")).await;
    restaurant.check("2026-03-13T12:00:00Z", Some("2026-03-13T14:00:00Z")).await;
    restaurant.check("2026-03-14T12:00:00Z", None).await;
    restaurant.set_clock("2026-03-15T00:00:10Z");
    let lost = haccp::ProbeLost { probe: id(WALK_IN), reason: NoData::Timeout };
    restaurant.haccp(haccp::Command::LoseProbe { outage: id(31), lost }).await;
    restaurant.set_clock("2026-03-15T06:00:00Z");
    restaurant.haccp(haccp::Command::ReturnProbe { outage: id(31) }).await;
    // Nobody has said what became of this food.
    restaurant.excursion(second, ("2026-03-20T08:00:00Z", "2026-03-20T08:20:00Z"), 9_020, Some(Cause::Door)).await;
    restaurant.set_clock("2026-03-22T09:00:00Z");
    let change = haccp::Change { max: Some(Some(MilliCelsius(4_500))), ..haccp::Change::default() };
    restaurant.haccp(haccp::Command::ChangeProbe { probe: id(WALK_IN), change }).await;
    restaurant.set_clock("2026-04-01T06:00:00Z");
    restaurant.app.wall.agrees_with_relay(true);
    restaurant.minutes(FROM, "2026-03-25T00:00:00Z", false, march).await;
    restaurant.app.wall.agrees_with_relay(false);
    restaurant.minutes("2026-03-25T00:00:00Z", "2026-03-25T00:30:00Z", false, march).await;
    restaurant.app.wall.agrees_with_relay(true);
    restaurant.minutes("2026-03-25T00:30:00Z", TO, false, march).await;
    let late = |n: u8, _: i64| good(3_300).filter(|_| n == WALK_IN);
    restaurant.minutes("2026-03-15T01:00:00Z", "2026-03-15T01:10:00Z", true, late).await;
    let reviewed = safety::Reviewed { from_ms: at(FROM), to_ms: at(TO), meaning: "record reviewed".into(), note: None };
    restaurant.set_clock("2026-04-01T08:00:00Z");
    restaurant.safety(MAX, safety::Command::Review { review: id(41), reviewed }).await;
    restaurant
}

/// Rows of a CSV text by RFC 4180.
fn parse(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match (quoted, letter) {
            (true, '"') if letters.peek() == Some(&'"') => {
                cell.push('"');
                letters.next();
            }
            (_, '"') => quoted = !quoted,
            (false, ',') => row.push(std::mem::take(&mut cell)),
            (false, '\r') if letters.peek() == Some(&'\n') => {
                letters.next();
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            (_, letter) => cell.push(letter),
        }
    }
    assert!(!quoted && cell.is_empty() && row.is_empty(), "the text ends with its last line");
    rows
}

fn drawn(report: &Report, name: &str) -> String {
    let pdf = pdf::draw(&report.sheet("en")).expect("DejaVu Sans is installed (Debian: fonts-dejavu-core)");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.pdf");
    std::fs::write(&path, &pdf).unwrap();
    if let Some(keep) = std::env::var_os("KEEP_REPORTS") {
        std::fs::copy(&path, std::path::Path::new(&keep).join(name)).unwrap();
    }
    let text =
        std::process::Command::new("pdftotext").args(["-layout".as_ref(), path.as_os_str(), "-".as_ref()]).output();
    let text = text.expect("pdftotext is installed (Debian: poppler-utils)");
    assert!(text.status.success() && text.stderr.is_empty(), "{}", String::from_utf8_lossy(&text.stderr));
    String::from_utf8(text.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_month_says_what_was_and_what_nobody_knows() {
    let restaurant = march_of_a_restaurant().await;
    let asked = Asked::all(at(FROM), at(TO));
    let march = restaurant.report(&asked);
    let json: Value = serde_json::to_value(&march).unwrap();

    // Every minute of the month is known or missing, the 29th has 23 hours.
    let (fish, walk_in) = (&json["units"][0], &json["units"][1]);
    assert_eq!(fish["coverage"], serde_json::json!({"part": MINUTES - 90, "of": MINUTES, "percent": "99.79"}));
    assert_eq!(walk_in["coverage"]["part"], MINUTES - 90 - 360 + 10);
    assert_eq!((&fish["beyondMinutes"], &fish["within"]["part"]), (&65.into(), &(MINUTES - 90 - 65).into()));
    assert_eq!((&walk_in["beyondMinutes"], &walk_in["lateMinutes"]), (&0.into(), &10.into()));
    let gaps: Vec<(u64, String, String)> = walk_in["gaps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|gap| {
            let text = |name: &str| gap[name].as_str().unwrap().to_owned();
            (gap["minutes"].as_u64().unwrap(), text("from"), gap["reasons"][0].as_str().unwrap().to_owned())
        })
        .collect();
    assert_eq!(
        gaps,
        [
            (290, "2026-03-15T03:10:00+02:00".to_owned(), "timeout".to_owned()),
            (90, "2026-03-18T12:00:00+02:00".to_owned(), "no record".to_owned()),
            (60, "2026-03-15T02:00:00+02:00".to_owned(), "timeout".to_owned()),
        ]
    );
    let bands = walk_in["bands"].as_array().unwrap();
    assert_eq!(bands.len(), 31);
    assert_eq!((&bands[14]["minutes"], &bands[14]["ofMinutes"]), (&(1_440 - 350).into(), &1_440.into()));
    assert_eq!((&bands[28]["minutes"], &bands[28]["ofMinutes"]), (&1_380.into(), &1_380.into()), "clocks went forward");
    // The plan is in Fahrenheit: 9.020 °C is 48.236 °F, and no violation reads smaller than it is.
    assert_eq!(
        (&json["scale"], &fish["highest"]["shown"], &fish["lowest"]["shown"]),
        (&"F".into(), &"48.3".into(), &"39.2".into())
    );
    assert_eq!(fish["limits"][0], "at most 41 °F (3-501.16(A)(2) FDA Food Code 2022)");

    // Excursions with who, what and when; the one that nobody dealt with is the first thing on the page.
    let excursions = json["excursions"].as_array().unwrap();
    let [first, second] = &excursions[..] else { panic!("{excursions:?}") };
    assert_eq!((&first["beyondMinutes"], &first["record"]["actions"][0]["by"]), (&45.into(), &"Ann Cook".into()));
    assert_eq!(first["record"]["actions"][0]["food"]["shown"], "40.8");
    assert_eq!((&first["alarmed"], &second["alarmed"]), (&true.into(), &false.into()));
    assert_eq!((&first["record"]["verifiedBy"], &second["cause"]), (&"Max Manager".into(), &"door".into()));
    assert_eq!((&json["answer"]["state"], &second["record"]["closedAt"]), (&"open".into(), &Value::Null));
    assert!(
        json["answer"]["open"][0].as_str().unwrap().contains("excursion of 2026-03-20 10:00 without a closed record")
    );
    let sentence = json["answer"]["sentence"].as_str().unwrap();
    assert!(sentence.starts_with("2 excursions; 99.4") && sentence.contains("of 2 units"), "{sentence}");
    let answer = |name: &str| json["answer"][name].as_u64().unwrap();
    assert_eq!((answer("checksOnTime"), answer("checksLate"), answer("checksMissed")), (1, 1, 1));
    assert_eq!((&json["faults"][0]["minutes"], &json["faults"][0]["reason"]), (&360.into(), &"timeout".into()));
    restaurant.app.wall.agrees_with_relay(false);
    // What this machine's clock is worth without a relay.
    let unproven = match restaurant.app.wall.quality() {
        TimeQuality::Unset => (30, 0),
        TimeQuality::Rtc => (0, 30),
        TimeQuality::Ntp | TimeQuality::Relay => (0, 0),
    };
    let clock = |name: &str| json["clock"][name].as_u64().unwrap();
    assert_eq!((clock("unsetMinutes"), clock("unconfirmedMinutes")), unproven);
    let amended = json["amendments"].as_array().unwrap();
    let limit = amended.iter().find(|line| line["field"] == "max").unwrap();
    assert_eq!((&limit["before"], &limit["after"]), (&"41.0 °F".into(), &"40.1 °F".into()));
    assert_eq!((&json["reviews"][0]["name"], &json["reviews"][0]["whole"]), (&"Max Manager".into(), &true.into()));
    assert_eq!(json["calibrations"][0]["state"], "never");
    let seal = json["seal"]["checkpoints"][0].as_str().unwrap();
    let (origin, chain) = (restaurant.app.identity.origin().to_string(), seal.rsplit(':').next().unwrap());
    assert!(seal.starts_with(&origin) && seal.contains("/1/") && chain.len() == 64, "{seal}");
    assert!(json["plans"][0]["unconfirmed"].as_u64().unwrap() > 0);

    // The same as pages: heads, numbers of pages and the fingerprint on each.
    let text = drawn(&march, "march.pdf");
    let pages: Vec<&str> = text.split('\u{c}').filter(|page| !page.trim().is_empty()).collect();
    for (n, page) in pages.iter().enumerate() {
        assert!(page.contains(&format!("{} of {}", n + 1, pages.len())), "{page}");
        assert!(page.contains(json["seal"]["fingerprint"].as_str().unwrap()), "page {n}");
    }
    for part in [
        "Something is open",
        "=Fish drawer",
        "Ann Cook",
        "12 kg",
        "48.3",
        "NOT CONFIRMED",
        "record reviewed",
        "Closing round",
    ] {
        assert!(text.contains(part), "{part} is not on the pages:\n{text}");
    }

    // The same as CSV, read back.
    let all = csv::write(&march, None).unwrap();
    let rows = parse(&all);
    assert!(rows.iter().any(|row| *row == ["excursions"]) && rows.iter().any(|row| *row == ["reviews"]));
    let units = parse(&csv::write(&march, Some("units")).unwrap());
    let column = |name: &str| units[0].iter().position(|head| head == name).unwrap();
    assert_eq!(units.len(), 3);
    assert_eq!(units[1][column("unit")], "'=Fish drawer", "no formula");
    assert_eq!(units[2][column("unit")], "Walk-in, \"cold\"");
    assert_eq!(
        (units[1][column("coverage_percent")].as_str(), units[1][column("highest")].as_str()),
        ("99.79", "48.3")
    );
    assert!(csv::write(&march, Some("nothing")).is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_not_good_and_a_gap_is_not_whole() {
    let restaurant = Restaurant::open();
    restaurant.set_up().await;
    restaurant.set_clock("2026-03-04T00:00:00Z");
    let asked = Asked::all(at("2026-03-02T00:00:00Z"), at("2026-03-03T00:00:00Z"));
    let empty = restaurant.report(&asked);
    assert_eq!(empty.answer.state, "no_data");
    assert_eq!((empty.answer.coverage.part, empty.answer.coverage.of), (0, 2 * 1_440));
    assert_eq!(empty.units[0].gaps[0].reasons, ["before its first reading"]);
    let none = csv::write(&empty, Some("excursions")).unwrap();
    assert!(none.contains("this proves nothing"), "{none}");

    let steady = |_: u8, _: i64| good(4_000);
    restaurant.minutes("2026-03-02T00:00:00Z", "2026-03-02T23:00:00Z", false, steady).await;
    let gap = restaurant.report(&asked);
    assert_eq!(gap.answer.state, "open", "probes that nobody calibrated are open");
    assert!(
        gap.answer.sentence.starts_with("No excursion is recorded; 95.83 % of the minutes"),
        "{}",
        gap.answer.sentence
    );

    let calibrate = |probe: Id, key: u8| safety::Command::Calibrate {
        calibration: id(key),
        probe,
        method: safety::Method::Ice,
        points: vec![safety::Compared { reference: None, read: MilliCelsius(200), left: None }],
        reference: "ice".into(),
        altitude_metres: 0,
        tolerance_milli: 1_000,
        due_ms: at("2026-06-01T00:00:00Z"),
        plan_version: None,
        note: None,
        before: safety::Correction::default(),
    };
    restaurant.safety(ANN, calibrate(id(WALK_IN), 51)).await;
    restaurant.safety(ANN, calibrate(id(FISH), 52)).await;
    assert_eq!(restaurant.report(&asked).answer.state, "gaps");
    restaurant.minutes("2026-03-02T23:00:00Z", "2026-03-03T00:00:00Z", false, steady).await;
    let whole = restaurant.report(&asked);
    assert_eq!((whole.answer.state.as_str(), whole.answer.coverage.percent.as_deref()), ("clear", Some("100.00")));
    assert!(whole.answer.sentence.contains("100.00 % of the minutes"), "{}", whole.answer.sentence);

    // Three answers, three looks; "no excursion" never stands without how much is known.
    let looks = [
        (&empty, "No data", "empty.pdf"),
        (&gap, "Something is open", "gap.pdf"),
        (&whole, "Good, and fully", "whole.pdf"),
    ];
    for (report, head, name) in looks {
        let text = drawn(report, name);
        assert!(text.contains(head), "{text}");
        for (place, _) in text.match_indices("No excursion is recorded") {
            let after: String = text[place..].chars().take(200).collect();
            assert!(after.contains('%') || after.contains("proves nothing"), "{after}");
        }
    }

    // A unit beyond its limit that no excursion is recorded of is said as well.
    let warm = |n: u8, _: i64| good(if n == FISH { 6_000 } else { 4_000 });
    restaurant.minutes("2026-03-03T00:00:00Z", "2026-03-03T01:00:00Z", false, warm).await;
    let asked =
        Asked { units: Some(vec![id(FISH)]), ..Asked::all(at("2026-03-03T00:00:00Z"), at("2026-03-03T01:00:00Z")) };
    let warm = restaurant.report(&asked);
    assert!(warm.answer.sentence.contains("but 60 minutes beyond a limit"), "{}", warm.answer.sentence);
    assert_eq!((warm.units.len(), warm.answer.state.as_str()), (1, "deviations"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_page_says_what_is_open_whatever_was_asked_for() {
    let restaurant = Restaurant::open();
    restaurant.set_up().await;
    restaurant.set_clock("2026-03-02T08:00:00Z");
    let plan = safety::presets().remove(0).plan;
    let (timer, run, began_ms) = (id(61), id(62), at("2026-03-02T08:00:00Z"));
    let start = safety::Command::StartTimer {
        timer,
        rule: Box::new(plan.timers[0].clone()),
        product: "Sushi rice".into(),
        value: MilliCelsius(4_000),
        probe: None,
        lot: None,
        quantity: None,
        plan_version: None,
        clock: safety::Clock { wall_ms: began_ms, boot: None, up_ms: 0 },
    };
    restaurant.safety(ANN, start).await;
    let expired = safety::TimerExpired { why: safety::Expiry::TimeUp, value: None };
    restaurant.safety(ANN, safety::Command::ExpireTimer { timer, expired }).await;
    let rule = plan.cooling[0].clone();
    let started = safety::CoolingStarted {
        product: "Stock".into(),
        rule: rule.id,
        stages: rule.stages,
        max_gap_minutes: rule.max_gap_minutes,
        began_ms,
        from: rule.from,
        probe: None,
        plan_version: None,
        lot: None,
        quantity: None,
        restarts: None,
    };
    restaurant.safety(ANN, safety::Command::StartCooling { run, started }).await;
    let verdict = safety::CoolingVerdict::Failed;
    let ended = safety::CoolingEnded { verdict, at_ms: began_ms, stage: Some(0), doubt: None };
    restaurant.safety(ANN, safety::Command::EndCooling { run, ended }).await;
    restaurant.set_clock("2026-03-04T00:00:00Z");
    let all = Asked::all(at("2026-03-02T00:00:00Z"), at("2026-03-03T00:00:00Z"));
    let units = restaurant.report(&Asked { sections: ["units".to_owned()].into(), ..all.clone() });
    let all = restaurant.report(&all);
    assert_eq!((all.cooling.len(), all.timers.len(), units.cooling.len(), units.timers.len()), (1, 1, 0, 0));
    for part in ["Sushi rice: its time is over", "cooling of Stock: failed"] {
        assert!(units.answer.open.iter().any(|line| line.starts_with(part)), "{part}: {:?}", units.answer.open);
    }
    assert_eq!((units.answer.open, units.answer.state), (all.answer.open, all.answer.state));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_report_is_made_at_a_time_and_a_wrong_question_is_named() {
    let restaurant = Restaurant::open();
    restaurant.set_up().await;
    restaurant.set_clock("2026-03-04T00:00:00Z");
    let span = "from=2026-03-02T00:00:00Z&to=2026-03-03T00:00:00Z";
    let (status, kind, body) = restaurant.ask(&format!("report.pdf?{span}&sections=units")).await;
    assert_eq!((status, kind.as_str()), (StatusCode::OK, "application/pdf"));
    assert!(body.starts_with(b"%PDF"));
    let (status, kind, body) = restaurant.ask(&format!("report.csv?{span}&section=units")).await;
    assert_eq!((status, kind.as_str()), (StatusCode::OK, csv::MEDIA_TYPE));
    assert!(String::from_utf8(body).unwrap().starts_with("unit,kind,limits,"));
    for (question, field) in [
        ("from=2026-03-02T00:00:00Z&to=2025-03-03T00:00:00Z", "from"),
        ("from=2026-03-02T00:00:00Z&to=2027-03-04T00:00:00Z", "from"),
        ("from=yesterday&to=2026-03-03T00:00:00Z", "from"),
        (&format!("{span}&units=x"), "units"),
        (&format!("{span}&sections=units,nothing"), "sections"),
        (&format!("{span}&scale=K"), "scale"),
    ] {
        let (status, _, body) = restaurant.ask(&format!("report?{question}")).await;
        let problem: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            (status, &problem["errors"][0]["field"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &field.into()),
            "{question}"
        );
    }
    let desk = restaurant.app.more.get::<Desk>().unwrap();
    let turn = desk.take().unwrap();
    let (status, _, body) = restaurant.ask(&format!("report?{span}")).await;
    let problem: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((status, &problem["retryAfter"]), (StatusCode::TOO_MANY_REQUESTS, &10.into()));
    drop(turn);
    let (status, _, _) = restaurant.ask(&format!("report?{span}")).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_is_saved_changed_and_taken_away() {
    let restaurant = Restaurant::open();
    restaurant.set_up().await;
    let send = async |method: Method, path: &str, key: Id, body: &str| {
        let token = restaurant.app.auth.token(id(MAX), Role::Manager, restaurant.app.wall.now_ms());
        let request = Request::builder().method(method).uri(format!("/api/v1/haccp/reports{path}"));
        let request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        let request = request.header("idempotency-key", key.to_string()).header("content-type", "application/json");
        let response = restaurant.router.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await;
        let response = response.unwrap();
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice::<Value>(&body).unwrap_or_default())
    };
    let (key, fish) = (restaurant.key(), id(FISH));
    let body = format!(r#"{{"name": "Fish, weekly", "units": ["{fish}"], "sections": ["units"], "every": "week"}}"#);
    let (status, saved) = send(Method::POST, "", key, &body).await;
    assert_eq!((status, &saved["every"], &saved["keep"]), (StatusCode::CREATED, &"week".into(), &24.into()), "{saved}");
    for (body, field) in [
        (r#"{"every": "hour"}"#, "every"),
        (r#"{"sections": ["all"]}"#, "sections"),
        (r#"{"scale": "K"}"#, "scale"),
        (r#"{"keep": 0}"#, "keep"),
        (r#"{"name": " "}"#, "name"),
    ] {
        let (status, problem) = send(Method::PUT, &format!("/{key}"), restaurant.key(), body).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }
    let (status, changed) = send(Method::PUT, &format!("/{key}"), restaurant.key(), r#"{"keep": 3}"#).await;
    assert_eq!((status, &changed["keep"], &changed["name"]), (StatusCode::OK, &3.into(), &"Fish, weekly".into()));
    let saved = restaurant.app.read(|view| trivet_modules::reports::saved::saved(view.conn)).await.unwrap();
    let asked = trivet_modules::reports::saved::asked(&saved[0].1, at(FROM), at(TO));
    assert_eq!((asked.units, asked.sections.len()), (Some(vec![fish]), 1));
    let (status, _) = send(Method::DELETE, &format!("/{key}"), restaurant.key(), "").await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let (_, list) = send(Method::GET, "", restaurant.key(), "").await;
    assert_eq!(list["reports"], serde_json::json!([]));
    let (status, _) = send(Method::PUT, &format!("/{}", restaurant.key()), restaurant.key(), r#"{"keep": 3}"#).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}
