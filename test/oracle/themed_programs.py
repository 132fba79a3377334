# SPDX-License-Identifier: MIT OR Apache-2.0
"""Random programs on one theme each, as assembly (assembly.py) and a batch file: denser in what a theme is about than random_programs.py.

usage: themed_programs.py THEME SEED COUNT OUT"""
import random
import sys

import assembly
import batch

WORDS = (8, 16, 32, 64)
COMPARISONS = ("==", "!=", ">", ">=", "<", "<=", "s>", "s>=", "s<", "s<=", "&")
SAVED = (6, 7, 8)
VALUE = 48


class Writer:
    """Lines of a program. r9 keeps a map's value; r1 to r5 are gone after a call."""

    def __init__(self, rng):
        self.rng, self.lines, self.labels, self.functions, self.named = rng, [], 0, [], 0

    def add(self, *lines):
        self.lines.extend(lines)

    def pick(self, *options):
        return self.rng.choice(options)

    def chance(self, share):
        return self.rng.random() < share

    def label(self):
        self.labels += 1
        return f"L{self.labels}"

    def name(self):
        self.named += 1
        return f"f{self.named}"

    def end(self, out, *lines):
        """Lines at a label, where something jumps there."""
        if any(line.endswith(" " + out) for line in self.lines):
            self.add(f"{out}:", *lines)

    def number(self, dst, most=None, first=0):
        """An unknown number, below a bound where one is given: by a mask, a comparison, a shift or a narrow load."""
        rng = self.rng
        signed = self.chance(0.2)
        width = rng.choice(WORDS)
        at = 8 * rng.randrange(first // 8, 5)
        self.add(f"r{dst} = *({'s' if signed and width < 64 else 'u'}{width} *)(r9 + {at})")
        if most is None:
            return
        way = rng.choice([0, 1, 2, 3, 5, 6]) if rng.random() < 0.98 else 4
        if way == 0:
            mask = 1
            while 2 * mask + 1 <= most:
                mask = 2 * mask + 1
            self.add(f"r{dst} &= {mask}")
        elif way == 1:
            self.add(f"if r{dst} > {most} goto OUT")
        elif way == 2:
            self.add(f"if r{dst} s< 0 goto OUT", f"if r{dst} s> {most} goto OUT")
        elif way == 3:
            self.add(f"w{dst} = w{dst}", f"if w{dst} >= {most + 1} goto OUT")
        elif way == 4:
            self.add(f"r{dst} %= {most + 1}")
        elif way == 5:
            self.add(f"r5 = {most}", f"if r5 < r{dst} goto OUT")
        else:
            bits = max(1, (most + 1).bit_length() - 1)
            self.add(f"r{dst} <<= {64 - bits}", f"r{dst} >>= {64 - bits}")

    def use(self, reg, size=None, off=None):
        """An access of the value at that index."""
        size = size or self.pick(8, 16, 32, 64)
        off = self.pick(0, 0, 1, 8, 16, 32, 40, 47) if off is None else off
        self.add("r4 = r9", f"r4 += r{reg}", f"r4 = *(u{size} *)(r4 + {off})")

    def finish(self):
        self.add("OUT:", "r0 = 0", "exit")
        for function in self.functions:
            self.add(*function)
        return self.lines


def stack(w):
    """Spills and fills of all widths, pieces overwritten, places that vary."""
    rng = w.rng
    w.add("lookup array", "r9 = r0")
    held = {}
    for reg in (6, 7, 8):
        way = rng.randrange(6)
        if way == 0:
            w.add(f"r{reg} = {rng.choice([0, 1, 8, 40, 47, 48, -1, 255, 256, 65535])}")
        elif way == 1:
            w.add(f"r{reg} = r{rng.choice([9, 10])}")
        elif way == 2:
            w.number(reg)
        else:
            w.number(reg, rng.choice([7, 15, 39, 40, 47, 48, 255]))
    slots = [-8, -16, -24, -32]
    for slot in rng.sample(slots, rng.randrange(0, 4)):
        w.add(f"*(u64 *)(r10 - {-slot}) = {rng.choice([0, 0, 1, -1])}")
    if w.chance(0.3):
        w.add("r3 = r10", "r3 += -32")
        held["ptr"] = 3
    for _ in range(rng.randrange(2, 9)):
        way, slot, width = rng.randrange(11), rng.choice(slots), rng.choice(WORDS)
        off = slot + rng.randrange(0, 8, width // 8) if w.chance(0.6) else slot
        place = f"(r10 - {-off})"
        reg = rng.choice(SAVED)
        if way < 4:
            w.add(f"*(u{rng.choice([width, 64])} *)(r10 - {-(slot if width == 64 else off)}) = r{reg}" if w.chance(0.6) else f"*(u{width} *){place} = r{reg}")
        elif way == 4:
            w.add(f"*(u{width} *){place} = {rng.choice([0, 0, 0, 1, 7, -1])}")
        elif way < 8:
            sign = "s" if w.chance(0.25) and width < 64 else "u"
            w.add(f"r{reg} = *({sign}{width} *){place}")
        elif way == 8:  # a place that varies
            w.number(1, rng.choice([7, 8, 15, 24, 31]))
            if w.chance(0.85):
                w.add("r1 &= -8")
            w.add("r2 = r10", f"r2 += {rng.choice([-32, -32, -24, -16, -8])}", "r2 += r1")
            if w.chance(0.5):
                w.add(f"r{reg} = *(u{rng.choice(WORDS)} *)(r2 + 0)")
            else:
                w.add(f"*(u{rng.choice(WORDS)} *)(r2 + 0) = {rng.choice(['0', 'r' + str(reg), '1'])}")
        elif way == 9:
            w.add(f"if r{reg} {rng.choice(COMPARISONS)} {rng.choice([0, 7, 40, 47, 48])} goto OUT")
        else:
            w.add("r2 = r10", f"r2 += {slot}", "r1 = map hash", "call map_lookup_elem")
            if w.chance(0.8):
                w.add("if r0 == 0 goto OUT")
            w.add("r1 = *(u8 *)(r0 + 0)")
    if w.chance(0.8):
        w.use(rng.choice(SAVED))
    return {"type": w.pick("kprobe", "socket", "tracepoint", "xdp")}


def packets(w):
    """Pointers into the packet, moved by numbers of which more or less is known, compared in each way."""
    rng = w.rng
    w.add("r6 = r1", "lookup array", "r9 = r0", "r7 = *(u32 *)(r6 + 0)", "r8 = *(u32 *)(r6 + 4)")
    if w.chance(0.2):
        w.add("r3 = *(u32 *)(r6 + 8)")
    pointers = [7]

    def compared(p):
        code = rng.choice([">", ">=", "<", "<=", "==", "!="]) if w.chance(0.85) else rng.choice(COMPARISONS)
        other = 8 if w.chance(0.9) else rng.choice([7, 3])
        a, b = (p, other) if w.chance(0.6) else (other, p)
        if w.chance(0.75):
            leaves = code in (">", ">=") if a == p else code in ("<", "<=")
            if leaves or w.chance(0.15):
                w.add(f"if r{a} {code} r{b} goto OUT")
            else:
                label = w.label()
                w.add(f"if r{a} {code} r{b} goto {label}", "goto OUT", f"{label}:")
        else:
            label = w.label()
            w.add(f"if r{a} {code} r{b} goto {label}")
            if w.chance(0.5):
                accessed(p, behind=True)
            w.add(f"{label}:")

    def accessed(p, behind=False):
        width = rng.choice(WORDS)
        off = rng.choice([0, 0, 1, 7, 8, 13, 14, 15, 16, 30]) if not behind and w.chance(0.3) else -rng.choice([width // 8, width // 8, 8, 14, 16, 1])
        if w.chance(0.7):
            w.add(f"r0 = *(u{width} *)(r{p} + {off})")
        else:
            w.add(f"*(u{width} *)(r{p} + {off}) = 1")

    for _ in range(rng.randrange(3, 10)):
        way = rng.randrange(10)
        p = rng.choice(pointers)
        if way < 3:
            to = rng.choice([1, 2, 3, 7])
            if to != p:
                w.add(f"r{to} = r{p}")
            if to not in pointers:
                pointers.append(to)
            w.add(f"r{to} += {rng.choice([0, 1, 8, 14, 14, 16, 30, 64, 255, 4096, 65534, 65535, 65536, -1, -8, -14])}")
        elif way < 5:
            w.number(4, rng.choice([1, 15, 60, 255, 1000, 4095, 60000, 65535, 65534, 65536, 0x7FFFF, None]))
            to = rng.choice([1, 2, 3, p])
            if to != p:
                w.add(f"r{to} = r{p}")
            if to not in pointers:
                pointers.append(to)
            if w.chance(0.1):
                w.add(f"r4 += r{to}", f"r{to} = r4")
            else:
                w.add(f"r{to} {rng.choice(['+=', '+=', '+=', '-='])} r4")
        elif way < 8:
            compared(p)
        elif way == 8:
            if w.chance(0.3):
                accessed(p)
        elif w.chance(0.3):
            w.add(f"r0 = r{p}", f"r0 -= r{rng.choice(pointers + [8])}", "*(u64 *)(r10 - 8) = r0")
        else:
            w.add(f"*(u64 *)(r10 - 16) = r{p}")
            compared(p)
            w.add(f"r{p} = *(u64 *)(r10 - 16)")
    p = rng.choice(pointers)
    if w.chance(0.7):
        w.add(f"if r{p} > r8 goto OUT" if w.chance(0.5) else f"if r8 {rng.choice(['<', '<='])} r{p} goto OUT")
    accessed(p, behind=True)
    if w.chance(0.4):
        p = rng.choice(pointers)
        if w.chance(0.5):
            w.add(f"r2 = r{p}", "r1 = map hash", "call map_lookup_elem")
        else:
            w.add("r1 = r6", "r2 = 0", "call xdp_adjust_head")
            if w.chance(0.3):
                accessed(7, behind=True)
    return {"type": "xdp"}


def loops(w):
    """Loops with exits of all kinds, nested, whose counters index a value."""
    rng = w.rng
    w.add("lookup array", "r9 = r0")

    def loop(depth):
        counter = SAVED[depth]
        way = rng.randrange(7)
        start, step, last = rng.choice([0, 0, 0, 1, -4, 47, 48]), rng.choice([1, 1, 1, 2, 3, 8, -1, -2]), rng.choice([0, 1, 3, 5, 8, 12, 39, 40, 47, 48])
        kind = "r" if w.chance(0.7) else "w"
        code = rng.choice(COMPARISONS[:10] if w.chance(0.3) else ("!=", "<", "s<", "<=", "s<=") if step > 0 else ("!=", ">", "s>", ">=", "s>="))
        bounded = None
        if way == 6:
            bounded = 5 if depth else 4
            w.number(2, rng.choice([3, 7, 15, 39, 47]))
            w.add(f"*(u64 *)(r10 - {8 * bounded}) = r2")
        label = w.label()
        w.add(f"{rng.choice('rrw')}{counter} = {start}", f"{label}:")
        out = None
        if w.chance(0.35):
            out = w.label()
            if bounded:
                w.add(f"r2 = *(u64 *)(r10 - {8 * bounded})", f"if {kind}{counter} {rng.choice(['>=', '>', '==', 's>='])} {kind}2 goto {out}")
            else:
                w.add(f"if {kind}{counter} {rng.choice(['>=', '>', '==', 's>=', 's>'])} {last} goto {out}")
        for _ in range(rng.randrange(1, 4)):
            body(counter, depth)
        w.add(f"{kind}{counter} += {step}")
        if out:
            w.add(f"goto {label}", f"{out}:")
        elif bounded:
            w.add(f"r2 = *(u64 *)(r10 - {8 * bounded})", f"if {kind}{counter} {code} {kind}2 goto {label}")
        else:
            w.add(f"if {kind}{counter} {code} {last} goto {label}")
        if w.chance(0.3):
            w.use(counter)

    def body(counter, depth):
        way = rng.randrange(9)
        if way == 0 and depth < 2:
            loop(depth + 1)
        elif way < 3:
            w.use(counter, off=rng.choice([0, 0, 0, 1, 8]))
        elif way == 3:
            w.add("call get_prandom_u32", f"if r0 {rng.choice(COMPARISONS)} {rng.choice([0, 1, 7])} goto OUT")
        elif way == 4:
            skip = w.label()
            w.add("call get_prandom_u32", f"if r0 > 7 goto {skip}", f"*(u64 *)(r10 - 64) = r{counter}", f"{skip}:")
        elif way == 5:
            w.add(f"*(u64 *)(r10 - 64) = r{counter}", "r3 = *(u64 *)(r10 - 64)")
        elif way == 6:
            w.number(3, rng.choice([7, 31]))
            w.add(f"r3 += r{counter}")
            w.use(3, 8, 0)
        elif way == 7:
            w.add(f"r3 = r{counter}", f"r3 {rng.choice(['<<=', '*=', '&=', '>>='])} {rng.choice([1, 2, 3, 7])}")
            w.use(3, rng.choice([8, 32]), 0)
        else:
            w.add("r2 = r10", "r2 += -8", "*(u64 *)(r10 - 8) = 1", "r1 = map hash", "call map_lookup_elem", "if r0 == 0 goto OUT",
                  f"*(u64 *)(r0 + {rng.choice([0, 8, 40])}) = r{counter}")

    for _ in range(rng.randrange(1, 3)):
        loop(0)
    return {"type": w.pick("kprobe", "socket", "xdp")}


def functions(w):
    """Static functions: what they return, what they do to the caller's stack, pointers that they get."""
    rng = w.rng
    w.add("r6 = r1", "lookup array", "r9 = r0", "*(u64 *)(r10 - 16) = 0")
    kinds_of = []

    def argument(reg, kind):
        if kind == "bounded":
            w.number(reg, rng.choice([7, 15, 39, 40, 47, 48]))
        elif kind == "any":
            w.number(reg)
        elif kind == "frame":
            w.add(f"r{reg} = r10", f"r{reg} += {rng.choice([-16, -16, -16, -24, -8])}")
        elif kind == "value":
            w.add(f"r{reg} = r9")
        elif kind == "context":
            w.add(f"r{reg} = r6")
        elif kind == "constant":
            w.add(f"r{reg} = {rng.choice([0, 1, 8, 40, 47, 48])}")

    def make(kinds):
        name = w.name()
        lines = [f".func {name} static " + " ".join("U64" for _ in kinds)]
        f = Writer(rng)
        f.labels = 100 * w.named
        out = f"{name}out"
        result = rng.randrange(6)
        for reg, kind in enumerate(kinds, 1):
            if kind == "frame":
                f.add(rng.choice([f"*(u64 *)(r{reg} + 0) = {rng.choice([0, 1, 40, 47, 48])}", f"r3 = *(u64 *)(r{reg} + 0)", f"*(u64 *)(r{reg} + 0) = r{rng.choice([1, 2])}",
                                  f"*(u8 *)(r{reg} + {rng.choice([0, 3])}) = 1", f"*(u64 *)(r10 - 8) = r{reg}"]))
            elif kind == "value":
                f.add(rng.choice([f"r3 = *(u64 *)(r{reg} + {rng.choice([0, 40, 41])})", f"*(u32 *)(r{reg} + 4) = 1", f"r0 = r{reg}"]))
            elif kind in ("bounded", "any") and f.chance(0.4):
                f.add(f"if r{reg} {rng.choice(COMPARISONS)} {rng.choice([0, 7, 40, 47, 48])} goto {out}")
        if result == 0:
            f.add(f"r0 = r{rng.randrange(1, len(kinds) + 1)}")
        elif result == 1:
            f.add("r0 = *(u64 *)(r10 - 16)" if f.chance(0.2) else "call get_prandom_u32", f"r0 &= {rng.choice([7, 15, 31, 63])}")
        elif result == 2:
            label = f.label()
            f.add("call get_prandom_u32", f"if r0 <= {rng.choice([7, 39, 47])} goto {label}", f"r0 = {rng.choice([0, 1, 47, 48])}", f"{label}:")
        elif result == 3:
            f.add(f"r0 = {rng.choice([0, 1, 40, 47, 48])}")
        elif result == 4 and w.named < 3:
            inner = make([rng.choice(["bounded", "constant"])])
            f.add("r1 = 7", f"call {inner}")
        else:
            f.add("r6 = r1", "call ktime_get_ns", "r0 = r6")
        f.add("exit")
        f.end(out, f"r0 = {rng.choice([0, 1, 8])}", "exit")
        w.functions.append(lines + f.lines)
        return name

    for _ in range(rng.randrange(1, 4)):
        if w.functions and w.chance(0.5):
            which = rng.randrange(len(kinds_of))
        else:
            kinds = [rng.choice(["bounded", "bounded", "any", "frame", "frame", "value", "constant", "context"]) for _ in range(rng.randrange(1, 3))]
            kinds_of.append((make(kinds), kinds))
            which = len(kinds_of) - 1
        name, kinds = kinds_of[which]
        if w.chance(0.2):
            kinds = [rng.choice(["bounded", "frame", "value", "constant"]) for _ in kinds]
        for reg, kind in enumerate(kinds, 1):
            argument(reg, kind)
        w.add(f"call {name}")
        if w.chance(0.5):
            w.use(0, off=rng.choice([0, 0, 1, 8, 40]))
        elif w.chance(0.5):
            w.add(f"r{rng.choice([7, 8])} = *(u64 *)(r10 - {rng.choice([16, 16, 8])})")
        if w.chance(0.4):
            w.add("r1 = *(u64 *)(r10 - 16)")
            w.use(1, off=0)
    return {"type": w.pick("kprobe", "socket", "xdp")}


def callbacks(w):
    """bpf_loop and bpf_for_each_map_elem, with contexts on the stack."""
    rng = w.rng
    w.add("r6 = r1", "lookup array", "r9 = r0")
    w.add(f"*(u64 *)(r10 - 16) = {rng.choice([0, 0, 1, 40])}", f"*(u64 *)(r10 - 24) = {rng.choice(['r9', 'r9', '0', 'r10', 'r6'])}")
    w.number(7, rng.choice([3, 7, 40, 47]))
    if w.chance(0.5):
        w.add("*(u64 *)(r10 - 32) = r7")
    at = rng.choice([-16, -24, -24, -32])

    def body(kind, name):
        f = Writer(rng)
        f.labels = 100 * w.named
        out = f"{name}out"
        context = {"loop": 2, "each": 4}[kind]
        f.add(f"r6 = r{context}", "r7 = r1" if kind == "loop" else "r7 = r3")
        for _ in range(rng.randrange(1, 5)):
            way = rng.randrange(12)
            off = rng.choice([-8, 0, 0, 0, 8, 8, 16])
            if way == 0:
                f.add(f"r1 = *(u64 *)(r6 + {off})", f"r1 += {rng.choice([1, 1, 2, -1])}", f"*(u64 *)(r6 + {off}) = r1")
            elif way == 1:
                f.add(f"r1 = *(u64 *)(r6 + {off})", f"if r1 {rng.choice(['>', '>=', 's>', '=='])} {rng.choice([7, 39, 40, 47])} goto {out}", f"r1 += {rng.choice([0, 1])}", f"*(u64 *)(r6 + {off}) = r1")
            elif way == 2:
                f.add(f"r1 = *(u64 *)(r6 + {off})", "r0 = *(u8 *)(r1 + 0)")
            elif way == 3:
                f.add(f"*(u64 *)(r6 + {off}) = {rng.choice(['0', 'r7', '1', '40'])}")
            elif way == 4 and kind == "loop":
                f.add(f"if r7 {rng.choice(COMPARISONS)} {rng.choice([0, 3, 7, 40])} goto {out}")
            elif way == 5 and kind == "each":
                f.add(f"r1 = *(u64 *)(r7 + {rng.choice([0, 40, 41])})", f"*(u64 *)(r7 + 0) = {rng.choice([0, 1])}")
            elif way == 6:
                f.add("call get_prandom_u32", f"if r0 {rng.choice(COMPARISONS)} {rng.choice([0, 1, 7])} goto {out}")
            elif way == 7:
                f.add(f"r1 = *(u64 *)(r6 + {off})", f"r2 = *(u64 *)(r6 + {rng.choice([0, 8, -8])})", f"if r2 > {rng.choice([7, 39, 47])} goto {out}", "r1 += r2", "r3 = *(u8 *)(r1 + 0)")
            elif way == 8:
                f.add(f"*(u{rng.choice(WORDS)} *)(r6 + {off}) = {rng.choice([0, 1])}")
            elif way == 9:
                f.add("*(u64 *)(r10 - 8) = 0", "r2 = r10", "r2 += -8", "r1 = map hash", "call map_lookup_elem", f"if r0 == 0 goto {out}", f"*(u64 *)(r0 + {rng.choice([0, 40])}) = 1")
            elif way == 10 and w.named < 3:
                inner = made(rng.choice(["loop", "each"]))
                f.add("*(u64 *)(r10 - 16) = 0")
                f.add(*call(*inner, "r3 = r10" if inner[0] == "each" else "r3 = r10", -16))
            else:
                f.add("r0 = r7")
        f.add(f"r0 = {rng.choice([0] * 8 + [1] * 4 + [2])}", "exit")
        f.end(out, f"r0 = {rng.choice([0, 1, 1])}", "exit")
        return f.lines

    def made(kind):
        name = w.name()
        lines = [f".func {name} static U64 U64"] + body(kind, name)
        w.functions.append(lines)
        return kind, name

    def call(kind, name, frame, off):
        lines = []
        if kind == "loop":
            lines += [rng.choice(["r1 = 1", "r1 = 4", "r1 = 0", "r1 = 100000", "r1 = r7"]) if off == at else "r1 = 3", f"r2 = func {name}"]
        else:
            lines += [f"r1 = map {rng.choice(['array', 'hash', 'percpu', 'lru'])}", f"r2 = func {name}"]
        return lines + ["r3 = r10", f"r3 += {off}", "r4 = 0", f"call {'loop' if kind == 'loop' else 'for_each_map_elem'}"]

    for _ in range(rng.randrange(1, 3)):
        w.add(*call(*made(rng.choice(["loop", "loop", "each"])), "", at))
        way = rng.randrange(5)
        if way == 0:
            w.add("r1 = *(u64 *)(r10 - 16)")
            w.use(1, off=0)
        elif way == 1:
            w.add("r1 = *(u64 *)(r10 - 24)", "r0 = *(u8 *)(r1 + 0)")
        elif way == 2:
            w.add("r1 = *(u64 *)(r10 - 16)", f"if r1 > {rng.choice([7, 40, 47])} goto OUT")
            w.use(1, 8, 0)
        elif way == 3:
            w.use(0, off=0)
    w.use(7, 8, 0)
    return {"type": w.pick("kprobe", "socket", "xdp")}


def records(w):
    """Ring-buffer records over branches, functions and loops."""
    rng = w.rng
    w.add("r6 = r1", "lookup array", "r9 = r0", "r8 = 0")
    size = rng.choice([8, 16, 24])
    held = False
    out = "OUT"

    def give_back(reg=7):
        w.add(f"r1 = r{reg}", "r2 = 0", f"call {rng.choice(['ringbuf_submit', 'ringbuf_discard'])}")

    for _ in range(rng.randrange(2, 7)):
        way = rng.randrange(9)
        if way < 3 and not held:
            w.add("r1 = map ringbuf", f"r2 = {size}", f"r3 = {rng.choice([0, 0, 0, 1])}", "call ringbuf_reserve")
            if w.chance(0.9):
                w.add(rng.choice(["if r0 == 0 goto OUT", "if r0 == 0 goto OUT", "if r0 != 0 goto +"]) .replace("if r0 != 0 goto +", "r7 = r0\nif r7 == 0 goto OUT"))
            w.add("r7 = r0")
            held = True
        elif way == 3 and held:
            w.add(f"*(u{rng.choice(WORDS)} *)(r7 + {rng.choice([0, 0, 4, 8, size - 1, size])}) = {rng.choice(['0', 'r8'])}")
        elif way == 4 and held:
            give_back()
            held = False
        elif way == 5 and held:
            skip = w.label()
            w.add("r1 = *(u32 *)(r9 + 0)", f"if r1 {rng.choice(COMPARISONS)} {rng.choice([0, 7])} goto {skip}")
            give_back()
            if w.chance(0.8):
                w.add("goto OUT")
            w.add(f"{skip}:")
        elif way == 6 and held:
            w.add("*(u64 *)(r10 - 16) = r7", "r7 = *(u64 *)(r10 - 16)")
        elif way == 7 and held:
            w.number(1, rng.choice([7, 8, 15, size - 1, size]))
            w.add("r2 = r7", "r2 += r1", f"*(u8 *)(r2 + 0) = {rng.choice([0, 1])}")
        elif way == 8:
            if held and w.chance(0.5):
                w.add("r2 = r7", "r1 = map hash", "call map_lookup_elem", "r8 = r0")
                w.add("r8 = 0")
            elif w.chance(0.5):
                w.add("r1 = map ringbuf", "r2 = r9", f"r3 = {rng.choice([0, 8, 48, 49])}", "r4 = 0", "call ringbuf_output")
            else:
                w.add("r1 = map ringbuf", f"r2 = {rng.choice([0, 1, 5])}", "call ringbuf_query")
    if held and w.chance(0.85):
        give_back()
    return {"type": w.pick("kprobe", "socket", "xdp", "tracepoint")}


def locks(w):
    """Spin locks over branches, loops and calls."""
    rng = w.rng
    which = rng.choice(["locked", "locked_at_8", "locked_hash"])
    off = 8 if which == "locked_at_8" else 0
    w.add("r6 = r1", f"lookup {which}", "r9 = r0")
    if w.chance(0.4):
        w.add(f"lookup {rng.choice([which, which, 'locked', 'array'])}", "r8 = r0")
    else:
        w.add("r8 = r9")
    held = False

    def lock(reg):
        w.add(f"r1 = r{reg}", f"r1 += {off if w.chance(0.93) else rng.choice([0, 4, 8])}", "call spin_lock")

    def unlock(reg):
        w.add(f"r1 = r{reg}", f"r1 += {off}", "call spin_unlock")

    for _ in range(rng.randrange(2, 8)):
        way = rng.randrange(10)
        if way < 3 and not held:
            lock(9)
            held = True
        elif way < 5 and held:
            unlock(9 if w.chance(0.85) else 8)
            held = False
        elif way == 5:
            w.add(rng.choice([f"r2 = *(u64 *)(r9 + {rng.choice([16, 24, 40])})", f"*(u64 *)(r9 + {rng.choice([16, 24, 40])}) = 1", f"r2 = *(u32 *)(r9 + {16 if w.chance(0.8) else rng.choice([0, 4, 8, 12])})",
                              f"*(u32 *)(r9 + {16 if w.chance(0.8) else rng.choice([0, 4, 8, 12])}) = 1"]))
        elif way == 6:
            skip = w.label()
            w.add("r2 = *(u32 *)(r9 + 16)", f"if r2 {rng.choice(COMPARISONS)} {rng.choice([0, 7])} goto {skip}")
            if held:
                unlock(9)
                if w.chance(0.8):
                    w.add("goto OUT")
            else:
                w.add("r3 = 1")
            w.add(f"{skip}:")
        elif way == 7 and w.chance(0.4):
            w.add(rng.choice(["call get_prandom_u32", "call ktime_get_ns"]))
        elif way == 8:
            w.number(2, rng.choice([7, 15, 23]), 16)
            w.add("r3 = r9", "r3 += r2", f"r3 = *(u8 *)(r3 + {rng.choice([0, 16, 24])})")
        elif way == 9 and w.chance(0.5):
            label = w.label()
            w.add("r7 = 0", f"{label}:", f"*(u64 *)(r9 + 40) = r7", "r7 += 1", f"if r7 < {rng.choice([2, 5])} goto {label}")
    if held and w.chance(0.85):
        unlock(9)
    return {"type": w.pick("classifier", "xdp", "xdp", "classifier", "socket")}


def atomics(w):
    """Atomic operations of every kind on every kind of memory, and what they give back."""
    rng = w.rng
    w.add("r6 = r1", "lookup array", "r9 = r0", f"*(u64 *)(r10 - 16) = {rng.choice([0, 7, 40])}", "*(u64 *)(r10 - 24) = 1")
    where = rng.choice(["value", "value", "frame", "frame", "frame-varying", "value-varying", "data", "constants", "context", "record", "map", "read_only", "write_only", "program_reads", "program_writes", "null", "packet", "spilled", "percpu"])
    rec = False
    if where in ("value", "value-varying"):
        w.add("r7 = r9")
    elif where in ("frame", "frame-varying", "spilled"):
        if where == "spilled":
            w.add(f"*(u64 *)(r10 - 16) = r{rng.choice([6, 9, 10])}")
        w.add("r7 = r10", f"r7 += {rng.choice([-16, -16, -24, -8, -32])}")
    elif where in ("data", "constants"):
        w.add(f"r7 = value {where}")
    elif where == "context":
        w.add("r7 = r6")
    elif where == "record":
        w.add("r1 = map ringbuf", "r2 = 24", "r3 = 0", "call ringbuf_reserve", "if r0 == 0 goto OUT", "r7 = r0")
        rec = True
    elif where == "map":
        w.add("r7 = map array")
    elif where in ("read_only", "write_only", "program_reads", "program_writes", "percpu"):
        w.add(f"lookup {where}", "r7 = r0")
    elif where == "null":
        w.add("lookup? array", "r7 = r0")
    elif where == "packet":
        w.add("r7 = *(u32 *)(r6 + 0)", "r2 = *(u32 *)(r6 + 4)", "r3 = r7", "r3 += 32", "if r3 > r2 goto OUT")
    if where.endswith("varying"):
        w.number(1, rng.choice([7, 8, 15, 31]))
        if w.chance(0.6):
            w.add("r1 &= -8")
        w.add("r7 += r1")
    for _ in range(rng.randrange(1, 4)):
        w.number(2, rng.choice([None, 7, 40, 47]))
        w.number(0, rng.choice([None, 7, 47]))
        width = rng.choice([32, 64, 64, 64, 32, 8, 16] if w.chance(0.15) else [32, 64])
        off = rng.choice([0, 0, 0, 0, 8, 4, 16, 40, 44, 48, -8])
        op = rng.choice(["+=", "|=", "&=", "^=", "fetch_add", "fetch_or", "fetch_and", "fetch_xor", "xchg", "cmpxchg"])
        src = 2 if w.chance(0.9) else rng.choice([7, 9, 10, 0])
        if "=" in op:
            w.add(f"lock *(u{width} *)(r7 + {off}) {op} r{src}")
        else:
            w.add(f"lock {op} *(u{width} *)(r7 + {off}) r{src}")
        way = rng.randrange(5)
        if way == 0:
            w.use(2, 8, 0)
        elif way == 1:
            w.use(0, 8, 0)
        elif way == 2:
            w.add(f"r1 = *(u{rng.choice([width, 64])} *)(r10 - {rng.choice([16, 16, 24, 8])})")
            w.use(1, 8, 0)
        elif way == 3 and width == 32:
            w.add("if w2 > 40 goto OUT")
            w.use(2, 8, 0)
    if rec:
        w.add("r1 = r7", "r2 = 0", "call ringbuf_submit")
    return {"type": "xdp" if where == "packet" else w.pick("kprobe", "socket", "xdp")}


def inner_maps(w):
    """Maps of maps: the inner map, its values, both checked or not."""
    rng = w.rng
    w.add("r6 = r1", "r8 = 0")
    for _ in range(rng.randrange(1, 3)):
        outer = rng.choice(["outer", "outer_hash"])
        w.add(f"*(u32 *)(r10 - 4) = {rng.choice([0, 1, 5])}", "r2 = r10", "r2 += -4", f"r1 = map {outer}", "call map_lookup_elem")
        w.add("r7 = r0")
        if w.chance(0.9):
            w.add(f"if r{rng.choice([0, 7])} == 0 goto OUT")
        for _ in range(rng.randrange(1, 4)):
            way = rng.randrange(9)
            if way < 4:
                w.add("r2 = r10", f"r2 += {rng.choice([-4, -4, -8])}", f"r1 = r{rng.choice([7, 7, 7, 0, 8])}", "call map_lookup_elem")
                if w.chance(0.9):
                    w.add("if r0 == 0 goto OUT")
                w.add("r9 = r0", f"r1 = *(u{rng.choice(WORDS)} *)(r0 + {rng.choice([0, 8, 40, 44, 47])})")
                if w.chance(0.5):
                    w.number(1, rng.choice([7, 39, 40, 47, 48]))
                    w.use(1, off=0)
            elif way == 4:
                w.add("*(u64 *)(r10 - 64) = 0", "*(u64 *)(r10 - 56) = 0", "*(u64 *)(r10 - 48) = 0", "*(u64 *)(r10 - 40) = 0", "*(u64 *)(r10 - 32) = 0", "*(u64 *)(r10 - 24) = 0",
                      "r3 = r10", f"r3 += {rng.choice([-64, -64, -56, -40])}", "r2 = r10", "r2 += -4", "r1 = r7", "r4 = 0", f"call {rng.choice(['map_update_elem', 'map_update_elem', 'map_push_elem'])}")
            elif way == 5:
                w.add("r2 = r10", "r2 += -4", "r1 = r7", "call map_delete_elem")
            elif way == 6:
                w.add(rng.choice(["r1 = *(u32 *)(r7 + 0)", "*(u64 *)(r10 - 16) = r7", "r7 += 8", "*(u32 *)(r7 + 0) = 0", f"r1 = map {outer}\nr2 = r10\nr2 += -4\ncall map_delete_elem",
                                  f"r1 = map {outer}\nr2 = r10\nr2 += -4\nr3 = r2\nr4 = 0\ncall map_update_elem"]))
            elif way == 7:
                w.add("*(u64 *)(r10 - 16) = r7", "r7 = *(u64 *)(r10 - 16)")
            else:
                w.add("r8 = r7")
    return {"type": w.pick("kprobe", "socket", "xdp")}


def packet_loads(w):
    """LD_ABS and LD_IND, beside branches, functions, locks and references."""
    rng = w.rng
    w.add("r6 = r1" if w.chance(0.95) else "r7 = r1")
    if w.chance(0.5):
        w.add("lookup array", "r9 = r0")
        value = True
    else:
        value = False
    for _ in range(rng.randrange(1, 6)):
        way = rng.randrange(11)
        width = rng.choice([8, 16, 32])
        if way < 3:
            w.add(f"r0 = *(u{width} *)skb[{rng.choice([0, 12, 14, 23, 65535])}]")
        elif way < 5:
            if value and w.chance(0.5):
                w.number(7)
            else:
                w.add(f"r7 = {rng.choice([0, 14, -1])}")
            w.add(f"r0 = *(u{width} *)skb[r{rng.choice([7, 7, 7, 7, 0, 6, 8])}]")
        elif way == 5:
            w.add(f"if r0 {rng.choice(COMPARISONS)} {rng.choice([0, 6, 17, 0x800])} goto OUT" if len(w.lines) > 1 else "r0 = 0")
        elif way == 6 and value:
            w.add("if r0 > 40 goto OUT" if w.chance(0.5) else "r0 &= 31")
            w.use(0, 8, 0)
        elif way == 7:
            w.add("r1 = map ringbuf", "r2 = 8", "r3 = 0", "call ringbuf_reserve", "if r0 == 0 goto OUT", "r8 = r0")
            if w.chance(0.6):
                w.add("r1 = r8", "r2 = 0", "call ringbuf_submit")
        elif way == 8:
            name = w.name()
            w.functions.append([f".func {name} {rng.choice(['static', 'static', 'global'])} CONTEXT", "r6 = r1", f"r0 = *(u{width} *)skb[{rng.choice([0, 14])}]", rng.choice(["r0 = 0", "r0 &= 7", "r0 += 1"]), "exit"])
            w.add("r1 = r6", f"call {name}")
        elif way == 9:
            w.add(rng.choice(["r1 = *(u32 *)(r6 + 0)", "r6 += 0", "r6 = 0", "*(u64 *)(r10 - 8) = r6\nr6 = *(u64 *)(r10 - 8)", "r1 = r6"]))
        else:
            w.add(rng.choice(["r2 = 1", "r3 = r0" if len(w.lines) > 4 else "r3 = 0"]), f"r0 = *(u{width} *)skb[0]", rng.choice(["r4 = r2", "r4 = 0"]))
    return {"type": w.pick("socket", "socket", "classifier", "socket", "xdp", "cgroup_skb")}


def tail_calls(w):
    """Tail calls in the program and in functions, with much stack, with locks and references held."""
    rng = w.rng
    w.add("r6 = r1", "lookup array", "r9 = r0")

    def tail(f, context="r6"):
        index = rng.choice(["r3 = 0", "r3 = 4", "r3 = 5", "r3 = -1", f"r3 = *(u32 *)(r9 + 0)" if f is w else "r3 = 2"])
        f.add(f"r1 = {context}", f"r2 = map {rng.choice(['programs'] * 9 + ['array'])}", index, "call tail_call")

    for _ in range(rng.randrange(1, 4)):
        way = rng.randrange(7)
        if way < 2:
            tail(w)
            if w.chance(0.3):
                w.add("r1 = r0")
        elif way < 5:
            name = w.name()
            f = Writer(rng)
            f.add(f".func {name} {rng.choice(['static', 'static', 'global'])} CONTEXT", "r6 = r1")
            if f.chance(0.5):
                f.add(f"*(u64 *)(r10 - {rng.choice([8, 64, 240, 248, 256, 264])}) = 0")
            tail(f)
            f.add(rng.choice(["r0 = 0", "r0 = 1", "r1 = 0"]), "exit")
            w.functions.append(f.lines)
            if w.chance(0.3):
                w.add(f"*(u64 *)(r10 - {rng.choice([64, 248, 256, 264, 300])}) = 0".replace("300", "304"))
            w.add("r1 = r6", f"call {name}")
            if w.chance(0.4):
                w.use(0, 8, 0)
        elif way == 5:
            w.add("r1 = map ringbuf", "r2 = 8", "r3 = 0", "call ringbuf_reserve", "if r0 == 0 goto OUT", "r8 = r0")
            if w.chance(0.5):
                tail(w)
            w.add("r1 = r8", "r2 = 0", "call ringbuf_submit")
        else:
            w.add("*(u64 *)(r10 - 16) = r9")
            w.add("r9 = *(u64 *)(r10 - 16)")
    w.add("r1 = *(u8 *)(r9 + 0)")
    return {"type": w.pick("kprobe", "socket", "xdp")}


def global_functions(w):
    """Global functions with each kind of argument, given each kind of value."""
    rng = w.rng
    w.add("r6 = r1", "lookup array", "r9 = r0", "*(u64 *)(r10 - 16) = 0", "*(u64 *)(r10 - 8) = 0")
    types = ["INT", "U64", "PAIR", "PAIR:nonnull", "CONTEXT", "BYTE", "CONTEXT:ctx", "DYNPTR", "BYTE:nonnull", "PAIR:ctx", "UNKNOWN"]

    def given(reg, type):
        way = rng.randrange(12)
        if way < 7:
            if type.split(":")[0] in ("INT", "U64"):
                w.number(reg, rng.choice([None, 7, 47]))
                return
            if type.startswith("CONTEXT") or type.endswith(":ctx"):
                w.add(f"r{reg} = r6")
                return
        way = rng.randrange(10)
        w.add(*[[f"r{reg} = r10", f"r{reg} += -16"], [f"r{reg} = r10", f"r{reg} += -8"], [f"r{reg} = r9"], [f"r{reg} = r9", f"r{reg} += {rng.choice([32, 33, 40, 47, 48])}"], [f"r{reg} = 0"],
                [f"r{reg} = r6"], [f"r{reg} = map array"], [f"r{reg} = value data"], [f"r{reg} = value constants"], [f"r{reg} = r10", f"r{reg} += -24"]][way])

    for _ in range(rng.randrange(1, 3)):
        name = w.name()
        arguments = [rng.choice(types) for _ in range(rng.randrange(1, 4))]
        f = Writer(rng)
        f.labels = 100 * w.named
        f.add(f".func {name} global " + " ".join(arguments))
        out = f"{name}out"
        for reg, type in enumerate(arguments, 1):
            if f.chance(0.5):
                continue
            kind = type.split(":")[0]
            if kind in ("PAIR", "BYTE", "UNKNOWN") and not type.endswith(":ctx"):
                if f.chance(0.85):
                    f.add(f"if r{reg} {'==' if f.chance(0.9) else '!='} 0 goto {out}")
                f.add(rng.choice([f"r0 = *(u{rng.choice([8, 64])} *)(r{reg} + {rng.choice([0, 0, 8, 15])})", f"*(u8 *)(r{reg} + 0) = 1", f"lock *(u64 *)(r{reg} + 0) += r{reg}" if f.chance(0.2) else f"r4 = r{reg}"]))
            elif kind == "CONTEXT" or type.endswith(":ctx"):
                f.add(rng.choice([f"r0 = *(u32 *)(r{reg} + 0)", f"r4 = r{reg}", f"r0 = *(u64 *)(r{reg} + 0)"]))
            elif kind in ("INT", "U64"):
                f.add(rng.choice([f"r4 = r{reg}", f"if r{reg} > 7 goto {out}"]))
        f.add(rng.choice(["r0 = 0"] * 5 + ["call get_prandom_u32", f"r0 = r{len(arguments)}", "r4 = 0"]), "exit")
        f.end(out, "r0 = 0", "exit")
        w.functions.append(f.lines)
        for reg, type in enumerate(arguments, 1):
            given(reg, type)
        if w.chance(0.4):  # the caller's values come in another order
            arguments[0] = rng.choice(types)
        w.add(f"call {name}")
        if w.chance(0.4):
            w.add(f"r0 &= {rng.choice([7, 31, 63])}")
            w.use(0, 8, 0)
        if w.chance(0.3):
            w.add("r1 = *(u64 *)(r10 - 16)")
            if w.chance(0.5):
                w.use(1, 8, 0)
    return {"type": w.pick("socket", "socket", "kprobe", "xdp")}


def joins(w):
    """Paths that meet in states which are alike but for a number, a slot, a kind; then what one of them must not do."""
    rng = w.rng
    w.add("r6 = r1", "lookup array", "r9 = r0", "r8 = *(u32 *)(r9 + 0)", "r7 = *(u64 *)(r9 + 8)")

    def assign():
        reg = rng.choice([1, 2, 3])
        way = rng.randrange(10)
        if way < 4:
            return [f"r{reg} = {rng.choice([0, 1, 8, 40, 47, 48, 4096])}"]
        if way < 6:
            return [f"r{reg} = r{rng.choice([7, 8])}", f"r{reg} &= {rng.choice([7, 31, 63])}"]
        if way == 6:
            return [f"r{reg} = r{rng.choice([9, 10, 6])}"]
        if way == 7:
            return [f"*(u64 *)(r10 - {rng.choice([16, 24])}) = {rng.choice(['0', '7', '40', '48', 'r9', 'r8', 'r7'])}"]
        if way == 8:
            return [f"*(u{rng.choice([8, 32])} *)(r10 - {rng.choice([16, 20, 24])}) = {rng.choice(['0', '7', '48'])}"]
        return [f"r{reg} = {rng.choice(['r1', 'r2', 'r3'])}", f"r{reg} += {rng.choice([0, 1, 8])}"]

    for reg in (1, 2, 3):
        w.add(f"r{reg} = {rng.choice([0, 1, 40])}")
    w.add("*(u64 *)(r10 - 16) = 0", "*(u64 *)(r10 - 24) = 1")
    for _ in range(rng.randrange(2, 6)):
        kind = rng.choice("rrw")
        other, end = w.label(), w.label()
        compared = rng.choice([7, 8, 8, 1, 2, 3])
        w.add(f"if {kind}{compared} {rng.choice(COMPARISONS)} {rng.choice([0, 1, 7, 40, 47, 48, -1])} goto {other}")
        for _ in range(rng.randrange(0, 3)):
            w.add(*assign())
        if w.chance(0.6):
            w.add(f"goto {end}", f"{other}:")
            for _ in range(rng.randrange(0, 3)):
                w.add(*assign())
            w.add(f"{end}:")
        else:
            w.add(f"{other}:")
        if w.chance(0.25):
            w.add(f"r{rng.choice([1, 2, 3])} = *(u64 *)(r10 - {rng.choice([16, 24])})")
        if w.chance(0.25):
            w.add(f"if r{rng.choice([1, 2, 3, 7, 8])} {rng.choice(COMPARISONS)} r{rng.choice([1, 2, 3, 7, 8])} goto OUT")
    if w.chance(0.5):
        w.add(f"r{rng.choice([1, 2, 3])} = *(u64 *)(r10 - {rng.choice([16, 24])})")
    w.use(rng.choice([1, 2, 3, 8]), off=rng.choice([0, 0, 8]))
    return {"type": w.pick("socket", "kprobe", "xdp")}


def mayhem(w):
    """may_goto, open iterators and timers beside loops."""
    rng = w.rng
    w.add("r6 = r1", "lookup array", "r9 = r0", "r7 = 0", "r8 = *(u32 *)(r9 + 0)", "*(u64 *)(r10 - 16) = 0")
    for _ in range(rng.randrange(1, 3)):
        top, out = w.label(), w.label()
        way = rng.randrange(3)
        if w.chance(0.5):
            w.add(f"r7 = {rng.choice([0, 0, 1])}")
        w.add(f"{top}:", f"may_goto {out}")
        for _ in range(rng.randrange(1, 4)):
            kind = rng.randrange(8)
            if kind == 0:
                w.add("r7 += 1")
            elif kind == 1:
                w.add(f"if r7 {rng.choice(['>', '>=', '==', 's>'])} {rng.choice([7, 39, 40, 47])} goto {out}")
            elif kind == 2:
                w.use(rng.choice([7, 8]), 8, 0)
            elif kind == 3:
                w.add("r1 = *(u64 *)(r10 - 16)", "r1 += 1", f"r1 &= {rng.choice([7, 31])}" if w.chance(0.5) else "r1 += 0", "*(u64 *)(r10 - 16) = r1")
            elif kind == 4:
                w.add("call get_prandom_u32", f"if r0 > 7 goto {out}")
            elif kind == 5:
                w.add(f"if r8 {rng.choice(COMPARISONS)} {rng.choice([0, 7, 40])} goto {out}")
            elif kind == 6:
                w.add(f"r8 {rng.choice(['+=', '&=', '>>='])} {rng.choice([1, 7])}")
            else:
                w.add("r7 = r8", "r7 &= 15")
        w.add(f"goto {top}", f"{out}:")
        if way == 0:
            w.add(f"if r7 > {rng.choice([7, 40, 47])} goto OUT")
        if w.chance(0.6):
            w.use(rng.choice([7, 7, 8]), 8, 0)
        if w.chance(0.3):
            w.add("r1 = *(u64 *)(r10 - 16)")
            w.use(1, 8, 0)
    return {"type": w.pick("socket", "kprobe", "xdp")}


THEMES = {make.__name__: make for make in (stack, packets, loops, functions, callbacks, records, locks, atomics, inner_maps, packet_loads,
                                           tail_calls, global_functions, joins, mayhem)}


def program(theme, seed):
    w = Writer(random.Random(f"{theme}{seed}"))
    options = THEMES[theme](w)
    lines = [line for text in w.finish() for line in text.split("\n")]
    return assembly.program(f"{theme}{seed}", lines, options)


if __name__ == "__main__":
    theme, first, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    batch.write(sys.argv[4], [program(theme, first + i) for i in range(count)])
