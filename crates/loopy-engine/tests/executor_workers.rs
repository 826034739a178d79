//! Worker processes: real children that crash, hang, eat memory and talk nonsense.
//!
//! This test binary is its own worker: started again with the one test [`child`] and a role in its
//! environment. The test harness writes to standard output too, so the worker's answers go to a
//! third descriptor, which the shell joins to the pipe.

#![expect(
    clippy::exit,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do"
)]

use std::{
    env,
    ffi::OsString,
    fs::File,
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use loopy_engine::executor::{
    Cancel, Error, Event, Executor, Failure, InProcess, Limits, Outcome, Weigh, Workers, worker,
};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{CWD, FileType, Mode, mknodat},
    process::{Signal, getpgrp, getpid, kill_process},
};
use serde::{Deserialize, Serialize};

const ROLE: &str = "LOOPY_TEST_ROLE";
const FIFO: &str = "LOOPY_TEST_FIFO";
const MIB: u64 = 512;

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Work {
    Echo(String),
    Refuse,
    Panic,
    Abort,
    /// Aborts unless this file is there, and makes it.
    AbortOnce(PathBuf),
    Signal11,
    Exit,
    Hog(usize),
    /// Writes to this pipe and keeps it open for ever.
    Hang(PathBuf),
    Garbage,
    OtherId,
    Babble,
    Burn(f64),
    BurnAndAbort(f64),
    Group,
}

impl Weigh for Work {}

/// A job of this process.
struct Number(u32);

impl Weigh for Number {}

fn cpu() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn answers() -> File {
    File::options().write(true).open("/proc/self/fd/3").unwrap()
}

fn handle(work: &Work) -> Result<String, String> {
    match work {
        Work::Echo(text) => Ok(text.clone()),
        Work::Refuse => Err("the file is no good".to_owned()),
        Work::Panic => panic!("a bug"),
        Work::Abort => std::process::abort(),
        Work::AbortOnce(marker) => {
            if marker.exists() {
                return Ok("second time lucky".to_owned());
            }
            File::create(marker).unwrap();
            std::process::abort()
        }
        Work::Signal11 => {
            // The first finds the handler that Rust has for overflown stacks.
            loop {
                kill_process(getpid(), Signal::SEGV).unwrap();
            }
        }
        Work::Exit => {
            eprintln!("giving up");
            std::process::exit(3)
        }
        Work::Hog(mib) => Ok(vec![1_u8; mib << 20].len().to_string()),
        Work::Hang(fifo) => {
            let mut pipe = File::options().write(true).open(fifo).unwrap();
            pipe.write_all(b"here\n").unwrap();
            hang()
        }
        Work::Garbage => {
            answers().write_all(b"frame= 12 fps=25\n").unwrap();
            hang()
        }
        Work::OtherId => {
            let answer = br#"{"id":77,"ok":"mine","cpu_seconds":0,"peak_bytes":0}"#;
            answers().write_all(answer).unwrap();
            answers().write_all(b"\n").unwrap();
            hang()
        }
        Work::Babble => {
            let mut pipe = answers();
            // The reader goes away, or this process does.
            while pipe.write_all(&[b'x'; 4096]).is_ok() {}
            hang()
        }
        Work::Burn(seconds) => {
            let end = cpu() + seconds;
            while cpu() < end {}
            Ok(String::new())
        }
        Work::BurnAndAbort(seconds) => {
            handle(&Work::Burn(*seconds))?;
            std::process::abort()
        }
        Work::Group => Ok(format!("{:?} {:?}", getpid(), getpgrp())),
    }
}

fn hang() -> ! {
    loop {
        thread::park();
    }
}

/// The roles that this binary plays as a child; as a test of its own it does nothing.
#[test]
fn child() {
    match env::var(ROLE).as_deref() {
        Ok("worker") => {
            let input = std::io::stdin().lock();
            worker::serve(handle, input, answers(), MIB).unwrap();
            // Without the harness's report, which has nowhere to go.
            std::process::exit(0);
        }
        Ok("parent") => {
            let fifo = PathBuf::from(env::var_os(FIFO).unwrap());
            let workers = workers(1, 60, Cancel::default());
            run(&workers, vec![Work::Hang(fifo)], |_| {}).unwrap();
        }
        _ => {}
    }
}

fn role(role: &str) -> Vec<OsString> {
    let script = format!(
        "{ROLE}={role} exec \"$0\" --exact child --nocapture --test-threads=1 3>&1 >/dev/null"
    );
    let this = env::current_exe().unwrap();
    [
        "sh".into(),
        "-c".into(),
        script.into(),
        this.into_os_string(),
    ]
    .into()
}

fn workers(count: usize, job_seconds: u64, cancel: Cancel) -> Workers {
    let limits = Limits {
        job_seconds,
        worker_mib: MIB,
    };
    Workers::new(role("worker"), count, limits, cancel)
}

fn run(
    executor: &dyn Executor<Work, String>,
    jobs: Vec<Work>,
    mut on: impl FnMut(&Event<'_, String>),
) -> Result<Vec<Outcome<String>>, Error> {
    executor.run(jobs, &mut |event| on(&event))
}

fn echo(text: &str) -> Work {
    Work::Echo(text.to_owned())
}

/// Runs `work` between two good jobs on one worker: these must not suffer.
fn among_good(work: Work, job_seconds: u64) -> (Failure, u32) {
    let mut retries = 0;
    let workers = workers(1, job_seconds, Cancel::default());
    let outcomes = run(&workers, vec![echo("a"), work, echo("b")], |event| {
        if let Event::Retried { index, .. } = event {
            assert_eq!(*index, 1);
            retries += 1;
        }
    })
    .unwrap();
    assert_eq!(outcomes[0], Outcome::Done("a".to_owned()));
    assert_eq!(outcomes[2], Outcome::Done("b".to_owned()));
    match &outcomes[1] {
        Outcome::Failed(failure) => (failure.clone(), retries),
        Outcome::Done(result) => panic!("it was done: {result}"),
    }
}

/// That `work` takes its worker along, twice, for a reason that holds `words`.
fn kills(work: Work, words: &[&str]) {
    let (failure, retries) = among_good(work, 20);
    assert!(failure.killed);
    assert_eq!((failure.attempts, retries), (2, 1));
    for words in words {
        assert!(failure.reason.contains(words), "{failure:?}");
    }
}

/// A named pipe: reading it ends when all who opened it for writing are dead.
fn fifo(dir: &Path) -> PathBuf {
    let path = dir.join("pipe");
    mknodat(CWD, &path, FileType::Fifo, Mode::RWXU, 0).unwrap();
    path
}

/// Waits until the other side has said that it is here.
fn wait_for(pipe: &mut BufReader<File>) {
    let mut line = String::new();
    pipe.read_line(&mut line).unwrap();
    assert_eq!(line, "here\n");
}

fn assert_ends(mut pipe: BufReader<File>) {
    let patience = Timespec {
        tv_sec: 20,
        tv_nsec: 0,
    };
    let mut fds = [PollFd::new(pipe.get_ref(), PollFlags::IN)];
    assert_eq!(poll(&mut fds, Some(&patience)).unwrap(), 1, "it lives");
    assert_eq!(pipe.read(&mut [0; 1]).unwrap(), 0);
}

#[test]
fn outcomes_come_in_the_order_of_jobs() {
    let jobs: Vec<_> = (0..40).map(|n| echo(&n.to_string())).collect();
    let mut ended = [0; 40];
    let workers = workers(3, 60, Cancel::default());
    let outcomes = run(&workers, jobs, |event| match event {
        Event::Finished { index, result } => {
            assert_eq!(**result, index.to_string());
            ended[*index] += 1;
        }
        Event::Started { .. } => {}
        other => panic!("{other:?}"),
    });
    let expected: Vec<_> = (0..40).map(|n| Outcome::Done(n.to_string())).collect();
    assert_eq!(outcomes.unwrap(), expected);
    assert_eq!(ended, [1; 40]);
}

#[test]
fn a_job_that_says_what_is_wrong_is_not_tried_again() {
    for (work, reason) in [
        (Work::Refuse, "the file is no good"),
        (Work::Panic, "an internal error: a bug"),
    ] {
        let (failure, retries) = among_good(work, 60);
        let expected = Failure {
            reason: reason.to_owned(),
            killed: false,
            attempts: 1,
        };
        assert_eq!((failure, retries), (expected, 0));
    }
}

#[test]
fn a_job_that_crashes_fails_alone() {
    kills(Work::Abort, &["killed by signal 6"]);
    kills(Work::Signal11, &["killed by signal 11"]);
    kills(Work::Exit, &["ended with code 3", "giving up"]);
}

#[test]
fn a_job_that_crashes_once_is_done_by_a_new_worker() {
    let dir = tempfile::tempdir().unwrap();
    let job = Work::AbortOnce(dir.path().join("marker"));
    let workers = workers(1, 60, Cancel::default());
    let outcomes = run(&workers, vec![job], |_| {}).unwrap();
    assert_eq!(outcomes, [Outcome::Done("second time lucky".to_owned())]);
}

#[test]
fn a_job_that_needs_more_memory_than_allowed_fails() {
    kills(Work::Hog(1024), &["ran out of memory (512 MiB allowed)"]);
    let workers = workers(1, 60, Cancel::default());
    let outcomes = run(&workers, vec![Work::Hog(64)], |_| {}).unwrap();
    assert_eq!(outcomes, [Outcome::Done((64 << 20).to_string())]);
    let peak = workers.usage().peak_bytes;
    assert!((64 << 20..512 << 20).contains(&peak), "{peak}");
}

#[test]
fn a_job_that_hangs_is_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let path = fifo(dir.path());
    // Both attempts can open it.
    let _reader = File::options().read(true).write(true).open(&path).unwrap();
    let (failure, retries) = among_good(Work::Hang(path), 1);
    assert_eq!(failure.reason, "took longer than 1 s");
    assert_eq!((failure.killed, failure.attempts, retries), (true, 2, 1));
}

#[test]
fn a_job_that_talks_nonsense_is_stopped() {
    kills(Work::Garbage, &["gave no answer", "frame= 12 fps=25"]);
    kills(Work::OtherId, &["gave no answer", "another question's"]);
    kills(Work::Babble, &["a line without end"]);
}

#[test]
fn a_job_too_large_to_send_fails_unsent() {
    let (failure, retries) = among_good(echo(&"x".repeat(1 << 20)), 60);
    assert!(failure.reason.contains("cannot be sent"), "{failure:?}");
    assert_eq!((failure.killed, failure.attempts, retries), (false, 0, 0));
}

#[test]
fn cpu_time_of_workers_is_counted_even_of_those_that_die() {
    let workers = workers(2, 60, Cancel::default());
    let jobs = vec![Work::Burn(0.15), Work::BurnAndAbort(0.15)];
    run(&workers, jobs, |_| {}).unwrap();
    let seconds = workers.usage().cpu_seconds;
    // The clock of the dead ticks in hundredths.
    assert!((0.42..2.0).contains(&seconds), "{seconds}");
}

#[test]
fn workers_are_out_of_reach_of_the_terminal() {
    let workers = workers(1, 60, Cancel::default());
    let outcomes = run(&workers, vec![Work::Group], |_| {}).unwrap();
    let Outcome::Done(text) = &outcomes[0] else {
        panic!("{outcomes:?}");
    };
    let (pid, group) = text.split_once(' ').unwrap();
    assert_eq!(pid, group);
}

#[test]
fn a_worker_that_cannot_start_is_nobodys_job_that_failed() {
    let limits = Limits {
        job_seconds: 60,
        worker_mib: MIB,
    };
    for (command, why) in [
        ("/nonexistent/loopy", "No such file"),
        ("false", "ended with code 1"),
        ("env", "no worker of this version"),
    ] {
        let workers = Workers::new(vec![command.into()], 2, limits, Cancel::default());
        let error = run(&workers, vec![echo("a"), echo("b"), echo("c")], |_| {}).unwrap_err();
        assert!(matches!(error, Error::Start { .. }), "{error:?}");
        assert!(error.to_string().contains(why), "{error}");
    }
}

#[test]
fn a_request_to_stop_lets_the_job_in_hand_finish() {
    let cancel = Cancel::default();
    let in_process = InProcess::new(Arc::new(handle), 1, cancel.clone());
    let other = Cancel::default();
    let in_workers = workers(1, 60, other.clone());
    let executors: [(&dyn Executor<Work, String>, &Cancel); 2] =
        [(&in_process, &cancel), (&in_workers, &other)];
    for (executor, cancel) in executors {
        let mut told = Vec::new();
        let result = run(
            executor,
            vec![Work::Burn(0.05), echo("b"), echo("c")],
            |event| {
                match event {
                    Event::Started { index } => told.push(format!("started {index}")),
                    Event::Finished { index, .. } => told.push(format!("finished {index}")),
                    other => panic!("{other:?}"),
                }
                cancel.request();
            },
        );
        assert!(matches!(result, Err(Error::Interrupted)), "{result:?}");
        assert_eq!(told, ["started 0", "finished 0"]);
        // Nothing more is begun.
        let again = run(executor, vec![echo("a")], |event| panic!("{event:?}"));
        assert!(matches!(again, Err(Error::Interrupted)));
    }
}

#[test]
fn a_kill_stops_jobs_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = fifo(dir.path());
    let cancel = Cancel::default();
    let workers = workers(1, 60, cancel.clone());
    let began = Instant::now();
    let result = thread::scope(|scope| {
        scope.spawn(|| {
            let mut pipe = BufReader::new(File::open(&path).unwrap());
            wait_for(&mut pipe);
            cancel.kill();
            assert_ends(pipe);
        });
        run(&workers, vec![Work::Hang(path.clone()), echo("b")], |_| {})
    });
    assert!(matches!(result, Err(Error::Interrupted)), "{result:?}");
    assert!(began.elapsed() < Duration::from_secs(30));
}

#[test]
fn workers_die_with_a_parent_that_is_killed() {
    let dir = tempfile::tempdir().unwrap();
    let path = fifo(dir.path());
    let command = role("parent");
    let mut parent = Command::new(&command[0])
        .args(&command[1..])
        .env(FIFO, &path)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut pipe = BufReader::new(File::open(&path).unwrap());
    wait_for(&mut pipe);
    parent.kill().unwrap();
    parent.wait().unwrap();
    assert_ends(pipe);
}

#[test]
fn jobs_in_this_process_run_side_by_side_and_panic_alone() {
    // The first job ends only after the second has begun.
    let (sender, receiver) = mpsc::channel();
    let (sender, receiver) = (Mutex::new(sender), Mutex::new(receiver));
    let handler = move |job: &Number| match job.0 {
        0 => {
            let receiver = receiver.lock().unwrap();
            let received = receiver.recv_timeout(Duration::from_secs(20));
            received.map_err(|error| error.to_string())
        }
        1 => sender
            .lock()
            .unwrap()
            .send(7)
            .map(|()| 1)
            .map_err(|error| error.to_string()),
        2 => panic!("a bug"),
        _ => Err("refused".to_owned()),
    };
    let executor = InProcess::new(Arc::new(handler), 2, Cancel::default());
    let outcomes: Vec<Outcome<i32>> = executor
        .run([0, 1, 2, 3].map(Number).into(), &mut |_| {})
        .unwrap();
    let failed = |reason: &str| {
        Outcome::Failed(Failure {
            reason: reason.to_owned(),
            killed: false,
            attempts: 1,
        })
    };
    assert_eq!(
        outcomes,
        [
            Outcome::Done(7),
            Outcome::Done(1),
            failed("an internal error: a bug"),
            failed("refused")
        ]
    );
}
