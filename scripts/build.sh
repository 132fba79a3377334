#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# Configures where that was not done yet, and builds: everything of the release build, or the targets given as arguments.
# Prints nothing where there is nothing to do; a failure shows the compiler's output.
#   build.sh [--preset NAME] [TARGET]...
set -euo pipefail
cd "$(dirname "$0")/.."
preset=release folder=build
if [[ ${1:-} == --preset ]]; then
  preset=$2 folder=build-$2
  shift 2
fi
log=$folder/build.log
mkdir -p "$folder"
{ [[ -e $folder/build.ninja ]] || cmake --preset "$preset"; } >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
if ! ninja -C "$folder" -n "$@" 2>/dev/null | grep -q 'no work to do'; then
  [[ -e $folder/.built ]] || echo "building $folder ($preset), some minutes the first time; progress is in $log"
fi
if ! ninja -C "$folder" "$@" >>"$log" 2>&1; then
  grep -vE '^\[[0-9]+/[0-9]+\]' "$log" | tail -n 60 >&2
  echo "build: failed; the whole log is in $log" >&2
  exit 1
fi
touch "$folder/.built"
