//! From paths to a library: which files are clips, in which order, and why the others are not.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use globset::{Glob, GlobMatcher};
use loopy_core::{Clip, ClipPath, Hash, Size, limits::Limits, report::LeftOut, tags::Tags};
use loopy_sight::verdict::Usable;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use walkdir::WalkDir;

use crate::{
    Error, analyze,
    events::{Event, Sink, Stage},
    index::Index,
    job::{Analysis, Verdict},
};

mod choose;
pub use choose::{Filter, ParseTrimError, Sort, Trim};

/// What to look for.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Files and folders.
    pub inputs: Vec<PathBuf>,
    /// File names in folders must match this.
    pub pattern: Option<Glob>,
    /// Look into folders inside folders.
    pub recursive: bool,
    /// Use at most this many clips.
    pub max_clips: Option<usize>,
    /// Order of the library.
    pub sort: Sort,
    /// Sizes to keep.
    pub filter: Option<Filter>,
    /// Names, paths or patterns to leave out.
    pub exclude: Vec<Glob>,
    /// Clips of which only a part is used.
    pub trims: Vec<Trim>,
    /// Clips that show the same footage as others are kept.
    pub copies: bool,
    /// The file that will be written: never a clip.
    pub output: Option<PathBuf>,
    /// The film that is looked at: no clip of itself.
    pub film: Option<PathBuf>,
}

/// A file that may be a clip.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Path as given.
    pub path: PathBuf,
    /// Hash of its bytes.
    pub hash: Hash,
    /// Time of its last change.
    pub modified: SystemTime,
    /// Bytes.
    pub bytes: u64,
}

/// Files found, and those left out so far.
#[derive(Debug, Default)]
pub struct Found {
    /// Candidates, sorted by name.
    pub candidates: Vec<Candidate>,
    /// Files left out.
    pub left_out: Vec<LeftOut>,
}

/// The usable clips and everything else.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Library {
    /// Usable clips, in the order asked for.
    pub clips: Vec<Clip>,
    /// Container time of each clip's first frame in microseconds, by the same index.
    pub starts: Vec<i64>,
    /// Files left out, with the reason.
    pub left_out: Vec<LeftOut>,
    /// Files used with a remark.
    pub remarks: Vec<LeftOut>,
    /// Clips with something odd about them that costs no frame, only places for joints.
    pub habits: Vec<LeftOut>,
    /// Bytes of each clip's file, by the same index as the clips.
    pub bytes: Vec<u64>,
    /// Steps down a ladder while reading.
    pub fallbacks: Vec<loopy_core::ledger::Entry>,
    /// What reading its files may cost, should one have to be analyzed again.
    pub limits: Limits,
}

impl Library {
    /// Everything that is to be said of files that are used.
    pub fn notes(&self) -> Vec<LeftOut> {
        self.remarks.iter().chain(&self.habits).cloned().collect()
    }
}

/// Endings of names that may be video; everything else in a folder is left out unread.
const ENDINGS: [&str; 34] = [
    "3g2", "3gp", "apng", "asf", "avi", "dv", "f4v", "flv", "gif", "h264", "h265", "hevc", "ivf",
    "m2ts", "m2v", "m4v", "mjpeg", "mjpg", "mkv", "mov", "mp4", "mpeg", "mpg", "mts", "mxf", "nut",
    "ogg", "ogv", "ts", "vob", "webm", "webp", "wmv", "y4m",
];

/// Lists the files of `options.inputs` and reads the hashes that the index does not know.
///
/// # Errors
/// [`Error::Input`] for an input path that is not there. A bad file inside a folder is left out.
pub fn find(options: &Options, index: &Index, sink: Sink) -> Result<Found, Error> {
    let mut found = Found::default();
    let pattern = options.pattern.as_ref().map(Glob::compile_matcher);
    let exclude: Vec<GlobMatcher> = options.exclude.iter().map(Glob::compile_matcher).collect();
    let mut paths = BTreeSet::new();
    for input in &options.inputs {
        let meta = fs::metadata(input).map_err(|error| Error::Input {
            path: input.clone(),
            why: plain(&error),
        })?;
        if meta.is_dir() {
            list(
                input,
                options.recursive,
                pattern.as_ref(),
                &mut paths,
                &mut found.left_out,
            )?;
        } else {
            paths.insert(input.clone());
        }
    }
    sink(Event::StageStarted {
        stage: Stage::Scan,
        total: paths.len() as u64,
        unit: "files",
    });
    let output = options
        .output
        .as_deref()
        .and_then(|path| path.canonicalize().ok());
    let film = options.film.as_deref();
    let film = film.and_then(|path| path.canonicalize().ok());
    let mut seen: BTreeMap<Hash, PathBuf> = BTreeMap::new();
    let total = paths.len() as u64;
    for (done, path) in paths.into_iter().enumerate() {
        if output.is_some() && path.canonicalize().ok() == output {
            // A video of ours from an earlier run is replaced; a clip of the user's never is.
            if !ours(&path) {
                let name = loopy_core::clip::show(&path);
                return Err(Error::Usage(format!(
                    "the output `{name}` is one of the clips; choose another name"
                )));
            }
            found.left_out.push(left_out(&path, "it is the output"));
        } else if film.is_some() && path.canonicalize().ok() == film {
            found.left_out.push(left_out(&path, "it is the video"));
        } else if excluded(&path, &exclude) {
            found
                .left_out
                .push(left_out(&path, "left out by --exclude"));
        } else {
            match candidate(&path, index) {
                Ok(candidate) => {
                    if let Some(same) = seen.get(&candidate.hash) {
                        let same = loopy_core::clip::show(same);
                        let reason = format!("it has the same content as {same}");
                        found.left_out.push(left_out(&path, &reason));
                    } else {
                        seen.insert(candidate.hash, path);
                        found.candidates.push(candidate);
                    }
                }
                Err(reason) => found.left_out.push(left_out(&path, &reason)),
            }
        }
        sink(Event::Progress {
            stage: Stage::Scan,
            done: done as u64 + 1,
            total,
        });
    }
    Ok(found)
}

/// The file says that LoopyComfy made it.
fn ours(path: &Path) -> bool {
    let made = |(key, value): &(String, String)| {
        key.eq_ignore_ascii_case("description") && value.starts_with("LoopyComfy")
    };
    loopy_media::demux::Packets::open(path)
        .is_ok_and(|packets| packets.video().tags.iter().any(made))
}

/// A clip is excluded by its name, its stem, its path, or a pattern for any of them.
fn excluded(path: &Path, patterns: &[GlobMatcher]) -> bool {
    names(path).any(|name| patterns.iter().any(|pattern| pattern.is_match(name)))
}

/// A shot of several is excluded by any of these with `#2` after it.
fn shot_excluded(path: &Path, shot: u32, patterns: &[GlobMatcher]) -> bool {
    let numbered = names(path).map(|name| {
        let mut name = name.to_os_string();
        name.push(format!("#{shot}"));
        name
    });
    shot > 0
        && numbered
            .into_iter()
            .any(|name| patterns.iter().any(|pattern| pattern.is_match(&name)))
}

fn names(path: &Path) -> impl Iterator<Item = &OsStr> {
    let names = [Some(path.as_os_str()), path.file_name(), path.file_stem()];
    names.into_iter().flatten()
}

fn list(
    folder: &Path,
    recursive: bool,
    pattern: Option<&GlobMatcher>,
    paths: &mut BTreeSet<PathBuf>,
    left: &mut Vec<LeftOut>,
) -> Result<(), Error> {
    let depth = if recursive { usize::MAX } else { 1 };
    let walk = WalkDir::new(folder)
        .min_depth(1)
        .max_depth(depth)
        .follow_links(true);
    let visible = |name: &std::ffi::OsStr| !name.as_encoded_bytes().starts_with(b".");
    for entry in walk
        .into_iter()
        .filter_entry(|entry| visible(entry.file_name()))
    {
        match entry {
            Ok(entry) if entry.file_type().is_dir() => {
                // A folder is only worth a word when its name promises a video.
                if !recursive && video_name(entry.path()) {
                    left.push(left_out(
                        entry.path(),
                        "it is a folder; `--recursive` looks inside",
                    ));
                }
            }
            Ok(entry) => {
                let name = Path::new(entry.file_name());
                if pattern.is_some_and(|pattern| !pattern.is_match(name)) {
                    left.push(left_out(entry.path(), "its name does not match --pattern"));
                } else if pattern.is_some() || video_name(name) {
                    paths.insert(entry.into_path());
                } else {
                    left.push(left_out(entry.path(), "its name is not that of a video"));
                }
            }
            Err(error) => {
                let path = error.path().unwrap_or(folder).to_owned();
                if error.depth() == 0 {
                    let why = error.io_error().map_or_else(|| error.to_string(), plain);
                    return Err(Error::Input { path, why });
                }
                let reason = if error.loop_ancestor().is_some() {
                    "the link leads back to a folder that holds it".to_owned()
                } else if path.is_symlink() {
                    "the link leads nowhere".to_owned()
                } else {
                    error
                        .io_error()
                        .map_or_else(|| "it cannot be read".to_owned(), plain)
                };
                left.push(left_out(&path, &reason));
            }
        }
    }
    Ok(())
}

fn video_name(path: &Path) -> bool {
    let ending = path
        .extension()
        .map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
}

fn candidate(path: &Path, index: &Index) -> Result<Candidate, String> {
    let meta = fs::metadata(path).map_err(|error| plain(&error))?;
    if !meta.is_file() {
        return Err("it is not a regular file".to_owned());
    }
    if meta.len() == 0 {
        return Err("it is empty (0 bytes)".to_owned());
    }
    let hash = index.content_hash(path).map_err(|error| plain(&error))?;
    Ok(Candidate {
        path: path.to_owned(),
        hash,
        modified: meta.modified().unwrap_or(SystemTime::UNIX_EPOCH),
        bytes: meta.len(),
    })
}

/// The library of `found`, given a verdict for every candidate in order.
///
/// # Errors
/// [`Error::Usage`] when a `--trim` names no clip or leaves nothing of it.
pub fn library(options: &Options, found: Found, verdicts: &[Verdict]) -> Result<Library, Error> {
    let mut library = Library {
        left_out: found.left_out,
        ..Library::default()
    };
    let mut usable: Vec<(Candidate, Analysis)> = Vec::new();
    for (candidate, verdict) in found.candidates.into_iter().zip(verdicts) {
        match verdict {
            Verdict::Usable(analysis) => usable.push((candidate, (**analysis).clone())),
            Verdict::Unusable { reason } => {
                library.left_out.push(left_out(&candidate.path, reason));
            }
        }
    }
    options.sort.apply(&mut usable);
    let mut trimmed = vec![false; options.trims.len()];
    for (candidate, analysis) in usable {
        let path = ClipPath::from(candidate.path.as_path());
        if let Some(filter) = options.filter
            && !filter.keeps(analysis.facts.shown)
        {
            let reason = format!("{} is left out by --filter {filter}", analysis.facts.shown);
            library.left_out.push(LeftOut { file: path, reason });
            continue;
        }
        let clips = shots(&path, &candidate, &analysis, options, &mut trimmed)?;
        let room = options.max_clips.unwrap_or(usize::MAX) - library.clips.len();
        let full = "left out by --max-clips";
        if room == 0 {
            let reason = full.to_owned();
            library.left_out.push(LeftOut { file: path, reason });
            continue;
        }
        if clips.is_empty() {
            let reason = "all of its shots are left out by --exclude".to_owned();
            library.left_out.push(LeftOut { file: path, reason });
            continue;
        }
        let mut remarks: Vec<String> = Vec::new();
        for (clip, _) in clips.iter().skip(room) {
            remarks.push(numbered(clip.shot, full));
        }
        for (clip, shot) in clips.into_iter().take(room) {
            remarks.extend(shot.remarks.iter().cloned());
            library
                .habits
                .extend(shot.habits.iter().map(|habit| LeftOut {
                    file: path.clone(),
                    reason: numbered(clip.shot, habit),
                }));
            library.clips.push(clip);
            library.starts.push(analysis.start);
            library.bytes.push(candidate.bytes);
        }
        remarks.extend(analysis.remarks.iter().cloned());
        if analysis.shots.len() > MOST_SHOTS {
            remarks.push(format!(
                "the longest {MOST_SHOTS} of its {} shots are used",
                analysis.shots.len()
            ));
        }
        let mut said = BTreeSet::new();
        remarks.retain(|reason| said.insert(reason.clone()));
        let remarks = remarks.into_iter().map(|reason| LeftOut {
            file: path.clone(),
            reason,
        });
        library.remarks.extend(remarks);
        library.fallbacks.extend(analysis.fallbacks.iter().cloned());
    }
    if let Some((trim, _)) = options.trims.iter().zip(&trimmed).find(|(_, used)| !**used) {
        return Err(Error::Usage(format!(
            "--trim {}: there is no such usable clip",
            trim.clip()
        )));
    }
    library.fallbacks.dedup();
    library.left_out.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(library)
}

/// The clips of one file: its shots, without those that are excluded, and trimmed.
fn shots<'a>(
    path: &ClipPath,
    candidate: &Candidate,
    analysis: &'a Analysis,
    options: &Options,
    trimmed: &mut [bool],
) -> Result<Vec<(Clip, &'a Usable)>, Error> {
    let exclude: Vec<GlobMatcher> = options.exclude.iter().map(Glob::compile_matcher).collect();
    let stem = candidate.path.file_stem();
    let stem = stem.map(OsStr::to_string_lossy).unwrap_or_default();
    let several = analysis.shots.len() > 1;
    let numbered = (1..).zip(&analysis.shots);
    let numbered = numbered.map(|(number, shot)| (if several { number } else { 0 }, shot));
    let longest = longest(analysis);
    let mut clips: Vec<(Clip, &Usable)> = numbered
        .filter(|(number, shot)| {
            longest.contains(&shot.first) && !shot_excluded(&candidate.path, *number, &exclude)
        })
        .map(|(number, shot)| {
            let clip = Clip {
                path: path.clone(),
                hash: candidate.hash,
                facts: analysis.facts.clone(),
                times: analysis.times.clone(),
                end: analysis.end,
                first: shot.first,
                until: shot.until,
                shot: number,
                sound_offset: 0,
                tags: Tags::from_stem(&stem),
                scene: 0,
            };
            (clip, shot)
        })
        .collect();
    for (trim, used) in options.trims.iter().zip(trimmed) {
        let mut nothing = None;
        let count = clips.len();
        // A trim of a file may leave some of its shots and not others.
        clips.retain_mut(|(clip, _)| {
            if !trim.names(&candidate.path, clip.shot) {
                return true;
            }
            *used = true;
            trim.apply(clip).map_err(|why| nothing = Some(why)).is_ok()
        });
        if let Some(why) = nothing.filter(|_| clips.is_empty() && count > 0) {
            return Err(Error::Usage(why));
        }
    }
    Ok(clips)
}

/// Clips that one file gives at most: each carries the times of the whole file.
const MOST_SHOTS: usize = 100;

/// First frames of the longest shots, as many as there may be.
fn longest(analysis: &Analysis) -> BTreeSet<u32> {
    let mut shots: Vec<&Usable> = analysis.shots.iter().collect();
    shots.sort_by_key(|shot| std::cmp::Reverse(shot.until - shot.first));
    shots
        .into_iter()
        .take(MOST_SHOTS)
        .map(|shot| shot.first)
        .collect()
}

/// A remark on one shot of several.
fn numbered(shot: u32, text: &str) -> String {
    if shot == 0 {
        text.to_owned()
    } else {
        format!("shot {shot}: {text}")
    }
}

/// The size that most of the library has by time, rounded even.
pub fn common_size(clips: &[Clip]) -> Option<Size> {
    let sizes = clips
        .iter()
        .map(|clip| (clip.facts.shown.even(), clip.micros()));
    most(sizes).map(|(size, _)| size)
}

/// The frame rate that most of the library has by time.
pub fn common_rate(clips: &[Clip]) -> Option<loopy_core::Rate> {
    let key = |rate: loopy_core::Rate| (rate.num(), rate.den());
    let rates = clips
        .iter()
        .filter_map(|clip| Some((key(clip.rate()?), clip.micros())));
    most(rates).and_then(|((num, den), _)| loopy_core::Rate::new(num, den))
}

/// The key with the largest sum; among equals the largest key.
fn most<K: Ord>(pairs: impl Iterator<Item = (K, i64)>) -> Option<(K, i64)> {
    let mut sums = BTreeMap::new();
    for (key, weight) in pairs {
        *sums.entry(key).or_insert(0) += weight;
    }
    sums.into_iter().max_by_key(|(_, weight)| *weight)
}

fn left_out(path: &Path, reason: &str) -> LeftOut {
    LeftOut {
        file: ClipPath::from(path),
        reason: reason.to_owned(),
    }
}

/// The system's words for an error, without its number.
pub(crate) fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(chars).collect()
    })
}

/// Version under which verdicts are kept in the index. A clip that failed within other limits
/// deserves another look.
pub fn verdict_version(limits: &Limits) -> String {
    let limits = serde_json::to_string(limits).unwrap_or_default();
    format!("{} {} {limits}", analyze::VERSION, loopy_media::versions())
}
