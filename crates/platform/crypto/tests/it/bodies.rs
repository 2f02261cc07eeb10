//! Sealed resource bodies.

use mt_crypto::{
    BodyAad, CryptoError, Dictionaries, MAX_BODY, ShippedDictionaries, TenantKeys, open_body,
    open_body_into, seal_body, sealed_body_header,
};
use mt_kernel::TenantId;
use proptest::prelude::*;
use uuid::Uuid;

use crate::fixture::{Fixture, PLACE, dictionaries, fresh_keys, keys, merge, observation};

const JSON: &[u8] = br#"{"resourceType":"Observation","id":"a","status":"final"}"#;

fn refused(keys: &TenantKeys, place: &BodyAad, sealed: &[u8]) -> CryptoError {
    let mut out = vec![1, 2, 3];
    let error = open_body_into(keys, &dictionaries(), place, sealed, &mut out).unwrap_err();
    assert!(out.is_empty(), "nothing is handed out after {error}");
    error
}

#[test]
fn every_changed_bit_is_refused() {
    let keys = keys();
    let sealed = seal_body(&keys, &dictionaries(), &PLACE, JSON).unwrap();
    for at in 0..sealed.len() {
        for bit in 0..8 {
            let mut changed = sealed.clone();
            changed[at] ^= 1 << bit;
            refused(&keys, &PLACE, &changed);
        }
    }
    assert_eq!(
        open_body(&keys, &dictionaries(), &PLACE, &sealed).unwrap(),
        JSON
    );
}

#[test]
fn every_truncation_and_extension_is_refused() {
    let keys = keys();
    let sealed = seal_body(&keys, &dictionaries(), &PLACE, JSON).unwrap();
    for len in 0..sealed.len() {
        refused(&keys, &PLACE, &sealed[..len]);
    }
    refused(&keys, &PLACE, &[&sealed[..], &[0]].concat());
}

#[test]
fn a_body_opens_in_its_place_only() {
    let keys = keys();
    let sealed = seal_body(&keys, &dictionaries(), &PLACE, JSON).unwrap();
    let elsewhere = [
        BodyAad {
            resource_type: 2,
            ..PLACE
        },
        BodyAad {
            id: Uuid::from_u128(1),
            ..PLACE
        },
        BodyAad {
            version: 2,
            ..PLACE
        },
        BodyAad {
            version: 4,
            ..PLACE
        },
    ];
    for place in elsewhere {
        assert!(
            matches!(refused(&keys, &place, &sealed), CryptoError::NotAuthentic),
            "{place:?}"
        );
    }
}

#[test]
fn another_tenant_cannot_open_a_body() {
    let fixture = Fixture::new();
    let ours = fixture.load(&fixture.create(TenantId(1)));
    let theirs = fixture.load(&fixture.create(TenantId(2)));
    let sealed = seal_body(&ours, &dictionaries(), &PLACE, JSON).unwrap();
    assert!(matches!(
        refused(&theirs, &PLACE, &sealed),
        CryptoError::NotAuthentic
    ));
}

#[test]
fn sealing_twice_gives_unlike_bytes() {
    let keys = fresh_keys();
    let [a, b] = [0, 1].map(|_| seal_body(&keys, &dictionaries(), &PLACE, JSON).unwrap());
    assert_ne!(a[7..19], b[7..19], "nonces differ");
    assert_ne!(a[19..], b[19..]);
    assert_eq!(keys.sealed_count(mt_crypto::Purpose::Body), 2);
}

#[test]
fn a_sealed_body_shows_no_plaintext() {
    let canary = b"CANARY-Wilhelmina-Oostvogel";
    let sealed = seal_body(&keys(), &dictionaries(), &PLACE, canary).unwrap();
    assert!(
        !sealed
            .windows(8)
            .any(|window| canary.windows(8).any(|part| part == window))
    );
}

#[test]
fn a_body_over_the_limit_is_refused_when_sealed() {
    let error = seal_body(&keys(), &dictionaries(), &PLACE, &vec![b' '; MAX_BODY + 1]).unwrap_err();
    assert!(matches!(error, CryptoError::TooLarge { limit: MAX_BODY }));
}

#[test]
fn bodies_of_both_keys_open_after_a_rotation_and_none_after_destruction() {
    let fixture = Fixture::new();
    let rows = fixture.create(TenantId(1));
    let old = seal_body(&fixture.load(&rows), &dictionaries(), &PLACE, JSON).unwrap();
    let body = mt_crypto::Purpose::Body;
    let rotated =
        futures::executor::block_on(fixture.service.rotate(TenantId(1), body, &rows)).unwrap();
    let rows = merge(&rows, rotated);
    let keys = fixture.load(&rows);
    let new = seal_body(&keys, &dictionaries(), &PLACE, JSON).unwrap();
    assert_eq!(sealed_body_header(&old).unwrap().key.0, 1);
    assert_eq!(sealed_body_header(&new).unwrap().key.0, 2);
    for sealed in [&old, &new] {
        assert_eq!(
            open_body(&keys, &dictionaries(), &PLACE, sealed).unwrap(),
            JSON
        );
    }
    let first = rows
        .iter()
        .find(|row| row.purpose == body && row.id.0 == 1)
        .unwrap();
    let destroyed = fixture.service.destroy(first);
    assert!(destroyed.wrapped.is_empty());
    let keys = fixture.load(&merge(&rows, vec![destroyed]));
    assert!(matches!(
        refused(&keys, &PLACE, &old),
        CryptoError::KeyDestroyed { .. }
    ));
    assert_eq!(
        open_body(&keys, &dictionaries(), &PLACE, &new).unwrap(),
        JSON
    );
}

#[test]
fn threads_seal_and_open_side_by_side() {
    let (keys, dictionaries) = (keys(), dictionaries());
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (keys, dictionaries) = (keys.clone(), dictionaries.clone());
            scope.spawn(move || {
                for number in 0..200 {
                    let json = observation(thread * 1000 + number);
                    let sealed = seal_body(&keys, &dictionaries, &PLACE, &json).unwrap();
                    assert_eq!(
                        open_body(&keys, &dictionaries, &PLACE, &sealed).unwrap(),
                        json
                    );
                }
            });
        }
    });
}

proptest! {
    #[test]
    fn any_bytes_survive_sealing(
        json in proptest::collection::vec(any::<u8>(), 0..5000),
        resource_type in 0u16..4, id: u128, version: u32,
    ) {
        let keys = keys();
        let dictionaries = Dictionaries::new(ShippedDictionaries::new(|_| Some(1)));
        let place = BodyAad { resource_type, id: Uuid::from_u128(id), version };
        let sealed = seal_body(&keys, &dictionaries, &place, &json).unwrap();
        prop_assert_eq!(open_body(&keys, &dictionaries, &place, &sealed).unwrap(), json);
    }

    #[test]
    fn any_bytes_are_refused_in_place_of_a_sealed_body(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        prop_assert!(open_body(&keys(), &dictionaries(), &PLACE, &bytes).is_err());
    }
}
