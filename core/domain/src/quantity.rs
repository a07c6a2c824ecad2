//! Quantities: integer thousandths of a piece, a kilogram or a litre.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Encode, Decode, Serialize, Deserialize)]
#[cbor(transparent)]
#[serde(transparent)]
pub struct Quantity(#[n(0)] pub i64);

impl Quantity {
    pub fn pieces(pieces: u32) -> Quantity {
        Quantity(i64::from(pieces) * 1_000)
    }

    /// Whole pieces, rounded towards zero.
    pub fn whole(self) -> i64 {
        self.0 / 1_000
    }
}
