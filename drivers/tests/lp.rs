//! The link to a device of the kernel's printer class, on a PTY: nothing here has such a device.

use trivet_drivers::printer::{Address, NoArt, Outcome, Profile, Session, encode};
use trivet_drivers::virtual_printer::{FrontEnd, Options, Settings, VirtualPrinter};
use trivet_paper::{Paper, Style, layout};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_over_usb_and_again_after_the_plug_was_pulled() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("lp0");
    let start = || {
        VirtualPrinter::start(Options {
            front_end: FrontEnd::Pty { link: link.clone(), baud: 1_000_000 },
            control: ([127, 0, 0, 1], 0).into(),
            paper: folder.path().join("paper"),
            settings: Settings { strict: true, ..Settings::default() },
        })
    };
    let profile = Profile::named("epson-80").unwrap();
    let address: Address = format!("lp:{}", link.display()).parse().unwrap();
    let mut session = Session::new(address, profile.clone());
    let mut paper = Paper::default();
    paper.text("BAR", Style::LARGE).text("3 x Olut", Style::LARGE).cut();
    let job = encode(&layout(&paper, usize::from(profile.columns)), &profile, &NoArt);
    assert!(matches!(session.print(&job, *b"001").await, Outcome::NotReady(_)), "nothing is plugged in");
    let printer = start().await.unwrap();
    assert_eq!(session.print(&job, *b"002").await, Outcome::Printed { cut: true });
    printer.stop().await;
    assert!(matches!(session.print(&job, *b"003").await, Outcome::NotReady(_)), "it was pulled out");
    let printer = start().await.unwrap();
    assert_eq!(session.print(&job, *b"004").await, Outcome::Printed { cut: true });
    assert_eq!(printer.state()["unknown_commands"], 0);
}
