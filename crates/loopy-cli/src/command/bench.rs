//! `loopy bench`: loads that measure.

use std::{net::ToSocketAddrs as _, process::ExitCode, time::Duration};

use loopy_engine::Error;
use loopy_live::bench::{Load, run as load};

use crate::{
    args::{Bench, BenchServe, Global},
    words,
};

pub(super) fn run(_global: &Global, bench: &Bench) -> Result<ExitCode, Error> {
    match bench {
        Bench::Serve(serve) => viewers(serve),
    }
}

/// Viewers for a stream, a line of JSON a second, and then what came of it.
fn viewers(args: &BenchServe) -> Result<ExitCode, Error> {
    let usage = |why: String| Error::Usage(why);
    let place = format!("{}:{}", args.host, args.port);
    let address = place
        .to_socket_addrs()
        .map_err(|error| usage(format!("{place}: {error}")))?
        .find(|address| address.ip().is_loopback());
    let Some(address) = address else {
        return Err(usage(format!(
            "{place} is not this machine; a load is for one's own"
        )));
    };
    let token = args.token.clone().ok_or_else(|| {
        usage("give the token of the stream: --token or LOOPYCOMFY_TOKEN".to_owned())
    })?;
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
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| usage(error.to_string()))?;
    let outcome = runtime
        .block_on(load(wanted, |second| {
            words::data(&serde_json::json!({ "second": second }).to_string());
        }))
        .map_err(|error| usage(error.to_string()))?;
    words::data(&serde_json::json!({ "outcome": outcome }).to_string());
    Ok(ExitCode::SUCCESS)
}
