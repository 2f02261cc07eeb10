//! The people of all tenants, as one service: what pages, routes and commands call.

use std::sync::Arc;

use mt_audit::{Audit, Event, EventCode};
use mt_database::Database;
use mt_kernel::{
    Actor, ActorKind, Assurance, Clock, Fault, Instant, OpCtx, PurposeOfUse, TenantId, TenantName,
};
use mt_store::Tenants;
use uuid::Uuid;

use super::account::Accounts;
use super::factors::{Factors, Recovery, Totp, TotpSecret};
use super::mail::Mail;
use super::passkeys::Passkeys;
use super::password::{self, Hashing};
use super::pending::Pending;
use super::sessions::Sessions;
use super::{Account, Organisation, Profile, SignInRules};
use crate::IdentityError;
use crate::webauthn::RelyingParty;

/// What the service is made of.
pub struct PeopleParts {
    /// The database.
    pub database: Database,
    /// Tenants and their keys.
    pub tenants: Tenants,
    /// Where every sign-in and change of a credential is recorded.
    pub audit: Arc<Audit>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// URL of the installation, without a trailing slash.
    pub origin: String,
    /// The workers that hash passwords.
    pub hashing: Hashing,
    /// What organisations decided, and who gives roles.
    pub organisation: Arc<dyn Organisation>,
    /// How e-mail leaves; `None` when none is configured.
    pub smtp: Option<mt_mail::Smtp>,
}

/// The people of all tenants.
pub struct People {
    pub(crate) database: Database,
    pub(crate) tenants: Tenants,
    pub(crate) audit: Arc<Audit>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) origin: String,
    pub(crate) hashing: Hashing,
    pub(crate) organisation: Arc<dyn Organisation>,
    pub(crate) accounts: Accounts,
    pub(crate) sessions: Sessions,
    pub(crate) totp: Totp,
    pub(crate) recovery: Recovery,
    pub(crate) passkeys: Passkeys,
    /// `None` where browsers allow no passkeys.
    pub(crate) relying_party: Option<RelyingParty>,
    pub(crate) pending: Pending,
    pub(crate) mail: Mail,
}

impl People {
    /// The service.
    #[must_use]
    pub fn new(parts: PeopleParts) -> Self {
        let PeopleParts {
            database,
            tenants,
            audit,
            clock,
            origin,
            hashing,
            organisation,
            smtp,
        } = parts;
        let origin = origin.trim_end_matches('/').to_owned();
        Self {
            accounts: Accounts::new(database.clone(), tenants.clone()),
            sessions: Sessions::new(
                database.clone(),
                tenants.clone(),
                Arc::clone(&clock),
                &origin,
            ),
            totp: Totp::new(database.clone(), tenants.clone()),
            recovery: Recovery::new(database.clone()),
            passkeys: Passkeys::new(database.clone(), tenants.clone()),
            relying_party: RelyingParty::of(&origin),
            pending: Pending::new(database.clone(), tenants.clone()),
            mail: Mail::new(database.clone(), tenants.clone(), smtp),
            database,
            tenants,
            audit,
            clock,
            origin,
            hashing,
            organisation,
        }
    }

    /// The sessions.
    #[must_use]
    pub const fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// The account of this id, enabled or not.
    ///
    /// # Errors
    /// [`IdentityError`] when the database does not answer.
    pub async fn account(
        &self,
        tenant: TenantId,
        id: Uuid,
    ) -> Result<Option<Account>, IdentityError> {
        self.accounts.find(tenant, id).await
    }

    /// The account with this user name or e-mail address.
    ///
    /// # Errors
    /// [`IdentityError`] when the database does not answer.
    pub async fn account_named(
        &self,
        tenant: TenantId,
        name: &str,
    ) -> Result<Option<Account>, IdentityError> {
        self.accounts.named(tenant, name).await
    }

    /// Accounts in order of creation, after `after`.
    ///
    /// # Errors
    /// [`IdentityError`] when the database does not answer.
    pub async fn accounts(
        &self,
        tenant: TenantId,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Account>, IdentityError> {
        self.accounts.list(tenant, after, limit).await
    }

    /// Makes an account, with a password when one is given.
    ///
    /// # Errors
    /// A refusal when the profile or the password breaks a rule, or the name is taken.
    pub async fn create(
        &self,
        ctx: &OpCtx,
        profile: Profile,
        chosen: Option<&str>,
    ) -> Result<Account, IdentityError> {
        if let Some(chosen) = chosen {
            password::check_rules(chosen, &personal(&profile))?;
        }
        let account = self.accounts.create(ctx, profile).await?;
        if let Some(chosen) = chosen {
            self.put_password(ctx.tenant, account.id, chosen, ctx.now)
                .await?;
        }
        let code = EventCode::PermissionChange;
        self.note(ctx, code, None, &format!("account {} made", account.id))?;
        Ok(account)
    }

    /// Replaces profile and state of an account; a disabled account loses its sessions and tokens.
    ///
    /// # Errors
    /// A refusal when the profile breaks a rule or somebody else was faster.
    pub async fn update(&self, ctx: &OpCtx, account: &Account) -> Result<(), IdentityError> {
        self.accounts.update(ctx, account).await?;
        if !account.enabled {
            self.sessions.end_account(ctx.tenant, account.id).await?;
        }
        let code = EventCode::PermissionChange;
        self.note(ctx, code, None, &format!("account {} changed", account.id))
    }

    /// Sets a password that its owner chose; every other session of the account ends.
    ///
    /// # Errors
    /// A refusal when the password breaks a rule.
    pub async fn set_password(
        &self,
        ctx: &OpCtx,
        account: &Account,
        chosen: &str,
        keep: Option<Uuid>,
    ) -> Result<(), IdentityError> {
        password::check_rules(chosen, &personal(&account.profile))?;
        self.put_password(ctx.tenant, account.id, chosen, ctx.now)
            .await?;
        self.sessions.end_all(ctx.tenant, account.id, keep).await?;
        let text = format!("password of account {} set", account.id);
        self.note(ctx, EventCode::SecondFactorChange, None, &text)
    }

    /// Removes every second factor of an account and ends its sessions: the next sign-in enrols anew.
    ///
    /// # Errors
    /// [`IdentityError`] when the database or the trail cannot be written.
    pub async fn reset_factors(&self, ctx: &OpCtx, account: Uuid) -> Result<(), IdentityError> {
        let tx = self.database.tenant(ctx.tenant).await?;
        for table in ["totp", "recovery_code", "passkey"] {
            let sql = format!("delete from people.{table} where tenant = $1 and account = $2");
            tx.execute(&sql, &[&ctx.tenant.0, &account]).await?;
        }
        tx.commit().await?;
        self.sessions.end_all(ctx.tenant, account, None).await?;
        let text = format!("second factors of account {account} removed");
        self.note(ctx, EventCode::SecondFactorChange, None, &text)
    }

    /// Sends waiting mail for as long as the process lives.
    pub async fn deliver_mail(&self) {
        self.mail.work(Arc::clone(&self.clock)).await;
    }

    /// Sends the mail that is due; returns how many letters left.
    ///
    /// # Errors
    /// [`IdentityError`] when the database does not answer.
    pub async fn deliver_due_mail(&self) -> Result<usize, IdentityError> {
        self.mail.send_due(self.clock.now()).await
    }

    /// Which second factors an account has.
    ///
    /// # Errors
    /// [`IdentityError`] when the database does not answer.
    pub async fn factors(&self, tenant: TenantId, account: Uuid) -> Result<Factors, IdentityError> {
        Ok(Factors {
            totp: self.totp.exists(tenant, account).await?,
            passkeys: self.passkeys.count(tenant, account).await?,
            recovery_codes: self.recovery.left(tenant, account).await?,
        })
    }

    /// The rules of signing in at an organisation. Where browsers allow no passkeys, an authenticator app
    /// is taken whatever was decided.
    pub(crate) async fn rules(&self, tenant: TenantId) -> Result<SignInRules, IdentityError> {
        let rules = self.organisation.sign_in_rules(tenant).await?;
        let possible = self.relying_party.is_some();
        Ok(SignInRules {
            apps: rules.apps || !possible,
            passkeys: rules.passkeys && possible,
            ..rules
        })
    }

    /// Enrols an authenticator app whose secret was chosen elsewhere, as for the users of a
    /// demonstration; returns the secret as people type it.
    ///
    /// # Errors
    /// [`IdentityError`] when the database or the trail cannot be written.
    pub async fn enrol_app(
        &self,
        ctx: &OpCtx,
        account: Uuid,
        secret: [u8; 20],
    ) -> Result<String, IdentityError> {
        let secret = TotpSecret::from_bytes(secret);
        self.totp
            .put(ctx.tenant, account, &secret, 0, ctx.now)
            .await?;
        let text = format!("authenticator app of account {account} set");
        self.note(ctx, EventCode::SecondFactorChange, None, &text)?;
        Ok(secret.text())
    }

    pub(crate) async fn tenant_name(&self, tenant: TenantId) -> Result<TenantName, IdentityError> {
        let all = self.tenants.list().await?;
        let found = all.into_iter().find(|info| info.id == tenant);
        let found = found.map(|info| info.name);
        found.ok_or(IdentityError::Store(mt_store::StoreError::TenantInactive))
    }

    pub(crate) async fn put_password(
        &self,
        tenant: TenantId,
        account: Uuid,
        chosen: &str,
        now: Instant,
    ) -> Result<(), IdentityError> {
        let hash = self.hashing.hash(chosen).await?;
        let keys = self.tenants.keys(tenant).await?;
        password::put(&self.database, &keys, account, &hash, now).await
    }

    /// Enters an event of a person into the audit trail.
    pub(crate) fn note(
        &self,
        ctx: &OpCtx,
        code: EventCode,
        refusal: Option<&Fault>,
        what: &str,
    ) -> Result<(), IdentityError> {
        let event = Event {
            refusal,
            reason: Some(what),
            ..Event::done(code)
        };
        Ok(self.audit.record(ctx, &event)?)
    }

    /// The context of something that `account` does before there is a session.
    pub(crate) fn ctx_of(&self, tenant: TenantId, account: Option<&Account>) -> OpCtx {
        let roles = account.map(|account| account.profile.roles.as_slice());
        let roles = roles.unwrap_or_default().iter();
        let id = account.map_or_else(|| "unknown".to_owned(), |account| account.id.to_string());
        let actor = Actor {
            id: id.into(),
            kind: ActorKind::User,
            roles: roles.map(|held| Arc::from(held.role.as_str())).collect(),
            fhir_user: account
                .and_then(|account| account.profile.fhir_user.as_deref().map(Arc::from)),
            client_id: None,
            assurance: Assurance::Single,
        };
        self.ctx(tenant, actor)
    }

    /// The context of something that `actor` does now.
    pub(crate) fn ctx(&self, tenant: TenantId, actor: Actor) -> OpCtx {
        OpCtx {
            tenant,
            actor,
            purpose: PurposeOfUse::Operations,
            correlation_id: Uuid::now_v7(),
            now: self.clock.now(),
        }
    }
}

/// Words that an attacker would try first.
pub(crate) fn personal(profile: &Profile) -> Vec<&str> {
    let named = [profile.name.as_deref(), profile.email.as_deref()];
    let named = named.into_iter().flatten();
    named.chain([profile.username.as_str()]).collect()
}
