//! Suppliers that tell an organisation of their stock.

use axum::http::HeaderMap;
use mt_crypto::{Purpose, TenantKeys};
use mt_database::TenantTx;
use mt_events::catalogue::{EventType, Value, encode};
use mt_kernel::{Actor, ErrorKind, Fault, Instant, OpCtx, PurposeOfUse, TenantId};
use mt_store::DomainEvent;
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::Webhooks;
use crate::domain::{Secret, StockStatus, StockUpdate};
use crate::error::{Result, WebhookError};
use crate::inbound::{Refused, Scheme, Verified, Verifier};
use crate::store::Held;

/// Suppliers of one tenant.
const MOST: usize = 50;
/// Length of a secret that a supplier gives, bytes.
const SECRET: std::ops::RangeInclusive<usize> = 24..=256;
/// Longest name, bytes.
const LONGEST_NAME: usize = 200;
/// Longest time for which a replaced secret still counts.
const LONGEST_OVERLAP_HOURS: u32 = 7 * 24;

/// A supplier, without its secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Supplier {
    /// Its id.
    pub id: Uuid,
    /// What it is called.
    pub name: String,
    /// Where it sends.
    pub url: String,
    /// When it was made.
    pub created_at: String,
    /// How many secrets count: two during a rotation.
    pub secrets: usize,
}

/// What an administrator says of a supplier.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewSupplier {
    /// What it is called.
    pub name: String,
    /// The secret that it gave, 24 to 256 bytes; one is made when it is absent.
    pub secret: Option<String>,
}

/// A secret, shown this once.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SupplierCreated {
    /// The supplier.
    #[serde(flatten)]
    pub supplier: Supplier,
    /// What it signs with.
    pub secret: String,
}

/// What a supplier said last of a substance.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Stock {
    /// Id of the item, as events name it.
    pub id: Uuid,
    /// Who said so.
    pub supplier: Uuid,
    /// What it is.
    pub substance: String,
    /// Size of a vial in milligrams.
    pub vial_size_mg: f64,
    /// How much there is.
    pub status: StockStatus,
    /// The lot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lot_number: Option<String>,
    /// When the supplier said so.
    pub at: String,
}

/// What of a supplier is sealed.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Particulars {
    name: String,
    /// The newest first.
    secrets: Vec<Held>,
}

struct Kept {
    id: Uuid,
    created_at: Instant,
    particulars: Particulars,
}

impl Particulars {
    fn secrets_at(&self, now: Instant) -> Vec<String> {
        let in_force = |held: &&Held| held.until.is_none_or(|until| now.unix_seconds() < until);
        let held = self.secrets.iter().filter(in_force);
        held.map(|held| held.secret.clone()).collect()
    }
}

impl Webhooks {
    /// Every supplier.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn suppliers(&self, tenant: TenantId) -> Result<Vec<Supplier>> {
        let keys = self.parts.tenants.keys(tenant).await?;
        let tx = self.parts.database.tenant(tenant).await?;
        let found = kept_all(&tx, &keys).await?;
        Ok(found.iter().map(|one| self.shown(tenant, one)).collect())
    }

    /// Lets a supplier send; its secret is shown this once.
    ///
    /// # Errors
    /// Invalid when name or secret are none.
    pub async fn add_supplier(&self, ctx: &OpCtx, new: NewSupplier) -> Result<SupplierCreated> {
        let name = new.name.trim();
        if name.is_empty() || name.len() > LONGEST_NAME {
            return Err(WebhookError::invalid("a supplier has a name", "name"));
        }
        let secret = chosen(new.secret)?;
        let keys = self.parts.tenants.keys(ctx.tenant).await?;
        let tx = self.parts.database.tenant(ctx.tenant).await?;
        if kept_all(&tx, &keys).await?.len() >= MOST {
            let message = "an organisation has at most 50 suppliers";
            return Err(WebhookError::Refused(Fault::new(
                ErrorKind::Conflict,
                message,
            )));
        }
        let kept = Kept {
            id: Uuid::now_v7(),
            created_at: ctx.now,
            particulars: Particulars {
                name: name.to_owned(),
                secrets: vec![held(secret.clone())],
            },
        };
        self.enter(ctx, "let a supplier tell of its stock")?;
        let sealed = seal(&keys, &kept)?;
        let sql = "insert into webhooks.supplier (tenant, id, created_at, sealed) values ($1, $2, $3, $4)";
        tx.execute(sql, &[&ctx.tenant.0, &kept.id, &ctx.now.0, &sealed])
            .await?;
        tx.commit().await?;
        let supplier = self.shown(ctx.tenant, &kept);
        Ok(SupplierCreated { supplier, secret })
    }

    /// Gives a supplier a new secret; the old one counts as well for `overlap_hours`.
    ///
    /// # Errors
    /// When there is no such supplier, the secret is none, or the overlap is longer than a week.
    pub async fn rotate_supplier(
        &self,
        ctx: &OpCtx,
        id: Uuid,
        secret: Option<String>,
        overlap_hours: u32,
    ) -> Result<SupplierCreated> {
        if overlap_hours > LONGEST_OVERLAP_HOURS {
            let why = "secrets overlap for a week at most";
            return Err(WebhookError::invalid(why, "overlapHours"));
        }
        let secret = chosen(secret)?;
        let keys = self.parts.tenants.keys(ctx.tenant).await?;
        let tx = self.parts.database.tenant(ctx.tenant).await?;
        let found = kept(&tx, &keys, id).await?;
        let mut kept = found.ok_or_else(not_found)?;
        self.enter(ctx, "rotated the secret of a supplier")?;
        let now = ctx.now.unix_seconds();
        let until = now + i64::from(overlap_hours) * 3_600;
        let secrets = &mut kept.particulars.secrets;
        secrets.retain(|held| held.until.is_none_or(|until| now < until));
        for held in secrets.iter_mut() {
            held.until = Some(held.until.map_or(until, |earlier| earlier.min(until)));
        }
        secrets.insert(0, held(secret.clone()));
        let sealed = seal(&keys, &kept)?;
        let sql = "update webhooks.supplier set sealed = $3 where tenant = $1 and id = $2";
        tx.execute(sql, &[&ctx.tenant.0, &id, &sealed]).await?;
        tx.commit().await?;
        let supplier = self.shown(ctx.tenant, &kept);
        Ok(SupplierCreated { supplier, secret })
    }

    /// Removes a supplier and what it said.
    ///
    /// # Errors
    /// When there is no such supplier.
    pub async fn remove_supplier(&self, ctx: &OpCtx, id: Uuid) -> Result<()> {
        self.enter(ctx, "removed a supplier")?;
        let tx = self.parts.database.tenant(ctx.tenant).await?;
        let sql = "delete from webhooks.supplier where tenant = $1 and id = $2";
        if tx.execute(sql, &[&ctx.tenant.0, &id]).await? == 0 {
            return Err(not_found());
        }
        Ok(tx.commit().await?)
    }

    /// What suppliers said last, by substance.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn stock(&self, tenant: TenantId) -> Result<Vec<Stock>> {
        let sql = "select id, supplier, substance, vial_ug, status, lot, at from webhooks.stock \
            where tenant = $1 order by substance, vial_ug, supplier";
        let readers = self.parts.database.readers();
        let rows = readers.query(tenant, sql, &[&tenant.0]).await?;
        rows.iter().map(stock).collect()
    }

    /// Takes what a supplier says of its stock, once, and enters it in the trail. What is older than what is known changes nothing.
    ///
    /// # Errors
    /// [`Refused`] when it is not the supplier's; malformed or invalid when it says nothing that could be kept.
    pub async fn supplier_says(
        &self,
        (tenant, id): (TenantId, Uuid),
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<()> {
        let refused = |why: Refused| WebhookError::Refused(why.into());
        let stranger = || refused(Refused::BadSignature);
        // Who does not know the secret does not learn which organisations and suppliers there are.
        let keys = self.parts.tenants.keys(tenant).await;
        let keys = keys.map_err(|_| stranger())?;
        let tx = self.parts.database.tenant(tenant).await?;
        let found = kept(&tx, &keys, id).await?.ok_or_else(stranger)?;
        let now = self.now();
        let secrets = found.particulars.secrets_at(now);
        let verifier = Verifier::new("inventory", Scheme::Azoth, secrets);
        let verified = verifier.verify(headers, body, now).map_err(refused)?;
        let update = StockUpdate::read(body).map_err(WebhookError::Refused)?;
        let verified = Verified {
            id: format!("{id}|{}", verified.id),
        };
        if !verifier.take(&tx, &verified, now).await? {
            return Ok(());
        }
        let ctx = OpCtx {
            tenant,
            actor: Actor::system("supplier"),
            purpose: PurposeOfUse::Operations,
            correlation_id: Uuid::now_v7(),
            now,
        };
        self.enter(&ctx, "a supplier told of its stock")?;
        let events = keep(&tx, id, &update).await?;
        mt_store::say(&tx, &keys, (ctx.correlation_id, now), &events).await?;
        Ok(tx.commit().await?)
    }

    fn shown(&self, TenantId(tenant): TenantId, kept: &Kept) -> Supplier {
        let (id, origin) = (kept.id, &self.parts.origin);
        Supplier {
            id,
            name: kept.particulars.name.clone(),
            url: format!("{origin}/api/v1/webhooks/inventory-update/{tenant}/{id}"),
            created_at: kept.created_at.to_fhir(),
            secrets: kept.particulars.secrets_at(self.now()).len(),
        }
    }
}

/// Keeps what was said; the events that follow.
async fn keep(tx: &TenantTx, supplier: Uuid, update: &StockUpdate) -> Result<Vec<DomainEvent>> {
    let sql = "with before as (select status from webhooks.stock \
          where tenant = $1 and supplier = $2 and substance = $3 and vial_ug = $4) \
        insert into webhooks.stock as s (tenant, supplier, substance, vial_ug, id, status, lot, at) \
        values ($1, $2, $3, $4, $5, $6, $7, $8) \
        on conflict (tenant, supplier, substance, vial_ug) do update \
          set status = excluded.status, lot = excluded.lot, at = excluded.at, version = s.version + 1 \
          where s.at <= excluded.at \
        returning id, version, (select status from before)";
    let (tenant, low) = (tx.tenant().0, StockStatus::LowStock);
    let row = tx
        .query_opt(
            sql,
            &[
                &tenant,
                &supplier,
                &update.substance,
                &update.vial,
                &Uuid::now_v7(),
                &update.status.number(),
                &update.lot,
                &update.at.0,
            ],
        )
        .await?;
    let Some(row) = row else {
        return Ok(Vec::new());
    };
    let (id, version): (Uuid, i32) = (column(&row, 0)?, column(&row, 1)?);
    let before: Option<i16> = column(&row, 2)?;
    let more = [
        ("status", Value::from(update.status.code())),
        ("provider_id", update.provider.as_str().into()),
    ];
    let mut events = vec![event("inventory.updated.v1", (id, version), &more)?];
    if update.status == low && before != Some(low.number()) {
        events.push(event("inventory.low.v1", (id, version), &[])?);
    }
    Ok(events)
}

fn event(
    name: &'static str,
    (id, version): (Uuid, i32),
    more: &[(&'static str, Value)],
) -> Result<DomainEvent> {
    let unknown = || Fault::new(ErrorKind::Internal, "an event is not in the catalogue");
    let kind = EventType::named(name).ok_or_else(|| WebhookError::Refused(unknown()))?;
    let mut values = vec![
        ("subject_type", Value::from("Stock")),
        ("subject_id", id.to_string().as_str().into()),
        ("subject_version", Value::Whole(version.into())),
    ];
    values.extend(more.iter().cloned());
    let payload = encode(kind, &values).map_err(|error| WebhookError::Refused(error.into()))?;
    Ok(DomainEvent {
        name: kind.name,
        key: id.to_string(),
        payload,
    })
}

fn stock(row: &Row) -> Result<Stock> {
    let (micrograms, status): (i64, i16) = (column(row, 3)?, column(row, 4)?);
    Ok(Stock {
        id: column(row, 0)?,
        supplier: column(row, 1)?,
        substance: column(row, 2)?,
        vial_size_mg: micrograms as f64 / 1_000.0,
        status: StockStatus::of(status).ok_or(WebhookError::Unreadable)?,
        lot_number: column(row, 5)?,
        at: Instant(column(row, 6)?).to_fhir(),
    })
}

/// The secret that was given, when it is one, or a new one.
fn chosen(given: Option<String>) -> Result<String> {
    match given {
        Some(secret) if SECRET.contains(&secret.len()) => Ok(secret),
        Some(_) => Err(WebhookError::invalid(
            "a secret has 24 to 256 bytes",
            "secret",
        )),
        None => Ok(Secret::generate()?.reveal()),
    }
}

fn held(secret: String) -> Held {
    Held {
        secret,
        until: None,
    }
}

fn not_found() -> WebhookError {
    WebhookError::Refused(Fault::new(ErrorKind::NotFound, "there is no such supplier"))
}

fn place(id: Uuid) -> Vec<u8> {
    [b"supplier\0", &id.as_bytes()[..]].concat()
}

fn seal(keys: &TenantKeys, kept: &Kept) -> Result<Vec<u8>> {
    let plain = serde_json::to_vec(&kept.particulars).map_err(|_| WebhookError::Unreadable)?;
    Ok(mt_crypto::seal(
        keys,
        Purpose::Webhook,
        &place(kept.id),
        &plain,
    )?)
}

async fn kept_all(tx: &TenantTx, keys: &TenantKeys) -> Result<Vec<Kept>> {
    let sql = "select id, created_at, sealed from webhooks.supplier where tenant = $1 order by created_at, id";
    let rows = tx.query(sql, &[&keys.tenant().0]).await?;
    rows.iter().map(|row| opened(keys, row)).collect()
}

/// A supplier, locked against others who change it or take what it says.
async fn kept(tx: &TenantTx, keys: &TenantKeys, id: Uuid) -> Result<Option<Kept>> {
    let sql = "select id, created_at, sealed from webhooks.supplier where tenant = $1 and id = $2 for update";
    let row = tx.query_opt(sql, &[&keys.tenant().0, &id]).await?;
    row.map(|row| opened(keys, &row)).transpose()
}

fn opened(keys: &TenantKeys, row: &Row) -> Result<Kept> {
    let id: Uuid = column(row, 0)?;
    let sealed: Vec<u8> = column(row, 2)?;
    let plain = mt_crypto::open(keys, Purpose::Webhook, &place(id), &sealed)?;
    Ok(Kept {
        id,
        created_at: Instant(column(row, 1)?),
        particulars: serde_json::from_slice(&plain).map_err(|_| WebhookError::Unreadable)?,
    })
}

fn column<'a, T: tokio_postgres::types::FromSql<'a>>(row: &'a Row, at: usize) -> Result<T> {
    row.try_get(at)
        .map_err(|error| WebhookError::Database(error.into()))
}
