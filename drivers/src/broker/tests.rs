use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use rumqttc::mqttbytes::v4::{Disconnect, LastWill, Login, PubAck, PubRec, PubRel, Subscribe, Unsubscribe};

use super::*;

const WITHIN: Duration = Duration::from_secs(30);

fn account(name: &str, rules: Rules) -> Account {
    Account { name: name.into(), password: format!("{name}-secret"), rules }
}

fn only(write: &str, read: &str) -> Rules {
    Rules { write: Some(vec![write.into()]), read: Some(vec![read.into()]) }
}

async fn open() -> Broker {
    let accounts = [account("probe", Rules::default()), account("fridge", only("fridge/#", "fridge/+/set"))];
    Broker::open("127.0.0.1:0", &accounts).await.unwrap()
}

async fn within<T>(story: impl Future<Output = T>) -> T {
    timeout(WITHIN, story).await.unwrap()
}

/// A client whose bytes are the test's own.
struct Client {
    stream: TcpStream,
    received: BytesMut,
}

fn hello(account: &str, id: &str) -> Connect {
    let login = Some(Login::new(account, format!("{account}-secret")));
    Connect { keep_alive: 0, login, ..Connect::new(id) }
}

impl Client {
    fn of(stream: TcpStream) -> Client {
        Client { stream, received: BytesMut::new() }
    }

    async fn open(broker: &Broker, connect: Connect) -> (Client, ConnectReturnCode) {
        let mut client = Client::of(TcpStream::connect(broker.address()).await.unwrap());
        client.send(Packet::Connect(connect)).await;
        match client.next().await {
            Some(Packet::ConnAck(answer)) => (client, answer.code),
            other => panic!("{other:?}"),
        }
    }

    async fn welcome(broker: &Broker, connect: Connect) -> Client {
        let (client, code) = Client::open(broker, connect).await;
        assert_eq!(code, ConnectReturnCode::Success);
        client
    }

    async fn send(&mut self, packet: Packet) {
        let mut bytes = BytesMut::new();
        packet.write(&mut bytes, usize::MAX).unwrap();
        self.stream.write_all(&bytes).await.unwrap();
    }

    /// None: the broker has closed the connection.
    async fn next(&mut self) -> Option<Packet> {
        loop {
            match Packet::read(&mut self.received, usize::MAX) {
                Ok(packet) => return Some(packet),
                Err(Error::InsufficientBytes(_)) => {}
                Err(error) => panic!("{error}"),
            }
            if !self.stream.read_buf(&mut self.received).await.is_ok_and(|length| length > 0) {
                return None;
            }
        }
    }

    async fn publish(&mut self, topic: &str, payload: &str, retain: bool) {
        let publish = Publish { retain, pkid: 7, ..Publish::new(topic, QoS::AtLeastOnce, payload) };
        self.send(Packet::Publish(publish)).await;
        assert_eq!(self.next().await, Some(Packet::PubAck(PubAck::new(7))));
    }

    async fn subscribe(&mut self, filter: &str) -> SubscribeReasonCode {
        let mut subscribe = Subscribe::new(filter, QoS::AtLeastOnce);
        subscribe.pkid = 9;
        self.send(Packet::Subscribe(subscribe)).await;
        match self.next().await {
            Some(Packet::SubAck(answer)) => answer.return_codes[0],
            other => panic!("{other:?}"),
        }
    }

    /// Topic, payload, and whether it was retained.
    async fn heard(&mut self) -> (String, String, bool) {
        match self.next().await {
            Some(Packet::Publish(publish)) => {
                (publish.topic, String::from_utf8(publish.payload.to_vec()).unwrap(), publish.retain)
            }
            other => panic!("{other:?}"),
        }
    }
}

fn message(topic: &str, payload: &str, retain: bool) -> (String, String, bool) {
    (topic.into(), payload.into(), retain)
}

/// What the owner hears, message by message.
struct Owner(Broker, Vec<Message>);

impl Owner {
    async fn next(&mut self) -> (String, String) {
        while self.1.is_empty() {
            self.1 = self.0.next().await;
        }
        let Message { topic, payload, .. } = self.1.remove(0);
        (topic, String::from_utf8(payload.to_vec()).unwrap())
    }
}

/// Far more than fits between them: who publishes waits, and nothing is dropped.
#[tokio::test]
async fn an_owner_who_is_slow_hears_everything_in_order() {
    const MESSAGES: usize = 5_000;
    within(async {
        let broker = open().await;
        let mut flood = Client::welcome(&broker, hello("probe", "flood")).await;
        let publishing = tokio::spawn(async move {
            for n in 0..MESSAGES {
                let publish = Publish::new("flood", QoS::AtMostOnce, format!("{n:<3000}"));
                flood.send(Packet::Publish(publish)).await;
            }
            flood
        });
        // Fifteen megabytes are more than the sockets take.
        while broker.heard.len() < MAX_READS {
            tokio::task::yield_now().await;
        }
        assert!(!publishing.is_finished());
        let mut owner = Owner(broker, Vec::new());
        for n in 0..MESSAGES {
            assert_eq!(owner.next().await.1.trim(), n.to_string());
        }
        publishing.await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn what_is_retained_waits_for_who_subscribes_later() {
    within(async {
        let broker = open().await;
        let mut fryer = Client::welcome(&broker, hello("probe", "fryer")).await;
        fryer.publish("\u{f6}ljy/temp", "171", true).await;
        fryer.publish("\u{f6}ljy/temp", "172", true).await;
        fryer.publish("box/buzzer", "on", true).await;
        fryer.publish("box/lamp", "off", false).await;
        let mut relay = Client::welcome(&broker, hello("probe", "relay")).await;
        assert_eq!(relay.subscribe("box/+").await, SubscribeReasonCode::Success(QoS::AtMostOnce));
        assert_eq!(relay.heard().await, message("box/buzzer", "on", true));
        fryer.publish("box/buzzer", "off", true).await;
        assert_eq!(relay.heard().await, message("box/buzzer", "off", false));
        relay.subscribe("\u{f6}ljy/#").await;
        assert_eq!(relay.heard().await, message("\u{f6}ljy/temp", "172", true));
        relay.send(Packet::Unsubscribe(Unsubscribe { pkid: 3, topics: vec!["box/+".into()] })).await;
        assert_eq!(relay.next().await, Some(Packet::UnsubAck(UnsubAck::new(3))));
        fryer.publish("box/buzzer", "", true).await;
        fryer.publish("\u{f6}ljy/temp", "173", false).await;
        assert_eq!(relay.heard().await, message("\u{f6}ljy/temp", "173", false));
        let mut late = Client::welcome(&broker, hello("probe", "late")).await;
        late.subscribe("#").await;
        assert_eq!(late.heard().await, message("\u{f6}ljy/temp", "172", true), "an empty one ends what was retained");
        late.send(Packet::PingReq).await;
        assert_eq!(late.next().await, Some(Packet::PingResp));
        let mut owner = Owner(broker, Vec::new());
        for (topic, payload) in [("\u{f6}ljy/temp", "171"), ("\u{f6}ljy/temp", "172"), ("box/buzzer", "on")] {
            assert_eq!(owner.next().await, (topic.into(), payload.into()));
        }
    })
    .await;
}

#[tokio::test]
async fn a_will_is_told_of_who_vanishes_and_of_nobody_else() {
    within(async {
        let mut owner = Owner(open().await, Vec::new());
        let broker = &owner.0;
        let with_will = |id: &str, gone: &str| Connect {
            last_will: Some(LastWill::new("fridge/status", gone, QoS::AtLeastOnce, true)),
            ..hello("fridge", id)
        };
        let mut leaves = Client::welcome(broker, with_will("leaves", "never")).await;
        leaves.send(Packet::Disconnect).await;
        assert_eq!(leaves.next().await, None);
        drop(Client::welcome(broker, with_will("vanishes", "vanished")).await);
        assert_eq!(owner.next().await, ("fridge/status".into(), "vanished".into()));
        // A connection that is replaced has vanished before its successor speaks.
        let mut before = Client::welcome(&owner.0, with_will("probe", "replaced")).await;
        let mut after = Client::welcome(&owner.0, with_will("probe", "silent")).await;
        after.publish("fridge/status", "online", true).await;
        assert_eq!(before.next().await, None);
        assert_eq!(owner.next().await.1, "replaced");
        assert_eq!(owner.next().await.1, "online");
        // The same name of another account is another client.
        let mut other = Client::welcome(&owner.0, hello("probe", "probe")).await;
        other.publish("x", "1", false).await;
        after.publish("fridge/x", "2", false).await;
        assert_eq!((owner.next().await.1, owner.next().await.1), ("1".into(), "2".into()));
        let mut silent = Client::welcome(&owner.0, Connect { keep_alive: 1, ..with_will("quiet", "no word") }).await;
        assert_eq!(silent.next().await, None);
        assert_eq!(owner.next().await.1, "no word");
    })
    .await;
}

#[tokio::test]
async fn a_device_writes_and_reads_what_its_account_may() {
    within(async {
        let mut owner = Owner(open().await, Vec::new());
        let broker = &owner.0;
        let mut fridge = Client::welcome(broker, hello("fridge", "fridge")).await;
        let mut listens = Client::welcome(broker, hello("probe", "listens")).await;
        listens.subscribe("#").await;
        assert_eq!(fridge.subscribe("#").await, SubscribeReasonCode::Success(QoS::AtMostOnce));
        assert_eq!(fridge.subscribe("a#").await, SubscribeReasonCode::Failure);
        fridge.publish("oven/temp", "99", true).await;
        fridge.publish("fridge/temp", "4", false).await;
        assert_eq!(owner.next().await.0, "fridge/temp");
        assert_eq!(listens.heard().await, message("fridge/temp", "4", false));
        let mut boss = Client::welcome(&owner.0, hello("probe", "boss")).await;
        boss.publish("fridge/1/get", "", false).await;
        boss.publish("fridge/1/set", "5", false).await;
        assert_eq!(fridge.heard().await, message("fridge/1/set", "5", false));
        let no_login = Connect { login: None, ..hello("probe", "a") };
        let guess = Connect { login: Some(Login::new("probe", "fridge-secret")), ..hello("probe", "a") };
        for (connect, expected) in [
            (no_login, ConnectReturnCode::NotAuthorized),
            (guess, ConnectReturnCode::NotAuthorized),
            (hello("nobody", "a"), ConnectReturnCode::NotAuthorized),
            (Connect { clean_session: false, ..hello("probe", "") }, ConnectReturnCode::BadClientId),
        ] {
            let (mut client, code) = Client::open(&owner.0, connect).await;
            assert_eq!((code, client.next().await), (expected, None));
        }
        // MQTT 5 with its properties, and 3.1 with its own name.
        for connect in [
            &b"\x10\x15\0\x04MQTT\x05\xc2\0\x3c\0\0\0\0\x01u\0\x01p"[..],
            b"\x10\x14\0\x06MQIsdp\x03\x02\0\x3c\0\x06fridge",
        ] {
            let mut client = Client::of(TcpStream::connect(owner.0.address()).await.unwrap());
            client.stream.write_all(connect).await.unwrap();
            let refused = ConnAck::new(ConnectReturnCode::RefusedProtocolVersion, false);
            assert_eq!((client.next().await, client.next().await), (Some(Packet::ConnAck(refused)), None));
        }
        Client::welcome(&owner.0, hello("probe", "")).await.publish("x", "nameless", false).await;
        assert_eq!(owner.next().await.0, "fridge/1/get");
        assert_eq!(owner.next().await.0, "fridge/1/set");
        assert_eq!(owner.next().await.1, "nameless");
    })
    .await;
}

#[tokio::test]
async fn what_breaks_the_rules_ends_its_own_connection_alone() {
    within(async {
        let mut owner = Owner(open().await, Vec::new());
        let mut fridge = Client::welcome(&owner.0, hello("fridge", "fridge")).await;
        let long = "x".repeat(MAX_PACKET);
        let publish = |topic: &str, payload: &str, qos| {
            Packet::Publish(Publish { pkid: 1, ..Publish::new(topic, qos, payload.to_owned()) })
        };
        for packet in [
            Packet::Connect(hello("probe", "again")),
            publish("a/+", "1", QoS::AtMostOnce),
            publish("", "1", QoS::AtMostOnce),
            Packet::SubAck(SubAck::new(1, vec![SubscribeReasonCode::Failure])),
        ] {
            let mut client = Client::welcome(&owner.0, hello("probe", "breaks")).await;
            let mut bytes = BytesMut::new();
            packet.write(&mut bytes, usize::MAX).unwrap();
            // It may be closed while the rest of it is on its way.
            drop(client.stream.write_all(&bytes).await);
            assert_eq!(client.next().await, None, "{packet:?}");
        }
        let mut noise = TcpStream::connect(owner.0.address()).await.unwrap();
        noise.write_all(b"GET / HTTP/1.1\r\nHost: box\r\n\r\n").await.unwrap();
        assert!(noise.read(&mut [0; 8]).await.is_ok_and(|length| length == 0));
        let mut waits = Client::welcome(&owner.0, hello("probe", "waits")).await;
        for pkid in 1..=MAX_UNRELEASED as u16 + 1 {
            let publish = Publish { pkid, ..Publish::new("never/released", QoS::ExactlyOnce, "x") };
            waits.send(Packet::Publish(publish)).await;
        }
        while waits.next().await.is_some() {}
        // What is too long is answered and passed over, and the next message is whole.
        fridge.send(publish("fridge/self", &long, QoS::AtMostOnce)).await;
        fridge.send(publish("fridge/self", &long, QoS::AtLeastOnce)).await;
        assert_eq!(fridge.next().await, Some(Packet::PubAck(PubAck::new(1))));
        fridge.publish("fridge/temp", "4", false).await;
        while owner.next().await != ("fridge/temp".into(), "4".into()) {}
    })
    .await;
}

#[tokio::test]
async fn exactly_once_is_once() {
    within(async {
        let mut owner = Owner(open().await, Vec::new());
        let mut client = Client::welcome(&owner.0, hello("probe", "careful")).await;
        let publish = |payload: &str| Publish { pkid: 5, ..Publish::new("a", QoS::ExactlyOnce, payload) };
        for payload in ["1", "1", "2"] {
            if payload == "2" {
                client.send(Packet::PubRel(PubRel::new(5))).await;
                assert!(matches!(client.next().await, Some(Packet::PubComp(done)) if done.pkid == 5));
            }
            client.send(Packet::Publish(publish(payload))).await;
            assert_eq!(client.next().await, Some(Packet::PubRec(PubRec::new(5))));
        }
        assert_eq!((owner.next().await.1, owner.next().await.1), ("1".into(), "2".into()));
    })
    .await;
}

#[tokio::test]
async fn who_does_not_take_what_it_asked_for_is_let_go() {
    within(async {
        let mut owner = Owner(open().await, Vec::new());
        let mut stuck = Client::welcome(&owner.0, hello("probe", "stuck")).await;
        stuck.subscribe("#").await;
        let mut flood = Client::welcome(&owner.0, hello("probe", "flood")).await;
        let payload = "x".repeat(MAX_PACKET / 2);
        let mut takes = Client::welcome(&owner.0, hello("probe", "takes")).await;
        takes.subscribe("flood").await;
        // More than sockets and the broker keep for it together.
        for n in 0..1_000 {
            flood.publish("flood", &format!("{n} {payload}"), false).await;
            assert!(owner.next().await.1.starts_with(&n.to_string()));
            assert!(takes.heard().await.1.starts_with(&n.to_string()));
        }
        let mut taken = 0;
        while stuck.next().await.is_some() {
            taken += 1;
        }
        assert!(taken < 1_000, "{taken}");
    })
    .await;
}

#[tokio::test]
async fn of_those_who_take_nothing_the_worst_goes_and_who_takes_stays() {
    let (hub, mut heard) = Hub::new(&[account("probe", Rules::default())]).unwrap();
    let all = || vec![SubscribeFilter::new("#".into(), QoS::AtMostOnce)];
    let mut stuck = Vec::new();
    for n in 0..6 {
        let (seat, _) = hub.enter(hello("probe", &n.to_string())).await.ok().unwrap();
        hub.subscribe(&seat, all());
        stuck.push(seat);
    }
    let (takes, _) = hub.enter(hello("probe", "takes")).await.ok().unwrap();
    hub.subscribe(&takes, all());
    let payload = Bytes::from(vec![b'x'; MAX_PACKET / 2]);
    let mut let_go = 0;
    for _ in 0..MAX_WAITING / payload.len() - 1 {
        let message = Message { topic: "flood".into(), payload: payload.clone(), retain: false };
        assert!(hub.publish(None, vec![message]).await);
        heard.recv().await.unwrap();
        assert!(hub.waiting(&takes).unwrap().unwrap().len() > payload.len());
        assert!(hub.written(&takes, usize::MAX).unwrap());
        assert!(hub.state().room() > 0);
        let_go = hub.state().sessions.values().filter(|session| session.is_slow).count();
    }
    assert!((1..stuck.len()).contains(&let_go), "{let_go}");
    // Of one account so many filters, whatever its clients are called.
    let many = |n: usize| (0..MAX_FILTERS).map(|m| SubscribeFilter::new(format!("{n}/{m}"), QoS::AtMostOnce)).collect();
    let mut granted = 0;
    for n in 0..MAX_FILTERS_ACCOUNT / MAX_FILTERS + 1 {
        let (seat, _) = hub.enter(hello("probe", &format!("many {n}"))).await.ok().unwrap();
        granted +=
            hub.subscribe(&seat, many(n)).into_iter().filter(|code| *code != SubscribeReasonCode::Failure).count();
    }
    assert!((MAX_FILTERS_ACCOUNT - 10..MAX_FILTERS_ACCOUNT).contains(&granted), "{granted}");
    // One whose place is another's says nothing any more.
    let (successor, _) = hub.enter(hello("probe", "takes")).await.ok().unwrap();
    let late = vec![Message { topic: "late".into(), payload: Bytes::new(), retain: true }];
    assert!(!hub.publish(Some(&takes), late.clone()).await && heard.recv().await.unwrap().is_empty());
    assert!(hub.publish(Some(&successor), late.clone()).await);
    assert_eq!(heard.recv().await.unwrap(), late);
}

/// One connection each, however many come.
#[tokio::test]
async fn connections_and_retained_messages_have_an_end() {
    within(async {
        let broker = open().await;
        let mut clients = Vec::new();
        for n in 0..MAX_CONNECTIONS {
            clients.push(Client::welcome(&broker, hello("probe", &n.to_string())).await);
        }
        let mut refused = TcpStream::connect(broker.address()).await.unwrap();
        assert!(!refused.read(&mut [0; 8]).await.is_ok_and(|length| length > 0));
        clients.pop().unwrap().send(Packet::Disconnect).await;
        let mut client = loop {
            // The place is free when the one before has been let go.
            let mut client = Client::of(TcpStream::connect(broker.address()).await.unwrap());
            client.send(Packet::Connect(hello("probe", "last"))).await;
            if client.next().await.is_some() {
                break client;
            }
        };
        let mut owner = Owner(broker, Vec::new());
        let payload = "x".repeat(MAX_PACKET / 2);
        for n in 0..2 * MAX_KEPT / payload.len() {
            client.publish(&format!("kept/{n}"), &payload, true).await;
            owner.next().await;
        }
        client.subscribe("kept/#").await;
        let mut kept = 0;
        client.send(Packet::PingReq).await;
        while let Some(Packet::Publish(_)) = client.next().await {
            kept += 1;
        }
        assert!(kept > 0 && kept * payload.len() <= MAX_KEPT, "{kept}");
    })
    .await;
}

fn packets() -> impl Strategy<Value = Vec<Packet>> {
    let publish = ("[a-c\u{f6}/]{1,5}", prop::collection::vec(any::<u8>(), 0..300), 0..3_u8, any::<bool>(), 1..4_u16)
        .prop_map(|(topic, payload, qos, retain, pkid)| {
            let qos = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce][usize::from(qos)];
            Packet::Publish(Publish { retain, pkid, ..Publish::new(topic, qos, payload) })
        });
    let long = (0..3_u16).prop_map(|qos| {
        let qos_of = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce][usize::from(qos)];
        Packet::Publish(Publish { pkid: qos, ..Publish::new("long", qos_of, vec![7; MAX_PACKET + 1]) })
    });
    let others = prop_oneof![
        Just(Packet::PingReq),
        (1..4_u16).prop_map(|pkid| Packet::PubRel(PubRel::new(pkid))),
        Just(Packet::Subscribe(Subscribe { pkid: 1, ..Subscribe::new("a/#", QoS::AtMostOnce) })),
        Just(Packet::Disconnect),
    ];
    // Some of them often enough that they are taken in several goes.
    let times = prop_oneof![9 => Just(1), 1 => Just(MAX_TAKEN + 44)];
    let some = (prop_oneof![8 => publish, 1 => long, 3 => others], times)
        .prop_map(|(packet, times)| vec![packet.clone(); if packet.size() < 200 { times } else { 1 }]);
    prop::collection::vec(some, 0..12).prop_map(|some| some.concat())
}

/// Everything that was made of the bytes, however they came.
fn taken<'a>(parts: impl Iterator<Item = &'a [u8]>) -> (Vec<Message>, BytesMut, Vec<Result<Next, String>>) {
    let mut talk = Talk::new("test".into(), Arc::default());
    let (mut received, mut messages, mut answer, mut ends) = (BytesMut::new(), Vec::new(), BytesMut::new(), Vec::new());
    let mut all = Vec::new();
    for part in parts {
        received.extend_from_slice(part);
        loop {
            match talk.take(&mut received, &mut messages, &mut answer) {
                Ok(Next::More) => break,
                Ok(Next::Again) => all.append(&mut messages),
                Ok(next) => ends.push(Ok(next)),
                Err(fault) => {
                    ends.push(Err(fault.to_string()));
                    all.append(&mut messages);
                    return (all, answer, ends);
                }
            }
        }
    }
    all.append(&mut messages);
    (all, answer, ends)
}

proptest! {
    #[test]
    fn where_the_line_breaks_bytes_apart_changes_nothing(
        packets in packets(),
        noise: Vec<u8>,
        cuts in prop::collection::vec(1_usize..400, 1..50),
    ) {
        let mut good = BytesMut::new();
        for packet in &packets {
            packet.write(&mut good, usize::MAX).unwrap();
        }
        let whole = taken([&good[..]].into_iter());
        let (mut released, mut expected) = (BTreeSet::new(), Vec::new());
        for packet in &packets {
            match packet {
                Packet::PubRel(release) => drop(released.remove(&release.pkid)),
                Packet::Publish(publish) if publish.qos != QoS::ExactlyOnce || released.insert(publish.pkid) => {
                    let Publish { topic, payload, retain, .. } = publish.clone();
                    expected.extend((topic != "long").then_some(Message { topic, payload, retain }));
                }
                _ => {}
            }
        }
        prop_assert_eq!(&whole.0, &expected);
        prop_assert!(whole.2.iter().all(Result::is_ok), "{:?}", whole.2);
        for bytes in [&good[..], &noise[..]] {
            let mut rest = bytes;
            let parts = cuts.iter().cycle().map_while(|cut| {
                let (part, later) = rest.split_at(rest.len().min(*cut));
                rest = later;
                (!part.is_empty()).then_some(part)
            });
            prop_assert_eq!(taken(parts), taken([bytes].into_iter()));
        }
    }
}

#[test]
fn a_disconnect_is_a_packet_of_two_bytes() {
    let mut bytes = BytesMut::new();
    Disconnect.write(&mut bytes).unwrap();
    assert_eq!(taken([&bytes[..]].into_iter()).2, [Ok(Next::Leave)]);
}
