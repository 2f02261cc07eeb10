//! Links that are sent by mail: an invitation, and the way back in for who forgot the password.

use mt_audit::EventCode;
use mt_kernel::{OpCtx, TenantId, TenantName};
use mt_mail::Letter;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::account::{self, Account, Held, Profile};
use super::password;
use super::pending::{self, Kind};
use super::service::{People, personal};
use super::throttle::{Attempt, Source};
use crate::IdentityError;

/// An invitation may be accepted for so many seconds.
const INVITATION_SECONDS: i64 = 7 * 24 * 3600;
/// A reset link is good for so many seconds.
const RESET_SECONDS: i64 = 30 * 60;

/// Somebody who is asked to join.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Invitation {
    /// Where the link goes, and the account's address.
    pub email: String,
    /// Name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Relative reference to the person's own resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fhir_user: Option<String>,
    /// Roles, with their locations and ends.
    pub roles: Vec<Held>,
}

/// What an invitation's link stands for.
#[derive(Serialize, Deserialize)]
struct Sent {
    #[serde(flatten)]
    invitation: Invitation,
    /// Who invited.
    #[serde(default)]
    by: String,
}

/// What a reset link stands for.
#[derive(Serialize, Deserialize)]
struct Reset {
    account: Uuid,
}

impl People {
    /// Invites somebody; returns the link, which is good once. It is sent when mail is configured.
    ///
    /// # Errors
    /// [`IdentityError`] when the database or the trail cannot be written.
    pub async fn invite(
        &self,
        ctx: &OpCtx,
        organisation: &TenantName,
        invitation: &Invitation,
    ) -> Result<String, IdentityError> {
        let keys = self.tenants.keys(ctx.tenant).await?;
        let tx = self.database.tenant(ctx.tenant).await?;
        let life = (ctx.now, INVITATION_SECONDS);
        let kind = (Kind::Invitation, None);
        let sent = Sent {
            invitation: invitation.clone(),
            by: ctx.actor.id.to_string(),
        };
        let secret = pending::put_in(&tx, &keys, kind, &sent, life).await?;
        let link = format!("{}/t/{organisation}/invitation/{secret}", self.origin);
        let letter = Letter::new(
            invitation.email.clone(),
            format!("Your account at {organisation}"),
            format!(
                "You are invited to use MediTrack at {organisation}.\n\n\
                 Choose a name and a password here within seven days:\n\n{link}\n\n\
                 If you did not expect this, do nothing.\n"
            ),
        );
        self.mail.put_in(&tx, &keys, &letter, ctx.now).await?;
        self.note(ctx, EventCode::PermissionChange, None, "somebody invited")?;
        tx.commit().await?;
        self.mail.wake();
        Ok(link)
    }

    /// The invitation behind a link's secret, when it can still be accepted.
    pub(crate) async fn invitation(
        &self,
        tenant: TenantId,
        secret: &str,
    ) -> Result<Option<Invitation>, IdentityError> {
        let now = self.clock.now();
        let kind = Kind::Invitation;
        let sent = self.pending.get::<Sent>(tenant, kind, secret, now).await?;
        Ok(sent.map(|sent| sent.invitation))
    }

    /// Makes the account of an invitation, which is used up by it; `None` when it cannot be accepted any
    /// more. The roles are given in the name of who invited, confined and ending as the invitation says.
    pub(crate) async fn accept(
        &self,
        tenant: TenantId,
        secret: &str,
        username: &str,
        chosen: &str,
    ) -> Result<Option<Account>, IdentityError> {
        let Some(invitation) = self.invitation(tenant, secret).await? else {
            return Ok(None);
        };
        let profile = Profile {
            username: username.trim().to_owned(),
            email: Some(invitation.email),
            name: invitation.name,
            fhir_user: invitation.fhir_user,
            roles: invitation.roles,
        };
        password::check_rules(chosen, &personal(&profile))?;
        let hash = self.hashing.hash(chosen).await?;
        let keys = self.tenants.keys(tenant).await?;
        let now = self.clock.now();
        let tx = self.database.tenant(tenant).await?;
        let taken: Option<Sent> =
            pending::take_in(&tx, &keys, Kind::Invitation, secret, now).await?;
        let Some(Sent { by, .. }) = taken else {
            return Ok(None);
        };
        let account = account::insert(&tx, &keys, profile, now).await?;
        password::put_in(&tx, &keys, account.id, &hash, now).await?;
        let ctx = self.ctx_of(tenant, Some(&account));
        self.note(
            &ctx,
            EventCode::PermissionChange,
            None,
            "invitation accepted",
        )?;
        // Roles of an account that then fails to be made are nobody's.
        let roles = &account.profile.roles;
        self.organisation
            .appoint(&ctx, account.id, &by, roles)
            .await?;
        tx.commit().await?;
        Ok(Some(account))
    }

    /// Sends a reset link to who has this name or address. The work happens aside, so that neither the
    /// answer nor its time tells whether there is such an account.
    pub(crate) async fn forgot(
        &self,
        tenant: TenantId,
        organisation: &TenantName,
        name: &str,
        source: &Source,
    ) -> Result<(), IdentityError> {
        let keys = self.tenants.keys(tenant).await?;
        let now = self.clock.now();
        let attempt = Attempt::new(&keys, &format!("reset of {name}"), source, None)?;
        let slowed = attempt.begin(&self.database, now).await?.is_some();
        let account = self.accounts.named(tenant, name).await?;
        let Some(account) = account.filter(|account| account.enabled && !slowed) else {
            return Ok(());
        };
        let Some(to) = account.profile.email.clone() else {
            return Ok(());
        };
        let tx = self.database.tenant(tenant).await?;
        let kind = (Kind::Reset, Some(account.id));
        let value = Reset {
            account: account.id,
        };
        let secret = pending::put_in(&tx, &keys, kind, &value, (now, RESET_SECONDS)).await?;
        let link = format!("{}/t/{organisation}/reset/{secret}", self.origin);
        let letter = Letter::new(
            to,
            "Choose a new password".to_owned(),
            format!(
                "Somebody, most likely you, asked for a new password for MediTrack at {organisation}.\n\n\
                 Choose one here within thirty minutes:\n\n{link}\n\n\
                 If it was not you, do nothing: your password stays as it is.\n"
            ),
        );
        self.mail.put_in(&tx, &keys, &letter, now).await?;
        let ctx = self.ctx_of(tenant, Some(&account));
        self.note(&ctx, EventCode::SecondFactorChange, None, "reset link sent")?;
        tx.commit().await?;
        self.mail.wake();
        Ok(())
    }

    /// The account of a reset link, when it is still good.
    pub(crate) async fn reset_of(
        &self,
        tenant: TenantId,
        secret: &str,
    ) -> Result<Option<Account>, IdentityError> {
        let now = self.clock.now();
        let found: Option<Reset> = self.pending.get(tenant, Kind::Reset, secret, now).await?;
        let Some(reset) = found else {
            return Ok(None);
        };
        let account = self.accounts.find(tenant, reset.account).await?;
        Ok(account.filter(|account| account.enabled))
    }

    /// Sets the password behind a reset link. The link and its like are used up, every session ends, and
    /// the second factor stays: who only has the mail box does not get in.
    pub(crate) async fn reset(
        &self,
        tenant: TenantId,
        secret: &str,
        chosen: &str,
    ) -> Result<bool, IdentityError> {
        let Some(account) = self.reset_of(tenant, secret).await? else {
            return Ok(false);
        };
        password::check_rules(chosen, &personal(&account.profile))?;
        let now = self.clock.now();
        let taken: Option<Reset> = self.pending.take(tenant, Kind::Reset, secret, now).await?;
        if taken.is_none() {
            return Ok(false);
        }
        let ctx = self.ctx_of(tenant, Some(&account));
        self.set_password(&ctx, &account, chosen, None).await?;
        self.pending.forget(tenant, Kind::Reset, account.id).await?;
        Ok(true)
    }
}
