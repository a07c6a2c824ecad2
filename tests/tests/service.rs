//! An order's way through the house, at the public surface: HTTP, the live feed, paper.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use trivet_restaurant::{Guest, Live, Plan, Restaurant, new_key, until};

const SOON: Duration = Duration::from_secs(10);

fn open() -> Restaurant {
    Restaurant::open(&Plan { relay: false, ..Plan::default() }).unwrap()
}

fn item(guest: &Guest, name: &str) -> Value {
    let menu = guest.get("/api/v1/pos/menu").unwrap().expect_status(200).unwrap();
    menu["items"].as_array().unwrap().iter().find(|item| item["name"] == name).unwrap().clone()
}

fn order(guest: &Guest, names: &[&str]) -> Value {
    let lines: Vec<Value> =
        names.iter().map(|name| json!({"menuItemId": item(guest, name)["id"], "quantity": 1})).collect();
    json!({"orderType": "dine_in", "tableNumber": "7", "items": lines})
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[test]
fn an_order_reaches_the_kitchen_s_screen_and_its_paper_and_goes_out() {
    let restaurant = open();
    let (waiter, cook) = (restaurant.log_in("waiter").unwrap(), restaurant.log_in("cook").unwrap());
    let mut kitchen = cook.listen(&["kitchen"], None).unwrap();
    kitchen.wait_for("kitchen:status", SOON, |data| data["orders"] == json!([])).unwrap();
    let burger = item(&waiter, "Burger");
    let body = json!({"orderType": "dine_in", "tableNumber": "7", "items": [
        {"menuItemId": burger["id"], "quantity": 2, "modifications": [burger["modifiers"][0]["id"]],
         "specialInstructions": "NUT ALLERGY"},
        {"menuItemId": item(&waiter, "Coffee")["id"], "quantity": 1}]});
    let key = new_key();
    let placed = waiter.post_as("/api/v1/pos/orders", &key, &body).unwrap().expect_status(201).unwrap();
    assert_eq!(
        (text(&placed["id"]), text(&placed["status"]), &placed["totalAmount"]),
        (key.as_str(), "new", &json!(4_030))
    );
    // A double tap is one order.
    let again = waiter.post_as("/api/v1/pos/orders", &key, &body).unwrap().expect_status(201).unwrap();
    assert_eq!(placed, again);

    let send = format!("/api/v1/pos/orders/{key}/send-to-kitchen");
    let sent = waiter.post(&send, &json!({})).unwrap().expect_status(200).unwrap();
    assert_eq!((text(&sent["order"]["status"]), sent["tickets"].as_array().unwrap().len()), ("confirmed", 2));
    let shown = kitchen.wait_for("kitchen:order:updated", SOON, |ticket| ticket["assignedStation"] == "grill").unwrap();
    assert_eq!(shown["data"]["items"][0]["specialInstructions"], "NUT ALLERGY");
    let repeat = waiter.post(&send, &json!({})).unwrap().expect_status(200).unwrap();
    let ids = |sent: &Value| -> Vec<String> {
        sent["tickets"].as_array().unwrap().iter().map(|ticket| text(&ticket["id"]).to_owned()).collect()
    };
    assert_eq!(ids(&sent), ids(&repeat));
    let papers = until(SOON, || Ok(Some(restaurant.papers("hot")?).filter(|papers| !papers.is_empty()))).unwrap();
    assert_eq!(papers.len(), 1);
    for words in ["GRILL", "A1", "T 7", "2 x Burger", "Extra cheese", "NUT ALLERGY"] {
        assert!(papers[0].contains(words), "{words} is missing:\n{}", papers[0]);
    }
    kitchen.wait_for("kitchen:order:updated", SOON, |ticket| ticket["paper"] == "printed").unwrap();

    let grill = text(&shown["data"]["id"]).to_owned();
    cook.post(&format!("/api/v1/kitchen/orders/{grill}/start"), &json!({})).unwrap().expect_status(200).unwrap();
    let load = || {
        let list = cook.get("/api/v1/kitchen/orders").unwrap().expect_status(200).unwrap();
        list["stations"].as_array().unwrap().iter().find(|station| station["id"] == "grill").unwrap()["currentLoad"]
            .clone()
    };
    assert_eq!(load(), 1, "what is being worked on is the station's load");
    let bump = |id: &str| cook.post(&format!("/api/v1/kitchen/orders/{id}/complete"), &json!({})).unwrap();
    assert_eq!(bump(&grill).expect_status(200).unwrap()["status"], "ready");
    assert_eq!(load(), 0);
    let status = |guest: &Guest| guest.get(&format!("/api/v1/pos/orders/{key}")).unwrap().body["status"].clone();
    assert_eq!(status(&waiter), "preparing");
    bump(&key).expect_status(200).unwrap();
    assert_eq!(status(&waiter), "ready");
    cook.post(&format!("/api/v1/kitchen/orders/{grill}/recall"), &json!({})).unwrap().expect_status(200).unwrap();
    let recalled = waiter.get(&format!("/api/v1/pos/orders/{key}")).unwrap().body;
    assert_eq!((text(&recalled["status"]), &recalled["recalled"]), ("ready", &json!(true)));
    bump(&grill).expect_status(200).unwrap();
    let served = waiter.put(&format!("/api/v1/pos/orders/{key}/status"), &json!({"status": "completed"})).unwrap();
    assert_eq!(served.expect_status(200).unwrap()["status"], "completed");
    kitchen.wait_for("kitchen:order:updated", SOON, |ticket| ticket["status"] == "served").unwrap();
    let open = cook.get("/api/v1/kitchen/orders").unwrap().expect_status(200).unwrap();
    assert_eq!(open["orders"], json!([]));
    assert!(restaurant.close(), "everything ends by itself on SIGTERM");
}

#[test]
fn bad_input_is_named_and_changes_nothing() {
    let restaurant = open();
    let waiter = restaurant.log_in("waiter").unwrap();
    let good = order(&waiter, &["Burger"]);
    let with = |path: &str, value: Value| {
        let mut body = good.clone();
        *body.pointer_mut(path).unwrap() = value;
        body.to_string().into_bytes()
    };
    let mut ten_megabytes = good.to_string().into_bytes();
    ten_megabytes.resize(10 * 1024 * 1024, b' ');
    let mut deep = "[".repeat(10_000).into_bytes();
    deep.extend("]".repeat(10_000).into_bytes());
    let cases: Vec<(&str, Vec<u8>, u16, Option<&str>)> = vec![
        ("malformed JSON", b"{\"orderType\": ".to_vec(), 400, None),
        ("nothing", Vec::new(), 400, None),
        ("no JSON", b"\xff\xfe".to_vec(), 400, None),
        ("an unknown item", with("/items/0/menuItemId", json!(new_key())), 422, Some("items[0].menuItemId")),
        ("no id", with("/items/0/menuItemId", json!("burger")), 422, Some("items[0].menuItemId")),
        ("a negative quantity", with("/items/0/quantity", json!(-1)), 422, Some("items[0].quantity")),
        ("half a burger", with("/items/0/quantity", json!(0.5)), 422, Some("items[0].quantity")),
        ("a vast quantity", with("/items/0/quantity", json!(i64::MAX)), 422, Some("items[0].quantity")),
        ("no lines", with("/items", json!([])), 422, Some("items")),
        ("an order type of their own", with("/orderType", json!("drive_in")), 422, Some("orderType")),
        (
            "a field that is not known",
            with("/tableNumber", json!("7")).iter().map(|b| if *b == b'T' { b't' } else { *b }).collect(),
            422,
            None,
        ),
        ("a nest without a bottom", deep, 400, None),
        ("10 MB", ten_megabytes, 413, None),
    ];
    for (name, body, status, field) in cases {
        let answer = waiter.post_bytes("/api/v1/pos/orders", &new_key(), &body).unwrap();
        assert_eq!(answer.status, status, "{name}: {}", answer.body);
        if let Some(field) = field {
            assert_eq!(answer.body["errors"][0]["field"], field, "{name}: {}", answer.body);
        }
        assert!(!text(&answer.body["detail"]).is_empty(), "{name}: {}", answer.body);
    }
    let mut priced = good.clone();
    priced["totalAmount"] = json!(1);
    assert_eq!(waiter.post("/api/v1/pos/orders", &priced).unwrap().status, 409);
    for (path, status) in [
        ("/api/v1/pos/orders/nonsense", 400),
        (&*format!("/api/v1/pos/orders/{}", new_key()), 404),
        ("/api/v1/nothing", 404),
    ] {
        assert_eq!(waiter.get(path).unwrap().status, status, "{path}");
    }
    let none = waiter.get("/api/v1/pos/orders").unwrap().expect_status(200).unwrap();
    assert_eq!(none["orders"], json!([]));
    assert_eq!(waiter.post("/api/v1/pos/orders", &good).unwrap().status, 201, "the daemon is up");
}

/// Every route of the golden description, without a token and with each role: none is forgotten.
#[test]
fn every_route_asks_who_is_calling() {
    let restaurant = open();
    let stranger = Guest::stranger(&restaurant.ready.edge_url);
    let document: Value = serde_json::from_str(include_str!("../../docs/api/box.json")).unwrap();
    let roles = ["owner", "manager", "waiter", "cook", "auditor"];
    let guests: Vec<Guest> = roles.iter().map(|role| restaurant.log_in(role).unwrap()).collect();
    // Who may read what: the same list as in the modules' tables, written a second time on purpose.
    let everybody = vec!["owner", "manager", "waiter", "cook", "auditor"];
    let readers = |path: &str| match path {
        "/api/v1/box/status" | "/api/v1/printing/audit" | "/api/v1/printing/found" | "/api/v1/haccp/discovered" => {
            vec!["owner", "manager", "auditor"]
        }
        "/api/v1/printing/outbox" => vec!["owner", "manager"],
        _ => everybody.clone(),
    };
    let mut routes = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let real = path.replace("{id}", &new_key());
        for method in methods.as_object().unwrap().keys() {
            routes += 1;
            if path == "/api/v1/auth/login" {
                continue;
            }
            let answer = match method.as_str() {
                "get" => stranger.get(&real),
                "put" => stranger.put(&real, &json!({})),
                "post" => stranger.post(&real, &json!({})),
                _ => continue,
            };
            assert_eq!(answer.unwrap().status, 401, "{method} {path} without a token");
            if method == "get" {
                for (role, guest) in roles.iter().zip(&guests) {
                    let status = guest.get(&real).unwrap().status;
                    assert_eq!(status != 403, readers(path).contains(role), "{role} reads {path}: {status}");
                }
            }
        }
    }
    assert!(routes > 20, "{routes} routes");
    // Who may not write, and what they then changed: nothing.
    let [_, _, waiter, cook, auditor] = &guests[..] else { panic!("five roles") };
    let body = order(waiter, &["Burger"]);
    for (name, guest) in [("a cook", cook), ("an auditor", auditor)] {
        let answer = guest.post("/api/v1/pos/orders", &body).unwrap();
        assert_eq!((answer.status, text(&answer.body["error"])), (403, "Insufficient permissions"), "{name}");
    }
    let burger = item(waiter, "Burger");
    let path = format!("/api/v1/pos/menu/{}", text(&burger["id"]));
    assert_eq!(waiter.put(&path, &json!({"price": 1})).unwrap().status, 403);
    assert_eq!(item(waiter, "Burger"), burger);
    assert_eq!(auditor.post("/api/v1/replicas/enrolment-codes", &json!({})).unwrap().status, 403);
    let mut forged = waiter.clone();
    forged.token = forged.token.replace('.', "..");
    assert_eq!(forged.get("/api/v1/pos/menu").unwrap().status, 401);
    let mut live = forged.listen(&["pos"], None).unwrap();
    live.wait_for("error", SOON, |problem| problem["status"] == 401).unwrap();
    let mut live = waiter.listen(&["nowhere"], None).unwrap();
    live.wait_for("error", SOON, |problem| problem["status"] == 404).unwrap();
}

#[test]
fn a_login_is_not_guessed() {
    let restaurant = open();
    let stranger = Guest::stranger(&restaurant.ready.edge_url);
    let guess =
        |login: &str| stranger.post("/api/v1/auth/login", &json!({"login": login, "password": "guess"})).unwrap();
    let (known, unknown) = (guess("waiter"), guess("nobody"));
    assert_eq!((known.status, &known.body), (401, &unknown.body));
    let statuses: Vec<u16> = (0..6).map(|_| guess("waiter").status).collect();
    assert_eq!(statuses, [401, 401, 401, 401, 429, 429]);
    let user = &restaurant.ready.users["cook"];
    let by_mail =
        stranger.post("/api/v1/auth/login", &json!({"email": user.login, "password": user.password})).unwrap();
    assert!(by_mail.expect_status(200).unwrap()["expiresIn"].as_i64().unwrap() > 0);
}

#[test]
fn a_screen_is_taken_over_with_a_pin_and_not_opened_by_one() {
    let restaurant = open();
    let (waiter, users) = (restaurant.log_in("waiter").unwrap(), &restaurant.ready.users);
    let give = |guest: &Guest, login: &str, pin: &str| {
        guest.post("/api/v1/auth/pin", &json!({"login": login, "pin": pin})).unwrap()
    };
    let take_over = |guest: &Guest, role: &str| {
        let body = give(guest, &users[role].login, &users[role].pin).expect_status(200).unwrap();
        let mut other = guest.clone();
        other.token = text(&body["accessToken"]).to_owned();
        (other, body)
    };
    let stranger = Guest::stranger(&restaurant.ready.edge_url);
    assert_eq!(give(&stranger, "cook", &users["cook"].pin).status, 401, "a PIN alone opens nothing");
    let (wrong, unknown) = (give(&waiter, "cook", "9999"), give(&waiter, "nobody", "9999"));
    assert_eq!((wrong.status, &wrong.body), (401, &unknown.body));
    // The waiter's tablet becomes the cook's.
    let placed = waiter.post("/api/v1/pos/orders", &order(&waiter, &["Burger"])).unwrap().expect_status(201).unwrap();
    let start = format!("/api/v1/kitchen/orders/{}/start", text(&placed["id"]));
    assert_eq!(waiter.post(&start, &json!({})).unwrap().status, 403);
    let (cook, body) = take_over(&waiter, "cook");
    assert_eq!((&body["expiresIn"], text(&body["person"]["role"])), (&json!(3_600), "cook"));
    let ticket = cook.post(&start, &json!({})).unwrap().expect_status(200).unwrap();
    assert_eq!(ticket["assignedChef"], body["person"]["name"], "it is the cook who acts");
    assert_eq!(cook.post("/api/v1/pos/orders", &order(&waiter, &["Burger"])).unwrap().status, 403);
    // And the owner's, without what takes a password.
    let (owner, body) = take_over(&cook, "owner");
    assert_eq!(owner.get("/api/v1/auth/me").unwrap().expect_status(200).unwrap(), body["person"]);
    let may = |permission: &str| body["person"]["permissions"].as_array().unwrap().contains(&json!(permission));
    assert_eq!(
        ["menu.write", "settings.write", "people.write", "replicas.enrol"].map(may),
        [true, false, false, false]
    );
    let burger = format!("/api/v1/pos/menu/{}", text(&item(&owner, "Burger")["id"]));
    owner.put(&burger, &json!({"price": 1_800})).unwrap().expect_status(200).unwrap();
    assert_eq!(owner.put("/api/v1/settings", &json!({"locationName": "Mine"})).unwrap().status, 403);
    assert_eq!(owner.post("/api/v1/replicas/enrolment-codes", &json!({})).unwrap().status, 403);
    // Guessing is braked as with passwords, and together with them.
    let statuses: Vec<u16> = (0..5).map(|_| give(&waiter, "cook", "9999").status).collect();
    assert_eq!(statuses, [401, 401, 401, 401, 429]);
    assert_eq!(give(&waiter, "cook", &users["cook"].pin).status, 429, "the right one too");
    assert!(restaurant.log_in("cook").is_err());
    restaurant.log_in("manager").unwrap();
}

#[test]
fn other_programs_are_told_of_each_step_of_an_order_once() {
    let restaurant = open();
    let (waiter, cook) = (restaurant.log_in("waiter").unwrap(), restaurant.log_in("cook").unwrap());
    let other = waiter.post("/api/v1/pos/orders", &order(&waiter, &["Coffee"])).unwrap().expect_status(201).unwrap();
    let mut events = cook.listen(&["events"], None).unwrap();
    let whole = events.wait_for("events:status", SOON, |_| true).unwrap();
    let placed = waiter.post("/api/v1/pos/orders", &order(&waiter, &["Burger"])).unwrap().expect_status(201).unwrap();
    let id = text(&placed["id"]);
    let act = |guest: &Guest, path: &str| guest.post(path, &json!({})).unwrap().expect_status(200).unwrap();
    act(&waiter, &format!("/api/v1/pos/orders/{id}/send-to-kitchen"));
    let ticket = text(&act(&cook, &format!("/api/v1/kitchen/orders/{id}/start"))["id"]).to_owned();
    act(&cook, &format!("/api/v1/kitchen/orders/{ticket}/complete"));
    // Again, and taken back and done once more: no step of the order.
    act(&cook, &format!("/api/v1/kitchen/orders/{ticket}/complete"));
    act(&cook, &format!("/api/v1/kitchen/orders/{ticket}/recall"));
    act(&cook, &format!("/api/v1/kitchen/orders/{ticket}/complete"));
    let end = json!({"status": "completed"});
    waiter.put(&format!("/api/v1/pos/orders/{id}/status"), &end).unwrap().expect_status(200).unwrap();
    let cancel = json!({"status": "cancelled"});
    let path = format!("/api/v1/pos/orders/{}/status", text(&other["id"]));
    waiter.put(&path, &cancel).unwrap().expect_status(200).unwrap();
    let steps = |live: &mut Live| {
        let mut told: Vec<Value> = Vec::new();
        while told.last().is_none_or(|event| event["status"] != "cancelled") {
            let frame = live.wait_for("kitchen.order.status_updated", SOON, |_| true).unwrap();
            assert_eq!(frame["ns"], "events");
            told.push(frame["data"].clone());
        }
        told
    };
    let told = steps(&mut events);
    let of = |told: &[Value]| -> Vec<(String, String)> {
        told.iter().map(|event| (text(&event["orderId"]).to_owned(), text(&event["status"]).to_owned())).collect()
    };
    let ours = ["pending", "confirmed", "preparing", "ready", "completed"].map(|status| (id, status));
    let expected = [&ours[..], &[(text(&other["id"]), "cancelled")]].concat();
    assert_eq!(of(&told), expected.iter().map(|(id, to)| ((*id).into(), (*to).into())).collect::<Vec<_>>());
    let ids: BTreeSet<&str> = told.iter().map(|event| text(&event["id"])).collect();
    assert_eq!(ids.len(), told.len(), "{told:?}");
    for event in &told[..5] {
        assert_eq!(event["organizationId"], placed["organizationId"]);
        assert_eq!(event["estimatedReadyTime"], placed["estimatedReadyTime"]);
        assert!(text(&event["timestamp"]).ends_with('Z'), "{event}");
    }
    // Whoever was away gets the same again.
    let from = (text(&whole["epoch"]), whole["n"].as_u64().unwrap());
    assert_eq!(steps(&mut waiter.listen(&["events"], Some(from)).unwrap()), told);
}

#[test]
fn a_screen_that_was_away_misses_nothing() {
    let restaurant = open();
    let (waiter, cook) = (restaurant.log_in("waiter").unwrap(), restaurant.log_in("cook").unwrap());
    waiter.post("/api/v1/pos/orders", &order(&waiter, &["Coffee"])).unwrap().expect_status(201).unwrap();
    let mut kitchen = cook.listen(&["kitchen", "notifications"], None).unwrap();
    let first = kitchen.wait_for("kitchen:status", SOON, |_| true).unwrap();
    let (epoch, n) = (text(&first["epoch"]).to_owned(), first["n"].as_u64().unwrap());
    drop(kitchen);
    let cursor = cook.get("/api/v1/live/poll?ns=kitchen").unwrap().expect_status(200).unwrap();
    assert_eq!(cursor["startOver"], true);
    let placed = waiter.post("/api/v1/pos/orders", &order(&waiter, &["Fries"])).unwrap().expect_status(201).unwrap();
    waiter.post(&format!("/api/v1/pos/orders/{}/send-to-kitchen", text(&placed["id"])), &json!({})).unwrap();
    let mut back = cook.listen(&["kitchen"], Some((&epoch, n))).unwrap();
    back.wait_for("kitchen:order:updated", SOON, |ticket| ticket["customerServiceOrderId"] == placed["id"]).unwrap();
    // A place that nobody remembers gets the whole picture.
    for (epoch, n) in [("another box", n), (epoch.as_str(), u64::MAX)] {
        let mut lost = cook.listen(&["kitchen"], Some((epoch, n))).unwrap();
        let whole = lost.wait_for("kitchen:status", SOON, |_| true).unwrap();
        assert_eq!(whole["data"]["orders"].as_array().unwrap().len(), 1);
    }
    // The long poll gives the same.
    let poll = format!("/api/v1/live/poll?ns=kitchen&cursor={}", text(&cursor["cursor"]));
    let polled = cook.get(&poll).unwrap().expect_status(200).unwrap();
    assert_eq!((&polled["startOver"], text(&polled["frames"][0]["type"])), (&json!(false), "kitchen:order:updated"));
    let beat = back.wait_for("heartbeat", SOON, |_| true).unwrap();
    assert!(beat["data"]["now"].as_i64().is_some());
}

#[test]
fn health_is_open_and_bare_and_its_parts_are_for_who_is_logged_in() {
    let restaurant = open();
    let stranger = Guest::stranger(&restaurant.ready.edge_url);
    for path in ["/health", "/health/ready", "/health/live", "/healthz"] {
        let answer = stranger.get(path).unwrap();
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.body.get("database").is_none(), "{path} tells a stranger too much: {}", answer.body);
    }
    let owner = restaurant.log_in("owner").unwrap();
    let health = owner.get("/health").unwrap().body;
    for part in ["status", "timestamp", "database", "websocket", "memory", "uptime", "printer", "mqtt", "sync"] {
        assert!(health.get(part).is_some(), "{part} is missing: {health}");
    }
    let pages = ["/screens/", "/screens/pos/", "/screens/kitchen/", "/screens/haccp/", "/screens/status/"];
    for page in pages {
        let answer = stranger.get(page).unwrap();
        assert!(answer.status == 200 && text(&answer.body).contains("<!doctype html>"), "{page}: {}", answer.status);
    }
    restaurant.printer_fault("hot", "refuse", json!(true)).unwrap();
    restaurant.printer_fault("hot", "power_cycle", json!(100)).unwrap();
    let printer =
        |status: &str| until(SOON, || Ok((owner.get("/health")?.body["printer"]["status"] == status).then_some(())));
    printer("down").unwrap();
    assert_eq!(owner.get("/health").unwrap().body["status"], "degraded");
    restaurant.printer_fault("hot", "none", json!(true)).unwrap();
    printer("up").unwrap();
}
