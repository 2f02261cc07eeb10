//! `/t/{tenant}/account`: one's own sessions, second factor and password. For who is signed in.

use axum::Form;
use axum::response::IntoResponse;
use maud::{Markup, html};
use mt_audit::EventCode;
use mt_kernel::Instant;
use serde::Deserialize;
use uuid::Uuid;

use super::enrol::recovery;
use super::passkey;
use super::sign_in::Problem;
use super::visit::{Answer, Visit, see, with_cookies};
use crate::IdentityError;
use crate::people::gatekeeper::actor_of;
use crate::people::sessions::{Session, SessionView};
use crate::people::sign_in::Checked;

#[derive(Deserialize)]
pub(super) struct Act {
    csrf: String,
    session: Option<Uuid>,
}

#[derive(Deserialize)]
pub(super) struct NewPassword {
    csrf: String,
    current: String,
    password: String,
}

pub(super) async fn show(visit: Visit) -> Answer {
    let session = visit.signed_in("account").await?;
    page(&visit, &session, None, None).await
}

/// Ends a session of one's own, or all but this one when none is named.
pub(super) async fn end(visit: Visit, Form(act): Form<Act>) -> Answer {
    let session = visit.signed_in("account").await?;
    visit.check_session_form(&session, &act.csrf)?;
    let (people, account) = (&visit.people, session.account.id);
    let ctx = people.ctx(visit.tenant, actor_of(&session, people.clock.now()));
    match act.session {
        Some(other) => {
            people.sessions.end(visit.tenant, account, other).await?;
        }
        None => {
            people
                .sessions
                .end_all(visit.tenant, account, Some(session.id))
                .await?;
        }
    }
    people.note(&ctx, EventCode::Logout, None, "own sessions ended")?;
    Ok(see(&visit.path("account")))
}

/// `POST …/sign-out`
pub(super) async fn sign_out(visit: Visit, Form(act): Form<Act>) -> Answer {
    let Some(session) = visit.session().await? else {
        return Ok(see(&visit.path("sign-in")));
    };
    visit.check_session_form(&session, &act.csrf)?;
    let people = &visit.people;
    people
        .sessions
        .end(visit.tenant, session.account.id, session.id)
        .await?;
    let ctx = people.ctx(visit.tenant, actor_of(&session, people.clock.now()));
    people.note(&ctx, EventCode::Logout, None, "signed out")?;
    Ok(with_cookies(
        see(&visit.path("sign-in")),
        people.sessions.forget(),
    ))
}

/// New recovery codes: a fresh proof is needed, because they open the account.
pub(super) async fn renew_codes(visit: Visit, Form(act): Form<Act>) -> Answer {
    let session = visit.signed_in("account").await?;
    visit.check_session_form(&session, &act.csrf)?;
    let people = &visit.people;
    let now = people.clock.now();
    visit.proved_lately(&session).await?;
    let codes = people
        .recovery
        .renew(visit.tenant, session.account.id)
        .await?;
    let ctx = people.ctx(visit.tenant, actor_of(&session, now));
    people.note(
        &ctx,
        EventCode::SecondFactorChange,
        None,
        "recovery codes made anew",
    )?;
    let body = recovery(&codes, &visit.path("account"));
    Ok(visit.page("Your recovery codes", body).into_response())
}

pub(super) async fn change_password(visit: Visit, Form(given): Form<NewPassword>) -> Answer {
    let session = visit.signed_in("account").await?;
    visit.check_session_form(&session, &given.csrf)?;
    let people = &visit.people;
    let typed = (
        session.account.profile.username.as_str(),
        given.current.as_str(),
    );
    match people
        .check_password(visit.tenant, typed, &visit.source())
        .await?
    {
        Checked::Right(_) => {}
        Checked::Wrong => {
            let problem = Problem::plain("Your present password is not right.");
            return page(&visit, &session, Some(problem), None).await;
        }
        Checked::Wait(seconds) => {
            return page(&visit, &session, Some(Problem::wait(seconds)), None).await;
        }
    }
    let ctx = people.ctx(visit.tenant, actor_of(&session, people.clock.now()));
    let kept = Some(session.id);
    match people
        .set_password(&ctx, &session.account, &given.password, kept)
        .await
    {
        Ok(()) => {
            let done = "Your password is changed. Your other sessions have ended.";
            page(&visit, &session, None, Some(done)).await
        }
        Err(IdentityError::Refused(fault)) => {
            page(&visit, &session, Some(Problem::rule(&fault.message)), None).await
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn page(
    visit: &Visit,
    session: &Session,
    problem: Option<Problem>,
    done: Option<&str>,
) -> Answer {
    let people = &visit.people;
    let factors = people.factors(visit.tenant, session.account.id).await?;
    let sessions = people
        .sessions
        .list(visit.tenant, session.account.id)
        .await?;
    let passkeys = people.passkeys(visit.tenant, session.account.id).await?;
    let csrf = html! { input type="hidden" name="csrf" value=(session.csrf_token()); };
    let body = html! {
        div class="wide" {
            h1 { (session.account.shown_name()) }
            (Problem::shown(problem.as_ref()))
            @if let Some(done) = done { p class="done" role="status" { (done) } }
            h2 { "Where you are signed in" }
            ul class="rows" {
                @for one in &sessions { (row(visit, session, one, &csrf)) }
            }
            @if sessions.len() > 1 {
                form method="post" action=(visit.path("account/sessions")) {
                    (csrf) button class="second" type="submit" { "Sign out everywhere else" }
                }
            }
            h2 { "Second factor" }
            @if factors.any() {
                p {
                    @if factors.totp { "An authenticator app. " }
                    "Recovery codes left: " (factors.recovery_codes) "."
                }
                form method="post" action=(visit.path("account/recovery-codes")) {
                    (csrf) button class="second" type="submit" { "Make new recovery codes" }
                }
            } @else {
                p { "None." }
            }
            (passkey::own::section(visit, session, &passkeys))
            h2 { "Password" }
            form method="post" action=(visit.path("account/password")) {
                (csrf)
                input type="text" name="username" value=(session.account.profile.username) autocomplete="username" hidden;
                label for="current" { "Present password" }
                input id="current" name="current" type="password" autocomplete="current-password" required;
                label for="password" { "New password" }
                input id="password" name="password" type="password" autocomplete="new-password" minlength="12" required
                    aria-describedby="rule";
                p id="rule" class="quiet" { "At least 12 characters. A few unrelated words are best." }
                button type="submit" { "Change the password" }
            }
            h2 { "Leave" }
            form method="post" action=(visit.path("sign-out")) {
                (csrf) button class="danger" type="submit" { "Sign out" }
            }
        }
    };
    let page = visit.page_with_passkeys("Your account", body)?;
    Ok(Problem::answer(problem, page))
}

fn row(visit: &Visit, session: &Session, one: &SessionView, csrf: &Markup) -> Markup {
    html! {
        li {
            span {
                (browser(&one.whereabouts.browser))
                @if one.id == session.id { " (this browser)" }
                br;
                span class="quiet" { (one.whereabouts.address) " · since " (moment(one.created_at)) }
            }
            @if one.id != session.id {
                form method="post" action=(visit.path("account/sessions")) {
                    (csrf)
                    input type="hidden" name="session" value=(one.id);
                    button class="danger small" type="submit" { "Sign out" }
                }
            }
        }
    }
}

/// `22-Nov-2026 18:20 UTC`
pub(super) fn moment(at: Instant) -> String {
    at.timestamp().strftime("%d-%b-%Y %H:%M UTC").to_string()
}

/// The browser's name out of its `User-Agent`.
fn browser(agent: &str) -> &str {
    let known = [
        ("Edg/", "Edge"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    let found = known.iter().find(|(mark, _)| agent.contains(mark));
    found.map_or("Unknown browser", |(_, name)| name)
}
