//! Reports of the HACCP record for any period and units (AUD-09, HACCP for an inspector): figures, CSV and PDF of one
//! model, [`model::Report`].

mod answer;
mod gather;
mod model;
mod site;
mod units;

pub use gather::{Asked, MOST, SECTIONS, report};
pub use model::Report;
pub use units::MOST_GAPS;
