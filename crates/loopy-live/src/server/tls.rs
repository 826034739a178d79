//! Encryption: a certificate from files, or one made on the spot.

use std::{io, path::Path, sync::Arc, time::Duration};

use rcgen::{CertificateParams, KeyPair};
use sha2::{Digest as _, Sha256};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem::PemObject as _},
    },
    server::TlsStream,
};

use super::config::{StartError, Tls};

pub(super) struct Secure {
    acceptor: TlsAcceptor,
    fingerprint: String,
}

impl Secure {
    /// With what `tls` says, for a server that is reached by `names`.
    pub(super) fn new(tls: &Tls, names: &[String]) -> Result<Self, StartError> {
        let (chain, key, file) = match tls {
            Tls::Files { certificate, key } => {
                let (chain, key) = read(certificate, key)?;
                (chain, key, Some(certificate))
            }
            Tls::SelfSigned => {
                let (chain, key) =
                    make(names).map_err(|error| StartError::SelfSigned(error.to_string()))?;
                (chain, key, None)
            }
        };
        let fingerprint = chain.first().map(|it| fingerprint(it)).unwrap_or_default();
        let provider = Arc::new(ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key));
        let mut config = config.map_err(|error| match file {
            Some(path) => StartError::Certificate {
                path: path.clone(),
                why: error.to_string(),
            },
            None => StartError::SelfSigned(error.to_string()),
        })?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            acceptor: Arc::new(config).into(),
            fingerprint,
        })
    }

    pub(super) fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Shakes hands, within `limit`.
    pub(super) async fn accept(
        &self,
        stream: TcpStream,
        limit: Duration,
    ) -> io::Result<TlsStream<TcpStream>> {
        timeout(limit, self.acceptor.accept(stream)).await?
    }
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn read(certificate: &Path, key: &Path) -> Result<Identity, StartError> {
    let fail = |path: &Path, why: String| StartError::Certificate {
        path: path.to_owned(),
        why,
    };
    let chain: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect::<Result<_, _>>);
    let chain = chain.map_err(|error| fail(certificate, error.to_string()))?;
    if chain.is_empty() {
        return Err(fail(
            certificate,
            "there is no certificate in it".to_owned(),
        ));
    }
    let key = PrivateKeyDer::from_pem_file(key).map_err(|error| fail(key, error.to_string()))?;
    Ok((chain, key))
}

fn make(names: &[String]) -> Result<Identity, rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(names)?;
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, "LoopyComfy");
    let certificate = params.self_signed(&key)?;
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    Ok((vec![certificate.der().clone()], key.into()))
}

fn fingerprint(certificate: &[u8]) -> String {
    let digest = Sha256::digest(certificate);
    let bytes: Vec<_> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
    bytes.join(":")
}
