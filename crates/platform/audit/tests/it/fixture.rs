//! A migrated database, tenants with keys, and a trail over them.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use mt_audit::{Audit, Detail, Effect, Keyring, Kind, Touched};
use mt_crypto::{FileKeyring, KeyService, LogKeyUse, TenantKeys};
use mt_database::testing::TestDatabase;
use mt_database::{Database, Migrations};
use mt_fhir::ResourceType;
use mt_kernel::{Actor, ErrorKind, Fault, Instant, OpCtx, PurposeOfUse, TenantId};
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) const ONE: TenantId = TenantId(1);
pub(crate) const TWO: TenantId = TenantId(2);
/// When the first entry of a test happens.
pub(crate) const START: i64 = 1_763_835_644_123_456;

/// The schemas that a trail stands on.
pub(crate) fn schemas() -> Vec<Migrations> {
    let [tenancy, records] = mt_store::MIGRATIONS;
    vec![tenancy, records, mt_audit::MIGRATIONS]
}

/// Keys in memory.
pub(crate) struct Keys(HashMap<TenantId, TenantKeys>);

impl Keys {
    /// Keys of tenants one and two under a keyring in `directory`.
    pub(crate) async fn make(directory: &Path) -> Arc<Self> {
        let keyring = FileKeyring::open(directory.join("keys")).unwrap();
        let service = KeyService::new(Arc::new(keyring), Arc::new(LogKeyUse));
        let mut keys = HashMap::new();
        for tenant in [ONE, TWO] {
            let rows = service.complete(tenant, &[]).await.unwrap();
            keys.insert(tenant, service.load(tenant, &rows).await.unwrap());
        }
        Arc::new(Self(keys))
    }
}

impl Keyring for Keys {
    fn loaded(&self, tenant: TenantId) -> Option<TenantKeys> {
        self.0.get(&tenant).cloned()
    }

    fn keys(&self, tenant: TenantId) -> BoxFuture<'_, Result<TenantKeys, Fault>> {
        let inactive = || Fault::new(ErrorKind::Unavailable, "the tenant is not active");
        let keys = self.loaded(tenant).ok_or_else(inactive);
        async move { keys }.boxed()
    }

    fn active(&self) -> BoxFuture<'_, Result<Vec<TenantId>, Fault>> {
        let tenants = self.0.keys().copied().collect();
        async move { Ok(tenants) }.boxed()
    }
}

/// A trail of its own for one test.
pub(crate) struct Fixture {
    pub(crate) test: TestDatabase,
    pub(crate) database: Database,
    pub(crate) directory: TempDir,
    pub(crate) keys: Arc<Keys>,
    pub(crate) audit: Arc<Audit>,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        let test = TestDatabase::create(&schemas()).await;
        let database = test.open().await;
        let directory = tempfile::tempdir().unwrap();
        let keys = Keys::make(directory.path()).await;
        let audit = opened(directory.path(), &database, &keys).await;
        Self {
            test,
            database,
            directory,
            keys,
            audit,
        }
    }

    /// Enters reads of one record each, in both tenants, and waits until the logs have them.
    pub(crate) async fn with_reads(count: usize) -> Self {
        let fixture = Self::new().await;
        for tenant in [ONE, TWO] {
            fixture.enter_reads(tenant, count);
        }
        for tenant in [ONE, TWO] {
            fixture.logged(tenant, count as u64).await;
        }
        fixture
    }

    pub(crate) fn enter_reads(&self, tenant: TenantId, count: usize) {
        for n in 0..count {
            let ctx = ctx(tenant, n);
            let detail = read(&ctx, ResourceType::PATIENT, &format!("p-{n}"));
            self.audit.enter(&ctx, Kind::Read, &detail).unwrap();
        }
    }

    /// Waits until the log of a tenant has `leaves` leaves.
    pub(crate) async fn logged(&self, tenant: TenantId, leaves: u64) {
        for _ in 0..600 {
            let report = self.audit.verify(tenant).await.unwrap();
            if report.leaves >= leaves {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the log of tenant {tenant} does not grow to {leaves} leaves");
    }

    /// Brings rows to the database while nobody extends the log; the trail is closed then.
    pub(crate) async fn gather(&self, rows: impl Iterator<Item = (OpCtx, Detail)>) {
        self.audit.close().await;
        let directory = self.directory.path().join("quiet");
        let quiet = Arc::new(
            Audit::open(&directory, self.database.clone())
                .await
                .unwrap(),
        );
        assert!(quiet.lend_keys(Arc::clone(&self.keys) as Arc<dyn Keyring>));
        for (ctx, detail) in rows {
            quiet.enter(&ctx, Kind::Read, &detail).unwrap();
        }
        quiet.close().await;
    }

    /// Closes the trail and opens it again on the same files.
    pub(crate) async fn reopen(&mut self) {
        self.audit.close().await;
        self.audit = opened(self.directory.path(), &self.database, &self.keys).await;
    }

    /// Changes the database behind the trail's back, as the superuser.
    pub(crate) async fn tamper(&self, sql: &str) {
        let (client, _driver) = self.test.admin().connect().await.unwrap();
        let script = format!("set session_replication_role = replica; {sql}");
        client.batch_execute(&script).await.unwrap();
    }

    /// The first column of the first row, asked as the superuser.
    pub(crate) async fn ask(&self, sql: &str) -> i64 {
        let (client, _driver) = self.test.admin().connect().await.unwrap();
        client.query_one(sql, &[]).await.unwrap().get(0)
    }
}

impl Fixture {
    /// The first column of the first row as text, asked as the superuser.
    pub(crate) async fn ask_text(&self, sql: &str) -> String {
        let (client, _driver) = self.test.admin().connect().await.unwrap();
        client.query_one(sql, &[]).await.unwrap().get(0)
    }
}

pub(crate) async fn opened(directory: &Path, database: &Database, keys: &Arc<Keys>) -> Arc<Audit> {
    let audit = Audit::open(&directory.join("audit"), database.clone())
        .await
        .unwrap();
    let audit = Arc::new(audit);
    audit.follow_keyring(Arc::clone(keys) as Arc<dyn Keyring>);
    audit
}

/// The context of the `n`th operation.
pub(crate) fn ctx(tenant: TenantId, n: usize) -> OpCtx {
    OpCtx {
        tenant,
        actor: Actor {
            id: format!("login-{}", n % 3).into(),
            fhir_user: Some(format!("Practitioner/{}", n % 3).into()),
            client_id: Some("portal".into()),
            roles: vec!["doctor".into()].into(),
            ..Actor::system("test")
        },
        purpose: PurposeOfUse::Treatment,
        correlation_id: Uuid::now_v7(),
        now: Instant(START + i64::try_from(n).unwrap() * 1_000_000),
    }
}

/// A read of one record.
pub(crate) fn read(ctx: &OpCtx, resource_type: ResourceType, id: &str) -> Detail {
    Detail {
        resource_type: Some(resource_type),
        resources: vec![Touched {
            resource_type,
            id: id.into(),
            version: 1,
            effect: Effect::Shown,
        }],
        ..Detail::new(ctx)
    }
}
