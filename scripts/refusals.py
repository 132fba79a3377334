#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The examples of the verifier's refusals: for each row of rejections.def a program that is refused and one that is accepted,
out of the lit tests in test/lit/verifier. A test in refusals/ is named by the id; for ids that have none there, the first in
mistakes/ that expects it stands.
    refusals.py --code OUT      writes them as C++ for bpfcc --explain
generate_docs.py makes docs/refusals.md of them."""
import glob
import os
import re
import sys
from dataclasses import dataclass

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TESTS = os.path.join(ROOT, "test", "lit", "verifier")
TABLE = os.path.join(ROOT, "runtime", "core", "verifier", "rejections.def")


@dataclass
class Refusal:
    id: str  # V001
    name: str
    text: str
    refused: str
    accepted: str
    advice: str


def variant(numbered, mended):
    """The program with one side of each #ifdef MENDED: lines of (number, line), which stay together."""
    kept, keep = [], True
    for number, line in numbered:
        if line in ("#ifdef MENDED", "#ifndef MENDED"):
            keep = mended == (line == "#ifdef MENDED")
        elif line == "#else":
            keep = not keep
        elif line == "#endif":
            keep = True
        elif keep:
            kept.append((number, line))
    return kept


def example(path):
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("#include"))
    advice = [line[3:] for line in lines[1:first] if line.startswith("// ") and not re.match(r"// [A-Z-]+:", line)]
    body = list(enumerate(line for line in lines[first:] if "common.h" not in line))
    refused, accepted = ("\n".join(line for _, line in variant(body, mended)).strip() + "\n" for mended in (False, True))
    return refused, accepted, advice[-1]


def examples_by_id():
    found = {}
    for path in sorted(glob.glob(os.path.join(TESTS, "mistakes", "*.c"))):
        with open(path, encoding="utf-8") as file:
            expected = re.search(r"^// CHECK: .*\[(V\d+)", file.read(), re.M)
        if expected:
            found.setdefault(expected[1].ljust(4), path)
    for path in glob.glob(os.path.join(TESTS, "refusals", "V*.c")):
        found[os.path.basename(path)[:4]] = path
    return found


def refusals():
    """In the order of the table. Ends the process where an id has no example, or an example no id."""
    examples, rows = examples_by_id(), []
    with open(TABLE, encoding="utf-8") as file:
        table = re.findall(r'^KBPF_REJECTION\((\d+), \w+, "([^"]+)", \w+, "([^"]+)"\)', file.read(), re.M)
    for number, name, text in table:
        id = f"V{int(number):03}"
        if id not in examples:
            sys.exit(f"test/lit/verifier: no example of {id} {name}")
        rows.append(Refusal(id, name, text, *example(examples.pop(id))))
    for path in glob.glob(os.path.join(TESTS, "refusals", "V*.c")):
        if os.path.basename(path).removesuffix(".c") not in (f"{row.id}-{row.name}" for row in rows):
            sys.exit(f"{path}: rejections.def has no such id and name")
    return rows


def main():
    if len(sys.argv) != 3 or sys.argv[1] != "--code":
        sys.exit(__doc__)
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        for row in refusals():
            out.write(f'{{{int(row.id[1:])}, R"~({row.refused})~", R"~({row.accepted})~", R"~({row.advice})~"}},\n')


if __name__ == "__main__":
    main()
