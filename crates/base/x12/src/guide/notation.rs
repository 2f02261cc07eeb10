//! The notation of the guide tables, and its compiler.
//!
//! One line per segment or loop; indentation nests. A segment line reads
//!
//! ```text
//! NM1 R1 1R=85 2R=1,2 3R 4S 8S=XX 9S
//! ^   ^^ ^     ^      ^
//! |   || |     |      element 3 is required
//! |   || |     element 2 is required and one of these codes
//! |   || element 1 (the key: tells this NM1 from others)
//! |   |at most one (`*` for no limit)
//! |   required (R) or situational (S)
//! ```
//!
//! An element that is not listed is not used. `5.2S` is a component of element 5; `3S^99` may
//! repeat 99 times; `=@state` names a code set of [`codes`](super::codes); `3R<20` shortens the
//! longest length; `2~12S` and `1.3~6S` are ranges. A loop line reads `loop 2010AA R1`. `!3` after the usage makes element 3 the
//! key where that is not the first element. `use NAME` stands for the lines under `define NAME`,
//! which end at the next definition.

use std::ops::RangeInclusive;

use thiserror::Error;

use super::{
    Codes, ElementDef, Guide, Key, LoopDef, Node, SegmentDef, Usage, condition, dictionary,
};

/// A fault in a table; only a programmer of the tables can meet it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("guide table: {what} in `{line}`")]
pub(crate) struct NotationError {
    what: String,
    line: String,
}

impl NotationError {
    pub(super) fn new(what: &str, line: &str) -> Self {
        Self {
            what: what.to_owned(),
            line: line.to_owned(),
        }
    }

    pub(super) fn unknown(what: &str, name: &str) -> Self {
        Self::new(&format!("unknown {what}"), name)
    }
}

/// What identifies a guide; its lines follow separately.
pub(super) struct Heading {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
    pub(super) set: &'static str,
    pub(super) group: &'static str,
}

/// Compiles the lines of one guide; `shared` holds the `define` blocks it may `use`.
pub(super) fn compile(
    heading: &Heading,
    text: &'static str,
    shared: &'static str,
) -> Result<Guide, NotationError> {
    let end = text.find("\ndefine ").unwrap_or(text.len());
    let (own, definitions) = text.split_at(end);
    let mut lines = Vec::new();
    expand(own, 0, [definitions, shared], &mut lines)?;
    let mut at = 0;
    let nodes = block(&lines, &mut at, 0)?;
    let root = LoopDef::new("set", Usage::Required, 1, nodes);
    let &Heading {
        name,
        version,
        set,
        group,
    } = heading;
    Ok(Guide {
        name,
        version,
        set,
        group,
        root,
    })
}

struct Line {
    indent: usize,
    text: &'static str,
}

/// Copies lines, replacing each `use NAME` by the block of that name at the same indentation.
fn expand(
    text: &'static str,
    shift: usize,
    definitions: [&'static str; 2],
    into: &mut Vec<Line>,
) -> Result<(), NotationError> {
    for line in text.lines() {
        let content = line.trim_start();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let indent = shift + line.len() - content.len();
        match content.strip_prefix("use ") {
            Some(name) => expand(definition(definitions, name)?, indent, definitions, into)?,
            None => into.push(Line {
                indent,
                text: content.trim_end(),
            }),
        }
    }
    Ok(())
}

fn definition(definitions: [&'static str; 2], name: &str) -> Result<&'static str, NotationError> {
    definitions
        .into_iter()
        .flat_map(|text| text.split("define "))
        .find_map(|block| {
            block
                .split_once('\n')
                .filter(|(heading, _)| heading.trim() == name)
        })
        .map(|(_, body)| body)
        .ok_or_else(|| NotationError::unknown("definition", name))
}

/// The nodes at one indentation.
fn block(lines: &[Line], at: &mut usize, indent: usize) -> Result<Vec<Node>, NotationError> {
    let mut nodes = Vec::new();
    while let Some(line) = lines.get(*at).filter(|line| line.indent >= indent) {
        if line.indent > indent {
            return Err(NotationError::new("unexpected indentation", line.text));
        }
        *at += 1;
        let mut words = line.text.split_ascii_whitespace();
        match words.next() {
            Some("loop") => {
                let id = words.next().unwrap_or_default();
                let (usage, max) = occurrence(words.next(), line.text)?;
                let inner = lines.get(*at).map_or(0, |next| next.indent);
                if inner <= indent {
                    return Err(NotationError::new("empty loop", line.text));
                }
                let nodes_inside = block(lines, at, inner)?;
                nodes.push(Node::Loop(LoopDef::new(id, usage, max, nodes_inside)));
            }
            Some(id) => nodes.push(Node::Segment(segment(id, words, line.text)?)),
            None => {}
        }
    }
    Ok(nodes)
}

fn segment(
    id: &'static str,
    mut words: impl Iterator<Item = &'static str>,
    line: &str,
) -> Result<SegmentDef, NotationError> {
    let (usage, max) = occurrence(words.next(), line)?;
    let mut elements = skeleton(id)?;
    let mut key_element = 1;
    for word in words {
        match word.strip_prefix('!') {
            Some(number) => key_element = number.parse().unwrap_or(0),
            None => Item::parse(word, line)?.apply_all(&mut elements, line)?,
        }
    }
    let width = elements.len();
    while elements
        .last()
        .is_some_and(|last| last.usage == Usage::NotUsed)
    {
        elements.pop();
    }
    let key = key_of(&elements, key_element);
    let conditions = condition::of_segment(id);
    Ok(SegmentDef {
        id,
        usage,
        max,
        key,
        elements,
        width,
        conditions,
    })
}

fn key_of(elements: &[ElementDef], number: usize) -> Option<Key> {
    let element = elements.get(number.checked_sub(1)?)?;
    let coded = |definition: &ElementDef| matches!(definition.codes, Codes::List(_));
    let component = match element.parts.first() {
        Some(first) => coded(first).then_some(1)?,
        None => coded(element).then_some(0)?,
    };
    Some(Key {
        element: number,
        component,
    })
}

/// All elements of a segment by the directory, none of them used yet.
fn skeleton(id: &'static str) -> Result<Vec<ElementDef>, NotationError> {
    dictionary::segment(id)?.into_iter().map(unused).collect()
}

fn unused(number: &'static str) -> Result<ElementDef, NotationError> {
    let (data, parts) = match dictionary::composite(number) {
        Some(parts) => (
            None,
            parts.into_iter().map(unused).collect::<Result<_, _>>()?,
        ),
        None => (Some(dictionary::data_element(number)?), Vec::new()),
    };
    Ok(ElementDef {
        usage: Usage::NotUsed,
        repeats: 1,
        data,
        codes: Codes::Any,
        parts,
    })
}

fn occurrence(word: Option<&str>, line: &str) -> Result<(Usage, u32), NotationError> {
    let fault = || NotationError::new("usage and maximum expected", line);
    let (usage, max) = word
        .and_then(|word| word.split_at_checked(1))
        .ok_or_else(fault)?;
    let usage = usage_of(usage).ok_or_else(fault)?;
    let max = if max == "*" {
        u32::MAX
    } else {
        max.parse().map_err(|_| fault())?
    };
    Ok((usage, max))
}

fn usage_of(letter: &str) -> Option<Usage> {
    match letter {
        "R" => Some(Usage::Required),
        "S" => Some(Usage::Situational),
        _ => None,
    }
}

/// One word of a segment line: `5.2S^9<20=A,B`.
struct Item {
    elements: RangeInclusive<usize>,
    components: Option<RangeInclusive<usize>>,
    usage: Usage,
    repeats: usize,
    longest: Option<usize>,
    codes: Codes,
}

impl Item {
    fn parse(word: &'static str, line: &str) -> Result<Self, NotationError> {
        let fault = || NotationError::new(&format!("element `{word}`"), line);
        let (place, codes) = word
            .split_once('=')
            .map_or((word, None), |(a, b)| (a, Some(b)));
        let (place, longest) = match place.split_once('<') {
            Some((place, length)) => (place, Some(length.parse().map_err(|_| fault())?)),
            None => (place, None),
        };
        let (place, repeats) = match place.split_once('^') {
            Some((place, count)) => (place, count.parse().map_err(|_| fault())?),
            None => (place, 1),
        };
        let (number, usage) = place
            .split_at_checked(place.len().saturating_sub(1))
            .ok_or_else(fault)?;
        let (element, component) = match number.split_once('.') {
            Some((element, part)) => (element, Some(range(part).ok_or_else(fault)?)),
            None => (number, None),
        };
        Ok(Self {
            elements: range(element).ok_or_else(fault)?,
            components: component,
            usage: usage_of(usage).ok_or_else(fault)?,
            repeats,
            longest,
            codes: codes.map_or(Ok(Codes::Any), Codes::parse)?,
        })
    }

    fn apply_all(&self, elements: &mut [ElementDef], line: &str) -> Result<(), NotationError> {
        let fault = || NotationError::new("element beyond the segment", line);
        for element in self.elements.clone() {
            let target = nth(elements, element).ok_or_else(fault)?;
            match &self.components {
                None => self.apply(target),
                Some(_) if target.usage == Usage::NotUsed => {
                    return Err(NotationError::new("component of an unused composite", line));
                }
                Some(components) => {
                    for component in components.clone() {
                        self.apply(nth(&mut target.parts, component).ok_or_else(fault)?);
                    }
                }
            }
        }
        Ok(())
    }

    fn apply(&self, target: &mut ElementDef) {
        target.usage = self.usage;
        target.repeats = self.repeats;
        target.codes = self.codes.clone();
        if let (Some(longest), Some(data)) = (self.longest, &mut target.data) {
            data.max = longest;
        }
    }
}

/// Element `number`, counted from 1.
fn nth(elements: &mut [ElementDef], number: usize) -> Option<&mut ElementDef> {
    elements.get_mut(number.checked_sub(1)?)
}

/// `3` or `3~6`.
fn range(text: &str) -> Option<RangeInclusive<usize>> {
    let (first, last) = text.split_once('~').unwrap_or((text, text));
    Some(first.parse().ok()?..=last.parse().ok()?)
}
