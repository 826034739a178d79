//! Settings: any bytes are refused with a reason or hold, and no token is ever shown; what earlier
//! versions wrote becomes a file that holds.

use loopy_core::config::{File, Key, Secret, migrate, resolve};

/// See above.
pub fn run(bytes: &[u8]) {
    let file = File {
        name: "config.yaml",
        bytes,
    };
    match resolve(Some(file), &[]) {
        Ok(settings) => {
            assert!(settings.config.validate_config().is_empty());
            let token = &settings.config.features.real_time.websocket.auth_token;
            if let Some(token) = token.as_ref().map(Secret::reveal) {
                assert!(token.chars().count() >= 16);
            }
            for key in Key::ALL.into_iter().filter(|key| key.is_secret()) {
                assert!(["***", "not given"].contains(&settings.shown(key).as_str()));
            }
        }
        Err(findings) => assert!(!findings.to_string().is_empty()),
    }
    if let Ok(migrated) = migrate(file, "0123456789abcdef")
        && !migrated.current
    {
        let made = File {
            name: "config.yaml",
            bytes: migrated.text.as_bytes(),
        };
        assert!(resolve(Some(made), &[]).is_ok());
    }
}
