//! Restriction of processing (GDPR Art. 18): a patient's record is stored and used for little else.
//!
//! A restriction is a `Consent` that denies everything, so that it holds wherever consents do, is versioned,
//! audited and exported like any record. A tag tells it from what a patient decided; only the privacy office
//! places and lifts it.

use mt_access::{Interaction, Operation, Role};
use mt_fhir::{Node, ResourceType};
use mt_kernel::{ActorKind, ErrorKind, Fault, Instant, OpCtx};
use mt_store::{DomainEvent, Policy, ProposedChange};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// The tag of a restriction.
pub(crate) const TAG: (&str, &str) = ("urn:meditrack:privacy", "restriction");
const SCOPE: &str = "http://terminology.hl7.org/CodeSystem/consentscope";
const ROLE: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
/// Article 18 of Regulation (EU) 2016/679.
const ARTICLE: &str = "http://data.europa.eu/eli/reg/2016/679/art_18/oj";

/// A restriction as the privacy office sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Restriction {
    /// Its id, that of the `Consent`.
    pub id: String,
    /// Id of the patient.
    pub patient: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: String,
    /// FHIR references of persons who may go on: with the patient's consent, or for legal claims.
    pub permitted: Vec<String>,
}

impl Restriction {
    /// Reads an active restriction.
    pub(crate) fn read(consent: Node<'_>) -> Option<Self> {
        if !is_restriction(consent) || consent.str("status") != Some("active") {
            return None;
        }
        let patient = consent.get("patient")?.str("reference")?;
        let rule = consent.get("policyRule").and_then(|rule| rule.str("text"));
        let provision = consent.get("provision")?;
        let exceptions = items(provision, "provision").flat_map(|one| items(one, "actor"));
        let actor = |one: Node<'_>| Some(one.get("reference")?.str("reference")?.to_owned());
        Some(Self {
            id: consent.str("id")?.to_owned(),
            patient: patient.strip_prefix("Patient/")?.to_owned(),
            reason: rule.unwrap_or_default().to_owned(),
            since: consent.str("dateTime").unwrap_or_default().to_owned(),
            permitted: exceptions.filter_map(actor).collect(),
        })
    }

    /// The `Consent` that says so.
    pub(crate) fn consent(&self) -> Value {
        let mut provision = json!({"type": "deny"});
        if !self.permitted.is_empty() {
            let role = json!({"coding": [{"system": ROLE, "code": "IRCP"}]});
            let actor = |who: &String| json!({"role": role, "reference": {"reference": who}});
            let actors: Vec<Value> = self.permitted.iter().map(actor).collect();
            provision["provision"] = json!([{"type": "permit", "actor": actors}]);
        }
        json!({
            "resourceType": "Consent",
            "id": self.id,
            "meta": {"tag": [{"system": TAG.0, "code": TAG.1}]},
            "status": "active",
            "scope": {"coding": [{"system": SCOPE, "code": "patient-privacy"}]},
            "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
            "patient": {"reference": format!("Patient/{}", self.patient)},
            "dateTime": self.since,
            "policy": [{"uri": ARTICLE}],
            "policyRule": {"text": self.reason},
            "provision": provision,
        })
    }
}

/// Whether a `Consent` is a restriction.
pub(crate) fn is_restriction(consent: Node<'_>) -> bool {
    let tags = consent
        .get("meta")
        .into_iter()
        .flat_map(|meta| items(meta, "tag"));
    let mut tags = tags.map(|tag| (tag.str("system"), tag.str("code")));
    tags.any(|tag| tag == (Some(TAG.0), Some(TAG.1)))
}

/// When a restriction placed at `now` begins.
pub(crate) fn since(now: Instant) -> String {
    now.to_fhir()
}

/// The policy that leaves restrictions to the privacy office, and who sees a record to those who keep consents,
/// through every door: the desk takes consents to treatment.
#[derive(Clone, Copy, Debug)]
pub struct RestrictionsAreTheOffices;

impl Policy for RestrictionsAreTheOffices {
    fn decide(&self, ctx: &OpCtx, change: &ProposedChange<'_>) -> Result<Vec<DomainEvent>, Fault> {
        if change.new.is_some_and(decides_who_sees) && is_desk(ctx) {
            let message = "a consent about who sees the record is taken by clinical staff or the privacy office";
            return Err(Fault::new(ErrorKind::Forbidden, message).at("Consent.scope"));
        }
        let mut sides = [change.old, change.new].into_iter().flatten();
        if !sides.any(is_restriction) || is_office(ctx) {
            return Ok(Vec::new());
        }
        let message = "a restriction of processing is placed and lifted by the privacy office";
        Err(Fault::new(ErrorKind::Forbidden, message))
    }
}

/// Whether a `Consent` is of the scope that is enforced on the record: whatever is not plainly another one.
fn decides_who_sees(consent: Node<'_>) -> bool {
    let codings = consent
        .get("scope")
        .into_iter()
        .flat_map(|scope| items(scope, "coding"));
    let mut codes = codings
        .filter(|one| one.str("system") == Some(SCOPE))
        .filter_map(|one| one.str("code"))
        .peekable();
    codes.peek().is_none() || codes.any(|code| !matches!(code, "treatment" | "research" | "adr"))
}

/// Whether somebody takes consents and keeps none.
fn is_desk(ctx: &OpCtx) -> bool {
    let mut roles = ctx
        .actor
        .roles
        .iter()
        .filter_map(|code| Role::from_code(code));
    ctx.actor.kind == ActorKind::User
        && ctx
            .actor
            .roles
            .iter()
            .any(|code| &**code == Role::Receptionist.code())
        && !roles.any(|role| {
            mt_access::held_by(role, ResourceType::CONSENT).contains(Interaction::Update)
        })
}

fn is_office(ctx: &OpCtx) -> bool {
    let manages = |code: &std::sync::Arc<str>| {
        Role::from_code(code).is_some_and(|role| Operation::ManagePrivacy.is_open_to(role))
    };
    ctx.actor.kind == ActorKind::System || ctx.actor.roles.iter().any(manages)
}

fn items<'n>(node: Node<'n>, name: &str) -> impl Iterator<Item = Node<'n>> + use<'n> {
    node.get(name).into_iter().flat_map(Node::children)
}

#[cfg(test)]
mod tests {
    use mt_fhir::Doc;
    use mt_fhir::json::Limits;

    use super::*;

    #[test]
    fn only_a_consent_to_treatment_research_or_a_directive_is_none_about_who_sees_the_record() {
        let scope = |coding: Value| {
            let consent = json!({"resourceType": "Consent", "scope": {"coding": coding}});
            let doc = Doc::parse(consent.to_string(), &Limits::default()).unwrap();
            decides_who_sees(doc.root())
        };
        let of = |code: &str| json!({"system": SCOPE, "code": code});
        assert!(!scope(json!([of("treatment")])));
        assert!(scope(json!([of("patient-privacy")])));
        assert!(scope(json!([of("treatment"), of("patient-privacy")])));
        assert!(scope(json!([{"system": "urn:other", "code": "treatment"}])));
        assert!(scope(json!([])));
    }

    #[test]
    fn a_restriction_is_read_as_it_was_written_until_it_is_lifted() {
        let restriction = Restriction {
            id: "r-1".to_owned(),
            patient: "p".to_owned(),
            reason: "accuracy is contested".to_owned(),
            since: "2026-11-23T10:00:00Z".to_owned(),
            permitted: vec!["Practitioner/counsel".to_owned()],
        };
        let mut consent = restriction.consent();
        let read = |consent: &Value| {
            let doc = Doc::parse(consent.to_string(), &Limits::default()).unwrap();
            (Restriction::read(doc.root()), is_restriction(doc.root()))
        };
        assert_eq!(read(&consent), (Some(restriction), true));
        consent["status"] = "inactive".into();
        assert_eq!(read(&consent), (None, true));
        consent["meta"] = json!({"tag": [{"system": "urn:other", "code": "restriction"}]});
        assert!(!read(&consent).1);
    }
}
