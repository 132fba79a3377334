/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Long programs of one kind of code, to measure what compiling costs: for our JIT (measure.cpp) and for
 * Linux's (linux_jit.c), which is why this is plain C. r1 points to 256 bytes that may be read and written.
 * CODE_HELPER: the number of a helper that there is, if not 1.
 */
#ifndef BENCH_STRAIGHT_CODE_H
#define BENCH_STRAIGHT_CODE_H
#include <stddef.h>
#include <stdint.h>

struct code_slot {
  uint8_t opcode, regs;
  int16_t off;
  int32_t imm;
};

enum code_kind {
  CODE_MIXED,
  CODE_STRAIGHT,
  CODE_ALU32,
  CODE_MEMORY,
  CODE_BRANCHES,
  CODE_CALLS,
  CODE_HELPERS,
  CODE_FOR_LINUX, /* whose verifier gives up on the others */
  CODE_CONSTANTS = CODE_FOR_LINUX,
  CODE_DISTANT,
  CODE_DIVISION,
  CODE_ATOMICS,
  CODE_LOOPS,
  CODE_SUMS,
  CODE_KINDS
};
static const char *const code_names[CODE_KINDS] = {"mixed",   "alu64",   "alu32",     "memory",  "branches",
                                                   "calls",   "helpers", "constants", "distant", "division",
                                                   "atomics", "loops",   "sums"};
#ifndef CODE_HELPER
#define CODE_HELPER 1
#endif

enum { CODE_PREFIX = 8, CODE_PATTERN = 10, CODE_CALLEE = 2 };
/* Slots of a program that repeats the pattern so often. */
static inline size_t code_length(enum code_kind kind, size_t repeats) {
  return CODE_PREFIX + CODE_PATTERN * repeats + 1 + (kind == CODE_CALLS ? CODE_CALLEE : 0);
}

static inline struct code_slot *code_put(struct code_slot *at, unsigned opcode, unsigned dst, unsigned src,
                                         int off, int32_t imm) {
  at->opcode = (uint8_t)opcode;
  at->regs = (uint8_t)(dst | src << 4);
  at->off = (int16_t)off;
  at->imm = imm;
  return at + 1;
}

/* Ten slots of each kind. a and b: two of r2 to r8. */
static inline struct code_slot *code_pattern(struct code_slot *at, enum code_kind kind, size_t i,
                                             long to_callee) {
  enum {
    ADD64 = 0x0f,
    XOR64 = 0xaf,
    ADD32 = 0x0c,
    RSH32_K = 0x74,
    MUL32_K = 0x24,
    XOR64_K = 0xa7,
    LDXW = 0x61,
    LDXDW = 0x79,
    STXDW = 0x7b,
    STXW = 0x63,
    JGT_X = 0x2d,
    JEQ_K = 0x15,
    JLT_X = 0xad,
    LD_IMM64 = 0x18,
    CALL = 0x85,
    SUB32 = 0x1c,
    ADD32_K = 0x04,
    ADD64_K = 0x07,
    AND64_K = 0x57,
    MOV32 = 0xbc,
    MOV32_K = 0xb4,
    MOV64_K = 0xb7,
    STDW = 0x7a,
    JGT32_K = 0x26,
    LSH64_K = 0x67,
    MOV64 = 0xbf,
    DIV64 = 0x3f,
    DIV64_K = 0x37,
    MOD32 = 0x9c,
    MOD32_K = 0x94,
    ATOMIC64 = 0xdb,
    ATOMIC32 = 0xc3,
    JNE_K = 0x55,
    XOR32_K = 0xa4
  };
  unsigned a = 2 + (unsigned)(i % 7), b = 2 + (unsigned)((i + 3) % 7);
  switch (kind) {
  case CODE_MIXED:
    at = code_put(at, LDXW, a, 1, 16, 0);
    at = code_put(at, ADD32, a, b, 0, 0);
    at = code_put(at, RSH32_K, a, 0, 0, 3);
    at = code_put(at, LD_IMM64, b, 0, 0, 0x12345678);
    at = code_put(at, 0, 0, 0, 0, (int32_t)0x9abcdef0);
    at = code_put(at, XOR64, b, a, 0, 0);
    at = code_put(at, MUL32_K, a, 0, 0, 1000003);
    at = code_put(at, JGT_X, a, b, 1, 0);
    at = code_put(at, ADD64, 0, a, 0, 0);
    return code_put(at, STXDW, 10, b, -16, 0);
  case CODE_STRAIGHT:
    for (unsigned n = 0; n < 5; n++) {
      at = code_put(at, n & 1 ? XOR64 : ADD64, a, b, 0, 0);
      at = code_put(at, n & 1 ? LSH64_K : XOR64_K, b, 0, 0, n & 1 ? 3 : 12345);
    }
    return at;
  case CODE_ALU32:
    for (unsigned n = 0; n < 5; n++) {
      at = code_put(at, n & 1 ? SUB32 : ADD32, a, b, 0, 0);
      at = code_put(at, RSH32_K, b, 0, 0, 3);
    }
    return at;
  case CODE_MEMORY:
    for (unsigned n = 0; n < 5; n++) {
      at = code_put(at, n & 1 ? LDXDW : LDXW, a, 1, (int)(8 * n), 0);
      at = code_put(at, n & 1 ? STXW : STXDW, 10, b, -8 * (int)(n + 1), 0);
    }
    return at;
  case CODE_BRANCHES:
    for (unsigned n = 0; n < 5; n++) {
      at = code_put(at, n & 1 ? JLT_X : n & 2 ? JEQ_K : JGT_X, a, n & 2 && !(n & 1) ? 0 : b, 1, 0);
      at = code_put(at, MOV64, 0, a, 0, 0);
    }
    return at;
  case CODE_CONSTANTS:
    at = code_put(at, JEQ_K, a, 0, 1, 5);
    at = code_put(at, ADD64_K, 0, 0, 0, 8);
    at = code_put(at, JGT32_K, a, 0, 1, 77);
    at = code_put(at, MOV32_K, 0, 0, 0, 17);
    at = code_put(at, STDW, 10, 0, -8, 3);
    at = code_put(at, MOV64_K, 0, 0, 0, 99999);
    at = code_put(at, JLT_X, b, a, 1, 0);
    at = code_put(at, MOV32, 0, a, 0, 0);
    at = code_put(at, AND64_K, 0, 0, 0, 255);
    return code_put(at, ADD32_K, 0, 0, 0, 1);
  case CODE_DISTANT: /* branches over 20 to 220 instructions */
    for (unsigned n = 0; n < 5; n++) {
      long distance = 20 + 50 * (long)(i * 7 % 5), rest = to_callee - 2 * (long)n;
      at = code_put(at,
                    n & 1   ? JLT_X
                    : n & 2 ? JEQ_K
                            : JGT_X,
                    a, n & 2 && !(n & 1) ? 0 : b, (int)(distance < rest - 1 ? distance : 0), 0);
      at = code_put(at, MOV64, 0, a, 0, 0);
    }
    return at;
  case CODE_DIVISION: /* signed ones, too */
    for (unsigned n = 0; n < 5; n++) {
      at = code_put(at, n & 1 ? MOD32 : DIV64, a, b, n == 4, 0);
      at = code_put(at, n & 1 ? DIV64_K : MOD32_K, b, 0, n == 4, 10 + (int32_t)n);
    }
    return at;
  case CODE_ATOMICS: {
    enum { ADD = 0, AND = 0x50, XOR = 0xa0, FETCH_ADD = 1, FETCH_OR = 0x41, XCHG = 0xe1, CMPXCHG = 0xf1 };
    static const int32_t operations[] = {ADD,     ADD,  FETCH_OR,  XCHG, FETCH_ADD,
                                         CMPXCHG, XCHG, FETCH_ADD, AND,  XOR};
    for (unsigned n = 0; n < 10; n++)
      at = code_put(at, n & 1 ? ATOMIC32 : ATOMIC64, 1, n & 1 ? a : b, 8 * (int)n, operations[n]);
    return at;
  }
  case CODE_LOOPS: /* two, of four instructions */
    for (unsigned n = 0; n < 2; n++) {
      at = code_put(at, MOV64_K, a, 0, 0, 5);
      at = code_put(at, n ? ADD32 : XOR64, b, n ? 0 : a, 0, 0);
      at = code_put(at, LDXDW, 0, 1, 8 * (int)n, 0);
      at = code_put(at, ADD64_K, a, 0, 0, -1);
      at = code_put(at, JNE_K, a, 0, -4, 0);
    }
    return at;
  case CODE_SUMS: /* a loop over four words, into a sum of 32 bits */
    at = code_put(at, MOV64, 0, 1, 0, 0);
    at = code_put(at, MOV64_K, a, 0, 0, 4);
    at = code_put(at, MOV32_K, b, 0, 0, 0);
    at = code_put(at, LDXW, 9, 0, 0, 0);
    at = code_put(at, XOR32_K, 9, 0, 0, 0x1234567);
    at = code_put(at, ADD32, b, 9, 0, 0);
    at = code_put(at, ADD64_K, 0, 0, 0, 4);
    at = code_put(at, ADD64_K, a, 0, 0, -1);
    at = code_put(at, JNE_K, a, 0, -6, 0);
    return code_put(at, STXW, 10, b, -8, 0);
  case CODE_HELPERS:
    for (unsigned n = 0; n < 5; n++) {
      at = code_put(at, MOV64, 1, 6 + n % 3, 0, 0);
      at = code_put(at, CALL, 0, 0, 0, CODE_HELPER);
    }
    return at;
  default: /* r1 to r5 are gone behind a call, r6 to r9 stay */
    for (unsigned n = 0; n < 5; n++) {
      at = code_put(at, MOV64, 1, 6 + n % 3, 0, 0);
      at = code_put(at, CALL, 0, 1, 0, (int32_t)(to_callee - (long)(2 * n) - 1));
    }
    return at;
  }
}

/* code_length() slots at `to`. The registers start as numbers that no verifier knows. */
static inline void code_fill(struct code_slot *to, enum code_kind kind, size_t repeats) {
  enum { LDXDW = 0x79, MOV64_K = 0xb7, MOV64 = 0xbf, EXIT = 0x95 };
  struct code_slot *at = to;
  for (unsigned reg = 2; reg <= 8; reg++)
    at = code_put(at, LDXDW, reg, 1, (int)(8 * reg), 0);
  at = code_put(at, MOV64_K, 0, 0, 0, 0);
  long callee = (long)(CODE_PREFIX + CODE_PATTERN * repeats + 1);
  for (size_t i = 0; i < repeats; i++)
    at = code_pattern(at, kind, i, callee - (long)(at - to) - 1);
  at = code_put(at, EXIT, 0, 0, 0, 0);
  if (kind == CODE_CALLS) {
    at = code_put(at, MOV64, 0, 1, 0, 0);
    code_put(at, EXIT, 0, 0, 0, 0);
  }
}

#endif
