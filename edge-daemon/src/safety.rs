//! What the box notes by itself about food safety: checks that nobody answered, food whose time is over, cooling runs
//! that are decided, records that follow. It keeps nothing in memory: what is to be done is read from the store, and
//! each command's id follows from what it is about, so that a restart forgets nothing and does nothing twice.

use std::time::Duration;

use trivet_domain::{Command, haccp, safety};
use trivet_log::Id;
use trivet_modules::safety::work::{self, Work};
use trivet_replica::{Actor, App, Rejection};

/// How often timers are looked at.
const TICK: Duration = Duration::from_secs(1);
/// Every so many ticks all the rest; and as soon as something was written that it is read from.
const OTHERS_EVERY: u64 = 10;
const READ_FROM: &[&[u16]] = &[haccp::Event::KINDS, safety::Event::KINDS];

pub(crate) fn start(app: &App) {
    tokio::spawn(run(app.clone()));
}

async fn run(app: App) {
    let actor = Actor::the_box(Id::from_bytes(app.identity.origin().0));
    let location = app.identity.certificate.location;
    let mut grown = app.store.grown_of(READ_FROM);
    let mut tick = tokio::time::interval(TICK);
    let mut ticks: u64 = 0;
    loop {
        tick.tick().await;
        let grew = grown.has_changed().unwrap_or(false);
        if grew {
            grown.mark_unchanged();
        }
        let others = ticks.is_multiple_of(OTHERS_EVERY) || grew;
        ticks += 1;
        let found = app
            .read(move |view| {
                let mut found = work::timers(view, &work::clock(view.now_ms))?;
                if others {
                    found.extend(work::others(view, location)?);
                }
                Ok(found)
            })
            .await;
        match found {
            Ok(found) => note(&app, actor, found).await,
            Err(problem) => tracing::error!(detail = problem.detail, "reading what food safety asks for"),
        }
    }
}

async fn note(app: &App, actor: Actor, work: Work) {
    for (id, command) in work {
        match app.submit(actor, id, Command::Safety(command)).await {
            Ok(_) => {}
            // Somebody was faster, by a person's hand or on another box.
            Err(Rejection::Refused(refusal)) => tracing::debug!(%refusal, "food safety"),
            Err(error) => tracing::error!(%error, "food safety"),
        }
    }
}
