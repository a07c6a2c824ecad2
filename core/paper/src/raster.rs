//! Dots, for what a printer has no characters for: lines of text in any script, pictures, codes.
//!
//! [`draw_line()`] draws a line of [`layout()`](crate::layout()) where the printer would have put its characters, so
//! that drawn and written lines stand beneath each other on one paper. Nothing here reads a file: [`Fonts`] asks for
//! a font's bytes when a text first needs them.

mod barcode;
mod bitmap;
mod files;
mod fonts;
mod ink;
mod line;
mod picture;
mod qr;
mod shape;
#[cfg(test)]
mod tests;

pub use barcode::{BarcodeError, barcode};
pub use files::{FONT_FILES, FontFile, Pitch};
pub use fonts::Fonts;
pub use line::{Drawn, Grid, draw_line};
pub use picture::{Dither, Grey, PictureError};
pub use qr::qr;
