//! An event as consumers see it, and how it is kept sealed between.

use std::sync::Arc;

use futures::future::BoxFuture;
use mt_crypto::{Purpose, TenantKeys};
use mt_kernel::{Fault, Instant, TenantId};
use uuid::Uuid;

use crate::catalogue::{EventType, Value, decode};
use crate::error::{EventError, Result};

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Event {
    /// The same however often the event is delivered.
    pub id: Uuid,
    /// Which kind.
    pub kind: &'static EventType,
    /// Whose.
    pub tenant: TenantId,
    /// When it was committed.
    pub at: Instant,
    /// The request that caused it.
    pub correlation: Uuid,
    /// Events with one key arrive in order.
    pub key: Arc<str>,
    /// The Avro record.
    pub payload: Vec<u8>,
}

impl Event {
    /// The fields of the payload.
    ///
    /// # Errors
    /// [`EventError::Schema`] when the payload is damaged.
    pub fn values(&self) -> Result<Vec<(String, Value)>> {
        decode(self.kind, &self.payload)
    }

    /// Key and payload under the tenant's seal, bound to the event's id.
    pub(crate) fn seal(&self, keys: &TenantKeys) -> Result<Vec<u8>> {
        let length = u32::try_from(self.key.len()).map_err(|_| EventError::Damaged("key"))?;
        let mut plain = Vec::with_capacity(4 + self.key.len() + self.payload.len());
        plain.extend_from_slice(&length.to_be_bytes());
        plain.extend_from_slice(self.key.as_bytes());
        plain.extend_from_slice(&self.payload);
        Ok(mt_crypto::seal(
            keys,
            Purpose::Event,
            self.id.as_bytes(),
            &plain,
        )?)
    }
}

/// An event with its content still sealed: what lies in the log and in the dead letters.
#[derive(Clone, Debug)]
pub(crate) struct Sealed {
    pub(crate) id: Uuid,
    pub(crate) number: i16,
    pub(crate) tenant: TenantId,
    pub(crate) at: Instant,
    pub(crate) correlation: Uuid,
    pub(crate) body: Vec<u8>,
}

impl Sealed {
    pub(crate) fn open(&self, keys: &TenantKeys) -> Result<Event> {
        const DAMAGED: EventError = EventError::Damaged("key");
        let plain = mt_crypto::open(keys, Purpose::Event, self.id.as_bytes(), &self.body)?;
        let (length, rest) = plain.split_first_chunk::<4>().ok_or(DAMAGED)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| DAMAGED)?;
        let (key, payload) = rest.split_at_checked(length).ok_or(DAMAGED)?;
        let key = std::str::from_utf8(key).map_err(|_| DAMAGED)?;
        Ok(Event {
            id: self.id,
            kind: EventType::numbered(self.number)?,
            tenant: self.tenant,
            at: self.at,
            correlation: self.correlation,
            key: Arc::from(key),
            payload: payload.to_vec(),
        })
    }
}

/// The keys of tenants that serve.
pub trait Keys: Send + Sync {
    /// The keys of a tenant.
    ///
    /// # Errors
    /// A [`Fault`] of kind `Unavailable` or `NotFound` when the tenant does not serve.
    fn of(&self, tenant: TenantId) -> BoxFuture<'_, Result<TenantKeys, Fault>>;

    /// Whether the tenant serves.
    ///
    /// # Errors
    /// When nobody can say.
    fn serves(&self, tenant: TenantId) -> BoxFuture<'_, Result<bool, Fault>>;
}

impl Keys for mt_store::Tenants {
    fn of(&self, tenant: TenantId) -> BoxFuture<'_, Result<TenantKeys, Fault>> {
        Box::pin(async move { Ok(self.keys(tenant).await?) })
    }

    fn serves(&self, tenant: TenantId) -> BoxFuture<'_, Result<bool, Fault>> {
        Box::pin(async move { Ok(self.is_active(tenant).await?) })
    }
}
