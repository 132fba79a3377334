// SPDX-License-Identifier: MIT OR Apache-2.0
// All that is known of a 64-bit number: its bits, its range, and the range of its lower half. The three views
// narrow one another (normalise). A Scalar stands for a set of words; operations return supersets of the
// exact results.
#pragma once
#include "abi/insn.h"
#include "core/verifier/range.h"
#include "core/verifier/tnum.h"

namespace kbpf {

using Range64 = Range<uint64_t>;
using Range32 = Range<uint32_t>;

struct Scalar {
  Tnum bits = Tnum::unknown();
  Range64 r64;
  Range32 r32; // of the lower half

  static Scalar unknown() { return {}; }
  static Scalar constant(uint64_t word) {
    return {Tnum::constant(word), Range64::constant(word), Range32::constant(static_cast<uint32_t>(word))};
  }
  static Scalar zero_extended(unsigned width); // any number of that many bits, as a load of them gives
  static Scalar sign_extended(unsigned width);

  bool is_constant() const { return bits.is_constant(); }
  bool is_constant(uint64_t word) const { return bits.is_constant() && bits.value == word; }
  uint64_t value() const { return bits.value; } // only where is_constant()
  bool is_unknown() const { return ~bits.mask == 0 && *this == Scalar(); }
  bool contains(uint64_t word) const {
    return bits.contains(word) && r64.contains(word) && r32.contains(static_cast<uint32_t>(word));
  }
  bool operator==(const Scalar &) const = default;

  // Lets each view narrow the others. False: the set is empty, and the Scalar without meaning.
  [[nodiscard]] bool normalise();
};

// Whether every word of inner is known to be in outer; compares view by view.
bool is_subset(const Scalar &inner, const Scalar &outer);

// What an operation (KBPF_ALU_*) makes of two words. False: of one that alu() is to be asked for.
inline bool alu_words(uint8_t code, uint64_t dst, uint64_t src, uint64_t &result) {
  switch (code) {
  case KBPF_ALU_ADD:
    result = dst + src;
    return true;
  case KBPF_ALU_SUB:
    result = dst - src;
    return true;
  case KBPF_ALU_MUL:
    result = dst * src;
    return true;
  case KBPF_ALU_OR:
    result = dst | src;
    return true;
  case KBPF_ALU_AND:
    result = dst & src;
    return true;
  case KBPF_ALU_XOR:
    result = dst ^ src;
    return true;
  default:
    return false;
  }
}

// dst op= src. code: KBPF_ALU_*, off: as in the instruction (signed division, sign-extending move). Byte
// swaps: below. The 32-bit form works on lower halves and zero-extends.
Scalar alu64(uint8_t code, int16_t off, const Scalar &dst, const Scalar &src);
Scalar alu32(uint8_t code, int16_t off, const Scalar &dst, const Scalar &src);
// The same in place, at less cost; by a constant, too. Not for moves.
void alu(uint8_t code, bool is_64, int16_t off, Scalar &dst, const Scalar &src);
void alu(uint8_t code, bool is_64, int16_t off, Scalar &dst, uint64_t word);
// Byte order conversions. swap: false for le on this little-endian machine, which only truncates.
Scalar byte_order(const Scalar &a, bool swap, unsigned width);
Scalar sign_extend(const Scalar &a, unsigned width);
Scalar zero_extend(const Scalar &a, unsigned width);

// Whether "a code b" (code: KBPF_JMP_J*) is true.
inline bool holds(uint8_t code, bool is_64, uint64_t a, uint64_t b) {
  if (!is_64) { // the order of signed halves is that of their sign extensions
    a = static_cast<uint64_t>(int64_t{static_cast<int32_t>(a)});
    b = static_cast<uint64_t>(int64_t{static_cast<int32_t>(b)});
  }
  const int64_t signed_a = static_cast<int64_t>(a), signed_b = static_cast<int64_t>(b);
  switch (code) {
  case KBPF_JMP_JEQ:
    return a == b;
  case KBPF_JMP_JNE:
    return a != b;
  case KBPF_JMP_JSET:
    return (a & b & (is_64 ? ~uint64_t{0} : uint64_t{UINT32_MAX})) != 0;
  case KBPF_JMP_JGT:
    return a > b;
  case KBPF_JMP_JGE:
    return a >= b;
  case KBPF_JMP_JLT:
    return a < b;
  case KBPF_JMP_JLE:
    return a <= b;
  case KBPF_JMP_JSGT:
    return signed_a > signed_b;
  case KBPF_JMP_JSGE:
    return signed_a >= signed_b;
  case KBPF_JMP_JSLT:
    return signed_a < signed_b;
  default: // JSLE
    return signed_a <= signed_b;
  }
}
// Whether "a code b" is certainly true of some words in a, and false of others; false: that takes a closer
// look.
bool goes_both_ways(uint8_t code, bool is_64, const Scalar &a, uint64_t b);
// Narrows both operands by the truth of "dst code src" (code: KBPF_JMP_J*, a comparison or JSET) at 64 or 32
// bits. False: it cannot be true; the operands are then without meaning.
[[nodiscard]] bool assume(uint8_t code, bool is_64, Scalar &dst, Scalar &src);
// The same, for its being false.
[[nodiscard]] bool assume_not(uint8_t code, bool is_64, Scalar &dst, Scalar &src);
// Either, as `holds` says, for a comparison with a word, at less cost.
[[nodiscard]] bool assume(uint8_t code, bool is_64, bool holds, Scalar &dst, uint64_t word);

} // namespace kbpf
