//! `GET|POST /t/{tenant}/sign-in/enrol`: the first second factor. For who must have one and has none.

use axum::Form;
use axum::response::IntoResponse;
use maud::{Markup, html};
use mt_audit::EventCode;
use serde::Deserialize;

use super::passkey;
use super::sign_in::{Problem, begin};
use super::visit::{Answer, Visit, see, with_cookies};
use crate::people::Account;
use crate::people::factors::TotpSecret;
use crate::people::passkeys::Intent;
use crate::people::pending::Kind;
use crate::people::sign_in::{Step, UnderWay};

#[derive(Deserialize)]
pub(super) struct Given {
    code: String,
    csrf: String,
}

/// Gives the app its secret. Loading the page again keeps the secret that was shown.
pub(super) async fn show(visit: Visit) -> Answer {
    let (people, tenant) = (&visit.people, visit.tenant);
    let Some((under_way, account)) = people.under_way(tenant, visit.cookie("sign-in")).await?
    else {
        return Ok(see(&visit.path("sign-in")));
    };
    // An app that is enrolled is asked for, never replaced on the way in.
    let step = people.next_step(tenant, &account, &under_way.proof);
    if step.await? != Step::Enrol {
        return Ok(see(&visit.path("sign-in/code")));
    }
    if let Some(secret) = &under_way.enrolling {
        return form(&visit, &account, secret, None);
    }
    let secret = TotpSecret::generate()?;
    let kept = UnderWay {
        enrolling: Some(secret.clone()),
        ..under_way
    };
    let cookie = people.keep_under_way(tenant, &kept).await?;
    let cookie = people.sessions.cookies().set("sign-in", &cookie, None);
    Ok(with_cookies(form(&visit, &account, &secret, None)?, cookie))
}

pub(super) async fn submit(visit: Visit, Form(given): Form<Given>) -> Answer {
    visit.check_form(&given.csrf)?;
    let (people, tenant) = (&visit.people, visit.tenant);
    let cookie = visit.cookie("sign-in").unwrap_or_default();
    let Some((under_way, account)) = people.under_way(tenant, Some(cookie)).await? else {
        return Ok(see(&visit.path("sign-in")));
    };
    let Some(secret) = &under_way.enrolling else {
        return Ok(see(&visit.path("sign-in/enrol")));
    };
    let next = people.next_step(tenant, &account, &under_way.proof);
    if next.await? != Step::Enrol || !visit.rules.apps {
        return Ok(see(&visit.path("sign-in")));
    }
    let now = people.clock.now();
    let Some(step) = secret.matching_step(&given.code, 0, now) else {
        let text = "The code is not right. Check that the app shows this account and that its clock is right.";
        return form(&visit, &account, secret, Some(Problem::plain(text)));
    };
    let taken: Option<UnderWay> = people
        .pending
        .take(tenant, Kind::SignIn, cookie, now)
        .await?;
    if taken.is_none() {
        return Ok(see(&visit.path("sign-in")));
    }
    people
        .totp
        .put(tenant, account.id, secret, step, now)
        .await?;
    let codes = people.recovery.renew(tenant, account.id).await?;
    let ctx = people.ctx_of(tenant, Some(&account));
    let what = "authenticator app enrolled, recovery codes made";
    people.note(&ctx, EventCode::SecondFactorChange, None, what)?;
    let signed_in = begin(&visit, &account, &under_way.proof.and("otp")).await?;
    let page = visit.page("Your recovery codes", recovery(&codes, &under_way.next));
    Ok(with_cookies(page.into_response(), signed_in.cookies))
}

/// The codes, once, and the way on.
pub(super) fn recovery(codes: &[String], next: &str) -> Markup {
    html! {
        h1 { "Keep these recovery codes" }
        p { "Each of them replaces your phone once. Print them or keep them in a password manager: they are not shown again." }
        ul class="codes" { @for code in codes { li { (code) } } }
        a class="button" href=(next) { "I have kept them" }
    }
}

pub(super) fn form(
    visit: &Visit,
    account: &Account,
    secret: &TotpSecret,
    problem: Option<Problem>,
) -> Answer {
    let (csrf, cookie) = visit.form_token()?;
    let organisation = format!("MediTrack {}", visit.organisation);
    let qr = secret.qr(&organisation, &account.profile.username);
    let body = html! {
        h1 { "Set up your second factor" }
        p { "A password alone is not enough here." }
        (Problem::shown(problem.as_ref()))
        @if visit.rules.apps {
            p { "Scan this with an authenticator app." }
            @if let Some((side, path)) = qr {
                svg class="qr" viewBox=(format!("-4 -4 {0} {0}", side + 8)) role="img"
                    aria-label="QR code for the authenticator app; the same secret follows as text" {
                    rect x="-4" y="-4" width=(side + 8) height=(side + 8) fill="#fff" {}
                    path d=(path) fill="#000" {}
                }
            }
            p class="quiet" { "Or type this secret into the app: " span class="secret" { (secret.text()) } }
            form method="post" action=(visit.path("sign-in/enrol")) {
                input type="hidden" name="csrf" value=(csrf);
                label for="code" { "Code that the app shows" }
                input class="code" id="code" name="code" type="text" inputmode="numeric"
                    autocomplete="one-time-code" required;
                button type="submit" { "Continue" }
            }
        }
        (passkey::form(visit, Intent::Enrol, &csrf, &html! {}))
    };
    let page = visit.page_with_passkeys("Set up your second factor", body)?;
    let answer = Problem::answer(problem, page);
    Ok(with_cookies(answer, cookie))
}
