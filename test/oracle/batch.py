# SPDX-License-Identifier: MIT OR Apache-2.0
"""Batch files (batch.h) from Python: instructions as bytes, maps, programs."""
import struct

MAGIC = 0x48435442
MAP_HASH, MAP_ARRAY = 1, 2
F_ANY_ALIGNMENT = 2  # BPF_F_ANY_ALIGNMENT: this project's rule on every machine


def insn(opcode, dst=0, src=0, off=0, imm=0):
    imm &= 0xFFFFFFFF
    return struct.pack("<BBhI", opcode, (src << 4 | dst) & 0xFF, off, imm)


class Map:
    """key_type, value_type: ids in btf; where that is empty, in the program's. spin_lock, timer: offsets of such fields in the value."""

    def __init__(self, type, key_size, value_size, max_entries, flags=0, frozen=False, contents=b"", btf=b"", key_type=0, value_type=0,
                 spin_lock=-1, timer=-1):
        self.fields = (type, key_size, value_size, max_entries, flags, int(frozen), len(contents), len(btf), key_type, value_type,
                       spin_lock, timer)
        self.contents, self.btf = contents, btf

    def pack(self):
        return struct.pack("<10I2i", *self.fields) + self.contents + self.btf


class Program:
    """functions: (first instruction, BTF id) of each."""

    def __init__(self, name, prog_type, insns, maps=(), gpl=True, flags=F_ANY_ALIGNMENT, attach_type=0, btf=b"",
                 functions=(), attach_to=""):
        self.name, self.prog_type, self.insns = name, prog_type, insns
        self.maps, self.gpl, self.flags = list(maps), gpl, flags
        self.attach_type, self.btf, self.functions, self.attach_to = attach_type, btf, list(functions), attach_to

    def pack(self):
        head = struct.pack("<64s8I64s", self.name.encode()[:63], self.prog_type, self.flags, int(self.gpl), len(self.maps),
                           len(self.insns) // 8, self.attach_type, len(self.btf), len(self.functions), self.attach_to.encode())
        records = b"".join(struct.pack("<2I", *function) for function in self.functions)
        return head + b"".join(m.pack() for m in self.maps) + self.insns + self.btf + records


def write(path, programs):
    with open(path, "wb") as out:
        out.write(struct.pack("<2I", MAGIC, len(programs)))
        for program in programs:
            out.write(program.pack())


def read(path):
    data = open(path, "rb").read()
    _, count = struct.unpack_from("<2I", data)
    at, programs = 8, []
    for _ in range(count):
        name, prog_type, flags, gpl, map_count, insn_count, attach_type, btf_size, function_count, attach_to = struct.unpack_from(
            "<64s8I64s", data, at)
        at += 160
        maps = []
        for _ in range(map_count):
            fields = struct.unpack_from("<10I2i", data, at)
            at += 48
            end = at + fields[6]
            maps.append(Map(*fields[:5], fields[5], data[at:end], data[end:end + fields[7]], *fields[8:]))
            at = end + fields[7]
        insns, at = data[at:at + 8 * insn_count], at + 8 * insn_count
        btf, at = data[at:at + btf_size], at + btf_size
        functions = [struct.unpack_from("<2I", data, at + 8 * i) for i in range(function_count)]
        at += 8 * function_count
        programs.append(Program(name.rstrip(b"\0").decode(), prog_type, insns, maps, gpl, flags, attach_type, btf, functions,
                                attach_to.rstrip(b"\0").decode()))
    return programs
