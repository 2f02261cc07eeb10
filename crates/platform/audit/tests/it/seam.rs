//! The trail behind a real record store: commits, reads, searches, refusals, patients.

use std::sync::Arc;

use mt_audit::{Audit, Effect, Entry, Filter, Kind};
use mt_crypto::{FileKeyring, KeyService, LogKeyUse};
use mt_database::testing::TestDatabase;
use mt_fhir::json::Limits;
use mt_fhir::{Doc, ResourceType};
use mt_kernel::{ErrorKind, OpCtx, SystemClock, TenantName};
use mt_store::{
    Action, AuditSink, Caller, Change, Content, Hooks, PolicyRegistry, Store, StoreOptions,
    StoreParts, Target,
};
use mt_testkit::{NoRules, query};
use tempfile::TempDir;

use crate::fixture::{ctx, schemas};

struct Ground {
    _test: TestDatabase,
    _directory: TempDir,
    store: Store,
    audit: Arc<Audit>,
    caller: Caller,
}

async fn ground() -> Ground {
    let test = TestDatabase::create(&schemas()).await;
    let database = test.open().await;
    let directory = tempfile::tempdir().unwrap();
    let keyring = FileKeyring::open(directory.path().join("keys")).unwrap();
    let audit = Audit::open(&directory.path().join("audit"), database.clone())
        .await
        .unwrap();
    let audit = Arc::new(audit);
    let hooks = Hooks {
        validator: Arc::new(NoRules),
        policies: PolicyRegistry::new(),
        audit: Arc::clone(&audit) as Arc<dyn AuditSink>,
        terminology: None,
        scanner: None,
    };
    let keys = KeyService::new(Arc::new(keyring), Arc::new(LogKeyUse));
    let parts = StoreParts {
        database,
        keys,
        hooks,
        clock: Arc::new(SystemClock),
    };
    let store = Store::open(parts, StoreOptions::default()).await.unwrap();
    audit.follow(&store);
    let tenant = store
        .tenants()
        .create(&TenantName::parse("clinic").unwrap())
        .await
        .unwrap();
    let caller = Caller::unrestricted(ctx(tenant, 0));
    Ground {
        _test: test,
        _directory: directory,
        store,
        audit,
        caller,
    }
}

impl Ground {
    async fn put(&self, resource_type: ResourceType, id: &str, json: &str) {
        let content = Content::Own(Box::new(Doc::parse(json, &Limits::default()).unwrap()));
        let target = Target::Id(id.to_owned());
        let action = Action::Update {
            target,
            content,
            if_match: None,
            upsert: true,
        };
        let change = Change {
            resource_type,
            full_url: None,
            action,
        };
        self.store.commit_one(&self.caller, change).await.unwrap();
    }

    async fn leaves(&self) -> u64 {
        self.audit
            .verify(self.caller.ctx.tenant)
            .await
            .unwrap()
            .leaves
    }

    async fn about(&self, patient: &str) -> Vec<Entry> {
        let filter = Filter {
            patient: Some(patient.to_owned()),
            ..Filter::default()
        };
        let ctx: &OpCtx = &self.caller.ctx;
        self.audit
            .list(ctx, &filter, 100, None)
            .await
            .unwrap()
            .entries
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_access_report_of_a_patient_holds_every_door() {
    let ground = ground().await;
    let Ground {
        store,
        caller,
        audit,
        ..
    } = &ground;
    ground
        .put(
            ResourceType::PATIENT,
            "p1",
            r#"{"resourceType":"Patient","id":"p1"}"#,
        )
        .await;
    ground
        .put(
            ResourceType::PATIENT,
            "p2",
            r#"{"resourceType":"Patient","id":"p2"}"#,
        )
        .await;
    let observation = r#"{"resourceType":"Observation","id":"o1","status":"final",
        "code":{"text":"x"},"subject":{"reference":"Patient/p1"}}"#;
    ground
        .put(ResourceType::OBSERVATION, "o1", observation)
        .await;
    store
        .read(caller, ResourceType::OBSERVATION, "o1")
        .await
        .unwrap();
    let refused = store
        .read(caller, ResourceType::OBSERVATION, "o2")
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NotFound);
    store
        .search(caller, &query("Observation?subject=Patient/p1"), None)
        .await
        .unwrap();

    for _ in 0..200 {
        if ground.leaves().await >= 6 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let report = audit.verify(caller.ctx.tenant).await.unwrap();
    assert!(
        report.is_sound() && report.leaves >= 6 && report.unreadable == 0,
        "{report}"
    );
    let about = ground.about("p1").await;
    let mut kinds: Vec<Kind> = about.iter().map(|entry| entry.kind).collect();
    kinds.sort();
    assert_eq!(
        kinds,
        [Kind::Commit, Kind::Commit, Kind::Read, Kind::Search]
    );
    let search = about
        .iter()
        .find(|entry| entry.kind == Kind::Search)
        .unwrap();
    assert!(
        search
            .detail
            .query
            .as_ref()
            .is_some_and(|query| query.contains("Patient/p1"))
    );
    let written = about
        .iter()
        .rfind(|entry| entry.kind == Kind::Commit)
        .unwrap();
    assert_eq!(written.detail.resources[0].effect, Effect::Created);
    assert_eq!(ground.about("p2").await.len(), 1);
    let refused = Filter {
        refused: Some(true),
        ..Filter::default()
    };
    let refused = audit
        .list(&caller.ctx, &refused, 10, None)
        .await
        .unwrap()
        .entries;
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].detail.actor, caller.ctx.actor);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_keys_nothing_is_noted_and_the_read_is_refused() {
    let ground = ground().await;
    ground
        .put(
            ResourceType::PATIENT,
            "p1",
            r#"{"resourceType":"Patient","id":"p1"}"#,
        )
        .await;
    let directory = ground.audit.directory().join("stray");
    let stray = Audit::open(&directory, ground.store.database().clone())
        .await
        .unwrap();
    let access = mt_store::ReadAccess {
        interaction: mt_store::Interaction::Read,
        resource_type: Some(ResourceType::PATIENT),
        resources: &[],
        query: None,
        refusal: None,
    };
    let fault = stray.note(&ground.caller, &access).unwrap_err();
    assert_eq!(fault.kind, ErrorKind::Unavailable);
    stray.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_application_role_cannot_change_the_trail() {
    let ground = ground().await;
    ground
        .put(
            ResourceType::PATIENT,
            "p1",
            r#"{"resourceType":"Patient","id":"p1"}"#,
        )
        .await;
    for table in [
        "records.audit",
        "audit.checkpoint",
        "audit.tile",
        "audit.mention",
        "audit.signer",
    ] {
        for sql in [
            format!("delete from {table}"),
            format!("update {table} set tenant = 9"),
            format!("truncate {table}"),
        ] {
            let tx = ground
                .store
                .database()
                .tenant(ground.caller.ctx.tenant)
                .await
                .unwrap();
            let refused = tx.execute(&sql, &[]).await;
            assert!(
                matches!(refused, Err(mt_database::Error::Denied { .. })),
                "{sql}: {refused:?}"
            );
        }
    }
    let (owner, _driver) = ground._test.owner().connect().await.unwrap();
    assert!(
        owner
            .batch_execute("delete from records.audit")
            .await
            .is_err()
    );
}
