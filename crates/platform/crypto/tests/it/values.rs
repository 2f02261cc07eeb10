//! Sealed values that are not bodies, and secrets that do not print.

use mt_crypto::{CryptoError, MAX_BODY, Purpose, open, seal, seal_packed};
use mt_kernel::TenantId;

use crate::fixture::{Fixture, keys};

#[test]
fn a_value_opens_for_its_tenant_purpose_and_place_only() {
    let fixture = Fixture::new();
    let ours = fixture.load(&fixture.create(TenantId(1)));
    let theirs = fixture.load(&fixture.create(TenantId(2)));
    let sealed = seal(&ours, Purpose::Cursor, b"search", b"page 2").unwrap();
    assert_eq!(
        open(&ours, Purpose::Cursor, b"search", &sealed).unwrap(),
        b"page 2"
    );
    let elsewhere = [
        open(&theirs, Purpose::Cursor, b"search", &sealed),
        open(&ours, Purpose::Webhook, b"search", &sealed),
        open(&ours, Purpose::Cursor, b"searc", &sealed),
        open(&ours, Purpose::Cursor, b"search ", &sealed),
    ];
    for opened in elsewhere {
        assert!(
            matches!(opened, Err(CryptoError::NotAuthentic)),
            "{opened:?}"
        );
    }
}

#[test]
fn every_changed_bit_and_every_length_of_a_value_is_refused() {
    let keys = keys();
    let sealed = seal(&keys, Purpose::Credential, b"totp", b"JBSWY3DPEHPK3PXP").unwrap();
    for at in 0..sealed.len() {
        for bit in 0..8 {
            let mut changed = sealed.clone();
            changed[at] ^= 1 << bit;
            assert!(open(&keys, Purpose::Credential, b"totp", &changed).is_err());
        }
        assert!(open(&keys, Purpose::Credential, b"totp", &sealed[..at]).is_err());
    }
}

#[test]
fn a_packed_value_opens_like_any_other_and_is_shorter() {
    let keys = keys();
    let value = b"patient.registered.v1 ".repeat(100);
    let sealed = seal_packed(&keys, Purpose::Event, b"place", &value).unwrap();
    assert!(sealed.len() < 200, "{}", sealed.len());
    assert_eq!(
        open(&keys, Purpose::Event, b"place", &sealed).unwrap(),
        value
    );
    assert!(open(&keys, Purpose::Event, b"other", &sealed).is_err());
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        // The format, too, is bound: a packed value is not taken for a plain one.
        assert!(open(&keys, Purpose::Event, b"place", &changed).is_err());
        changed[at] ^= 3;
        assert!(open(&keys, Purpose::Event, b"place", &changed).is_err());
    }
    let empty = seal_packed(&keys, Purpose::Event, b"", b"").unwrap();
    assert_eq!(open(&keys, Purpose::Event, b"", &empty).unwrap(), b"");
    let long = vec![0; MAX_BODY + 1];
    let refused = seal_packed(&keys, Purpose::Event, b"", &long);
    assert!(matches!(refused, Err(CryptoError::TooLarge { .. })));
}

#[test]
fn nothing_secret_prints() {
    let keys = keys();
    let secret = mt_crypto::DataKey::from_bytes([0xab; 32]);
    let printed = format!(
        "{keys:?} {secret:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        keys.blind_index().unwrap(),
        keys.blind_index().unwrap().scope(&["a"]),
        keys.resource_ids().unwrap(),
        keys.date_shift().unwrap(),
        mt_crypto::SigningKey::generate().unwrap(),
        mt_crypto::CheckpointKey::generate().unwrap(),
        mt_crypto::SigningKey::generate()
            .unwrap()
            .to_pkcs8()
            .unwrap(),
    );
    assert_eq!(
        printed,
        "TenantKeys { tenant: TenantId(7), .. } [secret] BlindIndex { id: KeyId(1), .. } \
         TokenScope([secret]) ResourceIds([secret]) DateShift([secret]) SigningKey([secret]) \
         CheckpointKey([secret]) [secret]"
    );
}

#[test]
fn hkdf_hmac_and_sha_256_agree_with_their_vectors() {
    // RFC 5869, A.1.
    let mut okm = [0; 42];
    let salt: [u8; 13] = std::array::from_fn(|i| i as u8);
    let info: [u8; 10] = std::array::from_fn(|i| 0xf0 + i as u8);
    mt_crypto::hkdf_sha256(&[0x0b; 22], &salt, &info, &mut okm).unwrap();
    assert_eq!(hex(&okm[..16]), "3cb25f25faacd57a90434f64d0362f2a");
    // RFC 4231, test case 2.
    let mac = mt_crypto::hmac_sha256(b"Jefe", b"what do ya want for nothing?");
    assert_eq!(hex(&mac[..16]), "5bdcc146bf60754e6a042426089575c7");
    // FIPS 180-2, B.1.
    let digest = mt_crypto::sha256(b"abc");
    assert_eq!(hex(&digest[..16]), "ba7816bf8f01cfea414140de5dae2223");
    assert!(mt_crypto::constant_time_eq(b"same", b"same"));
    assert!(!mt_crypto::constant_time_eq(b"same", b"some"));
    assert!(!mt_crypto::constant_time_eq(b"same", b"sam"));
}

#[test]
fn hkdf_refuses_more_than_it_can_yield() {
    assert!(mt_crypto::hkdf_sha256(b"secret", b"", b"", &mut vec![0; 255 * 32 + 1]).is_err());
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn keys_for_hashing_do_not_seal() {
    for purpose in [Purpose::BlindIndex, Purpose::Identifier, Purpose::DateShift] {
        let refused = seal(&keys(), purpose, b"", b"");
        assert!(matches!(refused, Err(CryptoError::NotSealing(_))));
    }
}
