//! Printers and probes that fail, and go on.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trivet_restaurant::{Broker, Guest, Plan, Process, Restaurant, free_port, until};

const SOON: Duration = Duration::from_secs(10);

fn send_order(waiter: &Guest, item: &str) -> Value {
    let menu = waiter.get("/api/v1/pos/menu").unwrap().expect_status(200).unwrap();
    let id = menu["items"].as_array().unwrap().iter().find(|i| i["name"] == item).unwrap()["id"].clone();
    let body = json!({"orderType": "dine_in", "items": [{"menuItemId": id, "quantity": 1}]});
    let placed = waiter.post("/api/v1/pos/orders", &body).unwrap().expect_status(201).unwrap();
    let send = format!("/api/v1/pos/orders/{}/send-to-kitchen", placed["id"].as_str().unwrap());
    waiter.post(&send, &json!({})).unwrap().expect_status(200).unwrap();
    placed
}

fn number(order: &Value) -> String {
    order["orderNumber"].as_str().unwrap().to_owned()
}

/// The papers of an order, and whether each says that it may be a duplicate.
fn copies(papers: &[String], number: &str) -> Vec<bool> {
    let of_order = papers.iter().filter(|paper| paper.split_whitespace().any(|word| word == number));
    of_order.map(|paper| paper.contains("DUPLICATE") || paper.contains("REPRINT")).collect()
}

#[test]
fn with_every_printer_and_probe_unplugged_orders_go_on_and_paper_follows() {
    let restaurant = Restaurant::open(&Plan { relay: false, ..Plan::default() }).unwrap();
    let waiter = restaurant.log_in("waiter").unwrap();
    for printer in ["hot", "bar"] {
        restaurant.printer_fault(printer, "power_off", json!(true)).unwrap();
    }
    for probe in ["walk-in", "grill-drawer", "freezer", "bain-marie", "bar-fridge", "dessert"] {
        restaurant.probe_fault(probe, "silent", json!(true)).unwrap();
    }
    let started = Instant::now();
    let orders: Vec<Value> =
        (0..20).map(|n| send_order(&waiter, if n % 2 == 0 { "Burger" } else { "Coffee" })).collect();
    assert!(started.elapsed() < Duration::from_secs(10), "no order waits for a printer: {:?}", started.elapsed());
    assert!(restaurant.papers("hot").unwrap().is_empty());
    // The bar's printer comes back: the dead one beside it delays it by nothing.
    restaurant.printer_fault("bar", "none", json!(true)).unwrap();
    until(SOON, || Ok((restaurant.papers("bar")?.len() == 10).then_some(()))).unwrap();
    assert!(restaurant.papers("hot").unwrap().is_empty());
    restaurant.printer_fault("hot", "none", json!(true)).unwrap();
    until(SOON * 2, || Ok((restaurant.papers("hot")?.len() == 10).then_some(()))).unwrap();
    let papers = [restaurant.papers("hot").unwrap(), restaurant.papers("bar").unwrap()].concat();
    for order in &orders {
        assert_eq!(copies(&papers, &number(order)), [false], "{} once, unmarked", number(order));
    }
    // In the order in which they were taken.
    let hot: Vec<String> = orders.iter().step_by(2).map(number).collect();
    let printed = restaurant.papers("hot").unwrap();
    let sequence: Vec<bool> = printed
        .iter()
        .zip(&hot)
        .map(|(paper, number)| !copies(std::slice::from_ref(paper), number).is_empty())
        .collect();
    assert_eq!(sequence, vec![true; 10]);
}

#[test]
fn a_ticket_whose_fate_is_unknown_is_printed_again_and_says_so() {
    let restaurant = Restaurant::open(&Plan { relay: false, ..Plan::default() }).unwrap();
    let waiter = restaurant.log_in("waiter").unwrap();
    for at in [1, 40, 90, 160] {
        restaurant.printer_fault("hot", "cut_at_byte", json!(at)).unwrap();
        let order = send_order(&waiter, "Burger");
        let papers = until(SOON * 2, || {
            let papers = restaurant.papers("hot")?;
            let last_is_whole = papers.last().is_some_and(|p| p.contains("Burger") && p.contains(&number(&order)));
            Ok(Some(papers).filter(|_| last_is_whole && printed(&waiter)))
        })
        .unwrap();
        let copies = copies(&papers, &number(&order));
        assert!(!copies.is_empty(), "cut at {at}: lost");
        assert!(copies.iter().filter(|marked| !**marked).count() <= 1, "cut at {at}: doubled unmarked: {papers:?}");
        restaurant.printer_fault("hot", "none", json!(true)).unwrap();
    }
    // Out of paper in the middle: the printer keeps it and goes on, and nothing is printed twice.
    restaurant.printer_fault("hot", "paper_out", json!(true)).unwrap();
    let order = send_order(&waiter, "Burger");
    let says_why =
        |job: &Value| job["note"].as_str().unwrap_or_default().contains("paper") || job["state"] == "sending";
    until(SOON, || Ok(jobs(&waiter).iter().any(says_why).then_some(()))).unwrap();
    restaurant.printer_fault("hot", "none", json!(true)).unwrap();
    until(SOON * 2, || Ok(printed(&waiter).then_some(()))).unwrap();
    assert_eq!(copies(&restaurant.papers("hot").unwrap(), &number(&order)), [false]);
}

#[test]
fn a_ticket_that_was_given_up_is_printed_when_a_person_says_so() {
    let plan = Plan { relay: false, paper_mm_per_s: Some(2_000), ..Plan::default() };
    let restaurant = Restaurant::open(&plan).unwrap();
    let (waiter, cook) = (restaurant.log_in("waiter").unwrap(), restaurant.log_in("cook").unwrap());
    // It prints, and never says so: a clone that was configured as the real one.
    restaurant.printer_fault("hot", "clone", json!(true)).unwrap();
    send_order(&waiter, "Burger");
    let held = until(SOON * 6, || Ok(jobs(&waiter).into_iter().find(|job| job["state"] == "held"))).unwrap();
    restaurant.printer_fault("hot", "none", json!(true)).unwrap();
    // It holds up nobody.
    let next = send_order(&waiter, "Fries");
    until(SOON * 2, || Ok((!copies(&restaurant.papers("hot")?, &number(&next)).is_empty()).then_some(()))).unwrap();
    let release = format!("/api/v1/print-jobs/{}/release", held["id"].as_str().unwrap());
    assert_eq!(waiter.post(&release, &json!({})).unwrap().status, 403, "a waiter does not release the kitchen's paper");
    cook.post(&release, &json!({})).unwrap().expect_status(200).unwrap();
    until(SOON * 2, || Ok(printed(&waiter).then_some(()))).unwrap();
    let of_held = copies(&restaurant.papers("hot").unwrap(), held["orderNumber"].as_str().unwrap());
    assert_eq!(of_held.last(), Some(&true), "the copy says that there may be others: {of_held:?}");
}

fn jobs(guest: &Guest) -> Vec<Value> {
    guest.get("/api/v1/print-jobs").unwrap().expect_status(200).unwrap()["jobs"].as_array().unwrap().clone()
}

fn printed(guest: &Guest) -> bool {
    jobs(guest).iter().all(|job| job["state"] == "printed")
}

fn probe(guest: &Guest, name: &str) -> Value {
    let probes = guest.get("/api/v1/haccp/probes").unwrap().expect_status(200).unwrap();
    probes["probes"].as_array().unwrap().iter().find(|probe| probe["name"] == name).unwrap().clone()
}

#[test]
fn a_wired_probe_that_lies_gives_a_reason_and_never_a_number() {
    let restaurant = Restaurant::open(&Plan { relay: false, ..Plan::default() }).unwrap();
    let cook = restaurant.log_in("cook").unwrap();
    let good = |name: &str| {
        until(SOON * 2, || Ok((probe(&cook, name)["current"]["quality"] == "good").then_some(()))).unwrap();
    };
    good("Walk-in fridge");
    for (fault, reasons) in [
        ("silent", vec!["timeout"]),
        ("truncate", vec!["malformed"]),
        ("bad_crc", vec!["crc"]),
        ("sentinel", vec!["sentinel"]),
        ("exception", vec!["device_fault"]),
    ] {
        restaurant.probe_fault("walk-in", fault, json!(true)).unwrap();
        let seen = until(SOON * 2, || {
            let current = probe(&cook, "Walk-in fridge")["current"].clone();
            let reason = current["reason"].as_str().unwrap_or_default().to_owned();
            Ok(reasons.contains(&reason.as_str()).then_some(current))
        });
        assert_eq!(seen.unwrap()["milliC"], Value::Null, "{fault}");
        restaurant.probe_fault("walk-in", "none", json!(true)).unwrap();
        good("Walk-in fridge");
    }
    // Noise between the frames and an echoing adapter are no faults of the probe's.
    for fault in ["noise", "echo"] {
        restaurant.probe_fault("walk-in", fault, json!(true)).unwrap();
        good("Walk-in fridge");
        restaurant.probe_fault("walk-in", "none", json!(true)).unwrap();
    }
    // The units beside it on the bus were asked all along.
    assert_eq!(probe(&cook, "Grill drawer")["current"]["quality"], "good");
    let stranger = json!({"sensorId": probe(&cook, "Freezer")["id"], "value": "nan", "unit": "C", "measuredAt": "2026-01-01T00:00:00Z"});
    let refused = cook.post("/api/v1/temperature", &stranger).unwrap();
    assert_eq!((refused.status, refused.body["errors"][0]["field"].as_str()), (400, Some("value")), "{}", refused.body);
    let reading = json!({"sensorId": probe(&cook, "Freezer")["id"], "value": -10.0, "unit": "C",
        "measuredAt": "2026-01-01T00:00:00Z", "source": "hand"});
    let recorded = cook.post("/api/v1/temperature", &reading).unwrap().expect_status(201).unwrap();
    assert_eq!((&recorded["compliant"], &recorded["severity"]), (&json!(false), &json!("critical")));
    assert_eq!(recorded["unit"], "C");
    for alias in ["/api/temperature", "/api/v1/temperature"] {
        let list = cook.get(&format!("{alias}?compliant=false&severity=critical")).unwrap().expect_status(200).unwrap();
        assert_eq!(list["temperatures"][0]["id"], recorded["id"], "{alias}");
    }
}

#[test]
fn a_breach_is_on_the_screens_at_once_through_a_real_broker() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port().unwrap();
    let passwords = folder.path().join("passwords");
    let made = Command::new("mosquitto_passwd").args(["-c", "-b"]).arg(&passwords).args(["probes", "secret"]).status();
    assert!(made.unwrap().success());
    let config = folder.path().join("mosquitto.conf");
    let text = format!(
        "listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {}\npersistence false\nuser root\n",
        passwords.display()
    );
    std::fs::write(&config, text).unwrap();
    let start = || {
        let mut mosquitto = Command::new("/usr/sbin/mosquitto");
        Process::start("mosquitto", mosquitto.arg("-c").arg(&config), folder.path()).unwrap()
    };
    let broker_process = start();
    until(SOON, || Ok(std::net::TcpStream::connect(("127.0.0.1", port)).ok())).unwrap();
    let broker = Broker { host: "127.0.0.1".into(), port, user: "probes".into(), password: "secret".into() };
    let mut restaurant = Restaurant::open(&Plan { relay: false, broker: Some(broker), ..Plan::default() }).unwrap();
    let cook = restaurant.log_in("cook").unwrap();
    let mut live = cook.listen(&["notifications", "admin"], None).unwrap();
    let good = |cook: &Guest| {
        until(SOON * 2, || Ok((probe(cook, "Bar fridge")["current"]["quality"] == "good").then_some(()))).unwrap();
    };
    good(&cook);
    restaurant.probe_fault("bar-fridge", "value", json!(9.5)).unwrap();
    let opened =
        live.wait_for("notifications:breach:opened", SOON * 2, |breach| breach["probeName"] == "Bar fridge").unwrap();
    assert_eq!((opened["data"]["kind"].as_str(), &opened["data"]["limitMilliC"]), (Some("high"), &json!(8_000)));
    assert_eq!(probe(&cook, "Bar fridge")["state"], "breach");
    // `nan` is no temperature: it neither opens nor closes.
    restaurant.probe_fault("bar-fridge", "nan", json!(true)).unwrap();
    let shown = |p: &Value, reason: &str| p["name"] == "Bar fridge" && p["current"]["reason"] == reason;
    live.wait_for("haccp:probe:updated", SOON * 2, |p| shown(p, "not_a_number")).unwrap();
    assert_eq!(probe(&cook, "Bar fridge")["breach"]["id"], opened["data"]["id"]);
    // Nor is a message of last month that the broker kept, the first thing that a box hears which starts beside a probe
    // that is silent.
    restaurant.probe_fault("bar-fridge", "silent", json!(true)).unwrap();
    restaurant.probe_fault("bar-fridge", "stale_retained", json!(true)).unwrap();
    let control = Guest::stranger(restaurant.ready.probes["bar-fridge"].control.as_ref().unwrap());
    let turns = || control.get("/").unwrap().body["probes"]["bar-fridge"]["answered"].as_u64().unwrap();
    let before = turns();
    until(SOON, || Ok((turns() >= before + 2).then_some(()))).unwrap();
    restaurant.process("box1").kill();
    restaurant.restart("box1").unwrap();
    let cook = restaurant.log_in("cook").unwrap();
    let fridge = until(SOON, || {
        let fridge = probe(&cook, "Bar fridge");
        Ok(Some(fridge).filter(|fridge| fridge["current"]["reason"] == "stale_retained"))
    })
    .unwrap();
    let current = &fridge["current"];
    assert_eq!((&current["milliC"], &current["quality"]), (&Value::Null, &json!("no_data")), "{fridge}");
    assert_eq!((&fridge["state"], &fridge["breach"]["id"]), (&json!("breach"), &opened["data"]["id"]), "{fridge}");
    let mut live = cook.listen(&["notifications", "admin"], None).unwrap();
    let of_ours = |data: &Value| data["probes"].as_array().unwrap().iter().any(|p| shown(p, "stale_retained"));
    live.wait_for("admin:status", SOON, of_ours).unwrap();
    restaurant.probe_fault("bar-fridge", "silent", json!(false)).unwrap();
    good(&cook);
    assert_eq!(probe(&cook, "Bar fridge")["breach"]["id"], opened["data"]["id"], "it is as warm as it was");
    // The broker goes and comes back: no data in between, and the breach stands until the fridge is cold again.
    drop(broker_process);
    live.wait_for("haccp:probe:updated", SOON * 2, |p| {
        p["name"] == "Bar fridge" && p["current"]["milliC"] == Value::Null
    })
    .unwrap();
    let _back = start();
    restaurant.probe_fault("bar-fridge", "value", json!(4.0)).unwrap();
    let closed =
        live.wait_for("notifications:breach:closed", SOON * 3, |breach| breach["id"] == opened["data"]["id"]).unwrap();
    let peak = closed["data"]["peakMilliC"].as_i64().unwrap();
    assert!((9_000..20_000).contains(&peak), "the old message's 77.7 °C were never there: {closed}");
    good(&cook);
}

#[test]
fn what_lies_in_a_warm_fridge_leaves_the_menu_until_somebody_has_looked_at_it() {
    let restaurant = Restaurant::open(&Plan { relay: false, ..Plan::default() }).unwrap();
    let (manager, waiter) = (restaurant.log_in("manager").unwrap(), restaurant.log_in("waiter").unwrap());
    let display = probe(&waiter, "Dessert display")["id"].as_str().unwrap().to_owned();
    let change = json!({"stores": ["Desserts"], "holdBudget": 0});
    manager.put(&format!("/api/v1/haccp/probes/{display}"), &change).unwrap().expect_status(200).unwrap();
    let dessert = || -> anyhow::Result<Value> {
        let menu = waiter.get("/api/v1/pos/menu")?.expect_status(200)?;
        let of = |item: &&Value| item["name"] == "Blueberry pie";
        Ok(menu["items"].as_array().unwrap().iter().find(of).unwrap().clone())
    };
    assert_eq!(
        (dessert().unwrap()["isAvailable"].clone(), dessert().unwrap()["holds"].clone()),
        (json!(true), json!([]))
    );
    let mut live = waiter.listen(&["pos", "notifications"], None).unwrap();
    restaurant.probe_fault("dessert", "value", json!(12.0)).unwrap();
    let opened = live.wait_for("notifications:breach:opened", SOON * 2, |_| true).unwrap();
    let held = until(SOON, || Ok(Some(dessert()?).filter(|item| item["isAvailable"] == false))).unwrap();
    assert_eq!(held["holds"][0]["cause"], opened["data"]["id"]);
    assert_eq!(held["holds"][0]["reason"], "Dessert display: 12.0 °C");
    let body = json!({"orderType": "takeout", "items": [{"menuItemId": held["id"], "quantity": 1}]});
    let refused = waiter.post("/api/v1/pos/orders", &body).unwrap();
    assert_eq!(refused.status, 409, "{}", refused.body);
    let release = format!("/api/v1/haccp/breaches/{}/release", opened["data"]["id"].as_str().unwrap());
    assert_eq!(waiter.post(&release, &json!({})).unwrap().status, 403, "a waiter releases nothing");
    let early = manager.post(&release, &json!({})).unwrap();
    assert_eq!(early.status, 409, "nobody has said what became of the food: {}", early.body);
    let record = json!({"summary": "Dessert display was warm", "severity": "critical", "about": opened["data"]["id"]});
    let record = manager.post("/api/v1/haccp/records", &record).unwrap().expect_status(201).unwrap();
    assert_eq!(manager.post(&release, &json!({})).unwrap().status, 409, "a record without an action says nothing");
    let action = json!({"choice": "other", "text": "thrown away and made anew", "productMilliC": 9_000,
        "disposition": "discard", "quantity": "12 pieces", "cause": "door left open"});
    let actions = format!("/api/v1/haccp/records/{}/actions", record["id"].as_str().unwrap());
    manager.post(&actions, &action).unwrap().expect_status(200).unwrap();
    let released = manager.post(&release, &json!({})).unwrap().expect_status(200).unwrap();
    assert_eq!(released["items"].as_array().unwrap().len(), 2, "both desserts");
    waiter.post("/api/v1/pos/orders", &body).unwrap().expect_status(201).unwrap();
}

#[test]
fn a_minute_is_one_fact_and_survives_the_plug() {
    // The box's clock is set so that a minute ends a few seconds after the start.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64;
    let plan = Plan { relay: false, clock_offset_ms: 54_000 - now % 60_000, ..Plan::default() };
    let mut restaurant = Restaurant::open(&plan).unwrap();
    let cook = restaurant.log_in("cook").unwrap();
    let fridge = probe(&cook, "Walk-in fridge");
    let path = format!("/api/v1/haccp/probes/{}/history", fridge["id"].as_str().unwrap());
    let points =
        |cook: &Guest| cook.get(&path).unwrap().expect_status(200).unwrap()["points"].as_array().unwrap().clone();
    let first = until(SOON * 2, || Ok(Some(points(&cook)).filter(|points| !points.is_empty()))).unwrap();
    assert_eq!((first.len(), first[0]["quality"].as_str()), (1, Some("good")), "{first:?}");
    assert!(first[0]["n"].as_u64().unwrap() >= 2, "{first:?}");
    restaurant.process("box1").kill();
    restaurant.restart("box1").unwrap();
    let cook = restaurant.log_in("cook").unwrap();
    assert_eq!(points(&cook), first);
}
