// SPDX-License-Identifier: MIT OR Apache-2.0
// From an instruction of a linked program, as the verifier counts them, to its function, its line of C and
// what debug information knows there.
#pragma once
#include "bpfcc/debug_info.h"
#include "bpfcc/relocator/image.h"
#include "core/verifier/path.h"
#include "core/verifier/state.h"
#include <optional>
#include <string>

namespace bpfcc {

// A variable, on the stack or of a data section.
struct NamedMemory {
  std::string name;
  int64_t begin;         // as the pointer's offsets are: from r10, or from the section's start
  uint64_t size;         // bytes, as declared
  uint64_t element_size; // 0: no array
};

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
  // What the source declares at the place that a pointer points to, or begins to where it varies; none: not
  // known, or nothing of a name of its own.
  std::optional<NamedMemory> memory(uint32_t insn, const kbpf::Value &pointer) const;

private:
  const FunctionDebugInfo *debug_info(const Place &place) const;
  std::optional<NamedMemory> global(uint32_t map, int64_t offset) const;

  const Image &image_;
  const Program &program_;
};

} // namespace bpfcc
