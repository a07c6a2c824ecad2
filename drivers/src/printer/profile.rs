//! What a model of printer can do: a data file each, under `drivers/profiles/printers`. `docs/devices/printers.md` tells
//! how to add one.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use trivet_paper::raster::Grid;

use super::code_page::Page;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    Escpos,
    Star,
    Zpl,
}

/// How far a printer tells what became of a paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confirm {
    /// `GS ( H`: the id comes back when the data before it has been printed.
    ProcessId,
    /// `ETB`: a counter of 5 bits rises when the motor has stopped.
    StarEtb,
    /// Nothing comes back: what was written counts as sent, never as printed.
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reports {
    /// By itself, on every change (`GS a`, `ESC RS a`); asked too.
    Asb,
    /// When asked (`DLE EOT`).
    DleEot,
    /// `~HS`.
    ZplHs,
    /// Never, or not to be believed.
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Raster {
    /// `GS v 0`.
    GsV0,
    /// `GS ( L`, functions 112 and 50.
    GsL,
    /// `ESC *`, 24 dots high, for printers that have neither.
    EscStar,
    /// `ESC * r`.
    Star,
    /// `^GFA`.
    Zpl,
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cutter {
    Partial,
    Full,
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Kanji {
    #[serde(rename = "none")]
    None,
    #[serde(rename = "shift_jis")]
    ShiftJis,
    #[serde(rename = "gb18030")]
    Gb18030,
    #[serde(rename = "big5")]
    Big5,
    #[serde(rename = "euc_kr")]
    EucKr,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Buzzer {
    /// `ESC B n t`.
    EscB,
    /// Wired to the second drawer connector.
    Drawer2,
    None,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drawer {
    pub on_ms: u16,
    /// At least `on_ms`.
    pub off_ms: u16,
    /// Pin 3 is high while the drawer is open; it depends on the drawer's switch.
    pub open_is_high: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    pub name: String,
    pub language: Language,
    /// Printable width.
    pub dots: u16,
    /// Characters a line in Font A.
    pub columns: u8,
    /// Labels: rows of one; longer papers take several.
    #[serde(default)]
    pub label_rows: u16,
    /// By slot of `ESC t` (`ESC GS t`).
    #[serde(deserialize_with = "slots")]
    pub(super) code_pages: BTreeMap<u8, &'static Page>,
    /// Tried first, in this order; the first one is selected at the start of each paper.
    pub preferred_pages: Vec<u8>,
    pub kanji: Kanji,
    pub raster: Raster,
    /// Rows of one raster command: what the printer's buffer takes without a pause.
    pub raster_band_rows: u16,
    /// True: text is drawn, because the printer has no font.
    #[serde(default)]
    pub draws_text: bool,
    /// Prints QR codes and barcodes by itself.
    pub native_codes: bool,
    /// Keeps pictures in its own memory (`GS ( L` functions 67 and 69).
    pub nv_graphics: bool,
    pub cutter: Cutter,
    /// From the last line to the blade, for `GS V 66 n`.
    pub feed_to_cutter_dots: u8,
    pub drawer: Drawer,
    pub buzzer: Buzzer,
    pub confirm: Confirm,
    /// `DLE DC4 8` empties its buffers and is answered.
    pub clear: bool,
    pub status: Reports,
    /// Paper speed, for the deadline of a confirmation.
    pub mm_per_second: u16,
}

/// Names of pages by slot; the keys of a table in TOML are texts.
fn slots<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<u8, &'static Page>, D::Error> {
    let table = BTreeMap::<String, String>::deserialize(deserializer)?;
    let slot = |(key, name): (String, String)| {
        let slot = key.parse();
        let slot = slot.map_err(|_| D::Error::custom(format!("code_pages: `{key}` is no slot (0 to 255)")))?;
        let page = Page::named(&name);
        Ok((slot, page.ok_or_else(|| D::Error::custom(format!("there is no code page `{name}`")))?))
    };
    table.into_iter().map(slot).collect()
}

/// Files that come with the product.
const SHIPPED: [&str; 10] = [
    include_str!("../../profiles/printers/epson-80.toml"),
    include_str!("../../profiles/printers/epson-80-42.toml"),
    include_str!("../../profiles/printers/epson-58.toml"),
    include_str!("../../profiles/printers/epson-u220.toml"),
    include_str!("../../profiles/printers/generic-80.toml"),
    include_str!("../../profiles/printers/generic-58.toml"),
    include_str!("../../profiles/printers/generic-80-chinese.toml"),
    include_str!("../../profiles/printers/star-80.toml"),
    include_str!("../../profiles/printers/star-raster-80.toml"),
    include_str!("../../profiles/printers/zpl-203.toml"),
];
/// A profile stands on at most this many others.
const MAX_DEPTH: usize = 4;

#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    #[error("there is no printer profile `{0}`")]
    Unknown(String),
    #[error("printer profile `{0}` does not read: {1}")]
    Unreadable(String, toml::de::Error),
    #[error("printer profile `{0}`: {1}")]
    Wrong(String, String),
}

impl Profile {
    pub fn named(name: &str) -> Result<Profile, ProfileError> {
        Profile::among(name, &[])
    }

    /// Of the shipped files and more of one's own, which go first.
    pub fn among(name: &str, own: &[String]) -> Result<Profile, ProfileError> {
        let mut table = find(name, own, MAX_DEPTH)?;
        table.remove("inherits");
        table.remove("replaces_code_pages");
        let unreadable = |error| ProfileError::Unreadable(name.to_owned(), error);
        let profile: Profile = toml::Value::Table(table).try_into().map_err(unreadable)?;
        profile.check().map_err(|why| ProfileError::Wrong(name.to_owned(), why))?;
        Ok(profile)
    }

    pub fn shipped() -> impl Iterator<Item = Profile> {
        let name = |text: &&str| Some(toml::from_str::<toml::Table>(text).ok()?.get("name")?.as_str()?.to_owned());
        SHIPPED.iter().filter_map(name).filter_map(|name| Profile::named(&name).ok())
    }

    fn check(&self) -> Result<(), String> {
        if let Some(slot) = self.preferred_pages.iter().find(|slot| !self.code_pages.contains_key(slot)) {
            return Err(format!("preferred_pages: slot {slot} is not in code_pages"));
        }
        if self.columns < 12 || self.dots < 96 || u16::from(self.columns) > self.dots / 5 {
            return Err(format!("{} columns on {} dots", self.columns, self.dots));
        }
        if self.raster_band_rows == 0 || self.mm_per_second == 0 {
            return Err("raster_band_rows and mm_per_second are at least 1".to_owned());
        }
        // A shorter rest lets a solenoid burn (ESC/POS reference, ESC p).
        if self.drawer.off_ms < self.drawer.on_ms || self.drawer.on_ms < 2 || self.drawer.off_ms > 510 {
            return Err("drawer: 2 ≤ on_ms ≤ off_ms ≤ 510".to_owned());
        }
        Ok(())
    }

    /// Each slot with the name of its page and the characters of its upper half.
    pub fn pages(&self) -> impl Iterator<Item = (u8, &str, String)> {
        self.code_pages.iter().map(|(slot, page)| (*slot, page.name, page.characters()))
    }

    /// Each slot with its page, the preferred ones first.
    pub(super) fn pages_to_try(&self) -> impl DoubleEndedIterator<Item = (u8, &'static Page)> {
        let preferred = self.preferred_pages.iter().filter_map(|slot| self.code_pages.get_key_value(slot));
        let rest = self.code_pages.iter().filter(|(slot, _)| !self.preferred_pages.contains(slot));
        preferred.chain(rest).map(|(slot, page)| (*slot, *page))
    }

    /// Where its characters stand, for lines that are drawn.
    pub fn grid(&self) -> Grid {
        Grid { dots: self.dots, cell_width: self.cell(), cell_height: super::encoder::CELL }
    }

    /// Dots from one character of Font A to the next.
    pub fn cell(&self) -> u16 {
        self.dots / u16::from(self.columns)
    }
}

fn find(name: &str, own: &[String], depth: usize) -> Result<toml::Table, ProfileError> {
    let unreadable = |error| ProfileError::Unreadable(name.to_owned(), error);
    for text in own.iter().map(String::as_str).chain(SHIPPED) {
        let table: toml::Table = toml::from_str(text).map_err(unreadable)?;
        if table.get("name").and_then(toml::Value::as_str) != Some(name) {
            continue;
        }
        let Some(parent) = table.get("inherits").and_then(toml::Value::as_str) else { return Ok(table) };
        if depth == 0 {
            return Err(ProfileError::Wrong(name.to_owned(), "stands on too many others".to_owned()));
        }
        let whole = table.get("replaces_code_pages").and_then(toml::Value::as_bool).unwrap_or(false);
        let mut under = find(parent, own, depth - 1)?;
        if whole {
            under.remove("code_pages");
        }
        for (key, value) in table {
            match (under.get_mut(&key), value) {
                (Some(toml::Value::Table(inner)), toml::Value::Table(more)) => inner.extend(more),
                (_, value) => {
                    under.insert(key, value);
                }
            }
        }
        return Ok(under);
    }
    Err(ProfileError::Unknown(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_profile_reads() {
        let profiles: Vec<Profile> = Profile::shipped().collect();
        assert_eq!(profiles.len(), SHIPPED.len());
        assert_eq!(Profile::named("epson-80").unwrap().confirm, Confirm::ProcessId);
        let narrow = Profile::named("generic-58").unwrap();
        assert_eq!((narrow.columns, narrow.cutter, narrow.code_pages.len()), (32, Cutter::None, 2));
    }

    #[test]
    fn a_profile_of_ones_own_stands_on_a_shipped_one_and_is_checked() {
        let own =
            ["name = \"mine\"\ninherits = \"generic-80\"\ncolumns = 42\ndots = 504\n[code_pages]\n99 = \"cp852\""
                .to_owned()];
        let mine = Profile::among("mine", &own).unwrap();
        assert_eq!((mine.columns, mine.code_pages.len()), (42, 3));
        for (text, expected) in [
            ("name = \"a\"\ninherits = \"nothing\"", "there is no printer profile `nothing`"),
            ("name = \"a\"\ninherits = \"a\"", "printer profile `a`: stands on too many others"),
            (
                "name = \"a\"\ninherits = \"epson-80\"\n[code_pages]\n9 = \"cp0\"",
                "printer profile `a` does not read: there is no code page `cp0`\nin `code_pages`\n",
            ),
            ("name = \"a\"\ninherits = \"epson-80\"\ncolumns = 200", "printer profile `a`: 200 columns on 576 dots"),
        ] {
            assert_eq!(Profile::among("a", &[text.to_owned()]).unwrap_err().to_string(), expected);
        }
    }
}
