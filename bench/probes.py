#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""What an empty program costs where it is attached, in retired instructions beside Linux's: bench/probes.py [BUILD] [--check]

Boots the reference kernel with -icount, so that figures repeat to the instruction. With --check, ends with 1 where one is
above Linux 6.12's for riscv64."""
import os
import subprocess
import sys
import tempfile

# Added to a system call, machine code on both sides.
LINUX = {"kprobe": 1041, "fentry": 202, "fexit": 265, "raw_tp": 177, "tp": 540}


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--check"]
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    build = arguments[0] if arguments else os.path.join(root, "build")
    bench, runtime = os.path.join(root, "bench"), os.path.join(root, "runtime")
    with tempfile.TemporaryDirectory() as folder:
        program, programs = os.path.join(folder, "probes"), os.path.join(folder, "probes.o")
        subprocess.run([os.path.join(build, "bin", "bpfcc"), "-c", os.path.join(bench, "probes.bpf.c"), "-o", programs], check=True)
        subprocess.run(["riscv64-linux-gnu-gcc", "-O2", "-static", "-I" + runtime, "-I" + os.path.join(runtime, "user", "include"),
                        os.path.join(bench, "probes.c"), os.path.join(build, "guest", "glibc", "libkbpf_user.a"), "-lstdc++",
                        "-o", program], check=True)
        run = subprocess.run([os.path.join(build, "bin", "bpfcc-run"), "--qemu-arg=-icount", "--qemu-arg=shift=0,sleep=off",
                              "--add", program, "--add", programs + ":/probes.o", "--", "probes"],
                             check=True, capture_output=True, text=True)
    above = 0
    for line in run.stdout.splitlines():
        name, _, figure = line.rpartition(" ")
        linux = LINUX.get(name)
        above += linux is not None and int(figure) > linux
        print(f"{name:12} {figure:>6}" + (f"   Linux {linux}" if linux else ""))
    return above > 0 and "--check" in sys.argv


if __name__ == "__main__":
    sys.exit(main())
