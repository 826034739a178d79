"""What watching the machine costs: the program of `loopy-monitor` samples once a second for 30 s."""

from .goals import at_most, tell
from .measure import output

COMMAND = ["cargo", "run", "-q", "--release", "-p", "loopy-monitor", "--example", "monitor_cost"]


def monitor(_bench):
    said = output([*COMMAND, "--", "30", "--report"]).strip()
    tell("watching at one sample a second", said)
    at_most("share of a core", float(said.split(", ")[1].split(" ")[0]), 0.5, " %")
