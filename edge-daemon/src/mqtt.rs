//! MQTT: the embedded broker for a closed probe network, heard from within, and the client that listens to another's.

use std::collections::HashMap;
use std::net::{TcpListener, ToSocketAddrs};
use std::time::Duration;

use anyhow::Context;
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS, SubscribeFilter};
use rumqttd::local::LinkRx;
use rumqttd::{
    Broker, Config as BrokerConfig, ConnectionSettings, Forward, Notification, RouterConfig, ServerSettings,
};
use tokio::sync::mpsc;
use trivet_drivers::probe::mqtt::Subscription;
use trivet_drivers::probe::{NoData, Report};
use trivet_replica::Wall;

use crate::config::Mqtt;
use crate::probes::discovered::Board;
use crate::probes::lines::MAX_INPUTS;

/// A probe's message is far smaller.
const MAX_PAYLOAD: usize = 4 * 1024;
const MAX_CONNECTIONS: usize = 256;
const RECONNECT: Duration = Duration::from_secs(1);
const DISCOVER_AGAIN: Duration = Duration::from_secs(10);
/// A longer message ends the connection; Home Assistant's descriptions of a device are the longest that we want.
const MAX_RECEIVED: usize = 64 * 1024;
const FILTERS_AT_ONCE: usize = 8;
/// Requests of ours that may wait: each input has up to three filters.
const REQUESTS: usize = 3 * MAX_INPUTS / FILTERS_AT_ONCE + MAX_INPUTS;

/// Starts rumqttd on a thread of its own, and hears all that is published there, from within. It has accounts, but no
/// rules per topic: anybody who has an account may publish anything, so an open LAN needs mosquitto with an ACL file
/// instead.
fn start_broker(mqtt: &Mqtt, password: &str) -> anyhow::Result<LinkRx> {
    let address = (mqtt.host.as_str(), mqtt.port);
    let listen = address.to_socket_addrs()?.next().with_context(|| format!("{} has no address", mqtt.host))?;
    // The broker itself would end without a word if its port were another's.
    drop(TcpListener::bind(listen)?);
    let settings = ServerSettings {
        name: "probes".to_owned(),
        listen,
        tls: None,
        next_connection_delay_ms: 1,
        connections: ConnectionSettings {
            connection_timeout_ms: 5_000,
            max_payload_size: MAX_PAYLOAD,
            max_inflight_count: 100,
            auth: Some(HashMap::from([(mqtt.user.clone(), password.to_owned())])),
            external_auth: None,
            dynamic_filters: true,
        },
    };
    let config = BrokerConfig {
        id: 0,
        // So much of topics and payloads per filter: in memory it is some four times as much. The default of 100 MB would
        // grow without an end in sight.
        router: RouterConfig {
            max_connections: MAX_CONNECTIONS,
            max_outgoing_packet_count: 200,
            max_segment_size: 256 * 1024,
            max_segment_count: 4,
            ..RouterConfig::default()
        },
        v4: Some(HashMap::from([("probes".to_owned(), settings)])),
        v5: None,
        ws: None,
        cluster: None,
        console: None,
        bridge: None,
        prometheus: None,
        metrics: None,
    };
    let mut broker = Broker::new(config);
    let (mut requests, messages) = broker.link("trivet")?;
    requests.subscribe("#")?;
    std::thread::Builder::new().name("broker".into()).spawn(move || {
        if let Err(error) = broker.start() {
            tracing::error!(%error, "the embedded broker ended");
        }
        drop(requests);
    })?;
    Ok(messages)
}

/// Who listens, and where.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) mqtt: Mqtt,
    pub(crate) password: String,
    pub(crate) wall: Wall,
    pub(crate) board: Board,
}

impl Client {
    fn connect(&self, room: usize) -> (AsyncClient, rumqttc::EventLoop) {
        let id = format!("trivet-{:08x}", u32::from_be_bytes(trivet_replica::sealing::random()));
        let mut options = MqttOptions::new(id, &self.mqtt.host, self.mqtt.port);
        options.set_credentials(&self.mqtt.user, &self.password).set_keep_alive(Duration::from_secs(10));
        // What a broker kept while the box was away has no time of its own: it would pass for what is now.
        options.set_max_packet_size(MAX_RECEIVED, MAX_RECEIVED).set_clean_session(true);
        AsyncClient::new(options, room)
    }
}

fn subscribe(client: &AsyncClient, filters: Vec<String>) {
    for some in filters.chunks(FILTERS_AT_ONCE) {
        let some = some.iter().map(|filter| SubscribeFilter::new(filter.clone(), QoS::AtLeastOnce));
        if let Err(error) = client.try_subscribe_many(some) {
            tracing::error!(%error, "subscribing");
        }
    }
}

/// The inputs that listen to the broker, by topic: a message goes to those that want it and no further.
#[derive(Default)]
struct Inputs {
    all: Vec<Subscription>,
    by_topic: HashMap<String, Vec<usize>>,
}

impl Inputs {
    fn add(&mut self, subscription: Subscription) -> Vec<String> {
        let filters = subscription.filters();
        for filter in &filters {
            self.by_topic.entry(filter.clone()).or_default().push(self.all.len());
        }
        self.all.push(subscription);
        filters
    }
}

/// Messages to the inputs that want them, and to discovery.
struct Listener {
    client: Client,
    inputs: Inputs,
    reports: mpsc::Sender<Report>,
}

impl Listener {
    async fn hear(&mut self, topic: &str, payload: &[u8], retained: bool) {
        let now = self.client.wall.now_ms();
        for at in self.inputs.by_topic.get(topic).into_iter().flatten() {
            let Some(input) = self.inputs.all.get_mut(*at) else { continue };
            let report = input.hear(topic, payload, retained, now);
            self.client.board.count(&input.input, input.counts);
            if let Some(report) = report {
                drop(self.reports.send(report).await);
            }
        }
    }

    async fn lost(&self, why: String) {
        drop(self.reports.send(Report::Line(Err(why))).await);
        for input in &self.inputs.all {
            drop(self.reports.send(input.without(NoData::Offline)).await);
        }
    }
}

/// Listens for the inputs that are given to it, for as long as the process lives.
pub(crate) async fn listen(client: Client, more: mpsc::Receiver<Subscription>, reports: mpsc::Sender<Report>) {
    let listener = Listener { client, inputs: Inputs::default(), reports };
    match listener.client.mqtt.embedded {
        true => listen_within(listener, more).await,
        false => listen_outside(listener, more).await,
    }
}

async fn listen_outside(mut listener: Listener, mut more: mpsc::Receiver<Subscription>) {
    let (sender, mut events) = listener.client.connect(REQUESTS);
    let mut connected = false;
    loop {
        let event = tokio::select! {
            event = events.poll() => event,
            Some(subscription) = more.recv() => {
                let filters = listener.inputs.add(subscription);
                if connected {
                    subscribe(&sender, filters);
                }
                continue;
            }
        };
        match event {
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                connected = true;
                drop(listener.reports.send(Report::Line(Ok(()))).await);
                subscribe(&sender, listener.inputs.by_topic.keys().cloned().collect());
            }
            Ok(Event::Incoming(Packet::Publish(message))) => {
                listener.hear(&message.topic, &message.payload, message.retain).await;
            }
            Ok(_) => {}
            Err(error) => {
                connected = false;
                listener.lost(error.to_string()).await;
                tokio::time::sleep(RECONNECT).await;
            }
        }
    }
}

/// The places of messages in the embedded broker's ring, which count from its start.
#[derive(Default)]
struct Ring {
    next: Option<u64>,
}

impl Ring {
    fn lost_before(&mut self, message: &Forward) -> u64 {
        // What is retained comes from beside the ring.
        let Some((_, place)) = message.cursor else { return 0 };
        let lost = self.next.map_or(0, |next| place.saturating_sub(next));
        self.next = Some(place + 1);
        lost
    }
}

/// The embedded broker is started, and heard from within the process: no socket, no acknowledgements, which would prove
/// nothing of a broker that ends with this process. It keeps a ring for each filter, so that one for everything takes
/// the least room. What the ring dropped before it was heard is counted by the places that are missing.
async fn listen_within(mut listener: Listener, mut more: mpsc::Receiver<Subscription>) {
    let mut broker: Option<LinkRx> = None;
    let mut ring = Ring::default();
    loop {
        let heard = async {
            match &mut broker {
                Some(messages) => messages.next().await.map_err(anyhow::Error::from),
                None => {
                    let mqtt = &listener.client.mqtt;
                    broker = Some(start_broker(mqtt, &listener.client.password)?);
                    ring = Ring::default();
                    drop(listener.reports.send(Report::Line(Ok(()))).await);
                    Ok(None)
                }
            }
        };
        let heard = tokio::select! {
            heard = heard => heard,
            Some(subscription) = more.recv() => {
                listener.inputs.add(subscription);
                continue;
            }
        };
        match heard {
            Ok(Some(Notification::Forward(message))) => {
                listener.client.board.lose(ring.lost_before(&message));
                let Ok(topic) = std::str::from_utf8(&message.publish.topic) else { continue };
                listener.hear(topic, &message.publish.payload, message.publish.retain).await;
                if listener.client.mqtt.discover {
                    let now = listener.client.wall.now_ms();
                    listener.client.board.hear(topic, &message.publish.payload, now);
                }
            }
            // It sends no more until it is told that all was taken.
            Ok(Some(Notification::Unschedule)) => {
                if let Some(messages) = &broker
                    && let Err(error) = messages.wake().await
                {
                    tracing::error!(%error, "the embedded broker");
                }
            }
            Ok(_) => {}
            Err(error) => {
                broker = None;
                listener.lost(format!("{error:#}")).await;
                tokio::time::sleep(RECONNECT).await;
            }
        }
    }
}

/// Looks for devices on a broker that is not ours, on a line of its own: whatever it finds there, or chokes on, what is
/// measured does not wait for it.
pub(crate) async fn discover(client: Client) {
    let (sender, mut events) = client.connect(REQUESTS);
    loop {
        match events.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(_))) => subscribe(&sender, client.board.filters()),
            Ok(Event::Incoming(Packet::Publish(message))) => {
                client.board.hear(&message.topic, &message.payload, client.wall.now_ms());
            }
            Ok(_) => {}
            Err(error) => {
                tracing::debug!(%error, "discovery on the broker");
                tokio::time::sleep(DISCOVER_AGAIN).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGES: u64 = 5_000;

    /// What is published while nobody listens is more than the ring holds.
    #[tokio::test]
    async fn each_message_that_the_embedded_broker_drops_is_counted() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mqtt = format!("host = \"127.0.0.1\"\nport = {port}\nuser = \"probe\"\npassword_file = \"x\"\n");
        let mqtt: Mqtt = toml::from_str(&mqtt).unwrap();
        let mut broker = start_broker(&mqtt, "secret").unwrap();
        let mut options = MqttOptions::new("flood", "127.0.0.1", port);
        options.set_credentials("probe", "secret");
        let (client, mut events) = AsyncClient::new(options, 10);
        tokio::spawn(async move {
            for n in 0..MESSAGES {
                let payload = format!("{n:<3000}");
                client.publish("flood", QoS::AtLeastOnce, false, payload).await.unwrap();
            }
            std::future::pending::<()>().await;
        });
        let mut confirmed = 0;
        while confirmed < MESSAGES {
            match events.poll().await {
                Ok(Event::Incoming(Packet::PubAck(_))) => confirmed += 1,
                Ok(_) => {}
                // Until it listens.
                Err(_) => tokio::task::yield_now().await,
            }
        }
        assert!(start_broker(&mqtt, "secret").is_err(), "its port is taken");
        let (mut ring, mut heard, mut lost) = (Ring::default(), 0, 0);
        let last = (MESSAGES - 1).to_string();
        loop {
            match broker.next().await.unwrap() {
                Some(Notification::Forward(message)) => {
                    lost += ring.lost_before(&message);
                    heard += 1;
                    if message.publish.payload.trim_ascii() == last.as_bytes() {
                        break;
                    }
                }
                Some(Notification::Unschedule) => broker.wake().await.unwrap(),
                _ => {}
            }
        }
        assert!(lost > 0);
        assert_eq!(heard + lost, MESSAGES);
    }
}
