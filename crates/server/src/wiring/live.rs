//! The realtime hub: who connects is known as at every door, and rooms open as records do.

use std::sync::Arc;

use futures::future::BoxFuture;
use mt_access::{Authenticated, Authenticator, Interaction};
use mt_authority::Session;
use mt_events::{EventFeed, Keys};
use mt_fhir::ResourceType;
use mt_identity::administration::Administration;
use mt_kernel::{ErrorKind, Fault};
use mt_live::{Hub, HubLimits, HubParts, Records};
use mt_store::Store;
use tokio::task::AbortHandle;
use uuid::Uuid;

/// The hub, with what keeps it going.
pub(crate) struct Live {
    pub(crate) hub: Hub,
    tasks: [AbortHandle; 2],
}

impl Live {
    /// A hub that announces what `feed` brings.
    pub(crate) fn start(
        origin: String,
        (store, administration): (&Store, Administration),
        authenticator: Arc<dyn Authenticator>,
        feed: Box<dyn EventFeed>,
    ) -> Self {
        let hub = Hub::new(HubParts {
            authenticator,
            records: Arc::new(StoredRecords(store.clone())),
            origin,
            limits: HubLimits::default(),
        });
        let keys: Arc<dyn Keys> = Arc::new(store.tenants().clone());
        let following = tokio::spawn(mt_live::follow(hub.clone(), keys, feed, move || {
            administration.standing_changed();
        }));
        let watching = hub.clone();
        let vigil = tokio::spawn(async move { watching.keep_vigil().await });
        Self {
            hub,
            tasks: [following.abort_handle(), vigil.abort_handle()],
        }
    }

    /// Tells every client that the server stops, and ends their connections.
    pub(crate) fn stop(&self) {
        self.tasks.iter().for_each(AbortHandle::abort);
        self.hub.stop();
    }
}

/// Whoever may read a record may hear of it; asking counts as reading, and is audited as such.
struct StoredRecords(Store);

impl Records for StoredRecords {
    fn may_read<'a>(
        &'a self,
        who: &'a Authenticated,
        kind: ResourceType,
        id: &'a str,
    ) -> BoxFuture<'a, Result<bool, Fault>> {
        Box::pin(async move {
            let registry = self.0.tenants().params(who.tenant).await?;
            let session = Arc::new(Session::new(Arc::new(who.clone())));
            let now = self.0.clock().now();
            let caller = session.caller(&registry, Interaction::Read, Uuid::now_v7(), now);
            let emergencies = session.grant().emergencies();
            let withheld = self.0.withheld(&caller.ctx, emergencies).await?;
            let caller = caller.without(&withheld, &registry);
            match self.0.read(&caller, kind, id).await {
                Ok(_) => Ok(true),
                Err(error) => match error.kind() {
                    ErrorKind::NotFound | ErrorKind::Gone | ErrorKind::Forbidden => Ok(false),
                    _ => Err(error.into()),
                },
            }
        })
    }
}
