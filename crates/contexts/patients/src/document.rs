//! Changes of records in place: only the fields that change are written.

use std::fmt;
use std::sync::Arc;

use mt_fhir::json::{Limits, NodeId};
use mt_fhir::{Doc, Node, ResourceType};
use mt_kernel::{ErrorKind, Fault};
use mt_store::{Action, Change, Content, Patch, Target};
use serde_json::Value;

use crate::domain::merge::Fields;
use crate::error::{PatientsError, Result};

/// Reads a stored record.
pub(crate) fn parse(body: &[u8]) -> Result<Doc> {
    Doc::parse(body, &Limits::default()).map_err(|_| PatientsError::Unreadable)
}

/// The fields of a record.
pub(crate) fn fields(node: Node<'_>) -> Result<Fields> {
    let mut text = Vec::new();
    node.write_json(&mut text);
    serde_json::from_slice(&text).map_err(|_| PatientsError::Unreadable)
}

/// A record to be created.
pub(crate) fn create(resource_type: ResourceType, resource: &Value) -> Result<Change> {
    let text = serde_json::to_vec(resource).map_err(|_| PatientsError::Unreadable)?;
    Ok(Change {
        resource_type,
        full_url: None,
        action: Action::Create {
            content: Content::Own(Box::new(parse(&text)?)),
            if_none_exist: None,
        },
    })
}

type Edit = dyn Fn(&mut Doc) -> Result<(), Fault> + Send + Sync;

struct Edited {
    edit: Box<Edit>,
    files: Vec<String>,
}

impl Patch for Edited {
    fn apply(&self, doc: &mut Doc) -> Result<(), Fault> {
        (self.edit)(doc)
    }

    fn files(&self) -> &[String] {
        &self.files
    }
}

impl fmt::Debug for Edited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Edited")
    }
}

/// A change of the record `id` by `edit`, of version `if_match` when that is given.
pub(crate) fn edit(
    (resource_type, id): (ResourceType, &str),
    if_match: Option<u32>,
    edit: impl Fn(&mut Doc) -> Result<(), Fault> + Send + Sync + 'static,
) -> Change {
    edit_with((resource_type, id), if_match, Vec::new(), edit)
}

/// The same, which brings `files` in base64.
pub(crate) fn edit_with(
    (resource_type, id): (ResourceType, &str),
    if_match: Option<u32>,
    files: Vec<String>,
    edit: impl Fn(&mut Doc) -> Result<(), Fault> + Send + Sync + 'static,
) -> Change {
    Change {
        resource_type,
        full_url: None,
        action: Action::Patch {
            target: Target::Id(id.to_owned()),
            patch: Arc::new(Edited {
                edit: Box::new(edit),
                files,
            }),
            if_match,
        },
    }
}

/// Writes fields; those that are `null` are removed.
pub(crate) fn write(doc: &mut Doc, fields: &Fields) -> Result<(), Fault> {
    let root = doc.root().id();
    for (field, value) in fields {
        if value.is_null() {
            doc.remove_field(root, field);
        } else {
            let copy = copied(doc, value)?;
            doc.set_field(root, field, copy);
        }
    }
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

fn copied(doc: &mut Doc, value: &Value) -> Result<NodeId, Fault> {
    let unreadable = || Fault::new(ErrorKind::Internal, "a value cannot be written");
    let text = serde_json::to_vec(value).map_err(|_| unreadable())?;
    let part = Doc::parse(text, &Limits::default()).map_err(|_| unreadable())?;
    Ok(doc.copy_from(part.root()))
}
