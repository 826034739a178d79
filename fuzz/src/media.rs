//! Files that claim to be video: a worker looks at them, and is the only one whom they can harm.

use std::{ffi::OsString, path::PathBuf, sync::LazyLock};

use loopy_core::{ClipPath, Hash, limits::Limits};
use loopy_engine::{
    executor::{self, Cancel, Executor as _, Outcome, Workers},
    job::{Done, Job},
};
use tempfile::TempDir;

struct Room {
    folder: TempDir,
    workers: Workers,
}

static ROOM: LazyLock<Option<Room>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("store").into_os_string();
    let mut command = vec![binary()?.into_os_string()];
    let words = [
        "worker",
        "--cap",
        "1000000000",
        "--memory",
        "1024",
        "--store",
    ];
    command.extend(words.map(OsString::from));
    command.push(store);
    let limits = executor::Limits {
        job_seconds: 30,
        worker_mib: 1024,
    };
    let workers = Workers::new(command, 1, limits, Cancel::default());
    Some(Room { folder, workers })
});

/// The program under test: `LOOPY_BIN`, or what was built beside this one.
fn binary() -> Option<PathBuf> {
    let stated = std::env::var_os("LOOPY_BIN").map(PathBuf::from);
    let beside = || {
        let own = std::env::current_exe().ok()?;
        own.ancestors()
            .map(|folder| folder.join("loopy"))
            .find(|file| file.is_file())
    };
    stated.or_else(beside)
}

/// A worker can be had.
pub fn ready() -> bool {
    ROOM.is_some()
}

/// See above.
pub fn run(bytes: &[u8]) {
    let room = ROOM.as_ref().expect("LOOPY_BIN names no program");
    let file = room.folder.path().join("clip");
    std::fs::write(&file, bytes).expect("a file");
    let job = Job::Analyze {
        path: ClipPath::from(file.as_path()),
        hash: Hash::of(bytes),
        limits: Limits::default(),
    };
    let outcomes: Vec<Outcome<Done>> = room
        .workers
        .run(vec![job], &mut |_| {})
        .expect("workers can be started");
    match &outcomes[0] {
        Outcome::Done(Done::Analyzed { .. }) => {}
        Outcome::Done(other) => panic!("another answer: {other:?}"),
        Outcome::Failed(failure) => assert!(!failure.reason.is_empty()),
    }
}
