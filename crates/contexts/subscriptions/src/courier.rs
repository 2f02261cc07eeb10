//! Tells subscribers, as what they may read now.

use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use mt_access::Interaction;
use mt_crypto::TenantKeys;
use mt_outbound::{Answer, Carried, Courier, Outgoing, Parcel, Schedule, SendError};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Subscriptions;
use crate::domain::{Asked, Content, Focus, Hook, Kind, Occurred, Told, bundle};
use crate::error::{Result, SubscriptionError};
use crate::store::{self, Kept, State};

/// The name of the queue.
pub(crate) const COURIER: &str = "subscriptions";

/// What a parcel says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "kebab-case")]
pub(crate) enum Say {
    /// The subscription begins.
    Handshake,
    /// The server lives.
    Heartbeat,
    /// Something happened.
    Event {
        /// The number of the notification.
        number: i64,
    },
}

/// Tells the subscribers of all tenants.
#[derive(Clone, Debug)]
pub struct SubscriptionCourier {
    subscriptions: Subscriptions,
}

/// What there is to send.
enum Ready {
    /// One request after the other.
    Requests(Vec<Outgoing>),
    /// Nothing: it may not be read any more, or a plain channel has no word for it.
    Nothing,
}

impl SubscriptionCourier {
    /// The courier of a context.
    #[must_use]
    pub const fn new(subscriptions: Subscriptions) -> Self {
        Self { subscriptions }
    }

    async fn deliver(&self, keys: &TenantKeys, parcel: &Parcel) -> Result<Carried> {
        let parts = &self.subscriptions.parts;
        let never = |reason| Carried::Never {
            reason,
            status: None,
        };
        let Some(kept) = store::find(&parts.database, keys, parcel.target).await? else {
            return Ok(never("subscription-gone"));
        };
        let say: Say =
            serde_json::from_slice(&parcel.body).map_err(|_| SubscriptionError::Unreadable)?;
        if kept.state == State::Error {
            return Ok(never("subscription-in-error"));
        }
        let asked = Asked::read(&kept.particulars.resource, parcel.now);
        let asked = asked.map_err(SubscriptionError::Refused)?;
        if asked.end.is_some_and(|end| end <= parcel.now) {
            return Ok(Carried::Delivered(None));
        }
        let mut last = None;
        // Who comes by WebSocket is told there.
        let requests = match &asked.hook {
            Some(hook) => {
                self.requests(keys, parcel, &kept, (&asked, hook), say)
                    .await?
            }
            None => Ready::Nothing,
        };
        if let Ready::Requests(requests) = requests {
            for request in requests {
                match outcome(parts.guard.send(request).await) {
                    Carried::Delivered(status) => last = status,
                    other => return Ok(other),
                }
            }
        }
        store::told(
            &parts.database,
            parcel.tenant,
            kept.row,
            asked.hook.as_ref().and(asked.heartbeat),
            parcel.now,
        )
        .await?;
        if say == Say::Handshake {
            let subscriptions = &self.subscriptions;
            subscriptions
                .publish(parcel.tenant, &kept.particulars, State::Active, None)
                .await?;
        }
        Ok(Carried::Delivered(last))
    }

    async fn requests(
        &self,
        keys: &TenantKeys,
        parcel: &Parcel,
        kept: &Kept,
        (asked, hook): (&Asked, &Hook),
        say: Say,
    ) -> Result<Ready> {
        let mut occurred = Vec::new();
        let kind = match say {
            Say::Handshake => Kind::Handshake,
            Say::Heartbeat => Kind::Heartbeat,
            Say::Event { number } => {
                let database = &self.subscriptions.parts.database;
                let found = store::notification(database, keys, kept.row, number).await?;
                let Some((at, focus)) = found else {
                    return Ok(Ready::Nothing);
                };
                let focus = self.readable(parcel, kept, focus).await?;
                if focus.is_empty() {
                    return Ok(Ready::Nothing);
                }
                occurred.push(Occurred { number, at, focus });
                Kind::Event
            }
        };
        let Some(topic) = asked.topic() else {
            let focus = occurred.into_iter().flat_map(|one| one.focus);
            return Ok(Ready::Requests(plain(
                asked.content,
                hook,
                &focus.collect::<Vec<_>>(),
            )));
        };
        let base = self.subscriptions.base(parcel.tenant).await?;
        let told = Told {
            kind,
            base: &base,
            subscription: &kept.particulars.id,
            status: kept.state.code(),
            topic: Some(topic),
            content: asked.content,
            events: kept.events,
            now: parcel.now,
            occurred: &occurred,
        };
        let body = Bytes::from(bundle(&told).to_string());
        let url = hook.endpoint.clone();
        Ok(Ready::Requests(vec![outgoing(
            hook,
            Method::POST,
            url,
            Some(body),
        )]))
    }

    /// The records of a notification that the subscriber may read now, as they are now.
    async fn readable(
        &self,
        parcel: &Parcel,
        kept: &Kept,
        focus: Vec<Focus>,
    ) -> Result<Vec<(Focus, Option<Value>)>> {
        if focus.is_empty() {
            return Ok(Vec::new());
        }
        let owner = &kept.particulars.owner;
        let reader = self
            .subscriptions
            .reader(parcel.tenant, owner, Interaction::Read);
        let Some(caller) = reader.await? else {
            return Ok(Vec::new());
        };
        self.subscriptions.readable(&caller, focus).await
    }
}

/// A notification as R4 has it: an empty `POST`, or each record by `PUT`; nothing when nothing happened
/// (<http://hl7.org/fhir/R4/subscription.html#rest-hook>).
fn plain(content: Content, hook: &Hook, readable: &[(Focus, Option<Value>)]) -> Vec<Outgoing> {
    if readable.is_empty() {
        return Vec::new();
    }
    if content == Content::Empty {
        return vec![outgoing(hook, Method::POST, hook.endpoint.clone(), None)];
    }
    let base = hook.endpoint.trim_end_matches('/');
    let records = readable
        .iter()
        .filter_map(|(focus, record)| Some((focus, record.as_ref()?)));
    records
        .map(|(focus, record)| {
            let url = format!("{base}/{}/{}", focus.kind, focus.id);
            outgoing(
                hook,
                Method::PUT,
                url,
                Some(Bytes::from(record.to_string())),
            )
        })
        .collect()
}

fn outgoing(hook: &Hook, method: Method, url: String, body: Option<Bytes>) -> Outgoing {
    let mut headers = HeaderMap::new();
    for (name, value) in &hook.headers {
        let parsed = (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_str(value),
        );
        if let (Ok(name), Ok(value)) = parsed {
            headers.append(name, value);
        }
    }
    if body.is_some() {
        let fhir = HeaderValue::from_static("application/fhir+json");
        headers.insert(header::CONTENT_TYPE, fhir);
    }
    Outgoing {
        method,
        url,
        headers,
        body: body.unwrap_or_default(),
        timeout: Duration::from_secs(hook.timeout),
    }
}

fn outcome(answer: std::result::Result<Answer, SendError>) -> Carried {
    let later = |reason, status, wish| Carried::Later {
        reason,
        status,
        wish,
    };
    match answer {
        Ok(answer) => match answer.status {
            200..=299 => Carried::Delivered(Some(answer.status)),
            429 | 502..=504 => later("busy", Some(answer.status), answer.retry_after),
            status => later("refused", Some(status), None),
        },
        Err(SendError::Forbidden(_)) => Carried::Never {
            reason: "forbidden-url",
            status: None,
        },
        Err(SendError::Timeout) => later("timeout", None, None),
        Err(SendError::Unreachable) => later("unreachable", None, None),
    }
}

impl Courier for SubscriptionCourier {
    fn name(&self) -> &'static str {
        COURIER
    }

    fn schedule(&self) -> Schedule {
        const HOURS: &[Duration] = &[
            Duration::ZERO,
            Duration::from_secs(5),
            Duration::from_secs(30),
            Duration::from_secs(120),
            Duration::from_secs(600),
            Duration::from_secs(1_800),
            Duration::from_secs(3_600),
        ];
        Schedule(HOURS)
    }

    fn keeps_order(&self) -> bool {
        true
    }

    fn carry<'a>(&'a self, keys: &'a TenantKeys, parcel: &'a Parcel) -> BoxFuture<'a, Carried> {
        Box::pin(async move {
            self.deliver(keys, parcel).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "a subscriber cannot be told");
                Carried::Later {
                    reason: "unavailable",
                    status: None,
                    wish: None,
                }
            })
        })
    }

    fn gave_up<'a>(&'a self, parcel: &'a Parcel) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            if let Err(error) = self.fail(parcel).await {
                tracing::warn!(%error, "a subscription cannot be put into error");
            }
        })
    }
}

impl SubscriptionCourier {
    /// What cannot be told to the end puts its subscription into error: the subscriber asks anew when it is back.
    async fn fail(&self, parcel: &Parcel) -> Result<()> {
        let parts = &self.subscriptions.parts;
        let keys = parts.store.tenants().keys(parcel.tenant).await?;
        let Some(kept) = store::find(&parts.database, &keys, parcel.target).await? else {
            return Ok(());
        };
        if kept.state == State::Error {
            return Ok(());
        }
        store::failed(&parts.database, parcel.tenant, kept.row).await?;
        let why = "the endpoint does not take notifications";
        let subscriptions = &self.subscriptions;
        subscriptions
            .publish(parcel.tenant, &kept.particulars, State::Error, Some(why))
            .await
    }
}
