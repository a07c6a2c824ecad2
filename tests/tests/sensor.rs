//! A sensor of our own firmware, in QEMU, on a serial line of the box: from its chip to the alarm and the record.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use trivet_restaurant::{Guest, Plan, Restaurant, until};

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
    let plan = Plan { relay: false, sensor: Some(image), clock_offset_ms: before_a_minute_ends(), ..Plan::default() };
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
