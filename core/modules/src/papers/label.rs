//! Labels for what was prepared: what it is, when it was made, until when it may be used.

use std::collections::BTreeMap;

use trivet_domain::MilliCelsius;
use trivet_paper::Paper;

use super::apply::{Data, apply};
use super::stationery::Stationery;

/// What is not known is left out of the label.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Label {
    pub item: String,
    /// In words: `2 kg`.
    pub quantity: String,
    pub batch: String,
    pub temperature: Option<MilliCelsius>,
    pub made_at_ms: i64,
    pub use_by_ms: Option<i64>,
    pub who: String,
    pub note: String,
}

/// A prep label or a HACCP label, by the layout of the stationery.
pub fn label(stationery: &Stationery, label: &Label) -> Paper {
    let made = stationery.moment(label.made_at_ms);
    let mut fields = BTreeMap::from([
        ("item", label.item.clone()),
        ("quantity", label.quantity.clone()),
        ("batch", label.batch.clone()),
        ("made_day", made.weekday),
        ("made_date", made.date),
        ("made_time", made.time),
        ("who", label.who.clone()),
        ("note", label.note.clone()),
        ("location", stationery.settings.location_name.clone()),
    ]);
    if let Some(use_by) = label.use_by_ms.map(|ms| stationery.moment(ms)) {
        fields.extend([("use_by_day", use_by.weekday), ("use_by_date", use_by.date), ("use_by_time", use_by.time)]);
    }
    if let Some(temperature) = label.temperature {
        // A tenth of a degree, as a person reads it off.
        let tenths = (i64::from(temperature.0) + 50).div_euclid(100);
        let text = stationery.language.amount(trivet_domain::Money(tenths), 1);
        fields.insert("temperature", format!("{text} °C"));
    }
    apply(&stationery.layout, &Data { fields, logo: stationery.logo, ..Data::default() }, stationery.language)
}
