#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Other projects' BPF programs, taken as they are: each that clang-19 compiles, bpfcc compiles.

Fetches Debian packages (packages.py, scripts/fetch-sources.sh) into FOLDER. clang is given libbpf's headers; bpfcc has its
own, and is given libbpf's in a second run. For Linux the objects must have the same programs, maps, BTF functions and
undefined symbols, and bpftool must read bpfcc's (btf dump, gen skeleton, gen object). For kbpf a program compiles, or bpfcc
names what the kernel lacks. Prints a line for each source and a table of packages; fails where one differs.
    compile_sources.py [--bpfcc PATH] [--verbose] [--only TEXT] [FOLDER]"""
import argparse
import collections
import concurrent.futures
import os
import re
import subprocess
import sys

import packages

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CLANG = "/usr/lib/llvm-19/bin/clang"
READELF = "/usr/lib/llvm-19/bin/llvm-readelf"


def run(*command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", **options)


def contents(path):
    """Programs (name, section), maps, BTF functions and undefined symbols of an object."""
    sections, symbols, undefined = {}, set(), set()
    for line in run(READELF, "-SW", path).stdout.splitlines():
        found = re.match(r"\s*\[\s*(\d+)\] (\S+)\s+PROGBITS\s.*\sAX\s", line)
        if found:
            sections[found[1]] = found[2]
    for line in run(READELF, "-sW", path).stdout.splitlines():
        fields = line.split()
        if len(fields) == 8 and fields[3] == "FUNC" and sections.get(fields[6], ".text") != ".text":
            symbols.add((fields[7], sections[fields[6]]))
        if len(fields) == 8 and fields[6] == "UND":
            undefined.add(fields[7])
    maps, functions, section = set(), set(), ""
    for line in run("bpftool", "btf", "dump", "file", path).stdout.splitlines():
        found = re.match(r"\[(\d+)\] (\w+) '([^']*)'(.*)", line)
        if found:
            section = found[3] if found[2] == "DATASEC" else ""
            if found[2] == "FUNC" and "linkage=extern" not in found[4]:
                functions.add(found[3])
        elif section == ".maps":
            found = re.search(r"\(VAR '([^']*)'\)", line)
            if found:
                maps.add(found[1])
    return symbols, maps, functions, undefined


def causes(output):
    """What a compiler's errors come down to: the text without places and names of registers."""
    found = collections.OrderedDict()
    for line in output.splitlines():
        match = re.search(r"error: (.*)", line)
        if match:
            found[match[1]] = None
    return list(found)


def bpftool_refuses(path):
    """The first of bpftool's commands that does not take the object."""
    for command in (["btf", "dump", "file", path], ["gen", "skeleton", path], ["gen", "object", path + ".linked", path]):
        if run("bpftool", *command).returncode:
            return "bpftool " + " ".join(command[:2])
    return None


def same_as_clang(path, clang):
    kinds = ["programs", "maps", "functions", "undefined symbols"]
    differ = [kind for kind, a, b in zip(kinds, contents(clang), contents(path)) if a != b]
    return f"DIFFERS: {', '.join(differ)}" if differ else None


def compile_one(options, headers, vmlinux, out, source):
    """(package, name, verdict, of kbpf: causes); verdict None: clang does not compile it."""
    package, described, path = source
    name = os.path.relpath(path, options.folder)
    stem = os.path.join(out, name.replace("/", "_"))
    flags = ["-O2", "-g", "-c", "-D__TARGET_ARCH_x86", "-Wno-everything"]
    flags += packages.include_flags(options.folder, package, described) + described.flags
    base = packages.base_of(options.folder, package)
    given = [f"-I{headers}", f"-I{vmlinux}"]
    # glibc's headers ask what machine it is; some of the packages' own builds say so.
    for machine in [], ["-D__x86_64__"]:
        clang = run(CLANG, "-target", "bpf", *flags, *machine, *given, "-idirafter", "/usr/include/x86_64-linux-gnu", path,
                    "-o", stem + ".clang.o", cwd=base)
        if clang.returncode == 0:
            flags += machine
            break
    else:
        return package, name, None, []
    verdict = None
    for kind, arguments in (("own", given[1:]), ("given", given)):
        output = f"{stem}.{kind}.o"
        linux = run(options.bpfcc, "--abi=linux", *flags, *arguments, path, "-o", output, cwd=base)
        if linux.returncode:
            # libbpf does not load these either; the error says how to write them.
            legacy = 'map definitions in SEC("maps' in linux.stdout
            verdict = verdict or ("legacy" if legacy else f"FAILS: {(causes(linux.stdout) or [linux.stdout])[0]}")
        else:
            refused = not bpftool_refuses(stem + ".clang.o") and bpftool_refuses(output)
            verdict = verdict or same_as_clang(output, stem + ".clang.o") or (f"FAILS: {refused}" if refused else None)
    kernel = run(options.bpfcc, *flags, given[1], path, "-o", stem + ".kbpf.o", cwd=base)
    return package, name, verdict or "ok", causes(kernel.stdout) or ["?"] if kernel.returncode else []


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bpfcc", default=os.path.join(ROOT, "build", "bin", "bpfcc"))
    parser.add_argument("--verbose", action="store_true", help="show every error")
    parser.add_argument("--only", default="", help="sources with this in their path")
    parser.add_argument("folder", nargs="?", default=os.path.join(ROOT, "build", "sources"))
    options = parser.parse_args()
    options.folder = os.path.abspath(options.folder)
    os.makedirs(options.folder, exist_ok=True)
    headers, vmlinux = packages.fetch(options.folder, ROOT)
    out = os.path.join(options.folder, "objects")
    os.makedirs(out, exist_ok=True)
    table = collections.defaultdict(collections.Counter)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        found = [source for source in packages.sources(options.folder) if options.only in source[2]]
        for package, name, verdict, lacking in pool.map(
                lambda source: compile_one(options, headers, vmlinux, out, source), found):
            counts = table[package]
            counts["sources"] += 1
            if verdict is None:
                continue
            counts["clang"] += 1
            counts["same" if verdict == "ok" else "legacy" if verdict == "legacy" else "differ"] += 1
            counts["kbpf" if not lacking else "lacking"] += 1
            print(f"{name}: {verdict}; kbpf: {'; '.join(lacking if options.verbose else lacking[:2])[:200] or 'ok'}",
                  flush=True)
    columns = ["sources", "clang", "same", "legacy", "differ", "kbpf", "lacking"]
    print(f"\n{'package':28}" + "".join(f"{column:>9}" for column in columns))
    for package, counts in [*table.items(), ("all", sum(table.values(), collections.Counter()))]:
        print(f"{package:28}" + "".join(f"{counts[column]:9}" for column in columns))
    return sum(counts["differ"] for counts in table.values()) != 0


if __name__ == "__main__":
    sys.exit(main())
