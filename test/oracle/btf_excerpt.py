# SPDX-License-Identifier: MIT OR Apache-2.0
"""Takes types out of a kernel's BTF: those that are named, what lies in them by value, and of the structures that they only
point to the name and size. Functions and tracepoints come with their prototypes. What is left is laid out as in the kernel.
    btf_excerpt.py KERNEL-BTF OUT NAME..."""
import struct
import sys

from btf import (ARRAY, CONST, DECL_TAG, ENUM, ENUM64, FLOAT, FUNC, FUNC_PROTO, FWD, INT, PTR, RESTRICT, STRUCT, TYPE_TAG, TYPEDEF,
                 UNION, VOLATILE, Btf)

VAR, DATASEC = 14, 15
MODIFIERS = (TYPEDEF, VOLATILE, CONST, RESTRICT, TYPE_TAG)
WORDS = {INT: (1, 0), ARRAY: (3, 0), STRUCT: (0, 3), UNION: (0, 3), ENUM: (0, 2), FUNC_PROTO: (0, 2), VAR: (1, 0), DATASEC: (0, 3),
         DECL_TAG: (1, 0), ENUM64: (0, 3)}


class Type:
    def __init__(self, name, info, size_or_type, words):
        self.name, self.size_or_type, self.words = name, size_or_type, words
        self.kind, self.vlen, self.kind_flag = info >> 24 & 31, info & 0xFFFF, info >> 31


class Types:
    def __init__(self, path):
        data = open(path, "rb").read()
        _, _, _, length, type_off, type_len, str_off, str_len = struct.unpack_from("<HBBI4I", data)
        self.strings = data[length + str_off:length + str_off + str_len]
        self.types, at, end = [None], length + type_off, length + type_off + type_len
        while at < end:
            name, info, size_or_type = struct.unpack_from("<3I", data, at)
            fixed, each = WORDS.get(info >> 24 & 31, (0, 0))
            count = fixed + each * (info & 0xFFFF)
            self.types.append(Type(self.string(name), info, size_or_type, struct.unpack_from(f"<{count}I", data, at + 12)))
            at += 12 + 4 * count
        self.by_name = {}
        for id, type in enumerate(self.types[1:], 1):
            if type.name:
                self.by_name.setdefault((type.name, type.kind), id)

    def string(self, offset):
        return self.strings[offset:self.strings.index(b"\0", offset)].decode()

    def strip(self, id):
        while id and self.types[id].kind in MODIFIERS:
            id = self.types[id].size_or_type
        return id

    def members(self, type):
        """(name, type, offset in bits, bits)"""
        for at in range(0, len(type.words), 3):
            name, member, offset = type.words[at:at + 3]
            yield self.string(name), member, offset & 0xFFFFFF if type.kind_flag else offset, offset >> 24 if type.kind_flag else 0

    def offset(self, structure, path):
        """Byte offset of a member, "a.b" in a structure of that name; members of anonymous ones count as its own."""
        return self.find(self.types[self.by_name[structure, STRUCT]], path.split("."))

    def find(self, type, path):
        for name, member, offset, _ in self.members(type):
            inner = self.types[self.strip(member)] if self.strip(member) else None
            if name == path[0]:
                return offset // 8 + (self.find(inner, path[1:]) if len(path) > 1 else 0)
            if not name and inner and inner.kind in (STRUCT, UNION):
                found = self.find(inner, path)
                if found is not None:
                    return offset // 8 + found
        return None


class Excerpt:
    def __init__(self, kernel, names):
        self.kernel, self.out, self.ids, self.names = kernel, Btf(), {}, set(names)
        self.records = []  # of the excerpt, by id: filled when all ids are known
        for name in names:
            for kind in (STRUCT, FUNC, TYPEDEF):
                if (name, kind) in kernel.by_name:
                    self.take(kernel.by_name[name, kind], True)

    def take(self, id, whole):
        """The id in the excerpt."""
        if id == 0:
            return 0
        type = self.kernel.types[id]
        is_struct = type.kind in (STRUCT, UNION)
        whole = whole or type.name in self.names or not is_struct
        known = self.ids.get(id)
        if known and (self.records[known - 1] or not whole):
            return known
        if not known:
            self.records.append(None)
            known = self.ids[id] = len(self.records)
        if not whole:
            return known
        self.records[known - 1] = (type, None)
        self.records[known - 1] = (type, self.parts(type))
        return known

    def parts(self, type):
        target, words = type.size_or_type, list(type.words)
        if type.kind in (STRUCT, UNION):
            words = [word for name, member, _, _ in self.kernel.members(type) for word in (name, self.take(member, True), None)]
            for at in range(2, len(words), 3):
                words[at] = type.words[at]
        elif type.kind == ARRAY:
            words[0], words[1] = self.take(words[0], True), self.take(words[1], True)
        elif type.kind == PTR:
            target = self.behind_pointer(target)
        elif type.kind in MODIFIERS or type.kind == FUNC:
            target = self.take(target, True)
        elif type.kind == FUNC_PROTO:
            target = self.take(target, False)
            for at in range(0, len(words), 2):
                words[at], words[at + 1] = self.kernel.string(words[at]), self.take(words[at + 1], True)
        elif type.kind in (ENUM, ENUM64):
            words = []
        return target, words

    def behind_pointer(self, id):
        """Modifiers stay; what lies behind them only has to have its name."""
        if id == 0 or self.kernel.types[id].kind not in MODIFIERS:
            return self.take(id, False)
        if id in self.ids:
            return self.ids[id]
        self.records.append(None)
        known = self.ids[id] = len(self.records)
        type = self.kernel.types[id]
        self.records[known - 1] = (type, (self.behind_pointer(type.size_or_type), []))
        return known

    def write(self, path):
        sources = {excerpt: id for id, excerpt in self.ids.items()}
        for id, record in enumerate(self.records, 1):
            type = self.kernel.types[sources[id]]
            if not record:  # a structure that is only pointed to
                self.out.add(type.kind, type.name, type.size_or_type)
                continue
            target, words = record[1]
            words = [self.out.string(word) if isinstance(word, str) else word for word in words]
            each = WORDS.get(type.kind, (0, 0))[1]
            vlen = len(words) // each if each else type.vlen
            self.out.add(type.kind, type.name, target, vlen, words, type.kind_flag)
        with open(path, "wb") as out:
            out.write(self.out.bytes())


if __name__ == "__main__":
    sys.setrecursionlimit(100000)
    Excerpt(Types(sys.argv[1]), sys.argv[3:]).write(sys.argv[2])
