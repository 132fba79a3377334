# SPDX-License-Identifier: MIT OR Apache-2.0
"""Programs of C as a batch has them: each function of an object that is no .text function, with what it calls behind it.
For objects without maps and data, whose functions refer to each other only."""
import struct
import subprocess

import batch

CALL, FUNCTION_ADDRESS = 0x85, 0x18


class Object:
    def __init__(self, path):
        data = open(path, "rb").read()
        table, = struct.unpack_from("<Q", data, 40)
        size, count, names = struct.unpack_from("<3H", data, 58)
        headers = [struct.unpack_from("<2I4Q2I2Q", data, table + i * size) for i in range(count)]
        self.contents = [data[h[4]:h[4] + h[5]] if h[1] != 8 else b"" for h in headers]
        self.names = [self.string(names, h[0]) for h in headers]
        symtab = next(i for i, h in enumerate(headers) if h[1] == 2)
        strings = headers[symtab][6]
        self.symbols = []  # name, type, section, value, size
        for at in range(0, len(self.contents[symtab]), 24):
            name, info, _, section, value, length = struct.unpack_from("<I2BH2Q", self.contents[symtab], at)
            self.symbols.append((self.string(strings, name), info & 15, section, value, length))
        self.relocations = {}  # (section, byte) -> symbol
        for i, header in enumerate(headers):
            if header[1] == 9:
                for at in range(0, len(self.contents[i]), 16):
                    place, info = struct.unpack_from("<2Q", self.contents[i], at)
                    self.relocations[header[7], place] = self.symbols[info >> 32]
        self.types = self.read_function_types()

    def string(self, section, offset):
        table = self.contents[section]
        return table[offset:table.index(b"\0", offset)].decode()

    def btf(self):
        return self.contents[self.names.index(".BTF")]

    def read_function_types(self):
        """(section's name, byte) -> BTF id."""
        ext, btf = self.contents[self.names.index(".BTF.ext")], self.btf()
        strings = struct.unpack_from("<I", btf, 4)[0] + struct.unpack_from("<I", btf, 16)[0]
        header, start, length = struct.unpack_from("<3I", ext, 4)
        at, end = header + start, header + start + length
        stride, = struct.unpack_from("<I", ext, at)
        at, types = at + 4, {}
        while at < end:
            name, count = struct.unpack_from("<2I", ext, at)
            at += 8
            section = btf[strings + name:btf.index(b"\0", strings + name)].decode()
            for _ in range(count):
                place, type = struct.unpack_from("<2I", ext, at)
                types[section, place] = type
                at += stride
        return types

    def function_at(self, section, byte):
        return next(s for s in self.symbols if s[1] == 2 and s[2] == section and s[3] == byte)

    def target(self, section, byte, opcode, imm):
        """The function that the instruction names, by a relocation or, within its section, by distance."""
        symbol = self.relocations.get((section, byte))
        if symbol is None:
            return self.function_at(section, byte + 8 * (imm + 1))
        if symbol[1] == 2:
            return symbol
        return self.function_at(symbol[2], symbol[3] + (8 * (imm + 1) if opcode == CALL else imm))

    def program(self, function):
        """Instructions, and (first instruction, BTF id) of each function."""
        parts, calls = [function], []
        for part in parts:  # grows
            _, _, section, first, size = part
            for byte in range(first, first + size, 8):
                opcode, registers, _, imm = struct.unpack_from("<2Bhi", self.contents[section], byte)
                if opcode in (CALL, FUNCTION_ADDRESS) and (
                        registers >> 4 == 1 if opcode == CALL else (section, byte) in self.relocations):
                    called = self.target(section, byte, opcode, imm)
                    calls.append((part, byte - first, called))
                    if called not in parts:
                        parts.append(called)
        starts, code = {}, bytearray()
        for part in parts:
            starts[part] = len(code)
            code += self.contents[part[2]][part[3]:part[3] + part[4]]
        for part, byte, called in calls:
            at = starts[part] + byte
            struct.pack_into("<i", code, at + 4, (starts[called] - at) // 8 - 1)
            if code[at] == FUNCTION_ADDRESS:
                code[at + 1] = code[at + 1] & 15 | 4 << 4
        return bytes(code), [(starts[part] // 8, self.types[self.names[part[2]], part[3]]) for part in parts]


def compile_programs(source, output, types, prefix=""):
    """The programs of a C file; types: section name, up to a slash, -> program type."""
    subprocess.run(["clang-19", "--target=bpf", "-mcpu=v3", "-O2", "-g", "-c", source, "-o", output], check=True)
    file = Object(output)
    found = []
    for symbol in file.symbols:
        section = file.names[symbol[2]].split("/")[0] if symbol[1] == 2 else ""
        if section in types:
            code, functions = file.program(symbol)
            found.append(batch.Program(prefix + symbol[0], types[section], code, btf=file.btf(), functions=functions))
    return found
