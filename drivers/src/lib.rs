//! Devices, and their virtual twins. Nothing here has heard of orders or fridges: a printer is given laid-out paper,
//! a probe gives readings or *no data* with a reason.

pub mod broker;
pub mod printer;
pub mod probe;
pub mod scale;
pub mod virtual_printer;
pub mod virtual_probe;
pub mod virtual_scale;
