//! What comes out of the sound timeline, sample by sample, for plans and tones made here.

#![expect(
    clippy::float_cmp,
    reason = "what passes untouched is equal to the bit"
)]

#[path = "sound_output/bed.rs"]
mod bed;
#[path = "sound_output/joints.rs"]
mod joints;
#[path = "sound_output/kit.rs"]
mod kit;
#[path = "sound_output/plans.rs"]
mod plans;
#[path = "sound_output/wrap.rs"]
mod wrap;
