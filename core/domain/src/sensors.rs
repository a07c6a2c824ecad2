//! Sensors of our own firmware: what each says of itself, readings that one could not keep, the register of signed
//! firmware images, and updates (HAC-10).
//!
//! A sensor's subject is made of its serial number, an image's of its hash: what is the same has the same history on
//! every box.

use minicbor::bytes::ByteArray;
use minicbor::{Decode, Encode};
use trivet_log::{Id, Lane};

use crate::{Decision, Event as AnyEvent, Fact, History, Permission, Refusal, Stamp};

pub const LANE: Lane = Lane::Readings;
/// Starts of a sensor that are noted; one that starts more often is broken, and its alert says so.
const MAX_HISTORY: usize = 4_000;
const MAX_TEXT: usize = 200;

crate::events! {
    0x0b10 => ImageRegistered,
    0x0b11 => UpdateStarted,
    0x0b12 => UpdateEnded,
    0x0b13 => SensorSeen,
    0x0b14 => ReadingsLost,
}

impl From<Event> for AnyEvent {
    fn from(event: Event) -> AnyEvent {
        AnyEvent::Sensors(event)
    }
}

/// A box has this image in a file, and its signature is right.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ImageRegistered {
    #[n(0)]
    pub sha256: ByteArray<32>,
    /// The board's model.
    #[n(1)]
    pub hardware: String,
    /// `major.minor.patch`.
    #[n(2)]
    pub version: String,
    #[n(3)]
    pub slot: Slot,
    /// Bytes.
    #[n(4)]
    pub length: u32,
}

/// An image runs from the slot that it is linked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Slot {
    #[n(0)]
    A,
    #[n(1)]
    B,
}

impl Slot {
    pub fn name(self) -> &'static str {
        match self {
            Slot::A => "a",
            Slot::B => "b",
        }
    }
}

/// Somebody told a sensor to take another firmware.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct UpdateStarted {
    #[n(0)]
    pub sensor: Id,
    #[n(1)]
    pub line: String,
    /// What it ran.
    #[n(2)]
    pub from: String,
    /// What it is to run.
    #[n(3)]
    pub version: String,
    #[n(4)]
    pub slot: Slot,
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct UpdateEnded {
    #[n(0)]
    pub outcome: Outcome,
    /// In words, where there is more to say.
    #[n(1)]
    pub detail: Option<String>,
    /// What the sensor runs now, as far as it has said.
    #[n(2)]
    pub firmware: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Outcome {
    /// It runs, and has proved itself.
    #[n(0)]
    Done,
    /// Nothing has changed.
    #[n(1)]
    Refused,
    /// The new image did not prove itself; the former runs again.
    #[n(2)]
    RolledBack,
    /// The box or a person stopped in the middle; the former runs.
    #[n(3)]
    Interrupted,
}

impl Outcome {
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Done => "done",
            Outcome::Refused => "refused",
            Outcome::RolledBack => "rolled_back",
            Outcome::Interrupted => "interrupted",
        }
    }
}

/// What a sensor said of itself after a start.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SensorSeen {
    /// Eight bytes, in hexadecimal digits.
    #[n(0)]
    pub serial: String,
    /// Where it was plugged in.
    #[n(1)]
    pub line: String,
    #[n(2)]
    pub hardware: String,
    #[n(3)]
    pub firmware: String,
    /// The number of its start.
    #[n(4)]
    pub boot: u32,
    /// `power`, `watchdog`, `software`, …
    #[n(5)]
    pub reset_cause: String,
}

/// Readings that were overwritten in the sensor before the box could fetch them.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ReadingsLost {
    #[n(0)]
    pub line: String,
    #[n(1)]
    pub boot: u32,
    #[n(2)]
    pub first: u32,
    #[n(3)]
    pub last: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    RegisterImage { image: Id, registered: ImageRegistered },
    StartUpdate { update: Id, started: UpdateStarted },
    EndUpdate { update: Id, ended: UpdateEnded },
    See { sensor: Id, seen: SensorSeen },
    Lose { sensor: Id, lost: ReadingsLost },
}

/// The subject of a sensor with this serial number.
pub fn sensor_id(serial: &[u8; 8]) -> Id {
    named("sensor", serial)
}

/// The subject of the image with this hash.
pub fn image_id(sha256: &[u8; 32]) -> Id {
    named("firmware image", sha256)
}

fn named(what: &str, bytes: &[u8]) -> Id {
    Id::at(0, [0; 10]).derive(&format!("{what} {}", hex(bytes)), 0)
}

/// As serial numbers and hashes are written for people.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Command {
    pub fn permission(&self) -> Permission {
        match self {
            Command::RegisterImage { .. } | Command::StartUpdate { .. } => Permission::HaccpConfigure,
            Command::EndUpdate { .. } | Command::See { .. } | Command::Lose { .. } => Permission::HaccpRecord,
        }
    }

    pub fn subject(&self) -> Id {
        match self {
            Command::RegisterImage { image: id, .. }
            | Command::StartUpdate { update: id, .. }
            | Command::EndUpdate { update: id, .. }
            | Command::See { sensor: id, .. }
            | Command::Lose { sensor: id, .. } => *id,
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub enum State {
    #[default]
    Nothing,
    Image(Stamped<ImageRegistered>),
    Update(Update),
    Sensor(Sensor),
}

/// A fact with who wrote it and when, by the box's clock.
#[derive(Clone, Debug, PartialEq)]
pub struct Stamped<T> {
    pub at_ms: i64,
    pub by: Id,
    pub what: T,
}

impl<T: Clone> Stamped<T> {
    fn of(stamp: &Stamp, what: &T) -> Stamped<T> {
        Stamped { at_ms: stamp.ms(), by: stamp.actor, what: what.clone() }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    pub started: Stamped<UpdateStarted>,
    pub ended: Option<Stamped<UpdateEnded>>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sensor {
    pub first_ms: i64,
    /// As it was seen last.
    pub seen: Option<Stamped<SensorSeen>>,
    pub starts: u32,
    /// How many readings were lost.
    pub lost: u64,
    pub lost_ms: Option<i64>,
}

/// The first registration and the first end of an update count; of a sensor what came last.
pub fn fold(history: &History) -> State {
    let mut state = State::Nothing;
    let mut ended = None;
    for Fact { stamp, event, .. } in &history.facts {
        let AnyEvent::Sensors(event) = event else { continue };
        match (event, &mut state) {
            (Event::ImageRegistered(image), State::Nothing) => state = State::Image(Stamped::of(stamp, image)),
            (Event::UpdateStarted(started), State::Nothing) => {
                state = State::Update(Update { started: Stamped::of(stamp, started), ended: None });
            }
            (Event::UpdateEnded(end), _) if ended.is_none() => ended = Some(Stamped::of(stamp, end)),
            (Event::SensorSeen(_) | Event::ReadingsLost(_), State::Nothing) => {
                state = State::Sensor(Sensor { first_ms: stamp.ms(), ..Sensor::default() });
                sensor(&mut state, stamp, event);
            }
            _ => sensor(&mut state, stamp, event),
        }
    }
    if let State::Update(update) = &mut state {
        update.ended = ended;
    }
    state
}

fn sensor(state: &mut State, stamp: &Stamp, event: &Event) {
    let State::Sensor(sensor) = state else { return };
    match event {
        Event::SensorSeen(seen) => {
            let again = sensor.seen.as_ref().is_some_and(|known| known.what.boot == seen.boot);
            sensor.starts += u32::from(!again);
            sensor.seen = Some(Stamped::of(stamp, seen));
        }
        Event::ReadingsLost(lost) => {
            sensor.lost += u64::from(lost.last.saturating_sub(lost.first)) + 1;
            sensor.lost_ms = Some(stamp.ms());
        }
        _ => {}
    }
}

pub fn decide(history: &History, command: &Command) -> Decision {
    if history.facts.len() >= MAX_HISTORY {
        return Err(Refusal::full(format!("this holds {MAX_HISTORY} entries; it takes no more")));
    }
    let one = |event: AnyEvent| Ok(vec![(command.subject(), event)]);
    match (command, fold(history)) {
        (Command::RegisterImage { .. }, State::Image(_)) => Ok(Vec::new()),
        (Command::RegisterImage { registered, .. }, State::Nothing) => {
            text("hardware", &registered.hardware)?;
            text("version", &registered.version)?;
            one(registered.clone().into())
        }
        (Command::StartUpdate { started, .. }, State::Nothing) => {
            text("version", &started.version)?;
            one(started.clone().into())
        }
        (Command::EndUpdate { ended, .. }, State::Update(update)) => {
            if update.ended.is_some() {
                Ok(Vec::new())
            } else {
                one(ended.clone().into())
            }
        }
        (Command::EndUpdate { .. }, State::Nothing) => Err(Refusal::unknown("there is no such update")),
        (Command::See { seen, .. }, State::Sensor(sensor)) => {
            if sensor.seen.is_some_and(|known| known.what == *seen) {
                Ok(Vec::new())
            } else {
                one(seen.clone().into())
            }
        }
        (Command::See { seen, .. }, State::Nothing) => one(seen.clone().into()),
        (Command::Lose { lost, .. }, State::Sensor(_) | State::Nothing) => {
            if lost.last < lost.first {
                return Err(Refusal::invalid("last", "not before `first`"));
            }
            one(lost.clone().into())
        }
        _ => Err(Refusal::conflict("this id belongs to something else")),
    }
}

fn text(field: &str, text: &str) -> Result<(), Refusal> {
    match text.is_empty() || text.len() > MAX_TEXT {
        true => Err(Refusal::invalid(field, format!("1 to {MAX_TEXT} characters"))),
        false => Ok(()),
    }
}
