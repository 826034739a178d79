//! Many jobs at a time, as many as the machine has room for.
//!
//! The number follows the load of the machine where settings ask for it, and memory always: jobs
//! say what they need, and those that run stay under a limit together with this program. What is
//! made never depends on either.

use std::{ffi::OsString, io, path::Path, sync::Arc};

use loopy_core::config::{AdvancedFeaturesConfig, Workers as Most};
use loopy_monitor::{Reading, SystemInfo};

use crate::executor::{
    Cancel, Change, Error, Executor as _, Governor, InProcess, Limits, Lookout, Need, Outcome,
    Weigh, Weight, Workers,
};

/// MiB of address space that a worker has beyond what is resident: libraries, and what it freed.
const BEYOND_MIB: u64 = 512;

/// What is asked for by hand, before settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Most workers.
    pub workers: Option<usize>,
    /// Bytes of this program and its workers together.
    pub memory: Option<u64>,
}

/// Runs jobs side by side.
#[derive(Clone, Debug)]
pub struct ParallelProcessor {
    governor: Arc<Governor>,
    cancel: Cancel,
}

impl ParallelProcessor {
    /// A processor for this machine, whose store is the folder `store`.
    ///
    /// One worker unless `features.parallel_processing` is on or another number is asked for. The
    /// number follows the load when the feature is on and `load_balancing` is.
    ///
    /// # Errors
    /// When the system gives no thread to watch the machine from.
    pub fn new(
        config: &AdvancedFeaturesConfig,
        asked: Asked,
        store: &Path,
        cancel: Cancel,
    ) -> io::Result<Self> {
        let parallel = &config.features.parallel_processing;
        let (lookout, info) = Lookout::start(config, store)?;
        let usable = info.usable_cores() as usize;
        let most = asked.workers.unwrap_or(match parallel.max_workers {
            _ if !parallel.enabled => 1,
            Most::Auto => usable,
            Most::Most(most) => usize::from(most),
        });
        let balanced = parallel.enabled && parallel.load_balancing;
        let most = if balanced { most.min(usable) } else { most };
        let limit = asked
            .memory
            .or(config.monitor.memory_limit)
            .or_else(|| three_quarters(&info));
        let governor = Governor::new(most, balanced, limit, Some(Box::new(lookout)));
        Ok(Self::of(Arc::new(governor), cancel))
    }

    /// A processor that asks `governor`.
    pub fn of(governor: Arc<Governor>, cancel: Cancel) -> Self {
        Self { governor, cancel }
    }

    /// Worker processes, each started as `command` gives it for so many MiB of address space: not
    /// much more than the limit of all of them.
    pub fn workers(&self, command: impl Fn(u64) -> Vec<OsString>, limits: Limits) -> Workers {
        let limits = Limits {
            worker_mib: self.worker_mib(limits.worker_mib),
            ..limits
        };
        let (governor, cancel) = (Arc::clone(&self.governor), self.cancel.clone());
        Workers::governed(command(limits.worker_mib), governor, limits, cancel)
    }

    fn worker_mib(&self, asked: u64) -> u64 {
        let most = self
            .governor
            .limit()
            .map(|limit| (limit >> 20) + BEYOND_MIB);
        most.map_or(asked, |most| asked.min(most))
    }

    /// What `work` makes of each of `items` (files, frames), in their order, on threads of this
    /// process. `weigh` says what an item is expected to take.
    ///
    /// # Errors
    /// When it is interrupted, when an item needs more memory than there is, and when there are no
    /// threads. What is wrong with an item is its own [`Outcome`].
    pub fn process_batch<T: Send, R: Send>(
        &self,
        items: Vec<T>,
        weigh: impl Fn(&T) -> Weight,
        work: impl Fn(&T) -> Result<R, String> + Send + Sync + 'static,
    ) -> Result<Vec<Outcome<R>>, Error> {
        let items = items.into_iter().map(|item| Item {
            weight: weigh(&item),
            item,
        });
        let executor = InProcess::governed(
            Arc::new(move |item: &Item<T>| work(&item.item)),
            Arc::clone(&self.governor),
            self.cancel.clone(),
        );
        executor.run(items.collect(), &mut |_event| {})
    }

    /// Jobs that may run at the same time now.
    pub fn count(&self) -> usize {
        self.governor.count()
    }

    /// Bytes that this program and its workers may take together.
    pub fn limit(&self) -> Option<u64> {
        self.governor.limit()
    }

    /// Every change of the number of workers so far, with its reason.
    pub fn changes(&self) -> Vec<Change> {
        self.governor.changes()
    }
}

/// The default limit of memory.
fn three_quarters(info: &SystemInfo) -> Option<u64> {
    match info.usable_memory() {
        Reading::Known(bytes) => Some(bytes / 4 * 3),
        Reading::Unknown { why } => {
            tracing::warn!("memory is not limited: {why}; give `--memory-limit`");
            None
        }
    }
}

/// One frame of this many pixels with what is made of it: a weight for frames in batches.
pub fn frame_weight(pixels: u64) -> Weight {
    Weight {
        cost: pixels,
        // Three planes of eight bits as they come, as they go, and one between.
        need: Need::Bytes(pixels.saturating_mul(9)),
    }
}

/// An item of a batch.
struct Item<T> {
    item: T,
    weight: Weight,
}

impl<T> Weigh for Item<T> {
    fn weight(&self) -> Weight {
        self.weight
    }
}
