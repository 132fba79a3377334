// SPDX-License-Identifier: MIT OR Apache-2.0
// What planning decides and lowering reads: where each BPF instruction's code begins, the form of each
// transfer of control, and each subprogram's registers and frame.
#pragma once
#include "core/jit/rv64/emit.h"

namespace kbpf::rv64 {

// Transfers that lowering leaves to relaxation, and the sizes they come in.
enum class TransferKind : uint8_t { narrow_branch, branch, jump, call };
enum class TransferForm : uint8_t {
  compressed, // c.beqz, c.bnez; c.j
  direct,     // branch; jal
  over_jump,  // a branch around a jal
  far,        // auipc and jalr, behind a branch where there is a condition
};

struct Transfer {
  uint32_t insn;   // BPF instruction that it belongs to
  uint32_t target; // BPF instruction that it goes to
  uint16_t at;     // bytes of that instruction's code in front of it
  TransferKind kind;
  TransferForm form;
};

// A constant that is in a register throughout a function.
struct HeldConstant {
  uint64_t value;
  Reg reg;
};
constexpr unsigned kMaxConstants = 8;

// Native registers and stack frame of one subprogram:
//   sp + frame_size   the caller's frame
//                     saved registers: ra, s1 ..
//   sp + bpf_stack    what r10 is: a constant distance from sp, so that it needs no register
//   sp                the subprogram's BPF stack
// s0 is left alone: a walk along frame pointers from inside a helper goes on at the caller of the whole
// program.
struct Layout {
  Reg registers[KBPF_REG_COUNT]; // r10: unused
  uint16_t bpf_stack;            // bytes
  uint16_t frame_size;           // bytes, a multiple of 16; 0: no frame at all
  uint16_t prologue_size;        // bytes of code in front of the first instruction's
  uint8_t saved_count;           // of s1, s2, ..: those that hold r6 up to the highest one used
  uint8_t constant_count;        // of constants; in a function that calls, their registers are saved, too
  HeldConstant constants[kMaxConstants];
  bool saves_ra;
  bool is_entry;      // called from outside, with the standard convention
  uint32_t last_exit; // instruction whose code is the epilogue
};

// At most: sp, ra, the saved registers, and constants of up to eight instructions.
constexpr unsigned kMaxPrologue = (6 + kMaxConstants) * 4 + kMaxConstants * 8 * 4;

struct Plan {
  VerifiedProgram program;
  JitOptions options;
  std::span<Layout> layouts = {};         // one a subprogram
  std::span<uint64_t> leaders = {};       // one bit an instruction: a jump goes there, or a subprogram begins
  std::span<uint32_t> offsets = {};       // of each instruction's code; one more for the end
  std::span<uint16_t> sizes = {};         // of each instruction's code, in bytes
  std::span<bool> upper_half_unused = {}; // of each instruction's result: see demand.cpp
  std::span<Transfer> transfers = {};     // in order of their instructions
  std::span<FaultEntry> faults = {};

  bool is_leader(uint32_t insn) const { return leaders[insn / 64] >> (insn % 64) & 1; }
};

// True where a constant is within reach of auipc from every place of the region.
bool is_near(CodeRegion region, uint64_t address);

// Finds transfers' targets, leaders, layouts, and how many transfers and faults there are; allocates their
// arrays. Errors: not_supported (malformed control flow), too_big, no_memory.
Result<void> scan(Plan &plan, Arena &arena);

// Fills upper_half_unused. Working memory is given back. Error: no_memory.
Result<void> find_undemanded(Plan &plan, Arena &arena);

// Grows each transfer from its smallest form until all of them reach, and sets the offsets.
// Error: too_big.
Result<void> relax(Plan &plan);

unsigned transfer_size(TransferKind kind, TransferForm form);

} // namespace kbpf::rv64
