"""What a command costs: CPU seconds with all its children, wall time, memory of its whole tree."""

import os
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Cost:
    cpu: float
    wall: float
    # Largest resident size of one process of the tree, in MB.
    peak: float
    # Largest sum of proportional sizes over the whole tree, in MB; 0 when it was not sampled.
    together: float = 0.0


class Failed(Exception):
    """A command that should have worked did not."""


def run(command, stdout=subprocess.DEVNULL, sample=False):
    """Runs `command` to its end."""
    started = time.monotonic()
    # A file and not a pipe: nobody reads while it runs.
    with open(os.devnull, "rb") as nothing, TemporaryText() as errors:
        child = subprocess.Popen(
            [str(part) for part in command], stdin=nothing, stdout=stdout, stderr=errors.file
        )
        sampler = Sampler(child.pid) if sample else None
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        together = sampler.stop() if sampler else 0.0
        if child.returncode != 0:
            raise Failed(f"{' '.join(map(str, command))}\n{errors.read()}")
    return Cost(
        cpu=usage.ru_utime + usage.ru_stime,
        wall=time.monotonic() - started,
        peak=usage.ru_maxrss / 1e6 * 1024,
        together=together,
    )


def output(command):
    """What `command` prints."""
    return subprocess.run(
        [str(part) for part in command], check=True, capture_output=True, text=True
    ).stdout


class TemporaryText:
    def __enter__(self):
        import tempfile

        self.file = tempfile.TemporaryFile("w+")
        return self

    def __exit__(self, *_):
        self.file.close()

    def read(self):
        self.file.seek(0)
        return self.file.read()[-2000:]


class Sampler:
    """Adds up the memory of a process and everything below it, four times a second. Pages that
    several processes share count once (PSS)."""

    def __init__(self, pid):
        self.pid = pid
        self.most = 0
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()

    def watch(self):
        while not self.done.wait(0.25):
            self.most = max(self.most, sum(map(proportional, tree(self.pid))))

    def stop(self):
        self.done.set()
        self.thread.join()
        return self.most / 1e6


def tree(pid):
    yield pid
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from tree(int(child))
    except OSError:
        return


def proportional(pid):
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    sizes = (line.split() for line in text.splitlines())
    return sum(int(words[1]) * 1024 for words in sizes if words[0] == "Pss:")
