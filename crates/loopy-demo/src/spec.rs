//! What a clip of the library is, and the truth about its frames.

use loopy_core::{Rate, Size};

use crate::{act::Gesture, noise};

/// Beats in a period of the world: loop points lie on them.
const BEATS: u32 = 6;

/// One clip: everything that its pictures and sound depend on.
///
/// Change rate, size or length with the `with_` functions, which keep [`Self::loop_points`] true.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// Number of the clip, as its marks show it; unique in the library.
    pub id: u16,
    /// File stem, such as `lumi_idle_01`.
    pub name: String,
    /// What Lumi is doing, such as `idle`; also part of the name.
    pub state: String,
    /// Frames per second.
    pub rate: Rate,
    /// Frames in the clip.
    pub frames: u32,
    /// Size of the picture; odd sides are rounded down.
    pub size: Size,
    /// Frames on a beat with the neutral pose, with their phase, in order. A cut that leaves one
    /// clip before such a frame and enters another at such a frame of equal phase is invisible.
    pub loop_points: Vec<(u32, f32)>,
    /// Seed of the clip's small variations (syllables, where eyes wander).
    pub seed: u32,
    /// Whether clip and frame number are stamped into every picture ([`crate::mark`]).
    pub marks: bool,
    /// Where the world stands at frame 0, as a fraction of its period.
    pub(crate) start: f32,
    /// What Lumi does; repeats every `script_seconds` when the clip is made longer.
    pub(crate) gestures: Vec<Gesture>,
    /// Seconds after which the gestures repeat.
    pub(crate) script_seconds: f32,
    /// Loudness beside the library's usual, in decibels; `None` is a clip without sound.
    pub(crate) gain: Option<f32>,
}

impl Spec {
    /// The same clip at another rate; its length in seconds stays, to the nearest frame.
    #[must_use]
    pub fn with_rate(mut self, rate: Rate) -> Self {
        let micros = self.rate.micros(u64::from(self.frames)).max(0) as u64;
        self.frames = (rate.frames_in(micros) as u32).max(1);
        self.rate = rate;
        self.find_loop_points();
        self
    }

    /// The same clip at another size.
    #[must_use]
    pub fn with_size(mut self, size: Size) -> Self {
        self.size = size.even();
        self
    }

    /// The same clip with another number of frames (at least 1). A gesture that no longer fits is
    /// left out whole; a longer clip repeats its gestures.
    #[must_use]
    pub fn with_frames(mut self, frames: u32) -> Self {
        self.frames = frames.max(1);
        self.find_loop_points();
        self
    }

    /// Another take of the clip: the world stands elsewhere at its start, gestures are faster or
    /// slower, small things differ. Take 0 is the clip itself.
    #[must_use]
    pub fn with_take(mut self, take: u16) -> Self {
        if take == 0 {
            return self;
        }
        let draw = |what: u32| noise::unit(u32::from(take).wrapping_mul(0x9e37) ^ self.seed, what);
        let (start, pace, seed) = (
            draw(1),
            0.8 + 0.4 * draw(2),
            noise::hash(self.seed, u32::from(take)),
        );
        self.name = format!("{}_take_{take:03}", self.name);
        self.start = start;
        self.seed = seed;
        self.script_seconds *= pace;
        for gesture in &mut self.gestures {
            gesture.start *= pace;
            gesture.length *= pace;
        }
        self.find_loop_points();
        self
    }

    /// The same clip with marks or without.
    #[must_use]
    pub fn with_marks(mut self, marks: bool) -> Self {
        self.marks = marks;
        self
    }

    pub(crate) fn find_loop_points(&mut self) {
        let period = self.period();
        let beats: Vec<u32> = (0..BEATS)
            .map(|beat| (beat * period + BEATS / 2) / BEATS)
            .collect();
        self.loop_points = (0..self.frames)
            .filter(|frame| beats.contains(&self.tick(*frame)) && neutral(self, *frame))
            .map(|frame| (frame, phase(self, frame)))
            .collect();
    }

    /// Frames after which the world repeats: 3 s to the nearest frame.
    pub(crate) fn period(&self) -> u32 {
        (self.rate.frames_in(3_000_000) as u32).max(1)
    }

    /// The frame's place in the period, `0..period`.
    pub(crate) fn tick(&self, frame: u32) -> u32 {
        let start = (self.start * self.period() as f32).round() as u32;
        ((u64::from(start) + u64::from(frame)) % u64::from(self.period())) as u32
    }

    /// Start of the frame in seconds from the beginning of the clip.
    pub(crate) fn seconds(&self, frame: u32) -> f32 {
        (f64::from(frame) / self.rate.as_f64()) as f32
    }

    /// The gestures that fit into the clip, each with its start in seconds from the clip's
    /// beginning.
    pub(crate) fn performed(&self) -> impl Iterator<Item = (f32, &Gesture)> {
        let length = self.seconds(self.frames);
        let rounds = (length / self.script_seconds).ceil().max(1.0) as u32;
        (0..rounds)
            .flat_map(move |round| {
                let shift = round as f32 * self.script_seconds;
                self.gestures
                    .iter()
                    .map(move |gesture| (gesture.start + shift, gesture))
            })
            .filter(move |(start, gesture)| start + gesture.length <= length)
    }
}

/// Where the world stands at `frame`, in 0..1: it advances by `1/P` a frame, where `P` is 3 s
/// rounded to whole frames, and wraps. Also true for `frame == spec.frames`, the frame after the
/// last.
pub fn phase(spec: &Spec, frame: u32) -> f32 {
    spec.tick(frame) as f32 / spec.period() as f32
}

/// Whether Lumi is in the neutral pose at `frame`: no gesture is under way. Also true for
/// `frame == spec.frames`, the frame after the last.
pub fn neutral(spec: &Spec, frame: u32) -> bool {
    let now = spec.seconds(frame);
    spec.performed()
        .all(|(start, gesture)| now <= start || now >= start + gesture.length)
}
