//! What leaves by itself: webhooks and FHIR Subscriptions, over one queue and one guard.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use futures::future::BoxFuture;
use mt_access::{Authenticated, Authenticator};
use mt_audit::Audit;
use mt_events::Consumer;
use mt_fhir_api::operations::Notifications;
use mt_identity::administration::Administration;
use mt_identity::oauth::Provider;
use mt_kernel::{Clock, Fault, TenantId};
use mt_outbound::{Courier, Desk, Guard, Queue};
use mt_store::{Caller, Store};
use mt_subscriptions::{
    Matcher, SocketLimits, Sockets, SubscriptionCourier, Subscriptions, SubscriptionsParts,
};
use mt_webhooks::{Fanout, WebhookCourier, Webhooks, WebhooksParts};
use serde_json::Value;
use tokio::task::AbortHandle;

use super::subscriptions::Known;
use crate::assembly::origin;
use crate::config::Config;

/// How often what ended long ago is looked for.
const TIDY: Duration = Duration::from_secs(3_600);

/// What may be called for others.
pub(crate) fn guard(config: &Config) -> anyhow::Result<Guard> {
    Guard::new(&origin(config), &config.outbound.hosts).context("TLS cannot be set up")
}

/// The contexts that tell others.
pub(crate) struct Outbound {
    pub(crate) webhooks: Webhooks,
    subscriptions: Subscriptions,
    /// One for each courier, so that whoever is woken has something to carry.
    queues: [Queue; 2],
    clock: Arc<dyn Clock>,
}

/// What is under way; it stops when this value goes, and comes again.
pub(crate) struct Carrying([AbortHandle; 5]);

impl Drop for Carrying {
    fn drop(&mut self) {
        self.0.iter().for_each(AbortHandle::abort);
    }
}

impl Outbound {
    pub(crate) fn open(
        config: &Config,
        (store, audit, clock): (&Store, &Arc<Audit>, &Arc<dyn Clock>),
        (provider, administration): (&Arc<Provider>, &Administration),
    ) -> anyhow::Result<Self> {
        let database = store.database().clone();
        let tenants = store.tenants().clone();
        let queue = || Queue::new(database.clone(), tenants.clone());
        let queues = [queue(), queue()];
        let known = Known::new(Arc::clone(provider), administration.clone());
        Ok(Self {
            webhooks: Webhooks::new(WebhooksParts {
                database: database.clone(),
                tenants: tenants.clone(),
                audit: Arc::clone(audit),
                clock: Arc::clone(clock),
                queue: queues[0].clone(),
                guard: guard(config)?,
                origin: origin(config),
            }),
            subscriptions: Subscriptions::new(SubscriptionsParts {
                database: database.clone(),
                store: store.clone(),
                subscribers: Arc::new(known),
                clock: Arc::clone(clock),
                queue: queues[1].clone(),
                guard: guard(config)?,
                origin: origin(config),
            }),
            queues,
            clock: Arc::clone(clock),
        })
    }

    /// What makes messages of events.
    pub(crate) fn consumers(&self) -> [Arc<dyn Consumer>; 2] {
        [
            Arc::new(Fanout::new(self.webhooks.clone())),
            Arc::new(Matcher::new(self.subscriptions.clone())),
        ]
    }

    /// What answers `$status` and `$events`.
    pub(crate) fn notifications(&self) -> Arc<dyn Notifications> {
        Arc::new(Answers(self.subscriptions.clone()))
    }

    /// The door of subscribers who come by WebSocket.
    pub(crate) fn sockets(&self, authenticator: Arc<dyn Authenticator>) -> Sockets {
        Sockets::new(
            self.subscriptions.clone(),
            authenticator,
            SocketLimits::default(),
        )
    }

    /// Begins to carry what is due.
    pub(crate) fn start(&self) -> Carrying {
        let hooks = WebhookCourier::new(self.webhooks.clone());
        let told = SubscriptionCourier::new(self.subscriptions.clone());
        let beating = self.subscriptions.clone();
        let pulse = tokio::spawn(async move { beating.keep_pulse().await });
        let looking = self.subscriptions.clone();
        let board = tokio::spawn(async move { looking.keep_board().await });
        let tidying = tokio::spawn(tidy(self.webhooks.clone()));
        Carrying([
            self.carry(0, Arc::new(hooks)),
            self.carry(1, Arc::new(told)),
            pulse.abort_handle(),
            board.abort_handle(),
            tidying.abort_handle(),
        ])
    }

    fn carry(&self, queue: usize, courier: Arc<dyn Courier>) -> AbortHandle {
        let desk = Desk::new(self.queues[queue].clone(), courier, Arc::clone(&self.clock));
        tokio::spawn(async move { desk.work().await }).abort_handle()
    }
}

async fn tidy(webhooks: Webhooks) {
    let mut interval = tokio::time::interval(TIDY);
    loop {
        interval.tick().await;
        if let Err(error) = webhooks.tidy().await {
            tracing::warn!(%error, "old webhook messages cannot be tidied away");
        }
    }
}

/// Subscriptions as the FHIR door asks for them.
struct Answers(Subscriptions);

impl Notifications for Answers {
    fn status<'a>(&'a self, tenant: TenantId, id: &'a str) -> BoxFuture<'a, Result<Value, Fault>> {
        Box::pin(async move { Ok(self.0.status(tenant, id).await?) })
    }

    fn events<'a>(
        &'a self,
        caller: &'a Caller,
        id: &'a str,
        range: (Option<i64>, Option<i64>),
        content: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Value, Fault>> {
        Box::pin(async move { Ok(self.0.events(caller, id, range, content).await?) })
    }

    fn binding_token<'a>(
        &'a self,
        who: &'a Authenticated,
        ids: &'a [String],
    ) -> BoxFuture<'a, Result<Value, Fault>> {
        Box::pin(async move { Ok(self.0.binding_token(who, ids).await?) })
    }
}
