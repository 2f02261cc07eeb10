//! The hierarchy of HL segments: numbering, parents, and whether children are where they are said.
//!
//! All guides number HL segments from 1 without gaps and nest them depth first, so the parent of a
//! level is always the level that encloses it. Only the open levels are kept.

use super::{ElementFault, Mark, Sink};
use crate::syntax::Segment;

/// The open levels.
#[derive(Debug, Default)]
pub(super) struct Hierarchy {
    last: u64,
    open: Vec<Level>,
}

#[derive(Debug)]
struct Level {
    depth: usize,
    number: u64,
    mark: Mark,
    /// HL04 as sent.
    announced: Option<bool>,
    children: bool,
    /// A rejection stands in place of the children.
    rejected: bool,
}

impl Hierarchy {
    /// Takes an HL segment that opened a loop at `depth`.
    pub(super) fn level(&mut self, hl: &Segment<'_>, depth: usize, mark: Mark, sink: &mut Sink) {
        self.close_to(depth, sink);
        let number = hl.get(1).parse().unwrap_or(0);
        if number != self.last.saturating_add(1) {
            let message = "the level is not numbered one higher than the level before it";
            sink.element(
                mark.element(1),
                ElementFault::InvalidValue,
                "hl-number",
                message,
            );
        }
        self.last = if number == 0 {
            self.last.saturating_add(1)
        } else {
            number
        };
        if let Some(parent) = self.open.last_mut() {
            parent.children = true;
            if hl.get(2).parse() != Ok(parent.number) {
                let message = "the parent is not the level that encloses this one";
                sink.element(
                    mark.element(2),
                    ElementFault::InvalidValue,
                    "hl-parent",
                    message,
                );
            }
        }
        let announced = match hl.get(4) {
            "0" => Some(false),
            "1" => Some(true),
            _ => None,
        };
        self.open.push(Level {
            depth,
            number: self.last,
            mark,
            announced,
            children: false,
            rejected: false,
        });
    }

    /// Takes a rejection (AAA) of the innermost level.
    pub(super) fn reject(&mut self) {
        if let Some(level) = self.open.last_mut() {
            level.rejected = true;
        }
    }

    /// Ends the transaction set.
    pub(super) fn finish(&mut self, sink: &mut Sink) {
        self.close_to(0, sink);
    }

    fn close_to(&mut self, depth: usize, sink: &mut Sink) {
        while let Some(level) = self.open.pop_if(|level| level.depth >= depth) {
            let message = match (level.announced, level.children) {
                (Some(true), false) if !level.rejected => {
                    "child levels are announced and none follows"
                }
                (Some(false), true) => "no child levels are announced and one follows",
                _ => continue,
            };
            sink.element(
                level.mark.element(4),
                ElementFault::InvalidValue,
                "hl-children",
                message,
            );
        }
    }
}
