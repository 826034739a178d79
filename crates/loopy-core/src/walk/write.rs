//! The walk written out as a plan, with what it could not keep.

use std::collections::BTreeSet;

use super::{
    Mode, Options, Planner, UNKNOWN_STEP, Wish,
    cues::Told,
    map::Map,
    route::Walked,
    tour::Tour,
    trail::{Step, Stop},
};
use crate::{
    certificate::{Certificate, Library, certify},
    grade::Grade,
    graph::{Graph, Score},
    plan::{Plan, PlannedClip, SCHEMA, Seam, SeamKind, Visit},
};

/// The plan of `walked`.
pub(super) fn plan(graph: &Graph, options: &Options, planner: &Planner, walked: &Walked) -> Plan {
    let map = planner.map();
    let stops = walked.trail.stops();
    let clip_of = |node: u32| map.nodes[node as usize].clip;
    let mut shown = vec![false; graph.clips.len()];
    for stop in stops {
        shown[clip_of(stop.node) as usize] = true;
    }
    let mut numbers = vec![0; shown.len()];
    let mut clips = Vec::new();
    for (index, _) in shown.iter().enumerate().filter(|(_, shown)| **shown) {
        numbers[index] = clips.len() as u32;
        let (clip, ports) = (graph.clips[index].clone(), graph.ports[index].0.clone());
        // Who plans corrects light afterwards: the walk does not depend on it.
        let grade = Grade::default();
        clips.push(PlannedClip { clip, ports, grade });
    }

    let mut visits = Vec::with_capacity(stops.len());
    let mut seams = Vec::with_capacity(stops.len());
    let mut steps = Vec::with_capacity(stops.len());
    for stop in stops {
        let node = &map.nodes[stop.node as usize];
        let step = stop.out.or(walked.ending.joint);
        let leave = stop.out.map_or(walked.ending.leave, |step| step.leave);
        visits.push(visit(map, stop, leave, numbers[node.clip as usize]));
        if let Some(step) = step {
            seams.push(seam(map, &step, stop.start + u64::from(leave - node.at)));
            steps.push(step);
        }
    }
    let changes = seams.iter().filter(|seam| seam.changes_scene()).count();
    let certificate = certify(visits.iter().map(|visit| visit.clip), changes as u64);
    let seconds = options.frames as f64 / options.fps.as_f64();
    let certificate = certificate.beside(&library(graph, map), options.seed, seconds);
    let mut notes = notes(options, map, walked, &visits, &steps, &certificate);
    if options.certified {
        notes.push(certified(planner.tour(), &visits, seconds));
    }
    Plan {
        schema: SCHEMA,
        fps: options.fps,
        rate_mode: options.rate_mode,
        seed: options.seed,
        frames: options.frames,
        looped: options.looped,
        created: options.created,
        clips,
        visits,
        seams,
        certificate,
        notes,
        reactions: planner.reactions(),
        asked: asked(graph, options),
    }
}

/// Everything that was asked for beside seed and length.
fn asked(graph: &Graph, options: &Options) -> Vec<String> {
    let usual = Options::default();
    let mut lines = Vec::new();
    let mut say = |name: &str, value: String, usual: String| {
        if value != usual {
            lines.push(format!("{name} {value}"));
        }
    };
    let show = |gap: Option<u32>| gap.map_or_else(String::new, |gap| gap.to_string());
    say("min gap", show(options.min_gap), String::new());
    say(
        "history window",
        show(options.history_window),
        String::new(),
    );
    say("bridge frames", show(options.bridge_frames), String::new());
    let name = |clip: u32| graph.clips[clip as usize].name();
    let start = options.start.map_or_else(String::new, name);
    say("start", start, String::new());
    let of = |options: &Options| {
        [
            ("seams", format!("{:?}", options.seams).to_lowercase()),
            ("bridge budget", options.bridge_budget.to_string()),
            ("seam threshold", options.seam_threshold.0.to_string()),
            ("temperature/256", options.temperature.to_string()),
            (
                "repetition penalty/256",
                options.repetition_penalty.to_string(),
            ),
            ("vary", options.vary.to_string()),
            ("certified", options.certified.to_string()),
        ]
    };
    for ((name, value), (_, usual)) in of(options).into_iter().zip(of(&usual)) {
        say(name, value, usual);
    }
    match &options.mode {
        Mode::VisualSimilarity => {}
        Mode::Uniform => lines.push("mode uniform".to_owned()),
        Mode::Pairs(matrix) => lines.extend(matrix.words(name)),
    }
    for (clip, wish) in (0..).zip(&options.wishes) {
        if *wish != Wish::default() {
            lines.push(format!("{}: {}", name(clip), wish.words()));
        }
    }
    if let Some(states) = &options.states {
        lines.extend(states.words(name));
    }
    let names = options
        .states
        .as_ref()
        .map_or(&[] as &[String], |states| states.names());
    for cue in &options.cues {
        let told = match cue.told {
            Told::State(None) => "state by itself".to_owned(),
            Told::State(Some(state)) => format!("state {}", names[state as usize]),
            Told::Signal(signal) => format!("signal {signal}/256"),
            Told::Play(clip) => format!("play {}", name(clip)),
            Told::Avoid(clip) => format!("avoid {}", name(clip)),
            Told::Allow(clip) => format!("allow {}", name(clip)),
        };
        lines.push(format!("at frame {}: {told}", cue.at));
    }
    lines
}

/// Which clips the walk could let follow each other.
fn library(graph: &Graph, map: &Map) -> Library {
    let numbers: Vec<u32> = (0..map.clips() as u32)
        .map(|clip| map.usable.partition_point(|other| *other < clip) as u32)
        .collect();
    let names = map.usable.iter().map(|clip| {
        let clip = &graph.clips[*clip as usize];
        clip.short_name()
    });
    let arcs = map.links.iter().filter(|link| link.ordinary);
    let arcs = arcs.map(|link| (numbers[link.from as usize], numbers[link.clip as usize]));
    Library::new(names.collect(), arcs)
}

/// The visit `stop`, left at `leave`; `number` is its clip.
pub(super) fn visit(map: &Map, stop: &Stop, leave: u32, number: u32) -> Visit {
    let node = &map.nodes[stop.node as usize];
    let clock = map.clock(node.clip);
    let tap = |frame| clock.map_or(0, |clock| clock.tap(frame).frame);
    Visit {
        clip: number,
        enter: node.at,
        leave,
        first: tap(node.at),
        last: tap(leave - 1),
        start: stop.start,
    }
}

/// The joint that `step` makes at output frame `start`.
pub(super) fn seam(map: &Map, step: &Step, start: u64) -> Seam {
    let link = step.link.map(|index| &map.links[index as usize]);
    let kind = match link {
        Some(link) if step.bridge > 0 => link.span.kind,
        Some(link) if !link.declared => SeamKind::Cut,
        _ => SeamKind::SceneChange,
    };
    let motion = link.filter(|_| kind == SeamKind::Motion);
    let motion = motion.map(|link| link.span);
    Seam {
        start,
        frames: step.bridge,
        kind,
        declared: kind != SeamKind::SceneChange && link.is_some_and(|link| link.declared),
        steps: motion.map_or(0, |span| span.steps),
        holds: motion.map_or(0, |span| span.holds),
        score: link.map_or(Score::default(), |link| link.score),
        step: link.map_or(UNKNOWN_STEP, |link| link.step),
        rsv: link.and_then(|link| link.rsv).filter(|_| !step.refused),
    }
}

fn notes(
    options: &Options,
    map: &Map,
    walked: &Walked,
    visits: &[Visit],
    steps: &[Step],
    certificate: &Certificate,
) -> Vec<String> {
    let mut notes = Vec::new();
    let short = map.short as usize;
    if short > 0 {
        notes.push(format!(
            "{} too short to be shown at this frame rate",
            clips(short, "is", "are")
        ));
    }
    if let Some(gap) = certificate.return_gap_min
        && gap < u64::from(walked.wanted)
    {
        notes.push(format!(
            "a clip returns after {} instead of {}: {}",
            count(gap, "visit"),
            walked.wanted,
            if options.certified {
                "otherwise a pair of clips would repeat"
            } else {
                "the joints of the library allow no more"
            },
        ));
    }
    let unseen = map.usable.len() - certificate.clips as usize;
    if unseen > 0 {
        notes.push(format!(
            "{} never shown in this length",
            clips(unseen, "is", "are")
        ));
    }
    let bare = steps.iter().filter(|step| step.link.is_none()).count();
    if bare > usize::from(walked.forced) {
        notes.push(format!(
            "{} from the end of a clip to the start of another where the library has no joint",
            count(bare as u64 - u64::from(walked.forced), "scene change")
        ));
    }
    let weak = steps.iter().filter_map(|step| step.link);
    let weak = weak.filter(|index| map.links[*index as usize].weak);
    let mut weak: Vec<u32> = weak.collect();
    let taken = weak.len() as u64;
    weak.sort_unstable();
    weak.dedup();
    if taken > 0 {
        notes.push(format!(
            "{} ({} places) under the seam threshold of {:.2} or unusual for their clips, counted as \
             scene changes: no other way leads to every clip",
            count(taken, "joint"),
            weak.len(),
            options.seam_threshold.as_f64(),
        ));
    }
    let refused = steps.iter().filter(|step| step.refused).count() as u64;
    if refused > 0 {
        notes.push(format!(
            "the bridge budget of {} is spent: {} hard where a bridge was wished for",
            count(map.budget, "frame"),
            if refused == 1 {
                "1 cut is".to_owned()
            } else {
                format!("{refused} cuts are")
            },
        ));
    }
    if walked.forced {
        notes.push(format!(
            "no walk of exactly {} ends where it began: the loop closes with a plain cut; \
             another length may close unseen",
            count(options.frames, "frame")
        ));
    } else if options.looped
        && let Some(gap) = ring_gap(visits)
        && gap < u64::from(walked.wanted)
        && certificate.return_gap_min.is_none_or(|least| gap < least)
    {
        notes.push(format!(
            "across the joint of the loop, a clip returns after {}",
            count(gap, "visit")
        ));
    }
    if visits.len() > 1
        && let Some(last) = visits.last()
        && last.frames() < map.least
    {
        notes.push("the last visit is a single frame: no other walk fits the length".to_owned());
    }
    notes
}

/// What came of the wish that no pair repeats.
fn certified(tour: Option<&Tour>, visits: &[Visit], seconds: f64) -> String {
    let Some(tour) = tour else {
        return "no two clips of the library are joined: no pair can be certified".to_owned();
    };
    let hours = |visits_gone: usize| seconds * visits_gone as f64 / visits.len() as f64 / 3600.0;
    let pairs = distinct(visits, 2);
    let most = format!(
        "the walk can take {} of the {} pairs that the library joins in a row with a gap of {} \
         visits; no walk can take more than {}",
        tour.taken, tour.pairs, tour.gap, tour.bound,
    );
    if pairs + 1 >= visits.len() {
        return format!("certified: no pair of clips repeats; {most}");
    }
    let first = format!(
        "certified for the first {} ({:.2} h): {most}",
        count(pairs as u64, "pair"),
        hours(pairs + 1)
    );
    let Some(again) = &tour.again else {
        return format!("{first}; it has too many triples to certify more");
    };
    let triples = distinct(visits, 3);
    let most = format!(
        "of the {} triples that the library joins, {} in a row with a gap of {} visits; no walk can \
         take more than {}",
        again.triples,
        tour.links.len() - 1,
        again.gap,
        again.bound,
    );
    if triples + 2 >= visits.len() {
        format!("{first}; then no triple repeats: {most}")
    } else {
        let hours = hours(triples + 2);
        let triples = count(triples as u64, "triple");
        format!("{first}; then the first {triples} ({hours:.2} h): {most}")
    }
}

/// How many runs of `length` clips follow each other before one repeats.
fn distinct(visits: &[Visit], length: usize) -> usize {
    let mut seen = BTreeSet::new();
    let runs = visits.windows(length);
    let clips = runs.map(|run| run.iter().map(|visit| visit.clip).collect::<Vec<_>>());
    clips.take_while(|run| seen.insert(run.clone())).count()
}

/// Fewest visits from a showing of a clip in one round of the loop to another showing of it in the
/// next round.
fn ring_gap(visits: &[Visit]) -> Option<u64> {
    let clips = visits.iter().map(|visit| visit.clip).max()? as usize + 1;
    let mut first = vec![None; clips];
    let mut last = vec![0; clips];
    for (index, visit) in visits.iter().enumerate() {
        first[visit.clip as usize].get_or_insert(index);
        last[visit.clip as usize] = index;
    }
    let gaps = first.into_iter().zip(last);
    gaps.filter_map(|(first, last)| {
        first
            .filter(|first| *first != last)
            .map(|first| (first, last))
    })
    .map(|(first, last)| (first + visits.len() - last) as u64)
    .min()
}

fn clips(number: usize, one: &str, many: &str) -> String {
    if number == 1 {
        format!("1 clip {one}")
    } else {
        format!("{number} clips {many}")
    }
}

fn count(number: u64, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}
