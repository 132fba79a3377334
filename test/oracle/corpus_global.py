# SPDX-License-Identifier: MIT OR Apache-2.0
"""Cases of functions with types: global ones, which are checked on their own, once, and static ones, which are not."""
import os
import tempfile
from collections import namedtuple

import batch
import bpf_object
import btf
import cases
from batch import insn
from btf import GLOBAL, STATIC
from cases import (ARRAY, CONSTANTS, DATA, HASH, KPROBE, LEAVE, RAW_TRACEPOINT, SOCKET, TRACEPOINT, WITH_INDEX, XDP, alu,
                   alu_reg, call, copy, indexed, jump, jump_reg, load, lookup, mov, store, store_reg, wide)
from random_programs import (ADD, AND, ATOMIC, CALL, EXIT, JEQ, JGT, JLE, JMP, JNE, SIZES, STX)

PERF_EVENT, CLASSIFIER, SYSCALL = 7, 3, 31
PROGRAMS = len(cases.MAPS)  # a map of programs, for tail calls
RETURN = insn(JMP | EXIT)


# Types, as functions from a blob to the type's id there.
def void(_):
    return 0


def integer(name="int", size=4, signed=True):
    return lambda blob: blob.integer(name, size, signed)


def pointer(target):
    return lambda blob: blob.pointer(target(blob))


def structure(name, size, *members):
    return lambda blob: blob.struct(name, size, [(member, type(blob), offset) for member, type, offset in members])


def array(element, count):
    return lambda blob: blob.array(element(blob), count)


def named(target, name):
    return lambda blob: blob.modifier(btf.TYPEDEF, target(blob), name)


def constant(target):
    return lambda blob: blob.modifier(btf.CONST, target(blob))


INT, U64, CHAR = integer(), integer("unsigned long", 8, False), integer("char", 1)
PAIR = structure("pair", 16, ("first", U64, 0), ("second", U64, 8))
SKB = structure("__sk_buff", 4, ("len", INT, 0))
DYNPTR = structure("bpf_dynptr", 16, ("opaque", U64, 0), ("more", U64, 8))

# A function: its code, and what BTF says of it.
Function = namedtuple("Function", "code arguments result linkage tags", defaults=((), INT, GLOBAL, ()))


def call_of(number):
    """A call of function `number` of the case."""
    return insn(JMP | CALL, 0, 1, 0, number)


def address_of(dst, number):
    return wide(dst, 4, number)


def case(name, main, *functions, type=SOCKET, context=SKB, typed=True):
    """main: code of the program. typed: BTF is given."""
    blob, code, records = btf.Btf(), b"", []
    starts = [0]
    for piece in [main] + [function.code for function in functions]:
        starts.append(starts[-1] + len(piece) // 8)
    records.append((0, blob.function("main", INT(blob), [blob.pointer(context(blob))])))
    for number, function in enumerate(functions):
        types = [argument(blob) for argument in function.arguments]
        records.append((starts[number + 1],
                        blob.function(f"f{number + 1}", function.result(blob), types, function.linkage, function.tags)))
    raw = main + b"".join(function.code for function in functions)
    for at in range(0, len(raw), 8):
        one, number = raw[at:at + 8], int.from_bytes(raw[at + 4:at + 8], "little")
        if one[0] == JMP | CALL and one[1] >> 4 == 1 or one[0] == 0x18 and one[1] >> 4 == 4:
            one = one[:4] + ((starts[number] - at // 8 - 1) & 0xFFFFFFFF).to_bytes(4, "little")
        code += one
    program = batch.Program(f"global-{name}", type, code, [*cases.MAPS, batch.Map(3, 4, 4, 4)])
    if typed:
        program.btf, program.functions = blob.bytes(), records
    cases.programs.append(program)


ON_STACK = store(8, 10, -8, 1) + store(8, 10, -16, 2) + copy(1, 10) + alu(ADD, 1, -16)  # r1: 16 bytes
READ_CHECKED = mov(0, 0) + jump(JEQ, 1, 0, 1) + load(8, 0, 1, 0) + RETURN


def results():
    for name, result in (("int", INT), ("long", integer("long", 8)), ("char", CHAR), ("enum", lambda b: b.enum()),
                         ("void", void), ("pointer", pointer(INT)), ("struct", structure("small", 4, ("a", INT, 0))),
                         ("typedef", named(INT, "number")), ("const", constant(INT))):
        case(f"returns-{name}", call_of(1) + RETURN, Function(mov(0, 1) + RETURN, result=result))
        case(f"static-returns-{name}", call_of(1) + RETURN, Function(mov(0, 1) + RETURN, result=result, linkage=STATIC))
    # What it returns is not known to the caller.
    case("result-as-index", lookup() + copy(9, 0) + call_of(1) + copy(1, 0) + indexed(), Function(mov(0, 1) + RETURN))
    case("result-as-index-masked", lookup() + copy(9, 0) + call_of(1) + copy(1, 0) + alu(AND, 1, 31) + indexed(),
         Function(mov(0, 1) + RETURN))
    case("static-result-as-index", lookup() + copy(9, 0) + call_of(1) + copy(1, 0) + indexed(),
         Function(mov(0, 1) + RETURN, linkage=STATIC))
    case("result-unset", call_of(1) + mov(0, 0) + RETURN, Function(RETURN))
    case("result-is-argument-pointer", ON_STACK + call_of(1) + mov(0, 0) + RETURN, Function(copy(0, 1) + RETURN, [pointer(PAIR)]))
    case("result-is-stack", call_of(1) + mov(0, 0) + RETURN, Function(copy(0, 10) + RETURN))
    case("result-is-value", call_of(1) + mov(0, 0) + RETURN, Function(lookup() + RETURN))


def numbers():
    case("number-any", mov(1, 5) + call_of(1) + RETURN, Function(copy(0, 1) + RETURN, [INT]))
    case("number-as-index", mov(1, 5) + call_of(1) + RETURN,
         Function(copy(6, 1) + lookup() + copy(9, 0) + copy(1, 6) + indexed(), [U64]))
    case("number-as-index-checked", mov(1, 5) + call_of(1) + RETURN,
         Function(copy(6, 1) + lookup() + copy(9, 0) + copy(1, 6) + jump(JLE, 1, 40, 2) + LEAVE + indexed(), [U64]))
    case("number-as-index-static", mov(1, 5) + call_of(1) + RETURN,
         Function(copy(6, 1) + lookup() + copy(9, 0) + copy(1, 6) + indexed(), [U64], linkage=STATIC))
    case("number-untyped", mov(1, 5) + call_of(1) + RETURN,
         Function(copy(6, 1) + lookup() + copy(9, 0) + copy(1, 6) + indexed(), [U64]), typed=False)
    case("number-is-unset", call_of(1) + RETURN, Function(mov(0, 0) + RETURN, [INT, INT]))
    case("number-is-context", call_of(1) + RETURN, Function(mov(0, 0) + RETURN, [U64]))
    case("number-is-stack", copy(1, 10) + call_of(1) + RETURN, Function(mov(0, 0) + RETURN, [U64]))
    case("number-is-pointer-static", copy(1, 10) + call_of(1) + RETURN, Function(mov(0, 0) + RETURN, [U64], linkage=STATIC))
    case("number-enum", mov(1, 5) + call_of(1) + RETURN, Function(copy(0, 1) + RETURN, [lambda b: b.enum()]))
    case("number-float", mov(1, 5) + call_of(1) + RETURN, Function(mov(0, 0) + RETURN, [lambda b: b.add(btf.FLOAT, "float", 4)]))
    case("number-struct", mov(1, 5) + call_of(1) + RETURN, Function(mov(0, 0) + RETURN, [PAIR]))
    case("numbers-5", b"".join(mov(r, r) for r in range(1, 6)) + call_of(1) + RETURN, Function(copy(0, 5) + RETURN, [INT] * 5))
    case("numbers-6", b"".join(mov(r, r) for r in range(1, 6)) + call_of(1) + RETURN, Function(copy(0, 5) + RETURN, [INT] * 6))
    case("unnamed-argument-read", mov(1, 5) + mov(2, 6) + call_of(1) + RETURN, Function(copy(0, 2) + RETURN, [INT]))
    case("clobbers", mov(1, 1) + call_of(1) + copy(0, 1) + RETURN, Function(mov(0, 0) + RETURN, [INT]))
    case("keeps-r6", mov(6, 1) + mov(1, 1) + call_of(1) + copy(0, 6) + RETURN, Function(mov(6, 0) + mov(0, 0) + RETURN, [INT]))


def memory():
    places = {"stack": ON_STACK, "value": lookup() + copy(1, 0), "value-or-null": lookup(checked=False) + copy(1, 0),
              "null": mov(1, 0), "number": mov(1, 5), "context": b"", "map": wide(1, 5, ARRAY),
              "stack-short": store(8, 10, -8, 1) + copy(1, 10) + alu(ADD, 1, -8), "stack-unwritten": copy(1, 10) + alu(ADD, 1, -16),
              "stack-top": copy(1, 10), "value-end": lookup() + copy(1, 0) + alu(ADD, 1, 32),
              "value-too-far": lookup() + copy(1, 0) + alu(ADD, 1, 33), "data": wide(1, 6, DATA, 8),
              "data-too-far": wide(1, 6, DATA, 9), "constants": wide(1, 6, CONSTANTS),
              "value-indexed": WITH_INDEX + alu(AND, 1, 31) + alu_reg(ADD, 9, 1) + copy(1, 9),
              "value-indexed-too-far": WITH_INDEX + alu(AND, 1, 63) + alu_reg(ADD, 9, 1) + copy(1, 9)}
    for name, code in places.items():
        case(f"memory-{name}", code + call_of(1) + RETURN, Function(READ_CHECKED, [pointer(PAIR)]))
        case(f"memory-nonnull-{name}", code + call_of(1) + RETURN,
             Function(load(8, 0, 1, 8) + RETURN, [pointer(PAIR)], tags=[(0, "arg:nonnull")]))
    case("memory-not-compared", ON_STACK + call_of(1) + RETURN, Function(load(8, 0, 1, 0) + RETURN, [pointer(PAIR)]))
    for size in (1, 2, 4, 8):
        for off in (-1, 0, 8, 9, 12, 14, 15, 16):
            case(f"memory-read-{size}-at{off}", ON_STACK + call_of(1) + RETURN,
                 Function(mov(0, 0) + jump(JEQ, 1, 0, 1) + load(size, 0, 1, off) + RETURN, [pointer(PAIR)]))
    case("memory-written", ON_STACK + call_of(1) + load(8, 0, 10, -16) + RETURN,
         Function(mov(0, 0) + jump(JEQ, 1, 0, 1) + store(8, 1, 0, 7) + RETURN, [pointer(PAIR)]))
    case("memory-const-written", ON_STACK + call_of(1) + RETURN,
         Function(mov(0, 0) + jump(JEQ, 1, 0, 1) + store(8, 1, 0, 7) + RETURN, [pointer(constant(PAIR))]))
    # What the caller knew of its stack is gone.
    case("memory-stack-is-index", lookup() + copy(9, 0) + ON_STACK + call_of(1) + load(8, 1, 10, -16) + indexed(),
         Function(READ_CHECKED, [pointer(PAIR)]))
    case("memory-stack-beside-is-index", lookup() + copy(9, 0) + ON_STACK + store(8, 10, -24, 3) + call_of(1) +
         load(8, 1, 10, -24) + indexed(), Function(READ_CHECKED, [pointer(PAIR)]))
    case("memory-stack-had-pointer", ON_STACK + store_reg(8, 10, -16, 10) + call_of(1) + load(8, 1, 10, -16) + load(8, 0, 1, -8) +
         RETURN, Function(READ_CHECKED, [pointer(PAIR)]))
    for name, type in (("int", INT), ("char", CHAR), ("void", void), ("pointer", pointer(INT)), ("array", array(CHAR, 16)),
                       ("typedef", named(PAIR, "pair_t")), ("const", constant(PAIR)), ("array-2", array(array(INT, 2), 2)),
                       ("forward", lambda b: b.add(btf.FWD, "hidden", 0)), ("function", lambda b: b.prototype(0, [])),
                       ("enum", lambda b: b.enum()), ("float", lambda b: b.add(btf.FLOAT, "double", 8)),
                       ("empty", structure("empty", 0)), ("array-0", array(CHAR, 0))):
        case(f"memory-to-{name}", ON_STACK + call_of(1) + RETURN,
             Function(mov(0, 0) + jump(JEQ, 1, 0, 1) + load(1, 0, 1, 0) + RETURN, [pointer(type)]))
        case(f"memory-to-{name}-at15", ON_STACK + call_of(1) + RETURN,
             Function(mov(0, 0) + jump(JEQ, 1, 0, 1) + load(1, 0, 1, 15) + RETURN, [pointer(type)]))
    case("memory-moved", ON_STACK + call_of(1) + RETURN,
         Function(mov(0, 0) + jump(JEQ, 1, 0, 2) + alu(ADD, 1, 8) + load(8, 0, 1, 0) + RETURN, [pointer(PAIR)]))
    case("memory-indexed", ON_STACK + mov(2, 3) + call_of(1) + RETURN,
         Function(mov(0, 0) + jump(JEQ, 1, 0, 3) + alu(AND, 2, 15) + alu_reg(ADD, 1, 2) + load(1, 0, 1, 0) + RETURN,
                  [pointer(PAIR), INT]))
    case("memory-indexed-too-far", ON_STACK + mov(2, 3) + call_of(1) + RETURN,
         Function(mov(0, 0) + jump(JEQ, 1, 0, 3) + alu(AND, 2, 31) + alu_reg(ADD, 1, 2) + load(1, 0, 1, 0) + RETURN,
                  [pointer(PAIR), INT]))
    case("memory-as-key", ON_STACK + call_of(1) + RETURN,
         Function(mov(0, 0) + jump(JEQ, 1, 0, 5) + copy(2, 1) + wide(1, 5, HASH) + call(1) + mov(0, 0) + RETURN, [pointer(PAIR)]))
    case("memory-atomic", ON_STACK + call_of(1) + RETURN,
         Function(mov(0, 0) + jump(JEQ, 1, 0, 2) + mov(2, 1) + insn(STX | ATOMIC | SIZES[8], 1, 2, 0, 0) + RETURN, [pointer(PAIR)]))
    case("memory-handed-on", ON_STACK + call_of(1) + RETURN, Function(call_of(2) + RETURN, [pointer(PAIR)]),
         Function(READ_CHECKED, [pointer(PAIR)]))
    case("memory-handed-on-to-more", ON_STACK + call_of(1) + RETURN, Function(call_of(2) + RETURN, [pointer(INT)]),
         Function(READ_CHECKED, [pointer(PAIR)]))
    case("memory-handed-on-to-static", ON_STACK + call_of(1) + RETURN, Function(call_of(2) + RETURN, [pointer(PAIR)]),
         Function(load(8, 0, 1, 0) + RETURN, [pointer(PAIR)], linkage=STATIC))
    packet = copy(6, 1) + load(4, 1, 6, 0) + load(4, 3, 6, 4) + copy(4, 1) + alu(ADD, 4, 16)
    case("memory-packet", packet + jump_reg(JGT, 4, 3, 1) + call_of(1) + mov(0, 0) + RETURN,
         Function(READ_CHECKED, [pointer(PAIR)]), type=XDP, context=structure("xdp_md", 4, ("data", INT, 0)))
    case("memory-packet-short", packet + alu(ADD, 4, -1) + jump_reg(JGT, 4, 3, 1) + call_of(1) + mov(0, 0) + RETURN,
         Function(READ_CHECKED, [pointer(PAIR)]), type=XDP, context=structure("xdp_md", 4, ("data", INT, 0)))


def contexts():
    names = {"socket": (SOCKET, "__sk_buff"), "kernel-skb": (SOCKET, "sk_buff"), "xdp": (XDP, "xdp_md"),
             "kernel-xdp": (XDP, "xdp_buff"), "raw": (RAW_TRACEPOINT, "bpf_raw_tracepoint_args"),
             "perf": (PERF_EVENT, "bpf_perf_event_data"), "kprobe": (KPROBE, "user_regs_struct"),
             "classifier": (CLASSIFIER, "__sk_buff"), "other": (SOCKET, "xdp_md")}
    offsets = {SOCKET: 16, XDP: 12, RAW_TRACEPOINT: 8, PERF_EVENT: 256, KPROBE: 8, CLASSIFIER: 16, TRACEPOINT: 8, SYSCALL: 0}
    sizes = {SOCKET: 4, XDP: 4, CLASSIFIER: 4}

    def read(type):
        return load(sizes.get(type, 8), 0, 1, offsets[type]) + mov(0, 0) + RETURN

    for name, (type, struct) in names.items():
        context = structure(struct, 4, ("a", INT, 0))
        case(f"context-{name}", call_of(1) + RETURN, Function(read(type), [pointer(context)]), type=type, context=context)
        case(f"context-{name}-tagged", call_of(1) + RETURN, Function(read(type), [pointer(context)], tags=[(0, "arg:ctx")]),
             type=type, context=context)
    for name, type in (("socket", SOCKET), ("kprobe", KPROBE), ("tracepoint", TRACEPOINT), ("raw", RAW_TRACEPOINT), ("xdp", XDP),
                       ("perf", PERF_EVENT)):
        case(f"context-{name}-void-tagged", call_of(1) + RETURN, Function(read(type), [pointer(void)], tags=[(0, "arg:ctx")]),
             type=type)
        case(f"context-{name}-u64-tagged", call_of(1) + RETURN, Function(read(type), [pointer(U64)], tags=[(0, "arg:ctx")]),
             type=type)
        case(f"context-{name}-pair-tagged", call_of(1) + RETURN, Function(read(type), [pointer(PAIR)], tags=[(0, "arg:ctx")]),
             type=type)
    registers = named(structure("user_regs_struct", 8, ("pc", U64, 0)), "bpf_user_pt_regs_t")
    case("context-kprobe-typedef", call_of(1) + RETURN, Function(read(KPROBE), [pointer(registers)]), type=KPROBE)
    case("context-kprobe-const-typedef", call_of(1) + RETURN, Function(read(KPROBE), [pointer(constant(registers))]), type=KPROBE)
    case("context-kprobe-pt-regs-tagged", call_of(1) + RETURN,
         Function(read(KPROBE), [pointer(structure("pt_regs", 8, ("pc", U64, 0)))], tags=[(0, "arg:ctx")]), type=KPROBE)
    case("context-moved", alu(ADD, 1, 4) + call_of(1) + RETURN, Function(read(SOCKET), [pointer(SKB)]))
    case("context-is-stack", copy(1, 10) + alu(ADD, 1, -8) + call_of(1) + RETURN, Function(read(SOCKET), [pointer(SKB)]))
    case("context-is-null", mov(1, 0) + call_of(1) + RETURN, Function(read(SOCKET), [pointer(SKB)]))
    case("context-is-number", mov(1, 1) + call_of(1) + RETURN, Function(read(SOCKET), [pointer(SKB)]))
    case("context-second", copy(2, 1) + mov(1, 1) + call_of(1) + RETURN,
         Function(copy(1, 2) + read(SOCKET), [INT, pointer(SKB)]))
    case("context-field-none", call_of(1) + RETURN, Function(load(4, 0, 1, 180) + RETURN, [pointer(SKB)]))
    case("context-tag-nonnull", call_of(1) + RETURN, Function(read(SOCKET), [pointer(SKB)], tags=[(0, "arg:nonnull")]))


def tags():
    for text in ("ctx", "nonnull", "nullable", "trusted", "arena", "unknown", ""):
        case(f"tag-{text}-on-number", mov(1, 1) + call_of(1) + RETURN, Function(mov(0, 0) + RETURN, [INT], tags=[(0, f"arg:{text}")]))
    case("tag-unknown-on-pointer", ON_STACK + call_of(1) + RETURN,
         Function(READ_CHECKED, [pointer(PAIR)], tags=[(0, "arg:unknown")]))
    case("tag-nullable-alone", ON_STACK + call_of(1) + RETURN, Function(READ_CHECKED, [pointer(PAIR)], tags=[(0, "arg:nullable")]))
    case("tag-other-argument", ON_STACK + mov(2, 0) + call_of(1) + RETURN,
         Function(READ_CHECKED, [pointer(PAIR), INT], tags=[(1, "arg:nonnull")]))
    case("tag-not-of-arguments", ON_STACK + call_of(1) + RETURN, Function(READ_CHECKED, [pointer(PAIR)], tags=[(0, "nonnull")]))
    case("tag-static", ON_STACK + call_of(1) + RETURN,
         Function(load(8, 0, 1, 0) + RETURN, [pointer(PAIR)], linkage=STATIC, tags=[(0, "arg:unknown")]))
    case("tag-nonnull-char", ON_STACK + call_of(1) + RETURN,
         Function(load(1, 0, 1, 0) + RETURN, [pointer(CHAR)], tags=[(0, "arg:nonnull")]))


def calls():
    fine = Function(mov(0, 0) + RETURN)
    wrong = Function(load(8, 0, 1, 0) + RETURN, [INT])
    case("two-calls", mov(1, 1) + call_of(1) + mov(1, 2) + call_of(1) + RETURN, Function(copy(0, 1) + RETURN, [INT]))
    case("called-by-global", call_of(1) + RETURN, Function(call_of(2) + RETURN), fine)
    case("called-by-global-wrong", call_of(1) + RETURN, Function(mov(1, 1) + call_of(2) + RETURN), wrong)
    case("called-by-static", call_of(1) + RETURN, Function(call_of(2) + RETURN, linkage=STATIC), fine)
    case("calls-static", call_of(1) + RETURN, Function(mov(1, 3) + call_of(2) + RETURN),
         Function(copy(6, 1) + lookup() + copy(9, 0) + copy(1, 6) + indexed(), [INT], linkage=STATIC))
    case("wrong-in-dead-branch", mov(6, 0) + jump(JEQ, 6, 0, 2) + mov(1, 1) + call_of(1) + mov(0, 0) + RETURN, wrong)
    case("wrong-in-branch", load(4, 6, 1, 16) + jump(JEQ, 6, 0, 2) + mov(1, 1) + call_of(1) + mov(0, 0) + RETURN, wrong)
    case("wrong-called-from-dead-global", mov(6, 0) + jump(JEQ, 6, 0, 1) + call_of(1) + mov(0, 0) + RETURN,
         Function(mov(1, 1) + call_of(2) + RETURN), wrong)
    case("recursive", call_of(1) + RETURN, Function(call_of(1) + RETURN))
    case("recursive-by-two", call_of(1) + RETURN, Function(call_of(2) + RETURN), Function(call_of(1) + RETURN))
    for depth in (7, 8):
        case(f"chain-{depth}", call_of(1) + RETURN, *[Function(call_of(n + 2) + RETURN) for n in range(depth - 1)], fine)
    for used in (256, 264, 512):
        case(f"stack-{used}", store(8, 10, -256, 0) + call_of(1) + RETURN, Function(store(8, 10, -used, 0) + mov(0, 0) + RETURN))
    case("stack-of-caller-unwritten", call_of(1) + RETURN, Function(load(8, 0, 10, -8) + mov(0, 0) + RETURN))
    case("loop-bounded", call_of(1) + RETURN, Function(mov(0, 0) + alu(ADD, 0, 1) + jump(JNE, 0, 100, -2) + RETURN))
    case("loop-by-argument", mov(1, 3) + call_of(1) + RETURN, Function(mov(0, 0) + alu(ADD, 0, 1) + jump_reg(JNE, 0, 1, -2) + RETURN, [U64]))
    case("loop-endless", call_of(1) + RETURN, Function(mov(0, 0) + insn(JMP, 0, 0, -1) + RETURN))
    case("reads-r6", mov(6, 1) + call_of(1) + RETURN, Function(copy(0, 6) + RETURN))
    case("address-static", mov(1, 2) + address_of(2, 1) + mov(3, 0) + mov(4, 0) + call(181) + mov(0, 0) + RETURN,
         Function(mov(0, 0) + RETURN, [INT, pointer(void)], linkage=STATIC), type=KPROBE)
    case("address-global", mov(1, 2) + address_of(2, 1) + mov(3, 0) + mov(4, 0) + call(181) + mov(0, 0) + RETURN,
         Function(mov(0, 0) + RETURN, [INT, pointer(INT)]), type=KPROBE)
    case("main-static", mov(0, 0) + RETURN)
    # Another program may run, and move the packet.
    leaps = wide(2, 5, PROGRAMS) + mov(3, 0) + call(12) + mov(0, 0) + RETURN
    access = copy(6, 1) + load(4, 7, 6, 76) + load(4, 8, 6, 80) + copy(2, 7) + alu(ADD, 2, 8) + jump_reg(JGT, 2, 8, 3)
    for name, body in (("changed", leaps), ("kept", mov(0, 0) + RETURN)):
        case(f"packet-{name}", access + copy(1, 6) + call_of(1) + load(1, 0, 7, 0) + mov(0, 0) + RETURN,
             Function(body, [pointer(SKB)]), type=CLASSIFIER)
        case(f"packet-{name}-by-callee", access + copy(1, 6) + call_of(1) + load(1, 0, 7, 0) + mov(0, 0) + RETURN,
             Function(call_of(2) + mov(0, 0) + RETURN, [pointer(SKB)]), Function(body, [pointer(SKB)]), type=CLASSIFIER)


def dynptrs():
    made = lookup() + copy(1, 0) + mov(2, 16) + mov(3, 0) + copy(4, 10) + alu(ADD, 4, -32) + call(197) + copy(1, 10) + alu(ADD, 1, -32)
    data = mov(2, 0) + mov(3, 8) + call(203) + jump(JNE, 0, 0, 2) + LEAVE + load(8, 0, 0, 0) + RETURN
    uses = {"unused": mov(0, 0) + RETURN, "data": data, "read-directly": load(8, 0, 1, 0) + RETURN,
            "moved": alu(ADD, 1, 8) + data, "submitted": mov(2, 0) + call(199) + mov(0, 0) + RETURN,
            "handed-on": call_of(2) + RETURN}
    for name, body in uses.items():
        case(f"dynptr-{name}", made + call_of(1) + RETURN, Function(body, [pointer(DYNPTR)]), *(
            [Function(data, [pointer(DYNPTR)])] if name == "handed-on" else []), type=KPROBE)
    case("dynptr-none", store(8, 10, -32, 0) + store(8, 10, -24, 0) + copy(1, 10) + alu(ADD, 1, -32) + call_of(1) + RETURN,
         Function(data, [pointer(DYNPTR)]), type=KPROBE)
    case("dynptr-null", mov(1, 0) + call_of(1) + RETURN, Function(data, [pointer(DYNPTR)]), type=KPROBE)
    case("dynptr-second-slot", made + alu(ADD, 1, 8) + call_of(1) + RETURN, Function(data, [pointer(DYNPTR)]), type=KPROBE)
    case("dynptr-as-memory", made + call_of(1) + RETURN, Function(READ_CHECKED, [pointer(PAIR)]), type=KPROBE)


def c_programs():
    folder = os.path.dirname(os.path.abspath(__file__))
    with tempfile.TemporaryDirectory() as scratch:
        cases.programs.extend(bpf_object.compile_programs(
            os.path.join(folder, "global_functions.c"), os.path.join(scratch, "functions.o"),
            {"socket": SOCKET, "kprobe": KPROBE, "xdp": XDP, "classifier": CLASSIFIER}, "c-"))


def functions():
    for theme in (results, numbers, memory, contexts, tags, calls, dynptrs, c_programs):
        theme()
