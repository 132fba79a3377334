# SPDX-License-Identifier: MIT OR Apache-2.0
"""Compares what the verifier says of the corpus in each place: on the host (judge-batch), in the kernel (linux_load.c in the
guest), and in kbpf-verify and bpfcc, which see the programs that need no map, types or flags as objects. Verdict and id must be
the same. Those
of host and kbpf-verify also have the same statistics; the kernel's log tells them with the whole path only, bpfcc does not.

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
REFUSED_EARLIER = {"map-unknown"}


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
            return {int(one["program"][1:]): ("accepted" if one["accepted"] else "refused", one.get("id", "V000"),
                                              one["processed_insns"], one["total_states"]) for one in found}
        unfit = {int(number) for number in re.findall(r"in function 'p(\d+)'", run.stderr)} & set(chosen)
        if not unfit:
            sys.exit(f"kbpf-verify: {run.stderr[-500:]}")
        for number in unfit:
            del chosen[number]


def compile_objects(bpfcc, folder, programs):
    """{number: id} of bpfcc's refusals. It shows 100 errors at most: no object has more programs than that."""
    refusals, numbers = {}, sorted(programs)
    for first in range(0, len(numbers), 90):
        file = assemble(folder, {number: programs[number] for number in numbers[first:first + 90]})
        run = subprocess.run([bpfcc, file, "-o", os.path.join(folder, "out.o")], capture_output=True, text=True, check=False)
        refusals |= {int(number): id
                     for id, number in re.findall(r"error: .* \[(V\d{3}) .*\] \(in function 'p(\d+)'", run.stderr)}
    return refusals


def main():
    path, host, kernel, tool, bpfcc, folder = sys.argv[1:]
    programs, host, kernel = batch.read(path), verdicts(host), verdicts(kernel)
    os.makedirs(folder, exist_ok=True)
    fit = {n: p for n, p in enumerate(programs)
           if p.gpl and p.prog_type in SECTIONS and not names_map(p) and not p.functions
           and p.flags == batch.F_ANY_ALIGNMENT and p.attach_type == 0}
    ours = verify_object(tool, folder, fit)
    refused = compile_objects(bpfcc, folder, {n: fit[n] for n in ours})
    differ = 0
    for number, program in enumerate(programs):
        verdict, id, processed, states = host[program.name][:4]
        there = kernel.get(program.name, ["missing"] + [""] * 4)
        id_there = re.match(r"V\d{3}|", there[4])[0] or "V000"
        if (verdict, id) != (there[0], id_there) and program.name not in REFUSED_EARLIER:
            differ += 1
            print(f"{program.name}: host {verdict} {id}, kernel {there}")
        expected = (verdict, id, int(processed), int(states))
        if ours.get(number, expected) != expected:
            differ += 1
            print(f"{program.name}: host {expected}, kbpf-verify {ours[number]}")
        if number in ours and refused.get(number, "V000") != id:
            differ += 1
            print(f"{program.name}: host {verdict} {id}, bpfcc {refused.get(number)}")
    print(f"{len(programs)} programs in the kernel, {len(ours)} in kbpf-verify and bpfcc; {differ} differ")
    sys.exit(differ != 0)


main()
