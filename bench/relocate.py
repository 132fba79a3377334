#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Instructions (callgrind) to relocate objects of more and more programs, ten relocations each, and to link two halves of
them: linear in the size. Verification is off, so that this is the relocator alone.
    relocate.py [--bpfcc PATH] [PROGRAMS...]      default: 125 250 500 1000; fails where a doubling costs more than 2.2 times"""
import argparse
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RELOCATIONS = 10
HEAD = """#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
MAYBE_EXTERN struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 64); __type(key, __u32); __type(value, __u64); } counts
    SEC(".maps");
static int PREFIX(state);
"""


def source(first, count, extern):
    lines = [HEAD.replace("MAYBE_EXTERN", "extern" if extern else "").replace("PREFIX(state)", f"state_{first}")]
    for number in range(first, first + count):
        lines.append(f'SEC("kprobe/f{number}") int p{number}(void *ctx) {{ __u32 key = {number}; __u64 *value;')
        lines += [f"  if ((value = bpf_map_lookup_elem(&counts, &key))) *value += state_{first};"] * (RELOCATIONS // 2)
        lines.append("  return 0; }")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bpfcc", default=os.path.join(ROOT, "build", "bin", "bpfcc"))
    parser.add_argument("programs", nargs="*", type=int, default=[125, 250, 500, 1000])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        def run(*command):
            result = subprocess.run(command, cwd=folder, capture_output=True, text=True)
            if result.returncode:
                sys.exit(f"{' '.join(command)}: {result.stderr[-2000:]}")
            return result

        def count(*command):
            result = run("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command)
            return int(re.search(r"Collected : (\d+)", result.stderr)[1])

        def compile_to(name, *arguments):
            with open(os.path.join(folder, name + ".c"), "w") as file:
                file.write(source(*arguments))
            run(options.bpfcc, "--stop-after=frontend", "-O1", name + ".c", "-o", name + ".o")

        print(f"{'programs':>8} {'relocations':>11} {'relocate':>12} {'link halves':>12}   million instructions")
        before, failed = None, False
        for programs in options.programs:
            compile_to("whole", 0, programs, False)
            compile_to("left", 0, programs // 2, False)
            compile_to("right", programs // 2, programs - programs // 2, True)
            relocs = run("/usr/lib/llvm-19/bin/llvm-readelf", "-r", "whole.o").stdout.count(" R_BPF_")
            now = (count(options.bpfcc, "-fno-bpf-verify", "whole.o", "-o", "out.o"),
                   count(options.bpfcc, "-fno-bpf-verify", "--abi=linux", "left.o", "right.o", "-o", "out.o"))
            print(f"{programs:8} {relocs:11} {now[0] / 1e6:12.1f} {now[1] / 1e6:12.1f}")
            if before and any(a > 2.2 * b for a, b in zip(now, before)):
                failed = True
            before = now
    if failed:
        print("a doubling cost more than 2.2 times")
    return failed


if __name__ == "__main__":
    sys.exit(main())
