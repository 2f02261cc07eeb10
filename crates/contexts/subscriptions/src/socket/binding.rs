//! One Subscription bound to a connection, and what there is to say of it.

use std::sync::Arc;

use mt_access::{Authenticated, Interaction};
use mt_kernel::{Instant, TenantId};
use serde_json::Value;

use super::board::{Key, Progress};
use super::token;
use crate::Subscriptions;
use crate::domain::{Asked, Focus, Kind, Occurred, Told, bundle};
use crate::error::{Result, SubscriptionError};
use crate::store::{self, Kept, State};

/// Notifications that are read at once.
const AT_ONCE: i64 = 50;

/// A Subscription that a client bound.
#[derive(Debug)]
pub(super) struct Binding {
    /// Literal id of the Subscription.
    pub(super) id: String,
    pub(super) key: Key,
    /// Who bound it, with the standing that was found last.
    pub(super) who: Arc<Authenticated>,
    /// Until when; a binding by the connection's own credential lasts as long as that is good.
    pub(super) until: Option<Instant>,
    /// Number of the last notification that was said, or left out.
    told: i64,
    /// Seconds between signs of life.
    heartbeat: Option<i64>,
    spoken: Instant,
}

/// What there is to say.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// These messages, and perhaps more.
    Messages(Vec<String>),
    /// Nothing now.
    Nothing,
    /// Nothing any more: the Subscription is gone, or is somebody else's now.
    Over,
}

impl Binding {
    /// Binds a Subscription that is told by WebSocket to `who`; none when there is none, or it is not theirs.
    pub(super) async fn find(
        subscriptions: &Subscriptions,
        who: &Arc<Authenticated>,
        id: &str,
        until: Option<Instant>,
    ) -> Result<Option<Self>> {
        let row = store::row_of(id);
        let Some((kept, asked)) = present(subscriptions, (who.tenant, row), who).await? else {
            return Ok(None);
        };
        if kept.state != State::Active {
            return Ok(None);
        }
        let heartbeat = asked.topic().and(asked.heartbeat);
        Ok(Some(Self {
            id: id.to_owned(),
            key: (who.tenant, row),
            who: Arc::clone(who),
            until,
            told: kept.events,
            heartbeat: heartbeat.and_then(|seconds| i64::try_from(seconds).ok()),
            spoken: subscriptions.now(),
        }))
    }

    /// The Bundle that begins, when the Subscription is one of the backport.
    pub(super) async fn handshake(&self, subscriptions: &Subscriptions) -> Result<Option<String>> {
        self.sign(subscriptions, Kind::Handshake).await
    }

    /// The sign of life that is due.
    pub(super) async fn heartbeat(
        &mut self,
        subscriptions: &Subscriptions,
    ) -> Result<Option<String>> {
        let now = subscriptions.now();
        let is_due = self
            .heartbeat
            .is_some_and(|seconds| self.spoken.plus_seconds(seconds) <= now);
        if !is_due {
            return Ok(None);
        }
        self.spoken = now;
        self.sign(subscriptions, Kind::Heartbeat).await
    }

    async fn sign(&self, subscriptions: &Subscriptions, kind: Kind) -> Result<Option<String>> {
        let found = present(subscriptions, self.key, &self.who).await?;
        match found {
            Some((kept, asked)) => {
                said(subscriptions, self.key.0, (&kept, &asked), kind, &[]).await
            }
            None => Ok(None),
        }
    }

    /// What happened since the last time, authorised now: for the subscriber, and for who is bound.
    pub(super) async fn news(&mut self, subscriptions: &Subscriptions) -> Result<Said> {
        let last = match subscriptions.board.progress(self.key) {
            Progress::Unknown => return Ok(Said::Nothing),
            Progress::Gone => return Ok(Said::Over),
            Progress::At(last) if last <= self.told => return Ok(Said::Nothing),
            Progress::At(last) => last,
        };
        let Some((kept, asked)) = present(subscriptions, self.key, &self.who).await? else {
            return Ok(Said::Over);
        };
        let parts = &subscriptions.parts;
        let keys = parts.store.tenants().keys(self.key.0).await?;
        let range = (self.told + 1, last);
        let found =
            store::notifications(&parts.database, &keys, self.key.1, range, AT_ONCE).await?;
        let mut messages = Vec::new();
        for (number, at, focus) in found {
            self.told = number;
            let focus = self.readable(subscriptions, &kept, focus).await?;
            if focus.is_empty() {
                continue;
            }
            if asked.topic().is_none() {
                // A ping says that there is something to look for: one is as good as many.
                messages = vec![format!("ping {}", self.id)];
                continue;
            }
            let occurred = [Occurred { number, at, focus }];
            let told = (&kept, &asked);
            messages.extend(said(subscriptions, self.key.0, told, Kind::Event, &occurred).await?);
        }
        if messages.is_empty() && self.told < last {
            // What is no longer kept cannot be told; `$events` would not say it either.
            self.told = last;
        }
        self.spoken = subscriptions.now();
        Ok(Said::Messages(messages))
    }

    async fn readable(
        &self,
        subscriptions: &Subscriptions,
        kept: &Kept,
        focus: Vec<Focus>,
    ) -> Result<Vec<(Focus, Option<Value>)>> {
        let owner = &kept.particulars.owner;
        let reader = subscriptions.reader(self.key.0, owner, Interaction::Read);
        let Some(subscriber) = reader.await? else {
            return Ok(Vec::new());
        };
        let found = subscriptions.readable(&subscriber, focus).await?;
        let bound = subscriptions.caller(Arc::clone(&self.who), Interaction::Read);
        let focus = found.into_iter().map(|(focus, _)| focus).collect();
        subscriptions.readable(&bound.await?, focus).await
    }
}

/// A Subscription as it is asked for now, while it is told and still belongs to who bound it.
async fn present(
    subscriptions: &Subscriptions,
    (tenant, row): Key,
    who: &Authenticated,
) -> Result<Option<(Kept, Asked)>> {
    let parts = &subscriptions.parts;
    let keys = parts.store.tenants().keys(tenant).await?;
    let Some(kept) = store::find(&parts.database, &keys, row).await? else {
        return Ok(None);
    };
    let now = subscriptions.now();
    let asked = Asked::read(&kept.particulars.resource, now);
    let asked = asked.map_err(SubscriptionError::Refused)?;
    let is_told = asked.hook.is_none()
        && kept.state != State::Error
        && asked.end.is_none_or(|end| end > now)
        && token::is_of(&kept.particulars.owner, who);
    Ok(is_told.then_some((kept, asked)))
}

/// A Bundle of the backport; R4 has no word for it.
async fn said(
    subscriptions: &Subscriptions,
    tenant: TenantId,
    (kept, asked): (&Kept, &Asked),
    kind: Kind,
    occurred: &[Occurred],
) -> Result<Option<String>> {
    let Some(topic) = asked.topic() else {
        return Ok(None);
    };
    let base = subscriptions.base(tenant).await?;
    let told = Told {
        kind,
        base: &base,
        subscription: &kept.particulars.id,
        status: kept.state.code(),
        topic: Some(topic),
        content: asked.content,
        events: occurred.first().map_or(kept.events, |one| one.number),
        now: subscriptions.now(),
        occurred,
    };
    Ok(Some(bundle(&told).to_string()))
}
