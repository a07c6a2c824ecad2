//! Papers over HTTP: layouts and the logo are edited, receipts come in three forms, a receipt is queued once, copies
//! and drawers are audited.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;
use trivet_domain::checks::{self, OrderType, PlaceOrder, WantedLine};
use trivet_domain::money::TaxRate;
use trivet_domain::papers::{self, PaperKind, receipt_id};
use trivet_domain::{Command, Money, Proof, Quantity, Rights, Role, kitchen, menu, settings};
use trivet_log::Id;
use trivet_modules::access::{NewPerson, add_person};
use trivet_replica::store::rebuild;
use trivet_replica::{Actor, App, Config, Identity, Wall};

struct Replica {
    app: App,
    router: Router,
    data: TempDir,
}

struct Answer {
    status: StatusCode,
    kind: String,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

fn id(n: u8) -> Id {
    Id::at(1_790_000_000_000 + u64::from(n), [n; 10])
}

const BURGER: u8 = 1;
const ANN: u8 = 2;
const ORDER: u8 = 10;

async fn open() -> Replica {
    let data = tempfile::tempdir().unwrap();
    let app = App::open(Config {
        data: data.path().to_owned(),
        identity: Identity::found(1),
        modules: trivet_modules::all(),
        wall: Wall::default(),
        version: "test",
        more: axum::http::Extensions::new(),
    })
    .unwrap();
    let router = trivet_modules::api::router(app.clone(), Router::new());
    let opened = Replica { app, router, data };
    let change = settings::Change {
        location_name: Some("Trivet".into()),
        currency: Some("EUR".into()),
        currency_digits: Some(2),
        language: Some("fi".into()),
        time_zone: Some("Europe/Helsinki".into()),
        prices_include_tax: Some(true),
        phone: Some("+358 9 123".into()),
        tax_rates: vec![("food".into(), TaxRate(135_000))],
        stations: vec![("grill".into(), "Grill".into())],
        ..settings::Change::default()
    };
    let location = opened.app.identity.certificate.location;
    opened.submit(100, Command::Settings(settings::Command::Change { location, change })).await;
    let change = menu::Change {
        name: Some("Burger".into()),
        category: Some("Mains".into()),
        price: Some(Money(1_690)),
        tax_class: Some("food".into()),
        station: Some("grill".into()),
        ..menu::Change::default()
    };
    opened.submit(BURGER, Command::Menu(menu::Command::Create { item: id(BURGER), change })).await;
    let ann =
        NewPerson { name: "Ann".into(), login: "ann".into(), role: Role::Waiter, password: "secret".into(), pin: None };
    add_person(&opened.app, Actor::the_box(Id::NIL), id(ANN), ann).await.unwrap();
    opened
}

fn check() -> Id {
    id(ORDER).derive("check", 0)
}

impl Replica {
    async fn submit(&self, key: u8, command: Command) {
        self.app.submit(Actor::the_box(Id::NIL), id(key), command).await.unwrap();
    }

    async fn order(&self, n: u8, pieces: u32) {
        let line = WantedLine {
            item: id(BURGER),
            quantity: Quantity::pieces(pieces),
            modifiers: vec![],
            note: None,
            expected_unit_price: None,
        };
        let place = PlaceOrder {
            check: check(),
            opens_check: n == ORDER,
            order: id(n),
            order_type: OrderType::DineIn,
            table: Some("7".into()),
            customer: None,
            note: None,
            lines: vec![line],
            expected_total: None,
        };
        let ann = Actor {
            person: id(ANN),
            device: Id::NIL,
            rights: Some(Rights { role: Role::Waiter, proof: Proof::Password }),
        };
        self.app.submit(ann, id(n), Command::Checks(checks::Command::PlaceOrder(place))).await.unwrap();
    }

    async fn cancel(&self, n: u8, key: u8) {
        let to = checks::Status::Cancelled;
        self.submit(key, Command::Checks(checks::Command::MoveOrder { check: check(), order: id(n), to })).await;
    }

    async fn ask(&self, role: Role, method: Method, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        let person = if role == Role::Waiter { id(ANN) } else { id(3) };
        let token = self.app.auth.token(person, role, self.app.wall.now_ms());
        let mut request = Request::builder().method(method).uri(format!("/api/v1/{path}"));
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let kind = response.headers().get(header::CONTENT_TYPE).map(|kind| kind.to_str().unwrap().to_owned());
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 4 << 20).await.unwrap().to_vec();
        Answer { status, kind: kind.unwrap_or_default(), body }
    }

    async fn get(&self, path: &str, accept: &str) -> Answer {
        self.ask(Role::Manager, Method::GET, path, &[("accept", accept)], Vec::new()).await
    }

    async fn send(&self, role: Role, method: Method, path: &str, key: u8, body: &Value) -> Answer {
        let key = id(key).to_string();
        self.ask(role, method, path, &[("idempotency-key", &key)], body.to_string().into_bytes()).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_comes_in_three_forms() {
    let opened = open().await;
    opened.order(ORDER, 2).await;
    opened.order(11, 1).await;
    opened.order(12, 5).await;
    opened.cancel(12, 112).await;
    let path = format!("pos/orders/{}/receipt", id(11));
    let json = opened.get(&path, "application/json").await;
    let view = json.json();
    assert_eq!((json.status, json.kind.as_str()), (StatusCode::OK, "application/json"));
    assert_eq!((&view["totalAmount"], &view["taxIncludedAmount"]), (&json!(5_070), &json!(603)));
    assert_eq!((&view["orderNumbers"], &view["servedByName"]), (&json!(["A1", "A2"]), &json!("Ann")));
    assert_eq!(view["id"], json!(receipt_id(check()).0));
    let text = opened.get(&path, "text/plain").await;
    let words = String::from_utf8(text.body).unwrap();
    assert!(text.kind.starts_with("text/plain"), "{}", text.kind);
    for part in
        ["Trivet", "Puh. +358 9 123", "Kuitti A1, A2", "2 x Burger", "33,80", "Yhteensä", "50,70 €", "palveli Ann"]
    {
        assert!(words.contains(part), "{part} is missing:\n{words}");
    }
    assert!(words.lines().all(|line| line.chars().count() <= 42), "{words}");
    let pdf = opened.get(&path, "application/pdf").await;
    assert_eq!((pdf.status, pdf.kind.as_str()), (StatusCode::OK, "application/pdf"));
    assert!(pdf.body.starts_with(b"%PDF-") && pdf.body.len() < 100_000, "{} bytes", pdf.body.len());
    assert_eq!(opened.get(&path, "").await.kind, "application/json");
    assert_eq!(opened.get(&path, "text/html").await.status, StatusCode::NOT_ACCEPTABLE);
    let nobody = format!("pos/orders/{}/receipt", id(99));
    assert_eq!(opened.get(&nobody, "*/*").await.status, StatusCode::NOT_FOUND);
    opened.cancel(ORDER, 113).await;
    opened.cancel(11, 114).await;
    assert_eq!(opened.get(&path, "*/*").await.status, StatusCode::CONFLICT);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_layout_is_edited_and_goes_back() {
    let opened = open().await;
    opened.order(ORDER, 1).await;
    let layouts = opened.get("printing/layouts", "").await.json();
    let names: Vec<&str> = layouts["layouts"].as_array().unwrap().iter().map(|l| l["id"].as_str().unwrap()).collect();
    assert_eq!(names, ["kitchen_ticket", "void_slip", "receipt", "prep_label", "haccp_label"]);
    let receipt = layouts["layouts"][2].clone();
    assert_eq!(receipt["isDefault"], true);
    let fields = receipt["fields"].as_array().unwrap();
    assert!(fields.iter().any(|field| field["name"] == "words.total" && field["example"] == "Yhteensä"));
    let mut elements = receipt["elements"].clone();
    elements.as_array_mut().unwrap().insert(0, json!({"kind": "text", "text": "Tervetuloa {{{table}}}"}));
    let body = json!({ "elements": elements });
    let put = |role, key| opened.send(role, Method::PUT, "printing/layouts/receipt", key, &body);
    assert_eq!(put(Role::Waiter, 20).await.status, StatusCode::FORBIDDEN);
    let changed = put(Role::Manager, 20).await;
    assert_eq!((changed.status, changed.json()["isDefault"].clone()), (StatusCode::OK, json!(false)));
    let path = format!("pos/orders/{}/receipt", id(ORDER));
    let words = String::from_utf8(opened.get(&path, "text/plain").await.body).unwrap();
    assert!(words.starts_with("Tervetuloa {7}\n"), "{words}");
    let wrong =
        json!({"elements": [{"kind": "lines", "prices": true}, {"kind": "totals"}, {"kind": "text", "text": "{x}"}]});
    let refused = opened.send(Role::Manager, Method::PUT, "printing/layouts/receipt", 21, &wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.json()["errors"][0]["field"], "elements[2].text");
    let nobody = opened.send(Role::Manager, Method::PUT, "printing/layouts/menu", 22, &body).await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
    let back = opened.send(Role::Manager, Method::DELETE, "printing/layouts/receipt", 23, &json!(null)).await;
    assert_eq!(
        (back.json()["isDefault"].clone(), back.json()["elements"].clone()),
        (json!(true), receipt["elements"].clone())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_logo_is_set_seen_and_taken_away() {
    let opened = open().await;
    opened.order(ORDER, 1).await;
    let mut png = Vec::new();
    let mut encoder = png::Encoder::new(&mut png, 800, 200);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&vec![90; 800 * 200]).unwrap();
    writer.finish().unwrap();
    let put = |role, kind: &'static str, body: Vec<u8>| {
        let opened = &opened;
        async move { opened.ask(role, Method::PUT, "printing/logo", &[("content-type", kind)], body).await }
    };
    assert_eq!(opened.get("printing/logo", "").await.status, StatusCode::NOT_FOUND);
    assert_eq!(put(Role::Cook, "image/png", png.clone()).await.status, StatusCode::FORBIDDEN);
    assert_eq!(put(Role::Owner, "image/jpeg", png.clone()).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(put(Role::Owner, "image/png", b"GIF89a".to_vec()).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(put(Role::Owner, "image/png", vec![0; 300_000]).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let set = put(Role::Owner, "image/png", png).await;
    assert_eq!((set.status, set.json()), (StatusCode::OK, json!({"width": 384, "height": 96})));
    let seen = opened.get("printing/logo", "").await;
    assert_eq!((seen.kind.as_str(), seen.body.get(1..4)), ("image/png", Some(b"PNG".as_slice())));
    let pdf = opened.get(&format!("pos/orders/{}/receipt", id(ORDER)), "application/pdf").await;
    assert!(String::from_utf8_lossy(&pdf.body).contains("/Width 384"));
    let gone = opened.send(Role::Owner, Method::DELETE, "printing/logo", 31, &json!(null)).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(opened.get("printing/logo", "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_is_queued_once_for_a_key() {
    let opened = open().await;
    opened.order(ORDER, 1).await;
    let path = format!("pos/orders/{}/receipt/email", id(ORDER));
    let ask = |role, key, email: &str| {
        let body = json!({ "email": email });
        let (opened, path) = (&opened, path.as_str());
        async move { opened.send(role, Method::POST, path, key, &body).await }
    };
    let first = ask(Role::Waiter, 40, "guest@example.com").await;
    let again = ask(Role::Waiter, 40, "guest@example.com").await;
    assert_eq!((first.status, again.status, first.json()), (StatusCode::ACCEPTED, StatusCode::ACCEPTED, again.json()));
    assert_eq!(ask(Role::Waiter, 40, "other@example.com").await.status, StatusCode::CONFLICT);
    assert_eq!(ask(Role::Waiter, 41, "nobody").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(ask(Role::Cook, 42, "guest@example.com").await.status, StatusCode::FORBIDDEN);
    ask(Role::Waiter, 43, "guest@example.com").await;
    let outbox = opened.get("printing/outbox?limit=1", "").await.json();
    assert_eq!((&outbox["receipts"][0]["state"], outbox["receipts"].as_array().unwrap().len()), (&json!("queued"), 1));
    let after = outbox["next"].as_str().unwrap();
    let rest = opened.get(&format!("printing/outbox?after={after}"), "").await.json();
    assert_eq!(rest["receipts"].as_array().unwrap().len(), 1);
    let waiter = opened.ask(Role::Waiter, Method::GET, "printing/outbox", &[], Vec::new()).await;
    assert_eq!(waiter.status, StatusCode::FORBIDDEN);
    // An address is personal: the log has not seen it.
    let log: i64 = opened
        .app
        .store
        .read(|conn| conn.query_row("SELECT count(*) FROM log WHERE instr(entry, 'guest@')", [], |row| row.get(0)))
        .unwrap();
    assert_eq!(log, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copies_and_drawers_are_audited_and_a_rebuild_is_equal() {
    let opened = open().await;
    opened.order(ORDER, 1).await;
    opened.submit(50, Command::Kitchen(kitchen::Command::Send { check: check(), order: id(ORDER) })).await;
    let ann =
        Actor { person: id(ANN), device: id(5), rights: Some(Rights { role: Role::Waiter, proof: Proof::Password }) };
    let ticket = id(ORDER).derive("ticket:grill", 0);
    let copy = papers::Command::Copy { check: check(), kind: PaperKind::Ticket, paper: ticket, reason: "jam".into() };
    for _ in 0..2 {
        opened.app.submit(ann, id(51), Command::Papers(copy.clone())).await.unwrap();
    }
    let drawer = papers::Command::OpenDrawer {
        opening: id(52),
        drawer: "till".into(),
        reason: "change".into(),
        check: Some(check()),
    };
    opened.app.submit(ann, id(52), Command::Papers(drawer)).await.unwrap();
    let audit = opened.get("printing/audit", "").await.json();
    let rows: Vec<(&str, &str, &str)> = audit["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let text = |field: &str| row[field].as_str().unwrap();
            (text("action"), text("reason"), text("personName"))
        })
        .collect();
    assert_eq!(rows, [("drawer_opened", "change", "Ann"), ("ticket_copied", "jam", "Ann")]);
    // The check goes on: its next order and its tickets are still its own.
    opened.order(11, 1).await;
    opened.submit(53, Command::Kitchen(kitchen::Command::Send { check: check(), order: id(11) })).await;
    let dump = || opened.app.store.read(|conn| rebuild::dump(conn, &opened.app.modules)).unwrap();
    let rows = dump();
    let mut conn = trivet_replica::store::connect(&opened.data.path().join("trivet.db"), false).unwrap();
    rebuild::rebuild_all(&mut conn, &opened.app.identity, &opened.app.modules).unwrap();
    assert_eq!(dump(), rows);
}
