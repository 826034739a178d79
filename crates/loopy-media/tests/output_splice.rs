//! Spliced files: every frame is the segment's own, and every timestamp is exact.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at what must not be"
)]

mod output_common;

use std::{
    io,
    path::Path,
    sync::{Arc, Mutex},
};

use loopy_core::{
    Hash, Rate,
    encode::{Quality, Settings},
};
use loopy_media::{
    Error,
    demux::{Kind, Packets},
    encode,
    mux::{Container, Output, Writer},
    segment::{Digest, Segment},
};
use output_common::{Dice, SIZE, Scene, frames, options, run};

const CONTAINERS: [Container; 3] = [Container::Mp4, Container::Mkv, Container::FragmentedMp4];

/// Runs of many lengths and reorder delays that share a configuration.
fn library(fps: Rate) -> Vec<Segment> {
    let settings = Settings {
        preset: "veryfast".into(),
        key_seconds: 2,
        ..Settings::file(Quality::Draft)
    };
    [
        (Scene::Gradient, 40),
        (Scene::Noise, 3),
        (Scene::Flicker, 30),
        (Scene::Gradient, 1),
        (Scene::Black, 17),
        (Scene::Noise, 2),
        (Scene::Gradient, 70),
    ]
    .map(|(scene, count)| output_common::encode(&settings, fps, &frames(scene, SIZE, count)))
    .into()
}

/// A walk over all segments that ends with the run of one frame.
fn walk(library: &[Segment], seed: u64) -> Vec<&Segment> {
    let mut dice = Dice(seed);
    let steps = (0..30).map(|_| &library[dice.roll() as usize % library.len()]);
    library.iter().chain(steps).chain([&library[3]]).collect()
}

fn write(output: Output<'_>, container: Container, fps: Rate, walk: &[&Segment]) -> u64 {
    let mut writer = Writer::create(output, options(container, fps, walk)).unwrap();
    for segment in walk {
        writer.segment(segment).unwrap();
    }
    assert_eq!(
        writer.position(),
        (walk.iter().map(|s| u64::from(s.frames())).sum(), 0)
    );
    writer.finish().unwrap()
}

fn rates() -> [Rate; 3] {
    [(25, 1), (30_000, 1001), (30, 1)].map(|(num, den)| Rate::new(num, den).unwrap())
}

#[test]
fn random_walks_are_exact_in_every_container() {
    let folder = tempfile::tempdir().unwrap();
    for (seed, fps) in (1..).zip(rates()) {
        let library = library(fps);
        let delays: Vec<u32> = library.iter().map(Segment::delay).collect();
        assert!(
            delays.contains(&0) && delays.iter().any(|delay| *delay > 0),
            "{delays:?}"
        );
        let walk = walk(&library, seed);
        for container in CONTAINERS {
            let path = folder.path().join(format!("{container:?}-{seed}"));
            let bytes = write(Output::File(&path), container, fps, &walk);
            assert_eq!(path.metadata().unwrap().len(), bytes);
            check_packets(&path, container, fps, &walk);
            check_frames(&path, &walk);
        }
    }
}

/// Digests, key frames and times of the packets.
fn check_packets(path: &Path, container: Container, fps: Rate, walk: &[&Segment]) {
    let mut packets = Packets::open(path).unwrap();
    let info = packets.video().clone();
    assert_eq!((info.size, &info.config), (SIZE, &walk[0].config));
    let (num, den) = info.time_base;
    // A frame in ticks, as a fraction.
    let (up, down) = (
        i64::from(fps.den()) * i64::from(den),
        i64::from(fps.num()) * i64::from(num),
    );
    let rounded = container == Container::Mkv;
    assert!(rounded || up % down == 0, "steps are not whole");
    let due = |frame: i64| (frame * up * 2 + down).div_euclid(down * 2);
    let (mut shown, mut first) = (Vec::new(), None);
    let mut base = 0;
    let delay = walk
        .iter()
        .map(|segment| i64::from(segment.delay()))
        .max()
        .unwrap();
    for segment in walk {
        let mut digest = Digest::default();
        for sample in &segment.samples {
            let packet = packets.next().unwrap().unwrap();
            assert_eq!(packet.kind, Kind::Video);
            assert_eq!(packet.key, sample.key);
            assert_eq!(
                packet.pts,
                due(base + i64::from(sample.order)),
                "{container:?}"
            );
            let index = shown.len() as i64;
            if rounded {
                // Worked out by the reader, from display times that are rounded.
                let (first, now) = (*first.get_or_insert(packet.dts), due(index));
                assert!((packet.dts - first - now).abs() <= 1, "{index}: {packet:?}");
            } else {
                assert_eq!(packet.dts, due(index - delay), "{container:?}");
            }
            digest.unit(&packet.data);
            shown.push(packet.pts);
        }
        assert_eq!(digest.finish(), segment.digest());
        base += i64::from(segment.frames());
    }
    assert!(packets.next().unwrap().is_none());
    shown.sort_unstable();
    assert!(
        shown
            .iter()
            .enumerate()
            .all(|(frame, pts)| *pts == due(frame as i64))
    );
}

/// What ffmpeg makes of the file, frame by frame, against what each segment decodes to.
fn check_frames(path: &Path, walk: &[&Segment]) {
    let path = path.to_str().unwrap();
    let format = [
        "-show_entries",
        "stream=avg_frame_rate,codec_tag_string,start_time",
        "-of",
        "csv=p=0",
    ];
    if let Some(facts) = run(
        "ffprobe",
        &[&["-v", "error"][..], &format, &[path]].concat(),
    ) {
        let facts = String::from_utf8(facts).unwrap();
        assert!(facts.trim().ends_with("0.000000"), "{facts}");
        assert!(
            path.contains("Mkv") || facts.starts_with("avc1,"),
            "{facts}"
        );
    }
    // At a constant rate a wrong time would repeat a frame or leave one out.
    let raw = ["-v", "error", "-i", path, "-f", "rawvideo", "-"];
    let Some(planes) = run("ffmpeg", &raw) else {
        return;
    };
    let mut known: Vec<(Hash, Vec<u8>)> = Vec::new();
    let mut rest = &planes[..];
    for segment in walk {
        let digest = segment.digest();
        if !known.iter().any(|(known, _)| *known == digest) {
            let own = encode::decode(segment).unwrap();
            known.push((
                digest,
                own.iter()
                    .flat_map(loopy_core::Frame::data)
                    .copied()
                    .collect(),
            ));
        }
        let (_, own) = known.iter().find(|(known, _)| *known == digest).unwrap();
        rest = rest
            .strip_prefix(&own[..])
            .unwrap_or_else(|| panic!("{path}: not the segment's own pictures"));
    }
    assert!(rest.is_empty(), "{path}: {} bytes more", rest.len());
}

#[test]
fn the_index_of_an_mp4_lies_in_front() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mp4");
    let library = library(rates()[0]);
    let walk = walk(&library, 9);
    write(Output::File(&path), Container::Mp4, rates()[0], &walk);
    assert_eq!(boxes(&path)[..2], ["ftyp", "moov"]);
    assert_eq!(boxes(&path).last().unwrap(), "mdat");
    // More frames than were announced: the index goes to the end, and the file is as good.
    let mut few = options(Container::Mp4, rates()[0], &walk);
    few.frames = 1;
    let mut writer = Writer::create(Output::File(&path), few).unwrap();
    let long = walk.repeat(8);
    for segment in &long {
        writer.segment(segment).unwrap();
    }
    writer.finish().unwrap();
    assert_eq!(boxes(&path)[..2], ["ftyp", "free"]);
    assert_eq!(boxes(&path).last().unwrap(), "moov");
    check_packets(&path, Container::Mp4, rates()[0], &long);
}

/// Names of the boxes at the top level, which must fill the file.
fn boxes(path: &Path) -> Vec<String> {
    let bytes = std::fs::read(path).unwrap();
    let (mut names, mut rest) = (Vec::new(), &bytes[..]);
    while !rest.is_empty() {
        let size = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
        names.push(String::from_utf8_lossy(&rest[4..8]).into_owned());
        rest = &rest[size..];
    }
    names
}

#[test]
fn the_same_packets_give_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let library = library(rates()[1]);
    let walk = walk(&library, 5);
    for container in CONTAINERS {
        let twice = ["a", "b"].map(|name| {
            let path = folder.path().join(name);
            write(Output::File(&path), container, rates()[1], &walk);
            std::fs::read(path).unwrap()
        });
        assert!(twice[0] == twice[1], "{container:?}");
    }
}

/// A stream that keeps what it is given, up to a limit.
#[derive(Clone)]
struct Pipe(Arc<Mutex<Vec<u8>>>, usize);

impl io::Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut kept = self.0.lock().unwrap();
        if kept.len() + bytes.len() > self.1 {
            return Err(io::Error::from_raw_os_error(28));
        }
        kept.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_stream_plays_and_comes_out_piece_by_piece() {
    let folder = tempfile::tempdir().unwrap();
    let fps = rates()[2];
    let library = library(fps);
    let walk = walk(&library, 3);
    for container in [Container::FragmentedMp4, Container::Mkv] {
        let pipe = Pipe(Arc::default(), usize::MAX);
        let output = Output::Stream(Box::new(pipe.clone()));
        let mut writer = Writer::create(output, options(container, fps, &walk)).unwrap();
        let (mut last, mut pieces) = (0, 0);
        for segment in &walk {
            writer.segment(segment).unwrap();
            let now = pipe.0.lock().unwrap().len();
            pieces += usize::from(now > last);
            last = now;
        }
        assert!(pieces > 5, "{container:?}: {pieces}");
        let bytes = writer.finish().unwrap();
        let written = pipe.0.lock().unwrap().clone();
        assert_eq!(bytes, written.len() as u64);
        let path = folder.path().join(format!("{container:?}"));
        std::fs::write(&path, written).unwrap();
        check_packets(&path, container, fps, &walk);
        check_frames(&path, &walk);
    }
    let output = Output::Stream(Box::new(Pipe(Arc::default(), 0)));
    let error = Writer::create(output, options(Container::Mp4, fps, &walk))
        .err()
        .unwrap();
    assert!(error.to_string().contains("needs a file"), "{error}");
}

#[test]
fn fragments_start_with_key_frames_about_every_two_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mp4");
    let library = library(rates()[0]);
    let walk = walk(&library, 4);
    write(
        Output::File(&path),
        Container::FragmentedMp4,
        rates()[0],
        &walk,
    );
    let names = boxes(&path);
    assert_eq!(names[..3], ["ftyp", "moov", "moof"]);
    let fragments = names.iter().filter(|name| *name == "moof").count();
    let seconds = walk.iter().map(|segment| segment.frames()).sum::<u32>() / 25;
    let length = f64::from(seconds) / fragments as f64;
    assert!((1.5..3.5).contains(&length), "{length} s");
}

#[test]
fn a_full_disk_is_named_as_the_reason() {
    let library = library(rates()[0]);
    let walk = walk(&library, 6).repeat(4);
    let pipe = Pipe(Arc::default(), 20_000);
    let output = Output::Stream(Box::new(pipe));
    let failed = options(Container::FragmentedMp4, rates()[0], &walk);
    let mut writer = Writer::create(output, failed).unwrap();
    let error = walk
        .iter()
        .find_map(|segment| writer.segment(segment).err())
        .or_else(|| writer.finish().err())
        .unwrap();
    assert!(
        matches!(&error, Error::Write { why, .. } if why.contains("No space")),
        "{error}"
    );
    #[cfg(target_os = "linux")]
    {
        let full = Output::File(Path::new("/dev/full"));
        let mut writer = Writer::create(full, options(Container::Mkv, rates()[0], &walk)).unwrap();
        let error = walk
            .iter()
            .find_map(|segment| writer.segment(segment).err())
            .or_else(|| writer.finish().err())
            .unwrap();
        assert!(error.to_string().contains("/dev/full: No space"), "{error}");
    }
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let library = library(rates()[0]);
    let walk = [&library[0]];
    let path = Path::new("/nonexistent/folder/a.mp4");
    let error = Writer::create(
        Output::File(path),
        options(Container::Mp4, rates()[0], &walk),
    );
    let error = error.err().unwrap().to_string();
    assert!(
        error.contains("/nonexistent/folder/a.mp4: No such file"),
        "{error}"
    );
}

#[test]
fn a_segment_that_does_not_fit_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mp4");
    let library = library(rates()[0]);
    let [plain, late] = [&library[3], &library[0]];
    assert!(plain.delay() < late.delay());
    let mut writer = Writer::create(
        Output::File(&path),
        options(Container::Mp4, rates()[0], &[plain]),
    )
    .unwrap();
    let error = writer.segment(late).unwrap_err().to_string();
    assert!(error.contains("reorder delay"), "{error}");
    let other = output_common::encode(
        &Settings::lossless(),
        rates()[0],
        &frames(Scene::Gradient, SIZE, 2),
    );
    assert!(
        writer
            .segment(&other)
            .unwrap_err()
            .to_string()
            .contains("configuration")
    );
}

#[test]
fn words_and_the_date_survive() {
    let folder = tempfile::tempdir().unwrap();
    let library = library(rates()[0]);
    let walk = [&library[0]];
    for container in CONTAINERS {
        let path = folder.path().join(format!("{container:?}"));
        let mut tagged = options(container, rates()[0], &walk);
        tagged.tags = loopy_media::mux::TAGS
            .map(|key| (key.to_owned(), format!("a {key} ü")))
            .into();
        tagged.created = Some(1_700_000_000);
        let mut writer = Writer::create(Output::File(&path), tagged.clone()).unwrap();
        writer.segment(walk[0]).unwrap();
        writer.finish().unwrap();
        let read = Packets::open(&path).unwrap().video().tags.clone();
        for tag in &tagged.tags {
            assert!(read.contains(tag), "{container:?}: {tag:?} of {read:?}");
        }
        let date = read.iter().find(|(key, _)| key == "creation_time").unwrap();
        assert!(date.1.starts_with("2023-11-14T22:13:20"), "{date:?}");
        tagged.tags.push(("sed".to_owned(), "7".to_owned()));
        let error = Writer::create(Output::File(&path), tagged)
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains("`sed`"), "{error}");
    }
}
