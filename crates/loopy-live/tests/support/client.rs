//! Clients over real sockets.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use loopy_live::packet::Header;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest as _,
        handshake::client::Response,
        http::{HeaderName, HeaderValue, Request, StatusCode},
        protocol::CloseFrame,
    },
};

use super::{LONG, publisher::CODEC};

/// A request for `/ws`.
pub fn request(port: u16, path: &str, headers: &[(&str, &str)]) -> Request<()> {
    let url = format!("ws://127.0.0.1:{port}{path}");
    let mut request = url.into_client_request().unwrap();
    for (name, value) in headers {
        let name: HeaderName = name.parse().unwrap();
        request
            .headers_mut()
            .insert(name, HeaderValue::from_str(value).unwrap());
    }
    request
}

/// The subprotocols with a token.
pub fn protocols(token: &str) -> String {
    format!("loopy.v1, loopy.bearer.{}", URL_SAFE_NO_PAD.encode(token))
}

/// What came.
#[derive(Clone, Debug, PartialEq)]
pub enum Came {
    Text(Value),
    Media(Header, Bytes),
    Close(u16, String),
    End,
}

/// A viewer.
pub struct Client {
    pub socket: WebSocketStream<TcpStream>,
    pub response: Response,
}

impl Client {
    pub async fn connect(port: u16, token: &str) -> Result<Self, StatusCode> {
        Self::ask(request(
            port,
            "/ws",
            &[("sec-websocket-protocol", &protocols(token))],
        ))
        .await
    }

    /// The status, where it is not taken.
    pub async fn ask(request: Request<()>) -> Result<Self, StatusCode> {
        let port = request.uri().port_u16().unwrap();
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        Self::over(stream, request).await
    }

    pub async fn over(stream: TcpStream, request: Request<()>) -> Result<Self, StatusCode> {
        let connecting = timeout(LONG, client_async(request, stream));
        match connecting.await.unwrap() {
            Ok((socket, response)) => Ok(Self { socket, response }),
            Err(Error::Http(response)) => Err(response.status()),
            Err(other) => panic!("{other}"),
        }
    }

    pub async fn say(&mut self, message: Value) {
        self.send(Message::Text(message.to_string().into())).await;
    }

    pub async fn send(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    pub async fn hello(&mut self, mode: &str) {
        self.say(json!({"t":"hello","client":"test","modes":[mode],"codecs":[CODEC,"opus"]}))
            .await;
    }

    /// The next message; pings are answered on the way.
    pub async fn next(&mut self) -> Came {
        loop {
            let message = timeout(LONG, self.socket.next())
                .await
                .expect("nothing came");
            return match message {
                Some(Ok(Message::Text(text))) => Came::Text(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Binary(bytes))) => {
                    let (header, payload) = Header::read(&bytes).expect("a header");
                    Came::Media(header, Bytes::copy_from_slice(payload))
                }
                Some(Ok(Message::Close(frame))) => {
                    let frame: CloseFrame = frame.expect("a close frame says why");
                    Came::Close(frame.code.into(), frame.reason.to_string())
                }
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => Came::End,
            };
        }
    }

    /// The next text message of type `t`; others and media are passed over.
    pub async fn text(&mut self, t: &str) -> Value {
        loop {
            match self.next().await {
                Came::Text(text) if text["t"] == t => return text,
                Came::Close(..) | Came::End => panic!("the connection ended before `{t}`"),
                _ => {}
            }
        }
    }

    /// The next binary message.
    pub async fn media(&mut self) -> (Header, Bytes) {
        loop {
            match self.next().await {
                Came::Media(header, payload) => return (header, payload),
                Came::Close(..) | Came::End => panic!("the connection ended before media"),
                Came::Text(_) => {}
            }
        }
    }

    /// How the connection ends.
    pub async fn end(&mut self) -> Came {
        loop {
            let came = self.next().await;
            if matches!(came, Came::Close(..) | Came::End) {
                return came;
            }
        }
    }

    /// Nothing comes for a while.
    pub async fn is_quiet(&mut self, time: Duration) -> bool {
        timeout(time, self.socket.next()).await.is_err()
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let line = |line: &'_ str| {
            line.split_once(": ")
                .map(|(key, _)| key.eq_ignore_ascii_case(name))
        };
        let line = self.head.lines().find(|it| line(it) == Some(true))?;
        line.split_once(": ").map(|(_, value)| value)
    }
}

/// Speaks HTTP as it stands, so that what is wrong can be sent too.
#[derive(Clone, Copy)]
pub struct Http {
    port: u16,
}

impl Http {
    pub fn new(port: u16) -> Self {
        Self { port }
    }

    pub async fn raw(&self, request: &[u8]) -> Answer {
        let talk = async {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
            // The server may close before it has read all.
            let _sent = stream.write_all(request).await;
            let mut bytes = Vec::new();
            let _read = stream.read_to_end(&mut bytes).await;
            bytes
        };
        let bytes = timeout(LONG, talk).await.expect("no answer");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        Answer {
            status: status.unwrap_or(0),
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }

    pub async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let own = format!("127.0.0.1:{}", self.port);
        let has_host = headers.iter().any(|(name, _)| *name == "host");
        let host = (!has_host).then_some(("host", own.as_str()));
        let length = body.len().to_string();
        let more = [("connection", "close"), ("content-length", &length)];
        let lines = host.iter().chain(headers).chain(&more);
        let lines: Vec<_> = lines
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        let request = format!("{method} {path} HTTP/1.1\r\n{}\r\n{body}", lines.concat());
        self.raw(request.as_bytes()).await
    }

    pub async fn get(&self, path: &str, token: Option<&str>) -> Answer {
        let bearer = token.map(|token| format!("Bearer {token}"));
        let headers: Vec<_> = bearer
            .iter()
            .map(|bearer| ("authorization", bearer.as_str()))
            .collect();
        self.ask("GET", path, &headers, "").await
    }

    pub async fn post(&self, path: &str, token: &str, body: &Value) -> Answer {
        let bearer = format!("Bearer {token}");
        self.ask(
            "POST",
            path,
            &[("authorization", &bearer)],
            &body.to_string(),
        )
        .await
    }
}
