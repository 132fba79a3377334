#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Retired instructions of system calls in the guest, each beside its limit: bench/syscalls.py [BUILD]

Boots the reference kernel with -icount, so that figures repeat to the instruction. Ends with 1 where one is above."""
import os
import subprocess
import sys
import tempfile

LIMITS = {"getppid": 379, "bpf lookup": 400}  # bpf update: shown only


def main():
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    build = sys.argv[1] if len(sys.argv) > 1 else os.path.join(root, "build")
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "syscalls")
        subprocess.run(["riscv64-linux-gnu-gcc", "-O2", "-static", os.path.join(root, "bench", "syscalls.c"), "-o", program],
                       check=True)
        run = subprocess.run([os.path.join(build, "bin", "bpfcc-run"), "--qemu-arg=-icount", "--qemu-arg=shift=0,sleep=off",
                              "--add", program, "--", "syscalls"], check=True, capture_output=True, text=True)
    above = 0
    for line in run.stdout.splitlines():
        name, _, figure = line.rpartition(" ")
        limit = LIMITS.get(name)
        above += limit is not None and int(figure) > limit
        print(f"{name:12} {figure:>6}" + (f"   at most {limit}" if limit else ""))
    return 1 if above else 0


if __name__ == "__main__":
    sys.exit(main())
