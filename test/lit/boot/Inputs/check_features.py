# SPDX-License-Identifier: MIT OR Apache-2.0
"""Compares what "bpftool feature probe full" says of a guest with what this kernel's tables and docs/helpers.md say: program types,
map types, and for each program type its helpers must be exactly those.   check_features.py SOURCE-TREE < OUTPUT"""
import os
import re
import sys

# What bpftool 7.5 asks for: Linux's types and helpers of its time.
LAST_PROG_TYPE, LAST_MAP_TYPE, LAST_HELPER = 32, 33, 211
UNKNOWN = "Could not determine which helpers are available"


def rows(abi, name, macro):
    """The arguments of each use of macro in a table; texts with commas are cut, and not looked at."""
    with open(os.path.join(abi, name)) as table:
        text = "".join(line for line in table if not line.lstrip().startswith("//"))
    return [[field.strip() for field in use.split(",")] for use in re.findall(rf"^{macro}\((.*)", text, re.M)]


def main():
    source = sys.argv[1]
    abi = os.path.join(source, "runtime", "abi")
    output = sys.stdin.read()
    types = {row[2]: row[1] for row in rows(abi, "prog_types.def", "KBPF_PROG_TYPE") if int(row[0]) <= LAST_PROG_TYPE}
    maps = {row[1] for row in rows(abi, "map_types.def", "KBPF_MAP_TYPE") if int(row[0]) <= LAST_MAP_TYPE}
    helpers = {name: set() for name in types.values()}
    with open(os.path.join(source, "docs", "helpers.md")) as documentation:
        for number, name, callers in re.findall(r"^\| (\d+) \| `[^`]*?(bpf_\w+)\([^`]*` \| ([^|]*) \|", documentation.read(), re.M):
            if int(number) <= LAST_HELPER:
                for caller in helpers if callers == "all" else callers.split(", "):
                    helpers[caller].add(name)

    failures = []

    def compare(what, said, expected):
        failures.extend(f"{what} {name}: said to be there, and is not" for name in sorted(said - expected))
        failures.extend(f"{what} {name}: is there, and not said to be" for name in sorted(expected - said))

    def available(kind):
        lines = re.findall(rf"^eBPF {kind} (\w+) is (NOT )?available$", output, re.M)
        if len(lines) < 20:
            failures.append(f"only {len(lines)} answers about {kind}")
        return {name for name, missing in lines if not missing}

    compare("program type", available("program_type"), set(types.values()))
    compare("map type", available("map_type"), maps)
    sections = re.findall(r"^eBPF helpers supported for program type (\w+):\n((?:\t.*\n)*)", output, re.M)
    for name, listed in sections:
        if UNKNOWN in listed:  # programs of that type are loaded for a target, which bpftool does not have
            continue
        compare(f"helper of {name}", set(re.findall(r"\t- (\w+)", listed)), helpers.get(name, set()))
    if {name for name, _ in sections} < set(types.values()):
        failures.append("not all program types were asked for their helpers")
    print("\n".join(failures) if failures else f"{len(sections)} program types: all as the tables say")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
