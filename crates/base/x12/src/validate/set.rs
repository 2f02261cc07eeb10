//! One transaction set: walks its guide, checks each segment, and feeds the rules.

use super::hierarchy::Hierarchy;
use super::rules::{self, Rules};
use super::{ElementFault, Fault, Mark, SegmentFault, SetReport, Sink, elements};
use crate::guide::walk::{Event, Place, Walker};
use crate::guide::{Guide, Node};
use crate::syntax::Segment;

/// Validates the segments between ST and SE, both included.
#[derive(Debug)]
pub(super) struct SetValidator {
    pub(super) report: SetReport,
    checks: Option<Checks>,
    events: Vec<Event>,
}

/// What a guide brings with it.
#[derive(Debug)]
struct Checks {
    walker: Walker,
    hierarchy: Hierarchy,
    rules: Box<dyn Rules>,
}

impl SetValidator {
    /// Chooses the guide by ST03, or else by the version of the group.
    pub(super) fn begin(
        st: &Segment<'_>,
        group_version: &str,
        group_code: &str,
        sink: &mut Sink,
    ) -> Self {
        let version = if st.get(3).is_empty() {
            group_version
        } else {
            st.get(3)
        };
        let guide = Guide::find(version, st.get(1));
        let mark = Mark::new(1, "ST", "");
        if st.get(2).is_empty() {
            let message = "the control number is missing";
            sink.envelope(mark.element(2), Fault::Set("7"), "set-control", message);
        }
        if !st.get(3).is_empty() && st.get(3) != group_version && !group_version.is_empty() {
            let message = "the guide differs from GS08";
            sink.envelope(mark.element(3), Fault::Set("I6"), "guide-version", message);
        }
        if guide.is_some_and(|guide| guide.group != group_code) && !group_code.is_empty() {
            let message = "the transaction set does not belong into a group of this kind (GS01)";
            sink.envelope(mark.element(1), Fault::Set("6"), "functional-code", message);
        }
        Self {
            report: SetReport {
                id: st.get(1).to_owned(),
                control_number: st.get(2).to_owned(),
                version: version.to_owned(),
                guide: guide.map(|guide| guide.name),
                ..SetReport::default()
            },
            checks: guide.map(Checks::new),
            events: Vec::new(),
        }
    }

    /// Takes the next segment.
    pub(super) fn segment(&mut self, segment: &Segment<'_>, sink: &mut Sink) {
        self.report.segments += 1;
        let Some(checks) = &mut self.checks else {
            return;
        };
        if self.report.segments == 2 && self.report.id == "278" && segment.get(2) == "11" {
            checks.answer_review(&mut self.report);
        }
        checks.segment(segment, self.report.segments, &mut self.events, sink);
    }

    /// Ends the set: closes its loops and applies the rules that need the whole.
    pub(super) fn finish(mut self, sink: &mut Sink) -> SetReport {
        if let Some(mut checks) = self.checks.take() {
            checks.walker.finish(&mut self.events);
            checks.settle(self.report.segments, &mut self.events, sink);
            checks.hierarchy.finish(sink);
        }
        self.report
    }
}

impl Checks {
    fn new(guide: &'static Guide) -> Self {
        let rules = rules::for_guide(guide);
        Self {
            walker: Walker::new(guide),
            hierarchy: Hierarchy::default(),
            rules,
        }
    }

    /// BHT02 tells that a 278 is a response.
    fn answer_review(&mut self, report: &mut SetReport) {
        if let Some(guide) = Guide::review_response() {
            report.guide = Some(guide.name);
            self.walker.switch_to(guide);
            self.rules = rules::for_guide(guide);
        }
    }

    fn segment(
        &mut self,
        segment: &Segment<'_>,
        position: u64,
        events: &mut Vec<Event>,
        sink: &mut Sink,
    ) {
        let place = self.walker.place(segment, events);
        self.settle(position, events, sink);
        let mark = Mark::new(position, segment.id(), self.walker.loop_id());
        match place {
            Place::Found(def) => {
                elements::check(def, segment, mark, sink);
                if def.id == "HL" {
                    self.hierarchy
                        .level(segment, self.walker.depth(), mark, sink);
                }
                if def.id == "AAA" {
                    self.hierarchy.reject();
                }
                rules::check_everywhere(segment, mark, sink);
                self.rules.segment(segment, mark, sink);
            }
            Place::WrongCode(def, key) => {
                let at = mark.component(key.element, key.component);
                let message = "the code is not one that the guide uses here";
                sink.element(at, ElementFault::InvalidValue, "segment-code", message);
                if def.id == "HL" {
                    self.hierarchy
                        .level(segment, self.walker.depth(), mark, sink);
                }
            }
            Place::OutOfOrder => {
                let message = "the segment stands too late for its place in the guide";
                sink.segment(mark, SegmentFault::OutOfOrder, "segment-order", message);
            }
            Place::Unexpected => {
                let message = "the guide has no such segment at this place";
                sink.segment(
                    mark,
                    SegmentFault::Unexpected,
                    "segment-unexpected",
                    message,
                );
            }
            Place::Unknown => {
                let message = "the guide has no segment of this name";
                sink.segment(mark, SegmentFault::Unrecognized, "segment-unknown", message);
            }
        }
    }

    /// Reports what the walker noticed and tells the rules about loops that ended.
    fn settle(&mut self, position: u64, events: &mut Vec<Event>, sink: &mut Sink) {
        for event in events.drain(..) {
            match event {
                Event::Entered(_) => {}
                Event::Left(loop_def) => self.rules.leave(loop_def.id, sink),
                Event::Missing(around, node) => report_missing(around.id, node, position, sink),
                Event::TooMany(node) => {
                    let (fault, loop_id) = match node {
                        Node::Segment(_) => (SegmentFault::TooOften, self.walker.loop_id()),
                        Node::Loop(inner) => (SegmentFault::LoopTooOften, inner.id),
                    };
                    let name = node.trigger().map_or("", |def| def.id);
                    let message = format!("it occurs more than {} times", node.max());
                    sink.segment(
                        Mark::new(position, name, loop_id),
                        fault,
                        "maximum",
                        message,
                    );
                }
            }
        }
    }
}

fn report_missing(around: &'static str, node: &'static Node, position: u64, sink: &mut Sink) {
    let name = node.trigger().map_or("", |def| def.id);
    let codes = node
        .trigger()
        .and_then(|def| def.key_codes())
        .unwrap_or_default();
    let which = if codes.is_empty() {
        name.to_owned()
    } else {
        format!("{name}*{codes}")
    };
    let (loop_id, message) = match node {
        Node::Segment(_) => (around, format!("the required segment {which} is missing")),
        Node::Loop(inner) => (
            inner.id,
            format!("the required loop {} ({which}) is missing", inner.id),
        ),
    };
    if name != "SE" {
        let mark = Mark::new(position, name, loop_id);
        sink.segment(mark, SegmentFault::Missing, "required-segment", message);
    }
}
