//! One printer's actor: the only owner of its link. It takes the next paper from the spool, tries it, and notes what
//! became of it.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use rusqlite::{OptionalExtension, params};
use trivet_drivers::printer::{Art, EncodedPictures, Job as Encoded, Outcome, Profile, Session, encode, escpos};
use trivet_log::Id;
use trivet_paper::raster::{FONT_FILES, Fonts, Grid, draw_line};
use trivet_paper::{Bitmap, Block, Line, Paper, PictureId, Style, layout};
use trivet_replica::App;
use trivet_replica::store::Writing;

use super::printers::Printers;
use super::spool::{self, DRAWER_EXPIRES_MS, EXPIRES_MS, End, Job};

/// After a failure; doubled up to the longest.
const RETRY: Duration = Duration::from_secs(1);
const LONGEST_RETRY: Duration = Duration::from_secs(15);
/// So many attempts that sent something and were not confirmed, and a person decides: the papers behind it go on.
const MAX_ATTEMPTS: i64 = 3;
/// An idle printer is asked this often how it is: a status that it does not send by itself, or a plug that was pulled.
const LOOK_EVERY: Duration = Duration::from_secs(1);

pub(super) struct Actor {
    app: App,
    printers: Printers,
    name: String,
    session: Session,
    retry: Duration,
    /// See `rehearse_blind_resend` of the configuration.
    blind: bool,
    /// The session has been told to have the printer drop what it holds.
    clearing: bool,
}

/// What came of looking for something to do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    Done,
    Nothing,
    /// There is a paper, and its printer cannot, or not yet.
    Waits,
}

impl Actor {
    pub(super) fn new(app: &App, printers: &Printers, name: &str, session: Session, blind: bool) -> Actor {
        let (app, printers, name) = (app.clone(), printers.clone(), name.to_owned());
        Actor { app, printers, name, session, retry: RETRY, blind, clearing: false }
    }

    pub(super) async fn run(mut self) {
        let (mut grown, mut stirred) = (self.app.store.grown_of(super::MODULE.follows), self.printers.stirred());
        loop {
            // What is noticed from here on wakes it again.
            grown.borrow_and_update();
            stirred.borrow_and_update();
            match self.turn().await {
                Ok(Turn::Done) => {}
                Ok(turn) => {
                    tokio::select! {
                        // A printer that cannot is not asked again for each order that comes.
                        _ = grown.changed(), if turn == Turn::Nothing => {}
                        _ = stirred.changed() => {}
                        () = self.session.listen() => {}
                        () = tokio::time::sleep(LOOK_EVERY) => self.session.check().await,
                    }
                }
                Err(error) => {
                    tracing::error!(printer = self.name, error = %format!("{error:#}"), "printing");
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }

    /// One drawer or one paper.
    async fn turn(&mut self) -> anyhow::Result<Turn> {
        let (name, now) = (self.name.clone(), self.app.wall.now_ms());
        let next = self.app.read(move |view| {
            let drawer = spool::wanted_drawer(view.conn, &name)?;
            let cancelled = spool::is_cancelled(view.conn, &name)?;
            Ok((drawer, cancelled, spool::wanted_logo(view.conn, &name)?, spool::next(view.conn, &name, now)?))
        });
        let (drawer, cancelled, logo, job) = next.await.map_err(|problem| anyhow::anyhow!(problem.detail))?;
        if let Some((id, wanted_ms)) = drawer {
            self.open_drawer(id, wanted_ms).await?;
            return Ok(Turn::Done);
        }
        if cancelled {
            self.drop_what_it_holds().await?;
        }
        if let Some((id, bitmap)) = logo {
            self.keep_logo(id, bitmap).await?;
            return Ok(Turn::Done);
        }
        let Some(job) = job else { return Ok(Turn::Nothing) };
        let lost_track = End {
            state: "in_doubt",
            note: "the spool could not be written".to_owned(),
            doubt: true,
            incomplete: false,
            not_before_ms: 0,
            counts: true,
        };
        match self.print(&job).await {
            Ok(went_on) => Ok(if went_on { Turn::Done } else { Turn::Waits }),
            Err(error) => {
                drop(self.end(&job, lost_track).await);
                Err(error)
            }
        }
    }

    /// The row stays until the printer has been told, so that a stop of the box in between forgets nothing.
    async fn drop_what_it_holds(&mut self) -> anyhow::Result<()> {
        if !self.clearing {
            self.session.clear_first();
            self.clearing = true;
        } else if !self.session.has_to_clear() {
            self.clearing = false;
            let name = self.name.clone();
            self.app.store.write(move |writing| spool::take_cancel(writing.conn, &name)).await??;
        }
        Ok(())
    }

    async fn open_drawer(&mut self, id: Id, wanted_ms: i64) -> anyhow::Result<()> {
        let late = self.app.wall.now_ms() - wanted_ms > DRAWER_EXPIRES_MS;
        let (state, note) = if late {
            ("not_opened", "its printer was busy for too long".to_owned())
        } else if !self.app.store.write(move |writing| spool::fire_drawer(writing.conn, id)).await?? {
            return Ok(());
        } else {
            match self.session.pulse(0).await {
                Outcome::NotReady(why) => ("not_opened", why),
                Outcome::InDoubt(why) => ("in_doubt", why),
                Outcome::Sent | Outcome::Printed { .. } | Outcome::Cleared => ("sent", String::new()),
            }
        };
        self.app.store.write(move |writing| spool::end_drawer(writing.conn, id, state, &note)).await??;
        self.printers.stir();
        Ok(())
    }

    /// Tried once: a printer's memory wears, and a person asked for it.
    async fn keep_logo(&mut self, id: PictureId, bitmap: Bitmap) -> anyhow::Result<()> {
        // Keys are two printable characters.
        let [a, b, ..] = id.0;
        let key = [0x21 + a % 94, 0x21 + b % 94];
        let outcome = self.session.configure(&escpos::keep_picture(key, &bitmap)).await;
        let kept = (outcome == Outcome::Sent).then_some((id, key));
        if kept.is_none() {
            tracing::warn!(printer = self.name, ?outcome, "the logo was not kept");
        }
        let name = self.name.clone();
        self.app.store.write(move |writing| spool::end_logo(writing.conn, &name, kept)).await??;
        Ok(())
    }

    /// False if nothing could be tried: the printer is looked after for a while.
    async fn print(&mut self, job: &Job) -> anyhow::Result<bool> {
        let now = self.app.wall.now_ms();
        if now - job.created_ms > EXPIRES_MS && !job.released {
            return self.hold(job, "waited more than 30 minutes for its printer").await;
        }
        if job.attempts >= MAX_ATTEMPTS {
            return self.hold(job, "printed several times without a confirmation").await;
        }
        if (job.doubt || job.state == "in_doubt") && !job.kind.is_printed_again_when_in_doubt() && !job.released {
            return self.hold(job, "it may have been printed: look, then decide").await;
        }
        let Some(paper) = headed(job) else { return self.hold(job, "its paper does not read").await };
        // Before the attempt: a printer that is off costs no flush, and what has not been tried can still be called off.
        if let Err(why) = self.session.ready().await {
            if job.note != why {
                self.note(job, why).await?;
            }
            return Ok(false);
        }
        let encoded = self.encode(&paper).await?;
        for warning in &encoded.warnings {
            tracing::warn!(printer = self.name, job = %job.number, warning, "a paper is not as it should be");
        }
        let name = self.name.clone();
        let (id, check) = (job.id, job.check);
        let begun = move |writing: &mut Writing<'_>| {
            let mark = spool::begin_attempt(writing.conn, id, &name, now)?;
            writing.touch(check)?;
            Ok::<Option<u32>, rusqlite::Error>(mark)
        };
        let Some(mark) = self.app.store.write(begun).await?? else { return Ok(true) };
        let outcome = self.session.print(&encoded, letters(mark)).await;
        let mut end = self.after(job, outcome);
        if end.note.is_empty()
            && let Some(warning) = encoded.warnings.first()
        {
            end.note.clone_from(warning);
        }
        self.end(job, end).await
    }

    async fn encode(&self, paper: &Paper) -> anyhow::Result<Encoded> {
        let lines = layout(paper, usize::from(self.session.profile().columns));
        let art = self.art(paper).await?;
        // Drawing a line may read and shape fonts.
        Ok(tokio::task::block_in_place(|| encode(&lines, self.session.profile(), &art)))
    }

    async fn art(&self, paper: &Paper) -> anyhow::Result<BoxArt> {
        let (name, paper) = (self.name.clone(), paper.clone());
        let loaded = self.app.read(move |view| BoxArt::load(view.conn, &name, &paper)).await;
        loaded.map_err(|problem| anyhow::anyhow!(problem.detail))
    }

    fn after(&mut self, job: &Job, outcome: Outcome) -> End {
        let wait = i64::try_from(self.retry.as_millis()).unwrap_or(i64::MAX);
        let later = self.app.wall.now_ms() + wait;
        let failed = !matches!(outcome, Outcome::Printed { .. } | Outcome::Sent);
        self.retry = if failed { (self.retry * 2).min(LONGEST_RETRY) } else { RETRY };
        let doubt = job.doubt || job.state == "in_doubt";
        let done = |state, note: &str| End {
            state,
            note: note.to_owned(),
            doubt,
            incomplete: false,
            not_before_ms: 0,
            counts: true,
        };
        match outcome {
            Outcome::Printed { cut: true } => done("printed", ""),
            Outcome::Printed { cut: false } => done("printed", "the cutter did not confirm: see whether it was cut"),
            Outcome::Sent => done("sent", "this printer does not confirm"),
            // What was in doubt before stays in doubt: this attempt has sent nothing.
            Outcome::NotReady(note) => End {
                state: if job.state == "in_doubt" { "in_doubt" } else { "queued" },
                note,
                doubt,
                incomplete: job.incomplete,
                not_before_ms: later,
                counts: false,
            },
            Outcome::Cleared | Outcome::InDoubt(_) if self.blind => End {
                state: "queued",
                note: String::new(),
                doubt,
                incomplete: false,
                not_before_ms: later,
                counts: false,
            },
            Outcome::Cleared => End {
                state: "queued",
                note: "the printer dropped an incomplete copy".to_owned(),
                doubt,
                incomplete: true,
                not_before_ms: later,
                counts: true,
            },
            Outcome::InDoubt(note) => {
                End { state: "in_doubt", note, doubt: true, incomplete: false, not_before_ms: later, counts: true }
            }
        }
    }

    async fn note(&self, job: &Job, why: String) -> anyhow::Result<()> {
        let (id, check) = (job.id, job.check);
        let noted = move |writing: &mut Writing<'_>| {
            spool::note(writing.conn, id, &why)?;
            writing.touch(check)
        };
        Ok(self.app.store.write(noted).await??)
    }

    async fn hold(&self, job: &Job, why: &str) -> anyhow::Result<bool> {
        let doubt = job.doubt || job.state == "in_doubt";
        let (state, note, incomplete) = ("held", why.to_owned(), job.incomplete);
        self.end(job, End { state, note, doubt, incomplete, not_before_ms: 0, counts: true }).await
    }

    async fn end(&self, job: &Job, end: End) -> anyhow::Result<bool> {
        let (id, check, now) = (job.id, job.check, self.app.wall.now_ms());
        let ended = move |writing: &mut Writing<'_>| {
            spool::end_attempt(writing.conn, id, &end, now)?;
            writing.touch(check)
        };
        self.app.store.write(ended).await??;
        self.printers.stir();
        Ok(true)
    }
}

/// The paper, with what must be known of earlier copies on top.
pub(super) fn headed(job: &Job) -> Option<Paper> {
    let mut paper = job.paper.clone()?;
    let mut heading = |text: String, style: Style| paper.blocks.insert(0, Block::Text { text, style });
    let loud = Style::TALL.bold().reversed();
    if !job.moved_from.is_empty() {
        heading(format!("instead of printer {}", job.moved_from), Style::NORMAL.centred());
    }
    if job.doubt || job.state == "in_doubt" {
        heading(format!("** POSSIBLE DUPLICATE of {} **", job.number), loud);
    } else if job.incomplete {
        heading("** REPRINT - earlier copy incomplete **".to_owned(), loud);
    }
    Some(paper)
}

/// A mark as three printable characters, 21h to 7Eh: 94³ attempts before one comes again.
fn letters(mark: u32) -> [u8; 3] {
    let digit = |value: u32| 0x21 + (value % 94) as u8;
    [digit(mark / 94 / 94), digit(mark / 94), digit(mark)]
}

/// What a paper's encoder needs beside its text.
#[derive(Default)]
pub(super) struct BoxArt {
    pictures: HashMap<PictureId, Arc<Bitmap>>,
    stored: HashMap<PictureId, [u8; 2]>,
}

/// One set for the whole box. A file is read when a text needs it.
static FONTS: LazyLock<Fonts> = LazyLock::new(|| {
    Fonts::new(FONT_FILES, |file| match std::fs::read(file.path) {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            tracing::warn!(path = file.path, package = file.package, %error, "a font is missing: what it has prints as boxes");
            None
        }
    })
});

/// One set for the whole box, too.
static ENCODED: LazyLock<EncodedPictures> = LazyLock::new(EncodedPictures::default);

impl BoxArt {
    pub(super) fn load(conn: &rusqlite::Connection, printer: &str, paper: &Paper) -> rusqlite::Result<BoxArt> {
        let mut art = BoxArt::default();
        for block in &paper.blocks {
            let Block::Picture(id) = block else { continue };
            let sql = "SELECT width, packed FROM print_picture WHERE id=?1";
            let picture = conn.query_row(sql, [id.0], |row| Ok(Bitmap { width: row.get(0)?, packed: row.get(1)? }));
            art.pictures.extend(picture.optional()?.map(|picture| (*id, Arc::new(picture))));
            let sql = "SELECT key FROM print_stored WHERE printer=?1 AND picture=?2";
            let key = conn.query_row(sql, params![printer, id.0], |row| row.get::<_, [u8; 2]>(0)).optional()?;
            art.stored.extend(key.map(|key| (*id, key)));
        }
        Ok(art)
    }

    /// For a preview: whatever the paper shows, and nothing that only a printer's own memory has.
    pub(super) fn of_preview(conn: &rusqlite::Connection, paper: &Paper) -> rusqlite::Result<BoxArt> {
        let mut art = BoxArt::load(conn, "", paper)?;
        art.pictures.extend(trivet_modules::papers::logo(conn)?.map(|(id, logo)| (id, Arc::new(logo))));
        Ok(art)
    }
}

impl Art for BoxArt {
    fn picture(&self, id: &PictureId) -> Option<Arc<Bitmap>> {
        self.pictures.get(id).cloned()
    }
    fn stored(&self, id: &PictureId) -> Option<[u8; 2]> {
        self.stored.get(id).copied()
    }
    fn encoded(&self, id: &PictureId, profile: &Profile, make: &dyn Fn() -> Encoded) -> Arc<Encoded> {
        ENCODED.get(id, profile, make)
    }
    fn draw(&self, line: &Line, grid: Grid) -> Option<(Bitmap, Vec<char>)> {
        let drawn = draw_line(&FONTS, line, grid);
        Some((drawn.bitmap, drawn.missing))
    }
}

/// Fonts of other scripts are large and seldom needed: they leave the memory when the printer is idle.
pub(super) fn release_fonts() {
    FONTS.release();
}
