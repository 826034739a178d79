use std::{sync::Mutex, time::Instant};

use loopy_core::limits::Limits;
use loopy_media::{
    demux::{Kind, Packets},
    segment::Segment,
};

use super::*;
use crate::{
    hub::Hub,
    outputs::testing::{self, clicks, decoded, times, units},
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

/// Publishes run `number` of a stream and records it as it comes, all at one moment of the clock.
fn record(recorder: &mut Recorder, hub: &Hub, run: &Segment, number: u64, seconds: u64) {
    let reel = Arc::clone(&recorder.feed.reel);
    for unit in units(run, number * u64::from(RUN)) {
        hub.publish(&reel, unit);
        recorder.work(hub, &|| clock(seconds)).unwrap();
    }
}

fn hourly(folder: &Path) -> Recording {
    Recording {
        folder: folder.to_owned(),
        every: Duration::from_hours(1),
    }
}

/// Records runs of a silent stream, each by its number and the moment of the clock.
fn silent(recording: &Recording, runs: impl IntoIterator<Item = (u64, u64)>) -> Recorder<'_> {
    let hub = Hub::new(Instant::now());
    let run = testing::run(RUN);
    let reel = testing::reel(&hub, "720p", &run);
    let mut recorder = Recorder::new(recording, reel, false);
    for (number, seconds) in runs {
        record(&mut recorder, &hub, &run, number, seconds);
    }
    recorder
}

#[test]
fn the_stream_is_cut_into_whole_files_at_key_frames_without_a_loss() {
    let folder = tempfile::tempdir().unwrap();
    let recording = Recording {
        folder: folder.path().join("new"),
        every: Duration::from_secs(5),
    };
    let mut recorder = silent(&recording, (0..6).map(|number| (number, 2 * number)));
    let open = names(&recording.folder);
    let parts = open.iter().filter(|name| name.contains("part"));
    assert_eq!(parts.count(), 1, "{open:?}");
    recorder.finish(&|| clock(99)).unwrap();
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
    let recording = hourly(folder.path());
    let recorder = silent(&recording, (0..5).map(|number| (number, 0)));
    // What a killed program leaves: nothing of it is run any more.
    std::mem::forget(recorder);
    let part = folder.path().join("2023-11-14T22-13-20Z.part.mp4");
    if let Some(count) = pictures(&part) {
        assert!((240..=300).contains(&count), "{count} of 300");
    }
}

#[test]
fn a_file_that_is_cut_off_within_a_fragment_plays_up_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let recording = hourly(folder.path());
    let mut recorder = silent(&recording, (0..5).map(|number| (number, 0)));
    let part = folder.path().join("2023-11-14T22-13-20Z.part.mp4");
    let bytes = fs::read(&part).unwrap();
    let last = bytes.windows(4).rposition(|four| four == b"moof").unwrap();
    let file = OpenOptions::new().write(true).open(&part).unwrap();
    // Within its table of pictures, as on a full disk; FFmpeg opens no such file.
    file.set_len(last as u64 + 100).unwrap();
    assert!(Packets::open(&part).is_err());
    recorder.give_up();
    assert_eq!(fs::metadata(&part).unwrap().len(), last as u64 - 4);
    if let Some(count) = pictures(&part) {
        assert!((180..=240).contains(&count), "{count} of 240");
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
    let recording = hourly(folder.path());
    let mut recorder = silent(&recording, [0, 1, 4].map(|number| (number, number)));
    recorder.finish(&|| clock(99)).unwrap();
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
fn a_folder_that_cannot_be_written_is_told_and_ends_nothing() {
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
            // The stream ends when it has been told.
            stopped: &|| !entries.lock().unwrap().is_empty(),
            sound: false,
            climb: &|_| (),
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
    let wrote = Writer::create(Output::Stream(Box::new(full)), options).and_then(|mut writer| {
        (0..4).try_for_each(|_| writer.segment(&run))?;
        writer.finish()
    });
    let why = wrote.unwrap_err().to_string();
    assert!(why.contains("No space left"), "{why}");
}

/// The left channel of a file, on the clock of its picture.
fn heard(path: &Path) -> Vec<f32> {
    let sound = loopy_media::audio::decode::sound(path, &Limits::default());
    let sound = sound.unwrap().unwrap();
    let lead = sound.start * i64::from(RATE) / 1_000_000;
    assert!(lead <= 0, "it begins {lead} samples after the picture");
    let left = sound.samples.iter().step_by(2).copied();
    left.skip(lead.unsigned_abs() as usize).collect()
}

/// How many pictures are in a file.
fn shown_in(file: &Path) -> u64 {
    let mut packets = Packets::open(file).unwrap();
    let mut count = 0;
    while let Some(packet) = packets.next().unwrap() {
        count += u64::from(packet.kind == Kind::Video);
    }
    count
}

/// Records `groups` of [`RUN`] pictures each with `sound`, of which each unit comes so many pictures
/// before or after the picture that is seen with it; the files.
fn recorded(folder: &Path, runs: u64, sound: &[Unit], late: i64, every: u64) -> Vec<PathBuf> {
    let recording = Recording {
        folder: folder.to_owned(),
        every: Duration::from_secs(every),
    };
    let hub = Hub::new(Instant::now());
    let run = testing::run(RUN);
    let reel = testing::reel(&hub, "720p", &run);
    let mut ear = None;
    let mut recorder = Recorder::new(&recording, Arc::clone(&reel), true);
    let mut sound = sound.iter().peekable();
    for frame in 0..runs * u64::from(RUN) {
        let at = frame % u64::from(RUN);
        hub.publish(&reel, units(&run, frame - at).remove(at as usize));
        let reached = publisher::due(testing::fps(), frame.saturating_add_signed(-late));
        while let Some(unit) = sound.next_if(|unit| unit.pts_us <= reached) {
            let reel = ear.get_or_insert_with(|| testing::sound_reel(&hub));
            hub.publish(reel, unit.clone());
        }
        recorder.work(&hub, &|| clock(frame / 30)).unwrap();
    }
    recorder.finish(&|| clock(999)).unwrap();
    let names = names(folder);
    names.iter().map(|name| folder.join(name)).collect()
}

#[test]
fn picture_and_sound_are_together_in_every_file_and_nothing_is_lost_between_files() {
    let folder = tempfile::tempdir().unwrap();
    let fps = testing::fps();
    let sample = |frame: u64| fps.samples(frame, RATE) as usize;
    // A click with every 45th picture, some of them at the border of two files.
    let frames: Vec<u64> = (1..8).map(|number| number * 45).collect();
    let due: Vec<usize> = frames.iter().map(|frame| sample(*frame)).collect();
    let sound = testing::sounds(0, sample(380), &due);
    for late in [-20, 0, 25] {
        let folder = folder.path().join(late.to_string());
        let files = recorded(&folder, 6, &sound, late, 3);
        assert!(files.len() > 2, "{files:?}");
        let (mut all, mut shown) = (Vec::new(), 0);
        for file in &files {
            let samples = heard(file);
            shown += shown_in(file);
            let whole = sample(shown) - all.len();
            assert!(samples.len() >= whole, "{} of {whole}", samples.len());
            // What the last unit has more is not heard.
            let beyond = samples.len() - whole;
            assert!(beyond < 1024, "{beyond} samples more");
            all.extend(&samples[..whole]);
            let complaints = decoded(file.to_str().unwrap());
            assert!(complaints.is_none_or(|lines| lines > 0));
        }
        let found = clicks(&all);
        assert_eq!(found.len(), due.len(), "{found:?}");
        for (found, due) in found.iter().zip(&due) {
            assert!(found.abs_diff(*due) <= 48, "{found} instead of {due}");
        }
    }
}

#[test]
fn sound_that_comes_first_later_begins_a_new_file_and_none_gives_no_track() {
    let folder = tempfile::tempdir().unwrap();
    let fps = testing::fps();
    let sample = |frame: u64| fps.samples(frame, RATE);
    let begin = sample(130);
    let clicking = [(sample(200) - begin) as usize];
    let sound = testing::sounds(begin, sample(260) as usize, &clicking);
    let files = recorded(folder.path(), 6, &sound, -20, 3600);
    assert_eq!(files.len(), 2, "{files:?}");
    let quiet = loopy_media::audio::decode::sound(&files[0], &Limits::default());
    assert!(quiet.unwrap().is_none());
    // The key frame before the sound is picture 120.
    let found = clicks(&heard(&files[1]));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].abs_diff((sample(200) - sample(120)) as usize) <= 48);
    let none = tempfile::tempdir().unwrap();
    let files = recorded(none.path(), 3, &[], 0, 3600);
    assert_eq!(files.len(), 1);
    assert!(pictures(&files[0]).is_none_or(|count| count == 180));
}

#[test]
fn sound_that_stays_away_is_silence_and_holds_nothing_up() {
    let folder = tempfile::tempdir().unwrap();
    let fps = testing::fps();
    let sample = |frame: u64| fps.samples(frame, RATE) as usize;
    let mut sound = testing::sounds(0, sample(600), &[sample(90), sample(150), sample(500)]);
    let away = publisher::due(fps, 140)..publisher::due(fps, 400);
    sound.retain(|unit| !away.contains(&unit.pts_us));
    let files = recorded(folder.path(), 9, &sound, -5, 3600);
    assert_eq!(files.len(), 1, "{files:?}");
    let samples = heard(&files[0]);
    let found = clicks(&samples);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].abs_diff(sample(90)) <= 48, "{found:?}");
    assert!(found[1].abs_diff(sample(500)) <= 48, "{found:?}");
    assert!(samples.len() >= sample(540));
}
