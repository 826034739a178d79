"""`benches/run.sh`: runs the parts that are named, all without a name."""

import argparse
import platform
import sys
import tempfile

from . import coders, compare, cold, gates, goals, live, monitor, recover, seams, steady, workers
from .films import LOOPY, Bench
from .measure import Failed, output

PARTS = {
    "cold": cold.cold,
    "overhead": cold.overhead,
    "warm": steady.warm,
    "memory": steady.memory,
    "sound": steady.sound,
    "coders": coders.coders,
    "gates": gates.gates,
    "recover": recover.recover,
    "compare": compare.compare,
    "monitor": monitor.monitor,
    "workers": workers.workers,
    "live": live.live,
    "seams": seams.seams,
}


def main():
    parser = argparse.ArgumentParser(prog="benches/run.sh")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument(
        "--minutes", type=float, help="length of the shorter films: 30, those of seams 10"
    )
    parser.add_argument("--hours", type=float, default=6, help="length of the longer films")
    parser.add_argument(
        "--encode-seconds",
        type=float,
        default=180,
        help="how much of a film ffmpeg encodes again; the cost is linear in it",
    )
    parser.add_argument("--only", choices=seams.SEAMS, help="seams: films with these alone")
    parser.add_argument("--scenes", default="", help="seams: these alone, NAME,NAME")
    parser.add_argument("--folder", help="keeps stores and films here, for the next parts to go on from")
    args = parser.parse_args()
    unknown = [name for name in args.parts if name not in PARTS]
    if unknown:
        parser.error(f"no part is called {unknown[0]}")
    print(output([LOOPY, "--version"]).strip().replace("\n", ", "))
    print(f"{platform.processor() or platform.machine()}", flush=True)
    with tempfile.TemporaryDirectory(prefix="loopy-bench-") as temporary:
        folder = args.folder or temporary
        bench = Bench(folder, args)
        for name in args.parts or PARTS:
            print(f"{name}:", flush=True)
            try:
                PARTS[name](bench)
            except Failed as error:
                goals.missed.append(f"{name}: {error}")
    sys.exit(goals.verdict())


if __name__ == "__main__":
    main()
