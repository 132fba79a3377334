#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""What verification costs: retired instructions for each eBPF instruction that the verifier processes, on the host (callgrind)
and in the kernel (QEMU), for straight code, branches, memory and loops of growing size; the memory of a live state, and the
most memory and time that programs take that run into the limit of a million; and what costs more: branches whose paths meet at
once, small functions, loads of the context, and programs of the size of real ones. Of the kernel both verification and all of
BPF_PROG_LOAD are told, with the JIT in it, and both have to be within the target. --check fails where a figure misses its
target; --host leaves the kernel out.

  verify.py [--build FOLDER] [--host] [--check]"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "test", "oracle"))
sys.dont_write_bytecode = True

import batch  # noqa: E402

LLVM = "/usr/lib/llvm-19/bin"
LIMIT = 1000000
PER_INSN, GROWTH, STATE_BYTES, PEAK_MIB, PER_SECOND = 500, 1.1, 400, 64, 1e6  # targets; growth: of the cost an instruction
SIZES = 1000, 2000, 4000, 8000
# What costs more, or is of another kind: of verification in the kernel; and what Linux 6.12 takes for the same program.
MORE_PER_INSN = {"meeting": (500, None), "functions": (500, None), "context": (500, None), "arithmetic": (500, 2623),
                 "halves": (500, 43444), "own_branches": (500, 3909), "spills": (500, 3297), "long_loop": (500, 5086),
                 "lookups": (500, 3803)}
SOCKET_FILTER = 1
INPUTS = os.path.join(ROOT, "test", "lit", "verifier", "Inputs")
# Programs of real size, on the host: source, options, and the limit of the cost of an instruction that is walked.
REAL = {"dns": ("dns.bpf.c", [], 980), "machine": ("machine.bpf.c", [], 750), "walker": ("walker.bpf.c", [], 880),
        "metadata": ("metadata.bpf.c", ["-DUNROLL", "-DSTRINGS=8", "-DTABLES=3", "-DPAIRS=8"], 890)}
LINUX = "Linux 6.12 for riscv64: 2,600 to 5,600 for each instruction, 43,500 where 4,000 of them need fix-ups"


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


def meeting(size):
    """Each branch is on a number of its own, and its two paths meet at once."""
    body = "".join(f"r6 = *(u32 *)(r8 + {n % 8 * 4}); if r6 > {n % 50} goto l{n}; r7 += 1; l{n}: r7 &= 255; "
                   for n in range(size // 4))
    return "r8 = r1; r7 = 0; " + body + "r0 = r7; exit"


def context(size):
    return "r0 = 0; " + "".join(f"r2 = *(u32 *)(r1 + {n % 8 * 4}); r0 += r2; " for n in range(size // 2)) + "exit"


def functions(size):
    """Calls of 250 functions of four instructions."""
    calls = "".join(f"r1 = {n}; call f{n % 250}; r7 += r0; r7 &= 255; " for n in range(size // 8))
    return "r7 = 0; " + calls + "r0 = r7; exit; " + "".join(f"f{n}: r0 = r1; r0 += {n}; r0 &= 127; exit; "
                                                            for n in range(250))


START = "r6 = *(u32 *)(r1 + 0); r7 = r6; r0 = 0; "  # r6: an unknown number


def arithmetic(size):
    """Twelve operations of 64 bits, in turn on two registers of which little stays known."""
    operations = "+= r6", "^= k", "<<= k", "*= r6", "-= r6", "^= r6", ">>= k", "&= r6", "|= r6", "*= k", "+= k", "s>>= k"
    return START + "".join(f"r{7 * (n % 2)} {operations[n % 12].replace('k', str(1 + n % 13))}; " for n in range(size // 2)) + "exit"


def halves(size):
    """The same with two of them in 32 bits."""
    operations = "+= r6", "^= k", "<<= k", "*= r6", "+= w6", "^= r6", ">>= k", "&= r6", "|= r6", "*= k", "-= r6", "s>>= k"
    return START + "".join(f"{'w' if n % 12 in (4, 9) else 'r'}{7 * (n % 2)} {operations[n % 12].replace('k', str(1 + n % 13))}; "
                           for n in range(size // 2)) + "exit"


def own_branches(size):
    """Each branch is on a bit of its own, which it computes."""
    return START + "".join(f"r2 = r6; r2 >>= {n % 31}; if r2 & 1 goto l{n}; r0 += {n}; l{n}: " for n in range(size // 8)) + "exit"


def spills(size):
    """Numbers that the stack keeps are loaded, changed and stored elsewhere."""
    body = "".join(f"r2 = *(u64 *)(r10 - {n % 16 * 8 + 8}); r2 += r6; *(u64 *)(r10 - {128 - n % 16 * 8}) = r2; "
                   for n in range(size // 6))
    return START + "".join(f"*(u64 *)(r10 - {8 * n}) = r6; " for n in range(1, 17)) + body + "exit"


def lookups(size):
    """Look-ups in a hash table, whose values are read and written."""
    body = "".join(f"*(u64 *)(r10 - 8) = {n}; r2 = r10; r2 += -8; .quad 0x1118; .quad 0; call 1; if r0 == 0 goto l{n}; "
                   f"r2 = *(u64 *)(r0 + 0); *(u64 *)(r0 + 0) = r2; l{n}: " for n in range(size // 9))  # .quad: r1 = the map
    return body + "r0 = 0; exit"


def long_loop(size):
    return (START + "r8 = 0; top: r7 += r8; r7 ^= 85; r7 <<= 1; r2 = r7; r2 >>= 3; r7 += r2; r7 *= r6; r7 ^= r8; r8 += 1; "
            f"if r8 < {size // 8} goto top; r0 = 0; exit")


def parting(rounds):
    """Paths part in every round and differ ever after, so that each round leaves states behind."""
    return ("r9 = *(u32 *)(r1 + 0); r6 = 0; r0 = 0; again: *(u64 *)(r10 - 8) = r6; r6 += 1; if r9 > 100 goto more; r0 = r6; "
            f"r0 &= 7; more: r7 = r0; r8 = r6; if r6 != {rounds} goto again; exit")


def crowded(jumps):
    """The largest states, 60 numbers with bounds on the stack, in a loop that never parts: a checkpoint every `jumps`."""
    spills = "".join(f"r2 = *(u32 *)(r1 + {4 * (n % 8)}); r2 &= {1000 + n}; r2 += {n}; *(u64 *)(r10 - {8 * (n + 1)}) = r2; "
                     for n in range(60))
    never = "".join(f"if r8 == {n} goto out; " for n in range(jumps))
    return f"r8 = 1000; {spills}r6 = 0; again: r6 += 1; {never}if r6 != 1000000000 goto again; out: r0 = 0; exit"


def verifier_insns(command):
    """Retired in the verifier by a command on the host."""
    # glibc clears large memory by one instruction, which callgrind counts once for each byte.
    tunables = "glibc.cpu.x86_rep_stosb_threshold=1000000000:glibc.cpu.x86_rep_movsb_threshold=1000000000"
    run = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                          "--toggle-collect=kbpf::verify(*", *command],
                         capture_output=True, text=True, env={**os.environ, "GLIBC_TUNABLES": tunables})
    count = int(re.search(r"Collected : (\d+)", run.stderr)[1])
    if count == 0:
        sys.exit(f"callgrind did not see the verifier: {run.stderr[-500:]}")
    return count


def real_costs(build, folder):
    """{name: (retired instructions of verification on the host, eBPF instructions processed)} of REAL."""
    costs = {}
    for name, (source, arguments, _) in REAL.items():
        target = os.path.join(folder, name + ".real.o")
        subprocess.run([f"{build}/bin/bpfcc", "--abi=linux", "-O2", *arguments, "-c", os.path.join(INPUTS, source), "-o", target],
                       check=True)
        run = subprocess.run([f"{build}/bin/kbpf-verify", "--json", target], capture_output=True, text=True, check=True)
        processed = sum(verdict["processed_insns"] for verdict in json.loads(run.stdout))
        costs[name] = verifier_insns([f"{build}/bin/kbpf-verify", target]), processed
    return costs


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
        with open(self.raw, "rb") as raw:
            batch.write(self.raw + ".batch", [batch.Program("prog", SOCKET_FILTER, raw.read())])
        return verifier_insns([f"{build}/bin/judge-batch", self.raw + ".batch"])

    def seconds(self, build):
        """Of kbpf-verify as a whole, the best of three: others use the machine, too."""
        best = None
        for _ in range(3):
            start = time.monotonic()
            self.verdict(build)
            took = time.monotonic() - start
            best = took if best is None else min(best, took)
        return best


def guest_insns(build, folder, programs):
    """{program: (retired instructions of its load, of these of verification, eBPF instructions processed)}."""
    loader = os.path.join(folder, "verify")
    subprocess.run(["riscv64-linux-gnu-gcc", "-O2", "-static", os.path.join(ROOT, "bench/verify.c"), "-o", loader], check=True)
    command = [f"{build}/bin/bpfcc-run", "--qemu-arg=-icount", "--qemu-arg=shift=0,sleep=off", "--add", loader]
    names = [os.path.basename(program.raw) for program in programs]
    for program, name in zip(programs, names):
        command += ["--add", f"{program.raw}:/{name}"]
    run = subprocess.run([*command, "--", "verify", *("/" + name for name in names)], capture_output=True, text=True)
    found = {name: (int(retired), 1000 * int(micros), int(processed)) for name, retired, micros, processed
             in re.findall(r"^/(\S+) (\d+) (\d+) (\d+) loaded", run.stdout, re.M)}
    if sorted(found) != sorted(names):
        sys.exit(f"the guest did not load every program: {run.stdout[-500:]}{run.stderr[-500:]}")
    return {program: found[name] for program, name in zip(programs, names)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("--host", action="store_true", help="do not count in the kernel")
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
        guest = {} if options.host else guest_insns(options.build, folder, sum(shapes.values(), []))
        for shape, programs in shapes.items():
            processed = [program.verdict(options.build)["processed_insns"] for program in programs]
            counts = {"host": [program.host_insns(options.build) for program in programs]}
            if guest:
                counts["kernel"] = [guest[program][1] for program in programs]
                counts["all of BPF_PROG_LOAD"] = [guest[program][0] for program in programs]
            for where, retired in counts.items():
                costs = [count / insns for count, insns in zip(retired, processed)]
                figures = " ".join(f"{cost:.0f}" for cost in costs)
                show(f"{shape.__name__}, {where}", f"{costs[-1]:.0f}", "retired an instruction", costs[-1] <= PER_INSN,
                     f"{PER_INSN}")
                show("  from size to size", f"{costs[-1] / costs[0]:.2f}", figures, costs[-1] <= GROWTH * costs[0],
                     f"{GROWTH} (linear)")
        if guest:
            print(f"  {LINUX}")
            more = {shape: Program(folder, shape.__name__, shape(SIZES[-1]))
                    for shape in (meeting, functions, context, arithmetic, halves, own_branches, spills, long_loop, lookups)}
            counts = guest_insns(options.build, folder, list(more.values())).values()
            for shape, (retired, verifying, insns) in zip(more, counts):
                limit, linux = MORE_PER_INSN[shape.__name__]
                show(f"{shape.__name__}, kernel", f"{verifying / insns:.0f}", f"{retired / insns:.0f} with all of the load",
                     verifying <= limit * insns, f"{limit}" + (f"; Linux {linux}" if linux else ""))
        for name, (retired, insns) in real_costs(options.build, folder).items():
            limit = REAL[name][2]
            show(f"{REAL[name][0]}, host", f"{retired / insns:.0f}", f"retired an instruction, {insns} walked",
                 retired <= limit * insns, f"{limit}")
        few, many = (Program(folder, f"parting{n}", parting(n)).verdict(options.build) for n in (20000, 80000))
        states = many["peak_states"] - few["peak_states"]
        if states <= 0:
            sys.exit(f"the programs no longer show what they should: {few} {many}")
        size = (many["peak_memory"] - few["peak_memory"]) / states
        show("memory of a live state", f"{size:.0f}", f"bytes, {states} states", size <= STATE_BYTES, f"{STATE_BYTES}")
        endless = {"one path": parting(10000000), "large states": crowded(0), "large states, many of them": crowded(19),
                   "branches": branches(3 * LIMIT // 100)}
        for what, text in endless.items():
            program = Program(folder, what.replace(" ", "-").replace(",", ""), text)
            verdict = program.verdict(options.build)
            if verdict["processed_insns"] < LIMIT:
                sys.exit(f"{what}: the limit was not reached: {verdict}")
            peak, rate = verdict["peak_memory"] / 2**20, LIMIT / program.seconds(options.build)
            print(f"up to the limit of a million: {what}")
            show("  most memory", f"{peak:.1f}", f"MiB, {verdict['peak_states']} states", peak <= PEAK_MIB, f"{PEAK_MIB}")
            show("  speed on this machine", f"{rate / 1e6:.2f}", "million processed a second", rate >= PER_SECOND,
                 f"{PER_SECOND / 1e6:.0f}")
    if options.check and missed:
        sys.exit(f"missed: {', '.join(missed)}")


if __name__ == "__main__":
    main()
