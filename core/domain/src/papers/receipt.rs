//! The figures of a receipt: one for a check, over all its orders that were not cancelled.
//!
//! What must stay true: the lines, less the discount, with the tax that is added make the total, to the last minor
//! unit; so do the parts of each tax.

use crate::Money;
use crate::checks::{Check, Order, Status};
use crate::money::TaxRate;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures<'a> {
    /// In the order of placing; not the cancelled ones.
    pub orders: Vec<&'a Order>,
    pub subtotal: Money,
    pub discount: Money,
    /// By rate, those that prices contain first.
    pub taxes: Vec<TaxPart>,
    /// Added to the subtotal.
    pub tax: Money,
    /// Contained in the subtotal.
    pub tax_included: Money,
    pub total: Money,
}

/// What was sold at one rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaxPart {
    pub rate: TaxRate,
    /// The prices contain it.
    pub included: bool,
    pub net: Money,
    pub tax: Money,
    pub gross: Money,
}

/// None if every order of the check was cancelled.
pub fn figures(check: &Check) -> Option<Figures<'_>> {
    let sold = |order: &&Order| order.placed.is_some() && order.status != Status::Cancelled;
    let mut figures = Figures { orders: check.orders.iter().filter(sold).collect(), ..Figures::default() };
    if figures.orders.is_empty() {
        return None;
    }
    let mut taxes: Vec<TaxPart> = Vec::new();
    for order in &figures.orders {
        let totals = order.totals();
        figures.subtotal = figures.subtotal + totals.subtotal;
        figures.discount = figures.discount + totals.discount;
        figures.tax = figures.tax + totals.tax;
        figures.tax_included = figures.tax_included + totals.tax_included;
        figures.total = figures.total + totals.total;
        for part in parts(order, totals.tax + totals.tax_included) {
            match taxes.iter_mut().find(|known| (known.rate, known.included) == (part.rate, part.included)) {
                Some(known) => {
                    known.net = known.net + part.net;
                    known.tax = known.tax + part.tax;
                    known.gross = known.gross + part.gross;
                }
                None => taxes.push(part),
            }
        }
    }
    taxes.sort_by_key(|part| (!part.included, part.rate));
    figures.taxes = taxes;
    Some(figures)
}

/// The order's tax by rate. It was rounded for the order, so what rounding leaves goes to the parts with the largest
/// fractions: the parts are together what the order charges.
fn parts(order: &Order, tax: Money) -> Vec<TaxPart> {
    let mut amounts: Vec<(TaxRate, Money)> = Vec::new();
    for line in &order.lines {
        match amounts.iter_mut().find(|(rate, _)| *rate == line.tax_rate) {
            Some((_, amount)) => *amount = *amount + line.total(),
            None => amounts.push((line.tax_rate, line.total())),
        }
    }
    let base = |rate: TaxRate| if order.tax_included { 1_000_000 + i128::from(rate.0) } else { 1_000_000 };
    let exact = |(rate, amount): &(TaxRate, Money)| i128::from(amount.0) * i128::from(rate.0);
    let mut shares: Vec<i64> =
        amounts.iter().map(|part| i64::try_from(exact(part).div_euclid(base(part.0))).unwrap_or_default()).collect();
    let left = usize::try_from(tax.0 - shares.iter().sum::<i64>()).unwrap_or_default();
    // Fractions of one denominator, a million; finer ones are told apart well enough by it.
    let fraction = |part: &(TaxRate, Money)| exact(part).rem_euclid(base(part.0)) * 1_000_000 / base(part.0);
    let mut by_fraction: Vec<usize> = (0..amounts.len()).collect();
    by_fraction.sort_by_key(|index| std::cmp::Reverse(amounts.get(*index).map(fraction)));
    for index in by_fraction.into_iter().take(left) {
        if let Some(share) = shares.get_mut(index) {
            *share += 1;
        }
    }
    let part = |((rate, amount), share): ((TaxRate, Money), i64)| {
        let tax = Money(share);
        let (net, gross) = if order.tax_included { (amount - tax, amount) } else { (amount, amount + tax) };
        TaxPart { rate, included: order.tax_included, net, tax, gross }
    };
    amounts.into_iter().zip(shares).map(part).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use trivet_log::{Hlc, Id, Lane, Origin, TimeQuality};

    use super::*;
    use crate::checks::{Line, LineModifier};
    use crate::{Quantity, Stamp};

    fn order(lines: &[(i64, i64, i64, u32)], tax_included: bool) -> Order {
        let line = |(place, (price, extra, milli, rate)): (usize, &(i64, i64, i64, u32))| Line {
            id: Id::from_bytes([place as u8; 16]),
            item: Id::NIL,
            name: "Dish".into(),
            quantity: Quantity(*milli),
            unit_price: Money(*price),
            tax_rate: TaxRate(*rate),
            station: None,
            modifiers: Some(vec![LineModifier { id: Id::NIL, name: "Extra".into(), price: Money(*extra) }]),
            note: None,
            preparation_minutes: None,
            recipe: None,
        };
        let stamp = Stamp {
            origin: Origin([1; 16]),
            lane: Lane::Orders,
            seq: 1,
            hlc: Hlc::from_ms(1),
            quality: TimeQuality::Ntp,
            actor: Id::NIL,
            device: Id::NIL,
            command: Id::NIL,
        };
        Order {
            placed: Some(stamp),
            lines: lines.iter().enumerate().map(line).collect(),
            tax_included,
            ..Order::default()
        }
    }

    #[test]
    fn a_cancelled_order_is_not_on_the_receipt() {
        let mut check = Check { orders: vec![order(&[(1_000, 0, 1_000, 0)], true); 2], entries: 2 };
        assert_eq!(figures(&check).unwrap().total, Money(2_000));
        check.orders[0].status = Status::Cancelled;
        assert_eq!(figures(&check).unwrap().total, Money(1_000));
        check.orders[1].status = Status::Cancelled;
        assert_eq!(figures(&check), None);
    }

    #[test]
    fn what_rounding_leaves_goes_to_the_largest_fraction() {
        // 0.45 and 0.35 of a cent are 0.80: one cent, and it is the first one's.
        let check = Check { orders: vec![order(&[(3, 0, 1_000, 150_000), (1, 0, 1_000, 350_000)], false)], entries: 1 };
        let taxes: Vec<i64> = figures(&check).unwrap().taxes.iter().map(|part| part.tax.0).collect();
        assert_eq!(taxes, [1, 0]);
    }

    proptest! {
        #[test]
        fn the_parts_make_the_whole(
            orders in prop::collection::vec(
                (
                    prop::collection::vec((-5_000i64..500_000, -100i64..500, 1i64..9_000, 0u32..300_000), 1..8),
                    any::<bool>(),
                ),
                1..4,
            ),
        ) {
            let orders: Vec<Order> = orders.iter().map(|(lines, included)| order(lines, *included)).collect();
            let check = Check { orders, entries: 0 };
            let figures = figures(&check).unwrap();
            let lines: Money = check.orders.iter().flat_map(|order| &order.lines).map(Line::total).sum();
            let added: Money = figures.taxes.iter().filter(|part| !part.included).map(|part| part.tax).sum();
            let within: Money = figures.taxes.iter().filter(|part| part.included).map(|part| part.tax).sum();
            let gross: Money = figures.taxes.iter().map(|part| part.gross).sum();
            prop_assert_eq!((added, within), (figures.tax, figures.tax_included));
            prop_assert_eq!(lines - figures.discount + added, figures.total);
            prop_assert_eq!(gross - figures.discount, figures.total);
            for part in figures.taxes {
                prop_assert_eq!(part.net + part.tax, part.gross);
            }
        }
    }
}
