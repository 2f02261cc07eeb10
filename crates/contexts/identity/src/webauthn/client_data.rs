//! What the browser says about a ceremony, and the authenticator signs by its hash (WebAuthn §5.8.1).

use serde::Deserialize;

use super::WebAuthnError;

/// Which ceremony the browser performed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CeremonyType {
    Create,
    Get,
}

impl CeremonyType {
    const fn name(self) -> &'static str {
        match self {
            Self::Create => "webauthn.create",
            Self::Get => "webauthn.get",
        }
    }
}

/// The members of `clientDataJSON` that decide; browsers may add others.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    /// base64url of the challenge.
    pub(super) challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
    #[serde(default)]
    top_origin: Option<String>,
}

impl ClientData {
    pub(super) fn read(json: &[u8]) -> Result<Self, WebAuthnError> {
        serde_json::from_slice(json).map_err(|_| WebAuthnError::Malformed("client data"))
    }

    /// §7.1 and §7.2: the ceremony, the challenge and the page are ours, and the page stood in no frame.
    pub(super) fn check(
        &self,
        ceremony: CeremonyType,
        challenge: &str,
        origin: &str,
    ) -> Result<(), WebAuthnError> {
        if self.kind != ceremony.name() {
            return Err(WebAuthnError::Ceremony);
        }
        if !mt_crypto::constant_time_eq(self.challenge.as_bytes(), challenge.as_bytes()) {
            return Err(WebAuthnError::Challenge);
        }
        if self.origin != origin || self.cross_origin || self.top_origin.is_some() {
            return Err(WebAuthnError::Origin);
        }
        Ok(())
    }
}
