#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# kbpf-jit: runs the riscv64 program beside it, under QEMU where this machine is another.
program=$(dirname "$(readlink -f "$0")")/kbpf-jit.riscv64
[ "$(uname -m)" = riscv64 ] && exec "$program" "$@"
exec qemu-riscv64 "$program" "$@"
