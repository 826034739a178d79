//! The monitor of the specification: what the machine has, what suits it, and a stream of samples.

use std::{
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use loopy_core::config::AdvancedFeaturesConfig;

use crate::{
    Gpus, History, Machine, Nvml, Quality, Sample, Sampler, SystemInfo, recommended_quality,
    system_info,
};

/// Watches the machine.
pub struct ResourceMonitor {
    sampler: Sampler,
    history: History,
    interval: Duration,
    begun: Instant,
}

impl ResourceMonitor {
    /// A monitor of this machine and of the disk of the folder `store`, as often as
    /// `monitor.interval` says.
    pub fn new(config: &AdvancedFeaturesConfig, store: impl Into<PathBuf>) -> Self {
        let machine = Machine::default();
        Self::of(config, machine, store, Box::new(Nvml::default()))
    }

    /// A monitor of another machine or of other GPUs.
    pub fn of(
        config: &AdvancedFeaturesConfig,
        machine: Machine,
        store: impl Into<PathBuf>,
        gpus: Box<dyn Gpus>,
    ) -> Self {
        Self {
            sampler: Sampler::new(machine, store, gpus),
            history: History::default(),
            interval: Duration::from_secs_f64(config.monitor.interval),
            begun: Instant::now(),
        }
    }

    /// What the machine has.
    pub fn get_system_info(&mut self) -> SystemInfo {
        system_info(&mut self.sampler)
    }

    /// What suits the machine, with the reason for each.
    pub fn get_recommended_quality(&mut self) -> Quality {
        recommended_quality(&self.get_system_info())
    }

    /// One look at the machine, now. Rates are those since the look before.
    pub fn look(&mut self) -> Sample {
        let sample = self.sampler.sample(self.begun.elapsed());
        self.history.add(sample.clone());
        sample
    }

    /// Samples without end, one each interval, until `stop` says so. None are taken before they are
    /// asked for, and a late one is not made up for: nothing piles up.
    pub fn monitor_resources(&mut self, stop: Stop) -> Samples<'_> {
        Samples {
            monitor: self,
            stop,
            due: Duration::ZERO,
        }
    }

    /// The last samples.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// When the time of samples began.
    pub(crate) fn begun(&self) -> Instant {
        self.begun
    }

    /// Time between two samples.
    pub fn interval(&self) -> Duration {
        self.interval
    }
}

/// Samples, one each interval.
pub struct Samples<'a> {
    monitor: &'a mut ResourceMonitor,
    stop: Stop,
    due: Duration,
}

impl Iterator for Samples<'_> {
    type Item = Sample;

    fn next(&mut self) -> Option<Sample> {
        let now = self.monitor.begun.elapsed();
        if self.stop.within(self.due.saturating_sub(now)) {
            return None;
        }
        self.due = next_due(
            self.due,
            self.monitor.begun.elapsed(),
            self.monitor.interval,
        );
        Some(self.monitor.look())
    }
}

/// When the sample after one that was due at `due` and taken at `now` is due: on the grid of
/// intervals, and in the future.
fn next_due(due: Duration, now: Duration, interval: Duration) -> Duration {
    let next = due + interval;
    if next > now { next } else { now + interval }
}

/// Ends a stream of samples from anywhere. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<(Mutex<bool>, Condvar)>);

impl Stop {
    /// Ends the stream; whoever waits for its next sample gets none at once.
    pub fn stop(&self) {
        *self.lock() = true;
        self.0.1.notify_all();
    }

    /// Whether it is stopped before `patience` is over.
    pub(crate) fn within(&self, patience: Duration) -> bool {
        let guard = self.lock();
        let waited = self
            .0
            .1
            .wait_timeout_while(guard, patience, |stopped| !*stopped);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
