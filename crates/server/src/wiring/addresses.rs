//! Where requests come from, for the audit trail: set here for every door.

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use mt_http::PeerAddress;
use mt_store::{FromAddress, from_address};

/// Middleware inside of [`mt_http::behind_proxies`]: whatever a request leads to is entered in the trail with
/// the address of its client, also what an answer needs that is still being made while it is sent.
pub(crate) async fn known(request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<PeerAddress>();
    let address = peer.map(|peer| peer.0.ip());
    let response = from_address(address, next.run(request)).await;
    if response.body().size_hint().exact().is_some() {
        return response;
    }
    response.map(|body| Body::from_stream(FromAddress::new(address, body.into_data_stream())))
}
