"""Everything in the store: another film, a longer film, sound."""

from .cold import describe, even
from .films import LOOPY, reencode, slices, stages
from .goals import at_least, at_most, tell
from .measure import run

ROUNDS = 5


def warm(bench):
    """Another seed, the whole command from scan to report, in turns with a re-encode."""
    length = f"{bench.minutes}m"
    for seams in ("cut", "auto"):
        options = ["--seams", seams, "--duration", length]
        store = f"store-{seams}"
        for seed in (1, 2):
            bench.render(store, "warm.mp4", *options, "--workers", "2", "--seed", seed)
        again, costs = [], []
        cut = bench.path("slices.mkv")
        slices(bench.path("warm.mp4"), 15 * ROUNDS, bench.minutes, cut, 0, ROUNDS)
        for _ in range(ROUNDS):
            cost, report = bench.render(store, "warm.mp4", *options, "--seed", "2")
            costs.append(cost.cpu)
            again.append(reencode(cut, bench.path("again.mp4"))[1])
        even(bench, "warm.mp4", report, f"warm, {length}, {seams}")
        describe(cost, report)
        spread(f"warm, {seams}: CPU s", costs)
        spread(f"re-encode, {seams}: ms a frame", [each * 1000 for each in again])
        ratios = [frame * report["frames"] / cpu for frame, cpu in zip(again, costs)]
        spread(f"warm, {seams}: times less CPU", ratios)
        # What else runs on the machine only ever adds to a cost: the lowest of each says most.
        lowest = min(again) * report["frames"] / min(costs)
        at_least(f"warm, {length}, {seams}: lowest against lowest, less CPU", lowest, 1000, "x")


def middle(values):
    return sorted(values)[len(values) // 2]


def spread(name, values):
    tell(name, f"{min(values):.2f} to {max(values):.2f}, median {middle(values):.2f}")


def memory(bench):
    """Memory of the parent does not grow with the film, but for an mp4's index."""
    for seams in ("cut", "auto"):
        store = f"store-{seams}"
        # The longest film first: all its pieces are there afterwards.
        bench.render(
            store, "m.mp4", "--seams", seams, "--workers", "2", "--duration", f"{bench.hours}h"
        )
        flat = {}
        for kind in ("fragmented", "progressive"):
            for length in ("10m", "1h", f"{bench.hours}h"):
                options = ["--seams", seams, "--duration", length]
                if kind == "fragmented":
                    options.append("--fragmented")
                cost, report = bench.render(store, "m.mp4", *options)
                peak = report["totals"]["peak_memory"]
                frames = report["frames"]
                tell(f"{kind}, {length}, {seams}", f"{peak / 1e6:.1f} MB, {frames} frames")
                if kind == "fragmented":
                    flat[length] = peak
                else:
                    more = (peak - flat[length]) / frames
                    at_most(f"mp4 with its index, {length}, {seams}: more", more, 80, " B/frame")
        growth = flat[f"{bench.hours}h"] / flat["10m"] * 100 - 100
        at_most(f"warm and fragmented, 10m to {bench.hours}h, {seams}: growth", growth, 5, " %")


def sound(bench):
    """Each clip's own sound, mixed and encoded beside pictures that are only copied."""
    silent, heard, speeds = [], [], []
    command = [LOOPY, "render", bench.clips, "--cache", bench.path("store-cut"), "--seams", "cut"]
    command += ["--size", "1280x720", "--fps", "30", "--duration", f"{bench.minutes}m"]
    bench.render("store-cut", "s.mp4", "--seams", "cut", "--duration", f"{bench.minutes}m")
    first = run([*command, "-o", bench.path("s.mp4")])
    for _ in range(ROUNDS):
        cost, report = bench.render(
            "store-cut", "s.mp4", "--seams", "cut", "--duration", f"{bench.minutes}m"
        )
        silent.append(cost.cpu)
        heard.append(run([*command, "-o", bench.path("s.mp4")]).cpu)
        speeds.append(bench.minutes * 60 / (heard[-1] - silent[-1]))
    tell("decoding the clips' sound, once", f"{first.cpu - middle(heard):.2f} CPU s")
    spread("sound, CPU s", [a - b for a, b in zip(heard, silent)])
    at_least("sound, median: mixed and encoded, real time", middle(speeds), 90, "x")
