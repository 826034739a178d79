//! Segments keep the rules that exact splicing rests on, whatever their length and pictures.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test stops at what must not be"
)]

mod output_common;

use loopy_core::{
    Frame, Rate, Size,
    encode::{Quality, Settings},
};
use loopy_media::{
    Error,
    encode::{self, Encoder, Frames},
    segment::Segment,
};
use output_common::{SIZE, Scene, encode, frames};
use proptest::prelude::*;

fn rate(num: u32, den: u32) -> Rate {
    Rate::new(num, den).unwrap()
}

fn quick(bframes: u8) -> Settings {
    Settings {
        preset: "veryfast".into(),
        bframes,
        ..Settings::file(Quality::Good)
    }
}

#[test]
fn configuration_does_not_depend_on_length_or_pictures() {
    for settings in [quick(3), quick(0), Settings::lossless()] {
        let config = encode(&settings, rate(25, 1), &frames(Scene::Gradient, SIZE, 30)).config;
        for (scene, lengths) in [
            (Scene::Black, &[1, 2, 5, 60, 300][..]),
            (Scene::Noise, &[1, 2, 3, 4, 7, 25]),
            (Scene::Gradient, &[1, 8, 16, 47, 131, 260]),
            (Scene::Flicker, &[12, 90]),
        ] {
            let pictures = frames(scene, SIZE, 300);
            for length in lengths {
                let segment = encode(&settings, rate(25, 1), &pictures[..*length]);
                assert_eq!(segment.config, config, "{scene:?} {length} {settings:?}");
                assert_eq!(segment.frames() as usize, *length);
            }
        }
    }
}

#[test]
fn configuration_is_equal_for_every_length_with_default_settings() {
    let settings = Settings::file(Quality::Good);
    let pictures = frames(Scene::Noise, SIZE, 40);
    let config = encode(&settings, rate(30, 1), &pictures[..9]).config;
    for length in (1..=20).chain([31, 40]) {
        assert_eq!(
            encode(&settings, rate(30, 1), &pictures[..length]).config,
            config,
            "{length}"
        );
    }
}

#[test]
fn lossless_settings_return_every_bit() {
    for (scene, count) in [(Scene::Noise, 9), (Scene::Flicker, 20), (Scene::Noise, 1)] {
        let pictures = frames(scene, SIZE, count);
        let segment = encode(&Settings::lossless(), rate(30, 1), &pictures);
        assert!(encode::decode(&segment).unwrap() == pictures, "{scene:?}");
    }
}

#[test]
fn lossy_frames_come_back_in_display_order() {
    let pictures = frames(Scene::Gradient, SIZE, 50);
    let segment = encode(&quick(3), rate(25, 1), &pictures);
    assert!(segment.delay() > 0, "B-frames are wanted here");
    let mut count = 0;
    for (decoded, picture) in Frames::new(&segment).unwrap().zip(&pictures) {
        let error: u64 = decoded
            .unwrap()
            .data()
            .iter()
            .zip(picture.data())
            .map(|(a, b)| u64::from(a.abs_diff(*b)))
            .sum();
        assert!(error / (picture.data().len() as u64) < 8, "frame {count}");
        count += 1;
    }
    assert_eq!(count, 50);
}

#[test]
fn key_frames_are_evenly_spread_and_never_alone_at_the_end() {
    let settings = Settings {
        key_seconds: 1,
        ..quick(3)
    };
    for count in [1, 2, 24, 25, 26, 27, 49, 50, 51, 52, 76, 101] {
        let segment = encode(
            &settings,
            rate(25, 1),
            &frames(Scene::Gradient, SIZE, count),
        );
        let mut keys: Vec<u32> = segment
            .samples
            .iter()
            .filter(|sample| sample.key)
            .map(|sample| sample.order)
            .collect();
        assert_eq!(keys.len() as u32, count.div_ceil(25), "{count}");
        keys.push(count);
        let gaps: Vec<u32> = keys.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(
            gaps.iter().max().unwrap() - gaps.iter().min().unwrap() <= 1,
            "{gaps:?}"
        );
        assert!(count == 1 || *gaps.last().unwrap() > 1, "{gaps:?}");
    }
}

#[test]
fn the_same_frames_give_the_same_bytes() {
    let pictures = frames(Scene::Flicker, SIZE, 33);
    let twice = [(); 2].map(|()| encode(&quick(3), rate(30_000, 1001), &pictures).to_bytes());
    assert!(twice[0] == twice[1]);
}

/// Rows of 11 macroblocks, which x264's widest instructions do not divide, and of 16.
#[test]
#[cfg(target_os = "linux")]
fn what_lies_on_the_heap_does_not_decide_the_bytes() {
    const CHILD: &str = "LOOPY_TEST_CHILD";
    let name = "what_lies_on_the_heap_does_not_decide_the_bytes";
    if std::env::var_os(CHILD).is_some() {
        let settings = Settings::file(Quality::Good);
        let digests = [176, 256].map(|width| {
            let mut pictures = frames(Scene::Gradient, Size::new(width, 144), 30);
            let mut dice = output_common::Dice(7);
            for pixel in pictures.iter_mut().flat_map(Frame::data_mut) {
                *pixel = pixel.saturating_add((dice.roll() % 9) as u8);
            }
            encode(&settings, rate(30, 1), &pictures)
                .digest()
                .to_string()
        });
        println!("digest {}", digests.concat());
        return;
    }
    // The C library fills what it hands out and takes back with this byte.
    let digests = ["50", "100", "150", "200"].map(|fill| {
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(CHILD, "1")
            .env("MALLOC_PERTURB_", fill)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let (_, digest) = text
            .split_once("digest ")
            .unwrap_or_else(|| panic!("{text}"));
        digest[..128].to_owned()
    });
    assert!(
        digests.iter().all(|digest| *digest == digests[0]),
        "{digests:?}"
    );
}

#[test]
fn a_run_of_one_frame_differs_in_picture_id_from_its_neighbours() {
    let one = encode(&quick(3), rate(25, 1), &frames(Scene::Gradient, SIZE, 1));
    let many = encode(&quick(3), rate(25, 1), &frames(Scene::Gradient, SIZE, 9));
    assert_ne!(idr_pic_id(&one), idr_pic_id(&many));
}

/// `idr_pic_id` of the first slice: after first_mb, slice type, PPS id and the frame number, whose
/// width x264 keeps in the SPS.
fn idr_pic_id(segment: &Segment) -> u32 {
    let (_, unit) = segment.units().next().unwrap();
    let slice = unit
        .windows(5)
        .position(|five| five[4] & 0x1f == 5 && five[0] == 0)
        .unwrap()
        + 5;
    let length = u16::from_be_bytes([segment.config[6], segment.config[7]]) as usize;
    let mut sps = Bits(&segment.config[8 + 4..8 + length], 0);
    assert_eq!(segment.config[1], 100, "a High profile SPS");
    // id, chroma format, two bit depths, bypass, no scaling matrix.
    let _ = (sps.ue(), sps.ue(), sps.ue(), sps.ue(), sps.bit(), sps.bit());
    let frame_number = sps.ue() + 4;
    let mut slice = Bits(&unit[slice..], 0);
    let _ = (slice.ue(), slice.ue(), slice.ue());
    for _ in 0..frame_number {
        slice.bit();
    }
    slice.ue()
}

struct Bits<'a>(&'a [u8], usize);

impl Bits<'_> {
    fn bit(&mut self) -> u32 {
        self.1 += 1;
        u32::from(self.0[(self.1 - 1) / 8] >> (7 - (self.1 - 1) % 8) & 1)
    }

    fn ue(&mut self) -> u32 {
        let mut zeros = 0;
        while self.bit() == 0 {
            zeros += 1;
        }
        (0..zeros).fold(1, |value, _| value << 1 | self.bit()) - 1
    }
}

#[test]
fn wrong_settings_sizes_and_counts_are_refused() {
    let typo = Settings {
        preset: "meduim".into(),
        ..quick(3)
    };
    let error = Encoder::new(&typo, SIZE, rate(25, 1), 3)
        .err()
        .unwrap()
        .to_string();
    assert!(
        error.contains("meduim") && error.contains("veryslow"),
        "{error}"
    );
    assert!(Encoder::new(&quick(3), SIZE, rate(25, 1), 0).is_err());

    let mut encoder = Encoder::new(&quick(3), SIZE, rate(25, 1), 2).unwrap();
    assert!(encoder.push(&Frame::black(Size::new(32, 32))).is_err());
    encoder.push(&Frame::black(SIZE)).unwrap();
    assert!(matches!(encoder.finish(), Err(Error::Segment(why)) if why == "1 of 2 frames came"));

    let mut encoder = Encoder::new(&quick(3), SIZE, rate(25, 1), 1).unwrap();
    encoder.push(&Frame::black(SIZE)).unwrap();
    assert!(encoder.push(&Frame::black(SIZE)).is_err());
}

#[test]
fn x264_tells_its_version() {
    let version = encode::version().unwrap();
    assert!(version.starts_with("x264 - core "), "{version}");
}

#[test]
fn a_segment_survives_the_store() {
    let segment = encode(&quick(3), rate(25, 1), &frames(Scene::Flicker, SIZE, 20));
    let bytes = segment.to_bytes();
    assert_eq!(Segment::from_bytes(&bytes).unwrap(), segment);
    for cut in [0, 7, 20, 40, bytes.len() / 2, bytes.len() - 1] {
        assert!(Segment::from_bytes(&bytes[..cut]).is_err(), "{cut}");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert!(Segment::from_bytes(&longer).is_err());
}

#[test]
fn a_segment_that_breaks_a_rule_is_refused() {
    let whole = encode(&quick(3), rate(25, 1), &frames(Scene::Flicker, SIZE, 9));
    whole.check().unwrap();
    let broken = |change: fn(&mut Segment)| {
        let mut segment = whole.clone();
        change(&mut segment);
        // With a checksum of its own, so that only the rules can refuse it.
        assert!(segment.check().is_err() && Segment::from_bytes(&segment.to_bytes()).is_err());
    };
    broken(|segment| segment.samples.clear());
    broken(|segment| segment.samples[0].key = false);
    broken(|segment| segment.samples[3].key = true);
    broken(|segment| segment.samples[2].order = segment.samples[1].order);
    broken(|segment| segment.samples[2].order = 900);
    broken(|segment| segment.samples[2].bytes += 1);
    broken(|segment| segment.data.push(0));
    broken(|segment| segment.data[3] = 0xff);
    broken(|segment| segment.config[4] = 0xfc);
    // A parameter set inside the first unit.
    broken(|segment| {
        segment.data.splice(0..0, [0, 0, 0, 2, 0x67, 1]);
        segment.samples[0].bytes += 6;
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn damage_in_the_store_is_noticed(at in any::<prop::sample::Index>(), flip in 1_u8..) {
        let mut bytes = stored();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        prop_assert!(Segment::from_bytes(&bytes).is_err());
    }

    #[test]
    fn any_bytes_are_parsed_or_refused(
        body in prop::collection::vec(any::<u8>(), 0..400),
        counts in any::<(u8, u8, u8)>(),
    ) {
        prop_assert!(Segment::from_bytes(&body).is_err());
        // With the right magic, version and checksum, and lengths that are nearly right.
        let mut bytes = b"loopyseg\x01\0\0\0".to_vec();
        bytes.extend(u32::from(counts.0).to_le_bytes());
        bytes.extend(u32::from(counts.1).to_le_bytes());
        bytes.extend(u64::from(counts.2).to_le_bytes());
        bytes.extend(&body);
        bytes.extend(loopy_core::Hash::of(&bytes).as_bytes());
        if let Ok(segment) = Segment::from_bytes(&bytes) {
            prop_assert_eq!(segment.to_bytes(), bytes);
        }
    }
}

fn stored() -> Vec<u8> {
    static STORED: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    let make = || encode(&quick(2), rate(25, 1), &frames(Scene::Flicker, SIZE, 6)).to_bytes();
    STORED.get_or_init(make).clone()
}
