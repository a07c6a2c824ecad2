//! One printer's actor: the only owner of its link. It takes the next ticket from the spool, tries it, and notes what
//! became of it.

use std::time::Duration;

use anyhow::Context;
use trivet_drivers::printer::{Address, Outcome, Profile, Session, Status, encode};
use trivet_paper::{Block, Style, layout};
use trivet_replica::App;
use trivet_replica::store::Writing;

use super::spool::{self, EXPIRES_MS, End, Job};
use crate::config::Printer;
use crate::devices::Devices;

/// After a failure; doubled up to the longest.
const RETRY: Duration = Duration::from_secs(1);
const LONGEST_RETRY: Duration = Duration::from_secs(15);
/// So many attempts that sent something and were not confirmed, and a person decides: the tickets behind it go on.
const MAX_ATTEMPTS: i64 = 3;
/// An idle printer is asked this often how it is.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Starts an actor for each printer of the configuration.
pub(crate) async fn start(app: &App, devices: &Devices, printers: &[Printer]) -> anyhow::Result<()> {
    let stations: Vec<(String, String)> =
        printers.iter().flat_map(|p| p.stations.iter().map(|s| (s.clone(), p.name.clone()))).collect();
    let now = app.wall.now_ms();
    app.store.write(move |writing| spool::begin(writing.conn, &stations, now)).await??;
    for printer in printers {
        let address: Address = printer.address.parse().map_err(anyhow::Error::msg)?;
        let profile = Profile::named(&printer.profile)
            .with_context(|| format!("printer {}: there is no profile `{}`", printer.name, printer.profile))?;
        devices.add("printer", &printer.name, &printer.address);
        let actor = Actor {
            app: app.clone(),
            devices: devices.clone(),
            name: printer.name.clone(),
            session: Session::new(address, profile),
            retry: RETRY,
        };
        tokio::spawn(actor.run());
    }
    Ok(())
}

struct Actor {
    app: App,
    devices: Devices,
    name: String,
    session: Session,
    retry: Duration,
}

impl Actor {
    async fn run(mut self) {
        let mut grown = self.app.store.grown();
        loop {
            match self.next().await {
                Ok(Some(job)) => {
                    let lost_track = End {
                        state: "in_doubt",
                        note: "the spool could not be written".to_owned(),
                        heading: spool::doubt(&job.number),
                        not_before_ms: 0,
                        counts: true,
                    };
                    if let Err(error) = self.print(job.clone()).await {
                        tracing::error!(printer = self.name, error = %format!("{error:#}"), "printing");
                        drop(self.end(&job, lost_track).await);
                        tokio::time::sleep(RETRY).await;
                    }
                }
                Ok(None) => {
                    // The ticket's own commit wakes it; meanwhile it looks after its printer.
                    let woken = tokio::time::timeout(LOOK_EVERY, grown.changed()).await;
                    if woken.is_err() {
                        self.session.check().await;
                        self.tell();
                    }
                }
                Err(error) => {
                    tracing::error!(printer = self.name, error = %format!("{error:#}"), "reading the spool");
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }

    async fn next(&self) -> anyhow::Result<Option<Job>> {
        let (name, now) = (self.name.clone(), self.app.wall.now_ms());
        let next = self.app.read(move |view| spool::next(view.conn, &name, now)).await;
        next.map_err(|problem| anyhow::anyhow!(problem.detail))
    }

    async fn print(&mut self, job: Job) -> anyhow::Result<()> {
        let now = self.app.wall.now_ms();
        if now - job.created_ms > EXPIRES_MS && !job.released {
            return self.hold(&job, "waited more than 30 minutes for its printer").await;
        }
        if job.attempts >= MAX_ATTEMPTS {
            return self.hold(&job, "printed several times without a confirmation").await;
        }
        let Some(paper) = headed(&job) else { return self.hold(&job, "its paper does not read").await };
        let name = self.name.clone();
        let (id, check) = (job.id, job.check);
        let begun = move |writing: &mut Writing<'_>| {
            let mark = spool::begin_attempt(writing.conn, id, &name, now)?;
            writing.touch(check)?;
            Ok::<u32, rusqlite::Error>(mark)
        };
        let mark = self.app.store.write(begun).await??;
        let frames = encode(&layout(&paper, usize::from(self.session.profile().columns)), self.session.profile());
        let outcome = self.session.print(&frames, letters(mark)).await;
        self.tell();
        let end = self.after(&job, outcome);
        self.end(&job, end).await
    }

    fn after(&mut self, job: &Job, outcome: Outcome) -> End {
        let wait = i64::try_from(self.retry.as_millis()).unwrap_or(i64::MAX);
        let later = self.app.wall.now_ms() + wait;
        let failed = !matches!(outcome, Outcome::Printed | Outcome::Sent);
        self.retry = if failed { (self.retry * 2).min(LONGEST_RETRY) } else { RETRY };
        let doubt = spool::doubt(&job.number);
        let was_in_doubt = job.in_doubt || job.heading == doubt;
        match outcome {
            Outcome::Printed => {
                End { state: "printed", note: String::new(), heading: String::new(), not_before_ms: 0, counts: true }
            }
            Outcome::Sent => End {
                state: "sent",
                note: "this printer does not confirm".to_owned(),
                heading: String::new(),
                not_before_ms: 0,
                counts: true,
            },
            // What was in doubt before stays in doubt: this attempt has sent nothing.
            Outcome::NotReady(note) => End {
                state: if job.in_doubt { "in_doubt" } else { "queued" },
                note: if job.released { spool::RELEASED.to_owned() } else { note },
                heading: if was_in_doubt { doubt } else { job.heading.clone() },
                not_before_ms: later,
                counts: false,
            },
            Outcome::Cleared => End {
                state: "queued",
                note: "the printer dropped an incomplete copy".to_owned(),
                heading: if was_in_doubt { doubt } else { "** REPRINT - earlier copy incomplete **".to_owned() },
                not_before_ms: later,
                counts: true,
            },
            Outcome::InDoubt(note) => {
                End { state: "in_doubt", note, heading: doubt, not_before_ms: later, counts: true }
            }
        }
    }

    async fn hold(&self, job: &Job, why: &str) -> anyhow::Result<()> {
        let heading = if job.in_doubt { spool::doubt(&job.number) } else { job.heading.clone() };
        self.end(job, End { state: "held", note: why.to_owned(), heading, not_before_ms: 0, counts: true }).await
    }

    async fn end(&self, job: &Job, end: End) -> anyhow::Result<()> {
        let (id, check, now) = (job.id, job.check, self.app.wall.now_ms());
        let ended = move |writing: &mut Writing<'_>| {
            spool::end_attempt(writing.conn, id, &end, now)?;
            writing.touch(check)
        };
        self.app.store.write(ended).await??;
        Ok(())
    }

    fn tell(&self) {
        let (state, detail) = match &self.session.status {
            Status::Unknown => ("unknown", ""),
            Status::Ready if !self.session.profile().status => ("unknown", "this model tells nothing"),
            Status::Ready => ("up", ""),
            Status::Busy => ("busy", "connected, but does not answer"),
            Status::Attention(words) => ("attention", words.as_str()),
            Status::Down(words) => ("down", words.as_str()),
        };
        self.devices.set(&self.name, state, detail, self.app.wall.now_ms());
    }
}

/// The ticket, with what must be known of earlier copies on top.
fn headed(job: &Job) -> Option<trivet_paper::Paper> {
    let mut paper = job.paper.clone()?;
    let heading = if job.in_doubt { spool::doubt(&job.number) } else { job.heading.clone() };
    if !heading.is_empty() {
        paper.blocks.insert(0, Block::Text { text: heading, style: Style::TALL.bold().reversed() });
    }
    Some(paper)
}

/// A mark as three printable characters, 21h to 7Eh: 94³ attempts before one comes again.
fn letters(mark: u32) -> [u8; 3] {
    let digit = |value: u32| 0x21 + (value % 94) as u8;
    [digit(mark / 94 / 94), digit(mark / 94), digit(mark)]
}
