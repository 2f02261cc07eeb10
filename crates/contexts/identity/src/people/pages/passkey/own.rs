//! One's own passkeys, on the page of the account.

use axum::Form;
use maud::{Markup, html};
use serde::Deserialize;
use uuid::Uuid;

use super::{Given, form};
use crate::IdentityError;
use crate::people::Passkey;
use crate::people::gatekeeper::actor_of;
use crate::people::pages::own::{self, moment};
use crate::people::pages::sign_in::Problem;
use crate::people::pages::visit::{Answer, Visit, see};
use crate::people::passkeys::{Ceremony, Intent};
use crate::people::sessions::Session;

#[derive(Deserialize)]
pub(in crate::people) struct Change {
    csrf: String,
    passkey: Uuid,
    /// A new name; without one the passkey is removed.
    name: Option<String>,
}

/// What a passkey is called whose owner did not say.
const UNNAMED: &str = "Passkey";

pub(super) fn name_of(given: &Given) -> &str {
    let name = given.name.trim();
    if name.is_empty() { UNNAMED } else { name }
}

/// The browser has made one more.
pub(super) async fn register(
    visit: &Visit,
    given: &Given,
    ceremony: &Ceremony,
    session: &Session,
) -> Answer {
    let answer = (ceremony, name_of(given), given.answer.as_str());
    let people = &visit.people;
    match people
        .register_passkey(visit.tenant, &session.account, answer)
        .await
    {
        Ok(_) => own::page(visit, session, None, Some("The passkey is added.")).await,
        Err(IdentityError::Refused(fault)) => {
            own::page(visit, session, Some(Problem::rule(&fault.message)), None).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST …/account/passkeys`: another name, or none any more.
pub(in crate::people::pages) async fn change(visit: Visit, Form(change): Form<Change>) -> Answer {
    let session = visit.signed_in("account").await?;
    visit.check_session_form(&session, &change.csrf)?;
    visit.proved_lately(&session).await?;
    let people = &visit.people;
    let ctx = people.ctx(visit.tenant, actor_of(&session, people.clock.now()));
    let ids = (session.account.id, change.passkey);
    let changed = match &change.name {
        Some(name) => people.rename_passkey(&ctx, ids, name).await,
        None => {
            people
                .remove_passkey(&ctx, &session.account, change.passkey)
                .await
        }
    };
    match changed {
        Ok(_) => Ok(see(&visit.path("account"))),
        Err(IdentityError::Refused(fault)) => {
            own::page(&visit, &session, Some(Problem::rule(&fault.message)), None).await
        }
        Err(error) => Err(error.into()),
    }
}

/// The list, and the form that adds one.
pub(in crate::people::pages) fn section(
    visit: &Visit,
    session: &Session,
    passkeys: &[Passkey],
) -> Markup {
    let name = html! {
        label for="passkey-name" { "Name of a new passkey" }
        input id="passkey-name" name="name" type="text" maxlength="60" placeholder="This laptop" autocomplete="off";
    };
    html! {
        h2 { "Passkeys" }
        p class="quiet" { "A passkey signs you in with your fingerprint, face or security key, without a password." }
        @if !passkeys.is_empty() {
            ul class="rows" { @for one in passkeys { (row(visit, session, one)) } }
        }
        (form(visit, Intent::Register, session.csrf_token(), &name))
    }
}

fn row(visit: &Visit, session: &Session, one: &Passkey) -> Markup {
    let used = one.used_at.map_or_else(|| "never".to_owned(), moment);
    html! {
        li {
            span {
                (one.name)
                br;
                span class="quiet" {
                    @if one.synced { "synced between your devices" } @else { "in one device" }
                    " · added " (moment(one.created_at)) " · last used " (used)
                }
            }
            form method="post" action=(visit.path("account/passkeys")) {
                input type="hidden" name="csrf" value=(session.csrf_token());
                input type="hidden" name="passkey" value=(one.id);
                button class="danger small" type="submit" aria-label=(format!("Remove {}", one.name)) { "Remove" }
            }
        }
    }
}
