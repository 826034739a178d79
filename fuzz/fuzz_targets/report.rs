//! Reports: any JSON is refused or reads back as it was written.

#![no_main]

use libfuzzer_sys::fuzz_target;
use loopy_core::report::Report;

fuzz_target!(|bytes: &[u8]| {
    let Ok(report) = serde_json::from_slice::<Report>(bytes) else {
        return;
    };
    let text = serde_json::to_string(&report).expect("a report can be written");
    let again: Report = serde_json::from_str(&text).expect("a written report can be read");
    assert!(again == report);
});
