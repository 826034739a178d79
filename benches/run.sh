#!/usr/bin/env bash
# The figures of BENCHMARKS.md, each against its goal: exits with 1 and names every goal that is
# missed. Needs a folder of real clips (LOOPY_SHARED with clips/ in it, or ../shared), python3, ffmpeg.
# LOOPY names another binary.
#
#   benches/run.sh                       everything: hours
#   benches/run.sh cold warm             some parts: cold overhead warm memory sound coders gates
#                                        recover compare monitor
#                                        workers live seams
#   benches/run.sh --minutes 3 --hours 0.5 cold      shorter films; goals are for 30 minutes and 6 hours
#   benches/run.sh --only auto --scenes emma,joi seams   some scenes of benches/scenes.txt; goals are for
#                                        all of them, 10 minutes each
set -euo pipefail
cd "$(dirname "$0")/.."
export LOOPY=${LOOPY:-$PWD/target/release/loopy}
if [ ! -x "$LOOPY" ]; then
  echo "no $LOOPY: run \`make build\` first" >&2
  exit 1
fi
exec env PYTHONPATH=benches python3 -m bench "$@"
