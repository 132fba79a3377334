// SPDX-License-Identifier: MIT OR Apache-2.0
// Translates BPF instructions, one after the other, into calls of the emitter. The same code measures and
// writes: with an emitter that has no buffer, it records sizes and transfers in the plan; with a buffer, it
// follows them.
#pragma once
#include "core/isa/insn.h"
#include "core/jit/rv64/plan.h"
#include <optional>

namespace kbpf::rv64 {

class Lowering {
public:
  Lowering(const Plan &plan, Emitter &emitter, uint64_t run_address, bool measuring)
      : plan_(plan), emit_(emitter), run_address_(run_address), measuring_(measuring),
        insns_(plan.program.insns()) {}

  // Errors: not_supported.
  Result<void> run();
  size_t transfers() const { return next_transfer_; } // that there were
  size_t faults() const { return next_fault_; }

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

  // control.cpp
  void prologue();
  void epilogue();
  template <typename Visit> void for_each_saved(Visit visit) const; // visit(Reg, offset from sp)
  Result<uint32_t> lower_insn(uint32_t index);                      // number of slots that it took
  Result<uint32_t> lower_move(const Insn &insn); // of a register, and what fuses with it; number of slots
  Result<void> lower_call(const Insn &insn);
  void call_function(uint64_t target);
  void call_by_number(Reg number);
  Result<void> lower_packet_load(const Insn &insn);
  void lower_exit();
  void lower_goto(uint32_t target);
  Result<void> lower_branch(const Insn &insn, uint32_t target,
                            bool inverted); // inverted: jump where it would not
  bool skips_goto(uint32_t index) const;
  uint32_t jump_target(uint32_t index) const;
  void transfer(TransferKind kind, uint32_t target, Condition condition, Reg rs1, Reg rs2);
  bool is_next(uint32_t target) const; // nothing lies between this instruction and target
  void branch_to(uint32_t target, Condition condition, Reg rs1, Reg rs2);
  uint32_t prologue_size(uint32_t first) const; // of the subprogram whose first instruction that is

  // alu.cpp. source: the BPF register that stands for dst as first operand.
  Result<void> lower_alu(const Insn &insn, uint8_t source);
  void add(const Insn &insn, uint8_t source);
  void multiply(const Insn &insn, uint8_t source);
  void bitwise(const Insn &insn, uint8_t source);
  void shift(const Insn &insn, uint8_t source);
  void divide(const Insn &insn, uint8_t source);
  Result<void> move(const Insn &insn);
  Result<void> convert_endianness(const Insn &insn);
  void swap_groups(Reg rd, unsigned shift, uint64_t mask);
  void swap_bytes_16(Reg rd);
  void swap_bytes_32(Reg rd);
  void swap_bytes_64(Reg rd);
  void finish_alu(const Insn &insn, Extension extension);

  // memory.cpp
  Result<void> lower_load(const Insn &insn);
  Result<void> lower_store(const Insn &insn);
  Result<void> lower_atomic(const Insn &insn, uint8_t value); // value: the BPF register that stands for src
  void finish_old_value(uint8_t reg, Reg old, bool is64);
  void record_fault(Reg rd);
  void compare_exchange(bool is64, Reg address, Reg src);
  Address address(uint8_t base, int32_t offset, Reg temp);
  Reg exact_address(uint8_t base, int32_t offset, Reg temp);
  void constant(Reg rd, uint64_t value);
  Reg constant_operand(int64_t value, Reg temp); // temp, or the register that holds it anyway
  std::optional<Reg> held_constant(uint64_t value) const;
  void add_constant(Reg rd, Reg rs, int64_t value);

  // A register's value in a native register: its own, or temp where it is r10.
  Reg read(uint8_t reg, Reg temp);
  // The same, sign-extended from 32 bits.
  Reg read_sign_extended(uint8_t reg, Reg temp);
  Reg native(uint8_t reg) const { return layout_->registers[reg]; }
  Extension extension(uint8_t reg) const {
    return {(zero_extended_ >> reg & 1) != 0, (sign_extended_ >> reg & 1) != 0};
  }
  void set_extension(uint8_t reg, Extension extension);
  bool upper_half_unused() const {
    return plan_.upper_half_unused[index_] || plan_.program.facts()[index_].zero_extended;
  }

  const Plan &plan_;
  Emitter &emit_;
  uint64_t run_address_;
  bool measuring_;
  std::span<const Insn> insns_;
  const Layout *layout_ = nullptr;
  uint32_t index_ = 0; // instruction being lowered
  uint32_t start_ = 0; // position of its code
  size_t next_transfer_ = 0;
  size_t next_fault_ = 0;
  uint16_t zero_extended_ = 0; // one bit a register
  uint16_t sign_extended_ = 0;
};

} // namespace kbpf::rv64
