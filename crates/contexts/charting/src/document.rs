//! Charting as JSON, and changes of them in place.

use std::fmt;
use std::sync::Arc;

use mt_fhir::json::Limits;
use mt_fhir::{Doc, Node, ResourceType};
use mt_kernel::{ErrorKind, Fault};
use mt_store::{Action, Change, Content, Patch, Target};
use serde_json::{Map, Value};

use crate::error::{ChartingError, Result};

/// Reads a stored record.
pub(crate) fn parse(body: &[u8]) -> Result<Doc> {
    Doc::parse(body, &Limits::default()).map_err(|_| ChartingError::Unreadable)
}

/// A stored record as a JSON object.
pub(crate) fn object(body: &[u8]) -> Result<Map<String, Value>> {
    serde_json::from_slice(body).map_err(|_| ChartingError::Unreadable)
}

/// A record of a request.
pub(crate) fn of(resource: &Map<String, Value>) -> Result<Doc> {
    let text = serde_json::to_vec(resource).map_err(|_| ChartingError::Unreadable)?;
    let unreadable = |_| ChartingError::invalid("it is too deep or too large to be read", "note");
    Doc::parse(text, &Limits::default()).map_err(unreadable)
}

fn content(resource: &Map<String, Value>) -> Result<Content> {
    Ok(Content::Own(Box::new(of(resource)?)))
}

/// A new record.
pub(crate) fn create(kind: ResourceType, resource: &Map<String, Value>) -> Result<Change> {
    Ok(Change {
        resource_type: kind,
        full_url: None,
        action: Action::Create {
            content: content(resource)?,
            if_none_exist: None,
        },
    })
}

/// A new record under an id of our choice, so that others of the same batch can refer to it.
pub(crate) fn create_as(
    kind: ResourceType,
    id: &str,
    resource: &Map<String, Value>,
) -> Result<Change> {
    put(kind, id, None, true, resource)
}

/// The next version of a record.
pub(crate) fn replace(
    kind: ResourceType,
    id: &str,
    version: u32,
    resource: &Map<String, Value>,
) -> Result<Change> {
    put(kind, id, Some(version), false, resource)
}

fn put(
    kind: ResourceType,
    id: &str,
    if_match: Option<u32>,
    upsert: bool,
    resource: &Map<String, Value>,
) -> Result<Change> {
    Ok(Change {
        resource_type: kind,
        full_url: None,
        action: Action::Update {
            target: Target::Id(id.to_owned()),
            content: content(resource)?,
            if_match,
            upsert,
        },
    })
}

type Edit = dyn Fn(&mut Doc) -> Result<(), Fault> + Send + Sync;

struct Edited(Box<Edit>);

impl Patch for Edited {
    fn apply(&self, doc: &mut Doc) -> Result<(), Fault> {
        (self.0)(doc)
    }
}

impl fmt::Debug for Edited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Edited")
    }
}

/// A change of one version of a record by `edit`.
pub(crate) fn edit(
    kind: ResourceType,
    id: &str,
    version: u32,
    edit: impl Fn(&mut Doc) -> Result<(), Fault> + Send + Sync + 'static,
) -> Change {
    Change {
        resource_type: kind,
        full_url: None,
        action: Action::Patch {
            target: Target::Id(id.to_owned()),
            patch: Arc::new(Edited(Box::new(edit))),
            if_match: Some(version),
        },
    }
}

/// Writes a field.
pub(crate) fn set(doc: &mut Doc, field: &str, value: &Value) -> Result<(), Fault> {
    let copy = copied(doc, value)?;
    let root = doc.root().id();
    doc.set_field(root, field, copy);
    Ok(())
}

/// Adds an item to a list.
pub(crate) fn push(doc: &mut Doc, field: &str, item: &Value) -> Result<(), Fault> {
    let item = copied(doc, item)?;
    let known = doc.root().get(field).map(Node::id);
    let list = known.unwrap_or_else(|| {
        let list = doc.new_array();
        let root = doc.root().id();
        doc.set_field(root, field, list);
        list
    });
    doc.push(list, item);
    Ok(())
}

fn copied(doc: &mut Doc, value: &Value) -> Result<mt_fhir::json::NodeId, Fault> {
    let unreadable = || Fault::new(ErrorKind::Internal, "a value cannot be written");
    let text = serde_json::to_vec(value).map_err(|_| unreadable())?;
    let part = Doc::parse(text, &Limits::default()).map_err(|_| unreadable())?;
    Ok(doc.copy_from(part.root()))
}
