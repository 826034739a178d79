//! `loopy serve`: the live stream.

mod reload;

use std::{path::PathBuf, process::ExitCode, sync::Arc, time::Instant};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use loopy_core::{Rate, Size, normalise::Normalise};
use loopy_engine::{
    Error,
    render::{Options, Room},
};
use loopy_live::{
    assets::Pages,
    director::rungs::{Rung, Rungs},
    hub::Hub,
    server::{Config, StartError, Tls, Tokens, WebSocketServer},
    sound::Choice,
    station::{Lobby, Station},
    surveyor,
};
use loopy_monitor::{ResourceMonitor, Watch};

use super::House;
use crate::{
    args::{Global, Length, Serve},
    interrupt::Jobs,
    words,
};

/// Largest picture that is streamed where nobody says otherwise.
const LARGEST: Size = Size {
    width: 1280,
    height: 720,
};
/// Bits for a pixel.
const BITS: f64 = 0.09;
/// The second rung has half the size, where that leaves so many rows.
const FEWEST_ROWS: u32 = 240;
/// Threads of the server.
const THREADS: usize = 2;

pub(super) fn run(global: &Global, args: &Serve) -> Result<ExitCode, Error> {
    // Before there are threads: it reads pieces of all sizes for weeks.
    loopy_media::give_back_large_blocks();
    let options = options(global, args)?;
    let (server, drawn) = server(global, args)?;
    let house = House::stopping(global, &options.limits, false, Jobs::Drop)?;
    house.with(|room| {
        room.fallbacks.get_encoder()?;
        let hub = Arc::new(Hub::new(Instant::now()));
        let lobby = Arc::new(Lobby::default());
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("server")
            .enable_all()
            .build()
            .map_err(|error| Error::Usage(format!("the server cannot start: {error}")))?;
        let token = server.token.clone();
        let bound = WebSocketServer::bind(server, hub.clone(), lobby.clone(), Arc::new(Pages));
        let bound = runtime.block_on(bound).map_err(|error| refused(&error))?;
        let address = bound.address();
        let fingerprint = bound.fingerprint().map(str::to_owned);
        let running = {
            let _inside = runtime.enter();
            bound.start()
        };
        if let Ok(address) = address {
            tell(global, args, address.port(), &token, drawn);
        }
        if let Some(fingerprint) = &fingerprint {
            words::say(&format!("certificate (SHA-256) {fingerprint}"));
        }
        let server = (hub, &*lobby, running.tokens());
        let streamed = stream(global, args, &options, &house, room, server);
        runtime.block_on(running.stop());
        streamed
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Streams until the user interrupts.
fn stream(
    global: &Global,
    args: &Serve,
    options: &Options,
    house: &House,
    room: &Room,
    (hub, lobby, tokens): (Arc<Hub>, &Lobby, Tokens),
) -> Result<(), Error> {
    let (fps, size) = surveyor::shape(options, room)?;
    let rungs = Rungs::new(rungs(args, options, fps, size));
    let monitor = ResourceMonitor::new(&global.settings.config, house.store.dir());
    let watch = Watch::start(monitor)
        .inspect_err(|error| tracing::warn!(%error, "the machine is not watched"))
        .ok();
    let (station, inbox) = Station::new(hub, rungs, fps, sound(args), watch);
    let station = Arc::new(station.with((&args.ways).into()));
    lobby.open(Arc::clone(&station));
    reload::watch(global, args, &station, tokens);
    station.run(inbox, options, room, usize::from(global.workers))
}

/// Says where the stream is.
fn tell(global: &Global, args: &Serve, port: u16, token: &str, drawn: bool) {
    let scheme = if args.place.tls_self_signed || args.place.tls_cert.is_some() {
        "https"
    } else {
        "http"
    };
    let host = match args.place.host.as_str() {
        "0.0.0.0" | "::" | "[::]" => "localhost",
        host => host,
    };
    let at = format!("{scheme}://{host}:{port}");
    if global.json {
        let line = serde_json::json!({ "type": "serving", "url": at, "port": port });
        words::data(&line.to_string());
    }
    // A token of the settings is not written where others may read it.
    let secret = if drawn {
        format!("#token={token}")
    } else {
        String::new()
    };
    words::say(&format!("player     {at}/{secret}"));
    words::say(&format!("dashboard  {at}/dashboard{secret}"));
    words::say(&format!("OBS        {at}/obs{secret}"));
    if !drawn {
        words::say("token      that of the settings (features.real_time.websocket.auth_token)");
    }
    let local = ["localhost", "127.0.0.1", "::1", "[::1]"].contains(&args.place.host.as_str());
    if !local && scheme == "http" {
        words::say(
            "warning: others can reach this without encryption: whoever is on the way can read the \
             token, and browsers there have no WebCodecs; --tls-self-signed or --tls-cert helps",
        );
    }
    if !Pages::any() {
        words::say("built without its pages: `make build` builds them where there is Node.js");
    }
}

/// What the stream is made like: as a render would be, without an end.
fn options(global: &Global, args: &Serve) -> Result<Options, Error> {
    let length = Length {
        duration: loopy_core::span::Span::from_micros(60_000_000),
        frames: None,
        looped: false,
    };
    let mut options =
        super::render::planning(global, &args.scan, &length, &args.walk, args.light, None)?;
    options.fit = args.picture.fit.into();
    options.pad = args.picture.pad_color;
    options.scaler = args.picture.scaler.into();
    options.wishes.steered = true;
    Ok(options)
}

/// How the server is reached, and whether its token was drawn now.
fn server(global: &Global, args: &Serve) -> Result<(Config, bool), Error> {
    let place = &args.place;
    let settings = &global.settings.config.features.real_time.websocket;
    let given = place.token.clone().or_else(|| {
        let secret = settings.auth_token.as_ref()?;
        Some(secret.reveal().to_owned())
    });
    let (token, drawn) = match given {
        Some(token) => (token, false),
        None => (draw()?, true),
    };
    let config = Config {
        host: place.host.clone(),
        port: place.port,
        hosts: place.allow_host.clone(),
        origins: place.allow_origin.clone(),
        max_viewers: place.max_viewers as usize,
        max_per_token: place.max_per_address as usize,
        tls: match (&place.tls_cert, &place.tls_key) {
            (Some(certificate), Some(key)) => Some(Tls::Files {
                certificate: certificate.clone(),
                key: key.clone(),
            }),
            _ => place.tls_self_signed.then_some(Tls::SelfSigned),
        },
        ..Config::new(token)
    };
    Ok((config, drawn))
}

/// 192 random bits.
fn draw() -> Result<String, Error> {
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::Usage(format!("the system gives no random bytes: {error}")))?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

fn refused(error: &StartError) -> Error {
    Error::Usage(error.to_string())
}

/// What is heard.
fn sound(args: &Serve) -> Choice {
    match args.audio.as_str() {
        "none" => Choice::None,
        "keep" => Choice::Keep,
        file => Choice::Bed(PathBuf::from(file)),
    }
}

/// The rungs that are asked for, or those that suit the clips.
fn rungs(args: &Serve, options: &Options, fps: Rate, size: Size) -> Vec<Rung> {
    let normalise = Normalise {
        size,
        fit: options.fit,
        pad: options.pad,
        scaler: options.scaler,
    };
    if let Some(asked) = &args.picture.rungs {
        let asked = asked.0.iter();
        return asked
            .map(|rung| Rung::new(rung.size, rung.rate, normalise))
            .collect();
    }
    let rung = |size: Size| {
        let rate = size.pixels() as f64 * fps.as_f64() * BITS;
        Rung::new(size, (rate as u32).max(100_000), normalise)
    };
    let first = size.within(LARGEST);
    let half = Size::new(first.width / 2, first.height / 2).even();
    let halves = (half.height >= FEWEST_ROWS).then(|| rung(half));
    std::iter::once(rung(first)).chain(halves).collect()
}
