//! What viewers send, and the records that codecs bring along: any bytes are refused or answered.

use std::time::Instant;

use loopy_live::{
    fmp4,
    hub::Hub,
    packet::{HEADER, Header},
    protocol::{
        message::Client,
        session::{Outgoing, Rules, Scopes, Session},
    },
};

/// See above.
pub fn run(bytes: &[u8]) {
    if let Some((header, payload)) = Header::read(bytes) {
        assert_eq!(payload.len() + HEADER, bytes.len());
        assert_eq!(
            Header::read(&header.message(payload)),
            Some((header, payload))
        );
    }
    if let Ok(name) = fmp4::h264_codec(bytes) {
        assert_eq!(name.len(), "avc1.640028".len());
    }
    let _name = fmp4::aac_codec(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        talk(text);
    }
}

/// A conversation, a message a line.
fn talk(text: &str) {
    let hub = Hub::new(Instant::now());
    let rules = Rules::default();
    let mut session = Session::new("fuzz".to_owned(), Scopes::ALL, None, rules, 0);
    session.open(&hub, "fuzz", 0);
    let mut now = 0;
    let mut closed = false;
    for line in text.lines() {
        now += 100_000;
        let ask = session.receive(line, &hub, now);
        assert!(ask.is_none() || !closed, "a verb after the end");
        if Client::read(line).is_err() {
            assert!(session.is_closing(), "no message, and it goes on: {line:?}");
        }
        session.tick(&hub, now);
        while let Some(outgoing) = session.next(&hub, now) {
            match outgoing {
                Outgoing::Text(text) => {
                    let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
                    assert!(value["t"].is_string(), "{text}");
                }
                Outgoing::Close(..) => {
                    closed = true;
                    break;
                }
                _ => {}
            }
        }
        let _viewer = session.viewer(now);
    }
}
