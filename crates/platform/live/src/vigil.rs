//! Looks again and again whether those who are connected still may be.
//!
//! A connection outlives the moment at which its session was checked. What somebody may hear is decided by
//! the standing found last, so it is looked up anew; a session that is over ends the connection.

use std::sync::Arc;

use futures::StreamExt;
use mt_access::AuthenticationError;

use crate::Hub;
use crate::client::{Client, Ending};

/// Checks at the same time.
const PARALLEL: usize = 16;
/// Checks in a row that may fail for want of an answer.
const PATIENCE: u32 = 3;

impl Hub {
    /// Looks at everybody's standing, for as long as the process lives.
    pub async fn keep_vigil(&self) {
        let mut interval = tokio::time::interval(self.limits().recheck);
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            interval.tick().await;
            self.recheck_all().await;
            self.tidy();
        }
    }

    /// Looks at everybody's standing once.
    pub async fn recheck_all(&self) {
        futures::stream::iter(self.everybody())
            .for_each_concurrent(
                PARALLEL,
                |client| async move { self.recheck(&client).await },
            )
            .await;
    }

    /// Looks at the standing of one client.
    pub(crate) async fn recheck(&self, client: &Arc<Client>) {
        match self.authenticate(&client.credential).await {
            Ok(who) if who.tenant == client.tenant && who.actor.id == client.user => {
                let before = client.stands(Arc::clone(&who));
                // Rooms are asked for again only when something changed: every answer is an audited read.
                if before.grant != who.grant {
                    self.reopen_rooms(client, &who).await;
                }
            }
            Err(AuthenticationError::Unavailable) => {
                if client.could_not_be_checked() >= PATIENCE {
                    self.end(client, Ending::Unchecked);
                }
            }
            Ok(_) | Err(_) => self.end(client, Ending::SessionEnded),
        }
    }
}
