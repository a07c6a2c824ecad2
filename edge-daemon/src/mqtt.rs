//! MQTT: the messages of probes, out of the embedded broker or of another's.

use std::collections::HashMap;
use std::time::Duration;

use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS, SubscribeFilter};
use tokio::sync::mpsc;
use trivet_drivers::broker;
use trivet_drivers::probe::mqtt::Subscription;
use trivet_drivers::probe::{NoData, Report};
use trivet_replica::Wall;

use crate::config::Mqtt;
use crate::probes::discovered::Board;
use crate::probes::lines::MAX_INPUTS;

const RECONNECT: Duration = Duration::from_secs(1);
const DISCOVER_AGAIN: Duration = Duration::from_secs(10);
/// A longer message ends the connection; Home Assistant's descriptions of a device are the longest that we want.
const MAX_RECEIVED: usize = 64 * 1024;
const FILTERS_AT_ONCE: usize = 8;
/// Requests of ours that may wait: each input has up to three filters.
const REQUESTS: usize = 3 * MAX_INPUTS / FILTERS_AT_ONCE + MAX_INPUTS;

/// Who listens, and where.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) mqtt: Mqtt,
    pub(crate) password: String,
    /// Of the embedded broker.
    pub(crate) accounts: Vec<broker::Account>,
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

async fn listen_within(mut listener: Listener, mut more: mpsc::Receiver<Subscription>) {
    let Client { mqtt, accounts, .. } = &listener.client;
    let mut broker = loop {
        match broker::Broker::open((mqtt.host.as_str(), mqtt.port), accounts).await {
            Ok(broker) => break broker,
            Err(error) => {
                listener.lost(format!("the embedded broker: {error}")).await;
                tokio::time::sleep(RECONNECT).await;
            }
        }
    };
    drop(listener.reports.send(Report::Line(Ok(()))).await);
    loop {
        let messages = tokio::select! {
            messages = broker.next() => messages,
            Some(subscription) = more.recv() => {
                listener.inputs.add(subscription);
                continue;
            }
        };
        for broker::Message { topic, payload, .. } in messages {
            listener.hear(&topic, &payload, false).await;
            if listener.client.mqtt.discover {
                listener.client.board.hear(&topic, &payload, listener.client.wall.now_ms());
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
