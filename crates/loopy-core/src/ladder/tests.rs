use proptest::prelude::*;

use super::*;

fn ladder(names: &[&str]) -> Ladder {
    let rungs = names.iter().map(|name| Rung {
        name: (*name).to_owned(),
        fix: format!("get {name}"),
        asked: true,
    });
    Ladder::new("work", rungs.collect())
}

fn failed(why: &str) -> Result<(), Fault> {
    Err(Fault::Failed(why.to_owned()))
}

fn place(value: &str) -> Environment {
    Environment::default().with("driver", value)
}

/// Asks until the ladder stands; the rungs of `works` do.
fn stand(ladder: &mut Ladder, environment: &Environment, works: impl Fn(usize) -> bool) -> Next {
    loop {
        match ladder.look(environment) {
            Next::Try(rung) if works(rung) => ladder.found(rung, Ok(())),
            Next::Try(rung) => ladder.found(rung, failed("no")),
            stood => return stood,
        }
    }
}

#[test]
fn the_best_rung_that_works_is_used_and_the_steps_to_it_are_told() {
    let mut ladder = ladder(&["full", "lite", "floor"]);
    let here = place("none");
    assert_eq!(ladder.look(&here), Next::Try(0));
    ladder.found(0, failed("no memory"));
    assert_eq!(ladder.look(&here), Next::Try(1));
    ladder.found(1, Err(Fault::Hung(2500)));
    assert_eq!(ladder.look(&here), Next::Try(2));
    ladder.found(2, Ok(()));
    assert_eq!(ladder.look(&here), Next::Use(2));
    let told: Vec<_> = ladder
        .moves()
        .into_iter()
        .map(|step| match step {
            Move::Down(entry) => [entry.from, entry.to, entry.why, entry.fix],
            Move::Up(entry) => panic!("{entry:?}"),
        })
        .collect();
    assert_eq!(
        told,
        [
            ["full", "lite", "no memory", "get full"],
            ["lite", "floor", "it did not end in 2.5 s", "get lite"],
        ]
    );
    // Asked again, nothing is tried and nothing more is told.
    assert_eq!(ladder.look(&here), Next::Use(2));
    assert!(ladder.moves().is_empty());
}

#[test]
fn steps_for_one_reason_are_one_step() {
    let mut ladder = ladder(&["full", "lite", "cpu", "visual"]);
    stand(&mut ladder, &place("none"), |rung| rung == 3);
    let moves = ladder.moves();
    let [Move::Down(entry)] = &moves[..] else {
        panic!("{moves:?}");
    };
    assert_eq!((&*entry.from, &*entry.to), ("full", "visual"));
}

#[test]
fn what_nobody_asked_for_is_neither_tried_nor_told() {
    let mut ladder = ladder(&["gpu", "floor"]);
    ladder.rungs[0].asked = false;
    assert_eq!(stand(&mut ladder, &place("none"), |_| true), Next::Use(1));
    assert!(ladder.moves().is_empty());
    let state = ladder.state();
    assert_eq!(state.rungs[0].standing, "not asked for");
    assert_eq!(state.rungs[0].climb.as_deref(), Some("get gpu"));
    assert_eq!(state.used.as_deref(), Some("floor"));
}

#[test]
fn a_ladder_climbs_when_something_changed_and_says_what() {
    let mut ladder = ladder(&["gpu", "floor"]);
    stand(&mut ladder, &place("none"), |rung| rung == 1);
    ladder.moves();
    assert_eq!(stand(&mut ladder, &place("550"), |_| true), Next::Use(0));
    let moves = ladder.moves();
    let [Move::Up(entry)] = &moves[..] else {
        panic!("{moves:?}");
    };
    assert_eq!((&*entry.from, &*entry.to), ("floor", "gpu"));
    assert_eq!(entry.why, "driver changed from none to 550");
    // What failed in a place fails there again, without being tried.
    ladder.lost(0, Fault::Failed("gone".to_owned()));
    let tried = std::cell::RefCell::new(Vec::new());
    let works = |rung| {
        tried.borrow_mut().push(rung);
        rung == 1
    };
    for driver in ["550", "none", "550", "none"] {
        assert_eq!(stand(&mut ladder, &place(driver), works), Next::Use(1));
    }
    // The floor alone, once for each change.
    assert_eq!(tried.into_inner(), [1; 4]);
}

#[test]
fn a_rung_that_is_lost_three_times_is_given_up_and_the_floor_never() {
    let mut ladder = ladder(&["gpu", "floor"]);
    for driver in 0..10 {
        let here = place(&driver.to_string());
        if stand(&mut ladder, &here, |_| true) == Next::Use(0) {
            assert!(driver < MOST_FALLS);
            ladder.lost(0, Fault::Panicked("oh".to_owned()));
        }
        assert_eq!(stand(&mut ladder, &here, |_| true), Next::Use(1));
    }
    let state = ladder.state();
    let why = state.rungs[0].why.as_deref().unwrap();
    assert_eq!(
        why,
        "an internal error: oh; it was lost 3 times and is given up"
    );
}

#[test]
fn without_a_rung_that_works_every_failure_is_told() {
    let mut ladder = ladder(&["a", "b"]);
    let here = place("x");
    ladder.look(&here);
    ladder.found(0, Err(Fault::Wrong("blue".to_owned())));
    ladder.found(1, failed("no"));
    assert_eq!(ladder.look(&here), Next::Nothing);
    let faults: Vec<_> = ladder
        .faults()
        .iter()
        .map(|(name, fault)| format!("{name}: {fault}"))
        .collect();
    assert_eq!(faults, ["a: its result is wrong: blue", "b: no"]);
    let last = ladder.moves().pop();
    assert!(matches!(last, Some(Move::Down(entry)) if entry.to == "nothing"));
}

#[test]
fn what_is_known_at_once_is_settled_at_once() {
    let known = |works| Known {
        what: "scaling",
        rungs: vec![
            ("zimg", "install zimg".to_owned(), works),
            ("swscale", String::new(), Ok(())),
        ],
    };
    assert_eq!(known(Ok(())).settle(), (Some(0), Vec::new()));
    let (used, entries) = known(Err("there is none".to_owned())).settle();
    assert_eq!(used, Some(1));
    assert_eq!(entries[0].fix, "install zimg");
}

/// What happens to a ladder.
#[derive(Clone, Debug)]
enum Happening {
    /// The environment is this one of twelve.
    Environment(u8),
    /// From now on these rungs work when they are tried.
    Works(u8),
    /// The rung that is used fails.
    Lost,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        (0..12_u8).prop_map(Happening::Environment),
        any::<u8>().prop_map(Happening::Works),
        Just(Happening::Lost),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_the_best_known_rung_is_used_and_it_never_flaps(
        count in 1..5_usize,
        happenings in proptest::collection::vec(happening(), 0..200),
    ) {
        let names = ["a", "b", "c", "d"];
        let mut ladder = ladder(&names[..count]);
        let (mut here, mut works) = (place("0"), 0_u8);
        let mut ups = [0_u32; 4];
        for happening in happenings {
            match happening {
                Happening::Environment(value) => here = place(&value.to_string()),
                Happening::Works(rungs) => works = rungs,
                Happening::Lost => {
                    if let At::Rung(rung) = ladder.at {
                        ladder.lost(rung, Fault::Failed("lost".to_owned()));
                    }
                }
            }
            let stood = stand(&mut ladder, &here, |rung| {
                works >> rung & 1 == 1
            });
            if let Next::Use(rung) = stood {
                for better in 0..rung {
                    prop_assert!(matches!(ladder.standing[better], Standing::Failed(_)));
                }
            } else {
                prop_assert_eq!(ladder.faults().len(), count);
            }
            for step in ladder.moves() {
                if let Move::Up(entry) = step {
                    let rung = names.iter().position(|name| *name == entry.to);
                    ups[rung.unwrap()] += 1;
                }
            }
        }
        // A rung is climbed once, and again for each time that it or a better one was lost.
        for (rung, ups) in ups[..count - 1].iter().enumerate() {
            prop_assert!(*ups <= 1 + MOST_FALLS * (rung as u32 + 1), "{} {}", rung, ups);
        }
    }
}
