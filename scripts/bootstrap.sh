#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# Installs the Debian packages that are missing; puts riscv64 musl, and Debian's riscv64 busybox, bpftool and libbpf for the boot
# tests, into build/sysroot. Says in one line what it did, and touches no network where nothing is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(
  ca-certificates cmake ninja-build make ccache python3 git
  clang-19 clang-format-19 lld-19 llvm-19-dev llvm-19-tools libclang-19-dev libclang-rt-19-dev libpolly-19-dev libc++-19-dev
  libelf-dev libbpf-dev zlib1g-dev libzstd-dev libcli11-dev libgtest-dev
  bpftool qemu-system-misc qemu-system-data qemu-user gcc-riscv64-linux-gnu g++-riscv64-linux-gnu libc6-dev-riscv64-cross
  linux-libc-dev-riscv64-cross picolibc-riscv64-unknown-elf
)

installed=$(dpkg-query -W -f '${Package} ${Status}\n' "${packages[@]}" 2>/dev/null | sed -n 's/ install ok installed$//p') || true # a package that dpkg has never heard of
missing=()
for package in "${packages[@]}"; do
  grep -qx -- "$package" <<<"$installed" || missing+=("$package")
done

said=()
if ((${#missing[@]})); then
  root=()
  if ((EUID != 0)); then
    command -v sudo >/dev/null || { echo "bootstrap: need root or sudo to install: ${missing[*]}" >&2; exit 1; }
    root=(sudo)
  fi
  log=$(mktemp)
  if ! { "${root[@]}" apt-get -q update && "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
         apt-get -q install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "bootstrap: apt could not install: ${missing[*]}; the whole log is in $log" >&2
    exit 1
  fi
  rm -f "$log"
  said+=("installed ${#missing[@]} Debian packages")
fi

if [[ ! -e build/sysroot/musl/usr/lib/riscv64-linux-musl/libc.a ]]; then
  scripts/fetch-riscv64.sh build/sysroot/musl musl-dev >/dev/null
  said+=("fetched musl for riscv64")
fi

if [[ ! -e build/sysroot/debian/usr/lib/riscv64-linux-gnu/libbpf.so.1 ]]; then
  if scripts/fetch-riscv64.sh build/sysroot/debian \
      busybox-static bpftool libbpf1 libbpf-dev libelf1t64 zlib1g libcap2 libc6 libzstd1 >/dev/null 2>&1; then
    said+=("fetched riscv64 busybox, bpftool and libbpf")
  else
    said+=("no riscv64 busybox and bpftool to be had: the boot tests with them are left out")
  fi
fi

if ((${#said[@]})); then
  (IFS=';'; echo "bootstrap: ${said[*]}" | sed 's/;/; /g')
fi
