//! TLS and mutual TLS.

use std::path::{Path, PathBuf};
use std::time::Duration;

use mt_mllp::tls::{self, Identity, TlsError};
use mt_mllp::{Client, ClientConfig, ClientTls, Profile, SendError};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::ServerName;

use crate::receiving::{Socket, message, running_with};

/// Authorities and certificates of one test, as files.
struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        for authority in ["ours", "theirs"] {
            let mut params = CertificateParams::new(Vec::new()).unwrap();
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            let issuer =
                CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
            files.write(&format!("{authority}.pem"), &issuer.pem());
            for name in ["server", "client"] {
                let key = KeyPair::generate().unwrap();
                let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
                let certificate = params.signed_by(&key, &issuer).unwrap();
                files.write(&format!("{authority}-{name}.pem"), &certificate.pem());
                files.write(&format!("{authority}-{name}.key"), &key.serialize_pem());
            }
        }
        files
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn client(&self, address: std::net::SocketAddr, identity: Option<&str>) -> Client {
        let paths = identity.map(|name| {
            (
                self.path(&format!("{name}.pem")),
                self.path(&format!("{name}.key")),
            )
        });
        let identity = paths
            .as_ref()
            .map(|(certificates, key)| Identity { certificates, key });
        let config = tls::client(&self.path("ours.pem"), identity).unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        Client::start(ClientConfig {
            tls: Some(ClientTls { config, name }),
            attempts: Some(1),
            answer: Duration::from_secs(5),
            ..ClientConfig::new(address.to_string())
        })
    }

    fn server(&self, authorities: Option<&str>) -> std::sync::Arc<rustls::ServerConfig> {
        let (certificates, key) = (self.path("ours-server.pem"), self.path("ours-server.key"));
        let identity = Identity {
            certificates: &certificates,
            key: &key,
        };
        let authorities = authorities.map(|name| self.path(name));
        tls::server(identity, authorities.as_deref()).unwrap()
    }

    fn fingerprint(&self, name: &str) -> mt_mllp::Digest {
        use rustls::pki_types::pem::PemObject;
        let file = self.path(&format!("{name}.pem"));
        let certificate = rustls::pki_types::CertificateDer::from_pem_file(file).unwrap();
        tls::fingerprint(&certificate)
    }
}

#[tokio::test]
async fn both_ends_show_certificates_and_the_store_learns_whose() {
    let files = Files::new();
    let server = running_with(Profile::new("lab"), Some(files.server(Some("ours.pem")))).await;
    let client = files.client(server.address, Some("ours-client"));
    client.send(message("1")).await.unwrap();
    let received = &server.store.received()[0];
    assert_eq!(
        received.peer.certificate,
        Some(files.fingerprint("ours-client"))
    );
}

#[tokio::test]
async fn without_a_certificate_that_is_trusted_nothing_is_taken() {
    let files = Files::new();
    let server = running_with(Profile::new("lab"), Some(files.server(Some("ours.pem")))).await;
    for identity in [None, Some("theirs-client")] {
        let client = files.client(server.address, identity);
        let outcome = client.send(message("1")).await;
        assert!(
            matches!(outcome, Err(SendError::GivenUp { .. })),
            "{outcome:?}"
        );
    }
    let mut plain = Socket::to(server.address).await;
    plain.send(&message("1")).await;
    assert!(!matches!(
        plain.event().await,
        Some(mt_hl7v2::mllp::Event::Message(_))
    ));
    assert_eq!(server.store.received().len(), 0);
}

#[tokio::test]
async fn a_pinned_listener_takes_only_its_own_certificates() {
    let files = Files::new();
    let mut profile = Profile::new("lab");
    profile.certificates = vec![files.fingerprint("ours-client")];
    let server = running_with(profile, Some(files.server(Some("ours.pem")))).await;
    let other = files.client(server.address, Some("ours-server"));
    assert!(other.send(message("1")).await.is_err());
    let pinned = files.client(server.address, Some("ours-client"));
    pinned.send(message("2")).await.unwrap();
    assert_eq!(server.store.control_ids(), ["2"]);
}

#[tokio::test]
async fn a_client_does_not_talk_to_a_server_that_it_does_not_trust() {
    let files = Files::new();
    let (certificates, key) = (
        files.path("theirs-server.pem"),
        files.path("theirs-server.key"),
    );
    let identity = Identity {
        certificates: &certificates,
        key: &key,
    };
    let theirs = tls::server(identity, None).unwrap();
    let server = running_with(Profile::new("lab"), Some(theirs)).await;
    let client = files.client(server.address, None);
    assert!(client.send(message("1")).await.is_err());
    assert_eq!(server.store.received().len(), 0);
}

#[tokio::test]
async fn a_handshake_that_does_not_come_is_not_waited_for() {
    let files = Files::new();
    let mut profile = Profile::new("lab");
    profile.limits.handshake = Duration::from_millis(100);
    let server = running_with(profile, Some(files.server(None))).await;
    let mut silent = Socket::to(server.address).await;
    assert_eq!(silent.event().await, None);
}

#[test]
fn unusable_files_are_named() {
    let files = Files::new();
    files.write("empty.pem", "");
    let key = files.path("ours-server.key");
    let read = |certificates: &Path| {
        tls::server(
            Identity {
                certificates,
                key: &key,
            },
            None,
        )
    };
    assert!(matches!(
        read(&files.path("none.pem")),
        Err(TlsError::Pem { .. })
    ));
    assert!(matches!(
        read(&files.path("empty.pem")),
        Err(TlsError::Empty(_))
    ));
    assert!(matches!(
        read(&files.path("ours-client.pem")),
        Err(TlsError::Unusable(_))
    ));
}
