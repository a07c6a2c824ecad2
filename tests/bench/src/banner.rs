//! banner: from a sample that a device publishes at the broker to the alarm painted on the kitchen's screen, in a real
//! Chromium. Beside it the goal of 500 ms.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, ensure};
use rumqttc::{Client, MqttOptions, QoS};
use serde_json::{Value, json};
use trivet_restaurant::{Plan, Restaurant, until};

use crate::figure::{Figure, quantile};

const ALARMS: usize = 60;
const GOAL_MS: f64 = 500.0;
const WITHIN: Duration = Duration::from_secs(20);

pub(crate) fn run() -> anyhow::Result<Vec<Figure>> {
    let names: Vec<String> = (0..ALARMS).map(|n| format!("banner-{n:02}")).collect();
    let probes = names.iter().map(|name| (name.clone(), format!("mqtt:banner/{name},plain"))).collect();
    let restaurant = Restaurant::open(&Plan { relay: false, probes, ..Plan::default() })?;
    let owner = restaurant.log_in("owner")?;
    for name in &names {
        let body =
            json!({"name": name, "unitKind": "fridge", "maxMilliC": 5_000, "alarmDelaySeconds": 0, "input": name});
        owner.post("/api/v1/haccp/probes", &body)?.expect_status(201)?;
    }
    let broker = &restaurant.ready.mqtt;
    let mut options = MqttOptions::new("banner", &broker.host, broker.port);
    options.set_credentials(&broker.user, &broker.password);
    let (client, mut events) = Client::new(options, 256);
    std::thread::spawn(move || events.iter().take_while(Result::is_ok).for_each(drop));
    let publish = |name: &str, degrees: f64| {
        client.publish(format!("banner/{name}"), QoS::AtLeastOnce, false, format!(r#"{{"c":{degrees}}}"#))
    };
    until(WITHIN, || {
        // Until the box has read of them: what comes before is nobody's.
        names.iter().try_for_each(|name| publish(name, 3.0))?;
        let probes = owner.get("/api/v1/haccp/probes")?.expect_status(200)?;
        let ours = |probe: &&Value| names.iter().any(|name| probe["name"] == **name);
        let heard = probes["probes"].as_array().into_iter().flatten().filter(ours);
        Ok((heard.filter(|probe| !probe["current"]["milliC"].is_null()).count() == ALARMS).then_some(()))
    })
    .context("a probe is silent")?;
    let mut page = Page::open(&restaurant)?;
    let mut waits = Vec::new();
    for name in &names {
        let published = now_ms()?;
        publish(name, 25.0)?;
        let (alert, at) = page.painted(name)?;
        waits.push(at - published);
        // The banner has room for two: this one is seen.
        let seen = format!("/api/v1/alerts/{alert}/acknowledge");
        owner.post(&seen, &json!({}))?.expect_status(200)?;
    }
    page.close()?;
    ensure!(restaurant.close(), "a part of the restaurant did not end by itself");
    let figure = |figure: &str, rounds, limit| Figure {
        id: "banner",
        figure: figure.to_owned(),
        unit: "ms",
        rounds,
        limit,
        peer: None,
        larger_is_better: false,
    };
    let p99 = quantile(&waits, 0.99);
    Ok(vec![figure("published to painted, p99", vec![p99], Some(GOAL_MS)), figure("published to painted", waits, None)])
}

fn now_ms() -> anyhow::Result<f64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64() * 1_000.0)
}

/// The browser's process, and what it says.
struct Page {
    child: Child,
    lines: mpsc::Receiver<Value>,
}

impl Page {
    fn open(restaurant: &Restaurant) -> anyhow::Result<Page> {
        let ready = restaurant.folder().join("ready.json");
        std::fs::write(&ready, serde_json::to_vec(&restaurant.ready)?)?;
        let screens = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../screens");
        let mut child = Command::new("node")
            .arg("e2e/banner.mjs")
            .current_dir(screens)
            .env("TRIVET_READY", &ready)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("node")?;
        let said = child.stderr.take().context("what it says")?;
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(said).lines().map_while(Result::ok) {
                match serde_json::from_str(&line) {
                    Ok(word) => drop(sender.send(word)),
                    Err(_) => crate::figure::say(&format!("banner  {line}")),
                }
            }
        });
        let mut page = Page { child, lines };
        page.wait(|word| (word["ready"] == true).then_some(()))?;
        Ok(page)
    }

    fn wait<T>(&mut self, which: impl Fn(&Value) -> Option<T>) -> anyhow::Result<T> {
        loop {
            let word = self.lines.recv_timeout(WITHIN).context("nothing was painted")?;
            if let Some(found) = which(&word) {
                return Ok(found);
            }
        }
    }

    /// The alert that names this probe, and when it was painted.
    fn painted(&mut self, name: &str) -> anyhow::Result<(String, f64)> {
        self.wait(|word| {
            let (alert, text) = (word["alert"].as_str()?, word["text"].as_str()?);
            text.contains(name).then_some((alert.to_owned(), word["at"].as_f64()?))
        })
    }

    fn close(mut self) -> anyhow::Result<()> {
        drop(self.child.stdin.take());
        ensure!(self.child.wait()?.success(), "the page's story failed");
        Ok(())
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
