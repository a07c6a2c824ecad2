//! paper-encode: receipts per CPU-second, from blocks to bytes. The limit is a loop that can print this receipt only and
//! gives the same bytes; the peers print the same receipt each in its own quickest way: one printer object for all of
//! them, the code page set by hand, lines that are laid out already, the QR code by the printer itself.

use std::cell::RefCell;
use std::hint::black_box;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use escpos::driver::Driver;
use escpos::printer::Printer;
use escpos::printer_options::PrinterOptions;
use escpos::utils::{JustifyMode, PageCode, Protocol, QRCodeCorrectionLevel, QRCodeModel, QRCodeOption};
use nix::time::{ClockId, clock_gettime};
use trivet_drivers::printer::{Art, EncodedPictures, Job, Profile, encode};
use trivet_paper::raster::Grid;
use trivet_paper::{Bitmap, Line, PictureId, layout};

use crate::direct::Direct;
use crate::figure::{Figure, median};
use crate::python::Python;
use crate::receipt::{COLUMNS, LOGO, MODULE, QR, Receipt, TITLE};

const ROUNDS: usize = 5;
/// CPU time of one encoder in one round.
const SECONDS: f64 = 0.5;
const KEY: [u8; 2] = *b"TR";

#[derive(Default)]
struct Rounds {
    ours: Vec<f64>,
    ours_stored: Vec<f64>,
    direct: Vec<f64>,
    direct_stored: Vec<f64>,
    crates: Vec<f64>,
    crates_stored: Vec<f64>,
    python_image: Vec<f64>,
    python_kept: Vec<f64>,
}

pub(crate) fn run() -> anyhow::Result<Vec<Figure>> {
    let python = Python::install(crate::python::ESCPOS)?;
    let folder = tempfile::tempdir()?;
    let receipt = Receipt::new();
    let profile = Profile::named("epson-80")?;
    ensure!(usize::from(profile.columns) == COLUMNS, "epson-80 prints {COLUMNS} characters a line");
    let logo = Arc::new(receipt.logo.clone());
    let kept = |key| Kept { logo: logo.clone(), key, encoded: EncodedPictures::default() };
    let (sent, stored) = (kept(None), kept(Some(KEY)));
    let ours = |art: &Kept| encode(&layout(&receipt.paper(), COLUMNS), &profile, art).into_bytes();
    let direct = Direct::new(Direct::raster(&receipt, usize::from(profile.dots)));
    let direct_stored = Direct::new(Direct::stored(KEY));
    let mut peer = Peer::new(raster(&receipt.logo));
    let mut peer_stored = Peer::new(Direct::stored(KEY));

    receipt.check("trivet", &ours(&sent), true)?;
    receipt.check("trivet, logo stored", &ours(&stored), false)?;
    receipt.check("the crate", &peer.print(&receipt)?, true)?;
    receipt.check("the crate, logo stored", &peer_stored.print(&receipt)?, false)?;
    ensure!(direct.write(&receipt) == ours(&sent), "the limit gives other bytes than trivet");
    ensure!(direct_stored.write(&receipt) == ours(&stored), "the limit gives other bytes than trivet, logo stored");

    let mut rounds = Rounds::default();
    for _ in 0..ROUNDS {
        rounds.ours.push(per_cpu_second(|| Ok(ours(&sent)))?);
        rounds.ours_stored.push(per_cpu_second(|| Ok(ours(&stored)))?);
        rounds.direct.push(per_cpu_second(|| Ok(direct.write(&receipt)))?);
        rounds.direct_stored.push(per_cpu_second(|| Ok(direct_stored.write(&receipt)))?);
        rounds.crates.push(per_cpu_second(|| peer.print(&receipt))?);
        rounds.crates_stored.push(per_cpu_second(|| peer_stored.print(&receipt))?);
        let python = python.measure(folder.path(), &receipt, SECONDS)?;
        rounds.python_image.push(python.image);
        rounds.python_kept.push(python.kept);
    }
    Ok(figures(&rounds))
}

fn figures(rounds: &Rounds) -> Vec<Figure> {
    let figure = |figure: &str, ours: &[f64], direct: &[f64], peer: &[f64]| Figure {
        id: "paper-encode",
        figure: figure.to_owned(),
        unit: "receipts/CPU-s",
        rounds: ours.to_vec(),
        limit: Some(median(direct)),
        peer: Some(median(peer)),
        larger_is_better: true,
    };
    let (ours, direct) = (&rounds.ours, &rounds.direct);
    vec![
        figure("logo sent; peer escpos 0.20.1", ours, direct, &rounds.crates),
        figure("logo sent; peer python-escpos", ours, direct, &rounds.python_image),
        figure("logo sent; peer python-escpos, kept raster", ours, direct, &rounds.python_kept),
        figure("logo stored; peer escpos 0.20.1", &rounds.ours_stored, &rounds.direct_stored, &rounds.crates_stored),
    ]
}

/// Receipts per second of this thread's CPU time.
fn per_cpu_second(mut print: impl FnMut() -> anyhow::Result<Vec<u8>>) -> anyhow::Result<f64> {
    let cpu = || anyhow::Ok(Duration::from(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?).as_secs_f64());
    let started = cpu()?;
    let mut printed = 0u32;
    loop {
        for _ in 0..32 {
            black_box(print()?);
        }
        printed += 32;
        let taken = cpu()? - started;
        if taken >= SECONDS {
            return Ok(f64::from(printed) / taken);
        }
    }
}

/// The logo at hand as a box has it, and its key if the printer keeps it.
struct Kept {
    logo: Arc<Bitmap>,
    key: Option<[u8; 2]>,
    encoded: EncodedPictures,
}

impl Art for Kept {
    fn picture(&self, id: &PictureId) -> Option<Arc<Bitmap>> {
        (*id == LOGO).then(|| self.logo.clone())
    }
    fn stored(&self, id: &PictureId) -> Option<[u8; 2]> {
        self.key.filter(|_| *id == LOGO)
    }
    fn encoded(&self, id: &PictureId, profile: &Profile, make: &dyn Fn() -> Job) -> Arc<Job> {
        self.encoded.get(id, profile, make)
    }
    fn draw(&self, _: &Line, _: Grid) -> Option<(Bitmap, Vec<char>)> {
        None
    }
}

/// `GS v 0` with the logo alone: who prints it centres it.
fn raster(logo: &Bitmap) -> Vec<u8> {
    let mut bytes = vec![0x1d, b'v', b'0', 0];
    bytes.extend((logo.stride() as u16).to_le_bytes());
    bytes.extend(logo.height().to_le_bytes());
    bytes.extend_from_slice(&logo.packed);
    bytes
}

/// The crate `escpos`, with the command that prints the logo at hand.
struct Peer {
    printer: Printer<Collector>,
    bytes: Rc<RefCell<Vec<u8>>>,
    logo: Vec<u8>,
}

impl Peer {
    fn new(logo: Vec<u8>) -> Peer {
        let bytes = Rc::<RefCell<Vec<u8>>>::default();
        let options = PrinterOptions::new(Some(PageCode::WPC1252), None, COLUMNS as u8);
        let printer = Printer::new(Collector(bytes.clone()), Protocol::default(), Some(options));
        Peer { printer, bytes, logo }
    }

    fn print(&mut self, receipt: &Receipt) -> anyhow::Result<Vec<u8>> {
        self.printer.init()?.justify(JustifyMode::CENTER)?.custom(&self.logo)?;
        self.printer.bold(true)?.size(2, 2)?.writeln(TITLE)?.bold(false)?.reset_size()?.justify(JustifyMode::LEFT)?;
        for line in &receipt.whole {
            self.printer.writeln(line)?;
        }
        let qr = QRCodeOption::new(QRCodeModel::Model2, MODULE, QRCodeCorrectionLevel::M);
        self.printer.justify(JustifyMode::CENTER)?.qrcode_option(QR, qr)?.justify(JustifyMode::LEFT)?.print_cut()?;
        Ok(self.bytes.take())
    }
}

struct Collector(Rc<RefCell<Vec<u8>>>);

impl Driver for Collector {
    fn name(&self) -> String {
        "collector".to_owned()
    }
    fn write(&self, data: &[u8]) -> escpos::errors::Result<()> {
        self.0.borrow_mut().extend_from_slice(data);
        Ok(())
    }
    fn read(&self, _: &mut [u8]) -> escpos::errors::Result<usize> {
        Ok(0)
    }
    fn flush(&self) -> escpos::errors::Result<()> {
        Ok(())
    }
}
