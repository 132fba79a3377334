# SPDX-License-Identifier: MIT OR Apache-2.0
"""Random small programs on the verifier's themes, as a batch file. Registers are followed loosely while a program is
made, so that about half of the programs are worth an opinion.

usage: random_programs.py SEED COUNT OUT [all]"""
import random
import sys

import batch
from batch import insn

ALU64, ALU32, JMP, JMP32, LDX, ST, STX = 7, 4, 5, 6, 1, 2, 3
ADD, SUB, MUL, DIV, OR, AND, LSH, RSH, NEG, MOD, XOR, MOV, ARSH, END = (c << 4 for c in range(14))
JA, JEQ, JGT, JGE, JSET, JNE, JSGT, JSGE, CALL, EXIT, JLT, JLE, JSLT, JSLE = (c << 4 for c in range(14))
SIZES = {1: 0x10, 2: 0x08, 4: 0x00, 8: 0x18}
X = 8
MEM, MEMSX, ATOMIC = 0x60, 0x80, 0xC0
VALUE_SIZE = 48
MAPS = [batch.Map(1, 8, VALUE_SIZE, 4), batch.Map(2, 4, VALUE_SIZE, 4), batch.Map(2, 4, 24, 1),
        batch.Map(2, 4, 16, 1, 1 << 7, True, bytes(range(1, 17)))]
CONSTANTS = [0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 40, 41, 47, 48, 63, 64, 255, 256, 0xFFF, 0x7FFFFFFF, -1, -2, -8, -16,
             -48, -0x80000000, 0xFFFF, 0x10000, 512, -512]


class Maker:
    # Operations whose results this verifier gives bounds to and Linux 6.12 does not, or whose count is cut: where
    # False, what differs is worth a look.
    with_bounded = False

    def __init__(self, rng):
        self.rng, self.code, self.kinds = rng, [], {10: "fp", 1: "ctx"}
        self.open_jumps = []  # (index of the jump, index of its target)
        self.slots = set()

    def emit(self, *args, **kw):
        self.code.append(insn(*args, **kw))

    def constant(self):
        return self.rng.choice(CONSTANTS) if self.rng.random() < 0.9 else self.rng.randrange(-1 << 31, 1 << 31)

    def of_kind(self, *kinds):
        if self.rng.random() < 0.02:
            return self.rng.randrange(11)
        regs = [r for r, k in self.kinds.items() if k in kinds]
        return self.rng.choice(regs) if regs else None

    def target(self):
        if self.rng.random() < 0.01:
            return self.rng.randrange(11)
        return self.rng.choice([0, 1, 2, 3, 4, 5, 7, 8])

    def wide(self, dst, src, low, high=0):
        self.emit(0x18, dst, src, 0, low)
        self.emit(0, 0, 0, 0, high)

    def lookup(self, check=True):
        which = self.rng.choice([0, 1, 1, 2])
        self.emit(ST | MEM | SIZES[8], 10, 0, -8, self.rng.choice([0, 1, 3]))
        self.emit(ALU64 | MOV | X, 2, 10)
        self.emit(ALU64 | ADD, 2, 0, 0, -8)
        self.wide(1, 5, which)
        self.emit(JMP | CALL, 0, 0, 0, 1)
        for r in range(6):
            self.kinds.pop(r, None)
        self.kinds[0] = "mvn"
        if check and self.rng.random() < 0.95:
            self.emit(JMP | JNE, 0, 0, 2, 0)
            self.emit(ALU64 | MOV, 0, 0, 0, 0)
            self.emit(JMP | EXIT)
            self.kinds[0] = "mv"

    def prologue(self):
        self.emit(ALU64 | MOV | X, 6, 1)
        self.kinds[6] = "ctx"
        if self.rng.random() < 0.9:
            self.lookup()
            self.emit(ALU64 | MOV | X, 9, 0)
            self.kinds[9] = self.kinds[0]
            for r in self.rng.sample([7, 8, 1, 2], self.rng.randrange(1, 4)):
                size = self.rng.choice([1, 2, 4, 8, 8])
                mode = MEMSX if size < 8 and self.rng.random() < 0.3 else MEM
                self.emit(LDX | mode | SIZES[size], r, 9, self.rng.randrange(0, 16, size))
                self.kinds[r] = "s"

    def step(self):
        rng = self.rng
        kind = rng.choices(["alu", "mov", "jump", "access", "ptr", "spill", "fill", "const", "end", "atomic", "helper",
                            "data", "lookup", "cmp_ptr", "bigloop"],
                           [30, 12, 22, 8, 8, 6, 6, 5, 2, 2, 2, 1.5, 1, 1, 1.5])[0]
        s = self.of_kind("s")
        if kind == "const" or (s is None and kind in ("alu", "jump")):
            d = self.target()
            self.emit(rng.choice([ALU64, ALU32]) | MOV, d, 0, 0, self.constant())
            self.kinds[d] = "s"
        elif kind == "alu":
            op = rng.choices([ADD, SUB, MUL, DIV, OR, AND, LSH, RSH, NEG, MOD, XOR, ARSH],
                             [8, 6, 2, 1, 3, 8, 4, 5, 1.5, 1, 2, 3])[0]
            if not self.with_bounded and op in (DIV, MOD, NEG):
                op = ADD
            cls = rng.choice([ALU64, ALU64, ALU32])
            if op == NEG:
                return self.emit(cls | op, s)
            off = 1 if op in (DIV, MOD) and rng.random() < 0.4 else 0
            other = self.of_kind("s")
            if rng.random() < 0.4 and other is not None and (self.with_bounded or op not in (LSH, RSH, ARSH)):
                return self.emit(cls | op | X, s, other, off)
            imm = self.constant()
            if op in (LSH, RSH, ARSH) and rng.random() < 0.97:
                imm = rng.choice([1, 2, 3, 8, 16, 24, 31, 32, 48, 56, 60, 63] if cls == ALU64 else [1, 2, 8, 16, 24, 31])
            if op in (DIV, MOD) and imm == 0:
                imm = 3
            self.emit(cls | op, s, 0, off, imm)
        elif kind == "mov":
            src = self.of_kind("s", "s", "ctx", "fp", "mv", "mvn")
            if src is None:
                return
            d = self.target()
            variant = rng.random()
            if self.kinds.get(src) == "s" and variant < 0.2:
                self.emit(ALU64 | MOV | X, d, src, rng.choice([8, 16, 32]))
            elif self.kinds.get(src) == "s" and variant < 0.4:
                self.emit(ALU32 | MOV | X, d, src, rng.choice([0, 0, 8, 16]))
            else:
                self.emit(ALU64 | MOV | X, d, src)
            self.kinds[d] = self.kinds.get(src, "s")
        elif kind == "jump":
            code = rng.choice([JEQ, JGT, JGE, JSET, JNE, JSGT, JSGE, JLT, JLE, JSLT, JSLE])
            cls = rng.choice([JMP, JMP, JMP32])
            other = self.of_kind("s")
            args = (cls | code | X, s, other, 0, 0) if rng.random() < 0.35 and other is not None else \
                (cls | code, s, 0, 0, self.constant())
            if rng.random() < 0.5:  # leave the program on one side
                args = args[:3] + (rng.choice([1, 2]),) + args[4:]
                self.emit(*args)
                if args[3] == 1:
                    self.emit(JMP | JA, 0, 0, 2, 0)
                self.emit(ALU64 | MOV, 0, 0, 0, 0)
                self.emit(JMP | EXIT)
            else:
                self.open_jumps.append((len(self.code), args, len(self.code) + rng.randrange(2, 7)))
                self.emit(*args)
        elif kind == "access":
            p = self.of_kind("mv", "mv", "fp", "ctx")
            if p is None:
                return
            size = rng.choice([1, 2, 4, 8])
            base = self.kinds.get(p)
            off = -size * rng.randrange(1, 9) if base == "fp" else rng.choice([0, 0, 8, 16, 40, 44, 47, rng.randrange(0, 56)])
            if base == "ctx":
                off = rng.randrange(0, 280, size)
            if rng.random() < 0.5 or base == "ctx":
                d = self.target()
                mode = MEMSX if size < 8 and rng.random() < 0.3 else MEM
                self.emit(LDX | mode | SIZES[size], d, p, off)
                self.kinds[d] = "s"
            else:
                src = self.of_kind("s", "mv")
                if src is not None and rng.random() < 0.6:
                    self.emit(STX | MEM | SIZES[size], p, src, off)
                else:
                    self.emit(ST | MEM | SIZES[size], p, 0, off, self.constant())
        elif kind == "ptr":
            p = self.of_kind("mv", "mv", "mv", "fp", "ctx")
            if p is None:
                return
            d = p if rng.random() < 0.3 and p not in (10, 9) else self.target()
            if d != p:
                self.emit(ALU64 | MOV | X, d, p)
            self.kinds[d] = self.kinds.get(p, "mv")
            if rng.random() < 0.55 and s is not None and s != d:
                self.emit(ALU64 | rng.choice([ADD, ADD, ADD, SUB]) | X, d, s)
            else:
                self.emit(ALU64 | rng.choice([ADD, ADD, SUB]), d, 0, 0, rng.choice([0, 1, 4, 8, 16, 40, -8, -16, -4, self.constant()]))
            if rng.random() < 0.7:
                size = rng.choice([1, 1, 2, 4, 8])
                off = rng.choice([0, 0, 0, 1, 4, 8, -8, -16, 40, 47])
                if rng.random() < 0.5:
                    t = self.target()
                    self.emit(LDX | MEM | SIZES[size], t, d, off)
                    self.kinds[t] = "s"
                else:
                    self.emit(ST | MEM | SIZES[size], d, 0, off, 1)
        elif kind == "spill":
            r = self.of_kind("s", "s", "mv", "mvn", "ctx", "fp")
            size = rng.choice([8, 8, 8, 4, 2, 1])
            off = -8 * rng.randrange(1, 5) + (rng.choice([0, 0, 0, 4, 2]) if size < 8 else 0)
            if r is not None:
                self.slots.add((off, size, self.kinds.get(r)))
                self.emit(STX | MEM | SIZES[size], 10, r, off)
        elif kind == "fill":
            if not self.slots:
                return
            off, size, k = rng.choice(sorted(self.slots, key=str))
            if rng.random() < 0.25:
                size = rng.choice([1, 2, 4, 8])
                k = "s"
            d = self.target()
            self.emit(LDX | (MEMSX if size < 8 and rng.random() < 0.2 else MEM) | SIZES[size], d, 10, off)
            self.kinds[d] = k or "s"
        elif kind == "end" and self.with_bounded:
            self.emit(rng.choice([ALU32 | END, ALU32 | END | X, ALU64 | END]), s if s is not None else 7, 0, 0,
                      rng.choice([16, 32, 64]))
        elif kind == "atomic":
            p = self.of_kind("mv", "fp")
            if p is None or s is None:
                return
            off = -8 if self.kinds.get(p) == "fp" else rng.choice([0, 8, 40])
            self.emit(STX | ATOMIC | SIZES[rng.choice([4, 8])], p, s, off, rng.choice([0, 1, 0x51, 0xA0, 0xE1, 0xF1]))
        elif kind == "helper":
            which = rng.choice([5, 7])
            self.emit(JMP | CALL, 0, 0, 0, which)
            for r in range(6):
                self.kinds.pop(r, None)
            self.kinds[0] = "s"
        elif kind == "data":
            d = self.target()
            self.wide(d, 6, rng.choice([2, 3]), rng.choice([0, 4, 8]))
            self.kinds[d] = "mv"
        elif kind == "lookup":
            self.lookup()
        elif kind == "cmp_ptr":
            p = self.of_kind("mv", "mvn", "fp", "ctx")
            if p is None:
                return
            other = self.of_kind("mv", "mvn", "s", "ctx")
            code = rng.choice([JEQ, JNE, JGT, JLT])
            if rng.random() < 0.6:
                self.emit(JMP | rng.choice([JEQ, JNE]), p, 0, 1, 0)
            elif other is not None:
                self.emit(JMP | code | X, p, other, 1, 0)
            else:
                return
            self.emit(ALU64 | MOV, 5, 0, 0, 1)
        elif kind == "bigloop":  # a counted loop over what the next steps make
            r = rng.choice([7, 8])
            self.emit(ALU64 | MOV, r, 0, 0, 0)
            self.kinds[r] = "s"
            start = len(self.code)
            for _ in range(rng.randrange(1, 4)):
                kinds = dict(self.kinds)
                self.step()
                self.kinds = {k: v for k, v in self.kinds.items() if kinds.get(k) == v}
            self.emit(ALU64 | ADD, r, 0, 0, rng.choice([1, 1, 2, 3]))
            self.emit(rng.choice([JMP, JMP32]) | rng.choice([JLT, JSLT, JNE, JLE]), r, 0,
                      start - len(self.code) - 1, rng.choice([2, 3, 5, 8, 12, 24]))

    def finish(self):
        s = self.of_kind("s")
        if s is not None and 9 in self.kinds and self.rng.random() < 0.6:
            self.emit(ALU64 | ADD | X, 9, s)
            self.emit(LDX | MEM | SIZES[self.rng.choice([1, 1, 4, 8])], 1, 9, self.rng.choice([0, 0, 1, 8, 40]))
        self.emit(ALU64 | MOV, 0, 0, 0, 0)
        self.emit(JMP | EXIT)
        for at, args, to in self.open_jumps:
            starts = {i for i in range(len(self.code)) if not (i and self.code[i - 1][0] == 0x18)}
            to = min(to, len(self.code) - 2)
            while to not in starts:
                to -= 1
            if to <= at:
                to = at + 1
            self.code[at] = insn(*args[:3], to - at - 1, args[4])
        return b"".join(self.code)


def make(seed):
    rng = random.Random(seed)
    maker = Maker(rng)
    maker.prologue()
    for _ in range(rng.randrange(2, 16)):
        maker.step()
    return batch.Program(f"random{seed}", rng.choice([1, 1, 2, 2, 5, 6, 17]), maker.finish(), MAPS)


if __name__ == "__main__":
    Maker.with_bounded = len(sys.argv) > 4
    first, count = int(sys.argv[1]), int(sys.argv[2])
    batch.write(sys.argv[3], [make(first + i) for i in range(count)])
