//! A keyring in a temporary directory and a tenant with all its keys.

use std::sync::{Arc, LazyLock, Mutex};

use futures::executor::block_on;
use mt_crypto::{
    BodyAad, Dictionaries, FileKeyring, KeyService, KeyUse, ShippedDictionaries, TenantKeys,
    WrappedKey,
};
use mt_kernel::TenantId;
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) const TENANT: TenantId = TenantId(7);

/// A key service over a fresh keyring, and everything it reported.
pub(crate) struct Fixture {
    _directory: TempDir,
    pub(crate) service: KeyService,
    pub(crate) uses: Arc<Mutex<Vec<KeyUse>>>,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let keyring = FileKeyring::open(directory.path().join("keyring")).unwrap();
        let uses = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&uses);
        let observer = move |key_use: KeyUse| seen.lock().unwrap().push(key_use);
        let service = KeyService::new(Arc::new(keyring), Arc::new(observer));
        Self {
            _directory: directory,
            service,
            uses,
        }
    }

    pub(crate) fn create(&self, tenant: TenantId) -> Vec<WrappedKey> {
        block_on(self.service.complete(tenant, &[])).unwrap()
    }

    pub(crate) fn load(&self, rows: &[WrappedKey]) -> TenantKeys {
        block_on(self.service.load(rows[0].tenant, rows)).unwrap()
    }

    pub(crate) fn take_uses(&self) -> Vec<KeyUse> {
        std::mem::take(&mut self.uses.lock().unwrap())
    }
}

/// Loaded keys of one tenant, shared by the tests that leave them as they are.
pub(crate) fn keys() -> TenantKeys {
    static KEYS: LazyLock<TenantKeys> = LazyLock::new(fresh_keys);
    KEYS.clone()
}

/// Loaded keys of a tenant of its own keyring.
pub(crate) fn fresh_keys() -> TenantKeys {
    let fixture = Fixture::new();
    fixture.load(&fixture.create(TENANT))
}

/// Shipped dictionaries under made-up type numbers: 1 for Observation, others none.
pub(crate) fn dictionaries() -> Dictionaries {
    Dictionaries::new(ShippedDictionaries::new(|name| {
        (name == "Observation").then_some(1)
    }))
}

pub(crate) const PLACE: BodyAad = BodyAad {
    resource_type: 1,
    id: Uuid::from_u128(0x0193_f0a2_7c1e_7b3a_9c4d),
    version: 3,
};

/// Overlays the rows that changed.
pub(crate) fn merge(rows: &[WrappedKey], changed: Vec<WrappedKey>) -> Vec<WrappedKey> {
    let same = |a: &WrappedKey, b: &WrappedKey| (a.purpose, a.id) == (b.purpose, b.id);
    let kept = rows
        .iter()
        .filter(|row| !changed.iter().any(|new| same(row, new)))
        .cloned();
    let mut merged: Vec<_> = kept.collect();
    merged.extend(changed);
    merged
}

/// A small made-up observation.
pub(crate) fn observation(number: usize) -> Vec<u8> {
    format!(
        r#"{{"resourceType":"Observation","id":"{number:08x}","status":"final","code":{{"coding":[{{"system":"http://loinc.org","code":"{}-{}"}}]}},"valueQuantity":{{"value":{},"unit":"mmol/L"}}}}"#,
        number * 7919 % 10_000,
        number % 10,
        number as f64 / 8.0
    )
    .into_bytes()
}
