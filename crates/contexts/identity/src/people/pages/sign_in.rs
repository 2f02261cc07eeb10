//! `GET|POST /t/{tenant}/sign-in`: name and password. For everybody.

use axum::extract::Query;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Form, http::HeaderValue};
use maud::{Markup, html};
use serde::Deserialize;

use super::passkey;
use super::visit::{Answer, Refusal, Visit, local_path, see, with_cookies};
use crate::people::Account;
use crate::people::passkeys::Intent;
use crate::people::sessions::Proof;
use crate::people::sign_in::{Checked, SignedIn, Step, UnderWay};

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(rename = "return")]
    back: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Given {
    username: String,
    password: String,
    csrf: String,
    #[serde(rename = "return")]
    back: Option<String>,
}

pub(super) async fn show(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    form(&visit, asked.back.as_deref(), "", None)
}

pub(super) async fn submit(visit: Visit, Form(given): Form<Given>) -> Answer {
    visit.check_form(&given.csrf)?;
    let (people, tenant) = (&visit.people, visit.tenant);
    let typed = (given.username.as_str(), given.password.as_str());
    let checked = people
        .check_password(tenant, typed, &visit.source())
        .await?;
    let account = match checked {
        Checked::Right(account) => account,
        Checked::Wrong => {
            let problem = Problem::plain("The name or the password is not right.");
            return form(
                &visit,
                given.back.as_deref(),
                &given.username,
                Some(problem),
            );
        }
        Checked::Wait(seconds) => {
            let problem = Problem::wait(seconds);
            return form(
                &visit,
                given.back.as_deref(),
                &given.username,
                Some(problem),
            );
        }
    };
    let next = local_path(given.back.as_deref()).unwrap_or_else(|| visit.path("account"));
    let proof = Proof::by("pwd");
    go_on(&visit, &account, proof, &next).await
}

/// What follows a proof: the session, or the page of what is missing.
pub(super) async fn go_on(visit: &Visit, account: &Account, proof: Proof, next: &str) -> Answer {
    let (people, tenant) = (&visit.people, visit.tenant);
    let step = match people.next_step(tenant, account, &proof).await? {
        Step::Session => return finish(visit, account, &proof, next).await,
        Step::Code => "sign-in/code",
        Step::Enrol => "sign-in/enrol",
    };
    let under_way = UnderWay {
        account: account.id,
        proof,
        next: next.to_owned(),
        enrolling: None,
    };
    let secret = people.keep_under_way(tenant, &under_way).await?;
    let cookie = people.sessions.cookies().set("sign-in", &secret, None);
    Ok(with_cookies(see(&visit.path(step)), cookie))
}

/// Begins the session and goes on.
pub(super) async fn finish(visit: &Visit, account: &Account, proof: &Proof, next: &str) -> Answer {
    let SignedIn { cookies } = begin(visit, account, proof).await?;
    Ok(with_cookies(going_on(visit, next), cookies))
}

pub(super) async fn begin(
    visit: &Visit,
    account: &Account,
    proof: &Proof,
) -> Result<SignedIn, Refusal> {
    let place = (&visit.source(), &visit.whereabouts());
    Ok(visit
        .people
        .finish(visit.tenant, account, proof, place)
        .await?)
}

/// The answer to a form that leads to `next`. Where an application's own address may follow, the chain
/// of redirects ends at a page, because browsers apply the form's policy to all of it.
pub(super) fn going_on(visit: &Visit, next: &str) -> Response {
    if !next.contains("/oauth2/") {
        return see(next);
    }
    let body = html! {
        h1 { "You are signed in" }
        a class="button" href=(next) { "Continue" }
    };
    visit
        .page("Signed in", body)
        .going_on_to(next)
        .into_response()
}

/// What went wrong with a form, and the status to say so.
pub(super) struct Problem {
    text: String,
    status: StatusCode,
    wait: Option<i64>,
}

impl Problem {
    pub(super) fn plain(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            status: StatusCode::UNAUTHORIZED,
            wait: None,
        }
    }

    pub(super) fn rule(text: &str) -> Self {
        let mut letters = text.chars();
        let first = letters.next().into_iter().flat_map(char::to_uppercase);
        Self {
            text: first.chain(letters).chain(['.']).collect(),
            status: StatusCode::UNPROCESSABLE_ENTITY,
            wait: None,
        }
    }

    pub(super) fn wait(seconds: i64) -> Self {
        Self {
            text: format!(
                "Too many attempts failed. Wait {seconds} seconds and try again. \
                 A browser at which you have signed in before is not held up by others."
            ),
            status: StatusCode::TOO_MANY_REQUESTS,
            wait: Some(seconds),
        }
    }

    /// The message, read out at once.
    pub(super) fn shown(problem: Option<&Self>) -> Markup {
        html! {
            @if let Some(problem) = problem {
                p class="error" role="alert" { (problem.text) }
            }
        }
    }

    /// The page with the status that fits.
    pub(super) fn answer(problem: Option<Self>, page: super::Page) -> Response {
        let Some(problem) = problem else {
            return page.into_response();
        };
        let page = page.status(problem.status);
        let wait = problem.wait.map(HeaderValue::from);
        match wait {
            Some(wait) => page.header(header::RETRY_AFTER, wait).into_response(),
            None => page.into_response(),
        }
    }
}

pub(super) fn form(
    visit: &Visit,
    back: Option<&str>,
    username: &str,
    problem: Option<Problem>,
) -> Answer {
    let (csrf, cookie) = visit.form_token()?;
    let back = local_path(back);
    let way_on = html! {
        @if let Some(back) = &back { input type="hidden" name="return" value=(back); }
    };
    let body = html! {
        h1 { "Sign in" }
        (Problem::shown(problem.as_ref()))
        form method="post" action=(visit.path("sign-in")) {
            input type="hidden" name="csrf" value=(csrf);
            (way_on)
            label for="username" { "User name or e-mail" }
            input id="username" name="username" type="text" value=(username) autocomplete="username"
                autocapitalize="none" spellcheck="false" required autofocus[username.is_empty()];
            label for="password" { "Password" }
            input id="password" name="password" type="password" autocomplete="current-password" required
                autofocus[!username.is_empty()];
            button type="submit" { "Sign in" }
        }
        (passkey::form(visit, Intent::SignIn, &csrf, &way_on))
        div class="links" { a href=(visit.path("forgot")) { "Forgot your password?" } }
    };
    let answer = Problem::answer(problem, visit.page_with_passkeys("Sign in", body)?);
    Ok(with_cookies(answer, cookie))
}
