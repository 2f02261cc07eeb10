//! Walks a guide along the segments of a transaction set and says which loop each one stands in.
//!
//! One frame per open loop; a segment is looked for from where the innermost loop stands onwards,
//! then in the loops around it. Memory is bounded by the depth of the guide, whatever the size of
//! the transaction set.

use super::{Codes, Guide, Key, LoopDef, Node, SegmentDef, Tag, Usage};
use crate::syntax::Segment;

/// The position within one guide.
#[derive(Debug)]
pub(crate) struct Walker {
    guide: &'static Guide,
    /// Frames `..depth` are open; the rest are kept to reuse their memory.
    frames: Vec<Frame>,
    depth: usize,
}

#[derive(Debug)]
struct Frame {
    loop_def: &'static LoopDef,
    cursor: usize,
    counts: Vec<u32>,
}

/// What placing a segment did to the open loops, in order.
#[derive(Debug)]
pub(crate) enum Event {
    /// A loop ended without a node that the guide requires.
    Missing(&'static LoopDef, &'static Node),
    /// A loop ended.
    Left(&'static LoopDef),
    /// A loop began with the segment being placed.
    Entered(&'static LoopDef),
    /// The node occurs more often than the guide allows.
    TooMany(&'static Node),
}

/// Where a segment belongs.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place {
    /// At this definition.
    Found(&'static SegmentDef),
    /// At this definition, but its distinguishing code is not one that the guide knows.
    WrongCode(&'static SegmentDef, Key),
    /// The guide has it earlier in an open loop.
    OutOfOrder,
    /// The guide has it, but not here.
    Unexpected,
    /// The guide does not have it at all.
    Unknown,
}

impl Walker {
    /// Stands before the first segment of `guide`.
    pub(crate) fn new(guide: &'static Guide) -> Self {
        let mut walker = Self {
            guide,
            frames: Vec::new(),
            depth: 0,
        };
        walker.open(&guide.root);
        walker
    }

    /// Changes to a guide that begins with the same segment; only that segment may have been placed.
    pub(crate) fn switch_to(&mut self, guide: &'static Guide) {
        self.guide = guide;
        self.depth = 0;
        self.open(&guide.root);
        if let Some(count) = self
            .frames
            .first_mut()
            .and_then(|frame| frame.counts.first_mut())
        {
            *count = 1;
        }
    }

    /// How many loops are open, the transaction set itself included.
    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    /// The identifier of the innermost open loop.
    pub(crate) fn loop_id(&self) -> &'static str {
        self.frame(self.depth - 1)
            .map_or("", |frame| frame.loop_def.id)
    }

    /// Places one segment; what happened to the loops is appended to `events`.
    pub(crate) fn place(&mut self, segment: &Segment<'_>, events: &mut Vec<Event>) -> Place {
        let name = segment.id();
        let tag = Tag::of(name);
        let fits = |node: &Node| {
            node.trigger()
                .is_some_and(|def| matches(def, name, segment))
        };
        let found = self
            .search(tag, |node, count| count < node.max() && fits(node))
            .or_else(|| self.search(tag, |node, _| fits(node)));
        match found {
            Some((depth, index)) => match self.advance(depth, index, events) {
                Some(def) => Place::Found(def),
                None => Place::Unexpected,
            },
            None => self.misfit(name, segment, events),
        }
    }

    /// Closes every open loop at the end of the transaction set.
    pub(crate) fn finish(&mut self, events: &mut Vec<Event>) {
        self.close_to(0, events);
    }

    /// The innermost node that begins with a segment of this tag and for which `fits` holds, from
    /// each frame's position onwards.
    fn search(&self, tag: Tag, fits: impl Fn(&Node, u32) -> bool) -> Option<(usize, usize)> {
        (0..self.depth).rev().find_map(|depth| {
            let frame = self.frame(depth)?;
            let LoopDef { nodes, tags, .. } = frame.loop_def;
            (frame.run_start()..nodes.len())
                .find(|&index| tags[index] == tag && fits(&nodes[index], frame.counts[index]))
                .map(|index| (depth, index))
        })
    }

    /// Moves to a node, closing the loops inside and opening its own.
    fn advance(
        &mut self,
        depth: usize,
        index: usize,
        events: &mut Vec<Event>,
    ) -> Option<&'static SegmentDef> {
        self.close_to(depth + 1, events);
        let frame = self.frames.get_mut(depth)?;
        let node = frame.loop_def.nodes.get(index)?;
        frame.cursor = index;
        frame.counts[index] = frame.counts[index].saturating_add(1);
        if frame.counts[index] > node.max() {
            events.push(Event::TooMany(node));
        }
        match node {
            Node::Segment(def) => Some(def),
            Node::Loop(inner) => {
                events.push(Event::Entered(inner));
                self.open(inner);
                let frame = self.frames.get_mut(self.depth - 1)?;
                frame.counts[0] = 1;
                inner.trigger()
            }
        }
    }

    /// Why no node fits. A wrong code where a required segment is due, or on a segment that only
    /// one loop begins with, is taken for that segment, so that one wrong code does not make
    /// everything after it look misplaced.
    fn misfit(&mut self, name: &str, segment: &Segment<'_>, events: &mut Vec<Event>) -> Place {
        if !self.guide.knows(name) {
            return Place::Unknown;
        }
        let next_here = |node: &Node, count: u32| {
            matches!(node, Node::Segment(def) if def.id == name && def.usage == Usage::Required)
                && count == 0
        };
        let due_here = self
            .search(Tag::of(name), next_here)
            .is_some_and(|(depth, _)| depth + 1 == self.depth);
        if !due_here && known_elsewhere(&self.guide.root, name, segment) {
            let earlier = (0..self.depth)
                .filter_map(|depth| self.frame(depth))
                .any(|frame| {
                    let before = &frame.loop_def.nodes[..frame.run_start()];
                    before
                        .iter()
                        .filter_map(Node::trigger)
                        .any(|def| matches(def, name, segment))
                });
            return if earlier {
                Place::OutOfOrder
            } else {
                Place::Unexpected
            };
        }
        let named = |node: &Node| node.trigger().is_some_and(|def| def.id == name);
        let due = self.search(Tag::of(name), |node, count| {
            named(node) && node.usage() == Usage::Required && (count == 0 || name == "HL")
        });
        let Some((depth, index)) =
            due.or_else(|| self.search(Tag::of(name), |node, _| named(node)))
        else {
            return Place::Unexpected;
        };
        let node = self
            .frame(depth)
            .and_then(|frame| frame.loop_def.nodes.get(index));
        let Some((def, key)) = node
            .and_then(Node::trigger)
            .and_then(|def| Some((def, def.key?)))
        else {
            return Place::Unexpected;
        };
        let alone = self.frame(depth).is_some_and(|frame| {
            frame
                .loop_def
                .nodes
                .iter()
                .filter(|node| named(node))
                .count()
                == 1
        });
        if due.is_some() || name == "HL" || alone && matches!(node, Some(Node::Loop(_))) {
            self.advance(depth, index, events);
        }
        Place::WrongCode(def, key)
    }

    fn frame(&self, depth: usize) -> Option<&Frame> {
        self.frames.get(depth)
    }

    fn open(&mut self, loop_def: &'static LoopDef) {
        let nodes = loop_def.nodes.len();
        match self.frames.get_mut(self.depth) {
            Some(frame) => {
                frame.loop_def = loop_def;
                frame.cursor = 0;
                frame.counts.clear();
                frame.counts.resize(nodes, 0);
            }
            None => self.frames.push(Frame {
                loop_def,
                cursor: 0,
                counts: vec![0; nodes],
            }),
        }
        self.depth += 1;
    }

    fn close_to(&mut self, depth: usize, events: &mut Vec<Event>) {
        while self.depth > depth {
            self.depth -= 1;
            let Some(frame) = self.frames.get(self.depth) else {
                return;
            };
            for (node, &count) in frame.loop_def.nodes.iter().zip(&frame.counts) {
                if count == 0 && node.usage() == Usage::Required {
                    events.push(Event::Missing(frame.loop_def, node));
                }
            }
            events.push(Event::Left(frame.loop_def));
        }
    }
}

impl Frame {
    /// Neighbours that begin with the same segment may come in any order, as in the base standard:
    /// the first of the run in which the cursor stands.
    fn run_start(&self) -> usize {
        let tags = &self.loop_def.tags;
        let mut start = self.cursor;
        while start > 0 && tags[start - 1] == tags[self.cursor] {
            start -= 1;
        }
        start
    }
}

/// Whether `segment` is an instance of `def`: its name, and its distinguishing code if it has one.
fn matches(def: &SegmentDef, name: &str, segment: &Segment<'_>) -> bool {
    if def.id != name {
        return false;
    }
    let Some(key) = def.key else { return true };
    let Some(element) = def.elements.get(key.element - 1) else {
        return true;
    };
    let value = key.value(segment);
    let optional = element.usage == Usage::Situational;
    optional && value.is_empty() || key.codes(def).is_some_and(|codes| codes.allow(value))
}

/// Whether the segment's code is one that the guide uses anywhere for that segment.
fn known_elsewhere(inside: &LoopDef, name: &str, segment: &Segment<'_>) -> bool {
    inside.nodes.iter().any(|node| match node {
        Node::Segment(def) => matches(def, name, segment),
        Node::Loop(inner) => known_elsewhere(inner, name, segment),
    })
}

impl SegmentDef {
    /// The codes that tell this segment from its namesakes, e.g. `0B,1G`, when they are few.
    pub(crate) fn key_codes(&self) -> Option<String> {
        match self.key?.codes(self)? {
            Codes::List(codes) if codes.len() <= 4 => Some(codes.join(",")),
            _ => None,
        }
    }
}

impl Key {
    /// The code in a segment.
    pub(crate) fn value<'a>(&self, segment: &Segment<'a>) -> &'a str {
        match self.component {
            0 => segment.get(self.element),
            component => segment.component(self.element, component),
        }
    }

    fn codes<'a>(&self, def: &'a SegmentDef) -> Option<&'a Codes> {
        let element = def.elements.get(self.element - 1)?;
        match self.component {
            0 => Some(&element.codes),
            component => element.parts.get(component - 1).map(|part| &part.codes),
        }
    }
}
