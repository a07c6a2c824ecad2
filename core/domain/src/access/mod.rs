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
    /// argon2id too. Who has none takes over no screen.
    #[n(3)]
    pub pin: Option<String>,
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

/// Four to eight digits, and none of those that anybody would try first: steps of one size (`0000`, `1234`, `8642`), a
/// part said again (`1212`), a year, the middle of the keys.
pub fn check_pin(pin: &str) -> Result<(), Refusal> {
    let digits = pin.as_bytes();
    if !(4..=8).contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Refusal::invalid("pin", "4 to 8 digits"));
    }
    let step = |pair: &[u8]| match *pair {
        [from, to] => (to + 10 - from) % 10,
        _ => 0,
    };
    let steps: Vec<u8> = digits.windows(2).map(step).collect();
    let even = steps.windows(2).all(|pair| matches!(pair, [a, b] if a == b));
    let said_again = |length: usize| {
        let (head, tail) = digits.split_at(length);
        digits.len().is_multiple_of(length) && tail.chunks(length).all(|chunk| chunk == head)
    };
    let a_year = digits.len() == 4 && (pin.starts_with("19") || pin.starts_with("20"));
    if even || (1..=digits.len() / 2).any(said_again) || a_year || ["2580", "0852"].contains(&pin) {
        return Err(Refusal::invalid("pin", "this one is too easily guessed"));
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_four_to_eight_digits_that_are_not_guessed_at_once() {
        for (pin, good) in [
            ("4829", true),
            ("1235", true),
            ("0071", true),
            ("73914628", true),
            ("482", false),
            ("739146285", false),
            ("48a9", false),
            ("٤٨٢٩", false),
            ("", false),
            ("0000", false),
            ("1234", false),
            ("4321", false),
            ("7890", false),
            ("2468", false),
            ("12345678", false),
            ("1212", false),
            ("123123", false),
            ("48294829", false),
            ("1984", false),
            ("2580", false),
        ] {
            assert_eq!(check_pin(pin).is_ok(), good, "{pin}");
        }
    }

    /// What boxes wrote before there were PINs reads as it did, and is written as it was.
    #[test]
    fn a_person_without_a_pin_is_written_as_before_there_were_any() {
        let before = b"\x83\x63Ann\x63ann\x64hash";
        let ann = Personal { name: "Ann".into(), login: "ann".into(), password: "hash".into(), pin: None };
        assert_eq!(minicbor::decode::<Personal>(before).unwrap(), ann);
        assert_eq!(trivet_log::entry::encode(&ann), before);
        let with_pin = Personal { pin: Some("other".into()), ..ann };
        assert_eq!(trivet_log::entry::encode(&with_pin), b"\x84\x63Ann\x63ann\x64hash\x65other");
    }
}
