//! Fragments hold what encoders made: read back by another library, and by FFmpeg.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use bytes::Bytes;
use loopy_core::{Rate, Size};
use loopy_live::{
    fmp4,
    hub::{Coding, Rung},
};
use mp4_atom::{Any, Codec, Decode as _, Encode as _, Moov, Trun};

/// A film of one track as FFmpeg fragments it.
struct Film {
    rung: Rung,
    /// Time and duration in microseconds, whether it stands alone, and its bytes.
    units: Vec<(u64, u32, bool, Bytes)>,
}

/// Runs FFmpeg or a tool of it; none where it is not there.
fn tool(name: &str, arguments: &[&str]) -> Option<String> {
    let Ok(output) = Command::new(name).args(arguments).output() else {
        println!("skipped: {name} is not there");
        return None;
    };
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && errors.is_empty(),
        "{name} {arguments:?}: {errors}"
    );
    Some(String::from_utf8(output.stdout).unwrap())
}

fn make(folder: &Path, coding: &[&str]) -> Option<PathBuf> {
    let path = folder.join("film.mp4");
    let inputs = ["-v", "error", "-f", "lavfi", "-i"];
    let flags = ["-movflags", "frag_every_frame+empty_moov+default_base_moof"];
    let file = path.to_str().unwrap();
    let arguments = [&inputs[..], coding, &flags, &[file]].concat();
    tool("ffmpeg", &arguments).map(|_| path)
}

fn boxes(mut bytes: &[u8]) -> Vec<Any> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        all.push(Any::decode(&mut bytes).unwrap());
    }
    all
}

fn rung(moov: &Moov) -> Rung {
    let media = &moov.trak[0].mdia;
    let mut sound = None;
    let mut size = Size::new(0, 0);
    let coding = match &media.minf.stbl.stsd.codecs[0] {
        Codec::Avc1(avc1) => {
            size = Size::new(avc1.visual.width.into(), avc1.visual.height.into());
            let mut record = Vec::new();
            avc1.avcc.encode(&mut record).unwrap();
            Coding::H264 {
                record: Bytes::copy_from_slice(&record[8..]),
            }
        }
        Codec::Opus(opus) => {
            sound = Some((48_000, opus.dops.output_channel_count));
            let mut head = b"OpusHead\x01".to_vec();
            head.push(opus.dops.output_channel_count);
            head.extend(opus.dops.pre_skip.to_le_bytes());
            head.extend(opus.dops.input_sample_rate.to_le_bytes());
            head.extend(opus.dops.output_gain.to_le_bytes());
            head.push(0);
            Coding::Opus { head: head.into() }
        }
        Codec::Mp4a(mp4a) => {
            let specific = mp4a.esds.es_desc.dec_config.dec_specific.as_ref().unwrap();
            sound = Some((media.mdhd.timescale, mp4a.audio.channel_count as u8));
            Coding::Aac {
                config: specific.raw.clone().into(),
            }
        }
        other => panic!("{other:?}"),
    };
    Rung {
        name: "test".to_owned(),
        coding,
        size,
        fps: Rate::new(30, 1).unwrap(),
        bitrate: 1_000_000,
        sound,
    }
}

fn entry(trun: &Trun) -> (u32, u32) {
    let entry = trun.samples.iter().next().unwrap();
    (
        entry.duration.unwrap_or_default(),
        entry.flags.unwrap_or_default(),
    )
}

fn read(path: &Path) -> Film {
    let all = boxes(&std::fs::read(path).unwrap());
    let moov = all.iter().find_map(|it| {
        if let Any::Moov(moov) = it {
            Some(moov)
        } else {
            None
        }
    });
    let moov = moov.unwrap();
    let scale = u64::from(moov.trak[0].mdia.mdhd.timescale);
    let datas = all.iter().filter_map(|it| {
        if let Any::Mdat(mdat) = it {
            Some(mdat)
        } else {
            None
        }
    });
    let heads = all.iter().filter_map(|it| {
        if let Any::Moof(moof) = it {
            Some(&moof.traf[0])
        } else {
            None
        }
    });
    let heads: Vec<_> = heads.collect();
    let time = |at: usize| {
        let ticks = heads
            .get(at)
            .map(|head| head.tfdt.as_ref().unwrap().base_media_decode_time);
        ticks.map(|ticks| ticks * 1_000_000 / scale)
    };
    let units = datas.enumerate().map(|(at, data)| {
        let start = time(at).unwrap();
        let duration = time(at + 1).map_or(20_000, |end| end - start) as u32;
        // Type 5 is an IDR picture; SPS, PPS and SEI stand before it.
        let key = data.data.len() > 4 && nal_types(&data.data).contains(&5);
        (start, duration, key, Bytes::copy_from_slice(&data.data))
    });
    Film {
        rung: rung(moov),
        units: units.collect(),
    }
}

fn nal_types(mut unit: &[u8]) -> Vec<u8> {
    let mut types = Vec::new();
    while let Some((length, rest)) = unit.split_first_chunk() {
        types.extend(rest.first().map(|byte| byte & 31));
        unit = rest
            .get(u32::from_be_bytes(*length) as usize..)
            .unwrap_or_default();
    }
    types
}

/// The same film in our fragments.
fn rewrite(film: &Film, offset: u64, path: &Path) {
    let sound = film.rung.sound;
    let init = match sound {
        Some(_) => fmp4::init_sound(&film.rung),
        None => fmp4::init_picture(&film.rung),
    };
    let mut bytes = init.unwrap().to_vec();
    for (number, (time, duration, key, unit)) in film.units.iter().enumerate() {
        let (number, time) = (number as u32 + 1, time + offset);
        bytes.extend_from_slice(&match sound {
            Some((rate, _)) => fmp4::sound(number, rate, time, *duration, unit),
            None => fmp4::picture(number, *key, time, *duration, unit),
        });
    }
    std::fs::write(path, bytes).unwrap();
}

/// Size and digest of each packet or picture.
fn digests(path: &Path, copy: bool) -> Vec<String> {
    let mut arguments = vec!["-v", "error", "-i", path.to_str().unwrap()];
    arguments.extend_from_slice(if copy { &["-c", "copy"] } else { &[] });
    arguments.extend_from_slice(&["-f", "framemd5", "-"]);
    let text = tool("ffmpeg", &arguments).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let columns = |line: &str| {
        let columns: Vec<_> = line.split(',').map(str::trim).collect();
        columns[4..6].join(" ")
    };
    lines.map(columns).collect()
}

fn same_film(coding: &[&str], codec: &str, decodes: bool) {
    let folder = tempfile::tempdir().unwrap();
    let Some(theirs) = make(folder.path(), coding) else {
        return;
    };
    let film = read(&theirs);
    assert!(film.units.len() > 20);
    assert_eq!(
        loopy_live::protocol::offer::codec(&film.rung).as_deref(),
        Some(codec)
    );
    let ours = folder.path().join("ours.mp4");
    // After 60 days, where 32 bits of microseconds have long been used up.
    let offset = 60 * 24 * 3600 * 1_000_000;
    rewrite(&film, offset, &ours);

    assert_eq!(digests(&ours, true), digests(&theirs, true), "packets");
    if decodes {
        assert_eq!(digests(&ours, false), digests(&theirs, false), "pictures");
    }
    let again = read(&ours);
    let close = |a: u64, b: u64| a.abs_diff(b) <= 21;
    for (a, b) in again.units.iter().zip(&film.units) {
        assert!(close(a.0, b.0 + offset), "{} {}", a.0, b.0);
        assert_eq!((a.2, &a.3), (b.2, &b.3));
    }
    let fields = [
        "-v",
        "error",
        "-show_entries",
        "stream=codec_name,profile,width,height,channels,sample_rate",
    ];
    let probe = |path: &Path| {
        tool(
            "ffprobe",
            &[&fields[..], &[path.to_str().unwrap()]].concat(),
        )
    };
    assert_eq!(probe(&ours), probe(&theirs));
    let keys: Vec<_> = boxes(&std::fs::read(&ours).unwrap())
        .iter()
        .filter_map(|it| {
            if let Any::Moof(moof) = it {
                Some(entry(&moof.traf[0].trun[0]))
            } else {
                None
            }
        })
        .collect();
    let is_sound = film.rung.sound.is_some();
    for ((duration, flags), unit) in keys.iter().zip(&film.units) {
        assert!(*duration > 0);
        assert_eq!(
            flags & 0x1_0000 == 0,
            unit.2 || is_sound,
            "a sync sample stands alone"
        );
    }
}

#[test]
fn pictures_are_the_ones_that_were_encoded() {
    let coding =
        "testsrc2=d=2:s=320x180:r=30 -c:v libx264 -preset veryfast -bf 0 -g 30 -pix_fmt yuv420p";
    let coding: Vec<_> = coding.split(' ').collect();
    same_film(&coding, "avc1.64000d", true);
}

#[test]
fn sound_of_both_codecs_is_what_was_encoded() {
    for (coding, codec) in [
        ("sine=d=2:r=48000 -ac 2 -c:a libopus", "opus"),
        ("sine=d=2:r=48000 -ac 2 -c:a aac", "mp4a.40.2"),
        ("sine=d=2:r=44100 -ac 1 -c:a aac", "mp4a.40.2"),
    ] {
        let coding: Vec<_> = coding.split(' ').collect();
        same_film(&coding, codec, false);
    }
}
