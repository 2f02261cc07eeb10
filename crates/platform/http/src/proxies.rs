//! Who asks when a reverse proxy stands in between.
//!
//! Anybody can send `X-Forwarded-For` or `Forwarded`; they are believed only from the addresses that the
//! operator named, hop by hop from the nearest one, and only the one header that these proxies set. Without
//! named proxies neither is ever read.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName};
use axum::middleware::Next;
use axum::response::Response;

use crate::PeerAddress;

/// A network in CIDR notation, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// A network that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no address and no network such as 10.0.0.0/8")]
pub struct NetworkError(String);

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let bad = || NetworkError(text.to_owned());
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| bad())?;
        let all = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(all), |bits| bits.parse().map_err(|_| bad()))?;
        let network = Self { address, bits };
        // Bits beyond the network's would be a slip of the pen.
        if bits > all || masked(address, bits) != bits_of(address) {
            return Err(bad());
        }
        Ok(network)
    }
}

impl Network {
    fn contains(&self, address: IpAddr) -> bool {
        address.is_ipv4() == self.address.is_ipv4()
            && masked(address, self.bits) == bits_of(self.address)
    }
}

fn bits_of(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)) << 96,
        IpAddr::V6(address) => u128::from(address),
    }
}

fn masked(address: IpAddr, bits: u8) -> u128 {
    let mask = u128::MAX.checked_shl(128 - u32::from(bits.min(128)));
    bits_of(address) & mask.unwrap_or(0)
}

/// The header by which proxies say for whom they ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForwardedBy {
    /// `X-Forwarded-For`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// The reverse proxies in front of the server.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies {
    /// Where they ask from.
    pub networks: Vec<Network>,
    /// What they say for whom by.
    pub header: ForwardedBy,
}

impl TrustedProxies {
    /// The address that a request comes from: that of the connection, or what trusted proxies say of it.
    fn client(&self, peer: SocketAddr, headers: &HeaderMap) -> SocketAddr {
        let mut client = peer;
        for hop in self.hops(headers).into_iter().rev() {
            if !self.trusts(client.ip()) {
                break;
            }
            // An unreadable hop hides those behind it, which the proxy did not see either.
            let Some(hop) = hop else {
                break;
            };
            client = hop;
        }
        client
    }

    fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|one| one.contains(address))
    }

    /// Every hop that the header names, the farthest first.
    fn hops(&self, headers: &HeaderMap) -> Vec<Option<SocketAddr>> {
        let name = match self.header {
            ForwardedBy::XForwardedFor => HeaderName::from_static("x-forwarded-for"),
            ForwardedBy::Forwarded => axum::http::header::FORWARDED,
        };
        let values = headers.get_all(name).into_iter();
        let elements = values.flat_map(|value| value.to_str().unwrap_or_default().split(','));
        let hop = |element: &str| match self.header {
            ForwardedBy::XForwardedFor => hop(element.trim()),
            ForwardedBy::Forwarded => forwarded_for(element).and_then(hop),
        };
        elements.map(hop).collect()
    }
}

/// The `for` of an element of `Forwarded`.
fn forwarded_for(element: &str) -> Option<&str> {
    let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let (_, node) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    Some(node.trim().trim_matches('"'))
}

/// An address, with a port or without; IPv6 in brackets where there is one.
fn hop(text: &str) -> Option<SocketAddr> {
    let plain = |address: IpAddr| SocketAddr::new(address.to_canonical(), 0);
    let bracketed = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    if let Some(address) = bracketed.and_then(|text| text.parse::<Ipv6Addr>().ok()) {
        return Some(plain(address.into()));
    }
    let with_port = || text.parse::<SocketAddr>().ok();
    text.parse().map(plain).ok().or_else(with_port)
}

/// Middleware: replaces the peer's address by the client's, for everything behind.
pub async fn behind_proxies(
    State(proxies): State<Arc<TrustedProxies>>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Some(&PeerAddress(peer)) = request.extensions().get::<PeerAddress>() {
        let client = proxies.client(peer, request.headers());
        request.extensions_mut().insert(PeerAddress(client));
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn client(header: ForwardedBy, peer: &str, value: &[(&'static str, &'static str)]) -> String {
        let networks = ["10.0.0.0/8", "2001:db8:1::/48", "192.0.2.7"];
        let proxies = TrustedProxies {
            networks: networks.iter().map(|text| text.parse().unwrap()).collect(),
            header,
        };
        let mut headers = HeaderMap::new();
        for (name, value) in value {
            headers.append(*name, HeaderValue::from_static(value));
        }
        let peer = SocketAddr::new(peer.parse().unwrap(), 1234);
        proxies.client(peer, &headers).ip().to_string()
    }

    #[test]
    fn a_stranger_says_nothing_about_where_they_come_from() {
        for header in [ForwardedBy::XForwardedFor, ForwardedBy::Forwarded] {
            let forged = [
                ("x-forwarded-for", "198.51.100.9"),
                ("forwarded", "for=198.51.100.9"),
            ];
            assert_eq!(client(header, "203.0.113.5", &forged), "203.0.113.5");
        }
    }

    #[test]
    fn what_trusted_proxies_say_counts_from_the_nearest_hop() {
        let x = ForwardedBy::XForwardedFor;
        for (peer, value, expected) in [
            ("10.1.2.3", "203.0.113.5", "203.0.113.5"),
            ("::ffff:10.1.2.3", "203.0.113.5", "203.0.113.5"),
            ("192.0.2.7", "203.0.113.5:4711", "203.0.113.5"),
            ("2001:db8:1::9", "2001:db8:2::5", "2001:db8:2::5"),
            // What the client itself sent stands to the left of what the proxy saw.
            ("10.1.2.3", "198.51.100.9, 203.0.113.5", "203.0.113.5"),
            (
                "10.1.2.3",
                "198.51.100.9, 203.0.113.5, 10.9.9.9",
                "203.0.113.5",
            ),
            ("10.1.2.3", "10.9.9.9", "10.9.9.9"),
            ("10.1.2.3", "unknown", "10.1.2.3"),
            ("10.1.2.3", "198.51.100.9, nonsense", "10.1.2.3"),
            ("10.1.2.3", "", "10.1.2.3"),
            ("192.0.2.8", "198.51.100.9", "192.0.2.8"),
        ] {
            assert_eq!(
                client(x, peer, &[("x-forwarded-for", value)]),
                expected,
                "{peer} {value}"
            );
        }
        let lines = [
            ("x-forwarded-for", "198.51.100.9"),
            ("x-forwarded-for", "203.0.113.5"),
        ];
        assert_eq!(client(x, "10.1.2.3", &lines), "203.0.113.5");
    }

    #[test]
    fn forwarded_is_read_as_its_rfc_says_and_the_other_header_is_not() {
        let forwarded = ForwardedBy::Forwarded;
        for (value, expected) in [
            ("for=203.0.113.5;proto=https;by=10.1.2.3", "203.0.113.5"),
            (
                "proto=https; For=\"[2001:db8:cafe::17]:4711\"",
                "2001:db8:cafe::17",
            ),
            ("for=198.51.100.9, for=203.0.113.5", "203.0.113.5"),
            ("for=_hidden", "10.1.2.3"),
            ("by=10.1.2.3", "10.1.2.3"),
        ] {
            let values = [("forwarded", value), ("x-forwarded-for", "198.51.100.1")];
            assert_eq!(client(forwarded, "10.1.2.3", &values), expected, "{value}");
        }
        let both = [("forwarded", "for=198.51.100.9")];
        assert_eq!(
            client(ForwardedBy::XForwardedFor, "10.1.2.3", &both),
            "10.1.2.3"
        );
    }

    #[test]
    fn a_network_is_written_without_a_slip() {
        for good in ["0.0.0.0/0", "::/0", "10.0.0.0/8", "::1", "192.0.2.7/32"] {
            assert!(good.parse::<Network>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "10.0.0.1/8",
            "10.0.0.0/33",
            "10.0.0.0/",
            "::/129",
            "host",
            "10.0.0.0/-1",
        ] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
    }
}
