//! Options of loads that measure.

use clap::{Args as ClapArgs, Subcommand};

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Bench {
    /// Viewers for a stream of this machine: what sending to many costs
    #[command(
        after_help = "Example:\n  loopy bench serve --viewers 300 --seconds 60 --pid $(pidof loopy)"
    )]
    Serve(BenchServe),
    /// How fast a stream of this machine does what it is told
    #[command(after_help = "Example:\n  loopy bench steer --count 200")]
    Steer(BenchSteer),
}

/// A stream of this machine.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Stream {
    /// Where the stream is
    #[arg(long, value_name = "HOST", default_value = "localhost")]
    pub(crate) host: String,
    /// Its port
    #[arg(long, value_name = "PORT", default_value_t = 8765)]
    pub(crate) port: u16,
    /// Its token
    #[arg(
        long,
        value_name = "TOKEN",
        env = "LOOPYCOMFY_TOKEN",
        hide_env_values = true
    )]
    pub(crate) token: Option<String>,
}

#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct BenchServe {
    #[command(flatten)]
    pub(crate) stream: Stream,
    /// How many viewers
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=5000))]
    pub(crate) viewers: u32,
    /// So many of them read a tenth of what they get
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) slow: u32,
    /// Seconds in which they come
    #[arg(long, value_name = "SECONDS", default_value_t = 4)]
    pub(crate) ramp: u64,
    /// Seconds for which is measured
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub(crate) seconds: u64,
    /// Viewers stay so many seconds, on average, then go and come again
    #[arg(long, value_name = "SECONDS")]
    pub(crate) churn: Option<u64>,
    /// What they play: webcodecs, mse or jpeg
    #[arg(long, value_name = "MODE", default_value = "webcodecs")]
    pub(crate) mode: String,
    /// The server's process, to measure its CPU and memory
    #[arg(long, value_name = "PID")]
    pub(crate) pid: Option<u32>,
}

#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct BenchSteer {
    #[command(flatten)]
    pub(crate) stream: Stream,
    /// Clips that are asked for, one after the other
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) count: u32,
}
