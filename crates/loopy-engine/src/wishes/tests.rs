use std::io::Write as _;

use loopy_core::{ClipPath, clip::Facts};
use loopy_core::{Hash, tags::Tags};
use npyz::WriterBuilder as _;

use super::*;

fn clip(name: &str) -> Clip {
    let size = loopy_core::Size::new(64, 64);
    let path = Path::new("/clips").join(name);
    Clip {
        path: ClipPath::from(path.as_path()),
        hash: Hash::of(name.as_bytes()),
        facts: Facts::ordinary(size),
        first: 0,
        until: 2,
        times: vec![0, 40_000],
        end: 80_000,
        shot: 0,
        sound_offset: 0,
        tags: Tags::from_stem(name.trim_end_matches(".mp4")),
        scene: 0,
    }
}

fn graph() -> Graph {
    let names = ["idle_1.mp4", "idle_2.mp4", "talk_1.mp4"];
    Graph {
        clips: names.map(clip).to_vec(),
        ports: Vec::new(),
        edges: Vec::new(),
        scenes: 1,
    }
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        fs::File::create(&path).unwrap().write_all(bytes).unwrap();
        path
    }
}

fn applied(wishes: &Wishes) -> Result<walk::Options, String> {
    let mut options = walk::Options::default();
    let done = wishes.apply(&graph(), &[], &mut options);
    done.map(|()| options).map_err(|error| error.to_string())
}

#[test]
fn matrices_are_read_from_every_format_alike() {
    let folder = Folder::new();
    let rows = [[0.0, 1.0, 2.0], [3.0, 0.0, 1.0], [1.0, 1.0, 0.0]];
    let mut npy = Vec::new();
    let options = npyz::WriteOptions::new().default_dtype().shape(&[3, 3]);
    let mut writer = options.writer(&mut npy).begin_nd().unwrap();
    writer.extend(rows.as_flattened().iter().copied()).unwrap();
    writer.finish().unwrap();
    let files = [
        folder.file("m.json", serde_json::to_string(&rows).unwrap().as_bytes()),
        folder.file("m.csv", b"0, 1, 2\n3, 0, 1\n1, 1, 0\n"),
        folder.file("m.npy", &npy),
    ];
    let modes = files.map(|file| {
        let wishes = Wishes {
            chain: Chain::Custom(file),
            ..Wishes::default()
        };
        applied(&wishes).unwrap().mode
    });
    assert_eq!(modes[0], modes[1]);
    assert_eq!(modes[0], modes[2]);
}

#[test]
fn bad_matrices_are_named_with_file_and_place() {
    let folder = Folder::new();
    let why = |name: &str, bytes: &[u8]| {
        let wishes = Wishes {
            chain: Chain::Custom(folder.file(name, bytes)),
            ..Wishes::default()
        };
        applied(&wishes).unwrap_err()
    };
    assert!(why("a.csv", b"0,1\n1,0\n").contains("2 rows; the library has 3 clips"));
    assert!(
        why("b.csv", b"0,1,1\n1,0,NaN\n1,1,0\n")
            .contains("row 2, column 3 of the matrix is not a number")
    );
    assert!(why("c.csv", b"0,1,x\n").contains("row 1, column 3: `x` is no number"));
    assert!(why("d.npy", b"nothing").contains("d.npy"));
    assert!(why("e.txt", b"").contains(".json, .csv or .npy"));
    assert!(why("f.json", b"[[1,").contains("f.json"));
}

#[test]
fn clips_are_wished_for_by_pattern() {
    let folder = Folder::new();
    let wished = |text: &str| {
        let wishes = Wishes {
            clips: Some(folder.file("clips.yaml", text.as_bytes())),
            ..Wishes::default()
        };
        applied(&wishes).map(|options| options.wishes)
    };
    let found =
        wished("'idle_*': {weight: 2}\ntalk_1.mp4: {min_share: 0.2, salience: 1}\n").unwrap();
    let twice = Wish::default().with_weight(2.0).unwrap();
    let talk = Wish::default().with_shares(0.2, 1.0).unwrap();
    assert_eq!(found, [twice, twice, talk.with_salience(1.0).unwrap()]);
    assert!(
        wished("wave: {weight: 2}\n")
            .unwrap_err()
            .contains("no clip of the library matches `wave`")
    );
    assert!(
        wished("idle_1: {weight: -2}\n")
            .unwrap_err()
            .contains("a weight must be a number from 0 to 1000")
    );
    assert!(
        wished("idle_1: {wieght: 2}\n")
            .unwrap_err()
            .contains("wieght")
    );
}

#[test]
fn clips_stick_in_memory_as_their_pictures_say_unless_a_file_says_otherwise() {
    let folder = Folder::new();
    let wished = |clips: Option<PathBuf>| {
        let mut options = walk::Options::default();
        let wishes = Wishes {
            clips,
            ..Wishes::default()
        };
        wishes
            .apply(&graph(), &[0.0, 0.5], &mut options)
            .map(|()| options.wishes)
    };
    let plain = Wish::default();
    let half = plain.with_salience(0.5).unwrap();
    assert_eq!(wished(None).unwrap(), [plain, half, plain]);
    let file = folder.file(
        "clips.yaml",
        b"idle_2: {salience: 0}\ntalk_1: {weight: 2}\n",
    );
    let talk = plain.with_weight(2.0).unwrap();
    assert_eq!(wished(Some(file)).unwrap(), [plain, plain, talk]);
}

#[test]
fn states_and_cues_are_read_and_checked() {
    let folder = Folder::new();
    let states = "states:\n  - name: idle\n    dwell: {min: 5, max: 9}\n  - name: talking\n    clips: ['talk_*']\nschedule:\n  - {from: '22:00', until: '6:00', weights: {talking: 0.1}}\n";
    let told = |states: Option<&str>, cues: &str| {
        let wishes = Wishes {
            states: states.map(|text| folder.file("states.yaml", text.as_bytes())),
            script: Some(folder.file("cues.json", cues.as_bytes())),
            ..Wishes::default()
        };
        applied(&wishes)
    };
    let cues = r#"[{"at": 2, "state": "talking"}, {"at": "1:05", "state": null, "signal": -0.5},
        {"at": 9.5, "play": "idle_2.mp4", "avoid": "talk*"}]"#;
    let told_by = |at, told| Cue { at, told };
    let found = told(Some(states), cues).unwrap();
    let wanted = [
        told_by(60, Told::State(Some(1))),
        told_by(1950, Told::State(None)),
        told_by(1950, Told::Signal(-128)),
        told_by(285, Told::Play(1)),
        told_by(285, Told::Avoid(2)),
    ];
    assert_eq!(found.cues, wanted);
    assert_eq!(found.states.unwrap().names(), ["idle", "talking"]);
    // Without a file, the names of the clips say what states there are.
    let found = told(None, r#"[{"at": 2, "state": "talking"}]"#).unwrap();
    assert_eq!(found.states.unwrap().names(), ["idle", "talking"]);

    let why = |cues: &str| told(Some(states), cues).unwrap_err();
    assert!(why(r#"[{"at": -2, "signal": 0}]"#).contains("cue 1: -2 s lies in the past"));
    assert!(
        why(r#"[{"at": 1, "state": "sleep"}]"#)
            .contains("no state `sleep`; there are: idle, talking")
    );
    assert!(why(r#"[{"at": 1, "signal": 2}]"#).contains("between -1 and 1"));
    assert!(why(r#"[{"at": 1, "play": "idle*"}]"#).contains("names 2 clips"));
    assert!(why(r#"[{"at": 1}]"#).contains("says nothing"));
    let empty = "states:\n  - name: sleeping\n";
    assert!(
        told(Some(empty), "[]")
            .unwrap_err()
            .contains("no clip shows the state `sleeping`")
    );
    let late =
        "states:\n  - name: idle\nschedule:\n  - {from: '25:00', until: '6:00', weights: {}}\n";
    assert!(
        told(Some(late), "[]")
            .unwrap_err()
            .contains("no time of day")
    );
}

#[test]
fn example_sequences_are_learned_by_name() {
    let folder = Folder::new();
    let learned = |text: &str| {
        let wishes = Wishes {
            chain: Chain::Learned(folder.file("examples.json", text.as_bytes())),
            ..Wishes::default()
        };
        applied(&wishes).map(|options| options.mode)
    };
    assert!(matches!(
        learned(r#"[["idle_1", "talk_1", "idle_2"]]"#),
        Ok(Mode::Pairs(_))
    ));
    assert!(
        learned(r#"[["idle_1", "wave"]]"#)
            .unwrap_err()
            .contains("no clip `wave`")
    );
    assert!(learned("[]").unwrap_err().contains("nothing to learn from"));
}

#[test]
fn the_first_clip_is_named() {
    let start = |name: &str| {
        let wishes = Wishes {
            start: Some(name.to_owned()),
            ..Wishes::default()
        };
        applied(&wishes).map(|options| options.start)
    };
    assert_eq!(start("talk_1.mp4"), Ok(Some(2)));
    assert!(start("idle*").unwrap_err().contains("2 clips"));
}
