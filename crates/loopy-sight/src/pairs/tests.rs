//! Places where clips were parted are found again.

use loopy_core::Clip;
use proptest::prelude::*;

use super::*;
use crate::{features::Features, graph::sample, synthetic};

fn side(features: &Features) -> Side {
    Side::new(features, &clip(features)).unwrap()
}

fn clip(features: &Features) -> Clip {
    sample::clip(0, features.len() as u32, 25)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn clips_of_one_take_rejoin_where_they_meet(
        seed in 0_u32..6,
        starts in (0_u32..150, 0_u32..150),
        lengths in (80_u32..140, 80_u32..140),
    ) {
        let a = synthetic::drift(lengths.0, seed, starts.0);
        let b = synthetic::drift(lengths.1, seed, starts.1);
        let (a, b) = (side(&a), side(&b));
        let found = search(&a, &b);
        // A joint is perfect where both clips show the same moment, one after the other.
        let perfect = (1..=a.until()).any(|from| {
            let to = (starts.0 + from).checked_sub(starts.1);
            to.is_some_and(|to| to < b.until() && a.may_leave(from) && b.may_enter(to))
        });
        if perfect {
            let best = found.best();
            let (left, entered) = (starts.0 + best.from, starts.1 + best.to);
            prop_assert!(left.abs_diff(entered) <= 1, "{:?}: {} {}", best, left, entered);
            prop_assert!(best.cost < 40, "{:?}", best);
        }
    }

    #[test]
    fn matches_are_apart_allowed_and_ordered(
        scenes in (0_u32..3, 0_u32..3),
        starts in (0_u32..100, 0_u32..100),
        lengths in (1_u32..200, 1_u32..200),
    ) {
        let a = side(&synthetic::moving_from(lengths.0, scenes.0, 1.0, starts.0));
        let b = side(&synthetic::moving_from(lengths.1, scenes.1, 1.0, starts.1));
        for (found, a, b, back) in [(search(&a, &b), &a, &b, false), (loops(&a), &a, &a, true)] {
            prop_assert!(found.fits(a, b));
            prop_assert!(found.near.is_sorted());
            for (at, one) in found.near.iter().enumerate() {
                prop_assert!(a.may_leave(one.from) && b.may_enter(one.to), "{:?}", one);
                prop_assert!(!back || one.to < one.from);
                for other in &found.near[..at] {
                    let apart = one.from.abs_diff(other.from).max(one.to.abs_diff(other.to));
                    prop_assert!(apart >= 8, "{:?} {:?}", one, other);
                }
            }
        }
    }
}

#[test]
fn the_end_of_one_half_leads_to_the_start_of_the_other() {
    let (head, tail) = (synthetic::drift(70, 2, 20), synthetic::drift(70, 2, 90));
    let found = search(&side(&head), &side(&tail));
    let other = search(&side(&tail), &side(&head));
    assert!(found.whole.cost < 64, "{found:?}");
    assert!(other.whole.cost > 5 * found.whole.cost.max(20), "{other:?}");
    assert!(found.best().cost <= found.whole.cost);
}

#[test]
fn motion_the_other_way_does_not_match() {
    let take = synthetic::moving(150, 1, 1.0);
    let turned = synthetic::reversed(150, 1, 1.0);
    let right = search(&side(&take), &side(&take)).best();
    let wrong = search(&side(&take), &side(&turned)).best();
    assert!(wrong.cost > 3 * right.cost.max(16), "{right:?} {wrong:?}");
}

#[test]
fn a_long_clip_is_searched_in_strips_without_seams() {
    // The disc stands in the same place every 100 frames.
    let long = side(&synthetic::moving_from(340, 1, 1.0, 0));
    let short = side(&synthetic::moving_from(50, 1, 1.0, 63));
    let found = search(&long, &short);
    assert!(found.near.len() > 4 && found.near[4].cost < 64, "{found:?}");
    for one in found.near.iter().take(5) {
        let turn = (100 + 63 + one.to - one.from % 100) % 100;
        assert!(turn <= 1 || turn == 99, "{one:?}");
    }
}

#[test]
fn static_clips_match_anywhere_and_loops_go_back() {
    let still = side(&synthetic::moving(60, 1, 0.0));
    assert_eq!(search(&still, &still).whole.cost, 0);
    assert!(loops(&still).near.iter().all(|found| found.to < found.from));
}

#[test]
fn a_key_tells_content_and_range() {
    let clip = sample::clip(0, 50, 25);
    let trimmed = Clip {
        first: 3,
        ..clip.clone()
    };
    assert_ne!(key(&clip), key(&trimmed));
    assert_ne!(key(&clip), key(&sample::clip(1, 50, 25)));
}
