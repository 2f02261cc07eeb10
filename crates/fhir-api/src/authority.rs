//! Who may write what: the grant of a session against the content before and after.

use std::sync::Arc;

use mt_access::{Decision, Interaction as Right, Reach, StateCondition};
use mt_fhir::Node;
use mt_kernel::{ErrorKind, Fault, Instant, OpCtx};
use mt_search::{NoOthers, ParamRegistry, Query};
use mt_store::{Authorizer, Interaction, ProposedChange};

use crate::session::{Session, queries};

/// Authorises the writes of one session.
pub(crate) struct SessionAuthority {
    pub(crate) session: Arc<Session>,
    pub(crate) registry: ParamRegistry,
}

impl Authorizer for SessionAuthority {
    fn authorise(&self, ctx: &OpCtx, change: &ProposedChange<'_>) -> Result<(), Fault> {
        let right = match change.interaction {
            Interaction::Create => Right::Create,
            Interaction::Update | Interaction::Patch => Right::Update,
            Interaction::Delete => Right::Delete,
            Interaction::Read | Interaction::History => Right::Read,
            Interaction::Search => Right::Search,
        };
        let reaches = match self.session.grant().decide(change.resource_type, right) {
            Decision::Denied => return Err(forbidden(change)),
            Decision::Allowed(reaches) => reaches,
        };
        if reaches
            .iter()
            .any(|reach| self.covers(reach, ctx.now, change))
        {
            return Ok(());
        }
        // A record outside of the caller's reach must not be told from one that does not exist.
        let hidden = change.old.is_some_and(|old| {
            !reaches
                .iter()
                .any(|reach| self.is_within(reach, ctx.now, change, old))
        });
        if hidden {
            return Err(Fault::new(ErrorKind::NotFound, "there is no such resource"));
        }
        Err(forbidden(change))
    }
}

impl SessionAuthority {
    fn covers(&self, reach: &Reach, now: Instant, change: &ProposedChange<'_>) -> bool {
        let within = [change.old, change.new]
            .into_iter()
            .flatten()
            .all(|content| {
                // Nothing may be moved out of reach either, so before and after both count.
                self.is_within(reach, now, change, content)
            });
        within && reach.state.is_none_or(|state| keeps_to(state, now, change))
    }

    fn is_within(
        &self,
        reach: &Reach,
        now: Instant,
        change: &ProposedChange<'_>,
        content: Node<'_>,
    ) -> bool {
        if reach.compartments.is_empty() && reach.criteria.is_empty() {
            return true;
        }
        let alternatives: Vec<Query> = queries(reach, change.resource_type, &self.registry, now);
        // What cannot be decided is not within reach.
        alternatives.iter().any(|query| {
            mt_search::matches(&self.registry, query, &NoOthers, content).unwrap_or(false)
        })
    }
}

fn keeps_to(state: StateCondition, now: Instant, change: &ProposedChange<'_>) -> bool {
    match state {
        StateCondition::WithinHours(hours) => {
            let last_updated = change
                .old
                .and_then(|old| old.get("meta")?.str("lastUpdated"));
            let last_updated = last_updated.and_then(|text| text.parse::<jiff::Timestamp>().ok());
            last_updated
                .is_some_and(|at| now.0 - at.as_microsecond() <= i64::from(hours) * 3_600_000_000)
        }
        StateCondition::StatusIn(states) => has_status(change.old, states),
        StateCondition::NewStatusIn(states) => {
            has_status(change.new, states)
                && change.old.is_none_or(|_| has_status(change.old, states))
        }
        StateCondition::OnlyFields(fields) => match (change.old, change.new) {
            (Some(old), Some(new)) => changes_only(old, new, fields),
            _ => false,
        },
    }
}

fn has_status(content: Option<Node<'_>>, states: &[&str]) -> bool {
    content
        .and_then(|node| node.str("status"))
        .is_some_and(|status| states.contains(&status))
}

/// Whether `new` differs from `old` in these top-level fields alone. Metadata and narrative
/// follow from the rest.
fn changes_only(old: Node<'_>, new: Node<'_>, fields: &[&str]) -> bool {
    let counts = |key: &str| {
        let bare = key.strip_prefix('_').unwrap_or(key);
        !matches!(bare, "meta" | "text") && !fields.contains(&bare)
    };
    let same_in = |one: Node<'_>, other: Node<'_>| {
        one.children()
            .filter(|field| field.key().is_some_and(counts))
            .all(|field| {
                let twin = field.key().and_then(|key| other.get(key));
                twin.is_some_and(|twin| twin.same_as(field))
            })
    };
    same_in(old, new) && same_in(new, old)
}

fn forbidden(change: &ProposedChange<'_>) -> Fault {
    let (what, name) = (change.interaction.code(), change.resource_type.name());
    Fault::new(
        ErrorKind::Forbidden,
        format!("you may not {what} this {name}"),
    )
}

#[cfg(test)]
mod tests {
    use mt_fhir::Doc;
    use mt_fhir::json::Limits;

    use super::*;

    fn differs_only(old: &str, new: &str) -> bool {
        let parse = |text: &str| Doc::parse(text, &Limits::default()).unwrap();
        let (old, new) = (parse(old), parse(new));
        changes_only(old.root(), new.root(), &["telecom"])
    }

    #[test]
    fn a_change_of_other_fields_is_noticed_in_both_directions() {
        let old = r#"{"id":"1","name":[{"family":"A"}],"telecom":[]}"#;
        assert!(differs_only(
            old,
            r#"{"id":"1","name":[{"family":"A"}],"meta":{}}"#
        ));
        assert!(!differs_only(old, r#"{"id":"1","name":[{"family":"B"}]}"#));
        assert!(!differs_only(old, r#"{"id":"1","telecom":[]}"#));
        assert!(!differs_only(
            old,
            r#"{"id":"1","name":[{"family":"A"}],"_birthDate":{}}"#
        ));
    }
}
