//! The record that an inspector gets: whole, it verifies; with a hand in the database, it does not.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rusqlite::Connection;
use serde_json::json;
use trivet_restaurant::{Binaries, Guest, Plan, Restaurant, until};

const SOON: Duration = Duration::from_secs(15);

fn trivet(arguments: &[&str]) -> (String, i32) {
    let trivet = Binaries::find(None).unwrap().path("trivet").unwrap();
    let output = Command::new(trivet).args(arguments).output().unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (text, output.status.code().unwrap())
}

fn verify(arguments: &[&Path]) -> (String, i32) {
    let arguments = arguments.iter().map(|argument| argument.to_str().unwrap());
    trivet(&["verify"].into_iter().chain(arguments).collect::<Vec<_>>())
}

fn export(data: &str, to: &Path) -> PathBuf {
    let (text, code) = trivet(&["export", "--data", data, "--out", to.to_str().unwrap()]);
    assert_eq!(code, 0, "{text}");
    to.to_owned()
}

fn measure(cook: &Guest, times: i32) {
    let probes = cook.get("/api/v1/haccp/probes").unwrap().expect_status(200).unwrap();
    for n in 0..times {
        let reading = json!({"sensorId": probes["probes"][0]["id"], "value": 3.0 + f64::from(n) / 10.0, "unit": "C",
            "measuredAt": "2026-01-01T00:00:00Z", "source": "by hand"});
        cook.post("/api/v1/temperature", &reading).unwrap().expect_status(201).unwrap();
    }
}

/// What is done by hand to a copy of the database, and the code of what the check then finds.
type Hand = (&'static str, fn(&Connection), &'static [&'static str]);

const LOCATION_READINGS: &str = "SELECT sid FROM stream WHERE lane=1";

fn change(conn: &Connection, sql: &str) {
    assert!(conn.execute(&sql.replace("READINGS", LOCATION_READINGS), []).unwrap() > 0, "{sql} changed nothing");
}

const HANDS: &[Hand] = &[
    (
        "a value",
        |conn| {
            let sql = "SELECT arrival, entry FROM log WHERE sid IN (SELECT sid FROM stream WHERE lane=1) AND seq=3";
            let (arrival, mut entry): (i64, Vec<u8>) =
                conn.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
            let last = entry.len() - 6;
            entry[last] ^= 1;
            conn.execute("UPDATE log SET entry=?2 WHERE arrival=?1", rusqlite::params![arrival, entry]).unwrap();
        },
        &["chain"],
    ),
    ("a deleted reading", |conn| change(conn, "DELETE FROM log WHERE sid IN (READINGS) AND seq=3"), &["gap", "chain"]),
    ("a deleted first reading", |conn| change(conn, "DELETE FROM log WHERE sid IN (READINGS) AND seq=1"), &["gap"]),
    (
        "two readings in each other's place",
        |conn| {
            change(conn, "UPDATE log SET seq=-seq WHERE sid IN (READINGS) AND seq IN (3, 4)");
            change(conn, "UPDATE log SET seq=7+seq WHERE sid IN (READINGS) AND seq IN (-3, -4)");
        },
        &["order", "chain"],
    ),
    (
        "a reading given to another stream",
        |conn| {
            change(
                conn,
                "UPDATE log SET entry=(SELECT entry FROM log WHERE sid NOT IN (READINGS) LIMIT 1)
            WHERE sid IN (READINGS) AND seq=3",
            );
        },
        &["spliced", "chain"],
    ),
    (
        "a checkpoint moved",
        |conn| {
            change(conn, "UPDATE checkpoint SET hlc=hlc+65536000 WHERE sid IN (READINGS)");
        },
        &["signature"],
    ),
];

#[test]
fn a_box_s_record_verifies_until_a_hand_was_in_its_database() {
    let mut restaurant = Restaurant::open(&Plan::default()).unwrap();
    let data = restaurant.ready.boxes[0].data_dir.clone();
    let (cook, auditor) = (restaurant.log_in("cook").unwrap(), restaurant.log_in("auditor").unwrap());
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    measure(&cook, 6);
    // The auditor fetches it; what the relay holds by then is witnessed.
    let path = at("fetched.record");
    until(SOON, || {
        std::fs::write(&path, auditor.get_file("/api/v1/haccp/record")?)?;
        let (text, code) = verify(&[&path]);
        assert_eq!(code, 0, "{text}");
        Ok((text.contains("GOOD") && text.contains("witnessed until entry")).then_some(()))
    })
    .unwrap();
    let page = String::from_utf8(auditor.get_file("/api/v1/haccp/record.html").unwrap()).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
    assert!(!page.contains("src="), "a page that needs nothing else");
    let long = auditor.get("/api/v1/haccp/record.html?from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z").unwrap();
    assert_eq!((long.status, long.body["errors"][0]["field"].as_str()), (422, Some("from")), "{}", long.body);
    let none = auditor.get("/api/v1/haccp/record?from=2026-03-01T00:00:00Z&to=2026-01-01T00:00:00Z").unwrap();
    assert_eq!(none.status, 422);
    // A period that lies after all of this begins at a signed checkpoint and holds no reading.
    std::fs::write(&path, auditor.get_file("/api/v1/haccp/record?from=2100-01-01T00:00:00Z").unwrap()).unwrap();
    let (text, code) = verify(&[&path]);
    assert!(code == 0 && text.contains("begins after the checkpoint of entry"), "{text}");
    // From the folder, while the daemon runs.
    let earlier = export(&data, &at("earlier.record"));
    let (text, code) = verify(&[&earlier]);
    assert!(code == 0 && text.contains("not witnessed"), "{text}");
    let html = at("record.html");
    let (text, code) = trivet(&["export", "--data", &data, "--html", "--out", html.to_str().unwrap()]);
    assert_eq!(code, 0, "{text}");
    assert!(std::fs::read_to_string(&html).unwrap().contains("<script type=\"text/plain\" id=\"record\">gg"));
    let (text, code) = trivet(&["export", "--data", &data, "--from", "yesterday", "--out", html.to_str().unwrap()]);
    assert!(code != 0 && text.contains("yesterday"), "{text}");

    restaurant.process("box1").kill();
    for (name, hand, codes) in HANDS {
        let copy = at(&name.replace(' ', "-"));
        std::fs::create_dir(&copy).unwrap();
        for file in ["identity", "trivet.db", "trivet.db-wal"] {
            std::fs::copy(Path::new(&data).join(file), copy.join(file)).unwrap();
        }
        let conn = Connection::open(copy.join("trivet.db")).unwrap();
        hand(&conn);
        drop(conn);
        let (text, code) = verify(&[&export(copy.to_str().unwrap(), &copy.join("record"))]);
        assert_eq!(code, 1, "{name}: {text}");
        for code in *codes {
            assert!(text.contains(&format!("WRONG ({code})")), "{name}: {text}");
        }
    }
    // An older copy of the whole database is honest in itself: it takes something that was seen to tell.
    let old = at("old");
    std::fs::create_dir(&old).unwrap();
    for file in ["identity", "trivet.db", "trivet.db-wal"] {
        std::fs::copy(Path::new(&data).join(file), old.join(file)).unwrap();
    }
    restaurant.restart("box1").unwrap();
    measure(&restaurant.log_in("cook").unwrap(), 3);
    let seen = export(&data, &at("seen.record"));
    let rolled_back = export(old.to_str().unwrap(), &at("rolled-back.record"));
    assert_eq!(verify(&[&rolled_back]).1, 0);
    let (text, code) = verify(&[&rolled_back, Path::new("--seen"), &seen]);
    assert!(code == 1 && text.contains("WRONG (rolled-back)"), "{text}");
    let (text, code) = verify(&[&seen, Path::new("--seen"), &earlier]);
    assert!(code == 0 && text.contains("as seen before"), "{text}");
    assert!(restaurant.close());
}
