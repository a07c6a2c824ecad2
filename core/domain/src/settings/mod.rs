//! A location's settings: one document, under the location's id. Nothing of money, tax or time zone is in the code.

use trivet_log::{Id, Lane};

use crate::document::{DocumentEdit, Fields, Value};
use crate::money::TaxRate;
use crate::{Decision, Permission, Refusal};

pub const LANE: Lane = Lane::Documents;
pub const DOCUMENT: u16 = 0x0101;

#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    Change { location: Id, change: Change },
}

/// The fields to set; what is left out stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    pub organization_name: Option<String>,
    pub location_name: Option<String>,
    /// As it stands on a receipt; of several lines.
    pub address: Option<String>,
    pub phone: Option<String>,
    /// The company's number with the tax office.
    pub tax_id: Option<String>,
    /// ISO 4217.
    pub currency: Option<String>,
    /// Digits after the decimal point of that currency.
    pub currency_digits: Option<u8>,
    /// A name of the IANA time zone database.
    pub time_zone: Option<String>,
    /// A language tag, BCP 47.
    pub language: Option<String>,
    /// True where menu prices contain the tax (most of Europe).
    pub prices_include_tax: Option<bool>,
    pub tax_rates: Vec<(String, TaxRate)>,
    pub stations: Vec<(String, String)>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    pub organization_name: String,
    pub location_name: String,
    pub address: String,
    pub phone: String,
    pub tax_id: String,
    pub currency: String,
    pub currency_digits: u8,
    pub time_zone: String,
    pub language: String,
    pub prices_include_tax: bool,
    pub tax_rates: Vec<(String, TaxRate)>,
    pub stations: Vec<(String, String)>,
}

impl Settings {
    pub fn from_fields(fields: &Fields) -> Settings {
        let text = |field: &str| fields.text(field).unwrap_or_default().to_owned();
        let rate = |class: String| {
            let ppm = fields.integer(&format!("tax.{class}.ppm"))?;
            Some((class, TaxRate(u32::try_from(ppm).ok()?)))
        };
        let station = |id: String| {
            let name = fields.text(&format!("station.{id}.name"))?.to_owned();
            Some((id, name))
        };
        Settings {
            organization_name: text("organization_name"),
            location_name: text("location_name"),
            address: text("address"),
            phone: text("phone"),
            tax_id: text("tax_id"),
            currency: text("currency"),
            currency_digits: fields.integer("currency_digits").and_then(|n| u8::try_from(n).ok()).unwrap_or(2),
            time_zone: text("time_zone"),
            language: text("language"),
            prices_include_tax: fields.bool("prices_include_tax").unwrap_or(false),
            tax_rates: fields.keys("tax", "ppm").into_iter().filter_map(rate).collect(),
            stations: fields.keys("station", "name").into_iter().filter_map(station).collect(),
        }
    }

    pub fn tax_rate(&self, class: &str) -> Option<TaxRate> {
        self.tax_rates.iter().find(|(name, _)| name == class).map(|(_, rate)| *rate)
    }

    pub fn has_station(&self, id: &str) -> bool {
        self.stations.iter().any(|(station, _)| station == id)
    }
}

impl Command {
    pub fn permission(&self) -> Permission {
        Permission::SettingsWrite
    }

    pub fn subject(&self) -> Id {
        match self {
            Command::Change { location, .. } => *location,
        }
    }
}

pub fn decide(standing: Option<&Fields>, command: &Command) -> Decision {
    let Command::Change { location, change } = command;
    if change.tax_rates.iter().any(|(_, rate)| rate.0 > 1_000_000) {
        return Err(Refusal::invalid("taxRates", "a rate is at most 1,000,000 parts per million"));
    }
    if change.currency.as_ref().is_some_and(|c| c.len() != 3 || !c.bytes().all(|b| b.is_ascii_uppercase())) {
        return Err(Refusal::invalid("currency", "three capital letters of ISO 4217"));
    }
    for (field, value, longest) in
        [("address", &change.address, 300), ("phone", &change.phone, 50), ("taxId", &change.tax_id, 50)]
    {
        if value.as_ref().is_some_and(|text| text.chars().count() > longest) {
            return Err(Refusal::invalid(field, format!("at most {longest} characters")));
        }
    }
    let mut puts: Vec<(String, Value)> = Vec::new();
    let mut text = |field: &str, value: &Option<String>| {
        puts.extend(value.as_deref().map(|v| (field.to_owned(), v.into())));
    };
    text("organization_name", &change.organization_name);
    text("location_name", &change.location_name);
    text("address", &change.address);
    text("phone", &change.phone);
    text("tax_id", &change.tax_id);
    text("currency", &change.currency);
    text("time_zone", &change.time_zone);
    text("language", &change.language);
    puts.extend(change.currency_digits.map(|digits| ("currency_digits".to_owned(), i64::from(digits).into())));
    puts.extend(change.prices_include_tax.map(|yes| ("prices_include_tax".to_owned(), yes.into())));
    puts.extend(change.tax_rates.iter().map(|(c, rate)| (format!("tax.{c}.ppm"), i64::from(rate.0).into())));
    puts.extend(change.stations.iter().map(|(id, name)| (format!("station.{id}.name"), name.as_str().into())));
    let edit = DocumentEdit::of(DOCUMENT, standing, puts);
    Ok(if edit.puts.is_empty() { Vec::new() } else { vec![(*location, crate::Event::Document(edit))] })
}

impl Settings {
    pub fn in_force(context: &dyn crate::Context) -> Settings {
        let fields = context.document(DOCUMENT, context.location());
        fields.map(|fields| Settings::from_fields(&fields)).unwrap_or_default()
    }
}
