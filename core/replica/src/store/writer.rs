//! The one writer thread. It takes what is queued (and never waits for more), runs each job in a savepoint of one
//! transaction, signs a checkpoint per stream that grew, commits once, and only then answers and publishes. When nothing
//! is queued it packs a block of readings, if one is full.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use ring::signature::Ed25519KeyPair;
use rusqlite::{Connection, ErrorCode};
use tokio::sync::{oneshot, watch};
use trivet_log::chain::Head;
use trivet_log::{Checkpoint, Clock, Entry, Hlc, Id, StreamId};

use super::{Appended, Closed, MAX_GROUP, MAX_QUEUED_JOBS, Opening, log, rebuild, segment};
use crate::live::{Publisher, Touched};
use crate::module::Projecting;
use crate::{Identity, Module, Wall};

/// Answers its caller, after the commit.
type Answer = Box<dyn FnOnce() + Send>;
/// Does its work in the transaction; false means: undo it.
pub type Job = Box<dyn FnOnce(&mut Writing<'_>) -> (bool, Answer) + Send>;

#[derive(Clone)]
pub(super) struct Writer {
    jobs: mpsc::SyncSender<Job>,
    grown: watch::Receiver<u64>,
    waking: Waking,
    commits: Arc<AtomicU64>,
    queued: Arc<AtomicU64>,
}

/// Who is woken by which kinds of entry.
type Waking = Arc<Mutex<Vec<(&'static [&'static [u16]], watch::Sender<u64>)>>>;

#[derive(Clone, Copy, Debug)]
pub struct Figures {
    /// Commits that changed something, since the start: each is one flush of the disk.
    pub commits: u64,
    pub queued_jobs: u64,
}

impl Writer {
    pub(super) fn start(conn: Connection, opening: Opening, publisher: Publisher) -> anyhow::Result<Writer> {
        let (jobs, queue) = mpsc::sync_channel::<Job>(MAX_QUEUED_JOBS);
        let arrival = log::last_arrival(&conn)?;
        let (grew, grown) = watch::channel(arrival);
        let waking = Waking::default();
        let commits = Arc::new(AtomicU64::new(0));
        let queued = Arc::new(AtomicU64::new(0));
        let origin = opening.identity.origin();
        let heads = log::heads(&conn)?.into_iter().map(|(sid, head)| (head.stream, (sid, head))).collect();
        let memory = Memory { clock: Clock::resume(log::last_hlc(&conn, origin)?), heads, arrival };
        let mut thread = Thread {
            key: opening.identity.key(),
            documents: rebuild::document_kinds(&opening.modules),
            conn,
            identity: opening.identity,
            modules: opening.modules,
            wall: opening.wall,
            memory,
            publisher,
            grew,
            waking: waking.clone(),
            commits: commits.clone(),
            queued: queued.clone(),
            to_pack: true,
        };
        std::thread::Builder::new().name("writer".into()).spawn(move || thread.run(&queue))?;
        Ok(Writer { jobs, grown, waking, commits, queued })
    }

    pub(super) async fn run<T: Send + 'static, E: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Writing<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<Result<T, E>, Closed> {
        let (answer, answered) = oneshot::channel();
        let mut job: Job = Box::new(move |writing| {
            let result = job(writing);
            let keep = result.is_ok();
            (keep, Box::new(move || drop(answer.send(result))))
        });
        self.queued.fetch_add(1, Ordering::Relaxed);
        loop {
            match self.jobs.try_send(job) {
                Ok(()) => break,
                Err(mpsc::TrySendError::Full(back)) => {
                    job = back;
                    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
                }
                Err(mpsc::TrySendError::Disconnected(_)) => return Err(Closed),
            }
        }
        answered.await.map_err(|_| Closed)
    }

    pub(super) fn grown(&self) -> watch::Receiver<u64> {
        self.grown.clone()
    }

    pub(super) fn grown_of(&self, kinds: &'static [&'static [u16]]) -> watch::Receiver<u64> {
        let (sender, receiver) = watch::channel(0);
        let mut waking = self.waking.lock().unwrap_or_else(PoisonError::into_inner);
        waking.retain(|(_, known)| known.receiver_count() > 0);
        waking.push((kinds, sender));
        receiver
    }

    pub(super) fn figures(&self) -> Figures {
        Figures { commits: self.commits.load(Ordering::Relaxed), queued_jobs: self.queued.load(Ordering::Relaxed) }
    }
}

/// What the writer keeps in memory between commits. A copy is put back when a job is undone.
#[derive(Clone)]
struct Memory {
    clock: Clock,
    heads: BTreeMap<StreamId, (i64, Head)>,
    /// The newest local arrival number.
    arrival: u64,
}

impl Memory {
    /// Blocks of readings that are full, over all streams.
    fn blocks(&self) -> u64 {
        let kept = self.heads.iter().filter(|(stream, _)| segment::keeps(stream.lane));
        kept.map(|(_, (_, head))| (head.seq + 1) / segment::BLOCK).sum()
    }
}

struct Thread {
    conn: Connection,
    key: Ed25519KeyPair,
    identity: Arc<Identity>,
    modules: Arc<Vec<Module>>,
    documents: Vec<u16>,
    wall: Wall,
    memory: Memory,
    publisher: Publisher,
    grew: watch::Sender<u64>,
    waking: Waking,
    commits: Arc<AtomicU64>,
    queued: Arc<AtomicU64>,
    /// A block of readings may be full: this process has not looked, or a number went past a block's end.
    to_pack: bool,
}

impl Thread {
    fn run(&mut self, queue: &mpsc::Receiver<Job>) {
        loop {
            let first = match queue.try_recv() {
                Ok(first) => first,
                Err(mpsc::TryRecvError::Empty) if self.to_pack => {
                    if let Err(error) = self.pack() {
                        tracing::error!(%error, "the store failed; the process ends");
                        std::process::exit(70);
                    }
                    continue;
                }
                Err(mpsc::TryRecvError::Empty) => match queue.recv() {
                    Ok(first) => first,
                    Err(mpsc::RecvError) => return,
                },
                Err(mpsc::TryRecvError::Disconnected) => return,
            };
            let mut group = vec![first];
            group.extend(std::iter::from_fn(|| queue.try_recv().ok()).take(MAX_GROUP - 1));
            self.queued.fetch_sub(group.len() as u64, Ordering::Relaxed);
            if let Err(error) = self.commit(group) {
                // After a failed sync nothing that this process believes of the file is certain.
                tracing::error!(%error, "the store failed; the process ends");
                std::process::exit(70);
            }
        }
    }

    /// One block, in a commit of its own: a command that comes meanwhile waits for no more than that.
    fn pack(&mut self) -> rusqlite::Result<()> {
        self.conn.execute_batch("BEGIN IMMEDIATE")?;
        self.to_pack = segment::pack_one(&self.conn)?;
        self.conn.execute_batch("COMMIT")?;
        if self.to_pack {
            self.commits.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    fn commit(&mut self, group: Vec<Job>) -> rusqlite::Result<()> {
        let blocks = self.memory.blocks();
        self.conn.execute_batch("BEGIN IMMEDIATE")?;
        let mut answers: Vec<Answer> = Vec::with_capacity(group.len());
        let mut touched: Vec<Touched> = Vec::new();
        let mut signed: BTreeSet<StreamId> = BTreeSet::new();
        let mut changed = false;
        for job in group {
            let before = self.memory.clone();
            self.conn.execute_batch("SAVEPOINT job")?;
            let mut writing = Writing {
                conn: &self.conn,
                identity: &self.identity,
                modules: &self.modules,
                documents: &self.documents,
                memory: &mut self.memory,
                wall: &self.wall,
                touched: Vec::new(),
                grew: BTreeSet::new(),
                fatal: None,
            };
            let result = catch_unwind(AssertUnwindSafe(|| job(&mut writing)));
            let (job_touched, grew, fatal) = (writing.touched, writing.grew, writing.fatal);
            if let Some(fatal) = fatal {
                return Err(fatal);
            }
            let keep = match result {
                Ok((keep, answer)) => {
                    answers.push(answer);
                    keep
                }
                // The caller sees a closed channel and answers 500; the others of the group go on.
                Err(_) => {
                    tracing::error!("a job of the writer panicked; it is undone");
                    false
                }
            };
            if keep {
                self.conn.execute_batch("RELEASE job")?;
                touched.extend(job_touched);
                signed.extend(grew);
                changed = true;
            } else {
                self.conn.execute_batch("ROLLBACK TO job; RELEASE job")?;
                self.memory = before;
            }
        }
        for stream in &signed {
            self.sign(stream)?;
        }
        self.to_pack |= self.memory.blocks() > blocks;
        self.conn.execute_batch("COMMIT")?;
        if changed {
            self.commits.fetch_add(1, Ordering::Relaxed);
        }
        answers.into_iter().for_each(|answer| answer());
        if let Some(last) = touched.iter().map(|touched| touched.arrival).max() {
            for (kinds, sender) in self.waking.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                let holds =
                    |touched: &Touched| kinds.iter().flat_map(|list| list.iter()).any(|k| touched.kinds.contains(k));
                if touched.iter().any(holds) {
                    sender.send_replace(last);
                }
            }
            self.publisher.publish(touched);
            self.grew.send_replace(last);
        }
        Ok(())
    }

    fn sign(&self, stream: &StreamId) -> rusqlite::Result<()> {
        let Some((sid, head)) = self.memory.heads.get(stream) else { return Ok(()) };
        let checkpoint = Checkpoint::sign(&self.key, stream, head.seq, head.chain, self.memory.clock.last());
        log::save_checkpoint(&self.conn, *sid, stream, &checkpoint)
    }
}

/// A job's hold on the transaction.
pub struct Writing<'a> {
    pub conn: &'a Connection,
    pub identity: &'a Identity,
    pub modules: &'a [Module],
    pub documents: &'a [u16],
    pub wall: &'a Wall,
    memory: &'a mut Memory,
    touched: Vec<Touched>,
    grew: BTreeSet<StreamId>,
    fatal: Option<rusqlite::Error>,
}

impl Writing<'_> {
    /// The stamp of the next entries.
    pub fn tick(&mut self) -> Hlc {
        self.memory.clock.tick(u64::try_from(self.wall.now_ms()).unwrap_or(0))
    }

    pub fn head(&mut self, stream: StreamId) -> rusqlite::Result<(i64, Head)> {
        if let Some(known) = self.memory.heads.get(&stream) {
            return Ok(*known);
        }
        let sid = log::sid(self.conn, &stream)?;
        let made = (sid, Head::start(stream));
        self.memory.heads.insert(stream, made);
        Ok(made)
    }

    /// Appends entries of this replica's own stream; the head and its checkpoint are written at the commit.
    pub fn append(&mut self, entry: &Entry) -> rusqlite::Result<u64> {
        let stream = entry.header.stream;
        let (sid, mut head) = self.head(stream)?;
        let arrival = self.insert(sid, entry)?;
        head.advance(entry);
        self.memory.heads.insert(stream, (sid, head));
        self.grew.insert(stream);
        Ok(arrival)
    }

    fn insert(&mut self, sid: i64, entry: &Entry) -> rusqlite::Result<u64> {
        self.memory.arrival += 1;
        log::insert(self.conn, sid, self.memory.arrival, entry)?;
        Ok(self.memory.arrival)
    }

    /// Stores another replica's entries, already checked against `head`.
    pub fn take_over(&mut self, entries: &[Entry], head: Head, checkpoint: &Checkpoint) -> rusqlite::Result<u64> {
        let (sid, _) = self.head(head.stream)?;
        let mut last = 0;
        for entry in entries {
            last = self.insert(sid, entry)?;
        }
        log::save_checkpoint(self.conn, sid, &head.stream, checkpoint)?;
        self.memory.heads.insert(head.stream, (sid, head));
        let (wall_ms, quality) = (u64::try_from(self.wall.now_ms()).unwrap_or(0), self.wall.quality());
        self.memory.clock.receive(checkpoint.hlc, wall_ms, quality);
        Ok(last)
    }

    /// Projects a subject for every module that follows it, and notes effects and news.
    /// `entries` are all of the subject as they arrived, the last `new` of them just now.
    pub fn project(&mut self, subject: Id, entries: &[Entry], new: usize, arrival: u64) -> rusqlite::Result<()> {
        let kinds = rebuild::kinds(entries);
        let (_, new) = entries.split_at(entries.len().saturating_sub(new));
        for kind in rebuild::kinds(new).into_iter().filter(|kind| self.documents.contains(kind)) {
            log::project_document(self.conn, entries, kind)?;
        }
        let history = log::history(self.conn, entries, self.documents)?;
        let projecting = Projecting { conn: self.conn, identity: self.identity };
        for module in self.modules.iter().filter(|module| module.follows(&kinds)) {
            (module.project)(&projecting, subject, &history)?;
        }
        let appended =
            Appended { subject, history: &history, new, origin: self.identity.origin(), now_ms: self.wall.now_ms() };
        for on_append in self.modules.iter().filter_map(|module| module.on_append) {
            on_append(self.conn, &appended)?;
        }
        self.touched.push(Touched { subject, kinds, arrival, new: new.len() });
        Ok(())
    }

    /// Tells the screens anew of a subject whose entries did not change (a device's state, a key that arrived).
    pub fn touch(&mut self, subject: Id) -> rusqlite::Result<()> {
        let entries = log::entries(self.conn, subject)?;
        let arrival = self.memory.arrival;
        self.touched.push(Touched { subject, kinds: rebuild::kinds(&entries), arrival, new: 0 });
        Ok(())
    }

    /// Notes whether an error is the disk's: then the process ends instead of answering.
    pub fn failed(&mut self, error: rusqlite::Error) -> String {
        let text = error.to_string();
        let disk = [
            ErrorCode::SystemIoFailure,
            ErrorCode::DiskFull,
            ErrorCode::DatabaseCorrupt,
            ErrorCode::ReadOnly,
            ErrorCode::NotADatabase,
        ];
        if error.sqlite_error_code().is_some_and(|code| disk.contains(&code)) {
            self.fatal = Some(error);
        }
        text
    }
}
