//! Money: integer minor units of the location's currency. Nothing here knows a currency or a rate.

use std::iter::Sum;
use std::ops::{Add, Neg, Sub};

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::quantity::Quantity;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Encode, Decode, Serialize, Deserialize)]
#[cbor(transparent)]
#[serde(transparent)]
pub struct Money(#[n(0)] pub i64);

impl Money {
    pub const ZERO: Money = Money(0);
    /// The largest price that is taken: sums of 4,096 lines of it stay far inside an i64.
    pub const MAX_PRICE: Money = Money(1_000_000_000_000);

    /// `self` a unit, this many units; thousandths are rounded half up.
    #[must_use]
    pub fn times(self, quantity: Quantity) -> Money {
        Money(half_up(i128::from(self.0) * i128::from(quantity.0), 1_000))
    }
}

/// A tax rate in parts per million: 25.5 % is 255,000 and 8.875 % is 88,750.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Encode, Decode, Serialize, Deserialize)]
#[cbor(transparent)]
#[serde(transparent)]
pub struct TaxRate(#[n(0)] pub u32);

const PPM: i128 = 1_000_000;

/// The tax on top of net amounts, rounded half up once for the whole order.
pub fn tax_on_top(parts: impl IntoIterator<Item = (Money, TaxRate)>) -> Money {
    let exact: i128 = parts.into_iter().map(|(net, rate)| i128::from(net.0) * i128::from(rate.0)).sum();
    Money(half_up(exact, PPM))
}

/// The tax contained in gross amounts, rounded half up once for each rate: amounts of one rate are given as one part.
pub fn tax_within(parts: impl IntoIterator<Item = (Money, TaxRate)>) -> Money {
    parts
        .into_iter()
        .map(|(gross, rate)| Money(half_up(i128::from(gross.0) * i128::from(rate.0), PPM + i128::from(rate.0))))
        .sum()
}

/// Half up, away from zero for negative amounts, so that a refund mirrors its sale.
fn half_up(numerator: i128, denominator: i128) -> i64 {
    let rounded = (numerator.abs() * 2 + denominator) / (denominator * 2) * numerator.signum();
    i64::try_from(rounded).unwrap_or(if rounded < 0 { i64::MIN } else { i64::MAX })
}

impl Add for Money {
    type Output = Money;
    fn add(self, other: Money) -> Money {
        Money(self.0.saturating_add(other.0))
    }
}
impl Sub for Money {
    type Output = Money;
    fn sub(self, other: Money) -> Money {
        Money(self.0.saturating_sub(other.0))
    }
}
impl Neg for Money {
    type Output = Money;
    fn neg(self) -> Money {
        Money(self.0.saturating_neg())
    }
}
impl Sum for Money {
    fn sum<I: Iterator<Item = Money>>(amounts: I) -> Money {
        amounts.fold(Money::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tax_rounds_half_up_once_per_order() {
        for (amounts, rate, on_top) in [
            (vec![100], 255_000, 26),
            (vec![2, 2], 125_000, 1),
            (vec![1, 1, 1, 1], 125_000, 1),
            (vec![1_099], 88_750, 98),
            (vec![-100], 255_000, -26),
            (vec![0], 255_000, 0),
        ] {
            let parts = amounts.iter().map(|amount| (Money(*amount), TaxRate(rate)));
            assert_eq!(tax_on_top(parts), Money(on_top), "{amounts:?} at {rate}");
        }
        assert_eq!(tax_within([(Money(1_255), TaxRate(255_000))]), Money(255));
    }

    proptest! {
        #[test]
        fn splitting_an_amount_changes_no_tax(a in 0i64..1_000_000, b in 0i64..1_000_000, rate in 0u32..500_000) {
            let rate = TaxRate(rate);
            prop_assert_eq!(tax_on_top([(Money(a), rate), (Money(b), rate)]), tax_on_top([(Money(a + b), rate)]));
        }

        #[test]
        fn tax_within_undoes_tax_on_top(net in 0i64..10_000_000, rate in 0u32..500_000) {
            let rate = TaxRate(rate);
            let tax = tax_on_top([(Money(net), rate)]);
            let back = tax_within([(Money(net) + tax, rate)]);
            prop_assert!((back.0 - tax.0).abs() <= 1, "{} {}", back.0, tax.0);
        }

        #[test]
        fn a_refund_mirrors_its_sale(price in -1_000_000i64..1_000_000, milli in -100_000i64..100_000) {
            prop_assert_eq!(Money(price).times(Quantity(milli)), -Money(-price).times(Quantity(milli)));
        }
    }
}
