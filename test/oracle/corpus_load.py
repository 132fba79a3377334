# SPDX-License-Identifier: MIT OR Apache-2.0
"""Cases on what BPF_PROG_LOAD says beside the code: alignment, sleepable or not, where the program is to be attached."""
import batch
from batch import insn
from cases import (ARRAY, EXIT_0, KPROBE, WITH_INDEX, XDP, alu, alu_reg, call, case, copy, jump_reg, load, lookup, mov, store,
                   wide)
from random_programs import ADD, AND, EXIT, JGT, JMP, MUL

STRICT, ANY, SLEEPABLE = 1, 2, 16
RETURN = insn(JMP | EXIT)


def alignment():
    packet = load(4, 2, 1, 0) + load(4, 3, 1, 4) + copy(4, 2) + alu(ADD, 4, 24) + jump_reg(JGT, 4, 3, 1)
    for size in (1, 2, 4, 8):
        for off in (0, 1, 2, 4, 6, 8, 12):
            case(f"strict-value-{size}-at{off}", lookup(), load(size, 1, 0, off), EXIT_0, flags=STRICT)
            case(f"strict-packet-{size}-at{off}", packet, load(size, 5, 2, off), EXIT_0, type=XDP, flags=STRICT)
        for step in (1, 2, 4, 8):
            case(f"strict-value-{size}-indexed-by-{step}", WITH_INDEX, alu(AND, 1, 3), alu(MUL, 1, step), alu_reg(ADD, 9, 1),
                 load(size, 2, 9, 0), EXIT_0, flags=STRICT)
        case(f"strict-value-moved-{size}", lookup(), alu(ADD, 0, 4), store(size, 0, 4, 1), EXIT_0, flags=STRICT)
    case("strict-and-any", lookup(), load(8, 1, 0, 1), EXIT_0, flags=STRICT | ANY)
    case("strict-stack", store(8, 10, -12, 0), EXIT_0, flags=STRICT)
    case("strict-context", load(4, 2, 1, 2), EXIT_0, flags=STRICT)
    case("strict-key-at-1", lookup(), copy(2, 0), alu(ADD, 2, 1), wide(1, 5, ARRAY), call(1), EXIT_0, flags=STRICT)


def sleeping():
    kinds = {"hash": (1, 8, 8), "array": (2, 4, 8), "programs": (3, 4, 4), "perf-events": (4, 4, 4), "percpu-hash": (5, 8, 8),
             "percpu-array": (6, 4, 8), "stacks": (7, 4, 80), "lru-hash": (9, 8, 8), "lru-percpu-hash": (10, 8, 8),
             "queue": (22, 0, 8), "stack": (23, 0, 8), "ringbuf": (27, 0, 0)}
    for name, (map_type, key, value) in kinds.items():
        maps = [batch.Map(map_type, key, value, 4096 if map_type == 27 else 4)]
        case(f"sleepable-map-{name}", wide(1, 5, 0), EXIT_0, type=KPROBE, maps=maps, flags=ANY | SLEEPABLE)
        case(f"not-sleepable-map-{name}", wide(1, 5, 0), EXIT_0, type=KPROBE, maps=maps)


def returns():
    for name, attach in (("probe", 0), ("session", 56)):
        for value in (-1, 0, 1, 2):
            case(f"returns-{name}-{value}", mov(0, value), RETURN, type=KPROBE, attach_type=attach)
        case(f"returns-{name}-any", load(8, 0, 1, 0), RETURN, type=KPROBE, attach_type=attach)
        case(f"returns-{name}-masked", load(8, 0, 1, 0), alu(AND, 0, 1), RETURN, type=KPROBE, attach_type=attach)
        case(f"returns-{name}-context", copy(0, 1), RETURN, type=KPROBE, attach_type=attach)
        case(f"returns-{name}-unset", RETURN, type=KPROBE, attach_type=attach)
