//! A supplier tells of its stock: believed when it is the supplier's, once, and newest last.

use axum::http::{HeaderMap, HeaderName};
use mt_crypto::hmac_sha256;
use mt_events::catalogue::{EventType, Value as Field};
use mt_kernel::{Clock, ErrorKind, Fault, TenantId};
use mt_webhooks::{NewSupplier, StockStatus, SupplierCreated};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::World;

fn signed(secret: &str, body: &str) -> HeaderMap {
    let signature = hmac_sha256(secret.as_bytes(), body.as_bytes());
    let signature: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
    let name = HeaderName::from_static("x-azoth-signature");
    [(name, signature.parse().unwrap())].into_iter().collect()
}

fn message(world: &World, id: &str, hours: i64, status: &str) -> String {
    let at = world.test.clock.now().plus_seconds(hours * 3_600);
    let message = json!({
        "event_id": id, "event_type": "inventory.updated", "timestamp": at.to_fhir(), "provider_id": "azoth",
        "data": {"substance": "NAD+", "vial_size_mg": 500, "status": status, "lot_number": "L-1"}
    });
    message.to_string()
}

async fn supplier(world: &World) -> SupplierCreated {
    let new = NewSupplier {
        name: "Azoth".to_owned(),
        secret: None,
    };
    world
        .webhooks
        .add_supplier(&world.ctx(), new)
        .await
        .unwrap()
}

async fn says(world: &World, supplier: Uuid, secret: &str, body: &str) -> Result<(), ErrorKind> {
    told((world, world.tenant), supplier, secret, body).await
}

async fn told(
    (world, tenant): (&World, TenantId),
    supplier: Uuid,
    secret: &str,
    body: &str,
) -> Result<(), ErrorKind> {
    let (headers, place) = (signed(secret, body), (tenant, supplier));
    let said = world
        .webhooks
        .supplier_says(place, &headers, body.as_bytes());
    said.await.map_err(|error| Fault::from(error).kind)
}

async fn known(world: &World) -> Vec<StockStatus> {
    let stock = world.webhooks.stock(world.tenant).await.unwrap();
    stock.iter().map(|one| one.status).collect()
}

/// Names of the events that were said, in order.
async fn said(world: &World) -> Vec<String> {
    let readers = world.database.readers();
    let sql =
        "select at, correlation, events from records.txlog where events is not null order by seq";
    let rows = readers.query(world.tenant, sql, &[]).await.unwrap();
    let keys = world.test.store.tenants().keys(world.tenant).await.unwrap();
    let mut names = Vec::new();
    for row in &rows {
        let (at, correlation) = (mt_kernel::Instant(row.get(0)), row.get(1));
        for event in mt_store::open_events(&keys, at, correlation, row.get(2)).unwrap() {
            let kind = EventType::named(&event.name).unwrap();
            let values = mt_events::catalogue::decode(kind, &event.payload).unwrap();
            let subject = ("subject_type".to_owned(), Field::from("Stock"));
            assert!(values.contains(&subject), "{values:?}");
            names.push(event.name.to_string());
        }
    }
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_supplier_says_is_taken_once_and_what_is_older_changes_nothing() {
    let world = World::new().await;
    let created = supplier(&world).await;
    let (id, secret) = (created.supplier.id, created.secret.as_str());
    let low = message(&world, "e1", 0, "low_stock");
    says(&world, id, secret, &low).await.unwrap();
    says(&world, id, secret, &low).await.unwrap();
    assert_eq!(known(&world).await, [StockStatus::LowStock]);
    // The same id again, however it reads now, is the same message.
    let other = message(&world, "e1", 0, "in_stock");
    says(&world, id, secret, &other).await.unwrap();
    let older = message(&world, "e0", -5, "in_stock");
    says(&world, id, secret, &older).await.unwrap();
    assert_eq!(known(&world).await, [StockStatus::LowStock]);
    let still = message(&world, "e2", 0, "low_stock");
    says(&world, id, secret, &still).await.unwrap();
    let gone = message(&world, "e3", 0, "out_of_stock");
    says(&world, id, secret, &gone).await.unwrap();
    assert_eq!(known(&world).await, [StockStatus::OutOfStock]);
    let updated = "inventory.updated.v1";
    assert_eq!(
        said(&world).await,
        [updated, "inventory.low.v1", updated, updated],
        "two of the five were nothing new"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_the_suppliers_is_refused_alike() {
    let world = World::new().await;
    let created = supplier(&world).await;
    let (id, secret) = (created.supplier.id, created.secret.as_str());
    let body = message(&world, "e1", 0, "in_stock");
    let stranger = Err(ErrorKind::Unauthenticated);
    assert_eq!(says(&world, id, "another secret", &body).await, stranger);
    assert_eq!(says(&world, Uuid::now_v7(), secret, &body).await, stranger);
    let elsewhere = world.test.tenant("south").await;
    for tenant in [TenantId(4_711), elsewhere] {
        let said = told((&world, tenant), id, secret, &body).await;
        assert_eq!(said, stranger);
    }
    let late = message(&world, "e1", -80, "in_stock");
    assert_eq!(says(&world, id, secret, &late).await, stranger);
    let unknown = message(&world, "e1", 0, "plenty");
    let invalid = Err(ErrorKind::Invalid);
    assert_eq!(says(&world, id, secret, &unknown).await, invalid);
    assert!(known(&world).await.is_empty());
    // What could not be understood was not taken: put right, it is.
    assert_eq!(says(&world, id, secret, &body).await, Ok(()));
    assert_eq!(known(&world).await, [StockStatus::InStock]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_replaced_while_both_count_and_nobody_reads_it_again() {
    let world = World::new().await;
    let short = NewSupplier {
        name: "Azoth".to_owned(),
        secret: Some("short".to_owned()),
    };
    assert!(
        world
            .webhooks
            .add_supplier(&world.ctx(), short)
            .await
            .is_err()
    );
    let created = supplier(&world).await;
    let id = created.supplier.id;
    let own = "a secret of the supplier's own".to_owned();
    let ctx = world.ctx();
    let rotated = world
        .webhooks
        .rotate_supplier(&ctx, id, Some(own.clone()), 1);
    let rotated = rotated.await.unwrap();
    assert_eq!((rotated.secret, rotated.supplier.secrets), (own.clone(), 2));
    for (event, secret) in [("e1", &created.secret), ("e2", &own)] {
        let body = message(&world, event, 0, "in_stock");
        assert_eq!(says(&world, id, secret, &body).await, Ok(()));
    }
    world.test.clock.advance_seconds(3_600);
    let body = message(&world, "e3", 0, "in_stock");
    let refused = Err(ErrorKind::Unauthenticated);
    assert_eq!(says(&world, id, &created.secret, &body).await, refused);
    assert_eq!(says(&world, id, &own, &body).await, Ok(()));
    let shown = world.webhooks.suppliers(world.tenant).await.unwrap();
    let shown: Value = serde_json::to_value(&shown).unwrap();
    assert!(!shown.to_string().contains(&own), "{shown}");
    world
        .webhooks
        .remove_supplier(&world.ctx(), id)
        .await
        .unwrap();
    assert!(known(&world).await.is_empty());
    assert_eq!(says(&world, id, &own, &body).await, refused);
}
