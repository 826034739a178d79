//! Stored features: any bytes are refused or give whole features.

use loopy_sight::features::Features;

/// See above.
pub fn run(bytes: &[u8]) {
    if let Ok(features) = Features::from_bytes(bytes) {
        let again = Features::from_bytes(&features.to_bytes());
        assert!(again.is_ok_and(|again| again == features));
    }
}
