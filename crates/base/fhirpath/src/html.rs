//! `htmlChecks()`: whether a narrative keeps to the XHTML that FHIR allows.
//!
//! Narrative is shown to people, so this is a security rule: no scripts, forms, frames or links
//! to style sheets, only formatting elements and attributes (FHIR R4 narrative.html, txt-1).

const ELEMENTS: [&str; 59] = [
    "a", "abbr", "acronym", "b", "big", "blockquote", "br", "caption", "cite", "code", "col",
    "colgroup", "dd", "dfn", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i",
    "img", "ins", "del", "kbd", "li", "ol", "p", "pre", "q", "samp", "small", "span", "strong",
    "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul", "var",
    "bdo", "area", "map", "address", "center", "font", "s",
];

const ATTRIBUTES: [&str; 52] = [
    "title", "style", "class", "id", "lang", "xml:lang", "dir", "accesskey", "tabindex", "span",
    "width", "align", "valign", "char", "charoff", "abbr", "axis", "headers", "scope", "rowspan",
    "colspan", "border", "frame", "rules", "cellspacing", "cellpadding", "summary", "name", "href",
    "src", "alt", "height", "longdesc", "usemap", "ismap", "shape", "coords", "type", "hreflang",
    "rel", "rev", "charset", "cite", "datetime", "start", "value", "compact", "bgcolor", "nowrap",
    "color", "face", "size",
];

/// Whether `text` is one well-formed `div` of allowed elements and attributes with some content.
pub(crate) fn is_safe_narrative(text: &str) -> bool {
    let mut checker = Checker { rest: text.trim(), open: Vec::new(), has_content: false };
    checker.run().is_some() && checker.has_content
}

struct Checker<'t> {
    rest: &'t str,
    open: Vec<&'t str>,
    has_content: bool,
}

impl<'t> Checker<'t> {
    /// `None` at the first thing that is not allowed.
    fn run(&mut self) -> Option<()> {
        let mut is_first = true;
        while !self.rest.is_empty() {
            if let Some(comment) = self.rest.strip_prefix("<!--") {
                self.rest = &comment[comment.find("-->")? + 3..];
            } else if let Some(end) = self.rest.strip_prefix("</") {
                let (name, rest) = end.split_once('>')?;
                self.rest = rest;
                if self.open.pop()? != name.trim_end() {
                    return None;
                }
            } else if self.rest.starts_with('<') {
                // One root, and it is a div.
                if self.open.is_empty() && !(is_first && self.rest.starts_with("<div")) {
                    return None;
                }
                is_first = false;
                self.start_tag()?;
            } else {
                let length = self.rest.find('<').unwrap_or(self.rest.len());
                let (content, rest) = self.rest.split_at(length);
                self.rest = rest;
                let is_blank = content.trim().is_empty();
                if !is_blank && self.open.is_empty() {
                    return None;
                }
                self.has_content |= !is_blank;
            }
        }
        self.open.is_empty().then_some(())
    }

    fn start_tag(&mut self) -> Option<()> {
        let tag = &self.rest[1..];
        let name = &tag[..tag.find(|c: char| c.is_whitespace() || c == '/' || c == '>')?];
        if !ELEMENTS.contains(&name) {
            return None;
        }
        self.has_content |= name == "img";
        let mut rest = tag[name.len()..].trim_start();
        loop {
            if let Some(after) = rest.strip_prefix("/>") {
                self.rest = after;
                return Some(());
            }
            if let Some(after) = rest.strip_prefix('>') {
                self.rest = after;
                self.open.push(name);
                return Some(());
            }
            rest = attribute(rest, name)?.trim_start();
        }
    }
}

/// Checks one attribute and returns what follows it.
fn attribute<'t>(text: &'t str, element: &str) -> Option<&'t str> {
    let (name, rest) = text.split_once('=')?;
    let name = name.trim_end();
    let rest = rest.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (value, rest) = rest[1..].split_once(quote)?;
    let is_namespace = name == "xmlns" || name.starts_with("xmlns:");
    if value.contains('<') || !(is_namespace || ATTRIBUTES.contains(&name)) {
        return None;
    }
    let is_link = matches!(name, "href" | "src");
    // The entity forms of a colon would hide a scheme, so only plain values are let through.
    let compact: String = value.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
    let compact = compact.to_ascii_lowercase();
    let is_script = compact.starts_with("javascript") || compact.starts_with("vbscript")
        || (compact.starts_with("data:") && element != "img")
        || compact.starts_with('&');
    (!(is_link && is_script)).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formatting_is_allowed() {
        for text in [
            r#"<div xmlns="http://www.w3.org/1999/xhtml"><p class="x">Hello <b>you</b><br/></p></div>"#,
            r##"<div><a href="#p1">x</a><!-- note --></div>"##,
            "<div><img src='data:image/png;base64,AAAA' alt='x'/></div>",
        ] {
            assert!(is_safe_narrative(text), "{text}");
        }
    }

    #[test]
    fn active_content_and_broken_markup_are_refused() {
        for text in [
            "", "text", "<div></div>", "<p>x</p>", "<div><script>x</script></div>",
            "<div onclick='x()'>x</div>", "<div><a href=' java\nscript:x()'>x</a></div>",
            "<div><form>x</form></div>", "<div><b>x</div></b>", "<div>x", "<div>x</div><div>y</div>",
            "<div><iframe src='x'/>y</div>", "<div a>x</div>", "<div title=x>y</div>",
            "<div><a href='data:text/html,x'>x</a></div>", "<div>x</div>y",
        ] {
            assert!(!is_safe_narrative(text), "{text}");
        }
    }
}
