//! TLS to Redis, verified.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

use crate::OptionsError;

/// A connector that verifies the server by the certificates in `ca_file`, or by those of the system.
pub(crate) fn connector(ca_file: Option<&Path>) -> Result<TlsConnector, OptionsError> {
    let refuse = |error: &dyn std::fmt::Display| OptionsError::Certificates(error.to_string());
    let mut roots = RootCertStore::empty();
    match ca_file {
        Some(file) => {
            for certificate in CertificateDer::pem_file_iter(file).map_err(|e| refuse(&e))? {
                let certificate = certificate.map_err(|e| refuse(&e))?;
                roots.add(certificate).map_err(|e| refuse(&e))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| refuse(&e))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
