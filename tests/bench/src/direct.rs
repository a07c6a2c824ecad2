//! The least that writes a receipt: a table from characters to bytes, and pushes. It knows this one receipt and this one
//! printer; its bytes are ours, to the last.

use crate::receipt::{COLUMNS, MODULE, QR, Receipt, TITLE};

pub(crate) struct Direct {
    /// By code point, up to the euro.
    table: Vec<u8>,
    /// The command that prints the logo.
    logo: Vec<u8>,
}

impl Direct {
    pub(crate) fn new(logo: Vec<u8>) -> Direct {
        let byte = |code: u32| match code {
            0x20ac => 0x80,
            0x20..=0x7e | 0xa0..=0xff => code as u8,
            _ => b'?',
        };
        Direct { table: (0..=0x20ac).map(byte).collect(), logo }
    }

    /// The logo's raster, the paper's left white in each row.
    pub(crate) fn raster(receipt: &Receipt, dots: usize) -> Vec<u8> {
        let stride = receipt.logo.stride();
        let before = (dots - usize::from(receipt.logo.width)) / 16;
        let mut bytes = vec![0x1d, b'v', b'0', 0, (before + stride) as u8, 0, receipt.logo.height() as u8, 0];
        for row in receipt.logo.packed.chunks(stride) {
            bytes.extend(std::iter::repeat_n(0, before));
            bytes.extend_from_slice(row);
        }
        bytes
    }

    /// The logo under a key of the printer's memory.
    pub(crate) fn stored([k1, k2]: [u8; 2]) -> Vec<u8> {
        vec![0x1b, b'a', 1, 0x1d, b'(', b'L', 6, 0, 48, 69, k1, k2, 1, 1, 0x1b, b'a', 0]
    }

    pub(crate) fn write(&self, receipt: &Receipt) -> Vec<u8> {
        let mut out = Vec::with_capacity(16_384);
        out.extend_from_slice(b"\x1b@\x1c.\x1bt\x10\x1da\x0f");
        out.extend_from_slice(&self.logo);
        out.extend_from_slice(b"\x1bE\x01\x1d!\x11");
        out.extend(std::iter::repeat_n(b' ', (COLUMNS / 2 - TITLE.len()) / 2));
        self.text(&mut out, TITLE);
        out.extend_from_slice(b"\n\x1bE\x00\x1d!\x00");
        for (left, right) in &receipt.lines {
            let used = self.text(&mut out, left);
            // The right side is as wide as it has characters.
            let room = COLUMNS - used - right.chars().count();
            out.extend(std::iter::repeat_n(b' ', room));
            self.text(&mut out, right);
            out.push(b'\n');
        }
        // The white that a reader needs: four modules above and below.
        let quiet = [0x1b, b'J', MODULE * 4];
        out.extend_from_slice(b"\x1ba\x01");
        out.extend_from_slice(&quiet);
        out.extend_from_slice(b"\x1d(k\x04\x001A2\x00\x1d(k\x03\x001C");
        out.push(MODULE);
        out.extend_from_slice(b"\x1d(k\x03\x001E1\x1d(k");
        out.extend_from_slice(&(QR.len() as u16 + 3).to_le_bytes());
        out.extend_from_slice(b"1P0");
        out.extend_from_slice(QR.as_bytes());
        out.extend_from_slice(b"\x1d(k\x03\x001Q0");
        out.extend_from_slice(&quiet);
        out.extend_from_slice(b"\x1ba\x00\x1dVB\x00");
        out
    }

    fn text(&self, out: &mut Vec<u8>, text: &str) -> usize {
        let start = out.len();
        out.extend(text.chars().map(|c| self.table.get(c as usize).copied().unwrap_or(b'?')));
        out.len() - start
    }
}
