# SPDX-License-Identifier: MIT OR Apache-2.0
"""Cases on objects of the kernel by their BTF: contexts of tracing and lsm programs, walks through structures, what helpers take.
    corpus_objects.py OUT"""
import os
import sys

import assembly
import batch
from batch import insn
from btf_excerpt import Types
from cases import (ARRAY, EXIT_0, HASH, KPROBE, LEAVE, MAPS, alu, alu_reg, call, case, copy, jump, jump_reg, load, lookup, mov,
                   programs, store, store_reg, wide)
from random_programs import ADD, AND, EXIT, JEQ, JGT, JMP, JNE, MUL, STX, SUB

TRACING, LSM = 26, 29
RAW_TP, FENTRY, FEXIT, MODIFY_RETURN, LSM_MAC, ITER = 23, 24, 25, 26, 27, 28
SLEEPABLE = 16
TYPES = Types(os.path.join(os.path.dirname(os.path.abspath(__file__)), "linux_types.btf"))
RETURN = insn(JMP | EXIT)
MEMSX = 0x80


def at(structure, path):
    return TYPES.offset(structure, path)


def fentry(name, function, *parts, attach=FENTRY, **more):
    case(f"object-{name}", *parts, type=TRACING, attach_type=attach, attach_to=function, **more)


def tracepoint(name, event, *parts, **more):
    case(f"object-{name}", *parts, type=TRACING, attach_type=RAW_TP, attach_to="btf_trace_" + event, **more)


def lsm(name, hook, *parts, **more):
    case(f"object-{name}", *parts, type=LSM, attach_type=LSM_MAC, attach_to="bpf_lsm_" + hook, **more)


def argument(number, dst=6, size=8):
    return load(size, dst, 1, 8 * number)


TASK = call(158)  # r0: the current task, trusted


def contexts():
    for number in range(-1, 6):
        fentry(f"fentry-argument-{number}", "vfs_read", load(8, 2, 1, 8 * number), EXIT_0)
        fentry(f"fexit-argument-{number}", "vfs_read", load(8, 2, 1, 8 * number), EXIT_0, attach=FEXIT)
    for size in (1, 2, 4, 8):
        fentry(f"number-{size}", "vfs_read", load(size, 2, 1, 16), EXIT_0)
        fentry(f"number-{size}-at-4", "vfs_read", load(size, 2, 1, 20), EXIT_0)
        fentry(f"pointer-{size}", "vfs_read", load(size, 2, 1, 0), EXIT_0)
        fentry(f"pointer-to-number-{size}", "vfs_read", load(size, 2, 1, 8), EXIT_0)
    fentry("write", "vfs_read", mov(2, 0), store_reg(8, 1, 0, 2), EXIT_0)
    fentry("pointer-to-number-read", "vfs_read", argument(1), load(1, 2, 6, 0), EXIT_0)
    fentry("pointer-to-const-void", "kernel_write", argument(1), EXIT_0)
    fentry("pointer-to-function", "smp_call_function_single", argument(1), EXIT_0)
    fentry("pointer-to-void", "smp_call_function_single", argument(2), EXIT_0)
    fentry("pointer-to-pointer", "match_string", argument(0), EXIT_0)
    fentry("pointer-to-pointer-to-struct", "vfs_unlink", argument(3), EXIT_0)
    fentry("result-of-nothing", "do_exit", argument(1), EXIT_0, attach=FEXIT)
    fentry("result-pointer", "do_filp_open", argument(3), load(8, 2, 6, at("file", "f_inode")), EXIT_0, attach=FEXIT)
    fentry("result-pointer-4", "do_filp_open", argument(3, size=4), EXIT_0, attach=FEXIT)
    fentry("modify-result", "security_file_open", argument(1), EXIT_0, attach=MODIFY_RETURN)
    fentry("modify-argument", "security_file_open", argument(0), load(4, 2, 6, 0), EXIT_0, attach=MODIFY_RETURN)
    fentry("returns-1", "vfs_read", mov(0, 1), RETURN)
    fentry("not-gpl", "vfs_read", argument(0), load(8, 2, 6, at("file", "f_inode")), EXIT_0, gpl=False)
    fentry("not-gpl-unread", "vfs_read", argument(0), EXIT_0, gpl=False)
    tracepoint("tp-first", "sched_switch", argument(0), EXIT_0)
    tracepoint("tp-task", "sched_switch", argument(1), load(4, 2, 6, at("task_struct", "pid")), EXIT_0)
    tracepoint("tp-last", "sched_switch", argument(3, size=4), EXIT_0)
    tracepoint("tp-behind", "sched_switch", argument(4), EXIT_0)
    tracepoint("tp-nullable", "sched_pi_setprio", argument(1), load(4, 2, 6, at("task_struct", "pid")), EXIT_0)
    tracepoint("tp-nullable-tested", "sched_pi_setprio", argument(1), jump(JEQ, 6, 0, 1), load(4, 2, 6, at("task_struct", "pid")),
               EXIT_0)
    for event, which in (("sched_process_wait", 0), ("tmigr_update_events", 0), ("signal_deliver", 1), ("signal_generate", 1)):
        tracepoint(f"tp-nullable-{event}", event, argument(which), load(1, 2, 6, 0), EXIT_0)
        tracepoint(f"tp-nullable-{event}-tested", event, argument(which), jump(JEQ, 6, 0, 1), load(1, 2, 6, 0), EXIT_0)
    tracepoint("tp-socket-nullable", "kfree_skb", argument(3), load(8, 2, 6, 0), EXIT_0)
    tracepoint("tp-struct-pointer", "kfree_skb", argument(0), load(4, 2, 6, at("sk_buff", "len")), EXIT_0)
    tracepoint("tp-returns-any", "sched_switch", argument(3), copy(0, 6), RETURN)
    iterator = lambda name, function, *parts: fentry(name, "bpf_iter_" + function, *parts, attach=ITER)
    iterator("iter-meta", "task", argument(0), load(8, 2, 6, 0), load(8, 3, 2, 0), EXIT_0)
    iterator("iter-task", "task", argument(1), load(4, 2, 6, at("task_struct", "pid")), EXIT_0)
    iterator("iter-task-tested", "task", argument(1), jump(JEQ, 6, 0, 1), load(4, 2, 6, at("task_struct", "pid")), EXIT_0)
    iterator("iter-task-file", "task_file", argument(3), jump(JNE, 6, 0, 2), EXIT_0, load(8, 2, 6, at("file", "f_op")), EXIT_0)
    iterator("iter-number", "task_file", argument(2), EXIT_0)
    iterator("iter-seq-printf", "task", argument(0), load(8, 1, 6, 0), store(8, 10, -8, 0), copy(2, 10), alu(ADD, 2, -8), mov(3, 8),
             call(127), EXIT_0)
    iterator("iter-returns-2", "task", mov(0, 2), RETURN)
    for value in (-4096, -4095, -1, 0, 1):
        lsm(f"lsm-returns-{-value if value < 0 else value}{'-below' if value < 0 else ''}", "file_open", mov(0, value), RETURN)
    lsm("lsm-void-returns-5", "bprm_committed_creds", mov(0, 5), RETURN)
    lsm("lsm-file", "file_open", argument(0), load(8, 2, 6, at("file", "f_inode")), EXIT_0)
    lsm("lsm-result", "file_open", argument(1), EXIT_0)
    lsm("lsm-behind", "file_open", argument(2), EXIT_0)
    lsm("lsm-unknown-result-type", "bprm_committed_creds", argument(1), EXIT_0)


def walks():
    def walk(name, *parts, **more):
        tracepoint(name, "sched_switch", argument(1), *parts, EXIT_0, **more)

    pid, comm = at("task_struct", "pid"), at("task_struct", "comm")
    for size in (1, 2, 4, 8):
        walk(f"member-{size}", load(size, 2, 6, pid))
        walk(f"member-{size}-at-2", load(size, 2, 6, pid + 2))
        walk(f"array-{size}", load(size, 2, 6, comm + 8))
        walk(f"array-{size}-over-end", load(size, 2, 6, comm + 15))
        walk(f"pointer-member-{size}", load(size, 2, 6, at("task_struct", "mm")))
        walk(f"end-{size}", load(size, 2, 6, TYPES.types[TYPES.by_name["task_struct", 4]].size_or_type - 1))
    walk("nested", load(8, 2, 6, at("task_struct", "se.exec_start")))
    walk("bit-field", load(1, 2, 6, at("task_struct", "sched_reset_on_fork")))
    walk("bit-field-wide", load(4, 2, 6, at("task_struct", "sched_reset_on_fork")))
    walk("bit-field-8", load(8, 2, 6, at("task_struct", "sched_reset_on_fork")))
    walk("sign-extending", load(4, 2, 6, pid, MEMSX))
    walk("behind-the-end", load(8, 2, 6, 30000))
    walk("before-the-start", load(8, 2, 6, -8))
    walk("member-written", store(4, 6, pid, 0))
    walk("write-register", mov(2, 0), store_reg(8, 6, at("task_struct", "mm"), 2))
    walk("atomic", mov(2, 1), insn(STX | 0xC0 | 0x18, 6, 2, pid, 0))
    walk("moved", alu(ADD, 6, pid), load(4, 2, 6, 0))
    walk("moved-back", alu(ADD, 6, pid + 8), load(4, 2, 6, -8))
    walk("moved-before-start", alu(ADD, 6, -8), load(4, 2, 6, 0))
    walk("moved-down", alu(SUB, 6, 8), load(4, 2, 6, 8 + pid))
    walk("moved-by-variable", argument(0, 3), alu(AND, 3, 8), alu_reg(ADD, 6, 3), load(4, 2, 6, pid))
    walk("moved-by-variable-unread", argument(0, 3), alu(AND, 3, 8), alu_reg(ADD, 6, 3))
    walk("multiplied", alu(MUL, 6, 2))
    walk("two-steps", load(8, 7, 6, at("task_struct", "mm")), load(8, 2, 7, at("mm_struct", "exe_file")))
    walk("three-steps", load(8, 7, 6, at("task_struct", "real_parent")), load(8, 7, 7, at("task_struct", "real_parent")),
         load(4, 2, 7, pid))
    walk("pointer-to-void-read", load(8, 7, 6, at("task_struct", "stack")), load(8, 2, 7, 0))
    walk("function-pointer-read", load(8, 7, 6, at("task_struct", "rcu.func")), load(8, 2, 7, 0))
    walk("walked-null-test", load(8, 7, 6, at("task_struct", "mm")), jump(JNE, 7, 0, 1), EXIT_0[:0] + mov(0, 0), load(8, 2, 7, 0))
    walk("null-branch-walked", load(8, 7, 6, at("task_struct", "mm")), jump(JNE, 7, 0, 1), load(8, 2, 7, 0))
    walk("trusted-null-branch-dead", jump(JNE, 6, 0, 1), load(8, 2, 1, 800))
    walk("spilled", store_reg(8, 10, -8, 6), load(8, 7, 10, -8), load(4, 2, 7, pid))
    walk("spilled-in-part", store_reg(4, 10, -8, 6))
    walk("filled-in-part", store_reg(8, 10, -8, 6), load(4, 7, 10, -8))
    walk("two-kinds-one-load", argument(0, 3), copy(7, 10), alu(ADD, 7, -pid - 8), store(4, 10, -8, 0), jump(JEQ, 3, 0, 1), copy(7, 6),
         load(4, 2, 7, pid))
    walk("compared", argument(2, 7), jump_reg(JEQ, 6, 7, 0))
    walk("union-pointer", load(8, 7, 6, at("task_struct", "cgroups")), load(8, 2, 7, at("css_set", "dfl_cgrp")))
    skb = lambda name, *parts: tracepoint(name, "kfree_skb", argument(0), *parts, EXIT_0)
    skb("skb-cb", load(8, 2, 6, at("sk_buff", "cb") + 16))
    skb("skb-cb-odd", load(4, 2, 6, at("sk_buff", "cb") + 3))
    skb("skb-data", load(8, 7, 6, at("sk_buff", "data")), load(1, 2, 7, 0))
    skb("skb-dev", load(8, 7, 6, at("sk_buff", "dev")), load(1, 2, 7, 16))
    skb("skb-sk", load(8, 7, 6, at("sk_buff", "sk")), load(2, 2, 7, 16))
    skb("skb-sk-tested", load(8, 7, 6, at("sk_buff", "sk")), jump(JEQ, 7, 0, 1), load(2, 2, 7, 16))
    lsm("cgroup-ancestors", "task_free", call(158), load(8, 7, 0, at("task_struct", "cgroups")), load(8, 7, 7, at("css_set", "dfl_cgrp")),
        load(8, 8, 7, at("cgroup", "ancestors")), load(8, 8, 7, at("cgroup", "ancestors") + 16), load(8, 2, 8, 0), EXIT_0)
    lsm("cgroup-ancestors-odd", "task_free", call(158), load(8, 7, 0, at("task_struct", "cgroups")),
        load(8, 7, 7, at("css_set", "dfl_cgrp")), load(8, 8, 7, at("cgroup", "ancestors") + 4), EXIT_0)


def helpers():
    def with_task(name, *parts, **more):
        case(f"object-{name}", TASK, copy(6, 0), *parts, type=KPROBE, **more)

    pid = at("task_struct", "pid")
    with_task("task-read", load(4, 0, 6, pid), RETURN)
    with_task("task-in-kprobe-null-test", jump(JEQ, 6, 0, 1), load(4, 2, 6, pid), EXIT_0)
    with_task("task-regs", copy(1, 6), call(175), load(8, 2, 0, 0), EXIT_0)
    with_task("task-regs-behind", copy(1, 6), call(175), load(8, 2, 0, 288), EXIT_0)
    with_task("task-regs-of-parent", load(8, 1, 6, at("task_struct", "real_parent")), call(175), EXIT_0)
    with_task("task-regs-of-leader", load(8, 1, 6, at("task_struct", "group_leader")), call(175), EXIT_0)
    with_task("task-regs-of-mm", load(8, 1, 6, at("task_struct", "mm")), call(175), EXIT_0)
    with_task("task-regs-moved", copy(1, 6), alu(ADD, 1, 8), call(175), EXIT_0)
    with_task("task-regs-number", mov(1, 0), call(175), EXIT_0)
    with_task("task-stack", copy(1, 6), copy(2, 10), alu(ADD, 2, -16), mov(3, 16), mov(4, 0), call(141), EXIT_0)
    with_task("task-as-key", copy(2, 6), wide(1, 5, ARRAY), call(1), EXIT_0)
    with_task("task-as-value", store(8, 10, -8, 0), copy(2, 10), alu(ADD, 2, -8), copy(3, 6), mov(4, 0), wide(1, 5, HASH), call(2),
              EXIT_0)
    with_task("task-probe-read", copy(1, 10), alu(ADD, 1, -8), mov(2, 8), copy(3, 6), call(113), EXIT_0)
    with_task("task-into", copy(1, 6), mov(2, 16), call(16), EXIT_0)
    with_task("task-kept-in-map", copy(8, 6), lookup(), store_reg(8, 0, 0, 8), EXIT_0)
    with_task("task-kept-and-followed", copy(8, 6), lookup(), store_reg(8, 0, 0, 8), load(8, 1, 0, 0), load(4, 2, 1, pid), EXIT_0)
    output = (wide(2, 5, 0), mov(3, -1), copy(4, 6), alu(ADD, 4, at("task_struct", "comm")))
    events = [batch.Map(4, 4, 4, 4)]
    tracepoint("task-name-output", "sched_switch", copy(9, 1), argument(1), copy(1, 9), *output, mov(5, 16), call(25), EXIT_0, maps=events)
    tracepoint("task-name-output-17", "sched_switch", copy(9, 1), argument(1), copy(1, 9), *output, mov(5, 17), call(25), EXIT_0,
               maps=events)
    tracepoint("walked-name-output", "sched_switch", copy(9, 1), argument(1), copy(1, 9), load(8, 6, 6, at("task_struct", "real_parent")),
               *output, mov(5, 16), call(25), EXIT_0, maps=events)
    with_task("task-returned", copy(0, 6), RETURN)
    fentry("plain-task-regs", "wake_up_new_task", argument(0, 1), call(175), EXIT_0)
    fentry("plain-walked-task-regs", "wake_up_new_task", argument(0), load(8, 1, 6, at("task_struct", "real_parent")), call(175), EXIT_0)
    fentry("plain-walked-read", "wake_up_new_task", argument(0), load(8, 7, 6, at("task_struct", "real_parent")), load(4, 2, 7, pid),
           EXIT_0)
    fentry("cookie", "tcp_connect", argument(0, 1), call(46), EXIT_0)
    fentry("cookie-of-file", "vfs_read", argument(0, 1), call(46), EXIT_0)
    fentry("cookie-of-context", "tcp_connect", call(46), EXIT_0)
    fentry("tcp-sock", "tcp_connect", argument(0, 1), call(137), jump(JEQ, 0, 0, 1), load(8, 2, 0, 0), EXIT_0)
    fentry("tcp-sock-untested", "tcp_connect", argument(0, 1), call(137), load(8, 2, 0, 0), EXIT_0)
    path = (copy(2, 10), alu(ADD, 2, -16), mov(3, 16), call(147), EXIT_0)
    fentry("d-path", "filp_close", argument(0, 1), alu(ADD, 1, at("file", "f_path")), *path)
    fentry("d-path-of-file", "filp_close", argument(0, 1), *path)
    fentry("d-path-argument", "vfs_getattr", argument(0, 1), *path)
    lsm("sock-from-file", "file_open", argument(0, 1), call(162), jump(JEQ, 0, 0, 1), load(8, 2, 0, at("socket", "sk")), EXIT_0)
    lsm("sock-of-socket", "socket_connect", argument(0), load(8, 7, 6, at("socket", "sk")), load(2, 2, 7, 16), EXIT_0)
    lsm("sock-of-socket-tested", "socket_connect", argument(0), load(8, 7, 6, at("socket", "sk")), jump(JEQ, 7, 0, 1),
        load(2, 2, 7, 16), EXIT_0)
    lsm("cookie-of-socket", "socket_connect", argument(0), load(8, 1, 6, at("socket", "sk")), jump(JNE, 1, 0, 2), EXIT_0, call(46),
        EXIT_0)
    lsm("untrusted-hook", "task_free", argument(0, 1), call(175), EXIT_0)
    lsm("untrusted-hook-walked", "task_free", argument(0), load(8, 1, 6, at("task_struct", "group_leader")), call(175), EXIT_0)
    lsm("trusted-file-inode", "file_open", argument(0), load(8, 7, 6, at("file", "f_inode")), jump(JNE, 7, 0, 1), load(8, 2, 1, 800),
        EXIT_0)
    lsm("sleepable-parent", "file_open", TASK, load(8, 1, 0, at("task_struct", "real_parent")), call(175), EXIT_0,
        flags=batch.F_ANY_ALIGNMENT | SLEEPABLE)
    lsm("sleepable-parent-read", "file_open", TASK, load(8, 6, 0, at("task_struct", "real_parent")), load(4, 2, 6, pid), EXIT_0,
        flags=batch.F_ANY_ALIGNMENT | SLEEPABLE)


RCU_LOCK, RCU_UNLOCK = 0x20003, 0x20004
TASK_ACQUIRE, TASK_RELEASE, TASK_FROM_PID, CGROUP_ACQUIRE, CGROUP_RELEASE, CGROUP_FROM_ID, UNDER_CGROUP, SUM = (
    0x20103, 0x20104, 0x20105, 0x20106, 0x20107, 0x20109, 0x2010a, 0x20102)


def kernel_functions():
    pid, parent, cgroups = (at("task_struct", name) for name in ("pid", "real_parent", "cgroups"))
    sleepable = {"flags": batch.F_ANY_ALIGNMENT | SLEEPABLE}

    def hook(name, *parts, **more):
        lsm(f"kfunc-{name}", "file_open", *parts, **more)

    got = jump(JNE, 0, 0, 2) + EXIT_0
    give_back = copy(1, 6) + call(TASK_RELEASE)
    acquire = TASK + copy(1, 0) + call(TASK_ACQUIRE)
    hook("acquire", acquire, got, copy(6, 0), give_back, EXIT_0)
    hook("acquire-leaked", acquire, EXIT_0)
    hook("acquire-untested", acquire, copy(6, 0), give_back, EXIT_0)
    hook("acquire-twice-released", acquire, got, copy(6, 0), give_back, give_back, EXIT_0)
    hook("acquire-read", acquire, got, copy(6, 0), load(4, 7, 6, pid), give_back, EXIT_0)
    hook("acquire-read-after-release", acquire, got, copy(6, 0), give_back, load(4, 7, 6, pid), EXIT_0)
    hook("release-not-acquired", TASK, copy(6, 0), give_back, EXIT_0)
    hook("release-moved", acquire, got, copy(6, 0), copy(1, 6), alu(ADD, 1, 8), call(TASK_RELEASE), EXIT_0)
    hook("acquire-parent", TASK, load(8, 1, 0, parent), call(TASK_ACQUIRE), got, copy(6, 0), give_back, EXIT_0)
    hook("acquire-mm", TASK, load(8, 1, 0, at("task_struct", "mm")), call(TASK_ACQUIRE), got, copy(6, 0), give_back, EXIT_0)
    hook("acquire-grandparent", TASK, load(8, 2, 0, parent), load(8, 1, 2, parent), call(TASK_ACQUIRE), got, copy(6, 0), give_back,
         EXIT_0)
    hook("from-pid", mov(1, 1), call(TASK_FROM_PID), got, copy(6, 0), load(8, 7, 6, parent), load(4, 7, 7, pid), give_back, EXIT_0)
    hook("from-pid-leaked-in-branch", mov(1, 1), call(TASK_FROM_PID), got, copy(6, 0), load(4, 7, 6, pid), jump(JEQ, 7, 0, 2), give_back,
         EXIT_0)
    hook("from-pid-of-pointer", copy(1, 10), call(TASK_FROM_PID), got, copy(6, 0), give_back, EXIT_0)
    fentry("kfunc-plain-acquire", "wake_up_new_task", argument(0, 1), call(TASK_ACQUIRE), got, copy(6, 0), give_back, EXIT_0)
    tracepoint("kfunc-trusted-acquire", "sched_switch", argument(1, 1), call(TASK_ACQUIRE), got, copy(6, 0), give_back, EXIT_0)
    hook("rcu-in-sleepable", call(RCU_LOCK), TASK, load(8, 6, 0, parent), load(4, 7, 6, pid), call(RCU_UNLOCK), EXIT_0, **sleepable)
    hook("rcu-acquire-in-sleepable", call(RCU_LOCK), TASK, load(8, 1, 0, parent), call(TASK_ACQUIRE), copy(6, 0), call(RCU_UNLOCK),
         jump(JNE, 6, 0, 2), EXIT_0, give_back, EXIT_0, **sleepable)
    hook("rcu-acquire-without-lock", TASK, load(8, 1, 0, parent), call(TASK_ACQUIRE), got, copy(6, 0), give_back, EXIT_0, **sleepable)
    hook("rcu-used-after-unlock", call(RCU_LOCK), TASK, load(8, 6, 0, parent), call(RCU_UNLOCK), load(4, 7, 6, pid), EXIT_0, **sleepable)
    hook("rcu-acquire-after-unlock", call(RCU_LOCK), TASK, load(8, 6, 0, parent), call(RCU_UNLOCK), copy(1, 6), call(TASK_ACQUIRE), got,
         copy(6, 0), give_back, EXIT_0, **sleepable)
    hook("rcu-not-unlocked", call(RCU_LOCK), EXIT_0)
    cgroup = TASK + load(8, 1, 0, cgroups) + load(8, 7, 1, at("css_set", "dfl_cgrp"))
    hook("cgroup-acquire", cgroup, copy(1, 7), call(CGROUP_ACQUIRE), got, copy(1, 0), call(CGROUP_RELEASE), EXIT_0)
    hook("cgroup-acquire-of-task", TASK, copy(1, 0), call(CGROUP_ACQUIRE), got, copy(1, 0), call(CGROUP_RELEASE), EXIT_0)
    hook("cgroup-released-as-task", cgroup, copy(1, 7), call(CGROUP_ACQUIRE), got, copy(1, 0), call(TASK_RELEASE), EXIT_0)
    hook("cgroup-from-id", mov(1, 1), call(CGROUP_FROM_ID), got, copy(1, 0), call(CGROUP_RELEASE), EXIT_0)
    hook("under-cgroup", cgroup, copy(2, 7), call(158), copy(1, 0), copy(2, 7), call(UNDER_CGROUP), EXIT_0)
    fentry("kfunc-sum-of-map", "bpf_iter_bpf_map", argument(1, 1), jump(JNE, 1, 0, 2), EXIT_0, call(SUM), EXIT_0, attach=ITER)
    fentry("kfunc-sum-untested", "bpf_iter_bpf_map", argument(1, 1), call(SUM), EXIT_0, attach=ITER)
    hook("result-returned", load(8, 0, 1, 8), RETURN)
    hook("result-word-returned", load(4, 0, 1, 8), RETURN)
    hook("result-plus-1", load(8, 0, 1, 8), alu(ADD, 0, 1), RETURN)
    hook("result-half-returned", load(2, 0, 1, 8), RETURN)
    lsm("void-hook-result", "bprm_committed_creds", load(8, 0, 1, 8), RETURN)
    hook("not-gpl", TASK, EXIT_0, gpl=False)
    hook("returns-low-half", load(8, 0, 1, 8), insn(0x54, 0, 0, 0, 0), alu_reg(ADD, 0, 10), RETURN)
    lsm("lsm-returns-error-word", "file_open", wide(0, 0, -1, 0), RETURN)
    lsm("lsm-returns-high-half", "file_open", wide(0, 0, 0, 1), RETURN)


def other_contexts():
    kinds = (("cgroup-skb", 8, 0, 192), ("cgroup-sysctl", 23, 18, 8), ("bind4", 18, 8, 64), ("sendmsg6", 18, 15, 64),
             ("sock-create", 9, 2, 48), ("post-bind4", 9, 12, 48), ("xdp", 6, 0, 24), ("xdp-devmap", 6, 33, 24))
    for name, prog_type, attach, end in kinds:
        def field(what, *parts):
            case(f"context-{name}-{what}", *parts, EXIT_0, type=prog_type, attach_type=attach)

        for off in range(0, end + 4, 4):
            for size in (1, 4, 8) if off % 8 == 0 else (1, 4):
                field(f"read-{size}-at-{off}", load(size, 2, 1, off))
                field(f"write-{size}-at-{off}", mov(2, 0), store_reg(size, 1, off, 2))
    packet = load(4, 2, 1, 76) + load(4, 3, 1, 80) + copy(4, 2) + alu(ADD, 4, 4)
    case("context-cgroup-skb-packet", packet, jump_reg(JGT, 4, 3, 1), load(4, 5, 2, 0), EXIT_0, type=8)
    for value in (0, 1, 2):
        case(f"object-lsm-cgroup-returns-{value}", mov(0, value), RETURN, type=LSM, attach_type=43, attach_to="bpf_lsm_socket_connect")
    for value in (1, 2, 3, 4):
        case(f"context-cgroup-skb-ingress-returns-{value}", mov(0, value), RETURN, type=8)
        case(f"context-cgroup-skb-egress-returns-{value}", mov(0, value), RETURN, type=8, attach_type=1)


if __name__ == "__main__":
    for theme in (contexts, walks, helpers, kernel_functions, other_contexts):
        theme()
    programs.extend(assembly.programs("linux"))
    names = [program.name for program in programs]
    assert len(set(names)) == len(names), [name for name in names if names.count(name) > 1][:5]
    batch.write(sys.argv[1], programs)
    print(len(programs))
