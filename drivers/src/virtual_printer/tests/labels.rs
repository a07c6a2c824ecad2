//! A label printer that speaks ZPL II.

use super::super::*;
use super::bench::{Bench, NOTHING};

fn zpl() -> Bench {
    Bench::of(Settings::label())
}

fn label(body: &str) -> Paper {
    let papers = develop(&Settings::label(), format!("^XA{body}^XZ").as_bytes());
    assert_eq!(papers.len(), 1, "{body}");
    papers.into_iter().next().unwrap()
}

/// The smallest rectangle around everything black: left, top, right, bottom.
fn extent(paper: &Paper) -> (u32, u32, u32, u32) {
    let picture = Bitmap::of_rows(paper.width(), paper.height(), paper.rows().to_vec());
    picture.black().fold((u32::MAX, u32::MAX, 0, 0), |(l, t, r, b), (x, y)| (l.min(x), t.min(y), r.max(x), b.max(y)))
}

#[test]
fn labels_say_what_a_reader_sees() {
    for (body, expected) in [
        ("^FO50,60^A0N,30,30^FDOnion soup^FS", "Onion soup\n"),
        ("^CF0,40^FO50,60^FDSoup^FS^FO400,62^FD8.50^FS^FO50,120^FDTea^FS", "Soup  8.50\nTea\n"),
        ("^CI28^FO9,9^FDCrème brûlée €^FS", "Crème brûlée €\n"),
        ("^CI27^FO9,9^FH^FDcaf_e9 _80^FS", "café €\n"),
        ("^FO9,9^FH^FD_82_5e^FS", "é^\n"),
        ("^FO9,9^BQN,2,4^FDQA,https://trivet.x^FS", "[QR: https://trivet.x]\n"),
        ("^BY2^FO9,9^BCN,80,Y^FDLot 7^FS", "[barcode: Lot 7]\n"),
        ("^FO9,9^BEN,80^FD400638133393^FS", "[barcode: 4006381333931]\n"),
        ("^FO9,9^B3N,N,80^FDAB-1^FS", "[barcode: AB-1]\n"),
        ("^FO9,9^GFA,4,4,2,FF0081FF^FS", "[picture 16x2]\n"),
        ("^FO9,9^A0N,30^FB200,3^FDuse by Friday at noon^FS", "use by Friday\nat noon\n"),
        ("^FX a comment^FO9,9^FDx^FS", "x\n"),
    ] {
        let mut bench = zpl();
        bench.send(format!("^XA{body}^XZ").as_bytes());
        bench.pass(5_000);
        assert_eq!(bench.texts(), [expected], "{body}");
        assert!(bench.is("unknown_commands", json!(0)), "{body}: {}", bench.machine.state());
    }
}

#[test]
fn fields_stand_where_they_are_put() {
    for (body, expected) in [
        ("^FO10,20^GB100,50,4^FS", (10, 20, 109, 69)),
        ("^LH5,6^FO10,20^GB100,50,4^FS", (15, 26, 114, 75)),
        ("^FT10,120^GB100,50,4^FS", (10, 71, 109, 120)),
        ("^FO10,20^GB100,50,50^FS^FR^FO10,20^GB50,50,50^FS", (60, 20, 109, 69)),
        ("^FO10,20^GB100,50,50^FS^FO10,20^GB50,50,50,W^FS", (60, 20, 109, 69)),
        ("^PW60^FO10,20^GB100,50,50^FS", (10, 20, 59, 69)),
        ("^PON^POI^FO0,0^GB10,10,10^FS", (822, 390, 831, 399)),
    ] {
        let found = extent(&label(body));
        let near = |a: u32, b: u32| a.abs_diff(b) <= 1;
        let (l, t, r, b) = expected;
        assert!(near(found.0, l) && near(found.1, t) && near(found.2, r) && near(found.3, b), "{body}: {found:?}");
    }
}

#[test]
fn text_turns_about_its_place() {
    let size = |body: &str| {
        let (l, t, r, b) = extent(&label(body));
        (r - l, b - t)
    };
    let upright = size("^FO200,100^A0N,40,40^FDSoup^FS");
    for turned in ["R", "B"] {
        assert_eq!(size(&format!("^FO200,100^A0{turned},40,40^FDSoup^FS")), (upright.1, upright.0));
    }
    assert_eq!(size("^FO200,100^A0I,40,40^FDSoup^FS"), upright);
    // The base line is the place's height, whatever the size.
    for height in [20, 40, 80] {
        let (.., bottom) = extent(&label(&format!("^FT100,200^A0N,{height}^FDSomn^FS")));
        assert!(bottom.abs_diff(200) <= 2 + height / 20, "{height}: {bottom}");
    }
}

#[test]
fn the_label_is_as_long_as_it_is_told_and_comes_as_often() {
    let papers = develop(&Settings::label(), b"^XA^LL240^FO9,9^FDx^FS^PQ3^XZ^XA^FO9,9^FDy^FS^XZ");
    assert_eq!(papers.iter().map(Paper::height).collect::<Vec<_>>(), [240; 4]);
    assert_eq!(papers.iter().map(Paper::text).collect::<String>(), "x\nx\nx\ny\n");
    assert!(papers.iter().all(|paper| paper.end() == End::Label));
    assert!(develop(&Settings::label(), b"^XA^LL100^XZ").is_empty(), "settings alone feed nothing");
    assert!(develop(&Settings::label(), b"^XA^FO9,9^FDx^FS^PQ99999999^XZ").len() <= 256);
}

#[test]
fn host_status_in_three_lines() {
    let mut bench = zpl();
    let lines = |bytes: Vec<u8>| -> Vec<String> {
        let text = String::from_utf8(bytes).unwrap();
        text.split_terminator("\x03\r\n").map(|line| line.strip_prefix('\x02').unwrap().to_owned()).collect()
    };
    let ready = lines(bench.send(b"~HS"));
    assert_eq!(ready, ["030,0,0,0400,000,0,0,0,000,0,0,0", "000,0,0,0,0,2,6,0,00000000,1,000", "1234,0"]);
    bench.order("paper_out", json!(true));
    bench.order("cover", json!(true));
    bench.send(b"^XA^LL400^FO9,9^FDx^FS^PQ5^XZ");
    let stopped = lines(bench.send(b"~HS"));
    assert!(stopped[0].starts_with("030,1,0,0400,001,"), "{stopped:?}");
    assert!(stopped[1].starts_with("000,0,1,"), "{stopped:?}");
    bench.order("none", json!(null));
    bench.pass(400);
    let printing = lines(bench.send(b"~HS"));
    assert!(printing[1].contains(",00000003,"), "{printing:?}");
    bench.send(b"~JA");
    bench.pass(5_000);
    assert_eq!(bench.texts().len(), 2, "what was printing is finished, the rest is cancelled");
    assert_eq!(lines(bench.send(b"~HS"))[1], "000,0,0,0,0,2,6,0,00000000,1,000");
}

#[test]
fn a_pause_holds_the_labels() {
    let mut bench = zpl();
    bench.send(b"~PP^XA^FO9,9^FDx^FS^XZ");
    bench.pass(5_000);
    assert!(bench.texts().is_empty());
    bench.send(b"~PS");
    bench.pass(5_000);
    assert_eq!(bench.texts(), ["x\n"]);
}

#[test]
fn unknown_commands_and_impossible_codes_are_listed() {
    let mut bench = zpl();
    bench.order("clone", json!(true));
    assert_eq!(bench.send(b"~HS"), NOTHING, "a clone does not answer");
    bench.send(b"^XA^ZZ1,2^FO9,9^BEN^FDabc^FS^FO9,9^GFA,8,8,1,:Z64:eJ:1^FS^XZ");
    bench.pass(1_000);
    let unknown: Vec<String> =
        bench.machine.unknown_commands().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect();
    assert_eq!(unknown, ["^ZZ1,2", "^FDabc", "^GFA,8,8,1,:Z64:"]);
}

/// Writes a label's picture where `TRIVET_SHOW_PAPER` says, to be looked at.
#[test]
fn a_food_label() {
    let body = "^CI28^PW600^LL400^FO0,0^GB600,70,70^FS^FO20,12^A0N,52,48^FR^FDCRÈME BRÛLÉE^FS\
        ^FO20,90^A0N,34,34^FDPrepared  Fri 21 Nov 14:05^FS^FO20,130^A0N,34,34^FDUse by    Sun 23 Nov^FS\
        ^FO20,176^A0N,26,26^FB360,3,4,L^FDContains egg, milk. May contain nuts. Keep at 5 °C or below.^FS\
        ^FO430,90^BQN,2,5^FDQA,https://trivet.x/b/7K2^FS^BY2,3,70^FO20,300^BCN,60,Y,N^FD>:LOT-0042^FS\
        ^FO400,290^GB180,90,3,B,3^FS^FO420,312^A0N,50,40^FDF-12^FS^FO560,250^A0R,24,24^FDturned^FS";
    let paper = label(body);
    assert!(paper.text().contains("[QR: https://trivet.x/b/7K2]"), "{}", paper.text());
    if let Some(folder) = std::env::var_os("TRIVET_SHOW_PAPER") {
        PaperTray::open(std::path::Path::new(&folder)).unwrap().put(&paper).unwrap();
    }
}
