//! Bounds of the hub.

use std::num::NonZeroU32;
use std::time::Duration;

use mt_http::Quota;

/// What the hub lets clients take.
#[derive(Clone, Copy, Debug)]
pub struct HubLimits {
    /// Connections of the process.
    pub connections: usize,
    /// Connections of one tenant.
    pub per_tenant: usize,
    /// Connections of one user.
    pub per_user: usize,
    /// Rooms of one connection, besides the user's own.
    pub rooms: usize,
    /// Messages that wait for one client; one that does not keep up is disconnected.
    pub queue: usize,
    /// Bytes of a message from a client.
    pub message_bytes: usize,
    /// How often a client's standing is looked at anew.
    pub recheck: Duration,
    /// How often a client is asked for a sign of life, and how long it may take to give one.
    pub ping: (Duration, Duration),
    /// Handshakes that one address may begin; many people may sit behind one.
    pub handshakes: Quota,
    /// Handshakes of all addresses together.
    pub handshakes_in_all: Quota,
    /// Requests of one client (to enter or leave rooms).
    pub requests: Quota,
    /// Requests of all clients of a tenant together.
    pub requests_of_tenant: Quota,
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

impl Default for HubLimits {
    fn default() -> Self {
        Self {
            connections: 20_000,
            per_tenant: 5_000,
            per_user: 20,
            rooms: 200,
            queue: 256,
            message_bytes: 16 << 10,
            recheck: Duration::from_secs(30),
            ping: (Duration::from_secs(25), Duration::from_secs(20)),
            handshakes: quota(50, 500),
            handshakes_in_all: quota(500, 5_000),
            requests: quota(20, 250),
            requests_of_tenant: quota(2_000, 50_000),
        }
    }
}
