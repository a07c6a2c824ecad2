//! The one path: permit, fold, decide, append, project, commit. The answer, the screens, the devices and the sync
//! come after the commit.

use trivet_domain::{Command, Context, Event, Fields, Permission, Refusal, Rights, decide};
use trivet_log::{Entry, Header, Id, Lane, Origin, ReplicaKind, StreamId, merge};

use crate::module::Reach;
use crate::store::documents::Document;
use crate::store::{Closed, Writing, log};
use crate::{App, Module};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Nil for the box itself: a timer, a device, a policy.
    pub person: Id,
    /// The screen, or the box.
    pub device: Id,
    /// None for the box itself, which may do all that its own parts ask.
    pub rights: Option<Rights>,
}

impl Actor {
    pub fn the_box(device: Id) -> Actor {
        Actor { person: Id::NIL, device, rights: None }
    }

    pub fn may(&self, permission: Permission) -> bool {
        self.rights.is_none_or(|rights| rights.may(permission))
    }
}

/// What an answer rests on: committed and synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub subject: Id,
    /// The place of the command's last entry in its stream; None if there was nothing to change.
    pub place: Option<(StreamId, u64)>,
    /// The same command was carried out before: nothing was written.
    pub repeated: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum Rejection {
    #[error("{0}")]
    Refused(Refusal),
    /// Written here, but the relay does not hold it: a dashboard's word counts only then.
    #[error("the relay has not confirmed this yet; send it again with the same Idempotency-Key")]
    NotHeld,
    #[error("the store failed: {0}")]
    Store(String),
    #[error(transparent)]
    Closed(#[from] Closed),
}

impl From<Refusal> for Rejection {
    fn from(refusal: Refusal) -> Rejection {
        Rejection::Refused(refusal)
    }
}

impl App {
    pub async fn submit(&self, actor: Actor, id: Id, command: Command) -> Result<Receipt, Rejection> {
        if !actor.may(command.permission()) {
            return Err(Refusal::forbidden("Insufficient permissions").into());
        }
        if !self.sync.may_write(self.identity.certificate.kind) {
            return Err(Rejection::NotHeld);
        }
        let receipt = self.store.write(move |writing| writing.execute(actor, id, &command)).await??;
        if self.identity.certificate.kind == ReplicaKind::Dashboard
            && let Some((stream, seq)) = receipt.place
            && !self.sync.wait_until_held(stream, seq).await
        {
            return Err(Rejection::NotHeld);
        }
        Ok(receipt)
    }
}

impl Writing<'_> {
    pub(crate) fn execute(&mut self, actor: Actor, id: Id, command: &Command) -> Result<Receipt, Rejection> {
        let subject = command.subject(self.identity.origin());
        let known = log::subject_of_command(self.conn, id).map_err(|e| self.store_error(e))?;
        if known.is_some_and(|known| known != subject) {
            return Err(other_use().into());
        }
        let mut entries = self.entries(subject)?;
        if let Some((place, by)) = done_before(&entries, id) {
            if by != actor.person {
                return Err(other_use().into());
            }
            return Ok(Receipt { subject, place: Some(place), repeated: true });
        }
        let history = log::history(self.conn, &entries, self.documents).map_err(|e| self.store_error(e))?;
        let events = decide(&history, command, &Decided { writing: self, now_ms: self.wall.now_ms() })?;
        let Some(last) = events.len().checked_sub(1) else {
            return Ok(Receipt { subject, place: None, repeated: false });
        };
        let mut place = None;
        let mut arrival = 0;
        self.must_fit(&entries, &events)?;
        for (index, (entity, event)) in events.iter().enumerate() {
            if *entity != subject {
                return Err(Rejection::Store("an event outside of its command's subject".to_owned()));
            }
            let rest = u16::try_from(last - index).unwrap_or(u16::MAX);
            let entry = self.entry(actor, id, *entity, event, &entries, rest)?;
            arrival = self.append(&entry).map_err(|e| self.store_error(e))?;
            place = Some((entry.header.stream, entry.header.seq));
            entries.push(entry);
        }
        self.project(subject, &entries, events.len(), arrival).map_err(|e| self.store_error(e))?;
        Ok(Receipt { subject, place, repeated: false })
    }

    fn entries(&mut self, subject: Id) -> Result<Vec<Entry>, Rejection> {
        log::entries(self.conn, subject).map_err(|e| self.store_error(e))
    }

    fn entry(
        &mut self,
        actor: Actor,
        command: Id,
        entity: Id,
        event: &Event,
        before: &[Entry],
        rest: u16,
    ) -> Result<Entry, Rejection> {
        let origin = self.identity.origin();
        let stream = self.stream_of(event.kind())?;
        let (_, head) = self.head(stream).map_err(|e| self.store_error(e))?;
        let hlc = self.tick();
        let body = match event {
            Event::Document(edit) => {
                let mut document = Document::from_entries(before.iter().filter(|e| e.header.kind == edit.kind));
                document
                    .edit(origin, &edit.puts, hlc, actor.person)
                    .map_err(|error| Rejection::Store(error.to_string()))?
            }
            fact => fact.encode().unwrap_or_default(),
        };
        let headers: Vec<&Header> = before.iter().map(|entry| &entry.header).collect();
        let header = Header {
            stream,
            seq: head.seq + 1,
            hlc,
            quality: self.wall.quality(),
            actor: actor.person,
            device: actor.device,
            command,
            rest,
            kind: event.kind(),
            version: 1,
            entity,
            frontier: merge::frontier(&headers, origin),
        };
        Entry::new(header, &body).map_err(|malformed| Refusal::invalid("body", malformed.to_string()).into())
    }

    /// A subject is one thing for ever: an id of a menu item never becomes a probe's or a check's.
    fn must_fit(&self, before: &[Entry], events: &[(Id, Event)]) -> Result<(), Rejection> {
        let Some((_, first)) = events.first() else { return Ok(()) };
        let module = self.modules.iter().find(|module| module.writes(first.kind()));
        let reads = |kind: u16| module.is_some_and(|m| m.follows.iter().any(|kinds| kinds.contains(&kind)));
        match before.iter().all(|entry| reads(entry.header.kind)) {
            true => Ok(()),
            false => Err(Refusal::conflict("this id belongs to something else").into()),
        }
    }

    /// The stream in which this replica writes a kind.
    fn stream_of(&self, kind: u16) -> Result<StreamId, Rejection> {
        let module = self.modules.iter().find(|module| module.writes(kind));
        let module = module.ok_or_else(|| Rejection::Store(format!("no module writes kind {kind:#06x}")))?;
        Ok(stream_of(module, kind, self.identity))
    }

    fn store_error(&mut self, error: rusqlite::Error) -> Rejection {
        Rejection::Store(self.failed(error))
    }
}

pub(crate) fn stream_of(module: &Module, kind: u16, identity: &crate::Identity) -> StreamId {
    let certificate = &identity.certificate;
    StreamId {
        origin: identity.origin(),
        scope: match module.reach {
            Reach::Tenant => certificate.tenant,
            Reach::Location => certificate.location,
        },
        lane: if module.documents.contains(&kind) { Lane::Documents } else { module.lane },
    }
}

fn other_use() -> Refusal {
    Refusal::conflict("this Idempotency-Key was used for something else").at("Idempotency-Key")
}

/// The place of the last entry that this command wrote and who asked, if it was carried out before (here or on
/// another box).
fn done_before(entries: &[Entry], command: Id) -> Option<((StreamId, u64), Id)> {
    let of_command = entries.iter().filter(|entry| entry.header.command == command);
    let last = of_command.max_by_key(|entry| entry.header.seq)?;
    Some(((last.header.stream, last.header.seq), last.header.actor))
}

/// What a decision may look at, inside the transaction.
struct Decided<'a, 'b> {
    writing: &'a Writing<'b>,
    now_ms: i64,
}

impl Context for Decided<'_, '_> {
    fn now_ms(&self) -> i64 {
        self.now_ms
    }
    fn origin(&self) -> Origin {
        self.writing.identity.origin()
    }
    fn location(&self) -> Id {
        self.writing.identity.certificate.location
    }
    fn letter(&self) -> String {
        self.writing.identity.certificate.letter.clone()
    }
    fn document(&self, kind: u16, id: Id) -> Option<Fields> {
        let found =
            log::fields(self.writing.conn, id).inspect_err(|error| tracing::error!(%error, "reading a document"));
        found.ok()?.filter(|(known, _)| *known == kind).map(|(_, fields)| fields)
    }
    /// Counted in the same transaction: a refusal gives the number back.
    fn next_number(&self, series: &str) -> u64 {
        let sql = "INSERT INTO counter(series, last) VALUES(?1, 1) ON CONFLICT(series) DO UPDATE SET last=last+1 RETURNING last";
        let next =
            self.writing.conn.prepare_cached(sql).and_then(|mut s| s.query_row([series], |row| row.get::<_, i64>(0)));
        next.map(i64::cast_unsigned).expect("a counter row is written in the open transaction")
    }
}
