//! From pictures to segments: the rows of a clip through its decoder once, and bridges from
//! handles that were kept losslessly.

use std::path::Path;

use loopy_core::{
    Clip, Frame, Grade, Hash,
    clock::{ClipClock, Tap},
    encode::{Bound, Settings},
    ledger::Entry,
    limits::Limits,
    recipe::{Marks, Pictures, Recipe, Row},
};
use loopy_media::{
    decode::{Picture, Reader},
    encode,
    segment::Segment,
};
use loopy_pixels::{
    blend,
    flow::{self, Effort},
    grade::Grader,
    interpolate::{Passage, morph},
    sheet,
};

use crate::{
    Error,
    job::Done,
    store::{Kind, Store},
    tween::Tween,
};

/// The recipe of the lossless handle that a bridge mixes from `row`.
pub fn handle(bridge: &Recipe, row: Row) -> Recipe {
    Recipe {
        pictures: Pictures::Run(row),
        encode: Settings::lossless(),
        marks: Marks::default(),
        ..bridge.clone()
    }
}

/// The rows that a bridge is made from: what is left, and what is entered.
pub fn sides(recipe: &Recipe) -> Option<[Row; 2]> {
    match recipe.pictures {
        Pictures::Run(_) => None,
        Pictures::Dissolve { tail, head } | Pictures::Morph { tail, head } => Some([tail, head]),
        Pictures::Motion { before, after, .. } => Some([before, after]),
    }
}

/// A row that is being encoded.
struct Open<'a> {
    recipe: &'a Recipe,
    row: Row,
    kind: Kind,
    /// The recipe's settings, or coarser ones where those took too much.
    settings: Settings,
    encoder: Option<encode::Encoder>,
}

/// Encodes rows of `clip` and keeps them in the store; those that are there already are skipped.
pub fn rows(
    store: &Store,
    clip: &Clip,
    segments: &[Recipe],
    handles: &[Recipe],
    limits: &Limits,
) -> Result<Done, Error> {
    let segments = segments.iter().map(|recipe| (recipe, Kind::Segment));
    let handles = handles.iter().map(|recipe| (recipe, Kind::Frames));
    let mut wanted: Vec<Open> = segments
        .chain(handles)
        .filter(|(recipe, kind)| !store.contains(*kind, &recipe.key()))
        .filter_map(|(recipe, kind)| match recipe.pictures {
            Pictures::Run(row) => Some(Open {
                recipe,
                row,
                kind,
                settings: recipe.encode.clone(),
                encoder: None,
            }),
            Pictures::Dissolve { .. } | Pictures::Morph { .. } | Pictures::Motion { .. } => None,
        })
        .collect();
    wanted.sort_by_key(|open| (open.row.from, open.row.to));
    let Some(first) = wanted.first().map(|open| open.recipe) else {
        return Ok(Done::Encoded {
            frames: 0,
            fallbacks: Vec::new(),
        });
    };
    let clock = ClipClock::new(clip, first.fps, first.rate_mode);
    let path = clip.path.as_path();
    let (mut encoded, mut fallbacks) = (0, Vec::new());
    while !wanted.is_empty() {
        let mut source = Source::open(path, clip, first, wanted[0].row.grade, limits)?;
        let (frames, again) = pass(store, &clock, &mut source, wanted)?;
        encoded += frames;
        fallbacks = source.fallbacks();
        wanted = again;
    }
    Ok(Done::Encoded {
        frames: encoded,
        fallbacks,
    })
}

/// Encodes what is `wanted`, in one go through the clip: the frames of what was kept, and what
/// has to be encoded coarser.
fn pass<'a>(
    store: &Store,
    clock: &ClipClock,
    source: &mut Source,
    mut wanted: Vec<Open<'a>>,
) -> Result<(u64, Vec<Open<'a>>), Error> {
    let start = wanted.iter().map(|open| open.row.from).min().unwrap_or(0);
    let end = wanted.iter().map(|open| open.row.to).max().unwrap_or(0);
    let mut encoded = 0;
    let mut again = Vec::new();
    for index in start..end {
        if !wanted
            .iter()
            .any(|open| (open.row.from..open.row.to).contains(&index))
        {
            continue;
        }
        let frame = source.show(clock.tap(index))?;
        for open in &mut wanted {
            if !(open.row.from..open.row.to).contains(&index) {
                continue;
            }
            let frames = open.row.to - open.row.from;
            let mut encoder = match open.encoder.take() {
                Some(encoder) => encoder,
                None => {
                    encode::Encoder::new(&open.settings, frame.size(), open.recipe.fps, frames)?
                }
            };
            if open.recipe.marks.covers(index - open.row.from, frames) {
                let mut marked = frame.clone();
                sheet::mark_seam(&mut marked);
                encoder.push(&marked)?;
            } else {
                encoder.push(frame)?;
            }
            if index + 1 < open.row.to {
                open.encoder = Some(encoder);
                continue;
            }
            let segment = encoder.finish()?;
            if let Some(settings) = coarser(&open.settings, open.recipe, &segment) {
                again.push(Open {
                    settings,
                    encoder: None,
                    ..*open
                });
            } else {
                keep(store, open.kind, open.recipe, &segment)?;
                encoded += u64::from(frames) * u64::from(open.kind == Kind::Segment);
            }
        }
    }
    Ok((encoded, again))
}

/// Steps of the CRF by which a segment that takes too much is encoded coarser, and the last of them.
const COARSER: u8 = 2;
const COARSEST: u8 = 51;

/// What to encode `segment` with instead of `settings`, where it takes more than its line.
fn coarser(settings: &Settings, recipe: &Recipe, segment: &Segment) -> Option<Settings> {
    let rate = settings.rate?;
    let fullness = segment.fullness(Bound { rate }, recipe.fps);
    if fullness <= 1.0 {
        return None;
    }
    if settings.crf >= COARSEST {
        let over = format!("{fullness:.2}");
        tracing::warn!(
            rate,
            over,
            "a piece takes more than its line, however coarse"
        );
        return None;
    }
    Some(Settings {
        crf: (settings.crf + COARSER).min(COARSEST),
        ..settings.clone()
    })
}

/// Encodes bridges; their handles are in the store. Those that leave a clip at one place are best one
/// after the other: what they begin with is read once.
pub fn bridges(store: &Store, recipes: &[Recipe]) -> Result<Done, Error> {
    let mut encoded = 0;
    let mut left: Option<(Hash, Vec<Frame>)> = None;
    for recipe in recipes {
        let Some([from, to]) = sides(recipe) else {
            continue;
        };
        if store.contains(Kind::Segment, &recipe.key()) {
            continue;
        }
        let (from, to) = (handle(recipe, from).key(), handle(recipe, to).key());
        let before = match left.take().filter(|(key, _)| *key == from) {
            Some((_, before)) => before,
            None => load(store, &from)?,
        };
        let after = load(store, &to)?;
        let usage = |error: flow::Error| Error::Usage(error.to_string());
        let mut between = match recipe.pictures {
            Pictures::Run(_) => continue,
            Pictures::Dissolve { .. } => blend::dissolve(&before, &after),
            Pictures::Morph { .. } => morph(&before, &after).map_err(usage)?,
            Pictures::Motion { frames, holds, .. } => Passage::new(&before, &after, Effort::Medium)
                .map_err(usage)?
                .pictures(frames as usize, holds),
        };
        left = Some((from, before));
        let frames = between.len() as u32;
        for (index, frame) in between.iter_mut().enumerate() {
            if recipe.marks.covers(index as u32, frames) {
                sheet::mark_seam(frame);
            }
        }
        let mut settings = recipe.encode.clone();
        let segment = loop {
            let size = recipe.normalise.size;
            let mut encoder = encode::Encoder::new(&settings, size, recipe.fps, frames)?;
            for frame in &between {
                encoder.push(frame)?;
            }
            let segment = encoder.finish()?;
            match coarser(&settings, recipe, &segment) {
                Some(other) => settings = other,
                None => break segment,
            }
        };
        keep(store, Kind::Segment, recipe, &segment)?;
        encoded += u64::from(frames);
    }
    Ok(Done::Encoded {
        frames: encoded,
        fallbacks: Vec::new(),
    })
}

fn load(store: &Store, key: &Hash) -> Result<Vec<Frame>, Error> {
    let bytes = store
        .get(Kind::Frames, key)?
        .ok_or_else(|| Error::Trouble {
            why: format!("the frames around a port are gone from the store ({key})"),
        })?;
    Ok(encode::decode(&Segment::from_bytes(&bytes)?)?)
}

fn keep(store: &Store, kind: Kind, recipe: &Recipe, segment: &Segment) -> Result<(), Error> {
    if segment.frames() != recipe.frames() {
        return Err(Error::Usage(format!(
            "the encoder returned {} of {} frames",
            segment.frames(),
            recipe.frames()
        )));
    }
    store.put(kind, &recipe.key(), &segment.to_bytes())?;
    Ok(())
}

/// The picture under its clip's grade; bars keep their colour.
fn graded(grader: Option<&Grader>, picture: Picture) -> Frame {
    let mut frame = picture.frame;
    if let Some(grader) = grader {
        grader.apply(&mut frame, picture.area);
    }
    frame
}

/// The source's frames in order, with two of them in hand where they are mixed.
struct Source<'a> {
    path: &'a Path,
    reader: Reader,
    grader: Option<Grader>,
    /// Frames read so far.
    read: u32,
    current: Option<(u32, Frame)>,
    next: Option<(u32, Frame)>,
    tween: Tween,
}

impl<'a> Source<'a> {
    fn open(
        path: &'a Path,
        clip: &Clip,
        recipe: &Recipe,
        grade: Grade,
        limits: &Limits,
    ) -> Result<Self, Error> {
        let reader = Reader::open(path, &clip.facts, &recipe.normalise, 1, limits)?;
        Ok(Self {
            path,
            reader,
            grader: Grader::new(grade),
            read: 0,
            current: None,
            next: None,
            tween: Tween::new(recipe.rate_mode),
        })
    }

    /// Reads on until `frame` is the current one.
    fn advance(&mut self, frame: u32) -> Result<(), Error> {
        while self.read < frame && self.reader.skip()? {
            self.read += 1;
            self.next = None;
        }
        while self.current.as_ref().is_none_or(|(at, _)| *at < frame) {
            self.current = match self.next.take() {
                Some(next) => Some(next),
                None => self.read()?,
            };
            if self.current.is_none() {
                return Err(self.error(format!("frame {frame} is missing; has the file changed?")));
            }
        }
        Ok(())
    }

    /// The next frame of the file and its number; `None` at the end.
    fn read(&mut self) -> Result<Option<(u32, Frame)>, Error> {
        let Some(picture) = self.reader.next()? else {
            return Ok(None);
        };
        let at = self.read;
        self.read += 1;
        Ok(Some((at, graded(self.grader.as_ref(), picture))))
    }

    /// Steps down a ladder so far.
    fn fallbacks(&self) -> Vec<Entry> {
        let drawn = self.tween.fallback(self.path);
        self.reader
            .fallbacks()
            .iter()
            .cloned()
            .chain(drawn)
            .collect()
    }

    fn error(&self, why: String) -> Error {
        Error::Clip {
            path: self.path.to_owned(),
            why,
        }
    }

    /// The picture of one output frame.
    fn show(&mut self, tap: Tap) -> Result<&Frame, Error> {
        self.advance(tap.frame)?;
        if tap.next > 0 && self.next.is_none() {
            self.next = self.read()?;
        }
        let broken = self.error("its frames were asked for out of order".to_owned());
        match (&self.current, &self.next) {
            (Some((at, current)), next) if *at == tap.frame => Ok(match next {
                Some((_, next)) => self.tween.show(tap.frame, [current, next], tap.next),
                // The last frame of the file has none after it.
                None => current,
            }),
            _ => Err(broken),
        }
    }
}
