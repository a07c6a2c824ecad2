//! Documents by Automerge: a flat map of registers per document, from one fixed first change.
//!
//! Only targeted puts are written, never a whole struct: reconciling a held copy would put back what another replica
//! has changed meanwhile. No container is made after the first change: of two that are made apart, one would vanish.

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{ActorId, Automerge, AutomergeError, Change, ObjId, ObjType, ROOT, ReadDoc, ScalarValue};
use trivet_domain::document::{Fields, Value, Written};
use trivet_log::entry::encode;
use trivet_log::{Entry, Hlc, Id, Origin};

const MAP: &str = "fields";

pub struct Document {
    doc: Automerge,
}

impl Default for Document {
    fn default() -> Document {
        Document::new()
    }
}

impl Document {
    /// The empty document, the same bytes on every replica.
    pub fn new() -> Document {
        let mut doc = Automerge::new().with_actor(ActorId::from([0u8; 16]));
        let mut transaction = doc.transaction();
        transaction.put_object(ROOT, MAP, ObjType::Map).expect("an empty document takes a map");
        transaction.commit_with(CommitOptions::default().with_time(0));
        Document { doc }
    }

    /// From a document's entries. A change that does not read, or whose actor is not its entry's origin, is passed
    /// over; a bad one does not keep out the others.
    pub fn from_entries<'a>(entries: impl Iterator<Item = &'a Entry>) -> Document {
        let mut document = Document::new();
        let changes: Vec<Change> = entries.filter_map(change).collect();
        if document.doc.apply_changes(changes.clone()).is_err() {
            document = Document::new();
            for change in changes {
                if let Err(error) = document.doc.apply_changes([change]) {
                    tracing::warn!(%error, "a document's change was not applied");
                }
            }
        }
        document
    }

    /// Takes one more entry's change; one that does not read changes nothing.
    pub fn apply(&mut self, entry: &Entry) {
        if let Some(change) = change(entry)
            && let Err(error) = self.doc.apply_changes([change])
        {
            tracing::warn!(%error, "a document's change was not applied");
        }
    }

    /// Writes the puts and gives the change, to be an entry's body.
    pub fn edit(
        &mut self,
        origin: Origin,
        puts: &[(String, Value)],
        hlc: Hlc,
        by: Id,
    ) -> Result<Vec<u8>, AutomergeError> {
        self.doc.set_actor(ActorId::from(origin.0));
        let map = self.map()?;
        let mut transaction = self.doc.transaction();
        for (field, value) in puts {
            let written = encode(&Written { value: value.clone(), hlc, by });
            transaction.put(&map, field.as_str(), ScalarValue::Bytes(written))?;
        }
        transaction.commit_with(CommitOptions::default().with_time(0));
        Ok(self.doc.get_last_local_change().map(|change| change.raw_bytes().to_vec()).unwrap_or_default())
    }

    /// Each field with all values that stand side by side.
    pub fn fields(&self) -> Fields {
        let mut fields = Fields::default();
        let Ok(map) = self.map() else { return fields };
        for field in self.doc.keys(&map) {
            let values = self.doc.get_all(&map, field.as_str()).unwrap_or_default();
            let written: Vec<Written> = values
                .iter()
                .filter_map(|(value, _)| match value.as_scalar()? {
                    ScalarValue::Bytes(bytes) => minicbor::decode(bytes).ok(),
                    _ => None,
                })
                .collect();
            fields.0.insert(field, written);
        }
        fields
    }

    fn map(&self) -> Result<ObjId, AutomergeError> {
        match self.doc.get(ROOT, MAP)? {
            Some((_, map)) => Ok(map),
            None => Err(AutomergeError::InvalidObjId(MAP.to_owned())),
        }
    }
}

fn change(entry: &Entry) -> Option<Change> {
    let change = Change::from_bytes(entry.body().to_vec()).ok()?;
    (change.actor_id().to_bytes() == entry.header.stream.origin.0).then_some(change)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(documents: &mut [Document], edits: &[(usize, &str, i64)]) -> Vec<Change> {
        edits
            .iter()
            .map(|&(at, field, value)| {
                let origin = Origin([at as u8 + 1; 16]);
                let puts = [(field.to_owned(), Value::Integer(value))];
                let hlc = Hlc::from_ms(value.unsigned_abs());
                Change::from_bytes(documents[at].edit(origin, &puts, hlc, Id::NIL).unwrap()).unwrap()
            })
            .collect()
    }

    #[test]
    fn two_prices_set_apart_stand_side_by_side_and_a_third_settles_them() {
        let mut documents = [Document::new(), Document::new()];
        let made = changes(&mut documents, &[(0, "price", 900), (1, "price", 1_100), (1, "name", 1)]);
        documents[0].doc.apply_changes(made[1..].to_vec()).unwrap();
        documents[1].doc.apply_changes(made[..1].to_vec()).unwrap();
        assert_eq!(documents[0].fields(), documents[1].fields());
        let fields = documents[0].fields();
        assert_eq!(fields.integer("price"), Some(1_100));
        assert_eq!(fields.conflicts().len(), 1);
        assert_eq!(fields.integer("name"), Some(1));
        changes(&mut documents, &[(0, "price", 1_000)]);
        assert!(documents[0].fields().conflicts().is_empty());
    }

    /// Every replica's documents begin with this change: another one would share no history with them.
    #[test]
    fn the_first_change_is_frozen() {
        let document = Document::new();
        let hash = document.doc.get_heads();
        expect_test::expect!["51ef9a1b6ab48d6775ef413ff3fe4b2d745a103bb42892cd291b14b0e64034ab"]
            .assert_eq(&hash.iter().map(ToString::to_string).collect::<String>());
    }
}
