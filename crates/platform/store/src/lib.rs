#![doc = include_str!("../README.md")]

mod access;
mod body;
mod cache;
mod change;
mod commit;
mod cursor;
mod erase;
mod error;
mod hooks;
mod index;
pub mod jobs;
mod origin;
mod page;
mod read;
mod schema;
mod search;
mod source;
mod store;
mod tail;
mod tenants;
mod usage;
mod withheld;
mod work;

pub use access::{AccessFilter, Caller, Grant};
pub use cache::SharedCache;
pub use change::{Action, Batch, Change, Committed, Content, Effect, Patch, Target};
pub use commit::{StoredEvent, decode_events, open_audit_detail, open_events, say};
pub use erase::{ERASURE, Erased};
pub use error::{Result, StoreError};
pub use hooks::{
    AuditSink, Authorizer, Binding, Disclosure, DomainEvent, FileScanner, Hooks, Interaction,
    Policy, PolicyRegistry, ProposedChange, ReadAccess, Refusal, ResourceValidator,
};
pub use index::patient_token;
pub use origin::{FromAddress, from_address, network_address};
pub use page::{Entry, EntryMode, Page, Stored, Total};
pub use read::{HistoryOf, HistoryQuery};
pub use schema::MIGRATIONS;
pub use search::{SearchLimits, Snapshot};
pub use store::{Store, StoreOptions, StoreParts};
pub use tenants::{OwnParam, TenantInfo, TenantState, Tenants};
pub use usage::Usage;
pub use withheld::{Restrictions, Withheld, Withholding};
pub use work::{Claim, Job, Work, WorkKind, WorkState};
