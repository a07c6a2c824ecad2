//! A fridge gets warm: from the sample to the alarm, the record of what was done, and the end of it.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

use std::time::Duration;

use serde_json::{Value, json};
use trivet_restaurant::{Guest, Plan, Restaurant, new_key, until};

const SOON: Duration = Duration::from_secs(20);

fn list(guest: &Guest, path: &str, what: &str) -> Vec<Value> {
    guest.get(path).unwrap().expect_status(200).unwrap()[what].as_array().unwrap().clone()
}

fn probe(guest: &Guest, name: &str) -> Value {
    list(guest, "/api/v1/haccp/probes", "probes").into_iter().find(|probe| probe["name"] == name).unwrap()
}

fn set(manager: &Guest, name: &str, change: &Value) -> Value {
    let path = format!("/api/v1/haccp/probes/{}", probe(manager, name)["id"].as_str().unwrap());
    manager.put(&path, change).unwrap().expect_status(200).unwrap()
}

fn alert(guest: &Guest, words: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    until(SOON, || {
        let alerts = list(guest, "/api/v1/alerts", "alerts");
        Ok(alerts.into_iter().find(|alert| alert["words"] == words && wanted(alert)))
    })
    .unwrap()
}

#[test]
fn a_warm_fridge_is_alarmed_dealt_with_and_closed_across_a_stop_of_the_box() {
    let mut restaurant = Restaurant::open(&Plan { relay: false, ..Plan::default() }).unwrap();
    let (manager, cook) = (restaurant.log_in("manager").unwrap(), restaurant.log_in("cook").unwrap());
    set(&manager, "Walk-in fridge", &json!({"alarmDelaySeconds": 0}));
    restaurant.probe_fault("walk-in", "value", json!(9.2)).unwrap();
    let told = alert(&cook, "temperature_high", |_| true);
    assert_eq!((&told["category"], &told["severity"]), (&json!("temperature_violation"), &json!("critical")), "{told}");
    assert_eq!(told["message"], "Walk-in fridge is too warm: 9.2 °C, limit 5 °C");
    let open = || list(&manager, "/api/v1/haccp/records?open=true", "records");
    let records = until(SOON, || Ok(Some(open()).filter(|records| !records.is_empty()))).unwrap();
    let record = records.first().unwrap();
    assert_eq!((records.len(), &record["summary"]), (1, &json!("Walk-in fridge: 9.2 °C")), "{record}");
    // Another fridge waits for its half hour: an excursion that nobody is called for.
    restaurant.probe_fault("grill-drawer", "value", json!(6.0)).unwrap();
    let breaches = || list(&cook, "/api/v1/haccp/breaches?open=true", "breaches");
    until(SOON, || Ok((breaches().len() == 2).then_some(()))).unwrap();
    // The box stops and starts: it goes on with what it knew, and tells nothing twice.
    restaurant.process("box1").kill();
    restaurant.restart("box1").unwrap();
    let (manager, cook) = (restaurant.log_in("manager").unwrap(), restaurant.log_in("cook").unwrap());
    until(SOON, || Ok((probe(&cook, "Walk-in fridge")["current"]["quality"] == "good").then_some(()))).unwrap();
    restaurant.probe_fault("walk-in", "value", json!(9.4)).unwrap();
    until(SOON, || Ok((probe(&cook, "Walk-in fridge")["current"]["milliC"] == 9_400).then_some(()))).unwrap();
    let alerts = list(&cook, "/api/v1/alerts", "alerts");
    let high = alerts.iter().filter(|alert| alert["words"] == "temperature_high").collect::<Vec<_>>();
    assert_eq!((high.len(), &high[0]["times"]), (1, &json!(1)), "{high:?}");
    // The record does not close without a word of what was done.
    // Nor does the alert, with a record that is not there or in which nothing was done yet.
    let close = format!("/api/v1/alerts/{}/close", told["id"].as_str().unwrap());
    for action in [json!(new_key()), record["id"].clone()] {
        let refused = manager.post(&close, &json!({"action": action, "comment": "all is well"})).unwrap();
        assert_eq!((refused.status, &refused.body["errors"][0]["field"]), (422, &json!("action")), "{}", refused.body);
    }
    let record = format!("/api/v1/haccp/records/{}", record["id"].as_str().unwrap());
    let early = manager.post(&format!("{record}/close"), &json!({})).unwrap();
    assert_eq!(early.status, 409, "{}", early.body);
    let action = json!({"choice": "other", "text": "moved to the other fridge", "productMilliC": 4_800,
        "disposition": "keep", "quantity": "12 kg", "cause": "door left open"});
    manager.post(&format!("{record}/actions"), &action).unwrap().expect_status(200).unwrap();
    manager.post(&format!("{record}/close"), &json!({})).unwrap().expect_status(200).unwrap();
    alert(&cook, "temperature_high", |alert| alert["state"] == "closed");
    // It stays warm: an hour later people are told again, also by a box that was restarted meanwhile.
    restaurant.set_clock_offset(61 * 60_000).unwrap();
    restaurant.process("box1").kill();
    restaurant.restart("box1").unwrap();
    let (manager, cook) = (restaurant.log_in("manager").unwrap(), restaurant.log_in("cook").unwrap());
    let still = alert(&cook, "temperature_still_high", |_| true);
    assert_eq!(still["message"], "Walk-in fridge is still too warm: 9.4 °C, limit 5 °C");
    assert_eq!((&still["severity"], &still["needsAction"]), (&json!("critical"), &json!(false)), "{still}");
    assert_ne!(still["id"], told["id"]);
    // Whoever has emptied it closes that with a word.
    let close = format!("/api/v1/alerts/{}/close", still["id"].as_str().unwrap());
    manager.post(&close, &json!({"comment": "it is empty"})).unwrap().expect_status(200).unwrap();
    let breaches = || list(&cook, "/api/v1/haccp/breaches?open=true", "breaches");
    // Cold again: the excursion ends with its peak.
    restaurant.probe_fault("walk-in", "value", json!(3.0)).unwrap();
    until(SOON, || Ok((breaches().len() == 1).then_some(()))).unwrap();
    let all = list(&cook, "/api/v1/haccp/breaches", "breaches");
    let walk_in = all.iter().find(|breach| breach["probeName"] == "Walk-in fridge").unwrap();
    assert_eq!((&walk_in["peakMilliC"], &walk_in["rule"]["bound"]), (&json!(9_400), &json!("at_most")), "{walk_in}");
}

#[test]
fn a_value_that_somebody_measured_too_warm_asks_what_became_of_the_food() {
    let restaurant = Restaurant::open(&Plan { relay: false, ..Plan::default() }).unwrap();
    let cook = restaurant.log_in("cook").unwrap();
    let reading = json!({"sensorId": probe(&cook, "Freezer")["id"], "value": -9.0, "unit": "C",
        "measuredAt": "2026-01-01T00:00:00Z", "source": "hand"});
    let recorded = cook.post("/api/v1/temperature", &reading).unwrap().expect_status(201).unwrap();
    assert_eq!((&recorded["compliant"], &recorded["severity"]), (&json!(false), &json!("critical")));
    let told = alert(&cook, "temperature_high", |_| true);
    assert_eq!(told["about"], probe(&cook, "Freezer")["id"]);
    let records = until(SOON, || {
        Ok(Some(list(&cook, "/api/v1/haccp/records?open=true", "records")).filter(|records| !records.is_empty()))
    });
    assert_eq!(records.unwrap().first().unwrap()["summary"], "Freezer: -9.000 °C by hand");
    // It was -19, mistyped: what was written stays beside it, and somebody still says what became of the food.
    let path = format!("/api/v1/temperature/{}/corrections", recorded["id"].as_str().unwrap());
    let mistyped = json!({"value": -19.0, "unit": "C", "why": "a digit was lost"});
    assert_eq!(cook.post(&path, &json!({"value": -19.0, "unit": "C", "why": ""})).unwrap().status, 422);
    assert_eq!(cook.post(&path, &json!({"value": -19.0, "why": "x"})).unwrap().status, 422);
    assert_eq!(restaurant.log_in("auditor").unwrap().post(&path, &mistyped).unwrap().status, 403);
    let corrected = cook.post(&path, &mistyped).unwrap().expect_status(200).unwrap();
    let before = &corrected["corrections"][0];
    assert_eq!((&corrected["valueMilliC"], &corrected["compliant"]), (&json!(-19_000), &json!(true)), "{corrected}");
    assert_eq!((&before["beforeMilliC"], &before["by"]), (&json!(-9_000), &json!("Kalle Cook")), "{corrected}");
    let taken_back = cook.post(&path, &json!({"why": "it was the other freezer"})).unwrap().expect_status(200).unwrap();
    assert_eq!((&taken_back["valueMilliC"], &taken_back["compliant"]), (&Value::Null, &Value::Null), "{taken_back}");
    assert!(list(&cook, "/api/v1/temperature?compliant=false", "temperatures").is_empty());
    assert_eq!(list(&cook, "/api/v1/haccp/records?open=true", "records").len(), 1);
    // Once that is said and closed, a correction for the worse asks again.
    let record = list(&cook, "/api/v1/haccp/records?open=true", "records")[0]["id"].as_str().unwrap().to_owned();
    let done = json!({"choice": "other", "text": "Measured again", "disposition": "keep", "cause": "mistyped"});
    for (step, body) in [("actions", done), ("close", json!({}))] {
        let path = format!("/api/v1/haccp/records/{record}/{step}");
        cook.post(&path, &body).unwrap().expect_status(200).unwrap();
    }
    let worse = json!({"value": 10, "unit": "C", "why": "it was this freezer after all"});
    cook.post(&path, &worse).unwrap().expect_status(200).unwrap();
    until(SOON, || {
        let open = list(&cook, "/api/v1/haccp/records?open=true", "records");
        let anew = open.iter().any(|open| open["id"] != record.as_str() && open["about"] == recorded["id"]);
        Ok(anew.then_some(()))
    })
    .unwrap();
    let path = "/api/v1/haccp/report?from=2025-12-31T00:00:00Z&to=2026-01-02T00:00:00Z";
    let report = restaurant.log_in("manager").unwrap().get(path).unwrap();
    let line = report.expect_status(200).unwrap()["readings"][0].clone();
    let told: Vec<&str> = line["corrections"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(told[0].starts_with("-9") && told[0].contains("by Kalle Cook: a digit was lost"), "{line}");
    assert!(told[1].starts_with("-19") && told[1].ends_with("it was the other freezer"), "{line}");
}

#[test]
fn a_fridge_that_nobody_set_a_limit_for_alarms_by_that_of_fridges() {
    let restaurant = Restaurant::open(&Plan { relay: false, ..Plan::default() }).unwrap();
    let (manager, cook) = (restaurant.log_in("manager").unwrap(), restaurant.log_in("cook").unwrap());
    let fridge = set(&manager, "Grill drawer", &json!({"maxMilliC": null, "alarmDelaySeconds": 0}));
    assert_eq!((&fridge["minMilliC"], &fridge["maxMilliC"]), (&Value::Null, &Value::Null), "{fridge}");
    restaurant.probe_fault("grill-drawer", "value", json!(6.0)).unwrap();
    let told = alert(&cook, "temperature_high", |alert| alert["about"] == fridge["id"]);
    assert_eq!(told["message"], "Grill drawer is too warm: 6 °C, limit 5 °C");
    // What somebody measures there is judged by the same.
    let by_hand = json!({"sensorId": fridge["id"], "value": 5.5, "unit": "C", "measuredAt": "2026-01-01T00:00:00Z"});
    let recorded = cook.post("/api/v1/temperature", &by_hand).unwrap().expect_status(201).unwrap();
    assert_eq!((&recorded["compliant"], &recorded["maxMilliC"]), (&json!(false), &json!(5_000)), "{recorded}");
}
