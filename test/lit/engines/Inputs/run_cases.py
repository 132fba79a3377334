#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Runs the programs of a file through both engines, as conformance plugins, and compares r0.

  run_cases.py FILE.s BIN_DIR      prints each difference and the number of cases; exit code 1 where one differs

FILE.s holds cases in LLVM's BPF assembly, each headed by a line  #= NAME: RESULT [memory=HEX]  where RESULT is r0 in
hexadecimal. A call of a BPF function is written  pseudo_call LABEL."""
import re
import struct
import subprocess
import sys
import tempfile

PSEUDO_CALL = ".macro pseudo_call target\n.byte 0x85, 0x10, 0, 0\n.long (\\target - . - 4) / 8\n.endm\n"


def parse(path):
    cases = []
    for line in open(path, encoding="utf-8"):
        head = re.match(r"#= (.+): ([0-9a-f]+)(?: memory=([0-9a-f]*))?$", line.strip())
        if head:
            cases.append((head[1], int(head[2], 16), head[3] or "", []))
        elif cases:
            cases[-1][3].append(line)
    return cases


def assemble(cases):
    """The code of each case, from one run of the assembler: each is a section of its own."""
    text = PSEUDO_CALL + "".join(f'.section case{i},"ax"\n{"".join(c[3])}\n' for i, c in enumerate(cases))
    with tempfile.NamedTemporaryFile(suffix=".o") as out:
        subprocess.run(["llvm-mc", "-triple=bpfel", "-mcpu=v4", "-filetype=obj", "-o", out.name],
                       input=text.encode(), check=True)
        data = out.read()
    table, = struct.unpack_from("<Q", data, 0x28)
    count, names = struct.unpack_from("<HH", data, 0x3c)
    headers = [struct.unpack_from("<IIQQQQ", data, table + 64 * i) for i in range(count)]
    code = {}
    for name, _, _, _, offset, size in headers:
        at = headers[names][4] + name
        code[data[at:data.index(b"\0", at)].decode()] = data[offset:offset + size]
    return [code[f"case{i}"] for i in range(len(cases))]


def main():
    path, bin_dir = sys.argv[1:]
    cases = parse(path)
    differences = 0
    for (name, expected, memory, _), code in zip(cases, assemble(cases)):
        for engine in "kbpf-interp", "kbpf-jit":
            run = subprocess.run([f"{bin_dir}/{engine}", memory, "--no-verify"], input=code.hex(), text=True,
                                 capture_output=True, check=False)
            if run.returncode or int(run.stdout, 16) != expected:
                differences += 1
                print(f"{engine}: {name}: {run.stdout.strip() or run.stderr.strip()}, not {expected:x}")
    print(f"{len(cases)} cases, {differences} differences")
    sys.exit(differences != 0 or not cases)


main()
