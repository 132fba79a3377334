// SPDX-License-Identifier: MIT OR Apache-2.0
// From an instruction of a linked program, as the verifier counts them, to its function, its line of C and
// what debug information knows there.
#pragma once
#include "bpfcc/debug_info.h"
#include "bpfcc/relocator/image.h"
#include "core/verifier/path.h"

namespace bpfcc {

class ProgramSource {
public:
  struct Place {
    const Function *function; // null: none
    uint32_t slot;            // from the section's start
  };

  ProgramSource(const Image &image, const Program &program) : image_(image), program_(program) {}

  Place place(uint32_t insn) const;
  // False: no line is known. Text and column where they are.
  bool locate(uint32_t insn, SourceLocation &where) const;
  // Names of the C source; empty where debug information has none.
  std::string_view function(uint32_t insn) const;               // that holds the instruction
  std::string_view variable(uint32_t insn, uint32_t reg) const; // in a register, before the instruction
  std::string_view stack_variable(uint32_t insn, int64_t offset) const;

private:
  const FunctionDebugInfo *debug_info(const Place &place) const;

  const Image &image_;
  const Program &program_;
};

} // namespace bpfcc
