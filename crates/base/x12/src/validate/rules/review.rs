//! Rules of services review (278).

use super::{Rules, dependent_missing};
use crate::syntax::Segment;
use crate::validate::{ElementFault, Mark, Sink};

/// The open patient and event.
#[derive(Debug)]
pub(super) struct ReviewRules {
    response: bool,
    patient: Option<Mark>,
    /// The response rejects the request at or above the patient.
    rejected: bool,
    events: u32,
    event: Option<Event>,
}

#[derive(Debug)]
struct Event {
    mark: Mark,
    answered: bool,
}

impl ReviewRules {
    pub(super) fn request() -> Self {
        Self {
            response: false,
            patient: None,
            rejected: false,
            events: 0,
            event: None,
        }
    }

    pub(super) fn response() -> Self {
        Self {
            response: true,
            ..Self::request()
        }
    }
}

impl Rules for ReviewRules {
    fn segment(&mut self, segment: &Segment<'_>, mark: Mark, sink: &mut Sink) {
        match (mark.loop_id, segment.id()) {
            ("2000C", "HL") => {
                self.patient = Some(mark);
                self.events = 0;
            }
            ("2000E", "HL") => {
                self.events += 1;
                self.event = Some(Event {
                    mark,
                    answered: false,
                });
            }
            (_, "HCR") => {
                check_decision(segment, mark, sink);
                self.answer();
            }
            (_, "AAA") => {
                self.rejected |= self.event.is_none();
                self.answer();
            }
            _ => {}
        }
    }

    fn leave(&mut self, loop_id: &'static str, sink: &mut Sink) {
        match loop_id {
            "2000E" => {
                let unanswered = self
                    .event
                    .take()
                    .filter(|event| self.response && !event.answered);
                if let Some(event) = unanswered.filter(|_| !self.rejected) {
                    let why = "the response neither decides (HCR) nor rejects (AAA) the event";
                    dependent_missing(event.mark, "HCR", "review-decision", why, sink);
                }
            }
            "2000C" if self.events == 0 && !self.rejected => {
                if let Some(mark) = self.patient {
                    let at = Mark::new(mark.position, "HL", "2000E");
                    let why = "no patient event (HL*EV) follows the patient";
                    dependent_missing(at, "HL", "patient-event", why, sink);
                }
            }
            _ => {}
        }
    }
}

impl ReviewRules {
    fn answer(&mut self) {
        if let Some(event) = &mut self.event {
            event.answered = true;
        }
    }
}

/// A certification has a number.
fn check_decision(hcr: &Segment<'_>, mark: Mark, sink: &mut Sink) {
    if matches!(hcr.get(1), "A1" | "A2" | "A6") && hcr.get(2).is_empty() {
        let message = "a certification needs its number";
        sink.element(
            mark.element(2),
            ElementFault::ConditionalMissing,
            "review-number",
            message,
        );
    }
}
