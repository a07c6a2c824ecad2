//! Bytes to papers at once: a preview.

use super::language;
use super::mechanism::Mechanism;
use super::paper::{End, Paper};
use super::settings::Settings;

/// Prints `bytes` on a printer that has just been switched on and returns its papers: no clock, no faults, no end of
/// the roll. Paper that is not cut at the end is torn off. Pictures that the printer is to know (`NV graphics`) must
/// be defined in the bytes.
///
/// Memory is bounded by 256 papers and 64 MiB of rows; papers past that are not returned.
///
/// # Example
/// ```
/// use trivet_drivers::virtual_printer::{Settings, develop};
/// let papers = develop(&Settings::default(), b"\x1b@2 x Soup\n\x1dVB\x00");
/// assert_eq!(papers[0].text(), "2 x Soup\n");
/// assert!(papers[0].png().starts_with(b"\x89PNG"));
/// ```
pub fn develop(settings: &Settings, bytes: &[u8]) -> Vec<Paper> {
    let settings = Settings { roll_mm: f64::INFINITY, near_end_mm: 0.0, mm_per_s: u32::MAX, ..settings.clone() };
    let mut interpreter = language::interpreter(&settings);
    let mut mechanism = Mechanism::new(settings);
    for byte in bytes {
        mechanism.sheet.consumed(*byte);
        interpreter.take(*byte, &mut mechanism);
        while interpreter.work(&mut mechanism) && mechanism.papers_lost == 0 {}
        if mechanism.sheet.is_full() {
            mechanism.tear_off(End::Full);
        }
        if mechanism.papers_lost > 0 {
            break;
        }
    }
    mechanism.tear_off(End::Idle);
    mechanism.take_papers()
}
