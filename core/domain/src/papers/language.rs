//! The words and figures of a language, as they stand on paper. One data file a language.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::money::TaxRate;
use crate::{Money, Quantity};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Language {
    /// Between the whole and its fraction.
    pub decimal: String,
    /// Between thousands.
    pub group: String,
    /// `€12.50` rather than `12,50 €`.
    pub currency_first: bool,
    /// As in `strftime`.
    pub date: String,
    pub time: String,
    /// From Monday on.
    pub weekdays: [String; 7],
    /// Parts of words by which a note is known to speak of an allergy, in lower case.
    allergy_signs: Vec<String>,
    words: BTreeMap<String, String>,
}

struct Languages {
    english: Language,
    others: Vec<(&'static str, Language)>,
    currencies: BTreeMap<String, String>,
}

static LANGUAGES: LazyLock<Languages> = LazyLock::new(|| {
    let read = |file: &str| serde_json::from_str(file).expect("a file of this crate, read by its tests");
    Languages {
        english: read(include_str!("words/en.json")),
        others: vec![
            ("fi", read(include_str!("words/fi.json"))),
            ("de", read(include_str!("words/de.json"))),
            ("fr", read(include_str!("words/fr.json"))),
            ("es", read(include_str!("words/es.json"))),
        ],
        currencies: serde_json::from_str(include_str!("words/currencies.json")).expect("the same"),
    }
});

impl Language {
    /// By a language tag (BCP 47), of which the language counts: `fi-FI` is `fi`. English for one that is not here.
    pub fn of(tag: &str) -> &'static Language {
        let primary = tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        let found = LANGUAGES.others.iter().find(|(name, _)| *name == primary);
        found.map_or(&LANGUAGES.english, |(_, language)| language)
    }

    pub fn english() -> &'static Language {
        &LANGUAGES.english
    }

    /// Empty for a word that is not there.
    pub fn word(&self, name: &str) -> &str {
        self.find(name).unwrap_or_default()
    }

    pub fn find(&self, name: &str) -> Option<&str> {
        self.words.get(name).map(String::as_str)
    }

    pub fn words(&self) -> impl Iterator<Item = (&str, &str)> {
        self.words.iter().map(|(name, word)| (name.as_str(), word.as_str()))
    }

    /// `1.234,50`
    pub fn amount(&self, amount: Money, digits: u8) -> String {
        self.decimal(i128::from(amount.0), digits.into())
    }

    /// The amount with its currency: `12,50 €`, and `12,50 XAF` for one without a common sign.
    pub fn money(&self, amount: Money, digits: u8, currency: &str) -> String {
        let sign = LANGUAGES.currencies.get(currency).map_or(currency, String::as_str);
        let (minus, figures) = match amount < Money::ZERO {
            true => ("-", self.amount(-amount, digits)),
            false => ("", self.amount(amount, digits)),
        };
        let gap = if self.currency_first && sign != currency { "" } else { " " };
        match (sign.is_empty(), self.currency_first) {
            (true, _) => format!("{minus}{figures}"),
            (false, true) => format!("{minus}{sign}{gap}{figures}"),
            (false, false) => format!("{minus}{figures} {sign}"),
        }
    }

    /// `2`, or `0,25` of what is sold by weight.
    pub fn quantity(&self, quantity: Quantity) -> String {
        self.without_zeros(quantity.0.into(), 3)
    }

    /// `25,5 %`
    pub fn percent(&self, rate: TaxRate) -> String {
        format!("{} %", self.without_zeros(rate.0.into(), 4))
    }

    fn decimal(&self, number: i128, digits: usize) -> String {
        let digits = digits.min(9);
        let figures = format!("{:0>width$}", number.unsigned_abs(), width = digits + 1);
        let (whole, fraction) = figures.split_at(figures.len() - digits);
        let mut text = String::from(if number < 0 { "-" } else { "" });
        for (place, digit) in whole.char_indices() {
            if place > 0 && (whole.len() - place).is_multiple_of(3) {
                text.push_str(&self.group);
            }
            text.push(digit);
        }
        if !fraction.is_empty() {
            text.push_str(&self.decimal);
            text.push_str(fraction);
        }
        text
    }

    fn without_zeros(&self, number: i128, digits: usize) -> String {
        let text = self.decimal(number, digits);
        text.trim_end_matches('0').trim_end_matches(self.decimal.as_str()).to_owned()
    }
}

/// Does a note speak of an allergy? By the signs of all languages: staff write in their own, and one mark too many
/// harms nobody.
pub fn is_allergy(note: &str) -> bool {
    let note = note.to_lowercase();
    let all = LANGUAGES.others.iter().map(|(_, language)| language).chain([&LANGUAGES.english]);
    all.flat_map(|language| &language.allergy_signs).any(|sign| note.contains(sign.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_every_word() {
        let names = |language: &Language| language.words.keys().cloned().collect::<Vec<_>>();
        for (name, language) in &LANGUAGES.others {
            assert_eq!(names(language), names(Language::english()), "{name}");
            assert!(language.words.values().all(|word| !word.is_empty()), "{name}");
        }
    }

    #[test]
    fn amounts_as_they_are_written() {
        for (language, amount, digits, currency, written) in [
            ("en", 123_450, 2, "EUR", "€1,234.50"),
            ("en-GB", 5, 2, "GBP", "£0.05"),
            ("en", -1_250, 2, "USD", "-$12.50"),
            ("en", 1_250, 2, "CHF", "CHF 12.50"),
            ("fi-FI", 123_450, 2, "EUR", "1 234,50 €"),
            ("fi", -1_250, 2, "EUR", "-12,50 €"),
            ("de", 123_456_789, 2, "EUR", "1.234.567,89 €"),
            ("fr", 1_250, 2, "CHF", "12,50 CHF"),
            ("es", 1_000, 3, "TND", "1,000 TND"),
            ("fi", 125_000, 0, "JPY", "125 000 ¥"),
            ("xx", 1_250, 2, "", "12.50"),
        ] {
            assert_eq!(Language::of(language).money(Money(amount), digits, currency), written);
        }
    }

    #[test]
    fn quantities_and_rates_without_needless_zeros() {
        let fi = Language::of("fi");
        for (thousandths, written) in [(2_000, "2"), (250, "0,25"), (10_000, "10"), (-1_500, "-1,5"), (0, "0")] {
            assert_eq!(fi.quantity(Quantity(thousandths)), written);
        }
        for (ppm, written) in [(255_000, "25,5 %"), (100_000, "10 %"), (88_750, "8,875 %"), (0, "0 %")] {
            assert_eq!(fi.percent(TaxRate(ppm)), written);
        }
    }

    #[test]
    fn notes_that_speak_of_an_allergy() {
        for (note, allergy) in [
            ("NUT ALLERGY", true),
            ("Allergisch gegen Nüsse", true),
            ("alergia a los frutos secos", true),
            ("coeliac", true),
            ("Keliakia", true),
            ("Zöliakie", true),
            ("intolérance au lactose", true),
            ("no onion", false),
            ("well done", false),
        ] {
            assert_eq!(is_allergy(note), allergy, "{note}");
        }
    }
}
