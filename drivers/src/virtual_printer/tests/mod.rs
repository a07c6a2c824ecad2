//! The printer as a host and a cook see it: bytes in, replies and papers out.

mod bench;
mod codes;
mod faults;
mod labels;
mod lines;
mod star;

use super::*;
use bench::{Bench, CUT, NOTHING, id, id_reply};
use proptest::prelude::*;

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
        (b"\x1dv0\x00\x01\x00\x01\x00\xff", "[picture 8x1]\n"),
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
    let black: u32 = paper.rows().iter().map(|byte| byte.count_ones()).sum();
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
    assert_eq!(bench.texts(), ["[picture 32x4]\nab\n"]);
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
fn counters_since_a_reset_and_for_good() {
    let mut bench = Bench::new();
    bench.send(b"x\n");
    bench.send(CUT);
    bench.pass(1_000);
    bench.send(b"\x1dg0\x00\x32\x00");
    assert_eq!(bench.send(b"\x1dg2\x00\x32\x00"), b"_0\0");
    assert_eq!(bench.send(b"\x1dg2\x00\xb2\x00"), b"_1\0");
}

#[test]
fn pictures_in_the_printers_memory_survive_the_power_and_are_drawn() {
    let mut bench = Bench::new();
    bench.send(b"\x1d(L\x0c\x000C0L1\x01\x08\x00\x01\x001\xff");
    assert_eq!(bench.send(b"\x1d(L\x04\x000@KC"), b"\x37\x72\x40L1\0");
    bench.order("power_cycle", json!(100));
    bench.pass(200);
    bench.send(b"\x1d(L\x06\x000EL1\x02\x02");
    bench.send(CUT);
    bench.pass(5_000);
    let papers = bench.machine.take_papers();
    assert_eq!(papers[0].text(), "[picture 8x1]\n");
    let black: u32 = papers[0].rows().iter().map(|byte| byte.count_ones()).sum();
    assert_eq!(black, 32, "eight dots, twice as wide and high");
    assert!(bench.is("unknown_commands", json!(0)), "{}", bench.machine.state());
}

#[test]
fn pictures_in_bands_are_one_picture() {
    for bytes in [
        // Two bands of GS v 0; two of ESC * with a line spacing of 24 dots; the old NV bit image.
        &b"\x1dv0\x00\x01\x00\x02\x00\xff\xff\x1dv0\x00\x01\x00\x01\x00\xff"[..],
        b"\x1b3\x18\x1b*\x21\x02\x00abcdef\n\x1b*\x21\x02\x00abcdef\n",
        b"\x1cq\x01\x01\x00\x01\x00\xff\xff\xff\xff\xff\xff\xff\xff\x1cp\x01\x00",
    ] {
        let papers = develop(&Settings::default(), bytes);
        let picture = ["[picture 8x3]\n", "[picture 2x48]\n", "[picture 8x8]\n"];
        assert!(picture.contains(&papers[0].text()), "{bytes:x?}: {}", papers[0].text());
    }
}

#[test]
fn two_byte_characters_are_shown_as_text() {
    for (two_byte, bytes, expected) in [
        (TwoByte::Japanese, &b"\x1c&\x1cC\x01\x93\x8c\x8b\x9e\x1c.A\n"[..], "東京A\n"),
        (TwoByte::Japanese, b"\x1c&\x45\x6c\x35\x7e\x1c.A\n", "東京A\n"),
        (TwoByte::Chinese, b"A\xc3\xe6\n", "A面\n"),
        (TwoByte::Taiwanese, b"\xc4\xd1\n", "麵\n"),
        (TwoByte::Korean, b"\xb8\xe9\n", "면\n"),
        (TwoByte::None, b"\x1c&\x1bt\x10\xe9\n", "é\n"),
    ] {
        let papers = develop(&Settings { two_byte, ..Settings::default() }, bytes);
        assert_eq!(papers[0].text(), expected, "{bytes:x?}");
    }
}

#[test]
fn a_line_upside_down_is_the_same_line_turned() {
    let picture = |bytes: &[u8]| {
        let paper = develop(&Settings::default(), bytes).remove(0);
        Bitmap::of_rows(paper.width(), 24, paper.rows()[..24 * 72].to_vec())
    };
    let (upright, turned) = (picture(b"Soup\n"), picture(b"\x1b{\x01Soup\n"));
    assert_eq!(upright.turned(2), turned);
}

#[test]
fn a_narrow_printer_and_a_fine_one() {
    let narrow = develop(&Settings::default().narrow(), b"123456789 123456789 123456789 123\n").remove(0);
    assert_eq!((narrow.width(), narrow.text()), (384, "123456789 123456789 123456789 12\n3\n"));
    let fine = develop(&Settings { dpi: 180, width_dots: 512, ..Settings::default() }, b"x\n").remove(0);
    let decoded = png::Decoder::new(std::io::Cursor::new(fine.png())).read_info().unwrap();
    let size = decoded.info().pixel_dims.unwrap();
    assert_eq!((decoded.info().width, size.xppu), (512 + 64, 7087));
}

#[test]
fn a_preview_does_not_wait_and_keeps_a_bound() {
    let papers = develop(&Settings::default(), b"one\n\x1dVB\x00two\n\x1dVB\x00three");
    let texts: Vec<&str> = papers.iter().map(Paper::text).collect();
    assert_eq!(texts, ["one\n", "two\n"], "a line that is not ended is not printed");
    assert!(papers[0].png().starts_with(b"\x89PNG"));
    let papers = develop(&Settings::default(), &b"x\n\x1bd\xff\x1dVB\x00".repeat(2_000));
    let bytes: usize = papers.iter().map(|paper| paper.rows().len()).sum();
    assert!(papers.len() <= 256 && bytes <= 64 * 1024 * 1024, "{} papers, {bytes} bytes", papers.len());
}

#[test]
fn a_strict_printer_lists_what_it_does_not_know() {
    let mut bench = Bench::new();
    bench.send(b"\x1b\x01\x1d\x02ok\n");
    let unknown: Vec<&[u8]> = bench.machine.unknown_commands().collect();
    assert_eq!(unknown, [&[0x1b, 1][..], &[0x1d, 2]]);
}

/// Bytes that begin commands in some language, among any.
fn suspicious() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(
        prop_oneof![
            Just(0x1bu8),
            Just(0x1d),
            Just(0x1c),
            Just(0x10),
            Just(b'('),
            Just(b'k'),
            Just(b'V'),
            Just(b'*'),
            Just(b'^'),
            Just(b'~'),
            Just(b'F'),
            Just(b'D'),
            Just(b'S'),
            Just(b'X'),
            Just(b'A'),
            Just(b'Z'),
            Just(b','),
            Just(10),
            any::<u8>()
        ],
        0..600,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_language_panics_or_holds_too_much(bytes in suspicious()) {
        for language in Language::ALL {
            prop_assert!(parse(language, &bytes).most_held <= MOST_HELD_BYTES);
            for paper in develop(&Settings::of(language), &bytes) {
                prop_assert!(!paper.png().is_empty());
            }
        }
    }

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
    assert!(papers[0].text().contains("1 x Crème brûlée"), "{}", papers[0].text());
    assert!(bench.is("unknown_commands", json!(0)));
    if let Some(folder) = std::env::var_os("TRIVET_SHOW_PAPER") {
        PaperTray::open(Path::new(&folder)).unwrap().put(&papers[0]).unwrap();
    }
}
