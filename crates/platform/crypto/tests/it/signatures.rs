//! Signing and verifying.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
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
    let again = SigningKey::from_pkcs8(key.to_pkcs8().unwrap().expose()).unwrap();
    assert_eq!(key.public_key().unwrap(), again.public_key().unwrap());
    let checkpoint = CheckpointKey::generate().unwrap();
    let again = CheckpointKey::from_pkcs8(checkpoint.to_pkcs8().unwrap().expose()).unwrap();
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
    for pkcs8 in [ed25519.expose().as_slice(), b"", b"not a key"] {
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

fn decoded(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

/// The payload that RFC 7515 signs in its appendix.
const CLAIMS: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

#[test]
fn the_signatures_of_the_jose_specifications_verify() {
    let rs256 = PublicKey::rsa(
        &decoded(
            "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
        ),
        &decoded("AQAB"),
    );
    let es256 = PublicKey::ec(
        &decoded("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"),
        &decoded("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"),
    )
    .unwrap();
    let ed25519 =
        PublicKey::ed25519(&decoded("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")).unwrap();
    let cases = [
        // RFC 7515, A.2.
        (
            &rs256,
            Algorithm::Rs256,
            format!("eyJhbGciOiJSUzI1NiJ9.{CLAIMS}"),
            "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
        ),
        // RFC 7515, A.3.
        (
            &es256,
            Algorithm::Es256,
            format!("eyJhbGciOiJFUzI1NiJ9.{CLAIMS}"),
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        ),
        // RFC 8037, A.4.
        (
            &ed25519,
            Algorithm::EdDsa,
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc".to_owned(),
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
        ),
    ];
    for (key, algorithm, message, signature) in &cases {
        let signature = decoded(signature);
        key.verify(*algorithm, message.as_bytes(), &signature)
            .unwrap();
        for other in [
            "RS256", "RS384", "PS256", "PS384", "ES256", "ES384", "EdDSA",
        ] {
            let other = Algorithm::from_name(other).unwrap();
            let verified = key.verify(other, message.as_bytes(), &signature).is_ok();
            assert_eq!(verified, other == *algorithm, "{algorithm:?} as {other:?}");
        }
        let mut changed = signature.clone();
        changed[20] ^= 1;
        assert!(
            key.verify(*algorithm, message.as_bytes(), &changed)
                .is_err()
        );
    }
}

#[test]
fn a_short_rsa_key_is_refused() {
    let key = PublicKey::rsa(&[0xc5; 128], &[1, 0, 1]);
    let refused = key.verify(Algorithm::Rs256, b"message", &[1; 128]);
    assert!(matches!(refused, Err(CryptoError::BadSignature)));
}
