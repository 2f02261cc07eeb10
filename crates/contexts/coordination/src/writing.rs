//! How consumers of this context write records: through the store, under ids that follow from what happened.
//!
//! An event may come again, and its effect outside the consumer's transaction with it. A record whose id follows from the
//! event is written once.

use mt_events::{Event, HandlerError};
use mt_fhir::json::Limits;
use mt_fhir::{Doc, ResourceType};
use mt_kernel::{Actor, ErrorKind, OpCtx, PurposeOfUse, TenantId};
use mt_store::{Action, Batch, Caller, Change, Content, Store, StoreError, Target};
use serde_json::Value;
use uuid::{Builder, Uuid};

/// Statuses of a Task that somebody still works on, or may.
pub(crate) const OPEN_TASK: &[&str] = &[
    "draft",
    "requested",
    "received",
    "accepted",
    "ready",
    "in-progress",
    "on-hold",
];

/// An id that follows from another one: a UUID of version 8 (RFC 9562 §5.8).
pub(crate) fn derived_id(tenant: TenantId, from: &str, what: &str) -> Uuid {
    let name = format!("{}|{from}|{what}", tenant.0);
    let hash = mt_crypto::sha256(name.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    Builder::from_custom_bytes(bytes).into_uuid()
}

/// A field of text of an event.
pub(crate) fn text<'a>(
    values: &'a [(String, mt_events::catalogue::Value)],
    name: &str,
) -> Option<&'a str> {
    values.iter().find_map(|(known, value)| match value {
        mt_events::catalogue::Value::Text(text) if known == name => Some(text.as_str()),
        _ => None,
    })
}

/// One of the context's own, on account of the request that caused an event.
pub(crate) fn caller(store: &Store, event: &Event, name: &str) -> Caller {
    system(store, event.tenant, event.correlation, name)
}

/// One of the context's own.
pub(crate) fn system(store: &Store, tenant: TenantId, correlation: Uuid, name: &str) -> Caller {
    Caller::unrestricted(OpCtx {
        tenant,
        actor: Actor::system(name),
        purpose: PurposeOfUse::Treatment,
        correlation_id: correlation,
        now: store.clock().now(),
    })
}

/// A record to be written under its id: when no version of it was ever there, or in place of a version. `None` when it is no record.
pub(crate) fn put(record: &Value, in_place_of: Option<u32>) -> Option<Change> {
    let doc = Doc::parse(record.to_string(), &Limits::default()).ok()?;
    Some(Change {
        resource_type: ResourceType::from_name(record["resourceType"].as_str()?)?,
        full_url: None,
        action: Action::Update {
            target: Target::Id(record["id"].as_str()?.to_owned()),
            content: Content::Own(Box::new(doc)),
            if_match: Some(in_place_of.unwrap_or(0)),
            upsert: in_place_of.is_none(),
        },
    })
}

/// Writes records that begin something. Where they are already, nothing is done.
pub(crate) async fn begin(
    store: &Store,
    caller: &Caller,
    changes: Vec<Change>,
) -> Result<(), HandlerError> {
    match commit(store, caller, changes).await {
        Err(error) if is_there_already(&error) => Ok(()),
        outcome => outcome.map_err(|error| refused(&error)),
    }
}

/// Writes records in place of what was read; somebody who was faster is read again.
pub(crate) async fn replace(
    store: &Store,
    caller: &Caller,
    changes: Vec<Change>,
) -> Result<(), HandlerError> {
    match commit(store, caller, changes).await {
        Err(error) if is_there_already(&error) => Err(HandlerError::Retry("changed")),
        outcome => outcome.map_err(|error| refused(&error)),
    }
}

/// A record as it is now with its version, when there is one.
pub(crate) async fn read(
    store: &Store,
    caller: &Caller,
    kind: ResourceType,
    id: &str,
) -> Result<Option<(Value, u32)>, HandlerError> {
    match store.read(caller, kind, id).await {
        Ok(stored) => {
            let record = serde_json::from_slice(&stored.body);
            let record = record.map_err(|_| HandlerError::Poison("record"))?;
            Ok(Some((record, stored.version)))
        }
        Err(error) => match error.kind() {
            ErrorKind::NotFound | ErrorKind::Gone => Ok(None),
            _ => Err(refused(&error)),
        },
    }
}

async fn commit(store: &Store, caller: &Caller, changes: Vec<Change>) -> Result<(), StoreError> {
    if changes.is_empty() {
        return Ok(());
    }
    let mut batch = Batch::new();
    for change in changes {
        batch.push(change);
    }
    store.commit(caller, batch).await.map(drop)
}

/// The batch is refused as a whole.
fn is_there_already(error: &StoreError) -> bool {
    match error {
        StoreError::Entry { cause, .. } => is_there_already(cause),
        StoreError::VersionMismatch { .. } => true,
        _ => false,
    }
}

fn refused(error: &StoreError) -> HandlerError {
    match error.kind() {
        ErrorKind::Unavailable | ErrorKind::Internal | ErrorKind::TooMany | ErrorKind::Conflict => {
            HandlerError::Retry("store")
        }
        _ => HandlerError::Poison("refused"),
    }
}
