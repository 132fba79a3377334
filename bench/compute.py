#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Retired instructions of each program of programs.c: our JIT, our interpreter, the same C compiled for the machine, and
Linux's JIT, which runs the same bytes of BPF in the same QEMU (linux_jit.py). Exact to the instruction, and net of an
empty program. Then what compiling costs, for several kinds of code, and whether that grows with the program's length.
--check fails where the JIT is beyond the limits below, each kind of code by itself, or where there is no Linux to
measure; with --no-linux, the other limits are checked.

  compute.py [--build FOLDER] [--features LIST] [--no-linux] [--check]"""
import argparse
import math
import os
import re
import subprocess
import sys

import linux_jit

HERE = os.path.dirname(os.path.abspath(__file__))
MAX_TO_NATIVE, MAX_TO_LINUX, MAX_SIZE, MAX_INTERPRETER, MAX_COMPILE, MAX_MEMORY = 1.25, 0.9, 1, 10, 150, 32


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values)) if values else math.nan


def measure(build, features):
    """{name: (BPF instructions, bytes of code, result, native, jit, interpreter)}, gross; and {kind of code: [(BPF
    instructions, retired instructions of the JIT, its bytes of memory)]} by length."""
    work = os.path.join(build, "bench")
    os.makedirs(work, exist_ok=True)
    plugin, programs = os.path.join(work, "count_insns.so"), os.path.join(work, "programs.bpf.o")
    subprocess.run(["clang-19", "-O2", "-shared", "-fPIC", "-o", plugin, os.path.join(HERE, "count_insns.c")], check=True)
    subprocess.run(["clang-19", "--target=bpf", "-mcpu=v3", "-O2", "-c", "-o", programs,
                    os.path.join(HERE, "programs.c")], check=True)
    run = subprocess.run(["qemu-riscv64", "-plugin", plugin, os.path.join(build, "target_tests/bench/measure"), programs,
                          features], capture_output=True, text=True, check=False)
    if run.returncode:
        sys.exit(f"measure: {run.stdout.splitlines()[-1:]}{run.stderr[-300:]}")
    counts = iter(int(n) for n in re.findall(r"^count (\d+)$", run.stderr, re.M))
    table, compilations = {}, {}
    for name, *fields in map(str.split, run.stdout.splitlines()):
        if name == "compile":
            compilations.setdefault(fields[0], []).append((int(fields[1]), next(counts), int(fields[3])))
        else:
            table[name] = int(fields[0]), int(fields[1]), int(fields[2], 16), next(counts), next(counts), next(counts)
    return table, compilations


def slope(a, b):
    return (b[1] - a[1]) / (b[0] - a[0])


def print_programs(gross, linux):
    """Prints the table, and gives what the limits are for: (geometric means, {program: ratio to Linux's JIT})."""
    empty = gross.pop("empty")
    print(f"{'program':14}{'insns':>6}{'native':>8}{'jit':>8}{'interp':>8}{'linux':>8}{'bytes':>7}{'linux':>6}"
          f"{'jit/nat':>9}{'jit/lin':>9}{'int/jit':>9}{'size/lin':>9}")
    columns, to_linux = ([], [], [], []), {}
    for name, (insns, size, result, *counts) in gross.items():
        native, jit, interpreter = (count - base for count, base in zip(counts, empty[3:]))
        theirs, their_size, their_result = linux[name] if linux else (math.nan, math.nan, result & 0xffffffff)
        if their_result != result & 0xffffffff:
            sys.exit(f"{name}: Linux computes {their_result:x}, not {result & 0xffffffff:x}")
        ratios = jit / native, jit / theirs, interpreter / jit, size / their_size
        to_linux[name] = ratios[1]
        for column, ratio in zip(columns, ratios):
            column.append(ratio)
        print(f"{name:14}{insns:6}{native:8}{jit:8}{interpreter:8}{theirs:8}{size:7}{their_size:6}"
              + "".join(f"{ratio:9.2f}" for ratio in ratios))
    means = [geometric_mean(column) for column in columns]
    print(f"{'geometric mean':65}" + "".join(f"{mean:9.2f}" for mean in means))
    return means, to_linux


def print_compilation(compilations, linux):
    """Prints what compiling costs, and gives what is beyond the limits: of each kind, of short programs and long ones."""
    print(f"\n{'compiling, for each BPF instruction':36}{'jit':>8}{'linux':>8}{'at 1 M':>8}{'memory':>8}")
    beyond = []
    for kind, runs in compilations.items():
        short, long, longest = slope(runs[0], runs[1]), slope(runs[1], runs[2]), slope(runs[2], runs[3])
        memory = runs[-1][2] / runs[-1][0]
        beyond += [f"compiling {kind}" for cost in (short, long, longest) if not cost <= MAX_COMPILE][:1]
        beyond += [f"memory for {kind}"] if not memory <= MAX_MEMORY else []
        theirs = f"{linux[kind]:8.0f}" if linux and kind in linux else f"{'-':>8}"
        print(f"{kind:36}{short:8.0f}{theirs}{longest:8.0f}{memory:8.1f}")
    return beyond


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(HERE, "../build"))
    parser.add_argument("--features", default="zba,zbb", help="of the CPU beyond rv64gc, for the JITs; '' for none")
    parser.add_argument("--no-linux", action="store_true", help="leave Linux out, which takes most of the time")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    gross, compilations = measure(options.build, options.features)
    work = os.path.join(options.build, "bench")
    linux = None if options.no_linux else linux_jit.measure(work, os.path.join(work, "programs.bpf.o"), bool(options.features))
    programs, linux_compilations = linux or (None, None)
    (to_native, _, interpreter, size), to_linux = print_programs(gross, programs)
    beyond = print_compilation(compilations, linux_compilations)
    limits = [("JIT against native code", to_native, MAX_TO_NATIVE),
              ("interpreter against JIT", interpreter, MAX_INTERPRETER)]
    if not options.no_linux:
        limits.append(("bytes against Linux's JIT", size, MAX_SIZE))
        limits += [(f"{name} against Linux's JIT", ratio, MAX_TO_LINUX) for name, ratio in to_linux.items()]
    beyond += [what for what, value, limit in limits if not value <= limit]
    if options.check and beyond:
        sys.exit(f"beyond the limits: {', '.join(beyond)}")


main()
