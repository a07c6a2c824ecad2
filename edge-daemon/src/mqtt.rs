//! MQTT: the embedded broker for a closed probe network, and the client that listens to either broker.

use std::collections::HashMap;
use std::net::ToSocketAddrs;
use std::time::Duration;

use anyhow::Context;
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use rumqttd::{Broker, Config as BrokerConfig, ConnectionSettings, RouterConfig, ServerSettings};
use tokio::sync::mpsc;
use trivet_drivers::probe::mqtt::Topic;
use trivet_drivers::probe::{NoData, Report, Sample};
use trivet_replica::Wall;

use crate::config::Mqtt;

/// A probe's message is far smaller.
const MAX_PAYLOAD: usize = 4 * 1024;
const MAX_CONNECTIONS: usize = 256;
const RECONNECT: Duration = Duration::from_secs(1);

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

/// Listens to the topics of these inputs, for as long as the process lives.
pub(crate) async fn listen(
    mqtt: Mqtt,
    password: String,
    mut inputs: Vec<(String, Topic)>,
    wall: Wall,
    reports: mpsc::Sender<Report>,
) {
    let id = format!("trivet-{:08x}", u32::from_be_bytes(trivet_replica::sealing::random()));
    let mut options = MqttOptions::new(id, &mqtt.host, mqtt.port);
    options.set_credentials(&mqtt.user, password).set_keep_alive(Duration::from_secs(10));
    options.set_max_packet_size(2 * MAX_PAYLOAD, MAX_PAYLOAD).set_clean_session(true);
    let (client, mut events) = AsyncClient::new(options, 2 * inputs.len() + 8);
    loop {
        match events.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                drop(reports.try_send(Report::Line(Ok(()))));
                for (_, topic) in &inputs {
                    for filter in std::iter::once(topic.topic.clone()).chain(topic.availability()) {
                        if let Err(error) = client.try_subscribe(filter, QoS::AtLeastOnce) {
                            tracing::error!(%error, "subscribing");
                        }
                    }
                }
            }
            Ok(Event::Incoming(Packet::Publish(message))) => {
                for (input, topic) in &mut inputs {
                    let value = if topic.topic == message.topic {
                        topic.message(&message.payload, message.retain, wall.now_ms())
                    } else if topic.availability().as_deref() == Some(message.topic.as_str()) {
                        topic.available(&message.payload)
                    } else {
                        None
                    };
                    if let Some(value) = value {
                        drop(reports.try_send(Report::Sample(Sample::new(input.as_str(), value))));
                    }
                }
            }
            Ok(_) => {}
            Err(error) => {
                drop(reports.try_send(Report::Line(Err(error.to_string()))));
                for (input, _) in &inputs {
                    let gone = Sample::new(input.as_str(), Err(NoData::Offline));
                    drop(reports.try_send(Report::Sample(gone)));
                }
                tokio::time::sleep(RECONNECT).await;
            }
        }
    }
}
