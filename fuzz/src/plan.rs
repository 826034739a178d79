//! Plans: any JSON is refused, or survives its check and everything that a checked plan allows.

use loopy_core::{Plan, clock::ClipClock};

/// See above.
pub fn run(bytes: &[u8]) {
    let Ok(plan) = serde_json::from_slice::<Plan>(bytes) else {
        return;
    };
    let _hash = plan.hash();
    let text = serde_json::to_string(&plan).expect("a plan can be written");
    let again: Plan = serde_json::from_str(&text).expect("a written plan can be read");
    assert_eq!(again.hash(), plan.hash());
    if plan.check().is_err() {
        return;
    }
    for visit in &plan.visits {
        let planned = plan.clip(visit);
        let clock = ClipClock::new(&planned.clip, plan.fps, plan.rate_mode);
        let positions = planned.positions(&clock);
        assert!(positions.is_sorted());
        assert!(visit.leave <= clock.len());
    }
}
