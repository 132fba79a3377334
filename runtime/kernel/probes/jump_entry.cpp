// SPDX-License-Identifier: MIT OR Apache-2.0
#include "kernel/probes/jump_entry.h"
#include "kernel/port.h"
#include <cstring>

namespace kbpf::probes {

#if defined(__riscv)
namespace {

extern "C" const char kbpf_entry_stub[], kbpf_return_stub[]; // rv64_stubs.S

constexpr size_t kRoom = 8; // bytes: auipc t0, jalr t0, t0

// Whether a copy of the instruction does the same elsewhere.
bool runs_anywhere(const NativeInsn &insn) {
  switch (insn.operation) {
  case Operation::auipc:
  case Operation::jal:
  case Operation::beq:
  case Operation::bne:
  case Operation::blt:
  case Operation::bge:
  case Operation::bltu:
  case Operation::bgeu:
    return false;
  case Operation::jalr:
    return insn.rd == 0;
  default:
    return true;
  }
}

struct CallOfStub {
  uint32_t auipc, jalr;
};
CallOfStub call_from(uintptr_t room) {
  const uint64_t distance = reinterpret_cast<uintptr_t>(kbpf_entry_stub) - room;
  const uint32_t high = static_cast<uint32_t>(distance + 0x800) & 0xffff'f000;
  const uint32_t low = static_cast<uint32_t>(distance - high) & 0xfff;
  return {high | 5 << 7 | 0x17, low << 20 | 5 << 15 | 5 << 7 | 0x67};
}

bool is_in_reach(uintptr_t room) {
  const int64_t distance = static_cast<int64_t>(reinterpret_cast<uintptr_t>(kbpf_entry_stub) - room);
  return distance >= -(int64_t{1} << 31) && distance < (int64_t{1} << 31) - 0x800;
}

} // namespace

// Once the room has the call, threads may stand in it at any time: it is never changed again.
bool prepare_jump(uintptr_t function, const NativeInsn &insn) {
  const uintptr_t room = function - kRoom;
  if (!runs_anywhere(insn) || kbpf_port_entry_room(function) < kRoom || !is_in_reach(room))
    return false;
  const CallOfStub call = call_from(room);
  CallOfStub held;
  if (kbpf_port_read_kernel(&held, room, sizeof(held)) != 0)
    return false;
  if (memcmp(&held, &call, sizeof(call)) == 0)
    return true;
  return kbpf_port_text_write(room, &call.auipc, sizeof(call.auipc)) == 0 &&
         kbpf_port_text_write(room + sizeof(call.auipc), &call.jalr, sizeof(call.jalr)) == 0;
}

uintptr_t return_stub() { return reinterpret_cast<uintptr_t>(kbpf_return_stub); }
#else
// The text is not RISC-V's, or belongs to an emulated hart.
bool prepare_jump(uintptr_t, const NativeInsn &) { return false; }
uintptr_t return_stub() { return 0; }
#endif

} // namespace kbpf::probes
