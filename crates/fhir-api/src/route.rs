//! What a method and a path mean (<http://hl7.org/fhir/R4/http.html>).
//!
//! FHIR's paths are one grammar over all resource types, so they are read here once instead of
//! being listed as routes; the CapabilityStatement is generated from the same enumeration.

use axum::http::{Method, StatusCode};
use mt_fhir::ResourceType;
use mt_fhir::definitions::Compartment;
use mt_kernel::ErrorKind;
use uuid::Uuid;

use crate::error::{FhirError, Result};

/// One interaction with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Capabilities,
    Read(ResourceType, String),
    Vread(ResourceType, String, u32),
    HistoryInstance(ResourceType, String),
    HistoryType(ResourceType),
    HistorySystem,
    Create(ResourceType),
    Update(ResourceType, String),
    ConditionalUpdate(ResourceType),
    Patch(ResourceType, String),
    ConditionalPatch(ResourceType),
    Delete(ResourceType, String),
    ConditionalDelete(ResourceType),
    SearchType(ResourceType),
    SearchSystem,
    SearchCompartment(Compartment, String, Option<ResourceType>),
    Bundle,
    Operation(Place, String),
    /// State of a job.
    Job(Uuid),
    /// A file of a job.
    JobFile(Uuid, i32),
    JobCancel(Uuid),
}

/// Where an operation is invoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    System,
    Type(ResourceType),
    Instance(ResourceType, String),
    Version(ResourceType, String, u32),
}

impl Route {
    /// Reads `path` (without the base, still percent-encoded).
    pub(crate) fn parse(method: &Method, path: &str) -> Result<Self> {
        let segments = segments_of(path)?;
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        if let Some((last, place)) = segments.split_last()
            && let Some(name) = last.strip_prefix('$')
        {
            return Ok(Self::Operation(place_of(place)?, name.to_owned()));
        }
        match *method {
            Method::GET | Method::HEAD => get(&segments),
            Method::POST => post(&segments),
            Method::PUT => match segments[..] {
                [t] => Ok(Self::ConditionalUpdate(known(t)?)),
                [t, id] => Ok(Self::Update(known(t)?, id_of(id)?)),
                _ => Err(not_allowed()),
            },
            Method::PATCH => match segments[..] {
                [t] => Ok(Self::ConditionalPatch(known(t)?)),
                [t, id] => Ok(Self::Patch(known(t)?, id_of(id)?)),
                _ => Err(not_allowed()),
            },
            Method::DELETE => match segments[..] {
                ["_bulk", id] => Ok(Self::JobCancel(job_id(id)?)),
                [t] => Ok(Self::ConditionalDelete(known(t)?)),
                [t, id] => Ok(Self::Delete(known(t)?, id_of(id)?)),
                _ => Err(not_allowed()),
            },
            _ => Err(not_allowed()),
        }
    }
}

impl Route {
    /// Whether the answer may be in a format of its own (R4 binary.html#rest).
    pub(crate) fn reads_binary(&self) -> bool {
        matches!(self, Self::Read(kind, _) | Self::Vread(kind, ..) if *kind == ResourceType::BINARY)
    }
}

fn get(segments: &[&str]) -> Result<Route> {
    match *segments {
        [] => Ok(Route::SearchSystem),
        ["metadata"] => Ok(Route::Capabilities),
        ["_history"] => Ok(Route::HistorySystem),
        ["_bulk", id] => Ok(Route::Job(job_id(id)?)),
        ["_bulk", id, file] => {
            let file = file.parse().map_err(|_| FhirError::not_found())?;
            Ok(Route::JobFile(job_id(id)?, file))
        }
        [t] => Ok(Route::SearchType(known(t)?)),
        [t, "_history"] => Ok(Route::HistoryType(known(t)?)),
        [t, id] => Ok(Route::Read(known(t)?, id_of(id)?)),
        [t, id, "_history"] => Ok(Route::HistoryInstance(known(t)?, id_of(id)?)),
        [t, id, "*"] => Ok(Route::SearchCompartment(compartment(t)?, id_of(id)?, None)),
        [t, id, inner] => Ok(Route::SearchCompartment(
            compartment(t)?,
            id_of(id)?,
            Some(known(inner)?),
        )),
        [t, id, "_history", version] => {
            let version = version.parse().map_err(|_| FhirError::not_found())?;
            Ok(Route::Vread(known(t)?, id_of(id)?, version))
        }
        _ => Err(unknown_path()),
    }
}

fn post(segments: &[&str]) -> Result<Route> {
    match *segments {
        [] => Ok(Route::Bundle),
        ["_search"] => Ok(Route::SearchSystem),
        [t] => Ok(Route::Create(known(t)?)),
        [t, "_search"] => Ok(Route::SearchType(known(t)?)),
        [t, id, inner, "_search"] => {
            let inner = if inner == "*" {
                None
            } else {
                Some(known(inner)?)
            };
            Ok(Route::SearchCompartment(compartment(t)?, id_of(id)?, inner))
        }
        _ => Err(unknown_path()),
    }
}

fn place_of(segments: &[&str]) -> Result<Place> {
    match *segments {
        [] => Ok(Place::System),
        [t] => Ok(Place::Type(known(t)?)),
        [t, id] => Ok(Place::Instance(known(t)?, id_of(id)?)),
        [t, id, "_history", version] => {
            let version = version.parse().map_err(|_| FhirError::not_found())?;
            Ok(Place::Version(known(t)?, id_of(id)?, version))
        }
        _ => Err(unknown_path()),
    }
}

fn segments_of(path: &str) -> Result<Vec<String>> {
    let path = path.trim_matches('/');
    if path.is_empty() {
        return Ok(Vec::new());
    }
    path.split('/')
        .map(|segment| percent_decoded(segment).ok_or_else(unknown_path))
        .collect()
}

fn percent_decoded(segment: &str) -> Option<String> {
    if !segment.contains('%') {
        return Some(segment.to_owned());
    }
    let pairs = mt_search::decode_pairs(&format!("x={}", segment.replace('+', "%2B"))).ok()?;
    pairs.into_iter().next().map(|(_, value)| value)
}

fn known(name: &str) -> Result<ResourceType> {
    ResourceType::from_name(name).ok_or_else(|| {
        FhirError::new(
            ErrorKind::NotFound,
            "the path names no resource type of FHIR R4",
        )
    })
}

fn job_id(text: &str) -> Result<Uuid> {
    Uuid::parse_str(text).map_err(|_| FhirError::not_found())
}

fn compartment(name: &str) -> Result<Compartment> {
    Compartment::of(known(name)?).ok_or_else(unknown_path)
}

/// FHIR `id`: 1 to 64 of `A-Z a-z 0-9 - .`; anything else names nothing.
fn id_of(text: &str) -> Result<String> {
    if is_id(text) {
        Ok(text.to_owned())
    } else {
        Err(FhirError::not_found())
    }
}

/// Whether `text` is a FHIR `id`.
pub(crate) fn is_id(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

fn unknown_path() -> FhirError {
    FhirError::new(ErrorKind::NotFound, "the path is no FHIR interaction")
}

fn not_allowed() -> FhirError {
    FhirError::new(ErrorKind::Unsupported, "the method is not supported here")
        .with_status(StatusCode::METHOD_NOT_ALLOWED)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENT: ResourceType = ResourceType::PATIENT;
    const OBSERVATION: ResourceType = ResourceType::OBSERVATION;

    fn route(method: &Method, path: &str) -> Route {
        Route::parse(method, path).unwrap()
    }

    #[test]
    fn every_interaction_has_its_path() {
        let id = || "a-1.B".to_owned();
        let cases = [
            (Method::GET, "metadata", Route::Capabilities),
            (Method::GET, "Patient/a-1.B", Route::Read(PATIENT, id())),
            (Method::HEAD, "Patient/a-1.B", Route::Read(PATIENT, id())),
            (
                Method::GET,
                "Patient/a-1.B/_history/3",
                Route::Vread(PATIENT, id(), 3),
            ),
            (
                Method::GET,
                "Patient/a-1.B/_history",
                Route::HistoryInstance(PATIENT, id()),
            ),
            (Method::GET, "Patient/_history", Route::HistoryType(PATIENT)),
            (Method::GET, "_history", Route::HistorySystem),
            (Method::POST, "Patient", Route::Create(PATIENT)),
            (Method::PUT, "Patient/a-1.B", Route::Update(PATIENT, id())),
            (Method::PUT, "Patient", Route::ConditionalUpdate(PATIENT)),
            (Method::PATCH, "Patient/a-1.B", Route::Patch(PATIENT, id())),
            (Method::DELETE, "Patient", Route::ConditionalDelete(PATIENT)),
            (Method::GET, "Patient", Route::SearchType(PATIENT)),
            (Method::POST, "Patient/_search", Route::SearchType(PATIENT)),
            (Method::POST, "", Route::Bundle),
            (Method::GET, "", Route::SearchSystem),
        ];
        for (method, path, expected) in cases {
            assert_eq!(route(&method, path), expected, "{method} {path}");
        }
        assert_eq!(
            route(&Method::GET, "Patient/1/Observation"),
            Route::SearchCompartment(Compartment::Patient, "1".into(), Some(OBSERVATION))
        );
    }

    #[test]
    fn operations_are_found_at_every_place() {
        let named = |place| Route::Operation(place, "validate".into());
        assert_eq!(route(&Method::POST, "$validate"), named(Place::System));
        assert_eq!(
            route(&Method::GET, "Patient/$validate"),
            named(Place::Type(PATIENT))
        );
        let instance = Place::Instance(PATIENT, "1".into());
        assert_eq!(route(&Method::POST, "Patient/1/$validate"), named(instance));
    }

    #[test]
    fn what_names_nothing_is_not_found() {
        for path in [
            "Nothing",
            "Patient/a b",
            "Patient/a_b",
            "Patient/1/2/3",
            "Patient/1/_history/x",
        ] {
            let kind = Route::parse(&Method::GET, path).unwrap_err().kind;
            assert_eq!(kind, ErrorKind::NotFound, "{path}");
        }
        let long = format!("Patient/{}", "a".repeat(65));
        assert!(Route::parse(&Method::GET, &long).is_err());
    }
}
