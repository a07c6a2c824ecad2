//! Which form of a receipt a client wants (RFC 9110, section 12.5.1).

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    Text,
    Pdf,
}

impl Form {
    /// In the order in which they are preferred where a client likes several alike.
    const ALL: [Form; 3] = [Form::Json, Form::Text, Form::Pdf];

    fn media_type(self) -> (&'static str, &'static str) {
        match self {
            Form::Json => ("application", "json"),
            Form::Text => ("text", "plain"),
            Form::Pdf => ("application", "pdf"),
        }
    }

    /// By an `Accept` header; JSON without one. None: nothing that it names is to be had.
    pub(super) fn accepted(header: &str) -> Option<Form> {
        if header.trim().is_empty() {
            return Some(Form::Json);
        }
        let quality = |form: &Form| header.split(',').filter_map(|range| matched(range, *form)).max();
        let best =
            Form::ALL.iter().filter_map(|form| Some((quality(form)?.1, *form))).filter(|(quality, _)| *quality > 0);
        // Of equals the first: `max_by_key` would take the last.
        best.reduce(|best, other| if other.0 > best.0 { other } else { best }).map(|(_, form)| form)
    }
}

/// How closely a range names the form, and its quality in thousandths.
fn matched(range: &str, form: Form) -> Option<(u8, u16)> {
    let mut parts = range.split(';').map(str::trim);
    let (kind, subtype) = parts.next()?.split_once('/')?;
    let (own_kind, own_subtype) = form.media_type();
    let closeness = match (kind.eq_ignore_ascii_case(own_kind), subtype.eq_ignore_ascii_case(own_subtype)) {
        (true, true) => 2,
        (true, false) if subtype == "*" => 1,
        _ if (kind, subtype) == ("*", "*") => 0,
        _ => return None,
    };
    let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    let quality = weight.map_or(Some(1.0), |weight| weight.trim().parse::<f32>().ok()).unwrap_or(0.0);
    Some((closeness, (quality.clamp(0.0, 1.0) * 1_000.0) as u16))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_accepts() {
        for (header, form) in [
            ("", Some(Form::Json)),
            ("*/*", Some(Form::Json)),
            ("application/json", Some(Form::Json)),
            ("text/plain", Some(Form::Text)),
            ("TEXT/Plain; charset=utf-8", Some(Form::Text)),
            ("text/*", Some(Form::Text)),
            ("application/pdf", Some(Form::Pdf)),
            ("application/*", Some(Form::Json)),
            ("application/pdf, application/json;q=0.9", Some(Form::Pdf)),
            ("application/json;q=0.1, */*", Some(Form::Text)),
            ("application/json;q=0, */*;q=0.5", Some(Form::Text)),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Some(Form::Json)),
            ("application/pdf;q=0", None),
            ("text/html", None),
            ("image/png, text/csv", None),
            ("nonsense", None),
        ] {
            assert_eq!(Form::accepted(header), form, "{header}");
        }
    }
}
