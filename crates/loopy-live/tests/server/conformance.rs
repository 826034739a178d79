//! WebSocket at the level of bytes: what is against RFC 6455 ends with the code that it names.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::support::{LONG, Site, TOKEN, client::protocols};

const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// A connection after its handshake.
struct Raw {
    stream: TcpStream,
}

impl Raw {
    async fn connect(site: &Site) -> Self {
        let mut stream = TcpStream::connect(("127.0.0.1", site.port)).await.unwrap();
        let host = site.host();
        let offered = protocols(TOKEN);
        let request = format!(
            "GET /ws HTTP/1.1\r\nhost: {host}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             sec-websocket-protocol: {offered}\r\n\r\n"
        );
        // A handshake that comes in pieces is one all the same.
        for piece in request.as_bytes().chunks(40) {
            stream.write_all(piece).await.unwrap();
        }
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(LONG, stream.read_u8()).await.unwrap().unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        assert!(head.starts_with("HTTP/1.1 101"), "{head}");
        assert!(head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{head}");
        Self { stream }
    }

    async fn write(&mut self, bytes: &[u8]) {
        // The server may have closed already.
        let _written = self.stream.write_all(bytes).await;
    }

    /// The next frame: opcode and payload.
    async fn read(&mut self) -> Option<(u8, Vec<u8>)> {
        let read = async {
            let first = self.stream.read_u8().await.ok()?;
            let second = self.stream.read_u8().await.ok()?;
            assert_eq!(first & 0x70, 0, "reserved bits");
            assert_eq!(second & 0x80, 0, "a server does not mask");
            let length = match second {
                126 => self.stream.read_u16().await.ok()?.into(),
                127 => self.stream.read_u64().await.ok()?,
                length => length.into(),
            };
            let mut payload = vec![0; length as usize];
            self.stream.read_exact(&mut payload).await.ok()?;
            Some((first & 15, payload))
        };
        timeout(LONG, read).await.expect("nothing came")
    }

    /// The code with which the connection ends; none where it breaks off.
    async fn end(&mut self) -> Option<u16> {
        let mut code = None;
        while let Some((opcode, payload)) = self.read().await {
            if opcode == CLOSE {
                code = payload.first_chunk().map(|code| u16::from_be_bytes(*code));
            }
        }
        code
    }
}

/// A frame as a client sends it: `first` is FIN, reserved bits and opcode.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        length @ 0..126 => bytes.push(0x80 | length as u8),
        length => {
            bytes.push(0x80 | 0x7e);
            bytes.extend((length as u16).to_be_bytes());
        }
    }
    let mask = [7, 77, 177, 27];
    bytes.extend(mask);
    bytes.extend(
        payload
            .iter()
            .zip(mask.iter().cycle())
            .map(|(byte, mask)| byte ^ mask),
    );
    bytes
}

const FIN: u8 = 0x80;

#[tokio::test]
async fn what_is_against_the_rules_ends_with_its_code() {
    let site = Site::new().await;
    let unmasked = [FIN | TEXT, 2, b'{', b'}'];
    let endless = [
        FIN | TEXT,
        0x80 | 0x7f,
        0x7f,
        0xff,
        0xff,
        0xff,
        0xff,
        0xff,
        0xff,
        0xff,
        0,
        0,
        0,
        0,
    ];
    let cases: [(&str, Vec<u8>, u16); 16] = [
        ("reserved bit 1", frame(FIN | 0x40 | TEXT, b"{}"), 1002),
        ("reserved bit 2", frame(FIN | 0x20 | TEXT, b"{}"), 1002),
        ("reserved bit 3", frame(FIN | 0x10 | PING, b""), 1002),
        ("reserved opcode", frame(FIN | 3, b""), 1002),
        ("reserved control opcode", frame(FIN | 0xb, b""), 1002),
        ("no mask", unmasked.to_vec(), 1002),
        ("control in pieces", frame(PING, b"x"), 1002),
        ("long control", frame(FIN | PING, &[0; 126]), 1002),
        ("piece of nothing", frame(FIN, b"x"), 1002),
        (
            "text within text",
            [frame(TEXT, b"{"), frame(FIN | TEXT, b"}")].concat(),
            1002,
        ),
        ("close of one byte", frame(FIN | CLOSE, b"x"), 1002),
        ("no UTF-8", frame(FIN | TEXT, &[b'{', 0xff, b'}']), 1007),
        (
            "no UTF-8 over pieces",
            [frame(TEXT, &[0xe2, 0x82]), frame(FIN, b"x")].concat(),
            1007,
        ),
        ("endless", endless.to_vec(), 1008),
        (
            "pieces without end",
            [frame(TEXT, &[b' '; 9000]), frame(0, &[b' '; 9000])].concat(),
            1008,
        ),
        ("binary", frame(FIN | BINARY, &[1; 24]), 1008),
    ];
    for (name, bytes, code) in cases {
        let mut raw = Raw::connect(&site).await;
        raw.write(&bytes).await;
        assert_eq!(raw.end().await, Some(code), "{name}");
    }
    assert_eq!(site.http().get("/healthz", None).await.status, 200);
}

#[tokio::test]
async fn pieces_and_pings_between_them_are_one_message() {
    let site = Site::new().await;
    let mut raw = Raw::connect(&site).await;
    let (begin, end) = br#"{"t":"ping","id":"#.split_at(7);
    raw.write(&frame(TEXT, begin)).await;
    raw.write(&frame(FIN | PING, b"between")).await;
    raw.write(&frame(0, end)).await;
    raw.write(&frame(FIN, br#"5,"t1":1}"#)).await;
    let mut seen = Vec::new();
    while seen.len() < 2 {
        let (opcode, payload) = raw.read().await.unwrap();
        let text = String::from_utf8_lossy(&payload).into_owned();
        if opcode == PONG || text.contains("\"pong\"") {
            seen.push((opcode, text));
        }
    }
    assert_eq!(seen[0], (PONG, "between".to_owned()));
    assert!(seen[1].1.contains("\"id\":5"), "{seen:?}");
}

#[tokio::test]
async fn bytes_may_come_one_by_one() {
    let site = Site::new().await;
    let mut raw = Raw::connect(&site).await;
    for byte in frame(FIN | TEXT, br#"{"t":"ping","id":1,"t1":1}"#) {
        raw.write(&[byte]).await;
    }
    loop {
        let (_, payload) = raw.read().await.unwrap();
        if String::from_utf8_lossy(&payload).contains("\"pong\"") {
            break;
        }
    }
}

#[tokio::test]
async fn a_close_is_answered_with_its_code() {
    let site = Site::new().await;
    for code in [1000_u16, 1001, 3000, 4999] {
        let mut raw = Raw::connect(&site).await;
        raw.write(&frame(FIN | CLOSE, &code.to_be_bytes())).await;
        assert_eq!(raw.end().await, Some(code));
    }
    for code in [0_u16, 999, 1004, 1005, 1006, 2999, 5000] {
        let mut raw = Raw::connect(&site).await;
        raw.write(&frame(FIN | CLOSE, &code.to_be_bytes())).await;
        assert_eq!(raw.end().await, Some(1002), "{code} may not be sent");
    }
}

#[tokio::test]
async fn half_a_connection_is_none() {
    let site = Site::new().await;
    let mut raw = Raw::connect(&site).await;
    raw.stream.shutdown().await.unwrap();
    assert_eq!(raw.end().await, None);
}

#[tokio::test]
async fn a_client_that_does_not_answer_pings_is_gone() {
    let site = Site::with(|config| {
        config.rules.ping_us = 300_000;
        config.rules.silent_us = 1_500_000;
    })
    .await;
    let mut raw = Raw::connect(&site).await;
    let mut pings = 0;
    let code = loop {
        match raw.read().await {
            Some((PING, _)) => pings += 1,
            Some((CLOSE, payload)) => {
                break payload.first_chunk().map(|code| u16::from_be_bytes(*code));
            }
            Some(_) => {}
            None => break None,
        }
    };
    assert_eq!(code, Some(1001));
    assert!(pings >= 1, "{pings}");
}

#[tokio::test]
async fn handshakes_that_are_none_are_refused() {
    let site = Site::with(|config| config.request_timeout = Duration::from_millis(500)).await;
    let http = site.http();
    let bearer = format!("Bearer {TOKEN}");
    let good = [
        ("authorization", bearer.as_str()),
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("sec-websocket-protocol", "loopy.v1"),
    ];
    let without = |name: &str| {
        good.into_iter()
            .filter(|(key, _)| *key != name)
            .collect::<Vec<_>>()
    };
    for name in [
        "connection",
        "upgrade",
        "sec-websocket-version",
        "sec-websocket-key",
        "sec-websocket-protocol",
    ] {
        let answer = http.ask("GET", "/ws", &without(name), "").await;
        assert!(matches!(answer.status, 400 | 426), "{name}: {answer:?}");
    }
    let mut old = without("sec-websocket-version");
    old.push(("sec-websocket-version", "8"));
    assert!(matches!(
        http.ask("GET", "/ws", &old, "").await.status,
        400 | 426
    ));
    let mut other = without("sec-websocket-protocol");
    other.push(("sec-websocket-protocol", "loopy.v2"));
    let answer = http.ask("GET", "/ws", &other, "").await;
    assert_eq!(
        (answer.status, &answer.json()["error"]["code"]),
        (400, &"subprotocol".into())
    );
    assert_eq!(http.ask("POST", "/ws", &good, "").await.status, 405);
}
