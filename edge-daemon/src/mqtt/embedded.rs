//! The embedded broker, for a closed probe network: rumqttd on threads of its own, heard from within the process. No
//! socket and no acknowledgements lie between, which would prove nothing of a broker that ends with this process.
//!
//! It has accounts, but no rules per topic: anybody who has an account may publish anything, so an open LAN needs
//! mosquitto with an ACL file instead.
//!
//! Devices come through a door of ours. rumqttd (0.20) never gives its port back, says nothing if the port is another's,
//! its router ends at a topic that begins beyond ASCII (`öljy/temp`), and it takes no connection any more after a client
//! that it refused for its name has come twice. The door keeps the port, turns such clients and messages away, and leads
//! to a new broker when one has ended.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use rumqttd::local::LinkRx;
use rumqttd::protocol::v4::V4;
use rumqttd::protocol::{Error, Packet, Protocol};
use rumqttd::{Broker, Config, ConnectionSettings, Forward, Notification, RouterConfig, ServerSettings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, oneshot, watch};

use crate::config::Mqtt;

/// A probe's message is far smaller.
const MAX_PAYLOAD: usize = 4 * 1024;
const MAX_CONNECTIONS: usize = 256;
/// Of a connection, read at once.
const CHUNK: usize = 8 * 1024;
/// A device says within this who it is.
const GREETS_WITHIN: Duration = Duration::from_secs(5);

pub(super) struct Embedded {
    pub(super) address: SocketAddr,
    messages: LinkRx,
    ended: oneshot::Receiver<()>,
    /// It sends no more until it is told that all was taken.
    waits: bool,
    /// The place in the broker's ring, which keeps what was not heard yet, of the message that comes next.
    place: u64,
}

pub(super) struct Message {
    pub(super) topic: Bytes,
    pub(super) payload: Bytes,
    /// So many before it were dropped from the ring.
    pub(super) lost: u64,
}

impl Embedded {
    pub(super) fn start(user: &str, password: &str) -> anyhow::Result<Embedded> {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let settings = ServerSettings {
            name: "probes".to_owned(),
            listen: address,
            tls: None,
            next_connection_delay_ms: 1,
            connections: ConnectionSettings {
                connection_timeout_ms: 5_000,
                max_payload_size: MAX_PAYLOAD,
                max_inflight_count: 100,
                auth: Some(HashMap::from([(user.to_owned(), password.to_owned())])),
                external_auth: None,
                dynamic_filters: true,
            },
        };
        let config = Config {
            id: 0,
            // So much of topics and payloads per filter: in memory it is some four times as much. The default of 100 MB
            // would grow without an end in sight.
            router: RouterConfig {
                // The door counts them; its own count must never be reached.
                max_connections: 2 * MAX_CONNECTIONS,
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
        // A device that took the same name would end this link.
        let name = format!("trivet-{:016x}", u64::from_be_bytes(trivet_replica::sealing::random()));
        let (mut requests, messages) = broker.link(&name)?;
        // A ring is kept for each filter: one for everything takes the least room.
        requests.subscribe("#")?;
        let (ends, ended) = oneshot::channel();
        std::thread::Builder::new().name("broker".into()).spawn(move || {
            let _ends: oneshot::Sender<()> = ends;
            if let Err(error) = broker.start() {
                tracing::error!(%error, "the embedded broker ended");
            }
        })?;
        Ok(Embedded { address, messages, ended, waits: false, place: 0 })
    }

    /// The next message. To stop waiting for it loses nothing.
    pub(super) async fn next(&mut self) -> anyhow::Result<Message> {
        loop {
            if self.waits {
                self.messages.wake().await?;
                self.waits = false;
            }
            let heard = tokio::select! {
                biased;
                heard = self.messages.next() => heard?,
                _ = &mut self.ended => anyhow::bail!("it does not listen on {}", self.address),
            };
            match heard {
                Some(Notification::Forward(message)) => {
                    let lost = self.lost_before(&message);
                    let Forward { publish, .. } = message;
                    return Ok(Message { topic: publish.topic, payload: publish.payload, lost });
                }
                Some(Notification::Unschedule) => self.waits = true,
                _ => {}
            }
        }
    }

    fn lost_before(&mut self, message: &Forward) -> u64 {
        let Some((_, place)) = message.cursor else { return 0 };
        let lost = place.saturating_sub(self.place);
        self.place = place + 1;
        lost
    }
}

/// Where devices connect.
pub(super) struct Door(watch::Sender<Option<SocketAddr>>);

impl Door {
    pub(super) async fn open(mqtt: &Mqtt) -> io::Result<Door> {
        let listener = tokio::net::TcpListener::bind((mqtt.host.as_str(), mqtt.port)).await?;
        let (door, broker) = watch::channel(None);
        tokio::spawn(accept(listener, broker));
        Ok(Door(door))
    }

    pub(super) fn lead_to(&self, broker: SocketAddr) {
        self.0.send_replace(Some(broker));
    }
}

async fn accept(listener: tokio::net::TcpListener, broker: watch::Receiver<Option<SocketAddr>>) {
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    while broker.has_changed().is_ok() {
        let (device, from) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a device cannot connect to the embedded broker");
                tokio::time::sleep(super::RECONNECT).await;
                continue;
            }
        };
        let Some(broker) = *broker.borrow() else { continue };
        let Ok(place) = room.clone().try_acquire_owned() else {
            tracing::warn!(%from, "the embedded broker has {MAX_CONNECTIONS} connections: one more is refused");
            continue;
        };
        tokio::spawn(async move {
            if let Err(error) = carry(device, broker).await {
                tracing::warn!(%from, %error, "a device at the embedded broker");
            }
            drop(place);
        });
    }
}

/// Until one of them closes.
async fn carry(mut device: TcpStream, broker: SocketAddr) -> io::Result<()> {
    let greeting = tokio::time::timeout(GREETS_WITHIN, greeting(&mut device)).await??;
    let mut broker = TcpStream::connect(broker).await?;
    let mut along = Along::Kind.read(&greeting)?;
    broker.write_all(&greeting).await?;
    drop(greeting);
    device.set_nodelay(true)?;
    broker.set_nodelay(true)?;
    let ((mut from_device, mut to_device), (mut from_broker, mut to_broker)) =
        (device.into_split(), broker.into_split());
    let up = async {
        let mut chunk = vec![0; CHUNK];
        loop {
            let length = from_device.read(&mut chunk).await?;
            let bytes = chunk.get(..length).unwrap_or_default();
            if bytes.is_empty() {
                return Ok(());
            }
            along = along.read(bytes)?;
            to_broker.write_all(bytes).await?;
        }
    };
    tokio::select! {
        done = up => done,
        done = tokio::io::copy(&mut from_broker, &mut to_device) => done.map(drop),
    }
}

/// The first packet, and what came with it.
async fn greeting(device: &mut TcpStream) -> io::Result<BytesMut> {
    let mut bytes = BytesMut::new();
    loop {
        match V4.read_mut(&mut bytes.clone(), MAX_PAYLOAD) {
            Ok(packet) => return welcome(&packet).map(|()| bytes),
            Err(Error::InsufficientBytes(_)) => {}
            Err(error) => return Err(io::Error::other(error)),
        }
        if device.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

fn welcome(packet: &Packet) -> io::Result<()> {
    let Packet::Connect(client, _, will, ..) = packet else {
        return Err(io::Error::other("its first packet is no CONNECT"));
    };
    if client.client_id.contains(['+', '$', '#', '/']) {
        return Err(io::Error::other(format!("its name `{}` contains one of + $ # /", client.client_id)));
    }
    if will.as_ref().and_then(|will| will.topic.first()).is_some_and(|first| !first.is_ascii()) {
        return Err(io::Error::other("its will's topic begins with a letter that is not in ASCII"));
    }
    Ok(())
}

/// Reads along with what a device sends, packet by packet (MQTT 3.1.1, 2.2 and 3.3.2): only topics are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Along {
    Kind,
    /// How long the packet is: seven bits a byte, at most four.
    Length {
        publishes: bool,
        length: u32,
        shift: u32,
    },
    /// The topic's own length in two bytes, then its first byte.
    Topic {
        left: u32,
        at: u8,
        empty: bool,
    },
    Rest {
        left: u32,
    },
}

const PUBLISH: u8 = 3;

impl Along {
    fn read(mut self, mut bytes: &[u8]) -> io::Result<Along> {
        while let Some((byte, rest)) = bytes.split_first() {
            bytes = rest;
            self = match self {
                Along::Kind => Along::Length { publishes: byte >> 4 == PUBLISH, length: 0, shift: 0 },
                Along::Length { publishes, length, shift } => {
                    let length = length | u32::from(byte & 0x7f) << shift;
                    match (byte & 0x80 != 0, publishes) {
                        (true, _) if shift == 21 => return Err(io::Error::other("a packet's length is damaged")),
                        (true, _) => Along::Length { publishes, length, shift: shift + 7 },
                        (false, true) => Along::Topic { left: length, at: 0, empty: true }.or_kind(),
                        (false, false) => Along::Rest { left: length }.or_kind(),
                    }
                }
                Along::Topic { at: 2, empty: false, .. } if !byte.is_ascii() => {
                    return Err(io::Error::other("a topic begins with a letter that is not in ASCII"));
                }
                Along::Topic { left, at: 2, .. } => Along::Rest { left: left - 1 }.or_kind(),
                Along::Topic { left, at, empty } => {
                    Along::Topic { left: left - 1, at: at + 1, empty: empty && *byte == 0 }.or_kind()
                }
                Along::Rest { left } => {
                    let more = bytes.len().min(left as usize - 1);
                    bytes = bytes.get(more..).unwrap_or_default();
                    Along::Rest { left: left - 1 - more as u32 }.or_kind()
                }
            };
        }
        Ok(self)
    }

    /// A packet that is over.
    fn or_kind(self) -> Along {
        match self {
            Along::Topic { left: 0, .. } | Along::Rest { left: 0 } => Along::Kind,
            going_on => going_on,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use rumqttc::{AsyncClient, Event, LastWill, MqttOptions, Packet, QoS};

    use super::*;

    const WITHIN: Duration = Duration::from_secs(30);

    fn publish(topic: &str, payload: &[u8]) -> Vec<u8> {
        let rest = [&(topic.len() as u16).to_be_bytes(), topic.as_bytes(), payload].concat();
        let mut packet = vec![PUBLISH << 4];
        let mut length = rest.len();
        while length > 0x7f {
            packet.push(length as u8 | 0x80);
            length >>= 7;
        }
        packet.push(length as u8);
        [packet, rest].concat()
    }

    #[test]
    fn only_a_topic_that_begins_beyond_ascii_is_turned_away() {
        for (bytes, fine) in [
            (publish("oil/temp", b"4"), true),
            (publish("oil/\u{f6}ljy", "\u{f6}".as_bytes()), true),
            (publish("", "\u{f6}".as_bytes()), true),
            (publish("\u{f6}ljy/temp", b"4"), false),
            (publish("\u{f6}", b""), false),
            // A subscription, a ping, and what is no packet at all.
            (vec![0x82, 5, 0, 1, 0, 0xc3, 0xb6], true),
            (vec![0xc0, 0, 0xc0, 0], true),
            (vec![0x30, 0xff, 0xff, 0xff, 0xff, 1], false),
        ] {
            assert_eq!(Along::Kind.read(&bytes).is_ok(), fine, "{bytes:x?}");
        }
    }

    proptest! {
        #[test]
        fn where_the_line_breaks_bytes_apart_changes_nothing(
            packets in prop::collection::vec(("[a-z\u{f6}/]{0,5}", prop::collection::vec(any::<u8>(), 0..300)), 0..5),
            noise: Vec<u8>,
            cuts in prop::collection::vec(1_usize..40, 1..50),
        ) {
            let good: Vec<u8> = packets.iter().flat_map(|(topic, payload)| publish(topic, payload)).collect();
            let refused = packets.iter().any(|(topic, _)| topic.starts_with('\u{f6}'));
            prop_assert_eq!(Along::Kind.read(&good).map_err(drop), if refused { Err(()) } else { Ok(Along::Kind) });
            for bytes in [good, noise] {
                let (mut apart, mut rest) = (Ok(Along::Kind), bytes.as_slice());
                for cut in cuts.iter().cycle() {
                    let Ok(along) = apart else { break };
                    if rest.is_empty() {
                        break;
                    }
                    let (now, later) = rest.split_at(rest.len().min(*cut));
                    apart = along.read(now);
                    rest = later;
                }
                prop_assert_eq!(apart.map_err(drop), Along::Kind.read(&bytes).map_err(drop));
            }
        }
    }

    fn client(address: SocketAddr, name: &str) -> (AsyncClient, rumqttc::EventLoop) {
        let mut options = MqttOptions::new(name, address.ip().to_string(), address.port());
        options.set_credentials("probe", "secret");
        if name == "dies" {
            options.set_last_will(LastWill::new("\u{f6}ljy", "gone", QoS::AtMostOnce, false));
        }
        AsyncClient::new(options, 10)
    }

    async fn connected(events: &mut rumqttc::EventLoop) {
        while !matches!(events.poll().await, Ok(Event::Incoming(Packet::ConnAck(_)))) {
            tokio::task::yield_now().await;
        }
    }

    /// What is published while nobody listens is more than the ring holds.
    #[tokio::test]
    async fn each_message_that_the_ring_drops_is_counted() {
        const MESSAGES: u64 = 5_000;
        let mut broker = Embedded::start("probe", "secret").unwrap();
        let (sender, mut events) = client(broker.address, "flood");
        tokio::spawn(async move {
            for n in 0..MESSAGES {
                sender.publish("flood", QoS::AtLeastOnce, false, format!("{n:<3000}")).await.unwrap();
            }
            std::future::pending::<()>().await;
        });
        let flood = async {
            let mut confirmed = 0;
            while confirmed < MESSAGES {
                match events.poll().await {
                    Ok(Event::Incoming(Packet::PubAck(_))) => confirmed += 1,
                    _ => tokio::task::yield_now().await,
                }
            }
            let (mut heard, mut lost) = (0, 0);
            let last = (MESSAGES - 1).to_string();
            loop {
                let message = broker.next().await.unwrap();
                (heard, lost) = (heard + 1, lost + message.lost);
                if message.payload.trim_ascii() == last.as_bytes() {
                    return (heard, lost);
                }
            }
        };
        let (heard, lost) = tokio::time::timeout(WITHIN, flood).await.unwrap();
        assert!(lost > 0);
        assert_eq!(heard + lost, MESSAGES);
    }

    #[tokio::test]
    async fn a_broker_that_ends_is_noticed_and_another_takes_its_place_behind_the_same_door() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mqtt = format!("host = \"127.0.0.1\"\nport = {port}\nuser = \"probe\"\npassword_file = \"x\"\n");
        let mqtt: Mqtt = toml::from_str(&mqtt).unwrap();
        let door = Door::open(&mqtt).await.unwrap();
        assert!(Door::open(&mqtt).await.is_err(), "its port is taken");
        let outside = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let story = async {
            let mut broker = Embedded::start("probe", "secret").unwrap();
            door.lead_to(broker.address);
            // A topic that would end the router ends its connection alone.
            let (sender, mut events) = client(outside, "oil");
            connected(&mut events).await;
            sender.publish("\u{f6}ljy", QoS::AtMostOnce, false, "4").await.unwrap();
            while events.poll().await.is_ok() {}
            let (sender, mut events) = client(outside, "fridge");
            connected(&mut events).await;
            sender.publish("fridge", QoS::AtMostOnce, false, "4").await.unwrap();
            tokio::spawn(async move { while events.poll().await.is_ok() {} });
            assert_eq!(broker.next().await.unwrap().topic, "fridge");
            // So does a will like that, and a name that the broker has no place for, however often they come.
            for name in ["dies", "dies", "kitchen/1", "kitchen/1"] {
                let (_device, mut events) = client(outside, name);
                assert!(events.poll().await.is_err(), "{name}");
            }
            let (sender, mut events) = client(outside, "freezer");
            connected(&mut events).await;
            sender.publish("freezer", QoS::AtMostOnce, false, "-18").await.unwrap();
            tokio::spawn(async move { while events.poll().await.is_ok() {} });
            assert_eq!(broker.next().await.unwrap().topic, "freezer");
            // Behind the door such a will ends it.
            let (dies, mut events) = client(broker.address, "dies");
            connected(&mut events).await;
            drop((dies, events));
            assert!(broker.next().await.is_err());
            let mut broker = Embedded::start("probe", "secret").unwrap();
            door.lead_to(broker.address);
            let (sender, mut events) = client(outside, "fridge");
            connected(&mut events).await;
            sender.publish("fridge", QoS::AtMostOnce, false, "5").await.unwrap();
            tokio::spawn(async move { while events.poll().await.is_ok() {} });
            assert_eq!(broker.next().await.unwrap().payload, "5");
        };
        tokio::time::timeout(WITHIN, story).await.unwrap();
    }
}
