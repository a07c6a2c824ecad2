//! JSON as devices write it: firmware in C prints `nan` where there is no number, with and without quotes.

use serde_json::Value as Json;

/// Reads a message. A bare `nan` or `inf` counts as `null`.
pub fn read(text: &str) -> Option<Json> {
    let text = text.trim();
    serde_json::from_str(text).ok().or_else(|| serde_json::from_str(&without_nan(text)).ok())
}

/// The words that are no numbers, outside of strings, as `null`.
fn without_nan(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut in_string, mut escaped) = (false, false);
    let mut word = String::new();
    for c in text.chars().chain(['\n']) {
        if !in_string && (c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.')) {
            word.push(c);
            continue;
        }
        if !word.is_empty() {
            let bare = word.trim_start_matches(['-', '+']).to_ascii_lowercase();
            out.push_str(if matches!(bare.as_str(), "nan" | "inf" | "infinity") { "null" } else { &word });
            word.clear();
        }
        out.push(c);
        match c {
            '"' if !escaped => in_string = !in_string,
            _ => {}
        }
        escaped = in_string && c == '\\' && !escaped;
    }
    out
}

/// A value that says "there is no number".
pub fn is_no_number(text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    let bare = text.trim_start_matches(['-', '+']);
    matches!(bare, "" | "nan" | "inf" | "infinity" | "null" | "none" | "unavailable" | "unknown")
}

/// The values at a path, with the names that stood for its `*`. Segments are parted by dots; a `*` at the end of a
/// segment stands for the rest of a name.
pub fn at<'json>(json: &'json Json, path: &str) -> Vec<(&'json str, &'json Json)> {
    let mut found: Vec<(&str, &Json)> = vec![("", json)];
    for segment in path.split('.') {
        found = match segment.strip_suffix('*') {
            None => found.into_iter().filter_map(|(name, json)| Some((name, json.get(segment)?))).collect(),
            Some(prefix) => found
                .into_iter()
                .flat_map(|(_, json)| json.as_object().into_iter().flatten())
                .filter(|(name, _)| name.starts_with(prefix))
                .map(|(name, json)| (name.as_str(), json))
                .collect(),
        };
    }
    found
}

/// The one value at a path without `*`.
pub fn one<'json>(json: &'json Json, path: &str) -> Option<&'json Json> {
    at(json, path).into_iter().next().map(|(_, json)| json)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn words_that_are_no_numbers() {
        for (text, expected) in [
            (r#"{"c":nan}"#, Some(json!({"c": null}))),
            (r#"{"c":-NaN,"s":"nan, \"nan\""}"#, Some(json!({"c": null, "s": "nan, \"nan\""}))),
            ("[inf,-Infinity,1.5e-3]", Some(json!([null, null, 0.0015]))),
            ("nan", Some(Json::Null)),
            ("nanny", None),
            (r#"{"c":3.9"#, None),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn paths() {
        let json = json!({"a": {"b": 1}, "DS18B20-1": {"t": 2}, "DS18B20-2": {"t": 3}, "x": "y"});
        assert_eq!(one(&json, "a.b"), Some(&json!(1)));
        let found: Vec<&str> = at(&json, "DS18B20*.t").iter().map(|(name, _)| *name).collect();
        assert_eq!(found, ["DS18B20-1", "DS18B20-2"]);
        assert_eq!(at(&json, "x.y"), []);
    }
}
