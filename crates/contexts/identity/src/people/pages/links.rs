//! Invitation, and the way back in: `/t/{tenant}/invitation/{secret}`, `/forgot`, `/reset/{secret}`.
//! For everybody; the last two never tell whether there is an account.

use axum::Form;
use axum::extract::Path;
use axum::response::IntoResponse;
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::Arc;

use super::sign_in::Problem;
use super::visit::{Answer, Refusal, Visit, with_cookies};
use crate::IdentityError;
use crate::people::Invitation;

#[derive(Deserialize)]
pub(super) struct Forgotten {
    csrf: String,
    username: String,
}

#[derive(Deserialize)]
pub(super) struct Chosen {
    csrf: String,
    #[serde(default)]
    username: String,
    password: String,
}

type Params = Path<HashMap<String, String>>;

fn secret(params: &HashMap<String, String>) -> &str {
    params.get("secret").map_or("", String::as_str)
}

pub(super) async fn forgot(visit: Visit) -> Answer {
    let (csrf, cookie) = visit.form_token()?;
    let body = html! {
        h1 { "Choose a new password" }
        p { "We send a link to the e-mail address of your account." }
        form method="post" action=(visit.path("forgot")) {
            input type="hidden" name="csrf" value=(csrf);
            label for="username" { "User name or e-mail" }
            input id="username" name="username" type="text" autocomplete="username" autocapitalize="none"
                spellcheck="false" required autofocus;
            button type="submit" { "Send the link" }
        }
        div class="links" { a href=(visit.path("sign-in")) { "Back to sign in" } }
    };
    let page = visit.page("Choose a new password", body).into_response();
    Ok(with_cookies(page, cookie))
}

/// Answers at once; the rest happens aside.
pub(super) async fn send(visit: Visit, Form(given): Form<Forgotten>) -> Answer {
    visit.check_form(&given.csrf)?;
    let (people, source) = (Arc::clone(&visit.people), visit.source());
    let (tenant, organisation) = (visit.tenant, visit.organisation.clone());
    let work = async move {
        let sent = people
            .forgot(tenant, &organisation, &given.username, &source)
            .await;
        if let Err(error) = sent {
            tracing::warn!(%error, "a reset link cannot be sent");
        }
    };
    let address = mt_store::network_address();
    tokio::spawn(mt_store::from_address(address, work));
    let body = html! {
        h1 { "Look into your mail" }
        p { "If there is such an account, a link is on its way. It is good for thirty minutes." }
        p class="quiet" { "Nothing came? Look into the spam folder, or ask your administrator: the account may have no address." }
        div class="links" { a href=(visit.path("sign-in")) { "Back to sign in" } }
    };
    Ok(visit.page("Look into your mail", body).into_response())
}

pub(super) async fn show_reset(visit: Visit, Path(params): Params) -> Answer {
    let account = visit.people.reset_of(visit.tenant, secret(&params)).await?;
    let account = account.ok_or(Refusal::Nowhere)?;
    let action = visit.path(&format!("reset/{}", secret(&params)));
    choose(
        &visit,
        "Choose a new password",
        &action,
        Names::Given(&account.profile.username),
        None,
    )
}

pub(super) async fn reset(visit: Visit, Path(params): Params, Form(given): Form<Chosen>) -> Answer {
    visit.check_form(&given.csrf)?;
    let secret = secret(&params);
    match visit
        .people
        .reset(visit.tenant, secret, &given.password)
        .await
    {
        Ok(true) => Ok(done(&visit, "Your password is changed").into_response()),
        Ok(false) => Err(Refusal::Nowhere),
        Err(IdentityError::Refused(fault)) => {
            let action = visit.path(&format!("reset/{secret}"));
            let problem = Some(Problem::rule(&fault.message));
            choose(
                &visit,
                "Choose a new password",
                &action,
                Names::Given(""),
                problem,
            )
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn show_invitation(visit: Visit, Path(params): Params) -> Answer {
    let invitation = visit
        .people
        .invitation(visit.tenant, secret(&params))
        .await?;
    let invitation: Invitation = invitation.ok_or(Refusal::Nowhere)?;
    let action = visit.path(&format!("invitation/{}", secret(&params)));
    choose(
        &visit,
        "Welcome",
        &action,
        Names::Asked(&invitation.email),
        None,
    )
}

pub(super) async fn accept(
    visit: Visit,
    Path(params): Params,
    Form(given): Form<Chosen>,
) -> Answer {
    visit.check_form(&given.csrf)?;
    let (secret, name) = (secret(&params), given.username.as_str());
    match visit
        .people
        .accept(visit.tenant, secret, name, &given.password)
        .await
    {
        Ok(Some(_)) => Ok(done(&visit, "Your account is ready").into_response()),
        Ok(None) => Err(Refusal::Nowhere),
        Err(IdentityError::Refused(fault)) => {
            let action = visit.path(&format!("invitation/{secret}"));
            let problem = Some(Problem::rule(&fault.message));
            choose(&visit, "Welcome", &action, Names::Asked(name), problem)
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether the person chooses a user name as well.
enum Names<'a> {
    Given(&'a str),
    Asked(&'a str),
}

fn choose(
    visit: &Visit,
    title: &str,
    action: &str,
    names: Names<'_>,
    problem: Option<Problem>,
) -> Answer {
    let (csrf, cookie) = visit.form_token()?;
    let body = html! {
        h1 { (title) }
        (Problem::shown(problem.as_ref()))
        form method="post" action=(action) {
            input type="hidden" name="csrf" value=(csrf);
            @match names {
                Names::Given(name) => input type="text" name="username" value=(name) autocomplete="username" hidden;,
                Names::Asked(name) => {
                    label for="username" { "User name" }
                    input id="username" name="username" type="text" value=(name) autocomplete="username"
                        autocapitalize="none" spellcheck="false" required;
                }
            }
            label for="password" { "New password" }
            input id="password" name="password" type="password" autocomplete="new-password" minlength="12" required
                aria-describedby="rule";
            p id="rule" class="quiet" { "At least 12 characters. A few unrelated words are best." }
            button type="submit" { "Continue" }
        }
    };
    let answer = Problem::answer(problem, visit.page(title, body));
    Ok(with_cookies(answer, cookie))
}

fn done(visit: &Visit, title: &str) -> super::Page {
    let body: Markup = html! {
        h1 { (title) }
        a class="button" href=(visit.path("sign-in")) { "Sign in" }
    };
    visit.page(title, body)
}
