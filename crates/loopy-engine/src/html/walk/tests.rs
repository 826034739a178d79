use std::{ffi::OsString, os::unix::ffi::OsStringExt, path::PathBuf};

use loopy_core::{
    Clip, ClipPath, Frame, Grade, Graph, Hash, Rate, Size,
    certificate::{Capacity, Certificate, Wanted, certify},
    clip::Facts,
    clock::Mode,
    graph::{Bridge, Edge, PortRef, Ports, Score},
    plan::{PlannedClip, SCHEMA, Seam, Visit},
    tags::Tags,
    walk::Reaction,
};

use super::*;

const NASTY: &str = "</script><img src=x onerror='alert(1)'>\"&.mp4";

/// A clip of four seconds at 25 frames a second.
fn clip(path: PathBuf, scene: u32, state: Option<&str>) -> Clip {
    let size = Size::new(1280, 720);
    Clip {
        hash: Hash::of(path.as_os_str().as_encoded_bytes()),
        path: ClipPath::from(path),
        facts: Facts::ordinary(size),
        times: (0..100).map(|frame| frame * 40_000).collect(),
        end: 4_000_000,
        first: 0,
        until: 100,
        shot: 0,
        sound_offset: 0,
        tags: Tags {
            state: state.map(str::to_owned),
            ..Tags::default()
        },
        scene,
    }
}

fn clips() -> Vec<Clip> {
    let bytes = vec![b'b', 0xff, b'\n', b'<', b'i', b'>', b'.', b'm', b'k', b'v'];
    vec![
        clip("clips/a_idle_1.mp4".into(), 0, Some("idle")),
        clip(OsString::from_vec(bytes).into(), 0, Some("talking")),
        clip(NASTY.into(), 1, None),
    ]
}

/// The plan that shows these clips, 50 frames each, with a bridge to clip 1 and a declared change
/// to clip 2.
fn plan(row: &[u32]) -> Plan {
    let (mut visits, mut seams, mut at) = (Vec::new(), Vec::new(), 0);
    for (index, clip) in row.iter().enumerate() {
        visits.push(Visit {
            clip: *clip,
            enter: 10,
            leave: 60,
            first: 10,
            last: 59,
            start: at,
        });
        at += 50;
        let Some(next) = row.get(index + 1) else {
            continue;
        };
        let (kind, frames) = match next {
            1 => (SeamKind::Motion, 4),
            2 => (SeamKind::SceneChange, 0),
            _ => (SeamKind::Cut, 0),
        };
        seams.push(Seam {
            start: at,
            frames,
            kind,
            declared: false,
            steps: frames,
            holds: 0,
            score: Score::percent(80 + index as u32 % 20),
            step: 1.0,
            rsv: None,
        });
        at += u64::from(frames);
    }
    let changes = seams.iter().filter(|seam| seam.changes_scene()).count();
    let chain: Vec<u32> = (0..row.len()).map(|visit| visit as u32 % 2).collect();
    Plan {
        schema: SCHEMA,
        fps: Rate::new(25, 1).unwrap(),
        rate_mode: Mode::default(),
        seed: 7,
        frames: at,
        looped: false,
        created: None,
        clips: clips()
            .into_iter()
            .map(|clip| PlannedClip {
                ports: vec![0, 10, 60, 100],
                clip,
                grade: Grade::default(),
            })
            .collect(),
        visits,
        seams,
        certificate: Certificate {
            uniform_chain: Some(Box::new(certify(chain, 0))),
            capacity: Some(Capacity {
                pairs: 4,
                visits_to_pair: 5,
                visits_to_triple: 9,
                seconds_to_pair: 10.0,
                seconds_to_triple: 18.0,
                wanted: vec![Wanted {
                    what: format!("a joint from {NASTY} to a_idle_1.mp4"),
                    from: NASTY.to_owned(),
                    to: Some("a_idle_1.mp4".to_owned()),
                    visits: 3,
                }],
            }),
            ..certify(row.iter().copied(), changes as u64)
        },
        notes: vec!["a note with <b>".to_owned()],
        reactions: vec![Reaction {
            from: "idle".to_owned(),
            to: "<u>talking".to_owned(),
            frames: Some(75),
        }],
        asked: vec![
            "clips/a_idle_1.mp4: weight 512/256, shares 16384 to 32768/65536, salience 0/256, \
             relevance 0/256"
                .to_owned(),
        ],
    }
}

fn fixed() -> Plan {
    let plan = plan(&[0, 1, 2, 0, 1, 0, 2, 1, 0, 1]);
    plan.check().unwrap();
    plan
}

/// The library of the plan, and a clip that it never shows.
fn graph() -> Graph {
    let mut clips = clips();
    clips.push(clip("unseen.mp4".into(), 1, None));
    let edge = |from: u32, to: u32, percent: u32, declared: bool| Edge {
        from: PortRef {
            clip: from,
            boundary: 60,
        },
        to: PortRef {
            clip: to,
            boundary: 10,
        },
        score: Score::percent(percent),
        step: 1.0,
        declared,
        bridge: Bridge::None,
        rsv: None,
    };
    let mut graph = Graph {
        ports: vec![Ports(vec![0, 10, 60, 100]); clips.len()],
        clips,
        edges: vec![
            edge(0, 1, 90, false),
            edge(1, 0, 70, false),
            edge(2, 3, 60, false),
            edge(1, 2, 20, true),
            edge(0, 0, 99, false),
        ],
        scenes: 2,
    };
    graph.sort();
    graph
}

/// The page without styles, script and pictures, a tag a line.
fn bones(html: &str) -> String {
    let mut bare = html.to_owned();
    for (open, close) in [("<style>", "</style>"), ("<script", "</script>")] {
        while let Some(start) = bare.find(open) {
            let end = start + bare[start..].find(close).unwrap() + close.len();
            bare.replace_range(start..end, "");
        }
    }
    let bare = bare.replace(env!("CARGO_PKG_VERSION"), "VERSION");
    bare.replace("><", ">\n<")
}

#[test]
fn the_page_of_a_plan_and_its_library_has_this_structure() {
    let (plan, graph) = (fixed(), graph());
    let html = gather(&plan, Some(&graph), &[]).render();
    insta::assert_snapshot!(bones(&html));
}

#[test]
fn names_cannot_become_part_of_the_page_or_of_its_script() {
    let plan = fixed();
    let html = gather(&plan, Some(&graph()), &[]).render();
    // Two of the page's own: what is known, and the script.
    assert_eq!(html.matches("<script").count(), 2);
    assert_eq!(html.matches("</script>").count(), 2);
    for word in ["<img", "<i>", "<u>", "a note with <b>"] {
        assert!(!html.contains(word), "{word}");
    }
    assert!(html.contains("&lt;img src=x onerror="));
    // Bytes that are no text and line breaks are shown as what they are.
    assert!(html.contains("b\u{fffd}\\n&lt;i&gt;.mkv"));
    let start = html.find("id=\"walk\">").unwrap() + "id=\"walk\">".len();
    let end = start + html[start..].find("</script>").unwrap();
    let known: serde_json::Value = serde_json::from_str(&html[start..end]).unwrap();
    // What lies behind the last slash of a name is the name.
    assert_eq!(known["names"][2], plan.clips[2].clip.short_name());
    assert_eq!(known["visits"].as_array().unwrap().len(), 10);
}

#[test]
fn the_page_needs_nothing_from_elsewhere() {
    let html = gather(&fixed(), Some(&graph()), &[]).render();
    for word in [
        "http://", "https://", "url(", "@import", "<link", "<iframe", " src=",
    ] {
        let found = html
            .replace("&lt;img src=x", "")
            .replace("\\u003cimg src=x", "");
        assert!(!found.contains(word), "{word}");
    }
}

#[test]
fn shares_are_set_beside_what_was_wished() {
    let (plan, graph) = (fixed(), graph());
    let walk = gather(&plan, Some(&graph), &[]);
    let visits: Vec<u64> = walk.clips.iter().map(|clip| clip.visits).collect();
    assert_eq!(visits, [4, 4, 2, 0]);
    // Twice the weight of three others, and within its bounds.
    assert!((walk.clips[0].due - 0.4).abs() < 1e-9);
    assert!((walk.clips[3].due - 0.2).abs() < 1e-9);
    assert!((walk.clips[0].least, walk.clips[0].most) == (0.25, 0.5));
    let html = walk.render();
    assert!(html.contains("40.0 %, 25.0 % to 50.0 %"));
    assert!(html.contains("<b>1</b> of the library are never shown"));
}

#[test]
fn joints_are_those_of_the_library_or_those_that_are_taken() {
    let (plan, graph) = (fixed(), graph());
    let taken = |walk: &Walk| -> Vec<(usize, usize, u64)> {
        let links = walk.links.iter();
        links.map(|link| (link.from, link.to, link.taken)).collect()
    };
    let whole = gather(&plan, Some(&graph), &[]);
    assert_eq!(
        taken(&whole),
        [
            (0, 0, 0),
            (0, 1, 3),
            (0, 2, 1),
            (1, 0, 2),
            (1, 2, 1),
            (2, 0, 1),
            (2, 1, 1),
            (2, 3, 0)
        ]
    );
    let alone = gather(&plan, None, &[]);
    assert_eq!(
        taken(&alone),
        [
            (0, 1, 3),
            (0, 2, 1),
            (1, 0, 2),
            (1, 2, 1),
            (2, 0, 1),
            (2, 1, 1)
        ]
    );
    assert!(alone.render().contains("give the clips as well"));
}

#[test]
fn clips_get_the_pictures_of_the_library() {
    let (plan, graph) = (fixed(), graph());
    let picture = Jpeg::new(&Frame::black(Size::new(16, 8))).unwrap();
    let pictures = [Some(picture.clone()), None, Some(picture), None];
    let html = gather(&plan, Some(&graph), &pictures).render();
    assert_eq!(
        html.matches("<img src=\"data:image/jpeg;base64,").count(),
        2
    );
    assert_eq!(
        html.matches("<image href=\"data:image/jpeg;base64,")
            .count(),
        2
    );
}

#[test]
fn a_day_of_visits_is_a_page_that_opens_and_says_what_it_leaves_out() {
    let row: Vec<u32> = (0..20_000).map(|visit| (visit * visit / 7) % 3).collect();
    let long = plan(&row);
    let html = gather(&long, None, &[]).render();
    assert!(html.len() < 3_500_000, "{}", html.len());
    assert!(!html.contains("visits are drawn"));
    assert!(html.contains("The first 400 of 20000"));

    let row: Vec<u32> = (0..50_000).map(|visit| (visit * visit / 7) % 3).collect();
    let longer = plan(&row);
    let html = gather(&longer, None, &[]).render();
    assert!(html.contains("The first 24000 of 50000 visits are drawn"));
    assert!(html.len() < 4_000_000, "{}", html.len());
}

#[test]
fn a_plan_of_one_visit_is_a_page() {
    let html = gather(&plan(&[0]), None, &[]).render();
    assert!(html.contains("No clip returns"));
}
