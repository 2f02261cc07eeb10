//! What the authorization server asks about people, and the answer of the room that knows them.

use std::sync::Arc;

use axum::http::HeaderMap;
use futures::future::BoxFuture;
use mt_kernel::{Clock, TenantId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::IdentityError;
use crate::authenticate::Identity;
use crate::people::sessions::Touch;
use crate::people::{Account, Accounts, Held, Sessions};

/// A person as tokens speak of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The account.
    pub account: Uuid,
    /// Role codes.
    pub roles: Vec<String>,
    /// Relative reference to the person's own resource.
    pub fhir_user: Option<String>,
    /// Ids of the Patients that the person is, or is proxy for.
    pub own_patients: Vec<String>,
    /// Name for people.
    pub name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
}

/// A person who is signed in at this browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// The session.
    pub session: Uuid,
    /// Who.
    pub person: Person,
    /// When they signed in, seconds since the epoch.
    pub auth_time: i64,
    /// How strongly (`1fa`, `mfa`, `step-up`).
    pub acr: String,
    /// By what (RFC 8176).
    pub amr: Vec<String>,
}

/// The people of all tenants.
pub trait People: Send + Sync {
    /// Who is signed in at the browser that sent `headers`.
    fn signed_in<'a>(
        &'a self,
        tenant: TenantId,
        headers: &'a HeaderMap,
    ) -> BoxFuture<'a, Result<Option<SignedIn>, IdentityError>>;

    /// The person behind an account as they are now; `None` when the account may not act any more.
    fn person(
        &self,
        tenant: TenantId,
        account: Uuid,
    ) -> BoxFuture<'_, Result<Option<Person>, IdentityError>>;

    /// Whether a session of an account has not ended.
    fn is_live(
        &self,
        tenant: TenantId,
        account: Uuid,
        session: Uuid,
    ) -> BoxFuture<'_, Result<bool, IdentityError>>;

    /// Ends a session.
    fn sign_out(
        &self,
        tenant: TenantId,
        account: Uuid,
        session: Uuid,
    ) -> BoxFuture<'_, Result<(), IdentityError>>;
}

/// The accounts and sessions of this installation.
pub struct Residents {
    sessions: Sessions,
    accounts: Accounts,
    clock: Arc<dyn Clock>,
}

impl Residents {
    /// The people whose sessions are `sessions`.
    #[must_use]
    pub fn new(identity: &Identity, sessions: Sessions) -> Self {
        Self {
            sessions,
            accounts: Accounts::new(identity.database.clone(), identity.tenants.clone()),
            clock: Arc::clone(&identity.clock),
        }
    }

    async fn find(
        &self,
        tenant: TenantId,
        headers: &HeaderMap,
    ) -> Result<Option<SignedIn>, IdentityError> {
        let session = self.sessions.find(headers, Touch::Person).await?;
        // One browser may know several organisations; a session of another is nothing here.
        let session = session.filter(|session| session.tenant == tenant);
        Ok(session.map(|session| SignedIn {
            session: session.id,
            person: person_of(&session.account, &session.roles),
            auth_time: session.auth_time.unix_seconds(),
            acr: session.acr(self.clock.now()).to_owned(),
            amr: session.amr.clone(),
        }))
    }
}

fn person_of(account: &Account, roles: &[Held]) -> Person {
    Person {
        account: account.id,
        roles: roles.iter().map(|held| held.role.clone()).collect(),
        fhir_user: account.profile.fhir_user.clone(),
        own_patients: account.own_patients(),
        name: Some(account.shown_name().to_owned()),
        email: account.profile.email.clone(),
    }
}

impl People for Residents {
    fn signed_in<'a>(
        &'a self,
        tenant: TenantId,
        headers: &'a HeaderMap,
    ) -> BoxFuture<'a, Result<Option<SignedIn>, IdentityError>> {
        Box::pin(self.find(tenant, headers))
    }

    fn person(
        &self,
        tenant: TenantId,
        account: Uuid,
    ) -> BoxFuture<'_, Result<Option<Person>, IdentityError>> {
        Box::pin(async move {
            let found = self.accounts.find(tenant, account).await?;
            let active = found.filter(|account| account.enabled);
            let now = self.clock.now();
            Ok(active.map(|account| person_of(&account, &account.roles_at(now))))
        })
    }

    fn is_live(
        &self,
        tenant: TenantId,
        account: Uuid,
        session: Uuid,
    ) -> BoxFuture<'_, Result<bool, IdentityError>> {
        Box::pin(async move {
            let live = self.sessions.list(tenant, account).await?;
            Ok(live.iter().any(|view| view.id == session))
        })
    }

    fn sign_out(
        &self,
        tenant: TenantId,
        account: Uuid,
        session: Uuid,
    ) -> BoxFuture<'_, Result<(), IdentityError>> {
        Box::pin(async move {
            self.sessions.end(tenant, account, session).await?;
            Ok(())
        })
    }
}
