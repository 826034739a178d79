//! Objects of the store: a file of any bytes is damaged, never taken for what it is not.

use std::{
    io::Read,
    sync::{LazyLock, Mutex},
};

use loopy_core::Hash;
use loopy_engine::store::{Kind, Store};
use tempfile::TempDir;

static ROOM: LazyLock<Mutex<(TempDir, Store)>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path(), 1 << 30).expect("a store");
    Mutex::new((folder, store))
});

/// See above.
pub fn run(bytes: &[u8]) {
    // One name per content: a store trusts what it has verified once.
    check(bytes, None, Hash::of(bytes));
    let hash = Hash::of(&[b"sealed", bytes].concat());
    let (object, payload) = sealed(bytes, &hash);
    check(&object, payload, hash);
}

/// Puts `object` under the name `hash` and reads it in both ways.
fn check(object: &[u8], payload: Option<&[u8]>, hash: Hash) {
    let room = ROOM.lock().expect("one thread");
    let store = &room.1;
    let file = store.path(Kind::Segment, &hash);
    std::fs::create_dir_all(file.parent().expect("in a folder")).expect("a folder");
    std::fs::write(&file, object).expect("a file");
    assert!(
        store
            .get(Kind::Segment, &hash)
            .expect("readable")
            .as_deref()
            == payload
    );
    std::fs::write(&file, object).expect("a file");
    let streamed = store
        .open_reader(Kind::Segment, &hash)
        .expect("readable")
        .map(|mut reader| {
            let mut all = Vec::new();
            reader.read_to_end(&mut all).expect("readable");
            all
        });
    assert!(streamed.as_deref() == payload);
    assert!(
        payload.is_some() == file.exists(),
        "what is damaged is removed"
    );
    if payload.is_some() {
        std::fs::remove_file(&file).expect("a file");
    }
}

/// The bytes as an object of that name, and as a payload where the object is right.
fn sealed<'a>(bytes: &'a [u8], hash: &Hash) -> (Vec<u8>, Option<&'a [u8]>) {
    let mut sum = blake3::Hasher::new();
    sum.update(Kind::Segment.name().as_bytes());
    sum.update(hash.as_bytes());
    sum.update(bytes);
    // The first byte decides what the trailer says of the length.
    let off = u64::from(bytes.first().copied().unwrap_or_default() % 4);
    let mut object = bytes.to_vec();
    object.extend(sum.finalize().as_bytes());
    object.extend((bytes.len() as u64 + off).to_le_bytes());
    object.extend(b"LOOPYOB1");
    (object, (off == 0).then_some(bytes))
}
