#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes docs/abi.md from docs/abi.md.in and the tables of runtime/abi. In the template a line "@TABLE name" becomes a table
of that .def file's rows (read by the C preprocessor), "@STRUCT name" the layout of that struct. --check compares only."""
import json
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ABI = os.path.join(ROOT, "runtime", "abi")

# table name -> (.def file, macro, its parameters, columns shown as (title, parameter))
TABLES = {
    "commands": ("commands.def", "KBPF_COMMAND", "number name NAME since text",
                 [("cmd", "number"), ("name", "NAME"), ("does", "text")]),
    "map_types": ("map_types.def", "KBPF_MAP_TYPE", "number name NAME uses since text",
                  [("type", "number"), ("name", "NAME"), ("programs may", "uses"), ("is", "text")]),
    "prog_types": ("prog_types.def", "KBPF_PROG_TYPE", "number name NAME context since text",
                   [("type", "number"), ("name", "NAME"), ("context", "context"), ("runs", "text")]),
    "sections": ("prog_types.def", "KBPF_SECTION", "prefix type kind extra since",
                 [("section", "prefix"), ("program type", "type"), ("attach kind", "kind"), ("target", "extra")]),
    "attach_kinds": ("prog_types.def", "KBPF_ATTACH_KIND", "number name text type since",
                     [("number", "number"), ("kind", "text"), ("program type", "type")]),
    "helpers": ("helpers.def", "KBPF_HELPER", "number name ret a1 a2 a3 a4 a5 types flags since prototype text",
                [("number", "number"), ("declaration", "prototype"), ("callable by", "flags"), ("does", "text")]),
    "helpers_zcore": ("helpers_zcore.def", "KBPF_HELPER", "number name ret a1 a2 a3 a4 a5 types flags since prototype text",
                      [("number", "number"), ("declaration", "prototype"), ("state", "flags"), ("does", "text")]),
    "config": ("config.def", "KBPF_CONFIG", "name value text", [("name", "name"), ("value", "value"), ("is", "text")]),
    "errors": ("errors.def", "KBPF_ERROR", "name errno text", [("errno", "errno"), ("error", "name"), ("means", "text")]),
    "context_fields": ("contexts.def", "KBPF_FIELD", "context name offset size access",
                       [("context", "context"), ("field", "name"), ("offset", "offset"), ("bytes", "size"), ("access", "access")]),
}
MACROS = {}
for _, macro, parameters, _ in TABLES.values():
    MACROS[macro] = parameters.split()
MACROS["KBPF_CONTEXT"] = ["name", "size"]
MACROS["KBPF_CONTEXT_END"] = ["name"]
CODE_COLUMNS = {"prototype", "prefix", "NAME", "context", "name"}
FLAG_TEXT = {"0": "", "GPL_ONLY": "GPL-compatible programs", "STUB": "stub", "PANICS": "stops existing kernels"}


def read_rows(file, macro):
    """The arguments of each use of macro in file, as dictionaries."""
    source = ""
    for name, parameters in MACROS.items():
        body = " ".join(f"@@ #{p}" for p in parameters) if name == macro else ""
        source += f"#define {name}({', '.join(parameters)}) {'@ROW ' + body + ' @END' if body else ''}\n"
    source += f'#include "{file}"\n'
    result = subprocess.run(["clang-19", "-E", "-P", "-x", "c", "-I", ABI, "-"], input=source, capture_output=True, text=True,
                            check=True)
    rows = []
    for row in re.findall(r"@ROW(.*?)@END", result.stdout, re.S):
        values = [json.loads(value) for value in re.findall(r'@@\s*("(?:[^"\\]|\\.)*")', row)]
        values = [re.sub(r'"\s*"', "", value) for value in values]
        values = [value[1:-1] if value.startswith('"') else value for value in values]
        rows.append(dict(zip(MACROS[macro], values)))
    if not rows:
        sys.exit(f"{file}: no {macro} found")
    return rows


def table(name):
    file, macro, _, columns = TABLES[name]
    lines = ["| " + " | ".join(title for title, _ in columns) + " |", "|" + " --- |" * len(columns)]
    for row in read_rows(file, macro):
        cells = []
        for _, key in columns:
            value = row[key]
            if key == "flags":
                value = FLAG_TEXT.get(value, value) or ("all programs" if name == "helpers" else "works")
            value = value.replace("|", "\\|")
            cells.append(f"`{value}`" if key in CODE_COLUMNS else value)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


SIZES = {"kbpf_u8": 1, "kbpf_u16": 2, "kbpf_u32": 4, "kbpf_u64": 8, "kbpf_s16": 2, "kbpf_s32": 4, "kbpf_s64": 8, "char": 1}


def struct_layout(name):
    text = "".join(open(os.path.join(ABI, file), encoding="utf-8").read() for file in sorted(os.listdir(ABI)) if file.endswith(".h"))
    match = re.search(r"struct " + name + r" \{(.*?)\n\};", text, re.S)
    if not match:
        sys.exit(f"no struct {name} in runtime/abi")
    lines = ["| offset | bytes | field | |", "| --- | --- | --- | --- |"]
    offset = 0
    for line in match.group(1).splitlines():
        declaration = re.match(r"\s*(\w+) ([^;]+);\s*(?:/\*\s*(.*?)\s*\*/)?", line)
        if not declaration:
            continue
        kind, names, comment = declaration.groups()
        for field in names.split(","):
            field_name, count = re.match(r"\s*(\w+)(?:\[(\w+)\])?", field).groups()
            size = SIZES[kind]
            offset = (offset + size - 1) // size * size
            total = size * (int(count) if count else 1)
            lines.append(f"| {offset} | {total} | `{field_name}` | {comment or ''} |")
            offset += total
            comment = comment if len(names.split(",")) == 1 else ""
    return "\n".join(lines)


def generate(template):
    out = []
    for line in template.splitlines():
        if line.startswith("@TABLE "):
            out.append(table(line.split()[1]))
        elif line.startswith("@STRUCT "):
            out.append(struct_layout(line.split()[1]))
        else:
            out.append(line)
    return "\n".join(out) + "\n"


def main():
    source = os.path.join(ROOT, "docs", "abi.md.in")
    target = os.path.join(ROOT, "docs", "abi.md")
    with open(source, encoding="utf-8") as file:
        text = generate(file.read())
    if "--check" in sys.argv[1:]:
        with open(target, encoding="utf-8") as file:
            if file.read() != text:
                sys.exit("docs/abi.md does not match runtime/abi: run scripts/generate_docs.py")
        return
    with open(target, "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    main()
