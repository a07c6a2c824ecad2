//! Boxes and relay that are apart for a while.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use trivet_restaurant::{Binaries, Guest, Plan, Restaurant, until};

const SOON: Duration = Duration::from_secs(15);

fn burger(guest: &Guest) -> Value {
    let menu = guest.get("/api/v1/pos/menu").unwrap().expect_status(200).unwrap();
    menu["items"].as_array().unwrap().iter().find(|item| item["name"] == "Burger").unwrap().clone()
}

fn order(guest: &Guest) -> Value {
    let body = json!({"orderType": "dine_in", "items": [{"menuItemId": burger(guest)["id"], "quantity": 1}]});
    let placed = guest.post("/api/v1/pos/orders", &body).unwrap().expect_status(201).unwrap();
    let send = format!("/api/v1/pos/orders/{}/send-to-kitchen", placed["id"].as_str().unwrap());
    guest.post(&send, &json!({})).unwrap().expect_status(200).unwrap();
    placed
}

fn numbers(guest: &Guest) -> Vec<String> {
    let list = guest.get("/api/v1/pos/orders?limit=200").unwrap().expect_status(200).unwrap();
    let mut numbers: Vec<String> = list["orders"]
        .as_array()
        .unwrap()
        .iter()
        .map(|order| order["orderNumber"].as_str().unwrap().to_owned())
        .collect();
    numbers.sort();
    numbers
}

fn dump(restaurant: &Restaurant, index: usize) -> String {
    let data = &restaurant.ready.boxes[index].data_dir;
    let trivet = Binaries::find(None).unwrap().path("trivet").unwrap();
    let output = Command::new(trivet).args(["dump", "--data", data]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn two_boxes_and_the_dashboard_converge_after_the_relay_was_away() {
    let mut restaurant = Restaurant::open(&Plan { boxes: 2, ..Plan::default() }).unwrap();
    let (url_a, url_b) = (restaurant.ready.boxes[0].url.clone(), restaurant.ready.boxes[1].url.clone());
    let dashboard = restaurant.ready.dashboard_url.clone().unwrap();
    // People, menu and settings have reached the second box and the dashboard by themselves.
    let at = |restaurant: &Restaurant, url: &str, role: &str| {
        until(SOON, || restaurant.log_in_at(url, role).map(Some)).unwrap()
    };
    let (a, b) = (at(&restaurant, &url_a, "waiter"), at(&restaurant, &url_b, "waiter"));
    let manager = at(&restaurant, &dashboard, "manager");
    until(SOON, || Ok((b.get("/api/v1/pos/menu")?.body["items"].as_array().map(Vec::len) == Some(16)).then_some(())))
        .unwrap();
    // What happens at the first box is told to other programs at the second.
    let mut events = b.listen(&["events"], None).unwrap();
    let first = order(&a);
    for status in ["pending", "confirmed"] {
        let event = events.wait_for("kitchen.order.status_updated", SOON, |_| true).unwrap();
        assert_eq!((&event["data"]["orderId"], &event["data"]["status"]), (&first["id"], &json!(status)));
    }
    until(SOON, || Ok((numbers(&b) == ["A1"] && numbers(&manager) == ["A1"]).then_some(()))).unwrap();
    // What another box has confirmed is told to the screens.
    let mut live = a.listen(&["pos"], None).unwrap();
    live.wait_for("heartbeat", SOON, |beat| beat["heldBy"].as_object().is_some_and(|held| !held.is_empty())).unwrap();

    restaurant.process("relay").kill();
    let (mut taken_a, mut taken_b) = (vec!["A1".to_owned()], Vec::new());
    for _ in 0..5 {
        taken_a.push(order(&a)["orderNumber"].as_str().unwrap().to_owned());
        taken_b.push(order(&b)["orderNumber"].as_str().unwrap().to_owned());
    }
    // Both boxes work on the same order, and both managers on the same price.
    let path = format!("/api/v1/kitchen/orders/{}/complete", first["id"].as_str().unwrap());
    let (cook_a, cook_b) = (at(&restaurant, &url_a, "cook"), at(&restaurant, &url_b, "cook"));
    cook_a.post(&path, &json!({})).unwrap().expect_status(200).unwrap();
    cook_b.post(&path, &json!({})).unwrap().expect_status(200).unwrap();
    let (manager_a, manager_b) = (at(&restaurant, &url_a, "manager"), at(&restaurant, &url_b, "manager"));
    let price_path = format!("/api/v1/pos/menu/{}", burger(&a)["id"].as_str().unwrap());
    manager_a.put(&price_path, &json!({"price": 1_800})).unwrap().expect_status(200).unwrap();
    manager_b.put(&price_path, &json!({"price": 1_900})).unwrap().expect_status(200).unwrap();
    let status = restaurant.log_in("owner").unwrap().get("/api/v1/box/status").unwrap().expect_status(200).unwrap();
    assert_eq!(status["sync"]["connected"], false);

    restaurant.restart("relay").unwrap();
    let mut all = [taken_a, taken_b].concat();
    all.sort();
    until(SOON * 2, || Ok((numbers(&a) == all && numbers(&b) == all && numbers(&manager) == all).then_some(())))
        .unwrap();
    until(SOON, || Ok((dump(&restaurant, 0) == dump(&restaurant, 1)).then_some(()))).unwrap();
    let settled = burger(&a);
    assert_eq!((&settled["price"], settled["conflicts"][0]["field"].as_str()), (&json!(1_900), Some("price")));
    // The dashboard's word settles it, everywhere.
    manager.put(&price_path, &json!({"price": 1_850})).unwrap().expect_status(200).unwrap();
    let agreed = |guest: &Guest| {
        let item = burger(guest);
        item["price"] == 1_850 && item["conflicts"] == json!([])
    };
    until(SOON, || Ok((agreed(&a) && agreed(&b)).then_some(()))).unwrap();
}

#[test]
fn with_the_relay_stopped_the_restaurant_goes_on_and_the_dashboard_does_not_pretend() {
    let mut restaurant = Restaurant::open(&Plan::default()).unwrap();
    let waiter = restaurant.log_in("waiter").unwrap();
    let dashboard = restaurant.ready.dashboard_url.clone().unwrap();
    let manager = until(SOON, || restaurant.log_in_at(&dashboard, "manager").map(Some)).unwrap();
    let id = burger(&waiter)["id"].as_str().unwrap().to_owned();
    until(SOON, || Ok((manager.get(&format!("/api/v1/pos/menu/{id}"))?.status == 200).then_some(()))).unwrap();
    // Stopped, not closed: the connections hang, as a dead uplink does.
    restaurant.process("relay").pause();
    let orders: Vec<Value> = (0..10).map(|_| order(&waiter)).collect();
    until(SOON, || Ok((restaurant.papers("hot")?.len() == 10).then_some(()))).unwrap();
    let edit = manager.put(&format!("/api/v1/pos/menu/{id}"), &json!({"price": 1_999})).unwrap();
    assert_eq!(edit.status, 503, "an edit that the relay does not hold is no edit: {}", edit.body);
    restaurant.process("relay").resume();
    until(SOON * 3, || Ok((numbers(&manager).len() == orders.len()).then_some(()))).unwrap();
}

/// An old copy of the disk is put back: the box would use numbers twice. It notices, and the restaurant goes on.
#[test]
fn a_box_that_was_restored_from_a_copy_stops_syncing_and_goes_on_serving() {
    let mut restaurant = Restaurant::open(&Plan { devices: false, ..Plan::default() }).unwrap();
    let dashboard = restaurant.ready.dashboard_url.clone().unwrap();
    let waiter = restaurant.log_in("waiter").unwrap();
    let manager = until(SOON, || restaurant.log_in_at(&dashboard, "manager").map(Some)).unwrap();
    let copy = |from: &str, to: &str| {
        let copied = Command::new("cp").args(["-r", from, to]).status().unwrap();
        assert!(copied.success());
    };
    let data = restaurant.ready.data_dir.clone();
    let backup = format!("{data}-backup");
    order(&waiter);
    restaurant.process("box1").kill();
    copy(&data, &backup);
    restaurant.restart("box1").unwrap();
    (0..2).for_each(|_| drop(order(&waiter)));
    until(SOON * 2, || Ok((numbers(&manager).len() == 3).then_some(()))).unwrap();
    restaurant.process("box1").kill();
    std::fs::remove_dir_all(&data).unwrap();
    copy(&backup, &data);
    restaurant.restart("box1").unwrap();
    let owner = restaurant.log_in("owner").unwrap();
    let status = || owner.get("/api/v1/box/status").unwrap().expect_status(200).unwrap();
    until(SOON * 2, || Ok((status()["sync"]["forked"] == true).then_some(()))).unwrap();
    order(&waiter);
    assert_eq!(numbers(&waiter).len(), 2, "the copy's order and the new one");
    assert_eq!(numbers(&manager).len(), 3, "nothing of the fork has left the box");
}
