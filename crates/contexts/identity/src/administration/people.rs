//! What people ask of administration: the rules of signing in, and roles at the end of an invitation.

use futures::future::BoxFuture;
use mt_access::{Grant, Role};
use mt_audit::EventCode;
use mt_fhir::ResourceType;
use mt_kernel::{ErrorKind, Fault, Instant, OpCtx, TenantId};
use uuid::Uuid;

use super::error::Result;
use super::roles::require;
use super::rows::{Row, What};
use super::settings::{MfaPolicy, SecondFactor};
use super::{Administration, AdministrationError, Administrator};
use crate::IdentityError;
use crate::people::{Held, Organisation, SignInRules};

impl Administration {
    async fn rules(&self, tenant: TenantId) -> Result<SignInRules> {
        let settings = self.settings(tenant).await?;
        let takes = |factor| settings.second_factors.contains(&factor);
        Ok(SignInRules {
            everybody: settings.mfa == MfaPolicy::Everybody,
            apps: takes(SecondFactor::App),
            passkeys: takes(SecondFactor::Passkey),
            idle_seconds: i32::from(settings.session_idle_minutes) * 60,
            lifetime_seconds: i64::from(settings.session_hours) * 3_600,
        })
    }

    async fn check_all_conferred(&self, by: Administrator<'_>, roles: &[Held]) -> Result<()> {
        require(by, mt_access::Operation::ManageUsers)?;
        for held in roles {
            let base = self.base_of(by.ctx.tenant, &held.role).await?;
            if base == Role::Service {
                return Err(AdministrationError::invalid("a service is no person"));
            }
            self.check_conferred(by, base, &held.locations).await?;
        }
        Ok(())
    }

    async fn is_there(&self, tenant: TenantId, reference: &str) -> Result<()> {
        let missing = || AdministrationError::invalid("there is no such record of a person");
        let (kind, id) = reference.split_once('/').ok_or_else(missing)?;
        let kind = ResourceType::from_name(kind).ok_or_else(missing)?;
        let caller = self.system(tenant, "accounts");
        match self.store.read(&caller, kind, id).await {
            Err(error) if is_absent(error.kind()) => Err(missing()),
            other => Ok(other.map(drop)?),
        }
    }

    async fn give_all(&self, ctx: &OpCtx, account: Uuid, by: &str, roles: &[Held]) -> Result<()> {
        let (tenant, subject) = (ctx.tenant, account.to_string());
        self.check_seats(tenant, &subject).await?;
        for held in roles {
            let row = Row {
                id: Uuid::now_v7(),
                subject: subject.clone(),
                by: by.to_owned(),
                starts_at: self.now(),
                ends_at: held.expires_at.map(Instant),
                ended_at: None,
                what: What::Role {
                    role: held.role.clone(),
                    locations: held.locations.clone(),
                },
            };
            let act = format!("gave a role by invitation: {}", held.role);
            self.enter(ctx, EventCode::PermissionChange, &act)?;
            self.insert_row(ctx, &row).await?;
        }
        Ok(())
    }
}

impl Organisation for Administration {
    fn sign_in_rules(&self, tenant: TenantId) -> BoxFuture<'_, Result<SignInRules, IdentityError>> {
        Box::pin(async move { self.rules(tenant).await.map_err(told) })
    }

    fn check_conferred<'a>(
        &'a self,
        ctx: &'a OpCtx,
        grant: &'a Grant,
        roles: &'a [Held],
    ) -> BoxFuture<'a, Result<(), IdentityError>> {
        let by = Administrator { ctx, grant };
        Box::pin(async move { self.check_all_conferred(by, roles).await.map_err(told) })
    }

    fn check_record<'a>(
        &'a self,
        tenant: TenantId,
        reference: &'a str,
    ) -> BoxFuture<'a, Result<(), IdentityError>> {
        Box::pin(async move { self.is_there(tenant, reference).await.map_err(told) })
    }

    fn appoint<'a>(
        &'a self,
        ctx: &'a OpCtx,
        account: Uuid,
        by: &'a str,
        roles: &'a [Held],
    ) -> BoxFuture<'a, Result<(), IdentityError>> {
        Box::pin(async move { self.give_all(ctx, account, by, roles).await.map_err(told) })
    }
}

/// Never there, no longer, or no id at all.
const fn is_absent(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::NotFound | ErrorKind::Gone | ErrorKind::Invalid
    )
}

/// A refusal stays one; what else went wrong is no fault of whoever asked.
fn told(error: AdministrationError) -> IdentityError {
    match error {
        AdministrationError::Audit(error) => error.into(),
        AdministrationError::Store(error) => error.into(),
        AdministrationError::Database(error) => error.into(),
        AdministrationError::Crypto(error) => error.into(),
        AdministrationError::Unreadable => IdentityError::Unreadable,
        refused => Fault::from(refused).into(),
    }
}
