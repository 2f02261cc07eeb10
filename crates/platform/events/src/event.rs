//! An event as consumers see it, and how it is kept sealed between.

use std::sync::Arc;

use futures::future::BoxFuture;
use mt_crypto::{Purpose, TenantKeys};
use mt_kernel::{Fault, Instant, TenantId};
use uuid::Uuid;

use crate::catalogue::{EventType, Value, decode, partition_of, wire_key};
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

    /// The event with key and payload under the tenant's seal, bound to everything that stays in the clear.
    ///
    /// # Errors
    /// [`EventError::Crypto`] when the keys do not seal.
    pub fn seal(&self, keys: &TenantKeys) -> Result<SealedEvent> {
        let length = u32::try_from(self.key.len()).map_err(|_| EventError::Damaged("key"))?;
        let mut plain = Vec::with_capacity(4 + self.key.len() + self.payload.len());
        plain.extend_from_slice(&length.to_be_bytes());
        plain.extend_from_slice(self.key.as_bytes());
        plain.extend_from_slice(&self.payload);
        let mut sealed = SealedEvent {
            id: self.id,
            number: self.kind.number,
            tenant: self.tenant,
            at: self.at,
            correlation: self.correlation,
            body: Vec::new(),
        };
        sealed.body = mt_crypto::seal(keys, Purpose::Event, &sealed.bound(), &plain)?;
        Ok(sealed)
    }

    /// The partition of its topic: Kafka's default partitioner over [`Event::wire_key`].
    #[must_use]
    pub fn partition(&self) -> i16 {
        partition_of(self.kind.topic, self.tenant, &self.key)
    }

    /// The key on the wire: `tenant|key`.
    #[must_use]
    pub fn wire_key(&self) -> Vec<u8> {
        wire_key(self.tenant, &self.key)
    }
}

/// An event with its content still sealed: what buses and dead letters hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedEvent {
    /// The same however often the event is delivered.
    pub id: Uuid,
    /// Number of its kind in the catalogue.
    pub number: i16,
    /// Whose.
    pub tenant: TenantId,
    /// When it was committed.
    pub at: Instant,
    /// The request that caused it.
    pub correlation: Uuid,
    /// Key and payload, sealed.
    pub body: Vec<u8>,
}

impl SealedEvent {
    /// Its place in the outbox, which its id holds: later changes of a record have greater ones, on
    /// whichever bus they come.
    pub(crate) fn place(&self) -> i64 {
        let low = self.id.as_u64_pair().1 & ((1 << 62) - 1);
        i64::try_from(low).unwrap_or(i64::MAX)
    }

    /// What the seal is bound to: whoever carries the event cannot make another of it.
    fn bound(&self) -> [u8; 46] {
        let mut bound = [0; 46];
        bound[..16].copy_from_slice(self.id.as_bytes());
        bound[16..32].copy_from_slice(self.correlation.as_bytes());
        bound[32..40].copy_from_slice(&self.at.0.to_be_bytes());
        bound[40..44].copy_from_slice(&self.tenant.0.to_be_bytes());
        bound[44..].copy_from_slice(&self.number.to_be_bytes());
        bound
    }

    /// The event.
    ///
    /// # Errors
    /// [`EventError::Crypto`] when the keys are not its tenant's or anything of it was changed;
    /// [`EventError::UnknownEvent`] when a newer version wrote it.
    pub fn open(&self, keys: &TenantKeys) -> Result<Event> {
        const DAMAGED: EventError = EventError::Damaged("key");
        let plain = mt_crypto::open(keys, Purpose::Event, &self.bound(), &self.body)?;
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
