// SPDX-License-Identifier: MIT OR Apache-2.0
// What planning decides and writing follows. Each BPF instruction is lowered once, into code that is complete
// but for its fixups: transfers of control, addresses and wide constants, which depend on distances.
#pragma once
#include "core/jit/rv64/emit.h"

namespace kbpf::rv64 {

// What a place in the code waits for. Transfers come in several sizes, for relaxation to choose; the code
// buffer holds room for the smallest.
enum class FixupKind : uint8_t {
  narrow_branch, // eq or ne with zero: it has a compressed form
  branch,
  jump,
  call,        // of a subprogram
  label,       // no code: the end
  native_call, // of the function whose address is a literal
  constant,    // a literal into a register
  function,    // the address of a subprogram into a register
};
enum class FixupForm : uint8_t {
  compressed, // c.beqz, c.bnez; c.j
  direct,     // branch; jal
  over_jump,  // a branch around a jal
  far,        // auipc and another, behind a branch where there is a condition
};

struct Fixup {
  uint32_t at = 0; // position in the code buffer
  uint32_t target =
      0; // BPF instruction; subprogram for call and function; literal for native_call and constant
  uint32_t growth =
      0; // bytes by which the fixups in front of this one have outgrown their room in the buffer
  FixupKind kind : 4 = FixupKind::label;
  FixupForm form : 4 = FixupForm::compressed;
  Condition condition : 3 = Condition::eq;
  Reg rs1 : 8 = zero; // constant, function: where it goes
  Reg rs2 : 8 = zero;
};
static_assert(sizeof(Fixup) == 16);

// Behind the code: 8 bytes each, in use where the value is no address near the code. One that is called is
// followed by a stub that jumps to it.
struct Literal {
  uint64_t value;
  uint32_t offset; // in the final code
  bool is_called;
};
constexpr uint32_t kStubSize = 16;

// A constant that is in a register throughout a function.
struct HeldConstant {
  uint64_t value;
  Reg reg;
};
constexpr unsigned kMaxConstants = 8;

// Which native registers BPF's are in, and the operands of an instruction, by its regs byte, as fields of a
// RISC-V instruction: dst as rd and rs1, src as rs2. What lies below the fields are flags.
struct Assignment {
  static constexpr uint32_t kNarrow = Emitter::kNarrowField; // compressed forms can name both
  static constexpr uint32_t kFramePointer = 2;               // one of them is r10, or no register
  static constexpr uint32_t kRd = 31 << 7, kRs1 = 31 << 15, kRs2 = 31 << 20;
  Reg registers[KBPF_REG_COUNT]; // r10: unused
  uint32_t fields[256];
};
extern const Assignment kLeafAssignment, kCallingAssignment; // scan.cpp

// Native registers and stack frame of one subprogram:
//   sp + frame_size   the caller's frame
//                     saved registers: ra, s1 ..
//                     nothing, for alignment
//   sp + bpf_stack    what r10 is: a constant distance from sp, so that it needs no register
//   sp                the subprogram's BPF stack
// s0 is left alone: a walk along frame pointers from inside a helper goes on at the caller of the whole
// program. s11 holds how many tail calls are left, in a run whose first program makes some.
struct Layout {
  const Assignment *assignment;
  uint32_t bpf_stack;     // bytes
  uint32_t frame_size;    // bytes, a multiple of 16; 0: no frame at all
  uint8_t saved_count;    // of s1, s2, ..: those that hold r6 up to the highest one used
  uint8_t constant_count; // of constants; in a function that calls, their registers are saved, too
  HeldConstant constants[kMaxConstants];
  bool saves_ra;
  bool is_called_from_outside; // as entry or callback, with the standard convention
  bool clears_stack;           // bpf_stack bytes, in the prologue
  Reg may_gotos;               // holds how many may_gotos are left; zero: the function has none
  uint32_t last_exit;          // instruction whose code is the epilogue
  uint32_t start;              // of the prologue, in the code buffer
  uint32_t fixups_before;      // the prologue
};

constexpr unsigned saved_bytes(const Layout &layout) {
  unsigned others = layout.saved_count + layout.constant_count + (layout.may_gotos != zero);
  return layout.saves_ra ? 8 * (1 + others) : 0;
}

// Whether the call is one that the code makes itself: a profile may have a helper of that number.
inline bool is_tail_call(const Insn &insn, const Environment *environment) {
  return insn.is_tail_call() && environment && environment->prog_array &&
         !environment->helper(KBPF_HELPER_TAIL_CALL);
}

// One word for each instruction: until it is lowered, what the analyses found about it; then, where its code
// begins in the code buffer.
namespace mark {
constexpr uint32_t kUndemanded = 0x7ff;  // one bit a register: nobody reads its upper half from here on
constexpr uint32_t kIsTarget = 1u << 27; // code goes here that is no jump: an exit, a tail call that fails
constexpr uint32_t kUpperHalfUnused = 1u << 28; // of the result: see demand.cpp
constexpr uint32_t kLeader = 1u << 29;          // a jump goes here, or a subprogram begins
constexpr uint32_t kReachable = 1u << 30;
constexpr uint32_t kMayFault = 1u << 31;
} // namespace mark

struct Plan {
  VerifiedProgram program;
  JitOptions options;
  std::span<Layout> layouts = {};         // one a subprogram
  std::span<uint32_t> marks = {};         // see mark; one more for the end
  std::span<uint32_t> offsets = {};       // the same words, after lowering
  std::span<uint32_t> fixups_before = {}; // instructions that code goes to; one more for the end
  CodeBuffer code = {};
  std::span<Fixup> fixups = {}; // by ascending position; the last one is a label at the end
  std::span<Literal> literals = {};
  std::span<FaultEntry> faults = {};
  bool makes_tail_calls = false;
  uint32_t literals_offset = 0; // in the final code: where its instructions end
  uint32_t size = 0;            // bytes of the final code, literals included
};

// The first look: registers, stack and marks; allocates the arrays.
// Errors: not_supported (malformed control flow), too_big, no_memory.
Result<void> scan(Plan &plan, Arena &arena);

// Repeats the walk of scan() that finds unused upper halves, where jumps backward leave it more to find:
// there are none from instruction `end` on.
void find_undemanded(Plan &plan, size_t end);

// Grows each transfer from its smallest form until all of them reach, and sets every growth. Error: too_big.
Result<void> relax(Plan &plan);

// Where a transfer goes: in the code buffer, and how many fixups are in front.
struct Place {
  uint32_t position, fixups_before;
};
inline Place place_of_target(const Plan &plan, const Fixup &fixup) {
  if (fixup.kind == FixupKind::call || fixup.kind == FixupKind::function) [[unlikely]]
    return {plan.layouts[fixup.target].start, plan.layouts[fixup.target].fixups_before};
  return {plan.offsets[fixup.target], plan.fixups_before[fixup.target]};
}

// In the final code, once relaxed.
inline int64_t target_offset(const Plan &plan, const Fixup &fixup) {
  Place place = place_of_target(plan, fixup);
  return int64_t{place.position} + plan.fixups[place.fixups_before].growth;
}

// The final offset of a position in the code buffer.
uint32_t final_offset(const Plan &plan, uint32_t position);

// Bytes of each form, by kind.
constexpr uint8_t kFixupSizes[][4] = {
    {2, 4, 8, 12}, // narrow_branch
    {4, 4, 8, 12}, // branch
    {2, 4, 8, 8},  // jump
    {4, 4, 8, 8},  // call
    {0, 0, 0, 0},  // label
    {8, 8, 8, 8},  // native_call
    {8, 8, 8, 8},  // constant
    {8, 8, 8, 8},  // function
};
constexpr unsigned fixup_size(FixupKind kind, FixupForm form) {
  return kFixupSizes[static_cast<uint8_t>(kind)][static_cast<uint8_t>(form)];
}
constexpr unsigned smallest_size(FixupKind kind) { return fixup_size(kind, FixupForm::compressed); }
// That lowering starts a transfer with.
constexpr FixupForm smallest_form(FixupKind kind) {
  bool has_compressed = kind == FixupKind::narrow_branch || kind == FixupKind::jump;
  return has_compressed ? FixupForm::compressed : FixupForm::direct;
}

} // namespace kbpf::rv64
