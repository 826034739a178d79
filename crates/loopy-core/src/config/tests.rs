//! What a file and the environment may say, and what is said when they say something else.

#![allow(clippy::unwrap_used, reason = "a test stops at what must not be")]

use std::collections::BTreeSet;

use super::*;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// The settings of a file.
fn read(text: &str) -> Result<Settings, Findings> {
    let file = File {
        name: "c.yaml",
        bytes: text.as_bytes(),
    };
    resolve(Some(file), &[])
}

/// What is wrong with a file, as it is told.
fn wrong(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[test]
fn everything_advanced_is_off_by_default() {
    let config = AdvancedFeaturesConfig::default();
    for feature in [
        "real_time",
        "ml_enhanced",
        "gpu_acceleration",
        "parallel_processing",
    ] {
        assert!(!config.is_feature_enabled(feature), "{feature}");
    }
    assert!(!config.debug.enabled);
    assert!(!config.is_feature_enabled("no_feature"));
    assert_eq!(config.validate_config(), []);
}

#[test]
fn the_file_of_the_specification_is_read_and_only_its_token_is_refused() {
    let text = r#"
# Safety-first: All features disabled by default
version: "2.0.0"

features:
  real_time:
    enabled: false
    websocket:
      host: "localhost"
      port: 8765
      auth_token: "generate_random_token_here"

  ml_enhanced:
    enabled: false
    model_quality: "auto"  # auto, full, lite, cpu
    cache_enabled: true

  gpu_acceleration:
    enabled: false
    memory_fraction: 0.7
    kernel_optimization: true

  parallel_processing:
    enabled: false
    max_workers: "auto"
    load_balancing: true

debug:
  enabled: true
  log_level: "DEBUG"
  log_file: "loopy_comfy_v2_debug.log"
"#;
    let findings = read(text).unwrap_err().0;
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(
        findings[0].to_string(),
        "c.yaml:11:19: `features.real_time.websocket.auth_token` is the example's, which everybody knows\n  \
         `loopy config init` writes a file with a fresh one"
    );
    let settings = read(&text.replace(PLACEHOLDER, TOKEN)).unwrap();
    let mut expected = AdvancedFeaturesConfig::default();
    expected.debug.enabled = true;
    expected.debug.log_file = Some("loopy_comfy_v2_debug.log".to_owned());
    let token = settings
        .config
        .features
        .real_time
        .websocket
        .auth_token
        .clone();
    assert_eq!(token.as_ref().map(Secret::reveal), Some(TOKEN));
    expected.features.real_time.websocket.auth_token = token;
    assert_eq!(settings.config, expected);
}

#[test]
fn the_list_of_keys_is_that_of_the_types() {
    fn leaves(prefix: &str, value: &serde_json::Value, into: &mut BTreeSet<String>) {
        match value.as_object() {
            Some(map) => map.iter().for_each(|(name, value)| {
                let path = format!("{prefix}.{name}");
                leaves(path.trim_start_matches('.'), value, into);
            }),
            None => {
                into.insert(prefix.to_owned());
            }
        }
    }
    let mut found = BTreeSet::new();
    leaves("", &keys::defaults(), &mut found);
    let listed: BTreeSet<String> = Key::ALL.iter().map(|key| key.path.to_owned()).collect();
    assert_eq!(found, listed);
    // What has no default has an example, and an explanation has everything.
    for key in Key::ALL {
        let default = keys::get(&keys::defaults(), key.path).unwrap().clone();
        assert_eq!(default.is_null(), key.example.is_some(), "{}", key.path);
    }
    assert!(!reference().contains("|  |"), "{}", reference());
}

#[test]
fn an_unknown_key_is_told_with_its_place_and_what_was_meant() {
    assert_eq!(
        wrong("version: \"2.0.0\"\nfeatures:\n  real_time:\n    enabeld: true\n"),
        "c.yaml:4:5: `features.real_time.enabeld` is no key\n  \
         4 |     enabeld: true\n    \
           |     ^\n  \
         did you mean `enabled`?"
    );
    assert!(wrong("sise: 720p").contains("c.yaml:1:1: `sise` is no key"));
    assert!(wrong("rendr:\n  size: 720p").contains("did you mean `render`?"));
    assert!(
        wrong("websocket:\n  port: 1").contains("did you mean `features.real_time.websocket`?")
    );
    assert!(wrong("gpu_enabled: true").contains("loopy migrate FILE"));
    assert!(!wrong("zebra: true").contains("mean"));
}

#[test]
fn everything_that_is_wrong_is_told_at_once_in_the_order_of_the_file() {
    let found = read(
        "walk:\n  mode: unifrom\n  temprature: 2\nseams:\n  threshold: 2\nrender:\n  size: huge\n",
    )
    .unwrap_err()
    .0;
    let keys: Vec<&str> = found.iter().filter_map(|one| one.key.as_deref()).collect();
    assert_eq!(
        keys,
        [
            "walk.temprature",
            "walk.mode",
            "render.size",
            "seams.threshold"
        ]
    );
}

#[test]
fn wrong_types_are_told_with_a_way_out() {
    for (text, expected) in [
        ("debug:\n  enabled: yes", "write true or false"),
        ("version: 2.0", "put it in quotes"),
        ("seams:\n  threshold: \"0.7\"", "without quotes"),
        ("walk:\n  mode: unifrom", "did you mean `uniform`?"),
        ("debug:\n  log_level: DEBIG", "did you mean `DEBUG`?"),
        (
            "features:\n  real_time: true",
            "write `enabled: true` below it",
        ),
        (
            "render:\n  size:\n    width: 3",
            "takes a value, not more keys",
        ),
        ("render:\n  size: [640, 360]", "`render.size` does not fit"),
        ("render: 7", "is a section, not a value"),
        ("just words", "holds no keys"),
        ("- a\n- b", "holds no keys"),
        ("render:\n  quality: 52", "is not a quality"),
        ("render:\n  fps: 0", "is not a frame rate"),
        ("store:\n  size: big", "give a size like 500M or 20G"),
        ("seams:\n  threshold: .nan", "threshold"),
    ] {
        let told = wrong(text);
        assert!(told.contains(expected), "{text}\n{told}");
    }
}

#[test]
fn values_out_of_range_are_findings() {
    let features =
        |name: &str, key: &str, value: &str| format!("features:\n  {name}:\n    {key}: {value}\n");
    for text in [
        features("gpu_acceleration", "memory_fraction", "0"),
        features("gpu_acceleration", "memory_fraction", "1.01"),
        features("parallel_processing", "max_workers", "0"),
        features("parallel_processing", "max_workers", "257"),
        features("parallel_processing", "max_workers", "-1"),
        features("parallel_processing", "max_workers", "many"),
        features("real_time", "websocket", "{port: 0}"),
        features("real_time", "websocket", "{port: 65536}"),
        features("real_time", "websocket", "{host: ''}"),
        features("real_time", "websocket", "{auth_token: short}"),
        features(
            "real_time",
            "websocket",
            "{auth_token: 'with spaces in its words'}",
        ),
        features("real_time", "enabled", "true"),
        "seams:\n  threshold: -0.1\n".to_owned(),
        "seams:\n  bridge_frames: 0\n".to_owned(),
        "seams:\n  bridge_frames: 61\n".to_owned(),
        "seams:\n  bridge_budget: 10001\n".to_owned(),
        "walk:\n  temperature: 0\n".to_owned(),
        "walk:\n  repetition_penalty: 11\n".to_owned(),
        "walk:\n  min_gap: -1\n".to_owned(),
        "version: \"1.4\"\n".to_owned(),
        "store:\n  path: ~/loopy\n".to_owned(),
        "render:\n  audio: no\n".to_owned(),
    ] {
        let found = read(&text).unwrap_err().0;
        assert_eq!(found.len(), 1, "{text}{found:?}");
        assert!(
            matches!(found[0].place, Place::File { line: 1.., .. }),
            "{text}{found:?}"
        );
    }
}

#[test]
fn a_token_is_never_shown() {
    let secret = "correct-horse-battery-staple";
    let text = format!("features:\n  real_time:\n    websocket:\n      auth_token: {secret}\n");
    let settings = read(&text).unwrap();
    let key = Key::of("features.real_time.websocket.auth_token").unwrap();
    assert_eq!(settings.shown(key), "***");
    let config = &settings.config;
    let shown = format!("{config:?} {:?}", config.get_feature_config("real_time"));
    assert!(!shown.contains(secret), "{shown}");
    for bad in [
        text.replace(secret, "short"),
        text.replace(secret, "1234567890123456789"),
        text.replace(secret, "[correct-horse-battery-staple]"),
        text.replace(secret, "\"correct-horse-battery-staple"),
        format!("{text}      auth_token: correct-horse-battery-staple\n"),
    ] {
        let told = wrong(&bad);
        assert!(
            !told.contains("short\n") && !told.contains("12345"),
            "{told}"
        );
        assert!(!told.contains(secret), "{told}");
    }
}

#[test]
fn a_key_that_stands_twice_is_an_error() {
    let told = wrong("walk:\n  min_gap: 2\n  min_gap: 3\n");
    assert!(
        told.starts_with("c.yaml:3:3: duplicate key `min_gap`"),
        "{told}"
    );
    assert!(wrong("walk: {}\nwalk: {}\n").contains("duplicate"));
}

#[test]
fn an_alias_bomb_is_refused_at_once() {
    let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (name, before) in ["b", "c", "d", "e", "f", "g", "h"]
        .iter()
        .zip(["a", "b", "c", "d", "e", "f", "g"])
    {
        let list = vec![format!("*{before}"); 10].join(", ");
        bomb.extend([name, ": &", name, " [", &list, "]\n"]);
    }
    let told = wrong(&bomb);
    assert!(told.contains("aliases (`*name`) repeat more"), "{told}");
    let deep = "[".repeat(10_000);
    assert!(wrong(&deep).len() < 1000);
    let many = format!(
        "{{{}}}",
        (0..30_000)
            .map(|n| format!("k{n}: 1"))
            .collect::<Vec<_>>()
            .join(", ")
    );
    assert!(wrong(&many).len() < 1000, "{}", wrong(&many).len());
}

#[test]
fn a_giant_file_is_refused_by_its_size() {
    let giant = "# words\n".repeat(LARGEST / 8 + 1);
    assert_eq!(
        wrong(&giant),
        "c.yaml: the file is larger than 1024 KiB\n  it is no configuration file"
    );
}

#[test]
fn marks_empty_files_and_comments_are_all_defaults() {
    for text in [
        "",
        "\u{feff}",
        "\n\n",
        "# nothing\n",
        "---\n",
        "---\n# a\n...\n",
        "\u{feff}# a\r\n",
        "{}",
        "render:\n",
        "~",
    ] {
        let settings = read(text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        assert_eq!(
            settings.config,
            AdvancedFeaturesConfig::default(),
            "{text:?}"
        );
    }
    let marked = read("\u{feff}walk:\r\n  min_gap: 4\r\n").unwrap();
    assert_eq!(marked.config.walk.min_gap, Some(4));
}

#[test]
fn tabs_other_encodings_and_second_documents_are_told_with_their_place() {
    let told = wrong("walk:\n\tmin_gap: 4\n");
    assert!(
        told.contains("c.yaml:2:") && told.contains("YAML takes no tabs there"),
        "{told}"
    );
    let file = File {
        name: "c.yaml",
        bytes: b"walk:\n  mode: \xff\n",
    };
    assert_eq!(
        resolve(Some(file), &[]).unwrap_err().to_string(),
        "c.yaml:2:9: is not UTF-8 here\n  save the file as UTF-8"
    );
    assert!(read("walk: {}\n---\nwalk: {}\n").is_err());
    assert!(wrong("walk: [").contains("c.yaml:"));
    // A line without end stays a line on the screen.
    let long = format!("walk:\n  mode: {}\n", "x".repeat(5000));
    assert!(wrong(&long).lines().all(|line| line.len() < 5200));
}

/// A value for each key that differs from its default, in a file and in the environment.
const OTHER: [(&str, &str, &str); 45] = [
    ("version", "\"2.1.0\"", "2.2.0"),
    ("features.real_time.enabled", "false", "false"),
    ("features.real_time.websocket.host", "\"0.0.0.0\"", "::1"),
    ("features.real_time.websocket.port", "9000", "9001"),
    (
        "features.real_time.websocket.auth_token",
        "\"0123456789abcdef\"",
        "9876543210123456789",
    ),
    ("features.ml_enhanced.enabled", "true", "false"),
    ("features.ml_enhanced.model_quality", "\"lite\"", "cpu"),
    ("features.ml_enhanced.cache_enabled", "false", "true"),
    ("features.gpu_acceleration.enabled", "true", "false"),
    ("features.gpu_acceleration.memory_fraction", "0.5", "0.25"),
    (
        "features.gpu_acceleration.kernel_optimization",
        "false",
        "true",
    ),
    ("features.parallel_processing.enabled", "true", "false"),
    ("features.parallel_processing.max_workers", "3", "auto"),
    (
        "features.parallel_processing.load_balancing",
        "false",
        "true",
    ),
    ("debug.enabled", "true", "false"),
    ("debug.log_level", "\"INFO\"", "WARN"),
    ("debug.log_file", "\"a.log\"", "b.log"),
    ("render.size", "\"360p\"", "320x240"),
    ("render.fps", "29.97", "25"),
    ("render.fit", "\"crop\"", "stretch"),
    ("render.preset", "\"web\"", "fast"),
    ("render.quality", "18", "best"),
    ("render.audio", "\"none\"", "music.wav"),
    ("seams.mode", "\"cut\"", "motion"),
    ("seams.threshold", "0.25", "0.75"),
    ("seams.bridge_frames", "4", "5"),
    ("seams.bridge_budget", "50", "25.5"),
    ("walk.mode", "\"uniform\"", "learned"),
    ("walk.min_gap", "3", "4"),
    ("walk.history_window", "30", "40"),
    ("walk.temperature", "0.5", "2"),
    ("walk.repetition_penalty", "0.5", "2"),
    ("live.rungs", "\"720p@2500k\"", "360p@700k,240x180@64k"),
    ("live.max_viewers", "20", "30"),
    ("live.max_per_address", "2", "3"),
    ("live.allow_host", "\"a.example\"", "b.example"),
    (
        "live.allow_origin",
        "\"https://a.example\"",
        "https://b.example",
    ),
    ("store.path", "\"here\"", "there"),
    ("store.size", "\"1G\"", "1048576"),
    ("monitor.interval", "0.5", "10"),
    ("monitor.memory_limit", "\"1G\"", "2147483648"),
    ("log.format", "\"json\"", "json"),
    ("log.size", "\"1M\"", "65536"),
    ("log.files", "2", "9"),
    ("log.hide_home", "true", "true"),
];

/// A file that gives one key.
fn file_of(path: &str, value: &str) -> String {
    let names: Vec<&str> = path.split('.').collect();
    let mut text = String::new();
    for (depth, name) in names.iter().enumerate() {
        let line = format!("{}{name}:", "  ".repeat(depth));
        text += &line;
        text += if depth + 1 == names.len() { " " } else { "\n" };
    }
    text + value + "\n"
}

#[test]
fn of_every_key_the_environment_goes_before_the_file_and_that_before_the_default() {
    assert_eq!(OTHER.map(|(path, ..)| path), Key::ALL.map(|key| key.path));
    for (path, in_file, in_environment) in OTHER {
        let default = Settings::default();
        assert_eq!(default.place(path), &Place::Default, "{path}");

        let text = file_of(path, in_file);
        let file = File {
            name: "c.yaml",
            bytes: text.as_bytes(),
        };
        let by_file = resolve(Some(file), &[]).unwrap_or_else(|error| panic!("{error}"));
        let value: serde_json::Value = serde_json::from_str(in_file).unwrap();
        assert_eq!(by_file.value(path), &value, "{path}");
        assert!(
            matches!(by_file.place(path), Place::File { line: 1.., .. }),
            "{path}"
        );
        if path != "features.real_time.enabled" {
            assert_ne!(by_file.config, default.config, "{path}");
        }

        let name = variable(path);
        let environment = variables(&[(&name, in_environment)]);
        let by_both = resolve(Some(file), &environment).unwrap_or_else(|error| panic!("{error}"));
        let shown = match by_both.value(path) {
            serde_json::Value::String(text) => text.clone(),
            value => value.to_string(),
        };
        assert_eq!(shown, in_environment, "{path}");
        assert_eq!(
            by_both.place(path),
            &Place::Variable(name.clone()),
            "{path}"
        );
        let alone = resolve(None, &environment).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(alone.config, by_both.config, "{path}");

        // An empty variable is none.
        let nothing = resolve(Some(file), &variables(&[(&name, "")])).unwrap();
        assert_eq!(nothing.config, by_file.config, "{path}");
    }
}

#[test]
fn variables_are_checked_as_the_file_is() {
    let wrong = |name: &str, value: &str| {
        let environment = variables(&[(name, value)]);
        resolve(None, &environment).unwrap_err().to_string()
    };
    assert!(
        wrong("LOOPYCOMFY_RENDER_SIZE", "huge")
            .starts_with("LOOPYCOMFY_RENDER_SIZE: `render.size` ")
    );
    assert!(wrong("LOOPYCOMFY_WALK_TEMPERATURE", "0").contains("give 0.01 to 100"));
    let token = "LOOPYCOMFY_FEATURES_REAL_TIME_WEBSOCKET_AUTH_TOKEN";
    assert!(wrong(token, PLACEHOLDER).contains("which everybody knows"));
    assert!(wrong("LOOPYCOMFY_DEV", "maybe").contains("neither 1 nor 0"));
    let settings = resolve(
        None,
        &variables(&[("LOOPYCOMFY_RENDER_SISE", "1"), ("LOOPY_X", "1")]),
    )
    .unwrap();
    assert_eq!(settings.strangers.len(), 1);
    assert!(
        settings.strangers[0]
            .to_string()
            .contains("did you mean `LOOPYCOMFY_RENDER_SIZE`?")
    );
}

#[test]
fn development_switches_debugging_on_unless_that_is_said_otherwise() {
    let debug = |pairs: &[(&str, &str)]| {
        resolve(None, &variables(pairs))
            .unwrap()
            .config
            .debug
            .enabled
    };
    assert!(debug(&[("LOOPYCOMFY_DEV", "1")]));
    assert!(!debug(&[("LOOPYCOMFY_DEV", "0")]));
    assert!(!debug(&[("LOOPYCOMFY_DEV", "")]));
    assert!(!debug(&[
        ("LOOPYCOMFY_DEV", "1"),
        ("LOOPYCOMFY_DEBUG_ENABLED", "false")
    ]));
}

#[test]
fn the_template_says_the_defaults_and_explains_every_key() {
    let key = "features.real_time.websocket.auth_token";
    let text = written("config.schema.json", &[(key, TOKEN.into())]);
    let settings = read(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let mut config = settings.config.clone();
    config.features.real_time.websocket.auth_token = None;
    assert_eq!(config, AdvancedFeaturesConfig::default());
    // Every example is one that is taken.
    let bare: String = text
        .lines()
        .map(|line| {
            let trimmed = line.trim_start();
            let indent = &line[..line.len() - trimmed.len()];
            let name = trimmed
                .strip_prefix("# ")
                .and_then(|rest| rest.split_once(": "));
            let is_key = name.is_some_and(|(name, _)| {
                name.chars()
                    .all(|letter| letter.is_ascii_lowercase() || letter == '_')
                    && Key::ALL
                        .iter()
                        .any(|key| key.path.ends_with(name) && key.example.is_some())
            });
            match trimmed.strip_prefix("# ").filter(|_| is_key) {
                Some(rest) => format!("{indent}{rest}\n"),
                None => format!("{line}\n"),
            }
        })
        .collect();
    let full = read(&bare).unwrap_or_else(|error| panic!("{error}\n{bare}"));
    for key in Key::ALL {
        assert_ne!(full.place(key.path), &Place::Default, "{}", key.path);
    }
    assert!(
        text.lines().all(|line| line.chars().count() <= 100),
        "{text}"
    );
}
