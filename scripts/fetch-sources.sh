#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# Unpacks Debian source packages (test input, never committed) into a folder, a subfolder each. The mirror is the one
# that apt is configured for; apt's own state is not touched and nothing is installed.
#   fetch-sources.sh FOLDER PACKAGE...        SUITES="bookworm trixie stable sid" are tried in turn
set -euo pipefail
(($# >= 2)) || { echo "usage: $0 FOLDER PACKAGE..." >&2; exit 2; }
folder=$1; shift
mkdir -p "$folder"
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{lists/partial,cache/archives/partial}
: > "$work/status"

mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
  grep -v '^ *#' | grep -oE '[a-z+]+://[^ ]*/debian/?( |$)' | head -n 1 | tr -d ' ') || true
[[ -n $mirror ]] || { echo "fetch-sources: no Debian mirror in apt's configuration" >&2; exit 1; }

apt_options=(
  -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/dev/null
  -o Dir::State="$work" -o Dir::State::Lists="$work/lists" -o Dir::State::status="$work/status"
  -o Dir::Cache="$work/cache" -o Acquire::Languages=none -o APT::Sandbox::User=root)

missing=()
for package in "$@"; do
  [[ -d $folder/$package ]] && continue
  for suite in ${SUITES:-bookworm trixie stable sid}; do
    echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" > "$work/sources.list"
    rm -rf "$work"/lists/* "$work/unpack"; mkdir -p "$work/lists/partial" "$work/unpack"
    apt-get "${apt_options[@]}" -q update >"$work/log" 2>&1 || continue
    (cd "$work/unpack" && apt-get "${apt_options[@]}" -q source --download-only "$package" >>"$work/log" 2>&1 &&
      dpkg-source --no-check -x ./*.dsc source >>"$work/log" 2>&1) || continue
    mv "$work/unpack/source" "$folder/$package"
    echo "$package from $suite"
    continue 2
  done
  tail -n 3 "$work/log" >&2
  missing+=("$package")
done
((${#missing[@]} == 0)) || { echo "fetch-sources: no suite gave: ${missing[*]}" >&2; exit 1; }
