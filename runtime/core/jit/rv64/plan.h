// SPDX-License-Identifier: MIT OR Apache-2.0
// What planning decides and writing follows. Each BPF instruction is lowered once, into code that is complete
// but for its fixups: transfers of control, addresses and wide constants, which depend on distances.
#pragma once
#include "core/jit/rv64/emit.h"
#include <array>

namespace kbpf::rv64 {

// What a place in the code waits for. Transfers come in several sizes, for relaxation to choose; lowering
// begins with the smallest that may reach, and the code buffer holds room for that one. In it is the
// instruction without its distance: of a transfer in its direct form, or the compressed one.
enum class FixupKind : uint8_t {
  narrow_branch, // eq or ne with zero: it has a compressed form
  branch,
  jump,
  call,        // of a subprogram
  label,       // no code: the end
  native_call, // of a callee
  constant,    // of 8 bytes into a register
  function,    // the address of a subprogram into a register
};
enum class FixupForm : uint8_t {
  compressed, // c.beqz, c.bnez; c.j
  direct,     // branch; jal
  over_jump,  // a branch around a jal
  far,        // auipc and another, behind a branch where there is a condition
};

constexpr uint32_t kMaxTargets = 1u << 24; // instructions, subprograms, constants, callees

struct Fixup {
  uint32_t at;        // position in the code buffer
  uint32_t growth;    // bytes by which the fixups in front of this one have outgrown their room in the buffer
  int32_t distance;   // of a transfer, once relaxed: from its own start to where it goes
  uint32_t shape : 6; // shape_of(kind, form)
  uint32_t room_form : 2;
  uint32_t target : 24; // BPF instruction; subprogram for call and function; number of the constant or callee

  FixupKind kind() const { return static_cast<FixupKind>(shape & 15); }
  FixupForm form() const { return static_cast<FixupForm>(shape >> 4); }
  FixupForm room() const { return static_cast<FixupForm>(room_form); } // that there is room for in the buffer
};
static_assert(sizeof(Fixup) == 16);
constexpr uint32_t shape_of(FixupKind kind, FixupForm form) {
  return static_cast<uint32_t>(kind) | static_cast<uint32_t>(form) << 4;
}

// What is behind the code, in use where the value is no address near the code: constants of 8 bytes, then
// functions that are called, each followed by a stub that jumps to it.
constexpr uint32_t kConstantSize = 8, kCalleeSize = 8 + 16;

// A constant that is in a register throughout a function.
struct HeldConstant {
  uint64_t value;
  Reg reg;
};
constexpr unsigned kMaxConstants = 8;

// Which native registers BPF's are in, and the operands of an instruction, by its regs byte, as fields of a
// RISC-V instruction: dst as rd and rs1, src as rs2. What lies below the fields are flags.
constexpr Reg kResult = a5; // r0, in every function
struct Assignment {
  static constexpr uint32_t kNarrow = Emitter::kNarrowField; // compressed forms can name both
  static constexpr uint32_t kFramePointer = 2;               // one of them is r10, or no register
  static constexpr uint32_t kRd = 31 << 7, kRs1 = 31 << 15, kRs2 = 31 << 20;
  Reg registers[KBPF_REG_COUNT]; // r10: unused
  uint32_t fields[256];
  uint16_t moves[256]; // c.mv from src to dst; 0: one of them is r10, or both are the same
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
constexpr uint32_t kUndemanded = 0x7ff; // one bit a register: nobody reads its upper half from here on
constexpr uint32_t kUpperHalfUnused = 1u << 27; // of the result: see demand.h
constexpr uint32_t kIsTarget = 1u << 28; // code goes here that is no jump: an exit, a tail call that fails
constexpr uint32_t kLeader = 1u << 29;   // a jump goes here, or a subprogram begins
constexpr uint32_t kMayFault = 1u << 30;
constexpr uint32_t kReachable = 1u << 31;
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
  std::span<uint64_t> constants = {}, callees = {};
  std::span<FaultEntry> faults = {};
  bool makes_tail_calls = false;
  uint32_t constants_offset = 0; // in the final code: where its instructions end
  uint32_t callees_offset = 0;
  uint32_t size = 0; // bytes of the final code, with what is behind it
};

// The first look: registers, stack and marks; allocates the arrays.
// Errors: not_supported (malformed control flow), too_big, no_memory.
Result<void> scan(Plan &plan, Arena &arena);

// Keeps the compiler from computing a pointer anew, or having several instead of it, in a loop that has the
// registers to keep it.
template <typename T> [[gnu::always_inline]] inline void forget(T *&pointer) { asm("" : "+r"(pointer)); }

// Grows transfers until all of them reach, and sets every growth and distance. Error: too_big.
Result<void> relax(Plan &plan);

// Where a transfer goes: in the code buffer, and how many fixups are in front.
struct Place {
  uint32_t position, fixups_before;
};
inline Place place_of_target(const Plan &plan, const Fixup &fixup) {
  if (fixup.kind() == FixupKind::call || fixup.kind() == FixupKind::function) [[unlikely]]
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
inline unsigned room_size(const Fixup &fixup) { return fixup_size(fixup.kind(), fixup.room()); }
inline unsigned final_size(const Fixup &fixup) { return fixup_size(fixup.kind(), fixup.form()); }

constexpr bool is_branch(FixupKind kind) { return kind <= FixupKind::branch; }
constexpr bool is_transfer(FixupKind kind) { return kind <= FixupKind::call; }
constexpr FixupForm smallest_form(FixupKind kind) {
  bool has_compressed = kind == FixupKind::narrow_branch || kind == FixupKind::jump;
  return has_compressed ? FixupForm::compressed : FixupForm::direct;
}
constexpr FixupForm next_form(FixupKind kind, FixupForm form) {
  if (form == FixupForm::direct && !is_branch(kind))
    return FixupForm::far;
  return static_cast<FixupForm>(static_cast<uint8_t>(form) + 1);
}

constexpr uint32_t kMaxCode = 1u << 30; // bytes

// How far a transfer reaches: distances from -back on, length of them.
struct Reach {
  uint32_t back, length;
  // slack: by so much the distance may still change.
  constexpr bool has(int64_t distance, int64_t slack = 0) const {
    return distance - slack >= -int64_t{back} && distance + slack < int64_t{length} - back;
  }
};
constexpr Reach reach_of(FixupKind kind, FixupForm form) {
  // Bits of the distance, sign included; 32: anywhere.
  constexpr uint8_t kBits[][4] = {
      {9, 13, 21, 32},  // narrow_branch
      {13, 13, 21, 32}, // branch
      {12, 21, 32, 32}, // jump
      {21, 21, 32, 32}, // call
  };
  uint32_t half = 1u << (kBits[static_cast<uint8_t>(kind)][static_cast<uint8_t>(form)] - 1);
  // The jump is behind the branch, 4 bytes nearer to what lies ahead.
  uint32_t back = form == FixupForm::over_jump ? half - 4 : half;
  return {back, half == 1u << 31 ? UINT32_MAX : 2 * half};
}
inline constexpr auto kReaches = [] {
  std::array<Reach, 64> all{}; // by shape
  for (unsigned form = 0; form < 4; form++)
    for (unsigned kind = 0; kind <= static_cast<unsigned>(FixupKind::call); kind++)
      all[shape_of(static_cast<FixupKind>(kind), static_cast<FixupForm>(form))] =
          reach_of(static_cast<FixupKind>(kind), static_cast<FixupForm>(form));
  return all;
}();

} // namespace kbpf::rv64
