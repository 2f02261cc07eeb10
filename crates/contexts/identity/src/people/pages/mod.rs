//! Pages that the server renders: sign-in, second factor, own account, links by mail.
//!
//! They work without a script, except for passkeys, and carry no health information.

mod code;
mod enrol;
mod layout;
mod links;
mod own;
mod passkey;
mod sign_in;
mod step_up;
mod visit;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

pub use layout::Page;

use super::People;

/// Largest form, bytes.
const FORM_BYTES: usize = 32 << 10;

/// The pages, below `/t/{tenant}`.
pub fn router(people: Arc<People>) -> Router {
    let pages = Router::new()
        .route("/sign-in", get(sign_in::show).post(sign_in::submit))
        .route("/sign-in/code", get(code::show).post(code::submit))
        .route("/sign-in/enrol", get(enrol::show).post(enrol::submit))
        .route("/sign-out", post(own::sign_out))
        .route("/step-up", get(step_up::show).post(step_up::submit))
        .route("/account", get(own::show))
        .route("/account/sessions", post(own::end))
        .route("/account/password", post(own::change_password))
        .route("/account/recovery-codes", post(own::renew_codes))
        .route("/passkey", post(passkey::submit))
        .route("/passkey/options", post(passkey::options))
        .route("/passkey.js", get(passkey::script))
        .route("/account/passkeys", post(passkey::own::change))
        .route("/forgot", get(links::forgot).post(links::send))
        .route("/reset/{secret}", get(links::show_reset).post(links::reset))
        .route(
            "/invitation/{secret}",
            get(links::show_invitation).post(links::accept),
        )
        .layer(DefaultBodyLimit::max(FORM_BYTES))
        .with_state(people);
    Router::new().nest("/t/{tenant}", pages)
}
