//! Collects issues with their place, within a bound.

use super::{ElementFault, Fault, Issue, Location, SegmentFault, Severity};

/// A place inside the current transaction set, cheap to keep until a loop ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    pub(crate) position: u64,
    name: SegmentName,
    pub(crate) loop_id: &'static str,
    element: usize,
    component: usize,
    data_element: &'static str,
}

/// A segment identifier of at most three characters, without allocation.
#[derive(Clone, Copy, Debug)]
struct SegmentName([u8; 3]);

/// The control numbers of the open envelopes.
#[derive(Clone, Debug, Default)]
pub(crate) struct ControlNumbers {
    pub(crate) interchange: String,
    pub(crate) group: String,
    pub(crate) set: String,
}

/// Where rules put what they find.
#[derive(Debug, Default)]
pub(crate) struct Sink {
    pub(crate) numbers: ControlNumbers,
    pub(crate) issues: Vec<Issue>,
    pub(crate) limit: usize,
    /// Rules whose issues only warn.
    pub(crate) relaxed: &'static [&'static str],
    pub(crate) dropped: u64,
    /// Errors found, kept or not.
    pub(crate) errors: u64,
}

impl Mark {
    pub(crate) fn new(position: u64, segment: &str, loop_id: &'static str) -> Self {
        let (element, component, data_element) = (0, 0, "");
        Self {
            position,
            name: SegmentName::new(segment),
            loop_id,
            element,
            component,
            data_element,
        }
    }

    /// The same segment, at an element.
    pub(crate) fn element(self, element: usize) -> Self {
        Self { element, ..self }
    }

    /// The same segment, at a component of an element.
    pub(crate) fn component(self, element: usize, component: usize) -> Self {
        Self {
            element,
            component,
            ..self
        }
    }

    /// The same place, with the number of the data element.
    pub(crate) fn data(self, data_element: &'static str) -> Self {
        Self {
            data_element,
            ..self
        }
    }
}

impl SegmentName {
    fn new(text: &str) -> Self {
        let mut name = [b' '; 3];
        for (to, from) in name.iter_mut().zip(text.bytes()) {
            *to = if from.is_ascii_graphic() { from } else { b'?' };
        }
        Self(name)
    }

    fn text(self) -> String {
        String::from_utf8_lossy(&self.0).trim_end().to_owned()
    }
}

impl Sink {
    /// An error in a segment as a whole.
    pub(crate) fn segment(
        &mut self,
        mark: Mark,
        fault: SegmentFault,
        rule: &'static str,
        message: impl Into<String>,
    ) {
        self.report(
            Severity::Error,
            mark,
            Fault::Segment(fault),
            rule,
            message.into(),
        );
    }

    /// An error in an element.
    pub(crate) fn element(
        &mut self,
        mark: Mark,
        fault: ElementFault,
        rule: &'static str,
        message: impl Into<String>,
    ) {
        self.report(
            Severity::Error,
            mark,
            Fault::Element(fault),
            rule,
            message.into(),
        );
    }

    /// A warning about an element.
    pub(crate) fn warn(&mut self, mark: Mark, rule: &'static str, message: impl Into<String>) {
        let fault = Fault::Element(ElementFault::Pattern);
        self.report(Severity::Warning, mark, fault, rule, message.into());
    }

    /// An error in an envelope.
    pub(crate) fn envelope(
        &mut self,
        mark: Mark,
        fault: Fault,
        rule: &'static str,
        message: impl Into<String>,
    ) {
        self.report(Severity::Error, mark, fault, rule, message.into());
    }

    fn report(
        &mut self,
        severity: Severity,
        mark: Mark,
        fault: Fault,
        rule: &'static str,
        message: String,
    ) {
        let severity = if self.relaxed.contains(&rule) {
            Severity::Warning
        } else {
            severity
        };
        self.errors += u64::from(severity == Severity::Error);
        if self.issues.len() >= self.limit {
            self.dropped += 1;
            return;
        }
        let ControlNumbers {
            interchange,
            group,
            set,
        } = self.numbers.clone();
        let location = Location {
            interchange,
            group,
            set,
            position: mark.position,
            segment: mark.name.text(),
            loop_id: mark.loop_id,
            element: mark.element,
            component: mark.component,
            data_element: mark.data_element,
        };
        self.issues.push(Issue {
            severity,
            location,
            fault,
            rule,
            message,
        });
    }
}
