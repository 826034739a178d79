//! The index survives damage, other processes, and other versions of itself.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{env, fs, path::Path, process::Command};

use loopy_core::Hash;
use loopy_engine::index::{Error, Index};

const DIR: &str = "LOOPY_TEST_INDEX";

fn key(n: usize) -> Hash {
    Hash::of(&n.to_le_bytes())
}

fn json(n: usize) -> String {
    format!(
        "{{\"clip\":{n},\"times\":\"{}\"}}",
        "0123456789".repeat(n % 90)
    )
}

fn fill(dir: &Path) {
    let index = Index::open(dir).unwrap();
    for n in 0..60 {
        index.set_clip(&key(n), "v1", &json(n)).unwrap();
    }
    index
        .quarantine(&key(7), "v1", "killed by signal 11")
        .unwrap();
}

/// Opens and reads everything: what is there is right. How many are there.
fn right(dir: &Path) -> usize {
    let index = Index::open(dir).unwrap();
    let known = (0..60).filter(|n| {
        let found = index.clip(&key(*n), "v1").unwrap();
        assert!(found.as_ref().is_none_or(|found| *found == json(*n)));
        found.is_some()
    });
    let known = known.count();
    // And it works.
    index.set_clip(&key(99), "v1", "new").unwrap();
    assert_eq!(index.clip(&key(99), "v1").unwrap().unwrap(), "new");
    index.quarantine(&key(99), "v1", "reason").unwrap();
    assert!(index.quarantined(&key(99), "v1").unwrap().is_some());
    known
}

#[test]
fn what_is_remembered_is_found_by_content_and_version() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path());
    assert_eq!(right(dir.path()), 60);
    let index = Index::open(dir.path()).unwrap();
    assert_eq!(index.clip(&key(1), "v2").unwrap(), None);
    index.set_clip(&key(1), "v1", "other").unwrap();
    assert_eq!(index.clip(&key(1), "v1").unwrap().unwrap(), "other");

    let reason = index.quarantined(&key(7), "v1").unwrap();
    assert_eq!(reason.as_deref(), Some("killed by signal 11"));
    assert_eq!(index.quarantined(&key(7), "v2").unwrap(), None);
    assert!(index.release(&key(7)).unwrap());
    assert!(!index.release(&key(7)).unwrap());
    assert_eq!(index.quarantined(&key(7), "v1").unwrap(), None);

    index.clear().unwrap();
    assert_eq!(index.clip(&key(2), "v1").unwrap(), None);
}

#[test]
fn a_truncated_index_is_rebuilt() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path());
    let path = dir.path().join("index.sqlite");
    let good = fs::read(&path).unwrap();
    for part in 0..24 {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("index.sqlite");
        fs::write(&path, &good[..good.len() * part / 24 + part % 3]).unwrap();
        assert!(right(dir.path()) < 60);
    }
}

#[test]
fn a_changed_byte_never_becomes_a_wrong_answer() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path());
    let good = fs::read(dir.path().join("index.sqlite")).unwrap();
    let mut lost = 0;
    // All over the file, and the head byte by byte; bytes 60..64 are the version of the tables.
    let places = (0..60)
        .step_by(3)
        .chain(64..100)
        .chain((100..good.len()).step_by(613));
    for at in places {
        let dir = tempfile::tempdir().unwrap();
        let mut bad = good.clone();
        bad[at] ^= 0x15;
        fs::write(dir.path().join("index.sqlite"), bad).unwrap();
        lost += 60 - right(dir.path());
    }
    assert!(lost > 0);
}

#[test]
fn an_index_damaged_while_it_is_open_is_set_aside_and_rebuilt() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path());
    let index = Index::open(dir.path()).unwrap();
    assert!(index.clip(&key(1), "v1").unwrap().is_some());
    fs::write(index.path(), "no database at all, to be sure".repeat(2000)).unwrap();
    fs::write(dir.path().join("index.sqlite-wal"), "nonsense").unwrap();
    for n in 0..60 {
        let found = index.clip(&key(n), "v1").unwrap();
        assert!(found.is_none_or(|found| found == json(n)));
    }
    index.set_clip(&key(1), "v1", &json(1)).unwrap();
    assert_eq!(right(dir.path()), 1);
    assert!(dir.path().join("index.sqlite.damaged").exists());
}

#[test]
fn a_rebuild_by_another_process_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path());
    let ours = Index::open(dir.path()).unwrap();
    assert!(ours.clip(&key(1), "v1").unwrap().is_some());
    // What another process does that finds it damaged.
    fs::rename(ours.path(), dir.path().join("index.sqlite.damaged")).unwrap();
    for rest in ["index.sqlite-wal", "index.sqlite-shm"] {
        fs::remove_file(dir.path().join(rest)).unwrap();
    }
    let theirs = Index::open(dir.path()).unwrap();
    ours.set_clip(&key(5), "v1", "ours").unwrap();
    theirs.set_clip(&key(6), "v1", "theirs").unwrap();
    assert_eq!(theirs.clip(&key(5), "v1").unwrap().unwrap(), "ours");
    assert_eq!(ours.clip(&key(6), "v1").unwrap().unwrap(), "theirs");
}

#[test]
fn an_index_of_a_newer_version_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path());
    let path = dir.path().join("index.sqlite");
    let newer = rusqlite::Connection::open(&path).unwrap();
    newer.pragma_update(None, "user_version", 1000).unwrap();
    newer.close().unwrap();
    let before = fs::read(&path).unwrap();
    let error = Index::open(dir.path()).unwrap_err();
    assert!(
        matches!(error, Error::Newer { found: 1000, .. }),
        "{error:?}"
    );
    assert_eq!(fs::read(&path).unwrap(), before);
}

/// A child of [`processes_share_one_index`].
#[test]
fn child() {
    let Some(dir) = env::var_os(DIR) else {
        return;
    };
    let index = Index::open(Path::new(&dir)).unwrap();
    for n in 0..60 {
        index.set_clip(&key(n), "v1", &json(n)).unwrap();
        let found = index.clip(&key(59 - n), "v1").unwrap();
        assert!(found.is_none_or(|found| found == json(59 - n)));
    }
}

#[test]
fn processes_share_one_index() {
    let dir = tempfile::tempdir().unwrap();
    let child = || {
        Command::new(env::current_exe().unwrap())
            .args(["--exact", "child", "--nocapture"])
            .env(DIR, dir.path())
            .spawn()
            .unwrap()
    };
    let children = [child(), child(), child()];
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(right(dir.path()), 60);
    assert!(!dir.path().join("index.sqlite.damaged").exists());
}
