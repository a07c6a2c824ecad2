use proptest::prelude::*;
use trivet_log::Id;

use super::cooling::{Course, Sample, forecast, judge};
use super::score::{Share, Shares};
use super::*;
use crate::haccp::{Bound, Limit, Probe, Scale, Severity, UnitKind};
use crate::testing::{Kitchen, NOW, id};
use crate::{Command as AnyCommand, MilliCelsius, Refusal, Why};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

fn run(kitchen: &mut Kitchen, command: Command) -> Result<usize, Refusal> {
    kitchen.run(&AnyCommand::Safety(command))
}

fn preset(name: &str) -> Plan {
    presets().into_iter().find(|preset| preset.id == name).unwrap().plan
}

fn f(bound: Bound, degrees: i32) -> Limit {
    Limit { bound, milli: degrees * 1_000, scale: Scale::Fahrenheit }
}

#[test]
fn every_preset_reads_and_says_where_each_limit_comes_from() {
    for Preset { id, plan } in presets() {
        assert_eq!(Plan::read(&plan.to_json()).as_ref(), Ok(&plan), "{id}");
        let rules: Vec<&Rule> = plan.control_points.iter().flat_map(|point| &point.limits).collect();
        assert!(rules.len() >= 8, "{id}: {} limits", rules.len());
        for rule in rules {
            assert!(!rule.source.edition.is_empty(), "{id} {}", rule.id);
            assert!(!rule.source.confirmed || rule.source.url.starts_with("http"), "{id} {}: read where?", rule.id);
        }
        assert!(plan.to_json().len() < MAX_PLAN / 2, "{id} leaves room for a restaurant's own");
    }
    let held = |name: &str| {
        let plan = preset(name);
        let limits = &plan.control_point("cooking").unwrap().limits;
        limits.iter().map(|rule| rule.hold_seconds).collect::<Vec<_>>()
    };
    assert_eq!(held("us-2022"), [Some(15), Some(17), None, None]);
    assert_eq!(held("us-2013"), [Some(15), Some(15), Some(15), None]);
}

#[test]
fn a_plan_that_does_not_hold_together_is_refused_by_its_place() {
    let plan = serde_json::to_value(preset("us-2022")).unwrap();
    let put = |path: &str, value: serde_json::Value| {
        let mut plan = plan.clone();
        *plan.pointer_mut(path).unwrap_or_else(|| panic!("{path}")) = value;
        Plan::read(&plan.to_string()).unwrap_err().field.unwrap_or_default()
    };
    for (path, value, field) in [
        ("/name", " ".into(), "name"),
        ("/controlPoints/1/limits/0/limit/bound", "about".into(), "controlPoints[1].limits[0].limit.bound"),
        ("/controlPoints/1/limits/0/limit/milli", 9_000_000.into(), "controlPoints[1].limits[0].limit"),
        ("/controlPoints/1/limits/0/source/clause", "".into(), "controlPoints[1].limits[0].source.clause"),
        ("/controlPoints/1/hazards/0", "ghosts".into(), "controlPoints[1].hazards[0]"),
        ("/controlPoints/1/id", "receiving".into(), "controlPoints[1].id"),
        ("/controlPoints/1/corrective", serde_json::json!([]), "controlPoints[1].corrective"),
        ("/controlPoints/2/alarm/defrost/muteMinutes", 46.into(), "controlPoints[2].alarm.defrost.muteMinutes"),
        ("/controlPoints/2/alarm/far/limit/milli", (-20_000).into(), "controlPoints[2].alarm.far.limit"),
        ("/controlPoints/2/alarm/far/limit/bound", "at_least".into(), "controlPoints[2].alarm.far.limit"),
        (
            "/controlPoints/0/monitoring/manual/checks/0",
            "nothing".into(),
            "controlPoints[0].monitoring.manual.checks[0]",
        ),
        ("/checks/0/controlPoint", "nowhere".into(), "checks[0].controlPoint"),
        ("/checks/3/schedule/times/at/1", "25:00".into(), "checks[3].schedule.times.at[1]"),
        ("/checks/3/schedule/times/at/1", "12:00".into(), "checks[3].schedule.times.at[1]"),
        ("/cooling/0/stages/1/withinMinutes", 120.into(), "cooling[0].stages[1]"),
        ("/timers/0/startsWithin", serde_json::json!([]), "timers[0].startsWithin"),
        ("/calibration/toleranceMilli", 5_000.into(), "calibration.toleranceMilli"),
    ] {
        assert_eq!(put(path, value.clone()), field, "{path} = {value}");
    }
    let mut unknown = plan.clone();
    unknown["controlPoints"][0]["colour"] = "red".into();
    assert!(Plan::read(&unknown.to_string()).unwrap_err().to_string().contains("colour"));
    assert_eq!(Plan::read("{").unwrap_err().field.as_deref(), Some("plan"));
    assert_eq!(Plan::read(&" ".repeat(MAX_PLAN + 1)).unwrap_err().field.as_deref(), Some("plan"));
}

#[test]
fn who_watches_a_probe_goes_by_the_plan_or_by_its_kind() {
    let mut plan = preset("us-2022");
    let of = |plan: Option<&Plan>, unit_kind| Effective::of(plan, id(1), &Probe { unit_kind, ..Probe::default() });
    let by_kind = of(Some(&plan), UnitKind::Fridge);
    assert_eq!((by_kind.control_point.as_deref(), by_kind.alarm.delay_minutes), (Some("cold-holding"), 30));
    let limit = by_kind.limit(true).unwrap();
    assert!(limit.holds(MilliCelsius(5_000)) && !limit.holds(MilliCelsius(5_001)));
    plan.control_points[3].probes.push(id(1));
    assert_eq!(of(Some(&plan), UnitKind::Fridge).control_point.as_deref(), Some("hot-holding"));
    let none = of(None, UnitKind::Freezer);
    assert_eq!((none.control_point, none.rules[0].limit), (None, Limit::at_most(MilliCelsius(-15_000))));
    assert_eq!(none.rules[0].source.clause, "operator's target");
    assert!(of(None, UnitKind::Ambient).rules.is_empty());
}

#[test]
fn a_plan_is_approved_as_it_was_read_and_never_changes() {
    let mut kitchen = Kitchen::open();
    let location = id(0);
    let draft = |kitchen: &mut Kitchen, name: &str| {
        let plan = Plan { name: name.into(), ..preset("uk-england") };
        run(kitchen, Command::ChangePlan { location, plan: plan.to_json() }).unwrap();
        kitchen.documents[&plan_document(location)].1.version()
    };
    let approve = |kitchen: &mut Kitchen, draft_version, from_ms| {
        run(kitchen, Command::ApprovePlan { location, draft_version, from_ms, note: None })
    };
    assert_eq!(approve(&mut kitchen, 0, None).unwrap_err().why, Why::Unknown);
    let first = draft(&mut kitchen, "One");
    approve(&mut kitchen, first, None).unwrap();
    let second = draft(&mut kitchen, "Two");
    assert_eq!(approve(&mut kitchen, first, None).unwrap_err().field.as_deref(), Some("draftVersion"));
    assert_eq!(approve(&mut kitchen, second, Some(NOW - HOUR)).unwrap_err().field.as_deref(), Some("from"));
    approve(&mut kitchen, second, Some(NOW + HOUR)).unwrap();
    let State::Plans(approvals) = fold(kitchen.history(approvals(location))) else { panic!("approvals") };
    let name_at = |now| in_force(&approvals, now).and_then(Approval::plan).map(|plan| plan.name);
    assert_eq!(name_at(NOW - 1), None);
    assert_eq!(name_at(NOW + MINUTE).as_deref(), Some("One"));
    assert_eq!(name_at(NOW + HOUR).as_deref(), Some("Two"));
    assert_eq!(approvals.iter().map(|approval| approval.version).collect::<Vec<_>>(), [1, 2]);
}

// ---- cooling

fn us_cool(by_probe: bool) -> Course {
    let rule = preset("us-2022").cooling.remove(0);
    let resolution_ms = 0;
    Course { began_ms: 0, from: rule.from, stages: rule.stages, max_gap_minutes: 15, by_probe, resolution_ms }
}

fn at(at_ms: i64, milli: i32) -> Sample {
    Sample { at_ms, value: Some(MilliCelsius(milli)), by_hand: false }
}

/// Samples every ten minutes through these corners (minutes, thousandths).
fn curve(corners: &[(i64, i32)]) -> Vec<Sample> {
    let last = corners.last().unwrap().0;
    let value = |minute: i64| {
        let pair = corners.windows(2).find(|pair| (pair[0].0..=pair[1].0).contains(&minute)).unwrap();
        let (from, to) = (pair[0], pair[1]);
        let share = i64::from(to.1 - from.1) * (minute - from.0) / (to.0 - from.0);
        from.1 + i32::try_from(share).unwrap()
    };
    (corners[0].0..=last).step_by(10).map(|minute| at(minute * MINUTE, value(minute))).collect()
}

/// A probe that reports each five minutes and was pulled out of the pot: what it falls by is the room's doing.
#[test]
fn a_slow_probe_that_was_pulled_proves_nothing() {
    let every_five =
        |values: &[i32]| (0..).zip(values).map(|(n, milli)| at(n * 5 * MINUTE, *milli)).collect::<Vec<_>>();
    let pulled = judge(&us_cool(true), &every_five(&[60_000, 37_000, 14_000, 4_000]), 20 * MINUTE);
    assert_eq!((pulled.verdict, pulled.doubt), (None, Some(Doubt::Jump)));
    let quick = judge(&us_cool(true), &every_five(&[60_000, 45_000, 30_000, 18_000, 8_000, 4_000]), 30 * MINUTE);
    assert_eq!(quick.verdict.map(|ended| ended.verdict), Some(CoolingVerdict::Passed));
}

#[test]
fn a_cooling_run_is_judged_on_what_was_measured() {
    use CoolingVerdict::{Failed, Indeterminate, Passed};
    let clock = 10 * MINUTE;
    // 60 °C until minute 10, below 57.2 °C at minute 20: the clock starts at 10.
    let head = [at(0, 60_000), at(clock, 60_000)];
    let with = |tail: &[Sample]| [head.as_slice(), tail].concat();
    let down = |stage_1: &[Sample], rest: &[Sample]| with(&[stage_1, rest].concat());
    let steady =
        |from: i64, to: i64, value: i32| (from..to).step_by(10).map(|m| at(m * MINUTE, value)).collect::<Vec<_>>();
    let warm = steady(20, 130, 40_000);
    let until_total = |from: i64| steady(from, 370, 10_000);
    let falls = |to: &[(i64, i32)]| to.iter().map(|(minute, milli)| at(minute * MINUTE, *milli)).collect::<Vec<_>>();
    let quick = falls(&[(20, 40_000), (25, 30_000), (30, 20_000)]);
    let at_once = falls(&[(20, 40_000), (22, 31_000), (24, 22_000), (29, 5_000)]);
    for (name, samples, expected) in [
        (
            "70 °F and 41 °F exactly, each at the last moment",
            down(
                &[warm.clone(), vec![at(clock + 2 * HOUR, 21_111)]].concat(),
                &[until_total(140), vec![at(clock + 6 * HOUR, 5_000)]].concat(),
            ),
            Some((Passed, None)),
        ),
        ("2:00:01", down(&warm, &[at(clock + 2 * HOUR + 1_000, 21_000)]), Some((Failed, Some(0)))),
        (
            "a thousandth above 70 °F after 2 h",
            down(&warm, &[at(clock + 2 * HOUR, 21_112), at(131 * MINUTE, 21_112)]),
            Some((Failed, Some(0))),
        ),
        (
            "a quick first stage leaves more for the second, not less than 6 h in all",
            down(&quick, &[until_total(40), vec![at(clock + 6 * HOUR, 4_000)]].concat()),
            Some((Passed, None)),
        ),
        (
            "6:00:01 in all",
            down(&quick, &[until_total(40), vec![at(clock + 6 * HOUR + 1_000, 4_000)]].concat()),
            Some((Failed, Some(1))),
        ),
        ("both stages at once", with(&at_once), Some((Passed, None))),
    ] {
        let progress = judge(&us_cool(true), &samples, 380 * MINUTE);
        let said = progress.verdict.map(|ended| (ended.verdict, ended.stage));
        assert_eq!(said, expected, "{name}: {progress:?}");
        assert_eq!(progress.start_ms, Some(clock), "{name}");
    }
    // A box that was off for ten minutes lost nothing; one that was off for twenty proves nothing.
    for (gap, expected) in [(14, None), (16, Some(Doubt::Gap))] {
        let samples = with(&[at(20 * MINUTE, 50_000), at((20 + gap) * MINUTE, 45_000)]);
        let progress = judge(&us_cool(true), &samples, (20 + gap) * MINUTE);
        assert_eq!((progress.doubt, progress.verdict), (expected, None), "{gap} minutes");
    }
    // What a gap hid: cold afterwards is not cold in time.
    let hidden = with(&[at(20 * MINUTE, 50_000), at(150 * MINUTE, 4_000)]);
    let progress = judge(&us_cool(true), &hidden, 160 * MINUTE);
    assert_eq!(progress.verdict.map(|ended| ended.verdict), Some(Indeterminate));
    // Somebody measures within the time: it counts.
    let by_hand = Sample { by_hand: true, ..at(100 * MINUTE, 20_000) };
    let helped = with(&[at(20 * MINUTE, 50_000), by_hand, at(105 * MINUTE, 19_000)]);
    let progress = judge(&us_cool(true), &helped, 106 * MINUTE);
    assert_eq!((progress.passed_ms, progress.doubt), (vec![100 * MINUTE], None));
    // And too warm after the time is a failure, whatever the probe missed.
    let late = with(&[at(20 * MINUTE, 50_000), Sample { by_hand: true, ..at(140 * MINUTE, 30_000) }]);
    let progress = judge(&us_cool(true), &late, 140 * MINUTE);
    assert_eq!(progress.verdict.map(|ended| (ended.verdict, ended.stage)), Some((Failed, Some(0))));
}

#[test]
fn samples_that_prove_nothing_pass_nothing() {
    let start = vec![at(0, 60_000), at(10 * MINUTE, 50_000)];
    let bad = |minute: i64| Sample { value: None, ..at(minute * MINUTE, 0) };
    let pulled = vec![at(11 * MINUTE, 30_000), at(12 * MINUTE, 4_000)];
    let half_bad = (11..20).map(|m| if m % 2 == 0 { at(m * MINUTE, 50_000) } else { bad(m) }).collect::<Vec<_>>();
    let set_back = vec![at(20 * MINUTE, 45_000), at(5 * MINUTE, 20_000), at(6 * MINUTE, 5_000)];
    for (name, more, doubt) in [
        ("pulled", pulled, Doubt::Jump),
        ("half of the samples", [half_bad, vec![at(20 * MINUTE, 49_000)]].concat(), Doubt::BadSamples),
        ("the clock set back", set_back, Doubt::ClockStep),
    ] {
        let samples = [start.clone(), more].concat();
        let progress = judge(&us_cool(true), &samples, 25 * MINUTE);
        assert_eq!((progress.doubt, progress.passed_ms.len()), (Some(doubt), 0), "{name}: {progress:?}");
        let later = judge(&us_cool(true), &samples, 10 * HOUR);
        assert_eq!(later.verdict.map(|ended| ended.verdict), Some(CoolingVerdict::Indeterminate), "{name}");
    }
    // A clock set forward is a gap; samples from the future of the clock are a step back.
    let ahead = judge(&us_cool(true), &[start.clone(), vec![at(9 * HOUR, 4_000)]].concat(), 9 * HOUR);
    assert_eq!(ahead.verdict.map(|ended| ended.verdict), Some(CoolingVerdict::Indeterminate));
    assert_eq!(judge(&us_cool(true), &start, 5 * MINUTE).doubt, Some(Doubt::ClockStep));
    // Nothing at all came.
    let none = judge(&us_cool(true), &[], 3 * HOUR).verdict.unwrap();
    assert_eq!((none.verdict, none.doubt), (CoolingVerdict::Indeterminate, Some(Doubt::NoSamples)));
    // Food that stays hot has no clock yet.
    let hot = curve(&[(0, 80_000), (400, 70_000)]);
    assert_eq!(judge(&us_cool(true), &hot, 400 * MINUTE).verdict, None);
}

#[test]
fn from_ambient_ingredients_there_is_one_stage_from_the_beginning() {
    let rule = preset("us-2022").cooling.remove(1);
    let course =
        Course { began_ms: 0, from: None, stages: rule.stages, max_gap_minutes: 15, by_probe: false, resolution_ms: 0 };
    let by_hand = |minutes: i64, milli: i32| Sample { by_hand: true, ..at(minutes * MINUTE, milli) };
    let verdict = |samples: &[Sample], now: i64| judge(&course, samples, now * MINUTE).verdict.map(|e| e.verdict);
    assert_eq!(verdict(&[by_hand(100, 9_000), by_hand(240, 5_000)], 240), Some(CoolingVerdict::Passed));
    assert_eq!(verdict(&[by_hand(235, 6_000), by_hand(241, 5_000)], 241), Some(CoolingVerdict::Failed));
    assert_eq!(verdict(&[by_hand(100, 9_000), by_hand(300, 4_000)], 300), Some(CoolingVerdict::Indeterminate));
    assert_eq!(verdict(&[by_hand(100, 9_000)], 250), None, "a quarter of an hour to measure");
    assert_eq!(verdict(&[by_hand(100, 9_000)], 256), Some(CoolingVerdict::Indeterminate));
}

#[test]
fn a_miss_is_foretold() {
    // Newton: 80 °C into 3 °C, k = 0.004 a minute: 21.1 °C after about 363 minutes.
    let newton = |k: f64, room: f64| {
        let value = move |minute: i64| room + (80_000.0 - room) * (-k * minute as f64).exp();
        move |to: i64| (0..=to).map(|m| at(m * MINUTE, value(m) as i32)).collect::<Vec<_>>()
    };
    let slow = newton(0.004, 3_000.0);
    let to = f(Bound::AtMost, 70);
    let seen = slow(150);
    let said = forecast(&seen, to, 150 * MINUTE).unwrap() / MINUTE;
    assert!((350..380).contains(&said), "{said}");
    let course = us_cool(true);
    let start = judge(&course, &seen, 150 * MINUTE).start_ms.unwrap();
    for (gone, expected) in [(55, None), (65, Some(50)), (100, Some(75))] {
        let now = start + gone * MINUTE;
        let samples: Vec<Sample> = seen.iter().copied().filter(|sample| sample.at_ms <= now).collect();
        let progress = judge(&course, &samples, now);
        let warning = progress.warning(&course, &samples, now).map(|(stage, percent, _)| (stage, percent));
        assert_eq!(warning, expected.map(|percent| (0, percent)), "{gone}");
    }
    // Quick enough: no warning. A room too warm: never.
    let quick = newton(0.02, 3_000.0)(75);
    let progress = judge(&course, &quick, 75 * MINUTE);
    assert_eq!(progress.warning(&course, &quick, 75 * MINUTE), None);
    assert_eq!(forecast(&newton(0.02, 30_000.0)(150), to, 150 * MINUTE), None);
}

proptest! {
    /// Whatever comes, a run that passed has a trusted sample at or below each limit within its time.
    #[test]
    fn a_pass_is_always_shown_by_samples(steps in prop::collection::vec((1_i64..30, -60_000_i32..70_000, any::<bool>(), 0_u8..10), 0..60)) {
        let mut at_ms = 0;
        let samples: Vec<Sample> = steps.into_iter().map(|(minutes, milli, by_hand, bad)| {
            at_ms += minutes * MINUTE;
            Sample { at_ms, value: (bad > 0).then_some(MilliCelsius(milli)), by_hand: by_hand && bad > 0 }
        }).collect();
        let course = us_cool(true);
        let progress = judge(&course, &samples, at_ms + HOUR);
        for (stage, passed) in course.stages.iter().zip(&progress.passed_ms) {
            let start = progress.start_ms.unwrap();
            prop_assert!(*passed <= start + i64::from(stage.within_minutes) * MINUTE);
            prop_assert!(samples.iter().any(|s| s.at_ms == *passed && s.value.is_some_and(|v| stage.to.holds(v))));
        }
        let passed = progress.verdict.is_some_and(|ended| ended.verdict == CoolingVerdict::Passed);
        prop_assert_eq!(passed, progress.passed_ms.len() == course.stages.len());
        prop_assert!(forecast(&samples, course.stages[0].to, at_ms).is_none_or(|at| at >= at_ms - HOUR));
    }

    /// A plan that was touched anywhere is read or refused.
    #[test]
    fn no_plan_breaks_its_reader(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let mut bytes = preset("uk-scotland").to_json().into_bytes();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        if let Ok(plan) = Plan::read(&String::from_utf8_lossy(&bytes)) {
            prop_assert_eq!(Plan::read(&plan.to_json()), Ok(plan));
        }
    }

    #[test]
    fn longer_or_further_is_never_less_severe(beyond in 0_i32..6_000, more in 0_i32..6_000, minutes in 0_i64..400, longer in 0_i64..400) {
        let less = Severity::of(beyond, minutes * MINUTE);
        let worse = Severity::of(beyond + more, (minutes + longer) * MINUTE);
        prop_assert!(worse >= less);
    }

    #[test]
    fn a_correction_is_exact_at_its_points(read in -2_000_i32..2_000, high in -2_000_i32..2_000, raw in -50_000_i32..150_000) {
        let (low_ref, high_ref) = (MilliCelsius(0), MilliCelsius(100_000));
        let points = [(low_ref, MilliCelsius(read)), (high_ref, MilliCelsius(100_000 + high))];
        let two = Correction::of(points);
        prop_assert_eq!(two.apply(points[0].1), low_ref);
        prop_assert_eq!(two.apply(points[1].1), high_ref);
        prop_assert!(two.apply(MilliCelsius(raw)) <= two.apply(MilliCelsius(raw + 1_000)));
        let one = Correction::of([points[0]]);
        prop_assert_eq!(one.apply(MilliCelsius(raw)), MilliCelsius(raw - read));
    }

    #[test]
    fn a_score_is_100_only_when_everything_is_well(parts in prop::collection::vec((0_u64..2_000_000, 1_u64..2_000_000), 4)) {
        let share = |n: usize| Share::new(parts[n].0, parts[n].1);
        let shares = Shares { readings_in_range: share(0), corrections_in_time: share(1), calibrations_valid: share(2), sensors_online: share(3) };
        let all = (0..4).all(|n| share(n).part == share(n).of);
        let score = shares.score().unwrap();
        prop_assert!(score <= 10_000 && (score == 10_000) == all, "{score} {shares:?}");
    }
}

#[test]
fn how_bad_by_how_far_and_how_long() {
    use Severity::{Critical, High, Warn};
    for (beyond, minutes, expected) in [
        (1, 0, Warn),
        (999, 59, Warn),
        (999, 60, High),
        (1, 239, High),
        (1, 240, Critical),
        (1_000, 0, High),
        (2_999, 239, High),
        (2_999, 240, Critical),
        (3_000, 0, Critical),
    ] {
        assert_eq!(Severity::of(beyond, minutes * MINUTE), expected, "{beyond} for {minutes}");
    }
}

#[test]
fn a_score() {
    let shares = Shares {
        readings_in_range: Share::new(90, 100),
        corrections_in_time: Share::new(1, 2),
        calibrations_valid: Share::new(3, 4),
        sensors_online: Share::new(0, 0),
    };
    // 54 + 10 + 7.5 + 10
    assert_eq!(shares.score(), Some(8_150));
    assert_eq!(Shares { readings_in_range: Share::default(), ..shares }.score(), None, "no data is no score");
    assert_eq!((Share::new(9_999, 10_001).basis_points(), Share::default().basis_points()), (Some(9_998), None));
}

// ---- checks

fn answered(rule: &str, milli: i32, held: Option<u32>, took: Option<u32>) -> Answered {
    let measured = Measured { rule: rule.into(), value: MilliCelsius(milli), held_seconds: held, took_minutes: took };
    Answered { values: vec![measured], ..Answered::default() }
}

fn check(slot: u8, name: &str, due_ms: Option<i64>, answered: Answered) -> Command {
    let plan = preset("us-2022");
    let planned = plan.check(name).unwrap();
    Command::DoCheck {
        slot: id(slot),
        planned: Box::new(planned.clone()),
        rules: plan.limits_of(planned).to_vec(),
        due_ms,
        plan_version: Some(1),
        answered: Box::new(answered),
    }
}

fn done(kitchen: &Kitchen, slot: u8) -> Check {
    let State::Check(check) = fold(kitchen.history(id(slot))) else { panic!("a check") };
    check
}

fn correct(slot: u8, held: Option<u32>, why: &str) -> Command {
    let Command::DoCheck { slot, planned, rules, answered, .. } =
        check(slot, "cooking", None, answered("US-CK155", 68_333, held, None))
    else {
        panic!("a check")
    };
    Command::CorrectCheck { slot, planned, rules, answered, why: why.into() }
}

/// Boxes that are apart take two answers to the same; one of them counts, and what was corrected of the other does not.
#[test]
fn a_correction_counts_for_the_answer_that_it_corrects() {
    let (mut here, mut there) = (Kitchen::open(), Kitchen::open());
    let cooked = |slot: u8, held: u32| check(slot, "cooking", None, answered("US-CK155", 68_333, Some(held), None));
    run(&mut here, cooked(1, 16)).unwrap();
    run(&mut there, cooked(2, 17)).unwrap();
    run(&mut there, cooked(1, 17)).unwrap();
    run(&mut there, correct(1, Some(18), "a second more")).unwrap();
    let both = |one: &Kitchen, other: &Kitchen| {
        let facts = [one.history(id(1)).facts.clone(), other.history(id(1)).facts.clone()].concat();
        let State::Check(check) = fold(&crate::History { facts, ..crate::History::default() }) else {
            panic!("a check")
        };
        (check.stands().unwrap().passed, check.corrections.len())
    };
    assert_eq!(both(&here, &there), (false, 0));
    assert_eq!(both(&there, &here), (true, 1));
}

#[test]
fn a_check_is_judged_by_limit_and_time() {
    let mut kitchen = Kitchen::open();
    for (slot, name, rule, milli, held, took, passed) in [
        (1, "cooking", "US-CK155", 68_333, Some(17), None, true),
        (2, "cooking", "US-CK155", 68_333, Some(16), None, false),
        (3, "cooking", "US-CK165", 73_889, None, None, true),
        (4, "cooking", "US-CK165", 73_888, None, None, false),
        (7, "cooking", "US-CK155", 68_332, Some(17), None, false),
        (5, "reheating", "US-REHEAT", 74_000, Some(15), Some(120), true),
        (6, "reheating", "US-REHEAT", 74_000, Some(15), Some(121), false),
    ] {
        run(&mut kitchen, check(slot, name, None, answered(rule, milli, held, took))).unwrap();
        assert_eq!(done(&kitchen, slot).done.unwrap().what.passed, passed, "{rule} {milli} {held:?} {took:?}");
    }
    // What was mistyped is judged anew; the first answer, and its time, stay.
    assert_eq!(run(&mut kitchen, correct(2, Some(18), "")).unwrap_err().field.as_deref(), Some("why"));
    assert_eq!(
        run(&mut kitchen, correct(2, None, "typo")).unwrap_err().field.as_deref(),
        Some("values[0].heldSeconds")
    );
    assert_eq!(run(&mut kitchen, correct(2, Some(16), "typo")).unwrap_err().why, Why::Conflict);
    run(&mut kitchen, correct(2, Some(18), "typo")).unwrap();
    let corrected = done(&kitchen, 2);
    assert!(!corrected.done.as_ref().unwrap().what.passed && corrected.stands().unwrap().passed);
    assert!(run(&mut kitchen, correct(9, Some(18), "typo")).is_err(), "nobody has answered it");
    let delivery = |supplier: Option<&str>, yes: bool, accepted: Option<bool>| Answered {
        supplier: supplier.map(str::to_owned),
        accepted,
        answers: ["packaging", "dates"].map(|ask| CheckAnswer { ask: ask.into(), yes: Some(yes), text: None }).to_vec(),
        ..Answered::default()
    };
    for (answered, field) in [
        (answered("US-NONE", 1, None, None), "values[0].rule"),
        (answered("US-CK155", 70_000, None, None), "values[0].heldSeconds"),
        (answered("US-CK155", 900_000, Some(20), None), "values[0].milliC"),
        (Answered::default(), "values"),
    ] {
        let refusal = run(&mut kitchen, check(20, "cooking", None, answered)).unwrap_err();
        assert_eq!(refusal.field.as_deref(), Some(field));
    }
    for (answered, field) in [
        (delivery(None, true, Some(true)), "supplier"),
        (delivery(Some("Fish & Co"), true, None), "accepted"),
        (Answered { answers: vec![], ..delivery(Some("Fish & Co"), true, Some(true)) }, "answers"),
    ] {
        let refusal = run(&mut kitchen, check(21, "delivery", None, answered)).unwrap_err();
        assert_eq!(refusal.field.as_deref(), Some(field));
    }
    for (slot, yes, accepted, passed) in [(30, true, true, true), (31, false, true, false), (32, true, false, false)] {
        let answered = delivery(Some("Fish & Co"), yes, Some(accepted));
        run(&mut kitchen, check(slot, "delivery", None, answered)).unwrap();
        assert_eq!(done(&kitchen, slot).done.unwrap().what.passed, passed);
    }
}

#[test]
fn a_late_check_is_late_and_is_answered_once() {
    let mut kitchen = Kitchen::open();
    let hot = || answered("US-HOT", 60_000, None, None);
    let miss = |slot: u8, due_ms: i64| Command::MissCheck {
        slot: id(slot),
        grace_minutes: 30,
        missed: CheckMissed {
            check: "hot-holding".into(),
            name: "Hot holding".into(),
            kind: CheckKind::HotHolding,
            due_ms,
            plan_version: Some(1),
        },
    };
    assert_eq!(run(&mut kitchen, check(1, "hot-holding", Some(NOW + 2 * HOUR), hot())).unwrap_err().why, Why::Conflict);
    assert_eq!(run(&mut kitchen, miss(1, NOW)), Ok(0), "within its grace nothing is missed");
    run(&mut kitchen, check(1, "hot-holding", Some(NOW), hot())).unwrap();
    assert_eq!(done(&kitchen, 1).punctual(), Punctual::OnTime);
    assert_eq!(run(&mut kitchen, check(1, "hot-holding", Some(NOW), hot())).unwrap_err().why, Why::Conflict);
    let due = NOW - HOUR;
    assert_eq!(run(&mut kitchen, miss(2, due)), Ok(1));
    assert_eq!(run(&mut kitchen, miss(2, due)), Ok(0));
    assert_eq!(done(&kitchen, 2).punctual(), Punctual::Missed);
    run(&mut kitchen, check(2, "hot-holding", Some(due), hot())).unwrap();
    assert_eq!((done(&kitchen, 2).punctual(), done(&kitchen, 2).was_missed()), (Punctual::Late, true));
}

// ---- timers

#[test]
fn food_is_kept_by_time_only_by_a_written_procedure_where_the_rule_wants_one() {
    let mut plan = preset("us-2022");
    assert_eq!(plan.timer("US-TPHC4").unwrap().minutes, 240);
    plan.time_procedure = "  \n".into();
    let refused = plan.timer("US-TPHC4").unwrap_err();
    assert_eq!(refused.field.as_deref(), Some("rule"));
    assert!(refused.to_string().contains("3-501.19(B) wants a written procedure"), "{refused}");
    assert_eq!(plan.timer("none").unwrap_err().field.as_deref(), Some("rule"));
    assert!(preset("uk-england").time_procedure.is_empty());
    assert!(preset("uk-england").timer("UK-DISPLAY-COLD").is_ok());
    plan.time_procedure = "x".repeat(4_001);
    assert_eq!(Plan::read(&plan.to_json()).unwrap_err().field.as_deref(), Some("timeProcedure"));
}

fn timer_command(value: i32, rule: usize) -> Command {
    Command::StartTimer {
        timer: id(1),
        rule: Box::new(preset("us-2022").timers.remove(rule)),
        product: "sushi".into(),
        value: MilliCelsius(value),
        probe: None,
        lot: None,
        quantity: None,
        plan_version: Some(1),
        clock: Clock { wall_ms: NOW, boot: Some(id(9)), up_ms: 1_000 },
    }
}

fn timer(kitchen: &Kitchen) -> Timer {
    let State::Timer(timer) = fold(kitchen.history(id(1))) else { panic!("a timer") };
    timer
}

fn end(how: TimerEnd, clock: Clock) -> Command {
    let ended = TimerEnded { how, quantity: Some("3".into()), note: None };
    Command::EndTimer { timer: id(1), ended, clock }
}

#[test]
fn of_two_clocks_the_earlier_deadline_wins() {
    let mut kitchen = Kitchen::open();
    run(&mut kitchen, timer_command(4_000, 0)).unwrap();
    let started = timer(&kitchen).started.what;
    let clock = |wall: i64, boot: u8, up: i64| Clock { wall_ms: NOW + wall, boot: Some(id(boot)), up_ms: 1_000 + up };
    for (name, clock, left) in [
        ("together", clock(HOUR, 9, HOUR), 3 * HOUR),
        ("the wall clock set back", clock(-HOUR, 9, 2 * HOUR), 2 * HOUR),
        ("the wall clock set forward", clock(5 * HOUR, 9, HOUR), -HOUR),
        ("after a restart", clock(HOUR, 8, 0), 3 * HOUR),
        ("no running time", Clock { boot: None, ..clock(HOUR, 9, 0) }, 3 * HOUR),
    ] {
        assert_eq!(started.left_ms(&clock), left, "{name}");
    }
    // The box may not have written the end yet: its time is over all the same.
    let refusal = run(&mut kitchen, end(TimerEnd::Served, clock(-HOUR, 9, 4 * HOUR))).unwrap_err();
    assert_eq!(refusal.field.as_deref(), Some("how"));
    run(&mut kitchen, end(TimerEnd::Discarded, clock(0, 9, 4 * HOUR))).unwrap();
    assert_eq!(run(&mut kitchen, end(TimerEnd::Discarded, clock(0, 9, 0))).unwrap_err().why, Why::Conflict);
}

#[test]
fn food_under_time_control_begins_cold_or_hot_and_ends_once() {
    for (value, rule, starts) in [
        (5_000, 0, true),
        (5_001, 0, false),
        (57_222, 0, true),
        (57_221, 0, false),
        (60_000, 1, false),
        (900_000, 0, false),
        (5_000, 1, true),
    ] {
        let started = run(&mut Kitchen::open(), timer_command(value, rule));
        assert_eq!(started.is_ok(), starts, "{value} by rule {rule}: {started:?}");
    }
    let mut kitchen = Kitchen::open();
    run(&mut kitchen, timer_command(5_000, 1)).unwrap();
    run(&mut kitchen, Command::WarnTimer { timer: id(1) }).unwrap();
    assert_eq!(run(&mut kitchen, Command::WarnTimer { timer: id(1) }), Ok(0));
    assert_eq!(timer(&kitchen).state(), TimerState::Warned);
    run(&mut kitchen, Command::MeasureTimer { timer: id(1), value: MilliCelsius(21_111) }).unwrap();
    assert_eq!(timer(&kitchen).state(), TimerState::Warned, "70 °F is not above 70 °F");
    run(&mut kitchen, Command::MeasureTimer { timer: id(1), value: MilliCelsius(21_112) }).unwrap();
    assert_eq!(timer(&kitchen).state(), TimerState::Expired);
    let clock = Clock { wall_ms: NOW, boot: None, up_ms: 0 };
    assert_eq!(run(&mut kitchen, end(TimerEnd::Served, clock)).unwrap_err().why, Why::Conflict);
    run(&mut kitchen, end(TimerEnd::Discarded, clock)).unwrap();
    assert_eq!(timer(&kitchen).state(), TimerState::Discarded);
}

// ---- calibration

fn calibrate(calibration: u8, method: Method, points: &[(Option<i32>, i32)], before: Correction) -> Command {
    let compared = |(reference, read): &(Option<i32>, i32)| Compared {
        reference: reference.map(MilliCelsius),
        read: MilliCelsius(*read),
        left: None,
    };
    Command::Calibrate {
        calibration: id(calibration),
        probe: id(2),
        method,
        points: points.iter().map(compared).collect(),
        reference: "ice bath".into(),
        altitude_metres: 1_000,
        tolerance_milli: 1_000,
        due_ms: NOW + 90 * 24 * HOUR,
        plan_version: None,
        note: None,
        before,
    }
}

#[test]
fn a_calibration_corrects_what_is_read_and_tells_what_was_in_doubt() {
    let mut kitchen = Kitchen::open();
    let calibrated = |kitchen: &Kitchen, n: u8| {
        let State::Calibration(calibration) = fold(kitchen.history(id(n))) else { panic!("a calibration") };
        calibration.what
    };
    run(&mut kitchen, calibrate(1, Method::Ice, &[(None, 1_200)], Correction::default())).unwrap();
    let first = calibrated(&kitchen, 1);
    assert_eq!((first.found_good(), first.left_good()), (false, true));
    assert_eq!(first.correction().apply(MilliCelsius(6_200)), MilliCelsius(5_000));
    // The same probe again: by its correction nothing was off.
    run(&mut kitchen, calibrate(2, Method::Ice, &[(None, 1_200)], first.correction())).unwrap();
    assert!(calibrated(&kitchen, 2).found_good());
    // Water boils at 96.7 °C on 1,000 m.
    run(&mut kitchen, calibrate(3, Method::IceAndBoil, &[(None, 0), (None, 97_680)], Correction::default())).unwrap();
    let two = calibrated(&kitchen, 3);
    assert_eq!(two.points[1].reference, MilliCelsius(96_680));
    assert_eq!(two.correction().apply(MilliCelsius(48_840)), MilliCelsius(48_340));
    for (method, points, field) in [
        (Method::Ice, vec![(None, 2_001)], "points[0].readMilliC"),
        (Method::Ice, vec![(None, -2_001)], "points[0].readMilliC"),
        (Method::Bath, vec![(None, 4_000)], "points[0].referenceMilliC"),
        (Method::Bath, vec![(Some(4_000), 4_000), (Some(9_000), 9_000)], "points[1].referenceMilliC"),
        (Method::IceAndBoil, vec![(None, 0)], "points"),
    ] {
        let refusal = run(&mut kitchen, calibrate(9, method, &points, Correction::default())).unwrap_err();
        assert_eq!(refusal.field.as_deref(), Some(field), "{method:?} {points:?}");
    }
    let mut command = calibrate(9, Method::Ice, &[(None, 0)], Correction::default());
    if let Command::Calibrate { points, .. } = &mut command {
        points[0].left = Some(MilliCelsius(i32::MIN));
    }
    assert_eq!(run(&mut kitchen, command).unwrap_err().field.as_deref(), Some("points[0].leftMilliC"));
    assert_eq!([0, 250, 500, 4_000, 9_000].map(|m| boiling(m).0), [100_000, 99_170, 98_340, 86_680, 86_680]);
}

// ---- records

#[test]
fn a_record_is_not_closed_without_a_corrective_action() {
    let mut kitchen = Kitchen::open();
    let plan = preset("us-2022");
    let choice = plan.control_point("cold-holding").unwrap().corrective[1].clone();
    let opened = RecordOpened {
        kind: RecordKind::Breach,
        severity: Severity::High,
        due_ms: NOW + HOUR,
        summary: "fridge above 41 °F for an hour".into(),
        about: Some(id(5)),
        control_point: Some("cold-holding".into()),
        plan_version: Some(1),
        probe: Some(id(2)),
    };
    let record = record_about(id(5));
    let close = || Command::CloseRecord { record };
    let act = |action: CorrectiveActionTaken| Command::TakeAction { record, choice: choice.clone(), action };
    assert_eq!(run(&mut kitchen, close()).unwrap_err().why, Why::Unknown);
    assert_eq!(run(&mut kitchen, Command::OpenRecord { record, opened: opened.clone() }), Ok(1));
    assert_eq!(run(&mut kitchen, Command::OpenRecord { record, opened }), Ok(0), "whoever is second adds nothing");
    assert_eq!(run(&mut kitchen, close()).unwrap_err().why, Why::Conflict);
    let bare = CorrectiveActionTaken {
        choice: choice.id.clone(),
        text: choice.text.clone(),
        product_temperature: None,
        disposition: Some(Disposition::Discard),
        quantity: Some("4 kg".into()),
        cause: Some("door stood open".into()),
        note: None,
    };
    for (action, field) in [
        (bare.clone(), "productMilliC"),
        (
            CorrectiveActionTaken { disposition: None, product_temperature: Some(MilliCelsius(9_000)), ..bare.clone() },
            "disposition",
        ),
        (
            CorrectiveActionTaken { quantity: None, product_temperature: Some(MilliCelsius(9_000)), ..bare.clone() },
            "quantity",
        ),
        (
            CorrectiveActionTaken { cause: None, product_temperature: Some(MilliCelsius(9_000)), ..bare.clone() },
            "cause",
        ),
    ] {
        assert_eq!(run(&mut kitchen, act(action)).unwrap_err().field.as_deref(), Some(field));
    }
    assert_eq!(run(&mut kitchen, Command::VerifyRecord { record, note: None }).unwrap_err().why, Why::Conflict);
    run(&mut kitchen, act(CorrectiveActionTaken { product_temperature: Some(MilliCelsius(9_000)), ..bare.clone() }))
        .unwrap();
    run(&mut kitchen, close()).unwrap();
    assert_eq!(run(&mut kitchen, act(bare)).unwrap_err().why, Why::Conflict);
    run(&mut kitchen, Command::VerifyRecord { record, note: None }).unwrap();
    let State::Record(folded) = fold(kitchen.history(record)) else { panic!("a record") };
    assert!(folded.closed_in_time() && folded.verified.is_some() && !folded.is_overdue(NOW + 2 * HOUR));
}

/// As if the last thing that was done had been done until nothing more fits.
fn fill(kitchen: &mut Kitchen, subject: Id) {
    let facts = &mut kitchen.histories.get_mut(&subject).unwrap().facts;
    let last = facts.last().unwrap().clone();
    facts.resize(MAX_HISTORY, last);
}

#[test]
fn what_is_full_is_not_measured_further_and_ends_all_the_same() {
    let value = MilliCelsius(6_000);
    let mut kitchen = Kitchen::open();
    let rule = preset("us-2022").cooling.remove(0);
    let started = CoolingStarted {
        product: "stock".into(),
        rule: rule.id,
        stages: rule.stages,
        max_gap_minutes: rule.max_gap_minutes,
        began_ms: NOW,
        from: rule.from,
        probe: None,
        plan_version: Some(1),
        lot: None,
        quantity: None,
        restarts: None,
    };
    run(&mut kitchen, Command::StartCooling { run: id(2), started }).unwrap();
    let settle = |outcome, milli: Option<i32>| Command::SettleCooling {
        run: id(2),
        settled: CoolingSettled {
            outcome,
            product_temperature: milli.map(MilliCelsius),
            quantity: Some("4 kg".into()),
            note: None,
        },
    };
    run(&mut kitchen, Command::MeasureCooling { run: id(2), value }).unwrap();
    fill(&mut kitchen, id(2));
    assert_eq!(run(&mut kitchen, Command::MeasureCooling { run: id(2), value }).unwrap_err().why, Why::Full);
    let ended = CoolingEnded { verdict: CoolingVerdict::Failed, at_ms: NOW, stage: Some(0), doubt: None };
    assert_eq!(run(&mut kitchen, Command::EndCooling { run: id(2), ended }), Ok(1));
    let hot = settle(CoolingOutcome::Reheated, Some(900_000));
    assert_eq!(run(&mut kitchen, hot).unwrap_err().field.as_deref(), Some("milliC"));
    assert_eq!(run(&mut kitchen, settle(CoolingOutcome::Discarded, None)), Ok(1));

    run(&mut kitchen, timer_command(5_000, 1)).unwrap();
    run(&mut kitchen, Command::MeasureTimer { timer: id(1), value }).unwrap();
    fill(&mut kitchen, id(1));
    assert_eq!(run(&mut kitchen, Command::MeasureTimer { timer: id(1), value }).unwrap_err().why, Why::Full);
    let expired = TimerExpired { why: Expiry::TimeUp, value: None };
    assert_eq!(run(&mut kitchen, Command::ExpireTimer { timer: id(1), expired }), Ok(1));
    let clock = Clock { wall_ms: NOW, boot: None, up_ms: 0 };
    assert_eq!(run(&mut kitchen, end(TimerEnd::Discarded, clock)), Ok(1));

    let opened = RecordOpened {
        kind: RecordKind::Other,
        severity: Severity::Warn,
        due_ms: NOW + HOUR,
        summary: "a mouse was seen".into(),
        about: None,
        control_point: None,
        plan_version: None,
        probe: None,
    };
    let record = id(3);
    run(&mut kitchen, Command::OpenRecord { record, opened }).unwrap();
    let act = || Command::TakeAction {
        record,
        choice: Choice { id: "other".into(), text: String::new(), requires: Vec::new() },
        action: CorrectiveActionTaken {
            choice: "other".into(),
            text: "traps were set".into(),
            product_temperature: None,
            disposition: None,
            quantity: None,
            cause: None,
            note: None,
        },
    };
    run(&mut kitchen, act()).unwrap();
    fill(&mut kitchen, record);
    assert_eq!(run(&mut kitchen, act()).unwrap_err().why, Why::Full);
    assert_eq!(run(&mut kitchen, Command::CloseRecord { record }), Ok(1));
}

#[test]
fn who_may_what() {
    let may = |command: Command| {
        let permission = command.permission();
        crate::Role::ALL.map(|role| role.may(permission))
    };
    let note = None;
    assert_eq!(may(Command::VerifyRecord { record: Id::NIL, note }), [true, true, false, false, false]);
    assert_eq!(may(Command::CloseRecord { record: Id::NIL }), [true, true, true, true, false]);
    let plan = String::new();
    assert_eq!(may(Command::ChangePlan { location: Id::NIL, plan }), [true, true, false, false, false]);
}
