# SPDX-License-Identifier: MIT OR Apache-2.0
"""BTF blobs for programs that have no compiler: types are added one by one, each gives its id."""
import struct

INT, PTR, ARRAY, STRUCT, UNION, ENUM, FWD, TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC, FUNC_PROTO = range(1, 14)
FLOAT, DECL_TAG, TYPE_TAG, ENUM64 = 16, 17, 18, 19
STATIC, GLOBAL, EXTERN = range(3)  # linkage of functions


class Btf:
    def __init__(self):
        self.types, self.strings, self.offsets, self.count = b"", b"\0", {"": 0}, 1

    def string(self, text):
        if text not in self.offsets:
            self.offsets[text] = len(self.strings)
            self.strings += text.encode() + b"\0"
        return self.offsets[text]

    def add(self, kind, name, size_or_type, vlen=0, rest=(), kind_flag=0):
        self.types += struct.pack("<3I", self.string(name), kind_flag << 31 | kind << 24 | vlen, size_or_type)
        self.types += struct.pack(f"<{len(rest)}I", *(word & 0xFFFFFFFF for word in rest))
        self.count += 1
        return self.count - 1

    def integer(self, name="int", size=4, signed=True):
        return self.add(INT, name, size, rest=(int(signed) << 24 | size * 8,))

    def pointer(self, target=0):
        return self.add(PTR, "", target)

    def modifier(self, kind, target, name=""):
        return self.add(kind, name, target)

    def array(self, element, count):
        return self.add(ARRAY, "", 0, rest=(element, self.integer("index"), count))

    def struct(self, name, size, members=()):
        """members: (name, type, offset in bytes)."""
        words = [word for member, type, offset in members for word in (self.string(member), type, offset * 8)]
        return self.add(STRUCT, name, size, len(members), words)

    def enum(self, name="choice"):
        return self.add(ENUM, name, 4, 1, (self.string("first"), 0))

    def prototype(self, result, arguments):
        words = [word for number, type in enumerate(arguments) for word in (self.string(f"a{number}"), type)]
        return self.add(FUNC_PROTO, "", result, len(arguments), words)

    def function(self, name, result, arguments, linkage=GLOBAL, tags=()):
        """tags: (argument, text)."""
        function = self.add(FUNC, name, self.prototype(result, arguments), linkage)
        for argument, text in tags:
            self.add(DECL_TAG, text, function, rest=(argument,))
        return function

    def bytes(self):
        head = struct.pack("<HBBI4I", 0xEB9F, 1, 0, 24, 0, len(self.types), len(self.types), len(self.strings))
        return head + self.types + self.strings
