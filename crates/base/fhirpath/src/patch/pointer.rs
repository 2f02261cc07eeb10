//! JSON Pointer (RFC 6901).

use std::borrow::Cow;

use mt_fhir::json::{Node, NodeId};

use super::{Outcome, PatchErrorKind};

/// A parsed pointer: the reference tokens, unescaped.
pub(super) struct Pointer<'p> {
    text: &'p str,
    tokens: Vec<Cow<'p, str>>,
}

impl<'p> Pointer<'p> {
    pub(super) fn parse(text: &'p str) -> Outcome<Self> {
        let invalid = || PatchErrorKind::InvalidPath(text.into());
        if text.is_empty() {
            return Ok(Self {
                text,
                tokens: Vec::new(),
            });
        }
        let tokens = text.strip_prefix('/').ok_or_else(invalid)?;
        let tokens = tokens
            .split('/')
            .map(|token| unescape(token).ok_or_else(invalid));
        Ok(Self {
            text,
            tokens: tokens.collect::<Outcome<_>>()?,
        })
    }

    /// The pointer to the container, and the last token; `None` for the whole document.
    pub(super) fn split_last(&self) -> Option<(&[Cow<'p, str>], &str)> {
        let (last, parents) = self.tokens.split_last()?;
        Some((parents, last))
    }

    /// How many levels below the root the value stands.
    pub(super) fn depth(&self) -> usize {
        self.tokens.len()
    }

    /// Whether `other` points into what this pointer points to.
    pub(super) fn is_proper_prefix_of(&self, other: &Self) -> bool {
        self.tokens.len() < other.tokens.len() && other.tokens.starts_with(&self.tokens)
    }

    /// The value that the pointer points to.
    pub(super) fn find<'a>(&self, root: Node<'a>) -> Outcome<Node<'a>> {
        self.descend(root, &self.tokens)
    }

    /// The container of the value: the target of `tokens`.
    pub(super) fn container(&self, root: Node<'_>, tokens: &[Cow<'p, str>]) -> Outcome<NodeId> {
        self.descend(root, tokens).map(Node::id)
    }

    fn descend<'a>(&self, root: Node<'a>, tokens: &[Cow<'p, str>]) -> Outcome<Node<'a>> {
        let mut node = root;
        for token in tokens {
            let child = match index(token) {
                Some(index) if node.is_array() => node.item(index),
                _ => node.get(token),
            };
            node = child.ok_or_else(|| self.not_found())?;
        }
        Ok(node)
    }

    pub(super) fn not_found(&self) -> PatchErrorKind {
        PatchErrorKind::NotFound(self.text.into())
    }

    pub(super) fn test_failed(&self) -> PatchErrorKind {
        PatchErrorKind::TestFailed(self.text.into())
    }
}

/// An array index: digits without leading zero.
pub(super) fn index(token: &str) -> Option<usize> {
    let is_canonical =
        token.bytes().all(|b| b.is_ascii_digit()) && (token == "0" || !token.starts_with('0'));
    is_canonical.then(|| token.parse().ok()).flatten()
}

/// `~1` is a slash, `~0` a tilde, any other tilde an error.
fn unescape(token: &str) -> Option<Cow<'_, str>> {
    if !token.contains('~') {
        return Some(Cow::Borrowed(token));
    }
    let mut text = String::with_capacity(token.len());
    let mut characters = token.chars();
    while let Some(character) = characters.next() {
        text.push(match character {
            '~' => match characters.next()? {
                '0' => '~',
                '1' => '/',
                _ => return None,
            },
            other => other,
        });
    }
    Some(Cow::Owned(text))
}
