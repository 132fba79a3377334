// SPDX-License-Identifier: MIT OR Apache-2.0
// Upper halves that nobody reads, as the JIT's one walk finds them, loop by loop, against the least solution:
// that of all instructions, repeated until nothing changes.
#include "core/jit/rv64/demand.h"
#include "insn_builders.h"
#include "random_program.h"
#include "tools/unverified_program.h"
#include <cstdlib>
#include <gtest/gtest.h>
#include <memory>
#include <vector>

namespace kbpf::rv64 {
namespace {

using namespace test;

uint64_t some_helper(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) { return 0; }
constexpr Environment kEnvironment{[](uint32_t) -> HelperFunction { return some_helper; }};
constexpr BlockSource kHeap{[](void *, size_t size) { return malloc(size); },
                            [](void *, void *block, size_t) { free(block); }, nullptr};

// Marks of the least solution.
std::vector<uint32_t> least_demands(std::span<const Insn> insns, std::span<const uint32_t> found) {
  std::vector<uint32_t> marks(found.size(), mark::kUndemanded);
  marks[insns.size()] = 0;
  for (bool again = true; again;) {
    again = false;
    for (size_t i = insns.size(); i-- > 0;) {
      Demand after = demand_in(marks[i + 1]);
      uint32_t before = found[i] & mark::kReachable ? demanded_before(insns, marks.data(), i, after) : after;
      uint32_t marked = in_mark(before) & (mark::kUndemanded | mark::kUpperHalfUnused);
      again |= marked != marks[i];
      marks[i] = marked;
    }
  }
  return marks;
}

struct Scanned {
  Scanned(std::span<const Insn> insns, std::span<const uint32_t> callbacks = {})
      : program(std::make_unique<UnverifiedProgram>(insns, callbacks)), arena(kHeap, 16 << 20),
        plan{program->program(), {.cpu = {}, .environment = &kEnvironment}} {
    is_valid = scan(plan, arena).ok();
  }
  std::unique_ptr<UnverifiedProgram> program;
  Arena arena;
  Plan plan;
  bool is_valid;
};

bool is_heeded(const Insn &insn) { // what its mark says of its result
  return demand::kTables.effects[insn.opcode][0].written & demand::kSpares;
}

// Instructions that demand less than the least solution, or spare an upper half that is read.
std::vector<size_t> wrong_ones(const Scanned &scanned, std::span<const Insn> insns) {
  std::vector<size_t> wrong;
  std::vector<uint32_t> least = least_demands(insns, scanned.plan.marks);
  for (size_t i = 0; i < insns.size(); i++) {
    bool lacks = demand_in(least[i]) & ~demand_in(scanned.plan.marks[i]);
    bool spares = is_heeded(insns[i]) && scanned.plan.marks[i] & ~least[i] & mark::kUpperHalfUnused;
    if (scanned.plan.marks[i] & mark::kReachable && (lacks || spares))
      wrong.push_back(i);
  }
  return wrong;
}

size_t spared(std::span<const Insn> insns, std::span<const uint32_t> marks) {
  size_t count = 0;
  for (size_t i = 0; i < insns.size(); i++)
    count += is_heeded(insns[i]) && marks[i] & mark::kUpperHalfUnused;
  return count;
}

TEST(JitDemand, IsNeverLessThanThatOfARandomProgram) {
  size_t loops = 0, spared_here = 0, spared_by_least = 0;
  for (uint64_t seed = 1; seed <= 4000; seed++) {
    RandomProgram random = random_program(seed);
    Scanned scanned(random.insns, random.callbacks);
    ASSERT_TRUE(scanned.is_valid) << seed;
    ASSERT_EQ(wrong_ones(scanned, random.insns), std::vector<size_t>()) << seed;
    for (const Insn &insn : random.insns)
      loops += insn.is_jump() && insn.off < 0;
    spared_here += spared(random.insns, scanned.plan.marks);
    spared_by_least += spared(random.insns, least_demands(random.insns, scanned.plan.marks));
  }
  EXPECT_GT(loops, 1000u);
  EXPECT_GT(spared_here * 100, spared_by_least * 90);
}

// Any jumps at all, back and forth over operations of 32 and 64 bits.
TEST(JitDemand, IsNeverLessThanThatOfRandomJumps) {
  for (uint64_t seed = 1; seed <= 20000; seed++) {
    uint64_t state = seed;
    auto below = [&](uint64_t limit) { return static_cast<size_t>(next_random(state) % limit); };
    auto reg = [&] { return static_cast<test::Reg>(below(6)); };
    std::vector<Insn> insns;
    const size_t length = 4 + below(40);
    for (size_t i = 0; i < length; i++) {
      int16_t distance = static_cast<int16_t>(below(length + 1) - i - 1);
      switch (below(10)) {
      case 0:
        insns.push_back(jump_imm(KBPF_JMP_JNE, reg(), 5, distance));
        break;
      case 1:
        insns.push_back(jump32_imm(KBPF_JMP_JLT, reg(), 5, distance));
        break;
      case 2:
        insns.push_back(below(3) ? jump32_imm(KBPF_JMP_JGT, reg(), 7, distance) : ja(distance));
        break;
      case 3:
        insns.push_back(alu64_reg(KBPF_ALU_ADD, reg(), reg()));
        break;
      case 4:
        insns.push_back(mov64_reg(reg(), reg()));
        break;
      case 5:
        insns.push_back(mov32_reg(reg(), reg()));
        break;
      case 6:
        insns.push_back(load(KBPF_SIZE_W, reg(), R10, -8));
        break;
      case 7:
        insns.push_back(mov64_imm(reg(), 3));
        break;
      case 8:
        insns.push_back(bswap(reg(), 32));
        break;
      default:
        insns.push_back(alu32_reg(KBPF_ALU_ADD, reg(), reg()));
        break;
      }
    }
    insns.push_back(exit_insn());
    Scanned scanned(insns);
    ASSERT_TRUE(scanned.is_valid) << seed;
    ASSERT_EQ(wrong_ones(scanned, insns), std::vector<size_t>()) << seed;
  }
}

// Deeper than what is kept of loops; the innermost addition would be spared.
TEST(JitDemand, IsNotLostInLoopsOfManyLevels) {
  for (int levels : {1, 7, 8, 9, 40}) {
    std::vector<Insn> insns = {mov64_imm(R0, 0), mov64_imm(R1, 0), mov64_imm(R2, 0)};
    for (int i = 0; i < levels; i++)
      insns.push_back(alu32_imm(KBPF_ALU_ADD, R2, 1));
    insns.push_back(alu32_reg(KBPF_ALU_ADD, R1, R2));
    for (int i = 0; i < levels; i++)
      insns.push_back(jump32_imm(KBPF_JMP_JLT, R1, 100, static_cast<int16_t>(-3 - 2 * i)));
    insns.push_back(mov32_reg(R0, R1));
    insns.push_back(exit_insn());
    Scanned scanned(insns);
    ASSERT_TRUE(scanned.is_valid);
    EXPECT_EQ(wrong_ones(scanned, insns), std::vector<size_t>()) << levels;
  }
}

// A pointer that moves, and a sum of 32 bits whose upper half is read behind an inner loop only.
TEST(JitDemand, IsExactWhereALoopNeedsAnotherLook) {
  std::vector<Insn> insns = {
      mov64_reg(R3, R10),
      alu64_imm(KBPF_ALU_ADD, R3, -64),
      mov64_imm(R0, 0),
      mov64_imm(R2, 8),
      load(KBPF_SIZE_W, R1, R3, 0), // the head
      alu32_reg(KBPF_ALU_ADD, R0, R1),
      alu64_imm(KBPF_ALU_ADD, R3, 4),
      alu64_imm(KBPF_ALU_ADD, R2, -1),
      jump_imm(KBPF_JMP_JNE, R2, 0, -5),
      mov32_reg(R0, R0),
      exit_insn(),
  };
  Scanned scanned(insns);
  ASSERT_TRUE(scanned.is_valid);
  std::vector<uint32_t> least = least_demands(insns, scanned.plan.marks);
  for (size_t i = 0; i < insns.size(); i++)
    EXPECT_EQ((scanned.plan.marks[i] ^ least[i]) &
                  (mark::kUndemanded | (is_heeded(insns[i]) ? mark::kUpperHalfUnused : 0)),
              0u)
        << i;
  EXPECT_TRUE(scanned.plan.marks[5] & mark::kUpperHalfUnused);
}

} // namespace
} // namespace kbpf::rv64
