//! Printers: profile, encoder, link, replies, and one attempt to get a paper printed.

mod code_page;
mod encoder;
pub mod escpos;
mod job;
mod link;
mod profile;
mod raster;
mod reply;
mod session;
pub mod star;
mod state;
mod text;
pub mod zpl;

pub use job::{Art, EncodedPictures, Job, NoArt};
pub use link::{Address, Link, UsbPrinter, open, serial_ports, usb_printers};
pub use profile::{Confirm, Kanji, Language, Profile, ProfileError, Reports};
pub use reply::{Decoder, LONGEST_REPLY, Reply};
pub use session::{Outcome, Session};
pub use state::{Cover, Cutting, DrawerPin, LinkState, Paper, PrinterState};

use trivet_paper::Line;

/// A paper in the printer's own language, without the ids that a session puts around it. Pure.
pub fn encode(lines: &[Line], profile: &Profile, art: &dyn Art) -> Job {
    match profile.language {
        Language::Escpos => encoder::encode::<escpos::Escpos>(lines, profile, art),
        Language::Star => encoder::encode::<star::Star>(lines, profile, art),
        Language::Zpl => zpl::encode(lines, profile, art),
    }
}
