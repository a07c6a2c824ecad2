//! What may be asked of papers.

use trivet_log::Id;

use super::event::{DrawerOpened, PaperCopied, PaperKind};
use super::fold::{self, Papers};
use super::{
    Command, LAYOUT, LOGO, MAX_DRAWER, MAX_REASON, layout, layout_document, logo, logo_document, receipt, receipt_id,
};
use crate::checks::{MAX_HISTORY, Status};
use crate::document::{DocumentEdit, Value};
use crate::{Decision, Event, History, Refusal};

pub fn decide(history: &History, command: &Command) -> Decision {
    match command {
        Command::ChangeLayout { location, layout: id, elements } => {
            let elements = layout::validate(*id, elements)?.to_json();
            edit(history, LAYOUT, layout_document(*location, *id), layout::FIELD, elements.into())
        }
        Command::ResetLayout { location, layout: id } => {
            edit(history, LAYOUT, layout_document(*location, *id), layout::FIELD, Value::Nothing)
        }
        Command::ChangeLogo { location, logo: picture } => {
            picture.check()?;
            edit(history, LOGO, logo_document(*location), logo::FIELD, Value::Bytes(picture.bytes()))
        }
        Command::RemoveLogo { location } => edit(history, LOGO, logo_document(*location), logo::FIELD, Value::Nothing),
        Command::Copy { check, kind, paper, reason } => {
            let papers = fold::fold(history);
            must_be_there(&papers, *check, *kind, *paper)?;
            if papers.board.check.entries >= MAX_HISTORY - 8 {
                return Err(Refusal::full(format!("a check holds {MAX_HISTORY} entries; it takes no more copies")));
            }
            let reason = spoken("reason", reason, MAX_REASON)?;
            Ok(vec![(*check, PaperCopied { paper: *paper, kind: *kind, reason }.into())])
        }
        Command::OpenDrawer { opening, drawer, reason, check } => {
            if !history.is_empty() {
                return Err(Refusal::conflict("this id belongs to something else"));
            }
            let (drawer, reason) = (spoken("drawer", drawer, MAX_DRAWER)?, spoken("reason", reason, MAX_REASON)?);
            Ok(vec![(*opening, DrawerOpened { drawer, reason, check: *check }.into())])
        }
    }
}

fn edit(history: &History, kind: u16, document: Id, field: &str, value: Value) -> Decision {
    let edit = DocumentEdit::of(kind, history.document_of(kind), vec![(field.to_owned(), value)]);
    Ok(if edit.puts.is_empty() { Vec::new() } else { vec![(document, Event::Document(edit))] })
}

fn must_be_there(papers: &Papers, check: Id, kind: PaperKind, paper: Id) -> Result<(), Refusal> {
    let order = || papers.board.ticket(paper).and_then(|ticket| papers.board.order_of(ticket));
    match kind {
        PaperKind::Ticket => order().map(|_| ()).ok_or_else(|| Refusal::unknown("there is no such ticket")),
        PaperKind::VoidSlip => match order().map(|order| order.status) {
            Some(Status::Cancelled) => Ok(()),
            Some(_) => Err(Refusal::conflict("this order is not cancelled: it has no void slip")),
            None => Err(Refusal::unknown("there is no such ticket")),
        },
        PaperKind::Receipt if paper != receipt_id(check) => Err(Refusal::unknown("this check has no such receipt")),
        PaperKind::Receipt => match receipt::figures(&papers.board.check) {
            Some(_) => Ok(()),
            None => Err(Refusal::conflict("nothing on this check is to be paid")),
        },
    }
}

/// What a person gives as a name or a reason.
fn spoken(field: &str, text: &str, longest: usize) -> Result<String, Refusal> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > longest {
        return Err(Refusal::invalid(field, format!("1 to {longest} characters")));
    }
    Ok(text.to_owned())
}
