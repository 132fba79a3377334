// SPDX-License-Identifier: MIT OR Apache-2.0
// Enumerates the cases. Register pairs are chosen to reach every kind of native register that the JIT maps
// to: argument, caller-saved and callee-saved ones, equal and different, r0 on either side.
#include "engine_cases.h"
#include "insn_builders.h"
#include <cstdio>
#include <cstring>
#include <initializer_list>

namespace kbpf {
namespace {

using namespace test;

constexpr uint64_t kOperands[] = {0,
                                  1,
                                  2,
                                  3,
                                  7,
                                  31,
                                  32,
                                  33,
                                  63,
                                  64,
                                  0x7f,
                                  0x80,
                                  0xff,
                                  0x8000,
                                  0xffff,
                                  0x10000,
                                  0x7fffffff,
                                  0x80000000,
                                  0x80000001,
                                  0xffffffff,
                                  0x100000000,
                                  0x1ffffffff,
                                  0x7fffffffffffffff,
                                  0x8000000000000000,
                                  0x8000000080000000,
                                  0xffffffff00000000,
                                  0xffffffff7fffffff,
                                  0xffffffff80000000,
                                  0xfffffffffffffffe,
                                  0xffffffffffffffff,
                                  0x0123456789abcdef,
                                  0xfedcba9876543210};
constexpr int32_t kImmediates[] = {
    0,          1,    2,       3,          8,         31,        32,           63,     -1,
    -2,         -8,   -2048,   -2049,      2047,      2048,      4096,         0x7fff, 0xff,
    0x12345678, 1024, 0x10000, 0x7ffff800, INT32_MAX, INT32_MIN, INT32_MIN + 1};
struct Pair {
  Reg dst, src;
};
constexpr Pair kPairs[] = {{R2, R3}, {R6, R7}, {R0, R9}, {R5, R8}, {R4, R4}, {R8, R8}, {R3, R0}};

struct Visitor {
  void (*visit)(const EngineCase &, void *user);
  void *user;

  void operator()(const char *name, const Insn &tested, std::initializer_list<Insn> insns,
                  uint64_t constant = 0) const {
    EngineCase test{};
    snprintf(test.name, sizeof test.name, "%s opcode 0x%02x dst %d src %d off %d imm %d", name, tested.opcode,
             tested.dst(), tested.src(), tested.off, tested.imm);
    memcpy(test.insns, insns.begin(), insns.size() * sizeof(Insn));
    test.count = insns.size();
    test.tested = tested;
    test.constant = constant;
    visit(test, user);
  }
};

// dst = a; src = b; tested; r0 = dst.
void alu_case(const Visitor &visit, const char *name, const Insn &tested, Pair pair) {
  Insn load_src = pair.dst == pair.src ? mov64_reg(pair.dst, pair.dst) : load(KBPF_SIZE_DW, pair.src, R1, 8);
  visit(name, tested,
        {load(KBPF_SIZE_DW, pair.dst, R1, 0), load_src, tested, mov64_reg(R0, pair.dst), exit_insn()});
}

void alu_cases(const Visitor &visit) {
  struct Operation {
    const char *name;
    unsigned code;
    int off;
  };
  constexpr Operation kOperations[] = {
      {"add", KBPF_ALU_ADD, 0},   {"sub", KBPF_ALU_SUB, 0},  {"mul", KBPF_ALU_MUL, 0},
      {"div", KBPF_ALU_DIV, 0},   {"sdiv", KBPF_ALU_DIV, 1}, {"mod", KBPF_ALU_MOD, 0},
      {"smod", KBPF_ALU_MOD, 1},  {"or", KBPF_ALU_OR, 0},    {"and", KBPF_ALU_AND, 0},
      {"xor", KBPF_ALU_XOR, 0},   {"lsh", KBPF_ALU_LSH, 0},  {"rsh", KBPF_ALU_RSH, 0},
      {"arsh", KBPF_ALU_ARSH, 0}, {"mov", KBPF_ALU_MOV, 0}};
  for (const Operation &op : kOperations) {
    for (Pair pair : kPairs) {
      alu_case(visit, op.name, alu64_reg(op.code, pair.dst, pair.src, op.off), pair);
      alu_case(visit, op.name, alu32_reg(op.code, pair.dst, pair.src, op.off), pair);
    }
    for (int32_t imm : kImmediates)
      for (Pair pair : {Pair{R2, R3}, Pair{R9, R8}}) {
        alu_case(visit, op.name, alu64_imm(op.code, pair.dst, imm, op.off), pair);
        alu_case(visit, op.name, alu32_imm(op.code, pair.dst, imm, op.off), pair);
      }
  }
  for (Pair pair : kPairs) {
    for (int bits : {8, 16})
      alu_case(visit, "movsx", movsx32_reg(pair.dst, pair.src, bits), pair);
    for (int bits : {8, 16, 32})
      alu_case(visit, "movsx", movsx64_reg(pair.dst, pair.src, bits), pair);
    alu_case(visit, "neg", neg64(pair.dst), pair);
    alu_case(visit, "neg", neg32(pair.dst), pair);
    for (int bits : {16, 32, 64}) {
      alu_case(visit, "le", to_le(pair.dst, bits), pair);
      alu_case(visit, "be", to_be(pair.dst, bits), pair);
      alu_case(visit, "bswap", bswap(pair.dst, bits), pair);
    }
  }
}

// dst = a; src = b; tested jumps over r0 = 0.
void jump_case(const Visitor &visit, const Insn &tested, Pair pair) {
  Insn load_src = pair.dst == pair.src ? mov64_reg(pair.dst, pair.dst) : load(KBPF_SIZE_DW, pair.src, R1, 8);
  visit("jump", tested,
        {load(KBPF_SIZE_DW, pair.dst, R1, 0), load_src, tested, mov64_imm(R0, 0), exit_insn(),
         mov64_imm(R0, 1), exit_insn()});
}

void jump_cases(const Visitor &visit) {
  for (unsigned code : {KBPF_JMP_JEQ, KBPF_JMP_JNE, KBPF_JMP_JSET, KBPF_JMP_JGT, KBPF_JMP_JGE, KBPF_JMP_JLT,
                        KBPF_JMP_JLE, KBPF_JMP_JSGT, KBPF_JMP_JSGE, KBPF_JMP_JSLT, KBPF_JMP_JSLE})
    for (unsigned cls : {KBPF_CLASS_JMP, KBPF_CLASS_JMP32}) {
      for (Pair pair : kPairs)
        jump_case(visit, make_insn(cls | code | KBPF_SRC_X, pair.dst, pair.src, 2, 0), pair);
      for (int32_t imm : kImmediates)
        for (Pair pair : {Pair{R2, R3}, Pair{R9, R8}})
          jump_case(visit, make_insn(cls | code | KBPF_SRC_K, pair.dst, 0, 2, imm), pair);
    }
  jump_case(visit, ja(2), {R2, R3});
  jump_case(visit, gotol(2), {R2, R3});
}

void memory_cases(const Visitor &visit) {
  for (unsigned size : {KBPF_SIZE_B, KBPF_SIZE_H, KBPF_SIZE_W, KBPF_SIZE_DW})
    for (int offset : {kCellOffset, kCellOffset + 1, kCellOffset + 6}) {
      for (Reg dst : {R0, R1, R7}) {
        Insn tested = load(size, dst, R1, offset);
        visit("load", tested, {tested, mov64_reg(R0, dst), exit_insn()});
        if (size != KBPF_SIZE_DW) {
          tested = load_signed(size, dst, R1, offset);
          visit("load_signed", tested, {tested, mov64_reg(R0, dst), exit_insn()});
        }
      }
      for (Reg src : {R0, R2, R7}) {
        Insn tested = store_reg(size, R1, offset, src);
        visit("store", tested, {load(KBPF_SIZE_DW, src, R1, 8), tested, mov64_imm(R0, 0), exit_insn()});
      }
      for (int32_t imm : kImmediates) {
        Insn tested = store_imm(size, R1, offset, imm);
        visit("store_imm", tested, {tested, mov64_imm(R0, 0), exit_insn()});
      }
    }
}

void atomic_cases(const Visitor &visit) {
  for (unsigned size : {KBPF_SIZE_W, KBPF_SIZE_DW})
    for (int32_t operation : {KBPF_ATOMIC_ADD, KBPF_ATOMIC_OR, KBPF_ATOMIC_AND, KBPF_ATOMIC_XOR,
                              KBPF_ATOMIC_ADD | KBPF_ATOMIC_FETCH, KBPF_ATOMIC_OR | KBPF_ATOMIC_FETCH,
                              KBPF_ATOMIC_AND | KBPF_ATOMIC_FETCH, KBPF_ATOMIC_XOR | KBPF_ATOMIC_FETCH,
                              KBPF_ATOMIC_XCHG, KBPF_ATOMIC_CMPXCHG})
      for (Reg src : {R2, R8}) {
        Insn tested = atomic(size, operation, R1, kCellOffset, src);
        visit("atomic", tested,
              {load(KBPF_SIZE_DW, R0, R1, 0), load(KBPF_SIZE_DW, src, R1, 8), tested,
               store_reg(KBPF_SIZE_DW, R1, kSourceOffset, src), exit_insn()});
      }
  for (unsigned size : {KBPF_SIZE_B, KBPF_SIZE_H, KBPF_SIZE_W, KBPF_SIZE_DW}) {
    Insn tested =
        make_insn(KBPF_CLASS_STX | KBPF_MODE_ATOMIC | size, R3, R1, kCellOffset, KBPF_ATOMIC_LOAD_ACQ);
    visit("load_acquire", tested, {tested, mov64_reg(R0, R3), exit_insn()});
    tested = atomic(size, KBPF_ATOMIC_STORE_REL, R1, kCellOffset, R3);
    visit("store_release", tested,
          {load(KBPF_SIZE_DW, R0, R1, 0), load(KBPF_SIZE_DW, R3, R1, 8), tested,
           store_reg(KBPF_SIZE_DW, R1, kSourceOffset, R3), exit_insn()});
  }
}

void constant_cases(const Visitor &visit) {
  auto constant = [&](uint64_t value) {
    Insn2 tested = ld_imm64(R0, value);
    visit("ld_imm64", tested.first, {tested.first, tested.second, exit_insn()}, value);
  };
  for (uint64_t value : kOperands)
    constant(value);
  for (unsigned shift = 0; shift < 64; shift++) {
    constant(uint64_t{1} << shift);
    constant(~(uint64_t{1} << shift));
    constant(~uint64_t{0} >> shift);
    constant(~uint64_t{0} << shift);
    constant(uint64_t{0x801} << shift);
    constant(uint64_t{0x12345} << shift);
    constant(uint64_t{0xfffffffffffff234} << shift);
    constant(0x123456789abcdef0 >> shift);
    constant(0xfedcba9876543210 >> shift);
  }
}

} // namespace

void for_each_case(void (*visit)(const EngineCase &, void *user), void *user) {
  Visitor visitor{visit, user};
  alu_cases(visitor);
  jump_cases(visitor);
  memory_cases(visitor);
  atomic_cases(visitor);
  constant_cases(visitor);
}

std::span<const uint64_t> operand_values() { return kOperands; }

bool uses_b(const EngineCase &test) {
  return test.tested.cls() == KBPF_CLASS_STX ||
         (test.tested.cls() != KBPF_CLASS_LDX && test.tested.src_is_reg());
}

} // namespace kbpf
