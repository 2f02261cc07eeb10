//! Bounds of the WebSocket door.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mt_http::Quota;
use mt_kernel::TenantId;

/// What clients may take.
#[derive(Clone, Copy, Debug)]
pub struct SocketLimits {
    /// Connections of the process.
    pub connections: usize,
    /// Connections of one subscriber.
    pub per_subscriber: usize,
    /// Subscriptions bound to one connection.
    pub bindings: usize,
    /// Bytes of a message from a client.
    pub message_bytes: usize,
    /// How long a connection may have nothing bound to it.
    pub unbound: Duration,
    /// How often a credential is looked at anew.
    pub recheck: Duration,
    /// How often a client is asked for a sign of life, and how long it may take to give one.
    pub ping: (Duration, Duration),
    /// Handshakes that one address may begin.
    pub handshakes: Quota,
    /// Handshakes of all addresses together.
    pub handshakes_in_all: Quota,
}

const fn quota(per_second: u32, burst: u32) -> Quota {
    Quota {
        per_second: positive(per_second),
        burst: positive(burst),
    }
}

const fn positive(n: u32) -> NonZeroU32 {
    match NonZeroU32::new(n) {
        Some(n) => n,
        None => NonZeroU32::MIN,
    }
}

impl Default for SocketLimits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            per_subscriber: 20,
            bindings: 64,
            message_bytes: 8 << 10,
            unbound: Duration::from_secs(30),
            recheck: Duration::from_secs(30),
            ping: (Duration::from_secs(25), Duration::from_secs(20)),
            handshakes: quota(50, 500),
            handshakes_in_all: quota(500, 5_000),
        }
    }
}

/// Places that are taken.
#[derive(Debug)]
pub(super) struct Places {
    most: (usize, usize),
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    subscribers: HashMap<(TenantId, Arc<str>), usize>,
}

impl Places {
    pub(super) fn new(limits: &SocketLimits) -> Self {
        Self {
            most: (limits.connections, limits.per_subscriber),
            taken: Mutex::default(),
        }
    }

    /// A place for one connection, while there are some.
    pub(super) fn take(self: &Arc<Self>) -> Option<Place> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.all >= self.most.0 {
            return None;
        }
        taken.all += 1;
        metrics(taken.all);
        Some(Place {
            places: Arc::clone(self),
            subscriber: None,
        })
    }
}

fn metrics(all: usize) {
    metrics::gauge!("subscription_sockets").set(all as f64);
}

/// A place of one connection; it is free again when this value goes.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    subscriber: Option<(TenantId, Arc<str>)>,
}

impl Place {
    /// Counts the connection as one of this subscriber. A connection is of one subscriber: false for another one, and when
    /// they have as many as they may have.
    pub(super) fn is_of(&mut self, tenant: TenantId, subscriber: &Arc<str>) -> bool {
        let key = (tenant, Arc::clone(subscriber));
        if let Some(known) = &self.subscriber {
            return *known == key;
        }
        let places = &self.places;
        let mut taken = places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.subscribers.entry(key.clone()).or_default();
        if *count >= places.most.1 {
            return false;
        }
        *count += 1;
        self.subscriber = Some(key);
        true
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let places = &self.places;
        let mut taken = places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        metrics(taken.all);
        if let Some(key) = self.subscriber.take()
            && let Some(count) = taken.subscribers.get_mut(&key)
        {
            *count -= 1;
            if *count == 0 {
                taken.subscribers.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_in_all_and_by_subscriber_and_come_free_again() {
        let limits = SocketLimits {
            connections: 3,
            per_subscriber: 1,
            ..SocketLimits::default()
        };
        let places = Arc::new(Places::new(&limits));
        let (ann, ben): (Arc<str>, Arc<str>) = (Arc::from("ann"), Arc::from("ben"));
        let mut first = places.take().unwrap();
        assert!(first.is_of(TenantId(1), &ann) && first.is_of(TenantId(1), &ann));
        assert!(!first.is_of(TenantId(1), &ben));
        let mut second = places.take().unwrap();
        assert!(!second.is_of(TenantId(1), &ann));
        assert!(second.is_of(TenantId(2), &ann));
        let _third = places.take().unwrap();
        assert!(places.take().is_none());
        drop(first);
        assert!(places.take().unwrap().is_of(TenantId(1), &ann));
    }
}
