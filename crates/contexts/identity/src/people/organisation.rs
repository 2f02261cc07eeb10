//! What people ask of their organisation: its rules of signing in, and the roles that it gives.
//!
//! A port, because who stands where is decided by [administration](crate::administration), which in turn
//! knows nothing of passwords and sessions.

use futures::future::BoxFuture;
use mt_access::Grant;
use mt_kernel::{OpCtx, TenantId};
use uuid::Uuid;

use super::{Account, Factors, Held};
use crate::IdentityError;

/// How the people of an organisation sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignInRules {
    /// Whether patients and caregivers, too, must have a second factor. Everybody else always must.
    pub everybody: bool,
    /// Whether an authenticator app is a second factor here.
    pub apps: bool,
    /// Whether a passkey is.
    pub passkeys: bool,
    /// A session without a request ends after so many seconds.
    pub idle_seconds: i32,
    /// A session ends after so many seconds.
    pub lifetime_seconds: i64,
}

impl Default for SignInRules {
    fn default() -> Self {
        Self {
            everybody: false,
            apps: true,
            passkeys: true,
            idle_seconds: 15 * 60,
            lifetime_seconds: 12 * 3600,
        }
    }
}

impl SignInRules {
    /// Whether the person must have a second factor.
    #[must_use]
    pub fn needs_second_factor(&self, account: &Account) -> bool {
        self.everybody || account.must_have_second_factor()
    }

    /// Whether one of the factors is one that the organisation takes.
    #[must_use]
    pub const fn takes(&self, factors: Factors) -> bool {
        (self.apps && factors.totp) || (self.passkeys && factors.passkeys > 0)
    }
}

/// The organisations of an installation.
pub trait Organisation: Send + Sync {
    /// The rules of signing in that are in force.
    fn sign_in_rules(&self, tenant: TenantId) -> BoxFuture<'_, Result<SignInRules, IdentityError>>;

    /// Refuses roles that are not the inviter's to give, or not in these locations.
    fn check_conferred<'a>(
        &'a self,
        ctx: &'a OpCtx,
        grant: &'a Grant,
        roles: &'a [Held],
    ) -> BoxFuture<'a, Result<(), IdentityError>>;

    /// Refuses a person's own record that there is not, such as `Practitioner/x`: in a name that nobody has, nothing is signed.
    fn check_record<'a>(
        &'a self,
        tenant: TenantId,
        reference: &'a str,
    ) -> BoxFuture<'a, Result<(), IdentityError>>;

    /// Gives the roles of an invitation that was accepted, in the name of who invited.
    fn appoint<'a>(
        &'a self,
        ctx: &'a OpCtx,
        account: Uuid,
        by: &'a str,
        roles: &'a [Held],
    ) -> BoxFuture<'a, Result<(), IdentityError>>;
}
