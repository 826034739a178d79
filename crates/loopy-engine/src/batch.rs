//! Smaller batches: the rows of one clip are encoded from one decode, all at once, unless that takes
//! more memory than there is. Then they are shared out over several jobs, each of which decodes the clip
//! again; every row has an encoder of its own, so that its bytes stay the same.

use loopy_core::recipe::{Pictures, Recipe};

use crate::{
    executor::{Need, Weigh as _},
    job::Job,
};

/// `job`, or the jobs that do the same with no more than `room` bytes each, as far as that goes: a row
/// cannot be cut.
pub(crate) fn fitting(job: Job, room: Option<u64>) -> Vec<Job> {
    let Some(room) = room else {
        return vec![job];
    };
    let mut done = Vec::new();
    let mut open = vec![job];
    while let Some(job) = open.pop() {
        let fits = match job.weight().need {
            Need::Bytes(bytes) => bytes <= room,
            Need::Usually(_) => true,
        };
        match job {
            Job::Encode {
                clip,
                segments,
                handles,
                limits,
            } if !fits && segments.len() + handles.len() > 1 => {
                let [first, second] = shared_out(segments, handles);
                let half = |(segments, handles)| Job::Encode {
                    clip: clip.clone(),
                    segments,
                    handles,
                    limits,
                };
                open.extend([half(second), half(first)]);
            }
            job => done.push(job),
        }
    }
    done
}

/// Segments, and handles.
type Rows = (Vec<Recipe>, Vec<Recipe>);

/// Rows in the order in which they begin, every other one to either side: those that are open at the
/// same time part.
fn shared_out(segments: Vec<Recipe>, handles: Vec<Recipe>) -> [Rows; 2] {
    let begins = |recipe: &Recipe| match &recipe.pictures {
        Pictures::Run(row) => row.from,
        _ => 0,
    };
    let rows = segments.into_iter().map(|recipe| (recipe, true));
    let mut rows: Vec<_> = rows
        .chain(handles.into_iter().map(|recipe| (recipe, false)))
        .collect();
    rows.sort_by_key(|(recipe, _)| begins(recipe));
    let mut sides = [Rows::default(), Rows::default()];
    for (place, (recipe, segment)) in rows.into_iter().enumerate() {
        let side = &mut sides[place % 2];
        let row = if segment { &mut side.0 } else { &mut side.1 };
        row.push(recipe);
    }
    sides
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use loopy_core::{
        Clip, ClipPath, Grade, Hash, Rate, Size,
        clip::Facts,
        clock::Mode,
        encode::{Quality, Settings},
        limits::Limits,
        normalise::Normalise,
        recipe::{Marks, Row},
        tags::Tags,
    };
    use proptest::prelude::*;

    use super::*;

    const SIZE: Size = Size {
        width: 1280,
        height: 720,
    };

    fn clip(frames: u32) -> Clip {
        Clip {
            path: ClipPath::from(Path::new("a.mp4")),
            hash: Hash::of(b"a"),
            facts: Facts::ordinary(SIZE),
            first: 0,
            until: frames,
            times: (0..i64::from(frames)).collect(),
            end: i64::from(frames),
            shot: 0,
            sound_offset: 0,
            tags: Tags::default(),
            scene: 0,
        }
    }

    fn recipe((from, frames, kept): (u32, u32, bool)) -> Recipe {
        Recipe {
            pictures: Pictures::Run(Row {
                source: Hash::of(b"a"),
                from,
                to: from + frames,
                taps: Hash::of(&from.to_le_bytes()),
                grade: Grade::default(),
            }),
            fps: Rate::new(30, 1).unwrap(),
            rate_mode: Mode::default(),
            normalise: Normalise::to(SIZE),
            encode: if kept {
                Settings::lossless()
            } else {
                Settings::file(Quality::Good)
            },
            marks: Marks::default(),
            versions: String::new(),
        }
    }

    fn need(job: &Job) -> u64 {
        match job.weight().need {
            Need::Bytes(bytes) => bytes,
            Need::Usually(_) => 0,
        }
    }

    fn rows(job: &Job) -> Vec<Recipe> {
        match job {
            Job::Encode {
                segments, handles, ..
            } => [&segments[..], handles].concat(),
            other => panic!("{other:?}"),
        }
    }

    proptest! {
        #[test]
        fn every_row_is_in_one_job_and_jobs_fit_where_one_row_does(
            shape in proptest::collection::vec((0_u32..60, 1_u32..60, any::<bool>()), 1..12),
            room in 100_u64..2000,
        ) {
            let (handles, segments): (Vec<_>, Vec<_>) = shape
                .into_iter()
                .map(recipe)
                .partition(|recipe| recipe.encode == Settings::lossless());
            let job = Job::Encode {
                clip: Box::new(clip(120)),
                segments,
                handles,
                limits: Limits::default(),
            };
            let room = room << 20;
            let keys = |recipes: Vec<Recipe>| {
                let mut keys: Vec<_> = recipes.iter().map(Recipe::key).collect();
                keys.sort();
                keys
            };
            let (all, whole) = (keys(rows(&job)), need(&job) <= room);
            prop_assert_eq!(fitting(job.clone(), None).len(), 1);
            let jobs = fitting(job, Some(room));
            prop_assert!(!whole || jobs.len() == 1);
            prop_assert_eq!(keys(jobs.iter().flat_map(rows).collect()), all);
            for job in &jobs {
                prop_assert!(need(job) <= room || rows(job).len() == 1);
            }
        }
    }
}
