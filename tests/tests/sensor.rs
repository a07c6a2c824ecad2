//! A sensor of our own firmware, in QEMU, on a serial line of the box: from its chip to the alarm and the record.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use trivet_restaurant::{Answer, Guest, Plan, Restaurant, Sensor, new_key, until};

const SOON: Duration = Duration::from_secs(30);

fn image() -> PathBuf {
    let built = std::env::var_os("TRIVET_SENSOR").map(PathBuf::from);
    let target = || {
        let own = std::env::current_exe().unwrap();
        own.ancestors().nth(3).unwrap().join("firmware/boards/thumbv7m-none-eabi/release/board-qemu")
    };
    built.unwrap_or_else(target)
}

fn probe(guest: &Guest) -> Value {
    let probes = guest.get("/api/v1/haccp/probes").unwrap().expect_status(200).unwrap();
    probes["probes"].as_array().unwrap().iter().find(|probe| probe["name"] == "Cold store").unwrap().clone()
}

fn points(guest: &Guest, id: &Value) -> Vec<Value> {
    let path = format!("/api/v1/haccp/probes/{}/history", id.as_str().unwrap());
    guest.get(&path).unwrap().expect_status(200).unwrap()["points"].as_array().unwrap().clone()
}

/// The box's clock off by so much that a minute of it ends in six seconds.
fn before_a_minute_ends() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    54_000 - now % 60_000
}

/// Of the sensor's readings the last that the box acknowledged.
fn mark(restaurant: &Restaurant) -> Option<u64> {
    let store = restaurant.folder().join("box1/trivet.db");
    let conn = rusqlite::Connection::open_with_flags(store, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    conn.query_row("SELECT sample FROM haccp_mark", [], |row| row.get::<_, i64>(0)).ok().map(i64::unsigned_abs)
}

#[test]
fn no_reading_of_a_sensor_is_lost_or_doubled_while_the_box_is_killed() {
    let image = image();
    let sensor = Some(Sensor::Qemu(image));
    let plan = Plan { relay: false, sensor, clock_offset_ms: before_a_minute_ends(), ..Plan::default() };
    let mut restaurant = Restaurant::open(&plan).unwrap();
    let cook = restaurant.log_in("cook").unwrap();
    until(SOON, || Ok((probe(&cook)["current"]["quality"] == "good").then_some(()))).unwrap();
    // It is warmer than its limit: the alarm is there, with words, and a record asks for a word of what was done.
    let told = until(SOON, || {
        let alerts = cook.get("/api/v1/alerts")?.expect_status(200)?;
        let of_ours = |alert: &&Value| alert["words"] == "temperature_high" && alert["about"] == probe(&cook)["id"];
        Ok(alerts["alerts"].as_array().unwrap().iter().find(of_ours).cloned())
    })
    .unwrap();
    assert!(told["message"].as_str().unwrap().starts_with("Cold store is too warm"), "{told}");
    until(SOON, || Ok(mark(&restaurant))).unwrap();
    // Killed in the middle of a minute that nothing of is in the record yet, and away for a while.
    let seen = probe(&cook)["current"]["at"].clone();
    until(SOON, || Ok((probe(&cook)["current"]["at"] != seen).then_some(()))).unwrap();
    restaurant.process("box1").kill();
    let before = mark(&restaurant).unwrap();
    restaurant.set_clock_offset(before_a_minute_ends()).unwrap();
    restaurant.restart("box1").unwrap();
    let cook = restaurant.log_in("cook").unwrap();
    let after = until(SOON * 2, || Ok(mark(&restaurant).filter(|mark| *mark > before + 5))).unwrap();
    restaurant.process("box1").kill();
    let after = mark(&restaurant).unwrap_or(after);
    restaurant.restart("box1").unwrap();
    let cook_again = restaurant.log_in("cook").unwrap();
    drop(cook);
    // Up to the mark, each number once: what the minutes count is what the sensor numbered.
    let id = probe(&cook_again)["id"].clone();
    let counted = |points: &[Value]| points.iter().map(|point| point["n"].as_u64().unwrap()).sum::<u64>();
    let total = counted(&points(&cook_again, &id));
    let now = mark(&restaurant).unwrap();
    assert!(after == now && total == after, "{total} readings in the record, {after} acknowledged, {now} now");
}

fn sensor(guest: &Guest) -> Value {
    let sensors = guest.get("/api/v1/haccp/sensors").unwrap().expect_status(200).unwrap();
    sensors["sensors"].as_array().unwrap().first().cloned().unwrap_or_default()
}

fn register(guest: &Guest, restaurant: &Restaurant, file: &str) -> Answer {
    let image = std::fs::read(restaurant.folder().join(file)).unwrap();
    guest.post_bytes("/api/v1/haccp/firmware", &new_key(), &image).unwrap()
}

/// Waits until the update of the sensor has ended, and gives it.
fn ended(guest: &Guest) -> Value {
    let update = || Ok(Some(sensor(guest)["update"].clone()).filter(|update| update["state"] != "under_way"));
    until(SOON * 2, update).unwrap()
}

#[test]
fn a_sensor_takes_a_signed_firmware_and_goes_back_from_one_that_does_not_run() {
    let plan = Plan { relay: false, sensor: Some(Sensor::Simulated), ..Plan::default() };
    let mut restaurant = Restaurant::open(&plan).unwrap();
    let owner = restaurant.log_in("owner").unwrap();
    let cook = restaurant.log_in("cook").unwrap();
    until(SOON, || Ok((sensor(&owner)["live"]["up"] == true).then_some(()))).unwrap();
    let first = sensor(&owner);
    assert_eq!((first["firmware"].as_str(), first["hardware"].as_str()), (Some("0.1.0"), Some("sim")));
    assert_eq!(first["live"]["batteryPercent"], 87, "{first}");
    // Only who may, and only what is signed.
    assert_eq!(register(&cook, &restaurant, "firmware-0.2.0.tvf").status, 403);
    let refused = register(&owner, &restaurant, "foreign.tvf");
    assert_eq!(refused.status, 422);
    assert!(refused.body["detail"].as_str().unwrap().contains("not signed with the key"), "{}", refused.body);
    let image = register(&owner, &restaurant, "firmware-0.2.0.tvf").expect_status(201).unwrap();
    assert_eq!((image["version"].as_str(), image["slot"].as_str()), (Some("0.2.0"), Some("b")));
    assert_eq!(register(&owner, &restaurant, "firmware-0.2.0.tvf").expect_status(201).unwrap(), image);
    let path = format!("/api/v1/haccp/sensors/{}/update", first["id"].as_str().unwrap());
    let update = |version: &str| owner.post(&path, &json!({ "version": version })).unwrap();
    assert_eq!(update("0.9.0").status, 422);
    // One that hangs at its start: the sensor goes back by itself.
    register(&owner, &restaurant, "firmware-0.3.0.tvf").expect_status(201).unwrap();
    let begun = update("0.3.0").expect_status(202).unwrap();
    assert_eq!((begun["state"].as_str(), begun["from"].as_str()), (Some("under_way"), Some("0.1.0")));
    assert_eq!(ended(&owner)["state"], "rolled_back");
    until(SOON, || Ok((sensor(&owner)["firmware"] == "0.1.0").then_some(()))).unwrap();
    // One that runs.
    update("0.2.0").expect_status(202).unwrap();
    let done = ended(&owner);
    assert_eq!((done["state"].as_str(), done["startedBy"].as_str()), (Some("done"), Some("Oona Owner")), "{done}");
    until(SOON, || Ok((sensor(&owner)["firmware"] == "0.2.0").then_some(()))).unwrap();
    // What is in the log outlives the box; the sensor is known again, with all that it went through.
    restaurant.process("box1").kill();
    restaurant.restart("box1").unwrap();
    let owner = restaurant.log_in("owner").unwrap();
    until(SOON, || Ok((sensor(&owner)["live"]["up"] == true).then_some(()))).unwrap();
    let again = sensor(&owner);
    assert_eq!((&again["firmware"], &again["update"]), (&json!("0.2.0"), &done));
    assert_eq!(again["starts"], 3, "{again}");
    assert_eq!(again["lostReadings"], 0, "{again}");
}
