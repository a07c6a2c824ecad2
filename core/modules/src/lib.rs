//! The modules: each one's tables, projection, routes and papers, and the one table that lists them.
//!
//! A module's folder has `mod.rs` (the row of the table), `schema.sql`, `project.rs` (folds to rows), `view.rs` (rows
//! to what screens and answers show) and `routes.rs`.

pub mod access;
pub mod alerts;
pub mod api;
pub mod checks;
pub mod haccp;
pub mod health;
pub mod kitchen;
pub mod menu;
pub mod papers;
pub mod plans;
pub mod reports;
pub mod safety;
pub mod screens;
pub mod sensors;
pub mod settings;
pub mod time;

use trivet_replica::Module;

/// Every module that box and dashboard share, in the order in which they stand on each other.
pub fn all() -> Vec<Module> {
    vec![
        settings::MODULE,
        access::MODULE,
        menu::MODULE,
        checks::MODULE,
        kitchen::MODULE,
        papers::MODULE,
        haccp::MODULE,
        sensors::MODULE,
        alerts::MODULE,
        safety::MODULE,
        reports::MODULE,
    ]
}
