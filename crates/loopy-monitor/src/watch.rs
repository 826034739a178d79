//! A monitor on a thread of its own, for those who have other things to do.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::{History, ResourceMonitor, Sample, Stop};

/// Samples the machine until it is dropped.
#[derive(Debug)]
pub struct Watch {
    history: Arc<Mutex<History>>,
    stop: Stop,
    thread: Option<JoinHandle<()>>,
    begun: Instant,
}

impl Watch {
    /// Begins.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(mut monitor: ResourceMonitor) -> io::Result<Self> {
        let history = Arc::new(Mutex::new(History::default()));
        let begun = monitor.begun();
        let (stop, kept) = (Stop::default(), Arc::clone(&history));
        let stopped = stop.clone();
        let thread = thread::Builder::new()
            .name("monitor".to_owned())
            .spawn(move || {
                for sample in monitor.monitor_resources(stopped) {
                    lock(&kept).add(sample);
                }
            })?;
        Ok(Self {
            history,
            stop,
            thread: Some(thread),
            begun,
        })
    }

    /// What time it is, as samples count it.
    pub fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    /// The newest sample, once there is one.
    pub fn latest(&self) -> Option<Sample> {
        lock(&self.history).latest().cloned()
    }

    /// The last samples, oldest first.
    pub fn history(&self) -> Vec<Sample> {
        lock(&self.history).iter().cloned().collect()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.stop();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::warn!("the monitor ended with an internal error");
        }
    }
}

fn lock(history: &Mutex<History>) -> MutexGuard<'_, History> {
    history.lock().unwrap_or_else(PoisonError::into_inner)
}
