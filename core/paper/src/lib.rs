//! Paper: what a ticket or a receipt says, independent of any printer. Pure.
//!
//! [`Paper`] is a list of blocks; [`layout()`] turns it into lines of a width; a driver turns lines into a dialect's
//! bytes. Text is sanitised on the way: a guest's name cannot open a drawer. [`raster`] draws what a printer has no characters for.

mod block;
mod layout;
pub mod raster;
mod sanitise;

pub use block::{Align, Bitmap, Block, Cell, Paper, PictureId, Style, Symbology};
pub use layout::{Line, Piece, layout, to_text, width_of};
pub use sanitise::sanitise;
