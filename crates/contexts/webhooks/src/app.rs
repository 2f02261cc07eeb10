//! What an administrator does with endpoints.

use std::fmt;
use std::sync::Arc;

use mt_audit::{Audit, Event, EventCode};
use mt_database::Database;
use mt_kernel::{Clock, ErrorKind, Fault, Instant, OpCtx, TenantId};
use mt_outbound::{Guard, NewParcel, Queue};
use mt_store::Tenants;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::courier::COURIER;
use crate::domain::{Secret, Selection, ping};
use crate::error::{Result, WebhookError};
use crate::store::{self, Held, Kept, Particulars};

/// Endpoints of one tenant.
const MOST: usize = 50;
/// Longest URL and description, bytes.
const LONGEST_URL: usize = 2_048;
const LONGEST_DESCRIPTION: usize = 500;
/// Longest time for which a replaced secret still signs.
const LONGEST_OVERLAP_HOURS: u32 = 7 * 24;
/// Deliveries are kept, and can be sent again, for this many days.
pub(crate) const KEPT_DAYS: i64 = 30;

/// Whether an endpoint is told of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EndpointState {
    /// It is.
    Active,
    /// Somebody switched it off.
    Off,
    /// It failed for days, or said that it is gone.
    Disabled,
}

impl EndpointState {
    pub(crate) const fn number(self) -> i16 {
        match self {
            Self::Active => 1,
            Self::Off => 2,
            Self::Disabled => 3,
        }
    }

    pub(crate) const fn of(number: i16) -> Self {
        match number {
            1 => Self::Active,
            3 => Self::Disabled,
            _ => Self::Off,
        }
    }
}

/// How an endpoint does.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// Since when every attempt has failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<String>,
    /// The last success.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_success: Option<String>,
    /// The last failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<String>,
}

/// An endpoint, without its secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Endpoint {
    /// Its id.
    pub id: Uuid,
    /// Where it is told.
    pub url: String,
    /// What it is for.
    pub description: String,
    /// Which events: names, beginnings (`appointment.*`) or `*`.
    pub events: Vec<String>,
    /// Whether it is told.
    pub state: EndpointState,
    /// How it does.
    pub health: Health,
    /// When it was made.
    pub created_at: String,
    /// How many secrets sign: two during a rotation.
    pub secrets: usize,
    /// For `If-Match`.
    #[serde(skip)]
    pub version: u32,
}

/// What an administrator says of an endpoint.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Changed {
    /// Where it is told: https.
    pub url: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Which events: names, beginnings (`appointment.*`) or `*`.
    pub events: Vec<String>,
    /// Whether it is told.
    #[serde(default = "yes")]
    pub active: bool,
}

const fn yes() -> bool {
    true
}

/// A secret, shown this once.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Created {
    /// The endpoint.
    #[serde(flatten)]
    pub endpoint: Endpoint,
    /// `whsec_…`
    pub secret: String,
}

/// A message to an endpoint, and what became of it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    /// The `webhook-id`.
    pub id: Uuid,
    /// `waiting`, `delivered` or `given-up`.
    pub state: &'static str,
    /// When it was made.
    pub created_at: String,
    /// When it is tried next, while it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_attempt: Option<String>,
    /// How often it was tried.
    pub attempts: u32,
    /// HTTP status of the last answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_status: Option<u16>,
    /// Why the last attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What the context is made of.
pub struct WebhooksParts {
    /// Tables.
    pub database: Database,
    /// Tenants and their keys.
    pub tenants: Tenants,
    /// The trail.
    pub audit: Arc<Audit>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Parcels.
    pub queue: Queue,
    /// What may be called.
    pub guard: Guard,
    /// URL of the installation.
    pub origin: String,
}

/// The webhooks of every tenant.
#[derive(Clone)]
pub struct Webhooks {
    pub(crate) parts: Arc<WebhooksParts>,
}

impl fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhooks").finish_non_exhaustive()
    }
}

impl Webhooks {
    /// The context.
    #[must_use]
    pub fn new(parts: WebhooksParts) -> Self {
        Self {
            parts: Arc::new(parts),
        }
    }

    /// Every endpoint.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn endpoints(&self, tenant: TenantId) -> Result<Vec<Endpoint>> {
        let keys = self.parts.tenants.keys(tenant).await?;
        let kept = store::list(&self.parts.database, &keys).await?;
        Ok(kept.iter().map(|one| shown(one, self.now())).collect())
    }

    /// One endpoint.
    ///
    /// # Errors
    /// When there is none.
    pub async fn endpoint(&self, tenant: TenantId, id: Uuid) -> Result<Endpoint> {
        Ok(shown(&self.kept(tenant, id).await?, self.now()))
    }

    /// Makes an endpoint; its secret is shown this once.
    ///
    /// # Errors
    /// Invalid when the URL may not be called or the events are not known.
    pub async fn create(&self, ctx: &OpCtx, new: Changed) -> Result<Created> {
        self.check(&new)?;
        let keys = self.parts.tenants.keys(ctx.tenant).await?;
        if store::list(&self.parts.database, &keys).await?.len() >= MOST {
            let message = "an organisation has at most 50 endpoints";
            return Err(WebhookError::Refused(Fault::new(
                ErrorKind::Conflict,
                message,
            )));
        }
        let secret = Secret::generate()?.reveal();
        let held = Held {
            secret: secret.clone(),
            until: None,
        };
        let id = Uuid::now_v7();
        let particulars = particulars(new, vec![held]);
        self.enter(ctx, "made a webhook endpoint")?;
        let tx = self.parts.database.tenant(ctx.tenant).await?;
        store::insert(&tx, &keys, id, &particulars, ctx.now).await?;
        tx.commit().await?;
        let endpoint = self.endpoint(ctx.tenant, id).await?;
        Ok(Created { endpoint, secret })
    }

    /// Changes an endpoint. Switching it on again begins a new count of failures.
    ///
    /// # Errors
    /// As [`Self::create`]; a failed precondition when it is not of `version`.
    pub async fn change(
        &self,
        ctx: &OpCtx,
        id: Uuid,
        version: u32,
        new: Changed,
    ) -> Result<Endpoint> {
        self.check(&new)?;
        self.enter(ctx, "changed a webhook endpoint")?;
        self.update(ctx, id, |kept| {
            if u32::try_from(kept.version) != Ok(version) {
                let message = "the endpoint was changed meanwhile";
                return Err(WebhookError::Refused(Fault::new(
                    ErrorKind::Precondition,
                    message,
                )));
            }
            kept.state = match (new.active, kept.state) {
                (true, _) => EndpointState::Active,
                (false, EndpointState::Disabled) => EndpointState::Disabled,
                (false, _) => EndpointState::Off,
            };
            if new.active {
                kept.failing_since = None;
            }
            let secrets = std::mem::take(&mut kept.particulars.secrets);
            kept.particulars = particulars(new, secrets);
            Ok(())
        })
        .await?;
        self.endpoint(ctx.tenant, id).await
    }

    /// Gives an endpoint a new secret; the old one signs as well for `overlap_hours`.
    ///
    /// # Errors
    /// When there is no such endpoint, or the overlap is longer than a week.
    pub async fn rotate(&self, ctx: &OpCtx, id: Uuid, overlap_hours: u32) -> Result<Created> {
        if overlap_hours > LONGEST_OVERLAP_HOURS {
            return Err(WebhookError::invalid(
                "secrets overlap for a week at most",
                "overlapHours",
            ));
        }
        self.enter(ctx, "rotated the secret of a webhook endpoint")?;
        let secret = Secret::generate()?.reveal();
        let until = ctx.now.unix_seconds() + i64::from(overlap_hours) * 3_600;
        let fresh = Held {
            secret: secret.clone(),
            until: None,
        };
        self.update(ctx, id, |kept| {
            let secrets = &mut kept.particulars.secrets;
            secrets.retain(|held| {
                held.until
                    .is_none_or(|until| ctx.now.unix_seconds() < until)
            });
            for held in secrets.iter_mut() {
                held.until = Some(held.until.map_or(until, |earlier| earlier.min(until)));
            }
            secrets.insert(0, fresh);
            Ok(())
        })
        .await?;
        let endpoint = self.endpoint(ctx.tenant, id).await?;
        Ok(Created { endpoint, secret })
    }

    /// Removes an endpoint and what waits for it.
    ///
    /// # Errors
    /// When there is no such endpoint.
    pub async fn remove(&self, ctx: &OpCtx, id: Uuid) -> Result<()> {
        self.enter(ctx, "removed a webhook endpoint")?;
        let tx = self.parts.database.tenant(ctx.tenant).await?;
        if store::remove(&tx, id).await? == 0 {
            return Err(WebhookError::not_found());
        }
        self.parts
            .queue
            .give_up(&tx, id, "endpoint-removed", ctx.now)
            .await?;
        Ok(tx.commit().await?)
    }

    /// Sends a message that tries an endpoint out. Returns its id.
    ///
    /// # Errors
    /// When there is no such endpoint.
    pub async fn test(&self, ctx: &OpCtx, id: Uuid) -> Result<Uuid> {
        self.kept(ctx.tenant, id).await?;
        let keys = self.parts.tenants.keys(ctx.tenant).await?;
        let message = Uuid::now_v7();
        let parcel = NewParcel {
            id: message,
            target: id,
            body: ping(message, ctx.now).into_bytes(),
            due_at: ctx.now,
        };
        let tx = self.parts.database.tenant(ctx.tenant).await?;
        let queue = &self.parts.queue;
        queue.put(&tx, &keys, COURIER, &parcel, ctx.now).await?;
        tx.commit().await?;
        queue.wake();
        Ok(message)
    }

    /// What was sent to an endpoint, newest first, before `before`; with the place of each.
    ///
    /// # Errors
    /// When there is no such endpoint.
    pub async fn deliveries(
        &self,
        tenant: TenantId,
        id: Uuid,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<(i64, Delivery)>> {
        self.kept(tenant, id).await?;
        let found = self.parts.queue.list(tenant, id, before, limit).await?;
        let shown = found.into_iter().map(|status| {
            let waits = status.state == mt_outbound::State::Waiting;
            let delivery = Delivery {
                id: status.id,
                state: status.state.code(),
                created_at: status.created_at.to_fhir(),
                next_attempt: waits.then(|| status.due_at.to_fhir()),
                attempts: status.attempts,
                last_status: status.last_status,
                reason: status.reason,
            };
            (status.seq, delivery)
        });
        Ok(shown.collect())
    }

    /// Sends again what was given up since `since`, with the same ids. Returns how many messages.
    ///
    /// # Errors
    /// When there is no such endpoint.
    pub async fn replay(&self, ctx: &OpCtx, id: Uuid, since: Instant) -> Result<u64> {
        self.kept(ctx.tenant, id).await?;
        self.enter(ctx, "replayed messages to a webhook endpoint")?;
        let tx = self.parts.database.tenant(ctx.tenant).await?;
        let count = self.parts.queue.again(&tx, id, since, ctx.now).await?;
        tx.commit().await?;
        self.parts.queue.wake();
        Ok(count)
    }

    /// Forgets what ended long ago; called now and then.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tidy(&self) -> Result<()> {
        let before = self.now().plus_seconds(-KEPT_DAYS * 86_400);
        self.parts.queue.tidy(before).await?;
        store::tidy(&self.parts.database, before).await?;
        Ok(())
    }

    pub(crate) fn now(&self) -> Instant {
        self.parts.clock.now()
    }

    async fn kept(&self, tenant: TenantId, id: Uuid) -> Result<Kept> {
        let keys = self.parts.tenants.keys(tenant).await?;
        let found = store::find(&self.parts.database, &keys, id).await?;
        found.ok_or_else(WebhookError::not_found)
    }

    async fn update(
        &self,
        ctx: &OpCtx,
        id: Uuid,
        change: impl FnOnce(&mut Kept) -> Result<()>,
    ) -> Result<()> {
        let keys = self.parts.tenants.keys(ctx.tenant).await?;
        let tx = self.parts.database.tenant(ctx.tenant).await?;
        let found = store::lock(&tx, &keys, id).await?;
        let mut kept = found.ok_or_else(WebhookError::not_found)?;
        change(&mut kept)?;
        store::update(&tx, &keys, &kept).await?;
        Ok(tx.commit().await?)
    }

    fn check(&self, new: &Changed) -> Result<()> {
        if new.url.len() > LONGEST_URL {
            return Err(WebhookError::invalid("the URL is too long", "url"));
        }
        if new.description.len() > LONGEST_DESCRIPTION {
            return Err(WebhookError::invalid(
                "the description is too long",
                "description",
            ));
        }
        if let Err(why) = self.parts.guard.check(&new.url) {
            let fault = Fault::new(ErrorKind::Invalid, why.to_string());
            return Err(WebhookError::Refused(fault.at("url")));
        }
        if Selection::new(new.events.clone()).is_none() {
            return Err(WebhookError::invalid("an event is not known", "events"));
        }
        Ok(())
    }

    pub(crate) fn enter(&self, ctx: &OpCtx, what: &'static str) -> Result<()> {
        let event = Event {
            reason: Some(what),
            ..Event::done(EventCode::Configuration)
        };
        Ok(self.parts.audit.record(ctx, &event)?)
    }
}

fn particulars(new: Changed, secrets: Vec<Held>) -> Particulars {
    Particulars {
        url: new.url,
        description: new.description,
        events: new.events,
        secrets,
    }
}

fn shown(kept: &Kept, now: Instant) -> Endpoint {
    let written = |at: Option<Instant>| at.map(Instant::to_fhir);
    Endpoint {
        id: kept.id,
        url: kept.particulars.url.clone(),
        description: kept.particulars.description.clone(),
        events: kept.particulars.events.clone(),
        state: kept.state,
        health: Health {
            failing_since: written(kept.failing_since),
            last_success: written(kept.last_success),
            last_failure: written(kept.last_failure),
        },
        created_at: kept.created_at.to_fhir(),
        secrets: kept.particulars.secrets_at(now).len(),
        version: u32::try_from(kept.version).unwrap_or_default(),
    }
}
