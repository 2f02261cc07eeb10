//! Who may do what with which record: the grant of a session against the content before and after.
//!
//! A type that is closed to a caller is refused with 403 whatever exists; within an open type,
//! what is out of reach is refused as if it did not exist.

use std::sync::Arc;

use mt_access::{AMENDED, AUTHORSHIP, Condition, Decision, Interaction as Right, Reach, SIGNED};
use mt_fhir::{Node, ResourceType};
use mt_kernel::{ErrorKind, Fault, Instant, OpCtx};
use mt_search::{NoOthers, ParamRegistry, Query};
use mt_store::{Authorizer, Disclosure, Interaction, ProposedChange};

use crate::session::{Session, queries};

/// Authorises the writes of one session.
pub(crate) struct SessionAuthority {
    pub(crate) session: Arc<Session>,
    pub(crate) registry: ParamRegistry,
}

impl Authorizer for SessionAuthority {
    fn disclosure(&self, interaction: Interaction, kind: ResourceType) -> Disclosure {
        match self.session.grant().decide(kind, right(interaction)) {
            Decision::Denied => Disclosure::Nothing(forbidden(interaction, kind)),
            Decision::Allowed(reaches) if reaches.iter().any(is_everywhere) => {
                Disclosure::Everything
            }
            Decision::Allowed(_) => Disclosure::WithinReach,
        }
    }

    fn reaches(
        &self,
        ctx: &OpCtx,
        interaction: Interaction,
        kind: ResourceType,
        current: Node<'_>,
    ) -> bool {
        match self.session.grant().decide(kind, right(interaction)) {
            Decision::Denied => false,
            Decision::Allowed(reaches) => reaches
                .iter()
                .any(|reach| self.is_within(reach, ctx.now, kind, current)),
        }
    }

    fn authorise(
        &self,
        ctx: &OpCtx,
        change: &ProposedChange<'_>,
    ) -> std::result::Result<(), Fault> {
        let refusal = || forbidden(change.interaction, change.resource_type);
        let right = right(change.interaction);
        match self.session.grant().decide(change.resource_type, right) {
            Decision::Denied => Err(refusal()),
            Decision::Allowed(reaches) => {
                let covered = reaches.iter().any(|reach| self.covers(reach, ctx, change));
                covered.then_some(()).ok_or_else(refusal)
            }
        }
    }
}

impl SessionAuthority {
    /// Whether a change stays within a reach. Nothing may be moved out of reach either, so what is
    /// before and what is after both count.
    fn covers(&self, reach: &Reach, ctx: &OpCtx, change: &ProposedChange<'_>) -> bool {
        let kind = change.resource_type;
        let mut contents = [change.old, change.new].into_iter().flatten();
        contents.all(|content| self.is_within(reach, ctx.now, kind, content))
            && change
                .new
                .is_none_or(|new| stays_with(reach, change.old, new))
            && reach
                .conditions
                .iter()
                .all(|condition| self.keeps_to(*condition, ctx, change))
    }

    fn is_within(
        &self,
        reach: &Reach,
        now: Instant,
        kind: ResourceType,
        content: Node<'_>,
    ) -> bool {
        if is_everywhere(reach) {
            return true;
        }
        let alternatives: Vec<Query> = queries(reach, kind, &self.registry, now);
        // What cannot be decided is not within reach.
        alternatives.iter().any(|query| {
            mt_search::matches(&self.registry, query, &NoOthers, content).unwrap_or(false)
        })
    }

    fn keeps_to(&self, condition: Condition, ctx: &OpCtx, change: &ProposedChange<'_>) -> bool {
        let (old, new) = (change.old, change.new);
        match condition {
            Condition::WithinHours(hours) => old.is_some_and(|old| is_recent(old, hours, ctx.now)),
            Condition::While(states) => old.is_none_or(|old| status_is(old, states)),
            Condition::As(states) => new.is_some_and(|new| status_is(new, states)),
            Condition::OnlyFields(fields) => old
                .zip(new)
                .is_some_and(|(old, new)| changes_only(old, new, fields)),
            Condition::Unsigned => old.is_none_or(|old| !status_is(old, SIGNED)),
            Condition::Amending => old
                .zip(new)
                .is_some_and(|(old, new)| status_is(old, SIGNED) && status_is(new, AMENDED)),
            Condition::OwnWork => old.is_some_and(|old| {
                AUTHORSHIP
                    .iter()
                    .flat_map(|field| references(old, field))
                    .any(|reference| self.is_actor(ctx, reference))
            }),
            Condition::InOwnName(fields) => new.is_none_or(|new| {
                fields
                    .iter()
                    .all(|field| self.is_in_own_name(ctx, field, old, new))
            }),
        }
    }

    /// Whether a field that names who did something is unchanged, or names the actor alone.
    fn is_in_own_name(
        &self,
        ctx: &OpCtx,
        field: &str,
        old: Option<Node<'_>>,
        new: Node<'_>,
    ) -> bool {
        let Some(named) = new.get(field) else {
            return true;
        };
        let before = old.and_then(|old| old.get(field));
        let unchanged = before.is_some_and(|before| before.same_as(named));
        // A name without a reference would be anybody's.
        let own = |one: Node<'_>| {
            one.str("reference")
                .is_some_and(|reference| self.is_actor(ctx, reference))
        };
        unchanged || items(named).all(own)
    }

    /// Whether a reference names the actor: by the own resource, or by the own record.
    fn is_actor(&self, ctx: &OpCtx, reference: &str) -> bool {
        let own = self.session.grant().own_patients();
        ctx.actor.fhir_user.as_deref() == Some(reference)
            || patient_of(reference).is_some_and(|id| own.iter().any(|one| **one == *id))
    }
}

/// Whether neither compartments nor criteria narrow a reach; conditions on changes may.
fn is_everywhere(reach: &Reach) -> bool {
    reach.compartments.is_none() && reach.criteria.is_empty()
}

/// Whether new content speaks of no patient outside of the reach: of none at all, where the reach
/// is exclusive, and else not as the subject. Compartments alone do not say this: a message that a
/// patient sends about another is in the compartments of both.
///
/// What was there before may stay: a record that links to another's is not the caller's doing.
fn stays_with(reach: &Reach, before: Option<Node<'_>>, content: Node<'_>) -> bool {
    let Some(compartments) = &reach.compartments else {
        return true;
    };
    let is_inside = |reference: &str| {
        patient_of(reference).is_none_or(|id| {
            compartments
                .iter()
                .any(|one| one.resource_type == ResourceType::PATIENT && *one.id == *id)
        }) || before.is_some_and(|before| !every_reference(before, &|known| known != reference))
    };
    if reach.exclusive {
        return every_reference(content, &is_inside);
    }
    const SUBJECTS: [&str; 5] = ["subject", "patient", "for", "beneficiary", "individual"];
    SUBJECTS
        .iter()
        .flat_map(|field| references(content, field))
        .all(is_inside)
}

/// The id of the Patient that a reference names, relative or absolute, of a version or not.
fn patient_of(reference: &str) -> Option<&str> {
    let mut parts = reference.rsplit('/');
    let mut id = parts.next()?;
    let mut kind = parts.next()?;
    if kind == "_history" {
        (id, kind) = (parts.next()?, parts.next()?);
    }
    (kind == "Patient").then_some(id)
}

fn every_reference(node: Node<'_>, passes: &dyn Fn(&str) -> bool) -> bool {
    let own = node.key() == Some("reference") && node.as_str().is_some_and(|text| !passes(text));
    !own && node.children().all(|child| every_reference(child, passes))
}

fn references<'a>(content: Node<'a>, field: &str) -> impl Iterator<Item = &'a str> {
    let found = content.get(field).into_iter().flat_map(items);
    // `Observation.performer` is a reference, `Appointment.participant.actor` and the like are not
    // at the top; `DiagnosticReport.performer` and `Procedure.performer.actor` are both met here.
    found.filter_map(|one| {
        let direct = one.str("reference");
        direct.or_else(|| one.get("actor").and_then(|actor| actor.str("reference")))
    })
}

fn items(node: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    let array = node.kind() == mt_fhir::json::Kind::Array;
    let single = (!array).then_some(node);
    let many = array.then(|| node.children()).into_iter().flatten();
    single.into_iter().chain(many)
}

fn is_recent(old: Node<'_>, hours: u32, now: Instant) -> bool {
    let at = old.get("meta").and_then(|meta| meta.str("lastUpdated"));
    let at = at.and_then(|text| text.parse::<jiff::Timestamp>().ok());
    at.is_some_and(|at| now.0 - at.as_microsecond() <= i64::from(hours) * 3_600_000_000)
}

/// The status by which a record is signed: of a document, that of what it holds.
fn status_is(content: Node<'_>, states: &[&str]) -> bool {
    let status = content.str("docStatus").or_else(|| content.str("status"));
    status.is_some_and(|status| states.contains(&status))
}

const fn right(interaction: Interaction) -> Right {
    match interaction {
        Interaction::Create => Right::Create,
        Interaction::Update | Interaction::Patch => Right::Update,
        Interaction::Delete => Right::Delete,
        Interaction::Read | Interaction::History => Right::Read,
        Interaction::Search => Right::Search,
    }
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

/// The refusal of an interaction with a type, or with one record of it.
#[must_use]
pub fn forbidden(interaction: Interaction, kind: ResourceType) -> Fault {
    let (what, name) = (interaction.code(), kind.name());
    let message = match interaction {
        Interaction::Read | Interaction::History | Interaction::Search => {
            format!("you may not {what} {name}")
        }
        _ => format!("you may not {what} this {name}"),
    };
    Fault::new(ErrorKind::Forbidden, message)
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

    #[test]
    fn a_reference_names_its_patient_however_it_is_written() {
        for (reference, id) in [
            ("Patient/1", Some("1")),
            ("http://x/fhir/R4/Patient/1", Some("1")),
            ("Patient/1/_history/2", Some("1")),
            ("Practitioner/1", None),
            ("#patient", None),
            ("Patient", None),
        ] {
            assert_eq!(patient_of(reference), id, "{reference}");
        }
    }

    #[test]
    fn what_an_own_record_may_hold_names_no_other_patient_at_any_depth() {
        let own = Reach {
            compartments: Some([mt_access::Compartment::patient("own".into())].into()),
            exclusive: true,
            ..Reach::default()
        };
        let shared = Reach {
            exclusive: false,
            ..own.clone()
        };
        let about =
            r#"{"subject":{"reference":"Patient/own"},"a":[{"b":{"reference":"Patient/other"}}]}"#;
        let of = r#"{"subject":{"reference":"Patient/other"},"performer":[{"reference":"Patient/own"}]}"#;
        for (text, exclusive, inclusive) in [(about, false, true), (of, false, false)] {
            let doc = Doc::parse(text, &Limits::default()).unwrap();
            assert_eq!(stays_with(&own, None, doc.root()), exclusive, "{text}");
            assert_eq!(stays_with(&shared, None, doc.root()), inclusive, "{text}");
            assert!(stays_with(&own, Some(doc.root()), doc.root()), "{text}");
        }
    }
}
