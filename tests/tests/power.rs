//! The plug is pulled, again and again, under load.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use trivet_restaurant::{Binaries, Guest, Plan, Restaurant, new_key, shim, until};

const SOON: Duration = Duration::from_secs(10);
const KILLS: u64 = 8;

/// What is missing of, or double among, what was acknowledged.
fn faults(acknowledged: &[String], orders: &[Value], tickets: &[Value]) -> Vec<String> {
    let count = |list: &[Value], field: &str| {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        list.iter()
            .for_each(|thing| *counts.entry(thing[field].as_str().unwrap_or_default().to_owned()).or_default() += 1);
        counts
    };
    let (orders, tickets) = (count(orders, "id"), count(tickets, "customerServiceOrderId"));
    let check = |id: &String| match (orders.get(id), tickets.get(id)) {
        (None, _) => Some(format!("order {id} is lost")),
        (Some(1), Some(1)) => None,
        (Some(1), None) => Some(format!("the ticket of {id} is lost")),
        (orders, tickets) => Some(format!("{id}: {orders:?} orders, {tickets:?} tickets")),
    };
    acknowledged.iter().filter_map(check).collect()
}

fn all(guest: &Guest, first: &str, list: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut path = first.to_owned();
    loop {
        let page = guest.get(&path).unwrap().expect_status(200).unwrap();
        rows.extend(page[list].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => path = format!("{first}&after={next}"),
            None => return rows,
        }
    }
}

#[test]
fn what_was_acknowledged_is_there_once_after_every_kill() {
    let plan = Plan { relay: false, paper_mm_per_s: Some(2_000), ..Plan::default() };
    let mut restaurant = Restaurant::open(&plan).unwrap();
    let waiter = restaurant.log_in("waiter").unwrap();
    let menu = waiter.get("/api/v1/pos/menu").unwrap().expect_status(200).unwrap();
    let fries = menu["items"].as_array().unwrap().iter().find(|item| item["name"] == "Fries").unwrap()["id"].clone();
    let acknowledged: Mutex<Vec<String>> = Mutex::default();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let key = new_key();
                    let body = json!({"orderType": "takeout", "items": [{"menuItemId": fries, "quantity": 1}]});
                    let placed = waiter.post_as("/api/v1/pos/orders", &key, &body);
                    if !placed.is_ok_and(|answer| answer.status == 201) {
                        continue;
                    }
                    let send = format!("/api/v1/pos/orders/{key}/send-to-kitchen");
                    // The answer may be lost with the box: the same command is sent until it comes.
                    let command = new_key();
                    while !stop.load(Ordering::Relaxed) {
                        if waiter.post_as(&send, &command, &json!({})).is_ok_and(|answer| answer.status == 200) {
                            acknowledged.lock().unwrap().push(key.clone());
                            break;
                        }
                    }
                }
            });
        }
        for kill in 0..KILLS {
            // Under load, at no particular moment.
            let enough = acknowledged.lock().unwrap().len() + 3 + usize::try_from(kill * 7 % 11).unwrap();
            until(SOON, || Ok((acknowledged.lock().unwrap().len() >= enough).then_some(()))).unwrap();
            restaurant.process("box1").kill();
            restaurant.restart("box1").unwrap();
        }
        stop.store(true, Ordering::Relaxed);
    });
    let acknowledged = acknowledged.into_inner().unwrap();
    let cook = restaurant.log_in("cook").unwrap();
    let orders = all(&cook, "/api/v1/pos/orders?limit=200", "orders");
    let tickets = all(&cook, "/api/v1/kitchen/orders?", "orders");
    assert!(
        acknowledged.len() >= usize::try_from(KILLS * 3).unwrap() && acknowledged.len() < 500,
        "{}",
        acknowledged.len()
    );
    assert_eq!(faults(&acknowledged, &orders, &tickets), Vec::<String>::new());
    // The check can fail: what was never taken is missing, what is there twice is seen.
    assert_eq!(faults(&[new_key()], &orders, &tickets).len(), 1);
    assert_eq!(faults(&acknowledged[..1], &[&orders[..], &orders[..]].concat(), &tickets).len(), 1);

    // Paper: each ticket came out, and every copy but one says what it is.
    let printed = |papers: &[String]| -> BTreeMap<String, usize> {
        let mut unmarked = BTreeMap::new();
        for order in &orders {
            let number = order["orderNumber"].as_str().unwrap().to_owned();
            let of_order: Vec<&String> =
                papers.iter().filter(|p| p.split_whitespace().any(|word| word == number)).collect();
            if of_order.iter().any(|paper| paper.contains("Fries")) {
                unmarked.insert(number, of_order.iter().filter(|p| !p.contains("DUPLICATE")).count());
            }
        }
        unmarked
    };
    let sent = tickets.len();
    let unmarked = until(SOON * 12, || {
        let unmarked = printed(&restaurant.papers("hot")?);
        Ok(Some(unmarked).filter(|unmarked| unmarked.len() == sent))
    })
    .unwrap();
    assert!(unmarked.values().all(|count| *count <= 1), "doubled unmarked: {unmarked:?}");
}

/// The kills come while full blocks of readings are packed. What was acknowledged is there once, and the log, however it
/// lies by now, folds to the rows that were written as it grew.
#[test]
fn a_reading_that_was_acknowledged_outlives_every_kill_and_its_packing() {
    let plan = Plan { relay: false, devices: false, ..Plan::default() };
    let mut restaurant = Restaurant::open(&plan).unwrap();
    let manager = restaurant.log_in("manager").unwrap();
    let fridge = json!({"name": "Fridge", "unitKind": "fridge", "maxMilliC": 5_000});
    let fridge = manager.post("/api/v1/haccp/probes", &fridge).unwrap().expect_status(201).unwrap()["id"].clone();
    let acknowledged: Mutex<Vec<String>> = Mutex::default();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let key = new_key();
                    let body =
                        json!({"sensorId": fridge, "value": 3.5, "unit": "C", "measuredAt": "2026-01-01T10:00:00Z"});
                    if manager.post_as("/api/v1/temperature", &key, &body).is_ok_and(|answer| answer.status == 201) {
                        acknowledged.lock().unwrap().push(key);
                    }
                }
            });
        }
        for kill in 1..=KILLS {
            // About where a block is full.
            let enough = usize::try_from(kill * 128).unwrap() - 2;
            until(SOON * 6, || Ok((acknowledged.lock().unwrap().len() >= enough).then_some(()))).unwrap();
            restaurant.process("box1").kill();
            restaurant.restart("box1").unwrap();
        }
        stop.store(true, Ordering::Relaxed);
    });
    let acknowledged = acknowledged.into_inner().unwrap();
    let rows = all(&manager, "/api/v1/temperature?limit=200", "temperatures");
    let mut there: BTreeMap<&str, usize> = BTreeMap::new();
    rows.iter().for_each(|row| *there.entry(row["id"].as_str().unwrap()).or_default() += 1);
    let wrong: Vec<&String> = acknowledged.iter().filter(|id| there.get(id.as_str()) != Some(&1)).collect();
    assert_eq!(wrong, Vec::<&String>::new());
    restaurant.process("box1").kill();
    let data = restaurant.folder().join("box1");
    let trivet = |command: &str| {
        let mut trivet = std::process::Command::new(Binaries::find(None).unwrap().path("trivet").unwrap());
        let output = trivet.arg(command).arg("--data").arg(&data).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let before = trivet("dump");
    assert!(before.contains(&acknowledged[0].replace('-', "")), "{before:.500}");
    trivet("rebuild");
    assert!(trivet("dump") == before, "a rebuild from the packed log gives other rows");
}

#[test]
fn one_order_is_one_commit_and_one_flush() {
    let folder = tempfile::tempdir().unwrap();
    let library = shim::build(folder.path()).unwrap();
    let count = folder.path().join("count");
    let plan = Plan {
        relay: false,
        devices: false,
        box_environment: shim::environment(&library, &count, 0),
        ..Plan::default()
    };
    let restaurant = Restaurant::open(&plan).unwrap();
    let (waiter, owner) = (restaurant.log_in("waiter").unwrap(), restaurant.log_in("owner").unwrap());
    let menu = waiter.get("/api/v1/pos/menu").unwrap().expect_status(200).unwrap();
    let body = json!({"orderType": "takeout", "items": [{"menuItemId": menu["items"][0]["id"], "quantity": 1}]});
    let commits = || owner.get("/api/v1/box/status").unwrap().body["storage"]["commits"].as_u64().unwrap();
    // The first one of a process also syncs the file's header.
    waiter.post("/api/v1/pos/orders", &body).unwrap().expect_status(201).unwrap();
    let (commits_before, (data_before, full_before)) = (commits(), shim::flushes(&count).unwrap());
    for n in 1..=10 {
        waiter.post("/api/v1/pos/orders", &body).unwrap().expect_status(201).unwrap();
        let (data, full) = shim::flushes(&count).unwrap();
        assert_eq!((commits() - commits_before, data - data_before), (n, n), "after {n} orders");
        assert_eq!(full, full_before, "fsync drags the file system's journal along: is HAVE_FDATASYNC set?");
    }
}
