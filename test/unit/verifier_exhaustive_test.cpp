// SPDX-License-Identifier: MIT OR Apache-2.0
// Scalars against brute force at small widths: every set of eight neighbouring words that bits and bounds can
// tell apart, around every place of the word where a sign, a carry or a half changes, through every operation
// and every comparison in pairs; and every tnum of three neighbouring bits, wherever in the word, through
// what takes one operand.
#include "concrete_alu.h"
#include "core/verifier/scalar.h"
#include <algorithm>
#include <gtest/gtest.h>
#include <span>
#include <vector>

namespace kbpf {
namespace {

using test::compute;
using test::holds;
using test::kComparisons;

constexpr unsigned kBits = 3, kWords = 1u << kBits;

struct Set {
  Scalar scalar;
  std::vector<uint64_t> members; // of the window; where upper halves are any, with some of these
};

// Eight words from `first` on, which may wrap around.
struct Window {
  uint64_t first;
  bool any_upper_half = false;
};

// Bounds on the words `low` to `high` of the window, in each reading in which they follow one another.
void bound(Scalar &scalar, const Window &window, unsigned low, unsigned high) {
  const uint64_t a = window.first + low, b = window.first + high;
  const uint32_t a32 = static_cast<uint32_t>(a), b32 = static_cast<uint32_t>(b);
  if (a32 <= b32)
    scalar.r32.umin = a32, scalar.r32.umax = b32;
  if (static_cast<int32_t>(a32) <= static_cast<int32_t>(b32))
    scalar.r32.smin = static_cast<int32_t>(a32), scalar.r32.smax = static_cast<int32_t>(b32);
  if (window.any_upper_half)
    return;
  if (a <= b)
    scalar.r64.umin = a, scalar.r64.umax = b;
  if (static_cast<int64_t>(a) <= static_cast<int64_t>(b))
    scalar.r64.smin = static_cast<int64_t>(a), scalar.r64.smax = static_cast<int64_t>(b);
}

void add_set(std::vector<Set> &sets, const Window &window, const Scalar &scalar) {
  constexpr uint64_t kUpperHalves[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff};
  Set set{scalar, {}};
  for (unsigned i = 0; i < kWords; i++)
    for (uint64_t upper : kUpperHalves) {
      const uint64_t word =
          window.any_upper_half ? upper << 32 | static_cast<uint32_t>(window.first + i) : window.first + i;
      if (scalar.contains(word) && (window.any_upper_half || upper == 0))
        set.members.push_back(word);
    }
  if (set.members.empty())
    return;
  ASSERT_TRUE(set.scalar.normalise());
  for (uint64_t word : set.members)
    ASSERT_TRUE(set.scalar.contains(word)) << std::hex << word;
  if (std::none_of(sets.begin(), sets.end(), [&](const Set &other) { return other.scalar == set.scalar; }))
    sets.push_back(std::move(set));
}

// Every set that bounds, and bits where the window's words differ in the lowest three only, can describe.
std::vector<Set> all_sets(const Window &window) {
  std::vector<Set> sets;
  const bool has_bits = window.first % kWords == 0;
  for (unsigned low = 0; low < kWords; low++)
    for (unsigned high = low; high < kWords; high++)
      for (uint64_t mask = 0; mask < kWords; mask++)
        for (uint64_t value = 0; value < kWords; value++) {
          if (has_bits ? value & mask : mask || value)
            continue;
          Scalar scalar;
          bound(scalar, window, low, high);
          if (has_bits)
            scalar.bits = {window.first | value, mask};
          if (has_bits && window.any_upper_half) {
            scalar.bits.value &= UINT32_MAX;
            scalar.bits.mask |= ~uint64_t{UINT32_MAX};
          }
          add_set(sets, window, scalar);
        }
  return sets;
}

constexpr Window kWindows[] = {
    {0},
    {static_cast<uint64_t>(-4)}, // around 0
    {0x7ffffffc},                // where halves change their sign
    {0x80000000},
    {0xfffffffc}, // where a half is full
    {0x7ffffffffffffffc},
    {0, true},
    {0x7ffffffc, true},
    {static_cast<uint64_t>(-4), true},
};
constexpr Window kShiftAmounts[] = {{0}, {28}, {60}, {static_cast<uint64_t>(-4)}, {0, true}};

std::vector<Set> sets_of(std::span<const Window> windows) {
  std::vector<Set> sets;
  for (const Window &window : windows)
    for (Set &set : all_sets(window))
      sets.push_back(std::move(set));
  return sets;
}

struct Operation {
  uint8_t code;
  int16_t off;
};
constexpr Operation kOperations[] = {
    {KBPF_ALU_ADD, 0}, {KBPF_ALU_SUB, 0}, {KBPF_ALU_MUL, 0}, {KBPF_ALU_DIV, 0}, {KBPF_ALU_DIV, 1},
    {KBPF_ALU_MOD, 0}, {KBPF_ALU_MOD, 1}, {KBPF_ALU_OR, 0},  {KBPF_ALU_AND, 0}, {KBPF_ALU_XOR, 0},
};
constexpr Operation kShifts[] = {{KBPF_ALU_LSH, 0}, {KBPF_ALU_RSH, 0}, {KBPF_ALU_ARSH, 0}};
constexpr Operation kUnary[] = {{KBPF_ALU_NEG, 0}, {KBPF_ALU_MOV, 0}, {KBPF_ALU_MOV, 8}, {KBPF_ALU_MOV, 16}};

uint64_t computed(const Operation &op, bool is_64, uint64_t x, uint64_t y) {
  return is_64 ? compute<uint64_t>(op.code, op.off, x, y)
               : compute<uint32_t>(op.code, op.off, static_cast<uint32_t>(x), static_cast<uint32_t>(y));
}

// A failure of the test by the words that show it.
void check_operation(const Operation &op, const Set &a, const Set &b) {
  for (bool is_64 : {true, false}) {
    const Scalar result =
        is_64 ? alu64(op.code, op.off, a.scalar, b.scalar) : alu32(op.code, op.off, a.scalar, b.scalar);
    for (uint64_t x : a.members)
      for (uint64_t y : b.members)
        if (const uint64_t z = computed(op, is_64, x, y); !result.contains(z))
          ADD_FAILURE() << std::hex << "code " << +op.code << " off " << op.off << (is_64 ? " 64" : " 32")
                        << ": " << x << ", " << y << " gives " << z;
    Scalar again = result; // what comes out has nothing more to tell
    ASSERT_TRUE(again.normalise() && again == result);
  }
}

TEST(Exhaustive, OperationsContainEveryResult) {
  const std::vector<Set> sets = sets_of(kWindows);
  for (const Operation &op : kOperations)
    for (const Set &a : sets)
      for (const Set &b : sets) {
        check_operation(op, a, b);
        if (HasFailure())
          return;
      }
}

TEST(Exhaustive, ShiftsContainEveryResult) {
  const std::vector<Set> sets = sets_of(kWindows), amounts = sets_of(kShiftAmounts);
  for (const Operation &op : kShifts)
    for (const Set &a : sets)
      for (const Set &b : amounts) {
        check_operation(op, a, b);
        if (HasFailure())
          return;
      }
}

TEST(Exhaustive, OperationsOnOneNumberContainEveryResult) {
  for (const Set &a : sets_of(kWindows)) {
    for (const Operation &op : kUnary)
      check_operation(op, a, a);
    const Scalar wide = alu64(KBPF_ALU_MOV, 32, Scalar(), a.scalar);
    for (uint64_t x : a.members)
      ASSERT_TRUE(wide.contains(sign_extend(x, 32)));
    if (HasFailure())
      return;
  }
}

TEST(Exhaustive, OperationsOnWordsAreThoseOnSets) {
  for (const Operation &op : kOperations)
    for (uint64_t x : {0ull, 5ull, 0x80000000ull, ~0ull})
      for (uint64_t y : {0ull, 3ull, 0xffffffffull, ~0ull})
        if (uint64_t word; alu_words(op.code, x, y, word)) {
          EXPECT_EQ(word, computed(op, true, x, y));
          EXPECT_EQ(static_cast<uint32_t>(word), computed(op, false, x, y));
        }
}

bool compared(uint8_t code, bool is_64, uint64_t x, uint64_t y) {
  return is_64 ? holds<uint64_t>(code, x, y)
               : holds<uint32_t>(code, static_cast<uint32_t>(x), static_cast<uint32_t>(y));
}

TEST(Exhaustive, ComparisonsKeepThePairsForWhichTheyHoldAndNarrowOnly) {
  const std::vector<Set> sets = sets_of(kWindows);
  for (uint8_t code : kComparisons)
    for (bool is_64 : {true, false})
      for (bool truth : {true, false})
        for (const Set &a : sets)
          for (const Set &b : sets) {
            Scalar dst = a.scalar, src = b.scalar;
            const bool possible = truth ? assume(code, is_64, dst, src) : assume_not(code, is_64, dst, src);
            for (uint64_t x : a.members)
              for (uint64_t y : b.members)
                if (compared(code, is_64, x, y) == truth)
                  ASSERT_TRUE(possible && dst.contains(x) && src.contains(y))
                      << std::hex << "code " << +code << (is_64 ? " 64" : " 32") << (truth ? "" : " not")
                      << ": " << x << ", " << y;
            if (possible)
              ASSERT_TRUE(is_subset(dst, a.scalar) && is_subset(src, b.scalar));
          }
}

// Three neighbouring bits anywhere, all others 0 or all 1.
template <typename Check> void for_each_tnum(Check check) {
  for (unsigned shift = 0; shift <= 64 - kBits; shift++)
    for (uint64_t around : {uint64_t{0}, ~(uint64_t{kWords - 1} << shift)})
      for (uint64_t mask = 0; mask < kWords; mask++)
        for (uint64_t value = 0; value < kWords; value++) {
          if (value & mask)
            continue;
          Set set;
          set.scalar.bits = {around | value << shift, mask << shift};
          ASSERT_TRUE(set.scalar.normalise());
          for (uint64_t word = 0; word < kWords; word++)
            if (set.scalar.contains(around | word << shift))
              set.members.push_back(around | word << shift);
          check(set);
        }
}

TEST(Exhaustive, ExtensionsAndByteSwapsContainEveryResultAtEveryPlace) {
  for_each_tnum([](const Set &set) {
    for (uint64_t x : set.members) {
      for (unsigned width : {8u, 16u, 32u, 64u}) {
        ASSERT_TRUE(sign_extend(set.scalar, width).contains(sign_extend(x, width)))
            << std::hex << x << " " << width;
        ASSERT_TRUE(zero_extend(set.scalar, width).contains(truncate(x, width)))
            << std::hex << x << " " << width;
      }
      for (unsigned width : {16u, 32u, 64u}) {
        ASSERT_TRUE(byte_order(set.scalar, true, width).contains(swap_bytes(x, width)));
        ASSERT_TRUE(byte_order(set.scalar, false, width).contains(truncate(x, width)));
      }
    }
  });
}

TEST(Exhaustive, ShiftsByEveryAmountContainEveryResultAtEveryPlace) {
  for_each_tnum([](const Set &set) {
    for (const Operation &op : kShifts)
      for (unsigned amount = 0; amount < 64; amount++) {
        const Scalar by = Scalar::constant(amount), wide = alu64(op.code, 0, set.scalar, by),
                     half = alu32(op.code, 0, set.scalar, by);
        for (uint64_t x : set.members) {
          ASSERT_TRUE(wide.contains(computed(op, true, x, amount))) << std::hex << x << " " << amount;
          ASSERT_TRUE(half.contains(computed(op, false, x, amount))) << std::hex << x << " " << amount;
        }
      }
  });
}

// The smallest tnum that contains the words, which must be at least one.
Tnum smallest(const std::vector<uint64_t> &words) {
  Tnum result = Tnum::constant(words[0]);
  for (uint64_t word : words) {
    result.mask |= result.value ^ word;
    result.value &= ~result.mask;
  }
  return result;
}

TEST(Exhaustive, TnumsOfSumsDifferencesAndBitsAreTheSmallest) {
  std::vector<Set> sets;
  for (uint64_t mask = 0; mask < 16; mask++)
    for (uint64_t value = 0; value < 16; value++) {
      Set set;
      set.scalar.bits = {value, mask};
      for (uint64_t word = 0; word < 16 && !(value & mask); word++)
        if (set.scalar.bits.contains(word))
          set.members.push_back(word);
      if (!set.members.empty())
        sets.push_back(set);
    }
  struct {
    Tnum (*of_sets)(const Tnum &, const Tnum &);
    uint64_t (*of_words)(uint64_t, uint64_t);
  } constexpr kExact[] = {{add, [](uint64_t x, uint64_t y) { return x + y; }},
                          {subtract, [](uint64_t x, uint64_t y) { return x - y; }},
                          {bit_and, [](uint64_t x, uint64_t y) { return x & y; }},
                          {bit_or, [](uint64_t x, uint64_t y) { return x | y; }},
                          {bit_xor, [](uint64_t x, uint64_t y) { return x ^ y; }}};
  for (const auto &op : kExact)
    for (const Set &a : sets)
      for (const Set &b : sets) {
        std::vector<uint64_t> results;
        for (uint64_t x : a.members)
          for (uint64_t y : b.members)
            results.push_back(op.of_words(x, y));
        ASSERT_EQ(op.of_sets(a.scalar.bits, b.scalar.bits), smallest(results));
      }
}

TEST(Exhaustive, TnumOfARangeIsTheSmallest) {
  for (uint64_t first :
       {uint64_t{0}, uint64_t{0x7ffffff0}, uint64_t{0xfffffff0}, uint64_t{0x7ffffffffffffff0}})
    for (uint64_t low = 0; low < 32; low++) {
      std::vector<uint64_t> words;
      for (uint64_t high = low; high < 32; high++) {
        words.push_back(first + high);
        ASSERT_EQ(Tnum::range(first + low, first + high), smallest(words));
      }
    }
}

} // namespace
} // namespace kbpf
