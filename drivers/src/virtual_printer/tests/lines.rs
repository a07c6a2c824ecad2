//! Over real lines: TCP, a PTY, a Unix socket, HTTP.

use super::super::*;
use super::bench::{CUT, id, id_reply};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

const EXECUTION_LIMIT: Duration = Duration::from_secs(20);

async fn started(front_end: FrontEnd, folder: &Path) -> VirtualPrinter {
    let options = Options {
        front_end,
        control: "127.0.0.1:0".parse().unwrap(),
        paper: folder.join("paper"),
        settings: Settings::default(),
    };
    VirtualPrinter::start(options).await.unwrap()
}

async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(EXECUTION_LIMIT, future).await.expect("it takes too long")
}

async fn reads(stream: &mut (impl tokio::io::AsyncRead + Unpin), count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    within(stream.read_exact(&mut bytes)).await.unwrap();
    bytes
}

/// Waits until the paper is complete.
async fn paper(printer: &VirtualPrinter, number: u32) -> String {
    let path = printer.paper_folder().join(format!("{number:04}.txt"));
    within(async {
        loop {
            if let Ok(text) = std::fs::read_to_string(&path) {
                return text;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
}

async fn ask(printer: &VirtualPrinter, head: &str, body: &str) -> String {
    let host = printer.control_url().trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).await.unwrap();
    let request = format!("{head} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    within(stream.read_to_end(&mut bytes)).await.unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn tcp_address(printer: &VirtualPrinter) -> String {
    printer.address().strip_prefix("tcp:").unwrap().to_owned()
}

#[tokio::test]
async fn over_tcp_a_ticket_prints_and_the_second_host_waits() {
    let folder = tempfile::tempdir().unwrap();
    let printer = started(FrontEnd::Tcp("127.0.0.1:0".parse().unwrap()), folder.path()).await;
    let mut first = TcpStream::connect(tcp_address(&printer)).await.unwrap();
    first.write_all(b"\x10\x04\x01").await.unwrap();
    assert_eq!(reads(&mut first, 1).await, [0x12]);

    let mut second = TcpStream::connect(tcp_address(&printer)).await.unwrap();
    second.write_all(b"\x10\x04\x01").await.unwrap();
    let ticket = [b"\x1b@Soup\n".to_vec(), CUT.to_vec(), id(b"C001")].concat();
    first.write_all(&ticket).await.unwrap();
    assert_eq!(reads(&mut first, 7).await, id_reply(b"C001"));
    assert_eq!(paper(&printer, 1).await, "Soup\n");
    assert_eq!(second.try_read(&mut [0]).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);

    drop(first);
    assert_eq!(reads(&mut second, 1).await, [0x12]);
    let folder = printer.paper_folder();
    for kind in ["bin", "png", "jsonl"] {
        assert!(folder.join(format!("0001.{kind}")).exists(), "{kind}");
    }
}

#[tokio::test]
async fn over_tcp_the_connection_is_reset_and_the_printer_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let printer = started(FrontEnd::Tcp("127.0.0.1:0".parse().unwrap()), folder.path()).await;
    let mut host = TcpStream::connect(tcp_address(&printer)).await.unwrap();
    printer.order(Fault::CutAtByte(Some(3)));
    host.write_all(b"ab\ncd\n").await.unwrap();
    let mut rest = Vec::new();
    within(host.read_to_end(&mut rest)).await.unwrap_err();

    printer.order(Fault::PowerOff(true));
    within(async { while TcpStream::connect(tcp_address(&printer)).await.is_ok() {} }).await;
    printer.order(Fault::None);
    let mut host = within(async {
        loop {
            if let Ok(host) = TcpStream::connect(tcp_address(&printer)).await {
                return host;
            }
        }
    })
    .await;
    host.write_all(b"\x10\x04\x01").await.unwrap();
    assert_eq!(reads(&mut host, 1).await, [0x12]);
}

#[tokio::test]
async fn over_http_state_page_papers_and_orders() {
    let folder = tempfile::tempdir().unwrap();
    let printer = started(FrontEnd::Tcp("127.0.0.1:0".parse().unwrap()), folder.path()).await;
    let mut host = TcpStream::connect(tcp_address(&printer)).await.unwrap();
    host.write_all(&[b"Soup\n", CUT].concat()).await.unwrap();
    paper(&printer, 1).await;
    for (head, body, expected) in [
        ("GET /", "", r#""papers":1"#),
        ("GET /", "", r#""latest":["0001"]"#),
        ("GET / HTTP/1.1\r\naccept: text/html\r\nx:", "", "<title>Virtual printer</title>"),
        ("GET /page.js", "", "text/javascript"),
        ("GET /slot.png", "", "image/png"),
        ("GET /papers/0001.txt", "", "Soup"),
        ("GET /papers/0001.png", "", "image/png"),
        ("GET /papers/../secret.txt", "", "404"),
        ("POST /", r#"{"fault":"cover","value":true}"#, r#""cover":"open""#),
        ("POST /any", r#"{"fault":"none"}"#, r#""cover":"closed""#),
        ("POST /", r#"{"fault":"fire"}"#, "unknown fault"),
        ("POST /", "no json", "400 Bad Request"),
        ("POST / HTTP/1.1\r\norigin: http://elsewhere\r\nx:", "{}", "403"),
        ("DELETE /", "", "405"),
    ] {
        let answer = ask(&printer, head, body).await;
        assert!(answer.contains(expected), "{head} {body}: {answer}");
    }
}

#[tokio::test]
async fn over_a_pty_clients_come_and_go() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("printer");
    let printer = started(FrontEnd::Pty { link: link.clone(), baud: 115_200 }, folder.path()).await;
    assert_eq!(printer.address(), format!("serial:{}@115200", link.display()));
    for number in 1..=3 {
        let builder = tokio_serial::new(link.to_str().unwrap(), 115_200);
        let mut port = tokio_serial::SerialStream::open(&builder).unwrap();
        let ticket = [b"\x1b@Soup\n".to_vec(), CUT.to_vec(), id(b"C001"), b"\x10\x04\x01".to_vec()].concat();
        port.write_all(&ticket).await.unwrap();
        assert_eq!(reads(&mut port, 1).await, [0x12]);
        assert_eq!(reads(&mut port, 7).await, id_reply(b"C001"));
        assert_eq!(paper(&printer, number).await, "Soup\n");
    }
    printer.stop().await;
    assert!(!link.is_symlink(), "the link goes with the printer");
}

#[tokio::test]
async fn over_a_unix_socket() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("printer.sock");
    let printer = started(FrontEnd::Unix(path.clone()), folder.path()).await;
    assert_eq!(printer.address(), format!("unix:{}", path.display()));
    let mut host = UnixStream::connect(&path).await.unwrap();
    host.write_all(&[b"Soup\n".to_vec(), CUT.to_vec(), id(b"C001")].concat()).await.unwrap();
    assert_eq!(reads(&mut host, 7).await, id_reply(b"C001"));
    assert_eq!(paper(&printer, 1).await, "Soup\n");
    // It comes back as another socket; the old one is gone.
    printer.order(Fault::Vanish(Vanish::As("other.sock".into())));
    let mut rest = Vec::new();
    within(host.read_to_end(&mut rest)).await.unwrap();
    let moved = folder.path().join("other.sock");
    let mut host = within(connected(|| UnixStream::connect(&moved))).await;
    host.write_all(b"\x10\x04\x01").await.unwrap();
    assert_eq!(reads(&mut host, 1).await, [0x12]);
    assert!(!path.exists());
    assert_eq!(printer.current_address(), Some(format!("unix:{}", moved.display())));
    printer.stop().await;
    assert!(!moved.exists(), "the socket goes with the printer");
}

/// Connects as soon as somebody listens.
async fn connected<S, F: Future<Output = std::io::Result<S>>>(connect: impl Fn() -> F) -> S {
    loop {
        if let Ok(stream) = connect().await {
            return stream;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn over_tcp_a_busy_printer_takes_connections_and_answers_none() {
    let folder = tempfile::tempdir().unwrap();
    let printer = started(FrontEnd::Tcp("127.0.0.1:0".parse().unwrap()), folder.path()).await;
    let mut host = TcpStream::connect(tcp_address(&printer)).await.unwrap();
    host.write_all(b"\x10\x04\x01").await.unwrap();
    assert_eq!(reads(&mut host, 1).await, [0x12]);
    printer.order(Fault::Busy(true));
    within(host.read_to_end(&mut Vec::new())).await.unwrap_err();
    let mut host = within(connected(|| TcpStream::connect(tcp_address(&printer)))).await;
    host.write_all(b"\x10\x04\x01").await.unwrap();
    assert_eq!(host.try_read(&mut [0]).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    printer.order(Fault::Busy(false));
    assert_eq!(reads(&mut host, 1).await, [0x12], "its turn has come");
}

#[tokio::test]
async fn over_tcp_connections_close_in_order_or_die() {
    let folder = tempfile::tempdir().unwrap();
    let printer = started(FrontEnd::Tcp("127.0.0.1:0".parse().unwrap()), folder.path()).await;
    let mut host = TcpStream::connect(tcp_address(&printer)).await.unwrap();
    printer.order(Fault::CloseAtByte(Some(3)));
    host.write_all(b"ab\n").await.unwrap();
    assert_eq!(within(host.read_to_end(&mut Vec::new())).await.unwrap(), 0, "an end, not an error");

    let mut host = TcpStream::connect(tcp_address(&printer)).await.unwrap();
    printer.order(Fault::BlackHoleAtByte(Some(0)));
    host.write_all(b"\x10\x04\x01").await.unwrap();
    within(async {
        // Served, and then lost.
        while printer.state()["connections"] != 2 || printer.state()["connected"] == true {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(host.try_read(&mut [0]).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    host.write_all(b"more").await.unwrap();
    printer.order(Fault::BlackHoleAtByte(None));
    within(host.read_to_end(&mut Vec::new())).await.unwrap_err();
    let mut host = within(connected(|| TcpStream::connect(tcp_address(&printer)))).await;
    host.write_all(b"\x10\x04\x01").await.unwrap();
    assert_eq!(reads(&mut host, 1).await, [0x12]);
}

#[tokio::test]
async fn over_tcp_a_silent_connection_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        front_end: FrontEnd::Tcp("127.0.0.1:0".parse().unwrap()),
        control: "127.0.0.1:0".parse().unwrap(),
        paper: folder.path().join("paper"),
        settings: Settings { idle_close: Some(Duration::from_millis(50)), ..Settings::default() },
    };
    let printer = VirtualPrinter::start(options).await.unwrap();
    let mut host = TcpStream::connect(tcp_address(&printer)).await.unwrap();
    assert_eq!(within(host.read_to_end(&mut Vec::new())).await.unwrap(), 0);
}

#[tokio::test]
async fn over_a_pty_the_device_comes_back_under_another_name() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("lp0");
    let printer = started(FrontEnd::Pty { link: link.clone(), baud: 115_200 }, folder.path()).await;
    let open = |path: &Path| tokio_serial::SerialStream::open(&tokio_serial::new(path.to_str().unwrap(), 115_200));
    let mut port = open(&link).unwrap();
    port.write_all(b"\x10\x04\x01").await.unwrap();
    assert_eq!(reads(&mut port, 1).await, [0x12]);
    printer.order(Fault::Vanish(Vanish::As("lp1".into())));
    // The old line hangs up.
    within(async { while port.read_u8().await.is_ok() {} }).await;
    let moved = folder.path().join("lp1");
    let mut port = within(connected(|| std::future::ready(open(&moved).map_err(std::io::Error::other)))).await;
    port.write_all(b"\x10\x04\x01").await.unwrap();
    assert_eq!(reads(&mut port, 1).await, [0x12]);
    assert!(!link.is_symlink());
    printer.order(Fault::Vanish(Vanish::Gone));
    within(async {
        while moved.is_symlink() {
            tokio::task::yield_now().await
        }
    })
    .await;
    assert_eq!(printer.state()["address"], Value::Null);
}

#[tokio::test]
async fn a_star_and_a_label_printer_in_real_time() {
    let folder = tempfile::tempdir().unwrap();
    for (language, ask, answer) in [
        (
            Language::Star,
            b"Soup\n\x1bd\x03\x1b\x1d\x03\x01\x00\x07".to_vec(),
            b"\x1b\x1d\x03\x01\x00\x07\x01\x00".to_vec(),
        ),
        (Language::Zpl, b"^XA^FO9,9^FDSoup^FS^XZ~HI".to_vec(), b"\x02VIRTUAL-203".to_vec()),
    ] {
        let options = Options {
            front_end: FrontEnd::Tcp("127.0.0.1:0".parse().unwrap()),
            control: "127.0.0.1:0".parse().unwrap(),
            paper: folder.path().join(language.name()),
            settings: Settings::of(language),
        };
        let printer = VirtualPrinter::start(options).await.unwrap();
        assert_eq!(printer.announcement()["language"], language.name());
        let mut host = TcpStream::connect(tcp_address(&printer)).await.unwrap();
        host.write_all(&ask).await.unwrap();
        assert_eq!(reads(&mut host, answer.len()).await, answer);
        assert_eq!(paper(&printer, 1).await, "Soup\n");
        printer.stop().await;
    }
}
