//! What becomes of files of earlier versions.

#![allow(clippy::unwrap_used, reason = "a test stops at what must not be")]

use insta::assert_snapshot;

use super::*;
use crate::config::keys;

const FRESH: &str = "fresh-token-of-the-test";

fn file(text: &str) -> File<'_> {
    File {
        name: "old.yaml",
        bytes: text.as_bytes(),
    }
}

/// What was said, then what the new file gives, explanations left out.
fn told(text: &str) -> String {
    let migrated = migrate(file(text), FRESH).unwrap();
    assert!(resolve(Some(file(&migrated.text)), &[]).is_ok());
    let mut lines: Vec<String> = Vec::new();
    for mapped in &migrated.mapped {
        lines.push(format!(
            "{} -> {}: {}",
            mapped.from, mapped.to, mapped.shown
        ));
    }
    for lost in &migrated.homeless {
        lines.push(format!("{}: {}", lost.from, lost.why));
    }
    lines.push(String::new());
    let settings = resolve(Some(file(&migrated.text)), &[]).unwrap();
    let defaults = keys::defaults();
    for key in Key::ALL {
        let value = settings.value(key.path);
        if Some(value) != keys::get(&defaults, key.path) {
            lines.push(format!("{}: {value}", key.path));
        }
    }
    lines.join("\n")
}

#[test]
fn flat_settings_of_version_1() {
    assert_snapshot!(told(
        "{'gpu_enabled': True, 'parallel_workers': 4, 'auth_token': 'generate_random_token_here', 'batch_size': 8}"
    ));
}

#[test]
fn sections_of_the_other_form() {
    assert_snapshot!(told(
        "version: '2.0'
compatibility_mode: true
real_time:
  enabled: true
  websocket_port: 9000
  auth_token: a-token-of-their-own
ml:
  enabled: true
  quality_mode: balanced
gpu:
  enabled: false
  memory_pool_size_mb: 2048
  memory_fraction: 80
performance:
  parallel_processing: false
  max_workers: 6
  target_fps: 30
cache:
  enabled: true
  max_size_mb: 2048
  directory: /var/cache/loopy
monitoring:
  enabled: true
  interval_seconds: 5
  log_level: WARNING
"
    ));
}

#[test]
fn the_example_of_the_specification_with_features_switched_on() {
    assert_snapshot!(told(
        "version: \"2.0.0\"
features:
  real_time:
    enabled: true
    websocket:
      host: localhost
      port: 8765
      auth_token: generate_random_token_here
  parallel_processing:
    enabled: true
    max_workers: 4
"
    ));
}

#[test]
fn a_file_of_this_version_stays_as_it_is() {
    let migrated = migrate(file("walk:\n  min_gap: 3\n"), FRESH).unwrap();
    assert!(migrated.current && migrated.text.is_empty());
}

#[test]
fn what_would_not_hold_is_told_at_its_place_in_the_old_file() {
    let told = migrate(file("gpu_enabled: true\nwebsocket_port: 70000\n"), FRESH)
        .unwrap_err()
        .to_string();
    assert!(
        told.starts_with("old.yaml:2:17: `features.real_time.websocket.port`"),
        "{told}"
    );
    for bad in ["", "[1, 2]", "gpu_enabled: [", "words"] {
        assert!(migrate(file(bad), FRESH).is_err(), "{bad}");
    }
}

#[test]
fn one_worker_switches_nothing_on_and_none_means_as_many_as_there_are_cores() {
    let one = told("parallel_workers: 1");
    assert!(!one.contains("parallel_processing.enabled"), "{one}");
    let all = told("parallel_workers: 0");
    assert!(all.contains("parallel_processing.enabled: true"), "{all}");
    assert!(!all.contains("max_workers: 0"), "{all}");
}

#[test]
fn of_two_names_for_one_thing_the_later_holds_and_an_explicit_switch_beats_a_number() {
    let two = told("gpu_enabled: true\nuse_gpu: false");
    assert!(
        two.contains("gpu_enabled: `use_gpu` says it again"),
        "{two}"
    );
    assert!(!two.contains("gpu_acceleration.enabled: true"), "{two}");
    let off = told("parallel_workers: 4\nparallel_enabled: false");
    assert!(
        off.contains("parallel_workers -> features.parallel_processing.max_workers: 4"),
        "{off}"
    );
    assert!(!off.contains("parallel_processing.enabled: true"), "{off}");
}

#[test]
fn every_home_is_a_key() {
    for (from, to, _) in HOMES {
        assert!(Key::of(to).is_some(), "{from} -> {to}");
        assert!(!GONE.iter().any(|(gone, _)| gone == from), "{from}");
    }
}
