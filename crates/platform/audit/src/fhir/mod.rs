//! Entries as FHIR `AuditEvent` resources, in the shapes of IHE Basic Audit Log Patterns (BALP).
//!
//! Who reads the trail through FHIR sees the same facts as the trail holds, and nothing is stored
//! twice.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mt_fhir::ResourceType;
use serde_json::{Value, json};

use crate::{Detail, Effect, Entry, Kind, Outcome, Touched};

const EVENT_TYPE: &str = "http://terminology.hl7.org/CodeSystem/audit-event-type";
const INTERACTION: &str = "http://hl7.org/fhir/restful-interaction";
const DICOM: &str = "http://dicom.nema.org/resources/ontology/DCM";
const REASON: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
const PARTICIPATION: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
const ENTITY_TYPE: &str = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
const ROLE: &str = "http://terminology.hl7.org/CodeSystem/object-role";
const BALP_ENTITY: &str = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType";
/// `AuditEvent.agent.network.type`
const IP_ADDRESS: &str = "2";
const BALP: &str = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.";

/// The entry as a FHIR R4 `AuditEvent`, minified JSON. Its id is the entry's number. `server` names
/// the installation: the observer and one of the agents. Patients whom the entry is known to be about
/// are entities beside the records themselves, as the Patient variants of BALP have it.
#[must_use]
pub fn audit_event(entry: &Entry, server: &str) -> Vec<u8> {
    let detail = &entry.detail;
    let shape = Shape::of(entry);
    let mut event = json!({
        "resourceType": "AuditEvent",
        "id": entry.seq.to_string(),
        "type": shape.event_type,
        "action": shape.action,
        "recorded": entry.at.to_fhir(),
        "outcome": outcome_code(&detail.outcome),
        "purposeOfEvent": [{"coding": [{"system": REASON, "code": detail.purpose.code()}]}],
        "agent": agents(detail, shape.server_sends, server),
        "source": {"site": server, "observer": {"identifier": {"value": server}, "display": server}},
        "entity": entities(entry),
    });
    let known = !entry.about.is_empty() || names_patient(detail);
    let variant = if known { "Patient" } else { "" };
    if let Some(profile) = shape.profile {
        event["meta"] = json!({"profile": [format!("{BALP}{variant}{profile}")]});
    }
    if let Some(subtype) = shape.subtype {
        event["subtype"] = json!([subtype]);
    }
    if let Outcome::Refused { message, .. } = &detail.outcome {
        event["outcomeDesc"] = json!(message);
    }
    // Writing a tree to memory fails only when the memory does.
    serde_json::to_vec(&event).unwrap_or_default()
}

/// What distinguishes the kinds of event.
struct Shape {
    event_type: Value,
    subtype: Option<Value>,
    action: &'static str,
    profile: Option<&'static str>,
    /// Whether data flowed from the server to the client.
    server_sends: bool,
}

impl Shape {
    fn of(entry: &Entry) -> Self {
        if let Some(event) = entry.detail.event {
            return Self {
                event_type: coding(event.event_type()),
                subtype: event.subtype().map(coding),
                action: event.action(),
                profile: None,
                server_sends: true,
            };
        }
        let (interaction, action, profile, server_sends) = match entry.kind {
            Kind::Read => ("read", "R", Some("Read"), true),
            Kind::History => ("history", "R", Some("Read"), true),
            Kind::Search => ("search", "E", Some("Query"), true),
            Kind::Commit => commit(&entry.detail.resources),
            Kind::RefusedWrite | Kind::Event => ("operation", "E", None, false),
        };
        Self {
            event_type: coding((EVENT_TYPE, "rest", "RESTful Operation")),
            subtype: Some(json!({"system": INTERACTION, "code": interaction})),
            action,
            profile,
            server_sends,
        }
    }
}

/// One kind of change has its own shape; several make a transaction.
fn commit(resources: &[Touched]) -> (&'static str, &'static str, Option<&'static str>, bool) {
    let mut effects = resources.iter().map(|touched| touched.effect);
    let first = effects.next();
    match first.filter(|first| effects.all(|effect| effect == *first)) {
        Some(Effect::Created) => ("create", "C", Some("Create"), false),
        Some(Effect::Updated) => ("update", "U", Some("Update"), false),
        Some(Effect::Deleted) => ("delete", "D", Some("Delete"), false),
        _ => ("transaction", "E", None, false),
    }
}

fn coding((system, code, display): (&str, &str, &str)) -> Value {
    json!({"system": system, "code": code, "display": display})
}

/// The client application with its network address, the server, and the person. In a read the client is the
/// destination.
fn agents(detail: &Detail, server_sends: bool, server: &str) -> Value {
    let source = coding((DICOM, "110153", "Source Role ID"));
    let destination = coding((DICOM, "110152", "Destination Role ID"));
    let (of_client, of_server) = if server_sends {
        (destination, source)
    } else {
        (source, destination)
    };
    let actor = &detail.actor;
    let person = actor.client_id.as_deref() != Some(&*actor.id);
    let client = actor.client_id.as_deref().unwrap_or(&actor.id);
    let mut client_agent = json!({
        "type": {"coding": [of_client]},
        "who": {"identifier": {"value": client}, "display": client},
        "altId": client,
        "requestor": !person,
    });
    if let Some(address) = detail.address {
        client_agent["network"] = json!({"address": address.to_string(), "type": IP_ADDRESS});
    }
    let server_agent = json!({
        "type": {"coding": [of_server]},
        "who": {"display": server},
        "requestor": false,
    });
    let mut agents = vec![client_agent, server_agent];
    if person {
        let mut who = json!({"identifier": {"value": *actor.id}, "display": *actor.id});

        if let Some(reference) = &actor.fhir_user {
            who["reference"] = json!(**reference);
        }
        let mut agent = json!({
            "type": {"coding": [coding((PARTICIPATION, "IRCP", "information recipient"))]},
            "who": who,
            "altId": *actor.id,
            "name": *actor.id,
            "requestor": true,
        });
        if !actor.roles.is_empty() {
            let role = |role: &std::sync::Arc<str>| json!({"text": **role});
            agent["role"] = actor.roles.iter().map(role).collect();
        }
        agents.push(agent);
    }
    Value::Array(agents)
}

/// The records, the query, the reason and the request.
fn entities(entry: &Entry) -> Value {
    let detail = &entry.detail;
    let mut entities: Vec<Value> = detail.resources.iter().map(record).collect();
    let about = entry.about.iter().filter(|id| {
        let named = |touched: &Touched| {
            touched.resource_type == ResourceType::PATIENT && touched.id == **id
        };
        !detail.resources.iter().any(named)
    });
    entities.extend(about.map(|id| patient(id)));
    if let Some(query) = &detail.query {
        entities.push(json!({
            "type": coding((ENTITY_TYPE, "2", "System Object")),
            "role": coding((ROLE, "24", "Query")),
            "query": STANDARD.encode(query),
        }));
    }
    let mut request = json!({
        "what": {"identifier": {"value": entry.correlation.to_string()}},
        "type": {"system": BALP_ENTITY, "code": "XrequestId"},
    });
    if let Some(reason) = &detail.reason {
        request["description"] = json!(reason);
    }
    entities.push(request);
    Value::Array(entities)
}

/// The patient in whose record the others lie.
fn patient(id: &str) -> Value {
    json!({
        "what": {"reference": format!("Patient/{id}")},
        "type": coding((ENTITY_TYPE, "1", "Person")),
        "role": coding((ROLE, "1", "Patient")),
    })
}

fn names_patient(detail: &Detail) -> bool {
    let mut touched = detail.resources.iter();
    touched.any(|touched| touched.resource_type == ResourceType::PATIENT)
}

fn record(touched: &Touched) -> Value {
    let Touched {
        resource_type,
        id,
        version,
        ..
    } = touched;
    let reference = match version {
        0 => format!("{resource_type}/{id}"),
        version => format!("{resource_type}/{id}/_history/{version}"),
    };
    let patient = *resource_type == ResourceType::PATIENT;
    let (kind, role) = if patient {
        ((ENTITY_TYPE, "1", "Person"), (ROLE, "1", "Patient"))
    } else {
        (
            (ENTITY_TYPE, "2", "System Object"),
            (ROLE, "4", "Domain Resource"),
        )
    };
    json!({"what": {"reference": reference}, "type": coding(kind), "role": coding(role)})
}

/// `AuditEvent.outcome`: success, minor failure (refused by a rule), serious failure.
fn outcome_code(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Success => "0",
        refused if refused.is_serious() => "8",
        Outcome::Refused { .. } => "4",
    }
}
