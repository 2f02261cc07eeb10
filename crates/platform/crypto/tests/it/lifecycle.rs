//! Keys are made, loaded, rotated, rewrapped and destroyed.

use futures::executor::block_on;
use mt_crypto::{
    CryptoError, KekError, KekStatus, KeyAction, KeyId, KeyState, Purpose, WrappedKey, open, seal,
};
use mt_kernel::TenantId;

use crate::fixture::{Fixture, TENANT, merge};

#[test]
fn a_new_tenant_gets_one_active_key_per_purpose() {
    let fixture = Fixture::new();
    let rows = fixture.create(TENANT);
    assert_eq!(rows.len(), Purpose::ALL.len());
    assert!(
        rows.iter()
            .all(|row| row.state == KeyState::Active && row.id == KeyId(1))
    );
    assert!(
        block_on(fixture.service.complete(TENANT, &rows))
            .unwrap()
            .is_empty()
    );
    let without_cache: Vec<_> = rows
        .iter()
        .filter(|row| row.purpose != Purpose::Cache)
        .cloned()
        .collect();
    let made = block_on(fixture.service.complete(TENANT, &without_cache)).unwrap();
    assert_eq!(
        made.iter().map(|row| row.purpose).collect::<Vec<_>>(),
        [Purpose::Cache]
    );
}

#[test]
fn every_purpose_that_seals_seals_and_loading_again_gives_the_same_keys() {
    let fixture = Fixture::new();
    let rows = fixture.create(TENANT);
    let (first, second) = (fixture.load(&rows), fixture.load(&rows));
    for purpose in Purpose::ALL.into_iter().filter(|purpose| purpose.seals()) {
        let sealed = seal(&first, purpose, b"place", b"value").unwrap();
        assert_eq!(open(&second, purpose, b"place", &sealed).unwrap(), b"value");
    }
    let token = |keys: &mt_crypto::TenantKeys| keys.blind_index().unwrap().token(&["a", "b"]);
    assert_eq!(token(&first), token(&second));
    let key = |keys: &mt_crypto::TenantKeys| keys.resource_ids().unwrap().key_of(1, "x");
    assert_eq!(key(&first), key(&second));
    let shifted = |keys: &mt_crypto::TenantKeys| keys.date_shift().unwrap().apply(0);
    assert_eq!(shifted(&first), shifted(&second));
}

#[test]
fn a_row_moved_to_another_tenant_purpose_or_id_does_not_load() {
    let fixture = Fixture::new();
    let rows = fixture.create(TENANT);
    fixture.create(TenantId(8));
    let row = rows
        .iter()
        .find(|row| row.purpose == Purpose::Cursor)
        .unwrap();
    let moved = [
        WrappedKey {
            tenant: TenantId(8),
            ..row.clone()
        },
        WrappedKey {
            purpose: Purpose::Webhook,
            ..row.clone()
        },
        WrappedKey {
            id: KeyId(2),
            ..row.clone()
        },
    ];
    for row in moved {
        let refused = block_on(fixture.service.load(row.tenant, &[row])).unwrap_err();
        assert!(
            matches!(refused, CryptoError::Kek(KekError::Refused)),
            "{refused}"
        );
    }
    let foreign = block_on(fixture.service.load(TenantId(8), &rows)).unwrap_err();
    assert!(matches!(foreign, CryptoError::ForeignKey));
}

#[test]
fn contradicting_rows_do_not_load() {
    let fixture = Fixture::new();
    let rows = fixture.create(TENANT);
    let rotated = block_on(fixture.service.rotate(TENANT, Purpose::Body, &rows)).unwrap();
    // The retirement was lost: two active keys.
    let two_active: Vec<_> = rows.iter().chain(&rotated[1..]).cloned().collect();
    // A row twice.
    let twice: Vec<_> = rows.iter().chain(&rows[..1]).cloned().collect();
    for rows in [two_active, twice] {
        let refused = block_on(fixture.service.load(TENANT, &rows)).unwrap_err();
        assert!(matches!(
            refused,
            CryptoError::ContradictingKeys(Purpose::Body)
        ));
    }
}

#[test]
fn identifiers_and_dates_keep_their_keys() {
    let fixture = Fixture::new();
    let rows = fixture.create(TENANT);
    for purpose in [Purpose::Identifier, Purpose::DateShift] {
        let refused = block_on(fixture.service.rotate(TENANT, purpose, &rows));
        assert!(matches!(refused, Err(CryptoError::NotRotatable(_))));
    }
}

#[test]
fn a_rotated_token_key_makes_other_tokens_and_the_old_one_still_answers() {
    let fixture = Fixture::new();
    let rows = fixture.create(TENANT);
    let before = fixture.load(&rows).blind_index().unwrap();
    let rotated = block_on(fixture.service.rotate(TENANT, Purpose::BlindIndex, &rows)).unwrap();
    let keys = fixture.load(&merge(&rows, rotated));
    let after = keys.blind_index().unwrap();
    assert_eq!((before.key_id(), after.key_id()), (KeyId(1), KeyId(2)));
    assert_ne!(before.token(&["x"]), after.token(&["x"]));
    assert_eq!(
        keys.blind_index_of(KeyId(1)).unwrap().token(&["x"]),
        before.token(&["x"])
    );
    let unknown = keys.blind_index_of(KeyId(3));
    assert!(matches!(unknown, Err(CryptoError::UnknownKey { .. })));
}

#[test]
fn ids_of_destroyed_keys_are_not_given_again() {
    let fixture = Fixture::new();
    let rows = fixture.create(TENANT);
    let rotated = block_on(fixture.service.rotate(TENANT, Purpose::Cursor, &rows)).unwrap();
    let rows = merge(&rows, rotated);
    let newest = rows
        .iter()
        .find(|row| row.purpose == Purpose::Cursor && row.id.0 == 2)
        .unwrap();
    let rows = merge(&rows, vec![fixture.service.destroy(newest)]);
    let keys = fixture.load(&rows);
    let unable = seal(&keys, Purpose::Cursor, b"", b"");
    assert!(matches!(
        unable,
        Err(CryptoError::NoActiveKey(Purpose::Cursor))
    ));
    let made = block_on(fixture.service.complete(TENANT, &rows)).unwrap();
    assert_eq!(
        made.iter().map(|row| row.id).collect::<Vec<_>>(),
        [KeyId(3)]
    );
}

#[test]
fn a_new_kek_version_rewraps_and_the_old_one_can_go() {
    let fixture = Fixture::new();
    let rows = fixture.create(TENANT);
    let sealed = seal(&fixture.load(&rows), Purpose::Audit, b"", b"kept").unwrap();
    let rewrapped = block_on(fixture.service.rotate_kek(TENANT, &rows)).unwrap();
    assert_eq!(rewrapped.len(), rows.len());
    let status = block_on(fixture.service.kek_status(TENANT)).unwrap();
    assert_eq!(
        status,
        KekStatus::Ready {
            versions: vec![1, 2]
        }
    );
    // Before the old version goes, both wrappings serve.
    for rows in [&rows, &rewrapped] {
        assert_eq!(
            open(&fixture.load(rows), Purpose::Audit, b"", &sealed).unwrap(),
            b"kept"
        );
    }
    let early = block_on(
        fixture
            .service
            .drop_old_keks(TENANT, &merge(&rewrapped, vec![rows[3].clone()])),
    );
    assert!(
        matches!(early, Err(CryptoError::NotRewrapped { purpose, .. }) if purpose == rows[3].purpose)
    );
    fixture.load(&rows);
    block_on(fixture.service.drop_old_keks(TENANT, &rewrapped)).unwrap();
    assert_eq!(
        open(&fixture.load(&rewrapped), Purpose::Audit, b"", &sealed).unwrap(),
        b"kept"
    );
    let stale = block_on(fixture.service.load(TENANT, &rows)).unwrap_err();
    assert!(matches!(
        stale,
        CryptoError::Kek(KekError::UnknownVersion { version: 1, .. })
    ));
}

#[test]
fn nothing_of_a_shredded_tenant_opens_again_and_others_are_untouched() {
    let fixture = Fixture::new();
    let (rows, others) = (fixture.create(TENANT), fixture.create(TenantId(8)));
    let keys = fixture.load(&rows);
    let clone = keys.clone();
    let sealed = seal(&keys, Purpose::Body, b"", b"secret").unwrap();
    block_on(fixture.service.destroy_tenant(TENANT)).unwrap();
    keys.revoke();
    for keys in [&keys, &clone] {
        assert!(matches!(
            open(keys, Purpose::Body, b"", &sealed),
            Err(CryptoError::Revoked(_))
        ));
        assert!(matches!(
            seal(keys, Purpose::Body, b"", b""),
            Err(CryptoError::Revoked(_))
        ));
        assert!(matches!(keys.blind_index(), Err(CryptoError::Revoked(_))));
        assert!(matches!(keys.date_shift(), Err(CryptoError::Revoked(_))));
        assert!(matches!(keys.resource_ids(), Err(CryptoError::Revoked(_))));
    }
    let reloaded = block_on(fixture.service.load(TENANT, &rows)).unwrap_err();
    assert!(matches!(reloaded, CryptoError::Kek(KekError::Destroyed(_))));
    let recreated = block_on(fixture.service.complete(TENANT, &[])).unwrap_err();
    assert!(matches!(
        recreated,
        CryptoError::Kek(KekError::Destroyed(_))
    ));
    block_on(fixture.service.destroy_tenant(TENANT)).unwrap();
    fixture.load(&others);
}

#[test]
fn every_use_of_a_key_is_reported_refusals_too() {
    let fixture = Fixture::new();
    let rows = fixture.create(TENANT);
    let uses = fixture.take_uses();
    assert_eq!(uses[0].action, KeyAction::CreateKek);
    assert_eq!(uses.len(), 1 + Purpose::ALL.len());
    assert!(
        uses.iter()
            .all(|used| used.succeeded && used.tenant == TENANT)
    );
    fixture.load(&rows[..1]);
    let [unwrapped] = fixture.take_uses()[..] else {
        panic!("one use")
    };
    assert_eq!(unwrapped.action, KeyAction::Unwrap);
    assert_eq!(unwrapped.key, Some((rows[0].purpose, rows[0].id)));
    let forged = WrappedKey {
        wrapped: vec![1; 65],
        ..rows[0].clone()
    };
    block_on(fixture.service.load(TENANT, &[forged])).unwrap_err();
    assert!(!fixture.take_uses()[0].succeeded);
    block_on(fixture.service.destroy_tenant(TENANT)).unwrap();
    assert_eq!(fixture.take_uses()[0].action, KeyAction::DestroyKek);
}
