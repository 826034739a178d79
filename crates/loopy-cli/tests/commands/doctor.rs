//! `loopy doctor`: what it tells, and that it fails where renders would.

use crate::without;
use std::{collections::BTreeMap, fmt::Write as _, fs, net::TcpListener};

use crate::house::{House, text};
use serde_json::Value;

/// What the doctor says, by type; and whether a render works.
struct Told {
    checks: BTreeMap<String, Value>,
    lines: Vec<Value>,
    ready: bool,
}

fn doctor(house: &House, more: &[&str], environment: &[(&str, &str)], code: i32) -> Told {
    let args = [&["doctor", "--json"], more].concat();
    let mut command = house.loopy(&args);
    command.envs(environment.iter().copied());
    let output = command.output().unwrap();
    let (told, errors) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{told}\n{errors}");
    assert_eq!(errors, "");
    let lines: Vec<Value> = told
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let of = |kind: &'static str| lines.iter().filter(move |line| line["type"] == kind);
    Told {
        checks: of("check")
            .map(|check| (check["id"].as_str().unwrap().to_owned(), check.clone()))
            .collect(),
        ready: of("doctor").next().unwrap()["ready"].as_bool().unwrap(),
        lines,
    }
}

impl Told {
    fn says(&self, id: &str) -> &str {
        self.checks[id]["says"].as_str().unwrap()
    }

    fn mark(&self, id: &str) -> &str {
        self.checks[id]["mark"].as_str().unwrap()
    }
}

/// Everything that is the same on all machines.
fn shape(told: &Told) -> String {
    let mut text = String::new();
    for line in &told.lines {
        let kind = line["type"].as_str().unwrap();
        // Steps down depend on what is installed.
        if kind == "fallback" {
            continue;
        }
        let keys: Vec<&str> = line
            .as_object()
            .unwrap()
            .keys()
            // Only what something lacks has a way to mend it.
            .filter(|key| *key != "fix")
            .map(String::as_str)
            .collect();
        let name = match kind {
            "check" => line["id"].to_string(),
            "ladder" => {
                let rungs = line["rungs"].as_array().unwrap();
                let rungs: Vec<String> =
                    rungs.iter().map(|rung| rung["name"].to_string()).collect();
                format!("{} {}", line["what"], rungs.join(" > "))
            }
            "issue" => format!("{} {}", line["issue"], line["row"]),
            _ => String::new(),
        };
        let _written = writeln!(text, "{kind} {name} ({})", keys.join(" "));
    }
    text
}

#[test]
fn a_machine_where_renders_work_is_told_so_with_every_ladder_and_every_issue() {
    let house = House::new();
    let told = doctor(&house, &[], &[], 0);
    assert!(told.ready);
    insta::assert_snapshot!(shape(&told));
    assert!(
        told.says("main-job").contains("by a worker"),
        "{}",
        told.says("main-job")
    );
    assert_eq!(told.mark("encoders"), "good");
    assert!(told.says("encoders").contains("libx264"));
    // Nothing is left behind, not even the store.
    assert!(!house.path("store").exists());

    let output = house.run(&["doctor"], 0);
    let said = text(&output.stdout);
    for words in [
        "ok  a small render",
        "* libx264: used",
        "* CPU workers: used",
        "GPU: not asked for",
        "GPU Not Detected:",
        "Verify authentication token",
        "`loopy render` works here",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn a_store_that_cannot_be_written_is_a_reason_to_fail() {
    let house = House::new();
    fs::write(house.path("file"), "").unwrap();
    let told = doctor(&house, &["--cache", "file/store"], &[], 1);
    assert_eq!(told.mark("store"), "bad");
    assert!(told.says("store").contains("cannot be written"));
    assert!(
        told.checks["store"]["fix"]
            .as_str()
            .unwrap()
            .contains("--cache DIR")
    );
    // The rest is told all the same.
    assert_eq!(told.mark("main-job"), "good");
}

#[test]
fn settings_that_are_wrong_are_told_among_everything_else() {
    let house = House::new();
    fs::write(house.path("c.yaml"), "render: {size: 12}\nstoer: {}\n").unwrap();
    let told = doctor(&house, &["--config", "c.yaml"], &[], 1);
    assert_eq!(told.mark("settings"), "bad");
    let says = told.says("settings");
    assert!(
        says.contains("render.size") && says.contains("did you mean `store`?"),
        "{says}"
    );
    assert_eq!(told.mark("main-job"), "good");
}

#[test]
fn a_port_that_is_taken_is_told_and_no_reason_to_fail() {
    let house = House::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let socket =
        format!("features: {{real_time: {{websocket: {{host: 127.0.0.1, port: {port}}}}}}}");
    fs::write(house.path("c.yaml"), socket).unwrap();
    let told = doctor(&house, &["--config", "c.yaml"], &[], 0);
    assert_eq!(told.mark("port"), "note");
    assert!(told.says("port").contains("another program listens there"));
    let row = told
        .lines
        .iter()
        .find(|line| line["row"] == "Check firewall settings");
    let here = row.unwrap()["here"].to_string();
    assert!(here.contains("another program listens there"), "{here}");
    drop(listener);
    assert_eq!(
        doctor(&house, &["--config", "c.yaml"], &[], 0).mark("port"),
        "good"
    );
}

#[test]
fn without_libx264_nothing_is_rendered_and_the_doctor_says_what_to_install() {
    let house = House::new();
    let Some(library) = without::library(&house.path("")) else {
        return;
    };
    let library = library.to_str().unwrap();
    let hidden = [("LD_PRELOAD", library), ("WITHOUT", "libx264")];
    let told = doctor(&house, &[], &hidden, 1);
    assert!(!told.ready);
    assert_eq!(told.mark("main-job"), "bad");
    let ladder = told
        .lines
        .iter()
        .find(|line| line["what"] == "encoding of video");
    let ladder = ladder.unwrap();
    assert_eq!(ladder["used"], Value::Null);
    assert!(
        ladder["rungs"][1]["why"]
            .as_str()
            .unwrap()
            .contains("no libx264"),
        "{ladder}"
    );
    assert!(
        ladder["rungs"][1]["climb"]
            .as_str()
            .unwrap()
            .contains("--enable-libx264")
    );

    house.truth_clips(loopy_core::Rate::new(30, 1).unwrap(), &[40]);
    let output = house
        .loopy(&["render", "clips", "-o", "o.mp4"])
        .envs(hidden)
        .output()
        .unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("encoding of video cannot be done here: libx264"),
        "{said}"
    );
    assert!(said.contains("hint: install an FFmpeg"), "{said}");
    assert!(!house.path("o.mp4").exists());
}

#[test]
fn where_no_worker_can_be_started_the_small_render_runs_in_this_process() {
    let house = House::new();
    let Some(library) = without::library(&house.path("")) else {
        return;
    };
    let library = library.to_str().unwrap();
    let tally = house.path("tally");
    let hidden = [
        ("LD_PRELOAD", library),
        ("NO_WORKERS", tally.to_str().unwrap()),
    ];
    let told = doctor(&house, &[], &hidden, 0);
    assert!(told.says("main-job").contains("in this process"));
    let ladder = told
        .lines
        .iter()
        .find(|line| line["what"] == "picture work")
        .unwrap();
    assert_eq!(ladder["used"], "CPU, in this process");
    assert!(
        ladder["rungs"][1]["why"]
            .as_str()
            .unwrap()
            .contains("no workers today"),
        "{ladder}"
    );
    let steps = told.lines.iter().filter(|line| line["type"] == "fallback");
    let steps: Vec<_> = steps.collect();
    assert_eq!(steps.len(), 1, "{steps:?}");
    assert!(steps[0]["when"].as_u64().unwrap() > 1_700_000_000);
}

#[test]
fn a_token_is_never_told() {
    let house = House::new();
    house.run(&["config", "init", "c.yaml"], 0);
    let file = fs::read_to_string(house.path("c.yaml")).unwrap();
    let line = file
        .lines()
        .find(|line| line.contains("auth_token:"))
        .unwrap();
    let token = line.split_once(':').unwrap().1.trim().trim_matches('"');
    assert_eq!(token.len(), 64);
    let told = doctor(&house, &["--config", "c.yaml"], &[], 0);
    assert_eq!(told.mark("token"), "good");
    let all: String = told.lines.iter().map(Value::to_string).collect();
    assert!(!all.contains(token));
}
