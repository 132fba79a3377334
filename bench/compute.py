#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Retired instructions of each program of programs.c: our JIT, our interpreter, the same C compiled for the machine, and
Linux's JIT (its published figures). Exact to the instruction and the same on each machine. Counts are net of an empty
program. Prints a table; --check fails where the JIT is beyond the limits below.

  compute.py [--build FOLDER] [--features LIST] [--check]"""
import argparse
import math
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
MAX_TO_NATIVE, MAX_TO_LINUX, MAX_INTERPRETER, MAX_COMPILE = 1.25, 0.9, 10, 150


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def linux_figures():
    """{name: (retired instructions of the JIT's code, its bytes)}."""
    with open(os.path.join(HERE, "programs.def"), encoding="utf-8") as table:
        rows = re.findall(r"^KBPF_BENCH\((\w+), (\d+), \d+, (\d+)\)", table.read(), re.M)
    return {name: (int(jit), int(size)) for name, jit, size in rows}


def measure(build, features):
    """{name: (BPF instructions, bytes of code, native, jit, interpreter)}, gross, and the JIT's own cost an instruction."""
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
    counts = [int(n) for n in re.findall(r"^count (\d+)$", run.stderr, re.M)]
    lines = [line.split() for line in run.stdout.splitlines()]
    programs, (short, long) = lines[:-2], [int(insns) for _, insns, _ in lines[-2:]]
    table = {name: (int(insns), int(size), *counts[3 * i:3 * i + 3]) for i, (name, insns, size) in enumerate(programs)}
    return table, (counts[-1] - counts[-2]) / (long - short)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(HERE, "../build"))
    parser.add_argument("--features", default="zba,zbb", help="of the CPU beyond rv64gc, for the JIT; '' for none")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    (gross, compile_cost), linux = measure(options.build, options.features), linux_figures()
    empty = gross.pop("empty")
    print(f"{'program':14}{'insns':>6}{'bytes':>6}{'native':>8}{'jit':>8}{'interp':>8}{'linux':>8}"
          f"{'jit/nat':>9}{'jit/lin':>9}{'int/jit':>9}{'size/lin':>9}")
    ratios = []
    for name, (insns, size, *counts) in gross.items():
        native, jit, interpreter = (count - base for count, base in zip(counts, empty[2:]))
        linux_jit, linux_size = linux[name]
        ratios.append((jit / native, jit / linux_jit, interpreter / jit, size / linux_size, name))
        print(f"{name:14}{insns:6}{size:6}{native:8}{jit:8}{interpreter:8}{linux_jit:8}"
              f"{jit / native:9.2f}{jit / linux_jit:9.2f}{interpreter / jit:9.2f}{size / linux_size:9.2f}")
    to_native, to_linux, interpreter, size = (geometric_mean(column) for column in list(zip(*ratios))[:4])
    print(f"{'geometric mean':58}{to_native:9.2f}{to_linux:9.2f}{interpreter:9.2f}{size:9.2f}")
    print(f"compilation: {compile_cost:.0f} retired instructions for each BPF instruction")
    beyond = [f"{name} against Linux's JIT" for _, ratio, _, _, name in ratios if ratio > MAX_TO_LINUX]
    beyond += [what for what, value, limit in (("JIT against native code", to_native, MAX_TO_NATIVE),
                                               ("interpreter against JIT", interpreter, MAX_INTERPRETER),
                                               ("compilation", compile_cost, MAX_COMPILE)) if value > limit]
    if options.check and beyond:
        sys.exit(f"beyond the limits: {', '.join(beyond)}")


main()
