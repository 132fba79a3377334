#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""What verification costs: host instructions (callgrind) for each eBPF instruction that the verifier processes, for straight
code, branches, memory and loops of growing size; instructions processed a second; the memory of a live state, and the most
memory that a program takes up to the limit of a million. --kernel also loads the programs in the guest, where the JIT is
part of the count. --check fails where a figure misses its target.

  verify.py [--build FOLDER] [--kernel] [--check]"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LLVM = "/usr/lib/llvm-19/bin"
LIMIT = 1000000
PER_INSN, GROWTH, STATE_BYTES, PEAK_MIB, PER_SECOND = 500, 1.1, 400, 64, 1e6  # targets; growth: of the cost an instruction
SIZES = 1000, 2000, 4000, 8000


def straight(size):
    return "r0 = 1; r1 = 7; " + "r0 += r1; r0 ^= 3; r1 = r0; r1 &= 255; " * (size // 4) + "exit"


def branches(size):
    body = "".join(f"if r6 > {n % 50} goto l{n}; r7 += 1; l{n}: r7 &= 255; " for n in range(size // 3))
    return "r6 = *(u32 *)(r1 + 0); r7 = 0; " + body + "r0 = r7; exit"


def memory(size):
    body = "".join(f"*(u64 *)(r10 - {8 + n % 16 * 8}) = r6; r7 = *(u64 *)(r10 - {8 + n % 16 * 8}); r6 += r7; r6 &= 4095; "
                   for n in range(size // 4))
    return "r6 = *(u32 *)(r1 + 0); " + body + "r0 = r6; exit"


def loop(size):
    return f"r6 = 0; r0 = 0; again: r0 += r6; r0 &= 255; r6 += 1; if r6 != {size // 4} goto again; exit"


def parting(rounds):
    """Paths part in every round and differ ever after, so that each round leaves states behind."""
    return ("r9 = *(u32 *)(r1 + 0); r6 = 0; r0 = 0; again: *(u64 *)(r10 - 8) = r6; r6 += 1; if r9 > 100 goto more; r0 = r6; "
            f"r0 &= 7; more: r7 = r0; r8 = r6; if r6 != {rounds} goto again; exit")


class Program:
    def __init__(self, folder, name, text):
        self.object, self.raw = os.path.join(folder, name + ".o"), os.path.join(folder, name)
        source = ('.section socket,"ax",@progbits\n.globl prog\n.type prog,@function\nprog:\n' + text.replace("; ", "\n") +
                  '\n.size prog, .-prog\n.section license,"aw",@progbits\n.asciz "GPL"\n').replace(": ", ":\n")
        subprocess.run(["clang-19", "--target=bpf", "-mcpu=v3", "-x", "assembler", "-c", "-", "-o", self.object],
                       input=source, text=True, check=True)
        subprocess.run([f"{LLVM}/llvm-objcopy", f"--dump-section=socket={self.raw}", self.object, "/dev/null"], check=True)

    def verdict(self, build):
        run = subprocess.run([f"{build}/bin/kbpf-verify", "--json", self.object], capture_output=True, text=True)
        return json.loads(run.stdout)[0]

    def host_insns(self, build):
        run = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                              "--toggle-collect=kbpf::verify(*", f"{build}/bin/kbpf-verify", self.object],
                             capture_output=True, text=True)
        return int(re.search(r"Collected : (\d+)", run.stderr)[1])


def guest_insns(build, folder, programs):
    """{program: retired instructions of its load}."""
    loader = os.path.join(folder, "verify")
    subprocess.run(["riscv64-linux-gnu-gcc", "-O2", "-static", os.path.join(ROOT, "bench/verify.c"), "-o", loader], check=True)
    command = [f"{build}/bin/bpfcc-run", "--qemu-arg=-icount", "--qemu-arg=shift=0,sleep=off", "--add", loader]
    names = [os.path.basename(program.raw) for program in programs]
    for program, name in zip(programs, names):
        command += ["--add", f"{program.raw}:/{name}"]
    run = subprocess.run([*command, "--", "verify", *("/" + name for name in names)], capture_output=True, text=True)
    found = dict(re.findall(r"^/(\S+) (\d+) loaded", run.stdout, re.M))
    if sorted(found) != sorted(names):
        sys.exit(f"the guest did not load every program: {run.stdout[-500:]}{run.stderr[-500:]}")
    return {program: int(found[name]) for program, name in zip(programs, names)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("--kernel", action="store_true", help="count in the guest too")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    missed = []

    def show(what, value, unit, met, target):
        print(f"{what:34}{value:>12} {unit:30} target {target}{'' if met else '   missed'}")
        if not met:
            missed.append(what)

    with tempfile.TemporaryDirectory() as folder:
        shapes = {shape: [Program(folder, f"{shape.__name__}{size}", shape(size)) for size in SIZES]
                  for shape in (straight, branches, memory, loop)}
        guest = guest_insns(options.build, folder, sum(shapes.values(), [])) if options.kernel else {}
        for shape, programs in shapes.items():
            processed = [program.verdict(options.build)["processed_insns"] for program in programs]
            counts = {"host": [program.host_insns(options.build) for program in programs]}
            if guest:
                counts["kernel"] = [guest[program] for program in programs]
            for where, retired in counts.items():
                costs = [count / insns for count, insns in zip(retired, processed)]
                figures = " ".join(f"{cost:.0f}" for cost in costs)
                show(f"{shape.__name__}, {where}", f"{costs[-1]:.0f}", "retired an instruction", costs[-1] <= PER_INSN,
                     f"{PER_INSN}")
                show("  from size to size", f"{costs[-1] / costs[0]:.2f}", figures, costs[-1] <= GROWTH * costs[0],
                     f"{GROWTH} (linear)")
        few, many = (Program(folder, f"parting{n}", parting(n)).verdict(options.build) for n in (20000, 80000))
        states = many["peak_states"] - few["peak_states"]
        most = Program(folder, "endless", parting(10000000))
        start = time.monotonic()
        verdict = most.verdict(options.build)
        seconds = time.monotonic() - start
        if states <= 0 or verdict["processed_insns"] < LIMIT:
            sys.exit(f"the programs no longer show what they should: {few} {many} {verdict}")
        size = (many["peak_memory"] - few["peak_memory"]) / states
        show("memory of a live state", f"{size:.0f}", f"bytes, {states} states", size <= STATE_BYTES, f"{STATE_BYTES}")
        peak = verdict["peak_memory"] / 2**20
        show("most memory, a million processed", f"{peak:.1f}", f"MiB, {verdict['peak_states']} states", peak <= PEAK_MIB,
             f"{PEAK_MIB}")
        rate = verdict["processed_insns"] / seconds
        show("speed on this machine", f"{rate / 1e6:.2f}", "million processed a second", rate >= PER_SECOND,
             f"{PER_SECOND / 1e6:.0f}")
    if options.check and missed:
        sys.exit(f"missed: {', '.join(missed)}")


if __name__ == "__main__":
    main()
