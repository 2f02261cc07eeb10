//! From changes to notifications.
//!
//! A change is searched for as the subscriber, so that what they may not read never matches. What is told is
//! authorised again when it is sent.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::BoxFuture;
use mt_access::Interaction;
use mt_crypto::TenantKeys;
use mt_database::TenantTx;
use mt_events::catalogue::{EventType, Topic, Value};
use mt_events::{Consumer, Event, HandlerError, Transaction};
use mt_fhir::ResourceType;
use mt_kernel::TenantId;
use mt_search::{ParamRegistry, ParseOptions, Query};
use mt_store::Caller;
use uuid::Uuid;

use crate::Subscriptions;
use crate::courier::{COURIER, Say};
use crate::domain::{Asked, Focus, Trigger, by_socket};
use crate::error::{Result, SubscriptionError};
use crate::policy::REQUESTED;
use crate::service::{Owner, parcel};
use crate::store::{self, Kept, Particulars, row_of};

const COMMITTED: &str = "records.committed.v1";
/// Changed records of one type that are searched for at once.
const AT_ONCE: usize = 100;

/// Makes notifications of changes.
#[derive(Clone, Debug)]
pub struct Matcher {
    subscriptions: Subscriptions,
}

impl Matcher {
    /// The consumer of a context.
    #[must_use]
    pub const fn new(subscriptions: Subscriptions) -> Self {
        Self { subscriptions }
    }

    async fn take(&self, event: &Event, tx: &TenantTx) -> Result<()> {
        let tenants = self.subscriptions.parts.store.tenants();
        let keys = tenants.keys(event.tenant).await?;
        let values = event.values().map_err(|_| SubscriptionError::Unreadable)?;
        let fields: BTreeMap<String, Value> = values.into_iter().collect();
        if event.kind.name == REQUESTED {
            self.request(&keys, event, &fields, tx).await
        } else {
            self.matched(&keys, event, &fields, tx).await
        }
    }

    /// Somebody asks to be told, or not to be.
    async fn request(
        &self,
        keys: &TenantKeys,
        event: &Event,
        fields: &BTreeMap<String, Value>,
        tx: &TenantTx,
    ) -> Result<()> {
        let text = |name: &str| match fields.get(name) {
            Some(Value::Text(text)) => Some(text.clone()),
            _ => None,
        };
        let id = text("subject_id").ok_or(SubscriptionError::Unreadable)?;
        let row = row_of(&id);
        let now = self.subscriptions.now();
        let queue = &self.subscriptions.parts.queue;
        queue.give_up(tx, row, "superseded", now).await?;
        let resource = self.subscriptions.resource(event.tenant, &id).await?;
        // Later events speak of later wishes: only the present one counts.
        let wanted = resource.filter(|resource| resource["status"] == "requested");
        let Some(resource) = wanted else {
            return store::remove(tx, row).await;
        };
        let asked = Asked::read(&resource, now).map_err(SubscriptionError::Refused)?;
        let roles = match fields.get("actor_roles") {
            Some(Value::Texts(roles)) => roles.clone(),
            _ => Vec::new(),
        };
        let owner = Owner {
            actor: text("actor_id").ok_or(SubscriptionError::Unreadable)?,
            roles,
            client: text("client_id"),
            fhir_user: text("fhir_user"),
        };
        let particulars = Particulars {
            id,
            resource,
            owner,
        };
        store::put(tx, keys, &asked.types(), &particulars, now).await?;
        let parcel = parcel(row, event.id, Say::Handshake, now)?;
        queue.put(tx, keys, COURIER, &parcel, now).await?;
        queue.wake();
        Ok(())
    }

    /// A transaction changed records.
    async fn matched(
        &self,
        keys: &TenantKeys,
        event: &Event,
        fields: &BTreeMap<String, Value>,
        tx: &TenantTx,
    ) -> Result<()> {
        let changed = changed(fields);
        let numbers: Vec<i16> = changed
            .keys()
            .filter_map(|kind| i16::try_from(kind.number()).ok())
            .collect();
        for kept in store::wanting(tx, keys, &numbers).await? {
            let focus = self.focus(event, &kept, &changed).await?;
            if focus.is_empty() {
                continue;
            }
            let now = self.subscriptions.now();
            let number = store::number(tx, keys, kept.row, &focus, event.at).await?;
            if by_socket(&kept.particulars.resource) {
                self.subscriptions.board.look();
                continue;
            }
            let parcel = parcel(kept.row, Uuid::now_v7(), Say::Event { number }, now)?;
            let queue = &self.subscriptions.parts.queue;
            queue.put(tx, keys, COURIER, &parcel, now).await?;
            queue.wake();
        }
        Ok(())
    }

    /// The changed records that a subscription is about and its subscriber may read.
    async fn focus(
        &self,
        event: &Event,
        kept: &Kept,
        changed: &BTreeMap<ResourceType, Vec<Uuid>>,
    ) -> Result<Vec<Focus>> {
        let now = self.subscriptions.now();
        let asked = Asked::read(&kept.particulars.resource, now);
        let asked = asked.map_err(SubscriptionError::Refused)?;
        if asked.end.is_some_and(|end| end <= now) {
            return Ok(Vec::new());
        }
        let owner = &kept.particulars.owner;
        let reader = self
            .subscriptions
            .reader(event.tenant, owner, Interaction::Search);
        let Some(caller) = reader.await? else {
            return Ok(Vec::new());
        };
        let tenants = self.subscriptions.parts.store.tenants();
        let registry = tenants.params(event.tenant).await?;
        let mut found = Vec::new();
        for trigger in &asked.triggers {
            let Some(ids) = changed.get(&trigger.kind) else {
                continue;
            };
            for some in ids.chunks(AT_ONCE) {
                let ids = self.literal(event.tenant, trigger.kind, some).await?;
                found.extend(self.search(&caller, &registry, trigger, &ids).await?);
            }
        }
        let mut seen = BTreeSet::new();
        found.retain(|focus| seen.insert((focus.kind.clone(), focus.id.clone())));
        Ok(found)
    }

    /// The ids of the records with these row keys.
    async fn literal(
        &self,
        tenant: TenantId,
        kind: ResourceType,
        keys: &[Uuid],
    ) -> Result<Vec<String>> {
        let store = &self.subscriptions.parts.store;
        let mut ids = Vec::with_capacity(keys.len());
        for key in keys {
            ids.extend(store.literal_id(tenant, kind, *key).await?);
        }
        Ok(ids)
    }

    async fn search(
        &self,
        caller: &Caller,
        registry: &ParamRegistry,
        trigger: &Trigger,
        ids: &[String],
    ) -> Result<Vec<Focus>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let rest = match trigger.parameters.as_str() {
            "" => String::new(),
            parameters => format!("&{parameters}"),
        };
        let kind = trigger.kind.name();
        let criteria = format!("{kind}?_id={}&_count={AT_ONCE}{rest}", ids.join(","));
        let options = ParseOptions::at(self.subscriptions.now());
        let query = Query::parse_criteria(registry, &criteria, &options)
            .map_err(|_| SubscriptionError::Unreadable)?;
        let page = self
            .subscriptions
            .parts
            .store
            .search(caller, &query, None)
            .await?;
        let found = page.entries.into_iter().map(|entry| Focus {
            kind: kind.to_owned(),
            id: entry.resource.id.to_string(),
            version: entry.resource.version,
        });
        Ok(found.collect())
    }
}

/// The row keys of created and changed records, by type.
fn changed(fields: &BTreeMap<String, Value>) -> BTreeMap<ResourceType, Vec<Uuid>> {
    let texts = |name: &str| match fields.get(name) {
        Some(Value::Texts(texts)) => texts.as_slice(),
        _ => &[],
    };
    let mut changed: BTreeMap<ResourceType, Vec<Uuid>> = BTreeMap::new();
    let rows = texts("types")
        .iter()
        .zip(texts("keys"))
        .zip(texts("actions"));
    for ((kind, key), action) in rows {
        let (kind, key) = (ResourceType::from_name(kind), Uuid::parse_str(key));
        if let (Some(kind), Ok(key), true) = (kind, key, action != "delete") {
            changed.entry(kind).or_default().push(key);
        }
    }
    changed
}

impl Consumer for Matcher {
    fn name(&self) -> &'static str {
        "subscriptions"
    }

    fn topics(&self) -> Vec<&'static Topic> {
        Topic::named("record-events").into_iter().collect()
    }

    fn wants(&self, kind: &'static EventType) -> bool {
        kind.name == COMMITTED || kind.name == REQUESTED
    }

    fn transaction(&self) -> Transaction {
        Transaction::Shared
    }

    fn handle<'a>(
        &'a self,
        event: &'a Event,
        tx: &'a TenantTx,
    ) -> BoxFuture<'a, Result<(), HandlerError>> {
        Box::pin(async move {
            self.take(event, tx).await.map_err(|error| match error {
                SubscriptionError::Database(error) => error.into(),
                SubscriptionError::Refused(_)
                | SubscriptionError::Unreadable
                | SubscriptionError::Crypto(_) => HandlerError::Poison("unreadable"),
                _ => HandlerError::Retry("unavailable"),
            })
        })
    }
}
