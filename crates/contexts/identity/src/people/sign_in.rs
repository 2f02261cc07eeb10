//! Signing in: password, second factor, session. Every end of it is in the audit trail.

use axum::http::HeaderValue;
use mt_audit::EventCode;
use mt_kernel::{Assurance, ErrorKind, Fault, TenantId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::account::Account;
use super::service::People;
use super::sessions::{Limits, Proof, STEP_UP_SECONDS, Session, Whereabouts};
use super::throttle::{Attempt, Source, device_put, is_known_device};
use super::{password, pending};
use crate::IdentityError;

/// Seconds between the first factor and the last.
const PATIENCE_SECONDS: i64 = 600;
/// Seconds for which a browser keeps the secret by which it is known.
const DEVICE_SECONDS: i64 = 180 * 24 * 3600;

/// What came of a check.
#[derive(Debug)]
pub(crate) enum Checked<T> {
    /// It is right.
    Right(T),
    /// It is wrong; nothing says what of it.
    Wrong,
    /// Too many were wrong: wait so many seconds.
    Wait(i64),
}

/// A sign-in between its factors; sealed in `people.pending`.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct UnderWay {
    pub(crate) account: Uuid,
    pub(crate) proof: Proof,
    pub(crate) next: String,
    /// Secret of an app that is being enrolled.
    pub(crate) enrolling: Option<super::factors::TotpSecret>,
}

/// What follows a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The second factor.
    Code,
    /// The set-up of a second factor that the organisation takes.
    Enrol,
    /// Nothing is missing.
    Session,
}

/// A sign-in that has come to its end: the cookies that it sets.
pub(crate) struct SignedIn {
    pub(crate) cookies: Vec<HeaderValue>,
}

impl People {
    /// Checks a password. A wrong one and an unknown name cost the same and look the same.
    pub(crate) async fn check_password(
        &self,
        tenant: TenantId,
        (name, typed): (&str, &str),
        source: &Source,
    ) -> Result<Checked<Account>, IdentityError> {
        let found = self.accounts.named(tenant, name).await?;
        let account = found.filter(|account| account.enabled);
        let id = account.as_ref().map(|account| account.id);
        let attempt = self.attempt(tenant, name, source, id).await?;
        let now = self.clock.now();
        let ctx = self.ctx_of(tenant, account.as_ref());
        if let Some(seconds) = attempt.begin(&self.database, now).await? {
            let fault = Fault::new(ErrorKind::TooMany, "too many failed attempts");
            self.note(
                &ctx,
                EventCode::Login,
                Some(&fault),
                "password, slowed down",
            )?;
            return Ok(Checked::Wait(seconds));
        }
        let parts = (&self.database, &self.tenants, &self.hashing);
        let right = match password::verify(parts, tenant, id, typed, now).await {
            Ok(right) => right,
            Err(error) => {
                attempt.withdrawn(&self.database).await?;
                return Err(error);
            }
        };
        match account.filter(|_| right) {
            Some(account) => {
                attempt.succeeded(&self.database).await?;
                Ok(Checked::Right(account))
            }
            None => {
                let fault = Fault::new(ErrorKind::Unauthenticated, "wrong name or password");
                self.note(&ctx, EventCode::Login, Some(&fault), "password")?;
                Ok(Checked::Wrong)
            }
        }
    }

    /// Checks a code of the authenticator app, or a recovery code; returns its method (RFC 8176).
    pub(crate) async fn check_code(
        &self,
        tenant: TenantId,
        account: &Account,
        typed: &str,
        source: &Source,
    ) -> Result<Checked<&'static str>, IdentityError> {
        let keys = self.tenants.keys(tenant).await?;
        let name = format!("second factor of {}", account.id);
        let attempt = Attempt::new(&keys, &name, source, None)?;
        let now = self.clock.now();
        let ctx = self.ctx_of(tenant, Some(account));
        if let Some(seconds) = attempt.begin(&self.database, now).await? {
            let fault = Fault::new(ErrorKind::TooMany, "too many failed attempts");
            self.note(&ctx, EventCode::Login, Some(&fault), "code, slowed down")?;
            return Ok(Checked::Wait(seconds));
        }
        let id = account.id;
        let method = if self.totp.verify(tenant, id, typed, now).await? {
            Some("otp")
        } else if self.recovery.verify(tenant, id, typed, now).await? {
            self.note(
                &ctx,
                EventCode::SecondFactorChange,
                None,
                "recovery code used",
            )?;
            Some("recovery")
        } else {
            None
        };
        match method {
            Some(method) => {
                attempt.succeeded(&self.database).await?;
                Ok(Checked::Right(method))
            }
            None => {
                let fault = Fault::new(ErrorKind::Unauthenticated, "wrong code");
                self.note(&ctx, EventCode::Login, Some(&fault), "code")?;
                Ok(Checked::Wrong)
            }
        }
    }

    /// Whether somebody proved moments ago who they are, by all the factors that they have.
    pub(crate) async fn proved_lately(&self, session: &Session) -> Result<bool, IdentityError> {
        let factors = self.factors(session.tenant, session.account.id).await?;
        let needed = if factors.any() {
            Assurance::StepUp
        } else {
            Assurance::Single
        };
        Ok(session.step_up(needed, Some(STEP_UP_SECONDS), self.clock.now()))
    }

    /// What follows a proof: whoever has a second factor gives it, and whoever must have one that the
    /// organisation takes sets it up.
    pub(crate) async fn next_step(
        &self,
        tenant: TenantId,
        account: &Account,
        proof: &Proof,
    ) -> Result<Step, IdentityError> {
        let factors = self.factors(tenant, account.id).await?;
        if factors.any() && proof.assurance() == Assurance::Single {
            return Ok(Step::Code);
        }
        let rules = self.rules(tenant).await?;
        let missing = rules.needs_second_factor(account) && !rules.takes(factors);
        Ok(if missing { Step::Enrol } else { Step::Session })
    }

    /// Keeps a sign-in until its next factor; returns the secret of its cookie.
    pub(crate) async fn keep_under_way(
        &self,
        tenant: TenantId,
        value: &UnderWay,
    ) -> Result<String, IdentityError> {
        let kind = (pending::Kind::SignIn, Some(value.account));
        let life = (self.clock.now(), PATIENCE_SECONDS);
        self.pending.put(tenant, kind, value, life).await
    }

    /// The sign-in that a cookie's secret names, and its account.
    pub(crate) async fn under_way(
        &self,
        tenant: TenantId,
        secret: Option<&str>,
    ) -> Result<Option<(UnderWay, Account)>, IdentityError> {
        let Some(secret) = secret else {
            return Ok(None);
        };
        let now = self.clock.now();
        let kind = pending::Kind::SignIn;
        let Some(value) = self
            .pending
            .get::<UnderWay>(tenant, kind, secret, now)
            .await?
        else {
            return Ok(None);
        };
        let account = self.accounts.find(tenant, value.account).await?;
        let account = account.filter(|account| account.enabled);
        Ok(account.map(|account| (value, account)))
    }

    /// Begins the session of somebody who has proved who they are.
    pub(crate) async fn finish(
        &self,
        tenant: TenantId,
        account: &Account,
        proof: &Proof,
        (source, whereabouts): (&Source, &Whereabouts),
    ) -> Result<SignedIn, IdentityError> {
        let ctx = self.ctx_of(tenant, Some(account));
        // First the trail: a session that nobody can account for must not begin.
        let how = format!("signed in by {}", proof.amr.join(" "));
        self.note(&ctx, EventCode::Login, None, &how)?;
        let device = match &source.device {
            Some(device) => device.clone(),
            None => mt_crypto::random_token(32)?,
        };
        let rules = self.rules(tenant).await?;
        let limits = Limits {
            idle_seconds: rules.idle_seconds,
            lifetime_seconds: rules.lifetime_seconds,
        };
        let tx = self.database.tenant(tenant).await?;
        device_put(&tx, tenant, account.id, &device, ctx.now).await?;
        tx.commit().await?;
        let (_, session) = self
            .sessions
            .begin(tenant, account.id, proof, (whereabouts, limits))
            .await?;
        let cookies = self.sessions.cookies();
        let others = [
            cookies.set("device", &device, Some(DEVICE_SECONDS)),
            cookies.set("sign-in", "", Some(0)),
        ];
        Ok(SignedIn {
            cookies: others.into_iter().flatten().chain([session]).collect(),
        })
    }

    async fn attempt(
        &self,
        tenant: TenantId,
        name: &str,
        source: &Source,
        account: Option<Uuid>,
    ) -> Result<Attempt, IdentityError> {
        let keys = self.tenants.keys(tenant).await?;
        let now = self.clock.now();
        // Asked for unknown names as well, so that the time does not tell.
        let (asked, device) = (account.unwrap_or_default(), source.device.as_deref());
        let known = is_known_device(
            &self.database,
            tenant,
            asked,
            device.unwrap_or_default(),
            now,
        )
        .await?;
        Attempt::new(&keys, name, source, account.filter(|_| known))
    }
}
