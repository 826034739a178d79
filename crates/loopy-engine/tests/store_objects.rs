//! Objects of the store: whole or not there.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    env, fs,
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
    process::Command,
    time::{Duration, SystemTime},
};

use loopy_core::Hash;
use loopy_engine::store::{Error, Kind, Store, UNCAPPED};

const DIR: &str = "LOOPY_TEST_STORE";

fn store() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("store"), UNCAPPED).unwrap();
    (dir, store)
}

fn temporary_files(store: &Store) -> usize {
    fs::read_dir(store.dir().join("tmp")).unwrap().count()
}

/// Bytes that differ for every `seed`.
fn payload(seed: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    blake3::Hasher::new()
        .update(&seed.to_le_bytes())
        .finalize_xof()
        .fill(&mut bytes);
    bytes
}

#[test]
fn what_is_put_is_got_until_it_is_cleared() {
    let (_dir, store) = store();
    let hash = Hash::of(b"recipe");
    assert_eq!(store.get(Kind::Segment, &hash).unwrap(), None);
    assert!(!store.contains(Kind::Segment, &hash));
    assert_eq!(store.size(Kind::Segment, &hash), None);

    for bytes in [&b""[..], b"first", b"replaced by a longer one"] {
        store.put(Kind::Segment, &hash, bytes).unwrap();
        assert_eq!(store.get(Kind::Segment, &hash).unwrap().unwrap(), bytes);
        assert_eq!(store.size(Kind::Segment, &hash), Some(bytes.len() as u64));
    }
    assert!(store.contains(Kind::Segment, &hash));
    assert!(!store.contains(Kind::Frames, &hash));
    assert_eq!(store.clear(None).unwrap().removed, 1);
    assert_eq!(store.get(Kind::Segment, &hash).unwrap(), None);
    assert_eq!(temporary_files(&store), 0);
}

#[test]
fn any_changed_or_missing_byte_is_noticed_and_the_object_removed() {
    let (_dir, store) = store();
    let hash = Hash::of(b"recipe");
    store.put(Kind::Sound, &hash, b"some sound").unwrap();
    let path = store.path(Kind::Sound, &hash);
    let good = fs::read(&path).unwrap();
    let mut bad: Vec<Vec<u8>> = (0..good.len()).map(|len| good[..len].to_vec()).collect();
    for bit in 0..good.len() * 8 {
        let mut flipped = good.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        bad.push(flipped);
    }
    bad.push([&good[..], b"\0"].concat());
    bad.push([&good[..], &good[..]].concat());
    for (count, bytes) in bad.iter().enumerate() {
        fs::write(&path, bytes).unwrap();
        if count % 2 == 0 {
            assert_eq!(store.get(Kind::Sound, &hash).unwrap(), None);
        } else {
            assert!(store.open_reader(Kind::Sound, &hash).unwrap().is_none());
        }
        assert!(!path.exists());
        assert_eq!(store.damaged(), count as u64 + 1);
    }
    fs::write(&path, &good).unwrap();
    assert!(store.get(Kind::Sound, &hash).unwrap().is_some());
}

#[test]
fn an_object_under_another_name_or_kind_is_no_object() {
    let (_dir, store) = store();
    let (one, two) = (Hash::of(b"one"), Hash::of(b"two"));
    store.put(Kind::Segment, &one, b"one").unwrap();
    store.put(Kind::Segment, &two, b"two").unwrap();
    store.put(Kind::Frames, &one, b"frames").unwrap();
    fs::copy(
        store.path(Kind::Segment, &one),
        store.path(Kind::Segment, &two),
    )
    .unwrap();
    fs::copy(
        store.path(Kind::Segment, &one),
        store.path(Kind::Frames, &one),
    )
    .unwrap();
    assert_eq!(store.get(Kind::Segment, &two).unwrap(), None);
    assert_eq!(store.get(Kind::Frames, &one).unwrap(), None);
    assert!(store.get(Kind::Segment, &one).unwrap().is_some());
}

#[test]
fn a_large_object_is_written_and_read_in_parts() {
    let (_dir, store) = store();
    let hash = Hash::of(b"sound");
    let bytes = payload(1, 700_001);
    let written = store
        .put_with(Kind::Sound, &hash, |out| {
            bytes.chunks(999).try_for_each(|part| out.write_all(part))
        })
        .unwrap();
    assert_eq!(written, bytes.len() as u64);

    let mut reader = store.open_reader(Kind::Sound, &hash).unwrap().unwrap();
    assert_eq!(reader.len(), bytes.len() as u64);
    let mut part = vec![0; 1000];
    reader.read_exact_at(&mut part, 699_001).unwrap();
    assert_eq!(part, bytes[699_001..]);
    // The trailer is not part of the object.
    let beyond = reader.read_exact_at(&mut part, 699_002).unwrap_err();
    assert_eq!(beyond.kind(), io::ErrorKind::UnexpectedEof);
    assert!(reader.read_exact_at(&mut part, u64::MAX).is_err());
    reader.seek(SeekFrom::End(-5)).unwrap();
    let mut rest = Vec::new();
    reader.read_to_end(&mut rest).unwrap();
    assert_eq!(rest, bytes[699_996..]);

    // Evicted or not, who reads goes on reading.
    store.clear(None).unwrap();
    reader.read_exact_at(&mut part, 0).unwrap();
    assert_eq!(part, bytes[..1000]);
}

#[test]
fn writing_that_fails_leaves_nothing_behind() {
    let (_dir, store) = store();
    let hash = Hash::of(b"recipe");
    store.put(Kind::Sound, &hash, b"before").unwrap();
    let result = store.put_with(Kind::Sound, &hash, |out| {
        out.write_all(&payload(2, 200_000))?;
        Err(io::Error::other("the decoder gave up"))
    });
    let error = result.unwrap_err();
    assert!(matches!(error, Error::Io { .. }));
    assert!(error.to_string().contains("the decoder gave up"), "{error}");
    assert_eq!(temporary_files(&store), 0);
    assert_eq!(store.get(Kind::Sound, &hash).unwrap().unwrap(), b"before");
}

#[test]
fn use_is_marked_at_most_once_an_hour() {
    let (_dir, store) = store();
    let hash = Hash::of(b"recipe");
    store.put(Kind::Segment, &hash, b"bytes").unwrap();
    let path = store.path(Kind::Segment, &hash);
    let age = |minutes: u64| {
        let at = SystemTime::now() - Duration::from_mins(minutes);
        File::open(&path).unwrap().set_modified(at).unwrap();
        fs::metadata(&path).unwrap().modified().unwrap()
    };
    let modified = || fs::metadata(&path).unwrap().modified().unwrap();
    let before = age(50);
    store.get(Kind::Segment, &hash).unwrap();
    assert_eq!(modified(), before);
    let uses: [&dyn Fn(); 3] = [
        &|| drop(store.get(Kind::Segment, &hash)),
        &|| drop(store.open_reader(Kind::Segment, &hash)),
        &|| store.touch(Kind::Segment, &hash),
    ];
    for mark in uses {
        let before = age(70);
        mark();
        assert!(modified() > before + Duration::from_hours(1));
    }
}

#[test]
fn files_of_dead_writers_are_swept_and_those_of_living_ones_are_not() {
    let (_dir, store) = store();
    let dead = store.dir().join("tmp").join("1-0");
    let result = store.put_with(Kind::Sound, &Hash::of(b"alive"), |out| {
        fs::write(&dead, b"half of someth")?;
        Store::open(store.dir(), UNCAPPED).map_err(io::Error::other)?;
        assert!(!dead.exists());
        assert_eq!(temporary_files(&store), 1);
        out.write_all(b"whole")
    });
    result.unwrap();
    assert!(
        store
            .get(Kind::Sound, &Hash::of(b"alive"))
            .unwrap()
            .is_some()
    );
}

#[test]
fn a_store_that_cannot_be_made_says_where_and_why() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a file");
    fs::write(&file, b"").unwrap();
    let error = Store::open(&file.join("store"), UNCAPPED).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("a file/store") && text.contains("directory"),
        "{text}"
    );
}

/// A child of [`processes_on_one_store_do_not_disturb_each_other`].
#[test]
fn child() {
    let Some(dir) = env::var_os(DIR) else {
        return;
    };
    // So small that the children evict each other's objects all the time.
    let store = Store::open(Path::new(&dir), 60_000).unwrap();
    let keys: Vec<_> = (0..16_u64).map(|n| Hash::of(&n.to_le_bytes())).collect();
    let mine = payload(u64::from(std::process::id()), 8)
        .iter()
        .fold(0, |n, b| n * 7 + *b as usize);
    let mine = (Kind::Frames, Hash::of(&mine.to_le_bytes()));
    let _pin = store.pin(&[mine]).unwrap();
    store.put(mine.0, &mine.1, b"pinned").unwrap();
    for round in 0..400 {
        let seed = (round * 7) % 16;
        let key = &keys[seed];
        let bytes = payload(seed as u64, 3000 + seed * 100);
        store.put(Kind::Segment, key, &bytes).unwrap();
        if let Some(got) = store.get(Kind::Segment, &keys[round % 16]).unwrap() {
            assert_eq!(got, payload(round as u64 % 16, 3000 + (round % 16) * 100));
        }
        assert_eq!(store.get(mine.0, &mine.1).unwrap().unwrap(), b"pinned");
    }
    assert_eq!(store.damaged(), 0);
}

#[test]
fn processes_on_one_store_do_not_disturb_each_other() {
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
    let store = Store::open(dir.path(), UNCAPPED).unwrap();
    assert_eq!(temporary_files(&store), 0);
    let info = store.info().unwrap();
    let segments = info
        .kinds
        .iter()
        .find(|totals| totals.kind == Kind::Segment)
        .unwrap();
    assert!((1..=16).contains(&segments.objects), "{info:?}");
}
