//! What the box does about alerts: raises those that its facts, its devices and its locks ask for, calls the next when
//! nobody comes, and sounds the buzzer. All of it without the relay.
//!
//! Its timers are facts: when an alert was raised and who was called stands in the log, so that a restart goes on where
//! it stopped.

mod buzzer;
mod noted;
mod still;
mod timers;
mod watch;

use std::time::Duration;

use trivet_domain::Command as AnyCommand;
use trivet_domain::alerts::Command;
use trivet_domain::policies::Wish;
use trivet_log::Id;
use trivet_replica::module::EMPTY;
use trivet_replica::{Actor, App, Module, Rejection, sealing};

pub(crate) use noted::waiting;

use crate::config::Config;
use crate::devices::Devices;

/// On top of the shared module of alerts: what only a box does.
pub(crate) const MODULE: Module = Module {
    name: "alerts_here",
    on_append: Some(noted::on_append),
    migrations: &[include_str!("schema.sql")],
    ..EMPTY
};

const GATHER: Duration = Duration::from_millis(50);
const TICK: Duration = Duration::from_secs(1);
/// Devices, disk, clock and equipment are looked at every so many ticks.
const LOOK_EVERY: u32 = 5;

pub(crate) fn start(app: &App, devices: &Devices, config: &Config) -> anyhow::Result<()> {
    let sounds = buzzer::start(app, config.mqtt.as_ref())?;
    tokio::spawn(run(app.clone(), watch::Watch::new(app, devices, config), sounds));
    Ok(())
}

async fn run(app: App, mut watch: watch::Watch, sounds: tokio::sync::watch::Sender<bool>) {
    let actor = Actor::the_box(Id::from_bytes(app.identity.origin().0));
    // Wishes come of facts of every kind; timers go by those of alerts.
    let (mut grown, mut of_alerts) = (app.store.grown(), app.store.grown_of(trivet_modules::alerts::MODULE.follows));
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut ticks = 0u32;
    loop {
        let new = tokio::select! {
            changed = grown.changed() => {
                // What a rush commits in this time is looked at in one go.
                tokio::time::sleep(GATHER).await;
                changed.is_ok()
            }
            _ = tick.tick() => {
                ticks = ticks.wrapping_add(1);
                false
            }
        };
        let done = async {
            carry_out(&app, actor).await?;
            if !new {
                watch.lockouts(&app, actor).await?;
                if ticks.is_multiple_of(LOOK_EVERY) {
                    watch.look(&app, actor).await?;
                    still::look(&app, actor).await?;
                }
            }
            if new && !of_alerts.has_changed().unwrap_or(true) {
                return Ok(None);
            }
            of_alerts.mark_unchanged();
            timers::turn(&app, actor).await.map(Some)
        };
        match done.await {
            Ok(None) => {}
            Ok(Some(loud)) => drop(sounds.send_if_modified(|sounds| std::mem::replace(sounds, loud) != loud)),
            // What was not done is asked for again with the next tick.
            Err(error) => tracing::error!(%error, "alerts"),
        }
    }
}

/// Carries out what new facts asked for. A wish goes when it is done: to be interrupted does it again, to no effect.
async fn carry_out(app: &App, actor: Actor) -> Result<(), Rejection> {
    for (row, wish) in read(app, |view| noted::wishes(view.conn)).await? {
        let done = match wish {
            Some(Wish::Raise(raised)) => trivet_modules::alerts::raise(app, actor, raised).await.map(drop),
            Some(Wish::Return(key, at_ms)) => over(app, actor, &key, at_ms).await,
            Some(Wish::Close(keys, action, cause)) => close(app, actor, &keys, action, cause.unwrap_or(action)).await,
            None => Ok(()),
        };
        match done {
            Err(Rejection::Refused(refusal)) => tracing::error!(%refusal, "an alert was not raised"),
            other => other?,
        }
        let gone = app.store.write(move |writing| noted::done(writing.conn, row)).await?;
        gone.map_err(|error| Rejection::Store(error.to_string()))?;
    }
    Ok(())
}

/// What had to be done about a cause was done: the alert that it has raised last ends with the record of it.
async fn close(app: &App, actor: Actor, keys: &[String], action: Id, cause: Id) -> Result<(), Rejection> {
    for key in keys {
        let key = key.clone();
        let Some(alert) = read(app, move |view| trivet_modules::alerts::open_of_key(view.conn, &key)).await? else {
            continue;
        };
        let command = Command::Close { alert, comment: None, action: Some(action), cause: Some(cause) };
        app.submit(actor, alert.derive(&format!("close:{action}"), 0), AnyCommand::Alerts(command)).await?;
    }
    Ok(())
}

/// The condition of this key is over.
async fn over(app: &App, actor: Actor, key: &str, at_ms: i64) -> Result<(), Rejection> {
    trivet_modules::alerts::return_of_key(app, actor, key, at_ms, sealing::new_id(at_ms)).await
}

async fn read<T: Send + 'static>(
    app: &App,
    query: impl FnOnce(&trivet_replica::View<'_>) -> rusqlite::Result<T> + Send + 'static,
) -> Result<T, Rejection> {
    app.read(query).await.map_err(|problem| Rejection::Store(problem.detail))
}
