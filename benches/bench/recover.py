"""What the picture tells: walks recovered from films alone, repeats, and what that costs."""

import json

from .films import LOOPY
from .goals import at_least, tell
from .measure import run

# Frames by which a repeat may differ from what the report says it shows.
WITHIN = 2


def recover(bench):
    """Films of the real clips and of generated ones, with bridges and with hard cuts."""
    generated = bench.path("generated")
    if not generated.is_dir():
        drawn = [LOOPY, "demo", generated, "--clips-only", "--marks"]
        run([*drawn, "--cache", bench.path("store-generated")])
    films = [("real clips", "store-auto", bench.clips), ("generated clips", "store-generated", generated / "clips")]
    for name, store, clips in films:
        for seams in ("auto", "cut"):
            options = ["--seams", seams, "--duration", f"{bench.minutes}m", "--workers", "2"]
            _, report = bench.render(store, "r.mp4", *options, clips=clips)
            walk(bench, f"{name}, {seams}", store, clips, report)
            if seams == "cut":
                repeats(bench, f"{name}, {seams}", report, name.startswith("generated"))


def walk(bench, name, store, clips, report):
    """`verify --clips`, from a store that has the clips' analyses but no fingerprints of them."""
    found = bench.path("recovered.json")
    command = [LOOPY, "verify", bench.path("r.mp4"), "--clips", clips, "--json"]
    command += ["--report", bench.path("report.json"), "--cache", bench.path(store)]
    with found.open("w") as out:
        cost = run(command, stdout=out)
    lines = [json.loads(line) for line in found.read_text().splitlines()]
    compared = next(line for line in lines if line["type"] == "compared")
    told = next(line for line in lines if line["type"] == "recovered")
    share = 100 * compared["within"] / compared["visits"]
    open_too = compared["open"]
    at_least(f"{name}: of {compared['visits']} visits within 2 frames", share, 99, " %")
    tell(f"{name}: others that look as the report says, too", open_too)
    tell(f"{name}: visits to another clip, or untold", compared["others"] + compared["untold"])
    figures = ("visits", "return_gap_min", "repeated_pairs", "repeated_triples", "longest_repeat")
    same = all(told["certificate"][key] == report["certificate"][key] for key in figures)
    tell(f"{name}: the certificate is the plan's", same)
    seconds = report["frames"] / 30
    at_least(f"{name}: times real time on one core", seconds / cost.cpu, 10, "x")
    tell(f"{name}: CPU s, peak MB", f"{cost.cpu:.1f}, {cost.peak:.0f}")


def repeats(bench, name, report, judged):
    """`verify` of the film alone; claims are true where the report shows the same frames."""
    found = bench.path("repeats.json")
    with found.open("w") as out:
        cost = run([LOOPY, "verify", bench.path("r.mp4"), "--json"], stdout=out)
    lines = [json.loads(line) for line in found.read_text().splitlines()]
    told = next(line for line in lines if line["type"] == "repeats")
    shown = frames(report)
    claims = told["repeats"]
    true = sum(map(lambda claim: same(claim, shown) >= 0.95, claims))
    share = 100 * true / max(1, len(claims))
    words = f"{name}: of {len(claims)} repeats are true"
    if judged:
        at_least(words, share, 99, " %")
    else:
        tell(words, f"{share:.1f} %")
    tell(f"{name}: share of the film in them", f"{100 * told['repeated']:.1f} %")
    tell(f"{name}: times real time on one core", f"{report['frames'] / 30 / cost.cpu:.1f}x")


def frames(report):
    """What every frame of a film shows, by its report: a clip and a source frame, or a bridge."""
    shown = [None] * report["frames"]
    for visit in report["visits"]:
        count, steps = visit["frames"], visit["last"] - visit["first"]
        for at in range(count):
            frame = visit["first"] + at * steps / max(1, count - 1)
            shown[visit["start"] + at] = (visit["clip"], frame)
    for seam in report["seams"]:
        ends = (seam["from"]["clip"], seam["from"]["frame"], seam["to"]["clip"], seam["to"]["frame"])
        for at in range(seam["frames"]):
            shown[seam["start"] + at] = (ends, at)
    return shown


def same(claim, shown):
    """Share of a claimed repeat whose frames show the same as those before."""
    good = 0
    for at in range(claim["frames"]):
        one, other = shown[claim["start"] + at], shown[claim["earlier"] + at]
        good += bool(one and other and one[0] == other[0] and abs(one[1] - other[1]) <= WITHIN)
    return good / claim["frames"]
