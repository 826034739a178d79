#!/usr/bin/env bash
# Checks licences, sources and known weaknesses of all dependencies with cargo-deny, which it builds
# into target/tools when it is not there. The list of weaknesses comes over the network: where it cannot
# be had, that is said and the rest still counts.
set -euo pipefail
cd "$(dirname "$0")/.."

version=0.20.2
tools=$PWD/target/tools
deny=$tools/bin/cargo-deny
if [ "$("$deny" --version 2>/dev/null || true)" != "cargo-deny $version" ]; then
  # A debug build: it is made in a fifth of the time and checks as well.
  CARGO_TARGET_DIR=$tools/build cargo install cargo-deny --version "$version" --locked --debug --quiet --root "$tools"
  rm -rf "$tools/build"
fi

"$deny" --log-level error check --show-stats licenses bans sources
if GIT_TERMINAL_PROMPT=0 timeout 120 "$deny" --log-level off fetch db >/dev/null 2>&1; then
  "$deny" --log-level error check --disable-fetch advisories
else
  echo "audit: known weaknesses were not checked: their list could not be fetched" >&2
fi
