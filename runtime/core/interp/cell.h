// SPDX-License-Identifier: MIT OR Apache-2.0
// What the interpreter runs: a program's instructions, each translated once into a cell with the address of
// the function that does it. The register that an instruction writes is part of that function, so that only
// the other operand has to be looked up.
#pragma once
#include "core/interp/interp.h"

namespace kbpf {

struct Execution;
struct Cell;

// Does the instruction of a cell and all that follow; returns r0 at the end.
using CellHandler = uint64_t (*)(const Cell *cell, Execution *x);

struct Cell {
  CellHandler handler;
  union {
    struct {
      int16_t off;  // of memory, bytes; of a jump, cells; the first operand's register where there are three
      uint16_t src; // register, as its offset in bytes
      int32_t imm;
    };
    uint64_t value; // of ld_imm64; address of a helper
  };
};
static_assert(sizeof(Cell) == 16);

struct InterpreterCode {
  const VerifiedProgram *program;
  const Environment *environment;
  const Cell *cells; // one an instruction
};

// The handler of an instruction's opcode and dst (at most r10), null where there is none.
CellHandler handler_of(const Insn &insn);
// Of a move of registers and the operation on its result, or a branch and the jump that it steps over, in
// one; null where they don't go together. The registers of first are at most r10.
CellHandler handler_of_pair(const Insn &first, const Insn &second);
// Of the addition of a constant and a branch on its result, in one, whose second cell is what it is without;
// is_pair: it is one of a pair with the jump behind it. Null where they don't go together. The registers are
// at most r10.
CellHandler handler_of_count(const Insn &addition, const Insn &branch, bool is_pair);
// Others that the translation decides on.
extern const CellHandler kNotAnInstruction, kCallHelper, kCallSubprogram, kTailCall, kFunctionAddress,
    kFaultableLoad;

} // namespace kbpf
