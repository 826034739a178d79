//! The twelve clips.

use loopy_core::{Rate, Size};

use crate::{
    act::{Gesture, Kind},
    spec::Spec,
};

/// The clips of the library: 1280x720, 30 fps, 3 to 6 s each, 55 s together, unmarked.
///
/// `lumi_idle_03` has no sound. `lumi_idle_03`, `lumi_thinking_01`, `lumi_talking_03` and
/// `lumi_sleep_01` last whole periods of the world, so each joins itself without a step.
/// `lumi_wave_01` and `lumi_nod_01` begin off the beat.
pub fn library() -> Vec<Spec> {
    use Kind::{Blink, Glance, Laugh, Listen, Nod, Sleep, Smile, Talk, Think, Wave};
    let left = Glance { x: -0.9, y: -0.2 };
    let right = Glance { x: 0.8, y: -0.5 };
    let down = Glance { x: 0.3, y: 0.7 };
    vec![
        clip(
            1,
            "idle_01",
            4.0,
            0.0,
            Some(0.0),
            vec![Blink.at(0.7, 0.95), left.at(1.2, 2.5), Blink.at(3.2, 3.45)],
        ),
        clip(
            2,
            "idle_02",
            5.0,
            2.0 / 6.0,
            Some(-6.0),
            vec![Blink.at(0.6, 0.85), right.at(1.1, 2.4), Smile.at(3.0, 4.4)],
        ),
        clip(
            3,
            "idle_03",
            3.0,
            4.0 / 6.0,
            None,
            vec![Blink.at(1.1, 1.35), Blink.at(1.45, 1.7)],
        ),
        clip(
            4,
            "talking_01",
            5.0,
            1.0 / 6.0,
            Some(3.0),
            vec![Talk.at(0.5, 4.4)],
        ),
        clip(
            5,
            "talking_02",
            4.0,
            3.0 / 6.0,
            Some(-3.0),
            vec![Talk.at(0.4, 3.4)],
        ),
        clip(
            6,
            "talking_03",
            6.0,
            5.0 / 6.0,
            Some(5.0),
            vec![Talk.at(0.5, 2.6), Blink.at(2.7, 2.95), Talk.at(3.4, 5.4)],
        ),
        clip(7, "wave_01", 4.0, 0.23, Some(0.0), vec![Wave.at(0.7, 3.2)]),
        clip(
            8,
            "laugh_01",
            4.0,
            2.0 / 6.0,
            Some(6.0),
            vec![Laugh.at(0.6, 3.3)],
        ),
        clip(
            9,
            "listening_01",
            5.0,
            0.0,
            Some(-8.0),
            vec![Listen { side: 1.0 }.at(0.6, 4.3)],
        ),
        clip(
            10,
            "nod_01",
            3.0,
            0.41,
            Some(-2.0),
            vec![Nod.at(0.6, 2.2), Blink.at(2.3, 2.55)],
        ),
        clip(
            11,
            "thinking_01",
            6.0,
            3.0 / 6.0,
            Some(-4.0),
            vec![Blink.at(0.5, 0.75), Think.at(1.0, 5.2)],
        ),
        clip(
            12,
            "sleep_01",
            6.0,
            1.0 / 6.0,
            Some(-10.0),
            vec![down.at(0.4, 1.0), Sleep.at(1.0, 5.5)],
        ),
    ]
}

#[expect(clippy::expect_used, reason = "30/1 is a rate")]
fn clip(
    id: u16,
    name: &str,
    seconds: f32,
    start: f32,
    gain: Option<f32>,
    gestures: Vec<Gesture>,
) -> Spec {
    let rate = Rate::new(30, 1).expect("30/1 is a rate");
    let state = name.split('_').next().unwrap_or(name);
    let mut spec = Spec {
        id,
        name: format!("lumi_{name}"),
        state: state.to_owned(),
        rate,
        frames: (f64::from(seconds) * rate.as_f64()).round() as u32,
        size: Size::new(1280, 720),
        loop_points: Vec::new(),
        seed: u32::from(id) * 7919,
        marks: false,
        start,
        gestures,
        script_seconds: seconds,
        gain,
    };
    spec.find_loop_points();
    spec
}
