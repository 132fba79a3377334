#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Retired instructions of operations in a program, loop and key cost removed: bench/mapops.py [--check] [BUILD]

Boots the reference kernel with -icount, so that figures repeat to the instruction, and runs mapops.bpf.c by
BPF_PROG_TEST_RUN. Beside each figure: what is wanted, and Linux's (published for riscv64). --check ends with 1 where
one is above what is wanted. Needs Debian's bpftool, which scripts/bootstrap.sh fetches."""
import argparse
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FIGURES = {  # program: (operation, wanted at most, Linux)
    "hash_lookup": ("hash lookup, key of 8 bytes", 30, 228),
    "hash_update": ("hash update", 80, 529),
    "array_lookup": ("array lookup", 5, 17),
    "array_increment": ("array increment, constant key", 5, 13),
    "percpu_increment": ("per-CPU array increment", 6, 19),
    "ring_submit": ("ring buffer reserve + submit, 64 bytes", 50, 216),
    "tail": ("tail call", 12, 23),
    "time": ("ktime_get_ns", 8, 77),
    "call": ("bpf-to-bpf call", 12, 21),
}
SCRIPT = """set -e
bpftool prog loadall /mapops.bpf.o /sys/fs/bpf/programs pinmaps /sys/fs/bpf/maps
mapops
"""


def debian_options():
    """bpfcc-run's options that put Debian's shell and bpftool, with its libraries, into the guest."""
    root = os.path.join(ROOT, "build", "sysroot", "debian", "usr")
    library_folder = os.path.join(root, "lib", "riscv64-linux-gnu")
    files = {os.path.join(root, "bin/busybox"): "/bin/busybox", os.path.join(root, "sbin/bpftool"): "/bin/bpftool",
             os.path.join(library_folder, "ld-linux-riscv64-lp64d.so.1"): "/lib/ld-linux-riscv64-lp64d.so.1"}
    for name in ("libelf.so.1", "libz.so.1", "libcap.so.2", "libzstd.so.1", "libc.so.6"):
        files[os.path.join(library_folder, name)] = f"/lib/riscv64-linux-gnu/{name}"
    return [option for host, guest in files.items() for option in ("--add", f"{host}:{guest}")]


def measure(build):
    """{program: retired instructions an operation}"""
    with tempfile.TemporaryDirectory() as folder:
        runner, programs, script = (os.path.join(folder, name) for name in ("mapops", "mapops.bpf.o", "script"))
        source = os.path.join(ROOT, "bench", "mapops")
        subprocess.run(["riscv64-linux-gnu-gcc", "-O2", "-static", source + ".c", "-o", runner], check=True)
        subprocess.run([os.path.join(build, "bin", "bpfcc"), "--abi=linux", "-c", source + ".bpf.c", "-o", programs],
                       check=True)
        with open(script, "w", encoding="utf-8") as file:
            file.write(SCRIPT)
        run = subprocess.run([os.path.join(build, "bin", "bpfcc-run"), "--qemu-arg=-icount", "--qemu-arg=shift=0,sleep=off",
                              *debian_options(), "--add", f"{runner}:/bin/mapops", "--add", f"{programs}:/mapops.bpf.o",
                              "--add", f"{script}:/script", "--", "busybox", "sh", "/script"],
                             capture_output=True, text=True, check=False)
    lines = [line.split() for line in run.stdout.splitlines()]
    found = {line[0]: float(line[1]) for line in lines if len(line) == 2 and line[0] in FIGURES}
    if run.returncode or len(found) != len(FIGURES):
        sys.exit(f"mapops: {run.stdout[-600:]}{run.stderr[-300:]}")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", nargs="?", default=os.path.join(ROOT, "build"))
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    found = measure(options.build)
    print(f"{'operation':40}{'ours':>8}{'wanted':>8}{'Linux':>8}")
    for program, (operation, wanted, linux) in FIGURES.items():
        print(f"{operation:40}{found[program]:8.1f}{wanted:8}{linux:8}")
    return 1 if options.check and any(round(found[program], 1) > wanted for program, (_, wanted, _) in FIGURES.items()) else 0


if __name__ == "__main__":
    sys.exit(main())
