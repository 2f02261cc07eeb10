//! An authenticator in software: one ES256 credential, as a security key or a phone would keep it.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value as Json, json};

use super::clinic::ORIGIN;

pub(super) const VERIFIED: u8 = 0x05;
pub(super) const PRESENT: u8 = 0x01;

pub(super) struct Authenticator {
    pair: EcdsaKeyPair,
    id: Vec<u8>,
    handle: Option<String>,
    pub(super) count: u32,
    /// What it says of its user, and of backups.
    pub(super) flags: u8,
    /// The page that asks.
    pub(super) origin: String,
    /// The site that it believes in; `None`: what the options say.
    pub(super) rp_id: Option<String>,
}

impl Authenticator {
    pub(super) fn new() -> Self {
        Self {
            pair: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap(),
            id: mt_crypto::random_bytes::<32>().unwrap().to_vec(),
            handle: None,
            count: 0,
            flags: VERIFIED,
            origin: ORIGIN.to_owned(),
            rp_id: None,
        }
    }

    /// `navigator.credentials.create`
    pub(super) fn create(&mut self, options: &Json) -> Json {
        self.handle = options["user"]["id"].as_str().map(str::to_owned);
        let point = self.pair.public_key().as_ref();
        let key = [
            b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20".as_slice(),
            &point[1..33],
            b"\x22\x58\x20",
            &point[33..],
        ]
        .concat();
        let rp_id = options["rp"]["id"].as_str().unwrap();
        let data = [
            self.head(rp_id, 0x40),
            vec![0; 16],
            vec![0, 32],
            self.id.clone(),
            key,
        ]
        .concat();
        let length = u8::try_from(data.len()).unwrap();
        let object = [
            b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".as_slice(),
            &[length],
            &data,
        ]
        .concat();
        let response = json!({
            "clientDataJSON": text(&self.client_data("webauthn.create", options)),
            "attestationObject": text(&object),
            "transports": ["internal"],
        });
        self.credential(&response)
    }

    /// `navigator.credentials.get`
    pub(super) fn get(&mut self, options: &Json) -> Json {
        self.count += 1;
        let data = self.head(options["rpId"].as_str().unwrap(), 0);
        let client_data = self.client_data("webauthn.get", options);
        let message = [data.as_slice(), &mt_crypto::sha256(&client_data)].concat();
        let signature = self.pair.sign(&SystemRandom::new(), &message).unwrap();
        let response = json!({
            "clientDataJSON": text(&client_data),
            "authenticatorData": text(&data),
            "signature": text(signature.as_ref()),
            "userHandle": self.handle,
        });
        self.credential(&response)
    }

    fn head(&self, rp_id: &str, more: u8) -> Vec<u8> {
        let rp_id = self.rp_id.as_deref().unwrap_or(rp_id);
        let hash = mt_crypto::sha256(rp_id.as_bytes());
        [&hash[..], &[self.flags | more], &self.count.to_be_bytes()].concat()
    }

    fn client_data(&self, kind: &str, options: &Json) -> Vec<u8> {
        let data = json!({"type": kind, "challenge": options["challenge"], "origin": self.origin});
        data.to_string().into_bytes()
    }

    fn credential(&self, response: &Json) -> Json {
        let id = text(&self.id);
        json!({"id": id, "rawId": id, "type": "public-key", "response": response})
    }
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
