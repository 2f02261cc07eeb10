//! TLS 1.2 and 1.3 on both ends, with certificates required of both by default.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use crate::store::Digest;

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read as PEM.
    #[error("{what} cannot be read from its PEM file: {source}")]
    Pem {
        /// Which file.
        what: &'static str,
        /// Why.
        source: rustls::pki_types::pem::Error,
    },
    /// A PEM file without a certificate in it.
    #[error("{0} holds no certificate")]
    Empty(&'static str),
    /// Certificate and key do not fit, or an authority cannot be used.
    #[error("the certificates cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
    /// The authorities for client certificates cannot be used.
    #[error("the authorities for client certificates cannot be used: {0}")]
    Authorities(#[from] rustls::server::VerifierBuilderError),
}

/// A certificate chain with its key, in PEM files.
#[derive(Clone, Copy, Debug)]
pub struct Identity<'p> {
    /// The certificate, then the chain to its authority.
    pub certificates: &'p Path,
    /// The private key.
    pub key: &'p Path,
}

/// A server that shows `identity` and requires clients to show a certificate that one of the
/// `authorities` signed. Without authorities anybody may connect: then guard the network.
///
/// # Errors
/// [`TlsError`] when a file is unusable.
pub fn server(
    identity: Identity<'_>,
    authorities: Option<&Path>,
) -> Result<Arc<ServerConfig>, TlsError> {
    let builder =
        ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    let builder = match authorities {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let roots = Arc::new(roots(path)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider());
            builder.with_client_cert_verifier(verifier.build()?)
        }
    };
    let (chain, key) = identity.read()?;
    Ok(Arc::new(builder.with_single_cert(chain, key)?))
}

/// A client that trusts `authorities` and shows `identity` when it has one.
///
/// # Errors
/// [`TlsError`] when a file is unusable.
pub fn client(
    authorities: &Path,
    identity: Option<Identity<'_>>,
) -> Result<Arc<ClientConfig>, TlsError> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots(authorities)?);
    let config = match identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let (chain, key) = identity.read()?;
            builder.with_client_auth_cert(chain, key)?
        }
    };
    Ok(Arc::new(config))
}

/// The fingerprint by which a certificate is pinned and a peer is known.
#[must_use]
pub fn fingerprint(certificate: &CertificateDer<'_>) -> Digest {
    sha256(certificate)
}

pub(crate) fn sha256(bytes: &[u8]) -> Digest {
    let mut digest = Digest::default();
    digest.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref());
    digest
}

impl Identity<'_> {
    fn read(&self) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
        let chain = certificates(self.certificates, "the certificate chain")?;
        let key = PrivateKeyDer::from_pem_file(self.key).map_err(|source| TlsError::Pem {
            what: "the private key",
            source,
        })?;
        Ok((chain, key))
    }
}

fn roots(path: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path, "the file of authorities")? {
        roots.add(certificate)?;
    }
    Ok(roots)
}

fn certificates(path: &Path, what: &'static str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let read = read.map_err(|source| TlsError::Pem { what, source })?;
    if read.is_empty() {
        return Err(TlsError::Empty(what));
    }
    Ok(read)
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}
