//! `~HS` and `~HI` ("ZPL II Programming Guide": Host Status Return, Host Identification).

use super::super::mechanism::{Mechanism, Trouble};

/// What the answer tells besides the mechanism.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Work {
    /// Rows of the label.
    pub(super) label_rows: u32,
    /// Formats in the receive buffer.
    pub(super) formats: u32,
    /// A format has begun and not ended.
    pub(super) partial: bool,
    /// Labels that are still to print.
    pub(super) labels_left: u32,
}

/// Three lines, each between STX and ETX CR LF.
pub(super) fn host_status(m: &Mechanism, work: Work) -> Vec<u8> {
    let flag = u8::from;
    let Work { label_rows, formats, partial, labels_left } = work;
    // Serial parameters, paper out, pause, label length, formats, buffer full, diagnostics, partial format, unused,
    // corrupt RAM, too cold, too hot.
    let first = format!(
        "030,{},{},{:04},{:03},0,0,{},000,0,0,0",
        flag(m.is_paper_out()),
        flag(m.paused || m.trouble.is_some()),
        label_rows.min(9999),
        formats.min(999),
        flag(partial),
    );
    // Function settings, unused, head up, ribbon out, thermal transfer, print mode (2 tear-off), width mode, label
    // waiting, labels left, format while printing, graphics stored.
    let second = format!("000,0,{},0,0,2,6,0,{labels_left:08},1,000", flag(m.cover_open));
    // Password and static RAM.
    let third = format!("1234,{}", flag(m.has(Trouble::Unrecoverable)));
    [first, second, third].map(|line| format!("\x02{line}\x03\r\n")).concat().into_bytes()
}

/// Model, firmware, dots a millimetre, memory.
pub(super) fn identity(m: &Mechanism) -> Vec<u8> {
    let dots = m.settings.dots_per_mm().round();
    format!("\x02VIRTUAL-{},V{},{dots},8192KB\x03\r\n", m.settings.dpi, env!("CARGO_PKG_VERSION")).into_bytes()
}
