//! Messages of workers: whatever a worker says, its job fails with a reason and nothing else does;
//! what can be read as a job or an answer is written as it was.

use std::{ffi::OsString, path::Path, sync::LazyLock};

use loopy_core::{ClipPath, Hash, limits};
use loopy_engine::{
    executor::{Cancel, Executor as _, Limits, Outcome, Workers},
    job::{Done, Job},
};
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a folder"));

/// See above.
pub fn run(bytes: &[u8]) {
    if let Ok(job) = serde_json::from_slice::<Job>(bytes) {
        let text = serde_json::to_string(&job).expect("a job can be written");
        serde_json::from_str::<Job>(&text).expect("a written job can be read");
    }
    if let Ok(done) = serde_json::from_slice::<Done>(bytes) {
        let text = serde_json::to_string(&done).expect("an answer can be written");
        serde_json::from_str::<Done>(&text).expect("a written answer can be read");
    }

    // Who says not even a line is waited for.
    if !bytes.contains(&b'\n') {
        return;
    }
    let said = FOLDER.path().join(std::process::id().to_string());
    std::fs::write(&said, bytes).expect("a file");
    let limits = Limits {
        job_seconds: 20,
        worker_mib: 512,
    };
    // It says all it has to say, reads what it is asked, and goes.
    let script = "cat \"$0\"; head -n 1 >/dev/null";
    let command = [
        "sh".into(),
        "-c".into(),
        script.into(),
        said.into_os_string(),
    ];
    let command: Vec<OsString> = command.into();
    let workers = Workers::new(command, 1, limits, Cancel::default());
    let job = Job::Analyze {
        path: ClipPath::from(Path::new("a.mp4")),
        hash: Hash::of(b"a.mp4"),
        limits: limits::Limits::default(),
    };
    let outcomes: Result<Vec<Outcome<Done>>, _> = workers.run(vec![job], &mut |_| {});
    match outcomes {
        Ok(outcomes) => {
            assert_eq!(outcomes.len(), 1);
            if let Outcome::Failed(failure) = &outcomes[0] {
                assert!(failure.attempts <= 2);
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
