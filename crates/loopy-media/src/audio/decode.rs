//! Sound of a file as one unbroken row of stereo samples at 48 kHz.

use std::{path::Path, ptr};

use ffmpeg_sys_the_third as av;
use loopy_core::limits::Limits;

use crate::{
    Error,
    decode::{
        Decoded, Decoder, STUCK,
        input::{Input, Read},
        usual,
    },
    ffi::{AvFrame, AvPacket, check},
    probe::sound_stream,
};

/// Samples per second of all sound inside.
pub const RATE: u32 = 48_000;
/// Timestamps that are off by less are rounding or jitter, in samples (20 ms).
const JITTER: i128 = RATE as i128 / 50;
/// Timestamps that are off by more are faults of the clock, in samples (10 s).
const JUMP: i128 = RATE as i128 * 10;

/// The sound of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Sound {
    /// Time of the first sample in the container's clock, in microseconds.
    pub start: i64,
    /// Left and right in turn, 48 kHz, full scale at 1.0.
    pub samples: Vec<f32>,
    /// Packets or parts of the file that could not be read or decoded.
    pub faults: u32,
}

/// Decodes the sound of `path`; `None` when it has none.
///
/// Holes in the timestamps become silence and overlaps are cut off, so that sample `n` always
/// belongs to `start + n / 48000`. Any channel layout is mixed down to stereo without clipping;
/// mono keeps its level on both sides.
///
/// # Errors
///
/// [`Error::Open`] when the file cannot be opened, [`Error::Limit`] when it holds more than
/// `limits.sound_seconds`.
pub fn sound(path: &Path, limits: &Limits) -> Result<Option<Sound>, Error> {
    let mut input = Input::open(path, limits)?;
    let Some(index) = sound_stream(&input) else {
        return Ok(None);
    };
    input.select(index);
    let Some(stream) = input.stream(index) else {
        return Ok(None);
    };
    let base = stream.time_base();
    let codec = usual(stream.parameters().codec_id).ok_or(Error::Missing("a decoder"))?;
    let mut decoder = Decoder::open(codec, stream, 1, limits)?;
    let mut row = Row::new(path, limits);
    let (mut packet, mut frame) = (AvPacket::new()?, AvFrame::new()?);
    let mut drained = false;
    let mut stuck = 0;
    loop {
        match decoder.receive(&mut frame) {
            Decoded::Frame => row.take(&frame, base)?,
            Decoded::Fault(_) if stuck > STUCK => break,
            Decoded::Fault(_) => {
                row.faults += 1;
                stuck += 1;
                continue;
            }
            Decoded::End => break,
            Decoded::Hungry if drained => break,
            Decoded::Hungry => match input.read(index, &mut packet) {
                Read::Packet => row.faults += u32::from(decoder.send(Some(&packet)).is_err()),
                Read::Fault(_) => row.faults += 1,
                Read::End => {
                    drained = true;
                    row.faults += u32::from(decoder.send(None).is_err());
                }
            },
        }
        stuck = 0;
    }
    row.finish()
}

/// Length that the container of `path` states, in microseconds; `None` when it states none.
///
/// # Errors
///
/// [`Error::Open`] when the file cannot be opened.
pub fn stated_micros(path: &Path, limits: &Limits) -> Result<Option<i64>, Error> {
    Ok(Input::open(path, limits)?.stated_micros())
}

/// The samples so far and the converter that makes them.
struct Row<'a> {
    path: &'a Path,
    /// Most samples per channel.
    most: u64,
    /// Time of the first sample in microseconds, once known.
    start: Option<i64>,
    /// What is added to the file's timestamps since its clock last jumped.
    shift: i64,
    samples: Vec<f32>,
    /// Samples per channel that overlap with what is there and are still to be left out.
    overlap: usize,
    faults: u32,
    converter: Option<(Make, Converter)>,
}

impl<'a> Row<'a> {
    fn new(path: &'a Path, limits: &Limits) -> Self {
        Self {
            path,
            most: u64::from(limits.sound_seconds) * u64::from(RATE),
            start: None,
            shift: 0,
            samples: Vec::new(),
            overlap: 0,
            faults: 0,
            converter: None,
        }
    }

    fn take(&mut self, frame: &AvFrame, base: av::AVRational) -> Result<(), Error> {
        let raw = frame.as_ptr();
        // SAFETY: a frame that was just decoded; plain fields and its own channel layout.
        let (make, time) = unsafe {
            let make = Make {
                format: av::AVSampleFormat((*raw).format),
                rate: (*raw).sample_rate,
                layout: (*raw).ch_layout.clone(),
            };
            (make, (*raw).best_effort_timestamp)
        };
        if make.rate <= 0 || make.layout.nb_channels <= 0 {
            self.faults += 1;
            return Ok(());
        }
        if time != av::AV_NOPTS_VALUE {
            // SAFETY: pure arithmetic.
            self.align(unsafe { av::av_rescale_q(time, base, av::AV_TIME_BASE_Q) })?;
        }
        if self.converter.as_ref().is_some_and(|(now, _)| *now != make) {
            self.drain()?;
        }
        let converter = match self.converter.take() {
            Some((_, converter)) => converter,
            None => Converter::new(&make)?,
        };
        let (_, converter) = self.converter.insert((make, converter));
        let before = self.samples.len();
        converter.convert(Some(frame), &mut self.samples)?;
        self.cut(before);
        self.check_length(0)
    }

    /// Brings the row to the sample that belongs to `time`, in microseconds.
    fn align(&mut self, time: i64) -> Result<(), Error> {
        let start = *self.start.get_or_insert(time);
        let due = |shift: i64| {
            i128::from(time)
                .saturating_sub(i128::from(start))
                .saturating_add(i128::from(shift))
                * i128::from(RATE)
                / 1_000_000
        };
        let waiting = self
            .converter
            .as_ref()
            .map_or(0, |(_, converter)| converter.delay());
        let done = (self.samples.len() / 2) as i128 + i128::from(waiting) - self.overlap as i128;
        let mut missing = due(self.shift) - done;
        if missing.abs() > JUMP {
            // The clock jumped, the sound did not: it goes on where it was.
            self.faults += 1;
            let micros = -missing * 1_000_000 / i128::from(RATE);
            let shift = i128::from(self.shift) + micros;
            self.shift = shift.clamp(i64::MIN.into(), i64::MAX.into()) as i64;
            missing = 0;
        }
        if missing.abs() <= JITTER {
            return Ok(());
        }
        self.drain()?;
        let due = due(self.shift).max(0) as usize;
        let here = self.samples.len() / 2;
        if due > here {
            self.check_length((due - here) as u64)?;
            self.samples.resize(due * 2, 0.0);
            self.overlap = 0;
        } else {
            self.overlap = here - due;
        }
        Ok(())
    }

    /// Leaves out, of the samples from index `from` on, those that overlap.
    fn cut(&mut self, from: usize) {
        let count = self.overlap.min((self.samples.len() - from) / 2);
        self.samples.drain(from..from + count * 2);
        self.overlap -= count;
    }

    /// Takes what the converter still holds and lets it go.
    fn drain(&mut self) -> Result<(), Error> {
        if let Some((_, mut converter)) = self.converter.take() {
            let before = self.samples.len();
            converter.convert(None, &mut self.samples)?;
            self.cut(before);
        }
        Ok(())
    }

    fn check_length(&self, more: u64) -> Result<(), Error> {
        if (self.samples.len() / 2) as u64 + more > self.most {
            return Err(Error::Limit {
                path: self.path.to_owned(),
                what: "seconds of sound".to_owned(),
                limit: self.most / u64::from(RATE),
            });
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Option<Sound>, Error> {
        self.drain()?;
        let start = self.start.unwrap_or(0);
        let some = !self.samples.is_empty();
        Ok(some.then_some(Sound {
            start,
            samples: self.samples,
            faults: self.faults,
        }))
    }
}

/// Frames of one make share one converter.
#[derive(PartialEq)]
struct Make {
    format: av::AVSampleFormat,
    rate: i32,
    layout: av::AVChannelLayout,
}

/// A libswresample context that ends in interleaved stereo floats at [`RATE`].
struct Converter(*mut av::SwrContext);

impl Converter {
    fn new(make: &Make) -> Result<Self, Error> {
        let channels = make.layout.nb_channels;
        let mut from = make.layout.clone();
        if channels == 1 || from.order == av::AVChannelOrder::UNSPEC {
            // SAFETY: replaces the contents of a valid layout.
            unsafe { av::av_channel_layout_default(&raw mut from, channels) };
        }
        let mut to = av::AV_CHANNEL_LAYOUT_STEREO;
        let mut converter = Self(ptr::null_mut());
        // SAFETY: the layouts outlive the call, which copies them; options are set before init.
        unsafe {
            let code = av::swr_alloc_set_opts2(
                &raw mut converter.0,
                &raw mut to,
                av::AVSampleFormat::FLT,
                RATE as i32,
                &raw mut from,
                make.format,
                make.rate,
                0,
                ptr::null_mut(),
            );
            check(code, "convert sound")?;
            // A sum of channels may be louder than full scale: scale the mix, never clip.
            let swr = converter.0.cast();
            check(
                av::av_opt_set_double(swr, c"rematrix_maxval".as_ptr(), 1.0, 0),
                "convert sound",
            )?;
            if channels == 1 {
                let both = [1.0, 1.0];
                check(
                    av::swr_set_matrix(converter.0, both.as_ptr(), 1),
                    "convert sound",
                )?;
            }
            check(av::swr_init(converter.0), "convert sound")?;
        }
        Ok(converter)
    }

    /// Samples per channel that went in and are not out yet.
    fn delay(&self) -> i64 {
        // SAFETY: the context is initialised.
        unsafe { av::swr_get_delay(self.0, i64::from(RATE)) }
    }

    /// Appends what `frame` (or the end, when `None`) brings out.
    fn convert(&mut self, frame: Option<&AvFrame>, samples: &mut Vec<f32>) -> Result<(), Error> {
        let (data, count) = frame.map_or((ptr::null_mut(), 0), |frame| {
            let raw = frame.as_ptr();
            // SAFETY: plain fields of a valid sound frame.
            unsafe { ((*raw).extended_data, (*raw).nb_samples) }
        });
        // SAFETY: the context is initialised.
        let room = check(
            unsafe { av::swr_get_out_samples(self.0, count) },
            "convert sound",
        )?;
        let before = samples.len();
        samples.resize(before + room as usize * 2, 0.0);
        let mut out = samples[before..].as_mut_ptr().cast::<u8>();
        // SAFETY: `out` has room for that many stereo samples; the input is NULL or has one plane
        // (or one per channel) of `count` samples in the format that the context was made for.
        let got =
            unsafe { av::swr_convert(self.0, &raw mut out, room, data.cast::<*const u8>(), count) };
        samples.truncate(before + got.max(0) as usize * 2);
        check(got, "convert sound").map(|_| ())
    }
}

impl Drop for Converter {
    fn drop(&mut self) {
        // SAFETY: NULL or ours; freed once.
        unsafe { av::swr_free(&raw mut self.0) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: av::AVRational = av::AVRational {
        num: 1,
        den: 48_000,
    };

    #[expect(clippy::cast_ptr_alignment, reason = "rows of samples are aligned")]
    /// A mono frame of 480 samples of `level`, at sample `time`.
    fn frame(time: i64, level: f32) -> AvFrame {
        let frame = AvFrame::new().unwrap();
        let raw = frame.as_ptr();
        // SAFETY: a new frame is given its make, then memory for 480 floats, which are written.
        unsafe {
            (*raw).format = av::AVSampleFormat::FLT.0;
            (*raw).sample_rate = 48_000;
            (*raw).nb_samples = 480;
            (*raw).best_effort_timestamp = time;
            av::av_channel_layout_default(&raw mut (*raw).ch_layout, 1);
            check(av::av_frame_get_buffer(raw, 0), "test").unwrap();
            std::slice::from_raw_parts_mut((*raw).data[0].cast::<f32>(), 480).fill(level);
        }
        frame
    }

    fn row(frames: &[(i64, f32)]) -> Sound {
        let mut row = Row::new(Path::new("test"), &Limits::default());
        for (time, level) in frames {
            row.take(&frame(*time, *level), BASE).unwrap();
        }
        row.finish().unwrap().unwrap()
    }

    #[test]
    fn mono_keeps_its_level_on_both_sides_and_jitter_changes_nothing() {
        let sound = row(&[(4_800, 0.5), (5_290, 0.5), (5_750, 0.5)]);
        assert_eq!(sound.start, 100_000);
        assert_eq!(sound.samples, vec![0.5; 3 * 960]);
    }

    #[test]
    fn a_hole_becomes_silence_of_its_length() {
        let sound = row(&[(0, 0.5), (4_800, 0.25)]);
        assert_eq!(sound.samples.len(), (4_800 + 480) * 2);
        assert_eq!(sound.samples[960..9_600], vec![0.0; 8_640]);
        assert_eq!(sound.samples[9_600..], vec![0.25; 960]);
    }

    #[test]
    fn an_overlap_is_cut_off() {
        let frames: Vec<_> = (0..10)
            .map(|i| (i * 480, 0.5))
            .chain([(3_360, 0.25)])
            .collect();
        let sound = row(&frames);
        // Its 480 samples lie wholly in what is there already.
        assert_eq!(sound.samples, vec![0.5; 9_600]);
        let frames: Vec<_> = frames
            .into_iter()
            .chain([(3_840, 0.1), (4_320, 0.1), (4_800, 0.1)])
            .collect();
        let sound = row(&frames);
        assert_eq!(sound.samples.len(), (4_800 + 480) * 2);
        assert_eq!(sound.samples[9_598..9_602], [0.5, 0.5, 0.1, 0.1]);
    }

    #[test]
    fn a_clock_that_jumps_does_not_break_the_row() {
        let sound = row(&[(0, 0.5), (480_000_000, 0.5), (480_000_480, 0.5), (7, 0.5)]);
        assert_eq!((sound.samples.len(), sound.faults), (4 * 960, 2));
    }

    #[test]
    fn the_limit_on_length_holds() {
        let limits = Limits {
            sound_seconds: 1,
            ..Limits::default()
        };
        let mut row = Row::new(Path::new("test"), &limits);
        row.take(&frame(0, 0.5), BASE).unwrap();
        let error = row.take(&frame(96_000, 0.5), BASE).unwrap_err();
        assert!(matches!(error, Error::Limit { limit: 1, .. }), "{error}");
    }
}
