//! A transaction set as the loops of its guide: what the typed readers read from.

use crate::guide::Guide;
use crate::guide::walk::{Event, Walker};
use crate::syntax::{Segment, TransactionSet};

/// One loop: its own segments, and the loops inside it, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loop<'a> {
    /// The identifier, e.g. `2010BA`; `set` for the transaction set itself.
    pub id: &'static str,
    /// Its segments, without those of inner loops.
    pub segments: Vec<Segment<'a>>,
    /// The loops inside it.
    pub loops: Vec<Loop<'a>>,
}

impl<'a> Loop<'a> {
    /// Arranges a transaction set by its guide. Tolerant: a segment that has no place is kept in
    /// the innermost open loop. `None` when there is no guide for the set.
    pub fn of(set: &TransactionSet<'a>) -> Option<Self> {
        let mut guide = Guide::find(set.guide, set.id())?;
        if guide.set == "278" && set.first("BHT").is_some_and(|bht| bht.get(2) == "11") {
            guide = Guide::review_response()?;
        }
        let mut walker = Walker::new(guide);
        let mut open = vec![Self::empty("set")];
        let mut events = Vec::new();
        for segment in &set.segments {
            walker.place(segment, &mut events);
            for event in events.drain(..) {
                match event {
                    Event::Left(_) => close(&mut open),
                    Event::Entered(loop_def) => open.push(Self::empty(loop_def.id)),
                    Event::Missing(..) | Event::TooMany(_) => {}
                }
            }
            if let Some(innermost) = open.last_mut() {
                innermost.segments.push(*segment);
            }
        }
        while open.len() > 1 {
            close(&mut open);
        }
        open.pop()
    }

    /// The loops called `id` directly inside this one.
    pub fn all(&self, id: &str) -> impl Iterator<Item = &Loop<'a>> {
        self.loops.iter().filter(move |inner| inner.id == id)
    }

    /// The first loop called `id` directly inside this one.
    pub fn inner(&self, id: &str) -> Option<&Loop<'a>> {
        self.all(id).next()
    }

    /// The segments of this loop called `id`.
    pub fn each(&self, id: &str) -> impl Iterator<Item = &Segment<'a>> {
        self.segments
            .iter()
            .filter(move |segment| segment.id() == id)
    }

    /// The first segment of this loop called `id`.
    pub fn segment(&self, id: &str) -> Option<&Segment<'a>> {
        self.each(id).next()
    }

    /// Element `element` of the first segment called `id`; empty when absent.
    pub fn get(&self, id: &str, element: usize) -> &'a str {
        self.segment(id)
            .map(|segment| segment.get(element))
            .unwrap_or_default()
    }

    /// Element `element` of the segment called `id` whose first element is `code`.
    pub fn coded(&self, id: &str, code: &str, element: usize) -> &'a str {
        self.each(id)
            .find(|segment| segment.get(1) == code)
            .map(|segment| segment.get(element))
            .unwrap_or_default()
    }

    fn empty(id: &'static str) -> Self {
        Self {
            id,
            segments: Vec::new(),
            loops: Vec::new(),
        }
    }
}

fn close(open: &mut Vec<Loop<'_>>) {
    if open.len() < 2 {
        return;
    }
    if let (Some(done), Some(outer)) = (open.pop(), open.last_mut()) {
        outer.loops.push(done);
    }
}
