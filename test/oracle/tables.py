# SPDX-License-Identifier: MIT OR Apache-2.0
"""Tables of the verifier, exhausted, as batch files: every byte of the contexts by size and direction; every helper with every kind of
argument; every type of map with every helper that takes one; what programs of each type may return; accesses through, arithmetic on, and
comparisons of every kind of value; every kernel function with every kind of argument.

usage: tables.py contexts|arguments|maps|returns|accesses|arithmetic|comparisons|functions OUT [PROGRAM-TYPE...]"""
import os
import re
import sys

import assembly
import batch
import btf
from assembly import MAPS
from batch import insn
from cases import alu, alu_reg, call, copy, jump, jump_reg, load, mov, store, store_reg, wide
from random_programs import ADD, AND, CALL, EXIT, JGT, JMP, JNE, MEM, MEMSX

RETURN = insn(JMP | EXIT)
SLEEPABLE = 16
SOCKET, KPROBE, CLASSIFIER, TRACEPOINT, XDP, PERF_EVENT, RAW_TRACEPOINT, SYSCALL = 1, 2, 3, 5, 6, 7, 17, 31
CONTEXT_SIZES = {1: 200, 2: 264, 3: 200, 4: 200, 5: 72, 6: 32, 7: 320, 8: 200, 9: 88, 10: 200, 11: 200, 12: 200, 13: 232, 14: 200, 15: 16, 16: 88, 17: 104,
                 18: 80, 19: 200, 20: 16, 21: 64, 22: 200, 23: 16, 24: 104, 25: 48, 30: 80, 31: 64}
# Where programs of a type are attached, as far as it must be said.
ATTACH_TYPES = {8: 0, 18: 10, 9: 2, 25: 22, 22: 17, 30: 36, 15: 6, 23: 18, 13: 3, 14: 5, 16: 7, 21: 39}
programs = []


def case(name, *parts, type, maps=(), functions=(), **more):
    """functions: those that a helper calls, behind the program."""
    code = b"".join(parts)
    if type == SYSCALL:
        more.setdefault("flags", batch.F_ANY_ALIGNMENT | SLEEPABLE)
    program = batch.Program(name, type, code, maps, attach_type=ATTACH_TYPES.get(type, 0), **more)
    if functions:
        blob = btf.Btf()
        types = assembly.types_of(blob)
        starts = [0]
        program.functions.append((0, blob.function("main", types["INT"], [types["CONTEXT"]])))
        for number, function in enumerate(functions):
            starts.append(len(program.insns) // 8)
            program.functions.append((starts[-1], blob.function(f"f{number}", types["INT"], [types["U64"]] * 2, btf.STATIC)))
            program.insns += function
        insns = [program.insns[at:at + 8] for at in range(0, len(program.insns), 8)]
        for at, one in enumerate(insns):
            if one[0] == 0x18 and one[1] >> 4 == 4:
                insns[at] = one[:4] + (starts[int.from_bytes(one[4:8], "little")] - at - 1).to_bytes(4, "little")
        program.insns, program.btf = b"".join(insns), blob.bytes()
    programs.append(program)


def contexts(types):
    for type in types:
        for off in range(-4, CONTEXT_SIZES[type] + 8):
            for size in (1, 2, 4, 8):
                case(f"{type}-read-{size}-at{off}", load(size, 0, 1, off), mov(0, 1), RETURN, type=type)
                case(f"{type}-write-{size}-at{off}", mov(0, 1), store_reg(size, 1, off, 0), RETURN, type=type)
                if off % size == 0:
                    case(f"{type}-store-{size}-at{off}", store(size, 1, off, 0), mov(0, 1), RETURN, type=type)
                    case(f"{type}-shown-{size}-at{off}", load(size, 0, 1, off), copy(2, 1), copy(1, 0), alu(ADD, 1, 8), load(1, 1, 1, 0), mov(0, 1), RETURN, type=type)
                    if size < 8:
                        case(f"{type}-signed-{size}-at{off}", load(size, 0, 1, off, MEMSX), mov(0, 1), RETURN, type=type)
            for size in (4, 8):
                case(f"{type}-atomic-{size}-at{off}", mov(0, 1), insn(3 | 0xC0 | {4: 0, 8: 0x18}[size], 1, 0, off, 0), RETURN, type=type)


def prototypes():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../runtime/abi/linux.def")
    for row in re.findall(r"^KBPF_LINUX_HELPER\((.*)\)$", open(path).read(), re.M):
        fields = [field.strip() for field in row.split(",")]
        yield int(fields[0]), fields[1], fields[3:8], fields[8], fields[9]


LINUX_MAPS = {"hash": MAPS["hash"], "array": MAPS["array"], "programs": MAPS["programs"], "events": MAPS["events"],
              "percpu_hash": MAPS["percpu_hash"], "percpu": MAPS["percpu"], "stacks": MAPS["stacks"], "cgroups": batch.Map(8, 4, 4, 4),
              "lru": MAPS["lru"], "lru_percpu": batch.Map(10, 8, 48, 4), "trie": batch.Map(11, 8, 48, 4, 1), "outer": MAPS["outer"],
              "outer_hash": MAPS["outer_hash"], "devices": MAPS["devices"], "sockets": MAPS["sockets"], "cpus": batch.Map(16, 4, 4, 1),
              "xsks": batch.Map(17, 4, 4, 4), "socket_hash": batch.Map(18, 4, 4, 4), "reuseport": batch.Map(20, 4, 4, 4),
              "queue": MAPS["queue"], "stack": MAPS["stack"], "device_hash": batch.Map(25, 4, 4, 4), "ringbuf": MAPS["ringbuf"],
              "bloom": MAPS["bloom"], "user_ringbuf": MAPS["user_ringbuf"], "timers": MAPS["timers"], "locked": MAPS["locked"],
              "constants": MAPS["constants"]}
NAMES = list(LINUX_MAPS)
FOR_HELPER = {12: "programs", 22: "events", 25: "events", 55: "events", 27: "stacks", 33: "cgroups", 37: "cgroups", 51: "devices",
              52: "sockets", 53: "sockets", 60: "sockets", 70: "socket_hash", 71: "socket_hash", 72: "socket_hash", 82: "reuseport",
              87: "queue", 88: "queue", 89: "queue", 130: "ringbuf", 131: "ringbuf", 134: "ringbuf", 169: "timers", 195: "percpu_hash",
              198: "ringbuf", 209: "user_ringbuf"}
AREA = -256  # 64 bytes of the stack that are written
DYNPTR, RINGBUF_DYNPTR, SECOND = -288, -304, -312
FUNCTION = mov(0, 0) + RETURN


class Setting:
    """A program around one call: maps and functions are numbered as they are used."""

    def __init__(self):
        self.maps, self.functions = [], []

    def map(self, dst, name, src=5, high=0):
        if name not in self.maps:
            self.maps.append(name)
        return wide(dst, src, self.maps.index(name), high)

    def function(self, dst):
        self.functions = [FUNCTION]
        return wide(dst, 4, 1)

    def lookup(self, name, checked=True):
        wide_key = LINUX_MAPS[name].fields[1] == 8
        code = store(8 if wide_key else 4, 10, -8, 0) + copy(2, 10) + alu(ADD, 2, -8) + self.map(1, name) + call(1)
        return code + (jump(JNE, 0, 0, 2) + mov(0, 0) + RETURN if checked else b"")

    def area(self, dst, off=AREA):
        return copy(dst, 10) + alu(ADD, dst, off)

    def dynptr(self):
        return self.lookup("array") + copy(1, 0) + mov(2, 16) + mov(3, 0) + self.area(4, DYNPTR) + call(197)

    def ringbuf_dynptr(self):
        return self.map(1, "ringbuf") + mov(2, 16) + mov(3, 0) + self.area(4, RINGBUF_DYNPTR) + call(198)

    def record(self):
        return self.map(1, "ringbuf") + mov(2, 16) + mov(3, 0) + call(131) + jump(JNE, 0, 0, 2) + mov(0, 0) + RETURN


def kinds():
    """Kinds of values: (code to have it in r7, types of programs, code that gives back what is held)."""
    set_ = lambda code: lambda s: code
    yield "null", set_(mov(7, 0))
    yield "one", set_(mov(7, 1))
    yield "sixteen", set_(mov(7, 16))
    yield "64k", set_(mov(7, 65536))
    yield "huge", set_(mov(7, 0x7FFFFFFF))
    yield "negative", set_(mov(7, -1))
    yield "unknown", set_(call(7) + copy(7, 0))
    yield "unknown64", set_(call(5) + copy(7, 0))
    yield "up_to_31", set_(call(7) + copy(7, 0) + alu(AND, 7, 31))
    yield "context", set_(copy(7, 6))
    yield "context+8", set_(copy(7, 6) + alu(ADD, 7, 8))
    yield "frame", set_(copy(7, 10))
    yield "area", lambda s: s.area(7)
    yield "area+1", lambda s: s.area(7, AREA + 1)
    yield "area-end", lambda s: s.area(7, AREA + 60)
    yield "area-varying", lambda s: call(7) + copy(7, 0) + alu(AND, 7, 15) + s.area(0) + alu_reg(ADD, 7, 0)
    yield "unwritten", lambda s: s.area(7, -512)
    yield "value", lambda s: s.lookup("array") + copy(7, 0)
    yield "value+40", lambda s: s.lookup("array") + copy(7, 0) + alu(ADD, 7, 40)
    yield "value-varying", lambda s: s.lookup("array") + copy(8, 0) + call(7) + copy(7, 0) + alu(AND, 7, 15) + alu_reg(ADD, 7, 8)
    yield "value-or-null", lambda s: s.lookup("array", False) + copy(7, 0)
    yield "data", lambda s: s.map(7, "array1", 6)
    yield "constants", lambda s: s.map(7, "constants", 6)
    yield "text", lambda s: s.map(7, "text", 6)
    yield "map", lambda s: s.map(7, "array")
    yield "function", lambda s: s.function(7)
    yield "record", lambda s: s.record() + copy(7, 0)
    yield "lock", lambda s: s.lookup("locked") + copy(7, 0)
    yield "timer", lambda s: s.lookup("timers") + copy(7, 0)
    yield "dynptr", lambda s: s.dynptr() + s.area(7, DYNPTR)
    yield "task", set_(call(158) + copy(7, 0))
    yield "packet", set_(load(4, 7, 6, 0) + load(4, 8, 6, 4) + copy(0, 7) + alu(ADD, 0, 32) + jump_reg(0xD0 ^ 0x60, 0, 8, 2) + mov(0, 0) + RETURN)
    yield "packet-unchecked", set_(load(4, 7, 6, 0))
    yield "packet-end", set_(load(4, 7, 6, 4))
    yield "unset", set_(b"")


LINUX_MAPS["array1"] = batch.Map(2, 4, 48, 1)
LINUX_MAPS["text"] = batch.Map(2, 4, 16, 1, 1 << 7, True, b"a %d\0".ljust(16, b"\0"))


def base(s, number, kind, register):
    """An argument as the prototype wants it."""
    if kind in ("ANY_SCALAR", "OPTIONAL", "STACK_OR_NULL"):
        return mov(register, 0)
    if kind in ("CTX", "CTX_OR_NULL"):
        return copy(register, 6)
    if kind == "MAP":
        return s.map(register, FOR_HELPER.get(number, "hash"))
    if kind in ("SIZE", "SIZE_OR_ZERO", "ALLOC_SIZE"):
        return mov(register, 16)
    if kind == "CONST_STR":
        return s.map(register, "text", 6)
    if kind == "FUNC":
        return s.function(register)
    if kind == "DYNPTR":
        return s.area(register, DYNPTR)
    if kind in ("DYNPTR_RINGBUF_RELEASE",):
        return s.area(register, RINGBUF_DYNPTR)
    if kind in ("DYNPTR_LOCAL_OUT", "DYNPTR_RINGBUF_OUT"):
        return s.area(register, -336)
    if kind in ("SPIN_LOCK", "TIMER", "RECORD", "OBJECT"):
        return copy(register, 9)
    return s.area(register)


def before(s, kinds_of):
    code = b""
    for kind in kinds_of:
        if kind == "SPIN_LOCK":
            code += s.lookup("locked") + copy(9, 0)
        elif kind == "TIMER":
            code += s.lookup("timers") + copy(9, 0)
        elif kind == "RECORD":
            code += s.record() + copy(9, 0)
        elif kind == "OBJECT":
            code += call(158) + copy(9, 0)
        elif kind == "DYNPTR":
            code += s.dynptr()
        elif kind == "DYNPTR_RINGBUF_RELEASE":
            code += s.ringbuf_dynptr()
    return code


def written():
    return b"".join(store(8, 10, AREA + at, 0x61) for at in range(0, 64, 8))


def argument(type, number, name, wanted, position, kind, make):
    s = Setting()
    code = copy(6, 1) + written() + before(s, wanted) + (make(s) if make else b"")
    for at, want in enumerate(wanted):
        if at == position:
            if kind != "unset":
                code += copy(at + 1, 7)
        elif want != "NONE":
            code += base(s, number, want, at + 1)
    code += call(number)
    if kind == "record" and number not in (132, 133):
        code += copy(1, 7) + mov(2, 0) + call(132)
    if number == 93:
        code += copy(1, 9) + call(94)
    if number in (84, 85, 99):
        code += jump(0x10, 0, 0, 2) + copy(1, 0) + call(86)
    if number == 131:
        code += jump(0x10, 0, 0, 3) + copy(1, 0) + mov(2, 0) + call(132)
    if number == 198:
        code += s.area(1, -336) + mov(2, 0) + call(199)
    where = f"-{position + 1}-{kind}" if kind else ""
    case(f"{type}-{number}-{name}{where}", code, mov(0, 0), RETURN, type=type, maps=[LINUX_MAPS[m] for m in s.maps],
         functions=s.functions)


def arguments(types):
    for type in types:
        for number, name, wanted, *_ in prototypes():
            argument(type, number, name, wanted, -1, "", None)
            for position in range(5):
                if wanted[position] == "NONE":
                    continue
                for kind, make in kinds():
                    if kind.startswith("packet") and type != XDP:
                        continue
                    argument(type, number, name, wanted, position, kind, make)


def map_types(types):
    for type in types:
        for number, name, wanted, *_ in prototypes():
            if "MAP" in wanted:
                for map in LINUX_MAPS:
                    FOR_HELPER[number], old = map, FOR_HELPER.get(number, "hash")
                    argument(type, number, name, wanted, -1, map, None)
                    programs[-1].name = f"{type}-{number}-{name}-map-{map}"
                    FOR_HELPER[number] = old


def kernel_functions():
    """(number, name, flags, result, parameters as (type, name))"""
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../runtime/abi")
    rows = []
    for row in re.finditer(r"^KBPF_KERNEL_FUNCTION\((\w+), (\w+), ([^,]*), ([^,]*),\s*\"([^\"]*)\"", open(os.path.join(folder, "linux_kfuncs.def")).read(), re.M):
        rows.append((int(row[1], 0), row[2], row[4], row[5]))
    for row in re.finditer(r"^KBPF_HELPER\((0x2\w+), (\w+), [^\"]*\"([^\"]*)\"", open(os.path.join(folder, "kfuncs.def")).read(), re.M):
        rows.append((int(row[1], 0), row[2], "", row[3]))
    for number, name, flags, prototype in rows:
        result, inside = re.fullmatch(r"(.*?)bpf_\w+\((.*)\)", prototype).groups()
        parameters = [re.fullmatch(r"(.*?)(\w*)", one.strip()).groups() for one in inside.split(",")] if "(" not in inside else []
        yield number, name, flags, result.strip(), [(type.strip(), name) for type, name in parameters if (type.strip(), name) != ("", "void")]


# Objects of the kernel: what gives one, and takes it back.
OBJECTS = {"struct cgroup *": (0x20109, 0x20107), "struct bpf_cpumask *": ("cpumask_create", "cpumask_release"), "struct task_struct *": (0x20105, 0x20104)}


def function_argument(type, numbers, function, position, kind, make):
    number, name, flags, result, parameters = function
    s = Setting()
    code, held = copy(6, 1) + written(), None
    wanted = next((OBJECTS[one] for one, _ in parameters if one in OBJECTS), None)
    if any(one == "struct bpf_dynptr *" or one == "const struct bpf_dynptr *" for one, _ in parameters):
        code += s.dynptr()
    if wanted:
        held = [numbers.get(one, one) for one in wanted]
        code += mov(1, 1) + call(held[0]) + jump(JNE, 0, 0, 2) + mov(0, 0) + RETURN + copy(9, 0)
    code += make(s) if make else b""
    for at, (c_type, c_name) in enumerate(parameters):
        if at == position:
            if kind != "unset":
                code += copy(at + 1, 7)
        elif c_type in OBJECTS:
            code += copy(at + 1, 9)
        elif c_type.endswith("struct bpf_dynptr *"):
            code += s.area(at + 1, DYNPTR)
        elif c_type == "const struct cpumask *" and wanted == OBJECTS["struct bpf_cpumask *"]:
            code += copy(at + 1, 9)
        elif c_type.endswith("struct bpf_map *"):
            code += s.map(at + 1, "array")
        elif c_type.startswith("struct bpf_iter_"):
            code += s.area(at + 1, -336)
        elif c_type.endswith("*"):
            code += s.area(at + 1)
        else:
            code += mov(at + 1, 16 if c_name.endswith(("__sz", "__szk")) else 1)
    code += call(number)
    if "ACQUIRE" in flags and result in OBJECTS:
        code += jump(0x10, 0, 0, 2) + copy(1, 0) + call(numbers.get(OBJECTS[result][1], OBJECTS[result][1]))
    if held and "RELEASE" not in flags:
        code += copy(1, 9) + call(held[1])
    if kind == "record":
        code += copy(1, 7) + mov(2, 0) + call(132)
    where = f"-{position + 1}-{kind}" if kind else ""
    case(f"{type}-{number:x}-{name}{where}", code, mov(0, 0), RETURN, type=type, maps=[LINUX_MAPS[m] for m in s.maps], functions=s.functions)


def functions(types):
    rows = list(kernel_functions())
    numbers = {name: number for number, name, *_ in rows}
    for type in types:
        for row in rows:
            function_argument(type, numbers, row, -1, "", None)
            for position in range(len(row[4])):
                for kind, make in known_kinds(type) + [("unset", lambda s: b"")]:
                    function_argument(type, numbers, row, position, kind, make)


def returns(types):
    for type in types:
        for attach in range(58):
            ATTACH_TYPES[type] = attach
            for value in (-1, 0, 1, 2, 3, 4):
                case(f"{type}.{attach}-returns-{value}", mov(0, value), RETURN, type=type)
            case(f"{type}.{attach}-returns-any", call(7), RETURN, type=type)
            case(f"{type}.{attach}-returns-context", copy(0, 1), RETURN, type=type)


def with_values(name, type, made, code):
    """made: (kind, how to make it) of r7, and, where there are two, of r8. A record is given back behind the code."""
    s = Setting()
    setup = copy(6, 1) + written()
    if len(made) == 2:
        setup += made[1][1](s) + store_reg(8, 10, SECOND, 7)
    setup += made[0][1](s)
    if len(made) == 2:
        setup += load(8, 8, 10, SECOND)
    for register, (kind, _) in zip((7, 8), made):
        if kind == "record":
            code += copy(1, register) + mov(2, 0) + call(132)
    case(name, setup, code, mov(0, 0), RETURN, type=type, maps=[LINUX_MAPS[m] for m in s.maps], functions=s.functions)


def known_kinds(type, *without):
    return [(kind, make) for kind, make in kinds() if kind not in ("unset", *without) and (type == XDP or not kind.startswith("packet"))]


def accesses(types):
    """The address stays in r7; r1 is what moves it."""
    for type in types:
        for made in known_kinds(type):
            for off in (-16, -9, -8, -4, -1, 0, 1, 2, 4, 7, 8, 12, 15, 16, 24, 31, 32, 40, 44, 47, 48):
                for size in (1, 2, 4, 8):
                    name = f"{type}-{made[0]}-{size}-at{off}"
                    with_values("read-" + name, type, [made], load(size, 1, 7, off))
                    with_values("write-" + name, type, [made], store(size, 7, off, 1))
                    if size < 8:
                        with_values("sign-" + name, type, [made], load(size, 1, 7, off, MEMSX))
                    if size >= 4:
                        for op in (0x00, 0xA1, 0xE1, 0xF1):
                            with_values(f"atomic{op:x}-" + name, type, [made], mov(0, 1) + mov(1, 1) + insn(3 | 0xC0 | {4: 0, 8: 0x18}[size], 7, 1, off, op))
                for source in ("context", "area", "value", "map", "record", "value-or-null", "function", "packet"):
                    if off % 8 == 0 and (type == XDP or source != "packet"):
                        other = next(k for k in kinds() if k[0] == source)
                        with_values(f"store-{type}-{source}-in-{made[0]}-at{off}", type, [made, other], store_reg(8, 7, off, 8))


MOVES = {"0": 0, "1": 1, "8": 8, "-1": -1, "-8": -8, "far": (1 << 29) - 1, "2^29": 1 << 29, "-2^31": -1 << 31}


def arithmetic(types):
    codes = {"add": 0x00, "sub": 0x10, "mul": 0x20, "div": 0x30, "or": 0x40, "and": 0x50, "lsh": 0x60, "rsh": 0x70, "mod": 0x90,
             "xor": 0xA0, "mov": 0xB0, "arsh": 0xC0}
    for type in types:
        for made in known_kinds(type):
            for name, code in codes.items():
                for width, cls in ((64, 7), (32, 4)):
                    for text, number in MOVES.items():
                        if code in (0x60, 0x70, 0xC0) and not 0 <= number < width:
                            continue
                        with_values(f"{name}{width}-{type}-{made[0]}-{text}", type, [made], copy(1, 7) + alu(code, 1, number, cls) + load(1, 2, 1, 0))
                    for other in known_kinds(type, "record"):
                        if code in (0x00, 0x10, 0x50):
                            with_values(f"{name}{width}-{type}-{made[0]}-{other[0]}", type, [made, other],
                                        copy(1, 7) + alu_reg(code, 1, 8, cls) + load(1, 2, 1, 0))
            with_values(f"neg-{type}-{made[0]}", type, [made], copy(1, 7) + insn(0x87, 1))
            with_values(f"bswap-{type}-{made[0]}", type, [made], copy(1, 7) + insn(0xD7, 1, 0, 0, 64))
            for bits in (8, 16, 32):
                with_values(f"movsx{bits}-{type}-{made[0]}", type, [made], insn(0xBF, 1, 7, bits))


def comparisons(types):
    """What a comparison teaches: read on both sides."""
    codes = {"jeq": 0x10, "jne": 0x50, "jgt": 0x20, "jle": 0xB0, "jsge": 0x70, "jset": 0x40}
    for type in types:
        for made in known_kinds(type, "record"):
            for name, code in codes.items():
                for width, cls in ((64, 5), (32, 6)):
                    for number in (0, 1):
                        with_values(f"{name}{width}-{type}-{made[0]}-{number}", type, [made], jump(code, 7, number, 1, cls) + load(1, 1, 7, 0))
                        with_values(f"not-{name}{width}-{type}-{made[0]}-{number}", type, [made],
                                    jump(code, 7, number, 1, cls) + insn(5, 0, 0, 1) + load(1, 1, 7, 0))
                    for other in known_kinds(type, "record"):
                        if width == 64:
                            with_values(f"{name}{width}-{type}-{made[0]}-{other[0]}", type, [made, other],
                                        jump_reg(code, 7, 8, 1, cls) + load(1, 1, 7, 0))


if __name__ == "__main__":
    make = {"accesses": accesses, "arithmetic": arithmetic, "comparisons": comparisons,
            "contexts": contexts, "functions": functions, "arguments": arguments, "maps": map_types, "returns": returns}[sys.argv[1]]
    make([int(type) for type in sys.argv[3:]] or [SOCKET, KPROBE, TRACEPOINT, XDP, RAW_TRACEPOINT])
    batch.write(sys.argv[2], programs)
    print(len(programs))
