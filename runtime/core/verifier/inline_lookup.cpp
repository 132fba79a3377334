// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/inline_lookup.h"
#include <bit>

namespace kbpf {
namespace {

constexpr uint32_t kArray = 2;

constexpr Insn make(unsigned opcode, uint8_t dst, uint8_t src, int16_t off, int32_t imm) {
  return {static_cast<uint8_t>(opcode), static_cast<uint8_t>(dst | src << 4), off, imm};
}

} // namespace

// The limit and the distance are immediates, which are signed.
bool can_inline_lookup(const MapRef &map) {
  return map.type == kArray && map.elements && map.key_size == sizeof(uint32_t) && map.element_size != 0 &&
         map.element_size <= INT32_MAX && map.max_entries <= INT32_MAX;
}

InlinedLookup inline_lookup(const MapRef &map) {
  const bool shifts = std::has_single_bit(map.element_size);
  const Insn scale =
      shifts ? make(KBPF_CLASS_ALU64 | KBPF_ALU_LSH | KBPF_SRC_K, 1, 0, 0, std::countr_zero(map.element_size))
             : make(KBPF_CLASS_ALU64 | KBPF_ALU_MUL | KBPF_SRC_K, 1, 0, 0,
                    static_cast<int32_t>(map.element_size));
  return {make(KBPF_CLASS_LDX | KBPF_MODE_MEM | KBPF_SIZE_W, 1, 2, 0, 0),
          make(KBPF_CLASS_ALU64 | KBPF_ALU_MOV | KBPF_SRC_K, 0, 0, 0, 0),
          make(KBPF_CLASS_JMP | KBPF_JMP_JGE | KBPF_SRC_K, 1, 0, 4, static_cast<int32_t>(map.max_entries)),
          scale,
          make(KBPF_OP_LD_IMM64, 0, 0, 0, static_cast<int32_t>(map.elements)),
          make(0, 0, 0, 0, static_cast<int32_t>(map.elements >> 32)),
          make(KBPF_CLASS_ALU64 | KBPF_ALU_ADD | KBPF_SRC_X, 0, 1, 0, 0)};
}

} // namespace kbpf
