#!/usr/bin/env bash
# The figures of BENCHMARKS.md. Needs a folder of real clips: LOOPY_SHARED (with clips/ in it), or
# ../shared. CPU seconds are user + system of a whole command with all its children.
#
#   benches/run.sh [cold] [warm] [memory] [sound] [xfade]      all of them without a name
#   BENCH_MINUTES=30 benches/run.sh cold                              another length
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
loopy=$root/target/release/loopy
shared=${LOOPY_SHARED:-$root/../shared}
minutes=${BENCH_MINUTES:-30}
# The re-encode is linear in length; slices of the film, scaled, keep the benchmark within an hour.
encode_seconds=${BENCH_ENCODE_SECONDS:-270}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ ! -d "$shared/clips" ]; then
  echo "no real clips: set LOOPY_SHARED" >&2
  exit 1
fi
mkdir "$work/clips"
while read -r clip; do ln -s "$(realpath "$shared/clips/$clip")" "$work/clips/"; done < benches/clips.txt

# cpu NAME COMMAND...: prints CPU and wall seconds and keeps CPU in $work/NAME.
cpu() {
  local name=$1
  shift
  local TIMEFORMAT='%U %S %R'
  { time "$@" >"$work/$name.out" 2>"$work/$name.err"; } 2>"$work/$name.time"
  awk -v n="$name" '{ printf "%-28s %9.2f CPU s %9.2f wall s\n", n, $1 + $2, $3 }' "$work/$name.time"
  awk '{ print $1 + $2 }' "$work/$name.time" >"$work/$name"
}
ratio() { awk -v a="$(cat "$work/$1")" -v b="$(cat "$work/$2")" -v k="${4:-1}" -v t="$3" \
  'BEGIN { printf "%-28s %9.1fx\n", t, b * k / a }'; }
render() { "$loopy" render "$work/clips" --cache "$work/$1" --size 1280x720 --fps 30 --audio none "${@:2}"; }
stages() {
  python3 - "$1" <<'PY'
import json, sys
report = json.load(open(sys.argv[1]))
for stage in report["totals"]["stages"]:
    print(f"    {stage['name']:<10} {stage['cpu']:9.2f} CPU s")
total = report["totals"]
print(f"    distinct {total['distinct_frames']} frames, encoded {total['encoded_frames']},"
      f" copied {total['copied_frames']}, {total['bytes'] / 1e6:.1f} MB")
PY
}

reencode() { # seconds of FILE through x264 with our settings
  cpu "$1" ffmpeg -nostdin -v error -y -t "$3" -i "$2" -an -c:v libx264 -preset medium -crf 20 \
    -bf 3 -threads 1 -f mp4 "$work/$1.mp4"
}

# slices FILM OUT: stretches of 15 s spread evenly over the film, cut at key frames and copied.
slices() {
  local count=$((encode_seconds / 15)) at
  for ((n = 0; n < count; n++)); do
    at=$((n * minutes * 60 / count))
    printf "file '%s'\ninpoint %d\noutpoint %d\n" "$1" "$at" $((at + 15))
  done >"$work/slices.txt"
  ffmpeg -nostdin -v error -y -f concat -safe 0 -i "$work/slices.txt" -c copy "$2"
}
frames() { ffprobe -v error -count_packets -select_streams v -show_entries stream=nb_read_packets -of csv=p=0 "$1"; }

cold() {
  for seams in cut motion; do
    local film="$work/film-$seams.mp4" part="$work/slices-$seams.mkv" scale
    local options=(--seams "$seams" --duration "${minutes}m")
    # Motion of 6 frames at every joint.
    if [ "$seams" = motion ]; then options+=(--bridge-frames 6); fi
    render "film-$seams" "${options[@]}" -o "$film" 2>/dev/null
    slices "$film" "$part"
    # Both at once, so that whatever else the machine does slows down both alike.
    reencode "reencode-$seams" "$part" "$encode_seconds" &
    cpu "cold-$seams" render "store-$seams" "${options[@]}" --report "$work/$seams.json" -o "$work/$seams.mp4"
    wait
    stages "$work/$seams.json"
    scale=$(awk -v m="$(frames "$film")" -v s="$(frames "$work/reencode-$seams.mp4")" 'BEGIN { print m / s }')
    ratio "cold-$seams" "reencode-$seams" "  less CPU, $seams" "$scale"
  done
}

warm() {
  render store-warm --seams auto --duration "${minutes}m" -o "$work/first.mp4" 2>/dev/null
  render store-warm --seams auto --duration "${minutes}m" --seed 2 -o "$work/second.mp4" 2>/dev/null
  for run in 1 2 3; do
    cpu "warm-$run" render store-warm --seams auto --duration "${minutes}m" --seed 2 \
      --report "$work/warm.json" -o "$work/warm.mp4"
  done
  stages "$work/warm.json"
  reencode reencode-warm "$work/warm.mp4" 60
  ratio warm-3 reencode-warm "  less CPU, warm" "$minutes"
}

memory() {
  render store-memory --seams cut --duration 10m -o "$work/m.mp4" 2>/dev/null
  for kind in "--fragmented" ""; do
    for length in 10m 1h 6h; do
      # shellcheck disable=SC2086
      render store-memory --seams cut --duration $length $kind --report "$work/m.json" -o "$work/m.mp4" 2>/dev/null
      python3 - "$work/m.json" "$length ${kind:-progressive}" <<'PY'
import json, sys
report = json.load(open(sys.argv[1]))
print(f"memory {sys.argv[2]:<22} {report['totals']['peak_memory'] / 1e6:8.1f} MB, {report['frames']} frames")
PY
    done
  done
}

sound() {
  cpu sound "$loopy" render "$work/clips" --cache "$work/store-sound" --size 320x180 --fps 30 \
    --quality draft --duration 30m --report "$work/sound.json" -o "$work/sound.mp4"
  cpu sound-again "$loopy" render "$work/clips" --cache "$work/store-sound" --size 320x180 --fps 30 \
    --quality draft --duration 30m --report "$work/sound.json" -o "$work/sound.mp4"
  stages "$work/sound.json"
}

xfade() {
  # What people do by hand: normalise, then a chain of xfade filters, here over 8 clips.
  local inputs=() graph="" last="[v0]" at=0 n=0 total
  while read -r clip; do
    [ $n -lt 8 ] || break
    inputs+=(-i "$shared/clips/$clip")
    graph+="[$n:v]fps=30,scale=1280:720:force_original_aspect_ratio=decrease,pad=1280:720:-1:-1,setsar=1,format=yuv420p,settb=1/30[v$n];"
    local length
    length=$(ffprobe -v error -show_entries format=duration -of csv=p=0 "$shared/clips/$clip")
    if [ $n -gt 0 ]; then
      graph+="${last}[v$n]xfade=duration=0.2:offset=$(awk -v a="$at" 'BEGIN { print a - 0.2 }')[x$n];"
      last="[x$n]"
      at=$(awk -v a="$at" -v l="$length" 'BEGIN { print a + l - 0.2 }')
    else
      at=$length
    fi
    n=$((n + 1))
  done < benches/clips.txt
  total=$(awk -v a="$at" 'BEGIN { print int(a * 30 + 0.5) }')
  cpu xfade-8 ffmpeg -nostdin -v error -y "${inputs[@]}" -filter_complex "${graph%;}" -map "$last" \
    -c:v libx264 -preset medium -crf 20 -threads 1 "$work/xfade.mp4"
  echo "    frames: $(ffprobe -v error -count_packets -select_streams v -show_entries stream=nb_read_packets -of csv=p=0 "$work/xfade.mp4"), expected $total"
}

if [ $# -eq 0 ]; then set -- cold warm memory sound xfade; fi
echo "$("$loopy" --version), $(ffmpeg -version | head -1 | cut -d' ' -f1-3), $(nproc) cores"
for part in "$@"; do "$part"; done
