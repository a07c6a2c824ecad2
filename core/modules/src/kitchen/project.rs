//! A check's tickets become rows.

use rusqlite::params;
use trivet_domain::kitchen::Board;
use trivet_domain::{History, kitchen};
use trivet_log::Id;
use trivet_replica::module::Projecting;

pub(super) fn project(projecting: &Projecting<'_>, check: Id, history: &History) -> rusqlite::Result<()> {
    let board = kitchen::fold(history);
    remove_others(projecting, check, &board)?;
    let sql = "INSERT OR REPLACE INTO kitchen_ticket VALUES(?1, ?2, ?3, ?4, ?5, 1, ?6, ?7, ?8, ?9, ?10, ?11)";
    let mut insert = projecting.conn.prepare_cached(sql)?;
    for ticket in board.tickets.iter().filter(|ticket| board.order_of(ticket).is_some()) {
        let estimated = board.lines_of(ticket).filter_map(|line| line.preparation_minutes).max().unwrap_or(0);
        insert.execute(params![
            ticket.id.as_bytes(),
            check.as_bytes(),
            ticket.order.as_bytes(),
            ticket.station,
            board.status(ticket).name(),
            ticket.recalled,
            ticket.chef.as_ref().map(Id::as_bytes),
            ticket.received_at_ms,
            ticket.started_at_ms,
            ticket.completed_at_ms,
            estimated,
        ])?;
    }
    Ok(())
}

/// A ticket that an earlier fold had, before another box's set came first, is on no board.
fn remove_others(projecting: &Projecting<'_>, check: Id, board: &Board) -> rusqlite::Result<()> {
    let mut known = projecting.conn.prepare_cached("SELECT id FROM kitchen_ticket WHERE check_id=?1")?;
    let known = known.query_map([check.as_bytes()], |row| row.get(0).map(Id::from_bytes))?;
    for id in known.collect::<rusqlite::Result<Vec<Id>>>()? {
        if board.ticket(id).is_none_or(|ticket| board.order_of(ticket).is_none()) {
            projecting.conn.execute("DELETE FROM kitchen_ticket WHERE id=?1", [id.as_bytes()])?;
        }
    }
    Ok(())
}
