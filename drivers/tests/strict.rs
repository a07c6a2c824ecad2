//! Every byte that leaves is a command: read by a parser that is not ours and refuses what it does not know, and by the
//! virtual printer's, which was written from the command references.
//!
//! The papers lie in `target/strict` as PNG files, with the codes that are on them in `expected.json`; `codes.py` reads
//! them as a scanner would.

mod strict {
    pub(crate) mod noise;
    pub(crate) mod papers;
}

use std::path::{Path, PathBuf};

use escpost_render::{DeviceEvent, RenderError, RenderResult};
use proptest::prelude::*;
use serde_json::{Value, json};
use strict::noise::{Noise, paper};
use strict::papers::{self, Sample, ShopArt};
use trivet_drivers::printer::{Job, Language, Profile, encode, escpos};
use trivet_drivers::virtual_printer::{self as virtual_printer, Command, Parser, Scanner, Settings};
use trivet_paper::layout;

/// Two printers of the strict parser, and ours that print for them: the slots of the code pages are theirs.
const REFERENCE: &str = r#"
name = "REFERENCE"
inherits = "epson-80"
nv_graphics = false
raster = "gs_l"
buzzer = "drawer2"
preferred_pages = [20, 8]
replaces_code_pages = true
[code_pages]
0 = "cp437"
5 = "cp852"
8 = "cp858"
15 = "cp866"
18 = "windows-1250"
20 = "windows-1252"
"#;
/// The same with the older command for pictures.
const REFERENCE_GS_V: &str = r#"
name = "REFERENCE-gs-v"
inherits = "REFERENCE"
raster = "gs_v0"
cutter = "full"
feed_to_cutter_dots = 12
"#;
const NT_5890K: &str = r#"
name = "NT-5890K"
inherits = "generic-58"
buzzer = "drawer2"
[code_pages]
17 = "cp866"
18 = "cp852"
19 = "cp858"
"#;
/// Without a raster command.
const NT_5890K_COLUMNS: &str = r#"
name = "NT-5890K-columns"
inherits = "NT-5890K"
raster = "esc_star"
native_codes = false
"#;

/// A profile of ours, and the printer that it prints on.
const PRINTERS: [(&str, &str); 4] = [
    ("REFERENCE", "REFERENCE"),
    ("REFERENCE-gs-v", "REFERENCE"),
    ("NT-5890K", "NT-5890K"),
    ("NT-5890K-columns", "NT-5890K"),
];

fn own() -> [String; 4] {
    [REFERENCE, REFERENCE_GS_V, NT_5890K, NT_5890K_COLUMNS].map(str::to_owned)
}

fn profile(name: &str) -> Profile {
    Profile::among(name, &own()).expect("it stands above or is shipped")
}

fn encoded(sample: &Sample, profile: &Profile) -> Job {
    let job = encode(&layout(&sample.paper, usize::from(profile.columns)), profile, &ShopArt);
    assert_eq!(job.warnings, [""; 0], "{} for {}", sample.name, profile.name);
    job
}

/// The frames as a session sends them: a question before, a process id where the body ends and behind the cut, the
/// drawer last.
fn sent(job: &Job) -> Vec<Vec<u8>> {
    let (body, rest) = job.parts();
    let mut frames = vec![escpos::ask_status(1).to_vec()];
    frames.extend(body.map(<[u8]>::to_vec));
    frames.push(escpos::process_id(*b"E001").to_vec());
    frames.extend(rest.map(<[u8]>::to_vec));
    frames.push(escpos::process_id(*b"S001").to_vec());
    frames.push(escpos::pulse(0, 100, 200).to_vec());
    frames
}

/// The renderer knows paper and no back-channel. Taken out is what prints nothing, and of that only what stands here:
/// whole frames, and two commands of the first frame of a paper.
fn printing_part(frame: &[u8]) -> Vec<u8> {
    const NOTHING: &[u8] = &[];
    let rest = match frame {
        // DLE EOT n: a question for the status.
        [0x10, 0x04, 1..=4] => NOTHING,
        // GS ( H, function 48: a process id.
        [0x1d, b'(', b'H', 6, 0, 48, 48, _, _, _, _] => NOTHING,
        frame => frame,
    };
    // ESC @ FS . ESC t n GS a n: leaves kanji mode, and asks for status by itself.
    match rest {
        [0x1b, b'@', 0x1c, b'.', page @ ..] => {
            let page = page.strip_suffix(&[0x1d, b'a', 0x0f]).unwrap_or(page);
            [&[0x1b, b'@'], page].concat()
        }
        rest => rest.to_vec(),
    }
}

fn rendered(bytes: &[u8], printer: &str) -> Result<RenderResult, RenderError> {
    escpost_render::render(bytes, escpost_profiles::resolver::resolve(printer).expect("it comes with the crate"))
}

fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("it lies in the target folder").join("strict");
    std::fs::create_dir_all(&folder).expect("the target folder is ours");
    folder
}

/// Writes the pictures, and says what is to be read from them.
fn keep(name: &str, pngs: &[&[u8]], sample: &Sample) -> Value {
    let mut pictures = Vec::new();
    for (n, png) in pngs.iter().enumerate() {
        let file = format!("{name}-{}.png", n + 1);
        std::fs::write(folder().join(&file), png).expect("the target folder is ours");
        pictures.push(file);
    }
    json!({"pictures": pictures, "codes": sample.codes})
}

#[test]
fn every_paper_parses_and_comes_out() {
    let mut expected = Vec::new();
    for sample in papers::all() {
        for (name, printer) in PRINTERS.into_iter().filter(|_| !sample.ours_only) {
            let what = format!("{}-{name}", sample.name);
            let profile = profile(name);
            let job = encoded(&sample, &profile);
            let bytes: Vec<u8> = sent(&job).iter().flat_map(|frame| printing_part(frame)).collect();
            let result = rendered(&bytes, printer).unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!(result.warnings, [], "{what}");
            let cuts = if printer == "REFERENCE" { sample.cuts } else { 1 };
            assert_eq!(result.sheets.len(), cuts, "{what}");
            let pulse =
                |connector, on, off| DeviceEvent::CashDrawerPulse { connector, on_time_units: on, off_time_units: off };
            let buzz = sample.buzzes.then(|| pulse(1, 100, 100));
            assert_eq!(result.device_events, buzz.into_iter().chain([pulse(0, 50, 100)]).collect::<Vec<_>>(), "{what}");
            for sheet in &result.sheets {
                let across =
                    || (0..sheet.surface.width()).flat_map(|x| (0..sheet.surface.height()).map(move |y| (x, y)));
                let black = across().filter(|(x, y)| sheet.surface.is_printed(*x, *y)).count();
                assert!(black > 1_000, "{what}: {black} dots");
            }
            let pngs: Vec<&[u8]> = result.sheets.iter().map(|sheet| sheet.png.as_slice()).collect();
            expected.push(keep(&what, &pngs, &sample));
        }
        for (name, settings) in [
            ("epson-80", Settings::default()),
            ("generic-58", Settings::default().narrow()),
            ("star-80", Settings::star()),
            ("star-raster-80", Settings::star()),
            ("zpl-203", Settings { width_dots: 448, ..Settings::label() }),
        ] {
            let what = format!("{}-virtual-{name}", sample.name);
            let job = encoded(&sample, &profile(name));
            let papers = virtual_printer::develop(&settings, job.bytes());
            match name {
                // A label is as long as it is: a paper takes several.
                "zpl-203" => assert!(!papers.is_empty(), "{what}"),
                // Without a cutter, it is all on one.
                "generic-58" => assert_eq!(papers.len(), 1, "{what}"),
                _ => assert_eq!(papers.len(), sample.cuts, "{what}"),
            }
            let pngs: Vec<Vec<u8>> = papers.iter().map(virtual_printer::Paper::png).collect();
            let pngs: Vec<&[u8]> = pngs.iter().map(Vec::as_slice).collect();
            expected.push(keep(&what, &pngs, &sample));
        }
    }
    std::fs::write(folder().join("expected.json"), serde_json::to_vec_pretty(&expected).unwrap()).unwrap();
}

/// The control: what is known to be wrong on the wire is refused.
#[test]
fn defects_are_refused() {
    let profile = profile("REFERENCE-gs-v");
    let ticket = papers::ticket();
    let job = encoded(&ticket, &profile);
    let bytes: Vec<u8> = job.frames().flat_map(printing_part).collect();
    assert!(rendered(&bytes, "REFERENCE").is_ok());
    // The drawer's command cut to three bytes takes the next two for its times.
    let pulse = escpos::pulse(0, 100, 200);
    let before_the_cut = [&bytes[..bytes.len() - 4], &pulse[..3], &bytes[bytes.len() - 4..]].concat();
    assert!(bytes.ends_with(&[0x1d, b'V', 65, 12]));
    let at_the_end = [&bytes, &pulse[..3]].concat();
    let picture = bytes.windows(3).position(|three| three == [0x1d, b'v', b'0']).expect("a picture on the ticket");
    let half_a_picture = &bytes[..picture + 40];
    let mut a_byte_too_few = bytes.clone();
    a_byte_too_few.remove(picture + 20);
    for (what, bytes) in [
        ("pulse before the cut", before_the_cut.as_slice()),
        ("pulse at the end", at_the_end.as_slice()),
        ("half a picture", half_a_picture),
        ("a picture with a byte too few", &a_byte_too_few),
        ("FS .", b"\x1b@\x1c."),
        ("DLE EOT", b"\x10\x04\x01"),
        ("a code page that the model lacks", b"\x1bt\xc8\xe9\n"),
    ] {
        assert!(rendered(bytes, "REFERENCE").is_err(), "{what}");
    }
}

/// What a printer makes of bytes that are not ours to choose.
fn check_escpos(bytes: &[u8]) -> Result<(), TestCaseError> {
    let (mut scanner, mut parser, mut commands) = (Scanner::default(), Parser::default(), Vec::new());
    for byte in bytes {
        prop_assert_eq!(scanner.push(*byte), None, "a real-time command inside a paper");
        parser.push(*byte, &mut commands);
        for command in commands.drain(..) {
            prop_assert!(!matches!(command, Command::Unknown(_)), "{:x?}", command);
        }
    }
    prop_assert!(!parser.is_inside_command());
    Ok(())
}

fn check(job: &Job, language: Language) -> Result<(), TestCaseError> {
    let language = match language {
        Language::Escpos => return check_escpos(job.bytes()),
        Language::Star => virtual_printer::Language::Star,
        Language::Zpl => virtual_printer::Language::Zpl,
    };
    let is_wrong = |bytes: &[u8]| {
        let parsed = virtual_printer::parse(language, bytes);
        parsed.unknown > 0 || parsed.inside_command
    };
    let frame = job.frames().find(|frame| is_wrong(frame));
    prop_assert!(!is_wrong(job.bytes()), "{}", frame.unwrap_or_default().escape_ascii());
    Ok(())
}

/// The shipped profiles, and what none of them has: other commands for pictures, other double-byte sets, a buzzer at the
/// drawer's second connector. `ESC B` is none of Epson's commands and the virtual printer lacks it; so it does kanji on a Star.
fn every_profile() -> Vec<Profile> {
    let more = [
        "inherits = \"epson-80\"\nraster = \"gs_l\"\nkanji = \"shift_jis\"",
        "inherits = \"generic-58\"\nraster = \"esc_star\"\nkanji = \"big5\"\nbuzzer = \"drawer2\"",
        "inherits = \"generic-80\"\ndraws_text = true\nnative_codes = false\nkanji = \"euc_kr\"\nraster_band_rows = 1",
        "inherits = \"star-80\"\nbuzzer = \"drawer2\"\ncutter = \"none\"",
    ];
    let more = more.map(|text| format!("name = \"more\"\n{text}"));
    Profile::shipped()
        .chain(more.into_iter().map(|text| Profile::among("more", &[text]).expect("it stands above")))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_paper_is_commands_and_nothing_else((paper, noise) in (paper(), Noise::any())) {
        for profile in every_profile() {
            let lines = layout(&paper, usize::from(profile.columns));
            check(&encode(&lines, &profile, &noise), profile.language)
                .map_err(|error| TestCaseError::fail(format!("{}: {error}", profile.name)))?;
        }
    }

    #[test]
    fn any_picture_is_kept_by_one_command(noise in Noise::any()) {
        for picture in &noise.pictures {
            check_escpos(&escpos::keep_picture(*b"TA", picture))?;
        }
    }
}
