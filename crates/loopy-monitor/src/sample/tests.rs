use super::*;
use crate::{
    NoGpus,
    fake::{Fake, OWN},
};

const STAT: &str = "cpu  100 0 100 800 0 0 0 0 0 0\ncpu0 50 0 50 400\ncpu1 50 0 50 400\n";
const LATER: &str = "cpu  200 0 150 850 0 0 0 0 0 0\ncpu0 50 0 50 400\ncpu1 50 0 50 400\n";

fn sampler(fake: &Fake) -> Sampler {
    let gpus = Box::new(NoGpus("none is asked for".to_owned()));
    Sampler::new(fake.machine(), fake.path(), gpus)
}

fn page() -> u64 {
    rustix::param::page_size() as u64
}

fn ticks() -> u64 {
    rustix::param::clock_ticks_per_second()
}

#[test]
fn rates_are_those_between_two_looks() {
    let fake = Fake::new(&[("/proc/stat", STAT)]);
    fake.process(OWN, 1, 0, 10);
    let mut sampler = sampler(&fake);
    let first = sampler.sample(Duration::from_secs(5));
    assert!(first.cpu.why().unwrap().contains("two looks"));
    let tree = first.tree.known().unwrap();
    assert!(tree.busy.why().unwrap().contains("two looks"));
    assert_eq!((tree.own, tree.workers, tree.count), (10 * page(), 0, 0));
    fake.write("/proc/stat", LATER);
    fake.process(OWN, 1, 3 * ticks(), 12);
    let second = sampler.sample(Duration::from_secs(7));
    let cpu = second.cpu.known().unwrap();
    // 150 of 200 ticks on two cores.
    assert_eq!((cpu.busy, cpu.cores), (1.5, 2));
    let tree = second.tree.known().unwrap();
    assert_eq!(tree.busy, Reading::Known(1.5));
    assert_eq!(tree.own, 12 * page());
}

/// The same family, as a kernel that lists children shows it and as one that does not.
fn family(lists: bool) -> Fake {
    let fake = Fake::new(&[]);
    for (pid, parent, pages) in [
        (1, 0, 1),
        (OWN, 1, 10),
        (7, OWN, 20),
        (300, 7, 40),
        (301, 1, 80),
    ] {
        fake.process(pid, parent, 0, pages);
    }
    if lists {
        fake.children(OWN, "7 ");
        // A second thread may have started another.
        fake.write("/proc/100/task/102/children", "");
        fake.children(7, "300 ");
        fake.children(300, "");
    }
    fake
}

#[test]
fn all_below_us_count_and_nobody_else() {
    for lists in [true, false] {
        let fake = family(lists);
        let sample = sampler(&fake).sample(Duration::ZERO);
        let tree = sample.tree.known().unwrap();
        assert_eq!(tree.own, 10 * page(), "{lists}");
        assert_eq!((tree.workers, tree.count), (60 * page(), 2), "{lists}");
    }
}

#[test]
fn workers_that_come_and_go_are_seen() {
    for lists in [true, false] {
        let fake = family(lists);
        let mut sampler = sampler(&fake);
        sampler.sample(Duration::ZERO);
        fake.process(400, OWN, 0, 5);
        fake.remove("/proc/300");
        if lists {
            fake.children(OWN, "7 400");
            fake.children(400, "");
        }
        let sample = sampler.sample(Duration::from_secs(1));
        let tree = sample.tree.known().unwrap();
        assert_eq!((tree.workers, tree.count), (25 * page(), 2), "{lists}");
    }
}

#[test]
fn a_stranger_is_read_once() {
    let fake = family(false);
    let mut sampler = sampler(&fake);
    sampler.sample(Duration::ZERO);
    // It would be ours now, were it read again.
    fake.process(301, OWN, 0, 80);
    let tree = sampler.sample(Duration::from_secs(1)).tree;
    assert_eq!(tree.known().unwrap().count, 2);
}

#[test]
fn counters_that_go_back_are_no_negative_rate() {
    let fake = Fake::new(&[("/proc/stat", LATER)]);
    fake.process(OWN, 1, 5 * ticks(), 1);
    let mut sampler = sampler(&fake);
    sampler.sample(Duration::from_secs(5));
    fake.write("/proc/stat", STAT);
    fake.process(OWN, 1, 0, 1);
    // A clock that jumps back does no harm either.
    let sample = sampler.sample(Duration::from_secs(4));
    assert!(sample.cpu.why().is_some());
    let busy = &sample.tree.known().unwrap().busy;
    assert!(busy.why().is_some());
    let sample = sampler.sample(Duration::from_secs(5));
    assert_eq!(sample.tree.known().unwrap().busy, Reading::Known(0.0));
}

#[test]
fn without_proc_every_field_has_its_reason_and_nothing_fails() {
    let fake = Fake::new(&[]);
    let sample = sampler(&fake).sample(Duration::ZERO);
    for why in [
        sample.cpu.why(),
        sample.tree.why(),
        sample.memory.why(),
        sample.limit.why(),
        sample.cpu_pressure.why(),
        sample.memory_pressure.why(),
        sample.io_pressure.why(),
    ] {
        assert!(why.unwrap().contains("there is no"), "{why:?}");
    }
    assert_eq!(sample.gpus.why(), Some("none is asked for"));
    assert!(sample.disk.known().is_some());
    let text = serde_json::to_string(&sample).unwrap();
    assert_eq!(serde_json::from_str::<Sample>(&text).unwrap(), sample);
}

#[test]
fn a_file_that_may_not_be_read_is_told_apart() {
    use std::{fs, os::unix::fs::PermissionsExt as _};
    let fake = Fake::new(&[("/proc/meminfo", "MemTotal: 1 kB\n")]);
    let file = fake.path().join("proc/meminfo");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&file).is_ok() {
        // The superuser may read everything; a folder stands for what nobody may.
        fs::remove_file(&file).unwrap();
        fs::create_dir(&file).unwrap();
    }
    let sample = sampler(&fake).sample(Duration::ZERO);
    let why = sample.memory.why().unwrap();
    assert!(
        why.contains("meminfo") && !why.contains("there is no"),
        "{why}"
    );
}

#[test]
fn this_machine_can_be_looked_at() {
    let gpus = Box::new(NoGpus("none is asked for".to_owned()));
    let mut sampler = Sampler::new(crate::Machine::default(), ".", gpus);
    let sample = sampler.sample(Duration::ZERO);
    if cfg!(target_os = "linux") {
        assert!(sample.memory.known().unwrap().total > 1 << 20);
        assert!(sample.tree.known().unwrap().own > 1 << 20);
    }
}
