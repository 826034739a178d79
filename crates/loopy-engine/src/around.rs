//! What trials need of a clip, from one decode at low resolution: what all its steps look like and what is
//! usual for them, and the pictures around its ports, so that the nearest are decoded first.

mod row;

use std::{collections::VecDeque, ops::Range};

use loopy_core::{
    Clip, Frame, Grade, Hash,
    limits::Limits,
    normalise::{Fit, Normalise, Scaler},
};
use loopy_media::decode::Reader;
use loopy_pixels::grade::Grader;
use loopy_sight::{
    rsv::{self, Natural, Steps},
    trial,
};
use serde::{Deserialize, Serialize};

use self::row::Row;
pub(crate) use self::row::load;
use crate::{
    Error,
    store::{Kind, Store},
};

/// Changes when something else would be kept of the same clip.
const VERSION: &str = "around-5";
/// Pictures kept on each side of a boundary.
const REACH: u32 = trial::REACH as u32;
/// Pictures whose steps are measured at a time.
const CHUNK: usize = 64;

/// A clip under its grade, and where it is looked at.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Wanted {
    /// The clip.
    pub clip: Clip,
    /// Its correction of light and colour.
    pub grade: Grade,
    /// Boundaries to keep pictures around.
    pub boundaries: Vec<u32>,
    /// What the file may ask of us.
    pub limits: Limits,
}

/// Key of a clip's steps under a grade, and of what is usual for them.
pub(crate) fn steps_key(clip: &Clip, grade: &Grade) -> Hash {
    let grade = crate::library::json(grade);
    let (first, until) = (clip.first, clip.until);
    let versions = format!("{VERSION} {}", rsv::WINDOWS);
    Hash::of(format!("{versions} {} {first} {until} {grade}", clip.hash).as_bytes())
}

/// Key of the pictures around a boundary of the clip with these steps.
pub(crate) fn pictures_key(steps: &Hash, boundary: u32) -> Hash {
    Hash::of(format!("{VERSION} {steps} {boundary}").as_bytes())
}

/// Source frames kept around a boundary, and how many of them lie before it.
pub(crate) fn range(clip: &Clip, boundary: u32) -> (Range<u32>, u32) {
    let low = boundary.saturating_sub(REACH).max(clip.first);
    let high = (boundary + REACH).min(clip.until);
    (low..high, boundary - low)
}

/// Keeps what is not in the store yet.
///
/// # Errors
/// When the file cannot be read to the end of the clip, or the store fails.
pub fn keep(store: &Store, wanted: &Wanted) -> Result<(), Error> {
    let Wanted {
        clip,
        grade,
        boundaries,
        limits,
    } = wanted;
    let key = steps_key(clip, grade);
    let rows = boundaries.iter().map(|boundary| {
        let (range, middle) = range(clip, *boundary);
        Row::new(pictures_key(&key, *boundary), range, middle)
    });
    let mut rows: Vec<Row> = rows
        .filter(|row| !store.contains(Kind::Analysis, row.key()))
        .collect();
    let mut steps = (!store.contains(Kind::Analysis, &key)).then(Walked::default);
    let end = match steps {
        Some(_) => clip.until,
        None => rows.iter().map(Row::end).max().unwrap_or(0),
    };
    let small = Normalise {
        fit: Fit::Stretch,
        scaler: Scaler::Bilinear,
        ..Normalise::to(rsv::SIZE)
    };
    let mut reader = Reader::open(clip.path.as_path(), &clip.facts, &small, 1, limits)?;
    let grader = Grader::new(*grade);
    for index in 0..end {
        let missing = || Error::Clip {
            path: clip.path.as_path().to_owned(),
            why: format!("frame {index} is missing; has the file changed?"),
        };
        let kept = rows.iter().any(|row| row.shows(index));
        if !kept && (steps.is_none() || index < clip.first) {
            if !reader.skip()? {
                return Err(missing());
            }
            continue;
        }
        let mut picture = reader.next()?.ok_or_else(missing)?;
        if let Some(grader) = &grader {
            grader.apply(&mut picture.frame, picture.area);
        }
        for row in rows.iter_mut().filter(|row| row.shows(index)) {
            row.push(store, index, &picture.frame)?;
        }
        if let Some(steps) = &mut steps {
            steps.push(picture.frame);
        }
    }
    if let Some(steps) = steps {
        let natural = Natural::new(steps.finish());
        store.put(Kind::Analysis, &key, &natural.to_bytes(&trial::STEPS))?;
    }
    Ok(())
}

/// What is usual for a clip.
///
/// # Errors
/// When it is not in the store, or damaged.
pub(crate) fn load_natural(store: &Store, key: &Hash) -> Result<Natural, Error> {
    let bytes = store.get(Kind::Analysis, key)?.ok_or_else(|| gone(key))?;
    Natural::from_bytes(&bytes).map_err(|error| Error::Usage(error.to_string()))
}

fn gone(key: &Hash) -> Error {
    Error::Usage(format!(
        "what a joint is tried with is gone from the store ({key}); is `--cache-size` too small?"
    ))
}

/// Steps of a row of any length, a few pictures in memory.
#[derive(Default)]
struct Walked {
    done: Option<Steps>,
    pictures: VecDeque<Frame>,
}

impl Walked {
    fn push(&mut self, frame: Frame) {
        self.pictures.push_back(frame);
        // The last two wait for the two that follow.
        if self.pictures.len() == CHUNK + 2 {
            self.measure();
            self.pictures.drain(..CHUNK);
        }
    }

    /// Appends the steps of the waiting pictures; the first two of them are measured already,
    /// unless they are the very first.
    fn measure(&mut self) {
        let steps = Steps::of(self.pictures.make_contiguous());
        match &mut self.done {
            None => self.done = Some(steps),
            Some(done) => done.extend(&steps),
        }
    }

    fn finish(mut self) -> Steps {
        if self.done.is_none() || self.pictures.len() > 2 {
            self.measure();
        }
        self.done.unwrap_or_default()
    }
}
