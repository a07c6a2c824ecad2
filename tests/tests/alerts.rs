//! Alerts of a running box: raised by what happens, seen by whom they concern, followed by the next when nobody comes.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use trivet_restaurant::{Guest, Plan, Restaurant, new_key, until};

const SOON: Duration = Duration::from_secs(30);

fn alerts(guest: &Guest, query: &str) -> Vec<Value> {
    let list = guest.get(&format!("/api/v1/alerts?limit=200&{query}")).unwrap().expect_status(200).unwrap();
    list["alerts"].as_array().unwrap().clone()
}

fn alert(guest: &Guest, words: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    until(SOON, || Ok(alerts(guest, "").into_iter().find(|alert| alert["words"] == words && wanted(alert)))).unwrap()
}

fn acknowledge(guest: &Guest, alert: &Value, comment: Option<&str>) -> Value {
    let path = format!("/api/v1/alerts/{}/acknowledge", alert["id"].as_str().unwrap());
    guest.post(&path, &json!({"comment": comment})).unwrap().expect_status(200).unwrap()
}

/// Wrong passwords for this login, until it is locked.
fn lock(restaurant: &Restaurant, login: &str) {
    let stranger = Guest::stranger(&restaurant.ready.edge_url);
    let wrong = json!({"login": login, "password": "wrong"});
    let tried: Vec<u16> = (0..7).map(|_| stranger.post("/api/v1/auth/login", &wrong).unwrap().status).collect();
    assert_eq!(tried.last(), Some(&429), "{tried:?}");
}

#[test]
fn a_silent_probe_and_a_locked_login_are_told_to_those_whom_they_concern() {
    let restaurant = Restaurant::open(&Plan { relay: false, ..Plan::default() }).unwrap();
    let [manager, cook, waiter] = ["manager", "cook", "waiter"].map(|role| restaurant.log_in(role).unwrap());
    let mut kitchen = cook.listen(&["notifications"], None).unwrap();
    let mut tables = waiter.listen(&["notifications"], None).unwrap();
    restaurant.probe_fault("walk-in", "silent", json!(true)).unwrap();
    let raised =
        kitchen.wait_for("notifications:alert:raised", SOON, |alert| alert["words"] == "sensor_offline").unwrap();
    let told = &raised["data"];
    assert_eq!((&told["category"], &told["severity"]), (&json!("sensor_offline"), &json!("warn")));
    assert_eq!(told["state"], "active_unacknowledged");
    assert!(told["message"].as_str().unwrap().contains("Walk-in fridge"), "{told}");
    restaurant.probe_fault("walk-in", "none", json!(true)).unwrap();
    let back = |alert: &Value| alert["id"] == told["id"] && alert["state"] == "returned_unacknowledged";
    kitchen.wait_for("notifications:alert:changed", SOON, back).unwrap();
    let seen = acknowledge(&cook, told, Some("cable was loose"));
    assert_eq!((&seen["state"], &seen["acknowledgements"][0]["byName"]), (&json!("closed"), &json!("Kalle Cook")));
    kitchen.wait_for("notifications:alert:closed", SOON, |alert| alert["id"] == told["id"]).unwrap();

    lock(&restaurant, "waiter");
    let locked = alert(&manager, "lockout_login", |_| true);
    assert_eq!((&locked["category"], &locked["severity"]), (&json!("security"), &json!("high")));
    assert_eq!(locked["aboutName"], "Wilma Waiter");
    assert_eq!(alerts(&manager, "category=security").len(), 1, "once, however often it was tried");
    assert!(alerts(&cook, "").iter().all(|alert| alert["category"] != "security"), "not the cook's business");
    let path = format!("/api/v1/alerts/{}", locked["id"].as_str().unwrap());
    assert_eq!(cook.get(&path).unwrap().status, 404);
    assert_eq!(cook.post(&format!("{path}/acknowledge"), &json!({})).unwrap().status, 404);
    // Nor the waiter's, on the feed: what she hears next is something else.
    manager.put("/api/v1/alerts/routing", &json!({"sees": {"sensor_offline": {"waiter": true}}})).unwrap();
    restaurant.probe_fault("freezer", "silent", json!(true)).unwrap();
    let first = tables.wait_for("notifications:alert:raised", SOON, |_| true).unwrap();
    assert_eq!(first["data"]["category"], "sensor_offline", "{first}");

    // What nobody has read is there when they come back, and gone when they have.
    let unread = |guest: &Guest| {
        guest.get("/api/v1/notifications?unread").unwrap().expect_status(200).unwrap()["notifications"]
            .as_array()
            .unwrap()
            .clone()
    };
    let mine = unread(&manager);
    assert!(mine.iter().any(|notice| notice["alert"]["id"] == locked["id"]), "{mine:?}");
    let picture = manager.listen(&["notifications"], None).unwrap().wait_for("notifications:status", SOON, |_| true);
    let picture = picture.unwrap();
    assert_eq!(picture["data"]["unread"].as_array().unwrap().len(), mine.len());
    let ids: Vec<&Value> = mine.iter().map(|notice| &notice["id"]).collect();
    manager.post("/api/v1/notifications/read", &json!({"ids": ids})).unwrap().expect_status(200).unwrap();
    assert!(!unread(&manager).iter().any(|notice| notice["alert"]["id"] == locked["id"]));
    assert_eq!(manager.post("/api/v1/notifications/read", &json!({"ids": ["x"]})).unwrap().status, 422);
}

#[test]
fn bad_orders_to_an_alert_are_named_and_change_nothing() {
    let restaurant = Restaurant::open(&Plan { relay: false, devices: false, ..Plan::default() }).unwrap();
    let [manager, cook] = ["manager", "cook"].map(|role| restaurant.log_in(role).unwrap());
    lock(&restaurant, "nobody");
    let locked = alert(&manager, "lockout_login", |_| true);
    assert!(
        locked["aboutName"].is_null() && !locked.to_string().contains("nobody"),
        "what was typed is nowhere: {locked}"
    );
    let path = format!("/api/v1/alerts/{}", locked["id"].as_str().unwrap());
    for (what, body, status, field) in [
        ("shelve", json!({"until": "tomorrow", "why": "x"}), 422, Some("until")),
        ("shelve", json!({"until": "2200-01-01T00:00:00Z", "why": "x"}), 422, Some("until")),
        ("shelve", json!({"until": "2200-01-01T00:00:00Z"}), 422, None),
        ("acknowledge", json!({"comment": "x".repeat(501)}), 422, Some("comment")),
        ("acknowledge", json!({"coment": "x"}), 422, None),
    ] {
        let refused = manager.post(&format!("{path}/{what}"), &body).unwrap();
        assert_eq!(refused.status, status, "{what} {body}: {}", refused.body);
        if let Some(field) = field {
            assert_eq!(refused.body["errors"][0]["field"], field, "{}", refused.body);
        }
    }
    for (query, field) in [("category=fire", "category"), ("state=odd", "state"), ("since=noon", "since")] {
        let refused = manager.get(&format!("/api/v1/alerts?{query}")).unwrap();
        assert_eq!((refused.status, &refused.body["errors"][0]["field"]), (422, &json!(field)));
    }
    let nowhere = format!("/api/v1/alerts/{}/acknowledge", new_key());
    assert_eq!(manager.post(&nowhere, &json!({})).unwrap().status, 404);
    assert_eq!(cook.put("/api/v1/alerts/routing", &json!({})).unwrap().status, 403);
    assert_eq!(manager.get(&path).unwrap().body, locked);
}

#[test]
fn nobody_came_so_the_next_are_called_across_a_restart() {
    let mut restaurant = Restaurant::open(&Plan { relay: false, devices: false, ..Plan::default() }).unwrap();
    let manager = restaurant.log_in("manager").unwrap();
    let maintenance = |at: &Value| json!({"name": "Oven", "nextMaintenance": at});
    let now = manager.get("/api/v1/box/status").unwrap().expect_status(200).unwrap()["now"].clone();
    let oven = format!("/api/v1/kitchen/equipment/{}", new_key());
    assert_eq!(restaurant.log_in("waiter").unwrap().put(&oven, &maintenance(&now)).unwrap().status, 403);
    manager.put(&oven, &maintenance(&now)).unwrap().expect_status(200).unwrap();
    let due = alert(&manager, "maintenance_due", |_| true);
    assert_eq!((&due["severity"], &due["state"]), (&json!("warn"), &json!("active_unacknowledged")));
    lock(&restaurant, "nobody");
    let locked = alert(&manager, "lockout_login", |_| true);
    assert_eq!((&locked["level"], &locked["severity"]), (&json!(0), &json!("high")));
    // Eleven minutes later, and then so much later that the owner's turn has come too.
    for (expected, minutes) in [(1, 11), (2, 31)] {
        restaurant.set_clock_offset(minutes * 60_000).unwrap();
        restaurant.process("box1").kill();
        restaurant.restart("box1").unwrap();
        let owner = restaurant.log_in("owner").unwrap();
        let escalated = alert(&owner, "lockout_login", |alert| alert["level"] == json!(expected));
        assert_eq!(escalated["id"], locked["id"]);
        let told = owner.get("/api/v1/notifications?unread").unwrap().expect_status(200).unwrap();
        let calls = |level: u8| {
            let of_level = |notice: &&Value| notice["alert"]["id"] == locked["id"] && notice["level"] == level;
            told["notifications"].as_array().unwrap().iter().filter(of_level).count()
        };
        assert_eq!((calls(1), calls(2)), (1, usize::from(expected == 2)), "{told}");
    }
    let owner = restaurant.log_in("owner").unwrap();
    assert_eq!(alert(&owner, "maintenance_due", |_| true)["level"], 0, "what is only a warning calls nobody");
    let status = owner.get("/api/v1/box/status").unwrap().expect_status(200).unwrap();
    let queues = status["queues"].as_array().unwrap();
    let outbox = queues.iter().find(|queue| queue["name"] == "alerts to be sent").unwrap();
    assert_eq!(outbox["length"], 3, "raised and two calls wait for whoever sends: {outbox}");
    // What has waited for a week is more than a reminder.
    restaurant.set_clock_offset(8 * 24 * 3_600_000).unwrap();
    restaurant.process("box1").kill();
    restaurant.restart("box1").unwrap();
    let owner = restaurant.log_in("owner").unwrap();
    let worse = alert(&owner, "maintenance_due", |alert| alert["severity"] == "high");
    assert_eq!((&worse["id"], &worse["times"]), (&due["id"], &json!(1)));
    // Moved on, it is no longer due.
    owner.put(&oven, &json!({"nextMaintenance": "2200-01-01T00:00:00Z"})).unwrap().expect_status(200).unwrap();
    alert(&owner, "maintenance_due", |alert| alert["state"] == "returned_unacknowledged");
}

#[test]
fn a_full_disk_and_a_printer_that_is_gone_want_maintenance() {
    let mut restaurant = Restaurant::open(&Plan { relay: false, ..Plan::default() }).unwrap();
    restaurant.printer_fault("hot", "power_off", json!(true)).unwrap();
    let limits = |text: &str| {
        let path = restaurant.folder().join("box1.toml");
        let before = std::fs::read_to_string(&path).unwrap();
        let before = before.split("[alerts]").next().unwrap().to_owned();
        std::fs::write(path, format!("{before}\n[alerts]\n{text}\n")).unwrap();
    };
    limits("device_down_seconds = 1\ndisk_free_percent = 101");
    restaurant.process("box1").kill();
    restaurant.restart("box1").unwrap();
    let manager = restaurant.log_in("manager").unwrap();
    let disk = alert(&manager, "disk_full", |_| true);
    assert_eq!(disk["category"], "maintenance");
    let hot = |alert: &Value| alert["parameters"]["name"]["value"] == "hot";
    assert_eq!(alert(&manager, "device_down", hot)["severity"], "warn");
    restaurant.printer_fault("hot", "none", json!(true)).unwrap();
    alert(&manager, "device_down", |alert| hot(alert) && alert["state"] == "returned_unacknowledged");
    // Told once: the same alert after a restart.
    restaurant.process("box1").kill();
    restaurant.restart("box1").unwrap();
    let manager = restaurant.log_in("manager").unwrap();
    alert(&manager, "disk_full", |_| true);
    let disks: Vec<Value> = alerts(&manager, "").into_iter().filter(|alert| alert["words"] == "disk_full").collect();
    assert_eq!((disks.len(), &disks[0]["id"], &disks[0]["times"]), (1, &disk["id"], &json!(1)));
}

/// What the broker says of the buzzer, as a relay with a horn would hear it: MQTT 3.1.1, by hand.
struct Horn(TcpStream);

impl Horn {
    /// Each by a name of its own: of two clients of one name the broker keeps the later.
    fn listen(restaurant: &Restaurant, name: &str) -> Horn {
        let broker = &restaurant.ready.mqtt;
        let mut stream = TcpStream::connect((broker.host.as_str(), broker.port)).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        let text = |text: &str| [&u16::try_from(text.len()).unwrap().to_be_bytes(), text.as_bytes()].concat();
        let packet = |kind: u8, body: &[u8]| [&[kind, u8::try_from(body.len()).unwrap()], body].concat();
        let hello = [&text("MQTT"), &[4, 0xc2, 0, 60][..], &text(name), &text(&broker.user), &text(&broker.password)];
        stream.write_all(&packet(0x10, &hello.concat())).unwrap();
        let mut answer = [0; 4];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(answer, [0x20, 2, 0, 0], "the broker lets us in");
        stream.write_all(&packet(0x82, &[&[0, 1][..], &text("trivet/+/buzzer"), &[0]].concat())).unwrap();
        Horn(stream)
    }

    /// The next word about the buzzer.
    fn word(&mut self) -> String {
        loop {
            let mut head = [0; 2];
            self.0.read_exact(&mut head).unwrap();
            let mut body = vec![0; usize::from(head[1])];
            self.0.read_exact(&mut body).unwrap();
            if head[0] & 0xf0 == 0x30 {
                let topic = 2 + usize::from(u16::from_be_bytes([body[0], body[1]]));
                return String::from_utf8(body[topic..].to_vec()).unwrap();
            }
        }
    }

    fn wait_for(&mut self, word: &str) {
        while self.word() != word {}
    }
}

#[test]
fn the_buzzer_sounds_without_a_relay_until_somebody_comes() {
    // The relay is configured and away.
    let mut restaurant = Restaurant::open(&Plan::default()).unwrap();
    restaurant.process("relay").kill();
    let manager = restaurant.log_in("manager").unwrap();
    let mut horn = Horn::listen(&restaurant, "horn");
    horn.wait_for("off");
    // Somebody who tries the logins of many people: critical, and so loud at once.
    let stranger = Guest::stranger(&restaurant.ready.edge_url);
    for n in 0..22 {
        let wrong = json!({"login": format!("guess {n}"), "password": "wrong"});
        stranger.post("/api/v1/auth/login", &wrong).unwrap();
    }
    horn.wait_for("on");
    let many = alert(&manager, "lockout_address", |_| true);
    assert_eq!(many["severity"], "critical");
    // Whoever comes late hears it too: it is retained.
    Horn::listen(&restaurant, "late").wait_for("on");
    assert_eq!(acknowledge(&manager, &many, None)["state"], "closed");
    horn.wait_for("off");
}
