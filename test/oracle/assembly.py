# SPDX-License-Identifier: MIT OR Apache-2.0
"""Cases as text: BPF assembly as clang writes it, in files of many small programs (cases/*.cases).

    == name type=xdp flags=sleepable size=1,2,4        a case for each of the listed values, named name-1, name-2, ...
       lookup array                                    r0: a value of that map, which is not null
       r1 = *(u{size*8} *)(r0 + 8)                     {...}: an expression of the values
       if r1 > 7 goto out
       r2 = map hash                                   also: value NAME + OFFSET, func NAME
       call probe_read                                 a helper by name or number, or a function of the case
    out:
       exit
    .func f static                                     a function; `global INT TASK:trusted` names the types of its arguments, and tags

`.define NAME` up to `.end` gives lines that a case takes in with `NAME`; those of common.macros every file has."""
import glob
import itertools
import os
import re

import batch
import btf
from batch import insn
from random_programs import (ADD, ALU32, ALU64, AND, ARSH, ATOMIC, CALL, DIV, END, EXIT, JA, JEQ, JGE, JGT, JLE, JLT, JMP, JMP32,
                             JNE, JSET, JSGE, JSGT, JSLE, JSLT, LDX, LSH, MEM, MEMSX, MOD, MOV, MUL, NEG, OR, RSH, SIZES, ST, STX,
                             SUB, X, XOR)

TYPES = {"socket": 1, "kprobe": 2, "classifier": 3, "tracepoint": 5, "xdp": 6, "perf_event": 7, "cgroup_skb": 8,
         "cgroup_sock": 9, "lwt_in": 10, "sock_ops": 13, "sk_skb": 14, "raw_tracepoint": 17, "cgroup_sock_addr": 18,
         "lirc": 20, "flow_dissector": 22, "cgroup_sysctl": 23, "raw_tracepoint_writable": 24, "cgroup_sockopt": 25,
         "tracing": 26, "lsm": 29, "sk_lookup": 30, "syscall": 31, "sk_msg": 16, "sk_reuseport": 21}
FLAGS = {"strict": 1, "any": 2, "test_states": 8, "sleepable": 16, "xdp_frags": 32}
MAPS = {"hash": batch.Map(1, 8, 48, 4), "array": batch.Map(2, 4, 48, 4), "data": batch.Map(2, 4, 24, 1),
        "constants": batch.Map(2, 4, 16, 1, 1 << 7, True, bytes(range(1, 17))), "programs": batch.Map(3, 4, 4, 5),
        "events": batch.Map(4, 4, 4, 4), "percpu_hash": batch.Map(5, 8, 48, 4), "percpu": batch.Map(6, 4, 48, 4),
        "stacks": batch.Map(7, 4, 80, 4), "lru": batch.Map(9, 8, 48, 4), "outer": batch.Map(12, 4, 4, 4),
        "outer_hash": batch.Map(13, 4, 4, 4), "queue": batch.Map(22, 0, 8, 4), "stack": batch.Map(23, 0, 8, 4),
        "ringbuf": batch.Map(27, 0, 0, 4096), "large": batch.Map(2, 4, 4096, 1), "write_only": batch.Map(2, 4, 48, 4, 1 << 4),
        "read_only": batch.Map(2, 4, 48, 4, 1 << 3), "program_reads": batch.Map(2, 4, 48, 4, 1 << 7),
        "program_writes": batch.Map(2, 4, 48, 4, 1 << 8), "one_byte": batch.Map(2, 4, 1, 1), "wide_key": batch.Map(1, 40, 8, 4),
        "user_ringbuf": batch.Map(31, 0, 0, 4096), "devices": batch.Map(14, 4, 4, 4), "sockets": batch.Map(15, 4, 4, 4), "xsks": batch.Map(17, 4, 4, 4),
        "bloom": batch.Map(30, 0, 8, 4), "long_key": batch.Map(1, 500, 8, 4)}


def with_field(name, size, offset, type=2, key=4, value=48):
    """A map whose value has a bpf_spin_lock or bpf_timer at an offset, and numbers around it."""
    blob = btf.Btf()
    number = blob.integer("int", 4, True)
    word = blob.integer("unsigned long", 8, False)
    field = blob.struct(name, size, [("opaque", number, 0)] if size == 4 else [("opaque", word, 0), ("more", word, 8)])
    members = [("field", field, offset)]
    members = [("first", word, 0)] * (offset >= 8) + members + [("last", word, value - 8)]
    record = blob.struct("record", value, members)
    key_type = number if key == 4 else word
    places = {"spin_lock": offset} if name == "bpf_spin_lock" else {"timer": offset}
    return batch.Map(type, key, value, 4, btf=blob.bytes(), key_type=key_type, value_type=record, **places)


def with_kptrs(type=2, key=4):
    """A map whose value keeps pointers to objects of the kernel, and numbers around them."""
    blob = btf.Btf()
    number, word = blob.integer("int", 4, True), blob.integer("unsigned long", 8, False)

    def kept(name, tag):
        target = blob.struct(name, 4, [("unknown", number, 0)])
        return blob.pointer(blob.modifier(btf.TYPE_TAG, target, tag))

    members = [("first", word), ("task", kept("task_struct", "kptr")), ("loose", kept("task_struct", "kptr_untrusted")),
               ("group", kept("cgroup", "kptr")), ("mask", kept("bpf_cpumask", "kptr")), ("last", word)]
    record = blob.struct("record", 48, [(name, member, 8 * i) for i, (name, member) in enumerate(members)])
    return batch.Map(type, key, 48, 4, btf=blob.bytes(), key_type=number if key == 4 else word, value_type=record)


# Structures of the kernel's that lie in others, by size; kernel and program know them by name.
FIELDS = {"bpf_spin_lock": 4, "bpf_refcount": 4, "bpf_list_head": 16, "bpf_list_node": 24, "bpf_rb_root": 16, "bpf_rb_node": 32, "bpf_wq": 16}
# Structures that programs allocate: (member, type, offset); a type may be "NAME kptr" for a pointer that is kept, or "FIELD of TYPE:MEMBER".
STRUCTURES = {
    "plain": (32, [("first", "u64", 0), ("second", "u64", 8), ("pointer", "u64 *", 16), ("small", "u32", 24)]),
    "item": (40, [("key", "u64", 0), ("l", "bpf_list_node", 8), ("data", "u64", 32)]),
    "knot": (48, [("key", "u64", 0), ("r", "bpf_rb_node", 8), ("data", "u64", 40)]),
    "shared": (80, [("key", "u64", 0), ("count", "bpf_refcount", 8), ("l", "bpf_list_node", 16), ("r", "bpf_rb_node", 40), ("data", "u64", 72)]),
    "counted": (24, [("key", "u64", 0), ("count", "bpf_refcount", 8), ("data", "u64", 16)]),
    "guarded": (24, [("key", "u64", 0), ("lock", "bpf_spin_lock", 8), ("data", "u64", 16)]),
    "owner": (48, [("key", "u64", 0), ("lock", "bpf_spin_lock", 8), ("items", "bpf_list_head of item:l", 16), ("knots", "bpf_rb_root of knot:r", 32)]),
    "keeper": (32, [("key", "u64", 0), ("kept", "plain kptr", 8), ("task", "task_struct kptr", 16), ("data", "u64", 24)]),
    "numbers": (24, [("first", "u64", 0), ("rest", "u32 4", 8)]),
}
# Values of maps whose types are the program's.
VALUES = {
    "graph": (88, [("lock", "bpf_spin_lock", 0), ("first", "u64", 8), ("items", "bpf_list_head of item:l", 16), ("knots", "bpf_rb_root of knot:r", 32),
                   ("queue", "bpf_list_head of shared:l", 48), ("order", "bpf_rb_root of shared:r", 64), ("last", "u64", 80)]),
    "kept": (64, [("first", "u64", 0), ("plain", "plain kptr", 8), ("shared", "shared kptr", 16), ("numbers", "numbers percpu_kptr", 24),
                  ("counted", "counted kptr", 32), ("keeper", "keeper kptr", 40), ("item", "item kptr", 48), ("loose", "plain kptr_untrusted", 56)]),
    "work": (48, [("first", "u64", 0), ("work", "bpf_wq", 8), ("rest", "u64 3", 24)]),
}
# Structures that Linux takes no types with.
BAD_STRUCTURES = {
    "cycle": {"one": (48, [("lock", "bpf_spin_lock", 0), ("l", "bpf_list_node", 8), ("head", "bpf_list_head of one:l", 32)])},
    "cycle_of_two": {"one": (48, [("lock", "bpf_spin_lock", 0), ("l", "bpf_list_node", 8), ("head", "bpf_list_head of other:l", 32)]),
                     "other": (48, [("lock", "bpf_spin_lock", 0), ("l", "bpf_list_node", 8), ("head", "bpf_list_head of one:l", 32)])},
    "chain": {"one": (48, [("lock", "bpf_spin_lock", 0), ("l", "bpf_list_node", 8), ("head", "bpf_list_head of item:l", 32)])},
    "chain_of_three": {"two": (48, [("lock", "bpf_spin_lock", 0), ("l", "bpf_list_node", 8), ("head", "bpf_list_head of owner_too:l", 32)]),
                       "owner_too": (48, [("lock", "bpf_spin_lock", 0), ("l", "bpf_list_node", 8), ("head", "bpf_list_head of item:l", 32)]),
                       "one": (24, [("lock", "bpf_spin_lock", 0), ("head", "bpf_list_head of owner_too:l", 8)])},
    "no_lock": {"one": (24, [("key", "u64", 0), ("head", "bpf_list_head of item:l", 8)])},
    "no_such_member": {"one": (24, [("lock", "bpf_spin_lock", 0), ("head", "bpf_list_head of item:m", 8)])},
    "no_node": {"one": (24, [("lock", "bpf_spin_lock", 0), ("head", "bpf_list_head of item:data", 8)])},
    "wrong_node": {"one": (24, [("lock", "bpf_spin_lock", 0), ("head", "bpf_list_head of knot:r", 8)])},
    "no_such_type": {"one": (24, [("lock", "bpf_spin_lock", 0), ("head", "bpf_list_head of nothing:l", 8)])},
    "no_tag": {"one": (24, [("lock", "bpf_spin_lock", 0), ("head", "bpf_list_head", 8)])},
    "two_locks": {"one": (24, [("lock", "bpf_spin_lock", 0), ("second", "bpf_spin_lock", 4), ("head", "bpf_list_head of item:l", 8)])},
    "two_nodes": {"one": (64, [("key", "u64", 0), ("l", "bpf_list_node", 8), ("r", "bpf_rb_node", 32)])},
    "two_nodes_of_a_kind": {"one": (56, [("key", "u64", 0), ("l", "bpf_list_node", 8), ("m", "bpf_list_node", 32)])},
    "many_nodes": {"one": (56, [("key", "u64", 0), ("l", "bpf_list_node 2", 8)])},
    "many_heads": {"one": (40, [("lock", "bpf_spin_lock", 0), ("head", "bpf_list_head 2 of item:l", 8)])},
    "misplaced_node": {"one": (32, [("key", "u32", 0), ("l", "bpf_list_node", 4)])},
}


def add_structures(blob, structures, known):
    """Gives the ids of the structures by name, and adds them to `known`, which has the names of types that they use."""
    def named(name):
        if name not in known:
            size = FIELDS.get(name, 4)
            word = known["u64" if size % 8 == 0 else "u32"]
            known[name] = blob.struct(name, size, [(f"word{i}", word, i) for i in range(0, size, 8 if size % 8 == 0 else 4)])
        return known[name]

    for name, (size, members) in structures.items():
        made = []
        for member, type, offset in members:
            base, *more = type.split(" of ")[0].split(" ")
            if more and more[0] == "*":
                id = blob.pointer(named(base))
            elif more and not more[0].isdigit():
                id = blob.pointer(blob.modifier(btf.TYPE_TAG, named(base), more[0]))
            else:
                id = blob.array(named(base), int(more[0])) if more else named(base)
            made.append((member, id, offset))
        known[name] = blob.struct(name, size, made)
        for index, (_, type, _) in enumerate(members):
            if " of " in type:
                blob.add(btf.DECL_TAG, "contains:" + type.split(" of ")[1], known[name], rest=(index,))


def types_of_objects(blob, bad=""):
    """Ids by name."""
    known = {"u64": blob.integer("unsigned long", 8, False), "u32": blob.integer("unsigned int", 4, False)}
    add_structures(blob, STRUCTURES, known)
    add_structures(blob, BAD_STRUCTURES.get(bad, {}), known)
    add_structures(blob, VALUES, known)
    return known


def of_program(value, type=2, key=4, entries=4):
    """A map of values of a type of the program's."""
    blob = btf.Btf()
    known = types_of_objects(blob)
    fields = {"spin_lock": 0} if value == "graph" else {}
    return batch.Map(type, key, VALUES[value][0], entries, key_type=known["u32" if key == 4 else "u64"], value_type=known[value], **fields)


MAPS["graph"] = of_program("graph")
MAPS["graph_hash"] = of_program("graph", 1, 8)
MAPS["graph_lru"] = of_program("graph", 9, 8)
MAPS["graph_percpu"] = of_program("graph", 6)
MAPS["graph_data"] = of_program("graph", entries=1)
MAPS["kept"] = of_program("kept")
MAPS["kept_hash"] = of_program("kept", 1, 8)
MAPS["kept_percpu"] = of_program("kept", 6)
MAPS["work"] = of_program("work")
MAPS["work_hash"] = of_program("work", 1, 8)
MAPS["kptrs"] = with_kptrs()
MAPS["kptrs_hash"] = with_kptrs(1, 8)
MAPS["locked"] = with_field("bpf_spin_lock", 4, 0)
MAPS["locked_at_8"] = with_field("bpf_spin_lock", 4, 8)
MAPS["locked_hash"] = with_field("bpf_spin_lock", 4, 0, 1, 8)
MAPS["timers"] = with_field("bpf_timer", 16, 0)
MAPS["timers_at_8"] = with_field("bpf_timer", 16, 8, 1, 8)
HELPERS = {"map_lookup_elem": 1, "map_update_elem": 2, "map_delete_elem": 3, "probe_read": 4, "ktime_get_ns": 5, "trace_printk": 6,
           "get_prandom_u32": 7, "get_smp_processor_id": 8, "tail_call": 12, "get_current_pid_tgid": 14, "get_current_comm": 16,
           "skb_store_bytes": 9, "l3_csum_replace": 10, "perf_event_output": 25, "skb_load_bytes": 26, "get_stackid": 27,
           "csum_diff": 28, "skb_change_head": 43, "skb_pull_data": 39, "xdp_adjust_head": 44, "xdp_adjust_tail": 65,
           "xdp_adjust_meta": 54, "probe_read_str": 45, "get_stack": 67, "sk_lookup_tcp": 84, "sk_lookup_udp": 85, "sk_release": 86,
           "map_push_elem": 87, "map_pop_elem": 88, "map_peek_elem": 89, "sk_fullsock": 95, "tcp_sock": 96, "skc_lookup_tcp": 99,
           "strtol": 105, "probe_read_user": 112, "probe_read_kernel": 113, "probe_read_user_str": 114, "probe_read_kernel_str": 115,
           "ringbuf_output": 130, "ringbuf_reserve": 131, "ringbuf_submit": 132, "ringbuf_discard": 133, "ringbuf_query": 134,
           "redirect_map": 51, "get_current_task": 35, "get_current_task_btf": 158, "for_each_map_elem": 164, "snprintf": 165,
           "loop": 181, "strncmp": 182, "xdp_load_bytes": 189, "copy_from_user": 148, "dynptr_from_mem": 197,
           "ringbuf_reserve_dynptr": 198, "ringbuf_submit_dynptr": 199, "ringbuf_discard_dynptr": 200, "dynptr_read": 201,
           "dynptr_write": 202, "dynptr_data": 203, "map_lookup_percpu_elem": 195, "user_ringbuf_drain": 209, "trace_vprintk": 177,
           "find_vma": 180, "get_func_ip": 173, "send_signal": 109, "override_return": 58, "redirect": 23, "jiffies64": 118,
           "skb_load_bytes_relative": 68, "get_socket_cookie": 46, "perf_event_read_value": 55, "current_task_under_cgroup": 37,
           "sysctl_get_name": 101, "spin_lock": 93, "spin_unlock": 94, "timer_init": 169, "timer_set_callback": 170,
           "timer_start": 171, "timer_cancel": 172, "iter_num_new": 0x20000, "iter_num_next": 0x20001, "iter_num_destroy": 0x20002,
           "kptr_xchg": 194, "task_pt_regs": 175, "rcu_read_lock": 0x20003, "rcu_read_unlock": 0x20004}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "runtime", "abi", "linux_kfuncs.def"),
          encoding="utf-8") as table:
    HELPERS.update((row[2], int(row[1], 0)) for row in re.finditer(r"^KBPF_KERNEL_FUNCTION\((\w+), (\w+)", table.read(), re.M))
ALU = {"+=": ADD, "-=": SUB, "*=": MUL, "/=": DIV, "|=": OR, "&=": AND, "<<=": LSH, ">>=": RSH, "%=": MOD, "^=": XOR, "s>>=": ARSH}
JUMPS = {"==": JEQ, "!=": JNE, ">": JGT, ">=": JGE, "<": JLT, "<=": JLE, "s>": JSGT, "s>=": JSGE, "s<": JSLT, "s<=": JSLE, "&": JSET}
ATOMICS = {"+=": 0x00, "|=": 0x40, "&=": 0x50, "^=": 0xA0}
FETCHING = {"fetch_add": 0x01, "fetch_or": 0x41, "fetch_and": 0x51, "fetch_xor": 0xA1, "xchg": 0xE1, "cmpxchg": 0xF1}
MEMORY = r"\*\(([us])(8|16|32|64) ?\*\) ?\(r(\d+) ([+-]) ?(-?\d+)\)"


def number(text):
    return int(text.strip(), 0)


class Case:
    def __init__(self, name, options):
        self.name, self.options, self.lines = name, options, []


def expand(case):
    """The case for each combination of its options that list several values; {...} filled in."""
    lists = {key: value.split(",") for key, value in case.options.items() if key not in ("flags", "gpl", "attach", "to", "types", "bad")}
    if len(lists.get("type", "")) == 1:
        del lists["type"]
    for values in itertools.product(*lists.values()):
        known = {key: int(value, 0) if re.fullmatch(r"-?(0x[0-9a-fA-F]+|[0-9]+)", value) else value
                 for key, value in zip(lists, values)}
        lines = [re.sub(r"\{([^}]*)\}", lambda m: str(eval(m[1], {}, known)), line) for line in case.lines]
        yield "-".join([case.name, *values]), lines, {**case.options, **{key: str(value) for key, value in known.items()}}


def read(paths):
    """(name, lines, options) of each program of some files, of which the first has macros."""
    cases, macros, macro = [], {}, None
    for line in (line for path in paths for line in open(path, encoding="utf-8")):
        line = line.split("//")[0].strip()
        if line.startswith("== "):
            name, *options = line[3:].split()
            cases.append(Case(name, dict(option.split("=", 1) for option in options)))
        elif line.startswith(".define "):
            macro = macros.setdefault(line.split()[1], [])
        elif line == ".end":
            macro = None
        elif macro is not None:
            macro += [line] if line not in macros else macros[line]
        elif line:
            cases[-1].lines += [line] if line not in macros else macros[line]
    for case in cases:
        yield from expand(case)


class Assembler:
    def __init__(self, bad=""):
        self.code, self.labels, self.fixups, self.maps = [], {}, [], []
        self.functions = []  # (first instruction, name, linkage, types of arguments)
        self.names_types, self.bad = False, bad

    def emit(self, *args, **more):
        self.code.append(insn(*args, **more))

    def wide(self, dst, src, low, high=0):
        self.emit(0x18, dst, src, 0, low)
        self.emit(0, 0, 0, 0, high)

    def map(self, name):
        if name not in self.maps:
            self.maps.append(name)
        return self.maps.index(name)

    def type(self, dst, name):
        """The id of a type of the program's."""
        self.names_types = True
        known = types_of_objects(btf.Btf(), self.bad)
        self.emit(ALU64 | MOV, dst, 0, 0, known[name])

    def label(self, label):
        if label in self.labels:
            raise ValueError(f"a label for the second time: {label}")
        self.labels[label] = len(self.code)

    def to(self, label, field):
        self.fixups.append((len(self.code), label, field))

    def lookup(self, name, checked):
        if MAPS[name].fields[1] == 8:
            self.emit(ST | MEM | SIZES[8], 10, 0, -8, 0)
        else:
            self.emit(ST | MEM | SIZES[4], 10, 0, -8, 0)
        self.emit(ALU64 | MOV | X, 2, 10)
        self.emit(ALU64 | ADD, 2, 0, 0, -8)
        self.wide(1, 5, self.map(name))
        self.emit(JMP | CALL, 0, 0, 0, 1)
        if checked:
            self.emit(JMP | JNE, 0, 0, 1, 0)
            self.emit(JMP | EXIT)

    def line(self, line):
        for pattern, action in PATTERNS:
            found = re.fullmatch(pattern, line)
            if found:
                return action(self, *found.groups())
        raise ValueError(f"no such instruction: {line}")

    def finish(self):
        starts = {name: start for start, name, *_ in self.functions}
        for at, label, field in self.fixups:
            target = self.labels.get(label, starts.get(label))
            if target is None:
                raise ValueError(f"no such label: {label}")
            distance = (target - at - 1) & 0xFFFFFFFF
            one = self.code[at]
            self.code[at] = one[:4] + distance.to_bytes(4, "little") if field == "imm" else \
                one[:2] + (distance & 0xFFFF).to_bytes(2, "little") + one[4:]


def alu(asm, kind, dst, op, source, value):
    signed = op in ("s/=", "s%=")
    code = ALU[op[1:] if signed else op] | (ALU64 if kind == "r" else ALU32)
    if source:
        asm.emit(code | X, int(dst), int(value), int(signed))
    else:
        asm.emit(code, int(dst), 0, int(signed), number(value))


def jump(asm, kind, dst, op, source, value, label):
    code = JUMPS[op] | (JMP if kind == "r" else JMP32)
    asm.to(label, "off")
    if source:
        asm.emit(code | X, int(dst), int(value))
    else:
        asm.emit(code, int(dst), 0, 0, number(value))


def call(asm, what):
    if re.fullmatch(r"-?\d+", what):
        return asm.emit(JMP | CALL, 0, 0, 0, int(what))
    if what in HELPERS:
        return asm.emit(JMP | CALL, 0, 0, 0, HELPERS[what])
    asm.to(what, "imm")
    return asm.emit(JMP | CALL, 0, 1)


def address(asm, dst, kind, name, off):
    if kind == "func":
        asm.to(name, "imm")
        return asm.wide(int(dst), 4, 0)
    return asm.wide(int(dst), 5 if kind == "map" else 6, asm.map(name), number(off or "0") & 0xFFFFFFFF)


def place(sign, off):
    return int(off) if sign == "+" else -int(off)


def mode(sign):
    return MEM if sign == "u" else MEMSX


PATTERNS = [
    (r"exit", lambda a: a.emit(JMP | EXIT)),
    (r"(\w+):", lambda a, label: a.label(label)),
    (r"\.func (\w+)(?: (static|global))?((?: [\w:,]+)*)", lambda a, name, linkage, types:
     a.functions.append((len(a.code), name, linkage or "static", types.split()))),
    (r"lookup (\w+)", lambda a, name: a.lookup(name, True)),
    (r"lookup\? (\w+)", lambda a, name: a.lookup(name, False)),
    (r"\.insn (\w+) (\d+) (\d+) (\S+) (\S+)", lambda a, op, dst, src, off, imm:
     a.emit(int(op, 0), int(dst), int(src), int(off, 0), int(imm, 0))),
    (r"r(\d+) = (map|value|func) (\w+)(?: ?\+ ?(-?\w+))?", address),
    (r"r(\d+) = type (\w+)", lambda a, dst, name: a.type(int(dst), name)),
    (r"r(\d+) = (\S+) ll", lambda a, dst, value:
     a.wide(int(dst), 0, number(value) & 0xFFFFFFFF, number(value) >> 32 & 0xFFFFFFFF)),
    (r"([rw])(\d+) = [rw](\d+)", lambda a, k, dst, src: a.emit((ALU64 if k == "r" else ALU32) | MOV | X, int(dst), int(src))),
    (r"([rw])(\d+) = \(s(8|16|32)\) ?[rw](\d+)", lambda a, k, dst, width, src:
     a.emit((ALU64 if k == "r" else ALU32) | MOV | X, int(dst), int(src), int(width))),
    (r"([rw])(\d+) = -[rw]\d+", lambda a, k, dst: a.emit((ALU64 if k == "r" else ALU32) | NEG, int(dst))),
    (r"r(\d+) = (be|le|bswap)(16|32|64) r\d+", lambda a, dst, kind, width:
     a.emit({"le": ALU32 | END, "be": ALU32 | END | X, "bswap": ALU64 | END}[kind], int(dst), 0, 0, int(width))),
    (rf"[rw](\d+) = {MEMORY}", lambda a, dst, sign, width, src, plus, off:
     a.emit(LDX | mode(sign) | SIZES[int(width) // 8], int(dst), int(src), place(plus, off))),
    (rf"{MEMORY} = [rw](\d+)", lambda a, _, width, dst, plus, off, src:
     a.emit(STX | MEM | SIZES[int(width) // 8], int(dst), int(src), place(plus, off))),
    (rf"{MEMORY} = (-?\w+)", lambda a, _, width, dst, plus, off, imm:
     a.emit(ST | MEM | SIZES[int(width) // 8], int(dst), 0, place(plus, off), number(imm))),
    (rf"lock {MEMORY} (\S+) [rw](\d+)", lambda a, _, width, dst, plus, off, op, src:
     a.emit(STX | ATOMIC | SIZES[int(width) // 8], int(dst), int(src), place(plus, off), ATOMICS[op])),
    (rf"lock (\w+) {MEMORY} [rw](\d+)", lambda a, op, _, width, dst, plus, off, src:
     a.emit(STX | ATOMIC | SIZES[int(width) // 8], int(dst), int(src), place(plus, off), FETCHING[op])),
    (r"([rw])(\d+) = (-?\w+)", lambda a, k, dst, imm: a.emit((ALU64 if k == "r" else ALU32) | MOV, int(dst), 0, 0, number(imm))),
    (r"([rw])(\d+) (\S+=) ([rw]?)(-?\w+)", alu),
    (r"if ([rw])(\d+) (\S+) ([rw]?)(-?\w+) goto (\w+)", jump),
    (r"goto (\w+)", lambda a, label: (a.to(label, "off"), a.emit(JMP | JA))),
    (r"gotol (\w+)", lambda a, label: (a.to(label, "imm"), a.emit(JMP32 | JA))),
    (r"may_goto (\w+)", lambda a, label: (a.to(label, "off"), a.emit(JMP | 0xE0))),
    (r"call (-?\w+)", call),
    (r"r0 = \*\(u(8|16|32) \*\)skb\[(\d+)\]", lambda a, width, off: a.emit(0x20 | SIZES[int(width) // 8], 0, 0, 0, int(off))),
    (r"r0 = \*\(u(8|16|32) \*\)skb\[r(\d+)\]", lambda a, width, src: a.emit(0x40 | SIZES[int(width) // 8], 0, int(src))),
]


def types_of(blob):
    number = blob.integer("int", 4, True)
    pair = blob.struct("pair", 16, [("first", blob.integer("unsigned long", 8, False), 0),
                                    ("second", blob.integer("unsigned long", 8, False), 8)])
    return {"INT": number, "U64": blob.integer("unsigned long", 8, False), "PAIR": blob.pointer(pair),
            "CONTEXT": blob.pointer(blob.struct("__sk_buff", 4, [("len", number, 0)])), "BYTE": blob.pointer(blob.integer("char", 1, True)),
            "DYNPTR": blob.pointer(blob.struct("bpf_dynptr", 16, [("opaque", number, 0)])),
            "TASK": blob.pointer(blob.struct("task_struct", 4, [("pid", number, 0)])),
            "TASK_FLAVOUR": blob.pointer(blob.struct("task_struct___mine", 4, [("pid", number, 0)])),
            "CGROUP": blob.pointer(blob.struct("cgroup", 4, [("unknown", number, 0)])),
            "UNKNOWN": blob.pointer(blob.struct("nothing_like_it", 4, [("unknown", number, 0)]))}


def program(name, lines, options):
    asm = Assembler(options.get("bad", ""))
    asm.functions.append((0, "main", "global", ["CONTEXT"]))
    for line in lines:
        try:
            asm.line(line)
        except (ValueError, KeyError) as error:
            raise ValueError(f"{name}: {line}: {error}") from error
    asm.finish()
    flags = sum(FLAGS[flag] for flag in options.get("flags", "any").split(","))
    made = batch.Program(name, TYPES[options.get("type", "socket")], b"".join(asm.code), [MAPS[m] for m in asm.maps],
                         gpl=options.get("gpl") != "no", flags=flags, attach_type=int(options.get("attach", "0")),
                         attach_to=options.get("to", ""))
    asm.names_types |= any(MAPS[m].fields[7] == 0 and MAPS[m].fields[9] for m in asm.maps)
    if (len(asm.functions) > 1 or asm.names_types) and options.get("types") != "none":
        blob = btf.Btf()
        if asm.names_types:
            types_of_objects(blob, asm.bad)
        types = types_of(blob)
        for start, function, linkage, arguments in asm.functions:
            tags = [(number, f"arg:{tag}") for number, argument in enumerate(arguments) for tag in argument.split(":")[1:]]
            made.functions.append((start, blob.function(
                function, types["INT"], [types[argument.split(":")[0]] for argument in arguments],
                btf.GLOBAL if linkage == "global" else btf.STATIC, tags)))
        made.btf = blob.bytes()
    return made


def programs(kind):
    """Those of the files of a kind: core, which this kernel runs, or linux."""
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cases")
    files = sorted(glob.glob(os.path.join(folder, f"{kind}_*.cases")))
    return [program(*case) for file in files for case in read([os.path.join(folder, "common.macros"), file])]
