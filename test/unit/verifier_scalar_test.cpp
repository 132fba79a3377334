// SPDX-License-Identifier: MIT OR Apache-2.0
// Scalars, whose three views narrow one another, against computation on words: random abstract numbers, built
// around words that they are known to contain.
#include "concrete_alu.h"
#include "core/verifier/scalar.h"
#include <gtest/gtest.h>
#include <random>

namespace kbpf {
namespace {

using test::compute;
using test::holds;
using test::kComparisons;

class Random {
public:
  uint64_t word() { // biased towards boundaries
    static constexpr uint64_t kBoundaries[] = {0,
                                               0x7f,
                                               0x80,
                                               0x7fffffff,
                                               0x80000000,
                                               0xffffffff,
                                               0x100000000,
                                               0x7fffffffffffffff,
                                               0x8000000000000000,
                                               ~uint64_t{0}};
    switch (engine_() % 4) {
    case 0:
      return engine_();
    case 1:
      return engine_() >> (engine_() % 64);
    case 2:
      return static_cast<uint64_t>(-static_cast<int64_t>(engine_() >> (engine_() % 64)));
    default:
      return kBoundaries[engine_() % std::size(kBoundaries)] + engine_() % 5 - 2;
    }
  }
  uint64_t below(uint64_t bound) { return engine_() % bound; }

  // A scalar that contains the word.
  Scalar around(uint64_t word) {
    Scalar scalar;
    if (below(4) == 0)
      return Scalar::constant(word);
    if (below(2)) {
      uint64_t mask = this->word();
      scalar.bits = {word & ~mask, mask};
    }
    auto other = [&] { return word + (engine_() >> (engine_() % 64)) * (below(2) ? 1 : -1); };
    if (below(2)) {
      uint64_t a = other(), b = other();
      scalar.r64.umin = std::min({word, a, b}), scalar.r64.umax = std::max({word, a, b});
    }
    if (below(2)) {
      int64_t s = static_cast<int64_t>(word), a = static_cast<int64_t>(other()),
              b = static_cast<int64_t>(other());
      scalar.r64.smin = std::min({s, a, b}), scalar.r64.smax = std::max({s, a, b});
    }
    if (below(2)) {
      uint32_t u = static_cast<uint32_t>(word), a = static_cast<uint32_t>(other()),
               b = static_cast<uint32_t>(other());
      scalar.r32.umin = std::min({u, a, b}), scalar.r32.umax = std::max({u, a, b});
    }
    if (below(2)) {
      int32_t s = static_cast<int32_t>(word), a = static_cast<int32_t>(other()),
              b = static_cast<int32_t>(other());
      scalar.r32.smin = std::min({s, a, b}), scalar.r32.smax = std::max({s, a, b});
    }
    Scalar before = scalar;
    EXPECT_TRUE(scalar.normalise()) << "emptied a scalar that contains " << word;
    EXPECT_TRUE(scalar.contains(word)) << "dropped " << word;
    EXPECT_TRUE(is_subset(scalar, before));
    return scalar;
  }

private:
  std::mt19937_64 engine_{20240607};
};

constexpr int kRounds = 20000;

struct AluCase {
  uint8_t code;
  int off;
};
constexpr AluCase kAluCases[] = {
    {KBPF_ALU_ADD, 0}, {KBPF_ALU_SUB, 0},  {KBPF_ALU_MUL, 0},  {KBPF_ALU_DIV, 0}, {KBPF_ALU_DIV, 1},
    {KBPF_ALU_MOD, 0}, {KBPF_ALU_MOD, 1},  {KBPF_ALU_OR, 0},   {KBPF_ALU_AND, 0}, {KBPF_ALU_XOR, 0},
    {KBPF_ALU_LSH, 0}, {KBPF_ALU_RSH, 0},  {KBPF_ALU_ARSH, 0}, {KBPF_ALU_NEG, 0}, {KBPF_ALU_MOV, 0},
    {KBPF_ALU_MOV, 8}, {KBPF_ALU_MOV, 16},
};

TEST(Scalar, Alu64ContainsEveryResult) {
  Random random;
  for (const AluCase &op : kAluCases)
    for (int round = 0; round < kRounds; round++) {
      uint64_t x = random.word(), y = random.below(2) ? random.word() : random.below(70);
      Scalar a = random.around(x), b = random.around(y);
      Scalar result = alu64(op.code, static_cast<int16_t>(op.off), a, b);
      uint64_t z = compute<uint64_t>(op.code, op.off, x, y);
      ASSERT_TRUE(result.contains(z))
          << std::hex << "code " << +op.code << ": " << x << ", " << y << " gives " << z;
    }
}

TEST(Scalar, Alu32ContainsEveryResultZeroExtended) {
  Random random;
  for (const AluCase &op : kAluCases)
    for (int round = 0; round < kRounds; round++) {
      uint64_t x = random.word(), y = random.below(2) ? random.word() : random.below(40);
      Scalar a = random.around(x), b = random.around(y);
      Scalar result = alu32(op.code, static_cast<int16_t>(op.off), a, b);
      uint64_t z = compute<uint32_t>(op.code, op.off, static_cast<uint32_t>(x), static_cast<uint32_t>(y));
      ASSERT_TRUE(result.contains(z))
          << std::hex << "code " << +op.code << ": " << x << ", " << y << " gives " << z;
    }
}

// Each view by itself, and then by the others.
Scalar by_every_view(uint8_t code, bool is_64, const Scalar &dst, const Scalar &src) {
  const auto cut = [&](const Tnum &bits) { return is_64 ? bits : truncate(bits, 32); };
  const Tnum a = cut(dst.bits), b = cut(src.bits);
  const unsigned shift = static_cast<unsigned>(src.value());
  Scalar result;
  const auto set = [&](const Tnum &bits, const auto &of_range, bool lower_is_lower = true) {
    result.bits = cut(bits);
    if (is_64)
      result.r64 = of_range(dst.r64, src.r64);
    if (!is_64 || lower_is_lower)
      result.r32 = of_range(dst.r32, src.r32);
  };
  switch (code) {
  case KBPF_ALU_ADD:
    set(add(a, b), [](const auto &x, const auto &y) { return add(x, y); });
    break;
  case KBPF_ALU_SUB:
    set(subtract(a, b), [](const auto &x, const auto &y) { return subtract(x, y); });
    break;
  case KBPF_ALU_MUL:
    set(multiply(a, b), [](const auto &x, const auto &y) { return multiply(x, y); });
    break;
  case KBPF_ALU_AND:
    set(bit_and(a, b), [](const auto &x, const auto &y) { return bit_and(x, y); });
    break;
  case KBPF_ALU_OR:
    set(bit_or(a, b), [](const auto &x, const auto &y) { return bit_or(x, y); });
    break;
  case KBPF_ALU_XOR:
    set(bit_xor(a, b), [](const auto &x, const auto &y) { return bit_xor(x, y); });
    break;
  case KBPF_ALU_LSH:
    set(shift_left(a, shift), [](const auto &x, const auto &y) { return shift_left(x, y); }, false);
    if (is_64 && shift < 32) // what is left of the lower half stays in it
      result.r32 = shift_left(dst.r32, src.r32);
    if (is_64 && shift == 32) // all of the lower half stays
      result.r64 = {uint64_t{dst.r32.umin} << 32, uint64_t{dst.r32.umax} << 32,
                    int64_t{dst.r32.smin} * (int64_t{1} << 32), int64_t{dst.r32.smax} * (int64_t{1} << 32)};
    break;
  case KBPF_ALU_RSH:
    set(shift_right(a, shift), [](const auto &x, const auto &y) { return shift_right(x, y); }, false);
    break;
  default: // ARSH
    set(
        shift_right_signed(a, shift, is_64 ? 64 : 32),
        [](const auto &x, const auto &y) { return shift_right_signed(x, y); }, false);
    break;
  }
  EXPECT_TRUE(result.normalise());
  return result;
}

// Most numbers take a shorter way than that; what is known of the result has to be the same.
TEST(Scalar, TheShortWayOfArithmeticGivesWhatEveryViewGives) {
  constexpr uint8_t kCodes[] = {KBPF_ALU_ADD, KBPF_ALU_SUB, KBPF_ALU_AND, KBPF_ALU_OR,  KBPF_ALU_XOR,
                                KBPF_ALU_MUL, KBPF_ALU_LSH, KBPF_ALU_RSH, KBPF_ALU_ARSH};
  Random random;
  for (int round = 0; round < 400000; round++) {
    const auto number = [&] {
      switch (random.below(4)) {
      case 0: // of some bits only
        return alu64(KBPF_ALU_RSH, 0, Scalar::unknown(), Scalar::constant(random.below(64)));
      case 1:
        return random.around(random.below(1 << 20));
      default:
        return random.around(random.word());
      }
    };
    const uint8_t code = kCodes[random.below(std::size(kCodes))];
    const bool is_64 = random.below(2);
    const bool shifts = code == KBPF_ALU_LSH || code == KBPF_ALU_RSH || code == KBPF_ALU_ARSH;
    const Scalar dst = number(), src = shifts            ? Scalar::constant(random.below(is_64 ? 64 : 32))
                                       : random.below(3) ? number()
                                                         : Scalar::constant(random.word());
    const Scalar expected = by_every_view(code, is_64, dst, src);
    Scalar result = dst;
    alu(code, is_64, 0, result, src);
    ASSERT_EQ(result, expected) << int{code} << is_64;
    if (src.is_constant()) {
      Scalar by_word = dst;
      alu(code, is_64, 0, by_word, src.value());
      ASSERT_EQ(by_word, expected) << int{code} << is_64;
    }
    if (!shifts) {
      Scalar both = dst;
      alu(code, is_64, 0, both, both);
      ASSERT_EQ(both, by_every_view(code, is_64, dst, dst)) << int{code} << is_64;
    }
  }
}

TEST(Scalar, ExtensionsAndByteSwapsContainEveryResult) {
  Random random;
  for (int round = 0; round < kRounds; round++) {
    uint64_t x = random.word();
    Scalar a = random.around(x);
    for (unsigned width : {8u, 16u, 32u, 64u}) {
      ASSERT_TRUE(sign_extend(a, width).contains(sign_extend(x, width)));
      ASSERT_TRUE(zero_extend(a, width).contains(truncate(x, width)));
    }
    for (unsigned width : {16u, 32u, 64u}) {
      ASSERT_TRUE(byte_order(a, true, width).contains(swap_bytes(x, width)));
      ASSERT_TRUE(byte_order(a, false, width).contains(truncate(x, width)));
    }
  }
}

TEST(Scalar, NarrowingByAComparisonKeepsThePairsForWhichItHolds) {
  Random random;
  for (uint8_t code : kComparisons)
    for (bool is_64 : {true, false})
      for (int round = 0; round < kRounds; round++) {
        uint64_t x = random.word(), y = random.below(3) ? random.word() : x + random.below(3) - 1;
        Scalar a = random.around(x), b = random.around(y);
        Scalar before_a = a, before_b = b;
        bool truth = is_64 ? holds<uint64_t>(code, x, y)
                           : holds<uint32_t>(code, static_cast<uint32_t>(x), static_cast<uint32_t>(y));
        bool possible = truth ? assume(code, is_64, a, b) : assume_not(code, is_64, a, b);
        ASSERT_TRUE(possible && a.contains(x) && b.contains(y))
            << std::hex << "code " << +code << (is_64 ? " 64" : " 32") << ": " << x << ", " << y;
        ASSERT_TRUE(is_subset(a, before_a) && is_subset(b, before_b));
      }
}

TEST(Scalar, ComparisonsWithAWordNarrowAsThoseWithAConstant) {
  constexpr uint8_t kCodes[] = {KBPF_JMP_JEQ,  KBPF_JMP_JNE,  KBPF_JMP_JGT,  KBPF_JMP_JGE,
                                KBPF_JMP_JLT,  KBPF_JMP_JLE,  KBPF_JMP_JSGT, KBPF_JMP_JSGE,
                                KBPF_JMP_JSLT, KBPF_JMP_JSLE, KBPF_JMP_JSET};
  Random random;
  for (int round = 0; round < 400000; round++) {
    const Scalar number = random.below(2) ? random.around(random.word())
                                          : alu64(KBPF_ALU_RSH, 0, random.around(random.word()),
                                                  Scalar::constant(random.below(64)));
    const uint64_t ends[] = {number.r64.umin, number.r64.umax, uint64_t{INT32_MAX}, random.word()};
    const uint64_t word = ends[random.below(std::size(ends))] + random.below(3) - 1;
    const uint8_t code = kCodes[random.below(std::size(kCodes))];
    const bool is_64 = random.below(2), holds = random.below(2);
    Scalar expected = number, constant = Scalar::constant(word), narrowed = number;
    const bool is_possible =
        holds ? assume(code, is_64, expected, constant) : assume_not(code, is_64, expected, constant);
    ASSERT_EQ(assume(code, is_64, holds, narrowed, word), is_possible) << int{code} << is_64 << holds;
    if (is_possible) {
      ASSERT_EQ(narrowed, expected) << int{code} << is_64 << holds;
    }
  }
}

TEST(Scalar, WhatGoesBothWaysIsNarrowedToNothingOnNeither) {
  Random random;
  int both = 0;
  for (int i = 0; i < 200000; i++) {
    const Scalar a = random.around(random.word());
    const uint64_t word = random.below(2) ? a.r64.umin + random.below(3) : random.word(),
                   b = static_cast<uint64_t>(int64_t{static_cast<int32_t>(word)});
    for (uint8_t code : kComparisons)
      for (bool is_64 : {true, false}) {
        if (!goes_both_ways(code, is_64, a, b))
          continue;
        both++;
        Scalar taken = a, passed = a, src = Scalar::constant(b), same = src;
        EXPECT_TRUE(assume(code, is_64, taken, src)) << int{code} << is_64;
        EXPECT_TRUE(assume_not(code, is_64, passed, same)) << int{code} << is_64;
      }
  }
  EXPECT_GT(both, 100000);
}

TEST(Scalar, ComparisonsOfIntervalsGoBothWaysWhereSomeWordsOfThemDo) {
  Random random;
  for (int i = 0; i < 200000; i++) {
    const uint64_t first = random.below(1000), count = 1 + random.below(6), b = first + random.below(9) - 2;
    Scalar a;
    a.r64 = {first, first + count, static_cast<int64_t>(first), static_cast<int64_t>(first + count)};
    ASSERT_TRUE(a.normalise());
    for (uint8_t code : kComparisons) {
      if (code == KBPF_JMP_JSET)
        continue; // the bits of an interval are more than it
      bool jumps = false, passes = false;
      for (uint64_t word = first; word <= first + count; word++)
        (holds(code, word, b) ? jumps : passes) = true;
      for (bool is_64 : {true, false})
        EXPECT_EQ(goes_both_ways(code, is_64, a, b), jumps && passes) << int{code} << is_64;
    }
  }
}

TEST(Scalar, WhatIsKnownOfBitsDecidesComparisonsWithThem) {
  Scalar even;
  even.bits = {0, 0xfe};
  ASSERT_TRUE(even.normalise());
  for (bool is_64 : {true, false}) {
    EXPECT_FALSE(goes_both_ways(KBPF_JMP_JSET, is_64, even, 1));
    EXPECT_TRUE(goes_both_ways(KBPF_JMP_JSET, is_64, even, 3));
    EXPECT_FALSE(goes_both_ways(KBPF_JMP_JEQ, is_64, even, 7));
    EXPECT_TRUE(goes_both_ways(KBPF_JMP_JNE, is_64, even, 8));
  }
  EXPECT_FALSE(goes_both_ways(KBPF_JMP_JSET, false, even, uint64_t{1} << 40));
  EXPECT_FALSE(goes_both_ways(KBPF_JMP_JEQ, true, Scalar::constant(8), 8));
}

TEST(Scalar, ComparisonsOfConstantsAreDecided) {
  for (uint8_t code : kComparisons)
    for (uint64_t x : {0ull, 1ull, 5ull, ~0ull})
      for (uint64_t y : {0ull, 1ull, 4ull, ~0ull})
        for (bool is_64 : {true, false}) {
          bool truth = is_64 ? holds<uint64_t>(code, x, y)
                             : holds<uint32_t>(code, static_cast<uint32_t>(x), static_cast<uint32_t>(y));
          Scalar a = Scalar::constant(x), b = Scalar::constant(y);
          EXPECT_EQ(assume(code, is_64, a, b), truth) << +code << " " << x << " " << y;
          a = Scalar::constant(x), b = Scalar::constant(y);
          EXPECT_EQ(assume_not(code, is_64, a, b), !truth) << +code << " " << x << " " << y;
        }
}

TEST(Scalar, ShiftPairThatZeroExtendsKeepsTheBoundsOfTheLowerHalf) {
  Scalar a;
  a.r32.umax = 63;
  ASSERT_TRUE(a.normalise());
  Scalar by = Scalar::constant(32);
  Scalar extended = alu64(KBPF_ALU_RSH, 0, alu64(KBPF_ALU_LSH, 0, a, by), by);
  EXPECT_EQ(extended.r64.umax, 63u);
}

TEST(Scalar, ShiftPairThatSignExtendsKeepsTheBoundsOfTheLowerHalf) {
  Scalar a;
  a.r32.smin = -5, a.r32.smax = 7;
  ASSERT_TRUE(a.normalise());
  Scalar by = Scalar::constant(32);
  Scalar extended = alu64(KBPF_ALU_ARSH, 0, alu64(KBPF_ALU_LSH, 0, a, by), by);
  EXPECT_EQ(extended.r64.smin, -5);
  EXPECT_EQ(extended.r64.smax, 7);
}

TEST(Scalar, SmallNumbersThatAreLargeAsSignedOnesAreNone) {
  for (uint64_t most : {uint64_t{INT32_MAX}, uint64_t{UINT32_MAX}}) {
    Scalar number;
    number.r64 = {1, most, int64_t{1} << 40 | 2, int64_t{1} << 40 | 3};
    EXPECT_FALSE(number.normalise()) << most;
  }
}

TEST(Scalar, BitsKnownFromAnAndBoundTheNumber) {
  Scalar masked = alu64(KBPF_ALU_AND, 0, Scalar::unknown(), Scalar::constant(0xf8));
  EXPECT_EQ(masked.r64.umax, 0xf8u);
  EXPECT_EQ(masked.bits, (Tnum{0, 0xf8}));
}

} // namespace
} // namespace kbpf
