//! The stream as files: fragmented mp4, each begun at a key frame and named by the moment at which it
//! begins.
//!
//! A file is written under a temporary name, `NAME.part.mp4`, and renamed when it is whole. What a
//! killed program leaves under that name plays up to its last fragment.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use loopy_core::{clip::show, ledger::Entry};
use loopy_media::{
    Error,
    mux::{self, Container, Options, Output, Writer},
};

use super::{
    Context,
    feed::{Feed, segment, start},
};
use crate::{hub::Reel, packet::Unit};

/// What is recorded, and where.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The folder, which is made where it is missing.
    pub folder: PathBuf,
    /// A new file is begun after so long.
    pub every: Duration,
}

/// Records the best rung until the stream ends or the disk takes no more.
pub fn run(recording: &Recording, context: Context<'_>) {
    let Some(reel) = context.best() else { return };
    let mut recorder = Recorder::new(recording, reel);
    let recorded = loop {
        let worked = recorder.work(&SystemTime::now);
        // What came last is written before the end.
        if worked.is_err() || !context.waits() {
            break worked.and_then(|()| recorder.end());
        }
    };
    if let Err(error) = recorded {
        (context.fall)(Entry {
            what: "recording".to_owned(),
            from: show(&recording.folder),
            to: "nothing; the stream goes on".to_owned(),
            why: error.to_string(),
            fix: "make room in the folder or name another with --record, and start again"
                .to_owned(),
        });
    }
}

/// Writes one file after the other.
struct Recorder<'a> {
    recording: &'a Recording,
    feed: Feed,
    file: Option<Open>,
}

/// A file that is being written.
struct Open {
    writer: Writer,
    part: PathBuf,
    name: String,
    /// Output frames: the first, and the one that comes next.
    first: u64,
    next: u64,
}

impl<'a> Recorder<'a> {
    fn new(recording: &'a Recording, reel: Arc<Reel>) -> Self {
        Self {
            recording,
            feed: Feed::new(reel),
            file: None,
        }
    }

    /// Writes the groups that have come.
    fn work(&mut self, now: &dyn Fn() -> SystemTime) -> Result<(), Error> {
        while let Some(group) = self.feed.group() {
            let fps = self.feed.reel.rung.fps;
            let first = start(&group, fps);
            let most = fps
                .frames_in(self.recording.every.as_micros() as u64)
                .max(1);
            let goes_on = |file: &Open| file.next == first && first - file.first < most;
            if !self.file.as_ref().is_some_and(goes_on) {
                self.end()?;
                self.file = Some(self.begin(first, now())?);
            }
            self.write(&group)?;
        }
        Ok(())
    }

    fn write(&mut self, group: &[Unit]) -> Result<(), Error> {
        let (Some(record), Some(file)) = (self.feed.record(), &mut self.file) else {
            return Ok(());
        };
        file.writer.segment(&segment(record, group))?;
        file.next += group.len() as u64;
        Ok(())
    }

    fn begin(&self, first: u64, now: SystemTime) -> Result<Open, Error> {
        let folder = &self.recording.folder;
        let fail = |path: &Path| {
            let to = show(path);
            move |error: io::Error| Error::Write {
                to,
                why: error.to_string(),
            }
        };
        fs::create_dir_all(folder).map_err(fail(folder))?;
        let since = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let seconds = i64::try_from(since.as_secs()).unwrap_or_default();
        // Colons are no part of a file name everywhere.
        let date = mux::date(seconds).replace(':', "-");
        let (name, part, file) = create(folder, &date).map_err(fail(folder))?;
        let rung = &self.feed.reel.rung;
        let options = Options {
            container: Container::FragmentedMp4,
            size: rung.size,
            fps: rung.fps,
            config: self.feed.record().unwrap_or_default().to_vec(),
            delay: 0,
            frames: 0,
            // The track of a sound rung comes here.
            audio: None,
            tags: Vec::new(),
            created: Some(seconds),
        };
        // As a stream, every fragment is handed to the system when it is whole.
        let writer = Writer::create(Output::Stream(Box::new(file)), options)?;
        Ok(Open {
            writer,
            part,
            name,
            first,
            next: first,
        })
    }

    /// Ends the file that is open and gives it its name.
    fn end(&mut self) -> Result<(), Error> {
        let Some(file) = self.file.take() else {
            return Ok(());
        };
        file.writer.finish()?;
        let whole = self.recording.folder.join(file.name);
        fs::rename(&file.part, &whole).map_err(|error| Error::Write {
            to: show(&whole),
            why: error.to_string(),
        })
    }
}

/// A new file by `date`, with a number where there is one of that name: its name when it is whole, and
/// its path until then.
fn create(folder: &Path, date: &str) -> io::Result<(String, PathBuf, File)> {
    let mut number = 1_u32;
    loop {
        let stem = match number {
            1 => date.to_owned(),
            _ => format!("{date}-{number}"),
        };
        let name = format!("{stem}.mp4");
        let part = folder.join(format!("{stem}.part.mp4"));
        let is_there = folder.join(&name).try_exists()?;
        let options = OpenOptions::new().write(true).create_new(true).clone();
        match options.open(&part) {
            Ok(file) if !is_there => return Ok((name, part, file)),
            Ok(_) => fs::remove_file(&part)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        number = number.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Mutex, time::Instant};

    use super::*;
    use crate::{
        hub::Hub,
        outputs::testing::{self, decoded, times, units},
    };

    const RUN: u32 = 60;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name();
        let names = entries.map(|entry| name(entry).into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    /// What a file shows: pictures, and that their times are even.
    fn pictures(path: &Path) -> Option<usize> {
        let path = path.to_str().unwrap();
        let times = times(path)?;
        assert_eq!(times[0], (0.0, 0.0));
        for pair in times.windows(2) {
            assert!((pair[1].0 - pair[0].0 - 1001.0 / 30_000.0).abs() < 1e-3);
            assert!(pair[1].1 > pair[0].1);
        }
        assert_eq!(decoded(path), Some(times.len()));
        Some(times.len())
    }

    fn clock(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds)
    }

    #[test]
    fn the_stream_is_cut_into_whole_files_at_key_frames_without_a_loss() {
        let folder = tempfile::tempdir().unwrap();
        let recording = Recording {
            folder: folder.path().join("new"),
            every: Duration::from_secs(5),
        };
        let hub = Hub::new(Instant::now());
        let run = testing::run(RUN);
        let reel = testing::reel(&hub, "720p", &run);
        let mut recorder = Recorder::new(&recording, Arc::clone(&reel));
        for number in 0..6 {
            for unit in units(&run, number * u64::from(RUN)) {
                hub.publish(&reel, unit);
                recorder.work(&|| clock(2 * number)).unwrap();
            }
        }
        let open = names(&recording.folder);
        let parts = open.iter().filter(|name| name.contains("part"));
        assert_eq!(parts.count(), 1, "{open:?}");
        recorder.end().unwrap();
        let whole = names(&recording.folder);
        assert_eq!(whole.len(), 3, "{whole:?}");
        assert!(whole.iter().all(|name| !name.contains("part")), "{whole:?}");
        let counts = whole
            .iter()
            .map(|name| pictures(&recording.folder.join(name)));
        let Some(counts) = counts.collect::<Option<Vec<usize>>>() else {
            return;
        };
        assert_eq!(counts.iter().sum::<usize>(), 6 * RUN as usize);
    }

    #[test]
    fn a_file_that_was_not_ended_plays_up_to_its_last_fragment() {
        let folder = tempfile::tempdir().unwrap();
        let recording = Recording {
            folder: folder.path().to_owned(),
            every: Duration::from_hours(1),
        };
        let hub = Hub::new(Instant::now());
        let run = testing::run(RUN);
        let reel = testing::reel(&hub, "720p", &run);
        let mut recorder = Recorder::new(&recording, Arc::clone(&reel));
        for number in 0..5 {
            for unit in units(&run, number * u64::from(RUN)) {
                hub.publish(&reel, unit);
                recorder.work(&|| clock(0)).unwrap();
            }
        }
        // What a killed program leaves: nothing of it is run any more.
        std::mem::forget(recorder);
        let part = folder.path().join("2023-11-14T22-13-20Z.part.mp4");
        if let Some(count) = pictures(&part) {
            assert!((240..=300).contains(&count), "{count} of 300");
        }
    }

    #[test]
    fn a_file_that_is_there_is_never_written_over() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.mp4"), "mine").unwrap();
        fs::write(folder.path().join("a-2.part.mp4"), "mine").unwrap();
        let (name, part, _) = create(folder.path(), "a").unwrap();
        assert_eq!(name, "a-3.mp4");
        assert_eq!(part, folder.path().join("a-3.part.mp4"));
        assert_eq!(
            names(folder.path()),
            ["a-2.part.mp4", "a-3.part.mp4", "a.mp4"]
        );
    }

    #[test]
    fn lost_pictures_begin_a_new_file() {
        let folder = tempfile::tempdir().unwrap();
        let recording = Recording {
            folder: folder.path().to_owned(),
            every: Duration::from_hours(1),
        };
        let hub = Hub::new(Instant::now());
        let run = testing::run(RUN);
        let reel = testing::reel(&hub, "720p", &run);
        let mut recorder = Recorder::new(&recording, Arc::clone(&reel));
        for number in [0, 1, 4] {
            for unit in units(&run, number * u64::from(RUN)) {
                hub.publish(&reel, unit);
                recorder.work(&|| clock(number)).unwrap();
            }
        }
        recorder.end().unwrap();
        let names = names(folder.path());
        assert_eq!(
            names,
            ["2023-11-14T22-13-20Z.mp4", "2023-11-14T22-13-24Z.mp4"]
        );
        if let Some(count) = pictures(&folder.path().join(&names[0])) {
            assert_eq!(count, 2 * RUN as usize);
        }
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_told_once_and_ends_the_recording_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let recording = Recording {
            folder: file.join("below"),
            every: Duration::from_hours(1),
        };
        let hub = Hub::new(Instant::now());
        let run = testing::run(RUN);
        let reel = testing::reel(&hub, "720p", &run);
        for unit in units(&run, 0) {
            hub.publish(&reel, unit);
        }
        let entries = Mutex::new(Vec::new());
        super::run(
            &recording,
            Context {
                hub: &hub,
                stopped: &|| false,
                fall: &|entry| entries.lock().unwrap().push(entry),
            },
        );
        let entries = entries.into_inner().unwrap();
        assert_eq!(entries.len(), 1);
        assert!(entries[0].why.contains("below"), "{entries:?}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_an_error_of_the_file() {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let run = testing::run(RUN);
        let options = Options {
            container: Container::FragmentedMp4,
            size: testing::SIZE,
            fps: testing::fps(),
            config: run.config.clone(),
            delay: 0,
            frames: 0,
            audio: None,
            tags: Vec::new(),
            created: None,
        };
        let wrote =
            Writer::create(Output::Stream(Box::new(full)), options).and_then(|mut writer| {
                (0..4).try_for_each(|_| writer.segment(&run))?;
                writer.finish()
            });
        let why = wrote.unwrap_err().to_string();
        assert!(why.contains("No space left"), "{why}");
    }
}
