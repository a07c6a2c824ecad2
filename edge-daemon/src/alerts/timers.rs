//! What becomes of an alert when time passes: the next are called, a shelf is over, a silence grows serious.

use trivet_domain::Command as AnyCommand;
use trivet_domain::alerts::{Alert, Category, Command, Severity};
use trivet_log::Id;
use trivet_modules::alerts::{routing, standing};
use trivet_replica::{Actor, App, Rejection, sealing};

use super::read;

/// A probe that has been silent for so long is no hiccup.
const SILENT_TOO_LONG_MS: i64 = 5 * 60_000;
/// The box that raised an alert keeps its timers. Another one waits so much longer, in case that box is gone.
pub(super) const GRACE_MS: i64 = 2 * 60_000;

/// Does what is due; true while the buzzer is to sound.
pub(super) async fn turn(app: &App, actor: Actor) -> Result<bool, Rejection> {
    let (open, routing) = read(app, |view| Ok((standing(view.conn)?, routing(view.conn)?))).await?;
    let now_ms = app.wall.now_ms();
    let mut loud = false;
    for one in open {
        let ours = one.alert.origin == app.identity.origin();
        let by_now = if ours { now_ms } else { now_ms - GRACE_MS };
        let escalation = one.alert.next_escalation(&routing, now_ms, one.out_of_service);
        if let Some((level, _)) = escalation.filter(|(_, at_ms)| *at_ms <= by_now) {
            submit(app, actor, Command::Escalate { alert: one.id, level }).await?;
        }
        if let Some(command) = due(one.id, &one.alert, by_now) {
            submit(app, actor, command).await?;
        }
        loud |= one.alert.sounds(now_ms, one.out_of_service);
    }
    Ok(loud)
}

fn due(id: Id, alert: &Alert, now_ms: i64) -> Option<Command> {
    let silent = alert.raised.as_ref().is_some_and(|raised| raised.category == Category::SensorOffline);
    let too_long = now_ms >= alert.activated_ms.saturating_add(SILENT_TOO_LONG_MS);
    match &alert.shelved {
        Some(shelved) if shelved.until_ms <= now_ms => Some(Command::Unshelve { alert: id }),
        _ if silent && alert.lasts && too_long && alert.severity == Some(Severity::Warn) => {
            Some(Command::Change { alert: id, severity: Severity::High })
        }
        _ => None,
    }
}

async fn submit(app: &App, actor: Actor, command: Command) -> Result<(), Rejection> {
    let id = sealing::new_id(app.wall.now_ms());
    match app.submit(actor, id, AnyCommand::Alerts(command)).await {
        Err(Rejection::Refused(refusal)) => {
            tracing::error!(%refusal, "an alert's timer");
            Ok(())
        }
        other => other.map(drop),
    }
}
