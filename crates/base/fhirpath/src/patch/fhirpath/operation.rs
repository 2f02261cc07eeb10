//! Reading an operation from its parameter.

use mt_fhir::json::Node;

use crate::patch::{Outcome, PatchErrorKind};

/// One operation; `value` is the part that holds the new content.
pub(super) enum Operation<'p> {
    Add {
        path: &'p str,
        name: &'p str,
        value: Node<'p>,
    },
    Insert {
        path: &'p str,
        index: i64,
        value: Node<'p>,
    },
    Delete {
        path: &'p str,
    },
    Replace {
        path: &'p str,
        value: Node<'p>,
    },
    Move {
        path: &'p str,
        source: i64,
        destination: i64,
    },
}

impl<'p> Operation<'p> {
    pub(super) fn read(parameter: Node<'p>) -> Outcome<Self> {
        if parameter.str("name") != Some("operation") {
            return Err(PatchErrorKind::NotAPatch("a list of operation parameters"));
        }
        let part = |name: &'static str| {
            let mut parts = parameter.get("part").into_iter().flat_map(Node::children);
            parts
                .find(|part| part.str("name") == Some(name))
                .ok_or(PatchErrorKind::InvalidMember(name))
        };
        let text = |name: &'static str| {
            let value = value_of(part(name)?).and_then(|(value, _)| value.as_str());
            value.ok_or(PatchErrorKind::InvalidMember(name))
        };
        let integer = |name: &'static str| {
            let value = value_of(part(name)?).and_then(|(value, _)| value.number_text());
            value
                .and_then(|text| text.parse().ok())
                .ok_or(PatchErrorKind::InvalidMember(name))
        };
        let path = text("path")?;
        Ok(match text("type")? {
            "add" => Self::Add {
                path,
                name: text("name")?,
                value: part("value")?,
            },
            "insert" => Self::Insert {
                path,
                index: integer("index")?,
                value: part("value")?,
            },
            "delete" => Self::Delete { path },
            "replace" => Self::Replace {
                path,
                value: part("value")?,
            },
            "move" => Self::Move {
                path,
                source: integer("source")?,
                destination: integer("destination")?,
            },
            other => return Err(PatchErrorKind::UnknownOperation(other.into())),
        })
    }
}

/// The `value[x]` of a part and the type in its name: `valueCode` gives the value and `Code`.
pub(super) fn value_of<'p>(part: Node<'p>) -> Option<(Node<'p>, &'p str)> {
    part.children().find_map(|field| {
        let suffix = field.key()?.strip_prefix("value")?;
        (!suffix.is_empty()).then_some((field, suffix))
    })
}
