//! Bindings of a commit, ready to be sent.

use mt_database::Error;
use mt_kernel::TenantId;
use uuid::Uuid;

use super::persist::LOCK;
use crate::tenants::Tenant;
use crate::{Binding, Refusal, Result, Store, StoreError};

impl Store {
    /// Runs a binding by itself, under the locks that it has as part of a commit.
    ///
    /// # Errors
    /// Its refusal, or when the database does not answer.
    pub async fn bind(&self, tenant: TenantId, binding: Binding) -> Result<()> {
        let bound = binding.bound(&*self.tenants().get(tenant).await?);
        let mut locks: Vec<i64> = bound.locks().collect();
        locks.sort_unstable();
        let tx = self.database().tenant(tenant).await?;
        tx.query(LOCK, &[&locks]).await?;
        let asked = tx
            .query(bound.sql, &[&tenant.0, &bound.keys, &bound.values])
            .await;
        match asked {
            Ok(_) => Ok(tx.commit().await?),
            Err(Error::Unique { constraint }) => Err(match bound.refusal(&constraint) {
                Some(refusal) => StoreError::refused(refusal.kind, refusal.message),
                None => Error::Unique { constraint }.into(),
            }),
            Err(other) => Err(other.into()),
        }
    }
}

/// A [`Binding`] whose resources are row keys.
#[derive(Clone, Debug)]
pub(crate) struct Bound {
    pub(crate) sql: &'static str,
    pub(crate) keys: Vec<Uuid>,
    pub(crate) values: Vec<i64>,
    pub(crate) releases: bool,
    refusals: &'static [Refusal],
}

impl Binding {
    /// The binding as the database takes it.
    pub(crate) fn bound(self, tenant: &Tenant) -> Bound {
        let key = |(kind, id): &(_, String)| tenant.key_of(*kind, id);
        Bound {
            sql: self.sql,
            keys: self.resources.iter().map(key).collect(),
            values: self.values,
            releases: self.releases,
            refusals: self.refusals,
        }
    }
}

impl Bound {
    /// The advisory locks under which it runs. Two keys may share a lock, which costs a wait only.
    pub(crate) fn locks(&self) -> impl Iterator<Item = i64> {
        self.keys.iter().map(|key| {
            let (high, low) = key.as_u64_pair();
            (high ^ low.rotate_left(32)).cast_signed()
        })
    }

    /// What a caller is told when `constraint` refuses.
    pub(crate) fn refusal(&self, constraint: &str) -> Option<&'static Refusal> {
        self.refusals
            .iter()
            .find(|one| one.constraint == constraint)
    }
}
