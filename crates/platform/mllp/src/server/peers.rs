//! How many connections there are, in all and per address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use super::Limits;

/// Counts connections.
#[derive(Clone)]
pub(super) struct Peers {
    limits: Limits,
    counts: Arc<Mutex<Counts>>,
}

#[derive(Default)]
struct Counts {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A connection's place among the counted; dropping it frees the place.
pub(super) struct Place {
    peers: Peers,
    address: IpAddr,
}

impl Peers {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            counts: Arc::default(),
        }
    }

    /// A place for one more connection from `address`, unless a limit is reached.
    pub(super) fn admit(&self, address: IpAddr) -> Option<Place> {
        let address = address.to_canonical();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let of_peer = counts.by_address.get(&address).copied().unwrap_or(0);
        let full = counts.total >= self.limits.connections;
        if full || of_peer >= self.limits.connections_per_peer {
            return None;
        }
        counts.total += 1;
        counts.by_address.insert(address, of_peer + 1);
        Some(Place {
            peers: self.clone(),
            address,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self
            .peers
            .counts
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        counts.total -= 1;
        if let Some(count) = counts.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_limited_and_given_back() {
        let peers = Peers::new(Limits {
            connections: 3,
            connections_per_peer: 2,
            ..Limits::default()
        });
        let address = |text: &str| text.parse().unwrap();
        let first = peers.admit(address("10.0.0.1"));
        let mapped = peers.admit(address("::ffff:10.0.0.1"));
        assert!(first.is_some() && mapped.is_some());
        assert!(peers.admit(address("10.0.0.1")).is_none());
        let other = peers.admit(address("10.0.0.2"));
        assert!(other.is_some());
        assert!(peers.admit(address("10.0.0.3")).is_none());
        drop(first);
        assert!(peers.admit(address("10.0.0.1")).is_some());
    }
}
