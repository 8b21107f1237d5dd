//! Which certificates are trusted, and what is said where no session comes about.

use std::path::Path;
use std::sync::Arc;

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{self, AlertDescription, CertificateError, ClientConfig, RootCertStore};

/// There is no usable TLS configuration.
#[derive(Debug, thiserror::Error)]
#[error("TLS cannot be set up: {0}")]
pub struct TlsFault(String);

/// A connector that trusts what the machine trusts (`SSL_CERT_FILE` adds to that), or Mozilla's list where the machine
/// keeps none.
pub(super) fn connector(authority: Option<&Path>) -> Result<TlsConnector, TlsFault> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    if let Some(path) = authority {
        let fault = |text: String| TlsFault(format!("the certificates in {}: {text}", path.display()));
        let mut found = 0;
        for certificate in CertificateDer::pem_file_iter(path).map_err(|why| fault(why.to_string()))? {
            roots.add(certificate.map_err(|why| fault(why.to_string()))?).map_err(|why| fault(why.to_string()))?;
            found += 1;
        }
        if found == 0 {
            return Err(fault("there are none; the file holds PEM, -----BEGIN CERTIFICATE----- and so on".to_owned()));
        }
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|fault| TlsFault(fault.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

/// What is wrong with a certificate, or with how the other end encrypts, where that is what was wrong; nothing was sent then.
pub(super) fn judged(fault: &std::io::Error, host: &str) -> Option<String> {
    match fault.get_ref()?.downcast_ref::<rustls::Error>()? {
        rustls::Error::InvalidCertificate(why) => Some(distrusted(why, host)),
        rustls::Error::AlertReceived(alert) => outdated(*alert, host),
        _ => None,
    }
}

/// What an alert says of the other end's age.
fn outdated(alert: AlertDescription, host: &str) -> Option<String> {
    match alert {
        AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity => Some(format!(
            "{host} and this program have no way of encrypting in common: wanted is TLS 1.3, or TLS 1.2 with ECDHE and \
             AES-GCM or ChaCha20. Windows Server 2012 R2 and older have that only with an ECDSA certificate. Give the \
             server an ECDSA certificate, or put a proxy before it that ends TLS (not for NTLM while Extended Protection is \
             on), or run it on Windows Server 2016 or later"
        )),
        AlertDescription::ProtocolVersion => Some(format!(
            "{host} knows no TLS newer than 1.1, and wanted is TLS 1.2 or 1.3; switch TLS 1.2 on there, or put a proxy \
             before it that ends TLS (not for NTLM while Extended Protection is on)"
        )),
        _ => None,
    }
}

fn distrusted(why: &CertificateError, host: &str) -> String {
    match why {
        CertificateError::UnknownIssuer => format!(
            "the certificate of {host} is not trusted, because nobody that this machine trusts has issued it. If it is from \
             your company's own authority, name the file with that authority's certificate: ca = \"company.pem\" in \
             [exchange], or SSL_CERT_FILE for every other service"
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            format!("the certificate of {host} has expired; renew it on that server, or correct this machine's clock")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            format!("the certificate of {host} is not valid yet; correct this machine's clock")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => format!(
            "the certificate of {host} is for other names; use the name that is in it, as the server's users do"
        ),
        other => format!("the certificate of {host} is not accepted: {other:?}"),
    }
}
