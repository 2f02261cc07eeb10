//! Which events an endpoint wants.

use mt_events::catalogue::{EVENTS, EventType};

/// The topic that never leaves: who read what is told by the audit trail alone.
const AUDIT_TOPIC: &str = "audit-events";
/// Made for every transaction; FHIR subscriptions speak of records.
const COMMITTED: &str = "records.committed.v1";

/// A choice of events: names (`appointment.created.v1`), beginnings of names (`appointment.*`), or all (`*`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection(Vec<String>);

impl Selection {
    /// The choice that these patterns make; `None` when one of them names no event that is sent.
    #[must_use]
    pub fn new(patterns: Vec<String>) -> Option<Self> {
        let all_known = patterns.iter().all(|pattern| {
            EVENTS
                .iter()
                .any(|kind| leaves(kind) && matches(pattern, kind.name))
        });
        (!patterns.is_empty() && all_known).then_some(Self(patterns))
    }

    /// Whether an event is chosen.
    #[must_use]
    pub fn wants(&self, kind: &EventType) -> bool {
        leaves(kind) && self.0.iter().any(|pattern| matches(pattern, kind.name))
    }
}

/// Whether events of this kind are sent to others at all.
pub(crate) fn leaves(kind: &EventType) -> bool {
    kind.topic.name != AUDIT_TOPIC && kind.name != COMMITTED
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some("") => true,
        Some(beginning) => beginning.ends_with('.') && name.starts_with(beginning),
        None => pattern == name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wants(patterns: &[&str], name: &str) -> bool {
        let patterns = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
        let kind = EventType::named(name).unwrap();
        Selection::new(patterns).unwrap().wants(kind)
    }

    #[test]
    fn names_beginnings_and_everything_can_be_chosen() {
        assert!(wants(&["appointment.created.v1"], "appointment.created.v1"));
        assert!(wants(&["lab.*", "appointment.*"], "appointment.no_show.v1"));
        assert!(wants(&["*"], "invoice.issued.v1"));
        assert!(!wants(&["lab.*"], "appointment.created.v1"));
    }

    #[test]
    fn the_audit_trail_and_transactions_never_leave() {
        assert!(!wants(&["*"], "phi.patient.accessed.v1"));
        assert!(!wants(&["*"], "records.committed.v1"));
    }

    #[test]
    fn what_names_no_event_is_refused() {
        for bad in ["appointment.created", "phi.*", "app*", "", "nonsense.*"] {
            assert!(Selection::new(vec![bad.to_owned()]).is_none(), "{bad}");
        }
        assert!(Selection::new(Vec::new()).is_none());
    }
}
