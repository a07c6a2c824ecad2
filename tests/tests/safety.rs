//! Food safety at the public surface: a plan is approved, time runs out, checks are missed, and what went wrong is not
//! closed without a word. The box's clock is moved; nobody waits.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

use std::time::Duration;

use serde_json::{Value, json};
use trivet_restaurant::{Guest, Plan, Restaurant, rfc3339, until};

const SOON: Duration = Duration::from_secs(30);
const MINUTE: i64 = 60_000;

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn get(guest: &Guest, path: &str) -> Value {
    guest.get(path).unwrap().expect_status(200).unwrap()
}

fn post(guest: &Guest, path: &str, body: &Value, status: u16) -> Value {
    guest.post(path, body).unwrap().expect_status(status).unwrap()
}

/// The American preset with a check every hour, approved by the manager.
fn approve_plan(manager: &Guest) {
    let presets = get(manager, "/api/v1/haccp/plan/presets");
    let preset = presets["presets"].as_array().unwrap().iter().find(|preset| preset["id"] == "us-2022").unwrap();
    let mut plan = preset["plan"].clone();
    let hours: Vec<String> = (0..24).map(|hour| format!("{hour:02}:00")).collect();
    let checks = plan["checks"].as_array_mut().unwrap();
    let hot = checks.iter_mut().find(|check| check["id"] == "hot-holding").unwrap();
    hot["schedule"] = json!({"times": {"at": hours, "days": []}});
    hot["graceMinutes"] = json!(5);
    let draft = manager.put("/api/v1/haccp/plan/draft", &json!({"plan": plan})).unwrap().expect_status(200).unwrap();
    let version = draft["draft"]["version"].as_u64().unwrap();
    post(manager, "/api/v1/haccp/plan/approve", &json!({"draftVersion": version - 1}), 409);
    let approved = post(manager, "/api/v1/haccp/plan/approve", &json!({"draftVersion": version}), 200);
    assert_eq!(
        (&approved["inForce"]["version"], text(&approved["inForce"]["approvedBy"])),
        (&json!(1), "Mikko Manager")
    );
}

fn open_records(guest: &Guest, kind: &str) -> Vec<Value> {
    let records = get(guest, "/api/v1/haccp/records?open=true")["records"].clone();
    records.as_array().unwrap().iter().filter(|record| record["kind"] == kind).cloned().collect()
}

#[test]
fn time_runs_out_whatever_the_box_does_meanwhile() {
    let plan = Plan { relay: false, clock_offset_ms: 1, ..Plan::default() };
    let mut restaurant = Restaurant::open(&plan).unwrap();
    let (manager, cook) = (restaurant.log_in("manager").unwrap(), restaurant.log_in("cook").unwrap());
    let timer =
        json!({"product": "Sushi", "rule": "US-TPHC4", "milliC": 4_000, "quantity": "20 pieces", "print": true});
    post(&cook, "/api/v1/haccp/timers", &timer, 409);
    approve_plan(&manager);
    post(&cook, "/api/v1/haccp/plan/approve", &json!({"draftVersion": 1}), 403);
    let wrong =
        post(&cook, "/api/v1/haccp/timers", &json!({"product": "Sushi", "rule": "US-TPHC4", "milliC": 9_000}), 422);
    assert!(wrong.to_string().contains("milliC"), "{wrong}");
    let started = post(&cook, "/api/v1/haccp/timers", &timer, 201);
    assert_eq!((text(&started["timer"]["state"]), &started["printed"]), ("running", &json!(true)));
    until(SOON, || Ok(restaurant.papers("labels")?.iter().any(|paper| paper.contains("Sushi")).then_some(()))).unwrap();
    let id = text(&started["timer"]["id"]).to_owned();
    // A probe that shows more than 70 °F ends six hours at once.
    let warm = until(SOON, || {
        let probes = cook.get("/api/v1/haccp/probes")?.expect_status(200)?["probes"].clone();
        let warm = |probe: &&Value| probe["current"]["milliC"].as_i64().is_some_and(|milli| milli > 30_000);
        Ok(probes.as_array().unwrap().iter().find(warm).cloned())
    })
    .unwrap();
    let watched = json!({"product": "Salad", "rule": "US-TPHC6", "milliC": 4_000, "probeId": warm["id"]});
    let watched = post(&cook, "/api/v1/haccp/timers", &watched, 201)["timer"]["id"].clone();
    until(SOON, || {
        let timers = cook.get("/api/v1/haccp/timers")?.expect_status(200)?["timers"].clone();
        let over = |timer: &&Value| timer["id"] == watched && timer["expired"] == "too_warm";
        Ok(timers.as_array().unwrap().iter().find(over).map(drop))
    })
    .unwrap();

    let mut at = |minutes: i64| {
        restaurant.process("box1").stop();
        restaurant.set_clock_offset(minutes * MINUTE).unwrap();
        restaurant.restart("box1").unwrap();
        (restaurant.log_in("manager").unwrap(), restaurant.log_in("cook").unwrap())
    };
    let state_of = |guest: &Guest, wanted: &str| {
        until(SOON, || {
            let timers = guest.get("/api/v1/haccp/timers")?.expect_status(200)?["timers"].clone();
            let timer = timers.as_array().unwrap().iter().find(|timer| timer["id"] == id.as_str()).cloned();
            Ok(timer.filter(|timer| timer["state"] == wanted))
        })
        .unwrap()
    };
    let (_, cook) = at(215);
    let warned = state_of(&cook, "warned");
    assert!((1..=25 * 60).contains(&warned["leftSeconds"].as_i64().unwrap()), "{warned}");
    // An hour after its time nobody has thrown it away: somebody has to say what happened.
    let (manager, cook) = at(300);
    state_of(&cook, "expired");
    let end = format!("/api/v1/haccp/timers/{id}/end");
    post(&cook, &end, &json!({"how": "served"}), 409);
    post(&cook, &end, &json!({"how": "discarded"}), 422);
    let about = |about: &str| open_records(&cook, "timer").into_iter().find(|record| record["about"] == about);
    let record = until(SOON, || Ok(about(&id))).unwrap();
    assert_eq!(record["planVersion"], 1);
    assert!(about(text(&watched)).is_some_and(|record| text(&record["summary"]).contains("too warm")));
    let ended = post(&cook, &end, &json!({"how": "discarded", "quantity": "6 pieces"}), 200);
    assert_eq!((text(&ended["state"]), text(&ended["endedBy"])), ("discarded", "Kalle Cook"));

    let path = |what: &str| format!("/api/v1/haccp/records/{}/{what}", text(&record["id"]));
    post(&cook, &path("close"), &json!({}), 409);
    post(&cook, &path("actions"), &json!({"choice": "discard", "disposition": "discard", "quantity": "6"}), 422);
    let action = json!({"choice": "discard", "disposition": "discard", "quantity": "6 pieces", "cause": "forgotten"});
    post(&cook, &path("actions"), &action, 200);
    post(&cook, &path("close"), &json!({}), 200);
    post(&cook, &path("verify"), &json!({}), 403);
    let verified = post(&manager, &path("verify"), &json!({"note": "talked to the shift"}), 200);
    assert_eq!(text(&verified["verifiedBy"]), "Mikko Manager");

    // Checks that nobody answered meanwhile were missed; an answer now is late and says so.
    let missed = until(SOON, || {
        let checks = cook.get("/api/v1/haccp/checks")?.expect_status(200)?;
        Ok(checks["done"].as_array().unwrap().iter().find(|check| check["punctual"] == "missed").cloned())
    })
    .unwrap();
    until(SOON, || {
        let about = |record: &Value| record["about"] == missed["id"];
        Ok(open_records(&cook, "check_missed").iter().any(about).then_some(()))
    })
    .unwrap();
    let mut answer =
        json!({"check": "hot-holding", "dueAt": missed["dueAt"], "values": [{"rule": "US-HOT", "milliC": 60_000}]});
    let late = post(&cook, "/api/v1/haccp/checks", &answer, 201);
    assert_eq!((text(&late["punctual"]), &late["passed"], &late["id"]), ("late", &json!(true), &missed["id"]));
    post(&cook, "/api/v1/haccp/checks", &answer, 409);
    answer["dueAt"] = json!("2026-01-01T00:30:00Z");
    post(&cook, "/api/v1/haccp/checks", &answer, 404);
    // Another restart says nothing twice.
    let count = |guest: &Guest| get(guest, "/api/v1/haccp/records")["records"].as_array().unwrap().len();
    let before = count(&cook);
    let (_, cook) = at(300);
    assert_eq!(count(&cook), before);
}

#[test]
fn cooling_calibration_and_the_score() {
    let restaurant = Restaurant::open(&Plan { relay: false, devices: false, ..Plan::default() }).unwrap();
    let (manager, cook) = (restaurant.log_in("manager").unwrap(), restaurant.log_in("cook").unwrap());
    approve_plan(&manager);
    let run_is = |id: &str, state: &str| {
        until(SOON, || {
            let run = cook.get(&format!("/api/v1/haccp/cooling/{id}"))?.expect_status(200)?;
            Ok((run["state"] == state).then_some(run))
        })
        .unwrap()
    };
    // A salad that is cold at once, and a stock that is warm after six hours.
    let salad = post(&cook, "/api/v1/haccp/cooling", &json!({"product": "Salad", "rule": "US-COOLA"}), 201);
    let id = text(&salad["id"]);
    let settle =
        |id: &str, body: Value, status: u16| post(&cook, &format!("/api/v1/haccp/cooling/{id}/settle"), &body, status);
    settle(id, json!({"outcome": "kept"}), 409);
    post(&cook, &format!("/api/v1/haccp/cooling/{id}/measurements"), &json!({"milliC": 4_900}), 200);
    run_is(id, "passed");
    settle(id, json!({"outcome": "kept"}), 200);

    let ago = |hours: i64| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        rfc3339((now.cast_signed() - hours * 3_600) * 1_000)
    };
    let stock = json!({"product": "Stock", "rule": "US-COOL", "beganAt": ago(5), "quantity": "10 l"});
    let stock = post(&cook, "/api/v1/haccp/cooling", &stock, 201);
    let id = text(&stock["id"]);
    post(&cook, &format!("/api/v1/haccp/cooling/{id}/measurements"), &json!({"milliC": 30_000}), 200);
    run_is(id, "failed");
    let record = until(SOON, || Ok(open_records(&cook, "cooling").pop())).unwrap();
    assert!(text(&record["summary"]).contains("Stock"), "{record}");
    settle(id, json!({"outcome": "kept"}), 409);
    settle(id, json!({"outcome": "discarded"}), 422);
    settle(id, json!({"outcome": "discarded", "quantity": "10 l"}), 200);
    post(&cook, "/api/v1/haccp/cooling", &json!({"product": "Stock", "rule": "US-COOL", "beganAt": ago(9)}), 422);

    let probe = post(&manager, "/api/v1/haccp/probes", &json!({"name": "Larder", "unitKind": "fridge"}), 201);
    let ice = |read: i64| json!({"probeId": probe["id"], "method": "ice", "reference": "ice bath", "points": [{"readMilliC": read}]});
    post(&cook, "/api/v1/haccp/calibrations", &ice(2_500), 422);
    let found = post(&cook, "/api/v1/haccp/calibrations", &ice(1_500), 201);
    assert_eq!((&found["foundGood"], &found["leftGood"]), (&json!(false), &json!(true)));
    assert!(found["inDoubt"]["from"].is_null() && found["inDoubt"]["to"].is_string(), "{found}");
    until(SOON, || Ok(open_records(&cook, "calibration").pop())).unwrap();
    let again = post(&cook, "/api/v1/haccp/calibrations", &ice(1_500), 201);
    assert_eq!(again["foundGood"], true, "by the correction in force nothing is off");
    let due = get(&cook, "/api/v1/haccp/calibrations/due");
    let larder = due["probes"].as_array().unwrap().iter().find(|state| state["probeId"] == probe["id"]).unwrap();
    assert_eq!(larder["state"], "valid");

    let compliance = get(&cook, "/api/v1/haccp/compliance");
    assert_eq!(compliance["score"], Value::Null, "without a reading there is no score: {compliance}");
    assert_eq!((&compliance["openViolations"], &compliance["overdueCorrections"]), (&json!(2), &json!(0)));
    assert!(compliance["calibrationsValid"]["part"] == 1, "{compliance}");
    let review = json!({"from": ago(5), "to": ago(1), "meaning": "reviewed and found complete"});
    post(&cook, "/api/v1/haccp/reviews", &review, 403);
    assert_eq!(text(&post(&manager, "/api/v1/haccp/reviews", &review, 201)["by"]), "Mikko Manager");
}
