//! `GET|POST /t/{tenant}/sign-in/code`: the second factor. For who has given the first.

use axum::Form;
use maud::html;
use serde::Deserialize;
use uuid::Uuid;

use super::passkey;
use super::sign_in::{Problem, go_on};
use super::visit::{Answer, Visit, see, with_cookies};
use crate::people::passkeys::Intent;
use crate::people::pending::Kind;
use crate::people::sign_in::{Checked, UnderWay};

#[derive(Deserialize)]
pub(super) struct Given {
    code: String,
    csrf: String,
}

pub(super) async fn show(visit: Visit) -> Answer {
    let found = visit
        .people
        .under_way(visit.tenant, visit.cookie("sign-in"))
        .await?;
    match found {
        Some((_, account)) => form(&visit, account.id, None).await,
        None => Ok(see(&visit.path("sign-in"))),
    }
}

pub(super) async fn submit(visit: Visit, Form(given): Form<Given>) -> Answer {
    visit.check_form(&given.csrf)?;
    let (people, tenant) = (&visit.people, visit.tenant);
    let secret = visit.cookie("sign-in").unwrap_or_default();
    let Some((under_way, account)) = people.under_way(tenant, Some(secret)).await? else {
        return Ok(see(&visit.path("sign-in")));
    };
    let checked = people
        .check_code(tenant, &account, &given.code, &visit.source())
        .await?;
    let method = match checked {
        Checked::Right(method) => method,
        Checked::Wrong => {
            let text = "The code is not right. Wait for the next one. If codes never work, check the clock of your phone.";
            return form(&visit, account.id, Some(Problem::plain(text))).await;
        }
        Checked::Wait(seconds) => {
            return form(&visit, account.id, Some(Problem::wait(seconds))).await;
        }
    };
    // The password counted for this sign-in only.
    let now = people.clock.now();
    let taken: Option<UnderWay> = people
        .pending
        .take(tenant, Kind::SignIn, secret, now)
        .await?;
    if taken.is_none() {
        return Ok(see(&visit.path("sign-in")));
    }
    let proof = under_way.proof.and(method);
    go_on(&visit, &account, proof, &under_way.next).await
}

pub(super) async fn form(visit: &Visit, account: Uuid, problem: Option<Problem>) -> Answer {
    let (csrf, cookie) = visit.form_token()?;
    let factors = visit.people.factors(visit.tenant, account).await?;
    let (label, hint) = if factors.totp {
        (
            "Code from your authenticator app",
            "Six digits, or one of your recovery codes.",
        )
    } else {
        (
            "Recovery code",
            "One of the codes that you kept when you set up your passkey.",
        )
    };
    let body = html! {
        h1 { "Confirm it is you" }
        (Problem::shown(problem.as_ref()))
        @if factors.passkeys > 0 { (passkey::form(visit, Intent::SecondFactor, &csrf, &html! {})) }
        form method="post" action=(visit.path("sign-in/code")) {
            input type="hidden" name="csrf" value=(csrf);
            label for="code" { (label) }
            input class="code" id="code" name="code" type="text" inputmode="text"
                autocomplete="one-time-code" autocapitalize="none" spellcheck="false" required autofocus
                aria-describedby="hint";
            p id="hint" class="quiet" { (hint) }
            button type="submit" { "Continue" }
        }
        div class="links" { a href=(visit.path("sign-in")) { "Sign in as somebody else" } }
    };
    let answer = Problem::answer(
        problem,
        visit.page_with_passkeys("Confirm it is you", body)?,
    );
    Ok(with_cookies(answer, cookie))
}
