//! Signing and verifying.

use mt_crypto::{Algorithm, CheckpointKey, CryptoError, PublicKey, SigningKey};

#[test]
fn a_token_signature_verifies_under_its_key_algorithm_and_message_only() {
    let key = SigningKey::generate().unwrap();
    let public = key.public_key().unwrap();
    let signature = key.sign(b"header.claims").unwrap();
    assert_eq!(signature.len(), 64);
    public
        .verify(Algorithm::Es256, b"header.claims", &signature)
        .unwrap();
    let other = SigningKey::generate().unwrap().public_key().unwrap();
    for refused in [
        other.verify(Algorithm::Es256, b"header.claims", &signature),
        public.verify(Algorithm::Es256, b"header.claimz", &signature),
        public.verify(Algorithm::Es256, b"header.claims", &signature[1..]),
        public.verify(Algorithm::Rs256, b"header.claims", &signature),
        public.verify(Algorithm::EdDsa, b"header.claims", &signature),
        public.verify(Algorithm::Es256, b"header.claims", &[0; 64]),
    ] {
        assert!(matches!(refused, Err(CryptoError::BadSignature)));
    }
}

#[test]
fn private_keys_survive_their_export() {
    let key = SigningKey::generate().unwrap();
    let again = SigningKey::from_pkcs8(&key.to_pkcs8().unwrap()).unwrap();
    assert_eq!(key.public_key().unwrap(), again.public_key().unwrap());
    let checkpoint = CheckpointKey::generate().unwrap();
    let again = CheckpointKey::from_pkcs8(&checkpoint.to_pkcs8().unwrap()).unwrap();
    assert_eq!(
        checkpoint.sign(b"tree").unwrap(),
        again.sign(b"tree").unwrap()
    );
    again
        .public_key()
        .unwrap()
        .verify(Algorithm::EdDsa, b"tree", &again.sign(b"tree").unwrap())
        .unwrap();
}

#[test]
fn a_key_of_the_wrong_kind_is_refused() {
    let ed25519 = CheckpointKey::generate().unwrap().to_pkcs8().unwrap();
    for pkcs8 in [&ed25519[..], b"", b"not a key"] {
        assert!(matches!(
            SigningKey::from_pkcs8(pkcs8),
            Err(CryptoError::BadKey(_))
        ));
    }
    assert!(matches!(
        CheckpointKey::from_pkcs8(b"no"),
        Err(CryptoError::BadKey(_))
    ));
    for (x, y) in [(0, 0), (32, 31), (32, 48), (47, 48), (64, 64)] {
        let refused = PublicKey::ec(&vec![1; x], &vec![1; y]);
        assert!(matches!(refused, Err(CryptoError::BadKey(_))), "{x} {y}");
    }
    assert!(PublicKey::ed25519(&[1; 31]).is_err());
}

#[test]
fn algorithm_names_are_joses_and_none_is_not_one() {
    for name in [
        "ES256", "ES384", "RS256", "RS384", "PS256", "PS384", "EdDSA",
    ] {
        assert_eq!(Algorithm::from_name(name).map(Algorithm::name), Some(name));
    }
    for name in ["none", "HS256", "es256", "RS1", ""] {
        assert_eq!(Algorithm::from_name(name), None);
    }
}
