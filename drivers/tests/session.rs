//! A printer as its owner talks to it: over TCP and a serial line (a PTY), with a virtual printer at the other end that
//! fails in the ways that printers do.

#![expect(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

use std::path::PathBuf;
use std::time::Duration;

use trivet_drivers::printer::{
    Address, Cover, Job, LinkState, NoArt, Outcome, Paper as Roll, Profile, Session, encode,
};
use trivet_drivers::virtual_printer::{Fault, FrontEnd, Options, PaperLeft, Settings, VirtualPrinter};
use trivet_paper::{Paper, Style, layout};

struct Rig {
    printer: VirtualPrinter,
    session: Session,
    folder: tempfile::TempDir,
    job: Job,
}

impl Rig {
    async fn new(profile: &str) -> Rig {
        let folder = tempfile::tempdir().unwrap();
        Rig::with(profile, FrontEnd::Tcp(([127, 0, 0, 1], 0).into()), folder).await
    }

    async fn with(profile: &str, front_end: FrontEnd, folder: tempfile::TempDir) -> Rig {
        let printer = VirtualPrinter::start(Options {
            front_end,
            control: ([127, 0, 0, 1], 0).into(),
            paper: folder.path().join("paper"),
            settings: Settings { strict: true, ..Settings::default() },
        })
        .await
        .unwrap();
        let profile = Profile::named(profile).unwrap();
        let address: Address = printer.address().parse().unwrap();
        let mut paper = Paper::default();
        paper.text("GRILL", Style::LARGE.centred()).text("2 x Crème brûlée 5 €", Style::LARGE).rule().cut();
        let job = encode(&layout(&paper, usize::from(profile.columns)), &profile, &NoArt);
        Rig { printer, session: Session::new(address, profile), folder, job }
    }

    async fn print(&mut self, id: &[u8; 3]) -> Outcome {
        let printing = self.session.print(&self.job, *id);
        tokio::time::timeout(Duration::from_secs(60), printing).await.unwrap()
    }

    fn papers(&self) -> Vec<PathBuf> {
        let files = std::fs::read_dir(self.folder.path().join("paper")).unwrap();
        files.map(|file| file.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == "txt")).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_is_confirmed_over_a_serial_line() {
    let folder = tempfile::tempdir().unwrap();
    let front_end = FrontEnd::Pty { link: folder.path().join("printer"), baud: 115_200 };
    let mut rig = Rig::with("epson-80", front_end, folder).await;
    assert_eq!(rig.print(b"001").await, Outcome::Printed { cut: true });
    assert_eq!(rig.printer.state()["unknown_commands"], 0, "{}", rig.printer.state());
    // The confirmation comes when the paper is printed, a moment before the file of it is there.
    while rig.papers().is_empty() {
        tokio::task::yield_now().await;
    }
    let text = std::fs::read_to_string(rig.papers().pop().unwrap()).unwrap();
    assert!(text.contains("GRILL") && text.contains("2 x Crème brûlée 5 €"), "{text}");
}

/// What a person must see to is said by the printer itself, at once, while nothing is being printed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_printer_says_what_ails_it_by_itself() {
    let mut rig = Rig::new("epson-80").await;
    assert_eq!(rig.print(b"001").await, Outcome::Printed { cut: true });
    let mut state = rig.session.state();
    for (fault, cover, paper) in [
        (Fault::Cover(true), Cover::Open, Roll::Ok),
        (Fault::Cover(false), Cover::Closed, Roll::Ok),
        (Fault::PaperNearEnd(true), Cover::Closed, Roll::NearEnd),
        (Fault::PaperOut(PaperLeft::Millimetres(0.0)), Cover::Closed, Roll::End),
        (Fault::None, Cover::Closed, Roll::Ok),
    ] {
        rig.printer.order(fault);
        while (state.borrow().cover, state.borrow().paper) != (cover, paper) {
            tokio::time::timeout(Duration::from_secs(5), rig.session.listen()).await.unwrap();
        }
    }
    state.mark_unchanged();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_paper_nothing_is_sent_and_nothing_is_in_doubt() {
    let mut rig = Rig::new("epson-80").await;
    rig.printer.order(Fault::PaperOut(PaperLeft::Millimetres(0.0)));
    assert_eq!(rig.print(b"001").await, Outcome::NotReady("paper end".to_owned()));
    assert_eq!(rig.session.written, 0);
    rig.printer.order(Fault::None);
    assert_eq!(rig.print(b"002").await, Outcome::Printed { cut: true });
}

/// The roll ends in the middle of a ticket: the printer keeps the rest, and prints it on the new roll.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_on_two_rolls_is_one_ticket() {
    let mut rig = Rig::new("epson-80").await;
    rig.printer.order(Fault::PaperOut(PaperLeft::Millimetres(5.0)));
    let mut state = rig.session.state();
    let Rig { printer, session, job, .. } = &mut rig;
    let refill = async {
        state.wait_for(|state| state.paper == Roll::End).await.unwrap();
        printer.order(Fault::None);
    };
    let (outcome, ()) = tokio::join!(session.print(job, *b"001"), refill);
    assert_eq!(outcome, Outcome::Printed { cut: true });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silence_is_no_confirmation() {
    let mut rig = Rig::new("epson-80").await;
    rig.printer.order(Fault::Mute(true));
    assert!(matches!(rig.print(b"001").await, Outcome::NotReady(_)));
    assert_eq!(rig.session.state().borrow().link, LinkState::Busy);
    // A clone confirms nothing: what it was given is sent, never printed.
    let mut clone = Rig::new("generic-80").await;
    clone.printer.order(Fault::Clone(true));
    assert_eq!(clone.print(b"001").await, Outcome::Sent);
}

/// Wherever the link breaks: a ticket of which the printer took a byte is never called unsent, and one that it did not
/// confirm is never called printed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_breaks_at_any_byte_leaves_no_wrong_word() {
    let mut rig = Rig::new("epson-80").await;
    let length = rig.job.bytes().len() as u64 + 40;
    for at in (1..length).step_by(7) {
        rig.printer.order(Fault::None);
        rig.printer.order(Fault::CutAtByte(Some(at)));
        let outcome = rig.print(b"abc").await;
        match &outcome {
            Outcome::NotReady(_) => assert_eq!(rig.session.written, 0, "at byte {at}"),
            Outcome::InDoubt(_) | Outcome::Printed { .. } => {}
            Outcome::Sent | Outcome::Cleared => panic!("at byte {at}: {outcome:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drawer_is_opened_by_five_bytes_and_its_switch_is_read() {
    let mut rig = Rig::new("epson-80").await;
    assert_eq!(rig.session.pulse(0).await, Outcome::Sent);
    let mut state = rig.session.state();
    rig.printer.order(Fault::Drawer(true));
    while state.borrow_and_update().drawer_pin != trivet_drivers::printer::DrawerPin::High {
        tokio::time::timeout(Duration::from_secs(5), rig.session.listen()).await.unwrap();
    }
    assert_eq!(rig.printer.state()["unknown_commands"], 0);
}
