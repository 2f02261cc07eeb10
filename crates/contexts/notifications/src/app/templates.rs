//! The words of an organisation: listed, changed, tried.

use mt_kernel::{ErrorKind, Fault, OpCtx, TenantId};
use serde::Serialize;
use utoipa::ToSchema;

use super::Notifications;
use crate::domain::{
    Category, Channel, Intent, LANGUAGES, OpenValues, PrivateValues, Wording, shipped, written,
};
use crate::error::{NotificationError, Result};
use crate::store;
use crate::store::templates::Own;

/// The words of an intent in a language.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NotificationTemplate)]
pub struct TemplateView {
    /// Why somebody is told.
    pub intent: Intent,
    /// What it is about.
    pub category: Category,
    /// Whether it passes quiet hours.
    pub urgent: bool,
    /// By which ways it may leave.
    pub channels: &'static [Channel],
    /// The language.
    pub language: String,
    /// Version of the organisation's own words; 0 when nobody changed them.
    pub version: u32,
    /// Whether they are the shipped ones.
    pub shipped: bool,
    /// The words.
    pub wording: Wording,
}

/// The words as somebody would read them.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = NotificationPreview)]
pub struct Previewed {
    /// Subject line, or title of push.
    pub subject: String,
    /// Text of SMS, push and mail.
    pub short: String,
    /// Title in the application.
    pub title: String,
    /// Text in the application.
    pub body: String,
}

impl Notifications {
    /// Every intent in every language, with the words in force.
    pub(crate) async fn templates(&self, tenant: TenantId) -> Result<Vec<TemplateView>> {
        let own = store::templates::list(self.database(), tenant).await?;
        let find = |intent, language: &str| {
            let mut own = own.iter();
            own.find(|one| one.intent == intent && one.language == language)
        };
        let each = LANGUAGES
            .iter()
            .flat_map(|language| Intent::all().map(move |intent| (intent, *language)));
        Ok(each
            .map(|(intent, language)| view(intent, language, find(intent, language)))
            .collect())
    }

    /// Changes the words of an intent in a language from version `seen`; without words the shipped ones are in force again.
    pub(crate) async fn reword(
        &self,
        ctx: &OpCtx,
        (intent, language): (Intent, &str),
        seen: u32,
        wording: Option<Wording>,
    ) -> Result<TemplateView> {
        if !LANGUAGES.contains(&language) {
            return Err(NotificationError::not_found());
        }
        if let Some(wording) = &wording {
            check(wording)?;
        }
        let before = store::templates::find(self.database(), ctx.tenant, intent, language).await?;
        if before.map_or(0, |one| one.version.unsigned_abs()) != seen {
            return Err(stale().into());
        }
        let own = Own {
            intent,
            language: language.to_owned(),
            version: i32::try_from(seen + 1).map_err(|_| NotificationError::Unreadable)?,
            wording,
        };
        self.enter(ctx, "changed the words of a notification")?;
        let tx = self.database().tenant(ctx.tenant).await?;
        let added = store::templates::add(&tx, &own, ctx.now).await;
        added.map_err(|error| match error {
            NotificationError::Database(mt_database::Error::Unique { .. }) => stale().into(),
            other => other,
        })?;
        tx.commit().await?;
        Ok(view(intent, language, Some(&own)))
    }

    /// The words as somebody would read them, with values that nobody could take for real ones.
    pub(crate) async fn preview(
        &self,
        tenant: TenantId,
        language: &str,
        wording: &Wording,
    ) -> Result<Previewed> {
        check(wording)?;
        let organisation = self.parts.organisations.of(tenant).await?;
        let some = |text: &str| Some(format!("⟨{text}⟩"));
        let values = PrivateValues {
            organisation: Some(organisation.name.clone()),
            who: some("who"),
            patient: some("patient"),
            when: Some(written(self.now(), &jiff::tz::TimeZone::UTC, language)),
            place: some("place"),
            what: some("what"),
        };
        let open = OpenValues {
            organisation: organisation.name,
            link: self.link(),
            count: 1,
        };
        let unreadable = |_| NotificationError::Unreadable;
        let (open, private) = (
            wording.open(&open).map_err(unreadable)?,
            wording.private(&values).map_err(unreadable)?,
        );
        Ok(Previewed {
            subject: open.subject.as_str().to_owned(),
            short: open.short.as_str().to_owned(),
            title: private.title,
            body: private.body,
        })
    }
}

fn stale() -> Fault {
    let text = "the words have been changed since; read them again";
    Fault::new(ErrorKind::Precondition, text)
}

fn check(wording: &Wording) -> Result<()> {
    let checked = wording.check();
    checked.map_err(|(place, error)| NotificationError::invalid(error.to_string(), place))
}

fn view(intent: Intent, language: &str, own: Option<&Own>) -> TemplateView {
    let wording = own.and_then(|own| own.wording.clone());
    TemplateView {
        intent,
        category: intent.category(),
        urgent: intent.is_urgent(),
        channels: intent.channels(),
        language: language.to_owned(),
        version: own.map_or(0, |own| own.version.unsigned_abs()),
        shipped: wording.is_none(),
        wording: wording.unwrap_or_else(|| shipped(intent, language)),
    }
}
