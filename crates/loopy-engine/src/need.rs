//! What jobs need before they start: memory from the size of pictures and the kind of work, and
//! how long they take from frames and pixels.
//!
//! The figures are measured (`BENCHMARKS.md`, memory of jobs) with a margin; a test renders clips
//! and finds no job above what it said.

use loopy_core::{
    Size,
    clip::Facts,
    encode::Settings,
    recipe::{Pictures, Recipe},
};

use crate::{
    executor::{Need, Weigh, Weight},
    job::Job,
};

const MIB: u64 = 1 << 20;
/// The worker itself, with its libraries and what its allocator keeps.
const WORKER: u64 = 64 * MIB;
/// A file that nobody has looked at may have pictures as large as these.
const USUAL: Size = Size {
    width: 3840,
    height: 2160,
};
/// Bytes for each pixel of a source: the pictures that a decoder refers to (a few at most sizes,
/// sixteen at worst), and the one that is turned and scaled.
const DECODED: u64 = 32;
/// Bytes for each pixel of an encoder that looks ahead: frames, their halves, and what is known of
/// each block. Few frames take hardly less: twelve more are shown at the end.
const ENCODED: u64 = 200;
/// The same of the slow presets, which look farther.
const ENCODED_SLOWLY: u64 = 300;
/// Bytes for each pixel of an encoder that keeps frames losslessly, and for each of its frames.
const KEPT: u64 = 12;
const KEPT_FRAME: u64 = 1;
/// Bytes for each pixel of a picture in memory.
const HALVES: u64 = 2;
/// What small pictures and descriptions take in trials and fingerprints.
const SMALL: u64 = 64 * MIB;

impl Weigh for Job {
    fn weight(&self) -> Weight {
        let bytes = |cost: u64, bytes: u64| Weight {
            cost,
            need: Need::Bytes(WORKER + bytes),
        };
        let usually = |bytes: u64| Weight {
            cost: 0,
            need: Need::Usually(WORKER + bytes),
        };
        match self {
            Self::Analyze { .. } => usually(USUAL.pixels() * DECODED),
            Self::Around(wanted) => bytes(
                u64::from(wanted.clip.until) * wanted.clip.facts.coded.pixels(),
                decoder(&wanted.clip.facts) + SMALL / 4,
            ),
            Self::Fingerprint(wanted) => bytes(
                0,
                decoder(&wanted.facts) + wanted.film.pixels() * DECODED + SMALL,
            ),
            Self::Try { joints } => bytes(joints.len() as u64, SMALL),
            Self::Encode {
                clip,
                segments,
                handles,
                ..
            } => bytes(
                pictures(segments) + pictures(handles),
                decoder(&clip.facts) + encoders(segments, handles),
            ),
            Self::Bridge { bridges } => bytes(
                pictures(bridges),
                bridges.iter().map(bridge).max().unwrap_or(0),
            ),
            // How long a sound is, is found when it is decoded.
            Self::Sound { .. } => usually(2 * SMALL),
        }
    }
}

/// Frames times pixels of what is to be encoded.
fn pictures(recipes: &[Recipe]) -> u64 {
    let one = |recipe: &Recipe| u64::from(recipe.frames()) * recipe.normalise.size.pixels();
    recipes.iter().map(one).sum()
}

/// A decoder and what turns its pictures.
fn decoder(facts: &Facts) -> u64 {
    let pixels = facts.coded.pixels().max(facts.shown.pixels());
    // Formats of more than eight bits are named by how many.
    let deep = ["9", "10", "12", "14", "16"].iter().any(|bits| {
        facts
            .pixel_format
            .trim_end_matches(['l', 'b', 'e'])
            .ends_with(bits)
    });
    pixels * DECODED * if deep { 2 } else { 1 }
}

/// Encoders that are open at the same time: each is from the first frame of its row to the last.
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

fn encoder(recipe: &Recipe) -> u64 {
    let pixels = recipe.normalise.size.pixels();
    if recipe.encode == Settings::lossless() {
        return pixels * (KEPT + KEPT_FRAME * u64::from(recipe.frames()));
    }
    let slow = ["slow", "slower", "veryslow", "placebo"].contains(&recipe.encode.preset.as_str());
    pixels * if slow { ENCODED_SLOWLY } else { ENCODED }
}

/// A bridge: the pictures on both sides and those between, then an encoder; the flow that draws
/// them is gone by then and takes less.
fn bridge(recipe: &Recipe) -> u64 {
    let held = match recipe.pictures {
        Pictures::Run(_) => 0,
        Pictures::Dissolve { tail, head } | Pictures::Morph { tail, head } => {
            u64::from(tail.to - tail.from) + u64::from(head.to - head.from)
        }
        Pictures::Motion { before, after, .. } => {
            u64::from(before.to - before.from) + u64::from(after.to - after.from)
        }
    };
    let pixels = recipe.normalise.size.pixels();
    pixels * HALVES * (held + u64::from(recipe.frames())) + encoder(recipe)
}
