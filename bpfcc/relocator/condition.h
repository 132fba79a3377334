// SPDX-License-Identifier: MIT OR Apache-2.0
// The condition of C that a conditional jump was made from, as far as its line tells, and whether it is true
// where the jump went one way. Compilers turn comparisons round, so nothing is said where that is not sure.
#pragma once
#include "core/isa/insn.h"
#include "core/verifier/state.h"
#include <optional>
#include <string>
#include <string_view>

namespace bpfcc {

enum class Relation : uint8_t { equal, not_equal, less, less_equal, greater, greater_equal };

struct Condition {
  std::string text;                 // "index > 16"
  std::string left, right;          // of a comparison
  std::optional<Relation> relation; // none: `left` is compared with 0
  bool is_negated = false;          // "!value"
  bool is_loop = false;             // of for or while
};

// The innermost operand of a condition at a column, from 1, of a line. Nothing: there is none on that line.
std::optional<Condition> condition_at(std::string_view line, unsigned column);

// A conditional jump that was decided: what it compares, behind it.
struct DecidedJump {
  kbpf::Insn insn;
  bool taken;
  const kbpf::Value &dst, &src;        // src: of a register
  std::string_view dst_name, src_name; // variables in these registers; empty: not known
};
// Nothing: it can't be told.
std::optional<bool> truth_of(const Condition &condition, const DecidedJump &jump);

} // namespace bpfcc
