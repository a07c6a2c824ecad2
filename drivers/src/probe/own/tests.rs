//! A box and a sensor: on a real PTY with the sensor's own code behind it, and, where a word must be wrong, word by word.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use trivet_probe_sim::image::{DEVELOPMENT_SEED, development_key, sign};
use trivet_probe_sim::{Control, Plan, Sensor, SensorFault, Sim};
use trivet_wire::{Down, Frame, Hello, Phase, Quality, ResetCause, Slot, Up};

use super::talk::Talk;
use super::*;
use crate::probe::NoData;

const SERIAL: u64 = 0x0316_a279_3b21;

fn line(path: &str, since: Option<Source>) -> Line {
    let (path, baud, names) = (path.to_owned(), trivet_wire::BAUD, BTreeMap::new());
    Line { path, baud, period_s: 1, resolution_bits: 12, names, since, wall: Arc::new(|| 1_790_000_000_000) }
}

fn sensor() -> Sim {
    Sim::open(Plan { sensors: vec![(SERIAL, 4_000)], ..Plan::default() }).unwrap()
}

/// A box that owns the line for as long as this lives.
struct Box {
    reports: mpsc::Receiver<Report>,
    commands: mpsc::Sender<LineCommand>,
    task: tokio::task::JoinHandle<()>,
}

impl Box {
    fn open(sim: &Sim, since: Option<Source>) -> Box {
        let (sender, reports) = mpsc::channel(8);
        let (commands, receiver) = mpsc::channel(8);
        let task = tokio::spawn(run(line(&sim.path.to_string_lossy(), since), sender, receiver));
        Box { reports, commands, task }
    }

    async fn say(&self, command: LineCommand) {
        self.commands.send(command).await.unwrap();
    }

    /// What the first report gives that gives something.
    async fn find<T>(&mut self, what: impl Fn(&Report) -> Option<T>) -> T {
        let mut seen = Vec::new();
        let finding = async {
            loop {
                let report = self.reports.recv().await.expect("the line ended");
                if let Some(found) = what(&report) {
                    return found;
                }
                seen.push(report);
            }
        };
        let found = timeout(Duration::from_secs(60), finding).await;
        found.unwrap_or_else(|_| panic!("it was not among {seen:#?}"))
    }

    async fn sample(&mut self) -> Sample {
        self.find(|report| if let Report::Sample(sample) = report { Some(sample.clone()) } else { None }).await
    }

    async fn progress(&mut self) -> Progress {
        let told = |report: &Report| match report {
            Report::Update(progress) if !matches!(progress, Progress::Sending { .. }) => Some(progress.clone()),
            _ => None,
        };
        self.find(told).await
    }

    async fn end(self) {
        drop(self.reports);
        timeout(Duration::from_secs(10), self.task).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn readings_come_with_their_numbers_and_their_time() {
    let sim = sensor();
    let mut trivet = Box::open(&sim, None);
    for seq in 1..=3 {
        let sample = trivet.sample().await;
        assert_eq!((sample.input.as_str(), sample.value), ("28-0316a2793b21", Ok(4_000)));
        assert_eq!(sample.source, Some(Source { boot: 1, seq }));
        assert!((0..60_000).contains(&(sample.taken_ms.unwrap() - 1_790_000_000_000 + 30_000)), "{sample:?}");
        assert_eq!(sample.raw.as_slice().len(), 9);
    }
    sim.control(Control::Sensor { sensor: 0, fault: SensorFault::Unplugged });
    let gone = |report: &Report| match report {
        Report::Sample(sample) if sample.value != Ok(4_000) => Some(sample.value),
        _ => None,
    };
    assert_eq!(trivet.find(gone).await, Err(NoData::Disconnected));
    trivet.end().await;
}

#[tokio::test]
async fn over_a_noisy_line_and_a_restart_of_the_box_no_reading_is_lost_and_none_doubled() {
    let sim = sensor();
    sim.control(Control::SerialNoise(2_000));
    let mut seqs = Vec::new();
    let mut since = None;
    let mut damaged = 0;
    for session in 0..3 {
        let mut trivet = Box::open(&sim, since);
        let wanted = seqs.len() + 4;
        // The last session goes on until the line has done harm.
        while seqs.len() < wanted || (session == 2 && damaged == 0) {
            let either = |report: &Report| match report {
                Report::Sample(sample) => Some(Ok(sample.clone())),
                Report::Counts(counts) => Some(Err(counts.damaged)),
                Report::Lost { .. } => panic!("{report:?}"),
                _ => None,
            };
            match trivet.find(either).await {
                Ok(sample) => {
                    assert_eq!(sample.value, Ok(4_000));
                    seqs.push(sample.source.unwrap().seq);
                }
                Err(seen) => damaged += seen,
            }
        }
        // The last is taken, and yet not safe when the box goes: it comes again.
        let safe = Source { boot: 1, seq: seqs[seqs.len() - 2] };
        trivet.say(LineCommand::Ack(safe)).await;
        since = Some(safe);
        seqs.pop();
        trivet.end().await;
    }
    assert_eq!(seqs, (1..=seqs.len() as u32).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_device_that_starts_again_counts_anew() {
    let sim = sensor();
    let mut trivet = Box::open(&sim, None);
    assert_eq!(trivet.sample().await.source, Some(Source { boot: 1, seq: 1 }));
    sim.control(Control::Restart);
    let second = |report: &Report| match report {
        Report::Sample(sample) => sample.source.filter(|source| source.boot == 2),
        _ => None,
    };
    assert_eq!(trivet.find(second).await, Source { boot: 2, seq: 1 });
    trivet.end().await;
}

fn file(seed: [u8; 32], slot: Slot, image: &[u8]) -> Vec<u8> {
    let (manifest, signature) = sign(seed, "sim", 2, slot, image).unwrap();
    [&manifest.to_bytes()[..], &signature, image].concat()
}

fn image(text: &str) -> Vec<Arc<Image>> {
    let mut text = text.as_bytes().to_vec();
    text.resize(3_000, b'\n');
    let of = |slot| Arc::new(Image::read(&file(DEVELOPMENT_SEED, slot, &text), &development_key()).unwrap());
    vec![of(Slot::A), of(Slot::B)]
}

#[tokio::test]
async fn an_update_proves_itself_over_a_noisy_line() {
    let sim = sensor();
    let mut trivet = Box::open(&sim, None);
    trivet.sample().await;
    sim.control(Control::SerialNoise(500));
    trivet.say(LineCommand::Update(image("firmware=0.2.0\n"))).await;
    assert_eq!(trivet.progress().await, Progress::Restarting);
    let done = |report: &Report| match report {
        Report::Update(progress @ (Progress::Done { .. } | Progress::RolledBack | Progress::Refused(_))) => {
            Some(progress.clone())
        }
        _ => None,
    };
    assert_eq!(trivet.find(done).await, Progress::Done { firmware: "0.2.0".to_owned() });
    trivet.end().await;
}

#[tokio::test]
async fn an_update_that_does_not_run_is_rolled_back_and_told() {
    let sim = sensor();
    let mut trivet = Box::open(&sim, None);
    trivet.sample().await;
    trivet.say(LineCommand::Update(image("firmware=0.3.0\nbroken\n"))).await;
    assert_eq!(trivet.progress().await, Progress::Restarting);
    assert_eq!(trivet.progress().await, Progress::RolledBack);
    let runs = |report: &Report| match report {
        Report::Sample(sample) => sample.source.filter(|source| source.boot > 1),
        _ => None,
    };
    assert_eq!(trivet.find(runs).await.seq, 1);
    trivet.end().await;
}

#[test]
fn an_image_of_another_key_is_refused_before_a_byte_is_sent() {
    let key = development_key();
    let right = file(DEVELOPMENT_SEED, Slot::B, b"firmware");
    assert!(Image::read(&right, &key).is_ok());
    let mut changed = right.clone();
    *changed.last_mut().unwrap() ^= 1;
    for (wrong, why) in [
        (file([7; 32], Slot::B, b"firmware"), "not signed"),
        (changed, "not the one that was signed"),
        (right[..right.len() - 1].to_vec(), "not a whole one"),
        (b"TVF1".to_vec(), "not a whole one"),
    ] {
        let refused = Image::read(&wrong, &key).unwrap_err();
        assert!(refused.contains(why), "{refused}");
    }
}

#[test]
fn addresses() {
    let at = |path: &str, baud| Ok((path.to_owned(), baud));
    assert_eq!(address("serial:/dev/ttyUSB0"), at("/dev/ttyUSB0", 115_200));
    assert_eq!(address("serial:/dev/ttyUSB0@9600"), at("/dev/ttyUSB0", 9_600));
    for wrong in ["serial:", "serial:@9600", "serial:/dev/x@", "serial:/dev/x@0", "modbus:/dev/x@9600"] {
        assert!(address(wrong).is_err(), "{wrong}");
    }
}

const HELLO: Hello<'_> = Hello {
    major: 1,
    minor: 0,
    firmware: "0.1.0",
    hardware: "sim",
    serial: [1; 8],
    boot: 5,
    reset_cause: ResetCause::Power,
    uptime_ms: 0,
    probes: 1,
    log_len: 0,
    oldest: 1,
    next: 1,
    battery_percent: Some(70),
    period_s: 1,
    resolution_bits: 12,
    running: Slot::A,
    trial: false,
    streaming: true,
    damaged_frames: 0,
};

fn reading(seq: u32, milli_c: i32) -> Up<'static> {
    let raw = [0x40, 0x00, 0x4b, 0x46, 0x7f, 0xff, 0x10, 0x10, 0];
    let check = crate::probe::w1::crc8(&raw[..8]);
    let raw = [raw[0], raw[1], raw[2], raw[3], raw[4], raw[5], raw[6], raw[7], check];
    let (rom, quality) = (Sensor::new(SERIAL, 0).rom(), Quality::Good);
    Up::Sample { boot: 5, seq, uptime_ms: 1_000, rom, raw, milli_c: Some(milli_c), quality }
}

struct Words {
    talk: Talk,
    now: Instant,
}

impl Words {
    fn open(since: Option<Source>) -> Words {
        let now = Instant::now();
        let mut talk = Talk::new(line("/dev/null", since));
        talk.opened(now);
        Words { talk, now }
    }

    /// What the box reports on hearing this.
    fn hear(&mut self, words: &[Up<'_>]) -> Vec<Report> {
        for word in words {
            self.talk.heard(Frame::up(word).unwrap().as_bytes(), self.now);
        }
        std::iter::from_fn(|| self.talk.next_report()).collect()
    }

    fn said(&mut self) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| self.talk.next_frame()).map(|frame| frame.as_bytes().to_vec()).collect()
    }

    fn replay(from: u32) -> Vec<u8> {
        Frame::down(&Down::Replay { boot: 5, from }).unwrap().as_bytes().to_vec()
    }
}

fn seqs(reports: &[Report]) -> Vec<u32> {
    let seq = |report: &Report| match report {
        Report::Sample(sample) => sample.source.map(|source| source.seq),
        _ => None,
    };
    reports.iter().filter_map(seq).collect()
}

#[test]
fn a_number_is_taken_once_and_in_order() {
    let mut words = Words::open(None);
    words.hear(&[Up::Hello(HELLO)]);
    assert!(words.said().contains(&Words::replay(1)));
    let reports = words.hear(&[reading(1, 4_000), reading(1, 4_000), reading(2, 4_000), reading(4, 4_000)]);
    assert_eq!(seqs(&reports), [1, 2]);
    assert_eq!(words.said(), [Words::replay(3)]);
    let reports = words.hear(&[reading(3, 4_000), reading(2, 4_000), reading(4, 4_000), reading(5, 4_000)]);
    assert_eq!(seqs(&reports), [3, 4, 5]);
}

#[test]
fn what_was_safe_before_is_asked_for_no_more() {
    let mut words = Words::open(Some(Source { boot: 5, seq: 8 }));
    words.hear(&[Up::Hello(Hello { oldest: 3, next: 12, ..HELLO })]);
    let said = words.said();
    assert!(said.contains(&Words::replay(9)), "{said:?}");
    let ack = Frame::down(&Down::Ack { boot: 5, upto: 8 }).unwrap();
    assert!(said.iter().any(|frame| frame == ack.as_bytes()));
    assert_eq!(seqs(&words.hear(&[reading(8, 4_000), reading(9, 4_000)])), [9]);
}

#[test]
fn what_the_device_overwrote_is_told() {
    let mut words = Words::open(Some(Source { boot: 5, seq: 8 }));
    words.hear(&[Up::Hello(Hello { oldest: 20, next: 30, ..HELLO })]);
    let reports = words.hear(&[Up::Replaying { boot: 5, from: 20 }, reading(20, 4_000)]);
    assert_eq!(reports[0], Report::Lost { boot: 5, first: 9, last: 19 });
    assert_eq!(seqs(&reports), [20]);
}

#[test]
fn a_device_that_contradicts_its_own_bytes_is_not_believed() {
    let mut words = Words::open(None);
    words.hear(&[Up::Hello(HELLO)]);
    let reports = words.hear(&[reading(1, 4_000), reading(2, 3_000)]);
    let values: Vec<_> = reports
        .iter()
        .filter_map(|report| if let Report::Sample(sample) = report { Some(sample.value) } else { None })
        .collect();
    assert_eq!(values, [Ok(4_000), Err(NoData::Malformed)]);
}

#[test]
fn another_version_is_refused_with_its_reason() {
    let mut words = Words::open(None);
    let reports = words.hear(&[Up::Hello(Hello { major: 2, ..HELLO }), reading(1, 4_000)]);
    let [Report::Line(Err(why))] = &reports[..] else { panic!("{reports:?}") };
    assert!(why.contains("version 2") && why.contains("this box version 1"), "{why}");
}

#[test]
fn damaged_and_cut_frames_are_counted_and_give_nothing() {
    let mut words = Words::open(None);
    words.hear(&[Up::Hello(HELLO)]);
    let frame = Frame::up(&reading(1, 4_000)).unwrap();
    let mut damaged = frame.as_bytes().to_vec();
    damaged[9] ^= 0x10;
    let cut = [&frame.as_bytes()[..20], &[0]].concat();
    words.talk.heard(&damaged, words.now);
    words.talk.heard(&cut, words.now);
    words.talk.tick(words.now);
    let reports = words.hear(&[reading(1, 4_000)]);
    assert!(reports.contains(&Report::Counts(Counts { damaged: 2, ..Counts::default() })), "{reports:?}");
    assert_eq!(seqs(&reports), [1]);
}

#[test]
fn while_reports_wait_nothing_is_asked_for_and_the_sensor_is_not_called_silent() {
    let mut words = Words::open(None);
    words.hear(&[Up::Hello(HELLO)]);
    let end = Up::LogEnd { boot: 5, next: 1_000 };
    for word in (1..=64).map(|seq| reading(seq, 4_000)).chain([end]) {
        words.talk.heard(Frame::up(&word).unwrap().as_bytes(), words.now);
    }
    words.said();
    for _ in 0..60 {
        words.now += Duration::from_secs(1);
        words.talk.tick(words.now);
    }
    let time = Frame::down(&Down::Time { utc_ms: 1_790_000_000_000, err_ms: 100 }).unwrap();
    assert_eq!(words.said(), vec![time.as_bytes().to_vec(); 6]);
    let reports = words.hear(&[]);
    assert_eq!((reports.len(), seqs(&reports).len()), (MOST_WAITING, MOST_WAITING));
    words.talk.tick(words.now);
    assert!(words.said().contains(&Words::replay(65)));
    assert!(words.hear(&[]).iter().all(|report| matches!(report, Report::Counts(_))));
}

#[test]
fn an_update_is_told_from_its_beginning_and_ends_with_what_came_of_it() {
    let mut words = Words::open(None);
    words.hear(&[Up::Hello(HELLO)]);
    let status = |phase| Up::UpdateStatus { phase, next_block: 0, running: Slot::A, trial: false };
    assert!(words.hear(&[status(Phase::RolledBack)]).is_empty(), "of one that was told before");
    words.talk.command(LineCommand::Update(image("firmware=0.2.0\n")), words.now);
    assert_eq!(words.hear(&[]), [Report::Update(Progress::Sending { blocks: 0, of: 47 })]);
    assert!(words.hear(&[status(Phase::RolledBack), status(Phase::Begun), status(Phase::Receiving)]).is_empty());
    assert_eq!(words.hear(&[status(Phase::Committed)]), [Report::Update(Progress::Restarting)]);
    assert_eq!(words.hear(&[status(Phase::RolledBack)]), [Report::Update(Progress::RolledBack)]);
}

#[tokio::test]
async fn a_panic_breaks_the_line_and_not_its_task() {
    assert!(caught(poll_fn(|_| panic!("over what was said"))).await.is_err());
    assert!(caught(async { Ok(()) }).await.is_ok());
}

/// Whatever a device may say, numbers at their ends among it.
fn any_word() -> impl Strategy<Value = Up<'static>> {
    let boot = || prop_oneof![Just(5_u32), any::<u32>()];
    let number = || prop_oneof![Just(0_u32), Just(1_u32), Just(u32::MAX - 1), Just(u32::MAX), any::<u32>()];
    let ms = || prop_oneof![Just(0_u64), Just(i64::MAX.cast_unsigned()), Just(u64::MAX), any::<u64>()];
    let qualities = vec![Quality::Good, Quality::Counterfeit, Quality::Crc, Quality::Range];
    let phases = vec![Phase::Idle, Phase::Begun, Phase::Receiving, Phase::Committed, Phase::Trial, Phase::RolledBack];
    let hello = |(major, boot, uptime_ms, oldest, next, (trial, streaming))| {
        Up::Hello(Hello { major, boot, uptime_ms, oldest, next, trial, streaming, ..HELLO })
    };
    let reading = |(seq, uptime_ms, rom, raw, milli_c, quality)| {
        let boot = 5;
        Up::Sample { boot, seq, uptime_ms, rom, raw, milli_c, quality }
    };
    let replaying = |(boot, from)| Up::Replaying { boot, from };
    let end = |(boot, next)| Up::LogEnd { boot, next };
    let status = |(phase, next_block, trial)| Up::UpdateStatus { phase, next_block, running: Slot::A, trial };
    let quality = prop::sample::select(qualities);
    let readings = (number(), ms(), any::<[u8; 8]>(), any::<[u8; 9]>(), any::<Option<i32>>(), quality);
    let major = prop_oneof![Just(1_u8), any::<u8>()];
    prop_oneof![
        (major, boot(), ms(), number(), number(), any::<(bool, bool)>()).prop_map(hello),
        readings.prop_map(reading),
        (boot(), number()).prop_map(replaying),
        (boot(), number()).prop_map(end),
        (prop::sample::select(phases), number(), any::<bool>()).prop_map(status),
    ]
}

proptest! {
    #[test]
    fn no_word_of_a_device_panics(said in prop::collection::vec((any_word(), 0_u64..3_000), 1..40), updates: bool) {
        let mut words = Words::open(None);
        words.hear(&[Up::Hello(HELLO)]);
        if updates {
            words.talk.command(LineCommand::Update(image("firmware=0.2.0\n")), words.now);
        }
        for (word, after_ms) in said {
            words.now += Duration::from_millis(after_ms);
            words.hear(&[word]);
            words.talk.tick(words.now);
            words.said();
        }
    }
}
