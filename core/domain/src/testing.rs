//! A context for tests: a menu and settings in maps.

use std::cell::Cell;
use std::collections::BTreeMap;

use trivet_log::{Hlc, Id, Lane, Origin, TimeQuality};

use crate::document::{DocumentEdit, Fields, Value, Written};
use crate::{Command, Context, Event, Fact, History, Refusal, Stamp, decide, menu, settings};

pub(crate) const NOW: i64 = 1_790_000_000_000;

pub(crate) fn id(n: u8) -> Id {
    Id::from_bytes([n; 16])
}

/// One box with documents and histories, without a disk.
#[derive(Default)]
pub(crate) struct Kitchen {
    pub(crate) documents: BTreeMap<Id, (u16, Fields)>,
    pub(crate) histories: BTreeMap<Id, History>,
    numbers: Cell<u64>,
    seq: u64,
    pub(crate) now: i64,
}

impl Kitchen {
    /// With two stations, two tax classes, a burger with cheese, and a beer that nobody cooks.
    pub(crate) fn open() -> Kitchen {
        let mut kitchen = Kitchen { now: NOW, ..Kitchen::default() };
        let change = settings::Change {
            currency: Some("EUR".into()),
            tax_rates: vec![
                ("food".into(), crate::money::TaxRate(100_000)),
                ("drink".into(), crate::money::TaxRate(250_000)),
            ],
            stations: vec![("grill".into(), "Grill".into()), ("bar".into(), "Bar".into())],
            ..settings::Change::default()
        };
        kitchen.run(&Command::Settings(settings::Command::Change { location: id(0), change })).unwrap();
        kitchen.item(BURGER, "Burger", 1_000, "food", "grill", 12);
        kitchen.item(BEER, "Beer", 500, "drink", "", 0);
        kitchen.item(COLA, "Cola", 300, "food", "bar", 2);
        kitchen
    }

    pub(crate) fn item(&mut self, item: Id, name: &str, price: i64, class: &str, station: &str, minutes: u16) {
        let change = menu::Change {
            name: Some(name.into()),
            category: Some("Food".into()),
            price: Some(crate::Money(price)),
            tax_class: Some(class.into()),
            station: Some(station.into()),
            preparation_minutes: Some(minutes),
            modifiers: Some(vec![menu::Modifier { id: CHEESE, name: "Cheese".into(), price: crate::Money(50) }]),
            ..menu::Change::default()
        };
        self.run(&Command::Menu(menu::Command::Create { item, change })).unwrap();
    }

    /// Decides a command and folds what it gave. How many events there were.
    pub(crate) fn run(&mut self, command: &Command) -> Result<usize, Refusal> {
        self.now += 1_000;
        let subject = command.subject(self.origin());
        let history = self.histories.get(&subject).cloned().unwrap_or_default();
        let events = decide(&history, command, self)?;
        let count = events.len();
        for (entity, event) in events {
            self.seq += 1;
            match event {
                Event::Document(edit) => self.put(entity, edit),
                event => {
                    let fact = Fact { stamp: self.stamp(), event, twin: false };
                    self.histories.entry(entity).or_default().facts.push(fact);
                }
            }
        }
        Ok(count)
    }

    fn put(&mut self, entity: Id, edit: DocumentEdit) {
        let hlc = Hlc::from_ms(self.now.unsigned_abs());
        let (_, fields) = self.documents.entry(entity).or_insert((edit.kind, Fields::default()));
        for (field, value) in edit.puts {
            fields.0.insert(field, vec![Written { value, hlc, by: Id::NIL }]);
        }
        let history = self.histories.entry(entity).or_default();
        history.document = Some(fields.clone());
        history.document_kind = edit.kind;
    }

    fn stamp(&self) -> Stamp {
        Stamp {
            origin: self.origin(),
            lane: Lane::Orders,
            seq: self.seq,
            hlc: Hlc::from_ms(self.now.unsigned_abs()),
            quality: TimeQuality::Ntp,
            actor: id(0xaa),
            device: Id::NIL,
            command: Id::NIL.derive("command", self.seq),
        }
    }

    pub(crate) fn history(&self, subject: Id) -> &History {
        self.histories.get(&subject).unwrap()
    }
}

pub(crate) const BURGER: Id = Id::from_bytes([0xb1; 16]);
pub(crate) const BEER: Id = Id::from_bytes([0xb2; 16]);
pub(crate) const COLA: Id = Id::from_bytes([0xb3; 16]);
pub(crate) const CHEESE: Id = Id::from_bytes([0xcc; 16]);

impl Context for Kitchen {
    fn now_ms(&self) -> i64 {
        self.now
    }
    fn origin(&self) -> Origin {
        Origin([1; 16])
    }
    fn location(&self) -> Id {
        id(0)
    }
    fn letter(&self) -> String {
        "A".into()
    }
    fn document(&self, kind: u16, id: Id) -> Option<Fields> {
        self.documents.get(&id).filter(|(known, _)| *known == kind).map(|(_, fields)| fields.clone())
    }
    fn next_number(&self, _: &str) -> u64 {
        self.numbers.set(self.numbers.get() + 1);
        self.numbers.get()
    }
}

/// Fields with values that were written apart.
pub(crate) fn apart(field: &str, values: &[(Value, u64)]) -> Fields {
    let written =
        values.iter().map(|(value, ms)| Written { value: value.clone(), hlc: Hlc::from_ms(*ms), by: Id::NIL });
    Fields(BTreeMap::from([(field.to_owned(), written.collect())]))
}
