//! Any text is refused with a reason, or holds.

use proptest::prelude::*;

use super::{File, Key, Secret, migrate, resolve};

/// Lines that look like settings, more or less.
fn text() -> impl Strategy<Value = String> {
    let names = Key::ALL
        .iter()
        .flat_map(|key| key.path.split('.'))
        .chain([
            "gpu_enabled",
            "parallel_workers",
            "cache",
            "<<",
            "- a",
            "&a b",
            "*a",
        ])
        .map(str::to_owned)
        .collect::<Vec<_>>();
    let values = [
        "true",
        "no",
        "7",
        "-1",
        "0.5",
        ".nan",
        "1e400",
        "auto",
        "\"720p\"",
        "[1, {a: b}]",
        "{enabled: true}",
        "~",
        "",
        "|",
        "'",
        "*a",
        "&a x",
        "!!int 3",
        "0123456789abcdef0123",
        "\u{feff}",
        "generate_random_token_here",
    ];
    let line = (
        0..4_usize,
        prop::sample::select(names),
        prop::sample::select(values.to_vec()),
    );
    prop::collection::vec(line, 0..12).prop_map(|lines| {
        lines
            .into_iter()
            .map(|(depth, name, value)| format!("{}{name}: {value}", "  ".repeat(depth)))
            .collect::<Vec<_>>()
            .join("\n")
    })
}

fn look(bytes: &[u8]) {
    let file = File {
        name: "c.yaml",
        bytes,
    };
    match resolve(Some(file), &[]) {
        Ok(settings) => {
            assert_eq!(settings.config.validate_config(), []);
            let token = &settings.config.features.real_time.websocket.auth_token;
            assert!(
                token
                    .as_ref()
                    .is_none_or(|token| Secret::reveal(token).len() >= 16)
            );
        }
        Err(findings) => assert!(findings.to_string().contains("c.yaml")),
    }
    if let Ok(migrated) = migrate(file, "0123456789abcdef")
        && !migrated.current
    {
        let made = File {
            name: "c.yaml",
            bytes: migrated.text.as_bytes(),
        };
        assert!(resolve(Some(made), &[]).is_ok());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_bytes_are_refused_or_hold(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        look(&bytes);
    }

    #[test]
    fn any_text_that_looks_like_settings_is_refused_or_holds(text in text()) {
        look(text.as_bytes());
    }
}
