# SPDX-License-Identifier: MIT OR Apache-2.0
"""Compares the prototypes of linux_kfuncs.def with those of a kernel's BTF, linux_types.btf if none is given.
    check_kernel_functions.py [KERNEL-BTF]"""
import os
import re
import sys

from btf import CONST, ENUM, FUNC, FUNC_PROTO, PTR, STRUCT, TYPE_TAG
from btf_excerpt import Types

HERE = os.path.dirname(os.path.abspath(__file__))


def spelled(types, id):
    type = types.types[id] if id else None
    if type is None:
        return "void"
    if type.kind == PTR:
        target = spelled(types, type.size_or_type)
        return target + ("*" if target.endswith("*") else " *")
    if type.kind == CONST:
        return "const " + spelled(types, type.size_or_type)
    if type.kind == TYPE_TAG:
        return spelled(types, type.size_or_type)
    return {STRUCT: "struct ", ENUM: "enum "}.get(type.kind, "") + type.name.replace("long int", "long")


def declared(type, name):
    return type + name if type.endswith("*") else f"{type} {name}"


def parameter(types, id, name):
    pointer = types.types[id]
    target = types.types[pointer.size_or_type] if pointer.kind == PTR and pointer.size_or_type else None
    if target is None or target.kind != FUNC_PROTO:
        return declared(spelled(types, id), name)
    of_function = ", ".join(spelled(types, target.words[at + 1]) for at in range(0, len(target.words), 2))
    return f"{spelled(types, target.size_or_type)} ({name})({of_function})"


def prototype(types, function):
    type = types.types[types.types[types.by_name[function, FUNC]].size_or_type]
    words = [(types.string(type.words[at]), type.words[at + 1]) for at in range(0, len(type.words), 2)]
    arguments = ", ".join(parameter(types, id, name) for name, id in words) or "void"
    return f"{declared(spelled(types, type.size_or_type), function)}({arguments})"


def main():
    types = Types(sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "linux_types.btf"))
    with open(os.path.join(HERE, "..", "..", "runtime", "abi", "linux_kfuncs.def"), encoding="utf-8") as table:
        rows = re.findall(r'^KBPF_KERNEL_FUNCTION\(\w+, (\w+), .*?"(.*?)"\)', table.read(), re.M | re.S)
    wrong = 0
    for name, text in rows:
        known = prototype(types, f"bpf_{name}") if (f"bpf_{name}", FUNC) in types.by_name else "nothing of that name"
        if known != text:
            wrong += 1
            print(f"{text}\n    the kernel has {known}")
    print(f"{len(rows)} kernel functions, {wrong} differ from the kernel's")
    sys.exit(wrong != 0)


if __name__ == "__main__":
    main()
