"""What closed runs cost in size and quality, per scene."""

import subprocess
from collections import defaultdict

from . import goals
from .films import ROOT, SHARED, listed

# Clips of a scene that are encoded.
EACH = 5


def gates(bench):
    listed()
    scenes = defaultdict(list)
    for clip in sorted(SHARED.iterdir()):
        if clip.suffix != ".md":
            scenes[clip.stem.rpartition("_")[0]].append(clip)
    clips = [clip for scene in scenes.values() for clip in scene[:EACH]]
    command = ["cargo", "run", "-q", "--release", "-p", "loopy-media", "--example", "run_cost"]
    done = subprocess.run([*command, "--", *clips], cwd=ROOT, text=True, capture_output=True)
    print(done.stdout, end="", flush=True)
    if done.returncode != 0:
        goals.missed.append(f"gates: {done.stderr.strip()[-2000:]}")
