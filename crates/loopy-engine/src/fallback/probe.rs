//! Tries one rung: on a thread of its own, for so long and no longer, its panic a fault like others.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{RecvTimeoutError, sync_channel},
    },
    thread,
    time::Duration,
};

use loopy_core::ladder::Fault;

/// What tries a rung; the error is the reason, for people.
pub(super) type Probe<T> = Arc<dyn Fn() -> Result<T, String> + Send + Sync>;
/// What judges that a rung's result is right.
pub(super) type Check<T> = Arc<dyn Fn(&T) -> Result<(), String> + Send + Sync>;

/// Runs `probe` and then `check` for `patience` at most.
///
/// A thread cannot be stopped. One that hangs stays, and says so in `busy`: while it does, the rung is
/// not tried again, so that no more than one thread is ever lost for a rung.
pub(super) fn run<T: Send + 'static>(
    probe: &Probe<T>,
    check: &Check<T>,
    patience: Duration,
    busy: &Arc<AtomicBool>,
) -> Result<T, Fault> {
    if busy.swap(true, Ordering::SeqCst) {
        let why = "an earlier try has not ended yet".to_owned();
        return Err(Fault::Failed(why));
    }
    let (sender, receiver) = sync_channel(1);
    let (probe, check, mine) = (Arc::clone(probe), Arc::clone(check), Arc::clone(busy));
    let started = thread::Builder::new()
        .name("probe".to_owned())
        .spawn(move || {
            let result = catch_unwind(AssertUnwindSafe(|| {
                let value = probe().map_err(Fault::Failed)?;
                check(&value).map_err(Fault::Wrong)?;
                Ok(value)
            }));
            let result = result.unwrap_or_else(|panic| Err(Fault::Panicked(words(panic.as_ref()))));
            mine.store(false, Ordering::SeqCst);
            // Nobody may wait any more.
            drop(sender.send(result));
        });
    if let Err(error) = started {
        busy.store(false, Ordering::SeqCst);
        return Err(Fault::Failed(format!("no thread can be started: {error}")));
    }
    receiver.recv_timeout(patience).unwrap_or_else(|end| {
        Err(match end {
            RecvTimeoutError::Timeout => Fault::Hung(patience.as_millis() as u64),
            RecvTimeoutError::Disconnected => Fault::Panicked("it left no answer".to_owned()),
        })
    })
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no words were left")
        .to_owned()
}
