//! Runs a handler so that its panic is a reason like any other.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// What `handler` says to `job`, or that it panicked and how.
///
/// A handler is given jobs by reference and keeps no state of its own between them that a panic
/// could leave half done; what it wrote, it wrote aside.
pub(super) fn call<J: ?Sized, R>(
    handler: impl Fn(&J) -> Result<R, String>,
    job: &J,
) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(|| handler(job)))
        .unwrap_or_else(|panic| Err(format!("an internal error: {}", words(panic.as_ref()))))
}

fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no words were left")
}
