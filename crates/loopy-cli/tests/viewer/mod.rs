//! A viewer of the live stream: connects, decodes, and reads from every picture which one it is.

#![allow(dead_code, reason = "each test file uses its part")]

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use base64::{Engine as _, prelude::BASE64_STANDARD, prelude::BASE64_URL_SAFE_NO_PAD};
use loopy_demo::mark;
use loopy_live::packet::{Header, Kind};
use loopy_media::{
    encode,
    segment::{Sample, Segment},
};
use serde_json::Value;
use tokio_tungstenite::tungstenite::{
    Error, Message, WebSocket, client::IntoClientRequest as _, http::HeaderValue,
};

/// Nothing comes for so long: the stream is dead.
const SILENCE: Duration = Duration::from_mins(1);

/// A picture as it came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown {
    /// Picture time.
    pub(crate) pts_us: u64,
    /// When it came.
    pub(crate) came: Instant,
    /// It begins a group.
    pub(crate) key: bool,
    /// It is of a bridge.
    pub(crate) transition: bool,
    /// Clip and frame, as they are written in the picture.
    pub(crate) truth: Option<(u16, u32)>,
}

/// A connection.
pub(crate) struct Viewer {
    socket: WebSocket<TcpStream>,
    config: Vec<u8>,
    /// The group that is coming, with its headers and times.
    group: Vec<(Header, Vec<u8>, Instant)>,
    port: u16,
    token: String,
    said: String,
}

impl Viewer {
    /// Connects, as soon as the stream runs.
    pub(crate) fn connect(port: u16, token: &str) -> Self {
        let begun = Instant::now();
        while get(port, "/readyz", token).0 != 200 {
            assert!(begun.elapsed() < SILENCE, "the stream does not begin");
            std::thread::sleep(Duration::from_millis(50));
        }
        let url = format!("ws://localhost:{port}/ws");
        let mut request = url.into_client_request().unwrap();
        let secret = BASE64_URL_SAFE_NO_PAD.encode(token);
        let protocols = format!("loopy.v1, loopy.bearer.{secret}");
        let protocols = HeaderValue::from_str(&protocols).unwrap();
        request
            .headers_mut()
            .insert("sec-websocket-protocol", protocols);
        let stream = TcpStream::connect(("localhost", port)).unwrap();
        stream.set_read_timeout(Some(SILENCE)).unwrap();
        let (socket, _) = tokio_tungstenite::tungstenite::client(request, stream).unwrap();
        let mut viewer = Self {
            socket,
            config: Vec::new(),
            group: Vec::new(),
            port,
            token: token.to_owned(),
            said: String::new(),
        };
        let welcome = viewer.text();
        assert_eq!(welcome["t"], "welcome");
        let codecs: Vec<&Value> = welcome["rungs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|rung| &rung["codec"])
            .collect();
        let hello = serde_json::json!({
            "t": "hello", "client": "test", "role": "viewer", "modes": ["webcodecs"],
            "codecs": codecs, "max_latency_ms": 2500, "visible": true,
        });
        viewer
            .socket
            .send(Message::text(hello.to_string()))
            .unwrap();
        // Another rung would be another row of groups.
        let rung = serde_json::json!({"t": "quality", "rung": welcome["rungs"][0]["name"]});
        viewer.socket.send(Message::text(rung.to_string())).unwrap();
        viewer
    }

    fn text(&mut self) -> Value {
        loop {
            if let Message::Text(text) = self.socket.read().unwrap() {
                return serde_json::from_str(&text).unwrap();
            }
        }
    }

    /// The pictures of all groups that are whole within `time`.
    pub(crate) fn watch(&mut self, time: Duration) -> Vec<Shown> {
        let begun = Instant::now();
        let mut shown = Vec::new();
        while begun.elapsed() < time {
            match self.socket.read().unwrap() {
                Message::Text(text) => {
                    let said: Value = serde_json::from_str(&text).unwrap();
                    if said["t"] == "config" {
                        let record = said["description"].as_str().unwrap();
                        self.config = BASE64_STANDARD.decode(record).unwrap();
                    }
                    assert_ne!(said["t"], "drop", "{said}");
                }
                Message::Binary(bytes) => {
                    let (header, payload) = Header::read(&bytes).unwrap();
                    if header.kind != Kind::Unit {
                        continue;
                    }
                    if header.flags.key && !self.group.is_empty() {
                        shown.extend(self.decode());
                    } else if self.group.is_empty() && !header.flags.key {
                        continue;
                    }
                    self.group.push((header, payload.to_vec(), Instant::now()));
                }
                _ => {}
            }
        }
        shown
    }

    /// Decodes the group that has come.
    fn decode(&mut self) -> Vec<Shown> {
        let group = std::mem::take(&mut self.group);
        let sample = |(order, (header, data, _)): (usize, &(Header, Vec<u8>, Instant))| Sample {
            bytes: data.len() as u32,
            order: order as u32,
            key: header.flags.key,
        };
        let segment = Segment {
            config: self.config.clone(),
            samples: group.iter().enumerate().map(sample).collect(),
            data: group.iter().flat_map(|(_, data, _)| data.clone()).collect(),
        };
        let pictures = encode::decode(&segment).unwrap();
        assert_eq!(pictures.len(), group.len());
        let shown = group
            .iter()
            .zip(&pictures)
            .map(|((header, _, came), picture)| Shown {
                pts_us: header.pts_us,
                came: *came,
                key: header.flags.key,
                transition: header.flags.transition,
                truth: mark::read(picture),
            });
        shown.collect()
    }

    /// Leaves out what has come.
    pub(crate) fn skip(&mut self) {
        self.watch(Duration::from_millis(1500));
        self.group.clear();
    }

    /// Watches until so many clips are ready.
    pub(crate) fn until_ready(&mut self, clips: u64) {
        let begun = Instant::now();
        loop {
            self.watch(Duration::from_millis(300));
            let (_, body) = get(self.port, "/api/status", &self.token);
            let figures: Value = serde_json::from_str(&body).unwrap();
            if figures["processing"]["clips_ready"].as_u64() >= Some(clips) {
                self.group.clear();
                return;
            }
            assert!(begun.elapsed() < SILENCE, "{figures}");
        }
    }

    /// How the server closes, and what it says before.
    pub(crate) fn closed(&mut self) -> (u16, String) {
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => self.said.push_str(&text),
                Ok(Message::Close(Some(frame))) => {
                    return (frame.code.into(), std::mem::take(&mut self.said));
                }
                Ok(_) => {}
                Err(Error::ConnectionClosed | Error::AlreadyClosed) => {
                    panic!("closed without a word")
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
}

fn ask(port: u16, request: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(("localhost", port)).unwrap();
    stream.set_read_timeout(Some(SILENCE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}

/// Status and body.
pub(crate) fn get(port: u16, path: &str, token: &str) -> (u16, String) {
    ask(
        port,
        &format!(
            "GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nAuthorization: Bearer {token}\r\n\
             Connection: close\r\n\r\n"
        ),
    )
}

/// What comes of a verb.
pub(crate) fn post(port: u16, path: &str, token: &str, body: &str) -> Value {
    let (_, body) = ask(
        port,
        &format!(
            "POST {path} HTTP/1.1\r\nHost: localhost:{port}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        ),
    );
    serde_json::from_str(&body).unwrap_or_else(|_| panic!("{body}"))
}

/// Processes that `parent` has started.
pub(crate) fn children(parent: u32) -> Vec<i32> {
    let folder = std::fs::read_dir("/proc").unwrap();
    let own = folder.filter_map(|entry| {
        let pid: i32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let rest = stat.rsplit_once(')')?.1;
        let of: u32 = rest.split_whitespace().nth(1)?.parse().ok()?;
        (of == parent).then_some(pid)
    });
    own.collect()
}
