#!/usr/bin/env bash
# Fuzzes every target, or those that are named, for FUZZ_SECONDS each (600). What they find is written
# to fuzz/artifacts; mended, it belongs into fuzz/corpus. Needs a nightly toolchain; cargo-fuzz is built
# into target/tools when it is not there.
set -euo pipefail
cd "$(dirname "$0")/.."

version=0.13.2
tools=$PWD/target/tools
if [ "$("$tools/bin/cargo-fuzz" --version 2>/dev/null || true)" != "cargo-fuzz $version" ]; then
  CARGO_TARGET_DIR=$tools/build cargo install cargo-fuzz --version "$version" --locked --debug --quiet --root "$tools"
  rm -rf "$tools/build"
fi
export PATH=$tools/bin:$PATH
# Workers look at media: they are the program itself, without a sanitizer.
cargo build --release --locked --bin loopy
export LOOPY_BIN=$PWD/target/release/loopy

if [ $# -eq 0 ]; then
  mapfile -t targets < <(basename -s .rs -a fuzz/fuzz_targets/*.rs)
else
  targets=("$@")
fi
found=$(mktemp -d)
trap 'rm -rf "$found"' EXIT
for target in "${targets[@]}"; do
  echo "== $target" >&2
  mkdir -p "$found/$target"
  # Threads that end while the sanitizer looks for leaks are taken for leaks.
  more=()
  if [ "$target" = worker ]; then more=(-detect_leaks=0); fi
  # New inputs go to a folder of their own: the corpus stays what it is.
  cargo +nightly fuzz run --features libfuzzer "$target" "$found/$target" "fuzz/corpus/$target" -- \
    -max_total_time="${FUZZ_SECONDS:-600}" -rss_limit_mb=4096 -timeout=60 -print_final_stats=1 "${more[@]}"
done
