"""Films of each scene of the real clips: how many of their joints are declared changes of scene, how
many of the others are ordinary, and whether a detector finds these in all films together."""

import json

from . import goals
from .films import LOOPY, ROOT, SHARED
from .goals import at_least, at_most, equal, tell
from .measure import Failed, run

SEAMS = ("auto", "cut", "dissolve")
# Of the seams that are found the audit sees those of several walks: one shows about nine in ten of them.
WALKS = {"auto": 2}


def scenes(wanted):
    """Names of the scenes, each with its clips; those of `wanted`, all when it is empty."""
    found = {}
    for line in (ROOT / "benches/scenes.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            scene, name = line.split(maxsplit=1)
            found.setdefault(scene, []).append(SHARED / name)
    for name in wanted:
        if name not in found:
            raise Failed(f"benches/scenes.txt has no scene {name}")
    return {name: clips for name, clips in found.items() if not wanted or name in wanted}


def seams(bench):
    for kind in SEAMS:
        if bench.only in (None, kind):
            films = []
            for scene, clips in scenes(bench.scenes).items():
                try:
                    films += film(bench, kind, scene, clips)
                except Failed as error:
                    tell(f"{kind}, {scene}: no film", reason(error))
            together(bench, kind, films)


def reason(error):
    """What a command said when it failed."""
    lines = str(error).strip().splitlines()
    return next((line for line in lines if line.startswith("error")), lines[-1])


def film(bench, kind, scene, clips):
    """Renders and measures one scene; its films and reports, if it has joints to look for."""
    out, report = render(bench, kind, scene, clips, 1)
    shown = json.loads(report.read_text())["seams"]
    changes = [seam for seam in shown if changes_scene(seam)]
    count = distinct(shown) - distinct(changes)
    words = f"{count}, {distinct(changes)}, {share(len(changes), len(shown)):.0f} %"
    tell(f"{kind}, {scene}: seams, changes, share of changes shown", words)
    measured = visibility(bench, out, report)
    if measured["unmeasured"]:
        tell(f"{kind}, {scene}: seams too near others to measure", measured["unmeasured"])
    if measured["joints"] == 0:
        tell(f"{kind}, {scene}: ordinary", "no seams")
        return []
    ordinary = share(measured["ordinary"], measured["joints"])
    name = f"{kind}, {scene}: ordinary of {measured['joints']} seams"
    if kind == "auto":
        at_least(name, ordinary, 90, " %")
    else:
        tell(name, f"{ordinary:.2f} %")
    others = range(2, WALKS.get(kind, 1) + 1)
    return [(out, report), *(render(bench, kind, scene, clips, seed) for seed in others)]


def render(bench, kind, scene, clips, seed):
    """A film of one scene and its report."""
    # One store is enough: graphs are kept by the clips that they are of.
    name = f"{kind}-{scene}" if seed == 1 else f"{kind}-{scene}-{seed}"
    out, report = bench.path(f"{name}.mp4"), bench.path(f"{name}.json")
    command = [LOOPY, "render", *clips, "--cache", bench.path("store-seams"), "--seams", kind]
    command += ["--duration", f"{bench.seam_minutes}m", "--audio", "none", "--seed", str(seed)]
    run([*command, "--report", report, "-o", out])
    return out, report


def changes_scene(seam):
    return seam["kind"] == "scene_change" or seam.get("declared", False)


def distinct(shown):
    edges = ((seam["from"], seam["to"]) for seam in shown)
    return len({(a["clip"], a["frame"], b["clip"], b["frame"]) for a, b in edges})


def share(part, whole):
    return 100 * part / max(1, whole)


def visibility(bench, out, report):
    """How visible the joints are in the encoded film."""
    found = bench.path("visibility.json")
    with found.open("w") as lines:
        run([LOOPY, "verify", out, "--report", report, "--seams", "--json"], stdout=lines)
    return json.loads(found.read_text().splitlines()[-1])


def together(bench, kind, films):
    """One audit of all films."""
    if not films:
        goals.missed.append(f"{kind}: no film has a seam")
        return
    found = bench.path(f"{kind}-audit.json")
    command = [LOOPY, "audit", *(out for out, _ in films), "--takes", ROOT / "benches/takes.txt"]
    for _, report in films:
        command += ["--report", report]
    with found.open("w") as lines:
        run([*command, "--worst", bench.path(f"{kind}-worst.png"), "--json"], stdout=lines)
    audit = json.loads(found.read_text())
    figure = audit["all"]["seams"]
    name = f"{kind}, {len(films)} films"
    for control in audit["all"]["controls"]:
        words = spread(control["figure"]) + ("" if control["holds"] else ", fails")
        tell(f"{name}: control: {control['name']}", words)
    tell(f"{name}: AUC", spread(figure))
    tell(f"{name}: natural instants", figure["negatives"])
    if kind != "auto":
        tell(f"{name}: distinct seams", figure["positives"])
        return
    at_least(f"{name}: distinct seams", figure["positives"], 100)
    # Without an interval there are too few seams for any figure.
    at_most(f"{name}: AUC", figure["auc"] or 1.0, 0.60)
    at_most(f"{name}: upper bound of the AUC", (figure["interval"] or [0.0, 1.0])[1], 0.70)
    equal(f"{name}: doubts about the audit", len(audit["doubts"]), 0)


def spread(figure):
    """An AUC with its interval."""
    if figure["auc"] is None:
        return "too few"
    low, high = figure["interval"]
    return f"{figure['auc']:.2f} ({low:.2f} to {high:.2f})"
