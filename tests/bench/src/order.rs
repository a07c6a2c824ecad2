//! P1: an order of three lines by HTTP; 201 after the commit; on the screens by WebSocket. Latency counts from the
//! moment at which the order was due, so that a stall is not hidden. Arrivals are Poisson: a fixed rate aliases with
//! the kernel's tick.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::{Value, json};
use trivet_restaurant::{Guest, Plan, Restaurant, new_key, shim};

use crate::figure::{Figure, median, quantile};

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

/// One sync of 4 KiB overwritten in place: what an answer costs at least.
fn sync_probe(folder: &Path) -> anyhow::Result<f64> {
    let file = File::create(folder.join("probe"))?;
    file.set_len(1 << 20)?;
    file.sync_all()?;
    let mut taken = Vec::new();
    for n in 0..200u64 {
        let started = Instant::now();
        file.write_at(&[n as u8; 4_096], n % 256 * 4_096)?;
        file.sync_data()?;
        taken.push(started.elapsed().as_secs_f64() * 1_000.0);
    }
    Ok(median(&taken))
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
    let (flushes, written) = (shim::flushes(&count)?.0, written(pid)?);
    let (answers, screens) = service.poisson(50.0, 8, 4, Duration::from_secs(4))?;
    let orders = answers.len().max(1) as f64;
    let mut figures = vec![
        ("most orders, 32 clients", most),
        ("50/s: answer p50", quantile(&answers, 0.5)),
        ("50/s: answer p99", quantile(&answers, 0.99)),
        ("50/s: screen p50", quantile(&screens, 0.5)),
        ("50/s: screen p99", quantile(&screens, 0.99)),
        ("50/s: flushes", (shim::flushes(&count)?.0 - flushes) as f64 / orders),
        ("50/s: written", (self::written(pid)? - written) as f64 / orders),
    ];
    let cpu = cpu_us(pid)?;
    let (answers, screens) = service.poisson(200.0, 16, 4, Duration::from_secs(4))?;
    figures.extend([
        ("200/s: answer p50", quantile(&answers, 0.5)),
        ("200/s: answer p99", quantile(&answers, 0.99)),
        ("200/s: screen p50", quantile(&screens, 0.5)),
        ("200/s: screen p99", quantile(&screens, 0.99)),
        ("200/s: CPU", (cpu_us(pid)? - cpu) / answers.len().max(1) as f64),
        ("memory after it", memory_mb(pid)?),
    ]);
    Ok(figures)
}

struct Service {
    waiter: Guest,
    url: String,
    login: (String, String),
    body: Value,
}

impl Service {
    fn new(restaurant: &Restaurant) -> anyhow::Result<Service> {
        let waiter = restaurant.log_in("waiter")?;
        let menu = waiter.get("/api/v1/pos/menu")?.expect_status(200)?;
        let items = menu["items"].as_array().context("a menu")?;
        let lines: Vec<Value> =
            items.iter().take(3).map(|item| json!({"menuItemId": item["id"], "quantity": 1})).collect();
        let user = restaurant.ready.users.get("waiter").context("a waiter")?;
        Ok(Service {
            waiter,
            url: restaurant.ready.edge_url.clone(),
            login: (user.login.clone(), user.password.clone()),
            body: json!({"orderType": "dine_in", "tableNumber": "7", "items": lines}),
        })
    }

    /// A connection of its own.
    fn client(&self) -> Guest {
        let mut client = Guest::stranger(&self.url);
        client.token.clone_from(&self.waiter.token);
        client
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
        screens: usize,
        during: Duration,
    ) -> anyhow::Result<(Vec<f64>, Vec<f64>)> {
        let mut random = 0x2545_f491_4f6c_dd1du64;
        let mut due: Vec<(Duration, String)> = Vec::new();
        let mut at = 0.0;
        while at < during.as_secs_f64() {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            at += -(1.0 - (random >> 11) as f64 / (1u64 << 53) as f64).ln() / rate;
            due.push((Duration::from_secs_f64(at), new_key()));
        }
        let seen: Mutex<HashMap<String, Vec<Instant>>> = Mutex::default();
        let answered: Mutex<HashMap<String, Instant>> = Mutex::default();
        let over = AtomicBool::new(false);
        let mut feeds = Vec::new();
        for _ in 0..screens {
            let screen = Guest::log_in(&self.url, &self.login.0, &self.login.1)?;
            let mut feed = screen.listen(&["pos"], None)?;
            feed.wait_for("pos:status", Duration::from_secs(10), |_| true)?;
            feeds.push(feed);
        }
        let next = AtomicU64::new(0);
        let started = Instant::now() + Duration::from_millis(50);
        std::thread::scope(|scope| {
            for mut feed in feeds {
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
            shown.len() == due.len() * screens,
            "{} of {} frames arrived",
            shown.len(),
            due.len() * screens
        );
        Ok((answers, shown))
    }
}

/// proc(5): utime and stime, in clock ticks of 10 ms.
fn cpu_us(pid: u32) -> anyhow::Result<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok()).context("/proc/PID/stat");
    Ok((ticks(11)? + ticks(12)?) * 10_000.0)
}

fn written(pid: u32) -> anyhow::Result<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/io"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("write_bytes: ")).context("/proc/PID/io")?;
    Ok(line.trim().parse()?)
}

fn memory_mb(pid: u32) -> anyhow::Result<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("/proc/PID/status")?;
    Ok(line.trim().trim_end_matches(" kB").trim().parse::<f64>()? / 1_024.0)
}
