//! Paper, drawers and scales, as the people of a restaurant have to do with them.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trivet_restaurant::{Guest, Plan, Restaurant, new_key, until};

const SOON: Duration = Duration::from_secs(15);

fn item(guest: &Guest, name: &str) -> Value {
    let menu = guest.get("/api/v1/pos/menu").unwrap().expect_status(200).unwrap();
    menu["items"].as_array().unwrap().iter().find(|i| i["name"] == name).unwrap()["id"].clone()
}

fn send_order(waiter: &Guest, name: &str) -> Value {
    let body = json!({"orderType": "dine_in", "items": [{"menuItemId": item(waiter, name), "quantity": 1}]});
    let placed = waiter.post("/api/v1/pos/orders", &body).unwrap().expect_status(201).unwrap();
    let send = format!("/api/v1/pos/orders/{}/send-to-kitchen", placed["id"].as_str().unwrap());
    waiter.post(&send, &json!({})).unwrap().expect_status(200).unwrap();
    placed
}

/// The jobs of an order, whatever became of them.
fn jobs(guest: &Guest, order: &Value) -> Vec<Value> {
    let list = guest.get("/api/v1/print-jobs").unwrap().expect_status(200).unwrap();
    let all = list["jobs"].as_array().unwrap().clone();
    all.into_iter().filter(|job| job["orderNumber"] == order["orderNumber"]).collect()
}

fn job_in(guest: &Guest, order: &Value, kind: &str, state: &str) -> Value {
    let found = || Ok(jobs(guest, order).into_iter().find(|job| job["kind"] == kind && job["state"] == state));
    until(SOON * 3, found).unwrap_or_else(|error| panic!("{kind} {state}: {error:#}; {:?}", jobs(guest, order)))
}

fn papers_with(restaurant: &Restaurant, printer: &str, word: &str) -> Vec<String> {
    let papers = restaurant.papers(printer).unwrap();
    papers.into_iter().filter(|paper| paper.split_whitespace().any(|each| each == word)).collect()
}

/// The kitchen's printer dies: its tickets come out at the bar, in their order, and say where they belong.
#[test]
fn tickets_of_a_dead_printer_come_out_of_another() {
    let restaurant = Restaurant::open(&Plan { relay: false, backups: true, ..Plan::default() }).unwrap();
    let (waiter, cook) = (restaurant.log_in("waiter").unwrap(), restaurant.log_in("cook").unwrap());
    restaurant.printer_fault("hot", "power_off", json!(true)).unwrap();
    let orders: Vec<Value> = (0..3).map(|_| send_order(&waiter, "Burger")).collect();
    for order in &orders {
        let job = job_in(&cook, order, "ticket", "printed");
        assert_eq!((&job["printer"], &job["movedFrom"]), (&json!("bar"), &json!("hot")));
    }
    until(SOON, || Ok((restaurant.papers("bar")?.len() == 3).then_some(()))).unwrap();
    for (paper, order) in restaurant.papers("bar").unwrap().iter().zip(&orders) {
        let number = order["orderNumber"].as_str().unwrap();
        assert!(paper.contains(number) && paper.contains("GRILL"), "{paper}");
        assert!(paper.contains("instead of printer hot") && !paper.contains("DUPLICATE"), "{paper}");
    }
    // It comes back: what was printed elsewhere does not come out of it too.
    restaurant.printer_fault("hot", "none", Value::Null).unwrap();
    let sheet = cook.post("/api/v1/printing/printers/hot/test", &json!({"sheet": "test"})).unwrap();
    sheet.expect_status(202).unwrap();
    until(SOON, || Ok((restaurant.papers("hot")?.len() == 1).then_some(()))).unwrap();
    assert!(restaurant.papers("hot").unwrap()[0].contains("HOT"));
}

#[test]
fn a_cancelled_order_gets_a_void_slip_if_its_ticket_is_out_and_no_paper_if_it_is_not() {
    let restaurant = Restaurant::open(&Plan { relay: false, ..Plan::default() }).unwrap();
    let (waiter, cook) = (restaurant.log_in("waiter").unwrap(), restaurant.log_in("cook").unwrap());
    let cancel = |order: &Value| {
        let path = format!("/api/v1/pos/orders/{}/status", order["id"].as_str().unwrap());
        waiter.put(&path, &json!({"status": "cancelled"})).unwrap().expect_status(200).unwrap();
    };
    let out = send_order(&waiter, "Burger");
    job_in(&cook, &out, "ticket", "printed");
    cancel(&out);
    job_in(&cook, &out, "void", "printed");
    until(SOON, || Ok((restaurant.papers("hot")?.len() == 2).then_some(()))).unwrap();
    let slip = papers_with(&restaurant, "hot", out["orderNumber"].as_str().unwrap()).pop().unwrap();
    assert!(slip.contains("VOID") && slip.contains("Burger"), "{slip}");

    restaurant.printer_fault("hot", "paper_out", json!(true)).unwrap();
    let waiting = send_order(&waiter, "Burger");
    job_in(&cook, &waiting, "ticket", "queued");
    cancel(&waiting);
    job_in(&cook, &waiting, "ticket", "cancelled");
    restaurant.printer_fault("hot", "none", Value::Null).unwrap();
    let after = send_order(&waiter, "Burger");
    job_in(&cook, &after, "ticket", "printed");
    assert_eq!(papers_with(&restaurant, "hot", waiting["orderNumber"].as_str().unwrap()), [""; 0]);
    assert_eq!(jobs(&cook, &waiting).len(), 1, "no slip for what nobody has seen");
}

#[test]
fn a_copy_says_so_and_the_record_knows_who_asked() {
    let restaurant = Restaurant::open(&Plan { relay: false, ..Plan::default() }).unwrap();
    let (waiter, cook) = (restaurant.log_in("waiter").unwrap(), restaurant.log_in("cook").unwrap());
    let order = send_order(&waiter, "Burger");
    let ticket = job_in(&cook, &order, "ticket", "printed");
    let path = format!("/api/v1/print-jobs/{}/reprint", ticket["id"].as_str().unwrap());
    let refused = cook.post(&path, &json!({"reason": " "})).unwrap();
    assert_eq!(refused.status, 422, "{:?}", refused.body);
    let command = new_key();
    for _ in 0..2 {
        cook.post_as(&path, &command, &json!({"reason": "it fell into the fryer"}))
            .unwrap()
            .expect_status(200)
            .unwrap();
    }
    until(SOON, || Ok((restaurant.papers("hot")?.len() == 2).then_some(()))).unwrap();
    let papers = restaurant.papers("hot").unwrap();
    let marked: Vec<bool> = papers.iter().map(|paper| paper.contains("COPY")).collect();
    assert_eq!(marked, [false, true], "asked for twice with one key, it is one copy");
    let owner = restaurant.log_in("owner").unwrap();
    let audit = owner.get("/api/v1/printing/audit").unwrap().expect_status(200).unwrap().to_string();
    assert!(audit.contains("it fell into the fryer") && audit.contains("Kalle Cook"), "{audit}");
}

/// A lid is up, a roll is out: the people who wait for paper see it at once, on the screen that they look at.
#[test]
fn a_screen_says_within_two_seconds_what_a_printer_lacks() {
    let restaurant = Restaurant::open(&Plan { relay: false, ..Plan::default() }).unwrap();
    let cook = restaurant.log_in("cook").unwrap();
    let mut screen = cook.listen(&["kitchen"], None).unwrap();
    let hot = |data: &Value| {
        let printers = data["printers"].as_array().cloned().unwrap_or_default();
        printers.into_iter().find(|printer| printer["name"] == "hot").unwrap_or_default()
    };
    until(SOON, || {
        let list = cook.get("/api/v1/printing/printers")?.expect_status(200)?;
        Ok(list["printers"].as_array().unwrap().iter().all(|printer| printer["link"] == "up").then_some(()))
    })
    .unwrap();
    for (fault, value, field, word) in [
        ("cover", json!(true), "cover", "open"),
        ("cover", json!(false), "cover", "closed"),
        ("paper_near_end", json!(true), "paper", "near_end"),
        ("paper_out", json!(true), "paper", "end"),
        ("none", Value::Null, "paper", "ok"),
    ] {
        let started = Instant::now();
        restaurant.printer_fault("hot", fault, value).unwrap();
        let said = screen.wait_for("printing:status", SOON, |data| hot(data)[field] == word);
        said.unwrap_or_else(|error| panic!("{fault} {word}: {error:#}"));
        assert!(started.elapsed() < Duration::from_secs(2), "{fault} {word}: {:?}", started.elapsed());
    }
}

#[test]
fn a_drawer_opens_once_for_one_request_and_never_late() {
    let restaurant = Restaurant::open(&Plan { relay: false, ..Plan::default() }).unwrap();
    let (waiter, cook) = (restaurant.log_in("waiter").unwrap(), restaurant.log_in("cook").unwrap());
    let open = |guest: &Guest, key: &str| {
        guest.post_as("/api/v1/printing/drawers/bar/open", key, &json!({"reason": "change for table 4"})).unwrap()
    };
    assert_eq!(open(&cook, &new_key()).status, 403);
    let state_of = |key: &str, state: &str| {
        until(SOON, || {
            let opening = waiter.get(&format!("/api/v1/printing/drawers/openings/{key}"))?.expect_status(200)?;
            Ok((opening["state"] == state).then_some(()))
        })
        .unwrap_or_else(|error| panic!("{state}: {error:#}"));
    };
    let key = new_key();
    for _ in 0..3 {
        open(&waiter, &key).expect_status(202).unwrap();
    }
    state_of(&key, "sent");
    let control = restaurant.ready.printers["bar"].control.clone().unwrap();
    let pulses = || Guest::stranger(&control).get("/state").unwrap().body["pulses"].as_u64().unwrap();
    until(SOON, || Ok((pulses() == 1).then_some(()))).unwrap();
    // Nobody can open it now: it stays shut, also when the printer is back.
    restaurant.printer_fault("bar", "power_off", json!(true)).unwrap();
    let late = new_key();
    open(&waiter, &late).expect_status(202).unwrap();
    state_of(&late, "not_opened");
    restaurant.printer_fault("bar", "none", Value::Null).unwrap();
    let order = send_order(&waiter, "Coffee");
    job_in(&cook, &order, "ticket", "printed");
    assert_eq!(pulses(), 1);
}

/// Loose goods: the scale says how much, never the screen.
#[test]
fn a_stable_weight_becomes_a_line() {
    let restaurant = Restaurant::open(&Plan { relay: false, ..Plan::default() }).unwrap();
    let waiter = restaurant.log_in("waiter").unwrap();
    let control = restaurant.ready.scales["counter"].control.clone().unwrap();
    let lay = |fault: &str, value: Value| restaurant.fault(&control, &json!({"fault": fault, "value": value})).unwrap();
    let body = json!({"orderType": "takeout", "items": [{"menuItemId": item(&waiter, "Fries"), "scale": "counter"}]});
    let weighed = |key: &str| waiter.post_as("/api/v1/pos/orders", key, &body).unwrap();
    lay("weight", json!(0));
    let empty = until(SOON, || Ok(Some(weighed(&new_key())).filter(|a| a.body.to_string().contains("nothing lies"))));
    assert_eq!(empty.unwrap().status, 409);
    lay("weight", json!(350));
    let key = new_key();
    let order = until(SOON, || Ok(Some(weighed(&key)).filter(|answer| answer.status == 201))).unwrap().body;
    let line = &order["items"][0];
    assert_eq!((&line["quantityMilli"], &line["quantity"]), (&json!(350), &json!(0)));
    let price = line["unitPrice"].as_i64().unwrap();
    assert_eq!(line["totalPrice"].as_i64().unwrap(), (price * 350 + 500) / 1_000, "{line}");
    // The same order again weighs nothing again.
    lay("motion", json!(true));
    assert_eq!(weighed(&key).body["id"], order["id"]);
    let moving = until(SOON, || Ok(Some(weighed(&new_key())).filter(|a| a.body.to_string().contains("rest")))).unwrap();
    assert_eq!(moving.body["errors"][0]["field"], "items[0].scale", "{:?}", moving.body);
}
