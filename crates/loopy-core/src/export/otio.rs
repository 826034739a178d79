//! A plan as a timeline of OpenTimelineIO, for editors.
//!
//! One video track. A visit is a clip whose source range is in the clip's own frames; its length is
//! in output frames, so that the track is as long as the film, to the frame.
//!
//! A transition of the format adds no time: it lies over the ends of its two neighbours. Bridges
//! over handles fit that: each clip is lengthened by its part of the bridge (the handle), and the
//! transition lies over both parts. Motion has no handles, its pictures are in no file: it is a gap
//! of its length, as is a bridge at the end of a loop, which has no neighbour after it. What each
//! joint is stands under `loopycomfy` in the metadata.

#[cfg(test)]
mod tests;

use serde_json::{Value, json};

use super::{Places, place::url};
use crate::{
    Clip, Plan, Rate,
    clock::ClipClock,
    plan::{PlannedClip, Seam, SeamKind},
};

/// Writes `plan`, which holds together ([`Plan::check`]), as JSON.
pub fn write(plan: &Plan, places: Places) -> Value {
    let track = Track {
        plan,
        places,
        clocks: (plan.clips.iter())
            .map(|planned| ClipClock::new(&planned.clip, plan.fps, plan.rate_mode))
            .collect(),
        rates: (plan.clips.iter())
            .map(|planned| constant(&planned.clip))
            .collect(),
    };
    let mut children = Vec::new();
    for index in 0..plan.visits.len() {
        children.push(track.clip(index));
        if let Some(seam) = plan.seams.get(index)
            && seam.frames > 0
        {
            children.push(track.bridge(index, seam));
        }
    }
    json!({
        "OTIO_SCHEMA": "Timeline.1",
        "name": "LoopyComfy walk",
        "global_start_time": null,
        "metadata": {"loopycomfy": {
            "plan": plan.hash(),
            "fps": plan.fps,
            "rate_mode": plan.rate_mode,
            "seed": plan.seed,
            "frames": plan.frames,
            "looped": plan.looped,
        }},
        "tracks": {
            "OTIO_SCHEMA": "Stack.1",
            "name": "tracks",
            "metadata": {},
            "source_range": null,
            "effects": [],
            "markers": [],
            "enabled": true,
            "children": [{
                "OTIO_SCHEMA": "Track.1",
                "name": "Video",
                "kind": "Video",
                "metadata": {},
                "source_range": null,
                "effects": [],
                "markers": [],
                "enabled": true,
                "children": children,
            }],
        },
    })
}

struct Track<'a> {
    plan: &'a Plan,
    places: Places<'a>,
    clocks: Vec<ClipClock>,
    /// Rates of the clips' own frames, where they are constant.
    rates: Vec<Option<Rate>>,
}

impl Track<'_> {
    fn clip(&self, index: usize) -> Value {
        let visit = &self.plan.visits[index];
        let PlannedClip { clip, grade, .. } = self.plan.clip(visit);
        let rate = self.rates[visit.clip as usize];
        let before = index
            .checked_sub(1)
            .and_then(|before| self.plan.seams.get(before));
        let head = before.map_or(0, |seam| self.parts(index - 1, seam).1);
        let after = self.plan.seams.get(index);
        let tail = after.map_or(0, |seam| self.parts(index, seam).0);
        let first = self.clocks[visit.clip as usize]
            .tap(visit.enter.saturating_sub(head))
            .frame;
        json!({
            "OTIO_SCHEMA": "Clip.2",
            "name": clip.short_name(),
            "metadata": {"loopycomfy": {
                "visit": index,
                "clip": clip.path,
                "blake3": clip.hash,
                "shot": clip.shot,
                "grade": grade,
                "first": visit.first,
                "last": visit.last,
                "in": visit.enter,
                "out": visit.leave,
                "start": visit.start,
                "handle_before": head,
                "handle_after": tail,
                "seam_after": after,
            }},
            "source_range": range(
                place(clip, rate, first),
                time(f64::from(head + visit.frames() + tail), self.plan.fps.as_f64()),
            ),
            "effects": [],
            "markers": [],
            "enabled": true,
            "active_media_reference_key": "DEFAULT_MEDIA",
            "media_references": {"DEFAULT_MEDIA": {
                "OTIO_SCHEMA": "ExternalReference.1",
                "name": clip.short_name(),
                "metadata": {},
                "available_range": range(
                    place(clip, rate, 0),
                    place(clip, rate, clip.times.len() as u32),
                ),
                "available_image_bounds": null,
                "target_url": url(&self.places.absolute(clip.path.as_path())),
            }},
        })
    }

    /// What a bridge lengthens the clip before and the clip after by, in output frames.
    fn parts(&self, index: usize, seam: &Seam) -> (u32, u32) {
        let over_handles = matches!(seam.kind, SeamKind::Dissolve | SeamKind::Morph);
        if over_handles && index + 1 < self.plan.visits.len() {
            (seam.frames / 2, seam.frames - seam.frames / 2)
        } else {
            (0, 0)
        }
    }

    fn bridge(&self, index: usize, seam: &Seam) -> Value {
        let rate = self.plan.fps.as_f64();
        let frames = |frames: u32| time(f64::from(frames), rate);
        let metadata = json!({"loopycomfy": {"seam": index, "bridge": seam}});
        let name = match seam.kind {
            SeamKind::Morph => "morph",
            SeamKind::Motion => "motion",
            _ => "dissolve",
        };
        let (tail, head) = self.parts(index, seam);
        if tail + head == 0 {
            return json!({
                "OTIO_SCHEMA": "Gap.1",
                "name": name,
                "metadata": metadata,
                "source_range": range(frames(0), frames(seam.frames)),
                "effects": [],
                "markers": [],
                "enabled": true,
            });
        }
        json!({
            "OTIO_SCHEMA": "Transition.1",
            "name": name,
            "metadata": metadata,
            "in_offset": frames(tail),
            "out_offset": frames(head),
            "transition_type": match seam.kind {
                SeamKind::Dissolve => "SMPTE_Dissolve",
                _ => "Custom_Transition",
            },
        })
    }
}

fn time(value: f64, rate: f64) -> Value {
    json!({"OTIO_SCHEMA": "RationalTime.1", "rate": rate, "value": value})
}

fn range(start: Value, duration: Value) -> Value {
    let mut range = json!({"OTIO_SCHEMA": "TimeRange.1"});
    range["start_time"] = start;
    range["duration"] = duration;
    range
}

/// The clip's frame rate, where all its frames are due as it says.
fn constant(clip: &Clip) -> Option<Rate> {
    clip.rate().filter(|rate| {
        let ends = clip.times.iter().chain([&clip.end]);
        (0..)
            .zip(ends)
            .all(|(frame, micros)| (rate.micros(frame) - micros).abs() <= rate.micros(1) / 2)
    })
}

/// Where a frame lies in its file: by its number where the file has a constant rate, otherwise in
/// microseconds. One past the last is where the file ends.
fn place(clip: &Clip, rate: Option<Rate>, frame: u32) -> Value {
    match rate {
        Some(rate) => time(f64::from(frame), rate.as_f64()),
        None => time(clip.time(frame) as f64, 1e6),
    }
}
