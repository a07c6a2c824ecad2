//! Papers: how tickets, receipts and labels look, and what is known of them beside their printing.
//!
//! A layout is a document, one for each [`LayoutId`] of a location; so is the logo. That a paper was printed again, or
//! that a drawer was opened, are facts. A copy belongs to its check's history: it is decided there (is there such a
//! ticket?), whoever prints it lays it out from there, and whoever looks at the check sees it. A drawer has no
//! history with an end, so each opening is a subject of its own, under its command's id.

mod decide;
mod event;
mod fold;
pub mod language;
mod layout;
mod logo;
mod read;
pub mod receipt;
mod template;
#[cfg(test)]
mod tests;

use trivet_log::{Id, Lane};

pub use decide::decide;
pub use event::{DrawerOpened, Event, PaperCopied, PaperKind};
pub use fold::{Copied, Papers, fold};
pub use language::Language;
pub use layout::{Align, Element, Field, Form, Layout, LayoutId, Lines, Size, Text, validate};
pub use logo::Logo;
pub use receipt::{Figures, TaxPart};
pub use template::Template;

use crate::Permission;

/// Copies lie in the history of their check, and so in its lane.
pub const LANE: Lane = crate::checks::LANE;
pub const LAYOUT: u16 = 0x0701;
pub const LOGO: u16 = 0x0702;
pub const DOCUMENTS: &[u16] = &[LAYOUT, LOGO];
/// What lies in the history of a check: its modules follow it, or the check would no longer be theirs.
pub const ON_A_CHECK: &[u16] = &[0x0710];

/// Bytes of a layout as JSON.
pub const MAX_LAYOUT: usize = 16 * 1024;
pub const MAX_ELEMENTS: usize = 64;
/// Characters of a text in a layout.
pub const MAX_TEXT: usize = 500;
/// Dots.
pub const MAX_LOGO_WIDTH: u16 = 576;
/// Bytes: with its envelope a logo stays below the 64 KiB of an entry.
pub const MAX_LOGO: usize = 40 * 1024;
pub const MAX_REASON: usize = 200;
pub const MAX_DRAWER: usize = 50;

#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// `elements` is a JSON list.
    ChangeLayout {
        location: Id,
        layout: LayoutId,
        elements: String,
    },
    /// Back to the layout that the release brings.
    ResetLayout {
        location: Id,
        layout: LayoutId,
    },
    ChangeLogo {
        location: Id,
        logo: Logo,
    },
    RemoveLogo {
        location: Id,
    },
    /// Prints a paper again, marked as a copy. `paper` is a ticket's id, of a void slip that of its ticket, or the
    /// [`receipt_id`].
    Copy {
        check: Id,
        kind: PaperKind,
        paper: Id,
        reason: String,
    },
    /// `opening` is the command's own id.
    OpenDrawer {
        opening: Id,
        drawer: String,
        reason: String,
        check: Option<Id>,
    },
}

/// Under which a location keeps a layout.
pub fn layout_document(location: Id, layout: LayoutId) -> Id {
    location.derive(&format!("layout:{}", layout.name()), 0)
}

/// Under which a location keeps its logo.
pub fn logo_document(location: Id) -> Id {
    location.derive("logo", 0)
}

/// A check's receipt: one for all its orders.
pub fn receipt_id(check: Id) -> Id {
    check.derive("receipt", 0)
}

/// A ticket's void slip: one, however often it is asked for.
pub fn void_slip_id(ticket: Id) -> Id {
    ticket.derive("void", 0)
}

impl Command {
    pub fn permission(&self) -> Permission {
        match self {
            Command::Copy { kind: PaperKind::Receipt, .. } => Permission::OrdersUpdate,
            Command::Copy { .. } => Permission::PrintingReprint,
            Command::OpenDrawer { .. } => Permission::DrawerOpen,
            _ => Permission::PrintingManage,
        }
    }

    pub fn subject(&self) -> Id {
        match self {
            Command::ChangeLayout { location, layout, .. } | Command::ResetLayout { location, layout } => {
                layout_document(*location, *layout)
            }
            Command::ChangeLogo { location, .. } | Command::RemoveLogo { location } => logo_document(*location),
            Command::Copy { check, .. } => *check,
            Command::OpenDrawer { opening, .. } => *opening,
        }
    }
}
