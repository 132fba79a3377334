#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes docs/NAME.md from docs/NAME.md.in, for each such template, and the tables of runtime/abi. In a template a line
"@TABLE name" becomes a table of that .def file's rows (read by the C preprocessor), "@STRUCT name" the layout of that struct,
"@LIST name" what one of LISTS says (the examples of refusals come from
refusals.py). --check compares only."""
import json
import os
import re
import subprocess
import sys

import refusals

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
MACROS["KBPF_MAP_USE"] = ["helper", "use"]
MACROS["KBPF_LINUX_HELPER"] = "number name ret a1 a2 a3 a4 a5 types flags".split()
MACROS["KBPF_LINUX_MAP_TYPE"] = ["number", "name", "uses"]
MACROS["KBPF_LINUX_GROUP"] = ["name", "types"]
MACROS["KBPF_LINUX_PROG_TYPE"] = ["number", "name", "context"]
MACROS["KBPF_LINUX_SECTION"] = ["prefix", "type", "extra"]
MACROS["KBPF_LINUX_SOCKET_FIELD"] = ["type", "offset", "kind", "null"]
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


def helper_rows():
    """Helpers of the kbpf profile; what Linux has too may be called by whom Linux lets, as in core/profile."""
    linux = {row["number"]: row for row in read_rows("linux.def", "KBPF_LINUX_HELPER")}
    groups = {row["name"]: row["types"] for row in read_rows("linux.def", "KBPF_LINUX_GROUP")}
    own_types = [row["name"] for row in read_rows("prog_types.def", "KBPF_PROG_TYPE")]

    def expand(types):
        names = set()
        for word in re.split(r"\s*\|\s*", types):
            names |= expand(groups[word]) if word in groups else {word}
        return names
    for row in read_rows("helpers.def", "KBPF_HELPER"):
        theirs = linux.get(row["number"], row)
        types = expand(theirs["types"])
        row["callers"] = "all" if "ANY" in types or types >= set(own_types) else ", ".join(t for t in own_types if t in types)
        row["gpl"] = "yes" if "GPL_ONLY" in theirs["flags"] else ""
        yield row


def helper_table():
    lines = ["| number | declaration | program types | GPL only | does |", "| --- | --- | --- | --- | --- |"]
    for row in helper_rows():
        lines.append(f"| {row['number']} | `{row['prototype']}` | {row['callers']} | {row['gpl']} | {row['text']} |")
    return "\n".join(lines)


def missing(own, own_macro, linux_macro):
    """Names that Linux has and this kernel does not, with their numbers."""
    here = {row["number"] for row in read_rows(own, own_macro)}
    absent = [row for row in read_rows("linux.def", linux_macro) if row["number"] not in here]
    return ", ".join(f"`{row['name']}` ({row['number']})" for row in absent) + "."


def map_type_table():
    """What programs call on each type of map."""
    helpers = {row["name"] for row in read_rows("helpers.def", "KBPF_HELPER")}
    users = {}
    for row in read_rows("map_uses.def", "KBPF_MAP_USE"):
        if row["helper"] in helpers:
            users.setdefault(row["use"], []).append(row["helper"])
    lines = ["| type | name | is | helpers |", "| --- | --- | --- | --- |"]
    for row in read_rows("map_types.def", "KBPF_MAP_TYPE"):
        calls = [f"`{name}`" for use in re.split(r"\s*\|\s*", row["uses"]) for name in users.get(use, [])]
        lines.append(f"| {row['number']} | `{row['name']}` | {row['text']} | {', '.join(calls)} |")
    return "\n".join(lines)


# Linux's commands (include/uapi/linux/bpf.h, enum bpf_cmd) up to 6.12, by number.
LINUX_COMMANDS = """map_create map_lookup_elem map_update_elem map_delete_elem map_get_next_key prog_load obj_pin obj_get prog_attach
prog_detach prog_test_run prog_get_next_id map_get_next_id prog_get_fd_by_id map_get_fd_by_id obj_get_info_by_fd prog_query
raw_tracepoint_open btf_load btf_get_fd_by_id task_fd_query map_lookup_and_delete_elem map_freeze btf_get_next_id map_lookup_batch
map_lookup_and_delete_batch map_update_batch map_delete_batch link_create link_update link_get_fd_by_id link_get_next_id
enable_stats iter_create link_detach prog_bind_map token_create""".split()


def command_table():
    here = {int(row["number"]): row for row in read_rows("commands.def", "KBPF_COMMAND")}
    lines = ["| cmd | name | here | does |", "| --- | --- | --- | --- |"]
    for number, name in enumerate(LINUX_COMMANDS):
        row = here.pop(number, None)
        lines.append(f"| {number} | `{name.upper()}` | {'yes' if row else 'no: EINVAL'} | {row['text'] if row else ''} |")
    lines += [f"| {number} | `{row['NAME']}` | this family's own | {row['text']} |" for number, row in sorted(here.items())]
    return "\n".join(lines)


def refusal_list():
    parts = []
    for row in refusals.refusals():
        parts.append(f"## {row.id} {row.name}\n{row.text[0].upper()}{row.text[1:]}.\n\nRefused:\n```c\n{row.refused}```\nAccepted:\n"
                     f"```c\n{row.accepted}```\n{row.advice}")
    return "\n\n".join(parts)


LISTS = {
    "refusals": refusal_list,
    "helpers": helper_table,
    "missing_helpers": lambda: missing("helpers.def", "KBPF_HELPER", "KBPF_LINUX_HELPER"),
    "map_types": map_type_table,
    "missing_map_types": lambda: missing("map_types.def", "KBPF_MAP_TYPE", "KBPF_LINUX_MAP_TYPE"),
    "commands": command_table,
}


def generate(template):
    out = []
    for line in template.splitlines():
        if line.startswith("@TABLE "):
            out.append(table(line.split()[1]))
        elif line.startswith("@STRUCT "):
            out.append(struct_layout(line.split()[1]))
        elif line.startswith("@LIST "):
            out.append(LISTS[line.split()[1]]())
        else:
            out.append(line)
    return "\n".join(out) + "\n"


def main():
    docs = os.path.join(ROOT, "docs")
    for name in sorted(os.listdir(docs)):
        if not name.endswith(".md.in"):
            continue
        target = name.removesuffix(".in")
        with open(os.path.join(docs, name), encoding="utf-8") as file:
            text = generate(file.read())
        path = os.path.join(docs, target)
        if "--check" not in sys.argv[1:]:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            continue
        with open(path, encoding="utf-8") as file:
            if file.read() != text:
                sys.exit(f"docs/{target} does not match runtime/abi: run scripts/generate_docs.py")


if __name__ == "__main__":
    main()
