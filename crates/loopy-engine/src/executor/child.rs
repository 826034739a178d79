//! One worker process, seen from its parent: started, asked, and buried.

use std::{
    ffi::OsString,
    io::{self, Read, Write},
    os::{fd::AsFd, unix::process::CommandExt},
    process::{ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{OFlags, fcntl_getfl, fcntl_setfl},
    process::{Pid, WaitId, WaitIdOptions, waitid},
};

use super::{
    cancel::{Cancel, Shared, Watch, lock, stop},
    wire::{LINE, PROTOCOL, Ready},
};

/// Bytes of a worker's error output that are kept, the last ones.
const TAIL: usize = 4 << 10;
/// How long a worker may take to be ready, and to end when it has no more to do.
const START: Duration = Duration::from_mins(1);
const END: Duration = Duration::from_secs(10);

/// Why a worker is no more.
pub(super) enum End {
    /// It did not answer in time.
    Late(Duration),
    /// What it wrote is no answer.
    Babble(String),
    /// It ended by itself.
    Died,
    /// A pipe to it failed.
    Pipe(io::Error),
}

/// What is left of a worker.
pub(super) struct Remains {
    pub(super) status: Option<ExitStatus>,
    /// CPU seconds, user and system, of its whole life; `None` where the system does not tell.
    pub(super) cpu_seconds: Option<f64>,
    /// The end of what it wrote on standard error since the last question.
    pub(super) tail: Vec<u8>,
}

/// A running worker.
pub(super) struct Process {
    child: Shared,
    _watch: Watch,
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
    /// `None` once it is closed.
    stderr: Option<ChildStderr>,
    tail: Vec<u8>,
    /// Read and not yet used.
    line: Vec<u8>,
}

impl Process {
    /// Starts `command` in a process group of its own, out of reach of the terminal's Ctrl-C.
    /// The worker dies with the thread that starts it.
    pub(super) fn start(command: &[OsString], cancel: &Cancel) -> io::Result<Self> {
        let (program, arguments) = command
            .split_first()
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "there is no command"))?;
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            // Its last words shall be what happened, not where.
            .env("RUST_BACKTRACE", "0")
            .spawn()?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let child = Arc::new(Mutex::new(child));
        let watch = cancel.watch(&child);
        let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let process = Self {
            child,
            _watch: watch,
            stdin: Some(stdin),
            stdout,
            stderr: Some(stderr),
            tail: Vec::new(),
            line: Vec::new(),
        };
        process.make_pipes_nonblocking()?;
        Ok(process)
    }

    fn make_pipes_nonblocking(&self) -> io::Result<()> {
        let stdin = self.stdin.as_ref().map(AsFd::as_fd);
        let stderr = self.stderr.as_ref().map(AsFd::as_fd);
        for pipe in [stdin, Some(self.stdout.as_fd()), stderr]
            .into_iter()
            .flatten()
        {
            fcntl_setfl(pipe, fcntl_getfl(pipe)? | OFlags::NONBLOCK)?;
        }
        Ok(())
    }

    /// Waits until the worker is ready.
    pub(super) fn greet(&mut self) -> Result<(), End> {
        let line = self.ask(&[], START)?;
        match serde_json::from_slice(&line) {
            Ok(Ready { ready: PROTOCOL }) => Ok(()),
            _ => Err(End::Babble(format!(
                "it is no worker of this version: {}",
                excerpt(&line)
            ))),
        }
    }

    /// Sends `question`, a line, and waits for a line in answer.
    pub(super) fn ask(&mut self, mut question: &[u8], patience: Duration) -> Result<Vec<u8>, End> {
        let deadline = Instant::now() + patience;
        self.tail.clear();
        loop {
            if let Some(end) = self.line.iter().position(|byte| *byte == b'\n') {
                let rest = self.line.split_off(end + 1);
                let mut line = std::mem::replace(&mut self.line, rest);
                line.pop();
                return Ok(line);
            }
            if self.line.len() > LINE {
                return Err(End::Babble("it wrote a line without end".to_owned()));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(End::Late(patience));
            }
            let [output, errors, input] =
                self.wait(!question.is_empty(), left).map_err(End::Pipe)?;
            if errors {
                self.read_errors();
            }
            if input && let Some(stdin) = &mut self.stdin {
                match stdin.write(question) {
                    Ok(written) => question = &question[written..],
                    Err(error) if again(&error) => {}
                    // It has closed its input: its end will be read from its output.
                    Err(error) if error.kind() == io::ErrorKind::BrokenPipe => question = &[],
                    Err(error) => return Err(End::Pipe(error)),
                }
            }
            if output && !self.read_output().map_err(End::Pipe)? {
                return Err(End::Died);
            }
        }
    }

    /// Waits for output, error output, or room for input; which of them there is.
    fn wait(&self, writing: bool, patience: Duration) -> io::Result<[bool; 3]> {
        let mut fds = vec![PollFd::new(&self.stdout, PollFlags::IN)];
        let errors = self.stderr.as_ref().map(|stderr| {
            fds.push(PollFd::new(stderr, PollFlags::IN));
            fds.len() - 1
        });
        let input = self.stdin.as_ref().filter(|_| writing).map(|stdin| {
            fds.push(PollFd::new(stdin, PollFlags::OUT));
            fds.len() - 1
        });
        let patience = Timespec {
            tv_sec: patience.as_secs() as i64,
            tv_nsec: patience.subsec_nanos().into(),
        };
        match poll(&mut fds, Some(&patience)) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => return Ok([false; 3]),
            Err(error) => return Err(error.into()),
        }
        let some = |at: usize| !fds[at].revents().is_empty();
        Ok([some(0), errors.is_some_and(some), input.is_some_and(some)])
    }

    /// Whether the output goes on.
    fn read_output(&mut self) -> io::Result<bool> {
        let mut chunk = [0; 8 << 10];
        match self.stdout.read(&mut chunk) {
            Ok(0) => Ok(false),
            Ok(got) => {
                self.line.extend_from_slice(&chunk[..got]);
                Ok(true)
            }
            Err(error) if again(&error) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Keeps the end of what is there of the error output; whether there may be more.
    fn read_errors(&mut self) -> bool {
        let mut chunk = [0; TAIL];
        let Some(stderr) = &mut self.stderr else {
            return false;
        };
        match stderr.read(&mut chunk) {
            Ok(got) if got > 0 => {
                self.tail.extend_from_slice(&chunk[..got]);
                let surplus = self.tail.len().saturating_sub(TAIL);
                self.tail.drain(..surplus);
                true
            }
            Err(error) if again(&error) => false,
            _closed => {
                self.stderr = None;
                false
            }
        }
    }

    /// Lets an idle worker end by itself, kills one that does not, and buries it.
    pub(super) fn close(mut self) -> Remains {
        self.stdin = None;
        // Ends with `Died` when it closes its output; anything else is no reason to wait either.
        drop(self.ask(&[], END));
        self.bury()
    }

    /// Kills the worker, which changes nothing if it is dead, and waits for its end.
    pub(super) fn bury(mut self) -> Remains {
        stop(&self.child);
        let mut child = lock(&self.child);
        let pid = Pid::from_child(&child);
        // Its figures are there until it is waited for.
        let dead = waitid(
            WaitId::Pid(pid),
            WaitIdOptions::EXITED | WaitIdOptions::NOWAIT,
        )
        .is_ok();
        let cpu_seconds = dead.then(|| cpu_of(pid)).flatten();
        let status = child.wait().ok();
        drop(child);
        while self.read_errors() {}
        Remains {
            status,
            cpu_seconds,
            tail: std::mem::take(&mut self.tail),
        }
    }
}

fn again(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}

/// User and system seconds of a process that has ended and was not waited for.
fn cpu_of(pid: Pid) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    // The name, in brackets, may hold anything; utime and stime are the 12th and 13th after it.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some((user + system) as f64 / rustix::param::clock_ticks_per_second() as f64)
}

/// The beginning of what should have been an answer, fit for a message.
pub(super) fn excerpt(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(80)]);
    format!("{text:?}")
}
