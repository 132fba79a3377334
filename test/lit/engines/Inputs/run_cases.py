#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Runs the programs of a file through both engines, as conformance plugins, and compares r0.

  run_cases.py FILE.s BIN_DIR      prints each difference and the number of cases; exit code 1 where one differs

FILE.s holds cases in LLVM's BPF assembly, each headed by a line  #= NAME: RESULT [memory=HEX]  where RESULT is r0 in
hexadecimal. Written by macros, as LLVM 19 has no syntax for them: a call of a BPF function,  pseudo_call LABEL;
load_acquire SIZE, DST, SRC, OFF  and  store_release SIZE, DST, OFF, SRC  with sizes 1, 2, 4, 8 and numbers of registers."""
import re
import struct
import subprocess
import sys
import tempfile

MACROS = """
.macro pseudo_call target
.byte 0x85, 0x10, 0, 0
.long (\\target - . - 4) / 8
.endm
.macro ordered size, regs, off, operation
.ifeq \\size - 1
.byte 0xd3
.endif
.ifeq \\size - 2
.byte 0xcb
.endif
.ifeq \\size - 4
.byte 0xc3
.endif
.ifeq \\size - 8
.byte 0xdb
.endif
.byte \\regs
.short \\off
.long \\operation
.endm
.macro load_acquire size, dst, src, off
ordered \\size, \\dst | \\src << 4, \\off, 0x100
.endm
.macro store_release size, dst, off, src
ordered \\size, \\dst | \\src << 4, \\off, 0x110
.endm
"""


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
    text = MACROS + "".join(f'.section case{i},"ax"\n{"".join(c[3])}\n' for i, c in enumerate(cases))
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
