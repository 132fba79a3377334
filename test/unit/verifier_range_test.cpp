// SPDX-License-Identifier: MIT OR Apache-2.0
// Ranges of 8-bit words against brute force: ranges with ends at every kind of boundary, and all of their
// members.
#include "core/isa/arithmetic.h"
#include "core/verifier/range.h"
#include <gtest/gtest.h>
#include <vector>

namespace kbpf {
namespace {

using R = Range<uint8_t>;

std::vector<R> sample_ranges() {
  constexpr uint8_t kEnds[] = {0, 1, 6, 127, 128, 254, 255};
  std::vector<R> ranges;
  for (uint8_t low : kEnds)
    for (uint8_t high : kEnds) {
      if (low <= high)
        ranges.push_back(R::of_unsigned(low, high));
      if (static_cast<int8_t>(low) <= static_cast<int8_t>(high))
        ranges.push_back(R::of_signed(static_cast<int8_t>(low), static_cast<int8_t>(high)));
    }
  for (R &range : ranges)
    range.deduce();
  return ranges;
}

std::vector<uint8_t> members(const R &range) {
  std::vector<uint8_t> words;
  for (unsigned word = 0; word < 256; word++)
    if (range.contains(static_cast<uint8_t>(word)))
      words.push_back(static_cast<uint8_t>(word));
  return words;
}

template <typename Abstract, typename Concrete> void check_pairs(Abstract abstract, Concrete concrete) {
  const std::vector<R> ranges = sample_ranges();
  std::vector<std::vector<uint8_t>> words;
  for (const R &range : ranges)
    words.push_back(members(range));
  for (size_t a = 0; a < ranges.size(); a++)
    for (size_t b = 0; b < ranges.size(); b++) {
      R result = abstract(ranges[a], ranges[b]);
      for (uint8_t x : words[a])
        for (uint8_t y : words[b])
          if (uint8_t z = static_cast<uint8_t>(concrete(x, y)); !result.contains(z))
            FAIL() << +ranges[a].umin << ".." << +ranges[a].umax << " op " << +ranges[b].umin << ".."
                   << +ranges[b].umax << ": " << +x << ", " << +y << " gives " << +z;
    }
}

TEST(Range, AddContainsEverySum) {
  check_pairs([](auto a, auto b) { return add(a, b); }, [](uint8_t x, uint8_t y) { return x + y; });
}
TEST(Range, SubtractContainsEveryDifference) {
  check_pairs([](auto a, auto b) { return subtract(a, b); }, [](uint8_t x, uint8_t y) { return x - y; });
}
TEST(Range, MultiplyContainsEveryProduct) {
  check_pairs([](auto a, auto b) { return multiply(a, b); }, [](uint8_t x, uint8_t y) { return x * y; });
}
TEST(Range, BitwiseOperationsContainEveryResult) {
  check_pairs([](auto a, auto b) { return bit_and(a, b); }, [](uint8_t x, uint8_t y) { return x & y; });
  check_pairs([](auto a, auto b) { return bit_or(a, b); }, [](uint8_t x, uint8_t y) { return x | y; });
  check_pairs([](auto a, auto b) { return bit_xor(a, b); }, [](uint8_t x, uint8_t y) { return x ^ y; });
}
TEST(Range, ShiftsContainEveryResult) {
  check_pairs([](auto a, auto b) { return shift_left(a, b); },
              [](uint8_t x, uint8_t y) { return shift_left<uint8_t>(x, y); });
  check_pairs([](auto a, auto b) { return shift_right(a, b); },
              [](uint8_t x, uint8_t y) { return shift_right<uint8_t>(x, y); });
  check_pairs([](auto a, auto b) { return shift_right_signed(a, b); },
              [](uint8_t x, uint8_t y) { return shift_right_signed<uint8_t>(x, y); });
}
TEST(Range, DivisionsContainEveryResultByZeroIncluded) {
  check_pairs([](auto a, auto b) { return divide(a, b); },
              [](uint8_t x, uint8_t y) { return divide<uint8_t>(x, y); });
  check_pairs([](auto a, auto b) { return modulo(a, b); },
              [](uint8_t x, uint8_t y) { return modulo<uint8_t>(x, y); });
  check_pairs([](auto a, auto b) { return divide_signed(a, b); },
              [](uint8_t x, uint8_t y) { return signed_divide<uint8_t>(x, y); });
  check_pairs([](auto a, auto b) { return modulo_signed(a, b); },
              [](uint8_t x, uint8_t y) { return signed_modulo<uint8_t>(x, y); });
}

TEST(Range, DeduceDropsNoMember) {
  for (R range : sample_ranges()) {
    for (int smin : {-128, -1, 0, 5})
      for (int smax : {-1, 0, 5, 127}) {
        R both = range;
        both.smin = std::max(both.smin, static_cast<int8_t>(smin));
        both.smax = std::min(both.smax, static_cast<int8_t>(smax));
        R narrowed = both;
        narrowed.deduce();
        for (uint8_t word : members(both))
          ASSERT_TRUE(narrowed.contains(word));
      }
  }
}

TEST(Range, SumOfSmallNumbersKeepsItsBounds) {
  R sum = add(R::of_unsigned(1, 10), R::of_unsigned(5, 20));
  EXPECT_EQ(sum.umin, 6);
  EXPECT_EQ(sum.umax, 30);
}
TEST(Range, SumThatMayWrapIsUnbounded) {
  R sum = add(R::of_unsigned(1, 200), R::of_unsigned(5, 100));
  EXPECT_EQ(sum.umin, 0);
  EXPECT_EQ(sum.umax, 255);
}
TEST(Range, ShiftByAnUnknownAmountStaysBelowTheDividend) {
  EXPECT_EQ(shift_right(R::of_unsigned(0, 100), R()).umax, 100);
}
TEST(Range, RemainderByAConstantIsBelowIt) {
  EXPECT_EQ(modulo(R(), R::constant(10)).umax, 9);
  R remainder = modulo_signed(R(), R::constant(10));
  EXPECT_EQ(remainder.smin, -9);
  EXPECT_EQ(remainder.smax, 9);
}

} // namespace
} // namespace kbpf
