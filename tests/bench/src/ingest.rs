//! P2: MQTT 3.1.1 at QoS 1 with a window of 500, 20 topics, 300,000 messages as fast as the broker takes them.
//!
//! Ours: the real daemon with its embedded broker; the clock stops when its newest values are those of the last
//! messages, and each message is afterwards looked for in the minutes' facts, so that a loss is seen. Their commit comes
//! at the minute's end, whatever the rate. Peer: mosquitto, mqtt.js and better-sqlite3 with a commit a second; the clock
//! stops when a second connection sees the last row. Limit: the same rows inserted in one transaction without a
//! journal.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, ensure};
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use rusqlite::params;
use serde_json::{Value, json};
use trivet_restaurant::{Broker, Guest, Plan, Process, Restaurant, free_port, until};

use crate::figure::{Figure, median};
use crate::machine::{cpu_us, sync_probe};

const ROUNDS: usize = 3;
const MESSAGES: u64 = 300_000;
const TOPICS: u64 = 20;
const WINDOW: u16 = 500;
const WITHIN: Duration = Duration::from_secs(120);
/// No message of the flood has it.
const MARK: i64 = 4_440;
const PACKAGES: [&str; 2] = ["mqtt@5.16.0", "better-sqlite3@12.11.1"];

pub(crate) fn run() -> anyhow::Result<Vec<Figure>> {
    let node = Node::install()?;
    let folder = tempfile::tempdir()?;
    let (mut ours, mut peer, mut limit, mut lost) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut our_cpu, mut peer_cpu) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let folder = folder.path().join(round.to_string());
        std::fs::create_dir(&folder)?;
        crate::figure::say(&format!("P2  one sync of 4 KiB: {:.3} ms", sync_probe(&folder)?));
        let (rate, cpu, missing) = through_the_box(&folder)?;
        ours.push(rate);
        our_cpu.push(cpu);
        lost.push(missing);
        let (rate, cpu) = node.through_mosquitto(&folder)?;
        peer.push(rate);
        peer_cpu.push(cpu);
        limit.push(inserted(&folder)?);
    }
    let ratio: Vec<f64> = ours.iter().zip(&peer).map(|(ours, peer)| ours / peer).collect();
    let figure = |figure: &str, unit, rounds, limit, peer, larger_is_better| Figure {
        id: "P2",
        figure: figure.to_owned(),
        unit,
        rounds,
        limit,
        peer,
        larger_is_better,
    };
    let (limit, peer, peer_cpu) = (median(&limit), median(&peer), median(&peer_cpu));
    Ok(vec![
        figure("messages taken", "a second", ours, Some(limit), Some(peer), true),
        figure("mosquitto and Node, in the same round", "times as many", ratio, None, None, true),
        figure("CPU, broker included", "us/message", our_cpu, None, Some(peer_cpu), false),
        figure("messages lost, of 300,000", "messages", lost, None, None, false),
    ])
}

/// Messages a second, CPU µs a message, and how many are in no minute.
fn through_the_box(folder: &Path) -> anyhow::Result<(f64, f64, f64)> {
    let names: Vec<String> = (0..TOPICS).map(|n| format!("flood-{n}")).collect();
    let address = |n: u64| format!("mqtt:{},plain", topic(n));
    let probes = names.iter().enumerate().map(|(n, name)| (name.clone(), address(n as u64))).collect();
    let restaurant = Restaurant::open_in(folder, &Plan { relay: false, probes, ..Plan::default() })?;
    let pid = restaurant.ready.boxes.first().context("a box")?.pid;
    let owner = restaurant.log_in("owner")?;
    let mut ids = Vec::new();
    for name in &names {
        let body = json!({"name": name, "unitKind": "fridge", "maxMilliC": 5_000, "input": name});
        ids.push(owner.post("/api/v1/haccp/probes", &body)?.expect_status(201)?["id"].clone());
    }
    let shown = |milli: i64| -> anyhow::Result<bool> {
        let list = owner.get("/api/v1/haccp/probes")?.expect_status(200)?;
        let list = list["probes"].as_array().context("probes")?;
        Ok(list.iter().filter(|probe| ids.contains(&probe["id"]) && probe["current"]["milliC"] == milli).count()
            == ids.len())
    };
    let broker = &restaurant.ready.mqtt;
    // Until all topics are heard: the first samples of a fresh subscription.
    until(WITHIN, || {
        publish(broker, TOPICS, 1.11)?;
        std::thread::sleep(Duration::from_millis(200));
        Ok(shown(1_110)?.then_some(()))
    })
    .context("the box hears no probe")?;
    let recorded = || {
        minute_is_over()?;
        ids.iter().map(|id| samples(&owner, id)).sum::<anyhow::Result<u64>>()
    };
    let before = recorded()?;
    let (cpu, started) = (cpu_us(pid)?, Instant::now());
    let mut published = publish(broker, MESSAGES, 3.97)?;
    let mut marks = 0u64;
    until(WITHIN, || {
        // A mark may be lost like every other message; then another one tells when all before it were taken.
        marks += publish(broker, TOPICS, MARK as f64 / 1_000.0)?;
        let again = Instant::now();
        while again.elapsed() < Duration::from_secs(1) {
            if shown(MARK)? {
                return Ok(Some(()));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(None)
    })
    .context("the box does not show the last messages")?;
    let taken = started.elapsed().as_secs_f64();
    let cpu = (cpu_us(pid)? - cpu) / MESSAGES as f64;
    published += marks;
    let recorded = recorded()? - before;
    Ok((MESSAGES as f64 / taken, cpu, published as f64 - recorded as f64))
}

/// What was published until now is in facts.
fn minute_is_over() -> anyhow::Result<()> {
    std::thread::sleep(Duration::from_secs(1));
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    std::thread::sleep(Duration::from_secs(62 - now.as_secs() % 60));
    Ok(())
}

fn samples(owner: &Guest, id: &Value) -> anyhow::Result<u64> {
    let path = format!("/api/v1/haccp/probes/{}/history", id.as_str().context("an id")?);
    let history = owner.get(&path)?.expect_status(200)?;
    Ok(history["points"].as_array().into_iter().flatten().filter_map(|point| point["n"].as_u64()).sum())
}

fn topic(n: u64) -> String {
    format!("site/1/probe/{n}/temp")
}

/// The numbers that were used, of all topics alike: what has one is no repeat of another in the same millisecond.
static NUMBERED: AtomicU64 = AtomicU64::new(0);

/// Returns when the broker has confirmed them all.
fn publish(broker: &Broker, count: u64, degrees: f64) -> anyhow::Result<u64> {
    let mut options = MqttOptions::new(format!("flood-{degrees}"), &broker.host, broker.port);
    options.set_inflight(WINDOW);
    if !broker.user.is_empty() {
        options.set_credentials(&broker.user, &broker.password);
    }
    let first = NUMBERED.fetch_add(count.div_ceil(TOPICS), Ordering::Relaxed);
    let (client, mut events) = AsyncClient::new(options, usize::from(WINDOW));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async move {
        let publishing = async move {
            for n in 0..count {
                let ts = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
                let seq = first + n / TOPICS;
                let payload = format!(r#"{{"ts":{ts},"c":{degrees},"seq":{seq}}}"#);
                client.publish(topic(n % TOPICS), QoS::AtLeastOnce, false, payload).await?;
            }
            // The client lives until all are confirmed.
            std::future::pending::<()>().await;
            anyhow::Ok(())
        };
        let confirmed = async {
            let mut confirmed = 0;
            while confirmed < count {
                if let Event::Incoming(Packet::PubAck(_)) = events.poll().await? {
                    confirmed += 1;
                }
            }
            anyhow::Ok(())
        };
        tokio::select! { done = publishing => done, done = confirmed => done }
    })?;
    Ok(count)
}

struct Node {
    folder: PathBuf,
}

impl Node {
    /// Makes `node-bench` beside the build, the first time with the network.
    fn install() -> anyhow::Result<Node> {
        let binary = std::env::current_exe()?;
        let folder = binary.parent().and_then(Path::parent).context("the build's folder")?.join("node-bench");
        let installed = folder.join("ingest-peer");
        if !installed.exists() {
            std::fs::create_dir_all(&folder)?;
            std::fs::write(folder.join("package.json"), "{}")?;
            let mut npm = Command::new("npm");
            npm.current_dir(&folder).args(["install", "--silent", "--no-audit", "--no-fund"]).args(PACKAGES);
            let output = npm.output().context("mqtt.js is a peer of this benchmark and wants npm")?;
            ensure!(output.status.success(), "npm: {}", String::from_utf8_lossy(&output.stderr));
            std::fs::write(installed, "")?;
        }
        std::fs::write(folder.join("ingest.js"), include_str!("ingest.js"))?;
        Ok(Node { folder })
    }

    /// Rows a second and CPU µs a message, the broker's among it.
    fn through_mosquitto(&self, folder: &Path) -> anyhow::Result<(f64, f64)> {
        let port = free_port()?;
        let config = folder.join("mosquitto.conf");
        let text = format!(
            "listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nmax_inflight_messages 1000\nmax_queued_messages 2000000\n"
        );
        std::fs::write(&config, text)?;
        let mosquitto = ["mosquitto", "/usr/sbin/mosquitto"]
            .into_iter()
            .find_map(|program| Process::start("mosquitto", Command::new(program).arg("-c").arg(&config), folder).ok());
        let mosquitto = mosquitto.context("mosquitto is a peer of this benchmark")?;
        until(WITHIN, || Ok(std::net::TcpStream::connect(("127.0.0.1", port)).ok())).context("mosquitto")?;
        let file = folder.join("node.db");
        let mut node = Command::new("node");
        node.current_dir(&self.folder).arg("ingest.js").arg(port.to_string()).arg(&file);
        let (node, _) = Process::announced("node", &mut node, folder)?;
        let broker = Broker { host: "127.0.0.1".into(), port, user: String::new(), password: String::new() };
        let cpu = || Ok::<_, anyhow::Error>(cpu_us(mosquitto.pid())? + cpu_us(node.pid())?);
        let (before, started) = (cpu()?, Instant::now());
        publish(&broker, MESSAGES, 3.97)?;
        let reader = rusqlite::Connection::open_with_flags(&file, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        until(WITHIN, || {
            let last: Option<i64> = reader.query_row("SELECT max(id) FROM reading", [], |row| row.get(0))?;
            Ok((last.unwrap_or(0).cast_unsigned() >= MESSAGES).then_some(()))
        })
        .context("Node does not store the last messages")?;
        let taken = started.elapsed().as_secs_f64();
        Ok((MESSAGES as f64 / taken, (cpu()? - before) / MESSAGES as f64))
    }
}

fn inserted(folder: &Path) -> anyhow::Result<f64> {
    let conn = rusqlite::Connection::open(folder.join("bare.db"))?;
    conn.execute_batch(
        "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;
         CREATE TABLE reading(probe INTEGER, ts INTEGER, c INTEGER, PRIMARY KEY(probe, ts)) WITHOUT ROWID; BEGIN;",
    )?;
    let started = Instant::now();
    {
        let mut insert = conn.prepare("INSERT INTO reading VALUES(?1, ?2, ?3)")?;
        for n in 0..MESSAGES.cast_signed() {
            insert.execute(params![n % TOPICS.cast_signed(), n, 3_970])?;
        }
    }
    conn.execute_batch("COMMIT")?;
    Ok(MESSAGES as f64 / started.elapsed().as_secs_f64())
}
