//! Stopping: first gently, then at once.

use std::{
    collections::BTreeMap,
    io,
    process::Child,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
};

const REQUESTED: u8 = 1;
const KILLED: u8 = 2;

/// A child process that can be killed from any thread, and is never mistaken for another that got
/// its number later.
pub(super) type Shared = Arc<Mutex<Child>>;

/// Shared by whoever stops and what is to be stopped. Clones are the same token.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    level: AtomicU8,
    children: Mutex<Children>,
}

#[derive(Debug, Default)]
struct Children {
    next: u64,
    running: BTreeMap<u64, Shared>,
}

impl Cancel {
    /// Asks to stop: no further job is handed out, those that run are finished.
    pub fn request(&self) {
        self.0.level.fetch_max(REQUESTED, Ordering::SeqCst);
    }

    /// Stops at once: workers are dead or dying when this returns. Jobs in this process cannot be
    /// stopped so and are finished.
    pub fn kill(&self) {
        self.0.level.fetch_max(KILLED, Ordering::SeqCst);
        for child in lock(&self.0.children).running.values() {
            stop(child);
        }
    }

    /// Whether to stop.
    pub fn requested(&self) -> bool {
        self.0.level.load(Ordering::SeqCst) >= REQUESTED
    }

    /// Whether to stop at once.
    pub fn killed(&self) -> bool {
        self.0.level.load(Ordering::SeqCst) >= KILLED
    }

    /// Makes [`Cancel::kill`] reach `child` until the watch is dropped.
    pub(super) fn watch(&self, child: &Shared) -> Watch {
        let mut children = lock(&self.0.children);
        let key = children.next;
        children.next += 1;
        children.running.insert(key, Arc::clone(child));
        drop(children);
        // A kill that came before the child was listed did not reach it.
        if self.killed() {
            stop(child);
        }
        Watch {
            cancel: self.clone(),
            key,
        }
    }
}

/// Ends a child's listing.
pub(super) struct Watch {
    cancel: Cancel,
    key: u64,
}

impl Drop for Watch {
    fn drop(&mut self) {
        lock(&self.cancel.0.children).running.remove(&self.key);
    }
}

/// Kills a child unless it has been waited for.
pub(super) fn stop(child: &Shared) {
    match lock(child).kill() {
        // Waited for already.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {}
        Err(error) => tracing::warn!("cannot stop a worker: {error}"),
        Ok(()) => {}
    }
}

/// A lock whose holder panicked still guards a usable value.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
