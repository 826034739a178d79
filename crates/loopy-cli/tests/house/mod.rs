//! What every test of the binary needs: a folder of its own, clips with known truth, the command.

#![allow(dead_code, reason = "each test file uses its part")]

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{Arc, LazyLock, Mutex, OnceLock},
};

use loopy_core::{
    Frame, Rate, Size,
    encode::{Quality, Settings},
    limits::Limits,
    normalise::Normalise,
    report::Report,
};
use loopy_media::{decode::Reader, encode, mux, probe};
use tempfile::TempDir;

pub(crate) const SIZE: Size = Size {
    width: 160,
    height: 90,
};

/// A folder for one test: clips, a store, outputs.
pub(crate) struct House {
    dir: TempDir,
}

impl House {
    pub(crate) fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// `loopy` with this house's store, in its folder.
    pub(crate) fn loopy(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loopy"));
        command
            .args(args)
            .current_dir(self.dir.path())
            .env_remove("SOURCE_DATE_EPOCH")
            .env_remove("LOOPYCOMFY_CONFIG")
            .env("XDG_CONFIG_HOME", self.path("settings"))
            .env("LOOPYCOMFY_CACHE", self.path("store"));
        command
    }

    /// Clips and store as they are now, for houses that begin where this one is.
    pub(crate) fn keep(&self) -> Kept {
        let here = self.dir.path();
        let folders = ["clips", "store"].map(|folder| walkdir::WalkDir::new(here.join(folder)));
        let entries = folders.into_iter().flatten().map(Result::unwrap);
        let files = entries.filter(|entry| entry.file_type().is_file());
        let kept = files.map(|file| {
            let name = file.path().strip_prefix(here).unwrap().to_owned();
            (name, std::fs::read(file.path()).unwrap())
        });
        Kept(kept.collect())
    }

    pub(crate) fn like(kept: &Kept) -> Self {
        let house = Self::new();
        for (name, bytes) in &kept.0 {
            let file = house.dir.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, bytes).unwrap();
        }
        house
    }

    /// Runs `loopy` and expects `code`.
    pub(crate) fn run(&self, args: &[&str], code: i32) -> Output {
        let output = self.loopy(args).output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(code),
            "loopy {args:?}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        output
    }

    /// Files that a writer has not finished.
    pub(crate) fn litter(&self) -> Vec<PathBuf> {
        let temporary = |path: &Path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name.contains("partial") || path.parent().is_some_and(|parent| parent.ends_with("tmp"))
        };
        let files = walkdir::WalkDir::new(self.path("")).into_iter().flatten();
        files
            .filter(|entry| entry.file_type().is_file())
            .map(walkdir::DirEntry::into_path)
            .filter(|path| temporary(path))
            .collect()
    }

    pub(crate) fn report(&self, name: &str) -> Report {
        serde_json::from_slice(&std::fs::read(self.path(name)).unwrap()).unwrap()
    }

    /// Clips `clips/truth_00.mp4` and so on, of `lengths` frames, every frame marked.
    pub(crate) fn truth_clips(&self, rate: Rate, lengths: &[u32]) {
        std::fs::create_dir_all(self.path("clips")).unwrap();
        for (clip, frames) in lengths.iter().enumerate() {
            let file = self.path(&format!("clips/truth_{clip:02}.mp4"));
            truth_clip(&file, clip as u16, rate, *frames, SIZE);
        }
    }
}

/// Files of a house, by their paths in it.
pub(crate) struct Kept(Vec<(PathBuf, Vec<u8>)>);

/// Number, rate, frames and size of a marked clip.
type Key = (u16, Rate, u32, Size);
/// Its bytes, once somebody has made it.
type Made = Arc<OnceLock<Vec<u8>>>;

/// Marked clips by what they are: most tests want the same few, and one is drawn and encoded once.
static MADE: LazyLock<Mutex<HashMap<Key, Made>>> = LazyLock::new(Mutex::default);

/// Writes one marked clip with B-frames.
pub(crate) fn truth_clip(file: &Path, clip: u16, rate: Rate, frames: u32, size: Size) {
    let key = (clip, rate, frames, size);
    let made = MADE.lock().unwrap().entry(key).or_default().clone();
    let bytes = made.get_or_init(|| {
        let pictures = (0..frames).map(|index| loopy_demo::truth::plain(clip, index, size));
        write_clip(file, rate, size, frames, pictures);
        std::fs::read(file).unwrap()
    });
    std::fs::write(file, bytes).unwrap();
}

/// Writes pictures as an ordinary clip.
pub(crate) fn write_clip(
    file: &Path,
    rate: Rate,
    size: Size,
    frames: u32,
    pictures: impl Iterator<Item = Frame>,
) {
    write_coded(file, rate, size, frames, pictures, 14);
}

/// Writes pictures as a clip of another quality.
pub(crate) fn write_coded(
    file: &Path,
    rate: Rate,
    size: Size,
    frames: u32,
    pictures: impl Iterator<Item = Frame>,
    crf: u8,
) {
    let settings = Settings {
        preset: "fast".to_owned(),
        ..Settings::file(Quality::Crf(crf))
    };
    let mut encoder = encode::Encoder::new(&settings, size, rate, frames).unwrap();
    for picture in pictures {
        encoder.push(&picture).unwrap();
    }
    let segment = encoder.finish().unwrap();
    let options = mux::Options {
        container: mux::Container::Mp4,
        size,
        fps: rate,
        config: segment.config.clone(),
        delay: segment.delay(),
        frames: u64::from(frames),
        audio: None,
        tags: Vec::new(),
        created: None,
    };
    let mut writer = mux::Writer::create(mux::Output::File(file), options).unwrap();
    writer.segment(&segment).unwrap();
    writer.finish().unwrap();
}

/// Every picture of a video, as it is.
pub(crate) fn pictures(file: &Path) -> Vec<Frame> {
    let mut pictures = Vec::new();
    each_picture(file, |picture| pictures.push(picture));
    pictures
}

/// Shows every picture of a video, one after the other.
pub(crate) fn each_picture(file: &Path, mut show: impl FnMut(Frame)) {
    let limits = Limits::default();
    let facts = probe::probe(file, &limits).unwrap();
    let look = Normalise::to(facts.shown);
    let mut reader = Reader::open(file, &facts, &look, 1, &limits).unwrap();
    while let Some(picture) = reader.next().unwrap() {
        assert!(!picture.corrupt);
        show(picture.frame);
    }
    assert_eq!(reader.faults().decode_errors, 0);
}

/// A small file system in memory, where this test may mount one; gone on drop.
pub(crate) struct Disk(PathBuf);

impl Disk {
    pub(crate) fn mount(at: PathBuf, options: &str) -> Option<Self> {
        std::fs::create_dir_all(&at).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", options, "none"]).arg(&at);
        let mounted = mount.output();
        mounted
            .is_ok_and(|output| output.status.success())
            .then_some(Self(at))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let done = Command::new("umount").arg(&self.0).status();
        assert!(done.unwrap().success());
    }
}

/// The folder of real and broken clips, where this machine has one.
pub(crate) fn shared() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let folder = std::env::var_os("LOOPY_SHARED").map_or(beside, PathBuf::from);
    let there = folder.join("clips").is_dir();
    if !there {
        println!("skipped: no folder of real clips (LOOPY_SHARED)");
    }
    there.then_some(folder)
}

/// What FFmpeg's own decoder has to say about a video: nothing, when it is sound.
pub(crate) fn ffmpeg_complaints(file: &Path) -> String {
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-i"])
        .arg(file)
        .args(["-f", "null", "-"])
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
