//! Stopping mail by the link in it: a page that asks, and the one click of RFC 8058.
//!
//! Opening the link changes nothing, because mail scanners open every link; only a POST does.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Html;
use mt_api::Problem;

use crate::Notifications;
use crate::domain::Category;

/// What a category is called.
const fn called(category: Category) -> &'static str {
    match category {
        Category::Appointments => "appointments",
        Category::Results => "results",
        Category::Prescriptions => "prescriptions",
        Category::Claims => "insurance",
        Category::Tasks => "tasks",
        Category::System => "summaries",
    }
}

/// Asks whether mail of this kind shall stop.
#[utoipa::path(get, path = "/notifications/unsubscribe/{token}", tag = "notifications",
    params(("token" = String, Path, description = "From the mail")),
    responses((status = 200, content_type = "text/html"), (status = 404)))]
pub(super) async fn ask(
    State(notifications): State<Notifications>,
    Path(token): Path<String>,
) -> Result<Html<String>, Problem> {
    let category = called(notifications.stopped_by(&token).await?);
    Ok(page(&format!(
        "<h1>Stop e-mail about {category}?</h1><p>Messages stay in your account.</p>\
         <form method=\"post\"><button>Stop</button></form>"
    )))
}

/// Stops mail of this kind.
#[utoipa::path(post, path = "/notifications/unsubscribe/{token}", tag = "notifications",
    params(("token" = String, Path, description = "From the mail")),
    responses((status = 200, content_type = "text/html"), (status = 404)))]
pub(super) async fn stop(
    State(notifications): State<Notifications>,
    Path(token): Path<String>,
) -> Result<(StatusCode, Html<String>), Problem> {
    let category = called(notifications.stop(&token).await?);
    let body = format!(
        "<h1>E-mail about {category} is stopped</h1><p>You can start it again in your preferences.</p>"
    );
    Ok((StatusCode::OK, page(&body)))
}

/// Words of ours alone: nothing of the request is in it.
fn page(body: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"robots\" content=\"noindex\">\
         <title>Notifications</title><body>{body}</body></html>"
    ))
}
