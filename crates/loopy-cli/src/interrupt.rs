//! Ctrl-C: the first finishes the unit in hand and saves, the second stops. A stream has nothing to
//! finish: there, the first stops.

use loopy_engine::executor::Cancel;
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
};

/// What becomes of the jobs that run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Jobs {
    /// They are finished.
    Finish,
    /// They are dropped.
    Drop,
}

/// Watches for signals in a thread of its own and turns them into `cancel`.
pub(crate) fn watch(cancel: Cancel, jobs: Jobs) {
    let signals = Signals::new([SIGINT, SIGTERM, SIGHUP]);
    let Ok(mut signals) = signals else {
        tracing::warn!("signals cannot be watched; Ctrl-C stops at once");
        return;
    };
    std::thread::spawn(move || {
        for (count, _) in signals.forever().enumerate() {
            if count == 0 && jobs == Jobs::Drop {
                cancel.kill();
            } else if count == 0 {
                cancel.request();
                crate::words::say("finishing the pieces in hand (Ctrl-C again stops now)");
            } else {
                cancel.kill();
                signal_hook::low_level::exit(130);
            }
        }
    });
}
