//! The one path on a real store: what is refused leaves no trace, what is repeated is done once, replicas that were
//! apart converge, and a rebuild gives the same rows.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::sync::Arc;

use tempfile::TempDir;
use trivet_domain::alerts::{self, BreachAlert, Severity};
use trivet_domain::checks::{self, OrderType, PlaceOrder, WantedLine};
use trivet_domain::haccp::{self, Reading};
use trivet_domain::money::TaxRate;
use trivet_domain::papers::{self, LayoutId, PaperKind};
use trivet_domain::{
    Command, MilliCelsius, Money, Proof, Quantity, Rights, Role, access, kitchen, menu, safety, settings,
};
use trivet_log::chain::Head;
use trivet_log::sync::Batch;
use trivet_log::{Id, ReplicaKind};
use trivet_modules::access::{NewPerson, add_person};
use trivet_replica::identity::{Applicant, EnrolmentCode, certify, letter};
use trivet_replica::store::{log, rebuild};
use trivet_replica::{Actor, App, Config, Identity, Receipt, Rejection, Wall};

struct Replica {
    app: App,
    _data: TempDir,
}

impl std::ops::Deref for Replica {
    type Target = App;
    fn deref(&self) -> &App {
        &self.app
    }
}

fn open(identity: Identity) -> Replica {
    let data = tempfile::tempdir().unwrap();
    let app = App::open(Config {
        data: data.path().to_owned(),
        identity,
        modules: trivet_modules::all(),
        wall: Wall::default(),
        version: "test",
        more: axum::http::Extensions::new(),
    });
    Replica { app: app.unwrap(), _data: data }
}

fn second(first: &Identity) -> Identity {
    let code = EnrolmentCode::new(&first.root_public_key);
    let applicant = Applicant::new(ReplicaKind::Box);
    let answer = certify(first, &code, &applicant.request(&code), letter(1)).unwrap();
    applicant.accept(&code, answer).unwrap()
}

fn id(n: u8) -> Id {
    Id::at(1_790_000_000_000 + u64::from(n), [n; 10])
}

const BURGER: u8 = 1;
const FRIDGE: u8 = 2;

impl Replica {
    async fn submit(&self, key: Id, command: Command) -> Result<Receipt, Rejection> {
        self.app.submit(Actor::the_box(Id::NIL), key, command).await
    }

    async fn set_up(&self) {
        let change = settings::Change {
            location_name: Some("Test".into()),
            tax_rates: vec![("food".into(), TaxRate(135_000))],
            stations: vec![("grill".into(), "Grill".into())],
            ..settings::Change::default()
        };
        let location = self.identity.certificate.location;
        self.submit(id(100), Command::Settings(settings::Command::Change { location, change })).await.unwrap();
        let change = menu::Change {
            name: Some("Burger".into()),
            category: Some("Mains".into()),
            price: Some(Money(1_000)),
            tax_class: Some("food".into()),
            station: Some("grill".into()),
            ..menu::Change::default()
        };
        self.submit(id(BURGER), Command::Menu(menu::Command::Create { item: id(BURGER), change })).await.unwrap();
        let change = haccp::Change {
            name: Some("Fridge".into()),
            max: Some(Some(MilliCelsius(5_000))),
            ..haccp::Change::default()
        };
        let probe = haccp::Command::ChangeProbe { probe: id(FRIDGE), change };
        self.submit(id(FRIDGE), Command::Haccp(probe)).await.unwrap();
    }

    async fn price(&self, key: u8, price: i64) {
        let change = menu::Change { price: Some(Money(price)), ..menu::Change::default() };
        self.submit(id(key), Command::Menu(menu::Command::Change { item: id(BURGER), change })).await.unwrap();
    }

    /// Approves the plan, and opens and works on a record about the fridge.
    async fn deviate(&self, n: u8) {
        let location = self.identity.certificate.location;
        let draft = self.store.read(|conn| log::fields(conn, safety::plan_document(location))).unwrap().unwrap().1;
        let note = None;
        let approve = safety::Command::ApprovePlan { location, draft_version: draft.version(), from_ms: None, note };
        self.submit(id(n + 7), Command::Safety(approve)).await.unwrap();
        let record = safety::record_about(id(FRIDGE));
        let opened = safety::RecordOpened {
            kind: safety::RecordKind::Breach,
            severity: haccp::Severity::High,
            due_ms: 1_790_000_000_000,
            summary: "too warm".into(),
            about: Some(id(FRIDGE)),
            control_point: None,
            plan_version: Some(1),
            probe: Some(id(FRIDGE)),
        };
        self.submit(record, Command::Safety(safety::Command::OpenRecord { record, opened })).await.unwrap();
        let action = safety::CorrectiveActionTaken {
            choice: "other".into(),
            text: "moved the food".into(),
            product_temperature: Some(MilliCelsius(4_000)),
            disposition: Some(safety::Disposition::Keep),
            quantity: None,
            cause: None,
            note: None,
        };
        let choice = safety::Choice { id: "other".into(), text: String::new(), requires: Vec::new() };
        let act = safety::Command::TakeAction { record, choice, action };
        self.submit(id(n + 8), Command::Safety(act)).await.unwrap();
    }

    fn dump(&self) -> String {
        self.store.read(|conn| rebuild::dump(conn, &self.modules)).unwrap()
    }

    fn heads(&self) -> Vec<Head> {
        let heads = self.store.read(log::heads).unwrap();
        heads.into_iter().map(|(_, head)| head).filter(|head| head.seq > 0).collect()
    }

    fn batches_for(&self, other: &Replica) -> Vec<Batch> {
        let theirs = other.heads();
        let after = |head: &Head| theirs.iter().find(|h| h.stream == head.stream).map_or(0, |h| h.seq);
        let load = |head: &Head| self.store.read(|conn| log::batch_after(conn, &head.stream, after(head))).unwrap();
        self.heads().iter().filter_map(load).collect()
    }

    /// Ships what the other lacks, in the order in which `pick` takes the batches, each of them twice.
    async fn ship_to(&self, other: &Replica, pick: usize) {
        let (certificates, keys) =
            self.store.read(|conn| Ok((log::certificates(conn)?, log::wrapped_keys(conn)?))).unwrap();
        other.store.write(move |writing| writing.introduce(&certificates, &keys)).await.unwrap().unwrap();
        loop {
            let mut batches = self.batches_for(other);
            if batches.is_empty() {
                return;
            }
            let batch = Arc::new(batches.remove(pick % batches.len()));
            for _ in 0..2 {
                let batch = batch.clone();
                other.store.write(move |writing| writing.merge(&batch)).await.unwrap().unwrap();
            }
        }
    }
}

fn order(n: u8, check: Id, opens_check: bool) -> Command {
    Command::Checks(checks::Command::PlaceOrder(PlaceOrder {
        check,
        opens_check,
        order: id(n),
        order_type: OrderType::DineIn,
        table: Some("7".into()),
        customer: None,
        note: None,
        lines: vec![WantedLine {
            item: id(BURGER),
            quantity: Quantity::pieces(2),
            modifiers: vec![],
            note: None,
            expected_unit_price: None,
        }],
        expected_total: None,
    }))
}

fn check(n: u8) -> Id {
    id(n).derive("check", 0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_is_carried_out_once() {
    let replica = open(Identity::found(1));
    replica.set_up().await;
    let first = replica.submit(id(10), order(10, check(10), true)).await.unwrap();
    let again = replica.submit(id(10), order(10, check(10), true)).await.unwrap();
    assert_eq!((first.repeated, again.repeated, first.place), (false, true, again.place));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_means_one_thing_and_so_does_an_id() {
    let replica = open(Identity::found(1));
    replica.set_up().await;
    replica.submit(id(10), order(10, check(10), true)).await.unwrap();
    let (rows, location) = (replica.dump(), replica.identity.certificate.location);
    let menu_at = |item| {
        let change = menu::Change { price: Some(Money(1)), ..menu::Change::default() };
        Command::Menu(menu::Command::Change { item, change })
    };
    let probe_at = |probe| {
        let change = haccp::Change { name: Some("Fridge".into()), ..haccp::Change::default() };
        Command::Haccp(haccp::Command::ChangeProbe { probe, change })
    };
    let outage_at = |outage| {
        let lost = haccp::ProbeLost { probe: id(FRIDGE), reason: haccp::NoData::Timeout };
        Command::Haccp(haccp::Command::LoseProbe { outage, lost })
    };
    for (name, key, command) in [
        ("the same key for another check", 10, order(10, check(11), true)),
        ("settings as a menu item", 20, menu_at(location)),
        ("a menu item as a probe", 21, probe_at(id(BURGER))),
        ("a check as an outage", 22, outage_at(check(10))),
    ] {
        let outcome = replica.submit(id(key), command).await;
        assert!(matches!(outcome, Err(Rejection::Refused(_))), "{name}: {outcome:?}");
    }
    let owner = Rights { role: Role::Owner, proof: Proof::Password };
    let somebody = Actor { person: id(77), device: Id::NIL, rights: Some(owner) };
    let stolen = replica.app.submit(somebody, id(10), order(10, check(10), true)).await;
    assert!(matches!(stolen, Err(Rejection::Refused(_))), "another person's key: {stolen:?}");
    assert_eq!(replica.dump(), rows);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_or_panics_leaves_no_trace() {
    let replica = open(Identity::found(1));
    replica.set_up().await;
    replica.submit(id(10), order(10, check(10), true)).await.unwrap();
    let (rows, heads) = (replica.dump(), replica.heads());
    // Refused after a number was drawn: the check is not open.
    let refused = replica.submit(id(11), order(11, check(99), false)).await;
    assert!(matches!(refused, Err(Rejection::Refused(_))), "{refused:?}");
    // A job that appends and then panics.
    let panicked = replica
        .store
        .write(|writing| {
            let stream = trivet_log::StreamId {
                origin: writing.identity.origin(),
                scope: writing.identity.certificate.location,
                lane: trivet_log::Lane::Orders,
            };
            writing.tick();
            let (_, head) = writing.head(stream).unwrap();
            assert_eq!(head.seq, u64::MAX, "on purpose");
            Ok::<(), ()>(())
        })
        .await;
    assert!(panicked.is_err());
    assert_eq!((replica.dump(), replica.heads()), (rows, heads));
    replica.submit(id(12), order(12, check(12), true)).await.unwrap();
    let numbers = replica.dump();
    assert!(numbers.contains("|A2|") && !numbers.contains("|A3|"), "a refusal uses no number up");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_that_were_apart_converge_and_a_rebuild_is_equal() {
    let founder = Identity::found(1);
    let other = second(&founder);
    let (a, b) = (open(founder), open(other));
    a.set_up().await;
    add_person(&a, Actor::the_box(Id::NIL), id(3), ann(Some("4829"))).await.unwrap();
    a.submit(id(10), order(10, check(10), true)).await.unwrap();
    let location = a.identity.certificate.location;
    let plan = safety::presets().remove(0).plan.to_json();
    a.submit(id(15), Command::Safety(safety::Command::ChangePlan { location, plan })).await.unwrap();
    a.ship_to(&b, 0).await;
    b.ship_to(&a, 0).await;
    // Apart: both add to one check, both bump, both change the price; one has the same command as the other.
    for (replica, n, price) in [(&a, 20, 900), (&b, 30, 1_100)] {
        replica.submit(id(n), order(n, check(10), false)).await.unwrap();
        replica.submit(id(40), order(40, check(40), true)).await.unwrap();
        let send = kitchen::Command::Send { check: check(10), order: id(10) };
        replica.submit(id(n + 1), Command::Kitchen(send)).await.unwrap();
        let ready = kitchen::TicketStatus::Ready;
        let done = kitchen::Command::Advance { check: check(10), which: kitchen::Which::Order(id(10)), to: ready };
        replica.submit(id(n + 2), Command::Kitchen(done)).await.unwrap();
        replica.price(n + 3, price).await;
        let paper = id(10).derive("ticket:grill", 0);
        let copy = papers::Command::Copy { check: check(10), kind: PaperKind::Ticket, paper, reason: "jam".into() };
        replica.submit(id(n + 5), Command::Papers(copy)).await.unwrap();
        let elements = format!(r#"[{{"kind":"text","text":"{price}"}}]"#);
        let layout = papers::Command::ChangeLayout { location, layout: LayoutId::PrepLabel, elements };
        replica.submit(id(n + 6), Command::Papers(layout)).await.unwrap();
        replica.deviate(n).await;
        let reading = Reading { last: Some(MilliCelsius(4_000)), samples: Some(1), ..Reading::default() };
        let probes = vec![haccp::ProbeMinute { probe: id(FRIDGE), calibration: None, reading }];
        let minute = haccp::Readings { minute: 29_833_333, probes, ..haccp::Readings::default() };
        let minute = haccp::Command::RecordMinute(minute);
        replica.submit(id(n + 4), Command::Haccp(minute)).await.unwrap();
    }
    a.ship_to(&b, 3).await;
    b.ship_to(&a, 1).await;
    let (rows_a, rows_b) = (a.dump(), b.dump());
    assert_eq!(rows_a, rows_b);
    let item = a.store.read(|conn| log::fields(conn, id(BURGER))).unwrap().unwrap();
    let item = menu::Item::from_fields(&item.1);
    assert_eq!((item.price, item.conflicts.len()), (Money(1_100), 1));
    // Of two layouts the later is in force, on both.
    for replica in [&a, &b] {
        let in_force = |conn: &rusqlite::Connection| {
            let stationery = trivet_modules::papers::Stationery::in_force(conn, LayoutId::PrepLabel)?;
            Ok(stationery.layout.to_json().contains("1100"))
        };
        assert!(replica.store.read(in_force).unwrap());
    }
    // Of two approvals under one number the later in the record is in force on both; of two answers to a check the first.
    for replica in [&a, &b] {
        let shown = replica.store.read(|conn| trivet_modules::safety::view::plan(conn, location, i64::MAX)).unwrap();
        assert_eq!(shown.approvals.iter().map(|one| (one.version, one.conflict)).collect::<Vec<_>>(), [(1, true); 2]);
        let records = trivet_modules::safety::view::RecordFilter { open_only: true, span: (i64::MIN, i64::MAX) };
        let records = replica.store.read(|conn| trivet_modules::safety::view::records(conn, records, 0)).unwrap();
        assert_eq!(
            records.iter().map(|record| record.actions.len()).collect::<Vec<_>>(),
            [2],
            "one record, two actions"
        );
    }
    // The command that both ran is one order, and both its numbers find it.
    let twin = a.store.read(|conn| trivet_modules::checks::view::order(conn, id(40))).unwrap().unwrap();
    let by_other = trivet_modules::checks::view::Filter { search: Some("B2".into()), limit: 9, ..Default::default() };
    let found = a.store.read(|conn| trivet_modules::checks::view::list(conn, &by_other)).unwrap();
    assert_eq!(found.iter().map(|order| order.id).collect::<Vec<_>>(), [twin.id]);
    // Ann can log in at the other box, by PIN too: her key travelled beside the log.
    let select = "SELECT login, pin LIKE '$argon2id$%' FROM access_person";
    let person = b.store.read(|conn| conn.query_row(select, [], |row| Ok((row.get(0)?, row.get(1)?)))).unwrap();
    assert_eq!(person, ("ann".to_owned(), true));
    let mut conn = trivet_replica::store::connect(&b.store.path, false).unwrap();
    rebuild::rebuild_all(&mut conn, &b.identity, &b.modules).unwrap();
    assert_eq!(b.dump(), rows_b);
}

fn ann(pin: Option<&str>) -> NewPerson {
    let (password, pin) = ("secret".into(), pin.map(str::to_owned));
    NewPerson { name: "Ann".into(), login: "ann".into(), role: Role::Waiter, password, pin }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pin_changes_neither_people_nor_settings_and_is_not_guessed_at_once() {
    let replica = open(Identity::found(1));
    replica.set_up().await;
    let easy = add_person(&replica, Actor::the_box(Id::NIL), id(3), ann(Some("1234"))).await;
    assert!(matches!(easy, Err(Rejection::Refused(_))), "{easy:?}");
    add_person(&replica, Actor::the_box(Id::NIL), id(3), ann(None)).await.unwrap();
    let location = replica.identity.certificate.location;
    let change = settings::Change { location_name: Some("Mine".into()), ..settings::Change::default() };
    for (n, command) in [
        (50, Command::Access(access::Command::Disable { person: id(3) })),
        (51, Command::Settings(settings::Command::Change { location, change })),
    ] {
        for (proof, may) in [(Proof::Pin, false), (Proof::Password, true)] {
            let rights = Some(Rights { role: Role::Owner, proof });
            let actor = Actor { person: id(77), device: Id::NIL, rights };
            let outcome = replica.app.submit(actor, id(n), command.clone()).await;
            assert_eq!(outcome.is_ok(), may, "{proof:?} {command:?}: {outcome:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_was_touched_is_refused_whole() {
    let founder = Identity::found(1);
    let other = second(&founder);
    let (a, b) = (open(founder), open(other));
    a.set_up().await;
    a.submit(id(10), order(10, check(10), true)).await.unwrap();
    a.price(11, 900).await;
    let certificates = a.store.read(log::certificates).unwrap();
    b.store.write(move |writing| writing.introduce(&certificates, &[])).await.unwrap().unwrap();
    for batch in a.batches_for(&b) {
        let mut touched: Vec<Batch> = vec![batch.clone(); 5];
        let last = touched[0].entries[0].len() - 1;
        touched[0].entries[0][last] ^= 1;
        touched[1].entries.pop();
        touched[2].checkpoint.seq += 1;
        touched[3].checkpoint.signature[0] ^= 1;
        touched[4].stream.origin.0[0] ^= 1;
        for wrong in touched {
            let outcome = b.store.write(move |writing| writing.merge(&wrong)).await.unwrap();
            assert!(outcome.is_err(), "{outcome:?}");
        }
    }
    assert!(b.heads().iter().all(|head| head.stream.origin != a.identity.origin()));
}

fn breach(n: u8) -> alerts::Raised {
    alerts::raise_for_breach(&BreachAlert {
        breach: id(n),
        probe: id(FRIDGE),
        name: "Fridge",
        too_warm: true,
        value: MilliCelsius(7_100),
        limit: MilliCelsius(5_000),
        severity: Severity::Critical,
        at_ms: 1_790_000_000_000,
        late_ms: None,
        needs_action: true,
    })
}

fn view<T>(replica: &Replica, query: impl FnOnce(&trivet_replica::View<'_>) -> rusqlite::Result<T>) -> T {
    let (more, now_ms) = (replica.more.clone(), replica.wall.now_ms());
    replica.store.read(|conn| query(&trivet_replica::View { conn, more: &more, now_ms, caller: None })).unwrap()
}

fn person(n: u8, role: Role) -> Actor {
    Actor { person: id(n), device: Id::NIL, rights: Some(Rights { role, proof: Proof::Pin }) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_that_was_acknowledged_on_both_boxes_is_one_with_both_names() {
    let founder = Identity::found(1);
    let other = second(&founder);
    let (a, b) = (open(founder), open(other));
    a.set_up().await;
    a.ship_to(&b, 0).await;
    b.ship_to(&a, 0).await;
    // Apart: both see the breach, and somebody at each says so. Only one box hears that it is over.
    let mut raised = Vec::new();
    for (replica, n, comment) in [(&a, 20, "looking"), (&b, 30, "door was open")] {
        let alert = trivet_modules::alerts::raise(replica, Actor::the_box(Id::NIL), breach(9)).await.unwrap();
        let seen = alerts::Command::Acknowledge { alert, comment: Some(comment.into()) };
        replica.app.submit(person(n, Role::Cook), id(n), Command::Alerts(seen)).await.unwrap();
        raised.push(alert);
    }
    assert_eq!(raised[0], raised[1], "two boxes that see one breach raise one alert");
    let alert = raised[0];
    b.submit(id(31), Command::Alerts(alerts::Command::Return { alert, at_ms: 1_790_000_600_000 })).await.unwrap();
    let shelve = alerts::Command::Shelve { alert, until_ms: a.wall.now_ms() + 60_000, why: "being moved".into() };
    let refused = a.app.submit(person(20, Role::Cook), id(21), Command::Alerts(shelve.clone())).await;
    assert!(matches!(refused, Err(Rejection::Refused(_))), "a cook does not shelve: {refused:?}");
    a.app.submit(person(22, Role::Manager), id(22), Command::Alerts(shelve)).await.unwrap();
    a.submit(id(23), Command::Alerts(alerts::Command::Escalate { alert, level: 2 })).await.unwrap();
    b.submit(id(33), Command::Alerts(alerts::Command::Escalate { alert, level: 2 })).await.unwrap();
    let change = alerts::RoutingChange { escalate_after_minutes: [Some(5), None], ..Default::default() };
    let location = a.identity.certificate.location;
    a.submit(id(24), Command::Alerts(alerts::Command::Route { location, change })).await.unwrap();
    a.ship_to(&b, 2).await;
    b.ship_to(&a, 1).await;
    let rows = b.dump();
    assert_eq!(a.dump(), rows);
    for replica in [&a, &b] {
        let shown = view(replica, |view| trivet_modules::alerts::view::alert(view, alert)).unwrap();
        let mut said: Vec<_> = shown.acknowledgements.iter().filter_map(|word| word.comment.clone()).collect();
        said.sort();
        assert_eq!(said, ["door was open", "looking"]);
        assert_eq!((shown.state.as_str(), shown.times, shown.level), ("shelved", 1, 2), "{shown:?}");
    }
    let mut conn = trivet_replica::store::connect(&b.store.path, false).unwrap();
    rebuild::rebuild_all(&mut conn, &b.identity, &b.modules).unwrap();
    assert_eq!(b.dump(), rows);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_condition_has_one_open_alert_and_who_sees_it_is_routed() {
    use trivet_modules::alerts::{open_of_key, raise, return_of_key, view as alerts_view};
    let replica = open(Identity::found(1));
    replica.set_up().await;
    let the_box = Actor::the_box(Id::NIL);
    let offline = |outage: u8| alerts::raise_for_sensor(id(outage), id(FRIDGE), "Fridge", "offline", 1_790_000_000_000);
    let first = raise(&replica, the_box, offline(10)).await.unwrap();
    return_of_key(&replica, the_box, &offline(10).key, 1_790_000_001_000, id(110)).await.unwrap();
    // Lost again, before anybody had seen it: the same alert, for the second time.
    assert_eq!(raise(&replica, the_box, offline(11)).await.unwrap(), first);
    assert_eq!(raise(&replica, the_box, offline(11)).await.unwrap(), first, "told twice is told once");
    let times = view(&replica, |view| alerts_view::alert(view, first)).unwrap().times;
    assert_eq!(times, 2);
    let comment = Some("probe replaced".into());
    let close = alerts::Command::Close { alert: first, comment, action: None, cause: None };
    replica.submit(id(111), Command::Alerts(close)).await.unwrap();
    let second = raise(&replica, the_box, offline(12)).await.unwrap();
    assert_ne!(second, first);
    assert_eq!(replica.store.read(|conn| open_of_key(conn, &offline(0).key)).unwrap(), Some(second));

    // One of each category; who sees which is the house's to say.
    let lockout = alerts::raise_for_lockout(id(40), alerts::Lock::Pair, id(3), "10.0.0.7", 1_790_000_000_000);
    let at = 1_790_000_000_000;
    for raised in [
        breach(41),
        alerts::raise_for_compliance(id(42), id(FRIDGE), "Fridge", "check_missed", Severity::High, at),
        lockout,
        alerts::raise_for_device(id(43), id(44), "printer", "hot", at),
        alerts::raise_battery(id(45), id(FRIDGE), "Fridge", 9, at).unwrap(),
        alerts::raise_for_calibration(id(FRIDGE), "Fridge", at, at),
    ] {
        raise(&replica, the_box, raised).await.unwrap();
    }
    let seen = |role: Role| -> Vec<String> {
        let mut seen: Vec<String> =
            view(&replica, |view| alerts_view::open(view, role)).into_iter().map(|a| a.category).collect();
        seen.sort();
        seen.dedup();
        seen
    };
    let all = ["compliance_violation", "maintenance", "security", "sensor_offline", "temperature_violation"];
    assert_eq!(seen(Role::Owner), all);
    assert_eq!(seen(Role::Waiter), ["compliance_violation", "temperature_violation"]);
    let change = alerts::RoutingChange {
        sees: vec![(alerts::Category::Security, Role::Waiter, true)],
        ..alerts::RoutingChange::default()
    };
    let location = replica.identity.certificate.location;
    replica.submit(id(60), Command::Alerts(alerts::Command::Route { location, change })).await.unwrap();
    assert_eq!(seen(Role::Waiter), ["compliance_violation", "security", "temperature_violation"]);

    // What is out of service calls nobody, and is still shown.
    let equipment = alerts::EquipmentChange {
        name: Some("Walk-in".into()),
        probe: Some(Some(id(FRIDGE))),
        out_of_service: Some(Some("being repaired".into())),
        ..alerts::EquipmentChange::default()
    };
    let change = alerts::Command::ChangeEquipment { equipment: id(61), change: equipment };
    replica.submit(id(61), Command::Alerts(change)).await.unwrap();
    let standing = replica.store.read(trivet_modules::alerts::standing).unwrap();
    let of_fridge = standing.iter().filter(|one| one.alert.raised.as_ref().is_some_and(|r| r.about == id(FRIDGE)));
    assert!(of_fridge.clone().count() >= 4 && of_fridge.clone().all(|one| one.out_of_service));
    let shown = view(&replica, |view| alerts_view::alert(view, second)).unwrap();
    assert_eq!((shown.state.as_str(), shown.out_of_service.as_deref()), ("out_of_service", Some("being repaired")));
}
