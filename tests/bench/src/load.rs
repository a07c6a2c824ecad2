//! haccp-load: 150 probes, a sample a second each, through MQTT and the embedded broker into the real daemon. What it
//! takes of memory and of one core, and whether every sample of a minute is in the minute's reading.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use rumqttc::{AsyncClient, Event, MqttOptions, Outgoing, QoS};
use serde_json::{Value, json};
use trivet_restaurant::{Broker, Guest, Plan, Restaurant, until};

use crate::figure::Figure;
use crate::machine::{cpu_us, memory_mb, sync_probe};

const PROBES: usize = 150;
/// Virtual ones that every restaurant of the rig has.
const OTHERS: usize = 6;
const MEASURED: Duration = Duration::from_secs(120);

pub(crate) fn run() -> anyhow::Result<Vec<Figure>> {
    let folder = tempfile::tempdir()?;
    crate::figure::say(&format!("haccp-load  one sync of 4 KiB: {:.3} ms", sync_probe(folder.path())?));
    let names: Vec<String> = (0..PROBES - OTHERS).map(|n| format!("load-{n:03}")).collect();
    let probes = names.iter().map(|name| (name.clone(), format!("mqtt:load/{name},plain"))).collect();
    let plan = Plan { relay: false, probes, ..Plan::default() };
    let restaurant = Restaurant::open(&plan)?;
    let pid = restaurant.ready.boxes.first().context("a box")?.pid;
    let owner = restaurant.log_in("owner")?;
    let known = owner.get("/api/v1/haccp/probes")?.expect_status(200)?;
    let count = |list: &Value| list["probes"].as_array().map_or(0, Vec::len);
    let mut adopted = Vec::new();
    for name in &names {
        let body = json!({"name": name, "unitKind": "fridge", "maxMilliC": 5_000, "input": name});
        adopted.push(owner.post("/api/v1/haccp/probes", &body)?.expect_status(201)?["id"].clone());
    }
    ensure!(count(&known) + adopted.len() == PROBES, "{} probes of its own", count(&known));
    let publisher = Publisher::start(&restaurant.ready.mqtt, names)?;
    until(Duration::from_secs(30), || {
        let probes = owner.get("/api/v1/haccp/probes")?.expect_status(200)?;
        let silent =
            probes["probes"].as_array().into_iter().flatten().any(|probe| probe["current"]["milliC"].is_null());
        Ok((!silent).then_some(()))
    })
    .context("a probe is silent")?;
    let (cpu, started) = (cpu_us(pid)?, Instant::now());
    let mut memory = 0.0f64;
    while started.elapsed() < MEASURED {
        std::thread::sleep(Duration::from_secs(5));
        memory = memory.max(memory_mb(pid)?);
    }
    let share = (cpu_us(pid)? - cpu) / started.elapsed().as_micros() as f64 * 100.0;
    let published = publisher.stop();
    let samples = whole_minutes(&owner, &adopted)?;
    let rate = published as f64 / adopted.len() as f64;
    crate::figure::say(&format!("haccp-load  {published} samples published, {rate:.0} a probe"));
    let figure = |figure: &str, unit, rounds, limit, larger_is_better| Figure {
        id: "haccp-load",
        figure: figure.to_owned(),
        unit,
        rounds,
        limit,
        peer: None,
        larger_is_better,
    };
    Ok(vec![
        figure("CPU of the box", "% of a core", vec![share], Some(15.0), false),
        figure("most memory", "MB", vec![memory], Some(64.0), false),
        figure("samples in a whole minute's reading", "samples", samples, Some(60.0), true),
    ])
}

/// Of each probe, how many samples its whole minutes hold.
fn whole_minutes(owner: &Guest, probes: &[Value]) -> anyhow::Result<Vec<f64>> {
    let mut samples = Vec::new();
    for id in probes {
        let id = id.as_str().context("an id")?;
        let history = owner.get(&format!("/api/v1/haccp/probes/{id}/history"))?.expect_status(200)?;
        let points = history["points"].as_array().context("points")?;
        let counts: Vec<f64> = points.iter().filter_map(|point| point["n"].as_f64()).filter(|n| *n > 0.0).collect();
        // The first is not whole. Each other that is recorded by now ended before the publisher did.
        samples.extend(counts.get(1..).unwrap_or_default());
    }
    ensure!(samples.len() >= probes.len(), "{} whole minutes of {} probes", samples.len(), probes.len());
    Ok(samples)
}

/// A client that publishes for all probes once a second, spread over it.
struct Publisher {
    stop: Arc<AtomicBool>,
    sent: Arc<AtomicU64>,
    thread: std::thread::JoinHandle<()>,
}

impl Publisher {
    fn start(broker: &Broker, names: Vec<String>) -> anyhow::Result<Publisher> {
        let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let mut options = MqttOptions::new("haccp-load", &broker.host, broker.port);
        options.set_credentials(&broker.user, &broker.password).set_inflight(100);
        let (client, mut events) = AsyncClient::new(options, 256);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stopping, counted) = (stop.clone(), sent.clone());
        let thread = std::thread::spawn(move || {
            runtime.block_on(async move {
                let publishing = async {
                    let pause = Duration::from_secs(1) / u32::try_from(names.len()).unwrap_or(1);
                    let mut ticks = tokio::time::interval(pause);
                    let mut seq = 0u64;
                    while !stopping.load(Ordering::Relaxed) {
                        for (n, name) in names.iter().enumerate() {
                            ticks.tick().await;
                            let now =
                                std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
                            let degrees = 3.5 + (seq % 9) as f64 * 0.06 + n as f64 * 0.002;
                            let payload = format!(r#"{{"c":{degrees:.2},"ts":{},"seq":{seq}}}"#, now.as_millis());
                            if client.publish(format!("load/{name}"), QoS::AtLeastOnce, false, payload).await.is_err() {
                                return;
                            }
                        }
                        seq += 1;
                    }
                };
                let polling = async {
                    loop {
                        match events.poll().await {
                            Ok(Event::Outgoing(Outgoing::Publish(_))) => drop(counted.fetch_add(1, Ordering::Relaxed)),
                            Ok(_) => {}
                            Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
                        }
                    }
                };
                tokio::select! { () = publishing => {}, () = polling => {} }
            });
        });
        Ok(Publisher { stop, sent, thread })
    }

    fn stop(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        drop(self.thread.join());
        self.sent.load(Ordering::Relaxed)
    }
}
