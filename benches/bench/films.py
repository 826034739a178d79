"""The clips, the command that renders them, and what ffmpeg makes of the result."""

import json
import os
import shutil
import sys
from pathlib import Path

from .measure import output, run

ROOT = Path(__file__).resolve().parents[2]
LOOPY = Path(os.environ.get("LOOPY", ROOT / "target/release/loopy"))
SHARED = Path(os.environ.get("LOOPY_SHARED", ROOT.parent / "shared")) / "clips"
# Ours are these, in x264's words.
X264 = ["-c:v", "libx264", "-preset", "medium", "-crf", "20", "-bf", "3", "-threads", "1"]
X264 += ["-x264-params", "rc-lookahead=20:keyint=150:scenecut=0"]
FFMPEG = ["ffmpeg", "-nostdin", "-v", "error", "-y"]
# What our own pictures go through, as ffmpeg's filters.
FIT = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709,"
FIT += "zscale=w={w}:h={h}:f=lanczos:r=limited:m=709:p=709:t=709,format=yuv420p"
FIT += ",pad=1280:720:-1:-1,setsar=1,fps=30"


def listed():
    """The fixed list of clips."""
    names = (ROOT / "benches/clips.txt").read_text().split()
    if not SHARED.is_dir():
        sys.exit(f"no real clips in {SHARED}: set LOOPY_SHARED")
    return [SHARED / name for name in names]


class Bench:
    """A temporary folder with links to clips, stores and films."""

    def __init__(self, folder, args):
        self.folder = Path(folder).absolute()
        self.minutes = args.minutes or 30
        self.seam_minutes = args.minutes or 10
        self.hours = args.hours
        self.encode_seconds = args.encode_seconds
        self.only = args.only
        self.scenes = [name for name in args.scenes.split(",") if name]
        self.clips = self.library("clips", listed())

    def library(self, name, clips):
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        for clip in clips:
            link = folder / clip.name
            if not link.is_symlink():
                link.symlink_to(clip.resolve())
        return folder

    def path(self, name):
        return self.folder / name

    def empty(self, store):
        """The name of a store with nothing in it."""
        shutil.rmtree(self.path(store), ignore_errors=True)
        return store

    def render(self, store, out, *options, clips=None, sample=False):
        """Renders and checks the film against its report; cost and report."""
        report = self.path("report.json")
        command = [LOOPY, "render", clips or self.clips, "--cache", self.path(store)]
        command += ["--size", "1280x720", "--fps", "30", "--audio", "none"]
        cost = run([*command, *options, "--report", report, "-o", self.path(out)], sample=sample)
        run([LOOPY, "verify", self.path(out), "--report", report])
        return cost, json.loads(report.read_text())


def stages(report):
    """CPU seconds of each stage."""
    sums = {}
    for stage in report["totals"]["stages"]:
        sums[stage["name"]] = sums.get(stage["name"], 0) + stage["cpu"]
    return sums


def size_of(clip):
    """Width, height and frames a second of a clip."""
    facts = ["-show_entries", "stream=width,height,avg_frame_rate", "-of", "csv=p=0", clip]
    words = output(["ffprobe", "-v", "error", "-select_streams", "v:0", *facts]).strip()
    width, height, rate = words.split(",")[:3]
    num, den = map(int, rate.split("/"))
    return int(width), int(height), num / den


def fit(clip):
    """The filters that put a clip into the middle of a 1280x720 picture."""
    width, height, _ = size_of(clip)
    scale = min(1280 / width, 720 / height)
    return FIT.format(w=round(width * scale / 2) * 2, h=round(height * scale / 2) * 2)


def times(film):
    """Presentation times of a film's pictures, in its own ticks, in their order."""
    entries = ["-show_entries", "packet=pts", "-of", "csv=p=0", film]
    text = output(["ffprobe", "-v", "error", "-select_streams", "v:0", *entries])
    return sorted(int(word.strip(",")) for word in text.split())


def slices(film, seconds, minutes, out, part, parts):
    """Copies stretches of 15 s, spread evenly over a film of `minutes`, into `out`; of these, every
    `parts`-th from `part` on."""
    count = max(parts, round(seconds / 15))
    listing = out.with_suffix(".txt")
    lines = []
    for number in range(part, count, parts):
        at = int(number * minutes * 60 / count)
        lines.append(f"file '{film}'\ninpoint {at}\noutpoint {at + 15}\n")
    listing.write_text("".join(lines))
    run([*FFMPEG, "-f", "concat", "-safe", "0", "-i", listing, "-c", "copy", out])


def reencode(film, out):
    """Cost of encoding a film again, and CPU seconds a frame."""
    cost = run([*FFMPEG, "-i", film, "-an", *X264, out])
    return cost, cost.cpu / len(times(out))
