//! Other ways out of the stream than its own protocol, from the same packets: files and HTTP live
//! streaming. Each has a thread of its own and waits for nobody; what it cannot do any more stands in
//! the ledger and never disturbs the stream.

pub mod feed;
pub mod hls;
pub mod record;
#[cfg(test)]
pub(crate) mod testing;

use std::{sync::Arc, thread, time::Duration};

use crate::hub::{Coding, Hub, Reel};

/// How often an output looks for packets: much less than what the hub keeps.
const POLL: Duration = Duration::from_millis(50);

/// What outputs share.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Where the packets are.
    pub hub: &'a Hub,
    /// The stream has ended.
    pub stopped: &'a (dyn Fn() -> bool + Sync),
    /// Takes a step down into the ledger.
    pub fall: &'a (dyn Fn(loopy_core::ledger::Entry) + Sync),
}

impl Context<'_> {
    /// Waits a moment; false when the stream has ended.
    fn waits(&self) -> bool {
        thread::sleep(POLL);
        !(self.stopped)()
    }

    /// Rungs of video, the best first.
    fn videos(&self) -> Vec<Arc<Reel>> {
        let mut reels = self.hub.reels();
        reels.retain(|reel| matches!(reel.rung.coding, Coding::H264 { .. }));
        reels
    }

    /// The best rung, once there is one; `None` when the stream ends before.
    fn best(&self) -> Option<Arc<Reel>> {
        loop {
            if let Some(reel) = self.videos().first() {
                return Some(Arc::clone(reel));
            }
            if !self.waits() {
                return None;
            }
        }
    }
}
