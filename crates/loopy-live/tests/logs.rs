//! What is logged while tokens come and go. A process of its own: it takes all that anything logs.

mod support;

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::json;
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

use support::{
    Client, Site, TOKEN,
    client::{protocols, request},
};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_token_gets_into_the_log() {
    let log = Log::default();
    // The server shakes hands by hyper; what tungstenite says of that is the test's own client.
    let filter = EnvFilter::new("trace,tungstenite::handshake=off,tungstenite::client=off");
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false);
    subscriber.with_writer(log.clone()).init();

    let mut site = Site::new().await;
    site.publisher.steps(5, 100);
    let http = site.http();
    let link = http
        .post("/api/link", TOKEN, &json!({"scope":"view","seconds":9}))
        .await
        .json();
    let link = link["token"].as_str().unwrap().to_owned();
    let ticket = http.post("/api/ticket", TOKEN, &json!({})).await.json();
    let ticket = ticket["ticket"].as_str().unwrap().to_owned();
    let wrong = "a-wrong-token-that-was-typed-here";
    http.get("/api/status", Some(wrong)).await;
    let mut viewer = Client::connect(site.port, &link).await.unwrap();
    viewer.hello("jpeg").await;
    viewer.media().await;
    let origin = format!("http://{}", site.host());
    let headers = [
        ("sec-websocket-protocol", "loopy.v1"),
        ("origin", origin.as_str()),
    ];
    let path = format!("/ws?ticket={ticket}");
    let mut page = Client::ask(request(site.port, &path, &headers))
        .await
        .unwrap();
    page.text("welcome").await;
    drop(page);
    site.running.stop().await;

    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(
        text.contains("a link was made") && text.contains("a viewer came"),
        "{text}"
    );
    let offered = protocols(TOKEN);
    let encoded = offered.rsplit('.').next().unwrap();
    for secret in [TOKEN, &link, &ticket, wrong, encoded] {
        let line = text.lines().find(|line| line.contains(secret));
        assert_eq!(line, None);
    }
}
