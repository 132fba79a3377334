// SPDX-License-Identifier: MIT OR Apache-2.0
// One BPF instruction slot and the questions that readers of code ask of it (RFC 9669 sections 3 to 5).
#pragma once
#include "abi/insn.h"
#include <cstdint>

namespace kbpf {

struct Insn {
  uint8_t opcode;
  uint8_t regs;
  int16_t off;
  int32_t imm;

  constexpr uint8_t cls() const { return opcode & 0x07; }
  constexpr uint8_t code() const { return opcode & 0xf0; }   // ALU and JMP classes
  constexpr uint8_t size() const { return opcode & 0x18; }   // load and store classes
  constexpr uint8_t mode() const { return opcode & 0xe0; }   // load and store classes
  constexpr bool src_is_reg() const { return opcode & KBPF_SRC_X; } // ALU and JMP classes
  constexpr uint8_t dst() const { return regs & 0x0f; }
  constexpr uint8_t src() const { return regs >> 4; }
  constexpr void set_regs(uint8_t dst, uint8_t src) { regs = static_cast<uint8_t>(dst | src << 4); }

  constexpr bool is_alu() const { return cls() == KBPF_CLASS_ALU || cls() == KBPF_CLASS_ALU64; }
  constexpr bool is_jump_class() const { return cls() == KBPF_CLASS_JMP || cls() == KBPF_CLASS_JMP32; }
  constexpr bool is_jump() const { // to another place in the same function, whatever it depends on
    return is_jump_class() && code() != KBPF_JMP_CALL && code() != KBPF_JMP_EXIT;
  }
  constexpr bool is_ld_imm64() const { return opcode == KBPF_OP_LD_IMM64; }
  // Group packet: r0 = bytes of the packet of context r6, as classic BPF loads them.
  constexpr bool is_packet_load() const {
    return cls() == KBPF_CLASS_LD && (mode() == KBPF_MODE_ABS || mode() == KBPF_MODE_IND) &&
           size() != KBPF_SIZE_DW;
  }
  constexpr bool is_told() const { return opcode == KBPF_OP_TOLD; } // in verified programs only
  constexpr bool is_exit() const { return opcode == KBPF_OP_EXIT; }
  constexpr bool is_call() const { return opcode == KBPF_OP_CALL; } // helper, subprogram or kfunc, by src()
  constexpr bool is_callx() const { return opcode == KBPF_OP_CALLX; }
  constexpr bool is_tail_call() const { return is_call() && src() == 0 && imm == KBPF_HELPER_TAIL_CALL; }
  constexpr bool is_function_address() const { return is_ld_imm64() && src() == KBPF_PSEUDO_FUNC; }
  constexpr bool is_may_goto() const { return opcode == KBPF_OP_JCOND && src() == 0; }
  constexpr bool is_atomic() const { return cls() == KBPF_CLASS_STX && mode() == KBPF_MODE_ATOMIC; }
  constexpr bool is_load_acquire() const { return is_atomic() && imm == KBPF_ATOMIC_LOAD_ACQ; }
  constexpr bool is_store_release() const { return is_atomic() && imm == KBPF_ATOMIC_STORE_REL; }
  constexpr unsigned access_bytes() const {
    constexpr uint32_t kBytes = 1u << KBPF_SIZE_B | 2u << KBPF_SIZE_H | 4u << KBPF_SIZE_W | 8u << KBPF_SIZE_DW;
    return kBytes >> size() & 0xff; // a size is the shift to its byte
  }
};
static_assert(sizeof(Insn) == sizeof(kbpf_insn));

} // namespace kbpf
