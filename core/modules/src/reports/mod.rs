//! Reports of the HACCP record for any period and units (AUD-09): figures, CSV and PDF of one model,
//! [`model::Report`]. [`gather`] puts it together from tables and histories, hour by hour; [`table`] makes words of it,
//! which CSV and PDF share; [`pdf`] draws in a process that has no store.

mod answer;
pub mod csv;
mod desk;
mod gather;
mod model;
pub mod pdf;
mod picks;
mod routes;
pub mod saved;
mod sheet;
mod site;
mod table;
mod units;

use trivet_domain::{Permission, reports};
use trivet_replica::Module;
use trivet_replica::module::{EMPTY, Reach, Read};

pub use desk::{Desk, Drawing};
pub use gather::{Asked, MOST, SECTIONS, report};
pub use model::Report;
pub use picks::{Filter, Picks};
pub use routes::{MAX_DAYS, make, pdf_of};
pub use sheet::{MAX_SHEET, Sheet};
pub use units::MOST_GAPS;

pub const MODULE: Module = Module {
    name: "reports",
    lane: reports::LANE,
    reach: Reach::Location,
    documents: &[reports::DOCUMENT],
    follows: &[&[reports::DOCUMENT]],
    schema: saved::SCHEMA,
    tables: &["reports_saved"],
    project: saved::project,
    routes: || routes::routes().merge(saved::routes()),
    reads: &[
        Read { path: "/api/v1/haccp/report", permission: Permission::HaccpRead },
        Read { path: "/api/v1/haccp/report.pdf", permission: Permission::HaccpRead },
        Read { path: "/api/v1/haccp/report.csv", permission: Permission::HaccpRead },
        Read { path: "/api/v1/haccp/report/tables", permission: Permission::HaccpRead },
        Read { path: "/api/v1/haccp/reports", permission: Permission::HaccpRead },
    ],
    ..EMPTY
};
