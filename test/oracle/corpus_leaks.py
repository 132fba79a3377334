# SPDX-License-Identifier: MIT OR Apache-2.0
"""Cases on what a program may do whose loader has no CAP_PERFMON (batch.h's BATCH_WITHOUT_PERFMON): no address of the
kernel becomes a number or goes where user space reads it. What Linux 6.12 and this verifier say of each stands in
corpus_leaks.expected.

usage: corpus_leaks.py OUT"""
import sys

import batch
import cases
from batch import insn
from cases import (ARRAY, DATA, EXIT_0, HASH, JUMPS, KPROBE, LEAVE, OPERATIONS, RAW_TRACEPOINT, SOCKET, TRACEPOINT, WITH_INDEX, XDP,
                   alu, alu_reg, call, copy, jump, jump_reg, load, lookup, mov, programs, store, store_reg, wide)
from random_programs import (ADD, ALU32, ALU64, AND, ATOMIC, CALL, END, EXIT, JA, JEQ, JMP, JMP32, MEMSX, NEG, SIZES, STX, SUB, X)

WITHOUT_PERFMON = 1 << 31
RETURN = insn(JMP | EXIT)
RINGBUF = 4
PACKET = load(4, 2, 1, 0) + load(4, 3, 1, 4)
RECORD = wide(1, 5, RINGBUF) + mov(2, 16) + mov(3, 0) + call(131) + jump(JEQ, 0, 0, 4)  # r0; passed where there is none
SUBMIT = copy(1, 0) + mov(2, 0) + call(132) + mov(9, 0)
MAPS = cases.MAPS + [batch.Map(27, 0, 0, 4096)]
# r7: an address of each kind.
ADDRESSES = {"context": (copy(7, 1), SOCKET), "stack": (copy(7, 10), SOCKET), "value": (lookup() + copy(7, 0), SOCKET),
             "null-or-value": (lookup(checked=False) + copy(7, 0), SOCKET), "map": (wide(7, 5, HASH), SOCKET),
             "data": (wide(7, 6, DATA), SOCKET), "packet": (PACKET + copy(7, 2), XDP), "packet-end": (PACKET + copy(7, 3), XDP)}


def case(name, *parts, flags=batch.F_ANY_ALIGNMENT, **more):
    cases.case(name, *parts, flags=flags | WITHOUT_PERFMON, **{"maps": MAPS, **more})


def stored():
    for name, (code, type) in ADDRESSES.items():
        for size in (1, 4, 8):
            case(f"stored-{name}-{size}-in-stack", code, store_reg(size, 10, -16, 7), EXIT_0, type=type)
            case(f"stored-{name}-{size}-in-value", code, copy(8, 7), lookup(), store_reg(size, 0, 0, 8), EXIT_0, type=type)
        case(f"stored-{name}-in-data", code, wide(2, 6, DATA), store_reg(8, 2, 0, 7), EXIT_0, type=type)
        case(f"stored-{name}-in-context", copy(6, 1), code, store_reg(4, 6, 48, 7), EXIT_0, type=type)
        case(f"stored-{name}-then-filled", code, store_reg(8, 10, -16, 7), load(8, 8, 10, -16), EXIT_0, type=type)
        case(f"stored-{name}-filled-and-returned", code, store_reg(8, 10, -16, 7), load(8, 0, 10, -16), RETURN, type=type)
        for size in (1, 4, 8):
            case(f"stored-{name}-then-{size}-over-it", code, store_reg(8, 10, -16, 7), store(size, 10, -16, 1), EXIT_0, type=type)
            case(f"stored-{name}-then-{size}-read", code, store_reg(8, 10, -16, 7), load(size, 1, 10, -16), EXIT_0, type=type)
        case(f"stored-{name}-as-key", code, store_reg(8, 10, -8, 7), copy(2, 10), alu(ADD, 2, -8), wide(1, 5, HASH), call(1), EXIT_0,
             type=type)
        case(f"stored-{name}-as-value", code, store_reg(8, 10, -48, 7), *(store(8, 10, off, 0) for off in range(-40, 0, 8)),
             copy(2, 10), alu(ADD, 2, -8), copy(3, 10), alu(ADD, 3, -48), wide(1, 5, HASH), mov(4, 0), call(2), EXIT_0, type=type)
        case(f"stored-{name}-in-packet", code, copy(8, 7), PACKET, copy(4, 2), alu(ADD, 4, 8), jump_reg(JUMPS["jgt"], 4, 3, 1),
             store_reg(8, 2, 0, 8), EXIT_0, type=XDP) if name not in ("packet", "packet-end") else None
        case(f"stored-{name}-in-record", code, RECORD, store_reg(8, 0, 0, 7), SUBMIT, EXIT_0, type=type)
        case(f"stored-{name}-by-output", code, store_reg(8, 10, -8, 7), wide(1, 5, RINGBUF), copy(2, 10), alu(ADD, 2, -8), mov(3, 8),
             mov(4, 0), call(130), EXIT_0, type=type)
    for op_name, op in (("add", 0), ("fetch-add", 1), ("xchg", 0xE1), ("cmpxchg", 0xF1)):
        for name in ("context", "stack", "value", "map"):
            code, type = ADDRESSES[name]
            case(f"atomic-{op_name}-of-{name}", code, lookup(), mov(2, 1), copy(8, 0), mov(0, 0),
                 insn(STX | ATOMIC | SIZES[8], 8, 7, 0, op), EXIT_0, type=type)
            case(f"atomic-{op_name}-of-{name}-in-stack", code, store(8, 10, -16, 0), mov(0, 0),
                 insn(STX | ATOMIC | SIZES[8], 10, 7, -16, op), EXIT_0, type=type)
            case(f"atomic-{op_name}-on-kept-{name}", code, store_reg(8, 10, -16, 7), mov(2, 1), mov(0, 0),
                 insn(STX | ATOMIC | SIZES[8], 10, 2, -16, op), EXIT_0, type=type)
    case("atomic-cmpxchg-compares-address", lookup(), copy(8, 0), copy(0, 10), mov(2, 1),
         insn(STX | ATOMIC | SIZES[8], 8, 2, 0, 0xF1), EXIT_0)


def computed():
    for name, (code, type) in ADDRESSES.items():
        for op in ("add", "sub", "and", "mul", "xor"):
            case(f"computed-{name}-{op}-8", code, alu(OPERATIONS[op], 7, 8), EXIT_0, type=type)
            case(f"computed-{name}-{op}32-8", code, alu(OPERATIONS[op], 7, 8, ALU32), EXIT_0, type=type)
            case(f"computed-{name}-{op}-itself", code, copy(8, 7), alu_reg(OPERATIONS[op], 8, 7), EXIT_0, type=type)
            case(f"computed-number-{op}-{name}", code, mov(8, 8), alu_reg(OPERATIONS[op], 8, 7), EXIT_0, type=type)
            case(f"computed-number-{op}32-{name}", code, mov(8, 8), alu_reg(OPERATIONS[op], 8, 7, ALU32), EXIT_0, type=type)
        case(f"computed-{name}-neg", code, insn(ALU64 | NEG, 7), EXIT_0, type=type)
        case(f"computed-{name}-swapped", code, insn(ALU32 | END | X, 7, 0, 0, 64), EXIT_0, type=type)
        case(f"computed-{name}-half", code, copy(8, 7, cls=ALU32), EXIT_0, type=type)
        case(f"computed-{name}-half-extended", code, copy(8, 7, 32), EXIT_0, type=type)
        case(f"computed-{name}-copied", code, copy(8, 7), EXIT_0, type=type)
        case(f"computed-{name}-returned", code, copy(0, 7), RETURN, type=type)
        case(f"computed-{name}-returned-by-function", code, copy(1, 7), insn(JMP | CALL, 0, 1, 0, 2), mov(0, 0), RETURN, copy(0, 1),
             RETURN, type=type)
        case(f"computed-{name}-returned-by-both", code, copy(1, 7), insn(JMP | CALL, 0, 1, 0, 1), RETURN, copy(0, 1), RETURN, type=type)
        case(f"computed-{name}-returned-on-a-path", copy(6, 1), code, mov(0, 0), load(4, 2, 6, 0), jump(JEQ, 2, 0, 1), copy(0, 7),
             RETURN, type=SOCKET) if type == SOCKET else None


def compared():
    for name, (code, type) in ADDRESSES.items():
        for op in ("jeq", "jne", "jgt", "jset", "jslt"):
            for by in (0, 5):
                case(f"compared-{name}-{op}-{by}", code, jump(JUMPS[op], 7, by, 1), mov(2, 0), EXIT_0, type=type)
            case(f"compared-{name}-{op}-0-in-register", code, mov(8, 0), jump_reg(JUMPS[op], 7, 8, 1), mov(2, 0), EXIT_0, type=type)
            case(f"compared-0-{op}-{name}", code, mov(8, 0), jump_reg(JUMPS[op], 8, 7, 1), mov(2, 0), EXIT_0, type=type)
            case(f"compared-{name}-{op}-itself", code, copy(8, 7), jump_reg(JUMPS[op], 8, 7, 1), mov(2, 0), EXIT_0, type=type)
            case(f"compared-{name}-{op}32-0", code, jump(JUMPS[op], 7, 0, 1, JMP32), mov(2, 0), EXIT_0, type=type)
    for op in JUMPS:
        case(f"compared-packet-{op}-end", PACKET, jump_reg(JUMPS[op], 2, 3, 1), mov(4, 0), EXIT_0, type=XDP)
        case(f"compared-end-{op}-packet", PACKET, jump_reg(JUMPS[op], 3, 2, 1), mov(4, 0), EXIT_0, type=XDP)
        case(f"compared-packet-{op}-end-far", PACKET, copy(4, 2), alu(ADD, 4, 14), jump_reg(JUMPS[op], 4, 3, 1), mov(5, 0), EXIT_0,
             type=XDP)
        case(f"compared-packet-{op}32-end", PACKET, jump_reg(JUMPS[op], 2, 3, 1, JMP32), mov(4, 0), EXIT_0, type=XDP)
        case(f"compared-meta-{op}-packet", load(4, 3, 1, 8), load(4, 2, 1, 0), jump_reg(JUMPS[op], 3, 2, 1), mov(4, 0), EXIT_0, type=XDP)


def stack():
    for size in (1, 2, 4, 8):
        case(f"stack-unwritten-{size}", load(size, 2, 10, -8), EXIT_0)
        case(f"stack-unwritten-half-{size}", store(4, 10, -8, 0), load(size, 2, 10, -8), EXIT_0)
        case(f"stack-unwritten-returned-{size}", load(size, 0, 10, -8), RETURN)
        case(f"stack-varying-store-{size}", WITH_INDEX, alu(AND, 1, 8), copy(2, 10), alu(ADD, 2, -64), alu_reg(ADD, 2, 1),
             store(size, 2, 0, 1), EXIT_0)
        case(f"stack-varying-load-{size}", *(store(8, 10, off, 0) for off in range(-64, 0, 8)), WITH_INDEX, alu(AND, 1, 8), copy(2, 10),
             alu(ADD, 2, -64), alu_reg(ADD, 2, 1), load(size, 3, 2, 0), EXIT_0)
    case("stack-unwritten-key", copy(2, 10), alu(ADD, 2, -8), wide(1, 5, HASH), call(1), EXIT_0)
    case("stack-half-written-key", store(4, 10, -8, 0), copy(2, 10), alu(ADD, 2, -8), wide(1, 5, HASH), call(1), EXIT_0)
    case("stack-unwritten-on-a-path", load(4, 2, 1, 0), jump(JEQ, 2, 0, 1), store(8, 10, -8, 0), load(8, 0, 10, -8), RETURN)
    case("stack-unwritten-on-the-second-path", load(4, 2, 1, 0), jump(JEQ, 2, 0, 2), store(8, 10, -8, 0), insn(JMP | JA, 0, 0, 1),
         mov(3, 0), mov(4, 0), load(8, 0, 10, -8), RETURN)
    case("stack-address-on-the-second-path", copy(6, 1), load(4, 2, 1, 0), jump(JEQ, 2, 0, 2), store(8, 10, -8, 0),
         insn(JMP | JA, 0, 0, 1), store_reg(8, 10, -8, 6), mov(4, 0), load(8, 0, 10, -8), RETURN)
    case("register-address-on-the-second-path", copy(6, 1), load(4, 2, 1, 0), jump(JEQ, 2, 0, 2), mov(7, 0), insn(JMP | JA, 0, 0, 1),
         copy(7, 6), mov(4, 0), copy(0, 7), RETURN)
    case("stack-unread", store_reg(8, 10, -8, 1), EXIT_0)
    case("stack-varying-key", *(store(8, 10, off, 0) for off in range(-64, 0, 8)), WITH_INDEX, alu(AND, 1, 8), copy(2, 10),
         alu(ADD, 2, -64), alu_reg(ADD, 2, 1), wide(1, 5, HASH), call(1), EXIT_0)
    case("stack-filled-by-helper", copy(1, 1), mov(2, 0), copy(3, 10), alu(ADD, 3, -8), mov(4, 8), call(26), load(8, 0, 10, -8), RETURN)
    case("stack-address-overwritten-by-helper", copy(6, 1), store_reg(8, 10, -8, 6), mov(2, 0), copy(3, 10), alu(ADD, 3, -8), mov(4, 8),
         call(26), load(8, 0, 10, -8), RETURN)
    case("stack-callers-kept-address", store_reg(8, 10, -8, 1), copy(1, 10), insn(JMP | CALL, 0, 1, 0, 2), mov(0, 0), RETURN,
         load(8, 0, 1, -8), mov(0, 0), RETURN)
    case("stack-callers-kept-address-in-part", store_reg(8, 10, -8, 1), copy(1, 10), insn(JMP | CALL, 0, 1, 0, 2), mov(0, 0), RETURN,
         load(4, 0, 1, -8), mov(0, 0), RETURN)


def called():
    for number in (5, 6, 7, 8, 14, 15, 16, 25, 35, 45, 51, 93, 105, 112, 113, 114, 115, 118, 125, 130, 149, 158, 160, 164, 165, 175, 177,
                   181, 182, 208):
        for type, name in ((SOCKET, "socket"), (XDP, "xdp")):
            case(f"called-by-{name}-{number}", mov(1, 0), mov(2, 0), mov(3, 0), mov(4, 0), mov(5, 0), call(number), EXIT_0, type=type)
    for name, (code, type) in ADDRESSES.items():
        case(f"called-with-{name}-as-flags", code, store(8, 10, -8, 0), copy(2, 10), alu(ADD, 2, -8), copy(3, 10), alu(ADD, 3, -48),
             *(store(8, 10, off, 0) for off in range(-48, 0, 8)), wide(1, 5, HASH), copy(4, 7), call(2), EXIT_0, type=type)
        case(f"called-with-{name}-as-offset", copy(6, 1), code, copy(1, 6), copy(2, 7), copy(3, 10), alu(ADD, 3, -8), mov(4, 8),
             call(26), EXIT_0, type=type) if type == SOCKET else None
    for type, name in ((KPROBE, "kprobe"), (TRACEPOINT, "tracepoint"), (RAW_TRACEPOINT, "raw"), (SOCKET, "socket"), (XDP, "xdp")):
        case(f"loaded-as-{name}", EXIT_0, type=type)


def gone():
    """Addresses of what was given back, or may have moved."""
    held = wide(1, 5, RINGBUF) + mov(2, 16) + mov(3, 0) + call(131) + jump(JUMPS["jne"], 0, 0, 2) + EXIT_0 + copy(7, 0)
    give = copy(1, 7) + mov(2, 0) + call(132)
    moved = copy(6, 1) + PACKET + copy(7, 2) + copy(1, 6) + mov(2, 0) + call(44)
    uses = {"copied": copy(1, 7), "stored": store_reg(8, 10, -24, 7), "stored-in-part": store_reg(2, 10, -24, 7),
            "returned": copy(0, 7) + RETURN, "compared": jump(JEQ, 7, 5, 0), "compared-with-null": jump(JEQ, 7, 0, 0),
            "added-to": alu(ADD, 7, 1), "halved": copy(1, 7, cls=ALU32)}
    for name, use in uses.items():
        end = b"" if name == "returned" else EXIT_0
        case(f"gone-record-{name}", held, give, use, end)
        case(f"gone-packet-{name}", moved, use, end, type=XDP)
    slots = {"read": load(8, 1, 10, -16), "read-in-part": load(4, 1, 10, -16), "overwritten": store(8, 10, -16, 0),
             "overwritten-in-part": store(4, 10, -16, 0), "returned": load(8, 0, 10, -16) + RETURN,
             "overwritten-in-part-then-read": store(4, 10, -16, 0) + load(4, 1, 10, -12)}
    dynptr = wide(1, 5, RINGBUF) + mov(2, 16) + mov(3, 0) + copy(4, 10) + alu(ADD, 4, -16) + call(198)
    dynptr += copy(1, 10) + alu(ADD, 1, -16) + mov(2, 0) + call(200)
    for name, use in slots.items():
        end = b"" if name == "returned" else EXIT_0
        case(f"gone-record-in-stack-{name}", held, store_reg(8, 10, -16, 7), give, use, end)
        case(f"gone-packet-in-stack-{name}", copy(6, 1), PACKET, store_reg(8, 10, -16, 2), copy(1, 6), mov(2, 0), call(44), use, end,
             type=XDP)
        case(f"gone-dynptr-{name}", dynptr, use, end)


def alone():
    """What has nothing to do with addresses goes on as before."""
    case("plain-value", WITH_INDEX, jump(JUMPS["jgt"], 1, 40, 2), alu_reg(ADD, 9, 1), load(8, 2, 9, 0), EXIT_0)
    case("plain-loop", mov(1, 0), alu(ADD, 1, 1), jump(JUMPS["jlt"], 1, 100, -2), EXIT_0)
    case("plain-counter", lookup(), mov(1, 1), insn(STX | ATOMIC | SIZES[8], 0, 1, 0, 0), EXIT_0)
    case("plain-function", insn(JMP | CALL, 0, 1, 0, 2), mov(0, 0), RETURN, mov(0, 1), RETURN)
    case("plain-sign-extended", lookup(), load(4, 1, 0, 0, MEMSX), EXIT_0)
    case("plain-spill", WITH_INDEX, store_reg(8, 10, -16, 1), load(8, 2, 10, -16), copy(0, 2), RETURN)
    case("plain-distance", PACKET, copy(4, 3), alu_reg(SUB, 4, 2), EXIT_0, type=XDP)


if __name__ == "__main__":
    for theme in (stored, computed, compared, stack, called, gone, alone):
        theme()
    names = [program.name for program in programs]
    assert len(set(names)) == len(names), [name for name in names if names.count(name) > 1][:5]
    assert all(len(name) < 64 for name in names)
    batch.write(sys.argv[1], programs)
    print(len(programs))
