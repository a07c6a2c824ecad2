//! `paper --tickets N [--seed S] [--blind]`: tickets of a real box to virtual printers, while links break at every byte,
//! printers lose their power, paper and cover, and the box is killed. Then the paper is counted.
//!
//! `--blind` is the control: a box that sends again what it is not sure of, without a word. It must be found out.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::{Value, json};
use trivet_restaurant::{Guest, Plan, Restaurant, new_key, until};

#[path = "../../simulation/rng.rs"]
#[expect(dead_code, reason = "the simulation needs more of it")]
mod rng;
use rng::Rng;

/// Tickets that wait for paper at once: none may become 30 minutes old.
const WAITING: usize = 16;
const PRINTERS: [&str; 2] = ["hot", "bar"];
/// Longer than any ticket of this run: the link is cut at each byte of one, in turn.
const LONGEST_TICKET: u64 = 640;
/// Stands last on each ticket: a paper that has it is complete.
const LAST_WORD: &str = "finis";
const QUARTER: Duration = Duration::from_secs(15 * 60);

fn main() -> std::process::ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1)?.parse::<usize>().ok()
    };
    let tickets = value("--tickets").unwrap_or(200);
    let seed = value("--seed").unwrap_or(1) as u64;
    let blind = arguments.iter().any(|argument| argument == "--blind");
    match run(tickets, seed, blind) {
        Ok(count) => {
            say(&format!(
                "{} cuts, {} other faults, {} kills of the box, {:.0} s",
                count.cuts,
                count.others,
                count.kills,
                count.took.as_secs_f64()
            ));
            say(&format!("{} papers, of which {} say that they may be a second one", count.papers, count.marked));
            say(&format!(
                "{} tickets, {} lost, {} unmarked duplicates, {} stale",
                count.tickets,
                count.lost.len(),
                count.doubled.len(),
                count.stale
            ));
            for word in count.lost.iter().chain(&count.doubled).take(10) {
                eprintln!("{word}");
            }
            let clean = count.lost.is_empty() && count.doubled.is_empty() && count.stale == 0;
            if clean { std::process::ExitCode::SUCCESS } else { std::process::ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("the run itself failed: {error:#}");
            std::process::ExitCode::from(2)
        }
    }
}

#[derive(Default)]
struct Count {
    tickets: usize,
    papers: usize,
    marked: usize,
    lost: Vec<String>,
    doubled: Vec<String>,
    stale: usize,
    cuts: usize,
    others: usize,
    kills: usize,
    took: Duration,
}

struct Service<'a> {
    restaurant: &'a Mutex<Restaurant>,
    /// The numbers of orders whose tickets were acknowledged.
    taken: Mutex<Vec<String>>,
    over: AtomicBool,
    printed: AtomicUsize,
}

fn run(tickets: usize, seed: u64, blind: bool) -> anyhow::Result<Count> {
    let started = Instant::now();
    let plan = Plan { relay: false, paper_mm_per_s: Some(1_500), rehearse_blind: blind, ..Plan::default() };
    let restaurant = Mutex::new(Restaurant::open(&plan)?);
    let (waiter, cook) = {
        let open = restaurant.lock().expect("nobody panics");
        (open.log_in("waiter")?, open.log_in("cook")?)
    };
    let items = items(&waiter)?;
    let service = Service {
        restaurant: &restaurant,
        taken: Mutex::default(),
        over: AtomicBool::new(false),
        printed: AtomicUsize::new(0),
    };
    let mut count = Count::default();
    std::thread::scope(|scope| {
        let faults = scope.spawn(|| make_trouble(&service, seed, blind));
        let person = scope.spawn(|| release_what_is_held(&service, &cook));
        for n in 0..tickets {
            while n >= service.printed.load(Ordering::Relaxed) + WAITING && !faults.is_finished() {
                std::thread::sleep(Duration::from_millis(5));
            }
            let item = items.get(n % items.len()).context("an item")?;
            let number = take_order(&waiter, item)?;
            service.taken.lock().expect("nobody panics").push(number);
        }
        service.over.store(true, Ordering::Relaxed);
        (count.cuts, count.others, count.kills) = faults.join().expect("it does not panic")?;
        for printer in PRINTERS {
            restaurant.lock().expect("nobody panics").printer_fault(printer, "none", Value::Null)?;
        }
        person.join().expect("it does not panic")
    })?;
    let taken = service.taken.into_inner().expect("nobody panics");
    let mut restaurant = restaurant.into_inner().expect("nobody panics");
    count_papers(&restaurant, &taken, &mut count)?;
    if !blind && count.lost.len() + count.doubled.len() > 0 {
        eprintln!("papers, logs and the store are kept in {}", restaurant.keep().display());
    }
    count.stale = stale(&mut restaurant, &waiter, &items)?;
    count.took = started.elapsed();
    Ok(count)
}

/// One of each printer's.
fn items(waiter: &Guest) -> anyhow::Result<Vec<Value>> {
    let menu = waiter.get("/api/v1/pos/menu")?.expect_status(200)?;
    let of = |station: &str| {
        let items = menu.get("items").and_then(Value::as_array)?;
        items.iter().find(|item| item.get("station").and_then(Value::as_str) == Some(station))?.get("id").cloned()
    };
    ["grill", "bar"].into_iter().map(|station| of(station).context("an item of the station")).collect()
}

/// Asks until it is acknowledged, whatever happens to the box meanwhile.
fn take_order(waiter: &Guest, item: &Value) -> anyhow::Result<String> {
    let (key, command) = (new_key(), new_key());
    let line = json!({"menuItemId": item, "quantity": 1, "specialInstructions": LAST_WORD});
    let body = json!({"orderType": "takeout", "items": [line]});
    let placed = until(Duration::from_secs(30), || {
        let answer = waiter.post_as("/api/v1/pos/orders", &key, &body)?;
        Ok((answer.status == 201).then_some(answer.body))
    })?;
    until(Duration::from_secs(30), || {
        let answer = waiter.post_as(&format!("/api/v1/pos/orders/{key}/send-to-kitchen"), &command, &json!({}))?;
        Ok((answer.status == 200).then_some(()))
    })?;
    Ok(placed.get("orderNumber").and_then(Value::as_str).context("an order has a number")?.to_owned())
}

/// Cuts, other faults, kills.
fn make_trouble(service: &Service<'_>, seed: u64, blind: bool) -> anyhow::Result<(usize, usize, usize)> {
    let mut rng = Rng::new(seed);
    let (mut cuts, mut others, mut kills) = (0, 0, 0);
    while !service.over.load(Ordering::Relaxed) {
        let printer = PRINTERS.get(rng.below(2) as usize).copied().unwrap_or("hot");
        let fault = |name: &str, value: Value| {
            service.restaurant.lock().expect("nobody panics").printer_fault(printer, name, value)
        };
        match rng.below(20) {
            // The control is short: each of its cuts comes when a good part of a ticket is on paper.
            _ if blind => {
                fault("cut_at_byte", json!(120 + rng.below(240)))?;
                cuts += 1;
            }
            0..=11 => {
                fault("cut_at_byte", json!(cuts as u64 % LONGEST_TICKET + 1))?;
                cuts += 1;
            }
            12..=14 => fault("power_cycle", json!(20 + rng.below(300)))?,
            15 => fault("paper_out", json!(rng.below(60)))?,
            16 => fault("cover", json!(true))?,
            17 => fault("mute", json!(true))?,
            18 => fault("late", json!(rng.below(1_500)))?,
            _ => {
                let mut restaurant = service.restaurant.lock().expect("nobody panics");
                restaurant.process("box1").kill();
                restaurant.restart("box1")?;
                kills += 1;
            }
        }
        others += 1;
        // Some tickets come through between two faults, at no particular moment.
        let enough = service.printed.load(Ordering::Relaxed) + 2;
        let went_on = || Ok((service.printed.load(Ordering::Relaxed) >= enough).then_some(()));
        drop(until(Duration::from_millis(500 + rng.below(2_000)), went_on));
        std::thread::sleep(Duration::from_millis(rng.below(120)));
        // A cut happens when its byte comes; the rest is put right by somebody.
        if rng.below(3) == 0 {
            for printer in PRINTERS {
                let restaurant = service.restaurant.lock().expect("nobody panics");
                for (name, value) in
                    [("paper_out", json!(false)), ("cover", json!(false)), ("mute", json!(false)), ("late", json!(0))]
                {
                    restaurant.printer_fault(printer, name, value)?;
                }
            }
        }
    }
    Ok((cuts, others - cuts - kills, kills))
}

/// Papers that three attempts could not confirm are held for a person, who lets them go; until all are finished.
fn release_what_is_held(service: &Service<'_>, cook: &Guest) -> anyhow::Result<()> {
    until(QUARTER * 4, || {
        let Ok(answer) = cook.get("/api/v1/print-jobs") else { return Ok(None) };
        let Ok(list) = answer.expect_status(200) else { return Ok(None) };
        let jobs = list.get("jobs").and_then(Value::as_array).cloned().unwrap_or_default();
        let state = |job: &Value| job.get("state").and_then(Value::as_str).unwrap_or_default().to_owned();
        for job in jobs.iter().filter(|job| state(job) == "held") {
            let id = job.get("id").and_then(Value::as_str).unwrap_or_default();
            drop(cook.post(&format!("/api/v1/print-jobs/{id}/release"), &json!({})));
        }
        let unfinished = jobs.iter().filter(|job| !["printed", "sent"].contains(&state(job).as_str())).count();
        let taken = service.taken.lock().expect("nobody panics").len();
        service.printed.store(taken.saturating_sub(unfinished), Ordering::Relaxed);
        Ok((unfinished == 0 && service.over.load(Ordering::Relaxed)).then_some(()))
    })
}

fn count_papers(restaurant: &Restaurant, taken: &[String], count: &mut Count) -> anyhow::Result<()> {
    let mut papers = Vec::new();
    for printer in PRINTERS {
        papers.extend(restaurant.papers(printer)?);
    }
    let is_marked = |paper: &str| paper.contains("DUPLICATE") || paper.contains("REPRINT");
    let mut of: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
    for paper in &papers {
        for word in paper.split_whitespace() {
            if let Some(number) = taken.iter().find(|number| *number == word) {
                let known = of.entry(number).or_default();
                if !known.iter().any(|other| std::ptr::eq(*other, paper)) {
                    known.push(paper);
                }
            }
        }
    }
    count.tickets = taken.len();
    count.papers = papers.len();
    count.marked = papers.iter().filter(|paper| is_marked(paper)).count();
    for number in taken {
        let papers = of.get(number.as_str()).cloned().unwrap_or_default();
        if !papers.iter().any(|paper| paper.contains(LAST_WORD)) {
            count.lost.push(format!("{number} is lost: {} papers, none complete", papers.len()));
        }
        let unmarked = papers.iter().filter(|paper| !is_marked(paper)).count();
        if unmarked > 1 {
            count.doubled.push(format!("{number} stands on {unmarked} papers that say nothing of each other"));
        }
    }
    Ok(())
}

/// A night's backlog: tickets that no printer took, and a box that starts half an hour later. How many come out unasked.
fn stale(restaurant: &mut Restaurant, waiter: &Guest, items: &[Value]) -> anyhow::Result<usize> {
    for printer in PRINTERS {
        restaurant.printer_fault(printer, "power_off", json!(true))?;
    }
    let numbers = items.iter().map(|item| take_order(waiter, item)).collect::<anyhow::Result<Vec<String>>>()?;
    restaurant.process("box1").kill();
    restaurant.set_clock_offset(31 * 60_000)?;
    for printer in PRINTERS {
        restaurant.printer_fault(printer, "none", Value::Null)?;
    }
    restaurant.restart("box1")?;
    let cook = restaurant.log_in("cook")?;
    let held = |number: &String| -> anyhow::Result<bool> {
        let list = cook.get("/api/v1/print-jobs")?.expect_status(200)?;
        let jobs = list.get("jobs").and_then(Value::as_array).cloned().unwrap_or_default();
        let is = |job: &&Value, field: &str, value: &str| job.get(field).and_then(Value::as_str) == Some(value);
        Ok(jobs.iter().any(|job| is(&job, "orderNumber", number) && !is(&job, "state", "queued")))
    };
    for number in &numbers {
        until(Duration::from_secs(60), || Ok(held(number)?.then_some(())))?;
    }
    let mut papers = Vec::new();
    for printer in PRINTERS {
        papers.extend(restaurant.papers(printer)?);
    }
    let came_out = |number: &&String| papers.iter().any(|paper| paper.split_whitespace().any(|word| word == *number));
    Ok(numbers.iter().filter(came_out).count())
}

#[expect(clippy::print_stdout, reason = "the last line is what scripts read")]
fn say(line: &str) {
    println!("{line}");
}
