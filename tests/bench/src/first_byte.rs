//! paper-first-byte: an order is sent to the kitchen; the first byte of its ticket arrives at its station's printer. Six
//! stations with a printer each, orders of one line, Poisson arrivals. One printer is dead: its tickets are not counted,
//! and the others' are compared with those of a run in which it is well.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::{Value, json};
use trivet_restaurant::{Guest, Plan, Restaurant, new_key, until};

use crate::figure::{Figure, median, quantile};
use crate::machine::{Random, arrivals, cpu_us, sync_probe, written};
use crate::printers::Printer;

const ROUNDS: usize = 3;
/// The first three are the restaurant's own.
const STATIONS: [&str; 6] = ["grill", "cold", "bar", "pizza", "dessert", "fryer"];
const DEAD: &str = "fryer";
const ORDERS_PER_SECOND: f64 = 20.0;
const DURING: Duration = Duration::from_secs(10);
const CLIENTS: usize = 8;
const WITHIN: Duration = Duration::from_secs(20);

pub(crate) fn run() -> anyhow::Result<Vec<Figure>> {
    let folder = tempfile::tempdir()?;
    let mut sync_ms = Vec::new();
    let (mut dead, mut well): (Rounds, Rounds) = Default::default();
    for _ in 0..ROUNDS {
        sync_ms.push(sync_probe(folder.path())?);
        round(false, &mut well)?;
        round(true, &mut dead)?;
    }
    let sync_ms = median(&sync_ms);
    let mut figures = Vec::new();
    let mut take = |figure: &'static str, unit, limit| {
        let peer = well.get(figure).map(|rounds| median(rounds)).filter(|_| unit == "ms");
        let rounds = dead.remove(figure).unwrap_or_default();
        let figure = if peer.is_some() { format!("{figure}; peer: none dead") } else { figure.to_owned() };
        figures.push(Figure { id: "paper-first-byte", figure, unit, rounds, limit, peer, larger_is_better: false });
    };
    // The tickets' commit comes before the answer, the attempt's before the first byte.
    take("sent to first byte p50", "ms", Some(2.0 * sync_ms));
    take("sent to first byte p99", "ms", None);
    take("accepted to first byte p50", "ms", Some(sync_ms));
    take("accepted to first byte p99", "ms", None);
    take("CPU", "us/ticket", None);
    // Four commits of a page each: order, tickets, attempt, outcome.
    take("written", "bytes/ticket", Some(4.0 * 4_096.0));
    Ok(figures)
}

type Rounds = HashMap<&'static str, Vec<f64>>;

/// One order that was sent to the kitchen.
struct Sent {
    station: &'static str,
    number: String,
    sent: Instant,
    accepted: Instant,
}

fn round(dead: bool, rounds: &mut Rounds) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let kitchen = Kitchen::open(folder.path(), dead)?;
    kitchen.warm_up()?;
    let pid = kitchen.restaurant.ready.boxes.first().context("a box")?.pid;
    let before = kitchen.counted().map(Printer::count).sum::<usize>();
    let (cpu, bytes) = (cpu_us(pid)?, written(pid)?);
    let orders = kitchen.rush()?;
    let counted: Vec<&Sent> = orders.iter().filter(|order| order.station != DEAD).collect();
    let all = || kitchen.counted().map(Printer::count).sum::<usize>() >= before + counted.len();
    until(WITHIN, || Ok(all().then_some(()))).context("a printer that is well did not get its tickets")?;
    // A paper's outcome is written after it.
    std::thread::sleep(Duration::from_millis(300));
    let tickets = counted.len().max(1) as f64;
    let cpu = (cpu_us(pid)? - cpu) / tickets;
    let bytes = (written(pid)? - bytes) as f64 / tickets;
    let begun = kitchen.begun();
    let (mut from_sent, mut from_accepted) = (Vec::new(), Vec::new());
    for order in counted {
        let begun = begun.get(&order.number).with_context(|| format!("there is no ticket of {}", order.number))?;
        from_sent.push(ms_between(order.sent, *begun));
        from_accepted.push(ms_between(order.accepted, *begun));
    }
    for (figure, value) in [
        ("sent to first byte p50", quantile(&from_sent, 0.5)),
        ("sent to first byte p99", quantile(&from_sent, 0.99)),
        ("accepted to first byte p50", quantile(&from_accepted, 0.5)),
        ("accepted to first byte p99", quantile(&from_accepted, 0.99)),
        ("CPU", cpu),
        ("written", bytes),
    ] {
        rounds.entry(figure).or_default().push(value);
    }
    Ok(())
}

/// Negative if the byte was there before the answer.
fn ms_between(from: Instant, to: Instant) -> f64 {
    let ms = |duration: Duration| duration.as_secs_f64() * 1_000.0;
    ms(to.saturating_duration_since(from)) - ms(from.saturating_duration_since(to))
}

struct Kitchen {
    restaurant: Restaurant,
    printers: Vec<(&'static str, Printer)>,
    waiter: Guest,
    /// One of each station.
    items: Vec<(&'static str, Value)>,
}

impl Kitchen {
    fn open(folder: &Path, dead: bool) -> anyhow::Result<Kitchen> {
        let open = |station| anyhow::Ok((station, Printer::open(dead && station == DEAD)?));
        let printers = STATIONS.into_iter().map(open).collect::<Result<Vec<_>, _>>()?;
        let more_printers = printers
            .iter()
            .map(|(station, printer)| (format!("at-{station}"), printer.address.clone(), (*station).to_owned()))
            .collect();
        let plan = Plan { relay: false, devices: false, more_printers, ..Plan::default() };
        let restaurant = Restaurant::open_in(&folder.join("restaurant"), &plan)?;
        let manager = restaurant.log_in("manager")?;
        let stations: Vec<Value> = STATIONS.iter().map(|id| json!({"id": id, "name": id})).collect();
        manager.put("/api/v1/settings", &json!({"stations": stations}))?.expect_status(200)?;
        let mut items = Vec::new();
        for station in STATIONS {
            let item = json!({"name": format!("Dish of the {station}"), "category": "Mains", "price": 1_490,
                "taxClass": "food", "station": station, "isAvailable": true, "preparationTime": 5});
            let item = manager.post("/api/v1/pos/menu", &item)?.expect_status(201)?;
            items.push((station, item["id"].clone()));
        }
        let waiter = restaurant.log_in("waiter")?;
        Ok(Kitchen { restaurant, printers, waiter, items })
    }

    /// The printers whose tickets count.
    fn counted(&self) -> impl Iterator<Item = &Printer> {
        self.printers.iter().filter(|(station, _)| *station != DEAD).map(|(_, printer)| printer)
    }

    /// A ticket at each, so that every connection is open.
    fn warm_up(&self) -> anyhow::Result<()> {
        for (station, item) in &self.items {
            self.order(&self.waiter, station, item)?;
        }
        until(WITHIN, || Ok(self.counted().all(|printer| printer.count() > 0).then_some(())))
            .context("a printer that is well got no ticket")
    }

    fn rush(&self) -> anyhow::Result<Vec<Sent>> {
        // Not the arrivals' numbers: a station must not go with a gap.
        let mut random = Random::new(1);
        let due: Vec<(Duration, usize)> =
            arrivals(ORDERS_PER_SECOND, DURING).map(|at| (at, random.below(STATIONS.len()))).collect();
        let next = AtomicUsize::new(0);
        let sent: Mutex<Vec<Sent>> = Mutex::default();
        let started = Instant::now() + Duration::from_millis(50);
        std::thread::scope(|scope| {
            let take_orders = || {
                let mut waiter = Guest::stranger(&self.restaurant.ready.edge_url);
                waiter.token.clone_from(&self.waiter.token);
                while let Some((at, place)) = due.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (station, item) = self.items.get(*place).context("an item")?;
                    std::thread::sleep((started + *at).saturating_duration_since(Instant::now()));
                    let order = self.order(&waiter, station, item)?;
                    sent.lock().unwrap_or_else(PoisonError::into_inner).push(order);
                }
                anyhow::Ok(())
            };
            let waiters: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(take_orders)).collect();
            waiters
                .into_iter()
                .try_for_each(|waiter| waiter.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a waiter panicked"))))
        })?;
        Ok(sent.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// Places an order of one line and sends it to the kitchen.
    fn order(&self, waiter: &Guest, station: &'static str, item: &Value) -> anyhow::Result<Sent> {
        let key = new_key();
        let body = json!({"orderType": "takeout", "items": [{"menuItemId": item, "quantity": 1}]});
        let placed = waiter.post_as("/api/v1/pos/orders", &key, &body)?.expect_status(201)?;
        let number = placed["orderNumber"].as_str().context("an order has a number")?.to_owned();
        let sent = Instant::now();
        let answer = waiter.post(&format!("/api/v1/pos/orders/{key}/send-to-kitchen"), &json!({}))?;
        let accepted = Instant::now();
        answer.expect_status(200)?;
        Ok(Sent { station, number, sent, accepted })
    }

    /// When the first paper of each order began; every word of a paper may be an order's number.
    fn begun(&self) -> HashMap<String, Instant> {
        let mut begun = HashMap::new();
        for paper in self.counted().flat_map(Printer::papers) {
            for word in paper.text.split_whitespace() {
                begun.entry(word.to_owned()).or_insert(paper.begun);
            }
        }
        begun
    }
}
