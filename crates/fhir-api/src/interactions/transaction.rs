//! A transaction: all entries take effect together or none does
//! (<http://hl7.org/fhir/R4/http.html#transaction>).

use std::sync::Arc;

use bytes::Bytes;
use mt_access::Interaction as Right;
use mt_fhir::json::{Kind, NodeId};
use mt_fhir::{Doc, ResourceType};
use mt_kernel::ErrorKind;
use mt_store::{Action, Batch, Change, Committed, Content, Effect, Patch, Target};

use super::batch::{response_of, single, status_text};
use super::entry::EntryRequest;
use super::write;
use crate::answer::{Answer, version_path};
use crate::api::Call;
use crate::bundle::{BundleWriter, EntryResponse};
use crate::error::{FhirError, Result};
use crate::route::Route;
use crate::wire::{self, Return};

pub(super) async fn run(call: &Call<'_>, doc: Doc) -> Result<Answer> {
    let (changes, reads, n) = plan(call, &doc)?;
    let mut batch = Batch::of_bundle(doc);
    let mut places = Vec::with_capacity(changes.len());
    for (place, change) in changes {
        places.push(place);
        batch.push(change);
    }
    let done = call.api.store.commit(&call.caller(Right::Update), batch).await.map_err(|error| {
        FhirError::from(renumbered(error, &places))
    })?;
    let mut responses: Vec<EntryResponse> = vec![EntryResponse::default(); n];
    for (place, committed) in places.iter().zip(&done) {
        responses[*place] = written(call, committed);
    }
    // Reads come last and see what the transaction wrote.
    for (place, entry) in reads {
        let answer = single(call, entry.request()?).await.map_err(|error| at(error, place))?;
        responses[place] = response_of(answer);
    }
    let id = call.correlation_id.to_string();
    let mut bundle = BundleWriter::new("transaction-response", &call.base, &id, None, &[]);
    for response in &responses {
        bundle.response_entry(response);
    }
    Ok(Answer::resource("transaction", bundle.finish()))
}

/// A reading entry, kept as a document of its own while the Bundle is committed.
struct Deferred(Doc);

impl Deferred {
    fn request(&self) -> Result<EntryRequest<'_>> {
        EntryRequest::read(self.0.root())
    }
}

type Planned = (Vec<(usize, Change)>, Vec<(usize, Deferred)>, usize);

/// Understands every entry before anything is written.
fn plan(call: &Call<'_>, doc: &Doc) -> Result<Planned> {
    let entries = doc.root().get("entry").filter(|entry| entry.kind() == Kind::Array);
    let (mut changes, mut reads, mut n) = (Vec::new(), Vec::new(), 0);
    for (place, entry) in entries.into_iter().flat_map(mt_fhir::Node::children).enumerate() {
        let request = EntryRequest::read(entry).map_err(|error| at(error, place))?;
        match change_of(call, &request).map_err(|error| at(error, place))? {
            Some(change) => changes.push((place, change)),
            None => reads.push((place, Deferred(Doc::from_node(entry)))),
        }
        n = place + 1;
    }
    Ok((changes, reads, n))
}

/// The change that an entry asks for; `None` when it only reads.
fn change_of(call: &Call<'_>, request: &EntryRequest<'_>) -> Result<Option<Change>> {
    let if_match = wire::if_match(&request.headers)?;
    let (resource_type, action) = match &request.route {
        Route::Create(kind) => {
            let if_none_exist = match request.headers.get("if-none-exist") {
                Some(value) => {
                    Some(write::criteria_text(call, *kind, value.to_str().unwrap_or_default())?)
                }
                None => None,
            };
            let content = Content::Entry(content(request, *kind)?);
            (*kind, Action::Create { content, if_none_exist })
        }
        Route::Update(kind, id) => {
            let content = Content::Entry(content(request, *kind)?);
            let own = request.resource.and_then(|resource| resource.str("id"));
            if own.is_some_and(|own| own != id) {
                let message = "the resource's id differs from the URL's";
                return Err(FhirError::new(ErrorKind::Malformed, message));
            }
            let target = Target::Id(id.clone());
            (*kind, Action::Update { target, content, if_match, upsert: true })
        }
        Route::ConditionalUpdate(kind) => {
            let content = Content::Entry(content(request, *kind)?);
            let target = criteria(call, *kind, request)?;
            (*kind, Action::Update { target, content, if_match, upsert: true })
        }
        Route::Patch(kind, id) => {
            let patch = patch(request)?;
            (*kind, Action::Patch { target: Target::Id(id.clone()), patch, if_match })
        }
        Route::ConditionalPatch(kind) => {
            let target = criteria(call, *kind, request)?;
            (*kind, Action::Patch { target, patch: patch(request)?, if_match })
        }
        Route::Delete(kind, id) => {
            (*kind, Action::Delete { target: Target::Id(id.clone()), if_match })
        }
        Route::ConditionalDelete(kind) => {
            (*kind, Action::Delete { target: criteria(call, *kind, request)?, if_match })
        }
        Route::Bundle | Route::Operation(..) => {
            let message = "a transaction cannot hold Bundles or operations";
            return Err(FhirError::new(ErrorKind::Unsupported, message));
        }
        _ => return Ok(None),
    };
    Ok(Some(Change { resource_type, full_url: request.full_url.map(str::to_owned), action }))
}

fn content(request: &EntryRequest<'_>, kind: ResourceType) -> Result<NodeId> {
    match request.resource {
        Some(resource) if resource.resource_type() == Some(kind.name()) => Ok(resource.id()),
        Some(_) => {
            let message = "the resource is not of the type that the URL names";
            Err(FhirError::new(ErrorKind::Malformed, message))
        }
        None => Err(FhirError::new(ErrorKind::Malformed, "the entry has no resource")),
    }
}

fn criteria(call: &Call<'_>, kind: ResourceType, request: &EntryRequest<'_>) -> Result<Target> {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(&request.query);
    Ok(Target::Criteria(Box::new(write::criteria_text(call, kind, &format!("?{}", form.finish()))?)))
}

/// A patch travels as `Parameters` (FHIRPath Patch) or as a `Binary` that holds a JSON Patch.
fn patch(request: &EntryRequest<'_>) -> Result<Arc<dyn Patch>> {
    use base64::Engine;
    let missing = || FhirError::new(ErrorKind::Malformed, "the entry has no patch");
    let resource = request.resource.ok_or_else(missing)?;
    if resource.resource_type() != Some("Binary") {
        return write::fhirpath_patch(&Doc::from_node(resource));
    }
    let data = resource.str("data").ok_or_else(missing)?;
    let bytes = base64::engine::general_purpose::STANDARD.decode(data).map_err(|_| missing())?;
    let doc = Doc::parse(bytes, &mt_fhir::json::Limits::default()).map_err(|_| missing())?;
    write::json_patch(&doc)
}

fn written(call: &Call<'_>, done: &Committed) -> EntryResponse {
    let gone = matches!(done.effect, Effect::Deleted | Effect::Absent);
    // A client that loads thousands of resources does not want them all back unasked.
    let wanted = call.wishes.returns == Some(Return::Representation);
    EntryResponse {
        status: status_text(write::status_of(done.effect)),
        full_url: (!gone).then(|| format!("{}/{}", done.resource_type.name(), done.id)),
        location: (!gone).then(|| format!("{}/{}", call.base, version_path(done))),
        etag: Some(format!("W/\"{}\"", done.version)),
        last_modified: Some(done.last_updated.to_fhir()),
        resource: if gone || !wanted { Bytes::new() } else { done.body.clone() },
        outcome: None,
    }
}

/// The store numbers changes; the client numbers entries.
fn renumbered(error: mt_store::StoreError, places: &[usize]) -> mt_store::StoreError {
    match error {
        mt_store::StoreError::Entry { entry, cause } => {
            let entry = places.get(entry).copied().unwrap_or(entry);
            mt_store::StoreError::Entry { entry, cause }
        }
        other => other,
    }
}

fn at(mut error: FhirError, place: usize) -> FhirError {
    for issue in &mut error.issues {
        issue.expression = Some(match issue.expression.take() {
            Some(inner) if inner.starts_with("Bundle.") => inner,
            Some(inner) => format!("Bundle.entry[{place}].{inner}"),
            None => format!("Bundle.entry[{place}]"),
        });
    }
    error
}
