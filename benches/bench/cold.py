"""Nothing in the store: what a film costs against ffmpeg encoding all of it, and against the least
that it could cost."""

from .films import FFMPEG, X264, fit, reencode, slices, stages, times
from .goals import at_least, at_most, equal, tell
from .measure import Cost, run

# How many times less CPU than the re-encode, for the shorter and the longer film.
GOALS = {"cut": (6, 60), "motion": (3.5, 25)}


def cold(bench):
    for seams, (short, long) in GOALS.items():
        options = ["--seams", seams, "--workers", "2"]
        if seams == "motion":
            # At every joint, under the default budget.
            options += ["--bridge-frames", "6"]
        film = f"{seams}.mp4"
        lengths = [f"{bench.minutes}m", f"{bench.hours}h"]
        store = bench.empty(f"store-{seams}")
        first = bench.render(store, film, *options, "--duration", lengths[0], sample=True)
        even(bench, film, first[1], f"{lengths[0]}, {seams}")
        a = again(bench, film, 0)
        # The longer film goes on from the shorter one's store. Both commands together do all that
        # the longer one alone would do from an empty store, and a little more: a bound from above.
        more, report = bench.render(store, "long.mp4", *options, "--duration", lengths[1], sample=True)
        even(bench, "long.mp4", report, f"{lengths[1]}, {seams}")
        bench.path("long.mp4").unlink()
        b = again(bench, film, 1)
        second = plus(first[0], more), report
        tell(f"re-encode, ms a frame, {seams}", f"{a * 1000:.1f}, {b * 1000:.1f}")
        frame = (a + b) / 2
        for (cost, report), length, goal in zip((first, second), lengths, (short, long)):
            describe(cost, report)
            analysis = stages(first[1]).get("analyze", 0)
            whole = frame * report["frames"]
            spent = cost.cpu - analysis
            name = f"cold, {length}, {seams}"
            at_least(f"{name}: picture, less CPU", whole / spent, goal, "x")
            tell(f"{name}: with analysis", f"{whole / cost.cpu:.2f}x")
            at_most(f"{name}: parent and 2 workers together", cost.together, 700, " MB")


def plus(first, more):
    """Two commands, one after the other, as one."""
    return Cost(
        cpu=first.cpu + more.cpu,
        wall=first.wall + more.wall,
        peak=max(first.peak, more.peak),
        together=max(first.together, more.together),
    )


def picture(cost, report):
    """CPU seconds of a whole command without the analysis of its clips."""
    return cost.cpu - stages(report).get("analyze", 0)


def again(bench, film, part):
    cut = bench.path("slices.mkv")
    slices(bench.path(film), bench.encode_seconds, bench.minutes, cut, part, 2)
    return reencode(cut, bench.path("again.mp4"))[1]


def even(bench, film, report, name):
    """No picture is lost, doubled or uneven."""
    shown = times(bench.path(film))
    equal(f"{name}: frames", len(shown), report["frames"])
    equal(f"{name}: steps of time", len({b - a for a, b in zip(shown, shown[1:])}), 1)


def describe(cost, report):
    total = report["totals"]
    bridges = [seam for seam in report["seams"] if seam["frames"]]
    distinct = {seam["segment"] for seam in bridges}
    parts = ", ".join(f"{name} {cpu:.2f}" for name, cpu in stages(report).items())
    tell("CPU seconds", f"{cost.cpu:.1f} ({parts})")
    tell(
        "frames",
        f"{report['frames']}, {total['distinct_frames']} of them distinct; "
        f"{len(report['seams'])} joints, {len(bridges)} with a bridge, {len(distinct)} distinct, "
        f"{sum(seam['kind'] == 'scene_change' for seam in report['seams'])} changes of scene",
    )
    worker = (total["peak_worker_memory"] or 0) / 1e6
    tell("MB: parent, largest worker", f"{total['peak_memory'] / 1e6:.0f}, {worker:.0f}")


def overhead(bench):
    """Every distinct frame is encoded once; that should cost little more than it must. ffmpeg
    decodes, fits and encodes the same clips with the same settings."""
    clips = sorted(bench.clips.iterdir())[::4]
    library = bench.library("some", clips)
    ours, theirs = [], []
    for number in range(3):
        store = bench.empty(f"store-some-{number}")
        options = ["--seams", "cut", "--duration", "10m"]
        cost, report = bench.render(store, "some.mp4", *options, clips=library)
        ours.append(picture(cost, report) / report["totals"]["distinct_frames"])
        cpu, frames = 0, 0
        for clip in clips:
            out = bench.path("one.mp4")
            command = [*FFMPEG, "-threads", "1", "-filter_threads", "1", "-i", clip, "-an"]
            cpu += run([*command, "-vf", fit(clip), *X264, out]).cpu
            frames += len(times(out))
        theirs.append(cpu / frames)
    tell("ours, ms a distinct frame", ", ".join(f"{each * 1000:.1f}" for each in ours))
    tell("ffmpeg, ms a frame", ", ".join(f"{each * 1000:.1f}" for each in theirs))
    at_most("cold overhead over encoding once", min(ours) / min(theirs), 1.25, "x")
