//! TLS of connections that go out: which servers are believed, and by which algorithms.
//!
//! The database, a broker and a cache are reached by libraries of their own. What they must agree on is here.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

/// Why no server can be verified.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The file of trusted certificates cannot be used.
    #[error("the certificates in {path} cannot be used: {reason}")]
    Certificates {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The machine trusts no certificate at all.
    #[error("this machine has no trusted certificates; install ca-certificates or name a file")]
    NoTrust,
    /// TLS cannot be set up.
    #[error("tls cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

/// A client that verifies certificate and name of the server, by the certificates (PEM) in a file or else by those that
/// the machine trusts, and shows none itself.
///
/// # Errors
/// [`TrustError`] when there is nothing to verify a server by.
pub fn verifying_client(trusted: Option<&Path>) -> Result<ClientConfig, TrustError> {
    let roots = match trusted {
        Some(path) => read(path).map_err(|reason| TrustError::Certificates {
            path: path.to_owned(),
            reason,
        })?,
        None => of_machine()?,
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

fn of_machine() -> Result<RootCertStore, TrustError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(TrustError::NoTrust);
    }
    Ok(roots)
}

fn read(path: &Path) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(path).map_err(|error| error.to_string())?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    if roots.is_empty() {
        return Err("it holds no certificate".to_owned());
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_certificate_is_refused_and_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("authorities.pem");
        let missing = verifying_client(Some(&file)).unwrap_err();
        assert!(missing.to_string().contains("authorities.pem"), "{missing}");
        let pem = |text: &str| {
            format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
        };
        for content in ["", "no certificate at all", &pem("AAAA"), &pem("%%%%")] {
            std::fs::write(&file, content).unwrap();
            let refused = verifying_client(Some(&file)).unwrap_err();
            assert!(
                matches!(refused, TrustError::Certificates { .. }),
                "{content}: {refused}"
            );
        }
    }
}
