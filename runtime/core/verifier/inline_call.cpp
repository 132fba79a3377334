// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/inline_call.h"
#include <bit>

namespace kbpf {
namespace {

constexpr uint32_t kArray = 2, kPerCpuArray = 6;
constexpr uint16_t kReadsKey = 1u << 2;

constexpr Insn make(unsigned opcode, uint8_t dst, uint8_t src, int16_t off, int64_t imm) {
  return {static_cast<uint8_t>(opcode), static_cast<uint8_t>(dst | src << 4), off, static_cast<int32_t>(imm)};
}
constexpr Insn told(uint8_t dst, uint32_t helper) { return make(KBPF_OP_TOLD, dst, 0, 0, helper); }
constexpr Insn add(uint8_t dst, uint8_t src) {
  return make(KBPF_CLASS_ALU64 | KBPF_ALU_ADD | KBPF_SRC_X, dst, src, 0, 0);
}
constexpr Insn scale(uint8_t reg, uint32_t factor) {
  return std::has_single_bit(factor)
             ? make(KBPF_CLASS_ALU64 | KBPF_ALU_LSH | KBPF_SRC_K, reg, 0, 0, std::countr_zero(factor))
             : make(KBPF_CLASS_ALU64 | KBPF_ALU_MUL | KBPF_SRC_K, reg, 0, 0, factor);
}

// Limits and distances are immediates, which are signed.
bool has_elements(const MapRef &map, uint32_t told) {
  const bool is_array = map.type == kArray;
  const bool is_per_cpu = map.type == kPerCpuArray && map.cpu_stride != 0 && map.cpu_stride <= INT32_MAX &&
                          told & told_bit(kGetSmpProcessorId);
  return (is_array || is_per_cpu) && map.elements && map.key_size == sizeof(uint32_t) &&
         map.element_size != 0 && map.element_size <= INT32_MAX && map.max_entries <= INT32_MAX;
}

// r0 = first element + reg.
void add_element_address(Replacement &to, uint64_t first, uint8_t reg) {
  to.add_wide(0, first);
  to.add(add(0, reg));
}

Replacement known_element(const MapRef &map, uint32_t key) {
  Replacement to;
  const uint64_t first = map.elements + uint64_t{key} * map.element_size;
  if (map.type != kPerCpuArray) {
    to.add_wide(0, first);
    return to;
  }
  to.add(told(1, kGetSmpProcessorId));
  to.add(scale(1, static_cast<uint32_t>(map.cpu_stride)));
  add_element_address(to, first, 1);
  return to;
}

// The address first, then whether there is such an element: most lookups find one.
Replacement any_element(const MapRef &map) {
  Replacement to;
  to.reads = kReadsKey;
  to.add(make(KBPF_CLASS_LDX | KBPF_MODE_MEM | KBPF_SIZE_W, 1, 2, 0, 0));
  to.add(make(KBPF_CLASS_ALU64 | KBPF_ALU_MOV | KBPF_SRC_X, 2, 1, 0, 0));
  to.add(scale(2, map.element_size));
  if (map.type == kPerCpuArray) {
    to.add(told(3, kGetSmpProcessorId));
    to.add(scale(3, static_cast<uint32_t>(map.cpu_stride)));
    to.add(add(2, 3));
  }
  add_element_address(to, map.elements, 2);
  to.add(make(KBPF_CLASS_JMP | KBPF_JMP_JLT | KBPF_SRC_K, 1, 0, 1, map.max_entries));
  to.add(make(KBPF_CLASS_ALU64 | KBPF_ALU_MOV | KBPF_SRC_K, 0, 0, 0, 0));
  return to;
}

} // namespace

void Replacement::add_wide(uint8_t dst, uint64_t value) {
  add(make(KBPF_OP_LD_IMM64, dst, 0, 0, static_cast<int32_t>(value)));
  add(make(0, 0, 0, 0, static_cast<int32_t>(value >> 32)));
}

bool has_every_element(const MapRef &map) { return map.type == kArray || map.type == kPerCpuArray; }

bool is_replaced(const RawProgram &program, const Insn &call, const SeenCall &seen) {
  const uint32_t number = static_cast<uint32_t>(call.imm);
  if (number == kMapLookup)
    return seen.map() >= 0 && has_elements(program.maps[static_cast<size_t>(seen.map())], program.told);
  return is_told(number) && program.told & told_bit(number);
}

std::optional<Replacement> replace_call(const RawProgram &program, const Insn &call, const SeenCall &seen) {
  if (!is_replaced(program, call, seen))
    return std::nullopt;
  if (const uint32_t number = static_cast<uint32_t>(call.imm); number != kMapLookup) {
    Replacement to;
    to.add(told(0, number));
    return to;
  }
  const MapRef &map = program.maps[static_cast<size_t>(seen.map())];
  return seen.key() ? known_element(map, *seen.key()) : any_element(map);
}

std::optional<CalledHelper> called_helper(const RawProgram &program, const Insn &call, const SeenCall &seen) {
  constexpr uint32_t kNoWakeup = 1;
  constexpr uint16_t kOne = 1u << 1, kTwo = 1u << 2, kAll = 0x3e;
  const uint32_t number = static_cast<uint32_t>(call.imm);
  if (number == kRingSubmit && program.told & kQuietSubmit && seen.key() == kNoWakeup)
    return CalledHelper{kRingSubmitQuietly, kOne};
  if (seen.map() < 0)
    return std::nullopt;
  const MapRef &map = program.maps[static_cast<size_t>(seen.map())];
  if (number == kRingReserve && map.lookup_call && seen.key() == 0u)
    return CalledHelper{map.lookup_call, kOne | kTwo};
  if (number == kMapLookup && map.lookup_call)
    return CalledHelper{map.lookup_call, kAll};
  if (number == kMapUpdate && map.update_call)
    return CalledHelper{map.update_call, kAll};
  return std::nullopt;
}

} // namespace kbpf
