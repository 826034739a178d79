//! Clips for tests.

use loopy_core::{Clip, ClipPath, Hash, Rate, Size, clip::Facts, color::Color, tags::Tags};

/// Clip number `index`: so many frames, `fps` in a second, all of them usable.
pub(crate) fn clip(index: u32, frames: u32, fps: i64) -> Clip {
    let size = Size::new(640, 360);
    Clip {
        path: ClipPath::from(std::path::Path::new(&format!("clip_{index}.mp4"))),
        hash: Hash::of(&index.to_le_bytes()),
        facts: Facts {
            container: "mov".to_owned(),
            codec: "h264".to_owned(),
            pixel_format: "yuv420p".to_owned(),
            coded: size,
            shown: size,
            rotation: 0,
            mirrored: false,
            interlaced: false,
            alpha: false,
            color: Color::SDR,
            stated_rate: Rate::new(fps as u32, 1),
            stated_micros: None,
            sound: false,
        },
        times: (0..i64::from(frames))
            .map(|i| i * 1_000_000 / fps)
            .collect(),
        end: i64::from(frames) * 1_000_000 / fps,
        first: 0,
        until: frames,
        shot: 0,
        sound_offset: 0,
        tags: Tags::default(),
        scene: 0,
    }
}
