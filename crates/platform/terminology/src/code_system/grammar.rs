//! Code systems whose codes follow a rule instead of a list.

/// A rule for codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grammar {
    /// Units of measure (<https://ucum.org/ucum>), read by the unit parser.
    Ucum,
    /// Language tags (BCP 47, RFC 5646 §2.1): well-formed, not looked up in the registry.
    LanguageTag,
    /// Media types (BCP 13, RFC 6838 §4.2), with parameters.
    MediaType,
    /// Names of time zones in the form of the IANA database (`Europe/Berlin`).
    TimeZone,
}

impl Grammar {
    /// The code systems that are grammars: canonical URL, name, rule.
    pub(crate) const SYSTEMS: [(&'static str, &'static str, Self); 4] = [
        ("http://unitsofmeasure.org", "UCUM", Self::Ucum),
        ("urn:ietf:bcp:47", "LanguageTags", Self::LanguageTag),
        ("urn:ietf:bcp:13", "MediaTypes", Self::MediaType),
        (
            "https://www.iana.org/time-zones",
            "TimeZones",
            Self::TimeZone,
        ),
    ];

    /// Whether `code` follows the rule.
    #[must_use]
    pub fn accepts(self, code: &str) -> bool {
        match self {
            Self::Ucum => mt_ucum::validate(code).is_ok(),
            Self::LanguageTag => is_language_tag(code),
            Self::MediaType => is_media_type(code),
            Self::TimeZone => is_time_zone(code),
        }
    }
}

/// `langtag` of RFC 5646, or a private-use tag.
fn is_language_tag(code: &str) -> bool {
    if code.len() > 100 {
        return false;
    }
    let mut parts = code.split('-').peekable();
    let is = |text: &str, lengths: std::ops::RangeInclusive<usize>, letters: bool| {
        let fits = |byte: u8| {
            if letters {
                byte.is_ascii_alphabetic()
            } else {
                byte.is_ascii_alphanumeric()
            }
        };
        lengths.contains(&text.len()) && text.bytes().all(fits)
    };
    let Some(language) = parts.next() else {
        return false;
    };
    let private = language.eq_ignore_ascii_case("x");
    if !private {
        if !is(language, 2..=8, true) {
            return false;
        }
        let extended = if language.len() < 4 { 3 } else { 0 };
        for _ in 0..extended {
            parts.next_if(|part| is(part, 3..=3, true));
        }
        parts.next_if(|part| is(part, 4..=4, true));
        let digits = |part: &str| part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_digit());
        parts.next_if(|part| is(part, 2..=2, true) || digits(part));
        let variant = |part: &str| {
            is(part, 5..=8, false)
                || is(part, 4..=4, false) && part.starts_with(|c: char| c.is_ascii_digit())
        };
        while parts.next_if(|part| variant(part)).is_some() {}
    }
    extensions(parts, private)
}

/// Singletons, each with at least one part of its own; after `x` anything alphanumeric.
fn extensions<'a>(parts: impl Iterator<Item = &'a str>, private: bool) -> bool {
    let (mut private, mut opened, mut owed) = (private, private, private);
    for part in parts {
        let alphanumeric = part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !alphanumeric || !(1..=8).contains(&part.len()) {
            return false;
        }
        if part.len() == 1 && !private {
            if owed {
                return false;
            }
            (private, opened, owed) = (part.eq_ignore_ascii_case("x"), true, true);
        } else if opened {
            owed = false;
        } else {
            return false;
        }
    }
    !owed
}

/// `type/subtype` with parameters `; name=value`.
fn is_media_type(code: &str) -> bool {
    let (essence, parameters) = code
        .split_once(';')
        .map_or((code, None), |(e, p)| (e, Some(p)));
    let Some((kind, subtype)) = essence.trim_end().split_once('/') else {
        return false;
    };
    let token = |text: &str| {
        (1..=127).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+*%'`|~".contains(&b))
    };
    let parameter = |text: &str| {
        let Some((name, value)) = text.trim().split_once('=') else {
            return false;
        };
        let quoted = value.len() >= 2 && value.starts_with('"') && value.ends_with('"');
        token(name) && (token(value) || quoted)
    };
    token(kind) && token(subtype) && parameters.is_none_or(|list| list.split(';').all(parameter))
}

/// `Area/Location`, perhaps with a further level, or one of the short names.
fn is_time_zone(code: &str) -> bool {
    let part = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_-+".contains(&b))
    };
    code.len() <= 64
        && code.starts_with(|c: char| c.is_ascii_uppercase())
        && code.split('/').all(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_tags_are_well_formed_or_refused() {
        for good in [
            "en",
            "en-US",
            "zh-Hant-TW",
            "de-CH-1901",
            "sl-rozaj-biske",
            "x-mine",
            "en-a-bbb-x-a",
            "es-419",
            "zh-yue",
        ] {
            assert!(Grammar::LanguageTag.accepts(good), "{good}");
        }
        for bad in [
            "", "e", "en_US", "en-", "en-a", "x", "en-US-", "123", "en-US-US",
        ] {
            assert!(!Grammar::LanguageTag.accepts(bad), "{bad}");
        }
    }

    #[test]
    fn media_types_are_well_formed_or_refused() {
        for good in [
            "text/plain",
            "application/fhir+json",
            "text/plain; charset=utf-8",
            "image/svg+xml",
            "application/pdf",
        ] {
            assert!(Grammar::MediaType.accepts(good), "{good}");
        }
        for bad in [
            "",
            "text",
            "text/",
            "/plain",
            "text/plain;",
            "te xt/plain",
            "text/plain; charset",
        ] {
            assert!(!Grammar::MediaType.accepts(bad), "{bad}");
        }
    }

    #[test]
    fn units_and_time_zones_are_checked() {
        assert!(Grammar::Ucum.accepts("mm[Hg]") && !Grammar::Ucum.accepts("mmHgg"));
        assert!(
            Grammar::TimeZone.accepts("Europe/Berlin") && !Grammar::TimeZone.accepts("Europe//B")
        );
    }
}
