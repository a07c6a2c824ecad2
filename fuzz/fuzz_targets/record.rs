//! A file that is said to be a record: no panic, its findings within their limit, and nothing good that is no record.

#![no_main]

use libfuzzer_sys::fuzz_target;
use trivet_verify::{Asked, MAX_FINDINGS, verify};

fuzz_target!(|file: &[u8]| {
    let report = verify(file, &Asked::default());
    assert!(report.findings.len() <= MAX_FINDINGS);
    assert!(!report.findings.is_empty() || file.len() > 600, "too short for a record");
    assert!(!report.to_string().is_empty());
});
