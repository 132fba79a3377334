#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Makes the kernel's embedded symbol table from a linked kernel.

usage: make_symbols.py --nm LLVM-NM --cxxfilt LLVM-CXXFILT --kernel ELF --aliases FILE [--names FILE] --output FILE
       make_symbols.py ... --kernel ELF --check FILE      fails where ELF's symbols are not those in FILE

Format, little-endian: u32 function_count, name_count, variable_count; functions by address {u32 offset from text_start, size,
raw name, demangled name}; names by text {u32 text, length, function}; variables that have a name in C, by address {u32 offset
from data_start, or with bit 31 from bss_start, name}; texts, each terminated. Text offsets count from the first text.
machine/symbols.cpp reads it.
"""
import argparse
import re
import struct
import subprocess
import sys


def run(command, text=None):
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


def read_functions(nm, kernel):
    """[(address, size, raw name)] by address, one for each address, and text_start."""
    found, base = {}, None
    for line in run([nm, "--print-size", "--numeric-sort", kernel]).splitlines():
        fields = line.split()
        if fields[-1] == "text_start":
            base = int(fields[0], 16)
        if len(fields) == 4 and fields[2] in "tTwW":
            address, size, _, name = fields
            if int(size, 16):
                found.setdefault(int(address, 16), []).append((int(size, 16), name))
    if base is None:
        sys.exit(f"{kernel}: no symbol text_start")
    functions = []
    for address in sorted(found):
        for size, name in sorted(found[address], key=lambda entry: entry[1]):
            functions.append((address, size, name))
    return functions, base


def read_variables(nm, kernel):
    """[(offset from the start of .data, or with bit 31 of .bss, name)] by address: the two do not move alike."""
    found, starts = [], {}
    for line in run([nm, "--print-size", "--numeric-sort", kernel]).splitlines():
        fields = line.split()
        if fields[-1] in ("data_start", "bss_start"):
            starts[fields[-1]] = int(fields[0], 16)
        if len(fields) == 4 and fields[2] in "BD" and int(fields[1], 16) and re.fullmatch(r"(?!_Z)\w+", fields[3]):
            found.append((int(fields[0], 16), fields[3]))
    data, bss = starts["data_start"], starts["bss_start"]
    return [(address - bss | 1 << 31 if address >= bss else address - data, name)
            for address, name in found if address >= data]


def without_parameters(name):
    """The demangled name up to its parameter list; the name itself where it has none."""
    end = len(name)
    clone = re.search(r"( \[clone [^]]*\]| \(\.[^)]*\))+$", name)
    if clone:
        end = clone.start()
    while True:
        for qualifier in (" const", " volatile", " &", " &&"):
            if name.endswith(qualifier, 0, end):
                end -= len(qualifier)
                break
        else:
            break
    if end == 0 or name[end - 1] != ")":
        return name
    depth = 0
    for at in range(end - 1, -1, -1):
        depth += (name[at] == ")") - (name[at] == "(")
        if depth == 0:
            return name[:at] if at else name
    return name


def read_aliases(path):
    aliases = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.split("#")[0].strip()
            if not line:
                continue
            alias, separator, target = line.rpartition(" = ")
            if not separator:
                sys.exit(f"{path}:{number}: expected 'alias = function'")
            aliases.append((number, alias.strip(), target.strip()))
    return aliases


def expand(aliases, names):
    """Lines with a '*' on both sides stand for one alias for each function whose name, but for identifiers in the '*''s place, is
    the target's."""
    for number, alias, target in aliases:
        if "*" not in target:
            yield number, alias, target
            continue
        pattern = re.compile(re.escape(target).replace(r"\*", r"(\w+)"))
        for name in sorted(names):
            if (match := pattern.fullmatch(name)) and len(names[name]) == 1:
                yield number, alias.replace("*", match[1]), name


def build_table(functions, base, demangled, aliases, alias_path, short_names, variables):
    texts, offsets = bytearray(), {}

    def text_at(text):
        if text not in offsets:
            offsets[text] = len(texts)
            texts.extend(text.encode() + b"\0")
        return offsets[text]

    names = {}  # text -> indices of functions
    for index, ((_, _, raw), pretty) in enumerate(zip(functions, demangled)):
        for text in {raw, pretty, without_parameters(pretty)}:
            names.setdefault(text, set()).add(index)
    for number, alias, target in expand(aliases, names):
        if len(names.get(target, ())) != 1:
            sys.exit(f"{alias_path}:{number}: {len(names.get(target, ()))} functions are called '{target}'")
        names.setdefault(alias, set()).update(names[target])

    indices_of = {raw: index for index, (_, _, raw) in enumerate(functions)}
    for short, raw in short_names:
        if names.setdefault(short, {indices_of[raw]}) != {indices_of[raw]}:
            sys.exit(f"several functions are called '{short}'")

    entries = b"".join(
        struct.pack("<4I", address - base, size, text_at(raw), text_at(pretty))
        for (address, size, raw), pretty in zip(functions, demangled))
    pairs = sorted((text.encode(), index) for text, indices in names.items() for index in indices)
    name_entries = b"".join(
        struct.pack("<3I", text_at(text.decode()), len(text), index) for text, index in pairs)
    variable_entries = b"".join(struct.pack("<2I", offset, text_at(name)) for offset, name in variables)
    counts = struct.pack("<3I", len(functions), len(pairs), len(variables))
    return counts + entries + name_entries + variable_entries + bytes(texts)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--names", help="lines 'short name, tab, raw name': the names that the kernel's BTF has")
    for option in ("--nm", "--cxxfilt", "--kernel", "--aliases"):
        parser.add_argument(option, required=True)
    parser.add_argument("--output")
    parser.add_argument("--check")
    args = parser.parse_args()

    functions, base = read_functions(args.nm, args.kernel)
    short_names = []
    if args.names:
        with open(args.names, encoding="utf-8") as file:
            short_names = [line.rstrip("\n").split("\t") for line in file]
    raw_names = "".join(name + "\n" for _, _, name in functions)
    demangled = run([args.cxxfilt], raw_names).splitlines()
    table = build_table(functions, base, demangled, read_aliases(args.aliases), args.aliases, short_names,
                        read_variables(args.nm, args.kernel))
    if args.output:
        with open(args.output, "wb") as file:
            file.write(table)
    if args.check:
        with open(args.check, "rb") as file:
            if file.read() != table:
                sys.exit(f"{args.kernel}: functions or variables moved between the two links")


main()
