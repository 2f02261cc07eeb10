//! A fixed set of connections that many tasks use at the same time.
//!
//! Each slot has a task that keeps it connected; users take the least busy live connection and
//! queue their requests on it without waiting for one another.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::sleep;

use super::link::Link;
use crate::{Endpoint, Error};

/// Longest wait for any connection to come (back) to life.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest pause between attempts to connect.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// How busy the shared connections are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SharedGauges {
    /// Connections wanted.
    pub size: usize,
    /// Connections alive.
    pub connected: usize,
    /// Requests under way on all of them.
    pub in_flight: usize,
}

type Slots = Arc<Mutex<Vec<Option<Arc<Link>>>>>;

/// Shared connections.
pub(crate) struct Shared {
    slots: Slots,
    changes: watch::Receiver<()>,
    keepers: Vec<AbortHandle>,
    closed: AtomicBool,
}

impl Shared {
    pub(crate) fn new(endpoint: &Endpoint, size: usize) -> Self {
        let size = size.max(1);
        let slots: Slots = Arc::new(Mutex::new(vec![None; size]));
        let (changed, changes) = watch::channel(());
        let keepers = (0..size)
            .map(|index| {
                let keeper = keep(endpoint.clone(), Arc::clone(&slots), index, changed.clone());
                tokio::spawn(keeper).abort_handle()
            })
            .collect();
        Self {
            slots,
            changes,
            keepers,
            closed: AtomicBool::new(false),
        }
    }

    /// Gives the connections up; requests from now on are refused.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        for keeper in &self.keepers {
            keeper.abort();
        }
        self.slots
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .fill(None);
    }

    /// The least busy live connection.
    pub(crate) async fn pick(&self) -> Result<Arc<Link>, Error> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Error::unavailable("the database has been closed"));
        }
        if let Some(link) = self.least_busy() {
            return Ok(link);
        }
        let mut changes = self.changes.clone();
        let wait = async {
            loop {
                changes.mark_unchanged();
                if let Some(link) = self.least_busy() {
                    return Some(link);
                }
                changes.changed().await.ok()?;
            }
        };
        let found = tokio::time::timeout(PATIENCE, wait).await.ok().flatten();
        found.ok_or_else(|| Error::unavailable("no shared connection is alive"))
    }

    fn least_busy(&self) -> Option<Arc<Link>> {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let live = slots.iter().flatten().filter(|link| link.is_alive());
        live.min_by_key(|link| link.in_flight()).cloned()
    }

    pub(crate) fn gauges(&self) -> SharedGauges {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        SharedGauges {
            size: slots.len(),
            connected: slots
                .iter()
                .flatten()
                .filter(|link| link.is_alive())
                .count(),
            in_flight: slots.iter().flatten().map(|link| link.in_flight()).sum(),
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        for keeper in &self.keepers {
            keeper.abort();
        }
    }
}

/// Keeps one slot connected for ever.
async fn keep(endpoint: Endpoint, slots: Slots, index: usize, changed: watch::Sender<()>) {
    let put = |link: Option<Arc<Link>>| {
        let mut slots = slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get_mut(index) {
            *slot = link;
        }
        drop(slots);
        changed.send_replace(());
    };
    let first_pause = Duration::from_millis(5);
    let mut pause = first_pause;
    loop {
        match endpoint.connect().await {
            Ok((client, driver)) => {
                pause = first_pause;
                put(Some(Arc::new(Link::new(client, &driver))));
                let _ = driver.await;
                put(None);
            }
            // The first failure of an outage tells enough.
            Err(error) if pause == first_pause => {
                tracing::warn!(%error, "a shared database connection cannot be made");
            }
            Err(error) => tracing::debug!(%error, "a shared database connection cannot be made"),
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
