"""What people do by hand: the same walk by ffmpeg's concat demuxer and by a chain of xfades."""

import json

from .films import FFMPEG, LOOPY, X264, fit, size_of, times
from .goals import at_least, equal, tell
from .measure import run

FADE = 6
CHAIN = 8


def compare(bench):
    bench.empty("store-hand")
    cost, report = bench.render("store-hand", "hand.mp4", "--seams", "cut", "--duration", "2m")
    show("loopy, 2 minutes, cold", cost, bench.path("hand.mp4"), report["frames"])
    equal("frames of ours too many or too few", len(times(bench.path("hand.mp4"))), report["frames"])
    warm, _ = bench.render("store-hand", "hand.mp4", "--seams", "cut", "--duration", "2m")
    show("loopy, 2 minutes, warm", warm, bench.path("hand.mp4"), report["frames"])
    concat(bench, report)
    xfade(bench, report["visits"][:CHAIN])


def show(name, cost, film, wanted):
    frames = len(times(film))
    exact = "frame-exact" if frames == wanted else f"{frames - wanted:+d} frames"
    tell(name, f"{cost.cpu:.1f} CPU s, {cost.peak:.0f} MB, {frames} of {wanted} frames: {exact}")


def span(visit):
    """First and one past the last second of a visit, in its clip's own time."""
    rate = size_of(bench_path(visit))[2]
    return visit["first"] / rate, (visit["last"] + 1) / rate


def bench_path(visit):
    return visit["clip"]


def concat(bench, report):
    """Normalised copies of the clips, then one list with in- and outpoints through one encoder."""
    total, ready = 0, {}
    for visit in report["visits"]:
        clip = bench_path(visit)
        if clip not in ready:
            ready[clip] = bench.path(f"ready-{len(ready)}.mkv")
            # Normalising is not what is compared: all-intra and quick, so that cuts can be exact.
            quick = ["-c:v", "libx264", "-preset", "ultrafast", "-qp", "0", "-g", "1"]
            total += run([*FFMPEG, "-i", clip, "-an", "-vf", fit(clip), *quick, ready[clip]]).cpu
    listing = bench.path("concat.txt")
    with listing.open("w") as lines:
        for visit in report["visits"]:
            first, until = span(visit)
            lines.write(f"file '{ready[bench_path(visit)]}'\ninpoint {first:.6f}\noutpoint {until:.6f}\n")
    out = bench.path("concat.mp4")
    cost = run([*FFMPEG, "-f", "concat", "-safe", "0", "-i", listing, "-r", "30", *X264, out])
    tell("normalising for concat", f"{total:.1f} CPU s")
    show("ffmpeg concat and libx264, 2 minutes", cost, out, report["frames"])


def xfade(bench, visits):
    """A chain of xfade filters over the first visits."""
    inputs, graph, last, at, wanted = [], "", "v0", 0.0, 0
    for number, visit in enumerate(visits):
        first, until = span(visit)
        inputs += ["-ss", f"{first:.6f}", "-t", f"{until - first:.6f}", "-i", bench_path(visit)]
        graph += f"[{number}:v]{fit(bench_path(visit))},settb=1/30[v{number}];"
        seconds = visit["frames"] / 30
        if number:
            offset = at - FADE / 30
            graph += f"[{last}][v{number}]xfade=duration={FADE / 30}:offset={offset:.6f}[x{number}];"
            last = f"x{number}"
            at += seconds - FADE / 30
            wanted += visit["frames"] - FADE
        else:
            at, wanted = seconds, visit["frames"]
    out = bench.path("xfade.mp4")
    command = [*FFMPEG, *inputs, "-filter_complex", graph.rstrip(";"), "-map", f"[{last}]"]
    show(f"ffmpeg xfade chain of {CHAIN}", run([*command, *X264, out]), out, wanted)
