//! From the searchable values of a resource to its index row.

use mt_fhir::definitions::ParamId;
use mt_fhir::{Node, ResourceType};
use mt_search::extract::{QuantityIndex, ReferenceIndex};
use mt_search::normal::{fold, prefixes, token_code, trigrams};
use mt_search::query::Range;
use mt_search::{IndexValue, extract};
use uuid::Uuid;

use super::shape::{Shape, indexed_as, superset_of};
use super::tokens::Tokens;
use super::{NO_DATE, sortable, uri_root};
use crate::Result;
use crate::tenants::Tenant;

/// What the columns of a row hold beside the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IndexRow {
    pub(crate) dlo: i64,
    pub(crate) dhi: i64,
    pub(crate) pat: Option<i64>,
    pub(crate) k1: Option<i64>,
    /// The resource has several main dates: `dlo` and `dhi` are their hull.
    pub(crate) recheck: bool,
    /// Sorted, each once.
    pub(crate) keys: Vec<i64>,
    /// Sorted, each once.
    pub(crate) aux: Vec<AuxRow>,
}

/// A row of the side table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AuxRow {
    pub(crate) h: i64,
    pub(crate) lo: i64,
    pub(crate) hi: i64,
}

impl IndexRow {
    /// The row of a resource that no search finds.
    pub(crate) const fn empty() -> Self {
        Self {
            dlo: NO_DATE,
            dhi: NO_DATE,
            pat: None,
            k1: None,
            recheck: false,
            keys: Vec::new(),
            aux: Vec::new(),
        }
    }
}

/// Indexes a resource of `resource_type` whose primary key is `id`.
pub(crate) fn index(
    tenant: &Tenant,
    resource_type: ResourceType,
    id: Uuid,
    resource: Node<'_>,
) -> Result<IndexRow> {
    let extracted = extract(&tenant.params, resource_type, resource);
    let mut builder = Builder {
        tenant,
        resource_type,
        shape: Shape::of(resource_type),
        tokens: Tokens::new(&tenant.blind, resource_type),
        keys: Vec::with_capacity(24),
        aux: Vec::new(),
        dates: Vec::new(),
        codes: Vec::new(),
        owner: None,
        patients: Vec::new(),
    };
    if resource_type == ResourceType::PATIENT {
        builder.owner = Some(builder.tokens.patient(id));
    }
    for entry in &extracted.entries {
        let param = indexed_as(resource_type, entry.param);
        let part = superset_of(resource_type, param);
        let shared =
            part.is_some_and(|part| extracted.values(part).any(|value| *value == entry.value));
        if !shared {
            builder.value(param, &entry.value);
        }
    }
    Ok(builder.finish())
}

struct Builder<'a> {
    tenant: &'a Tenant,
    resource_type: ResourceType,
    shape: &'static Shape,
    tokens: Tokens,
    keys: Vec<i64>,
    aux: Vec<AuxRow>,
    /// Main dates.
    dates: Vec<Range<i64>>,
    /// Main codes, the first one first.
    codes: Vec<i64>,
    /// Whom the resource is about.
    owner: Option<i64>,
    /// Patients whose compartment holds the resource, the owner included.
    patients: Vec<i64>,
}

impl Builder<'_> {
    fn value(&mut self, param: ParamId, value: &IndexValue<'_>) {
        match value {
            IndexValue::Token {
                system,
                code: Some(code),
                ..
            } => {
                self.token(param, system.as_deref(), code);
            }
            IndexValue::String(text) => self.string(param, text),
            IndexValue::Reference(reference) => self.reference(param, reference),
            IndexValue::Date(range) if self.shape.date == Some(param) => self.dates.push(*range),
            IndexValue::Date(range) => {
                let (lo, hi) = (
                    self.tenant.shift.apply(range.lo),
                    self.tenant.shift.apply(range.hi),
                );
                self.range(self.tokens.range(param), lo, hi);
            }
            IndexValue::Number(range) => {
                self.range(
                    self.tokens.range(param),
                    sortable(range.lo),
                    sortable(range.hi),
                );
            }
            IndexValue::Quantity(quantity) => self.quantity(param, quantity),
            IndexValue::Uri(uri) => self.uri(param, uri),
            // Displays, typed identifiers, composites and positions are found by opening candidates.
            IndexValue::Token { code: None, .. }
            | IndexValue::TypedIdentifier { .. }
            | IndexValue::Composite(_)
            | IndexValue::Position { .. } => {}
        }
    }

    fn token(&mut self, param: ParamId, system: Option<&str>, code: &str) {
        let bare = token_code(None, code);
        self.keys.push(self.tokens.code(param, &bare));
        if let Some(system) = system {
            let full = self
                .tokens
                .system_code(param, system, &token_code(Some(system), code));
            self.keys.push(full);
        }
        if self.shape.code == Some(param) {
            let code = token_code(system, code);
            let main = self
                .tokens
                .main_code(param, system.unwrap_or_default(), &code);
            push_new(&mut self.codes, main);
        }
    }

    fn string(&mut self, param: ParamId, text: &str) {
        let phonetic = self
            .tenant
            .params
            .by_id(param)
            .is_some_and(|def| def.is_phonetic());
        if phonetic {
            self.keys.push(self.tokens.phonetic(param, text));
            return;
        }
        let folded = fold(text);
        let tokens = &self.tokens;
        self.keys
            .extend(prefixes(&folded).map(|prefix| tokens.prefix(param, prefix)));
        match trigrams(&folded) {
            Some(parts) => self
                .keys
                .extend(parts.iter().map(|part| tokens.trigram(param, part))),
            None => self.keys.push(tokens.long_string(param)),
        }
    }

    fn reference(&mut self, param: ParamId, reference: &ReferenceIndex<'_>) {
        if let Some((target, literal)) = &reference.local {
            let id = self.tenant.key_of(*target, literal);
            let in_column = *target == ResourceType::PATIENT && self.shape.owner_says_all(param);
            if !in_column {
                self.keys.push(self.tokens.reference(param, *target, id));
            }
            if *target == ResourceType::PATIENT && self.shape.patient.contains(&param) {
                let patient = self.tokens.patient(id);
                if self.owner.is_none() && self.shape.owner == Some(param) {
                    self.owner = Some(patient);
                }
                push_new(&mut self.patients, patient);
            }
        }
        if let Some(url) = &reference.url {
            self.keys.push(self.tokens.reference_url(param, url));
        }
        if let Some((_, value)) = &reference.identifier {
            self.keys.push(
                self.tokens
                    .reference_identifier(param, &token_code(None, value)),
            );
        }
    }

    fn quantity(&mut self, param: ParamId, quantity: &QuantityIndex<'_>) {
        let (h, Range { lo, hi }) = match (&quantity.canonical, &quantity.system, &quantity.code) {
            (Some(same), ..) => (self.tokens.canonical_range(param, &same.unit), same.range),
            (None, Some(system), Some(code)) => {
                (self.tokens.unit_range(param, system, code), quantity.range)
            }
            (None, ..) => return,
        };
        self.range(h, sortable(lo), sortable(hi));
    }

    fn uri(&mut self, param: ParamId, uri: &str) {
        self.keys.push(self.tokens.uri(param, uri));
        if let Some(root) = uri_root(uri) {
            self.keys.push(self.tokens.uri_below(param, root));
        }
    }

    fn range(&mut self, h: i64, lo: i64, hi: i64) {
        self.aux.push(AuxRow { h, lo, hi });
    }

    fn finish(mut self) -> IndexRow {
        let (dlo, dhi) = self.main_date();
        let codes = self.codes.iter().skip(1);
        let patients = self
            .patients
            .iter()
            .filter(|patient| Some(**patient) != self.owner);
        // These rows continue the b-trees on `k1` and `pat`, which are in order of the end.
        let further: Vec<i64> = codes.chain(patients).copied().collect();
        for h in further {
            self.range(h, dhi, dlo);
        }
        self.keys.sort_unstable();
        self.keys.dedup();
        self.aux.sort_unstable();
        self.aux.dedup();
        tracing::trace!(resource_type = %self.resource_type, keys = self.keys.len(), "indexed");
        IndexRow {
            dlo,
            dhi,
            pat: self.owner,
            k1: self.codes.first().copied(),
            recheck: self.dates.len() > 1,
            keys: self.keys,
            aux: self.aux,
        }
    }

    /// The hull of the main dates, shifted; open ends stay clear of the mark for no date.
    fn main_date(&self) -> (i64, i64) {
        let lo = self.dates.iter().map(|range| range.lo).min();
        let hi = self.dates.iter().map(|range| range.hi).max();
        match (lo, hi) {
            (Some(lo), Some(hi)) => {
                let shift = &self.tenant.shift;
                (
                    shift.apply(lo).max(NO_DATE + 1),
                    shift.apply(hi).max(NO_DATE + 1),
                )
            }
            _ => (NO_DATE, NO_DATE),
        }
    }
}

fn push_new(all: &mut Vec<i64>, one: i64) {
    if !all.contains(&one) {
        all.push(one);
    }
}
