//! The command line: every option, its help and its defaults.

mod bench;
mod serve;

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use loopy_core::{
    Rate, Size, amount::Amount, config::Settings, encode::Quality, normalise::Rgb, span::Span,
};
use loopy_engine::scan::Trim;

pub(crate) use self::{
    bench::{Bench, BenchServe, BenchSteer, Stream},
    serve::Serve,
};

/// Endless, seamless video from a folder of short clips.
#[derive(Debug, Parser)]
#[command(
    name = "loopy",
    version,
    long_version = crate::version::LONG,
    max_term_width = 100,
    arg_required_else_help = true
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) global: Global,
}

/// Options of every command.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Global {
    /// One JSON object a line on standard output
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// No live lines
    #[arg(long, global = true)]
    pub(crate) no_progress: bool,
    /// Settings, .yaml [default: loopycomfy/config.yaml in the user's configuration folder]
    #[arg(long, global = true, value_name = "FILE", env = "LOOPYCOMFY_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// What file and environment say
    #[arg(skip)]
    pub(crate) settings: Settings,
    /// What is wrong with them, for a command that goes on without
    #[arg(skip)]
    pub(crate) trouble: Option<String>,
    /// Folder of the store [default: the user's cache folder]
    #[arg(long, global = true, value_name = "DIR", env = "LOOPYCOMFY_CACHE")]
    pub(crate) cache: Option<PathBuf>,
    /// Most that the store may hold, like 20G
    #[arg(long, global = true, value_name = "SIZE", value_parser = bytes)]
    pub(crate) cache_size: Option<u64>,
    /// Worker processes
    #[arg(long, global = true, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) workers: u16,
    /// Memory that this program and its workers may use together, like 4G [default: three quarters
    /// of what the machine or container has]
    #[arg(long, global = true, value_name = "SIZE", value_parser = memory)]
    pub(crate) memory_limit: Option<u64>,
    /// Memory that one worker may use, in MiB
    #[arg(long, global = true, value_name = "MIB", default_value_t = 3072, value_parser = clap::value_parser!(u64).range(256..))]
    pub(crate) worker_memory: u64,
    /// Seconds that one job may take
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) job_time: u64,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a video from clips
    #[command(after_help = RENDER_EXAMPLES)]
    Render(Box<Render>),
    /// Look at clips and say which are usable
    #[command(
        after_help = "Examples:\n  loopy analyze ~/clips\n  loopy analyze ~/clips --html clips.html"
    )]
    Analyze(Box<Analyze>),
    /// Plan the walk alone
    #[command(
        after_help = "Examples:\n  loopy plan ~/clips --duration 1h -o plan.json\n  loopy render ~/clips --plan plan.json -o out.mp4\n  loopy plan --from plan.json -o walk.otio\n  loopy plan --from plan.json --html walk.html\n  loopy plan ~/clips --script cues.json -o plan.json"
    )]
    Plan(Box<Plan>),
    /// Check a video against its report, its clips or itself, or a plan
    #[command(
        after_help = "Examples:\n  loopy verify out.mp4 --report out.json\n  loopy verify out.mp4 --clips ~/clips\n  loopy verify out.mp4\n  loopy verify plan.json"
    )]
    Verify(Verify),
    /// Try to find the seams of finished videos
    #[command(
        after_help = "Examples:\n  loopy audit out.mp4 --report out.json\n  loopy audit out.mp4 --report out.json --worst worst.png\n  loopy audit a.mp4 b.mp4 --report a.json --report b.json"
    )]
    Audit(Audit),
    /// Make a perfect loop of one clip
    #[command(
        after_help = "Examples:\n  loopy loop wave.mp4 -o loop.mp4\n  loopy loop wave.mp4 -o loop.mp4 --min 2s --max 8s --seams cut"
    )]
    Loop(Box<Loop>),
    /// Draw a small clip library and render it
    #[command(after_help = "Example:\n  loopy demo")]
    Demo(Box<Demo>),
    /// Stream the walk to browsers, without an end
    #[command(
        after_help = "Examples:\n  loopy serve ~/clips\n  loopy serve ~/clips --rungs 720p@2500k,360p@700k\n  loopy serve ~/clips --host 0.0.0.0 --tls-self-signed\n  loopy serve ~/clips --record ~/recordings --push rtmp://live.example.org/app/KEY"
    )]
    Serve(Box<Serve>),
    /// Loads that measure
    #[command(subcommand)]
    Bench(Bench),
    /// The store of encoded pieces
    #[command(subcommand, after_help = "Example:\n  loopy cache info")]
    Cache(Cache),
    /// Settings in a file: write, check and show them
    #[command(
        subcommand,
        after_help = "Examples:\n  loopy config init\n  loopy config check config/production.yaml\n  loopy config show --origin"
    )]
    Config(Config),
    /// Turn settings of an earlier version into those of this one
    #[command(
        after_help = "Examples:\n  loopy migrate settings.json -o config.yaml\n  loopy migrate config/advanced_features.yaml"
    )]
    Migrate(Migrate),
    /// Say what this machine can do, and what would make it faster
    #[command(after_help = "Examples:\n  loopy doctor\n  loopy doctor --json")]
    Doctor,
    /// Runs jobs for another `loopy`
    #[command(hide = true)]
    Worker(Worker),
}

const RENDER_EXAMPLES: &str = "Examples:
  loopy render ~/clips -o out.mp4 --duration 30m
  loopy render ~/clips -o out.mp4 --preview
  loopy render ~/clips -o upright.mp4 --preset reels --fit crop --duration 60s --loop
  loopy render ~/clips -o - --duration 10m | mpv -";

/// Which files are clips.
#[derive(Clone, Debug, ClapArgs)]
#[command(next_help_heading = "Clips")]
pub(crate) struct Scan {
    /// Files and folders of clips
    #[arg(value_name = "CLIPS")]
    pub(crate) inputs: Vec<PathBuf>,
    /// Only files whose name matches, like 'idle_*.mp4'
    #[arg(long, value_name = "GLOB", value_parser = glob)]
    pub(crate) pattern: Option<globset::Glob>,
    /// Look into folders inside folders
    #[arg(long)]
    pub(crate) recursive: bool,
    /// Use at most N clips
    #[arg(long, value_name = "N", value_parser = positive)]
    pub(crate) max_clips: Option<usize>,
    /// Order of the library
    #[arg(long, value_name = "KEY", default_value = "name")]
    pub(crate) sort: Sort,
    /// Only clips of this size or shape
    #[arg(long, value_name = "SIZE")]
    pub(crate) filter: Option<Filter>,
    /// Leave out a clip by name, path or pattern (can be given again)
    #[arg(long, value_name = "CLIP", value_parser = glob)]
    pub(crate) exclude: Vec<globset::Glob>,
    /// Use only a part of a clip, like 'wave.mp4=1.5:4' (can be given again)
    #[arg(long, value_name = "CLIP=IN:OUT")]
    pub(crate) trim: Vec<Trim>,
}

/// What is done to light and colour.
#[derive(Clone, Copy, Debug, Default, ClapArgs)]
#[command(next_help_heading = "Picture")]
pub(crate) struct Light {
    /// Leave the light and colour of every clip as they are; otherwise the clips of a scene are
    /// made to agree in exposure and white balance
    #[arg(long)]
    pub(crate) no_match: bool,
}

/// How long the film is.
#[derive(Clone, Debug, ClapArgs)]
#[command(next_help_heading = "Walk")]
pub(crate) struct Length {
    /// How long: 90s, 30m, 6h, 1:30:00
    #[arg(
        short,
        long,
        value_name = "TIME",
        default_value = "2m",
        conflicts_with = "frames"
    )]
    pub(crate) duration: Span,
    /// How long, in frames
    #[arg(long, value_name = "N")]
    pub(crate) frames: Option<u64>,
    /// The end joins the beginning
    #[arg(long = "loop")]
    pub(crate) looped: bool,
}

/// What the walk is like.
#[derive(Clone, Debug, ClapArgs)]
#[command(next_help_heading = "Walk")]
pub(crate) struct Walk {
    /// Another seed, another walk
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Visits before a clip may return [default: most of the library]
    #[arg(long, value_name = "N")]
    pub(crate) min_gap: Option<u32>,
    #[command(flatten)]
    pub(crate) chain: Chain,
    /// What fills joints
    #[arg(long, value_name = "KIND", default_value = "auto")]
    pub(crate) seams: Seams,
    /// Frames of every bridge [default: what each needs; 6 where all are to dissolve]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=60))]
    pub(crate) bridge_frames: Option<u32>,
    /// Distinct bridge time as a share of distinct clip time, in percent
    #[arg(long, value_name = "PERCENT", default_value_t = 100.0, value_parser = percent)]
    pub(crate) bridge_budget: f64,
    /// Joints whose score is lower, 0 to 1, are changes of scene: rare, and counted apart
    #[arg(long, value_name = "SCORE", default_value_t = 0.55, value_parser = share)]
    pub(crate) seam_threshold: f64,
    /// Frame rate, like 25, 29.97 or 30000/1001 [default: that of most clips]
    #[arg(long, value_name = "RATE")]
    pub(crate) fps: Option<Rate>,
    /// How clips of another frame rate are fitted
    #[arg(long, value_name = "MODE", default_value = "duplicate")]
    pub(crate) rate: RateMode,
}

/// Which clip follows which.
#[derive(Clone, Debug, ClapArgs)]
#[command(next_help_heading = "Walk")]
pub(crate) struct Chain {
    /// What makes a next clip likely
    #[arg(long, value_name = "MODE", default_value = "visual_similarity")]
    pub(crate) mode: Mode,
    /// For `--mode custom`: weights of ordered pairs of clips, .json, .csv or .npy
    #[arg(long, value_name = "FILE", required_if_eq("mode", "custom"))]
    pub(crate) matrix: Option<PathBuf>,
    /// For `--mode learned`: sequences of clip names to learn from, .json
    #[arg(long, value_name = "FILE", required_if_eq("mode", "learned"))]
    pub(crate) examples: Option<PathBuf>,
    /// How evenly next clips are drawn: less for the likeliest, more for any, 0.01 to 100
    #[arg(long, value_name = "T", default_value_t = 1.0, value_parser = temperature)]
    pub(crate) temperature: f64,
    /// How much pairs and triples of clips shown before are avoided, 0 to 10
    #[arg(long, value_name = "N", default_value_t = 1.0, value_parser = penalty)]
    pub(crate) repetition_penalty: f64,
    /// Visits for which a clip is the likelier to return the longer ago it was shown [default: twice
    /// the clips]
    #[arg(long, value_name = "N")]
    pub(crate) history_window: Option<u32>,
    /// Clip to begin with
    #[arg(long, value_name = "CLIP")]
    pub(crate) start: Option<String>,
    /// No pair of clips repeats until all were shown
    #[arg(long)]
    pub(crate) certified: bool,
    /// Enter and leave clips at other ports from visit to visit [default: on]
    #[arg(long, overrides_with = "no_vary")]
    pub(crate) vary: bool,
    /// Enter and leave clips at the best ports always
    #[arg(long)]
    pub(crate) no_vary: bool,
    /// Weights, shares, salience and relevance of clips, .yaml or .json
    #[arg(long, value_name = "FILE")]
    pub(crate) clip_weights: Option<PathBuf>,
    /// States: which clips show them, which may follow which, for how long, when, .yaml or .json
    #[arg(long, value_name = "FILE")]
    pub(crate) states: Option<PathBuf>,
    /// Cues by time (state, signal, play, avoid), .json
    #[arg(long, value_name = "FILE")]
    pub(crate) script: Option<PathBuf>,
    /// Time of day at which the film begins, for the schedule of states
    #[arg(long, value_name = "HH:MM", default_value = "0:00", value_parser = loopy_engine::wishes::of_day)]
    pub(crate) clock: u32,
}

impl Default for Chain {
    fn default() -> Self {
        Self {
            mode: Mode::VisualSimilarity,
            matrix: None,
            examples: None,
            temperature: 1.0,
            repetition_penalty: 1.0,
            history_window: None,
            start: None,
            certified: false,
            vary: true,
            no_vary: false,
            clip_weights: None,
            states: None,
            script: None,
            clock: 0,
        }
    }
}

/// What the picture is like.
#[derive(Clone, Debug, ClapArgs)]
#[command(next_help_heading = "Picture")]
pub(crate) struct Picture {
    /// Size: WxH, `source`, or a preset (4k 2k 1080p 720p 480p 360p 9:16 9:16-4k 4:5 square
    /// square-720 tiktok reels shorts instagram-post twitter ultrawide cinema-2.35)
    /// [default: source, that of most clips]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) size: Option<SizeChoice>,
    /// How clips of another shape are fitted
    #[arg(long, value_name = "FIT", default_value = "pad")]
    pub(crate) fit: Fit,
    /// Colour of bars and behind transparent clips
    #[arg(long, value_name = "COLOR", default_value = "black")]
    pub(crate) pad_color: Rgb,
    /// Resampling filter
    #[arg(long, value_name = "NAME", default_value = "lanczos")]
    pub(crate) scaler: Scaler,
    /// Settings for a place: size, quality and sound rate at once
    #[arg(long, value_name = "NAME")]
    pub(crate) preset: Option<Preset>,
    /// draft, good, best, or a CRF from 0 (lossless) to 51 [default: good]
    #[arg(long, value_name = "Q")]
    pub(crate) quality: Option<Quality>,
    /// Video codec
    #[arg(long, value_name = "NAME", default_value = "h264")]
    pub(crate) codec: Codec,
}

/// What is heard.
#[derive(Clone, Debug, ClapArgs)]
#[command(next_help_heading = "Sound")]
pub(crate) struct Sound {
    /// `keep` (each clip's own), `none`, or a sound file that plays under everything
    #[arg(long, value_name = "SOUND", default_value = "keep")]
    pub(crate) audio: String,
    /// Sound codec
    #[arg(long, value_name = "NAME", default_value = "aac")]
    pub(crate) audio_codec: AudioCodec,
    /// Bits per second, like 160k
    #[arg(long, value_name = "RATE", value_parser = bitrate)]
    pub(crate) audio_bitrate: Option<u32>,
}

#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Render {
    #[command(flatten)]
    pub(crate) scan: Scan,
    /// Video to make: .mp4, .mkv, or `-` for fragmented mp4 on standard output. %timestamp%,
    /// %preset% and %seed% in the name are filled in
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) length: Length,
    #[command(flatten)]
    pub(crate) walk: Walk,
    #[command(flatten)]
    pub(crate) picture: Picture,
    #[command(flatten)]
    pub(crate) light: Light,
    #[command(flatten)]
    pub(crate) sound: Sound,
    #[command(flatten)]
    pub(crate) more: More,
}

/// What else comes of a render.
#[derive(Clone, Debug, Default, ClapArgs)]
#[command(next_help_heading = "Output")]
pub(crate) struct More {
    /// Realize this plan (.json or .csv) instead of planning
    #[arg(long, value_name = "FILE", conflicts_with_all = [
        "duration", "frames", "looped", "fps", "seed", "min_gap", "seams", "bridge_frames",
        "bridge_budget", "seam_threshold", "rate", "preview", "no_match", "mode", "matrix",
        "examples", "temperature", "repetition_penalty", "history_window", "start", "certified",
        "vary", "no_vary", "clip_weights", "states", "script", "clock",
    ])]
    pub(crate) plan: Option<PathBuf>,
    /// 360p, first minute, seams marked
    #[arg(long)]
    pub(crate) preview: bool,
    /// Say what it will cost, and stop
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Report of everything, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// A picture of every clip used
    #[arg(long, value_name = "DIR")]
    pub(crate) thumbnails: Option<PathBuf>,
    /// One picture of the whole film, seams marked
    #[arg(long, value_name = "FILE.png")]
    pub(crate) contact_sheet: Option<PathBuf>,
    /// Write the mp4 in fragments, playable while it grows
    #[arg(long)]
    pub(crate) fragmented: bool,
    /// Title in the file
    #[arg(long, value_name = "TEXT")]
    pub(crate) title: Option<String>,
    /// Artist in the file
    #[arg(long, value_name = "TEXT")]
    pub(crate) artist: Option<String>,
    /// Comment in the file
    #[arg(long, value_name = "TEXT")]
    pub(crate) comment: Option<String>,
    /// Fail when something asked for is not available; exit 5 when a fallback was needed
    #[arg(long)]
    pub(crate) strict: bool,
}

#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Analyze {
    #[command(flatten)]
    pub(crate) scan: Scan,
    #[command(flatten)]
    pub(crate) light: Light,
    /// A page to look at: clips, ports, how well each leads to each, best and worst seams, what is
    /// missing
    #[arg(long, value_name = "FILE.html", help_heading = "Output")]
    pub(crate) html: Option<PathBuf>,
}

#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Plan {
    #[command(flatten)]
    pub(crate) scan: Scan,
    /// Plan file; .csv (rows to edit), .ffconcat and .otio are written as that, all others as
    /// JSON [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Format of the plan file, whatever its name
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<PlanFormat>,
    /// A page to look at: timeline, usage, returns, joints, what the walk guarantees; with it, no
    /// plan goes to standard output unless --format asks for one
    #[arg(long, value_name = "FILE.html", help_heading = "Output")]
    pub(crate) html: Option<PathBuf>,
    /// Write this plan (.json or .csv) instead of planning; CLIPS only for what it does not tell
    #[arg(long, value_name = "FILE", conflicts_with_all = [
        "duration", "frames", "looped", "fps", "seed", "min_gap", "seams", "bridge_frames",
        "bridge_budget", "seam_threshold", "rate", "no_match",
    ])]
    pub(crate) from: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) length: Length,
    #[command(flatten)]
    pub(crate) walk: Walk,
    #[command(flatten)]
    pub(crate) light: Light,
}

#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Verify {
    /// Video, or plan (.json or .csv); of a video alone the repeats are told
    pub(crate) file: PathBuf,
    /// Report of the video
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Clips that the video was made of: the walk is recovered from the picture (can be given again)
    #[arg(long, value_name = "DIR")]
    pub(crate) clips: Vec<PathBuf>,
    /// With --clips: every visit in a line
    #[arg(long, requires = "clips")]
    pub(crate) visits: bool,
    /// Measure how visible each joint is in the finished video, too
    #[arg(long, requires = "report")]
    pub(crate) seams: bool,
}

#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Audit {
    /// Videos; several are judged together
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Report of the video; once for each video, in the same order
    #[arg(long = "report", required = true, value_name = "FILE")]
    pub(crate) reports: Vec<PathBuf>,
    /// Which clips are cut from one take: lines of `CLIP TAKE START`, the start in frames
    #[arg(long, value_name = "FILE")]
    pub(crate) takes: Option<PathBuf>,
    /// Picture of the ten plainest seams
    #[arg(long, value_name = "FILE.png")]
    pub(crate) worst: Option<PathBuf>,
    /// Seed of the draws of natural instants and controls
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Exit 1 when the detector fails a control
    #[arg(long)]
    pub(crate) strict: bool,
}

#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Loop {
    /// Clip to loop
    pub(crate) clip: PathBuf,
    /// Video to make: .mp4 or .mkv; its end joins its beginning
    #[arg(short, long, value_name = "LOOP")]
    pub(crate) output: PathBuf,
    /// Shortest loop
    #[arg(long, value_name = "TIME", default_value = "2s")]
    pub(crate) min: Span,
    /// Longest loop
    #[arg(long, value_name = "TIME", default_value = "60s")]
    pub(crate) max: Span,
    /// What fills the joint; with `auto` a loop that would be seen is not made
    #[arg(long, value_name = "KIND", default_value = "auto")]
    pub(crate) seams: Seams,
    /// Frames of the bridge [default: what it needs; 6 where it is to dissolve]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=60))]
    pub(crate) bridge_frames: Option<u32>,
    /// Use only a part of the clip, like 'wave.mp4=1.5:4'
    #[arg(long, value_name = "CLIP=IN:OUT")]
    pub(crate) trim: Vec<Trim>,
    /// Frame rate, like 25, 29.97 or 30000/1001 [default: the clip's]
    #[arg(long, value_name = "RATE")]
    pub(crate) fps: Option<Rate>,
    #[command(flatten)]
    pub(crate) picture: Picture,
    #[command(flatten)]
    pub(crate) sound: Sound,
    /// Report of everything, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
}

#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Demo {
    /// Folder for the clips and the video
    #[arg(default_value = "loopy-demo")]
    pub(crate) folder: PathBuf,
    /// How long
    #[arg(short, long, value_name = "TIME", default_value = "2m")]
    pub(crate) duration: Span,
    /// Size of the clips
    #[arg(long, value_name = "SIZE", default_value = "720p")]
    pub(crate) size: Size,
    /// Frame rate of the clips
    #[arg(long, value_name = "RATE", default_value = "30")]
    pub(crate) fps: Rate,
    /// Write clip and frame number into every picture
    #[arg(long)]
    pub(crate) marks: bool,
    /// Only draw the clips
    #[arg(long)]
    pub(crate) clips_only: bool,
    /// Another seed, another walk
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Cache {
    /// What the store holds
    Info,
    /// Empty the store
    Clear,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Config {
    /// Write a commented file with a fresh token, which only you may read
    Init {
        /// File to write [default: that of --config, or of the user's configuration folder]
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Say everything that is wrong with a file and the environment; exit 3 when anything is
    Check {
        /// File to look at [default: that of --config, or of the user's configuration folder]
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Every setting with its value
    Show {
        /// And where the value comes from
        #[arg(long)]
        origin: bool,
    },
    /// The JSON Schema of a file
    Schema,
}

#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Migrate {
    /// Settings of an earlier version, .yaml or .json
    pub(crate) file: PathBuf,
    /// File to write [default: FILE itself, of which a copy is kept beside it]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Worker {
    #[arg(long)]
    pub(crate) store: PathBuf,
    #[arg(long)]
    pub(crate) cap: u64,
    #[arg(long)]
    pub(crate) memory: u64,
}

macro_rules! choice {
    ($(#[$doc:meta])* $name:ident -> $target:ty { $($(#[$say:meta])* $variant:ident = $text:literal => $value:expr,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
        pub(crate) enum $name {
            $($(#[$say])* #[value(name = $text)] $variant,)*
        }

        impl From<$name> for $target {
            fn from(choice: $name) -> Self {
                match choice {
                    $($name::$variant => $value,)*
                }
            }
        }
    };
}

choice!(Sort -> loopy_engine::scan::Sort {
    /// By name, numbers by value
    Name = "name" => Self::Name,
    /// Oldest first
    Date = "date" => Self::Date,
    /// Largest first
    Size = "size" => Self::Size,
    /// Longest first
    Duration = "duration" => Self::Duration,
});

choice!(Filter -> loopy_engine::scan::Filter {
    /// 1080 or more on the shorter side
    P1080 = "1080p" => Self::P1080,
    /// 720 or more on the shorter side
    P720 = "720p" => Self::P720,
    /// 2160 or more on the shorter side
    P2160 = "4k" => Self::P2160,
    /// Higher than wide
    Vertical = "vertical" => Self::Vertical,
    /// As high as wide
    Square = "square" => Self::Square,
});

choice!(Seams -> loopy_core::walk::Seams {
    /// A cut where it is ordinary, otherwise a bridge of motion, or a dissolve
    Auto = "auto" => Self::Auto,
    /// Hard cuts only
    Cut = "cut" => Self::Cut,
    /// A dissolve wherever there are frames for it
    Dissolve = "dissolve" => Self::Dissolve,
    /// A bridge of motion at every joint
    Motion = "motion" => Self::Motion,
});

/// `--mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// Every next clip is as likely
    #[value(name = "uniform")]
    Uniform,
    /// By how little the joint is seen
    #[value(name = "visual_similarity", alias = "visual-similarity")]
    VisualSimilarity,
    /// As in example sequences
    #[value(name = "learned")]
    Learned,
    /// By a matrix
    #[value(name = "custom")]
    Custom,
}

choice!(RateMode -> loopy_core::clock::Mode {
    /// Repeat or leave out frames
    Duplicate = "duplicate" => Self::Duplicate,
    /// Mix neighbouring frames
    Blend = "blend" => Self::Blend,
    /// Draw what lies between neighbouring frames by their motion
    Motion = "motion" => Self::Motion,
});

choice!(Fit -> loopy_core::normalise::Fit {
    /// Whole picture, bars where it does not reach
    Pad = "pad" => Self::Pad,
    /// No bars, the edges are cut off
    Crop = "crop" => Self::Crop,
    /// Pulled to the size
    Stretch = "stretch" => Self::Stretch,
});

choice!(Scaler -> loopy_core::normalise::Scaler {
    Lanczos = "lanczos" => Self::Lanczos,
    Bicubic = "bicubic" => Self::Bicubic,
    Bilinear = "bilinear" => Self::Bilinear,
    Spline36 = "spline36" => Self::Spline36,
});

choice!(Codec -> loopy_core::encode::Codec {
    H264 = "h264" => Self::H264,
});

choice!(PlanFormat -> loopy_core::export::Format {
    /// The plan itself
    Json = "json" => Self::Json,
    /// A row for each visit, to edit and give back
    Csv = "csv" => Self::Csv,
    /// A script for FFmpeg, without bridges
    Ffconcat = "ffconcat" => Self::Ffconcat,
    /// A timeline for editors
    Otio = "otio" => Self::Otio,
});

choice!(AudioCodec -> loopy_media::audio::encode::Codec {
    Aac = "aac" => Self::Aac,
    Opus = "opus" => Self::Opus,
});

choice!(Preset -> loopy_core::encode::Preset {
    /// High quality at the source's size
    Youtube = "youtube" => Self::Youtube,
    /// Upright 1080x1920
    Tiktok = "tiktok" => Self::Tiktok,
    /// Upright 1080x1920
    Reels = "reels" => Self::Reels,
    /// 1280x720
    Twitter = "twitter" => Self::Twitter,
    /// Small
    Web = "web" => Self::Web,
    /// Slow and close to the source
    HighQuality = "high-quality" => Self::HighQuality,
    /// Several times faster, larger file
    Fast = "fast" => Self::Fast,
});

/// `--size`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SizeChoice {
    Source,
    Given(Size),
}

fn size(text: &str) -> Result<SizeChoice, String> {
    if text.eq_ignore_ascii_case("source") {
        return Ok(SizeChoice::Source);
    }
    text.parse()
        .map(SizeChoice::Given)
        .map_err(|error: loopy_core::size::ParseSizeError| error.to_string())
}

fn glob(text: &str) -> Result<globset::Glob, String> {
    globset::GlobBuilder::new(text)
        .backslash_escape(true)
        .build()
        .map_err(|error| error.kind().to_string())
}

fn positive(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|n| *n > 0)
        .ok_or_else(|| "give a number of at least 1".to_owned())
}

fn share(text: &str) -> Result<f64, String> {
    let number = text.parse().ok();
    number
        .filter(|n: &f64| (0.0..=1.0).contains(n))
        .ok_or_else(|| "give a number from 0 to 1".to_owned())
}

fn temperature(text: &str) -> Result<f64, String> {
    let number = text.parse().ok();
    number
        .filter(|n: &f64| (0.01..=100.0).contains(n))
        .ok_or_else(|| "give a number from 0.01 to 100".to_owned())
}

fn penalty(text: &str) -> Result<f64, String> {
    let number = text.parse().ok();
    number
        .filter(|n: &f64| (0.0..=10.0).contains(n))
        .ok_or_else(|| "give a number from 0 to 10".to_owned())
}

fn percent(text: &str) -> Result<f64, String> {
    let number = text.trim_end_matches('%').parse().ok();
    number
        .filter(|n: &f64| (0.0..=10_000.0).contains(n))
        .map(|n| n / 100.0)
        .ok_or_else(|| "give a percentage from 0 to 10000".to_owned())
}

fn bitrate(text: &str) -> Result<u32, String> {
    let text = text.to_ascii_lowercase();
    let (number, unit) = match text.strip_suffix('k') {
        Some(number) => (number, 1000),
        None => (text.as_str(), 1),
    };
    number
        .parse::<u32>()
        .ok()
        .and_then(|n| n.checked_mul(unit))
        .filter(|n| (16_000..=512_000).contains(n))
        .ok_or_else(|| "give bits per second from 16k to 512k".to_owned())
}

fn memory(text: &str) -> Result<u64, String> {
    bytes(text).and_then(|bytes| {
        let least = loopy_core::config::LEAST_MEMORY;
        (bytes >= least)
            .then_some(bytes)
            .ok_or_else(|| "give at least 256M".to_owned())
    })
}

fn bytes(text: &str) -> Result<u64, String> {
    text.parse()
        .map(|amount: Amount| amount.bytes)
        .map_err(|error| error.to_string())
}
