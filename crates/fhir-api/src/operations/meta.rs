//! `$meta`, `$meta-add`, `$meta-delete`
//! (<http://hl7.org/fhir/R4/resource-operation-meta.html>).

use std::sync::Arc;

use mt_access::Interaction as Right;
use mt_fhir::json::{Kind, Limits, NodeId};
use mt_fhir::{Doc, Node, ResourceType};
use mt_kernel::{ErrorKind, Fault};
use mt_store::{Action, Batch, Change, Patch, Target};

use super::parameters::Inputs;
use crate::answer::Answer;
use crate::api::Call;
use crate::error::{FhirError, Result};

/// The parts of `meta` that these operations manage.
const LISTS: [&str; 3] = ["profile", "security", "tag"];

pub(super) async fn read(
    call: &Call<'_>,
    kind: ResourceType,
    id: &str,
    version: Option<u32>,
) -> Result<Answer> {
    let caller = call.caller(Right::Read);
    let stored = match version {
        Some(version) => call.api.store.vread(&caller, kind, id, version).await?,
        None => call.api.store.read(&caller, kind, id).await?,
    };
    answer("meta", &stored.body)
}

pub(super) async fn change(
    call: &Call<'_>,
    kind: ResourceType,
    id: String,
    add: bool,
) -> Result<Answer> {
    let inputs = Inputs::read(call)?;
    let meta = inputs
        .value("meta")
        .filter(|meta| meta.is_object())
        .ok_or_else(|| {
            FhirError::new(ErrorKind::Malformed, "the parameter meta is missing").at("meta")
        })?;
    let patch = Arc::new(MetaPatch {
        meta: Doc::from_node(meta),
        add,
    });
    let action = Action::Patch {
        target: Target::Id(id),
        patch,
        if_match: None,
    };
    let change = Change {
        resource_type: kind,
        full_url: None,
        action,
    };
    let done = call
        .api
        .store
        .commit(&call.caller(Right::Update), Batch::from(change))
        .await?;
    let name = if add { "meta-add" } else { "meta-delete" };
    answer(name, done.first().map_or(&[], |done| &done.body))
}

fn answer(name: &'static str, body: &[u8]) -> Result<Answer> {
    let damaged = |_| FhirError::new(ErrorKind::Internal, "a stored resource cannot be read");
    let doc = Doc::parse(body, &Limits::default()).map_err(damaged)?;
    let mut out =
        br#"{"resourceType":"Parameters","parameter":[{"name":"return","valueMeta":"#.to_vec();
    match doc.root().get("meta") {
        Some(meta) => meta.write_json(&mut out),
        None => out.extend_from_slice(b"{}"),
    }
    out.extend_from_slice(b"}]}");
    Ok(Answer::resource(name, out))
}

/// Adds or takes away profiles, security labels and tags.
#[derive(Debug)]
struct MetaPatch {
    meta: Doc,
    add: bool,
}

impl Patch for MetaPatch {
    fn apply(&self, doc: &mut Doc) -> Result<(), Fault> {
        let root = doc.root().id();
        let meta = field(doc, root, "meta", Doc::new_object);
        for name in LISTS {
            let Some(wanted) = self
                .meta
                .root()
                .get(name)
                .filter(|list| list.kind() == Kind::Array)
            else {
                continue;
            };
            let list = field(doc, meta, name, Doc::new_array);
            for item in wanted.children() {
                let present = doc
                    .node(list)
                    .children()
                    .position(|known| is_same(known, item));
                match (present, self.add) {
                    (None, true) => {
                        let copy = doc.copy_from(item);
                        doc.push(list, copy);
                    }
                    (Some(index), false) => {
                        doc.remove_item(list, index);
                    }
                    _ => {}
                }
            }
            if doc.node(list).is_empty() {
                doc.remove_field(meta, name);
            }
        }
        Ok(())
    }
}

fn field(doc: &mut Doc, object: NodeId, key: &str, make: impl Fn(&mut Doc) -> NodeId) -> NodeId {
    if let Some(known) = doc.node(object).get(key).map(Node::id) {
        return known;
    }
    let new = make(doc);
    doc.set_field(object, key, new);
    new
}

/// Codings are the same when system and code are; profiles when their text is.
fn is_same(one: Node<'_>, other: Node<'_>) -> bool {
    match (one.as_str(), other.as_str()) {
        (Some(one), Some(other)) => one == other,
        _ => one.str("system") == other.str("system") && one.str("code") == other.str("code"),
    }
}
