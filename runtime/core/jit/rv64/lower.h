// SPDX-License-Identifier: MIT OR Apache-2.0
// Translates BPF instructions, one after the other, into calls of the emitter. What depends on where the code
// or its parts will be is left to fixups in the plan.
#pragma once
#include "core/isa/insn.h"
#include "core/jit/rv64/plan.h"
#include <array>
#include <optional>

namespace kbpf::rv64 {

class Lowering {
public:
  Lowering(Plan &plan, Emitter &emitter)
      : plan_(plan), emit_(emitter), insns_(plan.program.insns()), facts_(plan.program.facts().data()),
        marks_(plan.marks.data()), fixups_before_(plan.fixups_before.data()) {}

  // Fills the plan's code, offsets, fixups, literals and faults (whose offsets are those of the code buffer).
  // Errors: not_supported, no_memory.
  Result<void> run();

private:
  // What is known of a BPF register's upper half; both may hold.
  struct Extension {
    bool zero; // it is zero
    bool sign; // it repeats bit 31
  };
  // Where a load or store goes: a native register and an offset that fits its 12 bits.
  struct Address {
    Reg base;
    int32_t offset;
  };

  void refuse() { refused_ = true; } // the program: what is lowered from now on is in vain

  // Lowers one instruction. source: the BPF register that stands for dst as first operand. One function for
  // each opcode, so that every question about it is answered when the JIT is compiled; by opcode >> 3, in an
  // array for each class.
  using Handler = void (*)(Lowering &self, Insn insn, uint8_t source);
  using Handlers = std::array<Handler, 32>;
  static const Handlers kLd, kLdx, kSt, kStx, kAlu, kJmp, kJmp32, kAlu64;
  template <uint8_t opcode> static void lower_alu(Lowering &self, Insn insn, uint8_t source);
  template <uint8_t opcode> static void lower_load(Lowering &self, Insn insn, uint8_t);
  template <uint8_t opcode> static void lower_store(Lowering &self, Insn insn, uint8_t);
  template <uint8_t opcode> static void lower_jump(Lowering &self, Insn insn, uint8_t);
  template <uint8_t opcode> static void lower_wide(Lowering &self, Insn insn, uint8_t);

  // rotate.cpp
  struct Rotation {
    uint8_t x, dst; // dst = x rotated
    uint8_t right;  // by so many bits
    bool is64;
    Insn left_over; // the shift whose register is not dst
    uint32_t insns; // that make it, from this one on
  };
  std::optional<Rotation> find_rotation() const;
  bool is_overwritten(uint8_t reg, size_t index) const;
  void rotate(const Rotation &rotation);

  // control.cpp
  void enter_subprogram(size_t number);
  void load_wide(const Insn &insn);
  void jump(const Insn &insn);
  void count_tail_calls();
  void prologue();
  void clear_stack();
  void leave_frame();
  void epilogue();
  template <typename Visit> void for_each_saved(Visit visit) const; // visit(Reg, offset from the caller's
                                                                    // frame) number of slots that it took
  void move_or_more(const Insn &move); // of a register, and the instruction behind it where they fuse
  void lower_call(const Insn &insn);
  void lower_tail_call();
  void lower_may_goto(const Insn &insn, uint32_t target);
  void call_function(uint64_t target);
  void call_by_number(Reg number);
  void lower_packet_load(const Insn &insn);
  void lower_exit();
  void lower_goto(uint32_t target);
  void lower_branch(const Insn &insn, uint32_t target,
                    bool inverted); // inverted: jump where it would not
  bool skips_goto(uint32_t index) const;
  uint32_t jump_target(uint32_t index) const;
  void transfer(FixupKind kind, uint32_t target, Condition condition, Reg rs1, Reg rs2);
  void add_fixup(const Fixup &fixup);
  uint32_t add_literal(uint64_t value);
  // Within the code of one BPF instruction: branches forward to where bind() puts the label.
  size_t branch_forward(Condition condition, Reg rs1, Reg rs2);
  void bind(size_t branch);
  bool is_next(uint32_t target) const; // nothing lies between this instruction and target
  void branch_to(uint32_t target, Condition condition, Reg rs1, Reg rs2);
  uint32_t subprogram_at(uint32_t first) const; // its number

  // alu.cpp. source: the BPF register that stands for dst as first operand.
  void alu(const Insn &insn, uint8_t source);
  void alu_with_long_operand(Insn insn, uint8_t source);
  void add(const Insn &insn, uint8_t source);
  void multiply(const Insn &insn, uint8_t source);
  void bitwise(const Insn &insn, uint8_t source);
  void shift(const Insn &insn, uint8_t source);
  void divide(const Insn &insn, uint8_t source);
  void move(const Insn &insn);
  void convert_endianness(const Insn &insn);
  void swap_groups(Reg rd, unsigned shift, uint64_t mask);
  void swap_bytes_16(Reg rd);
  void swap_bytes_32(Reg rd);
  void swap_bytes_64(Reg rd);
  void finish_alu(const Insn &insn, Extension extension);

  // memory.cpp
  void load(const Insn &insn);
  void store(const Insn &insn);
  void lower_atomic(const Insn &insn, uint8_t value); // value: the BPF register that stands for src
  void finish_old_value(uint8_t reg, Reg old, bool is64);
  void compare_exchange(bool is64, Reg address, Reg src);
  Address address(uint8_t base, int32_t offset, Reg temp);
  Reg exact_address(uint8_t base, int32_t offset, Reg temp);
  void constant(Reg rd, uint64_t value);
  Reg constant_operand(int64_t value, Reg temp); // temp, or the register that holds it anyway
  std::optional<Reg> held_constant(uint64_t value) const;
  void add_constant(Reg rd, Reg rs, int64_t value);

  // A register's value in a native register: its own, or temp where it is r10.
  [[gnu::always_inline]] Reg read(uint8_t reg, Reg temp) {
    return reg != KBPF_REG_FP ? native(reg) : read_frame_pointer(temp);
  }
  Reg read_frame_pointer(Reg temp);
  // The same, sign-extended from 32 bits.
  Reg read_sign_extended(uint8_t reg, Reg temp);
  Reg native(uint8_t reg) const { return registers_[reg]; }
  Extension extension(uint8_t reg) const {
    return {(extensions_ >> reg & kZeroExtended) != 0, (extensions_ >> reg & kSignExtended) != 0};
  }
  void set_extension(uint8_t reg, Extension extension) {
    uint32_t state = (extension.zero ? kZeroExtended : 0) | (extension.sign ? kSignExtended : 0);
    extensions_ = (extensions_ & ~((kZeroExtended | kSignExtended) << reg)) | state << reg;
  }
  static constexpr uint32_t kZeroExtended = 1, kSignExtended = 1u << 16; // of r0, in extensions_
  bool upper_half_unused() const { return mark_ & mark::kUpperHalfUnused; }
  void begin(uint32_t index) { // the code of that instruction
    index_ = index;
    mark_ = marks_[index];
    marks_[index] = emit_.position(); // from now on: plan_.offsets
    fixups_before_[index] = static_cast<uint32_t>(next_fixup_);
  }
  bool follows(uint32_t index) const { // straight behind the one before, and nobody jumps to it
    return index < insns_.size() &&
           (plan_.marks[index] & (mark::kReachable | mark::kLeader)) == mark::kReachable;
  }

  Plan &plan_;
  Emitter &emit_;
  std::span<const Insn> insns_;
  const InsnFacts *facts_;
  uint32_t *marks_, *fixups_before_; // of the plan
  Layout *layout_ = nullptr;
  Reg registers_[KBPF_REG_COUNT] = {}; // of the layout
  uint32_t index_ = 0;                 // instruction being lowered
  uint32_t mark_ = 0;                  // its
  bool refused_ = false;
  size_t next_fixup_ = 0;
  size_t next_literal_ = 0;
  size_t next_fault_ = 0;
  static constexpr size_t kRecent = 64;
  uint32_t recent_literals_[kRecent] = {}; // by hash: where a value may be already
  uint32_t extensions_ = 0;                // of the registers: see set_extension()
};

// lower is a template of Lowering's member functions, by opcode.
#define KBPF_HANDLERS(lower, cls)                                                                            \
  []<size_t... code>(std::index_sequence<code...>) {                                                         \
    return Lowering::Handlers{&Lowering::lower<static_cast<uint8_t>(code << 3 | cls)>...};                   \
  }(std::make_index_sequence<32>{})

} // namespace kbpf::rv64
