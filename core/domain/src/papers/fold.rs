//! A subject's history, as far as papers go: a check with its tickets and copies, or one opening of a drawer.

use trivet_log::Id;

use super::event::{DrawerOpened, Event, PaperCopied, PaperKind};
use crate::kitchen::{self, Board};
use crate::{Event as AnyEvent, History, Stamp};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Papers {
    pub board: Board,
    /// In the fold's order.
    pub copies: Vec<Copied>,
    pub opened: Option<(Stamp, DrawerOpened)>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Copied {
    pub stamp: Stamp,
    pub copy: PaperCopied,
}

pub fn fold(history: &History) -> Papers {
    let mut papers = Papers { board: kitchen::fold(history), ..Papers::default() };
    for fact in history.facts.iter().filter(|fact| !fact.twin) {
        match &fact.event {
            AnyEvent::Papers(Event::PaperCopied(copy)) => {
                papers.copies.push(Copied { stamp: fact.stamp, copy: copy.clone() });
            }
            // An opening is one fact; of two boxes' the first counts.
            AnyEvent::Papers(Event::DrawerOpened(opened)) => {
                papers.opened.get_or_insert((fact.stamp, opened.clone()));
            }
            _ => {}
        }
    }
    papers
}

impl Papers {
    /// The copies of one paper.
    pub fn copies_of(&self, kind: PaperKind, paper: Id) -> impl Iterator<Item = &Copied> {
        self.copies.iter().filter(move |copied| copied.copy.kind == kind && copied.copy.paper == paper)
    }
}
