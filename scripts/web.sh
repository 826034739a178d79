#!/usr/bin/env bash
# Builds the pages of the live stream into web/dist, where cargo finds them. Without Node.js 20 or newer
# the program is built without them and serves a page of text; with "test" it is an error.
set -euo pipefail
cd "$(dirname "$0")/../web"

version=$(node --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/' || true)
if [ "${version:-0}" -lt 20 ] || ! command -v npm >/dev/null; then
  if [ "${1:-}" = test ]; then
    echo "the pages cannot be tested: Node.js 20 or newer is needed, this is ${version:-none}" >&2
    exit 1
  fi
  echo "no Node.js 20 or newer: the live stream gets a page of text only" >&2
  exit 0
fi

# Packages as the lockfile has them, when it is another than last time.
if ! cmp -s package-lock.json node_modules/.lockfile; then
  npm ci --no-audit --no-fund --loglevel=error
  cp package-lock.json node_modules/.lockfile
fi
if [ "${1:-}" = test ]; then
  npm test --silent
else
  npm run --silent build
fi
