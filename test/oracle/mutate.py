# SPDX-License-Identifier: MIT OR Apache-2.0
"""Mutants of the programs of batch files (corpus.py, corpus_objects.py, corpus_leaks.py, random_programs.py write such): one change each,
seldom two, of a kind that its name tells. To find where verdicts differ that nobody thought of.

usage: mutate.py [--only KIND,...] [--expected FILE]... [--changes N] SEED COUNT OUT BATCH...
    --changes: so many changes of each, instead
    --expected: a file of verdicts (corpus.expected); left out are programs of which these differ, and those that take long"""
import argparse
import random
import re
import struct
import sys

import batch
from random_programs import (ADD, ALU32, ALU64, ARSH, ATOMIC, CALL, CONSTANTS, END, EXIT, JA, JMP, JMP32, LDX, MEM, MEMSX, MOV,
                             NEG, SIZES, ST, STX, X)

LD, MAY_GOTO, WIDE = 0, 0xE0, 0x18
BOUNDARIES = CONSTANTS + [0x7FFFFFFE, -0x7FFFFFFF, 127, 128, -127, -128, 32767, 32768, 24, 23, 1 << 29, (1 << 29) - 1]
HELPERS = list(range(1, 212))
USUAL_HELPERS = [1, 2, 3, 4, 5, 6, 7, 8, 12, 14, 16, 25, 26, 44, 45, 87, 88, 89, 93, 94, 112, 113, 130, 131, 132, 133, 134, 164, 165,
                 169, 170, 171, 172, 181, 182, 189, 197, 198, 199, 200, 201, 202, 203, 0x20000, 0x20001, 0x20002, 0x20003, 0x20004]
OF_OBJECTS = list(range(0x20154, 0x20160))  # kernel functions of objects that programs allocate
TYPES = [1, 1, 2, 2, 5, 6, 6, 17, 17, 3, 7]
FLAGS = [0, 1, 2, 3, 16, 18, 8]
ATOMICS = [0, 1, 0x40, 0x41, 0x50, 0x51, 0xA0, 0xA1, 0xE1, 0xF1, 0xE0, 0xF0, 0x10, 0x100]
JUMP_CODES = [c << 4 for c in (1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13)]
ALU_CODES = [c << 4 for c in (0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12)]
OPPOSITE = {0x10: 0x50, 0x50: 0x10, 0x20: 0xB0, 0xB0: 0x20, 0x30: 0xA0, 0xA0: 0x30, 0x60: 0xD0, 0xD0: 0x60, 0x70: 0xC0, 0xC0: 0x70}
MIRRORED = {0x20: 0xA0, 0xA0: 0x20, 0x30: 0xB0, 0xB0: 0x30, 0x60: 0xC0, 0xC0: 0x60, 0x70: 0xD0, 0xD0: 0x70}
MOST_INSNS, MOST_WALKED = 400, 3000


class Insn:
    """One instruction, of two slots where it is wide; target: the instruction it jumps to, or calls."""

    def __init__(self, raw):
        self.opcode, regs, self.off, self.imm = struct.unpack_from("<BBhi", raw)
        self.dst, self.src, self.target = regs & 15, regs >> 4, None
        self.high = struct.unpack_from("<i", raw, 12)[0] if len(raw) == 16 else None

    def copy(self):
        other = Insn.__new__(Insn)
        other.__dict__.update(self.__dict__)
        return other

    @property
    def cls(self):
        return self.opcode & 7

    @property
    def code(self):
        return self.opcode & 0xF0

    def slots(self):
        return 1 if self.high is None else 2

    def is_alu(self):
        return self.cls in (ALU32, ALU64)

    def is_jump(self):
        return self.cls in (JMP, JMP32) and self.code not in (CALL, EXIT)

    def is_memory(self):
        return self.cls in (LDX, ST, STX)

    def is_helper_call(self):
        return self.opcode == JMP | CALL and self.src == 0

    def jumps_by_imm(self):
        return self.opcode == JMP32 | JA or self.opcode == JMP | CALL and self.src == 1 or self.opcode == WIDE and self.src == 4

    def pack(self):
        low = struct.pack("<BBhi", self.opcode, self.src << 4 | self.dst, self.off, self.imm)
        return low if self.high is None else low + struct.pack("<BBhi", 0, 0, 0, self.high)


def parse(raw):
    insns, at, starts = [], 0, {}
    while at < len(raw):
        size = 16 if raw[at] == WIDE and at + 16 <= len(raw) else 8
        starts[at // 8] = len(insns)
        insns.append(Insn(raw[at:at + size]))
        insns[-1].slot = at // 8
        at += size
    for one in insns:
        if one.is_jump() or one.jumps_by_imm():
            to = starts.get(one.slot + 1 + (one.imm if one.jumps_by_imm() else one.off))
            one.target = insns[to] if to is not None else None
    return insns


def assemble(insns):
    slot, slots = 0, {}
    for one in insns:
        slots.setdefault(id(one), slot)
        slot += one.slots()
    slot, out = 0, []
    for one in insns:
        if one.target is not None and id(one.target) in slots:
            distance = slots[id(one.target)] - slot - 1
            if one.jumps_by_imm():
                one.imm = distance
            elif -32768 <= distance <= 32767:
                one.off = distance
        out.append(one.pack())
        slot += one.slots()
    return b"".join(out), slots


def step(rng, value):
    return value + rng.choice([-8, -4, -2, -1, 1, 2, 4, 8])


def clip(value, bits):
    half = 1 << (bits - 1)
    return (value + half) % (2 * half) - half


class Mutator:
    def __init__(self, rng, program, others):
        self.rng, self.program, self.others = rng, program, others
        self.insns = parse(program.insns)
        self.maps = [batch.Map.__new__(batch.Map) for _ in program.maps]
        for new, old in zip(self.maps, program.maps):
            new.__dict__.update(old.__dict__)
        self.type, self.flags, self.attach_type, self.gpl = program.prog_type, program.flags, program.attach_type, program.gpl

    def pick(self, wanted):
        found = [one for one in self.insns if wanted(one)]
        return self.rng.choice(found) if found else None

    # Each returns whether it changed something.
    def register(self):
        one = self.rng.choice(self.insns)
        known = sorted({i.dst for i in self.insns} | {i.src for i in self.insns if i.opcode != WIDE and i.code != CALL} | {10})
        new = self.rng.choice(known) if self.rng.random() < 0.8 else self.rng.randrange(11)
        uses_src = one.opcode & X and (one.is_alu() or one.is_jump()) or one.cls in (LDX, STX)
        if uses_src and self.rng.random() < 0.5:
            one.src = new
        else:
            one.dst = new
        return True

    def offset(self):
        one = self.pick(Insn.is_memory)
        if not one:
            return False
        one.off = clip(step(self.rng, one.off) if self.rng.random() < 0.8 else self.rng.choice([0, -8, -16, 8, 40, 47, 48, -512, -513]), 16)
        return True

    def constant(self):
        one = self.pick(lambda i: i.cls == ST or (i.is_alu() or i.is_jump()) and not i.opcode & X and i.code not in (NEG, MAY_GOTO)
                        and i.opcode & ~7 != JA)
        if not one:
            return False
        way = self.rng.random()
        one.imm = clip(step(self.rng, one.imm) if way < 0.5 else -one.imm if way < 0.6 else self.rng.choice(BOUNDARIES), 32)
        return True

    def operation(self):
        one = self.pick(lambda i: i.is_alu() and i.code != END or i.is_jump() and i.code not in (JA, MAY_GOTO))
        if not one:
            return False
        way = self.rng.random()
        if way < 0.5:
            code = self.rng.choice(ALU_CODES if one.is_alu() else JUMP_CODES)
            if one.is_alu() and code in (0x60, 0x70, 0xC0) and not one.opcode & X:
                one.imm = self.rng.choice([0, 1, 4, 8, 16, 31, 32, 56, 60, 63])
            one.opcode = one.opcode & 15 | code
        elif way < 0.75:
            one.opcode ^= ALU32 ^ ALU64 if one.is_alu() else JMP ^ JMP32
        else:
            one.opcode ^= X
            one.src, one.imm = (self.rng.randrange(10), 0) if one.opcode & X else (0, self.rng.choice(BOUNDARIES))
        return True

    def form(self):
        """The instructions of version 4: sign extension, signed division, byte swaps, long jumps, and the conditional ones back."""
        one = self.pick(lambda i: i.is_alu() and i.code in (MOV, 0x30, 0x90, END) or i.cls == LDX or i.opcode & ~1 == JMP & ~1 | JA)
        if not one:
            return False
        if one.is_alu() and one.code == MOV:
            one.off = self.rng.choice([8, 16, 32, 0, 24])
        elif one.is_alu() and one.code == END:
            one.opcode, one.imm = self.rng.choice([ALU32, ALU32 | X, ALU64]) | END, self.rng.choice([16, 32, 64, 8])
        elif one.is_alu():
            one.off ^= 1
        elif one.cls == LDX:
            one.opcode ^= MEM ^ MEMSX
        elif one.opcode == JMP | JA:
            one.opcode, one.imm, one.off = JMP32 | JA, one.off, 0
        else:
            return False
        return True

    def size(self):
        one = self.pick(lambda i: i.is_memory())
        if not one:
            return False
        one.opcode = one.opcode & ~0x18 | SIZES[self.rng.choice([1, 2, 4, 8])]
        if self.rng.random() < 0.2 and one.opcode & 0xE0 == MEM:
            one.opcode = one.opcode & ~7 | self.rng.choice([LDX, ST, STX])
        return True

    def dropped(self):
        one = self.rng.choice(self.insns)
        if len(self.insns) < 3:
            return False
        at = self.insns.index(one)
        after = self.insns[at + 1] if at + 1 < len(self.insns) else self.insns[at - 1]
        for other in self.insns:
            if other.target is one:
                other.target = after
        self.moved = (one, after)
        self.insns.remove(one)
        return True

    def doubled(self):
        one = self.rng.choice(self.insns)
        self.insns.insert(self.insns.index(one) + (self.rng.random() < 0.7), one.copy())
        return True

    def swapped(self):
        if len(self.insns) < 2:
            return False
        at = self.rng.randrange(len(self.insns) - 1)
        self.insns[at], self.insns[at + 1] = self.insns[at + 1], self.insns[at]
        return True

    def carried(self):
        """One instruction to another place."""
        one = self.rng.choice(self.insns).copy()
        self.insns.insert(self.rng.randrange(len(self.insns)), one)
        return True

    def target(self):
        one = self.pick(lambda i: i.target is not None)
        if not one:
            return False
        at = self.insns.index(one.target)
        at = self.rng.randrange(len(self.insns)) if self.rng.random() < 0.3 else at + self.rng.choice([-2, -1, 1, 2])
        if not 0 <= at < len(self.insns):
            return False
        one.target = self.insns[at]
        return True

    def helper(self):
        one = self.pick(Insn.is_helper_call)
        if not one:
            return False
        if one.imm in OF_OBJECTS and self.rng.random() < 0.8:
            one.imm = self.rng.choice(OF_OBJECTS)
            return True
        one.imm = self.rng.choice(USUAL_HELPERS if self.rng.random() < 0.6 else HELPERS)
        return True

    def reference(self):
        one = self.pick(lambda i: i.opcode == WIDE)
        if not one:
            return False
        if self.rng.random() < 0.6 and one.src in (5, 6) and self.maps:
            one.imm = self.rng.randrange(len(self.maps))
        elif self.rng.random() < 0.5:
            one.src = self.rng.choice([0, 5, 6])
        else:
            one.high = clip(self.rng.choice([0, 4, 8, 16, 23, 24, 47, 48, -1]), 32)
        return True

    def map(self):
        if not self.maps:
            return False
        used = [one.imm for one in self.insns if one.opcode == WIDE and one.src in (5, 6) and 0 <= one.imm < len(self.maps)]
        if not used:
            return False
        which = self.maps[self.rng.choice(used)]
        fields = list(which.fields)
        way = self.rng.random()
        if fields[7] or fields[6] or fields[0] in (3, 12, 13, 27, 31):
            return False  # types or contents that belong to the sizes, sizes that mean something else
        if way < 0.4:
            fields[2] = max(1, step(self.rng, fields[2]))
        elif way < 0.6 and fields[0] == 1:
            fields[1] = max(1, step(self.rng, fields[1]))
        elif way < 0.8:
            fields[4] = self.rng.choice([0, 1 << 3, 1 << 4, 1 << 7, 1 << 8]) | fields[4] & 1
        elif fields[0] in (1, 2):
            fields[0] = {1: [5, 9], 2: [6, 2]}[fields[0]][self.rng.randrange(2)]
        which.fields = tuple(fields)
        return True

    def atomic(self):
        one = self.pick(lambda i: i.cls == STX)
        if not one:
            return False
        one.opcode = STX | ATOMIC | SIZES[self.rng.choice([4, 8, 8, 4, 1, 2])]
        one.imm = self.rng.choice(ATOMICS)
        return True

    def spoken(self):
        """Another kind of program, other flags of the load, another licence."""
        way = self.rng.random()
        if way < 0.6 and self.type in TYPES:
            self.type, self.attach_type = self.rng.choice(TYPES), 0
        elif way < 0.9:
            self.flags = self.flags & ~31 | self.rng.choice(FLAGS)
        else:
            self.gpl = not self.gpl
        return True

    def inserted(self):
        rng = self.rng
        reg, other = rng.randrange(11), rng.randrange(11)
        palette = [(ALU64 | MOV, reg, 0, 0, rng.choice(BOUNDARIES)), (ALU64 | MOV | X, reg, other, 0, 0), (ALU32 | MOV | X, reg, other, 0, 0),
                   (ALU32 | MOV | X, reg, reg, 0, 0), (JMP | CALL, 0, 0, 0, 7), (STX | MEM | SIZES[8], 10, reg, -8 * rng.randrange(1, 5), 0),
                   (LDX | MEM | SIZES[rng.choice([1, 2, 4, 8])], reg, 10, -8 * rng.randrange(1, 5), 0),
                   (STX | MEM | SIZES[rng.choice([1, 2, 4, 8])], 10, reg, -4 * rng.randrange(1, 5), 0),
                   (ALU64 | ADD, reg, 0, 0, rng.choice([1, -1, 8, -8])), (ALU64 | ADD | X, reg, other, 0, 0),
                   (ALU64 | 0x50, reg, 0, 0, rng.choice([7, 15, 31, 0xFF])), (ALU64 | MOV | X, reg, reg, rng.choice([8, 16, 32]), 0),
                   (JMP | rng.choice(JUMP_CODES), reg, 0, 1, rng.choice(BOUNDARIES)), (JMP32 | rng.choice(JUMP_CODES), reg, 0, 1, rng.choice(BOUNDARIES)),
                   (JMP | rng.choice(JUMP_CODES) | X, reg, other, 1, 0), (JMP | MAY_GOTO, 0, 0, rng.choice([0, 1, 2, -3]), 0),
                   (ALU64 | ARSH, reg, 0, 0, 32), (ALU32 | NEG, reg, 0, 0, 0), (JMP | EXIT, 0, 0, 0, 0)]
        one = Insn(batch.insn(*rng.choice(palette)))
        one.slot = 0
        at = rng.randrange(len(self.insns))
        self.insns.insert(at, one)
        if one.is_jump():
            one.target = self.insns[min(len(self.insns) - 1, at + rng.randrange(1, 4))]
        return True

    def mirrored(self):
        """A comparison with its operands the other way round, or its sense turned, jumping over what it led to."""
        one = self.pick(lambda i: i.is_jump() and i.code not in (JA, MAY_GOTO))
        if not one:
            return False
        if one.opcode & X and self.rng.random() < 0.6:
            one.dst, one.src = one.src, one.dst
            one.opcode = one.opcode & 15 | MIRRORED.get(one.code, one.code)
            if self.rng.random() < 0.3:
                one.opcode = one.opcode & 15 | self.rng.choice(JUMP_CODES)
        else:
            one.opcode = one.opcode & 15 | OPPOSITE.get(one.code, one.code)
        return True

    def spliced(self):
        """Ends as another program of the same families does, whose maps are like."""
        tails = [other for other in self.others if other is not self.program and not other.functions and not other.btf]
        if not tails or self.program.functions or self.program.btf:
            return False
        other = self.rng.choice(tails)
        tail = parse(other.insns)
        if len(tail) < 2 or len(self.insns) < 3:
            return False
        tail = tail[self.rng.randrange(len(tail) - 1):]
        for one in tail:
            if hasattr(one, "slot"):
                del one.slot
            if one.opcode == WIDE and one.src in (5, 6):
                known = [m.pack() for m in self.maps]
                if not 0 <= one.imm < len(other.maps):
                    return False
                wanted = other.maps[one.imm]
                if wanted.fields[9] and not wanted.fields[7]:
                    return False
                if wanted.pack() not in known:
                    self.maps.append(wanted)
                one.imm = [m.pack() for m in self.maps].index(wanted.pack())
        self.insns[self.rng.randrange(1, len(self.insns)):] = tail
        kept = {id(one) for one in self.insns}
        for one in self.insns:
            if one.target is not None and id(one.target) not in kept:
                one.target = self.rng.choice(tail)
        return True

    def finish(self, name):
        code, slots = assemble(self.insns)
        starts = {one.slot: one for one in self.insns if hasattr(one, "slot")}
        functions = []
        for slot, type in self.program.functions:
            one = starts.get(slot)
            if one is None and hasattr(self, "moved") and self.moved[0].slot == slot:
                one = self.moved[1]
            if one is None:
                return None
            functions.append((slots[id(one)], type))
        p = self.program
        return batch.Program(name, self.type, code, self.maps, self.gpl, self.flags, self.attach_type, p.btf, functions, p.attach_to)


KINDS = {"register": 10, "offset": 6, "constant": 9, "operation": 10, "form": 4, "size": 5, "dropped": 7, "doubled": 3, "swapped": 5,
         "carried": 4, "target": 5, "helper": 4, "reference": 3, "map": 3, "atomic": 2, "spoken": 3, "inserted": 9, "mirrored": 4, "spliced": 4}


def families(programs):
    """Large families of like cases count as one."""
    found = {}
    for program in programs:
        if 0 < len(program.insns) // 8 <= MOST_INSNS:
            found.setdefault("-".join(re.split(r"[-_]", program.name)[:2]), []).append(program)
    return list(found.values())


def mutants(seed, count, programs, kinds, changes_each=0):
    rng, groups, seen, made = random.Random(seed), families(programs), set(), 0
    result = []
    weights = [KINDS[kind] for kind in kinds]
    while made < count:
        program = rng.choice(rng.choice(groups))
        mutator, changes = Mutator(rng, program, rng.choice(groups)), []
        for _ in range(changes_each or (2 if rng.random() < 0.2 else 1)):
            kind = rng.choices(kinds, weights)[0]
            if getattr(mutator, kind)():
                changes.append(kind)
        mutant = mutator.finish(f"{seed}.{made}-{'+'.join(changes)}-{program.name}"[:63]) if changes else None
        if mutant is None:
            continue
        what = mutant.pack()[64:]
        if what in seen or what == program.pack()[64:]:
            continue
        seen.add(what)
        made += 1
        result.append(mutant)
    return result


def known_of(paths):
    """Names of programs that are no good start."""
    rows = [line.rstrip("\n").split("\t") for path in paths for line in open(path)]
    return {row[0] for row in rows if row[1] != row[2] or int(row[5]) > MOST_WALKED or int(row[6]) > MOST_WALKED}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default=",".join(KINDS))
    parser.add_argument("--expected", action="append", default=[])
    parser.add_argument("--changes", type=int, default=0)
    parser.add_argument("seed", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("out")
    parser.add_argument("batches", nargs="+")
    options = parser.parse_args()
    known = known_of(options.expected)
    start = [program for path in options.batches for program in batch.read(path) if program.name not in known]
    batch.write(options.out, mutants(options.seed, options.count, start, options.only.split(","), options.changes))
