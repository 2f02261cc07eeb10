//! Words for `_text` and `_content`.

use std::collections::BTreeSet;

use mt_fhir::{Node, names};

use crate::normal;
use crate::query::TextScope;

/// Distinct words of one resource that are kept.
pub const MAX_WORDS: usize = 2048;

/// Distinct folded words of a resource, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// The words.
    pub words: Vec<String>,
    /// False when the resource has more than [`MAX_WORDS`]: a search must then look into the
    /// resource itself.
    pub complete: bool,
}

/// The words that `_text` (narrative) or `_content` (narrative and strings) finds `resource` by.
///
/// Strings that identify or link instead of saying something (ids, references, systems, urls,
/// attachments' data) do not count.
#[must_use]
pub fn words(resource: Node<'_>, scope: TextScope) -> Words {
    let mut collector = Collector {
        found: BTreeSet::new(),
        complete: true,
    };
    match scope {
        TextScope::Narrative => {
            let div = resource
                .get_name(names::TEXT)
                .and_then(|text| text.get_name(names::DIV));
            if let Some(div) = div.and_then(Node::as_str) {
                collector.add_narrative(div);
            }
        }
        TextScope::Content => collector.add_content(resource),
    }
    Words {
        words: collector.found.into_iter().collect(),
        complete: collector.complete,
    }
}

struct Collector {
    found: BTreeSet<String>,
    complete: bool,
}

impl Collector {
    fn add_text(&mut self, text: &str) {
        normal::words(text, |word| {
            if self.found.contains(word) {
                return;
            }
            if self.found.len() < MAX_WORDS {
                self.found.insert(word.to_owned());
            } else {
                self.complete = false;
            }
        });
    }

    /// Text between the tags, entities resolved.
    fn add_narrative(&mut self, div: &str) {
        let mut text = String::with_capacity(div.len());
        let mut rest = div;
        while let Some((before, tag)) = rest.split_once('<') {
            text.push_str(before);
            text.push(' ');
            rest = tag.split_once('>').map_or("", |(_, after)| after);
        }
        text.push_str(rest);
        self.add_text(&resolve_entities(&text));
    }

    /// Every string below `top`; a work list, since nesting is up to the sender.
    fn add_content(&mut self, top: Node<'_>) {
        let mut open = vec![top];
        while let Some(node) = open.pop() {
            for child in node.children() {
                if is_silent(child) {
                    continue;
                }
                match child.as_str() {
                    Some(div) if child.name() == names::DIV => self.add_narrative(div),
                    Some(text) => self.add_text(text),
                    None => open.push(child),
                }
            }
        }
    }
}

fn is_silent(node: Node<'_>) -> bool {
    let silent = [
        names::ID,
        names::REFERENCE,
        names::SYSTEM,
        names::URL,
        names::DATA,
        names::HASH,
        names::META,
        names::CONTENT_TYPE,
    ];
    node.is_shadow() || silent.contains(&node.name()) || node.key() == Some("resourceType")
}

fn resolve_entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let entity = after.split_once(';').filter(|(name, _)| name.len() <= 8);
        match entity.and_then(|(name, beyond)| Some((character(name)?, beyond))) {
            Some((character, beyond)) => {
                out.push(character);
                rest = beyond;
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

fn character(entity: &str) -> Option<char> {
    Some(match entity {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        _ => {
            let number = entity.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    })
}

#[cfg(test)]
mod tests {
    use mt_fhir::Doc;
    use mt_fhir::json::Limits;

    use super::*;

    #[test]
    fn narrative_and_strings_give_words_and_links_do_not() {
        let json = r#"{"resourceType":"Observation","id":"secretid","text":{"status":"generated",
            "div":"<div title=\"attr\"><b>Blood</b>sugar &amp; M&#252;ller</div>"},
            "code":{"text":"Glucose","coding":[{"system":"http://loinc.org","display":"Serum"}]}}"#;
        let doc = Doc::parse(json, &Limits::default()).expect("JSON");
        let words_in = |scope| words(doc.root(), scope).words;
        assert_eq!(words_in(TextScope::Narrative), ["blood", "muller", "sugar"]);
        assert_eq!(
            words_in(TextScope::Content),
            ["blood", "generated", "glucose", "muller", "serum", "sugar"]
        );
    }

    #[test]
    fn too_many_words_are_said_to_be_incomplete() {
        let many: Vec<String> = (0..MAX_WORDS + 1).map(|n| format!("w{n}")).collect();
        let json = format!(r#"{{"note":"{}"}}"#, many.join(" "));
        let doc = Doc::parse(json, &Limits::default()).expect("JSON");
        let found = words(doc.root(), TextScope::Content);
        assert_eq!((found.words.len(), found.complete), (MAX_WORDS, false));
    }
}
