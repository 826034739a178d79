//! What a render will cost, before it starts.

use std::path::{Path, PathBuf};

use loopy_core::{clip::show, recipe::Pictures};
use serde::Serialize;

use crate::{
    Error,
    output::Target,
    render::{Options, Prepared},
    soundtrack,
    store::{Kind, Store, device, free_space},
};

/// An estimate. Sizes and times are good to about a factor of two before anything is encoded,
/// and better the more of the plan is in the store.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// Output frames.
    pub frames: u64,
    /// Visits.
    pub visits: usize,
    /// Bridges, each time they are shown.
    pub bridges: usize,
    /// Distinct frames that the output is made of.
    pub distinct_frames: u64,
    /// Distinct frames that are not in the store yet.
    pub missing_frames: u64,
    /// Seconds of picture to encode.
    pub encode_seconds: f64,
    /// CPU seconds of picture and sound encoding.
    pub cpu_seconds: f64,
    /// Frames of bridges that are not in the store, each counted once.
    pub bridge_frames: u64,
    /// CPU seconds of drawing and encoding those, and of keeping what they are drawn from.
    pub bridge_seconds: f64,
    /// Bytes of the output.
    pub output_bytes: u64,
    /// Bytes that the store will grow by: pieces, frames around ports, decoded sound.
    pub store_bytes: u64,
    /// Of these, frames that are kept losslessly around ports, for bridges.
    pub handle_bytes: u64,
    /// Of these, decoded sound.
    pub sound_bytes: u64,
}

/// Bits per pixel of x264 `medium` at CRF 20 on moving camera footage; halves every 6 CRF.
const BITS_PER_PIXEL: f64 = 0.08;
/// Bits per pixel of frames kept losslessly.
const LOSSLESS_BITS_PER_PIXEL: f64 = 1.7;
/// CPU seconds per million pixels through decoder, scaler and x264 `medium`.
const CPU_PER_MEGAPIXEL: f64 = 0.035;
/// CPU seconds per million pixels of a picture drawn between two others.
const MOTION_PER_MEGAPIXEL: f64 = 0.025;
/// CPU seconds per million pixels that are kept losslessly.
const LOSSLESS_PER_MEGAPIXEL: f64 = 0.01;
/// Seconds of sound encoded per CPU second.
const SOUND_SPEED: f64 = 150.0;
/// Seconds of sound decoded per CPU second.
const DECODE_SPEED: f64 = 130.0;

/// Estimates `prepared`; segments that are in the store count with their true size.
///
/// # Errors
/// When the sound of a bed cannot be read.
pub fn estimate(prepared: &Prepared, options: &Options, store: &Store) -> Result<Estimate, Error> {
    let timeline = &prepared.timeline;
    let missing = timeline.missing(store);
    let pixels = prepared.size.pixels() as f64;
    let crf = f64::from(options.encode.crf);
    let frame_bytes = pixels * BITS_PER_PIXEL * 2.0_f64.powf((20.0 - crf) / 6.0) / 8.0;
    let mut sizes: Vec<u64> = Vec::with_capacity(timeline.segments.len());
    for item in &timeline.segments {
        let stored = std::fs::metadata(store.path(Kind::Segment, &item.key));
        let guess = (f64::from(item.recipe.frames()) * frame_bytes) as u64;
        sizes.push(stored.map_or(guess, |meta| meta.len()));
    }
    let picture: u64 = timeline.rows().map(|index| sizes[index as usize]).sum();
    let pieces: u64 = missing.iter().map(|index| sizes[*index as usize]).sum();
    let missing_frames = timeline.frames_of(&missing);
    let frames_of = |wanted: fn(&Pictures) -> bool| -> u64 {
        let recipes = missing.iter();
        let recipes = recipes.map(|index| &timeline.segments[*index as usize].recipe);
        let recipes = recipes.filter(|recipe| wanted(&recipe.pictures));
        recipes.map(|recipe| u64::from(recipe.frames())).sum()
    };
    let bridge_frames = frames_of(|pictures| !matches!(pictures, Pictures::Run(_)));
    let drawn =
        frames_of(|pictures| matches!(pictures, Pictures::Motion { .. } | Pictures::Morph { .. }));
    let handle_frames: u64 = timeline
        .handles_of(&missing)
        .values()
        .filter(|handle| !store.contains(Kind::Frames, &handle.key()))
        .map(|handle| u64::from(handle.frames()))
        .sum();
    let handle_bytes = (handle_frames as f64 * pixels * LOSSLESS_BITS_PER_PIXEL / 8.0) as u64;
    let fps = prepared.plan.fps.as_f64();
    let seconds = prepared.plan.frames as f64 / fps;
    let sound = soundtrack::expect(&prepared.audio, &prepared.plan, &options.limits, store)?;
    let mega = pixels / 1e6;
    let speed = preset_cost(&options.encode.preset);
    let encoded = |frames: u64| frames as f64 * mega * CPU_PER_MEGAPIXEL * speed;
    let bridge_seconds = encoded(bridge_frames)
        + drawn as f64 * mega * MOTION_PER_MEGAPIXEL
        + handle_frames as f64 * mega * LOSSLESS_PER_MEGAPIXEL;
    let mut cpu_seconds =
        encoded(missing_frames - bridge_frames) + bridge_seconds + sound.undecoded / DECODE_SPEED;
    if sound.bitrate > 0 {
        cpu_seconds += seconds / SOUND_SPEED;
    }
    Ok(Estimate {
        frames: prepared.plan.frames,
        visits: prepared.plan.visits.len(),
        bridges: prepared.plan.seams.iter().filter(|s| s.frames > 0).count(),
        distinct_frames: timeline.distinct_frames(),
        missing_frames,
        encode_seconds: missing_frames as f64 / fps,
        cpu_seconds,
        bridge_frames,
        bridge_seconds,
        output_bytes: picture + (seconds * f64::from(sound.bitrate) / 8.0) as u64,
        store_bytes: pieces + handle_bytes + sound.bytes(),
        handle_bytes,
        sound_bytes: sound.bytes(),
    })
}

/// Cost of an x264 preset relative to `medium`.
fn preset_cost(preset: &str) -> f64 {
    match preset {
        "ultrafast" => 0.2,
        "superfast" => 0.3,
        "veryfast" => 0.45,
        "faster" => 0.7,
        "fast" => 0.85,
        "slow" => 1.6,
        "slower" => 3.0,
        "veryslow" => 5.0,
        "placebo" => 15.0,
        _ => 1.0,
    }
}

const MIB: u64 = 1 << 20;

/// Something that will be written, and where.
struct Need {
    /// What a message names.
    path: PathBuf,
    /// A folder of its disk.
    folder: PathBuf,
    bytes: u64,
}

impl Estimate {
    /// Fails before the work starts when a disk is plainly too small. What goes to one disk counts
    /// together.
    ///
    /// # Errors
    /// [`Error::NoSpace`].
    pub fn check_disk(&self, target: &Target, store: &Store) -> Result<(), Error> {
        let mut needs = vec![Need {
            path: store.dir().to_owned(),
            folder: store.dir().to_owned(),
            bytes: self.store_bytes,
        }];
        if let Target::File(path) = target {
            let folder = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty());
            needs.push(Need {
                path: path.clone(),
                folder: folder.unwrap_or(Path::new(".")).to_owned(),
                bytes: self.output_bytes,
            });
        }
        let devices: Vec<Option<u64>> = needs.iter().map(|need| device(&need.folder)).collect();
        if let ([Some(store), Some(output)], [first, second]) = (&devices[..], &mut needs[..])
            && store == output
        {
            second.bytes += first.bytes;
        }
        for Need {
            path,
            folder,
            bytes,
        } in needs
        {
            // A disk that cannot be asked is found out when it is written to.
            let Ok(free) = free_space(&folder) else {
                tracing::debug!(folder = show(&folder), "free space is not known");
                continue;
            };
            // The estimate may be off by half either way; only plain cases stop here.
            if bytes / 2 > free {
                return Err(Error::NoSpace {
                    path,
                    needed: bytes.div_ceil(MIB),
                    free: free / MIB,
                });
            }
        }
        Ok(())
    }
}
