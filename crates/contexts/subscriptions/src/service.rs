//! The context: who is told, as whom, and in which state a Subscription is.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use mt_access::{Authenticated, Interaction};
use mt_authority::Session;
use mt_database::Database;
use mt_fhir::json::Limits;
use mt_fhir::{Doc, ResourceType};
use mt_kernel::{Actor, Clock, ErrorKind, Fault, Instant, OpCtx, PurposeOfUse, TenantId};
use mt_outbound::{Guard, NewParcel, Queue};
use mt_store::{Action, Caller, Change, Store, Target};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::courier::{COURIER, Say};
use crate::domain::{Asked, Content, Focus, Kind, Occurred, Told, answer, bundle};
use crate::error::{Result, SubscriptionError};
use crate::socket::Board;
use crate::store::{self, Particulars, State};

/// Notifications are kept for this many days.
const KEPT_DAYS: i64 = 7;
/// Notifications in one answer.
const MOST_EVENTS: i64 = 1_000;
/// How often signs of life that are due are looked for.
const PULSE: Duration = Duration::from_secs(1);

/// The subscriber: who asked last, as far as it is needed to say what they may read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Id of the login or client.
    pub actor: String,
    /// Codes of the roles held when asking.
    pub roles: Vec<String>,
    /// OAuth client through which they asked.
    pub client: Option<String>,
    /// The actor's own FHIR resource.
    pub fhir_user: Option<String>,
}

impl Owner {
    /// Who this is.
    pub(crate) fn of(actor: &Actor) -> Self {
        Self {
            actor: actor.id.to_string(),
            roles: actor.roles.iter().map(ToString::to_string).collect(),
            client: actor.client_id.as_deref().map(str::to_owned),
            fhir_user: actor.fhir_user.as_deref().map(str::to_owned),
        }
    }
}

/// Says what a subscriber may do now.
pub trait Subscribers: Send + Sync {
    /// The standing that `owner` has now; `None` when they have none any more.
    ///
    /// # Errors
    /// When nobody can say: nothing is told then.
    fn standing<'a>(
        &'a self,
        tenant: TenantId,
        owner: &'a Owner,
    ) -> BoxFuture<'a, Result<Option<Arc<Authenticated>>, Fault>>;
}

/// What the context is made of.
pub struct SubscriptionsParts {
    /// Tables.
    pub database: Database,
    /// Records.
    pub store: Store,
    /// Standing of subscribers.
    pub subscribers: Arc<dyn Subscribers>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Parcels.
    pub queue: Queue,
    /// What may be called.
    pub guard: Guard,
    /// URL of the installation.
    pub origin: String,
}

/// The subscriptions of every tenant.
#[derive(Clone)]
pub struct Subscriptions {
    pub(crate) parts: Arc<SubscriptionsParts>,
    /// What those who come by WebSocket wait for.
    pub(crate) board: Arc<Board>,
}

impl fmt::Debug for Subscriptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscriptions").finish_non_exhaustive()
    }
}

impl Subscriptions {
    /// The context.
    #[must_use]
    pub fn new(parts: SubscriptionsParts) -> Self {
        Self {
            parts: Arc::new(parts),
            board: Arc::default(),
        }
    }

    /// Says to subscribers that the server lives, and forgets what is old, for as long as the process lives.
    pub async fn keep_pulse(&self) {
        let mut beats: u32 = 0;
        loop {
            tokio::time::sleep(PULSE).await;
            if let Err(error) = self.pulse().await {
                tracing::warn!(%error, "signs of life cannot be queued");
            }
            beats = beats.wrapping_add(1);
            if beats.is_multiple_of(3_600)
                && let Err(error) = self.tidy().await
            {
                tracing::warn!(%error, "old notifications cannot be forgotten");
            }
        }
    }

    /// Looks for what is new to those who come by WebSocket, for as long as the process lives.
    pub async fn keep_board(&self) {
        self.board.keep(&self.parts.database).await;
    }

    /// Queues the signs of life that are due. Returns how many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn pulse(&self) -> Result<usize> {
        let now = self.now();
        let mut count = 0;
        for tenant in store::tenants_with_heartbeats(&self.parts.database, now).await? {
            // A tenant that does not serve is told nothing.
            let Ok(keys) = self.parts.store.tenants().keys(tenant).await else {
                continue;
            };
            let tx = self.parts.database.tenant(tenant).await?;
            for row in store::due_heartbeats(&tx, now).await? {
                let parcel = parcel(row, Uuid::now_v7(), Say::Heartbeat, now)?;
                let queue = &self.parts.queue;
                queue.put(&tx, &keys, COURIER, &parcel, now).await?;
                count += 1;
            }
            tx.commit().await?;
        }
        if count > 0 {
            self.parts.queue.wake();
        }
        Ok(count)
    }

    /// Forgets notifications of more than a week ago.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tidy(&self) -> Result<i64> {
        store::tidy(
            &self.parts.database,
            self.now().plus_seconds(-KEPT_DAYS * 86_400),
        )
        .await
    }

    pub(crate) fn now(&self) -> Instant {
        self.parts.clock.now()
    }

    /// The subscriber as the record store wants them, without what consents keep back; `None` when they
    /// may do nothing any more.
    pub(crate) async fn reader(
        &self,
        tenant: TenantId,
        owner: &Owner,
        right: Interaction,
    ) -> Result<Option<Caller>> {
        let standing = self.parts.subscribers.standing(tenant, owner).await;
        let standing = standing.map_err(|_| SubscriptionError::Subscriber)?;
        let Some(who) = standing.filter(|who| who.tenant == tenant) else {
            return Ok(None);
        };
        self.caller(who, right).await.map(Some)
    }

    /// Somebody as the record store wants them, without what consents keep back.
    pub(crate) async fn caller(
        &self,
        who: Arc<Authenticated>,
        right: Interaction,
    ) -> Result<Caller> {
        let store = &self.parts.store;
        let registry = store.tenants().params(who.tenant).await?;
        let session = Arc::new(Session::new(who));
        let caller = session.caller(&registry, right, Uuid::now_v7(), self.now());
        let emergencies = session.grant().emergencies();
        let withheld = store.withheld(&caller.ctx, emergencies).await;
        let withheld = withheld.map_err(|_| SubscriptionError::Subscriber)?;
        Ok(caller.without(&withheld, &registry))
    }

    /// How a Subscription stands, as a Bundle (`$status`). The caller may read the Subscription; that was asked.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn status(&self, tenant: TenantId, id: &str) -> Result<Value> {
        let keys = self.parts.store.tenants().keys(tenant).await?;
        let kept = store::find(&self.parts.database, &keys, store::row_of(id)).await?;
        let resource = self.resource(tenant, id).await?.unwrap_or_default();
        let asked = Asked::read(&resource, self.now()).ok();
        let base = self.base(tenant).await?;
        Ok(answer(&Told {
            kind: Kind::Status,
            base: &base,
            subscription: id,
            status: resource["status"].as_str().unwrap_or("off"),
            topic: asked.as_ref().and_then(Asked::topic),
            content: Content::Empty,
            events: kept.map_or(0, |kept| kept.events),
            now: self.now(),
            occurred: &[],
        }))
    }

    /// What a Subscription was told, as a Bundle (`$events`), with what `caller` may read of it now.
    ///
    /// # Errors
    /// Invalid when the content has another code than the backport knows; when the database does not answer.
    pub async fn events(
        &self,
        caller: &Caller,
        id: &str,
        (from, to): (Option<i64>, Option<i64>),
        content: Option<&str>,
    ) -> Result<Value> {
        let tenant = caller.ctx.tenant;
        let keys = self.parts.store.tenants().keys(tenant).await?;
        let resource = self.resource(tenant, id).await?.unwrap_or_default();
        let asked = Asked::read(&resource, self.now()).map_err(SubscriptionError::Refused)?;
        let content = match content {
            None => asked.content,
            Some(code) => Content::of(code).ok_or_else(|| {
                let message = "the content is empty, id-only or full-resource";
                SubscriptionError::Refused(Fault::new(ErrorKind::Invalid, message).at("content"))
            })?,
        };
        let row = store::row_of(id);
        let range = (from.unwrap_or(1), to.unwrap_or(i64::MAX));
        let database = &self.parts.database;
        let kept = store::find(database, &keys, row).await?;
        let mut occurred = Vec::new();
        for (number, at, focus) in
            store::notifications(database, &keys, row, range, MOST_EVENTS).await?
        {
            let focus = self.readable(caller, focus).await?;
            occurred.push(Occurred { number, at, focus });
        }
        let base = self.base(tenant).await?;
        Ok(bundle(&Told {
            kind: Kind::Events,
            base: &base,
            subscription: id,
            status: resource["status"].as_str().unwrap_or("off"),
            topic: asked.topic(),
            content,
            events: kept.map_or(0, |kept| kept.events),
            now: self.now(),
            occurred: &occurred,
        }))
    }

    /// The records of a notification that somebody may read now, as they are now.
    pub(crate) async fn readable(
        &self,
        caller: &Caller,
        focus: Vec<Focus>,
    ) -> Result<Vec<(Focus, Option<Value>)>> {
        let mut readable = Vec::new();
        for one in focus {
            let Some(kind) = ResourceType::from_name(&one.kind) else {
                continue;
            };
            match self.parts.store.read(caller, kind, &one.id).await {
                Ok(stored) => {
                    let record = serde_json::from_slice(&stored.body);
                    let record = record.map_err(|_| SubscriptionError::Unreadable)?;
                    readable.push((one, Some(record)));
                }
                Err(error) => match error.kind() {
                    ErrorKind::NotFound | ErrorKind::Gone | ErrorKind::Forbidden => {}
                    _ => return Err(error.into()),
                },
            }
        }
        Ok(readable)
    }

    /// The FHIR base of a tenant.
    pub(crate) async fn base(&self, tenant: TenantId) -> Result<String> {
        let name = self.parts.store.tenants().name(tenant).await?;
        let origin = self.parts.origin.trim_end_matches('/');
        Ok(format!("{origin}/t/{name}/fhir/R4"))
    }

    /// The Subscription itself, as it is now; `None` when it is gone.
    pub(crate) async fn resource(&self, tenant: TenantId, id: &str) -> Result<Option<Value>> {
        let stored = self
            .parts
            .store
            .read(&self.system(tenant), ResourceType::SUBSCRIPTION, id)
            .await;
        match stored {
            Ok(stored) => serde_json::from_slice(&stored.body)
                .map(Some)
                .map_err(|_| SubscriptionError::Unreadable),
            Err(error) => match error.kind() {
                ErrorKind::NotFound | ErrorKind::Gone => Ok(None),
                _ => Err(error.into()),
            },
        }
    }

    /// Says in the Subscription how it stands, unless somebody asked for something else meanwhile.
    pub(crate) async fn publish(
        &self,
        tenant: TenantId,
        particulars: &Particulars,
        state: State,
        error: Option<&str>,
    ) -> Result<()> {
        let Some(mut resource) = self.resource(tenant, &particulars.id).await? else {
            return Ok(());
        };
        let known = resource["status"].as_str().unwrap_or_default();
        if known == state.code() || known == "off" {
            return Ok(());
        }
        let version = resource["meta"]["versionId"].as_str();
        let version = version.and_then(|text| text.parse().ok());
        resource["status"] = state.code().into();
        match (error, resource.as_object_mut()) {
            (Some(error), Some(fields)) => {
                fields.insert("error".to_owned(), error.into());
            }
            (None, Some(fields)) => {
                fields.remove("error");
            }
            (_, None) => {}
        }
        let bytes = resource.to_string().into_bytes();
        let doc = Doc::parse(bytes, &Limits::default());
        let doc = doc.map_err(|_| SubscriptionError::Unreadable)?;
        let change = Change {
            resource_type: ResourceType::SUBSCRIPTION,
            full_url: None,
            action: Action::Update {
                target: Target::Id(particulars.id.clone()),
                content: mt_store::Content::Own(Box::new(doc)),
                if_match: version,
                upsert: false,
            },
        };
        self.parts
            .store
            .commit_one(&self.system(tenant), change)
            .await?;
        Ok(())
    }

    fn system(&self, tenant: TenantId) -> Caller {
        Caller::unrestricted(OpCtx {
            tenant,
            actor: Actor::system("subscriptions"),
            purpose: PurposeOfUse::Operations,
            correlation_id: Uuid::now_v7(),
            now: self.now(),
        })
    }
}

/// Something to say to a subscriber.
pub(crate) fn parcel(row: Uuid, id: Uuid, say: Say, now: Instant) -> Result<NewParcel> {
    let body = serde_json::to_vec(&say).map_err(|_| SubscriptionError::Unreadable)?;
    Ok(NewParcel {
        id,
        target: row,
        body,
        due_at: now,
    })
}
