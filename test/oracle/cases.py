# SPDX-License-Identifier: MIT OR Apache-2.0
"""What the corpus's themes share: instructions by name, maps, and the list that they add their cases to."""
import batch
from batch import insn
from random_programs import (ADD, ALU64, AND, ARSH, CALL, DIV, EXIT, JEQ, JGE, JGT, JLE, JLT, JMP, JNE, JSET, JSGE, JSGT,
                             JSLE, JSLT, LDX, LSH, MEM, MOD, MOV, MUL, OR, RSH, SIZES, ST, STX, SUB, X, XOR)

JUMPS = {"jeq": JEQ, "jne": JNE, "jgt": JGT, "jge": JGE, "jlt": JLT, "jle": JLE, "jset": JSET, "jsgt": JSGT,
         "jsge": JSGE, "jslt": JSLT, "jsle": JSLE}
OPERATIONS = {"add": ADD, "sub": SUB, "mul": MUL, "div": DIV, "or": OR, "and": AND, "lsh": LSH, "rsh": RSH, "mod": MOD,
              "xor": XOR, "arsh": ARSH}
SOCKET, KPROBE, TRACEPOINT, XDP, RAW_TRACEPOINT = 1, 2, 5, 6, 17
VALUE_SIZE = 48
HASH, ARRAY, DATA, CONSTANTS = range(4)
MAPS = [batch.Map(1, 8, VALUE_SIZE, 4), batch.Map(2, 4, VALUE_SIZE, 4), batch.Map(2, 4, 24, 1),
        batch.Map(2, 4, 16, 1, 1 << 7, True, bytes(range(1, 17)))]
EXIT_0 = insn(ALU64 | MOV, 0) + insn(JMP | EXIT)

programs = []


def case(name, *parts, type=SOCKET, maps=MAPS, **more):
    programs.append(batch.Program(name, type, b"".join(parts), maps, **more))


def mov(dst, imm):
    return insn(ALU64 | MOV, dst, 0, 0, imm)


def copy(dst, src, off=0, cls=ALU64):
    return insn(cls | MOV | X, dst, src, off)


def alu(op, dst, imm, cls=ALU64):
    return insn(cls | op, dst, 0, 0, imm)


def alu_reg(op, dst, src, cls=ALU64):
    return insn(cls | op | X, dst, src)


def load(size, dst, src, off, mode=MEM):
    return insn(LDX | mode | SIZES[size], dst, src, off)


def store(size, dst, off, imm):
    return insn(ST | MEM | SIZES[size], dst, 0, off, imm)


def store_reg(size, dst, off, src):
    return insn(STX | MEM | SIZES[size], dst, src, off)


def jump(op, dst, imm, off, cls=JMP):
    return insn(cls | op, dst, 0, off, imm)


def jump_reg(op, dst, src, off, cls=JMP):
    return insn(cls | op | X, dst, src, off)


def call(number):
    return insn(JMP | CALL, 0, 0, 0, number)


def wide(dst, src, low, high=0):
    return insn(0x18, dst, src, 0, low) + insn(0, 0, 0, 0, high)


def lookup(which=ARRAY, checked=True):
    """r0: a value of the map."""
    code = store(8, 10, -8, 0) + copy(2, 10) + alu(ADD, 2, -8) + wide(1, 5, which) + call(1)
    return code + (jump(JNE, 0, 0, 1) + insn(JMP | EXIT) if checked else b"")


# r9: a value, r1: an unknown number of 64 bits from it.
WITH_INDEX = lookup() + copy(9, 0) + load(8, 1, 9, 0)
LEAVE = mov(0, 0) + insn(JMP | EXIT)


def indexed(size=1, off=0):
    return alu_reg(ADD, 9, 1) + load(size, 2, 9, off) + EXIT_0
