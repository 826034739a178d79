//! What jobs need before they start: memory from the size of pictures and the kind of work, and
//! how long they take from frames and pixels.
//!
//! The figures are measured (`BENCHMARKS.md`, memory of jobs) with a margin; a test renders clips
//! and finds no job above what it said.

use loopy_core::{
    Clip, Size,
    clip::Facts,
    encode::Settings,
    recipe::{Pictures, Recipe},
};

use crate::{
    executor::{Need, Weigh, Weight},
    job::Job,
};

const MIB: u64 = 1 << 20;
/// The worker itself, with its libraries.
const WORKER: u64 = 48 * MIB;
/// A file that nobody has looked at may have pictures as large as these.
const USUAL: Size = Size {
    width: 3840,
    height: 2160,
};

impl Weigh for Job {
    fn weight(&self) -> Weight {
        let bytes = |cost: u64, bytes: u64| Weight {
            cost,
            need: Need::Bytes(WORKER + bytes),
        };
        match self {
            Self::Analyze { .. } => Weight {
                cost: 0,
                need: Need::Usually(WORKER + decoder(USUAL.pixels())),
            },
            Self::Around(wanted) => bytes(decoding(&wanted.clip), decoder_of(&wanted.clip.facts)),
            Self::Fingerprint(wanted) => bytes(0, decoder_of(&wanted.facts)),
            Self::Try { joints } => bytes(joints.len() as u64, 128 * MIB),
            Self::Encode {
                clip,
                segments,
                handles,
                ..
            } => bytes(
                encoding(segments) + encoding(handles),
                decoder_of(&clip.facts) + encoders(segments, handles),
            ),
            Self::Bridge { bridges } => bytes(
                encoding(bridges),
                bridges.iter().map(bridge).max().unwrap_or(0),
            ),
            Self::Sound { .. } => bytes(0, 64 * MIB),
        }
    }
}

fn decoding(clip: &Clip) -> u64 {
    u64::from(clip.until) * clip.facts.coded.pixels()
}

fn encoding(recipes: &[Recipe]) -> u64 {
    let pixels = |recipe: &Recipe| recipe.normalise.size.pixels();
    recipes
        .iter()
        .map(|recipe| u64::from(recipe.frames()) * pixels(recipe))
        .sum()
}

fn decoder_of(facts: &Facts) -> u64 {
    decoder(facts.coded.pixels().max(facts.shown.pixels()))
}

/// A decoder and what turns its pictures.
fn decoder(pixels: u64) -> u64 {
    pixels * 40
}

/// Encoders that are open at the same time: each row is open from its first frame to its last.
fn encoders(segments: &[Recipe], handles: &[Recipe]) -> u64 {
    let rows = segments.iter().chain(handles).filter_map(|recipe| {
        let Pictures::Run(row) = recipe.pictures else {
            return None;
        };
        Some((row.from, row.to, encoder(recipe)))
    });
    let rows: Vec<_> = rows.collect();
    let open_at = |at: u32| -> u64 {
        let open = rows
            .iter()
            .filter(|(from, to, _)| (*from..*to).contains(&at));
        open.map(|(.., bytes)| bytes).sum()
    };
    rows.iter()
        .map(|(from, ..)| open_at(*from))
        .max()
        .unwrap_or(0)
}

/// An encoder and the frames that it looks ahead, with what it has written.
fn encoder(recipe: &Recipe) -> u64 {
    let pixels = recipe.normalise.size.pixels();
    let ahead = if recipe.encode == Settings::lossless() {
        8
    } else {
        60
    };
    pixels * 3 * u64::from(recipe.frames()).min(ahead) + pixels * 30
}

/// A bridge: the pictures on both sides, those between, and the flow that draws them.
fn bridge(recipe: &Recipe) -> u64 {
    let pixels = recipe.normalise.size.pixels();
    let held = match recipe.pictures {
        Pictures::Run(_) => 0,
        Pictures::Dissolve { tail, head } | Pictures::Morph { tail, head } => {
            u64::from(tail.to - tail.from) + u64::from(head.to - head.from)
        }
        Pictures::Motion { before, after, .. } => {
            u64::from(before.to - before.from) + u64::from(after.to - after.from)
        }
    };
    pixels * 3 / 2 * (held + u64::from(recipe.frames())) + pixels * 100 + encoder(recipe)
}
