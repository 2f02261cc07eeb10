//! What a browser is told never to do with the application.

use axum::http::{HeaderName, header};

/// Nothing from elsewhere, no inline script; inline style elements only with the response's nonce.
/// A frame shows only what the page has read itself, such as a PDF: never an address.
pub(super) fn content_security(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' blob: data:; \
         font-src 'self'; connect-src 'self'; frame-src blob:; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'"
    )
}

/// Headers of the page.
pub(super) const PAGE: [(HeaderName, &str); 3] = [
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    ),
    (header::REFERRER_POLICY, "no-referrer"),
];

/// Headers of every answer.
pub(super) const ALL: [(HeaderName, &str); 2] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];
