"""The live stream: 720p at 60 pictures a second and 4 Mb/s from the store, to many viewers."""

import json
import os
import signal
import subprocess
import time
import urllib.request

from .films import FFMPEG, LOOPY
from .goals import at_least, at_most, tell
from .measure import Failed, run

TOKEN = "a-token-of-a-benchmark-0123456789"
PORT = "8822"
# Where each clip looks.
PLACES = [(-0.74, -0.13), (-0.16, 1.03), (0.28, 0.01), (-1.25, 0.02)]
PLACES += [(-0.55, 0.63), (-1.76, 0.01), (0.38, 0.21), (-0.1, -0.92)]
# So many bits are asked for that about four million are what comes.
RUNGS = "720p@4000k"
SECONDS = "20"
# A generator that is short of processor measures itself.
FAST = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "16"]


def environment():
    return {**os.environ, "LOOPYCOMFY_TOKEN": TOKEN}


class Served:
    """`loopy serve`, from when its first picture can be had."""

    def __init__(self, bench, clips, *options):
        command = [LOOPY, "serve", clips, "--cache", bench.path("live-store"), "--port", PORT]
        command += ["--max-viewers", "2000", "--max-per-address", "2000", *options]
        self.begun = time.monotonic()
        self.child = subprocess.Popen(
            [str(part) for part in command],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment(),
        )
        while ask("/readyz") is None:
            if self.child.poll() is not None or time.monotonic() - self.begun > 120:
                raise Failed("the stream does not begin")
            time.sleep(0.02)

    def until_made(self):
        """Waits until all pieces are there."""
        while True:
            figures = json.loads(ask("/api/status") or "{}")
            making = figures.get("processing", {})
            if making.get("clips_ready", 0) >= len(PLACES) and making.get("fps") == 0:
                return
            if time.monotonic() - self.begun > 1200:
                raise Failed("the pieces are not made within 20 minutes")
            time.sleep(1)

    def cpu(self):
        with open(f"/proc/{self.child.pid}/stat", encoding="utf-8") as file:
            words = file.read().rsplit(")", 1)[1].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        with open(f"/proc/{self.child.pid}/statm", encoding="utf-8") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

    def stop(self):
        begun = time.monotonic()
        self.child.send_signal(signal.SIGTERM)
        if self.child.wait(30) != 0:
            raise Failed("the stream did not end well")
        return time.monotonic() - begun


def ask(path):
    request = urllib.request.Request(
        f"http://localhost:{PORT}{path}", headers={"Authorization": f"Bearer {TOKEN}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.read()
    except OSError:
        return None


def viewers(served, count, *more, seconds=SECONDS):
    """What so many viewers see."""
    command = [LOOPY, "bench", "serve", "--port", PORT, "--viewers", count, "--mode", "mse"]
    command += ["--seconds", seconds, "--pid", served.child.pid, *more]
    child = subprocess.Popen(
        [str(part) for part in command], stdout=subprocess.PIPE, env=environment(), text=True
    )
    return child


def outcome(child):
    said = child.communicate()[0].splitlines()
    if child.returncode != 0:
        raise Failed("the viewers failed")
    saw = json.loads(said[-1])["outcome"]
    if not saw["counts"]:
        raise Failed("the generator had too little processor: the figures do not count")
    return saw


def figures(saw):
    p50, p95, p99, worst = saw["delay_ms"]
    join = saw["join_ms"]
    tell("load", f"{saw['rate_mbit']:.2f} Mb/s a viewer, {saw['mean_fps']:.2f} pictures a second")
    tell("delay p50/p95/p99/worst", f"{p50:.1f}/{p95:.1f}/{p99:.1f}/{worst:.1f} ms")
    tell("first picture p50/p95/worst", f"{join[0]:.1f}/{join[1]:.1f}/{join[2]:.1f} ms")
    tell("longest time without a picture", f"{saw['freeze_ms']:.0f} ms")
    tell("server, generator", f"{saw['server_cpu']:.2f}, {saw['own_cpu']:.2f} of a core")


def made(bench):
    """Clips whose pictures keep an encoder busy."""
    folder = bench.path("live-clips")
    folder.mkdir(exist_ok=True)
    for number in range(len(PLACES)):
        file = folder / f"made_{number}.mp4"
        if file.exists():
            continue
        # A slow flight into a fractal under some grain, each clip another place of it.
        x, y = PLACES[number]
        source = f"mandelbrot=s=1280x720:r=60:start_x={x}:start_y={y}:start_scale=0.5"
        source += f":end_scale=0.05:end_pts=600,noise=alls=7:allf=t+u:all_seed={number}"
        run([*FFMPEG, "-f", "lavfi", "-i", source, "-t", "6", *FAST, "-pix_fmt", "yuv420p", file])
    return folder


def live(bench):
    clips = made(bench)
    options = ["--fps", "60", "--rungs", RUNGS, "--audio", "none"]
    served = Served(bench, clips, *options)
    served.until_made()
    served.stop()
    served = Served(bench, clips, *options)
    try:
        measure(served)
        again(bench, served, clips, options)
    finally:
        served.child.kill()


def measure(served):
    tell("start over pieces that are there", f"{time.monotonic() - served.begun:.1f} s")
    time.sleep(30)
    before, begun = served.cpu(), time.monotonic()
    time.sleep(20)
    share = (served.cpu() - before) / (time.monotonic() - begun)
    at_most("idle: share of a core", 100 * share, 0.5, " %")
    at_most("idle: memory", served.memory(), 80, " MB")
    for count in (200, 300):
        print(f"  {count} viewers", flush=True)
        saw = outcome(viewers(served, count))
        figures(saw)
        at_most("groups dropped", saw["dropped_groups"], 0)
        at_most("out of order", saw["disorder"], 0)
        at_least("pictures a second, the least", saw["least_fps"], 59.5)
        at_most("CPU for a packet", saw["us_per_frame"], 15, " us")
        at_most("memory for a viewer", saw["kb_per_viewer"], 100, " kB")
        at_least("load", saw["rate_mbit"], 3.6, " Mb/s")
        at_most("delay p99", saw["delay_ms"][2], 25 if count == 200 else 60, " ms")
        at_most("first picture p95", saw["join_ms"][1], 500, " ms")
    print("  200 viewers, 20 of which read a tenth", flush=True)
    saw = outcome(viewers(served, 200, "--slow", 20))
    figures(saw)
    at_most("groups dropped for the others", saw["dropped_groups"], 0)
    at_most("delay p99 of the others", saw["delay_ms"][2], 60, " ms")
    print("  200 viewers that stay 2 to 6 s", flush=True)
    saw = outcome(viewers(served, 200, "--churn", 4))
    figures(saw)
    at_most("groups dropped", saw["dropped_groups"], 0)
    at_most("memory for a viewer", saw["kb_per_viewer"], 100, " kB")
    at_most("first picture p95", saw["join_ms"][1], 500, " ms")


def again(bench, served, clips, options):
    print("  200 viewers, and the server is started again", flush=True)
    crowd = viewers(served, 200, seconds=40)
    time.sleep(12)
    tell("end of the server", f"{served.stop():.2f} s")
    down = time.monotonic()
    served = Served(bench, clips, *options)
    try:
        tell("from its end until its first picture", f"{time.monotonic() - down:.2f} s")
        saw = outcome(crowd)
        if saw["back_ms"] is None:
            raise Failed("nobody noticed that the server was gone")
        half, most, worst = saw["back_ms"]
        tell("back p50/p95", f"{half / 1000:.2f}/{most / 1000:.2f} s")
        at_most("all are back after", worst / 1000, 5, " s")
    finally:
        served.stop()
