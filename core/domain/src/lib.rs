//! What a restaurant is: its nouns and its rules. No clock, disk, network or randomness; those are arguments.
//!
//! A [`Command`] is decided against the folded history of its subject and gives [`Event`]s or a [`Refusal`].
//! `decide` may refuse, folding may not: any set of entries folds, in any order of arrival, and a contradiction
//! between boxes becomes visible state.
//!
//! Modules in reading order, each standing on those before it: [`settings`], [`access`], [`menu`], [`checks`],
//! [`kitchen`], [`papers`], [`haccp`], [`sensors`], [`safety`], [`alerts`], [`reports`]; then [`policies`], which know them all.

pub mod access;
pub mod alerts;
pub mod checks;
pub mod document;
pub mod fact;
pub mod haccp;
pub mod kitchen;
pub mod menu;
pub mod money;
pub mod papers;
pub mod permission;
pub mod policies;
pub mod quantity;
pub mod refusal;
pub mod reports;
pub mod safety;
pub mod sensors;
pub mod settings;
pub mod temperature;
#[cfg(test)]
mod testing;

pub use document::{DocumentEdit, Fields, Value};
pub use fact::{Context, Fact, History, Stamp};
pub use money::Money;
pub use permission::{Permission, Proof, Rights, Role};
pub use quantity::Quantity;
pub use refusal::{Refusal, Why};
pub use temperature::MilliCelsius;

use trivet_log::Id;

/// Everything that a person, a device, a timer or a policy can ask for.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    Settings(settings::Command),
    Access(access::Command),
    Menu(menu::Command),
    Checks(checks::Command),
    Kitchen(kitchen::Command),
    Papers(papers::Command),
    Haccp(haccp::Command),
    Alerts(alerts::Command),
    Safety(safety::Command),
    Reports(reports::Command),
    Sensors(sensors::Command),
}

/// A fact to be appended, or a change of a document.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Access(access::Event),
    Checks(checks::Event),
    Kitchen(kitchen::Event),
    Papers(papers::Event),
    Haccp(haccp::Event),
    Alerts(alerts::Event),
    Safety(safety::Event),
    Sensors(sensors::Event),
    Document(DocumentEdit),
}

impl Event {
    pub fn kind(&self) -> u16 {
        match self {
            Event::Access(event) => event.kind(),
            Event::Checks(event) => event.kind(),
            Event::Kitchen(event) => event.kind(),
            Event::Papers(event) => event.kind(),
            Event::Haccp(event) => event.kind(),
            Event::Alerts(event) => event.kind(),
            Event::Safety(event) => event.kind(),
            Event::Sensors(event) => event.kind(),
            Event::Document(edit) => edit.kind,
        }
    }

    /// The body of an event's entry. A document's body is its change, which is made where the document is kept.
    pub fn encode(&self) -> Option<Vec<u8>> {
        match self {
            Event::Access(event) => Some(event.encode()),
            Event::Checks(event) => Some(event.encode()),
            Event::Kitchen(event) => Some(event.encode()),
            Event::Papers(event) => Some(event.encode()),
            Event::Haccp(event) => Some(event.encode()),
            Event::Alerts(event) => Some(event.encode()),
            Event::Safety(event) => Some(event.encode()),
            Event::Sensors(event) => Some(event.encode()),
            Event::Document(_) => None,
        }
    }

    /// None for a kind that this release does not know, or for a body that does not read: such an entry is kept,
    /// shipped and counted, and folds to nothing.
    pub fn decode(kind: u16, body: &[u8]) -> Option<Event> {
        access::Event::decode(kind, body)
            .map(Event::Access)
            .or_else(|| checks::Event::decode(kind, body).map(Event::Checks))
            .or_else(|| kitchen::Event::decode(kind, body).map(Event::Kitchen))
            .or_else(|| papers::Event::decode(kind, body).map(Event::Papers))
            .or_else(|| haccp::Event::decode(kind, body).map(Event::Haccp))
            .or_else(|| alerts::Event::decode(kind, body).map(Event::Alerts))
            .or_else(|| safety::Event::decode(kind, body).map(Event::Safety))
            .or_else(|| sensors::Event::decode(kind, body).map(Event::Sensors))
    }
}

/// Events with the subject that they are written under.
pub type Decision = Result<Vec<(Id, Event)>, Refusal>;

/// Declares a module's events: one variant a kind, each a struct with numbered CBOR fields.
///
/// Fields are only ever added, always `Option`, never renumbered; a kind is never given a second meaning.
#[macro_export]
macro_rules! events {
    ($(#[$doc:meta])* $($kind:literal => $name:ident),+ $(,)?) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub enum Event { $($name($name)),+ }

        impl Event {
            pub const KINDS: &'static [u16] = &[$($kind),+];

            pub fn kind(&self) -> u16 {
                match self { $(Event::$name(_) => $kind),+ }
            }

            pub fn encode(&self) -> Vec<u8> {
                match self { $(Event::$name(body) => trivet_log::entry::encode(body)),+ }
            }

            pub fn decode(kind: u16, body: &[u8]) -> Option<Event> {
                match kind {
                    $($kind => minicbor::decode(body).ok().map(Event::$name),)+
                    _ => None,
                }
            }
        }

        $(impl From<$name> for $crate::Event {
            fn from(body: $name) -> $crate::Event { Event::$name(body).into() }
        })+
    };
}

impl Command {
    /// What the actor must be allowed. Checked in one place: the replica's `submit`.
    pub fn permission(&self) -> Permission {
        match self {
            Command::Settings(command) => command.permission(),
            Command::Access(command) => command.permission(),
            Command::Menu(command) => command.permission(),
            Command::Checks(command) => command.permission(),
            Command::Kitchen(command) => command.permission(),
            Command::Papers(command) => command.permission(),
            Command::Haccp(command) => command.permission(),
            Command::Alerts(command) => command.permission(),
            Command::Safety(command) => command.permission(),
            Command::Reports(command) => command.permission(),
            Command::Sensors(command) => command.permission(),
        }
    }

    /// Whose history is folded, and under which the events are written.
    pub fn subject(&self, origin: trivet_log::Origin) -> Id {
        match self {
            Command::Settings(command) => command.subject(),
            Command::Access(command) => command.subject(),
            Command::Menu(command) => command.subject(),
            Command::Checks(command) => command.subject(),
            Command::Kitchen(command) => command.subject(),
            Command::Papers(command) => command.subject(),
            Command::Haccp(command) => command.subject(origin),
            Command::Alerts(command) => command.subject(),
            Command::Safety(command) => command.subject(),
            Command::Reports(command) => command.subject(),
            Command::Sensors(command) => command.subject(),
        }
    }
}

/// Decides a command against its subject's history.
pub fn decide(history: &History, command: &Command, context: &dyn Context) -> Decision {
    match command {
        Command::Settings(command) => settings::decide(history.document_of(settings::DOCUMENT), command),
        Command::Access(command) => access::decide(&access::fold(history), command),
        Command::Menu(command) => menu::decide(history.document_of(menu::DOCUMENT), command, context),
        Command::Checks(command) => checks::decide(&checks::fold(history), command, context),
        Command::Kitchen(command) => kitchen::decide(&kitchen::fold(history), command, context),
        Command::Papers(command) => papers::decide(history, command),
        Command::Haccp(command) => {
            haccp::decide(&haccp::fold(history), history.document_of(haccp::DOCUMENT), command, context)
        }
        Command::Alerts(command) => alerts::decide(history, command, context),
        Command::Safety(command) => safety::decide(history, &safety::fold(history), command, context),
        Command::Reports(command) => reports::decide(history.document_of(reports::DOCUMENT), command),
        Command::Sensors(command) => sensors::decide(history, command),
    }
}
