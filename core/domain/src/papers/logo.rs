//! The logo: a one-bit picture in one field, so that no edit of another box gives it another width.

use super::{MAX_LOGO, MAX_LOGO_WIDTH};
use crate::Refusal;
use crate::document::{Fields, Value};

pub(super) const FIELD: &str = "picture";

/// Rows packed to bytes, the leftmost dot in the highest bit, black is 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logo {
    /// Dots.
    pub width: u16,
    pub packed: Vec<u8>,
}

impl Logo {
    pub fn from_fields(fields: &Fields) -> Option<Logo> {
        let Value::Bytes(bytes) = fields.latest(FIELD)? else { return None };
        let (width, packed) = bytes.split_first_chunk()?;
        let logo = Logo { width: u16::from_be_bytes(*width), packed: packed.to_vec() };
        logo.check().ok().map(|()| logo)
    }

    /// The width as two bytes, big-endian, then the rows.
    pub fn bytes(&self) -> Vec<u8> {
        [self.width.to_be_bytes().as_slice(), &self.packed].concat()
    }

    pub(super) fn check(&self) -> Result<(), Refusal> {
        if self.width == 0 || self.width > MAX_LOGO_WIDTH {
            return Err(Refusal::invalid("logo", format!("1 to {MAX_LOGO_WIDTH} dots wide")));
        }
        if self.packed.len() > MAX_LOGO {
            return Err(Refusal::invalid("logo", format!("at most {MAX_LOGO} bytes when packed")));
        }
        if self.packed.is_empty() || !self.packed.len().is_multiple_of(usize::from(self.width).div_ceil(8)) {
            return Err(Refusal::invalid("logo", "whole rows of dots"));
        }
        Ok(())
    }
}
