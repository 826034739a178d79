//! The rungs of every ladder: how each is tried, and what someone does who wants it.

use std::{sync::Arc, time::Duration};

use loopy_core::{
    config::{AdvancedFeaturesConfig, ModelQuality},
    ladder::Known,
};
use loopy_media::{audio::encode::Codec, capabilities};

use super::{
    Scores,
    ladder::{Ladder, Rung},
    processor::{self, Makers, Processor},
};

/// How long a rung may take to show that it works.
const PATIENCE: Duration = Duration::from_secs(10);
/// Starting a process on a machine that is busy takes longer.
const PROCESS_PATIENCE: Duration = Duration::from_secs(70);

/// Mean difference of luma above which what an encoder made is not what it was given.
const APART: f64 = 0.5;

/// Models that score joints, best first.
pub(super) const MODELS: [&str; 3] = ["full model", "lite model", "cpu model"];

pub(super) fn rung<T>(
    name: &str,
    fix: &str,
    asked: bool,
    probe: impl Fn() -> Result<T, String> + Send + Sync + 'static,
) -> Rung<T> {
    Rung {
        name: name.to_owned(),
        fix: fix.to_owned(),
        asked,
        probe: Arc::new(probe),
    }
}

pub(super) fn processor(config: &AdvancedFeaturesConfig, makers: Makers) -> Ladder<Processor> {
    let gpu = config.features.gpu_acceleration.enabled;
    let Makers { workers, basic } = makers;
    let rungs = vec![
        rung(
            "GPU",
            "this version has none; leave `features.gpu_acceleration.enabled` at false",
            gpu,
            || {
                Err(
                    "`features.gpu_acceleration.enabled` is true, and this version has none"
                        .to_owned(),
                )
            },
        ),
        rung(
            "CPU workers",
            "make sure that `loopy` may start processes of itself, each with its `--worker-memory`",
            true,
            move || Processor::try_out(workers()?, true),
        ),
        rung("CPU, in this process", "", true, move || {
            Processor::try_out(basic()?, false)
        }),
    ];
    Ladder::new(
        "picture work",
        &["program", "driver"],
        rungs,
        processor::check,
        PROCESS_PATIENCE,
    )
}

pub(super) fn scores(config: &AdvancedFeaturesConfig) -> Ladder<Scores> {
    let ml = &config.features.ml_enhanced;
    let wanted = match ml.model_quality {
        ModelQuality::Auto | ModelQuality::Full => 0,
        ModelQuality::Lite => 1,
        ModelQuality::Cpu => 2,
    };
    let mut rungs: Vec<Rung<Scores>> = MODELS
        .into_iter()
        .enumerate()
        .map(|(tier, name)| {
            rung(
                name,
                "this version has none; leave `features.ml_enhanced.enabled` at false",
                ml.enabled && tier >= wanted,
                || {
                    Err(
                        "`features.ml_enhanced.enabled` is true, and this version has no model \
                         runner"
                            .to_owned(),
                    )
                },
            )
        })
        .collect();
    rungs.push(rung("what is measured in the pictures", "", true, || {
        Ok(Scores::Visual)
    }));
    Ladder::new("scores of joints", &["driver"], rungs, |_| Ok(()), PATIENCE)
}

pub(super) fn encoder() -> Ladder<()> {
    let rungs = vec![
        rung(
            "hardware H.264",
            "nothing yet: what a device's encoder makes is not proven to join exactly",
            false,
            || Err("this version joins only what libx264 made".to_owned()),
        ),
        rung(
            "libx264",
            "install an FFmpeg that was built with --enable-gpl --enable-libx264",
            true,
            || {
                let apart = capabilities::prove_video().map_err(|error| error.to_string())?;
                if apart > APART {
                    return Err(format!("its pictures are off by {apart:.1} code values"));
                }
                Ok(())
            },
        ),
        rung("another encoder", "", true, || {
            Err("this version joins only what libx264 made".to_owned())
        }),
    ];
    Ladder::new(
        "encoding of video",
        &["FFmpeg"],
        rungs,
        |()| Ok(()),
        PATIENCE,
    )
}

pub(super) fn sound() -> Ladder<Codec> {
    let prove = |codec| move || capabilities::prove_sound(codec).map(|packets| (codec, packets));
    let made = |proof: Result<(Codec, u32), loopy_media::Error>| match proof {
        Ok((_, 0)) => Err("it made no sound".to_owned()),
        Ok((codec, _)) => Ok(codec),
        Err(error) => Err(error.to_string()),
    };
    let (opus, aac) = (prove(Codec::Opus), prove(Codec::Aac));
    let rungs = vec![
        rung(
            "opus",
            "install an FFmpeg that was built with --enable-libopus, or ask for `--audio-codec aac`",
            true,
            move || made(opus()),
        ),
        rung("aac", "", true, move || made(aac())),
    ];
    Ladder::new(
        "sound asked for as Opus",
        &["FFmpeg"],
        rungs,
        |_| Ok(()),
        PATIENCE,
    )
}

pub(super) fn reading(known: Known) -> Ladder<()> {
    let rungs = known
        .rungs
        .into_iter()
        .map(|(name, fix, works)| rung(name, &fix, true, move || works.clone()));
    Ladder::new(
        known.what,
        &["FFmpeg"],
        rungs.collect(),
        |()| Ok(()),
        PATIENCE,
    )
}
