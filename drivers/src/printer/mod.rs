//! Printers: profile, frames, link, replies, and one attempt to get a paper printed.

pub mod escpos;
mod link;
mod profile;
mod reply;
mod session;

pub use escpos::{Frame, encode};
pub use link::{Address, Link, open};
pub use profile::{Confirm, Profile};
pub use reply::{Reply, ReplyDecoder};
pub use session::{Outcome, Session, Status};
