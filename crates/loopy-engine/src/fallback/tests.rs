use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

use loopy_core::{
    config,
    ladder::{Environment, Move},
};

use super::{rungs::rung, *};
use crate::executor::{Cancel, InProcess, Outcome};

/// Long enough for a thread to begin on a busy machine.
const SHORT: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Works,
    Fails,
    Panics,
    Hangs,
    Lies,
}

const HOWS: [How; 5] = [How::Works, How::Fails, How::Panics, How::Hangs, How::Lies];
const RUNGS: usize = 3;

/// What a rung that works gives; what others give is more.
const MOST: usize = 100;

struct Tried {
    ladder: Ladder<usize>,
    /// How often each rung was tried.
    tries: Arc<[AtomicUsize; RUNGS]>,
    /// Lets what hangs go when it is dropped.
    _hold: Vec<mpsc::Sender<()>>,
}

fn ladder(hows: [How; RUNGS]) -> Tried {
    let tries = Arc::new([const { AtomicUsize::new(0) }; RUNGS]);
    let mut hold = Vec::new();
    let rungs = hows.iter().enumerate().map(|(index, how)| {
        let (sender, receiver) = mpsc::channel::<()>();
        hold.push(sender);
        let (receiver, how) = (Mutex::new(receiver), *how);
        let tries = Arc::clone(&tries);
        rung(
            &format!("rung {index}"),
            &format!("fix {index}"),
            true,
            move || {
                tries[index].fetch_add(1, Ordering::SeqCst);
                match how {
                    How::Works => Ok(index),
                    How::Fails => Err(format!("no {index}")),
                    // As a panic does, without a word on standard error.
                    How::Panics => std::panic::resume_unwind(Box::new(format!("oh {index}"))),
                    How::Hangs => {
                        // Until the test is over.
                        let _over = receiver.lock().unwrap().recv();
                        Ok(index)
                    }
                    How::Lies => Ok(index + MOST),
                }
            },
        )
    });
    let rungs = rungs.collect();
    let check = |value: &usize| match *value {
        0..MOST => Ok(()),
        value => Err(format!("{value} is too much")),
    };
    Tried {
        ladder: Ladder::new("work", &["driver"], rungs, check, SHORT),
        tries,
        _hold: hold,
    }
}

fn place(driver: &str) -> Environment {
    Environment::default().with("driver", driver)
}

/// The words by which the ledger tells how a rung failed.
fn words(how: How, rung: usize) -> String {
    match how {
        How::Works => String::new(),
        How::Fails => format!("no {rung}"),
        How::Panics => format!("an internal error: oh {rung}"),
        How::Hangs => "it did not end in 1 s".to_owned(),
        How::Lies => format!("its result is wrong: {} is too much", rung + MOST),
    }
}

fn all() -> Vec<[How; RUNGS]> {
    let mut all = Vec::new();
    for a in HOWS {
        for b in HOWS {
            for c in HOWS {
                all.push([a, b, c]);
            }
        }
    }
    all
}

#[test]
fn for_every_way_in_which_rungs_fail_the_first_that_works_is_given_and_the_ledger_tells_all() {
    let all = all();
    std::thread::scope(|scope| {
        for hows in all {
            scope.spawn(move || one_combination(hows));
        }
    });
}

fn one_combination(hows: [How; RUNGS]) {
    let tried = ladder(hows);
    let first = hows.iter().position(|how| *how == How::Works);
    let got = tried.ladder.get(&place("none"));
    let failed = first.unwrap_or(RUNGS);
    match (&got, first) {
        (Ok(chosen), Some(first)) => assert_eq!((chosen.rung, chosen.value), (first, first)),
        (Err(nothing), None) => {
            assert_eq!(nothing.tried.len(), RUNGS, "{hows:?}");
            for (rung, (name, why)) in nothing.tried.iter().enumerate() {
                assert_eq!(
                    (name, why),
                    (&format!("rung {rung}"), &words(hows[rung], rung))
                );
            }
            assert_eq!(nothing.fix, "fix 0");
        }
        _ => panic!("{hows:?}: {got:?}"),
    }
    // Every failure is told, in order, each step beginning where the last one ended.
    let mut told = Vec::new();
    for step in tried.ladder.moves() {
        match step {
            Move::Down(entry) => told.push(entry),
            Move::Up(entry) => panic!("{hows:?}: {entry:?}"),
        }
    }
    let mut at = "rung 0".to_owned();
    for entry in &told {
        assert_eq!(entry.from, at, "{hows:?}");
        at.clone_from(&entry.to);
    }
    let last = first.map_or("nothing".to_owned(), |first| format!("rung {first}"));
    assert_eq!(at, last, "{hows:?}");
    for (rung, how) in hows[..failed].iter().enumerate() {
        let why = words(*how, rung);
        assert!(
            told.iter().any(|entry| entry.why == why),
            "{hows:?}: {told:?}"
        );
    }
    // Asked again, nothing is tried again, below what works nothing was tried at all.
    let again = tried.ladder.get(&place("none"));
    assert_eq!(
        got.map(|chosen| chosen.rung),
        again.map(|chosen| chosen.rung)
    );
    assert!(tried.ladder.moves().is_empty());
    for (rung, tries) in tried.tries.iter().enumerate() {
        let wanted = usize::from(rung <= failed);
        assert_eq!(tries.load(Ordering::SeqCst), wanted, "{hows:?}");
    }
}

#[test]
fn a_rung_that_hangs_costs_one_thread_however_often_the_place_changes() {
    let tried = ladder([How::Hangs, How::Works, How::Works]);
    for driver in ["1", "2", "3"] {
        assert_eq!(tried.ladder.get(&place(driver)).unwrap().rung, 1);
    }
    assert_eq!(tried.tries[0].load(Ordering::SeqCst), 1);
    let why = tried.ladder.state().rungs[0].why.clone();
    assert_eq!(why.as_deref(), Some("an earlier try has not ended yet"));
}

#[test]
fn a_rung_that_comes_to_work_is_climbed_when_its_part_of_the_place_changes_and_not_before() {
    let works = Arc::new(AtomicBool::new(false));
    let now = Arc::clone(&works);
    let rungs = vec![
        rung("gpu", "get one", true, move || {
            let works = now.load(Ordering::SeqCst);
            works.then_some(0).ok_or_else(|| "no driver".to_owned())
        }),
        rung("cpu", "", true, || Ok(1)),
    ];
    let ladder = Ladder::new("work", &["driver"], rungs, |_: &i32| Ok(()), SHORT);
    let used = |driver: &str| ladder.get(&place(driver)).unwrap().value;
    assert_eq!(used("none"), 1);
    works.store(true, Ordering::SeqCst);
    assert_eq!(used("none"), 1);
    assert_eq!(used("550"), 0);
    let moves = ladder.moves();
    let [Move::Down(down), Move::Up(up)] = &moves[..] else {
        panic!("{moves:?}");
    };
    assert_eq!((&*down.why, &*down.fix), ("no driver", "get one"));
    assert_eq!(up.why, "driver changed from none to 550");
}

#[test]
fn what_does_not_concern_a_ladder_tries_nothing_again() {
    let tried = ladder([How::Fails, How::Works, How::Works]);
    for ffmpeg in ["5.1", "6.0"] {
        let here = place("none").with("FFmpeg", ffmpeg);
        assert_eq!(tried.ladder.get(&here).unwrap().rung, 1);
    }
    assert_eq!(tried.tries[0].load(Ordering::SeqCst), 1);
}

/// A processor whose first `lives` jobs are done, and which then cannot be started any more.
struct Dying {
    lives: AtomicUsize,
    done: Arc<Mutex<Vec<usize>>>,
}

impl Executor<Job, Done> for Dying {
    fn run(
        &self,
        jobs: Vec<Job>,
        on: &mut dyn FnMut(executor::Event<'_, Done>),
    ) -> Result<Vec<executor::Outcome<Done>>, executor::Error> {
        let mut outcomes = Vec::new();
        for (index, job) in jobs.iter().enumerate() {
            let Job::Try { pairs } = job else {
                panic!("{job:?}");
            };
            assert!(pairs.is_empty());
            if self.lives.load(Ordering::SeqCst) == 0 {
                return Err(executor::Error::Start {
                    command: "loopy worker".to_owned(),
                    why: "no memory".to_owned(),
                });
            }
            self.lives.fetch_sub(1, Ordering::SeqCst);
            self.done.lock().unwrap().push(index);
            let result = Done::Tried { found: Vec::new() };
            on(executor::Event::Finished {
                index,
                result: &result,
            });
            outcomes.push(Outcome::Done(result));
        }
        Ok(outcomes)
    }
}

fn system(config: &str, lives: usize) -> (FallbackSystem, [Arc<Mutex<Vec<usize>>>; 2]) {
    let file = config::File {
        name: "c.yaml",
        bytes: config.as_bytes(),
    };
    let config = config::resolve(Some(file), &[]).unwrap().config;
    let done = [Arc::default(), Arc::default()];
    let [by_workers, basic] = done.clone();
    let makers = Makers {
        workers: Box::new(move || {
            Ok(Arc::new(Dying {
                lives: AtomicUsize::new(lives),
                done: Arc::clone(&by_workers),
            }))
        }),
        basic: Box::new(move || {
            let basic: Arc<Mutex<Vec<usize>>> = Arc::clone(&basic);
            let handler = Arc::new(move |_job: &Job| {
                basic.lock().unwrap().push(0);
                Ok(Done::Tried { found: Vec::new() })
            });
            Ok(Arc::new(InProcess::new(handler, 1, Cancel::default())))
        }),
    };
    (FallbackSystem::new(&config, makers), done)
}

#[test]
fn what_workers_leave_undone_is_done_in_this_process_and_nothing_twice() {
    // One to show that they work, and three jobs.
    let (system, [by_workers, basic]) = system("", 4);
    let jobs = vec![Job::Try { pairs: Vec::new() }; 5];
    let mut finished = Vec::new();
    let outcomes = system
        .run(jobs, &mut |event| {
            if let executor::Event::Finished { index, .. } = event {
                finished.push(index);
            }
        })
        .unwrap();
    assert_eq!(outcomes.len(), 5);
    assert_eq!(finished, [0, 1, 2, 3, 4]);
    assert_eq!(by_workers.lock().unwrap().len(), 4);
    // The two that were left, and one to show that it works.
    assert_eq!(basic.lock().unwrap().len(), 3);
    let ledger = system.ledger();
    assert_eq!(ledger.len(), 1);
    assert_eq!(ledger[0].entry.from, "CPU workers");
    assert_eq!(ledger[0].entry.to, "CPU, in this process");
    assert!(ledger[0].entry.why.contains("no memory"), "{ledger:?}");
    assert!(ledger[0].when.unwrap() > 1_700_000_000);
}

#[test]
fn nothing_is_told_where_nothing_was_asked_for() {
    let (system, _) = system("", 100);
    system.settle().unwrap();
    assert!(system.get_processor().unwrap().value.apart);
    assert_eq!(system.get_scores(), Ok(Scores::Visual));
    assert_eq!(system.ledger(), []);
    let states = system.capabilities();
    let used: Vec<_> = states.iter().map(|state| state.used.as_deref()).collect();
    let first = [Some("CPU workers"), Some("libx264")];
    assert_eq!(used[..2], first);
    assert_eq!(states[0].rungs[0].standing, "not asked for");
}

#[test]
fn what_is_asked_for_and_lacking_is_told_once_with_its_key_and_a_way_out() {
    let on = "features: {ml_enhanced: {enabled: true, model_quality: lite}, \
              gpu_acceleration: {enabled: true}}";
    let (system, _) = system(on, 100);
    system.settle().unwrap();
    system.settle().unwrap();
    let told: Vec<_> = system
        .entries()
        .into_iter()
        .map(|entry| {
            assert!(entry.fix.contains("`features."), "{entry:?}");
            (entry.from, entry.to)
        })
        .collect();
    let told: Vec<_> = told.iter().map(|(from, to)| (&**from, &**to)).collect();
    assert_eq!(
        told,
        [
            ("lite model", "what is measured in the pictures"),
            ("GPU", "CPU workers"),
        ]
    );
}
