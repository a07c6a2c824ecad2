//! A printer on a serial line: a PTY, with a virtual printer at its other end.

use std::time::Duration;

use trivet_drivers::printer::{Address, Outcome, Profile, Session, Status, encode};
use trivet_drivers::virtual_printer::{FrontEnd, Options, Settings, VirtualPrinter};
use trivet_paper::{Paper, Style, layout};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_is_confirmed_over_a_serial_line() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("printer");
    let printer = VirtualPrinter::start(Options {
        front_end: FrontEnd::Pty { link: link.clone(), baud: 115_200 },
        control: ([127, 0, 0, 1], 0).into(),
        paper: folder.path().join("paper"),
        settings: Settings { strict: true, ..Settings::default() },
    })
    .await
    .unwrap();
    let profile = Profile::named("epson-80").unwrap();
    let address: Address = format!("serial:{}@115200", link.display()).parse().unwrap();
    let mut session = Session::new(address, profile.clone());
    assert_eq!(session.check().await, &Status::Ready);
    let mut paper = Paper::default();
    paper.text("GRILL", Style::LARGE.centred()).text("2 x Crème brûlée", Style::LARGE).rule().cut();
    let frames = encode(&layout(&paper, usize::from(profile.columns)), &profile);
    let printed = tokio::time::timeout(Duration::from_secs(20), session.print(&frames, *b"001")).await.unwrap();
    assert_eq!(printed, Outcome::Printed);
    assert_eq!(printer.state()["unknown_commands"], 0, "{}", printer.state());
    // The confirmation comes when the paper is printed, a moment before the file of it is there.
    let file = folder.path().join("paper/0001.txt");
    let text = loop {
        if let Ok(text) = std::fs::read_to_string(&file) {
            break text;
        }
        tokio::task::yield_now().await;
    };
    assert!(text.contains("GRILL") && text.contains("2 x Crème brûlée"), "{text}");
    printer.stop().await;
}
