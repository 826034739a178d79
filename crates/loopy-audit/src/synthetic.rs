//! Films of generated clips for tests: a report as a render would write it, and its pictures.

use std::sync::Arc;

use loopy_core::{Frame, Size, report::Report};

use crate::{Film, Id, Look, Looks};

const SIZE: Size = Size {
    width: 160,
    height: 96,
};
/// Frames of a clip, and of each of its two runs.
pub(crate) const FRAMES: u32 = 64;
const RUN: u32 = FRAMES / 2;

/// Frame `index` of clip `clip`: soft waves that wander, each clip with its own.
pub(crate) fn frame(clip: u32, index: u32) -> Frame {
    let mut frame = Frame::black(SIZE);
    let (slant, start) = ((clip % 5) as f32 * 0.03, clip as f32 * 1.7);
    let time = index as f32 * 0.11;
    for (at, sample) in frame.planes_mut()[0].iter_mut().enumerate() {
        let (x, y) = ((at % 160) as f32, (at / 160) as f32);
        let wave = ((x + time * 9.0) * 0.11 + start).sin()
            + (y * (0.09 + slant) + start + time).cos()
            + ((x - y) * 0.31 + start).sin() * 0.3;
        // A grain that changes from frame to frame, as a camera's does.
        let seed = (at as u32).wrapping_mul(2_654_435_761)
            ^ (index * 97 + clip * 7919).wrapping_mul(40_503);
        let grain = f32::from((seed.wrapping_mul(2_246_822_519) >> 24) as u8) / 64.0;
        *sample = (110.0 + 30.0 * wave + grain) as u8;
    }
    frame
}

/// A report of whole visits to these clips, hard cuts between. Clip c has segments 2c and 2c+1.
pub(crate) fn report(visits: &[u32]) -> Report {
    let clips = visits.iter().max().map_or(0, |most| most + 1);
    let hash = |n: u32| loopy_core::Hash::of(&n.to_le_bytes());
    let segment =
        |n: u32| serde_json::json!({"key": hash(n), "digest": hash(n), "frames": RUN, "bytes": 1});
    let path = |clip: u32| format!("clips/c{clip}.mp4");
    let seam = |(index, pair): (usize, &[u32])| {
        serde_json::json!({
            "start": (index as u32 + 1) * FRAMES, "frames": 0, "kind": "cut", "score": 0.5, "rsv": 1.0,
            "from": {"clip": path(pair[0]), "frame": FRAMES - 1},
            "to": {"clip": path(pair[1]), "frame": 0},
        })
    };
    let visit = |(index, clip): (usize, &u32)| {
        serde_json::json!({
            "clip": path(*clip), "blake3": hash(1000 + clip), "first": 0, "last": FRAMES - 1,
            "start": index as u32 * FRAMES, "frames": FRAMES, "segments": [2 * clip, 2 * clip + 1],
        })
    };
    serde_json::from_value(serde_json::json!({
        "schema": 1, "version": "0", "output": "o.mp4", "plan": hash(0), "fps": "24/1",
        "size": "160x96", "seed": 1, "frames": visits.len() as u32 * FRAMES, "looped": false,
        "visits": visits.iter().enumerate().map(visit).collect::<Vec<_>>(),
        "seams": visits.windows(2).enumerate().map(seam).collect::<Vec<_>>(),
        "segments": (0..clips * 2).map(segment).collect::<Vec<_>>(),
        "left_out": [], "remarks": [], "fallbacks": [], "notes": [],
        "totals": {"encoded_frames": 0, "copied_frames": 0, "distinct_frames": 0, "bytes": 0, "stages": []},
        "certificate": {"visits": visits.len(), "clips": clips, "repeated_pairs": 0.0,
            "repeated_triples": 0.0, "longest_repeat": 0, "usage_evenness": 1.0, "scene_changes": 0},
    }))
    .unwrap()
}

/// The pictures of a film of [`report`].
pub(crate) fn looks(film: &Film) -> Looks {
    let look = |id: &Id| Arc::new(Look::new(frame(id.0 / 2, id.0 % 2 * RUN + id.1)));
    let mut looks = Looks::new();
    for id in film.frames() {
        looks.entry(*id).or_insert_with(|| look(id));
    }
    looks
}

/// A walk over `clips` clips that shows many of their pairs.
pub(crate) fn walk(clips: u32, visits: u32) -> Vec<u32> {
    let mut dice = crate::dice::Dice::new(5);
    let mut walk: Vec<u32> = vec![0];
    while walk.len() < visits as usize {
        let next = dice.below(clips as usize) as u32;
        if walk.last() != Some(&next) {
            walk.push(next);
        }
    }
    walk
}
