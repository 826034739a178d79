"""Worker processes: how busy two of them are, and what they cost against the same work in this process."""

import os
import shutil
import threading
import time
from pathlib import Path

from .films import LOOPY, listed
from .goals import at_least, at_most, tell
from .measure import run

CLIPS = 24
# Cores that others may use for a figure to count.
QUIET = 0.1


def workers(bench):
    """Cold renders of the first 24 clips of the list."""
    clips = bench.library("clips-24", listed()[:CLIPS])
    before = others(3)
    spent, shares = [], []
    for turn in range(3):
        cost = render(bench, clips, LOOPY, "--workers", "2")
        shares.append(cost.cpu / (2 * cost.wall))
        alone = inside(bench, clips)
        spent.append(render(bench, clips, LOOPY, "--workers", "1").cpu / alone.cpu)
        tell(f"turn {turn + 1}: busy, cost of workers", f"{shares[-1]:.2f}, {spent[-1]:.3f}")
    spread = f"{min(spent):.3f} to {max(spent):.3f}"
    tell("worker processes against the same work in the program, CPU", spread)
    at_most("their cost, middle of three", 100 * sorted(spent)[1] - 100, 5, " %")
    after = others(3)
    tell("cores that others used before and after", f"{before:.2f}, {after:.2f}")
    if max(before, after) > QUIET:
        tell("two workers busy", "not measured: the machine was not idle")
    else:
        at_least("two workers busy, middle of three", sorted(shares)[1], 0.85, " of 2 cores")


def render(bench, clips, program, *options):
    store = bench.empty("store-workers")
    film = ["-o", bench.path("w.mp4"), "--duration", "2m", "--fps", "30", "--size", "720p", "--audio", "none", "--cache", bench.path(store)]
    return run([program, "render", clips, *film, *options])


def inside(bench, clips):
    """The same in the program itself: a copy that is gone when it wants to start itself again, so that
    no worker can be started."""
    program = bench.path("loopy-alone")
    shutil.copy(LOOPY, program)
    remover = threading.Timer(0.05, program.unlink)
    remover.start()
    try:
        return render(bench, clips, program, "--workers", "1")
    finally:
        remover.join()


def others(seconds):
    """Cores that are busy while this program waits."""
    before = busy()
    time.sleep(seconds)
    return (busy() - before) / seconds


def busy():
    fields = [int(part) for part in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    idle = fields[3] + fields[4]
    return (sum(fields) - idle) / os.sysconf("SC_CLK_TCK")
