//! Extended operations (`$name`), declared in one table that the CapabilityStatement prints.

mod everything;
mod meta;
mod parameters;
mod patient_match;
mod subscription;
mod terminology;
mod validate;

pub(crate) use parameters::Inputs;
pub use subscription::Notifications;

use std::sync::Arc;

use axum::http::Method;
use mt_fhir::ResourceType;
use mt_kernel::ErrorKind;
use mt_terminology::Catalog;
use mt_validator::Validator;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::api::Call;
use crate::bulk;
use crate::error::{FhirError, Result};
use crate::route::Place;

/// What operations need beyond the record store.
pub struct Services {
    /// Full validation for `$validate`.
    pub validator: Arc<Validator>,
    /// Code systems and value sets that all tenants share.
    pub terminology: Arc<Catalog>,
    /// What Subscriptions were told.
    pub notifications: Arc<dyn Notifications>,
}

/// An operation: its name and where it can be invoked.
struct Declared {
    name: &'static str,
    definition: &'static str,
    system: bool,
    types: Types,
    instance: bool,
    /// `GET` is open only to operations that change nothing.
    affects_state: bool,
}

/// Types on which an operation is declared.
enum Types {
    All,
    Named(&'static [ResourceType]),
}

impl Types {
    fn contains(&self, kind: ResourceType) -> bool {
        match self {
            Self::All => true,
            Self::Named(named) => named.contains(&kind),
        }
    }
}

const OPERATIONS: &[Declared] = &[
    Declared {
        name: "validate",
        definition: "http://hl7.org/fhir/OperationDefinition/Resource-validate",
        system: false,
        types: Types::All,
        instance: true,
        affects_state: false,
    },
    Declared {
        name: "everything",
        definition: "http://hl7.org/fhir/OperationDefinition/Patient-everything",
        system: false,
        types: Types::Named(&[ResourceType::PATIENT]),
        instance: true,
        affects_state: false,
    },
    Declared {
        name: "match",
        definition: "http://hl7.org/fhir/OperationDefinition/Patient-match",
        system: false,
        types: Types::Named(&[ResourceType::PATIENT]),
        instance: false,
        affects_state: false,
    },
    Declared {
        name: "meta",
        definition: "http://hl7.org/fhir/OperationDefinition/Resource-meta",
        system: false,
        types: Types::All,
        instance: true,
        affects_state: false,
    },
    Declared {
        name: "meta-add",
        definition: "http://hl7.org/fhir/OperationDefinition/Resource-meta-add",
        system: false,
        types: Types::All,
        instance: true,
        affects_state: true,
    },
    Declared {
        name: "meta-delete",
        definition: "http://hl7.org/fhir/OperationDefinition/Resource-meta-delete",
        system: false,
        types: Types::All,
        instance: true,
        affects_state: true,
    },
    Declared {
        name: "expand",
        definition: "http://hl7.org/fhir/OperationDefinition/ValueSet-expand",
        system: false,
        types: Types::Named(&[ResourceType::VALUE_SET]),
        instance: true,
        affects_state: false,
    },
    Declared {
        name: "lookup",
        definition: "http://hl7.org/fhir/OperationDefinition/CodeSystem-lookup",
        system: false,
        types: Types::Named(&[ResourceType::CODE_SYSTEM]),
        instance: false,
        affects_state: false,
    },
    Declared {
        name: "validate-code",
        definition: "http://hl7.org/fhir/OperationDefinition/CodeSystem-validate-code",
        system: false,
        types: Types::Named(&[ResourceType::CODE_SYSTEM]),
        instance: true,
        affects_state: false,
    },
    Declared {
        name: "validate-code",
        definition: "http://hl7.org/fhir/OperationDefinition/ValueSet-validate-code",
        system: false,
        types: Types::Named(&[ResourceType::VALUE_SET]),
        instance: true,
        affects_state: false,
    },
    Declared {
        name: "subsumes",
        definition: "http://hl7.org/fhir/OperationDefinition/CodeSystem-subsumes",
        system: false,
        types: Types::Named(&[ResourceType::CODE_SYSTEM]),
        instance: true,
        affects_state: false,
    },
    Declared {
        name: "translate",
        definition: "http://hl7.org/fhir/OperationDefinition/ConceptMap-translate",
        system: false,
        types: Types::Named(&[ResourceType::CONCEPT_MAP]),
        instance: true,
        affects_state: false,
    },
    Declared {
        name: "export",
        definition: "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/export",
        system: true,
        types: Types::Named(&[]),
        instance: false,
        affects_state: false,
    },
    Declared {
        name: "export",
        definition: "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/patient-export",
        system: false,
        types: Types::Named(&[ResourceType::PATIENT]),
        instance: false,
        affects_state: false,
    },
    Declared {
        name: "export",
        definition: "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/group-export",
        system: false,
        types: Types::Named(&[ResourceType::GROUP]),
        instance: true,
        affects_state: false,
    },
    Declared {
        name: "import",
        definition: "{base}/OperationDefinition/import",
        system: true,
        types: Types::Named(&[]),
        instance: false,
        affects_state: true,
    },
    Declared {
        name: "status",
        definition: "http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/backport-subscription-status",
        system: false,
        types: Types::Named(&[ResourceType::SUBSCRIPTION]),
        instance: true,
        affects_state: false,
    },
    Declared {
        name: "events",
        definition: "http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/backport-subscription-events",
        system: false,
        types: Types::Named(&[ResourceType::SUBSCRIPTION]),
        instance: true,
        affects_state: false,
    },
    Declared {
        name: "get-ws-binding-token",
        definition: "http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/backport-subscription-get-ws-binding-token",
        system: false,
        types: Types::Named(&[ResourceType::SUBSCRIPTION]),
        instance: true,
        affects_state: false,
    },
    Declared {
        name: "reindex",
        definition: "{base}/OperationDefinition/reindex",
        system: true,
        types: Types::Named(&[]),
        instance: false,
        affects_state: false,
    },
];

/// Runs the operation `$name` at `place`.
pub(crate) async fn dispatch(call: &Call<'_>, place: Place, name: &str) -> Result<Answer> {
    let declared = OPERATIONS
        .iter()
        .find(|operation| operation.name == name && is_open_at(operation, &place))
        .ok_or_else(|| {
            FhirError::new(
                ErrorKind::Unsupported,
                "the server does not know this operation here",
            )
        })?;
    if call.method != Method::POST && (call.method != Method::GET || declared.affects_state) {
        return Err(FhirError::new(
            ErrorKind::Unsupported,
            "the operation must be invoked by POST",
        ));
    }
    match (declared.name, place) {
        ("export", Place::Type(ResourceType::GROUP) | Place::Version(..)) => Err(FhirError::new(
            ErrorKind::Unsupported,
            "an export of members is invoked on a Group",
        )),
        ("export", place) => bulk::export(call, &place).await,
        ("import", Place::System) => bulk::import(call).await,
        ("reindex", Place::System) => bulk::reindex(call).await,
        ("validate", place) => validate::run(call, &place).await,
        ("everything", Place::Instance(_, id)) => everything::run(call, &id).await,
        ("match", Place::Type(_)) => patient_match::run(call).await,
        ("meta", Place::Instance(kind, id)) => meta::read(call, kind, &id, None).await,
        ("meta", Place::Version(kind, id, version)) => {
            meta::read(call, kind, &id, Some(version)).await
        }
        ("status", Place::Instance(_, id)) => subscription::status(call, &id).await,
        ("events", Place::Instance(_, id)) => subscription::events(call, &id).await,
        ("get-ws-binding-token", Place::Type(_)) => subscription::binding_token(call, None).await,
        ("get-ws-binding-token", Place::Instance(_, id)) => {
            subscription::binding_token(call, Some(&id)).await
        }
        ("meta-add", Place::Instance(kind, id)) => meta::change(call, kind, id, true).await,
        ("meta-delete", Place::Instance(kind, id)) => meta::change(call, kind, id, false).await,
        ("expand", place) => terminology::expand(call, &place).await,
        ("lookup", _) => terminology::lookup(call).await,
        ("validate-code", place) => terminology::validate_code(call, &place).await,
        ("subsumes", place) => terminology::subsumes(call, &place).await,
        ("translate", place) => terminology::translate(call, &place).await,
        _ => Err(FhirError::new(
            ErrorKind::Unsupported,
            "the operation is not supported here",
        )),
    }
}

fn is_open_at(operation: &Declared, place: &Place) -> bool {
    match place {
        Place::System => operation.system,
        Place::Type(kind) => operation.types.contains(*kind),
        Place::Instance(kind, _) | Place::Version(kind, ..) => {
            operation.instance && operation.types.contains(*kind)
        }
    }
}

/// The operations for the CapabilityStatement: of the system, or of one type.
pub(crate) fn declared(kind: Option<ResourceType>) -> Vec<Value> {
    let here = OPERATIONS.iter().filter(|operation| match kind {
        None => operation.system,
        Some(kind) => operation.types.contains(kind),
    });
    here.map(|operation| json!({ "name": operation.name, "definition": operation.definition }))
        .collect()
}
