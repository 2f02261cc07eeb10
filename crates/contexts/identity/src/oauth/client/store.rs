//! Where clients are kept.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use mt_database::Database;
use mt_kernel::{Instant, Secret, TenantId};
use tokio_postgres::Row;
use uuid::Uuid;

use super::{Client, ClientMetadata, SharedClient};
use crate::IdentityError;

/// A client with the secrets that are told once.
#[derive(Clone, Debug)]
pub struct Registered {
    /// The client.
    pub client: Client,
    /// `client_secret`
    pub secret: Option<Secret<String>>,
    /// `registration_access_token`
    pub registration: Option<Secret<String>>,
}

/// The clients of all tenants.
#[derive(Clone)]
pub(crate) struct Clients {
    database: Database,
    /// Short-lived, so that other processes' changes are seen; unknown ids are remembered too, so that
    /// guessing them costs no round trip each.
    known: Cache<(TenantId, Uuid), Option<SharedClient>>,
}

impl Clients {
    pub(crate) fn new(database: Database) -> Self {
        let known = Cache::builder()
            .max_capacity(20_000)
            .time_to_live(Duration::from_secs(5))
            .build();
        Self { database, known }
    }

    /// The client of this id, unless it was removed.
    pub(crate) async fn find(
        &self,
        tenant: TenantId,
        id: &str,
    ) -> Result<Option<SharedClient>, IdentityError> {
        let Ok(id) = Uuid::try_parse(id) else {
            return Ok(None);
        };
        if let Some(known) = self.known.get(&(tenant, id)).await {
            return Ok(known);
        }
        let sql = "select id, created_at, metadata, secret, registration from oauth.client \
                   where tenant = $1 and id = $2 and removed_at is null";
        let rows = self
            .database
            .readers()
            .query(tenant, sql, &[&tenant.0, &id])
            .await?;
        let found = rows.first().map(client_of).transpose()?.map(Arc::new);
        self.known.insert((tenant, id), found.clone()).await;
        Ok(found)
    }

    /// Every client of a tenant, oldest first.
    pub(crate) async fn list(&self, tenant: TenantId) -> Result<Vec<Client>, IdentityError> {
        let sql = "select id, created_at, metadata, secret, registration from oauth.client \
                   where tenant = $1 and removed_at is null order by created_at, id";
        let rows = self
            .database
            .readers()
            .query(tenant, sql, &[&tenant.0])
            .await?;
        rows.iter().map(client_of).collect()
    }

    /// Registers a client. Its secrets are made here and cannot be had again.
    pub(crate) async fn register(
        &self,
        tenant: TenantId,
        metadata: ClientMetadata,
        now: Instant,
    ) -> Result<Registered, IdentityError> {
        let has_secret = metadata.token_endpoint_auth_method.is_secret();
        let secret = has_secret.then(fresh).transpose()?;
        let registration = Some(fresh()?);
        let client = Client {
            id: Uuid::now_v7(),
            created_at: now,
            metadata,
            secret: digest(secret.as_ref()),
            registration: digest(registration.as_ref()),
        };
        let sql = "insert into oauth.client \
                   (tenant, id, created_at, secret, registration, metadata) \
                   values ($1, $2, $3, $4, $5, $6)";
        let stored = [client.secret, client.registration].map(|digest| digest.map(Vec::from));
        let text = text_of(&client.metadata)?;
        let tx = self.database.tenant(tenant).await?;
        tx.execute(
            sql,
            &[&tenant.0, &client.id, &now.0, &stored[0], &stored[1], &text],
        )
        .await?;
        tx.commit().await?;
        self.known.invalidate(&(tenant, client.id)).await;
        Ok(Registered {
            client,
            secret,
            registration,
        })
    }

    /// Replaces what is registered (RFC 7592 §2.2). Secrets stay, and one is made when it is needed first.
    pub(crate) async fn replace(
        &self,
        tenant: TenantId,
        old: &Client,
        metadata: ClientMetadata,
    ) -> Result<Registered, IdentityError> {
        let needs = metadata.token_endpoint_auth_method.is_secret();
        let secret = (needs && old.secret.is_none()).then(fresh).transpose()?;
        let client = Client {
            metadata,
            secret: digest(secret.as_ref()).or(old.secret).filter(|_| needs),
            ..old.clone()
        };
        let sql = "update oauth.client set metadata = $3, secret = $4 \
                   where tenant = $1 and id = $2 and removed_at is null";
        let stored = client.secret.map(Vec::from);
        let text = text_of(&client.metadata)?;
        let tx = self.database.tenant(tenant).await?;
        tx.execute(sql, &[&tenant.0, &client.id, &text, &stored])
            .await?;
        tx.commit().await?;
        self.known.invalidate(&(tenant, client.id)).await;
        Ok(Registered {
            client,
            secret,
            registration: None,
        })
    }

    /// Removes a client; whether there was one.
    pub(crate) async fn remove(
        &self,
        tenant: TenantId,
        id: Uuid,
        now: Instant,
    ) -> Result<bool, IdentityError> {
        let tx = self.database.tenant(tenant).await?;
        let sql = "update oauth.client set removed_at = $3 \
                   where tenant = $1 and id = $2 and removed_at is null";
        let removed = tx.execute(sql, &[&tenant.0, &id, &now.0]).await?;
        let families = "update oauth.family set revoked_at = $3 \
                        where tenant = $1 and client = $2 and revoked_at is null";
        tx.execute(families, &[&tenant.0, &id, &now.0]).await?;
        tx.commit().await?;
        self.known.invalidate(&(tenant, id)).await;
        Ok(removed == 1)
    }
}

fn fresh() -> Result<Secret<String>, IdentityError> {
    Ok(Secret::new(mt_crypto::random_token(32)?))
}

fn digest(secret: Option<&Secret<String>>) -> Option<[u8; 32]> {
    secret.map(|secret| mt_crypto::sha256(secret.expose().as_bytes()))
}

fn text_of(metadata: &ClientMetadata) -> Result<String, IdentityError> {
    serde_json::to_string(metadata).map_err(|_| IdentityError::Damaged("client metadata"))
}

fn client_of(row: &Row) -> Result<Client, IdentityError> {
    let digest = |at: usize| {
        let bytes: Option<&[u8]> = row.get(at);
        bytes.and_then(|bytes| bytes.try_into().ok())
    };
    let metadata = serde_json::from_str(row.get(2));
    Ok(Client {
        id: row.get(0),
        created_at: Instant(row.get(1)),
        metadata: metadata.map_err(|_| IdentityError::Damaged("client metadata"))?,
        secret: digest(3),
        registration: digest(4),
    })
}
