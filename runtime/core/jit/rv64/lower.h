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
  Lowering(Plan &plan, CpuFeatures cpu, Arena &arena)
      : plan_(plan), arena_(arena), emit_(cpu, arena), insns_(plan.program.insns()),
        facts_(plan.program.facts().data()), marks_(plan.marks.data()),
        fixups_before_(plan.fixups_before.data()), constants_(plan.constants.data()),
        first_fixup_(plan.fixups.data()), next_fixup_(first_fixup_),
        fixups_end_(plan.fixups.data() + plan.fixups.size()) {}

  // Fills the plan's code, offsets, fixups, constants, callees and faults (whose offsets are those of the
  // code buffer). Errors: not_supported, no_memory.
  Result<void> run();

private:
  // What is known of a BPF register's upper half: it is zero, it repeats bit 31, or both.
  using Extension = uint32_t;
  static constexpr Extension kUnknown = 0, kZero = 1, kSign = 1 << 16, kZeroAndSign = kZero | kSign;
  static constexpr Extension of_number(int64_t value) {
    return (value >> 32 == 0 ? kZero : 0) | (fits_signed(value, 32) ? kSign : 0);
  }
  static constexpr Extension of_bitwise(uint8_t code, Extension a, Extension b) {
    if (code != KBPF_ALU_AND)
      return a & b;
    if (a == kZeroAndSign || b == kZeroAndSign) // not negative, so neither is the result
      return kZeroAndSign;
    return (a & b) | ((a | b) & kZero);
  }
  // Of a shift by a constant, as RISC-V does it: in 32 bits, the result is sign-extended.
  static constexpr Extension of_shift(uint8_t code, bool is64, unsigned count, Extension before) {
    if (!is64)
      return kSign | (code == KBPF_ALU_RSH && count ? kZero : 0);
    switch (code) {
    case KBPF_ALU_LSH:
      return kUnknown;
    case KBPF_ALU_RSH:
      return count > 32 ? kZeroAndSign : count == 32 ? kZero : kUnknown;
    default:
      return count >= 32 ? kSign : before & kSign;
    }
  }
  // Where a load or store goes: a native register and an offset that fits its 12 bits.
  struct Address {
    Reg base;
    int32_t offset;
  };

  void refuse() { refused_ = true; } // the program: what is lowered from now on is in vain

  // Lowers one instruction. One function for each opcode, so that every question about it is answered when
  // the JIT is compiled. Each file instantiates those of its classes (KBPF_INSTANTIATE).
  using Handler = void (*)(Lowering &self, const Insn &insn);
  template <uint8_t opcode> static constexpr Handler handler_of();
  template <uint8_t opcode> static void lower_alu(Lowering &self, const Insn &insn);
  template <uint8_t opcode> static void lower_load(Lowering &self, const Insn &insn);
  template <uint8_t opcode> static void lower_store(Lowering &self, const Insn &insn);
  template <uint8_t opcode> static void lower_jump(Lowering &self, const Insn &insn);
  template <uint8_t opcode> static void lower_wide(Lowering &self, const Insn &insn);

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
  void load_number(const Insn &insn);
  void load_short_number(Reg rd, uint64_t value);
  void lower_told(const Insn &insn);
  void load_word(Reg rd, const kbpf_word &word);
  void tell_time(Reg rd, const kbpf_time_source &time);
  bool adds_to_constant(Reg rd, Reg held); // where the instruction behind ld_imm64 does
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
  uint32_t add_callee(uint64_t function);
  void call_by_number(Reg number);
  void lower_packet_load(const Insn &insn);
  void lower_exit();
  void lower_goto(uint32_t target);
  void lower_branch(const Insn &insn, uint32_t target,
                    bool inverted); // inverted: jump where it would not
  bool skips_goto(size_t index) const;
  uint32_t jump_target(size_t index) const;
  // direct, compressed: the instruction without a distance; 0: there is no compressed one.
  void transfer(FixupKind kind, uint32_t target, uint32_t direct, uint16_t compressed);
  void jump_to(uint32_t target) { transfer(FixupKind::jump, target, encode::jal(zero, 0), encode::c_j(0)); }
  void call_subprogram(uint32_t first);
  void call_any_subprogram(uint32_t first);
  void call_helper(uint32_t number);
  void call_other_helper(uint32_t number);
  void call_callee(uint32_t callee);
  void branch_by(int16_t off, bool is_narrow, uint32_t direct, uint16_t compressed);
  void call(uint32_t subprogram, bool is_near);
  [[gnu::always_inline]] void add_fixup(FixupKind kind, uint32_t target, FixupForm form = FixupForm::direct) {
    if (next_fixup_ == fixups_end_) [[unlikely]]
      return refuse();
    Fixup &fixup = *next_fixup_++;
    fixup.at = emit_.position();
    fixup.growth = 0;
    fixup.shape = shape_of(kind, form);
    fixup.room_form = static_cast<uint32_t>(form);
    fixup.target = target & (kMaxTargets - 1);
  }
  uint32_t fixup_count() const { return static_cast<uint32_t>(next_fixup_ - first_fixup_); }
  uint32_t number_of_constant(uint64_t value) {
    uint32_t &recent = recent_constants_[value * 0x9e3779b97f4a7c15 >> 58];
    if (recent < next_constant_ && constants_[recent] == value)
      return recent;
    if (next_constant_ == plan_.constants.size()) {
      refuse();
      return 0;
    }
    constants_[next_constant_] = value;
    return recent = next_constant_++;
  }
  bool is_next(uint32_t target) const; // nothing lies between this instruction and target
  void branch_to(uint32_t target, Condition condition, Reg rs1, Reg rs2);
  uint32_t subprogram_at(uint32_t first) const; // its number

  // alu.cpp. source: the BPF register that stands for dst as first operand.
  void alu(const Insn &insn, uint8_t source);
  void any_alu(const Insn &insn, uint8_t source);
  template <uint8_t opcode> void short_alu(const Insn &insn);
  template <uint8_t opcode> void divide_in_place(const Insn &insn);
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
  void load_from(const Insn &insn, Address from);
  void store(const Insn &insn);
  void lower_atomic(const Insn &insn, uint8_t value); // value: the BPF register that stands for src
  template <uint8_t size> void lower_atomic_form(const Insn &insn);
  void lower_ordered(const Insn &insn, uint8_t value);
  void finish_old_value(uint8_t reg, Reg old, bool is64);
  void compare_exchange(bool is64, uint32_t address, uint32_t src);
  Address address(uint8_t base, int32_t offset, Reg temp);
  Address address_as_it_is(uint8_t base, int32_t offset) const { // however long the offset is
    if (base != KBPF_REG_FP)
      return {native(base), offset};
    return {sp, offset + static_cast<int32_t>(layout_->bpf_stack)};
  }
  Reg exact_address(uint8_t base, int32_t offset, Reg temp);
  void constant(Reg rd, uint64_t value);
  void constant_from_memory(Reg rd, uint64_t value) {
    add_fixup(FixupKind::constant, number_of_constant(value));
    emit_.insn(encode::auipc(rd, 0));
    emit_.insn(encode::ld(rd, rd, 0));
  }
  Reg constant_operand(int64_t value, Reg temp); // temp, or the register that holds it anyway
  std::optional<Reg> held_constant(uint64_t value) const;
  // The same of a number of two instructions at most; calls nothing.
  [[gnu::always_inline]] Reg immediate_operand(int32_t value) {
    if (layout_->constant_count) [[unlikely]]
      for (const HeldConstant &held : std::span(layout_->constants, layout_->constant_count))
        if (held.value == static_cast<uint64_t>(int64_t{value}))
          return held.reg;
    emit_.load_immediate(t1, value);
    return t1;
  }
  void add_constant(Reg rd, Reg rs, int64_t value);

  // A register's value in a native register: its own, or temp where it is r10.
  [[gnu::always_inline]] Reg read(uint8_t reg, Reg temp) {
    return reg != KBPF_REG_FP ? native(reg) : read_frame_pointer(temp);
  }
  Reg read_frame_pointer(Reg temp);
  // The same, sign-extended from 32 bits.
  Reg read_sign_extended(uint8_t reg, Reg temp);
  Reg native(uint8_t reg) const { return assignment_->registers[reg]; }
  Extension extension(uint8_t reg) const { return extensions_ >> reg & kZeroAndSign; }
  void set_extension(uint8_t reg, Extension extension) {
    extensions_ = (extensions_ & ~(kZeroAndSign << reg)) | extension << reg;
  }
  void forget_arguments_and_result() { extensions_ &= ~(0x3f * kZeroAndSign); } // r0 to r5
  bool upper_half_unused() const { return mark_ & mark::kUpperHalfUnused; }
  [[gnu::always_inline]] void begin(size_t index) { // the code of that instruction
    index_ = index;
    mark_ = marks_[index];
    marks_[index] = emit_.position(); // from now on: plan_.offsets
  }
  bool follows(size_t index) const { // straight behind the one before, and nobody jumps to it
    return index < insns_.size() && (marks_[index] & (mark::kReachable | mark::kLeader)) == mark::kReachable;
  }

  // Whether the instruction behind this move could be one with it.
  bool may_fuse(const Insn &move) const {
    static constexpr auto kMayFuse = [] {
      std::array<bool, 256> all{};
      for (unsigned opcode = 0; opcode < 256; opcode++) {
        Insn next{.opcode = static_cast<uint8_t>(opcode), .regs = 0, .off = 0, .imm = 0};
        all[opcode] = next.is_alu() && next.code() != KBPF_ALU_MOV && next.code() != KBPF_ALU_END;
      }
      all[KBPF_CLASS_STX | KBPF_MODE_ATOMIC | KBPF_SIZE_W] = true;
      all[KBPF_CLASS_STX | KBPF_MODE_ATOMIC | KBPF_SIZE_DW] = true;
      return all;
    }();
    // No program ends with a move.
    return kMayFuse[(&move)[1].opcode] && follows(index_ + 1);
  }

  Plan &plan_;
  Arena &arena_;
  Emitter emit_;
  std::span<const Insn> insns_;
  const InsnFacts *facts_;
  uint32_t *marks_, *fixups_before_; // of the plan
  uint64_t *constants_;
  Layout *layout_ = nullptr;
  const Assignment *assignment_ = nullptr; // of the layout
  size_t index_ = 0;                       // instruction being lowered
  uint32_t mark_ = 0;                      // its
  bool refused_ = false;
  bool out_of_memory_ = false; // for callees
  Fixup *first_fixup_, *next_fixup_, *fixups_end_;
  uint32_t next_constant_ = 0, next_callee_ = 0;
  size_t next_fault_ = 0;
  static constexpr size_t kRecent = 64;
  uint32_t recent_constants_[kRecent] = {}; // by hash: where a value may be already
  static constexpr size_t kRecentCalls = 16;
  uint32_t recent_calls_[kRecentCalls] = {}; // by the first instruction: which subprogram that may be
  struct RecentHelper {
    uint32_t number, callee;
  };
  std::array<RecentHelper, kRecentCalls> recent_helpers_ = [] { // by its number
    std::array<RecentHelper, kRecentCalls> all{};
    for (uint32_t i = 0; i < kRecentCalls; i++)
      all[i].number = i + 1; // which is none that would be here
    return all;
  }();
  uint32_t extensions_ = 0; // the Extension of register n, shifted left by n
};

// lower is a template of Lowering's member functions, by opcode; of all opcodes of one class.
#define KBPF_INSTANTIATE(lower, cls)                                                                         \
  KBPF_INSTANTIATE_8(lower, cls)                                                                             \
  KBPF_INSTANTIATE_8(lower, cls | 0x40)                                                                      \
  KBPF_INSTANTIATE_8(lower, cls | 0x80) KBPF_INSTANTIATE_8(lower, cls | 0xc0)
#define KBPF_INSTANTIATE_8(lower, first)                                                                     \
  KBPF_INSTANTIATE_1(lower, first)                                                                           \
  KBPF_INSTANTIATE_1(lower, first | 0x08)                                                                    \
  KBPF_INSTANTIATE_1(lower, first | 0x10)                                                                    \
  KBPF_INSTANTIATE_1(lower, first | 0x18)                                                                    \
  KBPF_INSTANTIATE_1(lower, first | 0x20)                                                                    \
  KBPF_INSTANTIATE_1(lower, first | 0x28)                                                                    \
  KBPF_INSTANTIATE_1(lower, first | 0x30) KBPF_INSTANTIATE_1(lower, first | 0x38)
#define KBPF_INSTANTIATE_1(lower, opcode) template void Lowering::lower<(opcode)>(Lowering &, const Insn &);

} // namespace kbpf::rv64
