//! Where a request comes from: the network address of its client, for the audit trail.
//!
//! The address belongs to the request and not to any one of the things that are done for it, of which there
//! are many, in every context. So it travels with the task that answers the request, is set in one place for
//! all doors, and no operation can forget to hand it on. What no client asked for has none.

use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::Stream;

tokio::task_local! {
    static ADDRESS: Option<IpAddr>;
}

/// Does `work` for a client at `address`.
pub async fn from_address<F: Future>(address: Option<IpAddr>, work: F) -> F::Output {
    ADDRESS.scope(canonical(address), work).await
}

/// The address of the client for whom this task works, when there is one.
#[must_use]
pub fn network_address() -> Option<IpAddr> {
    ADDRESS.try_with(|address| *address).ok().flatten()
}

/// Does `work`, which may lie on another thread, for the client for whom this task works.
pub(crate) fn carried<R>(work: impl FnOnce() -> R) -> impl FnOnce() -> R {
    let address = network_address();
    move || ADDRESS.sync_scope(address, work)
}

/// A stream that goes on working for a client after the request was answered: the rest of a long answer.
#[derive(Debug)]
pub struct FromAddress<S> {
    address: Option<IpAddr>,
    stream: S,
}

impl<S> FromAddress<S> {
    /// `stream`, worked on for a client at `address`.
    pub fn new(address: Option<IpAddr>, stream: S) -> Self {
        let address = canonical(address);
        Self { address, stream }
    }
}

impl<S, E> Stream for FromAddress<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
{
    type Item = Result<Bytes, E>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let address = self.address;
        ADDRESS.sync_scope(address, || Pin::new(&mut self.stream).poll_next(context))
    }
}

/// IPv4 stays IPv4, whatever the listener's socket makes of it.
fn canonical(address: Option<IpAddr>) -> Option<IpAddr> {
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use futures::StreamExt;

    use super::*;

    const CLIENT: &str = "203.0.113.9";

    fn client() -> Option<IpAddr> {
        Some(CLIENT.parse().unwrap())
    }

    #[tokio::test]
    async fn the_address_is_known_within_its_request_alone() {
        assert_eq!(network_address(), None);
        from_address(client(), async {
            assert_eq!(network_address(), client());
            let elsewhere = tokio::task::spawn_blocking(carried(network_address));
            assert_eq!(elsewhere.await.unwrap(), client());
            let beside = tokio::spawn(async { network_address() });
            assert_eq!(beside.await.unwrap(), None, "another task is another's");
        })
        .await;
        assert_eq!(network_address(), None);
    }

    #[tokio::test]
    async fn the_rest_of_an_answer_is_the_clients_too() {
        let item = || Ok::<_, ()>(Bytes::from(format!("{:?}", network_address())));
        let stream = futures::stream::repeat_with(item).take(1);
        let mut told = FromAddress::new(client(), stream);
        let told = told.next().await.unwrap().unwrap();
        assert_eq!(told, format!("{:?}", client()));
    }

    #[tokio::test]
    async fn an_ipv4_address_in_ipv6_is_an_ipv4_address() {
        let mapped = Some("::ffff:203.0.113.9".parse().unwrap());
        let known = from_address(mapped, async { network_address() }).await;
        assert_eq!(known, client());
    }
}
