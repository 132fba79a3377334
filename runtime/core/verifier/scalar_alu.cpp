// SPDX-License-Identifier: MIT OR Apache-2.0
// What arithmetic makes of numbers. Every view of the result follows from the same view of the operands, and
// then each from the others (normalise). Of most numbers only one view says something, an interval or the
// bits, and the others follow from it: those take a shorter way to the same result.
#include "core/verifier/scalar.h"
#include "core/verifier/scalar_views.h"

namespace kbpf {
namespace {

// One operation on ranges of either width. Moves and unknown codes are the caller's.
template <typename U>
Range<U> alu_range(uint8_t code, bool is_signed, const Range<U> &dst, const Range<U> &src) {
  switch (code) {
  case KBPF_ALU_ADD:
    return add(dst, src);
  case KBPF_ALU_SUB:
    return subtract(dst, src);
  case KBPF_ALU_NEG:
    return subtract(Range<U>::constant(0), dst);
  case KBPF_ALU_MUL:
    return multiply(dst, src);
  case KBPF_ALU_DIV:
    return is_signed ? divide_signed(dst, src) : divide(dst, src);
  case KBPF_ALU_MOD:
    return is_signed ? modulo_signed(dst, src) : modulo(dst, src);
  case KBPF_ALU_OR:
    return bit_or(dst, src);
  case KBPF_ALU_AND:
    return bit_and(dst, src);
  case KBPF_ALU_XOR:
    return bit_xor(dst, src);
  case KBPF_ALU_LSH:
    return shift_left(dst, src);
  case KBPF_ALU_RSH:
    return shift_right(dst, src);
  case KBPF_ALU_ARSH:
    return shift_right_signed(dst, src);
  default:
    return {};
  }
}

// The same on bits; operands are cut to the width, and so is the result.
Tnum alu_bits(uint8_t code, unsigned width, const Tnum &dst, const Tnum &src) {
  unsigned shift = static_cast<unsigned>(src.value) & (width - 1);
  bool shift_known = ((src.mask & (width - 1)) == 0);
  switch (code) {
  case KBPF_ALU_ADD:
    return truncate(add(dst, src), width);
  case KBPF_ALU_SUB:
    return truncate(subtract(dst, src), width);
  case KBPF_ALU_NEG:
    return truncate(subtract(Tnum::constant(0), dst), width);
  case KBPF_ALU_MUL:
    return truncate(multiply(dst, src), width);
  case KBPF_ALU_OR:
    return bit_or(dst, src);
  case KBPF_ALU_AND:
    return bit_and(dst, src);
  case KBPF_ALU_XOR:
    return bit_xor(dst, src);
  case KBPF_ALU_LSH:
    if (shift_known)
      return truncate(shift_left(dst, shift), width);
    break;
  case KBPF_ALU_RSH:
    if (shift_known)
      return shift_right(dst, shift);
    break;
  case KBPF_ALU_ARSH:
    if (shift_known)
      return shift_right_signed(dst, shift, width);
    break;
  default:
    break;
  }
  return Tnum::unknown_bits(width);
}

// Whether the lower half of a 64-bit result depends on the lower halves of the operands only.
bool is_modular(uint8_t code) {
  switch (code) {
  case KBPF_ALU_ADD:
  case KBPF_ALU_SUB:
  case KBPF_ALU_NEG:
  case KBPF_ALU_MUL:
  case KBPF_ALU_OR:
  case KBPF_ALU_AND:
  case KBPF_ALU_XOR:
    return true;
  default:
    return false;
  }
}

// A shift by the width or more, which is defined at run time (the count is cut), but an error that Linux
// gives no bounds to.
bool may_shift_too_far(uint8_t code, unsigned width, const Range64 &count) {
  return (code == KBPF_ALU_LSH || code == KBPF_ALU_RSH || code == KBPF_ALU_ARSH) && count.umax >= width;
}

// Whatever is added to any number at all, or taken from it: any number.
bool loses_all(uint8_t code) { return code == KBPF_ALU_ADD || code == KBPF_ALU_SUB; }

constexpr bool is_small(const Scalar &number) { return number.r64.umax <= INT32_MAX; }

// The second operand, a number or a word.
struct Number {
  const Scalar &number;
  Tnum bits() const { return number.bits; }
  uint64_t min() const { return number.r64.umin; }
  uint64_t max() const { return number.r64.umax; }
  Range64 whole() const { return number.r64; }
  Range32 half() const { return number.r32; }
  bool is_shift(unsigned width) const { return number.is_constant() && number.value() < width; }
};
struct Word {
  uint64_t word;
  Tnum bits() const { return Tnum::constant(word); }
  uint64_t min() const { return word; }
  uint64_t max() const { return word; }
  Range64 whole() const { return Range64::constant(word); }
  Range32 half() const { return Range32::constant(static_cast<uint32_t>(word)); }
  bool is_shift(unsigned width) const { return word < width; }
};

// dst op= src where the result is an interval of numbers that are not negative, of 32 bits in the 32-bit
// form, or has no bounds but its bits', and nothing is known of lower halves that does not follow from it.
// False: dst is as it was, and the long way to be taken.
template <bool kWide, typename Operand>
[[gnu::always_inline]] inline bool alu_short(uint8_t code, Scalar &dst, const Operand &src) {
  constexpr uint64_t kMost = kWide ? uint64_t{INT64_MAX} : uint64_t{INT32_MAX};
  constexpr unsigned kWidth = kWide ? 64 : 32;
  const uint64_t dst_min = dst.r64.umin, dst_max = dst.r64.umax, src_min = src.min(), src_max = src.max();
  // Bounds of halves that are the numbers follow from theirs; there are none of a sum or a product with one
  // of which nothing is known.
  const auto halves_follow = [&] {
    return !kWide || (dst_max <= INT32_MAX && src_max <= INT32_MAX) || dst.r32 == Range32() ||
           src.half() == Range32();
  };
  const bool are_positive = dst_max <= kMost && src_max <= kMost;
  // Of others: whether they leave nothing of either range, so that the bits say all.
  const auto is_unbounded = [&](auto operation) {
    return kWide && (dst.r32 == Range32() || src.half() == Range32()) &&
           operation(dst.r64, src.whole()) == Range64();
  };
  uint64_t low, high;
  Tnum bits;
  switch (code) {
  case KBPF_ALU_ADD:
    low = dst_min + src_min;
    high = dst_max + src_max;
    bits = add(dst.bits, src.bits());
    if (are_positive && high <= kMost && halves_follow())
      break;
    if (!is_unbounded([](const Range64 &a, const Range64 &b) { return add(a, b); }))
      return false;
    set_bits(dst, bits);
    return true;
  case KBPF_ALU_SUB:
    bits = subtract(dst.bits, src.bits());
    if (!are_positive || !halves_follow()) {
      if (!is_unbounded([](const Range64 &a, const Range64 &b) { return subtract(a, b); }))
        return false;
      set_bits(dst, bits);
      return true;
    }
    low = dst_min - src_max;
    high = dst_max - src_min;
    if (dst_min < src_max) {
      if (!kWide || dst_max < src_min || ~bits.mask != 0 || high - low <= kLowerHalf)
        return false;
      // An interval around 0, which says nothing in the other views.
      dst = {bits, Range64::of_signed(static_cast<int64_t>(low), static_cast<int64_t>(high)), {}};
      return true;
    }
    break;
  case KBPF_ALU_AND: { // that one of them is positive is enough
    low = 0;
    high = std::min(dst_max, src_max);
    if (high > kMost)
      return false;
    const uint64_t half = std::min(dst.r32.umax, src.half().umax);
    bits = bit_and(dst.bits, src.bits());
    if (high <= INT32_MAX)
      high = std::min(high, half);
    else if (!is_subset(range_of<uint32_t>(bits), bit_and(dst.r32, src.half())))
      return false;
    break;
  }
  case KBPF_ALU_OR:
    bits = bit_or(dst.bits, src.bits());
    low = std::max(dst_min, src_min);
    high = bits.max();
    if (!are_positive || (kWide && high > INT32_MAX &&
                          !is_subset(range_of<uint32_t>(bits), bit_or(dst.r32, src.half()))))
      return false;
    break;
  case KBPF_ALU_XOR:
    if (!kWide && !are_positive)
      return false;
    set_bits(dst, bit_xor(dst.bits, src.bits()));
    return true;
  case KBPF_ALU_MUL:
    if (!are_positive || !halves_follow()) {
      if (!is_unbounded([](const Range64 &a, const Range64 &b) { return multiply(a, b); }))
        return false;
      set_bits(dst, multiply(dst.bits, src.bits()));
      return true;
    }
    low = dst_min * src_min;
    if (__builtin_mul_overflow(dst_max, src_max, &high)) {
      set_bits(dst, multiply(dst.bits, src.bits()));
      return true;
    }
    if (high > kMost)
      return false;
    bits = multiply(dst.bits, src.bits());
    break;
  case KBPF_ALU_LSH: {
    const unsigned shift = static_cast<unsigned>(src_min);
    if (!src.is_shift(kWidth))
      return false;
    bits = shift_left(dst.bits, shift);
    // What is known of the lower half moves up in it.
    if (kWide && shift < 32 && dst.r32.umax <= UINT32_MAX >> shift && dst_max > uint64_t{INT32_MAX} >> shift)
      return false;
    if (dst_max > kMost >> shift) {
      if (!kWide || dst_max <= UINT64_MAX >> shift || shift == 32)
        return false;
      set_bits(dst, bits);
      return true;
    }
    low = dst_min << shift;
    high = dst_max << shift;
    break;
  }
  case KBPF_ALU_ARSH: // the same of one that is not negative
  case KBPF_ALU_RSH: {
    const unsigned shift = static_cast<unsigned>(src_min);
    if (!src.is_shift(kWidth) || (dst_max > kMost && (!kWide || code == KBPF_ALU_ARSH || shift == 0)))
      return false;
    bits = shift_right(dst.bits, shift);
    low = dst_min >> shift;
    high = dst_max >> shift;
    break;
  }
  default:
    return false;
  }
  const bool is_some = high <= INT32_MAX ? set_small(dst, bits, low, high) : set_wide(dst, bits, low, high);
  if (!is_some) // never, as operands are no empty sets
    dst = Scalar::unknown();
  return true;
}

// What alu_long() does most often.
Scalar add64(const Scalar &dst, const Scalar &src) {
  Scalar sum{add(dst.bits, src.bits), add(dst.r64, src.r64), add(dst.r32, src.r32)};
  return sum.normalise() ? sum : Scalar::unknown();
}

void alu_long64(uint8_t code, int16_t off, Scalar &dst, const Scalar &src) {
  if (loses_all(code) && (dst.is_unknown() || src.is_unknown())) {
    dst = Scalar::unknown();
    return;
  }
  if (code == KBPF_ALU_ADD) {
    dst = add64(dst, src);
    return;
  }
  Scalar result;
  result.bits = alu_bits(code, 64, dst.bits, src.bits);
  result.r64 = alu_range(code, off == 1, dst.r64, src.r64);
  // A shift by 32 moves the whole lower half up: the first step of extending a half without 32-bit
  // instructions.
  if (code == KBPF_ALU_LSH && src.is_constant(32)) {
    result.r64 = {uint64_t{dst.r32.umin} << 32, uint64_t{dst.r32.umax} << 32,
                  int64_t{dst.r32.smin} * (int64_t{1} << 32), int64_t{dst.r32.smax} * (int64_t{1} << 32)};
  }
  if (code == KBPF_ALU_LSH && src.r64.umax < 32)
    result.r32 = shift_left(dst.r32, src.r32);
  // Where operands and result are small, their halves say the same once more.
  if (is_modular(code) && !(is_small(dst) && is_small(src) && is_small(result)))
    result.r32 = alu_range(code, false, dst.r32, src.r32);
  dst = result.normalise() ? result : Scalar::unknown();
}

void alu_long32(uint8_t code, int16_t off, Scalar &dst, const Scalar &src) {
  const Tnum bits = alu_bits(code, 32, truncate(dst.bits, 32), truncate(src.bits, 32));
  const Range32 half = alu_range(code, off == 1, dst.r32, src.r32);
  if (is_subset(range_of<uint32_t>(bits), half)) {
    set_bits(dst, bits); // which say all
    return;
  }
  Scalar result{bits, {half.umin, half.umax, 0, UINT32_MAX}, half};
  dst = result.normalise() ? result : Scalar::unknown();
}

// src: of the type that alu_short() takes, and as a Scalar where the long way needs it.
template <typename Operand, typename ToScalar> [[gnu::always_inline]] inline void
alu_with(uint8_t code, bool is_64, int16_t off, Scalar &dst, const Operand &src, ToScalar to_scalar) {
  uint64_t word;
  if (dst.is_constant() && src.bits().is_constant() && alu_words(code, dst.value(), src.min(), word))
    dst = Scalar::constant(is_64 ? word : static_cast<uint32_t>(word));
  else if (is_64 ? alu_short<true>(code, dst, src) : alu_short<false>(code, dst, src))
    return;
  else if (const Scalar &operand = to_scalar(); may_shift_too_far(code, is_64 ? 64 : 32, operand.r64))
    dst = is_64 ? Scalar::unknown() : Scalar::zero_extended(32);
  else if (is_64)
    alu_long64(code, off, dst, operand);
  else
    alu_long32(code, off, dst, operand);
}

} // namespace

void alu(uint8_t code, bool is_64, int16_t off, Scalar &dst, const Scalar &src) {
  alu_with(code, is_64, off, dst, Number{src}, [&]() -> const Scalar & { return src; });
}

void alu(uint8_t code, bool is_64, int16_t off, Scalar &dst, uint64_t word) {
  alu_with(code, is_64, off, dst, Word{word}, [&] { return Scalar::constant(word); });
}

Scalar alu64(uint8_t code, int16_t off, const Scalar &dst, const Scalar &src) {
  if (code == KBPF_ALU_MOV)
    return off ? sign_extend(src, static_cast<unsigned>(off)) : src;
  Scalar result = dst;
  alu(code, true, off, result, src);
  return result;
}

Scalar alu32(uint8_t code, int16_t off, const Scalar &dst, const Scalar &src) {
  if (code == KBPF_ALU_MOV)
    return zero_extend(off ? sign_extend(src, static_cast<unsigned>(off)) : src, 32);
  Scalar result = dst;
  alu(code, false, off, result, src);
  return result;
}

} // namespace kbpf
