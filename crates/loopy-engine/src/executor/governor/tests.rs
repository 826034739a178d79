use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use super::*;
use crate::executor::{Cancel, Error, Executor as _, InProcess, Weigh};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// A machine whose figures a test sets.
#[derive(Default)]
struct Figures {
    now: Duration,
    load: Load,
    own: u64,
    workers: u64,
    free: Option<u64>,
}

#[derive(Clone, Default)]
struct Scripted(Arc<Mutex<Figures>>);

impl Scripted {
    fn set(&self, change: impl FnOnce(&mut Figures)) {
        change(&mut lock(&self.0));
    }
}

impl Outlook for Scripted {
    fn now(&self) -> Duration {
        lock(&self.0).now
    }
    fn load(&self) -> Option<(Duration, Load)> {
        let figures = lock(&self.0);
        Some((figures.now, figures.load))
    }
    fn own(&self) -> u64 {
        lock(&self.0).own
    }
    fn workers(&self) -> u64 {
        lock(&self.0).workers
    }
    fn free(&self) -> Option<u64> {
        lock(&self.0).free
    }
}

/// A job with its cost and its need in MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Job(u64, u64);

impl Weigh for Job {
    fn weight(&self) -> Weight {
        Weight {
            cost: self.0,
            need: Need::Bytes(self.1 * MIB),
        }
    }
}

fn jobs<const N: usize>(jobs: [(u64, u64); N]) -> Queue<Job> {
    Mutex::new(queue(jobs.map(|(cost, need)| Job(cost, need)).to_vec()))
}

fn limited(most: usize, mib: u64) -> (Governor, Scripted) {
    let machine = Scripted::default();
    let outlook = Box::new(machine.clone());
    (
        Governor::new(most, false, Some(mib * MIB), Some(outlook)),
        machine,
    )
}

/// What `next` gives within its first two looks.
fn now<'a>(governor: &'a Governor, queue: &Queue<Job>) -> Option<Taken<'a, Job>> {
    let looks = AtomicUsize::new(0);
    let go_on = || looks.fetch_add(1, Ordering::SeqCst) < 2;
    governor.next(queue, false, go_on, || {}).unwrap()
}

#[test]
fn the_longest_job_goes_first_and_of_equals_the_first() {
    let governor = Governor::fixed(9);
    let queue = jobs([(1, 0), (5, 0), (3, 0), (5, 0)]);
    let mut seats = Vec::new();
    let mut order = Vec::new();
    while let Some(taken) = now(&governor, &queue) {
        order.push(taken.index);
        seats.push(taken.seat);
    }
    assert_eq!(order, [1, 3, 2, 0]);
}

#[test]
fn jobs_start_while_their_needs_fit() {
    let (governor, machine) = limited(8, 1024);
    let queue = jobs([(9, 400), (8, 400), (7, 400), (6, 1)]);
    let first = now(&governor, &queue).unwrap();
    let second = now(&governor, &queue).unwrap();
    // The next longest waits, and nothing overtakes it.
    assert!(now(&governor, &queue).is_none());
    drop(second.seat);
    // The program itself has grown meanwhile.
    machine.set(|figures| figures.own = 300 * MIB);
    assert!(now(&governor, &queue).is_none());
    machine.set(|figures| figures.own = 0);
    // A worker holds more than its job said.
    machine.set(|figures| figures.workers = 700 * MIB);
    assert!(now(&governor, &queue).is_none());
    machine.set(|figures| figures.workers = 0);
    let third = now(&governor, &queue).unwrap();
    assert_eq!((first.job, third.job), (Job(9, 400), Job(7, 400)));
}

#[test]
fn whoever_waits_is_told_once_and_can_be_called_off() {
    let (governor, _machine) = limited(8, 1024);
    let queue = jobs([(9, 800), (8, 800)]);
    let first = now(&governor, &queue).unwrap();
    let (told, looks) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let go_on = || looks.fetch_add(1, Ordering::SeqCst) < 4;
    let next = governor.next(&queue, false, go_on, || {
        told.fetch_add(1, Ordering::SeqCst);
    });
    assert!(next.unwrap().is_none());
    assert_eq!(told.load(Ordering::SeqCst), 1);
    drop(first.seat);
    assert!(now(&governor, &queue).is_some());
}

#[test]
fn a_job_that_can_never_run_is_refused_before_anything_starts() {
    let (governor, machine) = limited(2, 1024);
    machine.set(|figures| figures.own = 200 * MIB);
    let executor = InProcess::governed(
        Arc::new(|_: &Job| -> Result<(), String> { panic!("it was begun") }),
        Arc::new(governor),
        Cancel::default(),
    );
    let error = executor
        .run(vec![Job(1, 10), Job(1, 900)], &mut |event| panic!("{event:?}"))
        .unwrap_err();
    let expected = (900 * MIB, 824 * MIB, GIB);
    assert!(
        matches!(error, Error::Memory { need, room, limit } if (need, room, limit) == expected),
        "{error:?}"
    );
    assert_eq!(
        error.to_string(),
        "a job needs about 900 MiB of memory, and of the 1024 MiB that may be used 824 are left for it"
    );
}

#[test]
fn work_pauses_while_the_machine_is_full_of_others() {
    let (governor, machine) = limited(2, 8192);
    machine.set(|figures| figures.free = Some(100 * MIB));
    let queue = jobs([(1, 500)]);
    assert!(now(&governor, &queue).is_none());
    machine.set(|figures| figures.now = Duration::from_secs(29));
    assert!(now(&governor, &queue).is_none());
    machine.set(|figures| figures.free = Some(600 * MIB));
    assert!(now(&governor, &queue).is_some());
}

#[test]
fn on_a_machine_that_stays_full_one_job_is_tried_all_the_same() {
    let (governor, machine) = limited(2, 8192);
    machine.set(|figures| figures.free = Some(100 * MIB));
    let queue = jobs([(1, 500), (1, 500)]);
    assert!(now(&governor, &queue).is_none());
    machine.set(|figures| figures.now = Duration::from_secs(31));
    let first = now(&governor, &queue);
    assert!(first.is_some());
    assert!(now(&governor, &queue).is_none());
}

#[test]
fn what_is_set_aside_and_not_yet_held_counts_as_gone() {
    let (governor, machine) = limited(4, 8192);
    machine.set(|figures| figures.free = Some(1000 * MIB));
    let queue = jobs([(2, 600), (1, 600)]);
    let _first = now(&governor, &queue).unwrap();
    assert!(now(&governor, &queue).is_none());
    machine.set(|figures| {
        figures.workers = 600 * MIB;
        figures.free = Some(700 * MIB);
    });
    assert!(now(&governor, &queue).is_some());
}

#[test]
fn a_job_that_wants_to_be_alone_waits_for_the_others_and_holds_up_new_ones() {
    let (governor, _machine) = limited(4, 1024);
    let queue = jobs([(3, 10), (2, 10), (1, 10)]);
    let (first, second) = (now(&governor, &queue).unwrap(), now(&governor, &queue).unwrap());
    drop(second.seat);
    thread::scope(|scope| {
        let (sender, alone) = mpsc::channel();
        let governor = &governor;
        scope.spawn(move || {
            let seat = governor.alone(|| true);
            sender.send(seat.map(|seat| seat.bytes())).unwrap();
        });
        while lock(&governor.state).patient == 0 {
            thread::yield_now();
        }
        assert!(now(governor, &queue).is_none());
        assert!(alone.try_recv().is_err());
        drop(first);
        // It has all that the program itself leaves.
        assert_eq!(alone.recv().unwrap(), Some((1024 - 128) * MIB));
    });
    assert!(now(&governor, &queue).is_some());
    assert!(governor.alone(|| false).is_none());
}

#[test]
fn the_number_of_workers_follows_the_load_and_says_why() {
    let machine = Scripted::default();
    let outlook = Box::new(machine.clone());
    let governor = Governor::new(2, true, None, Some(outlook));
    let many = jobs([(1, 0); 8]);
    let load = |others| Load {
        cores: 2.0,
        usable: 2.0,
        others: Some(others),
        ..Load::default()
    };
    let first = now(&governor, &many).unwrap();
    let mut others = None;
    for second in 1..=4 {
        machine.set(|figures| {
            figures.now = Duration::from_secs(second);
            figures.load = load(1.0);
        });
        drop(others.take());
        others = now(&governor, &many);
    }
    drop(others);
    assert_eq!(governor.count(), 1);
    assert!(now(&governor, &many).is_none());
    drop(first);
    assert!(now(&governor, &many).is_some());
    let changes = governor.changes();
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].why.to_string(), "others use 1.0 cores");
    // A fixed number stays.
    let fixed = Governor::new(2, false, None, Some(Box::new(machine)));
    let pair = jobs([(1, 0); 8]);
    let _seats = [now(&fixed, &pair).unwrap(), now(&fixed, &pair).unwrap()];
    assert!(now(&fixed, &pair).is_none());
}

#[test]
fn jobs_of_many_threads_never_hold_more_than_the_limit_together() {
    static HELD: AtomicU64 = AtomicU64::new(0);
    static PEAK: AtomicU64 = AtomicU64::new(0);
    let (governor, _machine) = limited(8, 1024);
    let work = |job: &Job| {
        let held = HELD.fetch_add(job.1, Ordering::SeqCst) + job.1;
        PEAK.fetch_max(held, Ordering::SeqCst);
        thread::yield_now();
        HELD.fetch_sub(job.1, Ordering::SeqCst);
        Ok(job.0)
    };
    let executor = InProcess::governed(Arc::new(work), Arc::new(governor), Cancel::default());
    let jobs: Vec<Job> = (0..200).map(|n| Job(n, 50 + n * 37 % 800)).collect();
    let outcomes = executor.run(jobs.clone(), &mut |_| {}).unwrap();
    let expected: Vec<_> = jobs.iter().map(|job| crate::executor::Outcome::Done(job.0)).collect();
    assert_eq!(outcomes, expected);
    let peak = PEAK.load(Ordering::SeqCst);
    assert!((800..=896).contains(&peak), "{peak}");
}
