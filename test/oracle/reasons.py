# SPDX-License-Identifier: MIT OR Apache-2.0
"""Which reasons of this verifier are of the same kind as a message of Linux's: (words of Linux, ids)."""
import re

# The first that is found counts, so what is more special stands first.
SAME_KIND = [(re.compile(words), set(ids.split())) for words, ids in (
    (r"last insn is not an exit or jmp|no return|jump out of range|jump into the middle|jump to reserved", "V003 V005 V006"),
    (r"number of funcs in func_info|func_info BTF section|invalid insn_off|doesn't match subprog layout", "V000 V003 V056"),
    (r"unreachable insn", "V036 V006"),
    (r"uses reserved fields|unknown opcode|unrecognized bpf_ld_imm64|invalid bpf_ld_imm64|invalid may_goto|invalid atomic opcode|"
     r"invalid atomic operand|register (\S+) is invalid|R1[1-5] is invalid|addr_space_cast|invalid BPF_LD_IMM64|unknown class", "V003 V009"),
    (r"invalid shift|div by zero", "V034"),
    (r"frame pointer is read only", "V021"),
    (r"!read_ok", "V020"),
    (r"can be sleepable|can only be sleepable", "V015"),
    (r"back-edge|infinite loop detected|loop detected", "V011 V010"),
    (r"BPF program is too large|sequence of \d+ jumps is too complex|many instructions", "V010"),
    (r"the call stack of \d+ frames is too deep|recursive call|the call depth", "V012 V013 V014"),
    (r"combined stack size", "V014"),
    (r"invalid func unknown|unknown func|cannot use helper|program of this type cannot", "V040 V041"),
    (r"calling kernel function .* is not allowed|invalid kernel function|kernel btf_id|kfunc", "V040 V041 V008"),
    (r"cannot call GPL-restricted", "V042"),
    (r"helper call might sleep|sleepable helper|Sleepable programs can only", "V041 V046"),
    (r"requires prog BTF|type ID argument|local type ID", "V043"),
    (r"direct access to \w+ is disallowed|cannot be accessed directly by load/store|not found at offset|expects arg#1 bpf_", "V054"),
    (r"rbtree_remove node input|must be referenced or trusted|expected pointer to allocated object|allocated object must be referenced|"
     r"expected for bpf_\w*obj_drop|expected pointer to map value or allocated", "V048 V054 V022 V023"),
    (r"Possibly NULL pointer", "V023"),
    (r"rbtree cb", "V052 V055"),
    (r"ref_obj_id for allocated object must be non-zero", "V022"),
    (r"doesn't have field at offset|invalid negative access|invalid variable offset|cannot access ptr member", "V057"),
    (r"invalid PTR_TO_BTF_ID register|Couldn't find btf_record|is not a scalar|non-GPL compatible", "V023 V043 V042 V020"),
    (r"has to be at the constant offset|tracing progs cannot use|bpf_refcount field", "V054 V043"),
    (r"Unreleased reference|reference has not been released|would lead to reference leak", "V047"),
    (r"bpf_spin_lock|spin_lock|spin_unlock|lock_id|function calls are not allowed while holding a lock|lock-ed region|holding a lock", "V055 V054 V043 V047"),
    (r"bpf_rcu_read|rcu_read", "V047 V048 V041"),
    (r"bpf_timer|timer pointer|has no valid kptr|map_value_off|kptr", "V054 V043"),
    (r"[Dd]ynptr|iter_|iterator|cannot overwrite referenced|potential write to dynptr|expected (an )?(un)?initialized", "V053 V043 V047 V048 V056"),
    (r"must be referenced when passed to release|release function|unowned|not a referenced", "V048 V043"),
    (r"tail_call|tail call", "V050 V047"),
    (r"At callback return|callback|calling .* from callback", "V052 V048 V047 V050"),
    (r"should have been in|At program exit|R0 not a scalar|has unknown scalar value should|cannot return stack pointer|leaks addr as return|"
     r"At subprogram exit|At async callback", "V045 V052 V037"),
    (r"leaks addr", "V037"),
    (r"pointer comparison prohibited", "V037"),
    (r"is of type \w+ but \w+ is expected|may write into memory pointed by", "V043"),
    (r"invalid arg_type for sockmap", "V043 V046"),
    (r"does not point to a readonly map", "V043"),
    (r"old state:", "V011"),
    (r"cannot pass map_type|cannot pass map|no direct value access|Tracing programs cannot use|prog-array|cannot update sockmap", "V046 V029 V054"),
    (r"into map forbidden|write into map|read from map|write into rdonly|cannot write into rdonly", "V029 V049"),
    (r"fd \d+ is not pointing to valid bpf_map|invalid map_ptr|fd_idx", "V007"),
    (r"invalid access to map value pointer|invalid access to map value|invalid access to map key|direct value offset", "V028 V049"),
    (r"invalid access to packet|offset is outside of the packet", "V033"),
    (r"helper access to the packet is not allowed", "V043"),
    (r"cannot write into packet|cannot write", "V033 V030 V024 V057"),
    (r"dereference of modified|negative offset .*ptr|variable \S+ access var_off=|access beyond struct|disallowed|is ptr_\w+ access|"
     r"access beyond the end of member|only read is supported", "V030 V031 V043 V057 V049 V028"),
    (r"invalid bpf_context access|invalid ctx access|ctx access", "V030 V043"),
    (r"invalid sock access|invalid \w*sock\w* access", "V024 V057"),
    (r"invalid zero-sized read|invalid size|unbounded memory access, use|zero-sized|min value is negative, either use unsigned or", "V044 V035 V020"),
    (r"stack depth|invalid read from stack|invalid write to stack|invalid indirect|invalid variable-offset|invalid unbounded variable-offset|"
     r"unbounded variable-offset|invalid stack|stack R\d+ off|variable stack access", "V025 V026 V027 V035 V053 V037"),
    (r"corrupted spill|invalid size of register spill|attempt to corrupt|partial copy of pointer", "V035 V037"),
    (r"misaligned", "V027"),
    (r"BPF_ATOMIC (stores|loads) (into|from)|atomic", "V032 V003 V027"),
    (r"invalid mem access 'scalar'|invalid mem access 'inv'", "V022"),
    (r"invalid mem access '\w*_or_null'|possibly NULL pointer|is NULL|or_null'", "V023"),
    (r"invalid mem access", "V022 V023 V024"),
    (r"pointer arithmetic|math between|pointer \S+ pointer|prohibited|makes \S+ pointer be out of bounds|sub from|subtraction from|"
     r"tried to (add|subtract)|bitwise operator|pointer -= pointer|value .* makes", "V031 V023 V037"),
    (r"type=\S+ expected=|expected pointer to|expected=|must be a known constant|must have zero offset|is not a const string|zero-terminated|"
     r"should be a pointer to|Invalid format|does not point to a map|map_ptr|has no mem to|not a known constant", "V043 V044 V046 V048 V053 V054 V020 V023 V056"),
    (r"min value is negative|unbounded memory access|max value is outside|min value is outside|outside of the allowed|memory range", "V028 V049 V031 V033 V025 V044"),
    (r"BPF_LD_\[ABS\|IND\]|LD_ABS|skb", "V051 V020"),
    (r"Caller passes invalid args|func#|arg#|Global function|global func", "V056 V045"),
)]


def kind(message):
    """What of SAME_KIND a message of Linux's is; None: of none."""
    message = re.sub(r"\bcall \S+|; R\d.*", "", message)  # the name of a helper is no reason
    for words, ids in SAME_KIND:
        if words.search(message):
            return words.pattern[:40], ids
    return None
