# SPDX-License-Identifier: MIT OR Apache-2.0
"""Compares what the verifier says of the corpus in each place: on the host (judge-batch), in the kernel (linux_load.c in the
guest), and in kbpf-verify and bpfcc, which see the programs that need no map, types or flags as objects. Verdict and id must be the same. So must
the statistics: instructions processed, states made and alive at once, checkpoints of an instruction, and how far a demand was
handed back; those of the kernel as its log has them at level 4 (BPF_LOG_STATS), those of bpfcc from --verify-report.

usage: same_verdicts.py BATCH HOST KERNEL KBPF-VERIFY BPFCC FOLDER            exit 1 where they differ"""
import json
import os
import re
import subprocess
import sys

import batch

SECTIONS = {1: "socket", 2: "kprobe/do_exit", 5: "tracepoint/sched/sched_switch", 6: "xdp",
            17: "raw_tracepoint/sched_switch"}
# The kernel turns fds into maps before it verifies, and there is no such fd.
REFUSED_EARLIER = {"map-unknown", "edge-map-reference-second-word"}
# It calls a helper of Linux's that the kernel lacks; kbpf-verify judges such objects by what Linux has.
HELPER_OF_LINUX = {"edge-not-sleepable-helper"}


def verdicts(path):
    lines = (line.rstrip("\n").split("\t") for line in open(path, errors="replace"))
    return {fields[0]: fields[1:] for fields in lines if len(fields) >= 6}


def names_map(program):
    code = program.insns
    return any(code[at] == 0x18 and code[at + 1] >> 4 in (1, 2, 5, 6) for at in range(0, len(code), 8))


def assemble(folder, programs):
    """An object of {number: program}, each the function p<number>."""
    source, file = os.path.join(folder, "corpus.s"), os.path.join(folder, "corpus.o")
    with open(source, "w", encoding="utf-8") as out:
        out.write('.section license,"aw",@progbits\n.asciz "GPL"\n')
        for number, program in programs.items():
            out.write(f'.section {SECTIONS[program.prog_type]},"ax",@progbits\n.globl p{number}\n'
                      f".type p{number},@function\np{number}: .byte {','.join(map(str, program.insns))}\n"
                      f".size p{number}, .-p{number}\n")
    subprocess.run(["clang-19", "--target=bpf", "-c", source, "-o", file], check=True)
    return file


def verify_object(tool, folder, programs):
    """{number: (verdict, id, processed, states)}. What no object may hold (jumps out of a function, say) is left out: the
    linker's errors name it."""
    chosen = dict(programs)
    while True:
        run = subprocess.run([tool, "--json", assemble(folder, chosen)], capture_output=True, text=True, check=False)
        found = json.loads(run.stdout or "[]")
        if found:
            return {int(one["program"][1:]): judged(one) for one in found}
        unfit = {int(number) for number in re.findall(r"in function 'p(\d+)'", run.stderr)} & set(chosen)
        if not unfit:
            sys.exit(f"kbpf-verify: {run.stderr[-500:]}")
        for number in unfit:
            del chosen[number]


def judged(one):
    """A program of a report of kbpf-verify or bpfcc: (verdict, id, statistics)."""
    return ("accepted" if one["accepted"] else "refused", one.get("id", "V000"),
            tuple(one[name] for name in ("processed_insns", "total_states", "max_states_per_insn", "peak_states", "mark_read")))


def compile_objects(bpfcc, folder, programs):
    """{number: verdict} of bpfcc, as its report has it; a refusal's id must be in the error, too. It shows 100 errors at most:
    no object has more programs than that."""
    found, numbers = {}, sorted(programs)
    for first in range(0, len(numbers), 90):
        part = {number: programs[number] for number in numbers[first:first + 90]}
        while True:
            run = subprocess.run([bpfcc, "--verify-report=json", assemble(folder, part), "-o", os.path.join(folder, "out.o")],
                                 capture_output=True, text=True, check=False)
            # Helpers that Linux has and this kernel lacks are named before anything is verified.
            lacking = re.findall(r"error: helper \d+ .* is not in profile .*\(in function 'p(\d+)'", run.stderr)
            if json.loads(run.stdout or "[]") or not lacking:
                break
            for number in map(int, lacking):
                found[number] = ("refused", "V040", None)
                del part[number]
        errors = {int(number): id for id, number in
                  re.findall(r"error: .* \[(V\d{3}) .*\] \(in function 'p(\d+)'", run.stderr)}
        for one in json.loads(run.stdout):
            verdict = judged(one)
            number = int(one["program"][1:])
            found[number] = verdict if errors.get(number, "V000") == verdict[1] else ("error", errors.get(number), ())
    return found


def main():
    path, host, kernel, tool, bpfcc, folder = sys.argv[1:]
    programs, host, kernel = batch.read(path), verdicts(host), verdicts(kernel)
    os.makedirs(folder, exist_ok=True)
    fit = {n: p for n, p in enumerate(programs)
           if p.gpl and p.prog_type in SECTIONS and not names_map(p) and not p.functions
           and p.flags == batch.F_ANY_ALIGNMENT and p.attach_type == 0}
    ours = verify_object(tool, folder, fit)
    compiled = compile_objects(bpfcc, folder, {n: fit[n] for n in ours})
    differ = 0
    for number, program in enumerate(programs):
        verdict, id, processed, states, _, further, _ = host[program.name]
        statistics = tuple(map(int, (processed, states, *further.split(","))))
        there = kernel.get(program.name, ["missing"] + [""] * 4)
        # linux_load asks for no log where too much was walked, which its errno tells.
        id_there = "V010" if there[4] == "(many instructions)" else (re.search(r"(?:^| )(V\d{3}) ", there[4]) or ["", "V000"])[1]
        statistics_there = tuple(map(int, (there[2], there[3], *there[5].split(",")))) if len(there) > 5 else ()
        if (verdict, id, statistics) != (there[0], id_there, statistics_there) and program.name not in REFUSED_EARLIER:
            differ += 1
            print(f"{program.name}: host {verdict} {id} {statistics}, kernel {there}")
        expected = (verdict, id, statistics)
        if ours.get(number, expected) != expected and program.name not in HELPER_OF_LINUX:
            differ += 1
            print(f"{program.name}: host {expected}, kbpf-verify {ours[number]}")
        if number in ours and compiled.get(number) not in (expected, (verdict, id, None)):
            differ += 1
            print(f"{program.name}: host {expected}, bpfcc {compiled.get(number)}")
    print(f"{len(programs)} programs in the kernel, {len(ours)} in kbpf-verify and bpfcc; {differ} differ")
    sys.exit(differ != 0)


main()
