//! One serial line of Modbus units: one task owns the port, asks one unit at a time and takes only its answer.
//!
//! RTU answers carry no number, so a late one looks like the next question's: before each question the line must fall
//! silent, and after a timeout the unit gets its longest time once more, in which whatever comes is thrown away. A
//! dead unit is asked less and less often, so that it does not starve the others.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_serial::SerialPortBuilderExt;

use super::modbus::{Answers, Channel, Profile, Question, Told, Wrong};
use super::{NoData, Parity, Report, Sample};

/// One unit, with what of it is wired to an input.
#[derive(Clone, Debug)]
pub struct Unit {
    pub unit: u8,
    pub profile: Profile,
    pub inputs: Vec<(String, Channel)>,
}

#[derive(Clone, Debug)]
pub struct Bus {
    pub path: String,
    pub baud: u32,
    pub parity: Parity,
    pub units: Vec<Unit>,
    /// Each unit is asked once in this time, or as often as the line allows.
    pub period: Duration,
}

impl Bus {
    /// Wires an input to a channel of a unit. Inputs of one unit and model share its questions.
    pub fn wire(&mut self, input: &str, unit: u8, profile: &Profile, channel: Channel) {
        let wired = (input.to_owned(), channel);
        match self.units.iter_mut().find(|other| other.unit == unit && other.profile.name == profile.name) {
            Some(other) => other.inputs.push(wired),
            None => self.units.push(Unit { unit, profile: profile.clone(), inputs: vec![wired] }),
        }
    }
}

const TRIES: usize = 3;
/// A unit that failed in so many rounds in a row is asked with one try, ever more seldom.
const DEAD_AFTER: u32 = 3;
/// The most rounds that a dead unit is left alone.
const MOST_ROUNDS: u32 = 8;
/// A unit that answers late is given longer, up to this.
const MOST_PATIENCE: Duration = Duration::from_secs(2);
const MAX_ANSWER: usize = 512;
/// A line takes a question within this.
const TAKES_WITHIN: Duration = Duration::from_secs(2);
/// A line that does not fall silent for so long is one that somebody babbles on.
const MOST_BABBLE: Duration = Duration::from_millis(500);

/// What is remembered of a unit.
struct Asked {
    failed: u32,
    /// The round in which it is its turn again.
    next: u32,
    patience: Duration,
}

/// Runs for as long as somebody listens. A full channel holds up the line, and nothing else.
pub async fn run(bus: Bus, reports: mpsc::Sender<Report>) {
    let longest = |unit: &Unit| Duration::from_millis(u64::from(unit.profile.max_reply_ms));
    let mut memory: Vec<Asked> =
        bus.units.iter().map(|unit| Asked { failed: 0, next: 0, patience: longest(unit) }).collect();
    let mut round: u32 = 0;
    let mut port = None;
    while !reports.is_closed() {
        let until = Instant::now() + bus.period;
        if port.is_none() {
            let parity = match bus.parity {
                Parity::None => tokio_serial::Parity::None,
                Parity::Even => tokio_serial::Parity::Even,
                Parity::Odd => tokio_serial::Parity::Odd,
            };
            let opened = tokio_serial::new(&bus.path, bus.baud).parity(parity).open_native_async();
            let line = opened.as_ref().map(drop).map_err(|error| format!("{}: {error}", bus.path));
            tell(&reports, Report::Line(line)).await;
            port = opened.ok().map(|port| Line { port, silence: silence(bus.baud) });
        }
        for (unit, asked) in bus.units.iter().zip(&mut memory) {
            let Some(open) = &mut port else {
                report(unit, &Err((Wrong::Timeout, Vec::new())), Some(NoData::Offline), &reports).await;
                continue;
            };
            let dead = asked.failed >= DEAD_AFTER;
            if dead && round < asked.next {
                continue;
            }
            match open.ask_unit(unit, &mut asked.patience, if dead { 1 } else { TRIES }).await {
                Ok(answer) => {
                    asked.failed = if answer.is_ok() { 0 } else { asked.failed.saturating_add(1) };
                    let pause = 1 << asked.failed.saturating_sub(DEAD_AFTER).min(MOST_ROUNDS.ilog2());
                    asked.next = round.saturating_add(pause);
                    report(unit, &answer, None, &reports).await;
                }
                Err(error) => {
                    tell(&reports, Report::Line(Err(format!("{}: {error}", bus.path)))).await;
                    port = None;
                    report(unit, &Err((Wrong::Timeout, Vec::new())), Some(NoData::Offline), &reports).await;
                }
            }
        }
        round = round.saturating_add(1);
        tokio::time::sleep_until(until).await;
    }
}

/// The data of all questions to a unit, or what went wrong and the bytes that came instead.
type Answered = Result<Answers, (Wrong, Vec<u8>)>;

async fn report(unit: &Unit, answer: &Answered, instead: Option<NoData>, reports: &mpsc::Sender<Report>) {
    for (input, channel) in &unit.inputs {
        let told = match answer {
            Ok(answers) => unit.profile.read(channel, answers),
            Err((wrong, seen)) => Profile::without_answer(channel, *wrong, seen),
        };
        let told = match told {
            Told::Value(value, raw) => {
                let value = instead.map_or(value, Err);
                Report::Sample(Sample { raw, ..Sample::new(input, value) })
            }
            Told::State(state) => {
                let state = instead.map_or(state, super::InputState::Unknown);
                Report::Input { input: input.clone(), state }
            }
        };
        tell(reports, told).await;
    }
}

/// Nobody who listens any more is no fault: the line ends.
pub(super) async fn tell(reports: &mpsc::Sender<Report>, report: Report) {
    drop(reports.send(report).await);
}

/// A port with the silence that parts its frames.
struct Line<P> {
    port: P,
    silence: Duration,
}

impl<P: AsyncRead + AsyncWrite + Unpin> Line<P> {
    /// All that is to be asked of a unit. What fails once is not asked further in this round: a late answer to one
    /// question would look like the next one's.
    async fn ask_unit(&mut self, unit: &Unit, patience: &mut Duration, tries: usize) -> io::Result<Answered> {
        let channels: Vec<Channel> = unit.inputs.iter().map(|(_, channel)| channel.clone()).collect();
        let mut answers = Answers::default();
        for question in unit.profile.questions(unit.unit, &channels) {
            match self.ask(question, patience, tries).await? {
                Ok(data) => answers.add(question, data),
                Err(wrong) => return Ok(Err(wrong)),
            }
        }
        Ok(Ok(answers))
    }

    async fn ask(
        &mut self,
        question: Question,
        patience: &mut Duration,
        tries: usize,
    ) -> io::Result<Result<Vec<u8>, (Wrong, Vec<u8>)>> {
        let mut wrong = (Wrong::Timeout, Vec::new());
        for _ in 0..tries {
            if !self.hush().await? {
                wrong = (Wrong::Malformed, Vec::new());
                continue;
            }
            let taken = timeout(TAKES_WITHIN, self.port.write_all(&question.frame())).await;
            taken.map_err(|_| io::Error::other("it takes no bytes"))??;
            let mut received = Vec::new();
            match self.hear(question, *patience, &mut received).await? {
                Some(Ok(data)) => return Ok(Ok(data)),
                // The unit has spoken: it would say the same again.
                Some(Err(exception)) => return Ok(Err((exception, received))),
                None => {}
            }
            wrong = (question.what_else(&received), received);
            if wrong.0 == Wrong::Timeout || wrong.0 == Wrong::Echo {
                let mut late = Vec::new();
                if self.hear(question, *patience, &mut late).await?.is_some() {
                    wrong = (Wrong::Late, late);
                    *patience = (*patience * 2).min(MOST_PATIENCE);
                }
            }
        }
        Ok(Err(wrong))
    }

    /// Listens for an answer. None: the time is over, or there is too much of something else.
    async fn hear(
        &mut self,
        question: Question,
        patience: Duration,
        received: &mut Vec<u8>,
    ) -> io::Result<Option<Result<Vec<u8>, Wrong>>> {
        let until = Instant::now() + patience;
        let mut buffer = [0; 64];
        while received.len() <= MAX_ANSWER {
            match timeout_at(until, self.port.read(&mut buffer)).await {
                Err(_) => return Ok(None),
                Ok(Ok(0)) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(Ok(n)) => received.extend_from_slice(buffer.get(..n).unwrap_or_default()),
                Ok(Err(error)) => return Err(error),
            }
            if let Some(answer) = question.find_answer(received) {
                return Ok(Some(answer));
            }
        }
        Ok(None)
    }

    /// Throws away what comes until the line is silent. False: it does not fall silent.
    async fn hush(&mut self) -> io::Result<bool> {
        let until = Instant::now() + MOST_BABBLE;
        let mut buffer = [0; 256];
        while let Ok(read) = timeout(self.silence, self.port.read(&mut buffer)).await {
            if read? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if Instant::now() >= until {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// 3.5 characters of 11 bits, at least 1.75 ms (Modbus over Serial Line V1.02, 2.5.1.1).
fn silence(baud: u32) -> Duration {
    let micros = 3_500_000 * 11 / u64::from(baud.max(1));
    Duration::from_micros(micros.max(1_750))
}

#[cfg(test)]
mod tests {
    use super::super::modbus::crc16;
    use super::*;
    use tokio::io::{DuplexStream, duplex};

    const PATIENCE: Duration = Duration::from_millis(300);
    const ASKED: Question = Question { unit: 7, function: 4, start: 0, count: 1 };

    fn frame(body: &[u8]) -> Vec<u8> {
        [body, &crc16(body).to_le_bytes()].concat()
    }

    /// For each question that comes: after so many ms, these bytes. Gives back how many questions came.
    fn slave(mut port: DuplexStream, script: Vec<Vec<(u64, Vec<u8>)>>) -> tokio::task::JoinHandle<usize> {
        tokio::spawn(async move {
            let mut asked = 0;
            let mut question = [0; 8];
            while port.read_exact(&mut question).await.is_ok() {
                for (after, bytes) in script.get(asked).cloned().unwrap_or_default() {
                    tokio::time::sleep(Duration::from_millis(after)).await;
                    if port.write_all(&bytes).await.is_err() {
                        return asked + 1;
                    }
                }
                asked += 1;
            }
            asked
        })
    }

    /// What comes of a question, how often it was asked, and how long the unit is waited for next.
    async fn ask(script: Vec<Vec<(u64, Vec<u8>)>>) -> (Result<Vec<u8>, Wrong>, usize, Duration) {
        let (ours, theirs) = duplex(1_024);
        let slave = slave(theirs, script);
        let mut line = Line { port: ours, silence: silence(9_600) };
        let mut patience = PATIENCE;
        let answer = line.ask(ASKED, &mut patience, TRIES).await.unwrap().map_err(|(wrong, _)| wrong);
        drop(line);
        (answer, slave.await.unwrap(), patience)
    }

    #[tokio::test(start_paused = true)]
    async fn a_unit_is_asked_three_times_and_only_its_own_answer_is_taken() {
        let good = || frame(&[7, 4, 2, 0, 39]);
        let bad = || [&good()[..6], &[0]].concat();
        for (name, script, expected, asked) in [
            ("at once", vec![vec![(5, good())]], Ok(vec![0, 39]), 1),
            ("its second try", vec![vec![], vec![(5, good())]], Ok(vec![0, 39]), 2),
            ("an echo before", vec![vec![(0, ASKED.frame()), (5, good())]], Ok(vec![0, 39]), 1),
            ("in two parts", vec![vec![(5, good()[..3].to_vec()), (5, good()[3..].to_vec())]], Ok(vec![0, 39]), 1),
            ("never", vec![], Err(Wrong::Timeout), 3),
            ("a wrong checksum each time", vec![vec![(5, bad())]; 3], Err(Wrong::Crc), 3),
            ("another unit's", vec![vec![(5, frame(&[8, 4, 2, 0, 39]))]; 3], Err(Wrong::Malformed), 3),
            ("echoes alone", vec![vec![(0, ASKED.frame())]; 3], Err(Wrong::Echo), 3),
            ("an exception is not asked again", vec![vec![(5, frame(&[7, 0x84, 4]))]], Err(Wrong::Exception(4)), 1),
        ] {
            let (answer, times, _) = ask(script).await;
            assert_eq!((answer, times), (expected, asked), "{name}");
        }
    }

    /// The value of a late answer is never taken for the answer to the next question.
    #[tokio::test(start_paused = true)]
    async fn a_late_answer_is_thrown_away_and_the_unit_given_longer() {
        let (old, new) = (frame(&[7, 4, 2, 0, 90]), frame(&[7, 4, 2, 0, 39]));
        let (answer, times, patience) = ask(vec![vec![(400, old.clone())], vec![(5, new)]]).await;
        assert_eq!((answer, times), (Ok(vec![0, 39]), 2));
        assert_eq!(patience, PATIENCE * 2);
        let (answer, _, patience) =
            ask(vec![vec![(400, old.clone())], vec![(700, old.clone())], vec![(1_300, old)]]).await;
        assert_eq!(answer, Err(Wrong::Late));
        assert_eq!(patience, MOST_PATIENCE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_line_that_takes_no_bytes_is_an_error() {
        let (ours, _theirs) = duplex(4);
        let mut line = Line { port: ours, silence: silence(9_600) };
        let mut patience = PATIENCE;
        let error = line.ask(ASKED, &mut patience, TRIES).await.unwrap_err();
        assert!(error.to_string().contains("takes no bytes"), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_line_that_is_babbled_on_is_given_up() {
        let (ours, mut theirs) = duplex(64);
        let babbler = tokio::spawn(async move {
            while theirs.write_all(&[0x55]).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
        let mut line = Line { port: ours, silence: silence(9_600) };
        let mut patience = PATIENCE;
        let answer = line.ask(ASKED, &mut patience, TRIES).await.unwrap();
        assert_eq!(answer.unwrap_err().0, Wrong::Malformed);
        drop(line);
        babbler.await.unwrap();
    }
}
