#!/usr/bin/env bash
# What the analysis of a library costs and how that grows; fails when a goal is missed. Needs a
# release build and, for the real clips, LOOPY_SHARED (with clips/ in it) or ../shared.
#
#   benches/analyze.sh [growth] [real]      both without a name
#   BENCH_CLIPS=DIR benches/analyze.sh growth      keep the drawn clips there
set -euo pipefail
cd "$(dirname "$0")/.."
loopy=$PWD/target/release/loopy
shared=${LOOPY_SHARED:-$PWD/../shared}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# analyze NAME CACHE CLIPS...: CPU seconds, wall seconds and peak MB of one process into
# $work/NAME.
analyze() {
  local name=$1 cache=$2
  shift 2
  /usr/bin/time -f '%U %S %e %M' -o "$work/time" \
    "$loopy" analyze "$@" --cache "$work/$cache" --no-progress 2>"$work/said"
  awk -v n="$name" '{ printf "%-26s %8.2f CPU s %8.1f wall s %6.0f MB", n, $1 + $2, $3, $4 / 1000 }' "$work/time"
  printf '   %s\n' "$(grep -E '^[0-9]+ clips, ' "$work/said")"
  awk '{ print $1 + $2, $3, $4 / 1000 }' "$work/time" >"$work/$name"
}
# goal NAME COLUMN MOST WORDS: column 1 is CPU seconds, 2 wall seconds, 3 MB.
goal() {
  awk -v c="$2" -v most="$3" -v w="$4" \
    '{ ok = $c <= most; printf "  %s %s: %.2f (goal %s)\n", ok ? "ok    " : "MISSED", w, $c, most; exit !ok }' \
    "$work/$1" || failed=1
}

growth() {
  local clips=${BENCH_CLIPS:-$work/drawn} count
  if [ ! -e "$clips/clip_300.mp4" ]; then
    cargo run --quiet --release -p loopy-engine --example many_clips -- "$clips" 301
  fi
  for count in 10 30 100 300; do
    mkdir "$work/of_$count"
    for n in $(seq -f %03g 0 $((count - 1))); do ln -s "$(realpath "$clips/clip_$n.mp4")" "$work/of_$count/"; done
    analyze "$count" "cache_$count" "$work/of_$count"
  done
  # As many CPU seconds a frame as at 30 clips, and a third more.
  awk '{ print $1 / 100 }' "$work/100" >"$work/per100"
  awk '{ print $1 / 30 }' "$work/30" >"$work/per30"
  paste "$work/per100" "$work/per30" | awk '{ print $1 / $2 }' >"$work/linear"
  goal linear 1 1.34 "CPU of a clip, 100 clips to 30"
  goal 300 2 1200 "wall seconds, 300 clips"
  goal 300 3 2000 "MB, 300 clips"
  ln -s "$(realpath "$clips/clip_300.mp4")" "$work/of_300/"
  analyze 301 cache_300 "$work/of_300"
}

real() {
  if [ ! -d "$shared/clips" ]; then
    echo "no real clips: set LOOPY_SHARED" >&2
    return
  fi
  mkdir "$work/real"
  find "$(realpath "$shared/clips")" -type f ! -name '*.md' | sort >"$work/list"
  local last
  last=$(grep avatar_talking_d10_002 "$work/list")
  while read -r clip; do ln -s "$clip" "$work/real/"; done <"$work/list"
  rm "$work/real/$(basename "$last")"
  analyze cold real_cache "$work/real"
  ln -s "$last" "$work/real/"
  analyze one_more real_cache "$work/real"
  analyze unchanged real_cache "$work/real"
  goal cold 1 90 "CPU s, real clips cold"
  goal one_more 1 3 "CPU s, one clip more"
  goal unchanged 1 0.3 "CPU s, nothing changed"
}

if [ $# -eq 0 ]; then set -- growth real; fi
for part in "$@"; do "$part"; done
exit "$failed"
