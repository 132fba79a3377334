// SPDX-License-Identifier: MIT OR Apache-2.0
// The table that every engine must agree with: each opcode in each operand form, over boundary values. A case
// is a small program around one tested instruction; what it must compute comes from an oracle that is written
// in the arithmetic of the host's own C++ compiler and shares nothing with the engines.
#pragma once
#include "core/isa/insn.h"
#include <cstddef>
#include <span>

namespace kbpf {

// What the program's context points to: the operands, and room for what it stores.
struct CaseMemory {
  uint64_t a, b;   // operands: the tested instruction's dst and src
  uint64_t cell;   // what loads, stores and atomics touch
  uint64_t beside; // an unaligned access at cell reaches into it
  uint64_t source; // atomics: src afterwards
};
constexpr int kCellOffset = offsetof(CaseMemory, cell);
constexpr int kSourceOffset = offsetof(CaseMemory, source);

struct EngineCase {
  char name[64];
  Insn insns[16];
  size_t count;
  Insn tested;
  uint64_t constant; // of ld_imm64
};

// Calls visit for each case.
void for_each_case(void (*visit)(const EngineCase &, void *user), void *user);

// Values of a and b that a case is run with; a case that ignores b is run with one.
std::span<const uint64_t> operand_values();
bool uses_b(const EngineCase &);

// r0 after the program of a case, which changes memory to what it must then be.
uint64_t expected_result(const EngineCase &, CaseMemory &memory);

} // namespace kbpf
