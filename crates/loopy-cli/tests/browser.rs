//! A rendered video plays in a real browser: its length, its seams, its sound. The page of a plan
//! tells there what is pointed at.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends where something is not as it should be"
)]

mod house;
mod tones;

use std::{
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use house::{House, SIZE};
use loopy_core::{Frame, Rate, report::Report};
use loopy_demo::mark;
use loopy_media::demux::Packets;
use serde::Deserialize;
use serde_json::{Value, json};
use tones::Tone;

/// Everything has to be found within.
const PATIENCE: Duration = Duration::from_mins(2);

/// The browser, where this machine has one.
fn chromium() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let path = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&path)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|file| file.is_file());
    if found.is_none() {
        println!("skipped: no Chromium in PATH");
    }
    found
}

/// What the page says, one line each.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Finding {
    file: String,
    duration: Option<f64>,
    width: u32,
    height: u32,
    /// Output frame that was sought.
    frame: Option<u64>,
    /// Time of a frame that was played, in seconds.
    played: Option<f64>,
    /// Red channel of the picture, in hexadecimal digits.
    red: String,
    /// Seconds of sound.
    sound: Option<f64>,
    levels: Vec<f64>,
    failed: Option<String>,
    done: bool,
}

/// The browser's processes, ended together.
struct Browser(Child);

impl Drop for Browser {
    fn drop(&mut self) {
        if let Some(group) = rustix::process::Pid::from_raw(self.0.id() as i32) {
            let _gone = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _gone = self.0.wait();
    }
}

/// A browser without a window that calls nobody.
fn headless(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.args([
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]);
    command
}

/// `page` as it is once its scripts have run.
fn dumped(program: &Path, house: &House, page: &str) -> String {
    let output = headless(program)
        .args(["--window-size=1280,900", "--dump-dom"])
        .arg(format!(
            "--user-data-dir={}",
            house.path("browser").display()
        ))
        .arg(format!("file://{}", house.path(page).display()))
        .env("HOME", house.path("home"))
        .output()
        .unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

/// Opens the page beside the videos and collects what it finds.
fn browse(program: &Path, house: &House, tasks: &[Value]) -> Vec<Finding> {
    let page = house.path("player.html");
    std::fs::write(&page, include_str!("tones/player.html")).unwrap();
    std::fs::write(
        house.path("tasks.js"),
        format!("const TASKS = {};", json!(tasks)),
    )
    .unwrap();
    let child = headless(program)
        .args([
            "--mute-audio",
            "--autoplay-policy=no-user-gesture-required",
            "--allow-file-access-from-files",
            "--enable-logging=stderr",
        ])
        .arg(format!(
            "--user-data-dir={}",
            house.path("browser").display()
        ))
        .arg(format!("file://{}", page.display()))
        .env("HOME", house.path("home"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .unwrap();
    let mut browser = Browser(child);
    let log = BufReader::new(browser.0.stderr.take().unwrap());
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in log.split(b'\n').map_while(Result::ok) {
            if sender
                .send(String::from_utf8_lossy(&line).into_owned())
                .is_err()
            {
                return;
            }
        }
    });
    let end = Instant::now() + PATIENCE;
    let (mut findings, mut rest) = (Vec::new(), Vec::new());
    loop {
        let Ok(line) = lines.recv_timeout(end.saturating_duration_since(Instant::now())) else {
            panic!(
                "the page did not finish; the browser said:\n{}",
                rest.join("\n")
            );
        };
        let said = line
            .split_once("\"FOUND")
            .and_then(|(_, tail)| tail.rsplit_once("\", source:"));
        let Some((said, _)) = said else {
            rest.push(line);
            continue;
        };
        let finding: Finding = serde_json::from_str(said).unwrap();
        assert_eq!(finding.failed, None, "{}", rest.join("\n"));
        if finding.done {
            return findings;
        }
        findings.push(finding);
    }
}

/// The mark in a picture that the page saw.
fn mark(finding: &Finding) -> Option<(u16, u32)> {
    let mut frame = Frame::black(SIZE);
    let (digits, _) = finding.red.as_bytes().as_chunks::<2>();
    let [luma, ..] = frame.planes_mut();
    assert_eq!(digits.len(), luma.len(), "the picture is whole");
    for (luma, digits) in luma.iter_mut().zip(digits) {
        let red = u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap();
        *luma = (16.0 + f64::from(red) * 219.0 / 255.0).round() as u8;
    }
    mark::read(&frame)
}

/// Clip and source frame that the report says are shown; `None` within a bridge.
fn due(report: &Report, frame: u64) -> Option<(u16, u32)> {
    let visit = report
        .visits
        .iter()
        .find(|visit| (visit.start..visit.start + u64::from(visit.frames)).contains(&frame))?;
    let name = visit.clip.display();
    let clip = name
        .rsplit('_')
        .next()
        .unwrap()
        .trim_end_matches(".mp4")
        .parse()
        .unwrap();
    Some((clip, visit.first + (frame - visit.start) as u32))
}

const TONES: [f32; 4] = [500.0, 650.0, 800.0, 950.0];

const LEVEL: f32 = 0.1;

/// Frames worth a look: the first, the last, both sides of every seam.
fn places(report: &Report) -> Vec<u64> {
    let sides = report.seams.iter().flat_map(|seam| {
        let after = seam.start + u64::from(seam.frames);
        [seam.start - 1, after, after + 1, seam.start - 2]
    });
    // Back and forth, so that the player really seeks.
    let mut places: Vec<u64> = sides
        .chain([report.frames - 1, 0, report.frames / 2])
        .collect();
    places.retain(|place| *place < report.frames);
    let half = places.len() / 2;
    places.rotate_left(half);
    places
}

fn task(house: &House, file: &str, report: &Report, through_source: bool) -> Value {
    let fps = report.fps.as_f64();
    let seek: Vec<_> = places(report)
        .iter()
        .map(|frame| (*frame, (*frame as f64 + 0.5) / fps))
        .collect();
    // Over two seams: a second before to a second after.
    let play: Vec<_> = report
        .seams
        .iter()
        .take(2)
        .map(|seam| (seam.start as f64 / fps - 1.0, seam.start as f64 / fps + 1.0))
        .collect();
    let parts: Vec<_> = report
        .visits
        .iter()
        .map(|visit| {
            let (clip, _) = due(report, visit.start).unwrap();
            let (from, frames) = (visit.start as f64, f64::from(visit.frames));
            (
                (from + frames * 0.3) / fps,
                (from + frames * 0.7) / fps,
                TONES[usize::from(clip)],
            )
        })
        .collect();
    let mut task = json!({ "file": file, "seek": seek, "play": play, "parts": parts });
    if through_source {
        let packets = Packets::open(&house.path(file)).unwrap();
        let kind =
            u32::from_be_bytes(packets.video().config[..4].try_into().unwrap()) & 0x00ff_ffff;
        task["type"] = json!(format!("video/mp4; codecs=\"avc1.{kind:06x}, mp4a.40.2\""));
    }
    task
}

fn check(file: &str, report: &Report, findings: &[Finding]) {
    let findings: Vec<_> = findings
        .iter()
        .filter(|finding| finding.file == file)
        .collect();
    let fps = report.fps.as_f64();
    let seconds = report.frames as f64 / fps;
    let start = findings
        .iter()
        .find(|finding| finding.duration.is_some())
        .unwrap();
    assert_eq!((start.width, start.height), (SIZE.width, SIZE.height));
    let duration = start.duration.unwrap();
    assert!(
        (duration - seconds).abs() < 0.022,
        "{file}: {duration} s instead of {seconds}"
    );

    let sought: Vec<_> = findings
        .iter()
        .filter(|finding| finding.frame.is_some())
        .collect();
    assert_eq!(sought.len(), places(report).len());
    for finding in sought {
        let frame = finding.frame.unwrap();
        // Between visits a picture shows what it likes.
        if let Some(due) = due(report, frame) {
            assert_eq!(mark(finding), Some(due), "{file}: frame {frame}");
        }
    }

    let played: Vec<_> = findings
        .iter()
        .filter(|finding| finding.played.is_some())
        .collect();
    for finding in &played {
        let frame = (finding.played.unwrap() * fps).round() as u64;
        // A busy browser may be on to the next picture when the script looks.
        let due = [frame, frame + 1].map(|frame| due(report, frame));
        if let [Some(here), Some(next)] = due {
            let seen = mark(finding);
            assert!(
                [here, next].map(Some).contains(&seen),
                "{file}: {seen:?} at frame {frame} while playing, not {here:?}"
            );
        }
    }
    // A slow machine leaves frames out, but it does play.
    assert!(played.len() >= 10, "{file}: {} frames played", played.len());

    let sound = findings
        .iter()
        .find(|finding| finding.sound.is_some())
        .unwrap();
    assert!(
        (sound.sound.unwrap() - seconds).abs() < 0.05,
        "{file}: {sound:?}"
    );
    assert_eq!(sound.levels.len(), report.visits.len());
    for (visit, heard) in sound.levels.iter().enumerate() {
        assert!(
            *heard > f64::from(LEVEL) * 0.7,
            "{file}: visit {visit} at {heard}"
        );
    }
    println!(
        "{file}: {duration:.3} s, {} frames sought, {} played",
        places(report).len(),
        played.len()
    );
}

#[test]
fn every_kind_of_mp4_plays_in_a_browser_over_all_its_seams() {
    let Some(program) = chromium() else { return };
    let house = House::new();
    std::fs::create_dir(house.path("clips")).unwrap();
    std::fs::create_dir(house.path("home")).unwrap();
    let rate = Rate::new(30_000, 1001).unwrap();
    for (number, (hertz, frames)) in (0..).zip(TONES.into_iter().zip([150, 160, 170, 180])) {
        let file = house.path(&format!("clips/truth_{number:02}.mp4"));
        tones::clip(
            &file,
            number,
            rate,
            frames,
            SIZE,
            Some(Tone {
                hertz,
                level: LEVEL,
            }),
        );
    }
    let videos: [(&str, &[&str]); 4] = [
        ("cuts.mp4", &["--seams", "cut"]),
        ("motion.mp4", &["--seams", "motion", "--bridge-frames", "4"]),
        ("opus.mp4", &["--audio-codec", "opus"]),
        (
            "fragments.mp4",
            &["--fragmented", "--seams", "motion", "--bridge-frames", "4"],
        ),
    ];
    let (mut tasks, mut reports) = (Vec::new(), Vec::new());
    for (file, more) in videos {
        let args = [
            &[
                "render", "clips", "-o", file, "--frames", "700", "--report", "r.json",
            ],
            more,
        ];
        house.run(&args.concat(), 0);
        let report = house.report("r.json");
        assert!(report.seams.len() >= 3);
        tasks.push(task(&house, file, &report, file == "fragments.mp4"));
        reports.push((file, report));
    }
    assert!(reports[1].1.seams.iter().any(|seam| seam.frames > 0));
    let findings = browse(&program, &house, &tasks);
    for (file, report) in &reports {
        check(file, report, &findings);
    }
}

/// Points at the middle of the second visit, then goes to the last one by key, and notes what is told.
const POINTING: &str = "<script>
addEventListener('load', () => {
  const data = JSON.parse(document.getElementById('walk').textContent);
  const film = document.getElementById('film'), told = document.getElementById('told');
  // Written down at the end, so that the page has its own width until then.
  const notes = [], note = what => notes.push(what);
  note(told.hidden);
  const [, start, frames] = data.visits[1], box = film.getBoundingClientRect();
  const x = box.left + (start + frames / 2) / data.row * box.width;
  film.dispatchEvent(new PointerEvent('pointermove', { clientX: x, clientY: box.top + 5, bubbles: true }));
  note(told.textContent);
  film.focus();
  film.dispatchEvent(new KeyboardEvent('keydown', { key: 'End', bubbles: true }));
  note([film.getAttribute('role'), film.getAttribute('aria-valuenow'), film.getAttribute('aria-valuetext')]);
  const at = told.getBoundingClientRect();
  note(at.left >= 0 && at.right <= innerWidth && !told.hidden);
  note([document.documentElement.scrollWidth <= innerWidth, document.title]);
  for (const what of notes) {
    const pre = document.createElement('pre');
    pre.className = 'note';
    pre.textContent = JSON.stringify(what);
    document.body.append(pre);
  }
});
</script>";

#[test]
fn the_page_of_a_plan_tells_what_is_pointed_at() {
    let Some(program) = chromium() else { return };
    let house = House::new();
    std::fs::create_dir(house.path("home")).unwrap();
    house.truth_clips(Rate::new(30, 1).unwrap(), &[60, 70]);
    let odd = "x<img src=y onerror=\"document.title='taken'\">.mp4";
    house::truth_clip(
        &house.path("clips").join(odd),
        2,
        Rate::new(30, 1).unwrap(),
        60,
        SIZE,
    );
    let args = [
        "plan", "clips", "--frames", "500", "-o", "p.json", "--html", "p.html",
    ];
    house.run(&args, 0);
    let plan: loopy_core::Plan =
        serde_json::from_slice(&std::fs::read(house.path("p.json")).unwrap()).unwrap();
    let page = std::fs::read_to_string(house.path("p.html")).unwrap();
    let (head, tail) = page.rsplit_once("</body>").unwrap();
    std::fs::write(
        house.path("q.html"),
        format!("{head}{POINTING}</body>{tail}"),
    )
    .unwrap();

    let dom = dumped(&program, &house, "q.html");
    let notes: Vec<Value> = dom
        .split("<pre class=\"note\">")
        .skip(1)
        .map(|note| {
            let note = note.split("</pre>").next().unwrap();
            let note = note
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&amp;", "&");
            serde_json::from_str(&note).unwrap()
        })
        .collect();
    assert_eq!(notes.len(), 5, "{dom}");
    let words = |index: usize| {
        let visit = &plan.visits[index];
        let name = plan.clip(visit).clip.short_name();
        let (first, last) = (visit.first, visit.last);
        [
            format!("Visit {} of {}: {name}", index + 1, plan.visits.len()),
            format!("source frames {first} to {last}"),
        ]
    };
    assert_eq!(
        notes[0],
        json!(true),
        "nothing is told before anything is pointed at"
    );
    let told = notes[1].as_str().unwrap();
    for part in words(1) {
        assert!(told.contains(&part), "{told}: {part}");
    }
    let last = plan.visits.len() - 1;
    assert_eq!(notes[2][0], json!("slider"));
    assert_eq!(notes[2][1], json!((last + 1).to_string()));
    for part in words(last) {
        assert!(notes[2][2].as_str().unwrap().contains(&part), "{notes:?}");
    }
    assert_eq!(notes[3], json!(true), "what is told lies inside the window");
    assert_eq!(notes[4], json!([true, "LoopyComfy: a walk over clips"]));
}
