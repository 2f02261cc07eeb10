//! Search keys of new rows, merged into their index soon after the commit.
//!
//! New keys wait in the pending list of `res_keys`, which every search reads whole. Left alone, PostgreSQL has the
//! transaction that fills the list merge it: a commit in a hundred then takes 100 ms longer, and as long as it has its
//! transaction id no event behind it is relayed. Merging by itself needs no transaction id.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use mt_database::Database;
use tokio::sync::Notify;

use crate::Store;

/// The longest that keys wait after a commit.
const SOON: Duration = Duration::from_millis(250);

/// Rows after which they wait no longer: some hundred kilobytes of keys.
const MANY: usize = 512;

const MERGE: &str = "select records.merge_keys()";

/// What this process has written since it last merged.
#[derive(Debug, Default)]
pub(crate) struct Merging {
    written: AtomicUsize,
    at_work: AtomicBool,
    many: Notify,
}

impl Merging {
    /// Takes note of rows; a task merges them.
    fn note(self: &Arc<Self>, database: &Database, rows: usize) {
        let before = self.written.fetch_add(rows, Ordering::AcqRel);
        if before < MANY && before + rows >= MANY {
            self.many.notify_one();
        }
        if !self.at_work.swap(true, Ordering::AcqRel) {
            let (merging, database) = (Arc::clone(self), database.clone());
            tokio::spawn(async move { merging.work(&database).await });
        }
    }

    /// Merges until nothing has been written for a while.
    async fn work(&self, database: &Database) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(SOON) => {}
                () = self.many.notified() => {}
            }
            if self.written.swap(0, Ordering::AcqRel) > 0 {
                // The keys are found where they wait, too: the next commit has them merged.
                if let Err(error) = merge(database).await {
                    tracing::debug!(%error, "search keys wait to be merged");
                }
                continue;
            }
            self.at_work.store(false, Ordering::Release);
            // Rows that came in between have begun no other task.
            if self.written.load(Ordering::Acquire) == 0
                || self.at_work.swap(true, Ordering::AcqRel)
            {
                return;
            }
        }
    }
}

/// On a connection of its own: nothing else waits behind it.
async fn merge(database: &Database) -> Result<(), mt_database::Error> {
    let tx = database.admin().await?;
    tx.query_one(MERGE, &[]).await?;
    tx.commit().await
}

impl Store {
    /// Has the keys of this many rows merged soon.
    pub(crate) fn merge_soon(&self, rows: usize) {
        self.merging().note(self.database(), rows);
    }
}
