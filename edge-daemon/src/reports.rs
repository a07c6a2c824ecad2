//! Reports on a box: PDFs are drawn by a process of their own, and what somebody wants each day, week or month is made
//! when it is over.

mod drawing;
mod schedule;

pub(crate) use drawing::{desk, report_pdf};
pub(crate) use schedule::{MODULE, start};
