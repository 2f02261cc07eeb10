//! A pool of connections that each serve one transaction at a time.
//!
//! A connection comes back only in a clean state; one that was left in the middle of a statement is
//! cancelled and closed instead.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::link::Link;
use crate::{Endpoint, Error};

/// Longest wait for a free connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// How full the pool is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolGauges {
    /// Connections that it may open.
    pub size: usize,
    /// Connections in use.
    pub busy: usize,
    /// Open connections at rest.
    pub idle: usize,
}

struct Inner {
    endpoint: Endpoint,
    size: usize,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Link>>,
}

/// A pool of connections.
#[derive(Clone)]
pub struct Pool {
    inner: Arc<Inner>,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pool").field(&self.gauges()).finish()
    }
}

impl Pool {
    /// A pool of at most `size` connections to `endpoint`.
    #[must_use]
    pub fn new(endpoint: Endpoint, size: usize) -> Self {
        let size = size.max(1);
        Self {
            inner: Arc::new(Inner {
                endpoint,
                size,
                permits: Arc::new(Semaphore::new(size)),
                idle: Mutex::default(),
            }),
        }
    }

    /// Makes a round trip on a connection of the pool.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the server does not answer.
    pub async fn ping(&self) -> Result<(), Error> {
        self.open_with("").await.map(drop)
    }

    /// Gives the idle connections up and lends none from now on.
    pub(crate) fn close(&self) {
        self.inner.permits.close();
        self.inner.idle().clear();
    }

    /// How full the pool is.
    #[must_use]
    pub fn gauges(&self) -> PoolGauges {
        PoolGauges {
            size: self.inner.size,
            busy: self.inner.size - self.inner.permits.available_permits(),
            idle: self.inner.idle().len(),
        }
    }

    /// A connection on which `opening` has been run. A connection that turns out to be dead is
    /// replaced, so that a restart of the server is not seen by callers that come after it.
    pub(crate) async fn open_with(&self, opening: &str) -> Result<Pooled, Error> {
        let permit = self.permit().await?;
        loop {
            let rested = self.inner.idle().pop();
            let fresh = rested.is_none();
            let link = match rested {
                Some(link) if !link.is_alive() => continue,
                Some(link) => link,
                None => {
                    let (client, driver) = self.inner.endpoint.connect().await?;
                    Link::new(client, &driver)
                }
            };
            match link
                .client
                .batch_execute(opening)
                .await
                .map_err(Error::from)
            {
                Ok(()) => {
                    return Ok(Pooled {
                        link: Some(link),
                        inner: Arc::clone(&self.inner),
                        _permit: permit,
                    });
                }
                Err(Error::Unavailable { .. }) if !fresh => {}
                Err(error) => return Err(error),
            }
        }
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, Error> {
        let permit = Arc::clone(&self.inner.permits).acquire_owned();
        match tokio::time::timeout(PATIENCE, permit).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) => Err(Error::unavailable("the database has been closed")),
            Err(_) => Err(Error::unavailable("every connection of the pool is busy")),
        }
    }
}

impl Inner {
    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Link>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection on loan.
pub(crate) struct Pooled {
    link: Option<Link>,
    inner: Arc<Inner>,
    _permit: OwnedSemaphorePermit,
}

impl Deref for Pooled {
    type Target = Link;

    fn deref(&self) -> &Link {
        self.link
            .as_ref()
            .expect("the link is taken only by drop and discard")
    }
}

impl Pooled {
    /// Closes the connection instead of giving it back; a statement that still runs is cancelled.
    pub(crate) fn discard(&mut self) {
        let Some(link) = self.link.take() else { return };
        if !link.is_alive() {
            return;
        }
        let endpoint = self.inner.endpoint.clone();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { endpoint.cancel(&link.client).await });
        }
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        if let Some(link) = self.link.take()
            && link.is_alive()
            && !self.inner.permits.is_closed()
        {
            self.inner.idle().push(link);
        }
    }
}
