//! What a location's papers are made with: its settings, a layout, its language's words, its logo.

use ring::digest::{SHA256, digest};
use rusqlite::Connection;
use trivet_domain::Money;
use trivet_domain::papers::{self, Element, Language, Layout, LayoutId, Logo};
use trivet_domain::settings::Settings;
use trivet_log::Id;
use trivet_paper::{Bitmap, PictureId};
use trivet_replica::store::log;

use crate::{settings, time};

#[derive(Clone, Debug)]
pub struct Stationery {
    pub id: LayoutId,
    pub layout: Layout,
    pub settings: Settings,
    pub language: &'static Language,
    pub logo: Option<PictureId>,
}

impl Stationery {
    /// With the layout that the release brings, and no logo.
    pub fn new(id: LayoutId, settings: Settings) -> Stationery {
        let language = Language::of(&settings.language);
        Stationery { id, layout: id.form().default.clone(), settings, language, logo: None }
    }

    /// What is in force at the location.
    pub fn in_force(conn: &Connection, id: LayoutId) -> rusqlite::Result<Stationery> {
        let Some((location, settings)) = settings::of_location(conn)? else {
            return Ok(Stationery::new(id, Settings::default()));
        };
        let mut stationery = Stationery::new(id, settings);
        if let Some(layout) = layout(conn, location, id)? {
            stationery.layout = layout;
        }
        if stationery.layout.elements.contains(&Element::Logo) {
            stationery.logo = logo(conn)?.map(|(id, _)| id);
        }
        Ok(stationery)
    }

    pub(super) fn amount(&self, amount: Money) -> String {
        self.language.amount(amount, self.settings.currency_digits)
    }

    /// With the currency.
    pub(super) fn money(&self, amount: Money) -> String {
        self.language.money(amount, self.settings.currency_digits, &self.settings.currency)
    }

    pub(super) fn word(&self, name: &str) -> &'static str {
        self.language.word(name)
    }

    /// Day, weekday and time of day at the location.
    pub(super) fn moment(&self, ms: i64) -> Moment {
        let zoned = time::local(ms, &self.settings.time_zone);
        let weekday = zoned.weekday().to_monday_zero_offset().unsigned_abs();
        Moment {
            date: zoned.strftime(&self.language.date).to_string(),
            time: zoned.strftime(&self.language.time).to_string(),
            weekday: self.language.weekdays.get(usize::from(weekday)).cloned().unwrap_or_default(),
        }
    }
}

pub(super) struct Moment {
    pub(super) date: String,
    pub(super) time: String,
    pub(super) weekday: String,
}

/// What the location has made of a layout, if it has.
pub(super) fn layout(conn: &Connection, location: Id, id: LayoutId) -> rusqlite::Result<Option<Layout>> {
    let fields = log::fields(conn, papers::layout_document(location, id))?;
    let fields = fields.filter(|(kind, _)| *kind == papers::LAYOUT);
    Ok(fields.and_then(|(_, fields)| Layout::from_fields(id, &fields)))
}

/// The location's logo, with the name that it has on papers.
pub fn logo(conn: &Connection) -> rusqlite::Result<Option<(PictureId, Bitmap)>> {
    let Some((location, _)) = settings::of_location(conn)? else { return Ok(None) };
    let fields = log::fields(conn, papers::logo_document(location))?.filter(|(kind, _)| *kind == papers::LOGO);
    let logo = fields.and_then(|(_, fields)| Logo::from_fields(&fields));
    Ok(logo.map(|logo| (picture_id(&logo), Bitmap { width: logo.width, packed: logo.packed })))
}

fn picture_id(logo: &Logo) -> PictureId {
    let mut id = [0; 32];
    id.copy_from_slice(digest(&SHA256, &logo.bytes()).as_ref());
    PictureId(id)
}
