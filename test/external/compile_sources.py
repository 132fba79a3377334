#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Other projects' BPF programs, taken as they are: each that clang-19 compiles, bpfcc compiles.

Fetches Debian source packages (scripts/fetch-sources.sh) and libbpf's headers into FOLDER, which only clang is given; bpfcc
has its own. For Linux both objects must have the same programs, maps and BTF functions. For kbpf a program compiles, or
bpfcc names what the kernel lacks. Prints a table; fails where a line of it says so.
    compile_sources.py [--bpfcc PATH] [--verbose] [FOLDER]"""
import argparse
import collections
import glob
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CLANG = "/usr/lib/llvm-19/bin/clang"
READELF = "/usr/lib/llvm-19/bin/llvm-readelf"
# Package: where its programs are, and the folders that its own build gives by -I.
PACKAGES = {
    "xdp-tools": (["xdp-*/*.bpf.c", "xdp-dump/*_*.c", "lib/util/*.bpf.c", "lib/libxdp/*_prog*.c", "lib/libxdp/tests/xdp_*.c",
                   "lib/testing/xdp_*.c", "lib/testing/test_long_func_name.c"], ["headers", "lib/libxdp"]),
    "suricata": (["ebpf/*.c"], ["ebpf"]),
    "systemd": (["src/core/bpf/*/*.bpf.c"], []),
}


def run(*command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", **options)


def fetch(folder):
    for package in PACKAGES:
        if not os.path.isdir(os.path.join(folder, package)):
            run(os.path.join(ROOT, "scripts", "fetch-sources.sh"), folder, package)
    headers = os.path.join(folder, "libbpf-dev")
    if not os.path.isdir(headers):
        os.makedirs(headers)
        run("apt-get", "-q", "download", "libbpf-dev", cwd=headers)
        for package in glob.glob(os.path.join(headers, "*.deb")):
            run("dpkg", "-x", package, headers)
    return os.path.join(headers, "usr", "include")


def contents(path):
    """Programs (name, section), maps and BTF functions of an object."""
    sections, symbols = {}, set()
    for line in run(READELF, "-SW", path).stdout.splitlines():
        found = re.match(r"\s*\[\s*(\d+)\] (\S+)\s+PROGBITS\s.*\sAX\s", line)
        if found:
            sections[found[1]] = found[2]
    for line in run(READELF, "-sW", path).stdout.splitlines():
        fields = line.split()
        if len(fields) == 8 and fields[3] == "FUNC" and sections.get(fields[6], ".text") != ".text":
            symbols.add((fields[7], sections[fields[6]]))
    maps, functions, section, variables = set(), set(), "", {}
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
    return symbols, maps, functions


def causes(output):
    """What a compiler's errors come down to: the text without places and names of registers."""
    found = collections.OrderedDict()
    for line in output.splitlines():
        match = re.search(r"error: (.*)", line)
        if match:
            found[match[1]] = None
    return list(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bpfcc", default=os.path.join(ROOT, "build", "bin", "bpfcc"))
    parser.add_argument("--verbose", action="store_true", help="show every error")
    parser.add_argument("folder", nargs="?", default=os.path.join(ROOT, "build", "sources"))
    options = parser.parse_args()
    os.makedirs(options.folder, exist_ok=True)
    libbpf = fetch(options.folder)
    out = os.path.join(options.folder, "objects")
    os.makedirs(out, exist_ok=True)
    failures = compiled = 0
    print(f"{'source':52} {'clang':6} {'linux':8} kbpf")
    for package, (patterns, include) in PACKAGES.items():
        base = os.path.join(options.folder, package)
        if not os.path.isdir(base):
            print(f"{package}: the mirror does not have it")
            continue
        for path in sorted({path for pattern in patterns for path in glob.glob(os.path.join(base, pattern))}):
            name = os.path.relpath(path, options.folder)
            flags = ["-O2", "-g", "-c", "-D__TARGET_ARCH_x86", "-Wno-everything"]
            flags += [f"-I{os.path.join(base, folder)}" for folder in include]
            stem = os.path.join(out, name.replace("/", "_"))
            plain = run(CLANG, "-target", "bpf", *flags, "-idirafter", libbpf, "-idirafter",
                        "/usr/include/x86_64-linux-gnu", path, "-o", stem + ".clang.o")
            if plain.returncode:
                print(f"{name:52} no     -        -")
                continue
            compiled += 1
            linux = run(options.bpfcc, "--abi=linux", *flags, path, "-o", stem + ".linux.o")
            verdict = "ok"
            if linux.returncode:
                # libbpf does not load these either; the error says how to write them.
                legacy = 'map definitions in SEC("maps")' in linux.stdout
                verdict = "legacy" if legacy else "FAILS"
            else:
                kinds = ["programs", "maps", "functions"]
                differ = [kind for kind, a, b in zip(kinds, contents(stem + ".clang.o"), contents(stem + ".linux.o")) if a != b]
                verdict = f"DIFFERS: {','.join(differ)}" if differ else "ok"
            failures += verdict not in ("ok", "legacy")
            kernel = run(options.bpfcc, *flags, path, "-o", stem + ".kbpf.o")
            found = causes(kernel.stdout)
            print(f"{name:52} ok     {verdict:8} {'ok' if not kernel.returncode else '; '.join(found[:2])[:150]}")
            if options.verbose:
                for line in causes(linux.stdout) if linux.returncode else found:
                    print(f"    {line}")
    print(f"{compiled} sources that clang compiles, {failures} that bpfcc does not compile to the same for Linux")
    return failures != 0


if __name__ == "__main__":
    sys.exit(main())
