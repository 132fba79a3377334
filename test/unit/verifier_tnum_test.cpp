// SPDX-License-Identifier: MIT OR Apache-2.0
// Tristate numbers against brute force: every pair of tnums of four unknown-able bits, at the bottom and at
// the top of the word, and every pair of their members.
#include "core/verifier/tnum.h"
#include <gtest/gtest.h>
#include <random>
#include <vector>

namespace kbpf {
namespace {

constexpr unsigned kBits = 4;

// Every tnum with unknown and known bits among the four from `shift` on.
std::vector<Tnum> all_tnums(unsigned shift) {
  std::vector<Tnum> all;
  for (uint64_t mask = 0; mask < 1u << kBits; mask++)
    for (uint64_t value = 0; value < 1u << kBits; value++)
      if ((value & mask) == 0)
        all.push_back({value << shift, mask << shift});
  return all;
}

std::vector<uint64_t> members(const Tnum &tnum, unsigned shift) {
  std::vector<uint64_t> words;
  for (uint64_t word = 0; word < 1u << kBits; word++)
    if (tnum.contains(word << shift))
      words.push_back(word << shift);
  return words;
}

template <typename Abstract, typename Concrete> void check_pairs(Abstract abstract, Concrete concrete) {
  for (unsigned a_shift : {0u, 60u})
    for (unsigned b_shift : {0u, 60u})
      for (const Tnum &a : all_tnums(a_shift))
        for (const Tnum &b : all_tnums(b_shift)) {
          Tnum result = abstract(a, b);
          ASSERT_EQ(result.value & result.mask, 0u);
          for (uint64_t x : members(a, a_shift))
            for (uint64_t y : members(b, b_shift))
              ASSERT_TRUE(result.contains(concrete(x, y)))
                  << std::hex << a.value << "/" << a.mask << " " << b.value << "/" << b.mask << ": " << x
                  << ", " << y;
        }
}

template <typename Abstract, typename Concrete> void check_each(Abstract abstract, Concrete concrete) {
  for (unsigned shift : {0u, 4u, 28u, 60u})
    for (const Tnum &a : all_tnums(shift)) {
      Tnum result = abstract(a);
      ASSERT_EQ(result.value & result.mask, 0u);
      for (uint64_t x : members(a, shift))
        ASSERT_TRUE(result.contains(concrete(x))) << std::hex << a.value << "/" << a.mask << ": " << x;
    }
}

TEST(Tnum, AddContainsEverySum) {
  check_pairs([](auto a, auto b) { return add(a, b); }, [](uint64_t x, uint64_t y) { return x + y; });
}
TEST(Tnum, SubtractContainsEveryDifference) {
  check_pairs([](auto a, auto b) { return subtract(a, b); }, [](uint64_t x, uint64_t y) { return x - y; });
}
TEST(Tnum, MultiplyContainsEveryProduct) {
  check_pairs([](auto a, auto b) { return multiply(a, b); }, [](uint64_t x, uint64_t y) { return x * y; });
}
// Whole rows of unknown bits are added at once: to the same sum as one by one.
TEST(Tnum, MultiplyAddsEachBitOfTheFirstOperand) {
  const auto one_by_one = [](const Tnum &a, const Tnum &b) {
    Tnum sum = Tnum::constant(0);
    for (unsigned bit = 0; bit < 64; bit++) {
      const Tnum partial = shift_left(b, bit);
      if (a.mask >> bit & 1)
        sum = add(sum, make_tnum(0, partial.max()));
      else if (a.value >> bit & 1)
        sum = add(sum, partial);
    }
    return sum;
  };
  for (unsigned a_shift : {0u, 7u, 60u})
    for (unsigned b_shift : {0u, 29u, 60u})
      for (const Tnum &a : all_tnums(a_shift))
        for (const Tnum &b : all_tnums(b_shift))
          ASSERT_EQ(multiply(a, b), one_by_one(a, b));
  std::mt19937_64 engine{20261130};
  const auto random = [&] { // rows of unknown bits with some known among them, or any
    const uint64_t some = engine() & engine() & engine() & engine();
    const uint64_t mask = engine() % 4 ? (~uint64_t{0} >> engine() % 64 << engine() % 64) ^ some : engine();
    return make_tnum(engine() & engine() & engine(), engine() % 4 ? mask : mask & engine());
  };
  for (int round = 0; round < 300000; round++) {
    const Tnum a = random(), b = random();
    ASSERT_EQ(multiply(a, b), one_by_one(a, b))
        << std::hex << a.value << "/" << a.mask << " " << b.value << "/" << b.mask;
  }
}
TEST(Tnum, AndContainsEveryResult) {
  check_pairs([](auto a, auto b) { return bit_and(a, b); }, [](uint64_t x, uint64_t y) { return x & y; });
}
TEST(Tnum, OrContainsEveryResult) {
  check_pairs([](auto a, auto b) { return bit_or(a, b); }, [](uint64_t x, uint64_t y) { return x | y; });
}
TEST(Tnum, XorContainsEveryResult) {
  check_pairs([](auto a, auto b) { return bit_xor(a, b); }, [](uint64_t x, uint64_t y) { return x ^ y; });
}

TEST(Tnum, ShiftsContainEveryResult) {
  for (unsigned shift = 0; shift < 64; shift++) {
    check_each([=](auto a) { return shift_left(a, shift); }, [=](uint64_t x) { return x << shift; });
    check_each([=](auto a) { return shift_right(a, shift); }, [=](uint64_t x) { return x >> shift; });
    check_each([=](auto a) { return shift_right_signed(a, shift, 64); },
               [=](uint64_t x) { return static_cast<uint64_t>(static_cast<int64_t>(x) >> shift); });
  }
}

TEST(Tnum, SignedShiftOf32BitsRepeatsBit31AndLeavesTheUpperHalfZero) {
  for (unsigned shift = 0; shift < 32; shift++)
    for (const Tnum &a : all_tnums(28))
      for (uint64_t x : members(a, 28))
        ASSERT_TRUE(shift_right_signed(a, shift, 32)
                        .contains(static_cast<uint32_t>(static_cast<int32_t>(x) >> shift)));
}

TEST(Tnum, ExtensionsContainEveryResult) {
  check_each([](auto a) { return sign_extend(a, 32); },
             [](uint64_t x) { return static_cast<uint64_t>(int64_t{static_cast<int32_t>(x)}); });
  check_each([](auto a) { return sign_extend(a, 8); },
             [](uint64_t x) { return static_cast<uint64_t>(int64_t{static_cast<int8_t>(x)}); });
  check_each([](auto a) { return truncate(a, 32); }, [](uint64_t x) { return x & 0xffffffff; });
}

TEST(Tnum, RangeContainsItsBoundsAndAllBetween) {
  for (uint64_t min = 0; min < 64; min++)
    for (uint64_t max = min; max < 64; max++)
      for (uint64_t x = min; x <= max; x++)
        ASSERT_TRUE(Tnum::range(min, max).contains(x));
  EXPECT_EQ(Tnum::range(0, ~uint64_t{0}), Tnum::unknown());
  EXPECT_EQ(Tnum::range(5, 5), Tnum::constant(5));
  EXPECT_EQ(Tnum::range(4, 7), (Tnum{4, 3}));
}

TEST(Tnum, SetRelationsAgreeWithMembership) {
  for (const Tnum &a : all_tnums(0))
    for (const Tnum &b : all_tnums(0)) {
      bool subset = true, disjoint = true;
      for (uint64_t x : members(a, 0)) {
        subset &= b.contains(x);
        disjoint &= !b.contains(x);
      }
      ASSERT_EQ(is_subset(a, b), subset);
      ASSERT_EQ(are_disjoint(a, b), disjoint);
      if (disjoint)
        continue;
      for (uint64_t x = 0; x < 1u << kBits; x++)
        ASSERT_EQ(intersect(a, b).contains(x), a.contains(x) && b.contains(x));
    }
}

TEST(Tnum, OperationsOnConstantsAreExact) {
  for (uint64_t x : {0ull, 1ull, 7ull, 0x80000000ull, ~0ull})
    for (uint64_t y : {0ull, 1ull, 3ull, 0xffffffffull}) {
      Tnum a = Tnum::constant(x), b = Tnum::constant(y);
      EXPECT_EQ(add(a, b), Tnum::constant(x + y));
      EXPECT_EQ(subtract(a, b), Tnum::constant(x - y));
      EXPECT_EQ(multiply(a, b), Tnum::constant(x * y));
      EXPECT_EQ(bit_xor(a, b), Tnum::constant(x ^ y));
    }
}

} // namespace
} // namespace kbpf
