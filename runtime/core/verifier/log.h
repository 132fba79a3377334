// SPDX-License-Identifier: MIT OR Apache-2.0
// What the verifier tells of its walk: nothing but a refusal (level 0), the path that led to it, with the
// lines of C, what branches taught, and the state that is refused (1), or everything (2); and what it took.
#pragma once
#include "core/base/text.h"
#include "core/verifier/path.h"
#include "core/verifier/state.h"
#include "core/verifier/verifier.h"

namespace kbpf {

class Log final : public PathObserver {
public:
  Log(const VerifyOptions &options, const RawProgram &program)
      : options_(options), sink_(options.log), level_(options.log ? options.log_level : 0),
        insns_(program.insns) {}

  bool wants_path() const { return level_ == 1; }
  bool wants_everything() const { return level_ >= 2; }

  void walked(const State &state); // with the registers that hold something
  // The length of a literal is known here; as a string_view it would be counted each time.
  template <size_t kSize> void note(const char (&format)[kSize], uint32_t insn) {
    if (wants_everything()) [[unlikely]]
      print(*sink_, std::string_view(format, kSize - 1), insn);
  }

  // The path to a refusal; of a long one the beginning and the end.
  void begin(uint32_t length) override;
  void instruction(const State &state) override;
  void step(const PathStep &step, const State &state) override;
  void path_was_told(bool to_its_end);

  void refusal(const Rejection &rejection); // one line
  // In Linux's words. limit: instructions that might have been processed; start: by options.time_ns.
  void statistics(const VerifyStats &stats, uint32_t limit, std::span<const Subprogram> subprograms,
                  uint64_t start);

private:
  static constexpr uint32_t kShownFirst = 128, kShownLast = 1024; // instructions of a path

  bool is_shown(uint32_t number) const { return number < kShownFirst || number + kShownLast >= path_length_; }
  void registers(const State &state);
  void stack(const State &state);
  void code_line(uint32_t insn);
  void value_of(const State &state, unsigned reg);
  void operand(const State &state, const Insn &insn, unsigned reg);

  const VerifyOptions &options_;
  TextSink *sink_;
  uint32_t level_;
  std::span<const Insn> insns_;
  uint32_t path_length_ = 0;
  SourceLine line_{}; // the last one that was shown
};

void print_value(TextSink &sink, const Value &value);

} // namespace kbpf
