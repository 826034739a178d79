//! `loopy render`: the main job.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, SystemTime},
};

use loopy_core::{
    encode::{Quality, Settings},
    graph::Score,
    ledger::Entry,
    limits::Limits,
    metadata::{Fields, Words, fill},
    plan::SeamKind,
    report::Report,
};
use loopy_engine::{
    Error, documents,
    estimate::{self, Estimate},
    output::Target,
    render::{self, Length, Options},
    scan,
    soundtrack::Choice,
    usage::Meter,
    wishes::{self, Wishes},
};

use super::House;
use crate::{
    args::{
        self, Chain, Global, Light, Mode, More, Picture, Preset, Render, Scan, SizeChoice, Sound,
        Walk,
    },
    words::{self, seconds, size},
};

pub(super) fn run(global: &Global, args: &Render) -> Result<ExitCode, Error> {
    let options = options(global, args)?;
    let house = House::open(global, &options.limits, options.target == Target::Stdout)?;
    finish(global, &house, &options, args.more.dry_run)
}

/// Renders (or estimates) and says what came of it.
pub(super) fn finish(
    global: &Global,
    house: &House,
    options: &Options,
    dry_run: bool,
) -> Result<ExitCode, Error> {
    idle_cores(global, house);
    if dry_run {
        return house.with(|room| {
            options.target.container(options.fragmented)?;
            let mut meter = Meter::start(room.workers);
            let prepared = render::prepare(options, room, &mut meter)?;
            let estimate = estimate::estimate(&prepared, options, room.store)?;
            tell_estimate(global, &estimate);
            estimate.check_disk(&options.target, room.store)?;
            Ok(ExitCode::SUCCESS)
        });
    }
    let report = house.with(|room| render::render(options, room))?;
    tell(global, house, &report);
    let degraded = options.strict && !report.fallbacks.is_empty();
    Ok(ExitCode::from(if degraded { 5 } else { 0 }))
}

/// Says how many cores a single worker leaves idle, and the flag that uses them.
fn idle_cores(global: &Global, house: &House) {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    if global.workers == 1 && cores > 1 {
        let idle = cores - 1;
        house.live.say(&format!(
            "one worker; {idle} of {cores} cores stay idle (--workers {cores})"
        ));
    }
}

pub(super) fn options(global: &Global, args: &Render) -> Result<Options, Error> {
    let Render {
        scan,
        output,
        length,
        walk,
        picture,
        light,
        sound,
        more,
    } = args;
    if scan.inputs.is_empty() && more.plan.is_none() {
        return Err(Error::Usage(
            "give at least one clip or folder of clips".to_owned(),
        ));
    }
    let created = created()?;
    let seed = match &more.plan {
        Some(plan) => documents::open(plan)?.seed().unwrap_or(walk.seed),
        None => walk.seed,
    };
    let target = target(output, picture, seed, created)?;
    let values = picture
        .preset
        .map(|preset| loopy_core::encode::Preset::from(preset).values());
    let preset_size = values
        .and_then(|values| values.size)
        .and_then(|name| name.parse().ok());
    let size = match picture.size {
        Some(SizeChoice::Source) => None,
        Some(SizeChoice::Given(size)) => Some(size),
        None => preset_size,
    };
    let quality = picture
        .quality
        .or(values.map(|values| values.quality))
        .unwrap_or(Quality::Good);
    let mut encode = Settings::file(quality);
    if let Some(values) = values {
        values.x264.clone_into(&mut encode.preset);
    }
    encode.codec = picture.codec.into();
    Ok(Options {
        scan: scan_options(scan),
        matched: !light.no_match,
        target,
        fragmented: more.fragmented,
        length: length
            .frames
            .map_or(Length::Span(length.duration), Length::Frames),
        plan: more.plan.clone(),
        single: None,
        seed,
        size,
        fps: walk.fps,
        rate_mode: walk.rate.into(),
        fit: picture.fit.into(),
        pad: picture.pad_color,
        scaler: picture.scaler.into(),
        encode,
        audio: audio(sound, values.map(|values| values.audio_bitrate)),
        seams: walk.seams.into(),
        bridge_frames: walk.bridge_frames,
        bridge_budget: walk.bridge_budget,
        seam_threshold: Score::from_f64(walk.seam_threshold),
        min_gap: walk.min_gap,
        wishes: wishes(&walk.chain)?,
        looped: length.looped,
        preview: more.preview,
        words: Words {
            title: more.title.clone(),
            artist: more.artist.clone(),
            comment: more.comment.clone(),
        },
        created,
        report: more.report.clone(),
        thumbnails: more.thumbnails.clone(),
        contact_sheet: more.contact_sheet.clone(),
        strict: more.strict,
        limits: limits(global),
    })
}

/// Which clip follows which.
fn wishes(chain: &Chain) -> Result<Wishes, Error> {
    let file = |file: &Option<PathBuf>, option: &str| {
        file.clone()
            .ok_or_else(|| Error::Usage(format!("this mode needs {option} FILE")))
    };
    if chain.matrix.is_some() && chain.mode != Mode::Custom {
        return Err(Error::Usage("--matrix goes with --mode custom".to_owned()));
    }
    if chain.examples.is_some() && chain.mode != Mode::Learned {
        return Err(Error::Usage(
            "--examples goes with --mode learned".to_owned(),
        ));
    }
    Ok(Wishes {
        chain: match chain.mode {
            Mode::Uniform => wishes::Chain::Uniform,
            Mode::VisualSimilarity => wishes::Chain::VisualSimilarity,
            Mode::Learned => wishes::Chain::Learned(file(&chain.examples, "--examples")?),
            Mode::Custom => wishes::Chain::Custom(file(&chain.matrix, "--matrix")?),
        },
        temperature: chain.temperature,
        repetition_penalty: chain.repetition_penalty,
        history_window: chain.history_window,
        vary: !chain.no_vary,
        certified: chain.certified,
        start: chain.start.clone(),
        clips: chain.clip_weights.clone(),
        states: chain.states.clone(),
        script: chain.script.clone(),
        clock: chain.clock,
        steered: false,
    })
}

pub(super) fn scan_options(scan: &Scan) -> scan::Options {
    scan::Options {
        inputs: scan.inputs.clone(),
        pattern: scan.pattern.clone(),
        recursive: scan.recursive,
        max_clips: scan.max_clips,
        sort: scan.sort.into(),
        filter: scan.filter.map(Into::into),
        exclude: scan.exclude.clone(),
        trims: scan.trim.clone(),
        copies: false,
        output: None,
        film: None,
    }
}

/// Options for `loopy plan`, which plans as `render` with its defaults would; or realizes `plan`.
pub(super) fn planning(
    global: &Global,
    scan: &Scan,
    length: &args::Length,
    walk: &Walk,
    light: Light,
    plan: Option<PathBuf>,
) -> Result<Options, Error> {
    let render = Render {
        scan: scan.clone(),
        output: PathBuf::from("-"),
        length: length.clone(),
        walk: walk.clone(),
        picture: Picture {
            size: None,
            fit: crate::args::Fit::Pad,
            pad_color: loopy_core::normalise::Rgb::default(),
            scaler: crate::args::Scaler::Lanczos,
            preset: None,
            quality: None,
            codec: crate::args::Codec::H264,
        },
        light,
        sound: Sound {
            audio: "none".to_owned(),
            audio_codec: crate::args::AudioCodec::Aac,
            audio_bitrate: None,
        },
        more: More {
            plan,
            ..More::default()
        },
    };
    options(global, &render)
}

pub(super) fn limits(global: &Global) -> Limits {
    Limits {
        worker_mib: global.worker_memory,
        job_seconds: global.job_time,
        ..Limits::default()
    }
}

fn audio(sound: &Sound, preset: Option<u32>) -> Choice {
    let bitrate = sound.audio_bitrate.or(preset).unwrap_or(160_000);
    let codec = sound.audio_codec.into();
    match sound.audio.as_str() {
        "none" => Choice::None,
        "keep" => Choice::Keep { codec, bitrate },
        file => Choice::Bed {
            file: PathBuf::from(file),
            codec,
            bitrate,
        },
    }
}

/// `SOURCE_DATE_EPOCH`, the creation time that makes files equal wherever they are made.
fn created() -> Result<Option<i64>, Error> {
    match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => text.trim().parse().map(Some).map_err(|_bad| {
            Error::Usage(format!(
                "SOURCE_DATE_EPOCH is `{text}`; it must be whole seconds"
            ))
        }),
        Err(_) => Ok(None),
    }
}

/// Dates are written with four digits of a year.
const YEAR_10000: u64 = 253_402_300_800;

fn target(
    output: &Path,
    picture: &Picture,
    seed: u64,
    created: Option<i64>,
) -> Result<Target, Error> {
    if output == Path::new("-") {
        return Ok(Target::Stdout);
    }
    let Some(name) = output.to_str() else {
        return Ok(Target::File(output.to_owned()));
    };
    let time = match created {
        Some(seconds) => u64::try_from(seconds)
            .ok()
            .filter(|seconds| *seconds < YEAR_10000)
            .and_then(|seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)))
            .ok_or_else(|| {
                Error::Usage("SOURCE_DATE_EPOCH lies before 1970 or after 9999".to_owned())
            })?,
        None => SystemTime::now(),
    };
    let preset = picture
        .preset
        .map(|preset: Preset| loopy_core::encode::Preset::from(preset).name());
    let fields = Fields {
        timestamp: timestamp(time),
        preset: preset.unwrap_or("default").to_owned(),
        seed,
    };
    let filled = fill(name, &fields).map_err(|error| Error::Usage(error.to_string()))?;
    Ok(Target::File(PathBuf::from(filled)))
}

/// `YYYYMMDD-HHMMSS` in UTC.
fn timestamp(time: SystemTime) -> String {
    let text = humantime::format_rfc3339_seconds(time).to_string();
    let digits = |text: &str| {
        text.chars()
            .filter(char::is_ascii_digit)
            .collect::<String>()
    };
    match text.split_once('T') {
        Some((date, time)) => format!("{}-{}", digits(date), digits(time)),
        None => digits(&text),
    }
}

fn tell_estimate(global: &Global, estimate: &Estimate) {
    if global.json {
        let mut value = serde_json::to_value(estimate).unwrap_or_default();
        value["type"] = "estimate".into();
        words::data(&value.to_string());
        return;
    }
    words::say(&format!(
        "{} frames in {} visits, {} bridges\n\
         to encode: {} of picture ({} distinct frames, {} not in the store)\n\
         video: about {}; store grows by about {} (frames around ports {}, sound {})\n\
         time: about {} of one core, {} of it for {} frames of bridges",
        estimate.frames,
        estimate.visits,
        estimate.bridges,
        seconds(estimate.encode_seconds),
        estimate.distinct_frames,
        estimate.missing_frames,
        size(estimate.output_bytes),
        size(estimate.store_bytes),
        size(estimate.handle_bytes),
        size(estimate.sound_bytes),
        seconds(estimate.cpu_seconds),
        seconds(estimate.bridge_seconds),
        estimate.bridge_frames,
    ));
}

fn tell(global: &Global, house: &House, report: &Report) {
    if global.json {
        let value = serde_json::json!({
            "type": "rendered",
            "output": report.output,
            "frames": report.frames,
            "fps": report.fps,
            "size": report.size,
            "seed": report.seed,
            "plan": report.plan,
            "encoded_frames": report.totals.encoded_frames,
            "copied_frames": report.totals.copied_frames,
            "bytes": report.totals.bytes,
            "left_out": report.left_out.len(),
            "fallbacks": report.fallbacks.len(),
        });
        house.live.data(&value.to_string());
        return;
    }
    let (changes, seams): (Vec<_>, Vec<_>) =
        (report.seams.iter()).partition(|seam| seam.changes_scene());
    let joints = |kind| seams.iter().filter(|seam| seam.kind == kind).count();
    let cpu: f64 = report.totals.stages.iter().map(|stage| stage.cpu).sum();
    let length = report.frames as f64 / report.fps.as_f64();
    words::say(&format!(
        "{}: {} ({} frames, {} at {:.4} fps), {}",
        report.output.display(),
        seconds(length),
        report.frames,
        report.size,
        report.fps.as_f64(),
        size(report.totals.bytes),
    ));
    words::say(&format!(
        "{} visits of {} clips; joints: {} cuts, {} of motion, {} dissolves, {} scene changes",
        report.visits.len(),
        report.certificate.clips,
        joints(SeamKind::Cut),
        joints(SeamKind::Motion) + joints(SeamKind::Morph),
        joints(SeamKind::Dissolve),
        changes.len(),
    ));
    words::say(&format!(
        "encoded {} frames, copied {}; {} of CPU; seed {}",
        report.totals.encoded_frames,
        report.totals.copied_frames,
        seconds(cpu),
        report.seed,
    ));
    if !report.graded.is_empty() {
        words::say(&format!(
            "light and colour of {} clips corrected (`--no-match` leaves them)",
            report.graded.len()
        ));
    }
    for line in words::certificate(&report.certificate) {
        words::say(&line);
    }
    if let Some(Entry { fix, .. }) = report.fallbacks.first() {
        words::say(&format!("{} fallbacks; {fix}", report.fallbacks.len()));
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use loopy_media::audio::encode::Codec;

    use super::*;
    use crate::args::{Args, Command};

    #[test]
    fn timestamps_are_dates_and_times_without_separators() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_599);
        assert_eq!(timestamp(time), "20251231-235959");
    }

    /// What a command line with these options resolves to.
    fn resolved(more: &[&str]) -> (Option<String>, u8, String, Choice) {
        let line = ["loopy", "render", "clips", "-o", "o.mp4"].into_iter();
        let args = Args::try_parse_from(line.chain(more.iter().copied())).unwrap();
        let Command::Render(render) = &args.command else {
            panic!("not a render");
        };
        let options = options(&args.global, render).unwrap();
        let size = options.size.map(|size| size.to_string());
        let Settings { crf, preset, .. } = options.encode;
        (size, crf, preset, options.audio)
    }

    fn aac(bitrate: u32) -> Choice {
        Choice::Keep {
            codec: Codec::Aac,
            bitrate,
        }
    }

    #[test]
    fn every_preset_and_quality_stands_for_these_settings() {
        let upright = Some("1080x1920");
        let expected = [
            ("youtube", None, 17, "medium", 384_000),
            ("tiktok", upright, 19, "medium", 192_000),
            ("reels", upright, 19, "medium", 192_000),
            ("twitter", Some("1280x720"), 21, "medium", 128_000),
            ("web", None, 24, "medium", 128_000),
            ("high-quality", None, 16, "slow", 256_000),
            ("fast", None, 22, "veryfast", 160_000),
        ];
        assert_eq!(
            expected.map(|(name, ..)| name),
            loopy_core::encode::Preset::ALL.map(loopy_core::encode::Preset::name)
        );
        for (name, size, crf, x264, bitrate) in expected {
            let expected = (size.map(str::to_owned), crf, x264.to_owned(), aac(bitrate));
            assert_eq!(resolved(&["--preset", name]), expected, "{name}");
        }
        let medium = |crf| (None, crf, "medium".to_owned(), aac(160_000));
        assert_eq!(resolved(&[]), medium(20));
        for (name, crf) in [
            ("draft", 28),
            ("good", 20),
            ("best", 16),
            ("0", 0),
            ("51", 51),
        ] {
            assert_eq!(resolved(&["--quality", name]), medium(crf), "{name}");
        }
        for bad in ["52", "-1", "great", "20.5", ""] {
            let line = ["loopy", "render", "clips", "-o", "o.mp4"].into_iter();
            let quality = format!("--quality={bad}");
            let parsed = Args::try_parse_from(line.chain([quality.as_str()]));
            assert!(parsed.is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_given_by_hand_goes_before_the_preset() {
        let more = ["--preset", "tiktok", "--quality", "best", "--size", "360p"];
        let sound = ["--audio-bitrate", "96k", "--audio-codec", "opus"];
        let opus = Choice::Keep {
            codec: Codec::Opus,
            bitrate: 96_000,
        };
        assert_eq!(
            resolved(&[&more[..], &sound].concat()),
            (Some("640x360".to_owned()), 16, "medium".to_owned(), opus)
        );
        let source = resolved(&["--preset", "tiktok", "--size", "source"]);
        assert_eq!(source.0, None);
    }
}
