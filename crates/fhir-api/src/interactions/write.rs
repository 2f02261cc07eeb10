//! Create, update, patch, delete and their conditional forms
//! (<http://hl7.org/fhir/R4/http.html#create>).

use std::sync::Arc;

use axum::http::{StatusCode, header};
use mt_access::Interaction as Right;
use mt_fhir::outcome::{Issue, IssueCode, OperationOutcome};
use mt_fhir::{Doc, ResourceType};
use mt_fhirpath::patch::{PatchError, apply_fhirpath, apply_json};
use mt_kernel::{ErrorKind, Fault, Instant};
use mt_search::{Handling, ParamRegistry, ParseOptions, Query, Scope};
use mt_store::{Action, Batch, Change, Committed, Content, Effect, Patch, Target};

use crate::answer::Answer;
use crate::api::Call;
use crate::error::{FhirError, Result};
use crate::wire::{self, Return};

/// Characters that are told of why a patch does not fit.
const LONGEST_REASON: usize = 300;

pub(crate) async fn create(call: &Call<'_>, kind: ResourceType) -> Result<Answer> {
    let doc = resource_of(call, kind)?;
    let if_none_exist = match call.headers.get("if-none-exist") {
        None => None,
        Some(value) => {
            let text = value
                .to_str()
                .map_err(|_| FhirError::parameter("If-None-Exist", "the header is not text"))?;
            Some(criteria_text(
                &call.registry,
                &call.parse_options(),
                kind,
                text,
            )?)
        }
    };
    let content = Content::Own(Box::new(doc));
    run(
        call,
        "create",
        kind,
        Action::Create {
            content,
            if_none_exist,
        },
    )
    .await
}

pub(crate) async fn update(call: &Call<'_>, kind: ResourceType, id: String) -> Result<Answer> {
    let doc = resource_of(call, kind)?;
    match doc.root().str("id") {
        Some(own) if own == id => {}
        Some(_) => {
            return Err(FhirError::new(
                ErrorKind::Malformed,
                "the resource's id differs from the URL's",
            )
            .at("id"));
        }
        None => {
            return Err(FhirError::new(ErrorKind::Malformed, "the resource has no id").at("id"));
        }
    }
    let if_match = wire::if_match(&call.headers)?;
    let content = Content::Own(Box::new(doc));
    let action = Action::Update {
        target: Target::Id(id),
        content,
        if_match,
        upsert: true,
    };
    run(call, "update", kind, action).await
}

pub(crate) async fn conditional_update(call: &Call<'_>, kind: ResourceType) -> Result<Answer> {
    let doc = resource_of(call, kind)?;
    let target = criteria(call, kind)?;
    let if_match = wire::if_match(&call.headers)?;
    let content = Content::Own(Box::new(doc));
    let action = Action::Update {
        target,
        content,
        if_match,
        upsert: true,
    };
    run(call, "update-conditional", kind, action).await
}

pub(crate) async fn patch(call: &Call<'_>, kind: ResourceType, id: String) -> Result<Answer> {
    patch_target(call, "patch", kind, Target::Id(id)).await
}

pub(crate) async fn conditional_patch(call: &Call<'_>, kind: ResourceType) -> Result<Answer> {
    let target = criteria(call, kind)?;
    patch_target(call, "patch-conditional", kind, target).await
}

async fn patch_target(
    call: &Call<'_>,
    name: &'static str,
    kind: ResourceType,
    target: Target,
) -> Result<Answer> {
    let patch = patch_of(call)?;
    let if_match = wire::if_match(&call.headers)?;
    run(
        call,
        name,
        kind,
        Action::Patch {
            target,
            patch,
            if_match,
        },
    )
    .await
}

pub(crate) async fn delete(call: &Call<'_>, kind: ResourceType, id: String) -> Result<Answer> {
    let if_match = wire::if_match(&call.headers)?;
    run(
        call,
        "delete",
        kind,
        Action::Delete {
            target: Target::Id(id),
            if_match,
        },
    )
    .await
}

pub(crate) async fn conditional_delete(call: &Call<'_>, kind: ResourceType) -> Result<Answer> {
    let target = criteria(call, kind)?;
    run(
        call,
        "delete-conditional",
        kind,
        Action::Delete {
            target,
            if_match: None,
        },
    )
    .await
}

async fn run(
    call: &Call<'_>,
    name: &'static str,
    kind: ResourceType,
    action: Action,
) -> Result<Answer> {
    let change = Change {
        resource_type: kind,
        full_url: None,
        action,
    };
    let right = match change.action {
        Action::Create { .. } => Right::Create,
        Action::Update { .. } | Action::Patch { .. } => Right::Update,
        Action::Delete { .. } => Right::Delete,
    };
    let mut done = call
        .api
        .store
        .commit(&call.caller(right), Batch::from(change))
        .await
        .map_err(unbatched)?;
    let done = done
        .pop()
        .ok_or_else(|| FhirError::new(ErrorKind::Internal, "nothing was committed"))?;
    Ok(answer(call, name, &done))
}

/// The refusal of the one change, without the mention of a batch.
fn unbatched(error: mt_store::StoreError) -> FhirError {
    match error {
        mt_store::StoreError::Entry { cause, .. } => FhirError::from(*cause),
        other => FhirError::from(other),
    }
}

fn answer(call: &Call<'_>, name: &'static str, done: &Committed) -> Answer {
    let status = status_of(done.effect);
    if matches!(done.effect, Effect::Deleted | Effect::Absent) {
        let version = (done.effect == Effect::Deleted).then_some(done.version);
        return Answer {
            version,
            ..Answer::empty(name, status)
        };
    }
    let mut answer = Answer::committed(name, status, done);
    match call.wishes.returns {
        None | Some(Return::Representation) => {}
        Some(Return::Minimal) => answer.body = bytes::Bytes::new(),
        Some(Return::OperationOutcome) => answer.body = said(done.effect).to_json().into(),
    }
    answer
}

/// Status of a single write and of an entry's response.
pub(crate) const fn status_of(effect: Effect) -> StatusCode {
    match effect {
        Effect::Created => StatusCode::CREATED,
        Effect::Updated | Effect::Unchanged | Effect::Matched => StatusCode::OK,
        Effect::Deleted | Effect::Absent => StatusCode::NO_CONTENT,
    }
}

fn said(effect: Effect) -> OperationOutcome {
    let text = match effect {
        Effect::Created => "created",
        Effect::Updated => "updated",
        Effect::Unchanged => "the content is the current one already",
        Effect::Matched => "a resource that matches the criteria exists already",
        Effect::Deleted | Effect::Absent => "deleted",
    };
    OperationOutcome::from(Issue::information(IssueCode::Informational, text))
}

/// The resource in the body, which must be of the type in the URL.
fn resource_of(call: &Call<'_>, kind: ResourceType) -> Result<Doc> {
    if kind == ResourceType::BINARY
        && let Some(doc) = raw_binary(call)
    {
        return Ok(doc);
    }
    let doc = call.resource()?;
    if doc.root().resource_type() == Some(kind.name()) {
        return Ok(doc);
    }
    let message = format!("the body must be a resource of type {}", kind.name());
    Err(FhirError::new(ErrorKind::Malformed, message).at("resourceType"))
}

/// Bytes of any other media type become a `Binary` (R4 binary.html#rest).
fn raw_binary(call: &Call<'_>) -> Option<Doc> {
    use base64::Engine;
    let media_type = call.headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    if media_type.contains("json") || media_type.contains("xml") {
        return None;
    }
    let mut doc = Doc::object();
    let root = doc.root().id();
    doc.set_string_field(root, "resourceType", "Binary");
    doc.set_string_field(root, "contentType", media_type);
    // An empty value is none in FHIR: whose file may not be empty is decided by the rules of files.
    if !call.body.is_empty() {
        let data = base64::engine::general_purpose::STANDARD.encode(&call.body);
        doc.set_string_field(root, "data", &data);
    }
    Some(doc)
}

/// The criteria of a conditional interaction: the URL's parameters, read strictly, because a
/// parameter that is left out would mean other resources.
fn criteria(call: &Call<'_>, kind: ResourceType) -> Result<Target> {
    let query = strict_query(&call.registry, &call.parse_options(), kind, &call.query)?;
    Ok(Target::Criteria(Box::new(query)))
}

/// Criteria as a header or an entry carries them: `identifier=…` or `Patient?identifier=…`.
pub(crate) fn criteria_text(
    registry: &ParamRegistry,
    options: &ParseOptions<'_>,
    kind: ResourceType,
    text: &str,
) -> Result<Query> {
    let parameters = match text.split_once('?') {
        Some((before, parameters)) if before == kind.name() || before.is_empty() => parameters,
        Some(_) => {
            return Err(FhirError::parameter(
                "ifNoneExist",
                "the criteria name another type",
            ));
        }
        None => text,
    };
    strict_query(
        registry,
        options,
        kind,
        &mt_search::decode_pairs(parameters)?,
    )
}

fn strict_query(
    registry: &ParamRegistry,
    options: &ParseOptions<'_>,
    kind: ResourceType,
    pairs: &[(String, String)],
) -> Result<Query> {
    let options = ParseOptions {
        handling: Handling::Strict,
        ..*options
    };
    let query = Query::parse(registry, Scope::resource(kind), pairs, &options)?;
    if query.conditions().next().is_none() {
        let message = "a conditional interaction needs search criteria";
        return Err(FhirError::new(ErrorKind::Precondition, message));
    }
    Ok(query)
}

/// The patch in the body: JSON Patch or FHIRPath Patch, by content type.
fn patch_of(call: &Call<'_>) -> Result<Arc<dyn Patch>> {
    let declared = call
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = declared
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    if essence.eq_ignore_ascii_case("application/json-patch+json") {
        let doc = Doc::parse(call.body.to_vec(), &call.api.limits.json).map_err(|error| {
            FhirError::new(
                ErrorKind::Malformed,
                format!("the patch cannot be read: {error}"),
            )
        })?;
        return json_patch(&doc);
    }
    let doc = call.resource()?;
    fhirpath_patch(&doc, call.now)
}

/// A JSON Patch (RFC 6902).
pub(crate) fn json_patch(doc: &Doc) -> Result<Arc<dyn Patch>> {
    if !doc.root().is_array() {
        return Err(FhirError::new(
            ErrorKind::Malformed,
            "a JSON Patch is an array of operations",
        ));
    }
    Ok(Arc::new(Json(doc.clone())))
}

/// A FHIRPath Patch: a `Parameters` resource (R4 fhirpatch.html).
pub(crate) fn fhirpath_patch(doc: &Doc, now: Instant) -> Result<Arc<dyn Patch>> {
    if doc.root().resource_type() != Some("Parameters") {
        return Err(FhirError::new(
            ErrorKind::Malformed,
            "a FHIRPath Patch is a Parameters resource",
        ));
    }
    Ok(Arc::new(FhirPath {
        patch: doc.clone(),
        now,
    }))
}

#[derive(Debug)]
struct Json(Doc);

impl Patch for Json {
    fn apply(&self, doc: &mut Doc) -> Result<(), Fault> {
        apply_json(doc, self.0.root()).map_err(unfit)
    }
}

#[derive(Debug)]
struct FhirPath {
    patch: Doc,
    /// What `now()` means in its expressions.
    now: Instant,
}

impl Patch for FhirPath {
    fn apply(&self, doc: &mut Doc) -> Result<(), Fault> {
        apply_fhirpath(doc, self.patch.root(), self.now).map_err(unfit)
    }
}

fn unfit(error: PatchError) -> Fault {
    // The reason quotes the patch, which may be long.
    let mut reason = error.to_string();
    if let Some((end, _)) = reason.char_indices().nth(LONGEST_REASON) {
        reason.truncate(end);
        reason.push('…');
    }
    Fault::new(
        ErrorKind::Invalid,
        format!("the patch does not fit the resource: {reason}"),
    )
}
