use std::{path::Path, time::Instant};

use loopy_media::audio::encode::RATE;

use super::*;
use crate::outputs::testing::{self, ask, clicks, decoded, fps, times, units};

/// So many frames have a run: it ends within a window.
const RUN: u32 = 47;
const DAY: u64 = 86_400;

/// Publishes `runs` runs from output frame `from` on, and works after each.
fn stream(hls: &Hls, from: u64, runs: u64, lost: Option<u64>) -> Vec<Arc<Reel>> {
    let hub = Hub::new(Instant::now());
    let run = testing::run(RUN);
    let reels: Vec<_> = ["720p", "360p"]
        .map(|name| testing::reel(&hub, name, &run))
        .into();
    let feeds = reels.iter().map(|reel| Cutter {
        feed: Feed::new(Arc::clone(reel)),
        units: Vec::new(),
    });
    let mut cutters: Vec<Cutter> = feeds.collect();
    for number in 0..runs {
        for (reel, cutter) in reels.iter().zip(&mut cutters) {
            // The second rung is switched on later.
            let later = reel.rung.name == "360p" && number < 2;
            if later || lost == Some(number) {
                continue;
            }
            for unit in units(&run, from + number * u64::from(RUN)) {
                hub.publish(reel, unit);
                cutter
                    .work(hls, &|pts| 1_700_000_000_000_000 + pts)
                    .unwrap();
            }
        }
    }
    reels
}

/// Writes all that the playlists name below `folder`.
fn save(hls: &Hls, folder: &Path) {
    let text = |path: &str| {
        let (kind, bytes) = hls.get(path).unwrap();
        assert_eq!(kind, PLAYLIST);
        String::from_utf8(bytes.to_vec()).unwrap()
    };
    let master = text("index.m3u8");
    std::fs::write(folder.join("index.m3u8"), &master).unwrap();
    let named = |line: &'_ str| {
        let uri = line.split_once("URI=\"");
        uri.map_or(line, |(_, uri)| uri.trim_end_matches('"'))
            .to_owned()
    };
    let is_list = |line: &&str| !line.starts_with('#') || line.contains("URI=");
    for list in master.lines().filter(is_list).map(named) {
        let rung = list.split_once('/').unwrap().0;
        std::fs::create_dir(folder.join(rung)).unwrap();
        let playlist = text(&list);
        std::fs::write(folder.join(&list), format!("{playlist}#EXT-X-ENDLIST\n")).unwrap();
        let parts = playlist.lines().filter(|line| !line.starts_with('#'));
        for file in parts.chain(["init.mp4"]) {
            let path = format!("{rung}/{file}");
            std::fs::write(folder.join(&path), hls.get(&path).unwrap().1).unwrap();
        }
    }
}

fn durations(playlist: &str) -> Vec<f64> {
    let lines = playlist
        .lines()
        .filter_map(|line| line.strip_prefix("#EXTINF:"));
    lines
        .map(|line| line.trim_end_matches(',').parse().unwrap())
        .collect()
}

#[test]
fn players_get_every_picture_once_and_at_even_times_on_all_rungs() {
    for from in [0, 60 * DAY * 30_000 / 1001] {
        let hls = Hls::default();
        stream(&hls, from, 14, None);
        let folder = tempfile::tempdir().unwrap();
        save(&hls, folder.path());
        let mut firsts = Vec::new();
        for rung in ["v1", "v2"] {
            let playlist = hls.get(&format!("{rung}/index.m3u8")).unwrap().1;
            let playlist = String::from_utf8(playlist.to_vec()).unwrap();
            let durations = durations(&playlist);
            assert_eq!(durations.len(), LISTED);
            assert!(
                durations
                    .iter()
                    .all(|seconds| seconds.round() <= TARGET as f64)
            );
            firsts.push(playlist.lines().nth(3).unwrap().to_owned());
            let frames = (durations.iter().sum::<f64>() * fps().as_f64()).round() as usize;
            let path = folder.path().join(rung).join("index.m3u8");
            let path = path.to_str().unwrap();
            let Some(times) = times(path) else { return };
            assert_eq!(times.len(), frames);
            let step = 1001.0 / 30_000.0;
            for pair in times.windows(2) {
                assert!((pair[1].0 - pair[0].0 - step).abs() < 1e-3, "{pair:?}");
                assert!(pair[1].1 > pair[0].1);
            }
            let due = from as f64 * step;
            assert!(
                times[0].0 >= due && times[0].0 < due + 30.0,
                "{:?}",
                times[0]
            );
            assert_eq!(decoded(path), Some(frames));
        }
        assert_eq!(firsts[0], firsts[1], "all rungs list the same parts");
        assert!(decoded(folder.path().join("index.m3u8").to_str().unwrap()).is_some());
    }
}

#[test]
fn the_master_playlist_tells_what_a_rung_is() {
    let hls = Hls::default();
    assert!(hls.get("index.m3u8").is_none(), "nothing is there yet");
    stream(&hls, 0, 5, None);
    let master = String::from_utf8(hls.get("index.m3u8").unwrap().1.to_vec()).unwrap();
    let told = "BANDWIDTH=500000,AVERAGE-BANDWIDTH=400000,CODECS=\"avc1.";
    assert!(master.contains(told), "{master}");
    assert!(
        master.contains("RESOLUTION=64x48,FRAME-RATE=29.970\nv1/index.m3u8"),
        "{master}"
    );
    for wrong in [
        "",
        "v1",
        "v9/index.m3u8",
        "v1/0",
        "v1/-1.m4s",
        "v1/../index.m3u8",
        "v1/99.m4s",
    ] {
        assert!(hls.get(wrong).is_none(), "{wrong}");
    }
}

#[test]
fn numbers_follow_each_other_where_packets_were_lost() {
    let hls = Hls::default();
    stream(&hls, 0, 12, Some(6));
    let lists = hls.lists.read().unwrap();
    for list in lists.iter() {
        let numbers: Vec<u64> = list.parts.iter().map(|part| part.number).collect();
        assert!(numbers.len() > 1);
        assert!(
            numbers.windows(2).all(|pair| pair[1] == pair[0] + 1),
            "{numbers:?}"
        );
    }
}

#[test]
fn dates_have_milliseconds() {
    assert_eq!(date(951_782_399_041_999), "2000-02-28T23:59:59.041Z");
}

/// A stream with sound of which `away` does not come.
fn sounding(folder: &Path, clicks: &[usize], away: std::ops::Range<u64>) -> Hls {
    let hls = Hls::default();
    let hub = Hub::new(Instant::now());
    let run = testing::run(RUN);
    let reel = testing::reel(&hub, "720p", &run);
    let mut ear = None;
    let mut sounds = testing::sounds(0, 22 * RATE as usize, clicks);
    sounds.retain(|unit| !away.contains(&unit.pts_us));
    let mut sounds = sounds.iter().peekable();
    let mut cutter = Cutter {
        feed: Feed::new(Arc::clone(&reel)),
        units: Vec::new(),
    };
    let mut sound = None;
    let wall = |pts| 1_700_000_000_000_000 + pts;
    for number in 0..13 {
        for unit in units(&run, number * u64::from(RUN)) {
            while let Some(heard) = sounds.next_if(|heard| heard.pts_us < unit.pts_us + 300_000) {
                let reel = ear.get_or_insert_with(|| testing::sound_reel(&hub));
                hub.publish(reel, heard.clone());
            }
            hub.publish(&reel, unit);
            if sound.is_none() {
                sound = Ear::of(&hub).unwrap().map(SoundCutter::new);
                hls.hears.store(sound.is_some(), Ordering::Release);
            }
            cutter.work(&hls, &wall).unwrap();
            if let Some(cutter) = &mut sound {
                cutter.work(&hls, &wall);
            }
        }
    }
    save(&hls, folder);
    hls
}

#[test]
fn sound_is_a_rendition_of_its_own_in_time_with_the_picture() {
    let sample = |frame: u64| fps().samples(frame, RATE) as usize;
    let due: Vec<usize> = (1..20).map(|number| sample(number * 30)).collect();
    for away in [0..0, 9_100_000..11_600_000] {
        let folder = tempfile::tempdir().unwrap();
        let hls = sounding(folder.path(), &due, away.clone());
        let master = String::from_utf8(hls.get("index.m3u8").unwrap().1.to_vec()).unwrap();
        assert!(master.contains("TYPE=AUDIO,GROUP-ID=\"sound\""), "{master}");
        assert!(master.contains(",mp4a.40.2\","), "{master}");
        assert!(
            master.contains(",AUDIO=\"sound\"\nv1/index.m3u8"),
            "{master}"
        );
        assert_eq!(hls.get("a2/init.mp4").unwrap().0, SOUND);
        let text = |list: &str| String::from_utf8(hls.get(list).unwrap().1.to_vec()).unwrap();
        let (seen, heard) = (text("v1/index.m3u8"), text("a2/index.m3u8"));
        let parts = |text: &str| {
            let lines = text.lines().filter(|line| !line.starts_with('#'));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(parts(&seen), parts(&heard));
        let sum = durations(&heard).iter().sum::<f64>();
        assert!((sum - 2.0 * LISTED as f64).abs() < 0.03, "{sum}");
        let master = folder.path().join("index.m3u8");
        let master = master.to_str().unwrap();
        let args = ["-v", "warning", "-select_streams", "a", "-of", "csv=p=0"];
        let args = [&args[..], &["-show_entries", "packet=pts_time", master]].concat();
        let Some(times) = ask("ffprobe", &args) else {
            return;
        };
        let first: f64 = times
            .lines()
            .next()
            .unwrap()
            .trim_matches(',')
            .parse()
            .unwrap();
        let file = folder.path().join("sound.f32");
        let args = ["-v", "warning", "-i", master, "-map", "0:a", "-f", "f32le"];
        let args = [&args[..], &["-ac", "1", file.to_str().unwrap()]].concat();
        ask("ffmpeg", &args).unwrap();
        let bytes = std::fs::read(file).unwrap();
        let (samples, _) = bytes.as_chunks();
        let samples: Vec<f32> = samples
            .iter()
            .map(|four| f32::from_le_bytes(*four))
            .collect();
        let begin = (first * f64::from(RATE)).round() as usize;
        let found: Vec<usize> = clicks(&samples).iter().map(|at| at + begin).collect();
        let is_there = |at: &&usize| {
            let time = **at as u64 * 1_000_000 / u64::from(RATE);
            **at >= begin + 48 && **at < begin + samples.len() - 2048 && !away.contains(&time)
        };
        let wanted: Vec<usize> = due.iter().filter(is_there).copied().collect();
        assert!(wanted.len() > 5);
        assert_eq!(found.len(), wanted.len(), "{found:?} {wanted:?}");
        for (found, wanted) in found.iter().zip(&wanted) {
            assert!(found.abs_diff(*wanted) <= 48, "{found:?} {wanted:?}");
        }
    }
}
