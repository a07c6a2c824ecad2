//! `cargo xtask demo`: the whole restaurant on one machine.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use nix::sys::signal::{SigSet, Signal};
use serde_json::{Value, json};
use trivet_restaurant::{Guest, Plan, Ready, Restaurant, Sensor};

use crate::{DemoArguments, steps};

#[expect(clippy::print_stdout, reason = "the addresses are what this command is for")]
pub(crate) fn demo(arguments: &DemoArguments) -> anyhow::Result<()> {
    // Blocked before any thread starts, so that the signal comes to this one.
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGTERM);
    signals.add(Signal::SIGINT);
    if let Err(missing) = steps::packages(&crate::test::FONTS) {
        eprintln!("{missing}\nUntil then text in other scripts prints as boxes, and there are no receipts as PDF.");
    }
    let folder = steps::build(arguments.release)?;
    let started = Instant::now();
    signals.thread_block()?;
    for name in pairs(&arguments.printer)?.keys() {
        anyhow::ensure!(
            ["hot", "bar", "labels"].contains(&name.as_str()),
            "`{name}` is no printer of the demo: hot, bar or labels"
        );
    }
    let plan = Plan {
        boxes: arguments.boxes.max(1),
        port_base: Some(arguments.port_base),
        printers: pairs(&arguments.printer)?,
        probes: pairs(&arguments.probe)?,
        backups: true,
        sensor: Some(Sensor::Simulated),
        bin_dir: Some(folder),
        ..Plan::default()
    };
    let restaurant = Restaurant::open(&plan)?;
    let ready = &restaurant.ready;
    if let Some(path) = &arguments.ready {
        let part = path.with_extension("part");
        std::fs::write(&part, serde_json::to_vec_pretty(ready)?)?;
        std::fs::rename(part, path)?;
    }
    println!("\nTrivet is open, {:.1} s after the build.\n\n{}", started.elapsed().as_secs_f64(), addresses(ready));
    if !arguments.headless {
        drop(Command::new("xdg-open").arg(&ready.edge_url).spawn());
    }
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        if let Some(per_minute) = arguments.rush.filter(|n| *n > 0) {
            let (stop, ready) = (&stop, ready);
            scope.spawn(move || {
                if let Err(error) = rush(ready, per_minute, stop) {
                    eprintln!("the rush ended: {error:#}");
                }
            });
        }
        let _signal = signals.wait();
        stop.store(true, Ordering::Relaxed);
    });
    restaurant.close();
    Ok(())
}

fn addresses(ready: &Ready) -> String {
    let mut text = format!("  screens      {}/screens/\n", ready.edge_url);
    for (page, what) in [
        ("pos", "take orders"),
        ("kitchen", "kitchen"),
        ("labels", "labels"),
        ("haccp", "temperatures"),
        ("safety", "food safety"),
        ("alerts", "alerts"),
        ("printers", "printers"),
        ("layouts", "how papers look"),
        ("status", "the box"),
    ] {
        text.push_str(&format!("               {}/screens/{page}/   {what}\n", ready.edge_url));
    }
    for (n, other) in ready.boxes.iter().enumerate().skip(1) {
        text.push_str(&format!("  box {}        {}/screens/\n", n + 1, other.url));
    }
    if let Some(dashboard) = &ready.dashboard_url {
        text.push_str(&format!("  dashboard    {dashboard}/screens/dashboard/\n"));
    }
    for (name, printer) in &ready.printers {
        if let Some(control) = &printer.control {
            text.push_str(&format!("  paper: {name:<6}{control}/\n"));
        }
    }
    text.push_str("\n  log in as\n");
    for user in ready.users.values() {
        text.push_str(&format!("    {:<9} {}   PIN {}\n", user.login, user.password, user.pin));
    }
    text.push_str("\n  Ctrl-C closes it.\n");
    text
}

fn pairs(texts: &[String]) -> anyhow::Result<BTreeMap<String, String>> {
    let pair = |text: &String| {
        let (name, address) = text.split_once('=').with_context(|| format!("`{text}`: NAME=ADDRESS"))?;
        Ok((name.to_owned(), address.to_owned()))
    };
    texts.iter().map(pair).collect()
}

/// A lunch service: orders of one to four lines, cooked and served after a while.
fn rush(ready: &Ready, per_minute: u32, stop: &AtomicBool) -> anyhow::Result<()> {
    let log_in = |role: &str| {
        let user = ready.users.get(role).context("a demo user")?;
        Guest::log_in(&ready.edge_url, &user.login, &user.password)
    };
    let (waiter, cook) = (log_in("waiter")?, log_in("cook")?);
    let menu = waiter.get("/api/v1/pos/menu")?.expect_status(200)?;
    let items: Vec<Value> = menu.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut open: Vec<(String, Instant)> = Vec::new();
    let mut n = 0usize;
    while !stop.load(Ordering::Relaxed) {
        n += 1;
        let lines: Vec<Value> = (0..=n % 4)
            .filter_map(|i| items.get((n * 7 + i * 5) % items.len().max(1)))
            .map(|item| json!({"menuItemId": item["id"], "quantity": 1 + n % 2}))
            .collect();
        let order = json!({"orderType": "dine_in", "tableNumber": (n % 20 + 1).to_string(), "items": lines});
        let placed = waiter.post("/api/v1/pos/orders", &order)?.expect_status(201)?;
        let id = placed.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        waiter.post(&format!("/api/v1/pos/orders/{id}/send-to-kitchen"), &json!({}))?;
        open.push((id, Instant::now()));
        open.retain(|(id, since)| {
            if since.elapsed() < Duration::from_secs(45) {
                return true;
            }
            drop(cook.post(&format!("/api/v1/kitchen/orders/{id}/complete"), &json!({})));
            drop(waiter.put(&format!("/api/v1/pos/orders/{id}/status"), &json!({"status": "completed"})));
            false
        });
        std::thread::sleep(Duration::from_secs(60) / per_minute);
    }
    Ok(())
}
