//! Settings at the edge: files that are written, read, refused and turned into this version's.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
};

use crate::house::{House, text};

const TOKEN: &str = "features.real_time.websocket.auth_token";

fn mode(house: &House, name: &str) -> u32 {
    let file = fs::metadata(house.path(name)).unwrap();
    file.permissions().mode() & 0o777
}

/// Standard error of a command that ends with code 3.
fn refused(house: &House, args: &[&str]) -> String {
    text(&house.run(args, 3).stderr)
}

#[test]
fn init_writes_a_file_of_its_owner_with_a_token_that_no_other_has() {
    let house = House::new();
    house.run(&["config", "init", "a.yaml"], 0);
    house.run(&["config", "init", "b.yaml"], 0);
    assert_eq!(mode(&house, "a.yaml"), 0o600);
    let token = |name: &str| {
        let text = fs::read_to_string(house.path(name)).unwrap();
        let line = text
            .lines()
            .find(|line| line.contains("auth_token: "))
            .unwrap()
            .to_owned();
        assert!(line.len() > 64, "{line}");
        line
    };
    assert_ne!(token("a.yaml"), token("b.yaml"));
    house.run(&["config", "check", "a.yaml"], 0);
    // The schema that its first line names lies beside it.
    let schema: serde_json::Value =
        serde_json::from_slice(&fs::read(house.path("config.schema.json")).unwrap()).unwrap();
    let printed = house.run(&["config", "schema"], 0).stdout;
    assert_eq!(
        schema,
        serde_json::from_slice::<serde_json::Value>(&printed).unwrap()
    );

    // A token is not written over.
    let before = fs::read(house.path("a.yaml")).unwrap();
    let told = text(&house.run(&["config", "init", "a.yaml"], 1).stderr);
    assert!(told.contains("may hold a token"), "{told}");
    assert_eq!(fs::read(house.path("a.yaml")).unwrap(), before);
    let left: Vec<_> = fs::read_dir(house.path("."))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with(".loopy"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn the_usual_file_is_found_and_shown_with_its_origins_and_without_its_token() {
    let house = House::new();
    house.run(&["config", "init"], 0);
    let usual = house.path("settings/loopycomfy/config.yaml");
    let file = fs::read_to_string(&usual).unwrap();
    fs::write(&usual, file.replace("  # min_gap: 5", "  min_gap: 7")).unwrap();
    let output = house
        .loopy(&["config", "show", "--origin"])
        .env("LOOPYCOMFY_RENDER_SIZE", "360p")
        .output()
        .unwrap();
    let shown = text(&output.stdout);
    let line = |key: &str| {
        shown
            .lines()
            .find(|line| line.starts_with(key))
            .unwrap()
            .to_owned()
    };
    assert!(
        line("walk.min_gap").starts_with("walk.min_gap: 7  ("),
        "{shown}"
    );
    assert!(
        line("walk.min_gap").contains("loopycomfy/config.yaml:"),
        "{shown}"
    );
    assert_eq!(
        line("render.size"),
        "render.size: 360p  (LOOPYCOMFY_RENDER_SIZE)"
    );
    assert_eq!(line("render.fps"), "render.fps: not given  (default)");
    assert!(line(TOKEN).contains(": ***  ("), "{shown}");
    assert!(line("store.path").contains("(LOOPYCOMFY_CACHE)"), "{shown}");
}

#[test]
fn files_that_cannot_be_read_are_refused_with_code_3_by_every_command() {
    let house = House::new();
    fs::create_dir(house.path("folder.yaml")).unwrap();
    fs::write(house.path("latin.yaml"), b"walk:\n  mode: \xe9\n").unwrap();
    fs::write(house.path("giant.yaml"), "# 7\n".repeat(400_000)).unwrap();
    fs::write(
        house.path("twice.yaml"),
        "walk:\n  min_gap: 2\n  min_gap: 3\n",
    )
    .unwrap();
    fs::write(
        house.path("example.yaml"),
        "features: {real_time: {websocket: {auth_token: generate_random_token_here}}}\n",
    )
    .unwrap();
    symlink("endless.yaml", house.path("endless.yaml")).unwrap();
    for (name, expected) in [
        ("missing.yaml", "there is no such file"),
        ("folder.yaml", "is a folder"),
        ("latin.yaml", "latin.yaml:2:9: is not UTF-8 here"),
        ("giant.yaml", "larger than 1024 KiB"),
        ("twice.yaml", "twice.yaml:3:3: duplicate"),
        ("example.yaml", "which everybody knows"),
        ("endless.yaml", "endless.yaml: "),
    ] {
        for args in [
            &["config", "check", name][..],
            &["config", "show", "--config", name],
            &["cache", "info", "--config", name],
            &["render", "clips", "-o", "o.mp4", "--config", name],
        ] {
            let told = refused(&house, args);
            assert!(told.contains(expected), "{args:?}\n{told}");
        }
    }
    // As data, too.
    let output = house.run(&["cache", "info", "--json", "--config", "twice.yaml"], 3);
    let line: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&line["type"], &line["code"]), (&"error".into(), &3.into()));
    // A broken file stands in nobody's way who mends or replaces it.
    house.run(&["config", "init", "new.yaml", "--config", "twice.yaml"], 0);
}

#[test]
fn check_tells_every_mistake_of_file_and_environment() {
    let house = House::new();
    fs::write(
        house.path("c.yaml"),
        "walk:\n  temprature: 2\nseams:\n  threshold: 7\n",
    )
    .unwrap();
    let told = refused(&house, &["config", "check", "c.yaml"]);
    assert!(told.contains("2 settings are wrong"), "{told}");
    assert!(
        told.contains("c.yaml:2:3: `walk.temprature` is no key"),
        "{told}"
    );
    assert!(told.contains("did you mean `temperature`?"), "{told}");
    assert!(
        told.contains("c.yaml:4:14: `seams.threshold` is 7; give 0 to 1"),
        "{told}"
    );
    let output = house
        .loopy(&["config", "check"])
        .env("LOOPYCOMFY_RENDER_SISE", "1")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stderr).contains("did you mean `LOOPYCOMFY_RENDER_SIZE`?"));
    fs::write(
        house.path("on.yaml"),
        "features: {gpu_acceleration: {enabled: true}}\n",
    )
    .unwrap();
    let told = text(&house.run(&["config", "check", "on.yaml"], 0).stderr);
    assert!(told.contains("what works is used instead"), "{told}");
}

#[test]
fn a_store_is_where_the_file_says_unless_the_environment_or_the_command_line_says_otherwise() {
    let house = House::new();
    fs::write(house.path("c.yaml"), "store: {path: by-file, size: 3G}\n").unwrap();
    let info = |more: &[&str], variable: Option<&str>| {
        let args = [&["cache", "info", "--json", "--config", "c.yaml"], more].concat();
        let mut command = house.loopy(&args);
        match variable {
            Some(value) => command.env("LOOPYCOMFY_CACHE", value),
            None => command.env_remove("LOOPYCOMFY_CACHE"),
        };
        let output = command.output().unwrap();
        let line: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let dir = line["dir"]
            .as_str()
            .unwrap()
            .rsplit('/')
            .next()
            .unwrap()
            .to_owned();
        (dir, line["cap"].as_u64().unwrap() >> 30)
    };
    assert_eq!(info(&[], None), ("by-file".to_owned(), 3));
    assert_eq!(
        info(&[], Some("by-variable")),
        ("by-variable".to_owned(), 3)
    );
    let by_hand = &["--cache", "by-hand", "--cache-size", "2G"];
    assert_eq!(
        info(by_hand, Some("by-variable")),
        ("by-hand".to_owned(), 2)
    );
}

#[test]
fn a_log_goes_to_its_file_and_development_switches_it_on() {
    let house = House::new();
    fs::create_dir(house.path("clips")).unwrap();
    fs::write(house.path("c.yaml"), "debug: {log_file: loopy.log}\n").unwrap();
    house.run(&["cache", "info", "--config", "c.yaml"], 0);
    assert!(!house.path("loopy.log").exists());
    let output = house
        .loopy(&["cache", "info", "--config", "c.yaml"])
        .env("LOOPYCOMFY_DEV", "1")
        .output()
        .unwrap();
    assert!(output.status.success());
    assert!(house.path("loopy.log").exists());
}

#[test]
fn what_is_switched_on_and_lacking_is_a_fallback_and_fails_under_strict() {
    let house = House::new();
    house.truth_clips(loopy_core::Rate::new(30, 1).unwrap(), &[40, 40, 40]);
    fs::write(
        house.path("c.yaml"),
        "features: {gpu_acceleration: {enabled: true}}\nrender: {audio: none, quality: draft, size: 96x64}\n",
    )
    .unwrap();
    let args = [
        "render",
        "clips",
        "-o",
        "o.mp4",
        "--duration",
        "2s",
        "--config",
        "c.yaml",
    ];
    house.run(&[&args[..], &["--report", "r.json"]].concat(), 0);
    let report = house.report("r.json");
    assert_eq!(report.fallbacks.len(), 1);
    assert_eq!(report.fallbacks[0].to, "CPU workers");
    assert_eq!(report.size, loopy_core::Size::new(96, 64));
    let told = text(&house.run(&[&args[..], &["--strict"]].concat(), 1).stderr);
    assert!(told.contains("features.gpu_acceleration.enabled"), "{told}");
}

#[test]
fn migrate_keeps_what_was_and_says_what_became_of_it() {
    let house = House::new();
    let old = "gpu_enabled: true\nparallel_workers: 4\nbatch_size: 8\n";
    fs::write(house.path("old.yaml"), old).unwrap();
    let told = text(&house.run(&["migrate", "old.yaml"], 0).stderr);
    assert!(
        told.contains("parallel_workers -> features.parallel_processing.max_workers: 4"),
        "{told}"
    );
    assert!(told.contains("batch_size has no home"), "{told}");
    assert_eq!(fs::read_to_string(house.path("old.yaml.bak")).unwrap(), old);
    assert_eq!(mode(&house, "old.yaml"), 0o600);
    house.run(&["config", "check", "old.yaml"], 0);
    // Again there is nothing to do; another backup takes another name.
    let told = text(&house.run(&["migrate", "old.yaml"], 0).stderr);
    assert!(told.contains("nothing was changed"), "{told}");
    assert!(!house.path("old.yaml.bak1").exists());
    fs::write(house.path("old.yaml"), old).unwrap();
    house.run(&["migrate", "old.yaml"], 0);
    assert!(house.path("old.yaml.bak1").exists());

    fs::write(house.path("old.json"), "{\"gpu_enabled\": true}").unwrap();
    house.run(&["migrate", "old.json"], 2);
    house.run(&["migrate", "old.json", "-o", "new.yaml"], 0);
    house.run(&["config", "check", "new.yaml"], 0);
    assert!(
        text(
            &house
                .run(&["migrate", "old.json", "-o", "new.yaml"], 1)
                .stderr
        )
        .contains("already")
    );
    house.run(&["migrate", "missing.yaml"], 3);
}
