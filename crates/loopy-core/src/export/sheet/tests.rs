use proptest::prelude::*;

use super::*;
use crate::{
    Graph,
    grade::Grade,
    graph::Score,
    plan::Plan,
    walk::{
        self, Seams,
        sample::{edge, graph, library, thirty},
    },
};

fn plan_of(graph: &Graph, options: &walk::Options) -> Plan {
    walk::plan(graph, options).unwrap()
}

fn sample(looped: bool) -> (Graph, Plan) {
    let graph = library(6, 6, 120, 3, 6);
    let options = walk::Options {
        frames: 2000,
        looped,
        ..walk::Options::default()
    };
    let plan = plan_of(&graph, &options);
    (graph, plan)
}

/// The sheet's records, for editing.
fn records(plan: &Plan) -> Vec<Vec<String>> {
    let bytes = write(plan);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(&bytes[..]);
    let records = reader.records().map(|record| {
        let record = record.unwrap();
        record.iter().map(str::to_owned).collect()
    });
    records.collect()
}

fn joined(records: &[Vec<String>], delimiter: u8) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .flexible(true)
        .delimiter(delimiter)
        .from_writer(Vec::new());
    for record in records {
        writer.write_record(record).unwrap();
    }
    writer.into_inner().unwrap()
}

fn back(records: &[Vec<String>]) -> Result<Plan, Error> {
    read(&joined(records, b','))?.plan(None)
}

/// Number of the record with the column names.
fn head(records: &[Vec<String>]) -> usize {
    records
        .iter()
        .position(|record| record[0] == "index")
        .unwrap()
}

fn column(name: &str) -> usize {
    COLUMNS.iter().position(|column| *column == name).unwrap()
}

/// Sets one cell of the first row and says what became of the sheet.
fn with_cell(plan: &Plan, row: usize, name: &str, value: &str) -> Result<Plan, Error> {
    let mut records = records(plan);
    let at = head(&records) + 1 + row;
    value.clone_into(&mut records[at][column(name)]);
    back(&records)
}

#[test]
fn a_sheet_that_nobody_edited_is_the_plan_that_was_exported() {
    for looped in [false, true] {
        let (_, plan) = sample(looped);
        let sheet = read(&write(&plan)).unwrap();
        assert!(!sheet.needs_library());
        assert_eq!(sheet.plan(None).unwrap(), plan);
        assert_eq!(sheet.seed(), Some(plan.seed));
    }
}

#[test]
fn a_sheet_survives_what_spreadsheets_do_to_it() {
    let (_, plan) = sample(true);
    let mut records = records(&plan);
    let width = records.iter().map(Vec::len).max().unwrap();
    for record in &mut records {
        record.resize(width, String::new());
    }
    let from = head(&records) + 1;
    for record in &mut records[from..] {
        for name in ["score", "step", "in_seconds", "out_seconds"] {
            let cell = &mut record[column(name)];
            *cell = cell.replace('.', ",");
        }
    }
    let mut bytes = b"\xef\xbb\xbf".to_vec();
    bytes.extend(joined(&records, b';'));
    let bytes = String::from_utf8(bytes).unwrap().replace('\n', "\r\n");
    assert_eq!(read(bytes.as_bytes()).unwrap().plan(None).unwrap(), plan);
}

#[test]
fn a_clip_longer_than_a_cell_goes_over_several() {
    let mut graph = graph(&[(20_000, vec![10_000])]);
    graph.edges.push(edge((0, 20_000), (0, 0), 0.9, 1.0));
    let plan = plan_of(&graph, &walk::Options::default());
    let records = records(&plan);
    assert!(records.iter().flatten().all(|cell| cell.len() <= 30_000));
    assert_eq!(back(&records).unwrap(), plan);
}

#[test]
fn a_deleted_row_joins_its_neighbours_by_the_librarys_edge_or_a_scene_change() {
    // Three clips in a ring; the library also leads from the first to the third.
    let mut graph = graph(&[(90, vec![]), (90, vec![]), (90, vec![])]);
    for (from, to) in [(0, 1), (1, 2), (2, 0)] {
        graph.edges.push(edge((from, 90), (to, 0), 0.9, 1.0));
    }
    graph.edges.push(edge((0, 90), (2, 0), 0.8, 2.0));
    graph.sort();
    let mut bare = graph.clone();
    bare.edges
        .retain(|edge| edge.from.clip + 1 == edge.to.clip || edge.to.clip == 0);
    let options = walk::Options {
        frames: 270,
        start: Some(0),
        ..walk::Options::default()
    };
    let plan = plan_of(&bare, &options);
    assert_eq!(
        plan.visits.iter().map(|v| v.clip).collect::<Vec<_>>(),
        [0, 1, 2]
    );
    let mut records = records(&plan);
    let at = head(&records) + 2;
    records.remove(at);

    let sheet = read(&joined(&records, b',')).unwrap();
    assert!(sheet.needs_library());
    let alone = sheet.plan(None).unwrap();
    assert_eq!(alone.seams[0].kind, SeamKind::SceneChange);
    assert_eq!(alone.certificate.scene_changes, 1);
    assert_eq!(alone.frames, 180);
    assert_eq!(alone.clips.len(), 2);
    assert!(
        alone.notes[0].contains("1 new joint, 0 as the library"),
        "{:?}",
        alone.notes
    );

    let library = |graph| Library {
        graph,
        grades: &[],
        fps: thirty(),
        seam_threshold: Score::from_f64(0.5),
        seed: 1,
    };
    let helped = sheet.plan(Some(&library(&graph))).unwrap();
    let seam = helped.seams[0];
    assert_eq!(
        (seam.kind, seam.frames, seam.steps),
        (SeamKind::Motion, 2, 2)
    );
    assert_eq!(helped.certificate.scene_changes, 0);
    assert_eq!(helped.frames, 182);
    let strict = Library {
        seam_threshold: Score::from_f64(0.9),
        ..library(&graph)
    };
    let strict = sheet.plan(Some(&strict)).unwrap();
    assert_eq!(
        (strict.seams[0].kind, strict.seams[0].declared),
        (SeamKind::Motion, true)
    );
    assert_eq!(strict.certificate.scene_changes, 1);
    let poor = sheet.plan(Some(&library(&bare))).unwrap();
    assert_eq!(poor, alone);
}

#[test]
fn a_moved_row_keeps_the_joints_that_still_lead_where_they_led() {
    let (_, plan) = sample(false);
    let mut records = records(&plan);
    let from = head(&records) + 1;
    let row = records.remove(from + 1);
    records.insert(from + 3, row);
    let moved = back(&records).unwrap();
    assert_eq!(moved.visits.len(), plan.visits.len());
    assert_eq!(moved.visits[3].clip, plan.visits[1].clip);
    // From the fourth joint after the move on, nothing changed but the time.
    for index in 4..plan.seams.len() {
        let (old, new) = (plan.seams[index], moved.seams[index]);
        assert_eq!(Seam { start: 0, ..new }, Seam { start: 0, ..old });
    }
    assert_eq!(moved.seams[1].kind, plan.seams[2].kind);
    moved.check().unwrap();
}

#[test]
fn a_bridge_can_be_taken_out_by_hand() {
    let (_, plan) = sample(false);
    let index = plan.seams.iter().position(|seam| seam.frames > 0).unwrap();
    let mut records = records(&plan);
    let at = head(&records) + 1 + index;
    "cut".clone_into(&mut records[at][column("seam")]);
    "0".clone_into(&mut records[at][column("seam_frames")]);
    let cut = back(&records).unwrap();
    assert_eq!(
        (cut.seams[index].kind, cut.seams[index].frames),
        (SeamKind::Cut, 0)
    );
    assert_eq!(
        cut.frames,
        plan.frames - u64::from(plan.seams[index].frames)
    );
}

#[test]
fn a_sheet_of_three_columns_becomes_a_plan_with_its_library() {
    let (graph, _) = sample(false);
    let grades = vec![Grade::default(); graph.clips.len()];
    let library = Library {
        graph: &graph,
        grades: &grades,
        fps: thirty(),
        seam_threshold: Score(0),
        seed: 7,
    };
    let ends: Vec<u32> = graph
        .ports
        .iter()
        .map(|ports| *ports.0.last().unwrap())
        .collect();
    let text = format!(
        "# mine\nclip,in,out\n1.mp4,0,{}\n0.mp4,0,{}\n",
        ends[1], ends[0]
    );
    let sheet = read(text.as_bytes()).unwrap();
    assert!(sheet.needs_library());
    assert_eq!(sheet.names(), ["1.mp4", "0.mp4"]);
    let plan = sheet.plan(Some(&library)).unwrap();
    assert_eq!((plan.seed, plan.visits.len(), plan.clips.len()), (7, 2, 2));
    let error = sheet.plan(None).unwrap_err();
    assert!(error.to_string().contains("rate and clips"), "{error}");
    assert!(error.hint().is_some());
}

#[test]
fn mistakes_are_told_with_row_column_and_what_helps() {
    let (_, plan) = sample(false);
    let line = head(&records(&plan)) as u64 + 2;
    let ports = {
        let clip = plan.clip(&plan.visits[0]);
        let clock = crate::clock::ClipClock::new(&clip.clip, plan.fps, plan.rate_mode);
        clip.positions(&clock)
    };
    let stray = (plan.visits[0].enter + 1..plan.visits[0].leave)
        .find(|place| !ports.contains(place))
        .unwrap();
    for (name, value, words, hint) in [
        (
            "clip",
            "ghost.mp4",
            "no clip `ghost.mp4`",
            "known are 0.mp4",
        ),
        ("clip", "", "empty", ""),
        ("in", "soon", "`soon` is not a number", "output frames"),
        ("in", "-3", "`-3` is not a number", "output frames"),
        (
            "in",
            "99999",
            "99999 lies outside",
            "has output frames 0 to",
        ),
        (
            "out",
            "99999",
            "99999 lies outside",
            "has output frames 0 to",
        ),
        (
            "out",
            "0",
            "does not lie after `in`",
            "has output frames 0 to",
        ),
        (
            "out",
            &stray.to_string(),
            "is no port of",
            "nearest ports: ",
        ),
        ("seam", "glue", "no seam `glue`", "dissolve"),
        ("score", "good", "`good` is not a number", "exported"),
        ("declared", "maybe", "`maybe` is no answer", "yes or no"),
        ("next_in", "x", "`x` is not a number", "output frames"),
    ] {
        let error = with_cell(&plan, 0, name, value).unwrap_err();
        let said = error.to_string();
        assert!(said.contains(words), "{name}={value}: {said}");
        assert!(
            said.starts_with(&format!("row {line}, column `{name}`: ")),
            "{said}"
        );
        assert!(error.hint().unwrap_or_default().contains(hint), "{error:?}");
    }
    // What only the whole plan can tell is still the row's fault.
    let index = plan
        .seams
        .iter()
        .position(|seam| seam.kind == SeamKind::Motion)
        .unwrap();
    let error = with_cell(&plan, index, "seam_frames", "500").unwrap_err();
    assert_eq!(error.line(), Some(line + index as u64));
    assert!(error.to_string().contains("500 frames"), "{error}");
}

#[test]
fn a_sheet_without_its_columns_rows_or_text_is_refused() {
    let said = |bytes: &[u8]| read(bytes).unwrap_err().to_string();
    assert!(said(b"").contains("no column `clip`, `in`, `out`"));
    assert!(said(b"clip,out\na.mp4,3\n").contains("no column `in`"));
    assert!(said(b"clip,in,out\n").contains("no rows"));
    assert!(said(b"clip,in,out\na\xff.mp4,0,3\n").contains("row 2: it is not UTF-8"));
    assert!(said(b"#loopy,{}\nclip,in,out\n").contains("row 1: it cannot be read"));
    let (_, plan) = sample(false);
    let newer = String::from_utf8(write(&plan)).unwrap();
    let newer = newer.replacen("\"\"schema\"\":1", "\"\"schema\"\":9", 1);
    assert!(said(newer.as_bytes()).contains("schema 9"));
}

#[cfg(unix)]
#[test]
fn a_clip_whose_name_is_not_utf8_comes_back() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _, path::Path};
    let (_, mut plan) = sample(false);
    let name = OsStr::from_bytes(b"a,\"\xff\n.mp4");
    plan.clips[0].clip.path = Path::new(name).into();
    let read = read(&write(&plan)).unwrap().plan(None).unwrap();
    assert_eq!(read, plan);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_walk_comes_back_from_its_sheet(
        seed in any::<u64>(),
        count in 1_u32..9,
        frames in 1_u64..3000,
        looped in any::<bool>(),
        seams in prop_oneof![
            Just(Seams::Auto), Just(Seams::Cut), Just(Seams::Dissolve), Just(Seams::Motion)
        ],
        fps in prop_oneof![Just((30, 1)), Just((24, 1)), Just((60, 1)), Just((30000, 1001))],
        budget in 0.0_f64..0.2,
        threshold in 0.0_f64..1.0,
    ) {
        let graph = library(seed, count, 90, 3, 4);
        let options = walk::Options {
            frames,
            looped,
            seams,
            seed,
            fps: crate::Rate::new(fps.0, fps.1).unwrap(),
            bridge_budget: budget,
            seam_threshold: Score::from_f64(threshold),
            ..walk::Options::default()
        };
        let plan = plan_of(&graph, &options);
        let sheet = read(&write(&plan)).unwrap();
        prop_assert!(!sheet.needs_library());
        prop_assert_eq!(sheet.plan(None).unwrap(), plan);
    }

    #[test]
    fn any_walk_comes_back_from_its_clips_and_places_alone(
        seed in any::<u64>(),
        count in 2_u32..9,
        frames in 1_u64..3000,
        threshold in 0.0_f64..1.0,
    ) {
        let graph = library(seed, count, 90, 3, 4);
        let seam_threshold = Score::from_f64(threshold);
        let options = walk::Options {
            frames,
            seed,
            bridge_budget: 1e6,
            seam_threshold,
            ..walk::Options::default()
        };
        let plan = plan_of(&graph, &options);
        let rows = plan.visits.iter().map(|visit| {
            format!("{},{},{}\n", label(&plan.clip(visit).clip), visit.enter, visit.leave)
        });
        let text = "clip,in,out\n".to_owned() + &rows.collect::<String>();
        let library = Library { graph: &graph, grades: &[], fps: thirty(), seam_threshold, seed };
        let made = read(text.as_bytes()).unwrap().plan(Some(&library)).unwrap();
        prop_assert_eq!(made.visits.len(), plan.visits.len());
        for (made, seam) in made.seams.iter().zip(&plan.seams) {
            // A walk in need jumps where it may not take an edge; a sheet takes it.
            if seam.step < walk::UNKNOWN_STEP {
                prop_assert_eq!(Seam { start: 0, ..*made }, Seam { start: 0, ..*seam });
            }
        }
    }

    #[test]
    fn any_order_of_rows_is_a_plan_that_holds_together(
        seed in any::<u64>(),
        order in prop::collection::vec(any::<prop::sample::Index>(), 1..12),
    ) {
        let (graph, plan) = sample(false);
        let records = records(&plan);
        let from = head(&records) + 1;
        // The last row may end between ports, which only the last may.
        let rows = &records[from..records.len() - 1];
        let mut edited = records[..from].to_vec();
        edited.extend(order.iter().map(|index| index.get(rows).clone()));
        let library = Library { graph: &graph, grades: &[], fps: thirty(), seam_threshold: Score(0), seed };
        let sheet = read(&joined(&edited, b',')).unwrap();
        for library in [None, Some(&library)] {
            let made = sheet.plan(library).unwrap();
            prop_assert_eq!(made.check(), Ok(()));
            prop_assert_eq!(made.visits.len(), order.len());
        }
    }

    #[test]
    fn damaged_sheets_are_refused_or_hold_together(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..128), 1..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let (_, plan) = sample(true);
        let mut bytes = write(&plan);
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(made) = read(&bytes).and_then(|sheet| sheet.plan(None)) {
            prop_assert_eq!(made.check(), Ok(()));
            let again = read(&write(&made)).unwrap().plan(None).unwrap();
            prop_assert_eq!(again.hash(), made.hash());
        }
    }
}
