//! The store's shared cache over one connection.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use mt_store::SharedCache;
use redis::Value;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use crate::link::{Link, PATIENCE};
use crate::options::{OptionsError, RedisOptions, Target};

/// Values that wait to be kept, at most.
const QUEUE: usize = 256;
/// Longest time for one of them, beside the requests.
const WRITING: Duration = Duration::from_secs(1);
/// What all names begin with.
const PREFIX: &[u8; 9] = b"meditrack";

/// A cache between processes in Redis. It serves for as long as this value lives.
#[derive(Debug)]
pub struct RedisCache {
    link: Arc<Link>,
    kept: mpsc::Sender<Entry>,
    tasks: [AbortHandle; 2],
}

struct Entry {
    name: Vec<u8>,
    value: Vec<u8>,
    life: Duration,
}

impl RedisCache {
    /// Begins to connect, inside a runtime; a Redis that is away stops nothing.
    ///
    /// # Errors
    /// When the options cannot be used.
    pub fn open(options: &RedisOptions) -> Result<Self, OptionsError> {
        let target = Target::new(options)?;
        let link = Arc::new(Link::default());
        let (kept, queue) = mpsc::channel(QUEUE);
        let keeping = tokio::spawn(Arc::clone(&link).keep(target));
        let writing = tokio::spawn(write(Arc::clone(&link), queue));
        Ok(Self {
            link,
            kept,
            tasks: [keeping.abort_handle(), writing.abort_handle()],
        })
    }

    /// Whether Redis answers and is asked.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.link.connection().is_some()
    }

    async fn ask(&self, name: Vec<u8>) -> Option<Vec<u8>> {
        let mut connection = self.link.connection()?;
        let mut get = redis::cmd("GET");
        get.arg(name);
        let asked = get.query_async::<Value>(&mut connection);
        let found = match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(Value::BulkString(value))) => Some(value),
            Ok(Ok(Value::Nil)) => None,
            Ok(_) => {
                self.link.failed("error");
                return None;
            }
            Err(_) => {
                self.link.failed("late");
                return None;
            }
        };
        self.link.succeeded();
        found
    }
}

impl SharedCache for RedisCache {
    fn get(&self, key: [u8; 16]) -> BoxFuture<'_, Option<Vec<u8>>> {
        Box::pin(self.ask(name(key)))
    }

    fn put(&self, key: [u8; 16], value: Vec<u8>, life: Duration) {
        if !self.is_connected() {
            return;
        }
        let entry = Entry {
            name: name(key),
            value,
            life,
        };
        if self.kept.try_send(entry).is_err() {
            metrics::counter!("cache_redis_failures_total", "reason" => "full").increment(1);
        }
    }
}

impl Drop for RedisCache {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

fn name(key: [u8; 16]) -> Vec<u8> {
    [PREFIX.as_slice(), &key].concat()
}

/// Keeps what is waiting, one by one: a request that reads never waits behind many.
async fn write(link: Arc<Link>, mut queue: mpsc::Receiver<Entry>) {
    while let Some(entry) = queue.recv().await {
        let Some(mut connection) = link.connection() else {
            continue;
        };
        let life = u64::try_from(entry.life.as_millis()).unwrap_or(u64::MAX);
        let mut set = redis::cmd("SET");
        set.arg(entry.name).arg(entry.value).arg("PX").arg(life);
        let done = tokio::time::timeout(WRITING, set.query_async::<()>(&mut connection)).await;
        match done {
            Ok(Ok(())) => {}
            // A full Redis refuses writes and still answers reads.
            Ok(Err(_)) => {
                metrics::counter!("cache_redis_failures_total", "reason" => "error").increment(1);
            }
            Err(_) => link.failed("late"),
        }
    }
}
