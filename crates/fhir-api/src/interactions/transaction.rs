//! A transaction: all entries take effect together or none does
//! (<http://hl7.org/fhir/R4/http.html#transaction>).

use std::sync::Arc;

use bytes::Bytes;
use mt_access::Interaction as Right;
use mt_fhir::json::{Kind, NodeId};
use mt_fhir::{Doc, ResourceType};
use mt_kernel::ErrorKind;
use mt_search::{ParamRegistry, ParseOptions, Query};
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
    let planner = Planner {
        registry: &call.registry,
        options: call.parse_options(),
    };
    let Plan {
        batch,
        places,
        reads,
        entries,
    } = planner.plan(doc)?;
    let caller = call.caller(Right::Update);
    let done = call.api.store.commit(&caller, batch).await;
    let done = done.map_err(|error| told_of_entry(error, &places))?;
    let mut responses: Vec<EntryResponse> = vec![EntryResponse::default(); entries];
    for (place, committed) in places.iter().zip(&done) {
        responses[*place] = written(call, committed);
    }
    // Reads come last and see what the transaction wrote.
    for (place, entry) in reads {
        let answer = single(call, entry.request()?)
            .await
            .map_err(|error| at(error, place))?;
        responses[place] = response_of(answer);
    }
    let id = call.correlation_id.to_string();
    let mut bundle = BundleWriter::new("transaction-response", &call.base, &id, None, &[]);
    for response in &responses {
        bundle.response_entry(response);
    }
    Ok(Answer::resource("transaction", bundle.finish()))
}

/// A transaction, understood: what to commit, and where its parts stand in the Bundle.
pub(crate) struct Plan {
    pub(crate) batch: Batch,
    /// Position in the Bundle of each change.
    pub(crate) places: Vec<usize>,
    reads: Vec<(usize, Deferred)>,
    entries: usize,
}

/// A reading entry, kept as a document of its own while the Bundle is committed.
struct Deferred(Doc);

impl Deferred {
    fn request(&self) -> Result<EntryRequest<'_>> {
        EntryRequest::read(self.0.root())
    }
}

/// Understands every entry before anything is written.
pub(crate) struct Planner<'a> {
    pub(crate) registry: &'a ParamRegistry,
    pub(crate) options: ParseOptions<'a>,
}

impl Planner<'_> {
    pub(crate) fn plan(&self, doc: Doc) -> Result<Plan> {
        let (mut changes, mut places, mut reads, mut n) = (Vec::new(), Vec::new(), Vec::new(), 0);
        let entries = doc
            .root()
            .get("entry")
            .filter(|entry| entry.kind() == Kind::Array);
        for (place, entry) in entries
            .into_iter()
            .flat_map(mt_fhir::Node::children)
            .enumerate()
        {
            let request = EntryRequest::read(entry).map_err(|error| at(error, place))?;
            match self.change_of(&request).map_err(|error| at(error, place))? {
                Some(change) => {
                    changes.push(change);
                    places.push(place);
                }
                None => reads.push((place, Deferred(Doc::from_node(entry)))),
            }
            n = place + 1;
        }
        let mut batch = Batch::of_bundle(doc);
        changes.into_iter().for_each(|change| batch.push(change));
        Ok(Plan {
            batch,
            places,
            reads,
            entries: n,
        })
    }

    /// The change that an entry asks for; `None` when it only reads.
    fn change_of(&self, request: &EntryRequest<'_>) -> Result<Option<Change>> {
        let if_match = wire::if_match(&request.headers)?;
        let (resource_type, action) = match &request.route {
            Route::Create(kind) => {
                let if_none_exist = request.headers.get("if-none-exist");
                let if_none_exist = if_none_exist.and_then(|value| value.to_str().ok());
                let if_none_exist = if_none_exist
                    .map(|text| self.criteria(*kind, text))
                    .transpose()?;
                let content = Content::Entry(content(request, *kind)?);
                (
                    *kind,
                    Action::Create {
                        content,
                        if_none_exist,
                    },
                )
            }
            Route::Update(kind, id) => {
                let content = Content::Entry(content_with_id(request, *kind, id)?);
                let target = Target::Id(id.clone());
                (
                    *kind,
                    Action::Update {
                        target,
                        content,
                        if_match,
                        upsert: true,
                    },
                )
            }
            Route::ConditionalUpdate(kind) => {
                let content = Content::Entry(content(request, *kind)?);
                let target = self.target(*kind, request)?;
                (
                    *kind,
                    Action::Update {
                        target,
                        content,
                        if_match,
                        upsert: true,
                    },
                )
            }
            Route::Patch(kind, id) => {
                let target = Target::Id(id.clone());
                (
                    *kind,
                    Action::Patch {
                        target,
                        patch: self.patch(request)?,
                        if_match,
                    },
                )
            }
            Route::ConditionalPatch(kind) => {
                let target = self.target(*kind, request)?;
                (
                    *kind,
                    Action::Patch {
                        target,
                        patch: self.patch(request)?,
                        if_match,
                    },
                )
            }
            Route::Delete(kind, id) => (
                *kind,
                Action::Delete {
                    target: Target::Id(id.clone()),
                    if_match,
                },
            ),
            Route::ConditionalDelete(kind) => (
                *kind,
                Action::Delete {
                    target: self.target(*kind, request)?,
                    if_match,
                },
            ),
            Route::Bundle | Route::Operation(..) => {
                let message = "a transaction cannot hold Bundles or operations";
                return Err(FhirError::new(ErrorKind::Unsupported, message));
            }
            _ => return Ok(None),
        };
        Ok(Some(Change {
            resource_type,
            full_url: request.full_url.map(str::to_owned),
            action,
        }))
    }

    fn criteria(&self, kind: ResourceType, text: &str) -> Result<Query> {
        write::criteria_text(self.registry, &self.options, kind, text)
    }

    fn target(&self, kind: ResourceType, request: &EntryRequest<'_>) -> Result<Target> {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(&request.query);
        Ok(Target::Criteria(Box::new(
            self.criteria(kind, &form.finish())?,
        )))
    }

    /// A patch travels as `Parameters` (FHIRPath Patch) or as a `Binary` that holds a JSON Patch.
    fn patch(&self, request: &EntryRequest<'_>) -> Result<Arc<dyn Patch>> {
        use base64::Engine;
        let missing = || FhirError::new(ErrorKind::Malformed, "the entry has no patch");
        let resource = request.resource.ok_or_else(missing)?;
        if resource.resource_type() != Some("Binary") {
            return write::fhirpath_patch(&Doc::from_node(resource), self.options.now);
        }
        let data = resource.str("data").ok_or_else(missing)?;
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(data)
            .map_err(|_| missing())?;
        let doc = Doc::parse(bytes, &mt_fhir::json::Limits::default()).map_err(|_| missing())?;
        write::json_patch(&doc)
    }
}

fn content_with_id(request: &EntryRequest<'_>, kind: ResourceType, id: &str) -> Result<NodeId> {
    let own = request.resource.and_then(|resource| resource.str("id"));
    if own.is_some_and(|own| own != id) {
        let message = "the resource's id differs from the URL's";
        return Err(FhirError::new(ErrorKind::Malformed, message));
    }
    content(request, kind)
}

fn content(request: &EntryRequest<'_>, kind: ResourceType) -> Result<NodeId> {
    match request.resource {
        Some(resource) if resource.resource_type() == Some(kind.name()) => Ok(resource.id()),
        Some(_) => {
            let message = "the resource is not of the type that the URL names";
            Err(FhirError::new(ErrorKind::Malformed, message))
        }
        None => Err(FhirError::new(
            ErrorKind::Malformed,
            "the entry has no resource",
        )),
    }
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
        resource: if gone || !wanted {
            Bytes::new()
        } else {
            done.body.clone()
        },
        outcome: None,
    }
}

/// A refused commit, told of the entry at fault: the store numbers changes, the client entries.
pub(crate) fn told_of_entry(error: mt_store::StoreError, places: &[usize]) -> FhirError {
    match error {
        mt_store::StoreError::Entry { entry, cause } => {
            let place = places.get(entry).copied().unwrap_or(entry);
            at(FhirError::from(*cause), place)
        }
        other => FhirError::from(other),
    }
}

/// Puts the place in the Bundle before the place in the entry. A path that starts with a type is
/// one in the entry's resource.
fn at(mut error: FhirError, place: usize) -> FhirError {
    for issue in &mut error.issues {
        issue.expression = Some(match issue.expression.take() {
            Some(inner) if inner.starts_with("Bundle.") => inner,
            Some(inner) if inner.starts_with(|first: char| first.is_ascii_uppercase()) => {
                let below = inner.find(['.', '[']).map_or("", |end| &inner[end..]);
                format!("Bundle.entry[{place}].resource{below}")
            }
            Some(inner) => format!("Bundle.entry[{place}].{inner}"),
            None => format!("Bundle.entry[{place}]"),
        });
    }
    error
}
