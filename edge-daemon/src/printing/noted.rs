//! Which papers new entries of the log ask for. Called once per new entry, in its own transaction: a ticket and its
//! print job are committed together, and a rebuild prints nothing.

use rusqlite::{Connection, params};
use trivet_domain::papers::{self, LayoutId, PaperKind};
use trivet_domain::{Event, Fact, checks, kitchen};
use trivet_log::{Id, TimeQuality};
use trivet_modules::papers::{self as layouts, Stationery};
use trivet_paper::{Block, Paper};
use trivet_replica::Appended;

use super::spool::{self, Kind, NewJob};

/// Stations of papers that no kitchen station prints: a printer lists them like a station.
pub(super) const RECEIPTS: &str = "receipt";
pub(super) const LABELS: &str = "label";

pub(super) fn on_append(conn: &Connection, appended: &Appended<'_>) -> rusqlite::Result<()> {
    for fact in appended.facts() {
        match &fact.event {
            // The entry that placed the order may come after the one that made its tickets, from another box: then the
            // tickets are spooled with it.
            Event::Checks(checks::Event::TicketsMade(made)) => tickets(conn, appended, fact, made.order)?,
            Event::Checks(checks::Event::OrderPlaced(placed)) => tickets(conn, appended, fact, placed.order)?,
            Event::Checks(checks::Event::OrderMoved(moved)) if moved.to == checks::Status::Cancelled => {
                void_slips(conn, appended, fact, moved.order)?;
            }
            Event::Papers(papers::Event::PaperCopied(copy)) => copies(conn, appended, fact, copy)?,
            // A drawer stands beside the person who opens it.
            Event::Papers(papers::Event::DrawerOpened(opened)) if fact.stamp.origin == appended.origin => {
                spool::want_drawer(conn, appended.subject, &opened.drawer, appended.now_ms)?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn tickets(conn: &Connection, appended: &Appended<'_>, fact: &Fact, order: Id) -> rusqlite::Result<()> {
    let board = kitchen::fold(appended.history);
    let Some(placed) = board.check.order(order).filter(|order| !order.status.is_final()) else { return Ok(()) };
    for ticket in board.tickets.iter().filter(|ticket| ticket.order == order) {
        // Laid out only where it is printed.
        if spool::active_printer(conn, &ticket.station)?.is_none() {
            continue;
        }
        let stationery = Stationery::in_force(conn, LayoutId::KitchenTicket)?;
        let paper = layouts::ticket(&stationery, &board, ticket);
        add(
            conn,
            appended,
            fact,
            &Spooled {
                id: ticket.id,
                original: ticket.id,
                kind: Kind::Ticket,
                station: &ticket.station,
                number: &placed.number,
                paper: &paper,
                copy: false,
            },
        )?;
    }
    Ok(())
}

/// An order that is cancelled after its tickets were made: each station gets a slip that says so. A ticket that has not
/// been begun is not printed any more.
fn void_slips(conn: &Connection, appended: &Appended<'_>, fact: &Fact, order: Id) -> rusqlite::Result<()> {
    let board = kitchen::fold(appended.history);
    let Some(placed) = board.check.order(order) else { return Ok(()) };
    for ticket in board.tickets.iter().filter(|ticket| ticket.order == order) {
        if spool::active_printer(conn, &ticket.station)?.is_none() || spool::withdraw(conn, ticket.id, appended.now_ms)?
        {
            continue;
        }
        let stationery = Stationery::in_force(conn, LayoutId::VoidSlip)?;
        let paper = layouts::void_slip(&stationery, &board, ticket);
        add(
            conn,
            appended,
            fact,
            &Spooled {
                id: papers::void_slip_id(ticket.id),
                original: ticket.id,
                kind: Kind::Void,
                station: &ticket.station,
                number: &placed.number,
                paper: &paper,
                copy: false,
            },
        )?;
    }
    Ok(())
}

fn copies(conn: &Connection, appended: &Appended<'_>, fact: &Fact, copy: &papers::PaperCopied) -> rusqlite::Result<()> {
    let folded = papers::fold(appended.history);
    let board = &folded.board;
    let nth = folded.copies_of(copy.kind, copy.paper).count();
    let original = copy.paper;
    let id = original.derive(&format!("copy:{:?}:{}", copy.kind, appended.origin), nth as u64);
    let ticket = || {
        let ticket = board.tickets.iter().find(|ticket| ticket.id == copy.paper)?;
        Some((ticket, board.check.order(ticket.order)?))
    };
    match copy.kind {
        PaperKind::Ticket | PaperKind::VoidSlip => {
            let Some((ticket, order)) = ticket() else { return Ok(()) };
            let (kind, layout) = match copy.kind {
                PaperKind::VoidSlip => (Kind::Void, LayoutId::VoidSlip),
                _ => (Kind::Ticket, LayoutId::KitchenTicket),
            };
            let stationery = Stationery::in_force(conn, layout)?;
            let paper = match kind {
                Kind::Void => layouts::void_slip(&stationery, board, ticket),
                _ => layouts::ticket(&stationery, board, ticket),
            };
            let paper = layouts::as_copy(paper, nth, stationery.language);
            let (station, number) = (ticket.station.as_str(), order.number.as_str());
            add(conn, appended, fact, &Spooled { id, original, kind, station, number, paper: &paper, copy: true })
        }
        // At the box where it was asked for.
        PaperKind::Receipt if fact.stamp.origin == appended.origin => {
            let Some(paper) = layouts::receipt_in_force(conn, &board.check)? else { return Ok(()) };
            let language = Stationery::in_force(conn, LayoutId::Receipt)?.language;
            let paper = layouts::as_copy(paper, nth, language);
            let number = board.check.orders.first().map(|order| order.number.clone()).unwrap_or_default();
            let (kind, station) = (Kind::Receipt, RECEIPTS);
            add(
                conn,
                appended,
                fact,
                &Spooled { id, original, kind, station, number: &number, paper: &paper, copy: true },
            )
        }
        PaperKind::Receipt => Ok(()),
    }
}

struct Spooled<'a> {
    id: Id,
    original: Id,
    kind: Kind,
    station: &'a str,
    number: &'a str,
    paper: &'a Paper,
    copy: bool,
}

fn add(conn: &Connection, appended: &Appended<'_>, fact: &Fact, what: &Spooled<'_>) -> rusqlite::Result<()> {
    keep_pictures(conn, what.paper)?;
    let job = NewJob {
        id: what.id,
        kind: what.kind,
        check: appended.subject,
        original: what.original,
        station: what.station,
        printer: None,
        number: what.number,
        paper: what.paper,
        copy: what.copy,
        at_ms: spooled_at(appended, fact),
    };
    spool::add(conn, &job).map(drop)
}

/// A job keeps its pictures as they are now, whatever becomes of the logo until it is printed.
pub(super) fn keep_pictures(conn: &Connection, paper: &Paper) -> rusqlite::Result<()> {
    if !paper.blocks.iter().any(|block| matches!(block, Block::Picture(_))) {
        return Ok(());
    }
    if let Some((id, bitmap)) = layouts::logo(conn)? {
        let sql = "INSERT OR IGNORE INTO print_picture VALUES(?1, ?2, ?3)";
        conn.prepare_cached(sql)?.execute(params![id.0, bitmap.width, bitmap.packed])?;
    }
    Ok(())
}

/// A ticket's age counts by this box's clock. Another box's is believed if something stands behind it: then a ticket
/// that comes a night late is known to be old.
fn spooled_at(appended: &Appended<'_>, fact: &Fact) -> i64 {
    let believed = fact.stamp.origin != appended.origin && fact.stamp.quality >= TimeQuality::Ntp;
    if believed { fact.stamp.ms().min(appended.now_ms) } else { appended.now_ms }
}
