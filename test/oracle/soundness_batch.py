# SPDX-License-Identifier: MIT OR Apache-2.0
"""The random programs of test/soundness as a batch file, with maps like those that they have there, and with types.

usage: soundness --list --first N --programs N | soundness_batch.py OUT"""
import struct
import sys

import batch
import btf
from assembly import with_field

MAPS = [batch.Map(1, 4, 48, 4), batch.Map(2, 4, 40, 4), batch.Map(2, 4, 24, 1),
        batch.Map(2, 4, 32, 1, 1 << 7, True, bytes(i * 5 if i < 24 else 97 if i < 31 else 0 for i in range(32))),
        batch.Map(27, 0, 0, 4096), batch.Map(12, 4, 4, 4), batch.Map(22, 0, 16, 4), batch.Map(6, 4, 32, 4),
        with_field("bpf_spin_lock", 4, 0, 1, 4, 24), batch.Map(9, 8, 8, 4), with_field("bpf_timer", 16, 8, 1, 4, 32)]
CALL, WIDE = 0x85, 0x18


def functions(insns):
    """First instructions of the functions."""
    starts, at = {0}, 0
    while at < len(insns) // 8:
        opcode, regs, _, imm = struct.unpack_from("<BBhi", insns, 8 * at)
        if opcode == CALL and regs >> 4 == 1 or opcode == WIDE and regs >> 4 == 4:
            starts.add(at + 1 + imm)
        at += 2 if opcode == WIDE else 1
    return sorted(start for start in starts if 0 <= start < len(insns) // 8)  # mutants may call what is not there


def program(line):
    seed, type, code = line.split()
    insns = bytes.fromhex(code)
    made = batch.Program(f"soundness{seed}", int(type), insns, MAPS)
    starts = functions(insns)
    if len(starts) > 1:
        blob = btf.Btf()
        number = blob.integer("int", 4, True)
        word = blob.integer("unsigned long", 8, False)
        made.functions = [(start, blob.function(f"f{start}", number, [word] * 5, btf.GLOBAL if start == 0 else btf.STATIC))
                          for start in starts]
        made.btf = blob.bytes()
    return made


if __name__ == "__main__":
    batch.write(sys.argv[1], [program(line) for line in sys.stdin])
