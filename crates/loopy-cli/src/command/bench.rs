//! `loopy bench`: loads that measure.

use std::{
    net::{SocketAddr, ToSocketAddrs as _},
    process::ExitCode,
    time::Duration,
};

use loopy_engine::Error;
use loopy_live::bench::{
    Load, run as load,
    steer::{Steer, steer},
};
use tokio::runtime::Runtime;

use crate::{
    args::{Bench, BenchServe, BenchSteer, Global, Stream},
    words,
};

pub(super) fn run(_global: &Global, bench: &Bench) -> Result<ExitCode, Error> {
    match bench {
        Bench::Serve(serve) => viewers(serve),
        Bench::Steer(steer) => verbs(steer),
    }
}

/// Address and token of a stream of this machine.
fn stream(stream: &Stream) -> Result<(SocketAddr, String), Error> {
    let place = format!("{}:{}", stream.host, stream.port);
    let address = place
        .to_socket_addrs()
        .map_err(|error| Error::Usage(format!("{place}: {error}")))?
        .find(|address| address.ip().is_loopback());
    let address = address.ok_or_else(|| {
        Error::Usage(format!(
            "{place} is not this machine; a load is for one's own"
        ))
    })?;
    let token = stream.token.clone().ok_or_else(|| {
        Error::Usage("give the token of the stream: --token or LOOPYCOMFY_TOKEN".to_owned())
    })?;
    Ok((address, token))
}

fn runtime() -> Result<Runtime, Error> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Error::Usage(error.to_string()))
}

/// Verbs for a stream, and how soon each of them was shown.
fn verbs(args: &BenchSteer) -> Result<ExitCode, Error> {
    let (address, token) = stream(&args.stream)?;
    let wish = Steer {
        address,
        token,
        count: args.count as usize,
    };
    let reaction = runtime()?
        .block_on(steer(&wish))
        .map_err(|error| Error::Usage(error.to_string()))?;
    words::data(&serde_json::json!({ "outcome": reaction }).to_string());
    Ok(ExitCode::SUCCESS)
}

/// Viewers for a stream, a line of JSON a second, and then what came of it; Ctrl-C ends it sooner.
fn viewers(args: &BenchServe) -> Result<ExitCode, Error> {
    let (address, token) = stream(&args.stream)?;
    let wanted = Load {
        address,
        token,
        viewers: args.viewers as usize,
        slow: args.slow as usize,
        ramp: Duration::from_secs(args.ramp),
        hold: Duration::from_secs(args.seconds),
        churn: args.churn.map(Duration::from_secs),
        mode: args.mode.clone(),
        server: args.pid,
    };
    let end = async {
        if tokio::signal::ctrl_c().await.is_err() {
            // It cannot be waited for: the time ends it.
            std::future::pending::<()>().await;
        }
    };
    let outcome = runtime()?
        .block_on(load(wanted, end, |second| {
            words::data(&serde_json::json!({ "second": second }).to_string());
        }))
        .map_err(|error| Error::Usage(error.to_string()))?;
    words::data(&serde_json::json!({ "outcome": outcome }).to_string());
    Ok(ExitCode::SUCCESS)
}
