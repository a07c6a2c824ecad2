//! What goes wrong on request, and what the host is told of it.

use super::super::*;
use super::bench::{Bench, CUT, NOTHING, id, id_reply};

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
    assert_eq!(bench.machine.receive(bench.now, b"abc"), Received::Taken);
    assert_eq!(bench.machine.receive(bench.now, b"d\n"), Received::Reset);
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
    assert_eq!(bench.texts(), ["倐é\n"]);
}

#[test]
fn a_small_buffer_loses_what_does_not_fit() {
    let mut bench = Bench::new();
    bench.order("small_buffer", json!(true));
    bench.order("cover", json!(true));
    assert_eq!(bench.machine.room(), usize::MAX, "nobody holds the host back");
    bench.send(&[b'x'; 100]);
    assert!(bench.is("overrun", json!(55)));
    bench.order("small_buffer", json!(false));
    assert_eq!(bench.machine.room(), 64 * 1024 - 45);
}

#[test]
fn a_recoverable_error_waits_for_the_hosts_word() {
    let mut bench = Bench::new();
    bench.send(b"\x1da\x04");
    bench.send(b"one\ntwo\n");
    assert_eq!(bench.order("recoverable_error", json!(true)), [0x18, 0x04, 0, 0x0f]);
    assert_eq!(bench.send(b"\x10\x04\x01"), [0x3a]);
    assert_eq!(bench.send(b"\x10\x04\x02"), [0x52]);
    assert_eq!(bench.send(b"\x10\x04\x03"), [0x16]);
    bench.pass(60_000);
    assert!(bench.texts().is_empty());
    assert_eq!(bench.send(b"\x10\x05\x01"), [0x10, 0, 0, 0x0f]);
    bench.pass(5_000);
    assert_eq!(bench.texts(), ["one\ntwo\n"]);
}

#[test]
fn an_unrecoverable_error_ends_with_the_power() {
    let mut bench = Bench::new();
    bench.order("unrecoverable_error", json!(true));
    assert_eq!(bench.send(b"\x10\x04\x03"), [0x32]);
    bench.send(b"\x10\x05\x01\x10\x05\x02");
    assert!(bench.is("error", json!("unrecoverable")));
    bench.order("power_cycle", json!(500));
    bench.pass(500);
    assert_eq!(bench.send(b"\x10\x04\x03"), [0x12]);
}

#[test]
fn a_connection_closes_or_dies_at_the_byte_asked_for() {
    let mut bench = Bench::new();
    bench.order("close_at_byte", json!(2));
    assert_eq!(bench.machine.receive(bench.now, b"ab\n"), Received::Closed);
    bench.order("black_hole_at_byte", json!(2));
    assert_eq!(bench.machine.receive(bench.now, b"cd\x10\x04\x01"), Received::Lost);
    assert!(bench.machine.plug().black_hole);
    assert_eq!(bench.send(b"\x10\x04\x01"), NOTHING);
    bench.order("black_hole_at_byte", json!(false));
    bench.machine.connect();
    assert_eq!(bench.send(b"\x10\x04\x01"), [0x12]);
    bench.send(b"\n");
    bench.pass(5_000);
    assert_eq!(bench.texts(), ["abcd\n"], "what came before is printed");
}

#[test]
fn a_device_vanishes_and_comes_back() {
    let mut bench = Bench::new();
    assert!(bench.machine.plug().present);
    bench.order("vanish", json!(300));
    assert!(!bench.machine.plug().present && !bench.machine.plug().listens);
    bench.pass(300);
    assert!(bench.machine.plug().listens);
    bench.order("vanish", json!("lp1"));
    let plug = bench.machine.plug();
    assert_eq!((plug.name.as_deref(), plug.present), (Some("lp1"), true));
    for bad in [json!("../lp1"), json!(""), json!(".hidden"), json!("a b"), json!([1])] {
        Fault::from_json(&json!({"fault": "vanish", "value": bad})).unwrap_err();
    }
}

#[test]
fn a_busy_printer_drops_the_connection_and_answers_nobody() {
    let mut bench = Bench::new();
    let drops = bench.machine.plug().drops;
    bench.order("busy", json!(true));
    assert!(bench.machine.plug().busy && bench.machine.plug().drops == drops + 1);
    bench.order("none", json!(null));
    assert!(!bench.machine.plug().busy);
}

#[test]
fn xoff_comes_before_the_buffer_is_full_and_xon_when_there_is_room() {
    let settings = Settings { buffer_bytes: 4096, flow: FlowControl::XonXoff, ..Settings::default() };
    let mut bench = Bench::of(settings);
    bench.order("cover", json!(true));
    assert_eq!(bench.send(&[b'x'; 3967]), NOTHING);
    assert_eq!(bench.send(b"x"), [0x13]);
    assert_eq!(bench.send(&[b'x'; 130]), NOTHING);
    assert!(bench.is("overrun", json!(2)));
    assert_eq!(bench.order("cover", json!(false)), NOTHING);
    assert_eq!(bench.pass(5_000), [0x11]);
    let mut small = Bench::of(Settings { buffer_bytes: 45, flow: FlowControl::XonXoff, ..Settings::default() });
    small.order("cover", json!(true));
    assert_eq!(small.send(&[b'x'; 29]), [0x13]);
    // It may stand inside an automatic status of four bytes.
    let mut small = Bench::of(Settings { buffer_bytes: 45, flow: FlowControl::XonXoff, ..Settings::default() });
    small.send(b"\x1da\xff");
    small.machine.order(Fault::Cover(true), small.now);
    assert_eq!(small.send(&[b'x'; 29]), [0x38, 0x13, 0, 0, 0x0f]);
}

#[test]
fn all_faults_have_their_names_in_the_state() {
    for name in [
        "paper_out",
        "paper_near_end",
        "cover",
        "cutter",
        "recoverable_error",
        "unrecoverable_error",
        "mute",
        "late",
        "garbage",
        "power_cycle",
        "power_off",
        "slow",
        "small_buffer",
        "refuse",
        "busy",
        "vanish",
        "clone",
    ] {
        let mut bench = Bench::new();
        bench.order(name, json!(null));
        assert!(bench.is("faults", json!([name])), "{name}: {}", bench.machine.state());
        bench.order("none", json!(null));
        assert!(bench.is("faults", json!([])), "{name} stays: {}", bench.machine.state());
    }
    for name in ["cut_at_byte", "close_at_byte", "black_hole_at_byte"] {
        let mut bench = Bench::new();
        bench.order(name, json!(7));
        assert!(bench.is("faults", json!([name])), "{name}");
        bench.order(name, json!(false));
        assert!(bench.is("faults", json!([])), "{name}");
    }
}
