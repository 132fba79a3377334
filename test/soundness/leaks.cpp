// SPDX-License-Identifier: MIT OR Apache-2.0
// Addresses of the kernel in runs of programs whose loader must not learn them: none becomes a number,
// decides what user space could see, or gets to where user space reads.
#include "machine.h"

namespace kbpf::soundness {

bool Machine::hides_addresses() const { return code_->raw->hides_addresses; }

// Of what an instruction computed; a number that comes from an address tells it.
void Machine::check_computed(const Insn &insn, const Word &dst, const Word &src, const Word &result) {
  const bool from_address = (insn.code() != KBPF_ALU_MOV && dst.region) || src.region;
  if (hides_addresses() && from_address && !result.region)
    report("an address becomes a number");
}

void Machine::check_compared(const Insn &insn, const Word &a, const Word &b) {
  if (!hides_addresses() || (!a.region && !b.region))
    return;
  const auto is_of_packet = [&](const Word &word) {
    const Region::Kind kind = world_.region(word.region).kind;
    return kind == Region::Kind::packet || kind == Region::Kind::packet_meta ||
           kind == Region::Kind::packet_end;
  };
  const bool is_equality = insn.code() == KBPF_JMP_JEQ || insn.code() == KBPF_JMP_JNE;
  const bool with_null = is_equality && ((!a.region && a.value == 0) || (!b.region && b.value == 0));
  if (!with_null && (insn.cls() != KBPF_CLASS_JMP || !is_of_packet(a) || !is_of_packet(b)))
    report("an address is compared");
}

void Machine::check_stored(const Word &at, const Word &value, unsigned size) {
  if (!hides_addresses() || !value.region)
    return;
  if (world_.region(at.region).kind != Region::Kind::stack)
    report("an address is stored outside of the stack");
  else if (size != 8)
    report("a part of an address is stored");
}

// as_address: the load gives an address as one.
void Machine::check_loaded(uint64_t address, uint64_t size, bool as_address) {
  MachineFrame *frame = hides_addresses() && !as_address ? frame_at(address) : nullptr;
  for (uint64_t i = 0; frame && i < size; i++)
    if (address + i < frame->top && frame->slots[(frame->top - (address + i) - 1) / 8])
      return report("bytes of an address are read");
}

void Machine::check_told(const Word &word, const char *where) {
  if (hides_addresses() && word.region)
    report(std::string("an address is told ") + where);
}

} // namespace kbpf::soundness
