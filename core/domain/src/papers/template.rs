//! A text with placeholders: `{table}` stands for a field, `{words.table}` for a word in the location's language,
//! `{{` and `}}` for the braces themselves.

use serde::{Serialize, Serializer};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    source: String,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Word(String),
    Field(String),
}

impl Template {
    /// The error says what is wrong, for a person.
    pub fn parse(source: &str) -> Result<Template, String> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = source;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            literal.push_str(before);
            if let Some(after) = from.strip_prefix("{{").or_else(|| from.strip_prefix("}}")) {
                literal.extend(from.chars().next());
                rest = after;
                continue;
            }
            let Some((name, after)) = from.strip_prefix('{').and_then(|inside| inside.split_once('}')) else {
                return Err("a brace without its partner; a brace itself is written twice".to_owned());
            };
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            }
            pieces.push(match name.strip_prefix("words.") {
                Some(word) => Piece::Word(word.to_owned()),
                None => Piece::Field(name.to_owned()),
            });
            rest = after;
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        Ok(Template { source: source.to_owned(), pieces })
    }

    pub fn source(&self) -> &str {
        &self.source
    }

    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Field(name) => Some(name.as_str()),
            _ => None,
        })
    }

    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Word(word) => Some(word.as_str()),
            _ => None,
        })
    }

    /// The text, or None if it has fields and all of them are empty.
    pub fn fill<'a>(&self, field: impl Fn(&str) -> &'a str, word: impl Fn(&str) -> &'a str) -> Option<String> {
        let mut fields = self.fields().peekable();
        if fields.peek().is_some() && fields.all(|name| field(name).is_empty()) {
            return None;
        }
        let mut text = String::new();
        for piece in &self.pieces {
            text.push_str(match piece {
                Piece::Literal(literal) => literal,
                Piece::Word(name) => word(name),
                Piece::Field(name) => field(name),
            });
        }
        Some(text)
    }
}

impl Serialize for Template {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.source)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_with_placeholders() {
        for (source, table, filled) in [
            ("plain", "", Some("plain")),
            ("{table}", "7", Some("7")),
            ("{table}", "", None),
            ("{words.table} {table}", "7", Some("<table> 7")),
            ("{words.table} {table}", "", None),
            ("{words.table}", "", Some("<table>")),
            ("{table}{none}", "7", Some("7")),
            ("{{table}} {table}", "7", Some("{table} 7")),
            ("", "", Some("")),
        ] {
            let template = Template::parse(source).unwrap();
            let field = |name: &str| if name == "table" { table } else { "" };
            assert_eq!(template.fill(field, |_| "<table>").as_deref(), filled, "{source}");
        }
        for source in ["{table", "table}", "{", "a {{ } b"] {
            assert!(Template::parse(source).is_err(), "{source}");
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_written(text in ".{0,40}") {
            let escaped = text.replace('{', "{{").replace('}', "}}");
            let template = Template::parse(&escaped).unwrap();
            prop_assert_eq!(template.fill(|_| "", |_| ""), Some(text));
            prop_assert_eq!(template.source(), escaped);
        }

        #[test]
        fn parsing_never_fails_otherwise_than_in_words(text in "[{}a.]{0,12}") {
            drop(Template::parse(&text));
        }
    }
}
