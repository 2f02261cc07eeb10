//! Keyed hashes of what a resource says and what a search asks.
//!
//! Each token hashes the resource type, the parameter, the kind of statement and the value.

use mt_crypto::{BlindIndex, TokenScope};
use mt_fhir::ResourceType;
use mt_fhir::definitions::ParamId;
use uuid::Uuid;

/// What a token states. Numbers are stored: they never change.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Kind {
    /// A code, whatever its system.
    Code = 1,
    /// A code of a system.
    SystemCode = 2,
    /// A folded string starts so.
    Prefix = 3,
    /// A folded string contains these three characters.
    Trigram = 4,
    /// A reference to a resource of this server.
    Reference = 5,
    /// A reference to something elsewhere.
    ReferenceUrl = 6,
    /// A reference by an identifier.
    ReferenceIdentifier = 7,
    /// A URI.
    Uri = 8,
    /// A URI at or beneath this one.
    UriBelow = 9,
    /// A word that sounds so.
    Phonetic = 10,
    /// Main code in `k1`, and in side rows for the further codes.
    MainCode = 11,
    /// Range in side rows.
    Range = 12,
    /// Range in units of this system and code.
    UnitRange = 13,
    /// A patient's compartment; carries no resource type.
    Patient = 14,
    /// Range in canonical units.
    CanonicalRange = 15,
}

/// The keyed hash of a patient's compartment (`records.res.pat`), from the primary key of the
/// `Patient`. The audit trail finds its entries by the same hash.
#[must_use]
pub fn patient_token(blind: &BlindIndex, patient: Uuid) -> i64 {
    blind.token(&[&[Kind::Patient as u8][..], patient.as_bytes()])
}

/// Makes the tokens of one tenant for one resource type.
#[derive(Clone)]
pub(crate) struct Tokens {
    blind: BlindIndex,
    scope: TokenScope,
}

impl Tokens {
    pub(crate) fn new(blind: &BlindIndex, resource_type: ResourceType) -> Self {
        Self {
            scope: blind.scope(&[resource_type.number().to_be_bytes()]),
            blind: blind.clone(),
        }
    }

    fn token(&self, param: ParamId, kind: Kind, value: &[&[u8]]) -> i64 {
        let [a, b] = param.0.to_be_bytes();
        self.scope.scope(&[[a, b, kind as u8]]).token(value)
    }

    pub(crate) fn code(&self, param: ParamId, code: &str) -> i64 {
        self.token(param, Kind::Code, &[code.as_bytes()])
    }

    pub(crate) fn system_code(&self, param: ParamId, system: &str, code: &str) -> i64 {
        self.token(
            param,
            Kind::SystemCode,
            &[system.as_bytes(), code.as_bytes()],
        )
    }

    /// A main code; without system the system is empty.
    pub(crate) fn main_code(&self, param: ParamId, system: &str, code: &str) -> i64 {
        self.token(param, Kind::MainCode, &[system.as_bytes(), code.as_bytes()])
    }

    /// A folded string starts with `prefix`.
    pub(crate) fn prefix(&self, param: ParamId, prefix: &str) -> i64 {
        self.token(param, Kind::Prefix, &[prefix.as_bytes()])
    }

    /// A folded string contains `trigram`.
    pub(crate) fn trigram(&self, param: ParamId, trigram: &str) -> i64 {
        self.token(param, Kind::Trigram, &[trigram.as_bytes()])
    }

    /// A folded string is too long to be cut into trigrams.
    pub(crate) fn long_string(&self, param: ParamId) -> i64 {
        self.token(param, Kind::Trigram, &[])
    }

    pub(crate) fn reference(&self, param: ParamId, target: ResourceType, id: Uuid) -> i64 {
        self.token(
            param,
            Kind::Reference,
            &[&target.number().to_be_bytes(), id.as_bytes()],
        )
    }

    pub(crate) fn reference_url(&self, param: ParamId, url: &str) -> i64 {
        self.token(param, Kind::ReferenceUrl, &[url.as_bytes()])
    }

    pub(crate) fn reference_identifier(&self, param: ParamId, value: &str) -> i64 {
        self.token(param, Kind::ReferenceIdentifier, &[value.as_bytes()])
    }

    pub(crate) fn uri(&self, param: ParamId, uri: &str) -> i64 {
        self.token(param, Kind::Uri, &[uri.as_bytes()])
    }

    pub(crate) fn uri_below(&self, param: ParamId, uri: &str) -> i64 {
        self.token(
            param,
            Kind::UriBelow,
            &[uri.trim_end_matches('/').as_bytes()],
        )
    }

    pub(crate) fn phonetic(&self, param: ParamId, code: &str) -> i64 {
        self.token(param, Kind::Phonetic, &[code.as_bytes()])
    }

    /// The hash under which ranges of a parameter stand in the side table.
    pub(crate) fn range(&self, param: ParamId) -> i64 {
        self.token(param, Kind::Range, &[])
    }

    /// The same for quantities converted to `unit`.
    pub(crate) fn canonical_range(&self, param: ParamId, unit: &str) -> i64 {
        self.token(param, Kind::CanonicalRange, &[unit.as_bytes()])
    }

    /// The same for quantities in a unit that is not UCUM's.
    pub(crate) fn unit_range(&self, param: ParamId, system: &str, code: &str) -> i64 {
        self.token(
            param,
            Kind::UnitRange,
            &[system.as_bytes(), code.as_bytes()],
        )
    }

    /// The hash of a patient's compartment, the same for every type.
    pub(crate) fn patient(&self, id: Uuid) -> i64 {
        patient_token(&self.blind, id)
    }
}
