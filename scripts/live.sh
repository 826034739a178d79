#!/usr/bin/env bash
# The pages in a real browser against the program itself, streaming the clips of the demo:
#
#   scripts/live.sh                                     the browser tests
#   scripts/live.sh --figures [CLIPS [OPTION ...]]      how late pictures are on the screen and how soon the
#                                                       first is there, with these options of `loopy serve`
set -euo pipefail
cd "$(dirname "$0")/.."

what=browser
if [ "${1:-}" = --figures ]; then
  what=figures
  shift
fi
clips=${1:-loopy-demo/clips}
shift || true
options=("$@")
if [ ${#options[@]} -eq 0 ]; then options=(--rungs 360p@800k); fi

token=$(head -c 24 /dev/urandom | base64 | tr '+/' '-_')
said=$(mktemp)
LOOPYCOMFY_TOKEN=$token "${LOOPY:-target/release/loopy}" serve "$clips" --port 0 --json "${options[@]}" \
  --allow-host player.test --max-per-address 50 >"$said" &
server=$!
trap 'kill $server 2>/dev/null || true; wait $server || true; rm -f "$said"' EXIT

for _ in $(seq 600); do
  port=$(sed -n 's/.*"port":\([0-9]*\),"type":"serving".*/\1/p; s/.*"type":"serving".*"port":\([0-9]*\).*/\1/p' "$said" | head -n 1)
  if [ -n "$port" ] && curl -sf "http://127.0.0.1:$port/readyz" >/dev/null; then break; fi
  kill -0 $server
  sleep 0.1
done
curl -sf "http://127.0.0.1:$port/readyz" >/dev/null
# Browsers decode on the same cores: they come when all clips are looked over and encoded.
for _ in $(seq 1200); do
  status=$(curl -sf -H "Authorization: Bearer $token" "http://127.0.0.1:$port/api/status")
  if python3 -c 'import json,sys; p=json.load(sys.stdin)["processing"]; sys.exit(p["clips_ready"]<p["clips"] or p["fps"]>0 or p["clips"]<4)' <<<"$status"; then break; fi
  sleep 0.25
done
LOOPY_URL=http://127.0.0.1:$port LOOPY_TOKEN=$token npm --prefix web run --silent "$what"
# The stream stops as it is told to, and says so by its exit.
kill -TERM $server
wait $server
trap 'rm -f "$said"' EXIT
