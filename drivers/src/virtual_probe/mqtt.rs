//! A probe on a broker: one connection each, because each has a last will of its own.

use super::fleet::{Fault, Fleet};
use super::noise::Noise;
use super::shapes::Convention;
use rumqttc::{AsyncClient, ConnectReturnCode, Event, EventLoop, LastWill, MqttOptions, Packet, QoS};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::{Instant, sleep_until};

/// Messages that the client may hold; while the broker is down nothing is queued, as with real probes.
const QUEUE: usize = 64;
/// Messages delayed by the fault `late`.
const MOST_DELAYED: usize = 256;
/// The first and the longest pause between two attempts to connect.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(10));
/// The stale retained message claims to be a month old, and hot.
const STALE_AGE_MS: u64 = 30 * 86_400_000;
const STALE_C: f64 = 77.7;

/// The broker and who we are to it.
#[derive(Clone)]
pub struct Broker {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// User and password.
    pub login: Option<(String, String)>,
}

impl std::fmt::Debug for Broker {
    /// The password stays out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Broker({}:{})", self.host, self.port)
    }
}

/// One probe's part of the wire.
#[derive(Debug)]
pub(super) struct Publisher {
    pub(super) name: String,
    pub(super) topic: String,
    pub(super) convention: Convention,
    pub(super) period: Duration,
}

/// One message to the broker.
#[derive(Debug)]
struct Message {
    topic: String,
    payload: Vec<u8>,
    retain: bool,
}

/// Publishes for good.
pub(super) async fn run(fleet: &Fleet, broker: &Broker, publisher: &Publisher) {
    let client_id = format!("trivet-vprobe-{}-{}", publisher.name, std::process::id());
    let mut options = MqttOptions::new(client_id, &broker.host, broker.port);
    options.set_keep_alive(Duration::from_secs(15));
    if let Some((user, password)) = &broker.login {
        options.set_credentials(user, password);
    }
    let availability = publisher.convention.availability(&publisher.topic);
    if let Some((topic, _, gone)) = &availability {
        options.set_last_will(LastWill::new(topic, *gone, QoS::AtLeastOnce, true));
    }
    let (client, events) = AsyncClient::new(options, QUEUE);
    let connected = AtomicBool::new(false);
    let born = || {
        if let Some((topic, alive, _)) = &availability {
            send(
                &client,
                publisher.convention,
                Message { topic: topic.clone(), payload: alive.as_bytes().to_vec(), retain: true },
            );
        }
    };
    tokio::select! {
        () = keep_connected(events, &connected, born) => {}
        () = publish(fleet, &client, &connected, publisher) => {}
    }
}

async fn keep_connected(mut events: EventLoop, connected: &AtomicBool, born: impl Fn()) {
    let mut pause = BACKOFF.0;
    loop {
        match events.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(answer))) if answer.code == ConnectReturnCode::Success => {
                connected.store(true, Ordering::Relaxed);
                pause = BACKOFF.0;
                born();
            }
            Ok(_) => {}
            Err(error) => {
                connected.store(false, Ordering::Relaxed);
                tracing::debug!(%error, "broker");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(BACKOFF.1);
            }
        }
    }
}

async fn publish(fleet: &Fleet, client: &AsyncClient, connected: &AtomicBool, publisher: &Publisher) {
    let mut ticks = tokio::time::interval(publisher.period);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let mut source = Source::default();
    let mut delayed: Vec<(Instant, Message)> = Vec::new();
    loop {
        delayed.sort_by_key(|(due, _)| *due);
        let due = delayed.first().map(|(due, _)| *due);
        tokio::select! {
            _ = ticks.tick() => {
                let (after, messages) = source.next(fleet, publisher, unix_ms());
                if connected.load(Ordering::Relaxed) {
                    let room = MOST_DELAYED.saturating_sub(delayed.len());
                    delayed.extend(messages.into_iter().take(room).map(|message| (Instant::now() + after, message)));
                }
            }
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                let (_, message) = delayed.remove(0);
                send(client, publisher.convention, message);
            }
        }
    }
}

fn send(client: &AsyncClient, convention: Convention, message: Message) {
    let qos = if convention == Convention::Plain || message.retain { QoS::AtLeastOnce } else { QoS::AtMostOnce };
    if let Err(error) = client.try_publish(message.topic, qos, message.retain, message.payload) {
        tracing::debug!(%error, "message dropped");
    }
}

/// What a probe sends at each tick.
#[derive(Debug, Default)]
struct Source {
    seq: u64,
    held: Option<Message>,
    noise: Noise,
}

impl Source {
    /// The messages of one tick and how late they are.
    fn next(&mut self, fleet: &Fleet, publisher: &Publisher, unix_ms: u64) -> (Duration, Vec<Message>) {
        let Some((celsius, fault, stale)) = fleet.with(&publisher.name, |probe, now| {
            probe.count();
            (probe.celsius(now), probe.fault(), probe.take_stale_retained())
        }) else {
            return (Duration::ZERO, Vec::new());
        };
        let message = |payload: Vec<u8>, retain| Message { topic: publisher.topic.clone(), payload, retain };
        let mut messages = Vec::new();
        if let Some(set) = stale {
            let old = publisher.convention.payload(
                &publisher.name,
                STALE_C,
                Fault::None,
                unix_ms.saturating_sub(STALE_AGE_MS),
                1,
            );
            // An empty retained message clears the one that the broker keeps.
            messages.push(message(if set { old.into_bytes() } else { Vec::new() }, true));
        }
        if fault == Fault::Silent {
            return (Duration::ZERO, messages);
        }
        self.seq += 1;
        let mut payload = publisher.convention.payload(&publisher.name, celsius, fault, unix_ms, self.seq).into_bytes();
        if fault == Fault::Truncate {
            payload.truncate(payload.len() / 2);
        }
        let times = publisher.convention.times() + usize::from(fault == Fault::Duplicate);
        messages.extend((1..times).map(|_| message(payload.clone(), false)));
        if fault == Fault::Noise {
            messages.push(message(self.noise.bytes(12), false));
        }
        let fresh = message(payload, false);
        if fault == Fault::OutOfOrder {
            match self.held.take() {
                Some(older) => messages.extend([fresh, older]),
                None => self.held = Some(fresh),
            }
        } else {
            messages.extend(self.held.take());
            messages.push(fresh);
        }
        (if let Fault::Late(by) = fault { by } else { Duration::ZERO }, messages)
    }
}

fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::fleet::{Kind, Probe};
    use super::*;
    use serde_json::json;

    /// The payloads of three ticks after an order, a bar between ticks.
    fn check(order: serde_json::Value, expected: &str) {
        let fleet = Fleet::new(vec![Probe::new("f".into(), Kind::Mqtt, String::new(), 4.0)]);
        fleet.order(&json!({"fault": "value", "value": 5.0, "jump": true})).unwrap();
        fleet.order(&order).unwrap();
        let publisher = Publisher {
            name: "f".into(),
            topic: "t".into(),
            convention: Convention::Plain,
            period: Duration::from_secs(1),
        };
        let mut source = Source::default();
        let ticks: Vec<String> = (0..3)
            .map(|tick| {
                let (_, messages) = source.next(&fleet, &publisher, 3_000_000_000 + tick);
                let shown = messages.iter().map(|m| {
                    let mark = if m.retain { "R" } else { "" };
                    format!("{mark}{}", String::from_utf8_lossy(&m.payload))
                });
                shown.collect::<Vec<_>>().join(" ")
            })
            .collect();
        assert_eq!(ticks.join(" | "), expected, "{order}");
    }

    #[test]
    fn faults() {
        let m = |tick: u64| format!(r#"{{"c":5.00,"ts":{},"seq":{}}}"#, 3_000_000_000 + tick, tick + 1);
        check(json!({"fault": "silent"}), " |  | ");
        check(json!({"fault": "duplicate"}), &format!("{0} {0} | {1} {1} | {2} {2}", m(0), m(1), m(2)));
        check(json!({"fault": "out_of_order"}), &format!(" | {} {} | ", m(1), m(0)));
        check(
            json!({"fault": "stale_retained"}),
            &format!(r#"R{{"c":77.70,"ts":408000000,"seq":1}} {} | {} | {}"#, m(0), m(1), m(2)),
        );
    }

    #[test]
    fn orders_that_make_no_sense_are_refused_with_words() {
        let fleet = Fleet::new(vec![Probe::new("f".into(), Kind::Mqtt, String::new(), 4.0)]);
        for (order, words) in [
            (json!({"probe": "g", "fault": "silent"}), "no probe \"g\""),
            (json!({"fault": "bad_crc"}), "Modbus probes only"),
            (json!({"fault": "heat"}), "unknown fault"),
            (json!({"fault": "value", "value": "hot"}), "°C"),
            (json!({}), "\"fault\" must be"),
        ] {
            let text = fleet.order(&order).unwrap_err();
            assert!(text.contains(words), "{order}: {text}");
        }
    }
}
