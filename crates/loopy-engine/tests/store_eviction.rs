//! Keeping the store within its cap, and what plans need within the store.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    fs::{self, File},
    io::{BufRead, BufReader},
    os::unix::fs::MetadataExt,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, SystemTime},
};

use loopy_core::Hash;
use loopy_engine::store::{Kind, Store, UNCAPPED, default_cap, free_space};
use proptest::prelude::*;

const DIR: &str = "LOOPY_TEST_STORE";
/// Bytes that an object takes beside its payload.
const TRAILER: u64 = 48;

fn key(name: u64) -> Hash {
    Hash::of(&name.to_le_bytes())
}

/// Puts an object of `size` bytes in all that was last used `age` hours ago.
fn put(store: &Store, name: u64, size: u64, age: u64) {
    let bytes = vec![name as u8; (size - TRAILER) as usize];
    store.put(Kind::Segment, &key(name), &bytes).unwrap();
    let used = SystemTime::UNIX_EPOCH + Duration::from_hours(400_000 - age);
    let file = File::open(store.path(Kind::Segment, &key(name))).unwrap();
    file.set_modified(used).unwrap();
}

fn there(store: &Store, names: std::ops::Range<u64>) -> Vec<u64> {
    names
        .filter(|name| store.contains(Kind::Segment, &key(*name)))
        .collect()
}

fn open(dir: &Path, cap: u64) -> Store {
    Store::open(dir, cap).unwrap()
}

#[test]
fn the_least_recently_used_goes_first_and_what_is_used_stays() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), 1600);
    for name in 0..10 {
        put(&store, name, 160, 100 - name);
    }
    assert_eq!(there(&store, 0..10).len(), 10);
    store.get(Kind::Segment, &key(0)).unwrap();
    // One more: down to a sixteenth below the cap.
    put(&store, 10, 160, 0);
    assert_eq!(there(&store, 0..11), [0, 3, 4, 5, 6, 7, 8, 9, 10]);
    // Room asked for beforehand is made beforehand.
    assert_eq!(store.make_room(1000).unwrap(), 160 * 6);
    assert_eq!(there(&store, 0..11), [0, 9, 10]);
}

#[test]
fn a_store_goes_back_under_its_cap_when_what_a_plan_needed_may_go() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), 1600);
    let pinned: Vec<_> = (0..15).map(|name| (Kind::Segment, key(name))).collect();
    let pin = store.pin(&pinned).unwrap();
    // A worker puts the half of it.
    let worker = open(dir.path(), 1600);
    for name in 0..15 {
        let by = if name % 2 == 0 { &store } else { &worker };
        put(by, name, 160, 100 - name);
    }
    assert_eq!(store.trim().unwrap(), 0, "all of it is needed");
    assert_eq!(there(&store, 0..15).len(), 15);
    drop(pin);
    // Down to a sixteenth below the cap, the least recently used first.
    assert_eq!(store.trim().unwrap(), 160 * 6);
    assert_eq!(there(&store, 0..15), (6..15).collect::<Vec<_>>());
    assert_eq!(store.trim().unwrap(), 0);
}

#[test]
fn what_a_plan_pins_is_never_evicted_nor_cleared_even_above_the_cap() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), 1600);
    let pinned: Vec<_> = (0..15).map(|name| (Kind::Segment, key(name))).collect();
    let pin = store.pin(&pinned).unwrap();
    let other = open(dir.path(), 1600);
    for name in 0..15 {
        put(&store, name, 160, 1000);
        put(&other, name + 20, 160, 1);
    }
    assert_eq!(there(&store, 0..15).len(), 15);
    assert!(there(&store, 20..35).len() <= 2);

    let cleared = other.clear(Some(Kind::Segment)).unwrap();
    assert_eq!((cleared.kept, there(&store, 0..50).len()), (15, 15));
    drop(pin);
    let cleared = other.clear(Some(Kind::Sound)).unwrap();
    assert_eq!((cleared.kept, cleared.removed), (0, 0));
    let cleared = other.clear(None).unwrap();
    assert_eq!(
        (cleared.kept, cleared.removed, cleared.bytes),
        (0, 15, 15 * 160)
    );
}

#[test]
fn objects_of_other_processes_count_before_anything_goes() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (open(dir.path(), 16_000), open(dir.path(), 16_000));
    // Each believes that it is alone until it has put a sixteenth of the cap.
    for name in 0..120 {
        let store = if name % 2 == 0 { &one } else { &two };
        put(store, name, 200, 1000 - name);
    }
    let bytes = one.info().unwrap().kinds[0].bytes;
    assert!(bytes <= 16_000 + 2000, "{bytes}");
}

#[test]
fn an_uncapped_store_evicts_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), UNCAPPED);
    put(&store, 1, 1000, 10);
    assert_eq!(store.make_room(u64::MAX).unwrap(), 0);
    assert_eq!(there(&store, 0..2), [1]);
}

#[test]
fn info_counts_every_kind() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), 12_345);
    store.put(Kind::Segment, &key(1), b"12345").unwrap();
    store.put(Kind::Sound, &key(1), b"1").unwrap();
    store.put(Kind::Sound, &key(2), b"").unwrap();
    let info = store.info().unwrap();
    let counted: Vec<_> = info
        .kinds
        .iter()
        .map(|k| (k.kind.name(), k.objects, k.bytes))
        .collect();
    let expected = [
        ("segment", 1, 5 + TRAILER),
        ("analysis", 0, 0),
        ("frames", 0, 0),
        ("sound", 2, 1 + 2 * TRAILER),
    ];
    assert_eq!(counted, expected);
    assert_eq!((info.cap, info.dir.as_path()), (12_345, dir.path()));
}

#[test]
fn the_default_cap_is_at_most_a_fifth_of_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let cap = default_cap(&dir.path().join("not/there/yet"));
    let free = free_space(&dir.path().join("not/there/yet")).unwrap();
    assert!((1..=20 << 30).contains(&cap));
    assert!(cap == 20 << 30 || free <= cap * 5 + 5);
}

/// Whether somebody waits for a lock on `file`.
fn waited_for(file: &File) -> bool {
    let inode = format!(":{} ", file.metadata().unwrap().ino());
    let locks = fs::read_to_string("/proc/locks").unwrap();
    locks
        .lines()
        .any(|line| line.contains("->") && line.contains(&inode))
}

#[test]
fn pins_and_evictions_wait_for_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), 1000);
    put(&store, 1, 600, 10);
    let works: [&(dyn Fn() + Sync); 3] = [
        &|| drop(store.pin(&[]).unwrap()),
        &|| assert_eq!(store.make_room(900).unwrap(), 600),
        &|| assert_eq!(store.clear(None).unwrap().removed, 1),
    ];
    for work in works {
        put(&store, 1, 600, 10);
        // As if another process were at it.
        let lock = File::options()
            .append(true)
            .create(true)
            .open(dir.path().join("lock"));
        let lock = lock.unwrap();
        lock.lock().unwrap();
        thread::scope(|scope| {
            let worker = scope.spawn(work);
            while !waited_for(&lock) {
                assert!(!worker.is_finished());
                thread::yield_now();
            }
            assert_eq!(there(&store, 0..2), [1]);
            lock.unlock().unwrap();
        });
    }
    assert_eq!(there(&store, 0..2), [0; 0]);
}

/// A child of [`pins_of_another_process_count_while_it_lives`]: pins, says so, and stays.
#[test]
fn child() {
    let Some(dir) = env::var_os(DIR) else {
        return;
    };
    let store = open(Path::new(&dir), UNCAPPED);
    let _pin = store.pin(&[(Kind::Segment, key(1))]).unwrap();
    println!("\npinned");
    loop {
        std::thread::park();
    }
}

#[test]
fn pins_of_another_process_count_while_it_lives() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), UNCAPPED);
    put(&store, 1, 100, 10);
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture"])
        .env(DIR, dir.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line == "pinned"));
    let while_it_lives = store.clear(None).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let when_it_is_dead = store.clear(None).unwrap();
    assert_eq!((while_it_lives.kept, while_it_lives.removed), (1, 0));
    assert_eq!((when_it_is_dead.kept, when_it_is_dead.removed), (0, 1));
    assert_eq!(dir.path().join("pins").read_dir().unwrap().count(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// Against a model: eviction removes the oldest unpinned objects, just as many as it must.
    #[test]
    fn eviction_is_the_oldest_unpinned_and_no_more(
        objects in prop::collection::vec((TRAILER..400, 0_u64..50), 0..24),
        pinned in prop::collection::btree_set(0_u64..24, 0..12),
        cap in 400_u64..6000,
        needed in 0_u64..3000,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let filler = open(dir.path(), UNCAPPED);
        let mut left = BTreeMap::new();
        for (name, (size, age)) in objects.iter().enumerate() {
            put(&filler, name as u64, *size, *age);
            left.insert(name as u64, *size);
        }
        let keys: Vec<_> = pinned.iter().map(|name| (Kind::Segment, key(*name))).collect();
        let _pin = filler.pin(&keys).unwrap();

        let mut order: Vec<u64> = left.keys().copied().filter(|name| !pinned.contains(name)).collect();
        order.sort_by_key(|name| (std::cmp::Reverse(objects[*name as usize].1), key(*name)));
        let total = |left: &BTreeMap<u64, u64>| left.values().sum::<u64>();
        let before = total(&left);
        if before + needed > cap {
            let goal = (cap - cap / 16).saturating_sub(needed);
            for name in order {
                if total(&left) <= goal {
                    break;
                }
                left.remove(&name);
            }
        }
        let freed = open(dir.path(), cap).make_room(needed).unwrap();
        prop_assert_eq!(freed, before - total(&left));
        let there: BTreeSet<u64> = there(&filler, 0..24).into_iter().collect();
        prop_assert_eq!(there, left.into_keys().collect::<BTreeSet<_>>());
    }
}
