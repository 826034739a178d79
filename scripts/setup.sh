#!/usr/bin/env bash
# Installs the system packages that the build and the tests need, and says which. Asks nothing
# when it may install without asking.
set -euo pipefail

packages=(
  pkg-config gcc libc6-dev libclang-dev ffmpeg
  libavcodec-dev libavformat-dev libavutil-dev libavfilter-dev libswscale-dev libswresample-dev
)
if [ "${1:-}" = "--browser" ]; then
  packages+=(chromium)
  # The pages of the live stream are built and tested with it; one that is there already will do.
  command -v node >/dev/null || packages+=(nodejs npm)
fi

if ! command -v dpkg-query >/dev/null; then
  echo "not a Debian system: please install FFmpeg 5.1 or newer with its development files," \
    "libclang and pkg-config" >&2
  exit 0
fi

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
  [ "$status" = "install ok installed" ] || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  exit 0
fi

echo "installing: ${missing[*]}" >&2
if [ "$(id -u)" = 0 ]; then
  run=()
elif command -v sudo >/dev/null; then
  run=(sudo)
else
  echo "please run as root: apt-get install ${missing[*]}" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
"${run[@]}" apt-get update -qq
"${run[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
