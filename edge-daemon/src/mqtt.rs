//! MQTT: the embedded broker for a closed probe network, and the client that listens to either broker.

use std::collections::HashMap;
use std::net::ToSocketAddrs;
use std::time::Duration;

use anyhow::Context;
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS, SubscribeFilter};
use rumqttd::{Broker, Config as BrokerConfig, ConnectionSettings, RouterConfig, ServerSettings};
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

/// Starts rumqttd on a thread of its own. It has accounts, but no rules per topic: anybody who has an account may
/// publish anything, so an open LAN needs mosquitto with an ACL file instead.
pub(crate) fn start_broker(mqtt: &Mqtt, password: &str) -> anyhow::Result<()> {
    let listen = (mqtt.host.as_str(), mqtt.port).to_socket_addrs()?.next().context("the broker's address")?;
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
        // Ten segments of 1 MB per topic filter: the default of 100 MB would grow without an end in sight.
        router: RouterConfig {
            max_connections: MAX_CONNECTIONS,
            max_outgoing_packet_count: 200,
            max_segment_size: 1024 * 1024,
            max_segment_count: 10,
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
    std::thread::Builder::new().name("broker".into()).spawn(move || {
        if let Err(error) = Broker::new(config).start() {
            tracing::error!(%error, "the embedded broker ended");
        }
    })?;
    Ok(())
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

fn subscribe(client: &AsyncClient, filters: Vec<String>, qos: QoS) {
    for some in filters.chunks(FILTERS_AT_ONCE) {
        let some = some.iter().map(|filter| SubscribeFilter::new(filter.clone(), qos));
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
///
/// The embedded broker keeps a ring of its own for each filter: there, one filter for everything takes the least room,
/// and discovery hears the same messages. It ends with this process, so that to acknowledge to it proves nothing.
pub(crate) async fn listen(client: Client, mut more: mpsc::Receiver<Subscription>, reports: mpsc::Sender<Report>) {
    let (embedded, discover) = (client.mqtt.embedded, client.mqtt.discover);
    let (sender, mut events) = client.connect(REQUESTS);
    let mut listener = Listener { client, inputs: Inputs::default(), reports };
    let mut connected = false;
    loop {
        let event = tokio::select! {
            event = events.poll() => event,
            Some(subscription) = more.recv() => {
                let filters = listener.inputs.add(subscription);
                if connected && !embedded {
                    subscribe(&sender, filters, QoS::AtLeastOnce);
                }
                continue;
            }
        };
        match event {
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                connected = true;
                drop(listener.reports.send(Report::Line(Ok(()))).await);
                match embedded {
                    true => subscribe(&sender, vec!["#".to_owned()], QoS::AtMostOnce),
                    false => subscribe(&sender, listener.inputs.by_topic.keys().cloned().collect(), QoS::AtLeastOnce),
                }
            }
            Ok(Event::Incoming(Packet::Publish(message))) => {
                listener.hear(&message.topic, &message.payload, message.retain).await;
                if embedded && discover {
                    let now = listener.client.wall.now_ms();
                    listener.client.board.hear(&message.topic, &message.payload, now);
                }
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

/// Looks for devices on a broker that is not ours, on a line of its own: whatever it finds there, or chokes on, what is
/// measured does not wait for it.
pub(crate) async fn discover(client: Client) {
    let (sender, mut events) = client.connect(REQUESTS);
    loop {
        match events.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(_))) => subscribe(&sender, client.board.filters(), QoS::AtLeastOnce),
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
