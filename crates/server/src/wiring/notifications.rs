//! Notifications: what organisations decided, the ways out, and what happens by itself.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use mt_audit::Audit;
use mt_events::Consumer;
use mt_identity::administration::Administration;
use mt_kernel::{Clock, Fault, TenantId};
use mt_notifications::{
    NotificationCourier, Notifications, NotificationsParts, Organisation, Organisations, announcer,
};
use mt_outbound::{Desk, Queue};
use mt_scheduling::Scheduling;
use mt_store::Store;
use tokio::task::AbortHandle;

use super::outbound::guard;
use super::ways::Ways;
use crate::assembly::origin;
use crate::config::Config;

/// How often reminders and digests are looked for.
const INTERVAL: Duration = Duration::from_secs(15);
/// How often what is over is forgotten.
const TIDY: Duration = Duration::from_secs(3_600);

/// The context with its queue.
pub(crate) struct Telling {
    pub(crate) notifications: Notifications,
    queue: Queue,
    clock: Arc<dyn Clock>,
}

/// What is under way; it stops when this value goes, and comes again.
pub(crate) struct Busy([AbortHandle; 3]);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.iter().for_each(AbortHandle::abort);
    }
}

impl Telling {
    pub(crate) fn open(
        (config, data_dir): (&Config, &Path),
        (store, audit, clock): (&Store, &Arc<Audit>, &Arc<dyn Clock>),
        administration: &Administration,
    ) -> anyhow::Result<Self> {
        let ways = Ways::open(config, data_dir, clock)?;
        let queue = Queue::new(store.database().clone(), store.tenants().clone());
        let decided = Decided {
            administration: administration.clone(),
            scheduling: Scheduling::new(store.clone()),
        };
        let notifications = Notifications::new(NotificationsParts {
            store: store.clone(),
            audit: Arc::clone(audit),
            queue: queue.clone(),
            organisations: Arc::new(decided),
            transports: ways.transports,
            receipts: ways.receipts,
            push_key: ways.push_key,
            guard: guard(config)?,
            origin: origin(config),
        });
        Ok(Self {
            notifications,
            queue,
            clock: Arc::clone(clock),
        })
    }

    /// What tells people of events.
    pub(crate) fn consumer(&self) -> Arc<dyn Consumer> {
        announcer(self.notifications.clone())
    }

    /// Begins to carry what is due, to remind and to forget.
    pub(crate) fn start(&self) -> Busy {
        let courier = NotificationCourier::new(self.notifications.clone());
        let clock = Arc::clone(&self.clock);
        let desk = Desk::new(self.queue.clone(), Arc::new(courier), clock);
        let carrying = tokio::spawn(async move { desk.work().await });
        let giving = tokio::spawn(give(self.notifications.clone()));
        let tidying = tokio::spawn(tidy(self.notifications.clone()));
        Busy([&carrying, &giving, &tidying].map(tokio::task::JoinHandle::abort_handle))
    }
}

async fn give(notifications: Notifications) {
    let mut interval = tokio::time::interval(INTERVAL);
    loop {
        interval.tick().await;
        if let Err(error) = notifications.give_due().await {
            tracing::warn!(%error, "reminders and digests cannot be given");
        }
    }
}

async fn tidy(notifications: Notifications) {
    let mut interval = tokio::time::interval(TIDY);
    loop {
        interval.tick().await;
        if let Err(error) = notifications.tidy().await {
            tracing::warn!(%error, "old notifications cannot be tidied away");
        }
    }
}

/// What organisations decided about themselves and their appointments.
struct Decided {
    administration: Administration,
    scheduling: Scheduling,
}

impl Organisations for Decided {
    fn of(&self, tenant: TenantId) -> BoxFuture<'_, Result<Organisation, Fault>> {
        Box::pin(async move {
            let settings = self.administration.settings(tenant).await?;
            let branding = self.administration.branding(tenant).await?;
            let (decided, booking) = self.scheduling.settings(tenant).await?;
            // The clock of appointments, where there is one, is the one that patients know.
            let time_zone = if decided > 0 {
                booking.time_zone
            } else {
                settings.time_zone
            };
            Ok(Organisation {
                name: branding.name,
                language: settings.locale,
                time_zone,
                reminder_minutes: booking.reminder_minutes,
            })
        })
    }
}
