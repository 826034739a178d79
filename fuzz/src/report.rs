//! Reports: any JSON is refused or reads back as it was written.

use loopy_core::report::Report;

/// See above.
pub fn run(bytes: &[u8]) {
    let Ok(report) = serde_json::from_slice::<Report>(bytes) else {
        return;
    };
    let text = serde_json::to_string(&report).expect("a report can be written");
    let again: Report = serde_json::from_str(&text).expect("a written report can be read");
    assert!(again == report);
}
