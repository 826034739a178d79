//! The same over an encrypted line.

use std::{path::Path, sync::Arc, time::Duration};

use loopy_live::server::{Config, NoAssets, StartError, Tls, WebSocketServer};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, ServerName, pem::PemObject as _},
    },
};

use crate::support::{LONG, Puppet, Site, TOKEN, client::protocols, publisher::Publisher};

fn certificate(folder: &Path, name: &str) -> Tls {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (
        folder.join(format!("{name}.pem")),
        folder.join(format!("{name}.key")),
    );
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    Tls::Files { certificate, key }
}

async fn connect(port: u16, trusted: &Path) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(trusted).unwrap())
        .unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .unwrap()
}

async fn first_line(stream: &mut TlsStream<TcpStream>, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        line.push(timeout(LONG, stream.read_u8()).await.unwrap().unwrap());
    }
    String::from_utf8(line).unwrap()
}

#[tokio::test]
async fn pages_and_sockets_are_there_and_pages_have_to_be_encrypted_too() {
    let folder = tempfile::tempdir().unwrap();
    let tls = certificate(folder.path(), "own");
    let Tls::Files {
        certificate: trusted,
        ..
    } = tls.clone()
    else {
        panic!("files");
    };
    let site = Site::with(|config| {
        config.tls = Some(tls);
        config.request_timeout = Duration::from_millis(500);
    })
    .await;
    let host = format!("localhost:{}", site.port);
    let mut stream = connect(site.port, &trusted).await;
    let health = format!("GET /healthz HTTP/1.1\r\nhost: {host}\r\n\r\n");
    assert_eq!(
        first_line(&mut stream, &health).await,
        "HTTP/1.1 200 OK\r\n"
    );
    let offered = protocols(TOKEN);
    for (origin, expected) in [
        (format!("https://{host}"), "101"),
        (format!("http://{host}"), "403"),
    ] {
        let mut stream = connect(site.port, &trusted).await;
        let socket = format!(
            "GET /ws HTTP/1.1\r\nhost: {host}\r\norigin: {origin}\r\nconnection: upgrade\r\n\
             upgrade: websocket\r\nsec-websocket-version: 13\r\n\
             sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: {offered}\r\n\r\n"
        );
        let line = first_line(&mut stream, &socket).await;
        assert!(line.contains(expected), "{line}");
    }
    // Who speaks without encryption, or does not speak, is not listened to.
    for words in ["GET / HTTP/1.1\r\n\r\n", ""] {
        let mut plain = TcpStream::connect(("127.0.0.1", site.port)).await.unwrap();
        plain.write_all(words.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let _read = timeout(LONG, plain.read_to_end(&mut answer))
            .await
            .expect("closed");
        assert!(!answer.starts_with(b"HTTP"));
    }
}

#[tokio::test]
async fn certificates_that_cannot_be_used_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (
        certificate(folder.path(), "one"),
        certificate(folder.path(), "other"),
    );
    let (Tls::Files { certificate, key }, Tls::Files { key: other, .. }) = (one, other) else {
        panic!("files");
    };
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    let missing = folder.path().join("missing.pem");
    for (certificate, key, named) in [
        (&certificate, &other, &certificate),
        (&certificate, &empty, &empty),
        (&empty, &key, &empty),
        (&missing, &key, &missing),
        (&certificate, &missing, &missing),
    ] {
        let mut config = Config::new(TOKEN.to_owned());
        config.port = 0;
        config.tls = Some(Tls::Files {
            certificate: certificate.clone(),
            key: key.clone(),
        });
        let hub = Publisher::new().hub;
        let bound =
            WebSocketServer::bind(config, hub, Arc::new(Puppet::default()), Arc::new(NoAssets));
        let error = bound.await.err().expect("it does not start");
        assert!(
            matches!(&error, StartError::Certificate { path, .. } if path == named),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_certificate_made_on_the_spot_tells_its_fingerprint() {
    let mut prints = Vec::new();
    for _ in 0..2 {
        let mut config = Config::new(TOKEN.to_owned());
        config.port = 0;
        config.tls = Some(Tls::SelfSigned);
        let hub = Publisher::new().hub;
        let bound =
            WebSocketServer::bind(config, hub, Arc::new(Puppet::default()), Arc::new(NoAssets));
        let server = bound.await.unwrap();
        let print = server.fingerprint().unwrap().to_owned();
        assert_eq!(print.len(), 32 * 3 - 1);
        prints.push(print);
    }
    assert_ne!(prints[0], prints[1]);
}
