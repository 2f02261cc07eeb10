//! What a person is told in the application: reading it, and noting that it was read.

use mt_api::Caller;
use mt_crypto::TenantKeys;
use mt_kernel::Instant;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Notifications;
use crate::domain::{Category, Intent, Recipient};
use crate::error::{NotificationError, Result};
use crate::store;
use crate::store::messages::{Asked, Kept};

/// A record that a message is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = NotificationSubject)]
pub struct Subject {
    /// Type of the resource.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its id.
    pub id: String,
}

/// A message, as its reader sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Notification)]
pub struct Message {
    /// Its id.
    pub id: Uuid,
    /// Why.
    pub intent: Intent,
    /// What it is about.
    pub category: Category,
    /// Whether it needs attention at once.
    pub urgent: bool,
    /// Title.
    pub title: String,
    /// Text.
    pub body: String,
    /// Language of both.
    pub language: String,
    /// When it was told.
    pub created_at: String,
    /// When it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_at: Option<String>,
    /// The record that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
    /// The patient whom it concerns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patient: Option<String>,
}

/// A page of messages.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = NotificationPage)]
pub struct Inbox {
    /// Messages, the latest first.
    pub items: Vec<Message>,
    /// Cursor of the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// How many are unread, counted up to 1,000.
    pub unread: i64,
}

/// Where a list goes on.
pub(crate) type After = (Instant, Uuid);

/// The names under which a caller is told things: the own record first, then the account.
pub(crate) fn names(caller: &Caller) -> Vec<Recipient> {
    let actor = &caller.ctx.actor;
    let own = actor.fhir_user.as_deref().and_then(Recipient::parse);
    own.into_iter()
        .chain([Recipient::account(&actor.id)])
        .collect()
}

fn tokens(keys: &TenantKeys, caller: &Caller) -> Result<Vec<i64>> {
    let names = names(caller);
    names
        .iter()
        .map(|name| store::person_token(keys, name))
        .collect()
}

impl Notifications {
    /// Messages of the caller, the latest first, with the place of the next page.
    pub(crate) async fn inbox(
        &self,
        caller: &Caller,
        unread: bool,
        after: Option<After>,
        limit: u32,
    ) -> Result<(Vec<Message>, Option<After>)> {
        let keys = self.keys(caller.tenant()).await?;
        let asked = Asked {
            recipients: &tokens(&keys, caller)?,
            after,
            unread,
            // One more than asked for says whether there is another page.
            limit: limit + 1,
            now: self.now(),
        };
        let mut found = store::messages::page(self.database(), &keys, &asked).await?;
        let more = found.len() > usize::try_from(limit).unwrap_or(usize::MAX);
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let last = found.last().map(|kept| (kept.created_at, kept.id));
        // A hash may have a second meaning; what is sealed has not.
        let names = names(caller);
        let own = |kept: &Kept| {
            names
                .iter()
                .any(|name| name.as_str() == kept.content.recipient)
        };
        let shown = found.into_iter().filter(own).map(shown).collect();
        Ok((shown, last.filter(|_| more)))
    }

    /// How many messages of the caller are unread, counted up to 1,000.
    pub(crate) async fn unread(&self, caller: &Caller) -> Result<i64> {
        let keys = self.keys(caller.tenant()).await?;
        let tokens = tokens(&keys, caller)?;
        store::messages::unread(self.database(), &keys, &tokens, self.now()).await
    }

    /// Notes that the caller read a message; doing so again changes nothing.
    pub(crate) async fn read(&self, caller: &Caller, id: Uuid) -> Result<()> {
        let keys = self.keys(caller.tenant()).await?;
        let tx = self.database().tenant(caller.tenant()).await?;
        if !store::messages::read(&tx, &tokens(&keys, caller)?, id, self.now()).await? {
            return Err(NotificationError::not_found());
        }
        Ok(tx.commit().await?)
    }

    /// Notes that the caller read everything; returns how many.
    pub(crate) async fn read_all(&self, caller: &Caller) -> Result<u64> {
        let keys = self.keys(caller.tenant()).await?;
        let tx = self.database().tenant(caller.tenant()).await?;
        let count = store::messages::read_all(&tx, &tokens(&keys, caller)?, self.now()).await?;
        tx.commit().await?;
        Ok(count)
    }
}

fn shown(kept: Kept) -> Message {
    let content = kept.content;
    Message {
        id: kept.id,
        intent: kept.intent,
        category: kept.intent.category(),
        urgent: kept.intent.is_urgent(),
        title: content.title,
        body: content.body,
        language: content.language,
        created_at: kept.created_at.to_fhir(),
        read_at: kept.read_at.map(Instant::to_fhir),
        subject: content.subject.map(|(kind, id)| Subject { kind, id }),
        patient: content.patient,
    }
}
