//! An alert in the words of a language: one data file a language, English for what a language lacks.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::event::{Parameter, ParameterValue};
use crate::MilliCelsius;

type Words = BTreeMap<String, String>;

static ENGLISH: LazyLock<Words> = LazyLock::new(|| read(include_str!("words/en.json")));
static FINNISH: LazyLock<Words> = LazyLock::new(|| read(include_str!("words/fi.json")));

fn read(file: &str) -> Words {
    serde_json::from_str(file).expect("a file of this crate, read by its tests")
}

/// `time` writes a time as the house does. Words that no language has are shown by their name.
pub fn message(language: &str, words: &str, parameters: &[Parameter], time: impl Fn(i64) -> String) -> String {
    let finnish = language.split(['-', '_']).next().is_some_and(|tag| tag.eq_ignore_ascii_case("fi"));
    let say = |key: &str| {
        let local = finnish.then(|| FINNISH.get(key)).flatten();
        local.or_else(|| ENGLISH.get(key)).cloned()
    };
    let shown = |value: &ParameterValue| match value {
        ParameterValue::Text(text) => text.clone(),
        ParameterValue::Integer(number) => number.to_string(),
        ParameterValue::Temperature(value) => short(*value),
        ParameterValue::Time(at_ms) => time(*at_ms),
        ParameterValue::Word(word) => say(&format!("word.{word}")).unwrap_or_else(|| word.clone()),
    };
    let template = say(words).unwrap_or_else(|| words.to_owned());
    // Piece by piece: a name with braces in it is a name.
    let mut pieces = template.split('{');
    let mut said = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once('}').unwrap_or((piece, ""));
        let value = parameters.iter().find(|parameter| parameter.name == name).map(|p| shown(&p.value));
        said.push_str(value.as_deref().unwrap_or("?"));
        said.push_str(rest);
    }
    said
}

/// All digits that there are, so that 5.04 beside a limit of 5 is not called 5.
fn short(value: MilliCelsius) -> String {
    let long = value.to_string();
    let (number, unit) = long.split_once(' ').unwrap_or((&long, ""));
    format!("{} {unit}", number.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &str, value: &str) -> Parameter {
        Parameter { name: name.into(), value: ParameterValue::Text(value.into()) }
    }

    #[test]
    fn an_alert_is_said_in_the_house_s_language() {
        let parameters = [
            text("name", "Walk-in {value}"),
            Parameter { name: "value".into(), value: ParameterValue::Temperature(MilliCelsius(5_040)) },
            Parameter { name: "limit".into(), value: ParameterValue::Temperature(MilliCelsius(5_000)) },
        ];
        let say = |language: &str| message(language, "temperature_high", &parameters, |at| at.to_string());
        assert_eq!(say("en"), "Walk-in {value} is too warm: 5.04 °C, limit 5 °C");
        assert_eq!(say("fi-FI"), "Walk-in {value} on liian lämmin: 5.04 °C, raja 5 °C");
        assert_eq!(say("sv"), say("en"));
        assert_eq!(message("en", "of a later release", &[], |at| at.to_string()), "of a later release");
    }

    #[test]
    fn every_language_says_the_same_things() {
        assert_eq!(ENGLISH.keys().collect::<Vec<_>>(), FINNISH.keys().collect::<Vec<_>>());
    }
}
