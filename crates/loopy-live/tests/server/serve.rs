//! The server as its viewers see it, over real sockets.

use loopy_live::{packet::Kind, show::Verb};
use serde_json::json;

use crate::support::{Site, TOKEN, client::Came, publisher::CODEC};

#[tokio::test]
async fn a_viewer_is_greeted_and_gets_whole_groups() {
    let mut site = Site::new().await;
    site.publisher.steps(45, 500);
    let mut viewer = site.viewer().await;
    let protocol = viewer.response.headers().get("sec-websocket-protocol");
    assert_eq!(protocol.unwrap(), "loopy.v1");
    let welcome = viewer.text("welcome").await;
    assert_eq!(welcome["scopes"], json!(["view", "control", "metrics"]));
    assert_eq!(welcome["rungs"][0]["codec"], CODEC);
    assert_eq!(
        welcome["rungs"][0]["mime"],
        format!("video/mp4; codecs=\"{CODEC}\"")
    );
    assert_eq!(welcome["audio"][0]["codec"], "opus");
    assert!(welcome["epoch_us"].is_u64());

    viewer.hello("webcodecs").await;
    let config = viewer.text("config").await;
    assert_eq!(
        (config["rung"].as_str(), config["mode"].as_str()),
        (Some("720p"), Some("webcodecs"))
    );
    assert_eq!(config["description"], "AWQAH//hAAFnAQABaA==");
    assert_eq!(config["audio"]["codec"], "opus");
    let mut pictures = Vec::new();
    while pictures.len() < 15 {
        let (header, payload) = viewer.media().await;
        if header.kind == Kind::Unit {
            assert_eq!(payload.len(), 500);
            assert_eq!(
                u64::from(header.stream_seq),
                config["stream_seq"].as_u64().unwrap()
            );
            pictures.push((header.group, header.index, header.flags.key));
        }
    }
    let expected: Vec<_> = (0..15).map(|index| (1, index, index == 0)).collect();
    assert_eq!(pictures, expected, "the newest group from its key frame on");
    site.publisher.step(77);
    loop {
        let (header, payload) = viewer.media().await;
        if header.kind == Kind::Unit {
            assert_eq!((header.index, payload.len()), (15, 77));
            break;
        }
    }
}

#[tokio::test]
async fn sound_begins_where_the_picture_does() {
    let mut site = Site::new().await;
    site.publisher.steps(45, 500);
    let mut viewer = site.viewer().await;
    viewer.hello("mse").await;
    let config = viewer.text("config").await;
    let mut firsts: Vec<(Kind, u64, bytes::Bytes)> = Vec::new();
    while firsts.len() < 4 {
        let (header, payload) = viewer.media().await;
        if !firsts.iter().any(|(kind, ..)| *kind == header.kind) {
            firsts.push((header.kind, header.pts_us, payload));
        }
    }
    firsts.sort_by_key(|(kind, ..)| *kind as u8);
    let kinds: Vec<_> = firsts.iter().map(|(kind, ..)| *kind).collect();
    assert_eq!(
        kinds,
        [Kind::Init, Kind::Fragment, Kind::Sound, Kind::SoundInit]
    );
    assert_eq!((firsts[1].1, firsts[2].1), (1_000_000, 1_000_000));
    assert_eq!(&firsts[0].2[4..8], b"ftyp");
    assert_eq!(&firsts[1].2[4..8], b"moof");
    assert!(config.get("description").is_none());
    assert_eq!(config["audio"]["mime"], "audio/mp4; codecs=\"opus\"");
}

#[tokio::test]
async fn a_client_without_the_codec_gets_single_pictures_or_is_told() {
    let mut site = Site::new().await;
    site.publisher.steps(4, 500);
    let mut viewer = site.viewer().await;
    let hello = json!({"t":"hello","modes":["webcodecs","jpeg"],"codecs":["vp09.00.10.08"]});
    viewer.say(hello).await;
    assert_eq!(viewer.text("config").await["rung"], "jpeg");
    assert_eq!(viewer.media().await.0.kind, Kind::Jpeg);
    let mut other = site.viewer().await;
    other
        .say(json!({"t":"hello","modes":["webcodecs"],"codecs":[]}))
        .await;
    assert_eq!(other.text("error").await["code"], "no_rung");
}

#[tokio::test]
async fn a_dashboard_gets_figures_and_no_media() {
    let mut site = Site::new().await;
    site.publisher.steps(4, 500);
    let mut viewer = site.viewer().await;
    viewer.hello("jpeg").await;
    viewer.media().await;
    let mut dashboard = site.viewer().await;
    dashboard.say(json!({"t":"hello","role":"dashboard"})).await;
    dashboard
        .say(json!({"t":"subscribe","channel":"metrics"}))
        .await;
    for _ in 0..2 {
        let figures = loop {
            match dashboard.next().await {
                Came::Text(text) if text["t"] == "metrics" => break text,
                Came::Text(_) => {}
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(figures["stream"]["frame"], 1);
        assert_eq!(figures["rungs"][2]["name"], "jpeg");
        assert!(figures["server"]["sent_frames"].as_u64() >= Some(1));
        assert!(figures["viewers"].is_array());
    }
}

#[tokio::test]
async fn pause_and_resume_begin_with_a_key_frame() {
    let mut site = Site::new().await;
    site.publisher.steps(31, 500);
    let mut viewer = site.viewer().await;
    viewer
        .say(json!({"t":"hello","modes":["webcodecs"],"codecs":[CODEC]}))
        .await;
    viewer.text("config").await;
    viewer.media().await;
    viewer.say(json!({"t":"pause"})).await;
    viewer.say(json!({"t":"ping","id":1,"t1":2.5})).await;
    let pong = viewer.text("pong").await;
    assert_eq!(
        (pong["id"].as_u64(), pong["t1"].as_f64()),
        (Some(1), Some(2.5))
    );
    assert!(pong["t2"].as_u64() <= pong["t3"].as_u64());
    site.publisher.steps(40, 500);
    viewer.say(json!({"t":"ping","id":2,"t1":0})).await;
    match viewer.next().await {
        Came::Text(text) => assert_eq!(text["t"], "pong"),
        other => panic!("{other:?} while paused"),
    }
    viewer.say(json!({"t":"resume"})).await;
    viewer.text("config").await;
    let (header, _) = viewer.media().await;
    assert_eq!((header.group, header.index), (2, 0));
    viewer.say(json!({"t":"ready","mode":"mse"})).await;
    assert_eq!(viewer.text("error").await["code"], "bad_mode");
}

#[tokio::test]
async fn verbs_are_taken_over_both_ways() {
    let site = Site::new().await;
    let mut viewer = site.viewer().await;
    viewer.say(json!({"t":"signal","id":9,"value":0.5})).await;
    let done = viewer.text("done").await;
    assert_eq!(
        (done["id"].as_u64(), done["frame"].as_u64()),
        (Some(9), Some(5400))
    );
    viewer
        .say(json!({"t":"next","id":10,"clip":"none.mp4"}))
        .await;
    let error = viewer.text("error").await;
    assert_eq!(
        (error["id"].as_u64(), error["code"].as_str()),
        (Some(10), Some("unknown_clip"))
    );
    let http = site.http();
    let taken = http
        .post("/api/state", TOKEN, &json!({"state": null}))
        .await;
    assert_eq!(
        (taken.status, taken.json()),
        (200, json!({"frame":5400,"due_ms":730}))
    );
    let refused = http.post("/api/signal", TOKEN, &json!({"value": 7})).await;
    assert_eq!(refused.status, 422);
    assert_eq!(refused.json()["error"]["code"], "out_of_range");
    let told = site.puppet.told.lock().unwrap().clone();
    assert_eq!(
        told,
        [Verb::Signal { value: 0.5 }, Verb::State { state: None }]
    );
}

#[tokio::test]
async fn a_rung_is_chosen_by_hand_and_given_back() {
    let mut site = Site::new().await;
    site.publisher.steps(31, 900);
    let mut viewer = site.viewer().await;
    viewer.hello("webcodecs").await;
    viewer.text("config").await;
    viewer.say(json!({"t":"quality","rung":"360p"})).await;
    assert_eq!(viewer.text("tier").await["name"], "360p");
    site.publisher.steps(30, 900);
    let config = viewer.text("config").await;
    assert_eq!(config["rung"], "360p");
    loop {
        let (header, payload) = viewer.media().await;
        if header.kind == Kind::Unit {
            assert_eq!((header.index, payload.len()), (0, 300));
            assert_eq!(
                u64::from(header.stream_seq),
                config["stream_seq"].as_u64().unwrap()
            );
            break;
        }
    }
    viewer.say(json!({"t":"quality","rung":"4k"})).await;
    assert_eq!(viewer.text("error").await["code"], "unknown_rung");
}

#[tokio::test]
async fn health_and_readiness_are_two_things() {
    let site = Site::new().await;
    let http = site.http();
    assert_eq!(http.get("/healthz", None).await.status, 200);
    assert_eq!(http.get("/readyz", None).await.status, 200);
    site.puppet
        .sleeps
        .store(true, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(http.get("/healthz", None).await.status, 200);
    assert_eq!(http.get("/readyz", None).await.status, 503);
}

#[tokio::test]
async fn figures_are_there_for_programs() {
    let site = Site::new().await;
    let http = site.http();
    let status = http.get("/api/status", Some(TOKEN)).await;
    assert_eq!(
        (status.status, &status.json()["t"]),
        (200, &json!("metrics"))
    );
    let metrics = http.get("/metrics", Some(TOKEN)).await;
    assert!(
        metrics
            .header("content-type")
            .unwrap()
            .starts_with("application/openmetrics-text")
    );
    assert!(
        metrics.body.contains("loopy_sent_frames_total 0"),
        "{}",
        metrics.body
    );
    assert!(metrics.body.ends_with("# EOF\n"));
}

#[tokio::test]
async fn all_are_told_when_the_server_stops() {
    let site = Site::new().await;
    let mut viewers = Vec::new();
    for _ in 0..5 {
        let mut viewer = site.viewer().await;
        viewer.text("welcome").await;
        viewers.push(viewer);
    }
    let port = site.port;
    let told = async {
        let mut times = Vec::new();
        for viewer in &mut viewers {
            let bye = viewer.text("bye").await;
            assert_eq!(bye["code"], 1001);
            times.push(bye["retry_after_ms"].as_u64().unwrap());
            assert_eq!(
                viewer.end().await,
                Came::Close(1001, "the server stops".to_owned())
            );
        }
        times.sort_unstable();
        times.dedup();
        assert!(times.len() > 1, "all come back at once");
    };
    tokio::join!(site.running.stop(), told);
    assert!(
        tokio::net::TcpStream::connect(("127.0.0.1", port))
            .await
            .is_err()
    );
}
