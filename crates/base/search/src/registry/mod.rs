//! Which search parameters exist: the official ones and a tenant's own.
//!
//! A registry is immutable and shared; adding a tenant's parameters gives a new one that still
//! shares everything official, so each tenant costs only what it adds.

mod custom;

pub use custom::{CustomParamError, parse_search_parameter};
pub use mt_fhir::definitions::{ParamId, ParamKind};

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use mt_fhir::definitions::{self, ResourceType, SearchParamDef};

use crate::extract::{Plan, Values, values_of};

/// One search parameter.
#[derive(Clone, Debug)]
pub struct ParamDef {
    /// Stored number: official, or of the range the caller keeps for a tenant's own.
    pub id: ParamId,
    /// Canonical URL.
    pub url: Cow<'static, str>,
    /// Name in a query.
    pub code: Cow<'static, str>,
    /// How values are compared.
    pub kind: ParamKind,
    /// Types it applies to.
    pub base: Cow<'static, [ResourceType]>,
    /// FHIRPath of its values; empty for `_text`, `_content` and `_query`.
    pub expression: Cow<'static, str>,
    /// For references: types that may be referred to; empty means any.
    pub targets: Cow<'static, [ResourceType]>,
    /// For composites: the parts.
    pub components: Vec<ComponentDef>,
    /// Whether alternatives (`a,b`) are allowed.
    pub multiple_or: bool,
    /// Whether the parameter may be repeated.
    pub multiple_and: bool,
}

/// A part of a composite parameter.
#[derive(Clone, Debug)]
pub struct ComponentDef {
    /// The parameter that says how the part is compared.
    pub param: ParamId,
    /// FHIRPath relative to the composite's element.
    pub expression: Cow<'static, str>,
}

impl ParamDef {
    /// True when the parameter can be used on `resource_type`.
    #[must_use]
    pub fn applies_to(&self, resource_type: ResourceType) -> bool {
        self.base.contains(&resource_type)
    }

    /// True when the reference may point to `resource_type`.
    #[must_use]
    pub fn may_target(&self, resource_type: ResourceType) -> bool {
        self.targets.is_empty() || self.targets.contains(&resource_type)
    }

    /// True for `_text`, `_content` and `_query`, which have no values of their own.
    #[must_use]
    pub fn is_computed(&self) -> bool {
        self.expression.is_empty()
    }

    /// True when the values on resources of this type are canonical URLs: they name definitions
    /// wherever those are, and lead to no record that a chain could go on from.
    #[must_use]
    pub fn is_canonical(&self, resource_type: ResourceType) -> bool {
        match values_of(&self.expression, resource_type) {
            Values::Of(types) => {
                let mut names = types.iter().map(|one| one.name());
                !types.is_empty() && names.all(|name| matches!(name, "canonical" | "uri"))
            }
            Values::NoElement(_) | Values::Unknown => false,
        }
    }

    /// True for the parameters that compare by sound (`phonetic`).
    #[must_use]
    pub fn is_phonetic(&self) -> bool {
        self.kind == ParamKind::String && self.code == "phonetic"
    }

    fn official(def: &'static SearchParamDef) -> Self {
        let components = def.components.iter().map(|component| ComponentDef {
            param: component.param,
            expression: Cow::Borrowed(component.expression),
        });
        Self {
            id: def.id,
            url: Cow::Borrowed(def.url),
            code: Cow::Borrowed(def.code),
            kind: def.kind,
            base: Cow::Borrowed(def.base),
            expression: Cow::Borrowed(def.expression),
            targets: Cow::Borrowed(def.targets),
            components: components.collect(),
            multiple_or: def.multiple_or,
            multiple_and: def.multiple_and,
        }
    }
}

/// The search parameters that a tenant can use. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct ParamRegistry(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    official: &'static [Arc<ParamDef>],
    own: HashMap<ParamId, Arc<ParamDef>>,
    own_by_type: HashMap<ResourceType, Vec<Arc<ParamDef>>>,
    /// Compiled on first use, one for each type by number; unused where the official plan serves.
    plans: Box<[OnceLock<Plan>]>,
    base_urls: Vec<String>,
}

/// Why parameters cannot be added to a registry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// The number belongs to an official or an already added parameter.
    #[error("search parameter '{code}' has a number that is taken")]
    TakenId {
        /// Code of the parameter.
        code: String,
    },
    /// A parameter of the same code exists on one of its types.
    #[error("search parameter '{code}' exists already on {resource_type}")]
    TakenCode {
        /// Code of the parameter.
        code: String,
        /// Where it exists.
        resource_type: ResourceType,
    },
}

impl ParamRegistry {
    /// The official R4 parameters.
    #[must_use]
    pub fn official() -> Self {
        static OFFICIAL: OnceLock<ParamRegistry> = OnceLock::new();
        OFFICIAL
            .get_or_init(|| {
                Self(Arc::new(Inner {
                    official: official_params(),
                    own: HashMap::new(),
                    own_by_type: HashMap::new(),
                    plans: empty_plans(),
                    base_urls: Vec::new(),
                }))
            })
            .clone()
    }

    /// This registry with a tenant's own parameters added.
    ///
    /// # Errors
    /// [`RegistryError`] when a number or a code is taken.
    pub fn with_params(&self, params: Vec<ParamDef>) -> Result<Self, RegistryError> {
        let mut own = self.0.own.clone();
        let mut own_by_type = self.0.own_by_type.clone();
        for param in params {
            let param = Arc::new(param);
            if param.id.def().is_some() || own.contains_key(&param.id) {
                return Err(RegistryError::TakenId {
                    code: param.code.to_string(),
                });
            }
            for resource_type in param.base.iter().copied() {
                let own_here = own_by_type.entry(resource_type).or_default();
                if definitions::search_param(resource_type, &param.code).is_some()
                    || own_here.iter().any(|other| other.code == param.code)
                {
                    let code = param.code.to_string();
                    return Err(RegistryError::TakenCode {
                        code,
                        resource_type,
                    });
                }
                own_here.push(Arc::clone(&param));
            }
            own.insert(param.id, param);
        }
        Ok(Self(Arc::new(Inner {
            official: self.0.official,
            own,
            own_by_type,
            plans: empty_plans(),
            base_urls: self.0.base_urls.clone(),
        })))
    }

    /// This registry for a server that answers under `urls` (`https://host/fhir/R4`): absolute
    /// references and search values beneath one of them are local.
    #[must_use]
    pub fn with_base_urls(&self, urls: &[&str]) -> Self {
        let mut base_urls = self.0.base_urls.clone();
        base_urls.extend(
            urls.iter()
                .map(|url| format!("{}/", url.trim_end_matches('/'))),
        );
        Self(Arc::new(Inner {
            official: self.0.official,
            own: self.0.own.clone(),
            own_by_type: self.0.own_by_type.clone(),
            plans: empty_plans(),
            base_urls,
        }))
    }

    /// The parameter called `code` on `resource_type`.
    #[must_use]
    pub fn get(&self, resource_type: ResourceType, code: &str) -> Option<&Arc<ParamDef>> {
        if let Some(def) = definitions::search_param(resource_type, code) {
            return self.by_id(def.id);
        }
        let own = self.0.own_by_type.get(&resource_type)?;
        own.iter().find(|param| param.code == code)
    }

    /// The parameter with a number.
    #[must_use]
    pub fn by_id(&self, id: ParamId) -> Option<&Arc<ParamDef>> {
        self.0
            .official
            .get(usize::from(id.0))
            .or_else(|| self.0.own.get(&id))
    }

    /// The parameter with a canonical URL (official, or the tenant's own).
    #[must_use]
    pub fn by_url(&self, url: &str) -> Option<&Arc<ParamDef>> {
        let mut all = self.0.official.iter().chain(self.0.own.values());
        all.find(|param| param.url == url)
    }

    /// Every parameter of `resource_type`: official ones by code, then the tenant's own.
    pub fn params(&self, resource_type: ResourceType) -> impl Iterator<Item = &Arc<ParamDef>> {
        let official = definitions::search_params(resource_type)
            .filter_map(|def| self.0.official.get(usize::from(def.id.0)));
        let own = self.0.own_by_type.get(&resource_type);
        official.chain(own.into_iter().flatten())
    }

    /// The parameters that were added to the official ones, in order of their numbers.
    #[must_use]
    pub fn own_params(&self) -> Vec<ParamDef> {
        let mut own: Vec<ParamDef> = self.0.own.values().map(|def| (**def).clone()).collect();
        own.sort_by_key(|def| def.id);
        own
    }

    /// What follows the base URL in `url`, when it is beneath this server.
    pub(crate) fn strip_base<'u>(&self, url: &'u str) -> Option<&'u str> {
        self.0
            .base_urls
            .iter()
            .find_map(|base| url.strip_prefix(base.as_str()))
    }

    /// The extraction plan of a type, compiled on first use.
    pub(crate) fn plan(&self, resource_type: ResourceType) -> &Plan {
        static OFFICIAL_PLANS: OnceLock<Box<[OnceLock<Plan>]>> = OnceLock::new();
        let shared = !self.0.own_by_type.contains_key(&resource_type);
        let plans = if shared {
            OFFICIAL_PLANS.get_or_init(empty_plans)
        } else {
            &self.0.plans
        };
        plans[usize::from(resource_type.number())]
            .get_or_init(|| Plan::compile(self, resource_type))
    }
}

fn official_params() -> &'static [Arc<ParamDef>] {
    static PARAMS: OnceLock<Vec<Arc<ParamDef>>> = OnceLock::new();
    PARAMS.get_or_init(|| {
        (0..ParamId::COUNT)
            .filter_map(|number| ParamId(number).def())
            .map(|def| Arc::new(ParamDef::official(def)))
            .collect()
    })
}

fn empty_plans() -> Box<[OnceLock<Plan>]> {
    ResourceType::all().map(|_| OnceLock::new()).collect()
}
