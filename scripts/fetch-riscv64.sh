#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# Unpacks riscv64 packages of a newer Debian suite (Debian 12 has no riscv64 port) into a folder. The mirror is the one
# that apt is configured for; apt's own state is not touched and nothing is installed.
#   fetch-riscv64.sh FOLDER PACKAGE...        SUITES="trixie stable sid" are tried in turn
# The package @kernel is the suite's Linux image.
set -euo pipefail
(($# >= 2)) || { echo "usage: $0 FOLDER PACKAGE..." >&2; exit 2; }
folder=$1; shift
suites=${SUITES:-trixie stable sid}
parent=$(dirname "$folder"); mkdir -p "$parent"
work=$(mktemp -d "$(cd "$parent" && pwd)/fetch.XXXXXX"); trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{lists/partial,cache/archives/partial,dpkg,debs,root}
: > "$work/dpkg/status"

mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
  grep -v '^ *#' | grep -oE '[a-z+]+://[^ ]*/debian/?( |$)' | head -n 1 | tr -d ' ') || true
[[ -n $mirror ]] || { echo "fetch-riscv64: no Debian mirror in apt's configuration" >&2; exit 1; }

apt_options=(
  -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/dev/null
  -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null
  -o Dir::State="$work" -o Dir::State::Lists="$work/lists" -o Dir::State::status="$work/dpkg/status"
  -o Dir::Cache="$work/cache" -o APT::Architecture=riscv64 -o APT::Architectures=riscv64
  -o Acquire::Languages=none -o APT::Sandbox::User=root)

for suite in $suites; do
  echo "deb [arch=riscv64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" > "$work/sources.list"
  rm -rf "$work"/lists/*; mkdir -p "$work/lists/partial"
  apt-get "${apt_options[@]}" -q update >"$work/log" 2>&1 || continue
  packages=()
  for package in "$@"; do
    if [[ $package == @kernel ]]; then
      package=$(apt-cache "${apt_options[@]}" depends linux-image-riscv64 2>>"$work/log" |
        sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
    fi
    packages+=("$package")
  done
  (cd "$work/debs" && apt-get "${apt_options[@]}" -q download "${packages[@]}" >>"$work/log" 2>&1) || continue
  for deb in "$work"/debs/*.deb; do
    dpkg -x "$deb" "$work/root"
    dpkg-deb -W --showformat='${Package} ${Version}\n' "$deb"
  done
  rm -rf "$folder"
  mv "$work/root" "$folder"
  exit 0
done
tail -n 5 "$work/log" >&2
echo "fetch-riscv64: none of the suites '$suites' gave: $*" >&2
exit 1
