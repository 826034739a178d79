use proptest::prelude::*;

use super::*;

fn load(others: f64) -> Load {
    Load {
        cores: 4.0,
        usable: 4.0,
        others: Some(others),
        memory: Some(0.5),
        stalled: Some(0.0),
    }
}

/// The counts of a balance that sees these loads, one a second.
fn counts(balance: &mut Balance, from: u64, loads: impl IntoIterator<Item = Load>) -> Vec<u32> {
    let looks = (from..).zip(loads);
    let steps = looks.map(|(second, load)| {
        balance.step(Duration::from_secs(second), &load, 100);
        balance.count()
    });
    steps.collect()
}

#[test]
fn workers_make_room_for_others_one_by_one_and_come_back() {
    let mut balance = Balance::new(4);
    let busy = counts(&mut balance, 0, [load(2.0); 12]);
    assert_eq!(busy, [4, 4, 3, 3, 3, 2, 2, 2, 2, 2, 2, 2]);
    let calm = counts(&mut balance, 12, [load(0.1); 30]);
    assert_eq!(calm.last(), Some(&4));
    assert!(calm.is_sorted(), "{calm:?}");
    // It took a while to turn round.
    assert_eq!(calm[..8], [2; 8]);
}

#[test]
fn what_lasts_a_moment_changes_nothing() {
    let mut balance = Balance::new(4);
    let spikes = (0..100).map(|second| load(if second % 2 == 0 { 4.0 } else { 0.0 }));
    assert_eq!(counts(&mut balance, 0, spikes), [4; 100]);
}

#[test]
fn scarce_memory_goes_before_free_cores() {
    for poor in [
        Load {
            memory: Some(0.03),
            ..load(0.0)
        },
        Load {
            stalled: Some(30.0),
            ..load(0.0)
        },
    ] {
        let mut balance = Balance::new(3);
        assert_eq!(counts(&mut balance, 0, [poor; 20]).last(), Some(&1));
        // Nor is there one more while it is barely better.
        let barely = Load {
            memory: Some(0.1),
            stalled: Some(4.0),
            ..load(0.0)
        };
        assert_eq!(counts(&mut balance, 20, [barely; 60]).last(), Some(&1));
    }
}

#[test]
fn without_jobs_that_wait_there_is_none_more() {
    let mut balance = Balance::new(2);
    counts(&mut balance, 0, [load(3.5); 5]);
    assert_eq!(balance.count(), 1);
    for second in 100..200 {
        assert_eq!(
            balance.step(Duration::from_secs(second), &load(0.0), 0),
            None
        );
    }
}

#[test]
fn what_is_not_known_changes_nothing() {
    let mut balance = Balance::new(4);
    assert_eq!(counts(&mut balance, 0, [Load::default(); 50]), [4; 50]);
}

#[test]
fn every_step_says_why() {
    let mut balance = Balance::new(2);
    let steps: Vec<_> = (0..5)
        .filter_map(|second| balance.step(Duration::from_secs(second), &load(3.25), 1))
        .collect();
    assert_eq!(steps.len(), 1);
    assert_eq!(steps[0].to, 1);
    assert_eq!(steps[0].why.to_string(), "others use 3.2 cores");
}

fn any_load() -> impl Strategy<Value = Load> {
    (
        prop::option::of(0.0..20.0_f64),
        prop::option::of(0.0..1.0_f64),
        prop::option::of(0.0..100.0_f64),
        1.0..16.0_f64,
    )
        .prop_map(|(others, memory, stalled, cores)| Load {
            cores,
            usable: cores.min(8.0),
            others,
            memory,
            stalled,
        })
}

proptest! {
    /// Any row of looks: the number stays within its bounds, goes one at a time, and turns round
    /// only after a while.
    #[test]
    fn it_never_flaps_and_keeps_its_bounds(
        most in 0..40_u32,
        looks in prop::collection::vec((1..3000_u64, any_load(), 0..3_usize), 1..400),
    ) {
        let mut balance = Balance::new(most);
        let (mut now, mut count) = (Duration::ZERO, balance.count());
        let mut steps: Vec<(Duration, i64)> = Vec::new();
        for (millis, load, waiting) in looks {
            now += Duration::from_millis(millis);
            let change = balance.step(now, &load, waiting);
            prop_assert!((1..=most.max(1)).contains(&balance.count()));
            let by = i64::from(balance.count()) - i64::from(count);
            prop_assert_eq!(change.is_some(), by != 0);
            prop_assert!(by.abs() <= 1);
            count = balance.count();
            if by != 0 {
                if let Some((at, before)) = steps.last() {
                    prop_assert!(*before == by || now - *at >= TURN);
                }
                steps.push((now, by));
            }
        }
    }

    /// A machine that stays as it is: the number comes to rest, and it rests where one worker more
    /// or less would be wrong.
    #[test]
    fn under_a_load_that_stays_it_comes_to_rest(
        most in 1..20_u32,
        first in any_load(),
        then in any_load(),
    ) {
        let mut balance = Balance::new(most);
        counts(&mut balance, 0, vec![first; 50]);
        let row = counts(&mut balance, 50, vec![then; 400]);
        let up = row.is_sorted();
        let down = row.iter().rev().is_sorted();
        prop_assert!(up || down, "{:?}", row);
        prop_assert!(row[250..].iter().all(|count| *count == row[250]));
    }
}
