//! ESC/POS into the virtual printer: no panic, and memory within its bounds.

#![no_main]

use libfuzzer_sys::fuzz_target;

mod printer;

fuzz_target!(|bytes: &[u8]| printer::check(trivet_drivers::virtual_printer::Language::EscPos, bytes));
