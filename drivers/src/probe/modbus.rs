//! Modbus RTU (Modbus over Serial Line V1.02, Modbus Application Protocol V1.1b3): the questions that a unit is to be
//! asked, and what its answers say. Pure.

use std::sync::LazyLock;

use serde::Deserialize;

use super::{InputState, NoData, Raw, Value, plausible};

/// How a model tells what it measures: a data file each, under `drivers/profiles/probes`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    pub name: String,
    /// 1 (coils), 2 (discrete inputs), 3 (holding registers) or 4 (input registers), unless a channel says otherwise.
    pub function: u8,
    /// The longest that the unit takes to answer; after a timeout the line is left quiet for as long again.
    #[serde(default = "default_max_reply_ms")]
    pub max_reply_ms: u16,
    #[serde(rename = "channel")]
    pub channels: Vec<Channel>,
}

/// One thing that a unit measures.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// By which an address names it: `…,PROFILE#NAME`.
    pub name: String,
    pub register: u16,
    pub function: Option<u8>,
    #[serde(default, rename = "type")]
    pub form: Form,
    #[serde(default)]
    pub order: Order,
    /// Thousandths of a degree a step: 100 for tenths, 1,000 for a float of degrees.
    #[serde(default = "default_milli_per_step")]
    pub milli_per_step: i32,
    #[serde(default)]
    pub offset_milli: i32,
    /// Raw values that mean "sensor open" or "shorted".
    #[serde(default)]
    pub sentinels: Vec<u32>,
    /// What this model can measure; outside of it a value is none.
    pub min_milli: Option<i32>,
    pub max_milli: Option<i32>,
    pub status: Option<Status>,
}

/// A register of the same function whose bits tell a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Status {
    pub register: u16,
    pub mask: u16,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    #[default]
    I16,
    U16,
    I32,
    U32,
    F32,
    /// One bit: a made contact is a closed door.
    Contact,
    /// One bit: on or off.
    Switch,
}

/// Which word of a value of 32 bits comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    #[default]
    HighFirst,
    LowFirst,
}

fn default_max_reply_ms() -> u16 {
    300
}

fn default_milli_per_step() -> i32 {
    100
}

const SHIPPED: [&str; 5] = [
    include_str!("../../profiles/probes/generic.toml"),
    include_str!("../../profiles/probes/r4dcb08.toml"),
    include_str!("../../profiles/probes/pt100-f32.toml"),
    include_str!("../../profiles/probes/sht20.toml"),
    include_str!("../../profiles/probes/contacts.toml"),
];

/// The longest answer that a profile may wait for; a bus stands still meanwhile.
const MAX_REPLY_MS: u16 = 2_000;
/// Registers or bits of one question; the specification allows 125 registers.
const MOST_AT_ONCE: u16 = 32;

static READ: LazyLock<Vec<Profile>> =
    LazyLock::new(|| SHIPPED.iter().filter_map(|text| Profile::parse(text).ok()).collect());

impl Profile {
    pub fn shipped() -> &'static [Profile] {
        &READ
    }

    pub fn named(name: &str) -> Option<Profile> {
        Profile::shipped().iter().find(|profile| profile.name == name).cloned()
    }

    /// Reads a profile's file; the error names what is wrong in it.
    pub fn parse(text: &str) -> Result<Profile, String> {
        let profile: Profile = toml::from_str(text).map_err(|error| error.to_string())?;
        let wrong = |what: &str| Err(format!("profile {}: {what}", profile.name));
        if profile.channels.is_empty() {
            return wrong("it has no channel");
        }
        if profile.max_reply_ms == 0 || profile.max_reply_ms > MAX_REPLY_MS {
            return wrong("max_reply_ms is 1 to 2000");
        }
        for (at, channel) in profile.channels.iter().enumerate() {
            let function = profile.function_of(channel);
            if profile.channels.iter().skip(at + 1).any(|other| other.name == channel.name) {
                return wrong(&format!("two channels are called {}", channel.name));
            }
            if channel.form.is_bit() != matches!(function, 1 | 2) || !matches!(function, 1..=4) {
                return wrong(&format!("channel {}: bits have function 1 or 2, registers 3 or 4", channel.name));
            }
            if channel.form.is_bit() && channel.status.is_some() {
                return wrong(&format!("channel {}: a bit has no status", channel.name));
            }
        }
        Ok(profile)
    }

    /// The channel of this name; without one, the first.
    pub fn channel(&self, name: Option<&str>) -> Option<&Channel> {
        match name {
            None => self.channels.first(),
            Some(name) => self.channels.iter().find(|channel| channel.name == name),
        }
    }

    pub fn function_of(&self, channel: &Channel) -> u8 {
        channel.function.unwrap_or(self.function)
    }

    /// What to ask a unit for these channels: registers that lie side by side are asked for together.
    pub fn questions(&self, unit: u8, channels: &[Channel]) -> Vec<Question> {
        let mut wanted: Vec<(u8, u16)> = Vec::new();
        for channel in channels {
            let function = self.function_of(channel);
            let words = (0..channel.form.words()).filter_map(|word| channel.register.checked_add(word));
            wanted.extend(words.chain(channel.status.map(|status| status.register)).map(|at| (function, at)));
        }
        wanted.sort_unstable();
        wanted.dedup();
        let mut questions: Vec<Question> = Vec::new();
        for (function, register) in wanted {
            match questions.last_mut() {
                Some(last)
                    if last.function == function
                        && last.count < MOST_AT_ONCE
                        && last.start.checked_add(last.count) == Some(register) =>
                {
                    last.count += 1;
                }
                _ => questions.push(Question { unit, function, start: register, count: 1 }),
            }
        }
        questions
    }
}

impl Form {
    fn words(self) -> u16 {
        if matches!(self, Form::I32 | Form::U32 | Form::F32) { 2 } else { 1 }
    }

    pub fn is_bit(self) -> bool {
        matches!(self, Form::Contact | Form::Switch)
    }
}

/// One question to one unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    pub unit: u8,
    pub function: u8,
    pub start: u16,
    pub count: u16,
}

/// Why an answer is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    Timeout,
    Malformed,
    Crc,
    Echo,
    Late,
    Exception(u8),
}

impl From<Wrong> for NoData {
    fn from(wrong: Wrong) -> NoData {
        match wrong {
            Wrong::Timeout => NoData::Timeout,
            Wrong::Malformed => NoData::Malformed,
            Wrong::Crc => NoData::Crc,
            Wrong::Echo => NoData::BusEcho,
            Wrong::Late => NoData::LateReply,
            Wrong::Exception(_) => NoData::DeviceFault,
        }
    }
}

const EXCEPTION_BYTES: usize = 5;

impl Question {
    pub fn frame(&self) -> Vec<u8> {
        let ([a, b], [c, d]) = (self.start.to_be_bytes(), self.count.to_be_bytes());
        let mut frame = vec![self.unit, self.function, a, b, c, d];
        frame.extend(crc16(&frame).to_le_bytes());
        frame
    }

    fn data_bytes(&self) -> u8 {
        let bytes = if matches!(self.function, 1 | 2) { self.count.div_ceil(8) } else { self.count * 2 };
        u8::try_from(bytes).unwrap_or(u8::MAX)
    }

    /// Address, function, byte count, data, CRC.
    fn answer_bytes(&self) -> usize {
        5 + usize::from(self.data_bytes())
    }

    /// Looks for the answer in what came since the question: its data. None: it is not complete yet. The echo that
    /// two-wire adapters give is taken off, noise before the answer is passed over; only unit, function, length and
    /// CRC together make an answer.
    pub fn find_answer(&self, received: &[u8]) -> Option<Result<Vec<u8>, Wrong>> {
        let received = received.strip_prefix(self.frame().as_slice()).unwrap_or(received);
        (0..received.len()).find_map(|start| {
            let rest = received.get(start..)?;
            self.answer(rest).map(Ok).or_else(|| self.exception(rest).map(|code| Err(Wrong::Exception(code))))
        })
    }

    fn answer(&self, rest: &[u8]) -> Option<Vec<u8>> {
        let frame = rest.get(..self.answer_bytes())?;
        let is_ours = self.begins(frame) && crc_is_right(frame);
        if is_ours { frame.get(3..frame.len() - 2).map(<[u8]>::to_vec) } else { None }
    }

    fn begins(&self, frame: &[u8]) -> bool {
        frame.starts_with(&[self.unit, self.function, self.data_bytes()])
    }

    fn exception(&self, rest: &[u8]) -> Option<u8> {
        let frame = rest.get(..EXCEPTION_BYTES)?;
        let [unit, function, code, ..] = *frame else { return None };
        (unit == self.unit && function == self.function | 0x80 && crc_is_right(frame)).then_some(code)
    }

    /// What it was that came in the time for an answer and is none.
    pub fn what_else(&self, received: &[u8]) -> Wrong {
        match received.strip_prefix(self.frame().as_slice()) {
            _ if received.is_empty() => Wrong::Timeout,
            Some([]) => Wrong::Echo,
            rest => {
                let rest = rest.unwrap_or(received);
                let whole = (0..rest.len()).filter_map(|start| rest.get(start..)?.get(..self.answer_bytes()));
                if whole.into_iter().any(|frame| self.begins(frame)) { Wrong::Crc } else { Wrong::Malformed }
            }
        }
    }
}

/// The data of a unit's answers, to read its channels from.
#[derive(Clone, Debug, Default)]
pub struct Answers(Vec<(Question, Vec<u8>)>);

impl Answers {
    pub fn add(&mut self, question: Question, data: Vec<u8>) {
        self.0.push((question, data));
    }

    fn word(&self, function: u8, register: u16) -> Option<u16> {
        self.0.iter().filter(|(question, _)| question.function == function).find_map(|(question, data)| {
            let at = usize::from(register.checked_sub(question.start)?).checked_mul(2)?;
            let bytes = data.get(at..at.checked_add(2)?)?;
            Some(u16::from_be_bytes(bytes.try_into().ok()?))
        })
    }

    fn bit(&self, function: u8, register: u16) -> Option<bool> {
        self.0.iter().filter(|(question, _)| question.function == function).find_map(|(question, data)| {
            let at = register.checked_sub(question.start).filter(|at| *at < question.count)?;
            Some(data.get(usize::from(at / 8))? >> (at % 8) & 1 == 1)
        })
    }
}

/// What a channel tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    Value(Value, Raw),
    State(InputState),
}

impl Profile {
    pub fn read(&self, channel: &Channel, answers: &Answers) -> Told {
        let function = self.function_of(channel);
        let state = |made, open| match answers.bit(function, channel.register) {
            Some(true) => made,
            Some(false) => open,
            None => InputState::Unknown(NoData::Missing),
        };
        match channel.form {
            Form::Contact => Told::State(state(InputState::Closed, InputState::Open)),
            Form::Switch => Told::State(state(InputState::On, InputState::Off)),
            _ => {
                let words: Vec<u16> = (0..channel.form.words())
                    .filter_map(|word| answers.word(function, channel.register.checked_add(word)?))
                    .collect();
                let raw: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
                let faulty = channel.status.is_some_and(|status| {
                    answers.word(function, status.register).is_none_or(|word| word & status.mask != 0)
                });
                let value = if faulty { Err(NoData::DeviceFault) } else { channel.value(&words) };
                Told::Value(value, Raw::of(&raw))
            }
        }
    }

    /// The same for a unit that did not answer.
    pub fn without_answer(channel: &Channel, wrong: Wrong, seen: &[u8]) -> Told {
        match channel.form {
            Form::Contact | Form::Switch => Told::State(InputState::Unknown(wrong.into())),
            _ => Told::Value(Err(wrong.into()), Raw::of(seen)),
        }
    }
}

impl Channel {
    fn value(&self, words: &[u16]) -> Value {
        let long = |high: u16, low: u16| u32::from(high) << 16 | u32::from(low);
        let raw = match (words, self.order) {
            (&[word], _) => u32::from(word),
            (&[high, low], Order::HighFirst) | (&[low, high], Order::LowFirst) => long(high, low),
            _ => return Err(NoData::Missing),
        };
        if self.sentinels.contains(&raw) {
            return Err(NoData::Sentinel);
        }
        let scale = i64::from(self.milli_per_step);
        let scaled = match self.form {
            Form::I16 => i64::from(u16::try_from(raw).map_err(|_| NoData::Malformed)?.cast_signed()) * scale,
            Form::I32 => i64::from(raw.cast_signed()) * scale,
            Form::F32 => {
                let float = f64::from(f32::from_bits(raw));
                if !float.is_finite() {
                    return Err(NoData::NotANumber);
                }
                (float * f64::from(self.milli_per_step)).round() as i64
            }
            _ => i64::from(raw) * scale,
        };
        let value = plausible(scaled.saturating_add(i64::from(self.offset_milli)))?;
        let outside = self.min_milli.is_some_and(|min| value < min) || self.max_milli.is_some_and(|max| value > max);
        if outside { Err(NoData::OutOfRange) } else { Ok(value) }
    }
}

fn crc_is_right(frame: &[u8]) -> bool {
    let (body, crc) = frame.split_at(frame.len().saturating_sub(2));
    crc == crc16(body).to_le_bytes()
}

/// CRC-16/MODBUS: polynomial 0x8005 reflected, initial value 0xffff.
pub fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xffff, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xa001 } else { crc >> 1 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(body: &[u8]) -> Vec<u8> {
        [body, &crc16(body).to_le_bytes()].concat()
    }

    const ASKED: Question = Question { unit: 7, function: 4, start: 0, count: 1 };

    #[test]
    fn answers_and_what_only_looks_like_one() {
        let good = frame(&[7, 4, 2, 0, 39]);
        let mut flipped = good.clone();
        flipped[4] ^= 1;
        let echo = ASKED.frame();
        for (name, received, expected, otherwise) in [
            ("3.9 °C", good.clone(), Some(Ok(vec![0, 39])), None),
            ("noise before", [&[0xff, 7, 4][..], &good].concat(), Some(Ok(vec![0, 39])), None),
            ("an echo before", [&echo[..], &good].concat(), Some(Ok(vec![0, 39])), None),
            ("an exception", frame(&[7, 0x84, 2]), Some(Err(Wrong::Exception(2))), None),
            ("nothing", vec![], None, Some(Wrong::Timeout)),
            ("an echo alone", echo, None, Some(Wrong::Echo)),
            ("cut short", good[..6].to_vec(), None, Some(Wrong::Malformed)),
            ("a flipped bit", flipped, None, Some(Wrong::Crc)),
            ("another unit's", frame(&[8, 4, 2, 0, 39]), None, Some(Wrong::Malformed)),
            ("another function's", frame(&[7, 3, 2, 0, 39]), None, Some(Wrong::Malformed)),
            ("another length", frame(&[7, 4, 4, 0, 39, 0, 0]), None, Some(Wrong::Malformed)),
        ] {
            assert_eq!(ASKED.find_answer(&received), expected, "{name}");
            if let Some(wrong) = otherwise {
                assert_eq!(ASKED.what_else(&received), wrong, "{name}");
            }
        }
    }

    /// What a channel reads in registers from its own on.
    fn value(profile: &str, channel: &str, words: &[u16]) -> Value {
        let profile = Profile::named(profile).unwrap();
        let channel = profile.channel(Some(channel)).unwrap();
        let function = profile.function_of(channel);
        let count = u16::try_from(words.len()).unwrap();
        let mut answers = Answers::default();
        let data = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        answers.add(Question { unit: 1, function, start: channel.register, count }, data);
        match profile.read(channel, &answers) {
            Told::Value(value, _) => value,
            Told::State(_) => panic!("a state"),
        }
    }

    #[test]
    fn registers_of_the_shipped_profiles() {
        let float = |value: f32| {
            let bits = value.to_bits();
            [(bits >> 16) as u16, bits as u16, 0]
        };
        for (profile, channel, words, expected) in [
            ("generic", "1", &[39][..], Ok(3_900)),
            ("generic", "1", &[0xff4c], Ok(-18_000)),
            ("generic", "1", &[0x8000], Err(NoData::Sentinel)),
            ("generic", "1", &[0x7fff], Err(NoData::Implausible)),
            ("r4dcb08", "8", &[0xffd3], Ok(-4_500)),
            ("r4dcb08", "3", &[0x8000], Err(NoData::Sentinel)),
            ("r4dcb08", "1", &[1_300], Err(NoData::OutOfRange)),
            ("pt100-f32", "1", &float(-18.25), Ok(-18_250)),
            ("pt100-f32", "1", &float(f32::NAN), Err(NoData::NotANumber)),
            ("pt100-f32", "1", &[0x4080, 0, 1], Err(NoData::DeviceFault)),
            ("pt100-f32", "1", &[0x4080, 0, 4], Ok(4_000)),
            ("pt100-f32", "1", &[0x4080, 0], Err(NoData::DeviceFault)),
            ("pt100-f32", "1", &[0x4080], Err(NoData::DeviceFault)),
            ("sht20", "1", &[48], Ok(4_800)),
            ("sht20", "1", &[], Err(NoData::Missing)),
        ] {
            assert_eq!(value(profile, channel, words), expected, "{profile} {words:x?}");
        }
    }

    #[test]
    fn every_shipped_profile_reads() {
        for text in SHIPPED {
            Profile::parse(text).unwrap();
        }
        let wrong = |text: &str| Profile::parse(text).unwrap_err();
        assert!(wrong("name = \"x\"\nfunction = 2\n[[channel]]\nname = \"a\"\nregister = 0").contains("bits"));
        assert!(wrong("name = \"x\"\nfunction = 4\nchannel = []").contains("no channel"));
    }

    #[test]
    fn words_may_come_low_first_and_scale_and_offset_apply() {
        let text = "name = \"x\"\nfunction = 4\n[[channel]]\nname = \"1\"\nregister = 4\ntype = \"i32\"\n\
            order = \"low_first\"\nmilli_per_step = 10\noffset_milli = -500";
        let profile = Profile::parse(text).unwrap();
        let mut answers = Answers::default();
        let asked = profile.questions(9, &profile.channels);
        assert_eq!(asked, [Question { unit: 9, function: 4, start: 4, count: 2 }]);
        answers.add(asked[0], vec![0xfe, 0x0c, 0xff, 0xff]); // -500
        let told = profile.read(&profile.channels[0], &answers);
        assert_eq!(told, Told::Value(Ok(-5_500), Raw::of(&[0xfe, 0x0c, 0xff, 0xff])));
    }

    #[test]
    fn neighbours_are_asked_for_together_and_bits_apart() {
        let board = Profile::named("r4dcb08").unwrap();
        let all = board.questions(1, &board.channels);
        assert_eq!(all, [Question { unit: 1, function: 3, start: 0, count: 8 }]);
        let contacts = Profile::named("contacts").unwrap();
        let some: Vec<Channel> = ["1", "2", "o1"].iter().map(|n| contacts.channel(Some(n)).unwrap().clone()).collect();
        let asked = contacts.questions(3, &some);
        assert_eq!(asked.len(), 2);
        let mut answers = Answers::default();
        answers.add(asked[1], vec![0b10]);
        let states: Vec<Told> = some.iter().map(|channel| contacts.read(channel, &answers)).collect();
        assert_eq!(states[0], Told::State(InputState::Open));
        assert_eq!(states[1], Told::State(InputState::Closed));
        assert_eq!(states[2], Told::State(InputState::Unknown(NoData::Missing)), "its question had no answer");
    }

    #[test]
    fn the_crc_of_the_specification() {
        assert_eq!(crc16(&[0x02, 0x07]), 0x1241);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(received: Vec<u8>, unit: u8, start: u16, count in 1u16..32) {
            let asked = Question { unit, function: 3, start, count };
            let _ = (asked.find_answer(&received), asked.what_else(&received));
        }

        /// Whatever surrounds it, a whole answer is found and read as it was sent.
        #[test]
        fn an_answer_is_found_after_noise(noise in proptest::collection::vec(0u8..7, 0..20), words: [u16; 3]) {
            let asked = Question { unit: 7, function: 3, start: 2, count: 3 };
            let data: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
            let received = [&noise[..], &frame(&[&[7, 3, 6], &data[..]].concat())].concat();
            proptest::prop_assert_eq!(asked.find_answer(&received), Some(Ok(data)));
        }
    }
}
