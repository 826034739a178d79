#!/usr/bin/env bash
# Builds the pages of the live stream into web/dist, where cargo finds them, or with "test" tests them.
# Without Node.js 20 or newer the program is built without them and serves a page of text, and nothing of
# them is tested; where LOOPY_NODE is set, that is an error.
set -euo pipefail
cd "$(dirname "$0")/../web"

test=${1:-}
# Goes on without, or not where LOOPY_NODE says that it must not.
without() {
  if [ "$test" = test ]; then
    echo "the pages of the live stream are not tested: $1" >&2
  else
    echo "the live stream gets a page of text only: $1" >&2
  fi
  [ -z "${LOOPY_NODE:-}" ]
  exit
}

version=$(node --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/' || true)
if [ "${version:-0}" -lt 20 ] || ! command -v npm >/dev/null; then
  without "no Node.js 20 or newer"
fi

# Packages as the lockfile has them, when it is another than last time.
if ! cmp -s package-lock.json node_modules/.lockfile; then
  npm ci --no-audit --no-fund --loglevel=error || without "its packages cannot be had"
  cp package-lock.json node_modules/.lockfile
fi
if [ "$test" = test ]; then
  npm test --silent
else
  npm run --silent build
fi
