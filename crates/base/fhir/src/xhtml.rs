//! The narrative: XHTML without anything active (R4 narrative.html, invariants txt-1 and txt-2).
//!
//! A narrative is shown to clinicians by other systems, so scripts, forms, objects, event handlers
//! and script URLs are refused where the record is written, not where it is shown.

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use crate::xml::{MAX_ATTRIBUTES, XHTML, has_forbidden_character, is_allowed_reference};

/// Nesting beyond this is no text for people.
const MAX_DEPTH: usize = 128;

/// Why a narrative is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum XhtmlError {
    /// Not well-formed XML, or an entity that XML does not have.
    #[error("the narrative is not well-formed XHTML")]
    NotWellFormed,
    /// Something else than one `div` in the XHTML namespace.
    #[error("the narrative is no div in the namespace http://www.w3.org/1999/xhtml")]
    NotADiv,
    /// An element that txt-1 does not allow.
    #[error("the narrative has an element that is not allowed")]
    Element,
    /// An attribute that txt-1 does not allow.
    #[error("the narrative has an attribute that is not allowed")]
    Attribute,
    /// A link or image with a scheme that could run code.
    #[error("the narrative has a URL that is not allowed")]
    Url,
    /// No text and no image (txt-2).
    #[error("the narrative has no content")]
    Empty,
}

/// Sorted, to be searched.
const ELEMENTS: [&str; 56] = [
    "a",
    "abbr",
    "acronym",
    "address",
    "area",
    "b",
    "bdo",
    "big",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "map",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "tt",
    "u",
    "ul",
];

/// Attributes of every element; sorted.
const ATTRIBUTES: [&str; 26] = [
    "abbr",
    "accesskey",
    "align",
    "axis",
    "bgcolor",
    "border",
    "cellpadding",
    "cellspacing",
    "char",
    "charoff",
    "class",
    "colspan",
    "dir",
    "headers",
    "height",
    "id",
    "lang",
    "rowspan",
    "scope",
    "span",
    "style",
    "tabindex",
    "title",
    "valign",
    "width",
    "xml:lang",
];

/// Attributes of single elements.
const OWN_ATTRIBUTES: [(&str, &[&str]); 12] = [
    (
        "a",
        &[
            "href", "name", "charset", "type", "hreflang", "rel", "rev", "shape", "coords",
            "target",
        ],
    ),
    ("area", &["shape", "coords", "href", "nohref", "alt"]),
    ("blockquote", &["cite"]),
    (
        "img",
        &["src", "alt", "longdesc", "usemap", "ismap", "name"],
    ),
    ("li", &["value", "type"]),
    ("map", &["name"]),
    ("ol", &["start", "type"]),
    ("pre", &["xml:space"]),
    ("q", &["cite"]),
    ("table", &["summary", "frame", "rules"]),
    ("td", &["nowrap"]),
    ("ul", &["type"]),
];

/// Attributes that hold a URL.
const URLS: [&str; 4] = ["href", "src", "cite", "longdesc"];

/// Checks a narrative's `div`: well-formed, only allowed elements and attributes, not empty.
///
/// # Errors
/// The first rule that is broken.
pub fn check(div: &str) -> Result<(), XhtmlError> {
    scan(div, true)
}

/// Whether the text is a single well-formed `div` in the XHTML namespace.
pub fn is_well_formed(div: &str) -> bool {
    scan(div, false).is_ok()
}

fn scan(div: &str, with_rules: bool) -> Result<(), XhtmlError> {
    if has_forbidden_character(div) {
        return Err(XhtmlError::NotWellFormed);
    }
    let mut reader = Reader::from_str(div.trim());
    reader.config_mut().expand_empty_elements = true;
    let (mut depth, mut is_over, mut has_content) = (0_usize, false, false);
    loop {
        match reader.read_event().map_err(|_| XhtmlError::NotWellFormed)? {
            Event::Start(tag) => {
                if depth == 0 && (is_over || !is_root(&tag)) {
                    return Err(XhtmlError::NotADiv);
                }
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(XhtmlError::NotWellFormed);
                }
                has_content |= tag.name().into_inner() == "img";
                check_tag(&tag, with_rules)?;
            }
            Event::End(_) => {
                depth -= 1;
                is_over = depth == 0;
            }
            Event::GeneralRef(entity) => {
                if !is_allowed_reference(&entity) {
                    return Err(XhtmlError::NotWellFormed);
                }
                has_content = true;
            }
            Event::Text(text) => {
                let is_text = !text.trim_ascii().is_empty();
                if is_text && depth == 0 {
                    return Err(XhtmlError::NotADiv);
                }
                has_content |= is_text;
            }
            Event::CData(text) => has_content |= !text.trim_ascii().is_empty(),
            Event::DocType(_) | Event::Decl(_) | Event::Empty(_) => {
                return Err(XhtmlError::NotWellFormed);
            }
            Event::Comment(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    match (is_over, with_rules && !has_content) {
        (false, _) => Err(XhtmlError::NotADiv),
        (true, true) => Err(XhtmlError::Empty),
        (true, false) => Ok(()),
    }
}

fn is_root(tag: &BytesStart<'_>) -> bool {
    let mut attributes = tag.attributes();
    tag.name().into_inner() == "div"
        && attributes
            .with_checks(false)
            .flatten()
            .any(|a| a.key.into_inner() == "xmlns" && a.value == XHTML)
}

fn check_tag(tag: &BytesStart<'_>, with_rules: bool) -> Result<(), XhtmlError> {
    let name = tag.name();
    let element = name.into_inner();
    if with_rules && ELEMENTS.binary_search(&element).is_err() && element != "var" {
        return Err(XhtmlError::Element);
    }
    let own = OWN_ATTRIBUTES
        .iter()
        .find(|(of, _)| *of == element)
        .map_or(&[][..], |(_, own)| own);
    let mut attributes = tag.attributes();
    for (index, attribute) in attributes.with_checks(false).enumerate() {
        let attribute = attribute.map_err(|_| XhtmlError::NotWellFormed)?;
        let key = attribute.key.into_inner();
        let is_duplicate = || {
            let mut earlier = tag.attributes();
            earlier
                .with_checks(false)
                .take(index)
                .flatten()
                .any(|a| a.key.into_inner() == key)
        };
        if index >= MAX_ATTRIBUTES || is_duplicate() {
            return Err(XhtmlError::NotWellFormed);
        }
        let value = attribute.normalized_value(XmlVersion::Implicit1_0);
        let value = value.map_err(|_| XhtmlError::NotWellFormed)?;
        if !with_rules {
            continue;
        }
        let is_namespace = key == "xmlns" && value == XHTML;
        if !is_namespace && ATTRIBUTES.binary_search(&key).is_err() && !own.contains(&key) {
            return Err(XhtmlError::Attribute);
        }
        if (URLS.contains(&key) && !is_safe_url(&value))
            || (key == "style" && !is_safe_style(&value))
        {
            return Err(XhtmlError::Url);
        }
    }
    Ok(())
}

/// Relative, or of a scheme that only fetches; `data:` for images only.
fn is_safe_url(url: &str) -> bool {
    // Browsers ignore white space and control characters inside a scheme.
    let compact: String = url
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_control())
        .take(32)
        .collect();
    let compact = compact.to_ascii_lowercase();
    let scheme_end = compact.find(':');
    let path_start = compact.find(['/', '?', '#']).unwrap_or(compact.len());
    match scheme_end {
        Some(end) if end < path_start => {
            let scheme = &compact[..end];
            matches!(
                scheme,
                "http" | "https" | "mailto" | "tel" | "urn" | "cid" | "ftp"
            ) || compact.starts_with("data:image/")
        }
        _ => true,
    }
}

/// No style that loads or runs anything.
fn is_safe_style(style: &str) -> bool {
    let style = style.to_ascii_lowercase();
    ![
        "expression",
        "javascript:",
        "@import",
        "behavior:",
        "-moz-binding",
    ]
    .iter()
    .any(|bad| style.contains(bad))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn div(content: &str) -> String {
        format!("<div xmlns=\"{XHTML}\">{content}</div>")
    }

    #[test]
    fn the_lists_that_are_searched_are_sorted() {
        assert!(ELEMENTS.is_sorted() && ATTRIBUTES.is_sorted());
    }

    #[test]
    fn formatted_text_with_links_and_images_is_allowed() {
        for content in [
            "text",
            "&amp;",
            "&#160;",
            "<img src=\"#x\" alt=\"\"/>",
            "<p><b>a</b><br/></p>",
            "<table class=\"grid\"><tr><td colspan=\"2\" style=\"color: red\">x</td></tr></table>",
            "<a href=\"https://example.org?a=b:c\">x</a>",
            "<a href=\"Patient/1\">x</a>",
            "<img src=\"data:image/png;base64,AA==\"/>",
            "<!-- note -->x",
            "<var>x</var>",
        ] {
            assert_eq!(check(&div(content)), Ok(()), "{content}");
        }
    }

    #[test]
    fn anything_active_or_malformed_is_refused() {
        use XhtmlError as E;
        let cases = [
            ("<script>alert(1)</script>", E::Element),
            ("<SCRIPT>alert(1)</SCRIPT>", E::Element),
            ("<iframe src=\"x\"/>", E::Element),
            ("<form><input/></form>", E::Element),
            ("<p onclick=\"x()\">x</p>", E::Attribute),
            ("<a href=\"javascript:x()\">x</a>", E::Url),
            ("<a href=\" java&#9;script:x()\">x</a>", E::Url),
            ("<a href=\"data:text/html,x\">x</a>", E::Url),
            ("<p style=\"width: expression(x)\">x</p>", E::Url),
            ("<p>", E::NotWellFormed),
            ("<p a=1>x</p>", E::NotWellFormed),
            ("<p id=\"a\" id=\"b\">x</p>", E::NotWellFormed),
            ("a &nbsp; b", E::NotWellFormed),
            ("a & b", E::NotWellFormed),
            ("  \n ", E::Empty),
            ("<p/>", E::Empty),
        ];
        for (content, error) in cases {
            assert_eq!(check(&div(content)), Err(error), "{content}");
        }
        for text in [
            "",
            "text",
            "<div>x</div>",
            "<p xmlns=\"http://www.w3.org/1999/xhtml\">x</p>",
        ] {
            assert_eq!(check(text), Err(E::NotADiv), "{text}");
        }
        assert_eq!(check(&format!("{}{}", div("x"), div("y"))), Err(E::NotADiv));
        assert_eq!(check(&div(&"<p>".repeat(10_000))), Err(E::NotWellFormed));
        let doctype = "<!DOCTYPE div [<!ENTITY x \"y\">]><div>&x;</div>";
        assert_eq!(check(doctype), Err(E::NotWellFormed));
    }
}
