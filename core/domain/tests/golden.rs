//! One body of every kind ever released, in `fixtures/`: each must decode for ever, to the same bytes, with unknown
//! fields added by a later release too. To release a new kind, add its line; never change or delete one.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use trivet_domain::alerts::{
    AlertAcknowledged, AlertChanged, AlertClosed, AlertEscalated, AlertReturned, AlertShelved, AlertSuppressed,
    AlertUnshelved, Category, Parameter, ParameterValue, Raised, Severity, Suppression,
};
use trivet_domain::checks::{
    Line, LineModifier, OrderMoved, OrderPlaced, OrderType, Status, TicketDone, TicketMade, TicketsMade,
};
use trivet_domain::haccp::{
    Bound, BreachClosed, BreachKind, BreachOpened, Cause, Doubt, Kept, Limit, Mark, MinuteRead, NoData, Part,
    PartChanged, ProbeLost, ProbeReturned, Reading, ReadingCorrected, ReadingRecorded, Scale,
};
use trivet_domain::kitchen::{TicketAdvanced, TicketRecalled, TicketStatus};
use trivet_domain::money::TaxRate;
use trivet_domain::papers::{DrawerOpened, PaperCopied, PaperKind};
use trivet_domain::safety::{
    Calibrated, CheckAnswer, CheckCorrected, CheckDone, CheckKind, CheckMissed, CheckValue, CoolingEnded,
    CoolingMeasured, CoolingOutcome, CoolingSettled, CoolingStarted, CoolingVerdict, CoolingWarned,
    CorrectiveActionTaken, Disposition, Doubt as CoolingDoubt, Expiry, Method, PlanApproved, Point, RecordAssigned,
    RecordClosed, RecordKind, RecordOpened, RecordVerified, Reviewed, Stage, TimerEnd, TimerEnded, TimerExpired,
    TimerMeasured, TimerStarted, TimerWarned,
};
use trivet_domain::sensors::{ImageRegistered, Outcome, ReadingsLost, SensorSeen, Slot, UpdateEnded, UpdateStarted};
use trivet_domain::{
    Event, MilliCelsius, Money, Quantity, Role, access, alerts, checks, haccp, kitchen, papers, safety, sensors,
};
use trivet_log::Id;

const FIXTURES: &str = include_str!("../fixtures/release-1.txt");

fn id(n: u8) -> Id {
    Id::from_bytes([n; 16])
}

fn samples() -> Vec<Event> {
    let line = Line {
        id: id(1),
        item: id(2),
        name: "Burger".into(),
        quantity: Quantity(2_000),
        unit_price: Money(1_690),
        tax_rate: TaxRate(135_000),
        station: Some("grill".into()),
        modifiers: Some(vec![LineModifier { id: id(3), name: "Bacon".into(), price: Money(200) }]),
        note: Some("no onion".into()),
        preparation_minutes: Some(12),
        recipe: Some(id(4)),
    };
    let reading = Reading {
        last: Some(MilliCelsius(4_100)),
        samples: Some(60),
        below: Some(300),
        above: Some(200),
        mean: Some(-50),
        no_data: Some(NoData::Malformed),
        bad: Some(1),
        ..Reading::default()
    };
    let doubtful = Reading { doubt: Some(Doubt::Frozen), doubted: Some(60), ..reading.clone() };
    let silent = Reading { no_data: Some(NoData::Timeout), ..Reading::default() };
    let opened = BreachOpened {
        probe: id(8),
        kind: BreachKind::High,
        value: MilliCelsius(5_100),
        limit: MilliCelsius(5_000),
        at_ms: 1_790_000_000_000,
        rule: None,
        plan: None,
        raw: None,
        late_ms: None,
    };
    let closed = BreachClosed {
        peak: MilliCelsius(7_000),
        at_ms: 1_790_000_060_000,
        peak_at_ms: None,
        beyond_ms: None,
        peak_raw: None,
        end_raw: None,
        cause: None,
    };
    vec![
        access::PersonAdded { role: Role::Waiter, sealed: vec![1, 2, 3] }.into(),
        access::PersonDisabled {}.into(),
        OrderPlaced {
            order: id(5),
            number: "A7".into(),
            order_type: OrderType::Takeout,
            lines: vec![line],
            table: Some("12".into()),
            customer: Some(id(6)),
            note: Some("hurry".into()),
            tax_included: Some(true),
        }
        .into(),
        OrderMoved { order: id(5), to: Status::Preparing }.into(),
        TicketsMade {
            order: id(5),
            tickets: vec![TicketMade { id: id(7), station: "grill".into(), lines: vec![id(1)] }],
        }
        .into(),
        TicketDone { order: id(5), ticket: id(7) }.into(),
        TicketAdvanced { ticket: id(7), to: TicketStatus::Cooking }.into(),
        TicketRecalled { ticket: id(7) }.into(),
        MinuteRead {
            minute: 29_833_333,
            readings: vec![reading, silent],
            roster: Some(vec![id(8), id(9)]),
            calibrations: None,
            plan: None,
            late: None,
            kept: None,
            marks: None,
        }
        .into(),
        MinuteRead {
            minute: 29_833_334,
            readings: vec![doubtful],
            roster: Some(vec![id(8)]),
            calibrations: Some(vec![Some(id(10))]),
            plan: Some(3),
            late: Some(true),
            kept: Some(vec![Kept {
                place: 0,
                at: 1_500,
                no_data: None,
                doubt: Some(Doubt::Frozen),
                raw: vec![0x55, 5],
            }]),
            marks: Some(vec![Mark { line: "/dev/ttyACM0".into(), boot: 3, seq: 77 }]),
        }
        .into(),
        opened.clone().into(),
        BreachOpened {
            rule: Some(Limit { bound: Bound::AtMost, milli: 41_000, scale: Scale::Fahrenheit }),
            plan: Some(3),
            raw: Some(vec![0x55, 5]),
            late_ms: Some(60_000),
            ..opened
        }
        .into(),
        closed.clone().into(),
        BreachClosed {
            peak_at_ms: Some(1_790_000_030_000),
            beyond_ms: Some(60_000),
            peak_raw: Some(vec![0x70]),
            end_raw: Some(vec![0x40]),
            cause: Some(Cause::Defrost),
            ..closed
        }
        .into(),
        PartChanged { probe: id(8), part: Part::Door, on: Some(true), no_data: None, at_ms: 1_790_000_000_000 }.into(),
        ProbeLost { probe: id(8), reason: NoData::Offline }.into(),
        ProbeReturned {}.into(),
        ReadingRecorded {
            probe: id(8),
            value: MilliCelsius(6_000),
            measured_at_ms: 1_790_000_000_000,
            source: "hand".into(),
            min: None,
            max: Some(MilliCelsius(5_000)),
            scale: None,
        }
        .into(),
        ReadingRecorded {
            probe: id(8),
            value: MilliCelsius(57_222),
            measured_at_ms: 1_790_000_000_000,
            source: "hand".into(),
            min: Some(MilliCelsius(57_222)),
            max: None,
            scale: Some(Scale::Fahrenheit),
        }
        .into(),
        ReadingCorrected {
            value: Some(MilliCelsius(5_700)),
            scale: Some(Scale::Celsius),
            why: "two digits swapped".into(),
        }
        .into(),
        ReadingCorrected { value: None, scale: None, why: "the other fridge".into() }.into(),
        PaperCopied { paper: id(7), kind: PaperKind::VoidSlip, reason: "paper jam".into() }.into(),
        DrawerOpened { drawer: "till".into(), reason: "change".into(), check: Some(id(5)) }.into(),
        Raised {
            key: "temperature_high:walk-in".into(),
            cause: id(10),
            category: Category::TemperatureViolation,
            severity: Severity::Critical,
            about: id(8),
            words: "temperature_high".into(),
            parameters: vec![
                Parameter { name: "name".into(), value: ParameterValue::Text("Walk-in".into()) },
                Parameter { name: "percent".into(), value: ParameterValue::Integer(9) },
                Parameter { name: "limit".into(), value: ParameterValue::Temperature(MilliCelsius(5_000)) },
                Parameter { name: "due".into(), value: ParameterValue::Time(1_790_000_000_000) },
                Parameter { name: "reason".into(), value: ParameterValue::Word("offline".into()) },
            ],
            at_ms: 1_790_000_000_000,
            late_ms: Some(3_600_000),
            place: Some("cellar".into()),
            momentary: Some(false),
            needs_action: Some(true),
        }
        .into(),
        AlertChanged { severity: Severity::Warn }.into(),
        AlertAcknowledged { comment: Some("looking".into()), times: Some(2) }.into(),
        AlertReturned { at_ms: 1_790_000_060_000 }.into(),
        AlertShelved { until_ms: 1_790_001_800_000, why: "being moved".into() }.into(),
        AlertUnshelved {}.into(),
        AlertSuppressed { by: Some(Suppression::Defrost) }.into(),
        AlertEscalated { level: 1, times: Some(2) }.into(),
        AlertClosed { comment: Some("food thrown away".into()), action: Some(id(11)) }.into(),
    ]
    .into_iter()
    .chain(safety_samples())
    .collect()
}

fn safety_samples() -> Vec<Event> {
    const AT: i64 = 1_790_000_000_000;
    let cold = Limit { bound: Bound::AtMost, milli: 41_000, scale: Scale::Fahrenheit };
    let (some, value) = (|text: &str| Some(text.to_owned()), MilliCelsius(63_500));
    let done = CheckDone {
        check: "cooking".into(),
        name: "Cooking".into(),
        kind: CheckKind::Cooking,
        passed: true,
        values: vec![CheckValue {
            rule: "US-CK145".into(),
            value,
            limit: Limit { bound: Bound::AtLeast, ..cold },
            within: true,
            held_seconds: Some(20),
            needed_seconds: Some(15),
            took_minutes: Some(30),
            allowed_minutes: Some(120),
        }],
        answers: vec![CheckAnswer { ask: "dates".into(), yes: Some(true), text: some("all good") }],
        due_ms: Some(AT),
        grace_minutes: Some(30),
        plan_version: Some(2),
        product: some("salmon"),
        supplier: some("Fish & Co"),
        lot: some("L7"),
        accepted: Some(true),
        note: some("by the window"),
    };
    vec![
        PlanApproved { version: 2, content: "{}".into(), from_ms: AT, note: some("spring menu") }.into(),
        done.clone().into(),
        CheckCorrected { done, why: "two digits swapped".into(), answer: id(5) }.into(),
        RecordAssigned { to: Some(id(4)) }.into(),
        CheckMissed {
            check: "cleaning".into(),
            name: "Cleaning".into(),
            kind: CheckKind::Cleaning,
            due_ms: AT,
            plan_version: Some(2),
        }
        .into(),
        CoolingStarted {
            product: "stock".into(),
            rule: "US-COOL".into(),
            stages: vec![Stage { to: cold, within_minutes: 360 }],
            max_gap_minutes: 15,
            began_ms: AT,
            from: Some(Limit { milli: 135_000, ..cold }),
            probe: Some(id(8)),
            plan_version: Some(2),
            lot: some("L7"),
            quantity: some("10 l"),
            restarts: Some(id(9)),
        }
        .into(),
        CoolingMeasured { value, at_ms: AT }.into(),
        CoolingWarned { stage: 1, percent: 75, forecast_ms: Some(AT) }.into(),
        CoolingEnded {
            verdict: CoolingVerdict::Indeterminate,
            at_ms: AT,
            stage: Some(0),
            doubt: Some(CoolingDoubt::Jump),
        }
        .into(),
        CoolingSettled {
            outcome: CoolingOutcome::Reheated,
            product_temperature: Some(value),
            quantity: some("10 l"),
            note: some("again"),
        }
        .into(),
        TimerStarted {
            product: "sushi".into(),
            rule: "US-TPHC4".into(),
            minutes: 240,
            value: MilliCelsius(4_000),
            started_ms: AT,
            boot: Some(id(10)),
            up_ms: Some(5_000),
            never_beyond: Some(cold),
            probe: Some(id(8)),
            plan_version: Some(2),
            lot: some("L7"),
            quantity: some("20 pieces"),
        }
        .into(),
        TimerWarned {}.into(),
        TimerMeasured { value }.into(),
        TimerExpired { why: Expiry::TooWarm, value: Some(value) }.into(),
        TimerEnded { how: TimerEnd::Discarded, quantity: some("3 pieces"), note: some("left over") }.into(),
        Calibrated {
            probe: id(8),
            method: Method::IceAndBoil,
            points: vec![Point { reference: MilliCelsius(0), read: MilliCelsius(300), found: 300, left: 0 }],
            reference: "ice bath".into(),
            tolerance_milli: 1_000,
            due_ms: AT,
            altitude_metres: Some(500),
            plan_version: Some(2),
            note: some("spring"),
        }
        .into(),
        RecordOpened {
            kind: RecordKind::Cooling,
            severity: haccp::Severity::High,
            due_ms: AT,
            summary: "stock cooled too slowly".into(),
            about: Some(id(11)),
            control_point: some("cooling"),
            plan_version: Some(2),
            probe: Some(id(8)),
        }
        .into(),
        CorrectiveActionTaken {
            choice: "discard".into(),
            text: "Discard the food".into(),
            product_temperature: Some(value),
            disposition: Some(Disposition::Discard),
            quantity: some("10 l"),
            cause: some("pot too deep"),
            note: some("shallow pans from now on"),
        }
        .into(),
        RecordClosed {}.into(),
        RecordVerified { note: some("seen") }.into(),
        Reviewed { from_ms: AT, to_ms: AT + 1, meaning: "reviewed".into(), note: some("fine") }.into(),
        ImageRegistered {
            sha256: [7; 32].into(),
            hardware: "rp2040".into(),
            version: "0.2.0".into(),
            slot: Slot::B,
            length: 40_960,
        }
        .into(),
        UpdateStarted {
            sensor: id(12),
            line: "/dev/ttyUSB0".into(),
            from: "0.1.0".into(),
            version: "0.2.0".into(),
            slot: Slot::B,
        }
        .into(),
        UpdateEnded { outcome: Outcome::RolledBack, detail: some("it did not start"), firmware: some("0.1.0") }.into(),
        SensorSeen {
            serial: "0102030405060708".into(),
            line: "/dev/ttyUSB0".into(),
            hardware: "rp2040".into(),
            firmware: "0.1.0".into(),
            boot: 4,
            reset_cause: "watchdog".into(),
        }
        .into(),
        ReadingsLost { line: "/dev/ttyUSB0".into(), boot: 4, first: 10, last: 19 }.into(),
    ]
}

fn fixtures() -> Vec<(u16, Vec<u8>)> {
    let bytes =
        |hex: &str| (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect();
    let lines = FIXTURES.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| {
            let (kind, hex) = line.split_once(' ').unwrap();
            (u16::from_str_radix(kind.trim_start_matches("0x"), 16).unwrap(), bytes(hex))
        })
        .collect()
}

#[test]
fn every_fixture_still_reads_to_what_it_meant() {
    let samples = samples();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let hex = |bytes: Vec<u8>| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
        let lines = samples.iter().map(|event| format!("{:#06x} {}\n", event.kind(), hex(event.encode().unwrap())));
        #[expect(clippy::disallowed_methods, reason = "a developer asked to write the fixtures")]
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/release-1.txt"), lines.collect::<String>())
            .unwrap();
        return;
    }
    let fixtures = fixtures();
    assert_eq!(fixtures.len(), samples.len());
    for ((kind, bytes), sample) in fixtures.into_iter().zip(samples) {
        assert_eq!(Event::decode(kind, &bytes).as_ref(), Some(&sample), "{kind:#06x}");
        assert_eq!(sample.encode().unwrap(), bytes, "{kind:#06x} is written in other bytes now");
    }
}

/// A later release adds a field at the end of the body's array: this one reads past it.
#[test]
fn a_field_that_is_not_known_is_passed_over() {
    for (kind, mut bytes) in fixtures() {
        let before = Event::decode(kind, &bytes);
        assert_eq!(bytes[0] & 0xe0, 0x80, "a body is an array of fewer than 24 fields");
        bytes[0] += 1;
        bytes.extend([0x63, b'n', b'e', b'w']);
        let known_fields_end_early = before.is_some() && Event::decode(kind, &bytes) != before;
        // Where this release's last fields are optional and left out, the new one stands at a known number: a later
        // release numbers its fields after all that were ever released, so fill up to there.
        if known_fields_end_early {
            let mut filled = fixtures().into_iter().find(|(known, _)| *known == kind).unwrap().1;
            filled[0] += 9;
            filled.extend([0xf6; 8]);
            filled.extend([0x63, b'n', b'e', b'w']);
            assert_eq!(Event::decode(kind, &filled), before, "{kind:#06x}");
        }
    }
}

#[test]
fn every_kind_has_a_fixture_and_no_kind_two_meanings() {
    let kinds: Vec<u16> = [
        access::Event::KINDS,
        checks::Event::KINDS,
        kitchen::Event::KINDS,
        papers::Event::KINDS,
        haccp::Event::KINDS,
        alerts::Event::KINDS,
        safety::Event::KINDS,
        sensors::Event::KINDS,
    ]
    .concat();
    let known: Vec<u16> = fixtures().into_iter().map(|(kind, _)| kind).collect();
    for kind in &kinds {
        assert!(known.contains(kind), "{kind:#06x} has no fixture");
        assert_eq!(kinds.iter().filter(|other| *other == kind).count(), 1, "{kind:#06x}");
    }
    assert_eq!(Event::decode(0xffff, &[0x80]), None);
}
