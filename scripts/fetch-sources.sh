#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# Unpacks Debian packages (test input, never committed) into a folder, a subfolder each. The mirror is the one that apt is
# configured for; apt's own state is not touched and nothing is installed.
#   fetch-sources.sh FOLDER PACKAGE[=VERSION][:GLOB]...
# PACKAGE is a source package: the newest of its versions (of those that begin with VERSION) whose archive the mirror still has. A mirror may lack the
# packaging or the .dsc of a version; the archive alone will do, apt has its checksum from the lists. With GLOB (any number,
# apart by colons) only what matches below the archive's top is unpacked. deb=PACKAGE is a binary package.
set -euo pipefail
(($# >= 2)) || { echo "usage: $0 FOLDER PACKAGE[=VERSION][:GLOB]..." >&2; exit 2; }
folder=$1; shift
mkdir -p "$folder"
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{lists/partial,cache/archives/partial}
: > "$work/status"

mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
  grep -v '^ *#' | grep -oE '[a-z+]+://[^ ]*/debian/?( |$)' | head -n 1 | tr -d ' ') || true
[[ -n $mirror ]] || { echo "fetch-sources: no Debian mirror in apt's configuration" >&2; exit 1; }
for suite in ${SUITES:-bookworm bookworm-backports trixie sid}; do
  for kind in deb deb-src; do
    echo "$kind [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main"
  done
done > "$work/sources.list"

options=(
  -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/dev/null
  -o Dir::State="$work" -o Dir::State::Lists="$work/lists" -o Dir::State::status="$work/status"
  -o Dir::Cache="$work/cache" -o Acquire::Languages=none -o APT::Sandbox::User=root)

versions() { # PREFIX COMMAND...: newest first
  local prefix=$1
  shift
  apt-cache "${options[@]}" "$@" | sed -n 's/^Version: //p' | grep -E "^([0-9]+:)?${prefix//./\\.}" | sort -uV | tac
}

fetch_binary() { # PACKAGE PREFIX
  local version
  for version in $(versions "$2" show "$1"); do
    rm -f "$work"/*.deb
    (cd "$work" && apt-get "${options[@]}" -q download "$1=$version" >>"$work/log" 2>&1) || continue
    dpkg -x "$work"/*.deb "$folder/deb=$1"
    echo "$1 $version"
    return
  done
  return 1
}

fetch_source() { # PACKAGE PREFIX GLOB...
  local package=$1 prefix=$2 version upstream archive
  shift 2
  for version in $(versions "$prefix" showsrc --only-source "$package"); do
    upstream=${version#*:}
    upstream=${upstream%-*}
    (cd "$work" && apt-get "${options[@]}" -q source --download-only "$package=$version" >>"$work/log" 2>&1) || true
    for archive in "$work/${package}_$upstream".orig.tar.*; do
      [[ -e $archive && $archive != *.asc ]] || continue
      rm -rf "$work/unpack"; mkdir "$work/unpack"
      tar -xf "$archive" -C "$work/unpack" --strip-components=1 --wildcards "${@/#/*/}" || continue
      rm -f "$work/${package}"_*
      mv "$work/unpack" "$folder/$package"
      echo "$package $version"
      return
    done
    rm -f "$work/${package}"_*
  done
  return 1
}

missing=() updated=
for wanted in "$@"; do
  IFS=: read -r -a parts <<< "$wanted"
  kind=source name=${parts[0]} prefix=
  [[ $name == deb=* ]] && kind=binary name=${name#deb=}
  [[ $name == *=* ]] && prefix=${name#*=} name=${name%%=*}
  [[ $kind == binary ]] && target=deb=$name || target=$name
  [[ -d $folder/$target ]] && continue
  if [[ -z $updated ]]; then
    apt-get "${options[@]}" -q update >"$work/log" 2>&1 || { tail -n 3 "$work/log" >&2; exit 1; }
    updated=yes
  fi
  "fetch_$kind" "$name" "$prefix" "${parts[@]:1}" || missing+=("$target")
done
((${#missing[@]} == 0)) || { echo "fetch-sources: the mirror gives no version of: ${missing[*]}" >&2; exit 1; }
