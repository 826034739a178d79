//! The door: who gets in, what is refused, and what never gets out.

use std::{borrow::Cow, path::PathBuf, sync::Arc, time::Duration};

use loopy_live::server::{
    Asset, Assets, Config, NoAssets, PLACEHOLDER, StartError, WebSocketServer,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use crate::support::{
    Client, LONG, Puppet, Site, TOKEN,
    client::{Came, protocols, request},
    publisher::{NASTY, Publisher},
};

async fn link(site: &Site, scope: &str, seconds: u64) -> String {
    let body = json!({"scope": scope, "seconds": seconds});
    let answer = site.http().post("/api/link", TOKEN, &body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["token"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// What `/ws` answers.
async fn status(port: u16, headers: &[(&str, &str)]) -> u16 {
    match Client::ask(request(port, "/ws", headers)).await {
        Ok(_) => 101,
        Err(status) => status.as_u16(),
    }
}

#[tokio::test]
async fn token_origin_host_and_scheme_all_have_to_be_right() {
    let site = Site::with(|config| {
        config.hosts.push("player.test".to_owned());
        config.origins.push("https://page.test".to_owned());
    })
    .await;
    let port = site.port;
    let view = link(&site, "view", 60).await;
    let tokens = [
        (TOKEN, true),
        (view.as_str(), true),
        ("0123456789abcdef0123456789abcdeF", false),
        ("", false),
    ];
    let own = format!("127.0.0.1:{port}");
    let named = format!("player.test:{port}");
    let hosts = [
        (own.as_str(), true),
        (named.as_str(), true),
        ("evil.test", false),
    ];
    for (token, is_token) in tokens {
        let offered = protocols(token);
        for (host, is_host) in hosts {
            let same = format!("http://{host}");
            let origins = [
                (None, true),
                (Some(same.as_str()), true),
                (Some("https://page.test"), true),
                (Some("https://127.0.0.1"), false),
                (Some("http://page.test"), false),
                (Some("http://evil.test"), host == "evil.test"),
                (Some("null"), false),
            ];
            for (origin, is_origin) in origins {
                let mut headers =
                    vec![("sec-websocket-protocol", offered.as_str()), ("host", host)];
                headers.extend(origin.map(|origin| ("origin", origin)));
                let expected = match (is_host && is_origin, is_token) {
                    (false, _) => 403,
                    (true, true) => 101,
                    (true, false) => 401,
                };
                // What this test tries is no attack on the count of failures.
                site.http().get("/api/status", Some(TOKEN)).await;
                let status = status(port, &headers).await;
                assert_eq!(status, expected, "{token} {host} {origin:?}");
            }
        }
    }
}

#[tokio::test]
async fn missing_wrong_and_expired_tokens_are_told_the_same() {
    let site = Site::new().await;
    let short = link(&site, "metrics", 1).await;
    let http = site.http();
    while http.get("/api/status", Some(&short)).await.status == 200 {
        tokio::task::yield_now().await;
    }
    let expired = http.get("/api/status", Some(&short)).await;
    let missing = http.get("/api/status", None).await;
    let wrong = http.get("/api/status", Some("wrong")).await;
    assert_eq!([expired.status, missing.status, wrong.status], [401; 3]);
    let without_date = |head: &str| {
        head.lines()
            .filter(|line| !line.starts_with("date"))
            .collect::<String>()
    };
    for other in [&missing, &wrong] {
        assert_eq!(expired.body, other.body);
        assert_eq!(without_date(&expired.head), without_date(&other.head));
    }
}

#[tokio::test]
async fn there_is_no_way_in_without_a_token_from_this_machine_either() {
    let site = Site::new().await;
    for path in ["/api/status", "/metrics"] {
        assert_eq!(site.http().get(path, None).await.status, 401, "{path}");
    }
    for path in ["signal", "state", "next", "avoid", "seed", "ticket", "link"] {
        let answer = site
            .http()
            .ask("POST", &format!("/api/{path}"), &[], "{}")
            .await;
        assert_eq!(answer.status, 401, "{path}");
    }
    assert_eq!(
        status(site.port, &[("sec-websocket-protocol", "loopy.v1")]).await,
        401
    );
}

#[tokio::test]
async fn a_scope_is_all_that_a_link_gives() {
    let site = Site::new().await;
    let view = link(&site, "view", 60).await;
    let control = link(&site, "control", 60).await;
    let metrics = link(&site, "metrics", 60).await;
    let http = site.http();
    let status = |token: String, path: &'static str, body: Option<Value>| async move {
        match body {
            Some(body) => http.post(path, &token, &body).await.status,
            None => http.get(path, Some(&token)).await.status,
        }
    };
    for (token, figures, signal, ticket) in [
        (&view, 403, 403, 200),
        (&control, 403, 200, 403),
        (&metrics, 200, 403, 403),
    ] {
        assert_eq!(status(token.clone(), "/api/status", None).await, figures);
        assert_eq!(status(token.clone(), "/metrics", None).await, figures);
        assert_eq!(
            status(token.clone(), "/api/signal", Some(json!({"value": 0}))).await,
            signal
        );
        assert_eq!(
            status(token.clone(), "/api/ticket", Some(json!({}))).await,
            ticket
        );
    }
    let wider = json!({"scope": "metrics", "seconds": 60});
    assert_eq!(
        status(control.clone(), "/api/link", Some(wider.clone())).await,
        403
    );
    assert_eq!(status(view.clone(), "/api/link", Some(wider)).await, 403);

    let mut viewer = Client::connect(site.port, &view).await.unwrap();
    assert_eq!(viewer.text("welcome").await["scopes"], json!(["view"]));
    viewer.say(json!({"t":"seed","id":1,"seed":2})).await;
    let error = viewer.text("error").await;
    assert_eq!(
        (error["id"].as_u64(), error["code"].as_str()),
        (Some(1), Some("forbidden"))
    );
    viewer
        .say(json!({"t":"subscribe","channel":"metrics"}))
        .await;
    assert_eq!(viewer.text("error").await["code"], "forbidden");
    assert!(
        site.puppet
            .told
            .lock()
            .unwrap()
            .iter()
            .all(|verb| !matches!(verb, loopy_live::show::Verb::Seed { .. }))
    );
    let mut steering = Client::connect(site.port, &control).await.unwrap();
    steering.hello("jpeg").await;
    assert_eq!(steering.text("error").await["code"], "forbidden");
}

#[tokio::test]
async fn a_token_that_expires_ends_what_it_began() {
    let site = Site::new().await;
    let short = link(&site, "view", 1).await;
    let mut viewer = Client::connect(site.port, &short).await.unwrap();
    assert_eq!(viewer.text("bye").await["code"], 4010);
    assert_eq!(
        viewer.end().await,
        Came::Close(4010, "the token has expired".to_owned())
    );
    assert_eq!(
        Client::connect(site.port, &short)
            .await
            .err()
            .map(|it| it.as_u16()),
        Some(401)
    );
}

#[tokio::test]
async fn a_ticket_is_for_one_connection_of_a_page() {
    let site = Site::new().await;
    let ticket = site
        .http()
        .post("/api/ticket", TOKEN, &json!({}))
        .await
        .json();
    let path = format!("/ws?ticket={}", ticket["ticket"].as_str().unwrap());
    let origin = format!("http://127.0.0.1:{}", site.port);
    let ask = |with: bool| {
        let mut headers = vec![("sec-websocket-protocol", "loopy.v1")];
        headers.extend(with.then_some(("origin", origin.as_str())));
        Client::ask(request(site.port, &path, &headers))
    };
    assert_eq!(
        ask(false).await.err().map(|it| it.as_u16()),
        Some(403),
        "no page"
    );
    assert!(ask(true).await.is_ok());
    assert_eq!(
        ask(true).await.err().map(|it| it.as_u16()),
        Some(401),
        "used up"
    );
}

#[tokio::test]
async fn whoever_tries_tokens_has_to_wait_and_nobody_else() {
    let site = Site::new().await;
    let http = site.http();
    let mut seen = Vec::new();
    for number in 0..7 {
        seen.push(
            http.get("/api/status", Some(&format!("try {number}")))
                .await
                .status,
        );
    }
    assert_eq!(seen, [401, 401, 401, 401, 401, 429, 429]);
    let right = http.get("/api/status", Some(TOKEN)).await;
    assert_eq!(
        (right.status, right.header("retry-after")),
        (429, Some("1"))
    );
    assert_eq!(
        status(site.port, &[("sec-websocket-protocol", &protocols(TOKEN))]).await,
        429
    );
    let other = TcpSocket::new_v4().unwrap();
    other.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let stream = other
        .connect(([127, 0, 0, 1], site.port).into())
        .await
        .unwrap();
    let offered = protocols(TOKEN);
    let asked = request(site.port, "/ws", &[("sec-websocket-protocol", &offered)]);
    assert!(Client::over(stream, asked).await.is_ok());
}

#[tokio::test]
async fn there_are_only_so_many_seats() {
    let site = Site::with(|config| {
        config.max_viewers = 3;
        config.max_per_token = 2;
    })
    .await;
    let view = link(&site, "view", 60).await;
    let one = site.viewer().await;
    let _two = site.viewer().await;
    let http = site.http();
    let offered = protocols(TOKEN);
    let socket = [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("sec-websocket-protocol", &offered),
    ];
    let answer = http.ask("GET", "/ws", &socket, "").await;
    assert_eq!(
        (answer.status, answer.header("retry-after")),
        (429, Some("5"))
    );
    let _three = Client::connect(site.port, &view).await.unwrap();
    let answer = http.ask("GET", "/ws", &socket, "").await;
    assert_eq!(
        (answer.status, answer.header("retry-after")),
        (503, Some("5"))
    );
    drop(one);
    let freed = async {
        while Client::connect(site.port, &view).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    timeout(LONG, freed).await.expect("the seat is free again");
}

#[tokio::test]
async fn too_much_is_refused_and_the_server_goes_on() {
    let site = Site::new().await;
    let http = site.http();
    let bearer = format!("Bearer {TOKEN}");
    let large = format!("{{\"clip\":\"{}\"}}", "x".repeat(20_000));
    let answer = http
        .ask("POST", "/api/next", &[("authorization", &bearer)], &large)
        .await;
    assert_eq!(answer.status, 413);
    assert_eq!(answer.json()["error"]["code"], "body");
    let long = "x".repeat(40_000);
    assert!(matches!(
        http.ask("GET", "/", &[("x-long", &long)], "").await.status,
        431 | 0
    ));
    let many: Vec<_> = (0..200).map(|number| format!("x-{number}")).collect();
    let many: Vec<_> = many.iter().map(|name| (name.as_str(), "1")).collect();
    assert!(matches!(
        http.ask("GET", "/", &many, "").await.status,
        431 | 0
    ));
    for body in [
        "",
        "{",
        "[]",
        "null",
        "{\"value\":\"1\"}",
        "{\"value\":1e999}",
        "{\"value\":0,\"more\":1}",
        "\u{0}",
    ] {
        let answer = http
            .ask("POST", "/api/signal", &[("authorization", &bearer)], body)
            .await;
        assert_eq!(answer.status, 400, "{body:?}");
        assert_eq!(answer.json()["error"]["code"], "malformed", "{body:?}");
    }
    assert_eq!(http.get("/healthz", None).await.status, 200);
}

#[tokio::test]
async fn messages_that_break_a_rule_end_the_connection() {
    let site = Site::new().await;
    let ends = |message: String, times: usize| {
        let site = &site;
        async move {
            let mut viewer = site.viewer().await;
            for _ in 0..times {
                let sent = tokio_tungstenite::tungstenite::Message::Text(message.clone().into());
                // The server may have closed already.
                let _sent = futures_util::SinkExt::send(&mut viewer.socket, sent).await;
            }
            viewer.end().await
        }
    };
    for (message, times, why) in [
        (
            "{".to_owned(),
            1,
            "a message must be a JSON object with a text `t`",
        ),
        (
            "[1]".to_owned(),
            1,
            "a message must be a JSON object with a text `t`",
        ),
        (
            json!({"t": "x".repeat(17_000)}).to_string(),
            1,
            "a message has at most 16384 bytes",
        ),
        (
            json!({"t":"stats"}).to_string(),
            30,
            "at most 20 messages a second",
        ),
    ] {
        assert_eq!(
            ends(message, times).await,
            Came::Close(1008, why.to_owned())
        );
    }
    let mut flooding = site.viewer().await;
    for _ in 0..40 {
        let pong = tokio_tungstenite::tungstenite::Message::Pong(vec![0; 8].into());
        let _sent = futures_util::SinkExt::send(&mut flooding.socket, pong).await;
    }
    let why = "at most 20 messages a second".to_owned();
    assert_eq!(flooding.end().await, Came::Close(1008, why));
    let mut viewer = site.viewer().await;
    viewer
        .send(tokio_tungstenite::tungstenite::Message::Binary(
            vec![1; 10].into(),
        ))
        .await;
    assert_eq!(
        viewer.end().await,
        Came::Close(1008, "clients send text only".to_owned())
    );
}

#[tokio::test]
async fn whoever_sends_slowly_is_not_waited_for() {
    let site = Site::with(|config| config.request_timeout = Duration::from_millis(300)).await;
    let trickle = async |begin: String| {
        let mut stream = TcpStream::connect(("127.0.0.1", site.port)).await.unwrap();
        stream.write_all(begin.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let _read = timeout(LONG, stream.read_to_end(&mut answer))
            .await
            .expect("still waiting");
        String::from_utf8(answer).unwrap()
    };
    let host = format!("host: 127.0.0.1:{}\r\n", site.port);
    trickle(String::new()).await;
    trickle("GET / HT".to_owned()).await;
    trickle(format!("GET / HTTP/1.1\r\n{host}x-a: ")).await;
    let body = format!(
        "POST /api/seed HTTP/1.1\r\n{host}authorization: Bearer {TOKEN}\r\ncontent-length: 99\r\n\r\n{{"
    );
    assert!(trickle(body).await.starts_with("HTTP/1.1 408"));
    // A connection that was used and is idle now is closed as well.
    trickle(format!("GET /healthz HTTP/1.1\r\n{host}\r\n")).await;
}

#[tokio::test]
async fn one_address_does_not_take_the_places_of_all() {
    let site = Site::with(|config| config.max_requests = 4).await;
    let open = async || TcpStream::connect(("127.0.0.1", site.port)).await.unwrap();
    let _silent = [open().await, open().await, open().await, open().await];
    let mut fifth = open().await;
    let mut nothing = Vec::new();
    let _read = timeout(LONG, fifth.read_to_end(&mut nothing))
        .await
        .expect("closed");
    assert!(nothing.is_empty());
    let other = TcpSocket::new_v4().unwrap();
    other.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let stream = other
        .connect(([127, 0, 0, 1], site.port).into())
        .await
        .unwrap();
    let offered = protocols(TOKEN);
    let asked = request(site.port, "/ws", &[("sec-websocket-protocol", &offered)]);
    assert!(Client::over(stream, asked).await.is_ok());
}

/// Reads from a folder, as a careless program would.
struct Folder(PathBuf);

impl Assets for Folder {
    fn get(&self, path: &str) -> Option<Asset> {
        let bytes = std::fs::read(self.0.join(path)).ok()?;
        Some(Asset {
            bytes: Cow::Owned(bytes),
            mime: "text/plain".to_owned(),
        })
    }
}

#[tokio::test]
async fn paths_do_not_leave_the_pages() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("pages");
    std::fs::create_dir_all(pages.join("assets")).unwrap();
    std::fs::write(folder.path().join("secret.txt"), "secret").unwrap();
    std::fs::write(pages.join("assets/player.js"), "player").unwrap();
    std::fs::write(pages.join("index.html"), "index").unwrap();
    let site = Site::of(|_| {}, Arc::new(Folder(pages))).await;
    let http = site.http();
    let player = http.get("/assets/player.js", None).await;
    assert_eq!(player.body, "player");
    let tag = player.header("etag").unwrap().to_owned();
    let again = http
        .ask("GET", "/assets/player.js", &[("if-none-match", &tag)], "")
        .await;
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    assert_eq!(http.get("/", None).await.body, "index");
    for path in [
        "/../secret.txt",
        "/assets/../../secret.txt",
        "/assets/%2e%2e/%2e%2e/secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/assets/..\\..\\secret.txt",
        "/assets/....//....//secret.txt",
        "//etc/passwd",
        "/assets//etc/passwd",
        "/assets/player.js%00.html",
        "/assets/player.js/..",
        "/.git/config",
    ] {
        let answer = http.get(path, None).await;
        assert!(matches!(answer.status, 400 | 404), "{path}: {answer:?}");
        assert!(
            !answer.body.contains("secret") && !answer.body.contains("root:"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn names_with_markup_stay_text() {
    let site = Site::new().await;
    let http = site.http();
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let entered = format!("token=%20{}", TOKEN.replace('a', "%61"));
    let page = http.ask("POST", "/text", &form, &entered).await;
    assert_eq!(page.status, 200);
    assert!(
        page.body
            .contains("&lt;script&gt;alert(1)&lt;/script&gt;.mp4"),
        "{}",
        page.body
    );
    assert!(!page.body.contains("<script"));
    let status = http.get("/api/status", Some(TOKEN)).await;
    assert!(status.body.contains(NASTY));
    assert_eq!(status.header("content-type"), Some("application/json"));
    assert_eq!(
        http.ask("POST", "/text", &form, "token=wrong").await.status,
        401
    );
    let first = http.get("/", None).await;
    assert!(
        first.body.contains("<form method=post"),
        "a page without scripts"
    );
}

#[tokio::test]
async fn every_answer_keeps_browsers_within_bounds() {
    let site = Site::with(|config| config.origins.push("https://page.test".to_owned())).await;
    let http = site.http();
    for (path, headers) in [
        ("/", &[][..]),
        ("/nothing", &[]),
        ("/api/status", &[]),
        ("/", &[("host", "evil.test")]),
        ("/", &[("origin", "http://evil.test")]),
    ] {
        let answer = http.ask("GET", path, headers, "").await;
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'self';"), "{policy}");
        assert!(!policy.contains("unsafe"));
        assert!(policy.ends_with("frame-ancestors 'self' https://page.test"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    let shared = http
        .ask("GET", "/", &[("origin", "https://page.test")], "")
        .await;
    assert_eq!(
        shared.header("access-control-allow-origin"),
        Some("https://page.test")
    );
    let asked = http
        .ask(
            "OPTIONS",
            "/api/ticket",
            &[("origin", "https://page.test")],
            "",
        )
        .await;
    assert_eq!(asked.status, 204);
    let foreign = http
        .ask(
            "OPTIONS",
            "/api/ticket",
            &[("origin", "https://evil.test")],
            "",
        )
        .await;
    assert_eq!(foreign.status, 403);
}

#[tokio::test]
async fn the_placeholder_and_short_tokens_do_not_start() {
    let start = async |token: &str| {
        let mut config = Config::new(token.to_owned());
        config.port = 0;
        let hub = Publisher::new().hub;
        let bound =
            WebSocketServer::bind(config, hub, Arc::new(Puppet::default()), Arc::new(NoAssets));
        bound.await.err()
    };
    let refused = start(PLACEHOLDER).await.unwrap();
    assert!(matches!(refused, StartError::Placeholder));
    assert!(refused.to_string().contains("auth_token"));
    assert!(matches!(
        start("secret").await,
        Some(StartError::ShortToken)
    ));
    assert!(start(TOKEN).await.is_none());
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let site = Site::new().await;
    let mut config = Config::new(TOKEN.to_owned());
    config.port = site.port;
    let hub = Publisher::new().hub;
    let bound =
        WebSocketServer::bind(config, hub, Arc::new(Puppet::default()), Arc::new(NoAssets)).await;
    let message = bound.err().unwrap().to_string();
    assert!(
        message.contains(&site.host()) && message.contains("websocket.port"),
        "{message}"
    );
}
