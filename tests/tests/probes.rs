//! Probes of every kind on a box: 1-Wire that lies, doors, a broker with an account a device, adoption, a pot's curve.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use trivet_restaurant::{Binaries, Broker, Guest, Plan, Process, Restaurant, free_port, rfc3339, until};

const SOON: Duration = Duration::from_secs(20);
const SENSOR: &str = "28-0316a2793b21";

fn find(guest: &Guest, name: &str) -> Option<Value> {
    let probes = guest.get("/api/v1/haccp/probes").unwrap().expect_status(200).unwrap();
    probes["probes"].as_array().unwrap().iter().find(|probe| probe["name"] == name).cloned()
}

/// Waits until a probe's card says this.
fn shows(guest: &Guest, name: &str, what: &str, says: impl Fn(&Value) -> bool) -> Value {
    let shown = until(SOON, || Ok(find(guest, name).filter(&says)));
    shown.unwrap_or_else(|_| panic!("{what}: {:?}", find(guest, name)))
}

fn good(guest: &Guest, name: &str) -> Value {
    shows(guest, name, "a good value", |probe| probe["current"]["quality"] == "good")
}

fn order(control: &Guest, order: &Value) {
    control.post("/", order).unwrap().expect_status(200).unwrap();
}

#[test]
fn a_one_wire_sensor_that_lies_gives_a_reason_and_never_a_number() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("w1");
    let mut command = Command::new(Binaries::find(None).unwrap().path("trivet-vprobe").unwrap());
    command.arg("--w1").arg(&root).args(["--sensor", &format!("{SENSOR}=walk-in:3.2"), "--period-ms", "100"]);
    let (_sensors, said) = Process::announced("w1", &mut command, folder.path()).unwrap();
    let control = Guest::stranger(said["control"].as_str().unwrap());
    let address = said["probes"]["walk-in"]["address"].as_str().unwrap().to_owned();
    assert_eq!(address, format!("w1:{SENSOR}@{}", root.display()));
    let plan = Plan { relay: false, probes: [("walk-in".to_owned(), address)].into(), ..Plan::default() };
    let restaurant = Restaurant::open(&plan).unwrap();
    let cook = restaurant.log_in("cook").unwrap();
    good(&cook, "Walk-in fridge");
    for (fault, reason) in [
        ("bad_crc", "crc"),
        ("nan", "power_on_reset"),
        ("sentinel", "insufficient_power"),
        ("silent", "disconnected"),
        ("noise", "all_zero"),
        ("truncate", "malformed"),
        ("gone", "disconnected"),
    ] {
        order(&control, &json!({"fault": fault}));
        let shown = shows(&cook, "Walk-in fridge", fault, |probe| probe["current"]["reason"] == reason);
        assert_eq!(shown["current"]["milliC"], Value::Null, "{fault}");
        order(&control, &json!({"fault": "none"}));
        good(&cook, "Walk-in fridge");
    }
}

/// A door on the Modbus line, adopted by its address; an adopted sensor of the line, too.
#[test]
fn a_door_and_a_probe_are_adopted_by_their_address() {
    let restaurant = Restaurant::open(&Plan { relay: false, ..Plan::default() }).unwrap();
    let manager = restaurant.log_in("manager").unwrap();
    let line = restaurant.ready.probes["walk-in"].address.rsplit_once(',').unwrap().0.to_owned();
    let body = json!({"name": "Second", "unitKind": "fridge", "input": format!("{line},2,generic"),
        "details": {"door": format!("{line},2,contacts#1")}});
    let adopted = manager.post("/api/v1/haccp/probes", &body).unwrap().expect_status(201).unwrap();
    good(&manager, "Second");
    let door = |on: bool| {
        move |probe: &Value| {
            let parts = probe["parts"].as_array().cloned().unwrap_or_default();
            parts.iter().any(|part| part["part"] == "door" && part["on"] == on)
        }
    };
    shows(&manager, "Second", "a closed door", door(false));
    restaurant.probe_fault("grill-drawer", "open", json!(true)).unwrap();
    shows(&manager, "Second", "an open door", door(true));
    // The contact is taken out while the door is open: nobody knows any more, and it stands open no longer.
    let id = adopted["id"].as_str().unwrap();
    let out = manager.put(&format!("/api/v1/haccp/probes/{id}"), &json!({"details": {"door": ""}})).unwrap();
    out.expect_status(200).unwrap();
    until(SOON, || {
        let history = manager.get(&format!("/api/v1/haccp/probes/{id}/history"))?.expect_status(200)?;
        let ended = |mark: &Value| mark["part"] == "door" && mark["to"].is_string();
        Ok(history["marks"].as_array().unwrap().iter().all(ended).then_some(()))
    })
    .unwrap();
    // Those that were on the line before go on.
    good(&manager, "Walk-in fridge");
    // An address that is meant for another box is not begun here.
    let body = json!({"name": "Elsewhere", "unitKind": "fridge", "input": format!("{line},3,generic;box=ffffffff")});
    manager.post("/api/v1/haccp/probes", &body).unwrap().expect_status(201).unwrap();
    let found = manager.get("/api/v1/haccp/discovered").unwrap().expect_status(200).unwrap();
    let inputs: Vec<&str> = found["inputs"].as_array().unwrap().iter().map(|i| i["name"].as_str().unwrap()).collect();
    assert!(inputs.contains(&format!("{line},2,generic").as_str()) && !inputs.iter().any(|i| i.contains("box=")));
}

/// Another probe goes on with its unit's excursion; when the unit is retired nobody would ever say that it is over.
#[test]
fn a_unit_that_is_retired_while_it_is_warm_leaves_only_its_record_open() {
    let mut restaurant = Restaurant::open(&Plan { relay: false, ..Plan::default() }).unwrap();
    let manager = restaurant.log_in("manager").unwrap();
    let id = good(&manager, "Walk-in fridge")["id"].clone();
    let path = format!("/api/v1/haccp/probes/{}", id.as_str().unwrap());
    let set = |change: &Value| manager.put(&path, change).unwrap().expect_status(200).unwrap();
    let list = |guest: &Guest, path: &str, what: &str| {
        guest.get(path).unwrap().expect_status(200).unwrap()[what].as_array().unwrap().clone()
    };
    let open = |guest: &Guest| {
        let mut open = list(guest, "/api/v1/haccp/breaches?open=true", "breaches");
        open.retain(|breach| breach["probeId"] == id);
        open
    };
    let alarming = |guest: &Guest| {
        let alerts = list(guest, "/api/v1/alerts", "alerts").into_iter();
        let alerts = alerts.filter(|alert| alert["about"] == id && alert["state"] == "active_unacknowledged");
        alerts.map(|alert| alert["words"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let records = |guest: &Guest| {
        let records = list(guest, "/api/v1/haccp/records?open=true", "records").into_iter();
        records.filter(|record| record["summary"] == "Walk-in fridge: 9.2 °C").count()
    };
    set(&json!({"alarmDelaySeconds": 0}));
    restaurant.probe_fault("walk-in", "value", json!(9.2)).unwrap();
    until(SOON, || Ok((alarming(&manager) == ["temperature_high"] && records(&manager) == 1).then_some(()))).unwrap();
    let breach = open(&manager).first().unwrap()["id"].clone();
    // The probe is replaced by one that is warmer still, and that one falls silent.
    restaurant.probe_fault("bain-marie", "value", json!(64.5)).unwrap();
    set(&json!({"input": "bain-marie"}));
    let replaced = shows(&manager, "Walk-in fridge", "the new probe", |probe| probe["current"]["milliC"] == 64_500);
    assert_eq!(replaced["breach"]["id"], breach, "{replaced}");
    restaurant.probe_fault("bain-marie", "silent", json!(true)).unwrap();
    until(SOON, || Ok((alarming(&manager).len() == 2).then_some(()))).unwrap();
    set(&json!({"retired": true}));
    let over = |guest: &Guest| open(guest).is_empty() && alarming(guest).is_empty();
    until(SOON, || Ok(over(&manager).then_some(()))).unwrap();
    let retired = find(&manager, "Walk-in fridge").unwrap();
    assert_eq!((&retired["retired"], &retired["breach"]), (&json!(true), &Value::Null), "{retired}");
    let all = list(&manager, "/api/v1/haccp/breaches", "breaches");
    let ended = all.iter().find(|known| known["id"] == breach).unwrap();
    assert_eq!(ended["peakMilliC"], 64_500, "{ended}");
    assert_eq!(records(&manager), 1, "people say what became of the food");
    restaurant.process("box1").kill();
    restaurant.restart("box1").unwrap();
    let manager = restaurant.log_in("manager").unwrap();
    good(&manager, "Freezer");
    assert!(over(&manager) && records(&manager) == 1);
}

/// As much of MQTT 3.1.1 as a device needs, so that each byte is the test's own.
struct Device {
    stream: TcpStream,
    /// Topics of messages that came while something else was waited for.
    heard: VecDeque<String>,
}

impl Device {
    /// The code of the broker's answer: 0 is welcome, 5 is not authorised.
    fn connect(port: u16, login: Option<(&str, &str)>, will: Option<(&str, &str)>) -> (Device, u8) {
        let id = format!("device-{}", login.map_or("nobody", |(user, _)| user));
        let mut flags = 0b10;
        let mut payload = text(&id);
        if let Some((topic, gone)) = will {
            flags |= 0b0010_1100;
            payload.extend([text(topic), text(gone)].concat());
        }
        if let Some((user, password)) = login {
            flags |= 0b1100_0000;
            payload.extend([text(user), text(password)].concat());
        }
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        let mut device = Device { stream, heard: VecDeque::new() };
        device.send(0x10, &[&text("MQTT")[..], &[4, flags, 0, 60], &payload].concat());
        let (kind, body) = device.receive();
        assert_eq!(kind, 0x20, "CONNACK");
        (device, body[1])
    }

    fn send(&mut self, kind: u8, body: &[u8]) {
        assert!(body.len() < 16_384, "two bytes of length");
        let length = body.len();
        let length =
            if length < 128 { vec![length as u8] } else { vec![length as u8 & 127 | 128, (length >> 7) as u8] };
        self.stream.write_all(&[&[kind][..], &length, body].concat()).unwrap();
    }

    fn receive(&mut self) -> (u8, Vec<u8>) {
        let mut byte = || {
            let mut one = [0];
            self.stream.read_exact(&mut one).unwrap();
            one[0]
        };
        let (kind, low) = (byte(), byte());
        let length = if low < 128 { usize::from(low) } else { usize::from(low & 127) | usize::from(byte()) << 7 };
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).unwrap();
        (kind, body)
    }

    /// At least once; mosquitto acknowledges also what its rules throw away.
    fn publish(&mut self, topic: &str, payload: &str, retain: bool) {
        let kind = 0x32 | u8::from(retain);
        self.send(kind, &[&text(topic)[..], &[0, 7], payload.as_bytes()].concat());
        self.wait_for(0x40);
    }

    fn subscribe(&mut self, filter: &str) {
        self.send(0x82, &[&[0, 9][..], &text(filter), &[0]].concat());
        self.wait_for(0x90);
    }

    fn wait_for(&mut self, wanted: u8) {
        loop {
            let (kind, body) = self.receive();
            if kind & 0xf0 == 0x30 {
                let length = usize::from(u16::from_be_bytes([body[0], body[1]]));
                self.heard.push_back(String::from_utf8(body[2..2 + length].to_vec()).unwrap());
            }
            if kind & 0xf0 == wanted {
                return;
            }
        }
    }

    /// The topic of the next message.
    fn next(&mut self) -> String {
        if self.heard.is_empty() {
            self.wait_for(0x30);
        }
        self.heard.pop_front().unwrap()
    }
}

fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u16).to_be_bytes()[..], text.as_bytes()].concat()
}

const ACCOUNTS: &str = r#"
[[mqtt.account]]
name = "cellar"
publish = ["trivet/probe/cellar", "trivet/probe/cellar/status"]
[[mqtt.account]]
name = "attic"
publish = ["trivet/probe/attic"]
subscribe = ["cmd/attic"]
[[mqtt.account]]
name = "boss"
publish = ["cmd/+"]
"#;

/// A mosquitto with the files that `trivet broker-files` writes.
struct Mosquitto {
    folder: tempfile::TempDir,
    port: u16,
    process: Option<Process>,
}

impl Mosquitto {
    fn start() -> Mosquitto {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port().unwrap();
        let mut broker = Mosquitto { folder, port, process: None };
        let config = broker.folder.path().join("box.toml");
        std::fs::write(broker.folder.path().join("password"), "secret").unwrap();
        let box_toml = format!(
            "name = \"x\"\ndata = \"x\"\n[mqtt]\nhost = \"127.0.0.1\"\nport = {port}\nuser = \"probes\"\n\
             password_file = \"{}/password\"\n{ACCOUNTS}",
            broker.folder.path().display()
        );
        std::fs::write(&config, box_toml).unwrap();
        let trivet = Binaries::find(None).unwrap().path("trivet").unwrap();
        let write = || {
            let mut command = Command::new(&trivet);
            command.arg("broker-files").arg("--config").arg(&config).arg("--out").arg(broker.folder.path());
            assert!(command.status().unwrap().success());
            std::fs::read_to_string(broker.folder.path().join("passwords")).unwrap()
        };
        assert_eq!(write(), write(), "the second time nothing changes");
        let ours = std::fs::read_to_string(broker.folder.path().join("trivet.conf")).unwrap();
        std::fs::write(broker.conf(), format!("{ours}persistence false\nuser root\n")).unwrap();
        broker.restart();
        broker
    }

    fn conf(&self) -> PathBuf {
        self.folder.path().join("mosquitto.conf")
    }

    fn restart(&mut self) {
        drop(self.process.take());
        let mut command = Command::new("/usr/sbin/mosquitto");
        let process = Process::start("mosquitto", command.arg("-c").arg(self.conf()), self.folder.path()).unwrap();
        self.process = Some(process);
        until(SOON, || Ok(TcpStream::connect(("127.0.0.1", self.port)).ok())).unwrap();
    }

    fn password(&self, account: &str) -> String {
        read(&self.folder.path().join("accounts").join(account))
    }

    fn device(&self, account: &str, will: Option<(&str, &str)>) -> Device {
        let (device, code) = Device::connect(self.port, Some((account, &self.password(account))), will);
        assert_eq!(code, 0, "{account}");
        device
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap().trim().to_owned()
}

/// The same story at mosquitto and at the broker within the box.
fn each_says_only_what_is_its_own(port: u16, listens: (&str, &str), password: impl Fn(&str) -> String) {
    let device = |account: &str, will| {
        let (device, code) = Device::connect(port, Some((account, &password(account))), will);
        assert_eq!(code, 0, "{account}");
        device
    };
    for login in
        [None, Some(("cellar", "guessed")), Some(("nobody", "x")), Some(("attic", password("cellar").as_str()))]
    {
        assert_eq!(Device::connect(port, login, None).1, 5, "{login:?}");
    }
    let (mut listener, code) = Device::connect(port, Some(listens), None);
    assert_eq!(code, 0);
    // All but the box's own buzzer.
    ["trivet/probe/#", "trivet/box/#", "cmd/#"].into_iter().for_each(|filter| listener.subscribe(filter));
    let mut cellar = device("cellar", Some(("trivet/probe/cellar/status", "offline")));
    let mut attic = device("attic", Some(("trivet/probe/cellar/status", "offline")));
    attic.subscribe("#");
    cellar.publish("trivet/probe/attic", "99", false);
    cellar.publish("trivet/box/alarm", "off", false);
    cellar.publish("cmd/attic", "x", false);
    cellar.publish("trivet/probe/cellar", "4", false);
    assert_eq!(listener.next(), "trivet/probe/cellar", "the first that was let through");
    attic.publish("trivet/probe/attic", "5", false);
    assert_eq!(listener.next(), "trivet/probe/attic");
    listener.publish("trivet/probe/cellar", "6", false);
    assert_eq!(listener.next(), "trivet/probe/cellar", "the box may write under trivet/");
    // A broker keeps the order of one client's messages: what it would have heard before the answer to this, it has not.
    attic.subscribe("cmd/attic");
    assert!(attic.heard.is_empty(), "{:?}", attic.heard);
    let mut boss = device("boss", None);
    boss.publish("cmd/attic", "x", true);
    assert_eq!((attic.next(), listener.next()), ("cmd/attic".into(), "cmd/attic".into()));
    // The same name again takes the place; a will that is not its own is told to nobody.
    let mut attic = device("attic", None);
    attic.subscribe("cmd/#");
    assert_eq!(attic.next(), "cmd/attic", "what was retained");
    boss.publish("cmd/attic", "", true);
    assert_eq!((attic.next(), listener.next()), ("cmd/attic".into(), "cmd/attic".into()));
    drop(cellar);
    assert_eq!(listener.next(), "trivet/probe/cellar/status");
}

#[test]
fn a_device_says_only_what_is_its_own_and_hears_nothing_of_others() {
    let broker = Mosquitto::start();
    each_says_only_what_is_its_own(broker.port, ("probes", "secret"), |account| broker.password(account));
}

#[test]
fn at_the_embedded_broker_a_device_has_the_same_rights() {
    let plan = Plan { relay: false, devices: false, accounts: ACCOUNTS.to_owned(), ..Plan::default() };
    let restaurant = Restaurant::open(&plan).unwrap();
    let Broker { port, user, password, .. } = &restaurant.ready.mqtt;
    let of = |account: &str| read(&restaurant.folder().join("broker/accounts").join(account));
    each_says_only_what_is_its_own(*port, (user, password), of);
}

#[test]
fn what_a_device_repeats_mixes_up_and_leaves_behind_is_told_apart() {
    let mut broker = Mosquitto::start();
    let address =
        Broker { host: "127.0.0.1".into(), port: broker.port, user: "probes".into(), password: "secret".into() };
    let restaurant = Restaurant::open(&Plan { relay: false, broker: Some(address), ..Plan::default() }).unwrap();
    let manager = restaurant.log_in("manager").unwrap();
    let will = Some(("trivet/probe/cellar/status", "offline"));
    let mut cellar = broker.device("cellar", will);
    // It is seen, and adopted as it is listed.
    let now = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    let payload = |c: f64, seq: u32| format!(r#"{{"c":{c},"ts":{},"boot":1,"seq":{seq},"battery":41}}"#, now());
    let list = || manager.get("/api/v1/haccp/discovered").unwrap().expect_status(200).unwrap();
    let mut seq = 0;
    let seen = until(SOON, || {
        seq += 1;
        cellar.publish("trivet/probe/cellar", &payload(4.0, seq), false);
        let devices = list()["devices"].as_array().unwrap().clone();
        Ok(devices.into_iter().find(|device| device["address"] == "mqtt:trivet/probe/cellar,plain"))
    })
    .unwrap();
    assert_eq!((&seen["milliC"], &seen["batteryPercent"], &seen["wired"]), (&json!(4_000), &json!(41), &json!(false)));
    let input = seen["input"].as_str().unwrap().to_owned();
    let body = json!({"name": "Cellar", "unitKind": "fridge", "maxMilliC": 8_000, "input": input});
    manager.post("/api/v1/haccp/probes", &body).unwrap().expect_status(201).unwrap();
    let counted = || {
        let list = list();
        let inputs = list["inputs"].as_array().unwrap();
        inputs.iter().find(|known| known["name"] == input.as_str()).cloned()
    };
    until(SOON, || Ok(counted())).unwrap();
    seq = 100;
    let adopted = until(SOON, || {
        seq += 1;
        cellar.publish("trivet/probe/cellar", &payload(4.5, seq), false);
        Ok(find(&manager, "Cellar").filter(|probe| probe["current"]["milliC"] == 4_500))
    });
    assert_eq!(adopted.unwrap()["current"]["batteryPercent"], 41);
    // Twice the same number, two left out, one of them later.
    let before = counted().unwrap();
    let repeated = payload(4.6, seq + 1);
    cellar.publish("trivet/probe/cellar", &repeated, false);
    cellar.publish("trivet/probe/cellar", &repeated, false);
    let late = payload(4.6, seq + 2);
    cellar.publish("trivet/probe/cellar", &payload(4.6, seq + 4), false);
    cellar.publish("trivet/probe/cellar", &late, false);
    let grown = |name: &str| counted().unwrap()[name].as_u64().unwrap() - before[name].as_u64().unwrap();
    until(SOON, || Ok((grown("messages") == 4).then_some(()))).unwrap();
    assert_eq!((grown("repeats"), grown("outOfOrder"), grown("missing")), (1, 1, 1));
    // It goes without a word: its last will says so, at once.
    cellar.stream.shutdown(std::net::Shutdown::Both).unwrap();
    drop(cellar);
    shows(&manager, "Cellar", "its last will", |probe| probe["current"]["reason"] == "offline");
    // The broker goes and comes back; a message of last month that was kept is none.
    broker.restart();
    let mut cellar = broker.device("cellar", will);
    let old = format!(r#"{{"c":60,"ts":{},"boot":1,"seq":9000}}"#, now() - 30 * 86_400_000);
    cellar.publish("trivet/probe/cellar", &old, true);
    let back = until(SOON, || {
        cellar.publish("trivet/probe/cellar", &payload(4.7, 9_001), false);
        Ok(find(&manager, "Cellar").filter(|probe| probe["current"]["milliC"] == 4_700))
    });
    assert_eq!(back.unwrap()["state"], "ok", "60 °C were never there");
}

fn minutes_ago(minutes: i64) -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64;
    now - minutes * 60_000
}

/// What two probes in two pots had kept while nobody listened, minute by minute, is what their coolings are judged by.
#[test]
fn a_pot_that_cools_is_judged_by_the_minutes_of_its_probe() {
    let pots = ["stew", "stock"];
    let probes = pots.map(|pot| (pot.to_owned(), format!("mqtt:trivet/probe/{pot},plain"))).into();
    let restaurant = Restaurant::open(&Plan { relay: false, probes, ..Plan::default() }).unwrap();
    let manager = restaurant.log_in("manager").unwrap();
    let get = |path: &str| manager.get(path).unwrap().expect_status(200).unwrap();
    let post = |path: &str, body: &Value, status: u16| manager.post(path, body).unwrap().expect_status(status).unwrap();
    let presets = get("/api/v1/haccp/plan/presets");
    let preset = presets["presets"].as_array().unwrap().iter().find(|preset| preset["id"] == "us-2022").unwrap();
    let draft = json!({"plan": preset["plan"]});
    let draft = manager.put("/api/v1/haccp/plan/draft", &draft).unwrap().expect_status(200).unwrap();
    post("/api/v1/haccp/plan/approve", &json!({"draftVersion": draft["draft"]["version"]}), 200);
    let broker = &restaurant.ready.mqtt;
    let login = Some((broker.user.as_str(), broker.password.as_str()));
    let (mut device, code) = Device::connect(broker.port, login, None);
    assert_eq!(code, 0);
    let runs = pots.map(|pot| {
        let body = json!({"name": pot, "unitKind": "ambient", "input": pot});
        let probe = post("/api/v1/haccp/probes", &body, 201);
        let topic = format!("trivet/probe/{pot}");
        until(SOON, || {
            device.publish(&topic, r#"{"c":20}"#, false);
            Ok(find(&manager, pot).filter(|probe| probe["current"]["quality"] == "good"))
        })
        .unwrap();
        // From 60 °C; the stew is at 21 °C after 98 minutes and at 5 °C after 219, the stock after 195 and never.
        let factor = if pot == "stew" { 1.0 } else { 0.5 };
        for minute in 0..280_i64 {
            let cooled = factor * minute as f64;
            let c = if cooled < 100.0 { 60.0 - 0.4 * cooled } else { (20.0 - (cooled - 100.0) * 0.125).max(3.0) };
            let message = format!(r#"{{"c":{c:.2},"ts":{},"boot":1,"seq":{}}}"#, minutes_ago(290 - minute), minute + 1);
            device.publish(&topic, &message, false);
        }
        let (from, to) = (rfc3339(minutes_ago(300)), rfc3339(minutes_ago(0)));
        let history = format!("/api/v1/haccp/probes/{}/history?from={from}&to={to}", probe["id"].as_str().unwrap());
        let known = || get(&history)["points"].as_array().unwrap().iter().filter(|point| point["n"] == 1).count();
        until(SOON, || Ok((known() >= 280).then_some(()))).unwrap();
        let body = json!({"product": pot, "rule": "US-COOL", "probeId": probe["id"], "quantity": "10 l",
            "beganAt": rfc3339(minutes_ago(290))});
        post("/api/v1/haccp/cooling", &body, 201)["id"].as_str().unwrap().to_owned()
    });
    for (run, state) in runs.iter().zip(["passed", "failed"]) {
        let path = format!("/api/v1/haccp/cooling/{run}");
        let shown = until(SOON * 2, || Ok(Some(get(&path)).filter(|run| run["state"] == state)));
        shown.unwrap_or_else(|_| panic!("{state}: {}", get(&path)));
    }
    let of_stock =
        |record: &&Value| record["kind"] == "cooling" && record["summary"].as_str().unwrap().contains("stock");
    let opened =
        || get("/api/v1/haccp/records?open=true")["records"].as_array().unwrap().iter().filter(of_stock).count();
    until(SOON, || Ok((opened() > 0).then_some(()))).unwrap();
    assert_eq!(opened(), 1);
}
