# SPDX-License-Identifier: MIT OR Apache-2.0
"""The corpus: small programs on the rules that Linux documents for its verifier, theme by theme, and those of cases/core_*.cases, as a
batch file. What Linux 6.12 and this verifier say of each stands in corpus.expected.

usage: corpus.py OUT"""
import sys

import assembly
import batch
import corpus_global
import corpus_load
from batch import insn
from cases import (ARRAY, CONSTANTS, DATA, EXIT_0, HASH, JUMPS, KPROBE, LEAVE, OPERATIONS, RAW_TRACEPOINT, SOCKET,
                   TRACEPOINT, WITH_INDEX, XDP, alu, alu_reg, call, case, copy, indexed, jump, jump_reg, load, lookup, mov,
                   programs, store, store_reg, wide)
from random_programs import (ADD, ALU32, ALU64, AND, ARSH, ATOMIC, CALL, END, EXIT, JA, JEQ, JGT, JLE, JLT, JMP, JMP32, JNE,
                             JSET, JSGE, JSLE, MEM, MEMSX, MOV, NEG, RSH, SIZES, STX, SUB, X)


def scalar_bounds():
    for name, op in JUMPS.items():
        for width, cls in (("64", JMP), ("32", JMP32)):
            for limit in (0, 40, 47, 48):
                for side in ("taken", "passed"):
                    test = jump(op, 1, limit, 2 if side == "taken" else 1, cls)
                    if side == "passed":
                        test += insn(JMP | JA, 0, 0, 2)
                    case(f"bounds-{name}{width}-{limit}-{side}", WITH_INDEX, test, LEAVE, indexed())
                if cls == JMP32:
                    case(f"bounds-{name}32-{limit}-extended", WITH_INDEX, copy(1, 1, cls=ALU32), jump(op, 1, limit, 2, cls),
                         LEAVE, indexed())
            case(f"bounds-{name}{width}-register", WITH_INDEX, mov(3, 40), jump_reg(op, 1, 3, 2, cls), LEAVE, indexed())
    for low, high in ((0, 47), (-1, 47), (0, 48), (5, 40)):
        case(f"bounds-signed-between-{low}-{high}", WITH_INDEX, jump(JSGE, 1, low, 2), LEAVE, jump(JSLE, 1, high, 2), LEAVE,
             indexed())
    for mask in (0, 1, 7, 15, 31, 32, 47, 48, 63, 255, -1, -8):
        case(f"bounds-and64-{mask}", WITH_INDEX, alu(AND, 1, mask), indexed())
        case(f"bounds-and32-{mask}", WITH_INDEX, alu(AND, 1, mask, ALU32), indexed())
    for shift in (1, 31, 32, 56, 58, 59, 60, 63):
        case(f"bounds-rsh64-{shift}", WITH_INDEX, alu(RSH, 1, shift), indexed())
        case(f"bounds-arsh64-{shift}", WITH_INDEX, alu(ARSH, 1, shift), indexed())
        if shift < 32:
            case(f"bounds-rsh32-{shift}", WITH_INDEX, alu(RSH, 1, shift, ALU32), indexed())
    for op in ("add", "sub", "mul", "or", "xor", "lsh"):
        for by in (1, 3, 8, 40):
            case(f"bounds-masked-{op}-{by}", WITH_INDEX, alu(AND, 1, 7), alu(OPERATIONS[op], 1, by), indexed())
            case(f"bounds-masked-{op}32-{by}", WITH_INDEX, alu(AND, 1, 7), alu(OPERATIONS[op], 1, by % 32, ALU32), indexed())


def propagation():
    for delta in (0, 1, 8, 40, 41):
        case(f"linked-copy-plus-{delta}", WITH_INDEX, copy(3, 1), alu(ADD, 3, delta), jump(JLE, 1, 7, 2), LEAVE,
             copy(1, 3), indexed())
        case(f"linked-compared-plus-{delta}", WITH_INDEX, jump(JLE, 1, 100, 2), LEAVE, copy(3, 1), alu(ADD, 3, delta),
             jump(JLE, 3, 47, 2), LEAVE, indexed())
    for size in (1, 2, 4):
        for mode, mode_name in ((MEM, "zero"), (MEMSX, "sign")):
            for limit in (None, 40):
                check = jump(JLE, 1, limit, 2) + LEAVE if limit else b""
                case(f"load-{mode_name}-{size}-{limit}", lookup(), copy(9, 0), load(size, 1, 9, 0, mode), check, indexed())
    for width in (8, 16, 32):
        for cls, cls_name in ((ALU64, "64"), (ALU32, "32")):
            if width == 32 and cls == ALU32:
                continue
            case(f"movsx{cls_name}-{width}", WITH_INDEX, alu(AND, 1, 7), copy(1, 1, width, cls), indexed())
            case(f"movsx{cls_name}-{width}-unknown", WITH_INDEX, copy(1, 1, width, cls), indexed())
    for name, op in JUMPS.items():
        case(f"impossible-{name}", mov(1, 5), jump(op, 1, 5, 1), load(8, 2, 3, 0) if name in ("jeq", "jge", "jle", "jset",
             "jsge", "jsle") else mov(2, 0), EXIT_0)
        case(f"impossible32-{name}", WITH_INDEX, alu(AND, 1, 3), jump(op, 1, 4, 1, JMP32), insn(JMP | JA), EXIT_0)


def spills():
    for size in (1, 2, 4, 8):
        for off in (-16, -12, -14, -15, -13):
            for fill in (1, 2, 4, 8):
                if (-off) % min(size, 4) == 0 and fill <= size:
                    case(f"spill-{size}-at{off}-fill-{fill}", WITH_INDEX, alu(AND, 1, 31), store_reg(size, 10, off, 1),
                         load(fill, 1, 10, off), indexed())
        case(f"spill-address-{size}", lookup(), store_reg(size, 10, -16, 0), load(size, 1, 10, -16), EXIT_0)
        case(f"fill-address-{size}", lookup(), store_reg(8, 10, -16, 0), load(size, 1, 10, -16), EXIT_0)
        case(f"spill-then-overwrite-{size}", WITH_INDEX, alu(AND, 1, 31), store_reg(8, 10, -16, 1), store(size, 10, -16, 1),
             load(8, 1, 10, -16), indexed())
        case(f"unwritten-{size}", load(size, 1, 10, -16), EXIT_0)
        case(f"unwritten-index-{size}", lookup(), copy(9, 0), load(size, 1, 10, -32), indexed())
    case("spill-both-narrowed", WITH_INDEX, store_reg(8, 10, -16, 1), jump(JLE, 1, 40, 2), LEAVE, load(8, 1, 10, -16), indexed())
    case("fill-narrows-register", WITH_INDEX, store_reg(8, 10, -16, 1), load(8, 3, 10, -16), jump(JLE, 3, 40, 2), LEAVE, indexed())


def stack():
    for size in (1, 2, 4, 8):
        for off in (0, -1, -2, -3, -4, -8, -9, -12, -505, -508, -510, -511, -512, -513, -516, -520):
            case(f"stack-store-{size}-at{off}", store(size, 10, off, 0), EXIT_0)
    for mask in (7, 8, 24, 56):
        case(f"stack-variable-{mask}", WITH_INDEX, alu(AND, 1, mask), copy(2, 10), alu(ADD, 2, -64), alu_reg(ADD, 2, 1),
             store(1, 2, 0, 1), EXIT_0)
        case(f"stack-variable8-{mask}", WITH_INDEX, alu(AND, 1, mask), copy(2, 10), alu(ADD, 2, -64), alu_reg(ADD, 2, 1),
             store(8, 2, 0, 1), EXIT_0)
        case(f"stack-variable-above-{mask}", WITH_INDEX, alu(AND, 1, mask), copy(2, 10), alu(ADD, 2, -8), alu_reg(ADD, 2, 1),
             load(1, 3, 2, 0), EXIT_0)


def pointers():
    sources = {"ctx": b"", "stack": copy(1, 10), "value": lookup() + copy(1, 0), "null": lookup(checked=False) + copy(1, 0),
               "map": wide(1, 5, ARRAY)}
    for source, code in sources.items():
        for name, op in OPERATIONS.items():
            case(f"pointer-{source}-{name}-8", code, alu(op, 1, 8), EXIT_0)
            if name in ("add", "sub", "and"):
                case(f"pointer-{source}-{name}32-8", code, alu(op, 1, 8, ALU32), EXIT_0)
                case(f"pointer-{source}-{name}-itself", code, alu_reg(op, 1, 1), EXIT_0)
                case(f"pointer-{source}-number-{name}", code, mov(3, 8), alu_reg(op, 3, 1), EXIT_0)
                case(f"pointer-{source}-{name}-far", code, alu(op, 1, 1 << 29), EXIT_0)
        case(f"pointer-{source}-neg", code, insn(ALU64 | NEG, 1), EXIT_0)
        case(f"pointer-{source}-end", code, insn(ALU32 | END | X, 1, 0, 0, 64), EXIT_0)
        case(f"pointer-{source}-mov32", code, copy(2, 1, cls=ALU32), EXIT_0)
        case(f"pointer-{source}-movsx", code, copy(2, 1, 32), EXIT_0)
        case(f"pointer-{source}-read", code, load(8, 2, 1, 0), EXIT_0, type=KPROBE)
        case(f"pointer-{source}-returned", code, copy(0, 1), insn(JMP | EXIT))
        case(f"pointer-{source}-compared", code, jump(JEQ, 1, 0, 1), insn(JMP | JA), EXIT_0)
        case(f"pointer-{source}-ordered", code, jump(JGT, 1, 5, 1), insn(JMP | JA), EXIT_0)
    for size in (1, 2, 4, 8):
        for off in (-1, 0, 40, 44, 46, 47, 48):
            case(f"value-read-{size}-at{off}", lookup(), load(size, 1, 0, off), EXIT_0)
    for first, second in ((8, -8), (40, -40), (-8, 8), (48, -1), (-1, 1)):
        case(f"value-moved-{first}-{second}", lookup(), alu(ADD, 0, first), alu(ADD, 0, second), load(1, 1, 0, 0), EXIT_0)
    case("null-not-compared", lookup(checked=False), load(8, 1, 0, 0), EXIT_0)
    case("null-copy-compared", lookup(checked=False), copy(1, 0), jump(JEQ, 1, 0, 1), load(8, 2, 0, 0), EXIT_0)
    case("null-wrong-side", lookup(checked=False), jump(JNE, 0, 0, 1), load(8, 1, 0, 0), EXIT_0)


def contexts():
    layouts = {"socket": (SOCKET, (0, 4, 16, 48, 60, 64, 68, 72, 76, 80, 84, 144, 152, 160, 164, 168, 176, 184, 192, 2, -4)),
               "kprobe": (KPROBE, (0, 8, 88, 248, 256, 264, 4, -8)),
               "tracepoint": (TRACEPOINT, (0, 8, 64, 8184, 8192, 4)),
               "raw": (RAW_TRACEPOINT, (0, 8, 88, 96, 4)),
               "xdp": (XDP, (0, 4, 8, 12, 16, 20, 24, 2))}
    for name, (type, offsets) in layouts.items():
        for off in offsets:
            if off == -8 and name == "tracepoint":
                continue
            for size in (1, 4, 8):
                if name == "socket" and off == 168 and size == 8:
                    continue  # the socket's address
                case(f"context-{name}-read-{size}-at{off}", load(size, 2, 1, off), EXIT_0, type=type)
            case(f"context-{name}-write-at{off}", store(4, 1, off, 0), EXIT_0, type=type)
    case("context-moved", alu(ADD, 1, 8), load(8, 2, 1, 0), EXIT_0, type=KPROBE)
    case("context-moved-by-0", alu(ADD, 1, 0), load(8, 2, 1, 0), EXIT_0, type=KPROBE)
    case("context-variable", load(8, 2, 1, 0), alu(AND, 2, 8), alu_reg(ADD, 1, 2), load(8, 3, 1, 0), EXIT_0, type=KPROBE)


def packets():
    start = load(4, 2, 1, 0) + load(4, 3, 1, 4)
    for name in ("jgt", "jge", "jlt", "jle"):
        for order in ("end-second", "end-first"):
            for off in (0, 6, 7, 8):
                test = jump_reg(JUMPS[name], 4, 3, 1) if order == "end-second" else jump_reg(JUMPS[name], 3, 4, 1)
                case(f"packet-{name}-{order}-at{off}", start, copy(4, 2), alu(ADD, 4, 8), test, load(1, 5, 2, off), EXIT_0,
                     type=XDP)
                case(f"packet-{name}-{order}-else-at{off}", start, copy(4, 2), alu(ADD, 4, 8), test, insn(JMP | JA, 0, 0, 1),
                     load(1, 5, 2, off), EXIT_0, type=XDP)
    for mask in (7, 255, 65535, 131071):
        case(f"packet-variable-{mask}", start, load(4, 5, 1, 12), alu(AND, 5, mask), alu_reg(ADD, 2, 5), copy(4, 2),
             alu(ADD, 4, 4), jump_reg(JGT, 4, 3, 1), load(4, 6, 2, 0), EXIT_0, type=XDP)
    case("packet-unchecked", start, load(1, 4, 2, 0), EXIT_0, type=XDP)
    case("packet-end-moved", start, alu(SUB, 3, 1), EXIT_0, type=XDP)
    case("packet-end-read", start, load(1, 4, 3, 0), EXIT_0, type=XDP)
    case("packet-as-key", start, copy(4, 2), alu(ADD, 4, 8), jump_reg(JGT, 4, 3, 3), wide(1, 5, HASH), call(1), EXIT_0, type=XDP)


def loops():
    for bound in (1, 2, 10, 100, 1000):
        for name in ("jlt", "jne", "jslt"):
            case(f"loop-{name}-{bound}", mov(1, 0), alu(ADD, 1, 1), jump(JUMPS[name], 1, bound, -2), EXIT_0)
            case(f"loop-index-{name}-{bound}", lookup(), copy(9, 0), mov(1, 0), copy(2, 9), alu_reg(ADD, 2, 1), load(1, 3, 2, 0),
                 alu(ADD, 1, 1), jump(JUMPS[name], 1, bound, -5), EXIT_0)
    case("loop-endless", mov(1, 0), insn(JMP | JA, 0, 0, -1), EXIT_0)
    case("loop-endless-compared", WITH_INDEX, jump(JNE, 1, 5, -1), EXIT_0)
    case("loop-step-misses", mov(1, 1), alu(ADD, 1, 2), jump(JNE, 1, 1000001, -2), EXIT_0)
    case("loop-two", mov(1, 0), mov(2, 0), alu(ADD, 2, 1), jump(JLT, 2, 10, -2), alu(ADD, 1, 1), jump(JLT, 1, 10, -5), EXIT_0)
    for bits in (1, 4, 8):
        code = WITH_INDEX + mov(3, 0)
        for bit in range(bits):
            code += jump(JSET, 1, 1 << bit, 1) + alu(ADD, 3, 1)
        case(f"branches-{bits}-counted", code, copy(1, 3), indexed())
        case(f"branches-{bits}-forgotten", code, EXIT_0)


def functions():
    for count in (256, 257):  # with the program itself
        code = b"".join(insn(JMP | CALL, 0, 1, 0, count + i) for i in range(count - 1))
        case(f"function-{count}-of-them", code, EXIT_0, *(EXIT_0 for _ in range(count - 1)))
    case("function-returns-number", insn(JMP | CALL, 0, 1, 0, 2), mov(0, 0), insn(JMP | EXIT), mov(0, 1), insn(JMP | EXIT))
    case("function-argument", lookup(), copy(1, 0), insn(JMP | CALL, 0, 1, 0, 2), mov(0, 0), insn(JMP | EXIT),
         load(8, 0, 1, 0), insn(JMP | EXIT))
    case("function-argument-null", lookup(checked=False), copy(1, 0), insn(JMP | CALL, 0, 1, 0, 2), mov(0, 0),
         insn(JMP | EXIT), load(8, 0, 1, 0), insn(JMP | EXIT))
    case("function-clobbers", mov(1, 1), insn(JMP | CALL, 0, 1, 0, 2), copy(0, 1), insn(JMP | EXIT), mov(0, 0), insn(JMP | EXIT))
    case("function-keeps", mov(6, 1), insn(JMP | CALL, 0, 1, 0, 2), copy(0, 6), insn(JMP | EXIT), mov(6, 0), mov(0, 0),
         insn(JMP | EXIT))
    case("function-does-not-see", mov(6, 1), insn(JMP | CALL, 0, 1, 0, 1), insn(JMP | EXIT), copy(0, 6), insn(JMP | EXIT))
    case("function-writes-callers-stack", copy(1, 10), insn(JMP | CALL, 0, 1, 0, 2), load(8, 0, 10, -8), insn(JMP | EXIT),
         store(8, 1, -8, 1), mov(0, 0), insn(JMP | EXIT))
    case("function-returns-its-stack", insn(JMP | CALL, 0, 1, 0, 1), insn(JMP | EXIT), copy(0, 10), insn(JMP | EXIT))
    case("function-recursive", insn(JMP | CALL, 0, 1, 0, 1), insn(JMP | EXIT), insn(JMP | CALL, 0, 1, 0, -1), insn(JMP | EXIT))
    for depth in (2, 7, 8, 9):
        code = b""
        for _ in range(depth - 1):
            code += insn(JMP | CALL, 0, 1, 0, 1) + insn(JMP | EXIT)
        case(f"function-chain-{depth}", code, EXIT_0)
    for used in (256, 264, 512):
        case(f"function-stack-{used}", store(8, 10, -256, 0), insn(JMP | CALL, 0, 1, 0, 2), mov(0, 0), insn(JMP | EXIT),
             store(8, 10, -used, 0), EXIT_0)
    case("function-unreached", EXIT_0, mov(0, 0), insn(JMP | EXIT))
    case("function-falls-through", insn(JMP | CALL, 0, 1, 0, 2), mov(0, 0), insn(JMP | EXIT), mov(0, 1))
    case("function-jumped-into", insn(JMP | CALL, 0, 1, 0, 3), jump(JEQ, 0, 0, 3), mov(0, 0), insn(JMP | EXIT), mov(0, 1),
         insn(JMP | EXIT))


def atomics():
    operations = {"add": 0, "or": 0x40, "and": 0x50, "xor": 0xA0, "fetch-add": 1, "fetch-and": 0x51, "xchg": 0xE1,
                  "cmpxchg": 0xF1, "unknown": 0x70}
    for name, op in operations.items():
        for size in (1, 2, 4, 8):
            code = store(8, 10, -8, 0) + mov(2, 1) + mov(0, 1)
            case(f"atomic-{name}-{size}", code, insn(STX | ATOMIC | SIZES[size], 10, 2, -8, op), EXIT_0)
        case(f"atomic-{name}-context", mov(2, 1), mov(0, 1), insn(STX | ATOMIC | SIZES[8], 1, 2, 0, op), EXIT_0)
        case(f"atomic-{name}-value", lookup(), copy(9, 0), mov(2, 1), mov(0, 1),
             insn(STX | ATOMIC | SIZES[8], 9, 2, 8, op), EXIT_0)
        case(f"atomic-{name}-misaligned", lookup(), copy(9, 0), mov(2, 1), mov(0, 1),
             insn(STX | ATOMIC | SIZES[8], 9, 2, 4, op), EXIT_0)
    case("atomic-result-is-index", lookup(), copy(9, 0), mov(1, 1), insn(STX | ATOMIC | SIZES[8], 9, 1, 0, 1), indexed())


def helpers():
    for size in (0, 1, 8, 16, 17, -1, 512):
        case(f"print-{size}", store(8, 10, -8, 0x2578), store(8, 10, -16, 0), copy(1, 10), alu(ADD, 1, -16), mov(2, size), call(6),
             EXIT_0, type=KPROBE)
    for mask in (7, 15, 31):
        case(f"print-variable-{mask}", lookup(), load(8, 2, 0, 0), alu(AND, 2, mask), alu(ADD, 2, 1), store(8, 10, -8, 0),
             store(8, 10, -16, 0), copy(1, 10), alu(ADD, 1, -16), call(6), EXIT_0, type=KPROBE)
    case("helper-unset-argument", wide(1, 5, ARRAY), call(1), EXIT_0)
    case("helper-number-as-map", mov(1, 0), copy(2, 10), alu(ADD, 2, -8), store(8, 10, -8, 0), call(1), EXIT_0)
    case("helper-number-as-key", wide(1, 5, ARRAY), mov(2, 0), call(1), EXIT_0)
    case("helper-unknown", call(100000), EXIT_0)
    case("helper-result-clobbers", mov(1, 1), call(5), copy(0, 1), insn(JMP | EXIT))
    case("helper-value-as-key", lookup(), copy(2, 0), wide(1, 5, HASH), call(1), EXIT_0)
    case("helper-value-as-key-short", lookup(), copy(2, 0), alu(ADD, 2, 41), wide(1, 5, HASH), call(1), EXIT_0)
    case("helper-delete", store(8, 10, -8, 0), copy(2, 10), alu(ADD, 2, -8), wide(1, 5, HASH), call(3), EXIT_0)
    case("helper-update", lookup(), copy(3, 0), store(8, 10, -8, 0), copy(2, 10), alu(ADD, 2, -8), wide(1, 5, HASH), mov(4, 0),
         call(2), EXIT_0)
    case("helper-update-short", store(8, 10, -8, 0), copy(2, 10), alu(ADD, 2, -8), copy(3, 2), wide(1, 5, HASH), mov(4, 0),
         call(2), EXIT_0)


def data():
    for off in (0, 8, 20, 21, 23, 24, -1):
        case(f"data-read-at{off}", wide(1, 6, DATA), load(4, 2, 1, off), EXIT_0)
        case(f"data-named-at{off}", wide(1, 6, DATA, off), load(1, 2, 1, 0), EXIT_0)
    case("constants-written", wide(1, 6, CONSTANTS), store(1, 1, 0, 0), EXIT_0)
    case("constants-known", lookup(), copy(9, 0), wide(2, 6, CONSTANTS), load(1, 1, 2, 3), indexed())
    case("constants-known-too-large", lookup(), copy(9, 0), wide(2, 6, CONSTANTS), load(4, 1, 2, 0), indexed())
    case("map-unknown", wide(1, 5, 9), EXIT_0)


def encoding():
    case("no-exit", mov(0, 0))
    case("empty-result", insn(JMP | EXIT))
    case("jump-outside", insn(JMP | JA, 0, 0, 5), EXIT_0)
    case("jump-into-constant", insn(JMP | JA, 0, 0, 1), wide(1, 0, 1), EXIT_0)
    case("unreachable", mov(0, 0), insn(JMP | JA, 0, 0, 1), mov(0, 1), insn(JMP | EXIT))
    case("half-constant", insn(0x18, 1), EXIT_0)
    case("frame-pointer-written", mov(10, 0), EXIT_0)
    case("register-11", insn(ALU64 | MOV, 11), EXIT_0)
    case("register-unset", copy(0, 5), insn(JMP | EXIT))
    for op in ("div", "mod"):
        for cls, width in ((ALU64, 64), (ALU32, 32)):
            case(f"{op}{width}-by-0", mov(1, 5), alu(OPERATIONS[op], 1, 0, cls), EXIT_0)
            case(f"{op}{width}-by-register", mov(1, 5), mov(2, 0), alu_reg(OPERATIONS[op], 1, 2, cls), copy(0, 1), insn(JMP | EXIT))
            case(f"s{op}{width}-by-2", mov(1, -5), insn(cls | OPERATIONS[op], 1, 0, 1, 2), copy(0, 1), insn(JMP | EXIT))
    for op in ("lsh", "rsh", "arsh"):
        for cls, width in ((ALU64, 64), (ALU32, 32)):
            for by in (0, width - 1, width, -1):
                case(f"{op}{width}-by-{by}", mov(1, 5), alu(OPERATIONS[op], 1, by, cls), EXIT_0)
    for width in (8, 16, 32, 64):
        case(f"bswap-{width}", mov(1, 0x1234), insn(ALU64 | END, 1, 0, 0, width), copy(0, 1), insn(JMP | EXIT))
        case(f"be-{width}", mov(1, 0x1234), insn(ALU32 | END | X, 1, 0, 0, width), copy(0, 1), insn(JMP | EXIT))
    case("far-jump", insn(JMP32 | JA, 0, 0, 0, 0), EXIT_0)
    for opcode in (0x06 | 0xE0, 0x8D, 0x00, 0x27 | 0xD0, 0x61 | 0x40, 0xFF):
        case(f"opcode-{opcode:02x}", insn(opcode, 1), EXIT_0)


def edges():
    programs.extend(assembly.programs("core"))


THEMES = (scalar_bounds, propagation, spills, stack, pointers, contexts, packets, loops, functions, atomics, helpers, data,
          encoding, corpus_global.functions, corpus_load.alignment, corpus_load.sleeping, corpus_load.returns, edges)

if __name__ == "__main__":
    for theme in THEMES:
        theme()
    names = [program.name for program in programs]
    assert len(set(names)) == len(names), [name for name in names if names.count(name) > 1][:5]
    batch.write(sys.argv[1], programs)
    print(len(programs))
