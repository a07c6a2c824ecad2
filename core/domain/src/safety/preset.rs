//! Plans to begin with, by jurisdiction and edition: data files of this release. A preset is a proposal; in force is
//! only what a person has approved.

use super::plan::Plan;

/// Id and file. The names of editions stand in the files.
const FILES: [(&str, &str); 5] = [
    ("us-2022", include_str!("presets/us-2022.json")),
    ("us-2013", include_str!("presets/us-2013.json")),
    ("uk-england", include_str!("presets/uk-england.json")),
    ("uk-scotland", include_str!("presets/uk-scotland.json")),
    ("eu-generic", include_str!("presets/eu-generic.json")),
];

#[derive(Clone, Debug, PartialEq)]
pub struct Preset {
    pub id: &'static str,
    pub plan: Plan,
}

pub fn presets() -> Vec<Preset> {
    let read = |(id, file): (&'static str, &str)| Preset {
        id,
        plan: Plan::read(file).expect("a file of this crate, read by its tests"),
    };
    FILES.into_iter().map(read).collect()
}
