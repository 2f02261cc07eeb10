//! The two ceremonies: a credential is made, a credential signs.

use mt_audit::EventCode;
use mt_kernel::{ErrorKind, Fault, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use uuid::Uuid;

use super::store::{Content, Row};
use super::{MOST, Passkey, checked_name};
use crate::IdentityError;
use crate::people::pending::Kind;
use crate::people::sessions::Proof;
use crate::people::sign_in::Checked;
use crate::people::{Account, People};
use crate::webauthn::{
    AuthenticationResponse, RegistrationResponse, RelyingParty, TIMEOUT_MS, WebAuthnError,
};

/// What a challenge is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Intent {
    /// Instead of name and password.
    SignIn,
    /// After the password.
    SecondFactor,
    /// Anew, within a session.
    StepUp,
    /// The first second factor, after the password.
    Enrol,
    /// One more passkey, within a session.
    Register,
}

/// A ceremony that is under way: an answer must be to the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ceremony {
    intent: Intent,
    /// Whose passkey it must be; anybody's when signing in.
    account: Option<Uuid>,
    /// Digest of what the browser holds that began it.
    browser: [u8; 32],
}

impl Intent {
    /// As it stands in forms.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::SecondFactor => "second-factor",
            Self::StepUp => "step-up",
            Self::Enrol => "enrol",
            Self::Register => "register",
        }
    }
}

impl Ceremony {
    /// A ceremony of the browser that holds `secret`, such as that of a cookie.
    pub(crate) fn new(intent: Intent, account: Option<Uuid>, secret: &[u8]) -> Self {
        Self {
            intent,
            account,
            browser: mt_crypto::sha256(secret),
        }
    }
}

impl People {
    /// Us, where passkeys are possible and the organisation takes them.
    async fn relying_party(&self, tenant: TenantId) -> Result<&RelyingParty, IdentityError> {
        let taken = self.rules(tenant).await?.passkeys;
        let found = self.relying_party.as_ref().filter(|_| taken);
        let text = "passkeys are not possible here";
        found.ok_or_else(|| Fault::new(ErrorKind::NotFound, text).into())
    }

    /// Options for the browser to make a credential of `account`.
    pub(crate) async fn begin_passkey(
        &self,
        tenant: TenantId,
        account: &Account,
        ceremony: &Ceremony,
    ) -> Result<Json, IdentityError> {
        let relying_party = self.relying_party(tenant).await?;
        let known = self.passkeys.of(tenant, account.id).await?;
        if known.len() >= MOST {
            let text = "an account has at most twenty passkeys; remove one first";
            return Err(Fault::new(ErrorKind::Conflict, text).into());
        }
        let known: Vec<_> = known
            .into_iter()
            .map(|row| row.content.credential)
            .collect();
        let challenge = self.challenge(tenant, ceremony).await?;
        let user = (
            account.id.as_bytes().as_slice(),
            account.profile.username.as_str(),
            account.shown_name(),
        );
        Ok(relying_party.creation_options(&challenge, user, &known))
    }

    /// Keeps the credential that the browser made; the trail says who has it.
    pub(crate) async fn register_passkey(
        &self,
        tenant: TenantId,
        account: &Account,
        (ceremony, name, answer): (&Ceremony, &str, &str),
    ) -> Result<Passkey, IdentityError> {
        let name = checked_name(name)?.to_owned();
        let relying_party = self.relying_party(tenant).await?;
        let parsed = RegistrationResponse::parse(answer).map_err(refused)?;
        let challenge = parsed.challenge().map_err(refused)?;
        if !self.take_challenge(tenant, ceremony, &challenge).await? {
            return Err(refused(WebAuthnError::Challenge));
        }
        let registered = relying_party.register(&challenge, &parsed);
        let (credential, last) = registered.map_err(refused)?;
        let row = Row {
            id: Uuid::now_v7(),
            account: account.id,
            content: Content { name, credential },
            last,
            created_at: self.clock.now(),
            used_at: None,
        };
        let ctx = self.ctx_of(tenant, Some(account));
        let text = format!("passkey {} of account {} added", row.id, account.id);
        self.note(&ctx, EventCode::SecondFactorChange, None, &text)?;
        self.passkeys.insert(tenant, &row).await?;
        Ok(row.into())
    }

    /// Options for the browser to let a credential sign: one of the ceremony's account, or any.
    pub(crate) async fn ask_passkey(
        &self,
        tenant: TenantId,
        ceremony: &Ceremony,
    ) -> Result<Json, IdentityError> {
        let relying_party = self.relying_party(tenant).await?;
        let known = match ceremony.account {
            Some(account) => self.passkeys.of(tenant, account).await?,
            None => Vec::new(),
        };
        let known: Vec<_> = known
            .into_iter()
            .map(|row| row.content.credential)
            .collect();
        let challenge = self.challenge(tenant, ceremony).await?;
        Ok(relying_party.request_options(&challenge, &known))
    }

    /// Checks what the browser answered; the account is the one that the credential belongs to.
    pub(crate) async fn check_passkey(
        &self,
        tenant: TenantId,
        ceremony: &Ceremony,
        answer: &str,
    ) -> Result<Checked<(Account, Proof)>, IdentityError> {
        let mut account = None;
        match self.judge(tenant, ceremony, answer, &mut account).await {
            Ok(proof) => {
                Ok(account.map_or(Checked::Wrong, |account| Checked::Right((account, proof))))
            }
            Err(Judgement::Error(error)) => Err(error),
            Err(Judgement::Wrong(why)) => {
                self.note_wrong(tenant, account.as_ref(), why)?;
                Ok(Checked::Wrong)
            }
        }
    }

    /// What the trail learns of an answer that is wrong. Noise is not entered: an answer to no challenge
    /// of ours costs its sender nothing.
    fn note_wrong(
        &self,
        tenant: TenantId,
        owner: Option<&Account>,
        why: WebAuthnError,
    ) -> Result<(), IdentityError> {
        if matches!(why, WebAuthnError::Challenge | WebAuthnError::Malformed(_)) {
            return Ok(());
        }
        let ctx = self.ctx_of(tenant, owner);
        let fault = Fault::new(ErrorKind::Unauthenticated, why.to_string());
        self.note(&ctx, EventCode::Login, Some(&fault), "passkey")?;
        if why == WebAuthnError::SignCount {
            metrics::counter!("identity_passkey_sign_count_alarms").increment(1);
            tracing::warn!(tenant = tenant.0, "the sign count of a passkey went back");
            let text = "alarm: a passkey may have been copied";
            self.note(&ctx, EventCode::SecondFactorChange, Some(&fault), text)?;
        }
        Ok(())
    }

    /// The rules, in order; `owner` is known from the moment on at which the credential is.
    async fn judge(
        &self,
        tenant: TenantId,
        ceremony: &Ceremony,
        answer: &str,
        owner: &mut Option<Account>,
    ) -> Result<Proof, Judgement> {
        let relying_party = self.relying_party(tenant).await?;
        let answer = AuthenticationResponse::parse(answer)?;
        let challenge = answer.challenge()?;
        if !self.take_challenge(tenant, ceremony, &challenge).await? {
            return Err(WebAuthnError::Challenge.into());
        }
        let found = self.passkeys.by_credential(tenant, answer.credential_id());
        let row = found.await?.ok_or(WebAuthnError::Key)?;
        let account = self.accounts.find(tenant, row.account).await?;
        let account = account.filter(|account| account.enabled);
        let account = account.ok_or(WebAuthnError::Key)?;
        *owner = Some(account.clone());
        // §7.2: with nobody named before, the authenticator must say whose credential it is.
        let is_own = match answer.user_handle() {
            Some(handle) => handle == account.id.as_bytes(),
            None => ceremony.account.is_some(),
        };
        if !is_own
            || ceremony
                .account
                .is_some_and(|expected| expected != account.id)
        {
            return Err(WebAuthnError::Key.into());
        }
        let kept = (&row.content.credential, row.last);
        let now_used = relying_party.verify(&challenge, &answer, kept)?;
        let now = self.clock.now();
        // Two answers that race with one count cannot both be the authenticator's next.
        if !self.passkeys.used(tenant, &row, now_used, now).await? {
            return Err(WebAuthnError::SignCount.into());
        }
        Ok(Proof::by_passkey(row.content.credential.backup_eligible))
    }

    async fn challenge(
        &self,
        tenant: TenantId,
        ceremony: &Ceremony,
    ) -> Result<String, IdentityError> {
        let kind = (Kind::Passkey, ceremony.account);
        let life = (self.clock.now(), i64::from(TIMEOUT_MS / 1_000));
        self.pending.put(tenant, kind, ceremony, life).await
    }

    /// Uses a challenge up, whatever comes of it; returns whether it was made for this ceremony.
    async fn take_challenge(
        &self,
        tenant: TenantId,
        ceremony: &Ceremony,
        challenge: &str,
    ) -> Result<bool, IdentityError> {
        let now = self.clock.now();
        let taken: Option<Ceremony> = self
            .pending
            .take(tenant, Kind::Passkey, challenge, now)
            .await?;
        Ok(taken.as_ref() == Some(ceremony))
    }
}

/// Why an answer is not accepted: it is wrong, or nobody can tell.
enum Judgement {
    Wrong(WebAuthnError),
    Error(IdentityError),
}

impl From<WebAuthnError> for Judgement {
    fn from(error: WebAuthnError) -> Self {
        Self::Wrong(error)
    }
}

impl From<IdentityError> for Judgement {
    fn from(error: IdentityError) -> Self {
        Self::Error(error)
    }
}

fn refused(error: WebAuthnError) -> IdentityError {
    Fault::new(ErrorKind::Invalid, error.to_string()).into()
}
