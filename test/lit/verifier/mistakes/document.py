# SPDX-License-Identifier: MIT OR Apache-2.0
"""The section of docs/verifier.md on typical mistakes, from the examples beside this file and what bpfcc says of them.

usage: document.py BPFCC DOCS [--write]
Without --write: fails where the section in DOCS differs from what would be written."""
import glob
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, *[os.pardir] * 4, "scripts"))
from refusals import variant

BEGIN, END = "<!-- mistakes: written by test/lit/verifier/mistakes/document.py -->\n", "<!-- end of mistakes -->\n"


def example(path, bpfcc, folder):
    lines = open(path).read().splitlines()
    title, advice = lines[1][3:].rstrip("."), lines[2][3:]
    start = lines.index('#include "Inputs/common.h"') + 2
    body = [(number, line) for number, line in enumerate(lines[start:], start + 1)]
    run = subprocess.run([bpfcc, "-O2", os.path.basename(path), "-o", os.path.join(folder, "out.o")], cwd=HERE,
                         capture_output=True, text=True)
    output = run.stderr.replace(os.path.basename(path) + ":", "prog.c:")
    wrong = variant(body, False)
    numbers = {number: index for index, (number, _) in enumerate(wrong, 1)}
    output = re.sub(r"prog\.c:(\d+):", lambda m: f"prog.c:{numbers.get(int(m[1]), 0)}:", output)
    output = re.sub(r"\bline (\d+)", lambda m: f"line {numbers.get(int(m[1]), 0)}", output)
    output = re.sub(r"^( *)(\d+) \|", lambda m: f"{m[1]}{numbers.get(int(m[2]), 0):{len(m[2])}} |", output, flags=re.M)
    added = [line for number, line in variant(body, True) if number not in numbers]
    text = f"### {title}\n```c\n" + "".join(line + "\n" for _, line in wrong) + "```\n```\n" + output + "```\n" + advice
    if added:
        text += " Mended with:\n```c\n" + "".join(line + "\n" for line in added) + "```\n"
    else:
        text += " Mended by leaving the call out.\n"
    return text


def main():
    bpfcc, docs = sys.argv[1:3]
    with tempfile.TemporaryDirectory() as folder:
        section = "".join(example(path, bpfcc, folder) + "\n" for path in sorted(glob.glob(os.path.join(HERE, "*.c"))))
    text = open(docs).read()
    begin, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    if text[begin:end] == section:
        return 0
    if sys.argv[3:] == ["--write"]:
        open(docs, "w").write(text[:begin] + section + text[end:])
        return 0
    sys.stderr.write("the section on mistakes is out of date: run document.py with --write\n")
    return 1


sys.exit(main())
