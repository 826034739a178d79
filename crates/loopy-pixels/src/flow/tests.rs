//! Flow against motion that is known.

use proptest::prelude::*;

use super::*;

/// Waves of random direction and phase, between 4 and 40 pixels long.
pub(crate) fn texture(seed: u64) -> impl Fn(f64, f64) -> f64 {
    let mut state = seed.wrapping_mul(2) + 1;
    let mut random = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / f64::from(1_u32 << 31)
    };
    let waves: Vec<[f64; 4]> = (0..40)
        .map(|_| {
            let angle = random() * std::f64::consts::TAU;
            let length = 4.0 * 10.0_f64.powf(random());
            let number = std::f64::consts::TAU / length;
            [
                angle.cos() * number,
                angle.sin() * number,
                random() * std::f64::consts::TAU,
                length.sqrt(),
            ]
        })
        .collect();
    let power: f64 = waves.iter().map(|wave| wave[3] * wave[3] / 2.0).sum();
    let gain = 35.0 / power.sqrt();
    move |x, y| {
        let sum: f64 = waves
            .iter()
            .map(|[kx, ky, phase, height]| (kx * x + ky * y + phase).sin() * height)
            .sum();
        128.0 + sum * gain
    }
}

fn picture(width: u32, height: u32, value: impl Fn(f64, f64) -> f64) -> Gray {
    let data = (0..height)
        .flat_map(|y| (0..width).map(move |x| (x, y)))
        .map(|(x, y)| value(f64::from(x), f64::from(y)).round().clamp(0.0, 255.0) as u8)
        .collect();
    Gray::new(width, height, data).unwrap()
}

/// Mean distance from the truth in pixels, over pixels whose way stays inside.
fn end_point_error(field: &Field, truth: impl Fn(f64, f64) -> (f64, f64)) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for y in 0..field.height {
        for x in 0..field.width {
            let (fx, fy) = (x as f64, y as f64);
            let (u, v) = truth(fx, fy);
            let inside = |at: f64, side: usize| at >= 0.0 && at <= (side - 1) as f64;
            if inside(fx + u, field.width) && inside(fy + v, field.height) {
                let at = y * field.width + x;
                sum += (f64::from(field.u[at]) - u).hypot(f64::from(field.v[at]) - v);
                count += 1.0;
            }
        }
    }
    sum / count
}

#[test]
fn known_motion_is_found() {
    let scene = texture(7);
    let centre = (100.0, 60.0);
    let motions: [(&str, [f64; 4], (f64, f64)); 4] = [
        ("shift", [1.0, 0.0, 0.0, 1.0], (5.3, -3.6)),
        ("far shift", [1.0, 0.0, 0.0, 1.0], (-17.5, 9.25)),
        ("turn", [0.9962, -0.0872, 0.0872, 0.9962], (0.0, 0.0)),
        ("zoom", [1.05, 0.0, 0.0, 1.05], (1.0, 0.5)),
    ];
    let a = picture(200, 120, &scene);
    for (name, [xx, xy, yx, yy], (sx, sy)) in motions {
        let move_to = |x: f64, y: f64| {
            let (x, y) = (x - centre.0, y - centre.1);
            (
                xx * x + xy * y + sx + centre.0,
                yx * x + yy * y + sy + centre.1,
            )
        };
        let det = xx * yy - xy * yx;
        let b = picture(200, 120, |x, y| {
            let (x, y) = (x - centre.0 - sx, y - centre.1 - sy);
            scene(
                (yy * x - xy * y) / det + centre.0,
                (xx * y - yx * x) / det + centre.1,
            )
        });
        for (effort, most) in [
            (Effort::Fast, 0.35),
            (Effort::Medium, 0.3),
            (Effort::Fine, 0.15),
        ] {
            let field = dense(&a, &b, effort).unwrap();
            let error = end_point_error(&field, |x, y| {
                let (to_x, to_y) = move_to(x, y);
                (to_x - x, to_y - y)
            });
            println!("{name} {effort:?}: {error:.3} px");
            assert!(error < most, "{name} {effort:?}: {error}");
        }
    }
}

#[test]
fn the_same_picture_does_not_move() {
    let a = picture(96, 64, texture(3));
    for effort in [Effort::Fast, Effort::Medium, Effort::Fine] {
        let field = dense(&a, &a, effort).unwrap();
        let most = field
            .u
            .iter()
            .chain(&field.v)
            .fold(0.0_f32, |m, v| m.max(v.abs()));
        assert!(most < 1e-3, "{effort:?}: {most}");
    }
}

/// A disc moves in front of a ground that stands still.
fn layers(time: f64) -> Gray {
    let (ground, disc) = (texture(21), texture(22));
    picture(200, 120, |x, y| {
        if (x - 80.0 - 12.0 * time).hypot(y - 60.0) < 30.0 {
            disc(x - 12.0 * time, y)
        } else {
            ground(x, y)
        }
    })
}

#[test]
fn what_is_covered_is_not_trusted() {
    let pair = both(&layers(0.0), &layers(1.0), Effort::Fine, None).unwrap();
    let [mut covered, mut seen] = [[0.0; 2]; 2];
    for (index, trust) in pair.forward_trust.iter().enumerate() {
        let (x, y) = ((index % 200) as f64, (index / 200) as f64);
        let (before, after) = ((x - 80.0).hypot(y - 60.0), (x - 92.0).hypot(y - 60.0));
        let count = if before > 31.0 && after < 29.0 {
            &mut covered
        } else if before < 27.0 || after > 36.0 && before > 36.0 {
            &mut seen
        } else {
            continue;
        };
        count[usize::from(Pair::hidden(*trust))] += 1.0;
    }
    let share = |count: [f64; 2]| count[1] / (count[0] + count[1]);
    println!(
        "hidden: covered {:.2}, seen {:.2}",
        share(covered),
        share(seen)
    );
    assert!(share(covered) > 0.8, "{}", share(covered));
    assert!(share(seen) < 0.05, "{}", share(seen));
}

#[test]
fn every_kind_of_machine_finds_the_same_bits() {
    let (a, b) = (layers(0.0), layers(1.0));
    let best = dense(&a, &b, Effort::Fine).unwrap();
    let level = Machine::baseline();
    let base = dispatch!(level, simd => one_way(simd, &a, &b, Effort::Fine));
    assert_eq!(best, base);
}

#[test]
fn pictures_without_flow_are_refused() {
    let a = picture(32, 32, |_, _| 50.0);
    let b = picture(32, 30, |_, _| 50.0);
    assert_eq!(
        dense(&a, &b, Effort::Fast),
        Err(Error::Sizes(32, 32, 32, 30))
    );
    let tiny = picture(40, 15, |_, _| 50.0);
    assert!(matches!(
        dense(&tiny, &tiny, Effort::Fast),
        Err(Error::TooSmall(40, 15))
    ));
    assert!(matches!(
        Gray::new(4, 4, vec![0; 15]),
        Err(Error::Samples(4, 4, 15))
    ));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_smooth_shift_is_found_and_swapped_pictures_move_back(
        seed in 0_u64..1000, shift_x in -9.0_f64..9.0, shift_y in -6.0_f64..6.0,
        bend in -0.8_f64..0.8,
    ) {
        let scene = texture(seed);
        let wave = |along: f64| bend * (along / 25.0).sin();
        let a = picture(112, 80, &scene);
        let b = picture(112, 80, |x, y| scene(x - shift_x - wave(y), y - shift_y));
        let pair = both(&a, &b, Effort::Medium, None).unwrap();
        // What lies at (x, y) in a lies at x + shift + wave of its row there.
        let truth = |_: f64, y: f64| (shift_x + wave(y + shift_y), shift_y);
        let back = |_: f64, y: f64| (-shift_x - wave(y), -shift_y);
        let errors = [
            end_point_error(&pair.forward, truth),
            end_point_error(&pair.backward, back),
        ];
        prop_assert!(errors[0] < 0.6 && errors[1] < 0.6, "{errors:?}");
        let swapped = both(&b, &a, Effort::Medium, None).unwrap();
        prop_assert_eq!(swapped.forward, pair.backward);
        prop_assert_eq!(swapped.backward_trust, pair.forward_trust);
    }
}

#[test]
fn what_could_go_either_way_goes_as_it_went_a_moment_before() {
    // Bars half of their distance apart: a step to the right is as good as one to the left.
    let bars = |shift: f64| {
        picture(320, 180, move |x, y| {
            let along = ((x - shift) / 80.0 * std::f64::consts::TAU).sin();
            128.0 + 60.0 * along + 10.0 * (y / 30.0).sin()
        })
    };
    let way = |pair: &Pair| {
        let across = pair.forward.grid(1, 1)[0].0;
        assert!((30.0..50.0).contains(&across.abs()), "{across}");
        across > 0.0
    };
    let moment = |before: f64, after: f64, near: Option<&Pair>| {
        both(&bars(before), &bars(after), Effort::Fast, near).unwrap()
    };
    for shift in [34.0, -34.0] {
        let clear = moment(0.0, shift, None);
        let further = shift.signum() * 44.0;
        assert_ne!(way(&moment(0.0, further, None)), shift > 0.0);
        assert_eq!(way(&moment(0.0, further, Some(&clear))), shift > 0.0);
    }
}
