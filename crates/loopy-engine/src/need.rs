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
    pictures::sides,
};

const MIB: u64 = 1 << 20;
/// The worker itself, with its libraries and what its allocator keeps of one encoder when the next begins.
const WORKER: u64 = 88 * MIB;
/// A file that nobody has looked at may have pictures as large as these.
const USUAL: Size = Size {
    width: 3840,
    height: 2160,
};
/// Bytes for each pixel of a source: the pictures that a decoder refers to (a few at most sizes,
/// sixteen at worst), and the one that is turned and scaled.
const DECODED: u64 = 32;
/// Bytes for each pixel of an encoder, and for each of the frames that it has in hand: as far as
/// it looks ahead, and twelve more are shown to it at the end.
const ENCODER: u64 = 30;
const AHEAD: u64 = 3;
const FARTHEST: u64 = 50;
const SHOWN: u64 = 12;
/// The slow presets look farther and compare with more.
const FARTHEST_SLOWLY: u64 = 80;
/// Bytes for each pixel of an encoder that keeps frames losslessly, and for each of its frames.
const KEPT: u64 = 12;
const KEPT_FRAME: u64 = 1;
/// Bytes for each pixel of a picture in memory.
const HALVES: u64 = 2;
/// Bytes for each pixel of a bridge that the allocator keeps of what drew it and those before it in the
/// same job: decoders of the pictures beside it, and the flow.
const LEFT_OVER: u64 = 32;
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
            Self::Try { pairs } => {
                let joints = pairs.iter().map(|pair| pair.joints.len() as u64);
                bytes(joints.sum(), SMALL)
            }
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
    let farthest = if slow { FARTHEST_SLOWLY } else { FARTHEST };
    let ahead = (u64::from(recipe.frames()) + SHOWN).min(farthest);
    pixels * (ENCODER + AHEAD * ahead)
}

/// A bridge: the pictures on both sides and those between, then an encoder; the flow that draws
/// them is gone by then, but for what the allocator keeps.
fn bridge(recipe: &Recipe) -> u64 {
    let rows = sides(recipe).into_iter().flatten();
    let held: u64 = rows.map(|row| u64::from(row.to - row.from)).sum();
    let pixels = recipe.normalise.size.pixels();
    pixels * (HALVES * (held + u64::from(recipe.frames())) + LEFT_OVER) + encoder(recipe)
}

#[cfg(test)]
mod tests {
    use loopy_core::{
        Grade, Hash, Rate,
        clock::Mode,
        encode::Quality,
        normalise::Normalise,
        recipe::{Marks, Row},
    };

    use super::*;

    const HD: Size = Size {
        width: 1920,
        height: 1080,
    };

    fn row(from: u32, to: u32) -> Row {
        Row {
            source: Hash::of(b"a clip"),
            from,
            to,
            taps: Hash::of(b"its frames"),
            grade: Grade::default(),
        }
    }

    fn recipe(pictures: Pictures, size: Size) -> Recipe {
        Recipe {
            pictures,
            fps: Rate::new(30, 1).unwrap(),
            rate_mode: Mode::default(),
            normalise: Normalise::to(size),
            encode: Settings::file(Quality::Good),
            marks: Marks::default(),
            versions: String::new(),
        }
    }

    fn run(from: u32, to: u32) -> Recipe {
        recipe(Pictures::Run(row(from, to)), HD)
    }

    fn kept(from: u32, to: u32) -> Recipe {
        Recipe {
            encode: Settings::lossless(),
            ..run(from, to)
        }
    }

    #[test]
    fn rows_that_are_open_at_the_same_time_need_memory_together() {
        let (long, short, later) = (run(0, 40), run(0, 14), run(40, 80));
        let one = encoders(std::slice::from_ref(&long), &[]);
        assert_eq!(encoders(&[long.clone(), later], &[]), one);
        let both = encoders(&[long.clone(), short.clone()], &[]);
        assert_eq!(both, one + encoder(&short));
        assert_eq!(
            encoders(&[long], &[kept(30, 36)]),
            one + encoder(&kept(30, 36))
        );
        assert_eq!(encoders(&[], &[]), 0);
    }

    #[test]
    fn what_looks_farther_or_holds_more_needs_more() {
        let slow = Recipe {
            encode: Settings {
                preset: "slow".to_owned(),
                ..Settings::file(Quality::Good)
            },
            ..run(0, 100)
        };
        assert!(encoder(&slow) > encoder(&run(0, 100)));
        assert!(encoder(&run(0, 100)) > encoder(&run(0, 10)));
        assert!(encoder(&run(0, 10)) > encoder(&kept(0, 10)));
        assert_eq!(encoder(&run(0, 100)), encoder(&run(0, 10_000)));
        let short = Pictures::Dissolve {
            tail: row(0, 4),
            head: row(0, 4),
        };
        let long = Pictures::Dissolve {
            tail: row(0, 9),
            head: row(0, 9),
        };
        assert!(bridge(&recipe(long, HD)) > bridge(&recipe(short, HD)));
    }

    #[test]
    fn in_one_gibibyte_clips_of_1080p_are_encoded_and_those_of_2160p_are_not() {
        let room = (1 << 30) - crate::executor::OWN_LEAST;
        let open = |size| {
            let of = |from, to| recipe(Pictures::Run(row(from, to)), size);
            WORKER + size.pixels() * DECODED + encoders(&[of(0, 90), of(0, 20)], &[])
        };
        assert!(open(HD) <= room);
        assert!(open(USUAL) > room);
    }
}
