//! Where the rest of the product plugs into the commit pipeline.
//!
//! *complete → authorise → validate → decide → persist*: all but the last are given at construction. All of them
//! are pure functions of their arguments, so that a commit that lost a race can be decided again. Only who looks at
//! files takes time: it is asked once, before.

use std::collections::HashMap;
use std::sync::Arc;

use futures::future::BoxFuture;
use mt_fhir::{Doc, Node, ResourceType};
use mt_kernel::{ErrorKind, Fault, OpCtx};

use crate::{Caller, Committed, Patch};

/// What is about to be done to one resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Interaction {
    /// Read of the current version or of one version.
    Read,
    /// History of a resource, a type or everything.
    History,
    /// Search.
    Search,
    /// A new resource.
    Create,
    /// A new version with given content.
    Update,
    /// A new version by patch.
    Patch,
    /// Deletion.
    Delete,
}

impl Interaction {
    /// The code of R4 `restful-interaction`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::History => "history",
            Self::Search => "search",
            Self::Create => "create",
            Self::Update => "update",
            Self::Patch => "patch",
            Self::Delete => "delete",
        }
    }
}

/// One change as authorisation and policies see it: content before and after.
#[derive(Clone, Copy, Debug)]
pub struct ProposedChange<'a> {
    /// What is about to be done.
    pub interaction: Interaction,
    /// Type of the resource.
    pub resource_type: ResourceType,
    /// Literal id.
    pub id: &'a str,
    /// The version that results.
    pub version: u32,
    /// The current content; `None` when there is none or it is deleted.
    pub old: Option<Node<'a>>,
    /// The content to be; `None` for a deletion.
    pub new: Option<Node<'a>>,
}

/// What a caller may learn of current versions before its change is decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disclosure {
    /// Whether a resource exists, and in which version, is no secret.
    Everything,
    /// What [`Authorizer::reaches`]; all else is as if it did not exist.
    WithinReach,
    /// The change is refused for this reason, whatever exists.
    Nothing(Fault),
}

/// Decides what one caller may write; see [`Caller::authority`].
pub trait Authorizer: Send + Sync {
    /// What the caller may learn by attempting `interaction`. It is asked before versions are
    /// compared and patches applied, because their refusals tell of what exists.
    fn disclosure(&self, _: Interaction, _: ResourceType) -> Disclosure {
        Disclosure::Everything
    }

    /// Whether the current content is within the caller's reach for the interaction.
    fn reaches(&self, _: &OpCtx, _: Interaction, _: ResourceType, _: Node<'_>) -> bool {
        true
    }

    /// Lets `change` pass or refuses it.
    ///
    /// # Errors
    /// A [`Fault`] of kind `Forbidden`, or `NotFound` where existence is secret.
    fn authorise(&self, ctx: &OpCtx, change: &ProposedChange<'_>) -> Result<(), Fault>;
}

/// Checks the content of a resource.
pub trait ResourceValidator: Send + Sync {
    /// Lets `resource` pass or names every rule that it breaks.
    ///
    /// # Errors
    /// The broken rules, each with its FHIRPath.
    fn validate(&self, ctx: &OpCtx, resource: Node<'_>) -> Result<(), Vec<Fault>>;
}

/// Looks at files, such as a virus scanner.
pub trait FileScanner: std::fmt::Debug + Send + Sync {
    /// Lets a file pass.
    ///
    /// # Errors
    /// `Invalid` for a file that must not be stored; `Unavailable` when nobody can look: it is not stored unseen.
    fn scan<'a>(&'a self, file: &'a [u8]) -> BoxFuture<'a, Result<(), Fault>>;
}

/// The rules of a bounded context for a resource type it owns.
pub trait Policy: Send + Sync {
    /// What the context adds to a new resource, such as a number that it assigns; authorisation, validation and
    /// every policy then see it as if it had been sent so.
    fn complete(&self, _: &OpCtx, _: &ProposedChange<'_>) -> Option<Arc<dyn Patch>> {
        None
    }

    /// Refuses an illegal transition, or says what happened in the words of the domain.
    ///
    /// # Errors
    /// A [`Fault`] that says which rule forbids the change.
    fn decide(&self, ctx: &OpCtx, change: &ProposedChange<'_>) -> Result<Vec<DomainEvent>, Fault>;

    /// What must hold in tables of the context's own for the change to be committed; it stands or
    /// falls with the records, in the same transaction.
    ///
    /// # Errors
    /// A [`Fault`] that says why the change cannot be.
    fn bind(&self, _: &OpCtx, _: &ProposedChange<'_>) -> Result<Vec<Binding>, Fault> {
        Ok(Vec::new())
    }
}

/// A statement that is part of a commit: `select schema.function($1::int4, $2::uuid[], $3::int8[])`
/// with the tenant, the row keys of [`Self::resources`] and [`Self::values`].
///
/// It refuses by a unique or exclusion violation, of a constraint or raised with a constraint's name.
/// Advisory locks on all the keys are taken before any other statement of the commit, in one order
/// for everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The statement.
    pub sql: &'static str,
    /// Resources whose row keys it takes.
    pub resources: Vec<(ResourceType, String)>,
    /// Numbers that it takes.
    pub values: Vec<i64>,
    /// Whether it runs before those of the commit that do not: what is given back can be taken.
    pub releases: bool,
    /// What a caller is told when a constraint refuses.
    pub refusals: &'static [Refusal],
}

/// What a caller is told when a constraint refuses a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Name of the constraint.
    pub constraint: &'static str,
    /// What kind of refusal it is.
    pub kind: ErrorKind,
    /// One sentence for a person.
    pub message: &'static str,
}

/// Something that happened, in the words of a bounded context; stored sealed in the same commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainEvent {
    /// Name with version, such as `patient.created.v1`.
    pub name: &'static str,
    /// Events with one key stay in order (usually the patient's id).
    pub key: String,
    /// The event's body in the encoding of its catalogue.
    pub payload: Vec<u8>,
}

/// Policies by resource type.
#[derive(Clone, Default)]
pub struct PolicyRegistry {
    by_type: HashMap<ResourceType, Vec<Arc<dyn Policy>>>,
}

impl PolicyRegistry {
    /// No policy at all.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a policy for a type; all policies of a type must agree to a change.
    pub fn register(&mut self, resource_type: ResourceType, policy: Arc<dyn Policy>) {
        self.by_type.entry(resource_type).or_default().push(policy);
    }

    /// A new resource with what the contexts add to it; `None` when that is nothing.
    pub(crate) fn complete(
        &self,
        ctx: &OpCtx,
        change: &ProposedChange<'_>,
    ) -> Result<Option<Doc>, Fault> {
        let policies = self.by_type.get(&change.resource_type);
        let mut completed = None;
        for policy in policies.into_iter().flatten() {
            let (Some(new), Some(patch)) = (change.new, policy.complete(ctx, change)) else {
                continue;
            };
            patch.apply(completed.get_or_insert_with(|| Doc::from_node(new)))?;
        }
        Ok(completed)
    }

    pub(crate) fn decide(
        &self,
        ctx: &OpCtx,
        change: &ProposedChange<'_>,
        events: &mut Vec<DomainEvent>,
        bindings: &mut Vec<Binding>,
    ) -> Result<(), Fault> {
        let policies = self.by_type.get(&change.resource_type);
        for policy in policies.into_iter().flatten() {
            events.extend(policy.decide(ctx, change)?);
            bindings.extend(policy.bind(ctx, change)?);
        }
        Ok(())
    }
}

impl std::fmt::Debug for PolicyRegistry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.by_type.keys()).finish()
    }
}

/// What a read touched, for the audit trail.
#[derive(Clone, Copy, Debug)]
pub struct ReadAccess<'a> {
    /// Read, history or search.
    pub interaction: Interaction,
    /// Type of the resource; `None` for system-wide history and search.
    pub resource_type: Option<ResourceType>,
    /// What was handed out, as `(type, literal id, version)`.
    pub resources: &'a [(ResourceType, Arc<str>, u32)],
    /// The query in normal form: health information, to be sealed.
    pub query: Option<&'a str>,
    /// Why nothing was handed out.
    pub refusal: Option<&'a Fault>,
}

/// The audit trail as the store sees it.
pub trait AuditSink: Send + Sync {
    /// Describes a commit: the text of an audit row that the store seals and writes in the same
    /// transaction.
    fn describe_commit(&self, caller: &Caller, committed: &[Committed]) -> Vec<u8>;

    /// Takes note of a read or of a refusal. Must be durable, or fail, before it returns.
    ///
    /// # Errors
    /// A [`Fault`] when the trail cannot be written; the read is then refused.
    fn note(&self, caller: &Caller, access: &ReadAccess<'_>) -> Result<(), Fault>;
}

/// The hooks of a store.
#[derive(Clone)]
pub struct Hooks {
    /// What is well-formed.
    pub validator: Arc<dyn ResourceValidator>,
    /// What the contexts allow.
    pub policies: PolicyRegistry,
    /// Where reads are noted and how commits are described.
    pub audit: Arc<dyn AuditSink>,
    /// Answers `:in`, `:not-in`, `:above` and `:below`; without it they are refused.
    pub terminology: Option<Arc<dyn mt_fhirpath::Terminology + Send + Sync>>,
    /// Looks at every file before it is stored; without it files are stored as they come.
    pub scanner: Option<Arc<dyn FileScanner>>,
}

impl std::fmt::Debug for Hooks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hooks")
            .field("policies", &self.policies)
            .finish_non_exhaustive()
    }
}
