//! What a model of printer can do: a data file each, under `drivers/profiles`.

use serde::Deserialize;

/// How far a printer tells what became of a paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confirm {
    /// `GS ( H`: the id comes back when the data before it has been printed.
    ProcessId,
    /// Nothing comes back: what was written counts as sent, never as printed.
    None,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    pub name: String,
    /// Characters a line in Font A.
    pub columns: u8,
    /// The slot of Windows-1252 (`ESC t n`).
    pub windows_1252: u8,
    pub confirm: Confirm,
    /// Answers `DLE EOT`.
    pub status: bool,
    pub cutter: bool,
    /// From the last line to the blade, for `GS V 66 n`.
    pub feed_to_cutter_dots: u8,
    /// Paper speed, for the deadline of a confirmation.
    pub mm_per_second: u16,
}

const SHIPPED: [&str; 2] =
    [include_str!("../../profiles/epson-80.toml"), include_str!("../../profiles/generic-80.toml")];

impl Profile {
    pub fn parse(text: &str) -> Result<Profile, toml::de::Error> {
        toml::from_str(text)
    }

    pub fn named(name: &str) -> Option<Profile> {
        SHIPPED.iter().filter_map(|text| Profile::parse(text).ok()).find(|profile| profile.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_profile_reads() {
        for text in SHIPPED {
            let profile = Profile::parse(text).unwrap();
            assert!(profile.columns >= 32, "{profile:?}");
        }
        assert_eq!(Profile::named("epson-80").unwrap().confirm, Confirm::ProcessId);
    }
}
