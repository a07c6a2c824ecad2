//! The scale as a host sees it.

use super::order::Order;
use super::scale::{ACK, DC1, ENQ, EOT, ETX, MOST_WAITING_BYTES, NAK, Protocol, Scale, Settings, Unit};
use super::{Options, VirtualScale};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

struct Bench {
    scale: Scale,
    now: Duration,
}

impl Bench {
    fn of(settings: Settings) -> Self {
        Self { scale: Scale::new(settings), now: Duration::from_secs(10) }
    }

    fn toledo() -> Self {
        Self::of(Settings::default())
    }

    fn cas() -> Self {
        Self::of(Settings { protocol: Protocol::Cas, ..Settings::default() })
    }

    fn pass(&mut self, ms: u64) -> Vec<u8> {
        self.now += Duration::from_millis(ms);
        self.scale.take_replies(self.now)
    }

    /// Sends bytes; returns the answer.
    fn ask(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.scale.receive(self.now, bytes);
        self.pass(20)
    }

    fn order(&mut self, name: &str, value: Value) {
        let order = Order::from_json(&json!({"fault": name, "value": value})).unwrap();
        self.scale.order(&order, self.now);
    }
}

#[test]
fn toledo_answers_the_weight_when_it_is_at_rest() {
    let mut bench = Bench::toledo();
    assert_eq!(bench.ask(b"W"), b"\x0200.000\r");
    bench.order("weight", json!(1234));
    bench.pass(300);
    assert_eq!(bench.ask(b"W"), b"\x02?\x41\r", "in motion");
    bench.pass(600);
    assert_eq!(bench.ask(b"W"), b"\x0201.235\r", "in steps of 5 g");
    assert_eq!(bench.ask(b"H"), b"\x0201.2340\r");
    assert_eq!(bench.ask(b"x"), b"");
}

#[test]
fn toledo_tells_why_there_is_no_weight() {
    for (name, value, status) in [
        ("motion", json!(true), 0x51u8),
        ("overload", json!(true), 0x52),
        ("under_zero", json!(true), 0x54),
        ("zero_error", json!(true), 0x58),
        ("weight", json!(15_046), 0x42),
        ("weight", json!(-20), 0x44),
    ] {
        let mut bench = Bench::toledo();
        bench.order(name, value);
        bench.pass(600);
        let answer = bench.ask(b"W");
        // Forced motion swings about zero.
        let mask = if name == "motion" { !0x14 } else { !0 };
        assert_eq!((answer.len(), answer[2] & mask), (4, status & mask), "{name}: {answer:x?}");
    }
}

#[test]
fn tare_and_zero() {
    let mut bench = Bench::toledo();
    bench.order("weight", json!(200));
    bench.pass(600);
    assert_eq!(bench.ask(b"T"), b"\x02?\x60\r");
    bench.order("weight", json!(1200));
    bench.pass(600);
    assert_eq!(bench.ask(b"W"), b"\x0201.000N\r");
    assert_eq!(bench.ask(b"C"), b"\x02?\x40\r");
    assert_eq!(bench.ask(b"Z"), b"\x02?\x40\r", "too far from zero");
    bench.order("weight", json!(30));
    bench.pass(600);
    assert_eq!(bench.ask(b"Z"), b"\x02?\x50\r");
    assert_eq!(bench.ask(b"W"), b"\x0200.000\r");
}

#[test]
fn cas_answers_in_blocks_with_a_check() {
    let mut bench = Bench::cas();
    assert_eq!(bench.ask(b"\x11"), [NAK], "nobody asked first");
    for (grams, order, expected) in [
        (0, "none", "S 00.000kg"),
        (1235, "none", "S 01.235kg"),
        (-50, "none", "S-00.050kg"),
        (16_000, "none", "UFFFFFFFkg"),
        (1000, "overload", "UFFFFFFFkg"),
    ] {
        bench.order(order, json!(true));
        bench.order("weight", json!(grams));
        bench.pass(600);
        assert_eq!(bench.ask(b"\x05"), [ACK]);
        let block = bench.ask(b"\x11");
        let check = expected.bytes().fold(0, |check, byte| check ^ byte);
        assert_eq!(block, [b"\x01\x02", expected.as_bytes(), &[check, ETX, EOT]].concat(), "{grams} g {order}");
        bench.order("none", json!(true));
    }
    bench.order("weight", json!(500));
    bench.ask(b"\x05");
    assert_eq!(bench.ask(b"\x11")[2], b'U', "not at rest yet");
}

#[test]
fn pounds() {
    let settings = Settings { unit: Unit::Pound, division_mg: 4536, ..Settings::default() };
    let mut bench = Bench::of(settings);
    bench.order("weight", json!(1000));
    bench.pass(600);
    let answer = String::from_utf8(bench.ask(b"W")).unwrap();
    assert_eq!(answer, "\x0202.20\r");
    assert_eq!(bench.scale.state(bench.now)["shown"], "2.20");
}

#[test]
fn answers_fail_on_request() {
    let mut bench = Bench::toledo();
    bench.order("mute", json!(true));
    assert_eq!(bench.ask(b"W"), b"");
    bench.order("none", json!(null));
    bench.order("late", json!(500));
    assert_eq!(bench.ask(b"W"), b"");
    assert_eq!(bench.pass(480), b"");
    assert_eq!(bench.pass(20), b"\x0200.000\r");
    bench.order("none", json!(null));
    bench.order("garbage", json!(true));
    let noise = bench.ask(b"W");
    assert!(noise.len() == 8 && noise != b"\x0200.000\r");
    bench.order("none", json!(null));
    bench.order("truncate", json!(true));
    assert_eq!(bench.ask(b"W"), b"\x0200.");
    bench.order("none", json!(null));
    bench.order("power_off", json!(true));
    assert_eq!(bench.ask(b"W"), b"");
    bench.order("power_off", json!(false));
    assert_eq!(bench.ask(b"W"), b"\x0200.000\r");
}

proptest! {
    #[test]
    fn no_input_makes_it_panic_or_grow(
        bytes in proptest::collection::vec(
            prop_oneof![Just(b'W'), Just(b'H'), Just(b'Z'), Just(b'T'), Just(ENQ), Just(DC1), any::<u8>()],
            0..2000,
        ),
        grams in -20_000i64..20_000,
    ) {
        for protocol in [Protocol::Toledo8217, Protocol::Cas] {
            let mut bench = Bench::of(Settings { protocol, ..Settings::default() });
            bench.scale.order(&Order::Weight(grams * 1000), bench.now);
            bench.scale.receive(bench.now, &bytes);
            prop_assert!(bench.pass(1000).len() <= MOST_WAITING_BYTES);
        }
    }
}

#[tokio::test]
async fn over_a_pty_and_http() {
    let folder = tempfile::tempdir().unwrap();
    let scale = VirtualScale::start(Options {
        link: folder.path().join("scale"),
        baud: 9600,
        control: "127.0.0.1:0".parse().unwrap(),
        settings: Settings { settle: Duration::ZERO, ..Settings::default() },
    })
    .await
    .unwrap();
    let host = scale.control_url().trim_start_matches("http://").to_owned();
    for (body, expected) in
        [(r#"{"fault":"weight","value":1250}"#, r#""shown":"1.250""#), (r#"{"fault":"fire"}"#, "unknown order")]
    {
        let mut stream = tokio::net::TcpStream::connect(&host).await.unwrap();
        let request = format!("POST / HTTP/1.1\r\nhost: {host}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        assert!(text.contains(expected), "{text}");
    }
    let port = tokio_serial::new(scale.link().to_str().unwrap(), 9600);
    let mut port = tokio_serial::SerialStream::open(&port).unwrap();
    port.write_all(b"W").await.unwrap();
    let mut bytes = [0; 8];
    timeout(Duration::from_secs(20), port.read_exact(&mut bytes)).await.unwrap().unwrap();
    assert_eq!(&bytes, b"\x0201.250\r");
    scale.order(&Order::Unplug(true));
    timeout(Duration::from_secs(20), async { while port.read_u8().await.is_ok() {} }).await.unwrap();
    while scale.link().is_symlink() {
        tokio::task::yield_now().await;
    }
    assert_eq!(scale.state()["faults"], json!(["unplug"]));
}
