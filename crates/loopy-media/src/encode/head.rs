//! How coarse the first picture of a run is coded, so that quality does not step where runs meet.
//!
//! What all later pictures refer to is coded best: left to x264, a joint that nobody takes shows as a
//! pulse. By how much depends on the pictures. In a clean quiet scene the first picture stands for a
//! long time and has to be good; where noise or motion eats it up, being good only makes it stick out.
//! So the first pictures are coded once on trial, with a middling offset. If quality rises after
//! them, they were too coarse, and the other way round.

use std::ops::Range;

use ffmpeg_sys_the_third as av;
use loopy_core::{Frame, Rate, Size, encode::Settings};

use super::{Encoder, Frames};
use crate::{Error, ffi::AvFrame};

/// Pictures coded on trial.
pub(super) const PICTURES: u32 = 20;
/// With fewer of them than these, nothing can be told.
const FEWEST: u32 = 16;
/// The first of them, and those from here on, are compared.
const FIRST: usize = 4;
const LATER: usize = 12;

/// Rows in a band. Of large pictures every third band is coded on trial, which costs a third; of
/// middling ones every second, and of small ones everything, since a few rows would not stand for
/// the others.
const BAND: u32 = 48;
const MIDDLING: u32 = 288;
const LARGE: u32 = 600;

/// Half steps of the quantiser by which the trial's first picture is coarser than x264 would have it.
const TRIAL: i32 = 6;
/// The choice where quality neither rises nor falls: a little finer than the trial's, since ends of
/// runs are a little better than what the trial can see, by 0.1 dB in the mean of scenes.
const NEUTRAL: i32 = 5;
/// The same where nothing can be told: the middle of what scenes need.
const USUAL: i32 = 3;
/// The finest and the coarsest that is chosen.
const FINEST: i32 = -12;
const COARSEST: i32 = 18;
/// The share of the error that a half step answers to, as measured: 4 steps to 1 dB, but 2 where the
/// squared error of a pixel is above [`ROUGH`] (40 dB), because nearly everything is coded anew there.
const HALF_STEP: f64 = 1.029_200_527;
const ROUGH_HALF_STEP: f64 = 1.059_253_725;
const ROUGH: f64 = 6.5;
/// libavcodec gives quantiser offsets as a share of this many steps.
const QUANTISERS: i32 = 51;

/// How much coarser the first picture of a run of so many frames is to be, in half steps, where they
/// are too few to tell.
pub(super) fn untold(frames: u32) -> Option<i32> {
    (frames < FEWEST).then_some(USUAL)
}

/// How much coarser the first picture of a run that begins with `frames` is to be, in half steps.
///
/// A function of these pictures, the settings, the size and the rate alone; numbers are only added,
/// multiplied and divided, which gives the same result on every machine.
pub(super) fn coarser(settings: &Settings, rate: Rate, frames: &[Frame]) -> Result<i32, Error> {
    let count = frames.len() as u32;
    let Some(first) = frames.first() else {
        return Ok(USUAL);
    };
    let bands = rows(first.size());
    let frames: Vec<Frame> = frames.iter().map(|frame| cut(frame, &bands)).collect();
    let size = frames[0].size();
    // Bands are not the whole picture: what that may take says nothing about them.
    let free = Settings {
        rate: None,
        ..settings.clone()
    };
    let mut encoder = Encoder::new(&free, size, rate, count)?;
    encoder.coarser = Some(TRIAL);
    for frame in &frames {
        encoder.push(frame)?;
    }
    let segment = encoder.finish()?;
    let mut errors = Vec::with_capacity(frames.len());
    for (coded, frame) in Frames::new(&segment)?.zip(&frames) {
        errors.push(error(&coded?, frame));
    }
    let pixels = size.pixels() as f64;
    let mean = |errors: &[u64]| errors.iter().sum::<u64>() as f64 / (errors.len() as f64 * pixels);
    Ok(answer(mean(&errors[..FIRST]), mean(&errors[LATER..])))
}

/// The choice, from the mean squared error of a pixel in the first pictures and in the later ones.
fn answer(first: f64, later: f64) -> i32 {
    if first <= 0.0 || later <= 0.0 {
        return USUAL;
    }
    let step = if first > ROUGH {
        ROUGH_HALF_STEP
    } else {
        HALF_STEP
    };
    let half = step.sqrt();
    let (mut chosen, mut ratio) = (NEUTRAL, first / later);
    while ratio > half && chosen > FINEST {
        ratio /= step;
        chosen -= 1;
    }
    while ratio * half < 1.0 && chosen < COARSEST {
        ratio *= step;
        chosen += 1;
    }
    chosen
}

/// The rows of a picture that are coded on trial.
fn rows(size: Size) -> Vec<Range<u32>> {
    if size.height < MIDDLING {
        return std::iter::once(0..size.height).collect();
    }
    let apart = if size.height < LARGE { 2 } else { 3 };
    (BAND..=size.height - BAND)
        .step_by((apart * BAND) as usize)
        .map(|top| top..top + BAND)
        .collect()
}

/// The bands of a picture, one below the other.
fn cut(frame: &Frame, bands: &[Range<u32>]) -> Frame {
    let (size, height) = (
        frame.size(),
        bands.iter().map(ExactSizeIterator::len).sum::<usize>(),
    );
    let mut cut = Frame::black(Size::new(size.width, height as u32));
    for (plane, (target, source)) in cut.planes_mut().into_iter().zip(frame.planes()).enumerate() {
        let divisor = if plane == 0 { 1 } else { 2 };
        let width = size.width as usize / divisor;
        let mut at = 0;
        for band in bands {
            let (top, end) = (band.start as usize / divisor, band.end as usize / divisor);
            let rows = &source[top * width..end * width];
            target[at..at + rows.len()].copy_from_slice(rows);
            at += rows.len();
        }
    }
    cut
}

/// The sum of squared differences of two lumas.
fn error(a: &Frame, b: &Frame) -> u64 {
    let pairs = a.planes()[0].iter().zip(b.planes()[0]);
    pairs.map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2)).sum()
}

/// Has `picture` coded coarser by so many half steps.
pub(super) fn set(picture: &AvFrame, size: Size, coarser: i32) -> Result<(), Error> {
    let bytes = std::mem::size_of::<av::AVRegionOfInterest>();
    // SAFETY: the frame is ours; libavutil returns NULL or side data with `bytes` bytes, aligned
    // for any type, which are written whole.
    unsafe {
        let side = av::av_frame_new_side_data(
            picture.as_ptr(),
            av::AVFrameSideDataType::REGIONS_OF_INTEREST,
            bytes as _,
        );
        if side.is_null() {
            return Err(Error::Libav {
                what: "set the quality of a key frame",
                why: "out of memory".to_owned(),
            });
        }
        let region = (*side).data.cast::<std::ffi::c_void>();
        region
            .cast::<av::AVRegionOfInterest>()
            .write(av::AVRegionOfInterest {
                self_size: bytes as u32,
                top: 0,
                bottom: size.height as i32,
                left: 0,
                right: size.width as i32,
                qoffset: av::AVRational {
                    num: coarser,
                    den: 2 * QUANTISERS,
                },
            });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_pictures_that_are_worse_than_later_ones_are_coded_finer_and_the_other_way_round() {
        // 1 dB is 4 steps, which are 8 halves, and 2 steps where the picture is rough.
        let one = 10_f64.powf(0.1);
        assert_eq!(answer(1.0, 1.0), NEUTRAL);
        assert_eq!(answer(one, 1.0), NEUTRAL - 8);
        assert_eq!(answer(1.0, one), NEUTRAL + 8);
        assert_eq!(answer(10.0 * one, 10.0), NEUTRAL - 4);
        assert_eq!(answer(10.0, 10.0 * one), NEUTRAL + 4);
        assert_eq!(answer(1e9, 1.0), FINEST);
        assert_eq!(answer(1.0, 1e9), COARSEST);
        assert_eq!(answer(0.0, 0.0), USUAL);
    }

    #[test]
    fn bands_lie_evenly_in_a_picture_and_are_whole() {
        let height = |size: Size| rows(size).iter().map(ExactSizeIterator::len).sum::<usize>();
        assert_eq!(rows(Size::new(1280, 720)).len(), 5);
        assert_eq!(height(Size::new(1280, 720)), 240);
        assert_eq!(height(Size::new(1920, 1080)), 336);
        assert_eq!(height(Size::new(640, 480)), 240);
        assert_eq!(height(Size::new(256, 144)), 144);
        let mut frame = Frame::black(Size::new(4, 300));
        for (at, sample) in frame.planes_mut()[0].iter_mut().enumerate() {
            *sample = (at / 4 % 251) as u8;
        }
        let cut = cut(&frame, &rows(frame.size()));
        assert_eq!(cut.size(), Size::new(4, 144));
        let luma = cut.planes()[0];
        let rows = [0, 47, 48, 95, 96, 143].map(|row| luma[row * 4]);
        assert_eq!(rows, [48, 95, 144, 191, 240, 36]);
    }

    /// A disc that moves slowly over a gradient; `grain` is drawn anew in every picture.
    fn scene(size: Size, grain: u32) -> Vec<Frame> {
        let mut dice = 7_u32;
        let mut picture = |index: u32| {
            let mut frame = Frame::black(size);
            let stride = frame.stride();
            for (at, sample) in frame.planes_mut()[0].iter_mut().enumerate() {
                let (x, y) = ((at % stride) as i32, (at / stride) as i32);
                let (dx, dy) = (x - 60 - index as i32, y - 70);
                let disc = if dx * dx + dy * dy < 900 { 70 } else { 0 };
                dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let noise = (dice >> 16) % (2 * grain + 1);
                *sample = (60 + (x + y) / 3 + disc + noise as i32 - grain as i32) as u8;
            }
            frame
        };
        (0..PICTURES).map(&mut picture).collect()
    }

    #[test]
    fn clean_pictures_begin_finer_than_noisy_ones_and_every_time_alike() {
        let settings = Settings::file(loopy_core::encode::Quality::Good);
        let rate = Rate::new(25, 1).unwrap();
        let choose = |grain| coarser(&settings, rate, &scene(Size::new(192, 144), grain)).unwrap();
        let (clean, noisy) = (choose(0), choose(6));
        assert!(clean + 4 <= noisy, "{clean} {noisy}");
        assert_eq!([choose(0), choose(6)], [clean, noisy]);
        assert_eq!([FEWEST - 1, FEWEST].map(untold), [Some(USUAL), None]);
    }

    #[test]
    fn a_coarser_first_picture_takes_fewer_bytes() {
        let pictures = scene(Size::new(192, 144), 3);
        let bytes = |coarser| {
            let settings = Settings::file(loopy_core::encode::Quality::Good);
            let rate = Rate::new(25, 1).unwrap();
            let count = pictures.len() as u32;
            let mut encoder = Encoder::new(&settings, Size::new(192, 144), rate, count).unwrap();
            encoder.coarser = Some(coarser);
            for picture in &pictures {
                encoder.push(picture).unwrap();
            }
            encoder.finish().unwrap().samples[0].bytes
        };
        let (finest, middling, coarsest) = (bytes(FINEST), bytes(USUAL), bytes(COARSEST));
        assert!(
            finest > middling && middling > coarsest,
            "{finest} {middling} {coarsest}"
        );
    }
}
