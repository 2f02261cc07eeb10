//! Consent directives: what a patient keeps from whom, as searches that the record store withholds.
//!
//! A FHIR `Consent` (R4) of scope `patient-privacy` is a tree of provisions. Each nested provision is
//! an exception to the one around it. What a requester may not see is worked out here for one
//! requester at a time; a provision that cannot be understood withholds rather than permits.

use mt_fhir::definitions::{Compartment, compartment_params, search_params};
use mt_fhir::{Node, ResourceType};
use mt_kernel::{Instant, OpCtx};
use mt_search::query::{CompartmentRef, Types};
use mt_search::{Clause, Handling, ParamRegistry, ParseOptions, Query, Scope};

use super::restriction;

/// Depth of nested provisions that is understood.
const DEEPEST: usize = 8;

/// Who asks, as far as a consent can tell people apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Requester {
    /// FHIR references of the person: `Practitioner/7`, and what stands for it: roles, teams,
    /// organisations.
    pub references: Vec<String>,
    /// Why, as a code of v3 ActReason.
    pub purpose: &'static str,
}

impl Requester {
    /// The requester of an operation; `more` are the roles, teams and organisations of the person.
    #[must_use]
    pub fn of(ctx: &OpCtx, more: impl IntoIterator<Item = String>) -> Self {
        let own = ctx.actor.fhir_user.as_deref().map(str::to_owned);
        Self {
            references: own.into_iter().chain(more).collect(),
            purpose: ctx.purpose.code(),
        }
    }
}

/// One active consent.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsentRule {
    /// Id of the patient.
    pub patient: String,
    /// Whether it is a restriction of processing: nothing new may be written either.
    pub restricts: bool,
    root: Provision,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Provision {
    permits: bool,
    /// From and until, microseconds since 1970.
    period: Option<(i64, i64)>,
    /// References; empty means everybody.
    actors: Vec<String>,
    /// Codes; empty means any purpose.
    purposes: Vec<String>,
    what: Content,
    nested: Vec<Provision>,
}

/// Which records a provision is about; every part that is given must hold.
#[derive(Clone, Debug, Default, PartialEq)]
struct Content {
    /// Types of resources; empty means any.
    types: Vec<ResourceType>,
    /// `system|code`; empty means any.
    codes: Vec<String>,
    /// `system|code`; empty means any.
    labels: Vec<String>,
    /// FHIR dates: from, until.
    dates: (Option<String>, Option<String>),
    /// Single records, `Type/id`.
    records: Vec<(ResourceType, String)>,
    /// Some part of it cannot be read.
    unclear: bool,
}

impl ConsentRule {
    /// Reads a `Consent`; `None` when it keeps nothing from anybody: not active, of another scope,
    /// without a patient or a provision.
    #[must_use]
    pub fn read(consent: Node<'_>) -> Option<Self> {
        if consent.str("status") != Some("active") || !is_privacy(consent) {
            return None;
        }
        let reference = consent.get("patient")?.str("reference")?;
        let patient = reference.rsplit_once("Patient/")?.1.split('/').next()?;
        let opted_out = opts_out(consent);
        let mut root = match consent.get("provision") {
            Some(provision) => Provision::read(provision, 0),
            None if opted_out => Provision::default(),
            None => return None,
        };
        // The outermost provision has no type of its own in R4: the policy says what it does.
        let kind = consent.get("provision").and_then(|root| root.str("type"));
        root.permits = kind.map_or(!opted_out, |kind| kind != "deny");
        Some(Self {
            patient: patient.to_owned(),
            restricts: restriction::is_restriction(consent),
            root,
        })
    }

    /// Whether it speaks of actors whose reference begins so.
    pub(crate) fn names_actor(&self, kind: &str) -> bool {
        self.root.names_actor(kind)
    }

    /// What it keeps from `requester` at `now`, by resource type.
    fn withheld(
        &self,
        requester: &Requester,
        registry: &ParamRegistry,
        now: Instant,
    ) -> Vec<(ResourceType, Query)> {
        let mut all = Vec::new();
        for kind in ResourceType::all() {
            let of_patient = kind == ResourceType::PATIENT
                || !compartment_params(Compartment::Patient, kind).is_empty();
            // The consent itself stays visible: it says why other things are not.
            if !of_patient || kind == ResourceType::CONSENT {
                continue;
            }
            let asking = Asking {
                requester,
                registry,
                now,
                kind,
            };
            match self.root.hides(&asking, false) {
                Hidden::Nothing => {}
                Hidden::All => all.push((kind, self.query(kind, Vec::new()))),
                Hidden::Where(clause) => all.push((kind, self.query(kind, vec![clause]))),
            }
        }
        all
    }

    fn query(&self, kind: ResourceType, clauses: Vec<Clause>) -> Query {
        Query {
            types: Types::One(kind),
            compartment: Some(CompartmentRef {
                compartment: Compartment::Patient,
                id: self.patient.clone(),
            }),
            clauses,
            filters: Vec::new(),
            sort: Vec::new(),
            count: None,
            total: None,
            summary: None,
            elements: Vec::new(),
            includes: Vec::new(),
            ignored: Vec::new(),
        }
    }
}

/// What `rules` together keep from `requester`: one that withholds is enough.
#[must_use]
pub fn withheld_by<'a>(
    rules: impl IntoIterator<Item = &'a ConsentRule>,
    requester: &Requester,
    registry: &ParamRegistry,
    now: Instant,
) -> Vec<(ResourceType, Query)> {
    let each = |rule: &'a ConsentRule| rule.withheld(requester, registry, now);
    rules.into_iter().flat_map(each).collect()
}

/// For whom and for which type a provision is worked out.
struct Asking<'a> {
    requester: &'a Requester,
    registry: &'a ParamRegistry,
    now: Instant,
    kind: ResourceType,
}

/// Which records of a type are hidden.
#[derive(Clone, Debug, PartialEq)]
enum Hidden {
    Nothing,
    All,
    Where(Clause),
}

impl Hidden {
    fn of(permitted: bool) -> Self {
        if permitted { Self::Nothing } else { Self::All }
    }

    /// `self` where `scope` does not hold, `inner` where it does.
    fn except(self, scope: Scoped, inner: Self) -> Self {
        match scope {
            Scoped::None => self,
            Scoped::Every => inner,
            Scoped::Some(clause) => {
                let outside = self.and(Clause::Not(Box::new(clause.clone())));
                outside.or(inner.and(clause))
            }
        }
    }

    fn and(self, clause: Clause) -> Self {
        match self {
            Self::Nothing => Self::Nothing,
            Self::All => Self::Where(clause),
            Self::Where(own) => Self::Where(Clause::And(vec![own, clause])),
        }
    }

    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, _) | (_, Self::All) => Self::All,
            (Self::Nothing, one) | (one, Self::Nothing) => one,
            (Self::Where(one), Self::Where(two)) => Self::Where(Clause::Or(vec![one, two])),
        }
    }
}

/// Which records of a type a provision is about.
enum Scoped {
    None,
    Every,
    Some(Clause),
}

impl Provision {
    fn read(node: Node<'_>, depth: usize) -> Self {
        if depth >= DEEPEST {
            // Exceptions that are not looked at may deny anything.
            return Self::default();
        }
        let nested = items(node, "provision").map(|one| Self::read(one, depth + 1));
        let actor = |one: Node<'_>| Some(one.get("reference")?.str("reference")?.to_owned());
        Self {
            permits: node.str("type") == Some("permit"),
            period: node.get("period").map(bounds),
            actors: named(node, "actor", actor),
            purposes: named(node, "purpose", |one| one.str("code").map(str::to_owned)),
            what: Content::read(node),
            nested: nested.collect(),
        }
    }

    fn names_actor(&self, kind: &str) -> bool {
        self.actors.iter().any(|actor| actor.starts_with(kind))
            || self.nested.iter().any(|nested| nested.names_actor(kind))
    }

    /// Whether it speaks of this requester at this moment.
    fn concerns(&self, asking: &Asking<'_>) -> bool {
        let now = asking.now.0;
        let who = |actor: &String| self.means(actor, &asking.requester.references);
        let why = |purpose: &String| purpose == asking.requester.purpose;
        self.period
            .is_none_or(|(from, until)| from <= now && now <= until)
            && (self.actors.is_empty() || self.actors.iter().any(who))
            && (self.purposes.is_empty() || self.purposes.iter().any(why))
    }

    /// Whether an actor that is named is one of `references`. Where it denies, the address of a server does not matter,
    /// nor a version: it would let through whom the patient named. Where it permits, the name must be exact.
    fn means(&self, actor: &str, references: &[String]) -> bool {
        let literal = actor.split("/_history/").next().unwrap_or_default();
        references
            .iter()
            .any(|one| match literal.strip_suffix(one.as_str()) {
                Some("") => true,
                Some(base) => !self.permits && base.ends_with('/'),
                None => false,
            })
    }

    /// What is hidden of a type, when `hidden` says what is outside of this provision.
    fn hides(&self, asking: &Asking<'_>, hidden: bool) -> Hidden {
        let outside = Hidden::of(!hidden);
        if !self.concerns(asking) {
            return outside;
        }
        let mut inner = Hidden::of(self.permits);
        for nested in &self.nested {
            if nested.concerns(asking) {
                let exception = nested.hides_inside(asking);
                inner = inner.except(nested.what.scoped(asking, nested.permits), exception);
            }
        }
        outside.except(self.what.scoped(asking, self.permits), inner)
    }

    /// What is hidden of the records that this provision is about.
    fn hides_inside(&self, asking: &Asking<'_>) -> Hidden {
        let mut inner = Hidden::of(self.permits);
        for nested in &self.nested {
            if nested.concerns(asking) {
                inner = inner.except(
                    nested.what.scoped(asking, nested.permits),
                    nested.hides_inside(asking),
                );
            }
        }
        inner
    }
}

impl Content {
    fn read(node: Node<'_>) -> Self {
        let coding = |one: Node<'_>| {
            let code = one.str("code")?;
            Some(format!("{}|{code}", one.str("system").unwrap_or_default()))
        };
        let kind = |one: Node<'_>| one.str("code").and_then(ResourceType::from_name);
        let concept = |one: Node<'_>| items(one, "coding").find_map(coding);
        let record = |one: Node<'_>| {
            let reference = one.get("reference")?.str("reference")?;
            let (kind, id) = reference.split_once('/')?;
            Some((ResourceType::from_name(kind)?, id.to_owned()))
        };
        let period = node.get("dataPeriod");
        let end = |name: &str| period.and_then(|one| one.str(name)).map(str::to_owned);
        let mut unclear = false;
        Self {
            types: read_all(node, "class", kind, &mut unclear),
            codes: read_all(node, "code", concept, &mut unclear),
            labels: read_all(node, "securityLabel", coding, &mut unclear),
            dates: (end("start"), end("end")),
            records: read_all(node, "data", record, &mut unclear),
            unclear,
        }
    }

    fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// The records of a type that it is about. A criterion that the type has no search for takes part in
    /// nothing: then it is about none of this type.
    fn scoped(&self, asking: &Asking<'_>, permits: bool) -> Scoped {
        // What cannot be read is about everything where it denies, and about nothing where it permits.
        let unclear = if permits { Scoped::None } else { Scoped::Every };
        if self.unclear {
            return unclear;
        }
        if self.is_everything() {
            return Scoped::Every;
        }
        if !self.types.is_empty() && !self.types.contains(&asking.kind) {
            return Scoped::None;
        }
        let mut pairs: Vec<(String, String)> = Vec::new();
        if !self.codes.is_empty() {
            let Some(name) = main_code(asking.kind) else {
                return Scoped::None;
            };
            pairs.push((name.to_owned(), self.codes.join(",")));
        }
        if !self.labels.is_empty() {
            pairs.push(("_security".to_owned(), self.labels.join(",")));
        }
        if self.dates != (None, None) {
            let Some(name) = main_date(asking.kind) else {
                return Scoped::None;
            };
            let (start, end) = &self.dates;
            pairs.extend(start.iter().map(|at| (name.to_owned(), format!("ge{at}"))));
            pairs.extend(end.iter().map(|at| (name.to_owned(), format!("le{at}"))));
        }
        if !self.records.is_empty() {
            let of_kind = self.records.iter().filter(|(kind, _)| *kind == asking.kind);
            let ids: Vec<&str> = of_kind.map(|(_, id)| id.as_str()).collect();
            if ids.is_empty() {
                return Scoped::None;
            }
            pairs.push(("_id".to_owned(), ids.join(",")));
        }
        clause(asking, &pairs).unwrap_or(unclear)
    }
}

/// Criteria as one clause; `None` when they cannot be searched for.
fn clause(asking: &Asking<'_>, pairs: &[(String, String)]) -> Option<Scoped> {
    if pairs.is_empty() {
        return Some(Scoped::Every);
    }
    let options = ParseOptions {
        handling: Handling::Strict,
        ..ParseOptions::at(asking.now)
    };
    let scope = Scope::resource(asking.kind);
    let mut query = Query::parse(asking.registry, scope, pairs, &options).ok()?;
    Some(Scoped::Some(match query.clauses.len() {
        1 => query.clauses.pop()?,
        _ => Clause::And(query.clauses),
    }))
}

/// Whether the policy of a consent keeps everything back that no provision permits (v3 ActConsentDirective).
fn opts_out(consent: Node<'_>) -> bool {
    let policy = consent.get("policyRule");
    let out = |one: Node<'_>| matches!(one.str("code"), Some("OPTOUT" | "OPTOUTE"));
    policy.is_some_and(|policy| items(policy, "coding").any(out))
}

fn is_privacy(consent: Node<'_>) -> bool {
    let scope = consent.get("scope");
    scope.is_some_and(|scope| {
        items(scope, "coding").any(|one| one.str("code") == Some("patient-privacy"))
    })
}

/// The search parameter for what a record is about.
fn main_code(kind: ResourceType) -> Option<&'static str> {
    let names = ["code", "vaccine-code", "type", "category"];
    names.into_iter().find(|name| has_param(kind, name))
}

/// The search parameter for when it was.
fn main_date(kind: ResourceType) -> Option<&'static str> {
    let names = [
        "date",
        "authoredon",
        "effective-time",
        "effective",
        "onset-date",
        "recorded-date",
        "period",
        "authored-on",
        "created",
        "started",
        "whenhandedover",
        "start-date",
    ];
    names.into_iter().find(|name| has_param(kind, name))
}

fn has_param(kind: ResourceType, name: &str) -> bool {
    search_params(kind).any(|param| param.code == name)
}

fn items<'n>(node: Node<'n>, name: &str) -> impl Iterator<Item = Node<'n>> + use<'n> {
    node.get(name).into_iter().flat_map(|list| list.children())
}

/// The items of a list that can be read; `unclear` is set when some cannot.
fn read_all<'n, T>(
    node: Node<'n>,
    field: &str,
    read: impl Fn(Node<'n>) -> Option<T>,
    unclear: &mut bool,
) -> Vec<T> {
    let all: Vec<Option<T>> = items(node, field).map(read).collect();
    *unclear |= all.iter().any(Option::is_none);
    all.into_iter().flatten().collect()
}

/// The names in a list. An item without a name still narrows the provision: it becomes a name that
/// nobody and nothing has.
fn named<'n>(
    node: Node<'n>,
    field: &str,
    name: impl Fn(Node<'n>) -> Option<String>,
) -> Vec<String> {
    items(node, field)
        .map(|one| name(one).unwrap_or_default())
        .collect()
}

/// A period; an end that cannot be read is open.
fn bounds(period: Node<'_>) -> (i64, i64) {
    let read = |name: &str| {
        period
            .str(name)
            .and_then(mt_fhir::datetime::DateTime::parse_search)
    };
    let from = read("start").map_or(i64::MIN, |at| at.bounds().0);
    let until = read("end").map_or(i64::MAX, |at| at.bounds().1);
    (from, until)
}

#[cfg(test)]
mod tests;
