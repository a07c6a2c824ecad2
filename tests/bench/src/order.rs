//! P1: an order of three lines by HTTP; 201 after the commit; on the screens by WebSocket. Latency counts from the
//! moment at which the order was due, so that a stall is not hidden. Arrivals are Poisson: a fixed rate aliases with
//! the kernel's tick.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::{Value, json};
use trivet_restaurant::{Guest, Live, Plan, Restaurant, new_key, shim};

use crate::figure::{Figure, median, quantile};
use crate::machine::{arrivals, cpu_us, memory_mb, sync_probe, written};

const ROUNDS: usize = 3;
/// What a sync of a slow card is taken to cost: a stand-in, not a measured card.
const SLOW_SYNC_US: u32 = 8_000;

pub(crate) fn run() -> anyhow::Result<Vec<Figure>> {
    let folder = tempfile::tempdir()?;
    let library = shim::build(folder.path())?;
    let mut figures = Vec::new();
    for delay_us in [0, SLOW_SYNC_US] {
        let name = if delay_us == 0 { "" } else { ", +8 ms a sync" };
        let mut rounds: HashMap<&'static str, Vec<f64>> = HashMap::new();
        let mut sync_ms = Vec::new();
        for _ in 0..ROUNDS {
            sync_ms.push(sync_probe(folder.path())? + f64::from(delay_us) / 1_000.0);
            for (figure, value) in round(folder.path(), &library, delay_us)? {
                rounds.entry(figure).or_default().push(value);
            }
        }
        let sync_ms = median(&sync_ms);
        let mut take = |figure: &'static str, unit, limit, larger_is_better| {
            let rounds = rounds.remove(figure).unwrap_or_default();
            figures.push(Figure {
                id: "P1",
                figure: format!("{figure}{name}"),
                unit,
                rounds,
                limit,
                peer: None,
                larger_is_better,
            });
        };
        // Each of 32 clients waits for one sync that is under way and for its own.
        take("most orders, 32 clients", "orders/s", Some(32.0 / (2.0 * sync_ms) * 1_000.0), true);
        for figure in ["50/s: answer p50", "50/s: screen p50", "200/s: answer p50", "200/s: screen p50"] {
            take(figure, "ms", Some(sync_ms), false);
        }
        for figure in ["50/s: answer p99", "50/s: screen p99", "200/s: answer p99", "200/s: screen p99"] {
            take(figure, "ms", None, false);
        }
        if delay_us == 0 {
            take("50/s: flushes", "per order", Some(1.0), false);
            take("50/s: written", "bytes/order", Some(4_096.0), false);
            take("200/s: CPU", "us/order", None, false);
            take("memory after it", "MB", Some(25.0), false);
        }
    }
    Ok(figures)
}

fn round(folder: &Path, library: &Path, delay_us: u32) -> anyhow::Result<Vec<(&'static str, f64)>> {
    let count = folder.join("count");
    drop(std::fs::remove_file(&count));
    let environment = shim::environment(library, &count, delay_us);
    let plan = Plan { relay: false, devices: false, box_environment: environment, ..Plan::default() };
    let restaurant = Restaurant::open(&plan)?;
    let service = Service::new(&restaurant)?;
    let pid = restaurant.ready.boxes.first().context("a box")?.pid;
    let most = service.closed_loop(32, Duration::from_secs(2))?;
    // What it costs to log in and to subscribe is no order's.
    let mut screens = service.screens(4)?;
    let (flushes, before) = (shim::flushes(&count)?.0, written(pid)?);
    let (answers, shown) = service.poisson(50.0, 8, &mut screens, Duration::from_secs(4))?;
    let orders = answers.len().max(1) as f64;
    let mut figures = vec![
        ("most orders, 32 clients", most),
        ("50/s: answer p50", quantile(&answers, 0.5)),
        ("50/s: answer p99", quantile(&answers, 0.99)),
        ("50/s: screen p50", quantile(&shown, 0.5)),
        ("50/s: screen p99", quantile(&shown, 0.99)),
        ("50/s: flushes", (shim::flushes(&count)?.0 - flushes) as f64 / orders),
        ("50/s: written", (written(pid)? - before) as f64 / orders),
    ];
    let cpu = cpu_us(pid)?;
    let (answers, shown) = service.poisson(200.0, 16, &mut screens, Duration::from_secs(4))?;
    figures.extend([
        ("200/s: answer p50", quantile(&answers, 0.5)),
        ("200/s: answer p99", quantile(&answers, 0.99)),
        ("200/s: screen p50", quantile(&shown, 0.5)),
        ("200/s: screen p99", quantile(&shown, 0.99)),
        ("200/s: CPU", (cpu_us(pid)? - cpu) / answers.len().max(1) as f64),
        ("memory after it", memory_mb(pid)?),
    ]);
    Ok(figures)
}

struct Service {
    waiter: Guest,
    url: String,
    body: Value,
}

impl Service {
    fn new(restaurant: &Restaurant) -> anyhow::Result<Service> {
        let waiter = restaurant.log_in("waiter")?;
        let menu = waiter.get("/api/v1/pos/menu")?.expect_status(200)?;
        let items = menu["items"].as_array().context("a menu")?;
        let lines: Vec<Value> =
            items.iter().take(3).map(|item| json!({"menuItemId": item["id"], "quantity": 1})).collect();
        Ok(Service {
            waiter,
            url: restaurant.ready.edge_url.clone(),
            body: json!({"orderType": "dine_in", "tableNumber": "7", "items": lines}),
        })
    }

    /// A connection of its own.
    fn client(&self) -> Guest {
        let mut client = Guest::stranger(&self.url);
        client.token.clone_from(&self.waiter.token);
        client
    }

    /// Subscribed, by the one login.
    fn screens(&self, screens: usize) -> anyhow::Result<Vec<Live>> {
        let subscribe = |_| {
            let mut feed = self.waiter.listen(&["pos"], None)?;
            feed.wait_for("pos:status", Duration::from_secs(10), |_| true)?;
            Ok(feed)
        };
        (0..screens).map(subscribe).collect()
    }

    fn closed_loop(&self, clients: usize, during: Duration) -> anyhow::Result<f64> {
        let done = AtomicU64::new(0);
        let until = Instant::now() + during;
        std::thread::scope(|scope| {
            for _ in 0..clients {
                let client = self.client();
                let done = &done;
                scope.spawn(move || {
                    while Instant::now() < until {
                        if client.post("/api/v1/pos/orders", &self.body).is_ok_and(|answer| answer.status == 201) {
                            done.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        Ok(done.load(Ordering::Relaxed) as f64 / during.as_secs_f64())
    }

    /// Latencies in ms, of the answers and of the screens, from when each order was due.
    fn poisson(
        &self,
        rate: f64,
        clients: usize,
        screens: &mut [Live],
        during: Duration,
    ) -> anyhow::Result<(Vec<f64>, Vec<f64>)> {
        let due: Vec<(Duration, String)> = arrivals(rate, during).map(|at| (at, new_key())).collect();
        let seen: Mutex<HashMap<String, Vec<Instant>>> = Mutex::default();
        let answered: Mutex<HashMap<String, Instant>> = Mutex::default();
        let over = AtomicBool::new(false);
        let next = AtomicU64::new(0);
        let started = Instant::now() + Duration::from_millis(50);
        std::thread::scope(|scope| {
            for feed in screens.iter_mut() {
                let (seen, over) = (&seen, &over);
                scope.spawn(move || {
                    while !over.load(Ordering::Relaxed) {
                        let Ok(frame) = feed.frame(Duration::from_millis(1_500)) else { continue };
                        let arrived = Instant::now();
                        if let (Some("pos:order:updated"), Some(id)) =
                            (frame["type"].as_str(), frame["data"]["id"].as_str())
                        {
                            let mut seen = seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                            seen.entry(id.to_owned()).or_default().push(arrived);
                        }
                    }
                });
            }
            let senders: Vec<_> = (0..clients)
                .map(|_| {
                    let client = self.client();
                    let (due, next, answered) = (&due, &next, &answered);
                    scope.spawn(move || {
                        while let Some((at, key)) = due.get(next.fetch_add(1, Ordering::Relaxed) as usize) {
                            std::thread::sleep((started + *at).saturating_duration_since(Instant::now()));
                            if client.post_as("/api/v1/pos/orders", key, &self.body).is_ok_and(|a| a.status == 201) {
                                let mut answered = answered.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                                answered.insert(key.clone(), Instant::now());
                            }
                        }
                    })
                })
                .collect();
            senders.into_iter().for_each(|sender| drop(sender.join()));
            std::thread::sleep(Duration::from_millis(300));
            over.store(true, Ordering::Relaxed);
        });
        let (seen, answered) = (seen.into_inner().unwrap_or_default(), answered.into_inner().unwrap_or_default());
        let since =
            |at: &Duration, instant: &Instant| instant.saturating_duration_since(started + *at).as_secs_f64() * 1_000.0;
        let answers = due.iter().filter_map(|(at, key)| Some(since(at, answered.get(key)?))).collect();
        let shown =
            due.iter().flat_map(|(at, key)| seen.get(key).into_iter().flatten().map(move |instant| since(at, instant)));
        let shown: Vec<f64> = shown.collect();
        anyhow::ensure!(
            shown.len() == due.len() * screens.len(),
            "{} of {} frames arrived",
            shown.len(),
            due.len() * screens.len()
        );
        Ok((answers, shown))
    }
}
