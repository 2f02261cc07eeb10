//! The words of a narrative (<http://hl7.org/fhir/R4/narrative.html>): markup is read, and nothing of it is kept.

/// The text of an XHTML fragment: a blank line between blocks, a line for each break.
pub(crate) fn plain(div: &str) -> String {
    let mut out = Text::default();
    let mut rest = div;
    while let Some(at) = rest.find(['<', '&']) {
        let (words, markup) = rest.split_at(at);
        out.words(words);
        rest = if markup.starts_with('<') {
            out.tag(markup)
        } else {
            out.entity(markup)
        };
    }
    out.words(rest);
    out.said.trim().to_owned()
}

#[derive(Default)]
struct Text {
    said: String,
}

impl Text {
    /// Words; runs of white space count as one space.
    fn words(&mut self, words: &str) {
        for character in words.chars() {
            if character.is_whitespace() {
                let at_start = self.said.is_empty() || self.said.ends_with(char::is_whitespace);
                if !at_start {
                    self.said.push(' ');
                }
            } else {
                self.said.push(character);
            }
        }
    }

    /// Ends the line, and leaves `blank` lines after it at most.
    fn end_line(&mut self, blank: usize) {
        let kept = self.said.trim_end_matches(' ').len();
        self.said.truncate(kept);
        let ended = self.said.len() - self.said.trim_end_matches('\n').len();
        if !self.said.is_empty() {
            self.said
                .extend(std::iter::repeat_n('\n', (blank + 1).saturating_sub(ended)));
        }
    }

    /// A tag or comment at the beginning of `markup`; what follows it.
    fn tag<'m>(&mut self, markup: &'m str) -> &'m str {
        if let Some(comment) = markup.strip_prefix("<!--") {
            return comment.split_once("-->").map_or("", |(_, rest)| rest);
        }
        let Some((tag, rest)) = markup.get(1..).and_then(|tag| tag.split_once('>')) else {
            return "";
        };
        let closes = tag.starts_with('/');
        let name = tag.trim_start_matches('/');
        let name = name
            .split([' ', '/', '\t', '\n', '\r'])
            .next()
            .unwrap_or_default();
        match name {
            "br" => {
                let kept = self.said.trim_end_matches(' ').len();
                self.said.truncate(kept);
                self.said.push('\n');
            }
            "li" if !closes => {
                self.end_line(0);
                self.said.push_str("• ");
            }
            "li" | "tr" => self.end_line(0),
            "td" | "th" if closes => self.said.push_str("  "),
            "p" | "div" | "ul" | "ol" | "table" | "blockquote" | "pre" | "hr" | "h1" | "h2"
            | "h3" | "h4" | "h5" | "h6" => self.end_line(1),
            _ => {}
        }
        rest
    }

    /// An entity at the beginning of `markup`; what follows it. What is none stays as it is.
    fn entity<'m>(&mut self, markup: &'m str) -> &'m str {
        let name = markup.get(1..).and_then(|entity| entity.split_once(';'));
        let found = name.and_then(|(name, rest)| Some((named(name)?, rest)));
        let (character, rest) = found.unwrap_or(('&', markup.get(1..).unwrap_or_default()));
        self.said.push(character);
        rest
    }
}

fn named(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some('\u{a0}'),
        _ => {
            let number = name.strip_prefix('#')?;
            let hex = number.strip_prefix(['x', 'X']);
            let code = match hex {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_kept_and_markup_is_not() {
        for (div, words) in [
            (
                "<div xmlns=\"x\"><p>a &lt;b&gt; &amp; c</p></div>",
                "a <b> & c",
            ),
            (
                "<div><p>one<br/>two</p><p>three</p></div>",
                "one\ntwo\n\nthree",
            ),
            ("<div><ul><li>x</li><li>y</li></ul></div>", "• x\n• y"),
            (
                "<div><table><tr><td>BP</td><td>120/80</td></tr></table></div>",
                "BP  120/80",
            ),
            (
                "<div>  caf&#233;\n  &#x2265; 5 &nope; </div>",
                "café ≥ 5 &nope;",
            ),
            ("<div><!-- not <b> said -->said</div>", "said"),
            ("no markup", "no markup"),
        ] {
            assert_eq!(plain(div), words, "{div}");
        }
    }

    #[test]
    fn what_is_broken_ends_quietly() {
        for div in [
            "<",
            "<div",
            "&",
            "&#xffffffff;",
            "<!--",
            "a<b",
            "&#;",
            "<>",
            "</",
        ] {
            let _ = plain(div);
        }
    }
}
