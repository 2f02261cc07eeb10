//! `GET|POST /t/{tenant}/sign-in/code`: the second factor. For who has given the first.

use axum::Form;
use maud::html;
use serde::Deserialize;

use super::sign_in::{Problem, finish};
use super::visit::{Answer, Visit, see, with_cookies};
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
    if found.is_none() {
        return Ok(see(&visit.path("sign-in")));
    }
    form(&visit, None)
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
            return form(&visit, Some(Problem::plain(text)));
        }
        Checked::Wait(seconds) => return form(&visit, Some(Problem::wait(seconds))),
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
    finish(
        &visit,
        &account,
        &under_way.proof.and(method),
        &under_way.next,
    )
    .await
}

fn form(visit: &Visit, problem: Option<Problem>) -> Answer {
    let (csrf, cookie) = visit.form_token()?;
    let body = html! {
        h1 { "Confirm it is you" }
        (Problem::shown(problem.as_ref()))
        form method="post" action=(visit.path("sign-in/code")) {
            input type="hidden" name="csrf" value=(csrf);
            label for="code" { "Code from your authenticator app" }
            input class="code" id="code" name="code" type="text" inputmode="text"
                autocomplete="one-time-code" autocapitalize="none" spellcheck="false" required autofocus
                aria-describedby="hint";
            p id="hint" class="quiet" { "Six digits, or one of your recovery codes." }
            button type="submit" { "Continue" }
        }
        div class="links" { a href=(visit.path("sign-in")) { "Sign in as somebody else" } }
    };
    let answer = Problem::answer(problem, visit.page("Confirm it is you", body));
    Ok(with_cookies(answer, cookie))
}
