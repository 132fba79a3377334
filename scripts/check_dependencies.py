#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Enforces docs/architecture.md's "who may include whom" from the compiler's own dependency files: ninja's deps log of the
host build and of the kernel's and the guest programs' builds. Prints each forbidden inclusion; exit 1 where there is one."""
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# Room of a file, by longest matching prefix.
ROOMS = {
    "runtime/abi/": "abi",
    "runtime/core/base/": "core.base",
    "runtime/core/isa/": "core.image",
    "runtime/core/image/": "core.image",
    "runtime/core/profile/": "core.image",
    "runtime/core/": "core",
    "runtime/kernel/": "kernel",
    "runtime/refkernel/": "refkernel",
    "runtime/refkernel/linux/program_types.c": "program_types",
    "runtime/freestanding/": "freestanding",
    "runtime/user/": "user",
    "runtime/tools/": "tools",
    "bpfcc/frontend/": "frontend",
    "bpfcc/frontend/include/": "headers",
    "bpfcc/kernel_types/": "kernel_types",
    "bpfcc/relocator/": "relocator",
    "bpfcc/run/": "run",
    "bpfcc/": "bpfcc",
    "test/": "test",
    "fuzz/": "test",
}
# Files of bpfcc/ that its rooms share: they include nothing of the project but each other.
SHARED = {"bpfcc/diag.h", "bpfcc/diag.cpp", "bpfcc/debug_info.h", "bpfcc/debug_info.cpp"}

CORE = {"abi", "core", "core.base", "core.image", "freestanding"}
ALLOWED = {
    "abi": {"abi"},
    "core.base": {"abi", "core.base", "freestanding"},
    "core.image": {"abi", "core.base", "core.image", "freestanding"},
    "core": CORE,
    "kernel": CORE | {"kernel"},
    "refkernel": CORE | {"kernel", "refkernel"},
    "freestanding": {"freestanding"},
    "user": {"abi", "core.base", "core.image", "freestanding", "user"},
    "tools": CORE | {"tools"},
    # The types of the BPF interface, for the kernel's BTF.
    "program_types": {"headers", "refkernel"},
    "kernel_types": CORE | {"kernel_types", "relocator"},
    "frontend": {"abi", "frontend", "shared"},
    "relocator": CORE | {"relocator", "shared"},
    "run": {"run"},
    "bpfcc": CORE | {"bpfcc", "frontend", "relocator", "shared"},
}
# Outside headers that belong to one room.
LIBRARIES = {"llvm": ("/llvm/", "/clang/", "/llvm-c/", "/clang-c/"), "libelf": ("/libelf.h", "/gelf.h", "/elfutils/")}
LIBRARY_ROOMS = {"llvm": {"frontend", "kernel_types"}, "libelf": {"relocator", "test"}}


def room_of(path):
    if path in SHARED:
        return "shared"
    matches = [prefix for prefix in ROOMS if path.startswith(prefix)]
    return ROOMS[max(matches, key=len)] if matches else None


def inclusions(build):
    """(source, [included files]) of each object that ninja knows in a build folder, as real paths."""
    listing = subprocess.run(["ninja", "-C", build, "-t", "deps"], capture_output=True, text=True, check=False).stdout
    files = []
    for line in listing.splitlines() + [""]:
        if line.startswith("    "):
            files.append(os.path.normpath(os.path.join(build, line.strip())))
        elif files:
            yield files[0], files[1:]
            files = []


def library_of(path):
    if not path.startswith("/usr/"):
        return None
    shown = path.replace("/usr/lib/llvm-19/include/c++", "").replace("/usr/lib/llvm-19/lib/clang/", "")
    shown = shown.replace("/usr/lib/llvm-19/include", "")
    return next((name for name, parts in LIBRARIES.items() if any(part in shown for part in parts)), None)


def check(source, included, errors):
    source_room = room_of(os.path.relpath(source, ROOT))
    if source_room is None or source_room == "test":
        return 0
    for path in included:
        library = library_of(path)
        if library and source_room not in LIBRARY_ROOMS[library]:
            errors.add(f"{os.path.relpath(source, ROOT)} ({source_room}) includes {path} ({library})")
        room = room_of(os.path.relpath(path, ROOT))
        if room and room not in ALLOWED.get(source_room, {source_room}):
            errors.add(f"{os.path.relpath(source, ROOT)} ({source_room}) includes {os.path.relpath(path, ROOT)} ({room})")
    return 1


def main():
    errors = set()
    checked = 0
    for build in ("build", "build/kernel", "build/guest/glibc", "build/guest/musl"):
        folder = os.path.join(ROOT, build)
        if not os.path.exists(os.path.join(folder, "build.ninja")):
            sys.exit(f"{build}: not built")
        for source, included in inclusions(folder):
            checked += check(source, included, errors)
    for error in sorted(errors):
        print(error)
    if not checked:
        sys.exit("no dependency files: nothing was checked")
    print(f"{checked} objects checked, {len(errors)} forbidden inclusions")
    sys.exit(1 if errors else 0)


if __name__ == "__main__":
    main()
