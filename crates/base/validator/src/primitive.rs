//! The formats of primitive values (R4 datatypes.html), matched by hand: they are checked for every
//! value of every write.

use mt_fhir::datetime::{DateTime, Time};
use mt_fhir::definitions::TypeId;
use mt_fhir::json::{Kind, Node};
use mt_fhir::xhtml;

/// Longest string (R4 datatypes.html#string), in bytes. Binary content has the limit of the parser.
const MAX_STRING: usize = 1024 * 1024;

/// The primitive types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Primitive {
    Base64Binary,
    Boolean,
    Canonical,
    Code,
    Date,
    DateTime,
    Decimal,
    Id,
    Instant,
    Integer,
    Markdown,
    Oid,
    PositiveInt,
    String,
    Time,
    UnsignedInt,
    Uri,
    Url,
    Uuid,
    Xhtml,
}

/// What is wrong with a value; the text goes into the issue.
pub(crate) type Problem = &'static str;

impl Primitive {
    pub(crate) fn of(type_id: TypeId) -> Option<Primitive> {
        let primitive = match type_id {
            TypeId::BASE64_BINARY => Primitive::Base64Binary,
            TypeId::BOOLEAN => Primitive::Boolean,
            TypeId::CANONICAL => Primitive::Canonical,
            TypeId::CODE => Primitive::Code,
            TypeId::DATE => Primitive::Date,
            TypeId::DATE_TIME => Primitive::DateTime,
            TypeId::DECIMAL => Primitive::Decimal,
            TypeId::ID => Primitive::Id,
            TypeId::INSTANT => Primitive::Instant,
            TypeId::INTEGER => Primitive::Integer,
            TypeId::MARKDOWN => Primitive::Markdown,
            TypeId::OID => Primitive::Oid,
            TypeId::POSITIVE_INT => Primitive::PositiveInt,
            TypeId::STRING => Primitive::String,
            TypeId::TIME => Primitive::Time,
            TypeId::UNSIGNED_INT => Primitive::UnsignedInt,
            TypeId::URI => Primitive::Uri,
            TypeId::URL => Primitive::Url,
            TypeId::UUID => Primitive::Uuid,
            TypeId::XHTML => Primitive::Xhtml,
            _ => return None,
        };
        Some(primitive)
    }

    /// Checks JSON kind and format.
    pub(crate) fn check(self, node: Node<'_>) -> Result<(), Problem> {
        match (self, node.kind()) {
            (Primitive::Boolean, Kind::Bool) => Ok(()),
            (Primitive::Boolean, _) => Err("must be true or false without quotes"),
            (Primitive::Decimal, Kind::Number) => Ok(()),
            (
                Primitive::Integer | Primitive::PositiveInt | Primitive::UnsignedInt,
                Kind::Number,
            ) => self.check_integer(node.number_text().unwrap_or_default()),
            (
                Primitive::Decimal
                | Primitive::Integer
                | Primitive::PositiveInt
                | Primitive::UnsignedInt,
                _,
            ) => Err("must be a number without quotes"),
            (_, Kind::String) => self.check_text(node.as_str().unwrap_or_default()),
            _ => Err("must be a string"),
        }
    }

    fn check_integer(self, digits: &str) -> Result<(), Problem> {
        let least = match self {
            Primitive::PositiveInt => 1,
            Primitive::UnsignedInt => 0,
            _ => i32::MIN,
        };
        match digits.parse::<i32>() {
            Ok(value) if value >= least => Ok(()),
            Ok(_) => Err("is below the least value of its type"),
            Err(_) => Err("must be a whole number of 32 bits"),
        }
    }

    fn check_text(self, text: &str) -> Result<(), Problem> {
        if text.is_empty() {
            return Err("must not be empty");
        }
        let (valid, problem) = match self {
            Primitive::String | Primitive::Markdown => return check_string(text),
            Primitive::Xhtml => return check_narrative(text),
            Primitive::Code => (is_code(text), "is not a code: no spaces around or in a row"),
            Primitive::Id => (
                is_id(text),
                "is not an id: 1 to 64 letters, digits, '-' and '.'",
            ),
            Primitive::Uri | Primitive::Url | Primitive::Canonical => return check_uri(text),
            Primitive::Oid => (is_oid(text), "is not an OID as urn:oid:…"),
            Primitive::Uuid => (is_uuid(text), "is not a UUID as urn:uuid:…"),
            Primitive::Date => (
                DateTime::parse_date(text).is_some(),
                "is not a date as YYYY, YYYY-MM or YYYY-MM-DD",
            ),
            Primitive::DateTime => (
                DateTime::parse_date_time(text).is_some(),
                "is not a dateTime: a date, or date, seconds and zone",
            ),
            Primitive::Instant => (
                DateTime::parse_instant(text).is_some(),
                "is not an instant with date, seconds and zone",
            ),
            Primitive::Time => (Time::parse(text).is_some(), "is not a time as hh:mm:ss"),
            Primitive::Base64Binary => (decoded_len(text).is_some(), "is not base64"),
            Primitive::Boolean
            | Primitive::Decimal
            | Primitive::Integer
            | Primitive::PositiveInt
            | Primitive::UnsignedInt => (false, "must not be a string"),
        };
        if valid { Ok(()) } else { Err(problem) }
    }
}

/// `[A-Za-z0-9\-\.]{1,64}`
pub(crate) fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
}

/// Whether a URI has a scheme (RFC 3986 §3.1).
pub(crate) fn is_absolute(uri: &str) -> bool {
    let Some((scheme, _)) = uri.split_once(':') else {
        return false;
    };
    let mut bytes = scheme.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic())
        && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

/// Number of bytes that base64 text (white space allowed) stands for; `None` when it is not base64.
pub(crate) fn decoded_len(text: &str) -> Option<usize> {
    let (mut digits, mut padding) = (0_usize, 0_usize);
    for byte in text.bytes() {
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => {}
            b'=' => padding += 1,
            b'+' | b'/' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' if padding == 0 => digits += 1,
            _ => return None,
        }
    }
    let is_whole = (digits + padding).is_multiple_of(4) && padding <= 2 && digits > 0;
    is_whole.then(|| (digits + padding) / 4 * 3 - padding)
}

fn check_string(text: &str) -> Result<(), Problem> {
    if text.len() > MAX_STRING {
        return Err("is longer than 1 MB");
    }
    // One pass over the bytes: is there anything else than white space, is there a control code.
    let (mut blank, mut control) = (true, false);
    for byte in text.bytes() {
        blank &= byte <= b' ';
        control |= byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r');
    }
    match (control, blank) {
        (true, _) => Err("has a control character"),
        (_, true) => Err("must not consist of white space"),
        _ => Ok(()),
    }
}

fn check_narrative(text: &str) -> Result<(), Problem> {
    use xhtml::XhtmlError as E;
    xhtml::check(text).map_err(|error| match error {
        E::NotWellFormed => "is not well-formed XHTML",
        E::NotADiv => "is no div in the XHTML namespace",
        E::Element => "has an element that txt-1 does not allow",
        E::Attribute => "has an attribute that txt-1 does not allow",
        E::Url => "has a URL that txt-1 does not allow",
        E::Empty => "has no content (txt-2)",
    })
}

/// `[^\s]+(\s[^\s]+)*`
fn is_code(text: &str) -> bool {
    let mut after_space = true;
    for c in text.chars() {
        let is_space = c.is_whitespace();
        if is_space && after_space {
            return false;
        }
        after_space = is_space;
    }
    !after_space
}

fn check_uri(text: &str) -> Result<(), Problem> {
    if text.bytes().any(|b| b <= b' ') || text.contains(char::is_whitespace) {
        return Err("must not have white space");
    }
    if text.starts_with("urn:uuid:") && !is_uuid_like(text) {
        return Err("is not a UUID as urn:uuid:…");
    }
    if text.starts_with("urn:oid:") && !is_oid(text) {
        return Err("is not an OID as urn:oid:…");
    }
    Ok(())
}

fn is_uuid_like(text: &str) -> bool {
    text.strip_prefix("urn:uuid:").is_some_and(|uuid| {
        uuid.len() == 36
            && uuid.bytes().enumerate().all(|(at, b)| match at {
                8 | 13 | 18 | 23 => b == b'-',
                _ => b.is_ascii_hexdigit(),
            })
    })
}

/// The type `uuid` is in lower case.
fn is_uuid(text: &str) -> bool {
    is_uuid_like(text) && !text.bytes().any(|b| b.is_ascii_uppercase())
}

/// `urn:oid:[0-2](\.(0|[1-9][0-9]*))+`
fn is_oid(text: &str) -> bool {
    let Some(mut arcs) = text.strip_prefix("urn:oid:").map(|oid| oid.split('.')) else {
        return false;
    };
    let is_arc = |arc: &str| {
        arc.bytes().all(|b| b.is_ascii_digit())
            && !arc.is_empty()
            && (arc == "0" || !arc.starts_with('0'))
    };
    let first = matches!(arcs.next(), Some("0" | "1" | "2"));
    let mut count = 0;
    let rest = arcs.all(|arc| {
        count += 1;
        is_arc(arc)
    });
    first && rest && count > 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use mt_fhir::json::{Doc, Limits};

    fn accepts(primitive: Primitive, json: &str) -> bool {
        let doc = Doc::parse(json, &Limits::default()).expect("valid JSON");
        primitive.check(doc.root()).is_ok()
    }

    #[test]
    fn each_type_takes_its_format_and_nothing_else() {
        use Primitive as P;
        let cases: [(P, &[&str], &[&str]); 14] = [
            (P::Boolean, &["true", "false"], &["\"true\"", "1", "null"]),
            (P::Decimal, &["1", "-0.50", "1e3"], &["\"1\"", "true"]),
            (
                P::Integer,
                &["-5", "0", "2147483647"],
                &["2147483648", "1.0", "1e2", "\"1\""],
            ),
            (P::PositiveInt, &["1"], &["0", "-1"]),
            (P::UnsignedInt, &["0"], &["-1"]),
            (
                P::String,
                &["\"a b\"", "\"\\n a\"", "\"é\""],
                &["\"\"", "\" \"", "\"\\u0001\"", "5"],
            ),
            (
                P::Code,
                &["\"a\"", "\"a b\""],
                &["\" a\"", "\"a \"", "\"a  b\"", "\"\""],
            ),
            (
                P::Id,
                &["\"A-1.b\""],
                &["\"a_b\"", "\"a/b\"", "\"\"", "\"é\""],
            ),
            (
                P::Uri,
                &["\"http://a\"", "\"x\"", "\"urn:oid:1.2\""],
                &["\"a b\"", "\"urn:oid:1\"", "\"urn:uuid:x\""],
            ),
            (
                P::Oid,
                &["\"urn:oid:2.16.840\""],
                &["\"urn:oid:3.1\"", "\"2.16\"", "\"urn:oid:2.01\""],
            ),
            (
                P::Uuid,
                &["\"urn:uuid:0a1b2c3d-0000-4000-8000-0123456789ab\""],
                &["\"urn:uuid:0a1b\""],
            ),
            (
                P::Date,
                &["\"2024-02-29\"", "\"2024\""],
                &["\"2023-02-29\"", "\"2024-1-1\""],
            ),
            (
                P::Base64Binary,
                &["\"AA==\"", "\"AAAA AAAA\""],
                &["\"A\"", "\"AA=A\"", "\"A.==\"", "\"====\""],
            ),
            (P::Time, &["\"10:30:00\""], &["\"10:30\"", "\"24:00:00\""]),
        ];
        for (primitive, good, bad) in cases {
            for json in good {
                assert!(accepts(primitive, json), "{primitive:?} {json}");
            }
            for json in bad {
                assert!(!accepts(primitive, json), "{primitive:?} {json}");
            }
        }
        assert!(!is_id(&"x".repeat(65)) && is_id(&"x".repeat(64)));
    }

    #[test]
    fn base64_knows_how_long_its_content_is() {
        assert_eq!(decoded_len("AA=="), Some(1));
        assert_eq!(decoded_len("AAAA\nAAA="), Some(5));
    }

    #[test]
    fn absolute_uris_have_a_scheme() {
        assert!(is_absolute("http://a") && is_absolute("urn:x") && !is_absolute("Patient/1"));
        assert!(!is_absolute("1a:b") && !is_absolute(":b") && !is_absolute("a/b:c"));
    }
}
