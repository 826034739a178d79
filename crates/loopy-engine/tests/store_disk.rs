//! Disks that are full or cannot be written: tiny file systems in memory, mounted where the test
//! may mount (as root), and a printed line where it may not.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do"
)]

use std::{
    fs::{self, File},
    path::Path,
    process::Command,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use loopy_core::Hash;
use loopy_engine::{
    index,
    index::Index,
    store::{Error, Kind, Store, UNCAPPED},
};

/// One test at a time: a command that another test is just starting holds our files and locks for
/// a moment, and with them a disk or a pin.
static ALONE: Mutex<()> = Mutex::new(());

/// A mounted file system, gone on drop.
struct Disk {
    dir: tempfile::TempDir,
    _alone: MutexGuard<'static, ()>,
}

impl Disk {
    fn mount(options: &str) -> Option<Self> {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let dir = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "none"])
            .arg(dir.path())
            .output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self { dir, _alone: alone });
        }
        println!("skipped: mounting a file system is not allowed here");
        None
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn remount(&self, options: &str) {
        let done = Command::new("mount")
            .args(["-o", &format!("remount,{options}")])
            .arg(self.path())
            .status();
        assert!(done.unwrap().success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let done = Command::new("umount").arg(self.path()).status();
        assert!(done.unwrap().success());
    }
}

fn key(name: &str) -> Hash {
    Hash::of(name.as_bytes())
}

fn age(store: &Store, name: &str, hours: u64) {
    let file = File::open(store.path(Kind::Segment, &key(name))).unwrap();
    let used = SystemTime::now() - Duration::from_hours(hours);
    file.set_modified(used).unwrap();
}

#[test]
fn a_full_disk_is_met_with_eviction_and_then_with_a_clear_error() {
    let Some(disk) = Disk::mount("size=1m") else {
        return;
    };
    let store = Store::open(disk.path(), UNCAPPED).unwrap();
    let put = |name: &str, len: usize| store.put(Kind::Segment, &key(name), &vec![1; len]);
    let there = |name: &str| store.get(Kind::Segment, &key(name)).unwrap().is_some();
    let pin = store
        .pin(&["needed", "needed too"].map(|name| (Kind::Segment, key(name))))
        .unwrap();
    put("needed", 300_000).unwrap();
    age(&store, "needed", 90);
    put("old", 300_000).unwrap();
    age(&store, "old", 50);
    // Does not fit beside both.
    put("needed too", 500_000).unwrap();
    assert_eq!(
        [there("needed"), there("old"), there("needed too")],
        [true, false, true]
    );

    let streamed = store.put_with(Kind::Sound, &key("sound"), |out| {
        (0..100).try_for_each(|_| out.write_all(&[2; 9000]))
    });
    for result in [put("too much", 600_000), streamed.map(drop)] {
        let error = result.unwrap_err();
        let Error::Full {
            needed,
            free,
            ref dir,
        } = error
        else {
            panic!("{error}");
        };
        assert!(needed > 200_000 && free < 300_000, "{needed} {free}");
        assert_eq!(dir, disk.path());
        let text = error.to_string();
        assert!(
            text.contains("--cache") && text.contains("KiB free"),
            "{text}"
        );
    }
    assert_eq!(fs::read_dir(disk.path().join("tmp")).unwrap().count(), 0);
    assert!(there("needed") && there("needed too"));
    // With the plan gone there is room again.
    drop(pin);
    put("too much", 600_000).unwrap();
    assert!(there("too much"));
}

#[test]
fn a_full_disk_does_not_lose_what_the_index_knows() {
    let Some(disk) = Disk::mount("size=512k") else {
        return;
    };
    let index = Index::open(disk.path()).unwrap();
    index.set_clip(&key("a"), "1", "known").unwrap();
    fs::write(disk.path().join("filler"), vec![0; 1 << 20]).unwrap_err();
    let error = (0..100).find_map(|n| {
        let long = "x".repeat(20_000);
        index.set_clip(&key(&n.to_string()), "1", &long).err()
    });
    assert!(
        matches!(error, Some(index::Error::Full { .. })),
        "{error:?}"
    );
    fs::remove_file(disk.path().join("filler")).unwrap();
    assert_eq!(index.clip(&key("a"), "1").unwrap().unwrap(), "known");
    index.set_clip(&key("b"), "1", "learnt").unwrap();
}

#[test]
fn a_read_only_disk_is_a_clear_error() {
    let Some(disk) = Disk::mount("size=1m") else {
        return;
    };
    let (empty, used) = (disk.path().join("empty"), disk.path().join("used"));
    fs::create_dir(&empty).unwrap();
    drop(Index::open(&used).unwrap());
    drop(Store::open(&used, UNCAPPED).unwrap());
    disk.remount("ro");
    for dir in [&empty, &used, &disk.path().join("missing")] {
        let error = Index::open(dir).unwrap_err();
        assert!(
            matches!(error, index::Error::NotWritable { .. }),
            "{error:?}"
        );
        assert!(error.to_string().contains("--cache"), "{error}");
    }
    let error = Store::open(&empty, UNCAPPED).unwrap_err();
    assert!(
        error.to_string().contains("Read-only file system"),
        "{error}"
    );
    let store = Store::open(&used, UNCAPPED).unwrap();
    let error = store.put(Kind::Sound, &key("a"), b"a").unwrap_err();
    assert!(
        error.to_string().contains("Read-only file system"),
        "{error}"
    );
}
