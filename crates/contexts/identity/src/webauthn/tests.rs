//! The rules against recorded ceremonies of another implementation, and each of them broken once.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value as Json, json};

use super::*;

struct Vector {
    algorithm: String,
    creation: (String, Json),
    request: (String, Json),
}

fn vectors() -> Vec<Vector> {
    let all: Json = serde_json::from_str(include_str!("../../tests/data/webauthn.json")).unwrap();
    let part = |part: &Json| (text(&part["challenge"]), part["answer"].clone());
    let all = all["vectors"].as_array().unwrap();
    all.iter()
        .map(|one| Vector {
            algorithm: text(&one["algorithm"]),
            creation: part(&one["creation"]),
            request: part(&one["request"]),
        })
        .collect()
}

fn text(value: &Json) -> String {
    value.as_str().unwrap().to_owned()
}

fn us() -> RelyingParty {
    RelyingParty::of("https://ehr.example.org").unwrap()
}

fn register(
    party: &RelyingParty,
    challenge: &str,
    answer: &Json,
) -> Result<(Credential, Use), WebAuthnError> {
    party.register(
        challenge,
        &RegistrationResponse::parse(&answer.to_string())?,
    )
}

fn verify(
    party: &RelyingParty,
    (challenge, answer): (&str, &Json),
    kept: (&Credential, Use),
) -> Result<Use, WebAuthnError> {
    let answer = AuthenticationResponse::parse(&answer.to_string())?;
    party.verify(challenge, &answer, kept)
}

/// The bytes of a member of the response, changed.
fn changed(answer: &Json, member: &str, change: impl Fn(&mut Vec<u8>)) -> Json {
    let mut answer = answer.clone();
    let place = &mut answer["response"][member];
    let mut bytes = URL_SAFE_NO_PAD.decode(place.as_str().unwrap()).unwrap();
    change(&mut bytes);
    *place = json!(URL_SAFE_NO_PAD.encode(bytes));
    answer
}

/// The client data with a member set.
fn saying(answer: &Json, name: &str, value: &Json) -> Json {
    changed(answer, "clientDataJSON", |bytes| {
        let mut data: Json = serde_json::from_slice(bytes).unwrap();
        data[name] = value.clone();
        *bytes = data.to_string().into_bytes();
    })
}

#[test]
fn a_credential_of_each_algorithm_is_registered_and_signs() {
    let all = vectors();
    assert_eq!(all.len(), 3);
    for Vector {
        algorithm,
        creation,
        request,
    } in &all
    {
        let (credential, first) = register(&us(), &creation.0, &creation.1).unwrap();
        assert_eq!(first.sign_count, 0, "{algorithm}");
        assert_eq!(credential.backup_eligible, algorithm == "EdDSA");
        assert_eq!(credential.transports, ["hybrid", "internal"]);
        let used = verify(&us(), (&request.0, &request.1), (&credential, first)).unwrap();
        assert_eq!(used.sign_count, 7, "{algorithm}");
        assert_eq!(used.backed_up, algorithm == "EdDSA");
    }
}

#[test]
fn a_signature_is_good_for_its_key_and_message_only() {
    let all = vectors();
    let kept: Vec<_> = all
        .iter()
        .map(|one| register(&us(), &one.creation.0, &one.creation.1).unwrap())
        .collect();
    for (at, one) in all.iter().enumerate() {
        let (challenge, answer) = (&one.request.0, &one.request.1);
        let own = (&kept[at].0, kept[at].1);
        let broken = changed(answer, "signature", |bytes| *bytes.last_mut().unwrap() ^= 1);
        let refused = verify(&us(), (challenge, &broken), own);
        assert_eq!(refused, Err(WebAuthnError::Signature), "{}", one.algorithm);
        let counted = changed(answer, "authenticatorData", |bytes| bytes[36] ^= 64);
        assert_eq!(
            verify(&us(), (challenge, &counted), own),
            Err(WebAuthnError::Signature)
        );
        let said = saying(answer, "more", &json!(1));
        assert_eq!(
            verify(&us(), (challenge, &said), own),
            Err(WebAuthnError::Signature)
        );
        // Another one's key; its flags are made equal, so that nothing but the key differs.
        let (other, last) = &kept[(at + 1) % kept.len()];
        let other = Credential {
            backup_eligible: own.0.backup_eligible,
            ..other.clone()
        };
        let refused = verify(&us(), (challenge, answer), (&other, *last));
        assert_eq!(refused, Err(WebAuthnError::Signature), "{}", one.algorithm);
    }
}

#[test]
fn what_the_browser_says_must_be_of_this_ceremony_and_page() {
    let one = &vectors()[0];
    let (credential, first) = register(&us(), &one.creation.0, &one.creation.1).unwrap();
    let kept = (&credential, first);
    for (name, value, expected) in [
        ("type", json!("webauthn.create"), WebAuthnError::Ceremony),
        ("type", json!("payment.get"), WebAuthnError::Ceremony),
        ("challenge", json!("AAAA"), WebAuthnError::Challenge),
        (
            "origin",
            json!("https://evil.example"),
            WebAuthnError::Origin,
        ),
        (
            "origin",
            json!("http://ehr.example.org"),
            WebAuthnError::Origin,
        ),
        (
            "origin",
            json!("https://ehr.example.org:444"),
            WebAuthnError::Origin,
        ),
        (
            "origin",
            json!("https://sub.ehr.example.org"),
            WebAuthnError::Origin,
        ),
        ("crossOrigin", json!(true), WebAuthnError::Origin),
        (
            "topOrigin",
            json!("https://ehr.example.org"),
            WebAuthnError::Origin,
        ),
        ("origin", json!(1), WebAuthnError::Malformed("client data")),
    ] {
        let answer = saying(&one.request.1, name, &value);
        assert_eq!(
            verify(&us(), (&one.request.0, &answer), kept),
            Err(expected),
            "{name} {value}"
        );
    }
    let swapped = saying(&one.creation.1, "type", &json!("webauthn.get"));
    assert_eq!(
        register(&us(), &one.creation.0, &swapped),
        Err(WebAuthnError::Ceremony)
    );
    let other = register(&us(), &one.request.0, &one.creation.1);
    assert_eq!(other, Err(WebAuthnError::Challenge));
}

#[test]
fn what_the_authenticator_says_must_be_enough() {
    let one = &vectors()[0];
    let (credential, first) = register(&us(), &one.creation.0, &one.creation.1).unwrap();
    let flags = |flags: u8| {
        changed(&one.request.1, "authenticatorData", |bytes| {
            bytes[32] = flags
        })
    };
    for (answer, expected) in [
        (flags(0x04), WebAuthnError::UserPresence),
        (flags(0x01), WebAuthnError::UserVerification),
        (flags(0x15), WebAuthnError::BackupFlags),
        (flags(0x0d), WebAuthnError::BackupFlags),
        (flags(0x45), WebAuthnError::Malformed("authenticator data")),
        (
            changed(&one.request.1, "authenticatorData", |bytes| bytes[0] ^= 1),
            WebAuthnError::RelyingParty,
        ),
        (
            changed(&one.request.1, "authenticatorData", |bytes| bytes.push(0)),
            WebAuthnError::Malformed("authenticator data"),
        ),
    ] {
        let refused = verify(&us(), (&one.request.0, &answer), (&credential, first));
        assert_eq!(refused, Err(expected));
    }
    // The first byte of flags lies behind the hash of the relying party's id.
    let hash = mt_crypto::sha256(b"ehr.example.org");
    let unverified = changed(&one.creation.1, "attestationObject", |bytes| {
        let at = bytes.windows(32).position(|window| window == hash).unwrap();
        bytes[at + 32] &= !4;
    });
    let refused = register(&us(), &one.creation.0, &unverified);
    assert_eq!(refused, Err(WebAuthnError::UserVerification));
}

#[test]
fn a_sign_count_only_grows() {
    let one = &vectors()[0];
    let (credential, _) = register(&us(), &one.creation.0, &one.creation.1).unwrap();
    for (before, good) in [
        (0, true),
        (6, true),
        (7, false),
        (8, false),
        (u32::MAX, false),
    ] {
        let last = Use {
            sign_count: before,
            backed_up: false,
        };
        let verified = verify(&us(), (&one.request.0, &one.request.1), (&credential, last));
        let expected = if good {
            None
        } else {
            Some(WebAuthnError::SignCount)
        };
        assert_eq!(verified.err(), expected, "{before}");
    }
}

#[test]
fn the_id_that_the_browser_names_is_the_one_that_was_attested() {
    let one = &vectors()[0];
    let mut answer = one.creation.1.clone();
    answer["rawId"] = json!("AAAA");
    let refused = register(&us(), &one.creation.0, &answer);
    assert_eq!(refused, Err(WebAuthnError::Malformed("credential")));
    answer["type"] = json!("password");
    let refused = register(&us(), &one.creation.0, &answer);
    assert_eq!(refused, Err(WebAuthnError::Malformed("answer")));
}

#[test]
fn an_installation_is_a_relying_party_where_browsers_allow_it() {
    for (origin, id) in [
        ("https://ehr.example.org", Some("ehr.example.org")),
        ("https://ehr.example.org:8443/x", Some("ehr.example.org")),
        ("http://localhost:3000", Some("localhost")),
        ("http://ehr.example.org", None),
        ("https://192.0.2.1", None),
        ("http://127.0.0.1:3000", None),
        ("nothing", None),
    ] {
        let party = RelyingParty::of(origin);
        assert_eq!(party.map(|party| party.id).as_deref(), id, "{origin}");
    }
    let party = RelyingParty::of("https://ehr.example.org:443/").unwrap();
    assert_eq!(party, us());
}

#[test]
fn options_ask_for_a_discoverable_credential_of_a_verified_user() {
    let options = us().creation_options("abc", (&[1, 2], "ada", "Ada"), &[]);
    assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
    assert_eq!(
        options["authenticatorSelection"]["userVerification"],
        "required"
    );
    assert_eq!(options["attestation"], "none");
    assert_eq!(options["user"]["id"], "AQI");
    let algorithms: Vec<_> = options["pubKeyCredParams"]
        .as_array()
        .unwrap()
        .iter()
        .collect();
    assert_eq!(algorithms.len(), 3);
    let options = us().request_options("abc", &[]);
    assert_eq!(options["userVerification"], "required");
    assert_eq!(options["rpId"], "ehr.example.org");
}
