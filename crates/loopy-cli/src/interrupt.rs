//! Ctrl-C: the first finishes the unit in hand and saves, the second stops.

use loopy_engine::executor::Cancel;
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
};

/// Watches for signals in a thread of its own and turns them into `cancel`.
pub(crate) fn watch(cancel: Cancel) {
    let signals = Signals::new([SIGINT, SIGTERM, SIGHUP]);
    let Ok(mut signals) = signals else {
        tracing::warn!("signals cannot be watched; Ctrl-C stops at once");
        return;
    };
    std::thread::spawn(move || {
        for (count, _) in signals.forever().enumerate() {
            if count == 0 {
                cancel.request();
                crate::words::say("finishing the pieces in hand (Ctrl-C again stops now)");
            } else {
                cancel.kill();
                signal_hook::low_level::exit(130);
            }
        }
    });
}
