//! Paper: what a ticket or a receipt says, independent of any printer. Pure.
//!
//! [`Paper`] is a list of blocks; [`layout`] turns it into lines of a width; a driver turns lines into a dialect's
//! bytes. Text is sanitised on the way: a guest's name cannot open a drawer.

mod block;
mod layout;
mod sanitise;

pub use block::{Align, Block, Paper, Style};
pub use layout::{Line, layout, to_text};
pub use sanitise::sanitise;
