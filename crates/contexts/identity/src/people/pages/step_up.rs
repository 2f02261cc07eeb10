//! `GET|POST /t/{tenant}/step-up`: proves anew who one is, before signing, exporting, breaking the glass.
//! For who is signed in.

use axum::Form;
use axum::extract::Query;
use maud::html;
use mt_audit::EventCode;
use serde::Deserialize;

use super::passkey;
use super::sign_in::{Problem, going_on};
use super::visit::{Answer, Visit, local_path, with_cookies};
use crate::people::gatekeeper::actor_of;
use crate::people::passkeys::Intent;
use crate::people::sessions::{Proof, Session};
use crate::people::sign_in::Checked;

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(rename = "return")]
    back: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Given {
    password: String,
    #[serde(default)]
    code: String,
    csrf: String,
    #[serde(rename = "return")]
    back: Option<String>,
}

pub(super) async fn show(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let session = visit.signed_in("step-up").await?;
    form(&visit, &session, asked.back.as_deref(), None).await
}

pub(super) async fn submit(visit: Visit, Form(given): Form<Given>) -> Answer {
    let session = visit.signed_in("step-up").await?;
    visit.check_session_form(&session, &given.csrf)?;
    let (people, tenant, source) = (&visit.people, visit.tenant, visit.source());
    let back = given.back.as_deref();
    let typed = (
        session.account.profile.username.as_str(),
        given.password.as_str(),
    );
    let mut proof = Proof::by("pwd");
    let wrong = || Problem::plain("That is not right.");
    match people.check_password(tenant, typed, &source).await? {
        Checked::Right(account) if account.id == session.account.id => {}
        Checked::Wait(seconds) => {
            return form(&visit, &session, back, Some(Problem::wait(seconds))).await;
        }
        Checked::Right(_) | Checked::Wrong => {
            return form(&visit, &session, back, Some(wrong())).await;
        }
    }
    if people.factors(tenant, session.account.id).await?.any() {
        match people
            .check_code(tenant, &session.account, &given.code, &source)
            .await?
        {
            Checked::Right(method) => proof = proof.and(method),
            Checked::Wrong => return form(&visit, &session, back, Some(wrong())).await,
            Checked::Wait(seconds) => {
                return form(&visit, &session, back, Some(Problem::wait(seconds))).await;
            }
        }
    }
    let ctx = people.ctx(tenant, actor_of(&session, people.clock.now()));
    people.note(&ctx, EventCode::Login, None, "proved anew")?;
    let cookie = people.sessions.prove(&session, &proof).await?;
    let next = local_path(back).unwrap_or_else(|| visit.path("account"));
    Ok(with_cookies(going_on(&visit, &next), [cookie]))
}

pub(super) async fn form(
    visit: &Visit,
    session: &Session,
    back: Option<&str>,
    problem: Option<Problem>,
) -> Answer {
    let factors = visit
        .people
        .factors(visit.tenant, session.account.id)
        .await?;
    let way_on = html! {
        @if let Some(back) = local_path(back) { input type="hidden" name="return" value=(back); }
    };
    let body = html! {
        h1 { "Confirm it is you" }
        p { "What you are about to do needs a fresh proof. You are signed in as " strong { (session.account.shown_name()) } "." }
        (Problem::shown(problem.as_ref()))
        @if factors.passkeys > 0 { (passkey::form(visit, Intent::StepUp, session.csrf_token(), &way_on)) }
        form method="post" action=(visit.path("step-up")) {
            input type="hidden" name="csrf" value=(session.csrf_token());
            (way_on)
            label for="password" { "Password" }
            input id="password" name="password" type="password" autocomplete="current-password" required autofocus;
            @if factors.any() {
                label for="code" {
                    @if factors.totp { "Code from your authenticator app" } @else { "Recovery code" }
                }
                input class="code" id="code" name="code" type="text" autocomplete="one-time-code"
                    autocapitalize="none" spellcheck="false" required;
            }
            button type="submit" { "Confirm" }
        }
    };
    Ok(Problem::answer(
        problem,
        visit.page_with_passkeys("Confirm it is you", body)?,
    ))
}
