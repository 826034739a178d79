//! Sheets: any bytes are refused, or become a plan that holds together and comes back from its own
//! sheet.

use loopy_core::export::sheet;

/// See above.
pub fn run(bytes: &[u8]) {
    let Ok(read) = sheet::read(bytes) else {
        return;
    };
    let _names = read.names();
    let Ok(plan) = read.plan(None) else {
        return;
    };
    plan.check().expect("what a sheet becomes holds together");
    let again = sheet::read(&sheet::write(&plan)).expect("a written sheet can be read");
    assert!(!again.needs_library());
    let again = again.plan(None).expect("a written sheet is a plan");
    assert_eq!(again.hash(), plan.hash());
}
