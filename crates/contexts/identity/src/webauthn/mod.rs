//! The relying party of Web Authentication (Level 3): what an answer of an authenticator must be, decided
//! from its bytes alone.
//!
//! Nothing here knows people or a database, so that every rule of the standard can be read, and tested, in
//! one place. The sections named are those of the W3C recommendation.

mod authenticator;
mod cbor;
mod client_data;
mod cose;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use authenticator::{AuthenticatorData, attested};
use client_data::{CeremonyType, ClientData};
use cose::{ALGORITHMS, CredentialKey};

/// Milliseconds that the browser gives a person; the challenge lives as long.
pub(crate) const TIMEOUT_MS: u32 = 300_000;

/// Why an answer is not believed. Who signs in is told none of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WebAuthnError {
    #[error("the {0} is malformed")]
    Malformed(&'static str),
    #[error("the answer is that of another ceremony")]
    Ceremony,
    #[error("the challenge is another one, was used or has expired")]
    Challenge,
    #[error("the page is not ours, or stood in a frame")]
    Origin,
    #[error("the credential belongs to another site")]
    RelyingParty,
    #[error("nobody touched the authenticator")]
    UserPresence,
    #[error("the authenticator did not verify its user")]
    UserVerification,
    #[error("the flags of a backup contradict each other")]
    BackupFlags,
    #[error("the algorithm is none that was asked for")]
    Algorithm,
    #[error("the key cannot be read")]
    Key,
    #[error("the signature is not that of the credential")]
    Signature,
    #[error("the sign count went back: the passkey may have been copied")]
    SignCount,
}

/// Us, as browsers know us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RelyingParty {
    id: String,
    origin: String,
}

/// The answer to a creation, as browsers encode it (`RegistrationResponseJSON`).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RegistrationResponse {
    #[serde(flatten)]
    credential: PublicKeyCredential,
    response: Attestation,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attestation {
    #[serde(rename = "clientDataJSON")]
    client_data: Base64Url,
    attestation_object: Base64Url,
    #[serde(default)]
    transports: Vec<String>,
}

/// The answer to a request, as browsers encode it (`AuthenticationResponseJSON`).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuthenticationResponse {
    #[serde(flatten)]
    credential: PublicKeyCredential,
    response: Assertion,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Assertion {
    #[serde(rename = "clientDataJSON")]
    client_data: Base64Url,
    authenticator_data: Base64Url,
    signature: Base64Url,
    #[serde(default)]
    user_handle: Option<Base64Url>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PublicKeyCredential {
    raw_id: Base64Url,
    /// Read so that nothing else is taken.
    #[serde(rename = "type")]
    _kind: PublicKeyType,
}

#[derive(Debug, Deserialize)]
enum PublicKeyType {
    #[serde(rename = "public-key")]
    PublicKey,
}

/// Bytes as base64url without padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Base64Url(pub(crate) Vec<u8>);

impl Serialize for Base64Url {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&URL_SAFE_NO_PAD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Base64Url {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'_, str>::deserialize(deserializer)?;
        let bytes = URL_SAFE_NO_PAD.decode(text.as_bytes());
        bytes.map(Self).map_err(serde::de::Error::custom)
    }
}

/// A credential that was registered, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Credential {
    /// Credential id.
    pub(crate) id: Base64Url,
    /// COSE_Key.
    pub(crate) key: Base64Url,
    /// Model of the authenticator; zero when it does not say.
    pub(crate) aaguid: Base64Url,
    /// How the browser reaches it: `usb`, `nfc`, `ble`, `hybrid`, `internal`.
    pub(crate) transports: Vec<String>,
    /// Whether it may be copied to other devices of its owner. This never changes.
    pub(crate) backup_eligible: bool,
}

/// What may change with every use of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Use {
    /// How often the authenticator has signed; zero when it does not count.
    pub(crate) sign_count: u32,
    /// Whether the credential has been copied.
    pub(crate) backed_up: bool,
}

impl RelyingParty {
    /// The relying party of an installation known as `origin`; `None` where browsers allow no
    /// passkeys: at an address without a name, and without TLS except on `localhost`.
    pub(crate) fn of(origin: &str) -> Option<Self> {
        let url = url::Url::parse(origin).ok()?;
        let Some(url::Host::Domain(host)) = url.host() else {
            return None;
        };
        let local = host == "localhost" || host.ends_with(".localhost");
        let allowed = url.scheme() == "https" || (url.scheme() == "http" && local);
        allowed.then(|| Self {
            id: host.to_owned(),
            origin: url.origin().ascii_serialization(),
        })
    }

    /// Options of a creation (§5.4): discoverable, with a verified user, without attestation.
    pub(crate) fn creation_options(
        &self,
        challenge: &str,
        (handle, name, display): (&[u8], &str, &str),
        known: &[Credential],
    ) -> Json {
        let parameters = ALGORITHMS.map(|alg| json!({"type": "public-key", "alg": alg}));
        json!({
            "rp": {"id": self.id, "name": "MediTrack"},
            "user": {"id": URL_SAFE_NO_PAD.encode(handle), "name": name, "displayName": display},
            "challenge": challenge,
            "pubKeyCredParams": parameters,
            "timeout": TIMEOUT_MS,
            "excludeCredentials": descriptors(known),
            "authenticatorSelection": {
                "residentKey": "required",
                "requireResidentKey": true,
                "userVerification": "required",
            },
            "attestation": "none",
        })
    }

    /// Options of a request (§5.5); with nobody's credentials named, the person chooses among their own.
    pub(crate) fn request_options(&self, challenge: &str, known: &[Credential]) -> Json {
        json!({
            "rpId": self.id,
            "challenge": challenge,
            "timeout": TIMEOUT_MS,
            "allowCredentials": descriptors(known),
            "userVerification": "required",
        })
    }

    /// Registers a credential (§7.1).
    pub(crate) fn register(
        &self,
        challenge: &str,
        answer: &RegistrationResponse,
    ) -> Result<(Credential, Use), WebAuthnError> {
        let client_data = ClientData::read(&answer.response.client_data.0)?;
        client_data.check(CeremonyType::Create, challenge, &self.origin)?;
        let data = AuthenticatorData::read(attested(&answer.response.attestation_object.0)?)?;
        self.check(&data)?;
        let malformed = WebAuthnError::Malformed("credential");
        let made = data.credential.as_ref().ok_or(malformed)?;
        if made.id != answer.credential.raw_id.0 {
            return Err(malformed);
        }
        let credential = Credential {
            id: Base64Url(made.id.to_vec()),
            key: Base64Url(made.key.to_vec()),
            aaguid: Base64Url(made.aaguid.to_vec()),
            transports: answer.transports(),
            backup_eligible: data.backup_eligible(),
        };
        Ok((credential, used(&data)))
    }

    /// Verifies that the holder of `credential`, last used as `before`, answered (§7.2).
    ///
    /// [`WebAuthnError::SignCount`] comes last: whoever gets it did sign with the credential's key.
    pub(crate) fn verify(
        &self,
        challenge: &str,
        answer: &AuthenticationResponse,
        (credential, before): (&Credential, Use),
    ) -> Result<Use, WebAuthnError> {
        let client_data = ClientData::read(&answer.response.client_data.0)?;
        client_data.check(CeremonyType::Get, challenge, &self.origin)?;
        let signed = &answer.response.authenticator_data.0;
        let data = AuthenticatorData::read(signed)?;
        self.check(&data)?;
        if data.backup_eligible() != credential.backup_eligible {
            return Err(WebAuthnError::BackupFlags);
        }
        let hash = mt_crypto::sha256(&answer.response.client_data.0);
        let message = [signed.as_slice(), &hash].concat();
        let key = CredentialKey::read(&credential.key.0)?;
        key.verify(&message, &answer.response.signature.0)?;
        let counts = data.sign_count != 0 || before.sign_count != 0;
        if counts && data.sign_count <= before.sign_count {
            return Err(WebAuthnError::SignCount);
        }
        Ok(used(&data))
    }

    /// What both ceremonies ask of authenticator data.
    fn check(&self, data: &AuthenticatorData<'_>) -> Result<(), WebAuthnError> {
        if data.rp_id_hash != mt_crypto::sha256(self.id.as_bytes()) {
            return Err(WebAuthnError::RelyingParty);
        }
        if !data.user_present() {
            return Err(WebAuthnError::UserPresence);
        }
        if !data.user_verified() {
            return Err(WebAuthnError::UserVerification);
        }
        if data.backed_up() && !data.backup_eligible() {
            return Err(WebAuthnError::BackupFlags);
        }
        Ok(())
    }
}

const fn used(data: &AuthenticatorData<'_>) -> Use {
    Use {
        sign_count: data.sign_count,
        backed_up: data.backed_up(),
    }
}

fn descriptors(known: &[Credential]) -> Vec<Json> {
    let descriptor = |one: &Credential| json!({"type": "public-key", "id": one.id, "transports": one.transports});
    known.iter().map(descriptor).collect()
}

impl RegistrationResponse {
    /// Reads the JSON of a browser.
    pub(crate) fn parse(json: &str) -> Result<Self, WebAuthnError> {
        serde_json::from_str(json).map_err(|_| WebAuthnError::Malformed("answer"))
    }

    /// The challenge that is answered.
    pub(crate) fn challenge(&self) -> Result<String, WebAuthnError> {
        Ok(ClientData::read(&self.response.client_data.0)?.challenge)
    }

    /// Hints are repeated to browsers later, so only known words are kept.
    fn transports(&self) -> Vec<String> {
        const KNOWN: [&str; 6] = ["usb", "nfc", "ble", "smart-card", "hybrid", "internal"];
        let given = |word: &&str| self.response.transports.iter().any(|one| one == word);
        KNOWN.into_iter().filter(given).map(str::to_owned).collect()
    }
}

impl AuthenticationResponse {
    /// Reads the JSON of a browser.
    pub(crate) fn parse(json: &str) -> Result<Self, WebAuthnError> {
        serde_json::from_str(json).map_err(|_| WebAuthnError::Malformed("answer"))
    }

    /// The challenge that is answered.
    pub(crate) fn challenge(&self) -> Result<String, WebAuthnError> {
        Ok(ClientData::read(&self.response.client_data.0)?.challenge)
    }

    /// Which credential answers.
    pub(crate) fn credential_id(&self) -> &[u8] {
        &self.credential.raw_id.0
    }

    /// Whose it is, as the authenticator remembers.
    pub(crate) fn user_handle(&self) -> Option<&[u8]> {
        self.response
            .user_handle
            .as_ref()
            .map(|handle| handle.0.as_slice())
    }
}

#[cfg(test)]
mod tests;
