use proptest::prelude::*;
use trivet_log::{Hlc, Id, Lane, Origin, TimeQuality};

use super::*;
use crate::testing::{Kitchen, NOW, id};
use crate::{Command as AnyCommand, Event as AnyEvent, Fact, History, Refusal, Role, Stamp, Why};

const MINUTE: i64 = 60_000;

fn run(kitchen: &mut Kitchen, command: Command) -> Result<usize, Refusal> {
    kitchen.run(&AnyCommand::Alerts(command))
}

fn breach(n: u8, severity: Severity, needs_action: bool) -> Raised {
    raise_for_breach(&BreachAlert {
        breach: id(n),
        probe: id(0xf1),
        name: "Walk-in",
        too_warm: true,
        value: crate::MilliCelsius(7_100),
        limit: crate::MilliCelsius(5_000),
        severity,
        at_ms: NOW,
        late_ms: None,
        needs_action,
    })
}

/// An alert in the kitchen: its id.
fn raised(kitchen: &mut Kitchen, raised: Raised) -> Id {
    let alert = id_of(&raised.key, raised.cause);
    assert_eq!(run(kitchen, Command::Raise { alert, raised }).unwrap(), 1);
    alert
}

fn state(kitchen: &Kitchen, alert: Id) -> Alert {
    fold(kitchen.history(alert))
}

fn status(kitchen: &Kitchen, alert: Id) -> Status {
    state(kitchen, alert).status(kitchen.now, false)
}

#[test]
fn an_alert_lives_as_isa_18_2_says() {
    use Status::*;
    let acknowledge = |alert| Command::Acknowledge { alert, comment: None };
    let back = |alert| Command::Return { alert, at_ms: NOW };
    // What happens to it, and where it stands after each.
    type Step = (fn(Id) -> Command, Status);
    let cases: [(bool, Vec<Step>); 4] = [
        (false, vec![(acknowledge, ActiveAcknowledged), (back, Closed)]),
        (false, vec![(back, ReturnedUnacknowledged), (acknowledge, Closed)]),
        (true, vec![(back, ReturnedUnacknowledged), (acknowledge, AwaitingAction), (close, Closed)]),
        (true, vec![(acknowledge, ActiveAcknowledged), (close, Closed)]),
    ];
    fn close(alert: Id) -> Command {
        Command::Close { alert, comment: None, action: Some(id(0xac)), cause: None }
    }
    for (needs_action, steps) in cases {
        let mut kitchen = Kitchen::open();
        let alert = raised(&mut kitchen, breach(1, Severity::High, needs_action));
        assert_eq!(status(&kitchen, alert), ActiveUnacknowledged);
        for (command, expected) in steps {
            assert_eq!(run(&mut kitchen, command(alert)).unwrap(), 1);
            assert_eq!(status(&kitchen, alert), expected);
            assert_eq!(run(&mut kitchen, command(alert)).unwrap(), 0, "once is enough");
        }
    }
}

#[test]
fn what_needs_a_corrective_action_does_not_close_without_one() {
    let mut kitchen = Kitchen::open();
    let alert = raised(&mut kitchen, breach(1, Severity::Critical, true));
    let close = |comment: &str| Command::Close { alert, comment: Some(comment.into()), action: None, cause: None };
    assert_eq!(run(&mut kitchen, close("never mind")).unwrap_err().why, Why::Conflict);
    let other = raised(&mut kitchen, breach(2, Severity::High, false));
    let silent = Command::Close { alert: other, comment: None, action: None, cause: None };
    assert_eq!(run(&mut kitchen, silent).unwrap_err().field.as_deref(), Some("comment"), "it lasts");
}

#[test]
fn what_was_done_about_one_breach_leaves_the_next_alone() {
    let (a, b) = (id(1), id(2));
    let mut kitchen = Kitchen::open();
    let alert = raised(&mut kitchen, breach(1, Severity::Critical, true));
    run(&mut kitchen, Command::Return { alert, at_ms: NOW }).unwrap();
    run(&mut kitchen, Command::Acknowledge { alert, comment: None }).unwrap();
    assert_eq!(status(&kitchen, alert), Status::AwaitingAction);
    run(&mut kitchen, Command::Raise { alert, raised: breach(2, Severity::Critical, true) }).unwrap();
    let done_about = |breach: Id| Command::Close {
        alert,
        comment: None,
        action: Some(crate::safety::record_about(breach)),
        cause: Some(breach),
    };
    assert_eq!(run(&mut kitchen, done_about(a)).unwrap(), 0);
    assert_eq!(status(&kitchen, alert), Status::ActiveUnacknowledged);
    assert!(state(&kitchen, alert).sounds(kitchen.now, false), "the second goes on and is heard");
    assert_eq!(run(&mut kitchen, done_about(b)).unwrap(), 1);
    assert_eq!(status(&kitchen, alert), Status::Closed);
}

#[test]
fn a_condition_that_comes_back_recurs_and_must_be_seen_again() {
    let mut kitchen = Kitchen::open();
    let alert = raised(&mut kitchen, breach(1, Severity::High, false));
    assert_eq!(run(&mut kitchen, Command::Raise { alert, raised: breach(1, Severity::High, false) }).unwrap(), 0);
    run(&mut kitchen, Command::Return { alert, at_ms: NOW }).unwrap();
    assert_eq!(run(&mut kitchen, Command::Raise { alert, raised: breach(2, Severity::High, false) }).unwrap(), 1);
    assert_eq!((status(&kitchen, alert), state(&kitchen, alert).times), (Status::ActiveUnacknowledged, 2));
    run(&mut kitchen, Command::Acknowledge { alert, comment: Some("door was open".into()) }).unwrap();
    run(&mut kitchen, Command::Return { alert, at_ms: NOW }).unwrap();
    let again = Command::Raise { alert, raised: breach(3, Severity::High, false) };
    assert_eq!(run(&mut kitchen, again).unwrap_err().why, Why::Conflict, "closed: that is another alert");
    assert_eq!(run(&mut kitchen, Command::Raise { alert, raised: breach(2, Severity::High, false) }).unwrap(), 0);
}

#[test]
fn a_condition_that_goes_on_is_told_of_again_only_when_it_is_worse() {
    let mut kitchen = Kitchen::open();
    let alert = raised(&mut kitchen, breach(1, Severity::High, false));
    for (severity, facts) in [(Severity::Warn, 0), (Severity::High, 0), (Severity::Critical, 1), (Severity::High, 0)] {
        assert_eq!(run(&mut kitchen, Command::Raise { alert, raised: breach(2, severity, false) }).unwrap(), facts);
    }
    assert_eq!((state(&kitchen, alert).severity, state(&kitchen, alert).times), (Some(Severity::Critical), 1));
}

#[test]
fn maintenance_that_waits_for_a_week_becomes_worse_in_the_alert_that_stands() {
    let due = |days: i64| raise_for_maintenance(id(1), "Oven", NOW, NOW + days * 24 * 60 * MINUTE);
    let mut kitchen = Kitchen::open();
    let alert = raised(&mut kitchen, due(0));
    for (days, severity, facts) in [(7, Severity::Warn, 0), (8, Severity::High, 1), (9, Severity::High, 0)] {
        assert_eq!(run(&mut kitchen, Command::Raise { alert, raised: due(days) }).unwrap(), facts);
        assert_eq!((state(&kitchen, alert).severity, state(&kitchen, alert).times), (Some(severity), 1), "{days}");
    }
    run(&mut kitchen, Command::Close { alert, comment: Some("sold".into()), action: None, cause: None }).unwrap();
    let worse = Raised { severity: Severity::Critical, ..due(10) };
    assert_eq!(run(&mut kitchen, Command::Raise { alert, raised: worse }).unwrap(), 0, "closed is closed");
}

#[test]
fn what_lasts_though_its_alert_was_closed_is_told_of_again_until_it_is_over() {
    let mut kitchen = Kitchen::open();
    let alert = raised(&mut kitchen, breach(1, Severity::Critical, true));
    assert_eq!(state(&kitchen, alert).again_ms(), None, "it is open");
    run(&mut kitchen, Command::Close { alert, comment: None, action: Some(id(0xac)), cause: None }).unwrap();
    let closed = state(&kitchen, alert);
    assert_eq!(closed.again_ms(), closed.closed.as_ref().map(|closed| closed.at_ms + AGAIN_MS));
    assert_eq!(run(&mut kitchen, Command::Return { alert, at_ms: NOW }).unwrap(), 1);
    assert_eq!((state(&kitchen, alert).again_ms(), status(&kitchen, alert)), (None, Status::Closed));
}

#[test]
fn what_happened_is_over_once_it_was_seen() {
    let mut kitchen = Kitchen::open();
    let lockout = raise_for_lockout(id(1), Lock::Pair, id(9), "10.0.0.7", NOW);
    let alert = raised(&mut kitchen, lockout);
    assert_eq!(status(&kitchen, alert), Status::ReturnedUnacknowledged);
    run(&mut kitchen, Command::Acknowledge { alert, comment: None }).unwrap();
    assert_eq!(status(&kitchen, alert), Status::Closed);
}

#[test]
fn shelving_is_for_a_while_and_says_why() {
    let mut kitchen = Kitchen::open();
    let alert = raised(&mut kitchen, breach(1, Severity::Critical, false));
    for (ahead, why, field) in [(0, "being moved", "until"), (25 * 60, "being moved", "until"), (30, " ", "why")] {
        let shelve = Command::Shelve { alert, until_ms: kitchen.now + ahead * MINUTE, why: why.into() };
        assert_eq!(run(&mut kitchen, shelve).unwrap_err().field.as_deref(), Some(field));
    }
    let until_ms = kitchen.now + 30 * MINUTE;
    run(&mut kitchen, Command::Shelve { alert, until_ms, why: "being moved".into() }).unwrap();
    let shelved = state(&kitchen, alert);
    assert_eq!(shelved.status(until_ms - 1, false), Status::Shelved);
    assert_eq!(shelved.status(until_ms, false), Status::ActiveUnacknowledged, "it shows itself again");
    assert!(!shelved.sounds(until_ms - 1, false) && shelved.sounds(until_ms, false));
    assert_eq!(shelved.next_escalation(&Routing::default(), until_ms - 1, false), None);
    run(&mut kitchen, Command::Unshelve { alert }).unwrap();
    assert_eq!(status(&kitchen, alert), Status::ActiveUnacknowledged);
    assert_eq!(state(&kitchen, alert).status(kitchen.now, true), Status::OutOfService);
}

#[test]
fn who_is_not_heard_is_followed_by_the_next() {
    let routing = Routing::default();
    let after = |alert: &Alert, minutes: i64| alert.activated_ms + minutes * MINUTE;
    let next = |alert: &Alert| {
        let now = alert.activated_ms;
        alert.next_escalation(&routing, now, false).map(|(level, at)| (level, (at - now) / MINUTE))
    };
    let mut kitchen = Kitchen::open();
    let alert = raised(&mut kitchen, breach(1, Severity::High, false));
    let fresh = state(&kitchen, alert);
    assert_eq!(next(&fresh), Some((1, 10)));
    assert!(!fresh.sounds(after(&fresh, 5), false), "what is high waits for somebody first");
    assert_eq!(run(&mut kitchen, Command::Escalate { alert, level: 1 }).unwrap(), 1);
    assert_eq!(run(&mut kitchen, Command::Escalate { alert, level: 1 }).unwrap(), 0, "written once");
    let told = state(&kitchen, alert);
    assert_eq!((next(&told), told.sounds(after(&told, 10), false)), (Some((2, 30)), true));
    // To have seen it is not to have mended it: the owner hears of it all the same.
    run(&mut kitchen, Command::Acknowledge { alert, comment: None }).unwrap();
    let seen = state(&kitchen, alert);
    assert_eq!((next(&seen), seen.sounds(after(&seen, 10), false)), (Some((2, 30)), false));
    run(&mut kitchen, Command::Return { alert, at_ms: NOW }).unwrap();
    assert_eq!(next(&state(&kitchen, alert)), None);

    let seen_in_time = raised(&mut kitchen, breach(2, Severity::Critical, false));
    run(&mut kitchen, Command::Acknowledge { alert: seen_in_time, comment: None }).unwrap();
    assert_eq!(next(&state(&kitchen, seen_in_time)), Some((2, 30)), "acknowledging stops the first level only");
    assert_eq!(run(&mut kitchen, Command::Escalate { alert: seen_in_time, level: 1 }).unwrap(), 0);
    let mild = raised(&mut kitchen, breach(3, Severity::Warn, false));
    assert_eq!(next(&state(&kitchen, mild)), None);
}

#[test]
fn who_sees_what_is_the_house_s_to_say() {
    let mut kitchen = Kitchen::open();
    let usual = Routing::default();
    for (role, category, sees) in [
        (Role::Waiter, Category::TemperatureViolation, true),
        (Role::Waiter, Category::Security, false),
        (Role::Cook, Category::SensorOffline, true),
        (Role::Cook, Category::Security, false),
        (Role::Manager, Category::Security, true),
    ] {
        assert_eq!(usual.sees(role, category), sees, "{role:?} {category:?}");
    }
    assert!(!usual.is_told(Role::Cook, Category::SensorOffline, 1));
    assert!(usual.is_told(Role::Manager, Category::SensorOffline, 1));
    assert!(!usual.is_told(Role::Manager, Category::SensorOffline, 2));
    let change = RoutingChange {
        sees: vec![(Category::Maintenance, Role::Waiter, true), (Category::SensorOffline, Role::Cook, false)],
        escalate_after_minutes: [Some(5), None],
    };
    run(&mut kitchen, Command::Route { location: id(0), change }).unwrap();
    let own = Routing::in_force(&kitchen);
    assert!(own.sees(Role::Waiter, Category::Maintenance) && !own.sees(Role::Cook, Category::SensorOffline));
    assert_eq!(own.escalate_after_ms, [5 * MINUTE, 20 * MINUTE]);
    let nobody = RoutingChange { sees: vec![(Category::Security, Role::Owner, false)], ..RoutingChange::default() };
    assert_eq!(run(&mut kitchen, Command::Route { location: id(0), change: nobody }).unwrap_err().why, Why::Invalid);
}

#[test]
fn a_battery_is_told_of_in_two_steps() {
    let at = |percent| raise_battery(id(1), id(2), "Bar fridge", percent, NOW).map(|raised| raised.severity);
    for (percent, severity) in
        [(100, None), (20, None), (19, Some(Severity::Warn)), (10, Some(Severity::Warn)), (9, Some(Severity::High))]
    {
        assert_eq!(at(percent), severity, "{percent} %");
    }
}

#[test]
fn what_is_not_an_alert_is_refused() {
    let mut kitchen = Kitchen::open();
    let nowhere = Command::Acknowledge { alert: id(0x77), comment: None };
    assert_eq!(run(&mut kitchen, nowhere).unwrap_err().why, Why::Unknown);
    let mut wordy = breach(1, Severity::High, false);
    wordy.parameters = vec![wordy.parameters[0].clone(); MAX_PARAMETERS + 1];
    assert_eq!(run(&mut kitchen, wordy.command()).unwrap_err().why, Why::Invalid);
    let alert = raised(&mut kitchen, breach(2, Severity::High, false));
    let novel = Command::Acknowledge { alert, comment: Some("a".repeat(MAX_COMMENT + 1)) };
    assert_eq!(run(&mut kitchen, novel).unwrap_err().field.as_deref(), Some("comment"));
}

/// A fact of box 1 or 2.
fn fact(origin: u8, at: i64, actor: Id, event: AnyEvent) -> Fact {
    let stamp = Stamp {
        origin: Origin([origin; 16]),
        lane: Lane::Readings,
        seq: at.unsigned_abs(),
        hlc: Hlc::from_ms((NOW + at).unsigned_abs()),
        quality: TimeQuality::Ntp,
        actor,
        device: Id::NIL,
        command: Id::NIL,
    };
    Fact { stamp, event, twin: false }
}

#[test]
fn two_boxes_that_acknowledged_apart_are_both_named() {
    let seen = |comment: &str| AlertAcknowledged { comment: Some(comment.into()), times: Some(1) };
    let facts = vec![
        fact(1, 1, Id::NIL, breach(1, Severity::High, false).into()),
        fact(2, 2, Id::NIL, breach(1, Severity::Critical, false).into()),
        fact(1, 3, id(1), seen("looking").into()),
        fact(2, 4, id(2), seen("door was open").into()),
    ];
    let alert = fold(&History { facts, ..History::default() });
    let named: Vec<_> = alert.acknowledgements.iter().map(|a| (a.by, a.comment.as_deref())).collect();
    assert_eq!(named, [(id(1), Some("looking")), (id(2), Some("door was open"))]);
    assert_eq!((alert.times, alert.severity), (1, Some(Severity::Critical)), "one alert, by the worse word");
}

/// Seen on one box, before the recurrence on the other was known there.
#[test]
fn a_recurrence_that_nobody_saw_is_not_acknowledged() {
    let facts = vec![
        fact(1, 1, Id::NIL, breach(1, Severity::High, false).into()),
        fact(1, 2, Id::NIL, AlertReturned { at_ms: NOW }.into()),
        fact(1, 3, Id::NIL, breach(2, Severity::High, false).into()),
        fact(2, 4, id(2), AlertAcknowledged { comment: None, times: Some(1) }.into()),
    ];
    let alert = fold(&History { facts, ..History::default() });
    assert_eq!(alert.status(NOW, false), Status::ActiveUnacknowledged);
}

/// Nothing writes it; a record may hold it.
#[test]
fn what_was_suppressed_by_design_is_quiet() {
    let suppressed = |by| AnyEvent::from(AlertSuppressed { by });
    let facts = [
        fact(1, 1, Id::NIL, breach(1, Severity::Critical, false).into()),
        fact(1, 2, Id::NIL, suppressed(Some(Suppression::Defrost))),
        fact(1, 3, Id::NIL, suppressed(None)),
    ];
    for (known, expected) in [(2, Status::Suppressed), (3, Status::ActiveUnacknowledged)] {
        let alert = fold(&History { facts: facts[..known].to_vec(), ..History::default() });
        assert_eq!((alert.status(NOW, false), alert.sounds(NOW, false)), (expected, known == 3));
    }
}

fn any_event() -> impl Strategy<Value = AnyEvent> {
    let severity = prop_oneof![Just(Severity::Warn), Just(Severity::High), Just(Severity::Critical)];
    prop_oneof![
        (0..4u8, severity.clone(), any::<bool>(), any::<bool>()).prop_map(|(n, severity, momentary, action)| {
            Raised { momentary: momentary.then_some(true), ..breach(n, severity, action) }.into()
        }),
        severity.prop_map(|severity| AlertChanged { severity }.into()),
        proptest::option::of(0..4u32).prop_map(|times| AlertAcknowledged { comment: None, times }.into()),
        any::<i64>().prop_map(|at_ms| AlertReturned { at_ms }.into()),
        any::<i64>().prop_map(|until_ms| AlertShelved { until_ms, why: "moved".into() }.into()),
        Just(AlertUnshelved {}.into()),
        any::<bool>().prop_map(|on| AlertSuppressed { by: on.then_some(Suppression::Door) }.into()),
        (any::<u8>(), proptest::option::of(0..4u32)).prop_map(|(level, times)| AlertEscalated { level, times }.into()),
        Just(AlertClosed { comment: None, action: None }.into()),
    ]
}

proptest! {
    /// Whatever arrives, and in whatever order: a state, and every decision on it answers or refuses.
    #[test]
    fn any_history_folds_and_can_be_decided_upon(
        events in proptest::collection::vec((0..3u8, any_event()), 0..30),
        now in any::<i64>(),
    ) {
        let facts: Vec<Fact> =
            events.into_iter().enumerate().map(|(at, (who, event))| fact(who, at as i64, id(who), event)).collect();
        let history = History { facts, ..History::default() };
        let alert = fold(&history);
        let (status, routing) = (alert.status(now, false), Routing::default());
        prop_assert!(!alert.sounds(now, false) || status == Status::ActiveUnacknowledged
            || status == Status::ReturnedUnacknowledged);
        prop_assert!(alert.next_escalation(&routing, now, true).is_none());
        let kitchen = Kitchen::open();
        for command in [
            Command::Raise { alert: id(1), raised: breach(9, Severity::High, false) },
            Command::Acknowledge { alert: id(1), comment: None },
            Command::Close { alert: id(1), comment: None, action: Some(id(2)), cause: None },
            Command::Escalate { alert: id(1), level: 2 },
        ] {
            let decided = decide(&history, &command, &kitchen);
            let may_refuse = alert.raised.is_none() || matches!(command, Command::Raise { .. });
            prop_assert!(decided.is_ok() || may_refuse, "{decided:?}");
        }
    }
}
