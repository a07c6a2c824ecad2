//! Who is connected, and how news reaches them: a stream that grew, a certificate or key that came, a code, a request.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::mpsc;
use trivet_log::sync::Message;
use trivet_log::{Certificate, Id, Origin, StreamId};

/// News that may wait for one connection; past it the connection is closed, and its next one begins with the heads.
const MAX_WAITING: usize = 1_024;
/// One-time codes that are kept for a tenant; the oldest go first.
const MAX_ENROLMENTS_PER_TENANT: usize = 20;

#[derive(Clone, Debug)]
pub(crate) enum News {
    Grew(StreamId, u64),
    /// Another replica has confirmed a stream of this origin.
    HeldBy(StreamId, u64),
    Send(Message),
    /// Another connection of the same replica took over, or this one is too slow.
    Close(&'static str),
}

struct Connected {
    certificate: Certificate,
    news: mpsc::Sender<News>,
    number: u64,
}

#[derive(Default)]
struct State {
    connected: HashMap<Origin, Connected>,
    next_number: u64,
    enrolments: Vec<Enrolment>,
}

/// A one-time code that a box has offered, and what has come for it.
struct Enrolment {
    code_hash: String,
    tenant: Id,
    offered_by: Origin,
    answer: Option<Vec<u8>>,
    asked: bool,
}

#[derive(Default)]
pub(crate) struct Peers(Mutex<State>);

impl Peers {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn join(&self, certificate: Certificate) -> (u64, mpsc::Receiver<News>) {
        let (news, receiver) = mpsc::channel(MAX_WAITING);
        let mut state = self.state();
        state.next_number += 1;
        let number = state.next_number;
        let before = state.connected.insert(certificate.origin(), Connected { certificate, news, number });
        if let Some(before) = before {
            drop(before.news.try_send(News::Close("another connection of this replica")));
        }
        (number, receiver)
    }

    pub(crate) fn leave(&self, origin: Origin, number: u64) {
        let mut state = self.state();
        if state.connected.get(&origin).is_some_and(|connected| connected.number == number) {
            state.connected.remove(&origin);
        }
    }

    /// Tells the tenant's other replicas.
    pub(crate) fn tell(&self, tenant: Id, except: Origin, news: &News) {
        let mut state = self.state();
        state.connected.retain(|origin, connected| {
            let concerned = connected.certificate.tenant == tenant
                && *origin != except
                && match news {
                    News::Grew(stream, _) => connected.certificate.may_read(stream.scope),
                    News::HeldBy(stream, _) => *origin == stream.origin,
                    _ => true,
                };
            // A full queue drops the sender, and with it the connection.
            !concerned || connected.news.try_send(news.clone()).is_ok()
        });
    }

    pub(crate) fn offer(&self, tenant: Id, offered_by: Origin, code_hash: String) {
        let mut state = self.state();
        if state.enrolments.iter().any(|enrolment| enrolment.code_hash == code_hash) {
            return;
        }
        // A tenant's oldest code goes first, so that no tenant can push out another's.
        if state.enrolments.iter().filter(|e| e.tenant == tenant).count() >= MAX_ENROLMENTS_PER_TENANT {
            let oldest = state.enrolments.iter().position(|e| e.tenant == tenant);
            oldest.map(|index| state.enrolments.remove(index));
        }
        state.enrolments.push(Enrolment { code_hash, tenant, offered_by, answer: None, asked: false });
    }

    /// Passes an applicant's request on to the box that made the code. False: nobody made it, or it was used.
    pub(crate) fn ask(&self, code_hash: &str, request: Vec<u8>) -> bool {
        let mut state = self.state();
        let State { connected, enrolments, .. } = &mut *state;
        let Some(enrolment) = enrolments.iter_mut().find(|e| e.code_hash == code_hash && !e.asked) else {
            return false;
        };
        let Some(offerer) = connected.get(&enrolment.offered_by) else { return false };
        let message = Message::Asked { code_hash: code_hash.to_owned(), request };
        enrolment.asked = offerer.news.try_send(News::Send(message)).is_ok();
        enrolment.asked
    }

    pub(crate) fn answer(&self, tenant: Id, code_hash: &str, answer: Vec<u8>) {
        let mut state = self.state();
        let found = state.enrolments.iter_mut().find(|e| e.code_hash == code_hash && e.tenant == tenant);
        if let Some(enrolment) = found {
            enrolment.answer = Some(answer);
        }
    }

    /// None: no such code. Some(None): no answer yet.
    pub(crate) fn take_answer(&self, code_hash: &str) -> Option<Option<Vec<u8>>> {
        let mut state = self.state();
        let index = state.enrolments.iter().position(|e| e.code_hash == code_hash)?;
        let answered = state.enrolments.get(index).is_some_and(|e| e.answer.is_some());
        Some(answered.then(|| state.enrolments.remove(index)).and_then(|e| e.answer))
    }

    pub(crate) fn count(&self) -> usize {
        self.state().connected.len()
    }
}
