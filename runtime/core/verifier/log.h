// SPDX-License-Identifier: MIT OR Apache-2.0
// The verifier's trail as text: registers, instructions, the path that led to a refusal.
#pragma once
#include "core/base/arena.h"
#include "core/verifier/state.h"
#include "core/verifier/verifier.h"

namespace kbpf {

// A branch that a path took; a path is a list of them, shared with the paths that it parted from.
struct PathStep {
  const PathStep *previous;
  uint32_t from, to; // instructions
};

class Log {
public:
  Log(const VerifyOptions &options, std::span<const Insn> insns)
      : sink_(options.log), level_(options.log ? options.log_level : 0), insns_(insns) {}

  bool wants_path() const { return level_ >= 1; }
  bool wants_everything() const { return level_ >= 2; }

  void instruction(const State &state);         // with the registers that hold something
  void path_is_lost() { path_is_lost_ = true; } // it was too long to keep
  void note(std::string_view format, uint32_t insn);
  // One line, and at level 1 and above the path and the registers.
  void refusal(const Rejection &rejection, const State *state);
  void success(const VerifyStats &stats);

private:
  void path(const State &state);
  void registers(const State &state);
  void code(uint32_t first, uint32_t last);
  void code_line(uint32_t insn);

  TextSink *sink_;
  uint32_t level_;
  bool path_is_lost_ = false;
  std::span<const Insn> insns_;
};

void print_value(TextSink &sink, const Value &value);

} // namespace kbpf
