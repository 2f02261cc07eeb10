//! Tells clients of every session and account that ended, however it ended.
//!
//! Signing out, an administrator, a changed password, fifteen idle minutes: all of them leave a row in
//! `people.ended`. Here it is taken: tokens are revoked and back-channel logouts sent. A process that dies
//! in between leaves the row to the next one.

use std::sync::Arc;
use std::time::Duration;

use mt_audit::EventCode;
use mt_kernel::TenantId;
use mt_store::TenantState;

use super::Provider;
use super::error::OAuthError;
use super::events::person_actor;
use crate::people::sessions::{Ended, Sessions};

/// How often sessions are looked for whose time is over, and ends that another process left.
const EVERY: Duration = Duration::from_secs(20);

impl Provider {
    /// Tells of ends for as long as the process lives: at once when this process ends something.
    pub async fn tell_of_ends_forever(self: Arc<Self>, sessions: Sessions) {
        let mut interval = tokio::time::interval(EVERY);
        loop {
            tokio::select! {
                _ = interval.tick() => {}
                () = sessions.something_ended() => {}
            }
            let tenants = match self.identity.tenants.list().await {
                Ok(tenants) => tenants,
                Err(error) => {
                    tracing::warn!(%error, "clients cannot be told of ended sessions");
                    continue;
                }
            };
            for info in tenants {
                if info.state == TenantState::Active
                    && let Err(error) = self.tell_of_ends(&sessions, info.id).await
                {
                    tracing::warn!(error = %error.description, tenant = %info.id, "clients cannot be told of ended sessions");
                }
            }
        }
    }

    /// Ends the sessions of a tenant whose time is over, and tells of everything that has ended; returns
    /// how much that was.
    ///
    /// # Errors
    /// When the database does not answer; what was not told yet is told the next time.
    pub async fn tell_of_ends(
        self: &Arc<Self>,
        sessions: &Sessions,
        tenant: TenantId,
    ) -> Result<usize, OAuthError> {
        let overdue = sessions.end_overdue(tenant).await?;
        if !overdue.is_empty() {
            let at = self.at(tenant).await?;
            for (session, account) in overdue {
                let actor = person_actor(&account.to_string(), None);
                let text = format!("session {session} ended: its time was over");
                self.note(&at, actor, EventCode::Logout, &text)?;
            }
        }
        let mut told = 0;
        while let Some(untold) = sessions.untold(tenant).await? {
            for ended in &untold.ends {
                match *ended {
                    Ended::Session(session) => self.session_ended(tenant, session).await?,
                    Ended::Account(account) => self.account_ended(tenant, account).await?,
                }
            }
            told += untold.ends.len();
            untold.told(&self.store, self.identity.clock.now()).await?;
        }
        Ok(told)
    }
}
