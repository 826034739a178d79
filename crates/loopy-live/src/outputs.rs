//! Other ways out of the stream than its own protocol, from the same packets: files, HTTP live
//! streaming and other servers. Each has a thread of its own and waits for nobody; what it cannot do any more stands in
//! the ledger and never disturbs the stream.

pub mod ear;
pub mod feed;
pub mod hls;
pub mod pace;
pub mod push;
pub mod record;
#[cfg(test)]
pub(crate) mod testing;

use std::{sync::Arc, thread, time::Duration};

use loopy_core::ledger::Entry;

use crate::hub::{Coding, Hub, Reel};

/// How often an output looks for packets: much less than what the hub keeps.
const POLL: Duration = Duration::from_millis(50);

/// The ways out that are asked for.
#[derive(Clone, Debug, Default)]
pub struct Ways {
    /// HTTP live streaming.
    pub hls: bool,
    /// Files.
    pub record: Option<record::Recording>,
    /// Other servers.
    pub push: Vec<push::Address>,
}

impl Ways {
    /// Starts all of them, and the playlists of `hls`; they end with the stream.
    pub fn start<'s>(
        &'s self,
        scope: &'s thread::Scope<'s, '_>,
        hls: &'s hls::Hls,
        context: Context<'s>,
    ) {
        if self.hls {
            begin(scope, context, move |context| hls::run(hls, context));
        }
        if let Some(recording) = &self.record {
            begin(scope, context, |context| record::run(recording, context));
        }
        for address in &self.push {
            let patience = push::Patience::default();
            begin(scope, context, move |context| {
                push::run(address, patience, context);
            });
        }
    }
}

/// Runs an output in a thread of its own; sound is encoded for it from the first on, while it runs.
fn begin<'s>(
    scope: &'s thread::Scope<'s, '_>,
    context: Context<'s>,
    run: impl FnOnce(Context<'s>) + Send + 's,
) {
    let listener = context.sound.then(|| context.hub.listen());
    scope.spawn(move || {
        run(context);
        drop(listener);
    });
}

/// What outputs share.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Where the packets are.
    pub hub: &'a Hub,
    /// The stream has ended.
    pub stopped: &'a (dyn Fn() -> bool + Sync),
    /// There may be sound.
    pub sound: bool,
    /// Takes a step down into the ledger.
    pub fall: &'a (dyn Fn(Entry) + Sync),
    /// Takes a step up into the ledger.
    pub climb: &'a (dyn Fn(Entry) + Sync),
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
