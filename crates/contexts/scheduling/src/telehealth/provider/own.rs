//! Our own way: WebRTC from browser to browser, with STUN and TURN servers of the operator.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::FutureExt;
use futures::future::BoxFuture;
use mt_kernel::{Fault, Secret};

use super::{IceServer, Media, Provider, Seating};

/// A TURN server that shares a secret with us.
#[derive(Clone, Debug)]
pub struct Relay {
    /// `turn:…`, `turns:…`.
    pub urls: Vec<String>,
    /// `static-auth-secret` of coturn.
    pub secret: Secret<String>,
}

/// From browser to browser.
#[derive(Clone, Debug, Default)]
pub struct Own {
    /// `stun:…`.
    pub stun: Vec<String>,
    /// The relay for networks that let nothing else through.
    pub relay: Option<Relay>,
}

impl Own {
    fn servers(&self, seating: &Seating<'_>) -> Vec<IceServer> {
        let stun = (!self.stun.is_empty()).then(|| IceServer {
            urls: self.stun.clone(),
            username: None,
            credential: None,
        });
        let relay = self.relay.as_ref().map(|relay| {
            // The time-limited credentials of the TURN REST API, as coturn checks them.
            let username = format!("{}:{}", seating.expires.unix_seconds(), seating.identity);
            let secret = relay.secret.expose().as_bytes();
            let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
            let tag = hmac::sign(&key, username.as_bytes());
            IceServer {
                urls: relay.urls.clone(),
                username: Some(username),
                credential: Some(STANDARD.encode(tag)),
            }
        });
        stun.into_iter().chain(relay).collect()
    }
}

impl Provider for Own {
    fn name(&self) -> &'static str {
        "own"
    }

    fn ticket<'a>(&'a self, seating: Seating<'a>) -> BoxFuture<'a, Result<Media, Fault>> {
        let media = Media {
            provider: self.name(),
            ice_servers: self.servers(&seating),
            ..Media::default()
        };
        std::future::ready(Ok(media)).boxed()
    }
}

#[cfg(test)]
mod tests {
    use mt_kernel::Instant;

    use super::*;
    use crate::telehealth::Side;

    #[test]
    fn a_relay_gets_a_name_that_runs_out_and_the_tag_that_coturn_computes() {
        let own = Own {
            stun: vec!["stun:stun.example.org".to_owned()],
            relay: Some(Relay {
                urls: vec!["turn:turn.example.org?transport=udp".to_owned()],
                secret: Secret::new("north".to_owned()),
            }),
        };
        let seating = Seating {
            room: "r",
            identity: "patient",
            side: Side::Patient,
            now: Instant(0),
            expires: Instant(1_433_895_918_506_000),
        };
        let [stun, turn] = own.servers(&seating).try_into().unwrap();
        assert_eq!((stun.username, stun.credential), (None, None));
        // printf '1433895918:patient' | openssl dgst -sha1 -hmac north -binary | base64
        assert_eq!(turn.username.as_deref(), Some("1433895918:patient"));
        assert_eq!(
            turn.credential.as_deref(),
            Some("dJee7Q77tKJYYuzdlOBtbOaINtk=")
        );
    }
}
