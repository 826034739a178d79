//! Options of the live stream.

use std::{path::PathBuf, time::Duration};

use clap::Args as ClapArgs;
use loopy_core::{normalise::Rgb, rungs::Rungs, span::Span};
use loopy_live::outputs::{self, push::Address, record::Recording};

use super::{Fit, Light, Scaler, Scan, Walk};

#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) scan: Scan,
    #[command(flatten)]
    pub(crate) walk: Walk,
    #[command(flatten)]
    pub(crate) picture: Picture,
    #[command(flatten)]
    pub(crate) light: Light,
    /// `keep` (each clip's own), `none`, or a sound file that plays under everything
    #[arg(
        long,
        value_name = "SOUND",
        default_value = "keep",
        help_heading = "Sound"
    )]
    pub(crate) audio: String,
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) ways: Ways,
}

/// What the picture is like.
#[derive(Clone, Debug, ClapArgs)]
#[command(next_help_heading = "Picture")]
pub(crate) struct Picture {
    /// Renditions, the best first, as SIZE@RATE, like 720p@2500k,360p@700k [default: the clips' size
    /// up to 720p, and half of it]
    #[arg(long, value_name = "RUNGS")]
    pub(crate) rungs: Option<Rungs>,
    /// How clips of another shape are fitted
    #[arg(long, value_name = "FIT", default_value = "pad")]
    pub(crate) fit: Fit,
    /// Colour of bars and behind transparent clips
    #[arg(long, value_name = "COLOR", default_value = "black")]
    pub(crate) pad_color: Rgb,
    /// Resampling filter
    #[arg(long, value_name = "NAME", default_value = "lanczos")]
    pub(crate) scaler: Scaler,
}

/// Where the stream is served, and to whom.
#[derive(Clone, Debug, ClapArgs)]
#[command(next_help_heading = "Server")]
pub(crate) struct Place {
    /// Name or address to listen at
    #[arg(long, value_name = "HOST", default_value = "localhost")]
    pub(crate) host: String,
    /// Port to listen at; 0 for any that is free
    #[arg(long, value_name = "PORT", default_value_t = 8765)]
    pub(crate) port: u16,
    /// Secret that viewers show, at least 16 characters [default: that of the settings, or one that
    /// is drawn and printed]
    #[arg(
        long,
        value_name = "TOKEN",
        env = "LOOPYCOMFY_TOKEN",
        hide_env_values = true
    )]
    pub(crate) token: Option<String>,
    /// Also answer to this name, like `stream.example.org` (can be given again)
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) allow_host: Vec<String>,
    /// Also let pages from this origin connect, like `https://example.org` (can be given again)
    #[arg(long, value_name = "ORIGIN", value_delimiter = ',')]
    pub(crate) allow_origin: Vec<String>,
    /// Viewers at the same time
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) max_viewers: u32,
    /// Viewers at the same time from one address
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) max_per_address: u32,
    /// Certificate chain, .pem; with --tls-key
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Key of the certificate, .pem
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// TLS by a certificate that is made now: browsers ask once whether to trust it
    #[arg(long, conflicts_with = "tls_cert")]
    pub(crate) tls_self_signed: bool,
}

/// Where the stream goes besides.
#[derive(Clone, Debug, ClapArgs)]
#[command(next_help_heading = "Other ways out")]
pub(crate) struct Ways {
    /// HTTP live streaming for players that speak nothing else, at /hls/TOKEN/index.m3u8
    #[arg(long)]
    pub(crate) hls: bool,
    /// Record the best rendition into this folder, as mp4 files named by the time at which they begin
    #[arg(long, value_name = "DIR")]
    pub(crate) record: Option<PathBuf>,
    /// Begin a new file after this time
    #[arg(long, value_name = "TIME", default_value = "1h", requires = "record")]
    pub(crate) record_every: Span,
    /// Also push the best rendition to this address: rtmp://, rtmps://, srt:// or udp:// (can be given
    /// again)
    #[arg(
        long,
        value_name = "URL",
        env = "LOOPYCOMFY_PUSH",
        hide_env_values = true
    )]
    pub(crate) push: Vec<Address>,
}

impl From<&Ways> for outputs::Ways {
    fn from(ways: &Ways) -> Self {
        let every = Duration::from_micros(ways.record_every.micros());
        let recording = |folder: &PathBuf| Recording {
            folder: folder.clone(),
            every,
        };
        Self {
            hls: ways.hls,
            record: ways.record.as_ref().map(recording),
            push: ways.push.clone(),
        }
    }
}
