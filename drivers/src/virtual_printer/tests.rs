//! The printer as a host and a cook see it: bytes in, replies and papers out.

use super::*;
use proptest::prelude::*;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const EXECUTION_LIMIT: Duration = Duration::from_secs(20);
/// No reply.
const NOTHING: [u8; 0] = [];
const CUT: &[u8] = b"\x1dVB\x00";

/// A printer with a connected host, and time that passes only when told to.
struct Bench {
    machine: Machine,
    now: Duration,
}

impl Bench {
    fn new() -> Self {
        let mut machine = Machine::new(Settings { strict: true, ..Settings::default() });
        machine.connect();
        Self { machine, now: Duration::ZERO }
    }

    /// Sends bytes; returns what comes back at once.
    fn send(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.machine.receive(self.now, bytes);
        self.machine.take_replies(self.now)
    }

    /// Lets time pass; returns what comes back meanwhile.
    fn pass(&mut self, ms: u64) -> Vec<u8> {
        self.now += Duration::from_millis(ms);
        self.machine.advance(self.now);
        self.machine.take_replies(self.now)
    }

    fn order(&mut self, fault: &str, value: Value) -> Vec<u8> {
        let fault = Fault::from_json(&json!({"fault": fault, "value": value})).unwrap();
        self.machine.order(fault, self.now);
        self.machine.take_replies(self.now)
    }

    fn texts(&mut self) -> Vec<String> {
        self.machine.take_papers().into_iter().map(|paper| paper.text).collect()
    }

    fn is(&self, field: &str, value: Value) -> bool {
        self.machine.state()[field] == value
    }
}

fn id(text: &[u8; 4]) -> Vec<u8> {
    [b"\x1d(H\x06\x0000".as_slice(), text].concat()
}

fn id_reply(text: &[u8; 4]) -> Vec<u8> {
    [b"\x37\x22".as_slice(), text, b"\x00"].concat()
}

#[test]
fn papers_carry_the_text_in_each_code_page() {
    for (bytes, expected) in [
        (&b"\x1b@Table 4\n2x Soup\n"[..], "Table 4\n2x Soup\n"),
        (b"\x1bt\x10caf\xe9 \x80\n", "café €\n"),
        (b"\x1bt\x13caf\x82 \xd5\n", "café €\n"),
        (b"\x1bt\x11\x81\xae\xe0\xe9\n", "Борщ\n"),
        (b"\x1ba\x01mid\n", "mid\n"),
        (b"Soup\x1b$\x68\x014.50\n", "Soup                          4.50\n"),
        (b"a\tb\n", "a       b\n"),
        (b"one\x1bd\x02two\n", "one\n\ntwo\n"),
        (b"\x1b!\x38BIG\x1b!\x00\n", "BIG\n"),
        (b"\x1d(k\x06\x001P0abc\x1d(k\x03\x001Q0", "[QR: abc]\n"),
        (b"\x1dv0\x00\x01\x00\x01\x00\xff", "[image 8x1]\n"),
    ] {
        let mut bench = Bench::new();
        bench.send(bytes);
        bench.send(CUT);
        bench.pass(5_000);
        assert_eq!(bench.texts(), [expected], "{bytes:x?}");
        assert!(bench.is("unknown_commands", json!(0)), "{bytes:x?}");
    }
}

#[test]
fn the_picture_is_as_long_as_the_paper_and_not_white() {
    let mut bench = Bench::new();
    bench.send(b"\x1d!\x11BIG\n");
    bench.send(CUT);
    bench.pass(5_000);
    let paper = bench.machine.take_papers().remove(0);
    // One line of double height and the way from the head to the blade, of which 96 rows were fed before it.
    assert_eq!(paper.height(), 48);
    let black: u32 = paper.rows.iter().map(|byte| byte.count_ones()).sum();
    assert!(black > 300, "{black} dots");
}

#[test]
fn a_cut_without_feeding_leaves_the_last_lines_for_the_next_paper() {
    let mut bench = Bench::new();
    bench.send(b"1\n2\n3\n4\n5\n\x1dV\x00");
    bench.pass(2_000);
    assert_eq!(bench.texts(), ["1\n2\n"]);
    bench.send(CUT);
    bench.pass(2_000);
    assert_eq!(bench.texts(), ["3\n4\n5\n"]);
}

#[test]
fn a_cut_in_the_middle_of_a_line_is_ignored() {
    let mut bench = Bench::new();
    bench.send(b"x");
    bench.send(CUT);
    bench.pass(1_000);
    assert!(bench.is("cuts", json!(0)));
}

#[test]
fn paper_that_nobody_cuts_is_torn_off_after_two_seconds() {
    let mut bench = Bench::new();
    bench.send(b"hello\n");
    bench.pass(1_900);
    assert!(bench.texts().is_empty());
    bench.pass(200);
    assert_eq!(bench.texts(), ["hello\n"]);
}

#[test]
fn status_is_answered_inside_a_raster_image_and_corrupts_it() {
    let mut bench = Bench::new();
    let mut image = b"\x1dv0\x00\x04\x00\x04\x00".to_vec();
    image.extend([0; 7]);
    assert_eq!(bench.send(&image), NOTHING);
    assert_eq!(bench.send(b"\x10\x04\x01"), [0x12]);
    // Three of its bytes became part of the image: the last three zeros of the image are outside it now.
    bench.send(&[0; 9]);
    bench.send(b"ab\n");
    bench.pass(5_000);
    assert_eq!(bench.texts(), ["[image 32x4]\nab\n"]);
}

#[test]
fn ids_come_after_the_print_and_one_by_one() {
    let mut bench = Bench::new();
    let job = [id(b"S001"), b"one\ntwo\n".to_vec(), id(b"E001"), CUT.to_vec(), id(b"C001")].concat();
    assert_eq!(bench.send(&job), id_reply(b"S001"));
    assert_eq!(bench.pass(30), NOTHING, "two lines of 3.75 mm take 50 ms");
    assert_eq!(bench.pass(21), id_reply(b"E001"));
    assert_eq!(bench.pass(300), NOTHING, "the blade is still moving");
    assert_eq!(bench.pass(200), id_reply(b"C001"));
}

#[test]
fn of_ids_that_the_host_could_not_take_only_the_latest_comes() {
    let mut bench = Bench::new();
    bench.machine.set_host_ready(false, bench.now);
    bench.send(&[id(b"S001"), b"one\n".to_vec(), id(b"E001")].concat());
    assert_eq!(bench.pass(1_000), NOTHING);
    bench.machine.set_host_ready(true, bench.now);
    assert_eq!(bench.pass(0), id_reply(b"E001"));
}

#[test]
fn cleared_data_is_not_printed_and_its_id_never_comes() {
    let mut bench = Bench::new();
    bench.send(&[b"one\ntwo\nthree\n".to_vec(), id(b"E001")].concat());
    assert_eq!(bench.send(b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"), [0x37, 0x25, 0]);
    assert_eq!(bench.pass(5_000), NOTHING);
    assert_eq!(bench.texts(), ["one\n"]);
    bench.send(b"\x1b@fine\n");
    bench.pass(5_000);
    assert_eq!(bench.texts(), ["fine\n"]);
}

#[test]
fn paper_that_ends_holds_the_job_and_a_new_roll_resumes_it() {
    let mut bench = Bench::new();
    bench.send(b"\x1da\xff");
    bench.order("paper_out", json!(8));
    bench.send(&[b"1\n2\n3\n4\n5\n".to_vec(), id(b"E001"), CUT.to_vec()].concat());
    let replies = bench.pass(1_000);
    assert_eq!(replies.last_chunk::<4>(), Some(&[0x18, 0, 0x0f, 0x0f]), "{replies:x?}");
    assert_eq!(bench.send(b"\x10\x04\x04"), [0x7e]);
    assert_eq!(bench.pass(60_000), NOTHING);
    let replies = bench.order("paper_out", json!(false));
    assert_eq!(replies.last_chunk::<4>(), Some(&[0x10, 0, 0, 0x0f]), "{replies:x?}");
    assert_eq!(bench.pass(5_000), id_reply(b"E001"));
    let texts = bench.texts().join("");
    assert!(texts.ends_with("4\n5\n"), "{texts:?}");
}

#[test]
fn automatic_status_tells_of_the_cover_until_initialize() {
    let mut bench = Bench::new();
    assert_eq!(bench.send(b"\x1da\xff"), [0x10, 0, 0, 0x0f]);
    assert_eq!(bench.order("cover", json!(true)), [0x38, 0, 0, 0x0f]);
    assert_eq!(bench.send(b"\x10\x04\x02"), [0x16]);
    assert_eq!(bench.order("cover", json!(false)), [0x10, 0, 0, 0x0f]);
    bench.send(b"\x1b@");
    assert_eq!(bench.order("cover", json!(true)), NOTHING);
}

#[test]
fn a_jammed_cutter_stops_the_printer_until_it_is_recovered() {
    let mut bench = Bench::new();
    bench.order("cutter", json!(true));
    bench.send(&[b"one\n".to_vec(), CUT.to_vec(), b"two\n".to_vec()].concat());
    bench.pass(1_000);
    assert!(bench.is("cutter", json!("error")));
    assert_eq!(bench.send(b"\x10\x04\x03"), [0x1a]);
    bench.send(b"\x10\x05\x01");
    bench.pass(1_000);
    assert!(bench.is("cutter", json!("error")), "it is still jammed");
    bench.send(b"\x10\x05\x02");
    bench.pass(5_000);
    assert!(bench.is("cutter", json!("jammed")));
    assert_eq!(bench.texts(), ["one\n"], "two was cleared");
}

#[test]
fn clearing_the_jam_repeats_the_cut() {
    let mut bench = Bench::new();
    bench.order("cutter", json!(true));
    bench.send(&[b"one\n".to_vec(), CUT.to_vec(), b"two\n".to_vec(), CUT.to_vec()].concat());
    bench.pass(1_000);
    bench.order("cutter", json!(false));
    bench.pass(5_000);
    assert_eq!(bench.texts(), ["one\n", "two\n"]);
}

#[test]
fn the_drawer_opens_by_pulse_and_pin_3_tells() {
    let mut bench = Bench::new();
    bench.send(b"\x1bp\x00\x19\xfa");
    bench.pass(100);
    assert_eq!(bench.send(b"\x10\x04\x01"), [0x16]);
    bench.order("drawer", json!(false));
    assert_eq!(bench.send(b"\x1dr\x02"), [0]);
    bench.send(b"\x10\x14\x01\x00\x02");
    assert!(bench.is("pulses", json!(2)));
}

#[test]
fn a_power_cycle_loses_the_buffer_and_ends_the_paper() {
    let mut bench = Bench::new();
    bench.send(b"1\n2\n3\n4\n5\n");
    bench.pass(30);
    bench.order("power_cycle", json!(1000));
    assert_eq!(bench.texts(), ["1\n2\n"]);
    assert_eq!(bench.send(b"\x10\x04\x01"), NOTHING, "it has no power");
    bench.pass(1_000);
    assert_eq!(bench.send(b"\x10\x04\x01"), [0x12]);
    bench.pass(10_000);
    assert!(bench.texts().is_empty());
}

#[test]
fn the_connection_breaks_at_the_byte_asked_for() {
    let mut bench = Bench::new();
    bench.order("cut_at_byte", json!(5));
    assert!(!bench.machine.receive(bench.now, b"abc").reset);
    assert!(bench.machine.receive(bench.now, b"d\n").reset);
    bench.machine.disconnect();
    bench.pass(5_000);
    assert_eq!(bench.texts(), ["abcd\n"], "what was received is printed");
}

#[test]
fn replies_mute_late_and_garbled() {
    let mut bench = Bench::new();
    bench.order("mute", json!(true));
    assert_eq!(bench.send(b"\x10\x04\x01"), NOTHING);
    bench.order("none", json!(null));
    bench.order("late", json!(500));
    assert_eq!(bench.send(b"\x10\x04\x01"), NOTHING);
    assert_eq!(bench.pass(499), NOTHING);
    assert_eq!(bench.pass(1), [0x12]);
    bench.order("none", json!(null));
    bench.order("garbage", json!(true));
    let reply = bench.send(b"\x10\x04\x01");
    assert!(reply.len() == 1 && reply != [0x12]);
}

#[test]
fn a_clone_knows_no_ids_and_reads_two_bytes_until_kanji_mode_ends() {
    let mut bench = Bench::new();
    bench.order("clone", json!(true));
    assert_eq!(bench.send(&id(b"S001")), NOTHING);
    bench.send(b"\x1b@\x1bt\x02\x82\x82\x1c.\x82\n");
    bench.pass(5_000);
    assert_eq!(bench.texts(), ["\u{fffd}é\n"]);
}

#[test]
fn identity_and_counters() {
    let mut bench = Bench::new();
    assert_eq!(bench.send(b"\x1dIB"), b"_TRIVET\0");
    assert_eq!(bench.send(b"\x1dI\x02"), [2]);
    bench.send(b"x\n");
    bench.send(CUT);
    bench.pass(1_000);
    assert_eq!(bench.send(b"\x1dg2\x00\x32\x00"), b"_1\0");
}

#[test]
fn a_strict_printer_lists_what_it_does_not_know() {
    let mut bench = Bench::new();
    bench.send(b"\x1b\x01\x1d\x02ok\n");
    let unknown: Vec<&[u8]> = bench.machine.unknown_commands().collect();
    assert_eq!(unknown, [&[0x1b, 1][..], &[0x1d, 2]]);
}

#[test]
fn a_small_buffer_loses_what_does_not_fit() {
    let mut machine = Machine::new(Settings { buffer_bytes: 45, ..Settings::default() });
    machine.order(Fault::Cover(true), Duration::ZERO);
    machine.receive(Duration::ZERO, &[b'x'; 100]);
    assert_eq!(machine.state()["overrun"], 55);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_input_makes_it_panic(
        chunks in proptest::collection::vec(
            proptest::collection::vec(
                prop_oneof![Just(0x1bu8), Just(0x1d), Just(0x10), Just(b'('), Just(b'k'), Just(b'V'), Just(10), any::<u8>()],
                0..200,
            ),
            0..20,
        )
    ) {
        let mut bench = Bench::new();
        for chunk in chunks {
            bench.send(&chunk);
            bench.pass(3_000);
            prop_assert!(bench.machine.free() <= 64 * 1024);
        }
    }
}

// ---- over real lines ---------------------------------------------------------------------------------------------

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
    printer.order(Fault::CutAtByte(3));
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

/// Writes a ticket's picture where `TRIVET_SHOW_PAPER` says, to be looked at.
#[test]
fn a_kitchen_ticket() {
    let mut bench = Bench::new();
    bench.send(b"\x1b@\x1bt\x13\x1ba\x01\x1d!\x11KITCHEN\n\x1d!\x00Trivet Bistro\n\n\x1ba\x00");
    bench.send(b"\x1bE\x01Table 12\x1b$\xa4\x01#1042\n\x1bE\x00Anna  2026-11-21 12:34\n");
    bench.send(&[[0xc4; 48].as_slice(), b"\n"].concat());
    bench.send(b"\x1d!\x112 x Onion soup\n\x1d!\x00   no cro\x96tons\n\x1d!\x111 x Cr\x8ame br\x96l\x82e\n");
    bench.send(b"\x1d!\x00\x1bM\x01   allergy: nuts (font B)\x1bM\x00\n\x1dB\x01  RUSH  \x1dB\x00 \x1b-\x01underlined\x1b-\x00\n");
    bench.send(&[[0xcd; 48].as_slice(), b"\n"].concat());
    bench.send(b"Total\x1b$\xd4\x01\xd518.50\n\n\x1ba\x01\x1d(k\x03\x001C\x05\x1d(k\x13\x001P0https://trivet.x\x1d(k\x03\x001Q0");
    let mut image = b"\x1dv0\x00\x10\x00\x20\x00".to_vec();
    image.extend((0..32u32).flat_map(|y| (0..16u32).map(move |x| if (x + y / 8) % 2 == 0 { 0xf0 } else { 0x0f })));
    bench.send(&image);
    bench.send(b"\nBon app\x82tit\n\n");
    bench.send(CUT);
    bench.pass(20_000);
    let papers = bench.machine.take_papers();
    assert_eq!(papers.len(), 1);
    assert!(papers[0].text.contains("1 x Crème brûlée"), "{}", papers[0].text);
    assert!(bench.is("unknown_commands", json!(0)));
    if let Some(folder) = std::env::var_os("TRIVET_SHOW_PAPER") {
        PaperTray::open(Path::new(&folder)).unwrap().put(&papers[0]).unwrap();
    }
}
