//! People: who they are, their role, and how they prove it. What is personal is sealed under the person's own key,
//! which lives beside the log: dropping the key erases the person everywhere.

use minicbor::{Decode, Encode};
use trivet_log::{Id, Lane};

use crate::{Decision, Event as AnyEvent, History, Permission, Refusal, Role};

pub const LANE: Lane = Lane::Documents;

#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// `sealed` is the CBOR of [`Personal`] under the person's key.
    Add {
        person: Id,
        role: Role,
        sealed: Vec<u8>,
    },
    Disable {
        person: Id,
    },
}

crate::events! {
    0x0201 => PersonAdded,
    0x0202 => PersonDisabled,
}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct PersonAdded {
    #[n(0)]
    pub role: Role,
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub sealed: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct PersonDisabled {}

/// What is sealed.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Personal {
    #[n(0)]
    pub name: String,
    /// A login name or an e-mail address, lower case.
    #[n(1)]
    pub login: String,
    /// argon2id in the PHC string format.
    #[n(2)]
    pub password: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Person {
    pub role: Option<Role>,
    pub sealed: Vec<u8>,
    pub disabled: bool,
}

impl From<Event> for AnyEvent {
    fn from(event: Event) -> AnyEvent {
        AnyEvent::Access(event)
    }
}

impl Command {
    pub fn permission(&self) -> Permission {
        Permission::PeopleWrite
    }

    pub fn subject(&self) -> Id {
        match self {
            Command::Add { person, .. } | Command::Disable { person } => *person,
        }
    }
}

pub fn fold(history: &History) -> Person {
    let mut person = Person::default();
    for fact in &history.facts {
        match &fact.event {
            AnyEvent::Access(Event::PersonAdded(added)) => {
                person.role = Some(added.role);
                person.sealed.clone_from(&added.sealed);
            }
            AnyEvent::Access(Event::PersonDisabled(_)) => person.disabled = true,
            _ => {}
        }
    }
    person
}

pub fn decide(person: &Person, command: &Command) -> Decision {
    match command {
        Command::Add { person: id, role, sealed } => {
            if person.role.is_some() {
                return Err(Refusal::conflict("this person exists already"));
            }
            Ok(vec![(*id, PersonAdded { role: *role, sealed: sealed.clone() }.into())])
        }
        Command::Disable { person: id } => {
            if person.role.is_none() {
                return Err(Refusal::unknown("there is no such person"));
            }
            Ok(if person.disabled { Vec::new() } else { vec![(*id, PersonDisabled {}.into())] })
        }
    }
}
