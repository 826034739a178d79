//! The pictures of the page: a film of nothing but thumbnails and joints, made as any film is, so
//! that what people see here is what a render would show, grades and bridges included.

use loopy_core::{
    Clip, Frame, Grade, Graph, Plan, Rate, Size,
    certificate::Certificate,
    clock::{ClipClock, Mode},
    encode::Settings,
    graph::Edge,
    limits::Limits,
    normalise::Normalise,
    plan::{self, PlannedClip, Seam, SeamKind, Visit},
    walk,
};
use loopy_media::{encode, segment::Segment};

use super::jpeg::Jpeg;
use crate::{
    Error,
    realize::{self, Look, Timeline},
    render::Room,
    scan,
    store::Kind,
};

/// Pictures of clips fit into this at most, ...
pub(super) const THUMBNAIL: Size = Size {
    width: 320,
    height: 320,
};
/// ... pictures of a strip into this.
const STRIP: Size = Size {
    width: 176,
    height: 176,
};
/// Frames on either side of a joint.
const AROUND: u32 = 8;
const CRF: u8 = 16;

/// Pictures of a graph.
#[derive(Debug, Default)]
pub(super) struct Pictures {
    /// The middle of each clip.
    pub(super) clips: Vec<Option<Jpeg>>,
    /// Before, between and after each joint.
    pub(super) joints: Vec<[Vec<Jpeg>; 3]>,
}

/// Makes the pictures of all clips, to fit into `thumbnail`, and of `joints`.
///
/// # Errors
/// As [`realize::realize`].
pub(super) fn shoot(
    graph: &Graph,
    grades: &[Grade],
    joints: &[Edge],
    thumbnail: Size,
    limits: &Limits,
    room: &Room,
) -> Result<Pictures, Error> {
    let fps = scan::common_rate(&graph.clips).or_else(|| Rate::new(30, 1));
    let fps = fps.ok_or_else(|| Error::Usage("no rate".into()))?;
    let plan = script(graph, grades, joints, fps);
    let size = scan::common_size(&graph.clips).unwrap_or(THUMBNAIL);
    let look = Look {
        normalise: Normalise::to(size.within(THUMBNAIL)),
        encode: Settings {
            crf: CRF,
            ..Settings::lossless()
        },
        marks: 0,
    };
    let timeline = Timeline::new(&plan, &look)?;
    let _pin = timeline.pin(room.store)?;
    realize::realize(
        &plan.clips,
        &timeline,
        room.store,
        room.executor,
        limits,
        room.sink,
    )?;
    let show = |segments: &[u32], size: Size| -> Result<Vec<Jpeg>, Error> {
        let mut shown = Vec::new();
        for segment in segments {
            let key = timeline.segments[*segment as usize].key;
            let Some(bytes) = room.store.get(Kind::Segment, &key)? else {
                continue;
            };
            for frame in encode::Frames::new(&Segment::from_bytes(&bytes)?)? {
                let frame: Frame = frame?;
                let frame = match size {
                    size if size == frame.size() => frame,
                    size => loopy_pixels::shrink::area(&frame, size),
                };
                shown.push(Jpeg::new(&frame)?);
            }
        }
        Ok(shown)
    };
    let count = graph.clips.len();
    let mut pictures = Pictures::default();
    let whole = look.normalise.size.within(thumbnail);
    for visit in &timeline.visits[..count] {
        pictures.clips.push(show(visit, whole)?.into_iter().next());
    }
    let strip = size.within(STRIP);
    for (index, visits) in timeline.visits[count..].chunks_exact(2).enumerate() {
        let between: Vec<u32> = timeline.seams[count + 2 * index].into_iter().collect();
        pictures.joints.push([
            show(&visits[0], strip)?,
            show(&between, strip)?,
            show(&visits[1], strip)?,
        ]);
    }
    Ok(pictures)
}

/// A plan that visits one frame of each clip, then both sides of each joint.
fn script(graph: &Graph, grades: &[Grade], joints: &[Edge], fps: Rate) -> Plan {
    let clocks: Vec<ClipClock> = graph
        .clips
        .iter()
        .map(|clip| ClipClock::new(clip, fps, Mode::Duplicate))
        .collect();
    let visit = |clip: usize, enter: u32, leave: u32| Visit {
        clip: clip as u32,
        enter,
        leave,
        first: clocks[clip].tap(enter).frame,
        last: clocks[clip].tap(leave.saturating_sub(1)).frame,
        start: 0,
    };
    let cut = Seam {
        start: 0,
        frames: 0,
        kind: SeamKind::Cut,
        declared: false,
        steps: 0,
        holds: 0,
        score: loopy_core::graph::Score::MAX,
        step: 1.0,
        rsv: None,
    };
    let mut visits = Vec::new();
    let mut seams = Vec::new();
    for (clip, clock) in clocks.iter().enumerate() {
        let middle = clock.len() / 2;
        visits.push(visit(clip, middle, middle + 1));
        seams.push(cut);
    }
    for edge in joints {
        let [from, to] = [edge.from.clip, edge.to.clip].map(|clip| clip as usize);
        let leave = clocks[from].position(edge.from.boundary);
        let enter = clocks[to].position(edge.to.boundary);
        visits.push(visit(from, leave.saturating_sub(AROUND), leave));
        visits.push(visit(to, enter, (enter + AROUND).min(clocks[to].len())));
        let handles = (clocks[from].len() - leave).min(enter);
        let span = walk::Span::of(
            edge,
            graph.clips[from].rate(),
            handles,
            &walk::Options {
                fps,
                ..walk::Options::default()
            },
        );
        seams.extend([
            Seam {
                frames: span.frames,
                steps: span.steps,
                holds: span.holds,
                kind: span.kind,
                ..cut
            },
            cut,
        ]);
    }
    // The last visit is followed by nothing.
    seams.pop();
    let planned = |(clip, grade): (&Clip, &Grade)| PlannedClip {
        ports: vec![clip.first, clip.until],
        clip: clip.clone(),
        grade: *grade,
    };
    Plan {
        schema: plan::SCHEMA,
        fps,
        rate_mode: Mode::Duplicate,
        seed: 0,
        frames: visits.iter().map(|visit| u64::from(visit.frames())).sum(),
        looped: false,
        created: None,
        clips: graph.clips.iter().zip(grades).map(planned).collect(),
        visits,
        seams,
        certificate: Certificate::default(),
        notes: Vec::new(),
        reactions: Vec::new(),
        asked: Vec::new(),
    }
}
