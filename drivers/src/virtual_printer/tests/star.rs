//! A printer that speaks Star Line Mode.

use super::super::*;
use super::bench::{Bench, NOTHING};

const CUT: &[u8] = b"\x1bd\x03";

fn star() -> Bench {
    Bench::of(Settings::star())
}

fn raster(rows: &[&[u8]]) -> Vec<u8> {
    let mut bytes = b"\x1b*rA\x1b*rP0\0\x1b*rE1\0".to_vec();
    for row in rows {
        bytes.extend([b'b', u8::try_from(row.len()).unwrap(), 0]);
        bytes.extend(*row);
    }
    bytes.extend(b"\x1b*rB");
    bytes
}

#[test]
fn papers_carry_text_codes_and_pictures() {
    for (bytes, expected) in [
        (&b"\x1b@Table 4\n2x Soup\n"[..], "Table 4\n2x Soup\n"),
        (b"\x1b\x1dt\x20caf\xe9 \x80\n", "café €\n"),
        (b"\x1b\x1dt\x04caf\x82 \xd5\n", "café €\n"),
        (b"\x1b\x1dt\x0a\x81\xae\xe0\xe9\n", "Борщ\n"),
        (b"\x1b\x1da\x01mid\n", "mid\n"),
        (b"\x1bi\x01\x01BIG\x1bi\x00\x00\n", "BIG\n"),
        (b"Soup\x1b\x1dA\x68\x014.50\n", "Soup                          4.50\n"),
        (b"\x1b\x1dyS2\x04\x1b\x1dyD1\x00\x03\x00abc\x1b\x1dyP", "[QR: abc]\n"),
        (b"\x1bb3\x32\x31\x50400638133393\x1e", "[barcode: 4006381333931]\n"),
        (b"\x1bb6\x31\x32\x50No.1\x1e", "[barcode: No.1]\n"),
        (b"\x1bX\x02\x00abcdef\n", "[picture 2x24]\n"),
        (b"\x1b\x1dS\x01\x01\x00\x02\x00\x00\xff\xff", "[picture 8x2]\n"),
    ] {
        let mut bench = star();
        bench.send(bytes);
        bench.send(CUT);
        bench.pass(5_000);
        assert_eq!(bench.texts(), [expected], "{bytes:x?}");
        assert!(bench.is("unknown_commands", json!(0)), "{bytes:x?}: {}", bench.machine.state());
    }
}

#[test]
fn raster_rows_are_one_picture_as_wide_as_the_widest() {
    let papers = develop(&Settings::star(), &[raster(&[b"\xff", b"\xff\x01", b""]), b"x\n".to_vec()].concat());
    assert_eq!(papers[0].text(), "[picture 16x3]\nx\n");
    // Mode 0 cuts after the picture, as drivers expect.
    let cut = develop(&Settings::star(), b"\x1b*rAb\x01\x00\xff\x1b\x0c\x04\x1b*rBx\n");
    assert_eq!(cut.iter().map(Paper::text).collect::<Vec<_>>(), ["[picture 8x1]\n", "x\n"]);
}

#[test]
fn text_in_raster_mode_is_unknown() {
    let mut bench = star();
    bench.send(b"\x1b*rAx\x1b*rB");
    assert_eq!(bench.machine.unknown_commands().collect::<Vec<_>>(), [b"x"]);
}

#[test]
fn etb_counts_when_the_print_before_it_is_done() {
    let mut bench = star();
    bench.send(b"\x1b\x1ea\x01");
    assert_eq!(bench.send(b"one\ntwo\n\x17"), NOTHING);
    assert_eq!(bench.pass(50), NOTHING, "two lines of 4 mm take 53 ms");
    assert_eq!(bench.pass(4), [0x23, 0x06, 0x02, 0, 0, 0, 0, 0x02, 0]);
    // Bits 3 and 4 of the counter lie apart.
    bench.send(&[0x17; 23]);
    assert_eq!(bench.send(b"\x1b\x06\x01"), [0x23, 0x06, 0, 0, 0, 0, 0, 0x60, 0]);
    bench.send(b"\x1b\x1eE\x00");
    assert_eq!(bench.send(b"\x1b\x06\x01"), [0x23, 0x06, 0, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn the_document_counter_answers_when_the_motor_stands() {
    let mut bench = star();
    bench.send(b"\x1b\x1d\x03\x03\x00\x00");
    assert_eq!(bench.send(b"one\ntwo\x1b\x1d\x03\x01\x02\x11\x1b\x1d\x03\x04\x00\x00"), NOTHING);
    assert_eq!(bench.pass(40), NOTHING);
    assert_eq!(bench.pass(20), b"\x1b\x1d\x03\x01\x02\x11\x01\x00");
    assert_eq!(bench.send(b"\x1b\x1d\x03\x00\x00\x07"), b"\x1b\x1d\x03\x00\x00\x07\x01\x00");
    bench.send(b"\x1b\x1d\x03\x02\x00\x00");
    assert_eq!(bench.send(b"\x1b\x1d\x03\x00\x00\x00"), b"\x1b\x1d\x03\x00\x00\x00\x00\x00");
}

#[test]
fn what_is_left_of_a_document_after_an_error_is_dropped_up_to_its_end() {
    let mut bench = star();
    bench.send(b"\x1b\x1d\x03\x03\x00\x00one\ntwo\nthree\n");
    bench.order("cover", json!(true));
    bench.send(b"four\n\x1b\x1d\x03\x01\x00\x01\x1b\x1d\x03\x04\x00\x00five\n");
    assert_eq!(bench.order("cover", json!(false)), NOTHING);
    assert_eq!(bench.pass(5_000), NOTHING, "the counter of what was dropped never comes");
    assert_eq!(bench.texts(), ["one\nfive\n"]);
}

#[test]
fn automatic_status_tells_cover_paper_drawer_and_errors() {
    let mut bench = star();
    bench.send(b"\x1b\x1ea\x01");
    assert_eq!(bench.order("cover", json!(true)), [0x23, 0x06, 0x28, 0, 0, 0, 0, 0, 0]);
    assert_eq!(bench.order("cover", json!(false)), [0x23, 0x06, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(bench.order("paper_out", json!(true)), [0x23, 0x06, 0x08, 0, 0, 0x0c, 0, 0, 0]);
    assert_eq!(bench.order("paper_out", json!(false)), [0x23, 0x06, 0, 0, 0, 0, 0, 0, 0]);
    bench.send(b"\x07");
    assert_eq!(bench.pass(200), [0x23, 0x06, 0x04, 0, 0, 0, 0, 0, 0]);
    assert_eq!(bench.order("unrecoverable_error", json!(true)), [0x23, 0x06, 0x0c, 0x20, 0, 0, 0, 0, 0]);
    bench.send(b"\x1b\x1ea\x00");
    assert_eq!(bench.send(b"\x05"), [0xa4]);
    assert_eq!(bench.send(b"\x04"), [0x10]);
}

#[test]
fn requests_are_answered_between_commands_and_not_inside_data() {
    let mut bench = star();
    bench.order("cover", json!(true));
    assert_eq!(bench.send(b"text\x1b\x06\x01").len(), 9, "on receipt, although it is offline");
    assert_eq!(bench.send(b"\x1b*rAb\x03\x00\x1b\x06\x01"), NOTHING);
    assert_eq!(bench.send(b"\x1b*rB\x05"), [0x24]);
}

#[test]
fn the_drawer_opens_with_the_times_that_were_set() {
    let mut bench = star();
    bench.send(b"\x1b\x07\x0a\x14\x07\x1ax\n");
    bench.send(CUT);
    bench.pass(5_000);
    let paper = bench.machine.take_papers().remove(0);
    let pulses: Vec<_> = paper.events().iter().filter(|event| event["event"] == "pulse").cloned().collect();
    assert_eq!(
        (&pulses[0]["connector"], &pulses[0]["on_ms"], &pulses[0]["off_ms"]),
        (&json!(0), &json!(100), &json!(200))
    );
    assert_eq!((&pulses[1]["connector"], &pulses[1]["on_ms"]), (&json!(1), &json!(200)));
    assert!(bench.is("drawer", json!("open")));
}

#[test]
fn a_raster_only_model_loses_text_without_a_word() {
    let mut bench = star();
    bench.order("clone", json!(true));
    bench.send(&[b"text\n".to_vec(), raster(&[b"\xff"])].concat());
    bench.pass(5_000);
    assert_eq!(bench.texts(), ["[picture 8x1]\n"]);
    assert!(bench.is("unknown_commands", json!(0)));
}

/// Writes a ticket's picture where `TRIVET_SHOW_PAPER` says, to be looked at.
#[test]
fn a_kitchen_ticket() {
    let mut bytes =
        b"\x1b@\x1b\x1dt\x04\x1b\x1da\x01\x1bi\x01\x01KITCHEN\x1bi\x00\x00\nTrivet Bistro\n\x1b\x1da\x00".to_vec();
    bytes.extend(b"\x1bETable 12\x1bF\x1b\x1dA\xa4\x01#1042\n");
    bytes.extend([&[0xc4; 48][..], b"\n"].concat());
    bytes.extend(b"\x1bi\x01\x012 x Onion soup\n\x1bi\x00\x00   no cro\x96tons\n\x1b4  RUSH  \x1b5 \x1b-1underlined\x1b-0 \x1b_1over\x1b_0\n");
    bytes.extend(b"\x1b\x1eF1small 9 x 24\x1b\x1eF0\n\x0fupside down\x12\n\x1bb3\x32\x32\x50400638133393\x1e");
    bytes.extend(b"\x1b\x1da\x01\x1b\x1dyS2\x05\x1b\x1dyD1\x00\x10\x00https://trivet.x\x1b\x1dyP\n\x1b\x1da\x00");
    bytes.extend(CUT);
    let papers = develop(&Settings::star(), &bytes);
    assert!(papers[0].text().contains("no croûtons"), "{}", papers[0].text());
    if let Some(folder) = std::env::var_os("TRIVET_SHOW_PAPER") {
        PaperTray::open(std::path::Path::new(&folder)).unwrap().put(&papers[0]).unwrap();
    }
}
