//! `/t/{tenant}/passkey`: the forms that an authenticator answers.
//!
//! The script asks for options, lets the browser perform the ceremony and sends the answer as a form, so
//! that the way on is the same as without a script.

pub(super) mod own;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::{Form, Json};
use maud::{Markup, html};
use mt_audit::EventCode;
use serde::Deserialize;

use super::enrol::{self, recovery};
use super::sign_in::{self, Problem, begin, finish, go_on, going_on};
use super::visit::{Answer, Refusal, Visit, local_path, see, with_cookies};
use super::{code, step_up};
use crate::IdentityError;
use crate::people::Account;
use crate::people::gatekeeper::actor_of;
use crate::people::passkeys::{Ceremony, Intent};
use crate::people::pending::Kind;
use crate::people::sessions::{Proof, Session};
use crate::people::sign_in::{Checked, Step, UnderWay};

const SCRIPT: &str = include_str!("passkey.js");
/// Said when an answer is wrong; nothing says what of it.
const WRONG: &str = "The passkey was not accepted. Try again, or use another way.";

/// A form that an authenticator answers.
#[derive(Deserialize)]
pub(in crate::people) struct Given {
    intent: Intent,
    csrf: String,
    #[serde(default)]
    answer: String,
    #[serde(default)]
    name: String,
    #[serde(rename = "return")]
    back: Option<String>,
}

/// Who stands at the browser, as far as is known, and the ceremony that is open to them.
struct Stand {
    ceremony: Ceremony,
    who: Who,
}

enum Who {
    Nobody,
    /// Has given the password.
    UnderWay(Box<(UnderWay, Account)>),
    SignedIn(Box<Session>),
}

impl Stand {
    async fn of(visit: &Visit, given: &Given) -> Result<Self, Refusal> {
        let (intent, people) = (given.intent, &visit.people);
        match intent {
            Intent::SignIn => {
                visit.check_form(&given.csrf)?;
                let secret = visit.cookie("form").unwrap_or_default();
                let ceremony = Ceremony::new(intent, None, secret.as_bytes());
                Ok(Self {
                    ceremony,
                    who: Who::Nobody,
                })
            }
            Intent::SecondFactor | Intent::Enrol => {
                visit.check_form(&given.csrf)?;
                let secret = visit.cookie("sign-in").unwrap_or_default();
                let found = people.under_way(visit.tenant, Some(secret)).await?;
                let back = || Refusal::SignIn(visit.path("sign-in"));
                let (under_way, account) = found.ok_or_else(back)?;
                // A factor that is enrolled is asked for, never replaced on the way in.
                let step = people.next_step(visit.tenant, &account, &under_way.proof);
                let expected = match intent {
                    Intent::Enrol => Step::Enrol,
                    _ => Step::Code,
                };
                if step.await? != expected {
                    return Err(back());
                }
                let ceremony = Ceremony::new(intent, Some(account.id), secret.as_bytes());
                Ok(Self {
                    ceremony,
                    who: Who::UnderWay(Box::new((under_way, account))),
                })
            }
            Intent::StepUp | Intent::Register => {
                let session = visit.signed_in("account").await?;
                visit.check_session_form(&session, &given.csrf)?;
                if intent == Intent::Register {
                    visit.proved_lately(&session).await?;
                }
                let account = Some(session.account.id);
                let ceremony = Ceremony::new(intent, account, session.id.as_bytes());
                Ok(Self {
                    ceremony,
                    who: Who::SignedIn(Box::new(session)),
                })
            }
        }
    }
}

/// `POST …/passkey/options`: what the browser hands to the authenticator.
pub(super) async fn options(visit: Visit, Form(given): Form<Given>) -> Answer {
    let Stand { ceremony, who } = Stand::of(&visit, &given).await?;
    let (people, tenant) = (&visit.people, visit.tenant);
    let made_for = match (given.intent, &who) {
        (Intent::Enrol, Who::UnderWay(stood)) => Some(&stood.1),
        (Intent::Register, Who::SignedIn(session)) => Some(&*session.account),
        _ => None,
    };
    let options = match made_for {
        Some(account) => people.begin_passkey(tenant, account, &ceremony).await?,
        None => people.ask_passkey(tenant, &ceremony).await?,
    };
    let mut response = Json(options).into_response();
    let no_store = HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, no_store);
    Ok(response)
}

/// `POST …/passkey`: the authenticator's answer.
pub(super) async fn submit(visit: Visit, Form(given): Form<Given>) -> Answer {
    let Stand { ceremony, who } = Stand::of(&visit, &given).await?;
    match who {
        Who::Nobody => sign_in(&visit, &given, &ceremony).await,
        Who::UnderWay(stood) => {
            let (under_way, account) = *stood;
            if given.intent == Intent::Enrol {
                enrol(&visit, &given, &ceremony, (&under_way, &account)).await
            } else {
                second_factor(&visit, &given, &ceremony, &under_way).await
            }
        }
        Who::SignedIn(session) if given.intent == Intent::Register => {
            own::register(&visit, &given, &ceremony, &session).await
        }
        Who::SignedIn(session) => prove(&visit, &given, &ceremony, &session).await,
    }
}

async fn sign_in(visit: &Visit, given: &Given, ceremony: &Ceremony) -> Answer {
    let people = &visit.people;
    let back = given.back.as_deref();
    match people
        .check_passkey(visit.tenant, ceremony, &given.answer)
        .await?
    {
        Checked::Right((account, proof)) => {
            let next = local_path(back).unwrap_or_else(|| visit.path("account"));
            finish(visit, &account, &proof, &next).await
        }
        Checked::Wrong | Checked::Wait(_) => {
            sign_in::form(visit, back, "", Some(Problem::plain(WRONG)))
        }
    }
}

async fn second_factor(
    visit: &Visit,
    given: &Given,
    ceremony: &Ceremony,
    under_way: &UnderWay,
) -> Answer {
    let people = &visit.people;
    let checked = people
        .check_passkey(visit.tenant, ceremony, &given.answer)
        .await?;
    let Checked::Right((account, proof)) = checked else {
        return code::form(visit, under_way.account, Some(Problem::plain(WRONG))).await;
    };
    if !is_taken(visit).await? {
        return Ok(see(&visit.path("sign-in")));
    }
    let proof = under_way.proof.clone().with(&proof);
    go_on(visit, &account, proof, &under_way.next).await
}

/// The first second factor is a passkey: the account gets recovery codes and is signed in by both.
async fn enrol(
    visit: &Visit,
    given: &Given,
    ceremony: &Ceremony,
    (under_way, account): (&UnderWay, &Account),
) -> Answer {
    let (people, tenant) = (&visit.people, visit.tenant);
    let answer = (ceremony, own::name_of(given), given.answer.as_str());
    let made = match people.register_passkey(tenant, account, answer).await {
        Ok(made) => made,
        Err(IdentityError::Refused(_)) => {
            let Some(secret) = &under_way.enrolling else {
                return Ok(see(&visit.path("sign-in/enrol")));
            };
            return enrol::form(visit, account, secret, Some(Problem::plain(WRONG)));
        }
        Err(error) => return Err(error.into()),
    };
    if !is_taken(visit).await? {
        return Ok(see(&visit.path("sign-in")));
    }
    let codes = people.recovery.renew(tenant, account.id).await?;
    let ctx = people.ctx_of(tenant, Some(account));
    people.note(
        &ctx,
        EventCode::SecondFactorChange,
        None,
        "recovery codes made",
    )?;
    let proof = under_way
        .proof
        .clone()
        .with(&Proof::by_passkey(made.synced));
    let signed_in = begin(visit, account, &proof).await?;
    let page = visit.page("Your recovery codes", recovery(&codes, &under_way.next));
    Ok(with_cookies(page.into_response(), signed_in.cookies))
}

async fn prove(visit: &Visit, given: &Given, ceremony: &Ceremony, session: &Session) -> Answer {
    let (people, tenant) = (&visit.people, visit.tenant);
    let back = given.back.as_deref();
    let checked = people
        .check_passkey(tenant, ceremony, &given.answer)
        .await?;
    let Checked::Right((_, proof)) = checked else {
        return step_up::form(visit, session, back, Some(Problem::plain(WRONG))).await;
    };
    let ctx = people.ctx(tenant, actor_of(session, people.clock.now()));
    people.note(&ctx, EventCode::Login, None, "proved anew by a passkey")?;
    let cookie = people.sessions.prove(session, &proof).await?;
    let next = local_path(back).unwrap_or_else(|| visit.path("account"));
    Ok(with_cookies(going_on(visit, &next), [cookie]))
}

/// Uses up the sign-in that is under way: the password counted for it only.
async fn is_taken(visit: &Visit) -> Result<bool, Refusal> {
    let people = &visit.people;
    let (secret, now) = (
        visit.cookie("sign-in").unwrap_or_default(),
        people.clock.now(),
    );
    let taken = people
        .pending
        .take::<UnderWay>(visit.tenant, Kind::SignIn, secret, now);
    Ok(taken.await?.is_some())
}

/// A form that the script shows and an authenticator answers; nothing where passkeys are not possible.
pub(super) fn form(visit: &Visit, intent: Intent, csrf: &str, fields: &Markup) -> Markup {
    let word = match intent {
        Intent::SignIn => "Sign in with a passkey",
        Intent::SecondFactor | Intent::StepUp => "Use a passkey",
        Intent::Enrol => "Set up a passkey instead",
        Intent::Register => "Add a passkey",
    };
    html! {
        @if visit.rules.passkeys {
            form method="post" action=(visit.path("passkey")) data-options=(visit.path("passkey/options")) hidden {
                input type="hidden" name="csrf" value=(csrf);
                input type="hidden" name="intent" value=(intent.code());
                input type="hidden" name="answer" value="";
                (fields)
                p class="error" role="alert" hidden { "The passkey was not used. Try again, or use another way." }
                button class="second" type="submit" { (word) }
            }
        }
    }
}

/// `GET …/passkey.js`
pub(super) async fn script() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=300"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, SCRIPT).into_response()
}
