//! The film as its report tells it: which distinct picture every output frame is, where the seams
//! are, which clips belong to one scene.

use std::collections::BTreeMap;

use loopy_core::{
    ClipPath, Hash,
    report::{Report, Seam},
};

use crate::{Error, features::WINDOW, outcome::Excluded, takes::Takes};

/// A distinct picture: segment of the report, and frame in it. Equal ids are equal pictures,
/// because a film repeats its segments packet by packet.
pub type Id = (u32, u32);

/// One stay in a clip.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    pub(crate) clip: usize,
    /// Output frames, the end exclusive.
    pub(crate) first: usize,
    pub(crate) until: usize,
    /// Output frames at which a segment begins inside the visit: ports that were not taken.
    pub(crate) ports: Vec<usize>,
}

/// A clip of the film.
#[derive(Clone, Debug)]
pub(crate) struct Clip {
    pub(crate) path: ClipPath,
    pub(crate) hash: Hash,
    /// Index of its scene.
    pub(crate) scene: usize,
}

/// One distinct edge, at its first showing with room around it.
#[derive(Clone, Debug)]
pub(crate) struct Edge {
    /// What the report tells of it.
    pub(crate) seam: Seam,
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// First output frame that is not of the visit before.
    pub(crate) start: usize,
    /// Bridge frames.
    pub(crate) frames: usize,
    /// Where the film shows it, what would have followed in the clip that is left.
    pub(crate) next: Option<Id>,
}

/// The film.
#[derive(Clone, Debug)]
pub struct Film {
    pub(crate) frames: Vec<Id>,
    pub(crate) visits: Vec<Visit>,
    pub(crate) clips: Vec<Clip>,
    /// Name of each scene: that of its first clip.
    pub(crate) scenes: Vec<String>,
    pub(crate) edges: Vec<Edge>,
    /// The picture of each source frame shown, by clip and frame, where frames are shown one to one.
    pub(crate) sources: BTreeMap<(usize, u32), Id>,
    /// What is not among them.
    pub excluded: Excluded,
}

impl Film {
    /// Reads a report.
    ///
    /// # Errors
    /// [`Error::Report`] when the report contradicts itself.
    pub fn of(report: &Report, takes: &Takes) -> Result<Self, Error> {
        let mut film = Self {
            frames: Vec::with_capacity(report.frames as usize),
            visits: Vec::with_capacity(report.visits.len()),
            clips: Vec::new(),
            scenes: Vec::new(),
            edges: Vec::new(),
            sources: BTreeMap::new(),
            excluded: Excluded::default(),
        };
        let mut numbers: BTreeMap<&ClipPath, usize> = BTreeMap::new();
        for (index, told) in report.visits.iter().enumerate() {
            let clip = *numbers.entry(&told.clip).or_insert_with(|| {
                film.clips.push(Clip {
                    path: told.clip.clone(),
                    hash: told.blake3,
                    scene: 0,
                });
                film.clips.len() - 1
            });
            let first = film.frames.len();
            let mut ports = Vec::new();
            for segment in &told.segments {
                ports.push(film.frames.len());
                film.append(report, *segment)?;
            }
            let until = film.frames.len();
            ports.retain(|port| *port > first);
            if u64::from(told.last) + 1 == u64::from(told.first) + (until - first) as u64 {
                let rows = (told.first..=told.last).zip(&film.frames[first..until]);
                film.sources
                    .extend(rows.map(|(frame, id)| ((clip, frame), *id)));
            }
            film.visits.push(Visit {
                clip,
                first,
                until,
                ports,
            });
            if let Some(bridge) = report.seams.get(index).and_then(|seam| seam.segment) {
                film.append(report, bridge)?;
            }
        }
        if film.frames.len() as u64 != report.frames {
            return Err(Error::Report("its segments do not add up to its frames"));
        }
        film.find_scenes(report, &numbers)?;
        film.find_edges(report, &numbers, takes)?;
        Ok(film)
    }

    /// The distinct picture that every output frame is, in order.
    pub fn frames(&self) -> &[Id] {
        &self.frames
    }

    fn append(&mut self, report: &Report, segment: u32) -> Result<(), Error> {
        let told = report.segments.get(segment as usize);
        let told = told.ok_or(Error::Report(
            "it names a segment that it does not describe",
        ))?;
        if self.frames.len() as u64 + u64::from(told.frames) > report.frames {
            return Err(Error::Report("its segments do not add up to its frames"));
        }
        self.frames
            .extend((0..told.frames).map(|frame| (segment, frame)));
        Ok(())
    }

    /// Clips joined by seams that are no scene changes are one scene.
    fn find_scenes(
        &mut self,
        report: &Report,
        numbers: &BTreeMap<&ClipPath, usize>,
    ) -> Result<(), Error> {
        let mut scene: Vec<usize> = (0..self.clips.len()).collect();
        for seam in &report.seams {
            let (from, to) = ends(seam, numbers)?;
            if !seam.changes_scene() && scene[from] != scene[to] {
                let (keep, drop) = (scene[from].min(scene[to]), scene[from].max(scene[to]));
                for value in &mut scene {
                    if *value == drop {
                        *value = keep;
                    }
                }
            }
        }
        let mut order = scene.clone();
        order.sort_unstable();
        order.dedup();
        self.scenes = order
            .iter()
            .map(|clip| name(&self.clips[*clip].path))
            .collect();
        for (clip, scene) in self.clips.iter_mut().zip(&scene) {
            clip.scene = order.partition_point(|first| first < scene);
        }
        Ok(())
    }

    fn find_edges(
        &mut self,
        report: &Report,
        numbers: &BTreeMap<&ClipPath, usize>,
        takes: &Takes,
    ) -> Result<(), Error> {
        // `true` once the edge is among those kept.
        let mut seen: BTreeMap<(usize, u32, usize, u32), bool> = BTreeMap::new();
        for seam in &report.seams {
            let (from, to) = ends(seam, numbers)?;
            let key = (from, seam.from.frame, to, seam.to.frame);
            let known = seen.get(&key).copied();
            if known == Some(true) {
                self.excluded.repeats += 1;
                continue;
            }
            let start = seam.start as usize;
            let end = start.saturating_add(seam.frames as usize);
            let fits = start >= WINDOW && end.saturating_add(WINDOW) <= self.frames.len();
            let goes_on = from == to && seam.from.frame.checked_add(1) == Some(seam.to.frame);
            if seam.changes_scene() {
                self.excluded.scene_changes += 1;
            } else if goes_on
                || takes.goes_on(
                    &name(&seam.from.clip),
                    seam.from.frame,
                    &name(&seam.to.clip),
                    seam.to.frame,
                )
            {
                self.excluded.continuing += 1;
            } else if fits {
                self.excluded.at_the_ends -= usize::from(known == Some(false));
                self.edges.push(Edge {
                    seam: seam.clone(),
                    from,
                    to,
                    start,
                    frames: seam.frames as usize,
                    next: self
                        .sources
                        .get(&(from, seam.from.frame.saturating_add(1)))
                        .copied(),
                });
            } else {
                self.excluded.at_the_ends += usize::from(known.is_none());
                seen.insert(key, false);
                continue;
            }
            seen.insert(key, true);
        }
        Ok(())
    }
}

fn ends(seam: &Seam, numbers: &BTreeMap<&ClipPath, usize>) -> Result<(usize, usize), Error> {
    let number = |clip: &ClipPath| numbers.get(clip).copied();
    let both = number(&seam.from.clip).zip(number(&seam.to.clip));
    both.ok_or(Error::Report("a seam names a clip that no visit shows"))
}

/// File name of a clip.
pub(crate) fn name(path: &ClipPath) -> String {
    let path = path.as_path();
    loopy_core::clip::show(path.file_name().unwrap_or_default().as_ref())
}

#[cfg(test)]
mod tests {
    use loopy_core::plan::SeamKind;

    use super::*;
    use crate::synthetic::{FRAMES, report};

    #[test]
    fn every_edge_counts_once_and_the_rest_is_told_apart() {
        let mut told = report(&[0, 1, 2, 0, 1, 2, 1]);
        told.seams[4].kind = SeamKind::SceneChange;
        let takes = Takes::parse(&format!("c2.mp4 t 0\nc0.mp4 t {FRAMES}")).unwrap();
        let film = Film::of(&told, &takes).unwrap();
        // 0-1, 1-2, 2-0 (goes on), 0-1 again, 1-2 again, 2-1.
        let edges: Vec<_> = film.edges.iter().map(|e| (e.from, e.to)).collect();
        assert_eq!(edges, [(0, 1), (1, 2), (2, 1)]);
        assert_eq!((film.excluded.repeats, film.excluded.continuing), (2, 1));
        assert_eq!(film.scenes, ["c0.mp4"]);
        assert_eq!(film.frames().len() as u64, told.frames);
        assert_eq!(film.visits[1].ports, [FRAMES as usize * 3 / 2]);
    }

    #[test]
    fn scene_changes_part_scenes_and_are_no_seams() {
        let mut told = report(&[0, 1, 2, 3, 2]);
        told.seams[1].kind = SeamKind::SceneChange;
        let film = Film::of(&told, &Takes::default()).unwrap();
        assert_eq!(film.scenes, ["c0.mp4", "c2.mp4"]);
        assert_eq!(film.edges.len(), 3);
        assert_eq!(film.excluded.scene_changes, 1);
    }

    #[test]
    fn a_clip_that_leads_into_its_own_next_frame_is_no_seam() {
        let mut told = report(&[0, 0, 1]);
        told.seams[0].to.frame = FRAMES;
        let film = Film::of(&told, &Takes::default()).unwrap();
        assert_eq!((film.edges.len(), film.excluded.continuing), (1, 1));
    }

    #[test]
    fn reports_that_contradict_themselves_are_refused() {
        let broken: [fn(&mut Report); 4] = [
            |told| told.frames += 1,
            |told| told.segments[0].frames += 1,
            |told| told.visits[0].segments[0] = 99,
            |told| told.seams[0].to.clip = std::path::Path::new("elsewhere.mp4").into(),
        ];
        for change in broken {
            let mut told = report(&[0, 1]);
            change(&mut told);
            assert!(matches!(
                Film::of(&told, &Takes::default()),
                Err(Error::Report(_))
            ));
        }
    }
}
